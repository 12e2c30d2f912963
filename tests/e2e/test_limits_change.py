"""PUT and DELETE of a limit: what may be set, amounts by date, what a change says of the coming days, and the roll-up that a limit needs."""
import json
import time

import pytest

from api import TODAY, TOMORROW, Api, at
from support import check_error, event, set_clock

LIMITS = "/api/organizations/acme/limits"
DAY = {"channels": ["SMS"], "window": "day"}
T_MOBILE = {"channels": ["SMS"], "network": "T-Mobile", "unit": "part", "window": "day", "zone": "America/Los_Angeles"}
YESTERDAY = "2026-05-19"


class Limits(Api):
    def put(self, limit, headers=None, org="acme", **body):
        return self.ask("settings", "PUT", f"/api/organizations/{org}/limits/{limit}", body=body, headers=headers)

    def set(self, name, **body):
        reply = self.put(name, **body)
        assert reply.status == 200, reply
        return reply.json["data"]

    def read(self, name):
        return self.ask("settings", "GET", f"{LIMITS}/{name}")

    def remove(self, name, **options):
        return self.ask("settings", "DELETE", f"{LIMITS}/{name}", **options)

    def listed(self):
        return {limit["name"]: limit for limit in self.ask("settings", "GET", LIMITS).json["data"]["limits"]}

    def amounts(self, name):
        return [(a["validFrom"], a["amount"]) for a in self.read(name).json["data"]["rule"]["amounts"]]

    def sent(self, *events):
        reply = self.ask("events", "POST", "/api/events", body=list(events))
        assert reply.json["accepted"] == len(events), reply

    def enforced(self, *events):
        return self.ask("events", "POST", "/api/events", {"enforce": "true"}, list(events))

    def rows(self, name):
        return self.daybook.sql("SELECT quarter, u.messages, u.parts, u.cost_micros FROM limit_usage u JOIN limit_rule r ON r.key = u.rule "
                                "WHERE r.name = ? ORDER BY quarter", name)

    def filled(self, name):
        """Looks at the limit until its roll-up is complete: each look is followed by a turn."""
        for _ in range(300):
            data = self.read(name).json["data"]
            if "state" not in data:
                return data
            time.sleep(0.02)
        raise AssertionError(data)


@pytest.fixture
def api(daybook):
    return Limits(daybook)


# ---- What there can be

def test_a_limit_is_added_read_listed_changed_and_removed(api):
    data = api.set("brand", **DAY, amount=100)
    rule = {"channels": ["SMS"], "unit": "message", "window": "day", "amounts": [{"validFrom": TODAY, "amount": 100}], "action": "refuse"}
    shown = {"name": "brand", "limit": "brand", "channels": ["SMS"], "unit": "message", "window": "day", "from": TODAY, "until": TODAY,
             "amount": 100, "used": 0, "held": 0, "available": 100, "resetsAt": "2026-05-21T04:00:00.000Z", "action": "refuse", "rule": rule}
    assert data == {**shown, "daysOverLimit": [], "job": None}
    assert api.read("brand").json == {"success": True, "data": shown}
    assert api.listed()["brand"] == shown
    assert "rule" not in api.listed()["daily"] and api.read("daily").json["data"]["rule"]["amounts"] == [
        {"validFrom": "2012-01-01", "amount": 500}]
    api.set("brand", channels=["CALL", "SMS", "CALL"], window="month", unit="part", amount=7, action="report")
    changed = api.read("brand").json["data"]
    assert (changed["channels"], changed["unit"], changed["window"], changed["amount"], changed["action"]) == (
        ["SMS", "CALL"], "part", "month", 7, "report")
    assert api.remove("brand").json == {"success": True, "data": {"name": "brand"}}
    check_error(api.remove("brand"), 404, "tether", "brand")
    check_error(api.read("brand"), 404, "tether", "brand")
    assert list(api.listed()) == ["daily", "cycle-messages", "cycle-cost", "cycle-sms", "cycle-calls"]
    api.daybook.cmd("verify")


