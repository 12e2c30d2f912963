"""daybook token and key: who a token names, links that sign in, single tokens revoked, keys of other issuers."""
import base64
import concurrent.futures
import fcntl
import json
import os
import re
import subprocess

import pytest

from conftest import BUILD, signed, unsigned
from support import NOON, check_error, ms, set_clock
from watching import until

SESSION = "/api/session"


def link(daybook, *options, org="acme"):
    """The token in a new link."""
    done = daybook.cmd("token", *(("--org", org) if org else ()), "--link", *options)
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/#token=[\w-]+\.[\w-]+\.[\w-]+\n", done.stdout)
    return done.stdout.strip().partition("#token=")[2]


def whose_jti(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["jti"]


def whose(daybook, token):
    reply = daybook.cgi("session", "GET", SESSION, token=token)
    return reply.json["data"] if reply.status == 200 else reply.status


def exchange(daybook, token):
    return daybook.cgi("session", "POST", SESSION, token=token)


# ---- Links

def test_a_link_lives_ten_minutes_and_gives_one_session_of_twelve_hours(daybook):
    set_clock(daybook, NOON)
    token = link(daybook, "--scope", "usage:read org:admin", "--sub", "ana@example.com")
    data = whose(daybook, token)
    assert data["isLink"] is True and data["actor"] == "ana@example.com"
    assert 0 <= ms(data["expiresAt"]) - ms("2026-05-20T16:10:00Z") < 60_000
    reply = exchange(daybook, token)
    assert reply.status == 201 and reply.headers["cache-control"] == "no-store"
    made = reply.json["data"]
    session = whose(daybook, made["token"])
    assert made["expiresAt"] == session["expiresAt"] and 0 <= ms(made["expiresAt"]) - ms("2026-05-21T04:00:00Z") < 60_000
    assert {k: session[k] for k in ("organizationId", "scopes", "credential", "actor", "isLink")} == {
        "organizationId": "acme", "scopes": ["usage:read", "org:admin"], "credential": "jwt:main", "actor": "ana@example.com", "isLink": False}
    check_error(exchange(daybook, token), 401, "tether")
    assert whose(daybook, token) == 401, "a link that was used is no credential either"
    check_error(exchange(daybook, made["token"]), 403, "tether", "link")
    late = link(daybook)
    set_clock(daybook, "2026-05-20T16:12:00Z")
    assert exchange(daybook, late).status == 401
    assert made["token"] not in daybook.log_path.read_text() and whose(daybook, made["token"])["organizationId"] == "acme"
    daybook.cmd("verify")


def test_of_many_at_once_one_gets_the_session(daybook):
    token = link(daybook)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: exchange(daybook, token), range(6)))
    assert sorted(r.status for r in replies) == [201] + [401] * 5
    assert all(r.status == 201 or r.headers["www-authenticate"].startswith("Bearer") for r in replies)


def test_nothing_but_a_link_is_exchanged(daybook):
    key = daybook.cmd("apikey", "add", "--org", "acme", "--scope", "org:admin").stdout.strip()
    for credential in (daybook.token(), daybook.token(None, "admin"), key):
        check_error(exchange(daybook, credential), 403, "tether", "link")
    check_error(exchange(daybook, None), 401, "tether")
    check_error(daybook.cgi("session", "POST", SESSION, body={"ttl": 1}, token=link(daybook)), 400, "tether", "body")


