"""iCalendar files that close dates: names, and what reading one costs others."""
import json
import sqlite3

from support import check_error
from test_sending_window import PATH, calendar, cmd, holiday, load, window


def test_an_import_names_dates_and_takes_no_name_away(api, tmp_path):
    window(api, "PUT", {"closed": [{"date": "2026-12-24", "name": "Eve"}, {"date": "2026-12-25", "name": "Xmas"}, {"date": "2026-12-26"}]})
    text = calendar(*holiday("20261224", "Christmas Eve"), "BEGIN:VEVENT", "DTSTART:20261225", "END:VEVENT", *holiday("20261226", "Boxing Day"),
                    *holiday("20261227", "a\x07b"), *holiday("20261225", "a\x07b"), "BEGIN:VEVENT", "DTSTART:20261228", "END:VEVENT")
    assert load(api, text)["imported"] == 4
    named = {"2026-12-24": "Christmas Eve", "2026-12-25": "Xmas", "2026-12-26": "Boxing Day", "2026-12-27": None, "2026-12-28": None}
    assert {c["date"]: c.get("name") for c in window(api)["closed"]} == named
    assert load(api, text)["imported"] == 0
    assert json.loads(api.daybook.sql("SELECT detail FROM audit WHERE action = 'window.set' ORDER BY number DESC LIMIT 1")[0][0])["closed"] == [
        "2026-12-24", "2026-12-26", "2026-12-27", "2026-12-28"]
    (tmp_path / "days.ics").write_text(calendar("BEGIN:VEVENT", "DTSTART:20261224", "END:VEVENT"))
    assert "closed 0 dates" in cmd(api, "--import", str(tmp_path / "days.ics"))
    cmd(api, "--close", "2026-12-25")
    assert {c["date"]: c.get("name") for c in window(api)["closed"]} == named


def test_a_file_is_read_before_anybody_waits(api, tmp_path):
    """Reading a file may take long: a bad one is refused while somebody else is writing, so it needs no lock."""
    text = calendar(*holiday("20261225", "x", "RRULE:FREQ=YEARLY;BYWEEKNO=1"))
    (tmp_path / "days.ics").write_text(text)
    writer = sqlite3.connect(api.daybook.path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        check_error(load(api, text, 400), 400, "tether", "RRULE")
        assert "RRULE" in cmd(api, "--import", str(tmp_path / "days.ics"), code=1)
    finally:
        writer.close()


def test_many_changes_of_single_dates_end_in_an_error_and_not_in_memory(api):
    """Each of them is an exception of each event of the same UID, which is a product."""
    series = [line for i in range(1200) for line in ("BEGIN:VEVENT", "UID:x", "DTSTART:20261225", "END:VEVENT")]
    changes = [line for i in range(1200) for line in ("BEGIN:VEVENT", "UID:x", "DTSTART:20261226", "RECURRENCE-ID:20261225", "END:VEVENT")]
    check_error(load(api, calendar(*series, *changes), 400), 400, "tether", "RECURRENCE-ID", "divide the file")
    assert load(api, calendar(*series[:400], *changes[:500]))["closed"] == [{"date": "2026-12-26"}]
