"""daybook import of carriers' own reports: Twilio's log of calls, its bulk export, and any other one by a map."""
import json

import pytest

from cli_tools import cli, summary  # noqa: F401 (cli is a fixture)
from test_cli_import import events, lines_named

CALLS = "Sid,DateCreated,From,To,Direction,Status,StartTime,EndTime,Duration,Price,PriceUnit\n"
ROWS = "source, id, channel, messages, parts, status, cost_micros, cost_given"


def call(sid, status="completed", direction="outbound-api", duration="61", price="-0.02800", start="2021-03-01T12:00:00Z",
         to="+14165550101"):
    return f"{sid},2021-03-01T11:59:58Z,+14165550199,{to},{direction},{status},{start},,{duration},{price},USD\n"


def report(cli, content, *options, rc=0, name="r.csv", format="twilio"):
    cli.file(name, content)
    return cli("import", name, "--format", format, *options, rc=rc)


# ---- Twilio's log of calls

def test_a_call_counts_its_minutes_begun(cli):
    out = report(cli, CALLS + "".join(call(f"CA{i}", duration=seconds) for i, seconds in enumerate(("1", "60", "61", "0", "", "3600"))))
    assert summary(out)["accepted"] == 6
    assert events(cli, "id, channel, messages, parts, cost_micros, occurred_at") == [
        (f"CA{i}", "CALL", 1, minutes, 28000, 1614600000000) for i, minutes in enumerate((1, 1, 2, 1, 1, 60))]
    assert "adjusted 0" in report(cli, CALLS + call("CA2"))
    cli("verify")


def test_only_calls_that_were_completed_count(cli):
    text = CALLS + call("CA0") + call("CA1", direction="inbound") + call("CA2", direction="trunking-originating")
    text += call("CA3", direction="trunking-terminating") + call("CA4", direction="Outgoing Dial", to="sip:a@example.org")
    for i, status in enumerate(("queued", "ringing", "in-progress", "busy", "no-answer", "canceled")):
        text += call(f"CA1{i}", status=status, duration="0", price="")
    text += call("CA5", status="failed", duration="", price="")
    assert report(cli, text).splitlines() == ["accepted 4, duplicates 0, conflicts 0, rejected 0",
                                              "skipped 8 (2 inbound, 6 never sent), adjusted 0, differ 0"]
    assert cli.sql("SELECT messages, parts FROM usage_day WHERE channel = 'CALL'") == [(3, 6)]
    assert cli.sql("SELECT id, phone FROM failure") == [("CA5", "+14165550101")]


def test_words_of_messages_are_not_those_of_calls(cli):
    report(cli, CALLS + call("CA0", status="delivered") + call("SM0") + call("CA1", duration="1:01") + call("CA2", start="noon"), rc=1)
    assert lines_named(cli) == [f"r.csv:{n}" for n in (2, 3, 4, 5)] and events(cli) == []
    assert "r.csv:4: Duration: not a whole number of seconds" in cli.err


@pytest.mark.parametrize("column, what", [("StartTime", "SentDate is missing (of calls: StartTime)"), ("Sid", "Sid is missing"),
                                          ("Duration", "NumSegments is missing (of calls: Duration)")])
def test_a_column_that_is_missing_is_named(cli, column, what):
    report(cli, CALLS.replace(column, "x") + call("CA0"), rc=1)
    assert f"r.csv:1: header: the column {what}" in cli.err


# ---- Twilio's bulk export

MESSAGE = {"sid": "SM1", "account_sid": "AC1", "date_created": "2021-03-01T11:59:58Z", "date_sent": "2021-03-01T12:00:00Z",
           "date_updated": "2021-03-01T12:00:05Z", "from": "+14165550199", "to": "+14165550101", "body": "Zoë, \"secret\"",
           "status": "delivered", "direction": "outbound-api", "num_segments": 2, "num_media": 0, "error_code": None,
           "price": "-0.0158", "flags": ["x"], "messaging_service_sid": None, "tags": {"a": {"b": 1}}}


def lines(*changes):
    return "".join(json.dumps({**MESSAGE, **change}, ensure_ascii=False) + "\n" for change in changes)


def test_a_bulk_export_becomes_events_whatever_the_name_of_the_file(cli):
    text = lines({}, {"sid": "SM2", "num_segments": "1", "price": -7.9e-3}, {"sid": "SM3", "price": None, "num_segments": 0},
                 {"sid": "SM4", "direction": "inbound"}, {"sid": "SM5", "status": "failed", "error_code": 30006},
                 {"sid": "CA6", "status": "completed", "date_sent": None, "start_time": "2021-03-01T12:00:00Z", "duration": 90})
    out = report(cli, text, name="2021-03-01.json")
    assert out.splitlines()[0] == "accepted 5, duplicates 0, conflicts 0, rejected 0"
    assert events(cli, ROWS) == [
        ("twilio", "CA6", "CALL", 1, 2, "sent", 15800, 1), ("twilio", "SM1", "SMS", 1, 2, "sent", 15800, 1),
        ("twilio", "SM2", "SMS", 1, 1, "sent", 7900, 1), ("twilio", "SM3", "SMS", 1, 1, "sent", 0, 0),
        ("twilio", "SM5", "SMS", 1, 2, "failed", 0, 0)]
    assert cli.sql("SELECT id, reason FROM failure") == [("SM5", "error 30006")]
    assert report(cli, text, name="2021-03-01.json").splitlines()[:2] == [
        "accepted 0, duplicates 5, conflicts 0, rejected 0", "skipped 1 (1 inbound, 0 never sent), adjusted 0, differ 0"]


