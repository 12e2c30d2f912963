"""POST /api/events: one id counts once; the same again is a duplicate, anything else a conflict."""
import pytest

from event_poster import ABSENT, AN_HOUR_AGO, FAILED, Poster, event, post, row, shared  # noqa: F401 (post and shared are fixtures)
from model import DAY, HOUR, MINUTE, campaign, check_ledger, instant, iso, now, segment, totals


def test_a_repeated_event_is_a_duplicate_inside_one_request_and_across_requests(daybook, post):
    post.counts([event("a"), event("a"), event("b"), event("a")], 2, 2)
    post.counts([event("a"), event("b")], 0, 2)
    Poster(daybook).counts([event("b"), event("c")], 1, 1)
    assert totals(daybook)[0] == 3
    check_ledger(daybook)


def test_the_same_id_of_another_source_is_another_event(daybook, post):
    post.counts([event("a"), event("a", source="x"), event("a", source="X"), event("a", source="y")], 4)
    post.counts([event("a", source=""), event("a", source="x")], 0, 2)
    assert totals(daybook)[0] == 4


def test_the_same_id_of_another_organization_is_another_event(daybook, post):
    daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    post.counts(event("a"), 1)
    post.counts(event("a", messages=2), 1, token=daybook.token("globex"))
    assert totals(daybook)[0] == 1 and totals(daybook, "globex")[0] == 2


SENT = {"source": "s", "messages": 2, "parts": 3, "cost": "0.5", "campaignId": "spring", "segmentNumber": 2}
CHANGES = [
    ("occurredAt, a millisecond later", SENT, {"occurredAt": +1}), ("channel", SENT, {"channel": "CALL"}),
    ("messages", SENT, {"messages": 3}), ("parts", SENT, {"parts": 2}),
    ("parts left out", SENT, {"parts": ABSENT}), ("cost", SENT, {"cost": "0.500001"}), ("cost left out", SENT, {"cost": ABSENT}),
    ("cost given", {}, {"cost": "0.0079"}), ("campaignId", SENT, {"campaignId": "summer"}),
    ("campaignId left out", {"campaignId": "spring"}, {"campaignId": ABSENT}),
    ("campaignId given", {}, {"campaignId": "spring"}),
    ("segmentNumber", SENT, {"segmentNumber": 1}), ("segmentNumber left out", SENT, {"segmentNumber": ABSENT}),
    ("status", {"source": "s"}, FAILED), ("status of a failed one", FAILED, {"status": "sent", "to": ABSENT, "reason": ABSENT}),
    *((f"{name} {what}", base, {name: value}) for name in ("from", "network", "tag") for what, base, value in (
        ("changed", {name: "a"}, "b"), ("left out", {name: "a"}, ABSENT), ("given", {}, "a"))),
    ("from of a failed one", {**FAILED, "from": "a"}, {"from": "b"}), ("to", FAILED, {"to": "+15550101"}), ("reason", FAILED, {"reason": "opted out"}),
    ("to and reason changed about", FAILED, {"to": "bad number", "reason": "+15550100"}),
    ("occurredAt of a failed one", FAILED, {"occurredAt": +1}), ("a void in its place", {}, None)]


@pytest.mark.parametrize("case, base, change", CHANGES, ids=[c[0] for c in CHANGES])
def test_the_same_id_with_one_field_changed_is_a_conflict_and_the_first_one_stands(shared, case, base, change):
    first = event("conflict " + case, **base)
    shared.counts(first, 1)
    before = shared.daybook.sql("SELECT * FROM event"), totals(shared.daybook)
    if change is None:
        other = {"id": first["id"], "voids": first["id"], "reason": "r"}
        other.update({"source": first["source"]} if "source" in first else {})
    else:
        other = {k: v for k, v in {**first, **change}.items() if v is not ABSENT}
        if change.get("occurredAt") == +1:
            other["occurredAt"] = iso(instant(first["occurredAt"]) + 1)
    assert shared(other).status == 409
    results = shared.counts([other, first], 0, 1, 1)
    assert [(r["index"], r["status"]) for r in results] == [(0, "conflict"), (1, "duplicate")]
    assert (shared.daybook.sql("SELECT * FROM event"), totals(shared.daybook)) == before
    check_ledger(shared.daybook)


def test_equal_after_defaults_is_a_duplicate(post):
    at = AN_HOUR_AGO
    first = event("a")
    post.counts(first, 1)
    for same in ({"source": ""}, {"channel": "SMS"}, {"messages": 1}, {"parts": 1}, {"messages": 1.0}, {"parts": 1e0},
                 {"status": "sent"}, {"occurredAt": iso(at).replace("Z", "+00:00")},
                 {"occurredAt": iso(at + 330 * MINUTE).replace("Z", "+05:30")},
                 {"occurredAt": iso(at)[:19] + "z"}, {"occurredAt": iso(at)[:23] + "999999Z"}):
        assert post.counts({**first, **same}, 0, 1)[0]["status"] == "duplicate", same
    post.counts(dict(reversed(first.items())), 0, 1)
    with_cost = event("b", cost="0.50")
    post.counts(with_cost, 1)
    for cost in (0.5, "0.5", "00.500000", 0.50000001):
        post.counts({**with_cost, "cost": cost}, 0, 1)


def test_a_retry_with_a_new_timestamp_is_a_conflict_and_counts_once(daybook, post):
    post.counts(event("a", occurredAt=iso(now() - HOUR)), 1)
    assert post(event("a", occurredAt=iso(now()))).status == 409
    assert totals(daybook)[0] == 1
    check_ledger(daybook)


def test_the_pinned_cost_is_not_compared(daybook, post):
    e = event("a", parts=2)
    post.counts(e, 1)
    daybook.cmd("price", "set", "SMS", "0.02", "--from", "2012-01-01", "--reprice")
    post.counts(e, 0, 1)
    assert row(daybook, "a", "cost_micros") == (15800,)


def test_the_resolved_segment_is_not_compared(daybook, post):
    e = event("a", campaignId="later")
    assert post.counts(e, 1)[0]["warning"] == "campaignId: unknown"
    campaign(daybook, "later", {"at": now() + DAY, "contacts": 5})
    results = post.counts(e, 0, 1)
    assert results[0]["status"] == "duplicate"
    assert segment(daybook, "later") == (0, 0, 0, "scheduled")
