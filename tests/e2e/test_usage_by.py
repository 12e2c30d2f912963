"""GET /api/usage: who used it, by one dimension or two, from the roll-ups or from the ledger."""
import collections
import csv
import datetime
import decimal
import io
import json
import random
import zoneinfo

import pytest

from api import Api
from model import DAY, HOUR, QUARTER, instant, iso
from support import check_error, exact

PATH, WORDS = "/api/usage", ("channel", "day", "hour", "source", "campaign", "sender", "network", "tag")
FROM, TO = "2026-05-01", "2026-05-20"
SCOPE = "usage:read usage:write usage:backfill campaigns:write org:admin"
TORONTO = zoneinfo.ZoneInfo("America/Toronto")


@pytest.fixture
def api(daybook):
    return Api(daybook, scope=SCOPE)


def ask(api, by=None, first=FROM, last=TO, **options):
    query = {"from": first, "to": last, **({"by": by} if by else {})}
    reply = api.ask("usage", "GET", PATH, {name: value for name, value in query.items() if value is not None}, **options)
    assert reply.status == 200, reply
    return exact(reply.body.decode())["data"]


def groups(data):
    """{key: (messages, parts, cost)}; every group once, in the order of keys."""
    found = {tuple(g[word] for word in data["by"]): (g["messages"], g["parts"], decimal.Decimal(g["cost"])) for g in data["groups"]}
    assert len(found) == len(data["groups"])
    assert list(found) == sorted(found, key=lambda key: [(v is None, (v or "").encode()) for v in key])
    return found


def total(data):
    return tuple(decimal.Decimal(data["total"][name]) for name in ("messages", "parts", "cost"))


def sent(api, *events):
    reply = api.events(*events)
    assert reply["accepted"] == len(events), reply


def sms(name, at="2026-05-19T15:00:00Z", **fields):
    return {"id": name, "occurredAt": at, **fields}


# ---- What it says

def test_it_adds_up_by_each_word(api):
    api.create("spring", 20)
    sent(api, sms("a", source="crm", tag="sales", network="T-Mobile", campaignId="spring", parts=2, **{"from": "+1"}),
         sms("b", "2026-05-19T14:59:59.999Z", source="crm", channel="CALL", parts=3, **{"from": "+1"}), sms("c", messages=4, tag="ops"),
         sms("f", status="failed", to="+15550100", reason="r", tag="nobody"))
    data = ask(api)
    assert (data["by"], data["timezone"], data["startsAt"], data["endsAt"]) == (
        ["channel"], "America/Toronto", "2026-05-01T04:00:00.000Z", "2026-05-21T04:00:00.000Z")
    expected = {("SMS",): (5, 6, decimal.Decimal("0.0474")), ("CALL",): (1, 3, decimal.Decimal("0.039"))}
    assert groups(data) == expected and total(data) == (6, 9, decimal.Decimal("0.0864"))
    assert {(c["channel"],): (c["messages"], c["parts"], decimal.Decimal(c["cost"])) for c in data["channels"]} == expected
    assert {by: {key: value[0] for key, value in groups(ask(api, by)).items()} for by in WORDS[1:]} == {
        "day": {("2026-05-19",): 6}, "hour": {("2026-05-19T14:00:00.000Z",): 1, ("2026-05-19T15:00:00.000Z",): 5},
        "source": {("",): 4, ("crm",): 2}, "campaign": {("spring",): 1, (None,): 5}, "sender": {("+1",): 2, (None,): 4},
        "network": {("T-Mobile",): 1, (None,): 5}, "tag": {("ops",): 4, ("sales",): 1, (None,): 1}}
    assert {key: value[0] for key, value in groups(ask(api, "tag,channel")).items()} == {
        ("ops", "SMS"): 4, ("sales", "SMS"): 1, (None, "CALL"): 1}
    assert {key: value[0] for key, value in groups(ask(api, "channel,tag")).items()} == {
        ("CALL", None): 1, ("SMS", "ops"): 4, ("SMS", "sales"): 1}


def test_without_traffic_there_are_no_groups(api):
    for by in WORDS:
        data = ask(api, by)
        assert data["groups"] == data["channels"] == [] and total(data) == (0, 0, 0)


