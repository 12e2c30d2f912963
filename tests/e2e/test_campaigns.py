"""Campaigns: what holds quota of the coming days, moves it, spends it and gives it back."""
import json

import pytest

from conftest import Server
from api import CAMPAIGNS, TODAY, TOMORROW, Api, at, failed, figures, numbers, raw
from support import check_error, event, iso, ms

ABSENT = object()
LATE = at(TODAY, "20:00")
UNKNOWN = "no-such-campaign"


@pytest.fixture(scope="module")
def shared(shared):
    """With a campaign of one date and one of segments."""
    shared.create("one", 10)
    shared.slices("two", (LATE, 10), (at(TOMORROW), 10))
    return shared


def refused(reply, status, *words):
    check_error(reply, status, "tether", *words)
    return reply.json["error"]


# ---- POST, in its three forms

def test_a_campaign_of_one_date_holds_its_contacts_on_that_day(api):
    reply = api.post({"name": "Spring", "contactCount": 75, "scheduledISO": "2026-05-21T11:00:00-04:00"})
    assert reply.status == 201 and reply.json["success"] is True
    data = reply.json["data"]
    assert set(data) == {"campaignId", "name", "status", "contactCount", "partsPerContact", "isSegmented", "createdAt",
                         "updatedAt", "segments"}
    assert (data["name"], data["status"], data["contactCount"], data["isSegmented"]) == ("Spring", "scheduled", 75, False)
    assert data["segments"] == [{"segmentNumber": 1, "scheduledISO": "2026-05-21T15:00:00.000Z", "date": TOMORROW,
                                 "contactCount": 75, "status": "scheduled", "sent": 0, "failed": 0, "reserved": 75}]
    assert figures(api.day(TOMORROW)) == (0, 75, 75, 425) and api.held(TODAY) == 0
    listed, = api.day(TOMORROW)["campaigns"]
    assert listed == {"campaignId": data["campaignId"], "campaignName": "Spring", "contactCount": 75, "status": "scheduled",
                      "isSegmented": False, "failedDetails": []}
    assert api.get(data["campaignId"]) == data
    api.verify()


def test_a_campaign_of_segments_holds_each_on_its_own_day(api):
    data = api.slices("s", (at("2026-05-22"), 30), (LATE, 10), (at("2026-05-22", "16:00"), 5))
    assert data["isSegmented"] is True and data["contactCount"] == 45
    assert numbers(data) == [(1, at("2026-05-22"), 30, "scheduled", 30), (2, LATE, 10, "scheduled", 10),
                             (3, at("2026-05-22", "16:00"), 5, "scheduled", 5)]
    assert api.held(TODAY) == 10 and api.held("2026-05-22") == 35
    assert [c["segmentNumber"] for c in api.day("2026-05-22")["campaigns"]] == [1, 3]


def test_a_campaign_that_plans_itself_holds_what_auto_segment_would_propose(api):
    api.fill(TOMORROW, 400)
    wish = {"totalContacts": 700, "firstSegmentDate": TOMORROW, "firstSegmentTime": "10:00"}
    proposed = api.ask("auto-segment", "POST", CAMPAIGNS + "/auto-segment", body=wish).json["segments"]
    data = api.created({"id": "auto", "name": "A", "autoSegment": wish})
    assert data["isSegmented"] is True
    assert [(s["scheduledISO"], s["contactCount"]) for s in data["segments"]] == \
        [(p["scheduledDate"], p["contactCount"]) for p in proposed]
    assert [s["contactCount"] for s in data["segments"]] == [100, 500, 100]
    assert [api.day(f"2026-05-{d}")["availableQuota"] for d in (21, 22, 23)] == [0, 0, 400]


def test_an_id_of_the_clients_own_is_kept_and_without_one_a_new_one_is_made_each_time(api):
    assert api.create("My.id-1_x", 1)["campaignId"] == "My.id-1_x"
    body = {"name": "n", "contactCount": 1, "scheduledISO": LATE}
    one, two = api.created(body)["campaignId"], api.created(body)["campaignId"]
    assert one != two and api.held() == 3


def test_all_or_nothing_and_the_409_names_the_day_and_where_there_is_room(api):
    api.fill(TOMORROW, 450)
    api.fill("2026-05-22", 401)
    before = api.rows()
    reply = api.post({"id": "big", "name": "Big", "segments": [
        {"scheduledISO": LATE, "contactCount": 100}, {"scheduledISO": at(TOMORROW), "contactCount": 60},
        {"scheduledISO": at(TOMORROW, "16:00"), "contactCount": 40}]})
    assert reply.status == 409 and reply.json["success"] is False
    assert TOMORROW in reply.json["error"]
    assert reply.json["available"] == 50 and reply.json["nextAvailableDate"] == "2026-05-23"
    assert api.rows() == before and api.held() == 0
    api.slices("big", (LATE, 100), (at(TOMORROW), 30), (at(TOMORROW, "16:00"), 20))
    assert api.day(TOMORROW)["availableQuota"] == 0


def test_the_last_unit_can_be_taken_and_one_more_cannot(api):
    assert api.post({"name": "n", "contactCount": 501, "scheduledISO": LATE}).status == 409
    api.create("whole", 500)
    reply = api.post({"name": "n", "contactCount": 1, "scheduledISO": LATE})
    assert reply.status == 409 and reply.json["available"] == 0 and reply.json["nextAvailableDate"] == TOMORROW


def test_more_than_a_days_limit_has_no_next_date(api):
    reply = api.post({"name": "n", "contactCount": 501, "scheduledISO": LATE})
    assert reply.json["nextAvailableDate"] is None and reply.json["available"] == 500


def test_what_was_sent_takes_room_from_campaigns_and_what_is_held_does_not_stop_plain_events(api):
    api.spend(event(at(TODAY), messages=400))
    assert api.post({"name": "n", "contactCount": 101, "scheduledISO": LATE}).json["available"] == 100
    api.create("c", 100)
    api.spend(event(at(TODAY), messages=50))
    assert figures(api.day()) == (450, 100, 550, 0)
    assert api.put("c", {"contactCount": 101}).status == 409
    assert api.put("c", {"contactCount": 99}).status == 200


