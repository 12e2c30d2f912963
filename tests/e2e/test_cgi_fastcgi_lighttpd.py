"""One program, started three ways: plain CGI, FastCGI, behind lighttpd; and where it finds its path."""
import http.client
import json
import subprocess
import time

import pytest

from conftest import BUILD, Reply, Server, cgi_variables
from endpoints import CALENDAR, HISTORY, ORGANIZATIONS, READERS, SLOT, USAGE, ask, get
from support import check_error, event, post


def some_traffic(daybook):
    now = int(time.time() * 1000)
    post(daybook, *(event(now - i * 3_600_000, channel=c, messages=i + 1, parts=i + 2)
                    for i, c in enumerate(("SMS", "CALL", "EMAIL", "WHATSAPP", "SAGE", "SLACK"))))


# ---- Three ways to be started

def test_the_same_request_has_the_same_body_by_cgi_by_fastcgi_and_under_lighttpd(daybook):
    some_traffic(daybook)
    token = daybook.token()
    root = Server(daybook)
    try:
        for endpoint in READERS:
            process = daybook.fastcgi(endpoint[0])
            replies = [get(daybook, endpoint, token=token), ask(process, endpoint, token=token), ask(process, endpoint, token=token),
                       root.ask("GET", endpoint[1], endpoint[2], token=token), root.ask("GET", endpoint[1], endpoint[2], token=token)]
            assert all(r.status == 200 for r in replies), replies
            assert len({(r.body, r.headers["etag"], r.headers["content-length"]) for r in replies}) == 1, replies
        assert root.ask("GET", "/health").status == 200 and root.ask("GET", "/metrics").status == 403
        assert root.ask("GET", "/account/organization/usage", token=token).status == 200
    finally:
        root.stop()
    below = Server(daybook, "/daybook")
    try:
        for endpoint in READERS:
            reply, plain = below.ask("GET", "/daybook" + endpoint[1], endpoint[2], token=token), get(daybook, endpoint, token=token)
            assert (reply.status, reply.body, reply.headers["etag"]) == (200, plain.body, plain.headers["etag"])
            assert below.ask("GET", endpoint[1], endpoint[2], token=token).status == 404
        assert below.ask("GET", "/daybook/health").status == 200
        assert below.ask("POST", "/daybook/api/events", body=event(int(time.time() * 1000)), token=token).json["accepted"] == 1
    finally:
        below.stop()


@pytest.mark.parametrize("script, info", [
    ("/cgi-bin/organizations-usage.fcgi", "/organizations/acme/usage"), ("", "/organizations/acme/usage"),
    (None, "/organizations/acme/usage"), ("/organizations/acme/usage", ""), ("/organizations/acme/usage", None),
    ("/organizations/acme", "/usage"), ("/organizations", "/acme/usage"), ("/daybook/organizations/acme/usage", None),
    ("/daybook", "/organizations/acme/usage"), ("/a/b/c", "/organizations/acme/usage"),
    ("/daybook/organizations-usage.fcgi", "/daybook/organizations/acme/usage"), ("/", "/organizations/acme/usage")])
def test_the_path_may_be_split_anywhere(daybook, script, info):
    given = cgi_variables("GET", script, ORGANIZATIONS[2], None, {"Authorization": "Bearer " + daybook.token()})
    if info is not None:
        given["PATH_INFO"] = info
    given["REQUEST_URI"] = "/organizations/other/usage?startDate=x"	# trusted for nothing
    given["DAYBOOK_ROUTES"] = "on"
    reply = daybook.fastcgi("organizations-usage").request(given)
    assert reply.status == 200, reply


@pytest.mark.parametrize("script, info", [
    ("", ""), (None, None), ("/cgi-bin/organizations-usage.fcgi", ""), ("/organizations/acme/usage/", ""), ("/organizations/acme", ""),
    ("/organizations//usage", ""), ("/organizations/acme/usages", ""), ("/organizations/acme/x/usage", ""), ("/acme/usage", ""),
    ("organizations/acme/usage", ""), ("/organizations/acme/usage/x", ""), ("/ORGANIZATIONS/acme/usage", ""), ("/" + "a" * 5000, ""),
    ("/" + "a" * 3000 + "/organizations/acme/usage", ""), ("//", "///"), ("", "usage")])
def test_other_paths_are_404_and_first_of_all_401(daybook, script, info):
    process = daybook.fastcgi("organizations-usage")
    for token, status in ((daybook.token(), 404), (None, 401)):
        given = cgi_variables("GET", script, ORGANIZATIONS[2], None, {"Authorization": "Bearer " + token} if token else None)
        if info is not None:
            given["PATH_INFO"] = info
        given["DAYBOOK_ROUTES"] = "on"
        check_error(process.request(given), status, "infodeck")


