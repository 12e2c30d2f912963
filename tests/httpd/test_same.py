"""The same requests to every server, at the root and under a sub-path: every reply is that of the reference."""
import base64
import concurrent.futures
import gzip
import hashlib
import hmac
import itertools
import json
import re

import pytest

from conftest import EVERY
from servers import Apache, ApacheFcgid, Htaccess, HtaccessFcgid, Lighttpd, LighttpdSockets, Nginx, is_json_error, until
from support import iso

DAY_MS = 86_400_000
SAID = ("content-type", "cache-control", "allow", "www-authenticate", "x-content-type-options", "etag", "content-length",
        "retry-after", "content-security-policy")
MEBI = 1 << 20


def seen(reply, *own):
    """What must not differ: status, body and headers, without the request's id, the server's own ids and instants of writing."""
    body = reply.body.replace(reply.headers.get("x-request-id", "no id").encode(), b"REQUEST")
    for name in own:
        body = body.replace(name.encode(), b"OWN")
    body = re.sub(rb'"(createdAt|updatedAt)":"[^"]*"', rb'"\1":"NOW"', body)
    headers = {name: reply.headers.get(name) for name in SAID}
    if own:
        headers["etag"] = headers["content-length"] = None
    return reply.status, headers, body.decode()


# ---- Readings, plans, refusals: nothing here writes

