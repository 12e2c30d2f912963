"""What the sweep runs: a name, the base database, the request or command, and how its outcomes are judged."""
import typing

from bases import ALL, KEYS_URL, SETUP_CODE, at, fact
from program import Cgi, Cmd

ORG = "/api/organizations/acme"
CAMPAIGNS = "/api/campaigns"
RANGE = {"from": "2026-05-01", "to": "2026-05-31"}


class Scenario(typing.NamedTuple):
    name: str
    base: str
    request: object
    code: int = 0  # HTTP status or exit code without a fault
    reads: bool = False  # changes nothing
    refusals: tuple = (503,)  # statuses that may refuse
    kept_says: str = ""  # a command that says this in its refusal has made its file all the same, and does not make it again
    operators_file: str = ""  # one whose permissions are the operator's to correct: 403 says so, as a retry would not help
    effect_is_optional: bool = False  # the work follows the reply, which may be a success without it
    says_what_is_wrong: bool = False  # that is its purpose: on standard output, too
    blank: str = ""  # a pattern of what may differ in a good reply
    random: tuple = ()  # columns of random numbers, which depend on how many were taken before: for files, or for an inspection
    retry_after_ms: int = 0  # later by so much, the request is made again
    no_retry: bool = False  # it cannot be made again
    between: object = None  # tables -> whether they are a legitimate state between before and after
    verifies_between: bool = False  # `daybook verify` finds nothing in that state
    runs_max: int = 0  # at most so many runs, if not 0
    noted_later: str = ""  # a setting that the maintenance after the reply writes: until then it is as before
    unfinished: str = ""  # a pattern of files that a refusal may leave for the next attempt, whose success removes them


def write(name, program, method, path, body=None, code=200, base="acme", **more):
    fields = {key: more.pop(key) for key in ("query", "type", "scope") if key in more}
    return Scenario(name, base, Cgi(program, method, path, body=body, **fields), code, **more)


def read(name, program, path, query=None, base="acme", scope=ALL, **more):
    return Scenario(name, base, Cgi(program, "GET", path, query or {}, scope=scope), 200, reads=True, **more)


def command(name, *args, base="acme", **more):
    return Scenario(name, base, Cmd(args), 0, **more)


def report(name, *args, base="two", **more):
    return Scenario(name, base, Cmd(args), 0, reads=True, **more)


def is_empty(tables):
    """A database in which nothing has been set up yet."""
    return not any(rows for name, rows in tables.items() if name not in ("schema", "version", "setting", "installation"))


def cloud(id, **data):
    return {"specversion": "1.0", "id": id, "source": "/app", "type": "daybook.event", "time": at(19), "data": data}


def has_job(tables):
    """Any process goes on with it; until then, and between the jobs of two organizations, the figures must be right all the same."""
    return bool(tables.get("job"))


def has_noted_failure(tables):
    """A URL's keys were not taken, or nobody knows whether they were; `doctor` can say why.  The next success removes the note."""
    return any("key_sources" in map(str, row) and '"error":""' not in str(row) for row in tables["setting"])


def has_new_days(tables):
    """An organization's days are new, and what was compared is not noted yet."""
    return any("org.tzdata" in map(str, row) for row in tables["audit"]) and \
        not any("zones_compared" in map(str, row) for row in tables["setting"])


JOB = {"between": has_job, "verifies_between": True, "no_retry": True}  # the retry is refused until the job has ended
CODE_REMOVED = r'"codeRemoved":\w+'
UNFINISHED = r"daybook\.db-upgrading(-gate|-journal)?$"
NEW = [fact("p1", 19), fact("p2", 18, channel="CALL", parts=3), fact("p3", 19, cost="0.5"), fact("p4", 20, campaignId="spring")]
VOID = [{"id": "v9", "voids": "e7", "reason": "wrong"}] + [fact(f"b{i}", 17 + i % 3, channel="SMS") for i in range(4)]
SETTLEMENTS = [{"id": "t1", "settles": "e7", "parts": 3}, {"id": "t2", "settles": "e8", "cost": "0.5"},
               fact("x3", 19, campaignId="spring", segmentNumber=1, status="failed", to="+14165550177", reason="bounced"),
               {"id": "t3", "settles": "x3", "status": "sent"}]
FAILED = [fact("x1", 19, status="failed", to="+14165550177", reason="bounced"), fact("x2", 20, campaignId="spring", segmentNumber=1,
          status="failed", to="+14165550178", reason="no such number")]
