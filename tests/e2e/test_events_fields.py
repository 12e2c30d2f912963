"""POST /api/events: the bounds of every field."""
import pytest

from event_poster import ABSENT, FAILED, event, ids, post, shared, show  # noqa: F401 (post and shared are fixtures)
from model import HOUR, Days, check_ledger, instant, iso, now, stored

LONG = "x" * 5000
BAD_FIELDS = {
    "id": [ABSENT, None, "", 5, True, [], {}, "x" * 201, "é" * 101, LONG, "a\x1fb", "a\nb", "a\x7f"],
    "source": [5, True, [], "x" * 129, "daybook:", "daybook:results", "a\tb", LONG],
    "occurredAt": [ABSENT, None, "", 5, 1779289200000, "yesterday", "2026-05-20", "2026-05-20T15:00:00", "2026-02-30T15:00:00Z",
                   "2026-05-20T24:00:00Z", "2026-05-20T15:00:60Z", "2026-05-20 15:00:00Z", "2026-05-20T15:00:00.Z",
                   "2026-05-20T15:00:00.0123456789Z", "2026-05-20T15:00:00+2500", " 2026-05-20T15:00:00Z", LONG],
    "channel": ["", "sms", "FAX", "SMS ", 5, [], "x" * 65, LONG],
    "messages": [0, -1, 1.5, "1", True, [], 10**9 + 1, 2**53 - 1],
    "parts": [0, -1, 1.5, "2", True, [], 10**9 + 1],
    "status": ["", "SENT", "void", "adjust", "delivered", 5, [], LONG],
    "cost": [-1, -0.000001, "-0.5", "", "abc", "1e3", "1,5", " 1", "5.", True, [], {}, 1000000.01, "1000000.000001", "9" * 40],
    "campaignId": ["", 5, [], "x" * 65, LONG],
    "segmentNumber": [0, -1, 1.5, "1", True, 10**9 + 1],
    "voids": ["", 5, [], "x" * 201],
    "colour": ["red"], "Id": ["x"], "events": [5], "occurred_at": ["x"],
}
NEEDS = {"segmentNumber": {"campaignId": "c"}, "voids": {"occurredAt": ABSENT, "reason": "r"}}
BAD_ROWS = [(field, value) for field, values in BAD_FIELDS.items() for value in values] + \
    [(field, value) for field in ("to", "reason") for value in (ABSENT, None, "", 5, [], "x" * (65 if field == "to" else 501))]


@pytest.mark.parametrize("field, value", BAD_ROWS, ids=[f"{f} {show(v)}" for f, v in BAD_ROWS])
def test_a_bad_field_is_rejected_by_name_and_nothing_else_is(shared, field, value):
    name = f"{field} {show(value)}"
    base = {**(FAILED if field in ("to", "reason") else {}), **NEEDS.get(field, {})}
    bad = {k: v for k, v in event("bad " + name, **{**base, field: value}).items() if v is not ABSENT}
    before, good = ids(shared.daybook), [event(f"good {i} {name}") for i in (0, 2)]
    reply = shared([good[0], bad, good[1]])
    assert reply.status == 200
    assert [reply.json[k] for k in ("accepted", "rejected")] == [2, 1], reply
    result, = reply.json["results"]
    assert result["index"] == 1 and result["status"] == "rejected"
    assert result["error"].startswith(field + ":") and "\n" not in result["error"], result
    if field != "id":
        assert result["id"] == bad["id"]
    assert ids(shared.daybook) == before | {g["id"] for g in good}


def test_segment_number_needs_a_campaign(shared):
    shared.refused(event("lonely", segmentNumber=1), "segmentNumber:")
    shared.counts(event("lonely", segmentNumber=1, campaignId="c"), 1)


def test_parts_fewer_than_messages_are_rejected(shared):
    shared.refused(event("few", messages=3, parts=2), "parts:")
    shared.counts(event("few", messages=3, parts=3), 1)


@pytest.mark.parametrize("item", [5, "x", None, True, [], [[]], 1.5])
def test_an_item_that_is_no_object_is_rejected_alone(shared, item):
    good = event(f"beside {item!r}")
    results = shared.counts([item, good], 1, 0, 0, 1)
    assert results == [{"index": 0, "status": "rejected", "error": "event: not a JSON object"}]


@pytest.mark.parametrize("fields", [
    {"id": "x" * 200}, {"id": "é" * 100}, {"id": " "}, {"id": "日本語 \U0001f600"}, {"source": "x" * 128},
    {"source": "Daybook:x"}, {"source": "daybook"}, {"messages": 5.0}, {"messages": 10**9}, {"messages": 1, "parts": 10**9},
    {"cost": 1000000}, {"cost": "1000000"}, {"cost": "0"}, {"cost": 0}, {"cost": ".5"}, {"campaignId": "x" * 64},
    {"campaignId": "c", "segmentNumber": 10**9}, {"channel": "SAGE"}, {**FAILED, "to": "x" * 64, "reason": "y" * 500},
    {"occurredAt": iso(now() - HOUR)[:19] + ".123456789+00:00"}], ids=lambda fields: ",".join(fields))
def test_the_most_that_a_field_may_be_is_accepted(shared, fields):
    body = event(fields.get("id") or f"most {fields}"[:200], **{k: v for k, v in fields.items() if k != "id"})
    shared.counts(body, 1)
    shared.counts(body, 0, 1)
    check_ledger(shared.daybook)


def test_every_channel_counts_as_itself(daybook, post):
    names = ["SMS", "CALL", "EMAIL", "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK", "WHATSAPP", "SAGE"]
    post.counts([event(name, channel=name, messages=i + 1) for i, name in enumerate(names)], 9)
    day = Days(daybook).at(instant(event("")["occurredAt"]))
    cost = {"SMS": 7900, "CALL": 26000}
    assert stored(daybook, "usage_day", "day", "acme") == {
        (day, name): (i + 1, i + 1, cost.get(name, 0)) for i, name in enumerate(names)}
