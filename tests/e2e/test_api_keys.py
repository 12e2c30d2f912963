"""/api/organizations/{id}/api-keys"""
import json
import re

import pytest

from support import check_error

EVERY = ["usage:read", "usage:write", "usage:backfill", "campaigns:write", "org:admin"]


class Keys:
    def __init__(self, daybook, org="acme", scope=" ".join(EVERY)):
        self.daybook, self.process, self.org = daybook, daybook.fastcgi("api-keys"), org
        self.token = daybook.token(org, scope)

    def ask(self, method, tail="", body=None, org=None, **options):
        options.setdefault("token", self.token)
        return self.process.ask(method, f"/api/organizations/{org or self.org}/api-keys{tail}", body=body, **options)

    def list(self):
        reply = self.ask("GET")
        assert reply.status == 200, reply
        return reply.json["data"]["apiKeys"]

    def add(self, *scopes, **fields):
        reply = self.ask("POST", body={"scopes": scopes, **fields})
        assert reply.status == 201, reply
        return reply.json["data"]

    def works(self, secret):
        return self.daybook.cgi("session", "GET", "/api/session", headers={"X-API-Key": secret}).status


@pytest.fixture
def keys(daybook):
    return Keys(daybook)


def test_a_key_is_made_shown_once_works_and_is_listed_without_its_secret(keys):
    reply = keys.ask("POST", body={"name": "Sender é", "scopes": ["usage:write", "usage:read"]})
    assert reply.status == 201 and reply.headers["cache-control"] == "no-store" and "etag" not in reply.headers
    made = reply.json["data"]
    secret = made.pop("secret")
    assert re.fullmatch(r"dbk_[A-Za-z0-9_-]{43}", secret) and keys.works(secret) == 200
    assert {k: v for k, v in made.items() if k != "createdAt"} == {
        "id": 1, "name": "Sender é", "scopes": ["usage:read", "usage:write"], "revokedAt": None}
    assert keys.list() == [made]
    listed = keys.ask("GET")
    assert secret[4:] not in listed.body.decode() and secret[:8] not in listed.body.decode()
    assert listed.headers["cache-control"] == "no-store" and "sha256" not in listed.body.decode()
    assert secret not in str(keys.daybook.sql("SELECT * FROM audit")) + keys.daybook.log_path.read_text()


def test_a_key_is_revoked_once_and_again_says_the_same(keys):
    made = keys.add("usage:read")
    first = keys.ask("DELETE", "/1")
    assert first.status == 200 and first.json["data"]["revokedAt"] is not None and "secret" not in first.json["data"]
    assert keys.works(made["secret"]) == 401
    assert keys.ask("DELETE", "/1").json == first.json
    assert keys.list() == [first.json["data"]]
    assert len(keys.daybook.sql("SELECT 1 FROM audit WHERE action = 'apikey.revoke'")) == 1


def test_each_step_is_in_the_organizations_audit(keys):
    keys.add("usage:read", name="a")
    keys.ask("DELETE", "/1")
    keys.daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:write", "--name", "b")
    keys.daybook.cmd("apikey", "revoke", "2")
    rows = keys.daybook.sql("SELECT action, credential, org, detail FROM audit WHERE action LIKE 'apikey.%' ORDER BY key")
    a, b = {"key": 1, "name": "a", "scopes": "usage:read"}, {"key": 2, "name": "b", "scopes": "usage:write"}
    assert [(*r[:3], json.loads(r[3])) for r in rows] == [
        ("apikey.add", "jwt:main", 1, a), ("apikey.revoke", "jwt:main", 1, a),
        ("apikey.add", "cli", 1, b), ("apikey.revoke", "cli", 1, b)]


def test_what_somebody_names_over_the_api_stays_on_its_line_of_a_terminal(keys):
    name = "a\n   2  dbk_xxxx   b  \x1b[2J\u009b2J"
    keys.add("usage:read", name=name)
    put = keys.daybook.fastcgi("settings").ask
    for tail, body in (("profile", {"name": name}), ("plan", {"plan": "\x1b[2J\u009b2J"})):
        assert put("PUT", f"/api/organizations/acme/{tail}", body=body, token=keys.token).status == 200
    for command, lines in ((("apikey", "list"), 2), (("org", "list"), 2), (("org", "show", "acme"), 11), (("usage",), None),
                           (("usage", "--from", "2026-05-01", "--to", "2026-05-01"), None)):
        text = keys.daybook.cmd(*command).stdout
        assert not any(c < " " and c != "\n" or "\x7f" <= c < "\xa0" for c in text), command
        assert lines in (None, text.count("\n")) and "\n   2  dbk" not in text, text


@pytest.mark.parametrize("has", [["org:admin"], ["org:admin", "usage:read"], ["org:admin", "campaigns:write"], EVERY])
def test_nobody_makes_a_key_with_more_than_he_has(daybook, has):
    keys = Keys(daybook, scope=" ".join(has))
    for scope in EVERY:
        reply = keys.ask("POST", body={"scopes": [scope]})
        if scope in has:
            assert reply.status == 201
        else:
            check_error(reply, 403, "tether", scope)
    if has != EVERY:
        check_error(keys.ask("POST", body={"scopes": EVERY}), 403, "tether")
    assert len(keys.list()) == len(has)
    assert {s for k in keys.list() for s in k["scopes"]} == set(has)


