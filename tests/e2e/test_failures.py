"""Who could not be reached: kept for a while, shown to the campaign's owner alone, and blanked everywhere."""
import json
import sqlite3

from api import TODAY, Api, at, failed
from support import event

PHONE, OTHER, THIRD = "+15550100", "+15550101", "+15550102"


def phones(api, id="c"):
    return [f["phoneNumber"] for f in api.on(id, "GET").json["failedDetails"]]


def in_calendar(api, date=TODAY):
    return [f["phoneNumber"] for c in api.day(date)["campaigns"] for f in c["failedDetails"]]


def everything(api):
    """Everything in the tables, as one text."""
    dump = []
    with sqlite3.connect(api.daybook.path) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            dump += [repr(row) for row in db.execute(f"SELECT * FROM {table}")]
    db.close()
    return "\n".join(dump)


def unreached(api):
    api.create("c", 20)
    body = {"id": "r", "sent": 1, "failed": [{"phoneNumber": PHONE, "reason": "was " + PHONE}, {"phoneNumber": OTHER, "reason": "x"}]}
    api.spend(failed("e1", at(TODAY), PHONE, "c"), failed("e2", at(TODAY), OTHER, "c"), failed("alone", at(TODAY), PHONE))
    assert api.report("c", body).status == 200
    return body


def test_an_erased_number_is_blank_everywhere_and_the_others_stand(api):
    unreached(api)
    assert sorted(phones(api)) == sorted(in_calendar(api)) == sorted([PHONE, OTHER, PHONE, OTHER])
    done = api.daybook.cmd("erase", "--phone", PHONE)
    assert PHONE not in done.stdout + done.stderr and "3" in done.stdout
    assert PHONE not in everything(api) and OTHER in everything(api)
    assert sorted(phones(api)) == sorted(in_calendar(api)) == ["", "", OTHER, OTHER]
    blank = [f for f in api.on("c", "GET").json["failedDetails"] if f["phoneNumber"] == ""]
    assert [f["reason"] for f in blank] == ["", ""]
    rows = api.daybook.sql("SELECT e.detail_sha256 IS NULL, f.phone FROM event e JOIN failure f USING (org, source, id)")
    assert sorted(rows) == sorted([(1, "")] * 3 + [(0, OTHER)] * 2)
    assert api.get("c")["segments"][0]["failed"] == 4  # the counts stay
    api.verify()


def test_an_erased_number_is_in_no_kept_reply(api):
    """The programs run on and keep replies, and so do browsers."""
    unreached(api)
    tag = api.on("c", "GET").headers["etag"]
    calendar = api.ask("usage-calendar", "GET", "/api/campaigns/usage-calendar", {"from": TODAY, "to": TODAY})
    assert PHONE in calendar.body.decode()
    api.daybook.cmd("erase", "--phone", PHONE)
    again = api.ask("usage-calendar", "GET", "/api/campaigns/usage-calendar", {"from": TODAY, "to": TODAY},
                    headers={"If-None-Match": calendar.headers["etag"]})
    assert again.status == 200 and PHONE not in again.body.decode()
    again = api.on("c", "GET", headers={"If-None-Match": tag})
    assert again.status == 200 and PHONE not in again.body.decode()


def test_no_hash_is_left_by_which_a_number_could_be_found(api):
    """Numbers are few: whoever holds a hash of one tries them all."""
    unreached(api)
    hashes = lambda: {row[0] for row in api.daybook.sql("SELECT hex(detail_sha256) FROM event WHERE detail_sha256 NOT NULL "
                                                        "UNION ALL SELECT hex(body_sha256) FROM request")}
    api.create("d", 20)
    one, two = ({"id": "r", "failed": [{"phoneNumber": phone, "reason": "x"}]} for phone in (PHONE, OTHER))
    api.report("d", one)
    first = api.daybook.sql("SELECT body_sha256 FROM request WHERE id = 'd/r'")
    api.create("e", 20)
    api.report("e", two)
    assert api.daybook.sql("SELECT body_sha256 FROM request WHERE id = 'e/r'") == first  # it does not know the number
    before = hashes()
    api.daybook.cmd("erase", "--phone", PHONE)
    assert len(before) - len(hashes()) == 4


def test_a_retry_of_an_erased_event_is_still_a_duplicate_and_of_results_a_replay(api):
    body = unreached(api)
    api.daybook.cmd("erase", "--phone", PHONE)
    again = api.events(failed("e1", at(TODAY), PHONE, "c"), failed("e2", at(TODAY), OTHER, "c"), failed("alone", at(TODAY), PHONE))
    assert (again["accepted"], again["duplicates"]) == (0, 3)
    replay = api.report("c", body)
    assert replay.status == 200 and replay.headers["idempotent-replayed"] == "true"
    assert PHONE not in everything(api)
    body["failed"][1]["phoneNumber"] = THIRD
    assert api.report("c", body).status == 409
    assert api.events(failed("e2", at(TODAY), THIRD, "c"), status=409)["conflicts"] == 1


def test_erase_of_an_unknown_number_changes_nothing_and_a_part_of_one_is_not_it(api):
    unreached(api)
    for phone in ("+1555", PHONE + "0", "%", "15550100", ""):
        done = api.daybook.cmd("erase", "--phone", phone, check=False)
        assert done.returncode == (2 if phone == "" else 1), phone
    assert api.daybook.cmd("erase", check=False).returncode == 2
    assert sorted(phones(api)) == sorted([PHONE, OTHER, PHONE, OTHER])
    assert api.daybook.cmd("erase", "--phone", PHONE).returncode == 0


