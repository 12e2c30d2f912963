"""What limits should say: every sum is made again, from all that was sent and all that is held, after any change.

Everything lies in a quarter-hour of UTC.  A window is [from, until) of them.
"""
import bisect
import dataclasses
import datetime
import functools
import itertools
import zoneinfo

MESSAGES = ("EMAIL", "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK")
QUARTER_MS = 900_000
DAY = datetime.timedelta(days=1)


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
    zone: str = None  # of a day; None is the organization's
    hours: int = 0  # of a rolling window
    sender: str = None
    network: str = None
    is_building: bool = False

    def amount(self, day):
        return ([None] + [amount for since, amount in self.amounts if since <= day])[-1]

    @property
    def is_long(self):
        return self.hours > 24 if self.period == "rolling" else self.period != "day"

    @property
    def is_asked(self):
        return self.refuses and not self.is_building

    def counts(self, channel, sender=None, network=None):
        return channel in self.channels and self.sender in (None, sender) and self.network in (None, network)

    def counts_hold(self, hold):
        """Nobody knows to which network a campaign will send."""
        return self.network is None and self.counts(hold.channel, hold.sender)

    def definition(self):
        """As a PUT says it."""
        body = {"channels": list(self.channels), "unit": self.unit, "window": self.period, "zone": self.zone, "hours": self.hours or None,
                "from": self.sender, "network": self.network}
        return {name: value for name, value in body.items() if value is not None}


def five(unit):
    return [Rule("daily", "dailyLimit", ("SMS",), unit, "day"), Rule("cycle-messages", "messagesCap", MESSAGES, "message", "cycle"),
            Rule("cycle-cost", "costCap", ("SMS", "CALL"), "cost", "cycle"), Rule("cycle-sms", "smsCap", ("SMS",), "message", "cycle"),
            Rule("cycle-calls", "callCap", ("CALL",), "message", "cycle")]


# ---- Days and windows

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


@functools.lru_cache(maxsize=None)
def day_in(zone, quarter):
    return datetime.datetime.fromtimestamp(quarter * 900, zoneinfo.ZoneInfo(zone)).date()


@functools.lru_cache(maxsize=None)
def day_start(zone, day):
    """The first quarter-hour of a day: a midnight that the zone skips is the instant of the change."""
    return round(datetime.datetime(day.year, day.month, day.day, tzinfo=zoneinfo.ZoneInfo(zone)).timestamp()) // 900


# ---- What is counted

@dataclasses.dataclass(frozen=True)
class Amount:
    """What something counts: an event, or contacts that are held."""
    messages: int
    parts: int
    micros: int

    def of(self, unit):
        return {"message": self.messages, "part": self.parts, "cost": self.micros}[unit]

    def plus(self, other):
        return Amount(self.messages + other.messages, self.parts + other.parts, self.micros + other.micros)


@dataclasses.dataclass(frozen=True)
class Hold:
    """What a segment holds: contacts at an instant."""
    at: int
    contacts: int
    parts: int = 1
    channel: str = "SMS"
    sender: str = None

    @property
    def quarter(self):
        return self.at // QUARTER_MS


class Line:
    """Units by quarter-hour."""

    def __init__(self, units):
        self.quarters = sorted(units)
        self.sums = [0, *itertools.accumulate(units[q] for q in self.quarters)]

    def sum(self, since, until):
        return self.sums[bisect.bisect_left(self.quarters, until)] - self.sums[bisect.bisect_left(self.quarters, since)]

    def between(self, since, until):
        return self.quarters[bisect.bisect_left(self.quarters, since):bisect.bisect_left(self.quarters, until)]


@dataclasses.dataclass
class Found:
    """A window, with what is in it."""
    since: int
    until: int
    amount: int
    used: int
    held: int  # without what a campaign has there itself:
    own: int

    @property
    def available(self):
        return None if self.amount is None else max(0, self.amount - self.used - self.held)

    @property
    def load(self):
        return self.used + self.held


