"""Every reading against every write: what a reading offers is accepted in the same state, and what it refuses is refused.

Random organizations under random limits of every kind, in the real programs, half of them near a change of the clocks.  A pair
is one thing that a reading says and one write that proves it.  DAYBOOK_PAIRS is how many (2,000 if it is not set), DAYBOOK_SEED the first world; a failure names its world:

    DAYBOOK_SEED=NUMBER DAYBOOK_PAIRS=1 /usr/bin/python3 -m pytest -q tests/e2e/test_readings_and_writes.py -k first
"""
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import random
import sqlite3
import tempfile
import zoneinfo

import pytest

from api import Api, CAMPAIGNS
from conftest import Daybook
from limit_judge import figures_of, micros
from limits_model import DAY, MESSAGES, QUARTER_MS, Amount, Hold, Limits, Rule, day_start
from support import iso, ms, set_clock

PAIRS = int(os.environ.get("DAYBOOK_PAIRS", "2000"))
SEED = int(os.environ.get("DAYBOOK_SEED", random.SystemRandom().randrange(10**9)))
PARTS = ["first", "second", "third", "fourth"]  # each has worlds of its own, so that workers can share them
ROUNDS, STEPS = 8, 20
RULES_MAX = 6  # beside the five
CONTACTS_MAX = 10**9
ZONES = ["America/Toronto", "Etc/UTC", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "Africa/Cairo", "America/Havana",
         "Australia/Lord_Howe", "Pacific/Kiritimati", "Europe/Berlin", "Asia/Beirut", "America/Los_Angeles", "America/Nuuk",
         "Antarctica/Troll", "Africa/Casablanca", "Asia/Gaza"]
SENDERS, NETWORKS = [None, "+15550001", "+15550002"], [None, "T-Mobile", "Vodafone"]
HOURS = [1, 2, 24, 25, 72, 744]
NANOS = [0, 1, 400, 500, 501, 1500, 2_500, 7_900, 7_900_500, 10_000_000, 250_000_000]
EPOCH = datetime.date(1970, 1, 1)


@pytest.fixture(scope="module")
def book():
    """A database without a disk, if the machine has one: what is proved here does not depend on it."""
    memory = pathlib.Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        d = Daybook(folder)
        d.cmd("init")
        d.cmd("key", "add", "--kid", "main")
        yield d, Api(d, org=None, clock=None, scope="admin")
        d.close()


