"""POST /api/events with many events: one request must make of them what one request for each would have made."""
import os
import random

import pytest

from event_poster import FAILED, Poster, event, post, row, void  # noqa: F401 (post is a fixture)
from model import Days, campaign, check_ledger, iso, now, segment

ROUNDS = int(os.environ.get("DAYBOOK_MANY_ROUNDS", "6"))
ROWS = 16  # that are inserted by one statement
CAMPAIGNS = ("one", "two", "three", "nobody", None, None)


def plan(daybook, org, rng):
    days = Days(daybook, org)
    today = days.today()
    for name in CAMPAIGNS[:3]:
        campaign(daybook, name, *({"at": days.wall(today + rng.randint(-2, 1), 12), "contacts": rng.choice((1, 3, 8, 40, 200)),
                                   "status": rng.choice(("scheduled", "scheduled", "sending", "paused"))} for _ in range(4)), org=org)


def an_item(rng, number, at):
    """Ids are few, so that some are taken by an earlier item or request, which may be a void."""
    name = f"e{rng.randrange(2 * number)}" if rng.random() < 0.2 else f"n{number}-{rng.random()}"
    kind = rng.random()
    if kind < 0.04:
        return void(name, f"e{rng.randrange(2 * number)}")
    if kind < 0.07:
        return {"id": name, "settles": f"e{rng.randrange(2 * number)}", **rng.choice(({"cost": 0.5}, {"status": "sent"}))}
    fields = {"channel": rng.choice(("SMS", "SMS", "SMS", "EMAIL")), "occurredAt": iso(at - rng.randrange(3) * 86_400_000)}
    if (name_of := rng.choice(CAMPAIGNS)) is not None:
        fields["campaignId"] = name_of
        if rng.random() < 0.2:
            fields["segmentNumber"] = rng.randint(1, 5)
    if kind < 0.15:
        fields.update({f: FAILED[f] for f in ("status", "to", "reason")})
    elif kind < 0.2:
        fields["occurredAt"] = iso(at + rng.choice((-400, 1)) * 86_400_000)
    elif rng.random() < 0.1:
        fields.update({"messages": rng.randint(1, 5), "tag": "cost", "from": "+15550100", "network": "acme"})
    return event(name, **fields)


def ledger(daybook, org):
    """Without what a request of its own changes: keys and revisions."""
    tables = (
        "SELECT e.source, e.id, e.occurred_at, e.channel, e.messages, e.parts, e.status, e.cost_micros, e.campaign_given, "
        "e.segment_given, c.id, e.segment, e.voids_id, e.settles_id, e.sender, e.network, e.tag FROM event e "
        "JOIN organization o ON o.key = e.org LEFT JOIN campaign c ON c.key = e.campaign WHERE o.id = ? ORDER BY 1, 2",
        "SELECT c.id, s.number, s.sent, s.failed, s.spent, s.status FROM segment s JOIN campaign c ON c.key = s.campaign "
        "JOIN organization o ON o.key = s.org WHERE o.id = ? ORDER BY 1, 2",
        "SELECT h.quarter, h.channel, h.contacts FROM held h JOIN organization o ON o.key = h.org WHERE o.id = ? ORDER BY 1, 2",
        "SELECT f.id, f.segment FROM failure f JOIN organization o ON o.key = f.org WHERE o.id = ? ORDER BY 1, 2")
    return [daybook.sql(statement, org) for statement in tables]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_batch_does_what_its_events_do_one_by_one(daybook, seed):
    rng = random.Random(seed)
    daybook.cmd("org", "add", "singly", "--timezone", "America/Toronto")
    daybook.cmd("price", "set", "SMS", "0.0079")
    for org in ("acme", "singly"):
        plan(daybook, org, random.Random(seed))
    many, one = Poster(daybook, "usage:write"), Poster(daybook, "usage:write")
    one.token = daybook.token("singly", "usage:write")
    for _ in range(3):
        batch = [an_item(rng, n + 1, now() - 60_000) for n in range(rng.choice((ROWS - 1, ROWS, 5 * ROWS, 200)))]
        results = {r["index"]: r for r in many(batch).json["results"]}
        for n, item in enumerate(batch):
            alone = {r["index"]: r for r in one([item]).json["results"]}
            expected = dict(results[n], index=0) if n in results else None
            assert alone.get(0) == expected, (n, item)
        assert ledger(daybook, "acme") == ledger(daybook, "singly")
    for org in ("acme", "singly"):
        check_ledger(daybook, org)
    daybook.cmd("verify")


def test_ids_that_are_taken_are_found_in_any_place_of_a_batch(daybook, post):
    first = [event(f"e{i}", messages=1 + i % 3) for i in range(0, 4 * ROWS, 3)]
    post.counts(first, len(first))
    batch = [event(f"e{i}", messages=1 + i % 3) for i in range(4 * ROWS)]
    post.counts(batch, len(batch) - len(first), len(first))
    post.counts(batch, 0, len(batch))
    again = [event("a"), *(event(f"f{i}") for i in range(2 * ROWS)), event("a"), event("a", messages=2), event("f1")]
    results = post.counts(again, 2 * ROWS + 1, 2, 1)
    assert [(r["index"], r["status"]) for r in results] == [
        (2 * ROWS + 1, "duplicate"), (2 * ROWS + 2, "conflict"), (2 * ROWS + 3, "duplicate")]
    check_ledger(daybook)


def test_a_segment_that_ends_within_a_batch_leaves_the_rest_to_the_next(daybook, post):
    days = Days(daybook)
    campaign(daybook, "c", *({"at": days.wall(days.today(), 12) + n, "contacts": contacts} for n, contacts in enumerate((20, 3, 200))))
    post.counts([event(f"e{i}", campaignId="c", occurredAt=iso(now() - 1000)) for i in range(100)], 100)
    assert [segment(daybook, "c", n) for n in (1, 2, 3)] == [(20, 0, 20, "sent"), (3, 0, 3, "sent"), (77, 0, 77, "sending")]
    assert row(daybook, "e19", "segment") == (1,) and row(daybook, "e20", "segment") == (2,) and row(daybook, "e23", "segment") == (3,)
    check_ledger(daybook)


def test_more_campaigns_than_are_kept_are_each_counted(daybook, post):
    for n in range(70):
        campaign(daybook, f"c{n}", {"at": now(), "contacts": 9})
    post.counts([event(f"e{n}-{i}", campaignId=f"c{n}") for i in range(4) for n in range(70)], 280)
    assert {segment(daybook, f"c{n}") for n in range(70)} == {(4, 0, 4, "sending")}
    check_ledger(daybook)