def test_a_key_makes_no_key_with_more_than_it_has_itself(keys):
    narrow = keys.add("org:admin", "usage:read")["secret"]
    use = {"headers": {"X-API-Key": narrow}, "token": None}
    check_error(keys.ask("POST", body={"scopes": ["usage:write"]}, **use), 403, "tether", "usage:write")
    assert keys.ask("POST", body={"scopes": ["org:admin", "usage:read"]}, **use).status == 201
    assert keys.daybook.sql("SELECT credential FROM audit WHERE action = 'apikey.add'") == [("jwt:main",), ("apikey:1",)]


@pytest.mark.parametrize("body, error", [
    ({}, "scopes:"), ({"scopes": []}, "scopes:"), ({"scopes": None}, "scopes:"), ({"scopes": "usage:read"}, "scopes:"),
    ({"scopes": {"usage:read": 1}}, "scopes:"), ({"scopes": ["admin"]}, "scopes:"), ({"scopes": [1]}, "scopes[0]:"),
    ({"scopes": ["usage:read", "fax"]}, "scopes[1]:"), ({"scopes": ["usage:read usage:write"]}, "scopes[0]:"),
    ({"scopes": [""]}, "scopes[0]:"), ({"scopes": ["USAGE:READ"]}, "scopes[0]:"), ({"scopes": [["usage:read"]]}, "scopes[0]:"),
    ({"scopes": ["usage:read"], "name": 7}, "name:"), ({"scopes": ["usage:read"], "name": "n" * 201}, "name:"),
    ({"scopes": ["usage:read"], "secret": "x"}, "secret:"), (b"", "body:"), (b"[]", "body:"), (b'{"scopes":["usage:read"]', "body:"),
    ({"scopes": ["usage:read" * 100]}, "scopes[0]:")], ids=str)
def test_a_bad_body_is_a_400_that_names_what_and_makes_nothing(keys, body, error):
    reply = keys.ask("POST", body=body)
    check_error(reply, 400, "tether")
    assert reply.json["error"].startswith(error) and reply.headers["cache-control"] == "no-store"
    assert keys.list() == []


def test_a_scope_may_be_written_with_escapes_and_twice(keys):
    reply = keys.ask("POST", body=b'{"scopes":["usage\\u003aread","usage:read"]}')
    assert reply.status == 201 and reply.json["data"]["scopes"] == ["usage:read"] and reply.json["data"]["name"] == ""


@pytest.mark.parametrize("key", ["2", "0", "x", "1x", "-1", "+1", "1e0", "99999999999999999999"])
def test_a_key_that_is_not_there_is_404(keys, key):
    keys.add("usage:read")
    check_error(keys.ask("DELETE", "/" + key), 404, "tether", "keyId")
    assert keys.list()[0]["revokedAt"] is None


def test_other_organizations_are_apart(keys):
    daybook = keys.daybook
    daybook.cmd("org", "add", "other", "--timezone", "UTC")
    theirs = Keys(daybook, "other")
    ours = keys.add("usage:read", name="ours")
    for method, tail, body in (("GET", "", None), ("POST", "", {"scopes": ["usage:read"]}), ("DELETE", "/1", None)):
        reply = theirs.ask(method, tail, body, org="acme")
        check_error(reply, 403, "tether")
        assert "ours" not in reply.body.decode()
    check_error(theirs.ask("DELETE", "/1"), 404, "tether")
    assert theirs.list() == [] and keys.works(ours["secret"]) == 200
    admin = daybook.token(None, "admin")
    assert [k["name"] for k in keys.ask("GET", token=admin).json["data"]["apiKeys"]] == ["ours"]
    assert theirs.ask("POST", body={"scopes": EVERY}, token=admin).status == 201 and len(theirs.list()) == 1
    check_error(keys.ask("GET", org="ghost", token=admin), 404, "tether")


@pytest.mark.parametrize("scope", ["usage:read", "usage:write", "usage:backfill", "campaigns:write", ""])
def test_another_scope_will_not_do(keys, scope):
    token = keys.daybook.token("acme", scope)
    for method, tail, body in (("GET", "", None), ("POST", "", {"scopes": [scope]}), ("DELETE", "/1", None)):
        check_error(keys.ask(method, tail, body, token=token), 403, "tether", "org:admin")
        check_error(keys.ask(method, tail, body, token="x"), 401, "tether")
    assert keys.list() == []


def test_a_key_that_took_its_own_life_is_refused_by_the_same_process(keys):
    own = keys.add("org:admin")["secret"]
    use = {"headers": {"Authorization": "Bearer " + own}, "token": None}
    assert keys.ask("GET", **use).status == 200
    assert keys.ask("DELETE", "/1", **use).status == 200
    assert keys.ask("GET", **use).status == 401
