"""Pages of other origins: who may read replies, what a preflight says, and that nobody else is let in."""
import re
import time

import pytest

from conftest import Server
from support import check_error, event, program_sources

ORIGIN, OTHER = "https://app.example.com", "http://localhost:3000"
USAGE = ("organization-usage", "GET", "/organization/usage")
EXPOSED = {"ETag", "Retry-After", "X-Request-Id", "X-Next-Cursor", "WWW-Authenticate", "Idempotent-Replayed"}
SENDABLE = {"Authorization", "Content-Type", "If-Match", "If-None-Match", "X-API-Key", "X-Request-Id", "Accept",
            "ce-id", "ce-source", "ce-specversion", "ce-time", "ce-type"}


@pytest.fixture
def cors(daybook):
    daybook.cmd("setting", "set", "cors_origins", f"{ORIGIN} {OTHER}")
    return daybook


def words(text):
    return set(re.split(r", *", text))


def cors_headers(reply):
    return {name for name in reply.headers if name.startswith("access-control-")}


def check_open(reply, origin=ORIGIN):
    assert reply.headers["access-control-allow-origin"] == origin, reply.headers
    assert words(reply.headers["access-control-expose-headers"]) == EXPOSED
    assert reply.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in reply.headers


def check_closed(reply):
    assert cors_headers(reply) == set(), reply.headers


def test_a_listed_origin_may_read_the_reply_and_gets_its_own_name(cors):
    process, token = cors.fastcgi(USAGE[0]), cors.token()
    for origin in (ORIGIN, OTHER, ORIGIN):
        reply = process.ask(*USAGE[1:], token=token, headers={"Origin": origin})
        assert reply.status == 200
        check_open(reply, origin)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "*", "https://app.example.com.evil.example", "https://app.example.co",
                                    "http://app.example.com", "https://app.example.com:8443", "https://APP.example.com", "https://app.example.com/",
                                    f"{ORIGIN} {OTHER}", f"{ORIGIN}, {OTHER}", "x" * 5000])
def test_any_other_origin_gets_the_plain_reply(cors, origin):
    reply = cors.cgi(*USAGE, token=cors.token(), headers={"Origin": origin})
    assert reply.status == 200 and reply.headers["vary"] == "Origin"
    check_closed(reply)


def test_a_request_without_an_origin_says_only_that_replies_vary(cors):
    reply = cors.cgi(*USAGE, token=cors.token())
    check_closed(reply)
    assert reply.headers["vary"] == "Origin"


def test_without_the_setting_nothing_is_said_of_origins(daybook):
    process, token = daybook.fastcgi(USAGE[0]), daybook.token()
    for headers in ({}, {"Origin": ORIGIN}, {"Origin": "null"}, {"Origin": ""}):
        reply = process.ask(*USAGE[1:], token=token, headers=headers)
        assert reply.status == 200 and "vary" not in reply.headers
        check_closed(reply)


def test_a_running_program_sees_the_setting_change(cors):
    process, token = cors.fastcgi(USAGE[0]), cors.token()
    ask = lambda: process.ask(*USAGE[1:], token=token, headers={"Origin": ORIGIN})  # noqa: E731
    check_open(ask())
    cors.cmd("setting", "set", "cors_origins", OTHER)
    check_closed(ask())
    cors.cmd("setting", "set", "cors_origins", "")
    assert "vary" not in ask().headers


def test_errors_can_be_read_as_well(cors):
    token, headers = cors.token(), {"Origin": ORIGIN}
    calendar, ask = "/api/campaigns/usage-calendar", cors.fastcgi("usage-calendar").ask
    replies = [(401, ask("GET", calendar, headers=headers)),
               (403, ask("GET", calendar, headers=headers, token=cors.token(scope="usage:write"))),
               (404, ask("GET", "/nothing", headers=headers, token=token)), (405, ask("PATCH", calendar, headers=headers)),
               (400, ask("GET", calendar, headers=headers, token=token)),
               (415, cors.cgi("events", "POST", "/api/events", body="x", headers={**headers, "Content-Type": "text/plain"}, token=token)),
               (413, cors.cgi("settings", "PUT", "/api/organizations/acme/plan", body="x" * 300000, headers=headers, token=token))]
    for status, reply in replies:
        check_error(reply, status, "tether")
        check_open(reply)


