"""What limits should say: every sum is made again, from all that was sent and all that is held, after any change."""
import dataclasses
import datetime
import functools
import zoneinfo

MESSAGES = ("EMAIL", "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK")


def money(parts, nanos):
    """Parts at a price in billionths of a dollar, in millionths, half to even."""
    micros, rest = divmod(parts * nanos, 1000)
    return micros + (rest > 500 or (rest == 500 and micros % 2 == 1))


@dataclasses.dataclass
class Rule:
    """One limit.  amounts: (from which date on, how many or None), in the order of their dates."""
    name: str
    word: str
    channels: tuple
    unit: str
    period: str
    refuses: bool = True
    amounts: list = dataclasses.field(default_factory=list)

    def amount(self, day):
        return ([None] + [amount for since, amount in self.amounts if since <= day])[-1]

    @property
    def is_long(self):
        return self.period != "day"


def five(unit):
    return [Rule("daily", "dailyLimit", ("SMS",), unit, "day"), Rule("cycle-messages", "messagesCap", MESSAGES, "message", "cycle"),
            Rule("cycle-cost", "costCap", ("SMS", "CALL"), "cost", "cycle"), Rule("cycle-sms", "smsCap", ("SMS",), "message", "cycle"),
            Rule("cycle-calls", "callCap", ("CALL",), "message", "cycle")]


