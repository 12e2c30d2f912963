"""Sets up sites with /setup: every refusal on the way, the form, JSON, and the upgrade of an older database."""
import json
import pathlib
import shutil
import sys
import urllib.parse

from database import add_database

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from old_files import to_version  # noqa: E402

CODE = "kYb7-t2Qx-94fm-Lw0z"
WISH = {"code": CODE, "organizationId": "acme", "timezone": "America/Toronto"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BAD = (("organizationId", "a b"), ("organizationId", ""), ("organizationId", "x" * 65), ("name", "n" * 201), ("timezone", ""),
       ("timezone", "Mars/Olympus"),
       ("timezone", "../../etc/passwd"), ("dailyLimit", "many"), ("dailyLimit", "1000000000001"), ("plan", "p" * 65),
       ("priceSms", "dear"),
       ("priceSms", "0.00790000001"), ("priceCall", "1001"), ("name", "<b>&\"'"))


class Site:
    """Daybook as uploaded to shared hosting: SITE/public_html/daybook with daybook.conf and cgi-bin/."""

    def __init__(self, world, name):
        self.world, self.root = world, world.folder / name / "public_html"
        self.home, self.data = self.root / "daybook", world.folder / name / "data"
        self.code, self.conf = self.data / "setup-code.txt", self.home / "daybook.conf"
        self.home.mkdir(parents=True)
        self.data.mkdir(mode=0o700)
        for part in ("cgi-bin", "bin", "libexec"):
            if (world.build / part).exists():
                shutil.copytree(world.build / part, self.home / part)
        self.conf.write_text(f"DAYBOOK_DB={self.data / 'daybook.db'}\n")
        self.code.write_text(CODE + "\n")
        world.database = self.data / "daybook.db"

    def ask(self, name, method="GET", fields=None, as_json=False, headers=None, body=None, **more):
        world, build = self.world, self.world.build
        world.tick()
        if fields is not None:
            body = json.dumps(fields).encode() if as_json else urllib.parse.urlencode(fields).encode()
        world.build = self.home
        try:
            return world.ask(name, method, "/setup", body=body, token=None,
                             headers=headers if headers is not None else {} if as_json else FORM,
                             DAYBOOK_DB=None, DOCUMENT_ROOT=str(self.root), **more)
        finally:
            world.build = build

    def both(self, what, **fields):
        """Sends the same as form and as JSON."""
        for as_json in (False, True):
            self.ask(f"{what}, as {'JSON' if as_json else 'form'}", "POST", {**WISH, **fields}, as_json)


def add_states(site):
    """The states in which the page cannot do anything yet."""
    def look(name):
        site.ask(name)
        site.both(name)

    site.code.unlink()
    look("no code file")
    for code in ("short\n", "x" * 5000, "x" * 20 + "\n" + "y" * 20, ""):
        site.code.write_text(code)
        site.ask(f"a code file of {len(code)} characters")
    site.code.write_text(CODE + "\n")
    text = site.conf.read_text()
    site.conf.unlink()
    look("no daybook.conf")
    for path in (f"{site.root}/daybook.db", f"{site.data}/no/such/folder/x.db", "relative/daybook.db"):
        site.conf.write_text(f"DAYBOOK_DB={path}\n")
        look("the database elsewhere")
    site.conf.write_text(text)
    (site.data / "daybook.db").write_bytes(b"something else" * 1000)
    look("another file in its place")
    (site.data / "daybook.db").unlink()


def add_refusals(site):
    site.ask("the form")
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE"):
        site.ask("another method", method)
    site.ask("over TLS", HTTPS="on")
    for name, headers in (("no form", {"Content-Type": "text/plain"}), ("JSON of another kind",
                                                                        {"Content-Type": "application/json"})):
        site.ask(name, "POST", body=b"[]", headers=headers)
    for body in (b"", b"code=a&code=b", b"code=%zz", b"code=%ff", b"code=a\0b", b"code=" + b"x" * 20000):
        site.ask("a broken form", "POST", body=body)
    site.ask("an unknown field", "POST", {**WISH, "colour": "blue"}, True)
    site.ask("a wrong code", "POST", {**WISH, "code": "another-code-of-16", "name": "kept"})
    site.ask("a wrong code in JSON", "POST", {**WISH, "code": ""}, True)
    for field, value in BAD:
        if (field, value) != BAD[-1]:
            site.both(f"{field} {value[:20]!r}", **{field: value})
    site.both("all is wrong", organizationId="a b", timezone="Mars/Olympus", priceSms="dear", name=BAD[-1][1])
    for value in (-1, 1.5, "500", True):
        site.ask("a limit of another kind", "POST", {**WISH, "dailyLimit": value}, True)


def add_setup(world):
    first = Site(world, "first site")
    add_states(first)
    add_refusals(first)
    everything = {**WISH, "name": "Acme & Sons", "dailyLimit": "500", "plan": "growth", "priceSms": "0.0079",
                  "priceCall": "0.013"}
    first.ask("done", "POST", everything, HTTP_HOST="example.org:8443", REQUEST_URI="/~me/daybook/setup?x=1")
    world.learn_keys()
    world.files("the files after setup", world.folder / "first site/data")
    first.ask("done already")
    first.both("done already")
    add_database(world, "a setup")

    second = Site(world, "second site")
    second.ask("done in JSON", "POST", {**WISH, "dailyLimit": 500}, True)
    world.learn_keys()
    second.both("done in JSON already")
    add_database(world, "a setup in JSON")

    third = Site(world, "third site")
    make_old(world)
    third.ask("an older database")
    third.both("an older database: a wrong code", code="another-code-of-16")
    third.ask("upgraded", "POST", {"code": CODE}, True)
    world.files("the files after an upgrade", world.folder / "third site/data")
    third.ask("upgraded already")
    add_database(world, "an upgraded database")


def make_old(world):
    """Makes a database of schema version 1: what this build makes, with the tables and columns of that version."""
    target = world.database
    world.use("seed.db")
    world.cmd("init")
    world.cmd("org", "add", "old", "--timezone", "Etc/UTC", "--daily-limit", "10")
    world.cmd("price", "set", "SMS", "0.0079", "--from", "2026-01-01")
    world.cmd("import", "-", stdin='{"id":"a","occurredAt":"2026-03-17T12:00:00Z","parts":2}\n')
    to_version(world.database, 1)
    world.database.rename(target)
    world.database = target
