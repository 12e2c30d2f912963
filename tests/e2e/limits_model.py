"""What limits should say: every sum is made again, from all that was sent and all that is held, after any change."""
import bisect
import dataclasses
import datetime
import functools
import itertools
import typing
import zoneinfo

QUARTER_MS = 900_000
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
    zone: str = None
    hours: int = 0
    sender: str = None
    network: str = None

    def amount(self, day):
        return ([None] + [amount for since, amount in self.amounts if since <= day])[-1]

    @property
    def is_long(self):
        return self.hours > 24 if self.period == "rolling" else self.period != "day"

    @property
    def quarters(self):
        return self.hours * 4

    def counts(self, channel, sender, network):
        return channel in self.channels and self.sender in (None, sender) and self.network in (None, network)


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


class Hold(typing.NamedTuple):
    """Contacts that a segment holds: in which quarter-hour, how many are left, of how many parts each, from whom."""
    quarter: int
    contacts: int
    parts: int
    sender: str = None


def fullest(windows):
    """The one of (end, used, held, …) with the most; of several the first."""
    return max(windows, key=lambda w: (w[1] + w[2], -w[0]))


class Limits:
    """An organization: its limits, what it sent {(quarter, channel, sender, network): Amount} and holds {key: Hold}.

    Quarter-hours are those of UTC since 1970.  Every window that contains something is looked at.
    """

    def __init__(self, zone, cycle_day, unit, now_ms):
        self.zone, self.cycle_day, self.now_ms = zoneinfo.ZoneInfo(zone), cycle_day, now_ms
        self.cycle_changes = ()
        self.rules, self.sent, self.holds, self.prices, self.sums = five(unit), {}, {}, [], {}
        self.today, self.now = self.day_of(now_ms), now_ms // QUARTER_MS

    # ---- Days

    def day_of(self, at, rule=None):
        return datetime.datetime.fromtimestamp(at // 1000, self.zone_of(rule)).date()

    def zone_of(self, rule):
        return zoneinfo.ZoneInfo(rule.zone) if rule and rule.zone else self.zone

    def start(self, day, rule=None):
        """The first instant of a day: a midnight that the zone skips is the instant of the change."""
        return round(datetime.datetime(day.year, day.month, day.day, tzinfo=self.zone_of(rule)).timestamp()) * 1000

    def day(self, quarter, rule=None):
        return self.day_of(quarter * QUARTER_MS, rule)

    def window(self, rule, day):
        """The days [since, until) of a window that is made of days."""
        if rule.period == "cycle":
            return cycle(self.cycle_day, day, self.cycle_changes)
        if rule.period == "month":
            return cycle(1, day)
        if rule.period == "year":
            return datetime.date(day.year, 1, 1), datetime.date(day.year + 1, 1, 1)
        return day, day + datetime.timedelta(days=1)

    def windows(self, rule, quarter):
        """All windows [first, end) of a rule that contain a quarter-hour."""
        if rule.period == "rolling":
            return [(last - rule.quarters, last + 1) for last in range(quarter, quarter + rule.quarters + 1)]
        key = "window", rule.name, self.day(quarter, rule)
        if key not in self.sums:
            self.sums[key] = [tuple(self.start(day, rule) // QUARTER_MS for day in self.window(rule, key[2]))]
        return self.sums[key]

    def rest(self, day):
        """The quarter-hours of a day that are still to come."""
        first, end = self.start(day) // QUARTER_MS, self.start(day + datetime.timedelta(days=1)) // QUARTER_MS
        return range(max(first, self.now) if day == self.today else first, end)

    # ---- Amounts

    def nanos(self, channel, day):
        """prices: (channel, from which day on, nanos)."""
        return ([0] + [nanos for c, since, nanos in sorted(self.prices) if c == channel and since <= day])[-1]

    def cost(self, channel, day, parts):
        return money(parts, self.nanos(channel, day))

    def contacts(self, day, count, parts):
        """What contacts hold: each at the rounded cost of one event."""
        return Amount(count, count * parts, count * self.cost("SMS", day, parts))

    def held_by(self, rule, hold):
        """What a hold counts of a rule, wherever it is; none if its day is over, or the rule is of a network."""
        if not rule.counts("SMS", hold.sender, None) or self.day(hold.quarter) < self.today:
            return 0
        return self.contacts(self.day(hold.quarter), hold.contacts, hold.parts).of(rule.unit)

    def ledger(self, rule):
        """Everything that a rule counts, by quarter-hour: (quarters, sums of what was used before each, the same of what is held)."""
        key = "ledger", rule.name
        if key not in self.sums:
            by_quarter = {}
            for (quarter, channel, sender, network), amount in self.sent.items():
                if rule.counts(channel, sender, network):
                    by_quarter.setdefault(quarter, [0, 0])[0] += amount.of(rule.unit)
            for hold in self.holds.values():
                by_quarter.setdefault(hold.quarter, [0, 0])[1] += self.held_by(rule, hold)
            quarters = sorted(by_quarter)
            self.sums[key] = (quarters, [0, *itertools.accumulate(by_quarter[q][0] for q in quarters)],
                              [0, *itertools.accumulate(by_quarter[q][1] for q in quarters)])
        return self.sums[key]

    def sums_in(self, rule, window, but=None):
        """(used, held) of a window, but for one hold."""
        quarters, used, held = self.ledger(rule)
        first, end = bisect.bisect_left(quarters, window[0]), bisect.bisect_left(quarters, window[1])
        return used[end] - used[first], held[end] - held[first] - self.own_in(rule, window, but)

    def own_in(self, rule, window, own):
        hold = self.holds.get(own)
        return self.held_by(rule, hold) if hold and window[0] <= hold.quarter < window[1] else 0

    def state(self, rule, quarter):
        """(used, held, end of the window) of the fullest that contains a quarter-hour."""
        _, used, held, end = fullest([(end, *self.sums_in(rule, (first, end)), end) for first, end in self.windows(rule, quarter)])
        return used, held, end

    def available(self, rule, quarter):
        """None: no limit."""
        amount, (used, held, _) = rule.amount(self.day(quarter, rule)), self.state(rule, quarter)
        return None if amount is None else max(0, amount - used - held)

    # ---- Answers

    def free_in(self, rule, quarters, own=None):
        """What a rule leaves at the worst of some quarter-hours: what its own hold has of a window, it may keep.  None: any amount."""
        free, done = None, set()
        for quarter in quarters:
            amount = rule.amount(self.day(quarter, rule))
            windows = [] if amount is None else [w for w in self.windows(rule, quarter) if w not in done]
            done.update(windows)
            for window in windows:
                used, held = self.sums_in(rule, window, own)
                left = max(0, amount - used - held, self.own_in(rule, window, own))
                free = left if free is None else min(free, left)
        return free

    def room_in(self, day, quarters, parts, own=None, sender=None):
        """(contacts that a campaign may hold, by which rule); None, None if nothing limits.  own: which hold is replaced."""
        best, by = None, None
        for rule in self.rules:
            each = self.contacts(day, 1, parts).of(rule.unit)
            free = self.free_in(rule, quarters, own) if rule.refuses and each and rule.counts("SMS", sender, None) else None
            if free is not None and (best is None or free // each < best):
                best, by = free // each, rule
        return best, by

    def room(self, day, parts):
        """Of a whole day."""
        key = "room", day, parts
        if key not in self.sums:
            self.sums[key] = self.room_in(day, self.rest(day), parts)
        return self.sums[key]

    def room_at(self, at, parts, own=None, sender=None):
        return self.room_in(self.day_of(at), [at // QUARTER_MS], parts, own, sender)

    def first_day(self, contacts, parts, since=None, sender=None):
        """The first day of 61 with room."""
        for i in range(61):
            day = (since or self.today) + datetime.timedelta(days=i)
            room, _ = self.room_in(day, self.rest(day), parts, None, sender) if sender else self.room(day, parts)
            if room is None or room >= contacts:
                return day
        return None

    def refusing(self, at, contacts, parts, own=None, sender=None):
        """The rules that refuse a campaign at an instant: {word: (used, held, available, needed)}, the long ones alone if there are some."""
        refusing, quarter = {}, at // QUARTER_MS
        for rule in self.rules:
            amount = rule.amount(self.day(quarter, rule))
            if not rule.refuses or amount is None or not rule.counts("SMS", sender, None):
                continue
            needed = self.contacts(self.day_of(at), contacts, parts).of(rule.unit)
            full = [(window[1], *self.sums_in(rule, window, own)) for window in self.windows(rule, quarter)
                    if needed > self.own_in(rule, window, own) and sum(self.sums_in(rule, window, own)) + needed > amount]
            if full:
                _, used, held = fullest(full)
                refusing[rule.word] = rule, (used, held, max(0, amount - used - held), needed)
        is_long = any(rule.is_long for rule, _ in refusing.values())
        return {word: figures for word, (rule, figures) in refusing.items() if rule.is_long == is_long}, is_long

    def freed(self, own, messages):
        """What an event of a campaign takes out of its hold, as a hold."""
        hold = self.holds.get(own)
        return hold and hold._replace(contacts=min(hold.contacts, messages))

    def refuses_event(self, quarter, channel, amount, own=None, sender=None, network=None):
        """(whether an event is refused, whether by a limit longer than a day)."""
        refusing, freed = [], self.freed(own, amount.messages)
        for rule in self.rules:
            limit, plus = rule.amount(self.day(quarter, rule)), amount.of(rule.unit)
            if not rule.refuses or limit is None or not rule.counts(channel, sender, network):
                continue
            for window in self.windows(rule, quarter):
                minus = self.held_by(rule, freed) if freed and window[0] <= freed.quarter < window[1] else 0
                if plus > minus and sum(self.sums_in(rule, window)) - minus + plus > limit:
                    refusing.append(rule.is_long)
                    break
        return bool(refusing), any(refusing)

    # ---- Changes

    def record(self, quarter, channel, amount, own=None, sender=None, network=None):
        key = quarter, channel, sender, network
        had = self.sent.get(key, Amount(0, 0, 0))
        self.sent[key] = Amount(had.messages + amount.messages, had.parts + amount.parts, had.micros + amount.micros)
        if own in self.holds:
            hold = self.holds[own]
            self.hold(own, hold._replace(contacts=hold.contacts - amount.messages))
        self.sums.clear()

    def hold(self, key, hold):
        """None are left: it has ended."""
        self.holds[key] = hold
        if hold.contacts <= 0:
            del self.holds[key]
        self.sums.clear()

    def drop(self, id):
        """A campaign's only hold, or those of its segments (id, number)."""
        for key in [key for key in self.holds if key == id or key[0] == id]:
            del self.holds[key]
        self.sums.clear()
