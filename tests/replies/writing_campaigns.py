"""Creates, plans, changes, pauses, reports and cancels campaigns."""
import json

from reading import CAMPAIGNS
from series import DAY_S
from world import START, iso


def add_campaigns(s):
    at, later = iso(START + 10 * DAY_S), iso(START + 11 * DAY_S)
    one = {"id": "one", "name": "One", "contactCount": 40, "scheduledISO": at}
    s.campaign("made", body=one)
    s.campaign("the same again", body=one)
    s.campaign("the id of another", body={**one, "name": "Two"})
    s.campaign("without an id", body={k: v for k, v in one.items() if k != "id"})
    s.campaign("no room", body={**one, "id": "large", "contactCount": 501})
    s.campaign("no room, of small", body={**one, "id": "s2", "contactCount": 3}, token="small")
    s.campaign("above a cap", body={**one, "id": "s3", "contactCount": 6}, token="capped")
    s.campaign("above a cap that refuses nothing", body={**one, "id": "s4", "contactCount": 6}, token="over")
    s.campaign("in parts", body={**one, "id": "s5", "contactCount": 30, "partsPerContact": 3}, token="parts")
    s.campaign("in parts, no room", body={**one, "id": "s6", "contactCount": 5, "partsPerContact": 3}, token="parts")
    s.campaign("past", body={**one, "id": "past", "scheduledISO": iso(START - 600)})
    s.campaign("far", body={**one, "id": "far", "scheduledISO": "2100-01-02T00:00:00Z"})
    s.campaign("a draft", body={**one, "id": "draft", "status": "draft", "contactCount": 10**9})
    slices = [{"scheduledISO": at, "contactCount": 20}, {"scheduledISO": later, "contactCount": 30}]
    s.campaign("slices", body={"id": "slices", "name": "Slices", "segments": slices})
    for name, segments in (("none", []), ("no array", 7), ("an unknown field", [{"x": 1}]), ("no time", [{"contactCount": 1}]),
                           ("too many", slices * 184), ("a number", [7]),
                           ("with a number of its own", [{**slices[0], "segmentNumber": 1}])):
        s.campaign(f"slices: {name}", body={"name": "Bad", "segments": segments})
    s.campaign("both forms", body={**one, "id": "both", "segments": slices})
    for org in ("acme", "globex", "nothing", "small"):
        s.campaign(f"planned, of {org}", body={"id": "planned", "name": "Planned", "autoSegment": {"totalContacts": 7}},
                   token=org)
    s.campaign("planned, all that a plan may say", body={"id": "plan2", "name": "Plan", "partsPerContact": 2, "autoSegment": {
        "totalContacts": 900, "firstSegmentDate": "2026-04-03", "firstSegmentTime": "08:15", "timezone": "Asia/Kathmandu"}})
    s.campaign("planned, parts twice", body={"name": "Plan", "partsPerContact": 2,
                                             "autoSegment": {"totalContacts": 1, "partsPerContact": 2}})
    for body in ({"totalContacts": 500 * 367}, {"totalContacts": 5, "firstSegmentDate": "2026-03-01"},
                 {"totalContacts": 5, "timezone": "Mars/Olympus"},
                 {"totalContacts": 5, "firstSegmentTime": "24:00"}, {"totalContacts": 5, "firstSegmentDate": "2026-03-18",
                                                                     "firstSegmentTime": "11:31"}):
        s.campaign("a plan", "/auto-segment", body, token="read")
        s.campaign("as campaign", body={"name": "Plan", "autoSegment": body})
    for org in ("acme", "globex", "nothing", "small", "parts"):
        s.campaign(f"a plan of {org}", "/auto-segment", {"totalContacts": 150, "partsPerContact": 2}, token=org)
        for count in (0, 1, 3, 460, 501):
            s.campaign(f"a date of {org}, {count}", "/validate-date", {"scheduledISO": at, "contactCount": count}, token=org)
        s.campaign(f"a date of {org}, over", "/validate-date", {"scheduledISO": iso(START - 2 * DAY_S), "contactCount": 1},
                   token=org)
        s.campaign(f"a date of {org}, without one of its campaigns", "/validate-date", {
            "scheduledISO": at, "contactCount": 470, "excludeCampaignId": "one"}, token=org)


