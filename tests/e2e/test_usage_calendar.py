"""GET /api/campaigns/usage-calendar"""
import csv
import sqlite3

import pytest

from support import (DAY_MS, NOON, bad_queries, campaign, check_error, dates, day_start, event, hold_again, is_int, iso, local_day, ms,
                     pairs_in_order, post, set_clock)

PATH = "/api/campaigns/usage-calendar"


@pytest.fixture
def acme(daybook):
    set_clock(daybook, NOON)
    return daybook


def ask(daybook, first, last, org="acme", token=None):
    reply = daybook.cgi("usage-calendar", "GET", PATH, {"from": first, "to": last},
                        token=token or daybook.token(org, "usage:read"))
    assert reply.status == 200, reply
    return reply


def entries(daybook, first, last, org="acme"):
    return ask(daybook, first, last, org).json["data"]["dates"]


def test_the_contracts_example_comes_out_whole(acme):
    campaign(acme, "665f1a0c0e0a4b001a2c9f10", {"at": "2026-05-20T19:00:00Z", "contacts": 100}, title="Q2 Lead Gen")
    assert ask(acme, "2026-05-20", "2026-05-20").json == {"success": True, "data": {
        "timezone": "America/Toronto", "dailyLimit": 500, "isUnlimited": False, "plan": "growth", "dates": {
            "2026-05-20": {"sent": 0, "reserved": 100, "total": 100, "availableQuota": 400, "bookable": 400, "campaignCount": 1, "campaigns": [
                {"campaignId": "665f1a0c0e0a4b001a2c9f10", "campaignName": "Q2 Lead Gen", "contactCount": 100,
                 "status": "scheduled", "isSegmented": False, "failedDetails": []}]}}}}


def test_every_field_has_the_contracts_type(acme):
    post(acme, event("2026-05-20T15:00:00Z"))
    campaign(acme, "c", {"at": "2026-05-20T19:00:00Z", "contacts": 10}, {"at": "2026-05-21T19:00:00Z", "contacts": 10})
    body = ask(acme, "2026-05-20", "2026-05-20").json
    data = body["data"]
    assert body["success"] is True and set(body) == {"success", "data"}
    assert set(data) == {"timezone", "dailyLimit", "isUnlimited", "plan", "dates"}
    assert isinstance(data["timezone"], str) and isinstance(data["plan"], str)
    assert is_int(data["dailyLimit"]) and data["isUnlimited"] is False
    day = data["dates"]["2026-05-20"]
    assert set(day) == {"sent", "reserved", "total", "availableQuota", "bookable", "campaignCount", "campaigns"}
    assert all(is_int(day[name]) for name in ("sent", "reserved", "total", "availableQuota", "bookable", "campaignCount"))
    entry = day["campaigns"][0]
    assert set(entry) == {"campaignId", "campaignName", "contactCount", "status", "isSegmented", "segmentNumber",
                          "failedDetails"}
    assert is_int(entry["contactCount"]) and is_int(entry["segmentNumber"]) and entry["isSegmented"] is True
    assert entry["failedDetails"] == []


def test_a_day_without_traffic_is_listed_with_zeros(acme):
    assert entries(acme, "2026-05-19", "2026-05-21") == {
        day: {"sent": 0, "reserved": 0, "total": 0, "availableQuota": 500, "bookable": bookable, "campaignCount": 0,
              "campaigns": []}
        for day, bookable in (("2026-05-19", 0), ("2026-05-20", 500), ("2026-05-21", 500))}


def test_every_date_is_there_once_and_in_order(acme):
    reply = ask(acme, "2023-12-30", "2024-12-29")
    listed = dict(dict(pairs_in_order(reply.body))["data"])["dates"]
    assert [day for day, _ in listed] == dates("2023-12-30", "2024-12-29")
    assert len(listed) == 366


