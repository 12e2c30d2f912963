"""POST /api/events: settlements say later what an event cost, how many parts it had, or that it was sent after all."""
import csv
import io

import pytest

from event_poster import ABSENT, AN_HOUR_AGO, CLOUDEVENT, FAILED, NDJSON, event, post, row, shared, void  # noqa: F401
from model import DAY, audit, campaign, check_ledger, iso, now, segment, stored, totals


def settle(id, settles, **fields):
    return {"id": id, "settles": settles, **fields}


def figures(daybook, id):
    """Messages, parts and micros of an event as the list shows them, and its status."""
    reply = daybook.cgi("events-list", "GET", "/api/events", {"from": iso(now() - 2 * DAY)[:10], "to": iso(now() + DAY)[:10]},
                        token=daybook.token())
    e, = [e for e in reply.json["data"]["events"] if e["id"] == id]
    return e["messages"], e["parts"], round(e["cost"] * 1e6), e["status"]


def sound(daybook):
    check_ledger(daybook)
    daybook.cmd("verify")


# ---- What it changes

def test_a_cost_settles_the_difference_at_the_events_own_instant(daybook, post):
    post.counts([event("a", parts=2, campaignId="none"), event("b")], 2)
    post.counts(settle("s", "a", cost="0.02"), 1)
    assert row(daybook, "s", "occurred_at, channel, status, messages, parts, cost_micros, cost_given, settles_id, voids_id, reason") \
        == (AN_HOUR_AGO, "SMS", "adjust", 0, 0, 20000 - 15800, 1, "a", None, None)
    assert totals(daybook) == (2, 3, 20000 + 7900) and figures(daybook, "a") == (1, 2, 20000, "sent")
    sound(daybook)


def test_parts_without_a_cost_are_priced_by_the_list_of_the_events_day(daybook, post):
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2024-07-01")
    post.counts(event("a", occurredAt="2024-06-30T12:00:00Z"), 1)
    post.counts(settle("s", "a", parts=3), 1)
    assert row(daybook, "s", "parts, cost_micros, cost_given") == (2, 2 * 7900, 0)
    post.counts(settle("t", "a", parts=1), 1)
    assert row(daybook, "t", "parts, cost_micros") == (-2, -2 * 7900) and totals(daybook) == (1, 1, 7900)
    sound(daybook)


@pytest.mark.parametrize("given, settled", [("0.5", None), (None, "0.5")])
def test_parts_without_a_cost_leave_a_cost_that_somebody_gave(daybook, post, given, settled):
    post.counts(event("a", cost=given or ABSENT), 1)
    if settled:
        post.counts(settle("s", "a", cost=settled), 1)
    post.counts(settle("t", "a", parts=4), 1)
    assert row(daybook, "t", "parts, cost_micros, cost_given") == (3, 0, 0) and totals(daybook) == (1, 4, 500000)
    sound(daybook)


def test_one_that_changes_nothing_is_a_row_too(daybook, post):
    post.counts(event("a"), 1)
    post.counts(settle("s", "a", cost="0.0079", parts=1, status="sent"), 1)
    assert row(daybook, "s", "messages, parts, cost_micros, cost_given") == (0, 0, 0, 1)
    sound(daybook)


def test_the_last_one_stands(daybook, post):
    post.counts([event("a"), settle("s", "a", cost="0.5", parts=9), settle("t", "a", cost="0.1"), settle("u", "a", parts=2)], 4)
    assert totals(daybook) == (1, 2, 100000)
    post.counts(settle("s", "a", cost="0.5", parts=9), 0, 1)
    assert totals(daybook) == (1, 2, 100000), "a retry of an earlier one changes nothing"
    post.counts(settle("v", "a", cost=0), 1)
    assert totals(daybook) == (1, 2, 0)
    sound(daybook)


def test_a_settlement_may_stand_behind_its_event_in_a_body_and_not_before_it(daybook, post):
    results = post.counts([settle("early", "a", cost=1), event("a"), settle("s", "a", cost=1)], 2, 0, 0, 1)
    assert results[0]["error"].startswith("settles: there is no such event")
    assert totals(daybook) == (1, 1, 1000000)


# ---- Failed and sent

