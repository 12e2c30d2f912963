"""Reads each endpoint over ranges, organizations, pages and clocks; and asks for paths that no route has."""
import calendar
import json
import time

from world import START, iso

CALENDAR, SLOT, HISTORY = "/api/campaigns/usage-calendar", "/api/campaigns/next-available-slot", "/organization/usage/history"
EVENTS, CAMPAIGNS = "/api/events", "/api/campaigns"
EVERYBODY = ("acme", "globex", "parts", "nothing", "small", "capped", "over")
DAY_S = 86400


def figures(world, name, orgs=("acme",)):
    """Reads all figures as they are now."""
    today = iso(world.now)[:10]
    for org in orgs:
        get = lambda path, query="": world.ask(f"{name}, of {org}", "GET", path, query, token=org)
        get(CALENDAR, f"from={iso(world.now - 3 * DAY_S)[:10]}&to={iso(world.now + 14 * DAY_S)[:10]}")
        get(SLOT, "contactCount=100")
        get("/organization/usage")
        get("/account/organization")
        get(HISTORY, f"startDate=2026-01-01&endDate={today}")
        get(f"/organizations/{org}/usage", f"startDate=0&endDate={(world.now + 1) * 1000}")
        for by in ("channel,day", "hour", "source", "campaign,sender", "network,tag"):
            get("/api/usage", f"from=2026-03-01&to={today}&by={by}")
        get(CAMPAIGNS)
        get(f"/api/organizations/{org}")
        get("/api/session")


def add_ranges(world):
    for org in EVERYBODY:
        for query in ("from=2025-03-19&to=2026-03-18", "from=2025-11-01&to=2025-11-03", "from=2026-03-07&to=2026-03-09",
                      "from=2026-03-28&to=2026-04-06", "from=2026-03-18&to=2026-03-18", "from=2026-03-10&to=2026-05-10",
                      "from=2012-01-01&to=2012-01-02", "from=2099-12-30&to=2099-12-31", "from=2025-03-18&to=2026-03-18",
                      "from=2025-03-18&to=2026-03-19", "from=2026-03-19&to=2026-03-18"):
            world.ask(f"of {org}", "GET", CALENDAR, query, token=org)
            world.ask(f"of {org}, as CSV", "GET", CALENDAR, query + "&format=csv", token=org)
        for count in ("", "contactCount=1", "contactCount=2", "contactCount=3", "contactCount=499", "contactCount=500",
                      "contactCount=501", "contactCount=60&partsPerContact=2", "contactCount=1000000000000"):
            world.ask(f"of {org}", "GET", SLOT, count, token=org)
        for query in ("startDate=2025-03-18&endDate=2026-03-18", "startDate=2026-03-18&endDate=2026-03-18",
                      "startDate=2016-04-01&endDate=2026-03-31", "startDate=2016-03-31&endDate=2026-03-31",
                      "startDate=2026-02-28&endDate=2026-03-01"):
            world.ask(f"of {org}", "GET", HISTORY, query, token=org)
            world.ask(f"of {org}, as CSV", "GET", HISTORY, query + "&format=csv", token=org)
        for query in (f"startDate=0&endDate={START * 1000}", f"startDate={START * 1000 - 86400000}&endDate={START * 1000}",
                      f"startDate={START * 1000 - 3600001}&endDate={START * 1000 - 7}",
                      f"startDate={START * 1000}&endDate={START * 1000}",
                      f"startDate={START}&endDate={START + 9}", f"startDate={START * 1000}&endDate={START * 1000 - 1}"):
            world.ask(f"of {org}", "GET", f"/organizations/{org}/usage", query, token=org)
        for path in ("/organization/usage", "/account/organization/usage", "/account/organization", "/api/session", CAMPAIGNS):
            world.ask(f"of {org}", "GET", path, token=org)
        for tail in ("", "/api-keys", "/prices", "/audit"):
            world.ask(f"of {org}", "GET", f"/api/organizations/{org}{tail}", token=org)
            world.ask(f"of {org}, by the administrator", "GET", f"/api/organizations/{org}{tail}", token="admin")


def pages(world, name, path, query, parameter, of, pages_max=4):
    """Reads page by page, with the cursor of the previous page."""
    for number in range(pages_max):
        fields, body = world.ask(f"{name}, page {number + 1}", "GET", path, query)
        cursor = of(fields, body)
        if not cursor:
            break
        query = "&".join(p for p in query.split("&") if not p.startswith(parameter + "=")) + f"&{parameter}={cursor}"


def member(*names):
    def find(_, body):
        value = json.loads(body)
        for name in names:
            value = value.get(name) or {}
        return value
    return find