def add_campaign_changes(s):
    fields, _ = s.campaign("to be changed", "/one", method="GET")
    put = lambda name, body, campaign="one", **more: s.campaign(name, "/" + campaign, body, "PUT", **more)
    put("changed since", {"name": "Late"}, headers={"If-Match": '"AAAAAAAAAAAAAAAAAAAAAAAA"'})
    put("as it was read", {"name": "Renamed"}, headers={"If-Match": fields["ETag"]})
    put("the same tag again", {"name": "Renamed again"}, headers={"If-Match": fields["ETag"]})
    put("any version", {"contactCount": 50}, headers={"If-Match": "*"})
    put("nothing", {})
    put("resized and moved", {"contactCount": 60, "scheduledISO": iso(START + 12 * DAY_S), "partsPerContact": 2})
    put("no room", {"contactCount": 501})
    put("past", {"scheduledISO": iso(START - 600)})
    put("back to a draft", {"status": "draft"})
    put("another state", {"status": "sent"})
    put("one slice", {"segments": [{"segmentNumber": 2, "contactCount": 5}]}, "slices")
    put("a slice that there is not", {"segments": [{"segmentNumber": 9, "contactCount": 5}]}, "slices")
    put("a slice without its number", {"segments": [{"contactCount": 5}]}, "slices")
    put("a slice twice", {"segments": [{"segmentNumber": 1, "contactCount": 5}] * 2}, "slices")
    put("slices as one", {"contactCount": 5}, "slices")
    put("a draft without room", {"status": "scheduled"}, "draft")
    put("a draft with room", {"contactCount": 3, "status": "scheduled"}, "draft")
    put("another organization's", {"name": "x"}, token="globex")
    s.campaign("deleted, no draft", "/one", method="DELETE")
    s.campaign("deleted", "/spring-preview", method="DELETE")
    s.campaign("deleted again", "/spring-preview", method="DELETE")
    s.campaign("deleted, not there", "/spring-preview", method="GET")


def add_campaign_verbs(s):
    for verb in ("pause", "pause", "resume", "resume", "cancel", "cancel", "pause", "resume"):
        s.campaign("a verb", f"/slices/{verb}")
        s.campaign("after a verb", "/slices", method="GET")
    s.campaign("a verb with a body", "/one/pause", {})
    s.campaign("a verb with another body", "/one/resume", {"x": 1})
    s.campaign("a verb of a draft", "/draft/pause")
    s.campaign("a verb with an old tag", "/one/cancel", headers={"If-Match": '"x"'})
    failed = [{"phoneNumber": f"+1416555{i:04d}", "reason": "opted out"} for i in range(120)]
    report = lambda name, body, campaign="renewals", **more: s.campaign(name, f"/{campaign}/results", body, **more)
    report("sent", {"id": "r1", "sent": 5})
    report("again", {"id": "r1", "sent": 5})
    report("another body", {"id": "r1", "sent": 6})
    report("failed", {"id": "r2", "failed": failed[:101]})
    report("both, with all fields", {"id": "r3", "segmentNumber": 1, "occurredAt": iso(START - 60), "sent": 2, "parts": 4,
                                     "failed": failed[101:]})
    for body in ({"id": "r4"}, {"sent": 1}, {"id": "r5", "sent": 1, "segmentNumber": 7},
                 {"id": "r6", "sent": 1, "occurredAt": iso(START + DAY_S)},
                 {"id": "r7", "sent": 1, "parts": 0}, {"id": "r8", "failed": [{}]}, {"id": "r9", "failed": [7]},
                 {"id": "r10", "failed": failed * 84},
                 {"id": "a\nb", "sent": 1}, {"id": "r11", "sent": 0, "done": True}, {"id": "r12", "sent": 1000},
                 {"id": "r13", "sent": 1}):
        report("more", body)
    report("of a campaign that is cancelled", {"id": "r1", "sent": 1}, "slices")
    for query in ("", "limit=50", "limit=1000"):
        s.campaign("with failures", "/renewals", method="GET", query=query)
    s.say("the day of failures", "GET", CAMPAIGNS + "/usage-calendar", query="from=2026-03-22&to=2026-03-24")
    _, body = s.campaign("by pages", "/renewals", method="GET", query="limit=60")
    s.campaign("the next page", "/renewals", method="GET", query="limit=60&cursor=" + str(json.loads(body).get("nextCursor")))
    s.campaign("cancelled", "/renewals/cancel")