def test_sent_counts_sms_messages_alone(acme):
    post(acme, event("2026-05-20T15:00:00Z", messages=3, parts=9), event("2026-05-20T15:00:01Z", channel="EMAIL", messages=7),
         event("2026-05-20T15:00:02Z", channel="CALL"), event("2026-05-20T15:00:02Z", channel="WHATSAPP"),
         event("2026-05-20T15:00:03Z", status="failed", to="+14165550100", reason="opted out"))
    day = entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]
    assert (day["sent"], day["total"], day["availableQuota"]) == (3, 3, 497)


def test_a_void_takes_its_event_off(acme):
    kept, gone = post(acme, event("2026-05-20T15:00:00Z", messages=3), event("2026-05-20T15:00:01Z", messages=5))
    post(acme, {"id": "v1", "voids": gone["id"], "reason": "sent twice"})
    assert entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]["sent"] == 3


def test_a_day_over_its_limit_has_nothing_left(acme):
    post(acme, event("2026-05-20T15:00:00Z", messages=499))
    assert entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]["availableQuota"] == 1
    campaign(acme, "c", {"at": "2026-05-20T19:00:00Z", "contacts": 30})
    day = entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]
    assert day == {**day, "sent": 499, "reserved": 30, "total": 529, "availableQuota": 0}


def test_a_limit_of_zero_leaves_nothing(acme):
    acme.cmd("org", "set", "acme", "--daily-limit", "0")
    data = ask(acme, "2026-05-20", "2026-05-20").json["data"]
    assert (data["dailyLimit"], data["isUnlimited"]) == (0, False)
    assert data["dates"]["2026-05-20"]["availableQuota"] == 0


def test_unlimited_is_minus_one(acme):
    acme.cmd("org", "set", "acme", "--daily-limit", "unlimited")
    post(acme, event("2026-05-20T15:00:00Z", messages=1000))
    data = ask(acme, "2026-05-20", "2026-05-21").json["data"]
    assert data["isUnlimited"] is True and data["dailyLimit"] == -1
    assert [day["availableQuota"] for day in data["dates"].values()] == [-1, -1]
    assert data["dates"]["2026-05-20"]["total"] == 1000


def test_where_parts_are_the_unit_everything_is_counted_in_parts(acme):
    acme.cmd("org", "set", "acme", "--quota-unit", "part")
    post(acme, event("2026-05-20T15:00:00Z", messages=2, parts=6), event("2026-05-20T15:00:00Z"))
    campaign(acme, "c", {"at": "2026-05-20T19:00:00Z", "contacts": 50, "parts_per_contact": 3, "sent": 10,
                         "status": "sending"})
    day = entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]
    assert day == {**day, "sent": 7, "reserved": 120, "total": 127, "availableQuota": 373}
    assert day["campaigns"][0]["contactCount"] == 50
    acme.cmd("org", "set", "acme", "--quota-unit", "message")
    day = entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]
    assert day == {**day, "sent": 3, "reserved": 40, "total": 43, "availableQuota": 457}


def test_open_segments_hold_what_they_have_not_spent(acme):
    at = "2026-05-20T19:00:00Z"
    for name, segment in {"scheduled": {"contacts": 10}, "sending": {"contacts": 20, "sent": 5, "failed": 1},
                          "paused": {"contacts": 30, "sent": 1}}.items():
        campaign(acme, name, {"at": at, "status": name, **segment})
    assert entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]["reserved"] == 10 + 14 + 29
    campaign(acme, "voided", {"at": at, "status": "sending", "contacts": 20, "sent": 5, "spent": 8})
    assert entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]["reserved"] == 10 + 14 + 29 + 12
    campaign(acme, "more", {"at": at, "status": "sending", "contacts": 20, "sent": 25})
    assert entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]["reserved"] == 10 + 14 + 29 + 12


def test_drafts_and_ended_segments_hold_nothing(acme):
    for status in ("draft", "sent", "failed", "cancelled"):
        campaign(acme, status, {"at": "2026-05-21T19:00:00Z", "contacts": 10, "status": status})
    day = entries(acme, "2026-05-21", "2026-05-21")["2026-05-21"]
    assert day["reserved"] == 0
    assert [c["campaignId"] for c in day["campaigns"]] == ["failed", "sent"]