def longest_token(site):
    """One of the 8,000 characters that a token may have, as of an issuer who lists a hundred groups in it."""
    def part(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=")
    secret, = site.daybook.sql("SELECT verify_key FROM signing_key WHERE kid = 'main'")[0]
    claims = {"exp": site.now // 1000 + 86_400, "organizationId": "acme", "scope": "usage:read", "groups": [""]}
    for fill, wider in itertools.product(range(5700, 6000), range(3)):
        head = part(json.dumps({"alg": "HS256", "kid": "main", "x": "x" * wider}).encode())
        text = head + b"." + part(json.dumps({**claims, "groups": ["g" * fill]}).encode())
        if len(text) == 8000 - 44:
            return (text + b"." + part(hmac.new(secret, text, hashlib.sha256).digest())).decode()
    raise AssertionError("no such token")


def cases(site):
    """(what, request, status)"""
    t, r, a = site.token, site.reader, site.admin
    yield "the longest token", ("GET", "/organization/usage", "", longest_token(site)), 200
    yield "a longer one", ("GET", "/organization/usage", "", longest_token(site) + "A"), 401
    day = iso(site.now)[:10]
    ahead = iso(site.now + 40 * DAY_MS)
    calendar, slot, usage = "/api/campaigns/usage-calendar", "/api/campaigns/next-available-slot", "/organization/usage"
    history, counts = "/organization/usage/history", "/organizations/acme/usage"
    month = f"from={iso(site.now - 20 * DAY_MS)[:10]}&to={day}"
    yield "the calendar", ("GET", calendar, month, t), 200
    yield "a year of it", ("GET", calendar, f"from={iso(site.now - 364 * DAY_MS)[:10]}&to={day}", t), 200
    yield "the next slot", ("GET", slot, "contactCount=250", t), 200
    yield "the slot without a query", ("GET", slot, "", t), 200
    yield "the cycle", ("GET", usage, "", t), 200
    yield "its second name", ("GET", "/account" + usage, "", t), 200
    yield "the history", ("GET", history, f"startDate=2026-01-01&endDate={day}", t), 200
    yield "counts", ("GET", counts, "startDate=0&endDate=4102444800000", t), 200
    yield "who used it", ("GET", "/api/usage", month + "&by=tag,day", t), 200
    yield "the caps", ("GET", "/account/organization", "", t), 200
    yield "the settings", ("GET", "/api/organizations/acme", "", t), 200
    yield "the campaigns", ("GET", "/api/campaigns", "limit=5", t), 200
    yield "the ledger", ("GET", "/api/events", f"from={day}&to={day}&limit=5", t), 200
    yield "the prices", ("GET", "/api/organizations/acme/prices", "", t), 200
    yield "the API keys", ("GET", "/api/organizations/acme/api-keys", "", t), 200
    yield "the audit", ("GET", "/api/organizations/acme/audit", "limit=3", t), 200
    org = "/api/organizations/acme"
    for path in (org + "/limits", org + "/limits/daily", org + "/limits/cycle-cost", org + "/sending-window", org + "/statements"):
        yield path, ("GET", path, "", r), 200
        yield f"{path} of an organization that there is not", ("GET", path.replace("acme", "other"), "", a), 404
        yield f"{path} of another organization", ("GET", path.replace("acme", "other"), "", t), 403
    yield "a limit that there is not", ("GET", org + "/limits/nobody", "", t), 404
    yield "a name that no limit has", ("GET", org + "/limits/A%20b", "", t), 404
    yield "a month that was not kept", ("GET", org + "/statements/2026-01", "", t), 404
    yield "a month that is not over", ("POST", org + "/statements", "", t, {"month": day[:7]}), 409
    for method, path, body in (("PUT", "/limits/mine", {"amount": 1}), ("DELETE", "/limits/daily", None), ("PUT", "/sending-window", {}),
                               ("POST", "/sending-window", b""), ("DELETE", "/sending-window", None), ("POST", "/statements", {"month": "2026-01"})):
        yield f"{method} {path} without the scope", (method, org + path, "", r, body), 403
        yield f"{method} {path} without a token", (method, org + path, "", None, body), 401
    for path, query in ((calendar, month), (history, f"startDate=2026-01-01&endDate={day}"), ("/api/campaigns", "limit=5"),
                        ("/api/usage", month), ("/api/events", f"from={day}&to={day}&limit=5"), (org + "/audit", "limit=3"), (org + "/statements", "limit=3")):
        yield f"{path} as CSV", ("GET", path, query + "&format=csv", t), 200
    yield "health", ("GET", "/health", "", None), 200
    yield "a date", ("POST", "/api/campaigns/validate-date", "", t, {"scheduledISO": ahead, "contactCount": 5}), 200
    yield "a plan", ("POST", "/api/campaigns/auto-segment", "", t, {"totalContacts": 1200, "firstSegmentDate": ahead[:10]}), 200
    yield "an API key for the token", ("GET", usage, "", "dbk_" + "A" * 43), 401
    for path, query in ((calendar, month), (slot, ""), (usage, ""), (history, ""), (counts, ""), ("/api/campaigns", ""),
                        ("/api/organizations/acme", ""), ("/api/campaigns/c1", ""), ("/api/session", ""), ("/api/events", ""), ("/api/usage", month),
                        ("/api/organizations/acme/prices", ""), ("/api/organizations/acme/api-keys", ""),
                        ("/api/organizations/acme/audit", ""), (org + "/limits/daily", ""), (org + "/sending-window", ""), (org + "/statements", "")):
        yield f"{path} without a token", ("GET", path, query, None), 401
        yield f"{path} with a bad one", ("GET", path, query, "a.b.c"), 401
        yield f"HEAD {path} without a token", ("HEAD", path, query, None), 401
    yield "events without a token", ("POST", "/api/events", "", None, {"id": "x"}), 401
    yield "without the scope", ("POST", "/api/events", "", r, {"id": "x", "occurredAt": day}), 403
    yield "another organization", ("GET", "/organizations/other/usage", "startDate=0&endDate=1", t), 403
    yield "an organization that there is not", ("GET", "/organizations/other/usage", "startDate=0&endDate=1", a), 404
    yield "a campaign that there is not", ("GET", "/api/campaigns/nobody", "", t), 404
    for name in ("a%20b", "a%25b", "a%3Fb", "a%23b", "a%26b", "a%2Bb", "a+b", "a&b", "a=b", "a;b", "a:b", "%C3%A9", "x.db", ".x",
                 "a%22b", "a'b", "..a", "daybook.conf", "%7Ea", "a%40b", "a,b", "a%5Bb", "*", "$1", "%241", "usage-calendars"):
        yield f"a campaign named {name}", ("GET", f"/api/campaigns/{name}", "", t), 404
        yield f"an organization named {name}", ("GET", f"/organizations/{name}/usage", "startDate=0&endDate=1", a), 404
    yield "no query", ("GET", calendar, "", t), 400
    yield "a bad date", ("GET", calendar, "from=2026-02-30&to=2026-03-01", t), 400
    yield "twice", ("GET", calendar, "from=2026-01-01&from=2026-01-01&to=2026-03-01", t), 400
    yield "an escape in the query", ("GET", calendar, "from=2026%2D01-01&to=2026-01-02", t), 200
    yield "a plus in the query", ("GET", calendar, "from=2026-01-01+&to=2026-01-02", t), 400
    yield "no number", ("GET", counts, "startDate=x&endDate=1", t), 422
    yield "an unknown parameter", ("GET", "/api/campaigns", "page=2", t), 400
    yield "half a body", ("POST", "/api/campaigns/validate-date", "", t, b'{"scheduledISO"'), 400
    yield "no body", ("POST", "/api/campaigns/validate-date", "", t, b""), 400
    for path, wrong in ((calendar, "POST"), (slot, "PUT"), (usage, "DELETE"), (history, "PATCH"), (counts, "POST"),
                        ("/api/events", "PUT"), ("/api/session", "PUT"), ("/health", "POST"), ("/metrics", "PUT"), ("/api/campaigns", "PATCH"),
                        ("/api/usage", "POST"), (org + "/limits/daily", "POST"), (org + "/sending-window", "PATCH"), (org + "/statements", "PUT"),
                        (org + "/statements/2026-01", "DELETE")):
        yield f"{wrong} {path}", (wrong, path, "", t, None if wrong == "GET" else b"{}"), 405
        yield f"OPTIONS {path}", ("OPTIONS", path, "", None), 204


def ask(server, request, headers=None):
    method, path, query, token, *body = request
    return server.ask(method, path, query, body[0] if body else None, headers, token)


def test_every_reply_is_that_of_the_reference_and_has_no_link_with_a_host_in_it(server, reference, site):
    count, different = 0, []
    for what, request, status in cases(site):
        reply = ask(server, request)
        wanted, got = seen(ask(reference, request)), seen(reply)
        if what == "health" and isinstance(server, Htaccess):	# which sees the code that lies in its folder, and warns
            assert b"setup code is still there" in reply.body
            continue
        assert wanted[0] == status, (what, wanted)
        assert f":{server.port}".encode() not in reply.body and b"://" not in reply.body, (what, reply)
        assert not any("://" in value for value in reply.headers.values()), (what, reply.headers)
        count += 1
        if wanted != got:
            different.append((what, wanted, got))
    assert different == [], f"{len(different)} of {count}: {different[:5]}"
    assert count > 100


def test_the_metrics_have_the_same_names(server, reference, site):
    def names(reply):
        assert reply.status == 200 and reply.headers["content-type"].startswith("text/plain"), reply
        return re.findall(rb"^# TYPE (\S+ \S+)", reply.body, re.M)
    assert names(server.ask("GET", "/metrics")) == names(reference.ask("GET", "/metrics")) != []


def test_a_bad_organization_header_or_an_underscore_changes_nothing(server, site):
    """Identity comes from the credential, and from no header that a client may add."""
    reply = server.ask("GET", "/organization/usage", token=site.token, headers={
        "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "1.2.3.4", "X-Original-URL": "/x", "Proxy": "http://evil.example",
        "X-Rewrite-URL": "/x", "Script-Name": "/x", "Path-Info": "/x", "Remote-User": "admin"})
    assert seen(reply) == seen(server.ask("GET", "/organization/usage", token=site.token))


def test_the_longest_token_has_room_beside_the_headers_of_a_browser(server, site):
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) " + "x" * 200, "Accept-Language": "en-CA,en;q=0.9,fr;q=0.8",
               "Cookie": "session=" + "c" * 1000, "Referer": "https://app.example.com/" + "p" * 300}
    assert server.ask("GET", "/organization/usage", token=longest_token(site), headers=browser).status == 200


