"""One currency an organization: prices, costs, caps and reports in it, and when it may change."""
import pytest

from api import TODAY, TOMORROW, Api, at
from openapi_document import check_reply
from support import check_error, event, exact

ORG = "/api/organizations/acme"
PROFILE, LIMITS, PRICES = ORG + "/profile", ORG + "/limits", ORG + "/prices"


class Money(Api):
    def put(self, path, status=200, **body):
        reply = self.ask("settings", "PUT", path, body=body)
        assert reply.status == status, reply
        return reply.json["data"] if status == 200 else reply

    def currency(self, code, status=200):
        return self.put(PROFILE, status, currency=code)

    def price(self, status=200, **body):
        reply = self.ask("prices", "POST", PRICES, body=body)
        assert reply.status == status, reply
        return reply.json["data"] if status < 300 else reply

    def read(self, program, path, query=None):
        reply = self.ask(program, "GET", path, query)
        assert reply.status == 200, reply
        return reply.json

    def settings(self):
        return self.read("settings", ORG)["data"]

    def refused(self, code, *words):
        """A change of the currency that is a 409 and changes nothing."""
        before = self.settings(), self.daybook.sql("SELECT revision FROM organization WHERE id = 'acme'")
        check_error(self.currency(code, 409), 409, "tether", "currency:", *words)
        assert (self.settings(), self.daybook.sql("SELECT revision FROM organization WHERE id = 'acme'")) == before


@pytest.fixture
def api(daybook):
    return Money(daybook)


@pytest.fixture
def euro(api):
    """acme in EUR, with a price for all in EUR beside those in USD."""
    api.daybook.cmd("price", "set", "SMS", "0.07", "--currency", "EUR", "--from", "2012-01-01")
    assert api.currency("EUR")["currency"] == "EUR"
    return api


def verify(api):
    assert "0 differences" in api.daybook.cmd("verify").stdout


# ---- USD, as ever

def test_in_us_dollars_no_reply_says_a_currency(api):
    api.put(LIMITS, costCap=1)
    api.spend(event(at(TODAY)))
    for program, path in (("settings", ORG), ("settings", LIMITS), ("prices", PRICES), ("account", "/account/organization"),
                          ("organization-usage", "/organization/usage"), ("session", "/api/session"), ("events-list", "/api/events")):
        query = {"from": TODAY, "to": TODAY} if program == "events-list" else None
        assert b"currency" not in api.ask(program, "GET", path, query).body, path
    reply = api.ask("usage-history", "GET", "/organization/usage/history", {"startDate": TODAY, "endDate": TODAY, "format": "csv"})
    assert b"currency" not in reply.body
    assert "currency" not in api.currency("USD")


# ---- Another one

def test_it_stands_beside_every_amount(euro):
    euro.put(LIMITS, costCap="0.3")
    euro.spend(event(at(TODAY), parts=3), event(at(TODAY), channel="CALL", cost="0.02"))
    assert euro.settings()["currency"] == euro.read("session", "/api/session")["data"]["currency"] == "EUR"
    assert euro.read("account", "/account/organization")["currency"] == "EUR"
    usage = euro.read("organization-usage", "/organization/usage", {"costs": "all"})
    assert (usage["currency"], usage["costSms"], usage["budgetUsage"], usage["totalCost"]) == ("EUR", 0.21, 0.23, 0.23)
    history = {"startDate": "2026-05-01", "endDate": TODAY}
    months = euro.read("usage-history", "/organization/usage/history", history)
    assert (months["currency"], months["items"][0]["costSms"]) == ("EUR", 0.21)
    lines = euro.ask("usage-history", "GET", "/organization/usage/history", {**history, "format": "csv"}).body.decode().split("\r\n")
    assert lines[0].endswith(",SAGE,currency") and lines[1].endswith(",EUR")
    assert euro.read("events-list", "/api/events", {"from": TODAY, "to": TODAY})["data"]["currency"] == "EUR"
    csv = euro.ask("events-list", "GET", "/api/events", {"from": TODAY, "to": TODAY, "format": "csv"})
    check_reply(("GET", "/api/events"), csv)
    report = euro.daybook.cmd("export", "--format", "csv", "--report").stdout.lstrip("\ufeff")
    for text in (csv.body.decode().lstrip("\ufeff"), report):
        lines = text.splitlines()
        assert lines[0].endswith(",tag,currency") and len(lines) == 3 and all(line.endswith(",EUR") for line in lines[1:]), text
    assert euro.daybook.cmd("export", "--format", "csv").stdout.splitlines()[1].endswith(",EUR")
    who = {"from": TODAY, "to": TODAY, "by": "channel"}
    assert euro.read("usage", "/api/usage", who)["data"]["currency"] == "EUR"
    lines = euro.ask("usage", "GET", "/api/usage", {**who, "format": "csv"}).body.decode().lstrip("\ufeff").splitlines()
    assert lines[0] == "channel,messages,parts,cost,currency" and lines[1].endswith(",EUR")
    assert [line.split()[1] for line in euro.daybook.cmd("limit", "list").stdout.splitlines() if line.startswith("cycle-cost")] == ["EUR"]
    limits = {limit["name"]: limit for limit in euro.read("settings", LIMITS)["data"]["limits"]}
    assert limits["cycle-cost"]["currency"] == "EUR" and limits["cycle-cost"]["used"] == 0.23
    assert [name for name, limit in limits.items() if "currency" in limit] == ["cycle-cost"]
    verify(euro)


