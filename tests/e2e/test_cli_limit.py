"""daybook limit"""
import json

import pytest

from support import NOON, campaign, event, post, set_clock

HEAD = "NAME UNIT WINDOW AMOUNT USED HELD AVAILABLE RESETS CHANNELS"


def listed(daybook, *options):
    lines = [" ".join(line.split()) for line in daybook.cmd("limit", "list", *options).stdout.splitlines()]
    assert lines[0] == HEAD
    return lines[1:]


def test_each_limit_says_what_its_present_window_allows_has_used_holds_and_has_left(daybook):
    set_clock(daybook, NOON)
    daybook.cmd("org", "set", "acme", "--sms-cap", "900", "--cost-cap", "12.5", "--messages-cap", "0")
    post(daybook, event("2026-05-20T15:00:00Z", messages=2), event("2026-05-02T15:00:00Z", messages=3),
         event("2026-04-30T15:00:00Z", messages=50))
    campaign(daybook, "c", {"at": "2026-05-20T19:00:00Z", "contacts": 30}, {"at": "2026-05-21T19:00:00Z", "contacts": 4})
    assert listed(daybook) == [
        "daily message day 500 2 30 468 2026-05-21 SMS",
        "cycle-messages message cycle 0 0 0 0 2026-06-01 EMAIL INAPP_WEB WEB_PUSH PUSH SLACK",
        "cycle-cost cost cycle 12.5 0.0395 0.2686 12.1919 2026-06-01 SMS CALL",
        "cycle-sms message cycle 900 5 34 861 2026-06-01 SMS",
        "cycle-calls message cycle unlimited 0 0 unlimited 2026-06-01 CALL"]


def test_parts_and_a_limit_that_is_only_reported_are_said(daybook):
    set_clock(daybook, NOON)
    daybook.cmd("org", "set", "acme", "--quota-unit", "part", "--call-cap", "9", "--allow-overage", "yes")
    post(daybook, event("2026-05-20T15:00:00Z", parts=3), event("2026-05-20T15:00:00Z", channel="CALL", messages=11, parts=11))
    lines = listed(daybook, "--org", "acme")
    assert lines[0] == "daily part day 500 3 0 497 2026-05-21 SMS"
    assert lines[4] == "cycle-calls message cycle 9 11 0 0 2026-06-01 CALL (only reported)"


def test_of_several_organizations_one_must_be_named(daybook):
    daybook.cmd("org", "add", "beta", "--timezone", "Asia/Tokyo", "--daily-limit", "7")
    assert daybook.cmd("limit", "list", check=False).returncode == 1
    assert listed(daybook, "--org", "beta")[0].startswith("daily message day 7 0 0 7 ")
    refused = daybook.cmd("limit", "list", "--org", "nobody", check=False)
    assert refused.returncode == 1 and "nobody" in refused.stderr


def test_a_wrong_use_says_so(daybook):
    for words in ((), ("show",), ("list", "acme", "x"), ("list", "acme", "--org", "acme"), ("presets", "x"), ("add", "acme"), ("remove", "acme")):
        refused = daybook.cmd("limit", *words, check=False)
        assert refused.returncode == 2 and "daybook limit --help" in refused.stderr, words


# ---- limit add, set, remove

def of(daybook, name, org="acme"):
    limits = json.loads(daybook.cmd("limit", "list", org, "--json").stdout)["limits"]
    return next((limit["rule"] for limit in limits if limit["name"] == name), None)


def test_a_limit_is_added_changed_option_by_option_and_removed(daybook):
    set_clock(daybook, NOON)
    said = daybook.cmd("limit", "add", "acme", "a", "--channels", "SMS,CALL", "--window", "rolling", "--hours", "24", "--amount", "9",
                       "--from", "+1 555 0100").stdout
    assert said == "added the limit a of acme\n"
    rule = {"channels": ["SMS", "CALL"], "from": "+1 555 0100", "unit": "message", "window": "rolling", "hours": 24,
            "amounts": [{"validFrom": "2026-05-20", "amount": 9}], "action": "refuse"}
    assert of(daybook, "a") == rule
    daybook.cmd("limit", "set", "acme", "a", "--unit", "part", "--action", "report")
    assert of(daybook, "a") == {**rule, "unit": "part", "action": "report"}
    daybook.cmd("limit", "set", "acme", "a", "--window", "day", "--zone", "Asia/Tokyo", "--from", "none", "--network", "T-Mobile")
    assert of(daybook, "a") == {"channels": ["SMS", "CALL"], "network": "T-Mobile", "unit": "part", "window": "day", "zone": "Asia/Tokyo",
                                "amounts": rule["amounts"], "action": "report"}
    daybook.cmd("limit", "set", "acme", "a", "--amount", "none", "--valid-from", "2026-06-01")
    assert of(daybook, "a")["amounts"] == [*rule["amounts"], {"validFrom": "2026-06-01", "amount": None}]
    line = next(line for line in listed(daybook) if line.startswith("a "))
    assert line == "a part day 9 0 0 9 2026-05-22 SMS CALL to T-Mobile days of Asia/Tokyo (only reported)"
    assert daybook.cmd("limit", "remove", "acme", "a").stdout == "removed the limit a of acme\n"
    assert daybook.cmd("limit", "remove", "acme", "daily").stdout == "daily of acme is unlimited from today on\n"
    assert of(daybook, "a") is None
    daybook.cmd("verify")