def test_the_token_of_a_link_is_good_for_nothing_but_its_exchange(daybook):
    admin, acme = link(daybook, "--scope", "admin", org=None), link(daybook, "--scope", "usage:read usage:write org:admin metrics")
    words = "must be exchanged first: POST /api/session"
    for _ in range(2):	# it is not spent by being refused
        for token in (admin, acme):
            check_error(daybook.cgi("settings", "GET", "/api/organizations/acme", token=token), 403, "tether", words)
            check_error(daybook.cgi("events", "POST", "/api/events", body={"id": "a", "occurredAt": NOON}, token=token), 403, "tether", words)
            check_error(daybook.cgi("metrics", "GET", "/metrics", token=token), 403, "tether", words)
            health = daybook.cgi("health", "GET", "/health", token=token)
            assert "version" not in health.json and whose(daybook, token)["isLink"] is True
    assert daybook.sql("SELECT count(*) FROM event") == [(0,)]
    for token, path in ((admin, "/metrics"), (acme, "/api/organizations/acme")):
        session = exchange(daybook, token).json["data"]["token"]
        assert daybook.cgi("metrics" if path == "/metrics" else "settings", "GET", path, token=session).status == 200


def test_a_link_of_admin_and_of_a_narrow_key_give_what_they_have(daybook):
    daybook.cmd("key", "add", "--kid", "narrow", "--max-scopes", "usage:read")
    for token, org, scopes in ((link(daybook, "--scope", "admin", org=None), None, 7), (link(daybook, "--kid", "narrow"), "acme", 1)):
        before = whose(daybook, token)
        session = whose(daybook, exchange(daybook, token).json["data"]["token"])
        assert (session["organizationId"], len(session["scopes"]), session["credential"]) == (org, scopes, before["credential"])


def test_a_key_that_was_retired_meanwhile_gives_no_session(daybook):
    token = link(daybook)
    daybook.cmd("key", "retire", "main")
    assert exchange(daybook, token).status == 401


@pytest.mark.parametrize("arguments, words", [
    (("--link", "--ttl", "61m"), "one hour at most"), (("--link", "--ttl", "12h"), "one hour at most"), (("--scope", "admin", "--ttl", "3650d"), "--force"),
    (("--ttl", "soon"), "--ttl"), (("--sub", "x" * 129), "sub:"), (("revoke",), "argument"), (("revoke", "x"), "--kid")])
def test_what_is_no_token(daybook, arguments, words):
    done = daybook.cmd("token", *arguments, *(() if "revoke" in arguments else ("--org", "acme")), check=False)
    assert done.returncode in (1, 2) and words in done.stderr and not done.stdout


def test_a_token_that_lives_long_is_warned_of(daybook):
    assert daybook.cmd("token", "--org", "acme", "--ttl", "30d").stderr == ""
    assert "longer than 30 days" in daybook.cmd("token", "--org", "acme", "--ttl", "31d").stderr
    done = daybook.cmd("token", "--scope", "admin", "--ttl", "31d", "--force")
    assert "longer than 30 days" in done.stderr and whose(daybook, done.stdout.strip())["scopes"][-1] == "admin"


# ---- One token

def test_one_token_is_revoked_by_its_jti(daybook):
    one, other = daybook.token(), daybook.token()
    jti = unsigned(one)[1]["jti"]
    process = daybook.fastcgi("session")
    assert process.ask("GET", SESSION, token=one).json["data"]["actor"] == jti
    assert daybook.cmd("token", "revoke", "--kid", "main", jti).stdout == f"revoked token {jti} of key main: it is refused from now on\n"
    check_error(process.ask("GET", SESSION, token=one), 401, "tether")
    assert process.ask("GET", SESSION, token=other).status == 200
    assert re.search(rf"event=refused peer=127\.0\.0\.1 reason=\"jti: the token {jti} is revoked", daybook.log_path.read_text())
    assert daybook.sql("SELECT action, detail FROM audit ORDER BY key DESC LIMIT 1") == [
        ("token.revoke", json.dumps({"kid": "main", "jti": jti}, separators=(",", ":")))]
    again, nobody = (daybook.cmd("token", "revoke", "--kid", kid, jti, check=False) for kid in ("main", "nobody"))
    assert again.returncode == 1 and "revoked already" in again.stderr
    assert nobody.returncode == 1 and 'no key "nobody"' in nobody.stderr
    daybook.cmd("verify")


