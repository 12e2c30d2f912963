"""PUT and DELETE of a campaign: drafts, moves, sizes, If-Match."""
import pytest

from api import TODAY, TOMORROW, at, failed, figures
from campaign_fields import ABSENT, BAD_POSTS, LATE, UNKNOWN, refused, shared, show  # noqa: F401 (shared is a fixture)
from support import event


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
