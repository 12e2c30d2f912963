"""Daybook as it lies on shared hosting, before /setup was called, and a strict reader of its pages."""
import html.parser
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import urllib.parse

import pytest

from conftest import BUILD, FastCgi, Reply, cgi_variables
from openapi_document import check_reply

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
        self.database, self.code_file = self.data / "daybook.db", self.data / "setup-code.txt"
        self.log = pathlib.Path(folder) / "log"
        (self.home / "cgi-bin").mkdir(parents=True)
        (self.home / ".htaccess").touch()
        self.data.mkdir(mode=0o700)
        for program in ("setup", "health", "events", "usage-calendar", "settings"):
            shutil.copy(BUILD / f"cgi-bin/{program}.fcgi", self.home / "cgi-bin")
        if (BUILD / "libexec/daybook").exists():  # what the programs start where they are linked statically
            (self.home / "libexec").mkdir()
            shutil.copy(BUILD / "libexec/daybook", self.home / "libexec")
        self.env = {k: v for k, v in os.environ.items() if k != "DAYBOOK_DB"}
        self.process, self.user = None, {}
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
                                  stdout=subprocess.PIPE, stderr=log, timeout=60, **self.user)
        assert done.returncode == 0
        return Reply.of_cgi(done.stdout)

    def forget_attempts(self):
        """As if the second after a wrong code were over."""
        (self.data / "setup-attempts").unlink()

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
