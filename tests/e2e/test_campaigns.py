"""Campaigns: what holds quota of the coming days, moves it, spends it and gives it back."""
import json

import pytest

from conftest import Daybook, Server
from desk import CAMPAIGNS, TODAY, TOMORROW, Desk, at, failed, figures, numbers, raw
from support import check_error, event, ms

ABSENT = object()
LATE = at(TODAY, "20:00")
UNKNOWN = "no-such-campaign"


@pytest.fixture
def desk(daybook):
    return Desk(daybook)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One database for the tables of bad requests: every row must leave it as it was."""
    d = Daybook(tmp_path_factory.mktemp("shared"))
    d.cmd("init")
    d.cmd("key", "add", "--kid", "main")
    d.cmd("org", "add", "acme", "--timezone", "America/Toronto", "--daily-limit", "500")
    desk = Desk(d)
    desk.create("one", 10)
    desk.slices("two", (LATE, 10), (at(TOMORROW), 10))
    yield desk
    d.close()


def refused(reply, status, *words):
    check_error(reply, status, "tether", *words)
    return reply.json["error"]


# ---- POST, in its three forms

def test_a_campaign_of_one_date_holds_its_contacts_on_that_day(desk):
    reply = desk.post({"name": "Spring", "contactCount": 75, "scheduledISO": "2026-05-21T11:00:00-04:00"})
    assert reply.status == 201 and reply.json["success"] is True
    data = reply.json["data"]
    assert set(data) == {"campaignId", "name", "status", "contactCount", "partsPerContact", "isSegmented", "createdAt",
                         "updatedAt", "segments"}
    assert (data["name"], data["status"], data["contactCount"], data["isSegmented"]) == ("Spring", "scheduled", 75, False)
    assert data["segments"] == [{"segmentNumber": 1, "scheduledISO": "2026-05-21T15:00:00.000Z", "date": TOMORROW,
                                 "contactCount": 75, "status": "scheduled", "sent": 0, "failed": 0, "reserved": 75}]
    assert figures(desk.day(TOMORROW)) == (0, 75, 75, 425) and desk.held(TODAY) == 0
    listed, = desk.day(TOMORROW)["campaigns"]
    assert listed == {"campaignId": data["campaignId"], "campaignName": "Spring", "contactCount": 75, "status": "scheduled",
                      "isSegmented": False, "failedDetails": []}
    assert desk.get(data["campaignId"]) == data
    desk.verify()


def test_a_campaign_of_segments_holds_each_on_its_own_day(desk):
    data = desk.slices("s", (at("2026-05-22"), 30), (LATE, 10), (at("2026-05-22", "16:00"), 5))
    assert data["isSegmented"] is True and data["contactCount"] == 45
    assert numbers(data) == [(1, at("2026-05-22"), 30, "scheduled", 30), (2, LATE, 10, "scheduled", 10),
                             (3, at("2026-05-22", "16:00"), 5, "scheduled", 5)]
    assert desk.held(TODAY) == 10 and desk.held("2026-05-22") == 35
    assert [c["segmentNumber"] for c in desk.day("2026-05-22")["campaigns"]] == [1, 3]


def test_a_campaign_that_plans_itself_holds_what_auto_segment_would_propose(desk):
    desk.fill(TOMORROW, 400)
    wish = {"totalContacts": 700, "firstSegmentDate": TOMORROW, "firstSegmentTime": "10:00"}
    proposed = desk.ask("auto-segment", "POST", CAMPAIGNS + "/auto-segment", body=wish).json["segments"]
    data = desk.created({"id": "auto", "name": "A", "autoSegment": wish})
    assert data["isSegmented"] is True
    assert [(s["scheduledISO"], s["contactCount"]) for s in data["segments"]] == \
        [(p["scheduledDate"], p["contactCount"]) for p in proposed]
    assert [s["contactCount"] for s in data["segments"]] == [100, 500, 100]
    assert [desk.day(f"2026-05-{d}")["availableQuota"] for d in (21, 22, 23)] == [0, 0, 400]


def test_an_id_of_the_clients_own_is_kept_and_without_one_a_new_one_is_made_each_time(desk):
    assert desk.create("My.id-1_x", 1)["campaignId"] == "My.id-1_x"
    body = {"name": "n", "contactCount": 1, "scheduledISO": LATE}
    one, two = desk.created(body)["campaignId"], desk.created(body)["campaignId"]
    assert one != two and desk.held() == 3


def test_all_or_nothing_and_the_409_names_the_day_and_where_there_is_room(desk):
    desk.fill(TOMORROW, 450)
    desk.fill("2026-05-22", 401)
    before = desk.rows()
    reply = desk.post({"id": "big", "name": "Big", "segments": [
        {"scheduledISO": LATE, "contactCount": 100}, {"scheduledISO": at(TOMORROW), "contactCount": 60},
        {"scheduledISO": at(TOMORROW, "16:00"), "contactCount": 40}]})
    assert reply.status == 409 and reply.json["success"] is False
    assert TOMORROW in reply.json["error"]
    assert reply.json["available"] == 50 and reply.json["nextAvailableDate"] == "2026-05-23"
    assert desk.rows() == before and desk.held() == 0
    desk.slices("big", (LATE, 100), (at(TOMORROW), 30), (at(TOMORROW, "16:00"), 20))
    assert desk.day(TOMORROW)["availableQuota"] == 0


def test_the_last_unit_can_be_taken_and_one_more_cannot(desk):
    assert desk.post({"name": "n", "contactCount": 501, "scheduledISO": LATE}).status == 409
    desk.create("whole", 500)
    reply = desk.post({"name": "n", "contactCount": 1, "scheduledISO": LATE})
    assert reply.status == 409 and reply.json["available"] == 0 and reply.json["nextAvailableDate"] == TOMORROW


def test_more_than_a_days_limit_has_no_next_date(desk):
    reply = desk.post({"name": "n", "contactCount": 501, "scheduledISO": LATE})
    assert reply.json["nextAvailableDate"] is None and reply.json["available"] == 500


def test_what_was_sent_takes_room_from_campaigns_and_what_is_held_does_not_stop_plain_events(desk):
    desk.spend(event(at(TODAY), messages=400))
    assert desk.post({"name": "n", "contactCount": 101, "scheduledISO": LATE}).json["available"] == 100
    desk.create("c", 100)
    desk.spend(event(at(TODAY), messages=50))
    assert figures(desk.day()) == (450, 100, 550, 0)
    assert desk.put("c", {"contactCount": 101}).status == 409
    assert desk.put("c", {"contactCount": 99}).status == 200


def test_an_unlimited_organisation_always_has_room_and_a_limit_of_zero_never(desk):
    desk.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited")
    desk.create("c", 10**9)
    desk.daybook.cmd("org", "add", "none", "--timezone", "America/Toronto", "--daily-limit", "0")
    none = Desk(desk.daybook, "none", clock=None)
    reply = none.post({"name": "n", "contactCount": 1, "scheduledISO": LATE})
    assert reply.status == 409 and reply.json["available"] == 0 and reply.json["nextAvailableDate"] is None
    assert none.post({"name": "n", "autoSegment": {"totalContacts": 1}}).status == 409
    none.create("draft", 1, status="draft")


def test_an_instant_that_is_past_is_refused_and_the_present_one_is_not(desk):
    before = desk.rows()
    for body in ({"contactCount": 1, "scheduledISO": "2026-05-20T15:59:59Z"},
                 {"segments": [{"scheduledISO": LATE, "contactCount": 1}, {"scheduledISO": at("2026-05-19"), "contactCount": 1}]},
                 {"contactCount": 1, "scheduledISO": "2011-01-01T00:00:00Z", "status": "draft"},
                 {"autoSegment": {"totalContacts": 1, "firstSegmentDate": TODAY, "firstSegmentTime": "11:59"}}):
        refused(desk.post({"name": "n", **body}), 400, "past")
    refused(desk.post({"name": "n", "contactCount": 1, "scheduledISO": "2100-01-01T00:00:00Z"}), 400, "scheduledISO")
    assert desk.rows() == before
    desk.create("now", 1, "2026-05-20T16:00:59.999Z")


# ---- The same again

WISHES = {
    "one date": {"name": "Spring", "contactCount": 75, "scheduledISO": "2026-05-20T20:00:00.000Z", "partsPerContact": 1},
    "segments": {"name": "Spring", "segments": [{"scheduledISO": "2026-05-20T20:00:00.000Z", "contactCount": 5},
                                                {"scheduledISO": "2026-05-21T20:00:00.000Z", "contactCount": 6}]},
    "autoSegment": {"name": "Spring", "autoSegment": {"totalContacts": 600, "firstSegmentTime": "16:00"}},
}


@pytest.mark.parametrize("form", WISHES)
def test_the_same_request_again_is_answered_with_the_campaign_as_it_stands(desk, form):
    wish = {"id": "mine", **WISHES[form]}
    first = desk.post(wish)
    assert first.status == 201 and "idempotent-replayed" not in first.headers
    held = desk.held()
    other_spelling = raw(wish).replace("2026-05-20T20:00:00.000Z", "2026-05-20T16:00:00-04:00").replace('"S', '"\\u0053')
    for body in (wish, other_spelling, {**wish, "status": "scheduled"}):
        again = desk.post(body)
        assert again.status == 200 and again.headers["idempotent-replayed"] == "true", again
        assert again.json == first.json and desk.held() == held
    number = {"segments": [{"segmentNumber": 1, "contactCount": 2}]} if form != "one date" else {"contactCount": 2}
    assert desk.put("mine", {**number, "name": "Autumn"}).status == 200
    desk.did("mine", "pause")
    again = desk.post(wish)
    assert again.status == 200 and again.json["data"] == desk.get("mine")
    assert again.json["data"]["status"] == "paused" and again.json["data"]["name"] == "Autumn"
    desk.clock("2026-05-25T16:00:00Z")  # its instants are past
    assert desk.post(wish).status == 200
    desk.verify()


@pytest.mark.parametrize("form, change", [
    ("one date", {"name": "spring"}), ("one date", {"contactCount": 76}), ("one date", {"scheduledISO": "2026-05-20T20:00:00.001Z"}),
    ("one date", {"partsPerContact": 2}), ("one date", {"status": "draft"}),
    ("one date", {"contactCount": ABSENT, "scheduledISO": ABSENT,
                  "segments": [{"scheduledISO": "2026-05-20T20:00:00.000Z", "contactCount": 75}]}),
    ("segments", {"segments": list(reversed(WISHES["segments"]["segments"]))}),
    ("segments", {"segments": WISHES["segments"]["segments"][:1]}),
    ("autoSegment", {"autoSegment": {"totalContacts": 601, "firstSegmentTime": "16:00"}}),
    ("autoSegment", {"autoSegment": {"totalContacts": 600, "firstSegmentTime": "16:01"}}),
    ("autoSegment", {"autoSegment": {"totalContacts": 600, "firstSegmentTime": "16:00", "firstSegmentDate": TODAY}}),
    ("autoSegment", {"autoSegment": {"totalContacts": 600, "firstSegmentTime": "16:00", "timezone": "Asia/Tokyo"}})])
def test_another_body_with_the_same_id_is_a_conflict(desk, form, change):
    wish = {"id": "mine", **WISHES[form]}
    desk.created(wish)
    before = desk.rows()
    other = {k: v for k, v in {**wish, **change}.items() if v is not ABSENT}
    refused(desk.post(other), 409, "id:")
    assert desk.rows() == before
    assert desk.post(wish).status == 200


def test_defaults_that_are_written_out_are_the_same_request(desk):
    desk.created({"id": "a", "name": "n", "contactCount": 5, "scheduledISO": LATE})
    assert desk.post({"id": "a", "name": "n", "contactCount": 5.0, "scheduledISO": LATE, "partsPerContact": 1,
                      "status": "scheduled", "segments": None, "autoSegment": None}).status == 200
    desk.created({"id": "b", "name": "n", "autoSegment": {"totalContacts": 5}})
    assert desk.post({"id": "b", "name": "n", "autoSegment": {"totalContacts": 5, "firstSegmentTime": "10:00",
                                                              "partsPerContact": 1, "timezone": None}}).status == 200
    assert desk.held() == 5 and desk.held(TOMORROW) == 5


def test_a_refused_request_leaves_its_id_free(desk):
    wish = {"id": "mine", "name": "n", "contactCount": 501, "scheduledISO": LATE}
    assert desk.post(wish).status == 409
    desk.daybook.cmd("org", "set", "acme", "--daily-limit", "501")
    assert desk.post(wish).status == 201


def test_an_id_that_stands_in_the_table_without_a_request_is_taken_all_the_same(desk):
    desk.create("mine", 5)
    desk.daybook.sql("DELETE FROM request")
    refused(desk.post({"id": "mine", "name": "Mine", "contactCount": 5, "scheduledISO": LATE}), 409, "id:")
    desk.create("other", 5)


GOOD_IDS = ["a", "x" * 64, "A-Z_0.9", "...", "-", "campaigns", "Cancel"]
BAD_IDS = ["", "x" * 65, "a b", "a/b", "a%2Fb", "é", ".", "..", "cancel", "pause", "resume", "results", "usage-calendar",
           "next-available-slot", "validate-date", "auto-segment", "usage", "limits", 5, True, [], {}, "a\n", "a\0b"]


@pytest.mark.parametrize("id", BAD_IDS, ids=repr)
def test_an_id_of_another_shape_or_a_word_of_a_route_is_refused(shared, id):
    before = shared.rows()
    refused(shared.post({"id": id, "name": "n", "contactCount": 1, "scheduledISO": LATE}), 400, "id" if id != "a\0b" else "body")
    assert shared.rows() == before


def test_every_other_id_is_taken(desk):
    for id in GOOD_IDS:
        assert desk.create(id, 1)["campaignId"] == id
        assert desk.get(id)["campaignId"] == id


# ---- Bad fields

SINGLE = {"name": "n", "contactCount": 1, "scheduledISO": LATE}
NUMBERS = [0, -1, 1.5, "5", True, [], {}, 10**9 + 1, 2**53 - 1]
INSTANTS = ["", 5, True, [], {}, "tomorrow", "2026-05-21", "2026-05-21T15:00:00", "2026-02-30T15:00:00Z", "2026-05-21T24:00:00Z",
            "2026-05-21T15:00:60Z", "2026-05-21 15:00:00Z", " 2026-05-21T15:00:00Z", "x" * 65, "2026-05-21T15:00:00+25:00"]
BAD_POSTS = [("name", v) for v in (ABSENT, None, "", 5, True, [], {}, "x" * 201, "é" * 101)] + \
    [("contactCount", v) for v in [ABSENT, None] + NUMBERS] + \
    [("scheduledISO", v) for v in [ABSENT, None] + INSTANTS] + \
    [("partsPerContact", v) for v in (0, -1, 1.5, "2", True, [], 1001)] + \
    [("status", v) for v in ("", "Draft", "sending", "cancelled", 5, [], "x" * 17)] + \
    [(name, 5) for name in ("colour", "Name", "campaignId", "timezone", "totalContacts")] + \
    [("segments", v) for v in ([], {}, "x", 5, [{"scheduledISO": LATE, "contactCount": 1}])] + \
    [("autoSegment", v) for v in ([], "x", 5, {"totalContacts": 1})]


def show(value):
    return "absent" if value is ABSENT else repr(value)[:30]


@pytest.mark.parametrize("field, value", BAD_POSTS, ids=[f"{f} {show(v)}" for f, v in BAD_POSTS])
def test_a_bad_field_of_a_post_is_named_and_nothing_is_written(shared, field, value):
    before = shared.rows()
    body = {k: v for k, v in {**SINGLE, field: value}.items() if v is not ABSENT}
    refused(shared.post(body), 400, field if field != "autoSegment" or value != {"totalContacts": 1} else "segments")
    assert shared.rows() == before


BAD_SEGMENTS = [(name, v) for name, values in (("contactCount", [ABSENT, None] + NUMBERS), ("scheduledISO", [ABSENT, None] + INSTANTS),
                                               ("segmentNumber", [1]), ("name", ["x"])) for v in values]


@pytest.mark.parametrize("field, value", BAD_SEGMENTS, ids=[f"{f} {show(v)}" for f, v in BAD_SEGMENTS])
def test_a_bad_field_of_a_segment_is_named_and_nothing_is_written(shared, field, value):
    before = shared.rows()
    bad = {k: v for k, v in {"scheduledISO": LATE, "contactCount": 1, field: value}.items() if v is not ABSENT}
    reply = shared.post({"name": "n", "segments": [{"scheduledISO": LATE, "contactCount": 1}, bad]})
    assert refused(reply, 400).startswith("segments") and field in reply.json["error"], reply
    assert shared.rows() == before


@pytest.mark.parametrize("body", [
    '{"name":"n","contactCount":1,"contactCount":1,"scheduledISO":"%s"}' % LATE,
    '{"name":"n","segments":[{"contactCount":1,"contactCount":2,"scheduledISO":"%s"}]}' % LATE,
    '{"name":"n","contactCount":1,"scheduledISO":"%s"' % LATE, "[]", "5", "null", '"x"', "", "{}", "[{}]",
    '{"name":"n","segments":null}', '{"name":"n","autoSegment":null}', '{"name":"n","segments":[null]}', '{"name":"n","segments":[[]]}',
    '{"name":"n","segments":[5]}', '{"name":"n","autoSegment":{}}', '{"name":"n","autoSegment":{"totalContacts":1,"x":1}}',
    '{"name":"n","autoSegment":{"totalContacts":1,"totalContacts":1}}', '{"name":"n","contactCount":1e99,"scheduledISO":"%s"}' % LATE,
    '{"name":"n","contactCount":NaN,"scheduledISO":"%s"}' % LATE, '{"name":"n\\u0000","contactCount":1,"scheduledISO":"%s"}' % LATE,
    '{"name":"n","partsPerContact":2,"autoSegment":{"totalContacts":1,"partsPerContact":2}}'])
def test_a_body_of_another_shape_is_refused_and_the_program_goes_on(shared, body):
    before = shared.rows()
    refused(shared.post(body), 400)
    assert shared.rows() == before
    assert shared.on("one", "GET").status == 200


def test_366_segments_are_taken_and_one_more_is_not(desk):
    segments = [{"scheduledISO": at(TODAY, "20:00"), "contactCount": 1} for _ in range(367)]
    refused(desk.post({"name": "n", "segments": segments}), 400, "segments")
    assert len(desk.created({"name": "n", "segments": segments[:366]})["segments"]) == 366
    assert desk.held() == 366


def test_the_most_that_a_field_may_be_is_taken(desk):
    desk.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited", "--quota-unit", "part")
    data = desk.created({"name": "é" * 100, "contactCount": 10**9, "scheduledISO": "2099-12-31T23:00:00Z", "partsPerContact": 1000})
    assert data["segments"][0]["reserved"] == 10**12 and data["name"] == "é" * 100
    assert desk.held("2099-12-31") == 10**12
    desk.verify()


def test_null_is_as_good_as_absent(desk):
    desk.created({"id": None, "name": "n", "contactCount": 1, "scheduledISO": LATE, "partsPerContact": None, "status": None,
                  "segments": None, "autoSegment": None})
    desk.created({"name": "n", "contactCount": None, "scheduledISO": None, "segments": [{"scheduledISO": LATE, "contactCount": 1}]})
    desk.created({"name": "n", "contactCount": None, "segments": None, "autoSegment": {"totalContacts": 1, "firstSegmentDate": None}})
    assert desk.put("x", {"name": None}).status == 404
    assert desk.held() + desk.held(TOMORROW) == 3


def test_a_caller_without_the_scope_is_refused_and_one_with_it_is_not(desk):
    read, write = desk.daybook.token(scope="usage:read"), desk.daybook.token(scope="campaigns:write")
    desk.create("c", 1)
    for method, tail, body in (("PUT", "", {"name": "x"}), ("POST", "/cancel", None), ("POST", "/pause", None),
                               ("POST", "/resume", None), ("POST", "/results", {"id": "r", "sent": 1}), ("DELETE", "", None)):
        assert desk.on("c", method, tail, body, token=read).status == 403, (method, tail)
        assert desk.on("c", method, tail, body, token="nonsense").status == 401, (method, tail)
    assert desk.post(SINGLE, token=read).status == 403
    assert desk.on("c", "GET", token=write).status == 403 and desk.on("c", "GET", token=read).status == 200
    assert desk.put("c", {"name": "x"}, token=write).status == 200


def test_an_unknown_parameter_another_method_and_another_media_type_are_refused(desk):
    desk.create("c", 1)
    for reply, field in ((desk.on("c", "GET", query="x=1"), "x"), (desk.ask("campaigns", "GET", CAMPAIGNS, "_=1"), "_"),
                         (desk.on("c", "PUT", query="limit=1", body={"name": "x"}), "limit"),
                         (desk.on("c", "POST", "/cancel", query="force=true"), "force")):
        assert refused(reply, 400).startswith(field + ":")
    assert set(desk.on("c", "PATCH").headers["allow"].split(", ")) == {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}
    assert desk.on("c", "GET", "/cancel").status == 405
    assert desk.post(SINGLE, headers={"Content-Type": "text/plain"}).status == 415
    assert desk.post(SINGLE, headers={"Content-Type": "application/json; charset=utf-8"}).status == 201


# ---- Whose it is

def test_another_organisations_campaign_is_an_ordinary_404_and_its_id_is_free_here(desk):
    desk.daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo", "--daily-limit", "500")
    other = Desk(desk.daybook, "globex", clock=None)
    desk.create("c", 5)
    before = desk.rows()
    for method, tail, body in (("GET", "", None), ("PUT", "", {"name": "x"}), ("PUT", "", {"name": 5}), ("DELETE", "", None),
                               ("POST", "/cancel", None), ("POST", "/pause", None), ("POST", "/resume", None),
                               ("POST", "/results", {"id": "r", "sent": 1}), ("POST", "/results", {"sent": "x"})):
        theirs, nobodys = other.on("c", method, tail, body), other.on(UNKNOWN, method, tail, body)
        assert refused(theirs, 404).replace("c", "") == refused(nobodys, 404).replace(UNKNOWN, "").replace("c", ""), (method, tail, body)
    assert other.ask("campaigns", "GET", CAMPAIGNS).json["data"]["campaigns"] == []
    assert desk.rows() == before
    other.create("c", 7)
    assert desk.get("c")["contactCount"] == 5 and other.get("c")["contactCount"] == 7
    assert desk.held() == 5


# ---- Drafts

def test_a_draft_holds_nothing_and_is_scheduled_by_a_put_that_needs_room(desk):
    data = desk.create("d", 300, status="draft")
    assert data["status"] == "draft" and data["segments"][0]["reserved"] == 0
    assert figures(desk.day()) == (0, 0, 0, 500) and desk.day()["campaigns"] == []
    filler = desk.create("other", 201)
    reply = desk.put("d", {"status": "scheduled"})
    assert reply.status == 409 and reply.json["available"] == 299 and reply.json["nextAvailableDate"] == TOMORROW
    assert desk.get("d")["status"] == "draft" and desk.held() == 201
    assert desk.put("d", {"status": "scheduled", "contactCount": 299}).json["data"]["status"] == "scheduled"
    assert desk.day()["availableQuota"] == 0
    assert "scheduled" in refused(desk.put("d", {"status": "draft"}), 409, "draft")
    assert desk.put("d", {"status": "scheduled"}).status == 200  # it is
    assert filler["status"] == "scheduled"


def test_drafts_are_as_large_as_one_likes_and_may_be_moved_and_resized(desk):
    desk.slices("d", (LATE, 5000), (at(TOMORROW), 7000), status="draft")
    assert desk.put("d", {"segments": [{"segmentNumber": 2, "contactCount": 9000, "scheduledISO": at("2026-05-22")}]}).status == 200
    assert desk.put("d", {"status": "draft"}).json["data"]["status"] == "draft"
    assert desk.put("d", {"status": "scheduled"}).status == 409
    assert desk.held("2026-05-22") == 0
    desk.created({"id": "auto", "name": "n", "status": "draft", "autoSegment": {"totalContacts": 1200}})
    assert [s["contactCount"] for s in desk.get("auto")["segments"]] == [500, 500, 200]
    assert desk.held(TOMORROW) == 0


def test_a_draft_whose_time_is_past_cannot_be_scheduled_until_it_is_moved(desk):
    desk.create("d", 5, "2026-05-20T16:30:00Z", status="draft")
    desk.slices("e", ("2026-05-20T16:30:00Z", 5), (LATE, 5), status="draft")
    desk.clock("2026-05-20T17:00:00Z")
    before = desk.rows()
    refused(desk.put("d", {"status": "scheduled"}), 400, "past")
    refused(desk.put("e", {"status": "scheduled"}), 400, "past")
    assert desk.rows() == before
    assert desk.put("d", {"name": "still a draft"}).status == 200
    assert desk.put("d", {"status": "scheduled", "scheduledISO": LATE}).status == 200
    assert desk.held() == 5


def test_only_drafts_without_events_can_be_deleted(desk):
    for id in ("d", "used", "scheduled"):
        desk.create(id, 5, status="scheduled" if id == "scheduled" else "draft")
    desk.spend(event(at(TODAY), campaignId="used", channel="EMAIL"))
    refused(desk.on("used", "DELETE"), 409, "events")
    assert "scheduled" in refused(desk.on("scheduled", "DELETE"), 409, "draft")
    gone = desk.on("d", "DELETE")
    assert gone.status == 204 and gone.body == b""
    assert desk.on("d", "GET").status == 404 and desk.on("d", "DELETE").status == 404
    assert desk.create("d", 6)["contactCount"] == 6  # its id is free
    desk.did("scheduled", "cancel")
    assert "cancelled" in refused(desk.on("scheduled", "DELETE"), 409)
    desk.verify()


# ---- PUT

def test_put_renames_and_nothing_else(desk):
    before = desk.create("c", 50)
    data = desk.put("c", {"name": "New"}).json["data"]
    assert data == {**before, "name": "New", "updatedAt": data["updatedAt"]}
    assert desk.put("c", {}).json["data"]["name"] == "New"
    assert desk.held() == 50


def test_put_moves_to_another_day_and_frees_the_old_one(desk):
    desk.create("c", 500)
    assert desk.put("c", {"scheduledISO": at(TOMORROW)}).json["data"]["segments"][0]["date"] == TOMORROW
    assert desk.held(TODAY) == 0 and desk.held(TOMORROW) == 500
    desk.create("next", 500)


def test_put_on_its_own_day_does_not_compete_against_itself(desk):
    desk.create("c", 400)
    desk.fill(TODAY, 50)
    assert desk.put("c", {"scheduledISO": at(TODAY, "21:00")}).status == 200
    assert desk.put("c", {"contactCount": 450}).status == 200
    reply = desk.put("c", {"contactCount": 451})
    assert reply.status == 409 and reply.json["available"] == 450
    assert desk.put("c", {"contactCount": 450, "scheduledISO": LATE}).status == 200
    assert desk.put("c", {"contactCount": 1}).status == 200 and desk.held() == 51


def test_put_moves_and_resizes_at_once_or_not_at_all(desk):
    desk.create("c", 100)
    desk.fill(TOMORROW, 450)
    before = desk.rows()
    reply = desk.put("c", {"scheduledISO": at(TOMORROW), "contactCount": 51, "name": "x"})
    assert reply.status == 409 and TOMORROW in reply.json["error"] and reply.json["available"] == 50
    assert reply.json["nextAvailableDate"] == "2026-05-22"
    assert desk.rows() == before
    assert desk.put("c", {"scheduledISO": at(TOMORROW), "contactCount": 50}).status == 200
    assert (desk.held(), desk.held(TOMORROW)) == (0, 500)


def test_segments_change_by_their_numbers_and_may_swap_full_days(desk):
    desk.slices("s", (LATE, 500), (at(TOMORROW), 500))
    data = desk.put("s", {"segments": [{"segmentNumber": 1, "scheduledISO": at(TOMORROW)},
                                       {"segmentNumber": 2, "scheduledISO": LATE}]}).json["data"]
    assert [s["date"] for s in data["segments"]] == [TOMORROW, TODAY]
    assert (desk.held(), desk.held(TOMORROW)) == (500, 500)
    assert desk.put("s", {"segments": [{"segmentNumber": 2, "contactCount": 20}]}).status == 200
    assert (desk.held(), desk.held(TOMORROW)) == (20, 500)
    assert desk.put("s", {"segments": [{"segmentNumber": 2, "scheduledISO": at(TOMORROW)}]}).status == 409
    desk.verify()


def test_a_campaign_of_one_date_may_be_changed_as_its_segment_1(desk):
    desk.create("c", 5)
    assert desk.put("c", {"segments": [{"segmentNumber": 1, "contactCount": 6}]}).json["data"]["contactCount"] == 6


BAD_PUTS = [("one", field, value) for field, value in BAD_POSTS
            if value not in (ABSENT, None) and field not in ("segments", "autoSegment", "status")] + [
    ("one", "id", "x"), ("one", "status", "paused"), ("one", "status", 5), ("one", "autoSegment", {"totalContacts": 1}),
    ("one", "segments", []), ("one", "segments", 5), ("one", "segments", [{"contactCount": 1}]),
    ("one", "segments", [{"segmentNumber": 2, "contactCount": 1}]), ("one", "segments", [{"segmentNumber": 0}]),
    ("one", "segments", [{"segmentNumber": 1, "contactCount": 1}, {"segmentNumber": 1}]), ("two", "contactCount", 5),
    ("two", "scheduledISO", LATE), ("two", "segments", [{"segmentNumber": 1, "contactCount": "x"}]),
    ("two", "segments", [{"segmentNumber": 1, "scheduledISO": "x"}]), ("two", "segments", [{"segmentNumber": 1, "status": "sent"}])]


@pytest.mark.parametrize("id, field, value", BAD_PUTS, ids=[f"{i} {f} {show(v)}" for i, f, v in BAD_PUTS])
def test_a_bad_field_of_a_put_is_named_and_nothing_is_written(shared, id, field, value):
    before = shared.rows()
    word = {"segments": "segment"}.get(field, field)
    refused(shared.put(id, {"name": "changed", field: value}), 400, word)
    assert shared.rows() == before
    assert shared.put(UNKNOWN, {field: value}).status == 404


def test_contacts_below_what_is_spent_are_refused_and_just_as_many_close_it(desk):
    desk.create("c", 50)
    desk.spend(event(at(TODAY), campaignId="c", messages=9), failed("f", at(TODAY), "+15550001", "c"))
    assert figures(desk.day()) == (9, 40, 49, 451)
    assert "10" in refused(desk.put("c", {"contactCount": 9}), 409, "spent")
    assert desk.get("c")["contactCount"] == 50
    data = desk.put("c", {"contactCount": 10}).json["data"]
    assert data["status"] == "sent" and data["segments"][0]["reserved"] == 0
    assert figures(desk.day()) == (9, 0, 9, 491)
    desk.verify()


def test_only_what_is_still_held_moves(desk):
    desk.create("c", 50)
    desk.spend(event(at(TODAY), campaignId="c", messages=20))
    desk.fill(TOMORROW, 470)
    assert desk.put("c", {"scheduledISO": at(TOMORROW)}).status == 200
    assert figures(desk.day(TODAY)) == (20, 0, 20, 480)
    assert figures(desk.day(TOMORROW)) == (0, 500, 500, 0)
    assert desk.get("c")["status"] == "sending"
    assert desk.put("c", {"contactCount": 51}).status == 409
    desk.verify()


def test_what_has_ended_cannot_be_moved_or_resized_but_renamed(desk):
    desk.slices("c", (LATE, 5), (at(TOMORROW), 5))
    desk.spend(event(at(TODAY), campaignId="c", segmentNumber=1, messages=5))
    for change in ({"contactCount": 9}, {"scheduledISO": at(TOMORROW)}):
        assert "sent" in refused(desk.put("c", {"segments": [{"segmentNumber": 1, **change}]}), 409)
    assert desk.put("c", {"segments": [{"segmentNumber": 2, "contactCount": 9}]}).status == 200
    desk.did("c", "cancel")
    assert "cancelled" in refused(desk.put("c", {"segments": [{"segmentNumber": 2, "contactCount": 8}]}), 409)
    assert "cancelled" in refused(desk.put("c", {"status": "scheduled"}), 409, "scheduled")
    assert desk.put("c", {"name": "x"}).json["data"]["status"] == "cancelled"
    assert desk.held(TOMORROW) == 0


def test_a_move_onto_a_past_instant_is_refused_and_its_own_past_instant_may_stay(desk):
    desk.create("c", 5, "2026-05-20T16:30:00Z")
    desk.clock("2026-05-20T17:00:00Z")
    before = desk.rows()
    refused(desk.put("c", {"scheduledISO": "2026-05-20T16:45:00Z"}), 400, "past")
    refused(desk.put("c", {"scheduledISO": at("2026-05-19")}), 400, "past")
    assert desk.rows() == before
    assert desk.put("c", {"scheduledISO": "2026-05-20T16:30:00Z", "contactCount": 6}).status == 200
    assert desk.put("c", {"scheduledISO": "2026-05-20T17:30:00Z"}).status == 200


def test_parts_per_contact_counts_where_the_unit_is_the_part(desk):
    desk.create("m", 100, partsPerContact=3)
    assert desk.held() == 100
    desk.daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    assert desk.held() == 300
    assert desk.get("m")["segments"][0]["reserved"] == 300
    reply = desk.post({"name": "n", "contactCount": 101, "scheduledISO": LATE, "partsPerContact": 2})
    assert reply.status == 409 and reply.json["available"] == 200
    desk.create("n", 100, partsPerContact=2)
    assert desk.put("n", {"partsPerContact": 3}).status == 409
    assert desk.put("m", {"partsPerContact": 1}).status == 200 and desk.held() == 300
    assert desk.put("n", {"partsPerContact": 4}).status == 200
    desk.spend(event(at(TODAY), campaignId="n", messages=10, parts=10))
    assert figures(desk.day()) == (10, 460, 470, 30)
    desk.verify()


# ---- If-Match

def test_if_match_takes_the_present_tag_and_refuses_a_stale_one(desk):
    desk.create("c", 5)
    tag = desk.on("c", "GET").headers["etag"]
    reply = desk.put("c", {"name": "one"}, headers={"If-Match": tag})
    assert reply.status == 200
    fresh = reply.headers["etag"]
    assert fresh != tag and desk.on("c", "GET").headers["etag"] == fresh
    before = desk.rows()
    refused(desk.put("c", {"name": "two"}, headers={"If-Match": tag}), 412, "If-Match")
    assert desk.verb("c", "cancel", headers={"If-Match": tag}).status == 412
    assert desk.on("c", "DELETE", headers={"If-Match": tag}).status == 412
    assert desk.rows() == before
    for spelled in ("*", "{}", '"x", {}', "gzip"):
        good = fresh[:-1] + '-gzip"' if spelled == "gzip" else spelled.format(fresh)
        reply = desk.put("c", {"name": good[:9]}, headers={"If-Match": good})
        assert reply.status == 200, good
        fresh = reply.headers["etag"]
    assert desk.put(UNKNOWN, {"name": "x"}, headers={"If-Match": "*"}).status == 404


def test_the_tag_changes_with_what_is_shown(desk):
    """A 304 must never hide a change, wherever it came from."""
    desk.create("c", 5)
    tags = []

    def changed(what):
        reply = desk.on("c", "GET", headers={"If-None-Match": tags[-1]} if tags else None)
        assert reply.status == 200, what
        tags.append(reply.headers["etag"])
        assert desk.on("c", "GET", headers={"If-None-Match": tags[-1]}).status == 304

    changed("first")
    desk.spend(event(at(TODAY), campaignId="c"))
    changed("an event")
    desk.spend(failed("f", at(TODAY), "+15550100", "c"))
    changed("a failed one")
    desk.events({"id": "v", "voids": "f", "reason": "r"})
    changed("a void")
    desk.spend(failed("g", at(TODAY), "+15550100", "c"))
    changed("another failed one")
    desk.daybook.cmd("erase", "--phone", "+15550100")
    changed("an erased number")
    desk.put("c", {"partsPerContact": 2})
    changed("a PUT")
    desk.daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    changed("the quota unit")
    desk.daybook.cmd("org", "set", "acme", "--timezone", "Asia/Tokyo", "--recut-history")
    changed("the day of its segment")
    desk.did("c", "pause")
    changed("a pause")
    desk.report("c", {"id": "r", "done": True})
    changed("done")
    assert len(set(tags)) == len(tags)


# ---- States

def put_into(desk, state, id="c"):
    """A campaign in that state, by way of the API alone."""
    desk.create(id, 5, status="draft" if state == "draft" else "scheduled")
    if state in ("sending", "sent"):
        desk.spend(event(at(TODAY), campaignId=id, messages=1 if state == "sending" else 5))
    if state == "failed":
        desk.spend(*[failed(f"{id}{i}", at(TODAY), "+15550001", id) for i in range(5)])
    if state == "paused":
        desk.did(id, "pause")
    if state == "cancelled":
        desk.did(id, "cancel")
    assert desk.get(id)["status"] == state


STATES = ["draft", "scheduled", "sending", "paused", "sent", "failed", "cancelled"]
STEPS = {("draft", "cancel"): "cancelled", ("scheduled", "cancel"): "cancelled", ("sending", "cancel"): "cancelled",
         ("paused", "cancel"): "cancelled", ("scheduled", "pause"): "paused", ("sending", "pause"): "paused",
         ("paused", "resume"): "scheduled"}
NAMES = {"cancel": "cancelled", "pause": "paused", "resume": "scheduled"}


@pytest.mark.parametrize("verb", NAMES)
@pytest.mark.parametrize("state", STATES)
def test_each_verb_in_each_state_is_done_or_names_both_states(desk, state, verb):
    put_into(desk, state)
    before = desk.rows()
    reply = desk.verb("c", verb)
    to = STEPS.get((state, verb))
    if to is None:
        refused(reply, 409, state, NAMES[verb])
        assert desk.rows() == before
    else:
        assert reply.status == 200 and reply.json["data"]["status"] == to
        assert desk.held() == {"cancelled": 0, "paused": 4 if state == "sending" else 5, "scheduled": 5}[to]
        assert len(desk.day()["campaigns"]) == (to != "cancelled")
    desk.verify()


def test_what_was_sent_stays_sent_when_a_campaign_is_cancelled(desk):
    put_into(desk, "sending")
    desk.did("c", "cancel")
    assert figures(desk.day()) == (1, 0, 1, 499)
    desk.spend(event(at(TODAY), campaignId="c"))  # recorded without a change of state
    assert desk.get("c")["status"] == "cancelled" and figures(desk.day()) == (2, 0, 2, 498)


def test_paused_holds_and_counts_and_goes_back_to_where_it_was(desk):
    desk.create("c", 5)
    desk.did("c", "pause")
    assert desk.held() == 5
    desk.spend(event(at(TODAY), campaignId="c", messages=2))
    assert desk.get("c")["status"] == "paused" and desk.held() == 3
    assert desk.did("c", "resume") == "sending"
    desk.did("c", "pause")
    desk.spend(event(at(TODAY), campaignId="c", messages=3))
    assert desk.get("c")["status"] == "paused" and desk.held() == 0
    assert desk.did("c", "resume") == "sent"


def test_resume_onto_a_past_instant_is_refused_until_it_is_moved_and_what_has_begun_goes_on(desk):
    desk.create("c", 5, "2026-05-20T16:30:00Z")
    desk.create("begun", 5, "2026-05-20T16:30:00Z")
    desk.spend(event("2026-05-20T16:00:01Z", campaignId="begun"))
    for id in ("c", "begun"):
        desk.did(id, "pause")
    desk.clock("2026-05-20T17:00:00Z")
    before = desk.rows()
    refused(desk.verb("c", "resume"), 400, "past")
    assert desk.rows() == before
    assert desk.did("begun", "resume") == "sending"
    assert desk.put("c", {"scheduledISO": LATE}).json["data"]["status"] == "paused"
    assert desk.did("c", "resume") == "scheduled"


def test_an_open_campaign_whose_day_is_over_reads_as_it_ended_and_holds_nothing(desk):
    for id in ("none", "some", "stopped"):
        desk.create(id, 5)
    desk.spend(event(at(TODAY), campaignId="some", messages=2))
    desk.did("stopped", "pause")
    desk.slices("long", (LATE, 5), (at("2026-05-22"), 5))
    desk.clock("2026-05-21T16:00:00Z")
    assert [desk.get(id)["status"] for id in ("none", "some", "stopped", "long")] == ["failed", "sent", "failed", "sending"]
    assert figures(desk.day(TODAY)) == (2, 0, 2, 498)
    assert "failed" in refused(desk.verb("none", "cancel"), 409, "cancelled")
    assert "failed" in refused(desk.verb("stopped", "resume"), 409, "scheduled")
    refused(desk.put("none", {"scheduledISO": at("2026-05-22")}), 409, "failed")
    assert desk.did("long", "cancel") == "cancelled" and desk.held("2026-05-22") == 0
    desk.verify()


def test_a_campaigns_state_follows_from_its_segments(desk):
    desk.slices("c", (LATE, 2), (at(TOMORROW), 2), (at("2026-05-22"), 2))
    assert desk.get("c")["status"] == "scheduled"
    desk.spend(event(at(TODAY), campaignId="c"))
    assert desk.get("c")["status"] == "sending"
    desk.spend(event(at(TODAY), campaignId="c"))
    assert [s["status"] for s in desk.get("c")["segments"]] == ["sent", "scheduled", "scheduled"]
    assert desk.get("c")["status"] == "sending"
    assert desk.did("c", "pause") == "paused"
    assert [s["status"] for s in desk.get("c")["segments"]] == ["sent", "paused", "paused"]
    assert desk.did("c", "resume") == "sending"
    desk.spend(event(at(TODAY), campaignId="c", segmentNumber=2, messages=2),
               *[failed(f"f{i}", at(TODAY), "+15550001", "c", segmentNumber=3) for i in range(2)])
    assert [s["status"] for s in desk.get("c")["segments"]] == ["sent", "sent", "failed"]
    assert desk.get("c")["status"] == "sent"


# ---- Results

def test_results_spend_as_events_do_and_their_failures_are_listed(desk):
    desk.create("c", 10)
    reply = desk.report("c", {"id": "batch 1", "sent": 6, "failed": [{"phoneNumber": "+15550001", "reason": "bad number"}]})
    assert reply.status == 200 and "idempotent-replayed" not in reply.headers
    segment, = reply.json["data"]["segments"]
    assert (segment["sent"], segment["failed"], segment["reserved"], segment["status"]) == (6, 1, 3, "sending")
    assert figures(desk.day()) == (6, 3, 9, 491)
    assert desk.day()["campaigns"][0]["failedDetails"] == [{"phoneNumber": "+15550001", "reason": "bad number"}]
    listed = desk.on("c", "GET").json["failedDetails"]
    assert [(f["segmentNumber"], f["phoneNumber"], f["reason"]) for f in listed] == [(1, "+15550001", "bad number")]
    assert desk.report("c", {"id": "batch 2", "sent": 3}).json["data"]["status"] == "sent"
    assert desk.daybook.sql("SELECT DISTINCT source FROM event") == [("daybook:results",)]
    desk.verify()


def test_the_same_results_again_count_once_whatever_occurred_at_says_and_others_conflict(desk):
    desk.create("c", 10)
    body = {"id": "r", "sent": 2, "failed": [{"phoneNumber": "+15550001", "reason": "x"}], "occurredAt": at(TODAY)}
    first = desk.report("c", body)
    for same in (body, raw(body), {**body, "occurredAt": at(TODAY, "14:00")}, {k: v for k, v in body.items() if k != "occurredAt"},
                 {**body, "parts": 2, "done": False, "segmentNumber": None}):
        again = desk.report("c", same)
        assert again.status == 200 and again.headers["idempotent-replayed"] == "true", again
        assert again.json == first.json
    before = desk.rows()
    for change in ({"sent": 3}, {"parts": 3}, {"done": True}, {"segmentNumber": 1}, {"failed": []},
                   {"failed": [{"phoneNumber": "+15550002", "reason": "x"}]}, {"failed": [{"phoneNumber": "+15550001", "reason": "y"}]},
                   {"failed": 2 * body["failed"]}):
        refused(desk.report("c", {**body, **change}), 409, "id:")
    assert desk.rows() == before
    desk.create("d", 10)
    assert desk.report("d", body).status == 200  # the id is the campaign's own
    assert desk.day()["sent"] == 4


def test_a_replay_answers_with_the_campaign_as_it_stands(desk):
    desk.create("c", 10)
    desk.report("c", {"id": "r", "sent": 2})
    desk.did("c", "cancel")
    desk.clock("2026-07-20T16:00:00Z")
    desk.token = desk.daybook.token(scope="campaigns:write usage:read")
    again = desk.report("c", {"id": "r", "sent": 2})
    assert again.status == 200 and again.json["data"]["status"] == "cancelled"


def test_results_of_a_segment_by_its_number_and_without_one_of_the_days_own(desk):
    desk.slices("c", (LATE, 5), (at(TOMORROW), 5))
    desk.report("c", {"id": "a", "segmentNumber": 2, "sent": 1})
    desk.report("c", {"id": "b", "sent": 2})
    assert [(s["sent"], s["reserved"]) for s in desk.get("c")["segments"]] == [(2, 3), (1, 4)]
    refused(desk.report("c", {"id": "d", "segmentNumber": 3, "sent": 1}), 400, "segmentNumber")
    desk.report("c", {"id": "e", "sent": 9, "failed": [{"phoneNumber": "1", "reason": "x"}]})
    assert [(s["sent"], s["failed"], s["reserved"]) for s in desk.get("c")["segments"]] == [(11, 1, 0), (1, 0, 4)]
    desk.verify()


def test_parts_are_what_the_part_unit_counts(desk):
    desk.daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    desk.create("c", 10, partsPerContact=2)
    desk.report("c", {"id": "a", "sent": 3, "parts": 7})
    assert figures(desk.day()) == (7, 14, 21, 479)


def test_done_closes_a_segment_and_frees_what_is_left(desk):
    desk.slices("c", (LATE, 5), (at(TOMORROW), 5))
    data = desk.report("c", {"id": "a", "sent": 2, "done": True}).json["data"]
    assert [s["status"] for s in data["segments"]] == ["sent", "scheduled"] and desk.held() == 0
    data = desk.report("c", {"id": "b", "segmentNumber": 2, "done": True}).json["data"]
    assert [s["status"] for s in data["segments"]] == ["sent", "failed"] and data["status"] == "sent"
    assert desk.held(TOMORROW) == 0


def test_results_are_taken_in_the_window_of_events(desk):
    desk.create("c", 10)
    before = desk.rows()
    for when in ("2026-04-10T00:00:00Z", "2026-05-20T16:06:00Z", "2011-01-01T00:00:00Z"):
        refused(desk.report("c", {"id": "r", "sent": 1, "occurredAt": when}), 400, "occurredAt")
    assert desk.rows() == before
    assert desk.report("c", {"id": "r", "sent": 1, "occurredAt": "2026-04-16T00:00:00Z"}).status == 200
    assert desk.day("2026-04-15")["sent"] == 1 and desk.held() == 9
    backfill = desk.daybook.token(scope="campaigns:write usage:backfill")
    assert desk.report("c", {"id": "s", "sent": 1, "occurredAt": "2026-04-10T00:00:00Z"}, token=backfill).status == 200


BAD_RESULTS = [("id", v) for v in (ABSENT, None, "", 5, [], "x" * 101, "a\nb", "a\x7f")] + \
    [("sent", v) for v in (-1, 1.5, "1", True, [], 10**9 + 1)] + [("parts", v) for v in (-1, 1, 1.5, "2", True, 10**9 + 1)] + \
    [("segmentNumber", v) for v in (0, -1, 1.5, "1", 367, 2)] + [("occurredAt", v) for v in INSTANTS] + \
    [("done", v) for v in (1, "true", [])] + [("colour", 1), ("campaignId", "one")] + \
    [("failed", v) for v in (5, "x", {}, [5], [None], [{}], [{"phoneNumber": "1"}], [{"reason": "x"}], [{"phoneNumber": "", "reason": "x"}],
                             [{"phoneNumber": 15550001, "reason": "x"}], [{"phoneNumber": "1", "reason": ""}],
                             [{"phoneNumber": "1" * 65, "reason": "x"}], [{"phoneNumber": "1", "reason": "x" * 501}],
                             [{"phoneNumber": "1", "reason": "x", "to": "1"}])]


@pytest.mark.parametrize("field, value", BAD_RESULTS, ids=[f"{f} {show(v)}" for f, v in BAD_RESULTS])
def test_a_bad_field_of_results_is_named_and_nothing_is_written(shared, field, value):
    before = shared.rows()
    body = {k: v for k, v in {"id": "r", "sent": 2, field: value}.items() if v is not ABSENT}
    refused(shared.report("one", body), 400, field)
    assert shared.rows() == before
    assert shared.report(UNKNOWN, body).status == 404


def test_results_that_say_nothing_are_refused(shared):
    before = shared.rows()
    for body in ({"id": "r"}, {"id": "r", "sent": 0}, {"id": "r", "failed": []}, {"id": "r", "done": False},
                 {"id": "r", "sent": 0, "parts": 1}):
        refused(shared.report("one", body), 400)
    assert shared.rows() == before


def test_ten_thousand_failures_are_listed_by_a_hundred_and_paged_through(desk):
    desk.daybook.cmd("org", "set", "acme", "--daily-limit", "20000")
    desk.create("c", 12000)
    failures = [{"phoneNumber": f"+1555{i:07d}", "reason": "r"} for i in range(10001)]
    assert desk.report("c", {"id": "r", "failed": failures}).status == 413
    assert desk.held() == 12000
    assert desk.report("c", {"id": "r", "failed": failures[:10000]}).status == 200
    assert figures(desk.day()) == (0, 2000, 2000, 18000)
    assert len(desk.day()["campaigns"][0]["failedDetails"]) == 100
    seen, query, pages = [], {"limit": 1000}, 0
    while True:
        page = desk.on("c", "GET", query=query).json
        seen += [f["phoneNumber"] for f in page["failedDetails"]]
        pages += 1
        if page["nextCursor"] is None:
            break
        query = {"limit": 1000, "cursor": page["nextCursor"]}
    assert pages == 10 and sorted(seen) == sorted(f["phoneNumber"] for f in failures[:10000])
    assert len(desk.on("c", "GET").json["failedDetails"]) == 100
    assert desk.report("c", {"id": "r", "failed": failures[:10000]}).headers["idempotent-replayed"] == "true"
    desk.verify()


def test_a_body_of_results_may_have_2_mib_and_not_a_byte_more(desk):
    desk.create("c", 10)
    body = json.dumps({"id": "r", "sent": 1})
    whole = body[:-1] + " " * (2 * 1024 * 1024 - len(body)) + "}"
    assert desk.report("c", whole + " ").status == 413
    assert desk.report("c", whole).status == 200
    assert desk.day()["sent"] == 1
    assert desk.post(json.dumps(SINGLE) + " " * 256 * 1024).status == 413


@pytest.mark.parametrize("query, field", [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("cursor=x", "cursor"),
                                          ("cursor=", "cursor"), ("limit=1&limit=1", "limit"), ("status=sent", "status")])
def test_a_bad_parameter_of_one_campaign_is_named(shared, query, field):
    assert refused(shared.on("one", "GET", query=query), 400).startswith(field + ":")
    assert shared.on(UNKNOWN, "GET", query=query if field != "status" else None).status in (400, 404)
    assert shared.on("one", "GET", query="limit=1000").status == 200


def test_pages_of_failures_go_through_the_web_server(daybook):
    """Its filter of odd bytes must let every cursor pass."""
    desk = Desk(daybook, clock=None)
    soon = "2098-01-01T12:00:00Z"
    desk.create("c", 10, soon)
    names = ["a~b", "c d/e?f=g&h", "é\"'<>", "日本"]
    now_at = daybook.sql("SELECT created_at FROM campaign")[0][0]
    from support import iso
    desk.spend(*[failed(name, iso(now_at), f"+1555000{i}", "c", source="s~1") for i, name in enumerate(names)])
    server = Server(daybook)
    try:
        seen, cursor = [], None
        for _ in range(6):
            reply = server.ask("GET", CAMPAIGNS + "/c", {"limit": 1, **({"cursor": cursor} if cursor else {})}, token=desk.token)
            assert reply.status == 200, (reply, cursor)
            seen += [f["phoneNumber"] for f in reply.json["failedDetails"]]
            cursor = reply.json["nextCursor"]
            if cursor is None:
                break
        assert sorted(seen) == [f"+1555000{i}" for i in range(4)]
    finally:
        server.stop()


# ---- The list

def listed(desk, **query):
    reply = desk.ask("campaigns", "GET", CAMPAIGNS, query)
    assert reply.status == 200, reply
    return [c["campaignId"] for c in reply.json["data"]["campaigns"]], reply.json["data"]["nextCursor"]


def test_the_list_is_newest_first_and_shows_what_get_shows(desk):
    for id in ("a", "b", "c"):
        desk.create(id, 5)
    reply = desk.ask("campaigns", "GET", CAMPAIGNS).json
    assert reply["success"] is True and reply["data"]["nextCursor"] is None
    assert reply["data"]["campaigns"] == [desk.get(id) for id in ("c", "b", "a")]


def test_the_list_by_state_as_it_reads_today(desk):
    for state in STATES:
        put_into(desk, state, state)
    for state in STATES:
        assert listed(desk, status=state) == ([state], None)
    desk.clock("2026-05-21T16:00:00Z")
    assert listed(desk, status="scheduled")[0] == []
    assert listed(desk, status="failed")[0] == ["failed", "paused", "scheduled"]
    assert listed(desk, status="sent")[0] == ["sent", "sending"]


def test_the_list_by_days_on_which_a_segment_lies(desk):
    desk.create("today", 5)
    desk.create("tomorrow", 5, at(TOMORROW))
    desk.slices("both", (LATE, 5), (at("2026-05-23"), 5))
    desk.create("midnight", 5, "2026-05-22T03:59:59Z")  # still the 21st in Toronto
    assert listed(desk, **{"from": TODAY, "to": TODAY})[0] == ["both", "today"]
    assert listed(desk, **{"from": TOMORROW, "to": "2026-05-22"})[0] == ["midnight", "tomorrow"]
    assert listed(desk, **{"from": "2026-05-22"})[0] == ["both"]
    assert listed(desk, to="2026-05-19")[0] == []
    assert listed(desk, to=TODAY, status="scheduled")[0] == ["both", "today"]


def test_pages_are_stable_while_campaigns_are_added_cancelled_and_deleted(desk):
    for i in range(9):
        desk.create(f"c{i}", 1, status="draft" if i == 2 else "scheduled")
    seen, cursor = [], None
    for i in range(6):
        page, cursor = listed(desk, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += page
        desk.create(f"new{i}", 1)
        if i == 1:
            desk.did("c8", "cancel")
            assert desk.on("c2", "DELETE").status == 204
        if cursor is None:
            break
    assert seen == ["c8", "c7", "c6", "c5", "c4", "c3", "c1", "c0"]
    assert cursor is None


def test_pages_of_one_state_miss_none(desk):
    for i in range(130):
        desk.create(f"c{i}", 1, status="draft" if i % 10 == 0 else "scheduled")
    seen, cursor = [], None
    while True:
        page, cursor = listed(desk, limit=5, status="draft", **({"cursor": cursor} if cursor else {}))
        seen += page
        if cursor is None:
            break
    assert seen == [f"c{i}" for i in range(120, -1, -10)]


@pytest.mark.parametrize("query, field", [
    ("status=open", "status"), ("status=", "status"), ("status=draft&status=draft", "status"), ("from=x", "from"), ("to=2026-02-30", "to"),
    ("from=2026-05-21&to=2026-05-20", "to"), ("limit=0", "limit"), ("limit=201", "limit"), ("limit=-1", "limit"), ("limit=1.5", "limit"),
    ("cursor=x", "cursor"), ("cursor=c0", "cursor"), ("cursor=c-1", "cursor"), ("cursor=c99999999999999999999", "cursor"),
    ("cursor=c1x", "cursor"), ("offset=5", "offset"), ("page=2", "page")])
def test_a_bad_parameter_of_the_list_is_named(shared, query, field):
    assert refused(shared.ask("campaigns", "GET", CAMPAIGNS, query), 400).startswith(field + ":")
    assert shared.ask("campaigns", "GET", CAMPAIGNS, "limit=200&from=2026-05-20&to=2026-05-20&status=paused").status == 200


# ---- Caps of the cycle

@pytest.mark.parametrize("cap, price", [("smsCap", "0.0079"), ("costCap", "0.01")])
def test_a_campaign_write_that_a_cap_refuses_is_402_and_writes_nothing(desk, cap, price):
    desk.daybook.cmd("price", "set", "SMS", price, "--from", "2012-01-01")
    limits = {"smsCap": 100} if cap == "smsCap" else {"costCap": "1.00"}
    put = lambda **fields: desk.ask("settings", "PUT", "/api/organizations/acme/limits", body=fields)
    assert put(**limits).status == 200
    desk.spend(event(at(TODAY), messages=20))
    before = desk.rows()
    refused(desk.post({"name": "n", "contactCount": 81, "scheduledISO": LATE}), 402, cap)
    refused(desk.post({"name": "n", "contactCount": 501, "scheduledISO": LATE}), 402, cap)  # the day refuses too
    refused(desk.post({"name": "n", "autoSegment": {"totalContacts": 81}}), 402, cap)
    assert desk.rows() == before
    desk.create("c", 80)
    refused(desk.put("c", {"contactCount": 81}), 402, cap)
    assert desk.put("c", {"scheduledISO": at("2026-05-31"), "contactCount": 80}).status == 200
    assert desk.put("c", {"scheduledISO": at("2026-06-01"), "contactCount": 100}).status == 200  # the next cycle
    desk.create("d", 80)
    refused(desk.put("d", {"scheduledISO": at("2026-06-01")}), 402, cap)
    draft = desk.create("draft", 1, status="draft")
    refused(desk.put("draft", {"status": "scheduled"}), 402, cap)
    desk.did("d", "pause")
    assert desk.did("d", "resume") == "scheduled"  # what is held already goes on
    assert put(allowOverage=True).status == 200
    assert desk.put("draft", {"status": "scheduled"}).status == 200 and draft["status"] == "draft"
    desk.verify()


@pytest.mark.parametrize("caps", [{"smsCap": 50}, {"costCap": "0.1"}])
def test_a_cap_that_came_later_refuses_only_what_adds_to_it(desk, caps):
    desk.create("c", 100)
    assert desk.ask("settings", "PUT", "/api/organizations/acme/limits", body=caps).status == 200
    for change in ({"name": "x"}, {"scheduledISO": at(TOMORROW)}, {"contactCount": 90, "scheduledISO": LATE}):
        assert desk.put("c", change).status == 200, change
    refused(desk.put("c", {"contactCount": 91}), 402, *caps)
    desk.did("c", "pause")
    desk.did("c", "resume")
    own = event(at(TODAY), campaignId="c", messages=10)
    assert desk.events(own, enforce="true")["accepted"] == 1
    assert desk.events(event(at(TODAY)), enforce="true", status=402)["rejected"] == 1
    assert desk.events(event(at(TODAY), channel="EMAIL"), enforce="true")["accepted"] == 1
    assert desk.did("c", "cancel") == "cancelled"


def test_caps_on_messages_and_calls_do_not_bind_campaigns(desk):
    assert desk.ask("settings", "PUT", "/api/organizations/acme/limits", body={"messagesCap": 0, "callCap": 0}).status == 200
    desk.create("c", 500)


def test_costs_beyond_every_bound_are_refused_and_do_not_wrap(desk):
    desk.daybook.cmd("price", "set", "SMS", "1000", "--from", "2012-01-01")
    desk.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited")
    assert desk.ask("settings", "PUT", "/api/organizations/acme/limits", body={"costCap": 1000}).status == 200
    huge = {"scheduledISO": LATE, "contactCount": 10**9}
    refused(desk.post({"name": "n", "segments": [huge] * 366, "partsPerContact": 1000}), 402, "costCap")
    refused(desk.post({"name": "n", **huge, "partsPerContact": 1000}), 402, "costCap")
    desk.create("c", 1)


# ---- The audit

def test_each_write_is_one_audit_row_with_the_campaign_and_no_contact(desk):
    desk.create("c", 5)
    desk.put("c", {"name": "x"})
    desk.did("c", "cancel")
    desk.create("d", 5, status="draft")
    desk.on("d", "DELETE")
    rows = desk.daybook.sql("SELECT action, detail FROM audit WHERE action LIKE 'campaign.%' ORDER BY key")
    assert [(a, json.loads(d)["campaignId"]) for a, d in rows][::4] == [("campaign.add", "c"), ("campaign.delete", "d")]
    assert len(rows) == 5
    assert ms(desk.get("c")["updatedAt"]) >= ms(desk.get("c")["createdAt"])
