"""GET /api/campaigns: order, filters, pages."""
import re
import sqlite3
from unittest.mock import ANY

import pytest

from api import CAMPAIGNS, TODAY, TOMORROW, at
from campaign_fields import LATE, STATES, put_into, refused, shared  # noqa: F401 (shared is a fixture)
from support import campaign


def listed(api, **query):
    reply = api.ask("campaigns", "GET", CAMPAIGNS, query)
    assert reply.status == 200, reply
    return [c["campaignId"] for c in reply.json["data"]["campaigns"]], reply.json["data"]["nextCursor"]


def test_the_list_is_newest_first_and_shows_what_get_shows(api):
    for id in ("a", "b", "c"):
        api.create(id, 5)
    reply = api.ask("campaigns", "GET", CAMPAIGNS).json
    assert reply["success"] is True and reply["data"]["nextCursor"] is None
    assert reply["data"]["campaigns"] == [api.get(id) for id in ("c", "b", "a")]


def test_the_list_by_state_as_it_reads_today(api):
    for state in STATES:
        put_into(api, state, state)
    for state in STATES:
        assert listed(api, status=state) == ([state], None)
    api.clock("2026-05-21T16:00:00Z")
    assert listed(api, status="scheduled")[0] == []
    assert listed(api, status="failed")[0] == ["failed", "scheduled"]
    assert listed(api, status="sent")[0] == ["sent", "sending"]
    assert listed(api, status="paused")[0] == ["paused"]


def test_the_list_by_days_on_which_a_segment_lies(api):
    api.create("today", 5)
    api.create("tomorrow", 5, at(TOMORROW))
    api.slices("both", (LATE, 5), (at("2026-05-23"), 5))
    api.create("midnight", 5, "2026-05-22T03:59:59Z")  # still the 21st in Toronto
    assert listed(api, **{"from": TODAY, "to": TODAY})[0] == ["both", "today"]
    assert listed(api, **{"from": TOMORROW, "to": "2026-05-22"})[0] == ["midnight", "tomorrow"]
    assert listed(api, **{"from": "2026-05-22"})[0] == ["both"]
    assert listed(api, to="2026-05-19")[0] == []
    assert listed(api, to=TODAY, status="scheduled")[0] == ["both", "today"]