class World(Limits):
    """One organization: what the model says of it, and the same in the database."""

    def __init__(self, daybook, api, seed):
        self.random = r = random.Random(seed)
        self.daybook, self.api, self.org, self.pairs, self.ids = daybook, api, f"w{seed}", 0, 0
        zone, self.unit = r.choice(ZONES), r.choice(["message", "part"])
        super().__init__(zone, r.choice([1, 15, 28, 29, 30, 31]), self.unit, some_instant(r, zone))
        set_clock(daybook, iso(self.now_ms))
        daybook.cmd("org", "add", self.org, "--timezone", zone, "--cycle-day", self.cycle_day, "--quota-unit", self.unit)
        self.change_cycles()
        self.key = daybook.sql("SELECT key FROM organization WHERE id = ?", self.org)[0][0]
        self.api.token = daybook.token(self.org, "usage:read usage:write campaigns:write org:admin", ttl="9000h")
        for channel in ("SMS", "CALL"):
            for since in (datetime.date(2012, 1, 1), self.today + r.randrange(-3, 40) * DAY):
                self.prices.append((channel, since, r.choice(NANOS)))
        for number in range(r.choice([0, 1, 2, 3, 4, 5, RULES_MAX, RULES_MAX])):
            self.set_rule(self.new_rule(f"z{number}"))
        self.write_setup()

    def new_rule(self, name):
        """Of any kind."""
        r = self.random
        rule = Rule(name, name, tuple(r.sample(["SMS", "CALL", "EMAIL"], r.randrange(1, 4))), r.choice(["message", "part", "cost"]),
                    r.choice(["day", "day", "rolling", "rolling", "cycle", "month", "year"]))
        if rule.period == "day" and r.random() < 0.8:
            rule.zone = r.choice(ZONES)
        if rule.period == "rolling":
            rule.hours = r.choice(HOURS)
        if rule.period in ("day", "rolling"):
            rule.sender = r.choice(SENDERS) if r.random() < 0.4 else None
            rule.network = r.choice(NETWORKS) if r.random() < 0.3 else None
        return rule

    def change_cycles(self):
        """In half of the worlds the cycle day changes, from today on or later."""
        last, day = self.cycle_day, self.today
        for _ in range(self.random.choice([0, 0, 1, 2])):
            last = self.random.choice([n for n in (1, 2, 15, 28, 30, 31) if n != last])
            self.daybook.cmd("org", "set", self.org, "--cycle-day", last, "--from", day.isoformat())
            self.cycle_changes += ((day, last),)
            day += self.random.randrange(1, 45) * DAY

    def write_setup(self):
        """Limits beside the five, and what no endpoint sets: prices of one organization by the dozen."""
        for rule in self.rules[5:]:
            reply = self.ask("settings", "PUT", f"/api/organizations/{self.org}/limits/{rule.name}",
                             body={**rule.definition(), "amount": None})
            self.check(reply.status == 200, rule, reply)
        for channel, since, nanos in dict(((c, d), (c, d, n)) for c, d, n in self.prices).values():
            self.daybook.sql("INSERT INTO price (org, channel, valid_from, nanos_per_part) VALUES (?, ?, ?, ?)", self.key, channel,
                             (since - EPOCH).days, nanos)
        self.prices = list(dict(((c, d), (c, d, n)) for c, d, n in self.prices).values())

    def id(self):
        self.ids += 1
        return f"{self.org}-{self.ids}"

    def check(self, holds, *what):
        if not holds:
            pytest.fail(f"DAYBOOK_SEED={self.org[1:]} DAYBOOK_PAIRS=1 -k first: {self.zone} {self.today}\n" + "\n".join(map(str, what)))

    def proved(self, holds, *what):
        self.pairs += 1
        self.check(holds, *what)

    # ---- Limits: amounts around what is used and held, by date

    def reshape(self):
        """New amounts for all rules, straight into the rows: they may begin on any day."""
        r = self.random
        allow_overage = r.random() < 0.1
        for n, rule in enumerate(self.rules):
            rule.refuses = not (allow_overage if 1 <= n <= 4 else n > 4 and r.random() < 0.2)
            since = [datetime.date(2012, 1, 1)] + sorted({self.today + r.randrange(-40, 60) * DAY for _ in range(r.choice([0, 0, 1, 3]))})
            rule.amounts = [(day, self.new_amount(rule)) for day in since]
        statements = [("DELETE FROM limit_amount WHERE rule IN (SELECT key FROM limit_rule WHERE org = ?)", (self.key,))]
        for rule in self.rules:
            statements.append(("UPDATE limit_rule SET action = ? WHERE org = ? AND name = ?",
                               ("refuse" if rule.refuses else "report", self.key, rule.name)))
            statements += [("INSERT INTO limit_amount (rule, valid_from, amount) SELECT key, ?, ? FROM limit_rule "
                            "WHERE org = ? AND name = ?", ((day - EPOCH).days, amount, self.key, rule.name))
                           for day, amount in rule.amounts]
        statements.append(("UPDATE organization SET revision = revision + 1, zone_revision = zone_revision + 1 WHERE key = ?", (self.key,)))
        with contextlib.closing(sqlite3.connect(self.daybook.path)) as connection, connection:
            for statement in statements:
                connection.execute(*statement)

    def new_amount(self, rule):
        """Often a little more than some day has, so that each limit is now and then the one that has no room."""
        r = self.random
        if r.random() < 0.25:
            return None
        held = [hold.quarter for hold in self.holds.values() if self.day_of(hold.at) >= self.today]
        first = r.choice(held) if held and r.random() < 0.7 else day_start(self.zone, self.today + r.randrange(0, 40) * DAY)
        now = max(found.load for _, found in self.windows(rule, first, first))
        more = r.choice([1, 10, 10, 100, 1000]) * r.randrange(1, 10) * (r.choice([1, 1000, 10**5]) if rule.unit == "cost" else 1)
        if r.random() < 0.6:
            more *= 1000
        return r.choice([0, now, now // 2] if r.random() < 0.06 else [now + more])

    # ---- Asking

    def ask(self, program, method, path, query=None, body=None):
        return self.api.ask(program, method, path, query, body)

    def at(self, day):
        """An instant of a day that is not past: any, or one of its edges."""
        first, end = max(self.start(day), self.now_ms + 1), self.start(day + DAY)
        return iso(self.random.choice([first, end - 1, self.random.randrange(first, end)]))

    def at_quarter(self, quarter):
        """An instant of a quarter-hour that is not past."""
        first = max(quarter * QUARTER_MS, self.now_ms + 1)
        return iso(self.random.choice([first, (quarter + 1) * QUARTER_MS - 1, self.random.randrange(first, (quarter + 1) * QUARTER_MS)]))

    def some_day(self):
        """Of the next weeks; often one on which something changes."""
        r = self.random
        edges = [self.today, self.today + DAY, cycle_end(self), cycle_end(self) - DAY]
        edges += [self.day_of(hold.at) + r.choice([0, 0, 1]) * DAY for hold in self.holds.values()]
        edges += [day for rule in self.rules for day, _ in rule.amounts] + [day for _, day, _ in self.prices]
        day = r.choice(edges) + r.choice([-1, 0, 0]) * DAY if r.random() < 0.5 else self.today + r.randrange(61) * DAY
        if r.random() < 0.25:
            day = self.today + r.randrange(5) * DAY
        return day if self.today <= day <= self.today + 60 * DAY else self.today

    def post(self, hold):
        id = self.id()
        body = {"id": id, "name": id, "contactCount": hold.contacts, "scheduledISO": iso(hold.at), "partsPerContact": hold.parts,
                "channel": hold.channel, "from": hold.sender}
        return id, self.ask("campaigns", "POST", CAMPAIGNS, body={name: value for name, value in body.items() if value is not None})

    def cancel(self, id):
        reply = self.ask("campaigns", "POST", f"{CAMPAIGNS}/{id}/cancel")
        self.check(reply.status == 200, "cancel", reply)
        self.drop(id)

    # ---- Writes that prove what a reading said

    def is_taken(self, hold, *what, may_stay=True):
        id, reply = self.post(hold)
        self.proved(reply.status == 201, *what, hold, reply)
        self.hold(id, hold)
        if not may_stay or self.random.random() > (0.6 if hold.contacts <= 100 else 0.05 if hold.contacts <= 10**5 else 0):
            self.cancel(id)

    def is_refused(self, hold, *what):
        """The reply says what the model says, and a date that it offers is one."""
        _, reply = self.post(hold)
        self.proved(reply.status in (402, 409), *what, hold, reply)
        refusing, is_long = self.refusing(hold)
        body, day = json.loads(reply.body, parse_float=str), self.day_of(hold.at)
        self.check(reply.status == (402 if is_long else 409) and body["limit"] in refusing and body["date"] == str(day), reply, refusing)
        self.check(figures_of(body) == refusing[body["limit"]], hold, refusing, reply)
        offered = self.first_day(hold.contacts, hold.parts, day, hold.channel, hold.sender)
        self.check(body["nextAvailableDate"] == (offered and str(offered)), "nextAvailableDate", offered, hold, reply)
        if offered and self.random.random() < 0.3:
            self.is_taken(dataclasses.replace(hold, at=ms(self.at(offered))), "nextAvailableDate", may_stay=False)

    def at_the_edge(self, taken_at, refused_at, room, one, *what):
        """room contacts are taken, one more is refused; None is any number."""
        if room is None:
            return self.is_taken(dataclasses.replace(one, at=taken_at, contacts=self.random.choice([1, 1000, CONTACTS_MAX])), *what)
        if room < CONTACTS_MAX:
            self.is_refused(dataclasses.replace(one, at=refused_at, contacts=room + 1), *what)
        if 0 < room <= CONTACTS_MAX:
            self.is_taken(dataclasses.replace(one, at=taken_at, contacts=room), *what)

    # ---- The clock

    def wait(self):
        """Some of what is held is of a day that is over then, and rolling windows move on."""
        steps = [QUARTER_MS, 2 * QUARTER_MS, 7 * 4 * QUARTER_MS, 26 * 4 * QUARTER_MS]
        self.move_clock(self.now_ms + self.random.choice(steps) + self.random.randrange(QUARTER_MS) // 1000 * 1000)
        set_clock(self.daybook, iso(self.now_ms))


def some_instant(dice, zone):
    """Of 2026 to 2028, on a whole second; in every other world within a few days of a change of the clocks, if the zone has any."""
    quarter = day_start("Etc/UTC", datetime.date(2026, 1, 1)) + dice.randrange(3 * 365 * 96)
    if dice.random() < 0.5:
        of = dice.choice([zone, "America/Los_Angeles"])
        changes = [q for q in range(quarter, quarter + 250 * 96, 24) if hour_of(of, q) != hour_of(of, q + 24) - 6]
        quarter = dice.choice(changes) + dice.randrange(-3 * 96, 96) if changes else quarter
    return (quarter * 900 + dice.randrange(900)) * 1000


def hour_of(zone, quarter):
    """Hours of the wall clock."""
    at = datetime.datetime.fromtimestamp(quarter * 900, zoneinfo.ZoneInfo(zone))
    return at.toordinal() * 24 + at.hour + at.minute / 60


def cycle_end(world):
    return world.days_of_window(world.rules[1], world.today)[1]


# ---- The readings

def calendar(w):
    first, last = w.today - 3 * DAY, w.today + 60 * DAY
    reply = w.ask("usage-calendar", "GET", CAMPAIGNS + "/usage-calendar", {"from": str(first), "to": str(last)})
    w.check(reply.status == 200, reply)
    return {datetime.date.fromisoformat(day): figures for day, figures in reply.json["data"]["dates"].items()}


def check_calendar(w):
    """Each day as the model has it."""
    for day, figures in calendar(w).items():
        room, by, _ = w.room(day) if day >= w.today else (0, None, None)
        first = day_start(w.zone, day)
        free = next(w.windows(w.rules[0], first, first))[1].available
        bookable = -1 if room is None else room
        limited = None if by is None or by.word == "dailyLimit" else by.word
        w.check((figures["bookable"], figures.get("limitedBy")) == (bookable, limited), "bookable", day, bookable, limited, figures)
        w.check(day < w.today or figures["availableQuota"] == (-1 if free is None else free), "availableQuota", day, free, figures)


def check_limits(w):
    """used, held, available and amount of every limit as the model has them."""
    reply = w.ask("settings", "GET", f"/api/organizations/{w.org}/limits")
    w.check(reply.status == 200, reply)
    listed = json.loads(reply.body, parse_float=str)["data"]["limits"]
    w.check([limit["name"] for limit in listed] == [rule.name for rule in w.rules], listed)
    for limit, rule in zip(listed, w.rules):
        found = w.present(rule)
        expected = [found.amount, found.used, found.held, found.available]
        shown = [limit[name] for name in ("amount", "used", "held", "available")]
        if rule.unit == "cost":
            shown = [None if value is None else micros(value) for value in shown]
        w.check(shown == expected and limit["resetsAt"] == iso(found.until * QUARTER_MS) and "state" not in limit, limit, expected)


def by_the_calendar(w):
    """One calendar serves several days, as long as nothing is kept.  What it offers is taken at any time of the day."""
    for _ in range(3):
        day = w.some_day()
        bookable, worst = calendar(w)[day]["bookable"], w.room(day)[2]
        w.at_the_edge(ms(w.at(day)), ms(w.at_quarter(worst)), None if bookable == -1 else bookable, Hold(0, 1), "bookable")


def by_validate_date(w):
    at, parts = ms(w.at(w.some_day())), w.random.choice([1, 1, 2, 3, 7, 150])
    room, _ = w.room_at(at, parts)
    for contacts in {1, room or 1, (room or 0) + 1, w.random.randrange(1, 2000)}:
        body = {"scheduledISO": iso(at), "contactCount": min(contacts, CONTACTS_MAX), "partsPerContact": parts}
        reply = w.ask("validate-date", "POST", CAMPAIGNS + "/validate-date", body=body)
        w.check(reply.status == 200 and reply.json["available"] == (room is None or room >= body["contactCount"]), room, body, reply)
        hold = Hold(at, body["contactCount"], parts)
        if reply.json["available"]:
            return w.is_taken(hold, "validate-date")
        w.is_refused(hold, "validate-date")


def by_validate_date_of_a_move(w):
    """The campaign's own hold is left out, and what it holds it may keep: also on a day over its limit."""
    own = [id for id, hold in w.holds.items() if isinstance(id, str) and w.day_of(hold.at) >= w.today and hold.at > w.now_ms]
    if not own:
        return
    id = w.random.choice(sorted(own))
    held = w.holds[id]
    at = w.random.choice([held.at, ms(w.at(w.day_of(held.at))), ms(w.at(w.some_day()))])
    room, _ = w.room_at(at, held.parts, (id,), held.channel, held.sender)
    contacts = w.random.choice([1, held.contacts, held.contacts + 1, held.contacts // 2 + 1, room or 1, (room or 0) + 1])
    if not 1 <= contacts <= CONTACTS_MAX:
        return
    when = {"scheduledISO": iso(at), "contactCount": contacts}
    reply = w.ask("validate-date", "POST", CAMPAIGNS + "/validate-date",
                  body={**when, "partsPerContact": held.parts, "excludeCampaignId": id})
    w.check(reply.status == 200 and reply.json["available"] == (room is None or room >= contacts), "exclude", room, held, when, reply)
    data = w.ask("campaigns", "GET", f"{CAMPAIGNS}/{id}").json["data"]
    when["contactCount"] += data["segments"][0]["contactCount"] - held.contacts  # if it has begun, what is spent comes on top
    put = w.ask("campaigns", "PUT", f"{CAMPAIGNS}/{id}", body=when)
    w.proved(reply.json["available"] == (put.status == 200), "exclude", room, held, when, reply, put)
    w.check(put.status in (200, 402, 409), put)
    moved = dataclasses.replace(held, at=at, contacts=contacts)
    if put.status == 200:
        return w.hold(id, moved)
    body, (refusing, _) = json.loads(put.body, parse_float=str), w.refusing(moved, (id,))
    w.check(body["limit"] in refusing and figures_of(body) == refusing[body["limit"]], held, moved, refusing, put)


def by_a_campaign_of_another_kind(w):
    """Its channel and sender decide which limits it is asked by."""
    at, parts = ms(w.at(w.some_day())), w.random.choice([1, 1, 2])
    one = Hold(at, 1, parts, w.random.choice(["SMS", "SMS", "CALL", "EMAIL"]), w.random.choice(SENDERS))
    room, _ = w.room_at(at, parts, (), one.channel, one.sender)
    w.at_the_edge(at, at, room, one, "another kind")


def by_next_slot(w):
    parts, today = w.random.choice([1, 1, 2, 5]), w.today
    room, _, _ = w.room(w.some_day(), parts)
    contacts = max(1, min(w.random.choice([1, room or 1, (room or 0) + 1, w.random.randrange(1, 3000)]), CONTACTS_MAX))
    reply = w.ask("next-available-slot", "GET", CAMPAIGNS + "/next-available-slot", {"contactCount": contacts, "partsPerContact": parts})
    w.check(reply.status == 200, reply)
    offered = reply.json.get("nextAvailableDate")
    end = datetime.date.fromisoformat(offered) if offered else today + 61 * DAY
    refused = range((end - today).days)
    for n in w.random.sample(refused, min(3, len(refused))):
        worst = w.room(today + n * DAY, parts)[2]
        w.is_refused(Hold(ms(w.at_quarter(worst)), contacts, parts), "next-available-slot", offered)
    if offered:
        w.is_taken(Hold(ms(w.at(end)), contacts, parts), "next-available-slot")


def by_auto_segment(w):
    """The whole plan is taken.  One more on any of its days but the last is refused, unless nothing limited that day, or a price waits."""
    parts = w.random.choice([1, 1, 3])
    wanted = {"totalContacts": w.random.choice([1, 50, 400, 5000]), "partsPerContact": parts,
              "firstSegmentTime": f"{w.random.randrange(24):02}:{w.random.choice(['00', '30'])}"}
    if w.random.random() < 0.3:
        wanted["timezone"] = w.random.choice(ZONES)
    reply = w.ask("auto-segment", "POST", CAMPAIGNS + "/auto-segment", body=wanted)
    if reply.status == 400:
        return w.check("366" in reply.json["error"], reply)
    plan = [{"scheduledISO": s["scheduledDate"], "contactCount": s["contactCount"]} for s in reply.json["segments"]]
    if not plan:
        return
    id = w.id()
    daily = w.rules[0].amount
    instants = [ms(s["scheduledISO"]) for s in plan]
    is_one_price = len({w.nanos("SMS", w.day_of(at)) for at in instants}) == 1
    some = [i for i in range(len(plan) - 1) if daily(w.day_of(instants[i])) is not None and is_one_price]
    if some:
        i = w.random.choice(some)
        more = [{**s, "contactCount": s["contactCount"] + (n == i)} for n, s in enumerate(plan)]
        refused = w.ask("campaigns", "POST", CAMPAIGNS, body={"id": id, "name": id, "segments": more, "partsPerContact": parts})
        w.proved(refused.status in (402, 409), "one more than the plan", i, plan, refused)
    reply = w.ask("campaigns", "POST", CAMPAIGNS, body={"id": id, "name": id, "segments": plan, "partsPerContact": parts})
    w.proved(reply.status == 201, "the plan", plan, reply)
    for number, (at, s) in enumerate(zip(instants, plan)):
        w.hold((id, number), Hold(at, s["contactCount"], parts))
    if w.random.random() < 0.8:
        w.cancel(id)


def by_a_planned_campaign(w):
    """It plans for its own channel and sender, and reserves all of it: each part has room beside those before it."""
    one = Hold(0, 1, w.random.choice([1, 2]), w.random.choice(["SMS", "CALL", "EMAIL"]), w.random.choice(SENDERS))
    id, total = w.id(), w.random.choice([30, 300, 3000])
    body = {"id": id, "name": id, "channel": one.channel, "autoSegment": {"totalContacts": total, "partsPerContact": one.parts}}
    reply = w.ask("campaigns", "POST", CAMPAIGNS, body={**body, **({"from": one.sender} if one.sender else {})})
    if reply.status == 400:
        return w.check("366" in reply.json["error"], reply)
    if reply.status in (402, 409):  # there is no day at all
        return w.check(w.first_day(1, one.parts, None, one.channel, one.sender) is None, reply)
    w.check(reply.status == 201, reply)
    segments = reply.json["data"]["segments"]
    w.check(sum(s["contactCount"] for s in segments) == total, reply)
    for number, s in enumerate(segments):
        hold = dataclasses.replace(one, at=ms(s["scheduledISO"]), contacts=s["contactCount"])
        w.proved(not w.refusing(hold)[0], "the plan of a campaign", hold, reply)
        w.hold((id, number), hold)
    if w.random.random() < 0.8:
        w.cancel(id)


def some_event(w, own):
    """(event, what it counts, campaign): often about as much as still fits."""
    r = w.random
    channel = r.choice(["SMS", "SMS", "SMS", "CALL", r.choice(MESSAGES), "WHATSAPP"])
    at = w.now_ms - r.choice([0, 0, 0, r.randrange(30 * 3600_000), r.randrange(30 * 86400_000)])
    campaign = r.choice(own) if own and channel == "SMS" and r.random() < 0.3 else None
    sender, network = r.choice(SENDERS), r.choice(NETWORKS)
    messages = r.choice([1, 5, r.randrange(1, 300)])
    if r.random() < 0.15:
        messages = room_of_event(w, at, channel, campaign, sender, network) + r.choice([0, 0, 1])
    messages = min(max(1, messages), 10**6)
    parts = messages if r.random() < 0.8 else messages * r.randrange(1, 4)
    event = {"id": w.id(), "occurredAt": iso(at), "channel": channel, "messages": messages, "parts": parts, "campaignId": campaign,
             "from": sender, "network": network}
    return ({name: value for name, value in event.items() if value is not None},
            (at, channel, Amount(messages, parts, w.cost(channel, w.day_of(at), parts)), campaign, sender, network))


def by_events(w):
    """Enforced events of several channels and instants in one request: each is taken or refused as the limits said."""
    items, expected = [], []
    own = [id for id, hold in w.holds.items() if isinstance(id, str) and w.day_of(hold.at) >= w.today and hold.channel == "SMS"]
    for _ in range(w.random.randrange(1, 40)):
        own = [id for id in own if id in w.holds]
        event, counted = some_event(w, own)
        refusing, is_long = w.refusing_event(*counted)
        items.append(event)
        expected.append((refusing, is_long))
        if not refusing:
            w.record(*counted)
    reply = w.ask("events", "POST", "/api/events", {"enforce": "true"}, items)
    refused = {result["index"]: result for result in json.loads(reply.body, parse_float=str)["results"] if result["status"] != "accepted"}
    for i, (refusing, is_long) in enumerate(expected):
        result = refused.get(i, {})
        w.proved(result.get("code") == (None if not refusing else "over_cap" if is_long else "over_quota"), "event", i, items[i], refusing, reply)
        w.check(not refusing or (result["limit"] in refusing and figures_of(result) == refusing[result["limit"]]), items[i], refusing, result)


def room_of_event(w, at, channel, campaign, sender, network):
    """About how many messages of one part would still fit, by the counts alone."""
    quarter = at // QUARTER_MS
    free = [found.available for rule in w.rules if rule.is_asked and rule.counts(channel, sender, network) and rule.unit != "cost"
            for _, found in w.windows(rule, quarter, quarter) if found.amount is not None]
    own = w.holds[campaign].contacts if campaign else 0
    return min(free, default=w.random.randrange(300)) + own


READINGS = [by_the_calendar] * 3 + [by_validate_date] * 2 + [by_validate_date_of_a_move] * 2 + [by_next_slot, by_auto_segment] + \
    [by_a_campaign_of_another_kind, by_a_planned_campaign] + [by_events] * 3


@pytest.mark.parametrize("part", PARTS)
def test_what_readings_offer_is_accepted_and_what_they_refuse_is_refused(book, part):
    daybook, api = book
    pairs, seed = 0, SEED + 10**9 * PARTS.index(part)
    while pairs < PAIRS / len(PARTS):
        world = World(daybook, api, seed)
        for _ in range(ROUNDS):
            world.reshape()
            check_calendar(world)
            check_limits(world)
            for step in range(STEPS):
                world.random.choice(READINGS)(world)
                if step == STEPS // 2:
                    check_calendar(world)
            world.wait()
        check_calendar(world)
        check_limits(world)
        pairs, seed = pairs + world.pairs, seed + 1
    print(f"DAYBOOK_SEED={SEED}, part {part}: {pairs} pairs in {seed % 10**9 - SEED % 10**9} worlds")
    daybook.cmd("verify")
