"""A preview of a limit that must be filled first says what the change itself will say, or that nobody knows."""
import json

import pytest

from api import TODAY, TOMORROW, at
from support import event
from test_limits_change import DAY, Limits

ONE = {"from": "+1"}


@pytest.fixture
def api(daybook):
    return Limits(daybook)


def unwritten(api):
    return api.daybook.sql("SELECT count(*) FROM limit_usage"), api.daybook.sql("SELECT count(*) FROM limit_rule"), api.daybook.sql(
        "SELECT count(*) FROM job")


CASES = {
    "a sender's day": {**DAY, **ONE, "amount": 10}, "part": {**DAY, **ONE, "unit": "part", "amount": 12},
    "cost": {**DAY, **ONE, "unit": "cost", "amount": 0.05},
    "another sender": {**DAY, "from": "+2", "amount": 10},
    "a network": {**DAY, "network": "T-Mobile", "amount": 1},
    "a zone": {**DAY, **ONE, "zone": "Asia/Tokyo", "amount": 10},
    "hours": {"channels": ["SMS"], "window": "rolling", "hours": 24, **ONE, "amount": 10},
    "a month of hours": {"channels": ["SMS"], "window": "rolling", "hours": 744, **ONE, "amount": 11},
}


@pytest.mark.parametrize("body", CASES.values(), ids=CASES)
@pytest.mark.parametrize("was", (None, {"from": "+9"}), ids=("new", "changed"))
def test_a_preview_names_the_days_that_the_change_names(api, body, was):
    api.sent(*(event(f"2026-05-{day}T{hour}:00:00Z", id=f"e{day}{hour}", messages=2, parts=3, **ONE, network="T-Mobile")
               for day in ("01", "19", "20") for hour in ("02", "14")))
    api.create("many", 300, at(TOMORROW), **ONE)
    if was:
        api.set("x", **DAY, **was, unit=body.get("unit", "message"), amount=5)
    before = unwritten(api)
    preview = api.set("x", **body, preview=True)
    assert unwritten(api) == before
    done = api.set("x", **body)
    assert "state" not in done and preview.pop("state") == "building"
    assert preview == done
    named = {day["date"] for day in done["daysOverLimit"]}
    assert bool(named) == (body.get("from") != "+2") and (TODAY in named) == (body.get("network") is not None or body["amount"] == 11), named
    api.verify()


def test_nobody_knows_the_days_if_there_is_too_much_to_look_at(api):
    lines = "".join(json.dumps(event(f"{TODAY}T{5 + i // 3000:02}:00:00Z", id=f"e{i}", **ONE)) + "\n" for i in range(20001))
    api.daybook.cmd("import", "-", input=lines)
    assert api.set("x", **DAY, **ONE, amount=1, preview=True)["daysOverLimit"] is None
    # Another job is open, so the limit waits.
    api.daybook.sql("INSERT INTO job (org, number, kind, channel, first_quarter, next_quarter, end_quarter, actor, is_remote, started_at, "
                    "updated_at) VALUES (1, 7, 'reprice', 'EMAIL', 1, 1, 4000000, 1, 0, 1, 9999999999999)")
    waits = api.put("y", **DAY, **ONE, amount=1).json["data"]
    assert waits["daysOverLimit"] is None or waits["daysOverLimit"] and "state" not in waits
