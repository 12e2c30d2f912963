"""POST /api/events?enforce=true: recorded only while the day and the cycle have room."""
import concurrent.futures
from datetime import date, timedelta

import pytest

from api import TODAY, TOMORROW, Api, at, failed, figures
from support import event, ms

NOW = "2026-05-20T16:00:00Z"
MIDNIGHT = "2026-05-21T04:00:00.000Z"  # the end of today in Toronto


def sms(name, messages=1, when=at(TODAY), **fields):
    return event(when, id=name, messages=messages, **fields)


def enforce(api, *events):
    return api.ask("events", "POST", "/api/events", {"enforce": "true"}, list(events))


def counts(reply):
    return tuple(reply.json[name] for name in ("accepted", "duplicates", "conflicts", "rejected"))


def limits(api, **fields):
    assert api.ask("settings", "PUT", "/api/organizations/acme/limits", body=fields).status == 200


def with_limits(api, *options):
    """An organization that has had these limits from its first day on: `limits` changes only the days from today on."""
    api.daybook.cmd("org", "add", "capped", "--timezone", "America/Toronto", *options)
    return Api(api.daybook, "capped", clock=None)


def ids(api):
    return {row[0] for row in api.daybook.sql("SELECT id FROM event")}


# ---- The day

def test_an_event_that_just_fits_is_accepted_and_the_next_is_a_429_that_says_all(api):
    assert counts(enforce(api, sms("a", 500))) == (1, 0, 0, 0)
    before = api.rows()
    reply = enforce(api, sms("b", 3))
    assert reply.status == 429 and counts(reply) == (0, 0, 0, 1)
    body = reply.json
    assert body["success"] is False and body["message"] and body["error"]
    result, = body["results"]
    assert result["error"].startswith("over_quota") and TODAY in result["error"]
    assert {k: v for k, v in result.items() if k != "error"} == {
        "index": 0, "id": "b", "status": "rejected", "code": "over_quota", "date": TODAY, "limit": "dailyLimit", "unit": "message",
        "window": "day", "used": 500, "held": 0, "available": 0, "needed": 3, "freesAt": MIDNIGHT, "nextAvailableDate": TOMORROW}
    assert 12 * 3600 - 60 <= int(reply.headers["retry-after"]) <= 12 * 3600 + 1
    after = api.rows()
    for table in ("event", "usage_day", "usage_quarter", "segment", "failure", "request", "audit"):
        assert after[table] == before[table], table
    api.verify()


def test_a_refused_id_stays_free(api):
    enforce(api, sms("a", 500))
    assert enforce(api, sms("b")).status == 429
    limits(api, dailyLimit=501)
    assert counts(enforce(api, sms("b"))) == (1, 0, 0, 0)
    assert counts(enforce(api, sms("b"))) == (0, 1, 0, 0)


def test_items_are_judged_in_their_order_and_a_smaller_one_may_still_fit(api):
    reply = enforce(api, sms("a", 300), sms("b", 201), sms("c", 150), sms("d", 51), sms("e", 50), sms("f", 1))
    assert reply.status == 200 and counts(reply) == (3, 0, 0, 3)
    assert [(r["id"], r["available"], r["nextAvailableDate"]) for r in reply.json["results"]] == [
        ("b", 200, TOMORROW), ("d", 50, TOMORROW), ("f", 0, TOMORROW)]
    assert ids(api) == {"a", "c", "e"} and figures(api.day()) == (500, 0, 500, 0)
    assert "retry-after" not in reply.headers
    api.verify()


def test_the_next_date_has_room_for_as_many(api):
    api.fill(TOMORROW, 400)
    api.fill("2026-05-22", 300)
    enforce(api, sms("a", 500))
    for n, date in ((100, TOMORROW), (101, "2026-05-22"), (201, "2026-05-23"), (501, None)):
        result, = enforce(api, sms("b", n)).json["results"]
        assert result["nextAvailableDate"] == date, n