def test_an_unlimited_organisation_always_has_room_and_a_limit_of_zero_never(api):
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited")
    api.create("c", 10**9)
    api.daybook.cmd("org", "add", "none", "--timezone", "America/Toronto", "--daily-limit", "0")
    none = Api(api.daybook, "none", clock=None)
    reply = none.post({"name": "n", "contactCount": 1, "scheduledISO": LATE})
    assert reply.status == 409 and reply.json["available"] == 0 and reply.json["nextAvailableDate"] is None
    assert none.post({"name": "n", "autoSegment": {"totalContacts": 1}}).status == 409
    none.create("draft", 1, status="draft")


def test_an_instant_that_is_past_is_refused_and_the_present_one_is_not(api):
    before = api.rows()
    for body in ({"contactCount": 1, "scheduledISO": "2026-05-20T15:59:59Z"},
                 {"segments": [{"scheduledISO": LATE, "contactCount": 1}, {"scheduledISO": at("2026-05-19"), "contactCount": 1}]},
                 {"contactCount": 1, "scheduledISO": "2011-01-01T00:00:00Z", "status": "draft"},
                 {"autoSegment": {"totalContacts": 1, "firstSegmentDate": TODAY, "firstSegmentTime": "11:59"}}):
        refused(api.post({"name": "n", **body}), 400, "past")
    refused(api.post({"name": "n", "contactCount": 1, "scheduledISO": "2100-01-01T00:00:00Z"}), 400, "scheduledISO")
    assert api.rows() == before
    api.create("now", 1, "2026-05-20T16:00:59.999Z")


# ---- The same again

WISHES = {
    "one date": {"name": "Spring", "contactCount": 75, "scheduledISO": "2026-05-20T20:00:00.000Z", "partsPerContact": 1},
    "segments": {"name": "Spring", "segments": [{"scheduledISO": "2026-05-20T20:00:00.000Z", "contactCount": 5},
                                                {"scheduledISO": "2026-05-21T20:00:00.000Z", "contactCount": 6}]},
    "autoSegment": {"name": "Spring", "autoSegment": {"totalContacts": 600, "firstSegmentTime": "16:00"}},
}


@pytest.mark.parametrize("form", WISHES)
def test_the_same_request_again_is_answered_with_the_campaign_as_it_stands(api, form):
    wish = {"id": "mine", **WISHES[form]}
    first = api.post(wish)
    assert first.status == 201 and "idempotent-replayed" not in first.headers
    held = api.held()
    other_spelling = raw(wish).replace("2026-05-20T20:00:00.000Z", "2026-05-20T16:00:00-04:00").replace('"S', '"\\u0053')
    for body in (wish, other_spelling, {**wish, "status": "scheduled"}):
        again = api.post(body)
        assert again.status == 200 and again.headers["idempotent-replayed"] == "true", again
        assert again.json == first.json and api.held() == held
    number = {"segments": [{"segmentNumber": 1, "contactCount": 2}]} if form != "one date" else {"contactCount": 2}
    assert api.put("mine", {**number, "name": "Autumn"}).status == 200
    api.did("mine", "pause")
    again = api.post(wish)
    assert again.status == 200 and again.json["data"] == api.get("mine")
    assert again.json["data"]["status"] == "paused" and again.json["data"]["name"] == "Autumn"
    api.clock("2026-05-25T16:00:00Z")  # its instants are past
    assert api.post(wish).status == 200
    api.verify()


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
def test_another_body_with_the_same_id_is_a_conflict(api, form, change):
    wish = {"id": "mine", **WISHES[form]}
    api.created(wish)
    before = api.rows()
    other = {k: v for k, v in {**wish, **change}.items() if v is not ABSENT}
    refused(api.post(other), 409, "id:")
    assert api.rows() == before
    assert api.post(wish).status == 200


def test_defaults_that_are_written_out_are_the_same_request(api):
    api.created({"id": "a", "name": "n", "contactCount": 5, "scheduledISO": LATE})
    assert api.post({"id": "a", "name": "n", "contactCount": 5.0, "scheduledISO": LATE, "partsPerContact": 1,
                     "status": "scheduled", "segments": None, "autoSegment": None}).status == 200
    api.created({"id": "b", "name": "n", "autoSegment": {"totalContacts": 5}})
    assert api.post({"id": "b", "name": "n", "autoSegment": {"totalContacts": 5, "firstSegmentTime": "10:00",
                                                             "partsPerContact": 1, "timezone": None}}).status == 200
    assert api.held() == 5 and api.held(TOMORROW) == 5


def test_a_refused_request_leaves_its_id_free(api):
    wish = {"id": "mine", "name": "n", "contactCount": 501, "scheduledISO": LATE}
    assert api.post(wish).status == 409
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "501")
    assert api.post(wish).status == 201


def test_an_id_that_stands_in_the_table_without_a_request_is_taken_all_the_same(api):
    api.create("mine", 5)
    api.daybook.sql("DELETE FROM request")
    refused(api.post({"id": "mine", "name": "Mine", "contactCount": 5, "scheduledISO": LATE}), 409, "id:")
    api.create("other", 5)


GOOD_IDS = ["a", "x" * 64, "A-Z_0.9", "...", "-", "campaigns", "Cancel"]
BAD_IDS = ["", "x" * 65, "a b", "a/b", "a%2Fb", "é", ".", "..", "cancel", "pause", "resume", "results", "usage-calendar",
           "next-available-slot", "validate-date", "auto-segment", "usage", "limits", 5, True, [], {}, "a\n", "a\0b"]


@pytest.mark.parametrize("id", BAD_IDS, ids=repr)
def test_an_id_of_another_shape_or_a_word_of_a_route_is_refused(shared, id):
    before = shared.rows()
    refused(shared.post({"id": id, "name": "n", "contactCount": 1, "scheduledISO": LATE}), 400, "id" if id != "a\0b" else "body")
    assert shared.rows() == before


