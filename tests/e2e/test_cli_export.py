"""daybook export: what it writes, and that import reads it again."""
import csv
import io
import json

import pytest

from cli_tools import cli, new_cli  # noqa: F401 (cli is a fixture)

LEDGER = "SELECT source, id, occurred_at, channel, messages, parts, status, cost_micros, campaign_given, segment_given, " \
    "voids_id, detail_sha256 FROM event WHERE status <> 'adjust' ORDER BY source, id"
DAYS = "SELECT day, channel, messages, parts, cost_micros FROM usage_day WHERE messages <> 0 OR cost_micros <> 0 ORDER BY 1, 2"

TRAFFIC = [
    {"id": "z", "occurredAt": "2026-05-20T15:00:00Z", "messages": 2, "parts": 4},
    {"id": "a-void", "voids": "z", "reason": 'twice, "really"'},
    {"id": "b", "source": "crm", "occurredAt": "2026-05-20T03:59:59.999Z", "channel": "CALL", "parts": 7, "cost": "0.1"},
    {"id": "c", "source": "crm", "occurredAt": "2026-05-20T04:00:00Z", "status": "failed", "to": "+14165550100", "reason": "opted\nout"},
    {"id": " d,\u00e9", "source": "crm", "occurredAt": "2026-05-21T03:59:59Z", "campaignId": "spring", "segmentNumber": 2},
    {"id": "e", "source": "crm", "occurredAt": "2026-05-22T12:00:00Z", "status": "failed", "to": "+14165550101", "reason": "r"},
    {"id": "e-void", "source": "crm", "voids": "e", "reason": "was none"},
]


def fill(cli, traffic=TRAFFIC):
    cli("price", "set", "SMS", "0.0079", "--from", "2026-01-01")
    cli("import", "-", stdin="".join(json.dumps(e) + "\n" for e in traffic))


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_import_of_an_export_makes_the_same_ledger(tmp_path, form):
    ours = new_cli(tmp_path, "ours.db", acme="America/Toronto")
    fill(ours)
    ours.file(f"out.{form}", ours("export", "--format", form))
    theirs = new_cli(tmp_path, "theirs.db", acme="America/Toronto")
    assert theirs("import", f"out.{form}").startswith("accepted 7, duplicates 0, conflicts 0, rejected 0\n")
    # The failure that was voided is no longer kept: it went out as erased, so that its hash is another one.
    assert [r[:-1] for r in theirs.sql(LEDGER)] == [r[:-1] for r in ours.sql(LEDGER)]
    assert [r for r in theirs.sql(LEDGER) if r[1] != "e"] == [r for r in ours.sql(LEDGER) if r[1] != "e"]
    assert theirs.sql(DAYS) == ours.sql(DAYS)
    assert theirs.sql("SELECT source, id, phone, reason FROM failure") == ours.sql("SELECT source, id, phone, reason FROM failure")
    theirs("verify")
    assert theirs("export", "--format", form) == ours("export", "--format", form)


SETTLED = TRAFFIC + [
    {"id": "0s", "source": "crm", "settles": "c", "status": "sent", "parts": 3},
    {"id": "t", "source": "crm", "settles": "b", "cost": "0.3"}, {"id": "s", "source": "crm", "settles": "b", "cost": "0.2", "parts": 9},
    {"id": "g", "occurredAt": "2026-05-20T15:00:00Z"}, {"id": "g2", "settles": "g", "parts": 2},
    {"id": "h", "occurredAt": "2026-05-20T15:00:00Z"}, {"id": "z1", "settles": "h", "cost": 1}, {"id": "a2", "voids": "h", "reason": "r"},
]


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_import_of_an_export_into_its_own_database_changes_nothing(tmp_path, form):
    ours = new_cli(tmp_path, "ours.db", acme="America/Toronto")
    fill(ours, SETTLED)
    ours("price", "set", "SMS", "0.0100", "--from", "2026-01-01", "--reprice")
    ours.file(f"out.{form}", ours("export", "--format", form))
    before = ours.sql("SELECT * FROM event ORDER BY org, source, id")
    assert ours("import", f"out.{form}") == f"accepted 0, duplicates {len(SETTLED)}, conflicts 0, rejected 0\n"
    assert ours.sql("SELECT * FROM event ORDER BY org, source, id") == before


