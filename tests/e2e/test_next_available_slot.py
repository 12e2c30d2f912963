"""GET /api/campaigns/next-available-slot"""
import datetime

import pytest

from support import NOON, bad_queries, campaign, check_error, event, is_int, ms, post, set_clock

PATH = "/api/campaigns/next-available-slot"
LATER = "2026-05-20T19:00:00Z"


@pytest.fixture
def acme(daybook):
    set_clock(daybook, NOON)
    return daybook


def ask(daybook, query=None, org="acme"):
    reply = daybook.cgi("next-available-slot", "GET", PATH, query, token=daybook.token(org, "usage:read"))
    assert reply.status == 200, reply
    return reply.json


def book(daybook, contacts_by_day, org="acme", **more):
    """Open campaigns that hold so much on today + n, at 19:00 UTC."""
    campaign(daybook, f"booked-{len(daybook.sql('SELECT 1 FROM campaign'))}",
             *({"at": ms(LATER) + n * 86_400_000, "contacts": contacts, **more} for n, contacts in contacts_by_day.items()),
             org=org, is_segmented=True)


def test_the_contracts_example_comes_out_whole(acme):
    set_clock(acme, "2026-05-18T16:00:00Z")
    post(acme, event("2026-05-18T15:00:00Z", messages=480))
    assert ask(acme, {"contactCount": 100}) == {
        "success": True, "isUnlimited": False, "timezone": "America/Toronto", "dailyLimit": 500, "todayDate": "2026-05-18",
        "todayUsage": 480, "todayAvailableQuota": 20, "nextAvailableDate": "2026-05-19", "availableQuota": 500,
        "daysUntilAvailable": 1, "message": "Next slot with full daily quota is tomorrow."}


def test_without_a_count_any_room_will_do(acme):
    post(acme, event("2026-05-20T15:00:00Z", messages=480))
    for query in (None, {"contactCount": 0}, {"contactCount": 20}):
        assert ask(acme, query) == {
            "success": True, "isUnlimited": False, "timezone": "America/Toronto", "dailyLimit": 500,
            "todayDate": "2026-05-20", "todayUsage": 480, "todayAvailableQuota": 20, "nextAvailableDate": "2026-05-20",
            "availableQuota": 20, "daysUntilAvailable": 0, "message": "20 SMS left today."}
    assert ask(acme, {"contactCount": 21})["daysUntilAvailable"] == 1


def test_every_field_has_the_contracts_type(acme):
    body = ask(acme)
    assert set(body) == {"success", "isUnlimited", "timezone", "dailyLimit", "todayDate", "todayUsage", "todayAvailableQuota",
                         "nextAvailableDate", "availableQuota", "daysUntilAvailable", "message"}
    assert body["success"] is True and body["isUnlimited"] is False
    assert all(is_int(body[name]) for name in ("dailyLimit", "todayUsage", "todayAvailableQuota", "availableQuota",
                                               "daysUntilAvailable"))
    assert all(isinstance(body[name], str) for name in ("timezone", "todayDate", "nextAvailableDate", "message"))


def test_a_count_that_just_fits_takes_the_day_and_one_more_does_not(acme):
    book(acme, {0: 400, 1: 251, 2: 250, 3: 0})
    assert ask(acme, {"contactCount": 100})["nextAvailableDate"] == "2026-05-20"
    body = ask(acme, {"contactCount": 250})
    assert (body["nextAvailableDate"], body["availableQuota"], body["daysUntilAvailable"]) == ("2026-05-22", 250, 2)
    assert body["message"] == "Next date with room for 250 is 2026-05-22 (in 2 days)."
    body = ask(acme, {"contactCount": 251})
    assert (body["nextAvailableDate"], body["availableQuota"], body["daysUntilAvailable"]) == ("2026-05-23", 500, 3)


def test_today_is_sent_and_reserved_together(acme):
    post(acme, event("2026-05-20T15:00:00Z", messages=7), event("2026-05-20T03:59:59.999Z", messages=100))
    book(acme, {0: 20}, sent=5, status="sending")
    book(acme, {0: 40}, status="draft")
    book(acme, {0: 40}, status="cancelled")
    body = ask(acme)
    assert (body["todayUsage"], body["todayAvailableQuota"]) == (7 + 15, 500 - 22)


def test_a_day_over_its_limit_has_nothing_left(acme):
    post(acme, event("2026-05-20T15:00:00Z", messages=600))
    body = ask(acme)
    assert (body["todayUsage"], body["todayAvailableQuota"], body["nextAvailableDate"]) == (600, 0, "2026-05-21")


def test_without_a_count_the_first_partly_free_day_is_named(acme):
    book(acme, {0: 500, 1: 500, 2: 499})
    body = ask(acme)
    assert (body["nextAvailableDate"], body["availableQuota"], body["daysUntilAvailable"]) == ("2026-05-22", 1, 2)
    assert "2026-05-22" in body["message"]


def test_the_sixtieth_day_is_still_looked_at_and_the_one_after_it_is_not(acme):
    book(acme, {n: 500 for n in range(60)})
    body = ask(acme, {"contactCount": 500})
    assert (body["daysUntilAvailable"], body["availableQuota"]) == (60, 500)
    assert body["nextAvailableDate"] == (datetime.date(2026, 5, 20) + datetime.timedelta(days=60)).isoformat()
    book(acme, {60: 1})
    body = ask(acme, {"contactCount": 500})
    assert "nextAvailableDate" not in body and "daysUntilAvailable" not in body
    assert body["availableQuota"] is None and "60 days" in body["message"]
    assert (body["todayDate"], body["todayUsage"], body["todayAvailableQuota"]) == ("2026-05-20", 500, 0)
    assert ask(acme, {"contactCount": 499})["daysUntilAvailable"] == 60