def test_bad_lines_of_a_bulk_export_are_named_and_skipped(cli):
    text = lines({}) + "{nonsense\n" + lines({"sid": None}, {"sid": "SM3", "date_sent": "x"}, {"sid": "SM4", "to": "x" * 300_000},
                                             {"sid": "SM5", "status": "gone"}, {"sid": "SM6"})
    report(cli, text, rc=1)
    assert lines_named(cli) == [f"r.csv:{n}" for n in (2, 3, 4, 5, 6)]
    assert events(cli) == [("SM1",), ("SM6",)]
    assert "secret" not in cli.err + cli.out and "55501" not in cli.err


def test_prices_of_an_account_in_another_currency_can_be_ignored(cli):
    cli("price", "set", "SMS", "0.01", "--from", "2012-01-01")
    report(cli, lines({}), "--ignore-prices")
    assert events(cli, "cost_micros, cost_given") == [(20000, 0)]
    cli("import", "r.csv", "--format", "csv", "--ignore-prices", rc=2)


@pytest.mark.parametrize("to, channel", [("rcs:+14165550101", "SMS"), ("sms:+14165550101", "SMS"), ("WhatsApp:+14165550101", "WHATSAPP")])
def test_the_prefixes_of_numbers_are_channels(cli, to, channel):
    report(cli, lines({"to": to}))
    assert events(cli, "channel") == [(channel,)]


# ---- Any report, by a map

OWN_MAP = "id=Message Id,occurredAt=Sent|Created,status=State,sent=OK|Late,failed=No,skipped=Wait,parts=Units,cost=Price,currency=Cur,to=Number,reason=Why"
OWN_HEADER = "Sent;Message Id;State;Units;Price;Cur;Number;Why\n"
AT = 1614600000000


def mapped(cli, content, text, *options, rc=0):
    cli.file("r.txt", content)
    return cli("import", "r.txt", "--map", text, *options, rc=rc)


def test_a_map_of_ones_own_reads_any_report(cli):
    text = OWN_HEADER + ("2021-03-01 12:00:00;m1;OK;2;0,02;USD;1;\n2021-03-01T12:00:00+0000;m2;late;1;0,02;EUR;1;\n"
                         "2021-03-01 13:00:00.123456+01:00;m3;No;1;;;14165550100;no route\n2021-03-01 12:00:00Z;m4;Wait;1;;;1;\n"
                         "2021-03-01 12:00:00;m5;Lost;1;;;1;\n")
    out = mapped(cli, text, OWN_MAP, "--source", "acme-sms", rc=1)
    assert out.splitlines() == ["accepted 3, duplicates 0, conflicts 0, rejected 1", "skipped 1 (0 inbound, 1 never sent), adjusted 0, differ 0",
                                "left out 1 prices in EUR; Daybook counts US dollars, and used its own prices"]
    assert cli.err == "r.txt:6: status: none of the words of the map\n"
    assert events(cli, "source, id, parts, status, cost_micros, occurred_at / 1000 * 1000") == [
        ("acme-sms", "m1", 2, "sent", 20000, AT), ("acme-sms", "m2", 1, "sent", 0, AT), ("acme-sms", "m3", 1, "failed", 0, AT)]
    assert cli.sql("SELECT phone, reason FROM failure") == [("14165550100", "no route")]
    assert "adjusted 0" in mapped(cli, text, OWN_MAP, "--source", "acme-sms", rc=1)