def cycle_start(cycle_day, year, month):
    last = (datetime.date(year + month // 12, month % 12 + 1, 1) - datetime.timedelta(days=1)).day
    return datetime.date(year, month, min(cycle_day, last))


@functools.lru_cache(maxsize=None)
def cycle(cycle_day, day, changes=()):
    """[from, until) of the billing cycle that contains a day; changes: (since, cycle day) in their order, each of which begins one."""
    since, cycle_day = ([(datetime.date.min, cycle_day)] + [c for c in changes if c[0] <= day])[-1]
    ends = min([c[0] for c in changes if c[0] > day], default=datetime.date.max)
    before, after = (day.replace(day=1) - datetime.timedelta(days=1)), (day.replace(day=28) + datetime.timedelta(days=4))
    starts = [cycle_start(cycle_day, d.year, d.month) for d in (before, day, after)]
    return next((max(a, since), min(b, ends)) for a, b in zip(starts, starts[1:]) if a <= day < b)


@dataclasses.dataclass
class Amount:
    """What something counts: an event, or contacts that are held."""
    messages: int
    parts: int
    micros: int

    def of(self, unit):
        return {"message": self.messages, "part": self.parts, "cost": self.micros}[unit]


class Limits:
    """An organization: its limits, what it has sent {(day, channel): Amount} and holds {key: (day, contacts, parts each)}."""

    def __init__(self, zone, cycle_day, unit, now_ms):
        self.zone, self.cycle_day, self.now_ms = zoneinfo.ZoneInfo(zone), cycle_day, now_ms
        self.cycle_changes = ()
        self.rules, self.sent, self.holds, self.prices, self.sums = five(unit), {}, {}, [], {}
        self.today = self.day_of(now_ms)

    # ---- Days

    def day_of(self, at):
        return datetime.datetime.fromtimestamp(at // 1000, self.zone).date()

    def start(self, day):
        """The first instant of a day: a midnight that the zone skips is the instant of the change."""
        return round(datetime.datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()) * 1000

    def window(self, rule, day):
        if rule.period == "cycle":
            return cycle(self.cycle_day, day, self.cycle_changes)
        if rule.period == "month":
            return cycle(1, day)
        if rule.period == "year":
            return datetime.date(day.year, 1, 1), datetime.date(day.year + 1, 1, 1)
        return day, day + datetime.timedelta(days=1)

    # ---- Amounts

    def nanos(self, channel, day):
        """prices: (channel, from which day on, nanos)."""
        return ([0] + [nanos for c, since, nanos in sorted(self.prices) if c == channel and since <= day])[-1]

    def cost(self, channel, day, parts):
        return money(parts, self.nanos(channel, day))

    def contacts(self, day, count, parts):
        """What contacts hold: each at the rounded cost of one event."""
        return Amount(count, count * parts, count * self.cost("SMS", day, parts))

    def sum(self, what, rule, day, add):
        """add(since, until), once for each rule and window as long as nothing changes."""
        since, until = self.window(rule, day)
        key = what, rule.name, since
        if key not in self.sums:
            self.sums[key] = add(since, until)
        return self.sums[key]

    def used(self, rule, day):
        return self.sum("used", rule, day, lambda since, until: sum(
            amount.of(rule.unit) for (d, channel), amount in self.sent.items() if since <= d < until and channel in rule.channels))

    def held(self, rule, day, but=None):
        """What is held of the window of a day, but for one hold."""
        whole = self.sum("held", rule, day, lambda since, until: sum(
            self.held_by(hold, rule, since, until) for hold in self.holds.values()))
        return whole - (self.held_by(self.holds[but], rule, *self.window(rule, day)) if but in self.holds else 0)

    def held_by(self, hold, rule, since, until):
        day, contacts, parts = hold
        is_in = "SMS" in rule.channels and max(since, self.today) <= day < until
        return self.contacts(day, contacts, parts).of(rule.unit) if is_in else 0

    def available(self, rule, day, but=None):
        """None: no limit."""
        amount = rule.amount(day)
        return None if amount is None else max(0, amount - self.used(rule, day) - self.held(rule, day, but))

    # ---- Answers

    def room(self, day, parts, own=None):
        """(contacts that a campaign may hold of a day, by which rule); None, None if nothing limits.  own: which hold is replaced."""
        best, by = None, None
        for rule in self.rules:
            each = self.contacts(day, 1, parts).of(rule.unit)
            free = self.available(rule, day, own) if rule.refuses and "SMS" in rule.channels else None
            if free is None or each == 0:
                continue
            free = max(free, self.held(rule, day) - self.held(rule, day, own))
            if best is None or free // each < best:
                best, by = free // each, rule
        return best, by

    def first_day(self, contacts, parts, since=None):
        """The first day of 61 with room."""
        for i in range(61):
            day = (since or self.today) + datetime.timedelta(days=i)
            room, _ = self.room(day, parts)
            if room is None or room >= contacts:
                return day
        return None

    def refusing(self, day, contacts, parts, own=None):
        """The rules that refuse a campaign of one day: {word: (used, held, available, needed)}, the long ones alone if there are some."""
        refusing = {}
        for rule in self.rules:
            amount, used, held = rule.amount(day), self.used(rule, day), self.held(rule, day, own)
            needed = self.contacts(day, contacts, parts).of(rule.unit)
            if rule.refuses and "SMS" in rule.channels and amount is not None and needed > self.held(rule, day) - held and \
                    used + held + needed > amount:
                refusing[rule.word] = rule, (used, held, self.available(rule, day, own), needed)
        is_long = any(rule.is_long for rule, _ in refusing.values())
        return {word: figures for word, (rule, figures) in refusing.items() if rule.is_long == is_long}, is_long

    def freed(self, own, messages):
        """What an event of a campaign takes out of its hold: (day, Amount)."""
        if own not in self.holds or self.holds[own][0] < self.today:
            return self.today, Amount(0, 0, 0)
        day, left, parts = self.holds[own]
        return day, self.contacts(day, min(left, messages), parts)

    def refuses_event(self, day, channel, amount, own=None):
        """(whether an event is refused, whether by a limit longer than a day)."""
        refusing = []
        freed_day, freed = self.freed(own, amount.messages)
        for rule in self.rules:
            since, until = self.window(rule, day)
            minus = freed.of(rule.unit) if since <= freed_day < until and "SMS" in rule.channels else 0
            limit, plus = rule.amount(day), amount.of(rule.unit)
            if rule.refuses and channel in rule.channels and limit is not None and plus > minus and \
                    self.used(rule, day) + self.held(rule, day) - minus + plus > limit:
                refusing.append(rule.is_long)
        return bool(refusing), any(refusing)

    # ---- Changes

    def record(self, day, channel, amount, own=None):
        had = self.sent.get((day, channel), Amount(0, 0, 0))
        self.sent[day, channel] = Amount(had.messages + amount.messages, had.parts + amount.parts, had.micros + amount.micros)
        if own in self.holds:
            held_on, left, parts = self.holds[own]
            self.hold(own, held_on, left - amount.messages, parts)
        self.sums.clear()

    def hold(self, key, day, contacts, parts):
        """None are left: it has ended."""
        self.holds[key] = day, contacts, parts
        if contacts <= 0:
            del self.holds[key]
        self.sums.clear()

    def drop(self, id):
        """A campaign's only hold, or those of its segments (id, number)."""
        for key in [key for key in self.holds if key == id or key[0] == id]:
            del self.holds[key]
        self.sums.clear()
