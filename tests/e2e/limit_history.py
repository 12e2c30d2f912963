"""A history of many clients under limits of every kind, which they change meanwhile; and who judges every reply afterwards.

Triggers write down in which order the transactions of the history were committed.  The judge repeats them one after the other in
the model: what was accepted must have had room just then.  A refusal and a reading write nothing, so they must be right, figure by figure, in
one of the states that there were between the request and its reply.
"""
import bisect
import collections
import concurrent.futures
import dataclasses
import datetime
import json
import random
import threading
import time

from conftest import BUILD, FastCgi, body_bytes, cgi_variables
from api import CAMPAIGNS, SCOPE
from limit_judge import Model, judge_events, judge_limits, judge_reservation
from limits_model import DAY, QUARTER_MS, Amount, Hold, Rule, day_in
from support import iso, ms, set_clock

CLIENTS, PROCESSES = 4, 2
LIMITS = "/api/organizations/acme/limits"
SENDERS, NETWORKS = [None, None, "+15550001", "+15550002"], [None, "T-Mobile", "Vodafone"]
CHANNELS = ["SMS", "SMS", "SMS", "CALL", "EMAIL"]
NANOS = {"SMS": 7_900_500, "CALL": 13_000_000}
EPOCH = datetime.date(1970, 1, 1)

# Every transaction leaves rows here, in the order in which they were committed; `revision` tells them apart.
LOG = ["CREATE TABLE history (n INTEGER PRIMARY KEY, revision INTEGER, what TEXT, name TEXT, value INTEGER)"] + [
    f"CREATE TRIGGER history_{n} AFTER {when} BEGIN INSERT INTO history (revision, what, name, value) "
    f"SELECT revision, '{what}', {name}, {value} FROM organization; END" for n, (when, what, name, value) in enumerate((
        ("INSERT ON event", "event", "NEW.id", "NULL"),
        ("INSERT ON campaign", "campaign", "NEW.id", "NULL"),
        ("UPDATE OF revision ON campaign", "campaign", "NEW.id", "NULL"),
        ("INSERT ON audit WHEN NEW.action IN ('limit.set', 'limit.remove')", "limit", "NEW.detail", "NULL"),
        ("INSERT ON limit_rule", "building", "NEW.name", "NEW.is_building"),
        ("UPDATE OF is_building ON limit_rule", "building", "NEW.name", "NEW.is_building")))]


@dataclasses.dataclass
class Op:
    """A request with its reply.  apply(model) does to the model what was done; judge(model) returns what is wrong in a state, or None."""
    what: str
    key: str  # what the triggers call it; None: it wrote nothing
    began: float
    ended: float
    reply: object
    apply: object = None
    judge: object = None
    index: int = None  # of its transaction, in its phase


# ---- Clients

