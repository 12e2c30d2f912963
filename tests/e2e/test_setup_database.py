"""/setup: where the database may be, and what becomes of one that is there already."""
import sqlite3

import pytest

from hosting_site import CODE, site  # noqa: F401 (site is a fixture)
from schema_1 import to_version_1


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


def test_a_folder_beside_that_only_begins_alike_is_not_below_it(site):
    site.conf(f"{site.root}-data/daybook.db")
    assert site.post().status == 201


def test_a_place_that_cannot_be_is_named_without_its_path(site):
    site.conf(f"{site.root.parent}/no/such/folder/daybook.db")
    assert site.ask().status == 409 and "DAYBOOK_DB" in site.ask().page.text
    site.conf("/proc/daybook/daybook.db")
    assert site.ask().status == 200
    reply = site.post()
    assert reply.status == 409 and "cannot be created" in reply.page.text and reply.page.inputs["code"]["value"] == CODE
    site.data.mkdir()
    site.database.write_bytes(b"something else" * 1000)
    site.conf()
    assert site.ask().status == 409 and "not a Daybook database" in site.ask().page.text
    assert site.database.read_bytes() == b"something else" * 1000


# ---- An older database

def test_an_older_database_is_offered_its_upgrade_and_copied_first(site):
    site.post()
    site.sql("PRAGMA user_version = 0")
    assert site.ask().page.inputs == {}, "no code file yet"
    assert site.ask().status == 403 and "Upgrade" in site.ask().page.text
    site.code_file.write_text(CODE)
    page = site.ask().page
    assert set(page.inputs) == {"code"} and page.labels["code"]
    assert site.post(code="another-code-of-16").status == 403
    assert [p.name for p in site.data.iterdir() if "before" in p.name] == []
    reply = site.ask("POST", {"code": CODE})
    copies = [p for p in site.data.iterdir() if "-before-upgrade-" in p.name]
    assert len(copies) == 1 and copies[0].name in reply.page.text
    with sqlite3.connect(copies[0]) as copy:
        assert copy.execute("SELECT id FROM organization").fetchall() == [("acme",)]
    copy.close()
    assert oct(copies[0].stat().st_mode & 0o777) == "0o600"
    # There is no way from version 0: it says so, and keeps what is there.
    assert reply.status == 409 and "could not be upgraded" in reply.page.text
    assert site.sql("SELECT id FROM organization") == [("acme",)]


def test_an_older_database_is_inspected_before_its_upgrade(site):
    site.post()
    to_version_1(site.database)
    site.sql("INSERT INTO usage_day VALUES (1, 20000, 'SMS', 7, 7, 0)")
    site.code_file.write_text(CODE)
    reply = site.ask("POST", {"code": CODE})
    assert reply.status == 409 and "could not be upgraded" in reply.page.text
    assert "event=upgrade error=" in site.log.read_text() and "usage_day" in site.log.read_text()
    assert site.sql("PRAGMA user_version") == [(1,)] and site.sql("SELECT messages FROM usage_day") == [(7,)]
    site.sql("DELETE FROM usage_day")
    for copy in site.data.glob("*-before-upgrade-*"):  # the next one may have the same name
        copy.unlink()
    reply = site.ask("POST", {"code": CODE})
    assert reply.status == 200, reply.page.text
    assert site.sql("PRAGMA user_version") == [(3,)]


def test_a_newer_database_is_left_alone(site):
    site.post()
    site.sql("PRAGMA user_version = 4711")
    site.code_file.write_text(CODE)
    for reply in (site.ask(), site.post()):
        assert reply.status == 409 and "newer Daybook" in reply.page.text