def test_drafts_and_cancelled_ones_are_not_listed(acme):
    for status in ("draft", "scheduled", "sending", "paused", "sent", "failed", "cancelled"):
        campaign(acme, "c-" + status, {"at": "2026-05-20T19:00:00Z", "contacts": 10, "status": status, "sent": 1})
    listed = entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]["campaigns"]
    assert [(c["campaignId"], c["status"]) for c in listed] == [
        ("c-" + s, s) for s in ("failed", "paused", "scheduled", "sending", "sent")]


def test_segments_stand_each_on_its_own_day_by_time_then_id(acme):
    campaign(acme, "b", {"at": "2026-05-20T19:00:00Z", "contacts": 1}, {"at": "2026-05-21T04:00:00Z", "contacts": 2},
             {"at": "2026-05-20T18:59:59.999Z", "contacts": 3})
    campaign(acme, "a", {"at": "2026-05-20T19:00:00Z", "contacts": 4})
    campaign(acme, "c", {"at": "2026-05-21T03:59:59.999Z", "contacts": 5})
    found = {day: [(c["campaignId"], c.get("segmentNumber"), c["contactCount"]) for c in e["campaigns"]]
             for day, e in entries(acme, "2026-05-20", "2026-05-21").items()}
    assert found == {"2026-05-20": [("b", 3, 3), ("a", None, 4), ("b", 1, 1), ("c", None, 5)], "2026-05-21": [("b", 2, 2)]}


def test_segment_number_is_there_only_where_it_is_segmented(acme):
    campaign(acme, "one", {"at": "2026-05-20T19:00:00Z", "contacts": 1})
    campaign(acme, "sliced", {"at": "2026-05-20T19:00:00Z", "contacts": 1}, is_segmented=True)
    one, sliced = entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]["campaigns"]
    assert one["isSegmented"] is False and "segmentNumber" not in one
    assert sliced["isSegmented"] is True and sliced["segmentNumber"] == 1


def test_days_that_are_over_reserve_nothing_and_their_segments_have_ended(acme):
    for name, segment in {"a": {"status": "scheduled"}, "b": {"status": "sending", "sent": 3},
                          "c": {"status": "sending", "failed": 3}, "d": {"status": "paused", "sent": 1, "failed": 2},
                          "e": {"status": "sent", "sent": 10}, "f": {"status": "failed", "failed": 10},
                          "g": {"status": "draft"}, "h": {"status": "cancelled", "sent": 2}}.items():
        campaign(acme, name, {"at": "2026-05-19T19:00:00Z", "contacts": 10, **segment})
    day = entries(acme, "2026-05-19", "2026-05-20")["2026-05-19"]
    assert (day["reserved"], day["total"], day["availableQuota"]) == (0, 0, 500)
    assert [(c["campaignId"], c["status"]) for c in day["campaigns"]] == [
        ("a", "failed"), ("b", "sent"), ("c", "failed"), ("d", "paused"), ("e", "sent"), ("f", "failed")]


def test_at_local_midnight_the_reservation_ends_in_the_same_process(acme):
    campaign(acme, "c", {"at": "2026-05-20T19:00:00Z", "contacts": 100})
    process = acme.fastcgi("usage-calendar")
    token = acme.token("acme", "usage:read", ttl="24h")

    def day_at(clock):
        set_clock(acme, clock)
        reply = process.ask("GET", PATH, {"from": "2026-05-20", "to": "2026-05-20"}, token=token)
        day = reply.json["data"]["dates"]["2026-05-20"]
        return reply.headers["etag"], day["reserved"], day["campaigns"][0]["status"]
    before = day_at("2026-05-21T03:59:59Z")
    after = day_at("2026-05-21T04:00:00Z")
    assert before[1:] == (100, "scheduled") and after[1:] == (0, "failed")
    assert before[0] != after[0]


