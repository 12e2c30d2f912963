"""POST /api/campaigns/auto-segment"""
import datetime
import zoneinfo

import pytest

from api import CAMPAIGNS, TODAY, TOMORROW, Api, at
from support import check_error, event, ms

PATH = CAMPAIGNS + "/auto-segment"
ABSENT = object()


def ask(api, contacts, **fields):
    reply = api.ask("auto-segment", "POST", PATH, body={"totalContacts": contacts, **fields})
    assert reply.status == 200, reply
    body = reply.json
    assert set(body) == {"success", "segments", "totalSegments", "warnings"} and body["success"] is True
    assert body["totalSegments"] == len(body["segments"])
    assert [s["id"] for s in body["segments"]] == [f"seg-{i + 1}" for i in range(len(body["segments"]))]
    return body


def plan(api, contacts, **fields):
    body = ask(api, contacts, **fields)
    assert body["warnings"] == [] and sum(s["contactCount"] for s in body["segments"]) == contacts
    return [(s["scheduledDate"], s["contactCount"]) for s in body["segments"]]


def refused(api, status, word, **body):
    check_error(api.ask("auto-segment", "POST", PATH, body=body), status, "tether", word)


def wall(desk_plan, zone):
    """The local date and time of each segment."""
    return [datetime.datetime.fromisoformat(when.replace("Z", "+00:00")).astimezone(zoneinfo.ZoneInfo(zone)).strftime("%m-%d %H:%M")
            for when, _ in desk_plan]


def test_the_contracts_example_comes_out_whole(api):
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "100")
    body = ask(api, 500, firstSegmentDate="2026-05-21", firstSegmentTime="10:00")
    assert body == {"success": True, "totalSegments": 5, "warnings": [], "segments": [
        {"id": f"seg-{i + 1}", "scheduledDate": f"2026-05-{21 + i}T14:00:00.000Z", "contactCount": 100} for i in range(5)]}


def test_without_a_date_it_is_today_or_tomorrow_where_ten_o_clock_is_past(api):
    assert plan(api, 10) == [("2026-05-21T14:00:00.000Z", 10)]
    assert plan(api, 10, firstSegmentTime="12:01") == [("2026-05-20T16:01:00.000Z", 10)]
    api.clock("2026-05-20T13:59:00Z")
    api.token = api.daybook.token()
    assert plan(api, 10) == [("2026-05-20T14:00:00.000Z", 10)]
    assert plan(api, 10, firstSegmentTime="10:00:30")[0][0] == "2026-05-20T14:00:30.000Z"


def test_a_date_and_time_that_are_past_are_refused(api):
    refused(api, 400, "past", totalContacts=1, firstSegmentDate=TODAY)
    refused(api, 400, "past", totalContacts=1, firstSegmentDate="2026-05-19", firstSegmentTime="23:59")
    refused(api, 400, "past", totalContacts=1, firstSegmentDate="1970-01-01", timezone="Asia/Tokyo")
    refused(api, 400, "too far in the future", totalContacts=1, firstSegmentDate="9000-01-01", timezone="America/New_York")
    assert plan(api, 1, firstSegmentDate=TODAY, firstSegmentTime="12:01")
    assert plan(api, 1, firstSegmentDate=TODAY, firstSegmentTime="10:00", timezone="America/Los_Angeles")


def test_partly_booked_days_give_what_is_left_and_full_ones_are_skipped(api):
    api.spend(event(at(TODAY), messages=450))
    api.fill(TOMORROW, 500)
    api.fill("2026-05-22", 499)
    api.fill("2026-05-24", 100)
    before = api.rows()
    assert plan(api, 1000, firstSegmentTime="16:00") == [
        (at(TODAY, "20:00"), 50), (at("2026-05-22", "20:00"), 1), (at("2026-05-23", "20:00"), 500),
        (at("2026-05-24", "20:00"), 400), (at("2026-05-25", "20:00"), 49)]
    assert api.rows() == before  # it reserves nothing
    assert plan(api, 51, firstSegmentTime="16:00") == [(at(TODAY, "20:00"), 50), (at("2026-05-22", "20:00"), 1)]


