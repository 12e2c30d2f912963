"""The channel, the sender and the cost centre of a campaign, and of the results that are reported of it."""
import csv
import io

import pytest

from api import CAMPAIGNS, TODAY, TOMORROW, Api, at
from campaign_fields import LATE, SINGLE, refused, shared, show  # noqa: F401 (shared is a fixture)
from support import event

ORIGIN = {"channel": "EMAIL", "from": "news@example.org", "tag": "marketing"}
PLACE = "SELECT channel, sender, contacts FROM held ORDER BY 1, 2"


def of(data):
    return {name: data[name] for name in ORIGIN if name in data}


def test_a_campaign_has_them_and_one_without_reads_as_before(api):
    assert of(api.create("c", 10, **ORIGIN)) == of(api.get("c")) == ORIGIN
    assert of(api.create("d", 10)) == of(api.get("d")) == of(api.create("e", 10, channel="SMS", tag=None)) == {}
    assert list(api.get("c"))[6:11] == ["isSegmented", "channel", "from", "tag", "createdAt"]
    assert {c["campaignId"]: of(c) for c in api.ask("campaigns", "GET", CAMPAIGNS).json["data"]["campaigns"]} == {
        "c": ORIGIN, "d": {}, "e": {}}
    rows = list(csv.DictReader(io.StringIO(api.ask("campaigns", "GET", CAMPAIGNS, {"format": "csv"}).body.decode())))
    assert [(r["channel"], r["from"], r["tag"]) for r in rows] == [("SMS", "", ""), ("SMS", "", ""), tuple(ORIGIN.values())]
    assert list(rows[0])[-3:] == list(ORIGIN)
    api.verify()


def test_a_draft_slices_and_a_plan_have_them_too(api):
    api.create("c", 10, status="draft", **ORIGIN)
    api.slices("s", (LATE, 5), (at(TOMORROW), 5), **ORIGIN)
    api.created({"id": "a", "name": "n", "autoSegment": {"totalContacts": 20}, **ORIGIN})
    assert [of(api.get(id)) for id in "csa"] == [ORIGIN] * 3
    assert api.daybook.sql("SELECT DISTINCT channel, sender FROM segment") == [("EMAIL", "news@example.org")]
    api.verify()


def test_it_holds_its_own_channel_and_the_calendar_shows_campaigns_of_sms(api):
    api.create("c", 10, **ORIGIN)
    api.create("d", 7)
    assert [c["campaignId"] for c in api.day()["campaigns"]] == ["d"]
    assert api.day()["reserved"] == 7
    assert api.daybook.sql(PLACE) == [("EMAIL", "news@example.org", 10), ("SMS", "", 7)]
    api.verify()


def test_events_of_its_channel_spend_it_and_others_do_not(api):
    api.create("c", 10, **ORIGIN)
    api.spend(event(at(TODAY), id="a", campaignId="c", channel="EMAIL", messages=3))
    api.spend(event(at(TODAY), id="b", campaignId="c", messages=2), event(at(TODAY), id="d", campaignId="c", channel="CALL"))
    segment, = api.get("c")["segments"]
    assert (segment["sent"], segment["status"]) == (3, "sending")
    assert api.daybook.sql(PLACE) == [("EMAIL", "news@example.org", 7)]
    reply = api.events(event(at(TODAY), id="e", campaignId="c", channel="EMAIL", messages=7), enforce="true")
    assert reply["accepted"] == 1 and api.get("c")["status"] == "sent" and api.daybook.sql(PLACE) == []
    api.verify()


def test_a_change_moves_what_it_holds_and_null_takes_away(api):
    api.create("c", 10, **ORIGIN)
    reply = api.put("c", {"channel": "CALL", "from": "+14165550199", "tag": "sales"})
    assert of(reply.json["data"]) == {"channel": "CALL", "from": "+14165550199", "tag": "sales"}
    assert api.daybook.sql(PLACE) == [("CALL", "+14165550199", 10)]
    api.verify()
    assert of(api.put("c", {"name": "m"}).json["data"]) == {"channel": "CALL", "from": "+14165550199", "tag": "sales"}
    assert of(api.put("c", {"from": None, "tag": None, "channel": "SMS"}).json["data"]) == {}
    assert api.daybook.sql(PLACE) == [("SMS", "", 10)] and api.held() == 10
    detail = api.daybook.sql("SELECT detail FROM audit WHERE action = 'campaign.set' ORDER BY number")
    assert '"channel":{"from":"EMAIL","to":"CALL"},"from":{"from":"news@example.org","to":"+14165550199"}' in detail[0][0]
    assert '"tag":{"from":"sales","to":null}' in detail[2][0] and "channel" not in detail[1][0]
    api.verify()


