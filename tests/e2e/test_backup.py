"""`daybook backup --keep N FOLDER`, and a restore while others write."""
import fcntl
import os
import re
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from conftest import BUILD
from support import NOON, event, set_clock

NAME = re.compile(r"daybook-\d{8}-\d{6}\.db")


def now_ms():
    return int(time.time() * 1000)


@pytest.fixture
def folder(daybook):
    f = daybook.folder / "backups"
    f.mkdir(mode=0o700)
    return f


def names(folder):
    return sorted(f.name for f in folder.iterdir())


def rotate(daybook, keep, folder, check=True):
    return daybook.cmd("backup", "--keep", keep, folder, check=check)


def ids(path):
    with sqlite3.connect(path) as connection:
        rows = {row[0] for row in connection.execute("SELECT id FROM event")}
    connection.close()
    return rows


def test_a_backup_is_named_by_its_time_and_is_for_its_owner_alone(daybook, folder):
    set_clock(daybook, NOON)
    done = rotate(daybook, 3, folder)
    assert names(folder) == ["daybook-20260520-160000.db"] and str(folder / names(folder)[0]) in done.stdout
    assert (folder / names(folder)[0]).stat().st_mode & 0o777 == 0o600
    assert int(daybook.sql("SELECT value FROM setting WHERE name = 'backup_at'")[0][0]) == 1779292800000


def test_the_newest_are_kept_and_the_oldest_removed(daybook, folder):
    for day in range(1, 8):
        set_clock(daybook, f"2026-05-{day:02}T03:00:00Z")
        rotate(daybook, 3, folder)
    assert names(folder) == [f"daybook-2026050{day}-030000.db" for day in (5, 6, 7)]
    rotate(daybook, 1, folder)
    assert names(folder) == ["daybook-20260507-030001.db"]


def test_two_databases_may_have_their_backups_in_one_folder(daybook, folder):
    other = daybook.folder / "other.db"
    daybook.cmd("-d", other, "init")
    for day in range(1, 4):
        set_clock(daybook, f"2026-05-0{day}T03:00:00Z")
        rotate(daybook, 2, folder)
        daybook.cmd("-d", other, "backup", "--keep", 1, folder)
    assert names(folder) == ["daybook-20260502-030000.db", "daybook-20260503-030000.db", "other-20260503-030000.db"]


def test_a_damaged_database_pushes_out_no_good_backup(daybook, folder):
    post_many = [event(NOON, channel="SMS") for _ in range(2000)]
    set_clock(daybook, NOON)
    assert daybook.cgi("events", "POST", "/api/events", body=post_many, token=daybook.token()).json["accepted"] == 2000
    rotate(daybook, 1, folder)
    good = names(folder)
    daybook.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    page = daybook.sql("SELECT rootpage FROM sqlite_master WHERE name = 'event_occurred'")[0][0]
    with open(daybook.path, "r+b") as file:
        file.seek((page - 1) * 4096 + 8)
        file.write(b"\xff" * 64)
    for arguments in (("--keep", 1, folder), (folder / "by-hand.db",)):
        done = daybook.cmd("backup", *arguments, check=False)
        assert done.returncode == 1 and "damaged" in done.stderr, done
        assert names(folder) == good


def test_what_has_another_name_is_never_removed(daybook, folder):
    others = ["daybook.db", "daybook-2020.db", "daybook-20200101-000000.db.gz", "xdaybook-20200101-000000.db", "daybook-20200101-00000a.db",
              "daybook-20200101-000000.db-wal", "notes", ".lock", "daybook-20200101_000000.db", "daybook-99990101-000000.db.part"]
    for name in others:
        (folder / name).write_text("mine")
    (folder / "daybook-20200101-000000.db").mkdir()
    (folder / "daybook-20200102-000000.db").write_text("an old backup")
    rotate(daybook, 1, folder)
    left = names(folder)
    assert set(others) | {"daybook-20200101-000000.db"} < set(left) and "daybook-20200102-000000.db" not in left
    assert len(left) == len(others) + 2


def test_two_in_one_second_are_two(daybook, folder):
    set_clock(daybook, NOON)
    for _ in range(3):
        rotate(daybook, 10, folder)
    assert names(folder) == [f"daybook-20260520-16000{n}.db" for n in range(3)]


