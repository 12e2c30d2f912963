"""/setup: where the database may be, and what becomes of one that is there already."""
import glob
import os
import sqlite3

import pytest

from conftest import cgi_variables
from hosting_site import CODE, WISH, Site, site  # noqa: F401 (site is a fixture)
from old_files import VERSION, to_version


# ---- Where the database is to be

def test_without_daybook_conf_the_page_says_how_to_make_it(site):
    (site.home / "daybook.conf").unlink()
    for reply in (site.ask(), site.post()):
        assert reply.status == 409 and "Rename daybook.conf.example to daybook.conf" in reply.page.text


@pytest.mark.parametrize("place", ["{root}/daybook.db", "{root}/daybook/data/daybook.db", "{root}/../public_html/x/daybook.db",
                                   "{root}/daybook/cgi-bin/../daybook.db", "{link}/daybook.db"])
def test_a_database_that_the_web_server_would_give_out_is_refused(site, place):
    (site.root.parent / "link").symlink_to(site.home)
    site.conf(place.format(root=site.root, link=site.root.parent / "link"))
    for reply in (site.ask(), site.post()):
        assert reply.status == 409 and "DAYBOOK_DB=../../daybook-data/daybook.db" in reply.page.text
    assert list(site.root.rglob("*.db")) == []


def test_a_database_in_the_folder_of_an_alias_or_above_the_programs_is_refused_too(site):
    """Neither lies below DOCUMENT_ROOT: the one is known by CONTEXT_DOCUMENT_ROOT, the other by the files beside it."""
    other = site.root.parent / "other"
    other.mkdir()
    elsewhere = {"DOCUMENT_ROOT": str(other)}
    for place in (site.home / "data.sqlite", site.home / "new/data.sqlite", site.root.parent / "served/data.sqlite"):
        site.conf(place)
        place.parent.mkdir(exist_ok=True)
        place.with_name("setup-code.txt").write_text(CODE)
        root = {**elsewhere, "CONTEXT_DOCUMENT_ROOT": str(site.root.parent / "served")}
        for reply in (site.ask(**root), site.ask("POST", WISH, **root)):
            assert reply.status == 409 and "DAYBOOK_DB=../../daybook-data/daybook.db" in reply.page.text, place
        assert not place.exists()
    assert site.ask("POST", WISH, **elsewhere).status == 201, "without CONTEXT_DOCUMENT_ROOT it is no folder that is known"


def test_a_folder_beside_that_only_begins_alike_is_not_below_it(site):
    site.data.rename(f"{site.root}-data")
    site.conf(f"{site.root}-data/daybook.db")
    assert site.post().status == 201


def test_a_place_that_cannot_be_is_named_without_its_path(site):
    site.conf(f"{site.root.parent}/no/such/folder/daybook.db")
    assert site.ask().status == 409 and "DAYBOOK_DB" in site.ask().page.text
    site.conf("/proc/daybook/daybook.db")
    assert site.ask().status == site.post().status == 403, "no code can be there"
    site.database.write_bytes(b"something else" * 1000)
    site.conf()
    assert site.ask().status == 409 and "not a Daybook database" in site.ask().page.text
    assert site.database.read_bytes() == b"something else" * 1000


# ---- An older database

def test_an_older_database_is_offered_its_upgrade_and_kept(site):
    site.post()
    to_version(site.database, 1)
    assert site.ask().page.inputs == {}, "no code file yet"
    assert site.ask().status == 403 and "Upgrade" in site.ask().page.text
    site.code_file.write_text(CODE)
    page = site.ask().page
    assert set(page.inputs) == {"code"} and page.labels["code"]
    assert site.post(code="another-code-of-16").status == 403
    site.forget_attempts()
    assert [p.name for p in site.data.iterdir() if "before" in p.name or "upgrading" in p.name] == []
    reply = site.ask("POST", {"code": CODE})
    kept = [p for p in site.data.iterdir() if "-before-upgrade-" in p.name]
    assert reply.status == 200 and len(kept) == 1 and kept[0].name in reply.page.text
    assert site.sql("PRAGMA user_version") == [(VERSION,)]
    with sqlite3.connect(kept[0]) as old:
        assert old.execute("PRAGMA user_version").fetchall() == [(1,)]
        assert old.execute("SELECT id FROM organization").fetchall() == [("acme",)]
    old.close()
    assert oct(kept[0].stat().st_mode & 0o777) == "0o600"
    assert not site.code_file.exists() and site.ask().status == 404


def into(site, folder):
    """Moves the database and the code there, and names it; the root that makes the web server's Alias lead there."""
    folder.mkdir(exist_ok=True)
    for file in site.data.iterdir():
        file.rename(folder / file.name)
    (folder / "setup-code.txt").write_text(CODE)
    site.conf(folder / "daybook.db")
    return folder / "daybook.db"


@pytest.mark.parametrize("version", (1, VERSION - 1))
@pytest.mark.parametrize("place", ("alias", "programs"))
def test_an_older_database_in_a_folder_that_is_only_now_known_as_served_is_upgraded_there_with_a_warning(site, version, place):
    site.post()
    to_version(site.database, version)
    other = site.root.parent / "other"
    other.mkdir()
    database = into(site, site.root.parent / "served" if place == "alias" else site.home / "data")
    root = {"DOCUMENT_ROOT": str(other), "CONTEXT_DOCUMENT_ROOT": str(site.root.parent / "served")}
    page = site.ask(**root).page
    assert set(page.inputs) == {"code"} and all(word in page.text for word in ("anybody may download it", "-wal", "-journal", "-gate"))
    assert "../../daybook-data/daybook.db" not in page.text, "no advice that leads to an empty database"
    reply = site.ask("POST", {"code": CODE}, **root)
    assert reply.status == 200 and "anybody may download it" in reply.page.text
    with sqlite3.connect(database) as new:
        assert new.execute("PRAGMA user_version").fetchall() == [(VERSION,)]
        assert new.execute("SELECT id FROM organization").fetchall() == [("acme",)]
    new.close()
    assert "anybody may download it" in site.log.read_text() and site.ask(**root).status == 404


