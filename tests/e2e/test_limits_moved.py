"""A limit whose days become others: what is in force stays in force, and what a change does not name stays as it was."""
import pytest

from api import TODAY, TOMORROW
from support import check_error, event
from test_limits_caches import LA, TOKYO
from test_limits_change import DAY, LIMITS, Limits

# At noon of the tests it is already tomorrow in Tokyo and on Kiritimati, and today in Toronto and Los Angeles.
DAYS = {"Tokyo": {**DAY, "zone": TOKYO}, "Kiritimati": {**DAY, "zone": "Pacific/Kiritimati"}, "Los Angeles": {**DAY, "zone": LA},
        "the organization": DAY, "rolling": {"channels": ["SMS"], "window": "rolling", "hours": 24},
        "a month": {"channels": ["SMS"], "window": "month"}}


@pytest.fixture
def api(daybook):
    return Limits(daybook)


def too_many(api):
    reply = api.enforced(event(f"{TODAY}T16:00:00Z", id="many", messages=100))
    assert reply.status in (402, 429), reply


@pytest.mark.parametrize("after", DAYS)
@pytest.mark.parametrize("before", DAYS)
def test_the_amount_in_force_stays_when_days_change(api, before, after):
    api.set("z", **DAYS[before], amount=10)
    data = api.set("z", **DAYS[after])
    assert data["amount"] == 10, data
    too_many(api)
    assert data["rule"]["amounts"][-1]["amount"] == 10
    api.verify()


@pytest.mark.parametrize("before", ("Tokyo", "Kiritimati"))
@pytest.mark.parametrize("after", ("Los Angeles", "rolling", "the organization"))
def test_a_new_amount_with_other_days_is_not_undone_tomorrow(api, before, after):
    api.set("z", **DAYS[before], amounts=[{"validFrom": "2026-05-01", "amount": 5}, {"validFrom": TOMORROW, "amount": 10},
                                          {"validFrom": "2026-06-01", "amount": 30}])
    assert api.set("z", **DAYS[after], amount=20)["amount"] == 20
    assert api.amounts("z") == [(TODAY, 20), ("2026-06-01", 30)]


@pytest.mark.parametrize("has_events", (False, True), ids=("no events", "events"))
def test_the_limits_of_an_organization_that_changes_its_zone_stay_in_force(daybook, has_events):
    daybook.cmd("org", "set", "acme", "--timezone", TOKYO)
    api = Limits(daybook)
    reply = api.ask("settings", "PUT", LIMITS, body={"dailyLimit": 7, "smsCap": 70})
    assert reply.status == 200, reply
    api.set("x", **DAY, amount=5)
    api.set("la", **DAY, zone=LA, amount=6)
    if has_events:
        api.sent(event(f"{TODAY}T12:00:00Z", messages=1))
    reply = api.ask("settings", "PUT", "/api/organizations/acme/timezone", body={"timezone": LA, "recutHistory": True})
    assert reply.status == 200 and reply.json["data"]["today"] == TODAY, reply
    assert {name: limit["amount"] for name, limit in api.listed().items() if limit["amount"] is not None} == {
        "daily": 7, "cycle-sms": 70, "x": 5, "la": 6}
    too_many(api)
    # Today's change of one of them is not undone tomorrow.
    api.ask("settings", "PUT", LIMITS, body={"dailyLimit": 8})
    assert api.amounts("daily")[-1] == (TODAY, 8)
    api.verify()


# ---- What is not named

def test_another_definition_leaves_the_action_as_it_was(api):
    api.set("rep", **DAY, amount=1, action="report")
    assert api.set("rep", channels=["SMS"], window="rolling", hours=2)["action"] == "report"
    assert api.set("rep", preset="gmail-500")["action"] == "report"
    api.daybook.cmd("limit", "set", "acme", "rep", "--window", "day", "--preset", "gmail-500")
    assert api.read("rep").json["data"]["action"] == "report"
    assert api.set("rep", **DAY, action="refuse")["action"] == "refuse"
    assert api.set("rep", **DAYS["rolling"])["action"] == "refuse"


# ---- Money

@pytest.mark.parametrize("amount", (0.0000001, "0.0000001", "12.3456789", 1e-9, 1000000.5))
def test_an_amount_of_money_that_would_be_rounded_is_refused(api, amount):
    money = {**DAY, "unit": "cost"}
    for body in ({"amount": amount}, {"amounts": [{"validFrom": TODAY, "amount": amount}]}):
        check_error(api.put("m", **money, **body), 400, "tether", "at most six decimals")
    assert api.put("m", **money, amount="12.345670").status == 200 and str(api.read("m").json["data"]["amount"]) == "12.34567"
    for text in ("0.0000001", "1000001"):
        said = api.daybook.cmd("limit", "set", "acme", "m", "--amount", text, check=False).stderr
        assert f'"{text}" is not an amount with at most six decimals' in said and "up to 1000000" in said


# ---- Amounts that are to come

def test_a_hundred_amounts_from_tomorrow_on_are_a_list_as_any_other(api):
    api.set("z", **DAY, amount=1)
    coming = [{"validFrom": f"20{27 + i // 12}-{i % 12 + 1:02}-01", "amount": i + 1} for i in range(100)]
    assert api.set("z", amounts=coming)["amount"] == 1
    assert len(api.amounts("z")) == 101
    check_error(api.put("z", amount=1, validFrom="2060-01-01"), 409, "tether", "more than 100 after today")
    check_error(api.put("z", amounts=[*coming, {"validFrom": "2060-01-01", "amount": 1}]), 400, "tether", "more than 100")


def plan(api, **body):
    reply = api.ask("auto-segment", "POST", "/api/campaigns/auto-segment", body={
        "totalContacts": 5, **body})
    assert reply.status == 200, reply
    return [w for w in reply.json["warnings"] if "counts only" in w]


def test_a_plan_warns_of_a_networks_limit_that_may_concern_it(api):
    api.set("later", **DAY, network="T-Mobile", amounts=[{"validFrom": TODAY, "amount": None}, {"validFrom": TOMORROW, "amount": 10}])
    api.set("never", **DAY, network="Verizon", amount=None)
    api.set("sn", **DAY, **{"from": "+1"}, network="AT&T", amount=10)
    assert [w.split(chr(34))[1] for w in plan(api)] == ["later"]
    assert [w.split(chr(34))[1] for w in plan(api, **{"from": "+1"})] == ["later", "sn"]
    assert [w.split(chr(34))[1] for w in plan(api, **{"from": "+2"})] == ["later"]
    assert plan(api, channel="CALL") == []


def test_what_no_day_has_room_for_is_said_by_the_largest_amount_to_come(api):
    def said(contacts):
        reply = api.ask("next-available-slot", "GET", "/api/campaigns/next-available-slot", {"contactCount": str(contacts)})
        return reply.json.get("message") or reply.json["data"]["message"]

    api.ask("settings", "PUT", LIMITS, body={"dailyLimit": 0})
    assert said(5) == "The daily limit is 0: nothing can be sent."
    api.set("daily", amounts=[{"validFrom": TODAY, "amount": 0}, {"validFrom": "2026-06-10", "amount": 4}, {"validFrom": "2026-06-11", "amount": 0}])
    assert said(5).startswith("5 contacts are more than a whole day's limit of 4 SMS")
    assert "2026-06-10" in said(4)


def test_the_command_says_that_there_is_no_such_limit_before_what_is_missing(api):
    done = api.daybook.cmd("limit", "set", "acme", "nosuch", "--zone", LA, check=False)
    assert done.returncode == 1 and 'there is no limit "nosuch"' in done.stderr, done.stderr
