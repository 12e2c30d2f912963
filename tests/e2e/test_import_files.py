"""daybook import of files that spreadsheets and people have had in their hands."""
import gzip
import io
import zipfile

import pytest

from cli_tools import cli, summary  # noqa: F401 (cli is a fixture)
from test_cli_import import HEADER, events, lines_named, row, twilio

OWN = "id,occurredAt,messages,cost\na,2026-05-20T15:00:00Z,2,0.5\nb,2026-05-20T15:00:00Z,1,0.25\n"
READ = [("a", 2, 500000), ("b", 1, 250000)]


def own(cli, content, rc=0, name="f.csv"):
    cli.file(name, content)
    return cli("import", name, rc=rc)


def read(cli):
    return events(cli, "id, messages, cost_micros")


# ---- Separators and encodings

@pytest.mark.parametrize("separator", ";\t|")
def test_the_separator_is_found_in_the_first_line(cli, separator):
    own(cli, OWN.replace(",", separator))
    assert read(cli) == READ


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_that_names_the_separator_is_taken_at_its_word_and_counted(cli, first, end):
    text = OWN.replace(",", ";").replace("b;2026-05-20", "b;never")
    own(cli, (first + "\n" + text).replace("\n", end), rc=1)
    assert lines_named(cli) == ["f.csv:4"] and read(cli) == READ[:1]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_separator_within_quotation_marks_does_not_count(cli, end):
    own(cli, 'id;occurredAt;"my, own, column, of, names"\na;2026-05-20T15:00:00Z;x\n'.replace("\n", end))
    assert events(cli) == [("a",)]


def test_decimal_commas_are_read_where_the_comma_does_not_separate(cli):
    own(cli, "id;occurredAt;cost\na;2026-05-20T15:00:00Z;0,5\nb;2026-05-20T15:00:00Z;0,125\nc;2026-05-20T15:00:00Z;1,125\n", rc=1)
    assert events(cli, "id, cost_micros") == [("a", 500000), ("b", 125000)]
    assert lines_named(cli) == ["f.csv:4"], "1,125 may be more than a thousand"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_utf_16_is_read_with_and_without_its_mark(cli, encoding, mark):
    if encoding == "utf-16" and mark:
        pytest.skip("Python writes the mark itself")
    text = "id\toccurredAt\tstatus\tto\treason\r\nä😀\t2026-05-20T15:00:00Z\tfailed\t+14165550100\tGrüße 日本 😀\r\n"
    own(cli, (mark + text).encode(encoding))
    assert cli.sql("SELECT id, reason FROM failure") == [("ä😀", "Grüße 日本 😀")]


def test_half_a_character_of_utf_16_is_one_bad_line(cli):
    text = "id,occurredAt\n?,2026-05-20T15:00:00Z\n??,2026-05-20T15:00:00Z\nb,2026-05-20T15:00:00Z\n".encode("utf-16-le")
    own(cli, b"\xff\xfe" + text.replace(b"?\0?\0", b"\0\xd8\0\xd8").replace(b"?\0", b"\0\xdc"), rc=1)
    assert lines_named(cli) == ["f.csv:2", "f.csv:3"] and events(cli) == [("b",)]
    assert "f.csv:2: id: not UTF-8" in cli.err


def test_utf_16_is_read_across_all_block_edges(cli):
    text = "id,occurredAt,note\n" + "".join(f"{i:05},2026-05-20T15:00:00Z,{'😀' * (i % 7)}\n" for i in range(4000))
    own(cli, text.encode("utf-16-be"))
    assert len(events(cli)) == 4000


def test_lines_of_json_are_read_from_utf_16_too(cli):
    own(cli, '{"id":"a","occurredAt":"2026-05-20T15:00:00Z"}\r\n'.encode("utf-16"), name="f.ndjson")
    assert events(cli) == [("a",)]