def test_a_reservation_of_others_holds_its_room(api):
    api.create("c", 499)
    assert enforce(api, sms("a", 2)).status == 429
    assert counts(enforce(api, sms("a", 1))) == (1, 0, 0, 0)
    assert enforce(api, sms("b", 1)).status == 429
    api.did("c", "cancel")
    assert enforce(api, sms("b", 1)).status == 200


def test_an_item_frees_its_own_reservation_on_its_own_day(api):
    api.create("c", 400)
    api.fill(TODAY, 100)
    assert figures(api.day())[3] == 0
    assert counts(enforce(api, sms("a", 10, campaignId="c"), sms("b", 390, campaignId="c"))) == (2, 0, 0, 0)
    assert figures(api.day()) == (400, 100, 500, 0)
    assert enforce(api, sms("x", 1, campaignId="c")).status == 429  # all of it is spent
    api.verify()


def test_only_what_the_reservation_does_not_cover_needs_room(api):
    api.create("c", 10)
    api.fill(TODAY, 485)
    assert enforce(api, sms("a", 16, campaignId="c")).status == 429
    assert api.get("c")["segments"][0]["sent"] == 0 and api.get("c")["status"] == "scheduled"
    assert counts(enforce(api, sms("a", 15, campaignId="c"))) == (1, 0, 0, 0)
    assert figures(api.day()) == (15, 485, 500, 0)


def test_a_reservation_on_another_day_does_not_help(api):
    api.create("c", 10, at(TOMORROW))
    api.fill(TODAY, 500)
    assert enforce(api, sms("a", 1, campaignId="c")).status == 429
    assert api.held(TOMORROW) == 10


def test_a_day_over_its_limit_still_lets_reservations_be_spent(api):
    api.create("c", 10)
    api.spend(sms("plain", 600))
    assert counts(enforce(api, sms("a", 10, campaignId="c"))) == (1, 0, 0, 0)
    assert figures(api.day()) == (610, 0, 610, 0)
    assert enforce(api, sms("b", 1)).status == 429


def test_duplicates_and_conflicts_come_first(api):
    enforce(api, sms("a", 500))
    reply = enforce(api, sms("a", 500), sms("a", 501), sms("b"))
    assert reply.status == 200 and counts(reply) == (0, 1, 1, 1)
    reply = enforce(api, sms("a", 501), sms("b"))
    assert reply.status == 429 and counts(reply) == (0, 0, 1, 1)
    assert enforce(api, sms("a", 501)).status == 409
    api.clock("2026-07-20T16:00:00Z")  # duplicates before the window, too
    api.token = api.daybook.token()
    assert counts(enforce(api, sms("a", 500))) == (0, 1, 0, 0)
    assert enforce(api, sms("b")).status == 400


def test_bad_items_alone_are_a_400_and_beside_a_refused_one_a_429(api):
    enforce(api, sms("a", 500))
    bad = {"id": "x", "occurredAt": at(TODAY), "channel": "FAX"}
    assert enforce(api, bad).status == 400
    reply = enforce(api, bad, sms("b"))
    assert reply.status == 429 and [r.get("code") for r in reply.json["results"]] == [None, "over_quota"]


def test_failed_and_void_need_no_room(api):
    api.create("c", 10)
    enforce(api, sms("a", 490))
    assert counts(enforce(api, failed("f", at(TODAY), "+15550001", "c"), {"id": "v", "voids": "a", "reason": "r"},
                          sms("b", 491))) == (3, 0, 0, 0)
    assert figures(api.day()) == (491, 9, 500, 0)
    assert enforce(api, sms("d")).status == 429
    assert counts(enforce(api, failed("g", at(TODAY), "+15550001"), {"id": "w", "voids": "b", "reason": "r"})) == (2, 0, 0, 0)
    api.verify()


def test_other_channels_need_no_room_on_the_day(api):
    enforce(api, sms("a", 500))
    assert counts(enforce(api, *[sms(c, 1000, channel=c) for c in ("CALL", "EMAIL", "WHATSAPP", "PUSH")])) == (4, 0, 0, 0)


