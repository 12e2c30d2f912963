"""What the tests of the ledger share: instants and days in Python, segments put in by SQL, another "now", and the
roll-ups and counters recomputed from the ledger by code that has nothing in common with the program's.
"""
import bisect
import collections
import datetime
import json
import pathlib
import subprocess
import time

import pytest

from conftest import BUILD
from support import hold_again

SECOND, MINUTE, HOUR, DAY, QUARTER = 1000, 60_000, 3_600_000, 86_400_000, 900_000
IS_SANITIZED = BUILD.name.endswith("san")
IS_MEASURED = BUILD.name not in ("san", "cov")  # its memory and speed are the product's
EPOCH = datetime.date(1970, 1, 1)


# ---- Instants and days

def now():
    return int(time.time() * 1000)


def instant(text):
    """Milliseconds of an instant such as 2026-05-20T15:00:00Z."""
    whole = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (whole - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(milliseconds=1)


def iso(ms):
    whole = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    return whole.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def date(day):
    """2026-05-20 of days since 1970."""
    return (EPOCH + datetime.timedelta(days=day)).isoformat()


def day_number(text):
    return (datetime.date.fromisoformat(text) - EPOCH).days


class Days:
    """An organization's days, as its zone_span rows define them."""

    def __init__(self, daybook, org="acme"):
        rows = daybook.sql("SELECT z.from_at, z.utc_offset_s FROM zone_span z JOIN organization o ON o.key = z.org "
                           "WHERE o.id = ? ORDER BY z.from_at", org)
        self.starts, self.offsets = [r[0] for r in rows], [r[1] * 1000 for r in rows]

    def offset_at(self, at):
        return self.offsets[max(0, bisect.bisect_right(self.starts, at) - 1)]

    def at(self, at):
        return (at + self.offset_at(at)) // DAY

    def today(self):
        return self.at(now())

    def start(self, day):
        """The first instant that bears the day or a later one, found quarter by quarter."""
        at = day * DAY - 30 * HOUR
        assert self.at(at) < day
        while self.at(at) < day:
            at += QUARTER
        return at

    def wall(self, day, hour):
        """That hour of the day's clock, where nothing odd happens on that day."""
        at = day * DAY + hour * HOUR
        at -= self.offset_at(at)
        assert self.at(at) == day
        return at


# ---- Another now

FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def clock(when):
    """Variables by which a program that starts with them believes that it is `when` (an instant)."""
    if FAKETIME is None:
        pytest.skip("the package faketime is not there")
    preload = str(FAKETIME)
    if IS_SANITIZED:
        preload = subprocess.check_output(["gcc", "-print-file-name=libasan.so"], text=True).strip() + " " + preload
    whole = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=when)
    return {"LD_PRELOAD": preload, "FAKETIME": whole.strftime("@%Y-%m-%d %H:%M:%S"), "TZ": "UTC", "NO_FAKE_STAT": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def set_clock(daybook, when):
    """From here on everything that daybook starts believes that it is `when`."""
    if isinstance(when, str):
        when = instant(when)
    daybook.env.update(clock(when))
    return when


# ---- Segments, until somebody posts them

def campaign(daybook, id, *segments, org="acme", is_segmented=True):
    """Each segment: {"at", "contacts", "status"?, "parts"?}.  Its day is that of its instant."""
    days = Days(daybook, org)
    daybook.sql("INSERT INTO campaign (org, id, name, is_segmented, created_at, updated_at) "
                "SELECT key, ?, ?, ?, 0, 0 FROM organization WHERE id = ?", id, id.title(), int(is_segmented), org)
    for number, s in enumerate(segments, 1):
        daybook.sql("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, parts_per_contact, status) "
                    "SELECT c.key, ?, o.key, ?, ?, ?, ?, ? FROM campaign c JOIN organization o ON o.key = c.org "
                    "WHERE c.id = ? AND o.id = ?", number, s["at"], days.at(s["at"]), s["contacts"], s.get("parts", 1),
                    s.get("status", "scheduled"), id, org)
    hold_again(daybook.sql)


def segment(daybook, id, number=1):
    """(sent, failed, spent, status)"""
    return daybook.sql("SELECT s.sent, s.failed, s.spent, s.status FROM segment s JOIN campaign c ON c.key = s.campaign "
                       "WHERE c.id = ? AND s.number = ?", id, number)[0]


# ---- The life of a segment, in words of Python

class Segment:
    """What a client that owns a segment knows of it, and what each of its requests makes of it on the day `today`."""

    def __init__(self, date, contacts, status, today):
        self.date, self.contacts, self.status, self.today = date, contacts, status, today
        self.sent = self.failed = self.spent = 0

    @property
    def is_open(self):
        return self.status in ("scheduled", "sending", "paused")

    @property
    def is_overdue(self):
        return self.is_open and self.date < self.today

    @property
    def left(self):
        return max(0, self.contacts - self.spent)

    @property
    def held(self):
        return self.left if self.is_open and not self.is_overdue else 0

    @property
    def unfinished(self):
        return self.left if self.is_overdue else 0

    @property
    def ended(self):
        return "sent" if self.sent > 0 else "failed"

    @property
    def reads(self):
        return self.ended if self.is_overdue and self.status != "paused" else self.status

    def close_if_done(self):
        if self.status in ("scheduled", "sending") and self.sent + self.failed >= self.contacts:
            self.status = self.ended

    def spend(self, sent, failed):
        self.sent += sent
        self.failed += failed
        self.spent += sent + failed
        if self.status == "scheduled":
            self.status = "sending"
        self.close_if_done()

    def resume(self):
        if self.status == "paused":
            self.status = "sending" if self.spent > 0 else "scheduled"

    def cancel(self):
        self.status = self.ended if self.is_overdue and self.spent > 0 else "cancelled"

    def seen(self):
        """As the campaign's JSON has it."""
        return {"date": self.date, "contactCount": self.contacts, "status": self.reads, "sent": self.sent, "failed": self.failed,
                "reserved": self.held, "unfinished": self.unfinished}


# ---- The ledger, recomputed

def rollup(rows, slot):
    sums = collections.defaultdict(lambda: [0, 0, 0])
    for occurred_at, channel, messages, parts, cost, status in rows:
        if status == "failed":
            messages = parts = 0
        for i, value in enumerate((messages, parts, cost)):
            sums[slot(occurred_at), channel][i] += value
    return {key: tuple(value) for key, value in sums.items() if any(value)}


def stored(daybook, table, slot, org):
    rows = daybook.sql(f"SELECT u.{slot}, u.channel, u.messages, u.parts, u.cost_micros FROM {table} u "
                       "JOIN organization o ON o.key = u.org WHERE o.id = ?", org)
    return {(r[0], r[1]): r[2:] for r in rows if any(r[2:])}


def check_ledger(daybook, org="acme", days=None):
    """The roll-ups and the segments' counters are what the ledger says, and what is held what the segments say.  days: Days, or a function of an instant."""
    rows = daybook.sql("SELECT e.occurred_at, e.channel, e.messages, e.parts, e.cost_micros, e.status FROM event e "
                       "JOIN organization o ON o.key = e.org WHERE o.id = ?", org)
    cut = days or Days(daybook, org).at
    assert stored(daybook, "usage_quarter", "quarter", org) == rollup(rows, lambda at: at // QUARTER)
    assert stored(daybook, "usage_day", "day", org) == rollup(rows, cut)
    counted = collections.defaultdict(lambda: [0, 0, 0])
    for campaign_key, number, status, messages, target in daybook.sql(
            "SELECT e.campaign, e.segment, e.status, e.messages, t.status FROM event e JOIN organization o ON o.key = e.org "
            "LEFT JOIN event t ON t.org = e.org AND t.source = e.source AND t.id = e.voids_id "
            "WHERE o.id = ? AND e.segment IS NOT NULL", org):
        c = counted[campaign_key, number]
        if status == "sent":
            c[0] += messages
            c[2] += messages
        elif status == "failed":
            c[1] += 1
            c[2] += 1
        elif status == "adjust":  # a settlement that turned a failed event into a sent one
            c[0] += messages
            c[1] -= messages
        elif target == "failed" and messages == 0:
            c[1] -= 1
        else:
            c[0] += messages
    for campaign_key, number, *counters in daybook.sql(
            "SELECT s.campaign, s.number, s.sent, s.failed, s.spent FROM segment s JOIN organization o ON o.key = s.org "
            "WHERE o.id = ?", org):
        assert counters == counted[campaign_key, number], (campaign_key, number)
    left = collections.Counter()
    for at, channel, parts, sender, contacts, spent, status in daybook.sql(
            "SELECT scheduled_at, channel, parts_per_contact, sender, contacts, spent, status FROM segment s "
            "JOIN organization o ON o.key = s.org WHERE o.id = ?", org):
        if status in ("scheduled", "sending", "paused") and spent < contacts:
            left[at // QUARTER, channel, parts, sender or ""] += contacts - spent
    assert {tuple(row[:-1]): row[-1] for row in daybook.sql(
        "SELECT quarter, channel, parts_per_contact, h.sender, contacts FROM held h JOIN organization o ON o.key = h.org "
        "WHERE o.id = ?", org)} == left


def totals(daybook, org="acme"):
    """(messages, parts, cost) of all days together."""
    return daybook.sql("SELECT coalesce(sum(u.messages), 0), coalesce(sum(u.parts), 0), coalesce(sum(u.cost_micros), 0) "
                       "FROM usage_day u JOIN organization o ON o.key = u.org WHERE o.id = ?", org)[0]


def by_day(daybook, org="acme", channel="SMS"):
    """{date: messages} of the days that count any."""
    return {date(day): messages for (day, c), (messages, _, _) in stored(daybook, "usage_day", "day", org).items()
            if c == channel and messages}


def audit(daybook, action):
    """The details of the audit rows of that action, oldest first."""
    return [json.loads(row[0]) for row in daybook.sql("SELECT detail FROM audit WHERE action = ? ORDER BY key", action)]
