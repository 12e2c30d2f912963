"""A reading never shows half of a write."""
import threading
import time
from decimal import Decimal

from support import NOON, campaign, event, exact, ms, set_clock
from watching import HANGS_S, until

DAY = "2026-05-20"
CONTACTS = 100_000
SECONDS = 4

# Each takes a body with exact decimals and says whether it fits together.
READINGS = {
    "organization-usage": ("/organization/usage", "", lambda b: (
        b["channelUsages"]["SMS"] == b["channelUsages"]["EMAIL"] == b["messageUsage"] and
        b["costSms"] == b["channelUsages"]["SMS"] * Decimal("0.0079") == b["budgetUsage"])),
    "usage-history": ("/organization/usage/history", f"startDate={DAY}&endDate={DAY}", lambda b: (
        b["items"][0]["channelUsages"]["SMS"] == b["items"][0]["messageUsage"] and
        b["items"][0]["costSms"] == b["items"][0]["channelUsages"]["SMS"] * Decimal("0.0079"))),
    "organizations-usage": ("/organizations/acme/usage", f"startDate={ms(NOON) - 7_000_001}&endDate={ms(NOON) + 1}", lambda b: (
        b["data"]["usageSms"] == b["data"]["usageEmail"])),
    # What a campaign sends moves from reserved to sent: the total stays.
    "usage-calendar": ("/api/campaigns/usage-calendar", f"from={DAY}&to={DAY}", lambda b: (
        (d := b["data"]["dates"][DAY])["total"] == d["sent"] + d["reserved"] == CONTACTS and
        d["availableQuota"] == b["data"]["dailyLimit"] - d["total"])),
    "next-available-slot": ("/api/campaigns/next-available-slot", "", lambda b: (
        b["todayUsage"] == CONTACTS and b["todayAvailableQuota"] == b["dailyLimit"] - CONTACTS)),
}


def batch(number):
    """7 SMS of the campaign and 7 mails, at different instants and some of them in other quarter-hours."""
    at = ms(NOON) - 1000 - number
    return [event(at - 900_000 * i, channel=channel, campaignId="c" if channel == "SMS" else None)
            for i in range(7) for channel in ("SMS", "EMAIL")]


def test_readers_never_see_half_of_a_batch(daybook):
    set_clock(daybook, NOON)
    daybook.cmd("org", "set", "acme", "--daily-limit", "200000")
    campaign(daybook, "c", {"at": NOON, "contacts": CONTACTS})
    token, over, wrong, posted = daybook.token(ttl="1h"), threading.Event(), [], [0] * 3
    writers = [daybook.fastcgi("events") for _ in posted]
    readers = [(name, daybook.fastcgi(name)) for name in READINGS for _ in range(2)]
    read = [0] * len(readers)

    def write(i):
        number = i
        while not over.is_set():
            number += len(posted)
            body = [{k: v for k, v in e.items() if v is not None} for e in batch(number)]
            reply = writers[i].ask("POST", "/api/events", None, body, token=token)
            if reply.status != 200 or reply.json["accepted"] != 14:
                wrong.append(("events", reply))
                return
            posted[i] += 1

    def look(i):
        name, process = readers[i]
        path, query, fits = READINGS[name]
        seen = set()
        while not over.is_set():
            reply = process.ask("GET", path, query, token=token)
            if reply.status != 200 or not fits(exact(reply.body)):
                wrong.append((name, reply))
                return
            seen.add(reply.headers["etag"])
            read[i] = len(seen)
    threads = [threading.Thread(target=write, args=(i,)) for i in range(len(posted))]
    threads += [threading.Thread(target=look, args=(i,)) for i in range(len(readers))]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    try:
        until(lambda: wrong or all(posted) and all(n > 1 for n in read), "some of them do not get on")
    finally:
        over.set()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert all(posted) and all(n > 1 for n in read), (posted, read)
    total = 7 * sum(posted)
    assert daybook.fastcgi("organization-usage").ask("GET", "/organization/usage", token=token).json["channelUsages"] == {
        "SMS": total, "CALL": 0, "EMAIL": total, "INAPP_WEB": 0, "WEB_PUSH": 0, "PUSH": 0, "SLACK": 0}