def test_a_cached_reply_and_a_304_are_open_to_each_as_its_origin_is(cors):
    process, token = cors.fastcgi(USAGE[0]), cors.token()
    first = process.ask(*USAGE[1:], token=token, headers={"Origin": ORIGIN})
    tag = first.headers["etag"]
    again = process.ask(*USAGE[1:], token=token, headers={"Origin": OTHER})
    assert again.body == first.body and again.headers["etag"] == tag
    check_open(again, OTHER)
    check_closed(process.ask(*USAGE[1:], token=token))
    same = process.ask(*USAGE[1:], token=token, headers={"Origin": ORIGIN, "If-None-Match": tag})
    assert (same.status, same.body) == (304, b"")
    check_open(same)
    check_closed(process.ask(*USAGE[1:], token=token, headers={"If-None-Match": tag}))


def test_a_write_is_open_too(cors):
    reply = cors.cgi("events", "POST", "/api/events", body=event(int(time.time() * 1000)), token=cors.token(), headers={"Origin": ORIGIN})
    assert reply.json["accepted"] == 1
    check_open(reply)


def preflight(daybook, program, path, method="GET", origin=ORIGIN, **headers):
    return daybook.cgi(program, "OPTIONS", path, headers={"Origin": origin, "Access-Control-Request-Method": method, **headers})


def route_paths():
    """(program, a path of it, its methods) of every program with a database, from the route tables."""
    for source in program_sources().values():
        if ".needs_no_database = true" in source.read_text():
            continue
        methods = {}
        for method, path in re.findall(r"\{ (GET|POST|PUT|DELETE), \"(/[^\"]*)\"", source.read_text()):
            methods.setdefault(re.sub(r"\{[^}]*\}", "a", path), set()).add(method)
        for path, allowed in methods.items():
            yield source.stem, path, allowed


@pytest.mark.parametrize("program, path, methods", route_paths(), ids=lambda v: v if isinstance(v, str) else "")
def test_a_preflight_needs_no_credential_and_names_the_methods_of_the_path(cors, program, path, methods):
    reply = preflight(cors, program, path, method=sorted(methods)[0], **{"Access-Control-Request-Headers": "authorization, content-type"})
    assert (reply.status, reply.body) == (204, b"")
    check_open(reply)
    assert words(reply.headers["access-control-allow-methods"]) >= methods
    assert words(reply.headers["access-control-allow-methods"]) == words(reply.headers["allow"])
    assert words(reply.headers["access-control-allow-headers"]) == SENDABLE
    assert int(reply.headers["access-control-max-age"]) > 0


def test_the_page_that_sets_up_is_for_no_other_origin(cors):
    check_closed(preflight(cors, "setup", "/setup", method="POST"))


def test_a_preflight_of_another_origin_is_let_in_nowhere(cors):
    reply = preflight(cors, *USAGE[::2], origin="https://evil.example")
    assert reply.status == 204 and reply.headers["allow"]
    check_closed(reply)


def test_an_options_that_is_no_preflight_says_nothing_of_methods_to_browsers(cors):
    reply = cors.cgi(USAGE[0], "OPTIONS", USAGE[2], headers={"Origin": ORIGIN})
    assert reply.status == 204
    check_open(reply)
    assert "access-control-allow-methods" not in reply.headers


def test_a_preflight_of_a_path_that_is_nowhere_is_an_error_that_can_be_read(cors):
    reply = preflight(cors, USAGE[0], "/nothing")
    assert reply.status in (401, 404)
    check_open(reply)
    assert "access-control-allow-methods" not in reply.headers


def test_the_headers_pass_the_web_server(cors):
    server, token = Server(cors), cors.token()
    try:
        check_open(server.ask("GET", "/organization/usage", token=token, headers={"Origin": ORIGIN}))
        reply = server.ask("OPTIONS", "/api/events", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
        assert reply.status == 204 and "POST" in words(reply.headers["access-control-allow-methods"])
        check_open(reply)
    finally:
        server.stop()


@pytest.mark.parametrize("value, word", [("*", "wildcard"), ("null", "null"), ("https://a.example/", "slash"), ("https://a.example/b", "path"),
                                         ("a.example", "scheme://host"), ("https://*.a.example", "wildcard"), ("HTTPS://a.example", "lower case")])
def test_a_list_that_would_not_mean_what_it_says_is_refused(cors, value, word):
    done = cors.cmd("setting", "set", "cors_origins", f"{OTHER} {value}", check=False)
    assert done.returncode == 1 and "cors_origins" in done.stderr and value in done.stderr and word in done.stderr
    assert f"{ORIGIN} {OTHER}" in cors.cmd("setting", "list").stdout


def test_while_the_database_does_not_answer_nobody_is_let_in(cors):
    process, token = cors.fastcgi(USAGE[0]), cors.token()
    cors.path.rename(cors.folder / "away")
    reply = process.ask(*USAGE[1:], token=token, headers={"Origin": ORIGIN})
    assert reply.status == 503
    check_closed(reply)