def test_a_failed_event_becomes_a_sent_one(daybook, post):
    campaign(daybook, "c", {"at": AN_HOUR_AGO, "contacts": 3})
    post.counts([event("f", campaignId="c", **{**FAILED, "source": "", "parts": 2}), event("g", campaignId="c")], 2)
    assert segment(daybook, "c") == (1, 1, 2, "sending") and totals(daybook) == (1, 1, 7900)
    post.counts(settle("s", "f", status="sent"), 1)
    assert segment(daybook, "c") == (2, 0, 2, "sending") and totals(daybook) == (2, 3, 7900 + 2 * 7900)
    assert row(daybook, "s", "messages, parts, cost_micros, cost_given, campaign, segment") == (1, 2, 15800, 0, 1, 1)
    assert daybook.sql("SELECT * FROM failure") == [] and row(daybook, "f", "detail_sha256") == (None,)
    assert figures(daybook, "f") == (1, 2, 15800, "sent")
    post.counts(settle("t", "f", cost="0.02", status="sent"), 1)
    assert segment(daybook, "c") == (2, 0, 2, "sending") and totals(daybook) == (2, 3, 27900)
    sound(daybook)
    daybook.cmd("rebuild")
    assert segment(daybook, "c") == (2, 0, 2, "sending") and totals(daybook) == (2, 3, 27900)
    sound(daybook)


def test_a_segment_that_ended_as_failed_has_ended_as_sent(daybook, post):
    campaign(daybook, "c", {"at": AN_HOUR_AGO, "contacts": 1})
    post.counts(event("f", campaignId="c", **FAILED), 1)
    assert segment(daybook, "c") == (0, 1, 1, "failed")
    post.counts(settle("s", "f", source="s", status="sent", cost="0.01", parts=3), 1)
    assert segment(daybook, "c") == (1, 0, 1, "sent") and totals(daybook) == (1, 3, 10000)
    post.counts(void("v", "f", source="s"), 1)
    assert segment(daybook, "c") == (0, 0, 1, "sent") and totals(daybook) == (0, 0, 0)
    sound(daybook)


def test_a_failed_event_stays_failed_unless_the_settlement_says_sent(daybook, post):
    post.counts(event("f", **FAILED), 1)
    post.refused(settle("s", "f", source="s", cost="0.01"), "settles: that event failed")
    post.refused(settle("s", "f", source="s", parts=2), "settles: that event failed")
    assert totals(daybook) == (0, 0, 0) and len(daybook.sql("SELECT * FROM failure")) == 1
    post.counts(settle("s", "f", source="s", status="sent"), 1)
    sound(daybook)


def test_a_failed_event_that_gave_its_cost_of_nothing_is_priced_when_it_was_sent(daybook, post):
    post.counts(event("f", cost=0, **FAILED), 1)
    post.counts(settle("s", "f", source="s", status="sent"), 1)
    assert totals(daybook) == (1, 1, 7900)
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2012-01-01", "--reprice")
    assert totals(daybook) == (1, 1, 10000)
    sound(daybook)


def test_the_lists_filter_goes_by_the_settled_status(daybook, post):
    post.counts([event("f", **FAILED), event("g", **FAILED), settle("s", "f", source="s", status="sent")], 3)
    query = {"from": iso(now() - 2 * DAY)[:10], "to": iso(now() + DAY)[:10]}
    for status, ids in (("sent", ["f"]), ("failed", ["g"])):
        reply = daybook.cgi("events-list", "GET", "/api/events", {**query, "status": status}, token=daybook.token())
        assert [e["id"] for e in reply.json["data"]["events"]] == ids


# ---- What is refused

@pytest.mark.parametrize("fields, error", [
    ({"occurredAt": "2026-01-01T00:00:00Z"}, "occurredAt:"), ({"channel": "SMS"}, "channel:"), ({"messages": 1}, "messages:"),
    ({"campaignId": "c"}, "campaignId:"), ({"segmentNumber": 1}, "segmentNumber:"), ({"to": "+15550100"}, "to:"),
    ({"reason": "r"}, "reason:"), ({"voids": "a", "reason": "r"}, "parts:"), ({"status": "failed"}, "status:"), ({"parts": 0}, "parts:"),
    ({"parts": 1.5}, "parts:"), ({"cost": -1}, "cost:"), ({"cost": "x"}, "cost:"), ({"settles": 5}, "settles:"), ({"settles": ""}, "settles:"),
    ({"settles": "x" * 201}, "settles:"), ({"id": ABSENT}, "id:"), ({"parts": ABSENT}, "settles: needs cost, parts or status")])
