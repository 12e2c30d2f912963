"""What the schemas and examples of docs/openapi.yaml take, the programs take; what the schemas refuse, the programs refuse."""
import datetime
import hashlib
import json
import re
import time

import pytest

from openapi_cases import CAMPAIGNS, CAMPAIGN_PATH, EVENTS, GOOD, GOOD_STATUS, LIMITS, PLAN, PLANNER, PROFILE, \
    RESULTS, VALIDATE, ZONE, Case, instant, today_of
from openapi_document import ASKED, NULL_OR_TEXT, OPERATIONS, OPTIONAL, OPTIONAL_IN_RESULTS, check_reply, component, \
    errors, resolve
from openapi_world import send, world  # noqa: F401 (world is a fixture)


# ---- The schemas refuse what is not so

def mutants(value, path=()):
    """The value with one key dropped, one key too many, or one value of another type."""
    if isinstance(value, dict):
        if path[-1:] == ("detail",):	# open: each action has its own
            return
        yield path + ("+surprise",), {**value, "surprise": 1}
        for key, item in value.items():
            is_free = key in OPTIONAL or "results" in path and key in OPTIONAL_IN_RESULTS or path[-1:] == ("dates",)
            if not is_free:
                yield path + ("-" + key,), {k: v for k, v in value.items() if k != key}
            for name, changed in mutants(item, path + (key,)):
                yield name, {**value, key: changed}
    elif isinstance(value, list):
        for i, item in enumerate(value[:2]):
            for name, changed in mutants(item, path + (str(i),)):
                yield name, value[:i] + [changed] + value[i + 1:]
        yield path + ("not a list",), {}
    else:
        yield path + ("an array",), [value]
        if isinstance(value, str) or value is None and path[-1] in NULL_OR_TEXT:
            yield path + ("a number",), 5
        else:
            yield path + ("a text",), "five"


def test_the_schemas_refuse_what_is_only_almost_right(world):
    seen = 0
    for operation in ASKED:
        if operation[1] == "/metrics" or operation == ("DELETE", CAMPAIGN_PATH):
            continue
        for case in (Case("good", operation, 200), Case("none", operation, 401, token=None)):
            reply = send(world, case)
            schema = resolve(OPERATIONS[operation]["responses"][str(reply.status)])["content"]["application/json"]["schema"]
            assert errors(schema, reply.json) == []
            for name, mutant in mutants(reply.json):
                seen += 1
                assert errors(schema, mutant) != [], f"{operation}: {'/'.join(name)} is let pass"
    assert seen > 300


# ---- The programs accept the examples

def request_examples():
    for media, content in OPERATIONS["POST", EVENTS]["requestBody"]["content"].items():
        for name, example in content.get("examples", {"example": {"value": content.get("example")}}).items():
            yield media, name, example["value"]


@pytest.mark.parametrize("media, name, value", request_examples())
def test_an_example_of_events_is_accepted(world, media, name, value):
    """Their instants lie in the past of whoever reads them: the scope usage:backfill, and today in their place."""
    text = re.sub(r"2026-05-20T15:00:", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:"),
                  value if isinstance(value, str) else json.dumps(value))
    if media == "application/x-ndjson":
        lines = [json.loads(line) for line in text.splitlines()]
        assert len(lines) > 1 and all(errors(component("Event"), line) == [] for line in lines)
    headers = {"Content-Type": media}
    if name == "binary":
        headers.update({"ce-specversion": "1.0", "ce-type": "daybook.event", "ce-id": "binary-1", "ce-source": "twilio",
                        "ce-time": instant()})
    reply = world.ask("events", "POST", EVENTS, body=text, headers=headers, token=world.tokens["backfill"])
    body = check_reply(("POST", EVENTS), reply)
    assert reply.status == 200 and body["rejected"] == body["conflicts"] == 0, reply


@pytest.mark.parametrize("path", [PROFILE, ZONE, PLAN, LIMITS])
def test_an_example_of_settings_is_accepted(world, path):
    example = OPERATIONS["PUT", path]["requestBody"]["content"]["application/json"]["example"]
    url = path.replace("{organizationId}", "tiny")
    reply = world.ask("settings", "PUT", url, body=example, token=world.tokens["tiny"])
    assert reply.status == 200, reply
    check_reply(("PUT", path), reply)