SEGMENTS = [{"contactCount": 15, "scheduledISO": at(26)}, {"contactCount": 16, "scheduledISO": at(27)}]
RESULTS = {"id": "r1", "segmentNumber": 1, "occurredAt": at(20), "sent": 5, "failed": [{"phoneNumber": "+15550001", "reason": "x"}]}
SETUP = {"code": SETUP_CODE, "organizationId": "acme", "timezone": "America/Toronto", "dailyLimit": 500, "priceSms": "0.0079"}

WRITES = [
    write("events-plain", "events", "POST", "/api/events", NEW),
    write("events-void", "events", "POST", "/api/events", VOID),
    write("events-settlements", "events", "POST", "/api/events", SETTLEMENTS),
    write("events-failed", "events", "POST", "/api/events", FAILED),
    write("events-enforced", "events", "POST", "/api/events", NEW, query={"enforce": "true"}),
    write("events-atomic", "events", "POST", "/api/events", NEW, query={"enforce": "true", "atomic": "true"}),
    write("events-ndjson", "events", "POST", "/api/events", "".join(f'{{"id":"j{i}","occurredAt":"{at(19)}"}}\n' for i in range(3)),
          type="application/x-ndjson"),
    write("events-cloud", "events", "POST", "/api/events", [cloud("c1", parts=2), cloud("c2")],
          type="application/cloudevents-batch+json"),
    write("campaign-create", "campaigns", "POST", CAMPAIGNS,
          {"id": "n", "name": "New", "contactCount": 10, "scheduledISO": at(23)}, 201),
    write("campaign-now", "campaigns", "POST", CAMPAIGNS, {"id": "n", "name": "New", "contactCount": 5}, 201),
    write("campaign-segments", "campaigns", "POST", CAMPAIGNS, {"id": "n", "name": "New", "segments": SEGMENTS}, 201),
    write("campaign-auto", "campaigns", "POST", CAMPAIGNS,
          {"id": "n", "name": "New", "autoSegment": {"totalContacts": 600, "firstSegmentTime": "16:00"}}, 201),
    write("campaign-change", "campaigns", "PUT", CAMPAIGNS + "/spring", {"name": "Summer", "segments": [
        {"segmentNumber": 2, "contactCount": 60, "scheduledISO": at(23)}]}),
    write("campaign-cancel", "campaigns", "POST", CAMPAIGNS + "/spring/cancel"),
    write("campaign-pause", "campaigns", "POST", CAMPAIGNS + "/spring/pause"),
    write("campaign-resume", "campaigns", "POST", CAMPAIGNS + "/hold/resume"),
    write("campaign-resume-moved", "campaigns", "POST", CAMPAIGNS + "/hold/resume", {"scheduledISO": at(23)}),
    write("campaign-delete", "campaigns", "DELETE", CAMPAIGNS + "/draft", code=204),
    write("campaign-results", "campaigns", "POST", CAMPAIGNS + "/spring/results", RESULTS),
    write("settings-profile", "settings", "PUT", ORG + "/profile", {"name": "Acme Inc.", "weekStart": 7}),
    write("settings-zone", "settings", "PUT", ORG + "/timezone", {"timezone": "Europe/Berlin"}, noted_later="zones_compared"),
    write("settings-recut", "settings", "PUT", ORG + "/timezone", {"timezone": "Asia/Tokyo", "recutHistory": True},
          noted_later="zones_compared"),
    write("settings-plan", "settings", "PUT", ORG + "/plan", {"plan": "pro"}),
    write("settings-limits", "settings", "PUT", ORG + "/limits", {"dailyLimit": 30, "messagesCap": None, "costCap": 20}),
    write("settings-limit-add", "settings", "PUT", ORG + "/limits/carrier", {"preset": "t-mobile-10dlc-2000"},
          effect_is_optional=True, blank=r'"state":"building",|"job":(\d+|null)|"daysOverLimit":(null|\[\])|"(used|available)":\d+', noted_later="zones_compared", **JOB),
    write("settings-limit-zone", "settings", "PUT", ORG + "/limits/pacific", {"channels": ["SMS"], "window": "day", "amounts": [
        {"validFrom": "2026-05-20", "amount": 9}, {"validFrom": "2026-06-01", "amount": None}], "zone": "America/Los_Angeles"}, noted_later="zones_compared"),
    write("settings-limit-remove", "settings", "DELETE", ORG + "/limits/daily"),
    write("settings-cycle", "settings", "PUT", ORG + "/limits", {"cycleDay": 15, "cycleDayFrom": "2026-05-25"}),
    write("sending-window", "sending-window", "PUT", ORG + "/sending-window", {
        "hours": [{"weekdays": [1, 2, 3], "from": "09:00", "until": "17:00"}], "closed": [{"date": "2026-12-25"}, {"date": "2026-12-26"}]}),
    write("prices-reprice", "prices", "POST", ORG + "/prices",
          {"channel": "SMS", "usd": "0.0101", "validFrom": "2026-05-05", "reprice": True}, 202, effect_is_optional=True, **JOB),
    write("statements-keep", "statements", "POST", ORG + "/statements", {"month": "2026-04"}, code=201),
    write("prices-remove", "prices", "DELETE", ORG + "/prices", query={"channel": "SMS", "validFrom": "2026-05-05"}, base="mispriced"),
    write("prices-remove-reprice", "prices", "DELETE", ORG + "/prices", query={"channel": "CALL", "validFrom": "2026-05-05",
          "reprice": "true"}, code=202, base="mispriced", effect_is_optional=True, **JOB),
    write("session-exchange", "session", "POST", "/api/session", code=201, scope="link", refusals=(503, 401)),
    write("api-key-add", "api-keys", "POST", ORG + "/api-keys", {"name": "second", "scopes": ["usage:write"]}, 201),
    write("api-key-revoke", "api-keys", "DELETE", ORG + "/api-keys/1"),
    write("setup", "setup", "POST", "/daybook/setup", SETUP, 201, "site", scope="", refusals=(503, 409),
          operators_file="setup-code.txt", between=is_empty, blank=CODE_REMOVED),
    write("setup-upgrade", "setup", "POST", "/daybook/setup", {"code": SETUP_CODE}, 200, "old-site", scope="",
          refusals=(503, 409), operators_file="setup-code.txt", blank=CODE_REMOVED + r"|before-upgrade-[0-9-]+",
          retry_after_ms=1000, unfinished=UNFINISHED),
    write("upkeep-key-use", "organization-usage", "GET", "/organization/usage", scope="API key", effect_is_optional=True),
    write("upkeep-blanking", "organization-usage", "GET", "/organization/usage", base="blanking", effect_is_optional=True),
    write("upkeep-backup", "organization-usage", "GET", "/organization/usage", base="backup", effect_is_optional=True,
          retry_after_ms=2 * 3600 * 1000),
]