def test_what_get_says_can_be_put_back_and_then_changes_nothing(api):
    api.set("a", **T_MOBILE, amounts=[{"validFrom": "2026-05-01", "amount": 5}, {"validFrom": "2026-06-01", "amount": None}], action="report")
    api.set("money", **DAY | {"unit": "cost"}, amount="12.000001")
    api.set("moving", channels=["EMAIL"], window="rolling", hours=48, amount=9, **{"from": "me@example.org"})
    for name in (*api.listed(), "a"):
        rule = api.read(name).json["data"]["rule"]
        rows = api.daybook.sql("SELECT count(*) FROM audit")
        assert api.set(name, **rule)["rule"] == rule
        assert api.daybook.sql("SELECT count(*) FROM audit") == rows, name


def test_a_definition_is_replaced_as_a_whole_and_left_alone_without_its_members(api):
    api.set("a", **T_MOBILE, amount=5)
    api.set("a", amount=6)
    assert api.read("a").json["data"]["rule"]["network"] == "T-Mobile"
    check_error(api.put("a", amount=6, network=None), 400, "tether", "network")
    assert api.set("a", amount=6, **{"from": None, "channels": None})["rule"]["network"] == "T-Mobile"
    assert api.set("a", **DAY)["rule"] == {**DAY, "unit": "message", "amounts": [{"validFrom": TODAY, "amount": 6}], "action": "refuse"}


BAD = [("A", {**DAY, "amount": 1}, "name"), ("a_b", {**DAY, "amount": 1}, "name"), ("a" * 33, {**DAY, "amount": 1}, "name"),
       ("caf%C3%A9", {**DAY, "amount": 1}, "name"),
       ("a", {"amount": 1}, "channels"), ("a", {"window": "day", "amount": 1}, "channels"), ("a", {"channels": ["SMS"], "amount": 1}, "window"),
       ("a", {**DAY}, "amount"), ("a", {**DAY, "channels": []}, "channels"), ("a", {**DAY, "channels": "SMS"}, "channels"),
       ("a", {**DAY, "channels": ["FAX"], "amount": 1}, "channels[0]"), ("a", {**DAY, "channels": ["SMS", 1], "amount": 1}, "channels[1]"),
       ("a", {**DAY, "window": "week", "amount": 1}, "window"), ("a", {**DAY, "unit": "contact", "amount": 1}, "unit"),
       ("a", {**DAY, "zone": "Mars/Base", "amount": 1}, "zone"), ("a", {**DAY, "window": "month", "zone": "UTC", "amount": 1}, "zone"),
       ("a", {**DAY, "hours": 24, "amount": 1}, "hours"), ("a", {**DAY, "window": "rolling", "amount": 1}, "hours"),
       ("a", {**DAY, "window": "rolling", "hours": 745, "amount": 1}, "hours"),
       ("a", {**DAY, "window": "rolling", "hours": 0, "amount": 1}, "hours"), ("a", {**DAY, "window": "rolling", "hours": 0.5, "amount": 1}, "hours"),
       ("a", {**DAY, "window": "cycle", "from": "x", "amount": 1}, "from"), ("a", {**DAY, "window": "year", "network": "x", "amount": 1}, "network"),
       ("a", {**DAY, "from": "", "amount": 1}, "from"), ("a", {**DAY, "from": "x" * 256, "amount": 1}, "from"),
       ("a", {**DAY, "from": "a\nb", "amount": 1}, "from"), ("a", {**DAY, "network": "x" * 65, "amount": 1}, "network"),
       ("a", {**DAY, "amount": -1}, "amount"), ("a", {**DAY, "amount": 10**12 + 1}, "amount"), ("a", {**DAY, "amount": 1.5}, "amount"),
       ("a", {**DAY, "amount": "1"}, "amount"), ("a", {**DAY, "unit": "cost", "amount": -1}, "amount"),
       ("a", {**DAY, "unit": "cost", "amount": 1000001}, "amount"), ("a", {**DAY, "amount": 1, "validFrom": "2026-13-01"}, "validFrom"),
       ("a", {**DAY, "amount": 1, "validFrom": "2011-12-31"}, "validFrom"), ("a", {**DAY, "amount": 1, "validFrom": "2100-01-01"}, "validFrom"),
       ("a", {**DAY, "amounts": []}, "amounts"), ("a", {**DAY, "amounts": {}}, "amounts"), ("a", {**DAY, "amounts": [{"amount": 1}]}, "amounts[0].validFrom"),
       ("a", {**DAY, "amounts": [{"validFrom": TODAY}]}, "amounts[0].amount"),
       ("a", {**DAY, "amounts": [{"validFrom": TODAY, "amount": 1, "x": 1}]}, "amounts[0]"),
       ("a", {**DAY, "amounts": [{"validFrom": TODAY, "amount": 1}, {"validFrom": TODAY, "amount": 2}]}, "amounts"),
       ("a", {**DAY, "amounts": [{"validFrom": TODAY, "amount": 1}], "amount": 2}, "amounts"),
       ("a", {**DAY, "amount": 1, "action": "block"}, "action"), ("a", {"preset": "gmail"}, "preset"), ("a", {"preset": "ses"}, "amount"),
       ("a", {**DAY, "amount": 1, "name": "b"}, "name"), ("a", {**DAY, "amount": 1, "preview": "yes"}, "preview"),
       ("daily", {"window": "month", "channels": ["SMS"]}, "window"), ("cycle-sms", {"channels": ["CALL"], "window": "cycle"}, "channels"),
       ("cycle-cost", {"channels": ["SMS", "CALL"], "window": "cycle", "unit": "message"}, "unit"), ("daily", {"action": "report"}, "action")]


