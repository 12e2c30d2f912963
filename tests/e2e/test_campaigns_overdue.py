"""Segments whose day is over with contacts left: they hold nothing, and are moved, resumed on another day, or cancelled."""
import pytest

from api import TODAY, TOMORROW, at, failed, figures
from campaign_fields import LATE, refused
from support import event

NEXT_NOON, DAY_AFTER = "2026-05-21T16:00:00Z", "2026-05-22"


@pytest.fixture
def overdue(api):
    """It is the day after: `none` was never begun, `some` has 2 of 5 sent, `lost` 2 of 5 failed; `paused` and `halfway` were
    paused, `halfway` with 2 sent; of `drained` everything was sent after it was paused."""
    for id in ("none", "some", "lost", "paused", "halfway", "drained"):
        api.create(id, 5)
    api.spend(event(at(TODAY), campaignId="some", messages=2), event(at(TODAY), campaignId="halfway", messages=2),
              *[failed(f"f{i}", at(TODAY), "+15550100", "lost") for i in range(2)])
    for id in ("paused", "halfway", "drained"):
        api.did(id, "pause")
    api.spend(event(at(TODAY), campaignId="drained", messages=5))
    api.clock(NEXT_NOON)
    yield api
    api.verify()


def segment(api, id, number=1):
    return api.get(id)["segments"][number - 1]


def ends(api, id, date=TODAY):
    """How the calendar of that day shows the campaign; None if it does not."""
    return {c["campaignId"]: c["status"] for c in api.day(date)["campaigns"]}.get(id)


# ---- Reading

READS = {"none": ("failed", 5), "some": ("sent", 3), "lost": ("failed", 3), "paused": ("paused", 5), "halfway": ("paused", 3),
         "drained": ("paused", 0)}


def test_it_reads_as_it_ended_or_paused_holds_nothing_and_says_what_is_unfinished(overdue):
    for id, (status, unfinished) in READS.items():
        data = overdue.get(id)
        assert (data["status"], data["unfinished"]) == (status, unfinished), id
        s = data["segments"][0]
        assert (s["status"], s["unfinished"], s["reserved"]) == (status, unfinished, 0), id
        assert ends(overdue, id) == status
    assert figures(overdue.day(TODAY)) == (9, 0, 9, 491)
    listed = overdue.ask("campaigns", "GET", "/api/campaigns", {"status": "paused"}).json["data"]["campaigns"]
    assert {c["campaignId"]: c["unfinished"] for c in listed} == {"paused": 5, "halfway": 3, "drained": 0}


def test_nothing_is_unfinished_while_the_day_lasts_nor_of_what_was_reported_as_ended(api):
    for id in ("open", "done", "cancelled", "all"):
        api.create(id, 5)
    assert api.get("open")["unfinished"] == 0
    api.report("done", {"id": "r", "sent": 1, "done": True})
    api.did("cancelled", "cancel")
    api.spend(event(at(TODAY), campaignId="all", messages=5))
    api.clock(NEXT_NOON)
    assert [api.get(id)["unfinished"] for id in ("open", "done", "cancelled", "all")] == [5, 0, 0, 0]
    for id, state in (("done", "sent"), ("cancelled", "cancelled"), ("all", "sent")):
        refused(api.put(id, {"scheduledISO": at(DAY_AFTER)}), 409, state)
        refused(api.verb(id, "resume", body={"scheduledISO": at(DAY_AFTER)}), 409, state)
        refused(api.verb(id, "cancel"), 409, state)


def test_the_etag_changes_when_the_day_ends(api):
    api.create("c", 5)
    tag = api.on("c", "GET").headers["etag"]
    api.clock(NEXT_NOON)
    assert api.put("c", {"scheduledISO": at(DAY_AFTER)}, headers={"If-Match": tag}).status == 412
    assert api.put("c", {"scheduledISO": at(DAY_AFTER)}, headers={"If-Match": api.on("c", "GET").headers["etag"]}).status == 200


# ---- Moving

@pytest.mark.parametrize("id, status, left", [("none", "scheduled", 5), ("some", "sending", 3), ("lost", "sending", 3),
                                              ("paused", "paused", 5), ("halfway", "paused", 3)])
def test_a_move_holds_what_is_left_on_the_new_day(overdue, id, status, left):
    data = overdue.put(id, {"scheduledISO": at(DAY_AFTER)}).json["data"]
    assert (data["status"], data["unfinished"], data["contactCount"]) == (status, 0, 5)
    assert overdue.held(DAY_AFTER) == left and overdue.held(TODAY) == 0
    assert ends(overdue, id) is None and ends(overdue, id, DAY_AFTER) == status
    overdue.spend(event("2026-05-21T15:00:00Z", campaignId=id, messages=left))
    assert overdue.held(DAY_AFTER) == 0