READS = [
    read("get-calendar", "usage-calendar", CAMPAIGNS + "/usage-calendar", RANGE),
    read("get-slot", "next-available-slot", CAMPAIGNS + "/next-available-slot", {"contactCount": 470}),
    read("get-usage", "organization-usage", "/organization/usage"),
    read("get-history", "usage-history", "/organization/usage/history", {"startDate": "2026-01-01", "endDate": "2026-05-31"}),
    read("get-organization-usage", "organizations-usage", "/organizations/acme/usage",
         {"startDate": 1777600000000, "endDate": 1779292800000}),
    read("get-events", "events", "/api/events", RANGE),
    read("get-usage-by", "usage", "/api/usage", {**RANGE, "by": "source,day"}),
    read("get-usage-by-channel", "usage", "/api/usage", {**RANGE, "by": "channel"}),
    read("get-campaigns", "campaigns", CAMPAIGNS),
    read("get-campaign", "campaigns", CAMPAIGNS + "/spring"),
    read("get-settings", "settings", ORG),
    read("get-sending-window", "sending-window", ORG + "/sending-window"),
    read("get-prices", "prices", ORG + "/prices"),
    read("get-jobs", "jobs", ORG + "/jobs"),
    read("get-api-keys", "api-keys", ORG + "/api-keys"),
    read("get-audit", "audit", ORG + "/audit"),
    read("get-statements", "statements", ORG + "/statements"),
    read("get-session", "session", "/api/session"),
    read("get-health", "health", "/health", scope="",
         blank=r'"status":"\w+"|"warnings":\[.*?\]'),
    write("ask-segments", "auto-segment", "POST", CAMPAIGNS + "/auto-segment", {"totalContacts": 900}, reads=True),
    write("ask-date", "validate-date", "POST", CAMPAIGNS + "/validate-date", {"scheduledISO": at(22), "contactCount": 480},
          reads=True),
    read("get-metrics", "metrics", "/metrics", scope="", base="two"),
]

