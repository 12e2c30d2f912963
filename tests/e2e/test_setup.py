"""/setup: a host with files and a browser only becomes a Daybook; once, with the code, and never half."""
import concurrent.futures
import tempfile
import fcntl
import html.parser
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import time
import urllib.parse

import pytest

from conftest import BUILD, FastCgi, Reply, cgi_variables
from test_openapi import check_reply
from schema_1 import to_version_1

CODE = "kYb7-t2Qx-94fm-Lw0z"
WISH = {"code": CODE, "organizationId": "acme", "timezone": "America/Toronto"}


class Page(html.parser.HTMLParser):
    """Parses strictly enough: every element is closed, no id comes twice; remembers the form."""
    EMPTY = {"meta", "link", "input"}

    def __init__(self, text):
        super().__init__()
        self.open, self.inputs, self.labels, self.ids, self.elements = [], {}, {}, {}, []
        self.options, self.links, self.text, self.errors = [], [], "", {}
        self.feed(text)
        self.close()
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        attrs = dict(attrs)
        self.elements.append((tag, attrs))
        if "id" in attrs:
            assert attrs["id"] not in self.ids, f"{attrs['id']} twice"
            self.ids[attrs["id"]] = ""
        if tag == "input":
            self.inputs[attrs["name"]] = attrs
        if tag == "label":
            self.labels[attrs["for"]] = ""
        if tag == "option":
            self.options.append(attrs["value"])
        if tag in ("a", "link"):
            self.links.append(attrs["href"])
        if tag not in self.EMPTY:
            self.open.append((tag, attrs))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data):
        self.text += data
        for tag, attrs in self.open:
            if "id" in attrs:
                self.ids[attrs["id"]] += data
            if tag == "label":
                self.labels[attrs["for"]] += data

    def error_of(self, field):
        return self.ids.get(field + "-error", "")


