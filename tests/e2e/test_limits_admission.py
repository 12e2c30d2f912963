"""What limits do that no single endpoint owns: amounts by date, admission, cycles, rounding, and limits beside the five."""
import json

import pytest

from api import CAMPAIGNS, TODAY, TOMORROW, Api, at
from campaign_fields import LATE, no_room
from support import check_error, event, post

FIVE = ["daily", "cycle-messages", "cycle-cost", "cycle-sms", "cycle-calls"]
YESTERDAY = "2026-05-19"
NEXT_CYCLE = "2026-06-01T04:00:00.000Z"


def listed(api, **options):
    reply = api.ask("settings", "GET", f"/api/organizations/{api.org}/limits", **options)
    assert reply.status == 200, reply
    return {limit["name"]: limit for limit in json.loads(reply.body, parse_float=str)["data"]["limits"]}


def figures(limit):
    return limit["amount"], limit["used"], limit["held"], limit["available"]


def limits(api, **fields):
    reply = api.ask("settings", "PUT", f"/api/organizations/{api.org}/limits", body=fields)
    assert reply.status == 200, reply


def amount(api, name, since, value):
    """An amount that begins on a day, which no endpoint sets yet."""
    api.daybook.sql("INSERT OR REPLACE INTO limit_amount (rule, valid_from, amount) SELECT r.key, julianday(?) - 2440587.5, ? "
                    "FROM limit_rule r JOIN organization o ON o.key = r.org WHERE o.id = ? AND r.name = ?", since, value, api.org, name)
    api.daybook.sql("UPDATE organization SET revision = revision + 1, zone_revision = zone_revision + 1")


def rule(api, name, channels, unit, period, value, action="refuse"):
    """A limit beside the five, which no endpoint adds yet."""
    api.daybook.sql("INSERT INTO limit_rule (org, name, channels, unit, period, action) SELECT key, ?, ?, ?, ?, ? FROM organization "
                    "WHERE id = ?", name, channels, unit, period, action, api.org)
    amount(api, name, "2012-01-01", value)


def enforce(api, *events):
    return api.ask("events", "POST", "/api/events", {"enforce": "true"}, list(events))


def refused(api, *events):
    return enforce(api, *events).json["results"][0]


# ---- The list

def test_used_and_held_are_those_of_each_window_in_its_own_unit(api):
    limits(api, dailyLimit=100, quotaUnit="part", costCap="10.5", smsCap=300, callCap=7, messagesCap=4)
    api.spend(event(at(TODAY), messages=10, parts=20), event(at(YESTERDAY), messages=30), event(at(TODAY), channel="CALL", messages=2),
              event(at(TODAY), channel="EMAIL", messages=5), event(at("2026-04-30"), messages=77))
    api.create("c", 20, partsPerContact=2)
    api.create("later", 5, at("2026-05-31"))
    api.create("next", 50, at("2026-06-01"))
    data = listed(api)
    cost = "0.421"  # (20 + 30) x 0.0079 + 2 x 0.013
    assert {name: figures(limit) for name, limit in data.items()} == {
        "daily": (100, 20, 40, 40), "cycle-messages": (4, 5, 0, 0), "cycle-cost": ("10.5", cost, "0.3555", "9.7235"),
        "cycle-sms": (300, 40, 25, 235), "cycle-calls": (7, 2, 0, 5)}
    assert data["daily"]["unit"] == "part"


def test_a_limit_that_only_reports_says_so_and_goes_on_counting(api):
    limits(api, smsCap=5, allowOverage=True)
    assert enforce(api, event(at(TODAY), messages=8)).status == 200
    data = listed(api)
    assert {limit["action"] for name, limit in data.items() if name != "daily"} == {"report"} and data["daily"]["action"] == "refuse"
    assert figures(data["cycle-sms"]) == (5, 8, 0, 0)
    api.create("c", 9)
    assert figures(listed(api)["cycle-sms"]) == (5, 8, 9, 0)
    day = api.day()
    assert day["bookable"] == 483 and "limitedBy" not in day
    limits(api, allowOverage=False)
    assert api.day()["bookable"] == 0 and api.day()["limitedBy"] == "smsCap"
    assert enforce(api, event(at(TODAY))).status == 402


def test_another_limit_is_listed_after_the_five_by_its_name(api):
    rule(api, "yearly", "EMAIL SMS", "part", "year", 1000)
    rule(api, "monthly", "CALL", "cost", "month", 2_500_000, "report")
    data = listed(api)
    assert list(data) == FIVE + ["monthly", "yearly"]
    assert [data["yearly"][name] for name in ("limit", "channels", "window", "from", "until", "resetsAt")] == [
        "yearly", ["SMS", "EMAIL"], "year", "2026-01-01", "2026-12-31", "2027-01-01T05:00:00.000Z"]
    assert (data["monthly"]["amount"], data["monthly"]["action"], data["monthly"]["until"]) == ("2.5", "report", "2026-05-31")