def test_every_other_id_is_taken(api):
    for id in GOOD_IDS:
        assert api.create(id, 1)["campaignId"] == id
        assert api.get(id)["campaignId"] == id


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


def test_366_segments_are_taken_and_one_more_is_not(api):
    segments = [{"scheduledISO": at(TODAY, "20:00"), "contactCount": 1} for _ in range(367)]
    refused(api.post({"name": "n", "segments": segments}), 400, "segments")
    assert len(api.created({"name": "n", "segments": segments[:366]})["segments"]) == 366
    assert api.held() == 366


def test_the_most_that_a_field_may_be_is_taken(api):
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited", "--quota-unit", "part")
    data = api.created({"name": "é" * 100, "contactCount": 10**9, "scheduledISO": "2099-12-31T23:00:00Z", "partsPerContact": 1000})
    assert data["segments"][0]["reserved"] == 10**12 and data["name"] == "é" * 100
    assert api.held("2099-12-31") == 10**12
    api.verify()


def test_null_is_as_good_as_absent(api):
    api.created({"id": None, "name": "n", "contactCount": 1, "scheduledISO": LATE, "partsPerContact": None, "status": None,
                 "segments": None, "autoSegment": None})
    api.created({"name": "n", "contactCount": None, "scheduledISO": None, "segments": [{"scheduledISO": LATE, "contactCount": 1}]})
    api.created({"name": "n", "contactCount": None, "segments": None, "autoSegment": {"totalContacts": 1, "firstSegmentDate": None}})
    assert api.put("x", {"name": None}).status == 404
    assert api.held() + api.held(TOMORROW) == 3


def test_a_caller_without_the_scope_is_refused_and_one_with_it_is_not(api):
    read, write = api.daybook.token(scope="usage:read"), api.daybook.token(scope="campaigns:write")
    api.create("c", 1)
    for method, tail, body in (("PUT", "", {"name": "x"}), ("POST", "/cancel", None), ("POST", "/pause", None),
                               ("POST", "/resume", None), ("POST", "/results", {"id": "r", "sent": 1}), ("DELETE", "", None)):
        assert api.on("c", method, tail, body, token=read).status == 403, (method, tail)
        assert api.on("c", method, tail, body, token="nonsense").status == 401, (method, tail)
    assert api.post(SINGLE, token=read).status == 403
    assert api.on("c", "GET", token=write).status == 403 and api.on("c", "GET", token=read).status == 200
    assert api.put("c", {"name": "x"}, token=write).status == 200


def test_an_unknown_parameter_another_method_and_another_media_type_are_refused(api):
    api.create("c", 1)
    for reply, field in ((api.on("c", "GET", query="x=1"), "x"), (api.ask("campaigns", "GET", CAMPAIGNS, "_=1"), "_"),
                         (api.on("c", "PUT", query="limit=1", body={"name": "x"}), "limit"),
                         (api.on("c", "POST", "/cancel", query="force=true"), "force")):
        assert refused(reply, 400).startswith(field + ":")
    assert set(api.on("c", "PATCH").headers["allow"].split(", ")) == {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}
    assert api.on("c", "GET", "/cancel").status == 405
    assert api.post(SINGLE, headers={"Content-Type": "text/plain"}).status == 415
    assert api.post(SINGLE, headers={"Content-Type": "application/json; charset=utf-8"}).status == 201


# ---- Whose it is

def test_another_organisations_campaign_is_an_ordinary_404_and_its_id_is_free_here(api):
    api.daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo", "--daily-limit", "500")
    other = Api(api.daybook, "globex", clock=None)
    api.create("c", 5)
    before = api.rows()
    for method, tail, body in (("GET", "", None), ("PUT", "", {"name": "x"}), ("PUT", "", {"name": 5}), ("DELETE", "", None),
                               ("POST", "/cancel", None), ("POST", "/pause", None), ("POST", "/resume", None),
                               ("POST", "/results", {"id": "r", "sent": 1}), ("POST", "/results", {"sent": "x"})):
        theirs, nobodys = other.on("c", method, tail, body), other.on(UNKNOWN, method, tail, body)
        assert refused(theirs, 404).replace("c", "") == refused(nobodys, 404).replace(UNKNOWN, "").replace("c", ""), (method, tail, body)
    assert other.ask("campaigns", "GET", CAMPAIGNS).json["data"]["campaigns"] == []
    assert api.rows() == before
    other.create("c", 7)
    assert api.get("c")["contactCount"] == 5 and other.get("c")["contactCount"] == 7
    assert api.held() == 5


# ---- Drafts

def test_a_draft_holds_nothing_and_is_scheduled_by_a_put_that_needs_room(api):
    data = api.create("d", 300, status="draft")
    assert data["status"] == "draft" and data["segments"][0]["reserved"] == 0
    assert figures(api.day()) == (0, 0, 0, 500) and api.day()["campaigns"] == []
    filler = api.create("other", 201)
    reply = api.put("d", {"status": "scheduled"})
    assert reply.status == 409 and reply.json["available"] == 299 and reply.json["nextAvailableDate"] == TOMORROW
    assert api.get("d")["status"] == "draft" and api.held() == 201
    assert api.put("d", {"status": "scheduled", "contactCount": 299}).json["data"]["status"] == "scheduled"
    assert api.day()["availableQuota"] == 0
    assert "scheduled" in refused(api.put("d", {"status": "draft"}), 409, "draft")
    assert api.put("d", {"status": "scheduled"}).status == 200  # it is
    assert filler["status"] == "scheduled"


def test_drafts_are_as_large_as_one_likes_and_may_be_moved_and_resized(api):
    api.slices("d", (LATE, 5000), (at(TOMORROW), 7000), status="draft")
    assert api.put("d", {"segments": [{"segmentNumber": 2, "contactCount": 9000, "scheduledISO": at("2026-05-22")}]}).status == 200
    assert api.put("d", {"status": "draft"}).json["data"]["status"] == "draft"
    assert api.put("d", {"status": "scheduled"}).status == 409
    assert api.held("2026-05-22") == 0
    api.created({"id": "auto", "name": "n", "status": "draft", "autoSegment": {"totalContacts": 1200}})
    assert [s["contactCount"] for s in api.get("auto")["segments"]] == [500, 500, 200]
    assert api.held(TOMORROW) == 0


