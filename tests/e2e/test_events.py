"""POST /api/events: what is taken, what is refused, what it counts, costs and spends."""
import json

import pytest

from model import DAY, HOUR, IS_SANITIZED, MINUTE, QUARTER, Days, audit, by_day, campaign, check_ledger, date, instant, \
    iso, now, segment, stored, totals

ABSENT = object()
AN_HOUR_AGO = (now() - HOUR) // QUARTER * QUARTER  # the same for a whole run: retries must be able to repeat it
NDJSON, CLOUDEVENT, CLOUDEVENTS = ({"Content-Type": "application/" + kind} for kind in (
    "x-ndjson", "cloudevents+json; charset=utf-8", "cloudevents-batch+json"))
BACKFILL = "usage:write usage:backfill usage:read org:admin campaigns:write"


def event(name, **fields):
    """An SMS of an hour ago, its quarter-hour's start, unless fields say otherwise."""
    whole = {"id": name, "occurredAt": iso(AN_HOUR_AGO), **fields}
    return {name: value for name, value in whole.items() if value is not ABSENT}


class Poster:
    """One FastCGI process of the program, and a token for it."""

    def __init__(self, daybook, scope=BACKFILL):
        self.daybook, self.process, self.scope = daybook, daybook.fastcgi("events"), scope
        self.token = daybook.token(scope=scope)

    def __call__(self, body, headers=None, token=None, **variables):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        return self.process.ask("POST", "/api/events", body=body, headers=headers, token=token or self.token, **variables)

    def counts(self, body, *expected, **options):
        """Posts; accepted, duplicates, conflicts and rejected must be these.  Returns the results."""
        reply = self(body, **options).json
        counted = tuple(reply[name] for name in ("accepted", "duplicates", "conflicts", "rejected"))
        assert counted == expected + (0,) * (4 - len(expected)), reply
        return reply["results"]

    def refused(self, body, error, **options):
        """Posts one event, which must be rejected with that field's name."""
        results = self.counts([body], 0, 0, 0, 1, **options)
        assert results[0]["status"] == "rejected" and results[0]["error"].startswith(error), results
        return results[0]


@pytest.fixture
def post(daybook):
    return Poster(daybook)


@pytest.fixture(scope="module")
def shared(shared_daybook):
    """One process and one database for the tables of bad fields: every row must leave it as it was."""
    return Poster(shared_daybook)


def ids(daybook):
    return {row[0] for row in daybook.sql("SELECT id FROM event WHERE source NOT LIKE 'daybook:%'")}


def row(daybook, id, columns):
    return daybook.sql(f"SELECT {columns} FROM event WHERE id = ?", id)[0]


# ---- Forms of the body

def test_one_event_is_accepted_with_its_defaults(daybook, post):
    reply = post(event("a"))
    assert reply.status == 200
    assert reply.json == {"success": True, "accepted": 1, "duplicates": 0, "conflicts": 0, "rejected": 0, "results": []}
    assert row(daybook, "a", "source, channel, messages, parts, status, cost_micros, cost_given, campaign_given") == \
        ("", "SMS", 1, 1, "sent", 7900, 0, None)
    check_ledger(daybook)


def test_parts_default_to_messages(daybook, post):
    post.counts([event("a", messages=3), event("b", messages=3, parts=5)], 2)
    assert [row(daybook, id, "messages, parts, cost_micros") for id in "ab"] == [(3, 3, 23700), (3, 5, 39500)]


def test_null_is_as_good_as_absent(daybook, post):
    names = ("source", "channel", "messages", "parts", "status", "cost", "campaignId", "segmentNumber", "to", "reason",
             "voids")
    post.counts(event("a"), 1)
    assert post.counts(event("a", **{name: None for name in names}), 0, 1)[0]["status"] == "duplicate"


FORMS = {
    "an array": (lambda events: json.dumps(events), None),
    "an array under events": (lambda events: json.dumps({"events": events}), None),
    "an array under events, loosely written": (lambda events: ' \n{ "events" : ' + json.dumps(events, indent=2) + " \n} ", None),
    "NDJSON": (lambda events: "\n".join(map(json.dumps, events)), NDJSON),
    "NDJSON with a newline at its end": (lambda events: "\n".join(map(json.dumps, events)) + "\n", NDJSON),
    "NDJSON with blank lines and CRLF": (lambda events: "\r\n \t\r\n".join(map(json.dumps, events)) + "\r\n\n  ", NDJSON),
    "a batch of CloudEvents": (lambda events: json.dumps([cloudevent(e) for e in events]), CLOUDEVENTS),
}


