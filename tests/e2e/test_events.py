"""POST /api/events: what a reply says, which instants are taken, failed events, and what others see of it."""
import pytest

from event_poster import ABSENT, FAILED, calendar, days, event, ids, post, row, shared, void  # noqa: F401 (days and post and shared are fixtures)
from model import DAY, MINUTE, audit, by_day, check_ledger, date, iso, now, totals


# ---- What a reply says

def test_counts_add_up_and_results_name_exactly_what_was_not_simply_accepted(daybook, post):
    post.counts([event("old"), event("taken")], 2)
    items = [event("n1"), event("old"), event("taken", messages=2), event("x", messages=0), event("n2"),
             event("camp", campaignId="nobody"), event("n1"), {"occurredAt": iso(now())}, 5]
    reply = post(items)
    assert reply.status == 200 and reply.json["success"] is True
    assert [(r["index"], r.get("id"), r["status"]) for r in reply.json["results"]] == [
        (1, "old", "duplicate"), (2, "taken", "conflict"), (3, "x", "rejected"), (5, "camp", "accepted"),
        (6, "n1", "duplicate"), (7, None, "rejected"), (8, None, "rejected")]
    counts = [reply.json[name] for name in ("accepted", "duplicates", "conflicts", "rejected")]
    assert counts == [3, 2, 1, 3] and sum(counts) == len(items)
    assert reply.json["results"][3]["warning"] == "campaignId: unknown"
    assert reply.json["results"][1]["error"].startswith("id:")
    check_ledger(daybook)


def test_status_is_200_with_an_accepted_or_a_duplicate_409_with_conflicts_alone_400_otherwise(post):
    post.counts([event("a"), event("b")], 2)
    conflict, duplicate, bad = event("a", messages=2), event("b"), event("c", messages=0)
    for items, status in (([conflict], 409), ([conflict, conflict], 409), ([bad], 400), ([bad, conflict], 400),
                          ([conflict, bad], 400), ([duplicate], 200), ([bad, conflict, duplicate], 200),
                          ([bad, conflict, event("d")], 200)):
        reply = post(items)
        assert reply.status == status, items
        assert reply.json["success"] is (status == 200)
        assert ("error" in reply.json) == (status != 200)


def test_a_caller_without_the_scope_is_refused_and_one_with_it_is_not(daybook, post):
    assert post(event("a"), token=daybook.token(scope="usage:read org:admin campaigns:write usage:backfill")).status == 403
    assert post(event("a"), token="nonsense").status == 401
    assert daybook.fastcgi("events").ask("POST", "/api/events", body=event("a")).status == 401
    assert daybook.sql("SELECT count(*) FROM event") == [(0,)]
    assert post(event("a"), token=daybook.token(scope="usage:write")).status == 200


