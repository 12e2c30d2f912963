"""The life of a process: signals, clients that go away, a database that is missing or another one."""
import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import threading
import time

import pytest

from conftest import BUILD, FastCgi, cgi_variables
from endpoints import CALENDAR, HEALTH, METRICS, READERS, SLOT, USAGE, ask, get
from support import NOON, check_error, event, set_clock
from watching import HANGS_S, has_been_read, is_asleep, until


def test_term_while_idle_ends_the_process_with_0(daybook):
    for endpoint in READERS:
        fresh, used = daybook.fastcgi(endpoint[0]), daybook.fastcgi(endpoint[0])
        ask(used, endpoint, token=daybook.token())
        for process, number in ((fresh, signal.SIGTERM), (used, signal.SIGUSR1)):
            if process is fresh:
                ask(process, endpoint)	# it is up now, and waits
            process.process.send_signal(number)
            assert process.process.wait(timeout=HANGS_S) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1], ids=["TERM", "USR1"])
def test_term_during_a_slow_body_lets_the_request_finish(daybook, number):
    process = daybook.fastcgi("events")
    body = json.dumps([event(int(time.time() * 1000)) for _ in range(500)]).encode()
    variables = cgi_variables("POST", "/api/events", None, body, {"Authorization": "Bearer " + daybook.token()})
    process.ask("POST", "/api/events", body={})
    pid, s = process.process.pid, process.open(variables)
    process.send(s, body[:1000])
    until(lambda: has_been_read(s) and is_asleep(pid), "it does not wait for the rest of the body")
    process.process.send_signal(number)
    until(lambda: is_asleep(pid), "the signal keeps it busy")
    assert process.process.poll() is None
    process.send(s, body[1000:])
    assert process.finish(s).json["accepted"] == 500
    assert process.process.wait(timeout=HANGS_S) == 0
    assert daybook.sql("SELECT count(*) FROM event") == [(500,)]


def test_term_ends_a_process_that_is_never_idle(daybook):
    process, token = daybook.fastcgi("organization-usage"), daybook.token()
    answered, broken = [], []

    def hammer():
        while True:
            try:
                assert ask(process, USAGE, token=token).status == 200
                answered.append(1)
            except (OSError, KeyError):
                broken.append(1)	# it is gone
                return
    threads = [threading.Thread(target=hammer, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: len(answered) > 100 or broken, "it does not answer")
    assert not broken
    process.process.terminate()
    try:
        assert process.process.wait(timeout=HANGS_S) == 0
    finally:
        process.process.kill()
        for thread in threads:
            thread.join(30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1], ids=["TERM", "USR1"])
def test_requests_that_wait_at_the_socket_are_answered_before_the_end(daybook, number):
    process, token = daybook.fastcgi("organization-usage"), daybook.token()
    assert ask(process, USAGE, token=token).status == 200
    process.process.send_signal(signal.SIGSTOP)
    variables = cgi_variables("GET", USAGE[1], USAGE[2], None, {"Authorization": "Bearer " + token})
    waiting = [process.open(variables) for _ in range(5)]
    process.process.send_signal(number)
    process.process.send_signal(signal.SIGCONT)
    assert [process.finish(s).status for s in waiting] == [200] * 5
    assert process.process.wait(timeout=HANGS_S) == 0


@pytest.mark.parametrize("body", (b"[]", b"x" * 200_000), ids=("read", "refused"))
def test_a_connection_that_the_web_server_would_keep_open_does_not_hold_the_process(daybook, body):
    process, token = daybook.fastcgi("events"), daybook.token()
    for credential, status in ((token, 400), ("none", 401)):
        variables = cgi_variables("POST", "/api/events", None, body, {"Authorization": "Bearer " + credential})
        s = process.open(variables, keep=True)
        with s.dup() as kept:
            process.send(s, body)
            assert process.finish(s).status == status
            assert process.ask("POST", "/api/events", None, b"[]", token=token).status == 400
            kept.settimeout(HANGS_S)
            assert kept.recv(1) == b"", "the process ends it"


