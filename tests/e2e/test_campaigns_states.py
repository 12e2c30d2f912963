"""The states of a campaign, and cancel, pause and resume between them."""
import pytest

from api import TODAY, TOMORROW, at, failed, figures
from campaign_fields import LATE, STATES, put_into, refused
from support import event

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
    assert [api.get(id)["status"] for id in ("none", "some", "stopped", "long")] == ["failed", "sent", "paused", "sending"]
    assert figures(api.day(TODAY)) == (2, 0, 2, 498)
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
