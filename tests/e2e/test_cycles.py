"""Billing cycles: past ones by GET /organization/usage?cycle=, and a cycle day that changes from a date on."""
import calendar
import datetime
import random

import pytest

from api import Api, at
from support import check_error, day_start, event, iso, post

PATH, LIMITS, ZONE = "/organization/usage", "/api/organizations/acme/limits", "America/Toronto"


@pytest.fixture
def api(daybook):
    return Api(daybook)


def usage(api, cycle=None, path=PATH):
    reply = api.ask("organization-usage", "GET", path, {"cycle": cycle} if cycle else None)
    assert reply.status == 200, reply
    return reply.json


def bounds(body):
    return body["billingCycleStart"], body["billingCycleEnd"]


def days(start, until):
    """The instants at which two local dates begin."""
    return iso(day_start(ZONE, start)), iso(day_start(ZONE, until))


def put(api, status=200, path=LIMITS, **body):
    reply = api.ask("settings", "PUT", path, body=body)
    assert reply.status == status, reply
    return reply.json["data"] if status == 200 else reply


def settings(api):
    return api.ask("settings", "GET", "/api/organizations/acme").json["data"]


def refused(api, *words, **body):
    """A PUT that is a 400 and changes nothing."""
    before = api.daybook.sql("SELECT revision FROM organization"), settings(api)
    check_error(put(api, 400, **body), 400, "tether", *words)
    assert (api.daybook.sql("SELECT revision FROM organization"), settings(api)) == before


# ---- The figures of another cycle

def test_a_cycle_is_asked_for_by_a_word_or_by_a_date_in_it(api):
    post(api.daybook, event("2026-05-01T03:59:59.999Z", channel="EMAIL", messages=2), event("2026-05-01T04:00:00Z", channel="EMAIL", messages=3),
         event("2026-04-01T04:00:00Z", messages=5, parts=7), event("2026-04-01T03:59:59Z", messages=11))
    present, april, march = usage(api), usage(api, "previous"), usage(api, "2026-03-31")
    assert bounds(present) == days("2026-05-01", "2026-06-01") and present["messageUsage"] == 3
    assert bounds(april) == days("2026-04-01", "2026-05-01")
    assert (april["messageUsage"], april["channelUsages"]["SMS"], april["costSms"]) == (2, 5, 0.0553)
    assert bounds(march) == days("2026-03-01", "2026-04-01") and march["channelUsages"]["SMS"] == 11
    for date, same in (("2026-04-01", april), ("2026-04-30", april), ("2026-05-01", present), ("2026-05-31", present)):
        assert usage(api, date) == same and usage(api, date, "/account" + PATH) == same
    assert usage(api, "2012-01-01")["messageUsage"] == usage(api, "1970-01-01")["messageUsage"] == 0


@pytest.mark.parametrize("cycle", ["next", "PREVIOUS", "2026-5-1", "2026-02-30", "2026-05", "2026-05-20T00:00:00Z", "0", "x" * 300, "2026-06-01", "9999-12-31"])
def test_what_is_no_cycle_that_has_begun_is_a_400_that_names_it(api, cycle):
    reply = api.ask("organization-usage", "GET", PATH, {"cycle": cycle})
    check_error(reply, 400, "pingram", "cycle:")


def test_an_empty_or_repeated_cycle_is_refused(api):
    for query in ("cycle=", "cycle=previous&cycle=previous"):
        check_error(api.daybook.cgi("organization-usage", "GET", PATH, query, token=api.token), 400, "pingram", "cycle:")


def test_a_cached_reply_is_of_its_own_cycle_and_follows_the_clock(api):
    post(api.daybook, event("2026-05-20T15:00:00Z", channel="EMAIL"))
    seen = []
    for clock in ("2026-06-01T03:59:59Z", "2026-06-01T04:00:00Z"):
        api.clock(clock)
        seen.append((usage(api, "previous")["messageUsage"], usage(api)["messageUsage"], usage(api, "previous")["messageUsage"]))
    assert seen == [(0, 1, 0), (1, 0, 1)]
    tag = api.ask("organization-usage", "GET", PATH, {"cycle": "previous"}).headers["etag"]
    assert api.ask("organization-usage", "GET", PATH, {"cycle": "previous"}, headers={"If-None-Match": tag}).status == 304
    assert api.ask("organization-usage", "GET", PATH, headers={"If-None-Match": tag}).status == 200


def test_the_command_prints_a_cycle(api):
    post(api.daybook, event("2026-04-30T15:00:00Z", messages=4))
    lines = api.daybook.cmd("usage", "--cycle", "previous").stdout.splitlines()
    assert [line[:10] for line in lines if line.startswith("2026-")][::29] == ["2026-04-01", "2026-04-30"]
    assert lines[-1] == "cost 0.0316 USD: SMS 0.0316"
    assert "--cycle: must be previous, or a date" in api.daybook.cmd("usage", "--cycle", "last", check=False).stderr
    assert "--cycle: 2026-06-01 is in a cycle that has not begun" in api.daybook.cmd("usage", "--cycle", "2026-06-01", check=False).stderr
    done = api.daybook.cmd("usage", "--cycle", "previous", "--month", "2026-04", check=False)
    assert done.returncode == 2 and "--cycle: is a range by itself" in done.stderr