def test_results_and_statements_belong_to_somebody(api):
    api.create("spring", 20, tag="sales")
    api.report("spring", {"id": "r", "sent": 3})
    api.daybook.cmd("import", "-", "--format", "twilio", input="From,To,Status,SentDate,NumSegments,Sid,Direction,Price,PriceUnit\n"
                    "+1,+2,delivered,2026-05-19T15:00:00Z,1,SM1,outbound-api,-0.01,USD\n")
    api.daybook.cmd("import", "-", "--format", "twilio", input="From,To,Status,SentDate,NumSegments,Sid,Direction,Price,PriceUnit\n"
                    "+1,+2,delivered,2026-05-19T15:00:00Z,3,SM1,outbound-api,-0.03,USD\n")
    assert groups(ask(api, "source")) == {("daybook:results",): (3, 3, decimal.Decimal("0.0237")), ("twilio",): (1, 3, decimal.Decimal("0.03"))}
    assert groups(ask(api, "tag,campaign"))[("sales", "spring")][0] == 3


def test_the_organization_is_the_callers(api):
    sent(api, sms("a", tag="t"))
    api.daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    other = Api(api.daybook, "globex", clock=None)
    assert ask(other, "tag")["groups"] == [] and ask(other, "day")["groups"] == []


# ---- Days, hours, ranges

@pytest.mark.parametrize("zone, first, last", [("America/Toronto", "2026-03-08", "2026-03-08"), ("America/Toronto", "2025-11-02", "2025-11-02"),
                                               ("Australia/Lord_Howe", "2026-04-05", "2026-04-05"), ("Asia/Kathmandu", "2026-05-01", "2026-05-02"),
                                               ("Australia/Lord_Howe", "2025-10-05", "2025-10-05"), ("Pacific/Apia", "2011-12-29", "2012-01-02")])
