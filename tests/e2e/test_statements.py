"""/api/organizations/{id}/statements: a month that was reported stays reportable, and what came later is shown beside it."""
import csv
import io
import json
import random
import threading

import pytest

from api import Api, failed
from support import check_error, day_start, event, iso, post

PATH = "/api/organizations/acme/statements"
ZONE = "America/Toronto"
SCOPE = "usage:read usage:write usage:backfill org:admin"


class Statements(Api):
    def __init__(self, daybook, **options):
        super().__init__(daybook, scope=SCOPE, **options)

    def keep(self, month="2026-04", status=201, **options):
        reply = self.ask("statements", "POST", PATH, body={"month": month}, **options)
        assert reply.status == status, reply
        return reply.json["data"] if status < 300 else reply

    def read(self, month="2026-04", query=None, **options):
        reply = self.ask("statements", "GET", f"{PATH}/{month}", query, **options)
        assert reply.status == 200, reply
        return reply.json["data"]

    def listed(self, query=None):
        reply = self.ask("statements", "GET", PATH, query)
        assert reply.status == 200, reply
        return reply.json["data"]

    def months(self):
        return self.daybook.sql("SELECT count(*) FROM statement")[0][0]


@pytest.fixture
def api(daybook):
    return Statements(daybook)


def sums(d):
    return d["messages"], d["parts"], d["cost"]


def by_channel(listed):
    return {c["channel"]: sums(c) for c in listed}


def kept_part(data):
    return {name: value for name, value in data.items() if name not in ("now", "later")}


APRIL = [event("2026-04-01T04:00:00.000Z", id="first", messages=2, parts=3, cost="0.5"),
         event("2026-05-01T03:59:59.999Z", id="last", channel="CALL", cost="0.25"),
         event("2026-04-10T12:00:00Z", id="mail", channel="EMAIL"),
         event("2026-04-10T12:00:00Z", id="sms", cost="0"),
         event("2026-04-01T03:59:59.999Z", id="before", cost="0"), event("2026-05-01T04:00:00Z", id="after")]


# ---- Keeping

def test_a_month_is_kept_with_its_instants_revision_figures_and_digests(api):
    api.spend(*APRIL)
    reply = api.ask("statements", "POST", PATH, body={"month": "2026-04"})
    assert reply.status == 201 and reply.headers["location"] == "statements/2026-04" and "idempotent-replayed" not in reply.headers
    data = reply.json["data"]
    assert (data["organizationId"], data["month"], data["timezone"], data["currency"]) == ("acme", "2026-04", ZONE, "USD")
    assert (data["startsAt"], data["endsAt"]) == (iso(day_start(ZONE, "2026-04-01")), iso(day_start(ZONE, "2026-05-01")))
    assert data["keptAt"].startswith("2026-05-20T16:00:00") and data["credential"] == "jwt:main"
    assert data["revision"] == api.daybook.sql("SELECT revision FROM organization WHERE id = 'acme'")[0][0]
    assert sums(data["total"]) == (5, 6, 0.75)
    assert by_channel(data["channels"]) == {"SMS": (3, 4, 0.5), "CALL": (1, 1, 0.25), "EMAIL": (1, 1, 0)}
    assert [(d["day"], d["channel"], *sums(d)) for d in data["days"]] == [
        ("2026-04-01", "SMS", 2, 3, 0.5), ("2026-04-10", "SMS", 1, 1, 0), ("2026-04-10", "EMAIL", 1, 1, 0),
        ("2026-04-30", "CALL", 1, 1, 0.25)]
    stored = api.daybook.sql("SELECT day, events, digest FROM ledger_day WHERE day BETWEEN 20544 AND 20574 ORDER BY day")
    assert [(d["events"], d["digest"]) for d in data["utcDays"]] == [(n, str(digest)) for _, n, digest in stored]
    assert [d["day"] for d in data["utcDays"]] == ["2026-04-01", "2026-04-10", "2026-05-01"]
    later = data["later"]
    assert (later["rows"], later["channels"], later["listed"], later["moved"], later["next"]) == (0, [], [], [], None)
    assert (later["comparedFrom"], later["comparedTo"]) == ("2026-04-01", "2026-04-30")
    assert later["events"] == "/api/events?from=2026-04-01&to=2026-04-30"
    assert api.read() == data
    api.verify()


