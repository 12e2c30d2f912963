"""A table of requests: CASES has one or more for every operation of docs/openapi.yaml and every documented status that can be
provoked.  GOOD has the good request of each operation; a case says what differs from it.
"""
import datetime
import time

from openapi_document import ASKED, OPERATIONS


# ---- Instants and days from now

def instant(ms=0):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(milliseconds=ms)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def today_of(days=0):
    """Only for organizations in UTC."""
    return (datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=days)).isoformat()


# ---- The good requests

CALENDAR, SLOT = "/api/campaigns/usage-calendar", "/api/campaigns/next-available-slot"
VALIDATE, PLANNER = "/api/campaigns/validate-date", "/api/campaigns/auto-segment"
CAMPAIGNS, CAMPAIGN_PATH = "/api/campaigns", "/api/campaigns/{campaignId}"
CANCEL, PAUSE, RESUME, RESULTS = (f"{CAMPAIGN_PATH}/{verb}" for verb in ("cancel", "pause", "resume", "results"))
USAGE, ACCOUNT, HISTORY = "/organization/usage", "/account/organization/usage", "/organization/usage/history"
CAPS = "/account/organization"
COUNTS, EVENTS, USAGE_BY = "/organizations/{organizationId}/usage", "/api/events", "/api/usage"
SETTINGS = "/api/organizations/{organizationId}"
SESSION = "/api/session"
PROFILE = SETTINGS + "/profile"
KEYS, PRICES, AUDIT = SETTINGS + "/api-keys", SETTINGS + "/prices", SETTINGS + "/audit"
KEY = KEYS + "/{keyId}"
JOBS = SETTINGS + "/jobs"
JOB = JOBS + "/{job}"
WINDOW = SETTINGS + "/sending-window"
HOLIDAY = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:{today_of(3000).replace('-', '')}\nEND:VEVENT\nEND:VCALENDAR\n"
STATEMENTS = SETTINGS + "/statements"
STATEMENT = STATEMENTS + "/{month}"
ZONE, PLAN, LIMITS = SETTINGS + "/timezone", SETTINGS + "/plan", SETTINGS + "/limits"
LIMIT = LIMITS + "/{limit}"

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
    ("GET", USAGE_BY): {"query": {"from": today_of(-1), "to": today_of()}},
    ("GET", SETTINGS): {},
    ("GET", LIMITS): {},
    ("GET", LIMIT): {},
    ("PUT", LIMIT): {"body": {"preset": "t-mobile-10dlc-2000"}},
    ("DELETE", LIMIT): {},
    ("GET", ZONE): {},
    ("GET", KEYS): {},
    ("POST", KEYS): {"body": {"name": "sender", "scopes": ["usage:read"]}},
    ("DELETE", KEY): {},
    ("GET", PRICES): {},
    ("POST", PRICES): {"body": {"channel": "SMS", "usd": "0.0079", "validFrom": today_of(1)}},
    ("DELETE", PRICES): {"query": {"channel": "SMS", "validFrom": today_of(2)}},
    ("GET", JOBS): {},
    ("GET", JOB): {},
    ("GET", AUDIT): {},
    ("GET", WINDOW): {},
    ("PUT", WINDOW): {"body": {"closed": [{"date": today_of(3000)}]}},
    ("POST", WINDOW): {"body": HOLIDAY, "headers": {"Content-Type": "text/calendar"}},
    ("DELETE", WINDOW): {},
    ("GET", STATEMENTS): {},
    ("POST", STATEMENTS): {"body": {"month": "2012-01"}},	# openapi_world.py replaces it by a new month
    ("GET", STATEMENT): {},
    ("PUT", PROFILE): {"body": {"name": "Acme Ltd", "weekStart": 7}},
    ("PUT", ZONE): {"body": {"timezone": "Etc/UTC"}},
    ("PUT", PLAN): {"body": {"plan": "growth"}},
    ("PUT", LIMITS): {"body": {"dailyLimit": 500}},
    ("GET", SESSION): {},
    ("POST", SESSION): {"token": "link"},
    ("GET", "/health"): {"token": None},
    ("GET", "/metrics"): {"token": None},
}

HAS_CSV = [o for o, operation in OPERATIONS.items() if "text/csv" in operation["responses"].get("200", {}).get("content", {})]

