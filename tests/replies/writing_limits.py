"""Sets limits of every window, sends against them, imports days off, and keeps months."""
import json

from series import ORG, event

PARTS = "/api/organizations/parts"	# a short ledger: each limit is filled in one turn, on a busy machine too

DAY_OFF = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20261224\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Christmas Eve\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def add_limits(s):
    put = lambda name, body, **more: s.say("a limit", "PUT", f"{PARTS}/limits/{name}", body, token="parts", **more)
    put("t-mobile", {"preset": "t-mobile-10dlc-2000"})
    put("t-mobile", {"preset": "t-mobile-10dlc-2000"})
    fields, _ = s.say("a limit", "GET", PARTS + "/limits/t-mobile", token="parts")
    put("t-mobile", {"amount": 3}, headers={"If-Match": '"AAAAAAAAAAAAAAAAAAAAAAAA"'})
    put("t-mobile", {"amount": 3}, headers={"If-Match": fields["ETag"]})
    for body in ({"amounts": [{"validFrom": "2026-03-18", "amount": 4}, {"validFrom": "2026-04-01", "amount": None}]}, {"amount": 4}, {"action": "report"},
                 {"action": "refuse"}, {"amount": -1}, {"amount": 5, "validFrom": "2026-03-01"}, {"amount": 5, "colour": "blue"}, {}):
        put("t-mobile", body)
    put("rolling", {"channels": ["SMS", "CALL"], "unit": "part", "window": "rolling", "hours": 24, "amount": 5, "from": "+14165550199"})
    put("money", {"channels": ["SMS"], "unit": "cost", "window": "month", "amount": "1000.5", "preview": True})
    put("money", {"channels": ["SMS"], "unit": "cost", "window": "month", "amount": "1000.5"})
    for body in ({"channels": [], "window": "day"}, {"channels": ["PIGEON"], "window": "day"}, {"channels": ["SMS"], "window": "week"},
                 {"channels": ["SMS"], "window": "rolling"}, {"channels": ["SMS"], "window": "cycle", "from": "+1"},
                 {"channels": ["SMS"], "window": "day", "zone": "Mars/Base"}, {"preset": "nobody"}):
        put("bad", body)
    put("Bad", {"channels": ["SMS"], "window": "day", "amount": 1})
    put("daily", {"channels": ["CALL"], "window": "day", "amount": 1})
    for k, (fields, query) in enumerate((({"network": "T-Mobile"}, "enforce=true"), ({"network": "T-Mobile", "messages": 9}, "enforce=true"),
                                         ({"from": "+14165550199", "messages": 5}, ""), ({"from": "+14165550199"}, "enforce=true"),
                                         ({"tag": "sales"}, "enforce=true"))):
        s.events("under limits", event(f"limited-{k}", **fields), query=query, token="parts")
    s.events("all or nothing", [event("whole-0", tag="sales"), event("whole-1", network="T-Mobile", messages=9)], query="enforce=true&atomic=true",
             token="parts")
    s.campaign("from a sender", body={"id": "sender", "name": "Sender", "contactCount": 3, "scheduledISO": "2026-03-18T23:00:00Z",
                                      "from": "+14165550199", "tag": "sales"}, token="parts")
    s.say("the limits", "GET", PARTS + "/limits", token="parts")
    for by in ("tag", "sender,network", "channel,day", "colour", "tag,tag"):
        s.say("who used it", "GET", "/api/usage", query=f"from=2026-03-17&to=2026-03-18&by={by}", token="parts")
    for name in ("t-mobile", "t-mobile", "rolling", "money", "cycle-calls", "Bad"):
        s.say("a limit removed", "DELETE", f"{PARTS}/limits/{name}", token="parts")
    for file in (DAY_OFF, DAY_OFF, "date,name\n", ""):
        s.say("days off", "POST", PARTS + "/sending-window", file, token="parts", headers={"Content-Type": "text/calendar"})
    s.say("the days off", "GET", PARTS + "/sending-window", token="parts")
    s.say("no days off", "DELETE", PARTS + "/sending-window", token="parts")
    _, listed = s.say("the jobs", "GET", PARTS + "/jobs", token="parts")
    for job in json.loads(listed)["data"]["jobs"][:2]:
        s.say("a job", "GET", f"{PARTS}/jobs/{job['job']}", token="parts")


def add_statements(s):
    """Before there is a job: how many turns it takes depends on the machine, and each adds to the revision."""
    for month in ("2026-01", "2026-01", "2026-03", "2010-01", "2026-1"):
        s.say("a month", "POST", ORG + "/statements", {"month": month})
    s.events("of a month that was kept", event("late", ago_s=60 * 86400), token="backfill")
    for query in ("", "format=csv", "format=html"):
        s.say("a month", "GET", ORG + "/statements/2026-01", query=query)
    s.say("the months", "GET", ORG + "/statements")