class Limits:
    """An organization: its limits, what it has sent {(quarter, channel, sender, network): Amount} and holds {key: Hold}."""

    def __init__(self, zone, cycle_day, unit, now_ms):
        self.zone, self.cycle_day, self.now_ms = zone, cycle_day, now_ms
        self.cycle_changes = ()
        self.rules, self.sent, self.holds, self.prices = five(unit), {}, {}, []
        self.used_lines, self.held_lines = {}, {}

    # ---- Days

    @property
    def today(self):
        return self.day_of(self.now_ms)

    def day_of(self, at):
        return day_in(self.zone, at // QUARTER_MS)

    def start(self, day):
        """The first instant of a day."""
        return day_start(self.zone, day) * QUARTER_MS

    def rest_of_day(self, day):
        """The quarter-hours of a day that are still to come, all of one that is over: [from, until)."""
        since, until = day_start(self.zone, day), day_start(self.zone, day + DAY)
        return (max(since, self.now_ms // QUARTER_MS) if day == self.today else since), until

    def zone_of(self, rule):
        return rule.zone or self.zone

    def day_for(self, rule, quarter):
        """The day whose amount counts."""
        return day_in(self.zone_of(rule), quarter)

    def days_of_window(self, rule, day):
        if rule.period == "cycle":
            return cycle(self.cycle_day, day, self.cycle_changes)
        if rule.period == "month":
            return cycle(1, day)
        if rule.period == "year":
            return datetime.date(day.year, 1, 1), datetime.date(day.year + 1, 1, 1)
        return day, day + DAY

    # ---- Amounts

    def nanos(self, channel, day):
        """prices: (channel, from which day on, nanos)."""
        return ([0] + [nanos for c, since, nanos in sorted(self.prices) if c == channel and since <= day])[-1]

    def cost(self, channel, day, parts):
        return money(parts, self.nanos(channel, day))

    def held_by(self, hold):
        """Each contact at the rounded cost of one event."""
        micros = self.cost(hold.channel, self.day_of(hold.at), hold.parts)
        return Amount(hold.contacts, hold.contacts * hold.parts, hold.contacts * micros)

    def contact(self, at, parts=1, channel="SMS", sender=None):
        return Hold(at, 1, parts, channel, sender)

    # ---- Windows

    def used_line(self, rule):
        if rule.name not in self.used_lines:
            units = {}
            for (quarter, channel, sender, network), amount in self.sent.items():
                if rule.counts(channel, sender, network):
                    units[quarter] = units.get(quarter, 0) + amount.of(rule.unit)
            self.used_lines[rule.name] = Line(units)
        return self.used_lines[rule.name]

    def held_line(self, rule):
        """A hold of a day that is over holds nothing."""
        if rule.name not in self.held_lines:
            units = {}
            for hold in self.holds.values():
                if rule.counts_hold(hold) and self.day_of(hold.at) >= self.today:
                    units[hold.quarter] = units.get(hold.quarter, 0) + self.held_by(hold).of(rule.unit)
            self.held_lines[rule.name] = Line(units)
        return self.held_lines[rule.name]

    def own_units(self, rule, own, since, until):
        """What some of the holds count in a window: keys, or holds that are parts of them."""
        holds = [h if isinstance(h, Hold) else self.holds[h] for h in own if isinstance(h, Hold) or h in self.holds]
        return sum(self.held_by(h).of(rule.unit) for h in holds
                   if since <= h.quarter < until and rule.counts_hold(h) and self.day_of(h.at) >= self.today)

    def spans_of_windows(self, rule, first, last, own):
        """Each window with one of the quarter-hours first to last; of rolling ones those that begin to hold more, or less."""
        if rule.period != "rolling":
            quarter = first
            while quarter <= last:
                days = self.days_of_window(rule, self.day_for(rule, quarter))
                since, until = (day_start(self.zone_of(rule), d) for d in days)
                yield quarter, since, until
                quarter = until
            return
        length = rule.hours * 4
        more = {q for line in (self.used_line(rule), self.held_line(rule)) for q in line.between(first, last + length + 1)}
        own = {h.quarter if isinstance(h, Hold) else self.holds[h].quarter for h in own if isinstance(h, Hold) or h in self.holds}
        less = {q + length + 1 for q in own}
        for end in sorted({first} | more | {q for q in less if first < q <= last + length}):
            yield min(end, last), end - length, end + 1

    def windows(self, rule, first, last, own=()):
        """(quarter, Found) of them: the window, and a quarter-hour that it shares with first to last."""
        used, held = self.used_line(rule), self.held_line(rule)
        for quarter, since, until in self.spans_of_windows(rule, first, last, own):
            mine = self.own_units(rule, own, since, until) if own else 0
            yield quarter, Found(since, until, rule.amount(self.day_for(rule, quarter)), used.sum(since, until),
                                 held.sum(since, until) - mine, mine)

    def present(self, rule):
        """The fullest window with the present quarter-hour."""
        quarter = self.now_ms // QUARTER_MS
        return max((found for _, found in self.windows(rule, quarter, quarter)), key=lambda found: found.load)

    # ---- Answers

    def room_of(self, first, last, contact, own=()):
        """(contacts that a campaign may hold, by which rule, in which quarter-hour) at the worst of these; None: nothing limits."""
        best, by, worst = None, None, first
        for rule in self.rules:
            each = self.held_by(contact).of(rule.unit)
            if not rule.is_asked or not rule.counts_hold(contact) or each == 0:
                continue
            for quarter, found in self.windows(rule, first, last, own):
                if found.amount is None:
                    continue
                room = max(found.available, found.own) // each
                if best is None or room < best:
                    best, by, worst = room, rule, quarter
        return best, by, worst

    def room(self, day, parts=1):
        """Of a whole day: that of its worst instant which is still to come."""
        since, until = self.rest_of_day(day)
        return self.room_of(since, until - 1, self.contact(self.start(day), parts))

    def room_at(self, at, parts=1, own=(), channel="SMS", sender=None):
        return self.room_of(at // QUARTER_MS, at // QUARTER_MS, self.contact(at, parts, channel, sender), own)[:2]

    def first_day(self, contacts, parts, since=None, channel="SMS", sender=None):
        """The first day of 61 with room."""
        for i in range(61):
            day = (since or self.today) + i * DAY
            first, until = self.rest_of_day(day)
            room, _, _ = self.room_of(first, until - 1, self.contact(self.start(day), parts, channel, sender))
            if room is None or room >= contacts:
                return day
        return None

    def refusing(self, plus, own=()):
        """The rules that refuse a hold in the place of others: {word: (used, held, available, needed)}, the long ones alone if any."""
        refusing = {}
        for rule in self.rules:
            needed = self.held_by(plus).of(rule.unit)
            if not rule.is_asked or not rule.counts_hold(plus):
                continue
            over = [f for _, f in self.windows(rule, plus.quarter, plus.quarter, own)
                    if f.amount is not None and needed > f.own and f.load + needed > f.amount]
            if over:
                f = max(over, key=lambda found: found.load)
                refusing[rule.word] = rule, (f.used, f.held, f.available, needed)
        is_long = any(rule.is_long for rule, _ in refusing.values())
        return {word: figures for word, (rule, figures) in refusing.items() if rule.is_long == is_long}, is_long

    def refusing_event(self, at, channel, amount, own=None, sender=None, network=None):
        """The same of an event that spends of a hold: (used, held, available, needed) as it is, and what it adds to it."""
        refusing = {}
        freed = ()
        if own in self.holds:
            hold = self.holds[own]
            freed = (dataclasses.replace(hold, contacts=min(hold.contacts, amount.messages)),)
        for rule in self.rules:
            plus = amount.of(rule.unit)
            if not rule.is_asked or not rule.counts(channel, sender, network):
                continue
            over = [f for _, f in self.windows(rule, at // QUARTER_MS, at // QUARTER_MS, freed)
                    if f.amount is not None and plus > f.own and f.load + plus > f.amount]
            if over:
                f = max(over, key=lambda found: found.load + found.own)
                refusing[rule.word] = rule, (f.used, f.held + f.own, max(0, f.amount - f.load - f.own), plus - f.own)
        is_long = any(rule.is_long for rule, _ in refusing.values())
        return {word: figures for word, (rule, figures) in refusing.items() if rule.is_long == is_long}, is_long

    # ---- Changes

    def record(self, at, channel, amount, own=None, sender=None, network=None):
        key = at // QUARTER_MS, channel, sender, network
        self.sent[key] = amount.plus(self.sent.get(key, Amount(0, 0, 0)))
        self.used_lines.clear()
        if own in self.holds:
            self.hold(own, dataclasses.replace(self.holds[own], contacts=self.holds[own].contacts - amount.messages))

    def hold(self, key, hold):
        """None are left: it has ended."""
        self.holds[key] = hold
        if hold.contacts <= 0:
            del self.holds[key]
        self.held_lines.clear()

    def drop(self, id):
        """A campaign's only hold, or those of its segments (id, number)."""
        for key in [key for key in self.holds if key == id or key[0] == id]:
            del self.holds[key]
        self.held_lines.clear()

    def set_rule(self, rule):
        """Adds or replaces it by its name."""
        others = [r for r in self.rules[5:] if r.name != rule.name]
        base = [rule if r.name == rule.name else r for r in self.rules[:5]]
        self.rules = base + sorted(others + ([] if rule in base else [rule]), key=lambda r: r.name)
        self.used_lines.clear()
        self.held_lines.clear()

    def remove_rule(self, name):
        self.rules = [rule for rule in self.rules if rule.name != name]

    def move_clock(self, now_ms):
        self.now_ms = now_ms
        self.held_lines.clear()
