"""daybook import: NDJSON, CSV and Twilio's message log."""
import json
import os
import subprocess
import time

import pytest

from cli_tools import COMMAND, cli, new_cli, summary  # noqa: F401 (cli is a fixture)
from model import IS_MEASURED

ONE = '{"id":"a","occurredAt":"2026-05-20T15:00:00Z"}\n'


def events(cli, columns="id", where="1"):
    return cli.sql(f"SELECT {columns} FROM event WHERE {where} ORDER BY source, id")


def lines_named(cli):
    return [line.split(": ")[0] for line in cli.err.splitlines()]


# ---- NDJSON

def test_a_file_of_events_is_counted(cli):
    cli.file("f.ndjson", ONE + '{"id":"b","occurredAt":"2026-05-20T16:00:00Z","messages":3,"parts":6,"cost":"0.05"}\n')
    assert cli("import", "f.ndjson") == "accepted 2, duplicates 0, conflicts 0, rejected 0\n"
    assert cli.sql("SELECT sum(messages), sum(parts), sum(cost_micros) FROM usage_day") == [(4, 7, 50000)]
    assert cli.sql("SELECT credential, name FROM actor") == [("cli", "")]


def test_the_same_file_again_counts_nothing_twice(cli):
    cli.file("f.ndjson", ONE)
    cli("import", "f.ndjson")
    assert summary(cli("import", "f.ndjson")) == dict(accepted=0, duplicates=1, conflicts=0, rejected=0)
    assert cli.sql("SELECT sum(messages) FROM usage_day") == [(1,)]


def test_the_same_id_with_another_body_is_a_conflict_and_named(cli):
    cli.file("f.ndjson", ONE + '{"id":"a","occurredAt":"2026-05-20T15:00:01Z"}\n')
    assert summary(cli("import", "f.ndjson", rc=1)) == dict(accepted=1, duplicates=0, conflicts=1, rejected=0)
    assert lines_named(cli) == ["f.ndjson:2"]


def test_bad_lines_are_named_with_their_numbers_and_passed_over(cli):
    cli.file("f.ndjson", ONE + "\n{nonsense\n" + '{"id":"c"}\n' + '{"id":"d","occurredAt":"2026-05-20T15:00:00Z","chanel":1}\n'
             + '{"id":"v","voids":"nobody","reason":"r"}\n' + "  \r\n" + '{"id":"e","occurredAt":"2011-05-20T15:00:00Z"}\n'
             + '{"id":"z","occurredAt":"2026-05-20T15:00:00Z"}')
    assert summary(cli("import", "f.ndjson", rc=1)) == dict(accepted=2, duplicates=0, conflicts=0, rejected=5)
    assert lines_named(cli) == [f"f.ndjson:{n}" for n in (3, 4, 5, 6, 8)]
    assert [("a",), ("z",)] == events(cli)
    assert "f.ndjson:4: occurredAt: required" in cli.err


def test_errors_come_in_the_order_of_the_file_across_batches(cli):
    rows = [json.dumps({"id": f"{i:05}", "occurredAt": "2026-05-20T15:00:00Z", **({"messages": -1} if i % 700 == 0 else {})})
            for i in range(3000)]
    cli.file("f.ndjson", "\n".join(rows))
    assert summary(cli("import", "f.ndjson", rc=1))["accepted"] == 2995
    assert lines_named(cli) == [f"f.ndjson:{i + 1}" for i in range(0, 3000, 700)]


def test_strict_stops_at_the_first_bad_line_and_keeps_what_stands_before_it(cli):
    rows = [json.dumps({"id": f"{i:05}", "occurredAt": "2026-05-20T15:00:00Z"}) for i in range(1500)]
    rows[1200] = "nonsense"
    cli.file("f.ndjson", "\n".join(rows))
    assert summary(cli("import", "f.ndjson", "--strict", rc=1)) == dict(accepted=1200, duplicates=0, conflicts=0, rejected=1)
    assert "stopped at f.ndjson:1201 (--strict)" in cli.err and "Events accepted before it are kept" in cli.err
    assert len(events(cli)) == 1200