def test_a_pipe_in_utf_16_is_read_twice_where_that_is_needed(cli):
    cli("import", "-", "--source", "other", stdin='{"id":"x","occurredAt":"2026-05-20T15:00:00Z"}\n')
    assert summary(cli("import", "-", "--format", "csv", stdin=OWN.encode("utf-16")))["accepted"] == 2


# ---- gzip

def test_a_file_that_gzip_has_compressed_is_unpacked_and_its_format_chosen_by_the_name(cli):
    own(cli, gzip.compress(OWN.encode()), name="f.CSV.gz")
    assert read(cli) == READ
    own(cli, gzip.compress('{"id":"c","occurredAt":"2026-05-20T15:00:00Z"}\n'.encode("utf-16")), name="f.gz")
    assert len(events(cli)) == 3


@pytest.mark.parametrize("rest", [0, 100, 40000])
def test_members_one_after_the_other_are_one_file_and_zeros_are_padding(cli, rest):
    text = OWN.encode()
    own(cli, gzip.compress(text[:30]) + gzip.compress(text[30:]) + bytes(rest), name="f.csv.gz")
    assert read(cli) == READ


def test_a_pipe_in_gzip_is_read_twice_where_that_is_needed(cli):
    cli("import", "-", "--source", "other", stdin='{"id":"a","occurredAt":"2026-05-20T15:00:00Z"}\n')
    packed = gzip.compress("".join(f'{{"id":"{i}","occurredAt":"2026-05-20T15:00:00Z"}}\n' for i in range(5000)).encode())
    assert summary(cli("import", "-", stdin=packed))["accepted"] == 5000
    cli("import", "-", stdin=gzip.compress(b'{"id":"a","occurredAt":"2026-05-20T15:00:00Z"}\n'), rc=1)
    assert 'under "other"' in cli.err


def test_gzip_that_is_cut_short_or_damaged_says_so_and_keeps_what_came_before(cli):
    lines = "".join(f'{{"id":"{i * 7919 % 99991}","occurredAt":"2026-05-20T15:00:00Z"}}\n' for i in range(20000)).encode()
    packed = gzip.compress(lines)
    assert len(packed) > 65536
    assert 0 < summary(own(cli, packed[:-20000], rc=1, name="f.gz"))["accepted"] < 20000
    assert "the gzip file is cut short" in cli.err
    own(cli, packed[:50000] + b"\0\0\0\0" + packed[50004:], rc=1, name="f.gz")
    assert "the gzip file is damaged" in cli.err
    own(cli, packed[:-8] + bytes(8), rc=1, name="f.gz")
    assert "the gzip file is damaged" in cli.err
    assert summary(own(cli, packed, name="f.gz"))["duplicates"] > 0 and len(events(cli)) == 20000


def test_what_is_packed_in_gzip_is_named_too(cli):
    for content, word in ((b"<html>", "HTML"), (gzip.compress(b"x"), "gzip twice"), (b"", "the file is empty")):
        own(cli, gzip.compress(content), rc=1, name="f.csv.gz")
        assert word in cli.err


# ---- Columns that are needed, and those that are not

def test_columns_of_a_person_are_reported_and_not_read(cli):
    own(cli, "my note;id;occurredAt;colour\nx;a;2026-05-20T15:00:00Z;red\n")
    assert events(cli) == [("a",)] and cli.err == "f.csv: columns that are not read: my note, colour\n"


@pytest.mark.parametrize("slip, name", [("mesages", "messages"), ("Messages", "messages"), ("messagse", "messages"), ("part", "parts"),
                                        ("campaignID", "campaignId"), ("coste", "cost")])
def test_a_slip_is_no_column_of_a_person(cli, slip, name):
    own(cli, f"id,occurredAt,{slip}\na,2026-05-20T15:00:00Z,2\n", rc=1)
    assert f'f.csv:1: header: unknown column "{slip}"; perhaps {name} is meant' in cli.err and events(cli) == []


