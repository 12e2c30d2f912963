"""What the command says to a mistake: what is wrong, with its value, and what there is or may be meant."""
import os
import pty
import re
import subprocess

import pytest

from conftest import BUILD
from support import NOON, event, post, set_clock

# With a database that has the organizations acme and globex and the key main: the words, the exit code, all that stderr says.
MISTAKES = [
    ("useage", 2, 'unknown command "useage"; did you mean usage? See `daybook --help`'),
    ("frobnicate", 2, 'unknown command "frobnicate"; see `daybook --help`'),
    ("--verbose", 2, "unknown option --verbose; the options are -d FILE, --help and --version"),
    ("-x", 2, "unknown option -x; the options are -d FILE, --help and --version"),
    ("-d", 2, "-d needs a file, as in `daybook -d my.db usage`"),
    ("usage -d my.db", 2, "-d FILE stands before the command: daybook -d FILE usage; see"),
    ("usage --ogr acme", 2, "unknown option --ogr; did you mean --org? See `daybook usage --help`"),
    ("usage --org", 2, "--org needs a value; see `daybook usage --help`"),
    ("usage --month 2026-13", 2, '--month: "2026-13" is not a month (YYYY-MM)'),
    ("usage --month 2026-05 --to 2026-05-03", 2, "--month: is a range by itself; leave --from and --to out"),
    ("usage", 1, "there are 2 organizations: name one with --org. There are acme, globex (`daybook org list`)"),
    ("usage --org acmee", 1, 'there is no organization "acmee". Did you mean acme? There are acme, globex (`daybook org list`)'),
    ("limit list --org nobody", 1, 'there is no organization "nobody". There are acme, globex (`daybook org list`)'),
    *((words, 1, "Did you mean globex? There are acme, globex") for words in (
        "org show glob", "org set glob --name x", "price set SMS 1 --org glob", "price remove SMS --from 2026-05-01 --org glob",
        "key add --org glob", "token --org glob", "apikey add --org glob --scope usage:read", "apikey revoke 1 --org glob",
        "export --org glob", "campaign list --org glob", "campaign show x --org glob", "campaign cancel x --org glob",
        "import /dev/null --org glob")),
    ("token", 2, "--org is required, except for the scopes admin and metrics. There are acme, globex (`daybook org list`); see"),
    ("apikey add --scope usage:read", 2, "--org is required. There are acme, globex (`daybook org list`)"),
    ("apikey add --org acme", 2, '--scope is required, as in --scope "usage:write"'),
    *((words, 1, 'there is no key "mian". Did you mean main? There is main (`daybook key list`)') for words in (
        "key retire mian", "key set mian --iss x", "token --org acme --kid mian", "token revoke --kid mian x")),
    ("apikey revoke 99", 1, "there is no API key 99. `daybook apikey list` lists those there are"),
    ("campaign show spring --org acme", 1, 'there is no campaign "spring". `daybook campaign list` lists those there are'),
    ("campaign cancel spring --org acme", 1, 'there is no campaign "spring". `daybook campaign list` lists those there are'),
    ("price remove SMS --from 2026-05-01 --org acme", 1, "there is no price of SMS from 2026-05-01 that is the organization's own. "
     "`daybook price list` lists those there are"),
    ("price remove SMS", 2, "--from is required: the day from which the price applies, as `daybook price list` shows it"),
    ("setting set nosuch 1", 1, "nosuch: unknown setting. The settings are iss, aud, "),
    ("setting set backup_kep 1", 1, "backup_kep: unknown setting; did you mean backup_keep? The settings are iss, "),
    ("setting set epch 1", 1, "epch: unknown setting. The settings are iss, aud, organization_claim, scope_claim, metrics_addresses, "
     "metrics_forwarded, failure_retention_days, cors_origins, webhook_origins, backup_keep, transfer_seconds\n"),
    ("setting set key_source x", 1, "key_source: unknown setting. The settings are iss, "),
    *((f"setting set {name} 1", 2, f"{name} cannot be set: Daybook itself maintains it") for name in (
        "epoch", "backup_at", "zones_compared")),
    ("setting set key_sources x", 2, "key_sources cannot be set: use `daybook key add --url` and `daybook key forget`"),
    ("setting set iss", 2, "set needs NAME and VALUE"),
    ("org shw acme", 2, 'expected add, set, list, show or sending-window, not "shw"; did you mean show? See `daybook org --help`'),
    ("org", 2, "expected add, set, list, show or sending-window; see"),
    ("key retire", 2, "retire: an argument is missing; see"),
    ("price list x", 2, "list: too many arguments, or too few; see"),
    ("price set sms 1", 2, 'channel: unknown "sms"; one of SMS, CALL, EMAIL, INAPP_WEB, WEB_PUSH, PUSH, SLACK, WHATSAPP, SAGE; '
     "did you mean SMS? See `daybook price --help`"),
    ("import - --map id=x,channel=emial", 2, "did you mean EMAIL?"),
    ("org add new --timezone Paris", 1, 'there is no zone "Paris"; did you mean Europe/Paris?\n'),
    ("org add new --timezone europe/paris", 1, 'there is no zone "europe/paris"; did you mean Europe/Paris?\n'),
    ("org set acme --timezone Torotno", 1, 'there is no zone "Torotno"; did you mean America/Toronto?\n'),
    ("org add new --timezone Gotham", 1, 'there is no zone "Gotham". Use a name of the IANA list, such as Europe/Berlin.'),
    ("org add bad_id! --timezone UTC", 2, 'ID: "bad_id!" is not 1 to 64 letters, digits and . _ -; letters are A to Z; see'),
    ("org add limits --timezone UTC", 2, 'ID: "limits" is a reserved word; see'),
    ("erase --phone abc", 1, "abc: no failed contact has this number, so nothing was blanked; give it exactly as it was posted"),
    ("init", 1, " already exists and was not changed; choose another name. To see what is in it, run `daybook -d "),
    ("-d /no/dir/x.db init", 1, "/no/dir/x.db: the folder /no/dir does not exist\n"),
    ("-d /no/dir/x.db org list", 1, "/no/dir/x.db: the folder /no/dir does not exist"),
    ("backup /no/dir/copy.db", 1, "/no/dir/copy.db: the folder /no/dir does not exist\n"),
    ("backup --keep 2 /no/dir", 1, "/no/dir: the folder does not exist\n"),
]


