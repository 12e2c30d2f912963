"""daybook limit list"""
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
    for words in ((), ("show",), ("list", "acme")):
        refused = daybook.cmd("limit", *words, check=False)
        assert refused.returncode == 2 and "daybook limit --help" in refused.stderr, words