# ---- A cycle day that changes

def test_the_running_cycle_ends_where_a_change_begins_and_a_short_one_follows(api):
    data = put(api, cycleDay=15, cycleDayFrom="2026-05-25")
    assert (data["cycleDay"], data["cycleDayChanges"]) == (1, [{"from": "2026-05-25", "cycleDay": 15}])
    assert bounds(usage(api)) == days("2026-05-01", "2026-05-25")
    assert api.ask("account", "GET", "/account/organization").json["anniversaryDate"] == days("2026-05-25", "2026-05-25")[0]
    post(api.daybook, event("2026-05-20T15:00:00Z", channel="EMAIL"))
    api.clock("2026-05-25T04:00:00Z")
    body = usage(api)
    assert bounds(body) == days("2026-05-25", "2026-06-15") and body["messageUsage"] == 0
    assert usage(api, "previous")["messageUsage"] == 1 and "cycleDayChanges" not in settings(api) and settings(api)["cycleDay"] == 15
    api.clock("2026-06-15T04:00:00Z")
    assert bounds(usage(api)) == days("2026-06-15", "2026-07-15") and bounds(usage(api, "previous")) == days("2026-05-25", "2026-06-15")
    assert bounds(usage(api, "2026-05-24")) == days("2026-05-01", "2026-05-25") and bounds(usage(api, "2026-04-30")) == days("2026-04-01", "2026-05-01")


def starts(first, changes, from_, to):
    """The first days of all cycles, by the definition: each change begins one, and so does the cycle day that is in force."""
    found, day = [], from_
    while day <= to:
        in_force = ([first] + [n for since, n in sorted(changes) if since <= day])[-1]
        if any(since == day for since, _ in changes) or day.day == min(in_force, calendar.monthrange(day.year, day.month)[1]):
            found.append(day)
        day += datetime.timedelta(1)
    return found


def test_no_day_is_lost_or_counted_twice_over_random_changes(api):
    draw, today, first = random.Random(14), datetime.date(2026, 5, 20), 31
    api.daybook.cmd("org", "set", "acme", "--cycle-day", str(first))
    begin = datetime.date(2026, 3, 1)
    post(api.daybook, *(event(iso(day_start(ZONE, begin + datetime.timedelta(i)) + 3600000), channel="EMAIL") for i in range(80)))
    changes, last = {}, first
    for offset in sorted(draw.sample(range(0, 120), 6)):
        last = draw.choice([n for n in range(1, 32) if n != last])
        changes[today + datetime.timedelta(offset)] = last
    order = list(changes.items())
    draw.shuffle(order)
    for since, n in order:
        put(api, cycleDay=n, cycleDayFrom=since.isoformat())
    assert [(c["from"], c["cycleDay"]) for c in settings(api).get("cycleDayChanges", [])] == [
        (since.isoformat(), n) for since, n in sorted(changes.items()) if since > today]
    assert "0 differences" in api.daybook.cmd("verify").stdout
    end = datetime.date(2026, 11, 30)
    expected = starts(first, list(changes.items()), datetime.date(2026, 1, 1), end + datetime.timedelta(62))
    api.clock("2026-11-30T16:00:00Z")
    api.token = api.daybook.token("acme", "usage:read org:admin usage:write")
    total, day = 0, begin
    while day <= end:
        body = usage(api, day.isoformat())
        start, until = max(s for s in expected if s <= day), min(s for s in expected if s > day)
        assert bounds(body) == days(start, until), day
        if day == start or day == begin:
            total += body["messageUsage"]
        day += datetime.timedelta(1)
    assert total == 80  # each event is in one cycle


def test_without_a_date_it_changes_at_once_and_for_all_time(api):
    put(api, cycleDay=15, cycleDayFrom="2026-05-25")
    put(api, cycleDay=20, cycleDayFrom="2026-07-01")
    data = put(api, cycleDay=10)
    assert data["cycleDay"] == 10 and "cycleDayChanges" not in data
    assert bounds(usage(api)) == days("2026-05-10", "2026-06-10") and bounds(usage(api, "2026-03-01")) == days("2026-02-10", "2026-03-10")
    assert api.daybook.sql("SELECT count(*) FROM cycle_change") == [(0,)]


def test_the_present_cycle_day_sent_back_changes_nothing(api):
    """A form that sends all that it has read must not give up what is to come."""
    put(api, cycleDay=15, cycleDayFrom="2026-05-25")
    data = put(api, cycleDay=1, smsCap=7)
    assert data["cycleDayChanges"] == [{"from": "2026-05-25", "cycleDay": 15}] and data["smsCap"] == 7
    # The command means what it says.
    api.daybook.cmd("org", "set", "acme", "--cycle-day", "1")
    assert "cycleDayChanges" not in settings(api)


