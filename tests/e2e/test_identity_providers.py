"""Tokens of the shape that Auth0, Keycloak and Microsoft Entra give, and their keys: set up as docs/operating.md says."""
import hashlib
import hmac
import json
import time
import uuid

import pytest

from issuer import ALGORITHMS, Key, part, times

SESSION = "/api/session"


def whose(daybook, token):
    reply = daybook.cgi("session", "GET", SESSION, token=token)
    return reply.json["data"] if reply.status == 200 else reply.status


def add(daybook, tmp_path, keys, *options):
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(keys))
    return daybook.cmd("key", "add", "--file", path, *options)


# ---- Auth0: RS256, at+jwt or JWT, org_id, scope and permissions, two audiences; its set has certificates

def test_auth0(daybook, tmp_path):
    key = Key(tmp_path, "nEkw3xZzU6bLmH2mZrGtS")
    spare = Key(tmp_path, "t2xYz-spare_Q")
    published = {"keys": [one.jwk(use="sig", alg="RS256", x5t="Zm9v", x5c=["MIIDDTCCAfWgAwIBAgIJ" + "A" * 1000]) for one in (key, spare)]}
    add(daybook, tmp_path, published, "--iss", "https://acme.eu.auth0.com/", "--aud", "https://daybook.example.com")
    daybook.cmd("setting", "set", "organization_claim", "org_id")
    daybook.cmd("org", "add", "org_9ybsU1dN2dKfDkBi", "--timezone", "America/Toronto")
    claims = {"iss": "https://acme.eu.auth0.com/", "sub": "auth0|507f1f77bcf86cd799439020",
              "aud": ["https://daybook.example.com", "https://acme.eu.auth0.com/userinfo"], **times(),
              "azp": "my_client_id", "scope": "openid profile usage:read campaigns:write offline_access",
              "org_id": "org_9ybsU1dN2dKfDkBi", "permissions": ["usage:read", "campaigns:write"]}
    data = whose(daybook, key.token(claims))
    assert data["organizationId"] == "org_9ybsU1dN2dKfDkBi" and data["scopes"] == ["usage:read", "campaigns:write"]
    assert data["actor"] == claims["sub"] and data["credential"] == "jwt:" + key.kid
    assert whose(daybook, spare.token(claims, typ="at+jwt"))["organizationId"] == claims["org_id"]
    namespaced = {**claims, "https://daybook.example.com/organization": "acme"}
    del namespaced["org_id"]
    assert whose(daybook, key.token(namespaced)) == 401
    daybook.cmd("setting", "set", "organization_claim", "https://daybook.example.com/organization")
    assert whose(daybook, key.token(namespaced))["organizationId"] == "acme"
    assert whose(daybook, key.token({**claims, "organizationId": "acme"})) == 401, "only the claim that the setting names counts"
    daybook.cmd("setting", "set", "scope_claim", "permissions")
    assert whose(daybook, key.token({**namespaced, "scope": "openid"}))["scopes"] == ["usage:read", "campaigns:write"]
    assert whose(daybook, daybook.token())["organizationId"] == "acme", "our own tokens have our own names"
    for wrong in ({"aud": "https://other.example.com"}, {"iss": "https://other.eu.auth0.com/"}):
        assert whose(daybook, key.token({**namespaced, **wrong})) == 401


# ---- Keycloak: a kid in base64url, typ JWT in the header and "Bearer" in the claims, realm roles, a set with a key for encryption

def test_keycloak(daybook, tmp_path):
    key = Key(tmp_path, "Aqs3MmRZpT7Nn7dXk5yR0SxkqW4bJ1v6uQ0sVjW2mXY")
    other = Key(tmp_path, "encryption_key")
    published = {"keys": [other.jwk(use="enc", alg="RSA-OAEP", x5c=["MII"]), key.jwk(use="sig", alg="RS256", x5c=["MII"])]}
    done = add(daybook, tmp_path, published, "--iss", "https://id.example.com/realms/acme", "--aud", "daybook")
    assert f"added RS256 key {key.kid}\n" in done.stdout and "left out encryption_key: it is not for signatures\n" in done.stdout
    claims = {"exp": int(time.time()) + 300, "iat": int(time.time()), "jti": f"onrtac:{uuid.uuid4()}",
              "iss": "https://id.example.com/realms/acme", "aud": ["daybook", "account"], "sub": str(uuid.uuid4()), "typ": "Bearer",
              "azp": "sender", "acr": "1", "allowed-origins": ["/*"], "realm_access": {"roles": ["offline_access", "uma_authorization"]},
              "resource_access": {"account": {"roles": ["manage-account", "view-profile"]}},
              "scope": "usage:write profile usage:read email", "email_verified": False, "clientHost": "10.1.2.3",
              "preferred_username": "service-account-sender", "organizationId": "acme"}
    assert whose(daybook, key.token(claims))["scopes"] == ["usage:read", "usage:write"]
    assert whose(daybook, key.token({**claims, "organizationId": ["acme"]}))["organizationId"] == "acme"
    assert whose(daybook, key.token({**claims, "organizationId": ["acme", "globex"]})) == 401
    daybook.cmd("setting", "set", "organization_claim", "organization")	# of its feature Organizations
    claims["organization"] = ["acme"]
    assert whose(daybook, key.token(claims))["organizationId"] == "acme"
    for typ in ("logout+jwt", "Refresh"):
        assert whose(daybook, key.token(claims, typ=typ)) == 401


