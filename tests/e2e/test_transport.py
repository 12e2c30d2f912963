"""What holds for every program: CGI, FastCGI and lighttpd, methods, credentials, ETags, bodies, signals."""
import base64
import http.client
import json
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from conftest import BUILD, FastCgi, Reply, Server, cgi_variables
from support import NOON, check_error, event, iso, post, set_clock

CALENDAR = ("usage-calendar", "/api/campaigns/usage-calendar", "from=2026-05-01&to=2026-05-31", "tether")
SLOT = ("next-available-slot", "/api/campaigns/next-available-slot", "contactCount=5", "tether")
SETTINGS = ("settings", "/api/organizations/acme", "", "tether")
USAGE = ("organization-usage", "/organization/usage", "", "pingram")
HISTORY = ("usage-history", "/organization/usage/history", "startDate=2026-01-01&endDate=2026-05-31", "pingram")
ORGANIZATIONS = ("organizations-usage", "/organizations/acme/usage", "startDate=0&endDate=4102444800000", "infodeck")
READERS = (CALENDAR, SLOT, SETTINGS, USAGE, HISTORY, ORGANIZATIONS)
HEALTH = ("health", "/health", "", "tether")
METRICS = ("metrics", "/metrics", "", "tether")

readers = pytest.mark.parametrize("endpoint", READERS, ids=lambda e: e[0])
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def get(daybook, endpoint, method="GET", **more):
    return daybook.cgi(endpoint[0], method, endpoint[1], endpoint[2], **more)


def ask(process, endpoint, method="GET", **more):
    return process.ask(method, endpoint[1], endpoint[2], **more)


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
        assert root.ask("GET", "/health").status == root.ask("GET", "/metrics").status == 200
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
        check_error(process.request(given), status, "infodeck")


def test_a_program_called_by_its_own_file_answers_its_one_path(daybook):
    token = daybook.token()
    for program, _, query, _ in (CALENDAR, SLOT, USAGE, HISTORY):
        assert daybook.cgi(program, "GET", f"/cgi-bin/{program}.fcgi", query, token=token).status == 200
    assert daybook.cgi("health", "GET", "/cgi-bin/health.fcgi").status == 200
    check_error(daybook.cgi("settings", "GET", "/cgi-bin/settings.fcgi", token=token), 404, "tether")


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


# ---- Methods

@pytest.mark.parametrize("endpoint", READERS + (HEALTH,), ids=lambda e: e[0])
def test_head_is_get_without_its_body(daybook, endpoint):
    token = daybook.token()
    process = daybook.fastcgi(endpoint[0])
    for send in (lambda m: get(daybook, endpoint, m, token=token), lambda m: ask(process, endpoint, m, token=token)):
        whole, head = send("GET"), send("HEAD")
        assert (whole.status, head.status, head.body) == (200, 200, b"")
        assert len(whole.body) == int(whole.headers["content-length"]) == int(head.headers["content-length"])
        for name in ("content-type", "cache-control", "etag"):
            assert whole.headers.get(name) == head.headers.get(name)


@readers
def test_head_of_an_error_has_its_length_and_no_body(daybook, endpoint):
    whole, head = get(daybook, endpoint), get(daybook, endpoint, "HEAD")
    assert (head.status, head.body) == (401, b"")
    assert head.headers["content-length"] == whole.headers["content-length"] == str(len(whole.body))


ALLOWED = [(e, "GET, HEAD, OPTIONS") for e in READERS + (HEALTH, METRICS)] + [
    (("events", "/api/events", "", "tether"), "GET, HEAD, POST, OPTIONS"),
    (("validate-date", "/api/campaigns/validate-date", "", "tether"), "POST, OPTIONS"),
    (("session", "/api/session", "", "tether"), "GET, HEAD, OPTIONS"),
    (("api-keys", "/api/organizations/acme/api-keys", "", "tether"), "GET, HEAD, POST, OPTIONS"),
    (("api-keys", "/api/organizations/acme/api-keys/1", "", "tether"), "DELETE, OPTIONS"),
    (("prices", "/api/organizations/acme/prices", "", "tether"), "GET, HEAD, POST, OPTIONS"),
    (("audit", "/api/organizations/acme/audit", "", "tether"), "GET, HEAD, OPTIONS"),
    (("settings", "/api/organizations/acme/limits", "", "tether"), "PUT, OPTIONS")]