@pytest.mark.parametrize("version", (1, VERSION))
def test_a_database_below_the_document_root_has_to_be_moved_with_its_files(site, version):
    site.post()
    if version != VERSION:
        to_version(site.database, version)
    database = into(site, site.root / "data")
    before = database.read_bytes()
    for reply in (site.ask(), site.ask("POST", {"code": CODE})):
        assert reply.status == 409 and all(word in reply.page.text for word in ("Move it", "-wal", "-journal", "-gate")), reply
    assert database.read_bytes() == before


def test_an_empty_database_in_a_served_folder_is_not_set_up_there(site):
    other = site.root.parent / "other"
    other.mkdir()
    site.post()
    site.sql("DELETE FROM organization")
    database = into(site, site.home / "data")
    for reply in (site.ask(DOCUMENT_ROOT=str(other)), site.ask("POST", WISH, DOCUMENT_ROOT=str(other))):
        assert reply.status == 409 and "Move it" in reply.page.text
    with sqlite3.connect(database) as there:
        assert there.execute("SELECT count(*) FROM organization").fetchall() == [(0,)]
    there.close()


def test_there_is_no_way_from_a_version_that_never_was(site):
    site.post()
    site.sql("PRAGMA user_version = 0")
    site.code_file.write_text(CODE)
    reply = site.ask("POST", {"code": CODE})
    assert reply.status == 409 and "could not be upgraded" in reply.page.text
    assert site.sql("SELECT id FROM organization") == [("acme",)]


def hurry(site):
    """A clock on which each turn is over after the least that a turn does."""
    library = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    assert library, "the package faketime is missing"
    site.env.update({"LD_PRELOAD": library[0], "FAKETIME": "+0 x1000000", "NO_FAKE_STAT": "1",
                     "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})


def test_a_long_upgrade_goes_on_each_time_that_the_page_loads_itself(tmp_path):
    site = Site(tmp_path)
    site.post()
    to_version(site.database, 2)
    site.code_file.write_text(CODE)
    hurry(site)
    reply, turns, checking, shown = site.ask("POST", {"code": CODE}), 1, 0, set()
    while site.sql("PRAGMA user_version") != [(VERSION,)]:
        assert reply.status == 200 and reply.headers["refresh"] and reply.page.inputs == {}, reply.page.text
        assert CODE not in reply.body.decode()
        shown.add(reply.page.text)
        checking += "is being checked" in reply.page.text
        assert site.run("health", cgi_variables("GET", "/health", "", None, {})).status == 503
        reply, turns = site.ask(), turns + 1
        assert turns < 100
    assert turns > 10 and len(shown) > 3 and any("rows are copied" in text for text in shown)
    assert checking > 10, "the check is done in turns, too"
    assert "refresh" not in reply.headers and "-before-upgrade-" in reply.page.text
    assert len(list(site.data.glob("*-before-upgrade-*"))) == 1 and not site.code_file.exists()
    assert site.ask().status == 404


def test_a_long_upgrade_by_json_says_to_ask_again(tmp_path):
    site = Site(tmp_path)
    site.post()
    to_version(site.database, 3)
    site.code_file.write_text(CODE)
    hurry(site)
    replies = [site.ask("POST", {"code": CODE}, True)]
    while replies[-1].status == 503 and len(replies) < 100:
        assert replies[-1].headers["retry-after"]
        replies.append(site.ask("POST", {"code": CODE}, True))
    assert len(replies) > 10 and replies[-1].status == 200
    assert replies[-1].json["data"]["codeRemoved"] and "-before-upgrade-" in replies[-1].json["data"]["copy"]


def test_an_upgrade_that_nobody_began_here_does_not_begin_by_itself(site):
    site.post()
    to_version(site.database, 3)
    for _ in range(2):
        assert site.ask().status == 403
        assert site.sql("PRAGMA user_version") == [(3,)]


def test_an_older_database_is_inspected_before_it_is_replaced(site):
    site.post()
    to_version(site.database, 1)
    site.sql("INSERT INTO usage_day VALUES (1, 20000, 'SMS', 7, 7, 0)")
    site.code_file.write_text(CODE)
    reply = site.ask("POST", {"code": CODE})
    assert reply.status == 409 and "could not be upgraded" in reply.page.text
    assert "event=upgrade error=" in site.log.read_text() and "usage_day" in site.log.read_text()
    assert site.sql("PRAGMA user_version") == [(1,)] and site.sql("SELECT messages FROM usage_day") == [(7,)]
    assert [p.name for p in site.data.iterdir() if "upgrad" in p.name] == []
    site.sql("DELETE FROM usage_day")
    reply = site.ask("POST", {"code": CODE})
    assert reply.status == 200, reply.page.text
    assert site.sql("PRAGMA user_version") == [(VERSION,)]


def test_a_newer_database_is_left_alone(site):
    site.post()
    site.sql("PRAGMA user_version = 4711")
    site.code_file.write_text(CODE)
    for reply in (site.ask(), site.post()):
        assert reply.status == 409 and "newer Daybook" in reply.page.text