# ---- Entra: RS256 keys without alg, x5t in the header, scp as a text for people and roles as a list for programs

def test_entra(daybook, tmp_path):
    key = Key(tmp_path, "nOo3ZDrODXEK1jKWhXslHR_KXEg")
    tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
    issuer = f"https://login.microsoftonline.com/{tenant}/v2.0"
    published = {"keys": [key.jwk(use="sig", x5t=key.kid, x5c=["MII" + "C" * 900], issuer=issuer)]}
    add(daybook, tmp_path, published, "--iss", issuer, "--aud", "00001111-aaaa-2222-bbbb-3333cccc4444", "--org", "acme")
    base = {"aud": "00001111-aaaa-2222-bbbb-3333cccc4444", "iss": issuer, **times(), "aio": "AXQAi/8IAAAA", "azp": "client",
            "azpacr": "1", "oid": str(uuid.uuid4()), "rh": "0.ARoAv4j5cvGGr0GRqy180BHbR8YB", "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
            "tid": tenant, "uti": "uW8pXYLL9U6E", "ver": "2.0"}
    person = key.token({**base, "scp": "usage:read campaigns:write", "name": "Ana"}, x5t=key.kid)
    data = whose(daybook, person)
    assert data["organizationId"] == "acme" and data["scopes"] == ["usage:read", "campaigns:write"], "the key is of one organization"
    program = key.token({**base, "roles": ["usage:write"], "idtyp": "app"}, x5t=key.kid)
    assert whose(daybook, program)["scopes"] == [], "roles are looked at only if the setting says so"
    daybook.cmd("setting", "set", "scope_claim", "roles")
    assert whose(daybook, program)["scopes"] == ["usage:write"]
    groups = key.token({**base, "roles": ["usage:write"], "groups": [str(uuid.uuid4()) for _ in range(130)]}, x5t=key.kid)
    assert 7000 < len(groups) < 8000 and whose(daybook, groups)["scopes"] == ["usage:write"]
    many = key.token({**base, "roles": ["usage:write"], "groups": [str(uuid.uuid4()) for _ in range(150)]}, x5t=key.kid)
    assert len(many) > 8000 and whose(daybook, many) == 401
    assert "too short or too long" in daybook.log_path.read_text()


# ---- Any other: each algorithm, as openssl signs it; instants with a fraction; the reason is in the log only

@pytest.mark.parametrize("alg", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", *(a for a in ALGORITHMS if len(a) > 2)])
@pytest.mark.parametrize("how", ["pem", "jwk"])
def test_each_algorithm_as_another_program_signs_it(daybook, tmp_path, alg, how):
    key = Key(tmp_path, "k1", alg)
    claims = {"iss": "i", "aud": "a", "organizationId": "acme", "scope": ["usage:read"], "exp": time.time() + 600.5, "iat": time.time()}
    if how == "pem":
        (tmp_path / "key.pem").write_text(key.pem)
        daybook.cmd("key", "add", "--alg", alg, "--kid", "k1", "--file", tmp_path / "key.pem", "--iss", "i", "--aud", "a")
    else:
        add(daybook, tmp_path, key.jwk(alg=alg), "--iss", "i", "--aud", "a")
    for typ in ("JWT", "at+jwt", "application/AT+JWT"):
        assert whose(daybook, key.token(claims, typ=typ))["scopes"] == ["usage:read"]
    token = key.token(claims, typ="at+jwt")
    assert whose(daybook, token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]) == 401
    assert whose(daybook, key.token(claims, alg="RS256" if alg != "RS256" else "PS256")) == 401
    assert "alg is not the algorithm of its key" in daybook.log_path.read_text()
    daybook.cmd("verify")


def test_the_log_says_why_and_the_reply_does_not(daybook, tmp_path):
    key = Key(tmp_path, "k1")
    add(daybook, tmp_path, key.jwk(), "--iss", "i", "--aud", "a")
    good = {"iss": "i", "aud": "a", "organizationId": "acme", "scope": "usage:read", **times()}
    for wrong, why in ((({"exp": 1}), "exp: expired"), ({"aud": "b"}, "aud: another audience"), ({"iss": "x"}, "iss: missing, or another"),
                       ({"scope": 5}, "scope: must be a string or a list"), ({"organizationId": "a b"}, "organizationId: not an organization id"),
                       ({"nbf": time.time() + 3600.25}, "nbf: in the future")):
        reply = daybook.cgi("session", "GET", SESSION, token=key.token({**good, **wrong}))
        assert reply.status == 401 and "no valid credential" in reply.body.decode() and why not in reply.body.decode()
        assert why in daybook.log_path.read_text()