def test_more_than_a_whole_days_limit_never_fits(acme):
    body = ask(acme, {"contactCount": 501})
    assert body == {"success": True, "isUnlimited": False, "timezone": "America/Toronto", "dailyLimit": 500,
                    "todayDate": "2026-05-20", "todayUsage": 0, "todayAvailableQuota": 500, "availableQuota": None,
                    "message": body["message"]}
    assert "500" in body["message"] and "auto-segment" in body["message"]
    assert ask(acme, {"contactCount": 500})["daysUntilAvailable"] == 0


def test_a_limit_of_zero_never_has_room(acme):
    acme.cmd("org", "set", "acme", "--daily-limit", "0")
    body = ask(acme)
    assert (body["dailyLimit"], body["todayAvailableQuota"], body["availableQuota"]) == (0, 0, None)
    assert "nextAvailableDate" not in body and body["message"]


def test_unlimited_has_room_today_and_null_limits(acme):
    acme.cmd("org", "set", "acme", "--daily-limit", "unlimited")
    post(acme, event("2026-05-20T15:00:00Z", messages=3))
    for query in (None, {"contactCount": 1_000_000_000}):
        body = ask(acme, query)
        assert body == {"success": True, "isUnlimited": True, "timezone": "America/Toronto", "dailyLimit": None,
                        "todayDate": "2026-05-20", "todayUsage": 3, "todayAvailableQuota": None,
                        "nextAvailableDate": "2026-05-20", "availableQuota": None, "daysUntilAvailable": 0,
                        "message": body["message"]}
        assert body["message"]


def test_parts_per_contact_counts_only_where_the_unit_is_the_part(acme):
    book(acme, {0: 100}, parts_per_contact=3)
    assert ask(acme, {"contactCount": 400, "partsPerContact": 9})["daysUntilAvailable"] == 0
    acme.cmd("org", "set", "acme", "--quota-unit", "part")
    body = ask(acme, {"contactCount": 100, "partsPerContact": 2})
    assert (body["todayUsage"], body["todayAvailableQuota"], body["daysUntilAvailable"]) == (300, 200, 0)
    assert ask(acme, {"contactCount": 101, "partsPerContact": 2})["daysUntilAvailable"] == 1
    assert ask(acme, {"contactCount": 200})["daysUntilAvailable"] == 0
    body = ask(acme, {"contactCount": 251, "partsPerContact": 2})
    assert body["availableQuota"] is None and "auto-segment" in body["message"]


@pytest.mark.parametrize("zone, clock, today", [
    ("America/Toronto", "2026-05-20T03:59:59Z", "2026-05-19"), ("America/Toronto", "2026-05-20T04:00:00Z", "2026-05-20"),
    ("America/Toronto", "2026-11-01T03:59:59Z", "2026-10-31"), ("America/Toronto", "2026-11-02T04:59:59Z", "2026-11-01"),
    ("America/Toronto", "2026-11-02T05:00:00Z", "2026-11-02"), ("Asia/Kathmandu", "2026-05-20T18:14:59Z", "2026-05-20"),
    ("Asia/Kathmandu", "2026-05-20T18:15:00Z", "2026-05-21"), ("Pacific/Kiritimati", "2026-05-20T10:00:00Z", "2026-05-21"),
    ("America/Havana", "2026-03-08T04:59:59Z", "2026-03-07"), ("America/Havana", "2026-03-08T05:00:00Z", "2026-03-08")])
def test_today_is_the_organizations(empty, zone, clock, today):
    set_clock(empty, clock)
    empty.cmd("org", "add", "acme", "--timezone", zone, "--daily-limit", "10")
    body = ask(empty)
    assert (body["todayDate"], body["nextAvailableDate"], body["timezone"]) == (today, today, zone)


def test_today_moves_on_in_the_same_process(acme):
    process = acme.fastcgi("next-available-slot")
    token = acme.token("acme", "usage:read", ttl="24h")
    post(acme, event("2026-05-20T15:00:00Z", messages=100))
    seen = []
    for clock in (NOON, "2026-05-21T03:59:59Z", "2026-05-21T04:00:00Z"):
        set_clock(acme, clock)
        body = process.ask("GET", PATH, token=token).json
        seen.append((body["todayDate"], body["todayUsage"]))
    assert seen == [("2026-05-20", 100), ("2026-05-20", 100), ("2026-05-21", 0)]


def test_each_bad_parameter_is_named_and_the_process_goes_on(acme):
    process = acme.fastcgi("next-available-slot")
    token = acme.token("acme", "usage:read")
    values = ["5", "-1", "5.0", "5.5", "1e3", "0x10", "five", "NaN", "Infinity", "1,000", "5+", "+5", "99999999999999999999",
              "1000000000001", "9007199254740993", "--5", "٣"]
    for what, query in bad_queries("contactCount", values):
        check_error(process.ask("GET", PATH, query, token=token), 400, "tether", "contactCount:")
    for what, query in bad_queries("partsPerContact", ["2", "0", "-1", "1.5", "1001", "x"]):
        check_error(process.ask("GET", PATH, query, token=token), 400, "tether", "partsPerContact:")
    assert process.ask("GET", PATH, "contactCount=5&_=1&_=2&x=%zz", token=token).json["daysUntilAvailable"] == 0
    assert process.ask("GET", PATH, "contactCount=1000000000000", token=token).json["availableQuota"] is None
    assert process.ask("GET", PATH, "", token=token).status == 200


def test_reading_takes_the_scope_to_read(acme):
    check_error(acme.cgi("next-available-slot", "GET", PATH, token=acme.token("acme", "usage:write")), 403, "tether", "usage:read")
    check_error(acme.cgi("next-available-slot", "GET", PATH), 401, "tether")
