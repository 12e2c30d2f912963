"""`from`, `network` and `tag` of events: on every way in, in every list and export, and in the rows of corrections."""
import csv
import io
import json

import pytest

from cli_tools import cli, new_cli, summary  # noqa: F401 (cli is a fixture)
from event_poster import ABSENT, CLOUDEVENT, CLOUDEVENTS, NDJSON, Poster, event, post, row, shared, show, void  # noqa: F401
from model import check_ledger, iso, now
from test_cli_import import HEADER
from test_cli_import import row as log_row
from test_import_reports import CALLS, call, report

ORIGIN = {"from": "+14165550199", "network": "T-Mobile", "tag": "marketing-emea"}
COLUMNS = "sender, network, tag"


def cloud(name, **data):
    return {"specversion": "1.0", "type": "daybook.event", "id": name, "source": "s", "time": event("x")["occurredAt"], "data": data}


def listed(post, **query):
    reply = post.daybook.cgi("events-list", "GET", "/api/events", {"from": iso(now() - 86400000)[:10], "to": iso(now() + 86400000)[:10],
                                                                   **query}, token=post.token)
    assert reply.status == 200, reply
    return reply


# ---- In and out

def test_every_form_of_a_body_takes_them_and_the_list_shows_them(post):
    post.counts(event("one", **ORIGIN), 1)
    post.counts({"events": [event("list", **ORIGIN)]}, 1)
    post.counts(json.dumps(event("line", **ORIGIN)) + "\n", 1, headers=NDJSON)
    post.counts(cloud("cloud", **ORIGIN), 1, headers=CLOUDEVENT)
    post.counts([cloud("clouds", **ORIGIN)], 1, headers=CLOUDEVENTS)
    post.counts(ORIGIN, 1, headers={"CE-SpecVersion": "1.0", "CE-Type": "daybook.event", "CE-Id": "binary", "CE-Source": "s",
                                    "CE-Time": event("x")["occurredAt"]})
    post.counts(event("failed", status="failed", to="+15550100", reason="r", **ORIGIN), 1)
    assert set(post.daybook.sql(f"SELECT {COLUMNS} FROM event")) == {tuple(ORIGIN.values())}
    events = listed(post).json["data"]["events"]
    assert len(events) == 7 and all({name: e[name] for name in ORIGIN} == ORIGIN and list(e)[-4:] == ["voids", *ORIGIN] for e in events)
    check_ledger(post.daybook)


def test_an_event_without_them_is_listed_as_before(post):
    post.counts([event("a"), event("b", **{"from": None, "network": None, "tag": None}), event("c", tag="t")], 3)
    events = listed(post).json["data"]["events"]
    assert [[name for name in ORIGIN if name in e] for e in events] == [[], [], ["tag"]]
    assert post.daybook.sql(f"SELECT {COLUMNS} FROM event WHERE id <> 'c'") == [(None, None, None)] * 2


def test_a_retry_with_the_same_ones_is_a_duplicate_and_null_is_absent(post):
    post.counts([event("a", **ORIGIN), event("a", **ORIGIN), event("b"), event("b", **{"from": None, "tag": None})], 2, 2)


def test_corrections_take_them_over_and_are_verified(post):
    post.counts([event("a", source="s", **ORIGIN), event("b", source="s", **ORIGIN)], 2)
    post.counts([{"id": "set", "source": "s", "settles": "a", "parts": 3, "cost": "0.02"}, void("v", "b", source="s")], 2)
    assert post.daybook.sql(f"SELECT DISTINCT {COLUMNS} FROM event") == [tuple(ORIGIN.values())]
    post.daybook.cmd("verify")


# ---- What they may be

GOOD = [("from", "+1"), ("from", "x" * 255), ("from", "\u00e9" * 127), ("from", "Caf\u00e9 \U0001f600 <a@b.example>"), ("from", "'; DROP TABLE event;--"),
        ("from", " "), ("network", "n" * 64), ("network", "\u00e9" * 64), ("network", "\U0001f600" * 64), ("tag", "t" * 64), ("tag", "\u65e5" * 64),
        ("tag", "\u0627\u0644\u062a\u0633\u0648\u064a\u0642"), ("tag", "=1+1"), ("tag", "a,b;c|d")]
