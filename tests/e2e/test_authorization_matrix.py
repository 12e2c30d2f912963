"""Three organizations, every request of every program, every set of scopes: nobody reads or writes what is another's.

The requests come from the route tables of the programs, so that a new one is asked too.  A good request is made to each of
the three organizations by callers of each of them; of the others no byte may come back, and no row may change.
"""
import base64
import hashlib
import hmac
import json
import re
import sqlite3
import time

import pytest

from conftest import Daybook
from openapi_cases import GOOD, instant
from openapi_document import ALIASES
from openapi_world import ROUTES

ORGS = ("alpha", "bravo", "charlie")
EVERY = ("usage:read", "usage:write", "usage:backfill", "campaigns:write", "org:admin")
SECRET = "a secret of {} that is longer than thirty-two bytes"
STRANGER = "203.0.113.9"	# an address that may not read /metrics

# How a caller gets in: the scopes of a token, more than its key may grant, or an API key.
CALLERS = [("token", ""), *(("token", scope) for scope in EVERY), ("token", " ".join(EVERY)), ("token of a key", "admin"),
           ("API key", " ".join(EVERY))]


def marks(org):
    """What only a reply to this organization may contain: its texts, and figures that nobody else has."""
    number = 1 + ORGS.index(org)
    return [f"Name of {org}", f"Plan of {org}", f"Campaign of {org}", f"Key of {org}", f"event-of-{org}", f"Reason of {org}",
            f"+1416555{number}{number}{number}{number}", f"{number}7177{number}", f"source-of-{org}"]


class Matrix:
    def __init__(self, folder):
        d = self.daybook = Daybook(folder)
        d.cmd("init")
        d.cmd("key", "add", "--kid", "main")
        d.cmd("price", "set", "SMS", "0.0079", "--from", "2012-01-01")
        self.processes, self.full, self.api_keys, self.round = {}, {}, {}, 0
        for org in ORGS:
            self.add(org)

    def add(self, org):
        d, number = self.daybook, 1 + ORGS.index(org)
        d.cmd("org", "add", org, "--timezone", "Etc/UTC", "--name", f"Name of {org}", "--plan", f"Plan of {org}",
              "--daily-limit", f"{number}7177{number}")
        d.cmd("key", "add", "--kid", org, "--org", org, "--file", "-", input=SECRET.format(org) + "\n")
        self.full[org] = d.token(org, " ".join(EVERY))
        self.api_keys[org] = d.cmd("apikey", "add", "--org", org, "--scope", " ".join(EVERY), "--name", f"Key of {org}").stdout.strip()
        source = {"source": f"source-of-{org}"}
        reply = self.ask("events", "POST", "/api/events", token=self.full[org], body=[
            {"id": f"event-of-{org}", "occurredAt": instant(-60000), "messages": 3, **source},
            {"id": "failed", "occurredAt": instant(-60000), "status": "failed", "to": f"+1416555{str(number) * 4}",
             "reason": f"Reason of {org}", **source}])
        assert reply.json["accepted"] == 2, reply

    def ask(self, program, method, path, **options):
        if program not in self.processes:
            self.processes[program] = self.daybook.fastcgi(program)
        return self.processes[program].ask(method, path, REMOTE_ADDR=STRANGER, **options)

    def refresh(self):
        """A campaign and an API key of each organization that no request has touched yet: org -> (campaign, key)."""
        self.round += 1
        found = {}
        for org in ORGS:
            campaign = f"c{self.round}-{ORGS.index(org)}"
            body = {"id": campaign, "name": f"Campaign of {org}", "contactCount": 1, "scheduledISO": instant(40 * 86400000)}
            assert self.ask("campaigns", "POST", "/api/campaigns", token=self.full[org], body=body).status == 201
            reply = self.ask("api-keys", "POST", f"/api/organizations/{org}/api-keys", token=self.full[org],
                             body={"name": f"Key of {org}", "scopes": ["usage:read"]})
            found[org] = campaign, str(reply.json["data"]["id"])
        return found

    def credential(self, org, kind, scope):
        if kind == "API key":
            return {"headers": {"X-API-Key": self.api_keys[org]}}
        if kind == "token":
            return {"token": self.daybook.token(org, scope)}

        def part(raw):
            return base64.urlsafe_b64encode(raw).rstrip(b"=")
        text = part(json.dumps({"alg": "HS256", "kid": org}).encode()) + b"." + part(json.dumps(
            {"exp": int(time.time()) + 3600, "organizationId": org, "scope": scope, "jti": "by hand"}).encode())
        mac = hmac.new(SECRET.format(org).encode(), text, hashlib.sha256).digest()
        return {"token": (text + b"." + part(mac)).decode()}

    def rows(self, org):
        """Every row that is of this organization or, if org is None, of no organization at all."""
        found, connection = {}, sqlite3.connect(self.daybook.path)

        def sql(statement, *values):
            return connection.execute(statement, values).fetchall()

        key = None if org is None else sql("SELECT key FROM organization WHERE id = ?", org)[0][0]
        for (table,) in sql("SELECT name FROM sqlite_master WHERE type = 'table'"):
            names = [r[1] for r in sql(f"PRAGMA table_info({table})")]
            if "org" in names:
                found[table] = sql(f"SELECT * FROM {table} WHERE org IS ?", key)
            elif table == "organization":
                found[table] = sql("SELECT * FROM organization WHERE key = ?", key)
            elif table in ("limit_amount", "limit_span", "limit_usage"):
                found[table] = sql(f"SELECT t.* FROM {table} t JOIN limit_rule r ON r.key = t.rule WHERE r.org = ?", key)
            # who wrote, which file of a zone was read, and a number that counts changes of API keys and jobs of all organizations
            elif org is None and table not in ("actor", "zone_file", "installation"):
                found[table] = sql(f"SELECT * FROM {table}")
        connection.close()
        return found


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    m = Matrix(tmp_path_factory.mktemp("matrix"))
    yield m
    m.daybook.close()