@pytest.mark.parametrize("name, body, member", BAD, ids=lambda v: str(v)[:60])
def test_what_cannot_be_is_refused_with_the_member_and_changes_nothing(api, name, body, member):
    before = api.daybook.sql("SELECT * FROM limit_rule"), api.daybook.sql("SELECT * FROM limit_amount")
    reply = api.put(name, **body)
    check_error(reply, 400, "tether")
    assert reply.json["error"].startswith(f"{member}"), reply
    assert (api.daybook.sql("SELECT * FROM limit_rule"), api.daybook.sql("SELECT * FROM limit_amount")) == before


def test_who_may_set_them_is_an_administrator_of_the_organization(daybook):
    daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    for token, status in ((daybook.token(scope="usage:read usage:write campaigns:write"), 403), (daybook.token("globex"), 403),
                          (daybook.token(scope="org:admin"), 200), (daybook.token(None, "admin"), 200)):
        assert daybook.cgi("settings", "PUT", f"{LIMITS}/a", body={**DAY, "amount": 1}, token=token).status == status
        assert daybook.cgi("settings", "DELETE", f"{LIMITS}/a", token=token).status == status
    assert daybook.cgi("settings", "GET", f"{LIMITS}/daily", token=daybook.token(scope="usage:read")).status == 200
    assert daybook.cgi("settings", "GET", f"{LIMITS}/daily", token=daybook.token(scope="org:admin")).status == 403


def test_fifty_limits_are_the_most(api):
    for n in range(45):
        api.set(f"l{n}", **DAY, amount=n)
    check_error(api.put("one-more", **DAY, amount=1), 409, "tether", "50")
    api.remove("l7")
    api.set("one-more", **DAY, amount=1)
    assert len(api.listed()) == 50


def test_the_five_lose_their_amounts_and_not_themselves(api):
    api.set("cycle-sms", amounts=[{"validFrom": TODAY, "amount": 5}, {"validFrom": "2026-07-01", "amount": 9}])
    assert api.remove("cycle-sms").status == 200 and api.remove("daily").status == 200
    assert api.amounts("cycle-sms") == [(TODAY, None)]
    assert api.listed()["daily"]["amount"] is None
    assert api.calendar(YESTERDAY, TODAY)[YESTERDAY]["availableQuota"] == 500
    assert api.ask("settings", "GET", "/api/organizations/acme").json["data"]["dailyLimit"] is None


def test_the_caps_share_their_action(api):
    api.set("cycle-sms", action="report")
    assert {n: limit["action"] for n, limit in api.listed().items()} == {
        "daily": "refuse", "cycle-messages": "report", "cycle-cost": "report", "cycle-sms": "report", "cycle-calls": "report"}
    assert api.ask("settings", "GET", "/api/organizations/acme").json["data"]["allowOverage"] is True