def test_hours_and_days_are_those_of_the_clocks_on_the_wall(daybook, zone, first, last):
    daybook.cmd("org", "add", "o", "--timezone", zone)
    api, tz = Api(daybook, "o", scope=SCOPE), zoneinfo.ZoneInfo(zone)
    begin = max(instant(first + "T00:00:00Z") - DAY, instant("2012-01-01T00:00:00Z"))
    ats = [begin + i * QUARTER + i for i in range(int((instant(last + "T00:00:00Z") + 2 * DAY - begin) / QUARTER))]
    for i in range(0, len(ats), 5000):
        sent(api, *(sms(f"e{at}", iso(at), tag=f"t{at % 3}") for at in ats[i:i + 5000]))
    local = {at: datetime.datetime.fromtimestamp(at / 1000, tz) for at in ats}
    inside = [at for at in ats if first <= local[at].date().isoformat() <= last]
    days, hours = collections.Counter(), collections.defaultdict(set)
    for at in inside:
        days[local[at].date().isoformat()] += 1
        hours[(local[at].date(), local[at].hour, local[at].utcoffset())].add(at // QUARTER * QUARTER)
    by_day, by_hour = groups(ask(api, "day", first, last)), groups(ask(api, "hour", first, last))
    assert {key[0]: value[0] for key, value in by_day.items()} == days
    assert {key[0]: value[0] for key, value in by_hour.items()} == {iso(min(quarters)): len(quarters) for quarters in hours.values()}
    # The same by the ledger.
    for word, rollup in (("day", by_day), ("hour", by_hour)):
        sums = collections.Counter()
        for (_, key), value in groups(ask(api, f"tag,{word}", first, last)).items():
            sums[(key,)] += value[0]
        assert sums == {key: value[0] for key, value in rollup.items()}


def test_a_range_may_begin_and_end_with_any_quarter_hour(api):
    ats = [instant("2026-05-18T00:00:00Z") + i * QUARTER for i in range(200)]
    sent(api, *(sms(f"e{at}", iso(at + at % 7), tag=f"t{i % 2}", channel=("SMS", "EMAIL")[i % 3 == 0]) for i, at in enumerate(ats)))
    for first, last in ((ats[3], ats[3] + QUARTER), (ats[3], ats[101]), (ats[16], ats[16] + DAY), (ats[0], ats[199] + QUARTER)):
        inside = [at for at in ats if first <= at < last]
        for by in ("channel", "day", "hour", "tag", "tag,hour"):
            data = ask(api, by, iso(first), iso(last))
            assert total(data)[0] == sum(value[0] for value in groups(data).values()) == len(inside), (by, first)
            assert (data["startsAt"], data["endsAt"]) == (iso(first), iso(last))
    assert total(ask(api, "day", "2026-05-18", iso(ats[100])))[0] == len([at for at in ats if instant("2026-05-18T04:00:00Z") <= at < ats[100]])
    assert total(ask(api, "tag", "2026-05-18T02:00:00+02:00", "2026-05-18"))[0] == 112


BAD = [({"from": None}, "from: required"), ({"to": None}, "to: required"), ({"from": ""}, "from: empty"), ({"from": "2026-05-32"}, "from: "),
       ({"from": "yesterday"}, "from: must be a date"), ({"to": "2026-04-30"}, "to: must not be earlier"),
       ({"from": "2026-05-19T15:00:00Z", "to": "2026-05-19T15:00:00Z"}, "to: must not be earlier"),
       ({"from": "2026-05-19T15:01:00Z"}, "from: an instant must be a whole quarter-hour"), ({"to": "2026-05-19T15:00:00.001Z"}, "to: an instant"),
       ({"from": "2016-01-01"}, "to: the range has more than 3660 days"), ({"from": "2025-04-15", "by": "hour"}, "to: the range has more than 400 days"),
       ({"from": "2025-04-15T00:00:00Z"}, "to: the range has more than 400 days"), ({"from": "0000-01-01"}, "from: "), ({"to": "2099-12-31"}, "to: the range"),
       ({"to": "9999-12-31"}, "to: after 2099"), ({"from": "9999-12-31", "to": "9999-12-31"}, "from: after 2099"),
       ({"from": "9999-12-31T00:00:00Z"}, "from: after 2099"), ({"from": "2101-01-01", "to": "2101-01-01"}, "from: after 2099"),
       ({"by": ""}, "by: empty"), ({"by": "colour"}, 'by: unknown "colour"; one of channel'), ({"by": "Tag"}, "did you mean tag?"),
       ({"by": "from"}, "by: unknown"), ({"by": "tag,"}, 'by: unknown ""'), ({"by": ",tag"}, 'by: unknown ""'), ({"by": "tag,tag"}, 'by: "tag" is given twice'),
       ({"by": "tag,day,channel"}, "by: more than 2 words"), ({"by": "x" * 65}, "by: a word is longer"), ({"by": "tag day"}, "by: unknown"),
       ({"by": "é"}, "by: unknown"), ({"format": "xml"}, "format"), ({"colour": "red"}, "colour: unknown parameter"), ({"limit": "5"}, "limit: unknown")]


@pytest.mark.parametrize("change, words", BAD, ids=[json.dumps(b[0])[:60] for b in BAD])
def test_a_bad_question_is_refused_by_its_name(shared_daybook, change, words):
    query = {"from": FROM, "to": TO, "by": "tag", **change}
    reply = shared_daybook.cgi("usage", "GET", PATH, {k: v for k, v in query.items() if v is not None}, token=shared_daybook.token())
    check_error(reply, 400, "tether", words)


def test_the_last_day_of_the_calendar_is_answered(shared_daybook):
    reply = shared_daybook.cgi("usage", "GET", PATH, {"from": "2099-12-31", "to": "2099-12-31", "by": "hour"}, token=shared_daybook.token())
    assert reply.status == 200 and reply.json["data"]["endsAt"] == "2100-01-01T05:00:00.000Z", reply


def test_the_longest_ranges_are_answered(shared_daybook):
    for query in ({"from": "2016-05-14", "to": "2026-05-21"}, {"from": "2025-04-16", "to": "2026-05-20", "by": "hour"}):
        reply = shared_daybook.cgi("usage", "GET", PATH, query, token=shared_daybook.token())
        assert reply.status == 200, reply
        query["from"] = str(datetime.date.fromisoformat(query["from"]) - datetime.timedelta(days=1))
        assert shared_daybook.cgi("usage", "GET", PATH, query, token=shared_daybook.token()).status == 400


def test_it_needs_a_credential_with_its_scope(shared_daybook):
    query = {"from": FROM, "to": TO}
    check_error(shared_daybook.cgi("usage", "GET", PATH, query), 401, "tether")
    check_error(shared_daybook.cgi("usage", "GET", PATH, query, token=shared_daybook.token(scope="usage:write")), 403, "tether", "usage:read")
    assert shared_daybook.cgi("usage", "POST", PATH, query, token=shared_daybook.token()).status == 405


def test_it_is_cached_until_something_is_written(api):
    process = api.daybook.fastcgi("usage")
    query = {"from": FROM, "to": TO, "by": "tag"}
    first = process.ask("GET", PATH, query, token=api.token)
    again = process.ask("GET", PATH, query, token=api.token, headers={"If-None-Match": first.headers["etag"]})
    assert again.status == 304
    sent(api, sms("a", tag="t"))
    other = process.ask("GET", PATH, query, token=api.token, headers={"If-None-Match": first.headers["etag"]})
    assert other.status == 200 and other.json["data"]["groups"][0]["tag"] == "t"
    assert process.ask("GET", PATH, {**query, "by": "day"}, token=api.token).headers["etag"] != other.headers["etag"]


# ---- CSV

def test_csv_has_a_line_for_each_group(api):
    sent(api, sms("a", tag="=1+1", source='a "b"'), sms("b", messages=2, cost="0.25"), sms("c", channel="EMAIL"))
    reply = api.ask("usage", "GET", PATH, {"from": FROM, "to": TO, "by": "tag,source", "format": "csv"})
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.body.decode() == 'tag,source,messages,parts,cost\r\n\'=1+1,"a ""b""",1,1,0.0079\r\n,,3,3,0.25\r\n'
    reply = api.ask("usage", "GET", PATH, {"from": FROM, "to": TO, "by": "hour,channel"}, headers={"Accept": "text/csv"})
    assert list(csv.reader(io.StringIO(reply.body.decode()))) == [
        ["hour", "localTime", "channel", "messages", "parts", "cost"],
        ["2026-05-19T15:00:00.000Z", "2026-05-19 11:00:00", "EMAIL", "1", "1", "0"],
        ["2026-05-19T15:00:00.000Z", "2026-05-19 11:00:00", "SMS", "3", "3", "0.2579"]]


def test_another_currency_is_named(daybook):
    daybook.cmd("org", "add", "o", "--timezone", "Europe/Paris", "--currency", "EUR")
    api = Api(daybook, "o", scope=SCOPE)
    sent(api, sms("a", cost="0.5", tag="t"))
    for by in ("channel", "tag"):
        assert ask(api, by)["currency"] == "EUR" and total(ask(api, by))[2] == decimal.Decimal("0.5")
    reply = api.ask("usage", "GET", PATH, {"from": FROM, "to": TO, "by": "tag", "format": "csv"})
    assert reply.body.decode() == "tag,messages,parts,cost,currency\r\nt,1,1,0.5,EUR\r\n"
    assert "cost EUR" in daybook.cmd("usage", "--org", "o", "--by", "tag", "--month", "2026-05").stdout
    assert "t,1,1,0.5,EUR" in daybook.cmd("usage", "--org", "o", "--by", "tag", "--month", "2026-05", "--csv").stdout


# ---- Against the list of events, which says what stands of each

def listed(api):
    data, after = [], None
    while after is not None or not data:
        query = {"from": FROM, "to": TO, "limit": 5000, **({"after": after} if after else {})}
        page = exact(api.ask("events-list", "GET", "/api/events", query).body.decode())["data"]
        data += page["events"]
        after = page["next"]
        if after is None:
            return data


def check(api):
    """Every word and pair of words says what the list of events adds up to, and the day book in all."""
    sums, rows = {}, listed(api)
    named = {(e["source"], e["id"]): e["campaignId"] for e in rows}
    for e in rows:
        if e["status"] == "failed":
            continue
        at = instant(e["occurredAt"])
        of = dict(channel=e["channel"], source=e["source"], sender=e.get("from"), network=e.get("network"), tag=e.get("tag"),
                  campaign=e["campaignId"], day=datetime.datetime.fromtimestamp(at / 1000, TORONTO).date().isoformat(), hour=iso(at // HOUR * HOUR))
        if e["status"] == "void":
            of["campaign"] = named[e["source"], e["voids"]]
        for by in BYS:
            key = (by, *(of[word] for word in by.split(",")))
            old = sums.get(key, (0, 0, decimal.Decimal(0)))
            sums[key] = old[0] + e["messages"], old[1] + e["parts"], old[2] + decimal.Decimal(e["cost"])
    expected = collections.defaultdict(dict)
    for (by, *key), value in sums.items():
        if any(value):
            expected[by][tuple(key)] = value
    history = exact(api.ask("usage-history", "GET", "/organization/usage/history",
                            {"startDate": FROM, "endDate": TO, "costs": "all"}).body.decode())["items"]
    for by in BYS:
        data = ask(api, by)
        assert groups(data) == expected[by], by
        assert total(data) == tuple(map(sum, zip((0, 0, 0), *expected[by].values()))), by
        assert total(data)[2] == sum(decimal.Decimal(m["totalCost"]) for m in history)


BYS = [*WORDS, "tag,day", "channel,tag", "source,campaign", "hour,network", "sender,tag", "day,channel", "campaign,sender"]


def random_event(world, n):
    of = {"id": f"e{n}", "occurredAt": iso(instant("2026-05-19T12:00:00Z") - world.randrange(0, 10) * QUARTER * world.choice((1, 7, 96)) - n % 3),
          "source": world.choice(("", "crm", "twilio")), "channel": world.choice(("SMS", "SMS", "CALL", "EMAIL"))}
    for name, values in (("from", "ab"), ("network", "xy"), ("tag", "st"), ("campaignId", ("spring", "nowhere"))):
        if world.random() < 0.6:
            of[name] = world.choice(values)
    if world.random() < 0.25:
        return {**of, "status": "failed", "to": "+15550100", "reason": "r", **({"cost": 0} if n % 2 else {})}
    of["parts"] = world.choice((1, 1, 2, 3))
    if world.random() < 0.2:
        of["cost"] = world.choice(("0", "0.5", "0.000001"))
    return of


def correct(world, posted):
    e = world.choice(posted)
    if world.random() < 0.4:
        return {"id": f"v{world.random()}", "source": e["source"], "voids": e["id"], "reason": "r"}
    change = {"parts": world.choice((1, 2, 5))} if world.random() < 0.7 else {}
    if world.random() < 0.4 or not (change or e.get("status") == "failed"):
        change["cost"] = world.choice(("0.25", "1"))
    return {"id": f"s{world.random()}", "source": e["source"], "settles": e["id"], **change,
            **({"status": "sent"} if e.get("status") == "failed" else {})}


@pytest.mark.parametrize("seed", range(8))
def test_any_history_adds_up_to_what_the_list_of_events_and_the_day_book_say(api, seed):
    world, posted = random.Random(seed), []
    api.create("spring", 50)
    for round in range(4):
        new = [random_event(world, 1000 * round + n) for n in range(60)]
        posted += new
        api.events(*new)
        api.events(*(correct(world, posted) for _ in range(20)))
        if round in (1, 2):
            for channel in world.sample(("SMS", "CALL", "EMAIL"), 2):
                reply = api.ask("prices", "POST", "/api/organizations/acme/prices", body={
                    "channel": channel, "usd": world.choice(("0.0111", "0.02", "0.0000005")),
                    "validFrom": world.choice(("2026-05-01", "2026-05-18", "2026-05-19")), "reprice": True})
                assert reply.status in (200, 202, 409), reply
                api.daybook.cmd("maintenance")
        check(api)
    api.verify()


@pytest.mark.parametrize("seed", range(6))
def test_a_new_price_stays_where_it_was_when_its_day_becomes_another(api, seed):
    """Prices, corrections and day boundaries that are recomputed: the cost of an event follows from none of the days of today."""
    world, posted, zones = random.Random(seed), [], ["America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kolkata", "America/Toronto"]
    api.create("spring", 50)
    for round in range(5):
        new = [random_event(world, 1000 * round + n) for n in range(40)]
        posted += new
        api.events(*new)
        for channel, usd in zip(world.sample(("SMS", "CALL", "EMAIL"), 2), ("0.0111", "0.0000005")):
            api.daybook.cmd("price", "set", channel, usd if world.random() < 0.5 else "0.0333337", "--org", "acme",
                            "--from", f"2026-05-{world.randint(10, 19)}", "--reprice")
        api.events(*(correct(world, posted) for _ in range(10)))
        before = {(e["source"], e["id"]): e["cost"] for e in listed(api)}
        api.daybook.cmd("org", "set", "acme", "--timezone", world.choice(zones), "--recut-history")
        ranged = {(e["source"], e["id"]): e["cost"] for e in listed(api)}
        assert all(ranged[key] == before[key] for key in ranged.keys() & before.keys()) and ranged
        check_sums(api)
        api.events(*(correct(world, posted) for _ in range(10)))
        check_sums(api)
    api.events(*({"id": f"last{e['id']}", "source": e["source"], "voids": e["id"], "reason": "r"} for e in posted))
    assert total(ask(api, "channel", last="2026-05-21")) == (0, 0, 0), "nothing is left of what was voided"
    api.verify()


def check_sums(api):
    for by in ("tag", "source", "campaign,sender", "channel,tag", "day,network"):
        data = ask(api, by, last="2026-05-21")
        assert total(data) == tuple(map(sum, zip((0, 0, 0), *groups(data).values()))), by
        assert all(group[2] >= 0 for group in groups(data).values()), by


def test_a_price_that_a_repricing_does_not_say_leaves_its_difference_to_nobody(api):
    """As versions before 6 of the schema wrote it: the price of the present day is taken, and the groups still add up."""
    sent(api, sms("a", tag="x"), sms("b", tag="y", cost="0.5"))
    api.daybook.cmd("price", "set", "SMS", "0.05", "--from", "2026-05-18", "--reprice")
    api.daybook.sql("DROP TRIGGER event_is_not_updated")
    api.daybook.sql("UPDATE event SET reason = NULL WHERE source = 'daybook:reprice'")
    assert {k: v[2] for k, v in groups(ask(api, "tag")).items()} == {("x",): decimal.Decimal("0.05"), ("y",): decimal.Decimal("0.5")}
    api.daybook.sql("UPDATE price SET nanos_per_part = 10000000 WHERE channel = 'SMS'")
    api.daybook.sql("UPDATE organization SET revision = revision + 1")
    assert {k: v[2] for k, v in groups(ask(api, "tag")).items()} == {
        ("x",): decimal.Decimal("0.01"), ("y",): decimal.Decimal("0.5"), (None,): decimal.Decimal("0.04")}


# ---- Bounds

def test_more_events_than_one_request_adds_up_are_refused_with_a_range_that_would_do(api):
    first = instant("2026-05-18T04:00:00Z")
    lines = "".join(json.dumps({"id": f"e{i:06}", "occurredAt": iso(first + i * DAY // 75000), "tag": f"t{i % 3}"}) + "\n" for i in range(105000))
    api.daybook.cmd("import", "-", input=lines)
    for by in ("sender", "source,hour"):
        check_error(api.ask("usage", "GET", PATH, {"from": FROM, "to": TO, "by": by}), 400, "tether", "at most 100000")
    error = api.ask("usage", "GET", PATH, {"from": FROM, "to": TO, "by": "tag"}).json["error"]
    assert error.startswith("to: there are about 105000 events") and "at most 100000" in error
    query = dict(pair.split("=") for pair in error.split("; ")[1].split(" ")[0].split("&"))
    assert query == {"from": "2026-05-01", "to": "2026-05-18"}
    assert total(ask(api, "tag", query["from"], query["to"]))[0] == 75000
    assert total(ask(api, "tag", "2026-05-19", "2026-05-20"))[0] == 30000
    assert total(ask(api, "day"))[0] == total(ask(api, "hour,channel"))[0] == 105000


def test_a_day_with_more_is_divided_into_quarter_hours_and_one_of_those_into_nothing(api):
    at = instant("2026-05-19T15:00:00Z")
    lines = "".join(json.dumps({"id": f"e{i:06}", "occurredAt": iso(at + (i >= 75000) * QUARTER + i // 300)}) + "\n" for i in range(200000))
    api.daybook.cmd("import", "-", input=lines)
    error = api.ask("usage", "GET", PATH, {"from": "2026-05-19", "to": "2026-05-19", "by": "tag"}).json["error"]
    assert "from=2026-05-19T04:00:00.000Z&to=2026-05-19T15:15:00.000Z would do" in error
    assert total(ask(api, "tag", "2026-05-19", "2026-05-19T15:15:00Z"))[0] == 75000
    error = api.ask("usage", "GET", PATH, {"from": "2026-05-19T15:15:00Z", "to": "2026-05-19", "by": "tag"}).json["error"]
    assert "the quarter-hour from 2026-05-19T15:15:00.000Z alone has more than 100000 events" in error


def test_more_than_ten_thousand_groups_are_refused(api):
    events = [sms(f"e{i}", tag=f"t{i}", source=f"s{i % 7}") for i in range(10001)]
    sent(api, *events[:10000])
    assert len(ask(api, "tag")["groups"]) == 10000
    sent(api, events[10000])
    check_error(api.ask("usage", "GET", PATH, {"from": FROM, "to": TO, "by": "tag"}), 400, "tether", "by: there are more than 10000 groups")
    assert len(ask(api, "source")["groups"]) == 7
