"""What a process keeps of limits is what is on the disk: a write that is undone leaves nothing in it, whoever writes next."""
import pytest

from support import event
from test_limits_change import DAY, LIMITS, Limits

LA, TOKYO = "America/Los_Angeles", "Asia/Tokyo"
ZONE = ("--channels", "SMS", "--window", "day", "--zone")


@pytest.fixture
def api(daybook):
    api = Limits(daybook)
    api.set("a", **DAY, zone=LA, amount=100)
    api.set("year", channels=["SMS"], window="year", amount=1000)
    api.set("sender", channels=["SMS"], window="day", **{"from": "+1"}, zone=LA, amount=10)
    return api


def fresh(api, path):
    return api.daybook.cgi("settings", "GET", path, token=api.token)


# Writes that have touched days of limits when they are undone.
UNDONE = {
    "a preview of a limit": lambda api: api.put("b", **DAY, zone=TOKYO, amount=100, preview=True).status == 200,
    "a preview of another zone": lambda api: api.put("a", **DAY, zone=TOKYO, amount=100, preview=True).status == 200,
    "a preview without a zone": lambda api: api.put("a", **DAY, amount=100, preview=True).status == 200,
    "a refusal": lambda api: api.put("b", **DAY, zone=TOKYO, amounts=[{"validFrom": "1999-01-01", "amount": 1}]).status == 400,
}


def limit(api, verb, name, *args):
    api.daybook.cmd("limit", verb, "acme", name, *args)


def old_event(api, id="old"):
    body = event("2026-02-01T12:00:00.000Z", id=id, messages=7)
    token = api.daybook.token("acme", "usage:write usage:backfill")
    reply = api.daybook.cgi("events", "POST", "/api/events", body=body, token=token)
    assert reply.status == 200 and reply.json["accepted"] == 1, reply


CHANGES = {
    "another zone for the same name": lambda api: limit(api, "add", "b", *ZONE, LA, "--amount", "100"),
    "a limit of another name": lambda api: limit(api, "add", "c", *ZONE, TOKYO, "--amount", "100"),
    "a zone that changes": lambda api: limit(api, "set", "a", "--zone", "Europe/Paris"),
    "a limit that goes": lambda api: limit(api, "remove", "a"),
    "an event of an old day": old_event,
    "the days of the organization": lambda api: api.daybook.cmd("org", "set", "acme", "--timezone", "Europe/Paris", "--recut-history"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("undone", UNDONE.values(), ids=UNDONE)
def test_a_process_keeps_nothing_of_a_write_that_was_undone(api, undone, change):
    old_event(api, "before")
    assert undone(api)
    change(api)
    seen = api.ask("settings", "GET", LIMITS)
    assert seen.status == 200 and seen.json == fresh(api, LIMITS).json
    for name in api.listed():
        assert api.read(name).json == fresh(api, f"{LIMITS}/{name}").json, name
    api.verify()


def test_what_was_previewed_is_not_what_is_set_next(daybook):
    api = Limits(daybook)	# without a limit with a zone before
    for zone in (TOKYO, "Asia/Kolkata", "Pacific/Kiritimati"):
        assert api.put("b", **DAY, zone=zone, amount=100, preview=True).status == 200
    set_now = api.set("b", **DAY, zone=LA, amount=100)
    assert set_now["resetsAt"] == api.read("b").json["data"]["resetsAt"] == fresh(api, f"{LIMITS}/b").json["data"]["resetsAt"] == (
        "2026-05-21T07:00:00.000Z")
    assert api.ask("settings", "PUT", LIMITS, body={"dailyLimit": 7}).status == 200
    assert api.daybook.sql("SELECT count(*) FROM audit WHERE action = 'limit.tzdata'") == [(0,)]
    api.verify()


# What a process keeps until zone_revision goes up.
KEPT = ["SELECT * FROM limit_rule ORDER BY key", "SELECT * FROM limit_amount ORDER BY 1, 2", "SELECT * FROM limit_span ORDER BY 1, 2",
        "SELECT * FROM zone_span ORDER BY 1, 2"]


def test_every_write_of_limits_counts_the_revision_up_by_which_they_are_kept(api):
    daybook, moved = api.daybook, set()
    command = lambda *arguments: lambda: daybook.cmd(*arguments)  # noqa: E731
    settings = lambda **body: lambda: api.ask("settings", "PUT", LIMITS, body=body)  # noqa: E731
    old_event(api)
    for step in [
        lambda: api.set("year", channels=["SMS"], window="year", amount=2000),
        lambda: api.set("year", amounts=[{"validFrom": "2026-07-01", "amount": 5}]),
        lambda: api.set("week", channels=["SMS"], window="rolling", hours=168, amount=70),
        lambda: api.set("a", **DAY, amount=100), lambda: api.put("year", preview=True, amount=3),
        settings(dailyLimit=7), settings(smsCap=9, allowOverage=True), settings(dailyLimit=None),
        command("limit", "set", "acme", "year", "--amount", "11"), command("limit", "remove", "acme", "week"),
        command("limit", "remove", "acme", "daily"), command("limit", "set", "acme", "cycle-cost", "--action", "refuse"),
        command("limit", "add", "acme", "filled", "--channels", "SMS", "--from", "x", "--window", "day", "--amount", "9"),
        command("maintenance"), command("rebuild"),
        command("org", "set", "acme", "--daily-limit", "4"), command("org", "set", "acme", "--timezone", "Pacific/Honolulu"),
        command("org", "set", "acme", "--timezone", "Europe/Paris", "--recut-history"),
    ]:
        before, revision = [daybook.sql(q) for q in KEPT], daybook.sql("SELECT zone_revision FROM organization")
        outcome = step()
        changed = {q for q, rows in zip(KEPT, before) if daybook.sql(q) != rows}
        assert not changed or daybook.sql("SELECT zone_revision FROM organization") > revision, (outcome, changed)
        moved |= changed
        assert api.ask("settings", "GET", LIMITS).json == fresh(api, LIMITS).json, outcome
        for name in api.listed():
            assert api.read(name).json == fresh(api, f"{LIMITS}/{name}").json, (outcome, name)
    assert moved == set(KEPT)
    api.verify()
