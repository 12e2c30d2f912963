"""Replies of the running programs are as docs/openapi.yaml says: status, media type, headers and body."""
import datetime
import re
import zoneinfo

import pytest

from openapi_cases import ACCOUNT, AUDIT, CALENDAR, CAMPAIGNS, CASES, EVENTS, GOOD, PLANNER, PRICES, SLOT, USAGE, \
    VALIDATE, Case
from openapi_document import ASKED, NEVER, OPERATIONS, Number, check_reply, component, errors
from openapi_world import send, with_gate, without_days, without_keys, world  # noqa: F401 (world is a fixture)


def test_the_cases_cover_every_documented_status():
    documented = {(*operation, status) for operation in ASKED for status in OPERATIONS[operation]["responses"]}
    tried = {(*case.operation, case.status) for case in CASES}
    never = {(method, path, status) for method, path, status in documented if (path, status) in NEVER}
    assert tried - documented == set(), "tried, but not documented"
    assert documented - tried == never, "documented, but never tried"
    assert {(path, status) for _, path, status in never} == NEVER


def numbers(value):
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from numbers(item)
    elif isinstance(value, Number):
        yield value


def check_campaign(campaign):
    segments = campaign["segments"]
    assert segments[0]["segmentNumber"] == 1
    assert campaign["contactCount"] == sum(s["contactCount"] for s in segments)
    for s in segments:
        is_open = s["status"] in ("scheduled", "sending", "paused")
        assert is_open or s["reserved"] == 0
        assert s["reserved"] <= s["contactCount"] * campaign["partsPerContact"]


def rules_beyond_schemas(case, body):
    """What OpenAPI cannot say."""
    if isinstance(body, str):
        return
    for number in numbers(body):
        decimals = 9 if case.operation[1] == PRICES else 6
        assert re.fullmatch(rf"-?[0-9]+\.[0-9]{{1,{decimals}}}", number.text) or case.operation[1] == AUDIT
    if case.operation == ("POST", EVENTS) and isinstance(body, dict):
        for told in body.get("results", []):
            if "code" in told:
                assert told["error"].startswith(told["code"] + ": ") and (told["freesAt"] or "9")[:10] > told["date"]
    if case.status in ("200", "201") and "/campaigns" in case.operation[1] and "campaignId" in body.get("data", {}):
        check_campaign(body["data"])
    if case.status != "200" or isinstance(body, str):
        return
    if case.operation == ("GET", CAMPAIGNS):
        for campaign in body["data"]["campaigns"]:
            check_campaign(campaign)
    if case.operation == ("POST", VALIDATE):
        assert ("message" in body) != body["available"]
        assert body["remaining"] is not None or body["limit"] is None, "other limits bound a day without a daily one"
    if case.operation == ("POST", PLANNER):
        assert body["totalSegments"] == len(body["segments"])
        assert [s["id"] for s in body["segments"]] == [f"seg-{i + 1}" for i in range(len(body["segments"]))]
        assert body["segments"] != [] or body["warnings"] != []
    if case.operation == ("GET", CALENDAR) and isinstance(case.options.get("query", {}), dict):
        query = case.options.get("query", GOOD[case.operation]["query"])
        first, last = (datetime.date.fromisoformat(query[name]) for name in ("from", "to"))
        days = [(first + datetime.timedelta(days=i)).isoformat() for i in range((last - first).days + 1)]
        data = body["data"]
        assert list(data["dates"]) == days, "every date of the range, in order"
        today = datetime.datetime.now(zoneinfo.ZoneInfo(data["timezone"])).date().isoformat()
        assert data["isUnlimited"] == (data["dailyLimit"] == -1)
        for day, entry in data["dates"].items():
            assert entry["total"] == entry["sent"] + entry["reserved"]
            assert entry["campaignCount"] == len(entry["campaigns"])
            if day < today:
                assert entry["bookable"] == 0 and "limitedBy" not in entry
                continue  # it has the limit that it had
            room = -1 if data["isUnlimited"] else max(0, data["dailyLimit"] - entry["total"])
            assert entry["availableQuota"] == room
            assert entry["bookable"] == room or ("limitedBy" in entry and (room == -1 or entry["bookable"] < room))
            for campaign in entry["campaigns"]:
                assert campaign["isSegmented"] == ("segmentNumber" in campaign)
    if case.operation == ("GET", SLOT):
        nulls = [body[name] is None for name in ("dailyLimit", "todayAvailableQuota")]
        assert nulls == [body["isUnlimited"]] * 2
        assert ("nextAvailableDate" in body) == ("daysUntilAvailable" in body)
        assert (body["availableQuota"] is None) == (body["isUnlimited"] or "nextAvailableDate" not in body)
    if case.operation == ("POST", EVENTS) and "accepted" in body:
        told = [r for r in body["results"] if r["status"] != "accepted"]
        assert len(told) == body["duplicates"] + body["conflicts"] + body["rejected"]
        assert all(("error" in r) == (r["status"] in ("conflict", "rejected")) for r in body["results"])
    if case.operation[1] in (USAGE, ACCOUNT):
        channels = ("EMAIL", "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK")
        assert body["messageUsage"] == sum(body["channelUsages"][c] for c in channels)
        assert round(body["costSms"] + body["costCall"], 6) == body["budgetUsage"]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_a_reply_is_as_documented(world, case):
    if case.options.get("break_days"):
        case.options["env"] = {}    # a new process
        reply = without_days(world, lambda: send(world, case))
    elif case.options.get("break_keys"):
        case.options["env"] = {}
        reply = without_keys(world, lambda: send(world, case))
    elif case.options.get("hold_gate"):
        reply = with_gate(world, lambda: send(world, case))
    else:
        reply = send(world, case)
    assert str(reply.status) == case.status, reply
    body = check_reply(case.operation, reply)
    rules_beyond_schemas(case, body)
    if "undo" in case.options:
        undone = Case("undo", case.operation, 200, body=case.options["undo"])
        assert send(world, undone).status == 200


@pytest.mark.parametrize("operation", [o for o in ASKED if o[0] == "GET"], ids=" ".join)
def test_head_is_get_without_its_body(world, operation):
    own = {"campaign": world.campaign()} if "{campaignId}" in operation[1] else {}
    get, head = (send(world, Case("", operation, 200, **own, **verb)) for verb in ({}, {"verb": "HEAD"}))
    assert head.status == get.status == 200 and head.body == b""
    varying = {"x-request-id", "content-length"} if operation[1] == "/metrics" else {"x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in varying} == \
        {k: v for k, v in get.headers.items() if k not in varying}


@pytest.mark.parametrize("operation", ASKED, ids=" ".join)
def test_options_says_what_is_allowed(world, operation):
    reply = send(world, Case("options", operation, 204, verb="OPTIONS", token=None))
    assert reply.status == 204 and reply.body == b""
    documented = [method for method, path in OPERATIONS if path == operation[1]]
    assert set(reply.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"} == set(documented)


def test_a_path_that_is_not_there_is_404(world):
    reply = world.ask("usage-calendar", "GET", "/api/campaigns/nothing", token=world.tokens["acme"])
    assert reply.status == 404 and errors(component("ErrorResponse"), reply.json) == []
    reply = world.ask("organizations-usage", "GET", "/organizations/usage", token=world.tokens["acme"])
    assert reply.status == 404 and errors(component("InfodeckNotFound"), reply.json) == []
