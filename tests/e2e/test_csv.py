"""CSV where a route has it: by `format=csv` or by the header Accept."""
import csv
import io
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from api import TODAY, Api, at
from support import check_error, event

CALENDAR, HISTORY, CAMPAIGNS = "/api/campaigns/usage-calendar", "/organization/usage/history", "/api/campaigns"
MAY = {"from": "2026-05-18", "to": "2026-05-22"}
ROUTES = {
    "usage-calendar": (CALENDAR, MAY),
    "usage-history": (HISTORY, {"startDate": "2026-04-01", "endDate": "2026-05-31"}),
    "campaigns": (CAMPAIGNS, {}),
}


@pytest.fixture
def api(daybook):
    api = Api(daybook)
    api.create("spring", 100, "2026-05-22T15:00:00Z")
    api.slices("sliced", ("2026-05-21T15:00:00Z", 20), ("2026-05-22T15:00:00Z", 30))
    reply = api.ask("events", "POST", "/api/events", body=[
        {"id": "a", "occurredAt": "2026-05-20T12:00:00Z", "messages": 3, "parts": 5},
        {"id": "b", "occurredAt": "2026-05-19T12:00:00Z", "channel": "CALL", "cost": "0.5"},
        {"id": "c", "occurredAt": "2026-05-19T12:00:00Z", "channel": "SAGE"}])
    assert reply.json["accepted"] == 3
    return api


def table(reply):
    """The lines of a CSV reply as dicts, read by Python's own reader."""
    assert reply.status == 200 and reply.headers["content-type"] == "text/csv; charset=utf-8", reply
    text = reply.body.decode()
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def get(api, program, headers=None, path=None, **query):
    return api.ask(program, "GET", path or ROUTES[program][0], {**ROUTES[program][1], **query}, headers=headers)


def test_the_calendar_is_a_line_for_each_day(api):
    rows = table(get(api, "usage-calendar", format="csv"))
    dates = get(api, "usage-calendar").json["data"]["dates"]
    assert [r["date"] for r in rows] == list(dates) and list(rows[0]) == [
        "date", "sent", "reserved", "total", "availableQuota", "campaigns", "campaignIds"]
    for row in rows:
        day = dates[row["date"]]
        assert {k: int(row[k]) for k in ("sent", "reserved", "total", "availableQuota")} == {
            k: v for k, v in day.items() if k not in ("campaigns", "campaignCount", "bookable", "limitedBy")}
        assert row["campaignIds"].split() == [c["campaignId"] for c in day["campaigns"]]
        assert int(row["campaigns"]) == day["campaignCount"] == len(day["campaigns"])
    assert rows[-1]["campaignIds"] and rows[2]["sent"] == "3"


def test_the_history_is_a_line_for_each_month_and_a_column_for_each_channel(api):
    rows = table(get(api, "usage-history", format="csv"))
    items = get(api, "usage-history").json["items"]
    assert [r["yearMonth"] for r in rows] == [i["yearMonth"] for i in items] == ["2026-04", "2026-05"]
    assert list(rows[0]) == ["yearMonth", "messageUsage", "budgetUsage", "costSms", "costCall", "SMS", "CALL", "EMAIL",
                             "INAPP_WEB", "WEB_PUSH", "PUSH", "SLACK", "WHATSAPP", "SAGE"]
    for row, item in zip(rows, items):
        assert {k: float(row[k]) for k in ("messageUsage", "budgetUsage", "costSms", "costCall")} == {
            k: v for k, v in item.items() if k not in ("yearMonth", "channelUsages")}
        assert {k: int(row[k]) for k in list(row)[5:]} == {**dict.fromkeys(list(row)[5:], 0), **item["channelUsages"]}


