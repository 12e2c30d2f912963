"""POST /api/campaigns/{id}/results, and the list of failed contacts."""
import json

import pytest

from api import CAMPAIGNS, TODAY, TOMORROW, Api, at, failed, figures, raw
from campaign_fields import ABSENT, INSTANTS, LATE, SINGLE, UNKNOWN, refused, shared, show  # noqa: F401 (shared is a fixture)
from conftest import Server
from support import iso


def test_results_spend_as_events_do_and_their_failures_are_listed(api):
    api.create("c", 10)
    reply = api.report("c", {"id": "batch 1", "sent": 6, "failed": [{"phoneNumber": "+15550001", "reason": "bad number"}]})
    assert reply.status == 200 and "idempotent-replayed" not in reply.headers
    segment, = reply.json["data"]["segments"]
    assert (segment["sent"], segment["failed"], segment["reserved"], segment["status"]) == (6, 1, 3, "sending")
    assert figures(api.day()) == (6, 3, 9, 491)
    assert api.day()["campaigns"][0]["failedDetails"] == [{"phoneNumber": "+15550001", "reason": "bad number"}]
    listed = api.on("c", "GET").json["failedDetails"]
    assert [(f["segmentNumber"], f["phoneNumber"], f["reason"]) for f in listed] == [(1, "+15550001", "bad number")]
    assert api.report("c", {"id": "batch 2", "sent": 3}).json["data"]["status"] == "sent"
    assert api.daybook.sql("SELECT DISTINCT source FROM event") == [("daybook:results",)]
    api.verify()


def test_the_same_results_again_count_once_whatever_occurred_at_says_and_others_conflict(api):
    api.create("c", 10)
    body = {"id": "r", "sent": 2, "failed": [{"phoneNumber": "+15550001", "reason": "x"}], "occurredAt": at(TODAY)}
    first = api.report("c", body)
    for same in (body, raw(body), {**body, "occurredAt": at(TODAY, "14:00")}, {k: v for k, v in body.items() if k != "occurredAt"},
                 {**body, "parts": 2, "done": False, "segmentNumber": None}):
        again = api.report("c", same)
        assert again.status == 200 and again.headers["idempotent-replayed"] == "true", again
        assert again.json == first.json
    before = api.rows()
    for change in ({"sent": 3}, {"parts": 3}, {"done": True}, {"segmentNumber": 1}, {"failed": []},
                   {"failed": [{"phoneNumber": "+15550002", "reason": "x"}]}, {"failed": [{"phoneNumber": "+15550001", "reason": "y"}]},
                   {"failed": 2 * body["failed"]}):
        refused(api.report("c", {**body, **change}), 409, "id:")
    assert api.rows() == before
    api.create("d", 10)
    assert api.report("d", body).status == 200  # the id is the campaign's own
    assert api.day()["sent"] == 4


def test_a_replay_answers_with_the_campaign_as_it_stands(api):
    api.create("c", 10)
    api.report("c", {"id": "r", "sent": 2})
    api.did("c", "cancel")
    api.clock("2026-07-20T16:00:00Z")
    api.token = api.daybook.token(scope="campaigns:write usage:read")
    again = api.report("c", {"id": "r", "sent": 2})
    assert again.status == 200 and again.json["data"]["status"] == "cancelled"


def test_results_of_a_segment_by_its_number_and_without_one_of_the_days_own(api):
    api.slices("c", (LATE, 5), (at(TOMORROW), 5))
    api.report("c", {"id": "a", "segmentNumber": 2, "sent": 1})
    api.report("c", {"id": "b", "sent": 2})
    assert [(s["sent"], s["reserved"]) for s in api.get("c")["segments"]] == [(2, 3), (1, 4)]
    refused(api.report("c", {"id": "d", "segmentNumber": 3, "sent": 1}), 400, "segmentNumber")
    api.report("c", {"id": "e", "sent": 9, "failed": [{"phoneNumber": "1", "reason": "x"}]})
    assert [(s["sent"], s["failed"], s["reserved"]) for s in api.get("c")["segments"]] == [(11, 1, 0), (1, 0, 4)]
    api.verify()


def test_parts_are_what_the_part_unit_counts(api):
    api.daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    api.create("c", 10, partsPerContact=2)
    api.report("c", {"id": "a", "sent": 3, "parts": 7})
    assert figures(api.day()) == (7, 14, 21, 479)


def test_done_closes_a_segment_and_frees_what_is_left(api):
    api.slices("c", (LATE, 5), (at(TOMORROW), 5))
    data = api.report("c", {"id": "a", "sent": 2, "done": True}).json["data"]
    assert [s["status"] for s in data["segments"]] == ["sent", "scheduled"] and api.held() == 0
    data = api.report("c", {"id": "b", "segmentNumber": 2, "done": True}).json["data"]
    assert [s["status"] for s in data["segments"]] == ["sent", "failed"] and data["status"] == "sent"
    assert api.held(TOMORROW) == 0


def test_results_are_taken_in_the_window_of_events(api):
    api.create("c", 10)
    before = api.rows()
    for when in ("2026-04-10T00:00:00Z", "2026-05-20T16:06:00Z", "2011-01-01T00:00:00Z"):
        refused(api.report("c", {"id": "r", "sent": 1, "occurredAt": when}), 400, "occurredAt")
    assert api.rows() == before
    assert api.report("c", {"id": "r", "sent": 1, "occurredAt": "2026-04-16T00:00:00Z"}).status == 200
    assert api.day("2026-04-15")["sent"] == 1 and api.held() == 9
    backfill = api.daybook.token(scope="campaigns:write usage:backfill")
    assert api.report("c", {"id": "s", "sent": 1, "occurredAt": "2026-04-10T00:00:00Z"}, token=backfill).status == 200