def test_each_item_is_judged_on_its_own_local_day(api):
    api.spend(sms("full", 500, at("2026-05-19")))
    reply = enforce(api, sms("late", 1, "2026-05-20T03:59:59.999Z"), sms("early", 1, "2026-05-20T04:00:00.000Z"))
    assert counts(reply) == (1, 0, 0, 1)
    result, = reply.json["results"]
    assert (result["id"], result["date"], result["freesAt"], result["nextAvailableDate"]) == (
        "late", "2026-05-19", None, TODAY), "a day that is over frees no more"


def test_a_day_that_is_over_has_no_retry_after(api):
    api.spend(sms("full", 500, at("2026-05-19")))
    reply = enforce(api, sms("late", 1, at("2026-05-19")))
    assert reply.status == 429
    assert int(reply.headers.get("retry-after", "1")) > 0


def test_the_part_is_what_counts_where_the_unit_is_the_part(api):
    limits(api, quotaUnit="part")
    api.create("c", 10, partsPerContact=3)
    assert counts(enforce(api, sms("a", 100, parts=469), sms("b", 1, parts=2), sms("c", 1, parts=1))) == (2, 0, 0, 1)
    assert figures(api.day()) == (470, 30, 500, 0)
    assert counts(enforce(api, sms("d", 2, parts=6, campaignId="c"))) == (1, 0, 0, 0)
    assert enforce(api, sms("e", 2, parts=7, campaignId="c")).status == 429
    assert counts(enforce(api, sms("e", 2, parts=4, campaignId="c"), sms("f", 1, parts=2))) == (2, 0, 0, 0)
    assert figures(api.day()) == (482, 18, 500, 0)
    api.verify()


def test_unlimited_refuses_nothing_and_a_limit_of_zero_everything(api):
    limits(api, dailyLimit=None)
    assert counts(enforce(api, sms("a", 10**9, cost=0))) == (1, 0, 0, 0)
    limits(api, dailyLimit=0)
    result, = enforce(api, sms("b")).json["results"]
    assert result["available"] == 0 and result["nextAvailableDate"] is None


def test_plain_events_are_never_refused(api):
    limits(api, dailyLimit=0, smsCap=0, costCap=0, callCap=0, messagesCap=0)
    items = [sms(f"{how}{c}", 5, channel=c) for how in ("absent", "false") for c in ("SMS", "CALL", "EMAIL")]
    assert api.events(*items[:3])["accepted"] == 3
    assert api.events(*items[3:], enforce="false")["accepted"] == 3


@pytest.mark.parametrize("value", ["", "1", "TRUE", "yes", "true&enforce=true"])
def test_enforce_is_true_or_false(api, value):
    reply = api.ask("events", "POST", "/api/events", "enforce=" + value, [sms("a")])
    assert reply.status == 400 and reply.json["error"].startswith("enforce:") and ids(api) == set()
    assert enforce(api, sms("a")).status == 200


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00Z", "1969-12-31T00:00:00Z", "2011-12-31T00:00:00Z", "2026-04-01T00:00:00Z",
                                  "2026-05-20T16:06:00Z", "9999-12-31T23:59:59Z"])
def test_an_instant_outside_the_window_is_rejected_as_ever(api, when):
    limits(api, smsCap=10)
    reply = enforce(api, sms("a", 1, when), sms("b"))
    assert reply.status == 200 and counts(reply) == (1, 0, 0, 1)
    result, = reply.json["results"]
    assert result["error"].startswith("occurredAt") and "code" not in result


# ---- The cycle

CAPS = [("messagesCap", 10, "EMAIL", "SMS"), ("messagesCap", 10, "PUSH", "WHATSAPP"), ("smsCap", 10, "SMS", "EMAIL"),
        ("callCap", 10, "CALL", "SMS"), ("costCap", "0.079", "SMS", "EMAIL"), ("costCap", "0.13", "CALL", "PUSH")]