@pytest.fixture(scope="module")
def mistaken(shared_daybook):
    shared_daybook.cmd("org", "add", "globex", "--timezone", "UTC")
    return shared_daybook


@pytest.mark.parametrize("words, code, says", MISTAKES, ids=[words for words, _, _ in MISTAKES])
def test_a_mistake_is_named_with_what_there_is(mistaken, words, code, says):
    done = mistaken.cmd(*words.split(), check=False)
    assert (done.returncode, done.stdout) == (code, ""), done
    assert says in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_without_an_organization_the_command_says_how_to_add_one(empty):
    for words in (["usage"], ["org", "show", "acme"]):
        done = empty.cmd(*words, check=False)
        assert done.returncode == 1 and "Add one with `daybook org add ID --timezone ZONE`" in done.stderr, done


def test_of_many_organizations_the_first_ten_are_named(empty):
    for i in range(12):
        empty.cmd("org", "add", f"o{i:02}", "--timezone", "UTC")
    done = empty.cmd("usage", check=False)
    assert "There are o00, o01, " in done.stderr and "o09 and 2 more (`daybook org list`)" in done.stderr and "o10" not in done.stderr


def test_a_retired_key_is_not_offered(empty):
    empty.cmd("key", "add", "--kid", "new")
    empty.cmd("key", "retire", "main")
    assert 'no key "mian". There is new (`daybook key list`)' in empty.cmd("key", "retire", "mian", check=False).stderr


# ---- usage

def month(daybook, *words):
    return daybook.cmd("usage", *words).stdout.splitlines()