def cloudevent(e, **attributes):
    data = {name: value for name, value in e.items() if name not in ("id", "source", "occurredAt")}
    whole = {"specversion": "1.0", "id": e["id"], "source": e.get("source", "twilio"), "type": "daybook.event",
             "time": e.get("occurredAt", ABSENT), "data": data, **attributes}
    return {name: value for name, value in whole.items() if value is not ABSENT}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_body_says_the_same(daybook, post, form):
    write, headers = FORMS[form]
    events = [event(f"e{i}", source="twilio", channel="CALL" if i % 2 else "SMS", messages=i + 1) for i in range(5)]
    events += [event("bad", source="twilio", channel="FAX"), event("e1", source="twilio", channel="CALL", messages=2)]
    results = post.counts(write(events), 5, 1, 0, 1, headers=headers)
    assert [(r["index"], r["id"], r["status"]) for r in results] == [(5, "bad", "rejected"), (6, "e1", "duplicate")]
    assert results[0]["error"].startswith('channel: unknown "FAX"')
    assert sorted(daybook.sql("SELECT id, source, channel, messages FROM event")) == \
        sorted((e["id"], "twilio", e["channel"], e["messages"]) for e in events[:5])
    check_ledger(daybook)


def test_a_cloudevent_is_an_event_in_all_its_modes(daybook, post):
    e = event("ce", source="/sms/eu", channel="CALL", messages=2)
    structured = cloudevent(e, datacontenttype="application/json", subject="x", dataschema="http://x/y", myextension=5)
    assert post.counts(json.dumps(structured), 1, headers=CLOUDEVENT) == []
    post.counts(json.dumps([structured]), 0, 1, headers=CLOUDEVENTS)
    post.counts(e, 0, 1)
    post.counts(json.dumps(structured["data"]), 0, 1, headers={
        "ce-specversion": "1.0", "ce-id": "ce", "ce-source": "/sms/eu", "ce-type": "daybook.event",
        "ce-time": e["occurredAt"], "ce-myextension": "5"})
    assert row(daybook, "ce", "source, channel, messages") == ("/sms/eu", "CALL", 2)


def test_a_cloudevent_can_void_and_fail(daybook, post):
    failed = event("f", source="s", status="failed", to="+15550100", reason="bad number")
    void = {"id": "v", "source": "s", "voids": "f", "reason": "was none"}
    post.counts(json.dumps([cloudevent(failed), cloudevent(void)]), 2, headers=CLOUDEVENTS)
    assert sorted(r[0] for r in daybook.sql("SELECT status FROM event")) == ["failed", "void"]


BAD_CLOUDEVENTS = {
    "specversion missing": ({"specversion": ABSENT}, "specversion"),
    "specversion 0.3": ({"specversion": "0.3"}, "specversion"),
    "type missing": ({"type": ABSENT}, "type"),
    "another type": ({"type": "com.example.sent"}, "type"),
    "id missing": ({"id": ABSENT}, "id"),
    "source missing": ({"source": ABSENT}, "source"),
    "source empty": ({"source": ""}, "source"),
    "source reserved": ({"source": "daybook:x"}, "source"),
    "time missing": ({"time": ABSENT}, "time"),
    "time no instant": ({"time": "yesterday"}, "time"),
    "data missing": ({"data": ABSENT}, "data"),
    "data no object": ({"data": [1]}, "data"),
    "occurredAt in data": ({"data": {"occurredAt": "2026-01-01T00:00:00Z"}}, "data.occurredAt"),
    "an unknown field in data": ({"data": {"chanel": "SMS"}}, "data.chanel"),
    "a bad field in data": ({"data": {"messages": 0}}, "data.messages"),
}


@pytest.mark.parametrize("case", BAD_CLOUDEVENTS)
def test_a_bad_cloudevent_is_rejected_by_the_name_of_its_attribute(shared, case):
    attributes, error = BAD_CLOUDEVENTS[case]
    good = cloudevent(event("good ce " + case))
    bad = cloudevent(event("bad ce " + case), **attributes)
    results = shared.counts(json.dumps([bad, good]), 1, 0, 0, 1, headers=CLOUDEVENTS)
    assert results[0]["index"] == 0 and results[0]["error"].startswith(error + ":"), results
    assert "good ce " + case in ids(shared.daybook) and "bad ce " + case not in ids(shared.daybook)


BINARY = {"ce-specversion": "1.0", "ce-id": "b", "ce-source": "s", "ce-type": "daybook.event"}


@pytest.mark.parametrize("header, value, error", [
    ("ce-specversion", "0.3", "specversion"), ("ce-id", None, "id"), ("ce-id", "", "id"), ("ce-id", "x" * 201, "id"),
    ("ce-id", b"\xff\xfe", "id"), ("ce-source", None, "source"), ("ce-source", "x" * 129, "source"),
    ("ce-source", b"a\xc3", "source"), ("ce-source", "daybook:x", "source"), ("ce-type", None, "type"),
    ("ce-type", "other", "type"), ("ce-time", None, "time"), ("ce-time", "now", "time"),
    ("ce-time", "", "time")], ids=lambda v: show(v))