def test_drafts_and_cancelled_ones_take_no_room(api):
    api.create("d", 500, at(TOMORROW), status="draft")
    api.create("c", 500, at(TOMORROW))
    api.did("c", "cancel")
    assert plan(api, 500) == [(at(TOMORROW, "14:00"), 500)]


def test_an_unlimited_plan_sends_a_hundred_a_day(api):
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited")
    api.create("c", 10**6, at(TOMORROW))
    assert [n for _, n in plan(api, 250)] == [100, 100, 50]
    assert len(plan(api, 36600)) == 366
    refused(api, 400, "366", totalContacts=36601)


def test_366_days_are_enough_and_more_are_refused(api):
    assert len(plan(api, 183000)) == 366
    refused(api, 400, "366", totalContacts=183001)
    api.fill("2026-06-15", 1)
    refused(api, 400, "366", totalContacts=183000)
    assert len(plan(api, 182999)) == 366


def test_a_limit_of_zero_is_a_warning_and_no_segments(api):
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "0")
    body = ask(api, 10)
    assert body["segments"] == [] and len(body["warnings"]) == 1 and "0" in body["warnings"][0]


def test_parts_per_contact_divide_a_days_room_where_the_unit_is_the_part(api):
    api.fill(TOMORROW, 300)
    assert [n for _, n in plan(api, 300, partsPerContact=3)] == [200, 100]
    api.daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    assert [n for _, n in plan(api, 300, partsPerContact=3)] == [66, 166, 68]
    api.fill("2026-05-22", 498)
    assert [n for _, n in plan(api, 300, partsPerContact=3)] == [66, 166, 68]
    assert plan(api, 300, partsPerContact=3)[1][0] == at("2026-05-23", "14:00")
    refused(api, 400, "366", totalContacts=1, partsPerContact=501)


@pytest.mark.parametrize("zone, date, time, expected", [
    ("America/Toronto", "2026-10-31", "10:00", ["10-31 10:00", "11-01 10:00", "11-02 10:00"]),
    ("America/Toronto", "2027-03-13", "10:00", ["03-13 10:00", "03-14 10:00", "03-15 10:00"]),
    ("America/Toronto", "2027-03-13", "02:30", ["03-13 02:30", "03-14 03:30", "03-15 02:30"]),
    ("America/Toronto", "2027-03-14", "02:30", ["03-14 03:30", "03-15 02:30", "03-16 02:30"]),
    ("Australia/Lord_Howe", "2026-10-03", "02:15", ["10-03 02:15", "10-04 02:45", "10-05 02:15"]),
    ("Africa/Cairo", "2027-04-29", "00:30", ["04-29 00:30", "04-30 01:30", "05-01 00:30"])])
def test_the_time_stays_on_the_wall_over_a_change_and_a_skipped_one_moves_forward(api, zone, date, time, expected):
    api.daybook.cmd("org", "add", "dst", "--timezone", zone, "--daily-limit", "10")
    there = Api(api.daybook, "dst", clock=None)
    assert wall(plan(there, 30, firstSegmentDate=date, firstSegmentTime=time), zone) == expected
    assert wall(plan(api, 1001, firstSegmentDate=date, firstSegmentTime=time, timezone=zone), zone) == expected


def test_a_time_that_occurs_twice_is_the_first(api):
    assert plan(api, 501, firstSegmentDate="2026-11-01", firstSegmentTime="01:30") == [
        ("2026-11-01T05:30:00.000Z", 500), ("2026-11-02T06:30:00.000Z", 1)]


def test_a_campaign_that_plans_itself_over_a_change_lies_on_its_days(api):
    data = api.created({"id": "c", "name": "n", "autoSegment": {"totalContacts": 1500, "firstSegmentDate": "2027-03-13",
                                                                  "firstSegmentTime": "02:30"}})
    assert [s["date"] for s in data["segments"]] == ["2027-03-13", "2027-03-14", "2027-03-15"]
    assert [s["scheduledISO"] for s in data["segments"]][1] == "2027-03-14T07:30:00.000Z"