def campaign_examples():
    for operation in (("POST", VALIDATE), ("POST", PLANNER), ("POST", CAMPAIGNS), ("PUT", CAMPAIGN_PATH), ("POST", RESULTS)):
        content = OPERATIONS[operation]["requestBody"]["content"]["application/json"]
        for name, example in content.get("examples", {"example": {"value": content.get("example")}}).items():
            yield operation, name, example["value"]


@pytest.mark.parametrize("operation, name, value", campaign_examples(), ids=lambda v: v if isinstance(v, str) else "")
def test_an_example_of_campaigns_is_accepted(world, operation, name, value):
    """With days to come in the place of theirs."""
    text = re.sub(r"2026-0[5-7]-(\d\d)", lambda m: today_of(70 + int(m[1])), json.dumps(value))
    make = {"segment": {"segments": [{"scheduledISO": instant(70 * 86400000), "contactCount": 1}] * 2},
            "schedule": {"status": "draft"}}.get(name, {})
    status = GOOD_STATUS.get(operation, 200)
    reply = send(world, Case(name, operation, status, body=json.loads(text), make=make))
    assert reply.status == status, reply
    check_reply(operation, reply)


# ---- The schemas and the programs agree

EVENT_BODIES = [
    ({}, True), ({"source": ""}, True), ({"source": "s" * 128}, True), ({"source": "s" * 129}, False),
    ({"source": "daybook:x"}, False), ({"id": ""}, False), ({"id": "i" * 200}, True), ({"id": "i" * 201}, False),
    ({"id": "a\tb"}, False), ({"id": 7}, False), ({"occurredAt": "yesterday"}, False), ({"occurredAt": 1}, False),
    ({"occurredAt": None}, False), ({"channel": "FAX"}, False), ({"channel": "sms"}, False), ({"channel": "SAGE"}, True),
    ({"messages": 0}, False), ({"messages": 2.5}, False), ({"messages": "2"}, False), ({"messages": 2}, True),
    ({"messages": 1000000001}, False), ({"parts": 3}, True), ({"parts": -1}, False), ({"cost": "0.0158"}, True),
    ({"cost": 0.5}, True), ({"cost": 0}, True), ({"cost": -1}, False), ({"cost": "1e3"}, False), ({"cost": "12."}, False),
    ({"cost": ".5"}, True), ({"cost": "$1"}, False), ({"cost": 1000001}, False), ({"cost": True}, False),
    ({"status": "sent"}, True), ({"status": "delivered"}, False), ({"to": "+1"}, False), ({"reason": "x"}, False),
    ({"status": "failed"}, False), ({"status": "failed", "to": "+1"}, False),
    ({"status": "failed", "to": "+1", "reason": "x"}, True), ({"status": "failed", "to": "", "reason": "x"}, False),
    ({"status": "failed", "to": "+" * 65, "reason": "x"}, False),
    ({"status": "failed", "to": "+1", "reason": "x" * 501}, False),
    ({"status": "failed", "to": "+1", "reason": "x", "messages": 2}, False),
    ({"status": "failed", "to": "+1", "reason": "x", "cost": 1}, False),
    ({"campaignId": "c" * 64}, True), ({"campaignId": "c" * 65}, False), ({"campaignId": "c", "segmentNumber": 1}, True),
    ({"campaignId": "c", "segmentNumber": 0}, False), ({"colour": "blue"}, False),
    ({"voids": "seed-PUSH", "reason": "x"}, False), ({"time": "2026-05-20T15:00:00Z"}, False),
]


@pytest.mark.parametrize("number, change, good", [(i, *b) for i, b in enumerate(EVENT_BODIES)])
def test_the_schema_of_an_event_and_the_program_agree(world, number, change, good):
    event = {"id": f"agree-{number}", "occurredAt": instant(), **change}
    assert (errors(component("Event"), event) == []) == good
    verdict = world.ask("events", "POST", EVENTS, body=[event], token=world.tokens["free"]).json
    assert (verdict["accepted"] == 1) == good, verdict


@pytest.mark.parametrize("change, good", [
    ({}, True), ({"channel": "SMS"}, False), ({"occurredAt": "2026-05-20T15:00:00Z"}, False), ({"reason": None}, False),
    ({"reason": ""}, False), ({"voids": ""}, False), ({"campaignId": "c"}, False)])