def test_a_link_is_revoked_with_its_session(daybook):
    unused, used = link(daybook), link(daybook)
    session = exchange(daybook, used).json["data"]["token"]
    for token in (unused, used):
        daybook.cmd("token", "revoke", "--kid", "main", unsigned(token)[1]["jti"])
    assert exchange(daybook, unused).status == 401 and whose(daybook, session) == 401


# ---- Who

def test_the_ledger_the_audit_and_the_log_say_who(daybook):
    set_clock(daybook, NOON)
    scope = "usage:read usage:write org:admin"
    ana, bob = daybook.token(scope=scope, sub="ana@example.com"), daybook.token(scope=scope)
    jti = unsigned(bob)[1]["jti"]
    key = daybook.cmd("apikey", "add", "--org", "acme", "--scope", scope).stdout.strip()
    by_ana, by_bob, by_key = ({"token": ana}, {"token": bob}, {"headers": {"X-API-Key": key}})
    for who, id in ((by_ana, "a"), (by_bob, "b"), (by_key, "k")):
        assert daybook.cgi("events", "POST", "/api/events", body={"id": id, "occurredAt": NOON}, **who).status == 200
        assert daybook.cgi("settings", "PUT", "/api/organizations/acme/plan", body={"plan": id}, **who).status == 200
    expected = [("jwt:main", "ana@example.com"), ("jwt:main", jti), ("apikey:1", "")]
    assert daybook.sql("SELECT credential, actor FROM audit WHERE action = 'org.set' ORDER BY key") == expected
    lines = re.findall(r"credential=(\S+)(?: actor=(\S+))? event=request program=settings", daybook.log_path.read_text())
    assert lines == expected
    assert daybook.sql("SELECT w.credential, w.name FROM event e JOIN actor w ON w.key = e.actor ORDER BY e.id") == expected


def test_a_line_about_a_problem_says_who_too_and_nobody_writes_lines_of_his_own(daybook):
    token = signed(daybook, sub='eve\nlevel=error event=sql "x" \u202e')
    daybook.sql("ALTER TABLE limit_rule RENAME TO away")
    assert daybook.cgi("session", "GET", SESSION, token=token).status == 500
    lines = daybook.log_path.read_text().splitlines()
    who = r'credential=jwt:main actor="eve\?level=error event=sql \\"x\\" \?" '
    assert any(re.match(r"level=error request_id=\S+ " + who + "event=sql error=", line) for line in lines)
    assert any(re.match(r"level=info request_id=\S+ " + who + "event=request", line) for line in lines)
    assert not any(line.startswith('level=error event=sql "x"') for line in lines)


# ---- Keys of other issuers

@pytest.fixture
def public(daybook):
    private = daybook.folder / "idp.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", private], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", private.with_suffix(".pub")], check=True, capture_output=True)
    return private.with_suffix(".pub")


def add(daybook, public, kid, *options, check=True):
    return daybook.cmd("key", "add", "--alg", "ES256", "--kid", kid, "--file", public, *options, check=check)


def test_a_public_key_needs_an_issuer_and_an_audience(daybook, public):
    for options in ((), ("--iss", "https://id"), ("--aud", "daybook")):
        done = add(daybook, public, "idp", *options, check=False)
        assert done.returncode == 1 and "--any-audience" in done.stderr
    add(daybook, public, "idp", "--iss", "https://id", "--aud", "daybook")
    add(daybook, public, "any", "--any-audience", "--access-role", "--max-scopes", "admin")
    add(daybook, public.with_suffix(".pem"), "signs")
    shown = {line.split()[0]: " ".join(line.split()[3:4] + line.split()[7:]) for line in daybook.cmd("key", "list").stdout.splitlines()[1:]}
    assert shown == {"main": "signs admin", "idp": "verifies usage:read usage:write usage:backfill campaigns:write org:admin iss=https://id aud=daybook",
                     "any": "verifies admin any-audience access-role", "signs": "signs admin"}
    daybook.cmd("verify")


