"""GET /organization/usage and /account/organization/usage"""
import calendar
import datetime
from decimal import Decimal

import pytest

from support import NOON, check_error, day_start, event, exact, iso, is_int, local_day, ms, post, set_clock

PATH = "/organization/usage"
NONE_SENT = {"SMS": 0, "CALL": 0, "EMAIL": 0, "INAPP_WEB": 0, "WEB_PUSH": 0, "PUSH": 0, "SLACK": 0}


@pytest.fixture
def acme(daybook):
    set_clock(daybook, NOON)
    return daybook


def ask(daybook, path=PATH, org="acme"):
    reply = daybook.cgi("organization-usage", "GET", path, token=daybook.token(org, "usage:read"))
    assert reply.status == 200, reply
    return exact(reply.body)


def cycle(today, cycle_day):
    """From and until of the billing cycle that a date is in, by the book."""
    def start(year, month):
        return datetime.date(year, month, min(cycle_day, calendar.monthrange(year, month)[1]))
    starts = [start(y, m) for y in range(today.year - 1, today.year + 2) for m in range(1, 13)]
    return max(s for s in starts if s <= today), min(s for s in starts if s > today)


def test_nothing_sent_is_all_zeros(acme):
    assert ask(acme) == {"messageUsage": 0, "budgetUsage": 0, "costSms": 0, "costCall": 0, "channelUsages": NONE_SENT,
                         "billingCycleStart": "2026-05-01T04:00:00.000Z", "billingCycleEnd": "2026-06-01T04:00:00.000Z"}


def test_counts_and_costs_are_those_of_the_channels(acme):
    at = "2026-05-20T15:00:00Z"
    post(acme, event(at, messages=3, parts=5), event(at, channel="CALL", messages=2, parts=7), event(at, channel="EMAIL", messages=11),
         event(at, channel="INAPP_WEB", messages=13), event(at, channel="WEB_PUSH", messages=17), event(at, channel="PUSH", messages=19),
         event(at, channel="SLACK", messages=23), event(at, channel="WHATSAPP", messages=29, cost="2.5"),
         event(at, channel="SAGE", messages=31), event(at, status="failed", to="+14165550100", reason="x"),
         event(at, messages=1, cost="0.000001"), event(at, channel="EMAIL", messages=1, cost="0.01"))
    sms, call = 5 * Decimal("0.0079") + Decimal("0.000001"), 7 * Decimal("0.013")
    assert ask(acme) == {
        "messageUsage": 11 + 1 + 13 + 17 + 19 + 23, "budgetUsage": sms + call, "costSms": sms, "costCall": call,
        "channelUsages": {"SMS": 4, "CALL": 2, "EMAIL": 12, "INAPP_WEB": 13, "WEB_PUSH": 17, "PUSH": 19, "SLACK": 23,
                          "WHATSAPP": 29, "SAGE": 31},
        "billingCycleStart": "2026-05-01T04:00:00.000Z", "billingCycleEnd": "2026-06-01T04:00:00.000Z"}


def test_every_field_has_the_contracts_type(acme):
    post(acme, event("2026-05-20T15:00:00Z"))
    body = acme.cgi("organization-usage", "GET", PATH, token=acme.token()).json
    assert set(body) == {"messageUsage", "budgetUsage", "costSms", "costCall", "channelUsages", "billingCycleStart",
                         "billingCycleEnd"}
    assert is_int(body["messageUsage"]) and all(is_int(n) for n in body["channelUsages"].values())
    assert all(isinstance(body[name], (int, float)) for name in ("budgetUsage", "costSms", "costCall"))
    assert isinstance(body["billingCycleStart"], str) and isinstance(body["billingCycleEnd"], str)


def test_money_has_at_most_six_decimals_and_no_exponent(acme):
    post(acme, event("2026-05-20T15:00:00Z", cost="0.000001"), event("2026-05-20T15:00:00Z", channel="CALL", cost="1000000"))
    text = acme.cgi("organization-usage", "GET", PATH, token=acme.token()).body.decode()
    assert '"costSms":0.000001,' in text and '"costCall":1000000,' in text and '"budgetUsage":1000000.000001,' in text


def test_a_price_is_rounded_once_half_to_even(acme):
    acme.cmd("price", "set", "SMS", "0.0000005", "--from", "2026-05-10")
    for parts in (1, 3, 5, 7):	# 0.5, 1.5, 2.5, 3.5 millionths
        post(acme, event("2026-05-20T15:00:00Z", parts=parts))
    assert ask(acme)["costSms"] == Decimal("0.000008")


def test_channels_beyond_the_seven_show_only_while_they_are_not_zero(acme):
    whatsapp, sage = post(acme, event("2026-05-20T15:00:00Z", channel="WHATSAPP"), event("2026-05-20T15:00:00Z", channel="SAGE", messages=2))
    assert ask(acme)["channelUsages"] == {**NONE_SENT, "WHATSAPP": 1, "SAGE": 2}
    post(acme, {"id": "v", "voids": whatsapp["id"], "reason": "test"})
    assert ask(acme)["channelUsages"] == {**NONE_SENT, "SAGE": 2}


def test_a_void_takes_messages_and_cost_off(acme):
    kept, gone = post(acme, event("2026-05-20T15:00:00Z", parts=2), event("2026-05-20T15:00:00Z", messages=2, parts=10))
    post(acme, {"id": "v", "voids": gone["id"], "reason": "test"})
    body = ask(acme)
    assert (body["costSms"], body["channelUsages"]["SMS"]) == (Decimal("0.0158"), 1)


