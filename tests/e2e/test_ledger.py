"""The rules that never break: each event counts once, the roll-ups are what the ledger says, an acknowledged write
survives, nothing is updated in the ledger; and a long random history that ends as a model in Python says.
"""
import collections
import datetime
import random
import sqlite3
import threading
import time
import zoneinfo

import pytest

from model import DAY, HOUR, IS_SANITIZED, MINUTE, QUARTER, Days, campaign, check_ledger, date, day_number, instant, iso, \
    now, rollup, set_clock, stored, totals

CHANNELS = ["SMS", "CALL", "EMAIL", "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK", "WHATSAPP", "SAGE"]
SCOPE = "usage:read usage:write usage:backfill campaigns:write org:admin"


def local_day(at, zone):
    return (datetime.datetime.fromtimestamp(at // 1000, zone).date() - datetime.date(1970, 1, 1)).days


# ---- Rule 1: each event is counted once

def poster(daybook, process, token):
    def post(events):
        reply = process.ask("POST", "/api/events", body=events, token=token)
        assert reply.status in (200, 409), reply
        return reply.json
    return post


def in_parallel(works):
    """Runs them at once; raises what one of them raised."""
    errors = []

    def guarded(work):
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("seed", [1, 2])
def test_events_posted_up_to_five_times_in_any_order_by_four_processes_count_once(daybook, seed):
    draw = random.Random(seed)
    token = daybook.token(scope=SCOPE)
    first = instant("2025-03-07T00:00:00Z")  # over the change of Toronto's clocks
    events = [{"id": f"e{i}", "source": draw.choice(["", "a", "b"]), "occurredAt": iso(first + draw.randrange(5 * DAY)),
               "channel": draw.choice(CHANNELS), "messages": draw.randint(1, 5), "parts": draw.randint(5, 9)}
              for i in range(600)]
    piles = [[] for _ in range(4)]
    posted = 0
    for e in events:
        for _ in range(draw.randint(1, 5)):
            draw.choice(piles).append(e)
            posted += 1
    counts = collections.Counter()

    def work(pile):
        draw.shuffle(pile)
        post = poster(daybook, daybook.fastcgi("events"), token)

        def run():
            for i in range(0, len(pile), 40):
                reply = post(pile[i:i + 40])
                for name in ("accepted", "duplicates", "conflicts", "rejected"):
                    counts[name] += reply[name]
        return run

    in_parallel([work(pile) for pile in piles])
    assert counts == {"accepted": 600, "duplicates": posted - 600, "conflicts": 0, "rejected": 0}
    price = {"SMS": 7900, "CALL": 13000}
    rows = [(instant(e["occurredAt"]), e["channel"], e["messages"], e["parts"], e["parts"] * price.get(e["channel"], 0), "sent")
            for e in events]
    toronto = zoneinfo.ZoneInfo("America/Toronto")
    assert stored(daybook, "usage_quarter", "quarter", "acme") == rollup(rows, lambda at: at // QUARTER)
    assert stored(daybook, "usage_day", "day", "acme") == rollup(rows, lambda at: local_day(at, toronto))
    check_ledger(daybook)


def test_of_different_events_with_one_id_by_four_processes_exactly_one_stands(daybook):
    token, at = daybook.token(scope=SCOPE), iso(now() - HOUR)
    replies = [[] for _ in range(4)]

    def work(number):
        post = poster(daybook, daybook.fastcgi("events"), token)

        def run():
            for i in range(60):
                replies[number].append(post({"id": f"e{i}", "occurredAt": at, "messages": number + 1}))
        return run

    in_parallel([work(number) for number in range(4)])
    winners = []
    for i in range(60):
        verdicts = [(replies[n][i]["accepted"], replies[n][i]["conflicts"]) for n in range(4)]
        assert sorted(verdicts) == [(0, 1)] * 3 + [(1, 0)]
        winners.append(verdicts.index((1, 0)) + 1)
    assert totals(daybook)[0] == sum(winners)
    check_ledger(daybook)


def test_an_event_that_four_processes_void_is_voided_once(daybook):
    token, at = daybook.token(scope=SCOPE), iso(now() - HOUR)
    posts = [poster(daybook, daybook.fastcgi("events"), token) for _ in range(4)]
    posts[0]([{"id": f"e{i}", "occurredAt": at} for i in range(40)])
    accepted = collections.Counter()

    def run(number):
        for i in range(40):
            reply = posts[number]([{"id": f"v{number}-{i}", "voids": f"e{i}", "reason": "r"}, {"id": f"e{i}", "occurredAt": at}])
            accepted[i] += reply["accepted"]

    in_parallel([lambda n=n: run(n) for n in range(4)])
    assert accepted == {i: 1 for i in range(40)} and totals(daybook) == (0, 0, 0)
    check_ledger(daybook)


# ---- Rule 4: an acknowledged write survives kill -9

def test_what_was_acknowledged_survives_kill_9_at_any_moment_and_the_retry_counts_once(daybook):
    draw, token, at = random.Random(4), daybook.token(scope=SCOPE), iso(now() - HOUR)
    campaign(daybook, "c", {"at": now() + DAY, "contacts": 10**6})
    acknowledged, sent = set(), []
    for round_ in range(6):
        process = daybook.fastcgi("events")

        def run():
            for i in range(100000):
                batch = [{"id": f"{round_}-{i}-{k}", "occurredAt": at, "campaignId": "c"} for k in range(3)]
                sent.append(batch)
                try:
                    reply = process.ask("POST", "/api/events", body=batch, token=token)
                except Exception:
                    return  # killed under it
                assert reply.json["accepted"] == 3
                acknowledged.update(e["id"] for e in batch)

        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(draw.uniform(0.05, 0.25))
        process.process.kill()
        process.process.wait()
        thread.join()
        there = {r[0] for r in daybook.sql("SELECT id FROM event")}
        assert acknowledged <= there
        assert len(there) % 3 == 0, "a batch is there whole or not at all"
        check_ledger(daybook)
    assert acknowledged
    post = poster(daybook, daybook.fastcgi("events"), token)
    for batch in sent[-50:]:
        post(batch)
    check_ledger(daybook)
    assert daybook.sql("PRAGMA integrity_check") == [("ok",)]


# ---- Rule 5: nothing is updated in the ledger

def test_the_schema_refuses_to_change_or_delete_an_event(daybook):
    at = iso(now() - HOUR)
    reply = daybook.cgi("events", "POST", "/api/events", token=daybook.token(), body=[
        {"id": "a", "occurredAt": at}, {"id": "f", "occurredAt": at, "status": "failed", "to": "+1", "reason": "r"},
        {"id": "v", "voids": "a", "reason": "r"}])
    assert reply.json["accepted"] == 3
    before = daybook.sql("SELECT * FROM event")
    columns = [r[1] for r in daybook.sql("PRAGMA table_info(event)")]
    assert len(columns) > 15
    for column in columns:
        if column != "detail_sha256":
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                daybook.sql(f"UPDATE event SET {column} = {column}")
    for statement in ("DELETE FROM event", "DELETE FROM event WHERE id = 'f'",
                      f"INSERT INTO event SELECT {', '.join(columns)} FROM event ON CONFLICT DO UPDATE SET messages = 5"):
        with pytest.raises((sqlite3.IntegrityError, sqlite3.OperationalError), match="append-only|UPSERT|near"):
            daybook.sql(statement)
    assert daybook.sql("SELECT * FROM event") == before
    daybook.sql("UPDATE event SET detail_sha256 = NULL WHERE id = 'f'")  # what `erase` does
    assert daybook.sql("SELECT detail_sha256 FROM event WHERE id = 'f'") == [(None,)]


def test_a_blanked_detail_can_no_longer_be_compared(daybook):
    token = daybook.token()
    event = {"id": "f", "occurredAt": iso(now() - HOUR), "status": "failed", "to": "+15550100", "reason": "bad"}
    post = lambda e: daybook.cgi("events", "POST", "/api/events", body=e, token=token).json
    assert post(event)["accepted"] == 1 and post({**event, "to": "+15550101"})["conflicts"] == 1
    daybook.sql("UPDATE event SET detail_sha256 = NULL")
    assert post(event)["duplicates"] == 1 and post({**event, "messages": 1, "channel": "CALL"})["conflicts"] == 1


# ---- Rule 2, and all together: a random history and a model of it

class Model:
    """What Daybook should hold, kept the plain way: a dict of events, a list of (instant, zone), prices by day."""

    def __init__(self, zone):
        self.regimes = [(-2**62, zone, -2**31)]  # from when, the zone, the earliest day that may be
        self.zone = zone
        self.events, self.voids = {}, {}
        self.prices = {}  # channel -> {day: nanos}
        self.segments = {}  # number -> dict
        self.unit, self.limits = "messages", {0: 500}	# by the day from which it holds

    def day(self, at):
        for since, zone, floor in reversed(self.regimes):
            if at >= since:
                return max(floor, local_day(at, zoneinfo.ZoneInfo(zone)))

    def next_day_start(self, at):
        today, at = self.day(at), (at // QUARTER + 1) * QUARTER
        while self.day(at) <= today:
            at += QUARTER
        return at

    def set_zone(self, zone, recut, at):
        was = self.day(at)
        if recut:
            self.regimes = [(-2**62, zone, -2**31)]
        elif zone != self.zone:
            cut = self.next_day_start(at)
            last = self.day(cut - 1)
            self.regimes = [r for r in self.regimes if r[0] < cut] + [(cut, zone, last)]
        self.zone = zone
        for s in self.segments.values():
            if recut or s["status"] in ("draft", "scheduled", "sending", "paused"):
                s["day"] = self.day(s["at"])
        # Today may be an earlier date now: what the limit allowed today, it still does.
        if moved := [self.limits.pop(d) for d in sorted(self.limits) if self.day(at) < d <= was]:
            self.limits[self.day(at)] = moved[-1]

    def price_of(self, e):
        """parts x price, half to even."""
        since = [d for d in self.prices.get(e["channel"], {}) if d <= self.day(e["at"])]
        nanos = e["parts"] * self.prices[e["channel"]][max(since)] if since else 0
        return (nanos + 499 + nanos // 1000 % 2) // 1000

    def reprice(self, channel, from_day):
        for e in self.events.values():
            if e["channel"] == channel and not e["cost_given"] and e["status"] == "sent" and self.day(e["at"]) >= from_day:
                e["cost"] = self.price_of(e)

    def resolve(self, number, at):
        if number:
            return number if number in self.segments else None
        opened = [(n, s) for n, s in self.segments.items() if s["status"] in ("scheduled", "sending", "paused")]
        day = self.day(at)
        same = [(s["at"], n) for n, s in opened if s["day"] == day]
        before = [(-s["at"], n) for n, s in opened if s["day"] < day]
        after = [(s["at"], n) for n, s in opened if s["day"] > day]
        return min(same or before or after, default=(None, None))[1]

    def post(self, item):
        """The verdict, and what it leads to."""
        id = item["id"]
        if "voids" in item:
            key = (item["voids"], item["reason"])
            if id in self.voids or id in self.events:
                return "duplicate" if self.voids.get(id) == key else "conflict"
            target = self.events.get(item["voids"])
            if target is None or target["voided"]:
                return "rejected"
            self.voids[id] = key
            target["voided"] = True
            if target["segment"]:
                s = self.segments[target["segment"]]
                if target["status"] == "failed":
                    s["failed"] -= 1
                else:
                    s["sent"] -= target["messages"]
            return "accepted"
        if id in self.events or id in self.voids:
            return "duplicate" if id in self.events and self.events[id]["item"] == item else "conflict"
        if item.get("messages") == 0:
            return "rejected"
        e = {"item": item, "at": instant(item["occurredAt"]), "channel": item.get("channel", "SMS"), "voided": False,
             "messages": item.get("messages", 1), "status": item.get("status", "sent"), "cost_given": "cost" in item}
        e["parts"] = item.get("parts", e["messages"])
        e["cost"] = 0 if e["status"] == "failed" else round(float(item["cost"]) * 10**6) if "cost" in item else self.price_of(e)
        e["segment"] = self.resolve(item.get("segmentNumber"), e["at"]) \
            if "campaignId" in item and e["channel"] == "SMS" else None
        if e["segment"]:
            s = self.segments[e["segment"]]
            n = e["messages"]
            s["failed" if e["status"] == "failed" else "sent"] += n
            s["spent"] += n
            if s["status"] in ("scheduled", "sending"):
                done = s["sent"] + s["failed"] >= s["contacts"]
                s["status"] = ("sent" if s["sent"] else "failed") if done else "sending"
        self.events[id] = e
        return "accepted"

    def rollup(self, slot):
        return rollup([(e["at"], e["channel"], e["messages"], e["parts"], e["cost"], e["status"])
                       for e in self.events.values() if not e["voided"]], slot)

    def over(self, at):
        """The days from today on that hold more than the limit."""
        today = self.day(at)
        held = collections.Counter()
        for (day, channel), (messages, parts, _) in self.rollup(self.day).items():
            if channel == "SMS":
                held[day] += messages if self.unit == "messages" else parts
        days = {today}
        for s in self.segments.values():
            if s["status"] in ("scheduled", "sending", "paused") and s["day"] >= today:
                days.add(s["day"])
                held[s["day"]] += max(0, s["contacts"] - s["spent"]) * (1 if self.unit == "messages" else s["parts"])
        return [date(d) for d in range(today, max(days) + 1) if self.limit(d) is not None and held[d] > self.limit(d)]

    def limit(self, day):
        return self.limits[max(d for d in self.limits if d <= day)]

    def set_limit(self, limit, at):
        if limit != self.limit(self.day(at)):
            self.limits[self.day(at)] = limit


class History:
    """Draws operations, does them to Daybook and to the model, and compares."""

    # Events lie on two days of six and prices begin on another: a price's first day never moves into them.
    ZONES = ["America/Toronto", "Pacific/Auckland", "Pacific/Honolulu", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu",
             "Australia/Lord_Howe", "UTC"]

    def __init__(self, daybook, seed):
        self.daybook, self.draw = daybook, random.Random(seed)
        self.now = set_clock(daybook, instant("2026-03-07T00:00:00Z") // (6 * DAY) * 6 * DAY + 2 * DAY + HOUR)
        self.token = daybook.token(scope=SCOPE, ttl="240h")
        self.model = Model("America/Toronto")
        self.model.prices = {"SMS": {day_number("2012-01-01"): 7900000}, "CALL": {day_number("2012-01-01"): 13000000}}
        self.operations = self.number = self.moved = 0
        segments, parts = [], self.draw.randint(1, 3)	# all segments of a campaign have the same parts
        for n in range(1, 13):
            s = {"at": self.now + self.draw.randrange(-3 * DAY, 4 * DAY), "contacts": self.draw.randint(5, 60),
                 "parts": parts, "status": self.draw.choice(["scheduled"] * 4 + ["paused", "draft", "cancelled"])}
            segments.append(s)
            self.model.segments[n] = {**s, "day": self.model.day(s["at"]), "sent": 0, "failed": 0, "spent": 0}
        campaign(daybook, "c", *segments)
        self.start_programs()

    def start_programs(self):
        set_clock(self.daybook, self.now)
        self.events = [self.daybook.fastcgi("events") for _ in range(2)]
        self.settings, self.campaigns = (self.daybook.fastcgi(program) for program in ("settings", "campaigns"))

    def some_instant(self):
        if self.draw.random() < 0.4:
            return self.now + self.draw.randint(-2 * HOUR, 4 * MINUTE)
        at = self.now // (6 * DAY) * 6 * DAY - self.draw.randint(0, 4) * 6 * DAY + 2 * DAY + self.draw.randrange(2 * DAY)
        return at if at <= self.now else at - 6 * DAY

    def new_event(self):
        self.number += 1
        e = {"id": f"e{self.number}", "occurredAt": iso(self.some_instant())}
        if self.draw.random() < 0.5:
            e["channel"] = self.draw.choice(CHANNELS)
        if self.draw.random() < 0.12:
            return {**e, "status": "failed", "to": f"+1555{self.number:07d}", "reason": "bad number",
                    **({"campaignId": "c"} if self.draw.random() < 0.6 else {})}
        if self.draw.random() < 0.5:
            e["messages"] = self.draw.randint(0 if self.draw.random() < 0.05 else 1, 6)
            e["parts"] = e["messages"] + self.draw.randint(0, 6)
        if self.draw.random() < 0.2:
            e["cost"] = f"{self.draw.randrange(10**6) / 10**6:.6f}"
        if self.draw.random() < 0.4:
            e["campaignId"] = "c"
            if self.draw.random() < 0.5:
                e["segmentNumber"] = self.draw.randint(1, 12)
        return e

    def item(self):
        known, chance = self.model.events, self.draw.random()
        if known and chance < 0.12:
            return self.draw.choice(list(known.values()))["item"]
        if known and chance < 0.17:
            e = dict(self.draw.choice(list(known.values()))["item"])
            return {**e, "occurredAt": iso(instant(e["occurredAt"]) + 1)}
        if known and chance < 0.28:
            self.number += 1
            return {"id": f"v{self.number}", "voids": self.draw.choice(list(known)), "reason": "sent in error"}
        if self.model.voids and chance < 0.30:
            id, (voids, reason) = self.draw.choice(list(self.model.voids.items()))
            return {"id": id, "voids": voids, "reason": self.draw.choice([reason, "another"])}
        return self.new_event()

    def post(self):
        items = [self.item() for _ in range(self.draw.randint(1, 9))]
        reply = self.draw.choice(self.events).ask("POST", "/api/events", body=items, token=self.token).json
        verdicts = ["accepted"] * len(items)
        for r in reply["results"]:
            verdicts[r["index"]] = r["status"]
        assert verdicts == [self.model.post(item) for item in items], (items, reply)
        self.operations += len(items)

    def set_price(self):
        channel, usd = self.draw.choice(CHANNELS[:4]), self.draw.randrange(10**7)
        day = self.now // DAY // 6 * 6 - 6 * self.draw.randint(-1, 4)
        self.daybook.cmd("price", "set", channel, f"0.{usd:09d}", "--from", date(day), "--reprice",
                         *(["--org", "acme"] if channel == "EMAIL" else []))
        self.model.prices.setdefault(channel, {})[day] = usd
        self.model.reprice(channel, day)

    def set_zone(self):
        zone, recut = self.draw.choice(self.ZONES), self.draw.random() < 0.25
        reply = self.settings.ask("PUT", "/api/organizations/acme/timezone", token=self.token,
                                  body={"timezone": zone, "recutHistory": recut})
        assert reply.status == 200
        self.model.set_zone(zone, recut, self.now)
        assert reply.json["data"]["today"] == date(self.model.day(self.now)), (zone, recut)
        assert reply.json["data"]["daysOverLimit"] == self.model.over(self.now)

    def set_limits(self):
        limit = self.draw.choice([None, 0, 20, 60, 200])
        unit = self.draw.choice(["message", "part"])
        reply = self.settings.ask("PUT", "/api/organizations/acme/limits", token=self.token,
                                  body={"dailyLimit": limit, "quotaUnit": unit})
        self.model.set_limit(limit, self.now)
        self.model.unit = unit + "s"
        assert reply.json["data"]["daysOverLimit"] == self.model.over(self.now)

    def move(self):
        """What is left of a segment whose day is over is moved to a coming day, if that has room; the rest is as it was."""
        today = self.model.day(self.now)
        for n, s in self.model.segments.items():
            if s["status"] in ("scheduled", "sending", "paused") and s["day"] < today and s["contacts"] > s["spent"]:
                at = self.now + self.draw.randrange(HOUR, 3 * DAY)
                reply = self.campaigns.ask("PUT", "/api/campaigns/c", token=self.token,
                                           body={"segments": [{"segmentNumber": n, "scheduledISO": iso(at)}]})
                assert reply.status == 200 or (reply.status == 409 and reply.json["available"] < reply.json["needed"]), reply
                if reply.status == 200:
                    s.update(at=at, day=self.model.day(at))
                    self.moved += 1
                return

    def later(self):
        """A jump of the clock, sometimes to just before a day ends."""
        step = self.draw.randint(20, 90) * MINUTE
        if self.draw.random() < 0.4:
            step = max(MINUTE, self.model.next_day_start(self.now) - self.now - 2 * MINUTE)
            step = min(step, 3 * HOUR)
        self.now += step
        for process in self.events + [self.settings, self.campaigns]:
            process.stop()
        self.start_programs()

    def compare(self):
        assert stored(self.daybook, "usage_quarter", "quarter", "acme") == self.model.rollup(lambda at: at // QUARTER)
        assert stored(self.daybook, "usage_day", "day", "acme") == self.model.rollup(self.model.day)
        rows = self.daybook.sql("SELECT number, sent, failed, spent, status FROM segment ORDER BY number")
        assert rows == [(n, s["sent"], s["failed"], s["spent"], s["status"]) for n, s in sorted(self.model.segments.items())]
        opened = "status IN ('draft', 'scheduled', 'sending', 'paused')"
        assert dict(self.daybook.sql(f"SELECT number, day FROM segment WHERE {opened}")) == \
            {n: s["day"] for n, s in self.model.segments.items() if s["status"] in ("draft", "scheduled", "sending", "paused")}
        check_ledger(self.daybook)

    def run(self, operations):
        others = [self.set_price, self.set_zone, self.set_limits, self.later, self.move]
        while self.operations < operations:
            before = self.operations // 250
            self.post()
            if self.draw.random() < 0.25:
                self.draw.choice(others)()
                self.operations += 1
            if self.operations // 250 > before:
                self.compare()
        self.compare()


@pytest.mark.parametrize("seed", [20260520, 7])
def test_a_random_history_ends_as_the_model_says(daybook, seed):
    history = History(daybook, seed)
    history.run(3000 if not IS_SANITIZED else 1000)
    model = history.model
    assert len(model.events) > 300 and len(model.voids) > 50 and len(model.regimes) >= 1
    kinds = collections.Counter(r[0] for r in daybook.sql("SELECT status FROM event"))
    assert history.moved > 0 and kinds["adjust"] > 5 and kinds["failed"] > 50 and kinds["void"] == len(model.voids)
    days = Days(daybook)
    for e in model.events.values():
        assert days.at(e["at"]) == model.day(e["at"])
    daybook.sql("UPDATE campaign SET digest = NULL")  # as for a campaign that was put in by SQL: the audit lacks it
    daybook.cmd("verify")
