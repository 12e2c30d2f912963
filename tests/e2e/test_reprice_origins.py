"""A new price reaches each sender and network: limits of money that count one of them, usage by them, voids and settlements."""
import json
import random

import pytest

from support import event, exact
from test_jobs import DAY, Jobs

SENDERS, NETWORKS = (None, "+1", "+2"), (None, "T-Mobile", "Verizon")
LIMITS = {"one": {"from": "+1"}, "two": {"from": "+2"}, "mobile": {"network": "T-Mobile"}, "both": {"from": "+1", "network": "T-Mobile"}}


class Origins(Jobs):
    def limit(self, name, **body):
        reply = self.ask("settings", "PUT", f"/api/organizations/acme/limits/{name}",
                         body={"channels": ["SMS"], "window": "rolling", "hours": 720, "unit": "cost", "amount": 900000, **body})
        assert reply.status == 200 and "state" not in reply.json["data"], reply

    def used(self, name):
        reply = self.ask("settings", "GET", f"/api/organizations/acme/limits/{name}")
        return exact(reply.body.decode())["data"]["used"]

    def by_origin(self):
        reply = self.ask("usage", "GET", "/api/usage", {"from": "2026-05-01", "to": "2026-05-20", "by": "sender,network"})
        assert reply.status == 200, reply
        return {(g["sender"], g["network"]): g["cost"] for g in exact(reply.body.decode())["data"]["groups"]}

    def check(self):
        self.verify()
        groups = self.by_origin()
        for name, asked in LIMITS.items():
            wanted = sum(cost for (sender, network), cost in groups.items()
                         if asked.get("from") in (None, sender) and asked.get("network") in (None, network))
            assert self.used(name) == wanted, (name, self.used(name), wanted, groups)
        assert self.used("all") == sum(groups.values())


@pytest.fixture
def api(daybook):
    api = Origins(daybook)
    for name, asked in LIMITS.items():
        api.limit(name, **asked)
    api.limit("all")
    return api


def origin(sender, network):
    return {k: v for k, v in (("from", sender), ("network", network)) if v is not None}


def random_event(world, n):
    at = f"{DAY}T12:{world.choice((0, 1, 14, 15, 29, 44)):02}:00Z"
    fields = {"cost": world.choice((0, 0.5))} if world.random() < 0.1 else {}
    if world.random() < 0.15:
        fields.update(status="failed", to="+15550100", reason="no route")
    return event(at, id=f"e{n}", parts=world.randint(1, 4), **fields, **origin(world.choice(SENDERS), world.choice(NETWORKS)))


def correct(world, n, posted):
    target = world.choice(posted)
    if world.random() < 0.4:
        return {"id": f"v{n}", "voids": target["id"], "reason": "test"}
    settled = {"id": f"s{n}", "settles": target["id"]}
    if target.get("status") == "failed":
        settled["status"] = "sent"
    return {**settled, **world.choice(({"parts": world.randint(1, 6)}, {"cost": 0.25}, {"parts": 2, "cost": 0}))}


@pytest.mark.parametrize("seed", range(6))
def test_after_any_history_of_prices_each_limit_of_money_has_what_its_events_cost(api, seed):
    world, posted, n = random.Random(seed), [], 0
    api.daybook.cmd("price", "set", "SMS", "0.01", "--org", "acme", "--from", "2026-05-01")
    for round in range(5):
        new = [random_event(world, 100 * round + i) for i in range(25)]
        posted += new
        api.events(*new)
        if round > 0 and world.random() < 0.5:	# a job that others go on with
            api.killed_after_its_commit(round / 50)
        elif round > 0:
            api.daybook.cmd("price", "set", "SMS", f"0.0{round}3", "--org", "acme", "--from", DAY, "--reprice")
        api.events(*(correct(world, n := n + 1, posted) for _ in range(12)))
        api.daybook.cmd("maintenance")
        api.check()
    before = api.daybook.sql("SELECT * FROM limit_usage ORDER BY rule, quarter")
    api.daybook.cmd("rebuild")
    assert api.daybook.sql("SELECT * FROM limit_usage ORDER BY rule, quarter") == before
    api.limit("late", **{"from": "+1"})	# filled from the ledger, after the prices
    assert api.used("late") == api.used("one")
    api.check()


def test_a_void_after_a_reprice_leaves_nothing_and_admits_no_more_than_before(api):
    api.daybook.cmd("price", "set", "SMS", "0.01", "--org", "acme", "--from", "2026-05-01")
    api.limit("one", **{"from": "+1"}, amount=1)
    api.sent(*(event(f"{DAY}T12:0{i}:00Z", id=f"e{i}", parts=2, **{"from": "+1"}) for i in range(2)))
    assert api.price(0.05).status == 202
    api.ended(1)
    assert str(api.used("one")) == "0.2"
    api.sent({"id": "v0", "voids": "e0", "reason": "test"}, {"id": "v1", "voids": "e1", "reason": "test"})
    assert api.used("one") == 0
    reply = api.ask("events", "POST", "/api/events", {"enforce": "true"}, event("2026-05-20T12:00:00Z", id="more", cost=1.1, **{"from": "+1"}))
    assert reply.status == 402 or reply.status == 429, reply
    api.verify()


def test_rows_of_new_prices_are_numbered_by_quarter_hour_and_one_of_no_sender_is_as_before(api):
    api.sent(event(f"{DAY}T12:00:00Z", id="a"), event(f"{DAY}T12:01:00Z", id="b", **{"from": "+1", "network": "Verizon"}),
             event(f"{DAY}T12:02:00Z", id="c", **{"from": "+1", "network": "Verizon"}), event(f"{DAY}T12:20:00Z", id="d"))
    assert api.price(1).status == 202
    api.ended(1)
    rows = api.daybook.sql("SELECT id, sender, network, cost_micros FROM event WHERE source = 'daybook:reprice' ORDER BY id")
    first = rows[0][0].split("/")[1]
    one = 10**6 - 7900
    assert rows == [(f"SMS/{first}/1", None, None, one), (f"SMS/{first}/2", "+1", "Verizon", 2 * one),
                    (f"SMS/{int(first) + 1}/1", None, None, one)]
    assert api.job(1).json["data"]["changed"] == 2	# quarter-hours
    api.check()


def test_a_quarter_hour_of_many_senders_is_repriced_in_short_turns(api):
    lines = "".join(json.dumps(event(f"{DAY}T12:00:00Z", id=f"e{i}", **{"from": f"+{i}"})) + "\n" for i in range(30000))
    api.daybook.cmd("import", "-", input=lines)
    assert api.price(1).status == 202
    api.daybook.cmd("maintenance")
    data = api.ended(1)
    assert data["changed"] == 1
    assert api.daybook.sql("SELECT count(*), count(DISTINCT sender), sum(cost_micros) FROM event WHERE source = 'daybook:reprice'") == [
        (30000, 30000, 30000 * (10**6 - 7900))]
    assert api.used("one") == api.used("two") == 1
    api.verify()