with_allowed = pytest.mark.parametrize("endpoint, allowed", ALLOWED, ids=[e[1] for e, _ in ALLOWED])


@with_allowed
def test_options_is_204_with_allow_and_needs_no_credential(daybook, endpoint, allowed):
    reply = get(daybook, endpoint, "OPTIONS")
    assert (reply.status, reply.body, reply.headers["allow"]) == (204, b"", allowed)
    assert "content-length" not in reply.headers


@with_allowed
def test_other_methods_are_405_with_allow_before_anything_else(daybook, endpoint, allowed):
    process = daybook.fastcgi(endpoint[0])
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "get", "BREW", "X" * 500, ""):
        if method in allowed.split(", "):
            continue
        for token in (None, "garbage", daybook.token()):
            reply = process.ask(method, endpoint[1], "from=x&from=y", token=token, body=b"{" if method == "POST" else None)
            if method == "HEAD":
                assert (reply.status, reply.body) == (405, b"")
            else:
                check_error(reply, 405, endpoint[3])
            assert reply.headers["allow"] == allowed


# ---- Credentials

def broken_tokens(daybook):
    token = daybook.token()
    header, payload, signature = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT","kid":"main"}').rstrip(b"=").decode()
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["organizationId"] = "other"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    daybook.cmd("key", "add", "--kid", "old")
    retired = daybook.token(kid="old")
    daybook.cmd("key", "retire", "old")
    return {"empty": "", "blank": " ", "Basic": "Basic YTpi", "Digest": "Digest x", "no scheme": token, "scheme alone": "Bearer",
            "scheme and blank": "Bearer ", "two joined": f"Bearer {token}, Bearer {token}", "two in one": f"Bearer {token} {token}",
            "comma": f"Bearer {token},", "garbage": "Bearer garbage", "dots": "Bearer ..", "two parts": f"Bearer {header}.{payload}",
            "four parts": f"Bearer {token}.{signature}", "unsigned": f"Bearer {header}.{payload}.", "alg none": f"Bearer {none}.{payload}.",
            "forged": f"Bearer {header}.{forged}.{signature}", "swapped": f"Bearer {payload}.{header}.{signature}",
            "padded": f"Bearer {token}=", "retired key": "Bearer " + retired, "cut": "Bearer " + token[:-3], "long": "Bearer " + "a" * 60000,
            "not ASCII": "Bearer é☎", "quotes": 'Bearer "\'; --', "API key of nobody": "Bearer dbk_" + "A" * 43, "short API key": "Bearer dbk_x"}


@readers
def test_every_kind_of_bad_authorization_is_401(daybook, endpoint):
    process = daybook.fastcgi(endpoint[0])
    for what, value in {"none": None, **broken_tokens(daybook)}.items():
        reply = ask(process, endpoint, headers={"Authorization": value} if value is not None else None)
        check_error(reply, 401, endpoint[3])
        assert reply.headers["www-authenticate"].startswith("Bearer"), what
        assert "etag" not in reply.headers
    for value in ("", "garbage", "dbk_", "dbk_x", "dbk_" + "A" * 43, "dbk_" + "A" * 9000, "é"):
        check_error(ask(process, endpoint, headers={"X-API-Key": value}), 401, endpoint[3])
    assert ask(process, endpoint, token=daybook.token()).status == 200


def test_a_token_ends_at_its_time(daybook):
    set_clock(daybook, NOON)
    token = daybook.token(ttl="1h")
    process = daybook.fastcgi("organization-usage")
    assert ask(process, USAGE, token=token).status == 200
    set_clock(daybook, "2026-05-20T16:59:00Z")
    assert ask(process, USAGE, token=token).status == 200
    set_clock(daybook, "2026-05-20T17:02:00Z")
    reply = ask(process, USAGE, token=token)
    check_error(reply, 401, "pingram")
    assert "WWW-Authenticate".lower() in reply.headers
    assert ask(process, USAGE, token=daybook.token()).status == 200


def test_the_scheme_is_read_in_any_case(daybook):
    token = daybook.token()
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert get(daybook, USAGE, headers={"Authorization": f"{scheme} {token}"}).status == 200


