"""/api/organizations/{id}/api-keys"""
import fcntl
import json
import re

import pytest

from support import NOON, check_error, ms, set_clock

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
        "id": 1, "name": "Sender é", "scopes": ["usage:read", "usage:write"], "revokedAt": None, "expiresAt": None,
        "lastUsedAt": None}
    made["lastUsedAt"] = keys.list()[0]["lastUsedAt"]	# it was tried above
    assert made["lastUsedAt"].endswith("T00:00:00.000Z")
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
    keys.daybook.cmd("org", "add", "other", "--timezone", "UTC")
    keys.daybook.cmd("apikey", "add", "--org", "other", "--scope", "usage:write")
    keys.add("usage:read", name="a")
    keys.ask("DELETE", "/1")
    keys.daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:write", "--name", "b")
    keys.daybook.cmd("apikey", "revoke", "2")
    rows = keys.daybook.sql("SELECT action, credential, org, detail FROM audit WHERE action LIKE 'apikey.%' AND org = 1 ORDER BY key")
    a, b = {"key": 1, "name": "a", "scopes": "usage:read"}, {"key": 2, "name": "b", "scopes": "usage:write"}
    assert [(*r[:3], json.loads(r[3])) for r in rows] == [
        ("apikey.add", "jwt:main", 1, a), ("apikey.revoke", "jwt:main", 1, a),
        ("apikey.add", "cli", 1, b), ("apikey.revoke", "cli", 1, b)]


