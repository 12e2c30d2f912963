"""daybook verify finds each kind of damage, and rebuild fixes what can be fixed."""
import json
import sqlite3

import pytest

from cli_tools import cli, new_cli  # noqa: F401 (cli is a fixture)
from support import hold_again

CLEAN = "0 differences\n"


def fill(cli, org="acme"):
    """Traffic over a change of the clocks, voids, failures, and a campaign of two segments."""
    cli.sql("INSERT INTO campaign (org, id, name, is_segmented, created_at, updated_at) VALUES (1, 'spring', 'Spring', 1, 0, 0)")
    for number, (at, day) in enumerate(((1772377200000, 20513), (1772982000000, 20520)), 1):
        cli.sql("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, status) VALUES (1, ?, 1, ?, ?, 100, 'scheduled')",
                number, at, day)
    hold_again(cli.sql)
    lines = []
    for i in range(600):
        lines.append({"id": f"{i:04}", "occurredAt": f"2026-03-{1 + i % 20:02}T{i % 24:02}:{i % 60:02}:00Z", "messages": 1 + i % 3,
                      "channel": ("SMS", "CALL", "EMAIL")[i % 3], "cost": "0.01"})
    for i in range(20):
        lines.append({"id": f"c{i:03}", "occurredAt": "2026-03-01T15:00:00Z", "campaignId": "spring", "segmentNumber": 1 + i % 2})
    for i in range(4):
        lines.append({"id": f"f{i}", "occurredAt": "2026-03-01T15:00:00Z", "campaignId": "spring", "segmentNumber": 1,
                      "status": "failed", "to": "+14165550100", "reason": "r"})
    lines += [{"id": "v1", "voids": "c000", "reason": "r"}, {"id": "v2", "voids": "f0", "reason": "r"},
              {"id": "v3", "voids": "0007", "reason": "r"}]
    cli("import", "-", "--org", org, stdin="".join(json.dumps(e) + "\n" for e in lines))


@pytest.fixture
def filled(cli):
    fill(cli)
    assert cli("verify") == "verified: 1 organization, 627 events, 0 differences\n"
    return cli


