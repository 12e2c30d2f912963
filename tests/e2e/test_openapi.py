"""docs/openapi.yaml against the running programs, the route tables of cgi-bin/ and the vendors' own documents.

CASES has one request or more for every operation and every documented status that can be provoked; the table itself
is checked to be complete.  Each reply must have a documented status, media type, headers and body.
"""
import base64
import copy
import datetime
import fcntl
import hashlib
import hmac
import json
import re
import time

import jsonschema
import pytest
import yaml

from conftest import ROOT, Daybook
from support import program_sources

API = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
METHODS = ("get", "post", "put", "delete")
OPERATIONS = {(method.upper(), path): operation for path, item in API["paths"].items()
              for method, operation in item.items() if method in METHODS}

# Asked where there is no database yet: test_setup.py has their requests.
ELSEWHERE = {("GET", "/setup"), ("POST", "/setup")}
ASKED = [operation for operation in OPERATIONS if operation not in ELSEWHERE]

# The vendor has a second name for one path; the program's route is the tail of both.
ALIASES = {"/account/organization/usage": "/organization/usage"}

# Documented because the vendor documents them; no reading has them.
NEVER = {(path, status) for status in ("402", "502")
         for path in ("/organization/usage", "/account/organization/usage", "/organization/usage/history")}

# What a reply may leave out.  Everything else in a reply is required, and this is checked.
OPTIONAL = {"segmentNumber", "nextAvailableDate", "daysUntilAvailable", "fix", "WHATSAPP", "SAGE"}
OPTIONAL_IN_VALIDATE_DATE = {"message"}
OPTIONAL_IN_RESULTS = {"id", "error", "warning"}

# Null where there is none.
NULL_OR_TEXT = {"campaignId", "to", "reason", "voids"}

SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef"


# ---- OpenAPI 3.0 as JSON Schema

def resolve(node):
    while "$ref" in node:
        target = API
        for name in node["$ref"][2:].split("/"):
            target = target[name]
        node = target
    return node


def converted(node):
    """A schema of OpenAPI 3.0 as one of JSON Schema: references are written out, nullable becomes a type."""
    if isinstance(node, list):
        return [converted(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = resolve(node)
    out = {name: {k: converted(v) for k, v in value.items()} if name == "properties" else converted(value)
           for name, value in node.items() if name not in ("nullable", "example", "description")}
    if node.get("nullable"):
        return {"anyOf": [{"type": "null"}, out]}
    return out


class Number(float):
    """A JSON number that remembers how it was written."""
    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number


def no_key_twice(pairs):
    assert len({key for key, _ in pairs}) == len(pairs), f"a key twice: {pairs}"
    return dict(pairs)


def is_integer(_, value):
    """5.0 is no integer in a reply, whatever JSON Schema says of it."""
    return isinstance(value, int) and not isinstance(value, bool)


Validator = jsonschema.validators.extend(
    jsonschema.Draft7Validator, type_checker=jsonschema.Draft7Validator.TYPE_CHECKER.redefine("integer", is_integer))


def errors(schema, value):
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
            for e in Validator(converted(schema), format_checker=jsonschema.FormatChecker()).iter_errors(value)]


def component(name):
    return {"$ref": "#/components/schemas/" + name}


# ---- The database that the requests are made to

def instant(ms=0):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(milliseconds=ms)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def today_of(days=0):
    """Only for organisations in UTC."""
    return (datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=days)).isoformat()


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
    # The day before: an open segment that has ended.
    d.sql("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, status) "
          "SELECT 2, 2, key, ?, ?, 10, 'scheduled' FROM organization WHERE id = 'acme'", (day - 1) * 86400000, day - 1)


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
        self.campaigns = 0

    def ask(self, program, *args, env=None, **options):
        if env is not None:
            return self.daybook.cgi(program, *args, env=env, **options)
        if program not in self.processes:
            self.processes[program] = self.daybook.fastcgi(program)
        return self.processes[program].ask(*args, **options)

    def key_of(self, org):
        """The number of a new API key; of no organisation where that is not there."""
        if org == "ghost":
            return "1"
        self.daybook.cmd("apikey", "add", "--org", org, "--scope", "usage:read")
        return str(self.daybook.sql("SELECT max(key) FROM api_key")[0][0])

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

def programs():
    """(method, path) -> what the program says of it."""
    out = {}
    for source in program_sources().values():
        text = source.read_text()
        names = {m[1]: re.findall(r'"([^"]+)"', m[2])
                 for m in re.finditer(r"static const char \*const (\w+)\[\] = \{([^{}]*)NULL \}", text)}
        for m in re.finditer(r'\{ (GET|POST|PUT|DELETE), "(/[^"]*)", (\w+), \w+(.*?) \}', text, re.S):
            query = re.search(r"\.query = (\w+)", m[4])
            out[m[1], m[2]] = {"program": source.stem, "scope": m[3], "dialect": re.search(r"\.dialect = (\w+)", text)[1],
                               "query": names[query[1]] if query else []}
    return out


ROUTES = programs()
PROGRAM = {(method, path): ROUTES[method, ALIASES.get(path, path)]["program"]
           for method, path in OPERATIONS if (method, ALIASES.get(path, path)) in ROUTES}


def test_every_route_of_the_programs_is_documented_and_nothing_else():
    documented = {(method, ALIASES.get(path, path)) for method, path in OPERATIONS}
    assert len(ROUTES) >= 20, "the route tables could not be read"
    assert documented == set(ROUTES)
    assert {r["program"] for r in ROUTES.values()} == set(program_sources())


@pytest.mark.parametrize("method, path", OPERATIONS)
def test_parameters_and_scope_are_those_of_the_route(method, path):
    operation, route = OPERATIONS[method, path], ROUTES[method, ALIASES.get(path, path)]
    parameters = [resolve(p) for p in operation.get("parameters", [])]
    assert [p["name"] for p in parameters if p["in"] == "query"] == route["query"]
    assert {p["name"] for p in parameters if p["in"] == "path"} == set(re.findall(r"\{(\w+)\}", path))
    if route["scope"] == "0":
        assert operation["security"] == []
    elif route["scope"] == "SCOPE_ANY":
        assert "Needs a valid credential, whatever its scopes." in operation["description"] and "security" not in operation
    else:
        scope = route["scope"].removeprefix("SCOPE_").lower().replace("_", ":")
        assert f"Needs the scope `{scope}`." in operation["description"] and "security" not in operation
    has_if_none_match = any(p["name"] == "If-None-Match" for p in parameters)
    assert has_if_none_match == ("304" in operation["responses"])


def test_the_document_is_whole():
    text = (ROOT / "docs/openapi.yaml").read_text()
    assert API["openapi"] == "3.0.3"
    assert API["info"]["version"] == re.search(r"^VERSION = (\S+)", (ROOT / "Makefile").read_text(), re.M)[1]
    for ref in re.findall(r"\$ref: '(#/[^']+)'", text):
        assert resolve({"$ref": ref})
    for kind, members in API["components"].items():
        for name in members:
            assert kind == "securitySchemes" or f"'#/components/{kind}/{name}'" in text, f"{name} is used nowhere"
    ids = [o["operationId"] for o in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)
    tags = {t["name"] for t in API["tags"]}
    for operation in OPERATIONS.values():
        assert operation["summary"] and operation["description"] and set(operation["tags"]) <= tags
    for name, schema in API["components"]["schemas"].items():
        Validator.check_schema(converted(schema))


# ---- The requests

CALENDAR, SLOT = "/api/campaigns/usage-calendar", "/api/campaigns/next-available-slot"
VALIDATE, PLANNER = "/api/campaigns/validate-date", "/api/campaigns/auto-segment"
CAMPAIGNS, CAMPAIGN_PATH = "/api/campaigns", "/api/campaigns/{campaignId}"
CANCEL, PAUSE, RESUME, RESULTS = (f"{CAMPAIGN_PATH}/{verb}" for verb in ("cancel", "pause", "resume", "results"))
USAGE, ACCOUNT, HISTORY = "/organization/usage", "/account/organization/usage", "/organization/usage/history"
CAPS = "/account/organization"
COUNTS, EVENTS = "/organizations/{organizationId}/usage", "/api/events"
SETTINGS = "/api/organizations/{organizationId}"
SESSION = "/api/session"
PROFILE = SETTINGS + "/profile"
KEYS, PRICES, AUDIT = SETTINGS + "/api-keys", SETTINGS + "/prices", SETTINGS + "/audit"
KEY = KEYS + "/{keyId}"
ZONE, PLAN, LIMITS = SETTINGS + "/timezone", SETTINGS + "/plan", SETTINGS + "/limits"

