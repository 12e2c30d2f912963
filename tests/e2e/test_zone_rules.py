"""New rules of a zone reach every organization, also one that nobody writes to, from its next day on."""
import datetime
import fcntl
import os
import shutil
import subprocess

import pytest

from model import Days, audit, date, day_number, instant, iso, set_clock
from support import ZONEINFO, zone_folder
from test_doctor import doctor, health, watch
from watching import until

NOW = "2026-11-29T20:00:00Z"


class Rules:
    """A zone Test/Home that zic compiles from rules, as if somebody made the file by hand."""

    summer = "Rule H 2000 max - Apr 1 2:00 1 -\nRule H 2000 max - Nov 30 2:00 0 -\n"
    without_end = "Rule H 2000 2026 - Apr 1 2:00 1 -\nRule H 2000 2025 - Nov 30 2:00 0 -\n"  # summer time stays

    def __init__(self, daybook):
        self.daybook = daybook
        self.folder = zone_folder(daybook, "America/Toronto", "UTC")
        with (self.folder / "tzdata.zi").open("a") as list:
            list.write("Z Test/Home -8 H -\nL Test/Home Test/Old\n")
        self.put(self.summer)

    def put(self, rules):
        source = self.daybook.folder / "rules"
        source.write_text(rules + "Zone Test/Home -8:00 H %z\n")
        new = self.daybook.folder / "compiled"
        subprocess.run(["zic", "-d", new, source], check=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        (self.folder / "Test").mkdir(exist_ok=True)
        (new / "Test/Home").rename(self.folder / "Test/Home")


@pytest.fixture
def rules(daybook):
    set_clock(daybook, NOW)  # 13:00 in Test/Home; its summer time would end tomorrow
    watch(daybook)
    rules = Rules(daybook)
    for org in ("idle", "other"):
        daybook.cmd("org", "add", org, "--timezone", "Test/Home")
    daybook.cmd("maintenance")
    return rules


def spans(daybook, org):
    return daybook.sql("SELECT from_at, utc_offset_s FROM zone_span z JOIN organization o ON o.key = z.org WHERE o.id = ? "
                       "ORDER BY from_at", org)


def compared(daybook):
    return daybook.sql("SELECT value FROM setting WHERE name = 'zones_compared'")[0][0]


# ---- Two releases of the tz database, as Debian packages them

@pytest.fixture(scope="session")
def releases(tmp_path_factory):
    """The zone folders of Debian's releases that apt knows and of this machine, by release, from the oldest to the newest."""
    folder, found = tmp_path_factory.mktemp("tzdata"), {}
    known = subprocess.run(["apt-cache", "madison", "tzdata"], capture_output=True, text=True).stdout
    for version in {line.split("|")[1].strip() for line in known.splitlines() if "Packages" in line}:
        subprocess.run(["apt-get", "download", f"tzdata={version}"], cwd=folder, capture_output=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, package.with_suffix("")], check=True)
    for zones in [ZONEINFO, *folder.glob("*/usr/share/zoneinfo")]:
        found[(zones / "tzdata.zi").read_text().split()[2]] = zones
    return [found[release] for release in sorted(found)]


def coming(zones, name):
    """What zdump says of the zone from tomorrow on."""
    text = subprocess.run(["zdump", "-i", "-c", "2026,2099", zones / name], capture_output=True, text=True).stdout
    return [line for line in text.splitlines() if line[:10] > NOW[:10]]