WRONG = [5, True, [], {}, "", "a\tb", "a\nb", "\u007f", "\u0085", "\u2028", "\u202e"]
BAD = [(name, value) for name in ORIGIN for value in WRONG] + [
    ("from", "x" * 256), ("from", "\u00e9" * 128), ("network", "n" * 65), ("network", "\u00e9" * 65), ("tag", "t" * 65), ("tag", "\U0001f600" * 65),
    ("tag", "t" * 5000), ("sender", "x"), ("From", "x"), ("tags", "x")]


@pytest.mark.parametrize("field, value", GOOD, ids=[f"{f} {show(v)}" for f, v in GOOD])
def test_a_good_value_is_stored_as_it_is(shared, field, value):
    id = f"good {field} {GOOD.index((field, value))}"
    shared.counts(event(id, **{field: value}), 1)
    assert row(shared.daybook, id, {"from": "sender"}.get(field, field)) == (value,)
    shared.counts(event(id, **{field: value}), 0, 1)


@pytest.mark.parametrize("field, value", BAD, ids=[f"{f} {show(v)}" for f, v in BAD])
def test_a_bad_value_is_refused_by_its_field(shared, field, value):
    before = shared.daybook.sql("SELECT count(*) FROM event")
    shared.refused(event("bad", **{field: value}), f"{field}: ")
    assert shared.daybook.sql("SELECT count(*) FROM event") == before


@pytest.mark.parametrize("field", ORIGIN)
@pytest.mark.parametrize("correction, what", [({"voids": "a", "reason": "r"}, "void"), ({"settles": "a", "parts": 2}, "settlement")])
def test_a_correction_must_not_have_one(shared, field, correction, what):
    shared.refused({"id": "x", **correction, field: "f"}, f"{field}: not allowed in a {what}; the event's own counts")


# ---- Exports and imports

def test_an_export_is_imported_again_with_them(cli, tmp_path):
    cli("import", "-", stdin="".join(json.dumps(e) + "\n" for e in (
        event("a", source="s", **ORIGIN), event("b", source="s", tag="t"), event("c", source="s"),
        event("f", source="s", status="failed", to="+15550100", reason="r", **ORIGIN), event("g", source="s", **ORIGIN),
        {"id": "v", "source": "s", "voids": "a", "reason": "r"}, {"id": "set", "source": "s", "settles": "g", "cost": "0.5"})))
    rows = cli.sql(f"SELECT source, id, status, {COLUMNS} FROM event ORDER BY source, id")
    for form in ("ndjson", "csv"):
        exported = cli("export", "--format", form)
        other = new_cli(tmp_path, f"{form}.db", acme="America/Toronto")
        assert summary(other("import", "-", "--format", form, stdin=exported)) == dict(accepted=7, duplicates=0, conflicts=0, rejected=0)
        assert other.sql(f"SELECT source, id, status, {COLUMNS} FROM event ORDER BY source, id") == rows
        assert summary(cli("import", "-", "--format", form, stdin=exported))["duplicates"] == 7
        other("verify")


def test_csv_for_people_has_them_at_its_end(post):
    post.counts([event("a", **ORIGIN), event("b"), void("v", "a")], 3)
    reply = listed(post, format="csv")
    rows = list(csv.DictReader(io.StringIO(reply.body.decode().removeprefix("\ufeff"), newline="")))
    assert list(rows[0])[-3:] == list(ORIGIN)
    of = {r["id"]: tuple(r[name] for name in ORIGIN) for r in rows}
    assert of == {"a": ("'+14165550199", "T-Mobile", "marketing-emea"), "b": ("", "", ""), "v": ("'+14165550199", "T-Mobile", "marketing-emea")}