def test_a_bad_header_of_a_binary_cloudevent_is_rejected_by_name(shared, header, value, error):
    good = {**BINARY, "ce-id": f"binary {header} {show(value)}", "ce-time": event("")["occurredAt"]}
    shared.counts({"messages": 1}, 1, headers=good)
    bad = {**BINARY, "ce-time": event("")["occurredAt"], "ce-id": "bad binary", header: value}
    reply = shared({"messages": 1}, headers={k: v for k, v in bad.items() if v is not None})
    assert reply.status == 400 and reply.json["results"][0]["error"].startswith(error + ":"), reply
    assert "bad binary" not in ids(shared.daybook)


def test_a_header_of_a_binary_cloudevent_is_percent_decoded_as_its_http_binding_asks(daybook, post):
    e = event("caf\u00e9 50%", source="a b")
    post.counts(e, 1)
    post.counts({}, 0, 1, headers={**BINARY, "ce-id": "caf%C3%A9%2050%25", "ce-source": "a%20b", "ce-time": e["occurredAt"]})


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


# ---- Duplicates and conflicts

def test_a_repeated_event_is_a_duplicate_inside_one_request_and_across_requests(daybook, post):
    post.counts([event("a"), event("a"), event("b"), event("a")], 2, 2)
    post.counts([event("a"), event("b")], 0, 2)
    Poster(daybook).counts([event("b"), event("c")], 1, 1)
    assert totals(daybook)[0] == 3
    check_ledger(daybook)


def test_the_same_id_of_another_source_is_another_event(daybook, post):
    post.counts([event("a"), event("a", source="x"), event("a", source="X"), event("a", source="y")], 4)
    post.counts([event("a", source=""), event("a", source="x")], 0, 2)
    assert totals(daybook)[0] == 4


def test_the_same_id_of_another_organisation_is_another_event(daybook, post):
    daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    post.counts(event("a"), 1)
    post.counts(event("a", messages=2), 1, token=daybook.token("globex"))
    assert totals(daybook)[0] == 1 and totals(daybook, "globex")[0] == 2


SENT = {"source": "s", "messages": 2, "parts": 3, "cost": "0.5", "campaignId": "spring", "segmentNumber": 2}
FAILED = {"source": "s", "status": "failed", "to": "+15550100", "reason": "bad number"}
CHANGES = [
    ("occurredAt, a millisecond later", SENT, {"occurredAt": +1}), ("channel", SENT, {"channel": "CALL"}),
    ("messages", SENT, {"messages": 3}), ("parts", SENT, {"parts": 2}),
    ("parts left out", SENT, {"parts": ABSENT}), ("cost", SENT, {"cost": "0.500001"}), ("cost left out", SENT, {"cost": ABSENT}),
    ("cost given", {}, {"cost": "0.0079"}), ("campaignId", SENT, {"campaignId": "summer"}),
    ("campaignId left out", {"campaignId": "spring"}, {"campaignId": ABSENT}),
    ("campaignId given", {}, {"campaignId": "spring"}),
    ("segmentNumber", SENT, {"segmentNumber": 1}), ("segmentNumber left out", SENT, {"segmentNumber": ABSENT}),
    ("status", {"source": "s"}, FAILED), ("status of a failed one", FAILED, {"status": "sent", "to": ABSENT, "reason": ABSENT}),
    ("to", FAILED, {"to": "+15550101"}), ("reason", FAILED, {"reason": "opted out"}),
    ("to and reason changed about", FAILED, {"to": "bad number", "reason": "+15550100"}),
    ("occurredAt of a failed one", FAILED, {"occurredAt": +1}), ("a void in its place", {}, None)]


@pytest.mark.parametrize("case, base, change", CHANGES, ids=[c[0] for c in CHANGES])
def test_the_same_id_with_one_field_changed_is_a_conflict_and_the_first_one_stands(shared, case, base, change):
    first = event("conflict " + case, **base)
    shared.counts(first, 1)
    before = shared.daybook.sql("SELECT * FROM event"), totals(shared.daybook)
    if change is None:
        other = {"id": first["id"], "voids": first["id"], "reason": "r"}
        other.update({"source": first["source"]} if "source" in first else {})
    else:
        other = {k: v for k, v in {**first, **change}.items() if v is not ABSENT}
        if change.get("occurredAt") == +1:
            other["occurredAt"] = iso(instant(first["occurredAt"]) + 1)
    assert shared(other).status == 409
    results = shared.counts([other, first], 0, 1, 1)
    assert [(r["index"], r["status"]) for r in results] == [(0, "conflict"), (1, "duplicate")]
    assert (shared.daybook.sql("SELECT * FROM event"), totals(shared.daybook)) == before
    check_ledger(shared.daybook)


def test_equal_after_defaults_is_a_duplicate(post):
    at = AN_HOUR_AGO
    first = event("a")
    post.counts(first, 1)
    for same in ({"source": ""}, {"channel": "SMS"}, {"messages": 1}, {"parts": 1}, {"messages": 1.0}, {"parts": 1e0},
                 {"status": "sent"}, {"occurredAt": iso(at).replace("Z", "+00:00")},
                 {"occurredAt": iso(at + 330 * MINUTE).replace("Z", "+05:30")},
                 {"occurredAt": iso(at)[:19] + "z"}, {"occurredAt": iso(at)[:23] + "999999Z"}):
        assert post.counts({**first, **same}, 0, 1)[0]["status"] == "duplicate", same
    post.counts(dict(reversed(first.items())), 0, 1)
    with_cost = event("b", cost="0.50")
    post.counts(with_cost, 1)
    for cost in (0.5, "0.5", "00.500000", 0.50000001):
        post.counts({**with_cost, "cost": cost}, 0, 1)


