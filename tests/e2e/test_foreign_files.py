"""Files from elsewhere: what an earlier database left, backups that are damaged or booby-trapped, copies put there by hand."""
import fcntl
import os
import random
import shutil
import sqlite3
import subprocess

import pytest

from conftest import BUILD
from old_files import to_version

NOW = "2026-05-20T15:00:00.000Z"


def post(daybook, *ids, token=None):
    body = [{"id": i, "occurredAt": NOW, "channel": "SMS"} for i in ids]
    token = token or daybook.token("acme", "usage:read usage:write usage:backfill")
    return daybook.cgi("events", "POST", "/api/events", body=body, token=token)


def beside(path, ending):
    return path.with_name(path.name + ending)


def events(path):
    with sqlite3.connect(path) as c:
        return sorted(r[0] for r in c.execute("SELECT id FROM event"))


def backup(daybook, name="backup.db"):
    path = daybook.folder / name
    daybook.cmd("backup", path)
    return path


def fails(daybook, *arguments):
    done = daybook.cmd(*arguments, check=False)
    assert done.returncode == 1 and done.stderr.startswith("daybook: ") and done.stderr.count("\n") == 1, done
    return done.stderr


def is_sound(path):
    with sqlite3.connect(path) as c:
        assert c.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    c.close()


def files(daybook):
    return sorted(p.name for p in daybook.folder.iterdir())


# ---- What an earlier database left

@pytest.mark.parametrize("command", ["init", "demo"])
@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_a_new_database_is_not_made_beside_what_an_earlier_one_left(daybook, command, ending):
    post(daybook, "a")
    left = beside(daybook.path, ending)
    if ending == "-journal":
        left.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(600))
        beside(daybook.path, "-wal").unlink()
    assert left.stat().st_size > 0
    was = left.read_bytes()
    daybook.path.unlink()
    said = fails(daybook, command)
    assert str(left) in said and "left over from another database" in said and "move" in said
    assert not daybook.path.exists() and left.read_bytes() == was, "it may hold what was acknowledged: nobody else removes it"
    left.unlink()
    daybook.cmd(command)
    is_sound(daybook.path)
    assert "acme" not in daybook.cmd("org", "list").stdout or command == "demo"
    daybook.cmd("verify")


def test_empty_files_and_a_shared_memory_are_no_obstacle(empty):
    for ending in ("-wal", "-journal"):
        beside(empty.path, ending).write_bytes(b"")
    beside(empty.path, "-shm").write_bytes(bytes(32768))
    empty.path.unlink()
    empty.cmd("init")
    empty.cmd("org", "add", "acme", "--timezone", "UTC")
    is_sound(empty.path)


