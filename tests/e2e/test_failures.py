"""Who could not be reached: kept for a while, shown to the campaign's owner alone, and blanked everywhere."""
import json
import sqlite3

import pytest

from desk import TODAY, Desk, at, failed
from support import event

PHONE, OTHER, THIRD = "+15550100", "+15550101", "+15550102"


@pytest.fixture
def desk(daybook):
    return Desk(daybook)


def phones(desk, id="c"):
    return [f["phoneNumber"] for f in desk.on(id, "GET").json["failedDetails"]]


def in_calendar(desk, date=TODAY):
    return [f["phoneNumber"] for c in desk.day(date)["campaigns"] for f in c["failedDetails"]]


def everything(desk):
    """All that stands in the tables, as one text."""
    dump = []
    with sqlite3.connect(desk.daybook.path) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            dump += [repr(row) for row in db.execute(f"SELECT * FROM {table}")]
    db.close()
    return "\n".join(dump)


def unreached(desk):
    desk.create("c", 20)
    body = {"id": "r", "sent": 1, "failed": [{"phoneNumber": PHONE, "reason": "was " + PHONE}, {"phoneNumber": OTHER, "reason": "x"}]}
    desk.spend(failed("e1", at(TODAY), PHONE, "c"), failed("e2", at(TODAY), OTHER, "c"), failed("alone", at(TODAY), PHONE))
    assert desk.report("c", body).status == 200
    return body


def test_an_erased_number_is_blank_everywhere_and_the_others_stand(desk):
    unreached(desk)
    assert sorted(phones(desk)) == sorted(in_calendar(desk)) == sorted([PHONE, OTHER, PHONE, OTHER])
    done = desk.daybook.cmd("erase", "--phone", PHONE)
    assert PHONE not in done.stdout + done.stderr and "3" in done.stdout
    assert PHONE not in everything(desk) and OTHER in everything(desk)
    assert sorted(phones(desk)) == sorted(in_calendar(desk)) == ["", "", OTHER, OTHER]
    blank = [f for f in desk.on("c", "GET").json["failedDetails"] if f["phoneNumber"] == ""]
    assert [f["reason"] for f in blank] == ["", ""]
    rows = desk.daybook.sql("SELECT e.detail_sha256 IS NULL, f.phone FROM event e JOIN failure f USING (org, source, id)")
    assert sorted(rows) == sorted([(1, "")] * 3 + [(0, OTHER)] * 2)
    assert desk.get("c")["segments"][0]["failed"] == 4  # the counts stay
    desk.verify()


def test_an_erased_number_is_in_no_kept_reply(desk):
    """The programs run on and keep replies, and so do browsers."""
    unreached(desk)
    tag = desk.on("c", "GET").headers["etag"]
    calendar = desk.ask("usage-calendar", "GET", "/api/campaigns/usage-calendar", {"from": TODAY, "to": TODAY})
    assert PHONE in calendar.body.decode()
    desk.daybook.cmd("erase", "--phone", PHONE)
    again = desk.ask("usage-calendar", "GET", "/api/campaigns/usage-calendar", {"from": TODAY, "to": TODAY},
                     headers={"If-None-Match": calendar.headers["etag"]})
    assert again.status == 200 and PHONE not in again.body.decode()
    again = desk.on("c", "GET", headers={"If-None-Match": tag})
    assert again.status == 200 and PHONE not in again.body.decode()


def test_no_hash_is_left_by_which_a_number_could_be_found(desk):
    """Numbers are few: whoever holds a hash of one tries them all."""
    unreached(desk)
    hashes = lambda: {row[0] for row in desk.daybook.sql("SELECT hex(detail_sha256) FROM event WHERE detail_sha256 NOT NULL "
                                                         "UNION ALL SELECT hex(body_sha256) FROM request")}
    desk.create("d", 20)
    one, two = ({"id": "r", "failed": [{"phoneNumber": phone, "reason": "x"}]} for phone in (PHONE, OTHER))
    desk.report("d", one)
    first = desk.daybook.sql("SELECT body_sha256 FROM request WHERE id = 'd/r'")
    desk.create("e", 20)
    desk.report("e", two)
    assert desk.daybook.sql("SELECT body_sha256 FROM request WHERE id = 'e/r'") == first  # it does not know the number
    before = hashes()
    desk.daybook.cmd("erase", "--phone", PHONE)
    assert len(before) - len(hashes()) == 4


def test_a_retry_of_an_erased_event_is_still_a_duplicate_and_of_results_a_replay(desk):
    body = unreached(desk)
    desk.daybook.cmd("erase", "--phone", PHONE)
    again = desk.events(failed("e1", at(TODAY), PHONE, "c"), failed("e2", at(TODAY), OTHER, "c"), failed("alone", at(TODAY), PHONE))
    assert (again["accepted"], again["duplicates"]) == (0, 3)
    replay = desk.report("c", body)
    assert replay.status == 200 and replay.headers["idempotent-replayed"] == "true"
    assert PHONE not in everything(desk)
    body["failed"][1]["phoneNumber"] = THIRD
    assert desk.report("c", body).status == 409
    assert desk.events(failed("e2", at(TODAY), THIRD, "c"), status=409)["conflicts"] == 1