def test_a_real_release_changes_the_days_of_whom_nobody_writes_to(daybook, releases):
    if len(releases) < 2 or coming(releases[0], "America/Vancouver") == coming(releases[-1], "America/Vancouver"):
        pytest.skip("apt offers no two releases that differ on America/Vancouver")
    old, new = releases[0], releases[-1]
    set_clock(daybook, NOW)
    daybook.env["TZDIR"] = str(old)
    daybook.cmd("org", "add", "van", "--timezone", "America/Vancouver", "--daily-limit", "5")
    daybook.cmd("maintenance")
    at = "2026-12-05T07:30:00.000Z"  # 23:30 on the 4th by the old law, 00:30 on the 5th by the one in force
    assert daybook.cgi("campaigns", "POST", "/api/campaigns", token=daybook.token("van", scope="campaigns:write"), body={
        "id": "c", "name": "C", "contactCount": 3, "scheduledISO": at}).status in (200, 201)
    day = lambda: [date(d) for d, in daybook.sql("SELECT day FROM segment")]
    revisions = lambda: dict(daybook.sql("SELECT id, revision FROM organization"))
    before, idle = spans(daybook, "van"), revisions()["acme"]
    assert day() == ["2026-12-04"] and doctor(daybook).level["days"] == "ok"

    daybook.env["TZDIR"] = str(new)
    doctor(daybook).check("days", "warning", "van (America/Vancouver)", "daybook maintenance")
    assert "acme" not in doctor(daybook).text["days"]
    assert daybook.cmd("maintenance").stdout == "van: its coming days follow the new rules of America/Vancouver\n"
    midnight = instant("2026-11-30T08:00:00Z")
    assert [s for s in spans(daybook, "van") if s[0] < midnight] == [s for s in before if s[0] < midnight]
    assert day() == ["2026-12-05"]
    assert [(a["timezone"], a["segmentsMoved"]) for a in audit(daybook, "org.tzdata")] == [("America/Vancouver", [
        {"campaignId": "c", "segmentNumber": 1, "from": "2026-12-04", "to": "2026-12-05"}])]
    assert revisions()["acme"] == idle
    assert doctor(daybook).level["days"] == "ok" and "0 differences" in daybook.cmd("verify").stdout
    assert daybook.cmd("maintenance").stdout == ""
    made = daybook.cmd("org", "add", "fresh", "--timezone", "America/Vancouver") and spans(daybook, "fresh")
    assert [s for s in spans(daybook, "van") if s[0] > midnight] == [s for s in made if s[0] > midnight]


# ---- A file that was made by hand

@pytest.mark.parametrize("way", ["cgi", "fastcgi"])
def test_the_programs_bring_new_rules_to_an_organization_that_nobody_writes_to(daybook, rules, way):
    before, told = {org: spans(daybook, org) for org in ("idle", "other")}, compared(daybook)
    rules.put(rules.without_end)
    assert any("2 organizations differ" in w for w in health(daybook)["warnings"])
    assert compared(daybook) == told and spans(daybook, "idle") == before["idle"]
    asked = dict(method="GET", path="/organization/usage", token=daybook.token(ttl="1h"))
    if way == "cgi":
        assert daybook.cgi("organization-usage", **asked).status == 200
    else:
        assert daybook.fastcgi("organization-usage").ask(**asked).status == 200
    until(lambda: compared(daybook) != told, "the organizations are not compared")
    midnight = instant("2026-11-30T07:00:00Z")
    for org, old in before.items():
        assert spans(daybook, org) == [s for s in old if s[0] < midnight]
    assert len(audit(daybook, "org.tzdata")) == 2
    assert not any("differ" in w for w in health(daybook)["warnings"])
    assert "event=zone org=idle zone=Test/Home" in daybook.log_path.read_text()


def test_today_stays_as_it_was_up_to_its_midnight(daybook, rules):
    """The summer time ends today at 18:00 and not tomorrow, says a file that comes at 13:00."""
    before, midnight = spans(daybook, "idle"), instant("2026-11-30T07:00:00Z")
    rules.put(rules.summer.replace("Nov 30 2:00", "Nov 29 18:00"))
    daybook.cmd("maintenance")
    assert [s for s in spans(daybook, "idle") if s[0] < midnight] == [s for s in before if s[0] < midnight]
    days = Days(daybook, "idle")
    assert [iso(days.start(day_number(d))) for d in ("2026-11-29", "2026-11-30", "2026-12-01")] == \
        ["2026-11-29T07:00:00.000Z", "2026-11-30T08:00:00.000Z", "2026-12-01T08:00:00.000Z"]