class Site:
    """Daybook as it lies on shared hosting: SITE/public_html/daybook with daybook.conf and cgi-bin/ in it."""

    def __init__(self, folder):
        self.root = pathlib.Path(folder) / "public_html"
        self.home = self.root / "daybook"
        self.data = pathlib.Path(folder) / "daybook-data"
        self.database, self.code_file = self.data / "daybook.db", self.home / "setup-code.txt"
        self.log = pathlib.Path(folder) / "log"
        (self.home / "cgi-bin").mkdir(parents=True)
        for program in ("setup", "health", "events", "usage-calendar", "settings"):
            shutil.copy(BUILD / f"cgi-bin/{program}.fcgi", self.home / "cgi-bin")
        if (BUILD / "libexec/daybook").exists():  # what the programs start where they are linked statically
            (self.home / "libexec").mkdir()
            shutil.copy(BUILD / "libexec/daybook", self.home / "libexec")
        self.env = {k: v for k, v in os.environ.items() if k != "DAYBOOK_DB"}
        self.process = None
        self.conf()
        self.code_file.write_text(CODE + "\n")

    def conf(self, path=None):
        (self.home / "daybook.conf").write_text(f"DAYBOOK_DB={path or self.database}\n")

    def variables(self, method, form, as_json, more):
        body = None
        if form is not None:
            body = json.dumps(form).encode() if as_json else urllib.parse.urlencode(form).encode()
        given = cgi_variables(method, "/daybook/setup", "", body, {})
        if body is not None and not as_json:
            given["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        return {"DOCUMENT_ROOT": str(self.root), **given, **more}, body or b""

    def ask(self, method="GET", form=None, as_json=False, **more):
        variables, body = self.variables(method, form, as_json, more)
        if self.process:
            reply = self.process.request(variables, body)
        else:
            reply = self.run("setup", variables, body)
        check_reply((method, "/setup"), reply)
        if "text/html" in reply.headers["content-type"]:
            reply.page = Page(reply.body.decode())
            policy = reply.headers["content-security-policy"]
            assert policy == "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            assert str(self.root.parent) not in reply.page.text, "no path of the host is told"
        return reply

    def run(self, program, variables, body=b""):
        with open(self.log, "ab") as log:
            done = subprocess.run([str(self.home / f"cgi-bin/{program}.fcgi")], input=body, env={**self.env, **variables},
                                  stdout=subprocess.PIPE, stderr=log, timeout=60)
        assert done.returncode == 0
        return Reply.of_cgi(done.stdout)

    def post(self, as_json=False, **fields):
        return self.ask("POST", {**WISH, **fields}, as_json)

    def call(self, program, method, path, key, query="", body=None):
        body = json.dumps(body).encode() if body is not None else None
        return self.run(program, cgi_variables(method, path, query, body, {"X-API-Key": key}), body or b"")

    def sql(self, statement, *values):
        with sqlite3.connect(self.database) as connection:
            rows = connection.execute(statement, values).fetchall()
        connection.close()
        return rows

    def start_fastcgi(self, sockets):
        with open(self.log, "ab") as log:
            self.process = FastCgi(str(self.home / "cgi-bin/setup.fcgi"), self.env, sockets / "s", log)

    def stop(self):
        if self.process:
            self.process.stop()
            shutil.rmtree(pathlib.Path(self.process.path).parent)


@pytest.fixture(params=["CGI", "FastCGI"])
def site(request, tmp_path, tmp_path_factory):
    s = Site(tmp_path)
    if request.param == "FastCGI":
        s.start_fastcgi(pathlib.Path(tempfile.mkdtemp(prefix="dbk-")))
    yield s
    s.stop()


# ---- The whole way

def test_from_uploaded_files_to_a_calendar(site):
    form = site.ask()
    assert form.status == 200 and not site.data.exists()
    done = site.post(name="Acme & Sons", dailyLimit="500", plan="growth", priceSms="0.0079", priceCall="0.013")
    assert done.status == 201 and "key" not in done.page.inputs
    key = done.body.decode().split('<code class="key">')[1].split("<")[0]
    assert not site.code_file.exists()
    assert oct(site.data.stat().st_mode & 0o777) == "0o700" and oct(site.database.stat().st_mode & 0o777) == "0o600"
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sent = site.call("events", "POST", "/api/events", key, body={"id": "SM1", "channel": "SMS", "occurredAt": now, "parts": 2})
    assert (sent.status, sent.json["accepted"]) == (200, 1), sent
    settings = site.call("settings", "GET", "/api/organizations/acme", key).json["data"]
    assert {n: settings[n] for n in ("name", "timezone", "dailyLimit", "plan")} == {
        "name": "Acme & Sons", "timezone": "America/Toronto", "dailyLimit": 500, "plan": "growth"}
    today = settings["today"]
    calendar = site.call("usage-calendar", "GET", "/api/campaigns/usage-calendar", key, f"from={today}&to={today}")
    assert calendar.json["data"]["dates"][today]["sent"] == 1
    assert site.sql("SELECT sum(cost_micros) FROM event") == [(15800,)]
    assert site.sql("SELECT count(*) FROM signing_key WHERE alg = 'HS256' AND sign_key IS NOT NULL") == [(1,)]
    assert site.sql("SELECT value FROM setting WHERE name = 'backup_keep'") == [("7",)], "there is no cron"
    assert {a for a, in site.sql("SELECT action FROM audit WHERE credential = 'setup'")} >= {
        "org.add", "key.add", "apikey.add"}


def test_json_does_the_same(site):
    done = site.post(as_json=True, dailyLimit=500)
    assert done.status == 201 and done.json["data"]["organizationId"] == "acme" and done.json["data"]["codeRemoved"] is True
    assert site.call("settings", "GET", "/api/organizations/acme", done.json["data"]["apiKey"]).json["data"]["dailyLimit"] == 500


def test_the_key_may_do_what_an_administrator_of_the_organisation_may_and_no_more(site):
    site.post()
    assert site.sql("SELECT scopes FROM api_key") == [("usage:read usage:write campaigns:write org:admin",)]


def test_what_is_left_empty_is_unlimited_unnamed_and_free(site):
    assert site.post(name="", dailyLimit="", plan="", priceSms="", priceCall="").status == 201
    assert site.sql("SELECT name, daily_limit, plan FROM organization") == [("acme", None, "")]
    assert site.sql("SELECT count(*) FROM price") == [(0,)]


# ---- Only once

def test_once_done_it_is_gone_whatever_the_code(site):
    assert site.post().status == 201
    before = site.sql("SELECT count(*) FROM audit")
    for again in range(2):
        for reply in (site.ask(), site.post(), site.post(code="another-code-of-16"), site.post(as_json=True)):
            assert reply.status == 404, reply
        page = site.ask().page
        assert "Setup has been done" in page.text and page.inputs == {} and "./" in page.links
        site.code_file.write_text(CODE)
    assert site.sql("SELECT count(*) FROM audit") == before


def test_two_at_once_make_one_organisation(tmp_path):
    site = Site(tmp_path)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda i: site.post(as_json=True, organizationId=f"org{i}"), range(6)))
    assert sorted(r.status for r in replies) == [201, 404, 404, 404, 404, 404], replies
    won = next(r for r in replies if r.status == 201)
    assert site.sql("SELECT id FROM organization") == [(won.json["data"]["organizationId"],)]
    assert site.sql("SELECT count(*) FROM api_key") == site.sql("SELECT count(*) FROM signing_key") == [(1,)]
    assert sorted(p.name for p in site.data.iterdir() if "new" in p.name) == []