def test_a_reading_of_many_statements_is_of_one_moment(daybook):
    """One mail in each of 120 months a batch: a reply that took two snapshots shows two counts."""
    months = [f"{2016 + i // 12}-{1 + i % 12:02d}" for i in range(120)]
    token = daybook.token(scope="usage:read usage:write usage:backfill", ttl="1h")
    writer, readers = daybook.fastcgi("events"), [daybook.fastcgi("usage-history") for _ in range(3)]
    over, wrong, seen = threading.Event(), [], set()

    def look(process):
        while not over.is_set():
            reply = process.ask("GET", "/organization/usage/history", "startDate=2016-01-01&endDate=2025-12-31", token=token)
            counts = {item["messageUsage"] for item in reply.json["items"]}
            seen.update(counts)
            if len(counts) != 1:
                wrong.append(counts)
                return
    threads = [threading.Thread(target=look, args=(process,)) for process in readers]
    for thread in threads:
        thread.start()
    number, ends, gives_up = 0, time.monotonic() + SECONDS, time.monotonic() + HANGS_S
    while time.monotonic() < (ends if len(seen) > 10 else gives_up) and not wrong:
        reply = writer.ask("POST", "/api/events", None, [
            {"id": f"{number}-{month}", "channel": "EMAIL", "occurredAt": f"{month}-15T12:00:00Z"} for month in months], token=token)
        assert reply.json["accepted"] == len(months)
        number += 1
    over.set()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert len(seen) > 10


def test_a_reader_sees_a_batch_as_soon_as_it_is_acknowledged(daybook):
    set_clock(daybook, NOON)
    token = daybook.token()
    writer, reader = daybook.fastcgi("events"), daybook.fastcgi("organization-usage")
    for n in range(1, 60):
        assert writer.ask("POST", "/api/events", None, event(ms(NOON) - n, channel="EMAIL"), token=token).status == 200
        assert reader.ask("GET", "/organization/usage", token=token).json["messageUsage"] == n


def test_a_batch_that_is_refused_leaves_nothing(daybook):
    set_clock(daybook, NOON)
    token, process = daybook.token(), daybook.fastcgi("events")
    good = [event(ms(NOON) - n) for n in range(50)]
    text = str(good).replace("'", '"')
    for body in (text[:-1], text + "x", text[:-1] + ",]", text[:-1] + ",{]", "[" + text[1:-1] + ",\xff]"):
        assert process.ask("POST", "/api/events", None, body.encode("latin-1"), token=token).status == 400
    assert daybook.sql("SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM usage_day), (SELECT count(*) FROM usage_quarter)") == [(0, 0, 0)]
    assert process.ask("POST", "/api/events", None, text, token=token).json["accepted"] == 50


def test_a_days_figures_and_its_campaigns_are_of_one_moment(daybook):
    """A segment is `scheduled` exactly while nothing of it was sent, in one and the same reply."""
    set_clock(daybook, NOON)
    token, process, writer = daybook.token(), daybook.fastcgi("usage-calendar"), daybook.fastcgi("events")
    for n in range(40):
        campaign(daybook, f"c{n}", {"at": NOON, "contacts": 2})
        done = threading.Event()

        def send():
            writer.ask("POST", "/api/events", None, event(ms(NOON) - 1, campaignId=f"c{n}"), token=token)
            done.set()
        thread = threading.Thread(target=send)
        thread.start()
        while True:
            last = done.is_set()
            entry = process.ask("GET", "/api/campaigns/usage-calendar", {"from": DAY, "to": DAY}, token=token).json["data"]["dates"][DAY]
            status = [c["status"] for c in entry["campaigns"] if c["campaignId"] == f"c{n}"][0]
            assert (entry["sent"], entry["reserved"], status) in ((n, n + 2, "scheduled"), (n + 1, n + 1, "sending"))
            if last:
                break
        thread.join()
        assert status == "sending"