def test_a_retry_with_a_new_timestamp_is_a_conflict_and_counts_once(daybook, post):
    post.counts(event("a", occurredAt=iso(now() - HOUR)), 1)
    assert post(event("a", occurredAt=iso(now()))).status == 409
    assert totals(daybook)[0] == 1
    check_ledger(daybook)


def test_the_pinned_cost_is_not_compared(daybook, post):
    e = event("a", parts=2)
    post.counts(e, 1)
    daybook.cmd("price", "set", "SMS", "0.02", "--from", "2012-01-01", "--reprice")
    post.counts(e, 0, 1)
    assert row(daybook, "a", "cost_micros") == (15800,)


def test_the_resolved_segment_is_not_compared(daybook, post):
    e = event("a", campaignId="later")
    assert post.counts(e, 1)[0]["warning"] == "campaignId: unknown"
    campaign(daybook, "later", {"at": now() + DAY, "contacts": 5})
    results = post.counts(e, 0, 1)
    assert results[0]["status"] == "duplicate"
    assert segment(daybook, "later") == (0, 0, 0, "scheduled")


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


# ---- Voids

def void(id, voids, **fields):
    return {"id": id, "voids": voids, "reason": "sent in error", **fields}


def test_a_void_takes_an_event_back_with_its_cost(daybook, post):
    post.counts([event("a", messages=2, parts=5), event("b", cost="0.25"), event("c")], 3)
    post.counts([void("v1", "a"), void("v2", "b")], 2)
    assert totals(daybook) == (1, 1, 7900)
    at = AN_HOUR_AGO
    assert row(daybook, "v1", "occurred_at, channel, messages, parts, cost_micros, status, voids_id") == \
        (at, "SMS", -2, -5, -39500, "void", "a")
    assert row(daybook, "v2", "messages, parts, cost_micros, cost_given") == (-1, -1, -250000, 1)
    assert [(a["id"], a["voids"], a["reason"]) for a in audit(daybook, "event.void")] == \
        [("v1", "a", "sent in error"), ("v2", "b", "sent in error")]
    check_ledger(daybook)


def test_a_void_may_stand_behind_its_event_in_the_same_request_and_not_before_it(daybook, post):
    results = post.counts([void("early", "a"), event("a"), void("v", "a")], 2, 0, 0, 1)
    assert results == [{"index": 0, "id": "early", "status": "rejected",
                        "error": "voids: there is no such event of this source"}]
    assert totals(daybook) == (0, 0, 0)
    check_ledger(daybook)


def test_a_void_of_nothing_of_a_void_of_another_source_or_a_second_one_is_rejected(daybook, post):
    post.counts([event("a"), event("b"), void("v", "a"), event("x", source="other")], 4)
    post.refused(void("w", "nothing"), "voids: there is no such event")
    post.refused(void("w", "v"), "voids: that is a void")
    post.refused(void("w", "a"), "voids: voided already")
    post.refused(void("w", "b", source="other"), "voids: there is no such event")
    post.refused(void("w", "x"), "voids: there is no such event")
    post.refused(void("w", "w"), "voids: there is no such event")
    assert "w" not in ids(daybook) and totals(daybook)[0] == 2
    post.counts([void("w", "b"), void("w", "x", source="other")], 2)
    assert totals(daybook) == (0, 0, 0)


def test_a_void_of_another_organisations_event_is_rejected(daybook, post):
    daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    post.counts(event("a"), 1)
    post.refused(void("v", "a"), "voids: there is no such event", token=daybook.token("globex"))
    post.counts(void("v", "a"), 1)


def test_a_repeated_void_is_a_duplicate_and_one_with_another_reason_or_target_a_conflict(daybook, post):
    post.counts([event("a"), event("b"), void("v", "a")], 3)
    post.counts(void("v", "a"), 0, 1)
    post.counts(void("v", "a", reason="another"), 0, 0, 1)
    post.counts(void("v", "b"), 0, 0, 1)
    post.counts(event("v"), 0, 0, 1)
    post.counts(void("b", "a"), 0, 0, 1)
    assert totals(daybook)[0] == 1 and len(audit(daybook, "event.void")) == 1


def test_a_voided_id_stays_taken(daybook, post):
    post.counts([event("a"), void("v", "a")], 2)
    post.counts(event("a"), 0, 1)
    post.counts(event("a", messages=2), 0, 0, 1)
    post.refused(void("v2", "a"), "voids: voided already")
    assert totals(daybook) == (0, 0, 0)