def test_a_table_in_another_currency_is_not_imported_as_if_it_were_in_this(euro, tmp_path):
    euro.spend(event(at(TODAY), id="a", cost="2.5"), event(at(TODAY), id="b", channel="EMAIL", cost=0), event(at(TODAY), id="c"))
    today = {"from": TODAY, "to": TODAY, "format": "csv"}
    tables = {"export": euro.daybook.cmd("export", "--format", "csv").stdout, "list": euro.ask("events-list", "GET", "/api/events", today).body.decode()}
    for name, text in tables.items():
        for currency, accepted in (("USD", 0), ("EUR", 3)):
            euro.daybook.cmd("org", "add", f"{name}-{currency}".lower(), "--timezone", "Europe/Paris", "--currency", currency)
            done = euro.daybook.cmd("import", "-", "--format", "csv", "--org", f"{name}-{currency}".lower(), input=text, check=False)
            assert f"accepted {accepted}," in done.stdout and ("currency: EUR, and the organization's is USD" in done.stderr) == (accepted == 0), done
    euro.daybook.cmd("import", "-", "--format", "csv", "--org", "list-eur", input="id,occurredAt,cost,currency\nx,2026-05-20T15:00:00Z,,USD\ny,2026-05-20T15:00:00Z,1,eur\n")


def test_a_refusal_says_it(euro):
    euro.put(LIMITS, costCap="0.3")
    reply = euro.ask("events", "POST", "/api/events", {"enforce": "true"}, [event("2026-05-20T16:00:00Z", parts=5)])
    assert reply.status == 402
    item = reply.json["results"][0]
    assert item["currency"] == "EUR" and "0.3 of costCap of 0.3 EUR, not for 0.35" in item["error"], item
    reply = euro.post({"id": "c", "name": "c", "contactCount": 5, "scheduledISO": at(TOMORROW)})
    assert (reply.status, reply.json["currency"]) == (402, "EUR") and "0.3 EUR" in reply.json["error"], reply
    euro.create("fits", 4, at(TOMORROW))


def test_prices_for_all_are_for_the_organizations_of_their_currency(euro):
    euro.daybook.cmd("org", "add", "dollar", "--timezone", "America/Toronto")
    assert [(p["channel"], p["usd"], p["currency"]) for p in euro.read("prices", PRICES)["data"]["prices"]] == [("SMS", 0.07, "EUR")]
    theirs = Money(euro.daybook, org="dollar")
    listed = theirs.read("prices", "/api/organizations/dollar/prices")["data"]["prices"]
    assert [(p["channel"], p["usd"]) for p in listed] == [("SMS", 0.0079), ("CALL", 0.013)]
    euro.spend(event(at(TODAY)), event(at(TODAY), channel="CALL"))
    theirs.spend(event(at(TODAY)), event(at(TODAY), channel="CALL"))
    costs = [exact(who.ask("organization-usage", "GET", "/organization/usage").body.decode()) for who in (euro, theirs)]
    assert [(str(c["costSms"]), str(c["costCall"])) for c in costs] == [("0.07", "0"), ("0.0079", "0.013")]
    # A price in one currency concerns no event of the other.
    out = euro.daybook.cmd("price", "set", "CALL", "0.2", "--currency", "EUR", "--from", TODAY, "--reprice").stdout
    assert out == f"CALL costs 0.2 EUR a part from {TODAY} on; 1 quarter-hours were repriced\n"
    assert theirs.read("organization-usage", "/organization/usage")["costCall"] == 0.013
    euro.daybook.cmd("price", "set", "CALL", "0.5", "--from", TODAY, "--reprice")
    assert euro.read("organization-usage", "/organization/usage")["costCall"] == 0.2
    assert theirs.read("organization-usage", "/organization/usage")["costCall"] == 0.5
    verify(euro)