def test_readers_of_events_have_a_program_of_their_own(server, site):
    """No process answers both, so one who reads keeps no sender waiting."""
    day = iso(site.now)[:10]
    spellings = ["/api/events", "/api/%65vents", "/a%70i/event%73", "/./api/events", "//api/events", "/x/../api/events"]
    cases = [("GET", path, "events-list") for path in spellings] + [("HEAD", "/api/events", "events-list")]
    cases += [(method, "/api/events", "events") for method in ("POST", "PUT", "OPTIONS")]
    for method, path, program in cases:
        reply = server.ask(method, path, f"from={day}&to={day}" if program == "events-list" else "",
                           b"[]" if method in ("POST", "PUT") else None, token=site.token)
        if path != "/api/events" and reply.status in (400, 404) and "x-request-id" not in reply.headers:
            continue  # the server takes no such spelling
        id = reply.headers["x-request-id"]
        logs = [*server.state.glob("*.log"), *site.folder.glob("log/*.log")]

        def lines():
            return [line for f in logs for line in f.read_text(errors="replace").splitlines() if id in line and "program=" in line]
        until(lines, f"{id} is not in the log")
        assert [re.search(r"program=(\S+)", line)[1] for line in lines()] == [program]


# ---- Writings: the same steps for each server with names of its own