def test_api_keys_work_in_both_headers_until_they_are_revoked(daybook):
    secret = re.search(r"dbk_[A-Za-z0-9_-]{43}", daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read").stdout)[0]
    number = daybook.sql("SELECT key FROM api_key")[0][0]
    process = daybook.fastcgi("organization-usage")
    ways = ({"X-API-Key": secret}, {"Authorization": "Bearer " + secret}, {"Authorization": "", "X-API-Key": secret})
    for headers in ways:
        assert ask(process, USAGE, headers=headers).status == 200
    check_error(daybook.cgi("events", "POST", "/api/events", body=event("2026-05-20T15:00:00Z"), headers=ways[0]), 403, "tether", "usage:write")
    check_error(daybook.cgi("organizations-usage", "GET", "/organizations/other/usage", headers=ways[0]), 403, "infodeck")
    assert get(daybook, ORGANIZATIONS, headers=ways[1]).status == 200
    daybook.cmd("apikey", "revoke", str(number))
    for headers in ways:
        reply = ask(process, USAGE, headers=headers)
        check_error(reply, 401, "pingram")
        assert "www-authenticate" in reply.headers
    assert secret not in daybook.log_path.read_text()


def test_another_organizations_token_is_403_wherever_the_path_names_one(daybook):
    daybook.cmd("org", "add", "other", "--timezone", "UTC")
    token = daybook.token("other")
    check_error(get(daybook, ORGANIZATIONS, token=token), 403, "infodeck")
    check_error(get(daybook, SETTINGS, token=token), 403, "tether")
    for part, body in (("limits", {"dailyLimit": 1}), ("plan", {"plan": "x"}), ("timezone", {"timezone": "UTC"})):
        check_error(daybook.cgi("settings", "PUT", "/api/organizations/acme/" + part, body=body, token=token), 403, "tether")
    assert daybook.sql("SELECT daily_limit, plan, timezone FROM organization WHERE id = 'acme'") == [(500, "growth", "America/Toronto")]
    assert daybook.cgi("settings", "GET", "/api/organizations/other", token=token).status == 200


def test_an_unknown_organization_is_403_for_most_and_404_for_the_admin(daybook):
    for program, path, query, dialect in (("organizations-usage", "/organizations/nobody/usage", ORGANIZATIONS[2], "infodeck"),
                                          ("settings", "/api/organizations/nobody", "", "tether")):
        check_error(daybook.cgi(program, "GET", path, query, token=daybook.token()), 403, dialect)
        check_error(daybook.cgi(program, "GET", path, query, token=daybook.token(None, "admin")), 404, dialect)
    check_error(daybook.cgi("settings", "PUT", "/api/organizations/nobody/plan", body={"plan": "x"}, token=daybook.token(None, "admin")), 404, "tether")


def test_a_credential_without_an_organization_cannot_ask_for_its_own(daybook):
    admin = daybook.token(None, "admin")
    for endpoint in (CALENDAR, SLOT, USAGE, HISTORY):
        check_error(get(daybook, endpoint, token=admin), 403, endpoint[3])
    assert get(daybook, ORGANIZATIONS, token=admin).status == 200
    assert get(daybook, USAGE, token=daybook.token("acme", "admin")).status == 200


# ---- The order of the checks: 405, 401, 403 or 404, 400

def test_checks_run_in_their_order(daybook):
    token, admin = daybook.token(), daybook.token(None, "admin")
    poor = daybook.token("acme", "usage:backfill")
    daybook.cmd("org", "add", "other", "--timezone", "UTC")
    usage = daybook.fastcgi("organizations-usage")
    for query in ("", "startDate=x&endDate=y", "startDate=1&startDate=2", "startDate=%zz", "startDate=&endDate=1", "startDate=" + "1" * 9000):
        for path in ("/organizations/acme/usage", "/organizations/other/usage", "/organizations/nobody/usage"):
            check_error(usage.ask("POST", path, query, token=None, body=b"{"), 405, "infodeck")
            check_error(usage.ask("GET", path, query, token="x"), 401, "infodeck")
            check_error(usage.ask("GET", path, query, token=poor), 403, "infodeck")
        check_error(usage.ask("GET", "/organizations/other/usage", query, token=token), 403, "infodeck")
        check_error(usage.ask("GET", "/organizations/nobody/usage", query, token=token), 403, "infodeck")
        check_error(usage.ask("GET", "/organizations/nobody/usage", query, token=admin), 404, "infodeck")
        check_error(usage.ask("GET", "/organizations/acme/usage", query, token=token), 422, "infodeck")
    settings = daybook.fastcgi("settings")
    for body, kind, status in ((b"{", None, 400), (b"", None, 400), (b"{}", "text/plain", 415), (b" " * 300_000, None, 413)):
        headers = {"Content-Type": kind} if kind else None
        for path, credential, expected in (("acme", "x", 401), ("other", token, 403), ("nobody", token, 403), ("nobody", admin, 404),
                                           ("acme", poor, 403), ("acme", token, status)):
            reply = settings.ask("PUT", f"/api/organizations/{path}/plan", None, body, headers, token=credential)
            check_error(reply, expected, "tether")
        check_error(settings.ask("PUT", "/api/organizations/nobody/plan", "x=1", b"{}", token=admin), 404, "tether")
    events = daybook.fastcgi("events")
    for body, kind, status in ((b"{", None, 400), (b"[]", None, 400), (b"{}", "text/plain", 415), (b"", None, 400)):
        headers = {"Content-Type": kind} if kind else None
        for credential, expected in ((None, 401), (poor, 403), (admin, 403), (token, status)):
            check_error(events.ask("POST", "/api/events", None, body, headers, token=credential), expected, "tether")
    check_error(events.ask("POST", "/api/events", "x=1", b"{}", token=admin), 403, "tether")
    check_error(events.ask("POST", "/api/events", "x=1", b"{}", token=token), 400, "tether", "x: unknown parameter")


# ---- ETag

@readers
def test_if_none_match_is_304_with_the_tag_and_no_body(daybook, endpoint):
    token = daybook.token()
    process = daybook.fastcgi(endpoint[0])
    first = ask(process, endpoint, token=token)
    tag = first.headers["etag"]
    assert re.fullmatch(r'"[A-Za-z0-9_-]{16,}"', tag)
    bare = tag.strip('"')
    for have in (tag, f'"{bare}-gzip"', f'"x", {tag}', f'"x",{tag},"y"', "*", f"W/{tag}", f'W/"{bare}-br"'):
        for method in ("GET", "HEAD"):
            reply = ask(process, endpoint, method, token=token, headers={"If-None-Match": have})
            assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", tag), have
            assert reply.headers["cache-control"] == "private, no-cache" and UUID7.fullmatch(reply.headers["x-request-id"])
        assert get(daybook, endpoint, token=token, headers={"If-None-Match": have}).status == 304
    for have in ('"x"', bare, f'"{bare}x"', f'"x{bare}"', f'"{bare}', f'"{bare}+br"', '""', '"', f'"{bare[:-1]}"', ","):
        reply = ask(process, endpoint, token=token, headers={"If-None-Match": have})
        assert (reply.status, reply.body, reply.headers["etag"]) == (200, first.body, tag), have


@readers
def test_the_tag_lets_nobody_past_the_gates(daybook, endpoint):
    tag = get(daybook, endpoint, token=daybook.token()).headers["etag"]
    for have in (tag, "*"):
        check_error(get(daybook, endpoint, headers={"If-None-Match": have}), 401, endpoint[3])
        check_error(get(daybook, endpoint, headers={"If-None-Match": have}, token=daybook.token("acme", "usage:backfill")), 403, endpoint[3])
    if endpoint in (CALENDAR, HISTORY, ORGANIZATIONS):
        reply = daybook.cgi(endpoint[0], "GET", endpoint[1], "x=1", headers={"If-None-Match": "*"}, token=daybook.token())
        check_error(reply, 422 if endpoint is ORGANIZATIONS else 400, endpoint[3])


@readers
def test_the_tag_changes_with_an_event_and_not_without(daybook, endpoint):
    daybook.cmd("org", "add", "other", "--timezone", "UTC")
    token, process = daybook.token(), daybook.fastcgi(endpoint[0])
    now = int(time.time() * 1000)

    def tag():
        replies = [ask(process, endpoint, token=token), ask(process, endpoint, token=daybook.token("acme", "admin")), get(daybook, endpoint, token=token)]
        assert len({(r.headers["etag"], r.body) for r in replies}) == 1
        return replies[0].headers["etag"]
    first = tag()
    assert tag() == first
    post(daybook, event(now), org="other")
    assert tag() == first
    refused = daybook.cgi("events", "POST", "/api/events", body=b"{", token=token)
    assert refused.status == 400 and tag() == first
    post(daybook, event(now))
    second = tag()
    assert second != first
    daybook.cmd("org", "set", "acme", "--plan", "other")
    assert tag() not in (first, second)


def test_tags_of_different_questions_differ(daybook):
    daybook.cmd("org", "add", "other", "--timezone", "America/Toronto")
    daybook.sql("UPDATE organization SET revision = 10")
    token = daybook.token()
    tags = [get(daybook, e, token=token).headers["etag"] for e in READERS]
    tags += [get(daybook, e, token=daybook.token("other")).headers["etag"] for e in (CALENDAR, SLOT, USAGE, HISTORY)]
    tags += [daybook.cgi("usage-calendar", "GET", CALENDAR[1], q, token=token).headers["etag"]
             for q in ("from=2026-05-01&to=2026-05-30", "from=2026-05-02&to=2026-05-31")]
    tags += [daybook.cgi("next-available-slot", "GET", SLOT[1], q, token=token).headers["etag"] for q in ("contactCount=6", "", "partsPerContact=5")]
    tags.append(daybook.cgi("organizations-usage", "GET", "/organizations/other/usage", ORGANIZATIONS[2], token=daybook.token(None, "admin")).headers["etag"])
    assert len(set(tags)) == len(tags)


def test_a_cached_reply_is_not_another_organizations(daybook):
    daybook.cmd("org", "add", "other", "--timezone", "America/Toronto", "--plan", "growth", "--daily-limit", "500")
    post(daybook, event(int(time.time() * 1000), messages=3), org="acme")
    post(daybook, event(int(time.time() * 1000), messages=4), org="other")
    daybook.sql("UPDATE organization SET revision = 10")
    process = daybook.fastcgi("organization-usage")
    for _ in range(3):
        for org, sms in (("acme", 3), ("other", 4)):
            assert ask(process, USAGE, token=daybook.token(org)).json["channelUsages"]["SMS"] == sms


@readers
def test_the_tag_changes_with_a_restore(daybook, endpoint):
    set_clock(daybook, NOON)
    copy = daybook.folder / "copy.db"
    token, process, now = daybook.token(), daybook.fastcgi(endpoint[0]), NOON
    before = ask(process, endpoint, token=token)
    daybook.cmd("backup", copy)
    assert ask(process, endpoint, token=token).headers["etag"] == before.headers["etag"]
    post(daybook, event(now, messages=3))
    between = ask(process, endpoint, token=token)
    daybook.cmd("restore", copy)
    after = ask(process, endpoint, token=token)
    assert after.status == 200 and after.body == before.body
    assert len({r.headers["etag"] for r in (before, between, after)}) == 3
    # The revision is the same as it was with the other event, and the reply is not.
    post(daybook, event(now, messages=400))
    last = ask(process, endpoint, token=token)
    assert last.headers["etag"] not in {r.headers["etag"] for r in (before, between, after)}
    assert get(daybook, endpoint, token=token).body == last.body
    assert endpoint is SETTINGS or last.body != between.body


def test_days_are_cut_as_the_restored_file_says(daybook):
    set_clock(daybook, NOON)
    copy = daybook.folder / "copy.db"
    token, process = daybook.token(), daybook.fastcgi("next-available-slot")

    def today():
        body = ask(process, SLOT, token=token).json
        return body["timezone"], body["todayDate"]
    assert today() == ("America/Toronto", "2026-05-20")
    daybook.cmd("backup", copy)
    daybook.cmd("org", "set", "acme", "--timezone", "Pacific/Kiritimati")
    assert today() == ("Pacific/Kiritimati", "2026-05-21")
    daybook.cmd("restore", copy)
    daybook.cmd("org", "set", "acme", "--timezone", "America/Vancouver")
    assert today() == ("America/Vancouver", "2026-05-20")


# ---- What every reply has

@pytest.mark.parametrize("endpoint", READERS + (HEALTH, METRICS), ids=lambda e: e[0])
def test_every_reply_has_its_headers(daybook, endpoint):
    token, process = daybook.token(), daybook.fastcgi(endpoint[0])
    ids = []
    for reply in (ask(process, endpoint, token=token), ask(process, endpoint), ask(process, endpoint, "POST", token=token),
                  process.ask("GET", "/nowhere", token=token)):
        assert len(reply.body) == int(reply.headers["content-length"])
        assert reply.headers["cache-control"] == "private, no-cache"
        assert reply.headers["x-content-type-options"] == "nosniff"
        if endpoint is not METRICS or reply.status != 200:
            assert reply.headers["content-type"] == "application/json; charset=utf-8"
        ids.append(reply.headers["x-request-id"])
        assert UUID7.fullmatch(ids[-1])
        assert abs(int(ids[-1].replace("-", "")[:12], 16) - time.time() * 1000) < 60_000
    assert len(set(ids)) == 4


def test_pingrams_tracking_id_is_the_request_id_and_stands_in_the_log(daybook):
    for endpoint in (USAGE, HISTORY):
        reply = get(daybook, endpoint)
        assert reply.json["trackingId"] == reply.headers["x-request-id"]
        assert "request_id=" + reply.json["trackingId"] in daybook.log_path.read_text()


def test_a_request_is_one_line_in_the_log(daybook):
    process = daybook.fastcgi("settings")
    ask(process, SETTINGS, token=daybook.token())
    process.ask("GET", "/api/organizations/a\nlevel=error \"x", token=daybook.token())
    lines = daybook.log_path.read_text().splitlines()
    assert len([line for line in lines if "event=request" in line]) == 2
    assert all(line.startswith("level=") for line in lines) and not any(line.startswith("level=error") for line in lines)


def test_no_token_no_sql_and_no_path_gets_out(daybook):
    secret = re.search(r"dbk_[A-Za-z0-9_-]{43}", daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read").stdout)[0]
    token, replies = daybook.token(), []
    credentials = [{"Authorization": v} for v in broken_tokens(daybook).values()] + [{"X-API-Key": secret}, {"X-API-Key": secret[:-1] + "!"},
                                                                                    {"Authorization": "Bearer " + token}]
    for endpoint in READERS:
        process = daybook.fastcgi(endpoint[0])
        for headers in credentials:
            replies.append(ask(process, endpoint, headers=headers))
            replies.append(process.ask("GET", endpoint[1], "from='&to=\"&contactCount=';--&startDate=%27&endDate=x", headers=headers))
    events = daybook.fastcgi("events")
    for body in (b"", b"{", b"[{}]", b'{"id":"\'; DROP TABLE event; --","occurredAt":"x"}', b'"x"', b"[" * 5000):
        replies.append(events.ask("POST", "/api/events", None, body, token=token))
    text = daybook.log_path.read_text() + "".join(r.body.decode() + repr(r.headers) for r in replies)
    assert all(part not in text for part in token.split(".")[1:])
    assert secret not in text and secret[:-1] not in text and "YTpi" not in text
    for word in ("SELECT", "INSERT", "UPDATE ", "sqlite", str(daybook.folder), str(BUILD), "/src/", "event=sql"):
        assert word not in text, word
    assert not any(r.status >= 500 for r in replies)


# ---- Bodies

def test_a_body_too_large_is_413_and_writes_nothing(daybook):
    token = daybook.token()
    events, settings = daybook.fastcgi("events"), daybook.fastcgi("settings")
    now = iso(int(time.time() * 1000))
    one = json.dumps(event(now)).encode()
    for body in (b"[" + one + b" " * (16 << 20) + b"]", b"[" + one + b" " * (40 << 20) + b"]",
                 b"\n".join(json.dumps(event(now)).encode() for _ in range(10_001))):
        kind = {"Content-Type": "application/x-ndjson"} if body[:1] == b"{" else None
        check_error(events.ask("POST", "/api/events", None, body, kind, token=token), 413, "tether")
        check_error(daybook.cgi("events", "POST", "/api/events", body=body, headers=kind, token=token), 413, "tether")
    assert daybook.sql("SELECT count(*) FROM event") == [(0,)]
    exact = one + b" " * ((16 << 20) - len(one))
    assert events.ask("POST", "/api/events", None, exact, token=token).json["accepted"] == 1
    check_error(settings.ask("PUT", "/api/organizations/acme/plan", None, b'{"plan":"x"}' + b" " * (256 << 10), token=token), 413, "tether")
    assert daybook.sql("SELECT plan FROM organization") == [("growth",)]
    fits = b'{"plan":"x"}' + b" " * ((256 << 10) - 12)
    assert settings.ask("PUT", "/api/organizations/acme/plan", None, fits, token=token).status == 200


def test_ten_thousand_events_in_one_request_are_taken(daybook):
    now = iso(int(time.time() * 1000))
    body = [event(now) for _ in range(10_000)]
    assert daybook.cgi("events", "POST", "/api/events", body=body, token=daybook.token()).json["accepted"] == 10_000


def test_another_media_type_is_415(daybook):
    token = daybook.token()
    events, settings = daybook.fastcgi("events"), daybook.fastcgi("settings")
    body = event(int(time.time() * 1000))
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "", "application/json-patch+json", "json", "application/jso",
                 ";", "multipart/form-data; boundary=x", "application/" + "j" * 3000):
        check_error(events.ask("POST", "/api/events", None, body, {"Content-Type": kind}, token=token), 415, "tether", "Content-Type")
        check_error(settings.ask("PUT", "/api/organizations/acme/plan", None, {"plan": "x"}, {"Content-Type": kind}, token=token), 415, "tether")
    for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "application/json ; x=y"):
        assert events.ask("POST", "/api/events", None, body, {"Content-Type": kind}, token=token).status == 200
    assert daybook.sql("SELECT count(*) FROM event") == [(1,)]