def test_a_database_without_an_organisation_is_used_as_it_is(site):
    subprocess.run([BUILD / "bin/daybook", "-d", site.database, "init"], check=False, capture_output=True)
    site.data.mkdir()
    for command in (["init"], ["key", "add", "--kid", "mine"]):
        subprocess.run([BUILD / "bin/daybook", "-d", site.database, *command], check=True, capture_output=True)
    assert site.post().status == 201
    assert site.sql("SELECT kid FROM signing_key") == [("mine",)]


def test_it_can_be_repeated_after_any_step_that_was_cut_short(site):
    site.data.mkdir(mode=0o700)
    for leftover in ("daybook.db-new-17", "daybook.db-new-17-wal"):
        (site.data / leftover).write_bytes(b"half")
    assert site.post(timezone="Mars/Olympus").status == 400
    assert site.post().status == 201


def test_files_of_an_earlier_database_are_named_and_not_played_over_the_new_one(site):
    site.data.mkdir(mode=0o700)
    subprocess.run([BUILD / "bin/daybook", "-d", site.database, "init"], check=True, capture_output=True)
    subprocess.run([BUILD / "bin/daybook", "-d", site.database, "key", "add"], check=True, capture_output=True)
    site.database.unlink()
    left = site.database.with_name(site.database.name + "-wal")
    was = left.read_bytes()
    assert was
    reply = site.post(as_json=True)
    assert reply.status == 409 and "-wal" in reply.json["error"], reply
    assert not site.database.exists() and left.read_bytes() == was and site.code_file.exists()
    left.unlink()
    assert site.post().status == 201
    assert site.sql("PRAGMA integrity_check") == [("ok",)]