def test_the_tag_changes_with_every_write_and_at_midnight(api):
    path = "/api/organizations/acme/limits"
    limits(api, smsCap=5)
    tag = api.ask("settings", "GET", path).headers["etag"]
    same = lambda: api.ask("settings", "GET", path, headers={"If-None-Match": tag}).status == 304
    assert same()
    for change in (lambda: api.spend(event(at(TODAY))), lambda: api.create("c", 1), lambda: limits(api, smsCap=6),
                   lambda: api.daybook.cmd("price", "set", "CALL", "0.5"), lambda: api.clock("2026-05-21T04:00:00Z")):
        change()
        assert not same()
        tag = api.ask("settings", "GET", path).headers["etag"]
        assert same()
    assert listed(api)["daily"]["from"] == TOMORROW


# ---- Amounts by date

def test_a_limit_lowered_today_leaves_the_days_before_as_they_were(api):
    api.spend(event(at(YESTERDAY), messages=120))
    limits(api, dailyLimit=100)
    days = api.calendar("2026-05-18", TOMORROW)
    assert [days[d]["availableQuota"] for d in ("2026-05-18", YESTERDAY, TODAY, TOMORROW)] == [500, 380, 100, 100]
    assert [days[d]["bookable"] for d in ("2026-05-18", YESTERDAY, TODAY, TOMORROW)] == [0, 0, 100, 100]
    assert refused(api, event(at(YESTERDAY), messages=381))["available"] == 380
    assert enforce(api, event(at(YESTERDAY), messages=380)).status == 200, "an event counts by its own day"
    limits(api, dailyLimit=None)
    assert [figures["availableQuota"] for figures in api.calendar(YESTERDAY, TOMORROW).values()] == [0, -1, -1]
    api.verify()


def test_setting_a_limit_keeps_the_amounts_of_later_days(api):
    amount(api, "daily", "2026-05-25", 1000)
    limits(api, dailyLimit=7)
    days = api.calendar(TODAY, "2026-05-25")
    assert [days[d]["availableQuota"] for d in (TODAY, "2026-05-24", "2026-05-25")] == [7, 7, 1000]
    body = no_room(api.post({"name": "n", "contactCount": 8, "scheduledISO": LATE}), 409, "dailyLimit")
    assert (body["freesAt"], body["nextAvailableDate"]) == ("2026-05-25T04:00:00.000Z", "2026-05-25")
    api.create("c", 1000, at("2026-05-25"))


def test_a_cap_frees_on_the_day_from_which_more_is_allowed(api):
    limits(api, smsCap=10)
    amount(api, "cycle-sms", "2026-05-25", 30)
    api.spend(event(at(TODAY), messages=10))
    result = refused(api, event(at(TODAY), messages=20))
    assert (result["limit"], result["freesAt"], result["nextAvailableDate"]) == ("smsCap", "2026-05-25T04:00:00.000Z", "2026-05-25")
    result = refused(api, event(at(TODAY), messages=21))
    assert (result["freesAt"], result["nextAvailableDate"]) == ("2026-06-01T04:00:00.000Z", "2026-06-01")
    assert [api.day(d)["bookable"] for d in ("2026-05-24", "2026-05-25", "2026-06-01")] == [0, 20, 30]


def test_segments_of_one_cycle_are_each_judged_by_the_amount_of_their_own_day(api):
    limits(api, smsCap=10)
    amount(api, "cycle-sms", "2026-05-25", 30)
    data = api.slices("c", (at("2026-05-26"), 20), (at("2026-05-24"), 10))
    assert data["contactCount"] == 30
    body = no_room(api.put("c", {"segments": [{"segmentNumber": 1, "contactCount": 21}]}), 402, "smsCap", needed=31, available=30)
    assert body["date"] == "2026-05-26" and body["held"] == 0, "its own hold is not counted against it"
    no_room(api.put("c", {"segments": [{"segmentNumber": 2, "contactCount": 11}]}), 402, "smsCap", date="2026-05-24", available=10)


