"""daybook usage --by"""
import datetime
import json
import zoneinfo

from api import at
from cli_tools import cli  # noqa: F401 (a fixture)
from model import DAY, instant, iso
from support import event

NOON = "2026-05-20T16:00:00Z"


def posted(cli, *events):
    cli("import", "-", stdin="".join(json.dumps({"occurredAt": NOON, **e}) + "\n" for e in events))


def rows(text):
    return [line.split() for line in text.splitlines()]


def test_it_prints_a_line_for_each_group_and_the_sum(cli):
    cli("price", "set", "SMS", "0.0079", "--from", "2012-01-01")
    posted(cli, {"id": "a", "tag": "sales", "from": "+1"}, {"id": "b", "tag": "ops", "parts": 2}, {"id": "c", "source": "crm", "cost": "1.5"},
           {"id": "old", "occurredAt": "2026-04-30T12:00:00Z", "tag": "sales"})
    may = ("--month", "2026-05")
    assert rows(cli("usage", "--by", "tag", *may)) == [
        ["tag", "messages", "parts", "cost", "USD"], ["ops", "1", "2", "0.0158"], ["sales", "1", "1", "0.0079"], ["-", "1", "1", "1.5"],
        ["total", "3", "4", "1.5237"]]
    assert rows(cli("usage", "--by", "sender,channel", *may))[1:] == [["+1", "SMS", "1", "1", "0.0079"], ["-", "SMS", "2", "3", "1.5158"],
                                                                    ["total", "3", "4", "1.5237"]]
    assert rows(cli("usage", "--by", "hour", *may))[1] == ["2026-05-20", "12:00:00", "3", "4", "1.5237"]
    assert rows(cli("usage", "--by", "tag", "--from", "2026-04-30", "--to", "2026-05-20"))[2] == ["sales", "2", "2", "0.0158"]
    assert rows(cli("usage", "--by", "day", "--from", "2026-04-30"))[1:] == [["2026-04-30", "1", "1", "0.0079"], ["total", "1", "1", "0.0079"]]
    assert rows(cli("usage", "--by", "network", "--month", "2025-01")) == [["network", "messages", "parts", "cost", "USD"], ["total", "0", "0", "0"]]


def test_a_billing_cycle_is_a_range_too(cli):
    posted(cli, {"id": "a", "tag": "t"}, {"id": "b", "tag": "t", "occurredAt": "2026-04-30T12:00:00Z"})
    assert rows(cli("usage", "--by", "tag", "--cycle", "2026-05-10"))[1:] == [["t", "1", "1", "0"], ["total", "1", "1", "0"]]
    cli("usage", "--by", "tag", "--cycle", "2026-05-10", "--month", "2026-05", rc=2)
    cli("usage", "--by", "tag", "--cycle", "soon", rc=1)
    assert "--cycle" in cli.err


def test_csv_by_hour_has_the_time_of_the_organization_beside_it_as_the_api_s_has(cli):
    posted(cli, {"id": "a", "tag": "sales"}, {"id": "b", "occurredAt": "2026-05-19T02:00:00Z"})
    text = cli("usage", "--by", "hour,tag", "--csv", "--month", "2026-05").lstrip("\ufeff").split("\r\n")
    assert text[0] == "hour,localTime,tag,messages,parts,cost" and len(text) > 2
    for line in text[1:-1]:
        at, local = line.split(",")[:2]
        zone = zoneinfo.ZoneInfo(cli.sql("SELECT timezone FROM organization")[0][0])
        assert datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).astimezone(zone).strftime("%F %T") == local


def test_csv_is_for_spreadsheets(cli):
    posted(cli, {"id": "a", "tag": "=1", "source": "a,b"}, {"id": "b"})
    assert cli("usage", "--by", "tag,source", "--csv", "--month", "2026-05") == (
        "\ufefftag,source,messages,parts,cost\r\n'=1,\"a,b\",1,1,0\r\n,,1,1,0\r\n")


def test_what_a_sender_has_written_cannot_command_the_terminal_and_wide_names_line_up(cli):
    posted(cli, {"id": "a", "source": "\u00e9\u65e5" * 10}, {"id": "b", "source": "x"})
    lines = cli("usage", "--by", "source", "--month", "2026-05").splitlines()
    assert len({len(line) for line in lines}) == 1


def test_wrong_words_and_ranges_are_refused(cli):
    for args, words in ((("--by", "colour"), "--by: unknown"), (("--by", ""), "--by"), (("--by", "tag,tag"), "given twice"), (("--csv",), "--csv: is for --by"),
                        (("--by", "tag", "--month", "2026-05", "--from", "2026-05-01"), "--month")):
        cli("usage", *args, rc=2)
        assert words in cli.err and len(cli.err.strip().splitlines()) == 1, cli.err
    cli("usage", "--by", "tag", "--from", "2026-05-02", "--to", "2026-05-01", rc=1)
    assert "--to: must not be earlier than --from" in cli.err
    cli("usage", "--by", "tag", "--org", "nobody", rc=1)


def test_it_counts_any_number_of_events(cli):
    first = instant("2026-05-01T04:00:00Z")
    cli("import", "-", stdin="".join(json.dumps({"id": f"e{i:06}", "occurredAt": iso(first + i * DAY // 60000), "tag": f"t{i % 3}"}) + "\n"
                                     for i in range(120000)))
    assert rows(cli("usage", "--by", "tag", "--month", "2026-05"))[1:] == [[f"t{i}", "40000", "40000", "0"] for i in range(3)] + [["total", "120000", "120000", "0"]]


def test_it_says_what_the_api_says(api):
    api.events(event(at("2026-05-19"), id="a", tag="x", channel="EMAIL"), event(at("2026-05-20"), id="b", tag="x", messages=3))
    data = api.ask("usage", "GET", "/api/usage", {"from": "2026-05-01", "to": "2026-05-31", "by": "tag,day"}).json["data"]
    printed = rows(api.daybook.cmd("usage", "--by", "tag,day", "--month", "2026-05").stdout)
    assert [[g["tag"], g["day"], str(g["messages"])] for g in data["groups"]] == [line[:3] for line in printed[1:-1]]