# ---- Conditions

def test_if_match_keeps_a_change_from_undoing_another_and_events_do_not_matter(api):
    api.set("a", **DAY, amount=5)
    tag = api.read("a").headers["etag"]
    api.sent(event(at(TODAY)))
    assert api.read("a").headers["etag"] == tag
    assert api.ask("settings", "GET", f"{LIMITS}/a", headers={"If-None-Match": tag}).json["data"]["used"] == 1
    changed = api.put("a", headers={"If-Match": tag}, amount=6)
    assert changed.status == 200 and changed.headers["etag"] == api.read("a").headers["etag"] != tag
    check_error(api.put("a", headers={"If-Match": tag}, amount=7), 412, "tether")
    check_error(api.remove("a", headers={"If-Match": tag}), 412, "tether")
    check_error(api.put("b", headers={"If-Match": tag}, **DAY, amount=7), 412, "tether")
    check_error(api.put("a", headers={"If-None-Match": "*"}, amount=7), 412, "tether")
    assert api.put("b", headers={"If-None-Match": "*"}, **DAY, amount=7).status == 200
    assert api.remove("a", headers={"If-Match": "*"}).status == 200


# ---- Amounts by date

def test_an_amount_holds_from_today_on_and_later_ones_stay(api):
    api.set("a", **DAY, amounts=[{"validFrom": "2026-07-01", "amount": 30}, {"validFrom": "2026-06-01", "amount": 20}])
    assert api.amounts("a") == [("2026-06-01", 20), ("2026-07-01", 30)]
    api.set("a", amount=10)
    assert api.amounts("a") == [(TODAY, 10), ("2026-06-01", 20), ("2026-07-01", 30)]
    api.set("a", amount=25, validFrom="2026-06-15")
    assert api.amounts("a")[2] == ("2026-06-15", 25)
    api.set("a", amounts=[{"validFrom": "2026-06-10", "amount": None}])
    assert api.amounts("a") == [(TODAY, 10), ("2026-06-01", 20), ("2026-06-10", None)]


def test_a_past_day_keeps_the_amount_that_it_had(api):
    api.set("a", **DAY, amount=10, validFrom="2026-05-01")
    api.clock("2026-05-25T16:00:00Z")
    api.set("a", amount=20)
    for body in ({"amount": 15, "validFrom": "2026-05-20"}, {"amounts": [{"validFrom": "2026-05-20", "amount": 15}]},
                 {"amounts": [{"validFrom": "2026-05-01", "amount": 10}, {"validFrom": "2026-05-24", "amount": 20}]}):
        check_error(api.put("a", **body), 400, "tether", "is past")
    assert api.daybook.sql("SELECT a.amount FROM limit_amount a JOIN limit_rule r ON r.key = a.rule WHERE r.name = 'a' ORDER BY valid_from") == [
        (10,), (20,)]


def test_a_hundred_amounts_are_the_most(api):
    days = [f"{2027 + n // 12}-{n % 12 + 1:02}-01" for n in range(101)]
    check_error(api.put("a", **DAY, amounts=[{"validFrom": d, "amount": n} for n, d in enumerate(days)]), 400, "tether", "100")
    api.set("a", **DAY, amounts=[{"validFrom": d, "amount": n} for n, d in enumerate(days[:100])])
    api.set("a", amount=1)	# today's is none of those to come
    check_error(api.put("a", amount=1, validFrom=days[100]), 409, "tether", "100")
    assert len(api.amounts("a")) == 101


def test_today_is_that_of_the_zone_of_the_limit(api):
    api.clock("2026-05-20T23:30:00Z")
    assert api.set("east", **DAY, zone="Asia/Tokyo", amount=5)["rule"]["amounts"] == [{"validFrom": "2026-05-21", "amount": 5}]
    data = api.read("east").json["data"]
    assert (data["from"], data["resetsAt"]) == ("2026-05-21", "2026-05-21T15:00:00.000Z")
    check_error(api.put("east", amount=6, validFrom="2026-05-20"), 400, "tether", "is past")


