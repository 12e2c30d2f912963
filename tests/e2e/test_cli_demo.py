"""daybook demo and daybook usage."""
import datetime
import os
import pty
import subprocess

import pytest

from cli_tools import COMMAND, Cli, cli, new_cli  # noqa: F401 (cli is a fixture)
from support import hold_again


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    demo = Cli(tmp_path_factory.mktemp("demo"))
    demo("demo")
    return demo


def test_the_demo_is_a_year_of_two_organizations(demo):
    assert demo.sql("SELECT o.id, o.timezone, a.amount, o.plan, o.cycle_day FROM organization o JOIN limit_rule r ON r.org = o.key "
                    "JOIN limit_amount a ON a.rule = r.key WHERE r.name = 'daily' ORDER BY o.id") == [
        ("acme", "America/Toronto", 500, "growth", 1), ("globex", "Europe/Berlin", None, "enterprise", 15)]
    count, channels, days = demo.sql("SELECT count(*), count(DISTINCT channel), (max(occurred_at) - min(occurred_at)) / 86400000 FROM event")[0]
    assert 60_000 <= count <= 100_000 and channels == 9 and days >= 363
    assert demo.sql("SELECT count(*) FROM event WHERE status = 'failed'")[0][0] > 100
    assert demo.sql("SELECT count(*) FROM event WHERE status = 'void'")[0][0] > 10


def test_the_demo_went_through_the_rules(demo):
    assert demo("verify").endswith(" 0 differences\n")
    assert demo.sql("SELECT count(*) FROM event e JOIN actor w ON w.key = e.actor "
                    "WHERE w.credential <> 'cli' OR e.received_at < e.occurred_at") == [(0,)]
    assert demo.sql("SELECT count(*) FROM audit WHERE action = 'event.backfill'") == [(0,)]


def test_weekends_are_quieter_than_working_days(demo):
    weekend, working = (demo.sql(f"SELECT avg(messages) FROM usage_day WHERE org = 1 AND channel = 'SMS' AND day % 7 {which} (2, 3)")[0][0]
                        for which in ("IN", "NOT IN"))
    assert weekend < working / 2


def test_the_demo_has_a_key_that_signs_tokens(demo):
    assert demo("token", "--org", "acme").count(".") == 2


def test_ids_come_in_the_order_of_time(demo):
    first, second = demo.sql("SELECT count(*), sum(substr(id, 15, 1) = '7') FROM event")[0]
    assert first == second
    late = demo.sql("SELECT count(*) FROM (SELECT occurred_at, lag(occurred_at) OVER (ORDER BY org, source, id) AS before, "
                    "org, lag(org) OVER (ORDER BY org, source, id) AS org_before, source, lag(source) OVER (ORDER BY org, source, id) AS "
                    "source_before FROM event) AS e WHERE before > occurred_at AND org = org_before AND source = source_before")
    assert late == [(0,)]


def test_the_demo_never_overwrites(demo):
    before = demo.sql("SELECT count(*) FROM event")
    demo("demo", rc=1)
    assert "already exists" in demo.err
    assert demo.sql("SELECT count(*) FROM event") == before


# ---- usage

def test_usage_shows_each_day_of_a_range_with_its_room(cli):
    cli("org", "add", "beta", "--timezone", "America/Toronto", "--daily-limit", "10")	# for all days, also past ones
    cli("import", "-", "--org", "beta", stdin='{"id":"a","occurredAt":"2026-05-20T15:00:00Z","messages":4}\n'
                             '{"id":"b","occurredAt":"2026-05-21T15:00:00Z","messages":14}\n')
    lines = cli("usage", "--org", "beta", "--from", "2026-05-19", "--to", "2026-05-21").splitlines()
    assert lines[0] == "beta (beta), America/Toronto, 10 SMS a day"
    assert [line.split()[:5] for line in lines[3:6]] == [["2026-05-19", "Tue", "0", "0", "10"], ["2026-05-20", "Wed", "4", "0", "6"],
                                                        ["2026-05-21", "Thu", "14", "0", "0"]]
    assert lines[4].count("#") == 12 and lines[5].count("#") == 30 and "over the limit" in lines[5]
    assert lines[6].split() == ["total", "18", "0"]


