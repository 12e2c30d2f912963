"""The operations of the API, and the requests that each of them receives: good, refused, malformed.

Each query parameter is tried with good and bad values of its kind, each field of a body with values of every JSON type.
"""
READ, WRITE, CAMPAIGNS, ADMIN, ANY, OPEN = "usage:read", "usage:write", "campaigns:write", "org:admin", "any", "open"
DAY, AHEAD, WHEN = "2026-03-18", "2026-04-20T15:00:00.000Z", "2026-03-18T14:00:00Z"
ORG = "/api/organizations/{org}"


class Operation:
    def __init__(self, method, path, scope, query="", params=(), body=None, csv=False, campaign=False, status=200):
        self.method, self.path, self.scope, self.query, self.params = method, path, scope, query, params
        self.body, self.csv, self.campaign, self.status = body, csv, campaign, status

    def url(self, org="acme", campaign=None):
        campaign = campaign if campaign is not None else "spring-preview" if self.method == "DELETE" else "renewals"
        return self.path.replace("{org}", org).replace("{campaign}", campaign).replace("{key}", "1")


OPERATIONS = [
    Operation("GET", "/api/campaigns/usage-calendar", READ, "from=2026-03-01&to=2026-03-31", ("from", "to", "format"),
              csv=True),
    Operation("GET", "/api/campaigns/next-available-slot", READ, "contactCount=250", ("contactCount", "partsPerContact", "channel", "from")),
    Operation("POST", "/api/campaigns/validate-date", READ, body={
        "scheduledISO": AHEAD, "contactCount": 5, "excludeCampaignId": "renewals", "partsPerContact": 1, "channel": "SMS", "from": "+14165550199"}),
    Operation("POST", "/api/campaigns/auto-segment", READ, body={
        "totalContacts": 1200, "firstSegmentDate": "2026-03-28", "firstSegmentTime": "09:30", "timezone": "Europe/Berlin",
        "partsPerContact": 1, "channel": "SMS", "from": "+14165550199"}),
    Operation("GET", "/api/campaigns", READ, "limit=2", ("status", "from", "to", "limit", "cursor", "format"), csv=True),
    Operation("POST", "/api/campaigns", CAMPAIGNS, status=201, body={
        "id": "made", "name": "Made", "contactCount": 3, "scheduledISO": AHEAD, "partsPerContact": 1, "status": "draft"}),
    Operation("GET", "/api/campaigns/{campaign}", READ, "", ("limit", "cursor"), campaign=True),
    Operation("PUT", "/api/campaigns/{campaign}", CAMPAIGNS, campaign=True, body={
        "name": "Renamed", "contactCount": 100, "partsPerContact": 1, "scheduledISO": AHEAD, "status": "scheduled"}),
    Operation("DELETE", "/api/campaigns/{campaign}", CAMPAIGNS, campaign=True, status=204),
    Operation("POST", "/api/campaigns/{campaign}/cancel", CAMPAIGNS, campaign=True),
    Operation("POST", "/api/campaigns/{campaign}/pause", CAMPAIGNS, campaign=True),
    Operation("POST", "/api/campaigns/{campaign}/resume", CAMPAIGNS, campaign=True),
    Operation("POST", "/api/campaigns/{campaign}/results", CAMPAIGNS, campaign=True, body={
        "id": "r", "segmentNumber": 1, "occurredAt": WHEN, "sent": 2, "parts": 3, "done": False,
        "failed": [{"phoneNumber": "+14165550100", "reason": "opted out"}]}),
    Operation("GET", "/organization/usage", READ),
    Operation("GET", "/account/organization/usage", READ),
    Operation("GET", "/account/organization", READ),
    Operation("GET", "/organization/usage/history", READ, "startDate=2025-10-15&endDate=2026-03-18",
              ("startDate", "endDate", "format"), csv=True),
    Operation("GET", "/organizations/{org}/usage", READ, "startDate=1772323200000&endDate=1773878400000",
              ("startDate", "endDate")),
    Operation("POST", "/api/events", WRITE, "", ("enforce", "atomic"), body={
        "id": "e", "source": "s", "channel": "SMS", "occurredAt": WHEN, "messages": 1, "parts": 2, "status": "sent",
        "cost": 0.01, "campaignId": "renewals", "segmentNumber": 1, "from": "+14165550199", "network": "T-Mobile", "tag": "sales"}),
    Operation("GET", "/api/events", READ, f"from={DAY}&to={DAY}&limit=5",
              ("from", "to", "limit", "after", "channel", "status", "campaignId", "format"), csv=True),
    Operation("GET", "/api/usage", READ, f"from={DAY}&to={DAY}&by=tag,hour", ("from", "to", "by", "format"), csv=True),
    Operation("GET", "/api/session", ANY),
    Operation("POST", "/api/session", ANY, status=403),	# writing.py has one with a link
    Operation("GET", ORG, ADMIN),
    Operation("PUT", ORG + "/profile", ADMIN, body={"name": "Acme", "weekStart": 1}),
    Operation("PUT", ORG + "/timezone", ADMIN, body={"timezone": "America/Toronto", "recutHistory": False}),
    Operation("PUT", ORG + "/plan", ADMIN, body={"plan": "growth"}),
    Operation("PUT", ORG + "/limits", ADMIN, body={
        "dailyLimit": 500, "quotaUnit": "message", "cycleDay": 1, "messagesCap": 60000, "costCap": 150, "smsCap": 10000,
        "callCap": None, "allowOverage": False}),
    Operation("GET", ORG + "/limits", READ, "presets=true", ("presets",)),
    Operation("PUT", ORG + "/limits/t-mobile", ADMIN, body={
        "channels": ["SMS"], "from": "+14165550199", "network": "T-Mobile", "unit": "part", "window": "day", "zone": "America/Los_Angeles",
        "amount": 2000, "validFrom": "2026-03-20", "action": "report"}),
    Operation("GET", ORG + "/limits/t-mobile", READ),
    Operation("DELETE", ORG + "/limits/t-mobile", ADMIN),
    Operation("GET", ORG + "/timezone", ADMIN),
    Operation("GET", ORG + "/api-keys", ADMIN),
    Operation("POST", ORG + "/api-keys", ADMIN, status=201, body={
        "name": "sender", "scopes": ["usage:read", "usage:write"], "expiresAt": "2026-12-31T00:00:00Z"}),
    Operation("DELETE", ORG + "/api-keys/{key}", ADMIN),
    Operation("GET", ORG + "/prices", ADMIN),
    Operation("POST", ORG + "/prices", ADMIN, body={
        "channel": "SMS", "usd": "0.0079", "validFrom": "2026-03-19", "reprice": False}),
    Operation("DELETE", ORG + "/prices", ADMIN, "channel=SMS&validFrom=2026-03-20", ("channel", "validFrom", "reprice"), status=404),
    Operation("GET", ORG + "/jobs", ADMIN),
    Operation("GET", ORG + "/jobs/1", ADMIN, status=404),
    Operation("GET", ORG + "/sending-window", READ),
    Operation("PUT", ORG + "/sending-window", ADMIN, body={
        "hours": [{"weekdays": [1, 2, 3, 4, 5], "from": "00:00", "until": "24:00"}], "closed": [{"date": "2030-12-25", "name": "Christmas"}]}),
    Operation("POST", ORG + "/sending-window", ADMIN, status=400),	# without a body; writing.py has a file
    Operation("DELETE", ORG + "/sending-window", ADMIN),
    Operation("GET", ORG + "/audit", ADMIN, "limit=3", ("limit", "before", "action", "credential", "actor", "format"), csv=True),
    Operation("POST", ORG + "/statements", ADMIN, body={"month": "2026-01"}, status=201),
    Operation("GET", ORG + "/statements", READ, "limit=3", ("limit", "before", "format"), csv=True),
    Operation("GET", ORG + "/statements/2026-01", READ, "", ("after", "format"), csv=True),
    Operation("GET", "/health", OPEN),
    Operation("GET", "/metrics", OPEN),
]