def test_strict_stops_too_at_a_line_that_only_the_ledger_refuses(cli):
    cli.file("f.ndjson", ONE + '{"id":"v","voids":"nobody","reason":"r"}\n' + '{"id":"c","occurredAt":"2026-05-20T15:00:00Z"}\n')
    assert summary(cli("import", "f.ndjson", "--strict", rc=1)) == dict(accepted=1, duplicates=0, conflicts=0, rejected=1)
    assert events(cli) == [("a",)]
    assert cli.sql("SELECT sum(messages) FROM usage_day") == [(1,)]


def test_a_byte_order_mark_and_carriage_returns_do_no_harm(cli):
    cli.file("f.ndjson", b"\xef\xbb\xbf" + ONE.replace("\n", "\r\n").encode())
    assert summary(cli("import", "f.ndjson"))["accepted"] == 1


def test_a_line_that_is_too_long_is_one_bad_line(cli):
    cli.file("f.ndjson", "x" * 1_000_000 + "\n" + ONE)
    assert summary(cli("import", "f.ndjson", rc=1)) == dict(accepted=1, duplicates=0, conflicts=0, rejected=1)
    assert cli.err == "f.ndjson:1: line: longer than 256 KiB\n"


def test_standard_input_is_read_where_the_file_is_a_dash(cli):
    assert summary(cli("import", "-", stdin=ONE))["accepted"] == 1
    cli("import", "-", stdin="x\n", rc=1)
    assert lines_named(cli) == ["stdin:1"]


def test_a_source_is_given_to_events_that_name_none(cli):
    cli("import", "-", "--source", "mine", stdin=ONE + '{"id":"b","source":"other","occurredAt":"2026-05-20T15:00:00Z"}\n')
    assert events(cli, "source, id") == [("mine", "a"), ("other", "b")]
    cli("import", "-", "--source", "daybook:x", stdin=ONE, rc=2)


def test_a_void_may_follow_its_event_in_the_same_file(cli):
    cli("import", "-", stdin=ONE + '{"id":"v","voids":"a","reason":"twice"}\n')
    assert cli.sql("SELECT sum(messages) FROM usage_day") == [(0,)]


def test_what_cannot_be_opened_or_chosen_fails_and_says_so(cli):
    cli("import", "missing.ndjson", rc=1)
    assert "missing.ndjson: No such file" in cli.err
    cli("import", "-", "--org", "nobody", stdin=ONE, rc=1)
    assert 'there is no organization "nobody"' in cli.err
    cli("import", "-", "--format", "xml", stdin=ONE, rc=2)
    cli("import", rc=2)
    cli("import", ".", rc=1)
    assert "Is a directory" in cli.err


