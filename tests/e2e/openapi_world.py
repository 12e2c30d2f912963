"""The database that the requests of openapi_cases.py are made to, and how one is sent."""
import base64
import copy
import fcntl
import hashlib
import hmac
import json
import re
import time

import pytest

from conftest import ROOT, Daybook
from openapi_cases import CAMPAIGNS, CAMPAIGN_PATH, EVENTS, GOOD, PRICES, RESUME, STATEMENTS, instant, today_of
from openapi_document import ALIASES, OPERATIONS
from support import hold_again, program_sources

SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef"


# ---- The database that the requests are made to

def jwt(claims):
    """A token of our own making, for claims that `daybook token` does not sign."""
    def part(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=")
    text = part(b'{"alg":"HS256","typ":"JWT","kid":"ours"}') + b"." + part(json.dumps(claims).encode())
    return (text + b"." + part(hmac.new(SECRET.encode(), text, hashlib.sha256).digest())).decode()


def seed(d):
    """acme (limited), free (unlimited), tiny (parts, one a day), none (limit 0), full (limit 0, never changed), capped (5
    SMS a cycle), small (2 a day); campaigns in every state."""
    d.cmd("init")
    d.cmd("key", "add", "--kid", "main")
    d.cmd("setting", "set", "metrics_addresses", "127.0.0.1 ::1")
    d.cmd("key", "add", "--kid", "ours", "--file", "-", input=SECRET + "\n")
    d.cmd("org", "add", "acme", "--timezone", "Etc/UTC", "--daily-limit", "500", "--plan", "growth")
    d.cmd("org", "add", "free", "--timezone", "Asia/Kathmandu")
    d.cmd("org", "add", "tiny", "--timezone", "Etc/UTC", "--daily-limit", "1", "--quota-unit", "part")
    d.cmd("org", "add", "none", "--timezone", "Etc/UTC", "--daily-limit", "0")
    d.cmd("org", "add", "full", "--timezone", "Etc/UTC", "--daily-limit", "0")
    d.cmd("org", "add", "capped", "--timezone", "Etc/UTC", "--sms-cap", "5", "--cost-cap", "1.5")
    d.cmd("org", "add", "small", "--timezone", "Etc/UTC", "--daily-limit", "2")
    d.cmd("price", "set", "SMS", "0.0079", "--from", "2012-01-01")
    d.cmd("price", "set", "CALL", "0.013", "--from", "2012-01-01")
    day = int(time.time()) // 86400
    for number, status in enumerate(("draft", "scheduled", "sending", "paused", "sent", "failed", "cancelled")):
        d.sql("INSERT INTO campaign (key, org, id, name, is_segmented, created_at, updated_at) "
              "SELECT ?, key, ?, 'A campaign', ?, 1, 1 FROM organization WHERE id = 'acme'", number + 1, status, number % 2)
        d.sql("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, status) "
              "SELECT ?, 1, key, ?, ?, 10, ? FROM organization WHERE id = 'acme'", number + 1, day * 86400000, day, status)
    token = d.token("acme", "usage:write")
    sent = [{"id": f"seed-{channel}", "occurredAt": instant(), "channel": channel, "messages": 3, "parts": 4}
            for channel in ("SMS", "CALL", "EMAIL", "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK", "WHATSAPP", "SAGE")]
    failed = [{"id": f"seed-failed-{i}", "occurredAt": instant(), "status": "failed", "to": f"+1416555{i:04d}",
               "reason": "opted out", "campaignId": "sending", "segmentNumber": 1} for i in range(102)]
    reply = d.cgi("events", "POST", "/api/events", body=sent + failed, token=token)
    assert reply.status == 200 and reply.json["accepted"] == len(sent) + len(failed), reply
    # Of the day before: a paused campaign of capped, of which more is left than its cap allows, and an open segment of acme.
    d.sql("INSERT INTO campaign (key, org, id, name, is_segmented, created_at, updated_at) "
          "SELECT 100, key, 'overdue', 'A campaign', 0, 1, 1 FROM organization WHERE id = 'capped'")
    d.sql("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, status) "
          "SELECT 100, 1, key, ?, ?, 10, 'paused' FROM organization WHERE id = 'capped'", (day - 1) * 86400000, day - 1)
    d.sql("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, status) "
          "SELECT 2, 2, key, ?, ?, 10, 'scheduled' FROM organization WHERE id = 'acme'", (day - 1) * 86400000, day - 1)
    hold_again(d.sql)


class World:
    """The database, its tokens, and one FastCGI process for each program."""

    def __init__(self, folder):
        self.daybook = Daybook(folder)
        seed(self.daybook)
        scopes = "usage:read usage:write campaigns:write org:admin"
        self.tokens = {org: self.daybook.token(org, scopes)
                       for org in ("acme", "free", "tiny", "none", "full", "capped", "small")}
        self.tokens["backfill"] = self.daybook.token("acme", scopes + " usage:backfill")
        self.tokens["campaigns only"] = self.daybook.token("acme", "campaigns:write")
        self.tokens["reading only"] = self.daybook.token("acme", "usage:read")
        self.tokens["admin"] = self.daybook.token("acme", "admin")
        self.tokens["admin of nobody"] = self.daybook.token(None, "admin")
        self.tokens["admin of a ghost"] = jwt({"exp": int(time.time()) + 3600, "organizationId": "ghost", "scope": "admin"})
        self.tokens["reader of a ghost"] = jwt({"exp": int(time.time()) + 3600, "organizationId": "ghost", "scope": "usage:read"})
        self.api_key = self.daybook.cmd("apikey", "add", "--org", "acme", "--scope", scopes).stdout.strip()
        self.processes = {}
        self.campaigns = self.months = 0
        self.kept = {}

    def ask(self, program, *args, env=None, **options):
        if env is not None:
            return self.daybook.cgi(program, *args, env=env, **options)
        if program not in self.processes:
            self.processes[program] = self.daybook.fastcgi(program)
        return self.processes[program].ask(*args, **options)

    def key_of(self, org):
        """The number of a new API key; of no organization where that is not there."""
        if org == "ghost":
            return "1"
        self.daybook.cmd("apikey", "add", "--org", org, "--scope", "usage:read")
        return str(self.daybook.sql("SELECT max(number) FROM api_key k JOIN organization o ON o.key = k.org WHERE o.id = ?", org)[0][0])

    def price_of(self, org, check=True):
        """Prices that can be removed: of no event, and of events that now cost what they say."""
        for channel, usd, days, *more in (("SMS", "0.5", 2), ("EMAIL", "1", 0, "--reprice"), ("PUSH", "2", 0, "--reprice")):
            self.daybook.cmd("price", "set", channel, usd, "--from", today_of(days), "--org", org, *more, check=check)

    def limit_of(self, org, name="t-mobile"):
        """A limit of that organization, which is there, if the organization is."""
        self.daybook.sql("INSERT INTO limit_rule (org, name, channels, network, unit, period) SELECT key, ?, 'SMS', 'T-Mobile', 'part', 'day' "
                         "FROM organization WHERE id = ? ON CONFLICT DO NOTHING", name, org)
        self.daybook.sql("INSERT INTO limit_amount (rule, valid_from, amount) SELECT r.key, 20000, 5 FROM limit_rule r JOIN organization o "
                         "ON o.key = r.org WHERE r.name = ? AND o.id = ? ON CONFLICT DO NOTHING", name, org)
        self.daybook.sql("UPDATE organization SET revision = revision + 1, zone_revision = zone_revision + 1 WHERE id = ?", org)
        return name

    def fill_limits(self, org):
        """As many limits as an organization can have."""
        for n in range(45):
            self.limit_of(org, f"l{n}")

    def job_of(self, org, count=1, is_remote=0):
        """The number of the last of some new reprices, which were started just now and which have ended."""
        if org == "ghost":
            return "1"
        for _ in range(count):
            self.daybook.sql("INSERT INTO job (org, number, kind, channel, first_quarter, next_quarter, end_quarter, actor, is_remote, "
                             "started_at, updated_at, ended_at) SELECT key, (SELECT coalesce(max(number), 0) + 1 FROM job WHERE org = o.key), "
                             "'reprice', 'SMS', 1, 9, 9, (SELECT min(key) FROM actor), ?, ?, 2, 3 FROM organization o WHERE id = ?",
                             is_remote, int(time.time() * 1000), org)
        return str(self.daybook.sql("SELECT max(number) FROM job j JOIN organization o ON o.key = j.org WHERE o.id = ?", org)[0][0])

    def month(self):
        """A month that nobody has kept yet."""
        self.months += 1
        return f"{2013 + self.months // 12}-{self.months % 12 + 1:02}"

    def statement_of(self, org, later=False):
        """A month that was kept; later: with a row of each kind that came later."""
        if org == "ghost":
            return "2012-01"
        if org in self.kept and not later:
            return self.kept[org]
        month = self.month()
        self.kept.setdefault(org, month)
        reply = self.ask("statements", "POST", STATEMENTS.replace("{organizationId}", org), body={"month": month}, token=self.tokens[org])
        assert reply.status == 201, reply
        if later:
            at = {"occurredAt": month + "-09T12:00:00Z"}
            events = [{"id": month + "a", **at}, {"id": month + "b", **at, "channel": "CALL"}, {"id": month + "v", "voids": month + "a", "reason": "r"},
                      {"id": month + "s", "settles": month + "b", "cost": 1}, {"id": month + "f", **at, "status": "failed", "to": "+1", "reason": "r"}]
            token = self.daybook.token(org, "usage:write usage:backfill")
            reply = self.ask("events", "POST", EVENTS, body=events, token=token)
            assert reply.json["accepted"] == 5, reply
        return month

    def link(self):
        """The token of a new link that signs in."""
        return self.daybook.cmd("token", "--org", "acme", "--link").stdout.strip().partition("#token=")[2]

    def campaign(self, org="acme", **fields):
        """A new campaign of one contact, or what the fields say; its id."""
        self.campaigns += 1
        body = {"id": f"own-{self.campaigns}", "name": "A campaign", "contactCount": 1,
                "scheduledISO": instant((2 + self.campaigns % 300) * 86400000), **fields}
        if "segments" in fields:
            del body["contactCount"], body["scheduledISO"]
        reply = self.ask("campaigns", "POST", CAMPAIGNS, body=body, token=self.tokens[org])
        assert reply.status == 201, reply
        return body["id"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    w = World(tmp_path_factory.mktemp("openapi"))
    yield w
    w.daybook.close()


# ---- The programs' route tables

def lists(text):
    """The lists of words of a source by their names."""
    return {m[1]: re.findall(r'"([^"]+)"', m[2]) for m in re.finditer(r"const char \*const (\w+)\[\] = \{([^{}]*)NULL \}", text)}


def programs():
    """(method, path) -> what the program says of it."""
    out = {}
    shared = lists("".join(f.read_text() for f in (ROOT / "cgi-bin").glob("*/list.c")))
    for source in program_sources().values():
        text = source.read_text()
        names = {**shared, **lists(text)}
        for m in re.finditer(r'\{ (GET|POST|PUT|DELETE), "(/[^"]*)", (\w+), \w+(.*?) \}', text, re.S):
            query = re.search(r"\.query = (\w+)", m[4])
            out[m[1], m[2]] = {"program": source.stem, "scope": m[3], "dialect": re.search(r"\.dialect = (\w+)", text)[1],
                               "query": names[query[1]] if query else []}
    return out


ROUTES = programs()
PROGRAM = {(method, path): ROUTES[method, ALIASES.get(path, path)]["program"]
           for method, path in OPERATIONS if (method, ALIASES.get(path, path)) in ROUTES}


# ---- Sending a request

def campaign_for(world, case, owner):
    """A campaign that a good request of this operation can be made to."""
    make = {**({"status": "draft"} if case.operation == ("DELETE", CAMPAIGN_PATH) else {}), **case.options.get("make", {})}
    name = world.campaign(owner, **make)
    if case.operation == ("POST", RESUME):
        world.ask("campaigns", "POST", f"{CAMPAIGNS}/{name}/pause", token=world.tokens[owner])
    if "spent" in case.options:
        world.ask("campaigns", "POST", f"{CAMPAIGNS}/{name}/results", body={"id": "spent", "sent": case.options["spent"]},
                  token=world.tokens[owner])
    return name


def send(world, case):
    method, path = case.operation
    options = {"token": "acme", **copy.deepcopy(GOOD[case.operation])}
    options.update({k: v for k, v in case.options.items() if k in ("query", "body", "token", "headers", "env",
                                                                    "CONTENT_LENGTH", "REMOTE_ADDR")})
    owner = options["token"] if options["token"] in ("free", "capped") and "make" in case.options else "acme"
    options["token"] = world.link() if options["token"] == "link" else world.tokens.get(options["token"], options["token"])
    url = path.replace("{organizationId}", case.options.get("org", "acme"))
    if "{campaignId}" in path:
        url = url.replace("{campaignId}", case.options.get("campaign") or campaign_for(world, case, owner))
    if "{keyId}" in path:
        url = url.replace("{keyId}", case.options.get("key_id") or world.key_of(case.options.get("org", "acme")))
    if case.operation == ("DELETE", PRICES):
        org = case.options.get("org", "acme")
        world.price_of(org, check=org != "ghost" and not case.options.get("break_days"))
    if "{job}" in path:
        url = url.replace("{job}", case.options.get("job") or world.job_of(case.options.get("org", "acme")))
    if "{limit}" in path:
        org = case.options.get("org", "acme")
        url = url.replace("{limit}", case.options.get("limit") or world.limit_of(org))
        if case.options.get("fifty"):
            world.fill_limits(org)
    if case.operation == ("POST", STATEMENTS) and "body" not in case.options:
        options["body"] = {"month": world.month()}
    if "{month}" in path:
        month, org = case.options.get("month"), case.options.get("org", "acme")
        url = url.replace("{month}", month if month not in (None, "later") else world.statement_of(org, month == "later"))
    if case.options.get("repriced"):
        world.job_of(case.options["org"], case.options["repriced"], is_remote=1)
    headers = options.setdefault("headers", {})
    if case.options.get("key"):
        headers["X-API-Key"] = world.api_key
    # The web servers send GET and HEAD alone to the program that only lists events.
    program = PROGRAM[("POST", path) if case.options.get("verb") == "OPTIONS" and ("POST", path) in PROGRAM else case.operation]
    if case.options.get("reuse_etag"):
        headers["If-None-Match"] = world.ask(program, method, url, **options).headers["etag"]
    if case.options.get("reuse_for_match"):
        own = {"token": options["token"]}
        headers["If-Match"] = world.ask(program, "GET", url if ("GET", path) in PROGRAM else url.removesuffix(path.split("}")[1]), **own).headers["etag"]
    if case.options.get("next_page"):
        page = world.ask(program, method, url, **options).json
        options["query"].update({"after": page["data"]["next"]} if path == EVENTS else {"cursor": page["nextCursor"]})
    if case.options.get("first"):
        world.ask(program, method, url, **{**options, "body": case.options["first"]})
    if case.options.get("twice"):
        world.ask(program, method, url, **options)
    return world.ask(program, case.options.get("verb", method), url, **options)


def without_days(world, work):
    """The rows that cut the days taken away, as damage would, and put back; by a new process, which keeps none."""
    d = world.daybook
    rows = d.sql("SELECT org, from_at, utc_offset_s, zone, tzdata_version FROM zone_span")
    d.sql("DELETE FROM zone_span")
    try:
        return work()
    finally:
        for row in rows:
            d.sql("INSERT INTO zone_span VALUES (?, ?, ?, ?, ?)", *row)


def without_table(world, table, work):
    """A table away, as damage would have it, and back; by a new process."""
    world.daybook.sql(f"ALTER TABLE {table} RENAME TO away")
    try:
        return work()
    finally:
        world.daybook.sql(f"ALTER TABLE away RENAME TO {table}")


def with_gate(world, work):
    """Another process holds the writers' gate for longer than anybody waits."""
    with open(str(world.daybook.path) + "-gate", "r+b") as gate:
        fcntl.lockf(gate, fcntl.LOCK_EX, 2)
        return work()