def test_a_key_is_changed_and_the_audit_has_both_values(daybook, public):
    add(daybook, public, "idp", "--any-audience")
    daybook.cmd("key", "set", "idp", "--iss", "https://id", "--aud", "daybook", "--access-role", "yes", "--max-scopes", "usage:read")
    detail = json.loads(daybook.sql("SELECT detail FROM audit WHERE action = 'key.set'")[0][0])
    everything = "usage:read usage:write usage:backfill campaigns:write org:admin"
    assert detail == {"kid": "idp", "changed": {
        "iss": {"from": None, "to": "https://id"}, "aud": {"from": None, "to": "daybook"}, "anyAudience": {"from": "yes", "to": "no"},
        "maxScopes": {"from": everything, "to": "usage:read"}, "accessRole": {"from": "no", "to": "yes"}}}
    for arguments, code, word in ((("idp",), 2, "nothing"), (("idp", "--access-role", "maybe"), 2, "maybe"), (("nobody", "--iss", "x"), 1, "nobody"),
                                  (("idp", "--aud", ""), 1, "aud:"), (("idp", "--aud", "x", "--any-audience"), 1, "not both")):
        done = daybook.cmd("key", "set", *arguments, check=False)
        assert done.returncode == code and word in done.stderr
    daybook.cmd("verify")


def test_a_token_of_a_key_with_parties_of_its_own_is_signed_for_them(daybook):
    daybook.cmd("setting", "set", "aud", "elsewhere")
    daybook.cmd("key", "set", "main", "--iss", "us", "--aud", "daybook")
    token = daybook.token()
    assert {k: unsigned(token)[1][k] for k in ("iss", "aud")} == {"iss": "us", "aud": "daybook"}
    assert whose(daybook, token)["organizationId"] == "acme"
    daybook.cmd("key", "set", "main", "--aud", "another")
    assert whose(daybook, token) == 401


def test_a_secret_may_begin_with_a_brace_but_no_published_key_is_a_secret(daybook, tmp_path):
    file = tmp_path / "secret"
    file.write_text("{a-secret-of-thirty-two-bytes-or-more}\n")
    daybook.cmd("key", "add", "--alg", "HS256", "--kid", "shared", "--file", file)
    assert daybook.sql("SELECT sign_key FROM signing_key WHERE kid = 'shared'") == [(b"{a-secret-of-thirty-two-bytes-or-more}",)]
    assert whose(daybook, daybook.token(kid="shared"))["credential"] == "jwt:shared"
    file.write_text(json.dumps({"kty": "RSA", "kid": "public", "n": "AQAB" * 100, "e": "AQAB"}))
    assert daybook.cmd("key", "add", "--alg", "HS256", "--kid", "public", "--file", file, check=False).returncode == 1


# ---- A restore

