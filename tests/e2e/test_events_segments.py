"""POST /api/events: which segment of a campaign an event spends, and what state that brings it to."""
import pytest

from event_poster import FAILED, calendar, days, event, post, row, void  # noqa: F401 (days and post are fixtures)
from model import by_day, campaign, check_ledger, date, iso, now, segment, totals
from support import hold_again


def test_an_unknown_campaign_is_recorded_with_a_warning(daybook, post):
    reply = post([event("a", campaignId="nobody"), event("b", campaignId="nobody", segmentNumber=7)])
    assert reply.status == 200
    assert [(r["index"], r["id"], r["status"], r["warning"]) for r in reply.json["results"]] == \
        [(0, "a", "accepted", "campaignId: unknown"), (1, "b", "accepted", "campaignId: unknown")]
    assert row(daybook, "b", "campaign_given, segment_given, campaign, segment") == ("nobody", 7, None, None)
    assert totals(daybook)[0] == 2


def test_an_unknown_segment_of_a_known_campaign_is_recorded_with_a_warning(daybook, post):
    campaign(daybook, "spring", {"at": now(), "contacts": 5})
    assert post.counts(event("a", campaignId="spring", segmentNumber=2), 1)[0]["warning"] == "segmentNumber: unknown"
    assert row(daybook, "a", "segment") == (None,) and segment(daybook, "spring") == (0, 0, 0, "scheduled")


def test_another_organizations_campaign_is_unknown(daybook, post):
    daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    campaign(daybook, "spring", {"at": now(), "contacts": 5})
    other = daybook.token("globex")
    assert post.counts(event("a", campaignId="spring"), 1, token=other)[0]["warning"] == "campaignId: unknown"
    assert segment(daybook, "spring")[2] == 0


def test_a_given_number_is_that_segment_whatever_its_day(daybook, post, days):
    today = days.today()
    campaign(daybook, "c", *({"at": days.wall(today + d, 12), "contacts": 9} for d in (-1, 0, 3)))
    post.counts([event("a", campaignId="c", segmentNumber=3), event("b", campaignId="c", segmentNumber=1)], 2)
    assert [segment(daybook, "c", n)[2] for n in (1, 2, 3)] == [1, 0, 1]


def test_without_a_number_the_segment_of_the_day_then_the_latest_before_then_the_next_then_none(daybook, post, days):
    today = days.today()
    at = {d: days.wall(today + d, 12) for d in range(-9, 3)}
    campaign(daybook, "c", {"at": at[-7], "contacts": 9}, {"at": at[-5], "contacts": 9}, {"at": at[-2], "contacts": 9},
             {"at": at[2], "contacts": 9})
    spent = lambda: [segment(daybook, "c", n)[2] for n in (1, 2, 3, 4)]

    def send(id, day):
        post.counts(event(id, campaignId="c", occurredAt=iso(at[day])), 1)
        return spent()

    assert send("same day", -5) == [0, 1, 0, 0]
    assert send("latest before", -3) == [0, 2, 0, 0]
    assert send("latest before, days later", -1) == [0, 2, 1, 0]
    assert send("next", -9) == [1, 2, 1, 0]
    for number, status in ((2, "sent"), (1, "draft"), (3, "cancelled")):
        daybook.sql("UPDATE segment SET status = ? WHERE number = ?", status, number)
    hold_again(daybook.sql)
    assert send("the only open one is the next", -5) == [1, 2, 1, 1]
    daybook.sql("UPDATE segment SET status = 'failed' WHERE number = 4")
    hold_again(daybook.sql)
    assert post.counts(event("none", campaignId="c", occurredAt=iso(at[-5])), 1) == []
    assert spent() == [1, 2, 1, 1]
    assert row(daybook, "none", "campaign IS NOT NULL, segment") == (1, None)
    check_ledger(daybook)


def test_of_two_segments_of_one_day_the_earlier_open_one_is_spent_first(daybook, post, days):
    day = days.today() - 1
    campaign(daybook, "c", {"at": days.wall(day, 18), "contacts": 2}, {"at": days.wall(day, 9), "contacts": 2})
    send = [event(f"e{i}", campaignId="c", occurredAt=iso(days.wall(day, 10))) for i in range(3)]
    post.counts(send, 3)
    assert segment(daybook, "c", 2) == (2, 0, 2, "sent") and segment(daybook, "c", 1) == (1, 0, 1, "sending")