def test_many_that_make_it_at_once_make_one(tmp_path):
    path = tmp_path / "x.db"
    running = [subprocess.Popen([BUILD / "bin/daybook", "-d", path, "init"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
               for _ in range(12)]
    codes = sorted(p.wait() for p in running)
    for p in running:
        p.communicate()
    assert codes == [0] + [1] * 11
    is_sound(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.db", "x.db-gate"]


def test_a_backup_copied_over_the_database_is_not_mixed_with_its_log(daybook):
    post(daybook, "before")
    copy = backup(daybook)
    daybook.cmd("org", "set", "acme", "--daily-limit", "501")
    post(daybook, "after")
    token = daybook.token("acme", "usage:read usage:write usage:backfill")
    assert beside(daybook.path, "-wal").stat().st_size > 0
    shutil.copyfile(copy, daybook.path)     # into the same file, as cp and FTP do
    said = fails(daybook, "org", "list")
    assert f"{daybook.path}-wal: left over from another database" in said
    assert daybook.cgi("usage-calendar", "GET", "/api/campaigns/usage-calendar", {"from": "2026-05-20", "to": "2026-05-20"},
                       token=token).status == 503
    assert "left over from another database" in daybook.log_path.read_text()
    for ending in ("-wal", "-shm"):
        beside(daybook.path, ending).unlink()
    assert " 500 " in daybook.cmd("org", "list").stdout
    assert events(daybook.path) == ["before"]
    daybook.cmd("verify")


def test_a_backup_renamed_over_the_database_while_programs_run_is_not_mixed_either(daybook):
    post(daybook, "before")
    copy = backup(daybook)
    running = daybook.fastcgi("events")
    token = daybook.token("acme", "usage:write usage:backfill")
    body = [{"id": "after", "occurredAt": NOW, "channel": "SMS"}]
    assert running.ask("POST", "/api/events", body=body, token=token).status == 200
    os.rename(copy, daybook.path)
    assert running.ask("POST", "/api/events", body=body, token=token).status == 503
    for ending in ("-wal", "-shm"):
        beside(daybook.path, ending).unlink()
    assert running.ask("POST", "/api/events", body=body, token=token).json["accepted"] == 1
    is_sound(daybook.path)
    assert events(daybook.path) == ["after", "before"]


def test_a_database_that_moves_with_its_log_keeps_it(daybook):
    post(daybook, "a")
    new = daybook.folder / "elsewhere"
    new.mkdir()
    for ending in ("", "-wal", "-shm"):
        shutil.copyfile(beside(daybook.path, ending), beside(new / "moved.db", ending))
    daybook.env["DAYBOOK_DB"] = str(new / "moved.db")
    assert "acme" in daybook.cmd("org", "list").stdout
    assert events(new / "moved.db") == ["a"]


def test_a_restore_cut_short_leaves_nobody_outside(daybook):
    """After a restore, and whatever other programs keep open, the log beside the file is its own."""
    post(daybook, "a")
    copy = backup(daybook)
    reader = sqlite3.connect(daybook.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM event").fetchall()     # holds the log: it cannot be moved into the file
    post(daybook, "b")
    daybook.cmd("restore", copy)
    for _ in range(2):
        assert daybook.cmd("org", "list").returncode == 0
    reader.close()
    assert events(daybook.path) == ["a"]
    daybook.cmd("verify")


# ---- What is restored

TRAPS = {
    "a trigger": "CREATE TRIGGER t AFTER UPDATE ON organization BEGIN DELETE FROM audit; END",
    "a trigger on keys": "CREATE TRIGGER t AFTER UPDATE OF retired_at ON signing_key BEGIN "
                         "UPDATE signing_key SET retired_at = NULL WHERE kid = new.kid; END",
    "a view": "CREATE VIEW v AS SELECT * FROM event",
    "a table": "CREATE TABLE t (a)",
    "an index": "CREATE INDEX i ON event (cost_micros)",
    "a column": "ALTER TABLE setting ADD COLUMN more TEXT",
    "a trigger less": "DROP TRIGGER event_is_not_deleted",
    "an index less": "DROP INDEX event_voids",
    "another trigger of that name": "DROP TRIGGER event_is_not_deleted; CREATE TRIGGER event_is_not_deleted BEFORE DELETE ON event "
                                    "WHEN old.id = 'x' BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END",
}


@pytest.fixture
def with_backup(daybook):
    post(daybook, *(f"e{i:03}" for i in range(300)))
    daybook.copy = backup(daybook)
    post(daybook, "after")
    return daybook


def refused(daybook, word):
    was, names = events(daybook.path), files(daybook)
    said = fails(daybook, "restore", daybook.copy)
    assert word in said and str(daybook.copy) in said, said
    assert events(daybook.path) == was and files(daybook) == names
    daybook.cmd("verify")


@pytest.mark.parametrize("name", TRAPS)
def test_a_backup_with_another_schema_is_refused_and_nothing_in_it_runs(with_backup, name):
    with sqlite3.connect(with_backup.copy) as c:
        c.executescript(TRAPS[name])
    c.close()
    refused(with_backup, "schema: ")
    assert fails(with_backup, "restore", "--force", with_backup.copy), "not for --force either"


def test_a_damaged_backup_is_refused(with_backup):
    data = bytearray(with_backup.copy.read_bytes())
    noise = random.Random(7)
    pages = len(data) // 4096
    for page in noise.sample(range(1, pages), pages // 6):
        data[page * 4096:page * 4096 + 4096] = noise.randbytes(4096)
    with_backup.copy.write_bytes(data)
    refused(with_backup, "")


@pytest.mark.parametrize("seed", range(8))
def test_bytes_that_changed_are_found_or_mean_nothing(with_backup, seed):
    """As a disk or a transfer does it: either the restore is refused, or what it brings back passes verify."""
    data = bytearray(with_backup.copy.read_bytes())
    noise = random.Random(seed)
    for _ in range(3):
        data[noise.randrange(100, len(data))] ^= 1 << noise.randrange(8)
    with_backup.copy.write_bytes(data)
    was = events(with_backup.path)
    done = with_backup.cmd("restore", with_backup.copy, check=False)
    assert done.returncode in (0, 1)
    if done.returncode == 1:
        assert events(with_backup.path) == was
    with_backup.cmd("verify")


@pytest.mark.parametrize("cut", [0, 50, 4096, 20000])
def test_half_a_backup_is_refused(with_backup, cut):
    with_backup.copy.write_bytes(with_backup.copy.read_bytes()[:cut])
    refused(with_backup, "")


def test_a_backup_whose_sums_are_wrong_is_refused_but_by_force(with_backup):
    with sqlite3.connect(with_backup.copy) as c:
        c.execute("UPDATE usage_day SET messages = messages + 7")
    c.close()
    refused(with_backup, "usage_day")
    with_backup.cmd("restore", "--force", with_backup.copy)
    assert "after" not in events(with_backup.path)
    assert with_backup.cmd("verify", check=False).returncode == 1
    with_backup.cmd("rebuild")
    with_backup.cmd("verify")


def test_another_application_s_file_is_refused(with_backup):
    with_backup.copy.unlink()
    with sqlite3.connect(with_backup.copy) as c:
        c.execute("CREATE TABLE t (a)")
    c.close()
    refused(with_backup, "not a Daybook database")


def test_statistics_and_a_replicator_s_tables_are_nobody_s_concern(with_backup):
    with sqlite3.connect(with_backup.copy) as c:
        c.execute("ANALYZE")
        c.execute("CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)")
        c.execute("CREATE TABLE _litestream_lock (id INTEGER)")
    c.close()
    with_backup.cmd("restore", with_backup.copy)
    with_backup.cmd("verify")
    assert " ok " not in with_backup.cmd("doctor", check=False).stderr


def test_what_a_restore_replaces_is_kept_once(with_backup):
    kept = lambda: [p for p in with_backup.folder.iterdir() if "before-restore" in p.name and p.name[-1].isdigit()]  # noqa: E731
    with_backup.cmd("restore", with_backup.copy)
    assert len(kept()) == 1 and "after" in events(kept()[0])
    first = kept()[0].name
    with_backup.cmd("restore", kept()[0])
    assert len(kept()) == 1 and kept()[0].name != first
    assert "after" in events(with_backup.path) and "after" not in events(kept()[0])


def test_a_backup_of_an_older_version_is_brought_to_this_one(with_backup):
    old = with_backup.copy
    to_version(old, 1)
    with_backup.cmd("restore", old)
    assert len(events(with_backup.path)) == 300
    with_backup.cmd("verify")
    with sqlite3.connect(old) as c:
        assert c.execute("PRAGMA user_version").fetchone() == (1,), "the backup stays as it is"
    c.close()


# ---- What is put there by hand

def by_hand(daybook, damage=None):
    """A copy of the database at a place where Daybook has not seen it."""
    new = daybook.folder / "by-hand" / "daybook.db"
    new.parent.mkdir()
    shutil.copyfile(backup(daybook, "plain.db"), new)
    if damage:
        with sqlite3.connect(new) as c:
            c.executescript(damage)
        c.close()
    daybook.env["DAYBOOK_DB"] = str(new)
    daybook.path = new
    return daybook


def test_a_copy_put_there_by_hand_is_checked_once_and_then_used(with_backup):
    token = with_backup.token("acme", "usage:read usage:write usage:backfill")
    by_hand(with_backup)
    assert post(with_backup, "first", token=token).status == 200, "a request looks at the schema alone"
    doctor = with_backup.cmd("doctor", check=False).stdout
    assert "put there by hand and not checked yet" in doctor
    with_backup.cmd("org", "list")
    assert "put there by hand" not in with_backup.cmd("doctor", check=False).stdout


@pytest.mark.parametrize("name", TRAPS)
def test_one_with_another_schema_is_used_by_nobody(with_backup, name):
    token = with_backup.token("acme", "usage:read usage:write usage:backfill")
    by_hand(with_backup, TRAPS[name])
    assert "schema: " in fails(with_backup, "org", "set", "acme", "--plan", "x")
    assert post(with_backup, "first", token=token).status == 503
    assert "first" not in events(with_backup.path)
    for command in ("verify", "doctor"):
        done = with_backup.cmd(command, check=False)
        assert done.returncode == 1 and "schema: " in done.stdout, done


def test_one_with_wrong_sums_is_not_used_before_it_is_rebuilt(with_backup):
    by_hand(with_backup, "UPDATE usage_day SET messages = messages + 7")
    assert "usage_day" in fails(with_backup, "org", "set", "acme", "--plan", "x")
    with_backup.cmd("rebuild")
    with_backup.cmd("org", "set", "acme", "--plan", "x")


def test_a_damaged_one_is_named_by_doctor(with_backup):
    by_hand(with_backup)
    root = with_backup.sql("SELECT rootpage FROM sqlite_master WHERE name = 'usage_day'")[0][0]
    with open(with_backup.path, "r+b") as file:
        file.seek((root - 1) * 4096 + 8)
        file.write(b"\xff" * 200)
    for ending in ("-wal", "-shm"):
        beside(with_backup.path, ending).unlink(missing_ok=True)
    done = with_backup.cmd("doctor", check=False)
    assert done.returncode == 1 and done.stdout.startswith("error    database") and "integrity_check: " in done.stdout, done
    fails(with_backup, "org", "set", "acme", "--plan", "x")


# ---- Upgrades

def test_an_old_file_with_a_foreign_trigger_is_not_upgraded(daybook):
    post(daybook, "a")
    to_version(daybook.path, 1)
    with sqlite3.connect(daybook.path) as c:
        c.execute("CREATE TRIGGER t AFTER UPDATE ON campaign BEGIN DELETE FROM audit; END")
    c.close()
    assert "schema: the trigger t is not in schema.sql" in fails(daybook, "upgrade")
    with sqlite3.connect(daybook.path) as c:
        assert c.execute("PRAGMA user_version").fetchone() == (1,)
        c.execute("DROP TRIGGER t")
    c.close()
    daybook.cmd("upgrade")
    daybook.cmd("verify")
    assert not [n for n in files(daybook) if "upgrade" in n]


def test_an_old_file_with_wrong_sums_is_upgraded_by_force_only(daybook):
    post(daybook, "a")
    to_version(daybook.path, 1)
    with sqlite3.connect(daybook.path) as c:
        c.execute("UPDATE usage_quarter SET parts = parts + 1")
    c.close()
    assert "usage_quarter" in fails(daybook, "upgrade")
    daybook.cmd("upgrade", "--force")
    daybook.cmd("rebuild")
    daybook.cmd("verify")


# ---- The lock file

def test_a_lock_file_that_was_removed_splits_nobody(daybook):
    running = daybook.fastcgi("events")
    token = daybook.token("acme", "usage:write usage:backfill")
    send = lambda i: running.ask("POST", "/api/events", body=[{"id": i, "occurredAt": NOW}], token=token)  # noqa: E731
    assert send("a").status == 200
    gate = beside(daybook.path, "-gate")
    gate.unlink()
    daybook.cmd("org", "set", "acme", "--daily-limit", "501")
    new = os.open(gate, os.O_RDWR)
    try:
        fcntl.lockf(new, fcntl.LOCK_EX, 2, 0)
        assert send("b").status == 503, "the program waits for the lock that the others hold"
        assert "Connection timed out" in daybook.log_path.read_text()
    finally:
        os.close(new)
    assert send("b").status == 200


# ---- Remanence

UPSTREAM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <sqlite3.h>
int sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs)
{
	static int (*real)(const char *, sqlite3 **, int, const char *);
	int rc;
	if (real == NULL)
		real = (int (*)(const char *, sqlite3 **, int, const char *))dlsym(RTLD_NEXT, "sqlite3_open_v2");
	rc = real(path, db, flags, vfs);
	if (rc == SQLITE_OK)
		sqlite3_exec(*db, "PRAGMA secure_delete = OFF", NULL, NULL, NULL);
	return rc;
}
"""


def test_an_erased_number_is_nowhere_in_the_file_with_any_sqlite(daybook):
    """Upstream's SQLite does not overwrite what is deleted unless it is told to."""
    shim = daybook.folder / "upstream.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, "-xc", "-", "-ldl"], input=UPSTREAM, text=True, check=True)
    daybook.cmd("setting", "set", "failure_retention_days", "36500")
    daybook.env.update(LD_PRELOAD=str(shim), ASAN_OPTIONS=daybook.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
    token = daybook.token("acme", "usage:write usage:backfill")
    body = [{"id": f"f{i}", "occurredAt": NOW, "status": "failed", "to": f"+1555777{i:04}", "reason": "opted out"} for i in range(40)]
    assert daybook.cgi("events", "POST", "/api/events", body=body, token=token).json["accepted"] == 40
    daybook.cmd("erase", "--phone", "+15557770007")
    copy = backup(daybook)
    for path in (daybook.path, beside(daybook.path, "-wal"), copy):
        assert b"+15557770007" not in path.read_bytes(), path
    assert b"+15557770008" in daybook.path.read_bytes()