def requests(targets):
    """Every request to every organization that a path or a body can mean: (program, method, path, options, target)."""
    for (method, route), facts in ROUTES.items():
        good = GOOD.get((method, route)) or GOOD.get((method, next((p for p, alias in ALIASES.items() if alias == route), "")), {})
        names = "{" in route or route == "/api/events"
        for target in ORGS if names else (None,):
            campaign, key = targets[target or ORGS[0]]
            path = route.replace("{organizationId}", target or "").replace("{campaignId}", campaign).replace("{keyId}", key)
            path = re.sub(r"{\w+}", "1", path)	# what else is numbered in each organization
            options = {k: v for k, v in good.items() if k in ("query", "body")}
            if (method, route) == ("GET", "/api/events"):
                options["query"] = {**options["query"], "campaignId": campaign}
            if (method, route) == ("POST", "/api/events"):
                options["body"] = {"id": f"to {campaign}", "occurredAt": instant(), "campaignId": campaign, "segmentNumber": 1}
            yield facts["program"], method, path, options, target if "{" in route else None


@pytest.mark.parametrize("kind, scope", CALLERS, ids=lambda value: value or "nothing")
def test_nothing_of_another_organization_is_read_or_written(matrix, kind, scope):
    asked, own_seen, own_done = 0, set(), 0
    for org in ORGS:
        targets, credential = matrix.refresh(), matrix.credential(org, kind, scope)
        foreign = [mark.encode() for other in ORGS if other != org for mark in marks(other)]
        others = {other: matrix.rows(other) for other in (*ORGS, None) if other != org}
        before = matrix.rows(org)
        for program, method, path, options, target in requests(targets):
            reply = matrix.ask(program, method, path, **options, **credential)
            what = (org, kind, scope, method, path, reply)
            wire = reply.body + repr(reply.headers).encode()
            assert [mark for mark in foreign if mark in wire] == [], what
            if target not in (None, org):
                assert reply.status in ((403,) if "/organizations/" in path else (403, 404)), what
            own_seen |= {mark for mark in marks(org) if mark.encode() in wire}
            own_done += reply.status < 300
            asked += 1
        for other, were in others.items():
            now = matrix.rows(other)
            assert [table for table in were if now[table] != were[table]] == [], (org, kind, scope, other)
        # The same eyes see what is one's own, and the same requests do something.
        assert (matrix.rows(org) != before) == bool(set(scope.split()) - {"usage:read", "usage:backfill"}), (org, kind, scope)
    assert asked > 3 * len(ROUTES) and own_done > 0
    if "org:admin" in scope or scope == "admin":
        assert len(own_seen) > 3, own_seen


def test_every_request_is_among_them(matrix):
    """A write that the table of good requests lacks would be refused for its form, and prove nothing."""
    known = {(method, ALIASES.get(path, path)) for method, path in GOOD}
    assert [route for route in ROUTES if route not in known and route[0] != "GET"] == [("POST", "/setup")]
    matrix.daybook.cmd("verify")