def test_a_cell_that_is_not_read_may_hold_anything(cli):
    text = (HEADER + row("SM1", body="BODY") + row("SM2", body="\0")).encode().replace(b"BODY", b"Gr\xfc\xdfe f\xfcr 5 \x80")
    assert summary(twilio(cli, text))["accepted"] == 2
    bad = (HEADER + row("SM3", to="TO")).encode().replace(b"TO,", b"\xfc,")
    twilio(cli, bad, rc=1)
    assert "t.csv:2: To: not UTF-8" in cli.err


def test_empty_cells_past_the_header_and_empty_records_are_passed_over(cli):
    text = HEADER.rstrip("\n") + "\n" + row("SM1").rstrip("\n") + ",,\n" + ",,,,,,,,,,,,\n" + ",,\n" + row("SM2").rstrip("\n") + ",x\n"
    twilio(cli, text, rc=1)
    assert events(cli) == [("SM1",)] and lines_named(cli) == ["t.csv:5"]


def test_ids_and_times_that_a_spreadsheet_has_rewritten_are_named(cli):
    own(cli, "id,occurredAt\n1.23457E+17,2026-05-20T15:00:00Z\n12E5,2026-05-20T15:00:00Z\n", rc=1)
    assert "f.csv:2: id: rounded by a spreadsheet" in cli.err and events(cli) == [("12E5",)]
    twilio(cli, HEADER + row("1,23457E+17").replace("1,2", '"1,2').replace("+17,", '+17",') + row("SM2", sent="11/1/2026 12:00"), rc=1)
    assert "t.csv:2: id: rounded by a spreadsheet" in cli.err
    assert "t.csv:3: SentDate: not a time" in cli.err and "do not save it there" in cli.err


@pytest.mark.parametrize("price, micros", [("-0,0079", 7900), ("0,01", 10000), ("-0.0079", 7900)])
def test_a_price_with_a_decimal_comma_is_read(cli, price, micros):
    twilio(cli, HEADER.replace(",", ";") + row("SM1", price="PRICE").replace(",", ";").replace("PRICE", price))
    assert events(cli, "cost_micros") == [(micros,)]


# ---- What is no CSV

def workbook():
    to = io.BytesIO()
    with zipfile.ZipFile(to, "w") as z:
        z.writestr(zipfile.ZipInfo("xl/workbook.xml"), "x")  # with no date of now: it is part of the test's name
    return to.getvalue()


@pytest.mark.parametrize("content, word", [
    (workbook(), "Excel workbook (.xlsx)"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel workbook"), (b"%PDF-1.7\n", "a PDF"),
    (b"\n<!DOCTYPE html><html>", "a page in HTML"), (b'<?xml version="1.0"?>', "XML"), (b"SQLite format 3\0", "SQLite database"),
    (b"BZh91AY", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd\0", "zstd"), (b'[{"id":"a"}]', "one JSON array")])
@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_a_file_that_is_something_else_is_named(cli, content, word, ending):
    own(cli, content + bytes(100), rc=1, name="f." + ending)
    assert cli.err.startswith(f"daybook: f.{ending}: this is ") and word in cli.err and cli.err.count("\n") == 1
    assert events(cli) == []


def test_csv_and_json_that_are_taken_for_each_other_are_named(cli):
    own(cli, '{"id":"a","occurredAt":"2026-05-20T15:00:00Z"}\n', rc=1)
    assert "f.csv:1: this is JSON, not CSV; --format ndjson" in cli.err
    for text in (OWN, OWN.replace(",", ";"), HEADER):
        own(cli, text, rc=1, name="f.txt")
        assert "f.txt:1: this is CSV; choose its format by --format csv or --format twilio" in cli.err
    own(cli, HEADER + row("SM1"), rc=1)
    assert "the column id is missing; for an export of Twilio use --format twilio" in cli.err
    assert events(cli) == []