DAMAGE = {
    "a day that counts too much": ("UPDATE usage_day SET messages = messages + 1 WHERE day = 20520 AND channel = 'SMS'",
                                   "acme: usage_day 2026-03-08 SMS: has"),
    "a day that lacks parts": ("UPDATE usage_day SET parts = parts - 1 WHERE day = 20515 AND channel = 'SMS'", "usage_day 2026-03-03 SMS"),
    "a day that costs otherwise": ("UPDATE usage_day SET cost_micros = 0 WHERE day = 20515 AND channel = 'CALL'", "usage_day 2026-03-03 CALL"),
    "a day that is missing": ("DELETE FROM usage_day WHERE day = 20514 AND channel = 'EMAIL'",
                              "usage_day 2026-03-02 EMAIL: has 0 messages"),
    "a day that nothing was sent on": ("INSERT INTO usage_day VALUES (1, 30000, 'SMS', 5, 5, 0)",
                                       "usage_day 2052-02-20 SMS: has 5 messages, 5 parts, 0; its quarter-hours say 0"),
    "a day before the ledger": ("INSERT INTO usage_day VALUES (1, 15500, 'SMS', 5, 5, 0)", "usage_day 2012-06-09 SMS"),
    "a day of no calendar": ("INSERT INTO usage_day VALUES (1, -99999999999, 'SMS', 5, 5, 0)", "usage_day outside of 1970 to 2100 SMS"),
    "a quarter that counts too much": ("UPDATE usage_quarter SET messages = messages + 1 WHERE channel = 'SMS' "
                                       "AND quarter = (SELECT min(quarter) FROM usage_quarter WHERE channel = 'SMS')",
                                       "usage_quarter 2026-03-0"),
    "a quarter that is missing": ("DELETE FROM usage_quarter WHERE channel = 'EMAIL'", "usage_quarter"),
    "a quarter far away": ("INSERT INTO usage_quarter VALUES (1, 1, 'SMS', -1, 1, 0)", "usage_quarter 1970-01-01T00:15:00.000Z SMS"),
    "a segment that has sent more": ("UPDATE segment SET sent = sent + 1, spent = spent + 1 WHERE number = 2",
                                     "segment spring/2: has 11 sent, 0 failed, 11 spent; the ledger says 10, 0, 10"),
    "a segment that has failed less": ("UPDATE segment SET failed = 0 WHERE number = 1", "the ledger says 9, 3, 14"),
    "a segment that has spent more": ("UPDATE segment SET spent = 99 WHERE number = 1", "99 spent"),
    "a sum of what is held that is too much": (
        "UPDATE held SET contacts = contacts + 1 WHERE quarter = 1969308",
        'acme: held 2026-03-01T15:00:00.000Z SMS, 1 parts each, from "": has 87 contacts; the segments have 86 left'),
    "a sum of what is held that is missing": ("DELETE FROM held", 'from "": has 0 contacts; the segments have 86 left'),
    "something that nobody holds": ("INSERT INTO held VALUES (1, 1969308, 'SMS', 2, '', 5)",
                                    '2 parts each, from "": has 5 contacts; the segments have 0 left'),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_verify_finds_and_rebuild_mends(filled, name):
    statement, said = DAMAGE[name]
    filled.damage(statement)
    out = filled("verify", rc=1)
    assert said in out
    assert not out.endswith(" 0 differences\n")
    filled("rebuild")
    assert filled("verify").endswith(CLEAN)


IN_THE_LEDGER = {
    "an event that was changed": ("UPDATE event SET messages = 50 WHERE id = '0003'", "usage_quarter"),
    "an event that was moved": ("UPDATE event SET occurred_at = occurred_at + 86400000 WHERE id = '0003'", "usage_quarter"),
    "an event that was deleted": ("DELETE FROM event WHERE id = '0004'", "usage_quarter"),
    "a void whose event is gone": ("DELETE FROM event WHERE id = '0007'", 'void "v3" of source "": names no event'),
    "a void of another amount": ("UPDATE event SET messages = messages - 1 WHERE id = 'v3'", 'void "v3" of source "": does not subtract exactly its event'),
    "a void of a void": ("UPDATE event SET voids_id = 'v1' WHERE id = 'v3'", "names no event that can be voided"),
    "a void on another day": ("UPDATE event SET occurred_at = occurred_at - 86400000 WHERE id = 'v3'", "does not subtract exactly its event"),
    "an event of no segment": ("UPDATE event SET segment = 7 WHERE id = 'c003'", "foreign_key_check"),
    "an event of another segment": ("UPDATE event SET segment = 1 WHERE id = 'c003'", "segment spring/2"),
}


@pytest.mark.parametrize("name", IN_THE_LEDGER)
def test_verify_finds_damage_in_the_ledger(filled, name):
    statement, said = IN_THE_LEDGER[name]
    filled.damage(statement)
    assert said in filled("verify", rc=1)


def test_an_open_segment_on_the_wrong_day_is_found_and_recut(filled):
    filled.damage("UPDATE segment SET day = day + 1 WHERE number = 2")
    assert "segment spring/2: its day is 2026-03-09, but its instant is on 2026-03-08" in filled("verify", rc=1)
    assert "acme: segment spring/2 moved from 2026-03-09 to 2026-03-08" in filled("rebuild", "--days")
    filled("verify")


def test_a_closed_segment_stays_on_the_day_on_which_it_ended(filled):
    filled.damage("UPDATE segment SET day = day + 1, status = 'sent' WHERE number = 2")
    hold_again(filled.sql)
    filled("verify")


SPANS = {
    "no rows": ("DELETE FROM zone_span", "zone_span: no rows"),
    "a late start": ("UPDATE zone_span SET from_at = 1400000400000 WHERE from_at = (SELECT min(from_at) FROM zone_span)", "begins after 2012"),
    "another offset": ("UPDATE zone_span SET utc_offset_s = utc_offset_s + 3600 WHERE from_at <= 1773000000000", "usage_day"),
}


@pytest.mark.parametrize("name", SPANS)
def test_days_that_are_cut_otherwise_are_found(filled, name):
    statement, said = SPANS[name]
    filled.damage(statement)
    assert said in filled("verify", rc=1)


def test_a_span_off_the_quarter_hour_is_found(filled):
    db = sqlite3.connect(filled.path)
    db.execute("PRAGMA ignore_check_constraints = ON")
    with db:
        db.execute("UPDATE zone_span SET utc_offset_s = utc_offset_s + 60 WHERE from_at > 4000000000000")
    db.close()
    assert "not a whole number of quarter-hours" in filled("verify", rc=1)


def test_roll_ups_that_agree_with_each_other_but_not_with_the_ledger_are_found(filled):
    quarter = filled.sql("SELECT min(quarter) FROM usage_quarter WHERE channel = 'SMS'")[0][0]
    filled.damage(f"UPDATE usage_quarter SET messages = messages + 1 WHERE channel = 'SMS' AND quarter = {quarter}",
                  "UPDATE usage_day SET messages = messages + 1 WHERE channel = 'SMS' AND day = (SELECT min(day) FROM usage_day)")
    lines = filled("verify", rc=1).splitlines()
    assert len(lines) == 2 and "usage_quarter 2026-03-0" in lines[0]


def test_a_quarter_of_an_unknown_channel_is_found_once(filled):
    quarter = filled.sql("SELECT min(quarter) FROM usage_quarter")[0][0]
    filled.damage(f"INSERT INTO usage_quarter VALUES (1, {quarter}, 'FAX', 2, 2, 0)", f"INSERT INTO usage_quarter VALUES (1, {quarter}, 'ACE', 0, 0, 0)")
    lines = filled("verify", rc=1).splitlines()
    assert [line for line in lines if "usage_quarter" in line and "FAX: has 2 messages" in line] == [lines[0]]
    assert not any("ACE" in line for line in lines)


def test_rows_of_zeros_are_as_good_as_none(filled):
    filled.damage("INSERT INTO usage_day VALUES (1, 20000, 'SMS', 0, 0, 0)", "INSERT INTO usage_quarter VALUES (1, 1900000, 'SMS', 0, 0, 0)")
    filled("verify")


def test_a_broken_file_is_found(filled):
    filled.damage("INSERT INTO usage_day VALUES (77, 20000, 'SMS', 0, 0, 0)")
    assert "foreign_key_check" in filled("verify", rc=1)


def test_at_most_twenty_differences_are_printed_and_all_counted(filled):
    filled.damage("UPDATE usage_day SET messages = messages + 1")
    lines = filled("verify", rc=1).splitlines()
    count = filled.sql("SELECT count(*) FROM usage_day")[0][0]
    assert len(lines) == 22 and lines[20] == f"… and {count - 20} more"
    assert lines[21] == f"verified: 1 organization, 627 events, {count} differences"


def test_each_organization_is_named_with_its_own_differences(tmp_path):
    cli = new_cli(tmp_path, acme="America/Toronto", globex="Pacific/Apia")
    fill(cli, "acme")
    cli("import", "--org", "globex", "-", stdin='{"id":"x","occurredAt":"2026-05-20T11:30:00Z"}\n')
    cli.damage("UPDATE usage_day SET messages = 9 WHERE org = 2")
    assert cli("verify", rc=1).splitlines()[0].startswith("globex: usage_day 2026-05-21 SMS: has 9 messages")


def test_rebuild_makes_the_same_rows_again_and_leaves_an_audit_row(filled):
    tables = {t: filled.sql(f"SELECT * FROM {t} WHERE messages <> 0") for t in ("usage_day", "usage_quarter")}
    segments = filled.sql("SELECT * FROM segment")
    revision = filled.sql("SELECT revision FROM organization")[0][0]
    filled("rebuild")
    assert {t: filled.sql(f"SELECT * FROM {t} WHERE messages <> 0") for t in tables} == tables
    assert filled.sql("SELECT * FROM segment") == segments
    assert filled.sql("SELECT revision FROM organization")[0][0] > revision
    assert filled.sql("SELECT credential, detail FROM audit WHERE action = 'org.rebuild'") == [("cli", '{"days":false}')]


def test_rebuild_days_cuts_history_anew_and_says_what_moved(filled):
    filled.damage("UPDATE organization SET timezone = 'Pacific/Auckland', zone_revision = zone_revision + 1")
    out = filled("rebuild", "--days")
    assert "acme: recomputed day boundaries of Pacific/Auckland" in out
    assert "acme: segment spring/1 moved from 2026-03-01 to 2026-03-02" in out
    assert filled("verify").endswith(CLEAN)
    assert filled.sql("SELECT DISTINCT zone FROM zone_span") == [("Pacific/Auckland",)]


def test_an_empty_database_verifies(tmp_path):
    cli = new_cli(tmp_path)
    assert cli("verify") == "verified: 0 organizations, 0 events, 0 differences\n"
    cli("rebuild")
