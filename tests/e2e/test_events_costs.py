"""POST /api/events: what an event costs, by its own word or by the price of its day."""
import pytest

from event_poster import BACKFILL, FAILED, event, post, row, shared  # noqa: F401 (post and shared are fixtures)
from model import check_ledger, instant, iso, totals


@pytest.mark.parametrize("cost, micros", [
    ("0.0158", 15800), (0.0158, 15800), ("12", 12000000), (12, 12000000), ("0.0000005", 0), ("0.0000015", 2),
    ("0.0000025", 2), ("0.0000035", 4), ("0.00000050001", 1), (0.0000005, 0), (0.0000015, 2), (0.0000025, 2), (3.5e-6, 4),
    (0.1, 100000), (0.3, 300000), (999999.999999, 999999999999), ("0.0000004999999", 0), ("00.5", 500000)], ids=repr)
def test_a_given_cost_is_kept_to_the_micro_half_to_even(shared, cost, micros):
    shared.counts(event(f"cost {cost!r}", cost=cost), 1)
    assert row(shared.daybook, f"cost {cost!r}", "cost_micros, cost_given") == (micros, 1)


@pytest.mark.parametrize("price, parts, micros", [
    ("0.0079", 3, 23700), ("0.0000005", 1, 0), ("0.0000005", 3, 2), ("0.0000005", 5, 2), ("0.0000005", 7, 4),
    ("0.000000001", 499, 0), ("0.000000001", 501, 1), ("0", 5, 0), ("1000", 1000, 10**12)])
def test_parts_times_price_is_rounded_once_half_to_even(daybook, post, price, parts, micros):
    daybook.cmd("price", "set", "SMS", price, "--from", "2012-01-01")
    post.counts(event("a", parts=parts), 1)
    assert row(daybook, "a", "cost_micros") == (micros,)
    check_ledger(daybook)


def test_a_cost_by_price_beyond_a_million_dollars_is_refused_like_a_given_one(daybook, post):
    """Sums of a few such would leave an int64."""
    daybook.cmd("price", "set", "SMS", "1000", "--from", "2012-01-01")
    huge = [event(f"h{i}", parts=10**9) for i in range(12)]
    results = post.counts(huge + [event("ok", parts=1000)], 1, 0, 0, 12)
    assert all(r["error"].startswith("cost:") for r in results), results[0]
    post.counts(event("h0", parts=10**9, cost="1000000"), 1)
    check_ledger(daybook)


def test_a_new_price_that_would_make_an_event_cost_more_than_a_million_dollars_is_refused(daybook, post):
    post.counts([event(f"h{i}", parts=10**6) for i in range(20)], 20)
    done = daybook.cmd("price", "set", "SMS", "1000", "--from", "2012-01-01", "--reprice", check=False)
    assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1, done
    assert totals(daybook)[2] == 20 * 7900 * 10**6
    daybook.cmd("price", "set", "SMS", "1", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 20 * 10**12
    check_ledger(daybook)


def test_a_price_holds_from_its_local_day_on_and_an_organizations_own_wins(daybook, post):
    daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    daybook.cmd("price", "set", "SMS", "0.02", "--from", "2024-07-01")
    daybook.cmd("price", "set", "SMS", "0.5", "--org", "globex", "--from", "2024-06-30")
    toronto, tokyo = instant("2024-07-01T04:00:00Z"), instant("2024-06-29T15:00:00Z")
    post.counts([event("before", occurredAt=iso(toronto - 1)), event("after", occurredAt=iso(toronto))], 2)
    other = daybook.token("globex", scope=BACKFILL)
    post.counts([event("own before", occurredAt=iso(tokyo - 1)), event("own after", occurredAt=iso(tokyo)),
                 event("own still", occurredAt="2024-08-01T00:00:00Z"),
                 event("call", channel="CALL", occurredAt="2024-08-01T00:00:00Z"),
                 event("email", channel="EMAIL", occurredAt="2024-08-01T00:00:00Z")], 5, token=other)
    assert [row(daybook, id, "cost_micros")[0] for id in ("before", "after", "own before", "own after", "own still", "call",
                                                          "email")] == [7900, 20000, 7900, 500000, 500000, 13000, 0]


def test_a_price_from_a_day_that_has_events_needs_reprice_and_is_one_row_for_each_quarter(daybook, post):
    day = ["2024-03-05T15:00:00Z", "2024-03-05T15:14:59.999Z", "2024-03-05T15:15:00Z", "2024-03-05T18:00:00Z"]
    post.counts([event(f"e{i}", occurredAt=at, parts=2) for i, at in enumerate(day)], 4)
    post.counts([event("given", occurredAt=day[3], cost=1), event("call", occurredAt=day[3], channel="CALL"),
                 event("earlier", occurredAt="2024-03-04T15:00:00Z"),
                 event("failed", occurredAt="2024-03-05T20:00:00Z", **FAILED)], 4)
    refused = daybook.cmd("price", "set", "SMS", "0.01", "--from", "2024-03-05", check=False)
    assert refused.returncode == 1 and "--reprice" in refused.stderr
    assert totals(daybook)[2] == 8 * 7900 + 1000000 + 13000 + 7900
    assert daybook.sql("SELECT count(*) FROM price WHERE channel = 'SMS'") == [(1,)]
    daybook.cmd("price", "set", "SMS", "0.0079", "--from", "2024-03-05")  # changes nothing
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2024-03-05", "--reprice")
    adjusts = "SELECT occurred_at, messages, parts, cost_micros FROM event WHERE status = 'adjust' ORDER BY occurred_at"
    assert daybook.sql(adjusts) == [(instant(at), 0, 0, micros) for at, micros in
                                    ((day[0], 4 * 2100), (day[2], 2 * 2100), (day[3], 2 * 2100))]
    assert totals(daybook)[2] == 8 * 10000 + 1000000 + 13000 + 7900
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2024-03-05", "--reprice")  # the same again
    assert len(daybook.sql(adjusts)) == 3
    check_ledger(daybook)
