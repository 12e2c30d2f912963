"""daybook upgrade: a file of an older schema version (tests/e2e/schema-N.sql) comes to be one of this version."""
import json
import re
import shutil
import sqlite3
import subprocess

import pytest

from api import Api
from conftest import BUILD
from old_files import VERSION, to_version
from support import check_error

OLDER = list(range(1, VERSION))
CALENDAR = "/api/campaigns/usage-calendar"
MAY = {"from": "2026-05-01", "to": "2026-05-31"}


def rows(path, table):
    with sqlite3.connect(path) as c:
        names = [r[1] for r in c.execute(f"PRAGMA table_info({table})")]
        found = sorted(map(repr, c.execute(f"SELECT * FROM {table}")))
    c.close()
    return names, found


def tables(path):
    with sqlite3.connect(path) as c:
        found = [r[0] for r in c.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    c.close()
    return found


def shape(path):
    """All that a schema is: version, tables with their columns and indexes, and its text without comments and blanks."""
    with sqlite3.connect(path) as c:
        texts = {(r[0], r[1]): re.sub(r"\s+", "", re.sub(r"--.*", "", r[2] or ""))
                 for r in c.execute("SELECT type, name, sql FROM sqlite_master")}
        columns = {t: c.execute(f"PRAGMA table_xinfo({t})").fetchall() for kind, t in texts if kind == "table"}
        keys = {t: sorted(map(repr, c.execute(f"PRAGMA foreign_key_list({t})"))) for kind, t in texts if kind == "table"}
        indexes = {i: c.execute(f"PRAGMA index_xinfo('{i}')").fetchall() for kind, i in texts if kind == "index"}
        numbers = [c.execute(f"PRAGMA {name}").fetchone() for name in ("user_version", "application_id")]
    c.close()
    return texts, columns, keys, indexes, numbers


def version_of(path):
    with sqlite3.connect(path) as c:
        version = c.execute("PRAGMA user_version").fetchone()[0]
        assert c.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    c.close()
    return version


def put(daybook, good):
    """The file as it was before, with nothing beside it."""
    for beside in daybook.folder.glob(daybook.path.name + "*"):
        beside.unlink()
    shutil.copy(good, daybook.path)


def compiled(daybook, name, source):
    """A library that is loaded before the others, and its environment."""
    library = daybook.folder / f"{name}.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, "-xc", "-", "-ldl"], input=source, text=True, check=True)
    return {**daybook.env, "LD_PRELOAD": f"{library} {daybook.env.get('LD_PRELOAD', '')}",
            "ASAN_OPTIONS": daybook.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}


def make_api(daybook, version):
    """A day book of an older version that was in use: events, failures, a void, a campaign, limits, keys, prices, audit."""
    api = Api(daybook)
    api.ask("campaigns", "POST", "/api/campaigns", body={
        "id": "spring", "name": "Spring", "contactCount": 100, "scheduledISO": "2026-05-22T15:00:00Z"})
    events = [{"id": f"e{i}", "occurredAt": f"2026-05-{1 + i % 20:02}T12:00:00Z", "channel": c, "parts": 2}
              for i, c in enumerate(["SMS", "CALL", "EMAIL"] * 40)]
    events += [{"id": "f", "occurredAt": "2026-05-19T12:00:00Z", "status": "failed", "to": "+14165550100", "reason": "opted out"},
               {"id": "v", "voids": "e3", "reason": "test"}]
    reply = api.ask("events", "POST", "/api/events", body=events)
    assert reply.json["accepted"] == len(events), reply
    api.calendar = api.ask("usage-calendar", "GET", CALENDAR, MAY).json
    for process in list(api.daybook.processes):
        if process.process.poll() is None:
            process.stop()
    api.fresh = shape(daybook.path)
    api.before = {table: rows(daybook.path, table) for table in tables(daybook.path)}
    to_version(daybook.path, version)
    api.version = version
    assert version_of(daybook.path) == version
    return api


@pytest.fixture
def api(daybook):
    return make_api(daybook, VERSION - 1)


@pytest.fixture(params=OLDER)
def each(daybook, request):
    return make_api(daybook, request.param)


def test_before_the_upgrade_programs_answer_503_and_commands_say_what_to_do(each):
    daybook, version = each.daybook, each.version
    for program, path in (("usage-calendar", CALENDAR), ("session", "/api/session"), ("health", "/health")):
        reply = daybook.cgi(program, "GET", path, MAY if program != "session" else None, token=each.token)
        check_error(reply, 503, "tether")
        assert int(reply.headers["retry-after"]) >= 1
    assert f"schema version {version}; this program needs {VERSION}" in daybook.log_path.read_text()
    done = daybook.cmd("org", "list", check=False)
    assert done.returncode == 1
    assert f"schema version {version}; this program needs {VERSION}. Run `daybook -d FILE upgrade`." in done.stderr
    assert version_of(daybook.path) == version


def test_afterwards_everything_works_and_nothing_is_lost(each):
    daybook = each.daybook
    waiting = daybook.fastcgi("usage-calendar")	# it runs through
    assert waiting.ask("GET", CALENDAR, MAY, token=each.token).status == 503
    assert daybook.cmd("upgrade").stdout == f"{daybook.path}: upgraded from schema version {each.version} to {VERSION}\n"
    for table, before in each.before.items():
        now = rows(daybook.path, table)
        assert now[0] == before[0]
        if table not in ("event", "audit", "setting", "actor", "installation", "ledger_day", "zone_file"):
            assert now == before, table
        assert len(now[1]) == len(before[1]) or table in ("zone_file", "actor"), table
    assert daybook.sql("SELECT reason FROM event WHERE id = 'v'") == [("test",)]
    assert daybook.cmd("verify").stdout
    assert waiting.ask("GET", CALENDAR, MAY, token=each.token).json == each.calendar
    assert daybook.cgi("session", "GET", "/api/session", token=each.token).json["data"]["weekStart"] == 1
    daybook.cmd("org", "set", "acme", "--week-start", "sunday")
    event = {"id": "after", "occurredAt": "2026-05-20T12:00:00Z"}
    assert daybook.cgi("events", "POST", "/api/events", body=event, token=each.token).json["accepted"] == 1
    daybook.cmd("verify")


def test_the_schema_is_that_of_a_fresh_file(each):
    mode = each.daybook.path.stat().st_mode
    each.daybook.cmd("upgrade")
    for upgraded, fresh in zip(shape(each.daybook.path), each.fresh):
        assert upgraded == fresh
    assert each.daybook.path.stat().st_mode == mode
    assert each.daybook.sql("PRAGMA journal_mode") == [("wal",)]


def test_a_second_upgrade_changes_nothing(api):
    api.daybook.cmd("upgrade")
    before = api.daybook.path.read_bytes()
    assert api.daybook.cmd("upgrade").stdout == f"{api.daybook.path}: already has schema version {VERSION}\n"
    assert api.daybook.path.read_bytes() == before


def test_a_newer_schema_is_left_alone(api):
    api.daybook.sql("PRAGMA user_version = 99")
    done = api.daybook.cmd("upgrade", check=False)
    assert done.returncode == 1 and "schema version 99 is newer" in done.stderr
    assert api.daybook.sql("PRAGMA user_version") == [(99,)]


def test_a_link_to_the_database_stays_a_link(api):
    daybook, link = api.daybook, api.daybook.folder / "link.db"
    link.symlink_to(daybook.path.name)
    subprocess.run([BUILD / "bin/daybook", "-d", link, "upgrade"], env=daybook.env, check=True)
    assert link.is_symlink() and version_of(daybook.path) == VERSION


ENDED_AT = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static void count(const char *path)
{
	static int left = -1;
	if (left == -1)
		left = atoi(getenv("ENDED_AT"));
	if (strstr(path, "/daybook.db") != NULL && left-- == 0)
		_exit(137);
}
static void count_fd(int fd)
{
	char link[64], path[4096] = "";
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) > 0)
		count(path);
}
#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (real == NULL) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
	count_fd(fd);
	return real(fd, data, n, at);
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { return pwrite64(fd, data, n, at); }
int ftruncate64(int fd, off64_t n) { REAL(int, ftruncate64, int, off64_t); count_fd(fd); return real(fd, n); }
int ftruncate(int fd, off_t n) { return ftruncate64(fd, n); }
int rename(const char *from, const char *to) { REAL(int, rename, const char *, const char *); count(to); return real(from, to); }
int unlink(const char *path) { REAL(int, unlink, const char *); count(path); return real(path); }
int fsync(int fd) { REAL(int, fsync, int); count_fd(fd); return real(fd); }
"""


def test_an_upgrade_that_ends_at_any_write_leaves_one_version_whole(api):
    """Ended at writes to the new file, and at each call that puts it in the old one's place; then another goes on."""
    daybook = api.daybook
    env = compiled(daybook, "ended", ENDED_AT)
    good = daybook.folder / "good.db"
    shutil.copy(daybook.path, good)
    old = shape(good)

    def ended_at(n):
        put(daybook, good)
        done = subprocess.run([BUILD / "bin/daybook", "upgrade"], env={**env, "ENDED_AT": str(n)}, capture_output=True, text=True)
        version = version_of(daybook.path)
        assert version in (api.version, VERSION) and done.returncode in (0, 137), done
        assert done.returncode != 0 or version == VERSION
        assert shape(daybook.path)[:4] == (old[:4] if version == api.version else api.fresh[:4])
        daybook.cmd("upgrade")
        assert shape(daybook.path) == api.fresh
        assert sorted(p.name for p in daybook.folder.glob("daybook.db*")) in (
            ["daybook.db", "daybook.db-gate"], ["daybook.db", "daybook.db-gate", "daybook.db-shm", "daybook.db-wal"])
        return done.returncode == 0, version

    last = 1
    while not ended_at(last)[0]:	# how many calls there are: between last / 2 and last
        last *= 2
    first = last // 2
    while last - first > 1:
        middle = (first + last) // 2
        first, last = (first, middle) if ended_at(middle)[0] else (middle, last)
    seen = {ended_at(n) for n in [*range(0, last - 30, max(1, last // 40)), *range(last - 30, last + 1)]}
    assert seen == {(False, api.version), (False, VERSION), (True, VERSION)}
    daybook.cmd("verify")


def test_eight_at_once_make_one_upgrade(api):
    daybook = api.daybook
    good = daybook.folder / "good.db"
    shutil.copy(daybook.path, good)
    for _ in range(5):
        put(daybook, good)
        running = [subprocess.Popen([BUILD / "bin/daybook", "upgrade"], env=daybook.env, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True) for _ in range(8)]
        done = [process.communicate() for process in running]
        assert [process.returncode for process in running] == [0] * 8, done
        assert sum(f"upgraded from schema version {api.version}" in out for out, _ in done) == 1
        assert shape(daybook.path) == api.fresh
    daybook.cmd("verify")


def bytes_of_an_event(path):
    """Without the indexes, in a file that is packed as densely as SQLite can."""
    packed = path.with_name("packed.db")
    packed.unlink(missing_ok=True)
    with sqlite3.connect(path) as c:
        c.execute("VACUUM INTO ?", (str(packed),))
    c.close()
    with sqlite3.connect(packed) as c:
        size = c.execute("SELECT sum(pgsize) FROM dbstat WHERE name = 'event'").fetchone()[0]
        count = c.execute("SELECT count(*) FROM event").fetchone()[0]
    c.close()
    return size / count


def test_an_event_without_new_fields_takes_at_most_ten_bytes_more(daybook):
    for beside in daybook.folder.glob(daybook.path.name + "*"):
        beside.unlink()
    daybook.cmd("demo")
    to_version(daybook.path, VERSION - 1)
    before = bytes_of_an_event(daybook.path)
    daybook.cmd("upgrade")
    after = bytes_of_an_event(daybook.path)
    assert 50 < before < 155 and after <= before + 10, (before, after)


LITTLE_SPACE = """
#include <sys/statvfs.h>
int statvfs64(const char *path, struct statvfs64 *fs)
{
	(void)path;
	*fs = (struct statvfs64) { .f_bsize = 4096, .f_frsize = 4096, .f_bavail = 256 };
	return 0;
}
int statvfs(const char *path, struct statvfs *fs) { return statvfs64(path, (struct statvfs64 *)fs); }
"""


def test_a_disk_without_room_is_noticed_before_the_first_write(api):
    daybook = api.daybook
    before = daybook.path.read_bytes()
    env = compiled(daybook, "space", "#define _GNU_SOURCE\n" + LITTLE_SPACE)
    done = subprocess.run([BUILD / "bin/daybook", "upgrade"], env=env, capture_output=True, text=True)
    assert done.returncode == 1 and re.search(r"no room for the upgraded database: \d+ MiB are needed, 1 MiB are free", done.stderr)
    assert daybook.path.read_bytes() == before and not list(daybook.folder.glob("*-upgrading*"))
    daybook.cmd("upgrade")


def test_a_file_that_is_in_use_keeps_its_place(api):
    daybook = api.daybook
    other = sqlite3.connect(daybook.path)
    other.execute("SELECT count(*) FROM event").fetchall()
    done = daybook.cmd("upgrade", check=False)
    assert done.returncode == 1 and "other programs have it open. Stop the programs" in done.stderr
    other.execute("UPDATE organization SET name = 'Renamed', revision = revision + 1")
    other.commit()
    other.close()
    daybook.cmd("upgrade")
    assert daybook.sql("SELECT name FROM organization") == [("Renamed",)], "what was written meanwhile is there"
    daybook.cmd("verify")


def test_an_event_that_was_changed_by_hand_is_not_covered_up(api):
    daybook = api.daybook
    with sqlite3.connect(daybook.path) as c:
        trigger = c.execute("SELECT sql FROM sqlite_master WHERE name = 'event_is_not_updated'").fetchone()[0]
        c.execute("DROP TRIGGER event_is_not_updated")
        c.execute("UPDATE event SET received_at = received_at + 1 WHERE id = 'e1'")
        c.execute(trigger)
    c.close()
    done = daybook.cmd("upgrade", check=False)
    # The digests of versions 4 to 6 are copied, and verified at the end; tests/unit/upgrade.c has those of version 3.
    assert done.returncode == 1 and "acme: ledger_day 2026-05-02: has " in done.stderr, done.stderr
    assert version_of(daybook.path) == api.version and not list(daybook.folder.glob("*-upgrading*"))
    daybook.cmd("upgrade", "--force")
    assert "1 difference" in daybook.cmd("verify", check=False).stdout, "the digest is still that of the rows as they were written"


def test_an_index_of_the_old_file_that_lacks_an_event_is_noticed(each):
    """The index by time is copied in its own order, so what is missing in it would be missing in the new one."""
    daybook = each.daybook
    with sqlite3.connect(daybook.path) as c:
        text = c.execute("SELECT sql FROM sqlite_master WHERE name = 'event_occurred'").fetchone()[0]
        c.execute("DROP INDEX event_occurred")
        c.execute(text + " WHERE id <> 'e1'")
        c.execute("PRAGMA writable_schema = ON")
        c.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'event_occurred'", (text,))
    c.close()
    done = daybook.cmd("upgrade", check=False)
    assert done.returncode == 1 and "acme: usage_quarter 2026-05-02" in done.stderr, done	# the first difference
    assert not list(daybook.folder.glob("*-upgrading*"))
    with sqlite3.connect(daybook.path) as c:
        assert c.execute("PRAGMA user_version").fetchone()[0] == each.version
        c.execute("REINDEX event_occurred")
    c.close()
    daybook.cmd("upgrade")
    daybook.cmd("verify")


def test_a_backup_of_an_older_version_is_restored_in_this_version(each):
    daybook = each.daybook
    backup = daybook.folder / "backup.db"
    shutil.copy(daybook.path, backup)
    daybook.cmd("upgrade")
    daybook.cmd("restore", backup)
    assert version_of(backup) == each.version and version_of(daybook.path) == VERSION
    assert shape(daybook.path) == each.fresh
    daybook.cmd("verify")
    assert json.loads(daybook.cgi("usage-calendar", "GET", CALENDAR, MAY, token=each.token).body) == each.calendar