def test_figures_that_neither_stand_nor_were_posted_are_a_conflict(tmp_path):
    ours = new_cli(tmp_path, "ours.db", acme="America/Toronto")
    fill(ours, SETTLED)
    line = next(line for line in ours("export").splitlines() if '"id":"b"' in line)
    for other in (line.replace('"parts":9', '"parts":8'), line.replace('"cost":0.2', '"cost":0.1')):
        assert other != line
        assert "conflicts 1" in ours("import", "-", stdin=other + "\n", rc=1)
    assert "duplicates 1, conflicts 0" in ours("import", "-", stdin=line + "\n")


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_settled_events_keep_their_figures_and_settlements_their_ids(tmp_path, form):
    ours = new_cli(tmp_path, "ours.db", acme="America/Toronto")
    fill(ours, SETTLED)
    ours("price", "set", "SMS", "0.0100", "--from", "2026-01-01", "--reprice")
    ours.file(f"out.{form}", ours("export", "--format", form))
    theirs = new_cli(tmp_path, "theirs.db", acme="America/Toronto")
    assert theirs("import", f"out.{form}").startswith("accepted 15, duplicates 0, conflicts 0, rejected 0\n")
    assert theirs.sql(DAYS) == ours.sql(DAYS)
    assert theirs("export", "--format", form) == ours("export", "--format", form)
    assert theirs.sql("SELECT source, id, settles_id FROM event WHERE status = 'adjust' ORDER BY 1, 2") == \
        ours.sql("SELECT source, id, settles_id FROM event WHERE status = 'adjust' AND settles_id IS NOT NULL ORDER BY 1, 2")
    assert theirs.sql("SELECT sum(abs(messages) + abs(parts) + abs(cost_micros)) FROM event WHERE status = 'adjust'") == [(0,)]
    for cli in (ours, theirs):
        cli("verify")


def test_a_settlement_stands_behind_its_event_and_before_its_void_and_adjustments_are_differences(cli):
    fill(cli, SETTLED)
    rows = [json.loads(line) for line in cli("export").splitlines()]
    assert [r["id"] for r in rows if r["id"] in ("h", "z1", "a2")] == ["h", "z1", "a2"]
    assert {"id": "s", "source": "crm", "settles": "b", "parts": 9, "cost": 0.2} in rows
    assert {"id": "t", "source": "crm", "settles": "b", "parts": 9, "cost": 0.2} in rows, "in any order they end alike"
    rows = {r["id"]: r for r in map(json.loads, cli("export", "--adjustments").splitlines())}
    assert (rows["b"]["parts"], rows["b"]["cost"], rows["c"]["status"]) == (7, 0.1, "failed")
    assert [(rows[id]["status"], rows[id]["settles"], rows[id]["parts"], rows[id]["cost"]) for id in ("t", "s")] == [
        ("adjust", "b", 0, 0.2), ("adjust", "b", 2, -0.1)]
    assert (rows["0s"]["messages"], rows["0s"]["parts"]) == (1, 3)


def test_a_void_stands_behind_its_event_even_where_its_id_sorts_before(cli):
    fill(cli)
    ids = [json.loads(line)["id"] for line in cli("export").splitlines()]
    assert ids == ["b", "c", "z", "a-void", " d,\u00e9", "e", "e-void"]


def test_the_range_is_of_local_days_and_inclusive(cli):
    fill(cli)
    first = [json.loads(line)["id"] for line in cli("export", "--from", "2026-05-20", "--to", "2026-05-20").splitlines()]
    assert first == ["c", "z", "a-void", " d,\u00e9"]
    assert [json.loads(line)["id"] for line in cli("export", "--to", "2026-05-19").splitlines()] == ["b"]
    assert cli("export", "--from", "2026-05-23") == ""


def test_pages_join_without_gap_or_repetition(cli):
    traffic = [{"id": f"{i * 7919 % 5000:05}", "source": f"s{i % 3}", "occurredAt": f"2026-05-20T15:00:{i // 2500:02}Z"}
               for i in range(5000)]
    fill(cli, traffic)
    rows = [json.loads(line) for line in cli("export").splitlines()]
    assert len({(r["source"], r["id"]) for r in rows}) == len(rows) == 5000
    assert [r["occurredAt"] for r in rows] == sorted(r["occurredAt"] for r in rows)


def test_csv_has_the_fields_names_and_quotes_what_needs_it(cli):
    fill(cli)
    text = cli("export", "--format", "csv")
    assert text.startswith("\ufeffid,")
    rows = list(csv.DictReader(io.StringIO(text[1:], newline="")))
    assert list(rows[0]) == ["id", "source", "channel", "occurredAt", "messages", "parts", "status", "cost", "campaignId",
                             "segmentNumber", "to", "reason", "voids", "settles", "localTime", "from", "network", "tag"]
    assert rows[1]["reason"] == "opted\nout" and rows[1]["cost"] == "" and rows[1]["to"] == "+14165550100"
    assert rows[3]["voids"] == "z" and rows[3]["reason"] == 'twice, "really"' and rows[3]["occurredAt"] == ""
    assert rows[4]["id"] == " d,\u00e9" and rows[4]["campaignId"] == "spring" and rows[4]["segmentNumber"] == "2"


