"""daybook campaign list, show, cancel"""
from api import TODAY, TOMORROW, Api, at
from support import event


def run(api, *args, rc=0):
    done = api.daybook.cmd("campaign", *args, check=False)
    assert done.returncode == rc, (args, done)
    if rc != 0:
        assert done.stdout == "" and len(done.stderr.strip().splitlines()) == 1, done
        return done.stderr
    assert done.stderr == ""
    return done.stdout


def names(text):
    return [line.split()[0] for line in text.splitlines()[1:]]


def test_list_is_newest_first_with_what_was_sent(api):
    api.create("one", 10)
    api.slices("two", (at(TOMORROW), 20), (at("2026-05-23"), 30))
    api.spend(event(at(TODAY), campaignId="one", messages=4))
    text = run(api, "list", "--org", "acme")
    assert names(text) == ["two", "one"]
    assert text.splitlines()[1].split() == ["two", TOMORROW, "2", "50", "0", "scheduled", "Two"]
    assert text.splitlines()[2].split() == ["one", TODAY, "1", "10", "4", "sending", "One"]


def test_list_by_state_and_of_one_organization(api):
    api.daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    Api(api.daybook, "globex", clock=None).create("theirs", 1)
    api.create("one", 10)
    api.create("two", 10, status="draft")
    assert names(run(api, "list", "--org", "acme", "--status", "draft")) == ["two"]
    assert names(run(api, "list", "--org", "acme", "--status", "sent")) == []
    assert names(run(api, "list", "--org", "globex")) == ["theirs"]
    assert "open" in run(api, "list", "--org", "acme", "--status", "open", rc=2)


def test_list_goes_on_past_one_page(api):
    for i in range(230):
        api.create(f"c{i}", 1)
    assert names(run(api, "list", "--org", "acme")) == [f"c{i}" for i in range(229, -1, -1)]


def test_show_has_each_segment(api):
    api.slices("c", (at(TODAY, "20:00"), 20), (at(TOMORROW), 30), partsPerContact=2)
    api.spend(event(at(TODAY), campaignId="c", messages=4))
    lines = run(api, "show", "c", "--org", "acme").splitlines()
    assert [line.split(None, 1) for line in lines[:4]] == [["id", "c"], ["name", "C"], ["status", "sending"], ["parts", "2 a contact"]]
    assert [line.split() for line in lines[-2:]] == [["1", TODAY, at(TODAY, "20:00"), "20", "4", "0", "sending"],
                                                     ["2", TOMORROW, at(TOMORROW), "30", "0", "0", "scheduled"]]


def test_cancel_frees_what_was_not_used_and_the_programs_know_it(api):
    api.create("c", 100)
    api.spend(event(at(TODAY), campaignId="c", messages=4))
    assert api.day()["total"] == 100
    assert "c" in run(api, "cancel", "c", "--org", "acme")
    assert api.day()["total"] == 4 and api.get("c")["status"] == "cancelled"
    assert api.daybook.sql("SELECT credential FROM audit WHERE action LIKE 'campaign.%' ORDER BY key DESC LIMIT 1") == [("cli",)]
    before = api.rows()
    assert "cancelled" in run(api, "cancel", "c", "--org", "acme", rc=1)
    assert api.rows() == before
    api.verify()


def test_what_is_not_there_is_said_on_one_line(api):
    api.create("c", 1)
    for verb in ("show", "cancel"):
        assert "nobody" in run(api, verb, "nobody", "--org", "acme", rc=1)
        run(api, verb, "c", "--org", "nobody", rc=1)
        run(api, verb, "--org", "acme", rc=2)
        run(api, verb, "c", "d", "--org", "acme", rc=2)
    run(api, "list", "--org", "nobody", rc=1)
    run(api, "list", "--organization", "acme", rc=2)
    run(api, "delete", "c", "--org", "acme", rc=2)
    run(api, rc=2)
    run(api, "show", "c", "--org", "acme")


def test_a_name_cannot_forge_a_line(api):
    api.created({"id": "c", "name": "a", "contactCount": 1, "scheduledISO": at(TODAY, "20:00")})
    # As an older version took it.
    api.daybook.sql("UPDATE campaign SET name = ? WHERE id = 'c'", "a\nforged 2026-05-20 1 1 1 sent \x1b[2J")
    text = run(api, "list", "--org", "acme")
    assert names(text) == ["c"] and "\x1b" not in text
    assert "\x1b" not in run(api, "show", "c", "--org", "acme")