GOOD = {
    ("GET", CALENDAR): {"query": {"from": today_of(-2), "to": today_of(2)}},
    ("GET", SLOT): {"query": {"contactCount": 250}},
    ("POST", VALIDATE): {"body": {"scheduledISO": instant(86400000), "contactCount": 1}},
    ("POST", PLANNER): {"body": {"totalContacts": 1200}},
    ("GET", CAMPAIGNS): {},
    ("POST", CAMPAIGNS): {"body": {"name": "A campaign", "contactCount": 1, "scheduledISO": instant(40 * 86400000)}},
    ("GET", CAMPAIGN_PATH): {},
    ("PUT", CAMPAIGN_PATH): {"body": {"name": "Another name"}},
    ("DELETE", CAMPAIGN_PATH): {},
    ("POST", CANCEL): {},
    ("POST", PAUSE): {},
    ("POST", RESUME): {},
    ("POST", RESULTS): {"body": {"id": "r1", "sent": 1}},
    ("GET", USAGE): {},
    ("GET", ACCOUNT): {},
    ("GET", CAPS): {},
    ("GET", HISTORY): {"query": {"startDate": "2026-01-15", "endDate": today_of()}},
    ("GET", COUNTS): {"query": {"startDate": 0, "endDate": 4102444800000}},
    ("POST", EVENTS): {"body": {"id": "good", "occurredAt": instant()}},
    ("GET", EVENTS): {"query": {"from": today_of(-1), "to": today_of()}},
    ("GET", SETTINGS): {},
    ("GET", KEYS): {},
    ("POST", KEYS): {"body": {"name": "sender", "scopes": ["usage:read"]}},
    ("DELETE", KEY): {},
    ("GET", PRICES): {},
    ("POST", PRICES): {"body": {"channel": "SMS", "usd": "0.0079", "validFrom": today_of(1)}},
    ("GET", AUDIT): {},
    ("PUT", PROFILE): {"body": {"name": "Acme Ltd", "weekStart": 7}},
    ("PUT", ZONE): {"body": {"timezone": "Etc/UTC"}},
    ("PUT", PLAN): {"body": {"plan": "growth"}},
    ("PUT", LIMITS): {"body": {"dailyLimit": 500}},
    ("GET", SESSION): {},
    ("GET", "/health"): {"token": None},
    ("GET", "/metrics"): {"token": None},
}

HAS_CSV = [o for o, operation in OPERATIONS.items() if "text/csv" in operation["responses"].get("200", {}).get("content", {})]

# What a good request is answered; else it is 200.
GOOD_STATUS = {("POST", CAMPAIGNS): 201, ("POST", KEYS): 201, ("DELETE", CAMPAIGN_PATH): 204}


class Case:
    """One request: what differs from the good one, and the status that it must have."""

    def __init__(self, name, operation, status, **options):
        self.name, self.operation, self.status, self.options = name, operation, str(status), options

    def __repr__(self):
        return f"{self.operation[0]} {self.operation[1]} {self.status} {self.name}"


def add_campaign_cases(add):
    """Planning, and the campaigns themselves."""
    ahead = instant(50 * 86400000)
    validate, planner = ("POST", VALIDATE), ("POST", PLANNER)
    add("more than a day", validate, 200, body={"scheduledISO": ahead, "contactCount": 501})
    add("a day that is over", validate, 200, body={"scheduledISO": instant(-2 * 86400000), "contactCount": 1})
    add("an unlimited plan", validate, 200, token="free")
    add("every field", validate, 200, body={"scheduledISO": ahead, "contactCount": 0, "excludeCampaignId": "nobody",
                                            "partsPerContact": 2})
    add("no instant", validate, 400, body={"scheduledISO": "tomorrow", "contactCount": 1})
    add("no contactCount", validate, 400, body={"scheduledISO": ahead})

    add("an unlimited plan", planner, 200, token="free")
    add("a limit of 0", planner, 200, token="full")
    add("every field", planner, 200, body={
        "totalContacts": 7, "firstSegmentDate": today_of(3), "firstSegmentTime": "09:30:15",
        "timezone": "Australia/Lord_Howe", "partsPerContact": 3})
    add("more than 366 days", planner, 400, body={"totalContacts": 500 * 366 + 1})
    add("a date that is past", planner, 400, body={"totalContacts": 1, "firstSegmentDate": today_of(-2)})
    add("a zone that there is not", planner, 400, body={"totalContacts": 1, "timezone": "Mars/Olympus"})
    add("no time", planner, 400, body={"totalContacts": 1, "firstSegmentTime": "24:00"})

    many, new, one = ("GET", CAMPAIGNS), ("POST", CAMPAIGNS), {"name": "One", "contactCount": 1, "scheduledISO": ahead}
    add("a page", many, 200, query={"limit": 2})
    add("the next page", many, 200, query={"limit": 2, "cursor": "c6"})
    add("by status and days", many, 200, query={"status": "paused", "from": today_of(-1), "to": today_of(1)})
    add("another organisation's", many, 200, token="free")
    for query in ("status=open", "from=yesterday", "from=2026-03-02&to=2026-03-01", "limit=0", "limit=201", "cursor=7",
                  "page=2"):
        add(query, many, 400, query=query)

    add("the same again", new, 200, body={"id": "again", **one}, twice=True)
    add("the id of another one", new, 409, body={"id": "again", **one, "name": "Two"}, first={"id": "again", **one})
    add("an unlimited plan", new, 201, token="free")
    add("slices", new, 201, body={"name": "Slices", "segments": [
        {"scheduledISO": ahead, "contactCount": 2}, {"scheduledISO": instant(51 * 86400000), "contactCount": 3}]})
    add("planned", new, 201, body={"name": "Planned", "autoSegment": {
        "totalContacts": 3, "firstSegmentDate": today_of(60), "partsPerContact": 2}})
    add("a draft", new, 201, body={**one, "status": "draft", "contactCount": 1000000000})
    add("more than a day", new, 409, body={**one, "contactCount": 501})
    add("a day without room", new, 409, token="small", body={**one, "contactCount": 2}, first=one)
    add("planned with a limit of 0", new, 409, token="full", body={"name": "Planned", "autoSegment": {"totalContacts": 3}})
    add("more than a cap has", new, 402, token="capped", body={**one, "contactCount": 6})
    add("an instant that is past", new, 400, body={**one, "scheduledISO": instant(-1000)})

    get, put, delete = ((method, CAMPAIGN_PATH) for method in ("GET", "PUT", "DELETE"))
    for state in ("draft", "scheduled", "sending", "paused", "sent", "failed", "cancelled"):
        add(f"one that is {state}", get, 200, campaign=state)
    add("failed contacts by pages", get, 200, campaign="sending", query={"limit": 50})
    add("the last page", get, 200, campaign="sending", query={"limit": 100}, next_page=True)
    for query in ("limit=0", "limit=1001", "cursor=7"):
        add(query, get, 400, query=query)

    add("moved and resized", put, 200, body={"contactCount": 2, "scheduledISO": ahead, "partsPerContact": 2})
    add("one slice", put, 200, body={"segments": [{"segmentNumber": 2, "contactCount": 5}]}, make={"segments": [
        {"scheduledISO": ahead, "contactCount": 2}, {"scheduledISO": instant(51 * 86400000), "contactCount": 3}]})
    add("a draft that is ready", put, 200, body={"status": "scheduled"}, make={"status": "draft"})
    add("a draft whose time is past", put, 400, campaign="draft", body={"status": "scheduled"})
    add("more than a day", put, 409, body={"contactCount": 501})
    add("one that has ended", put, 409, body={"contactCount": 3}, campaign="sent")
    add("fewer than are spent", put, 409, body={"contactCount": 1}, make={"contactCount": 3}, spent=2)
    add("back to a draft", put, 409, body={"status": "draft"})
    add("an instant that is past", put, 400, body={"scheduledISO": instant(-1000)})
    add("more than a cap has", put, 402, token="capped", body={"contactCount": 6}, make={})
    add("one that is no draft", delete, 409, campaign="scheduled")

    for path, states in ((CANCEL, ("sent", "failed", "cancelled")), (PAUSE, ("draft", "paused", "sent", "cancelled")),
                         (RESUME, ("draft", "sending", "failed"))):
        for state in states:
            add(f"one that is {state}", ("POST", path), 409, campaign=state)
    add("one that is sending", ("POST", PAUSE), 200, make={"contactCount": 3}, spent=2)
    add("one whose time is past", ("POST", RESUME), 400, campaign="paused")

    results = ("POST", RESULTS)
    failed = [{"phoneNumber": "+14165550100", "reason": "opted out"}]
    add("every field", results, 200, body={"id": "r", "segmentNumber": 1, "occurredAt": instant(), "sent": 1, "parts": 2,
                                           "failed": failed, "done": True})
    add("the same again", results, 200, body={"id": "twice", "failed": failed}, twice=True)
    add("more than its contacts", results, 200, body={"id": "r", "sent": 100})
    add("of a campaign that has ended", results, 200, campaign="cancelled", body={"id": f"r{time.time_ns()}", "sent": 1})
    add("the id of another report", results, 409, body={"id": "r1", "sent": 9}, first={"id": "r1", "sent": 1})
    add("nothing at all", results, 400, body={"id": "r"})
    add("a segment that there is not", results, 400, body={"id": "r", "sent": 1, "segmentNumber": 7})
    add("an instant ahead", results, 400, body={"id": "r", "sent": 1, "occurredAt": ahead})
    add("10,001 failures", results, 413, body={"id": "r", "failed": failed * 10001})