def test_in_another_zone_the_days_are_still_the_organizations(api):
    """09:00 in Tokyo is 20:00 of the day before in Toronto."""
    api.fill(TOMORROW, 490)
    assert plan(api, 600, firstSegmentDate="2026-05-21", firstSegmentTime="09:00", timezone="Asia/Tokyo") == [
        ("2026-05-21T00:00:00.000Z", 500),
        ("2026-05-22T00:00:00.000Z", 10), ("2026-05-23T00:00:00.000Z", 90)]


def test_two_candidates_on_one_day_of_the_organization_never_count_its_room_twice(api):
    """A change of zone makes the 20th fifty hours long; 10:00 in UTC comes up twice or thrice on it."""
    d = api.daybook
    d.cmd("org", "add", "long", "--timezone", "Pacific/Kiritimati", "--daily-limit", "100")
    api.clock("2026-05-20T00:00:00Z")  # 14:00 of the 20th there
    there = Api(d, "long", clock=None)
    there.spend(event("2026-05-20T00:00:00Z", messages=30))
    d.cmd("org", "set", "long", "--timezone", "Etc/GMT+12")  # the 20th goes on until the 21st, 12:00 UTC
    there.create("c", 15, "2026-05-21T11:00:00Z")
    assert there.held("2026-05-20") == 15
    assert plan(there, 200, firstSegmentDate="2026-05-20", timezone="Etc/UTC") == [
        ("2026-05-20T10:00:00.000Z", 55), ("2026-05-22T10:00:00.000Z", 100), ("2026-05-23T10:00:00.000Z", 45)]
    data = there.created({"id": "auto", "name": "n", "autoSegment": {"totalContacts": 200, "firstSegmentDate": "2026-05-20",
                                                                     "timezone": "Etc/UTC"}})
    assert [s["date"] for s in data["segments"]] == ["2026-05-20", "2026-05-21", "2026-05-22"]
    days = there.calendar("2026-05-20", "2026-05-22")
    assert [days[f"2026-05-{n}"]["total"] for n in (20, 21, 22)] == [100, 100, 45]
    d.cmd("org", "set", "long", "--daily-limit", "unlimited")
    assert [n for _, n in plan(there, 250, firstSegmentDate="2026-05-20", timezone="Etc/UTC")] == [100, 100, 50]
    there.verify()


def test_segments_of_a_plan_are_accepted_as_they_are(api):
    api.fill(TOMORROW, 321)
    segments = [{"scheduledISO": when, "contactCount": n} for when, n in plan(api, 1234)]
    api.created({"name": "n", "segments": segments})
    assert ms(segments[0]["scheduledISO"]) < ms(plan(api, 1)[0][0])


GOOD = {"totalContacts": 1}
BAD = [("totalContacts", v) for v in (ABSENT, None, 0, -1, 1.5, "1", True, [], {}, 10**9 + 1)] + \
    [("firstSegmentDate", v) for v in ("", "tomorrow", "2026-02-30", "2026-5-21", "20260521", "2026-05-21T10:00:00Z", 5, [], "9999-12-31",
                                       "2099-12-31", "x" * 33)] + \
    [("firstSegmentTime", v) for v in ("", "10", "10:0", "1000", "24:00", "10:60", "10:00:60", "10:00:00:00", "10:00 ", " 10:00", "10:00Z", 5, [],
                                       "-1:00", "10:", "10:00:", "1", ":")] + \
    [("timezone", v) for v in ("", "Mars/Olympus", "EST5EDT4", "../etc/passwd", "/etc/passwd", "utc+5", 5, [], "x" * 64)] + \
    [("partsPerContact", v) for v in (0, -1, 1.5, "1", True, 1001)] + [("contactCount", 1), ("colour", 1)]


