"""Sending windows of organizations and campaigns: /api/organizations/{id}/sending-window, and what obeys them."""
import json

import pytest

from api import CAMPAIGNS, TODAY, TOMORROW, at
from support import check_error, event

PATH = "/api/organizations/acme/sending-window"
OFFICE = {"hours": [{"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "until": "17:00"}]}	# 13:00 to 21:00 UTC in May in Toronto
ALWAYS = {"hours": [], "closed": []}


def window(api, method="GET", body=None, status=200, **options):
    reply = api.ask("sending-window", method, PATH, body=body, **options)
    assert reply.status == status, reply
    return reply.json["data"] if status == 200 else reply


def calendar(*lines):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])


def holiday(day, name, *more):
    return ["BEGIN:VEVENT", f"DTSTART;VALUE=DATE:{day}", f"SUMMARY:{name}", *more, "END:VEVENT"]


def load(api, text, status=200, headers=None):
    return window(api, "POST", text if isinstance(text, bytes) else text.encode(), status,
                  headers=headers or {"Content-Type": "text/calendar; charset=utf-8"})


def outside(reply, next_at, *words):
    """A refusal because of a window, which says when it would be allowed."""
    assert reply.status == 400, reply
    body = reply.json
    assert set(body) == {"success", "message", "error", "nextAllowedAt"} and body["success"] is False, body
    assert body["nextAllowedAt"] == next_at and (next_at is None or next_at in body["error"]), body
    for word in words:
        assert word in body["error"], body
    return body


def valid(api, when, contacts=1, **fields):
    reply = api.ask("validate-date", "POST", CAMPAIGNS + "/validate-date",
                    body={"scheduledISO": when, "contactCount": contacts, **fields})
    assert reply.status == 200, reply
    return reply.json


def plan(api, contacts, status=200, **fields):
    reply = api.ask("auto-segment", "POST", CAMPAIGNS + "/auto-segment", body={"totalContacts": contacts, **fields})
    assert reply.status == status, reply
    return reply.json


def planned(api, contacts, **fields):
    return [(s["scheduledDate"], s["contactCount"]) for s in plan(api, contacts, **fields)["segments"]]


# ---- The resource

def test_without_one_everything_is_allowed(api):
    assert window(api) == ALWAYS
    assert window(api, "DELETE") == {**ALWAYS, "segmentsOutside": []}
    assert valid(api, at("2026-05-23", "03:00"))["available"] is True	# a Saturday night


def test_what_is_put_is_what_is_read_until_it_is_deleted(api):
    body = {"hours": [{"weekdays": [5, 1], "from": "09:00", "until": "17:30"}, {"weekdays": [6], "from": "22:00", "until": "06:00"}],
            "closed": [{"date": "2026-12-25", "name": "Noël"}, {"date": "2026-07-01"}]}
    kept = {"hours": [{**body["hours"][0], "weekdays": [1, 5]}, body["hours"][1]], "closed": body["closed"][::-1]}
    assert window(api, "PUT", body) == {**kept, "segmentsOutside": []}
    assert window(api) == kept
    etag = api.ask("sending-window", "GET", PATH).headers["etag"]
    assert api.ask("sending-window", "GET", PATH, headers={"If-None-Match": etag}).status == 304
    assert window(api, "PUT", {"closed": [{"date": "2026-12-26"}]}) == {"hours": [], "closed": [{"date": "2026-12-26"}],
                                                                       "segmentsOutside": []}
    assert api.ask("sending-window", "GET", PATH, headers={"If-None-Match": etag}).status == 200
    window(api, "PUT", OFFICE)
    assert window(api) == {**OFFICE, "closed": []}
    window(api, "DELETE")
    assert window(api) == ALWAYS
    api.verify()


BAD = [({}, "hours: required"), ({"hours": {}}, "hours: not an array"), ({"hours": [5]}, "hours[0]"), ({"closed": 5}, "closed: not an array"),
       ({"hour": []}, "hour: unknown field"), ({"hours": [{"weekdays": [1], "from": "09:00"}]}, "hours[0].until: required"),
       ({"hours": [{"weekdays": [], "from": "09:00", "until": "17:00"}]}, "hours[0].weekdays: empty"),
       ({"hours": [{"weekdays": [8], "from": "09:00", "until": "17:00"}]}, "hours[0].weekdays: must be"),
       ({"hours": [{"weekdays": [1], "from": "24:00", "until": "17:00"}]}, "hours[0].from: not a time"),
       ({"hours": [{"weekdays": [1], "from": "09:00", "until": "09:00"}]}, "hours[0].until: the same"),
       ({"hours": [{"weekdays": [1], "from": "09:00", "until": "17:00", "zone": "UTC"}]}, "zone: unknown field"),
       ({"hours": OFFICE["hours"] * 29}, "hours: more than 28"),
       ({"closed": [{"date": "2026-13-01"}]}, "closed[0].date: not a date"), ({"closed": [{"date": 5}]}, "closed[0].date"),
       ({"closed": [{"date": "2026-12-25", "name": "x" * 201}]}, "closed[0].name"),
       ({"closed": [{"date": "2026-12-25"}, {"date": "2026-12-25"}]}, "closed[1].date: given twice"),
       ({"closed": [{"date": "2026-12-25", "name": "a\u202eb"}]}, "U+202E"),
       ({"closed": [{"date": f"20{y:02}-{m:02}-{d:02}"} for y in range(30, 34) for m in range(1, 13) for d in range(1, 29)]},
        "closed[1000]: more than 1000 closed dates"),
       ([], "body: not a JSON object"), (None, "body: empty")]


@pytest.mark.parametrize("body, word", BAD, ids=lambda v: v if isinstance(v, str) else "")
def test_a_bad_body_changes_nothing(shared, body, word):
    before = shared.rows()
    check_error(shared.ask("sending-window", "PUT", PATH, body=body), 400, "tether", word)
    assert shared.rows() == before


def test_who_may_and_who_may_not(api):
    assert api.ask("sending-window", "GET", PATH, token=api.daybook.token(scope="usage:read")).status == 200
    for method in ("PUT", "POST", "DELETE"):
        check_error(api.ask("sending-window", method, PATH, token=api.daybook.token(scope="usage:read usage:write campaigns:write")),
                    403, "tether", "org:admin")
    api.daybook.cmd("org", "add", "other", "--timezone", "UTC")
    check_error(api.ask("sending-window", "GET", PATH.replace("acme", "other")), 403, "tether")
    check_error(api.ask("sending-window", "PUT", PATH, body=b"{}", headers={"Content-Type": "text/plain"}), 415, "tether")
    check_error(api.ask("sending-window", "GET", PATH, "x=1"), 400, "tether", "x")


def test_a_change_is_in_the_audit_once(api):
    window(api, "PUT", {**OFFICE, "closed": [{"date": "2026-12-25"}, {"date": "2026-12-26"}]})
    window(api, "PUT", {**OFFICE, "closed": [{"date": "2026-12-25"}, {"date": "2026-12-26"}]})
    window(api, "PUT", {"closed": [{"date": "2026-12-25", "name": "Christmas"}]})
    rows = [json.loads(detail) for (detail,) in api.daybook.sql("SELECT detail FROM audit WHERE action = 'window.set' ORDER BY number")]
    assert rows == [
        {"changed": {"hours": {"from": None, "to": OFFICE}}, "closed": ["2026-12-25", "2026-12-26"]},
        {"changed": {"hours": {"from": OFFICE, "to": None}}, "closed": ["2026-12-25"], "opened": ["2026-12-25", "2026-12-26"]}]


def test_a_new_window_moves_nothing_and_says_what_is_outside(api):
    api.create("in", 1, at(TODAY, "20:00"))
    api.create("late", 1, at(TODAY, "22:00"))
    api.slices("week", (at("2026-05-22", "15:00"), 1), (at("2026-05-23", "15:00"), 1), (at("2026-05-25", "15:00"), 1))
    api.create("draft", 1, at("2026-05-24", "15:00"), status="draft")
    before = api.daybook.sql("SELECT * FROM segment")
    told = window(api, "PUT", {**OFFICE, "closed": [{"date": "2026-05-25"}]})["segmentsOutside"]
    assert told == [{"campaignId": "late", "segmentNumber": 1, "scheduledISO": at(TODAY, "22:00")},
                    {"campaignId": "week", "segmentNumber": 2, "scheduledISO": at("2026-05-23", "15:00")},
                    {"campaignId": "week", "segmentNumber": 3, "scheduledISO": at("2026-05-25", "15:00")}]
    assert api.daybook.sql("SELECT * FROM segment") == before
    assert api.put("late", {"name": "Later"}).status == 200
    assert api.put("week", {"segments": [{"segmentNumber": 2, "contactCount": 5}]}).status == 200
    api.verify()


# ---- Campaigns

def test_a_campaign_outside_is_refused_and_told_when(api):
    window(api, "PUT", {**OFFICE, "closed": [{"date": "2026-05-21"}]})
    before = api.rows()
    body = {"name": "n", "contactCount": 1}
    for when, next_at in ((at(TODAY, "21:00"), at("2026-05-22", "13:00")), (at(TOMORROW), at("2026-05-22", "13:00")),
                          (at("2026-05-22", "12:59"), at("2026-05-22", "13:00")),
                          (at("2026-05-23"), at("2026-05-25", "13:00"))):
        outside(api.post({**body, "scheduledISO": when}), next_at, f"scheduledISO: {when} is outside the sending window")
    outside(api.post({**body, "scheduledISO": at("2026-05-23"), "status": "draft"}), at("2026-05-25", "13:00"))
    outside(api.post({"name": "n", "segments": [{"scheduledISO": at(TODAY), "contactCount": 1} | {"scheduledISO": at(TODAY, "20:59")},
                                               {"scheduledISO": at("2026-05-24"), "contactCount": 1}]}),
            at("2026-05-25", "13:00"), "segment 2")
    assert api.rows() == before
    for when in (at(TODAY, "20:59"), at("2026-05-22", "13:00")):
        api.created({**body, "scheduledISO": when})
    api.created(body)	# now, which is noon in Toronto
    api.clock("2026-05-20T21:00:00Z")
    outside(api.post(body), at("2026-05-22", "13:00"))
    api.verify()


def test_nothing_is_allowed_at_all(api):
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "1")
    reply = api.post({"name": "n", "contactCount": 1, "scheduledISO": at(TOMORROW), "sendingWindow": {
        "hours": [{"weekdays": [7], "from": "10:00", "until": "11:00"}], "closed": []}})
    outside(reply, at("2026-05-24", "14:00"))
    window(api, "PUT", {"hours": [{"weekdays": [1], "from": "10:00", "until": "11:00"}]})
    outside(api.post({"name": "n", "contactCount": 1, "scheduledISO": at(TOMORROW), "sendingWindow": {
        "hours": [{"weekdays": [7], "from": "10:00", "until": "11:00"}]}}), None, "three years")