def test_a_settlement_has_id_settles_and_figures_and_nothing_else(shared, fields, error):
    name = f"target {fields}"[:100]
    shared.counts(event(name), 1)
    good = settle("settlement of " + name, name, parts=2)
    shared.refused({k: v for k, v in {**good, **fields}.items() if v is not ABSENT}, error)
    shared.counts(good, 1)


def test_fewer_parts_than_messages_are_refused(daybook, post):
    post.counts(event("a", messages=3, parts=6), 1)
    post.refused(settle("s", "a", parts=2), "parts: fewer than messages")
    post.counts(settle("s", "a", parts=3), 1)
    assert totals(daybook) == (3, 3, 3 * 7900)


def test_what_cannot_be_settled_is_rejected(daybook, post):
    post.counts([event("a"), event("b"), void("v", "b"), event("x", source="other"), settle("s", "a", cost=1)], 5)
    post.refused(settle("t", "nothing", cost=1), "settles: there is no such event")
    post.refused(settle("t", "x", cost=1), "settles: there is no such event of this source")
    post.refused(settle("t", "v", cost=1), "settles: that event is a void")
    post.refused(settle("t", "s", cost=1), "settles: that event is a settlement")
    post.refused(settle("t", "b", cost=1), "settles: that event is voided")
    post.refused(void("t", "s"), "voids: that event is a settlement")
    daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    post.refused(settle("t", "a", cost=1), "settles: there is no such event", token=daybook.token("globex"))
    post.counts([settle("t", "a", cost=2), settle("t", "x", cost=2, source="other")], 2)
    sound(daybook)


def test_a_cost_by_the_list_beyond_a_million_dollars_is_refused(daybook, post):
    daybook.cmd("price", "set", "SMS", "1000", "--from", "2012-01-01")
    post.counts(event("a"), 1)
    post.refused(settle("s", "a", parts=10**6), "cost: more than a million")
    post.counts(settle("s", "a", parts=10**6, cost="1000000"), 1)
    sound(daybook)


def test_an_event_older_than_100_days_needs_backfill(daybook, post):
    narrow = daybook.token(scope="usage:write")
    post.counts([event("new", occurredAt=iso(now() - 99 * DAY)), event("old", occurredAt=iso(now() - 101 * DAY))], 2)
    before = len(audit(daybook, "event.backfill"))
    post.counts(settle("s", "new", cost=1), 1, token=narrow)
    assert len(audit(daybook, "event.backfill")) == before
    post.refused(settle("t", "old", cost=1), "settles: more than 100 days ago", token=narrow)
    post.counts(settle("t", "old", cost=1), 1)
    assert len(audit(daybook, "event.backfill")) == before + 1
    post.counts(settle("t", "old", cost=1), 0, 1, token=narrow)
    sound(daybook)


def test_it_needs_the_scope_usage_write(daybook, post):
    post.counts(event("a"), 1)
    assert post(settle("s", "a", cost=1), token=daybook.token(scope="usage:read")).status == 403
    assert post(settle("s", "a", cost=1), token=daybook.token(scope="usage:write")).status == 200


# ---- Retries

@pytest.mark.parametrize("again, counts", [
    ({"cost": "0.0200"}, (0, 1)), ({"cost": 0.02}, (0, 1)), ({"cost": "0.03"}, (0, 0, 1)), ({"parts": 3}, (0, 0, 1)), ({"parts": ABSENT}, (0, 0, 1)),
    ({"cost": ABSENT}, (0, 0, 1)), ({"settles": "b"}, (0, 0, 1)), ({"status": "sent"}, (0, 0, 1))])
def test_the_same_body_again_is_a_duplicate_and_another_a_conflict(daybook, post, again, counts):
    first = settle("s", "a", parts=2, cost="0.02")
    post.counts([event("a"), event("b"), first], 3)
    before = totals(daybook)
    post.counts({k: v for k, v in {**first, **again}.items() if v is not ABSENT}, *counts)
    assert totals(daybook) == before


def test_an_id_is_taken_by_events_voids_and_settlements_alike(daybook, post):
    post.counts([event("a"), event("b"), settle("s", "a", cost=1), void("v", "b")], 4)
    post.counts([settle("a", "a", cost=1), settle("v", "a", cost=1), event("s"), void("s", "a")], 0, 0, 4)
    post.counts(void("w", "a"), 1)
    post.counts(settle("s", "a", cost=1), 0, 1)
    sound(daybook)