# What a good request is answered; else it is 200.
GOOD_STATUS = {("POST", CAMPAIGNS): 201, ("POST", KEYS): 201, ("POST", SESSION): 201, ("POST", STATEMENTS): 201, ("DELETE", CAMPAIGN_PATH): 204}


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
    hours_of_the_day = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "12:00", "until": "21:00"}]
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
    add("another organization's", many, 200, token="free")
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
    add("an instant that is past", new, 400, body={**one, "scheduledISO": instant(-400000)})
    add("now", new, 201, body={"name": "Now", "contactCount": 1})
    closed = {"closed": [{"date": ahead[:10]}]}
    add("with a window of its own", new, 201, body={**one, "sendingWindow": {"closed": [{"date": today_of(3000), "name": "x"}]}})
    add("outside of its window", new, 400, body={**one, "sendingWindow": closed})
    add("outside of a window that allows nothing", new, 400, body={**one, "sendingWindow": {"hours": [
        {"weekdays": [1], "from": "00:00", "until": "00:01"}], "closed": closed["closed"] * 2}})
    add("outside of a window", validate, 200, body={"scheduledISO": ahead, "contactCount": 1, "sendingWindow": closed})
    add("with a window", planner, 200, body={"totalContacts": 501, "sendingWindow": {"hours": hours_of_the_day}})
    add("a draft without an instant", new, 400, body={"name": "Draft", "contactCount": 1, "status": "draft"})

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
    add("an instant that is past", put, 400, body={"scheduledISO": instant(-400000)})
    add("outside of a new window", put, 400, body={"sendingWindow": closed, "scheduledISO": ahead})
    add("no window of its own any more", put, 200, body={"sendingWindow": None, "timezone": "Asia/Tokyo"})
    add("more than a cap has", put, 402, token="capped", body={"contactCount": 6}, make={})
    add("one that is no draft", delete, 409, campaign="scheduled")

    for path, states in ((CANCEL, ("sent", "failed", "cancelled")), (PAUSE, ("draft", "paused", "sent", "cancelled")),
                         (RESUME, ("draft", "sending", "failed"))):
        for state in states:
            add(f"one that is {state}", ("POST", path), 409, campaign=state)
    add("one that is sending", ("POST", PAUSE), 200, make={"contactCount": 3}, spent=2)
    resume = ("POST", RESUME)
    add("one whose time is past", resume, 400, campaign="paused")
    add("with a new instant", resume, 200, body={"scheduledISO": ahead})
    add("with a new instant of a segment", resume, 200, body={"segments": [{"segmentNumber": 1, "scheduledISO": ahead}]})
    add("one whose day is over", resume, 400, campaign="overdue", token="capped")
    add("more than a cap has", resume, 402, campaign="overdue", token="capped", body={"scheduledISO": ahead})
    add("no segment of that number", resume, 400, body={"segments": [{"segmentNumber": 7, "scheduledISO": ahead}]})
    add("by the clock of a zone", resume, 200, body={"timezone": "Asia/Tokyo"})
    add("a zone that there is not", resume, 400, body={"timezone": "Mars/Olympus"})
    add("an instant that is past", resume, 400, body={"scheduledISO": instant(-400000)})

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
        if method != "GET":
            add("a body shorter than its Content-Length", operation, invalid, CONTENT_LENGTH="99", body=b"{")
        add("a body that is too long", operation, 413,
            body="[" + " " * ({EVENTS: 17, RESULTS: 3, WINDOW: 2}[path] << 20) if path in (EVENTS, RESULTS, WINDOW) else big)
        for other in ("PATCH", "DELETE", "POST", "GET"):
            if (other, path) in OPERATIONS:
                continue
            add(f"the method {other}", operation, 405, verb=other)
        add("no database", operation, 503, env={"DAYBOOK_DB": "/nonexistent/daybook.db"})
        if path in ("/health", "/metrics"):
            continue
        if operation == ("POST", SESSION):
            add("the table of revoked tokens is lost", operation, 500, break_table="revoked_token")
        elif path in (KEYS, KEY):
            add("the table of keys is lost", operation, 500, break_table="api_key", key_id="1")
        else:
            add("the days of the organization are lost", operation, 500, break_days=True)
        add("an API key", operation, 403 if operation == ("POST", SESSION) else good, token=None, key=True)
        add("no credential", operation, 401, token=None)
        add("a damaged token", operation, 401, token="eyJhbGciOiJub25lIn0.e30.")
        writes_campaigns = "Needs the scope `campaigns:write`." in documented["description"]
        wrong = 200 if operation == ("GET", SESSION) else 403
        add("a token without the scope", operation, wrong, token="reading only" if writes_campaigns else "campaigns only")
        add("an organization that is not there, asked by admin", operation, 404, token="admin of a ghost", org="ghost")
        if "{organizationId}" in path:
            add("another organization's", operation, 403, org="free")
            add("an organization that is not there", operation, 403, org="ghost")
            add("another organization's, by admin", operation, good, token="admin of nobody", org="tiny")
        else:
            add("a token that names no organization", operation, wrong, token="admin of nobody")
        if "304" in documented["responses"]:
            add("a reply that the client has", operation, 304, reuse_etag=True)
        if method != "GET" or path == SESSION:
            add("an unknown query parameter", operation, 400, query="colour=blue")
        if method != "GET":
            add("another media type", operation, 415, body=b"{}", headers={"Content-Type": "text/plain"})
        if "requestBody" in documented:
            add("an empty body", operation, 400 if documented["requestBody"]["required"] else good, body=b"")
            add("no JSON", operation, 400, body=b"{")
            add("an unknown field", operation, 400, body={"colour": "blue"})
        if "{campaignId}" in path:
            add("a campaign that there is not", operation, 404, campaign="nobody")
            add("another organization's campaign", operation, 404, token="free")
        if "412" in documented["responses"]:
            typed = GOOD[operation].get("headers", {})
            add("a version that is gone", operation, 412, headers={**typed, "If-Match": '"AAAAAAAAAAAAAAAAAAAAAAAA"'})
            add("the version that was read", operation, good, reuse_for_match=True)
            add("any version", operation, good, headers={**typed, "If-Match": "*"})

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
        add("an organization without traffic", ("GET", path), 200, token="free")
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
    add("settlements, and one of nothing", events, 200, body=[
        {"id": "settled", "occurredAt": now}, {"id": "settlement", "settles": "settled", "parts": 2, "cost": "0.02"},
        {"id": "late", "settles": "nothing", "status": "sent"}])
    add("only conflicts", events, 409, body={"id": "seed-SMS", "occurredAt": now, "parts": 9})
    add("only rejected ones", events, 400, body=[{"id": "r"}, {"occurredAt": now}])
    add("a conflict and a rejected one", events, 400, body=[{"id": "seed-SMS", "occurredAt": now, "parts": 9}, {}])
    add("an empty array", events, 400, body=[])
    add("something beside events", events, 400, body={"events": [{"id": "b", "occurredAt": now}], "more": 1})
    add("10,001 events", events, 413, body=[{}] * 10001)
    enforced, origin = {"query": "enforce=true"}, {"from": "+14165550199", "network": "T-Mobile", "tag": "sales"}
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
    both, fits = {"query": "enforce=true&atomic=true"}, {"id": "fits", "occurredAt": now, "channel": "EMAIL"}
    add("atomic, and all are good", events, 200, body=[{"id": "all", "occurredAt": now, **origin}], query="atomic=true")
    add("atomic, and one is bad", events, 400, body=[fits, {"id": "bad"}], query="atomic=true")
    add("atomic, and one is a conflict", events, 409, body=[fits, fits, {**fits, "messages": 2}], query="atomic=true")
    add("atomic, and one has no room on the day", events, 429, token="full", body=[fits, {"id": "q", "occurredAt": now}], **both)
    add("atomic, and a cap has no room for one", events, 402, token="capped",
        body=[fits, {"id": "q", "occurredAt": now, "messages": 6}], **both)
    add("atomic perhaps", events, 400, query="atomic=perhaps")
    add("enforced twice", events, 400, query="enforce=true&enforce=true")

    add("an organization that is not there", ("GET", SESSION), 403, token="reader of a ghost")
    listed = {"from": today_of(-1), "to": today_of()}
    add("every parameter", ("GET", EVENTS), 200, query={**listed, "limit": 5, "channel": "SMS", "status": "failed", "campaignId": "sending"})
    add("the next page", ("GET", EVENTS), 200, query={**listed, "limit": 50}, next_page=True)
    for query in ("from=2026-01-01", "from=2026-01-01&to=2027-02-05", "from=2026-01-02&to=2026-01-01", "from=2026-01-01&to=2026-01-01&after=x"):
        add(query, ("GET", EVENTS), 400, query=query)
    for by in ("channel", "day,channel", "hour", "source,tag", "campaign", "sender,network"):
        add("by " + by, ("GET", USAGE_BY), 200, query={**listed, "by": by})
        add("by " + by + " as CSV", ("GET", USAGE_BY), 200, query={**listed, "by": by, "format": "csv"})
    for query in ("from=2026-01-01", "from=2026-01-02&to=2026-01-01", "from=2016-01-01&to=2027-01-01", "from=x&to=2026-01-01",
                  "from=2026-01-01&to=2026-01-01&by=colour", "from=2026-01-01&to=2026-01-01&by=tag,tag"):
        add(query, ("GET", USAGE_BY), 400, query=query)
    add("more scopes than the caller has", ("POST", KEYS), 403, body={"scopes": ["usage:backfill"]})
    add("the scope admin", ("POST", KEYS), 400, body={"scopes": ["admin"]})
    add("no link", ("POST", SESSION), 403, token="acme")
    add("a link that was used", ("POST", SESSION), 401, twice=True)
    add("a body", ("POST", SESSION), 400, body={})
    add("a key that ends", ("POST", KEYS), 201, body={"scopes": ["usage:read"], "expiresAt": instant(86400000)})
    add("a key that has ended", ("POST", KEYS), 400, body={"scopes": ["usage:read"], "expiresAt": instant(-1000)})
    add("a key that is not there", ("DELETE", KEY), 404, key_id="99999")
    add("again", ("DELETE", KEY), 200, twice=True)
    add("a day with events", ("POST", PRICES), 409, body={"channel": "SMS", "usd": 1, "validFrom": today_of()})
    add("every field", ("POST", PRICES), 200, token="small", org="small",
        body={"channel": "PUSH", "usd": 0.000000001, "validFrom": today_of(), "reprice": True})
    add("days with events", ("POST", PRICES), 202, body={"channel": "SMS", "usd": 2, "validFrom": today_of(-1), "reprice": True})
    add("again and again", ("POST", PRICES), 429, token="tiny", org="tiny", repriced=6,
        body={"channel": "SMS", "usd": 1, "validFrom": today_of(-1), "reprice": True})
    add("a price that is not there", ("DELETE", PRICES), 404, query={"channel": "SMS", "validFrom": today_of(3)})
    add("a day with events", ("DELETE", PRICES), 409, query={"channel": "EMAIL", "validFrom": today_of()})
    add("days with events", ("DELETE", PRICES), 202, query={"channel": "PUSH", "validFrom": today_of(), "reprice": "true"})
    add("again and again", ("DELETE", PRICES), 429, token="tiny", org="tiny", repriced=6,
        query={"channel": "SMS", "validFrom": today_of(2), "reprice": "true"})
    add("a job that is not there", ("GET", JOB), 404, job="99999")
    month = {"month": "2012-02"}
    add("again", ("POST", STATEMENTS), 200, body=month, first=month)
    add("a month that is not over", ("POST", STATEMENTS), 409, body={"month": today_of()[:7]})
    add("no month", ("POST", STATEMENTS), 400, body={})
    add("a day", ("POST", STATEMENTS), 400, body={"month": "2012-02-01"})
    add("every parameter", ("GET", STATEMENTS), 200, query={"limit": 1, "before": "2090-01"})
    add("before nothing", ("GET", STATEMENTS), 400, query={"before": "2026"})
    add("a month that was not kept", ("GET", STATEMENT), 404, month="2098-12")
    add("a page to print", ("GET", STATEMENT), 200, query={"format": "html"})
    add("of this month, with rows that came later", ("GET", STATEMENT), 200, month="later")
    add("after nothing", ("GET", STATEMENT), 400, query={"after": "x"})
    add("every filter", ("GET", AUDIT), 200, query={"action": "org.add", "credential": "cli", "actor": "nobody", "limit": 5})
    add("a filter that is too long", ("GET", AUDIT), 400, query={"action": "x" * 256})
    add("a page", ("GET", AUDIT), 200, query={"limit": 2})
    add("the oldest", ("GET", AUDIT), 200, query={"limit": 1, "before": 3})
    add("a page for the operator", ("GET", AUDIT), 200, token="admin", query={"limit": 2})
    add("the next page for the operator", ("GET", AUDIT), 200, token="admin", query={"limit": 2, "before": "5.3"})
    add("the operator's page for another", ("GET", AUDIT), 400, query={"limit": 2, "before": "5.3"})
    add("no limit", ("GET", AUDIT), 400, query={"limit": 0})
    add("every field", ("PUT", LIMITS), 200, body={
        "dailyLimit": 500, "quotaUnit": "message", "cycleDay": 31, "messagesCap": 1, "costCap": "12.345678", "smsCap": 2,
        "callCap": 3, "allowOverage": True})
    add("a cycle day from a date on", ("PUT", LIMITS), 200, token="admin", org="tiny", body={
        "cycleDay": 15, "cycleDayFrom": today_of(40)})
    add("a cycle day from yesterday on", ("PUT", LIMITS), 400, body={"cycleDay": 15, "cycleDayFrom": today_of(-3)})
    add("the cycle before", ("GET", USAGE), 200, query={"cycle": "previous"})
    add("the cycle of a date", ("GET", ACCOUNT), 200, query={"cycle": today_of(-400)})
    add("a cycle that has not begun", ("GET", USAGE), 400, query={"cycle": today_of(100)})
    add("another currency, although there are costs", ("PUT", PROFILE), 409, body={"currency": "EUR"})
    add("no currency", ("PUT", PROFILE), 400, body={"currency": "ABC"})
    add("no limits", ("PUT", LIMITS), 200, token="admin", org="tiny", body={
        "dailyLimit": None, "messagesCap": None, "costCap": None, "smsCap": None, "callCap": None})
    add("fewer than are reserved", ("PUT", LIMITS), 200, body={"dailyLimit": 1}, undo={"dailyLimit": 500})
    add("the presets", ("GET", LIMITS), 200, query={"presets": "true"})
    add("other presets", ("GET", LIMITS), 400, query={"presets": "false"})
    add("a limit that is not there", ("GET", LIMIT), 404, limit="nobody")
    add("a limit that is not there", ("DELETE", LIMIT), 404, limit="nobody")
    add("one of the five", ("GET", LIMIT), 200, limit="cycle-cost")
    add("every member", ("PUT", LIMIT), 200, limit="every", body={
        "channels": ["EMAIL", "SMS"], "from": "news@example.org", "network": "x", "unit": "cost", "window": "rolling", "hours": 744,
        "amount": "12.5", "validFrom": today_of(3), "action": "report", "preview": True})
    add("amounts", ("PUT", LIMIT), 200, limit="warm", body={"channels": ["EMAIL"], "window": "day", "zone": "Asia/Kathmandu",
        "amounts": [{"validFrom": today_of(9), "amount": 8000}, {"validFrom": today_of(-9), "amount": None}]})
    add("less than is used", ("PUT", LIMIT), 200, limit="less", body={"channels": ["SMS"], "window": "month", "amount": 1, "action": "report"})
    add("only an amount of a limit that is not there", ("PUT", LIMIT), 400, limit="nobody", body={"amount": 1})
    add("another window of one of the five", ("PUT", LIMIT), 400, limit="daily", body={"channels": ["SMS"], "window": "month"})
    add("one too many", ("PUT", LIMIT), 409, limit="fifty-one", token="small", org="small", fifty=True)
    add("changed since", ("PUT", LIMIT), 412, limit="daily", body={"amount": 500}, headers={"If-Match": '"old"'})
    add("changed since", ("DELETE", LIMIT), 412, limit="daily", headers={"If-Match": '"old"'})
    add("a wrong type", ("PUT", LIMITS), 400, body={"dailyLimit": "500"})
    hours = [{"weekdays": [1, 7], "from": "22:00", "until": "06:00"}, {"weekdays": [3], "from": "00:00", "until": "24:00"}]
    named = [{"date": today_of(3000), "name": "Holiday"}, {"date": today_of(3001)}]
    add("every field", ("PUT", WINDOW), 200, token="none", org="none", body={"hours": hours, "closed": named})
    add("with hours", ("GET", WINDOW), 200, token="none", org="none")
    add("no hours", ("PUT", WINDOW), 400, body={"hours": [{"weekdays": [1]}]})
    add("no calendar", ("POST", WINDOW), 400, body="date\n2026-12-25\n")
    add("no plan", ("PUT", PLAN), 400, body={})
    add("a zone that there is not", ("PUT", ZONE), 400, body={"timezone": "Mars/Olympus"})
    add("another zone, with all days recomputed", ("PUT", ZONE), 200, body={"timezone": "Pacific/Kiritimati",
        "recutHistory": True}, undo={"timezone": "Etc/UTC", "recutHistory": True})
    add("another address", ("GET", "/metrics"), 403, REMOTE_ADDR="192.0.2.1")
    add("another address and no valid token", ("GET", "/metrics"), 401, REMOTE_ADDR="192.0.2.1", token="eyJhbGciOiJub25lIn0.e30.")
    add("a stranger", ("GET", "/health"), 200, REMOTE_ADDR="192.0.2.1")
    add("the days of an organization are lost", ("GET", "/metrics"), 500, break_days=True)
    return cases


CASES = build_cases()
