#!/usr/bin/python3
"""
oracle.py [DUMP] -- every zone of the installed tz database, as our library reads it and as
Python's zoneinfo does: each day start from 1970-01-01 to 2100-01-01, and the offsets around
each change.  One case per zone; exit 1 on a difference.

DUMP is the program made of tests/zone/dump.c, whose head says what it prints.  Both read the
folder $TZDIR, else /usr/share/zoneinfo.
"""
import multiprocessing
import os
import subprocess
import sys
import zoneinfo
from datetime import datetime, timedelta
from itertools import compress
from operator import ne

FOLDER = os.environ.get("TZDIR") or "/usr/share/zoneinfo"
DUMP = "build/tests/zone/dump"
SHOWN = 5  # differing lines of a zone

EPOCH = datetime(1970, 1, 1)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
MS = timedelta(milliseconds=1)
DAY_MS = DAY // MS
QUARTER_MS = 15 * 60 * 1000

LAST_DAY = (datetime(2100, 1, 1) - EPOCH).days
INSTANT_MIN = (datetime(2012, 1, 1) - EPOCH) // MS
INSTANT_MAX = (datetime(2100, 1, 1) - EPOCH) // MS

# Wall clock times at which each zone's offset is asked for: changes are looked for where two
# neighbours differ.
STEPS_A_DAY = 8
MARGIN_DAYS = 2
WALLS = [
    EPOCH + n * DAY / STEPS_A_DAY
    for n in range(-MARGIN_DAYS * STEPS_A_DAY, (LAST_DAY + MARGIN_DAYS) * STEPS_A_DAY + 1)
]
REACH = 24 * HOUR  # a wall clock is nearer to UTC than this


def names():
    """The zones and links of the database, as its own source lists them."""
    with open(os.path.join(FOLDER, "tzdata.zi"), encoding="utf-8") as f:
        words = [line.split() for line in f if line[0] in "ZL"]
    return [w[1] if w[0] == "Z" else w[2] for w in words]


def file_bytes(name):
    """Those of a zone's file; None where the library should refuse the name."""
    if name == "Factory":  # the database's word for "not set up"
        return None
    try:
        with open(os.path.join(FOLDER, name), "rb") as f:
            return f.read()
    except FileNotFoundError:  # some systems have the old links in a package of their own
        return None


def offset(zone, utc):
    """The offset at an instant: a naive datetime of UTC."""
    return zone.fromutc(utc.replace(tzinfo=zone)).replace(tzinfo=None) - utc


def bisect(zone, low, high):
    """The first second after low at which the offset is no longer low's; at high it is another."""
    before = offset(zone, low)
    while high - low > SECOND:
        middle = low + (high - low) // (2 * SECOND) * SECOND
        if offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def changes(zone, walls):
    """All instants at which the offset changes.  walls: the offsets at WALLS."""
    found = []
    done = EPOCH - 10 * DAY  # searched until there
    for n in compress(range(1, len(walls)), map(ne, walls[1:], walls)):
        low = max(done, WALLS[n - 1] - REACH)
        end = WALLS[n] + REACH
        while low < end:
            high = low + HOUR
            if offset(zone, high) != offset(zone, low):
                found.append(bisect(zone, low, high))
            low = high
        done = low
    return found