def build_cases():
    cases = []

    def add(name, operation, status, **options):
        cases.append(Case(name, operation, status, **options))

    big, long_query = "[" + " " * 300000, "x=" + "y" * 9000
    for operation in ASKED:
        method, path = operation
        documented = OPERATIONS[operation]
        invalid = 422 if path == COUNTS else 400
        good = GOOD_STATUS.get(operation, 200)
        add("a good request", operation, good)
        add("a query that is too long", operation, invalid, query=long_query)
        add("a body shorter than its Content-Length", operation, invalid, CONTENT_LENGTH="99", body=b"{")
        add("a body that is too long", operation, 413,
            body="[" + " " * ({EVENTS: 17, RESULTS: 3}[path] << 20) if path in (EVENTS, RESULTS) else big)
        for other in ("PATCH", "DELETE", "POST", "GET"):
            if (other, path) in OPERATIONS:
                continue
            add(f"the method {other}", operation, 405, verb=other)
        add("no database", operation, 503, env={"DAYBOOK_DB": "/nonexistent/daybook.db"})
        if path in ("/health", "/metrics"):
            continue
        if path in (KEYS, KEY):
            add("the table of keys is lost", operation, 500, break_keys=True, key_id="1")
        else:
            add("the days of the organisation are lost", operation, 500, break_days=True)
        add("an API key", operation, good, token=None, key=True)
        add("no credential", operation, 401, token=None)
        add("a damaged token", operation, 401, token="eyJhbGciOiJub25lIn0.e30.")
        writes_campaigns = "Needs the scope `campaigns:write`." in documented["description"]
        wrong = 200 if path == SESSION else 403
        add("a token without the scope", operation, wrong, token="reading only" if writes_campaigns else "campaigns only")
        add("an organisation that is not there, asked by admin", operation, 404, token="admin of a ghost", org="ghost")
        if "{organizationId}" in path:
            add("another organisation's", operation, 403, org="free")
            add("an organisation that is not there", operation, 403, org="ghost")
            add("another organisation's, by admin", operation, good, token="admin of nobody", org="tiny")
        else:
            add("a token that names no organisation", operation, wrong, token="admin of nobody")
        if "304" in documented["responses"]:
            add("a reply that the client has", operation, 304, reuse_etag=True)
        if method != "GET" or path == SESSION:
            add("an unknown query parameter", operation, 400, query="colour=blue")
        if method != "GET":
            add("another media type", operation, 415, body=b"{}", headers={"Content-Type": "text/plain"})
        if "requestBody" in documented:
            add("an empty body", operation, 400, body=b"")
            add("no JSON", operation, 400, body=b"{")
            add("an unknown field", operation, 400, body={"colour": "blue"})
        if "{campaignId}" in path:
            add("a campaign that there is not", operation, 404, campaign="nobody")
            add("another organisation's campaign", operation, 404, token="free")
        if "412" in documented["responses"]:
            add("a version that is gone", operation, 412, headers={"If-Match": '"AAAAAAAAAAAAAAAAAAAAAAAA"'})
            add("the version that was read", operation, good, reuse_for_match=True)
            add("any version", operation, good, headers={"If-Match": "*"})

    calendar = ("GET", CALENDAR)
    add("an unlimited plan", calendar, 200, token="free")
    add("parts", calendar, 200, token="tiny")
    add("one day", calendar, 200, query={"from": "2024-02-29", "to": "2024-02-29"})
    add("366 days", calendar, 200, query={"from": "2024-01-01", "to": "2024-12-31"})
    add("367 days", calendar, 400, query={"from": "2024-01-01", "to": "2025-01-01"})
    add("nothing given", calendar, 400, query={})
    add("no to", calendar, 400, query={"from": "2026-01-01"})
    add("no date", calendar, 400, query={"from": "2026-02-30", "to": "2026-03-01"})
    add("out of order", calendar, 400, query={"from": "2026-03-02", "to": "2026-03-01"})
    add("from twice", calendar, 400, query="from=2026-03-01&from=2026-03-01&to=2026-03-01")
    add("a cache-buster", calendar, 200, query="from=2026-03-01&to=2026-03-01&_=17")

    slot = ("GET", SLOT)
    add("nothing given", slot, 200, query={})
    add("an unlimited plan", slot, 200, token="free")
    add("more than a day", slot, 200, query={"contactCount": 501})
    add("parts", slot, 200, token="tiny", query={"contactCount": 1, "partsPerContact": 2})
    add("a limit of 0", slot, 200, token="none", query={})
    for count in ("-1", "1.5", "abc", "", "1000000000001"):
        add(f"contactCount {count!r}", slot, 400, query="contactCount=" + count)
    add("partsPerContact 0", slot, 400, query={"partsPerContact": 0})

    for operation in HAS_CSV:
        query = GOOD[operation].get("query", {})
        add("as CSV", operation, 200, query={**query, "format": "csv"})
        add("as CSV, by its header", operation, 200, headers={"Accept": "text/csv"})
        if "304" in OPERATIONS[operation]["responses"]:
            add("a CSV that the client has", operation, 304, query={**query, "format": "csv"}, reuse_etag=True)
        add("another format", operation, 400, query={**query, "format": "xml"})

    add_campaign_cases(add)
    add("the caps", ("GET", CAPS), 200, token="capped")
    add("a cache-buster", ("GET", CAPS), 200, query="_=17")
    for path in (USAGE, ACCOUNT):
        add("an organisation without traffic", ("GET", path), 200, token="free")
    history = ("GET", HISTORY)
    add("120 months", history, 200, query={"startDate": "2016-01-31", "endDate": "2025-12-01"})
    add("121 months", history, 400, query={"startDate": "2016-01-31", "endDate": "2026-01-01"})
    add("nothing given", history, 400, query={})
    add("out of order", history, 400, query={"startDate": "2026-01-02", "endDate": "2026-01-01"})

    counts = ("GET", COUNTS)
    add("an empty range", counts, 200, query={"startDate": 0, "endDate": 0})
    add("ragged ends", counts, 200, query={"startDate": 1779249600001, "endDate": 1779336000007})
    add("nothing given", counts, 422, query={})
    add("seconds", counts, 422, query={"startDate": 1779249600, "endDate": 1779336000})
    add("out of order", counts, 422, query={"startDate": 1779336000000, "endDate": 1779249600000})
    add("a date", counts, 422, query={"startDate": "2026-05-20", "endDate": "2026-05-21"})

    events = ("POST", EVENTS)
    now = instant()
    add("a busy database", events, 503, hold_gate=True)
    add("a busy database", ("PUT", LIMITS), 503, hold_gate=True)
    add("a duplicate", events, 200, body={"id": "dup", "occurredAt": now}, twice=True)
    add("everything at once", events, 200, body=[
        {"id": "all-1", "occurredAt": now}, {"id": "all-1", "occurredAt": now},
        {"id": "all-1", "occurredAt": now, "parts": 2},
        {"id": "all-2"}, {"id": "all-3", "occurredAt": now, "campaignId": "nobody"}, 7, {"id": 7}])
    add("only conflicts", events, 409, body={"id": "seed-SMS", "occurredAt": now, "parts": 9})
    add("only rejected ones", events, 400, body=[{"id": "r"}, {"occurredAt": now}])
    add("a conflict and a rejected one", events, 400, body=[{"id": "seed-SMS", "occurredAt": now, "parts": 9}, {}])
    add("an empty array", events, 400, body=[])
    add("something beside events", events, 400, body={"events": [{"id": "b", "occurredAt": now}], "more": 1})
    add("10,001 events", events, 413, body=[{}] * 10001)
    enforced = {"query": "enforce=true"}
    add("enforced, and there is room", events, 200, body={"id": "enforced", "occurredAt": now}, **enforced)
    add("enforced, on a full day", events, 429, token="full", body={"id": "q", "occurredAt": now}, **enforced)
    add("enforced, yesterday", events, 429, token="full", body={"id": "y", "occurredAt": instant(-86400000)}, **enforced)
    add("enforced, more than a cap has", events, 402, token="capped",
        body={"id": "q", "occurredAt": now, "messages": 6}, **enforced)
    add("enforced, a cost above its cap", events, 402, token="capped",
        body={"id": "q", "occurredAt": now, "channel": "CALL", "cost": 2}, **enforced)
    add("enforced, and one of two has room", events, 200, token="small", body=[
        {"id": "s1", "occurredAt": now, "messages": 2}, {"id": "s2", "occurredAt": now}], **enforced)
    add("enforced, one without room among bad ones", events, 429, token="full", body=[
        {"id": "q", "occurredAt": now}, {"id": "bad"}, 7], **enforced)
    add("enforced, of a channel without a limit", events, 200, token="full",
        body={"id": "mail", "occurredAt": now, "channel": "EMAIL"}, **enforced)
    add("enforced, a failed contact", events, 200, token="full",
        body={"id": "f", "occurredAt": now, "status": "failed", "to": "+1", "reason": "x"}, **enforced)
    add("not enforced", events, 200, token="full", body={"id": "plain", "occurredAt": now}, query="enforce=false")
    add("enforced perhaps", events, 400, query="enforce=perhaps")
    add("enforced twice", events, 400, query="enforce=true&enforce=true")

    add("an organisation that is not there", ("GET", SESSION), 403, token="reader of a ghost")
    listed = {"from": today_of(-1), "to": today_of()}
    add("every parameter", ("GET", EVENTS), 200, query={**listed, "limit": 5, "channel": "SMS", "status": "failed", "campaignId": "sending"})
    add("the next page", ("GET", EVENTS), 200, query={**listed, "limit": 50}, next_page=True)
    for query in ("from=2026-01-01", "from=2026-01-01&to=2027-02-05", "from=2026-01-02&to=2026-01-01", "from=2026-01-01&to=2026-01-01&after=x"):
        add(query, ("GET", EVENTS), 400, query=query)
    add("more scopes than the caller has", ("POST", KEYS), 403, body={"scopes": ["usage:backfill"]})
    add("the scope admin", ("POST", KEYS), 400, body={"scopes": ["admin"]})
    add("a key that is not there", ("DELETE", KEY), 404, key_id="99999")
    add("again", ("DELETE", KEY), 200, twice=True)
    add("a day with events", ("POST", PRICES), 409, body={"channel": "SMS", "usd": 1, "validFrom": today_of()})
    add("every field", ("POST", PRICES), 200, body={"channel": "PUSH", "usd": 0.000000001, "validFrom": today_of(), "reprice": True})
    add("a page", ("GET", AUDIT), 200, query={"limit": 2})
    add("the oldest", ("GET", AUDIT), 200, query={"limit": 1, "before": 3})
    add("no limit", ("GET", AUDIT), 400, query={"limit": 0})
    add("every field", ("PUT", LIMITS), 200, body={
        "dailyLimit": 500, "quotaUnit": "message", "cycleDay": 31, "messagesCap": 1, "costCap": "12.345678", "smsCap": 2,
        "callCap": 3, "allowOverage": True})
    add("no limits", ("PUT", LIMITS), 200, token="admin", org="tiny", body={
        "dailyLimit": None, "messagesCap": None, "costCap": None, "smsCap": None, "callCap": None})
    add("fewer than are reserved", ("PUT", LIMITS), 200, body={"dailyLimit": 1}, undo={"dailyLimit": 500})
    add("a wrong type", ("PUT", LIMITS), 400, body={"dailyLimit": "500"})
    add("no plan", ("PUT", PLAN), 400, body={})
    add("a zone that there is not", ("PUT", ZONE), 400, body={"timezone": "Mars/Olympus"})
    add("another zone, with all days cut anew", ("PUT", ZONE), 200, body={"timezone": "Pacific/Kiritimati",
        "recutHistory": True}, undo={"timezone": "Etc/UTC", "recutHistory": True})
    add("another address", ("GET", "/metrics"), 403, REMOTE_ADDR="192.0.2.1")
    add("the days of an organisation are lost", ("GET", "/metrics"), 500, break_days=True)
    return cases


