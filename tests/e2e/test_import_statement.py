"""daybook import --format twilio, as a statement: it settles price, parts and status of messages that are in the ledger."""
import json

import pytest

from cli_tools import cli, summary  # noqa: F401 (cli is a fixture)
from test_cli_import import HEADER, row, twilio

AT = "2021-03-01T12:00:03Z"
FAILED = {"status": "failed", "to": "+14165550101", "reason": "no route"}


def posted(cli, *events):
    """Events that a program posted live, with the source that the statement has."""
    cli("import", "-", stdin="".join(json.dumps(
        {"source": "twilio", **({} if "voids" in e else {"occurredAt": AT}), **e}) + "\n" for e in events))


def sums(cli):
    return cli.sql("SELECT coalesce(sum(messages), 0), coalesce(sum(parts), 0), coalesce(sum(cost_micros), 0) FROM usage_day")[0]


def statement(cli, *rows, rc=0):
    """Imports it; the number of lines that were settled, that differ, and that were passed over."""
    lines = twilio(cli, HEADER + "".join(rows), rc=rc).splitlines()
    words = lines[1].replace(",", "").split()
    over = [int(line.split()[2]) for line in lines[2:] if line.startswith("passed over")]
    errors = cli.err
    cli("verify")
    cli.err = errors
    return int(words[words.index("adjusted") + 1]), int(words[words.index("differ") + 1]), over[0] if over else 0


def test_parts_and_price_settle_in_one_row(cli):
    posted(cli, {"id": "SM1", "cost": "0.0079"}, {"id": "SM2"})
    assert statement(cli, row("SM1", segments=3, price="-0.0237"), row("SM2", segments=1, price="-0.0079")) == (2, 0, 0)
    assert cli.sql("SELECT source, id, settles_id, messages, parts, cost_micros, cost_given FROM event WHERE status = 'adjust' ORDER BY id") == [
        ("daybook:adjust:twilio", "SM1\x1f1", "SM1", 0, 2, 15800, 1), ("daybook:adjust:twilio", "SM2\x1f1", "SM2", 0, 0, 7900, 1)]
    assert sums(cli) == (2, 4, 31600)
    assert statement(cli, row("SM1", segments=3, price="-0.0237"), row("SM2")) == (0, 0, 0), "the same again adds nothing"
    assert statement(cli, row("SM1", segments=4, price="-0.0316")) == (1, 0, 0)
    assert sums(cli) == (2, 5, 39500)


def test_a_log_that_was_exported_before_the_messages_were_through_and_again_after(cli):
    cli("price", "set", "SMS", "0.0079", "--from", "2012-01-01")
    early = HEADER + row("SM1", status="sent", segments=0, price="", unit="") + row("SM2", status="sent", segments=0, price="", unit="")
    assert summary(twilio(cli, early))["accepted"] == 2
    assert sums(cli) == (2, 2, 15800)
    assert statement(cli, row("SM1", segments=0, price="", unit=""), row("SM2", segments=2, price="", unit="")) == (1, 0, 0)
    assert sums(cli) == (2, 3, 3 * 7900), "parts without a price are priced by the list"
    assert statement(cli, row("SM1", segments=3, price="-0.0237"), row("SM2", segments=2, price="-0.0140")) == (2, 0, 0)
    assert sums(cli) == (2, 5, 23700 + 14000)


def test_a_message_that_was_delivered_although_it_had_failed_here(cli):
    posted(cli, {"id": "SM1", **FAILED}, {"id": "SM2", **FAILED})
    assert statement(cli, row("SM1", segments=2, price="-0.0158"), row("SM2", status="failed", code="30006")) == (1, 0, 0)
    assert sums(cli) == (1, 2, 15800) and cli.sql("SELECT id FROM failure") == [("SM2",)]
    assert statement(cli, row("SM1", segments=2, price="-0.0158")) == (0, 0, 0)


def test_what_cannot_be_settled_differs_and_is_named_and_the_rest_is_settled(cli):
    posted(cli, {"id": "SM1"}, {"id": "SM2", "messages": 3}, {"id": "SM3", "channel": "WHATSAPP"}, {"id": "SM4"},
           {"id": "SM5"}, {"id": "SM6", "voids": "SM5", "reason": "r"})
    rows = [row("SM1", status="failed"), row("SM2"), row("SM3"), row("SM4"), row("SM6")]
    assert statement(cli, *rows, rc=1) == (1, 4, 0)
    assert cli.err.splitlines() == [
        "t.csv:2: differs: status: failed, but the ledger has it as sent",
        "t.csv:3: differs: messages: one, but the ledger has more under this id",
        "t.csv:4: differs: channel: not the one that the ledger has",
        "t.csv:6: differs: id: in the ledger it is a void or a settlement"]
    assert sums(cli) == (6, 6, 7900)
    cli("verify")