@pytest.mark.parametrize("proof", ["DAYBOOK_ROUTES", "HTTP_daybook_routes", "REDIRECT_HTTP_daybook_routes"])
def test_a_program_called_by_its_own_file_wants_the_proof_that_its_configuration_is_in_force(daybook, proof):
    """Headers of a client are no proof: a server writes their names in capitals."""
    for program, path, query, _ in (CALENDAR, SLOT, HISTORY):
        script = {"PATH_INFO": path, "SCRIPT_NAME": f"/cgi-bin/{program}.fcgi"}
        token = daybook.token()
        assert daybook.cgi(program, "GET", "", query, token=token, **script, **{proof: "on"}).status == 200
        for none in ({}, {proof: ""}, {"HTTP_DAYBOOK_ROUTES": "on", "REDIRECT_HTTP_DAYBOOK_ROUTES": "on", "REDIRECT_STATUS": "200"}):
            reply = daybook.cgi(program, "GET", "", query, token=token, **script, **none)
            assert reply.status == 403 and b".htaccess" in reply.body and b"DAYBOOK_ROUTES=on" in reply.body, reply
    assert "event=misconfigured reason=\"called by its file name" in daybook.log_path.read_text()
    assert daybook.cgi("health", "GET", "/cgi-bin/health.fcgi", **{proof: "on"}).status == 401, "no path, no route"


def test_a_path_that_is_not_utf8_does_not_spoil_the_reply(daybook):
    admin = daybook.token(None, "admin")
    for program, path in (("settings", b"/api/organizations/\xff\xfe"), ("organizations-usage", b"/organizations/\xff\xfe/usage")):
        process = daybook.fastcgi(program)
        given = cgi_variables("GET", "", "startDate=0&endDate=0", None, {"Authorization": "Bearer " + admin})
        given["PATH_INFO"] = path
        given["SCRIPT_NAME"] = ""
        reply = process.request(given)
        assert reply.status in (400, 404), reply
        json.loads(reply.body.decode("utf-8"))


def cgi_with_open_stdin(daybook, variables, body=b""):
    """The web server keeps stdin open: a program must not read past its Content-Length (RFC 3875, 4.2)."""
    with open(daybook.log_path, "ab") as log:
        process = subprocess.Popen([str(BUILD / "cgi-bin" / (variables["PROGRAM"] + ".fcgi"))], env={**daybook.env, **variables},
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    try:
        process.stdin.write(body)
        process.stdin.flush()
        assert process.wait(timeout=20) == 0
        return Reply.of_cgi(process.stdout.read())
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_cgi_does_not_wait_for_the_end_of_stdin(daybook):
    auth = {"Authorization": "Bearer " + daybook.token()}
    given = cgi_variables("GET", USAGE[1], "", None, auth)
    assert cgi_with_open_stdin(daybook, {**given, "PROGRAM": "organization-usage"}).status == 200
    body = json.dumps(event(int(time.time() * 1000))).encode()
    given = cgi_variables("POST", "/api/events", "", body, auth)
    assert cgi_with_open_stdin(daybook, {**given, "PROGRAM": "events"}, body).json["accepted"] == 1


# ---- What lighttpd passes on

def test_chunked_and_large_bodies_come_through_lighttpd(daybook, server):
    token, now = daybook.token(), int(time.time() * 1000)

    def chunked(chunks):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", "/api/events", iter(chunks), {"Authorization": "Bearer " + token, "Content-Type": "application/json",
                                                                "Transfer-Encoding": "chunked"}, encode_chunked=True)
        response = connection.getresponse()
        reply = Reply(response.status, {}, response.read())
        connection.close()
        return reply
    text = json.dumps([event(now) for _ in range(2000)]).encode()
    assert chunked(text[i:i + 777] for i in range(0, len(text), 777)).json["accepted"] == 2000
    assert chunked([b"[", json.dumps(event(now)).encode()]).status == 400
    assert daybook.sql("SELECT count(*) FROM event") == [(2000,)]
    assert server.ask("POST", "/api/events", body=b"[" + b" " * (16 << 20) + b"]", token=token).status == 413
    assert server.ask("GET", USAGE[1], token=token).json["channelUsages"]["SMS"] <= 2000


def test_lighttpd_hands_on_methods_and_credentials(daybook, server):
    token = daybook.token()
    check_error(server.ask("DELETE", USAGE[1], token=token), 405, "pingram")
    reply = server.ask("GET", USAGE[1])
    check_error(reply, 401, "pingram")
    assert reply.headers["www-authenticate"].startswith("Bearer")
    whole, head = server.ask("GET", USAGE[1], token=token), server.ask("HEAD", USAGE[1], token=token)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(whole.body)))
    reply = server.ask("GET", USAGE[1], token=token, headers={"If-None-Match": whole.headers["etag"]})
    assert (reply.status, reply.body) == (304, b"")
    check_error(server.ask("GET", "/organizations/other/usage", "startDate=x", token=token), 403, "infodeck")
    assert server.ask("GET", "/organizations/acme%2Fx/usage", token=token).status in (400, 404)
    reply = server.ask("OPTIONS", USAGE[1])
    assert reply.status in (200, 204) and "GET" in reply.headers["allow"]
    assert server.ask("GET", CALENDAR[1], "from=%ff&to=2026-05-01", token=token).status == 400