def test_a_client_that_goes_away_does_not_take_the_process_with_it(daybook):
    process = daybook.fastcgi("events")
    token = daybook.token()
    body = json.dumps(event(int(time.time() * 1000))).encode()
    variables = cgi_variables("POST", "/api/events", None, body, {"Authorization": "Bearer " + token})
    socket_of = process.open(variables)
    process.send(socket_of, body[:10])
    socket_of.close()		# in the middle of the body
    assert process.ask("POST", "/api/events", None, b"[]", token=token).status == 400
    for bytes_sent in (b"", b"\x01", FastCgi._record(1, b"\0\1\0\0\0\0\0\0"), b"GET / HTTP/1.1\r\n\r\n"):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(process.path)
            s.sendall(bytes_sent)
    assert process.ask("POST", "/api/events", None, b"[]", token=token).status == 400
    assert daybook.sql("SELECT count(*) FROM event") == [(0,)]
    with process.open(variables) as s:	# gone before the reply
        process.send(s, body)
        s.sendall(process._record(5, b""))
    assert process.ask("POST", "/api/events", None, body, token=token).json["duplicates"] == 1


@pytest.mark.parametrize("endpoint", READERS + (HEALTH, METRICS, ("events", "/api/events", "", "tether")), ids=lambda e: e[0])
def test_without_a_database_it_is_503_and_the_same_process_works_when_it_is_there(daybook, endpoint):
    away = daybook.folder / "away"
    token = daybook.token(scope="metrics") if endpoint is METRICS else daybook.token()
    daybook.path.rename(away)
    process = daybook.fastcgi(endpoint[0])
    method, body = ("POST", event(int(time.time() * 1000))) if endpoint[0] == "events" else ("GET", None)
    for _ in range(2):
        reply = process.ask(method, endpoint[1], endpoint[2], body, token=token)
        check_error(reply, 503, endpoint[3])
        assert int(reply.headers["retry-after"]) >= 1
        assert "www-authenticate" not in reply.headers
        assert str(daybook.folder) not in reply.body.decode()
    assert not daybook.path.exists(), "nobody but init makes a database"
    away.rename(daybook.path)
    assert process.ask(method, endpoint[1], endpoint[2], body, token=token).status == 200


def test_another_file_in_its_place_is_taken_up_and_the_old_one_left_alone(daybook):
    """What is acknowledged must be in the file that is there: not in one that was moved away or deleted."""
    set_clock(daybook, NOON)
    events, slot, old = daybook.fastcgi("events"), daybook.fastcgi("next-available-slot"), daybook.folder / "old"
    token = daybook.token()
    assert events.ask("POST", "/api/events", None, event(NOON), token=token).status == 200
    assert ask(slot, SLOT, token=token).json["todayDate"] == "2026-05-20"
    old.mkdir()

    def move(source, target):
        for file in source.glob("daybook.db*"):
            file.rename(target / file.name)
    move(daybook.folder, old)
    for process in (events, slot):
        assert process.ask("GET", "/", token=token).status == 503
    assert not daybook.path.exists()
    daybook.cmd("init")
    daybook.cmd("key", "add", "--kid", "main")
    daybook.cmd("org", "add", "acme", "--timezone", "Pacific/Kiritimati")
    check_error(ask(slot, SLOT, token=token), 401, "tether")	# the other file's key
    fresh = daybook.token()
    assert ask(slot, SLOT, token=fresh).json["todayDate"] == "2026-05-21"
    for _ in range(2):
        assert events.ask("POST", "/api/events", None, event(NOON), token=fresh).json["accepted"] == 1
    assert daybook.sql("SELECT count(*) FROM event") == [(2,)]
    for file in daybook.folder.glob("daybook.db*"):
        file.unlink()
    move(old, daybook.folder)
    assert ask(slot, SLOT, token=token).json["todayDate"] == "2026-05-20"
    assert events.ask("POST", "/api/events", None, event(NOON), token=token).json["accepted"] == 1
    assert daybook.sql("SELECT count(*) FROM event") == [(2,)]


def test_a_new_database_is_found_by_a_process_that_waits_for_it(empty):
    other = empty.folder / "new.db"
    process = empty.fastcgi("health", env={"DAYBOOK_DB": str(other)})
    assert process.ask("GET", "/health").status == 503
    empty.cmd("-d", str(other), "init")
    empty.cmd("-d", str(other), "setting", "set", "metrics_addresses", "127.0.0.1 ::1")
    assert process.ask("GET", "/health").json["organizations"] == 0


