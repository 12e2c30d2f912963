"""daybook campaign list, show, cancel"""
import pytest

from desk import TODAY, TOMORROW, Desk, at
from support import event


@pytest.fixture
def desk(daybook):
    return Desk(daybook)


def run(desk, *args, rc=0):
    done = desk.daybook.cmd("campaign", *args, check=False)
    assert done.returncode == rc, (args, done)
    if rc != 0:
        assert done.stdout == "" and len(done.stderr.strip().splitlines()) == 1, done
        return done.stderr
    assert done.stderr == ""
    return done.stdout


def names(text):
    return [line.split()[0] for line in text.splitlines()[1:]]


def test_list_is_newest_first_with_what_was_sent(desk):
    desk.create("one", 10)
    desk.slices("two", (at(TOMORROW), 20), (at("2026-05-23"), 30))
    desk.spend(event(at(TODAY), campaignId="one", messages=4))
    text = run(desk, "list", "--org", "acme")
    assert names(text) == ["two", "one"]
    assert text.splitlines()[1].split() == ["two", TOMORROW, "2", "50", "0", "scheduled", "Two"]
    assert text.splitlines()[2].split() == ["one", TODAY, "1", "10", "4", "sending", "One"]


def test_list_by_state_and_of_one_organisation(desk):
    desk.daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    Desk(desk.daybook, "globex", clock=None).create("theirs", 1)
    desk.create("one", 10)
    desk.create("two", 10, status="draft")
    assert names(run(desk, "list", "--org", "acme", "--status", "draft")) == ["two"]
    assert names(run(desk, "list", "--org", "acme", "--status", "sent")) == []
    assert names(run(desk, "list", "--org", "globex")) == ["theirs"]
    assert "open" in run(desk, "list", "--org", "acme", "--status", "open", rc=2)


def test_list_goes_on_past_one_page(desk):
    for i in range(230):
        desk.create(f"c{i}", 1)
    assert names(run(desk, "list", "--org", "acme")) == [f"c{i}" for i in range(229, -1, -1)]


def test_show_has_each_segment(desk):
    desk.slices("c", (at(TODAY, "20:00"), 20), (at(TOMORROW), 30), partsPerContact=2)
    desk.spend(event(at(TODAY), campaignId="c", messages=4))
    lines = run(desk, "show", "c", "--org", "acme").splitlines()
    assert [line.split(None, 1) for line in lines[:4]] == [["id", "c"], ["name", "C"], ["status", "sending"], ["parts", "2 a contact"]]
    assert [line.split() for line in lines[-2:]] == [["1", TODAY, at(TODAY, "20:00"), "20", "4", "0", "sending"],
                                                     ["2", TOMORROW, at(TOMORROW), "30", "0", "0", "scheduled"]]


def test_cancel_frees_what_was_not_used_and_the_programs_know_it(desk):
    desk.create("c", 100)
    desk.spend(event(at(TODAY), campaignId="c", messages=4))
    assert desk.day()["total"] == 100
    assert "c" in run(desk, "cancel", "c", "--org", "acme")
    assert desk.day()["total"] == 4 and desk.get("c")["status"] == "cancelled"
    assert desk.daybook.sql("SELECT credential FROM audit WHERE action LIKE 'campaign.%' ORDER BY key DESC LIMIT 1") == [("cli",)]
    before = desk.rows()
    assert "cancelled" in run(desk, "cancel", "c", "--org", "acme", rc=1)
    assert desk.rows() == before
    desk.verify()


def test_what_is_not_there_is_said_on_one_line(desk):
    desk.create("c", 1)
    for verb in ("show", "cancel"):
        assert "nobody" in run(desk, verb, "nobody", "--org", "acme", rc=1)
        run(desk, verb, "c", "--org", "nobody", rc=1)
        run(desk, verb, "--org", "acme", rc=2)
        run(desk, verb, "c", "d", "--org", "acme", rc=2)
    run(desk, "list", "--org", "nobody", rc=1)
    run(desk, "list", "--organization", "acme", rc=2)
    run(desk, "delete", "c", "--org", "acme", rc=2)
    run(desk, rc=2)
    run(desk, "show", "c", "--org", "acme")


def test_a_name_cannot_forge_a_line(desk):
    desk.created({"id": "c", "name": "a\nforged 2026-05-20 1 1 1 sent \x1b[2J", "contactCount": 1, "scheduledISO": at(TODAY, "20:00")})
    text = run(desk, "list", "--org", "acme")
    assert names(text) == ["c"] and "\x1b" not in text
    assert "\x1b" not in run(desk, "show", "c", "--org", "acme")
