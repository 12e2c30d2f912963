"""/api/organizations/{id}/prices"""
import pytest

from api import Api
from support import check_error, event, exact

COMMON = [{"channel": c, "usd": usd, "validFrom": "2012-01-01", "of": "all"} for c, usd in (("SMS", 0.0079), ("CALL", 0.013))]


class Prices(Api):
    def prices(self, method, body=None, org="acme", **options):
        return self.ask("prices", method, f"/api/organizations/{org}/prices", body=body, **options)

    def list(self):
        reply = self.prices("GET")
        assert reply.status == 200, reply
        return reply.json["data"]["prices"]

    def set(self, **body):
        reply = self.prices("POST", body)
        assert reply.status == 200, reply
        return reply.json["data"]

    def spent(self):
        reply = self.ask("usage-history", "GET", "/organization/usage/history", {"startDate": "2026-05-01", "endDate": "2026-05-31"})
        return str(exact(reply.body.decode())["items"][0]["costSms"])

    def sent(self, at, **fields):
        assert self.ask("events", "POST", "/api/events", body=[event(at, **fields)]).json["accepted"] == 1


@pytest.fixture
def api(daybook):
    return Prices(daybook)


def test_the_prices_for_all_are_listed_and_ones_own_before_them(api):
    assert api.list() == COMMON
    own = api.set(channel="SMS", usd="0.012345678")
    assert own == {"channel": "SMS", "usd": 0.012345678, "validFrom": "2026-05-20", "of": "organization", "job": None}
    api.set(channel="SMS", usd=0.02, validFrom="2026-06-01")
    api.set(channel="SAGE", usd=0)
    listed = [(p["channel"], p["usd"], p["validFrom"], p["of"]) for p in api.list()]
    assert listed == [("SMS", 0.02, "2026-06-01", "organization"), ("SMS", 0.012345678, "2026-05-20", "organization"),
                      ("SMS", 0.0079, "2012-01-01", "all"), ("CALL", 0.013, "2012-01-01", "all"),
                      ("SAGE", 0, "2026-05-20", "organization")]
    assert "0.012345678" in api.prices("GET").body.decode()


def test_the_same_day_again_replaces(api):
    for usd in (0.01, "0.02", 3):
        api.set(channel="EMAIL", usd=usd)
    assert [(p["usd"], p["of"]) for p in api.list() if p["channel"] == "EMAIL"] == [(3, "organization")]


def test_what_is_sent_from_then_on_costs_that(api):
    api.set(channel="SMS", usd="0.5")
    api.sent("2026-05-19T12:00:00Z")
    api.sent("2026-05-20T12:00:00Z", parts=3)
    assert api.spent() == "1.5079"
    assert api.daybook.sql("SELECT detail FROM audit WHERE action = 'price.set' AND org = 1 AND credential = 'jwt:main'") == [
        ('{"channel":"SMS","from":"2026-05-20","usdPerPart":0.5,"jobs":0,'
         '"changed":{"usdPerPart":{"from":0.0079,"to":0.5}}}',)]
    api.daybook.cmd("verify")


def test_days_with_events_are_priced_anew_only_where_it_is_said(api):
    api.sent("2026-05-19T12:00:00Z", parts=2)
    before, audits = api.list(), api.daybook.sql("SELECT count(*) FROM audit")
    for body in ({}, {"reprice": False}):
        reply = api.prices("POST", {"channel": "SMS", "usd": 1, "validFrom": "2026-05-19", **body})
        check_error(reply, 409, "tether", "validFrom", '"reprice":true', "later day")
    assert api.list() == before and api.spent() == "0.0158" and api.daybook.sql("SELECT count(*) FROM audit") == audits
    assert api.prices("POST", {"channel": "SMS", "usd": 1, "validFrom": "2026-05-19", "reprice": True}).status == 202
    api.daybook.cmd("maintenance")
    assert api.spent() == "2"
    assert api.set(channel="SMS", usd=1, validFrom="2026-05-19")["job"] is None	# nothing would change
    api.daybook.cmd("verify")


def test_the_command_and_the_api_do_the_same(api):
    api.daybook.cmd("price", "set", "PUSH", "0.001", "--org", "acme", "--from", "2026-05-01")
    assert {"channel": "PUSH", "usd": 0.001, "validFrom": "2026-05-01", "of": "organization"} in api.list()
    api.set(channel="SLACK", usd="0.25", validFrom="2026-05-02")
    assert any(line.split() == ["SLACK", "acme", "2026-05-02", "0.25", "USD"] for line in api.daybook.cmd("price", "list").stdout.splitlines())