def test_usage_says_sms_sums_the_weeks_and_shows_the_cost(daybook):
    daybook.cmd("org", "set", "acme", "--daily-limit", "500")
    set_clock(daybook, NOON)
    post(daybook, event("2026-05-12T12:00:00Z", messages=7), event("2026-05-14T12:00:00Z", messages=5, parts=10),
         event("2026-05-19T12:00:00Z", messages=3), event("2026-05-19T13:00:00Z", channel="CALL", parts=2),
         event("2026-04-30T12:00:00Z", messages=100))
    shown = month(daybook)
    assert shown[0].endswith(", 500 SMS a day") and shown[2] == "2026-05" and shown[3].split() == [
        "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "week"]
    assert all(len(line) <= 80 for line in shown[1:])
    sums = [int(line.split()[-1]) for line in shown[5:-3:2]]
    assert sums == [0, 0, 12, 3, 0] and f"sent {sum(sums)}" in shown[-2]
    assert shown[-1] == "cost 0.184 USD: SMS 0.158, CALL 0.026"  # 20 parts of SMS at 0.0079, and 2 of calls at 0.013
    assert month(daybook, "--month", "2026-05") == shown
    assert month(daybook, "--month", "2026-04")[-1] == "cost 0.79 USD: SMS 0.79"
    assert month(daybook, "--month", "2026-03")[-1] == "cost 0 USD"
    listed = month(daybook, "--from", "2026-05-12", "--to", "2026-05-14")
    assert listed[-2].split()[:2] == ["total", "12"] and listed[-1] == "cost 0.1343 USD: SMS 0.1343"
    daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    assert month(daybook)[0].endswith(", 500 SMS parts a day")


# ---- The progress of an import

def on_a_terminal(daybook, *words):
    """All that a command writes to a terminal as its standard error."""
    outer, inner = pty.openpty()
    process = subprocess.Popen([str(BUILD / "bin/daybook"), *words], env=daybook.env, stdout=subprocess.DEVNULL, stderr=inner)
    os.close(inner)
    text = b""
    while True:
        try:
            piece = os.read(outer, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        text += piece
    os.close(outer)
    assert process.wait() == 0
    return text.decode()


def test_an_import_says_on_a_terminal_how_many_of_how_many(daybook, tmp_path):
    file = tmp_path / "events.ndjson"
    file.write_text("".join(f'{{"id":"m{i:06}","occurredAt":"2026-05-19T12:00:00Z"}}\n' for i in range(60000)))
    drawn = on_a_terminal(daybook, "import", str(file))
    first = re.search(r"\rimporting (\d+)% ([\d,]+) of ~([\d,]+) \S [\d,]+/s", drawn)
    assert first is not None, drawn
    so_far, total = (int(first[i].replace(",", "")) for i in (2, 3))
    assert so_far % 1000 == 0 and 0 < so_far < total and 50000 <= total <= 70000, drawn
    assert "60,000" in drawn and drawn.endswith("\r\033[K")
    assert daybook.cmd("import", file).stderr == ""  # not on a terminal


# ---- A table that is none of ours

@pytest.mark.parametrize("header, says", [
    ("a,b,c", "header: the column id is missing; there are a, b, c. For a carrier's report use --format twilio or --map. Nothing was imported"),
    ("id,when,to", "header: the column occurredAt is missing; there are id, when, to. For a carrier's report use "),
    ("From,To,Status,SentDate,NumSegments,Sid", "header: the column id is missing; for an export of Twilio use --format twilio"),
    ("message_uuid,message_time,message_state,units,total_amount", "has the columns of a report of plivo: use --map plivo"),
    ("message_id,date_received,status,total_price,currency,direction", "has the columns of a report of vonage: use --map vonage"),
    ("uuid,Created At,Status,cost", "has the columns of a report of telnyx: use --map telnyx"),
    ("PublishTimeUTC,MessageId,DestinationPhoneNumber,DeliveryStatus,PriceInUSD", "has the columns of a report of sns: use --map sns"),
    ("id,occurred_at,x", "header: unknown column \"occurred_at\"; perhaps occurredAt is meant"),
], ids=lambda value: value.partition(" ")[0])
def test_a_foreign_header_is_told_whose_it_is_or_what_it_has(daybook, tmp_path, header, says):
    file = tmp_path / "report.csv"
    file.write_text(header + "\n1,2,3,4,5,6\n")
    done = daybook.cmd("import", file, check=False)
    assert done.returncode == 1 and says in done.stderr and "are kept" not in done.stderr, done.stderr
    assert done.stdout.startswith("accepted 0, ")