def runs(zone, found):
    """Day starts as [day, start in ms, count]: each of a run is a day after the one before."""
    result = []
    day = 0  # the next one to start
    ends = [(utc - EPOCH) // MS for utc in found] + [None]
    start = None
    for end in ends:
        utc = EPOCH - 10 * DAY if start is None else EPOCH + start * MS
        offset_ms = offset(zone, utc) // MS
        while day <= LAST_DAY:
            at = day * DAY_MS - offset_ms
            if end is not None and at >= end:
                break
            if start is not None:
                at = max(at, start)  # the zone skips its midnight
            if result and at == result[-1][1] + result[-1][2] * DAY_MS:
                result[-1][2] += 1
            else:
                result.append([day, at, 1])
            day += 1
        start = end
    return result


def check(zone, walls, found):
    """The runs held against zoneinfo day by day, so that this program is no mere second opinion on itself."""
    for day, at, count in found:
        for n in range(count):
            i = (day + n + MARGIN_DAYS) * STEPS_A_DAY
            start = EPOCH + (at + n * DAY_MS) * MS
            if walls[i - 1] == walls[i] == walls[i + 1]:
                good = WALLS[i] - walls[i] == start
            else:
                midnight = EPOCH + (day + n) * DAY
                good = start + offset(zone, start) >= midnight > start - MS + offset(zone, start - MS)
            if not good:
                raise AssertionError(f"{zone.key}: day {day + n} at {start}")


def seconds(zone, utc):
    return offset(zone, utc) // SECOND


def expected(name):
    """What DUMP should print of a zone."""
    if file_bytes(name) is None:
        return ["fail"]
    with open(os.path.join(FOLDER, name), "rb") as f:
        zone = zoneinfo.ZoneInfo.from_file(f, key=name)
    walls = list(map(zone.utcoffset, WALLS))
    found = changes(zone, walls)
    days = runs(zone, found)
    check(zone, walls, days)
    lines = ["days %d %d %d" % tuple(run) for run in days]
    first = seconds(zone, datetime(2012, 1, 1))
    spans = 1
    is_on_quarter = first % 900 == 0
    for utc in found:
        at = (utc - EPOCH) // MS
        if 0 <= at < INSTANT_MAX:
            around = [seconds(zone, utc + n * MS) for n in (-2000, -1, 0, 1, 2000)]
            lines.append(" ".join(map(str, ["step", at] + around)))
        if INSTANT_MIN < at < INSTANT_MAX:
            spans += 1
            # A change may be off the quarter-hour where it leaves the date alone.
            dates = [(utc + n * MS + timedelta(seconds=seconds(zone, utc + n * MS))).date() for n in (-1, 0)]
            is_on_quarter &= seconds(zone, utc) % 900 == 0 and (at % QUARTER_MS == 0 or dates[0] == dates[1])
    return lines + ["join %d" % (spans if is_on_quarter else 0)]


def expected_or_error(group):
    """For names whose files have the same bytes; one is computed."""
    try:
        return group, expected(group[0])
    except Exception as e:  # told as this zone's failure
        return group, ["oracle: " + repr(e)]


def groups(all_names):
    """Names with the same bytes in their files, together."""
    by_bytes = {}
    for name in all_names:
        by_bytes.setdefault(file_bytes(name), []).append(name)
    return list(by_bytes.values())


def dumped(program, all_names):
    """What DUMP prints of each zone."""
    done = subprocess.run(
        [program], input="\n".join(all_names) + "\n", stdout=subprocess.PIPE, text=True, check=True,
        env={**os.environ, "TZDIR": FOLDER})
    result, lines = {}, []
    for line in done.stdout.splitlines():
        if line.startswith("zone "):
            lines = result.setdefault(line[len("zone "):], [])
        else:
            lines.append(line)
    return result


def same(ours, theirs):
    if theirs == ["fail"]:  # in whatever words
        return len(ours) == 1 and ours[0].startswith("fail ")
    return ours == theirs


def report(name, ours, theirs):
    print(f"FAILED {name}")
    only_ours = [line for line in ours if line not in set(theirs)]
    only_theirs = [line for line in theirs if line not in set(ours)]
    for what, lines in (("library", only_ours), ("zoneinfo", only_theirs)):
        for line in lines[:SHOWN]:
            print(f"    {what}: {line}")
        if len(lines) > SHOWN:
            print(f"    {what}: and {len(lines) - SHOWN} more")


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else DUMP
    all_names = names()
    passed = failed = 0
    ours = dumped(os.path.abspath(program), all_names)
    with multiprocessing.Pool() as pool:
        for group, theirs in pool.imap_unordered(expected_or_error, groups(all_names), chunksize=4):
            for name in group:
                if same(ours.get(name, []), theirs):
                    passed += 1
                else:
                    failed += 1
                    report(name, ours.get(name, []), theirs)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed > 0 or passed == 0 else 0)


if __name__ == "__main__":
    main()
