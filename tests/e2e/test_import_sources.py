"""daybook import: ids that stand in the ledger under another source are not counted again without a word."""
import json
import subprocess

import pytest

from cli_tools import COMMAND, cli, summary  # noqa: F401 (cli is a fixture)
from test_cli_import import HEADER, row

AT = "2021-03-01T12:00:03Z"


def lines(*ids, **fields):
    return "".join(json.dumps({"id": id, "occurredAt": AT, **fields}) + "\n" for id in ids)


def messages(cli):
    return cli.sql("SELECT coalesce(sum(messages), 0) FROM usage_day")[0][0]


def rows(cli):
    return [cli.sql(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in ("event", "usage_quarter", "audit", "organization")]


@pytest.fixture
def log(cli):
    """A log of Twilio of whose five messages three were posted without a source, and one by another program."""
    cli("import", "-", stdin=lines("SM1", "SM2", "SM3") + lines("SM4", source="crm") + lines("other", source="crm"))
    cli.file("log.csv", HEADER + "".join(row(f"SM{i}") for i in range(1, 6)))
    return ("import", "log.csv", "--format", "twilio")


def test_they_are_counted_and_refused_before_anything_is_written(cli, log):
    before = rows(cli)
    cli(*log, rc=1)
    assert cli.out == "" and len(cli.err.splitlines()) == 1
    for words in ("log.csv: 4 of its ids stand in the ledger under another source", '3 under ""', '1 under "crm"', "Nothing was written",
                  "--source", "--anyway"):
        assert words in cli.err
    assert rows(cli) == before


def test_the_source_that_they_have_makes_them_duplicates(cli, log):
    assert summary(cli(*log, "--source", "")) == dict(accepted=2, duplicates=3, conflicts=0, rejected=0)
    assert messages(cli) == 7


def test_anyway_counts_them_again(cli, log):
    assert summary(cli(*log, "--anyway"))["accepted"] == 5
    assert messages(cli) == 10
    assert summary(cli(*log))["duplicates"] == 5, "an id that stands under the import's own source is a duplicate of that one"


def test_anyway_and_a_source_together_are_a_usage_error(cli, log):
    cli(*log, "--anyway", "--source", "x", rc=2)


def test_the_one_other_source_is_offered_by_name(cli):
    cli("import", "-", stdin=lines("SM1", source="crm"))
    cli.file("log.csv", HEADER + row("SM1"))
    cli("import", "log.csv", "--format", "twilio", rc=1)
    assert '--source "crm"' in cli.err


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_events_without_a_source_in_the_other_formats_too(cli, form):
    cli("import", "-", stdin=lines("a", source="crm"))
    cli.file("f.ndjson", lines("b", "a"))
    cli.file("f.csv", f"id,occurredAt\nb,{AT}\na,{AT}\n")
    cli("import", f"f.{form}", rc=1)
    assert '1 under "crm"' in cli.err and messages(cli) == 1
    cli("import", f"f.{form}", "--anyway")
    assert messages(cli) == 3


def test_an_event_that_names_its_source_is_meant_as_it_says(cli):
    cli("import", "-", stdin=lines("a", source="crm"))
    assert summary(cli("import", "-", stdin=lines("a", source="web")))["accepted"] == 1


def test_voids_and_settlements_are_not_looked_for_and_bad_lines_are_reported_once(cli):
    cli("import", "-", stdin=lines("a", "v", source="crm") + lines("b"))
    text = '{"id":"v","voids":"b","reason":"r"}\nnonsense\n'
    assert summary(cli("import", "-", stdin=text, rc=1)) == dict(accepted=1, duplicates=0, conflicts=0, rejected=1)
    assert len(cli.err.splitlines()) == 1


def test_a_pipe_is_looked_at_as_a_whole_too(cli):
    many = [f"m{i:05}" for i in range(2500)]
    cli("import", "-", stdin=lines("m02400", source="crm"))
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as pipe:
        process = subprocess.Popen([str(COMMAND), "import", "-"], env=cli.env(), stdin=pipe.stdout, stderr=subprocess.PIPE, text=True)
        pipe.stdin.write(lines(*many).encode())
        pipe.stdin.close()
        error = process.communicate(timeout=60)[1]
    assert process.returncode == 1 and "1 of its ids" in error and messages(cli) == 1
    with open(cli.folder / "f", "w") as f:
        f.write("\n" + lines(*many[:5]))
    with open(cli.folder / "f") as f:  # from a file it goes on where the file stands
        f.seek(1)
        done = subprocess.run([str(COMMAND), "import", "-"], env=cli.env(), stdin=f, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("accepted 5,"), done


def test_another_organization_is_none_of_ours(cli):
    cli("org", "add", "globex", "--timezone", "UTC")
    cli("import", "-", "--org", "globex", stdin=lines("a", source="crm"))
    assert summary(cli("import", "-", "--org", "acme", stdin=lines("a")))["accepted"] == 1
