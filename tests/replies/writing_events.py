"""Posts events in all forms and of all kinds, and enforced ones."""
import json

from series import DAY_S, HOUR_S, event
from world import START, iso


def add_event_forms(s):
    one = event("one")
    for name in ("an event", "again"):
        s.events(name, one)
    s.events("another body", {**one, "parts": 2})
    s.events("the same in another source", {**one, "source": "crm"})
    s.events("an array", [event(f"a{i}") for i in range(3)])
    s.events("under events", {"events": [event("b0"), event("b1", channel="EMAIL", messages=10)]})
    s.events("something beside events", {"events": [event("b2")], "more": 1})
    s.events("events that are no array", {"events": 7})
    s.events("an empty array", [])
    s.events("everything at once", [event("m1"), event("m1"), event("m1", parts=2), {"id": "m2"},
                                    event("m3", campaignId="nobody"), 7,
                                    {"id": 7}, event("m4", ago_s=-HOUR_S), event("m5", ago_s=-60),
                                    event("m6", ago_s=200 * DAY_S),
                                    event("m7", channel="PIGEON"), event("m8", colour="blue"), event("m9", segmentNumber=1)])
    s.events("only conflicts", {**one, "parts": 9})
    s.events("a conflict and a rejected one", [{**one, "parts": 9}, {}])
    s.events("too many", [{}] * 10001)
    s.events("a thousand", [event(f"k{i}", ago_s=i, channel="PUSH") for i in range(1000)])
    lines = "\n".join(json.dumps(event(f"n{i}")) for i in range(3))
    ndjson = {"Content-Type": "application/x-ndjson"}
    for name, body in (("lines", lines), ("lines again, with blank ones", "\r\n\n" + lines + "\n \n"),
                       ("a line that is none", lines + "\n{"),
                       ("no lines", "\n\n"), ("lines of arrays", "[1]\n[2]")):
        s.events(name, body, headers=ndjson)


def add_cloudevents(s):
    data = {"channel": "WHATSAPP", "messages": 2}
    cloud = {"specversion": "1.0", "id": "ce1", "source": "//crm", "type": "daybook.event", "time": iso(START - HOUR_S),
             "data": data}
    kind = {"Content-Type": "application/cloudevents+json"}
    for name, change in (("as it is", {}), ("again", {}), ("another version", {"specversion": "0.3"}),
                         ("another type", {"type": "x"}),
                         ("no source", {"source": None}), ("no data", {"data": None}), ("data of another kind", {"data": []}),
                         ("no time", {"time": None, "id": "ce2"}), ("an extension", {"id": "ce3", "traceparent": "00-x"}),
                         ("an unknown field in data", {"id": "ce4", "data": {"colour": 1}}),
                         ("a void", {"id": "ce5", "time": None, "data": {"voids": "ce1", "reason": "twice"}})):
        body = {k: v for k, v in {**cloud, **change}.items() if v is not None}
        s.events(f"a cloud event, {name}", body, headers=kind)
    batch = {"Content-Type": "application/cloudevents-batch+json"}
    s.events("a batch of cloud events", [{**cloud, "id": f"ceb{i}"} for i in range(2)], headers=batch)
    s.events("a batch that is none", cloud, headers=batch)
    headers = {"Ce-Specversion": "1.0", "Ce-Id": "bin1", "Ce-Source": "crm", "Ce-Type": "daybook.event",
               "Ce-Time": iso(START - HOUR_S)}
    s.events("a binary cloud event", data, headers=headers)
    for name, value in (("Ce-Specversion", "2.0"), ("Ce-Id", ""), ("Ce-Source", ""), ("Ce-Type", "x"), ("Ce-Time", "x"),
                        ("Ce-Id", "a%ffb"),
                        ("Ce-Id", "a%20b")):
        s.events(f"a binary cloud event, {name}: {value}", data, headers={**headers, name: value})


def add_event_kinds(s):
    s.events("failed", event("f1", status="failed", to="+14165550199", reason="landline", campaignId="renewals",
                             segmentNumber=1))
    s.events("failed, without to", event("f2", status="failed", reason="x"))
    s.events("failed, two contacts", event("f3", status="failed", to="+1", reason="x", messages=2))
    s.events("sent, with to", event("f4", to="+1"))
    s.events("a void", {"id": "v1", "voids": "one", "reason": "by mistake"})
    for name, body in (("again", {"id": "v1", "voids": "one", "reason": "by mistake"}),
                       ("twice", {"id": "v2", "voids": "one", "reason": "x"}),
                       ("of nothing", {"id": "v3", "voids": "nothing", "reason": "x"}),
                       ("without a reason", {"id": "v4", "voids": "a0"}),
                       ("of a void", {"id": "v5", "voids": "v1", "reason": "x"}),
                       ("with a channel", {"id": "v6", "voids": "a0", "reason": "x", "channel": "SMS"}),
                       ("of a failed one", {"id": "v7", "voids": "f1", "reason": "x"}),
                       ("of another source", {"id": "v8", "voids": "a0", "reason": "x", "source": "crm"})):
        s.events(f"a void {name}", body)
    for name, body in (("of parts", {"id": "t1", "settles": "a0", "parts": 2}), ("again", {"id": "t1", "settles": "a0", "parts": 2}),
                       ("with another body", {"id": "t1", "settles": "a0", "parts": 3}), ("of a cost", {"id": "t2", "settles": "a0", "cost": "0.5"}),
                       ("of nothing", {"id": "t3", "settles": "nothing", "cost": 1}), ("of a voided event", {"id": "t4", "settles": "one", "cost": 1}),
                       ("without figures", {"id": "t5", "settles": "a0"}), ("with a time", {"id": "t6", "settles": "a0", "cost": 1, "occurredAt": iso(START)})):
        s.events(f"a settlement {name}", body)
    s.events("of a campaign", event("c1", campaignId="renewals", segmentNumber=1, messages=3))
    s.events("of a segment that there is not", event("c2", campaignId="renewals", segmentNumber=9))
    s.events("of a campaign without a segment", event("c3", campaignId="renewals"))
    s.events("a cost", [event("p1", cost=0.1234567), event("p2", cost=0.123456), event("p3", cost="1.5"), event("p4", cost=-1),
                        event("p5", channel="CALL", parts=7)])
    s.events("long ago", event("l1", ago_s=400 * DAY_S))
    s.events("long ago, with the scope", [event("l1", ago_s=400 * DAY_S), event("l2", ago_s=6000 * DAY_S)], token="backfill")


def add_enforced(s):
    for org, bodies in {
            "nothing": [event("q1"), event("q2", channel="EMAIL"), event("q3", status="failed", to="+1", reason="x"),
                        event("q4", ago_s=2 * DAY_S)],
            "capped": [event("q1", messages=6), event("q2", messages=2), event("q3", channel="CALL", cost=2),
                       event("q4", channel="EMAIL", messages=50)],
            "small": [[event("q1", messages=2), event("q2")], event("q3", channel="PUSH")], "over": [event("q1", messages=3)],
            "parts": [event("q1", parts=99), event("q2", parts=98)], "globex": [event("q1", messages=5000)]}.items():
        for body in bodies:
            s.events(f"enforced, of {org}", body, token=org, query="enforce=true")
    s.events("not enforced", event("q9"), token="nothing", query="enforce=false")
    s.events("without room among bad ones", [event("q5"), {"id": "bad"}, 7], token="nothing", query="enforce=true")
