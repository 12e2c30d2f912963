"""Campaigns: what a good request is made of, tables of bad values, and campaigns that none of them may change."""
import pytest

from api import TODAY, TOMORROW, at, failed
from support import check_error, event

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


REFUSAL = {"success", "message", "error", "date", "limit", "unit", "window", "used", "held", "available", "needed", "freesAt",
           "nextAvailableDate"}


def no_room(reply, status, limit, **figures):
    """A reservation that a limit refuses: everything about that limit, and where there is room.  Returns the body."""
    assert reply.status == status, reply
    body = reply.json
    assert set(body) == REFUSAL and body["success"] is False and body["message"] and body["error"], body
    assert body["limit"] == limit and {name: body[name] for name in figures} == figures, (body, figures)
    return body


SINGLE = {"name": "n", "contactCount": 1, "scheduledISO": LATE}
NUMBERS = [0, -1, 1.5, "5", True, [], {}, 10**9 + 1, 2**53 - 1]
INSTANTS = ["", 5, True, [], {}, "tomorrow", "2026-05-21", "2026-05-21T15:00:00", "2026-02-30T15:00:00Z", "2026-05-21T24:00:00Z",
            "2026-05-21T15:00:60Z", "2026-05-21 15:00:00Z", " 2026-05-21T15:00:00Z", "x" * 65, "2026-05-21T15:00:00+25:00"]
BAD_POSTS = [("name", v) for v in (ABSENT, None, "", 5, True, [], {}, "x" * 201, "é" * 101)] + \
    [("contactCount", v) for v in [ABSENT, None] + NUMBERS] + \
    [("scheduledISO", v) for v in INSTANTS] + \
    [("partsPerContact", v) for v in (0, -1, 1.5, "2", True, [], 1001)] + \
    [("status", v) for v in ("", "Draft", "sending", "cancelled", 5, [], "x" * 17)] + \
    [(name, 5) for name in ("colour", "Name", "campaignId", "timezone", "totalContacts")] + \
    [("segments", v) for v in ([], {}, "x", 5, [{"scheduledISO": LATE, "contactCount": 1}])] + \
    [("autoSegment", v) for v in ([], "x", 5, {"totalContacts": 1})]


def show(value):
    return "absent" if value is ABSENT else repr(value)[:30]


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