def test_the_unit_may_change_between_counts_but_not_to_money(api):
    api.set("a", **DAY, amount=5)
    assert api.set("a", **DAY | {"unit": "part"})["amount"] == 5
    check_error(api.put("a", **DAY | {"unit": "cost"}, amount=1), 400, "tether", "unit")


# ---- The coming days

def test_a_change_names_the_coming_days_that_are_over_it_and_takes_nothing_back(api):
    api.create("c", 60, at(TOMORROW), partsPerContact=2)
    api.sent(event(at(TODAY), messages=7))
    preview = api.put("a", **DAY, unit="part", amount=6, preview=True)
    over = [{"date": TODAY, "used": 7, "held": 0, "amount": 6}, {"date": TOMORROW, "used": 0, "held": 120, "amount": 6}]
    assert preview.json["data"]["daysOverLimit"] == over and "a" not in api.listed()
    assert api.set("a", **DAY, unit="part", amount=6)["daysOverLimit"] == over
    assert api.set("m", **DAY | {"window": "month"}, amount=66)["daysOverLimit"] == [{"date": TODAY, "used": 7, "held": 60, "amount": 66}]
    assert api.set("a", amount=120)["daysOverLimit"] == []
    assert api.get("c")["status"] == "scheduled"


def test_a_change_is_in_the_audit_with_what_was_and_who_did_it(api):
    api.set("a", **DAY, amount=5)
    api.set("a", amount=6)
    api.remove("a")
    rows = api.daybook.sql("SELECT action, detail, credential FROM audit WHERE action LIKE 'limit.%' ORDER BY key")
    assert [row[0] for row in rows] == ["limit.set", "limit.set", "limit.remove"]
    details = [json.loads(row[1]) for row in rows]
    assert all(d["name"] == "a" for d in details) and all(row[2] == "jwt:main" for row in rows)
    assert details[1]["was"]["amounts"][0]["amount"] == 5 and details[1]["rule"]["amounts"][0]["amount"] == 6
    assert "rule" not in details[2] and details[2]["was"] == details[1]["rule"]


# ---- Presets

def test_presets_are_listed_and_each_makes_its_limit(api):
    listed = api.ask("settings", "GET", LIMITS, {"presets": "true"}).json["data"]["presets"]
    assert len(listed) >= 12
    for p in listed:
        given = {"amount": 3} if p["needsAmount"] else {}
        assert api.set(f"p-{listed.index(p)}", preset=p["preset"], **given)["rule"]["amounts"][0]["validFrom"] == TODAY, p
    assert api.set("tm", preset="t-mobile-10dlc-2000")["rule"] == {**T_MOBILE, "amounts": [{"validFrom": TODAY, "amount": 2000}], "action": "refuse"}
    api.set("up", preset="warm-up-1000-4000-8000", validFrom="2026-06-01", **{"from": "news@example.org"})
    assert api.amounts("up") == [("2026-06-01", 1000), ("2026-06-08", 4000), ("2026-06-15", 8000)]
    assert api.read("up").json["data"]["rule"]["from"] == "news@example.org"
    assert api.set("tm", preset="gmail-500", amount=400, channels=["EMAIL", "SMS"])["rule"] == {
        "channels": ["SMS", "EMAIL"], "unit": "message", "window": "rolling", "hours": 24, "amounts": [{"validFrom": TODAY, "amount": 400}],
        "action": "refuse"}


# ---- The roll-up of a limit with a sender or a network

def of(sender=None, network=None, **fields):
    extra = {key: value for key, value in (("from", sender), ("network", network)) if value}
    return event(at(fields.pop("date", TODAY)), **extra, **fields)


def test_a_limit_is_in_force_at_once_where_one_turn_is_enough(api):
    api.sent(of("+1", "T-Mobile", messages=3, parts=6), of("+2", "T-Mobile"), of("+1", "AT&T"), of(), of("+1", "T-Mobile", date=YESTERDAY),
             of("+1", "T-Mobile", channel="CALL"))
    data = api.set("tm", **T_MOBILE, amount=9)
    assert (data["used"], data["job"], "state" in data) == (7, None, False)
    assert api.set("one", **DAY, amount=9, **{"from": "+1"})["used"] == 4
    assert api.set("both", **DAY | {"channels": ["CALL"]}, amount=9, network="T-Mobile", **{"from": "+1"})["used"] == 1
    assert [row[1:3] for row in api.rows("tm")] == [(1, 1), (4, 7)]
    refused = api.enforced(of("+9", "T-Mobile", messages=3)).json["results"][0]
    assert (refused["limit"], refused["available"]) == ("tm", 2)
    assert api.enforced(of("+9", "T-Mobile", messages=2)).status == 200
    api.daybook.cmd("verify")