def test_a_move_obeys_and_what_stays_stays(api):
    api.create("c", 10, at(TODAY, "22:00"))
    api.slices("s", (at(TODAY, "20:00"), 5), (at(TOMORROW, "20:00"), 5))
    window(api, "PUT", OFFICE)
    assert api.put("c", {"contactCount": 20}).status == 200
    assert api.put("c", {"scheduledISO": at(TODAY, "22:00")}).status == 200	# where it is
    outside(api.put("c", {"scheduledISO": at(TODAY, "22:30")}), at(TOMORROW, "13:00"))
    assert api.put("c", {"scheduledISO": at(TOMORROW, "13:00")}).status == 200
    outside(api.put("s", {"segments": [{"segmentNumber": 2, "scheduledISO": at("2026-05-23", "20:00")}]}), at("2026-05-25", "13:00"),
            "segment 2")
    assert api.put("s", {"segments": [{"segmentNumber": 2, "scheduledISO": at("2026-05-25", "20:00")}]}).status == 200
    api.verify()


def test_a_draft_becomes_scheduled_only_inside(api):
    api.create("d", 10, at("2026-05-23", "20:00"), status="draft")
    window(api, "PUT", OFFICE)
    outside(api.put("d", {"status": "scheduled"}), at("2026-05-25", "13:00"))
    assert api.put("d", {"status": "scheduled", "scheduledISO": at("2026-05-25", "13:00")}).status == 200