def test_rules_of_the_past_alone_change_nothing(daybook, rules):
    before, told = spans(daybook, "idle"), compared(daybook)
    rules.put("Rule H 2013 max - Apr 1 2:00 1 -\nRule H 2013 max - Nov 30 2:00 0 -\n")
    assert daybook.cmd("maintenance").stdout == ""
    assert spans(daybook, "idle") == before and audit(daybook, "org.tzdata") == [] and compared(daybook) != told
    assert doctor(daybook).level["days"] == "ok"


def test_a_comparison_that_was_not_finished_goes_on_where_it_was(daybook, rules):
    old = daybook.sql("SELECT * FROM zone_span")
    rules.put(rules.without_end)
    daybook.cmd("maintenance")
    digest, new = compared(daybook).split()[0], spans(daybook, "other")
    daybook.sql("DELETE FROM zone_span")
    for row in old:
        daybook.sql(f"INSERT INTO zone_span VALUES ({', '.join('?' * len(row))})", *row)
    daybook.sql("UPDATE organization SET zone_revision = zone_revision + 1")
    daybook.sql("UPDATE setting SET value = ? WHERE name = 'zones_compared'", f"{digest} 0 idle")
    assert daybook.cmd("maintenance").stdout == "other: its coming days follow the new rules of Test/Home\n"
    assert spans(daybook, "other") == new != spans(daybook, "idle") and compared(daybook) == f"{digest} 0"
    doctor(daybook).check("days", "warning", "idle (Test/Home)")  # it asks the days themselves


def test_while_the_lock_is_taken_it_gives_up_and_a_later_run_does_it(daybook, rules):
    rules.put(rules.without_end)
    before, told = spans(daybook, "idle"), compared(daybook)
    gate = os.open(f"{daybook.path}-gate", os.O_RDWR)
    process, token = daybook.fastcgi("organization-usage"), daybook.token(ttl="9h")
    use = lambda: process.ask("GET", "/organization/usage", token=token)
    try:
        fcntl.lockf(gate, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 1)
        assert use().status == 200 and use().status == 200
    finally:
        os.close(gate)
    assert spans(daybook, "idle") == before and compared(daybook) == told
    daybook.cmd("maintenance")
    assert spans(daybook, "idle") != before and len(audit(daybook, "org.tzdata")) == 2


def test_a_file_that_no_days_can_be_made_of_is_named_and_keeps_nobody_else_back(daybook, rules):
    daybook.cmd("org", "add", "aaa", "--timezone", "UTC")
    before = spans(daybook, "aaa")
    (rules.folder / "UTC").unlink()
    (rules.folder / "UTC").write_bytes(b"TZif2")
    rules.put(rules.without_end)
    done = daybook.cmd("maintenance")
    assert "idle: its coming days" in done.stdout and "other: its coming days" in done.stdout
    assert done.stderr.startswith("daybook: aaa: its days stay as they are: ")
    assert spans(daybook, "aaa") == before and compared(daybook).split()[1:] == ["1"]
    assert "the coming days of 1 organization differ from the zone files" in health(daybook)["warnings"]


# ---- What the machine lacks

def test_the_doctor_names_each_zone_that_the_machine_lacks_and_health_counts(daybook):
    watch(daybook)
    folder = zone_folder(daybook, "America/Toronto", "UTC", "US/Eastern", "Asia/Calcutta")
    for org, zone in (("a", "US/Eastern"), ("b", "Asia/Calcutta"), ("c", "US/Eastern")):
        daybook.cmd("org", "add", org, "--timezone", zone)
    assert doctor(daybook).level["timezones"] == "ok"
    (folder / "US/Eastern").unlink()
    (folder / "Asia/Calcutta").unlink()
    # Their targets are missing here too, so that the links do not help.
    doctor(daybook).check("timezones", "error", "Asia/Calcutta of b, US/Eastern of a, US/Eastern of c", "tzdata-legacy", "org set ID --timezone")
    body = health(daybook)
    assert body["status"] == "degraded" and any("lacks the time zones of 3 organizations" in w for w in body["warnings"])
    shutil.copy(ZONEINFO / "America/New_York", folder / "America/New_York")
    doctor(daybook).check("timezones", "error", "Asia/Calcutta of b;")
    shutil.copy(ZONEINFO / "Asia/Kolkata", folder / "Asia/Kolkata")
    report = doctor(daybook)
    assert (report.level["timezones"], report.level["days"]) == ("ok", "ok")
    assert not any("zone" in w for w in health(daybook)["warnings"])


