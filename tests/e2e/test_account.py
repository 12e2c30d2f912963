"""GET /account/organization"""
import pytest

from api import Api
from support import check_error, exact, ms

PATH = "/account/organization"


def ask(api, **options):
    reply = api.ask("account", "GET", PATH, **options)
    assert reply.status == 200, reply
    return reply.json


def limits(api, **fields):
    reply = api.ask("settings", "PUT", "/api/organizations/acme/limits", body=fields)
    assert reply.status == 200, reply


def test_an_organization_without_caps_has_nulls(api):
    body = ask(api)
    assert body == {"organizationId": "acme", "name": body["name"], "messagesCap": None, "costCap": None, "smsCap": None, "callCap": None,
                    "anniversaryDate": "2026-06-01T04:00:00.000Z", "allowOverage": False, "createdAt": body["createdAt"],
                    "updatedAt": body["updatedAt"]}
    assert ms(body["createdAt"]) <= ms(body["updatedAt"])


def test_caps_are_shown_as_they_were_set_and_zero_is_a_cap(api):
    before = ask(api)
    limits(api, messagesCap=1000, costCap="12.345678", smsCap=0, callCap=10**12, allowOverage=True)
    body = ask(api)
    assert (body["messagesCap"], body["smsCap"], body["callCap"], body["allowOverage"]) == (1000, 0, 10**12, True)
    assert str(exact(api.ask("account", "GET", PATH).body.decode())["costCap"]) == "12.345678"
    assert body["createdAt"] == before["createdAt"]
    limits(api, messagesCap=None, costCap=0, allowOverage=False)
    body = ask(api)
    assert (body["messagesCap"], body["costCap"], body["allowOverage"]) == (None, 0, False)


@pytest.mark.parametrize("cycle_day, now, anniversary", [
    (1, "2026-05-20T16:00:00Z", "2026-06-01T04:00:00.000Z"), (20, "2026-05-20T16:00:00Z", "2026-06-20T04:00:00.000Z"),
    (21, "2026-05-20T16:00:00Z", "2026-05-21T04:00:00.000Z"), (31, "2026-06-20T16:00:00Z", "2026-06-30T04:00:00.000Z"),
    (31, "2027-02-01T16:00:00Z", "2027-02-28T05:00:00.000Z"), (1, "2026-06-01T03:59:59Z", "2026-06-01T04:00:00.000Z"),
    (1, "2026-06-01T04:00:00Z", "2026-07-01T04:00:00.000Z")])
def test_the_anniversary_is_the_start_of_the_next_cycle(api, cycle_day, now, anniversary):
    limits(api, cycleDay=cycle_day)
    api.clock(now)
    api.token = api.daybook.token()
    assert ask(api)["anniversaryDate"] == anniversary


def test_the_tag_answers_with_304_until_something_changes(api):
    tag = api.ask("account", "GET", PATH).headers["etag"]
    assert api.ask("account", "GET", PATH, headers={"If-None-Match": tag}).status == 304
    limits(api, smsCap=7)
    assert ask(api, headers={"If-None-Match": tag})["smsCap"] == 7


def test_each_caller_sees_his_own_and_unknown_parameters_do_no_harm(api):
    api.daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    other = Api(api.daybook, "globex", clock=None)
    assert ask(other)["organizationId"] == "globex" and ask(api)["organizationId"] == "acme"
    assert ask(api, query="_=123")["organizationId"] == "acme"


def test_another_method_and_another_scope_are_refused(api):
    check_error(api.ask("account", "POST", PATH, body={}), 405, "pingram")
    check_error(api.ask("account", "GET", PATH, token="nonsense"), 401, "pingram")
    check_error(api.ask("account", "GET", PATH, token=api.daybook.token(scope="org:admin")), 403, "pingram")
    assert ask(api, token=api.daybook.token(scope="usage:read"))["name"]
    head = api.ask("account", "HEAD", PATH)
    assert head.status == 200 and head.body == b""
