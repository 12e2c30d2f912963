"""POST /api/events?atomic=true: all events of a body are recorded, or none of them."""
import concurrent.futures

import pytest

from api import TODAY, TOMORROW, at, failed
from event_poster import NDJSON
from support import check_error, event
from test_enforce import counts, ids, sms, with_limits

LEFT_ALONE = ("event", "usage_day", "usage_quarter", "segment", "failure", "request", "audit", "organization")
FULL = {"enforce": "true", "atomic": "true"}


def atomic(api, *events, query=None):
    return api.ask("events", "POST", "/api/events", query or {"atomic": "true"}, list(events))


def verdicts(reply):
    assert [r["index"] for r in reply.json["results"]] == list(range(len(reply.json["results"])))
    return [r["status"] for r in reply.json["results"]]


def withheld(api, status, expected, *events, query=None):
    """A post that records nothing; its verdicts, of all events."""
    before = api.rows()
    reply = atomic(api, *events, query=query)
    assert reply.status == status, reply
    body = reply.json
    assert body["success"] is False and body["message"] and body["error"]
    assert verdicts(reply) == expected
    assert (body["accepted"], body["duplicates"], body["conflicts"], body["rejected"], body["withheld"]) == tuple(
        expected.count(word) for word in ("accepted", "duplicate", "conflict", "rejected", "withheld"))
    after = api.rows()
    for table in LEFT_ALONE:
        assert after[table] == before[table], table
    return reply


def test_a_body_without_a_fault_is_recorded_and_a_retry_is_all_duplicates(api):
    body = [sms("a"), sms("b", channel="CALL"), failed("f", at(TODAY), "+15550100")]
    reply = atomic(api, *body)
    assert reply.status == 200 and counts(reply) == (3, 0, 0, 0) and "withheld" not in reply.json and reply.json["results"] == []
    assert counts(atomic(api, *body)) == (0, 3, 0, 0)
    assert counts(atomic(api, *body, sms("c"), sms("c"))) == (1, 4, 0, 0)
    api.verify()


@pytest.mark.parametrize("bad, error", [({"id": "bad"}, "occurredAt: required"), (7, "event: not a JSON object"),
                                        ({"id": "v", "voids": "nobody", "reason": "r"}, "voids: "),
                                        ({"id": "s", "settles": "nobody", "parts": 2}, "settles: "),
                                        (sms("old", when="2026-01-01T00:00:00Z"), "occurredAt: more than 35 days ago"),
                                        (sms("dear", cost="2000000"), "cost: ")])
def test_one_bad_event_withholds_all_others(api, bad, error):
    reply = withheld(api, 400, ["withheld", "rejected", "withheld"], sms("a"), bad, sms("b"))
    assert reply.json["error"].startswith(error) and reply.json["message"] == "Nothing was recorded: an event was rejected"
    assert ids(api) == set() and counts(atomic(api, sms("a"), sms("b"))) == (2, 0, 0, 0)
    api.verify()


def test_a_conflict_withholds_all_others(api):
    atomic(api, sms("a"))
    reply = withheld(api, 409, ["withheld", "conflict", "duplicate"], sms("b"), sms("a", 2), sms("a"))
    assert reply.json["message"] == "Nothing was recorded: an id is already used by another event"
    assert reply.json["error"].startswith("id: already used")
    assert withheld(api, 400, ["conflict", "rejected"], sms("a", 2), {"id": "x"}).json["error"].startswith("id: already used")


def test_what_repeats_or_contradicts_an_event_of_the_same_body(api):
    withheld(api, 400, ["withheld", "withheld", "rejected"], sms("a"), sms("a"), {"id": "x"})
    withheld(api, 409, ["withheld", "conflict"], sms("a"), sms("a", 2))
    atomic(api, sms("a"))
    withheld(api, 400, ["duplicate", "withheld", "withheld", "withheld", "withheld", "rejected"], sms("a"), sms("b"),
             {"id": "v", "voids": "b", "reason": "r"}, {"id": "v", "voids": "b", "reason": "r"}, sms("b"), {"id": "x"})
    api.verify()


def test_an_event_without_room_withholds_all_others(api):
    api.create("c", 10)
    reply = withheld(api, 429, ["withheld", "withheld", "rejected", "withheld"], sms("a", 400), sms("mail", 900, channel="EMAIL"),
                     sms("b", 91), sms("c", 10, campaignId="c"), query=FULL)
    assert reply.json["message"] == "The day has no room" and "retry-after" in reply.headers
    result = reply.json["results"][2]
    assert (result["code"], result["limit"], result["used"], result["available"], result["needed"]) == ("over_quota", "dailyLimit", 400, 90, 91)
    assert result["nextAvailableDate"] == TOMORROW
    assert api.get("c")["segments"][0]["reserved"] == 10
    assert counts(atomic(api, sms("a", 400), sms("b", 90), query=FULL)) == (2, 0, 0, 0)
    api.verify()