def test_an_unknown_parameter_another_method_and_another_media_type_are_refused(daybook, post):
    reply = post(event("a"), QUERY_STRING="enforced=true")
    assert reply.status == 400 and reply.json["error"].startswith("enforced:")
    reply = post.process.ask("PUT", "/api/events", token=post.token)
    assert reply.status == 405 and set(reply.headers["allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", ""):
        assert post(event("a"), headers={"Content-Type": kind}).status == 415, kind
    assert ids(daybook) == set()
    assert post(event("a"), headers={"Content-Type": "Application/JSON ; charset=utf-8"}).status == 200


# ---- The window

def test_the_window_is_35_days_back_and_5_minutes_ahead(daybook, post):
    narrow = daybook.token(scope="usage:write")
    t = now()
    post.counts([event("in", occurredAt=iso(t - 35 * DAY + MINUTE)), event("ahead", occurredAt=iso(t + 4 * MINUTE))], 2,
                token=narrow)
    post.refused(event("old", occurredAt=iso(t - 35 * DAY - MINUTE)), "occurredAt: more than 35 days", token=narrow)
    for far in (iso(t + 6 * MINUTE), iso(t + 400 * DAY), "9999-12-31T23:59:59Z"):
        post.refused(event("far", occurredAt=far), "occurredAt: more than 5 minutes", token=narrow)
        post.refused(event("far", occurredAt=far), "occurredAt: more than 5 minutes")
    assert ids(daybook) == {"in", "ahead"}
    post.counts(event("old", occurredAt=iso(t - 35 * DAY - MINUTE)), 1)
    check_ledger(daybook)


def test_backfill_reaches_to_2012_and_not_before(daybook, post):
    post.counts([event("first", occurredAt="2012-01-01T00:00:00Z"), event("mid", occurredAt="2019-07-01T12:00:00Z")], 2)
    for early in ("2011-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z", "0000-01-01T00:00:00Z"):
        post.refused(event("early", occurredAt=early), "occurredAt: before 2012")
    assert by_day(daybook) == {"2011-12-31": 1, "2019-07-01": 1}  # Toronto's evening
    assert [a["events"] for a in audit(daybook, "event.backfill")] == [2]
    check_ledger(daybook)


def test_who_has_the_id_is_asked_before_the_window(daybook, post):
    narrow = daybook.token(scope="usage:write")
    old = event("old", occurredAt="2020-05-05T12:00:00Z")
    post.refused(old, "occurredAt:", token=narrow)
    post.counts(old, 1)
    post.counts(old, 0, 1, token=narrow)
    post.counts({**old, "messages": 2}, 0, 0, 1, token=narrow)
    post.counts(event("recent"), 1)
    post.counts(event("recent", occurredAt="2020-05-05T12:00:00Z"), 0, 0, 1, token=narrow)
    post.counts(event("recent", occurredAt=iso(now() + DAY)), 0, 0, 1, token=narrow)
    post.counts(event("recent", occurredAt="2000-01-01T00:00:00Z"), 0, 0, 1)


# ---- Failed events

def test_a_failed_event_counts_nothing_and_is_kept(daybook, post):
    post.counts([event("f", **FAILED, parts=3, cost=0)], 1)
    assert totals(daybook) == (0, 0, 0)
    assert daybook.sql("SELECT source, id, phone, reason FROM failure") == [("s", "f", "+15550100", "bad number")]
    assert row(daybook, "f", "status, messages, parts, cost_micros") == ("failed", 1, 3, 0)
    check_ledger(daybook)


@pytest.mark.parametrize("change, error", [
    ({"to": ABSENT}, "to: required"), ({"reason": ABSENT}, "reason: required"), ({"messages": 2}, "messages:"),
    ({"cost": "0.01"}, "cost:"), ({"status": "sent"}, "to:"), ({"status": "sent", "to": ABSENT}, "reason:")])
def test_a_failed_event_needs_to_and_reason_is_one_contact_and_costs_nothing(shared, change, error):
    good = event(f"failed {change}", **FAILED)
    shared.refused({k: v for k, v in {**good, **change}.items() if v is not ABSENT}, error)
    shared.counts(good, 1)


# ---- What others see of it

def test_the_calendar_and_the_usage_agree_with_what_was_posted(daybook, post, days):
    today = days.today()
    at = days.start(today)
    events = [event("a", occurredAt=iso(at), messages=3, parts=4), event("b", occurredAt=iso(at), cost="1.5"),
              event("c", occurredAt=iso(at), channel="CALL", parts=2), event("d", occurredAt=iso(at), channel="EMAIL", messages=7),
              event("e", occurredAt=iso(at - 1), messages=5), event("f", occurredAt=iso(at), **FAILED)]
    post.counts(events + [void("v", "b")], 7)
    figures = calendar(daybook, today)
    assert (figures["sent"], figures["total"], figures["availableQuota"]) == (3, 3, 497)
    assert calendar(daybook, today - 1)["sent"] == 5
    usage = daybook.cgi("organization-usage", "GET", "/organization/usage", token=daybook.token()).json
    in_cycle = 1 if date(today).endswith("-01") else 6  # the cycle starts on the 1st; the event of yesterday is five
    assert usage["messageUsage"] == 7 and usage["costCall"] == 0.026
    parts = 4 + (0 if in_cycle == 1 else 5)
    assert usage["costSms"] == round(parts * 0.0079, 6)
    assert usage["budgetUsage"] == round(parts * 0.0079 + 0.026, 6)
    daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    assert calendar(daybook, today)["sent"] == 4
    check_ledger(daybook)