def test_a_limit_and_a_zone_that_are_set_together_hold_from_the_new_today(api):
    api.clock("2026-05-20T12:00:00Z")
    api.daybook.cmd("org", "add", "far", "--timezone", "Pacific/Kiritimati", "--daily-limit", "9")  # the 21st there
    api.daybook.cmd("org", "set", "far", "--timezone", "Etc/UTC", "--daily-limit", "5")  # no events yet: today is the 20th
    far = Api(api.daybook, "far", clock=None)
    assert listed(far)["daily"]["amount"] == 5 and listed(far)["daily"]["from"] == TODAY
    far.create("c", 5)
    no_room(far.put("c", {"contactCount": 6}), 409, "dailyLimit", available=5)


# ---- Which limit answers

def test_a_cap_answers_before_the_day_and_the_one_that_frees_last_before_others(api):
    limits(api, dailyLimit=10, smsCap=20, costCap="0.1")
    rule(api, "year", "SMS", "message", "year", 20)
    assert refused(api, event(at(TODAY), messages=21))["limit"] == "costCap", "of those that never free the first by name, cycle-cost"
    limits(api, costCap=None)
    api.spend(event(at(TODAY), messages=15))
    result = refused(api, event(at(TODAY), messages=6))
    assert (result["limit"], result["window"], result["freesAt"]) == ("year", "year", "2027-01-01T05:00:00.000Z")
    rule(api, "year-too", "SMS", "message", "year", 20)
    assert refused(api, event(at(TODAY), messages=6))["limit"] == "year", "the same instant: by name"
    rule(api, "day-parts", "SMS", "part", "day", 15)
    result = refused(api, event(at(TODAY), messages=1))
    assert (result["code"], result["limit"]) == ("over_quota", "dailyLimit"), "two of a day: by name"


def test_what_is_over_frees_never_and_what_never_fits_neither(api):
    limits(api, dailyLimit=10)
    assert refused(api, event(at(TODAY), messages=11))["freesAt"] is None
    api.spend(event(at(YESTERDAY), messages=500))
    assert refused(api, event(at(YESTERDAY)))["freesAt"] is None
    reply = enforce(api, event(at(YESTERDAY)))
    assert reply.status == 429 and "retry-after" not in reply.headers


def test_an_event_of_a_past_day_that_had_less_frees_now(api):
    """Its own day never takes it, but the same message sent now would fit: so the wait is none."""
    capped = "2026-05-10"
    amount(api, "cycle-sms", "2012-01-01", 5)
    limits(api, smsCap=100)
    api.spend(event(at(capped), messages=5))
    reply = enforce(api, event(at(capped)))
    result, = reply.json["results"]
    assert (reply.status, result["freesAt"], result["nextAvailableDate"]) == (402, "2026-05-20T16:00:00.000Z", TODAY)
    assert reply.headers["retry-after"] == "1"


def test_the_next_date_of_a_move_counts_nothing_of_the_campaign_against_it(api):
    """The 22nd is full of the campaign itself, which leaves it when it moves."""
    api.create("c", 400, at("2026-05-22"))
    api.fill(TOMORROW, 200)
    body = no_room(api.put("c", {"scheduledISO": at(TOMORROW)}), 409, "dailyLimit", available=300, needed=400)
    assert body["nextAvailableDate"] == "2026-05-22"
    api.slices("two", (at("2026-05-23"), 500), (at("2026-05-24"), 400))
    body = no_room(api.put("two", {"segments": [{"segmentNumber": 1, "scheduledISO": at(TOMORROW)}]}), 409, "dailyLimit")
    assert body["nextAvailableDate"] == "2026-05-23"
    body = no_room(api.post({"name": "n", "segments": [{"scheduledISO": at(TOMORROW), "contactCount": 301},
                                                       {"scheduledISO": at("2026-05-25"), "contactCount": 300}]}), 409, "dailyLimit")
    assert (body["nextAvailableDate"], body["freesAt"]) == ("2026-05-26", "2026-05-26T04:00:00.000Z"), "the 25th has its own 300"


def test_the_next_date_is_priced_by_its_own_day(api):
    api.daybook.cmd("price", "set", "SMS", "0.02", "--from", TOMORROW)
    limits(api, costCap="1.16", dailyLimit=100)
    api.fill(TODAY, 100)
    no_room(api.post({"name": "n", "contactCount": 20, "scheduledISO": LATE}), 409, "dailyLimit", nextAvailableDate="2026-06-01")
    body = no_room(api.post({"name": "n", "contactCount": 18, "scheduledISO": LATE}), 409, "dailyLimit")
    assert body["nextAvailableDate"] == TOMORROW, "0.79 of 1.16 are held, and 18 x 0.02 are 0.36"


# ---- Admission