# Values of a query parameter, encoded; each replaces the good one in turn.
PARAMETERS = {
    "day": ("2026-02-30", "2026-3-1", "20260301", "yesterday", "0001-01-01", "2011-12-31", "2100-01-01", "9999-12-31",
            "2026-03-01T00:00:00Z", "%202026-03-01", "2026%2D03-01", "2024-02-29", "2023-02-29"),
    "number": ("0", "1", "2", "-1", "1.5", "abc", "1e3", "%2B5", "+5", "1000", "1001", "10001", "99999999999999999999",
               "1000000000000", "1000000000001", "0x10", "007"),
    "instant": ("0", "1", "-1", "1773847800", "1773847800000", "9007199254740991", "9007199254740992", "1.5", "2026-03-18",
                "abc"),
    "word": ("csv", "json", "CSV", "xml", "true", "false", "maybe", "sent", "failed", "void", "draft", "paused", "SMS", "sms",
             "PIGEON", "renewals", "c3", "c0", "x", "%C3%A9", "a%00b"),
}
KIND_OF = {"from": "day", "validFrom": "day", "to": "day", "contactCount": "number", "partsPerContact": "number", "limit": "number",
           "before": "number"}
# Of a parameter of any kind.
EVERY = ("", "%", "%zz", "%ff", "%00", "x" * 300)