# ---- Files of keys

def refused(daybook, tmp_path, keys, *options):
    path = tmp_path / "bad.json"
    path.write_text(keys if isinstance(keys, str) else json.dumps(keys))
    before = daybook.cmd("key", "list").stdout
    done = daybook.cmd("key", "add", "--file", path, "--iss", "i", "--aud", "a", *options, check=False)
    assert done.returncode in (1, 2) and daybook.cmd("key", "list").stdout == before
    return done.stderr


def test_what_is_no_key_is_refused_by_name(daybook, tmp_path):
    key, strong = Key(tmp_path, "k1"), Key(tmp_path, "k2", "ES256")
    private = {**key.jwk(), "d": "AQAB"}
    for keys, why in ((private, "private key"), ({"keys": [strong.jwk(), private]}, "private key"), ({"keys": []}, "no key that can be used"),
                      ({"keys": {}}, "not a list"), ({"keys": [1]}, "keys"), ('{"keys": [', "not JSON"),
                      ({"kty": "oct", "k": "AAAA", "kid": "s"}, "it is a secret"), ({"kty": "RSA", "kid": "x"}, "its numbers make no key"),
                      ({**key.jwk(), "n": "AQAB"}, "RSA with"), (strong.jwk(crv="P-384"), "its numbers make no key"),
                      (strong.jwk(alg="RS256"), "its algorithm is not one of"), (strong.jwk(y=strong.jwk()["x"]), "its numbers make no key"),
                      (key.jwk(alg="RS1"), "its algorithm is not one of"), (key.jwk(alg="none"), "its algorithm is not one of"),
                      (key.jwk(kid=None), "name it with --kid"), (key.jwk(kid="a b"), "its kid is malformed"),
                      ({"keys": [key.jwk(), key.jwk()]}, "two have the kid"), ({"keys": [key.jwk(kid=f"k{i}") for i in range(65)]}, "more than 64"),
                      (key.jwk(kid="main"), 'there is already a key "main"')):
        assert why in refused(daybook, tmp_path, keys), why
    assert "no key that can be used" in refused(daybook, tmp_path, {"keys": [key.jwk(), strong.jwk()]}, "--kid", "k3")


def test_kid_picks_one_of_a_set_and_names_a_lone_key(daybook, tmp_path):
    one, two = Key(tmp_path, "one"), Key(tmp_path, "two", "ES384")
    add(daybook, tmp_path, {"keys": [one.jwk(), two.jwk()]}, "--iss", "i", "--aud", "a", "--kid", "two")
    listed = daybook.cmd("key", "list").stdout
    assert "\ntwo " in listed and "ES384" in listed and "\none " not in listed
    jwk = one.jwk()
    del jwk["kid"]
    assert "added PS256 key named\n" in add(daybook, tmp_path, jwk, "--iss", "i", "--aud", "a", "--kid", "named", "--alg", "PS256").stdout


# ---- A secret of another issuer

def test_a_secret_that_is_the_issuers_does_not_sign_here(daybook, tmp_path):
    path = tmp_path / "secret"
    path.write_text("a secret of an identity provider\n")
    done = daybook.cmd("key", "add", "--kid", "idp", "--file", path, "--verify-only", check=False)
    assert done.returncode == 1 and "iss is missing" in done.stderr
    assert daybook.cmd("key", "add", "--kid", "idp", "--verify-only", "--iss", "i", "--aud", "a", check=False).returncode == 1
    daybook.cmd("key", "add", "--kid", "idp", "--file", path, "--verify-only", "--iss", "i", "--aud", "a")
    line, = (row for row in daybook.cmd("key", "list").stdout.splitlines() if row.startswith("idp "))
    assert " verifies " in line and "iss=i aud=a" in line and " admin " not in line
    done = daybook.cmd("token", "--org", "acme", "--kid", "idp", check=False)
    assert done.returncode == 1 and "can only verify" in done.stderr
    assert whose(daybook, daybook.token())["credential"] == "jwt:main", "the newest key that may sign signs"
    text = part(json.dumps({"alg": "HS256", "kid": "idp"}).encode()) + "." + part(json.dumps(
        {"iss": "i", "aud": "a", "organizationId": "acme", "scp": ["usage:read"], **times()}).encode())
    mac = hmac.new(path.read_bytes().strip(), text.encode(), hashlib.sha256).digest()
    assert whose(daybook, text + "." + part(mac))["credential"] == "jwt:idp"
    daybook.cmd("verify")