def test_a_draft_whose_time_is_past_cannot_be_scheduled_until_it_is_moved(api):
    api.create("d", 5, "2026-05-20T16:30:00Z", status="draft")
    api.slices("e", ("2026-05-20T16:30:00Z", 5), (LATE, 5), status="draft")
    api.clock("2026-05-20T17:00:00Z")
    before = api.rows()
    refused(api.put("d", {"status": "scheduled"}), 400, "past")
    refused(api.put("e", {"status": "scheduled"}), 400, "past")
    assert api.rows() == before
    assert api.put("d", {"name": "still a draft"}).status == 200
    assert api.put("d", {"status": "scheduled", "scheduledISO": LATE}).status == 200
    assert api.held() == 5


def test_only_drafts_without_events_can_be_deleted(api):
    for id in ("d", "used", "scheduled"):
        api.create(id, 5, status="scheduled" if id == "scheduled" else "draft")
    api.spend(event(at(TODAY), campaignId="used", channel="EMAIL"))
    refused(api.on("used", "DELETE"), 409, "events")
    assert "scheduled" in refused(api.on("scheduled", "DELETE"), 409, "draft")
    gone = api.on("d", "DELETE")
    assert gone.status == 204 and gone.body == b""
    assert api.on("d", "GET").status == 404 and api.on("d", "DELETE").status == 404
    assert api.create("d", 6)["contactCount"] == 6  # its id is free
    api.did("scheduled", "cancel")
    assert "cancelled" in refused(api.on("scheduled", "DELETE"), 409)
    api.verify()


# ---- PUT

def test_put_renames_and_nothing_else(api):
    before = api.create("c", 50)
    data = api.put("c", {"name": "New"}).json["data"]
    assert data == {**before, "name": "New", "updatedAt": data["updatedAt"]}
    assert api.put("c", {}).json["data"]["name"] == "New"
    assert api.held() == 50


def test_put_moves_to_another_day_and_frees_the_old_one(api):
    api.create("c", 500)
    assert api.put("c", {"scheduledISO": at(TOMORROW)}).json["data"]["segments"][0]["date"] == TOMORROW
    assert api.held(TODAY) == 0 and api.held(TOMORROW) == 500
    api.create("next", 500)


def test_put_on_its_own_day_does_not_compete_against_itself(api):
    api.create("c", 400)
    api.fill(TODAY, 50)
    assert api.put("c", {"scheduledISO": at(TODAY, "21:00")}).status == 200
    assert api.put("c", {"contactCount": 450}).status == 200
    reply = api.put("c", {"contactCount": 451})
    assert reply.status == 409 and reply.json["available"] == 450
    assert api.put("c", {"contactCount": 450, "scheduledISO": LATE}).status == 200
    assert api.put("c", {"contactCount": 1}).status == 200 and api.held() == 51


def test_put_moves_and_resizes_at_once_or_not_at_all(api):
    api.create("c", 100)
    api.fill(TOMORROW, 450)
    before = api.rows()
    reply = api.put("c", {"scheduledISO": at(TOMORROW), "contactCount": 51, "name": "x"})
    assert reply.status == 409 and TOMORROW in reply.json["error"] and reply.json["available"] == 50
    assert reply.json["nextAvailableDate"] == "2026-05-22"
    assert api.rows() == before
    assert api.put("c", {"scheduledISO": at(TOMORROW), "contactCount": 50}).status == 200
    assert (api.held(), api.held(TOMORROW)) == (0, 500)


def test_segments_change_by_their_numbers_and_may_swap_full_days(api):
    api.slices("s", (LATE, 500), (at(TOMORROW), 500))
    data = api.put("s", {"segments": [{"segmentNumber": 1, "scheduledISO": at(TOMORROW)},
                                      {"segmentNumber": 2, "scheduledISO": LATE}]}).json["data"]
    assert [s["date"] for s in data["segments"]] == [TOMORROW, TODAY]
    assert (api.held(), api.held(TOMORROW)) == (500, 500)
    assert api.put("s", {"segments": [{"segmentNumber": 2, "contactCount": 20}]}).status == 200
    assert (api.held(), api.held(TOMORROW)) == (20, 500)
    assert api.put("s", {"segments": [{"segmentNumber": 2, "scheduledISO": at(TOMORROW)}]}).status == 409
    api.verify()


def test_a_campaign_of_one_date_may_be_changed_as_its_segment_1(api):
    api.create("c", 5)
    assert api.put("c", {"segments": [{"segmentNumber": 1, "contactCount": 6}]}).json["data"]["contactCount"] == 6


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


def test_contacts_below_what_is_spent_are_refused_and_just_as_many_close_it(api):
    api.create("c", 50)
    api.spend(event(at(TODAY), campaignId="c", messages=9), failed("f", at(TODAY), "+15550001", "c"))
    assert figures(api.day()) == (9, 40, 49, 451)
    assert "10" in refused(api.put("c", {"contactCount": 9}), 409, "spent")
    assert api.get("c")["contactCount"] == 50
    data = api.put("c", {"contactCount": 10}).json["data"]
    assert data["status"] == "sent" and data["segments"][0]["reserved"] == 0
    assert figures(api.day()) == (9, 0, 9, 491)
    api.verify()


def test_only_what_is_still_held_moves(api):
    api.create("c", 50)
    api.spend(event(at(TODAY), campaignId="c", messages=20))
    api.fill(TOMORROW, 470)
    assert api.put("c", {"scheduledISO": at(TOMORROW)}).status == 200
    assert figures(api.day(TODAY)) == (20, 0, 20, 480)
    assert figures(api.day(TOMORROW)) == (0, 500, 500, 0)
    assert api.get("c")["status"] == "sending"
    assert api.put("c", {"contactCount": 51}).status == 409
    api.verify()