def test_another_sender_or_channel_fills_the_limit_again_and_another_unit_does_not(api):
    api.sent(of("+1", parts=5), of("+2", messages=4), of("+1", channel="CALL"))
    api.set("one", **DAY, amount=9, **{"from": "+1"})
    assert api.set("one", **DAY | {"unit": "part"}, **{"from": "+1"})["used"] == 5
    assert api.set("one", **DAY, **{"from": "+2"})["used"] == 4
    assert api.set("one", **DAY | {"channels": ["CALL"]}, **{"from": "+1"})["used"] == 1
    assert api.set("one", **DAY)["used"] == 5 and api.rows("one") == []
    api.daybook.cmd("verify")


def test_a_limit_that_is_being_filled_refuses_nothing_and_then_does(api):
    api.sent(*(of("+1", date=f"2026-05-{d:02}") for d in range(10, 21)))
    held_up = api.daybook.sql("INSERT INTO job (org, number, kind, first_quarter, next_quarter, end_quarter, actor, is_remote, started_at, "
                              "updated_at) VALUES (1, 77, 'rebuild', 1976000, 1976000, 1977000, 1, 0, 1, 1)")
    assert held_up == []
    data = api.set("one", **DAY, amount=1, **{"from": "+1"})
    assert (data["state"], data["job"], data["action"], data["daysOverLimit"]) == ("building", None, "refuse", None)
    assert api.enforced(of("+1")).status == 200
    api.sent(of("+1"))
    assert api.filled("one")["used"] == 3
    assert [job[0] for job in api.daybook.sql("SELECT kind FROM job ORDER BY number")] == ["rebuild", "fill-limit"]
    assert api.enforced(of("+1")).status == 429
    api.daybook.cmd("verify")


def test_a_limit_that_is_removed_or_changed_while_it_is_filled_ends_its_job(api):
    api.sent(of("+1"), of("+2", messages=2))
    for change in (lambda: api.remove("one"), lambda: api.set("one", **DAY, **{"from": "+2"})):
        api.set("one", **DAY, amount=9, **{"from": "+1"})
        api.daybook.sql("UPDATE limit_rule SET is_building = 1 WHERE name = 'one'")
        api.daybook.sql("UPDATE organization SET zone_revision = zone_revision + 1")
        api.daybook.sql("INSERT INTO job (org, number, kind, rule, first_quarter, next_quarter, end_quarter, actor, is_remote, started_at, "
                        "updated_at) SELECT 1, coalesce(max(number), 0) + 1, 'fill-limit', (SELECT key FROM limit_rule WHERE name = 'one'), "
                        "1976000, 1976000, 1977800, 1, 0, 1, 1 FROM job")
        change()
    assert api.filled("one")["used"] == 2
    assert api.daybook.sql("SELECT count(*) FROM job WHERE ended_at IS NULL") == [(0,)]
    api.daybook.cmd("verify")


def test_a_rebuild_makes_the_roll_up_of_a_limit_right_again(api):
    api.sent(of("+1"), of("+1", date=YESTERDAY), of("+2"))
    api.set("one", **DAY, amount=9, **{"from": "+1"})
    rows = api.rows("one")
    api.daybook.sql("UPDATE limit_usage SET messages = 50 WHERE quarter = (SELECT max(quarter) FROM limit_usage)")
    api.daybook.sql("INSERT INTO limit_usage SELECT key, 1, 1, 1, 1 FROM limit_rule WHERE name = 'one'")
    api.daybook.sql("DELETE FROM limit_usage WHERE quarter = (SELECT min(quarter) FROM limit_usage WHERE quarter > 1)")
    assert api.daybook.cmd("verify", check=False).returncode == 1
    api.daybook.cmd("rebuild")
    assert api.rows("one") == rows
    api.daybook.cmd("verify")