def test_failed_contacts_are_named(acme):
    campaign(acme, "c", {"at": "2026-05-20T14:00:00Z", "contacts": 3}, {"at": "2026-05-20T15:00:00Z", "contacts": 3})
    post(acme, event("2026-05-20T15:00:05Z", status="failed", to="+14165550102", reason="opted out \"STOP\" é",
                     campaignId="c", segmentNumber=1),
         event("2026-05-20T15:00:01Z", status="failed", to="+14165550101", reason="bad number", campaignId="c",
               segmentNumber=1), event("2026-05-20T15:00:01Z", campaignId="c", segmentNumber=1))
    first, second = entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]["campaigns"]
    assert first["failedDetails"] == [{"phoneNumber": "+14165550101", "reason": "bad number"},
                                      {"phoneNumber": "+14165550102", "reason": "opted out \"STOP\" é"}]
    assert first["status"] == "sent"
    assert second["failedDetails"] == [] and second["status"] == "scheduled"


def test_a_sent_event_moves_what_was_reserved_to_sent(acme):
    campaign(acme, "c", {"at": "2026-05-20T15:00:00Z", "contacts": 10})
    post(acme, event("2026-05-20T15:00:00Z", messages=4, campaignId="c"))
    day = entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]
    assert day == {**day, "sent": 4, "reserved": 6, "total": 10, "availableQuota": 490}
    assert day["campaigns"][0]["status"] == "sending"


def test_at_most_a_hundred_failed_contacts_of_a_segment_are_listed(acme):
    campaign(acme, "c", {"at": "2026-05-20T14:00:00Z", "contacts": 300})
    post(acme, *(event(ms("2026-05-20T15:00:00Z") + i, status="failed", to=f"+1416555{i:04}", reason="r", campaignId="c")
                 for i in range(130)))
    details = entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]["campaigns"][0]["failedDetails"]
    assert [d["phoneNumber"] for d in details] == [f"+1416555{i:04}" for i in range(100)]


def test_names_survive_whatever_is_in_them(acme):
    name = "„Q2“ \\ \"lead\" <b>\t☎️ 名"
    campaign(acme, "c", {"at": "2026-05-20T19:00:00Z", "contacts": 1}, title=name)
    assert entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]["campaigns"][0]["campaignName"] == name


def test_another_organizations_figures_do_not_show(acme):
    acme.cmd("org", "add", "other", "--timezone", "Asia/Tokyo")
    campaign(acme, "c", {"at": "2026-05-20T19:00:00Z", "contacts": 100}, org="other")
    campaign(acme, "c", {"at": "2026-05-20T19:00:00Z", "contacts": 7}, org="acme")
    post(acme, event("2026-05-20T15:00:00Z"), org="other")
    day = entries(acme, "2026-05-20", "2026-05-20")["2026-05-20"]
    assert (day["sent"], day["reserved"]) == (0, 7)
    days = entries(acme, "2026-05-21", "2026-05-21", org="other")
    assert (days["2026-05-21"]["sent"], days["2026-05-21"]["reserved"]) == (1, 100)	# Tokyo is a day ahead