def test_what_has_ended_cannot_be_moved_or_resized_but_renamed(api):
    api.slices("c", (LATE, 5), (at(TOMORROW), 5))
    api.spend(event(at(TODAY), campaignId="c", segmentNumber=1, messages=5))
    for change in ({"contactCount": 9}, {"scheduledISO": at(TOMORROW)}):
        assert "sent" in refused(api.put("c", {"segments": [{"segmentNumber": 1, **change}]}), 409)
    assert api.put("c", {"segments": [{"segmentNumber": 2, "contactCount": 9}]}).status == 200
    api.did("c", "cancel")
    assert "cancelled" in refused(api.put("c", {"segments": [{"segmentNumber": 2, "contactCount": 8}]}), 409)
    assert "cancelled" in refused(api.put("c", {"status": "scheduled"}), 409, "scheduled")
    assert api.put("c", {"name": "x"}).json["data"]["status"] == "cancelled"
    assert api.held(TOMORROW) == 0


def test_a_move_onto_a_past_instant_is_refused_and_its_own_past_instant_may_stay(api):
    api.create("c", 5, "2026-05-20T16:30:00Z")
    api.clock("2026-05-20T17:00:00Z")
    before = api.rows()
    refused(api.put("c", {"scheduledISO": "2026-05-20T16:45:00Z"}), 400, "past")
    refused(api.put("c", {"scheduledISO": at("2026-05-19")}), 400, "past")
    assert api.rows() == before
    assert api.put("c", {"scheduledISO": "2026-05-20T16:30:00Z", "contactCount": 6}).status == 200
    assert api.put("c", {"scheduledISO": "2026-05-20T17:30:00Z"}).status == 200


def test_parts_per_contact_counts_where_the_unit_is_the_part(api):
    api.create("m", 100, partsPerContact=3)
    assert api.held() == 100
    api.daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    assert api.held() == 300
    assert api.get("m")["segments"][0]["reserved"] == 300
    reply = api.post({"name": "n", "contactCount": 101, "scheduledISO": LATE, "partsPerContact": 2})
    assert reply.status == 409 and reply.json["available"] == 200
    api.create("n", 100, partsPerContact=2)
    assert api.put("n", {"partsPerContact": 3}).status == 409
    assert api.put("m", {"partsPerContact": 1}).status == 200 and api.held() == 300
    assert api.put("n", {"partsPerContact": 4}).status == 200
    api.spend(event(at(TODAY), campaignId="n", messages=10, parts=10))
    assert figures(api.day()) == (10, 460, 470, 30)
    api.verify()


# ---- If-Match

def test_if_match_takes_the_present_tag_and_refuses_a_stale_one(api):
    api.create("c", 5)
    tag = api.on("c", "GET").headers["etag"]
    reply = api.put("c", {"name": "one"}, headers={"If-Match": tag})
    assert reply.status == 200
    fresh = reply.headers["etag"]
    assert fresh != tag and api.on("c", "GET").headers["etag"] == fresh
    before = api.rows()
    refused(api.put("c", {"name": "two"}, headers={"If-Match": tag}), 412, "If-Match")
    assert api.verb("c", "cancel", headers={"If-Match": tag}).status == 412
    assert api.on("c", "DELETE", headers={"If-Match": tag}).status == 412
    assert api.rows() == before
    for spelled in ("*", "{}", '"x", {}', "gzip"):
        good = fresh[:-1] + '-gzip"' if spelled == "gzip" else spelled.format(fresh)
        reply = api.put("c", {"name": good[:9]}, headers={"If-Match": good})
        assert reply.status == 200, good
        fresh = reply.headers["etag"]
    assert api.put(UNKNOWN, {"name": "x"}, headers={"If-Match": "*"}).status == 404


def test_the_tag_changes_with_what_is_shown(api):
    """A 304 must never hide a change, wherever it came from."""
    api.create("c", 5)
    tags = []

    def changed(what):
        reply = api.on("c", "GET", headers={"If-None-Match": tags[-1]} if tags else None)
        assert reply.status == 200, what
        tags.append(reply.headers["etag"])
        assert api.on("c", "GET", headers={"If-None-Match": tags[-1]}).status == 304

    changed("first")
    api.spend(event(at(TODAY), campaignId="c"))
    changed("an event")
    api.spend(failed("f", at(TODAY), "+15550100", "c"))
    changed("a failed one")
    api.events({"id": "v", "voids": "f", "reason": "r"})
    changed("a void")
    api.spend(failed("g", at(TODAY), "+15550100", "c"))
    changed("another failed one")
    api.daybook.cmd("erase", "--phone", "+15550100")
    changed("an erased number")
    api.put("c", {"partsPerContact": 2})
    changed("a PUT")
    api.daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    changed("the quota unit")
    api.daybook.cmd("org", "set", "acme", "--timezone", "Asia/Tokyo", "--recut-history")
    changed("the day of its segment")
    api.did("c", "pause")
    changed("a pause")
    api.report("c", {"id": "r", "done": True})
    changed("done")
    assert len(set(tags)) == len(tags)


# ---- States

def put_into(api, state, id="c"):
    """A campaign in that state, by way of the API alone."""
    api.create(id, 5, status="draft" if state == "draft" else "scheduled")
    if state in ("sending", "sent"):
        api.spend(event(at(TODAY), campaignId=id, messages=1 if state == "sending" else 5))
    if state == "failed":
        api.spend(*[failed(f"{id}{i}", at(TODAY), "+15550001", id) for i in range(5)])
    if state == "paused":
        api.did(id, "pause")
    if state == "cancelled":
        api.did(id, "cancel")
    assert api.get(id)["status"] == state


STATES = ["draft", "scheduled", "sending", "paused", "sent", "failed", "cancelled"]
STEPS = {("draft", "cancel"): "cancelled", ("scheduled", "cancel"): "cancelled", ("sending", "cancel"): "cancelled",
         ("paused", "cancel"): "cancelled", ("scheduled", "pause"): "paused", ("sending", "pause"): "paused",
         ("paused", "resume"): "scheduled"}