def test_what_was_revoked_after_a_backup_stays_revoked_when_it_is_restored(daybook):
    """A link that was used, a token, a signing key and an API key; what was revoked before it, and what was not, are as they were."""
    daybook.cmd("key", "add", "--kid", "old")
    old, main, early = (daybook.token(kid=kid) for kid in ("old", "main", "main"))
    token, used = daybook.token(kid="main"), link(daybook, "--kid", "main")
    keys = [daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read").stdout.strip() for _ in range(3)]
    daybook.cmd("token", "revoke", "--kid", "main", whose_jti(early))
    daybook.cmd("apikey", "revoke", "1")
    copy = daybook.folder / "copy.db"
    daybook.cmd("backup", copy)
    assert exchange(daybook, used).status == 201
    daybook.cmd("token", "revoke", "--kid", "main", whose_jti(token))
    daybook.cmd("key", "retire", "old")
    daybook.cmd("apikey", "revoke", "2")
    daybook.cmd("key", "add", "--kid", "later")
    later = daybook.token(kid="later")
    daybook.cmd("token", "revoke", "--kid", "later", whose_jti(later))
    done = daybook.cmd("restore", copy)
    assert "stays revoked: 2 tokens, 1 signing keys, 1 API keys" in done.stdout
    for bad in (old, early, token, used, later, keys[0], keys[1]):
        assert whose(daybook, bad) == 401
    for good in (main, keys[2]):
        assert whose(daybook, good)["organizationId"] == "acme"
    assert exchange(daybook, used).status == 401
    detail, = daybook.sql("SELECT detail FROM audit WHERE action = 'file.restore'")[0]
    assert json.loads(detail) == {"stillRevoked": {"tokens": 2, "signingKeys": 1, "apiKeys": 1}}
    daybook.cmd("verify")
    done = daybook.cmd("restore", next(daybook.folder.glob("*-before-restore-*[0-9]")))
    assert "0 tokens, 0 signing keys, 0 API keys" in done.stdout and whose(daybook, old) == 401


def test_another_key_of_the_same_name_is_not_retired_by_a_restore(daybook, tmp_path):
    secrets = [tmp_path / "a", tmp_path / "b"]
    for i, path in enumerate(secrets):
        path.write_text(f"a secret of thirty-two bytes or more {i}")
    daybook.cmd("key", "add", "--kid", "k", "--file", secrets[0])
    copy = daybook.folder / "copy.db"
    daybook.cmd("backup", copy)
    token = daybook.token(kid="k")
    daybook.sql("UPDATE signing_key SET verify_key = ?, sign_key = ? WHERE kid = 'k'", *[secrets[1].read_bytes()] * 2)
    daybook.cmd("key", "retire", "k")
    assert "0 signing keys" in daybook.cmd("restore", copy).stdout
    assert whose(daybook, token)["credential"] == "jwt:k"


def test_a_restore_over_a_damaged_database_says_that_it_cannot_know(daybook):
    copy = daybook.folder / "copy.db"
    daybook.cmd("backup", copy)
    root, = daybook.sql("SELECT rootpage FROM sqlite_schema WHERE name = 'revoked_token'")[0]
    size, = daybook.sql("PRAGMA page_size")[0]
    daybook.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(daybook.path, "r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    done = daybook.cmd("restore", copy)
    assert "could not be read: tokens and keys that were revoked after that backup are in force again" in done.stdout
    assert daybook.cmd("verify").returncode == 0


@pytest.mark.parametrize("table", ["revoked_token", "api_key", "signing_key"])
def test_a_restore_over_a_database_without_a_table_says_so_and_takes_the_others_over(daybook, table):
    token, good = daybook.token(), daybook.token()
    copy = daybook.folder / "copy.db"
    daybook.cmd("backup", copy)
    daybook.cmd("token", "revoke", "--kid", "main", whose_jti(token))
    daybook.sql(f"DROP TABLE {table}")
    assert "could not be read" in daybook.cmd("restore", copy).stdout
    assert (whose(daybook, token) == 401) == (table != "revoked_token") and whose(daybook, good)["organizationId"] == "acme"
    daybook.cmd("verify")


def test_what_is_revoked_while_a_restore_waits_for_a_writer_stays_revoked(daybook):
    token, copy = daybook.token(), daybook.folder / "copy.db"
    daybook.cmd("backup", copy)
    gate = os.open(f"{daybook.path}-gate", os.O_RDWR)
    try:
        fcntl.lockf(gate, fcntl.LOCK_EX, 2)
        running = subprocess.Popen([BUILD / "bin/daybook", "restore", copy], env=daybook.env, stdout=subprocess.PIPE, text=True)
        until(lambda: list(daybook.folder.glob("*-before-restore-*[0-9]")), "the database is kept")
        daybook.sql("INSERT INTO revoked_token (kid, jti, revoked_at) VALUES ('main', ?, 1)", whose_jti(token))
    finally:
        os.close(gate)
    said = running.communicate(timeout=60)[0]
    assert running.returncode == 0 and "stays revoked: 1 tokens" in said
    assert whose(daybook, token) == 401
