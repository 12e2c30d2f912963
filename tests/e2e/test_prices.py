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
    assert any(line.split() == ["SLACK", "acme", "2026-05-02", "0.25"] for line in api.daybook.cmd("price", "list").stdout.splitlines())


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
