"""GET /api/session"""
import datetime

import pytest

from conftest import unsigned
from support import check_error, iso, ms, set_clock

PATH = "/api/session"
HOUR_MS = 3_600_000


def ask(daybook, token=None, **options):
    reply = daybook.cgi("session", "GET", PATH, token=token, **options)
    assert reply.status == 200, reply
    assert reply.json["success"] is True and set(reply.json) == {"success", "data"}
    return reply.json["data"]


def test_a_token_says_whose_it_is_what_it_may_do_and_until_when(daybook):
    set_clock(daybook, "2026-05-20T16:00:00Z")
    daybook.cmd("org", "set", "acme", "--name", "Acme Ltd")
    token = daybook.token("acme", "usage:read org:admin")
    data = ask(daybook, token)
    assert ms(data.pop("now")) - ms("2026-05-20T16:00:00Z") < 60_000
    assert data == {
        "organizationId": "acme", "name": "Acme Ltd", "timezone": "America/Toronto", "utcOffsetSeconds": -4 * 3600,
        "today": "2026-05-20", "dayStartsAt": "2026-05-20T04:00:00.000Z", "dayEndsAt": "2026-05-21T04:00:00.000Z",
        "weekStart": 1, "quotaUnit": "message",
        "scopes": ["usage:read", "org:admin"], "credential": "jwt:main",
        "expiresAt": iso(unsigned(token)[1]["exp"] * 1000),
        "channels": ["SMS", "CALL", "EMAIL", "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK", "WHATSAPP", "SAGE"]}


@pytest.mark.parametrize("noon, today, starts, hours, offset", [
    ("2026-03-08T16:00:00Z", "2026-03-08", "2026-03-08T05:00:00.000Z", 23, -4),
    ("2026-03-08T06:00:00Z", "2026-03-08", "2026-03-08T05:00:00.000Z", 23, -5),
    ("2026-11-01T17:00:00Z", "2026-11-01", "2026-11-01T04:00:00.000Z", 25, -5),
    ("2026-01-01T04:59:00Z", "2025-12-31", "2025-12-31T05:00:00.000Z", 24, -5)])
def test_today_begins_and_ends_as_the_organizations_days_do(daybook, noon, today, starts, hours, offset):
    set_clock(daybook, noon)
    data = ask(daybook, daybook.token("acme", "usage:read"))
    assert (data["today"], data["dayStartsAt"], data["utcOffsetSeconds"]) == (today, starts, offset * 3600)
    assert ms(data["dayEndsAt"]) - ms(data["dayStartsAt"]) == hours * HOUR_MS
    assert data["dayStartsAt"] <= data["now"] < data["dayEndsAt"]


def test_it_says_what_the_daily_limit_counts(daybook):
    daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    assert ask(daybook, daybook.token("acme", "usage:read"))["quotaUnit"] == "part"


def test_an_api_key_has_no_end_and_may_stand_in_either_header(daybook):
    key = daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:write").stdout.strip()
    for headers in ({"X-API-Key": key}, {"Authorization": "Bearer " + key}):
        data = ask(daybook, headers=headers)
        assert (data["credential"], data["expiresAt"], data["scopes"]) == ("apikey:1", None, ["usage:write"])


@pytest.mark.parametrize("scope", ["usage:read", "usage:write", "usage:backfill", "campaigns:write", "org:admin", ""])
def test_each_scope_and_none_will_do(daybook, scope):
    assert ask(daybook, daybook.token("acme", scope))["scopes"] == scope.split()


def test_the_scope_admin_is_all_of_them_and_needs_no_organization(daybook):
    every = ["usage:read", "usage:write", "usage:backfill", "campaigns:write", "org:admin", "metrics", "admin"]
    assert ask(daybook, daybook.token("acme", "admin"))["organizationId"] == "acme"
    data = ask(daybook, daybook.token(None, "admin"))
    assert data["scopes"] == every and data["credential"] == "jwt:main" and data["now"] and data["expiresAt"]
    assert {k for k, v in data.items() if v is None} == set(data) - {"now", "scopes", "credential", "expiresAt", "channels"}


def test_without_a_valid_credential_it_is_401(daybook):
    key = daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:write").stdout.strip()
    daybook.cmd("apikey", "revoke", "1")
    token = daybook.token("acme")
    for headers in ({}, {"X-API-Key": key}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer " + token[:-2]}):
        reply = daybook.cgi("session", "GET", PATH, headers=headers)
        check_error(reply, 401, "tether")
        assert "acme" not in reply.body.decode()


def test_an_organization_that_is_gone_is_403(daybook):
    daybook.cmd("org", "add", "gone", "--timezone", "UTC")
    token = daybook.token("gone")
    daybook.sql("DELETE FROM zone_span WHERE org = 2")
    daybook.sql("DELETE FROM audit WHERE org = 2")
    daybook.sql("DELETE FROM organization WHERE id = 'gone'")
    check_error(daybook.cgi("session", "GET", PATH, token=token), 403, "tether")


def test_an_unknown_parameter_is_a_400(daybook):
    check_error(daybook.cgi("session", "GET", PATH, "colour=blue", token=daybook.token()), 400, "tether", "colour")


def test_one_process_tells_callers_apart(daybook):
    daybook.cmd("org", "add", "tokyo", "--timezone", "Asia/Tokyo")
    process = daybook.fastcgi("session")
    seen = []
    for token in (daybook.token("acme"), daybook.token("tokyo", "usage:read"), daybook.token(None, "admin"), None):
        reply = process.ask("GET", PATH, token=token)
        seen.append(reply.json["data"]["timezone"] if reply.status == 200 else reply.status)
        assert "etag" not in reply.headers and reply.headers["cache-control"] == "private, no-cache"
    assert seen == ["America/Toronto", "Asia/Tokyo", None, 401]


def test_the_clock_goes_on_between_two_requests(daybook):
    set_clock(daybook, "2026-05-21T03:59:00Z")
    process, token = daybook.fastcgi("session"), daybook.token(ttl="2d")
    assert process.ask("GET", PATH, token=token).json["data"]["today"] == "2026-05-20"
    set_clock(daybook, "2026-05-21T04:00:00Z")
    data = process.ask("GET", PATH, token=token).json["data"]
    assert data["today"] == "2026-05-21" and data["dayStartsAt"] == "2026-05-21T04:00:00.000Z"
    assert datetime.datetime.fromisoformat(data["now"]) >= datetime.datetime.fromisoformat(data["dayStartsAt"])