def test_another_channel_is_refused_once_something_is_spent(api):
    api.create("c", 10, **ORIGIN)
    api.spend(event(at(TODAY), campaignId="c", channel="EMAIL", messages=3))
    before = api.rows()
    refused(api.put("c", {"channel": "SMS"}), 409, "channel:", "3 contacts as EMAIL")
    assert api.rows() == before
    assert of(api.put("c", {"channel": "EMAIL", "from": "other@example.org"}).json["data"])["from"] == "other@example.org"
    assert api.daybook.sql(PLACE) == [("EMAIL", "other@example.org", 7)]
    api.verify()


def test_a_change_to_sms_needs_room_of_the_day(api):
    api.fill(TODAY, 495)
    api.create("c", 10, **ORIGIN)
    before = api.rows()
    assert api.put("c", {"channel": "SMS"}).status == 409
    assert api.rows() == before and api.daybook.sql(PLACE) == [("EMAIL", "news@example.org", 10), ("SMS", "", 495)]


def test_a_repeated_request_is_known_by_them(api):
    body = {**SINGLE, "id": "c", **ORIGIN}
    assert api.post(body).status == 201 and api.post(body).status == 200
    for change in ({"channel": "CALL"}, {"channel": None}, {"from": "x"}, {"from": None}, {"tag": "x"}, {"tag": None}):
        refused(api.post({**body, **change}), 409, "id:")
    assert api.post({**SINGLE, "id": "d"}).status == 201
    assert api.post({**SINGLE, "id": "d", "channel": "SMS", "from": None}).status == 200


WRONG = [("channel", v) for v in ("", "FAX", "sms", 5, [], {}, "x" * 65)] + [
    (name, v) for name in ("from", "tag") for v in ("", 5, True, [], {}, "a\nb", "\u202e")] + [
    ("from", "x" * 256), ("tag", "x" * 65), ("network", "T-Mobile")]


@pytest.mark.parametrize("field, value", WRONG, ids=[f"{f} {show(v)}" for f, v in WRONG])
def test_a_bad_one_is_refused_in_every_request(shared, field, value):
    before = shared.rows()
    refused(shared.post({**SINGLE, field: value}), 400, field)
    refused(shared.put("one", {field: value}), 400, field)
    if field == "from" or field == "tag":
        refused(shared.report("one", {"id": "r", "sent": 1, field: value}), 400, field)
    assert shared.rows() == before


# ---- Plans

LIMITS = "/api/organizations/acme/limits/"


def limit(api, name, **fields):
    reply = api.ask("settings", "PUT", LIMITS + name, body={"unit": "message", "window": "day", "action": "refuse", **fields})
    assert reply.status in (200, 201), reply


def slot(api, **query):
    reply = api.ask("next-available-slot", "GET", CAMPAIGNS + "/next-available-slot", query)
    assert reply.status == 200, reply
    return reply.json


def valid(api, when, contacts, **fields):
    reply = api.ask("validate-date", "POST", CAMPAIGNS + "/validate-date", body={"scheduledISO": when, "contactCount": contacts, **fields})
    assert reply.status == 200, reply
    return reply.json["available"], reply.json["remaining"]


def plan(api, contacts, **fields):
    reply = api.ask("auto-segment", "POST", CAMPAIGNS + "/auto-segment", body={"totalContacts": contacts, "firstSegmentTime": "18:00", **fields})
    assert reply.status == 200, reply
    return [s["contactCount"] for s in reply.json["segments"]]