READY = {
    "plivo": ("message_uuid,from_number,to_number,message_direction,message_state,message_time,units,total_rate,total_amount,error_code\n"
              "a,1,2,outbound,delivered,2021-03-01 17:30:00+05:30,2,0.0055,0.0110,\nb,1,14165550100,outbound,rejected,2021-03-01 12:00:00+00:00,1,0,0,420\n"
              "c,1,2,inbound,received,2021-03-01 12:00:00+00:00,1,0,0,\nd,1,2,outbound,queued,2021-03-01 12:00:00+00:00,1,0,0,\n",
              [("a", 2, "sent", 11000), ("b", 1, "failed", 0)]),
    "vonage": ("account_id,message_id,client_ref,direction,from,to,date_received,date_finalized,status,error_code_description,currency,total_price\n"
               "x,a,,outbound,1,2,2021-03-01T12:00:00+0000,,delivered,,USD,0.0333\nx,b,,outbound,1,2,2021-03-01T12:00:00+0000,,rejected,spam,EUR,0.0333\n"
               "x,c,,inbound,1,2,2021-03-01T12:00:00+0000,,delivered,,USD,0\n", [("a", 1, "sent", 33300), ("b", 1, "sent", 0)]),
    "telnyx": ('{"uuid":"a","sent_at":"2021-03-01T12:00:00.000+00:00","direction":"outbound","status":"delivered","parts":2,"cost":"0.008","currency":"USD","cld":"+1"}\n'
               '{"id":"b","created_at":"2021-03-01T12:00:00Z","direction":"outbound","status":"GW_REJECT","parts":1,"cost":"0","currency":"USD","cld":"14165550100"}\n'
               '{"id":"c","sent_at":"2021-03-01T12:00:00Z","direction":"outbound","status":"sent","parts":1,"cost":{"amount":"0.004","currency":"USD"}}\n'
               '{"id":"d","sent_at":"2021-03-01T12:00:00Z","direction":"inbound","status":"received"}\n',
               [("a", 2, "sent", 8000), ("b", 1, "failed", 0), ("c", 1, "sent", 4000)]),
    "sns": ("PublishTimeUTC,MessageId,DestinationPhoneNumber,MessageType,DeliveryStatus,PriceInUSD,PartNumber,TotalParts\n"
            "2021-03-01T12:00:00.000Z,a,1,Transactional,Message has been accepted by phone carrier,0.00645,1,2\n"
            "2021-03-01T12:00:00.200Z,a,1,Transactional,Message has been accepted by phone carrier,0.00645,2,2\n"
            "2021-03-01T12:00:00.000Z,b,14165550100,Promotional,Invalid phone number,0.0,0,1\n"
            "2021-03-01T12:00:00.000Z,c,1,Promotional,Phone carrier has blocked this message,0.00645,0,1\n",
            [("a", 2, "sent", 12900), ("b", 1, "failed", 0), ("c", 1, "sent", 6450)]),
}


@pytest.mark.parametrize("carrier", READY)
def test_a_ready_map_reads_the_report_of_its_carrier(cli, carrier):
    content, ledger = READY[carrier]
    mapped(cli, content, carrier)
    assert events(cli, "id, parts, status, cost_micros") == ledger
    assert events(cli, "DISTINCT source, occurred_at") == [(carrier, AT)]
    assert cli.sql("SELECT phone FROM failure") == [("14165550100",)] * any(e[2] == "failed" for e in ledger)
    again = mapped(cli, content, carrier)
    assert summary(again)["accepted"] == 0 and "adjusted 0, differ 0" in again
    cli("verify")


def test_calls_channels_and_campaigns_of_a_map(cli):
    text = "ID,When,Length,Tag,Way\na,2021-03-01 12:00:00,61,spring,MO\nb,2021-03-01 12:00:00,61,spring,MT\nc,2021-03-01 12:00:00,,,MT\n"
    mapped(cli, text, "channel=CALL,id=id,occurredAt=when,seconds=length,campaignId=tag,direction=way,inbound=mo|in")
    assert events(cli, "id, channel, parts, coalesce(campaign_given, '')") == [("b", "CALL", 2, "spring"), ("c", "CALL", 1, "")]


@pytest.mark.parametrize("text, what", [
    ("plivio", 'not the name of a ready map (plivo, vonage, telnyx, sns), and not KEY=COLUMN: "plivio"'), ("id=a", 'needed: "occurredAt"'),
    ("occurredAt=a", 'needed: "id"'), ("id=a,occurredAt=b,price=c", '"price" is none of id, occurredAt'),
    ("id=a,id=b,occurredAt=c", 'given twice: "id"'), ("id=,occurredAt=c", 'empty or too many columns: "id"'),
    ("id=a||b,occurredAt=c", 'empty or too many columns: "id"'), ("id=a,occurredAt=c,channel=FAX", 'channel: unknown "FAX"'),
    ("id=a,occurredAt=c,status=d", "a status needs the words"), ("id=a,occurredAt=c,sent=d", "a status needs the words")])
def test_a_map_that_cannot_be_is_refused_before_anything_is_read(cli, text, what):
    mapped(cli, "a,b\n", text, rc=2)
    assert what in cli.err


def test_a_column_of_a_map_that_the_report_lacks_is_named(cli):
    mapped(cli, OWN_HEADER.replace("Units", "Unit"), OWN_MAP, rc=1)
    assert "r.txt:1: header: the column Units is missing" in cli.err
    cli("import", "r.txt", "--map", "sns", "--format", "csv", rc=2)
    mapped(cli, "id,at\n1,2021-03-01 12:00:00\n", "id=id,occurredAt=at", "--ignore-prices")
    assert events(cli) == [("1",)]
