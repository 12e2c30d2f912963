"""POST /api/events: voids take an event back, with its cost."""
import pytest

from event_poster import ABSENT, AN_HOUR_AGO, FAILED, event, ids, post, row, shared, void  # noqa: F401 (post and shared are fixtures)
from model import HOUR, audit, check_ledger, iso, now, stored, totals


def test_a_void_takes_an_event_back_with_its_cost(daybook, post):
    post.counts([event("a", messages=2, parts=5), event("b", cost="0.25"), event("c")], 3)
    post.counts([void("v1", "a"), void("v2", "b")], 2)
    assert totals(daybook) == (1, 1, 7900)
    at = AN_HOUR_AGO
    assert row(daybook, "v1", "occurred_at, channel, messages, parts, cost_micros, status, voids_id") == \
        (at, "SMS", -2, -5, -39500, "void", "a")
    assert row(daybook, "v2", "messages, parts, cost_micros, cost_given") == (-1, -1, -250000, 1)
    assert [(a["id"], a["voids"], a["reason"]) for a in audit(daybook, "event.void")] == \
        [("v1", "a", "sent in error"), ("v2", "b", "sent in error")]
    check_ledger(daybook)


def test_a_void_may_stand_behind_its_event_in_the_same_request_and_not_before_it(daybook, post):
    results = post.counts([void("early", "a"), event("a"), void("v", "a")], 2, 0, 0, 1)
    assert results == [{"index": 0, "id": "early", "status": "rejected",
                        "error": "voids: there is no such event of this source"}]
    assert totals(daybook) == (0, 0, 0)
    check_ledger(daybook)


def test_a_void_of_nothing_of_a_void_of_another_source_or_a_second_one_is_rejected(daybook, post):
    post.counts([event("a"), event("b"), void("v", "a"), event("x", source="other")], 4)
    post.refused(void("w", "nothing"), "voids: there is no such event")
    post.refused(void("w", "v"), "voids: that event is a void")
    post.refused(void("w", "a"), "voids: that event is already voided")
    post.refused(void("w", "b", source="other"), "voids: there is no such event")
    post.refused(void("w", "x"), "voids: there is no such event")
    post.refused(void("w", "w"), "voids: there is no such event")
    assert "w" not in ids(daybook) and totals(daybook)[0] == 2
    post.counts([void("w", "b"), void("w", "x", source="other")], 2)
    assert totals(daybook) == (0, 0, 0)


def test_a_void_of_another_organizations_event_is_rejected(daybook, post):
    daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    post.counts(event("a"), 1)
    post.refused(void("v", "a"), "voids: there is no such event", token=daybook.token("globex"))
    post.counts(void("v", "a"), 1)


def test_a_repeated_void_is_a_duplicate_and_one_with_another_reason_or_target_a_conflict(daybook, post):
    post.counts([event("a"), event("b"), void("v", "a")], 3)
    post.counts(void("v", "a"), 0, 1)
    post.counts(void("v", "a", reason="another"), 0, 0, 1)
    post.counts(void("v", "b"), 0, 0, 1)
    post.counts(event("v"), 0, 0, 1)
    post.counts(void("b", "a"), 0, 0, 1)
    assert totals(daybook)[0] == 1 and len(audit(daybook, "event.void")) == 1


def test_a_voided_id_stays_taken(daybook, post):
    post.counts([event("a"), void("v", "a")], 2)
    post.counts(event("a"), 0, 1)
    post.counts(event("a", messages=2), 0, 0, 1)
    post.refused(void("v2", "a"), "voids: that event is already voided")
    assert totals(daybook) == (0, 0, 0)


@pytest.mark.parametrize("fields, error", [
    ({"reason": ABSENT}, "reason: required"), ({"reason": ""}, "reason:"), ({"id": ABSENT}, "id:"),
    ({"occurredAt": "2026-01-01T00:00:00Z"}, "occurredAt:"), ({"channel": "SMS"}, "channel:"), ({"messages": 1}, "messages:"),
    ({"parts": 1}, "parts:"), ({"status": "sent"}, "status:"), ({"cost": 0}, "cost:"), ({"campaignId": "c"}, "campaignId:"),
    ({"segmentNumber": 1}, "segmentNumber:"), ({"to": "+15550100"}, "to:"), ({"voids": 5}, "voids:"),
    ({"voids": "x" * 201}, "voids:"), ({"voids": ""}, "voids:")])
def test_a_void_has_id_voids_reason_and_nothing_of_its_own(shared, fields, error):
    name = f"target {fields}"[:100]
    shared.counts(event(name), 1)
    good = void("void of " + name, name)
    shared.refused({k: v for k, v in {**good, **fields}.items() if v is not ABSENT}, error)
    shared.counts(good, 1)