def life(server, site):
    """Everything that writes, in turn: what each step is answered."""
    own = "own-" + re.sub(r"\W", "-", repr(server)).lower().rstrip("-")
    at, later = iso(site.now - 3_600_000), iso(site.now + 200 * DAY_MS)
    event = {"id": own, "occurredAt": at, "channel": "PUSH"}

    def say(method, path, body=None, **more):
        return seen(server.ask(method, path, body=body, token=site.token, **more), own)

    yield say("POST", "/api/events", event)
    yield say("POST", "/api/events", event)
    yield say("POST", "/api/events", {**event, "channel": "SLACK"})
    yield say("POST", "/api/events", [{**event, "id": f"{own}-{i}"} for i in range(3)] + [{"id": f"{own}-bad"}])
    yield say("POST", "/api/events", "\n".join(json.dumps({**event, "id": f"{own}-n{i}"}) for i in range(3)),
              headers={"Content-Type": "application/x-ndjson"})
    yield say("POST", "/api/events", {**event, "id": own + "-e"}, query="enforce=true")
    yield say("POST", "/api/campaigns", {"id": own, "name": "A campaign", "contactCount": 3, "scheduledISO": later})
    yield say("GET", f"/api/campaigns/{own}")
    tag = server.ask("GET", f"/api/campaigns/{own}", token=site.token).headers["etag"]
    yield say("PUT", f"/api/campaigns/{own}", {"name": "Late"}, headers={"If-Match": '"another"'})
    yield say("PUT", f"/api/campaigns/{own}", {"name": "Another"}, headers={"If-Match": tag})
    yield say("POST", f"/api/campaigns/{own}/pause")
    yield say("POST", f"/api/campaigns/{own}/resume", b"")
    yield say("POST", f"/api/campaigns/{own}/results", {"id": "r", "sent": 1, "failed": [
        {"phoneNumber": "+14165550100", "reason": "off"}]})
    yield say("POST", f"/api/campaigns/{own}/cancel")
    yield say("POST", "/api/campaigns", {"id": own + "-d", "name": "A draft", "status": "draft", "contactCount": 3,
                                         "scheduledISO": later})
    yield say("DELETE", f"/api/campaigns/{own}-d")
    org = "/api/organizations/acme"
    yield say("PUT", org + "/plan", {"plan": "growth"})
    yield say("PUT", org + "/limits/t-mobile", {"preset": "t-mobile-10dlc-2000"})
    tag = server.ask("GET", org + "/limits/t-mobile", token=site.token).headers["etag"]
    yield say("PUT", org + "/limits/t-mobile", {"amount": 9}, headers={"If-Match": '"another"'})
    yield say("PUT", org + "/limits/t-mobile", {"amount": 9}, headers={"If-Match": tag})
    yield say("DELETE", org + "/limits/t-mobile")
    day = iso(site.now + 400 * DAY_MS)[:10]
    yield say("PUT", org + "/sending-window", {"closed": [{"date": day, "name": "A day"}]})
    yield say("POST", org + "/sending-window", f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:{day.replace('-', '')}\r\nSUMMARY:Another\r\n"
              "END:VEVENT\r\nEND:VCALENDAR\r\n", headers={"Content-Type": "text/calendar"})
    yield say("DELETE", org + "/sending-window")