def test_erase_of_an_unknown_number_changes_nothing_and_a_part_of_one_is_not_it(desk):
    unreached(desk)
    for phone in ("+1555", PHONE + "0", "%", "15550100", ""):
        done = desk.daybook.cmd("erase", "--phone", phone, check=False)
        assert done.returncode == (2 if phone == "" else 0), phone
    assert desk.daybook.cmd("erase", check=False).returncode == 2
    assert sorted(phones(desk)) == sorted([PHONE, OTHER, PHONE, OTHER])
    assert desk.daybook.cmd("erase", "--phone", PHONE).returncode == 0


def test_a_number_is_erased_in_every_organisation(desk):
    desk.daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    other = Desk(desk.daybook, "globex", clock=None)
    other.create("c", 5)
    other.spend(failed("e1", at(TODAY), PHONE, "c"))
    unreached(desk)
    assert phones(other) == [PHONE] and in_calendar(other, "2026-05-21") == [PHONE]
    desk.daybook.cmd("erase", "--phone", PHONE)
    assert phones(other) == [""] and in_calendar(other, "2026-05-21") == [""]
    assert PHONE not in everything(desk)


def test_the_audit_says_that_it_was_done_and_never_whose_number(desk):
    unreached(desk)
    desk.daybook.cmd("erase", "--phone", PHONE)
    detail, = desk.daybook.sql("SELECT detail FROM audit WHERE action = 'failure.erase'")
    assert json.loads(detail[0]) == {"rows": 3}


def test_failures_are_blanked_when_their_time_has_come(desk):
    desk.daybook.sql("INSERT INTO setting VALUES ('failure_retention_days', '10') ON CONFLICT (name) DO UPDATE SET value = '10'")
    desk.create("c", 20)
    desk.spend(failed("old", "2026-05-12T15:00:00Z", PHONE, "c"), failed("new", "2026-05-19T15:00:00Z", OTHER, "c"))
    assert sorted(phones(desk)) == [PHONE, OTHER]
    desk.clock("2026-05-22T14:59:00Z")
    desk.spend(event("2026-05-22T14:00:00Z"))
    assert sorted(phones(desk)) == [PHONE, OTHER]  # ten days are not over
    desk.clock("2026-05-22T15:01:00Z")
    assert PHONE in in_calendar(desk)
    desk.spend(event("2026-05-22T14:00:00Z"))
    assert sorted(phones(desk)) == ["", OTHER] and sorted(in_calendar(desk)) == ["", OTHER]
    assert PHONE not in everything(desk)
    assert desk.daybook.sql("SELECT id, detail_sha256 IS NULL FROM event WHERE status = 'failed' ORDER BY id") == [("new", 0), ("old", 1)]
    again = desk.events(failed("old", "2026-05-12T15:00:00Z", PHONE, "c"))
    assert again["duplicates"] == 1 and PHONE not in everything(desk)
    desk.verify()


def test_one_organisations_write_blanks_what_another_one_still_shows(desk):
    desk.daybook.cmd("org", "add", "globex", "--timezone", "America/Toronto")
    other = Desk(desk.daybook, "globex", clock=None)
    other.create("c", 5)
    other.spend(failed("e", at(TODAY), PHONE, "c"))
    # The programs look by themselves once an hour: between these two moments they do not.
    for clock in ("2026-08-18T14:30:00Z", "2026-08-18T15:00:01Z"):
        desk.clock(clock)
        desk.token, other.token = desk.daybook.token(), desk.daybook.token("globex")
        assert in_calendar(other) == [PHONE] and phones(other) == [PHONE]
    tag = other.on("c", "GET").headers["etag"]
    desk.spend(event("2026-08-18T15:00:00Z"))
    assert in_calendar(other) == [""]
    assert other.on("c", "GET", headers={"If-None-Match": tag}).json["failedDetails"][0]["phoneNumber"] == ""


def test_ninety_days_is_the_default(desk):
    desk.create("c", 20)
    desk.spend(failed("e", "2026-05-20T15:00:00Z", PHONE, "c"))
    for clock, kept in (("2026-08-18T14:59:00Z", True), ("2026-08-18T15:00:01Z", False)):
        desk.clock(clock)
        desk.token = desk.daybook.token()
        desk.spend(event(clock))
        assert (PHONE in everything(desk)) == kept, clock


def test_a_void_takes_the_number_away_at_once(desk):
    unreached(desk)
    desk.spend({"id": "v", "voids": "e1", "reason": "it was reached"}, {"id": "w", "voids": "alone", "reason": "r"})
    assert sorted(phones(desk)) == sorted([PHONE, OTHER, OTHER])
    desk.verify()


def test_no_number_is_in_any_line_of_the_log(desk):
    body = unreached(desk)
    desk.report("c", body)
    desk.report("c", {"id": "r2", "failed": [{"phoneNumber": PHONE, "reason": 5}]})
    desk.report("c", {"id": "r3", "failed": [{"phoneNumber": PHONE, PHONE: 5}]})
    desk.report("nobody", body)
    desk.events(failed("e1", at(TODAY), PHONE + "9", "c"), status=409)
    desk.events({**failed("e9", at(TODAY), PHONE, "c"), "x": PHONE}, status=400)
    desk.on("c", "GET", query={"cursor": PHONE})
    desk.daybook.cmd("erase", "--phone", PHONE)
    for process in desk.programs.values():
        process.stop()
    log = desk.daybook.log_path.read_text()
    assert log.count("event=request") >= 10
    assert PHONE not in log and PHONE.strip("+") not in log
