"""Limits over the API: GET .../limits, amounts by date, and which limit answers a write that several refuse."""
import pytest

from api import TODAY, TOMORROW, Api, at
from support import check_error, event

LIMITS = "/api/organizations/acme/limits"
CYCLE = {"from": "2026-05-01", "until": "2026-05-31", "resetsAt": "2026-06-01T04:00:00.000Z"}


@pytest.fixture
def api(daybook):
    return Api(daybook)


def settle(api, **body):
    reply = api.ask("settings", "PUT", LIMITS, body=body)
    assert reply.status == 200, reply


def limits(api):
    reply = api.ask("settings", "GET", LIMITS)
    assert reply.status == 200, reply
    return {limit["name"]: limit for limit in reply.json["data"]["limits"]}


def figures(limit):
    return [limit[k] for k in ("amount", "used", "held", "available")]


# ---- Reading

def test_every_limit_is_listed_with_what_it_counts_and_what_is_left(api):
    settle(api, smsCap=900, costCap=12.5, callCap=3)
    api.spend(event(at(TODAY), messages=2), event("2026-05-02T15:00:00Z", messages=3), event("2026-04-30T15:00:00Z", messages=50),
              event(at(TODAY), channel="EMAIL", messages=7), event(at(TODAY), channel="CALL", messages=5, parts=5))
    api.slices("c", (at(TODAY, "20:00"), 30), (at(TOMORROW), 4))
    listed = limits(api)
    assert list(listed) == ["daily", "cycle-messages", "cycle-cost", "cycle-sms", "cycle-calls"]
    assert listed["daily"] == {
        "name": "daily", "limit": "dailyLimit", "channels": ["SMS"], "unit": "message", "window": "day", "from": TODAY, "until": TODAY,
        "amount": 500, "used": 2, "held": 30, "available": 468, "resetsAt": "2026-05-21T04:00:00.000Z", "action": "refuse"}
    assert listed["cycle-cost"] == {
        "name": "cycle-cost", "limit": "costCap", "channels": ["SMS", "CALL"], "unit": "cost", "window": "cycle", **CYCLE,
        "amount": 12.5, "used": 0.1045, "held": 0.2686, "available": 12.1269, "action": "refuse"}
    assert figures(listed["cycle-sms"]) == [900, 5, 34, 861]
    assert figures(listed["cycle-calls"]) == [3, 5, 0, 0]
    assert figures(listed["cycle-messages"]) == [None, 7, 0, None]
    assert listed["cycle-messages"]["channels"] == ["EMAIL", "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK"]


def test_its_etag_changes_with_a_write_and_with_the_day(api):
    def etag():
        return api.ask("settings", "GET", LIMITS).headers["etag"]

    first = etag()
    assert api.ask("settings", "GET", LIMITS, headers={"If-None-Match": first}).status == 304
    api.spend(event(at(TODAY)))
    second = etag()
    later = Api(api.daybook, clock="2026-05-21T04:00:00Z")
    assert len({first, second, later.ask("settings", "GET", LIMITS).headers["etag"]}) == 3


def test_who_may_read_usage_may_read_them_and_nobody_else(daybook):
    daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    for token, status in ((daybook.token(scope="usage:read"), 200), (daybook.token(scope="org:admin"), 403),
                          (daybook.token("globex", "usage:read"), 403), (daybook.token(None, "admin"), 200)):
        assert daybook.cgi("settings", "GET", LIMITS, token=token).status == status
    check_error(daybook.cgi("settings", "GET", LIMITS), 401, "tether")
    check_error(daybook.cgi("settings", "GET", LIMITS, query={"x": "1"}, token=daybook.token(scope="usage:read")), 400, "tether")


# ---- Amounts by date

def test_a_changed_amount_holds_from_today_on_and_past_days_keep_theirs(api):
    api.spend(event("2026-05-19T15:00:00Z", messages=400), event(at(TODAY), messages=100))
    settle(api, dailyLimit=300)
    days = api.calendar("2026-05-19", TOMORROW)
    assert [days[d]["availableQuota"] for d in ("2026-05-19", TODAY, TOMORROW)] == [100, 200, 300]
    api.clock("2026-05-22T16:00:00Z")
    later = Api(api.daybook, clock="2026-05-22T16:00:00Z")
    settle(later, dailyLimit=None)
    days = later.calendar("2026-05-19", "2026-05-22")
    assert [d["availableQuota"] for d in days.values()] == [100, 200, 300, -1]