@pytest.fixture(scope="session")	# once: what it writes is written for good
def reference_life(reference, site):
    return list(life(reference, site))


def test_what_is_written_is_answered_as_by_the_reference(server, reference, reference_life, site):
    if server is reference:
        pytest.skip("it is the reference")
    steps = list(life(server, site))
    assert [step[0] for step in steps] == [200, 200, 409, 200, 200, 200, 201, 200, 412, 200, 200, 200, 200, 200, 201, 204, 200, 200, 412, 200, 200, 200, 200, 200]
    assert steps == reference_life


# ---- HEAD, 304, gzip

READINGS = (("/api/campaigns/usage-calendar", "from=2026-01-01&to=2026-12-31"), ("/organization/usage", ""),
            ("/organization/usage/history", "startDate=2026-01-01&endDate=2026-12-31"), ("/api/organizations/acme", ""),
            ("/organizations/acme/usage", "startDate=0&endDate=4102444800000"), ("/api/usage", "from=2026-01-01&to=2026-01-31&by=tag"),
            ("/api/organizations/acme/sending-window", ""), ("/api/organizations/acme/statements", ""))


def test_head_is_get_without_its_body(server, site):
    for path, query in READINGS + (("/api/organizations/acme/limits/daily", ""), ("/health", ""), ("/", ""), ("/large.js", "")):
        whole, head = (server.ask(method, path, query, token=site.token) for method in ("GET", "HEAD"))
        assert (whole.status, head.status, head.body) == (200, 200, b""), path
        for name in ("content-type", "content-length", "etag", "cache-control", "content-security-policy"):
            assert whole.headers.get(name) == head.headers.get(name), (path, name)


def test_a_tag_that_the_client_has_is_304(server, site):
    for path, query in READINGS + (("/", ""), ("/large.js", "")):
        whole = server.ask("GET", path, query, token=site.token)
        for tag in (whole.headers["etag"], '"other", ' + whole.headers["etag"]):
            same = server.ask("GET", path, query, token=site.token, headers={"If-None-Match": tag})
            assert (same.status, same.body) == (304, b""), (path, same)
            assert same.headers["etag"] == whole.headers["etag"]
        other = server.ask("GET", path, query, token=site.token, headers={"If-None-Match": '"other"'})
        assert (other.status, other.body) == (200, whole.body)
        assert server.ask("GET", path, query, headers={"If-None-Match": whole.headers["etag"]}).status in (
            (200, 304) if path in ("/", "/large.js") else (401,))