def test_resuming_obeys(api):
    api.create("c", 10, at("2026-05-23", "20:00"))
    api.create("begun", 10, at(TODAY, "16:00"))
    api.spend(event(at(TODAY, "16:00"), campaignId="begun", messages=3))
    for id in ("c", "begun"):
        api.did(id, "pause")
    window(api, "PUT", OFFICE)
    outside(api.verb("c", "resume"), at("2026-05-25", "13:00"))
    outside(api.verb("c", "resume", body={"scheduledISO": at("2026-05-24")}), at("2026-05-25", "13:00"))
    assert api.verb("c", "resume", body={"scheduledISO": at("2026-05-25")}).status == 200
    assert api.did("begun", "resume") == "sending"
    api.did("begun", "pause")
    api.clock("2026-05-20T22:00:00Z")	# what goes on would go on now
    outside(api.verb("begun", "resume"), at(TOMORROW, "13:00"))
    assert api.did("begun", "cancel") in ("sent", "cancelled")
    api.verify()


def test_a_campaigns_own_window_counts_besides_the_organizations(api):
    window(api, "PUT", OFFICE)
    own = {"hours": [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "16:00", "until": "20:00"}], "closed": [{"date": "2026-05-22"}]}
    body = {"id": "c", "name": "n", "contactCount": 1, "sendingWindow": own}
    outside(api.post({**body, "scheduledISO": at(TOMORROW, "15:00")}), at(TOMORROW, "20:00"))
    outside(api.post({**body, "scheduledISO": at(TOMORROW, "21:00")}), at("2026-05-25", "20:00"))
    made = api.created({**body, "scheduledISO": at(TOMORROW, "20:00")})
    assert made["sendingWindow"] == own and api.get("c")["sendingWindow"] == own
    again = api.post({**body, "scheduledISO": at(TOMORROW, "20:00")})
    assert again.status == 200 and again.headers["idempotent-replayed"] == "true"
    other = api.post({**body, "scheduledISO": at(TOMORROW, "20:00"), "sendingWindow": None})
    check_error(other, 409, "tether", "id")
    # A new window of its own must allow where it is.
    outside(api.put("c", {"sendingWindow": {"closed": [{"date": TOMORROW}]}}), at("2026-05-22", "13:00"), "sendingWindow: ")
    assert api.put("c", {"sendingWindow": {"closed": [{"date": "2026-05-22"}]}}).json["data"]["sendingWindow"] == {
        "hours": [], "closed": [{"date": "2026-05-22"}]}
    outside(api.put("c", {"scheduledISO": at("2026-05-22", "15:00")}), at("2026-05-25", "13:00"))
    assert api.put("c", {"name": "other"}).json["data"]["sendingWindow"]["closed"] == [{"date": "2026-05-22"}]
    assert "sendingWindow" not in api.put("c", {"sendingWindow": None}).json["data"]
    assert api.put("c", {"scheduledISO": at("2026-05-22", "15:00")}).status == 200
    rows = [json.loads(d) for (d,) in api.daybook.sql("SELECT detail FROM audit WHERE action = 'campaign.set' ORDER BY number")]
    assert rows[0]["changed"]["sendingWindow"]["from"] == own and rows[-2]["changed"]["sendingWindow"]["to"] is None
    api.verify()