def test_ones_own_price_is_in_ones_currency(euro):
    assert euro.price(channel="EMAIL", usd="0.002", currency="EUR")["currency"] == "EUR"
    assert euro.price(channel="EMAIL", usd="0.001")["currency"] == "EUR"
    assert euro.daybook.sql("SELECT currency FROM price WHERE org IS NOT NULL") == [("EUR",)]
    for wrong in ("USD", "usd", "EURO", "", 5, "\u00e9"):
        check_error(euro.price(400, channel="EMAIL", usd=1, currency=wrong), 400, "tether", "currency:")
    done = euro.daybook.cmd("price", "set", "EMAIL", "1", "--org", "acme", "--currency", "GBP", check=False)
    assert done.returncode == 1 and "currency: must be EUR, the currency of acme" in done.stderr
    assert "EMAIL costs 0.003 EUR a part from" in euro.daybook.cmd("price", "set", "EMAIL", "0.003", "--org", "acme", "--from", "2026-07-01").stdout
    listed = euro.daybook.cmd("price", "list").stdout
    assert [line.split() for line in listed.splitlines() if line.startswith("SMS")] == [
        ["SMS", "(all)", "2012-01-01", "0.07", "EUR"], ["SMS", "(all)", "2012-01-01", "0.0079", "USD"]]
    assert "removed the price of EMAIL, 0.003 EUR" in euro.daybook.cmd("price", "remove", "EMAIL", "--org", "acme", "--from", "2026-07-01").stdout
    assert "for all in GBP" in euro.daybook.cmd("price", "remove", "SMS", "--from", "2012-01-01", "--currency", "GBP", check=False).stderr
    assert "removed the price of SMS, 0.07 EUR" in euro.daybook.cmd("price", "remove", "SMS", "--from", "2012-01-01", "--currency", "EUR").stdout
    verify(euro)


def test_metrics_never_add_up_two_currencies(euro):
    euro.daybook.cmd("org", "add", "dollar", "--timezone", "UTC")
    euro.put(LIMITS, costCap=5)
    euro.spend(event(at(TODAY)))
    Money(euro.daybook, org="dollar").spend(event(at(TODAY)))
    text = euro.daybook.cgi("metrics", "GET", "/metrics", token=euro.daybook.token(None, "metrics")).body.decode()
    lines = text.splitlines()
    assert [line for line in lines if line.startswith("daybook_cost_usd{")] == ['daybook_cost_usd{organization="dollar",channel="SMS"} 0.0079']
    assert [line for line in lines if line.startswith("daybook_cost{")] == [
        'daybook_cost{organization="acme",channel="SMS",currency="EUR"} 0.07',
        'daybook_cost{organization="dollar",channel="SMS",currency="USD"} 0.0079']
    assert 'daybook_limit_amount{organization="acme",limit="cycle-cost",currency="EUR"} 5' in lines
    assert 'daybook_limit_amount{organization="dollar",limit="cycle-cost"} -1' in lines


def test_a_statement_is_compared_with_it(euro, tmp_path):
    head = "From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price,PriceUnit\n"
    rows = [f"+1,+2,x,delivered,2026-05-19T12:00:0{i}Z,2010-04-01,1,,AC1,SM{i},outbound-api,{price},{unit}\n"
            for i, (price, unit) in enumerate([("-0.05", "EUR"), ("-0.04", "eur"), ("-0.01", "USD"), ("-0.03", ""), ("-9", "GBP")])]
    path = tmp_path / "log.csv"
    path.write_text(head + "".join(rows))
    out = euro.daybook.cmd("import", path, "--org", "acme", "--format", "twilio").stdout.splitlines()
    assert "left out 1 prices in USD; Daybook counts EUR, and used its own prices" in out
    assert "left out 1 prices in GBP; Daybook counts EUR, and used its own prices" in out
    assert str(exact(euro.ask("organization-usage", "GET", "/organization/usage").body.decode())["costSms"]) == "0.26"	# and twice 0.07
    assert "cost 0.26 EUR: SMS 0.26" in euro.daybook.cmd("usage", "--month", "2026-05").stdout
    path.write_text("PublishTimeUTC,MessageId,DestinationPhoneNumber,MessageType,DeliveryStatus,PriceInUSD,PartNumber,TotalParts\n"
                    "2026-05-19T13:00:00Z,sns1,+14165550100,T,Message delivered,0.5,1,1\n")
    out = euro.daybook.cmd("import", path, "--org", "acme", "--map", "sns").stdout
    assert "left out 1 prices in USD; Daybook counts EUR" in out, out
    verify(euro)


