"""POST /api/campaigns/validate-date"""
import pytest

from api import CAMPAIGNS, TODAY, TOMORROW, Api, at
from support import check_error, event

PATH = CAMPAIGNS + "/validate-date"
ABSENT = object()


def ask(api, when, contacts, **fields):
    reply = api.ask("validate-date", "POST", PATH, body={"scheduledISO": when, "contactCount": contacts, **fields})
    assert reply.status == 200, reply
    return reply.json


def test_the_contracts_example_comes_out_whole(api):
    api.create("c", 250)
    assert ask(api, at(TODAY, "20:00"), 250) == {"success": True, "available": True, "remaining": 250, "limit": 500}
    no = ask(api, at(TODAY, "20:00"), 251)
    assert set(no) == {"success", "available", "remaining", "limit", "message"}
    assert (no["success"], no["available"], no["remaining"], no["limit"]) == (True, False, 250, 500)
    assert TODAY in no["message"] and "250" in no["message"] and "251" in no["message"]


def test_the_day_is_the_organizations(api):
    api.fill(TOMORROW, 500)
    assert ask(api, "2026-05-22T03:59:59.999Z", 1)["available"] is False
    assert ask(api, "2026-05-22T04:00:00.000Z", 1)["available"] is True
    assert ask(api, "2026-05-21T03:59:59.999Z", 1)["available"] is True
    assert ask(api, "2026-05-21T00:00:00-04:00", 1)["available"] is False


def test_what_was_sent_counts_and_nothing_is_reserved(api):
    api.spend(event(at(TODAY), messages=480))
    before = api.rows()
    assert ask(api, at(TODAY, "20:00"), 20)["available"] is True
    assert ask(api, at(TODAY, "20:00"), 21)["remaining"] == 20
    assert ask(api, at(TODAY, "20:00"), 0) == {"success": True, "available": True, "remaining": 20, "limit": 500}
    assert api.rows() == before
    api.spend(event(at(TODAY), messages=50))
    assert ask(api, at(TODAY, "20:00"), 1)["remaining"] == 0
    assert ask(api, at(TODAY, "20:00"), 0)["available"] is True


def test_an_excluded_campaign_leaves_its_reservation_on_that_day_out(api):
    api.slices("c", (at(TODAY, "20:00"), 300), (at(TODAY, "21:00"), 100), (at(TOMORROW), 500))
    api.create("draft", 400, status="draft")
    api.spend(event(at(TODAY), campaignId="c", segmentNumber=1, messages=30))
    assert ask(api, at(TODAY, "20:00"), 1)["remaining"] == 100
    assert ask(api, at(TODAY, "20:00"), 470, excludeCampaignId="c") == {
        "success": True, "available": True, "remaining": 470, "limit": 500}
    assert ask(api, at(TOMORROW), 500, excludeCampaignId="c")["available"] is True
    for other in ("draft", "nobody", "no such id!", None):
        assert ask(api, at(TODAY, "20:00"), 101, excludeCampaignId=other)["remaining"] == 100
    api.did("c", "pause")
    assert ask(api, at(TODAY, "20:00"), 1, excludeCampaignId="c")["remaining"] == 470
    api.did("c", "cancel")
    assert ask(api, at(TODAY, "20:00"), 1, excludeCampaignId="c")["remaining"] == 470


def test_what_it_says_is_what_a_put_then_does(api):
    api.create("c", 300)
    api.fill(TODAY, 150)
    for contacts in (350, 351):
        may = ask(api, at(TODAY, "21:00"), contacts, excludeCampaignId="c")["available"]
        assert (api.put("c", {"contactCount": contacts, "scheduledISO": at(TODAY, "21:00")}).status == 200) == may


def test_another_organizations_campaign_is_unknown(api):
    api.daybook.cmd("org", "add", "globex", "--timezone", "America/Toronto", "--daily-limit", "10")
    api.create("c", 300)
    other = Api(api.daybook, "globex", clock=None)
    assert ask(other, at(TODAY, "20:00"), 1, excludeCampaignId="c")["remaining"] == 10


