"""Jobs: repricing and rebuilding in turns, /api/organizations/{id}/jobs, and `daybook maintenance`."""
import json
import random
import signal
import subprocess
import time

import pytest

from api import Api
from conftest import BUILD
from damages import damage
from support import check_error, event, exact

DAY = "2026-05-19"


class Jobs(Api):
    def sent(self, *events):
        reply = self.ask("events", "POST", "/api/events", body=list(events))
        assert reply.json["accepted"] == len(events), reply
        return reply

    def price(self, usd, org="acme", **fields):
        body = {"channel": "SMS", "usd": usd, "validFrom": DAY, "reprice": True, **fields}
        return self.ask("prices", "POST", f"/api/organizations/{org}/prices", body=body)

    def job(self, number):
        return self.ask("jobs", "GET", f"/api/organizations/acme/jobs/{number}")

    def ended(self, number):
        """Looks at the job until it has ended: each look is followed by a turn."""
        for _ in range(200):
            data = self.job(number).json["data"]
            if data["state"] == "done":
                return data
            time.sleep(0.02)
        raise AssertionError(data)

    def usage(self):
        reply = self.ask("organization-usage", "GET", "/organization/usage")
        assert reply.status == 200, reply
        return exact(reply.body.decode())

    def cost(self):
        return str(self.usage()["costSms"])

    def killed_after_its_commit(self, usd, first=None):
        """What is there if a process sets a price and is killed before the first turn of its job."""
        first = self.daybook.sql("SELECT min(quarter) FROM usage_quarter")[0][0] if first is None else first
        last = self.daybook.sql("SELECT max(quarter) FROM usage_quarter")[0][0]
        self.daybook.sql("INSERT INTO price (org, channel, valid_from, nanos_per_part) VALUES (1, 'SMS', 20592, ?) "
                         "ON CONFLICT DO UPDATE SET nanos_per_part = excluded.nanos_per_part", round(usd * 10**9))
        self.daybook.sql("INSERT INTO job (org, number, kind, channel, first_quarter, next_quarter, end_quarter, actor, is_remote, "
                         "started_at, updated_at) VALUES (1, (SELECT coalesce(max(number), 0) + 1 FROM job), 'reprice', 'SMS', ?, ?, ?, "
                         "1, 0, 1, 1)", first, first, last + 1)
        self.daybook.sql("UPDATE organization SET revision = revision + 1")

    def verify(self):
        self.daybook.cmd("verify")


@pytest.fixture
def api(daybook):
    return Jobs(daybook)


def test_a_reprice_is_accepted_with_a_job_that_ends_by_itself(api):
    api.sent(event(f"{DAY}T12:00:00Z", parts=2), event(f"{DAY}T13:00:00Z"))
    reply = api.price(1)
    assert reply.status == 202 and reply.json["data"]["job"] == 1 and reply.headers["location"] == "jobs/1"
    done = api.ended(1)
    assert done["kind"] == "reprice" and done["channel"] == "SMS" and done["changed"] == 2
    assert done["quartersDone"] == done["quartersTotal"] > 0 and done["endedAt"] >= done["startedAt"]
    assert done["credential"] == "jwt:main"
    assert api.cost() == "3" and "repricing" not in api.usage()
    listed = api.ask("jobs", "GET", "/api/organizations/acme/jobs").json["data"]["jobs"]
    assert listed == [done]
    assert api.daybook.sql("SELECT detail FROM audit WHERE action = 'job.end'") == [
        ('{"job":1,"kind":"reprice","channel":"SMS","changed":2}',)]
    api.verify()


def test_without_events_there_is_nothing_to_do(api):
    api.sent(event(f"{DAY}T12:00:00Z", channel="CALL"), event("2026-05-18T12:00:00Z"))
    reply = api.price(1)
    assert reply.status == 200 and reply.json["data"]["job"] is None
    assert api.ask("jobs", "GET", "/api/organizations/acme/jobs").json["data"]["jobs"] == []


