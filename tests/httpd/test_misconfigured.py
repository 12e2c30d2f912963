"""Shared hosts that are set up badly, under a real Apache: one that ignores .htaccess but runs CGI programs, and two whose folder
of web documents is not below DOCUMENT_ROOT (an Alias, a user's folder).  No secret gets out, and no program lets itself be used
where the web server serves everything."""
import json
import pathlib
import shutil

import pytest

from servers import STRAY, Htaccess, give_away

CODE = "kYb7-t2Qx-94fm-Lw0z"
FORM = {"code": CODE, "organizationId": "acme", "timezone": "America/Toronto"}
JSON = {"Content-Type": "application/json"}


class Host(Htaccess):
    """One Apache with a Daybook in three places: /plain/daybook, /app/daybook (an Alias), /~me/daybook (UserDir)."""
    MORE = ["rewrite", "cgid", "userdir"]
    keeps_programs = False

    def rest(self):
        self.homes = {"/plain/daybook": self.state / "www/plain/daybook", "/app/daybook": self.state / "other/app/daybook",
                      "/~me/daybook": self.state / "home/me/public_html/daybook"}
        for home in self.homes.values():
            home.mkdir(parents=True)
            shutil.copytree(self.site.htdocs, home, dirs_exist_ok=True)
            shutil.copytree(self.site.programs, home / "cgi-bin")
            (home / ".htaccess").write_text(self.site.conf("htaccess"))
        options = "Options Indexes FollowSymLinks ExecCGI"
        shared = [options, "AllowOverride AuthConfig FileInfo Indexes Limit Options=ExecCGI,Indexes,MultiViews", "Require all granted"]
        return [f"DocumentRoot {self.state}/www", f"Alias /app {self.state}/other/app", f"UserDir {self.state}/home/*/public_html",
                f"<Directory {self.state}/www/plain>", options, "AllowOverride None", "AddHandler cgi-script .fcgi",
                "Require all granted", "</Directory>", f"<Directory {self.state}/other/app>", *shared, "</Directory>",
                f"<Directory {self.state}/home>", *shared, "</Directory>"]

    def settle(self, place, database):
        """Where the database of a place is to be, with the code beside it; returns the path."""
        home = self.homes[place]
        path = (home / database).resolve()
        (home / "daybook.conf").write_text(f"DAYBOOK_DB={database}\n")
        path.parent.mkdir(exist_ok=True, mode=0o700)
        (path.parent / "setup-code.txt").write_text(CODE + "\n")
        for folder in (home, path.parent):
            give_away(folder)
        return path


@pytest.fixture(scope="module")
def host(site):
    server = Host(site, "")
    yield server
    server.stop()


WELL = ["/app/daybook", "/~me/daybook"]


def test_where_htaccess_is_ignored_no_program_lets_itself_be_used(host):
    database = host.settle("/plain/daybook", "../../../data/daybook.db")
    assert host.ask("GET", "/plain/daybook/setup").status == 404
    forged = {"Daybook-Routes": "on", "HTTP-daybook-routes": "on", "Redirect-HTTP-daybook-routes": "on", "daybook_routes": "on"}
    for program in sorted((host.homes["/plain/daybook"] / "cgi-bin").glob("*.fcgi")):
        for path in ("", "/" + program.stem):
            for headers in (JSON, {**JSON, **forged}):
                reply = host.ask("GET", f"/plain/daybook/cgi-bin/{program.name}{path}", headers=headers)
                assert reply.status == (503 if program.stem != "setup" else 403), (program, reply)
    reply = host.ask("POST", "/plain/daybook/cgi-bin/setup.fcgi/setup", body=FORM, headers=forged)
    assert reply.status == 403 and ".htaccess" in reply.json["error"], reply
    assert not database.exists()
    assert CODE.encode() not in host.ask("GET", "/plain/daybook/setup-code.txt").body, "the code is in no folder that is served"


@pytest.mark.parametrize("place", WELL)
def test_outside_of_the_document_root_it_is_set_up_and_gives_out_the_dashboard_alone(host, place):
    database = host.settle(place, "../../data-of-it/daybook.db")
    home = host.homes[place]
    assert host.ask("GET", place + "/setup").status == 200
    done = host.ask("POST", place + "/setup", body=FORM)
    assert done.status == 201 and database.exists(), done
    key = {"X-API-Key": done.json["data"]["apiKey"]}
    assert host.ask("GET", place + "/organization/usage", headers=key).status == 200
    assert host.ask("GET", place + "/").body == (home / "index.html").read_bytes()
    assert host.ask("GET", place + "/lib/page.css").status == 200
    for name in (*STRAY, "daybook.conf", ".htaccess", "cgi-bin/health.fcgi", "cgi-bin/health.fcgi/health", "cgi-bin/", "lib/", "folder/"):
        reply = host.ask("GET", f"{place}/{name}")
        assert reply.status == 404 and b"secret" not in reply.body, (name, reply)
        assert set(json.loads(reply.body)) == {"success", "message", "error"}, name


@pytest.mark.parametrize("place", WELL)
@pytest.mark.parametrize("database", ["new.sqlite", "new/data.sqlite", "cgi-bin/x.db", "../new.sqlite", "../beside/data.sqlite"])
def test_a_database_that_this_host_would_give_out_is_refused(host, place, database):
    """Below Daybook's folder, or anywhere else in the folder that the Alias or the user's address leads to."""
    path = host.settle(place, database)
    for reply in (host.ask("GET", place + "/setup"), host.ask("POST", place + "/setup", body=FORM)):
        assert reply.status == 409 and b"in the folder that the web server serves" in reply.body, reply
    assert not path.exists()
    path.with_name("setup-code.txt").unlink()


def test_a_database_that_lies_there_since_long_is_used_warned_of_and_not_given_out(host, site):
    place = "/app/daybook"
    path = host.settle(place, "old.sqlite")
    site.daybook.cmd("backup", path)
    give_away(host.homes[place])
    admin = {"Authorization": "Bearer " + site.daybook.token(None, "admin")}
    reply = host.ask("GET", place + "/health", headers=admin)
    assert reply.status == 200 and reply.json["status"] == "degraded"
    assert "a web server may serve the folder of the database" in reply.json["warnings"]
    assert host.ask("GET", place + "/organization/usage", token=site.token).status == 200
    for name in ("old.sqlite", "old.sqlite-wal", "old.sqlite-gate", "setup-code.txt"):
        assert host.ask("GET", f"{place}/{name}").status == 404, name
    log = (pathlib.Path(host.state) / "error.log").read_text()
    assert "event=database" in log and "which the web server serves, so anybody may download it" in log
    path.unlink()