def test_many_at_once_are_as_many(daybook, folder):
    set_clock(daybook, NOON)
    running = [subprocess.Popen([BUILD / "bin/daybook", "backup", "--keep", "20", folder], env=daybook.env, stdout=subprocess.DEVNULL)
               for _ in range(8)]
    assert [p.wait(timeout=60) for p in running] == [0] * 8
    assert len(names(folder)) == 8 and all(NAME.fullmatch(n) for n in names(folder))
    for name in names(folder):
        assert sqlite3.connect(folder / name).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_new_backup_stays_where_older_ones_are_of_a_time_to_come(daybook, folder):
    (folder / "daybook-20990101-000000.db").write_text("")
    (folder / "daybook-20990102-000000.db").write_text("")
    set_clock(daybook, NOON)
    rotate(daybook, 1, folder)
    assert names(folder) == ["daybook-20260520-160000.db"]
    (folder / "daybook-20990101-000000.db").write_text("")
    rotate(daybook, 2, folder)
    assert names(folder) == ["daybook-20260520-160001.db", "daybook-20990101-000000.db"]


def test_a_backup_that_fails_leaves_nothing_and_removes_nothing(daybook, folder):
    (folder / "daybook-20200102-000000.db").write_text("an old backup")
    limited = ["sh", "-c", 'ulimit -f 16; trap "" XFSZ; exec "$@"', "sh", BUILD / "bin/daybook", "backup", "--keep", "1", folder]
    done = subprocess.run(limited, env=daybook.env, capture_output=True, text=True)
    assert done.returncode == 1 and "daybook: " in done.stderr
    assert names(folder) == ["daybook-20200102-000000.db"]
    assert daybook.sql("SELECT count(*) FROM setting WHERE name = 'backup_at'") == [(0,)]


FOLDERS_UNSYNCED = """
#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
int
fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}
"""


