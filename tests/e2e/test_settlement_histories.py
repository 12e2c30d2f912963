"""Random histories of events, settlements, voids, new prices and statements end as a small model in Python says, whatever
their order; `verify` holds after each step, a rebuild changes nothing, and an export makes the same figures elsewhere.
"""
import collections
import decimal
import json
import random

import pytest

from conftest import Daybook
from event_poster import Poster
from model import DAY, QUARTER, Days, campaign, check_ledger, date, instant, iso, segment, stored

FIRST = instant("2026-05-18T00:00:00Z") // QUARTER * QUARTER
CHANNELS = ["SMS", "CALL", "WHATSAPP"]
SOURCES = ["", "twilio"]
PRICES = ["0", "0.0079", "0.01", "0.0000005", "0.25"]


def micros(text):
    return int((decimal.Decimal(text) * 10**6).to_integral_value(decimal.ROUND_HALF_EVEN))


class Event:
    """What stands of an event, by the rules of docs/semantics.md."""

    def __init__(self, body):
        self.at, self.channel, self.posted_parts = instant(body["occurredAt"]), body["channel"], body["parts"]
        self.is_failed, self.is_voided, self.campaign = body["status"] == "failed", False, body.get("campaignId")
        self.was_failed = self.is_failed
        self.messages = 0 if self.is_failed else body["messages"]
        self.parts = 0 if self.is_failed else body["parts"]
        self.given = micros(body["cost"]) if "cost" in body else None

    def settle(self, body):
        """False if it must be refused."""
        if self.is_voided or (self.is_failed and body.get("status") != "sent"):
            return False
        turns = self.is_failed
        parts = body.get("parts", self.posted_parts if turns else self.parts)
        if parts < max(self.messages, 1):
            return False
        if turns:
            self.is_failed, self.messages, self.given = False, 1, None
        self.parts = parts
        if "cost" in body:
            self.given = micros(body["cost"])
        return True


