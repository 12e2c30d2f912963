"""POST /api/campaigns/validate-date"""
import pytest

from conftest import Daybook
from desk import CAMPAIGNS, TODAY, TOMORROW, Desk, at
from support import check_error, event

PATH = CAMPAIGNS + "/validate-date"
ABSENT = object()


@pytest.fixture
def desk(daybook):
    return Desk(daybook)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    d = Daybook(tmp_path_factory.mktemp("shared"))
    d.cmd("init")
    d.cmd("key", "add", "--kid", "main")
    d.cmd("org", "add", "acme", "--timezone", "America/Toronto", "--daily-limit", "500")
    yield Desk(d)
    d.close()


def ask(desk, when, contacts, **fields):
    reply = desk.ask("validate-date", "POST", PATH, body={"scheduledISO": when, "contactCount": contacts, **fields})
    assert reply.status == 200, reply
    return reply.json


def test_the_contracts_example_comes_out_whole(desk):
    desk.create("c", 250)
    assert ask(desk, at(TODAY, "20:00"), 250) == {"success": True, "available": True, "remaining": 250, "limit": 500}
    no = ask(desk, at(TODAY, "20:00"), 251)
    assert set(no) == {"success", "available", "remaining", "limit", "message"}
    assert (no["success"], no["available"], no["remaining"], no["limit"]) == (True, False, 250, 500)
    assert TODAY in no["message"] and "250" in no["message"] and "251" in no["message"]


def test_the_day_is_the_organisations(desk):
    desk.fill(TOMORROW, 500)
    assert ask(desk, "2026-05-22T03:59:59.999Z", 1)["available"] is False
    assert ask(desk, "2026-05-22T04:00:00.000Z", 1)["available"] is True
    assert ask(desk, "2026-05-21T03:59:59.999Z", 1)["available"] is True
    assert ask(desk, "2026-05-21T00:00:00-04:00", 1)["available"] is False


def test_what_was_sent_counts_and_nothing_is_reserved(desk):
    desk.spend(event(at(TODAY), messages=480))
    before = desk.rows()
    assert ask(desk, at(TODAY, "20:00"), 20)["available"] is True
    assert ask(desk, at(TODAY, "20:00"), 21)["remaining"] == 20
    assert ask(desk, at(TODAY, "20:00"), 0) == {"success": True, "available": True, "remaining": 20, "limit": 500}
    assert desk.rows() == before
    desk.spend(event(at(TODAY), messages=50))
    assert ask(desk, at(TODAY, "20:00"), 1)["remaining"] == 0
    assert ask(desk, at(TODAY, "20:00"), 0)["available"] is True


def test_an_excluded_campaign_leaves_its_reservation_on_that_day_out(desk):
    desk.slices("c", (at(TODAY, "20:00"), 300), (at(TODAY, "21:00"), 100), (at(TOMORROW), 500))
    desk.create("draft", 400, status="draft")
    desk.spend(event(at(TODAY), campaignId="c", segmentNumber=1, messages=30))
    assert ask(desk, at(TODAY, "20:00"), 1)["remaining"] == 100
    assert ask(desk, at(TODAY, "20:00"), 470, excludeCampaignId="c") == {
        "success": True, "available": True, "remaining": 470, "limit": 500}
    assert ask(desk, at(TOMORROW), 500, excludeCampaignId="c")["available"] is True
    for other in ("draft", "nobody", "no such id!", None):
        assert ask(desk, at(TODAY, "20:00"), 101, excludeCampaignId=other)["remaining"] == 100
    desk.did("c", "pause")
    assert ask(desk, at(TODAY, "20:00"), 1, excludeCampaignId="c")["remaining"] == 470
    desk.did("c", "cancel")
    assert ask(desk, at(TODAY, "20:00"), 1, excludeCampaignId="c")["remaining"] == 470


def test_what_it_says_is_what_a_put_then_does(desk):
    desk.create("c", 300)
    desk.fill(TODAY, 150)
    for contacts in (350, 351):
        may = ask(desk, at(TODAY, "21:00"), contacts, excludeCampaignId="c")["available"]
        assert (desk.put("c", {"contactCount": contacts, "scheduledISO": at(TODAY, "21:00")}).status == 200) == may


def test_another_organisations_campaign_is_unknown(desk):
    desk.daybook.cmd("org", "add", "globex", "--timezone", "America/Toronto", "--daily-limit", "10")
    desk.create("c", 300)
    other = Desk(desk.daybook, "globex", clock=None)
    assert ask(other, at(TODAY, "20:00"), 1, excludeCampaignId="c")["remaining"] == 10


def test_a_day_that_is_over_is_not_available_and_today_is(desk):
    desk.spend(event("2026-05-19T20:00:00Z", messages=5))
    for when in ("2026-05-20T03:59:59Z", "2012-01-01T12:00:00Z", "1970-01-01T00:00:00Z"):
        no = ask(desk, when, 1)
        assert no["available"] is False and "over" in no["message"], when
    assert ask(desk, "2026-05-20T03:59:59Z", 1)["remaining"] == 495
    assert ask(desk, "2026-05-20T04:00:00Z", 1)["available"] is True  # the day is not over, though the hour is
    assert ask(desk, "9999-12-31T23:59:59Z", 500)["available"] is True


def test_unlimited_has_null_for_what_there_is_no_end_of(desk):
    desk.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited")
    desk.create("c", 10**6)
    assert ask(desk, at(TODAY, "20:00"), 10**9) == {"success": True, "available": True, "remaining": None, "limit": None}
    no = ask(desk, at("2026-05-19"), 1)
    assert (no["available"], no["remaining"], no["limit"]) == (False, None, None)
    desk.daybook.cmd("org", "set", "acme", "--daily-limit", "0")
    assert (ask(desk, at(TOMORROW), 1)["available"], ask(desk, at(TOMORROW), 0)["available"]) == (False, True)


def test_parts_per_contact_multiply_where_the_unit_is_the_part(desk):
    assert ask(desk, at(TOMORROW), 500, partsPerContact=3)["available"] is True
    desk.daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    desk.create("c", 50, at(TOMORROW), partsPerContact=2)
    assert ask(desk, at(TOMORROW), 133, partsPerContact=3) == {"success": True, "available": True, "remaining": 400, "limit": 500}
    assert ask(desk, at(TOMORROW), 134, partsPerContact=3)["available"] is False
    assert ask(desk, at(TOMORROW), 166, partsPerContact=3, excludeCampaignId="c")["available"] is True
    assert ask(desk, at(TOMORROW), 10**9, partsPerContact=1000)["available"] is False


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