NAMES = {"cancel": "cancelled", "pause": "paused", "resume": "scheduled"}


@pytest.mark.parametrize("verb", NAMES)
@pytest.mark.parametrize("state", STATES)
def test_each_verb_in_each_state_is_done_or_names_both_states(api, state, verb):
    put_into(api, state)
    before = api.rows()
    reply = api.verb("c", verb)
    to = STEPS.get((state, verb))
    if to is None:
        refused(reply, 409, state, NAMES[verb])
        assert api.rows() == before
    else:
        assert reply.status == 200 and reply.json["data"]["status"] == to
        assert api.held() == {"cancelled": 0, "paused": 4 if state == "sending" else 5, "scheduled": 5}[to]
        assert len(api.day()["campaigns"]) == (to != "cancelled")
    api.verify()


def test_what_was_sent_stays_sent_when_a_campaign_is_cancelled(api):
    put_into(api, "sending")
    api.did("c", "cancel")
    assert figures(api.day()) == (1, 0, 1, 499)
    api.spend(event(at(TODAY), campaignId="c"))  # recorded without a change of state
    assert api.get("c")["status"] == "cancelled" and figures(api.day()) == (2, 0, 2, 498)


def test_paused_holds_and_counts_and_goes_back_to_where_it_was(api):
    api.create("c", 5)
    api.did("c", "pause")
    assert api.held() == 5
    api.spend(event(at(TODAY), campaignId="c", messages=2))
    assert api.get("c")["status"] == "paused" and api.held() == 3
    assert api.did("c", "resume") == "sending"
    api.did("c", "pause")
    api.spend(event(at(TODAY), campaignId="c", messages=3))
    assert api.get("c")["status"] == "paused" and api.held() == 0
    assert api.did("c", "resume") == "sent"


def test_resume_onto_a_past_instant_is_refused_until_it_is_moved_and_what_has_begun_goes_on(api):
    api.create("c", 5, "2026-05-20T16:30:00Z")
    api.create("begun", 5, "2026-05-20T16:30:00Z")
    api.spend(event("2026-05-20T16:00:01Z", campaignId="begun"))
    for id in ("c", "begun"):
        api.did(id, "pause")
    api.clock("2026-05-20T17:00:00Z")
    before = api.rows()
    refused(api.verb("c", "resume"), 400, "past")
    assert api.rows() == before
    assert api.did("begun", "resume") == "sending"
    assert api.put("c", {"scheduledISO": LATE}).json["data"]["status"] == "paused"
    assert api.did("c", "resume") == "scheduled"


def test_an_open_campaign_whose_day_is_over_reads_as_it_ended_and_holds_nothing(api):
    for id in ("none", "some", "stopped"):
        api.create(id, 5)
    api.spend(event(at(TODAY), campaignId="some", messages=2))
    api.did("stopped", "pause")
    api.slices("long", (LATE, 5), (at("2026-05-22"), 5))
    api.clock("2026-05-21T16:00:00Z")
    assert [api.get(id)["status"] for id in ("none", "some", "stopped", "long")] == ["failed", "sent", "failed", "sending"]
    assert figures(api.day(TODAY)) == (2, 0, 2, 498)
    assert "failed" in refused(api.verb("none", "cancel"), 409, "cancelled")
    assert "failed" in refused(api.verb("stopped", "resume"), 409, "scheduled")
    refused(api.put("none", {"scheduledISO": at("2026-05-22")}), 409, "failed")
    assert api.did("long", "cancel") == "cancelled" and api.held("2026-05-22") == 0
    api.verify()


def test_a_campaigns_state_follows_from_its_segments(api):
    api.slices("c", (LATE, 2), (at(TOMORROW), 2), (at("2026-05-22"), 2))
    assert api.get("c")["status"] == "scheduled"
    api.spend(event(at(TODAY), campaignId="c"))
    assert api.get("c")["status"] == "sending"
    api.spend(event(at(TODAY), campaignId="c"))
    assert [s["status"] for s in api.get("c")["segments"]] == ["sent", "scheduled", "scheduled"]
    assert api.get("c")["status"] == "sending"
    assert api.did("c", "pause") == "paused"
    assert [s["status"] for s in api.get("c")["segments"]] == ["sent", "paused", "paused"]
    assert api.did("c", "resume") == "sending"
    api.spend(event(at(TODAY), campaignId="c", segmentNumber=2, messages=2),
              *[failed(f"f{i}", at(TODAY), "+15550001", "c", segmentNumber=3) for i in range(2)])
    assert [s["status"] for s in api.get("c")["segments"]] == ["sent", "sent", "failed"]
    assert api.get("c")["status"] == "sent"


# ---- Results

def test_results_spend_as_events_do_and_their_failures_are_listed(api):
    api.create("c", 10)
    reply = api.report("c", {"id": "batch 1", "sent": 6, "failed": [{"phoneNumber": "+15550001", "reason": "bad number"}]})
    assert reply.status == 200 and "idempotent-replayed" not in reply.headers
    segment, = reply.json["data"]["segments"]
    assert (segment["sent"], segment["failed"], segment["reserved"], segment["status"]) == (6, 1, 3, "sending")
    assert figures(api.day()) == (6, 3, 9, 491)
    assert api.day()["campaigns"][0]["failedDetails"] == [{"phoneNumber": "+15550001", "reason": "bad number"}]
    listed = api.on("c", "GET").json["failedDetails"]
    assert [(f["segmentNumber"], f["phoneNumber"], f["reason"]) for f in listed] == [(1, "+15550001", "bad number")]
    assert api.report("c", {"id": "batch 2", "sent": 3}).json["data"]["status"] == "sent"
    assert api.daybook.sql("SELECT DISTINCT source FROM event") == [("daybook:results",)]
    api.verify()