def test_scheduled_becomes_sending_and_closes_as_sent_or_failed(daybook, post):
    for name in ("good", "bad", "mixed"):
        campaign(daybook, name, {"at": now(), "contacts": 3})
    post.counts(event("g1", campaignId="good"), 1)
    assert segment(daybook, "good") == (1, 0, 1, "sending")
    post.counts(event("g2", campaignId="good", messages=2), 1)
    assert segment(daybook, "good") == (3, 0, 3, "sent")
    failed = {**FAILED, "campaignId": "bad"}
    post.counts([event(f"b{i}", **failed) for i in range(2)], 2)
    assert segment(daybook, "bad") == (0, 2, 2, "sending")
    post.counts(event("b2", **failed), 1)
    assert segment(daybook, "bad") == (0, 3, 3, "failed")
    post.counts([event("m1", campaignId="mixed", messages=2), event("m2", **{**FAILED, "campaignId": "mixed"})], 2)
    assert segment(daybook, "mixed") == (2, 1, 3, "sent")
    check_ledger(daybook)


@pytest.mark.parametrize("status", ["paused", "draft", "cancelled", "sent", "failed"])
def test_a_segment_that_is_not_running_counts_without_a_change_of_state(daybook, post, status):
    campaign(daybook, "c", {"at": now(), "contacts": 2, "status": status})
    post.counts([event("a", campaignId="c", segmentNumber=1), event("b", campaignId="c", segmentNumber=1),
                 event("f", **FAILED, campaignId="c", segmentNumber=1)], 3)
    assert segment(daybook, "c") == (2, 1, 3, status)
    check_ledger(daybook)


def test_past_midnight_the_event_counts_on_the_new_day_and_spends_the_old_ones_segment(daybook, post, days):
    day = days.today() - 3
    campaign(daybook, "c", {"at": days.wall(day, 23), "contacts": 5})
    post.counts([event("before", campaignId="c", occurredAt=iso(days.start(day + 1) - 1)),
                 event("after", campaignId="c", occurredAt=iso(days.start(day + 1)))], 2)
    assert by_day(daybook) == {date(day): 1, date(day + 1): 1}
    assert segment(daybook, "c") == (2, 0, 2, "sending")
    check_ledger(daybook)


def test_more_sent_than_reserved_is_recorded_and_reserved_never_goes_below_zero(daybook, post, days):
    tomorrow = days.today() + 1
    campaign(daybook, "c", {"at": days.wall(tomorrow, 12), "contacts": 10})
    assert calendar(daybook, tomorrow)["reserved"] == 10
    post.counts(event("a", campaignId="c", messages=4), 1)
    assert calendar(daybook, tomorrow)["reserved"] == 6
    assert segment(daybook, "c") == (4, 0, 4, "sending")
    post.counts(event("b", campaignId="c", messages=9), 1)
    assert calendar(daybook, tomorrow)["reserved"] == 0
    assert segment(daybook, "c") == (13, 0, 13, "sent")
    check_ledger(daybook)


def test_only_sms_spends(daybook, post):
    campaign(daybook, "c", {"at": now(), "contacts": 9})
    others = ["CALL", "EMAIL", "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK", "WHATSAPP", "SAGE"]
    post.counts([event(name, channel=name, campaignId="c", segmentNumber=1) for name in others], 8)
    post.counts(event("failed call", channel="CALL", **FAILED, campaignId="c"), 1)
    assert segment(daybook, "c") == (0, 0, 0, "scheduled")
    post.counts(event("sms", campaignId="c"), 1)
    assert segment(daybook, "c") == (1, 0, 1, "sending")
    check_ledger(daybook)


def test_spent_never_goes_down_on_a_void_so_that_it_raises_no_reservation(daybook, post, days):
    tomorrow = days.today() + 1
    campaign(daybook, "c", {"at": days.wall(tomorrow, 12), "contacts": 10, "parts": 1})
    post.counts([event("a", campaignId="c", messages=4), event("f", **FAILED, campaignId="c")], 2)
    assert segment(daybook, "c") == (4, 1, 5, "sending") and calendar(daybook, tomorrow)["reserved"] == 5
    post.counts([void("v", "a"), void("w", "f", source="s")], 2)
    assert segment(daybook, "c") == (0, 0, 5, "sending") and calendar(daybook, tomorrow)["reserved"] == 5
    post.counts(event("b", campaignId="c", messages=10), 1)
    assert segment(daybook, "c") == (10, 0, 15, "sent")
    post.counts(void("x", "b"), 1)
    assert segment(daybook, "c") == (0, 0, 15, "sent")
    check_ledger(daybook)
