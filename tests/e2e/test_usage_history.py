"""GET /organization/usage/history"""
import random
from decimal import Decimal

import pytest

from support import NOON, bad_queries, check_error, dates, day_start, event, exact, is_int, local_day, ms, post, set_clock

PATH = "/organization/usage/history"
NONE_SENT = {"SMS": 0, "CALL": 0, "EMAIL": 0, "INAPP_WEB": 0, "WEB_PUSH": 0, "PUSH": 0, "SLACK": 0}
MESSAGES = ("EMAIL", "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK")


@pytest.fixture
def acme(daybook):
    set_clock(daybook, NOON)
    return daybook


def items(daybook, first, last):
    reply = daybook.cgi("usage-history", "GET", PATH, {"startDate": first, "endDate": last}, token=daybook.token())
    assert reply.status == 200, reply
    body = exact(reply.body)
    assert set(body) == {"items"}
    return body["items"]


def refuse(daybook, query):
    return daybook.cgi("usage-history", "GET", PATH, query, token=daybook.token())


def test_a_month_without_traffic_is_listed_with_zeros(acme):
    zeros = {"messageUsage": 0, "budgetUsage": 0, "costSms": 0, "costCall": 0, "channelUsages": NONE_SENT}
    assert items(acme, "2025-11-30", "2026-02-01") == [
        {"yearMonth": month, **zeros} for month in ("2025-11", "2025-12", "2026-01", "2026-02")]


def test_a_month_has_its_own_counts_and_costs(acme):
    post(acme, event("2026-03-10T15:00:00Z", messages=2, parts=3), event("2026-03-10T15:00:00Z", channel="CALL", parts=4),
         event("2026-03-10T15:00:00Z", channel="EMAIL", messages=5), event("2026-03-10T15:00:00Z", channel="SAGE", messages=6),
         event("2026-04-10T15:00:00Z", channel="SLACK", messages=7),
         event("2026-04-10T15:00:00Z", status="failed", to="1", reason="r"))
    sms, call = 3 * Decimal("0.0079"), 4 * Decimal("0.013")
    assert items(acme, "2026-03-01", "2026-04-30") == [
        {"yearMonth": "2026-03", "messageUsage": 5, "budgetUsage": sms + call, "costSms": sms, "costCall": call,
         "channelUsages": {**NONE_SENT, "SMS": 2, "CALL": 1, "EMAIL": 5, "SAGE": 6}},
        {"yearMonth": "2026-04", "messageUsage": 7, "budgetUsage": 0, "costSms": 0, "costCall": 0,
         "channelUsages": {**NONE_SENT, "SLACK": 7}}]


def test_every_field_has_the_contracts_type(acme):
    post(acme, event("2026-05-20T15:00:00Z"))
    item = refuse(acme, {"startDate": "2026-05-01", "endDate": "2026-05-31"}).json["items"][0]
    assert set(item) == {"yearMonth", "messageUsage", "budgetUsage", "costSms", "costCall", "channelUsages"}
    assert item["yearMonth"] == "2026-05" and is_int(item["messageUsage"])
    assert all(isinstance(item[name], (int, float)) for name in ("budgetUsage", "costSms", "costCall"))
    assert all(is_int(n) for n in item["channelUsages"].values())


def test_both_dates_belong_to_the_range_to_the_millisecond(acme):
    start, until = day_start("America/Toronto", "2026-03-08"), day_start("America/Toronto", "2026-03-09")
    assert until - start == 23 * 3_600_000
    post(acme, *(event(at, channel="EMAIL", messages=n)
                 for at, n in ((start - 1, 1), (start, 2), (until - 1, 4), (until, 8))))
    assert [i["messageUsage"] for i in items(acme, "2026-03-08", "2026-03-08")] == [6]
    assert [i["messageUsage"] for i in items(acme, "2026-03-07", "2026-03-08")] == [7]
    assert [i["messageUsage"] for i in items(acme, "2026-03-08", "2026-03-09")] == [14]


def test_a_month_turns_at_local_midnight(acme):
    turn = day_start("America/Toronto", "2026-05-01")
    assert turn == ms("2026-05-01T04:00:00Z")
    post(acme, event(turn - 1, channel="PUSH", messages=1), event(turn, channel="PUSH", messages=2))
    assert [i["messageUsage"] for i in items(acme, "2026-04-01", "2026-05-31")] == [1, 2]


def test_the_first_and_the_last_month_are_clipped(acme):
    days = dates("2026-01-01", "2026-04-30")
    post(acme, *(event(day_start("America/Toronto", day) + 1000, channel="EMAIL") for day in days))
    assert [(i["yearMonth"], i["messageUsage"]) for i in items(acme, "2026-01-31", "2026-04-02")] == [
        ("2026-01", 1), ("2026-02", 28), ("2026-03", 31), ("2026-04", 2)]
    assert [(i["yearMonth"], i["messageUsage"]) for i in items(acme, "2026-02-10", "2026-02-19")] == [("2026-02", 10)]