def test_the_campaigns_are_a_line_each(api):
    rows = table(get(api, "campaigns", format="csv"))
    listed = get(api, "campaigns").json["data"]["campaigns"]
    assert [r["campaignId"] for r in rows] == [c["campaignId"] for c in listed] == ["sliced", "spring"]
    first = rows[0]
    assert {k: first[k] for k in first if not k.endswith(("At", "Time"))} == {
        "campaignId": "sliced", "name": "Sliced", "status": "scheduled", "contactCount": "50", "partsPerContact": "1",
        "isSegmented": "true", "segments": "2", "firstDate": "2026-05-21", "lastDate": "2026-05-22", "sent": "0", "failed": "0",
        "reserved": "50", "unfinished": "0", "channel": "SMS", "from": "", "tag": ""}
    assert first["createdAt"] == listed[0]["createdAt"] and list(first)[-5:-3] == ["createdLocalTime", "updatedLocalTime"]
    at = datetime.fromisoformat(first["createdAt"].replace("Z", "+00:00")).astimezone(ZoneInfo("America/Toronto"))
    assert first["createdLocalTime"] == at.strftime("%Y-%m-%d %H:%M:%S")


def test_the_line_of_a_campaign_says_what_is_unfinished(api):
    api.spend(event(at(TODAY), campaignId="spring", messages=3))
    later = Api(api.daybook, clock="2026-06-30T12:00:00Z")
    rows = {r["campaignId"]: r for r in table(get(later, "campaigns", format="csv"))}
    listed = {c["campaignId"]: c for c in get(later, "campaigns").json["data"]["campaigns"]}
    assert {k: int(r["unfinished"]) for k, r in rows.items()} == {k: c["unfinished"] for k, c in listed.items()}
    assert rows["sliced"]["unfinished"] == "50" and rows["sliced"]["reserved"] == "0"


def test_the_cursor_of_a_page_is_a_header_every_time(api):
    for _ in range(3):
        first = get(api, "campaigns", format="csv", limit=1)
        assert [r["campaignId"] for r in table(first)] == ["sliced"]
        second = get(api, "campaigns", format="csv", limit=1, cursor=first.headers["x-next-cursor"])
        assert [r["campaignId"] for r in table(second)] == ["spring"] and "x-next-cursor" not in second.headers
        assert first.headers["x-next-cursor"] == get(api, "campaigns", limit=1).json["data"]["nextCursor"]


CSV, JSON = "text/csv; charset=utf-8", "application/json; charset=utf-8"
ACCEPTS = [
    (None, JSON), ("*/*", JSON), ("text/csv", CSV), ("TEXT/CSV", CSV), ("text/*", JSON), ("application/json", JSON),
    ("text/csv, */*;q=0.5", CSV), ("text/csv;q=0.4, */*;q=0.5", JSON), ("text/csv, */*", JSON),
    ("text/csv, application/json", JSON), ("text/csv;q=0.9,application/json;q=0.1", CSV),
    ("text/csv;q=0.1,application/json;q=0.9", JSON), ("application/json;q=0.2, */*;q=0.9, text/csv;q=0.5", CSV),
    ("*/*;q=0.9, application/json;q=0.2, text/csv;q=0.5", CSV), ("application/*;q=0.3, text/csv;q=0.31", CSV),
    ("text/csv;q=0", JSON), ("text/csv;q=0.001", CSV), ("text/csv; charset=utf-8; q=1, */*; q=0.1", CSV), ("text/csvx", JSON),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON), ("text/csv;q=abc", CSV), (",,;q=,", JSON),
    (" text/csv\t;\tq=1.000 ", CSV), ("text/csv;q=9", CSV)]


@pytest.mark.parametrize("program", ROUTES)
def test_accept_chooses_and_the_reply_says_so(api, program):
    for accept, wanted in ACCEPTS:
        reply = get(api, program, {"Accept": accept} if accept is not None else {})
        assert (reply.status, reply.headers["content-type"]) == (200, wanted), accept
        assert reply.headers["vary"] == "Accept" and ("content-disposition" in reply.headers) == (wanted == CSV)


