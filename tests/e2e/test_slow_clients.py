"""Clients that are slow: what needs no body is answered without it, and nobody holds a program beyond the deadline."""
import contextlib
import json
import os
import re
import subprocess
import time

from conftest import BUILD, cgi_variables
from openapi_document import ASKED, check_reply
from openapi_world import PROGRAM
from support import check_error, event, iso, post
from watching import has_been_read, is_asleep, until

EVENTS = "/api/events"


def variables(token=None, length=1_000_000, method="POST", path=EVENTS, query=None, **headers):
    """A request that says that a body follows."""
    who = {"Authorization": "Bearer " + token} if token else {}
    return {**cgi_variables(method, path, query, b"", {"Content-Type": "application/json", **who, **headers}),
            "CONTENT_LENGTH": str(length)}


def patience(daybook, seconds=1):
    daybook.cmd("setting", "set", "transfer_seconds", seconds)


def log_lines(daybook, *words):
    return [line for line in daybook.log_path.read_text().splitlines() if all(word in line for word in words)]


# ---- What needs no body

def test_a_refusal_does_not_wait_for_the_body_and_the_next_request_does_not_either(daybook):
    daybook.cmd("setting", "set", "transfer_seconds", 3600)
    process, token = daybook.fastcgi("events"), daybook.token()
    foreign, reader = daybook.token(None, "admin"), daybook.token(scope="usage:read")
    with contextlib.ExitStack() as stack:
        for given, status in ((variables(), 401), (variables("a.b.c"), 401), (variables(reader), 403), (variables(foreign), 403),
                              (variables(token, method="PUT"), 405), (variables(token, length=17 << 20), 413),
                              (variables(token, **{"Content-Type": "text/plain"}), 415), (variables(path="/x"), 401),
                              (variables(token, path="/x"), 404), (variables(token, 100, "GET", query="limit=x"), 400)):
            s = process.open(given)
            process.send(s, b"[")
            stack.enter_context(s.dup())	# it stays open: the client goes on with its body
            check_error(process.reply(s), status, "tether")
            assert process.ask("POST", EVENTS, None, event(int(time.time() * 1000)), token=token).status == 200


def test_a_get_ignores_its_body(daybook):
    daybook.cmd("setting", "set", "transfer_seconds", 3600)
    process, token = daybook.fastcgi("organization-usage"), daybook.token()
    wanted = process.ask("GET", "/organization/usage", token=token).body
    for length in (100_000, None):	# over HTTP/2 the headers need not announce it
        given = {**variables(token, length, "GET", "/organization/usage")}
        if length is None:
            del given["CONTENT_LENGTH"]
        assert process.reply(process.open(given)).body == wanted


def test_a_refused_body_that_arrives_later_breaks_no_connection_and_holds_nobody(daybook):
    """A web server that sends the whole body before it reads must be able to."""
    process, token = daybook.fastcgi("events"), daybook.token()
    slow = []
    for _ in range(40):	# more than the program keeps
        slow.append(process.open(variables(length=3_000_000)))
        until(lambda: has_been_read(slow[-1]), "it reads nothing")
    assert process.ask("POST", EVENTS, None, event(int(time.time() * 1000)), token=token).status == 200
    for s in slow[:-32]:
        s.close()	# their connections are closed
    for s in slow[-32:]:
        process.send(s, b" " * 1_000_000)
        assert process.ask("POST", EVENTS, None, event(int(time.time() * 1000)), token=token).status == 200
    for s in slow[-32:]:
        process.send(s, b" " * 2_000_000)
        check_error(process.finish(s), 401, "tether")


def test_plain_cgi_answers_a_refusal_after_a_part_of_the_body(daybook):
    for body, is_closed in ((b"", True), (b"[" * 100_000, True), (b"[" * 400_000, False)):
        given = {**daybook.env, **variables(length=400_000)}
        with open(daybook.log_path, "ab") as log:
            program = subprocess.Popen([BUILD / "cgi-bin/events.fcgi"], env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=log)
        with contextlib.suppress(BrokenPipeError):	# it has read enough
            program.stdin.write(body)
            program.stdin.flush()
        if is_closed:
            program.stdin.close()
        assert program.stdout.read().startswith(b"Status: 401 ") and program.wait(timeout=60) == 0
        with contextlib.suppress(BrokenPipeError):
            program.stdin.close()


# ---- Deadlines

def test_a_body_that_stalls_is_408_and_the_log_says_whose_it_is(daybook):
    patience(daybook)
    process, token = daybook.fastcgi("events"), daybook.token()
    one = json.dumps(event(int(time.time() * 1000))).encode()
    s = process.open(variables(token, len(one)))
    process.send(s, one[:-1])
    check_error(process.reply(s), 408, "tether", "body")
    assert process.ask("POST", EVENTS, None, one, token=token).json["accepted"] == 1, "nothing was written before"
    assert len(log_lines(daybook, "event=slow what=body", "org=acme", "credential=jwt:main")) == 1
    assert len(log_lines(daybook, "status=408", "org=acme", "credential=jwt:main")) == 1