def test_a_number_is_erased_in_every_organization(api):
    api.daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    other = Api(api.daybook, "globex", clock=None)
    other.create("c", 5)
    other.spend(failed("e1", at(TODAY), PHONE, "c"))
    unreached(api)
    assert phones(other) == [PHONE] and in_calendar(other, "2026-05-21") == [PHONE]
    api.daybook.cmd("erase", "--phone", PHONE)
    assert phones(other) == [""] and in_calendar(other, "2026-05-21") == [""]
    assert PHONE not in everything(api)


def test_the_audit_says_that_it_was_done_and_never_whose_number(api):
    unreached(api)
    api.daybook.cmd("erase", "--phone", PHONE)
    detail, = api.daybook.sql("SELECT detail FROM audit WHERE action = 'failure.erase'")
    assert json.loads(detail[0]) == {"rows": 3}


def test_failures_are_blanked_when_their_time_has_come(api):
    api.daybook.sql("INSERT INTO setting VALUES ('failure_retention_days', '10') ON CONFLICT (name) DO UPDATE SET value = '10'")
    api.create("c", 20)
    api.spend(failed("old", "2026-05-12T15:00:00Z", PHONE, "c"), failed("new", "2026-05-19T15:00:00Z", OTHER, "c"))
    assert sorted(phones(api)) == [PHONE, OTHER]
    api.clock("2026-05-22T14:59:00Z")
    api.spend(event("2026-05-22T14:00:00Z"))
    assert sorted(phones(api)) == [PHONE, OTHER]  # ten days are not over
    api.clock("2026-05-22T15:01:00Z")
    assert PHONE in in_calendar(api)
    api.spend(event("2026-05-22T14:00:00Z"))
    assert sorted(phones(api)) == ["", OTHER] and sorted(in_calendar(api)) == ["", OTHER]
    assert PHONE not in everything(api)
    assert api.daybook.sql("SELECT id, detail_sha256 IS NULL FROM event WHERE status = 'failed' ORDER BY id") == [("new", 0), ("old", 1)]
    again = api.events(failed("old", "2026-05-12T15:00:00Z", PHONE, "c"))
    assert again["duplicates"] == 1 and PHONE not in everything(api)
    api.verify()


def test_one_organizations_write_blanks_what_another_one_still_shows(api):
    api.daybook.cmd("org", "add", "globex", "--timezone", "America/Toronto")
    other = Api(api.daybook, "globex", clock=None)
    other.create("c", 5)
    other.spend(failed("e", at(TODAY), PHONE, "c"))
    # The programs look by themselves once an hour: between these two moments they do not.
    for clock in ("2026-08-18T14:30:00Z", "2026-08-18T15:00:01Z"):
        api.clock(clock)
        api.token, other.token = api.daybook.token(), api.daybook.token("globex")
        assert in_calendar(other) == [PHONE] and phones(other) == [PHONE]
    tag = other.on("c", "GET").headers["etag"]
    api.spend(event("2026-08-18T15:00:00Z"))
    assert in_calendar(other) == [""]
    assert other.on("c", "GET", headers={"If-None-Match": tag}).json["failedDetails"][0]["phoneNumber"] == ""


def test_ninety_days_is_the_default(api):
    api.create("c", 20)
    api.spend(failed("e", "2026-05-20T15:00:00Z", PHONE, "c"))
    for clock, kept in (("2026-08-18T14:59:00Z", True), ("2026-08-18T15:00:01Z", False)):
        api.clock(clock)
        api.token = api.daybook.token()
        api.spend(event(clock))
        assert (PHONE in everything(api)) == kept, clock


def test_a_void_takes_the_number_away_at_once(api):
    unreached(api)
    api.spend({"id": "v", "voids": "e1", "reason": "it was reached"}, {"id": "w", "voids": "alone", "reason": "r"})
    assert sorted(phones(api)) == sorted([PHONE, OTHER, OTHER])
    api.verify()


def test_no_number_is_in_any_line_of_the_log(api):
    body = unreached(api)
    api.report("c", body)
    api.report("c", {"id": "r2", "failed": [{"phoneNumber": PHONE, "reason": 5}]})
    api.report("c", {"id": "r3", "failed": [{"phoneNumber": PHONE, PHONE: 5}]})
    api.report("nobody", body)
    api.events(failed("e1", at(TODAY), PHONE + "9", "c"), status=409)
    api.events({**failed("e9", at(TODAY), PHONE, "c"), "x": PHONE}, status=400)
    api.on("c", "GET", query={"cursor": PHONE})
    api.daybook.cmd("erase", "--phone", PHONE)
    for process in api.programs.values():
        process.stop()
    log = api.daybook.log_path.read_text()
    assert log.count("event=request") >= 10
    assert PHONE not in log and PHONE.strip("+") not in log


def test_a_calendar_with_phone_numbers_is_not_stored_and_one_without_is(api):
    """Whether it is made, comes from the cache of the program, or is CSV, which has no numbers."""
    api.create("c", 5)
    calendar = api.daybook.fastcgi("usage-calendar")
    token = api.daybook.token()
    ask = lambda query="": calendar.ask("GET", "/api/campaigns/usage-calendar", f"from={TODAY}&to={TODAY}" + query, token=token)  # noqa: E731
    assert {ask().headers["cache-control"] for _ in range(3)} == {"private, no-cache"}
    api.spend(failed("e", at(TODAY), PHONE, "c"))
    for _ in range(3):
        reply = ask()
        assert PHONE in reply.body.decode() and reply.headers["cache-control"] == "no-store" and reply.headers["etag"]
    assert ask("&format=csv").headers["cache-control"] == "private, no-cache"