def test_a_coming_change_can_be_moved_replaced_and_taken_back(api):
    put(api, cycleDay=15, cycleDayFrom="2026-05-25")
    put(api, cycleDay=16, cycleDayFrom="2026-05-25")
    put(api, cycleDay=20, cycleDayFrom="2026-08-01")
    assert settings(api)["cycleDayChanges"] == [{"from": "2026-05-25", "cycleDay": 16}, {"from": "2026-08-01", "cycleDay": 20}]
    assert put(api, cycleDay=1, cycleDayFrom="2026-05-25")["cycleDayChanges"] == [{"from": "2026-08-01", "cycleDay": 20}]
    assert bounds(usage(api)) == days("2026-05-01", "2026-06-01")


def test_a_change_may_begin_today(api):
    assert put(api, cycleDay=31, cycleDayFrom="2026-05-20")["cycleDay"] == 31
    assert bounds(usage(api)) == days("2026-05-20", "2026-05-31") and bounds(usage(api, "previous")) == days("2026-05-01", "2026-05-20")


@pytest.mark.parametrize("body, word", [
    ({"cycleDay": 15, "cycleDayFrom": "2026-05-19"}, "cycleDayFrom: 2026-05-19 is past"), ({"cycleDay": 15, "cycleDayFrom": "2100-01-01"}, "cycleDayFrom:"),
    ({"cycleDay": 15, "cycleDayFrom": "2026-06-31"}, "cycleDayFrom:"), ({"cycleDay": 15, "cycleDayFrom": "tomorrow"}, "cycleDayFrom:"),
    ({"cycleDay": 15, "cycleDayFrom": ""}, "cycleDayFrom:"), ({"cycleDay": 15, "cycleDayFrom": 20260601}, "cycleDayFrom:"),
    ({"cycleDayFrom": "2026-06-01"}, "cycleDayFrom:"), ({"cycleDay": 0, "cycleDayFrom": "2026-06-01"}, "cycleDay:"),
    ({"cycleDay": None, "cycleDayFrom": "2026-06-01"}, "cycleDayFrom:"), ({"cycleDay": 32, "cycleDayFrom": "2026-06-01"}, "cycleDay:")])
def test_a_bad_change_is_a_400_that_names_the_field_and_changes_nothing(api, body, word):
    refused(api, word, **body)


def test_changes_have_a_limit(api):
    for i in range(60):
        put(api, cycleDay=2 + i % 2, cycleDayFrom=(datetime.date(2026, 6, 1) + datetime.timedelta(i)).isoformat())
    refused(api, "cycleDayFrom:", cycleDay=30, cycleDayFrom="2027-01-01")
    put(api, cycleDay=30, cycleDayFrom="2026-07-30")	# in the place of the last
    assert len(settings(api)["cycleDayChanges"]) == 60


def test_a_preview_writes_nothing(api):
    data = put(api, cycleDay=15, cycleDayFrom="2026-05-25", preview=True)
    assert data["cycleDayChanges"] == [{"from": "2026-05-25", "cycleDay": 15}] and "cycleDayChanges" not in settings(api)


def test_a_cap_is_of_the_cycles_as_they_will_be(api):
    put(api, smsCap=100)
    put(api, cycleDay=15, cycleDayFrom="2026-05-25")
    api.create("before", 100, at("2026-05-24"))
    reply = api.post({"id": "x", "name": "x", "contactCount": 1, "scheduledISO": at("2026-05-23")})
    assert reply.status == 402 and "2026-05-01 to 2026-05-24" in reply.json["error"], reply
    api.create("short", 100, at("2026-05-25"))
    reply = api.post({"id": "x", "name": "x", "contactCount": 1, "scheduledISO": at("2026-06-14")})
    assert reply.status == 402 and "2026-05-25 to 2026-06-14" in reply.json["error"], reply
    api.create("after", 100, at("2026-06-15"))


def test_the_command_sets_a_change_and_shows_it(api):
    cmd = api.daybook.cmd
    cmd("org", "set", "acme", "--cycle-day", "15", "--from", "2026-05-25")
    assert "cycle day      1; 15 from 2026-05-25\n" in cmd("org", "show", "acme").stdout
    audit = api.ask("audit", "GET", "/api/organizations/acme/audit").json["data"]["entries"][0]
    assert audit["detail"]["changed"] == {"cycleDayChanges": {"from": "", "to": "15 from 2026-05-25"}}, audit
    for options, word in ((("--cycle-day", "15", "--from", "2026-05-19"), "--from: 2026-05-19 is past"),
                          (("--from", "2026-06-01"), "--from is only for --cycle-day"), (("--cycle-day", "3", "--from", "x"), "--from:")):
        done = cmd("org", "set", "acme", *options, check=False)
        assert done.returncode != 0 and word in done.stderr, done
    done = cmd("org", "add", "b", "--timezone", "UTC", "--cycle-day", "3", "--from", "2026-06-01", check=False)
    assert done.returncode == 2 and "--from is only for org set" in done.stderr
    assert "cycle day      1; 15 from 2026-05-25\n" in cmd("org", "show", "acme").stdout
