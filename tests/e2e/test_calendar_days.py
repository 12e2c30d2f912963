"""The calendar's memory of days: what a process that stays shows is what one that has just started shows."""
import pytest

from api import Api
from support import NOON, campaign, event, hold_again, set_clock

PATH = "/api/campaigns/usage-calendar"
RANGES = [("2026-05-18", "2026-05-24"), ("2026-05-20", "2026-05-26"), ("2026-05-19", "2026-05-21"), ("2026-05-20", "2026-05-20"),
          ("2026-05-16", "2026-05-28")]
SECRET = {"id": "f", "occurredAt": "2026-05-19T16:00:00Z", "status": "failed", "to": "+14165550100", "reason": "\"opted\" out",
          "campaignId": "past"}


class Calendar:
    """A process that has seen all days before, and writers beside it."""

    def __init__(self, daybook, memory="256"):
        set_clock(daybook, "2026-05-18T12:00:00Z")  # the token is as old as the earliest clock
        self.api, self.daybook = Api(daybook, clock=None), daybook
        self.token = self.api.token
        set_clock(daybook, NOON)
        self.process = daybook.fastcgi("usage-calendar", env={"DAYBOOK_REPLY_MEMORY": memory})
        self.reserve("first", "2026-05-22T15:00:00Z")
        self.reserve("second", "2026-05-22T15:00:00Z", name="a \"second\" one, été")

    def reserve(self, id, at, contacts=100, **more):
        body = {"id": id, "name": id, "contactCount": contacts, "scheduledISO": at, **more}
        reply = self.api.ask("campaigns", "POST", "/api/campaigns", body=body)
        assert reply.status == 201, reply

    def post(self, *events):
        token = self.daybook.token("acme", "usage:write usage:backfill")
        reply = self.daybook.cgi("events", "POST", "/api/events", body=list(events), token=token)
        assert reply.json["accepted"] == len(events), reply

    def same(self, *ranges):
        """Compares every range with what a new process makes of it; returns the last one."""
        for first, last in ranges or RANGES:
            for more in ({}, {"format": "csv"}):
                query = {"from": first, "to": last, **more}
                kept = self.process.ask("GET", PATH, query, token=self.token)
                new = self.daybook.cgi("usage-calendar", "GET", PATH, query, token=self.token)
                assert kept.status == new.status == 200 and kept.body == new.body, (first, last, more)
                assert {k: v for k, v in kept.headers.items() if k != "x-request-id"} == \
                    {k: v for k, v in new.headers.items() if k != "x-request-id"}
        return self.process.ask("GET", PATH, {"from": first, "to": last}, token=self.token).json["data"]


@pytest.fixture
def calendar(daybook):
    return Calendar(daybook)


def past(c):
    """A campaign that was sent on a day that is over, with a failed contact."""
    set_clock(c.daybook, "2026-05-19T12:00:00Z")
    c.reserve("past", "2026-05-19T15:00:00Z", 3)
    set_clock(c.daybook, NOON)
    c.post(event("2026-05-19T15:30:00Z", campaignId="past"))
    c.same()
    c.post(SECRET)


def erased(c):
    past(c)
    assert c.same()["dates"]["2026-05-19"]["campaigns"][0]["failedDetails"] != []
    c.daybook.cmd("erase", "--phone", "+14165550100")


def too_old(c):
    """The program that is started by the first request after that instant blanks it, after its reply."""
    past(c)
    c.daybook.cmd("setting", "set", "failure_retention_days", "7")
    set_clock(c.daybook, "2026-05-26T15:45:00Z")
    assert "+14165550100" in str(c.same())
    set_clock(c.daybook, "2026-05-26T16:05:00Z")
    assert "+14165550100" not in str(c.same())


def act(id, verb):
    return lambda c: c.api.ask("campaigns", "POST", f"/api/campaigns/{id}/{verb}", body={})