@pytest.mark.parametrize("bad, word", [
    ("09:00", "sendingWindow: not an object"), ([], "sendingWindow: not an object"), ({}, "sendingWindow.hours: required"),
    ({"hours": [{"weekdays": [1], "from": "9", "until": "17:00"}]}, "sendingWindow.hours[0].from"),
    ({"closed": [{"date": f"2027-{m:02}-{d:02}", "name": "x" * 50} for m in range(1, 5) for d in range(1, 20)]},
     "sendingWindow: longer than 4000 bytes"), ({"closed": [], "zone": "UTC"}, "zone: unknown field")], ids=str)
def test_a_bad_window_of_a_campaign(shared, bad, word):
    body = {"name": "n", "contactCount": 1, "scheduledISO": at(TODAY, "20:00"), "sendingWindow": bad}
    before = shared.rows()
    check_error(shared.post(body), 400, "tether", word)
    check_error(shared.ask("validate-date", "POST", CAMPAIGNS + "/validate-date", body={
        "scheduledISO": at(TODAY, "20:00"), "contactCount": 1, "sendingWindow": bad}), 400, "tether", word)
    check_error(shared.ask("auto-segment", "POST", CAMPAIGNS + "/auto-segment", body={"totalContacts": 1, "sendingWindow": bad}),
                400, "tether", word)
    assert shared.rows() == before


# ---- The zone of the request