def test_keeping_again_replays_the_first_and_writes_nothing(api):
    api.spend(*APRIL)
    first = api.keep()
    api.spend(event("2026-04-10T12:00:01Z", id="late"))
    before = api.rows()
    api.clock("2026-05-21T16:00:00Z")
    again = api.keep(status=200)
    assert kept_part(again) == kept_part(first) and again["later"]["rows"] == 1
    assert api.rows() == before and api.months() == 1
    assert again == api.read()
    reply = api.ask("statements", "POST", PATH, body={"month": "2026-04"})
    assert reply.headers["idempotent-replayed"] == "true" and "location" not in reply.headers


def test_the_currency_is_that_of_the_organization(api):
    api.daybook.cmd("org", "set", "acme", "--currency", "EUR")
    api.spend(event("2026-04-10T12:00:00Z", cost="0.5"))
    assert api.keep()["currency"] == api.listed()["statements"][0]["currency"] == "EUR"
    assert b"Cost (EUR)" in api.ask("statements", "GET", PATH + "/2026-04", {"format": "html"}).body
    assert "COST (EUR)" in api.daybook.cmd("statement", "show", "2026-04").stdout


def test_the_audit_says_who_kept_it(api):
    api.keep()
    assert api.daybook.sql("SELECT credential, detail FROM audit WHERE action = 'statement.keep'") == [
        ("jwt:main", '{"month":"2026-04"}')]


def test_a_month_that_is_not_over_in_the_zone_of_the_organization_is_a_conflict(api):
    api.clock("2026-06-01T03:59:59Z")  # June in UTC
    reply = api.keep("2026-05", status=409)
    check_error(reply, 409, "tether", "month: 2026-05 is not over; it ends at 2026-06-01T04:00:00.000Z")
    check_error(api.keep("2027-01", status=409), 409, "tether", "month: 2027-01 is not over")
    assert api.months() == 0
    api.clock("2026-06-01T04:00:00Z")
    api.keep("2026-05")


def test_many_at_once_keep_it_once(api):
    api.spend(*APRIL)
    programs = [api.daybook.fastcgi("statements") for _ in range(4)]
    replies = []

    def work(program):
        replies.append(program.ask("POST", PATH, body={"month": "2026-04"}, token=api.token))

    threads = [threading.Thread(target=work, args=[p]) for p in programs]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(r.status for r in replies) == [200, 200, 200, 201]
    assert len({json.dumps(r.json) for r in replies}) == 1 and api.months() == 1
    assert len(api.daybook.sql("SELECT 1 FROM audit WHERE action = 'statement.keep'")) == 1


def test_figures_that_a_job_is_changing_are_not_kept(api):
    api.spend(*APRIL)
    api.daybook.sql("INSERT INTO job (org, number, kind, channel, first_quarter, next_quarter, end_quarter, actor, is_remote, "
                    "started_at, updated_at) VALUES (1, 7, 'reprice', 'SMS', 1, 1, 4000000, 1, 0, 1, 9999999999999)")
    check_error(api.keep(status=409), 409, "tether", "job 7, a reprice, is changing figures")
    api.daybook.sql("UPDATE job SET ended_at = 2, next_quarter = end_quarter")
    api.keep()


BAD_MONTHS = [("2026-4", "not a month"), ("2026-13", "not a month"), ("2026-00", "not a month"), ("2011-12", "not a month"),
              ("2100-01", "not a month"), ("2026-04-01", "not a month"), ("26-04", "not a month"), ("2026-04 ", "not a month"),
              ("", "month"), ("x" * 65, "month"), ("２０２６-04", "not a month"), (202604, "not a string"), (["2026-04"], "not a string"),
              (None, "required"), (True, "not a string"), ({}, "not a string")]


@pytest.mark.parametrize("month, words", BAD_MONTHS, ids=lambda v: repr(v)[:20])
def test_what_is_no_month_is_refused_by_name(api, month, words):
    reply = api.ask("statements", "POST", PATH, body={"month": month})
    check_error(reply, 400, "tether", "month: ", words)
    assert api.months() == 0