# Values of a field of a body; each replaces the good one in turn.
FIELD_VALUES = (None, "", " ", "x", "5", "x" * 300, "a\u0000b", "é€𝄞", 0, 1, -1, 1.5, 5.0, 10**13, 2**63, 1e300, True, False,
                [], ["x"], [1], {})


def kind_of(operation, name):
    if name in ("startDate", "endDate"):
        return "instant" if operation.path.startswith("/organizations/") else "day"
    return KIND_OF.get(name, "word")


def with_parameter(operation, name, value):
    """The good query, but with this value of the parameter."""
    pairs = [pair for pair in operation.query.split("&") if pair and not pair.startswith(name + "=")]
    return "&".join(pairs + [f"{name}={value}"])


def ask(world, operation, name, query=None, body="good", token="acme", org="acme", campaign=None, method=None, **more):
    body = operation.body if body == "good" else body
    token = None if operation.scope == OPEN and token == "acme" else token
    return world.ask(name, operation.method if method is None else method, operation.url(org, campaign),
                     operation.query if query is None else query, body, token=token, **more)


def query_cases(world, operation):
    """Each parameter with good and bad values, missing, empty, repeated; the query as a whole."""
    for name in operation.params:
        rest = "&".join(pair for pair in operation.query.split("&") if not pair.startswith(name + "="))
        ask(world, operation, f"without {name}", rest)
        ask(world, operation, f"{name} without a value", f"{rest}&{name}")
        ask(world, operation, f"{name} twice", f"{rest}&{name}=1&{name}=1")
        ask(world, operation, f"{name} in capitals", f"{rest}&{name.upper()}=1")
        for value in EVERY + PARAMETERS[kind_of(operation, name)]:
            ask(world, operation, f"{name}={value[:40]}", with_parameter(operation, name, value))
    good = operation.query
    for name, query in (("no query", ""), ("an unknown parameter", good + "&colour=blue"), ("a cache-buster", good + "&_=17"),
                        ("a query of ampersands", "&&" + good + "&&"), ("a query that is too long", "x=" + "y" * 9000),
                        ("an unknown parameter that is no UTF-8", good + "&%ff=1"),
                        ("a broken escape in a name", good + "&%z=1")):
        ask(world, operation, name, query)


def format_cases(world, operation):
    """CSV, by the query and by the header."""
    for accept in ("text/csv", "application/json", "*/*", "text/csv, application/json",
                   "text/csv;q=0.9, application/json;q=0.5",
                   "text/csv;q=0.5, application/json", "text/*", "text/csv;q=0", "TEXT/CSV", "text/csv;q=x", "text/html"):
        ask(world, operation, f"Accept: {accept}", headers={"Accept": accept})
    for value in ("csv", "json"):
        for accept in ("text/csv", "application/json"):
            ask(world, operation, f"format={value}, Accept: {accept}", with_parameter(operation, "format", value),
                headers={"Accept": accept})
    fields, _ = ask(world, operation, "as CSV", with_parameter(operation, "format", "csv"))
    if "ETag" in fields:
        ask(world, operation, "a CSV that the client has", with_parameter(operation, "format", "csv"),
            headers={"If-None-Match": fields["ETag"]})


def tag_cases(world, operation):
    fields, _ = ask(world, operation, "to have its tag")
    tag = fields.get("ETag", '"none"')
    for name, value in {"its tag": tag, "its tag after another": f'"other", {tag}', "a weak one": f"W/{tag}",
                        "one of a packed reply": tag[:-1] + '-gzip"',
                        "any": "*", "another": '"other"', "none": "x", "half of it": tag[:-1]}.items():
        ask(world, operation, f"If-None-Match: {name}", headers={"If-None-Match": value})
    ask(world, operation, "If-None-Match of HEAD", method="HEAD", headers={"If-None-Match": tag})
    ask(world, operation, "If-None-Match without a token", token=None, headers={"If-None-Match": tag})
    ask(world, operation, "If-Match of another", headers={"If-Match": '"other"'})


def who_cases(world, operation):
    """Who asks, and for which organization."""
    for token in (None, "damaged", "expired", "read", "write", "campaigns", "admin only", "no scope", "globex", "admin",
                  "admin of nobody",
                  "admin of a ghost", "reader of a ghost", "api key", "api key read"):
        ask(world, operation, f"by {token or 'nobody'}", token=token)
    ask(world, operation, "an API key in its header", token=None, headers={"X-API-Key": world.tokens["api key"]})
    if "{org}" in operation.path:
        for org, token in (("globex", "acme"), ("ghost", "acme"), ("globex", "admin"), ("ghost", "admin"),
                           ("globex", "admin of nobody"),
                           ("ACME", "admin"), ("", "admin"), ("a%20b", "admin"), ("x" * 65, "admin"), ("globex", "globex")):
            ask(world, operation, f"by {token}", token=token, org=org)