def test_the_clock_is_the_requests_if_it_names_one(api):
    window(api, "PUT", OFFICE)
    when = at(TOMORROW, "22:00")	# 18:00 in Toronto, 15:00 in Los Angeles
    body = {"id": "c", "name": "n", "contactCount": 1, "scheduledISO": when}
    outside(api.post(body), at("2026-05-22", "13:00"))
    outside(api.post({**body, "scheduledISO": at(TOMORROW, "15:00"), "timezone": "America/Los_Angeles"}), at(TOMORROW, "16:00"))
    assert valid(api, when)["available"] is False and valid(api, when, timezone="America/Los_Angeles")["available"] is True
    api.created({**body, "timezone": "America/Los_Angeles"})
    outside(api.put("c", {"scheduledISO": at(TOMORROW, "23:00")}), at("2026-05-22", "13:00"))
    assert api.put("c", {"scheduledISO": at(TOMORROW, "23:00"), "timezone": "America/Los_Angeles"}).status == 200
    api.did("c", "pause")
    outside(api.verb("c", "resume"), at("2026-05-22", "13:00"))
    assert api.verb("c", "resume", body={"timezone": "America/Los_Angeles"}).status == 200
    for bad in ("Mars/Olympus", 5):
        for reply in (api.post({**body, "id": "e", "timezone": bad}), api.put("c", {"timezone": bad}),
                      api.ask("validate-date", "POST", CAMPAIGNS + "/validate-date", body={
                          "scheduledISO": when, "contactCount": 1, "timezone": bad})):
            check_error(reply, 400, "tether", "timezone")


def test_a_plan_in_another_zone_can_be_posted_with_it(api):
    window(api, "PUT", OFFICE)
    segments = planned(api, 1200, timezone="America/Los_Angeles", firstSegmentTime="16:30")
    assert segments == [(at(TODAY, "23:30"), 500), (at(TOMORROW, "23:30"), 500), (at("2026-05-22", "23:30"), 200)]
    body = {"name": "n", "segments": [{"scheduledISO": when, "contactCount": n} for when, n in segments]}
    outside(api.post(body), at(TOMORROW, "13:00"))
    assert api.post({**body, "timezone": "America/Los_Angeles"}).status == 201
    made = api.post({"name": "m", "autoSegment": {"totalContacts": 10, "timezone": "America/Los_Angeles", "firstSegmentTime": "16:30"}})
    assert [s["scheduledISO"] for s in made.json["data"]["segments"]] == [at("2026-05-22", "23:30")]


# ---- Plans and validate-date

def test_a_plan_passes_closed_dates_over_and_moves_within_a_date(api):
    window(api, "PUT", {**OFFICE, "closed": [{"date": "2026-05-22"}]})
    assert planned(api, 1200, firstSegmentTime="10:00") == [(at(TOMORROW, "14:00"), 500), (at("2026-05-25", "14:00"), 500),
                                                            (at("2026-05-26", "14:00"), 200)]
    body = plan(api, 1200, firstSegmentTime="10:00")
    assert body["warnings"] == ["The sending window passes over 3 dates."]
    assert planned(api, 600, firstSegmentTime="07:00", firstSegmentDate=TOMORROW) == [(at(TOMORROW, "13:00"), 500),
                                                                                      (at("2026-05-25", "13:00"), 100)]
    assert plan(api, 500)["warnings"] == []


def test_today_is_used_if_its_window_is_still_to_come(api):
    api.clock("2026-05-20T12:30:00Z")
    api.token = api.daybook.token()
    window(api, "PUT", OFFICE)
    assert planned(api, 10, firstSegmentTime="08:00") == [(at(TODAY, "13:00"), 10)]
    assert planned(api, 10, firstSegmentTime="08:00", firstSegmentDate=TODAY) == [(at(TODAY, "13:00"), 10)]
    window(api, "DELETE")
    assert planned(api, 10, firstSegmentTime="08:00") == [(at(TOMORROW, "12:00"), 10)]


def test_a_time_that_no_date_allows_is_said_and_is_no_lack_of_room(api):
    window(api, "PUT", OFFICE)
    check_error(api.ask("auto-segment", "POST", CAMPAIGNS + "/auto-segment", body={"totalContacts": 1, "firstSegmentTime": "17:00"}),
                400, "tether", "firstSegmentTime: the sending window allows nothing from that time on")