def test_a_preset_is_a_limit_of_one_word(daybook):
    set_clock(daybook, NOON)
    names = [line.split()[0] for line in daybook.cmd("limit", "presets").stdout.splitlines()[1:]]
    assert {"t-mobile-10dlc-1000", "t-mobile-10dlc-2000", "gmail-500", "exchange-10000", "warm-up-1000-4000-8000", "telnyx-profile"} <= set(names)
    daybook.cmd("limit", "add", "acme", "tm", "--preset", "t-mobile-10dlc-2000")
    daybook.cmd("limit", "add", "acme", "tx", "--preset", "telnyx-profile", "--amount", "12.5")
    assert of(daybook, "tm")["zone"] == "America/Los_Angeles" and of(daybook, "tx")["amounts"][0]["amount"] == 12.5
    daybook.cmd("limit", "set", "acme", "tm", "--preset", "t-mobile-10dlc-40000")
    assert of(daybook, "tm")["amounts"] == [{"validFrom": "2026-05-20", "amount": 40000}]


def test_the_days_that_are_over_a_limit_are_named(daybook):
    set_clock(daybook, NOON)
    campaign(daybook, "c", {"at": "2026-05-21T19:00:00Z", "contacts": 4})
    said = daybook.cmd("limit", "add", "acme", "a", "--channels", "SMS", "--window", "day", "--amount", "3").stdout
    assert said == "added the limit a of acme\nover the limit: 2026-05-21 has used 0 and holds 4 of 3\n"
    data = json.loads(daybook.cmd("limit", "set", "acme", "a", "--amount", "2", "--json").stdout)
    assert data["daysOverLimit"] == [{"date": "2026-05-21", "used": 0, "held": 4, "amount": 2}] and data["amount"] == 2


def test_a_limit_of_a_sender_is_filled_before_the_command_ends(daybook):
    set_clock(daybook, NOON)
    post(daybook, event("2026-05-20T15:00:00Z", messages=2, **{"from": "+1"}), event("2026-05-19T15:00:00Z", **{"from": "+1"}), event("2026-05-20T15:00:00Z"))
    daybook.cmd("limit", "add", "acme", "a", "--channels", "SMS", "--window", "day", "--amount", "3", "--from", "+1")
    assert daybook.sql("SELECT messages FROM limit_usage ORDER BY quarter") == [(1,), (2,)]
    assert daybook.sql("SELECT is_building FROM limit_rule WHERE name = 'a'") == [(0,)]
    daybook.cmd("verify")


@pytest.mark.parametrize("words, code, said", [
    (("add", "acme", "a", "--channels", "SMS", "--window", "day"), 1, "amount: required"),
    (("add", "acme", "a", "--channels", "SMS", "--window", "day", "--amount", "x"), 2, "--amount"),
    (("add", "acme", "a", "--channels", "SMS", "--window", "day", "--amount", "-1"), 2, "--amount"),
    (("add", "acme", "a", "--channels", "SMS", "--window", "day", "--unit", "cost", "--amount", "1x"), 2, "--amount"),
    (("add", "acme", "a", "--channels", "SMS,FAX", "--window", "day", "--amount", "1"), 2, "FAX"),
    (("add", "acme", "a", "--channels", "SMS", "--amount", "1"), 2, "--window"),
    (("add", "acme", "a", "--window", "day", "--amount", "1"), 2, "--channels"),
    (("add", "acme", "a", "--channels", "SMS", "--window", "week", "--amount", "1"), 2, "--window"),
    (("add", "acme", "a", "--channels", "SMS", "--window", "rolling", "--hours", "0", "--amount", "1"), 2, "--hours"),
    (("add", "acme", "a", "--channels", "SMS", "--window", "day", "--from", "x\ny", "--amount", "1"), 2, "--from"),
    (("add", "acme", "a", "--channels", "SMS", "--window", "day", "--network", "x" * 65, "--amount", "1"), 2, "--network"),
    (("add", "acme", "a", "--channels", "SMS", "--window", "day", "--zone", "Mars/Base", "--amount", "1"), 1, "zone: there is no zone"),
    (("add", "acme", "a", "--channels", "SMS", "--window", "day", "--action", "stop", "--amount", "1"), 2, "--action"),
    (("add", "acme", "A", "--channels", "SMS", "--window", "day", "--amount", "1"), 1, "name:"),
    (("add", "acme", "daily", "--amount", "1"), 1, "already a limit"), (("set", "acme", "a", "--amount", "1"), 1, "no limit"),
    (("set", "acme", "daily", "--unit", "part"), 1, "unit:"), (("set", "acme", "daily", "--valid-from", "2026-06-01"), 1, "validFrom"),
    (("add", "acme", "a", "--preset", "gmail"), 2, "preset: unknown"), (("remove", "acme", "a"), 1, "no limit"),
    (("add", "nobody", "a", "--preset", "gmail-500"), 1, "nobody")], ids=str)
def test_what_cannot_be_is_refused(daybook, words, code, said):
    before = daybook.sql("SELECT * FROM limit_rule")
    refused = daybook.cmd("limit", *words, check=False)
    assert refused.returncode == code and said in refused.stderr, refused
    assert daybook.sql("SELECT * FROM limit_rule") == before