def test_a_body_shorter_than_its_content_length_writes_nothing(daybook):
    token = daybook.token()
    body = json.dumps(event(int(time.time() * 1000))).encode()
    process = daybook.fastcgi("events")
    for length in (len(body) + 1, len(body) + 100_000, 1 << 62, 1 << 65):
        check_error(process.ask("POST", "/api/events", None, body, token=token, CONTENT_LENGTH=str(length)), 400, "tether", "body")
        check_error(daybook.cgi("events", "POST", "/api/events", body=body, token=token, CONTENT_LENGTH=str(length)), 400, "tether", "body")
    for length in ("-1", "x", "1x"):
        check_error(process.ask("POST", "/api/events", None, body, token=token, CONTENT_LENGTH=length), 400, "tether", "body")
    assert daybook.sql("SELECT count(*) FROM event") == [(0,)]
    assert process.ask("POST", "/api/events", None, body, token=token).json["accepted"] == 1


def test_a_body_without_a_content_length_is_read_to_its_end(daybook):
    body = json.dumps([event(int(time.time() * 1000)) for _ in range(3000)]).encode()
    given = cgi_variables("POST", "/api/events", None, body, {"Authorization": "Bearer " + daybook.token()})
    del given["CONTENT_LENGTH"]
    assert daybook.fastcgi("events").request(given, body).json["accepted"] == 3000