def test_a_reply_packed_by_the_server_is_the_same_and_its_tag_is_304(server, site):
    for path, query in READINGS[:3]:	# the others are shorter than what lighttpd packs
        plain = server.ask("GET", path, query, token=site.token)
        for _ in range(2):
            packed = server.ask("GET", path, query, token=site.token, headers={"Accept-Encoding": "gzip"})
            assert packed.headers["content-encoding"] == "gzip", packed.headers
            assert gzip.decompress(packed.body) == plain.body
        tag = packed.headers["etag"]
        for encoding in ("gzip", "identity"):
            same = server.ask("GET", path, query, token=site.token, headers={"If-None-Match": tag, "Accept-Encoding": encoding})
            assert (same.status, same.body) == (304, b""), (tag, encoding, same, same.headers)


# ---- Bodies

VALID = {"totalContacts": 20, "firstSegmentDate": "2027-01-01"}


def plan(site):
    """A request whose body is given in pieces."""
    return "POST", "/api/campaigns/auto-segment", f"Authorization: Bearer {site.token}", "Content-Type: application/json"


def test_a_chunked_body_is_a_body(server, reference, site):
    text = json.dumps(VALID).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(text[i:i + 7]), text[i:i + 7]) for i in range(0, len(text), 7)) + b"0\r\n\r\n"
    reply = server.wire(server.head(*plan(site), "Transfer-Encoding: chunked") + chunks)
    wanted = reference.ask("POST", "/api/campaigns/auto-segment", body=VALID, token=site.token)
    assert (reply.status, reply.body.decode()) == (wanted.status, wanted.body.decode())
    assert wanted.status == (400 if b"error" in wanted.body else 200)


def test_a_body_in_pieces_over_seconds_is_answered_right(servers, reference, site):
    """All servers at once: it takes its time."""
    text = json.dumps(VALID).encode()
    wanted = reference.ask("POST", "/api/campaigns/auto-segment", body=VALID, token=site.token).body

    def slowly(server):
        head = server.head(*plan(site), f"Content-Length: {len(text)}")
        third = len(text) // 3
        return server.wire(head[:20], 0.3, head[20:], 0.7, text[:third], 0.7, text[third:2 * third], 0.7, text[2 * third:])

    every = [servers[key] for key in EVERY]
    with concurrent.futures.ThreadPoolExecutor(len(every)) as pool:
        for server, reply in zip(every, pool.map(slowly, every)):
            assert reply.body == wanted, (server, reply)


def is_told_of_mod_fcgids_limit(reply):
    """Its own 128 KiB, which a .htaccess cannot raise; nor can it change the 500, but a sender must not repeat the request."""
    is_json_error(reply, 500)
    assert all(word in json.loads(reply.body)["error"] for word in ("128 KiB", "Do not repeat", "500 events"))


def test_a_body_beyond_a_programs_limit_is_the_programs_413(server, reference, site):
    body = b"[" + b" " * 300_000
    wanted = reference.ask("POST", "/api/campaigns", body=body, token=site.token)
    is_json_error(wanted, 413)
    got = server.ask("POST", "/api/campaigns", body=body, token=site.token)
    if isinstance(server, HtaccessFcgid):
        is_told_of_mod_fcgids_limit(got)
    else:
        assert seen(got) == seen(wanted)


def test_a_body_beyond_the_servers_limit_is_413_in_json(server, site):
    for path, size in (("/api/events", 17 * MEBI + 100_000), ("/api/campaigns", 5 * MEBI)):
        got = server.ask("POST", path, body=b"[" + b" " * size, token=site.token)
        if isinstance(server, HtaccessFcgid):
            is_told_of_mod_fcgids_limit(got)
        else:
            is_json_error(got, 413)


def test_the_largest_post_of_events_goes_through(server, site):
    own = "large-" + repr(server)
    events = [{"id": f"{own}-{i}", "occurredAt": iso(site.now - i), "channel": "EMAIL"} for i in range(
        1000 if isinstance(server, HtaccessFcgid) else 10_000)]
    reply = server.ask("POST", "/api/events", body=events, token=site.token)
    assert (reply.status, reply.json["accepted"]) == (200, len(events)), reply
    again = server.ask("POST", "/api/events", body=events, token=site.token)
    assert (again.status, again.json["duplicates"]) == (200, len(events)), again