def test_plain_cgi_gives_up_a_body_that_stalls(daybook):
    patience(daybook)
    given = {**daybook.env, **variables(daybook.token())}
    with open(daybook.log_path, "ab") as log:
        program = subprocess.Popen([BUILD / "cgi-bin/events.fcgi"], env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    assert program.stdout.read().startswith(b"Status: 408 ") and program.wait(timeout=60) == 0
    assert log_lines(daybook, "event=slow what=body", "org=acme")


def test_every_request_with_a_body_says_408_as_documented(daybook):
    patience(daybook)
    token, waiting = daybook.token(), []
    for method, path in ASKED:
        if method != "GET":
            process = daybook.fastcgi(PROGRAM[method, path])
            is_calendar = (method, path) == ("POST", "/api/organizations/{organizationId}/sending-window")
            given = variables(token, 10, method, re.sub(r"\{\w+\}", lambda name: "acme" if "org" in name[0] else "1", path),
                              **({"Content-Type": "text/calendar"} if is_calendar else {}))
            waiting.append(((method, path), process, process.open(given)))
    assert len(waiting) > 15
    for operation, process, s in waiting:
        reply = process.reply(s)
        assert reply.status == 408, (operation, reply)
        check_reply(operation, reply)


def test_a_body_that_comes_at_the_rate_may_take_longer(daybook):
    patience(daybook)
    process, token = daybook.fastcgi("events"), daybook.token()
    one = json.dumps(event(int(time.time() * 1000))).encode()
    body = one + b" " * (800_000 - len(one))	# 1 + 8 seconds
    s = process.open(variables(token, len(body)))
    for i in range(8):
        process.send(s, body[i * 100_000:(i + 1) * 100_000])
        until(lambda: has_been_read(s) and is_asleep(process.process.pid), "it does not read")
        time.sleep(0.25)
    reply = process.finish(s)
    assert reply.json["accepted"] == 1, reply


def test_a_credential_that_was_revoked_while_the_body_came_writes_nothing(daybook):
    process = daybook.fastcgi("events")
    key = re.search(r"dbk_\S+", daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:write").stdout)[0]
    for is_revoked in (False, True):
        body = json.dumps(event(int(time.time() * 1000))).encode()
        s = process.open(variables(None, len(body), **{"X-API-Key": key}))
        process.send(s, body[:10])
        until(lambda: has_been_read(s) and is_asleep(process.process.pid), "it does not wait for the rest")
        time.sleep(1.1)	# within a second it counts as one moment
        if is_revoked:
            daybook.cmd("apikey", "revoke", "1")
        process.send(s, body[10:])
        assert process.finish(s).status == (401 if is_revoked else 200)
    assert daybook.sql("SELECT count(*) FROM event") == [(1,)]


def test_a_reply_that_nobody_reads_holds_the_program_to_the_deadline_only(daybook):
    patience(daybook)
    now = int(time.time() * 1000)
    post(daybook, *(event(now - i, id=f"{i}-" + "x" * 180) for i in range(3000)))
    process, token = daybook.fastcgi("events"), daybook.token()
    given = cgi_variables("GET", EVENTS, f"from={iso(now - 86_400_000)[:10]}&to={iso(now)[:10]}&limit=3000", None,
                          {"Authorization": "Bearer " + token})
    s = process.open(given)
    s.sendall(process._record(5, b""))
    assert process.ask("POST", EVENTS, None, event(now), token=token).status == 200
    assert len(log_lines(daybook, "event=slow what=reply", "org=acme", "credential=jwt:main")) == 1
    with s, s.makefile("rb") as rest:
        cut = len(rest.read())
    whole = process.request(given)
    assert whole.status == 200 and cut < len(whole.body)


def test_a_stranger_at_the_setup_has_two_seconds(daybook):
    daybook.cmd("setting", "set", "transfer_seconds", 3600)
    process = daybook.fastcgi("setup")
    s = process.open(variables(length=1000, path="/setup"))
    assert process.reply(s).status == 408


def test_a_program_keeps_no_descriptor_of_clients_that_are_gone(daybook):
    process, token = daybook.fastcgi("events"), daybook.token()
    one = event(int(time.time() * 1000))
    assert process.ask("POST", EVENTS, None, one, token=token).status == 200
    before = len(os.listdir(f"/proc/{process.process.pid}/fd"))
    for _ in range(50):
        process.reply(process.open(variables()))
        s = process.open(variables())
        s.close()
    assert process.ask("POST", EVENTS, None, one, token=token).status == 200
    until(lambda: len(os.listdir(f"/proc/{process.process.pid}/fd")) <= before, "it keeps descriptors")