def test_where_something_fails_in_the_transaction_nothing_is_there(site):
    site.data.mkdir()
    subprocess.run([BUILD / "bin/daybook", "-d", site.database, "init"], check=True, capture_output=True)
    site.sql("CREATE TRIGGER broken BEFORE INSERT ON api_key BEGIN SELECT raise(ABORT, 'no'); END")
    assert site.post().status >= 400
    for table in ("organization", "signing_key", "price", "audit"):
        assert site.sql(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert site.code_file.exists()
    site.sql("DROP TRIGGER broken")
    assert site.post().status == 201


# ---- The code

def test_without_the_code_file_the_page_says_what_to_upload(site):
    site.code_file.unlink()
    for reply in (site.ask(), site.post()):
        assert reply.status == 403 and reply.page.inputs == {}
        assert "setup-code.txt" in reply.page.text and "16 characters" in reply.page.text
    assert site.post(as_json=True).json["error"].startswith("setup-code.txt: not there yet")
    assert not site.data.exists()


@pytest.mark.parametrize("content, wrong", [("", "0 characters"), ("short\n", "5 characters"), ("x" * 15, "15 characters"),
    ("x" * 201, "201 characters"), ("x" * 5000, "longer"), ("x" * 20 + "\n" + "y" * 20, "more than one line")])
def test_a_code_that_is_none_opens_nothing(site, content, wrong):
    site.code_file.write_text(content)
    reply = site.post(code=content)
    assert reply.status == 403 and wrong in reply.page.text, reply.page.text
    assert not site.data.exists()


@pytest.mark.parametrize("content", [CODE, CODE + "\n", CODE + "\r\n", "\ufeff" + CODE + "\r\n\r\n", "  " + CODE + " "])
def test_the_code_may_end_as_any_editor_ends_it(site, content):
    site.code_file.write_text(content, encoding="utf-8", newline="")
    assert site.post(code=f" {CODE} ").status == 201


@pytest.mark.parametrize("code", ["", CODE[:-1], CODE + "x", CODE.upper(), "another-code-of-16"])
def test_a_wrong_code_does_nothing_and_is_logged(site, code):
    reply = site.post(code=code, name="kept")
    assert reply.status == 403 and "not the one in setup-code.txt" in reply.page.error_of("code")
    assert reply.page.inputs["code"]["value"] == "" and reply.page.inputs["name"]["value"] == "kept"
    assert site.code_file.exists() and not site.data.exists()
    assert "event=setup_refused" in site.log.read_text() and CODE not in site.log.read_text()


def test_wrong_codes_wait_for_one_another(tmp_path):
    site = Site(tmp_path)
    with open(site.code_file) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(site.post)
            with pytest.raises(concurrent.futures.TimeoutError):
                waiting.result(timeout=1)
            fcntl.flock(held, fcntl.LOCK_UN)
            assert waiting.result().status == 201


# As NFS does it (flock(2)): no lock for writers on what is open for reading only.
NFS = """
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>
int
flock(int fd, int how)
{
	if ((how & LOCK_EX) && (IS_REFUSED)) {
		errno = EBADF;
		return -1;
	}
	return (int)syscall(SYS_flock, fd, how);
}
"""


@pytest.mark.parametrize("refused, status", [("(fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY", 201), ("1", 409)])
def test_on_nfs_the_code_file_is_locked_too_and_where_it_cannot_be_that_is_said(tmp_path, refused, status):
    site = Site(tmp_path)
    shim = tmp_path / "nfs.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, "-xc", "-"], input=NFS.replace("IS_REFUSED", refused), text=True, check=True)
    site.env.update(LD_PRELOAD=str(shim), ASAN_OPTIONS=site.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
    if (site.home / "libexec").exists():
        pytest.skip("linked statically: nothing can be loaded before it")
    reply = site.post(as_json=True)
    assert reply.status == status, reply
    assert status == 201 or "setup-code.txt: cannot be locked" in reply.json["error"] and site.code_file.exists()


def test_all_that_is_wrong_is_said_at_once(site):
    reply = site.post(organizationId="a b", timezone="Mars/Olympus", dailyLimit="many", priceSms="dear")
    assert reply.status == 400
    for field, words in (("organizationId", "letters, digits"), ("timezone", "no zone"), ("dailyLimit", "whole number"),
                         ("priceSms", "amount of dollars")):
        assert words in reply.page.error_of(field), field
    assert not site.data.exists()


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
    assert reply.status == 409 and "cannot be made" in reply.page.text and reply.page.inputs["code"]["value"] == CODE
    site.data.mkdir()
    site.database.write_bytes(b"something else" * 1000)
    site.conf()
    assert site.ask().status == 409 and "no Daybook database" in site.ask().page.text
    assert site.database.read_bytes() == b"something else" * 1000


# ---- The form

def test_the_form_can_be_used_on_a_phone_by_anybody_without_scripts_and_under_any_path(site):
    page = site.ask().page
    assert set(page.inputs) == set(WISH) | {"name", "dailyLimit", "plan", "priceSms", "priceCall"}
    for name, attrs in page.inputs.items():
        assert page.labels[attrs["id"]].strip() and attrs["id"] == name
        assert all(reference in page.ids for reference in attrs.get("aria-describedby", "").split())
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.elements
    assert page.inputs["dailyLimit"]["inputmode"] == "numeric" and page.inputs["priceSms"]["inputmode"] == "decimal"
    assert page.elements[0] == ("html", {"lang": "en"})
    for tag, attrs in page.elements:
        assert tag not in ("script", "style", "iframe") and not any(n == "style" or n.startswith("on") for n in attrs)
        assert "action" not in attrs, "it goes to where the page came from"
    assert page.links == ["setup.css"]


def test_the_zones_of_the_host_are_offered(site):
    options = site.ask().page.options
    assert {"America/Toronto", "Asia/Kathmandu", "UTC"} <= set(options) and options == sorted(set(options))
    assert not any(o.startswith("Etc/") for o in options)


def test_a_page_without_tls_says_so(site):
    assert "http without TLS" in site.ask().page.text
    assert "http without TLS" not in site.ask(HTTPS="on").page.text
    assert "http without TLS" not in site.ask(REQUEST_SCHEME="https").page.text


BAD = [("organizationId", "", "needed"), ("organizationId", "a b", "needed"), ("organizationId", "a/b", "needed"),
       ("organizationId", "..", "needed"), ("organizationId", "x" * 65, "needed"), ("name", "n" * 201, "longer"),
       ("timezone", "", "needed"), ("timezone", "Mars/Olympus", "no zone"), ("timezone", "../../etc/passwd", "not the name"),
       ("timezone", "posix/UTC", "not the name"), ("dailyLimit", "-1", "whole number"), ("dailyLimit", "1.5", "whole number"),
       ("dailyLimit", "1000000000001", "whole number"), ("dailyLimit", "many", "whole number"),
       ("dailyLimit", "9" * 30, "whole number"), ("plan", "p" * 65, "longer"), ("priceSms", "-1", "amount"),
       ("priceSms", "0.00790000001", "amount"), ("priceCall", "1,5", "amount"), ("priceCall", "1001", "amount")]


@pytest.mark.parametrize("field, value, wrong", BAD)
def test_a_wrong_value_is_told_beside_its_field_and_everything_typed_is_kept(site, field, value, wrong):
    typed = {"name": "Acme", "dailyLimit": "7", "plan": "p", field: value}
    reply = site.post(**typed)
    assert reply.status == 400
    page = reply.page
    assert wrong in page.error_of(field), page.text
    assert page.inputs[field]["aria-invalid"] == "true" and field + "-error" in page.inputs[field]["aria-describedby"]
    assert [n for n in page.inputs if page.error_of(n)] == [field]
    assert {n: page.inputs[n]["value"] for n in {**WISH, **typed}} == {**WISH, **typed}
    assert site.code_file.exists() and not site.database.exists()


def test_the_same_in_json_names_the_field(site):
    for field, value, wrong in BAD:
        if field == "dailyLimit":
            continue
        reply = site.post(as_json=True, **{field: value})
        assert reply.status == 400 and reply.json["error"].startswith(field + ": " if field != "x" else ""), reply
    for value in (-1, 1.5, "500", 1000000000001):
        assert site.post(as_json=True, dailyLimit=value).json["error"].startswith("dailyLimit: ")
    assert "colour" in site.post(as_json=True, colour="blue").json["error"]
    assert not site.database.exists()


NASTY = "\"><script>alert(1)</script><input name='&{{key}}{{*zones}}"


def test_what_is_typed_never_becomes_a_part_of_the_page(site):
    for field in ("organizationId", "name", "timezone", "dailyLimit", "plan", "priceSms", "priceCall"):
        page = site.post(**{"organizationId": "a b", field: NASTY}).page
        assert page.inputs[field]["value"] == NASTY
        assert not any(tag == "script" for tag, _ in page.elements) and len(page.inputs) == 8
    page = site.post(code=NASTY).page
    assert not any(tag == "script" for tag, _ in page.elements) and len(page.inputs) == 8
    done = site.ask("POST", {**WISH, "name": NASTY}, HTTP_HOST="x'; rm -rf ~ #<script>", REQUEST_URI="/a'b/setup")
    assert done.status == 201 and not any(tag == "script" for tag, _ in done.page.elements)
    assert "rm -rf" not in done.page.text and "'https://your.host/daybook/api/" in done.page.text


def test_the_first_call_is_shown_as_it_would_be_made(site):
    done = site.ask("POST", WISH, HTTP_HOST="example.org:8443", REQUEST_URI="/~me/daybook/setup?x=1", HTTPS="on")
    assert "'https://example.org:8443/~me/daybook/api/campaigns/next-available-slot'" in done.page.text


@pytest.mark.parametrize("body", [b"code=" + CODE.encode() + b"&code=x", b"code=%ff", b"code=%zz", b"code=a\0b"])
def test_a_broken_form_is_refused(site, body):
    variables, _ = site.variables("POST", {}, False, {"CONTENT_LENGTH": str(len(body))})
    reply = site.process.request(variables, body) if site.process else site.run("setup", variables, body)
    check_reply(("POST", "/setup"), reply)
    assert reply.status == 400 and not site.data.exists()


def test_other_bodies_methods_and_paths_are_refused(site):
    assert site.ask("POST", {"code": CODE}, CONTENT_TYPE="text/plain").status == 415
    assert site.ask("POST", {"code": "x" * 20000}).status == 413
    assert site.ask(REQUEST_METHOD="PUT").status == 405
    elsewhere = cgi_variables("GET", "/daybook/setup/more", "", None, {})
    assert site.run("setup", elsewhere).status == 404


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