def test_a_move_needs_room_for_what_is_left_only(overdue):
    overdue.fill(DAY_AFTER, 497)
    reply = overdue.put("none", {"scheduledISO": at(DAY_AFTER)})
    assert reply.status == 409 and (reply.json["needed"], reply.json["available"]) == (5, 3)
    assert overdue.get("none")["unfinished"] == 5
    assert overdue.put("some", {"scheduledISO": at(DAY_AFTER)}).status == 200
    assert overdue.day(DAY_AFTER)["availableQuota"] == 0


def test_a_move_may_resize_and_without_a_new_instant_nothing_is_resized(overdue):
    before = overdue.rows()
    refused(overdue.put("some", {"contactCount": 50}), 400, "segment 1", "scheduledISO")
    refused(overdue.put("some", {"contactCount": 4, "scheduledISO": LATE}), 400, "scheduledISO")
    refused(overdue.put("some", {"scheduledISO": "2026-05-20T21:00:00Z"}), 400, "past")
    refused(overdue.put("some", {"contactCount": 1, "scheduledISO": at(DAY_AFTER)}), 409, "spent")
    refused(overdue.put("some", {"contactCount": 2, "scheduledISO": at(DAY_AFTER)}), 409, "spent")
    refused(overdue.put("drained", {"scheduledISO": at(DAY_AFTER)}), 409, "spent")
    assert overdue.rows() == before
    assert overdue.put("some", {"contactCount": 50, "scheduledISO": at(DAY_AFTER)}).status == 200
    assert overdue.put("drained", {"contactCount": 6, "scheduledISO": at(DAY_AFTER)}).status == 200
    assert overdue.held(DAY_AFTER) == 49


def test_a_name_needs_no_instant_and_what_does_not_change_is_no_change(overdue):
    data = overdue.put("none", {"name": "New", "contactCount": 5, "scheduledISO": LATE}).json["data"]
    assert (data["name"], data["status"], data["unfinished"]) == ("New", "failed", 5)


def test_one_segment_moves_and_the_others_stay(api):
    api.slices("c", (LATE, 5), (at(TOMORROW, "20:00"), 6), (at(DAY_AFTER), 7))
    api.spend(event(at(TODAY), campaignId="c", messages=2))
    api.clock(NEXT_NOON)
    data = api.get("c")
    assert (data["status"], data["unfinished"]) == ("sending", 3)
    assert [(s["status"], s["unfinished"]) for s in data["segments"]] == [("sent", 3), ("scheduled", 0), ("scheduled", 0)]
    refused(api.put("c", {"segments": [{"segmentNumber": 1, "contactCount": 9}]}), 400, "segment 1")
    assert api.put("c", {"segments": [{"segmentNumber": 1, "scheduledISO": at(DAY_AFTER)}]}).status == 200
    assert (api.held(TOMORROW), api.held(DAY_AFTER)) == (6, 10)
    api.verify()


# ---- Resuming

@pytest.mark.parametrize("id, status, left", [("paused", "scheduled", 5), ("halfway", "sending", 3), ("none", "scheduled", 5),
                                              ("some", "sending", 3)])
def test_resume_with_a_new_instant_goes_on_there_whatever_it_reads(overdue, id, status, left):
    before = overdue.rows()
    refused(overdue.verb(id, "resume"), 400, "segment 1", "needs a new scheduledISO")
    refused(overdue.verb(id, "resume", body={"scheduledISO": LATE}), 400, "scheduledISO")
    refused(overdue.verb(id, "resume", body={"scheduledISO": "2026-05-20T21:00:00Z"}), 400, "scheduledISO")
    assert overdue.rows() == before
    data = overdue.verb(id, "resume", body={"scheduledISO": at(DAY_AFTER)}).json["data"]
    assert (data["status"], data["unfinished"]) == (status, 0)
    assert overdue.held(DAY_AFTER) == left


def test_resume_finds_room_or_changes_nothing(overdue):
    overdue.fill(DAY_AFTER, 497)
    before = overdue.rows()
    reply = overdue.verb("paused", "resume", body={"scheduledISO": at(DAY_AFTER)})
    assert reply.status == 409 and (reply.json["needed"], reply.json["available"]) == (5, 3)
    assert overdue.rows() == before
    assert overdue.verb("halfway", "resume", body={"scheduledISO": at(DAY_AFTER)}).status == 200


def test_resume_without_an_instant_ends_what_has_nothing_left(overdue):
    assert overdue.did("drained", "resume") == "sent"
    assert ends(overdue, "drained") == "sent"