def test_a_campaign_spends_what_it_holds_on_a_day_over_its_limit_and_shrinks_there(api):
    api.create("c", 100)
    limits(api, dailyLimit=30)
    assert api.day()["bookable"] == 0
    assert api.put("c", {"contactCount": 80}).status == 200
    assert enforce(api, event(at(TODAY), messages=10, campaignId="c")).status == 200
    assert enforce(api, event(at(TODAY))).status == 429
    no_room(api.put("c", {"contactCount": 81}), 409, "dailyLimit", used=10, held=0, needed=71, available=20)
    check = lambda n: api.ask("validate-date", "POST", CAMPAIGNS + "/validate-date", body={
        "scheduledISO": LATE, "contactCount": n, "excludeCampaignId": "c"}).json
    assert (check(70)["available"], check(70)["remaining"]) == (True, 70), "what it holds it may keep"
    assert check(71)["available"] is False
    assert api.verify() is None


def test_messages_of_more_parts_than_planned_need_only_what_they_do_not_hold(api):
    """A message of two parts frees the one that was held for it: it needs one more, and the reply says so."""
    limits(api, dailyLimit=20, quotaUnit="part")
    api.create("a", 10)
    api.create("b", 10)
    result = refused(api, event(at(TODAY), parts=2, campaignId="a"))
    assert [result[name] for name in ("used", "held", "available", "needed", "freesAt")] == [0, 20, 0, 1, "2026-05-21T04:00:00.000Z"]
    api.did("b", "cancel")
    assert enforce(api, event(at(TODAY), messages=10, parts=20, campaignId="a")).status == 200


@pytest.mark.parametrize("price, parts, micros", [("0.0000005", 1, 0), ("0.0000005", 3, 2), ("0.0000015", 1, 2), ("0.000000501", 1, 1),
                                                  ("0.0079", 3, 23700)])
def test_a_contact_is_held_at_the_rounded_cost_of_one_event(api, price, parts, micros):
    api.daybook.cmd("price", "set", "SMS", price, "--from", "2012-01-01")
    api.create("c", 7, partsPerContact=parts)
    held = listed(api)["cycle-cost"]["held"]
    assert str(held) == f"{7 * micros / 10**6:.6f}".rstrip("0").rstrip("."), held
    if micros == 0:
        return
    limits(api, costCap=f"{10 * micros / 10**6:.6f}")
    assert api.ask("next-available-slot", "GET", CAMPAIGNS + "/next-available-slot", {
        "contactCount": 3, "partsPerContact": parts}).json["daysUntilAvailable"] == 0
    no_room(api.post({"name": "n", "contactCount": 4, "scheduledISO": LATE, "partsPerContact": parts}), 402, "costCap")
    api.create("d", 3, partsPerContact=parts)


def test_contacts_that_cost_nothing_fit_under_a_cost_cap_of_nothing(api):
    api.daybook.cmd("price", "set", "SMS", "0.0000004", "--from", "2012-01-01")
    limits(api, costCap=0)
    assert api.day()["bookable"] == 500
    api.create("c", 500)


# ---- Cycles

@pytest.mark.parametrize("cycle_day, last, first", [(29, "2027-02-27", "2027-02-28"), (30, "2027-02-27", "2027-02-28"), (31, "2027-02-27", "2027-02-28"),
                                                    (29, "2028-02-28", "2028-02-29"), (31, "2027-03-30", "2027-03-31"), (31, "2027-04-29", "2027-04-30"),
                                                    (30, "2027-12-29", "2027-12-30")])
def test_a_cap_holds_to_the_last_day_of_a_cycle_of_late_days(api, cycle_day, last, first):
    api.clock(f"{last[:8]}15T12:00:00Z")
    api.token = api.daybook.token(ttl="720h")
    limits(api, cycleDay=cycle_day, smsCap=100)
    api.create("c", 100, at(last))
    assert listed(api)["cycle-sms"]["until"] == last
    assert [(api.day(d)["bookable"], api.day(d).get("limitedBy")) for d in (last, first)] == [(0, "smsCap"), (100, "smsCap")]
    body = no_room(api.post({"name": "n", "contactCount": 1, "scheduledISO": at(last)}), 402, "smsCap")
    assert body["nextAvailableDate"] == first
    api.create("d", 100, at(first))
    api.verify()


def test_a_plan_that_goes_over_the_end_of_a_cycle_says_which_limit_made_it_longer(api):
    limits(api, smsCap=600)
    plan = lambda n: api.ask("auto-segment", "POST", CAMPAIGNS + "/auto-segment", body={"totalContacts": n}).json
    whole = plan(1000)
    assert [(s["scheduledDate"][:10], s["contactCount"]) for s in whole["segments"]] == [
        (TOMORROW, 500), ("2026-05-22", 100), ("2026-06-01", 400)]
    assert len(whole["warnings"]) == 1 and "smsCap" in whole["warnings"][0]
    assert plan(600)["warnings"] == [], "the cap is used up, but nothing waits for it"
    limits(api, smsCap=60)
    assert plan(50)["warnings"] == [] and plan(60)["warnings"] == []
    assert "smsCap" in plan(61)["warnings"][0]