def test_a_late_event_is_asked_by_the_amount_of_its_own_day(api):
    later = Api(api.daybook, clock="2026-05-21T16:00:00Z")
    settle(later, dailyLimit=1)
    reply = later.events(event(at(TODAY), messages=500), enforce="true")
    assert reply["accepted"] == 1
    later.events(event(at(TODAY)), enforce="true", status=429)


# ---- What answers

def test_of_a_day_and_a_cap_that_both_refuse_the_cap_answers(api):
    settle(api, dailyLimit=10, smsCap=20)
    api.spend(event(at(TODAY), messages=8), event("2026-05-10T15:00:00Z", messages=10))
    refusal = api.events(event(at(TODAY), messages=3), enforce="true", status=402)["results"][0]
    assert {k: refusal[k] for k in ("code", "date", "limit", "unit", "window", "used", "held", "available", "needed")} == {
        "code": "over_cap", "date": TODAY, "limit": "smsCap", "unit": "message", "window": "cycle", "used": 18, "held": 0,
        "available": 2, "needed": 3}
    assert (refusal["freesAt"], refusal["nextAvailableDate"]) == (CYCLE["resetsAt"], "2026-06-01")
    settle(api, allowOverage=True)
    refusal = api.events(event(at(TODAY), messages=3), enforce="true", status=429)["results"][0]
    assert [refusal[k] for k in ("code", "limit", "window", "used", "available", "needed", "freesAt", "nextAvailableDate")] == [
        "over_quota", "dailyLimit", "day", 8, 2, 3, "2026-05-21T04:00:00.000Z", TOMORROW]


def test_a_campaign_that_a_cap_refuses_gets_the_same_figures(api):
    settle(api, costCap=1)
    api.create("c", 100, at(TOMORROW))
    reply = api.post({"name": "D", "contactCount": 30, "scheduledISO": at("2026-05-22")})
    assert reply.status == 402
    assert {k: reply.json[k] for k in reply.json if k not in ("success", "message", "error")} == {
        "date": "2026-05-22", "limit": "costCap", "unit": "cost", "window": "cycle", "used": 0, "held": 0.79, "available": 0.21,
        "needed": 0.237, "freesAt": CYCLE["resetsAt"], "nextAvailableDate": "2026-06-01"}
    assert reply.json["error"] == "2026-05-01 to 2026-05-31 has room for 0.21 of costCap of 1 dollars, not for 0.237"


def test_a_window_that_is_over_never_frees(api):
    settle(api, dailyLimit=5)
    later = Api(api.daybook, clock="2026-05-21T16:00:00Z")
    later.spend(event(at(TODAY), messages=5))
    refusal = later.events(event(at(TODAY)), enforce="true", status=429)["results"][0]
    assert (refusal["freesAt"], refusal["nextAvailableDate"]) == (None, TOMORROW)


# ---- Readings say what writes enforce

def test_what_the_calendar_offers_a_campaign_gets_and_one_more_it_does_not(api):
    settle(api, smsCap=550)
    api.spend(event(at(TODAY), messages=20))
    api.create("c", 490, at("2026-05-25"))
    days = api.calendar(TODAY, "2026-06-02")
    assert (days[TODAY]["availableQuota"], days[TODAY]["bookable"], days[TODAY]["limitedBy"]) == (480, 40, "smsCap")
    assert (days["2026-05-25"]["bookable"], "limitedBy" in days["2026-05-25"]) == (10, False)
    assert (days["2026-06-02"]["bookable"], "limitedBy" in days["2026-06-02"]) == (500, False)
    for date in (TODAY, "2026-05-25", "2026-06-02"):
        n = days[date]["bookable"]
        assert api.post({"name": "N", "contactCount": n + 1, "scheduledISO": at(date, "20:00")}).status in (402, 409)
        assert api.did(api.created({"name": "N", "contactCount": n, "scheduledISO": at(date, "20:00")})["campaignId"], "cancel") == "cancelled"


def test_a_cap_that_is_only_reported_limits_no_day(api):
    settle(api, smsCap=5, allowOverage=True)
    assert limits(api)["cycle-sms"]["action"] == "report"
    day = api.day()
    assert (day["bookable"], "limitedBy" in day) == (500, False)