def test_a_void_of_a_failed_event_counts_nothing_and_takes_the_number_away(daybook, post):
    post.counts([event("f", **FAILED), event("g", **{**FAILED, "to": "+15550199"})], 2)
    post.counts(void("v", "f", source="s"), 1)
    assert totals(daybook) == (0, 0, 0)
    assert row(daybook, "v", "messages, parts, cost_micros") == (0, 0, 0)
    assert daybook.sql("SELECT phone FROM failure") == [("+15550199",)]
    post.refused(void("w", "f", source="s"), "voids: that event is already voided")
    check_ledger(daybook)


def test_a_void_of_an_event_older_than_35_days_needs_backfill(daybook, post):
    narrow = daybook.token(scope="usage:write")
    post.counts(event("a", occurredAt="2020-01-01T12:00:00Z"), 1)
    post.refused(void("v", "a"), "voids: more than 35 days", token=narrow)
    post.counts(void("v", "a"), 1)
    post.counts(void("v", "a"), 0, 1, token=narrow)
    assert totals(daybook) == (0, 0, 0)
    check_ledger(daybook)


def test_a_void_takes_back_what_the_event_costs_after_a_new_price(daybook, post):
    post.counts([event("a", parts=3), event("b", parts=2), event("given", cost="1"), event("call", channel="CALL")], 4)
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 30000 + 20000 + 1000000 + 13000
    post.counts([void("v", "a"), event("new", parts=1)], 2)
    assert row(daybook, "v", "cost_micros") == (-30000,)
    daybook.cmd("price", "set", "SMS", "0.002", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 4000 + 2000 + 1000000 + 13000
    post.counts([void("w", "b"), void("x", "given"), void("y", "call"), void("z", "new")], 4)
    assert stored(daybook, "usage_quarter", "quarter", "acme") == {}
    check_ledger(daybook)


def test_a_void_takes_back_an_adjustment_of_its_event_before_and_after_a_new_price(daybook, post):
    """The adjustments are those that `daybook import` writes from a carrier's statement."""
    post.counts([event("a", source="t"), event("b", source="t"), event("ab", source="t")], 3)

    def statement(**prices):
        lines = [f"{id},{iso(AN_HOUR_AGO)},outbound-api,sent,+14165550101,1,-{price}" for id, price in prices.items()]
        text = "\n".join(["Sid,SentDate,Direction,Status,To,NumSegments,Price", *lines])
        daybook.cmd("import", "-", "--format", "twilio", "--source", "t", input=text)

    statement(a="0.008")
    statement(a="0.00797")
    check_ledger(daybook)
    post.counts(void("v", "a", source="t"), 1)
    assert row(daybook, "v", "cost_micros") == (-7970,)
    statement(b="0.008")
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 7900 + 100 + 10000, "what a statement fixed is no longer a matter of the price"
    post.counts(void("w", "b", source="t"), 1)
    assert totals(daybook) == (1, 1, 10000)
    post.counts(void("x", "ab", source="t"), 1)
    assert totals(daybook) == (0, 0, 0)
    check_ledger(daybook)


def test_a_statement_fixes_the_cost_whatever_the_price_was_before_or_is_later(daybook, post):
    at = now() - HOUR
    sid, price = "SM" + "0" * 30 + "%02d", "From,To,Body,Status,SentDate,NumSegments,Price,PriceUnit,Sid,Direction\n"
    post.counts([event(sid % i, source="twilio", occurredAt=iso(at)) for i in range(3)], 3)
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 3 * 10000
    (daybook.folder / "s.csv").write_text(price + f"+1,+2,x,delivered,{iso(at)[:19]}Z,1,-0.00500,USD,{sid % 0},outbound-api\n")
    daybook.cmd("import", str(daybook.folder / "s.csv"), "--format", "twilio", "--org", "acme")
    assert totals(daybook)[2] == 5000 + 2 * 10000
    daybook.cmd("import", str(daybook.folder / "s.csv"), "--format", "twilio", "--org", "acme")
    assert totals(daybook)[2] == 5000 + 2 * 10000, "the same statement again changes nothing"
    daybook.cmd("price", "set", "SMS", "0.002", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 5000 + 2 * 2000
    post.counts(void("v0", sid % 0, source="twilio"), 1)
    assert totals(daybook)[2] == 2 * 2000
    post.counts(void("v1", sid % 1, source="twilio"), 1)
    daybook.cmd("price", "set", "SMS", "0.02", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 20000
    check_ledger(daybook)
    assert "0 differences" in daybook.cmd("verify").stdout


def test_a_void_of_a_failed_event_takes_back_no_money_after_a_new_price(daybook, post):
    post.counts([event("a"), event("f", **FAILED)], 2)
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2012-01-01", "--reprice")
    post.counts(void("v", "f", source="s"), 1)
    assert row(daybook, "v", "cost_micros") == (0,) and totals(daybook) == (1, 1, 10000)
    check_ledger(daybook)