def test_readings_of_a_channel_and_a_sender_say_what_a_campaign_of_them_may_hold(api):
    limit(api, "mail", channels=["EMAIL"], amount=30)
    limit(api, "news", channels=["EMAIL"], amount=10, **{"from": "news@example.org"})
    mail, news = {"channel": "EMAIL"}, {"channel": "EMAIL", "from": "news@example.org"}
    assert (plan(api, 100)[0], plan(api, 40, **mail), plan(api, 25, **news)) == (100, [30, 10], [10, 10, 5])
    assert (valid(api, LATE, 31, **mail), valid(api, LATE, 30, **mail), valid(api, LATE, 11, **news)) == (
        (False, 30), (True, 30), (False, 10))
    assert [slot(api, contactCount=10, **q).get("availableQuota") for q in ({}, mail, news)] == [500, 30, 10]
    assert slot(api, contactCount=10, **mail)["message"] == "30 EMAIL left today."
    assert "nextAvailableDate" not in slot(api, contactCount=11, **news) and "news" in slot(api, contactCount=11, **news)["message"]
    assert api.post({**SINGLE, "contactCount": 11, **news}).status == 409
    api.create("c", 10, LATE, **news)
    assert (plan(api, 30, **news), plan(api, 30, **mail), plan(api, 500)) == ([10, 10, 10], [20, 10], [500])
    assert valid(api, LATE, 10, excludeCampaignId="c") == (True, 10) and valid(api, LATE, 1, **news) == (False, 0)
    assert valid(api, LATE, 30, excludeCampaignId="c", channel="EMAIL", **{"from": "other@example.org"}) == (True, 30)
    assert [s["contactCount"] for s in api.created({"name": "n", "autoSegment": {"totalContacts": 15, "firstSegmentTime": "18:00"}, **news})["segments"]] == [10, 5]
    api.verify()


@pytest.mark.parametrize("field, value", [("channel", "FAX"), ("channel", ""), ("channel", 5), ("from", ""), ("from", "x" * 256), ("from", "a\u202eb"),
                                          ("from", 5)])
def test_a_bad_one_is_refused_by_every_reading(shared, field, value):
    refused(shared.ask("auto-segment", "POST", CAMPAIGNS + "/auto-segment", body={"totalContacts": 1, field: value}), 400, field)
    refused(shared.ask("validate-date", "POST", CAMPAIGNS + "/validate-date", body={"scheduledISO": LATE, "contactCount": 1, field: value}), 400, field)
    if value != 5:
        refused(shared.ask("next-available-slot", "GET", CAMPAIGNS + "/next-available-slot", {field: value}), 400, field)
    refused(shared.post({"name": "n", "autoSegment": {"totalContacts": 1, field: value}}), 400, field)


# ---- Results

def test_results_have_the_campaigns_own_unless_they_say_another(api):
    api.create("c", 10, **ORIGIN)
    failure = {"phoneNumber": "+15550001", "reason": "x"}
    api.report("c", {"id": "a", "sent": 2, "failed": [failure]})
    api.report("c", {"id": "b", "sent": 1, "from": "other@example.org", "network": "T-Mobile", "tag": "sales"})
    assert api.daybook.sql("SELECT id, channel, sender, network, tag FROM event ORDER BY id") == [
        ("c/a/1", "EMAIL", "news@example.org", None, "marketing"), ("c/a/sent", "EMAIL", "news@example.org", None, "marketing"),
        ("c/b/sent", "EMAIL", "other@example.org", "T-Mobile", "sales")]
    assert api.daybook.sql(PLACE) == [("EMAIL", "news@example.org", 6)]
    api.verify()


def test_a_repeated_report_is_known_although_the_campaign_has_changed(api):
    api.create("c", 10, **ORIGIN)
    body = {"id": "a", "sent": 2, "failed": [{"phoneNumber": "+15550001", "reason": "x"}]}
    assert api.report("c", body).status == 200
    api.put("c", {"from": "other@example.org", "tag": None})
    again = api.report("c", body)
    assert again.status == 200 and again.headers["idempotent-replayed"] == "true"
    for other in ({"from": "x"}, {"network": "x"}, {"tag": "x"}):
        refused(api.report("c", {**body, **other}), 409, "id:")
    assert api.report("c", {"id": "b", "sent": 1, "tag": "t", "network": "n"}).status == 200
    for other in ({"tag": "u", "network": "n"}, {"tag": "t"}, {"network": "t", "tag": "n"}, {}):
        refused(api.report("c", {"id": "b", "sent": 1, **other}), 409, "id:")
    api.verify()


def test_the_command_shows_them(api):
    api.create("c", 10, **ORIGIN)
    api.create("d", 10)
    shown = api.daybook.cmd("campaign", "show", "c").stdout
    assert "\nchannel EMAIL\n" in shown and "\nfrom    news@example.org\n" in shown and "\ntag     marketing\n" in shown
    shown = api.daybook.cmd("campaign", "show", "d").stdout
    assert not any(line.startswith(("channel", "from", "tag")) for line in shown.splitlines())