def test_voids_and_settlements_are_counted_where_their_event_is(api):
    api.sent(of("+1", id="a", messages=5), of("+1", id="b"))
    api.set("one", **DAY, amount=9, **{"from": "+1"})
    api.sent({"id": "v", "voids": "a", "reason": "test"})
    assert api.listed()["one"]["used"] == 1
    api.set("two", **DAY, amount=9, **{"from": "+1"})
    assert [row[1:] for row in api.rows("two")] == [row[1:] for row in api.rows("one")]
    api.daybook.cmd("verify")


def test_a_large_ledger_is_filled_in_turns_and_events_in_between_are_counted_once(api):
    days = [f"2026-05-{d:02}" for d in range(1, 21)]
    for day in days:
        for hour in (12, 15):
            batch = [event(f"{day}T{hour}:{n % 60:02}:00Z", **({"network": "T-Mobile", "from": f"+{n % 50}"} if n % 3 else {})) for n in range(6000)]
            assert api.ask("events", "POST", "/api/events", body=batch).json["accepted"] == 6000
    data = api.set("tm", **{**T_MOBILE, "unit": "message"}, amount=10)
    assert data["state"] == "building" and data["job"] == 1 and data["daysOverLimit"] is None
    job = api.ask("jobs", "GET", "/api/organizations/acme/jobs/1").json["data"]
    assert (job["kind"], job["limit"], job["channel"]) == ("fill-limit", "tm", None)
    check_error(api.ask("prices", "POST", "/api/organizations/acme/prices", body={"channel": "SMS", "usd": 1, "validFrom": "2026-06-01"}), 409,
                "tether")
    late = 0
    while "state" in api.read("tm").json["data"]:
        api.sent(of("+1", "T-Mobile", date=days[late % 20]), of("+2", "T-Mobile", date=days[-late % 20]), of("+1", "AT&T", date=days[late % 20]))
        late += 1
    assert late > 0
    assert sum(row[1] for row in api.rows("tm")) == 20 * 2 * 4000 + 2 * late
    assert api.daybook.sql("SELECT detail FROM audit WHERE action = 'job.end'")[0][0].startswith('{"job":1,"kind":"fill-limit","limit":"tm",')
    api.daybook.cmd("verify")


def test_a_day_is_over_a_rolling_limit_if_a_window_that_ends_on_it_is(api):
    api.create("c", 40, "2026-05-22T23:00:00Z")
    api.create("d", 40, "2026-05-24T01:00:00Z")	# the evening of the 23rd in Toronto, 26 hours later
    body = {"channels": ["SMS"], "window": "rolling"}
    assert api.set("a", **body, hours=24, amount=40)["daysOverLimit"] == []
    over = api.set("a", **body, hours=27, amount=79)["daysOverLimit"]
    assert over == [{"date": "2026-05-23", "used": 0, "held": 80, "amount": 79}]
    assert api.set("a", **body, hours=25, amount=79)["daysOverLimit"] == []
    over = api.set("a", **body, hours=12, amount=39)["daysOverLimit"]
    assert [(d["date"], d["held"]) for d in over] == [("2026-05-22", 40), ("2026-05-23", 40), ("2026-05-24", 40)]
    over = api.set("a", **body, hours=96, amount=39)["daysOverLimit"]
    assert [(d["date"], d["held"]) for d in over] == [("2026-05-22", 40), *((f"2026-05-{d}", 80) for d in (23, 24, 25, 26)), ("2026-05-27", 40)]


def test_money_is_in_the_currency_of_the_organization(api):
    api.daybook.cmd("org", "add", "globex", "--timezone", "Europe/Berlin", "--currency", "EUR")
    globex = Limits(api.daybook, "globex")
    data = globex.put("money", org="globex", **DAY | {"unit": "cost"}, amount="12.5").json["data"]
    assert (data["amount"], data["currency"]) == (12.5, "EUR")
    check_error(globex.ask("settings", "PUT", "/api/organizations/globex/profile", body={"currency": "USD"}), 409, "tether", "money is an amount of money")