class Client:
    VERBS = (("events", 34), ("plain", 6), ("void", 4), ("create", 18), ("move", 10), ("cancel", 6), ("limit", 14), ("limits_read", 8))

    def __init__(self, history, number):
        self.h, self.number, self.serial = history, number, 0
        self.random = random.Random(f"{history.seed}-{number}")
        self.campaigns, self.spent, self.voidable, self.limits = {}, collections.Counter(), [], {}

    def run(self, ops):
        verbs, weights = zip(*self.VERBS)
        for _ in range(ops):
            if self.h.problems:
                return
            getattr(self, self.random.choices(verbs, weights)[0])()

    def id(self):
        self.serial += 1
        return f"{self.number}-{self.serial}"

    def ask(self, program, method, path, query=None, body=None):
        raw = body_bytes(body)
        headers = {"Authorization": "Bearer " + self.h.token}
        began = time.monotonic()
        process = self.h.programs[program][self.number % PROCESSES]
        reply = process.request(cgi_variables(method, path, query, raw, headers), raw or b"")
        return reply, began, time.monotonic()

    def did(self, what, key, asked, apply=None, judge=None):
        self.h.add(Op(what, key, asked[1], asked[2], asked[0], apply, judge))

    def wrong(self, *what):
        self.h.problems.append(("status", self.number, *what))

    # ---- Events

    def some_event(self, is_old=False):
        """(event, how the model is asked about it)"""
        r = self.random
        at = self.h.now - (r.randrange(200 * 86400_000) if is_old else r.choice([0, 0, r.randrange(8 * 3600_000), r.randrange(3 * 86400_000)]))
        mine = [id for id, hold in self.campaigns.items() if hold.channel == "SMS"]
        campaign = r.choice(mine) if mine and r.random() < 0.3 else None
        channel = "SMS" if campaign else r.choice(CHANNELS)
        sender, network, messages = r.choice(SENDERS), r.choice(NETWORKS), r.choice([1, 3, r.randrange(1, 40)])
        parts = messages * r.choice([1, 1, 2])
        event = {"id": self.id(), "occurredAt": iso(at), "channel": channel, "messages": messages, "parts": parts, "campaignId": campaign,
                 "from": sender, "network": network, "tag": r.choice([None, "sales"])}
        cost = self.h.model.cost(channel, day_in(self.h.zone, at // QUARTER_MS), parts)
        return ({name: value for name, value in event.items() if value is not None},
                (at, channel, Amount(messages, parts, cost), campaign, sender, network))

    def took(self, event, counted):
        campaign, messages = counted[3], counted[2].messages
        self.voidable.append((event["id"], counted))
        if campaign:
            self.spent[campaign] += messages
            if self.spent[campaign] >= self.campaigns[campaign].contacts:
                del self.campaigns[campaign]

    def events(self):
        """One or more enforced events, all or each."""
        is_atomic, items = self.random.random() < 0.2, []
        for _ in range(self.random.choice([1, 1, 2, 5])):
            event, counted = self.some_event()
            if counted[3] in [c[3] for _, c in items]:  # what a campaign has left is known only for the first
                event.pop("campaignId", None)
                counted = (*counted[:3], None, *counted[4:])
            items.append((event, counted))
        asked = self.ask("events", "POST", "/api/events", "enforce=true" + "&atomic=true" * is_atomic, [event for event, _ in items])
        reply = asked[0]
        if reply.status not in (200, 402, 429):
            return self.wrong(reply)
        results = {result["index"]: result for result in json.loads(reply.body, parse_float=str)["results"]}
        is_taken = [results.get(i, {}).get("status", "accepted") == "accepted" for i in range(len(items))]
        for (event, counted), taken in zip(items, is_taken):
            if taken:
                self.took(event, counted)
        for result in results.values():
            if "limit" in result:
                self.h.refused(result)
        judge = judge_events(items, results)
        first = next((event["id"] for (event, _), taken in zip(items, is_taken) if taken), None)
        self.did("events", first, asked, judge if first else None, None if first else judge)

    def plain(self):
        event, counted = self.some_event(self.random.random() < 0.4)
        event.pop("campaignId", None)
        counted = (*counted[:3], None, *counted[4:])
        asked = self.ask("events", "POST", "/api/events", None, event)
        if asked[0].status != 200:
            return self.wrong(asked[0])
        self.voidable.append((event["id"], counted))
        self.did("plain", event["id"], asked, lambda model: model.record(*counted))

    def void(self):
        if not self.voidable:
            return
        target, (at, channel, amount, _, sender, network) = self.voidable.pop(self.random.randrange(len(self.voidable)))
        id, minus = self.id(), Amount(-amount.messages, -amount.parts, -amount.micros)
        asked = self.ask("events", "POST", "/api/events", None, {"id": id, "voids": target, "reason": "r"})
        if asked[0].status != 200:
            return self.wrong(asked[0])
        self.did("void", id, asked, lambda model: model.record(at, channel, minus, None, sender, network))

    # ---- Campaigns

    def some_instant(self):
        """Of the coming days, often near a midnight of somebody."""
        r = self.random
        at = self.h.now + 1000 + r.randrange(r.choice([6, 30, 30, 24 * 40]) * 3600_000)
        return at

    def create(self):
        r, id = self.random, self.id()
        at, contacts, parts, channel, sender = self.some_instant(), r.randrange(1, 60), r.choice([1, 1, 2]), r.choice(CHANNELS), r.choice(SENDERS)
        holds = [Hold(at, contacts, parts, channel, sender)]
        if r.random() < 0.2:
            holds.append(dataclasses.replace(holds[0], at=at + r.randrange(1, 50) * QUARTER_MS))
        body = {"id": id, "name": id, "partsPerContact": parts, "channel": channel,
                "segments": [{"scheduledISO": iso(hold.at), "contactCount": hold.contacts} for hold in holds]}
        asked = self.ask("campaigns", "POST", CAMPAIGNS, None, {**body, **({"from": sender} if sender else {})})
        self.reserved(id, asked, 201, holds)

    def move(self):
        """Moves or resizes: what it holds already it may keep."""
        mine = sorted(id for id, hold in self.campaigns.items() if hold.at > self.h.now)
        if not mine:
            return
        id, r = self.random.choice(mine), self.random
        was = self.campaigns[id]
        hold = dataclasses.replace(was, at=r.choice([was.at, self.some_instant()]), contacts=self.spent[id] + r.randrange(1, 60))
        if hold == was:
            return
        asked = self.ask("campaigns", "PUT", f"{CAMPAIGNS}/{id}", None,
                         {"segments": [{"segmentNumber": 1, "scheduledISO": iso(hold.at), "contactCount": hold.contacts}]})
        self.reserved(id, asked, 200, [hold], self.spent[id])

    def reserved(self, id, asked, success, holds, spent=0):
        reply = asked[0]
        left = [dataclasses.replace(hold, contacts=hold.contacts - spent) for hold in holds]
        if reply.status == success:
            if len(holds) == 1:
                self.campaigns[id] = holds[0]
            self.did("reserved", f"campaign {id}", asked, judge_reservation(id, left, None))
        elif reply.status in (402, 409) and reply.json.get("limit"):
            self.h.refused(reply.json)
            self.did("refused", None, asked, None, judge_reservation(id, left, reply))
        else:
            self.wrong(reply, holds)

    def cancel(self):
        mine = sorted(id for id, hold in self.campaigns.items() if hold.at > self.h.now)
        if not mine:
            return
        id = self.random.choice(mine)
        asked = self.ask("campaigns", "POST", f"{CAMPAIGNS}/{id}/cancel")
        if asked[0].status != 200:
            return self.wrong(asked[0])
        del self.campaigns[id]
        self.did("cancel", f"campaign {id}", asked, lambda model: model.drop(id))

    # ---- Limits

    def some_rule(self, name):
        r = self.random
        rule = Rule(name, name, tuple(sorted(r.sample(["SMS", "CALL", "EMAIL"], r.choice([1, 2, 3])))), r.choice(["message", "part", "cost"]),
                    r.choice(["day", "day", "rolling", "rolling", "cycle", "month", "year"]), r.random() < 0.85)
        if rule.period == "day" and r.random() < 0.8:
            rule.zone = r.choice(self.h.zones)
        if rule.period == "rolling":
            rule.hours = r.choice([1, 6, 24, 25, 72])
        if rule.period in ("day", "rolling"):
            rule.sender, rule.network = r.choice(SENDERS), r.choice(NETWORKS)
        return rule

    def some_amounts(self, rule):
        """From today on, and sometimes others from later days on."""
        r, today = self.random, day_in(rule.zone or self.h.zone, self.h.now // QUARTER_MS)
        scale = (1000 if rule.unit == "cost" else 1) * (40 if rule.is_long else 1)
        amounts = [(today + d * DAY, r.choice([None, 0, *[r.randrange(20, 900) * scale] * 8])) for d in sorted({0, *r.choices(range(1, 5), k=r.choice([0, 0, 2]))})]
        return amounts

    def limit(self):
        """Adds, changes or removes one of its own; of the first client also the amounts of the five."""
        r = self.random
        name = f"l{self.number}-{r.randrange(3)}"
        if self.number == 0 and r.random() < 0.3:
            name = r.choice(["daily", "cycle-sms", "cycle-cost"])
        old = self.limits.get(name)
        if old and name[0] == "l" and r.random() < 0.1:
            asked = self.ask("settings", "DELETE", f"{LIMITS}/{name}")
            if asked[0].status != 200:
                return self.wrong(asked[0])
            del self.limits[name]
            return self.did("remove", f"limit {name}", asked, lambda model: model.remove_rule(name))
        rule = self.some_rule(name) if name[0] == "l" else next(x for x in self.h.model.rules if x.name == name)
        if old and r.random() < 0.5:
            rule = dataclasses.replace(old)
        elif old and "cost" in (old.unit, rule.unit):  # amounts that are money stay so
            rule.unit = old.unit
        amounts = self.some_amounts(rule)
        kept = [a for a in old.amounts if a[0] < amounts[0][0]] if old else rule.amounts if name[0] != "l" else []
        rule = dataclasses.replace(rule, amounts=[a for a in kept if a[0] < amounts[0][0]] + amounts)
        if old == rule:
            return
        body = {"amounts": [{"validFrom": str(day), "amount": amount_text(rule, amount)} for day, amount in amounts]}
        if name[0] == "l":
            body = {**rule.definition(), **body, "action": "refuse" if rule.refuses else "report"}
        asked = self.ask("settings", "PUT", f"{LIMITS}/{name}", None, body)
        if asked[0].status != 200:
            return self.wrong(asked[0], body)
        self.limits[name] = rule
        self.did("limit", f"limit {name}", asked, lambda model: model.set_rule(dataclasses.replace(rule)))

    def limits_read(self):
        asked = self.ask("settings", "GET", LIMITS)
        if asked[0].status != 200:
            return self.wrong(asked[0])
        self.did("read", None, asked, None, judge_limits(json.loads(asked[0].body, parse_float=str)["data"]["limits"]))


def amount_text(rule, amount):
    return amount if amount is None or rule.unit != "cost" else f"{amount // 10**6}.{amount % 10**6:06}"


# ---- The history

class History:
    """Of one organization, `acme`, which is new.  programs: what replaces the build's, by name."""

    def __init__(self, daybook, seed, zone, zones, start, programs=None):
        self.daybook, self.seed, self.zone, self.zones, self.now = daybook, seed, zone, zones, ms(start)
        self.problems, self.done, self.lock, self.ops, self.logged = [], collections.Counter(), threading.Lock(), [], 0
        self.model = Model(zone, 15, "message", self.now)
        set_clock(daybook, iso(self.now))
        daybook.cmd("org", "set", "acme", "--timezone", zone, "--cycle-day", 15)
        change = self.model.today + DAY
        daybook.cmd("org", "set", "acme", "--cycle-day", 20, "--from", change)
        self.model.cycle_changes = ((change, 20),)
        self.token = daybook.token(scope=SCOPE + " usage:backfill", ttl="720h")
        for channel, nanos in NANOS.items():
            daybook.sql("INSERT INTO price (org, channel, valid_from, nanos_per_part) SELECT key, ?, 15340, ? FROM organization", channel, nanos)
            self.model.prices.append((channel, datetime.date(2012, 1, 1), nanos))
        daily, = daybook.sql("SELECT amount FROM limit_amount a JOIN limit_rule r ON r.key = a.rule WHERE r.name = 'daily'")
        self.model.rules[0].amounts = [(datetime.date(2012, 1, 1), daily[0])]
        for statement in LOG:
            daybook.sql(statement)
        self.programs = {name: [self.start(name, i, (programs or {}).get(name)) for i in range(PROCESSES)]
                         for name in ("events", "campaigns", "settings")}
        self.clients = [Client(self, number) for number in range(CLIENTS)]

    def start(self, name, number, path):
        with open(self.daybook.log_path, "ab") as log:
            process = FastCgi(str(path or BUILD / f"cgi-bin/{name}.fcgi"), self.daybook.env, self.daybook.sockets / f"l-{name}-{number}", log)
        self.daybook.processes.append(process)
        return process

    def add(self, op):
        with self.lock:
            self.ops.append(op)
            self.done[op.what] += 1

    def refused(self, body):
        """Which kinds of limits refused something."""
        with self.lock:
            self.done["refused by " + body["window"]] += 1
            for member in ("zone", "from", "network"):
                self.done["refused by " + member] += member in body

    def run(self, ops):
        """So many requests at one time of the clock; then they are judged."""
        self.ops = []
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            for client in [pool.submit(client.run, ops // CLIENTS) for client in self.clients]:
                client.result()
        self.judge()

    def wait(self, hours):
        """
        The clock moves on; a campaign whose day is over is left alone.  All limits with sums of their own are to be filled again,
        as if their jobs had to wait for one that has just ended: the next that a client changes starts them.
        """
        self.daybook.sql("UPDATE organization SET revision = revision + 1, zone_revision = zone_revision + 1")
        self.daybook.sql("UPDATE limit_rule SET is_building = 1 WHERE sender IS NOT NULL OR network IS NOT NULL")
        self.now += round(hours * 3600_000)
        self.model.move_clock(self.now)
        set_clock(self.daybook, iso(self.now))
        for client in self.clients:
            for id in [id for id, hold in client.campaigns.items() if self.model.day_of(hold.at) < self.model.today]:
                del client.campaigns[id]

    def end(self):
        """Leaves a database without the triggers, in which all limits are filled."""
        self.daybook.cmd("limit", "add", "acme", "last", "--channels", "SMS", "--window", "day", "--zone", "UTC", "--amount", 1)
        for _ in range(self.daybook.sql("SELECT count(*) FROM limit_rule WHERE is_building = 1")[0][0]):
            self.daybook.cmd("maintenance")
        for n in range(len(LOG) - 1):
            self.daybook.sql(f"DROP TRIGGER history_{n}")
        self.daybook.sql("DROP TABLE history")

    # ---- The judge

    def transactions(self):
        """[(the operation or None, {limit: whether it is being built})] since the last phase, in order."""
        rows = self.daybook.sql("SELECT n, revision, what, name, value FROM history WHERE n > ? ORDER BY n", self.logged)
        waiting = collections.defaultdict(collections.deque)
        for op in sorted((op for op in self.ops if op.key), key=lambda op: op.began):
            waiting[op.key].append(op)
        found, last = [], None
        for n, revision, what, name, value in rows:
            self.logged = n
            if revision != last:
                found.append([None, {}])
                last = revision
            if what == "building":
                found[-1][1][name] = bool(value)
                continue
            key = {"event": name, "campaign": f"campaign {name}"}.get(what) or f"limit {json.loads(name)['name']}"
            if found[-1][0] is None and waiting[key]:
                found[-1][0] = op = waiting[key].popleft()
                op.index = len(found)
        self.problems += [("lost", op) for queue in waiting.values() for op in queue]
        return found

    def judge(self):
        found = self.transactions()
        asking = self.with_ranges(len(found))
        for index in range(len(found) + 1):
            if index > 0 and not self.problems:
                self.repeat(*found[index - 1])
            if self.problems:
                return
            for entry in [entry for entry in asking if entry[0] <= index <= entry[1]]:
                entry[3].append(entry[2].judge(self.model))
                if entry[3][-1] is None:
                    asking.remove(entry)
        self.problems += [(op, wrong) for _, _, op, wrong in asking]

    def repeat(self, op, building):
        wrong = op.apply(self.model) if op else None
        if wrong:
            self.problems.append((op, wrong))
        for rule in self.model.rules:
            rule.is_building = building.get(rule.name, rule.is_building)

    def with_ranges(self, count):
        """[first state, last state, operation, what was wrong in them] of those that wrote nothing."""
        written = [op for op in self.ops if op.index]
        ends = sorted((op.ended, op.index) for op in written)
        starts = sorted((op.began, op.index) for op in written)
        most, least = [], []
        for _, index in ends:
            most.append(max(index, most[-1] if most else 0))
        for _, index in reversed(starts):
            least.append(min(index, least[-1] if least else count + 1))
        least.reverse()
        asking = []
        for op in (op for op in self.ops if op.judge):
            before = bisect.bisect_left(ends, (op.began, 0))
            after = bisect.bisect_right(starts, (op.ended, count + 1))
            asking.append([most[before - 1] if before else 0, least[after] - 1 if after < len(least) else count, op, []])
        return asking