def test_without_a_database_named_it_is_503(daybook):
    reply = get(daybook, USAGE, token=daybook.token(), env={"DAYBOOK_DB": ""})
    check_error(reply, 503, "pingram")
    assert str(BUILD) not in reply.body.decode()


def test_many_requests_in_a_row_are_answered_by_one_process(daybook):
    token, process = daybook.token(), daybook.fastcgi("usage-calendar")
    first = ask(process, CALENDAR, token=token)
    for i in range(300):
        query = ("from=2026-05-01&to=2026-05-31", "from=x", f"from=2026-05-01&to=2026-05-{1 + i % 28:02}", "")[i % 4]
        reply = process.ask("GET", CALENDAR[1], query, token=token if i % 7 else None)
        assert reply.status == (401 if i % 7 == 0 else 200 if i % 2 == 0 else 400)
    assert ask(process, CALENDAR, token=token).body == first.body


# ---- A program that nobody asks anything

def is_idle(process):
    """Whether it has become daybook-idle."""
    return os.readlink(f"/proc/{process.process.pid}/exe").endswith("/daybook-idle")


def sleeping(daybook, program="organization-usage"):
    """A process that has answered, and then was asked nothing for a second."""
    process = daybook.fastcgi(program, env={"DAYBOOK_IDLE_SECONDS": "1"})
    assert ask(process, USAGE, token=daybook.token()).status == 200
    assert not is_idle(process)
    until(lambda: is_idle(process), "it keeps its memory")
    return process


def test_a_program_that_nobody_asks_gives_its_memory_back_and_answers_the_next_request(daybook):
    process, token = sleeping(daybook), daybook.token()
    pid = process.process.pid
    with open(f"/proc/{pid}/smaps_rollup") as file:
        assert int(re.search(r"Private_Dirty:\s+(\d+)", file.read())[1]) < 256	# KiB; awake it has about 1,000
    with open(f"/proc/{pid}/cmdline") as file:
        assert file.read() == str(BUILD / "cgi-bin/organization-usage.fcgi") + "\0", "ps shows the program"
    for _ in range(2):
        assert ask(process, USAGE, token=token).status == 200
        assert process.process.poll() is None and not is_idle(process)
    until(lambda: is_idle(process), "it does not sleep a second time")
    assert ask(process, USAGE, token=token).status == 200
    lines = daybook.log_path.read_text().count("event=request")
    assert lines == 4


def test_a_program_that_has_slept_keeps_what_it_may_again(daybook):
    """The memory of 64 MiB is taken when the first reply is to be kept."""
    process, token = daybook.fastcgi("organization-usage", env={"DAYBOOK_REPLY_MEMORY": "65536"}), daybook.token()
    until(lambda: is_idle(process), "it does not sleep")
    for _ in range(3):
        assert ask(process, USAGE, token=token).status == 200
    with open(f"/proc/{process.process.pid}/status") as file:
        assert int(re.search(r"VmData:\s+(\d+)", file.read())[1]) > 65536


def test_without_memory_for_replies_requests_are_answered_all_the_same(daybook):
    token, usual = daybook.token(), resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (900 << 20, usual[1]))	# the program inherits it; the memory for replies would be 1 GiB
    try:
        process = daybook.fastcgi("organization-usage", env={"DAYBOOK_REPLY_MEMORY": "1048576"})
    finally:
        resource.setrlimit(resource.RLIMIT_AS, usual)
    for _ in range(3):
        assert ask(process, USAGE, token=token).status == 200
    assert daybook.log_path.read_text().count("nothing is kept") == 1


def test_a_program_that_was_started_and_is_not_asked_sleeps_too(daybook):
    process = daybook.fastcgi("organization-usage")
    until(lambda: is_idle(process), "it keeps its memory")
    assert ask(process, USAGE, token=daybook.token()).status == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1], ids=["TERM", "USR1"])