def test_a_cap_is_a_402(api):
    capped = with_limits(api, "--sms-cap", "5")
    withheld(capped, 402, ["withheld", "rejected"], sms("a", 4), sms("b", 2), query=FULL)
    assert counts(atomic(capped, sms("a", 4), sms("b", 1), query=FULL)) == (2, 0, 0, 0)


@pytest.mark.parametrize("limits", [["--sms-cap", "5"], ["--daily-limit", "5"]], ids=lambda v: v[0])
def test_what_no_waiting_mends_goes_before_a_lack_of_room(api, limits):
    """A sender that obeys Retry-After would otherwise post the same body again and again, and nothing would ever be recorded."""
    api = with_limits(api, *limits)
    atomic(api, sms("x"))
    for status, verdicts, more, error in ((400, ["rejected"], [{"id": "bad"}], "occurredAt: "), (409, ["conflict"], [sms("x", 2)], "id: already used"),
                                          (400, ["conflict", "rejected"], [sms("x", 2), {"id": "bad"}], "id: already used")):
        for body, kinds in (([sms("n", 5), *more], ["rejected", *verdicts]), ([*more, sms("n", 5)], [*verdicts, "rejected"])):
            reply = withheld(api, status, kinds, *body, query=FULL)
            assert reply.json["error"].startswith(error) and "retry-after" not in reply.headers
            assert reply.json["message"].startswith("Nothing was recorded")
            assert "freesAt" in next(r for r in reply.json["results"] if r["id"] == "n")
    mixed = api.ask("events", "POST", "/api/events", {"enforce": "true"}, [sms("n", 5), {"id": "bad"}])
    assert mixed.status in (402, 429), "without atomic the others are recorded when there is room"
    api.verify()


def test_without_atomic_or_with_false_it_is_as_before(api):
    for query in ({"atomic": "false"}, None):
        reply = api.ask("events", "POST", "/api/events", query, [sms(f"a{query}"), {"id": "x"}])
        assert reply.status == 200 and counts(reply) == (1, 0, 0, 1) and [r["status"] for r in reply.json["results"]] == ["rejected"]


@pytest.mark.parametrize("query", ["atomic=perhaps", "atomic=", "atomic=TRUE", "atomic=1", "atomic=true&atomic=true", "atomic=true&enforce=x"])
def test_another_value_is_refused_before_the_body_is_used(api, query):
    before = api.rows()
    check_error(api.ask("events", "POST", "/api/events", query, [sms("a")]), 400, "tether")
    assert api.rows() == before


def test_every_form_of_body_can_be_atomic(api):
    line = '{"id":"%s","occurredAt":"' + at(TODAY) + '"%s}\n'
    reply = api.ask("events", "POST", "/api/events", {"atomic": "true"}, line % ("a", "") + line % ("b", ',"tag":5'), headers=NDJSON)
    assert reply.status == 400 and verdicts(reply) == ["withheld", "rejected"] and ids(api) == set()
    assert api.ask("events", "POST", "/api/events", {"atomic": "true"}, line % ("a", "") + line % ("b", ""), headers=NDJSON).status == 200


def test_ten_thousand_events_are_withheld_for_the_last_one(api):
    events = [{"id": f"e{i:05}", "occurredAt": at(TODAY), "channel": "EMAIL"} for i in range(9999)]
    withheld(api, 429, ["withheld"] * 9999 + ["rejected"], *events, sms("sms", 501), query=FULL)
    assert counts(atomic(api, *events, sms("sms", 500), query=FULL)) == (10000, 0, 0, 0)
    api.verify()


def test_of_many_at_once_each_is_recorded_as_a_whole_or_not_at_all(api):
    processes = [api.daybook.fastcgi("events") for _ in range(8)]

    def post(n):
        return processes[n].ask("POST", "/api/events", FULL, [sms(f"{n}-{i}", 30) for i in range(3)], token=api.token).status

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(post, range(8)))
    assert sorted(statuses) == [200] * 5 + [429] * 3
    assert {n.split("-")[0] for n in ids(api)} == {str(n) for n, status in enumerate(statuses) if status == 200} and len(ids(api)) == 15
    assert api.day()["sent"] == 450
    api.verify()