# ---- Rows that this version does not know

@pytest.mark.parametrize("table", ["usage_day", "held"])
def test_an_unknown_channel_is_an_error_and_not_sms(api, table):
    limits(api, smsCap=100)
    api.create("c", 5)
    api.spend(event(at(TODAY)))
    api.daybook.sql(f"UPDATE {table} SET channel = 'FAX'")
    api.daybook.sql("UPDATE organization SET revision = revision + 1, zone_revision = zone_revision + 1")
    for program, path, query in (("usage-calendar", CAMPAIGNS + "/usage-calendar", {"from": TODAY, "to": TODAY}),
                                 ("next-available-slot", CAMPAIGNS + "/next-available-slot", None),
                                 ("settings", "/api/organizations/acme/limits", None)):
        check_error(api.ask(program, "GET", path, query), 500, "tether")
    assert enforce(api, event(at(TODAY))).status == 500


@pytest.mark.parametrize("period, subject", [("day", "The day"), ("cycle", "A cap of the billing cycle"), ("month", "A limit of the month"),
                                             ("year", "A limit of the year")])
def test_the_message_names_the_window_that_has_no_room(daybook, period, subject):
    api = Api(daybook)
    rule(api, "few", "SMS", "message", period, 3)
    reply = api.ask("campaigns", "POST", CAMPAIGNS, body={"id": "c", "name": "c", "contactCount": 4, "scheduledISO": at(TOMORROW)})
    assert reply.status == (409 if period == "day" else 402) and reply.json["message"] == f"{subject} has no room.", reply
    reply = api.ask("events", "POST", "/api/events", {"enforce": "true"}, body=event(at(TODAY), messages=4))
    assert reply.status == (429 if period == "day" else 402) and reply.json["message"] == f"{subject} has no room", reply


# ---- Messages with more parts than planned

def test_a_campaign_spends_what_it_holds_and_more_only_after_it_was_told_of_more_parts(api):
    api.daybook.cmd("org", "add", "parts", "--timezone", "America/Toronto", "--daily-limit", "20", "--quota-unit", "part")
    own = Api(api.daybook, "parts", clock=None)
    for name in ("a", "b"):
        plan = {"id": name, "name": name, "contactCount": 10, "scheduledISO": at(TODAY, "20:00")}
        assert own.ask("campaigns", "POST", CAMPAIGNS, body=plan).status == 201

    def send(name, parts):
        return own.ask("events", "POST", "/api/events", {"enforce": "true"},
                       event(at(TODAY), id=name, campaignId="a", parts=parts)).status

    assert send("one", 1) == 200 and send("two", 2) == 429
    change = {"partsPerContact": 2, "contactCount": 5}  # 1 is spent: 4 contacts of 2 parts
    assert own.ask("campaigns", "PUT", CAMPAIGNS + "/a", body=change).status == 200
    assert [send(f"two-{i}", 2) for i in range(5)] == [200, 200, 200, 200, 429]
    api.daybook.cmd("verify")


# ---- Figures of days that are long over

def test_a_process_that_knows_the_past_of_a_year_sees_what_changes_there(api):
    rule(api, "yearly", "SMS", "message", "year", 100)
    post(api.daybook, event("2026-01-10T15:00:00Z", messages=20))
    assert refused(api, event(at(TODAY), messages=81))["available"] == 80
    assert enforce(api, event(at(TODAY), messages=1)).status == 200
    late = event("2026-02-01T15:00:00Z", messages=30)
    post(api.daybook, late)  # another process
    assert refused(api, event(at(TODAY), messages=50))["available"] == 49
    post(api.daybook, {"id": "v", "voids": late["id"], "reason": "r"})
    assert refused(api, event(at(TODAY), messages=80))["available"] == 79
    for table in ("usage_quarter", "usage_day"):
        api.daybook.sql(f"UPDATE {table} SET messages = 5 WHERE messages = 20")
    api.daybook.sql("UPDATE organization SET zone_revision = zone_revision + 1")
    assert refused(api, event(at(TODAY), messages=95))["available"] == 94
    api.daybook.cmd("rebuild")
    assert refused(api, event(at(TODAY), messages=80))["available"] == 79
    api.verify()