def test_a_sleeping_program_ends_with_0_and_first_answers_what_waits(daybook, number):
    process = sleeping(daybook)
    process.process.send_signal(number)
    assert process.process.wait(timeout=HANGS_S) == 0
    process, token = sleeping(daybook), daybook.token()
    process.process.send_signal(signal.SIGSTOP)
    variables = cgi_variables("GET", USAGE[1], USAGE[2], None, {"Authorization": "Bearer " + token})
    waiting = [process.open(variables) for _ in range(3)]
    process.process.send_signal(number)
    process.process.send_signal(signal.SIGCONT)
    assert [process.finish(s).status for s in waiting] == [200] * 3
    assert process.process.wait(timeout=HANGS_S) == 0


def test_a_body_that_comes_slowly_wakes_a_program_and_is_waited_for(daybook):
    process = daybook.fastcgi("events")
    until(lambda: is_idle(process), "it keeps its memory")
    body = json.dumps(event(int(time.time() * 1000))).encode()
    s = process.open(cgi_variables("POST", "/api/events", None, body, {"Authorization": "Bearer " + daybook.token()}))
    process.send(s, body[:10])
    until(lambda: not is_idle(process) and has_been_read(s), "it does not wake")
    process.send(s, body[10:])
    assert process.finish(s).json["accepted"] == 1


def installed(daybook, folder, name):
    """A process of a program that was copied to another place, under this name, with the one that sleeps for it."""
    folder = folder / "cgi-bin"
    folder.mkdir()
    shutil.copy(BUILD / "cgi-bin/organization-usage.fcgi", folder / name)
    shutil.copy(BUILD / "daybook-idle", folder.parent)
    with open(daybook.log_path, "ab") as log:
        process = FastCgi(str(folder / name), {**daybook.env, "DAYBOOK_IDLE_SECONDS": "1"}, daybook.sockets / "moved.sock", log)
    daybook.processes.append(process)
    return process, folder / name


def usage_variables(daybook):
    return cgi_variables("GET", USAGE[1], USAGE[2], None, {"Authorization": "Bearer " + daybook.token()})


def test_a_program_whose_file_was_removed_does_not_sleep(daybook, tmp_path):
    """It could not be started again."""
    process, file = installed(daybook, tmp_path, "organization-usage.fcgi")
    variables = usage_variables(daybook)
    assert process.request(variables, b"").status == 200
    file.unlink()
    time.sleep(4)
    assert process.request(variables, b"").status == 200 and not is_idle(process)


@pytest.mark.parametrize("name", ["organization-usage.cgi", "usage"])
def test_a_program_sleeps_and_wakes_under_any_name(daybook, tmp_path, name):
    process, _ = installed(daybook, tmp_path, name)
    variables = usage_variables(daybook)
    for _ in range(2):
        until(lambda: is_idle(process), "it keeps its memory")
        assert process.request(variables, b"").status == 200 and not is_idle(process)


# ---- The WAL that is left

def wal_bytes(daybook):
    return daybook.path.with_name(daybook.path.name + "-wal").stat().st_size


def many_events(name):
    now = int(time.time() * 1000)
    return [{**event(now), "id": f"{name}-{i:0100}"} for i in range(1000)]


def test_a_process_that_has_written_and_ends_moves_a_long_wal_into_the_file(daybook):
    token = daybook.token()
    assert daybook.cgi("events", "POST", "/api/events", None, many_events("cgi"), token=token).json["accepted"] == 1000
    assert wal_bytes(daybook) < 64 * 4096, "each CGI program would read it"	# maintenance may have written since
    process = daybook.fastcgi("events")
    assert process.ask("POST", "/api/events", None, many_events("stays"), token=token).json["accepted"] == 1000
    assert wal_bytes(daybook) > 64 * 4096
    process.stop()
    assert wal_bytes(daybook) < 64 * 4096
    assert daybook.cmd("verify").returncode == 0 and daybook.sql("SELECT count(*) FROM event") == [(2000,)]


def test_a_process_that_ends_waits_for_no_reader_of_the_wal(daybook):
    reader = sqlite3.connect(daybook.path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM event").fetchone() == (0,)
    reply = daybook.cgi("events", "POST", "/api/events", None, many_events("cgi"), token=daybook.token())
    assert reply.json["accepted"] == 1000 and wal_bytes(daybook) > 64 * 4096
    assert reader.execute("SELECT count(*) FROM event").fetchone() == (0,), "its snapshot is whole"
    reader.close()
    assert daybook.sql("SELECT count(*) FROM event") == [(1000,)]