def test_the_schema_of_a_void_and_the_program_agree(world, change, good):
    name = "void-" + hashlib.sha256(repr(change).encode()).hexdigest()[:8]
    event, void = {"id": name, "occurredAt": instant()}, {"id": name + "-v", "voids": name, "reason": "test", **change}
    assert (errors(component("Event"), void) == []) == good
    verdict = world.ask("events", "POST", EVENTS, body=[event, void], token=world.tokens["free"]).json
    assert (verdict["accepted"] == 2) == good, verdict


@pytest.mark.parametrize("path, body, good", [
    (LIMITS, {}, True), (LIMITS, {"dailyLimit": 0}, True), (LIMITS, {"dailyLimit": -1}, False),
    (LIMITS, {"dailyLimit": 10**12}, True), (LIMITS, {"dailyLimit": 10**12 + 1}, False), (LIMITS, {"cycleDay": 0}, False),
    (LIMITS, {"cycleDay": 31}, True), (LIMITS, {"cycleDay": 32}, False), (LIMITS, {"quotaUnit": "parts"}, False),
    (LIMITS, {"quotaUnit": "part"}, True), (LIMITS, {"costCap": "1.5"}, True), (LIMITS, {"costCap": -1}, False),
    (LIMITS, {"costCap": None}, True), (LIMITS, {"allowOverage": "yes"}, False), (LIMITS, {"allowOverage": True}, True),
    (PROFILE, {}, True), (PROFILE, {"name": ""}, False), (PROFILE, {"name": "n" * 200}, True), (PROFILE, {"name": "n" * 201}, False),
    (PROFILE, {"weekStart": 0}, False), (PROFILE, {"weekStart": 8}, False), (PROFILE, {"weekStart": "1"}, False),
    (PROFILE, {"plan": "x"}, False),
    (PLAN, {"plan": ""}, True), (PLAN, {"plan": "p" * 64}, True), (PLAN, {"plan": "p" * 65}, False), (PLAN, {}, False),
    (PLAN, {"plan": "x", "name": "y"}, False), (ZONE, {"timezone": "Asia/Tokyo"}, True), (ZONE, {"timezone": ""}, False),
    (ZONE, {}, False), (ZONE, {"timezone": "Asia/Tokyo", "recutHistory": 1}, False)])
def test_the_schema_of_a_setting_and_the_program_agree(world, path, body, good):
    schema = OPERATIONS["PUT", path]["requestBody"]["content"]["application/json"]["schema"]
    assert (errors(schema, body) == []) == good
    url = path.replace("{organizationId}", "none")
    assert (world.ask("settings", "PUT", url, body=body, token=world.tokens["none"]).status == 200) == good