def test_a_blanked_failure_is_exported_as_erased(cli):
    fill(cli)
    cli.sql("UPDATE failure SET phone = '', reason = '' WHERE id = 'c'")
    row = [json.loads(line) for line in cli("export").splitlines()][1]
    assert (row["to"], row["reason"]) == ("erased", "erased")


def test_costs_add_up_to_the_day_book_with_and_without_adjustments(cli):
    fill(cli)
    cli("price", "set", "SMS", "0.0100", "--from", "2026-01-01", "--reprice")
    total = cli.sql("SELECT sum(cost_micros) FROM usage_day")[0][0]
    plain = [json.loads(line) for line in cli("export").splitlines()]
    assert not any(r.get("status") == "adjust" for r in plain)
    voided = {r["voids"] for r in plain if "voids" in r}
    assert round(sum(r.get("cost", 0) for r in plain if r["id"] not in voided) * 1e6) == total
    rows = [json.loads(line) for line in cli("export", "--adjustments").splitlines()]
    assert any(r.get("status") == "adjust" and r["source"] == "daybook:reprice" for r in rows)
    assert {r["cost"] for r in rows if r.get("channel") == "SMS" and r.get("status") == "sent"} == {0.0316, 0.0079}


def test_wrong_options_are_refused(cli):
    cli("export", "--format", "xml", rc=2)
    cli("export", "--from", "2026-05-32", rc=2)
    cli("export", "--from", "2026-05-02", "--to", "2026-05-01", rc=2)
    cli("export", "--org", "nobody", rc=1)


@pytest.mark.parametrize("at, local", [
    ("2026-03-08T06:59:59.999Z", "2026-03-08 01:59:59"), ("2026-03-08T07:00:00Z", "2026-03-08 03:00:00"),    # EST to EDT
    ("2026-11-01T05:59:59Z", "2026-11-01 01:59:59"), ("2026-11-01T06:00:00Z", "2026-11-01 01:00:00"),
    ("2026-05-20T03:59:59Z", "2026-05-19 23:59:59"), ("2026-05-20T04:00:00Z", "2026-05-20 00:00:00"), ("2012-01-01T00:00:00Z", "2011-12-31 19:00:00")])
def test_csv_has_the_organization_s_day_and_time(cli, at, local):
    cli("import", "-", stdin=json.dumps({"id": "a", "occurredAt": at}) + "\n")
    assert cli("export", "--format", "csv").splitlines()[1].endswith("," + local + ",,,")
    cli.file("own.csv", cli.out)
    assert cli("import", "own.csv") == "accepted 0, duplicates 1, conflicts 0, rejected 0\n" and cli.err == ""
    cli.file("sheet.csv", cli("export", "--format", "csv")[1:].replace(",", ";").encode("utf-16"))
    assert cli("import", "sheet.csv") == "accepted 0, duplicates 1, conflicts 0, rejected 0\n"


def test_a_report_adds_up_to_the_costs_of_all_channels_and_is_the_file_of_the_api(tmp_path, daybook):
    ours = new_cli(tmp_path, "ours.db", acme="America/Toronto")
    ours("price", "set", "EMAIL", "0.001", "--from", "2026-01-01")
    fill(ours, SETTLED + [{"id": "m", "channel": "EMAIL", "occurredAt": "2026-05-20T15:00:00Z", "messages": 7}])
    text = ours("export", "--report")
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""), strict=True))
    assert "settles" not in rows[0] and {r["status"] for r in rows} == {"sent", "failed", "void"}
    for channel, messages, parts, cost in ours.sql("SELECT channel, sum(messages), sum(parts), sum(cost_micros) FROM usage_day GROUP BY 1"):
        mine = [r for r in rows if r["channel"] == channel]
        assert sum(round(float(r["cost"] or 0) * 1e6) for r in mine) == cost, channel
        assert sum(int(r["messages"]) for r in mine if r["status"] != "failed") == messages, channel
    bare = [r for r in csv.DictReader(io.StringIO(ours("export", "--format", "csv").lstrip("\ufeff"), newline="")) if r["voids"]]
    assert bare and {r["cost"] for r in bare} == {""}, "an import refuses figures of a void"
    for options in (("--adjustments",), ("--format", "ndjson")):
        ours("export", "--report", *options, rc=2)
    assert ours("export", "--report", "--format", "csv") == text
