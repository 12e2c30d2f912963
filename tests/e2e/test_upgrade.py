"""daybook upgrade: a file of schema version 1 (tests/e2e/schema-1.sql) comes to be one of this version."""
import json
import re
import shutil
import sqlite3
import subprocess

import pytest

from conftest import BUILD, ROOT
from api import Api
from schema_1 import to_version_1
from support import check_error

VERSION = int(re.search(r"user_version = (\d+)", (ROOT / "schema.sql").read_text())[1])
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


@pytest.fixture
def api(daybook):
    """A day book of version 1 that was in use: events, failures, a void, a campaign, keys, prices, audit."""
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
    to_version_1(daybook.path)
    assert version_of(daybook.path) == 1
    return api


def test_before_the_upgrade_programs_answer_503_and_commands_say_what_to_do(api):
    daybook = api.daybook
    for program, path in (("usage-calendar", CALENDAR), ("session", "/api/session"), ("health", "/health")):
        check_error(daybook.cgi(program, "GET", path, MAY if program != "session" else None, token=api.token), 503, "tether")
    assert "has schema version 1; this program needs" in daybook.log_path.read_text()
    done = daybook.cmd("org", "list", check=False)
    assert done.returncode == 1 and f"has schema version 1; this program needs {VERSION}. Run `daybook -d FILE upgrade`." in done.stderr
    assert version_of(daybook.path) == 1


def test_afterwards_everything_works_and_nothing_is_lost(api):
    daybook = api.daybook
    before = {t: rows(daybook.path, t) for t in tables(daybook.path)}
    waiting = daybook.fastcgi("usage-calendar")	# it runs through
    assert waiting.ask("GET", CALENDAR, MAY, token=api.token).status == 503
    assert daybook.cmd("upgrade").stdout == f"{daybook.path}: upgraded from schema version 1 to {VERSION}\n"
    for table, (names, old) in before.items():
        now_names, now = rows(daybook.path, table)
        assert now_names[:len(names)] == names
        if now_names == names:
            assert now == old, table
    assert daybook.sql("SELECT week_start FROM organization") == [(1,)]
    assert daybook.cmd("verify").stdout
    assert waiting.ask("GET", CALENDAR, MAY, token=api.token).json == api.calendar
    assert daybook.cgi("session", "GET", "/api/session", token=api.token).json["data"]["weekStart"] == 1
    daybook.cmd("org", "set", "acme", "--week-start", "sunday")
    event = {"id": "after", "occurredAt": "2026-05-20T12:00:00Z"}
    assert daybook.cgi("events", "POST", "/api/events", body=event, token=api.token).json["accepted"] == 1
    daybook.cmd("verify")


def test_the_schema_is_that_of_a_fresh_file(api):
    api.daybook.cmd("upgrade")
    for upgraded, fresh in zip(shape(api.daybook.path), api.fresh):
        assert upgraded == fresh


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


ENDED_AT = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off64_t);
	static int left = -1;
	char link[64], path[4096] = "";
	if (real == NULL)
		real = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
	if (left == -1)
		left = atoi(getenv("ENDED_AT"));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) > 0 && (strstr(path, "/daybook.db-wal") || strstr(path, "/daybook.db-gate") || strcmp(strrchr(path, '/'), "/daybook.db") == 0) &&
	    left-- == 0)
		_exit(137);
	return real(fd, data, n, at);
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	return pwrite64(fd, data, n, at);
}
"""


def test_an_upgrade_that_ends_at_any_write_leaves_one_version_whole(api):
    """Ended at each write of the live file and its journal, after the copy has been upgraded and inspected."""
    daybook = api.daybook
    shim = daybook.folder / "ended.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, "-xc", "-", "-ldl"], input=ENDED_AT, text=True, check=True)
    good = daybook.folder / "good.db"
    shutil.copy(daybook.path, good)
    old, seen, n = shape(good), set(), 0
    while (True, VERSION) not in seen:
        for suffix in ("", "-wal", "-shm", "-gate"):
            (daybook.folder / ("daybook.db" + suffix)).unlink(missing_ok=True)
        shutil.copy(good, daybook.path)
        env = {**daybook.env, "LD_PRELOAD": f"{shim} {daybook.env.get('LD_PRELOAD', '')}", "ENDED_AT": str(n),
               "ASAN_OPTIONS": daybook.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        done = subprocess.run([BUILD / "bin/daybook", "upgrade"], env=env, capture_output=True, text=True)
        version = version_of(daybook.path)
        seen.add((done.returncode == 0, version))
        assert version in (1, VERSION) and done.returncode in (0, 137) and (done.returncode != 0 or version == VERSION), done
        assert shape(daybook.path)[:4] == (old[:4] if version == 1 else api.fresh[:4])
        daybook.cmd("upgrade")
        assert shape(daybook.path) == api.fresh
        assert not list(daybook.folder.glob("*-upgrade-*")), "what the one that died has left is swept"
        n += 1
    assert n > 10 and seen >= {(False, 1), (False, VERSION), (True, VERSION)}, "ended before the commit, after it, and not at all"
    daybook.cmd("verify")


def test_eight_at_once_make_one_upgrade(api):
    daybook = api.daybook
    good = daybook.folder / "good.db"
    shutil.copy(daybook.path, good)
    for _ in range(10):
        for suffix in ("", "-wal", "-shm", "-gate"):
            (daybook.folder / ("daybook.db" + suffix)).unlink(missing_ok=True)
        shutil.copy(good, daybook.path)
        running = [subprocess.Popen([BUILD / "bin/daybook", "upgrade"], env=daybook.env, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True) for _ in range(8)]
        done = [process.communicate() for process in running]
        assert [process.returncode for process in running] == [0] * 8, done
        assert sum("upgraded from schema version 1" in out for out, _ in done) == 1
        assert shape(daybook.path) == api.fresh
    daybook.cmd("verify")


def test_a_backup_of_version_1_is_restored_in_this_version(api):
    daybook = api.daybook
    backup = daybook.folder / "backup.db"
    shutil.copy(daybook.path, backup)
    daybook.cmd("upgrade")
    daybook.cmd("restore", backup)
    assert version_of(backup) == 1 and version_of(daybook.path) == VERSION
    daybook.cmd("verify")
    assert json.loads(daybook.cgi("usage-calendar", "GET", CALENDAR, MAY, token=api.token).body) == api.calendar