def test_any_reply_of_any_program_is_followed_by_a_turn(api):
    api.sent(event(f"{DAY}T12:00:00Z"))
    api.killed_after_its_commit(1)
    assert api.ask("usage-calendar", "GET", "/api/campaigns/usage-calendar", {"from": DAY, "to": DAY}).status == 200
    for _ in range(100):
        if api.daybook.sql("SELECT ended_at IS NOT NULL FROM job") == [(1,)]:
            break
        time.sleep(0.02)
    assert api.cost() == "1"


def test_until_a_job_ends_costs_say_so_and_another_must_wait(api):
    api.sent(event(f"{DAY}T12:00:00Z"))
    etag = api.ask("organization-usage", "GET", "/organization/usage").headers["etag"]
    program = api.daybook.fastcgi("organization-usage")
    api.killed_after_its_commit(1)
    # Another program writes, so no turn can be done.
    lock = subprocess.Popen(["sqlite3", str(api.daybook.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    lock.stdin.write("BEGIN IMMEDIATE; SELECT 1;\n")
    lock.stdin.flush()
    assert lock.stdout.readline() == "1\n"
    reply = program.ask("GET", "/organization/usage", token=api.token)
    assert reply.json["repricing"] is True and reply.json["costSms"] == 0.0079 and reply.headers["etag"] != etag
    lock.stdin.close()
    lock.wait()
    api.daybook.cmd("maintenance")
    assert "repricing" not in program.ask("GET", "/organization/usage", token=api.token).json
    api.verify()


def test_one_job_at_a_time(api):
    api.sent(event(f"{DAY}T12:00:00Z"))
    api.killed_after_its_commit(1)
    reply = api.price(2)
    check_error(reply, 409, "tether")
    assert "job 1 of acme" in reply.json["error"]
    api.daybook.cmd("maintenance")
    assert api.price(2).status == 202
    api.ended(2)
    api.killed_after_its_commit(3)
    for args in (("price", "set", "CALL", "3", "--org", "acme"), ("price", "set", "CALL", "3"), ("rebuild",)):
        refused = api.daybook.cmd(*args, check=False)
        assert refused.returncode == 1 and "job 3 of acme, a reprice, has not ended" in refused.stderr, args
        assert "daybook maintenance" in refused.stderr
    assert api.daybook.cmd("maintenance").stdout == "acme: job 3 (reprice) has ended; changed 1\n"
    api.verify()


def test_six_reprices_a_day_are_enough(api):
    api.sent(event(f"{DAY}T12:00:00Z"))
    for i in range(6):
        assert api.price(i + 1).status == 202
        api.ended(i + 1)
    reply = api.price(9)
    check_error(reply, 429, "tether", "reprice")
    assert 0 < int(reply.headers["retry-after"]) <= 86400 and api.cost() == "6"
    assert api.price(9, reprice=False, validFrom="2026-06-01").status == 200
    api.daybook.cmd("price", "set", "SMS", "0.5", "--org", "acme", "--from", DAY, "--reprice")	# the operator may
    assert api.cost() == "0.5"
    api.daybook.sql("UPDATE job SET started_at = started_at - 86400000")
    assert api.price(9).status == 202


@pytest.mark.parametrize("number", ["2", "0", "01", "-1", "x", "1e3", "99999999999999999999"])
def test_a_job_that_is_not_there_is_a_404(api, number):
    api.sent(event(f"{DAY}T12:00:00Z"))
    api.price(1)
    check_error(api.job(number), 404, "tether")


def test_jobs_are_those_of_the_organization(api):
    api.daybook.cmd("org", "add", "other", "--timezone", "Asia/Tokyo")
    api.sent(event(f"{DAY}T12:00:00Z"))
    api.price(1)
    other = api.daybook.token("other", "org:admin", ttl="720h")
    for path in ("jobs", "jobs/1"):
        check_error(api.ask("jobs", "GET", f"/api/organizations/acme/{path}", token=other), 403, "tether")
        check_error(api.ask("jobs", "GET", f"/api/organizations/acme/{path}", token="x"), 401, "tether")
    assert api.ask("jobs", "GET", "/api/organizations/other/jobs", token=other).json["data"]["jobs"] == []
    check_error(api.ask("jobs", "GET", "/api/organizations/other/jobs/1", token=other), 404, "tether")


# ---- Corrections while a job is on its way

CORRECTIONS = {
    "a void": {"id": "v", "voids": "a", "reason": "test"},
    "parts": {"id": "s", "settles": "a", "parts": 5},
    "a cost": {"id": "s", "settles": "a", "cost": 0.25},
    "a failed event that was sent": {"id": "s", "settles": "f", "status": "sent"},
}


@pytest.mark.parametrize("earlier", [False, True], ids=["the first price", "after another reprice"])
@pytest.mark.parametrize("name", CORRECTIONS)
def test_a_correction_of_an_event_that_a_job_has_not_reached_counts_right(api, name, earlier):
    def post():
        return api.sent(event(f"{DAY}T12:00:00Z", id="a", parts=3), event(f"{DAY}T12:01:00Z", id="b", parts=2),
                        event(f"{DAY}T12:02:00Z", id="f", status="failed", to="+15550100", reason="no route"))

    post()
    if earlier:
        assert api.price(0.5).status == 202
        api.ended(1)
    api.killed_after_its_commit(1)
    api.verify()	# it knows how far the job is
    late = event(f"{DAY}T12:03:00Z", id="late", parts=1)
    assert api.ask("events", "POST", "/api/events", body=[late, CORRECTIONS[name]]).json["accepted"] == 2
    api.verify()
    api.daybook.cmd("maintenance")
    api.verify()
    assert api.cost() == {"a void": "3", "parts": "8", "a cost": "3.25", "a failed event that was sent": "7"}[name]
    figures = {e["id"]: e["cost"] for e in api.ask("events", "GET", "/api/events", {"from": DAY, "to": DAY}).json["data"]["events"]}
    assert figures["late"] == 1 and figures["b"] == 2


def test_a_price_for_all_reprices_every_organization(api):
    api.daybook.cmd("org", "add", "other", "--timezone", "Asia/Tokyo")
    other = Jobs(api.daybook, "other")
    for each in (api, other):
        each.sent(event(f"{DAY}T12:00:00Z"), event("2026-05-20T12:00:00Z", parts=2))
    out = api.daybook.cmd("price", "set", "SMS", "1", "--from", DAY, "--reprice").stdout
    assert out == f"SMS costs 1 USD a part from {DAY} on; 4 quarter-hours were repriced\n"
    assert api.cost() == other.cost() == "3"
    assert api.daybook.sql("SELECT org, number, kind FROM job ORDER BY org") == [(1, 1, "reprice"), (2, 1, "reprice")]
    api.verify()


# ---- Kills, and others who write meanwhile

def many(count):
    """Events of 18 days, a dozen in each quarter-hour."""
    chance = random.Random(12)
    for i in range(count):
        at = f"2026-05-{1 + i % 18:02d}T{chance.randrange(24):02d}:{chance.randrange(60):02d}:00Z"
        yield {"id": f"m{i}", "occurredAt": at, "channel": chance.choice(["SMS", "CALL"]), "parts": chance.randrange(1, 4)}


def imported(api, count=20000):
    api.daybook.cmd("import", "-", "--org", "acme", "--format", "ndjson", input="".join(json.dumps(e) + "\n" for e in many(count)))
    return sum(e["parts"] for e in many(count) if e["channel"] == "SMS")


def total(api):
    return api.daybook.sql("SELECT sum(cost_micros) FROM usage_day WHERE org = 1 AND channel = 'SMS'")[0][0]


@pytest.mark.parametrize("command", [("price", "set", "SMS", "1", "--org", "acme", "--from", "2026-04-30", "--reprice"), ("rebuild",)],
                         ids=["reprice", "rebuild"])
def test_a_kill_costs_one_turn_and_another_process_goes_on(api, command):
    parts = imported(api)
    if command[0] == "rebuild":
        api.daybook.sql("UPDATE usage_quarter SET parts = parts + 7, cost_micros = cost_micros + 100")
        api.daybook.sql("DELETE FROM usage_day WHERE day % 3 = 0")
    chance, kills = random.Random(5), 0
    process = subprocess.Popen([str(BUILD / "bin/daybook"), *command], env=api.daybook.env, stdout=subprocess.DEVNULL)
    for _ in range(40):
        time.sleep(chance.uniform(0.002, 0.06))  # the whole takes a tenth of a second on a fast machine
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        if command[0] != "rebuild":
            api.verify()
        process = subprocess.Popen([str(BUILD / "bin/daybook"), "maintenance"], env=api.daybook.env, stdout=subprocess.DEVNULL)
    assert process.wait() == 0
    if api.daybook.sql("SELECT count(*) FROM job")[0][0] == 0:	# the first kill came before the commit
        api.daybook.cmd(*command)
    assert kills > 0 and api.daybook.sql("SELECT count(*) FROM job WHERE ended_at IS NULL") == [(0,)]
    assert total(api) == parts * (10**6 if command[0] != "rebuild" else 7900)
    api.verify()


def test_others_post_while_everything_is_repriced_and_rebuilt(api):
    parts = imported(api)
    writer = api.daybook.fastcgi("events")
    posted = 0
    for command in (("price", "set", "SMS", "1", "--org", "acme", "--from", "2026-04-30", "--reprice"), ("rebuild",)):
        process = subprocess.Popen([str(BUILD / "bin/daybook"), *command], env=api.daybook.env, stdout=subprocess.DEVNULL)
        while process.poll() is None:
            # Into days that the job has done, is at, and has yet to do.
            reply = writer.ask("POST", "/api/events", token=api.token, body=[
                {"id": f"x{posted}", "occurredAt": f"2026-05-{1 + posted % 18:02d}T10:00:00Z", "channel": "SMS"},
                {"id": f"y{posted}", "occurredAt": f"2026-05-{1 + posted % 18:02d}T11:00:00Z", "channel": "SMS", "parts": 4},
                {"id": f"v{posted}", "voids": f"y{posted}", "reason": "test"}])
            assert reply.status == 200 and reply.json["accepted"] == 3, reply
            posted += 1
        assert process.returncode == 0 and posted > 0
    assert total(api) == (parts + posted) * 10**6
    api.verify()


def test_a_rebuild_mends_what_lies_outside_of_the_ledger(api):
    api.sent(event(f"{DAY}T12:00:00Z"), event("2026-05-20T12:00:00Z"))
    for day, quarter in ((1, 96), (20000, 1920000), (90000, 9000000)):
        api.daybook.sql("INSERT INTO usage_day VALUES (1, ?, 'SMS', 1, 1, 1)", day)
        api.daybook.sql("INSERT INTO usage_quarter VALUES (1, ?, 'SMS', 1, 1, 1)", quarter)
    assert api.daybook.cmd("rebuild").stdout.splitlines()[0] == "acme: rebuilt"
    assert api.daybook.sql("SELECT count(*) FROM usage_day") == api.daybook.sql("SELECT count(*) FROM usage_quarter") == [(2,)]
    api.verify()


def test_a_price_that_too_many_events_may_depend_on_asks_for_a_reprice(api):
    """What a price looks at while others wait is bounded; here by a ledger of given costs, none of which it changes."""
    lines = "".join(json.dumps({"id": f"c{i}", "occurredAt": f"2026-04-{1 + i % 30:02d}T10:00:00Z", "channel": "SMS", "cost": 0.01}) + "\n"
                    for i in range(100_001))
    api.daybook.cmd("import", "-", "--org", "acme", "--format", "ndjson", input=lines)
    refused = api.daybook.cmd("price", "set", "SMS", "1", "--org", "acme", "--from", "2026-04-01", check=False)
    assert refused.returncode == 1 and "acme has too many events since then" in refused.stderr and "--reprice" in refused.stderr
    api.daybook.cmd("price", "set", "SMS", "1", "--org", "acme", "--from", "2026-04-29")	# few enough
    api.daybook.cmd("price", "set", "SMS", "1", "--org", "acme", "--from", "2026-04-01", "--reprice")
    assert total(api) == 100_001 * 10_000
    api.verify()


# ---- Jobs that cannot go on

def test_a_job_that_fails_keeps_no_other_waiting(api):
    api.daybook.cmd("org", "add", "other", "--timezone", "Asia/Tokyo")
    other = Jobs(api.daybook, "other")
    for each in (api, other):
        each.sent(event(f"{DAY}T12:00:00Z"))
    api.daybook.sql("INSERT INTO price (org, channel, valid_from, nanos_per_part) VALUES (2, 'SMS', 20592, 1000000000)")
    api.daybook.sql("INSERT INTO job (org, number, kind, channel, first_quarter, next_quarter, end_quarter, actor, is_remote, started_at, "
                    "updated_at) SELECT o.key, 1, CASE o.id WHEN 'acme' THEN 'shred' ELSE 'reprice' END, 'SMS', min(quarter), min(quarter), "
                    "max(quarter) + 1, 1, 0, 1, 1 FROM organization o JOIN usage_quarter u ON u.org = o.key GROUP BY o.key")
    done = api.daybook.cmd("maintenance", check=False)
    assert done.returncode == 1 and "acme: its job cannot go on" in done.stderr and done.stdout.startswith("other: job 1 (reprice) has ended")
    assert other.cost() == "1"
    api.daybook.sql("UPDATE job SET ended_at = NULL, next_quarter = first_quarter, updated_at = 2 WHERE org = 2")
    for _ in range(100):	# the failing one was there first, and goes behind the other; after a failed turn a process pauses for 5 s
        api.usage()
        other.usage()
        if api.daybook.sql("SELECT ended_at IS NOT NULL FROM job WHERE org = 2") == [(1,)]:
            break
        time.sleep(0.1)
    assert api.daybook.sql("SELECT ended_at IS NOT NULL FROM job WHERE org = 2") == [(1,)]


def test_a_rebuild_that_was_interrupted_goes_on_with_the_same_command(api):
    api.sent(event(f"{DAY}T12:00:00Z"), event(f"{DAY}T13:00:00Z"))
    api.daybook.sql("UPDATE usage_day SET messages = 7")
    api.daybook.sql("INSERT INTO job (org, number, kind, first_quarter, next_quarter, end_quarter, actor, is_remote, started_at, updated_at) "
                    "SELECT 1, 1, 'rebuild', min(quarter), min(quarter), max(quarter) + 1, 1, 0, 1, 1 FROM usage_quarter")
    assert api.daybook.cmd("rebuild").stdout.splitlines()[0] == "acme: rebuilt"
    assert api.daybook.sql("SELECT count(*), count(ended_at) FROM job") == [(1, 1)]
    api.verify()


def test_counters_that_the_ledger_makes_impossible_stop_no_rebuild(api):
    api.create("c", 20)
    api.sent(event(f"{DAY}T12:00:00Z", id="e", campaignId="c"), event(f"{DAY}T12:01:00Z", id="f", campaignId="c"),
             {"id": "v", "voids": "e", "reason": "test"}, {"id": "w", "voids": "f", "reason": "test"})
    damage(api.daybook.path, "DELETE FROM event WHERE id IN ('e', 'f')", "UPDATE segment SET sent = 5, spent = 5")
    api.daybook.cmd("rebuild")
    assert api.daybook.sql("SELECT count(*) FROM job WHERE ended_at IS NULL") == [(0,)]
    assert "segment c/1" in api.daybook.cmd("verify", check=False).stdout


def test_many_corrections_of_one_quarter_hour_reprice_it_once(api):
    api.sent(*(event(f"{DAY}T12:00:00Z", id=f"e{i}") for i in range(300)))
    api.killed_after_its_commit(1)
    program = api.daybook.fastcgi("events")
    reply = program.ask("POST", "/api/events", token=api.token,
                        body=[{"id": f"v{i}", "voids": f"e{i}", "reason": "test"} for i in range(300)])
    assert reply.json["accepted"] == 300
    assert api.daybook.sql("SELECT count(*), sum(cost_micros) FROM event WHERE source = 'daybook:reprice'") == [(1, 300 * (10**6 - 7900))]
    assert api.cost() == "0"
    api.daybook.cmd("maintenance")
    api.verify()
