"""POST /api/campaigns: its three forms, the same again, and whose a campaign is."""
import json

import pytest

from api import CAMPAIGNS, TODAY, TOMORROW, Api, at, figures, numbers, raw
from campaign_fields import ABSENT, LATE, UNKNOWN, refused, shared  # noqa: F401 (shared is a fixture)
from support import event, ms


# ---- POST, in its three forms

def test_a_campaign_of_one_date_holds_its_contacts_on_that_day(api):
    reply = api.post({"name": "Spring", "contactCount": 75, "scheduledISO": "2026-05-21T11:00:00-04:00"})
    assert reply.status == 201 and reply.json["success"] is True
    data = reply.json["data"]
    assert set(data) == {"campaignId", "name", "status", "contactCount", "unfinished", "partsPerContact", "isSegmented",
                         "createdAt", "updatedAt", "segments"}
    assert (data["name"], data["status"], data["contactCount"], data["isSegmented"]) == ("Spring", "scheduled", 75, False)
    assert data["segments"] == [{"segmentNumber": 1, "scheduledISO": "2026-05-21T15:00:00.000Z", "date": TOMORROW,
                                 "contactCount": 75, "status": "scheduled", "sent": 0, "failed": 0, "reserved": 75,
                                 "unfinished": 0}]
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


def test_an_unlimited_organization_always_has_room_and_a_limit_of_zero_never(api):
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
    for body in ({"contactCount": 1, "scheduledISO": "2026-05-20T15:54:59Z"},
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


def test_the_request_of_a_campaign_that_was_cancelled_is_answered_with_a_warning(api):
    wish = {"id": "mine", **WISHES["one date"]}
    assert "warnings" not in api.post(wish).json
    assert "warnings" not in api.post(wish).json
    api.did("mine", "cancel")
    again = api.post(wish)
    assert (again.status, again.json["data"]["status"]) == (200, "cancelled")
    assert again.json["warnings"] == ["id: this campaign was cancelled and holds nothing; choose another id to plan it again"]
    assert "warnings" not in api.post({**wish, "id": "other"}).json
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


# ---- Whose it is

def test_another_organizations_campaign_is_an_ordinary_404_and_its_id_is_free_here(api):
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