@pytest.mark.parametrize("field, value", BAD, ids=[f"{f} {'absent' if v is ABSENT else repr(v)[:30]}" for f, v in BAD])
def test_a_bad_field_is_named(shared, field, value):
    body = {k: v for k, v in {**GOOD, field: value}.items() if v is not ABSENT}
    reply = shared.ask("auto-segment", "POST", PATH, body=body)
    check_error(reply, 400, "tether", field)
    assert reply.json["error"].startswith(field + ":")
    before = shared.rows()
    reply = shared.post({"name": "n", "autoSegment": body})
    check_error(reply, 400, "tether", field)
    assert reply.json["error"].startswith(("autoSegment", field)) and shared.rows() == before
    assert plan(shared, 1)


def test_another_method_scope_parameter_or_body_is_refused(shared):
    assert shared.ask("auto-segment", "GET", PATH).status == 405
    assert shared.ask("auto-segment", "POST", PATH, body=GOOD, token="nonsense").status == 401
    assert shared.ask("auto-segment", "POST", PATH, body=GOOD, token=shared.daybook.token(scope="usage:write")).status == 403
    assert shared.ask("auto-segment", "POST", PATH, "x=1", GOOD).status == 400
    for body in ("", "[]", "5", "{", '{"totalContacts":1,"totalContacts":1}'):
        check_error(shared.ask("auto-segment", "POST", PATH, body=body), 400, "tether")
    assert shared.ask("auto-segment", "POST", PATH, body=GOOD, token=shared.daybook.token(scope="usage:read")).status == 200


def test_the_last_day_that_can_be_planned(api):
    assert plan(api, 1, firstSegmentDate="2097-12-01")
    assert plan(api, 1, firstSegmentDate="2097-12-01", timezone="Asia/Tokyo")


# ---- A price that falls under a limit of cost

def earliest(contacts, costs, cap, daily):
    """The index of the last day of the earliest plan over some days; None if there is none.  All plans are tried."""
    ends = []

    def add(i, left, spent):
        if left == 0:
            ends.append(i - 1)
        elif i < len(costs):
            for n in range(min(left, daily) + 1):
                if spent + n * costs[i] <= cap:
                    add(i + 1, left - n, spent + n * costs[i])
    add(0, contacts, 0)
    return min(ends, default=None)


@pytest.mark.parametrize("contacts,dear,cheap,falls_on,cap,daily", [
    (6, 10, 1, 1, 15, 9), (7, 10, 1, 1, 15, 9), (15, 10, 1, 1, 15, 20), (9, 10, 1, 2, 27, 4), (10, 3, 2, 3, 24, 4), (12, 5, 1, 2, 20, 5),
    (9, 4, 3, 1, 28, 3), (8, 7, 2, 4, 30, 4)])
def test_a_plan_waits_for_a_lower_price_only_if_it_ends_earlier_so(api, contacts, dear, cheap, falls_on, cap, daily):
    days = [(datetime.date.fromisoformat(TODAY) + datetime.timedelta(days=i)).isoformat() for i in range(6)]
    api.daybook.cmd("price", "set", "SMS", dear, "--from", TODAY)
    api.daybook.cmd("price", "set", "SMS", cheap, "--from", days[falls_on])
    reply = api.ask("settings", "PUT", "/api/organizations/acme/limits", body={"dailyLimit": daily, "costCap": cap})
    assert reply.status == 200, reply
    expected = earliest(contacts, [dear if i < falls_on else cheap for i in range(6)], cap, daily)
    body = ask(api, contacts, firstSegmentTime="20:00")
    local = [datetime.datetime.fromisoformat(s["scheduledDate"].replace("Z", "+00:00")).astimezone(zoneinfo.ZoneInfo("America/Toronto"))
             for s in body["segments"]]
    assert expected is not None and local[-1].date().isoformat() == days[expected]
    assert sum(s["contactCount"] for s in body["segments"]) == contacts
    posted = api.ask("campaigns", "POST", CAMPAIGNS, body={"id": "c", "name": "c", "segments": [
        {"scheduledISO": s["scheduledDate"], "contactCount": s["contactCount"]} for s in body["segments"]]})
    assert posted.status == 201, posted