@pytest.mark.parametrize("usd, shown", [(0, "0"), ("0", "0"), (0.0079, "0.0079"), ("0.0079", "0.0079"), (1e-9, "0.000000001"),
                                        ("0.000000001", "0.000000001"), (1000, "1000"), (".5", "0.5"), (0.1, "0.1"), (7e-3, "0.007")])
def test_an_amount_is_taken_as_a_number_or_a_text_and_stays_exact(api, usd, shown):
    api.set(channel="EMAIL", usd=usd)
    assert f'"channel":"EMAIL","usd":{shown},' in api.prices("GET").body.decode()


@pytest.mark.parametrize("body, error", [
    ({"usd": 1}, "channel:"), ({"channel": "SMS"}, "usd:"), ({"channel": "FAX", "usd": 1}, "channel:"),
    ({"channel": "sms", "usd": 1}, "channel:"), ({"channel": 1, "usd": 1}, "channel:"),
    *(({"channel": "SMS", "usd": usd}, "usd:") for usd in (-1, "-1", "", "x", "1e3", "$1", 1000.01, 1000000, "0.0000000001", 1e-10, True,
                                                            None, [], "1,5", " 1")),
    *(({"channel": "SMS", "usd": 1, "validFrom": day}, "validFrom:") for day in ("", "today", "2026-02-30", "2026-5-1", 20260501, "1969-12-31")),
    ({"channel": "SMS", "usd": 1, "reprice": 1}, "reprice:"), ({"channel": "SMS", "usd": 1, "org": "x"}, "org:"), (b"", "body:"),
    (b"[]", "body:")], ids=str)
def test_a_bad_body_is_a_400_that_names_what_and_sets_nothing(api, body, error):
    reply = api.prices("POST", body)
    check_error(reply, 400, "tether")
    assert reply.json["error"].startswith(error) and api.list() == COMMON


def test_other_organizations_are_apart(api):
    api.daybook.cmd("org", "add", "other", "--timezone", "Asia/Tokyo")
    theirs = Prices(api.daybook, "other")
    api.set(channel="SMS", usd=0.5)
    assert theirs.prices("GET", org="other").json["data"]["prices"] == COMMON
    for method, body in (("GET", None), ("POST", {"channel": "SMS", "usd": 1})):
        reply = theirs.prices(method, body)
        check_error(reply, 403, "tether")
        assert "0.5" not in reply.body.decode()
    assert theirs.prices("POST", {"channel": "SMS", "usd": 1}, org="other").json["data"]["validFrom"] == "2026-05-21"	# their today
    assert [p["usd"] for p in api.list() if p["of"] == "organization"] == [0.5]


@pytest.mark.parametrize("scope", ["usage:read", "usage:write", "usage:backfill", "campaigns:write", ""])
def test_another_scope_will_not_do(api, scope):
    token = api.daybook.token("acme", scope, ttl="720h")
    for method, body in (("GET", None), ("POST", {"channel": "SMS", "usd": 1})):
        check_error(api.prices(method, body, token=token), 403, "tether", "org:admin")
        check_error(api.prices(method, body, token="x"), 401, "tether")
    assert api.list() == COMMON


def test_a_reply_is_kept_until_a_price_changes(api):
    etag = api.prices("GET").headers["etag"]
    same = lambda: api.prices("GET", headers={"If-None-Match": etag}).status
    assert same() == 304
    api.daybook.cmd("price", "set", "CALL", "0.5", "--from", "2026-05-21")
    assert same() == 200 and api.list()[1] == {"channel": "CALL", "usd": 0.5, "validFrom": "2026-05-21", "of": "all"}


def test_a_price_finer_than_a_millionth_says_what_an_event_of_a_part_costs(daybook):
    assert daybook.cmd("price", "set", "PUSH", "0.000000499").stdout.endswith(
        "each event is rounded to a millionth of a dollar: one of one part costs 0\n")
    assert daybook.cmd("price", "set", "PUSH", "0.0000125").stdout.endswith(" one part costs 0.000012\n")
    assert "rounded" not in daybook.cmd("price", "set", "PUSH", "0.000012").stdout


# ---- Removing a price

def removal(api, status=200, **query):
    reply = api.prices("DELETE", query=query)
    assert reply.status == status, reply
    return reply.json