def test_a_post_without_a_length_is_one_without_a_body_or_is_told_what_it_needs(server, reference, site):
    head = server.head("POST", "/api/campaigns/nobodys/pause", f"Authorization: Bearer {site.token}")
    reply, wanted = server.wire(head), reference.ask("POST", "/api/campaigns/nobodys/pause", body=b"", token=site.token)
    assert wanted.status == 404
    if reply.status == 411 and isinstance(server, LighttpdSockets):
        pass  # an included file cannot give Debian's lighttpd.conf other words for what it refuses before it has a path
    elif reply.status == 411:
        is_json_error(reply, 411)
        assert "Content-Length: 0" in json.loads(reply.body)["error"]
    else:
        assert (reply.status, json.loads(reply.body)["error"]) == (404, wanted.json["error"])


# ---- What the server itself refuses

def test_what_the_server_refuses_is_json(server):
    nothing = is_json_error(server.ask("GET", "/nothing-here"), 404)
    assert nothing == "Not found"
    for path in ("/api", "/api/", "/api/nothing", "/organizations", "/organization/usage/", "/Health", "/health/x", "/events.fcgi"):
        is_json_error(server.ask("GET", path), 404)
    is_json_error(server.ask("PUT", "/large.js", body=b"x"), 403, 405, 501)
    is_json_error(server.ask("DELETE", "/nothing-here"), 403, 404, 405)
    for path in ("/api%2Fevents", "/organizations/a%2Fb/usage", "/x%2fy"):
        reply = server.ask("GET", path)
        if isinstance(server, Apache):	# which refuses it before it looks where it leads
            assert reply.status == 404, reply
        else:	# an included file cannot change what Debian's lighttpd.conf sets: %2F is a slash there
            is_json_error(reply, *((401, 404, 405) if isinstance(server, LighttpdSockets) else (400, 404)))


def test_a_request_that_cannot_be_read_is_refused(server):
    own = isinstance(server, (Nginx, Lighttpd)) and not isinstance(server, LighttpdSockets) or "Apache" in repr(server)
    for wire in (server.head("GET", "/" + "a" * 70000), server.head("GET", "/", "X: " + "a" * 70000),
                 b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", server.head("POST", "/api/events", "Content-Length: -1")):
        try:
            reply = server.wire(wire)
        except ConnectionResetError:
            continue	# it had enough before the client had said everything
        assert reply.status in (400, 404, 413, 414, 431), reply
        if own and not (isinstance(server, Nginx) and server.place):
            is_json_error(reply, 400, 404, 413, 414, 431)


# ---- Behind another web server, under another name and path

class Front(Nginx):
    """nginx that leads /some/where/ on its own host to Daybook under another server, host name and path."""

    def __init__(self, site, behind):
        self.behind = behind
        super().__init__(site, "/some/where")

    def prepare(self):
        command, env = super().prepare()
        (self.state / "daybook.conf").write_text(
            f"location /some/where/ {{ client_max_body_size 20m; proxy_pass http://127.0.0.1:{self.behind.port}{self.behind.place}/; }}\n")
        return command, env


@pytest.mark.parametrize("kind", (ApacheFcgid, Nginx), ids=lambda k: k.__name__)
def test_behind_a_proxy_under_another_name_and_path_every_reply_is_the_same(kind, servers, reference, site):
    front = Front(site, servers[kind, "/daybook"])
    try:
        for what, request, _ in cases(site):
            if "%23" in what or "%3F" in what:
                continue	# nginx hands them on decoded
            wanted, got = seen(ask(reference, request)), seen(ask(front, request))
            assert got == wanted, what
        for path in ("/", "/large.js", "/lib/page.css", "/nothing"):
            assert front.ask("GET", path).body == reference.ask("GET", path).body
    finally:
        front.stop()