def method_cases(world, operation):
    # The other operations of this path are asked by themselves.
    taken = {o.method for o in OPERATIONS if o.path == operation.path}
    for method in ("HEAD", "OPTIONS", "PATCH", "GET", "POST", "PUT", "DELETE", "get", "TRACE", "BREW-COFFEE-PLEASE", ""):
        if method == operation.method or (method in taken and method != "HEAD"):
            continue
        ask(world, operation, "another method" + ("" if method else ": none"), body=None, method=method)
        if method in ("PATCH", "OPTIONS", "HEAD"):
            ask(world, operation, "another method, by nobody", body=None, method=method, token=None)


def body_cases(world, operation):
    """Bodies and media types that no operation accepts, and some that are legal."""
    bodies = {"no body": None, "an empty body": b"", "half a body": b'{"name"', "an array": b"[]", "null": b"null",
              "a number": b"7",
              "a text": b'"x"', "an empty object": b"{}", "an unknown field": b'{"colour":"blue"}',
              "a name twice": b'{"name":"a","name":"b"}',
              "more behind it": b"{} x", "a comma too many": b'{"a":1,}', "no UTF-8": b'{"name":"\xff"}',
              "a NUL": b'{"name":"\x00"}',
              "a mark of the byte order": b"\xef\xbb\xbf{}", "a lone surrogate": b'{"name":"\\ud800"}',
              "a number like 01": b'{"a":01}',
              "deep": b'{"a":' + b"[" * 200 + b"]" * 200 + b"}", "too large": b"[" + b" " * 300000, "blanks": b"  \n"}
    for name, body in bodies.items():
        ask(world, operation, name, body=body)
    for kind in ("text/plain", "application/json; charset=utf-8", "APPLICATION/JSON", "application/x-www-form-urlencoded", "",
                 "application/jsonx", "application/x-ndjson", "application/cloudevents+json"):
        ask(world, operation, f"Content-Type: {kind}", headers={"Content-Type": kind})
    ask(world, operation, "no Content-Type", CONTENT_TYPE=None)
    ask(world, operation, "shorter than its Content-Length", body=b"{", CONTENT_LENGTH="99")
    ask(world, operation, "a Content-Length that is none", CONTENT_LENGTH="x")


def field_cases(world, operation):
    """Omits each field, and tries it with every value.  The program accepts some of them, and writes."""
    for field in operation.body:
        rest = {k: v for k, v in operation.body.items() if k != field}
        cases = [(f"without {field}", {}), (f"{field} alone", None)]
        cases += [(f"{field} = {str(value)[:40]!r} {type(value).__name__}", {field: value}) for value in FIELD_VALUES]
        for name, given in cases:
            world.tick()
            if "id" in rest:	# makes each one a new event, campaign or report
                rest["id"] = f"{field}-{world.now}"
            ask(world, operation, name, body={field: operation.body[field]} if given is None else {**rest, **given})


def read_cases(world, operation):
    """An operation that only reads."""
    query_cases(world, operation)
    tag_cases(world, operation)
    if operation.csv:
        format_cases(world, operation)


def write_cases(world, operation):
    query_cases(world, operation)
    body_cases(world, operation)
    if operation.body:
        field_cases(world, operation)


def add_operation(world, operation):
    """All requests to one operation; one that writes gets its own copy of the database."""
    if operation.method != "GET":
        world.use("own.db", copy_of="base.db")
    start = world.now
    if operation.path.endswith("/resume"):
        world.ask("before it is resumed", "POST", "/api/campaigns/renewals/pause")
    ask(world, operation, "good")
    who_cases(world, operation)
    method_cases(world, operation)
    ask(world, operation, "no database", DAYBOOK_DB="/nonexistent/daybook.db")
    if operation.campaign:
        for campaign in ("nobody", "", "a%20b", "winter-sale", "x" * 65, "RENEWALS", "spring-preview"):
            ask(world, operation, "which campaign", campaign=campaign)
    (read_cases if operation.method == "GET" else write_cases)(world, operation)
    world.now = start


def group_of(operation):
    return operation.method if operation.method == "GET" else operation.path.split("/")[2]


GROUPS = sorted({group_of(operation) for operation in OPERATIONS})


def add_operations(world, group):
    for operation in OPERATIONS:
        if group == group_of(operation):
            add_operation(world, operation)