def test_memory_stays_constant_however_long_the_file(cli):
    with open(cli.folder / "long.ndjson", "w") as f:
        for i in range(200_000):
            f.write('{"id":"%08d","occurredAt":"2026-05-%02dT%02d:00:00Z","channel":"SMS","parts":2}\n'
                    % (i, 1 + i // 10_000, i // 1000 % 24))
    peak_kib = 0
    with open(os.devnull, "w") as null:
        process = subprocess.Popen([str(COMMAND), "import", "long.ndjson"], cwd=cli.folder, env=cli.env(), stdout=null)
        while process.poll() is None:  # ru_maxrss would count this Python too, which it was forked from
            with open(f"/proc/{process.pid}/status") as status:
                peak_kib = max([peak_kib] + [int(line.split()[1]) for line in status if line.startswith("VmHWM")])
            time.sleep(0.01)
    assert process.returncode == 0
    assert cli.sql("SELECT count(*) FROM event") == [(200_000,)]
    if IS_MEASURED:
        assert 0 < peak_kib < 48 * 1024, f"{peak_kib} KiB"


# ---- CSV

def test_csv_is_chosen_by_the_ending_of_the_name(cli):
    cli.file("f.CSV", "id,occurredAt,messages,cost\na,2026-05-20T15:00:00Z,2,0.5\nb,2026-05-20T15:00:00Z,,\n")
    assert summary(cli("import", "f.CSV"))["accepted"] == 2
    assert events(cli, "id, messages, cost_micros, cost_given") == [("a", 2, 500000, 1), ("b", 1, 0, 0)]


def test_bom_crlf_quotes_and_quoted_newlines_are_read_and_lines_counted(cli):
    text = ('\ufeffid,occurredAt,status,to,reason\r\n'
            'a,2026-05-20T15:00:00Z,failed,+14165550100,"two\r\nlines, and a ""quote"""\r\n'
            '\r\n'
            'b,2026-05-20T15:00:00Z,failed,,no number\r\n'
            '"c","2026-05-20T15:00:00Z","","",""\r\n'
            'd,2026-05-20T15:00:00Z,failed,"1","one\nmore"\r\n'
            'e,never,,,')
    cli.file("f.csv", text)
    assert summary(cli("import", "f.csv", rc=1)) == dict(accepted=3, duplicates=0, conflicts=0, rejected=2)
    assert lines_named(cli) == ["f.csv:5", "f.csv:9"]
    assert cli.sql("SELECT id, reason FROM failure ORDER BY id") == [("a", 'two\r\nlines, and a "quote"'), ("d", "one\nmore")]


def test_old_line_ends_are_counted_too(cli):
    cli.file("f.csv", "id,occurredAt\ra,2026-05-20T15:00:00Z\rb,x\rc,2026-05-20T15:00:00Z\r")
    assert summary(cli("import", "f.csv", rc=1))["accepted"] == 2
    assert lines_named(cli) == ["f.csv:3"]


def test_an_unknown_column_stops_before_anything_is_written(cli):
    cli.file("f.csv", "id,occuredAt\na,2026-05-20T15:00:00Z\n")
    cli("import", "f.csv", rc=1)
    assert 'f.csv:1: header: unknown column "occuredAt"' in cli.err
    assert events(cli) == []
    for header, what in (("id,id", "is given twice"), ("occurredAt", "the column id is missing")):
        cli.file("f.csv", header + "\na,b\n")
        cli("import", "f.csv", rc=1)
        assert what in cli.err
    cli.file("f.csv", "")
    cli("import", "f.csv", rc=1)
    assert "the file is empty" in cli.err


def test_a_record_with_too_few_or_too_many_cells_is_bad(cli):
    cli.file("f.csv", "id,occurredAt\na\nb,2026-05-20T15:00:00Z,x\nc,2026-05-20T15:00:00Z\n")
    cli("import", "f.csv", rc=1)
    assert lines_named(cli) == ["f.csv:2", "f.csv:3"] and events(cli) == [("c",)]


def test_what_is_no_number_is_judged_by_the_same_rules_as_json(cli):
    cli.file("f.csv", "id,occurredAt,messages,cost\n" + "".join(
        f"{i},2026-05-20T15:00:00Z,{cells}\n" for i, cells in enumerate(("x,", "01,", "1.5,", "0,", "2,-1", "2,1e-2", "2,.5"))))
    cli("import", "f.csv", rc=1)
    assert lines_named(cli) == ["f.csv:2", "f.csv:3", "f.csv:4", "f.csv:5", "f.csv:6"]
    assert events(cli, "id, cost_micros") == [("5", 10000), ("6", 500000)]


def test_bytes_that_are_no_utf_8_are_a_bad_record(cli):
    cli.file("f.csv", b"id,occurredAt\n\xe9,2026-05-20T15:00:00Z\nb,2026-05-20T15:00:00Z\n")
    cli("import", "f.csv", rc=1)
    assert lines_named(cli) == ["f.csv:2"] and events(cli) == [("b",)]


def test_a_quotation_mark_that_is_never_closed_is_found(cli):
    cli.file("f.csv", 'id,occurredAt\na,2026-05-20T15:00:00Z\n"b,2026-05-20T15:00:00Z\nc,x\n')
    cli("import", "f.csv", rc=1)
    assert "f.csv:3: a quotation mark is not closed" in cli.err
    cli.file("f.csv", 'id,occurredAt\n"b' + "x\n" * 2_000_000)
    cli("import", "f.csv", rc=1)
    assert "f.csv:2: a cell has more than 1 MiB" in cli.err


# ---- Twilio

HEADER = "From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price,PriceUnit\n"


def row(sid, status="delivered", direction="outbound-api", price="-0.00790", unit="USD", segments=1, to="+14165550101",
        sent="2021-03-01T12:00:00Z", code="", body="hello, \"\"you\"\""):
    return f'+14165550199,{to},"{body}",{status},{sent},2010-04-01,{segments},{code},AC1,{sid},{direction},{price},{unit}\n'


def twilio(cli, text, rc=0, **options):
    cli.file("t.csv", text)
    return cli("import", "t.csv", "--format", "twilio", rc=rc)


def test_a_message_log_becomes_events(cli):
    assert twilio(cli, HEADER + row("SM1") + row("SM2", segments=3, price="-0.02370", status="undelivered")
                  + row("SM3", segments=0, price="", unit="") + row("MM4", to="whatsapp:+14165550102", unit="usd")) == (
        "accepted 4, duplicates 0, conflicts 0, rejected 0\n"
        "skipped 0 (0 inbound, 0 never sent), adjusted 0, differ 0\n")
    assert events(cli, "source, id, channel, messages, parts, status, cost_micros, cost_given") == [
        ("twilio", "MM4", "WHATSAPP", 1, 1, "sent", 7900, 1), ("twilio", "SM1", "SMS", 1, 1, "sent", 7900, 1),
        ("twilio", "SM2", "SMS", 1, 3, "sent", 23700, 1), ("twilio", "SM3", "SMS", 1, 1, "sent", 0, 0)]
    assert events(cli, "DISTINCT occurred_at") == [(1614600000000,)]


def test_inbound_messages_and_those_never_handed_over_are_skipped_and_counted(cli):
    text = HEADER + row("SM0", direction="inbound", status="received") + row("SM1", direction="Incoming", status="received")
    for i, status in enumerate(("queued", "Accepted", "scheduled", "sending", "canceled")):
        text += row(f"SM1{i}", status=status)
    for i, direction in enumerate(("outbound-call", "outbound-reply", "Outgoing API")):
        text += row(f"SM2{i}", direction=direction, status="Sent")
    out = twilio(cli, text)
    assert out.splitlines()[1] == "skipped 7 (2 inbound, 5 never sent), adjusted 0, differ 0"
    assert summary(out)["accepted"] == 3


def test_a_failed_message_is_a_failed_event_and_costs_nothing(cli):
    twilio(cli, HEADER + row("SM1", status="failed", code="30006") + row("SM2", status="failed")
           + row("SM3", status="failed", to="whatsapp:+14165550107"))
    assert cli.sql("SELECT id, phone, reason FROM failure ORDER BY id") == [
        ("SM1", "+14165550101", "error 30006"), ("SM2", "+14165550101", "failed"), ("SM3", "+14165550107", "failed")]
    assert cli.sql("SELECT coalesce(sum(messages), 0) FROM usage_day") == [(0,)]


def test_a_sid_posted_live_is_a_duplicate_and_another_price_an_adjustment(cli):
    cli("import", "-", stdin='{"id":"SM1","source":"twilio","occurredAt":"2021-03-01T12:00:03Z","cost":"0.0079"}\n'
                             '{"id":"SM2","source":"twilio","occurredAt":"2021-03-01T12:00:03Z","cost":"0.0079"}\n')
    log = HEADER + row("SM1") + row("SM2", price="-0.0083")
    assert twilio(cli, log).splitlines() == ["accepted 0, duplicates 2, conflicts 0, rejected 0",
                                             "skipped 0 (0 inbound, 0 never sent), adjusted 1, differ 0"]
    assert cli.sql("SELECT cost_micros FROM event WHERE status = 'adjust'") == [(400,)]
    assert cli.sql("SELECT sum(messages), sum(cost_micros) FROM usage_day") == [(2, 16200)]
    assert "adjusted 0" in twilio(cli, log)
    cli("verify")


def test_oddities_are_bad_lines(cli):
    twilio(cli, HEADER + row("SM1", unit="euro") + row("SM2", price="free") + row("SM3", segments="x") + row("SM4", status="gone")
           + row("SM5", direction="sideways") + row("") + row("SM7", sent="yesterday") + row("SM8", to="messenger:1")
           + row("SM9", sent="") + row("SM10"), rc=1)
    assert lines_named(cli) == [f"t.csv:{n}" for n in range(2, 11)]
    assert "t.csv:2: PriceUnit: not a currency such as USD" in cli.err
    assert events(cli) == [("SM10",)]


def test_neither_numbers_nor_bodies_are_printed(cli):
    twilio(cli, HEADER + row("SM1", unit="euro", body="secret words") + row("SM2", status="failed", to="")
           + row("SM3", segments="secret"), rc=1)
    assert "55501" not in cli.err + cli.out and "secret" not in cli.err + cli.out
    assert len(cli.err.splitlines()) == 3


@pytest.mark.parametrize("sent", [
    "2021-03-01T12:00:00Z", "2021-03-01T12:00:00.000Z", "2021-03-01 12:00:00 UTC", "2021-03-01 12:00:00",
    '"Mon, 01 Mar 2021 12:00:00 +0000"', '"Mon, 1 Mar 2021 07:00:00 -0500"', "12:00:00 UTC 2021-03-01",
    "2021-03-01 13:00:00 +0100", "2021-03-01T12:00:00", "2021-03-01 12:00", "1 March 2021 12:00:00 GMT"])
def test_every_known_way_to_write_a_time_is_read(cli, sent):
    twilio(cli, HEADER + row("SM1", sent=sent))
    assert events(cli, "occurred_at") == [(1614600000000,)]


@pytest.mark.parametrize("sent", [
    "2021-03-01 12:00:00 EST", "2021-02-30 12:00:00", "01/03/2021 12:00", "2021-03-01", "12:00:00", "2021-03-01 12:00:00 PM",
    "2021-03-01 2021-03-01 12:00:00", "2021-03-01 25:00:00 UTC"])
def test_a_time_with_several_meanings_or_none_is_a_bad_line(cli, sent):
    twilio(cli, HEADER + row("SM1", sent=sent), rc=1)
    assert "t.csv:2: SentDate" in cli.err and events(cli) == []


def test_header_names_may_differ_in_case_blanks_and_wording(cli):
    twilio(cli, "\ufeffMessage SID,Date Sent,direction,STATUS,to,Num Segments\r\n"
                "SM1,2021-03-01 12:00:00,outbound-api,delivered,+14165550101,2\r\n")
    assert events(cli, "id, parts") == [("SM1", 2)]


def test_a_needed_column_that_is_missing_is_named_and_nothing_written(cli):
    twilio(cli, "Sid,SentDate,Direction,Status,To\nSM1,2021-03-01T12:00:00Z,outbound-api,sent,+1\n", rc=1)
    assert "t.csv:1: header: the column NumSegments is missing" in cli.err and events(cli) == []


def test_another_source_may_be_named_for_a_second_account(cli):
    cli.file("t.csv", HEADER + row("SM1"))
    cli("import", "t.csv", "--format", "twilio", "--source", "twilio-eu")
    assert events(cli, "source") == [("twilio-eu",)]


def test_the_organization_is_named_where_there_are_several(tmp_path):
    cli = new_cli(tmp_path, acme="America/Toronto", globex="Europe/Berlin")
    cli("import", "-", stdin=ONE, rc=1)
    assert "name one with --org" in cli.err
    cli("import", "-", "--org", "globex", stdin=ONE)
    assert cli.sql("SELECT o.id FROM event e JOIN organization o ON o.key = e.org") == [("globex",)]