def test_replies_are_as_documented(euro):
    euro.put(LIMITS, costCap="0.3")
    euro.price(channel="EMAIL", usd="0.002", currency="EUR")
    org, days = "/api/organizations/{organizationId}", {"from": TODAY, "to": TODAY}
    for program, path, query in (("settings", org, None), ("settings", org + "/limits", None), ("prices", org + "/prices", None),
                                 ("account", "/account/organization", None), ("organization-usage", "/organization/usage", None),
                                 ("usage-history", "/organization/usage/history", {"startDate": TODAY, "endDate": TODAY}),
                                 ("usage-history", "/organization/usage/history", {"startDate": TODAY, "endDate": TODAY, "format": "csv"}),
                                 ("session", "/api/session", None), ("events-list", "/api/events", days)):
        check_reply(("GET", path), euro.ask(program, "GET", path.replace("{organizationId}", "acme"), query))
    check_reply(("POST", "/api/events"), euro.ask("events", "POST", "/api/events", {"enforce": "true"}, [event("2026-05-20T16:00:00Z", parts=5)]))
    check_reply(("POST", "/api/campaigns"), euro.post({"id": "c", "name": "c", "contactCount": 5, "scheduledISO": at(TOMORROW)}))
    check_reply(("PUT", org + "/profile"), euro.ask("settings", "PUT", PROFILE, body={"currency": "USD"}))
    check_reply(("PUT", org + "/profile"), euro.ask("settings", "PUT", PROFILE, body={"name": "x"}))


# ---- Changing it

@pytest.mark.parametrize("code", ["eur", "EURO", "EU", "", "XXX", "XTS", "XAU", "DEM", "BGN", "ABC", "EUR ", " EUR", "AE ", "ED A", "€", 978, True, ["EUR"], "E\u0000R", "EUR\n"])
def test_what_is_no_currency_is_a_400(api, code):
    check_error(api.currency(code, 400), 400, "tether")
    assert "currency" not in api.settings()


def test_the_command_sets_it_and_an_organization_can_be_added_with_it(api):
    cmd = api.daybook.cmd
    for code in ("eur", "XXX", "EURO", ""):
        done = cmd("org", "add", "b", "--timezone", "UTC", "--currency", code, check=False)
        assert done.returncode == 2 and "--currency: " in done.stderr
    cmd("org", "add", "b", "--timezone", "UTC", "--currency", "CHF")
    assert "currency       CHF\n" in cmd("org", "show", "b").stdout and "currency       USD\n" in cmd("org", "show", "acme").stdout
    cmd("org", "set", "acme", "--currency", "JPY")
    assert api.settings()["currency"] == "JPY"
    entry = api.read("audit", ORG + "/audit")["data"]["entries"][0]
    assert (entry["action"], entry["detail"]["currency"], entry["detail"]["changed"]) == (
        "org.set", "JPY", {"currency": {"from": "USD", "to": "JPY"}})
    cmd("org", "set", "acme", "--currency", "USD")
    assert "currency" not in api.settings()
    done = cmd("price", "set", "SMS", "1", "--currency", "dollar", check=False)
    assert done.returncode == 2 and "--currency: unknown" in done.stderr


def test_it_stays_while_an_event_has_a_cost_also_one_that_was_voided(api):
    sent = event(at(TODAY))
    api.spend(sent)
    api.refused("EUR", "have a cost")
    assert api.currency("USD")["organizationId"] == "acme"	# the present one again is no change
    api.spend({"id": "v", "voids": sent["id"], "reason": "test"})
    assert api.daybook.sql("SELECT sum(cost_micros) FROM usage_day") == [(0,)]
    api.refused("EUR", "have a cost")
    done = api.daybook.cmd("org", "set", "acme", "--currency", "EUR", check=False)
    assert done.returncode == 1 and "currency: events of the organization have a cost" in done.stderr


