"""
What a process keeps from one request to the next is exact: each reply is the one that a process which keeps nothing gives.

Of each program one process stays with its memory, and one without (DAYBOOK_REPLY_MEMORY=0); a writer beside changes something.
DAYBOOK_READINGS is how many readings the random test makes (2,000 if it is not set), DAYBOOK_SEED its first number.
"""
import os
import random
import shutil
import sqlite3

import pytest

from support import NOON, event, iso, ms, set_clock

READINGS = int(os.environ.get("DAYBOOK_READINGS", "2000"))
SEED = int(os.environ.get("DAYBOOK_SEED", random.SystemRandom().randrange(10**9)))
RANGE = "from=2026-05-18&to=2026-06-17"
SCOPE = "usage:read usage:write usage:backfill campaigns:write org:admin"
PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4RJ2VWa6/9Ul8eZapzGfnyGlJZ2s
r2qihGGkrNVMIQOOTfSH/RR+ubuwnKNRnzrD0DSLRrpqEtmGSA+FFf7E4g==
-----END PUBLIC KEY-----
"""
# Every reading that is kept: program, path, query.
READINGS_KEPT = [
    ("usage-calendar", "/api/campaigns/usage-calendar", RANGE), ("usage-calendar", "/api/campaigns/usage-calendar", RANGE + "&format=csv"),
    ("usage-calendar", "/api/campaigns/usage-calendar", "from=2026-05-20&to=2026-05-22"),
    ("next-available-slot", "/api/campaigns/next-available-slot", "contactCount=5"),
    ("next-available-slot", "/api/campaigns/next-available-slot", "contactCount=90"),
    ("organization-usage", "/organization/usage", ""), ("usage-history", "/organization/usage/history", "startDate=2026-05-01&endDate=2026-05-31"),
    ("organizations-usage", "/organizations/acme/usage", f"startDate={ms('2026-05-01T00:00:00Z')}&endDate={ms('2026-05-31T00:07:00Z')}"),
    ("usage", "/api/usage", "by=channel&from=2026-05-01&to=2026-05-31"), ("settings", "/api/organizations/acme", ""),
    ("settings", "/api/organizations/acme/limits", ""), ("prices", "/api/organizations/acme/prices", ""), ("events-list", "/api/events", "from=2026-05-01&to=2026-05-31"),
    ("campaigns", "/api/campaigns", ""), ("statements", "/api/organizations/acme/statements", ""), ("account", "/account/organization", ""),
]
ACCEPTS = [{}, {"Accept": "text/csv"}, {"Accept": "application/json"}, {"Origin": "https://a.example"}, {"Origin": "https://b.example"}]


class Pair:
    """The same question to a process that keeps and to one that does not."""

    def __init__(self, daybook):
        self.daybook, self.programs = daybook, {}
        self.token = daybook.token("acme", SCOPE, ttl="72h")

    def both(self, program, path, query="", headers=None, token=None, method="GET", **variables):
        if program not in self.programs:
            self.programs[program] = (self.daybook.fastcgi(program), self.daybook.fastcgi(program, {"DAYBOOK_REPLY_MEMORY": "0"}))
        headers = headers if headers and set(headers) & {"X-API-Key", "Authorization"} else {
            "Authorization": "Bearer " + (token or self.token), **(headers or {})}
        return [p.ask(method, path, query, headers=headers, **variables) for p in self.programs[program]]

    def same(self, *question, **options):
        """Asks until it is kept; the reply, which must be that of the process that keeps nothing each time."""
        for _ in range(3):
            kept, anew = self.both(*question, **options)
            assert seen(kept) == seen(anew), question
            assert kept.headers["x-request-id"] != anew.headers["x-request-id"]
        return kept

    def all_same(self, **options):
        return [seen(self.same(*question, **options)) for question in READINGS_KEPT]


def seen(reply):
    """All but the request's id, which errors of one dialect have in the body too."""
    headers = dict(reply.headers)
    return reply.status, headers, reply.body.replace(headers.pop("x-request-id").encode(), b"ID")


@pytest.fixture
def pair(daybook):
    set_clock(daybook, NOON)
    pair = Pair(daybook)
    post(pair, event(ms(NOON) - 3600_000), event(ms(NOON) - 60_000, channel="EMAIL"))
    campaign(pair, "first", "2026-05-22T15:00:00.000Z", 40)
    return pair


@pytest.fixture(params=["wal", "journal"])
def any_pair(request, daybook):
    """Also in a database with a rollback journal."""
    if request.param == "journal":
        connection = sqlite3.connect(daybook.path)
        assert connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone() == ("truncate",)
        connection.close()
    return request.getfixturevalue("pair")


