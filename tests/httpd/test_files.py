"""What every server gives out as a file, and what it keeps, at the root and under a sub-path."""
import re
import shutil

import pytest

from servers import STRAY, STRAY_PROGRAMS, Htaccess, is_json_error, until

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'")


def test_static_files_have_their_type_and_headers(server, site):
    for path, kind in (("/", "text/html; charset=utf-8"), ("/index.html", "text/html; charset=utf-8"),
                       ("/lib/page.css", "text/css; charset=utf-8"), ("/large.js", "text/javascript; charset=utf-8"),
                       ("/errors/404.json", "application/json")):
        reply = server.ask("GET", path)
        assert reply.status == 200, (path, reply)
        assert reply.headers["content-type"] == kind
        assert reply.headers["content-security-policy"] == POLICY
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["cache-control"] == "no-cache"
        file = site.htdocs / (path.lstrip("/") or "index.html")
        assert reply.body == file.read_bytes()


def test_no_folder_is_listed_and_nothing_with_a_dot_is_given_out(server):
    for path in ("/folder/", "/errors/", "/cgi-bin/", "/.hidden", "/.htaccess", "/.git/config", "/folder/.hidden", "/.cgi/",
                 "/.none/x", "/x/../.hidden", "/%2ehidden", "/folder/%2e%2e/.hidden", "/daybook.conf", "/daybook.db",
                 "/daybook.db-wal", "/cgi-bin/.htpasswd", "/daybook.db-backups/",
                 "/daybook.db-backups/daybook-20261121-120000.db", "/../lib/cgi-bin/events.fcgi", "/../var/daybook.db",
                 "/%2e%2e/var/daybook.db", "//daybook.conf", "/folder/..//daybook.conf", "/DAYBOOK.CONF", "/daybook.conf/",
                 "/daybook.db/x", "/daybook%2econf", "/cgi-bin/../daybook.conf"):
        reply = server.ask("GET", path)
        assert reply.status in (400, 403, 404), (path, reply)
        assert b"secret" not in reply.body and b"DAYBOOK_DB" not in reply.body and b"page.html" not in reply.body, path


def test_only_files_of_the_dashboard_are_given_out_whatever_lies_beside_them(server):
    for name in STRAY:
        for path in (f"/{name}", f"/{name}/", f"/{name}%0a", f"/lib/../{name}"):
            reply = server.ask("GET", path)
            assert reply.status in (400, 404, 403 if "~" in name else 404) and b"secret" not in reply.body, (path, reply)
        is_json_error(server.ask("GET", f"/{name}"), 404, 403 if "~" in name else 404)	# Debian's lighttpd.conf denies ~


def test_nothing_that_lies_beside_the_programs_is_given_out(server):
    for name in STRAY_PROGRAMS:
        for path in (f"/.cgi/{name}", f"/.cgi/health.fcgi/../{name}", f"/.cgi/x/../{name}", f"/cgi-bin/{name}", f"/{name}"):
            reply = server.ask("GET", path)
            assert reply.status in (400, 404, 403 if "~" in name else 404) and b"secret" not in reply.body, (path, reply)


def test_a_program_is_not_called_by_its_file(server, site):
    """Or the same gates hold: nothing is reached that the routes do not lead to."""
    for path in ("/cgi-bin/organization-usage.fcgi", "/cgi-bin/organization-usage.fcgi/organization/usage",
                 "/cgi-bin/settings.fcgi/api/organizations/acme"):
        is_json_error(server.ask("GET", path, token=site.token), 404)
    hidden = server.ask("GET", "/.cgi/organization-usage.fcgi/organization/usage")
    assert hidden.status in (401, 403, 404)


def test_programs_on_sockets_have_a_log(server, site):
    if not server.owners():
        pytest.skip("the web server starts them, and has their log")
    reply = server.ask("GET", "/health")
    until(lambda: reply.headers["x-request-id"] in (site.folder / "log/programs.log").read_text(), "the log has no line of it")


def test_programs_put_aside_are_not_called(server, site):
    """INSTALL.txt has the folder renamed while a backup is brought back."""
    if not isinstance(server, Htaccess):
        pytest.skip("they lie below the document root on shared hosting only")
    aside = shutil.copytree(site.programs, server.folder / "cgi-bin.off")
    for path in ("/cgi-bin.off/health.fcgi", "/cgi-bin.off/health.fcgi/health"):
        is_json_error(server.ask("GET", path), 404)
    shutil.rmtree(aside)


def test_the_place_without_its_slash_leads_to_it(server):
    if server.place:
        reply = server.ask("GET", "")
        assert reply.status == 301
        assert re.sub(r"^http://127\.0\.0\.1:\d+", "", reply.headers["location"]) == server.place + "/"


def test_outside_of_the_place_there_is_nothing(server, site):
    if server.place:
        place, server.place = server.place, ""
        try:
            for path in ("/health", "/organization/usage", "/index.html", "/daybookx/health", "/x/daybook/health",
                         "/daybook.internal/health", "/daybook.internal/index.html", "/large.js"):
                reply = server.ask("GET", path, token=site.token)
                assert reply.status in (403, 404), (path, reply)
        finally:
            server.place = place
