"""GET /api/events"""
import csv
import io
from decimal import Decimal

import pytest

from api import Api
from support import check_error, event, exact, iso, ms
from watching import cpu_seconds

PATH = "/api/events"
WEEK = {"from": "2026-05-14", "to": "2026-05-20"}
FIELDS = ["id", "source", "channel", "occurredAt", "messages", "parts", "status", "cost", "campaignId", "segmentNumber", "to",
          "reason", "voids"]


@pytest.fixture
def api(daybook):
    return Api(daybook, scope="usage:read usage:write usage:backfill campaigns:write org:admin")


def post(api, *events):
    reply = api.ask("events", "POST", PATH, body=list(events))
    assert reply.status == 200 and reply.json["accepted"] == len(events), reply


def ask(api, query=None, **options):
    reply = api.ask("events-list", "GET", PATH, {**WEEK, **(query or {})}, **options)
    assert reply.status == 200, reply
    return reply.json["data"]


def ids(api, **query):
    data = ask(api, query)
    assert data["next"] is None
    return [e["id"] for e in data["events"]]


def row(**fields):
    return {"source": "", "channel": "SMS", "messages": 1, "parts": 1, "status": "sent", "cost": 0.0079, "campaignId": None,
            "segmentNumber": None, "to": None, "reason": None, "voids": None, **fields}


def test_each_kind_of_row_is_given_whole_in_the_order_of_time(api):
    api.create("spring", 10, "2026-05-20T20:00:00Z")
    at = "2026-05-20T12:00:00.000Z"
    post(api, {"id": "z", "occurredAt": at, "parts": 2}, {"id": "v", "voids": "z", "reason": "twice"},
         {"id": "c", "source": "crm", "occurredAt": "2026-05-19T12:00:00.000Z", "channel": "CALL", "cost": "0.123456"},
         {"id": "f", "occurredAt": "2026-05-20T13:00:00.000Z", "status": "failed", "to": "+14165550100", "reason": "opted out",
          "campaignId": "spring", "segmentNumber": 1})
    assert ask(api)["events"] == [
        row(id="c", source="crm", channel="CALL", occurredAt="2026-05-19T12:00:00.000Z", cost=0.123456),
        row(id="z", occurredAt=at, parts=2, cost=0.0158),
        row(id="v", occurredAt=at, messages=-1, parts=-2, status="void", cost=-0.0158, reason="twice", voids="z"),
        row(id="f", occurredAt="2026-05-20T13:00:00.000Z", status="failed", cost=0, campaignId="spring", segmentNumber=1,
            to="+14165550100", reason="opted out")]


def test_days_are_the_organizations_own_and_both_inclusive(api):
    post(api, {"id": "before", "occurredAt": "2026-05-19T03:59:59.999Z"}, {"id": "first", "occurredAt": "2026-05-19T04:00:00Z"},
         {"id": "last", "occurredAt": "2026-05-20T03:59:59.999Z"}, {"id": "behind", "occurredAt": "2026-05-20T04:00:00Z"})
    assert ids(api, **{"from": "2026-05-19", "to": "2026-05-19"}) == ["first", "last"]
    assert ids(api, **{"from": "2026-05-18", "to": "2026-05-18"}) == ["before"]
    assert ids(api, **{"from": "2026-05-19", "to": "2026-05-20"}) == ["first", "last", "behind"]


def test_filters_are_joined(api):
    api.create("spring", 10, "2026-05-20T20:00:00Z")
    at = "2026-05-20T12:00:00Z"
    post(api, event(at, id="a"), event(at, id="b", channel="CALL"), event(at, id="c", campaignId="spring"),
         event(at, id="d", campaignId="nobody"), event(at, id="e", status="failed", to="+1", reason="x", campaignId="spring"))
    post(api, {"id": "v", "voids": "c", "reason": "x"})
    assert ids(api, channel="CALL") == ["b"]
    assert ids(api, channel="SMS") == ["a", "c", "d", "e", "v"]
    assert ids(api, status="failed") == ["e"] and ids(api, status="void") == ["v"]
    assert ids(api, campaignId="spring") == ["c", "e", "v"]
    assert ids(api, campaignId="spring", status="sent") == ["c"]
    assert ids(api, campaignId="nobody") == ["d"] and ids(api, campaignId="else") == []


def pages(api, limit, between=lambda: None):
    found, after = [], {}
    while True:
        data = ask(api, {"limit": limit, **after})
        assert len(data["events"]) <= limit
        found += [(e["source"], e["id"]) for e in data["events"]]
        if data["next"] is None:
            return found
        assert len(data["events"]) == limit
        after = {"after": data["next"]}
        between()


