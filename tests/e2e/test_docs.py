"""The manual pages against the command: docs/daybook.1 and docs/daybook.conf.5."""
import os
import re
import shutil
import subprocess

import pytest

from conftest import BUILD, ROOT

PAGE = (ROOT / "docs/daybook.1").read_text()
PAGES = ("daybook.1", "daybook.conf.5")

# Options that the command takes and its --help does not show.
NOT_IN_HELP = {}


def run(*args):
    """What it prints.  Whether it gives its memory back before it ends is not asked here."""
    env = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([str(BUILD / "bin/daybook"), *args], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout


def commands_of_help():
    """The commands as `daybook --help` lists them: two blanks, the name, what it does."""
    return re.findall(r"^  ([a-z]+) +\S", run("--help"), re.M)


def options_of_help(command):
    return set(re.findall(r"--[a-z][a-z-]*", run(command, "--help")))


def sections():
    """The text of each command's section."""
    commands = PAGE.split(".Sh COMMANDS\n")[1].split("\n.Sh ")[0]
    parts = re.split(r"^\.Ss (\S+)\n", commands, flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def options_of_page(section):
    """All that are mentioned, and those that have a paragraph of their own."""
    named = {"-" + name for name in re.findall(r"\bFl (-[a-z][a-z-]*)", section)}
    explained = {"-" + name for name in re.findall(r"^\.It Fl (-[a-z][a-z-]*)", section, re.M)}
    return named, explained


COMMANDS = commands_of_help()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_nothing_that_mandoc_warns_of(page):
    done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", str(ROOT / "docs" / page)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_command_has_its_section_in_the_order_of_help():
    assert len(COMMANDS) > 10
    assert list(sections()) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_in_the_page_and_in_help(command):
    named, explained = options_of_page(sections()[command])
    shown = options_of_help(command)
    hidden = NOT_IN_HELP.get(command, set())
    assert not shown & hidden, "no longer missing from --help: take it off the list"
    assert named == explained, "each option has a paragraph of its own"
    assert explained == shown | hidden


@pytest.mark.parametrize("command", COMMANDS)
def test_every_form_of_a_command_is_in_the_page(command):
    """`org add`, `org set` … as --help has them are lines of the page."""
    verbs = "add|set|list|show|sending-window|remove|retire|revoke|cancel|fetch|forget|presets|keep"
    forms = re.findall(rf"^daybook \[-d FILE\] ([a-z]+(?: (?:{verbs}))?)", run(command, "--help"), re.M)
    assert forms and set(forms) == set(re.findall(r"^\.Nm\n\.Cm (.+)$", sections()[command], re.M))


def test_the_options_before_the_command_are_those_of_help():
    front = PAGE.split(".Sh COMMANDS")[0]
    assert set(re.findall(r"--[a-z]+", run("--help"))) <= {"--help", "--version"}
    for option in ("d", "h", "V", "-help", "-version"):
        assert re.search(rf"\bFl {option}\b", front)
    assert run("-h") == run("--help") and run("-V") == run("--version")


def test_the_settings_of_the_page_are_those_of_the_command(daybook):
    listed = [line.split()[0] for line in daybook.cmd("setting", "list").stdout.splitlines()]
    items = re.findall(r"^\.It Cm (.+)$", sections()["setting"], re.M)
    assert sorted(name for item in items for name in item.split(" , ")) == sorted(listed)


def examples(section):
    """The commands after `$ ` in a section's displays."""
    text = PAGE.split(f".Sh {section}\n")[1].split("\n.Sh ")[0]
    return [line[2:] for line in text.splitlines() if line.startswith("$ ")]


def test_the_examples_work_one_after_the_other(tmp_path):
    lines = examples("EXAMPLES")
    assert len(lines) > 10
    if shutil.which("openssl") is None:
        lines = [line for line in lines if "openssl" not in line and "public.pem" not in line]
    env = {**os.environ, "PATH": f"{BUILD / 'bin'}:{os.environ['PATH']}"}
    env.pop("DAYBOOK_DB", None)
    done = subprocess.run(["sh", "-eux", "-c", "\n".join(lines)], cwd=tmp_path, env=env, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    assert "accepted 1, duplicates 0, conflicts 0, rejected 0" in done.stdout
    assert (tmp_path / "may.csv").read_text().count("\n") == 2


def test_every_command_of_the_page_refuses_an_unknown_option(daybook):
    for command in COMMANDS:
        assert daybook.cmd(command, "--no-such-option", check=False).returncode == 2, command


def test_the_exit_status_is_as_the_page_says(daybook):
    assert daybook.cmd("verify").returncode == 0
    assert daybook.cmd("backup", daybook.path, check=False).returncode == 1
    assert daybook.cmd("usage", "--from", "yesterday", check=False).returncode == 2
    assert daybook.cmd("nothing", check=False).returncode == 2
    assert daybook.cmd("import", "-", input="no JSON\n", check=False).returncode == 1


def test_the_conf_file_names_the_database_as_its_page_says(daybook, tmp_path):
    """The first line that begins so, to its end, blanks too; the environment goes first."""
    folder = tmp_path / "site"
    (folder / "bin").mkdir(parents=True)
    shutil.copy(BUILD / "bin/daybook", folder / "bin/daybook")
    named = tmp_path / "a b.db"
    (folder / "daybook.conf").write_text(f"# a line that is ignored\nDAYBOOK_DB={named}\nDAYBOOK_DB=/nonexistent\n")
    env = {k: v for k, v in os.environ.items() if k != "DAYBOOK_DB"}
    subprocess.run([folder / "bin/daybook", "init"], env=env, check=True, capture_output=True)
    assert named.exists() and named.stat().st_mode & 0o777 == 0o600
    env["DAYBOOK_DB"] = str(daybook.path)
    listed = subprocess.run([folder / "bin/daybook", "org", "list"], env=env, check=True, capture_output=True, text=True)
    assert "acme" in listed.stdout


def test_a_relative_path_of_the_conf_file_begins_at_its_folder(daybook, tmp_path):
    """For the command and for a program, wherever they are started."""
    folder = tmp_path / "site"
    for part in ("bin", "cgi-bin", "data"):
        (folder / part).mkdir(parents=True)
    shutil.copy(BUILD / "bin/daybook", folder / "bin/daybook")
    shutil.copy(BUILD / "cgi-bin/health.fcgi", folder / "cgi-bin/health.fcgi")
    (folder / "daybook.conf").write_text("DAYBOOK_DB=data/daybook.db\n")
    env = {k: v for k, v in os.environ.items() if k != "DAYBOOK_DB"}
    for command, variables in ([folder / "bin/daybook", "init"], {}), ([folder / "bin/daybook", "org", "list"], {}), (
            [folder / "cgi-bin/health.fcgi"], {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/health"}):
        done = subprocess.run(command, env={**env, **variables}, cwd="/", stdin=subprocess.DEVNULL, check=True, capture_output=True)
    assert done.stdout.startswith(b"Status: 200")
    assert (folder / "data/daybook.db").exists()


def test_the_last_place_is_the_conf_file_in_etc(daybook, tmp_path):
    """Under a view of the files in which /etc is a folder of the test."""
    etc, site = tmp_path / "etc", tmp_path / "site/bin"
    (etc / "daybook").mkdir(parents=True)
    site.mkdir(parents=True)
    shutil.copy(BUILD / "bin/daybook", site / "daybook")
    (etc / "daybook/daybook.conf").write_text(f"DAYBOOK_DB={daybook.path}\n")
    env = {k: v for k, v in os.environ.items() if k != "DAYBOOK_DB"}
    if subprocess.run(["unshare", "-m", "mount", "--bind", etc, "/etc"], capture_output=True).returncode != 0:
        pytest.skip("no other view of the files can be had here")
    see = lambda *prefix: subprocess.run([*prefix, site / "daybook", "org", "list"], env=env, capture_output=True, text=True)  # noqa: E731
    done = see("unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', etc)
    assert done.returncode == 0 and "acme" in done.stdout, done
    if not os.path.exists("/etc/daybook/daybook.conf"):
        done = see()
        assert done.returncode == 1 and "/etc/daybook/daybook.conf" in done.stderr and str(site.parent / "daybook.conf") in done.stderr


LIMITS = {
    "characters of a token": ("src/auth/token.h", r"TOKEN_MAX (\d+)", ""),
    "events of one body": ("cgi-bin/events/body.h", r"EVENTS_MAX (\d+)", ""),
    "bytes of a body of events": ("cgi-bin/events/body.h", r"EVENTS_BODY_MAX \((\d+) \* 1024 \* 1024\)", " MiB"),
    "bytes of any other body": ("src/http/req.h", r"BODY_MAX \((\d+) \* 1024\)", " KiB"),
    "bytes of an event's id": ("src/ledger/event.h", r"EVENT_ID_MAX (\d+)", ""),
    "bytes of an event's source": ("src/ledger/event.h", r"EVENT_SOURCE_MAX (\d+)", ""),
    "bytes of a sender (`from`)": ("src/quota/origin.h", r"ORIGIN_SENDER_MAX (\d+)", ""),
    "characters of a network": ("src/quota/origin.h", r"ORIGIN_NETWORK_MAX (\d+)", ""),
    "characters of a tag": ("src/quota/origin.h", r"ORIGIN_TAG_MAX (\d+)", ""),
    "days of one calendar": ("cgi-bin/usage-calendar/usage-calendar.c", r"RANGE_DAYS_MAX = (\d+)", ""),
    "campaigns listed for a day of the calendar": ("cgi-bin/usage-calendar/usage-calendar.c", r"CAMPAIGNS_LISTED_MAX = (\d+)", ""),
    "days of one `/api/usage`": ("cgi-bin/usage.c", r"USAGE_DAYS_MAX = (\d+)", ""),
    "days of one `/api/usage` by hour, or with an instant as an end": ("cgi-bin/usage.c", r"USAGE_HOUR_DAYS_MAX = (\d+)", ""),
    "events that one `/api/usage` adds up from the ledger": ("cgi-bin/usage.c", r"USAGE_EVENTS_MAX = (\d+)", ""),
    "groups of one `/api/usage`": ("cgi-bin/usage.c", r"USAGE_GROUPS_MAX = (\d+)", ""),
    "days of one list of events": ("cgi-bin/events-list/list.c", r"LISTED_DAYS_MAX = (\d+)", ""),
    "events on a page": ("cgi-bin/events-list/list.c", r"LISTED_MAX = (\d+)", ""),
    "bytes after which a page of events ends": ("cgi-bin/events-list/list.c", r"EVENTS_REPLY_MAX = (\d+) << 20", " MiB"),
    "rows looked at after which a page of events ends": ("cgi-bin/events-list/list.c", r"EVENTS_LOOKED_AT_MAX = (\d+)", ""),
    "audit entries on a page": ("cgi-bin/audit.c", r"ENTRIES_MAX = (\d+)", ""),
    "bytes of details after which a page of the audit ends": ("src/store/audit.h", r"AUDIT_PAGE_BYTES_MAX \((\d+) << 20\)", " MiB"),
    "audit entries that a filter looks at for a page": ("src/store/audit.h", r"AUDIT_LOOKED_AT_MAX (\d+)", ""),
    "statements on a page": ("cgi-bin/statements/statements.c", r"LISTED_MAX = (\d+)", ""),
    "later rows listed for a statement": ("src/ledger/statement.h", r"STATEMENT_LISTED_MAX = (\d+)", ""),
    "rows of the ledger looked at for a page of a statement": ("src/ledger/statement.h", r"STATEMENT_LOOKED_AT_MAX = (\d+)", ""),
    "failed contacts listed for a segment": ("cgi-bin/usage-calendar/day.c", r"FAILURES_LISTED_MAX = (\d+)", ""),
    "days that are searched after today": ("src/ledger/limit.h", r"LIMIT_SEARCH_DAYS (?:= )?(\d+)", ""),
    "limits of one organization, the five included": ("src/ledger/limit_change.h", r"LIMITS_MAX (\d+)", ""),
    "amounts of one limit from today on": ("src/ledger/limit_change.h", r"LIMIT_AMOUNTS_MAX (\d+)", ""),
    "hours of a rolling limit": ("src/ledger/limit_change.h", r"LIMIT_HOURS_MAX (\d+)", ""),
    "coming days that are listed as over a limit": ("src/ledger/limit_change.h", r"LIMIT_OVER_MAX (\d+)", ""),
    "segments of one campaign": ("src/campaign/campaign.h", r"CAMPAIGN_SEGMENTS_MAX (\d+)", ""),
    "past time of an instant that means now": ("src/campaign/campaign.h", r"CAMPAIGN_NOW_MS \((\d+) \* MINUTE_MS\)", " minutes"),
    "contacts of one segment": ("src/campaign/campaign.h", r"CAMPAIGN_CONTACTS_MAX INT64_C\((\d+)\)", ""),
    "parts of each contact": ("src/campaign/campaign.h", r"PARTS_PER_CONTACT_MAX (\d+)", ""),
    "bytes of a campaign's name": ("src/campaign/campaign.h", r"CAMPAIGN_NAME_MAX (\d+)", ""),
    "days of one plan": ("src/quota/plan.h", r"PLAN_DAYS_MAX (\d+)", ""),
    "contacts a day of a plan without a daily limit": ("src/quota/plan.h", r"PLAN_UNLIMITED_PER_DAY (\d+)", ""),
    "bytes of an iCalendar file": ("src/time/ical.h", r"ICAL_SIZE_MAX \((\d+) << 20\)", " MiB"),
    "entries of hours of a sending window": ("src/quota/sending_window.h", r"SENDING_HOURS_MAX (\d+)", ""),
    "closed dates of an organization": ("src/quota/sending_window.h", r"SENDING_CLOSED_MAX (\d+)", ""),
    "bytes of a closed date's name": ("src/quota/sending_window.h", r"SENDING_NAME_MAX (\d+)", ""),
    "bytes of a campaign's sending window": ("src/quota/sending_window.h", r"SENDING_TEXT_MAX (\d+)", ""),
    "days that are searched for an allowed instant": ("src/quota/sending_window.h", r"SENDING_SEARCH_DAYS (\d+)", ""),
    "events of an iCalendar file": ("src/time/ical.h", r"ICAL_EVENTS_MAX (\d+)", ""),
    "failures of one report of results": ("cgi-bin/campaigns/body.h", r"RESULTS_FAILURES_MAX (\d+)", ""),
    "bytes of a report of results": ("cgi-bin/campaigns/body.h", r"RESULTS_BODY_MAX \((\d+) \* 1024 \* 1024\)", " MiB"),
    "campaigns looked at after which a page of them ends":
        ("src/campaign/campaign_list.h", r"CAMPAIGNS_LOOKED_AT_MAX = (\d+)", ""),
    "segments loaded after which a page of campaigns ends":
        ("src/campaign/campaign_list.h", r"CAMPAIGN_SEGMENTS_LOADED_MAX = (\d+)", ""),
    "events of an incomplete quarter-hour at an end of `startDate` to `endDate`":
        ("src/ledger/usage_instants.c", r"RAGGED_MAX = (\d+)", ""),
    "campaigns on a page": ("cgi-bin/campaigns/campaigns.c", r"LIST_MAX = (\d+)", ""),
    "failed contacts on a page": ("cgi-bin/campaigns/campaigns.c", r"FAILURES_MAX = (\d+)", ""),
    "months of one history": ("cgi-bin/usage-history.c", r"MONTHS_MAX = (\d+)", ""),
    "age of an event without `usage:backfill`": ("src/ledger/event.h", r"EVENT_WINDOW_MS \((\d+) \* DAY_MS\)", " days"),
    "age of an event that is settled without `usage:backfill`":
        ("src/ledger/event.h", r"EVENT_SETTLE_WINDOW_MS \((\d+) \* DAY_MS\)", " days"),
    "an event ahead of the clock": ("src/ledger/event.h", r"EVENT_AHEAD_MS \((\d+) \* MINUTE_MS\)", " minutes"),
    "an integer in JSON": ("src/base/json.h", r"JSON_INT_MAX INT64_C\((\d+)\)", ""),
    "levels of a JSON body": ("src/base/json.h", r"JSON_DEPTH_MAX (\d+)", ""),
}


def test_the_limits_of_the_semantics_page_are_those_of_the_sources():
    table = (ROOT / "docs/semantics.md").read_text().split("## Sizes\n")[1]
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.M))
    assert set(rows) == {*LIMITS, "what"}
    for what, (path, pattern, unit) in LIMITS.items():
        found = re.search(pattern, (ROOT / path).read_text())
        assert found, f"{path}: no {pattern}"
        assert rows[what] == found[1] + unit, what


def test_each_promise_of_the_security_document_names_tests_that_there_are():
    rows = re.findall(r"^\| (.+?) \| (`.+`) \|$", (ROOT / "SECURITY.md").read_text(), re.M)
    assert len(rows) > 12
    for promise, tests in rows:
        for name in tests.split(", "):
            assert (ROOT / name.strip("`")).is_file(), (promise, name)