CASES = build_cases()


def test_the_cases_cover_every_documented_status():
    documented = {(*operation, status) for operation in ASKED for status in OPERATIONS[operation]["responses"]}
    tried = {(*case.operation, case.status) for case in CASES}
    never = {(method, path, status) for method, path, status in documented if (path, status) in NEVER}
    assert tried - documented == set(), "tried, but not documented"
    assert documented - tried == never, "documented, but never tried"
    assert {(path, status) for _, path, status in never} == NEVER


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
    options["token"] = world.tokens.get(options["token"], options["token"])
    url = path.replace("{organizationId}", case.options.get("org", "acme"))
    if "{campaignId}" in path:
        url = url.replace("{campaignId}", case.options.get("campaign") or campaign_for(world, case, owner))
    if "{keyId}" in path:
        url = url.replace("{keyId}", case.options.get("key_id") or world.key_of(case.options.get("org", "acme")))
    headers = options.setdefault("headers", {})
    if case.options.get("key"):
        headers["X-API-Key"] = world.api_key
    program = PROGRAM[case.operation]
    if case.options.get("reuse_etag"):
        headers["If-None-Match"] = world.ask(program, method, url, **options).headers["etag"]
    if case.options.get("reuse_for_match"):
        own = {"token": options["token"]}
        headers["If-Match"] = world.ask(program, "GET", url.removesuffix(path.split("}")[1]), **own).headers["etag"]
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


def without_keys(world, work):
    """The API keys' table away, as damage would have it, and back; by a new process."""
    world.daybook.sql("ALTER TABLE api_key RENAME TO away")
    try:
        return work()
    finally:
        world.daybook.sql("ALTER TABLE away RENAME TO api_key")


def with_gate(world, work):
    """Another process holds the writers' gate for longer than anybody waits."""
    with open(str(world.daybook.path) + "-gate", "r+b") as gate:
        fcntl.lockf(gate, fcntl.LOCK_EX, 2)
        return work()


def check_headers(reply, response):
    documented = {name.lower(): resolve(header) for name, header in response.get("headers", {}).items()}
    for name, header in documented.items():
        assert name in reply.headers or not header["required"], f"{name} is missing"
        if name in reply.headers:
            assert errors(header["schema"], reply.headers[name]) == []
    for name in ("etag", "allow", "retry-after", "www-authenticate", "x-request-id", "location",
                 "idempotent-replayed", "vary", "x-next-cursor"):
        assert name not in reply.headers or name in documented, f"{name} is not documented"
    is_page = reply.headers.get("content-type") == "text/html; charset=utf-8"
    is_secret = is_page or b'"apiKey":' in reply.body or b'"secret"' in reply.body
    assert reply.headers["cache-control"] == ("no-store" if is_secret else "private, no-cache")
    assert reply.headers["x-content-type-options"] == "nosniff"


def check_reply(operation, reply):
    """The reply is one that the document allows; returns its body."""
    responses = OPERATIONS[operation]["responses"]
    assert str(reply.status) in responses, f"{reply.status} is not documented"
    response = resolve(responses[str(reply.status)])
    check_headers(reply, response)
    if "content" not in response:
        assert reply.body == b"" and "content-type" not in reply.headers
        return None
    media = reply.headers["content-type"].split(";")[0]
    assert media in response["content"], f"{media} is not documented"
    assert int(reply.headers["content-length"]) == len(reply.body)
    schema = response["content"][media]["schema"]
    assert ("content-disposition" in reply.headers) == (media == "text/csv")
    if media == "application/json":
        assert reply.headers["content-type"] == "application/json; charset=utf-8"
        body = json.loads(reply.body, parse_float=Number, object_pairs_hook=no_key_twice)
    else:
        body = reply.body.decode()
        assert media != "text/csv" or reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert errors(schema, body) == [], reply
    if isinstance(body, dict) and "trackingId" in body:
        assert body["trackingId"] == reply.headers["x-request-id"]
    return body


def numbers(value):
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from numbers(item)
    elif isinstance(value, Number):
        yield value


def check_campaign(campaign):
    segments = campaign["segments"]
    assert segments[0]["segmentNumber"] == 1
    assert campaign["contactCount"] == sum(s["contactCount"] for s in segments)
    for s in segments:
        is_open = s["status"] in ("scheduled", "sending", "paused")
        assert is_open or s["reserved"] == 0
        assert s["reserved"] <= s["contactCount"] * campaign["partsPerContact"]