@pytest.mark.parametrize("cap, most, channel, other", CAPS)
def test_each_cap_refuses_its_own_channels_with_402(api, cap, most, channel, other):
    limits(api, **{cap: most})
    assert counts(enforce(api, sms("a", 9, channel=channel))) == (1, 0, 0, 0)
    reply = enforce(api, sms("b", 2, channel=channel))
    assert reply.status == 402 and counts(reply) == (0, 0, 0, 1)
    result, = reply.json["results"]
    assert result["error"].startswith("over_cap") and reply.json["message"]
    assert (result["code"], result["limit"], result["date"], result["freesAt"], result["nextAvailableDate"]) == (
        "over_cap", cap, TODAY, "2026-06-01T04:00:00.000Z", "2026-06-01")
    until = (ms("2026-06-01T04:00:00Z") - ms(NOW)) // 1000
    assert until - 60 <= int(reply.headers["retry-after"]) <= until + 1
    assert ids(api) == {"a"}
    assert counts(enforce(api, sms("b", 1, channel=channel), sms("c", 5, channel=other))) == (2, 0, 0, 0)
    assert enforce(api, sms("d", 1, channel=channel)).status == 402
    limits(api, allowOverage=True)
    assert counts(enforce(api, sms("d", 1, channel=channel))) == (1, 0, 0, 0)
    api.verify()


def test_sms_reservations_count_in_the_sms_and_the_cost_cap(api):
    api.create("c", 8)
    api.create("next-cycle", 100, at("2026-06-02"))
    for cap, most in (("smsCap", 10), ("costCap", "0.079")):
        limits(api, smsCap=None, costCap=None)
        limits(api, **{cap: most})
        assert enforce(api, sms("x", 3)).status == 402, cap
    assert counts(enforce(api, sms("own", 8, campaignId="c"), sms("a", 2))) == (2, 0, 0, 0)
    assert enforce(api, sms("b", 1)).status == 402
    api.verify()


def test_a_given_cost_is_what_counts_against_the_cost_cap(api):
    limits(api, costCap=1)
    assert counts(enforce(api, sms("a", cost="0.9"), sms("b", cost="0.2"), sms("c", cost="0.1"), sms("d", cost=0))) == (3, 0, 0, 1)


def test_the_cap_of_the_cycle_of_the_events_own_day_binds(api):
    api.clock("2026-06-02T16:00:00Z")
    api = with_limits(api, "--sms-cap", 10)
    api.spend(sms("may", 10, at("2026-05-31")))
    reply = enforce(api, sms("late", 1, at("2026-05-31")), sms("june", 10, at("2026-06-02")))
    assert counts(reply) == (1, 0, 0, 1)
    assert reply.json["results"][0]["freesAt"] is None, "a cycle that is over frees no more"
    assert enforce(api, sms("x", 1, at("2026-06-02"))).status == 402


def test_where_the_day_and_a_cap_both_refuse_it_is_the_cap(api):
    limits(api, dailyLimit=10, smsCap=10)
    assert enforce(api, sms("a", 11)).status == 402
    api.spend(sms("b", 10))
    reply = enforce(api, sms("c"))
    assert reply.status == 402 and reply.json["results"][0]["code"] == "over_cap"
    limits(api, smsCap=11)
    assert enforce(api, sms("c")).status == 429


def test_402_wins_over_429_where_both_kinds_were_refused_and_nothing_accepted(api):
    limits(api, dailyLimit=0, callCap=0)
    reply = enforce(api, sms("a"), sms("b", channel="CALL"))
    assert reply.status == 402 and [r["code"] for r in reply.json["results"]] == ["over_quota", "over_cap"]


def test_a_backfill_that_was_refused_is_not_in_the_audit(api):
    api = with_limits(api, "--daily-limit", 1)
    scope = api.daybook.token(api.org, scope="usage:write usage:backfill")
    old = [sms(f"o{i}", 1, "2026-01-05T15:00:00Z") for i in range(3)]
    reply = api.ask("events", "POST", "/api/events", {"enforce": "true"}, old, token=scope)
    assert counts(reply) == (1, 0, 0, 2)
    assert api.daybook.sql("SELECT detail FROM audit WHERE action = 'event.backfill'") == [('{"events":1}',)]