def test_a_name_that_an_older_version_took_stays_on_its_line_of_a_terminal(keys):
    name = "a\n   2  dbk_xxxx   b  \x1b[2J\u009b2J"
    keys.add("usage:read", name="a")
    keys.daybook.sql("UPDATE api_key SET name = ?", name)
    keys.daybook.sql("UPDATE organization SET name = ?, plan = ?, revision = revision + 1", name, "\x1b[2J\u009b2J")
    for command, lines in ((("apikey", "list"), 2), (("org", "list"), 2), (("org", "show", "acme"), 12), (("usage",), None),
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
    ({"scopes": ["usage:read"], "secret": "x"}, "secret:"),
    ({"scopes": ["usage:read"], "expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt:"),
    ({"scopes": ["usage:read"], "expiresAt": "2099-01-01T00:00:00Z"}, "expiresAt:"), ({"scopes": ["usage:read"], "expiresAt": "soon"}, "expiresAt:"),
    ({"scopes": ["usage:read"], "expiresAt": 1}, "expiresAt:"), ({"scopes": ["usage:read"], "expiresAt": ""}, "expiresAt:"), (b"", "body:"), (b"[]", "body:"), (b'{"scopes":["usage:read"]', "body:"),
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


# ---- Numbers, the end, the last use

def test_numbers_count_the_keys_of_one_organization(keys):
    daybook = keys.daybook
    daybook.cmd("org", "add", "other", "--timezone", "UTC")
    theirs = Keys(daybook, "other")
    made = [(k.add("usage:read", name=name)["id"], name) for name, k in (("a", keys), ("b", theirs), ("c", keys), ("d", theirs))]
    assert made == [(1, "a"), (1, "b"), (2, "c"), (2, "d")]
    assert theirs.ask("DELETE", "/1").json["data"]["name"] == "b"
    assert [k["revokedAt"] is None for k in keys.list()] == [True, True]
    refused = daybook.cmd("apikey", "revoke", "2", check=False)
    assert refused.returncode == 1 and "several organizations have an API key 2. Name one with --org." in refused.stderr
    assert daybook.cmd("apikey", "revoke", "2", "--org", "other").stdout == "revoked API key 2 of other\n"
    assert [k["revokedAt"] is None for k in keys.list()] == [True, True] and all(k["revokedAt"] for k in theirs.list())
    refused = daybook.cmd("apikey", "revoke", "7", check=False)
    assert refused.returncode == 1 and "no API key 7" in refused.stderr


def test_a_key_of_an_upgraded_file_keeps_its_number(keys):
    made = keys.add("org:admin")
    keys.daybook.sql("UPDATE api_key SET number = 17")
    use = {"headers": {"X-API-Key": made["secret"]}, "token": None}
    assert keys.ask("POST", body={"scopes": ["org:admin"]}, **use).json["data"]["id"] == 18
    assert keys.daybook.sql("SELECT credential FROM audit ORDER BY key DESC LIMIT 1") == [("apikey:17",)]
    assert keys.ask("DELETE", "/17").status == 200 and keys.works(made["secret"]) == 401


def test_a_key_ends_when_it_says(daybook):
    set_clock(daybook, NOON)
    keys = Keys(daybook)
    made = keys.add("usage:read", expiresAt="2026-05-20T18:00:00+01:00")
    assert made["expiresAt"] == "2026-05-20T17:00:00.000Z"
    whose = daybook.cgi("session", "GET", "/api/session", headers={"X-API-Key": made["secret"]}).json["data"]
    assert whose["expiresAt"] == "2026-05-20T17:00:00.000Z"
    set_clock(daybook, "2026-05-20T17:00:00Z")
    assert keys.works(made["secret"]) == 401
    keys.token = daybook.token(scope="org:admin")
    assert keys.list()[0]["revokedAt"] is None and "expired" in daybook.cmd("apikey", "list").stdout


def test_the_command_sets_an_end(daybook):
    set_clock(daybook, NOON)
    for expires in ("90d", "2026-08-18"):
        daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read", "--expires", expires)
    assert daybook.sql("SELECT expires_at / 60000 * 60000 FROM api_key") == [(ms("2026-08-18T16:00:00Z"),), (ms("2026-08-18T00:00:00Z"),)]
    for expires, code, word in (("soon", 2, "--expires"), ("2020-01-01", 1, "has passed"), ("5000d", 1, "ten years")):
        done = daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read", "--expires", expires, check=False)
        assert done.returncode == code and word in done.stderr


@pytest.mark.parametrize("how", ["cgi", "fastcgi"])
def test_the_day_of_the_last_use_is_recorded_once_a_day_after_the_reply(daybook, how):
    set_clock(daybook, NOON)
    keys = Keys(daybook)
    use = {"headers": {"X-API-Key": keys.add("usage:read")["secret"]}}
    process = daybook.fastcgi("session") if how == "fastcgi" else None

    def read():
        """A reading by the key; what follows its reply is over when the process takes the next request."""
        reply = process.ask("GET", "/api/session", **use) if process else daybook.cgi("session", "GET", "/api/session", **use)
        assert reply.status == 200
        if process:
            process.ask("OPTIONS", "/api/session")
        return keys.list()[0]["lastUsedAt"]

    assert read() == "2026-05-20T00:00:00.000Z"
    assert "2026-05-20 2026-05-20 in force" in re.sub(" +", " ", daybook.cmd("apikey", "list").stdout.replace("never", "2026-05-20", 1))
    before = daybook.sql("PRAGMA data_version"), daybook.path.with_name(daybook.path.name + "-wal").stat().st_mtime_ns
    assert read() == "2026-05-20T00:00:00.000Z"
    assert (daybook.sql("PRAGMA data_version"), daybook.path.with_name(daybook.path.name + "-wal").stat().st_mtime_ns) == before
    set_clock(daybook, "2026-05-22T23:59:00Z")
    keys.token = daybook.token(scope="org:admin")
    assert read() == "2026-05-22T00:00:00.000Z"
    daybook.cmd("verify")


def test_a_use_that_cannot_be_recorded_fails_no_reading(daybook):
    """Another process holds the writers' lock, as a long write would."""
    key = daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read").stdout.strip()
    process = daybook.fastcgi("session")
    with open(str(daybook.path) + "-gate", "r+b") as gate:
        fcntl.lockf(gate, fcntl.LOCK_EX, 2)
        for _ in range(20):
            assert process.ask("GET", "/api/session", headers={"X-API-Key": key}).status == 200
        assert daybook.sql("SELECT used_at FROM api_key") == [(None,)]
    assert daybook.cgi("session", "GET", "/api/session", headers={"X-API-Key": key}).status == 200
    assert daybook.sql("SELECT used_at IS NULL FROM api_key") == [(0,)]