def rules_beyond_schemas(case, body):
    """What OpenAPI cannot say."""
    if isinstance(body, str):
        return
    for number in numbers(body):
        decimals = 9 if case.operation[1] == PRICES else 6
        assert re.fullmatch(rf"-?[0-9]+\.[0-9]{{1,{decimals}}}", number.text) or case.operation[1] == AUDIT
    if case.operation == ("POST", EVENTS) and isinstance(body, dict):
        for told in body.get("results", []):
            if "code" in told:
                assert told["error"].startswith(told["code"] + ": ") and (told["freesAt"] or "9")[:10] > told["date"]
    if case.status in ("200", "201") and "/campaigns" in case.operation[1] and "campaignId" in body.get("data", {}):
        check_campaign(body["data"])
    if case.status != "200" or isinstance(body, str):
        return
    if case.operation == ("GET", CAMPAIGNS):
        for campaign in body["data"]["campaigns"]:
            check_campaign(campaign)
    if case.operation == ("POST", VALIDATE):
        assert ("message" in body) != body["available"]
        assert (body["remaining"] is None) == (body["limit"] is None)
    if case.operation == ("POST", PLANNER):
        assert body["totalSegments"] == len(body["segments"])
        assert [s["id"] for s in body["segments"]] == [f"seg-{i + 1}" for i in range(len(body["segments"]))]
        assert (body["segments"] == []) == (body["warnings"] != [])
    if case.operation == ("GET", CALENDAR) and isinstance(case.options.get("query", {}), dict):
        query = case.options.get("query", GOOD[case.operation]["query"])
        first, last = (datetime.date.fromisoformat(query[name]) for name in ("from", "to"))
        days = [(first + datetime.timedelta(days=i)).isoformat() for i in range((last - first).days + 1)]
        data = body["data"]
        assert list(data["dates"]) == days, "every date of the range, in order"
        assert data["isUnlimited"] == (data["dailyLimit"] == -1)
        for entry in data["dates"].values():
            assert entry["total"] == entry["sent"] + entry["reserved"]
            room = -1 if data["isUnlimited"] else max(0, data["dailyLimit"] - entry["total"])
            assert entry["availableQuota"] == room
            for campaign in entry["campaigns"]:
                assert campaign["isSegmented"] == ("segmentNumber" in campaign)
    if case.operation == ("GET", SLOT):
        nulls = [body[name] is None for name in ("dailyLimit", "todayAvailableQuota")]
        assert nulls == [body["isUnlimited"]] * 2
        assert ("nextAvailableDate" in body) == ("daysUntilAvailable" in body)
        assert (body["availableQuota"] is None) == (body["isUnlimited"] or "nextAvailableDate" not in body)
    if case.operation == ("POST", EVENTS) and "accepted" in body:
        told = [r for r in body["results"] if r["status"] != "accepted"]
        assert len(told) == body["duplicates"] + body["conflicts"] + body["rejected"]
        assert all(("error" in r) == (r["status"] in ("conflict", "rejected")) for r in body["results"])
    if case.operation[1] in (USAGE, ACCOUNT):
        channels = ("EMAIL", "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK")
        assert body["messageUsage"] == sum(body["channelUsages"][c] for c in channels)
        assert round(body["costSms"] + body["costCall"], 6) == body["budgetUsage"]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_a_reply_is_as_documented(world, case):
    if case.options.get("break_days"):
        case.options["env"] = {}    # a new process
        reply = without_days(world, lambda: send(world, case))
    elif case.options.get("break_keys"):
        case.options["env"] = {}
        reply = without_keys(world, lambda: send(world, case))
    elif case.options.get("hold_gate"):
        reply = with_gate(world, lambda: send(world, case))
    else:
        reply = send(world, case)
    assert str(reply.status) == case.status, reply
    body = check_reply(case.operation, reply)
    rules_beyond_schemas(case, body)
    if "undo" in case.options:
        undone = Case("undo", case.operation, 200, body=case.options["undo"])
        assert send(world, undone).status == 200