# ---- With voids, prices and limits

def test_a_void_takes_back_what_settlements_made_of_the_event(daybook, post):
    post.counts([event("a"), event("b"), settle("s", "a", parts=3), settle("t", "b", cost="0.5", parts=2)], 4)
    post.counts([void("v", "a"), void("w", "b")], 2)
    assert row(daybook, "v", "messages, parts, cost_micros, cost_given") == (-1, -3, -3 * 7900, 0)
    assert row(daybook, "w", "messages, parts, cost_micros, cost_given") == (-1, -2, -500000, 1)
    assert stored(daybook, "usage_quarter", "quarter", "acme") == {}
    daybook.cmd("price", "set", "SMS", "0.02", "--from", "2012-01-01", "--reprice")
    assert totals(daybook) == (0, 0, 0)
    sound(daybook)


def test_a_new_price_concerns_settled_parts_and_no_settled_cost(daybook, post):
    post.counts([event("a"), event("b"), event("c"), settle("s", "a", parts=3), settle("t", "b", cost="0.5")], 5)
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2012-01-01", "--reprice")
    assert totals(daybook) == (3, 5, 30000 + 500000 + 10000)
    assert [figures(daybook, id)[2] for id in "abc"] == [30000, 500000, 10000]
    post.counts([settle("u", "a", parts=2), settle("w", "c", cost="0.25")], 2)
    assert totals(daybook) == (3, 4, 20000 + 500000 + 250000)
    sound(daybook)
    daybook.cmd("price", "set", "SMS", "0.005", "--from", "2012-01-01", "--reprice")
    assert totals(daybook) == (3, 4, 10000 + 500000 + 250000)
    sound(daybook)


def test_a_settlement_needs_no_room_and_the_next_event_sees_it(daybook, post):
    daybook.cmd("org", "set", "acme", "--daily-limit", "4", "--quota-unit", "part")
    at = iso(now() - 1000)
    post.counts([event("a", occurredAt=at), event("b", occurredAt=at)], 2, QUERY_STRING="enforce=true")
    body = [event("c", occurredAt=at), settle("s", "a", parts=5), event("d", occurredAt=at), settle("t", "a", parts=1), event("e", occurredAt=at)]
    results = post.counts(body, 4, 0, 0, 1, QUERY_STRING="enforce=true")
    assert results[0]["id"] == "d" and results[0]["code"] == "over_quota"
    assert totals(daybook)[:2] == (4, 4)
    sound(daybook)


# ---- Other forms, lists and exports

def test_cloudevents_and_ndjson_carry_settlements(daybook, post):
    post.counts([event("a", source="/app"), event("b")], 2)
    cloud = {"specversion": "1.0", "type": "daybook.event", "source": "/app", "id": "s", "data": {"settles": "a", "cost": 1}}
    results = post.counts({**cloud, "time": iso(AN_HOUR_AGO)}, 0, 0, 0, 1, headers=CLOUDEVENT)
    assert results[0]["error"].startswith("time: not allowed in a settlement")
    post.counts(cloud, 1, headers=CLOUDEVENT)
    post.counts('{"id":"t","settles":"b","parts":2}\n', 1, headers=NDJSON)
    binary = {"Content-Type": "application/json", "ce-specversion": "1.0", "ce-type": "daybook.event", "ce-source": "/app", "ce-id": "u"}
    post.counts('{"settles":"a","cost":2}', 1, headers=binary)
    assert totals(daybook) == (2, 3, 2000000 + 15800)


def test_the_list_has_settled_figures_and_no_rows_for_settlements(daybook, post):
    post.counts([event("a"), event("b"), settle("s", "a", parts=3), settle("t", "b", cost="0.5"), void("v", "b")], 5)
    query = {"from": iso(now() - 2 * DAY)[:10], "to": iso(now() + DAY)[:10]}
    rows = daybook.cgi("events-list", "GET", "/api/events", query, token=daybook.token()).json["data"]["events"]
    assert [(e["id"], e["messages"], e["parts"], e["cost"]) for e in rows] == [
        ("a", 1, 3, 0.0237), ("b", 1, 1, 0.5), ("v", -1, -1, -0.5)]
    text = daybook.cgi("events-list", "GET", "/api/events", {**query, "format": "csv"}, token=daybook.token()).body.decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert "settles" not in rows[0] and [r["parts"] for r in rows] == ["3", "1", "-1"]