CAMPAIGN_BODIES = [
    (CAMPAIGNS, {}, True), (CAMPAIGNS, {"name": ""}, False), (CAMPAIGNS, {"name": "n" * 200}, True),
    (CAMPAIGNS, {"name": "n" * 201}, False), (CAMPAIGNS, {"name": 7}, False), (CAMPAIGNS, {"id": "a b"}, False),
    (CAMPAIGNS, {"id": "i" * 65}, False), (CAMPAIGNS, {"contactCount": 0}, False), (CAMPAIGNS, {"contactCount": 1.5}, False),
    (CAMPAIGNS, {"contactCount": 10**9}, True), (CAMPAIGNS, {"contactCount": 10**9 + 1}, False),
    (CAMPAIGNS, {"contactCount": "1"}, False), (CAMPAIGNS, {"partsPerContact": 0}, False),
    (CAMPAIGNS, {"partsPerContact": 1000}, True), (CAMPAIGNS, {"partsPerContact": 1001}, False),
    (CAMPAIGNS, {"scheduledISO": "noon"}, False), (CAMPAIGNS, {"status": "draft"}, True),
    (CAMPAIGNS, {"status": "sending"}, False), (CAMPAIGNS, {"segments": []}, False), (CAMPAIGNS, {"colour": "blue"}, False),
    (CAMPAIGNS, {"autoSegment": {"totalContacts": 1}}, False),
    (PLANNER, {}, True), (PLANNER, {"totalContacts": 0}, False), (PLANNER, {"totalContacts": 101}, True),
    (PLANNER, {"firstSegmentDate": "tomorrow"}, False), (PLANNER, {"firstSegmentTime": "23:59"}, True),
    (PLANNER, {"firstSegmentTime": "23:59:59"}, True), (PLANNER, {"firstSegmentTime": "24:00"}, False),
    (PLANNER, {"firstSegmentTime": "9:30"}, False), (PLANNER, {"firstSegmentTime": "09"}, False),
    (PLANNER, {"firstSegmentTime": "09:30:00:00"}, False), (PLANNER, {"timezone": ""}, False),
    (PLANNER, {"timezone": "Asia/Tokyo"}, True), (PLANNER, {"partsPerContact": 0}, False), (PLANNER, {"date": "x"}, False),
    (VALIDATE, {}, True), (VALIDATE, {"contactCount": 0}, True), (VALIDATE, {"contactCount": -1}, False),
    (VALIDATE, {"contactCount": None}, False), (VALIDATE, {"scheduledISO": None}, False),
    (VALIDATE, {"excludeCampaignId": ""}, False), (VALIDATE, {"excludeCampaignId": "c" * 64}, True),
    (VALIDATE, {"excludeCampaignId": "c" * 65}, False), (VALIDATE, {"partsPerContact": 2}, True),
    (RESULTS, {}, True), (RESULTS, {"id": ""}, False), (RESULTS, {"id": "i" * 100}, True),
    (RESULTS, {"id": "i" * 101}, False),
    (RESULTS, {"id": "a\tb"}, False), (RESULTS, {"sent": 0}, False), (RESULTS, {"sent": 0, "done": True}, True),
    (RESULTS, {"sent": 0, "done": False}, False), (RESULTS, {"sent": 0, "failed": []}, False), (RESULTS, {"sent": -1}, False),
    (RESULTS, {"failed": [{"phoneNumber": "+1", "reason": "x"}]}, True),
    (RESULTS, {"failed": [{"phoneNumber": "+1"}]}, False),
    (RESULTS, {"failed": [{"phoneNumber": "+" * 65, "reason": "x"}]}, False),
    (RESULTS, {"failed": [{"phoneNumber": "+1", "reason": "x" * 501}]}, False), (RESULTS, {"segmentNumber": 0}, False),
    (RESULTS, {"occurredAt": "noon"}, False), (RESULTS, {"parts": 3}, True), (RESULTS, {"to": "+1"}, False),
    (CAMPAIGN_PATH, {}, True), (CAMPAIGN_PATH, {"name": ""}, False), (CAMPAIGN_PATH, {"contactCount": 0}, False),
    (CAMPAIGN_PATH, {"segments": []}, False), (CAMPAIGN_PATH, {"segments": [{"contactCount": 1}]}, False),
    (CAMPAIGN_PATH, {"segments": [{"segmentNumber": 1, "contactCount": 2}]}, True), (CAMPAIGN_PATH, {"id": "x"}, False),
    (CAMPAIGN_PATH, {"segments": [{"segmentNumber": 367}]}, False), (CAMPAIGN_PATH, {"status": "sent"}, False),
]


@pytest.mark.parametrize("number, path, change, good", [(i, *b) for i, b in enumerate(CAMPAIGN_BODIES)])
def test_the_schema_of_a_campaign_and_the_program_agree(world, number, path, change, good):
    operation = ("PUT" if path == CAMPAIGN_PATH else "POST", path)
    body = {**(GOOD[operation]["body"] if path != CAMPAIGN_PATH else {}), **change}
    schema = OPERATIONS[operation]["requestBody"]["content"]["application/json"]["schema"]
    assert (errors(schema, body) == []) == good
    reply = send(world, Case("", operation, 200, body=body, token="free", make={}))
    assert reply.status == (GOOD_STATUS.get(operation, 200) if good else 400), reply
    check_reply(operation, reply)


@pytest.mark.parametrize("event", [
    {"specversion": "0.3"}, {"type": "com.example"}, {"source": ""}, {"data": {"id": "x"}}, {"data": None},
    {"time": "noon"}, {"data": {"voids": "x", "reason": "y"}}], ids=repr)
def test_a_bad_cloudevent_is_refused_by_schema_and_program(world, event):
    good = {"specversion": "1.0", "type": "daybook.event", "source": "s", "id": f"ce-{time.time_ns()}", "time": instant(),
            "data": {}, "traceparent": "extension attributes are ignored"}
    assert errors(component("CloudEvent"), good) == []
    assert errors(component("CloudEvent"), {**good, **event}) != []
    for body, status in ((good, 200), ({**good, "id": good["id"] + "-bad", **event}, 400)):
        reply = world.ask("events", "POST", EVENTS, body=body, token=world.tokens["free"],
                          headers={"Content-Type": "application/cloudevents+json"})
        assert reply.status == status, reply
        check_reply(("POST", EVENTS), reply)