def test_pages_are_stable_while_campaigns_are_added_cancelled_and_deleted(api):
    for i in range(9):
        api.create(f"c{i}", 1, status="draft" if i == 2 else "scheduled")
    seen, cursor = [], None
    for i in range(6):
        page, cursor = listed(api, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += page
        api.create(f"new{i}", 1)
        if i == 1:
            api.did("c8", "cancel")
            assert api.on("c2", "DELETE").status == 204
        if cursor is None:
            break
    assert seen == ["c8", "c7", "c6", "c5", "c4", "c3", "c1", "c0"]
    assert cursor is None


def test_a_cursor_survives_its_campaign_and_says_nothing_of_other_organizations(api):
    daybook = api.daybook
    daybook.cmd("org", "add", "other", "--timezone", "UTC")
    for i in range(4):
        api.create(f"c{i}", 1, status="draft")
        campaign(daybook, f"theirs{i}", {"at": TOMORROW + "T12:00:00Z", "contacts": 1}, org="other")
    daybook.sql("UPDATE campaign SET created_at = created_at + key")
    page, cursor = listed(api, limit=2)
    key = str(daybook.sql("SELECT key FROM campaign WHERE id = 'c2'")[0][0])
    assert page == ["c3", "c2"] and re.fullmatch(r"\d+~c2", bytes.fromhex(cursor).decode())
    assert listed(api, cursor=cursor)[0] == listed(api, cursor="c" + key)[0] == ["c1", "c0"], "a cursor of an older version too"
    assert api.on("c2", "DELETE").status == 204
    assert listed(api, cursor=cursor)[0] == ["c1", "c0"]
    assert api.on("c3", "DELETE").status == 204
    assert listed(api, cursor=cursor)[0] == ["c1", "c0"]
    for bad in ("x~c2", "~c2", "1", "-"):
        assert refused(api.ask("campaigns", "GET", CAMPAIGNS, {"cursor": bad.encode().hex()}), 400).startswith("cursor:")


def test_pages_of_one_state_miss_none(api):
    for i in range(130):
        api.create(f"c{i}", 1, status="draft" if i % 10 == 0 else "scheduled")
    seen, cursor = [], None
    while True:
        page, cursor = listed(api, limit=5, status="draft", **({"cursor": cursor} if cursor else {}))
        seen += page
        if cursor is None:
            break
    assert seen == [f"c{i}" for i in range(120, -1, -10)]


@pytest.mark.parametrize("state, action", [("cancelled", "cancel"), ("paused", "pause"), ("draft", None)])
def test_a_campaign_of_several_segments_in_a_rare_state_is_listed_once(api, state, action):
    for i in range(7):
        more = {} if action else {"status": "draft"}
        api.slices(f"c{i}", (LATE, 5), (at(TOMORROW), 5), (at("2026-05-23"), 5), **more) if i % 2 == 0 else api.create(f"c{i}", 1)
        if action and i % 2 == 0:
            api.did(f"c{i}", action)
    for limit in (1, 2, 3, 4, 200):
        seen, cursor, pages = [], None, 0
        while cursor or not pages:
            page, cursor = listed(api, limit=limit, status=state, **({"cursor": cursor} if cursor else {}))
            seen, pages = seen + page, pages + 1
        assert seen == ["c6", "c4", "c2", "c0"] and pages == max(1, 4 // limit + (4 % limit > 0)), limit
    assert listed(api, status=state, **{"from": TOMORROW, "to": TOMORROW})[0] == ["c6", "c4", "c2", "c0"]
    assert listed(api, status=state, **{"from": "2026-05-24"})[0] == []


@pytest.mark.parametrize("query, field", [
    ("status=open", "status"), ("status=", "status"), ("status=draft&status=draft", "status"), ("from=x", "from"), ("to=2026-02-30", "to"),
    ("from=2026-05-21&to=2026-05-20", "to"), ("limit=0", "limit"), ("limit=201", "limit"), ("limit=-1", "limit"), ("limit=1.5", "limit"),
    ("cursor=x", "cursor"), ("cursor=c0", "cursor"), ("cursor=c-1", "cursor"), ("cursor=c99999999999999999999", "cursor"),
    ("cursor=c1x", "cursor"), ("offset=5", "offset"), ("page=2", "page")])
def test_a_bad_parameter_of_the_list_is_named(shared, query, field):
    assert refused(shared.ask("campaigns", "GET", CAMPAIGNS, query), 400).startswith(field + ":")
    assert shared.ask("campaigns", "GET", CAMPAIGNS, "limit=200&from=2026-05-20&to=2026-05-20&status=paused").status == 200


def test_a_state_that_the_programs_do_not_know_is_an_error_and_no_draft(shared):
    api = shared
    api.create("odd", 5)
    with sqlite3.connect(api.daybook.path) as c:
        c.execute("PRAGMA ignore_check_constraints = ON")
        c.execute("UPDATE segment SET status = 'odd' WHERE campaign = (SELECT key FROM campaign WHERE id = 'odd')")
    c.close()
    assert api.ask("campaigns", "GET", CAMPAIGNS + "/odd").status == 500
    assert api.ask("usage-calendar", "GET", "/api/campaigns/usage-calendar", {"from": TODAY, "to": TOMORROW}).status == 500
    assert "unknown state of a segment" in api.daybook.log_path.read_text()


def add_like(api, like, prefix, count):
    """Campaigns of the day of another one, by SQL."""
    api.daybook.sql("INSERT INTO campaign (org, id, name, is_segmented, created_at, updated_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION "
                    "ALL SELECT i + 1 FROM n WHERE i < ?) SELECT org, ? || i, name, 0, created_at, updated_at FROM n, campaign "
                    "WHERE id = ?", count, prefix, like)
    api.daybook.sql("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, status) SELECT c.key, 1, s.org, "
                    "s.scheduled_at, s.day, 0, s.status FROM campaign c, segment s WHERE c.id LIKE ? || '%' AND s.campaign = "
                    "(SELECT key FROM campaign WHERE id = ?)", prefix, like)


def test_a_page_ends_after_20000_campaigns_of_other_days_with_a_cursor_though_it_is_empty(api):
    api.create("wanted", 5, at(TOMORROW))
    api.create("other", 5)
    add_like(api, "other", "today-", 20000)
    # A day with few campaigns is found by the day, however many newer ones there are.
    for limit in (1, 50):
        assert listed(api, **{"from": TOMORROW, "to": TOMORROW, "limit": limit}) == (["wanted"], None)
    assert listed(api, **{"from": TODAY, "to": TOMORROW, "limit": 2}) == (["today-20000", "today-19999"], ANY)
    ids, cursor = listed(api, status="sent", limit=200)
    assert ids == [] and cursor
    assert listed(api, status="paused", limit=200) == ([], None), "what few campaigns are has an index"
    # Today has more than that: the newest are looked at.
    add_like(api, "wanted", "tomorrow-", 20000)
    ids, cursor = listed(api, **{"from": TODAY, "to": TODAY, "limit": 2})
    assert ids == [] and cursor
    assert listed(api, **{"from": TODAY, "to": TODAY, "limit": 2, "cursor": cursor}) == (["today-20000", "today-19999"], ANY)


def test_a_few_days_are_paged_like_all_days(api):
    for i in range(7):
        api.create(f"c{i}", 5, at(TOMORROW) if i % 2 else LATE)
    pages, cursor = [], None
    while not pages or cursor:
        ids, cursor = listed(api, **{"from": TOMORROW, "to": TOMORROW, "limit": 2, **({"cursor": cursor} if cursor else {})})
        pages.append(ids)
    assert pages == [["c5", "c3"], ["c1"]]