@pytest.mark.parametrize("limit", [1, 3, 7, 24, 25, 1000])
def test_pages_join_without_gap_or_repetition(api, limit):
    at = ms("2026-05-19T12:00:00Z")
    post(api, *(event(iso(at + i // 8), id=f"é\t~{i:02}".replace("\t", " "), source=s) for i in range(12) for s in ("", "x")))
    post(api, {"id": "0", "voids": "é ~03", "reason": "r"})
    every = [(e["source"], e["id"]) for e in ask(api)["events"]]
    assert len(every) == 25 and pages(api, limit) == every


def test_a_cursor_stands_while_new_events_come_in(api):
    post(api, *(event("2026-05-19T12:00:00Z", id=f"e{i}") for i in range(9)))
    before = [("", f"e{i}") for i in range(9)]
    new = iter(range(100))

    def more():
        i = next(new)
        post(api, event("2026-05-18T12:00:00Z", id=f"early{i}"), event("2026-05-20T12:00:00Z", id=f"late{i}"),
             event("2026-05-19T12:00:00Z", id=f"a{i}"))

    found = pages(api, 2, more)
    assert len(set(found)) == len(found)
    assert [e for e in found if e in before] == before


def test_costs_add_up_to_what_the_history_says_after_prices_and_voids(api):
    post(api, *(event(f"2026-05-{d}T12:00:00Z", id=f"e{d}", parts=d) for d in range(14, 21)))
    post(api, {"id": "v1", "voids": "e15", "reason": "x"})
    api.daybook.cmd("price", "set", "SMS", "0.0123", "--org", "acme", "--from", "2026-05-16", "--reprice")
    post(api, {"id": "v2", "voids": "e17", "reason": "x"})
    api.daybook.cmd("price", "set", "SMS", "0.02", "--org", "acme", "--from", "2026-05-18", "--reprice")
    reply = api.ask("events-list", "GET", PATH, WEEK)
    listed = sum(e["cost"] for e in exact(reply.body.decode())["data"]["events"])
    history = api.ask("usage-history", "GET", "/organization/usage/history", {"startDate": "2026-05-14", "endDate": "2026-05-20"})
    assert Decimal(listed) == exact(history.body.decode())["items"][0]["costSms"] > 0


def table(reply):
    assert reply.status == 200 and reply.headers["content-type"] == "text/csv; charset=utf-8", reply
    return list(csv.DictReader(io.StringIO(reply.body.decode(), newline=""), strict=True))


def test_the_csv_has_the_columns_of_an_export_and_the_cursor_in_a_header(api):
    post(api, event("2026-05-19T12:00:00Z", id="=1+1", source="@x", parts=2),
         event("2026-05-20T12:00:00Z", id="f", status="failed", to="+14165550100", reason='say "no", twice'))
    post(api, {"id": "v", "voids": "=1+1", "source": "@x", "reason": "r"})
    rows = table(api.ask("events-list", "GET", PATH, WEEK, headers={"Accept": "text/csv"}))
    exported = api.daybook.cmd("export", "--format", "csv").stdout.splitlines()[0]
    last = ["localTime", "from", "network", "tag"]
    assert [*rows[0]] == [*FIELDS, *last] and [*FIELDS, "settles", *last] == exported.removeprefix("\ufeff").split(",")
    assert [(r["id"], r["source"], r["messages"], r["cost"], r["to"]) for r in rows] == [
        ("'=1+1", "'@x", "1", "0.0158", ""), ("v", "'@x", "-1", "-0.0158", ""), ("f", "", "1", "0", "'+14165550100")]
    assert rows[2]["reason"] == 'say "no", twice'
    first = api.ask("events-list", "GET", PATH, {**WEEK, "format": "csv", "limit": 2})
    after = first.headers["x-next-cursor"]
    assert after == ask(api, {"limit": 2})["next"] and len(table(first)) == 2
    second = api.ask("events-list", "GET", PATH, {**WEEK, "format": "csv", "limit": 2, "after": after})
    assert [r["id"] for r in table(second)] == ["f"] and "x-next-cursor" not in second.headers


def test_each_of_10000_voids_of_one_request_has_its_own_reason_without_long_waiting(api):
    """They were written at one instant, and their reasons stand in as many rows of the audit."""
    post(api, *({"id": f"e{i}", "occurredAt": "2026-05-20T12:00:00Z"} for i in range(10000)))
    post(api, *({"id": f"v{i}", "source": "", "voids": f"e{i}", "reason": f'because of "{i}'} for i in range(10000)))
    program = api.programs["events"].process.pid
    before = cpu_seconds(program)
    found = ask(api, {"status": "void", "limit": 10000})["events"]
    assert cpu_seconds(program) - before < 4, "it looks for the reason of each in all of them"
    assert {e["id"]: e["reason"] for e in found} == {f"v{i}": f'because of "{i}' for i in range(10000)}


def test_what_was_erased_is_given_as_erased(api):
    post(api, event("2026-05-20T12:00:00Z", id="f", status="failed", to="+14165550100", reason="x"))
    assert ask(api)["events"][0]["to"] == "+14165550100"
    api.daybook.cmd("erase", "--phone", "+14165550100")
    assert (ask(api)["events"][0]["to"], ask(api)["events"][0]["reason"]) == ("erased", "erased")


def test_a_large_page_ends_early_and_goes_on_with_its_cursor(api):
    """10,000 rows as long as rows can be: the reply stays below 8 MiB, and nothing is left out."""
    source, campaign = "\\" * 128, "c" * 64
    for i in range(2):
        post(api, *({"id": f"{i}{j:04}" + "\\" * 195, "source": source, "occurredAt": "2026-05-20T12:00:00Z", "campaignId": campaign,
                     "status": "failed", "to": "+" * 64, "reason": "\\" * 250} for j in range(5000)))
    found, after, replies = [], {}, 0
    while replies == 0 or after["after"]:
        reply = api.ask("events-list", "GET", PATH, {**WEEK, "limit": 10000, **after})
        assert reply.status == 200 and len(reply.body) < 8 << 20
        found += [e["id"] for e in reply.json["data"]["events"]]
        after, replies = {"after": reply.json["data"]["next"]}, replies + 1
    assert replies > 1 and len(found) == len(set(found)) == 10000 and found == sorted(found)


BAD = [("to=2026-05-20", "from"), ("from=2026-05-20", "to"), ("from=2026-05-20&to=2026-05-19", "to"), ("from=x&to=2026-05-19", "from"),
       ("from=2025-01-01&to=2026-02-05", "to"), *((f"from=2026-05-14&to=2026-05-20&{q}", q.split("=")[0]) for q in (
           "limit=0", "limit=10001", "limit=x", "limit=", "after=x", "after=00", "after=zz", "after=7e", "channel=FAX", "channel=sms",
           "status=adjust", "status=", "format=xml", "colour=blue", "status=sent&status=sent"))]


@pytest.mark.parametrize("query, name", BAD)
def test_a_bad_parameter_is_a_400_that_names_it(api, query, name):
    check_error(api.ask("events-list", "GET", PATH, query), 400, "tether", name)


def test_400_days_and_10000_rows_are_taken(api):
    assert ids(api, **{"from": "2025-01-01", "to": "2026-02-04", "limit": 10000}) == []


def test_a_cursor_of_days_before_is_refused(api):
    post(api, *(event(f"2026-05-{d}T12:00:00Z", id=f"e{d}") for d in (14, 15, 16)))
    after = ask(api, {"limit": 1})["next"]
    assert ids(api, after=after) == ["e15", "e16"]
    reply = api.ask("events-list", "GET", PATH, {"from": "2026-05-16", "to": "2026-05-20", "after": after})
    check_error(reply, 400, "tether", "after")


def test_each_scope_but_usage_read_is_refused_and_another_organization_sees_nothing(api):
    post(api, event("2026-05-20T12:00:00Z", id="secret"))
    for scope in ("usage:write", "usage:backfill", "campaigns:write", "org:admin", ""):
        check_error(api.ask("events-list", "GET", PATH, WEEK, token=api.daybook.token("acme", scope, ttl="720h")), 403, "tether")
    check_error(api.ask("events-list", "GET", PATH, WEEK, token="x"), 401, "tether")
    api.daybook.cmd("org", "add", "other", "--timezone", "America/Toronto")
    theirs = api.daybook.token("other", "usage:read", ttl="720h")
    assert ask(api, token=theirs) == {"events": [], "next": None}
    assert [e["id"] for e in ask(api)["events"]] == ["secret"]


def test_the_etag_changes_with_the_ledger(api):
    reply = api.ask("events-list", "GET", PATH, WEEK)
    again = {"If-None-Match": reply.headers["etag"]}
    assert api.ask("events-list", "GET", PATH, WEEK, headers=again).status == 304
    post(api, event("2026-05-20T12:00:00Z"))
    assert api.ask("events-list", "GET", PATH, WEEK, headers=again).status == 200


def test_a_filter_that_matches_little_ends_a_page_with_a_cursor_though_it_is_empty(api):
    """20,000 rows are looked at in one request, here all of one instant; rows that have an index are found at once."""
    at = "2026-05-20T12:00:00.000Z"
    for i in range(2):
        post(api, *({"id": f"{i}{j:04}", "occurredAt": at} for j in range(10000)))
    post(api, {"id": "x", "occurredAt": at, "channel": "CALL"}, {"id": "y", "occurredAt": at, "campaignId": "later"},
         {"id": "z", "occurredAt": at, "status": "failed", "to": "+1", "reason": "off"})
    first = ask(api, {"channel": "CALL", "limit": 1})
    assert first["events"] == [] and first["next"]
    assert ids(api, channel="CALL", limit=1, after=first["next"]) == ["x"]
    reply = api.ask("events-list", "GET", PATH, {**WEEK, "channel": "CALL", "format": "csv"})
    assert reply.body.count(b"\r\n") == 1 and reply.headers["x-next-cursor"] == first["next"]
    assert ids(api, status="failed") == ["z"] and ids(api, campaignId="later") == ["y"]
    last = ask(api, {"limit": 10000, "after": ask(api, {"limit": 10000})["next"]})
    assert len(last["events"]) == 10000 and ids(api, after=last["next"]) == ["x", "y", "z"]


def test_a_channel_has_the_rows_that_all_rows_have_of_it_however_rare_and_however_the_pages_lie(api):
    """Time without the channel is skipped, by the roll-ups: also where figures are 0, and of failed events, which have none."""
    def minutes(n):
        return iso(ms("2026-05-14T12:00:00Z") + n * 60_000)
    for day in range(3):
        post(api, *({"id": f"s{day}{i:04}", "occurredAt": minutes(day * 2 * 1440 + i // 3 * 3)} for i in range(900)))
    rare = [("CALL", 5, {}), ("CALL", 5, {"cost": 0}), ("EMAIL", 300, {}), ("CALL", 899, {}), ("CALL", 1500, {}),
            ("CALL", 2900, {"status": "failed", "to": "+1", "reason": "off"}), ("EMAIL", 4000, {"status": "failed", "to": "+1", "reason": "off"}),
            ("EMAIL", 6001, {"cost": 0}), ("CALL", 6655, {})]
    post(api, *({"id": f"r{i}", "occurredAt": minutes(at), "channel": channel, **more} for i, (channel, at, more) in enumerate(rare)))
    post(api, *({"id": f"v{i}", "voids": f"r{i}", "reason": "x"} for i in (0, 3, 5, 7)))
    post(api, {"id": "a", "settles": "r6", "status": "sent", "cost": 1}, {"id": "b", "settles": "r4", "cost": 2})
    rows = ask(api, {"limit": 10000})["events"]
    for channel in ("CALL", "EMAIL", "SMS", "SLACK"):
        for status in (None, "sent", "failed", "void"):
            wanted = [e for e in rows if e["channel"] == channel and status in (None, e["status"])]
            for limit in (1, 2, 10000) if len(wanted) < 100 else (700,):
                found, query = [], {"channel": channel, "limit": limit, **({"status": status} if status else {})}
                while query.get("after", True):
                    data = ask(api, query)
                    found += data["events"]
                    query["after"] = data["next"]
                assert found == wanted, (channel, status, limit)


def test_a_campaign_has_the_rows_from_before_it_was_made_and_the_corrections_of_those_after(api):
    """The first have its name only, corrections its key only; both come in the order of time, page by page."""
    for day in (16, 18):
        post(api, event(f"2026-05-{day}T12:00:00Z", id=f"e{day}", campaignId="spring"))
    api.create("spring", 10, "2026-05-20T20:00:00Z")
    for day in (15, 17, 19):
        post(api, event(f"2026-05-{day}T12:00:00Z", id=f"e{day}", campaignId="spring"))
    post(api, {"id": "v", "voids": "e17", "reason": "x"})
    wanted = ["e15", "e16", "e17", "v", "e18", "e19"]
    assert ids(api, campaignId="spring") == wanted
    found, after = [], {}
    while after == {} or after["after"]:
        data = ask(api, {"campaignId": "spring", "limit": 1, **after})
        found += [e["id"] for e in data["events"]]
        after = {"after": data["next"]}
    assert found == wanted


def test_events_and_corrections_of_one_instant_are_in_one_order_however_the_pages_lie(api):
    one, other = "2026-05-20T12:00:00.000Z", "2026-05-20T12:00:00.001Z"
    post(api, *({"id": f"{x}{n}", "occurredAt": at} for x in "ab" for n, at in ((1, one), (2, other))))
    post(api, {"id": "A", "voids": "a1", "reason": "x"}, {"id": "z", "voids": "b1", "reason": "x"}, {"id": "0", "voids": "a2", "reason": "x"},
         {"id": "s", "settles": "b2", "cost": 1})
    wanted = ["a1", "b1", "A", "z", "a2", "b2", "0"]
    for limit in (1, 2, 3, 4, 7):
        found, after = [], {}
        while after == {} or after["after"]:
            data = ask(api, {"limit": limit, **after})
            found += [e["id"] for e in data["events"]]
            after = {"after": data["next"]}
        assert found == wanted, limit
    assert ids(api, status="void") == ["A", "z", "0"] and ids(api, status="sent") == ["a1", "b1", "a2", "b2"]
