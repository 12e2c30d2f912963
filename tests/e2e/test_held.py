"""What segments hold, as sums in the table `held`: they follow every write, and readings come from them."""
from api import TODAY, TOMORROW, at, failed
from model import check_ledger, instant
from support import event, hold_again

LATER = "2026-05-22"
QUARTER = 900_000


def sums(api):
    """{(instant, parts): contacts} of acme, which has only SMS without a sender."""
    rows = api.daybook.sql("SELECT quarter, parts_per_contact, contacts, channel, sender FROM held WHERE org = 1")
    assert {row[3:] for row in rows} <= {("SMS", "")}
    return {(quarter, parts): contacts for quarter, parts, contacts, _, _ in rows}


def place(date, time="15:00", parts=1):
    return instant(at(date, time)) // QUARTER, parts


def sent(id, campaign, messages=1, number=1, when=at(TODAY)):
    return event(when, id=id, messages=messages, campaignId=campaign, segmentNumber=number)


def test_campaigns_of_one_quarter_hour_are_one_sum(api):
    for i in range(12):
        api.create(f"c{i}", 10, at(TOMORROW, f"15:{i:02}"))
    api.create("later", 10, at(TOMORROW, "15:15"))
    api.create("parts", 10, at(TOMORROW, "15:14"), partsPerContact=2)
    assert sums(api) == {place(TOMORROW): 120, place(TOMORROW, "15:15"): 10, place(TOMORROW, "15:14", 2): 10}
    assert api.held(TOMORROW) == 140
    check_ledger(api.daybook)


def test_they_follow_every_write_of_a_campaign(api):
    def now(expected):
        assert sums(api) == expected
        check_ledger(api.daybook)
        api.verify()

    api.create("c", 50, at(TOMORROW))
    now({place(TOMORROW, "15:00", 1): 50})
    assert api.put("c", {"contactCount": 20}).status == 200
    now({place(TOMORROW, "15:00", 1): 20})
    assert api.put("c", {"name": "Another"}).status == 200
    now({place(TOMORROW, "15:00", 1): 20})
    assert api.put("c", {"scheduledISO": at(TOMORROW, "15:14")}).status == 200
    now({place(TOMORROW, "15:00", 1): 20})
    assert api.put("c", {"scheduledISO": at(LATER, "18:30"), "contactCount": 30}).status == 200
    now({place(LATER, "18:30", 1): 30})
    assert api.put("c", {"partsPerContact": 3}).status == 200
    now({place(LATER, "18:30", 3): 30})
    assert api.did("c", "pause") == "paused"
    now({place(LATER, "18:30", 3): 30})
    assert api.did("c", "resume") == "scheduled"
    assert api.put("c", {"contactCount": 501}).status == 409
    now({place(LATER, "18:30", 3): 30})
    assert api.did("c", "cancel") == "cancelled"
    now({})
    api.create("idea", 40, at(LATER), status="draft")
    now({})
    assert api.put("idea", {"status": "scheduled"}).status == 200
    now({place(LATER, "15:00", 1): 40})
    api.create("gone", 40, at(LATER), status="draft")
    assert api.on("gone", "DELETE").status == 204
    now({place(LATER, "15:00", 1): 40})


def test_they_follow_events_and_results(api):
    api.slices("c", (at(TODAY, "20:00"), 10), (at(TOMORROW), 10))
    today, tomorrow = place(TODAY, "20:00"), place(TOMORROW)
    api.spend(sent("a", "c", 3), failed("f", at(TODAY), "+14165550100", "c", segmentNumber=1), sent("b", "c", 2, 2), sent("d", "c"))
    assert sums(api) == {today: 5, tomorrow: 8}
    api.spend({"id": "v", "voids": "a", "reason": "twice"}, {"id": "s", "settles": "f", "status": "sent"})
    assert sums(api) == {today: 5, tomorrow: 8}, "what is spent stays spent"
    check_ledger(api.daybook)
    api.spend(sent("over", "c", 9))
    assert sums(api) == {tomorrow: 8}, "more than planned holds nothing"
    assert api.events(sent("b", "c", 2, 2))["duplicates"] == 1
    assert sums(api) == {tomorrow: 8}
    assert api.report("c", {"id": "r", "segmentNumber": 2, "sent": 3, "done": True}).status == 200
    assert sums(api) == {}
    check_ledger(api.daybook)
    api.verify()


def test_many_events_of_several_segments_in_turn_are_one_change_of_each(api):
    api.slices("c", (at(TODAY, "20:00"), 90), (at(TODAY, "20:10"), 90), (at(TOMORROW), 90))
    api.spend(*(sent(f"e{i}", "c", 1, 1 + i % 3) for i in range(60)))
    assert sums(api) == {place(TODAY, "20:00"): 140, place(TOMORROW): 70}
    check_ledger(api.daybook)


def test_a_day_that_is_over_keeps_its_sum_and_holds_nothing(api):
    api.create("c", 50, at(TODAY, "20:00"))
    api.clock("2026-05-21T04:00:00Z")
    assert api.held(TODAY) == 0 and sums(api) == {place(TODAY, "20:00"): 50}
    assert api.put("c", {"scheduledISO": at(LATER)}).status == 200
    assert api.held(LATER) == 50 and sums(api) == {place(LATER): 50}


def test_another_zone_leaves_them_alone_and_days_take_them_elsewhere(api):
    api.create("c", 50, at(LATER, "02:00"))
    assert (api.held(TOMORROW), api.held(LATER)) == (50, 0)
    before = sums(api)
    api.daybook.cmd("org", "set", "acme", "--timezone", "Europe/Berlin")
    assert (api.held(TOMORROW), api.held(LATER)) == (0, 50) and sums(api) == before
    api.verify()


def test_rebuild_computes_them_again(api):
    api.slices("c", (at(TODAY, "20:00"), 10), (at(TOMORROW), 10))
    api.spend(sent("a", "c", 3))
    before = sums(api)
    api.daybook.sql("UPDATE held SET contacts = contacts + 5")
    api.daybook.sql("UPDATE segment SET spent = 9 WHERE number = 1")
    api.daybook.cmd("rebuild")
    assert sums(api) == before
    api.verify()


def test_readings_come_from_the_sums(api):
    """Readings of a file whose sums say something else: they would not notice if segments were read too."""
    api.create("c", 50, at(TOMORROW))
    api.daybook.sql("UPDATE held SET contacts = 480")
    api.daybook.sql("UPDATE organization SET revision = revision + 1")
    assert api.held(TOMORROW) == 480
    slot = api.ask("next-available-slot", "GET", "/api/campaigns/next-available-slot", {"contactCount": "500"}).json
    assert slot["nextAvailableDate"] == TODAY
    assert api.post({"id": "d", "name": "D", "contactCount": 21, "scheduledISO": at(TOMORROW)}).status == 409
    hold_again(api.daybook.sql)
    api.create("d", 450, at(TOMORROW))
    check_ledger(api.daybook)


def test_an_enforced_post_knows_what_its_own_events_freed(api):
    """They spend of tomorrow's reservation; the event that is then refused could go there."""
    api.create("c", 500, at(TOMORROW))
    reply = api.events(*(event(at(TODAY), id=f"e{i}", messages=100, campaignId="c") for i in range(5)), event(at(TODAY), id="last", messages=500),
                       enforce="true")
    assert (reply["accepted"], reply["rejected"]) == (5, 1)
    assert reply["results"][-1]["nextAvailableDate"] == TOMORROW
    assert sums(api) == {} and api.held(TOMORROW) == 0
    check_ledger(api.daybook)