def test_events_without_a_cost_are_no_obstacle(api):
    api.spend(event(at(TODAY), channel="EMAIL"), event(at(TODAY), status="failed", to="+14165550100", reason="x"), event(at(TODAY), cost=0))
    assert api.currency("EUR")["currency"] == "EUR"
    verify(api)


def test_it_stays_while_the_new_prices_would_give_an_event_a_cost(api):
    api.spend(event(at(TODAY), channel="EMAIL"))
    api.daybook.cmd("price", "set", "EMAIL", "0.001", "--currency", "EUR", "--from", TOMORROW)
    api.currency("EUR")
    api.currency("USD")
    api.daybook.cmd("price", "set", "EMAIL", "0.001", "--currency", "EUR", "--from", TODAY)
    api.refused("EUR", "would have a cost by the prices in EUR")
    assert api.currency("GBP")["currency"] == "GBP"
    verify(api)


def test_so_many_events_that_nobody_can_say_at_once_are_an_obstacle(api):
    api.spend(event(at(TODAY), channel="SAGE"))
    api.daybook.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100001) INSERT INTO event (org, source, id, "
                    "occurred_at, channel, messages, parts, status, cost_micros, cost_given, actor, org_revision, received_at) "
                    "SELECT 1, '', 'n' || i, 1779200000000, 'SAGE', 1, 1, 'sent', 0, 1, (SELECT min(key) FROM actor), 1, 0 FROM n")
    api.daybook.cmd("rebuild")
    api.daybook.cmd("price", "set", "SAGE", "0.001", "--currency", "EUR", "--from", "2026-05-19")
    api.refused("EUR", "too many events")
    # Prices from a later day on concern none of them.
    api.daybook.cmd("price", "remove", "SAGE", "--currency", "EUR", "--from", "2026-05-19")
    api.daybook.cmd("price", "set", "SAGE", "0.001", "--currency", "EUR", "--from", TOMORROW)
    assert api.currency("EUR")["currency"] == "EUR"


def test_it_stays_while_there_is_a_price_of_its_own(api):
    api.price(channel="SLACK", usd=0)
    api.refused("EUR", "price of its own, for SLACK")
    assert api.ask("prices", "DELETE", PRICES, {"channel": "SLACK", "validFrom": TODAY}).status == 200
    api.currency("EUR")


def test_it_stays_while_a_limit_is_an_amount_of_money(api):
    api.put(LIMITS, costCap=0)
    api.refused("EUR", "costCap")
    api.put(LIMITS, costCap=None)
    assert api.currency("EUR")["currency"] == "EUR"
    # One that the change itself sets is in the new currency, and one that it removes is in the way no more.
    api.daybook.cmd("org", "set", "acme", "--currency", "GBP", "--cost-cap", "100")
    api.daybook.cmd("org", "set", "acme", "--currency", "EUR", "--cost-cap", "50", check=False)
    assert api.settings()["currency"] == "GBP", "100 pounds were in the way"
    api.daybook.cmd("org", "set", "acme", "--currency", "EUR", "--cost-cap", "none")
    assert api.settings()["currency"] == "EUR"
    # One that begins later counts too, and one that has ended does not.
    api.daybook.sql("INSERT INTO limit_amount (rule, valid_from, amount) SELECT key, 20700, 5 FROM limit_rule WHERE name = 'cycle-cost'")
    api.daybook.sql("UPDATE organization SET zone_revision = zone_revision + 1")
    api.refused("GBP", "costCap")


def test_it_stays_while_a_job_reprices(api):
    api.spend(event(at(TODAY), cost=0), event(at(TODAY), channel="EMAIL"))
    api.daybook.sql("INSERT INTO job (org, number, kind, channel, first_quarter, next_quarter, end_quarter, actor, is_remote, started_at, "
                    "updated_at) VALUES (1, 1, 'reprice', 'EMAIL', 1977000, 1977000, 1977001, 1, 0, 0, 0)")
    check_error(api.currency("EUR", 409), 409, "tether")


def test_a_currency_and_other_fields_change_together_or_not_at_all(api):
    api.price(channel="SLACK", usd=0)
    api.put(PROFILE, 409, currency="EUR", name="Other")
    assert api.settings()["name"] == "acme"


def test_the_etag_changes_with_it(api):
    tag = api.ask("organization-usage", "GET", "/organization/usage").headers["etag"]
    api.currency("EUR")
    assert api.ask("organization-usage", "GET", "/organization/usage", headers={"If-None-Match": tag}).status == 200