def add_pages(world):
    header = lambda fields, _: fields.get("X-Next-Cursor")
    day = "from=2026-03-17&to=2026-03-18"
    pages(world, "events", EVENTS, day + "&limit=100", "after", member("data", "next"))
    pages(world, "events as CSV", EVENTS, day + "&limit=100&format=csv", "after", header)
    pages(world, "campaigns", CAMPAIGNS, "limit=1", "cursor", member("data", "nextCursor"))
    pages(world, "campaigns as CSV", CAMPAIGNS, "limit=1&format=csv", "cursor", header)
    pages(world, "audit", "/api/organizations/acme/audit", "limit=2", "before", member("data", "next"))
    pages(world, "audit as CSV", "/api/organizations/acme/audit", "limit=2&format=csv", "before", header)
    for query in (day, day + "&channel=CALL", day + "&status=failed", "from=2026-01-01&to=2026-03-18&status=void",
                  day + "&campaignId=renewals", day + "&limit=1&channel=SMS&status=sent", "from=2025-02-12&to=2026-03-18",
                  "from=2025-02-13&to=2026-03-18&limit=1", "from=2026-02-16&to=2026-03-18&limit=10000"):
        world.ask("which", "GET", EVENTS, query)
        world.ask("which, as CSV", "GET", EVENTS, query + "&format=csv")
    for query in ("status=draft", "status=scheduled", "status=sent", "from=2026-03-20&to=2026-03-25", "from=2026-03-25",
                  "to=2026-03-20", "from=2026-03-25&to=2026-03-20", "limit=200", "limit=201", "cursor=c1", "cursor=c999"):
        world.ask("which", "GET", CAMPAIGNS, query)
        world.ask("which, as CSV", "GET", CAMPAIGNS, query + "&format=csv")
    for campaign in ("winter-sale", "renewals", "spring-preview"):
        for query in ("", "limit=1", "limit=1000", "limit=1001", "cursor=x"):
            world.ask("one", "GET", f"{CAMPAIGNS}/{campaign}", query)


def add_clocks(world):
    """Asks the same at other times: around midnight, around a change of the clocks, in another year."""
    for at in ("2026-03-19T03:59:59", "2026-03-19T04:00:00", "2026-03-29T00:59:00", "2026-03-29T01:00:00",
               "2026-03-31T22:00:00",
               "2026-04-01T04:00:00", "2026-11-01T05:30:00", "2027-03-18T12:00:00", "2025-12-31T23:59:59"):
        world.now = calendar.timegm(time.strptime(at, "%Y-%m-%dT%H:%M:%S"))
        for org in ("acme", "globex", "small"):
            for path, query in ((SLOT, "contactCount=2"), ("/organization/usage", ""), ("/account/organization", ""),
                                ("/api/session", ""),
                                (CALENDAR, f"from={at[:10]}&to={at[:10]}"), (CAMPAIGNS, "")):
                world.ask(f"at {at}, of {org}", "GET", path, query, token=org)
        world.ask(f"at {at}", "GET", "/health", token=None)
    world.now = START


def add_paths(world):
    """The ways in which a web server may pass the path, and paths without a route."""
    for name, script, more in (
            ("below a path", "/x/daybook/organization/usage", {}), ("all in PATH_INFO", "",
                                                                    {"PATH_INFO": "/organization/usage"}),
            ("by its file", "/cgi-bin/organization-usage.fcgi", {"PATH_INFO": "/organization/usage"}),
            ("by its file alone", "/cgi-bin/organization-usage.fcgi", {}),
            ("cut in two", "/organization", {"PATH_INFO": "/usage"}),
            ("cut elsewhere", "/organ", {"PATH_INFO": "ization/usage"}), ("a slash behind", "/organization/usage/", {}),
            ("two slashes", "//organization//usage", {}), ("another name", "/organization/usages", {}), ("nothing", "", {}),
            ("capitals", "/Organization/Usage", {}), ("too long", "/" + "x" * 3000 + "/organization/usage", {})):
        for token in ("acme", None):
            world.ask(f"{name}, by {token}", "GET", script, program="organization-usage", token=token, **more)
    for program in ("campaigns", "settings", "api-keys", "events", "health", "setup"):
        for path in ("/nothing", "/api/campaigns/a/b/c", "/api/organizations/acme/nothing", "/api/organizations"):
            world.ask(f"to {program}", "GET", path, program=program)
            world.ask(f"to {program}", "POST", path, program=program, body={}, token=None)
    for address in ("127.0.0.1", "::1", "192.0.2.1", ""):
        world.ask(f"from {address}", "GET", "/metrics", token=None, REMOTE_ADDR=address)
        world.ask(f"from {address}, by the operator", "GET", "/metrics", token="admin", REMOTE_ADDR=address)
    for name, variables in (("a forwarded host", {"HTTP_X_FORWARDED_HOST": "evil.example"}),
                            ("an origin", {"HTTP_ORIGIN": "https://a.example"}),
                            ("gzip", {"HTTP_ACCEPT_ENCODING": "gzip"}), ("a range", {"HTTP_RANGE": "bytes=0-9"}),
                            ("an id of its own", {"HTTP_X_REQUEST_ID": "mine"}), ("no address", {"REMOTE_ADDR": None})):
        world.ask(name, "GET", "/organization/usage", **variables)


def add_readings(world):
    add_ranges(world)
    add_pages(world)
    add_paths(world)
    figures(world, "at first", EVERYBODY)
    add_clocks(world)	# last: a later clock makes the programs blank old failures