@pytest.mark.parametrize("fields, error", [
    ({"reason": ABSENT}, "reason: required"), ({"reason": ""}, "reason:"), ({"id": ABSENT}, "id:"),
    ({"occurredAt": "2026-01-01T00:00:00Z"}, "occurredAt:"), ({"channel": "SMS"}, "channel:"), ({"messages": 1}, "messages:"),
    ({"parts": 1}, "parts:"), ({"status": "sent"}, "status:"), ({"cost": 0}, "cost:"), ({"campaignId": "c"}, "campaignId:"),
    ({"segmentNumber": 1}, "segmentNumber:"), ({"to": "+15550100"}, "to:"), ({"voids": 5}, "voids:"),
    ({"voids": "x" * 201}, "voids:"), ({"voids": ""}, "voids:")])
def test_a_void_has_id_voids_reason_and_nothing_of_its_own(shared, fields, error):
    name = f"target {fields}"[:100]
    shared.counts(event(name), 1)
    good = void("void of " + name, name)
    shared.refused({k: v for k, v in {**good, **fields}.items() if v is not ABSENT}, error)
    shared.counts(good, 1)


def test_a_void_of_a_failed_event_counts_nothing_and_takes_the_number_away(daybook, post):
    post.counts([event("f", **FAILED), event("g", **{**FAILED, "to": "+15550199"})], 2)
    post.counts(void("v", "f", source="s"), 1)
    assert totals(daybook) == (0, 0, 0)
    assert row(daybook, "v", "messages, parts, cost_micros") == (0, 0, 0)
    assert daybook.sql("SELECT phone FROM failure") == [("+15550199",)]
    post.refused(void("w", "f", source="s"), "voids: voided already")
    check_ledger(daybook)


def test_a_void_of_an_event_older_than_35_days_needs_backfill(daybook, post):
    narrow = daybook.token(scope="usage:write")
    post.counts(event("a", occurredAt="2020-01-01T12:00:00Z"), 1)
    post.refused(void("v", "a"), "voids: more than 35 days", token=narrow)
    post.counts(void("v", "a"), 1)
    post.counts(void("v", "a"), 0, 1, token=narrow)
    assert totals(daybook) == (0, 0, 0)
    check_ledger(daybook)