@pytest.mark.parametrize("body, words", [({}, "month: required"), ({"month": "2026-04", "day": 1}, "day"), ([], "body"),
                                         (b"", "body"), (b'{"month":"2026-04"', "body"),
                                         (b'{"month":"2026-04","month":"2026-03"}', "month")])
def test_another_body_is_refused(api, body, words):
    reply = api.ask("statements", "POST", PATH, body=body, headers={"Content-Type": "application/json"})
    check_error(reply, 400, "tether", words)


def test_months_have_the_ends_of_the_ledger_s_time(api):
    assert api.keep("2012-01")["startsAt"] == "2012-01-01T05:00:00.000Z"
    check_error(api.ask("statements", "POST", PATH, body={"month": "2099-12"}), 409, "tether", "2099-12 is not over")


# ---- Rights

def test_reading_needs_usage_read_and_keeping_org_admin(api):
    reads, writes = api.daybook.token("acme", "usage:read"), api.daybook.token("acme", "usage:write campaigns:write")
    admins = api.daybook.token("acme", "org:admin")
    check_error(api.ask("statements", "POST", PATH, body={"month": "2026-04"}, token=reads), 403, "tether")
    check_error(api.ask("statements", "POST", PATH, body={"month": "2026-04"}, token=writes), 403, "tether")
    api.keep(token=admins)
    for path in (PATH, PATH + "/2026-04"):
        assert api.ask("statements", "GET", path, token=reads).status == 200
        check_error(api.ask("statements", "GET", path, token=writes), 403, "tether")
        check_error(api.ask("statements", "GET", path.replace("acme", "globex")), 403, "tether")
    root = api.daybook.token("acme", "admin")
    check_error(api.ask("statements", "GET", PATH.replace("acme", "nobody"), token=root), 404, "tether", "nobody")
    check_error(api.ask("statements", "POST", PATH.replace("acme", "nobody"), body={"month": "2026-04"}, token=root), 404, "tether")


@pytest.mark.parametrize("month", ["2026-03", "2026-3", "x", "2026-04-01", "%00", "2026-04%27", "2011-01"])
def test_a_month_that_was_not_kept_is_not_found(api, month):
    api.keep()
    reply = api.ask("statements", "GET", f"{PATH}/{month}")
    assert reply.status in (400, 404), reply
    if "%00" not in month:
        check_error(reply, 404, "tether", "month: there is no statement of")


# ---- What came later

def test_what_came_later_is_beside_what_was_reported(api):
    api.spend(*APRIL)
    first = api.keep()
    api.spend({"id": "v", "voids": "sms", "reason": "sent twice"}, {"id": "s", "settles": "last", "cost": "0.75", "parts": 2},
              event("2026-04-20T12:00:00Z", id="late", channel="WHATSAPP"),
              failed("lost", "2026-04-21T12:00:00Z", "+14165550100"), event("2026-05-01T04:00:01Z", id="may"))
    data = api.read()
    assert kept_part(data) == kept_part(first)
    later = data["later"]
    assert later["rows"] == 4 and later["moved"] == [] and later["next"] is None
    kinds = ("events", "failed", "voids", "settlements", "adjustments")
    assert {c["channel"]: (*(c[k] for k in kinds), *sums(c)) for c in later["channels"]} == {
        "SMS": (0, 1, 1, 0, 0, -1, -1, 0), "CALL": (0, 0, 0, 1, 0, 0, 1, 0.5), "WHATSAPP": (1, 0, 0, 0, 0, 1, 1, 0)}
    assert [(r["kind"], r["id"], r["of"], r["reason"]) for r in later["listed"]] == [
        ("void", "v", "sms", "sent twice"), ("event", "late", None, None), ("failed", "lost", None, None),
        ("settlement", "s", "last", None)]
    assert "+14165550100" not in json.dumps(data)
    assert by_channel(data["now"]["channels"]) == {"SMS": (2, 3, 0.5), "CALL": (1, 2, 0.75), "EMAIL": (1, 1, 0), "WHATSAPP": (1, 1, 0)}
    assert sums(data["now"]["total"]) == (5, 7, 1.25)
    api.verify()


