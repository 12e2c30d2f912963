"""What the programs do after a reply, so that nothing needs cron: blanking of old failures, a backup a day."""
import fcntl
import os
import re
import socket
import sqlite3
import subprocess
import threading

import pytest

from conftest import BUILD, Server, cgi_variables
from support import NOON, event, set_clock
from watching import has_waiting_writer, until

USAGE = ("GET", "/organization/usage")


@pytest.fixture
def clocked(daybook):
    set_clock(daybook, NOON)
    daybook.token_ = daybook.token(ttl="365d")
    return daybook


def use(daybook, process=None, token=None):
    """One request with a credential; what it sets off is done when the next one to the same process is answered."""
    if process is None:
        reply = daybook.cgi("organization-usage", *USAGE, token=token or daybook.token_)
    else:
        reply = process.ask(*USAGE, token=token or daybook.token_)
        process.ask("OPTIONS", USAGE[1])
    assert reply.status == 200, reply
    return reply


def backups(daybook):
    folder = daybook.folder / "daybook.db-backups"
    return sorted(f.name for f in folder.iterdir() if f.name != ".lock") if folder.exists() else []


def keep(daybook, n):
    daybook.cmd("setting", "set", "backup_keep", n)


def backup_at(daybook):
    rows = daybook.sql("SELECT value FROM setting WHERE name = 'backup_at'")
    return int(rows[0][0]) if rows else None


# ---- Backups

@pytest.mark.parametrize("way", ["cgi", "fastcgi"])
def test_with_the_setting_the_programs_make_a_backup_a_day_and_keep_so_many(clocked, way):
    keep(clocked, 3)
    process = clocked.fastcgi("organization-usage") if way == "fastcgi" else None
    for day in range(20, 26):
        set_clock(clocked, f"2026-05-{day}T16:00:00Z")
        use(clocked, process)
        set_clock(clocked, f"2026-05-{day}T20:00:00Z")	# not yet a day later
        use(clocked, process)
    assert backups(clocked) == [f"daybook-202605{day}-160000.db" for day in (23, 24, 25)]
    folder = clocked.folder / "daybook.db-backups"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {f.stat().st_mode & 0o777 for f in folder.iterdir()} == {0o600}
    assert backup_at(clocked) == 1779292800000 + 5 * 86400000
    assert clocked.log_path.read_text().count("event=backup file=") == 6
    assert "0 differences" in clocked.cmd("-d", folder / backups(clocked)[-1], "verify").stdout


def test_without_the_setting_no_backup_is_made(clocked):
    use(clocked)
    keep(clocked, 0)
    use(clocked)
    assert not (clocked.folder / "daybook.db-backups").exists() and backup_at(clocked) is None


def test_a_backup_of_the_operators_own_counts(clocked):
    keep(clocked, 3)
    clocked.cmd("backup", clocked.folder / "mine.db")
    set_clock(clocked, "2026-05-21T15:59:59Z")
    use(clocked)
    assert backups(clocked) == []
    set_clock(clocked, "2026-05-21T16:00:00Z")
    use(clocked)
    assert len(backups(clocked)) == 1


def test_a_process_looks_once_an_hour(clocked):
    process = clocked.fastcgi("organization-usage")
    use(clocked, process)
    keep(clocked, 3)
    set_clock(clocked, "2026-05-20T16:59:59Z")
    use(clocked, process)
    assert backups(clocked) == []
    set_clock(clocked, "2026-05-20T17:00:00Z")
    use(clocked, process)
    assert backups(clocked) == ["daybook-20260520-170000.db"]


def test_nobody_without_a_credential_sets_it_off(clocked):
    keep(clocked, 3)
    clocked.cmd("setting", "set", "metrics_addresses", "127.0.0.1 ::1")
    for program, path in (("health", "/health"), ("metrics", "/metrics")):
        assert clocked.cgi(program, "GET", path).status == 200
    assert clocked.cgi("organization-usage", *USAGE).status == 401
    assert clocked.cgi("organization-usage", *USAGE, token="garbage").status == 401
    assert clocked.cgi("organization-usage", "OPTIONS", USAGE[1]).status == 204
    assert backups(clocked) == []