BAD_RESULTS = [("id", v) for v in (ABSENT, None, "", 5, [], "x" * 101, "a\nb", "a\x7f")] + \
    [("sent", v) for v in (-1, 1.5, "1", True, [], 10**9 + 1)] + [("parts", v) for v in (-1, 1, 1.5, "2", True, 10**9 + 1)] + \
    [("segmentNumber", v) for v in (0, -1, 1.5, "1", 367, 2)] + [("occurredAt", v) for v in INSTANTS] + \
    [("done", v) for v in (1, "true", [])] + [("colour", 1), ("campaignId", "one")] + \
    [("failed", v) for v in (5, "x", {}, [5], [None], [{}], [{"phoneNumber": "1"}], [{"reason": "x"}], [{"phoneNumber": "", "reason": "x"}],
                             [{"phoneNumber": 15550001, "reason": "x"}], [{"phoneNumber": "1", "reason": ""}],
                             [{"phoneNumber": "1" * 65, "reason": "x"}], [{"phoneNumber": "1", "reason": "x" * 501}],
                             [{"phoneNumber": "1", "reason": "x", "to": "1"}])]


@pytest.mark.parametrize("field, value", BAD_RESULTS, ids=[f"{f} {show(v)}" for f, v in BAD_RESULTS])
def test_a_bad_field_of_results_is_named_and_nothing_is_written(shared, field, value):
    before = shared.rows()
    body = {k: v for k, v in {"id": "r", "sent": 2, field: value}.items() if v is not ABSENT}
    refused(shared.report("one", body), 400, field)
    assert shared.rows() == before
    assert shared.report(UNKNOWN, body).status == 404


def test_results_that_say_nothing_are_refused(shared):
    before = shared.rows()
    for body in ({"id": "r"}, {"id": "r", "sent": 0}, {"id": "r", "failed": []}, {"id": "r", "done": False},
                 {"id": "r", "sent": 0, "parts": 1}):
        refused(shared.report("one", body), 400)
    assert shared.rows() == before


def test_ten_thousand_failures_are_listed_by_a_hundred_and_paged_through(api):
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "20000")
    api.create("c", 12000)
    failures = [{"phoneNumber": f"+1555{i:07d}", "reason": "r"} for i in range(10001)]
    assert api.report("c", {"id": "r", "failed": failures}).status == 413
    assert api.held() == 12000
    assert api.report("c", {"id": "r", "failed": failures[:10000]}).status == 200
    assert figures(api.day()) == (0, 2000, 2000, 18000)
    assert len(api.day()["campaigns"][0]["failedDetails"]) == 100
    seen, query, pages = [], {"limit": 1000}, 0
    while True:
        page = api.on("c", "GET", query=query).json
        seen += [f["phoneNumber"] for f in page["failedDetails"]]
        pages += 1
        if page["nextCursor"] is None:
            break
        query = {"limit": 1000, "cursor": page["nextCursor"]}
    assert pages == 10 and sorted(seen) == sorted(f["phoneNumber"] for f in failures[:10000])
    assert len(api.on("c", "GET").json["failedDetails"]) == 100
    assert api.report("c", {"id": "r", "failed": failures[:10000]}).headers["idempotent-replayed"] == "true"
    api.verify()


def test_a_body_of_results_may_have_2_mib_and_not_a_byte_more(api):
    api.create("c", 10)
    body = json.dumps({"id": "r", "sent": 1})
    whole = body[:-1] + " " * (2 * 1024 * 1024 - len(body)) + "}"
    assert api.report("c", whole + " ").status == 413
    assert api.report("c", whole).status == 200
    assert api.day()["sent"] == 1
    assert api.post(json.dumps(SINGLE) + " " * 256 * 1024).status == 413


@pytest.mark.parametrize("query, field", [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("cursor=x", "cursor"),
                                          ("cursor=", "cursor"), ("limit=1&limit=1", "limit"), ("status=sent", "status")])
def test_a_bad_parameter_of_one_campaign_is_named(shared, query, field):
    assert refused(shared.on("one", "GET", query=query), 400).startswith(field + ":")
    assert shared.on(UNKNOWN, "GET", query=query if field != "status" else None).status in (400, 404)
    assert shared.on("one", "GET", query="limit=1000").status == 200


def test_pages_of_failures_go_through_the_web_server(daybook):
    """Its filter of odd bytes must let every cursor pass."""
    api = Api(daybook, clock=None)
    soon = "2098-01-01T12:00:00Z"
    api.create("c", 10, soon)
    names = ["a~b", "c d/e?f=g&h", "é\"'<>", "日本"]
    now_at = daybook.sql("SELECT created_at FROM campaign")[0][0]
    api.spend(*[failed(name, iso(now_at), f"+1555000{i}", "c", source="s~1") for i, name in enumerate(names)])
    server = Server(daybook)
    try:
        seen, cursor = [], None
        for _ in range(6):
            reply = server.ask("GET", CAMPAIGNS + "/c", {"limit": 1, **({"cursor": cursor} if cursor else {})}, token=api.token)
            assert reply.status == 200, (reply, cursor)
            seen += [f["phoneNumber"] for f in reply.json["failedDetails"]]
            cursor = reply.json["nextCursor"]
            if cursor is None:
                break
        assert sorted(seen) == [f"+1555000{i}" for i in range(4)]
    finally:
        server.stop()