@pytest.mark.parametrize("zone, first, last", [
    ("America/Toronto", "2026-03-06", "2026-03-10"),		# 23 hours
    ("America/Toronto", "2025-10-31", "2025-11-04"),		# 25 hours
    ("America/Havana", "2026-03-07", "2026-03-10"),		# midnight is skipped
    ("America/Havana", "2025-10-31", "2025-11-04"),		# midnight comes twice
    ("America/Sao_Paulo", "2018-11-02", "2018-11-06"),
    ("Australia/Lord_Howe", "2026-04-03", "2026-04-07"),	# half an hour
    ("Australia/Lord_Howe", "2025-10-03", "2025-10-07"),
    ("Asia/Kathmandu", "2026-05-10", "2026-05-13"),		# +05:45
    ("Pacific/Chatham", "2026-04-03", "2026-04-07"),		# +12:45
    ("Asia/Pyongyang", "2018-05-03", "2018-05-07"),		# half an hour lost at 23:30
    ("Africa/Casablanca", "2026-02-13", "2026-02-17"),
    ("UTC", "2026-05-10", "2026-05-13"),
])
def test_each_event_counts_on_its_own_local_day_to_the_millisecond(empty, zone, first, last):
    set_clock(empty, NOON)
    empty.cmd("org", "add", "acme", "--timezone", zone, "--daily-limit", "1000")
    expected = {day: 0 for day in dates(first, last)}
    posted, weight = [], 1
    for day in dates(first, last):
        for at in (day_start(zone, day) - 1, day_start(zone, day), day_start(zone, day) + 1,
                   day_start(zone, day) + DAY_MS // 2):
            posted.append(event(at, messages=weight))
            if (counted_on := local_day(zone, at).isoformat()) in expected:
                expected[counted_on] += weight
            weight += 1
    post(empty, *posted)
    assert {day: e["sent"] for day, e in entries(empty, first, last).items()} == expected


# ---- What is asked

BAD = bad_queries("from", ["2026-05-20", "2026-13-01", "2026-02-29", "2026-00-10", "2026-04-31", "2026-5-20", "20260520",
                           "2026-05-20T00:00:00Z", "yesterday", "1779235200000", "0000-00-00", "+2026-05-20", "2026-05-2%30x",
                           "1969-12-31", "-001-01-01", "２０２６-05-20"])


def test_each_bad_parameter_is_named_and_the_process_goes_on(acme):
    process = acme.fastcgi("usage-calendar")
    token = acme.token("acme", "usage:read")
    for what, query in BAD:
        for name, other in (("from", "to=2026-05-20"), ("to", "from=2026-05-20")):
            asked = other + "&" + query.replace("from", name).replace("%66rom", f"%{ord(name[0]):02x}{name[1:]}")
            check_error(process.ask("GET", PATH, asked, token=token), 400, "tether", name + ":")
    reply = process.ask("GET", PATH, "from=2026-05-20&to=2026-05-20", token=token)
    assert reply.status == 200 and list(reply.json["data"]["dates"]) == ["2026-05-20"]


@pytest.mark.parametrize("query, name", [("", "from"), ("from=2026-05-20", "to"), ("to=2026-05-20", "from"),
                                         ("form=2026-05-20&to=2026-05-20", "from"), ("From=2026-05-20&to=2026-05-20", "from")])
def test_a_missing_parameter_is_a_400_in_the_vendors_words(acme, query, name):
    reply = acme.cgi("usage-calendar", "GET", PATH, query, token=acme.token())
    check_error(reply, 400, "tether")
    assert reply.json["message"] == "from and to query params are required"
    assert name in reply.json["error"]


def test_a_range_has_its_bounds(acme):
    token = acme.token()

    def status(first, last):
        return acme.cgi("usage-calendar", "GET", PATH, {"from": first, "to": last}, token=token)
    assert status("2024-01-01", "2024-12-31").status == 200		# 366 days
    check_error(status("2024-01-01", "2025-01-01"), 400, "tether", "to:", "366")
    assert status("2026-05-20", "2026-05-20").status == 200
    check_error(status("2026-05-20", "2026-05-19"), 400, "tether", "to:", "earlier")
    check_error(status("1970-01-01", "9999-12-31"), 400, "tether", "to:")
    assert status("1970-01-01", "1970-01-02").status == 200
    assert list(status("9999-12-30", "9999-12-31").json["data"]["dates"]) == ["9999-12-30", "9999-12-31"]


def fill_days(daybook, *days):
    """Campaigns of a day each (date, how many, status), at instants that go round, with ids in the opposite order; returns
    (date, id) in the order of the calendar."""
    db, listed, n = sqlite3.connect(daybook.path), [], 0
    for day, count, status in days:
        for k in range(count):
            n += 1
            id, scheduled_at = f"c{99999 - n}", ms(f"{day}T15:00:00Z") + k % 7 * 60_000
            db.execute("INSERT INTO campaign (key, org, id, name, is_segmented, created_at, updated_at) VALUES (?, 1, ?, 'C', 0, 0, 0)", (n, id))
            db.execute("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, failed, spent, status) "
                       "VALUES (?, 1, 1, ?, ?, 3, 1, 1, ?)", (n, scheduled_at, scheduled_at // DAY_MS, status))
            if status not in ("draft", "cancelled"):
                listed.append((day, scheduled_at, id))
    hold_again(db.execute)
    db.commit()
    db.close()
    return [(day, id) for day, _, id in sorted(listed)]


def test_the_first_thousand_campaigns_of_a_day_are_listed_and_all_are_counted(acme):
    days = dates("2026-05-18", "2026-05-26")
    expected = fill_days(acme, (days[0], 400, "sent"), (days[1], 601, "sent"), (days[2], 1000, "sending"), (days[2], 5, "draft"),
                         (days[2], 5, "cancelled"), (days[3], 1203, "scheduled"), (days[5], 1, "paused"), (days[6], 999, "scheduled"),
                         (days[7], 1, "scheduled"))
    ids = {day: [id for date, id in expected if date == day] for day in days}
    data = entries(acme, days[0], days[-1])
    for day in days:
        assert data[day]["campaignCount"] == len(ids[day]), day
        assert [c["campaignId"] for c in data[day]["campaigns"]] == ids[day][:1000], day
    assert (data[days[2]]["reserved"], data[days[3]]["reserved"]) == (2000, 2406), "all of them are reserved"
    assert entries(acme, days[3], days[3]) == {days[3]: data[days[3]]}
    text = acme.cgi("usage-calendar", "GET", PATH, {"from": days[0], "to": days[-1], "format": "csv"}, token=acme.token()).body.decode()
    rows = list(csv.DictReader(text.splitlines()))
    assert [(row["date"], int(row["campaigns"]), row["campaignIds"].split()) for row in rows] == [
        (day, len(ids[day]), ids[day][:1000]) for day in days]


def test_escapes_are_read_in_names_and_values(acme):
    reply = acme.cgi("usage-calendar", "GET", PATH, "%66rom=2026%2D05%2d20&t%6F=2026-05-2%31&&", token=acme.token())
    assert reply.status == 200 and list(reply.json["data"]["dates"]) == ["2026-05-20", "2026-05-21"]


def test_unknown_parameters_are_ignored_whatever_is_in_them(acme):
    plain = ask(acme, "2026-05-20", "2026-05-20")
    for extra in ("_=1779292800", "_=1&_=2", "x=%zz", "%ff=1", "a", "=", "=1", "fromage=1", "from%00=2", "to[]=1"):
        reply = acme.cgi("usage-calendar", "GET", PATH, "from=2026-05-20&" + extra + "&to=2026-05-20", token=acme.token())
        assert (reply.status, reply.body, reply.headers["etag"]) == (200, plain.body, plain.headers["etag"]), extra


def test_reading_takes_the_scope_to_read(acme):
    query = {"from": "2026-05-20", "to": "2026-05-20"}
    for scope in ("usage:write", "org:admin campaigns:write usage:backfill"):
        check_error(acme.cgi("usage-calendar", "GET", PATH, query, token=acme.token("acme", scope)), 403, "tether", "usage:read")
    assert acme.cgi("usage-calendar", "GET", PATH, query, token=acme.token("acme", "usage:read")).status == 200
    check_error(acme.cgi("usage-calendar", "GET", PATH, query), 401, "tether")


def test_a_year_of_days_equals_what_was_posted(acme):
    posted = [event(ms("2025-05-21T04:00:00Z") + i * 7_919_317 * 3, messages=1 + i % 5) for i in range(1200)]
    post(acme, *posted)
    expected = {day: 0 for day in dates("2025-05-21", "2026-05-20")}
    for e in posted:
        expected[local_day("America/Toronto", ms(e["occurredAt"])).isoformat()] += e["messages"]
    assert {day: e["sent"] for day, e in entries(acme, "2025-05-21", "2026-05-20").items()} == expected
    assert sum(expected.values()) == sum(e["messages"] for e in posted)
    assert iso(ms(posted[0]["occurredAt"])) == "2025-05-21T04:00:00.000Z"
