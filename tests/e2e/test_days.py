"""An organization's days: its zone_span rows define them; a new zone applies from the next day on, and to past days only on request."""
import collections
import datetime
import pathlib
import shutil
import struct
import zoneinfo

import pytest

from model import DAY, HOUR, MINUTE, QUARTER, Days, audit, by_day, campaign, check_ledger, date, day_number, instant, iso, \
    now, set_clock, stored, totals

ZONEINFO = pathlib.Path("/usr/share/zoneinfo")
SCOPE = "usage:read usage:write usage:backfill campaigns:write org:admin"
NOON = "2026-05-20T16:00:00Z"  # 12:00 in Toronto
MIDNIGHT = instant("2026-05-21T04:00:00Z")  # the next day start there


def local_date(at, zone):
    whole = datetime.datetime.fromtimestamp(at // 1000, zoneinfo.ZoneInfo(zone))
    return whole.date().isoformat()


class Office:
    """An organization whose programs are run as plain CGI, each by the clock of its start."""

    def __init__(self, daybook, org="acme"):
        self.daybook, self.org, self.posted = daybook, org, []
        self.token = daybook.token(org, scope=SCOPE, ttl="720h")

    def post(self, *instants, **fields):
        events = [{"id": f"e{len(self.posted) + i}", "occurredAt": iso(at), **fields} for i, at in enumerate(instants)]
        self.posted += instants
        for i in range(0, len(events), 10000):
            reply = self.daybook.cgi("events", "POST", "/api/events", body=events[i:i + 10000], token=self.token)
            assert reply.status == 200 and reply.json["accepted"] == len(events[i:i + 10000]), reply

    def put_zone(self, zone, **fields):
        reply = self.daybook.cgi("settings", "PUT", f"/api/organizations/{self.org}/timezone",
                                 body={"timezone": zone, **fields}, token=self.token)
        assert reply.status == 200, reply
        return reply.json["data"]

    def today(self):
        return self.daybook.cgi("settings", "GET", f"/api/organizations/{self.org}", token=self.token).json["data"]["today"]


@pytest.fixture
def office(daybook):
    return Office(daybook)


@pytest.fixture
def zones(daybook):
    """A folder of zone files of the database's own."""
    folder = daybook.folder / "zoneinfo"
    shutil.copytree(ZONEINFO, folder, ignore=shutil.ignore_patterns("posix", "right"))
    daybook.env["TZDIR"] = str(folder)
    return folder


def swap(zones, name, like, version="2099z"):
    """What an update of the package tzdata does: the file of `name` says now what that of `like` says."""
    shutil.copyfile(ZONEINFO / like, zones / "new")
    (zones / "new").rename(zones / name)
    set_version(zones, version)


def set_version(zones, version):
    text = (zones / "tzdata.zi").read_text()
    (zones / "tzdata.zi").write_text(f"# version {version}\n" + text.split("\n", 1)[1])


def odd_zone(zones, name, offset_s, footer):
    """A zone of one offset."""
    block = struct.pack("!5s15x6l", b"TZif2", 0, 0, 0, 0, 1, 4) + struct.pack("!lBB4s", offset_s, 0, 0, b"ODD\0")
    (zones / name).write_bytes(block + block + b"\n" + footer + b"\n")


def spans(daybook, until=None, org="acme"):
    return daybook.sql("SELECT z.from_at, z.utc_offset_s, z.zone, z.tzdata_version FROM zone_span z JOIN organization o "
                       "ON o.key = z.org WHERE o.id = ? AND z.from_at < ? ORDER BY z.from_at", org, until or 2**62)


def check_adjoining(daybook, first, last, org="acme"):
    """Quarter by quarter the day never goes back, and each day with any length starts where the one before it ends."""
    days, quarters = Days(daybook, org), collections.Counter()
    at, before = first, days.at(first)
    while at < last:
        day = days.at(at)
        assert day >= before, iso(at)
        quarters[day] += 1
        at, before = at + QUARTER, day
    whole = sorted(quarters)[1:-1]
    for day in whole:
        assert days.start(day + 1) - days.start(day) == quarters[day] * QUARTER, date(day)
    return quarters


# ---- A zone file that changes under running programs

def test_a_changed_zone_file_changes_nothing_until_the_next_write_and_then_the_days_from_the_next_day_start_on(
        daybook, zones):
    now_at = set_clock(daybook, NOON)
    office = Office(daybook)
    events, settings = daybook.fastcgi("events"), daybook.fastcgi("settings")
    post = lambda id, at: events.ask("POST", "/api/events", body={"id": id, "occurredAt": iso(at)}, token=office.token)
    get = lambda: settings.ask("GET", "/api/organizations/acme", token=office.token)
    night = [now_at - d * DAY - 14 * HOUR for d in range(5)]  # 22:00 in Toronto, the next morning in Tokyo
    for i, at in enumerate(night):
        assert post(f"n{i}", at).status == 200
    campaign(daybook, "c", {"at": MIDNIGHT + 18 * HOUR, "contacts": 5}, {"at": MIDNIGHT - 2 * HOUR, "contacts": 5},
             {"at": MIDNIGHT + 18 * HOUR, "contacts": 5, "status": "cancelled"}, {"at": MIDNIGHT + 2 * HOUR, "contacts": 5})
    get()
    before, counts, etag = spans(daybook), by_day(daybook), get().headers["etag"]  # the maintenance after the first is over
    assert counts == {date(day_number("2026-05-19") - d): 1 for d in range(5)}

    swap(zones, "America/Toronto", "Asia/Tokyo")
    assert get().headers["etag"] == etag and get().json["data"]["today"] == "2026-05-20"
    assert spans(daybook) == before and audit(daybook, "org.tzdata") == []

    assert post("after", now_at).status == 200
    after = spans(daybook)
    assert [s for s in after if s[0] < MIDNIGHT] == [s for s in before if s[0] < MIDNIGHT]
    assert [s for s in after if s[0] >= MIDNIGHT] == [(MIDNIGHT, 9 * 3600, "America/Toronto", "2099z")]
    assert by_day(daybook) == {**counts, "2026-05-20": 1}
    # 22:00Z of the 21st is 18:00 of that day in Toronto, and 07:00 of the 22nd in Tokyo.
    moved = [{"campaignId": "c", "segmentNumber": 1, "from": "2026-05-21", "to": "2026-05-22"}]
    assert [(a["segmentsMoved"], a["timezone"], a["tzdata"]) for a in audit(daybook, "org.tzdata")] == \
        [(moved, "America/Toronto", "2099z")]
    assert daybook.sql("SELECT credential FROM audit WHERE action = 'org.tzdata'") == [("system",)]
    assert [date(r[0]) for r in daybook.sql("SELECT day FROM segment ORDER BY number")] == \
        ["2026-05-22", "2026-05-20", "2026-05-21", "2026-05-21"]

    assert post("once more", now_at).status == 200
    assert spans(daybook) == after and len(audit(daybook, "org.tzdata")) == 1
    assert get().status == 200 and get().json["data"]["timezone"] == "America/Toronto"
    check_ledger(daybook)


@pytest.mark.parametrize("verb", ["a PUT of the plan", "org set", "price set"])
def test_every_kind_of_write_notices_a_changed_zone_file(daybook, zones, verb):
    set_clock(daybook, NOON)
    office = Office(daybook)
    swap(zones, "America/Toronto", "Asia/Tokyo")
    if verb == "org set":
        daybook.cmd("org", "set", "acme", "--plan", "x")
    elif verb == "price set":
        daybook.cmd("price", "set", "SMS", "0.5", "--from", "2026-06-01")
    else:
        assert daybook.cgi("settings", "PUT", "/api/organizations/acme/plan", body={"plan": "x"}, token=office.token).status == 200
    assert spans(daybook)[-1] == (MIDNIGHT, 9 * 3600, "America/Toronto", "2099z")
    assert len(audit(daybook, "org.tzdata")) == 1


def test_a_new_release_with_the_same_offsets_changes_nothing(daybook, zones, office):
    before = spans(daybook)
    swap(zones, "America/Toronto", "America/Toronto", version="2099a")
    office.post(now())
    assert spans(daybook) == before and audit(daybook, "org.tzdata") == []


def test_a_refused_write_leaves_the_days_as_they_are(daybook, zones):
    set_clock(daybook, NOON)
    office = Office(daybook)
    settings, events = daybook.fastcgi("settings"), daybook.fastcgi("events")

    def refuse():
        for body in ({"plan": 5}, {"plan": "x" * 65}):
            assert settings.ask("PUT", "/api/organizations/acme/plan", body=body, token=office.token).status == 400
        assert events.ask("POST", "/api/events", body="[{", token=office.token).status == 400

    refuse()
    refuse()  # the maintenance that follows a program's first request is over
    before = spans(daybook)
    swap(zones, "America/Toronto", "Asia/Tokyo")
    refuse()
    assert spans(daybook) == before
    office.post(instant(NOON))
    assert len(spans(daybook)) != len(before)


@pytest.mark.parametrize("damage", ["missing", "broken", "off the quarter-hour"])
def test_a_zone_file_that_cannot_be_used_stops_no_write_and_changes_no_day(daybook, zones, office, damage):
    before, path = spans(daybook), zones / "America/Toronto"
    path.unlink()
    if damage == "broken":
        path.write_bytes(b"TZif2")
    elif damage == "off the quarter-hour":
        odd_zone(zones, "America/Toronto", -17897, b"ODD4:58:17")
    office.post(now() - HOUR)
    assert daybook.cgi("settings", "PUT", "/api/organizations/acme/plan", body={"plan": "x"}, token=office.token).status == 200
    assert spans(daybook) == before
    shutil.copyfile(ZONEINFO / "America/Toronto", path)
    office.post(now() - HOUR)
    assert spans(daybook) == before and totals(daybook)[0] == 2


def test_two_running_programs_never_disagree_about_a_day(daybook, zones):
    """Both keep the days they read; one of them re-cuts them."""
    set_clock(daybook, MIDNIGHT - 4 * MINUTE)
    office = Office(daybook)
    one, two = daybook.fastcgi("events"), daybook.fastcgi("events")
    post = lambda p, id, at: p.ask("POST", "/api/events", body={"id": id, "occurredAt": iso(at)}, token=office.token)
    early, late = MIDNIGHT - 5 * MINUTE, MIDNIGHT + 30_000
    for number, p in enumerate((one, two)):
        assert post(p, f"before {number}", early).json["accepted"] == 1
    swap(zones, "America/Toronto", "Pacific/Honolulu")
    for number, p in enumerate((one, two, one)):
        assert post(p, f"after {number}", late).json["accepted"] == 1
    assert by_day(daybook) == {"2026-05-20": 5}
    check_ledger(daybook)


@pytest.mark.parametrize("how", ["zone", "zone file"])
def test_an_event_of_the_minutes_to_come_is_counted_anew_where_the_next_day_is_cut_otherwise(daybook, zones, how):
    set_clock(daybook, MIDNIGHT - 3 * MINUTE)
    office = Office(daybook)
    office.post(MIDNIGHT - HOUR, MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + MINUTE)
    assert by_day(daybook) == {"2026-05-20": 2, "2026-05-21": 2}
    if how == "zone":
        office.put_zone("Pacific/Honolulu")
    else:
        swap(zones, "America/Toronto", "Pacific/Honolulu")
        office.post(MIDNIGHT - 2 * HOUR)
    assert by_day(daybook) == {"2026-05-20": 4 if how == "zone" else 5}
    check_ledger(daybook)


# ---- A new zone

def test_toronto_auckland_honolulu_and_across_the_date_line_every_event_counts_on_one_day_for_good(daybook):
    """Three weeks, an event every three hours, eight zones."""
    begin = instant("2026-10-26T00:00:00Z")  # Toronto's clocks go back on the way
    moves = {16: "Pacific/Auckland", 40: "Pacific/Honolulu", 64: "Pacific/Kiritimati", 80: "Etc/GMT+12",
             104: "Pacific/Honolulu", 105: "Asia/Kathmandu", 106: "Pacific/Apia", 140: "America/Toronto"}
    set_clock(daybook, begin)
    office = Office(daybook)
    events, day_then, todays = {}, [], []
    for step in range(168):
        at = begin + step * 3 * HOUR
        set_clock(daybook, at)
        if step in moves:
            past, cut = spans(daybook), Days(daybook).start(Days(daybook).at(at) + 1)
            counted = by_day(daybook)
            office.put_zone(moves[step])
            assert [s for s in spans(daybook) if s[0] < cut] == [s for s in past if s[0] < cut]
            assert by_day(daybook) == counted
            assert Days(daybook).at(at) == todays[-1] or Days(daybook).at(at) == todays[-1] + 1
        office.post(at)
        day_then.append(Days(daybook).at(at))
        todays.append(Days(daybook).at(at))
        if step % 12 == 0 or step in moves:
            assert office.today() == date(todays[-1])
            assert totals(daybook)[0] == step + 1
            check_ledger(daybook)
    assert todays == sorted(todays)
    days = Days(daybook)
    assert [days.at(at) for at in office.posted] == day_then  # past days never moved
    assert by_day(daybook) == {date(d): n for d, n in collections.Counter(day_then).items()}
    assert sum(by_day(daybook).values()) == len(office.posted)
    check_adjoining(daybook, begin - 30 * DAY, begin + 60 * DAY)
    check_ledger(daybook)


def test_a_new_zone_holds_from_the_next_day_start_on(daybook):
    set_clock(daybook, NOON)
    office = Office(daybook)
    office.post(instant(NOON))
    before = spans(daybook)
    assert office.put_zone("Pacific/Auckland")["today"] == "2026-05-20"
    assert spans(daybook, MIDNIGHT) == [s for s in before if s[0] < MIDNIGHT]
    assert [s[2] for s in spans(daybook) if s[0] >= MIDNIGHT][0] == "Pacific/Auckland"
    days = Days(daybook)
    assert date(days.at(MIDNIGHT - 1)) == "2026-05-20" and date(days.at(MIDNIGHT)) == "2026-05-21"
    # It is 16:00 of the 21st in Auckland then, so that day has eight hours.
    assert days.start(day_number("2026-05-22")) - MIDNIGHT == 8 * HOUR
    set_clock(daybook, MIDNIGHT + 9 * HOUR)
    assert office.today() == "2026-05-22"
    assert office.put_zone("Pacific/Honolulu")["today"] == "2026-05-22"
    # From Auckland's midnight, 02:00 of the 22nd in Honolulu, that day goes on to Honolulu's.
    cut = instant("2026-05-22T12:00:00Z")
    days = Days(daybook)
    assert date(days.at(cut)) == "2026-05-22" and days.start(day_number("2026-05-23")) == instant("2026-05-23T10:00:00Z")
    check_adjoining(daybook, MIDNIGHT - 9 * DAY, MIDNIGHT + 9 * DAY)


def test_from_kiritimati_to_the_last_zone_of_the_earth_no_date_comes_back(daybook):
    daybook.cmd("org", "set", "acme", "--timezone", "Pacific/Kiritimati")  # at once: there are no events
    set_clock(daybook, "2026-05-20T00:00:00Z")  # 14:00 of the 20th there
    office = Office(daybook)
    assert office.today() == "2026-05-20"
    office.post(instant("2026-05-20T00:00:00Z"))
    office.put_zone("Etc/GMT+12")
    days = Days(daybook)
    assert days.start(day_number("2026-05-20")) == instant("2026-05-19T10:00:00Z")
    assert days.start(day_number("2026-05-21")) == instant("2026-05-21T12:00:00Z")
    quarters = check_adjoining(daybook, instant("2026-05-10T00:00:00Z"), instant("2026-06-01T00:00:00Z"))
    assert quarters[day_number("2026-05-20")] == 50 * 4 and quarters[day_number("2026-05-21")] == 24 * 4
    for hours in (11, 20, 35, 36, 60):
        at = set_clock(daybook, instant("2026-05-20T00:00:00Z") + hours * HOUR)
        office.post(at)
        assert office.today() == ("2026-05-20" if hours < 36 else "2026-05-21" if hours < 60 else "2026-05-22")
    assert by_day(daybook) == {"2026-05-20": 4, "2026-05-21": 1, "2026-05-22": 1}
    check_ledger(daybook)


def test_a_new_zone_holds_at_once_where_there_are_no_events_yet(daybook, office):
    campaign(daybook, "c", {"at": instant("2024-05-20T02:00:00Z"), "contacts": 5, "status": "sent"})
    daybook.cmd("org", "add", "other", "--timezone", "Asia/Tokyo")
    data = office.put_zone("Asia/Tokyo")
    assert [s[:3] for s in spans(daybook)] == [s[:3] for s in spans(daybook, org="other")]
    assert data["segmentsMoved"] == [{"campaignId": "c", "segmentNumber": 1, "from": "2024-05-19", "to": "2024-05-20"}]
    assert data["today"] == local_date(now(), "Asia/Tokyo")
    office.post(instant("2020-01-01T20:00:00Z"))
    assert by_day(daybook) == {"2020-01-02": 1}
    office.put_zone("America/Toronto")
    assert by_day(daybook) == {"2020-01-02": 1}, "with an event there, past days stay"


# ---- Re-cutting all

@pytest.mark.parametrize("how", ["the API", "the command", "rebuild --days"])
def test_a_zone_that_was_wrong_from_the_start_is_mended(daybook, office, how):
    daybook.cmd("org", "set", "acme", "--timezone", "UTC")
    daybook.cmd("org", "add", "right", "--timezone", "Asia/Kolkata")
    first = instant("2024-02-26T00:00:00Z")
    instants = [first + i * 97 * MINUTE for i in range(300)]
    office.post(*instants[:200])
    office.post(*instants[200:], channel="CALL", messages=2)
    campaign(daybook, "old", {"at": instants[13], "contacts": 5, "status": "sent"}, {"at": first + 20 * HOUR, "contacts": 5})
    campaign(daybook, "new", {"at": now() // DAY * DAY + 10 * DAY + 20 * HOUR, "contacts": 5})
    assert by_day(daybook) == collections.Counter(date(at // DAY) for at in instants[:200])
    if how == "the API":
        data = office.put_zone("Asia/Kolkata", recutHistory=True)
        assert {(m["campaignId"], m["segmentNumber"]) for m in data["segmentsMoved"]} == {("old", 1), ("old", 2), ("new", 1)}
        assert len(audit(daybook, "org.recut")) == 1
    elif how == "the command":
        done = daybook.cmd("org", "set", "acme", "--timezone", "Asia/Kolkata", "--recut-history")
        assert "moved: campaign old, segment 2: from 2024-02-26 to 2024-02-27" in done.stdout
    else:
        office.put_zone("Asia/Kolkata")
        assert by_day(daybook) == collections.Counter(date(at // DAY) for at in instants[:200])
        daybook.cmd("rebuild", "--days")
    assert by_day(daybook) == collections.Counter(local_date(at, "Asia/Kolkata") for at in instants[:200])
    calls = collections.Counter(local_date(at, "Asia/Kolkata") for at in instants[200:])
    assert by_day(daybook, channel="CALL") == {day: 2 * n for day, n in calls.items()}
    assert [s[:3] for s in spans(daybook)] == [s[:3] for s in spans(daybook, org="right")]
    assert all(date(day) == local_date(at, "Asia/Kolkata") for day, at in daybook.sql("SELECT day, scheduled_at FROM segment"))
    assert office.today() == local_date(now(), "Asia/Kolkata")
    check_ledger(daybook)


def test_recutting_the_same_zone_undoes_earlier_moves(daybook):
    set_clock(daybook, NOON)
    office = Office(daybook)
    office.post(instant(NOON))
    whole = spans(daybook)
    office.put_zone("Asia/Tokyo")
    set_clock(daybook, MIDNIGHT + 20 * HOUR)
    office.post(MIDNIGHT + 20 * HOUR)
    assert by_day(daybook) == {"2026-05-20": 1, "2026-05-22": 1}
    office.put_zone("America/Toronto", recutHistory=True)
    assert spans(daybook) == whole
    assert by_day(daybook) == {"2026-05-20": 1, "2026-05-21": 1}
    check_ledger(daybook)


def test_recut_history_false_cuts_nothing_that_is_past(daybook, office):
    office.post(instant("2024-02-26T02:00:00Z"))
    office.put_zone("UTC", recutHistory=False)
    assert by_day(daybook) == {"2024-02-25": 1}
    office.put_zone("UTC", recutHistory=True)
    assert by_day(daybook) == {"2024-02-26": 1}


# ---- Days that are not 24 hours long

@pytest.mark.parametrize("zone, day, hours", [
    ("America/Toronto", "2025-03-09", 23), ("America/Toronto", "2025-11-02", 25), ("America/Toronto", "2025-06-01", 24),
    ("Australia/Lord_Howe", "2025-04-06", 24.5), ("Australia/Lord_Howe", "2025-10-05", 23.5),
    ("Africa/Cairo", "2025-04-25", 23), ("Africa/Cairo", "2025-10-30", 25), ("Asia/Beirut", "2025-03-30", 23),
    ("Africa/Casablanca", "2025-02-23", 25), ("Pacific/Chatham", "2025-04-06", 25), ("Asia/Kathmandu", "2025-01-01", 24)])
def test_a_day_is_as_long_as_its_zone_makes_it_and_each_event_lies_on_its_own(daybook, zone, day, hours):
    daybook.cmd("org", "set", "acme", "--timezone", zone)
    office = Office(daybook)
    noon = day_number(day) * DAY + 12 * HOUR
    first = (noon - 40 * HOUR) // QUARTER * QUARTER
    quarters = [first + i * QUARTER for i in range(320)]
    office.post(*quarters)
    office.post(*(q + QUARTER - 1 for q in quarters))
    expected = collections.Counter(local_date(q, zone) for q in quarters)
    assert by_day(daybook) == {d: 2 * n for d, n in expected.items()}
    assert by_day(daybook)[day] == 2 * 4 * hours
    days = Days(daybook)
    assert days.start(day_number(day) + 1) - days.start(day_number(day)) == hours * HOUR
    check_ledger(daybook)


def test_an_offset_off_the_quarter_hour_is_refused_and_one_on_it_is_not(daybook, zones, office):
    odd_zone(zones, "Africa/Monrovia", -2670, b"ODD0:44:30")
    before = spans(daybook)
    done = daybook.cmd("org", "add", "odd", "--timezone", "Africa/Monrovia", check=False)
    assert done.returncode == 1 and "quarter-hour" in done.stderr and len(done.stderr.splitlines()) == 1
    done = daybook.cmd("org", "set", "acme", "--timezone", "Africa/Monrovia", check=False)
    assert done.returncode == 1 and "quarter-hour" in done.stderr
    for options in ({}, {"recutHistory": True}):
        reply = daybook.cgi("settings", "PUT", "/api/organizations/acme/timezone",
                            body={"timezone": "Africa/Monrovia", **options}, token=office.token)
        assert reply.status == 400 and reply.json["error"].startswith("timezone:") and "quarter" in reply.json["error"]
    office.post(now())
    assert daybook.cgi("settings", "PUT", "/api/organizations/acme/timezone", body={"timezone": "Africa/Monrovia"},
                       token=office.token).status == 400
    assert spans(daybook) == before and daybook.sql("SELECT id, timezone FROM organization") == [("acme", "America/Toronto")]
    odd_zone(zones, "Africa/Monrovia", -2700, b"ODD0:45")
    office.put_zone("Africa/Monrovia", recutHistory=True)
    assert [s[1] for s in spans(daybook)] == [-2700]
