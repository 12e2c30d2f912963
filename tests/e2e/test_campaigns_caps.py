"""Campaigns under the caps of a billing cycle."""
import pytest

from api import TODAY, TOMORROW, at
from campaign_fields import LATE, no_room
from support import event


@pytest.mark.parametrize("cap, price, each", [("smsCap", "0.0079", 1), ("costCap", "0.01", 0.01)])
def test_a_campaign_write_that_a_cap_refuses_is_402_and_writes_nothing(api, cap, price, each):
    api.daybook.cmd("price", "set", "SMS", price, "--from", "2012-01-01")
    limits = {"smsCap": 100} if cap == "smsCap" else {"costCap": "1.00"}
    put = lambda **fields: api.ask("settings", "PUT", "/api/organizations/acme/limits", body=fields)
    assert put(**limits).status == 200
    api.spend(event(at(TODAY), messages=20))
    before = api.rows()
    frees = {"freesAt": "2026-06-01T04:00:00.000Z"}
    no_room(api.post({"name": "n", "contactCount": 81, "scheduledISO": LATE}), 402, cap, used=20 * each, held=0, available=80 * each,
            needed=81 * each, date=TODAY, nextAvailableDate="2026-06-01", unit="cost" if cap == "costCap" else "message", window="cycle", **frees)
    no_room(api.post({"name": "n", "contactCount": 501, "scheduledISO": LATE}), 402, cap, freesAt=None,
            nextAvailableDate=None)  # the day refuses too
    assert api.rows() == before
    api.create("c", 80)
    no_room(api.put("c", {"contactCount": 81}), 402, cap, held=0, needed=81 * each, available=80 * each, **frees)
    assert api.put("c", {"scheduledISO": at("2026-05-31"), "contactCount": 80}).status == 200
    assert api.put("c", {"scheduledISO": at("2026-06-01"), "contactCount": 100}).status == 200  # the next cycle
    api.create("d", 80)
    no_room(api.put("d", {"scheduledISO": at("2026-06-01")}), 402, cap, held=100 * each, available=0, needed=80 * each,
            nextAvailableDate="2026-07-01", freesAt="2026-07-01T04:00:00.000Z")
    draft = api.create("draft", 1, status="draft")
    no_room(api.put("draft", {"status": "scheduled"}), 402, cap)
    api.did("d", "pause")
    assert api.did("d", "resume") == "scheduled"  # what is held already goes on
    assert put(allowOverage=True).status == 200
    assert api.put("draft", {"status": "scheduled"}).status == 200 and draft["status"] == "draft"
    api.verify()


def test_a_plan_goes_on_after_the_end_of_a_cycle(api):
    assert api.ask("settings", "PUT", "/api/organizations/acme/limits", body={"smsCap": 100}).status == 200
    api.spend(event(at(TODAY), messages=20))
    data = api.created({"id": "c", "name": "n", "autoSegment": {"totalContacts": 250}})
    assert [(s["date"], s["contactCount"]) for s in data["segments"]] == [(TOMORROW, 80), ("2026-06-01", 100), ("2026-07-01", 70)]


@pytest.mark.parametrize("limits, status, limit", [({"dailyLimit": 0}, 409, "dailyLimit"), ({"smsCap": 0}, 402, "smsCap"),
                                                   ({"dailyLimit": 0, "costCap": 0}, 402, "costCap")])
def test_a_plan_without_any_room_is_refused_like_any_other_campaign(api, limits, status, limit):
    assert api.ask("settings", "PUT", "/api/organizations/acme/limits", body=limits).status == 200
    before = api.rows()
    no_room(api.post({"id": "c", "name": "n", "autoSegment": {"totalContacts": 3}}), status, limit, available=0, freesAt=None,
            nextAvailableDate=None, date=TOMORROW)
    reply = api.post({"id": "c", "name": "n", "status": "draft", "autoSegment": {"totalContacts": 3}})
    assert reply.status == 409 and api.rows() == before


@pytest.mark.parametrize("caps", [{"smsCap": 50}, {"costCap": "0.1"}])
def test_a_cap_that_came_later_refuses_only_what_adds_to_it(api, caps):
    api.create("c", 100)
    assert api.ask("settings", "PUT", "/api/organizations/acme/limits", body=caps).status == 200
    for change in ({"name": "x"}, {"scheduledISO": at(TOMORROW)}, {"contactCount": 90, "scheduledISO": LATE}):
        assert api.put("c", change).status == 200, change
    no_room(api.put("c", {"contactCount": 91}), 402, *caps)
    api.did("c", "pause")
    api.did("c", "resume")
    own = event(at(TODAY), campaignId="c", messages=10)
    assert api.events(own, enforce="true")["accepted"] == 1
    assert api.events(event(at(TODAY)), enforce="true", status=402)["rejected"] == 1
    assert api.events(event(at(TODAY), channel="EMAIL"), enforce="true")["accepted"] == 1
    assert api.did("c", "cancel") == "cancelled"


def test_caps_on_messages_and_calls_do_not_bind_campaigns(api):
    assert api.ask("settings", "PUT", "/api/organizations/acme/limits", body={"messagesCap": 0, "callCap": 0}).status == 200
    api.create("c", 500)


def test_costs_beyond_every_bound_are_refused_and_do_not_wrap(api):
    api.daybook.cmd("price", "set", "SMS", "1000", "--from", "2012-01-01")
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited")
    assert api.ask("settings", "PUT", "/api/organizations/acme/limits", body={"costCap": 1000}).status == 200
    huge = {"scheduledISO": LATE, "contactCount": 10**9}
    no_room(api.post({"name": "n", "segments": [huge] * 366, "partsPerContact": 1000}), 402, "costCap", available=1000)
    no_room(api.post({"name": "n", **huge, "partsPerContact": 1000}), 402, "costCap", available=1000)
    api.create("c", 1)