def test_a_filesystem_that_cannot_sync_folders_holds_backups_too_and_no_more_than_are_kept(daybook, folder):
    shim = daybook.folder / "unsynced.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, "-xc", "-"], input=FOLDERS_UNSYNCED, text=True, check=True)
    daybook.env.update(LD_PRELOAD=str(shim), ASAN_OPTIONS=daybook.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
    for _ in range(3):
        daybook.cmd("backup", "--keep", 2, folder)
    assert len(list(folder.iterdir())) == 2


def test_one_that_was_killed_has_no_final_name_and_is_swept_away_by_the_next(daybook, folder):
    daybook.sql("CREATE TABLE ballast AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) "
                "SELECT i, zeroblob(1000) AS b FROM n")
    process = subprocess.Popen([BUILD / "bin/daybook", "backup", "--keep", "2", folder], env=daybook.env, stdout=subprocess.DEVNULL)
    while process.poll() is None and names(folder) == []:
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = names(folder)
    assert left and all(".db.part" in name for name in left), "it was killed in the middle"
    rotate(daybook, 2, folder)
    assert len(names(folder)) == 1 and NAME.fullmatch(names(folder)[0])


def test_one_that_is_being_made_is_left_alone(daybook, folder):
    part = folder / "daybook-20260520-160000.db.part"
    part.write_bytes(b"")
    with open(part, "r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        os.utime(part, (time.time() - 3600,) * 2)
        rotate(daybook, 2, folder)
        assert part.exists(), "its maker is at work"
    rotate(daybook, 2, folder)
    assert not part.exists()


@pytest.mark.parametrize("keep", ["0", "-1", "1001", "x", ""])
def test_a_number_to_keep_that_is_none_is_refused(daybook, folder, keep):
    done = rotate(daybook, keep, folder, check=False)
    assert done.returncode == 2 and "--keep" in done.stderr and names(folder) == []


def test_a_folder_that_is_missing_or_none_is_an_error(daybook):
    for path in (daybook.folder / "nowhere", daybook.path):
        done = rotate(daybook, 2, path, check=False)
        assert done.returncode == 1 and str(path) in done.stderr
    assert not (daybook.folder / "nowhere").exists()


class Writers:
    """FastCGI processes that are posted to until told to stop; .acknowledged is (id, when it was answered)."""

    def __init__(self, daybook, count):
        self.daybook, self.token = daybook, daybook.token(ttl="1h")
        self.acknowledged, self.wrong, self.over = [], [], threading.Event()
        self.processes = [daybook.fastcgi("events") for _ in range(count)]
        self.threads = [threading.Thread(target=self.write, args=(i,)) for i in range(count)]

    def write(self, i):
        n = 0
        while not self.over.is_set():
            n += 1
            began = time.monotonic()
            batch = [event(now_ms(), id=f"w{i}-{n}-{k}") for k in range(5)]
            reply = self.processes[i].ask("POST", "/api/events", None, batch, token=self.token)
            if reply.status != 200 or reply.json["accepted"] != len(batch):
                self.wrong.append(reply)
            else:
                self.acknowledged.append(([e["id"] for e in batch], began, time.monotonic()))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.wait(20)
        return self

    def wait(self, more):
        """Until so many more batches are acknowledged."""
        wanted = len(self.acknowledged) + more
        while len(self.acknowledged) < wanted and not self.wrong and any(t.is_alive() for t in self.threads):
            time.sleep(0.005)

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def batches(path):
    """How many events of each batch are in a file."""
    found = {}
    for id in ids(path):
        found[id.rsplit("-", 1)[0]] = found.get(id.rsplit("-", 1)[0], 0) + 1
    return found


def test_a_backup_while_writers_post_is_one_moment_and_can_be_restored(daybook, folder):
    with Writers(daybook, 3) as writers:
        for _ in range(4):
            before = {i for batch, _, _ in list(writers.acknowledged) for i in batch}
            rotate(daybook, 10, folder)
            newest = folder / names(folder)[-1]
            assert before <= ids(newest), "what was acknowledged before is in it"
            assert set(batches(newest).values()) == {5}, "a batch is whole or not there"
            writers.wait(10)
    assert writers.wrong == []
    assert len(names(folder)) == 4
    for name in names(folder):
        assert "0 differences" in daybook.cmd("-d", folder / name, "verify").stdout
    oldest = folder / names(folder)[0]
    had = ids(oldest)
    daybook.cmd("restore", oldest)
    assert ids(daybook.path) == had
    assert "0 differences" in daybook.cmd("verify").stdout


@pytest.mark.parametrize("journal", ["wal", "truncate"])
def test_a_restore_while_writers_post_loses_nothing_that_came_after_it(daybook, journal):
    if journal == "truncate":
        connection = sqlite3.connect(daybook.path)
        assert connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone() == ("truncate",)
        connection.close()
    copy = daybook.folder / "copy.db"
    with Writers(daybook, 3) as writers:
        daybook.cmd("backup", copy)
        for _ in range(3):
            writers.wait(30)
            began = time.monotonic()
            daybook.cmd("restore", copy)
            ended = time.monotonic()
            writers.wait(30)
    assert writers.wrong == [], writers.wrong[:3]
    left, in_copy = ids(daybook.path), ids(copy)
    assert set(batches(daybook.path).values()) == {5}, "a batch is whole or not there"
    after = {i for batch, asked, _ in writers.acknowledged if asked > ended for i in batch}
    before = {i for batch, _, told in writers.acknowledged if told < began for i in batch}
    assert len(after) > 100 and after <= left, "acknowledged after the restore, and there"
    assert in_copy <= left and len(before - in_copy) > 100 and left & (before - in_copy) == set(), "the restore took back what came before it"
    assert "0 differences" in daybook.cmd("verify").stdout
    assert daybook.sql("PRAGMA integrity_check") == [("ok",)]
    assert not list(daybook.folder.glob("daybook.db-restore-*")) and len(list(daybook.folder.glob("*-before-restore-*[0-9]"))) == 1


def test_readers_see_the_restored_figures_at_once_and_never_a_mixture(daybook):
    token, at = daybook.token(), now_ms()
    post = daybook.fastcgi("events")
    for i in range(10):
        assert post.ask("POST", "/api/events", None, [event(at, id=f"old-{i}")], token=token).status == 200
    copy = daybook.folder / "copy.db"
    daybook.cmd("backup", copy)
    for i in range(10):
        assert post.ask("POST", "/api/events", None, [event(at, id=f"new-{i}")], token=token).status == 200
    reader, seen, over = daybook.fastcgi("organization-usage"), [], threading.Event()

    def read():
        while not over.is_set():
            reply = reader.ask("GET", "/organization/usage", token=token)
            seen.append((reply.status, reply.json["channelUsages"]["SMS"]))
    thread = threading.Thread(target=read)
    thread.start()
    while len(seen) < 5:
        time.sleep(0.005)
    daybook.cmd("restore", copy)
    so_far = len(seen)
    while len(seen) < so_far + 5:
        time.sleep(0.005)
    over.set()
    thread.join()
    assert set(seen) == {(200, 20), (200, 10)} and seen == sorted(seen, reverse=True)