def test_a_plan_is_what_a_post_then_takes(api):
    window(api, "PUT", {**OFFICE, "closed": [{"date": "2026-05-22"}]})
    own = {"hours": [{"weekdays": [1, 3, 4, 5, 6, 7], "from": "13:00", "until": "24:00"}]}
    segments = planned(api, 1100, sendingWindow=own)
    assert segments == [(at(TODAY, "17:00"), 500), (at(TOMORROW, "17:00"), 500), (at("2026-05-25", "17:00"), 100)]
    made = api.created({"id": "c", "name": "n", "autoSegment": {"totalContacts": 1100}, "sendingWindow": own})
    assert [(s["scheduledISO"], s["contactCount"]) for s in made["segments"]] == segments
    assert api.put("c", {"segments": [{"segmentNumber": 1, "scheduledISO": at(TODAY, "17:30")}]}).status == 200
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "0")
    full = api.post({"name": "m", "autoSegment": {"totalContacts": 5, "firstSegmentTime": "07:00"}})
    assert full.status == 409 and full.json["limit"] == "dailyLimit", full	# no room, and not a window
    api.verify()


def test_validate_date_says_when_and_what_it_says_a_post_does(api):
    window(api, "PUT", OFFICE)
    no = valid(api, at("2026-05-23"))
    assert no == {"success": True, "available": False, "remaining": 500, "limit": 500, "nextAllowedAt": at("2026-05-25", "13:00"),
                  "message": f"{at('2026-05-23')} is outside the sending window; the next allowed instant is {at('2026-05-25', '13:00')}."}
    assert valid(api, at("2026-05-25")) == {"success": True, "available": True, "remaining": 500, "limit": 500}
    own = {"hours": [{"weekdays": [1], "from": "00:00", "until": "24:00"}]}
    for day in range(20, 30):
        for time in ("12:59", "13:00", "20:59", "21:00"):
            for fields in ({}, {"sendingWindow": own}, {"timezone": "Europe/Paris"}):
                when = at(f"2026-05-{day}", time)
                if when < at(TODAY, "16:00"):
                    continue
                told = valid(api, when, **fields)
                reply = api.post({"name": "n", "contactCount": 1, "scheduledISO": when, **fields})
                assert told["available"] == (reply.status == 201), (told, reply)
                assert told.get("nextAllowedAt") == reply.json.get("nextAllowedAt")


def test_validate_date_for_a_move_obeys_the_campaigns_window(api):
    api.create("c", 1, at(TOMORROW, "20:00"), sendingWindow={"closed": [{"date": "2026-05-22"}]})
    assert valid(api, at("2026-05-22"), excludeCampaignId="c")["available"] is False
    assert valid(api, at("2026-05-22"))["available"] is True
    window(api, "PUT", {"closed": [{"date": TOMORROW}]})
    assert valid(api, at(TOMORROW, "20:00"), excludeCampaignId="c")["available"] is True	# where it is
    assert valid(api, at(TOMORROW, "20:01"), excludeCampaignId="c")["available"] is False


def test_changes_of_the_clock(api):
    """1 November 2026: Toronto's clock goes back at 02:00, so 01:30 is at 05:30 and at 06:30 UTC."""
    window(api, "PUT", {"hours": [{"weekdays": [7], "from": "01:00", "until": "02:00"}]})
    api.clock("2026-10-30T12:00:00Z")
    api.token = api.daybook.token()
    for when, allowed in (("04:59", False), ("05:00", True), ("06:59", True), ("07:00", False)):
        assert valid(api, at("2026-11-01", when))["available"] is allowed, when
    assert valid(api, at("2026-11-01", "07:00"))["nextAllowedAt"] == at("2026-11-08", "06:00")
    assert planned(api, 5, firstSegmentTime="01:00") == [(at("2026-11-01", "05:00"), 5)]


# ---- iCalendar

def cmd(api, *args, code=0):
    done = api.daybook.cmd("org", "sending-window", "acme", *args, check=False)
    assert done.returncode == code, done
    return done.stdout if code == 0 else done.stderr