def test_a_void_takes_back_what_the_event_costs_after_a_new_price(daybook, post):
    post.counts([event("a", parts=3), event("b", parts=2), event("given", cost="1"), event("call", channel="CALL")], 4)
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 30000 + 20000 + 1000000 + 13000
    post.counts([void("v", "a"), event("new", parts=1)], 2)
    assert row(daybook, "v", "cost_micros") == (-30000,)
    daybook.cmd("price", "set", "SMS", "0.002", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 4000 + 2000 + 1000000 + 13000
    post.counts([void("w", "b"), void("x", "given"), void("y", "call"), void("z", "new")], 4)
    assert stored(daybook, "usage_quarter", "quarter", "acme") == {}
    check_ledger(daybook)


def test_a_void_takes_back_an_adjustment_of_its_event_before_and_after_a_new_price(daybook, post):
    """The adjustments are those that `daybook import` writes from a carrier's statement."""
    at = AN_HOUR_AGO
    post.counts([event("a", source="t"), event("b", source="t"), event("ab", source="t")], 3)

    def adjust(id, number, micros):
        daybook.sql("INSERT INTO event (org, source, id, occurred_at, channel, messages, parts, status, cost_micros, "
                    "cost_given, credential, received_at) VALUES (1, 'daybook:adjust:t', ?, ?, 'SMS', 0, 0, 'adjust', ?, 1, "
                    "'cli', 0)", f"{id}\x1f{number}", at, micros)
        for table, slot in (("usage_quarter", at // QUARTER), ("usage_day", Days(daybook).at(at))):
            daybook.sql(f"UPDATE {table} SET cost_micros = cost_micros + ? WHERE {table[6:]} = ? AND channel = 'SMS'",
                        micros, slot)

    adjust("a", 1, 100)
    adjust("a", 2, -30)
    check_ledger(daybook)
    post.counts(void("v", "a", source="t"), 1)
    assert row(daybook, "v", "cost_micros") == (-7970,)
    adjust("b", 1, 100)
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 7900 + 100 + 10000, "what a statement fixed is no longer a matter of the price"
    post.counts(void("w", "b", source="t"), 1)
    assert totals(daybook) == (1, 1, 10000)
    post.counts(void("x", "ab", source="t"), 1)
    assert totals(daybook) == (0, 0, 0)
    check_ledger(daybook)


def test_a_statement_fixes_the_cost_whatever_the_price_was_before_or_is_later(daybook, post):
    at = now() - HOUR
    sid, price = "SM" + "0" * 30 + "%02d", "From,To,Body,Status,SentDate,NumSegments,Price,PriceUnit,Sid,Direction\n"
    post.counts([event(sid % i, source="twilio", occurredAt=iso(at)) for i in range(3)], 3)
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 3 * 10000
    (daybook.folder / "s.csv").write_text(price + f"+1,+2,x,delivered,{iso(at)[:19]}Z,1,-0.00500,USD,{sid % 0},outbound-api\n")
    daybook.cmd("import", str(daybook.folder / "s.csv"), "--format", "twilio", "--org", "acme")
    assert totals(daybook)[2] == 5000 + 2 * 10000
    daybook.cmd("import", str(daybook.folder / "s.csv"), "--format", "twilio", "--org", "acme")
    assert totals(daybook)[2] == 5000 + 2 * 10000, "the same statement again changes nothing"
    daybook.cmd("price", "set", "SMS", "0.002", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 5000 + 2 * 2000
    post.counts(void("v0", sid % 0, source="twilio"), 1)
    assert totals(daybook)[2] == 2 * 2000
    post.counts(void("v1", sid % 1, source="twilio"), 1)
    daybook.cmd("price", "set", "SMS", "0.02", "--from", "2012-01-01", "--reprice")
    assert totals(daybook)[2] == 20000
    check_ledger(daybook)
    assert "0 differences" in daybook.cmd("verify").stdout


def test_a_void_of_a_failed_event_takes_back_no_money_after_a_new_price(daybook, post):
    post.counts([event("a"), event("f", **FAILED)], 2)
    daybook.cmd("price", "set", "SMS", "0.01", "--from", "2012-01-01", "--reprice")
    post.counts(void("v", "f", source="s"), 1)
    assert row(daybook, "v", "cost_micros") == (0,) and totals(daybook) == (1, 1, 10000)
    check_ledger(daybook)


# ---- Campaigns and their segments

@pytest.fixture
def days(daybook):
    return Days(daybook)


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


def test_another_organisations_campaign_is_unknown(daybook, post):
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
    assert send("the only open one is the next", -5) == [1, 2, 1, 1]
    daybook.sql("UPDATE segment SET status = 'failed' WHERE number = 4")
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


def calendar(daybook, day):
    reply = daybook.cgi("usage-calendar", "GET", "/api/campaigns/usage-calendar", {"from": date(day), "to": date(day)},
                        token=daybook.token())
    return reply.json["data"]["dates"][date(day)]


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


# ---- Bodies that are refused whole

SMALL = '{"id":"%s","occurredAt":"' + iso(now() - HOUR) + '"}'
BROKEN = {
    "empty": (b"", None), "blank": (b"  \n", None), "a number": (b"5", None), "a text": (b'"x"', None), "null": (b"null", None),
    "cut off": (("[" + SMALL % "a" + "," + SMALL % "b")[:-1].encode(), None),
    "an array that does not end": (("[" + SMALL % "a").encode(), None),
    "something behind the end": (("[" + SMALL % "a" + "]x").encode(), None),
    "two values": ((SMALL % "a" + SMALL % "b").encode(), None),
    "a comma too many": (("[" + SMALL % "a" + ",]").encode(), None),
    "a key twice": (b'[' + (SMALL % "a").encode() + b',{"id":"b","id":"c"}]', None),
    "a key twice, once escaped": (b'[' + (SMALL % "a").encode() + b',{"id":"b","\\u0069d":"c"}]', None),
    "\\u0000": (b'[' + (SMALL % "a").encode() + b',{"id":"b\\u0000"}]', None),
    "a raw NUL": (b'[' + (SMALL % "a").encode() + b',{"id":"b\x00"}]', None),
    "not UTF-8": (b'[' + (SMALL % "a").encode() + b',{"id":"b\xff"}]', None),
    "half a surrogate": (b'[' + (SMALL % "a").encode() + b',{"id":"b\\ud800"}]', None),
    "NaN": (b'[' + (SMALL % "a").encode() + b',{"id":"b","cost":NaN}]', None),
    "a huge number": (b'[' + (SMALL % "a").encode() + b',{"id":"b","cost":1e999}]', None),
    "too deep": (b'[' + (SMALL % "a").encode() + b',{"id":' + b"[" * 9 + b"]" * 9 + b'}]', None),
    "a byte order mark": (b"\xef\xbb\xbf" + (SMALL % "a").encode(), None),
    "events no array": (('{"events":' + SMALL % "a" + "}").encode(), None),
    "events with something beside it": (('{"events":[' + SMALL % "a" + '],"id":"x"}').encode(), None),
    "events with something before it": (('{"id":"x","events":[' + SMALL % "a" + "]}").encode(), None),
    "no events": (b"[]", None), "no events in events": (b'{"events":[]}', None),
    "NDJSON with a broken line": ((SMALL % "a" + "\n" + SMALL % "b" + "}\n" + SMALL % "c").encode(), NDJSON),
    "NDJSON with an array over two lines": (("[" + SMALL % "a" + ",\n" + SMALL % "b" + "]").encode(), NDJSON),
    "NDJSON without a line": (b"\n \r\n\n", NDJSON),
    "a batch that is no array": (b'{"id":"x"}', CLOUDEVENTS),
    "a batch that is cut off": (b'[{"id":"x"}', CLOUDEVENTS),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_body_that_is_not_valid_to_its_end_writes_nothing(shared, case):
    body, headers = BROKEN[case]
    before = shared.daybook.sql("SELECT count(*) FROM event"), shared.daybook.sql("SELECT revision FROM organization")
    reply = shared(body, headers=headers)
    assert reply.status == 400 and reply.json["success"] is False and reply.json["error"], reply
    assert "accepted" not in reply.json
    assert (shared.daybook.sql("SELECT count(*) FROM event"), shared.daybook.sql("SELECT revision FROM organization")) == before
    shared.counts(event("after broken " + case), 1)


def test_a_broken_line_of_ndjson_is_named(shared):
    reply = shared(SMALL % "a" + "\n\n{]\n", headers=NDJSON)
    assert reply.json["error"].startswith("line 3: not JSON at byte 1:")


def test_a_body_shorter_than_its_length_says_writes_nothing(shared):
    body = SMALL % "short"
    assert shared(body, CONTENT_LENGTH=str(len(body) + 1)).status == 400
    assert "short" not in ids(shared.daybook)
    assert shared(body, CONTENT_LENGTH=str(len(body))).status == 200


def memory_peak(process):
    with open(f"/proc/{process.process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) // 1024


def check_memory(process, limit=48):
    """The most that the process ever held, in MiB; a sanitizer's own memory is not ours to judge."""
    peak = memory_peak(process)
    assert IS_SANITIZED or peak < limit, f"{peak} MiB"


@pytest.mark.parametrize("form", ["an array", "NDJSON", "a batch of CloudEvents"])
def test_ten_thousand_events_are_one_transaction_and_one_more_is_refused_whole(daybook, post, form):
    write, headers = FORMS[form]
    events = [event(f"e{i}", source="twilio", parts=1 + i % 3) for i in range(10001)]
    reply = post(write(events), headers=headers)
    assert reply.status == 413 and reply.json["error"].startswith("body:"), reply
    assert ids(daybook) == set()
    before = daybook.sql("SELECT revision FROM organization")[0][0]
    post.counts(write(events[:10000]), 10000, headers=headers)
    assert daybook.sql("SELECT revision FROM organization")[0][0] == before + 1
    assert len({r[0] for r in daybook.sql("SELECT DISTINCT received_at FROM event")}) == 1
    assert totals(daybook) == (10000, sum(1 + i % 3 for i in range(10000)), 7900 * sum(1 + i % 3 for i in range(10000)))
    check_ledger(daybook)
    check_memory(post.process)


def test_ten_thousand_duplicates_and_ten_thousand_rejected_ones_are_each_named(daybook, post):
    events = [event(f"e{i}") for i in range(10000)]
    post.counts(events, 10000)
    results = post.counts(events, 0, 10000)
    assert [r["index"] for r in results] == list(range(10000))
    results = post.counts([{**e, "channel": "F" * 60} for e in events], 0, 0, 0, 10000)
    assert [r["index"] for r in results] == list(range(10000))
    check_memory(post.process)


def big_events(count, size):
    """That many failed events, with names and reasons as long as they may be, in a body of exactly that size."""
    at = iso(now() - HOUR)
    body = "[" + ",".join('{"id":"%s","source":"%s","status":"failed","to":"%s","reason":"%s","occurredAt":"%s"}' % (
        f"{i:0200d}", "s" * 128, f"{i:064d}", "\\\\" * 250 + "r" * 250, at) for i in range(count))
    return (body + " " * (size - len(body) - 1) + "]").encode()


def test_a_body_of_16_mib_is_taken_and_a_byte_more_is_not(daybook, post):
    body = big_events(10000, 16 * 1024 * 1024)
    reply = post(body + b" ")
    assert reply.status == 413 and reply.json["error"].startswith("body:")
    assert ids(daybook) == set()
    post.counts(body, 10000)
    check_memory(post.process)
    post.counts(body, 0, 10000)
    post.counts(event("small"), 1)
    assert daybook.sql("SELECT count(*), sum(length(reason)) FROM failure") == [(10000, 5000000)]
    check_memory(post.process, 56)  # with ten thousand long ids in the reply


# ---- Bad fields

LONG = "x" * 5000
BAD_FIELDS = {
    "id": [ABSENT, None, "", 5, True, [], {}, "x" * 201, "é" * 101, LONG, "a\x1fb", "a\nb", "a\x7f"],
    "source": [5, True, [], "x" * 129, "daybook:", "daybook:results", "a\tb", LONG],
    "occurredAt": [ABSENT, None, "", 5, 1779289200000, "yesterday", "2026-05-20", "2026-05-20T15:00:00", "2026-02-30T15:00:00Z",
                   "2026-05-20T24:00:00Z", "2026-05-20T15:00:60Z", "2026-05-20 15:00:00Z", "2026-05-20T15:00:00.Z",
                   "2026-05-20T15:00:00.0123456789Z", "2026-05-20T15:00:00+2500", " 2026-05-20T15:00:00Z", LONG],
    "channel": ["", "sms", "FAX", "SMS ", 5, [], "x" * 65, LONG],
    "messages": [0, -1, 1.5, "1", True, [], 10**9 + 1, 2**53 - 1],
    "parts": [0, -1, 1.5, "2", True, [], 10**9 + 1],
    "status": ["", "SENT", "void", "adjust", "delivered", 5, [], LONG],
    "cost": [-1, -0.000001, "-0.5", "", "abc", "1e3", "1,5", " 1", "5.", True, [], {}, 1000000.01, "1000000.000001", "9" * 40],
    "campaignId": ["", 5, [], "x" * 65, LONG],
    "segmentNumber": [0, -1, 1.5, "1", True, 10**9 + 1],
    "voids": ["", 5, [], "x" * 201],
    "colour": ["red"], "Id": ["x"], "events": [5], "occurred_at": ["x"],
}
NEEDS = {"segmentNumber": {"campaignId": "c"}, "voids": {"occurredAt": ABSENT, "reason": "r"}}
BAD_ROWS = [(field, value) for field, values in BAD_FIELDS.items() for value in values] + \
    [(field, value) for field in ("to", "reason") for value in (ABSENT, None, "", 5, [], "x" * (65 if field == "to" else 501))]


def show(value):
    text = "absent" if value is ABSENT else repr(value).encode("ascii", "backslashreplace").decode()
    return text if len(text) <= 40 else f"{text[:20]} of {len(text)}"


@pytest.mark.parametrize("field, value", BAD_ROWS, ids=[f"{f} {show(v)}" for f, v in BAD_ROWS])
def test_a_bad_field_is_rejected_by_name_and_nothing_else_is(shared, field, value):
    name = f"{field} {show(value)}"
    base = {**(FAILED if field in ("to", "reason") else {}), **NEEDS.get(field, {})}
    bad = {k: v for k, v in event("bad " + name, **{**base, field: value}).items() if v is not ABSENT}
    before, good = ids(shared.daybook), [event(f"good {i} {name}") for i in (0, 2)]
    reply = shared([good[0], bad, good[1]])
    assert reply.status == 200
    assert [reply.json[k] for k in ("accepted", "rejected")] == [2, 1], reply
    result, = reply.json["results"]
    assert result["index"] == 1 and result["status"] == "rejected"
    assert result["error"].startswith(field + ":") and "\n" not in result["error"], result
    if field != "id":
        assert result["id"] == bad["id"]
    assert ids(shared.daybook) == before | {g["id"] for g in good}


def test_segment_number_needs_a_campaign(shared):
    shared.refused(event("lonely", segmentNumber=1), "segmentNumber:")
    shared.counts(event("lonely", segmentNumber=1, campaignId="c"), 1)


def test_parts_fewer_than_messages_are_rejected(shared):
    shared.refused(event("few", messages=3, parts=2), "parts:")
    shared.counts(event("few", messages=3, parts=3), 1)


@pytest.mark.parametrize("item", [5, "x", None, True, [], [[]], 1.5])
def test_an_item_that_is_no_object_is_rejected_alone(shared, item):
    good = event(f"beside {item!r}")
    results = shared.counts([item, good], 1, 0, 0, 1)
    assert results == [{"index": 0, "status": "rejected", "error": "event: not a JSON object"}]


@pytest.mark.parametrize("fields", [
    {"id": "x" * 200}, {"id": "é" * 100}, {"id": " "}, {"id": "日本語 \U0001f600"}, {"source": "x" * 128},
    {"source": "Daybook:x"}, {"source": "daybook"}, {"messages": 5.0}, {"messages": 10**9}, {"messages": 1, "parts": 10**9},
    {"cost": 1000000}, {"cost": "1000000"}, {"cost": "0"}, {"cost": 0}, {"cost": ".5"}, {"campaignId": "x" * 64},
    {"campaignId": "c", "segmentNumber": 10**9}, {"channel": "SAGE"}, {**FAILED, "to": "x" * 64, "reason": "y" * 500},
    {"occurredAt": iso(now() - HOUR)[:19] + ".123456789+00:00"}], ids=lambda fields: ",".join(fields))
def test_the_most_that_a_field_may_be_is_accepted(shared, fields):
    body = event(fields.get("id") or f"most {fields}"[:200], **{k: v for k, v in fields.items() if k != "id"})
    shared.counts(body, 1)
    shared.counts(body, 0, 1)
    check_ledger(shared.daybook)


def test_every_channel_counts_as_itself(daybook, post):
    names = ["SMS", "CALL", "EMAIL", "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK", "WHATSAPP", "SAGE"]
    post.counts([event(name, channel=name, messages=i + 1) for i, name in enumerate(names)], 9)
    day = Days(daybook).at(instant(event("")["occurredAt"]))
    cost = {"SMS": 7900, "CALL": 26000}
    assert stored(daybook, "usage_day", "day", "acme") == {
        (day, name): (i + 1, i + 1, cost.get(name, 0)) for i, name in enumerate(names)}


# ---- Costs

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


def test_a_price_holds_from_its_local_day_on_and_an_organisations_own_wins(daybook, post):
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
