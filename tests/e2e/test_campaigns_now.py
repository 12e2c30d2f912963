"""Send now: an instant that is left out, or only just past, is the present one."""
import pytest

from api import TODAY, TOMORROW, at
from campaign_fields import LATE, refused
from support import ms
from test_validate_date import ask

# The clock of a test is 2026-05-20T16:00:00Z when a program starts, and goes on from there.
JUST, GONE = "2026-05-20T15:57:00Z", "2026-05-20T15:54:59Z"
NOON_MS = ms("2026-05-20T16:00:00Z")


def is_now(data, number=1):
    return NOON_MS <= ms(data["segments"][number - 1]["scheduledISO"]) < NOON_MS + 60_000


# ---- Create

def test_without_an_instant_it_is_now(api):
    data = api.created({"id": "c", "name": "n", "contactCount": 5})
    assert is_now(data) and data["segments"][0]["date"] == TODAY and data["isSegmented"] is False
    assert api.held() == 5
    api.created({"name": "n", "contactCount": 5, "scheduledISO": None})
    refused(api.post({"name": "n"}), 400, "contactCount")
    assert api.post({"name": "n", "contactCount": 491}).status == 409
    api.verify()


def test_an_instant_at_most_five_minutes_past_is_now_and_an_older_one_is_refused(api):
    assert is_now(api.create("c", 5, JUST))
    before = api.rows()
    refused(api.post({"name": "n", "contactCount": 5, "scheduledISO": GONE}), 400, "past")
    assert api.rows() == before


def test_the_instant_of_dated_segments_and_of_a_plan_is_exact(api):
    refused(api.post({"name": "n", "segments": [{"scheduledISO": JUST, "contactCount": 5}]}), 400, "past")
    refused(api.post({"name": "n", "segments": [{"contactCount": 5}]}), 400, "segments[0].scheduledISO")
    refused(api.post({"name": "n", "autoSegment": {"totalContacts": 5, "firstSegmentDate": TODAY, "firstSegmentTime": "11:57"}}),
            400, "past")
    assert api.rows()["campaign"] == []
    api.slices("c", (LATE, 5))


def test_over_midnight_the_instant_that_is_just_past_stays_refused(api):
    api.clock("2026-05-21T04:02:00Z")  # two minutes after the organization's midnight
    refused(api.post({"name": "n", "contactCount": 5, "scheduledISO": "2026-05-21T03:59:00Z"}), 400, "past")
    assert api.create("c", 5, "2026-05-21T04:00:00Z")["segments"][0]["date"] == TOMORROW


def test_a_draft_needs_an_instant(api):
    refused(api.post({"name": "n", "contactCount": 5, "status": "draft"}), 400, "scheduledISO")
    assert is_now(api.create("d", 5, JUST, status="draft"))


def test_the_same_request_again_is_a_replay_also_minutes_later(api):
    left_out, given = ({"id": id, "name": "n", "contactCount": 5, **more} for id, more in
                       (("a", {}), ("b", {"scheduledISO": JUST})))
    first = {body["id"]: api.created(body) for body in (left_out, given)}
    api.clock("2026-05-20T17:00:00Z")
    for body in (left_out, {**left_out, "scheduledISO": None}, given):
        again = api.post(body)
        assert again.status == 200 and again.headers["idempotent-replayed"] == "true"
        assert again.json["data"] == first[body["id"]]
    refused(api.post({**left_out, "scheduledISO": first["a"]["segments"][0]["scheduledISO"]}), 409, "id:")
    refused(api.post({**given, "scheduledISO": None}), 409, "id:")
    assert api.held() == 10


# ---- PUT, resume, schedule

def test_a_move_to_an_instant_that_is_just_past_is_now(api):
    api.create("c", 5)
    refused(api.put("c", {"scheduledISO": GONE}), 400, "past")
    refused(api.put("c", {"segments": [{"segmentNumber": 1, "scheduledISO": JUST}]}), 400, "past")
    assert is_now(api.put("c", {"scheduledISO": JUST}).json["data"])
    data = api.put("c", {"contactCount": 6}).json["data"]
    assert is_now(data) and data["contactCount"] == 6
    api.slices("s", (LATE, 5))
    refused(api.put("s", {"segments": [{"segmentNumber": 1, "scheduledISO": JUST}]}), 400, "past")


def test_a_draft_whose_time_is_just_past_is_scheduled_now(api):
    for id in ("soon", "late"):
        api.create(id, 5, "2026-05-20T16:10:00Z", status="draft")
    api.slices("dated", ("2026-05-20T16:10:00Z", 5), status="draft")
    api.clock("2026-05-20T16:14:00Z")
    data = api.put("soon", {"status": "scheduled"}).json["data"]
    assert data["status"] == "scheduled" and ms(data["segments"][0]["scheduledISO"]) >= ms("2026-05-20T16:14:00Z")
    refused(api.put("dated", {"status": "scheduled"}), 400, "past")
    api.clock("2026-05-20T16:20:00Z")
    refused(api.put("late", {"status": "scheduled"}), 400, "past")
    assert api.put("late", {"status": "scheduled", "scheduledISO": "2026-05-20T16:19:00Z"}).status == 200


def test_what_was_paused_until_just_now_is_resumed_now(api):
    for id in ("soon", "late"):
        api.create(id, 5, "2026-05-20T16:10:00Z")
        api.did(id, "pause")
    api.clock("2026-05-20T16:14:00Z")
    data = api.verb("soon", "resume").json["data"]
    assert data["status"] == "scheduled" and ms(data["segments"][0]["scheduledISO"]) >= ms("2026-05-20T16:14:00Z")
    api.clock("2026-05-20T16:20:00Z")
    refused(api.verb("late", "resume"), 400, "past")
    refused(api.verb("late", "resume", body={"scheduledISO": "2026-05-20T16:12:00Z"}), 400, "past")
    refused(api.verb("late", "resume", body={"segments": [{"segmentNumber": 1, "scheduledISO": "2026-05-20T16:19:00Z"}]}), 400, "past")
    assert api.verb("late", "resume", body={"scheduledISO": "2026-05-20T16:19:00Z"}).json["data"]["status"] == "scheduled"


def test_a_campaign_of_yesterday_is_sent_now(api):
    api.create("c", 5, at("2026-05-20", "20:00"))
    api.clock("2026-05-21T16:00:00Z")
    data = api.put("c", {"scheduledISO": "2026-05-21T15:59:00Z"}).json["data"]
    assert data["status"] == "scheduled" and api.held(TOMORROW) == 5


# ---- validate-date

@pytest.mark.parametrize("when, available", [(JUST, True), (GONE, False), (LATE, True), ("2026-05-20T05:00:00Z", False)])
def test_validate_date_says_what_a_create_then_does(api, when, available):
    reply = ask(api, when, 5)
    assert reply["available"] is available and reply["remaining"] == 500
    assert ("message" in reply) is not available
    assert (api.post({"name": "n", "contactCount": 5, "scheduledISO": when}).status == 201) is available


def test_validate_date_takes_the_past_instant_of_the_campaign_that_it_leaves_out(api):
    api.create("c", 5, "2026-05-20T16:10:00Z")
    api.clock("2026-05-20T17:00:00Z")
    assert ask(api, "2026-05-20T16:10:00Z", 6)["available"] is False
    assert ask(api, "2026-05-20T16:10:00Z", 6, excludeCampaignId="c")["available"] is True
    assert api.put("c", {"contactCount": 6, "scheduledISO": "2026-05-20T16:10:00Z"}).status == 200