@pytest.mark.parametrize("program", ROUTES)
def test_the_parameter_goes_before_the_header(api, program):
    reply = get(api, program, {"Accept": "text/csv"}, format="json")
    assert reply.headers["content-type"] == JSON and "vary" not in reply.headers
    reply = get(api, program, {"Accept": "application/json"}, format="csv")
    assert reply.headers["content-type"] == CSV and "vary" not in reply.headers
    assert reply.headers["content-disposition"] == f'attachment; filename="{program}-acme.csv"'
    assert reply.body == get(api, program, {"Accept": "text/csv"}).body


@pytest.mark.parametrize("program", ROUTES)
@pytest.mark.parametrize("value", ["xml", "CSV", "", "csv,json"])
def test_another_format_is_a_400_in_json(api, program, value):
    reply = get(api, program, {"Accept": "text/csv"}, format=value)
    check_error(reply, 400, "pingram" if program == "usage-history" else "tether", "format")
    assert reply.headers["content-type"] == JSON and "content-disposition" not in reply.headers


@pytest.mark.parametrize("program", ROUTES)
def test_both_forms_have_an_etag_of_their_own_and_none_is_given_for_the_other(api, program):
    as_json, as_csv = {"Accept": "application/json"}, {"Accept": "text/csv"}
    etags = {}
    for _ in range(2):	# the second time from the process's own memory
        for headers, media in ((as_json, JSON), (as_csv, CSV)):
            reply = get(api, program, headers)
            assert reply.headers["content-type"] == media
            assert etags.setdefault(media, reply.headers["etag"]) == reply.headers["etag"]
    assert etags[JSON] != etags[CSV]
    assert get(api, program, {**as_csv, "If-None-Match": etags[JSON]}).status == 200
    same = get(api, program, {**as_csv, "If-None-Match": etags[CSV]})
    assert (same.status, same.body, same.headers["vary"]) == (304, b"", "Accept") and "content-disposition" not in same.headers


def test_an_error_is_json_whatever_was_asked_for(api):
    for token, status in ((api.daybook.token("acme", "campaigns:write"), 403), ("x", 401)):
        for program in ROUTES:
            path, query = ROUTES[program]
            reply = api.ask(program, "GET", path, query, headers={"Accept": "text/csv"}, token=token)
            assert (reply.status, reply.headers["content-type"]) == (status, JSON)
    reply = api.ask("usage-calendar", "GET", CALENDAR, {"from": "x", "to": "y", "format": "csv"})
    check_error(reply, 400, "tether", "from")
    assert reply.headers["content-type"] == JSON


def test_head_says_what_get_would(api):
    for program, (path, query) in ROUTES.items():
        get_, head = (api.ask(program, m, path, {**query, "format": "csv"}) for m in ("GET", "HEAD"))
        assert head.body == b"" and {k: v for k, v in head.headers.items() if k != "x-request-id"} == \
            {k: v for k, v in get_.headers.items() if k != "x-request-id"}


@pytest.mark.parametrize("name, cell", [
    ("=HYPERLINK(1)", "'=HYPERLINK(1)"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("a=b", "a=b"),
    ('=1,"2"', '\'=1,"2"'), ('say "hi", twice', 'say "hi", twice'), (" blank ", " blank "), ("'quoted", "'quoted"),
    ("é", "é")])
def test_a_text_that_a_spreadsheet_would_reckon_gets_a_quote_in_front(api, name, cell):
    api.created({"id": "x", "name": name, "contactCount": 1, "scheduledISO": "2026-05-23T15:00:00Z"})
    assert table(get(api, "campaigns", format="csv"))[0]["name"] == cell
    assert get(api, "campaigns").json["data"]["campaigns"][0]["name"] == name


def test_a_negative_number_stays_a_number(api):
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited")	# from today on
    rows = table(get(api, "usage-calendar", format="csv"))
    assert rows[-1]["availableQuota"] == "-1" and "-1" not in {r["sent"] for r in rows}


def test_a_route_without_csv_stays_json(api):
    reply = api.ask("organization-usage", "GET", "/organization/usage", headers={"Accept": "text/csv"})
    assert reply.headers["content-type"] == JSON and "vary" not in reply.headers
    check_error(api.ask("campaigns", "GET", CAMPAIGNS + "/sliced", "format=csv"), 400, "tether", "format")