def test_the_same_results_again_count_once_whatever_occurred_at_says_and_others_conflict(api):
    api.create("c", 10)
    body = {"id": "r", "sent": 2, "failed": [{"phoneNumber": "+15550001", "reason": "x"}], "occurredAt": at(TODAY)}
    first = api.report("c", body)
    for same in (body, raw(body), {**body, "occurredAt": at(TODAY, "14:00")}, {k: v for k, v in body.items() if k != "occurredAt"},
                 {**body, "parts": 2, "done": False, "segmentNumber": None}):
        again = api.report("c", same)
        assert again.status == 200 and again.headers["idempotent-replayed"] == "true", again
        assert again.json == first.json
    before = api.rows()
    for change in ({"sent": 3}, {"parts": 3}, {"done": True}, {"segmentNumber": 1}, {"failed": []},
                   {"failed": [{"phoneNumber": "+15550002", "reason": "x"}]}, {"failed": [{"phoneNumber": "+15550001", "reason": "y"}]},
                   {"failed": 2 * body["failed"]}):
        refused(api.report("c", {**body, **change}), 409, "id:")
    assert api.rows() == before
    api.create("d", 10)
    assert api.report("d", body).status == 200  # the id is the campaign's own
    assert api.day()["sent"] == 4


def test_a_replay_answers_with_the_campaign_as_it_stands(api):
    api.create("c", 10)
    api.report("c", {"id": "r", "sent": 2})
    api.did("c", "cancel")
    api.clock("2026-07-20T16:00:00Z")
    api.token = api.daybook.token(scope="campaigns:write usage:read")
    again = api.report("c", {"id": "r", "sent": 2})
    assert again.status == 200 and again.json["data"]["status"] == "cancelled"


def test_results_of_a_segment_by_its_number_and_without_one_of_the_days_own(api):
    api.slices("c", (LATE, 5), (at(TOMORROW), 5))
    api.report("c", {"id": "a", "segmentNumber": 2, "sent": 1})
    api.report("c", {"id": "b", "sent": 2})
    assert [(s["sent"], s["reserved"]) for s in api.get("c")["segments"]] == [(2, 3), (1, 4)]
    refused(api.report("c", {"id": "d", "segmentNumber": 3, "sent": 1}), 400, "segmentNumber")
    api.report("c", {"id": "e", "sent": 9, "failed": [{"phoneNumber": "1", "reason": "x"}]})
    assert [(s["sent"], s["failed"], s["reserved"]) for s in api.get("c")["segments"]] == [(11, 1, 0), (1, 0, 4)]
    api.verify()


def test_parts_are_what_the_part_unit_counts(api):
    api.daybook.cmd("org", "set", "acme", "--quota-unit", "part")
    api.create("c", 10, partsPerContact=2)
    api.report("c", {"id": "a", "sent": 3, "parts": 7})
    assert figures(api.day()) == (7, 14, 21, 479)


def test_done_closes_a_segment_and_frees_what_is_left(api):
    api.slices("c", (LATE, 5), (at(TOMORROW), 5))
    data = api.report("c", {"id": "a", "sent": 2, "done": True}).json["data"]
    assert [s["status"] for s in data["segments"]] == ["sent", "scheduled"] and api.held() == 0
    data = api.report("c", {"id": "b", "segmentNumber": 2, "done": True}).json["data"]
    assert [s["status"] for s in data["segments"]] == ["sent", "failed"] and data["status"] == "sent"
    assert api.held(TOMORROW) == 0


def test_results_are_taken_in_the_window_of_events(api):
    api.create("c", 10)
    before = api.rows()
    for when in ("2026-04-10T00:00:00Z", "2026-05-20T16:06:00Z", "2011-01-01T00:00:00Z"):
        refused(api.report("c", {"id": "r", "sent": 1, "occurredAt": when}), 400, "occurredAt")
    assert api.rows() == before
    assert api.report("c", {"id": "r", "sent": 1, "occurredAt": "2026-04-16T00:00:00Z"}).status == 200
    assert api.day("2026-04-15")["sent"] == 1 and api.held() == 9
    backfill = api.daybook.token(scope="campaigns:write usage:backfill")
    assert api.report("c", {"id": "s", "sent": 1, "occurredAt": "2026-04-10T00:00:00Z"}, token=backfill).status == 200


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


def test_ten_thousand_failures_are_listed_by_a_hundred_and_paged_through(api):
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "20000")
    api.create("c", 12000)
    failures = [{"phoneNumber": f"+1555{i:07d}", "reason": "r"} for i in range(10001)]
    assert api.report("c", {"id": "r", "failed": failures}).status == 413
    assert api.held() == 12000
    assert api.report("c", {"id": "r", "failed": failures[:10000]}).status == 200
    assert figures(api.day()) == (0, 2000, 2000, 18000)
    assert len(api.day()["campaigns"][0]["failedDetails"]) == 100
    seen, query, pages = [], {"limit": 1000}, 0
    while True:
        page = api.on("c", "GET", query=query).json
        seen += [f["phoneNumber"] for f in page["failedDetails"]]
        pages += 1
        if page["nextCursor"] is None:
            break
        query = {"limit": 1000, "cursor": page["nextCursor"]}
    assert pages == 10 and sorted(seen) == sorted(f["phoneNumber"] for f in failures[:10000])
    assert len(api.on("c", "GET").json["failedDetails"]) == 100
    assert api.report("c", {"id": "r", "failed": failures[:10000]}).headers["idempotent-replayed"] == "true"
    api.verify()


def test_a_body_of_results_may_have_2_mib_and_not_a_byte_more(api):
    api.create("c", 10)
    body = json.dumps({"id": "r", "sent": 1})
    whole = body[:-1] + " " * (2 * 1024 * 1024 - len(body)) + "}"
    assert api.report("c", whole + " ").status == 413
    assert api.report("c", whole).status == 200
    assert api.day()["sent"] == 1
    assert api.post(json.dumps(SINGLE) + " " * 256 * 1024).status == 413


@pytest.mark.parametrize("query, field", [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("cursor=x", "cursor"),
                                          ("cursor=", "cursor"), ("limit=1&limit=1", "limit"), ("status=sent", "status")])
