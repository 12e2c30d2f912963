"""POST /api/events: the forms of a body, CloudEvents among them, bodies that are refused whole, and the largest ones."""
import json

import pytest

from event_poster import ABSENT, CLOUDEVENT, CLOUDEVENTS, NDJSON, event, ids, post, row, shared, show  # noqa: F401 (post and shared are fixtures)
from model import HOUR, IS_MEASURED, check_ledger, iso, now, totals


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
    "data as base64": ({"data": ABSENT, "data_base64": "e30="}, "data_base64"),
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


def test_a_nul_in_a_header_of_a_binary_cloudevent_is_refused_and_does_not_cut_the_text(shared):
    headers = {**BINARY, "ce-time": event("")["occurredAt"], "ce-id": "a%00b"}
    reply = shared({"messages": 1}, headers=headers)
    assert reply.status == 400 and reply.json["results"][0]["error"] == "id: contains a NUL", reply
    assert "a" not in ids(shared.daybook)
    shared.counts({"messages": 1}, 1, headers={**headers, "ce-id": "a%20b"})


def test_a_header_of_a_binary_cloudevent_is_percent_decoded_as_its_http_binding_asks(daybook, post):
    e = event("caf\u00e9 50%", source="a b")
    post.counts(e, 1)
    post.counts({}, 0, 1, headers={**BINARY, "ce-id": "caf%C3%A9%2050%25", "ce-source": "a%20b", "ce-time": e["occurredAt"]})


# ---- Bodies that are refused whole

SMALL = '{"id":"%s","occurredAt":"' + iso(now() - HOUR) + '"}'
BROKEN = {
    "empty": (b"", None), "blank": (b"  \n", None), "a number": (b"5", None), "a text": (b'"x"', None), "null": (b"null", None),
    "cut off": (("[" + SMALL % "a" + "," + SMALL % "b")[:-1].encode(), None),
    "an array that does not end": (("[" + SMALL % "a").encode(), None),
    "something after the end": (("[" + SMALL % "a" + "]x").encode(), None),
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
    "two byte order marks": (b"\xef\xbb\xbf" * 2 + (SMALL % "a").encode(), None),
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
    """The most that the process ever held, in MiB; that of a sanitizer or of counts of lines is not ours to judge."""
    peak = memory_peak(process)
    assert not IS_MEASURED or peak < limit, f"{peak} MiB"


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