def test_adjoining_ranges_add_up_and_equal_the_events(acme):
    dice = random.Random(7)
    posted = [event(ms("2025-01-01T05:00:00Z") + dice.randrange(480 * 86_400_000), messages=dice.randrange(1, 9),
                    channel=dice.choice(("SMS", "CALL", "EMAIL", "PUSH", "SLACK"))) for _ in range(1500)]
    post(acme, *posted)
    days = dates("2025-01-01", "2026-04-25")
    for _ in range(8):
        a, b, c = sorted(dice.sample(range(len(days) - 1), 3))

        def total(first, last):
            months = items(acme, days[first], days[last])
            assert [i["yearMonth"] for i in months] == sorted({d[:7] for d in days[first:last + 1]})
            return sum(i["messageUsage"] for i in months), sum(i["budgetUsage"] for i in months)
        whole, left, right = total(a, c), total(a, b), total(b + 1, c)
        assert whole == (left[0] + right[0], left[1] + right[1])
        wanted = set(days[a:c + 1])
        mine = [e for e in posted if local_day("America/Toronto", ms(e["occurredAt"])).isoformat() in wanted]
        assert whole == (sum(e["messages"] for e in mine if e["channel"] in MESSAGES),
                         sum(e["messages"] * {"SMS": Decimal("0.0079"), "CALL": Decimal("0.013")}.get(e["channel"], 0)
                             for e in mine))


def test_leap_days_are_days(acme):
    at = day_start("America/Toronto", "2024-02-29")
    post(acme, event(at, channel="EMAIL"), event(at + 86_399_999, channel="EMAIL"))
    assert [i["messageUsage"] for i in items(acme, "2024-02-29", "2024-02-29")] == [2]
    assert [i["messageUsage"] for i in items(acme, "2024-02-01", "2024-03-01")] == [2, 0]


def test_120_months_are_answered_and_121_refused(acme):
    months = items(acme, "2016-05-31", "2026-04-01")
    assert [months[0]["yearMonth"], months[-1]["yearMonth"], len(months)] == ["2016-05", "2026-04", 120]
    reply = refuse(acme, {"startDate": "2016-05-31", "endDate": "2026-05-01"})
    check_error(reply, 400, "pingram", "endDate:", "120")
    assert "120" in reply.json["error"]["fix"]


def test_each_bad_parameter_is_named_and_the_process_goes_on(acme):
    process = acme.fastcgi("usage-history")
    token = acme.token()
    values = ["2026-05-20", "2026-13-01", "2026-02-29", "2026-05", "20260520", "2026-05-20T00:00:00Z", "1779235200000", "now", "2026-05-20x"]
    for name, other in (("startDate", "endDate=2026-05-20"), ("endDate", "startDate=2026-05-20")):
        for what, query in bad_queries(name, values) + [("missing", "")]:
            reply = process.ask("GET", PATH, other + "&" + query, token=token)
            check_error(reply, 400, "pingram", name + ":")
            assert reply.json["error"]["code"] == "VALIDATION_ERROR"
    reply = process.ask("GET", PATH, "startDate=2026-05-20&endDate=2026-05-19", token=token)
    check_error(reply, 400, "pingram", "endDate:")
    assert reply.json["error"]["fix"]
    reply = process.ask("GET", PATH, "endDate=2026-05-20&_=%zz&startDate=2026-05-20&_=2", token=token)
    assert reply.status == 200 and len(reply.json["items"]) == 1


def test_a_bad_date_comes_with_what_to_do(acme):
    for query in ({}, {"startDate": "2026-05-20"}, {"startDate": "x", "endDate": "2026-05-20"}):
        assert "YYYY-MM-DD" in refuse(acme, query).json["error"]["fix"]


def test_reading_takes_the_scope_to_read(acme):
    query = {"startDate": "2026-05-20", "endDate": "2026-05-20"}
    check_error(acme.cgi("usage-history", "GET", PATH, query, token=acme.token("acme", "usage:write")), 403, "pingram", "usage:read")
    check_error(acme.cgi("usage-history", "GET", PATH, query), 401, "pingram")


# ---- The costs of all channels, on request

def test_the_costs_of_all_channels_are_there_if_asked_for_and_add_up(acme):
    acme.cmd("price", "set", "EMAIL", "0.001", "--from", "2026-01-01")
    acme.cmd("price", "set", "SAGE", "0.5", "--from", "2026-01-01")
    acme.cmd("price", "set", "WHATSAPP", "0.02", "--from", "2026-01-01")
    gone = event("2026-05-10T15:00:00Z", channel="WHATSAPP")
    post(acme, event("2026-05-10T15:00:00Z", parts=3), event("2026-05-10T15:00:00Z", channel="EMAIL", messages=9),
         event("2026-05-11T15:00:00Z", channel="SAGE"), event("2026-05-11T15:00:00Z", channel="PUSH"), gone,
         {"id": "v", "voids": gone["id"], "reason": "twice"})
    costs = {**NONE_SENT, "WHATSAPP": 0, "SMS": Decimal("0.0237"), "EMAIL": Decimal("0.009"), "SAGE": Decimal("0.5")}
    for program, path in (("usage-history", PATH), ("organization-usage", "/organization/usage")):
        reply = acme.cgi(program, "GET", path, {"startDate": "2026-05-01", "endDate": "2026-05-31", "costs": "all"}, token=acme.token())
        body = exact(reply.body)
        body = body["items"][0] if "items" in body else body
        assert (body["budgetUsage"], body["totalCost"], body["channelCosts"]) == (costs["SMS"], sum(costs.values()), costs), program
        check_error(acme.cgi(program, "GET", path, {"startDate": "2026-05-01", "endDate": "2026-05-31", "costs": "some"},
                             token=acme.token()), 400, "pingram")
    text = acme.cgi("usage-history", "GET", PATH, {"startDate": "2026-05-01", "endDate": "2026-05-31", "costs": "all", "format": "csv"},
                    token=acme.token()).body.decode()
    head, row = (line.split(",") for line in text.splitlines())
    row = dict(zip(head, row))
    assert Decimal(row["totalCost"]) == sum(costs.values()) == sum(Decimal(v) for k, v in row.items() if k.startswith("cost."))
    assert Decimal(row["cost.SAGE"]) == costs["SAGE"] and row["SAGE"] == "1"