def test_a_day_that_is_over_is_not_available_and_today_is(api):
    api.spend(event("2026-05-19T20:00:00Z", messages=5))
    for when in ("2026-05-20T03:59:59Z", "2012-01-01T12:00:00Z", "1970-01-01T00:00:00Z"):
        no = ask(api, when, 1)
        assert no["available"] is False and "over" in no["message"], when
    assert ask(api, "2026-05-20T03:59:59Z", 1)["remaining"] == 495
    earlier = ask(api, "2026-05-20T04:00:00Z", 1)  # the day is not over, but nothing can be scheduled at that hour any more
    assert earlier["available"] is False and "past" in earlier["message"] and earlier["remaining"] == 500
    assert ask(api, "2099-12-31T12:00:00Z", 500)["available"] is True
    for when in ("2100-01-02T00:00:00Z", "9999-12-31T23:59:59Z"):  # which no campaign can have
        no = ask(api, when, 1)
        assert no["available"] is False and "2099" in no["message"], when


def test_unlimited_has_null_for_what_there_is_no_end_of(api):
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited")
    api.create("c", 10**6)
    assert ask(api, at(TODAY, "20:00"), 10**9) == {"success": True, "available": True, "remaining": None, "limit": None}
    no = ask(api, at("2026-05-19"), 1)
    assert (no["available"], no["remaining"], no["limit"]) == (False, 500, 500), "a day of the past keeps its limit"
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "0")
    assert (ask(api, at(TOMORROW), 1)["available"], ask(api, at(TOMORROW), 0)["available"]) == (False, True)


def test_parts_per_contact_multiply_where_the_unit_is_the_part(api):
    assert ask(api, at(TOMORROW), 500, partsPerContact=3)["available"] is True
    api.daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    api.create("c", 50, at(TOMORROW), partsPerContact=2)
    assert ask(api, at(TOMORROW), 133, partsPerContact=3) == {"success": True, "available": True, "remaining": 400, "limit": 500}
    assert ask(api, at(TOMORROW), 134, partsPerContact=3)["available"] is False
    assert ask(api, at(TOMORROW), 166, partsPerContact=3, excludeCampaignId="c")["available"] is True
    assert ask(api, at(TOMORROW), 10**9, partsPerContact=1000)["available"] is False


GOOD = {"scheduledISO": at(TOMORROW), "contactCount": 1}
BAD = [("scheduledISO", v) for v in (ABSENT, None, "", 5, True, [], {}, "tomorrow", "2026-05-21", "2026-02-30T00:00:00Z",
                                     "2026-05-21T15:00:00", "x" * 65)] + \
    [("contactCount", v) for v in (ABSENT, None, -1, 1.5, "1", True, [], {}, 10**9 + 1)] + \
    [("partsPerContact", v) for v in (0, -1, 1.5, "1", True, 1001)] + \
    [("excludeCampaignId", v) for v in ("", 5, True, [], {}, "x" * 65)] + [("campaignId", "c"), ("colour", 1), ("ContactCount", 1)]


@pytest.mark.parametrize("field, value", BAD, ids=[f"{f} {'absent' if v is ABSENT else repr(v)[:30]}" for f, v in BAD])
def test_a_bad_field_is_named(shared, field, value):
    body = {k: v for k, v in {**GOOD, field: value}.items() if v is not ABSENT}
    reply = shared.ask("validate-date", "POST", PATH, body=body)
    check_error(reply, 400, "tether", field)
    assert reply.json["error"].startswith(field + ":")
    assert ask(shared, at(TOMORROW), 1)["available"] is True


def test_another_method_scope_parameter_or_body_is_refused(shared):
    assert shared.ask("validate-date", "GET", PATH).status == 405
    assert shared.ask("validate-date", "POST", PATH, body=GOOD, token="nonsense").status == 401
    assert shared.ask("validate-date", "POST", PATH, body=GOOD, token=shared.daybook.token(scope="usage:write")).status == 403
    assert shared.ask("validate-date", "POST", PATH, "x=1", GOOD).status == 400
    for body in ("", "[]", "5", "{", '{"contactCount":1,"contactCount":1}'):
        check_error(shared.ask("validate-date", "POST", PATH, body=body), 400, "tether")
    assert shared.ask("validate-date", "POST", PATH, body=GOOD, token=shared.daybook.token(scope="usage:read")).status == 200