def test_resume_takes_an_instant_for_each_segment_that_needs_one(api):
    api.slices("c", (LATE, 5), (LATE, 6), (at(DAY_AFTER), 7))
    api.did("c", "pause")
    api.clock(NEXT_NOON)
    assert (api.get("c")["status"], api.get("c")["unfinished"]) == ("paused", 11)
    before = api.rows()

    def resume(*segments, **fields):
        return api.verb("c", "resume", body={"segments": list(segments), **fields} if segments else fields)

    one, two = ({"segmentNumber": n, "scheduledISO": at(DAY_AFTER, "18:00")} for n in (1, 2))
    refused(resume(one), 400, "segment 2", "needs a new scheduledISO")
    refused(resume(one, two, one), 400, "segmentNumber", "twice")
    refused(resume(one, {"segmentNumber": 4, "scheduledISO": LATE}), 400, "segmentNumber")
    refused(resume(one, {"scheduledISO": LATE}), 400, "segmentNumber")
    refused(resume(one, {**two, "contactCount": 3}), 400, "contactCount")
    refused(resume(one, {**two, "scheduledISO": "tomorrow"}), 400, "scheduledISO")
    refused(resume(scheduledISO=at(DAY_AFTER)), 400, "segments")
    refused(api.verb("c", "resume", body={"segments": []}), 400, "segments")
    refused(api.verb("c", "resume", body={"name": "x"}), 400, "name")
    assert api.rows() == before
    data = resume(one, two).json["data"]
    assert [(s["date"], s["status"]) for s in data["segments"]] == [(DAY_AFTER, "scheduled")] * 3
    assert api.held(DAY_AFTER) == 18
    api.verify()


def test_resume_is_for_what_is_paused_or_overdue_and_put_for_the_rest(api):
    for state in ("draft", "scheduled"):
        api.create(state, 5, status=state)
        assert state in refused(api.verb(state, "resume", body={"scheduledISO": at(DAY_AFTER)}), 409, "resumed")
    api.did("scheduled", "pause")
    data = api.verb("scheduled", "resume", body={"scheduledISO": at(DAY_AFTER)}).json["data"]
    assert (data["status"], data["segments"][0]["date"]) == ("scheduled", DAY_AFTER)
    api.did("scheduled", "pause")
    assert api.verb("scheduled", "resume", body={}).json["data"]["status"] == "scheduled"


def test_what_is_paused_today_resumes_without_what_was_left_yesterday(api):
    api.slices("c", (LATE, 5), (at(TOMORROW, "20:00"), 6))
    api.clock(NEXT_NOON)
    api.did("c", "pause")
    assert [s["status"] for s in api.get("c")["segments"]] == ["failed", "paused"]
    assert api.did("c", "resume") == "sending"
    assert api.get("c")["unfinished"] == 5


# ---- Pausing and cancelling

def test_what_is_overdue_is_not_paused_any_more(overdue):
    for id in READS:
        assert READS[id][0] in refused(overdue.verb(id, "pause"), 409, "paused")


@pytest.mark.parametrize("id, status", [("none", "cancelled"), ("some", "sent"), ("lost", "failed"), ("paused", "cancelled"),
                                        ("halfway", "sent"), ("drained", "sent")])
def test_cancel_ends_it_and_the_past_day_keeps_what_was_spent(overdue, id, status):
    data = overdue.verb(id, "cancel").json["data"]
    assert (data["status"], data["unfinished"]) == (status, 0)
    assert ends(overdue, id) == (None if status == "cancelled" else status)
    assert figures(overdue.day(TODAY)) == (9, 0, 9, 491)
    refused(overdue.put(id, {"scheduledISO": at(DAY_AFTER)}), 409, status)
    refused(overdue.verb(id, "cancel"), 409, status)


def test_cancel_keeps_the_past_days_of_a_campaign_and_cancels_the_coming_ones(api):
    api.slices("c", (LATE, 5), (LATE, 5), (at(DAY_AFTER), 5))
    api.spend(event(at(TODAY), campaignId="c", segmentNumber=1, messages=2))
    api.clock(NEXT_NOON)
    assert api.did("c", "cancel") == "cancelled"
    assert [s["status"] for s in api.get("c")["segments"]] == ["sent", "cancelled", "cancelled"]
    assert ends(api, "c") == "sent" and api.held(DAY_AFTER) == 0
    api.verify()


def test_the_command_cancels_it_too(overdue):
    overdue.daybook.cmd("campaign", "cancel", "some", "--org", "acme")
    assert segment(overdue, "some")["status"] == "sent" and overdue.get("some")["unfinished"] == 0


# ---- Events

def test_events_of_the_next_day_go_on_spending_it_and_end_it(overdue):
    overdue.spend(event("2026-05-21T15:00:00Z", campaignId="some", messages=2))
    assert overdue.get("some")["unfinished"] == 1
    overdue.spend(event("2026-05-21T15:00:01Z", campaignId="some"))
    assert (overdue.get("some")["status"], overdue.get("some")["unfinished"]) == ("sent", 0)
    refused(overdue.put("some", {"scheduledISO": at(DAY_AFTER)}), 409, "sent")
    assert figures(overdue.day(TOMORROW)) == (3, 0, 3, 497)


def test_results_that_are_done_end_it(overdue):
    assert overdue.report("halfway", {"id": "r", "done": True}).json["data"]["unfinished"] == 0
    assert segment(overdue, "halfway")["status"] == "sent"