@pytest.mark.parametrize("operation", [o for o in ASKED if o[0] == "GET"], ids=" ".join)
def test_head_is_get_without_its_body(world, operation):
    own = {"campaign": world.campaign()} if "{campaignId}" in operation[1] else {}
    get, head = (send(world, Case("", operation, 200, **own, **verb)) for verb in ({}, {"verb": "HEAD"}))
    assert head.status == get.status == 200 and head.body == b""
    varying = {"x-request-id", "content-length"} if operation[1] == "/metrics" else {"x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in varying} == \
        {k: v for k, v in get.headers.items() if k not in varying}


@pytest.mark.parametrize("operation", ASKED, ids=" ".join)
def test_options_says_what_is_allowed(world, operation):
    reply = send(world, Case("options", operation, 204, verb="OPTIONS", token=None))
    assert reply.status == 204 and reply.body == b""
    documented = [method for method, path in OPERATIONS if path == operation[1]]
    assert set(reply.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"} == set(documented)


def test_a_path_that_is_not_there_is_404(world):
    reply = world.ask("usage-calendar", "GET", "/api/campaigns/nothing", token=world.tokens["acme"])
    assert reply.status == 404 and errors(component("ErrorResponse"), reply.json) == []
    reply = world.ask("organizations-usage", "GET", "/organizations/usage", token=world.tokens["acme"])
    assert reply.status == 404 and errors(component("InfodeckNotFound"), reply.json) == []


# ---- The schemas themselves: they must refuse what is not so

def mutants(value, path=()):
    """The value with one key dropped, one key too many, or one value of another type."""
    if isinstance(value, dict):
        if path[-1:] == ("detail",):	# open: each action has its own
            return
        yield path + ("+surprise",), {**value, "surprise": 1}
        for key, item in value.items():
            is_free = key in OPTIONAL or "results" in path and key in OPTIONAL_IN_RESULTS or path[-1:] == ("dates",)
            if not is_free:
                yield path + ("-" + key,), {k: v for k, v in value.items() if k != key}
            for name, changed in mutants(item, path + (key,)):
                yield name, {**value, key: changed}
    elif isinstance(value, list):
        for i, item in enumerate(value[:2]):
            for name, changed in mutants(item, path + (str(i),)):
                yield name, value[:i] + [changed] + value[i + 1:]
        yield path + ("not a list",), {}
    else:
        yield path + ("an array",), [value]
        if isinstance(value, str) or value is None and path[-1] in NULL_OR_TEXT:
            yield path + ("a number",), 5
        else:
            yield path + ("a text",), "five"


def test_the_schemas_refuse_what_is_only_almost_right(world):
    seen = 0
    for operation in ASKED:
        if operation[1] == "/metrics" or operation == ("DELETE", CAMPAIGN_PATH):
            continue
        for case in (Case("good", operation, 200), Case("none", operation, 401, token=None)):
            reply = send(world, case)
            schema = resolve(OPERATIONS[operation]["responses"][str(reply.status)])["content"]["application/json"]["schema"]
            assert errors(schema, reply.json) == []
            for name, mutant in mutants(reply.json):
                seen += 1
                assert errors(schema, mutant) != [], f"{operation}: {'/'.join(name)} is let pass"
    assert seen > 300


def test_every_object_of_a_reply_is_closed_and_its_names_required():
    def walk(node, where):
        node = resolve(node)
        for kind in ("oneOf", "anyOf", "allOf"):
            for i, item in enumerate(node.get(kind, [])):
                walk(item, where + [kind + str(i)])
        if node.get("type") == "array":
            walk(node["items"], where + ["[]"])
        if node.get("type") != "object":
            return
        assert "additionalProperties" in node, f"{where} is open"
        if isinstance(node["additionalProperties"], dict):
            walk(node["additionalProperties"], where + ["*"])
        left_out = set(node.get("properties", {})) - set(node.get("required", []))
        allowed = OPTIONAL | OPTIONAL_IN_RESULTS if "results" in where else OPTIONAL
        if where[1] == VALIDATE:
            allowed = OPTIONAL_IN_VALIDATE_DATE
        assert left_out <= allowed, f"{where}: {left_out}"
        for name, item in node.get("properties", {}).items():
            walk(item, where + [name])

    for (method, path), operation in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for media in resolve(response).get("content", {}).values():
                walk(media["schema"], [method, path, status])


# ---- The document's own examples

def examples():
    """(where, schema, example) of every example in the document."""
    for name, schema in API["components"]["schemas"].items():
        if "example" in schema:
            yield name, schema, schema["example"]
    holders = [(f"{o[0]} {o[1]} {status}", content) for o, operation in OPERATIONS.items()
               for status, response in operation["responses"].items()
               for content in resolve(response).get("content", {}).values()]
    holders += [(f"{o[0]} {o[1]} {media}", content) for o, operation in OPERATIONS.items()
                for media, content in operation.get("requestBody", {}).get("content", {}).items()]
    for where, content in holders:
        if "example" in content:
            yield where, content["schema"], content["example"]
        for name, example in content.get("examples", {}).items():
            yield f"{where} {name}", content["schema"], example["value"]
    for o, operation in OPERATIONS.items():
        for parameter in map(resolve, operation.get("parameters", [])):
            if "example" in parameter:
                yield f"{o[0]} {o[1]} {parameter['name']}", parameter["schema"], parameter["example"]


EXAMPLES = list(examples())


@pytest.mark.parametrize("where, schema, example", EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_an_example_fits_its_schema(where, schema, example):
    assert errors(schema, example) == []


def test_every_reply_with_a_body_has_an_example():
    for (method, path), operation in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for content in resolve(response).get("content", {}).values():
                schema = content["schema"]
                assert "example" in content or "examples" in content or "example" in resolve(schema), (path, status)


def request_examples():
    for media, content in OPERATIONS["POST", EVENTS]["requestBody"]["content"].items():
        for name, example in content.get("examples", {"example": {"value": content.get("example")}}).items():
            yield media, name, example["value"]


@pytest.mark.parametrize("media, name, value", request_examples())
def test_an_example_of_events_is_accepted(world, media, name, value):
    """Their instants lie in the past of whoever reads them: the scope usage:backfill, and today in their place."""
    text = re.sub(r"2026-05-20T15:00:", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:"),
                  value if isinstance(value, str) else json.dumps(value))
    if media == "application/x-ndjson":
        lines = [json.loads(line) for line in text.splitlines()]
        assert len(lines) > 1 and all(errors(component("Event"), line) == [] for line in lines)
    headers = {"Content-Type": media}
    if name == "binary":
        headers.update({"ce-specversion": "1.0", "ce-type": "daybook.event", "ce-id": "binary-1", "ce-source": "twilio",
                        "ce-time": instant()})
    reply = world.ask("events", "POST", EVENTS, body=text, headers=headers, token=world.tokens["backfill"])
    body = check_reply(("POST", EVENTS), reply)
    assert reply.status == 200 and body["rejected"] == body["conflicts"] == 0, reply


@pytest.mark.parametrize("path", [PROFILE, ZONE, PLAN, LIMITS])
def test_an_example_of_settings_is_accepted(world, path):
    example = OPERATIONS["PUT", path]["requestBody"]["content"]["application/json"]["example"]
    url = path.replace("{organizationId}", "tiny")
    reply = world.ask("settings", "PUT", url, body=example, token=world.tokens["tiny"])
    assert reply.status == 200, reply
    check_reply(("PUT", path), reply)


def campaign_examples():
    for operation in (("POST", VALIDATE), ("POST", PLANNER), ("POST", CAMPAIGNS), ("PUT", CAMPAIGN_PATH), ("POST", RESULTS)):
        content = OPERATIONS[operation]["requestBody"]["content"]["application/json"]
        for name, example in content.get("examples", {"example": {"value": content.get("example")}}).items():
            yield operation, name, example["value"]


@pytest.mark.parametrize("operation, name, value", campaign_examples(), ids=lambda v: v if isinstance(v, str) else "")
def test_an_example_of_campaigns_is_accepted(world, operation, name, value):
    """With days to come in the place of theirs."""
    text = re.sub(r"2026-0[5-7]-(\d\d)", lambda m: today_of(70 + int(m[1])), json.dumps(value))
    make = {"segment": {"segments": [{"scheduledISO": instant(70 * 86400000), "contactCount": 1}] * 2},
            "schedule": {"status": "draft"}}.get(name, {})
    status = GOOD_STATUS.get(operation, 200)
    reply = send(world, Case(name, operation, status, body=json.loads(text), make=make))
    assert reply.status == status, reply
    check_reply(operation, reply)


# ---- What the schema of an event takes, the program takes; what it refuses, the program refuses

EVENT_BODIES = [
    ({}, True), ({"source": ""}, True), ({"source": "s" * 128}, True), ({"source": "s" * 129}, False),
    ({"source": "daybook:x"}, False), ({"id": ""}, False), ({"id": "i" * 200}, True), ({"id": "i" * 201}, False),
    ({"id": "a\tb"}, False), ({"id": 7}, False), ({"occurredAt": "yesterday"}, False), ({"occurredAt": 1}, False),
    ({"occurredAt": None}, False), ({"channel": "FAX"}, False), ({"channel": "sms"}, False), ({"channel": "SAGE"}, True),
    ({"messages": 0}, False), ({"messages": 2.5}, False), ({"messages": "2"}, False), ({"messages": 2}, True),
    ({"messages": 1000000001}, False), ({"parts": 3}, True), ({"parts": -1}, False), ({"cost": "0.0158"}, True),
    ({"cost": 0.5}, True), ({"cost": 0}, True), ({"cost": -1}, False), ({"cost": "1e3"}, False), ({"cost": "12."}, False),
    ({"cost": ".5"}, True), ({"cost": "$1"}, False), ({"cost": 1000001}, False), ({"cost": True}, False),
    ({"status": "sent"}, True), ({"status": "delivered"}, False), ({"to": "+1"}, False), ({"reason": "x"}, False),
    ({"status": "failed"}, False), ({"status": "failed", "to": "+1"}, False),
    ({"status": "failed", "to": "+1", "reason": "x"}, True), ({"status": "failed", "to": "", "reason": "x"}, False),
    ({"status": "failed", "to": "+" * 65, "reason": "x"}, False),
    ({"status": "failed", "to": "+1", "reason": "x" * 501}, False),
    ({"status": "failed", "to": "+1", "reason": "x", "messages": 2}, False),
    ({"status": "failed", "to": "+1", "reason": "x", "cost": 1}, False),
    ({"campaignId": "c" * 64}, True), ({"campaignId": "c" * 65}, False), ({"campaignId": "c", "segmentNumber": 1}, True),
    ({"campaignId": "c", "segmentNumber": 0}, False), ({"colour": "blue"}, False),
    ({"voids": "seed-PUSH", "reason": "x"}, False), ({"time": "2026-05-20T15:00:00Z"}, False),
]


@pytest.mark.parametrize("number, change, good", [(i, *b) for i, b in enumerate(EVENT_BODIES)])
def test_the_schema_of_an_event_and_the_program_agree(world, number, change, good):
    event = {"id": f"agree-{number}", "occurredAt": instant(), **change}
    assert (errors(component("Event"), event) == []) == good
    verdict = world.ask("events", "POST", EVENTS, body=[event], token=world.tokens["free"]).json
    assert (verdict["accepted"] == 1) == good, verdict


@pytest.mark.parametrize("change, good", [
    ({}, True), ({"channel": "SMS"}, False), ({"occurredAt": "2026-05-20T15:00:00Z"}, False), ({"reason": None}, False),
    ({"reason": ""}, False), ({"voids": ""}, False), ({"campaignId": "c"}, False)])
def test_the_schema_of_a_void_and_the_program_agree(world, change, good):
    name = "void-" + hashlib.sha256(repr(change).encode()).hexdigest()[:8]
    event, void = {"id": name, "occurredAt": instant()}, {"id": name + "-v", "voids": name, "reason": "test", **change}
    assert (errors(component("Event"), void) == []) == good
    verdict = world.ask("events", "POST", EVENTS, body=[event, void], token=world.tokens["free"]).json
    assert (verdict["accepted"] == 2) == good, verdict


@pytest.mark.parametrize("path, body, good", [
    (LIMITS, {}, True), (LIMITS, {"dailyLimit": 0}, True), (LIMITS, {"dailyLimit": -1}, False),
    (LIMITS, {"dailyLimit": 10**12}, True), (LIMITS, {"dailyLimit": 10**12 + 1}, False), (LIMITS, {"cycleDay": 0}, False),
    (LIMITS, {"cycleDay": 31}, True), (LIMITS, {"cycleDay": 32}, False), (LIMITS, {"quotaUnit": "parts"}, False),
    (LIMITS, {"quotaUnit": "part"}, True), (LIMITS, {"costCap": "1.5"}, True), (LIMITS, {"costCap": -1}, False),
    (LIMITS, {"costCap": None}, True), (LIMITS, {"allowOverage": "yes"}, False), (LIMITS, {"allowOverage": True}, True),
    (PROFILE, {}, True), (PROFILE, {"name": ""}, False), (PROFILE, {"name": "n" * 200}, True), (PROFILE, {"name": "n" * 201}, False),
    (PROFILE, {"weekStart": 0}, False), (PROFILE, {"weekStart": 8}, False), (PROFILE, {"weekStart": "1"}, False),
    (PROFILE, {"plan": "x"}, False),
    (PLAN, {"plan": ""}, True), (PLAN, {"plan": "p" * 64}, True), (PLAN, {"plan": "p" * 65}, False), (PLAN, {}, False),
    (PLAN, {"plan": "x", "name": "y"}, False), (ZONE, {"timezone": "Asia/Tokyo"}, True), (ZONE, {"timezone": ""}, False),
    (ZONE, {}, False), (ZONE, {"timezone": "Asia/Tokyo", "recutHistory": 1}, False)])
def test_the_schema_of_a_setting_and_the_program_agree(world, path, body, good):
    schema = OPERATIONS["PUT", path]["requestBody"]["content"]["application/json"]["schema"]
    assert (errors(schema, body) == []) == good
    url = path.replace("{organizationId}", "none")
    assert (world.ask("settings", "PUT", url, body=body, token=world.tokens["none"]).status == 200) == good


CAMPAIGN_BODIES = [
    (CAMPAIGNS, {}, True), (CAMPAIGNS, {"name": ""}, False), (CAMPAIGNS, {"name": "n" * 200}, True),
    (CAMPAIGNS, {"name": "n" * 201}, False), (CAMPAIGNS, {"name": 7}, False), (CAMPAIGNS, {"id": "a b"}, False),
    (CAMPAIGNS, {"id": "i" * 65}, False), (CAMPAIGNS, {"contactCount": 0}, False), (CAMPAIGNS, {"contactCount": 1.5}, False),
    (CAMPAIGNS, {"contactCount": 10**9}, True), (CAMPAIGNS, {"contactCount": 10**9 + 1}, False),
    (CAMPAIGNS, {"contactCount": "1"}, False), (CAMPAIGNS, {"partsPerContact": 0}, False),
    (CAMPAIGNS, {"partsPerContact": 1000}, True), (CAMPAIGNS, {"partsPerContact": 1001}, False),
    (CAMPAIGNS, {"scheduledISO": "noon"}, False), (CAMPAIGNS, {"status": "draft"}, True),
    (CAMPAIGNS, {"status": "sending"}, False), (CAMPAIGNS, {"segments": []}, False), (CAMPAIGNS, {"colour": "blue"}, False),
    (CAMPAIGNS, {"autoSegment": {"totalContacts": 1}}, False),
    (PLANNER, {}, True), (PLANNER, {"totalContacts": 0}, False), (PLANNER, {"totalContacts": 101}, True),
    (PLANNER, {"firstSegmentDate": "tomorrow"}, False), (PLANNER, {"firstSegmentTime": "23:59"}, True),
    (PLANNER, {"firstSegmentTime": "23:59:59"}, True), (PLANNER, {"firstSegmentTime": "24:00"}, False),
    (PLANNER, {"firstSegmentTime": "9:30"}, False), (PLANNER, {"firstSegmentTime": "09"}, False),
    (PLANNER, {"firstSegmentTime": "09:30:00:00"}, False), (PLANNER, {"timezone": ""}, False),
    (PLANNER, {"timezone": "Asia/Tokyo"}, True), (PLANNER, {"partsPerContact": 0}, False), (PLANNER, {"date": "x"}, False),
    (VALIDATE, {}, True), (VALIDATE, {"contactCount": 0}, True), (VALIDATE, {"contactCount": -1}, False),
    (VALIDATE, {"contactCount": None}, False), (VALIDATE, {"scheduledISO": None}, False),
    (VALIDATE, {"excludeCampaignId": ""}, False), (VALIDATE, {"excludeCampaignId": "c" * 64}, True),
    (VALIDATE, {"excludeCampaignId": "c" * 65}, False), (VALIDATE, {"partsPerContact": 2}, True),
    (RESULTS, {}, True), (RESULTS, {"id": ""}, False), (RESULTS, {"id": "i" * 100}, True),
    (RESULTS, {"id": "i" * 101}, False),
    (RESULTS, {"id": "a\tb"}, False), (RESULTS, {"sent": 0}, False), (RESULTS, {"sent": 0, "done": True}, True),
    (RESULTS, {"sent": 0, "done": False}, False), (RESULTS, {"sent": 0, "failed": []}, False), (RESULTS, {"sent": -1}, False),
    (RESULTS, {"failed": [{"phoneNumber": "+1", "reason": "x"}]}, True),
    (RESULTS, {"failed": [{"phoneNumber": "+1"}]}, False),
    (RESULTS, {"failed": [{"phoneNumber": "+" * 65, "reason": "x"}]}, False),
    (RESULTS, {"failed": [{"phoneNumber": "+1", "reason": "x" * 501}]}, False), (RESULTS, {"segmentNumber": 0}, False),
    (RESULTS, {"occurredAt": "noon"}, False), (RESULTS, {"parts": 3}, True), (RESULTS, {"to": "+1"}, False),
    (CAMPAIGN_PATH, {}, True), (CAMPAIGN_PATH, {"name": ""}, False), (CAMPAIGN_PATH, {"contactCount": 0}, False),
    (CAMPAIGN_PATH, {"segments": []}, False), (CAMPAIGN_PATH, {"segments": [{"contactCount": 1}]}, False),
    (CAMPAIGN_PATH, {"segments": [{"segmentNumber": 1, "contactCount": 2}]}, True), (CAMPAIGN_PATH, {"id": "x"}, False),
    (CAMPAIGN_PATH, {"segments": [{"segmentNumber": 367}]}, False), (CAMPAIGN_PATH, {"status": "sent"}, False),
]


@pytest.mark.parametrize("number, path, change, good", [(i, *b) for i, b in enumerate(CAMPAIGN_BODIES)])
def test_the_schema_of_a_campaign_and_the_program_agree(world, number, path, change, good):
    operation = ("PUT" if path == CAMPAIGN_PATH else "POST", path)
    body = {**(GOOD[operation]["body"] if path != CAMPAIGN_PATH else {}), **change}
    schema = OPERATIONS[operation]["requestBody"]["content"]["application/json"]["schema"]
    assert (errors(schema, body) == []) == good
    reply = send(world, Case("", operation, 200, body=body, token="free", make={}))
    assert reply.status == (GOOD_STATUS.get(operation, 200) if good else 400), reply
    check_reply(operation, reply)


@pytest.mark.parametrize("event", [
    {"specversion": "0.3"}, {"type": "com.example"}, {"source": ""}, {"data": {"id": "x"}}, {"data": None},
    {"time": "noon"}, {"data": {"voids": "x", "reason": "y"}}], ids=repr)
def test_a_bad_cloudevent_is_refused_by_schema_and_program(world, event):
    good = {"specversion": "1.0", "type": "daybook.event", "source": "s", "id": f"ce-{time.time_ns()}", "time": instant(),
            "data": {}, "traceparent": "extension attributes are ignored"}
    assert errors(component("CloudEvent"), good) == []
    assert errors(component("CloudEvent"), {**good, **event}) != []
    for body, status in ((good, 200), ({**good, "id": good["id"] + "-bad", **event}, 400)):
        reply = world.ask("events", "POST", EVENTS, body=body, token=world.tokens["free"],
                          headers={"Content-Type": "application/cloudevents+json"})
        assert reply.status == status, reply
        check_reply(("POST", EVENTS), reply)


# ---- The vendors' documents

# The vendor's campaigns, and what two of its examples leave out of them: Daybook always sends it.
CAMPAIGN = {"campaignId": "665f1a0c0e0a4b001a2c9f10", "campaignName": "Q2 Lead Gen", "contactCount": 100,
            "status": "scheduled"}
OURS = {"isSegmented": False, "failedDetails": []}

VENDOR_EXAMPLES = [
    ("UsageCalendarCampaignEntry", {**CAMPAIGN, "isSegmented": True, "segmentNumber": 1, "failedDetails": []}),
    ("UsageCalendarDateEntry", {
        "sent": 0, "reserved": 100, "total": 100, "availableQuota": 400, "campaigns": [
            {**OURS, **CAMPAIGN, "isSegmented": True, "segmentNumber": 1}]}),
    ("UsageCalendarResponse", {
        "success": True, "data": {
            "timezone": "America/Toronto", "dailyLimit": 500, "isUnlimited": False, "plan": "growth", "dates": {
                "2026-05-20": {"sent": 0, "reserved": 100, "total": 100, "availableQuota": 400,
                               "campaigns": [{**OURS, **CAMPAIGN}]}}}}),
    ("NextAvailableSlotResponse", {
        "success": True, "isUnlimited": False, "timezone": "America/Toronto", "dailyLimit": 500, "todayDate": "2026-05-18",
        "todayUsage": 480, "todayAvailableQuota": 20, "nextAvailableDate": "2026-05-19", "availableQuota": 500,
        "daysUntilAvailable": 1, "message": "Next slot with full daily quota is tomorrow."}),
    ("ErrorResponse", {"success": False, "message": "Validation error", "error": "name is required"}),
    ("OrganizationsUsage", {"data": {"usageSms": 0, "usageWhatsapp": 0, "usageEmail": 0, "usageSage": 0}}),
    ("OrganizationsUsage", {"data": {"usageSms": 1, "usageWhatsapp": 1, "usageEmail": 1, "usageSage": 1}}),
    ("InfodeckUnauthenticated", {
        "error": "Unauthenticated", "message": "Authentication is required and has failed or has not yet been provided."}),
    ("InfodeckForbidden", {"error": "Forbidden", "message": "Access to the requested resource is forbidden."}),
    ("InfodeckNotFound", {"error": "ResourceNotFound", "message": "The requested resource could not be found."}),
    ("InfodeckInvalid", {"error": "ValidationError", "message": "Input data validation failed."}),
]


@pytest.mark.parametrize("name, example", VENDOR_EXAMPLES, ids=[name for name, _ in VENDOR_EXAMPLES])
def test_the_vendors_example_fits_our_schema(name, example):
    assert errors(component(name), example) == []


STRING, INTEGER, NUMBER, BOOLEAN = ({"type": t} for t in ("string", "integer", "number", "boolean"))
NULLABLE = {"type": ["integer", "null"]}
TETHER_ERROR = {"type": "object", "properties": {
    "success": {"type": "boolean", "enum": [False]}, "message": STRING, "error": STRING}}
PINGRAM_ERROR = {"type": "object", "required": ["trackingId", "error"], "properties": {
    "trackingId": STRING, "error": {"type": "object", "required": ["code", "message"], "properties": {
        "code": STRING, "message": STRING, "fix": STRING, "provider": STRING, "providerCode": STRING}}}}
PINGRAM_USAGE = {"messageUsage": NUMBER, "budgetUsage": NUMBER, "costSms": NUMBER, "costCall": NUMBER,
                 "channelUsages": {"type": "object", "additionalProperties": NUMBER}}
PINGRAM_CYCLE = {**PINGRAM_USAGE, "billingCycleStart": STRING, "billingCycleEnd": STRING}
PINGRAM_MONTH = {"yearMonth": STRING, **PINGRAM_USAGE}
INFODECK_DATA = {name: NUMBER for name in ("usageSms", "usageWhatsapp", "usageEmail", "usageSage")}
INFODECK_ERROR = {"type": "object", "required": ["error", "message"], "properties": {"error": STRING, "message": STRING}}
CALENDAR_DATE = {"sent": INTEGER, "reserved": INTEGER, "total": INTEGER, "availableQuota": INTEGER, "campaigns": {
    "type": "array", "items": {"type": "object", "properties": {
        "campaignId": STRING, "campaignName": STRING, "contactCount": INTEGER, "status": STRING, "isSegmented": BOOLEAN,
        "segmentNumber": INTEGER, "failedDetails": {"type": "array", "items": {"type": "object", "properties": {
            "phoneNumber": STRING, "reason": STRING}}}}}}}

# The vendors' schemas word for word: path, status, schema.  Pingram's 401 and 500 have no body in its document.
VENDOR_SCHEMAS = [
    (CALENDAR, 200, {"type": "object", "required": ["success", "data"], "properties": {"success": BOOLEAN, "data": {
        "type": "object", "required": ["timezone", "dailyLimit", "isUnlimited", "dates"], "properties": {
            "timezone": STRING, "dailyLimit": INTEGER, "isUnlimited": BOOLEAN, "plan": STRING, "dates": {
                "type": "object", "additionalProperties": {
                    "type": "object", "required": list(CALENDAR_DATE), "properties": CALENDAR_DATE}}}}}}),
    (CALENDAR, 400, TETHER_ERROR), (CALENDAR, 500, TETHER_ERROR),
    (SLOT, 200, {"type": "object", "properties": {
        "success": BOOLEAN, "isUnlimited": BOOLEAN, "timezone": STRING, "dailyLimit": NULLABLE, "todayDate": STRING,
        "todayUsage": INTEGER, "todayAvailableQuota": NULLABLE, "nextAvailableDate": STRING, "availableQuota": NULLABLE,
        "daysUntilAvailable": INTEGER, "message": STRING}}),
    (SLOT, 500, TETHER_ERROR),
    *((path, 200, {"type": "object", "required": list(PINGRAM_CYCLE), "properties": PINGRAM_CYCLE})
      for path in (USAGE, ACCOUNT)),
    (HISTORY, 200, {"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": {
        "type": "object", "required": list(PINGRAM_MONTH), "properties": PINGRAM_MONTH}}}}),
    *((path, status, schema) for path in (USAGE, ACCOUNT, HISTORY)
      for status, schema in ((400, PINGRAM_ERROR), (401, None), (402, PINGRAM_ERROR), (500, None), (502, None))),
    (COUNTS, 200, {"type": "object", "required": ["data"], "properties": {"data": {
        "type": "object", "required": list(INFODECK_DATA), "properties": INFODECK_DATA}}}),
    *((COUNTS, status, INFODECK_ERROR) for status in (401, 403, 404, 422)),
]


def looser(ours, theirs, where=""):
    """Where our schema lets something pass that the vendor's does not, or lacks a name of it."""
    if "type" in theirs:
        types = {ours.get("type")} if "anyOf" not in ours else {part.get("type") for part in ours["anyOf"]}
        wanted = set(theirs["type"]) if isinstance(theirs["type"], list) else {theirs["type"]}
        if "number" in wanted:
            wanted.add("integer")
        if not types <= wanted:
            yield f"{where}: {types}, not {wanted}"
    if "enum" in theirs and not set(map(repr, ours.get("enum", [object()]))) <= set(map(repr, theirs["enum"])):
        yield f"{where}: other values"
    for name in set(theirs.get("required", [])) - set(ours.get("required", [])):
        yield f"{where}/{name}: required by the vendor"
    for name, schema in theirs.get("properties", {}).items():
        if name in ours.get("properties", {}):
            yield from looser(ours["properties"][name], schema, f"{where}/{name}")
        elif name not in ("fix", "provider", "providerCode"):
            yield f"{where}/{name}: missing"
    if "items" in theirs:
        yield from looser(ours["items"], theirs["items"], where + "[]")
    if isinstance(theirs.get("additionalProperties"), dict):
        if isinstance(ours.get("additionalProperties"), dict):
            yield from looser(ours["additionalProperties"], theirs["additionalProperties"], where + "/*")
        for name, schema in ours.get("properties", {}).items():
            yield from looser(schema, theirs["additionalProperties"], f"{where}/{name}")


@pytest.mark.parametrize("path, status, theirs", VENDOR_SCHEMAS, ids=[f"{p} {s}" for p, s, _ in VENDOR_SCHEMAS])
def test_our_schema_is_no_looser_than_the_vendors(path, status, theirs):
    response = resolve(OPERATIONS["GET", path]["responses"][str(status)])
    if theirs is not None:
        ours = converted(response["content"]["application/json"]["schema"])
        assert list(looser(ours, theirs)) == []


@pytest.mark.parametrize("path, status, theirs", [v for v in VENDOR_SCHEMAS if v[2] and (v[0], str(v[1])) not in NEVER],
                         ids=lambda v: str(v) if isinstance(v, (str, int)) else "")
def test_a_reply_fits_the_vendors_own_schema(world, path, status, theirs):
    cases = [c for c in CASES if c.operation == ("GET", path) and c.status == str(status) and "CSV" not in c.name]
    assert cases
    for case in cases:
        if case.options.get("break_days"):
            reply = without_days(world, lambda: send(world, Case("", case.operation, 500, env={})))
        else:
            reply = send(world, case)
        assert reply.status == status
        jsonschema.Draft7Validator(theirs).validate(reply.json)


@pytest.mark.parametrize("path, names", [
    (CALENDAR, [("from", "string", True), ("to", "string", True)]), (SLOT, [("contactCount", "integer", False)]),
    (HISTORY, [("startDate", "string", True), ("endDate", "string", True)]), (USAGE, []), (ACCOUNT, []),
    (COUNTS, [("organizationId", "string", True), ("startDate", "number", True), ("endDate", "number", True)])])
def test_the_vendors_parameters_are_ours(path, names):
    parameters = {p["name"]: p for p in map(resolve, OPERATIONS["GET", path].get("parameters", []))}
    for name, kind, required in names:
        ours = resolve(parameters[name]["schema"])["type"]
        assert ours == kind or (ours, kind) == ("integer", "number")
        assert parameters[name]["required"] == required