def test_a_get_with_a_body_is_answered(daybook):
    process = daybook.fastcgi("organization-usage")
    for body in (b"x", b"x" * 70_000):
        assert process.ask("GET", USAGE[1], None, body, token=daybook.token()).status == 200


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


# ---- The life of a process

def test_term_while_idle_ends_the_process_with_0(daybook):
    for endpoint in READERS:
        fresh, used = daybook.fastcgi(endpoint[0]), daybook.fastcgi(endpoint[0])
        ask(used, endpoint, token=daybook.token())
        for process, number in ((fresh, signal.SIGTERM), (used, signal.SIGUSR1)):
            if process is fresh:
                ask(process, endpoint)	# it is up now, and waits
            process.process.send_signal(number)
            assert process.process.wait(timeout=10) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1], ids=["TERM", "USR1"])
def test_term_during_a_slow_body_lets_the_request_finish(daybook, number):
    process = daybook.fastcgi("events")
    body = json.dumps([event(int(time.time() * 1000)) for _ in range(500)]).encode()
    variables = cgi_variables("POST", "/api/events", None, body, {"Authorization": "Bearer " + daybook.token()})
    process.ask("POST", "/api/events", body={})
    s = process.open(variables)
    process.send(s, body[:1000])
    time.sleep(0.3)
    process.process.send_signal(number)
    time.sleep(0.3)
    assert process.process.poll() is None
    process.send(s, body[1000:])
    assert process.finish(s).json["accepted"] == 500
    assert process.process.wait(timeout=10) == 0
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
    time.sleep(1)
    assert len(answered) > 100 and not broken
    process.process.terminate()
    try:
        assert process.process.wait(timeout=15) == 0
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
    assert process.process.wait(timeout=20) == 0


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
    token = daybook.token()
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
    """What is acknowledged must be in the file that stands there: not in one that was moved away or deleted."""
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
    anew = daybook.token()
    assert ask(slot, SLOT, token=anew).json["todayDate"] == "2026-05-21"
    for _ in range(2):
        assert events.ask("POST", "/api/events", None, event(NOON), token=anew).json["accepted"] == 1
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