COMMANDS = [
    command("init", "init", base="none"),
    command("org-add", "org", "add", "globex", "--timezone", "Europe/Berlin", "--daily-limit", "100"),
    command("org-set", "org", "set", "acme", "--daily-limit", "30"),
    command("org-zone", "org", "set", "acme", "--timezone", "Europe/Berlin"),
    command("org-recut", "org", "set", "acme", "--timezone", "Asia/Tokyo", "--recut-history"),
    command("org-add-euro", "org", "add", "globex", "--timezone", "Europe/Berlin", "--currency", "EUR"),
    command("price-set", "price", "set", "EMAIL", "0.001"),
    command("price-euro", "price", "set", "SMS", "0.07", "--currency", "EUR"),
    command("price-reprice", "price", "set", "SMS", "0.0101", "--from", "2026-05-05", "--reprice", **JOB),
    command("price-remove", "price", "remove", "SMS", "--org", "acme", "--from", "2026-05-05", base="mispriced"),
    command("key-add", "key", "add", random=("kid", "verify_key", "sign_key", "detail")),
    command("key-add-set", "key", "add", "--file", "{data}/keys.json", "--iss", "https://id.example.com", "--aud", "daybook",
            base="keyset"),
    command("key-forget", "key", "forget", KEYS_URL, base="sourced"),
    command("key-fetch", "key", "fetch", base="rotating", random=("revision",), blank=r"\d+ added",
            between=has_noted_failure),
    command("key-set", "key", "set", "main", "--iss", "https://example.com", "--max-scopes", "usage:read"),
    command("key-retire", "key", "retire", "main"),
    command("token-revoke", "token", "revoke", "--kid", "main", "link:1"),
    command("apikey-add", "apikey", "add", "--org", "acme", "--scope", "usage:write", random=("sha256", "hint"),
            blank=r"dbk_\S+"),
    command("apikey-revoke", "apikey", "revoke", "1"),
    command("setting-set", "setting", "set", "iss", "https://example.com"),
    command("import-ndjson", "import", "{data}/in/facts.ndjson", base="files"),
    command("import-csv", "import", "{data}/in/facts.csv", base="files"),
    command("import-twilio", "import", "{data}/in/log.csv", "--format", "twilio", base="files"),
    command("cli-cancel", "campaign", "cancel", "spring"),
    command("rebuild", "rebuild", **JOB),
    command("rebuild-days", "rebuild", "--days", **JOB),
    command("maintenance", "maintenance", base="blanking", effect_is_optional=True),
    command("maintenance-zones", "maintenance", base="zones", between=has_new_days, verifies_between=True),
    command("erase", "erase", "--phone", "+14165550100"),
    command("backup", "backup", "{data}/copy.db", kept_says="the backup is good"),
    command("backup-keep", "backup", "--keep", "2", "{data}/backups", base="rotate", blank=r"daybook-[0-9-]+\.db|removed: \d"),
    command("restore", "restore", "{data}/old.db", base="restore", random=("zone_revision",),
            blank=r"before-restore-[0-9-]+"),
    command("upgrade", "upgrade", base="old", unfinished=UNFINISHED),
    command("demo", "demo", base="none", between=lambda tables: True, no_retry=True, runs_max=12),
]

REPORTS = [
    report("org-list", "org", "list"),
    report("org-show", "org", "show", "acme"),
    report("price-list", "price", "list"),
    report("key-list", "key", "list"),
    report("apikey-list", "apikey", "list"),
    report("setting-list", "setting", "list"),
    report("campaign-list", "campaign", "list", "--org", "acme"),
    report("campaign-show", "campaign", "show", "spring", "--org", "acme"),
    report("usage", "usage", "--org", "acme", "--from", "2026-05-01", "--to", "2026-05-31"),
    report("export", "export", "--org", "acme"),
    report("export-csv", "export", "--org", "acme", "--format", "csv", "--adjustments"),
    report("token", "token", "--org", "acme", "--sub", "ana", blank=r"\.[\w-]+\.[\w-]{43}(?=\s)"),  # the signature must be there
    report("verify", "verify", says_what_is_wrong=True),
    report("doctor", "doctor", says_what_is_wrong=True, blank=".+"),
]

SCENARIOS = {s.name: s for s in WRITES + READS + COMMANDS + REPORTS}