# ---- Two never both take the last unit

def test_eight_processes_against_a_limit_of_50_take_exactly_50(daybook):
    limit, workers, each = 50, 8, 12
    daybook.cmd("org", "set", "acme", "--daily-limit", limit)
    token = daybook.token()
    processes = [daybook.fastcgi("events") for _ in range(workers)]
    from model import iso, now
    when = iso(now())

    def worker(n):
        return [processes[n].ask("POST", "/api/events", "enforce=true", {"id": f"{n}-{i}", "occurredAt": when}, token=token)
                for i in range(each)]

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        replies = [reply for some in pool.map(worker, range(workers)) for reply in some]
    assert sorted({reply.status for reply in replies}) == [200, 429]
    assert sum(reply.status == 200 for reply in replies) == limit
    assert daybook.sql("SELECT sum(messages) FROM event") == [(limit,)]
    assert all(reply.json["results"][0]["available"] == 0 for reply in replies if reply.status == 429)
    daybook.cmd("verify")


def test_a_refusal_names_no_date_that_has_no_room(api):
    """The event names a campaign of tomorrow: what it would have freed there is not free, for it was not recorded."""
    limits(api, dailyLimit=2)
    api.spend(sms("full", 2))
    first = date.fromisoformat(TODAY)
    api.slices("c", *[(at((first + timedelta(days=day)).isoformat(), "20:00"), 2) for day in range(1, 61)])
    reply = enforce(api, sms("x", 1, campaignId="c", segmentNumber=1))
    assert reply.status == 429
    assert reply.json["results"][0]["nextAvailableDate"] is None
    assert "nextAvailableDate" not in api.ask("next-available-slot", "GET", "/api/campaigns/next-available-slot").json


def test_ten_thousand_refusals_are_one_request(api):
    limits(api, smsCap=1_000_000)
    for i in range(20):
        api.slices(f"c{i}", *[(at(TODAY, "20:00"), 1) for _ in range(25)])
    reply = enforce(api, *[sms(f"e{i}", 400) for i in range(10_000)])
    assert counts(reply) == (0, 0, 0, 10_000)
    assert enforce(api, sms("small", 1)).status == 429, "500 are held"


# What a post itself has recorded counts for its later items, on however many days and cycles.

def backfill(api, whens):
    token = api.daybook.token(api.org, scope="usage:write usage:backfill")
    return api.ask("events", "POST", "/api/events", {"enforce": "true"}, [sms(f"b{i}", when=w) for i, w in enumerate(whens)],
                   token=token)


@pytest.mark.parametrize("days", [63, 64, 65, 128, 129, 200])
def test_of_many_days_in_one_post_none_takes_more_than_its_limit(api, days):
    api = with_limits(api, "--daily-limit", 1)
    past = [at((date.fromisoformat(TODAY) - timedelta(days=40 + i)).isoformat()) for i in range(days)]
    reply = backfill(api, [*past, past[-1], past[0], past[days // 2]])
    assert counts(reply) == (days, 0, 0, 3), reply.json["results"]
    assert {r["code"] for r in reply.json["results"]} == {"over_quota"}
    assert api.daybook.sql("SELECT count(*), max(messages) FROM usage_day") == [(days, 1)]
    api.verify()


@pytest.mark.parametrize("cycles", [7, 8, 9, 16, 17, 30])
def test_of_many_cycles_in_one_post_none_takes_more_than_its_cap(api, cycles):
    api = with_limits(api, "--sms-cap", 1)
    past = [at(f"{2025 - i // 12}-{12 - i % 12:02}-10") for i in range(cycles)]
    reply = backfill(api, [*past, past[-1], past[0], past[cycles // 2]])
    assert counts(reply) == (cycles, 0, 0, 3), reply.json["results"]
    assert {r["code"] for r in reply.json["results"]} == {"over_cap"}
    api.verify()