def test_holidays_are_imported_besides_what_is_closed(api):
    window(api, "PUT", {**OFFICE, "closed": [{"date": "2026-07-01", "name": "Canada Day"}]})
    text = calendar(*holiday("20201225", "No\\, really: Noël", "RRULE:FREQ=YEARLY"), *holiday("20200101", "past"),
                    *holiday("20260801", "Civic", "DTEND;VALUE=DATE:20260804"),
                    "BEGIN:VEVENT", "DTSTART:20260901T090000Z", "DTEND:20260901T100000Z", "END:VEVENT")
    data = load(api, text)
    assert data["imported"] == 3 + 10 and data["skipped"] == 1 and data["hours"] == OFFICE["hours"] and data["segmentsOutside"] == []
    closed = {c["date"]: c.get("name") for c in window(api)["closed"]}
    assert closed == {"2026-07-01": "Canada Day", "2026-08-01": "Civic", "2026-08-02": "Civic", "2026-08-03": "Civic",
                      **{f"{year}-12-25": "No, really: Noël" for year in range(2026, 2036)}}
    assert load(api, text)["imported"] == 0
    outside(api.post({"name": "n", "contactCount": 1, "scheduledISO": at("2026-12-25")}), at("2026-12-28", "14:00"))
    api.verify()


@pytest.mark.parametrize("method, body, headers", [
    ("PUT", OFFICE, {}), ("DELETE", None, {}),
    ("POST", calendar(*holiday("20261225", "x")).encode(), {"Content-Type": "text/calendar"})], ids=lambda v: str(v)[:6])
def test_a_window_that_somebody_else_has_changed_is_left_alone(api, method, body, headers):
    def ask(tag):
        return api.ask("sending-window", method, PATH, body=body, headers={**headers, "If-Match": tag})

    tag = api.ask("sending-window", "GET", PATH).headers["etag"]
    put = api.ask("sending-window", "PUT", PATH, body={"closed": [{"date": "2026-12-24"}]}, headers={"If-Match": tag})
    assert put.status == 200 and put.headers["etag"] != tag
    before = api.rows(), api.daybook.sql("SELECT * FROM closed_day"), api.daybook.sql("SELECT count(*) FROM audit")
    for wrong in (tag, '"nope"', "nope", f"W/{tag}"):
        check_error(ask(wrong), 412, "tether", "If-Match: the sending window was changed")
    assert (api.rows(), api.daybook.sql("SELECT * FROM closed_day"), api.daybook.sql("SELECT count(*) FROM audit")) == before
    api.spend(event("2026-05-20T12:00:00Z"))
    assert api.ask("sending-window", "GET", PATH).headers["etag"] == put.headers["etag"], "what is sent is no change"
    changed = ask(put.headers["etag"])
    assert changed.status == 200 and changed.headers["etag"] == api.ask("sending-window", "GET", PATH).headers["etag"]
    assert ask("*").status == 200


@pytest.mark.parametrize("text, word", [
    ("", "body: empty"), ("date\n2026-12-25\n", "body: line 1: not iCalendar"), (calendar("BEGIN:VEVENT"), "body: line 4: END of"),
    (calendar(*holiday("20261301", "x")), "body: line 4: not a date"), (b"BEGIN:VCALENDAR\r\nX:\xff\r\n", "body: line 2: not UTF-8"),
    (calendar(*holiday("20261225", "x", "RRULE:FREQ=YEARLY;BYWEEKNO=1")), "body: line 6: RRULE: "),
    (calendar(*holiday("20261225", "x", "RRULE:FREQ=DAILY")), "more than 1000 would be closed"),
    ("BEGIN:VCALENDAR\r\n", "body: line 1: the file ends before"), ("X" * 1000, "body: line 1: not iCalendar")], ids=lambda v: v[:20])
def test_a_bad_file_changes_nothing(shared, text, word):
    before = shared.rows(), shared.daybook.sql("SELECT * FROM closed_day")
    reply = shared.ask("sending-window", "POST", PATH, body=text if isinstance(text, bytes) else text.encode(),
                       headers={"Content-Type": "text/calendar"})
    check_error(reply, 400, "tether", word)
    assert (shared.rows(), shared.daybook.sql("SELECT * FROM closed_day")) == before


def test_a_file_that_is_too_large_or_no_calendar(api):
    check_error(load(api, "X" * (1024 * 1024 + 1), 413), 413, "tether")
    check_error(load(api, calendar(), 415, {"Content-Type": "application/json"}), 415, "tether", "text/calendar")