def test_columns_of_a_table_of_ones_own_and_bad_cells_by_their_line(cli):
    cli.file("t.csv", "id,occurredAt,from,network,tag,tags\na,2026-05-20T15:00:00Z,+1,T-Mobile,red,x\nb,2026-05-20T15:00:00Z,,,,\n"
             f"c,2026-05-20T15:00:00Z,,,{'t' * 65},\n")
    assert summary(cli("import", "t.csv", rc=1)) == dict(accepted=2, duplicates=0, conflicts=0, rejected=1)
    assert "columns that are not read: tags" in cli.err and "t.csv:4: tag: longer than 64 characters" in cli.err
    assert cli.sql(f"SELECT {COLUMNS} FROM event ORDER BY id") == [("+1", "T-Mobile", "red"), (None, None, None)]


ODD = [{"from": "+15551234567", "network": "-x", "tag": "=1+1"}, {"from": "@home", "network": "'q", "tag": "'=z"},
       {"from": "''+1", "network": "'", "tag": "it's"}, {"from": "'+1", "network": "'@", "tag": "a=b"}, {"from": "'5", "network": "''", "tag": "+"}]


def test_what_a_list_or_an_export_says_is_imported_as_it_is(post, tmp_path):
    """A list has a ' before what a spreadsheet would run; the sender has none, and limits that count it must know it."""
    post.counts([event(f"e{n}", **of) for n, of in enumerate(ODD)], len(ODD))
    rows = post.daybook.sql(f"SELECT id, {COLUMNS} FROM event ORDER BY id")
    texts = {"list": listed(post, format="csv").body.decode(), "export": post.daybook.cmd("export", "--format", "csv").stdout,
             "report": post.daybook.cmd("export", "--format", "csv", "--report").stdout}
    assert "'+15551234567" in texts["list"] and "'+15551234567" in texts["report"] and "'+15551234567" not in texts["export"]
    for name, text in texts.items():
        (tmp_path / "t.csv").write_text(text)
        again = new_cli(tmp_path, f"{name}.db", acme="America/Toronto")
        assert summary(again("import", tmp_path / "t.csv"))["accepted"] == len(ODD)
        assert again.sql(f"SELECT id, {COLUMNS} FROM event ORDER BY id") == rows, name
        assert f"duplicates {len(ODD)}" in post.daybook.cmd("import", str(tmp_path / "t.csv")).stdout, "it is there already"


def test_a_sender_that_a_spreadsheet_has_rounded_is_nobody_s(cli):
    cli.file("t.csv", "id,occurredAt,from,network,tag\na,2026-05-20T15:00:00Z,1.5551E+10,1.5551E+10,1.5551E+10\n")
    assert summary(cli("import", "t.csv"))["accepted"] == 1
    assert cli.sql(f"SELECT {COLUMNS} FROM event") == [(None, "1.5551E+10", "1.5551E+10")]


def test_a_line_of_a_carrier_counts_whoever_it_is_from(cli):
    """A sender or network that cannot be one is left out: the message was billed."""
    long, control = "n" * 65, "a\x07b"
    report(cli, HEADER.replace("\n", ",Carrier\n") + log_row("SM1").replace("+14165550199", "s" * 256, 1).replace("USD\n", f"USD,{long}\n")
           + log_row("SM2").replace("+14165550199", control, 1).replace("USD\n", f"USD,{control}\n"))
    cli.file("r.csv", f"Id,When,Sender,Carrier\n1,2021-03-01T12:00:00Z,{control},{long}\n2,2021-03-01T12:00:00Z,{'s' * 256},{control}\n")
    assert "accepted 2" in cli("import", "r.csv", "--map", "id=Id,occurredAt=When,from=Sender,network=Carrier")
    assert cli.sql("SELECT count(*), max(sender), max(network) FROM event") == [(4, None, None)]


def test_a_column_that_is_only_like_one_of_them_stops_no_import(cli):
    cli.file("t.csv", "id,occurredAt,form,networks,bag\na,2026-05-20T15:00:00Z,1,2,3\n")
    assert summary(cli("import", "t.csv"))["accepted"] == 1
    assert cli.sql(f"SELECT {COLUMNS} FROM event") == [(None, None, None)]