def test_new_prices_are_adjustments(api):
    api.spend(*APRIL)
    api.keep()
    api.daybook.cmd("price", "set", "EMAIL", "0.1", "--org", "acme", "--from", "2026-04-01", "--reprice")
    later = api.read()["later"]
    assert [(c["channel"], c["adjustments"], *sums(c)) for c in later["channels"]] == [("EMAIL", 1, 0, 0, 0.1)]
    assert later["listed"][0]["kind"] == "adjustment" and later["moved"] == []
    api.verify()


def test_days_that_were_cut_again_show_as_moved(api):
    api.spend(*APRIL)
    first = api.keep()
    api.daybook.cmd("org", "set", "acme", "--timezone", "Europe/Berlin", "--recut-history")
    data = api.read()
    assert kept_part(data) == kept_part(first) and data["timezone"] == ZONE and data["later"]["rows"] == 0
    assert [(d["day"], d["channel"], *sums(d)) for d in data["later"]["moved"]] == [
        ("2026-04-01", "SMS", 1, 1, 0), ("2026-04-30", "CALL", -1, -1, -0.25)]
    assert data["later"]["outside"] == 0
    moved = data["later"]["moved"]
    # The first two are of May in Berlin, and were of April when it was reported; the last is of April now and was of March.
    api.spend(event("2026-04-30T23:00:00Z", id="late"), failed("lost", "2026-04-30T23:00:00Z", "+14165550100"),
              event("2026-03-31T22:00:00Z", id="early", cost="0.5"))
    later = api.read()["later"]
    assert (later["rows"], later["outside"]) == (1, 2) and [r["id"] for r in later["listed"]] == ["early"]
    assert by_channel(later["channels"]) == {"SMS": (1, 1, 0.5)} and later["moved"] == moved
    api.verify()


def test_the_first_hundred_rows_are_listed_and_all_are_counted(api):
    api.keep()
    post(api.daybook, *[event(f"2026-04-{1 + i % 30:02}T12:00:00Z", id=f"n{i:03}") for i in range(250)])
    later = api.read()["later"]
    assert later["rows"] == 250 and len(later["listed"]) == 100
    assert [r["occurredAt"] for r in later["listed"]] == sorted(r["occurredAt"] for r in later["listed"])
    assert sums(later["channels"][0]) == (250, 250, 1.975)


def many(api, date):
    """110,000 events of that day."""
    for n in range(11):
        events = [{"id": f"{n}-{i}", "occurredAt": f"{date}T{10 + n % 2}:{i % 60:02}:00.000Z"} for i in range(10000)]
        assert api.ask("events", "POST", "/api/events", body=events).json["accepted"] == 10000


def test_pages_have_all_rows_of_a_day_that_is_longer_than_a_page(api):
    """A page looks at 100,000 rows; what pages say adds up, and each day is compared once, unless it is on two pages."""
    api.spend(event("2026-04-02T12:00:00Z", id="second"))
    api.keep()
    many(api, "2026-04-12")
    api.spend(event("2026-04-02T13:00:00Z", id="early"), event("2026-04-25T12:00:00Z", id="late"))
    first = api.read()
    assert first["later"]["next"] and (first["later"]["comparedFrom"], first["later"]["comparedTo"]) == ("2026-04-01", "2026-04-11")
    second = api.read(query={"after": first["later"]["next"]})
    assert second["later"]["next"] is None and kept_part(second) == kept_part(first) and second["now"] == first["now"]
    assert (second["later"]["comparedFrom"], second["later"]["comparedTo"]) == ("2026-04-13", "2026-04-30")
    assert first["later"]["rows"] + second["later"]["rows"] == 110002
    assert first["later"]["moved"] == second["later"]["moved"] == []
    cursor = first["later"]["next"]
    table = api.ask("statements", "GET", PATH + "/2026-04", {"format": "csv"})
    assert table.headers["x-next-cursor"] == cursor
    rest = api.ask("statements", "GET", PATH + "/2026-04", {"format": "csv", "after": cursor})
    assert "x-next-cursor" not in rest.headers
    found = [(row["day"], row["messages"], row["messagesNow"], row["messagesLater"]) for reply in (table, rest)
             for row in csv.DictReader(io.StringIO(reply.body.decode()))]
    assert found == [("2026-04-02", "1", "2", "1"), ("2026-04-12", "0", "110000", ""), ("2026-04-25", "0", "1", "1")]


