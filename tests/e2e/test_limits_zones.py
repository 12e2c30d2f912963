"""Limits with a zone of their own: their days are in the database, and follow the zone's file from its next day on."""
import json

import pytest

from model import audit, instant
from support import event, set_clock
from test_doctor import doctor
from test_zone_rules import NOW, Rules, rules  # noqa: F401 (rules is a fixture)

HOME = "Test/Home"		# at NOW it is 13:00 there, and its summer time would end tomorrow


def spans(daybook, limit):
    return daybook.sql("SELECT from_at, utc_offset_s FROM limit_span s JOIN limit_rule r ON r.key = s.rule WHERE r.name = ? ORDER BY from_at", limit)


@pytest.fixture
def limited(daybook, rules):  # noqa: F811
    daybook.cmd("limit", "add", "acme", "home", "--channels", "SMS", "--window", "day", "--zone", HOME, "--amount", "5")
    daybook.cmd("limit", "add", "acme", "north", "--channels", "SMS", "--window", "day", "--zone", "America/Toronto", "--amount", "5")
    daybook.cmd("maintenance")
    return rules


def test_its_days_are_those_of_the_zone_from_2012_on(daybook, limited):
    of_home = [(at, offset) for at, offset in spans(daybook, "home")]
    assert of_home[0][0] == instant("2012-01-01T00:00:00Z")
    assert (instant("2026-11-30T09:00:00Z"), -8 * 3600) in of_home and len(of_home) > 170
    daybook.cmd("verify")


@pytest.mark.parametrize("way", ["maintenance", "write"])
def test_new_rules_of_the_zone_apply_from_the_limits_next_day(daybook, limited, way):
    before, north = spans(daybook, "home"), spans(daybook, "north")
    limited.put(Rules.without_end)
    doctor(daybook).check("days", "warning", "the coming days differ from the zone file for acme")
    if way == "maintenance":
        daybook.cmd("maintenance")
    else:
        token = daybook.token(ttl="1h")
        assert daybook.cgi("events", "POST", "/api/events", body=event(NOW), token=token).status == 200
    midnight = instant("2026-11-30T07:00:00Z")
    assert spans(daybook, "home") == [s for s in before if s[0] < midnight] and spans(daybook, "north") == north
    rows = [json.loads(row[0]) for row in daybook.sql("SELECT detail FROM audit WHERE action = 'limit.tzdata'")]
    assert [(row["name"], row["zone"]) for row in rows] == [("home", HOME)]
    daybook.cmd("maintenance")
    assert doctor(daybook).level["days"] == "ok"
    daybook.cmd("verify")


def test_a_programs_limit_follows_the_days_that_another_process_has_written(daybook, limited):
    daybook.env.pop("FAKETIME", None)		# from now on the time of a running process changes too
    set_clock(daybook, NOW)
    settings, token = daybook.fastcgi("settings"), daybook.token(scope="usage:read", ttl="720h")

    def resets():
        reply = settings.ask("GET", "/api/organizations/acme/limits/home", token=token)
        return reply.json["data"]["resetsAt"]

    assert resets() == "2026-11-30T07:00:00.000Z"
    set_clock(daybook, "2026-11-30T10:00:00Z")
    assert resets() == "2026-12-01T08:00:00.000Z"		# summer time has ended
    set_clock(daybook, NOW)
    limited.put(Rules.without_end)
    daybook.cmd("maintenance")
    set_clock(daybook, "2026-11-30T10:00:00Z")
    assert resets() == "2026-12-01T07:00:00.000Z"


def test_without_the_file_of_its_zone_the_days_stay_and_the_doctor_says_so(daybook, limited):
    before = spans(daybook, "home")
    (limited.folder / "Test/Home").unlink()
    text = (limited.folder / "tzdata.zi").read_text()
    (limited.folder / "tzdata.zi").write_text(text.replace("Z Test/Home -8 H -\nL Test/Home Test/Old\n", ""))
    for org in ("idle", "other"):
        daybook.cmd("org", "set", org, "--timezone", "UTC")
    assert daybook.cgi("events", "POST", "/api/events", body=event(NOW), token=daybook.token(ttl="1h")).status == 200
    assert spans(daybook, "home") == before
    doctor(daybook).check("timezones", "error", f"the system lacks the time zones {HOME} of acme", "daybook limit set ID NAME --zone")
    refused = daybook.cmd("limit", "add", "acme", "again", "--channels", "SMS", "--window", "day", "--zone", HOME, "--amount", "5", check=False)
    assert refused.returncode == 1 and "zone: there is no zone" in refused.stderr
    daybook.cmd("limit", "set", "acme", "home", "--amount", "6")
    daybook.cmd("limit", "set", "acme", "home", "--zone", "America/Toronto")
    assert spans(daybook, "home") == spans(daybook, "north")
    assert doctor(daybook).level["timezones"] == "ok"


def test_a_removed_limit_leaves_no_days_and_a_new_one_of_its_key_has_its_own(daybook, limited):
    settings, token = daybook.fastcgi("settings"), daybook.token(ttl="1h")
    path = "/api/organizations/acme/limits/"

    def resets(name):
        return settings.ask("GET", path + name, token=token).json["data"]["resetsAt"]

    assert resets("north") == "2026-11-30T05:00:00.000Z"
    daybook.cmd("limit", "remove", "acme", "north")
    daybook.cmd("limit", "add", "acme", "zulu", "--channels", "SMS", "--window", "day", "--zone", "UTC", "--amount", "5")
    assert resets("zulu") == "2026-11-30T00:00:00.000Z"
    preview = {"channels": ["SMS"], "window": "day", "zone": HOME, "preview": True}
    assert settings.ask("PUT", path + "zulu", body=preview, token=token).json["data"]["resetsAt"] == "2026-11-30T07:00:00.000Z"
    assert resets("zulu") == "2026-11-30T00:00:00.000Z"
    assert settings.ask("PUT", path + "zulu", body={**preview, "zone": "America/Toronto", "preview": False}, token=token).status == 200
    assert resets("zulu") == "2026-11-30T05:00:00.000Z"
    assert len(audit(daybook, "limit.set")) == 4