def test_usage_without_a_limit_measures_by_the_busiest_day(cli):
    cli("import", "-", stdin='{"id":"a","occurredAt":"2026-05-20T15:00:00Z","messages":5}\n'
                             '{"id":"b","occurredAt":"2026-05-21T15:00:00Z","messages":10}\n')
    lines = cli("usage", "--from", "2026-05-20", "--to", "2026-05-21").splitlines()
    assert "unlimited SMS a day" in lines[0]
    assert [line.count("#") for line in lines[3:5]] == [15, 30] and "unlimited" in lines[3]


def test_usage_counts_what_segments_hold_and_marks_today(cli):
    cli("org", "set", "acme", "--daily-limit", "100")
    today = int(cli.sql("SELECT (unixepoch() - 5 * 3600) / 86400")[0][0])
    cli.sql("INSERT INTO campaign (org, id, name, is_segmented, created_at, updated_at) VALUES (1, 'c', 'C', 0, 0, 0)")
    for number, day in enumerate(range(today - 1, today + 3), 1):
        cli.sql("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, status) "
                "VALUES (1, ?, 1, ?, ?, 50, 'scheduled')", number, day * 86400000 + 43200000, day)
    hold_again(cli.sql)
    first, last = (str(datetime.date(1970, 1, 1) + datetime.timedelta(days=today + n)) for n in (-1, 2))
    lines = cli("usage", "--from", first, "--to", last).splitlines()
    marked = [line for line in lines if line.endswith("today")]
    assert len(marked) == 1 and marked[0].split()[3] == "50" and marked[0].count("+") == 15


@pytest.mark.parametrize("day, first", [("sunday", "Sun"), ("saturday", "Sat"), ("monday", "Mon")])
def test_the_weeks_of_the_sheet_begin_where_the_organizations_do(cli, day, first):
    cli("org", "set", "acme", "--week-start", day)
    lines = cli("usage").splitlines()
    *head, sums = lines[3].split()
    assert head[0] == first and sums == "week"
    month = datetime.date.fromisoformat(lines[2] + "-01")
    for week in lines[4:-3:2]:
        for column, name in enumerate(head):
            if cell := week[10 * column:10 * column + 2].strip():
                assert month.replace(day=int(cell)).strftime("%a") == name


def test_usage_without_a_range_is_this_month_as_a_sheet_of_weeks(cli):
    cli("org", "set", "acme", "--daily-limit", "100")
    cli("import", "-", stdin='{"id":"a","occurredAt":"%s","messages":50}' % datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%SZ"))
    day = cli.sql("SELECT day FROM usage_day")[0][0]
    today = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
    lines = cli("usage").splitlines()
    assert lines[2] == today.strftime("%Y-%m") and lines[3].split() == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "week"]
    column = 10 * today.weekday()
    week = next(i for i, line in enumerate(lines) if line[column:column + 3] == f"{today.day:2d}*")
    assert lines[week][column:column + 9] == f"{today.day:2d}*###..." and lines[week + 1][column:column + 10].split() == ["50"]
    assert lines[week + 1].split()[-1] == "50", "the sum of the week"
    assert "".join(lines[4:-3]).count("*") == 1 and lines[-2] == "# sent 50   + reserved 0   * today"
    assert lines[-1].startswith("cost 0")
    days = [int(cell) for line in lines[4:-3:2] for i in range(0, 70, 10) if (cell := line[i:i + 2].strip())]
    assert days == list(range(1, days[-1] + 1)) and days[-1] in (28, 29, 30, 31)


def test_usage_refuses_ranges_that_make_no_sense(cli):
    cli("usage", "--from", "2026-05-02", "--to", "2026-05-01", rc=1)
    cli("usage", "--from", "2012-01-01", "--to", "2099-01-01", rc=1)
    cli("usage", "--from", "x", rc=2)


def test_a_terminal_gets_blocks_and_a_progress_bar(demo):
    def in_terminal(*args):
        master, slave = pty.openpty()
        process = subprocess.Popen([str(COMMAND), *args], env=demo.env(), stdout=slave, stderr=slave, stdin=slave)
        os.close(slave)
        seen = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:
                break
            if not part:
                break
            seen += part
        os.close(master)
        assert process.wait() == 0
        return seen.decode()

    assert "█" in in_terminal("usage", "--org", "acme")
    assert "verifying [" in in_terminal("verify")