def test_an_organizations_own_price_wins_and_changes_on_its_day(acme):
    acme.cmd("price", "set", "SMS", "0.01", "--org", "acme", "--from", "2026-05-11")
    post(acme, event("2026-05-11T03:59:59.999Z"), event("2026-05-11T04:00:00Z"))
    assert ask(acme)["costSms"] == Decimal("0.0179")


@pytest.mark.parametrize("clock", ["2026-01-28T12:00:00Z", "2026-01-31T12:00:00Z", "2026-02-27T12:00:00Z", "2026-02-28T12:00:00Z",
                                   "2026-03-01T12:00:00Z", "2026-03-29T12:00:00Z", "2026-03-30T12:00:00Z", "2026-03-31T12:00:00Z",
                                   "2024-02-28T12:00:00Z", "2024-02-29T12:00:00Z", "2024-03-15T12:00:00Z", "2026-04-30T12:00:00Z",
                                   "2026-12-31T12:00:00Z", "2027-01-01T04:59:59Z", "2027-01-01T05:00:00Z"])
def test_the_cycle_starts_on_its_day_or_the_months_last(empty, clock):
    set_clock(empty, clock)
    empty.cmd("org", "add", "acme", "--timezone", "America/Toronto")
    today = local_day("America/Toronto", ms(clock))
    token = empty.token("acme", "usage:read")
    process = empty.fastcgi("organization-usage")
    for cycle_day in (1, 2, 15, 28, 29, 30, 31):
        empty.cmd("org", "set", "acme", "--cycle-day", str(cycle_day))
        body = process.ask("GET", PATH, token=token).json
        start, until = cycle(today, cycle_day)
        assert (body["billingCycleStart"], body["billingCycleEnd"]) == (
            iso(day_start("America/Toronto", start)), iso(day_start("America/Toronto", until))), (cycle_day, start, until)


@pytest.mark.parametrize("zone, cycle_day, clock", [
    ("America/Toronto", 31, "2026-03-05T12:00:00Z"),	# from 28 February, over the change of the clocks
    ("America/Toronto", 1, "2026-11-20T12:00:00Z"),	# starts on a day of 25 hours
    ("America/Toronto", 8, "2026-03-08T12:00:00Z"),	# starts on one of 23
    ("America/Havana", 8, "2026-03-08T12:00:00Z"),	# whose midnight is skipped
    ("America/Havana", 1, "2026-11-01T12:00:00Z"),	# whose midnight comes twice
    ("Asia/Kathmandu", 30, "2026-02-28T12:00:00Z"),
    ("Pacific/Chatham", 5, "2026-04-20T12:00:00Z")])
def test_the_cycle_is_exact_to_the_millisecond(empty, zone, cycle_day, clock):
    set_clock(empty, clock)
    empty.cmd("org", "add", "acme", "--timezone", zone, "--cycle-day", str(cycle_day))
    start, until = cycle(local_day(zone, ms(clock)), cycle_day)
    starts_at, ends_at = day_start(zone, start), day_start(zone, until)
    before = [event(starts_at - 1, channel="PUSH", messages=1), event(starts_at, channel="PUSH", messages=2),
              event(starts_at + 1, channel="PUSH", messages=4)]
    post(empty, *before)
    body = ask(empty)
    assert body["messageUsage"] == 6
    assert (body["billingCycleStart"], body["billingCycleEnd"]) == (iso(starts_at), iso(ends_at))
    set_clock(empty, iso(ends_at - ends_at % 1000 + 3_600_000))
    post(empty, event(ends_at - 1, channel="PUSH", messages=8), event(ends_at, channel="PUSH", messages=16))
    assert ask(empty)["messageUsage"] == 16
    set_clock(empty, iso(ends_at - 1000))
    assert ask(empty)["messageUsage"] == 6 + 8


def test_the_cycle_turns_over_in_the_same_process(acme):
    post(acme, event("2026-05-20T15:00:00Z", channel="EMAIL"))
    process = acme.fastcgi("organization-usage")
    seen = []
    for clock in ("2026-06-01T03:59:59Z", "2026-06-01T04:00:00Z"):
        set_clock(acme, clock)
        reply = process.ask("GET", PATH, token=acme.token())
        seen.append((reply.json["messageUsage"], reply.json["billingCycleStart"]))
    assert seen == [(1, "2026-05-01T04:00:00.000Z"), (0, "2026-06-01T04:00:00.000Z")]


def test_the_account_path_answers_the_same(acme):
    post(acme, event("2026-05-20T15:00:00Z", channel="EMAIL"))
    assert ask(acme, "/account" + PATH) == ask(acme)
    check_error(acme.cgi("organization-usage", "GET", "/account/organization", token=acme.token()), 404, "pingram")


def test_parameters_are_ignored(acme):
    plain = acme.cgi("organization-usage", "GET", PATH, token=acme.token())
    for query in ("_=1", "_=1&_=2", "startDate=2026-01-01", "%ff=%zz", "a%00b=1"):
        reply = acme.cgi("organization-usage", "GET", PATH, query, token=acme.token())
        assert (reply.status, reply.body, reply.headers["etag"]) == (200, plain.body, plain.headers["etag"])


def test_reading_takes_the_scope_to_read(acme):
    reply = acme.cgi("organization-usage", "GET", PATH, token=acme.token("acme", "usage:write"))
    check_error(reply, 403, "pingram", "usage:read")
    assert reply.json["error"]["code"] == "FORBIDDEN"
    reply = acme.cgi("organization-usage", "GET", PATH)
    check_error(reply, 401, "pingram")
    assert reply.json["error"]["code"] == "UNAUTHORIZED"
