"""daybook statement keep, list and show"""
import csv
import io

import pytest

from api import Api
from support import NOON, event, post, set_clock


@pytest.fixture
def april(daybook):
    set_clock(daybook, NOON)
    post(daybook, event("2026-04-10T12:00:00Z", id="sms", messages=2, parts=3, cost="0.5"),
         event("2026-04-11T12:00:00Z", id="call", channel="CALL", cost="0.25"))
    return daybook


def words(text):
    return [" ".join(line.split()) for line in text.splitlines() if line]


def test_a_month_is_kept_once_and_shown_with_what_came_later(april):
    assert april.cmd("statement", "keep", "2026-04").stdout == "acme: 2026-04 is kept\n"
    assert "was kept already" in april.cmd("statement", "keep", "2026-04", "--org", "acme").stdout
    assert april.sql("SELECT credential, detail FROM audit WHERE action = 'statement.keep'") == [("cli", '{"month":"2026-04"}')]
    lines = words(april.cmd("statement", "show", "2026-04").stdout)
    assert lines[0].startswith("acme (") and lines[0].endswith("2026-04, in days of America/Toronto")
    assert lines[1].startswith("kept at 2026-05-20T16:00:0") and " by cli, revision " in lines[1]
    assert lines[2:] == ["REPORTED MESSAGES PARTS COST (USD)", "SMS 2 3 0.5", "CALL 1 1 0.25", "total 3 4 0.75",
                         "No row of the ledger came later."]
    post(april, {"id": "v", "voids": "call", "reason": "test"}, event("2026-04-12T12:00:00Z", id="late", cost="0"))
    lines = words(april.cmd("statement", "show", "2026-04").stdout)
    assert lines[6:] == ["2 rows of the ledger came later.", "NOW MESSAGES PARTS COST (USD)", "SMS 3 4 0.5", "total 3 4 0.5",
                         "OCCURRED KIND CHANNEL MESSAGES PARTS COST ID", "2026-04-11T12:00:00.000Z void CALL -1 -1 -0.25 v",
                         "2026-04-12T12:00:00.000Z event SMS 1 1 0 late"]
    april.cmd("verify")


def test_what_a_recomputation_moved_is_shown(april):
    april.cmd("statement", "keep", "2026-04")
    april.cmd("org", "set", "acme", "--timezone", "Pacific/Kiritimati", "--recut-history")
    lines = words(april.cmd("statement", "show", "2026-04").stdout)
    at = lines.index("moved by a recomputation, not by later rows:")
    assert lines[at + 1:] == ["2026-04-10 SMS -2 -3 -0.5", "2026-04-11 SMS 2 3 0.5", "2026-04-11 CALL -1 -1 -0.25", "2026-04-12 CALL 1 1 0.25"]
    post(april, event("2026-04-30T12:00:00Z"))
    lines = words(april.cmd("statement", "show", "2026-04").stdout)
    assert "No row of the ledger came later." in lines and "1 later row of the instants that were reported is now in another month." in lines


def test_the_csv_is_that_of_the_api_with_all_pages_in_one(april):
    april.cmd("statement", "keep", "2026-04")
    for n in range(11):
        events = [{"id": f"{n}-{i}", "occurredAt": f"2026-04-{12 + n % 2}T10:00:00Z", "cost": "0"} for i in range(10000)]
        post(april, *events)
    api = Api(april, clock=None)
    first = api.ask("statements", "GET", "/api/organizations/acme/statements/2026-04", {"format": "csv"})
    assert first.headers["x-next-cursor"]
    rows = list(csv.DictReader(io.StringIO(april.cmd("statement", "show", "2026-04", "--csv").stdout)))
    assert {row["day"]: (row["messages"], row["messagesNow"], row["messagesLater"]) for row in rows} == {
        "2026-04-10": ("2", "2", "0"), "2026-04-11": ("1", "1", "0"), "2026-04-12": ("0", "60000", "60000"), "2026-04-13": ("0", "50000", "50000")}
    lines = words(april.cmd("statement", "show", "2026-04").stdout)
    assert "110000 rows of the ledger came later." in lines and lines[-1] == "… and 109900 more"


def test_the_list_says_which_months_have_changed(april):
    for month in ("2026-03", "2026-04"):
        april.cmd("statement", "keep", month)
    post(april, event("2026-03-11T12:00:00Z", cost="0"))
    lines = words(april.cmd("statement", "list").stdout)
    assert lines[0] == "MONTH KEPT MESSAGES PARTS COST CURRENCY NOW"
    assert lines[1].startswith("2026-04 ") and lines[1].endswith(" 3 4 0.75 USD the same")
    assert lines[2].startswith("2026-03 ") and lines[2].endswith(" 0 0 0 USD changed")


@pytest.mark.parametrize("args, code, words", [
    (["keep"], 2, "an argument is missing"), (["keep", "2026-5"], 2, 'not a month'), (["keep", "2011-12"], 2, "not a month"), (["keep", "\x1b[1m"], 2, "?[1m"),
    (["keep", "2026-05"], 1, "month: 2026-05 is not over; it ends at 2026-06-01T04:00:00.000Z"),
    (["keep", "2026-04", "--org", "nobody"], 1, 'no organization "nobody"'), (["keep", "2026-04", "--csv"], 2, "--csv"),
    (["show", "2026-02"], 1, "there is no statement of 2026-02. `daybook statement list`"), (["show"], 2, "an argument is missing"),
    (["list", "2026-04"], 2, "2026-04"), ([], 2, "keep, list or show"), (["remove", "2026-04"], 2, "keep, list or show")])
def test_what_cannot_be_is_refused(april, args, code, words):
    done = april.cmd("statement", *args, check=False)
    assert done.returncode == code and words in done.stderr and "Traceback" not in done.stderr, done
    assert april.sql("SELECT count(*) FROM statement") == [(0,)]


def test_of_several_organizations_one_must_be_named(april):
    april.cmd("org", "add", "beta", "--timezone", "Asia/Tokyo")
    assert april.cmd("statement", "keep", "2026-04", check=False).returncode == 1
    april.cmd("statement", "keep", "2026-04", "--org", "beta")
    assert len(words(april.cmd("statement", "list", "--org", "beta").stdout)) == 2