CHANGES = {
    "a reservation": lambda c: c.reserve("third", "2026-05-21T15:00:00Z"),
    "one before another at the same instant": lambda c: c.reserve("fir", "2026-05-22T15:00:00Z"),
    "another name": lambda c: c.api.ask("campaigns", "PUT", "/api/campaigns/first", body={"name": "renamed"}),
    "another size": lambda c: c.api.ask("campaigns", "PUT", "/api/campaigns/first", body={"contactCount": 7}),
    "another day": lambda c: c.api.ask("campaigns", "PUT", "/api/campaigns/first", body={"scheduledISO": "2026-05-24T15:00:00Z"}),
    "a pause": act("first", "pause"),
    "a cancellation": act("second", "cancel"),
    "an event": lambda c: c.post(event("2026-05-20T11:00:00Z", parts=3)),
    "an old event": lambda c: c.post(event("2026-05-16T11:00:00Z", parts=2)),
    "an event of a campaign": lambda c: c.post(event("2026-05-20T11:00:00Z", campaignId="first")),
    "a failed contact": past,
    "a contact that was erased": erased,
    "contacts that are kept no longer": too_old,
    "another daily limit": lambda c: c.daybook.cmd("org", "set", "acme", "--daily-limit", "150"),
    "no daily limit": lambda c: c.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited"),
    "another plan": lambda c: c.daybook.cmd("org", "set", "acme", "--plan", "small"),
    "another zone": lambda c: c.daybook.cmd("org", "set", "acme", "--timezone", "Asia/Tokyo", "--recut-history"),
    "a second limit": lambda c: c.daybook.cmd("limit", "add", "acme", "few", "--channels", "SMS", "--window", "day", "--zone", "Asia/Tokyo",
                                              "--amount", "120"),
    "a rolling limit": lambda c: c.daybook.cmd("limit", "add", "acme", "roll", "--channels", "SMS", "--window", "rolling", "--hours", "24",
                                               "--amount", "120"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_days_are_made_again_after(calendar, change):
    before = calendar.same()
    change(calendar)
    after = calendar.same()
    assert before != after


def test_a_restore_that_comes_to_the_same_revision(calendar):
    backup = calendar.daybook.folder / "backup.db"
    calendar.daybook.cmd("backup", backup)
    calendar.reserve("one", "2026-05-21T15:00:00Z")
    assert "one" in str(calendar.same())
    calendar.daybook.cmd("restore", backup)
    calendar.reserve("two", "2026-05-21T15:00:00Z")
    data = str(calendar.same())
    assert "'two'" in data and "'one'" not in data


def test_midnights_and_a_clock_that_goes_back(calendar):
    calendar.daybook.cmd("limit", "add", "acme", "tokyo", "--channels", "SMS", "--window", "day", "--zone", "Asia/Tokyo", "--amount", "110")
    calendar.daybook.cmd("limit", "add", "acme", "roll", "--channels", "SMS", "--window", "rolling", "--hours", "24", "--amount", "400")
    calendar.post(event("2026-05-20T11:00:00Z", parts=90))
    seen = []
    for clock in ("2026-05-20T14:59:59Z", "2026-05-20T15:00:01Z", "2026-05-21T03:59:59Z", "2026-05-21T04:00:01Z", "2026-05-20T14:59:59Z",
                  "2026-05-23T04:00:01Z", "2026-05-20T14:59:59Z"):
        set_clock(calendar.daybook, clock)
        seen.append(calendar.same())
    assert seen[0] == seen[4] == seen[6] and seen[2] != seen[3] != seen[5]


@pytest.mark.parametrize("memory", ["0", "16", "256"])
def test_any_memory_shows_the_same(daybook, memory):
    calendar = Calendar(daybook, memory)
    year = ("2026-01-01", "2026-12-31")
    for _ in range(2):
        calendar.same(year, ("2026-05-20", "2026-05-20"), ("2026-05-01", "2026-06-30"), year)
        calendar.reserve(f"again{_}", "2026-06-03T15:00:00Z", 1)


def test_a_day_of_more_campaigns_than_are_listed(daybook):
    """Of 1,004 at two instants on one day the first 1,000, by instant and id; the days beside it are whole."""
    ids = [f"c{i * 7919 % 1003:04}" for i in range(1003)]
    key = daybook.sql("SELECT key FROM organization WHERE id = 'acme'")[0][0]
    for i, name in enumerate(ids):
        daybook.sql("INSERT INTO campaign (key, org, id, name, is_segmented, created_at, updated_at) VALUES (?, ?, ?, 'n', 0, 0, 0)",
                    100 + i, key, name)
    daybook.sql("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, status) "
                "SELECT key, 1, org, 1779372000000, 20594, 1, 'scheduled' FROM campaign WHERE key >= 100")
    campaign(daybook, "zero", {"at": "2026-05-21T13:00:00Z", "contacts": 1})
    campaign(daybook, "after", {"at": "2026-05-22T13:00:00Z", "contacts": 1})
    hold_again(daybook.sql)
    calendar = Calendar(daybook)
    data = calendar.same(("2026-05-19", "2026-05-23"))["dates"]
    day = data["2026-05-21"]
    assert day["campaignCount"] == 1004
    assert [e["campaignId"] for e in day["campaigns"]] == ["zero", *sorted(ids)[:999]]
    assert [e["campaignId"] for e in data["2026-05-22"]["campaigns"]] == ["after", "first", "second"]


def test_the_one_pass_needs_no_sorter_and_no_row_of_segment(daybook):
    plan = str(daybook.sql("EXPLAIN QUERY PLAN SELECT s.day, s.scheduled_at, s.number, s.status, s.contacts, s.sent, s.failed, c.key, c.id, "
                           "c.name, c.is_segmented FROM segment s JOIN campaign c ON c.key = s.campaign WHERE s.org = 1 AND s.day BETWEEN 1 "
                           "AND 9 AND s.channel = 'SMS' AND s.status <> 'draft' AND s.status <> 'cancelled' ORDER BY s.day, s.scheduled_at"))
    assert "COVERING INDEX segment_day" in plan and "TEMP B-TREE" not in plan