def test_corrections_of_a_long_day_are_found_without_looking_at_the_day(api):
    many(api, "2026-04-12")
    api.keep()
    api.spend({"id": "v", "voids": "5-17", "reason": "test"}, {"id": "s", "settles": "3-4", "cost": "0.5"})
    later = api.read()["later"]
    assert [r["id"] for r in later["listed"]] == ["s", "v"] and later["next"] is None
    assert (later["comparedFrom"], later["comparedTo"]) == ("2026-04-01", "2026-04-30")


@pytest.mark.parametrize("after", ["", "x", "1", "zz.zz", "0" * 300])
def test_a_cursor_of_something_else_is_refused(api, after):
    api.keep()
    check_error(api.ask("statements", "GET", PATH + "/2026-04", {"after": after}), 400, "tether", "after")


@pytest.mark.parametrize("seed", range(6))
def test_reported_and_later_add_up_to_now(api, seed):
    """Random months and corrections: what was kept never changes, and nothing is lost or counted twice."""
    noise = random.Random(seed)
    channels = ["SMS", "CALL", "EMAIL", "WHATSAPP"]
    taken, ids = [], iter(range(10**6))

    def some(n):
        new = [event(iso(day_start(ZONE, "2026-04-01") + noise.randrange(-2, 32) * 86_400_000 + noise.randrange(86_400_000)),
                     id=f"r{next(ids)}", channel=noise.choice(channels), messages=noise.randint(1, 3), parts=noise.randint(3, 6),
                     **({"cost": f"0.{noise.randint(1, 999):03}"} if noise.random() < 0.5 else {})) for _ in range(n)]
        taken.extend(new)
        return new

    post(api.daybook, *some(60))
    first = api.keep()
    for _ in range(6):
        noise.shuffle(taken)
        voided = [taken.pop() for _ in range(noise.randint(0, 4))]
        changes = [{"id": f"v{next(ids)}", "voids": e["id"], "reason": "test"} for e in voided]
        changes += [{"id": f"s{next(ids)}", "settles": e["id"], "parts": e["parts"] + 1} for e in taken[:noise.randint(0, 3)]]
        post(api.daybook, *changes, *some(noise.randint(0, 9)))
        if noise.random() < 0.3:
            api.daybook.cmd("price", "set", noise.choice(channels), f"0.0{noise.randint(1, 9)}", "--from", "2026-04-05", "--reprice")
        data = api.read()
        assert kept_part(data) == kept_part(first) and data["later"]["moved"] == []
        expected = by_channel(first["channels"])
        for c in data["later"]["channels"]:
            was = expected.get(c["channel"], (0, 0, 0))
            expected[c["channel"]] = tuple(round(a + b, 6) for a, b in zip(was, sums(c)))
        assert by_channel(data["now"]["channels"]) == {c: v for c, v in expected.items() if v != (0, 0, 0)}
    assert api.listed()["statements"][0]["isChanged"] == (data["now"] != {name: first[name] for name in ("total", "channels")})
    api.verify()


# ---- What others do

def test_a_statement_survives_a_backup_and_a_restore(api):
    api.spend(*APRIL)
    first = api.keep()
    backup = api.daybook.folder / "backup.db"
    api.daybook.cmd("backup", backup)
    api.spend({"id": "v", "voids": "sms", "reason": "test"})
    api.daybook.cmd("restore", backup)
    assert api.read() == first
    api.spend(event("2026-04-20T12:00:00Z", id="late"))
    assert api.read()["later"]["rows"] == 1
    api.verify()


def test_a_rebuild_changes_nothing_of_it(api):
    api.spend(*APRIL)
    first = api.keep()
    api.daybook.cmd("rebuild", "--days")
    assert api.read() == first
    # Sums that were wrong when they were recomputed show as moved.
    api.daybook.sql("UPDATE usage_day SET messages = messages + 1 WHERE channel = 'EMAIL'")
    api.daybook.sql("UPDATE organization SET revision = revision + 1")
    assert [(d["day"], d["channel"], *sums(d)) for d in api.read()["later"]["moved"]] == [("2026-04-10", "EMAIL", 1, 0, 0)]
    api.daybook.cmd("rebuild")
    assert api.read()["later"]["moved"] == []