class History:
    def __init__(self, daybook, seed):
        self.daybook, self.draw, self.post = daybook, random.Random(seed), Poster(daybook)
        self.days, self.events, self.bodies, self.prices = Days(daybook), {}, {}, {}
        self.count = 0
        for channel in ("SMS", "CALL"):
            self.set_price(channel, "0.0079", "2012-01-01")
        campaign(daybook, "c", {"at": FIRST + DAY, "contacts": 1000})

    # ---- The model

    def price(self, channel, at):
        day = date(self.days.at(at))
        valid = [(since, price) for (c, since), price in self.prices.items() if c == channel and since <= day]
        return decimal.Decimal(max(valid)[1]) if valid else decimal.Decimal(0)

    def cost(self, event):
        if event.is_failed:
            return 0
        if event.given is not None:
            return event.given
        return micros(event.parts * self.price(event.channel, event.at))

    def quarters(self):
        sums = collections.defaultdict(lambda: [0, 0, 0])
        for event in self.events.values():
            if not event.is_voided:
                for i, value in enumerate((event.messages, event.parts, self.cost(event))):
                    sums[event.at // QUARTER, event.channel][i] += value
        return {key: tuple(value) for key, value in sums.items() if any(value)}

    # ---- The steps

    def new_id(self, kind):
        self.count += 1
        return f"{kind}{self.count}"

    def any_event(self):
        return self.draw.choice(list(self.events)) if self.events else None

    def event(self):
        draw, source = self.draw, self.draw.choice(SOURCES)
        body = {"id": self.new_id("e"), "source": source, "occurredAt": iso(FIRST + draw.randrange(3 * DAY)), "channel": draw.choice(CHANNELS),
                "messages": draw.choice([1, 1, 1, 3]), "status": "sent"}
        if draw.random() < 0.3:
            body.update(messages=1, status="failed", to="+15550100", reason="r")
        body["parts"] = body["messages"] + draw.randrange(3)
        if body["status"] == "sent" and draw.random() < 0.3:
            body["cost"] = draw.choice(["0", "0.02", "1.5"])
        if body["channel"] == "SMS" and draw.random() < 0.5:
            body["campaignId"] = "c"
        self.events[source, body["id"]] = Event(body)
        return body, "accepted"

    def settlement(self):
        draw, (source, id) = self.draw, self.any_event() or ("", "nothing")
        body = {"id": self.new_id("s"), "source": source, "settles": id}
        fields = draw.sample(["cost", "parts", "status"], draw.randint(1, 3))
        if "cost" in fields:
            body["cost"] = draw.choice(["0", "0.0237", "0.5", "0.0079"])
        if "parts" in fields:
            body["parts"] = draw.randint(1, 6)
        if "status" in fields:
            body["status"] = "sent"
        is_good = (source, id) in self.events and self.events[source, id].settle(body)
        return body, "accepted" if is_good else "rejected"

    def void(self):
        source, id = self.any_event() or ("", "nothing")
        event = self.events.get((source, id))
        is_good = event is not None and not event.is_voided
        if is_good:
            event.is_voided = True
        return {"id": self.new_id("v"), "source": source, "voids": id, "reason": "r"}, "accepted" if is_good else "rejected"

    def retry(self):
        """An accepted body once more."""
        if not self.bodies:
            return self.event()
        return self.draw.choice(list(self.bodies.values())), "duplicate"

    def post_some(self):
        items = [self.draw.choice([self.event, self.event, self.settlement, self.settlement, self.void, self.retry])()
                 for _ in range(self.draw.randint(1, 6))]
        reply = self.post([body for body, _ in items]).json
        verdicts = {r["index"]: r["status"] for r in reply["results"]}
        for i, (body, expected) in enumerate(items):
            assert verdicts.get(i, "accepted") == expected, (body, reply)
            if expected == "accepted":
                self.bodies[body["source"], body["id"]] = body

    def set_price(self, channel, price, since):
        self.daybook.cmd("price", "set", channel, price, "--from", since, "--reprice")
        self.prices[channel, since] = price

    def new_price(self):
        since = self.draw.choice(["2012-01-01", date(self.days.at(FIRST) + 1), date(self.days.at(FIRST) + 2)])
        self.set_price(self.draw.choice(["SMS", "CALL"]), self.draw.choice(PRICES), since)

    def statement(self):
        """A carrier's log with some of its messages: what it says of the others is as before."""
        lines, differ = ["Sid,SentDate,Direction,Status,From,To,NumSegments,Price"], 0
        known = [(id, e) for (source, id), e in self.events.items() if source == "twilio" and e.channel != "CALL"]
        for id, event in self.draw.sample(known, min(len(known), 3)):
            status, prefix = self.draw.choice(["delivered", "delivered", "failed"]), "whatsapp:" if event.channel == "WHATSAPP" else ""
            parts, price = self.draw.choice([0, 0, 1, 2, 5]), self.draw.choice(["", "", "0.0158", "0.03"])
            lines.append(f"{id},{iso(event.at)},outbound-api,{status},{prefix}+1,{prefix}+15550100,{parts},-{price}".rstrip("-"))
            if event.is_voided:
                continue
            if status == "failed" or event.messages > 1:
                differ += event.messages > 1 or not event.is_failed
                continue
            body = {"status": "sent", **({"parts": parts} if parts else {}), **({"cost": price} if price else {})}
            # A price that says what stands already is no news, unless something else is.
            is_news = event.is_failed or (parts and parts != event.parts) or (price and micros(price) != self.cost(event))
            assert not is_news or event.settle(body)
        done = self.daybook.cmd("import", "-", "--format", "twilio", "--source", "twilio", input="\n".join(lines) + "\n", check=False)
        assert done.returncode == (differ > 0) and f"differ {differ}" in done.stdout, (lines, done)

    # ---- The checks

    def check(self):
        assert stored(self.daybook, "usage_quarter", "quarter", "acme") == self.quarters()
        check_ledger(self.daybook, days=self.days.at)
        self.daybook.cmd("verify")
        mine = [e for e in self.events.values() if e.campaign]
        sent = sum(e.messages for e in mine if not e.is_voided)
        failed = sum(1 for e in mine if e.is_failed and not e.is_voided)
        assert segment(self.daybook, "c")[:2] == (sent, failed)

    def check_list(self):
        rows = [json.loads(line) for line in self.daybook.cmd("export").stdout.splitlines()]
        for r in rows:
            if "voids" in r:
                continue
            event = self.events[r.get("source", ""), r.get("settles", r["id"])]
            # Of a voided event the cost may be that of an earlier price: so is then that of its void.
            if not event.is_failed and not event.is_voided:
                assert (r["parts"], round(r["cost"] * 10**6)) == (event.parts, self.cost(event)), r
        assert len(rows) == len(self.bodies)
        return rows


@pytest.mark.parametrize("seed", range(4))
def test_histories_in_many_orders_end_as_the_model_says(daybook, tmp_path, seed):
    h = History(daybook, seed)
    for _ in range(40):
        h.draw.choice([h.post_some, h.post_some, h.post_some, h.new_price, h.statement])()
        h.check()
    daybook.cmd("rebuild")
    h.check()
    h.check_list()
    (tmp_path / "there").mkdir()
    there = Daybook(tmp_path / "there")
    there.cmd("init")
    there.cmd("org", "add", "acme", "--timezone", "America/Toronto")
    there.cmd("import", "-", input=daybook.cmd("export").stdout)
    there.cmd("verify")
    assert stored(there, "usage_quarter", "quarter", "acme") == h.quarters()
    assert there.cmd("export").stdout == daybook.cmd("export").stdout
    there.close()