def test_of_many_processes_one_makes_it(clocked):
    keep(clocked, 9)
    processes = [clocked.fastcgi("organization-usage") for _ in range(6)]
    threads = [threading.Thread(target=use, args=(clocked, p)) for p in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert backups(clocked) == ["daybook-20260520-160000.db"]


def test_while_another_process_makes_it_nobody_waits(clocked):
    keep(clocked, 3)
    folder = clocked.folder / "daybook.db-backups"
    folder.mkdir(mode=0o700)
    with open(folder / ".lock", "w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        use(clocked)
        assert backups(clocked) == []
    use(clocked)
    assert len(backups(clocked)) == 1


def test_a_backup_that_fails_is_logged_fails_no_request_and_is_tried_again_an_hour_later(clocked):
    keep(clocked, 3)
    folder = clocked.folder / "daybook.db-backups"
    folder.mkdir()
    blocked = [folder / f"daybook-20260520-1600{n:02}.db.part" for n in range(60)]
    for path in blocked:
        path.mkdir()
    failures = lambda: clocked.log_path.read_text().count("event=backup error=")  # noqa: E731
    for _ in range(3):
        use(clocked)
    assert failures() == 1 and backup_at(clocked) is None
    for path in blocked:
        path.rmdir()
    set_clock(clocked, "2026-05-20T16:59:00Z")
    use(clocked)
    assert backups(clocked) == []
    set_clock(clocked, "2026-05-20T17:00:00Z")
    use(clocked)
    assert backups(clocked) == ["daybook-20260520-170000.db"] and failures() == 1


def test_a_backup_that_is_made_and_cannot_be_noted_is_logged_as_that(clocked):
    keep(clocked, 3)
    gate = os.open(f"{clocked.path}-gate", os.O_RDWR)
    try:
        fcntl.lockf(gate, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 1)
        use(clocked, clocked.fastcgi("organization-usage"))
    finally:
        os.close(gate)
    assert len(backups(clocked)) == 1 and backup_at(clocked) is None
    assert 'event=backup error="the backup was made, but its time could not be recorded"' in clocked.log_path.read_text()


def test_where_the_folder_cannot_be_made_it_is_logged_and_requests_go_on(clocked):
    keep(clocked, 3)
    (clocked.folder / "daybook.db-backups").write_text("in the way")
    process = clocked.fastcgi("organization-usage")
    for _ in range(3):
        use(clocked, process)
    lines = [line for line in clocked.log_path.read_text().splitlines() if "event=backup" in line]
    assert len(lines) == 1 and "daybook.db-backups" in lines[0] and lines[0].startswith("level=error")


def test_a_clock_that_was_wrong_once_does_not_end_backups(clocked):
    keep(clocked, 3)
    set_clock(clocked, "2031-01-01T00:00:00Z")
    use(clocked, token=clocked.token(ttl="1d"))
    set_clock(clocked, NOON)
    use(clocked)
    assert backups(clocked) == ["daybook-20260520-160000.db", "daybook-20310101-000000.db"]


def test_the_reply_is_out_before_the_backup_begins(clocked):
    """A web server that reads to the end of the reply does not wait: as long as a writer's gate is closed, the backup cannot be noted."""
    keep(clocked, 3)
    process = clocked.fastcgi("organization-usage")
    gate = os.open(f"{clocked.path}-gate", os.O_RDWR)
    try:
        fcntl.lockf(gate, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 1)
        assert process.ask(*USAGE, token=clocked.token_).status == 200
        assert backup_at(clocked) is None
    finally:
        os.close(gate)
    process.ask("OPTIONS", USAGE[1])
    assert backup_at(clocked) is not None


def test_of_plain_cgi_reply_and_program_have_ended_before_the_backup_begins(clocked):
    """And nothing is left open of what the web server gave: with Apache that is one socket for stdin and stdout, or a pipe as
    stderr, and it waits for both."""
    keep(clocked, 3)
    server, given = socket.socketpair()
    logged, log = os.pipe()
    ended, held = os.pipe()
    variables = cgi_variables(*USAGE, None, None, {"Authorization": "Bearer " + clocked.token_})
    gate = os.open(f"{clocked.path}-gate", os.O_RDWR)
    try:
        fcntl.lockf(gate, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 1)
        process = subprocess.Popen([BUILD / "cgi-bin/organization-usage.fcgi"], env={**clocked.env, **variables},
                                   stdin=given, stdout=given, stderr=log, pass_fds=[held])
        given.close()
        os.close(log)
        os.close(held)
        with server.makefile("rb") as reply, open(logged) as logged:
            assert reply.read().startswith(b"Status: 200") and "status=200" in logged.read()	# to their ends
        assert process.wait() == 0
        until(lambda: has_waiting_writer(gate), "the program ended only after its child, which waits for the lock")
        assert backup_at(clocked) is None
    finally:
        os.close(gate)
        server.close()
    with open(ended, "rb") as ended:
        ended.read()
    assert backup_at(clocked) is not None


def test_a_backup_kept_by_the_programs_can_be_restored(clocked):
    keep(clocked, 3)
    clocked.cgi("events", "POST", "/api/events", body=[event(NOON, id="before")], token=clocked.token_)
    assert len(backups(clocked)) == 1
    clocked.cgi("events", "POST", "/api/events", body=[event(NOON, id="after")], token=clocked.token_)
    clocked.cmd("restore", clocked.folder / "daybook.db-backups" / backups(clocked)[0])
    assert clocked.sql("SELECT id FROM event") == [("before",)]


def test_under_a_web_server_it_is_made_too(daybook):
    keep(daybook, 2)
    server, token = Server(daybook), daybook.token()
    try:
        for _ in range(2):
            assert server.ask("GET", "/organization/usage", token=token).status == 200
    finally:
        server.stop()	# ends each program after what it is doing
    assert len(backups(daybook)) == 1 and re.fullmatch(r"daybook-\d{8}-\d{6}\.db", backups(daybook)[0])


@pytest.mark.parametrize("value", ["-1", "1001", "x", "", "1.5"])
def test_a_number_of_backups_that_is_none_is_refused(daybook, value):
    done = daybook.cmd("setting", "set", "backup_keep", value, check=False)
    assert done.returncode == 1 and "backup_keep" in done.stderr and "1000" in done.stderr


# ---- Old failures

def fail_many(daybook, count):
    batch = [event(NOON, status="failed", to=f"+1555{i:07}", reason="opted out") for i in range(count)]
    reply = daybook.cgi("events", "POST", "/api/events", body=batch, token=daybook.token_)
    assert reply.json["accepted"] == count


def phones(daybook):
    return daybook.sql("SELECT count(*) FROM failure WHERE phone <> '' OR reason <> ''")[0][0]


@pytest.mark.parametrize("way", ["cgi", "fastcgi"])
def test_a_reading_is_enough_to_blank_all_failures_past_their_retention(clocked, way):
    fail_many(clocked, 2500)
    process = clocked.fastcgi("organization-usage") if way == "fastcgi" else None
    set_clock(clocked, "2026-08-18T16:00:00Z")	# 90 days
    use(clocked, process)
    assert phones(clocked) == 2500
    set_clock(clocked, "2026-08-18T17:00:01Z")
    for _ in range(30):	# a slow machine may need several turns
        use(clocked, process)
    assert phones(clocked) == 0
    assert clocked.sql("SELECT count(*) FROM event WHERE status = 'failed' AND detail_sha256 IS NOT NULL") == [(0,)]
    assert "0 differences" in clocked.cmd("verify").stdout


def test_nobody_without_a_credential_sets_blanking_off(clocked):
    fail_many(clocked, 1)
    set_clock(clocked, "2026-09-01T00:00:00Z")
    clocked.cgi("health", "GET", "/health")
    clocked.cgi("organization-usage", *USAGE)
    assert phones(clocked) == 1
    use(clocked)
    assert phones(clocked) == 0


def test_while_the_gate_is_held_blanking_waits_for_another_time_and_no_request_fails(clocked):
    fail_many(clocked, 5)
    set_clock(clocked, "2026-09-01T00:00:00Z")
    gate = os.open(f"{clocked.path}-gate", os.O_RDWR)
    try:
        fcntl.lockf(gate, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 1)
        for _ in range(3):
            use(clocked)
        assert phones(clocked) == 5
    finally:
        os.close(gate)
    use(clocked)
    assert phones(clocked) == 0


def test_where_blanking_fails_replies_are_as_ever_and_the_backup_is_made(clocked):
    fail_many(clocked, 5)
    keep(clocked, 1)
    connection = sqlite3.connect(clocked.path)
    connection.execute("CREATE TRIGGER no_more BEFORE UPDATE ON failure BEGIN SELECT raise(ABORT, 'no'); END")
    connection.commit()
    connection.close()
    set_clock(clocked, "2026-09-01T00:00:00Z")
    process = clocked.fastcgi("organization-usage")
    for _ in range(3):
        use(clocked, process)
    assert phones(clocked) == 5 and len(backups(clocked)) == 1