def test_strict_stops_at_a_line_that_differs(cli):
    posted(cli, {"id": "SM1"}, {"id": "SM2"}, {"id": "SM3"})
    cli.file("t.csv", HEADER + row("SM1") + row("SM2", status="failed") + row("SM3"))
    cli("import", "t.csv", "--format", "twilio", "--strict", rc=1)
    assert "stopped at t.csv:3 (--strict)" in cli.err and sums(cli) == (3, 3, 7900)


def test_voided_messages_are_passed_over_and_counted(cli):
    posted(cli, {"id": "SM1"}, {"id": "v", "voids": "SM1", "reason": "r"})
    assert statement(cli, row("SM1", segments=3)) == (0, 0, 1)
    assert sums(cli) == (0, 0, 0)


def test_a_settled_message_is_repriced_only_without_a_price_of_the_carrier(cli):
    cli("price", "set", "SMS", "0.0079", "--from", "2012-01-01")
    posted(cli, {"id": "SM1"}, {"id": "SM2"}, {"id": "SM3"})
    cli("price", "set", "SMS", "0.01", "--from", "2012-01-01", "--reprice")
    assert statement(cli, row("SM1", segments=2, price="", unit=""), row("SM2", price="-0.005")) == (2, 0, 0)
    assert sums(cli) == (3, 4, 20000 + 5000 + 10000)
    cli("price", "set", "SMS", "0.02", "--from", "2012-01-01", "--reprice")
    assert sums(cli) == (3, 4, 40000 + 5000 + 20000)
    posted(cli, *({"id": f"v{i}", "voids": f"SM{i}", "reason": "r"} for i in (1, 2, 3)))
    assert sums(cli) == (0, 0, 0)
    cli("verify")


def test_settlements_in_a_file_of_events_pass_over_a_voided_event_too(cli):
    posted(cli, {"id": "a"}, {"id": "v", "voids": "a", "reason": "r"}, {"id": "b"})
    cli.file("s.csv", "id,source,settles,parts,cost\ns,twilio,a,2,\nt,twilio,b,2,0.5\n")
    assert cli("import", "s.csv").splitlines() == ["accepted 1, duplicates 0, conflicts 0, rejected 0", "passed over 1 of voided events"]
    assert sums(cli) == (1, 2, 500000)
    cli.file("s.csv", "id,source,settles,parts,cost\nu,twilio,nothing,2,\n")
    assert summary(cli("import", "s.csv", rc=1))["rejected"] == 1


# ---- Prices

def test_messages_in_other_currencies_count_and_their_prices_are_left_out(cli):
    cli("price", "set", "SMS", "0.0079", "--from", "2012-01-01")
    posted(cli, {"id": "SM3", "cost": "0.5"}, {"id": "SM4"})
    rows = [row("SM1", unit="EUR", price="-0.0075", segments=2), row("SM2", unit="eur"), row("SM3", unit="GBP"),
            row("SM4", unit="GBP", segments=2), row("SM5", unit="EUR", price=""), row("SM6", unit="usd", price="-0.01")]
    out = twilio(cli, HEADER + "".join(rows))
    assert summary(out) == dict(accepted=4, duplicates=2, conflicts=0, rejected=0)
    assert out.splitlines()[2:] == [
        "left out 2 prices in EUR; Daybook counts US dollars, and used its own prices",
        "left out 2 prices in GBP; Daybook counts US dollars, and used its own prices"]
    assert sums(cli) == (6, 8, 2 * 7900 + 7900 + 500000 + 2 * 7900 + 7900 + 10000)
    assert twilio(cli, HEADER + "".join(rows)).splitlines()[1].endswith("adjusted 0, differ 0")
    cli("verify")


def test_more_currencies_than_fit_are_counted_together(cli):
    codes = ["A" + chr(ord("A") + i) + "X" for i in range(12)]
    out = twilio(cli, HEADER + "".join(row(f"SM{i}", unit=code) for i, code in enumerate(codes)))
    lines = [line for line in out.splitlines() if line.startswith("left out")]
    assert len(lines) == 8 and lines[0].startswith("left out 1 prices in AAX;") and lines[7].startswith("left out 5 prices in others;")


@pytest.mark.parametrize("price, micros", [("None", None), ("null", None), ('"-0,0079"', 7900), ("-7.9E-03", 7900), ("$0.0079", 7900),
                                           ("-$.0079", 7900), ("$-0.0079", 7900)])
def test_a_price_is_read_as_scripts_and_spreadsheets_write_it(cli, price, micros):
    twilio(cli, HEADER + row("SM1", price=price))
    assert cli.sql("SELECT cost_micros, cost_given FROM event") == [(micros or 0, int(micros is not None))]


@pytest.mark.parametrize("price", ["--0.1", "0.1-", "$", "1,234", '"1,234"', "$$1", "-1e", "EUR 1"])
def test_a_price_that_has_several_meanings_or_none_is_a_bad_line(cli, price):
    assert statement(cli, row("SM1", price=price), rc=1) == (0, 0, 0)
    assert cli.sql("SELECT 1 FROM event") == []