def post(pair, *events, **query):
    reply = pair.daybook.cgi("events", "POST", "/api/events", query, list(events), token=pair.token)
    assert reply.status == 200, reply


def campaign(pair, id, when, contacts):
    body = {"id": id, "name": f'The "{id}"', "contactCount": contacts, "scheduledISO": when}
    return pair.daybook.cgi("campaigns", "POST", "/api/campaigns", body=body, token=pair.token)


def cmd(*arguments):
    return lambda pair: pair.daybook.cmd(*arguments)


WRITES = {
    "an event": lambda pair: post(pair, event(ms(NOON) - 1000)),
    "a campaign": lambda pair: campaign(pair, "second", "2026-05-22T16:00:00.000Z", 7),
    "a limit": cmd("org", "set", "acme", "--daily-limit", "120"),
    "a name": cmd("org", "set", "acme", "--name", "Renamed"),
    "a zone": cmd("org", "set", "acme", "--timezone", "Asia/Tokyo", "--recut-history"),
    "a price": cmd("price", "set", "SMS", "0.02", "--from", "2026-05-01", "--reprice"),
    "origins": cmd("setting", "set", "cors_origins", "https://a.example"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_beside_is_seen_by_the_next_request(any_pair, write):
    before = any_pair.all_same(headers={"Origin": "https://a.example"})
    assert [status for status, _, _ in before] == [200] * len(READINGS_KEPT)
    write(any_pair)
    assert any_pair.all_same(headers={"Origin": "https://a.example"}) != before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_requests_that_differ_in_a_header_have_replies_of_their_own(pair, method):
    pair.daybook.cmd("setting", "set", "cors_origins", "https://a.example")
    calendar = READINGS_KEPT[0]
    tag = pair.same(*calendar).headers["etag"]
    csv = pair.same(*calendar, headers={"Accept": "text/csv"}).headers["etag"]
    assert csv != tag
    gzipped, weak = tag[:-1] + '-gzip"', "W/" + tag
    for given, status in ((tag, 304), (gzipped, 304), (weak, 304), (csv, 200), ('"x"', 200), ("*", 304), (f'"x", {tag}', 304)):
        for headers in ({}, {"Origin": "https://a.example"}, {"Origin": "https://b.example"}):
            reply = pair.same(*calendar, headers={"If-None-Match": given, **headers}, method=method)
            assert reply.status == status
            assert ("access-control-allow-origin" in reply.headers) == (headers.get("Origin") == "https://a.example")
            assert (len(reply.body) > 0) == (status == 200 and method == "GET")
    assert pair.same(*calendar, method=method, CONTENT_LENGTH=str(10**9)).status == 413


# ---- Credentials

def test_a_credential_that_is_revoked_is_refused_by_the_next_request(any_pair):
    daybook, usage = any_pair.daybook, ("organization-usage", "/organization/usage")
    key = daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read").stdout.split()[-1]
    daybook.cmd("key", "add", "--kid", "other")
    other = daybook.token("acme", "usage:read", kid="other")
    linked = daybook.token("acme", "usage:read")
    jti = __import__("json").loads(__import__("base64").urlsafe_b64decode(linked.split(".")[1] + "=="))["jti"]
    api_key = {"X-API-Key": key}
    assert any_pair.same(*usage, headers=api_key).status == 200 and any_pair.same(*usage, headers=api_key).status == 200
    assert any_pair.same(*usage, token=other).status == any_pair.same(*usage, token=linked).status == 200
    daybook.cmd("apikey", "revoke", 1)
    assert any_pair.same(*usage, headers=api_key).status == 401
    assert any_pair.same(*usage, token=other).status == 200
    daybook.cmd("key", "retire", "other")
    assert any_pair.same(*usage, token=other).status == 401
    daybook.cmd("token", "revoke", "--kid", "main", jti)
    assert any_pair.same(*usage, token=linked).status == 401
    assert any_pair.same(*usage).status == 200
    daybook.cmd("setting", "set", "iss", "https://id.example")
    assert any_pair.same(*usage).status == 401


def test_a_token_ends_and_begins_with_the_clock(pair):
    usage = ("organization-usage", "/organization/usage")
    token = pair.daybook.token("acme", "usage:read", ttl="60m")
    for at, status in ((0, 200), (3599, 200), (3601, 200), (3629, 200), (3630, 401), (3700, 401), (10, 200), (-29, 200), (-31, 401), (0, 200)):
        set_clock(pair.daybook, iso(ms(NOON) + at * 1000))
        assert pair.same(*usage, token=token).status == status, at


def test_an_api_key_ends_with_the_clock_and_its_use_is_recorded_each_day(pair):
    usage, daybook = ("organization-usage", "/organization/usage"), pair.daybook
    key = daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read", "--expires", "2026-05-23").stdout.split()[-1]
    for when in (NOON, "2026-05-21T23:59:59Z", "2026-05-22T00:00:01Z"):
        set_clock(daybook, when)
        assert pair.same(*usage, headers={"X-API-Key": key}).status == 200
        assert daybook.sql("SELECT used_at FROM api_key")[0][0] == ms(when) // 86_400_000 * 86_400_000
    set_clock(daybook, "2026-05-24T12:00:00Z")
    assert pair.same(*usage, headers={"X-API-Key": key}).status == 401


# What a process keeps until installation.revision goes up.  The day of an API key's last use may move on by itself.
WATCHED = ["SELECT * FROM setting", "SELECT * FROM signing_key", "SELECT * FROM revoked_token", "SELECT key, id FROM organization",
           "SELECT key, sha256, hint, name, org, number, scopes, created_at, revoked_at, expires_at FROM api_key",
           "SELECT org, number, ended_at FROM job"]


def test_every_write_of_what_is_kept_by_the_installation_s_revision_counts_it_up(pair):
    daybook, sql, moved = pair.daybook, pair.daybook.sql, set()
    public, admin = daybook.folder / "public.pem", daybook.token("acme", "admin", ttl="72h")
    public.write_text(PUBLIC_KEY)
    run = lambda *arguments: lambda: daybook.cmd(*arguments)  # noqa: E731
    request = lambda *question, **options: lambda: daybook.cgi(*question, **options, token=admin)  # noqa: E731
    keys, prices = "/api/organizations/acme/api-keys", "/api/organizations/acme/prices"
    for step in [
        run("key", "add", "--kid", "second"), run("key", "add", "--kid", "third", "--org", "acme"), run("key", "retire", "third"),
        run("key", "add", "--alg", "ES256", "--kid", "idp", "--file", public, "--iss", "https://id.example", "--aud", "us", "--max-scopes", "usage:read"),
        run("key", "set", "idp", "--aud", "them"), run("token", "revoke", "--kid", "main", "some-jti"),
        run("apikey", "add", "--org", "acme", "--scope", "usage:read"), run("apikey", "revoke", "1"), run("org", "add", "other", "--timezone", "UTC"),
        run("setting", "set", "backup_keep", "1"), run("maintenance"), run("rebuild"),
        run("price", "set", "SMS", "0.03", "--from", "2026-05-01", "--reprice"),
        run("limit", "add", "acme", "sent", "--channels", "SMS", "--from", "x", "--window", "day", "--amount", "9"), run("maintenance"),
        request("api-keys", "POST", keys, body={"name": "n", "scopes": ["usage:read"]}), request("api-keys", "DELETE", keys + "/2"),
        request("prices", "POST", prices, body={"channel": "SMS", "usd": "0.5", "validFrom": "2026-05-01", "reprice": True}), run("maintenance"),
    ]:
        before, revision = [sql(q) for q in WATCHED], sql("SELECT revision FROM installation")
        outcome = step()
        changed = {q for q, rows in zip(WATCHED, before) if sql(q) != rows}
        assert not changed or sql("SELECT revision FROM installation") > revision, (outcome, changed)
        moved |= changed
    assert moved == set(WATCHED)


def test_a_process_that_has_made_no_body_keeps_a_reply_without_one(pair):
    for _ in range(3):
        kept, anew = pair.both("organization-usage", "/organization/usage", headers={"If-None-Match": "*"})
        assert kept.status == 304 and seen(kept) == seen(anew)


# ---- Time

def test_midnight_of_the_organization_and_of_a_limit_s_zone(pair):
    set_clock(pair.daybook, "2026-05-20T14:00:00Z")
    pair.token = pair.daybook.token("acme", SCOPE, ttl="72h")
    pair.daybook.cmd("limit", "add", "acme", "tokyo", "--channels", "SMS", "--window", "day", "--zone", "Asia/Tokyo", "--amount", 10)
    readings = []
    # Tokyo's midnight is 15:00 UTC, Toronto's 04:00; the last is a clock that goes back.
    for when in ("2026-05-20T14:59:59Z", "2026-05-20T15:00:00Z", "2026-05-21T03:59:59Z", "2026-05-21T04:00:00Z", "2026-05-20T14:59:59Z"):
        set_clock(pair.daybook, when)
        readings.append(pair.all_same())
    assert readings[0] != readings[1] and readings[2] != readings[3] and readings[0] == readings[4]


# ---- Files

def test_a_restore_to_a_file_that_comes_to_the_same_revision(any_pair):
    daybook, copy = any_pair.daybook, any_pair.daybook.folder / "copy.db"
    daybook.cmd("backup", copy)
    assert campaign(any_pair, "one", "2026-05-25T15:00:00.000Z", 11).status == 201
    first = any_pair.all_same()
    daybook.cmd("restore", copy)
    assert campaign(any_pair, "two", "2026-05-25T15:00:00.000Z", 11).status == 201
    second = any_pair.all_same()
    assert b'"two"' not in first[0][2] and b'\\"two\\"' in second[0][2] and b'\\"one\\"' not in second[0][2]


def test_a_file_that_is_moved_away_and_another_in_its_place(pair):
    daybook = pair.daybook
    pair.all_same()
    other = daybook.folder / "other.db"
    daybook.cmd("backup", other)
    daybook.cmd("-d", other, "org", "set", "acme", "--name", "Elsewhere")
    pair.all_same()
    for end in ("", "-wal", "-shm", "-gate"):
        for name in (daybook.path, other):
            if os.path.exists(f"{name}{end}"):
                shutil.move(f"{name}{end}", str(daybook.path) + end if name == other else f"{daybook.folder}/away{end}")
    assert b"Elsewhere" in pair.same("settings", "/api/organizations/acme").body
    pair.all_same()


# ---- All kinds of writes, at random

def random_write(r, pair, n):
    at, day = ms(NOON) - r.randrange(20 * 86_400_000), f"2026-{r.choice(['05-2', '06-0'])}{r.randrange(1, 9)}"
    cmd = pair.daybook.cmd
    change = lambda verb: pair.daybook.cgi("campaigns", "POST", f"/api/campaigns/c{r.randrange(1, n + 1)}/{verb}", token=pair.token)  # noqa: E731
    r.choice([
        lambda: campaign(pair, f"c{n}", f"{day}T{r.randrange(10, 24)}:00:00.000Z", r.randrange(1, 60)),
        lambda: campaign(pair, f"c{n}", f"{day}T{r.randrange(10, 24)}:00:00.000Z", r.randrange(1, 60)),
        lambda: change("pause"), lambda: change("cancel"), lambda: change("resume"),
        lambda: post(pair, event(at, channel=r.choice(["SMS", "EMAIL", "CALL"]), messages=r.randrange(1, 5))),
        lambda: post(pair, event(at, status="failed", to=f"+1555010{r.randrange(3)}", reason='no "route"')),
        lambda: pair.daybook.cgi("events", "POST", f"/api/events/e{r.randrange(1, 200)}/void", body={"reason": "wrong"}, token=pair.token),
        lambda: cmd("org", "set", "acme", "--daily-limit", r.choice([90, 120, "unlimited"]), "--plan", r.choice(["growth", "pro"])),
        lambda: cmd("org", "set", "acme", "--name", f"Name {n}", "--cost-cap", r.choice([5, "none"])),
        lambda: cmd("org", "set", "acme", "--timezone", r.choice(["America/Toronto", "Asia/Tokyo", "Europe/Berlin"])),
        lambda: cmd("price", "set", r.choice(["SMS", "CALL"]), f"0.0{r.randrange(1, 99)}", "--from", day[:8] + "01", "--reprice"),
        lambda: cmd("limit", "add", "acme", f"l{n}", "--channels", "SMS", "--window", r.choice(["day", "cycle", "month"]), "--amount", 100),
        lambda: cmd("limit", "remove", "acme", f"l{r.randrange(1, n + 1)}", check=False),
        lambda: cmd("statement", "keep", "2026-04", check=False), lambda: cmd("erase", "--phone", "+15550101", check=False),
        lambda: cmd("setting", "set", "cors_origins", r.choice(["", "https://a.example", "https://a.example https://b.example"])),
        lambda: cmd("maintenance"), lambda: cmd("org", "add", f"o{n}", "--timezone", "UTC"), lambda: cmd("rebuild", "--days"),
        lambda: set_clock(pair.daybook, iso(ms(NOON) + r.randrange(0, 36) * 3600_000)),
    ])()


def test_thousands_of_readings_between_random_writes(pair):
    r = random.Random(SEED)
    campaign(pair, "c1", "2026-05-23T15:00:00.000Z", 20)
    n = done = 1
    tags = {}
    while done < READINGS:
        n += 1
        random_write(r, pair, n)
        for question in r.choices(READINGS_KEPT, k=12):
            headers = dict(r.choice(ACCEPTS))
            if r.random() < 0.3 and question in tags:
                headers["If-None-Match"] = tags[question]
            for _ in range(r.choice([1, 2, 3, 4])):
                kept, anew = pair.both(*question, headers=headers, method=r.choice(["GET", "GET", "GET", "HEAD"]))
                assert seen(kept) == seen(anew), (SEED, n, question, headers)
                done += 1
            tags[question] = kept.headers.get("etag", '"x"')