def test_the_log_of_twilio_says_from_whom(cli):
    text = HEADER + log_row("SM1") + log_row("SM2", to="whatsapp:+14165550102").replace("+14165550199", "whatsapp:+14165550199", 1) \
        + log_row("SM3").replace("+14165550199", "ACME", 1) + log_row("SM4").replace("+14165550199", "", 1) \
        + log_row("SM5").replace("+14165550199", "1.41656E+10", 1) + log_row("SM6", status="failed")
    cli.file("t.csv", text)
    assert summary(cli("import", "t.csv", "--format", "twilio"))["accepted"] == 6
    assert cli.sql("SELECT id, sender, network FROM event ORDER BY id") == [
        ("SM1", "+14165550199", None), ("SM2", "+14165550199", None), ("SM3", "ACME", None), ("SM4", None, None), ("SM5", None, None),
        ("SM6", "+14165550199", None)]
    assert "duplicates 6" in cli("import", "t.csv", "--format", "twilio")


def test_a_log_of_calls_and_a_column_of_networks(cli):
    report(cli, CALLS + call("CA1"))
    report(cli, HEADER.replace("\n", ",Carrier\n") + log_row("SM1").replace("USD\n", "USD,T-Mobile\n") + log_row("SM2").replace("USD\n", "USD,\n"))
    assert cli.sql("SELECT id, sender, network FROM event ORDER BY id") == [
        ("CA1", "+14165550199", None), ("SM1", "+14165550199", "T-Mobile"), ("SM2", "+14165550199", None)]


def test_messages_that_an_older_import_wrote_without_a_sender_are_duplicates_of_the_same_log(cli):
    cli("import", "-", stdin=json.dumps({"id": "SM1", "source": "twilio", "occurredAt": "2021-03-01T12:00:00Z", "cost": "0.0079"}))
    assert report(cli, HEADER + log_row("SM1")).splitlines()[0] == "accepted 0, duplicates 1, conflicts 0, rejected 0"
    assert "adjusted 0, differ 0" in cli.out and cli.sql("SELECT sender FROM event") == [(None,)]


def test_a_map_names_their_columns(cli):
    cli.file("r.csv", "Id,When,Sender,Carrier,Team\n1,2021-03-01T12:00:00Z,+1,AT&T,blue\n2,2021-03-01T12:00:00Z,1.41656E+10,,\n")
    assert "accepted 2" in cli("import", "r.csv", "--map", "id=Id,occurredAt=When,from=Sender|From,network=Carrier,tag=Team")
    assert cli.sql(f"SELECT {COLUMNS} FROM event ORDER BY id") == [("+1", "AT&T", "blue"), (None, None, None)]
    cli("import", "r.csv", "--map", "id=Id,occurredAt=When,from=Absent", rc=1)
    assert "Absent" in cli.err


@pytest.mark.parametrize("carrier, content", [
    ("plivo", "message_uuid,from_number,to_number,message_direction,message_state,message_time,units,total_amount,error_code\n"
     "a,+14165550199,+1,outbound,delivered,2021-03-01 12:00:00+00:00,1,0.0077,\n"),
    ("vonage", "message_id,direction,from,to,network,date_received,status,currency,total_price\n"
     "a,outbound,+14165550199,1,T-Mobile,2021-03-01T12:00:00+0000,delivered,USD,0.01\n"),
    ("telnyx", json.dumps({"uuid": "a", "sent_at": "2021-03-01T12:00:00Z", "direction": "outbound", "status": "delivered", "parts": 1, "cost": "0.004",
                           "currency": "USD", "cld": "+1", "cli": "+14165550199", "carrier": "T-Mobile"}) + "\n")])
def test_the_reports_of_carriers_say_from_whom_and_whose_network_if_they_have_it(cli, carrier, content):
    cli.file("r.txt", content)
    assert "accepted 1" in cli("import", "r.txt", "--map", carrier)
    assert cli.sql("SELECT sender, network FROM event") == [("+14165550199", None if carrier == "plivo" else "T-Mobile")]