def test_an_old_name_is_taken_where_its_file_is_in_another_package(daybook):
    """Debian 13: tzdata.zi lists US/Eastern, whose file is in tzdata-legacy."""
    folder = zone_folder(daybook, "America/Toronto", "UTC", "America/New_York")
    daybook.cmd("org", "add", "old", "--timezone", "US/Eastern")
    daybook.cmd("org", "add", "new", "--timezone", "America/New_York")
    assert not (folder / "US").exists() and spans(daybook, "old") == spans(daybook, "new")
    assert daybook.sql("SELECT timezone FROM organization WHERE id = 'old'") == [("US/Eastern",)]
    done = daybook.cmd("org", "add", "lost", "--timezone", "US/Pacific", check=False)  # neither its file nor its target's
    assert done.returncode != 0 and 'there is no zone "US/Pacific"' in done.stderr
    assert "0 differences" in daybook.cmd("verify").stdout


@pytest.mark.parametrize("release,modified,level", [
    ("2025b", "2025-08-24", "warning"), ("2025b", "2025-11-30", "ok"), ("2025c", "2026-11-01", "ok"),
    ("2024b", "2026-11-01", "warning"), ("2026a", "1970-01-01", "ok"), ("2025b", "2025-11-27", "warning")])
def test_tzdata_of_more_than_a_year_ago_is_old(daybook, release, modified, level):
    set_clock(daybook, NOW)
    watch(daybook)
    folder = zone_folder(daybook, "America/Toronto", "UTC", release=release)
    at = datetime.datetime.fromisoformat(modified + "T00:00:00+00:00").timestamp()
    os.utime(folder / "tzdata.zi", (at, at))
    doctor(daybook).check("timezones", level, f"tzdata {release}")
    assert any("tzdata is more than a year old" in w for w in health(daybook)["warnings"]) == (level == "warning")


# ---- The list to choose from

def test_the_zones_to_choose_from_are_those_of_the_server(daybook):
    folder = zone_folder(daybook, "America/Toronto", "UTC", release="2031c")
    (folder / "tzdata.zi").write_text("# version 2031c\nZ America/Toronto -5 - -\nZ Etc/UTC 0 - UTC\nL Etc/UTC UTC\n"
                                      "L America/Toronto Canada/Eastern\nZ EST5EDT -5 - -\n")
    reply = daybook.cgi("settings", "GET", "/api/organizations/acme/timezone", token=daybook.token(scope="org:admin"))
    assert reply.status == 200 and reply.json["data"] == {"timezone": "America/Toronto", "tzdataVersion": "2031c",
                                                          "timezones": ["America/Toronto", "Canada/Eastern", "UTC"]}
    for zone in reply.json["data"]["timezones"]:
        daybook.cmd("org", "set", "acme", "--timezone", zone)
    refused = daybook.cgi("settings", "GET", "/api/organizations/acme/timezone", token=daybook.token(scope="usage:read"))
    assert refused.status == 403


def test_another_name_of_the_same_days_is_noted_by_the_process_that_knew_the_old_one(daybook):
    token, settings = daybook.token(scope="org:admin"), daybook.fastcgi("settings")
    for _ in range(2):	# the second finds every row attributed, and keeps that
        assert settings.ask("PUT", "/api/organizations/acme/plan", body={"plan": "x"}, token=token).status == 200
    reply = settings.ask("PUT", "/api/organizations/acme/timezone", body={"timezone": "America/Nipigon"}, token=token)
    if reply.status == 400:
        pytest.skip("this Debian has no other name of the zone")
    assert reply.status == 200, reply
    assert daybook.sql("SELECT DISTINCT zone FROM zone_span WHERE org = 1 ORDER BY zone")[0] == ("America/Nipigon",)