def test_a_removed_price_leaves_the_one_that_held_before(api):
    api.set(channel="SMS", usd=0.02, validFrom="2026-05-10")
    api.set(channel="SMS", usd=5, validFrom="2026-05-20")
    assert removal(api, channel="SMS", validFrom="2026-05-20")["data"] == {
        "channel": "SMS", "usd": 5, "validFrom": "2026-05-20", "of": "organization", "job": None}
    api.sent("2026-05-20T12:00:00Z")
    assert api.spent() == "0.02"
    assert api.daybook.sql("SELECT detail FROM audit WHERE action = 'price.remove' AND org = 1 AND credential = 'jwt:main'") == [
        ('{"channel":"SMS","from":"2026-05-20","usdPerPart":5,"jobs":0,"changed":{"usdPerPart":{"from":5,"to":0.02}}}',)]
    check_error(api.prices("DELETE", query={"channel": "SMS", "validFrom": "2026-05-20"}), 404, "tether",
                "no price of SMS from 2026-05-20 that is the organization's own")
    api.daybook.cmd("verify")


def test_without_a_price_of_its_own_the_common_one_applies_and_without_that_none(api):
    for channel, usd in (("SMS", 3), ("EMAIL", 4)):
        api.set(channel=channel, usd=usd, validFrom="2026-05-01")
        removal(api, channel=channel, validFrom="2026-05-01")
        api.sent("2026-05-20T12:00:00Z", channel=channel)
    assert api.list() == COMMON and api.spent() == "0.0079"
    assert api.daybook.sql("SELECT cost_micros FROM event WHERE channel = 'EMAIL'") == [(0,)]
    # those for all are the installation's
    check_error(api.prices("DELETE", query={"channel": "SMS", "validFrom": "2012-01-01"}), 404, "tether", "price:")
    api.daybook.cmd("verify")


def test_a_price_of_past_events_is_removed_only_with_repricing_which_a_job_does(api):
    api.set(channel="SMS", usd=1, validFrom="2026-05-10")
    api.sent("2026-05-12T12:00:00Z", parts=2)
    query, before = {"channel": "SMS", "validFrom": "2026-05-10"}, api.list()
    for more in ({}, {"reprice": "false"}):
        check_error(api.prices("DELETE", query={**query, **more}), 409, "tether", "validFrom", "reprice=true")
    assert api.list() == before and api.spent() == "2"
    reply = api.prices("DELETE", query={**query, "reprice": "true"})
    assert reply.status == 202 and reply.headers["location"] == f"jobs/{reply.json['data']['job']}"
    api.daybook.cmd("maintenance")
    assert api.list() == COMMON and api.spent() == "0.0158"
    api.daybook.cmd("verify")


@pytest.mark.parametrize("query, error", [
    ({}, "channel:"), ({"channel": "SMS"}, "validFrom:"), ({"channel": "FAX", "validFrom": "2026-05-01"}, "channel:"),
    ({"channel": "SMS", "validFrom": "soon"}, "validFrom:"), ({"channel": "SMS", "validFrom": "2026-02-30"}, "validFrom:"),
    ({"channel": "SMS", "validFrom": "2026-05-20", "reprice": "1"}, "reprice:"),
    ({"channel": "SMS", "validFrom": "2026-05-20", "org": "acme"}, "org:")], ids=str)
def test_a_bad_removal_is_a_400_that_names_what_and_removes_nothing(api, query, error):
    api.set(channel="SMS", usd=1)
    before = api.list()
    reply = api.prices("DELETE", query=query)
    check_error(reply, 400, "tether")
    assert reply.json["error"].startswith(error) and api.list() == before


def test_the_command_removes_prices_of_one_and_of_all(api):
    cmd = api.daybook.cmd
    cmd("price", "set", "PUSH", "9", "--from", "2026-05-01")
    cmd("price", "set", "PUSH", "8", "--from", "2026-05-01", "--org", "acme")
    api.sent("2026-05-02T12:00:00Z", channel="PUSH")
    remove = ["price", "remove", "PUSH", "--from", "2026-05-01"]
    assert "removed the price of PUSH, 9 USD a part from 2026-05-01 on\n" == cmd(*remove).stdout	# acme's own price wins over it
    refused = cmd(*remove, "--org", "acme", check=False)
    assert refused.returncode == 1 and "acme has events since then whose cost this would change. Use --reprice" in refused.stderr
    assert cmd(*remove, "--org", "acme", "--reprice").stdout == \
        "removed the price of PUSH, 8 USD a part from 2026-05-01 on for acme; 1 quarter-hours were repriced\n"
    assert api.list() == COMMON and cmd(*remove, check=False).returncode == 1
    assert api.daybook.sql("SELECT sum(cost_micros) FROM usage_day WHERE channel = 'PUSH'") == [(0,)]
    cmd("verify")