def test_a_bad_parameter_of_one_campaign_is_named(shared, query, field):
    assert refused(shared.on("one", "GET", query=query), 400).startswith(field + ":")
    assert shared.on(UNKNOWN, "GET", query=query if field != "status" else None).status in (400, 404)
    assert shared.on("one", "GET", query="limit=1000").status == 200


def test_pages_of_failures_go_through_the_web_server(daybook):
    """Its filter of odd bytes must let every cursor pass."""
    api = Api(daybook, clock=None)
    soon = "2098-01-01T12:00:00Z"
    api.create("c", 10, soon)
    names = ["a~b", "c d/e?f=g&h", "é\"'<>", "日本"]
    now_at = daybook.sql("SELECT created_at FROM campaign")[0][0]
    api.spend(*[failed(name, iso(now_at), f"+1555000{i}", "c", source="s~1") for i, name in enumerate(names)])
    server = Server(daybook)
    try:
        seen, cursor = [], None
        for _ in range(6):
            reply = server.ask("GET", CAMPAIGNS + "/c", {"limit": 1, **({"cursor": cursor} if cursor else {})}, token=api.token)
            assert reply.status == 200, (reply, cursor)
            seen += [f["phoneNumber"] for f in reply.json["failedDetails"]]
            cursor = reply.json["nextCursor"]
            if cursor is None:
                break
        assert sorted(seen) == [f"+1555000{i}" for i in range(4)]
    finally:
        server.stop()


# ---- The list

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
    assert listed(api, status="failed")[0] == ["failed", "paused", "scheduled"]
    assert listed(api, status="sent")[0] == ["sent", "sending"]


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
def test_a_campaign_write_that_a_cap_refuses_is_402_and_writes_nothing(api, cap, price):
    api.daybook.cmd("price", "set", "SMS", price, "--from", "2012-01-01")
    limits = {"smsCap": 100} if cap == "smsCap" else {"costCap": "1.00"}
    put = lambda **fields: api.ask("settings", "PUT", "/api/organizations/acme/limits", body=fields)
    assert put(**limits).status == 200
    api.spend(event(at(TODAY), messages=20))
    before = api.rows()
    refused(api.post({"name": "n", "contactCount": 81, "scheduledISO": LATE}), 402, cap)
    refused(api.post({"name": "n", "contactCount": 501, "scheduledISO": LATE}), 402, cap)  # the day refuses too
    refused(api.post({"name": "n", "autoSegment": {"totalContacts": 81}}), 402, cap)
    assert api.rows() == before
    api.create("c", 80)
    refused(api.put("c", {"contactCount": 81}), 402, cap)
    assert api.put("c", {"scheduledISO": at("2026-05-31"), "contactCount": 80}).status == 200
    assert api.put("c", {"scheduledISO": at("2026-06-01"), "contactCount": 100}).status == 200  # the next cycle
    api.create("d", 80)
    refused(api.put("d", {"scheduledISO": at("2026-06-01")}), 402, cap)
    draft = api.create("draft", 1, status="draft")
    refused(api.put("draft", {"status": "scheduled"}), 402, cap)
    api.did("d", "pause")
    assert api.did("d", "resume") == "scheduled"  # what is held already goes on
    assert put(allowOverage=True).status == 200
    assert api.put("draft", {"status": "scheduled"}).status == 200 and draft["status"] == "draft"
    api.verify()


@pytest.mark.parametrize("caps", [{"smsCap": 50}, {"costCap": "0.1"}])
def test_a_cap_that_came_later_refuses_only_what_adds_to_it(api, caps):
    api.create("c", 100)
    assert api.ask("settings", "PUT", "/api/organizations/acme/limits", body=caps).status == 200
    for change in ({"name": "x"}, {"scheduledISO": at(TOMORROW)}, {"contactCount": 90, "scheduledISO": LATE}):
        assert api.put("c", change).status == 200, change
    refused(api.put("c", {"contactCount": 91}), 402, *caps)
    api.did("c", "pause")
    api.did("c", "resume")
    own = event(at(TODAY), campaignId="c", messages=10)
    assert api.events(own, enforce="true")["accepted"] == 1
    assert api.events(event(at(TODAY)), enforce="true", status=402)["rejected"] == 1
    assert api.events(event(at(TODAY), channel="EMAIL"), enforce="true")["accepted"] == 1
    assert api.did("c", "cancel") == "cancelled"


def test_caps_on_messages_and_calls_do_not_bind_campaigns(api):
    assert api.ask("settings", "PUT", "/api/organizations/acme/limits", body={"messagesCap": 0, "callCap": 0}).status == 200
    api.create("c", 500)


def test_costs_beyond_every_bound_are_refused_and_do_not_wrap(api):
    api.daybook.cmd("price", "set", "SMS", "1000", "--from", "2012-01-01")
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited")
    assert api.ask("settings", "PUT", "/api/organizations/acme/limits", body={"costCap": 1000}).status == 200
    huge = {"scheduledISO": LATE, "contactCount": 10**9}
    refused(api.post({"name": "n", "segments": [huge] * 366, "partsPerContact": 1000}), 402, "costCap")
    refused(api.post({"name": "n", **huge, "partsPerContact": 1000}), 402, "costCap")
    api.create("c", 1)


# ---- The audit

def test_each_write_is_one_audit_row_with_the_campaign_and_no_contact(api):
    api.create("c", 5)
    api.put("c", {"name": "x"})
    api.did("c", "cancel")
    api.create("d", 5, status="draft")
    api.on("d", "DELETE")
    rows = api.daybook.sql("SELECT action, detail FROM audit WHERE action LIKE 'campaign.%' ORDER BY key")
    assert [(a, json.loads(d)["campaignId"]) for a, d in rows][::4] == [("campaign.add", "c"), ("campaign.delete", "d")]
    assert len(rows) == 5
    assert ms(api.get("c")["updatedAt"]) >= ms(api.get("c")["createdAt"])
