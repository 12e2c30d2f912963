"""daybook key add --url, fetch, forget: the keys that a provider publishes, taken over as it changes them."""
import http.server
import json
import os
import socket
import ssl
import subprocess
import threading

import pytest

from conftest import BUILD
from issuer import Key, openssl, times

HELPER = BUILD / "lib/daybook/daybook-fetch"
PARTIES = ("--iss", "i", "--aud", "a")
CLAIMS = {"iss": "i", "aud": "a", "organizationId": "acme", "scope": "usage:read"}

pytestmark = pytest.mark.skipif(not HELPER.exists(), reason="linked statically: the zip has no daybook-fetch")


class Provider:
    """A web server on this machine that says what it is told to."""

    def __init__(self, certificate=None):
        provider = self
        self.status, self.body, self.headers, self.asked = 200, b"", {}, 0
        self.meanwhile = lambda: None  # what happens while somebody reads it

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.asked += 1
                provider.meanwhile()
                self.send_response(provider.status)
                for name, value in provider.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(provider.body)
                except OSError:
                    pass  # daybook-fetch has read enough

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"http://127.0.0.1:{self.server.server_port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.host = f"https://127.0.0.1:{self.server.server_port}"
        self.url = self.host + "/keys"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, *keys):
        self.status, self.body = 200, json.dumps({"keys": [k if isinstance(k, dict) else k.jwk(use="sig") for k in keys]}).encode()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def provider():
    p = Provider()
    yield p
    p.close()


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return [Key(folder, "one"), Key(folder, "two", "ES256"), Key(folder, "three", "EdDSA")]


def accepts(daybook, key):
    return daybook.cgi("session", "GET", "/api/session", token=key.token({**CLAIMS, **times()})).status == 200


def states(daybook, *keys):
    return [accepts(daybook, key) for key in keys]


def fetch(daybook, check=True):
    return daybook.cmd("key", "fetch", check=check)


def check_of(daybook):
    """What the doctor says of keys."""
    done = daybook.cmd("doctor", check=False)
    return next(line for line in done.stdout.splitlines() if "key-sources" in line)


# ---- A provider that changes its keys

def test_keys_come_and_go_with_what_the_url_says(daybook, provider, keys):
    one, two, three = keys
    provider.publish(one, two)
    assert daybook.cmd("key", "add", "--url", provider.url, *PARTIES).stdout == f"{provider.url}: 2 added, 0 retired\n"
    assert states(daybook, *keys) == [True, True, False]
    provider.publish(two, three)
    assert fetch(daybook).stdout == f"{provider.url}: 1 added, 1 retired\n"
    assert states(daybook, *keys) == [False, True, True]
    assert fetch(daybook).stdout == f"{provider.url}: 0 added, 0 retired\n"
    provider.publish(one, three)
    fetch(daybook)
    assert states(daybook, *keys) == [True, False, True], "a key that is published again is in force again"
    actions = [row[0] for row in daybook.sql("SELECT action FROM audit WHERE action LIKE 'key.%' ORDER BY key")]
    assert actions == ["key.add"] * 3 + ["key.retire", "key.add", "key.retire", "key.renew"]
    daybook.cmd("verify")


def test_no_request_ever_reads_the_url(daybook, provider, keys):
    provider.publish(keys[0])
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    asked = provider.asked
    assert states(daybook, *keys) == [True, False, False] and provider.asked == asked


def test_maintenance_reads_it_too(daybook, provider, keys):
    provider.publish(keys[0])
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    provider.publish(keys[1])
    assert f"{provider.url}: 1 added, 1 retired\n" in daybook.cmd("maintenance").stdout
    assert states(daybook, *keys) == [False, True, False]
    provider.status = 500
    assert daybook.cmd("maintenance", check=False).returncode == 1


def test_a_key_that_was_retired_by_hand_stays_retired(daybook, provider, keys):
    one, two, _ = keys
    provider.publish(one, two)
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    daybook.cmd("key", "retire", "one")
    fetch(daybook)
    assert states(daybook, one, two) == [False, True]
    provider.publish(two)
    fetch(daybook)
    provider.publish(one, two)
    fetch(daybook)
    assert states(daybook, one, two) == [False, True]


def test_a_withdrawn_key_that_is_retired_by_hand_stays_retired(daybook, provider, keys):
    one, two, _ = keys
    provider.publish(one, two)
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    provider.publish(two)
    fetch(daybook)
    daybook.cmd("key", "retire", "one")
    provider.publish(one, two)
    fetch(daybook)
    assert states(daybook, one, two) == [False, True]
    daybook.cmd("verify")


def test_other_bytes_under_the_same_name_replace_it(daybook, provider, keys, tmp_path):
    other = Key(tmp_path, "one", "ES384")
    provider.publish(keys[0])
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    provider.publish(other)
    assert fetch(daybook).stdout == f"{provider.url}: 1 added, 0 retired\n"
    assert states(daybook, keys[0], other) == [False, True]


def test_no_provider_can_replace_a_key_that_is_not_its_own(daybook, provider, keys, tmp_path):
    ours = daybook.token()
    main = Key(tmp_path, "main")
    provider.publish(keys[0], main)
    done = daybook.cmd("key", "add", "--url", provider.url, *PARTIES, check=False)
    assert done.returncode == 1 and '"main" has the name of a key that is not from there' in done.stderr
    assert not accepts(daybook, keys[0]), "all or nothing"
    provider.publish(keys[0])
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    provider.publish(keys[1], main)
    assert fetch(daybook, check=False).returncode == 1
    assert states(daybook, keys[0], keys[1], main) == [True, False, False]
    assert daybook.cgi("session", "GET", "/api/session", token=ours).status == 200


def test_forget_retires_its_keys(daybook, provider, keys):
    provider.publish(*keys)
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    assert "there" not in daybook.cmd("key", "forget", provider.url).stderr
    assert states(daybook, *keys) == [False] * 3 and fetch(daybook).stdout == ""
    assert "no keys are read from" in daybook.cmd("key", "forget", provider.url, check=False).stderr


@pytest.mark.parametrize("status", [200, 503])
def test_a_fetch_that_is_under_way_does_not_undo_forget(daybook, provider, keys, status):
    provider.publish(keys[0])
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    provider.publish(*keys)
    provider.status = status
    provider.meanwhile = lambda: daybook.cmd("key", "forget", provider.url)
    done = fetch(daybook, check=False)
    assert done.returncode == (status != 200) and ("was forgotten meanwhile" in done.stdout) == (status == 200)
    assert states(daybook, *keys) == [False] * 3 and fetch(daybook).stdout == ""


def test_scopes_and_organization_are_those_of_the_url(daybook, provider, keys):
    provider.publish(keys[0])
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES, "--org", "acme", "--max-scopes", "usage:read")
    provider.publish(keys[1])
    fetch(daybook)
    token = keys[1].token({"iss": "i", "aud": "a", "scope": "usage:read usage:write admin", **times()})
    data = daybook.cgi("session", "GET", "/api/session", token=token).json["data"]
    assert data["organizationId"] == "acme" and data["scopes"] == ["usage:read"]


def granted(daybook, key):
    """The organization and the scopes of a token that claims all of them, or None if it is refused."""
    reply = daybook.cgi("session", "GET", "/api/session", token=key.token({**CLAIMS, "scope": "usage:read usage:write", **times()}))
    return (reply.json["data"]["organizationId"], reply.json["data"]["scopes"]) if reply.status == 200 else None


def test_adding_a_url_again_replaces_the_rights_of_its_keys_and_of_later_ones(daybook, provider, keys):
    one, two, three = keys
    provider.publish(one, two)
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    assert granted(daybook, one) == ("acme", ["usage:read", "usage:write"])
    narrow = ("key", "add", "--url", provider.url, *PARTIES, "--max-scopes", "usage:read")
    assert daybook.cmd(*narrow).stdout == f"{provider.url}: 0 added, 0 retired, 2 with other rights\n"
    assert daybook.cmd(*narrow).stdout == f"{provider.url}: 0 added, 0 retired\n", "nothing has changed"
    provider.publish(one, two, three)
    fetch(daybook)
    assert [granted(daybook, key) for key in keys] == [("acme", ["usage:read"])] * 3
    assert daybook.sql("SELECT count(*) FROM audit WHERE action = 'key.set'") == [(2,)]
    daybook.cmd("org", "add", "other", "--timezone", "UTC", "--daily-limit", "5")
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES, "--org", "other")
    assert [granted(daybook, key) for key in keys] == [None] * 3, "their tokens name acme"
    assert daybook.cmd("key", "add", "--url", provider.url, *PARTIES, "--org", "nobody", check=False).returncode == 1
    daybook.cmd("verify")


@pytest.mark.parametrize("has_moved", [False, True])
def test_a_url_that_was_forgotten_can_be_added_again_or_another_one_with_its_keys(daybook, provider, keys, has_moved):
    one, two, three = keys
    provider.publish(*keys)
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    daybook.cmd("key", "retire", "three")
    daybook.cmd("key", "forget", provider.url)
    daybook.cmd("verify")
    url = provider.url + "?moved" * has_moved
    done = daybook.cmd("key", "add", "--url", url, *PARTIES, "--max-scopes", "usage:read")
    assert done.stdout == f"{url}: 2 added, 0 retired\n"
    assert [granted(daybook, key) for key in (one, two)] == [("acme", ["usage:read"])] * 2
    assert not accepts(daybook, three), "the operator retired it"
    daybook.cmd("key", "forget", url)
    daybook.cmd("key", "retire", "two")
    daybook.cmd("key", "add", "--url", url, *PARTIES)
    assert states(daybook, *keys) == [True, False, False], "also one that was retired after the URL was forgotten"
    daybook.cmd("verify")


# ---- A provider that fails: the last good keys stay, and the doctor says so

def break_status(p):
    p.status = 503


def break_json(p):
    p.body = b"<html>down for maintenance</html>"


def break_empty(p):
    p.publish()


def break_secret(p):
    p.publish({"kty": "oct", "k": "AAAA", "kid": "one"})


def break_size(p):
    p.body = b" " * 300_000 + b"{}"


def break_redirect(p):
    p.status, p.headers = 302, {"Location": "/elsewhere"}


def break_private(p):
    p.publish({**json.loads(p.body)["keys"][0], "d": "AQAB"})


BROKEN = [(break_status, "replied with status 503"), (break_json, "not JSON"), (break_empty, "the list is empty"),
          (break_secret, "it is a secret"), (break_size, "longer than 262144 bytes"), (break_redirect, "leads to another address"),
          (break_private, "private key")]


@pytest.mark.parametrize("harm, why", BROKEN, ids=[harm.__name__ for harm, _ in BROKEN])
def test_the_last_good_keys_stay_if_the_url_fails(daybook, provider, keys, harm, why):
    provider.publish(*keys)
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    assert check_of(daybook).startswith("ok")
    harm(provider)
    done = fetch(daybook, check=False)
    assert done.returncode == 1 and why in done.stderr and provider.url in done.stderr
    assert states(daybook, *keys) == [True] * 3
    assert why in daybook.cmd("key", "list").stdout
    line = check_of(daybook)
    assert line.startswith("warning") and why in line
    health = daybook.cgi("health", "GET", "/health", token=daybook.token(None, "metrics")).body.decode()
    assert "identity provider" in health and provider.url not in health, "it says that, and not where"
    provider.headers = {}
    provider.publish(*keys)
    fetch(daybook)
    assert check_of(daybook).startswith("ok")


def test_a_url_that_fails_at_first_is_not_added(daybook, provider):
    provider.status = 404
    done = daybook.cmd("key", "add", "--url", provider.url, *PARTIES, check=False)
    assert done.returncode == 1 and "status 404" in done.stderr and daybook.cmd("setting", "list").stdout.count("http://127") == 0
    assert fetch(daybook).stdout == ""


def test_one_that_fails_does_not_keep_the_others_waiting(daybook, provider, keys):
    bad = Provider()
    bad.publish(keys[0])
    provider.publish(keys[1])
    for p in (bad, provider):
        daybook.cmd("key", "add", "--url", p.url, *PARTIES)
    bad.close()
    provider.publish(keys[2])
    assert fetch(daybook, check=False).returncode == 1
    assert states(daybook, *keys) == [True, False, True]


def test_a_url_that_was_not_read_for_days_is_a_warning(daybook, provider, keys):
    provider.publish(keys[0])
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    value, = daybook.sql("SELECT value FROM setting WHERE name = 'key_sources'")[0]
    stored = json.loads(value)
    stored["sources"][0]["readAt"] -= 3 * 86_400_000
    daybook.sql("UPDATE setting SET value = ? WHERE name = 'key_sources'", json.dumps(stored))
    assert check_of(daybook).startswith("warning") and "daybook key fetch" in daybook.cmd("doctor", check=False).stdout


# ---- A restore: what the provider and the operator did since the backup holds

@pytest.fixture
def saved(daybook, provider, keys):
    """The backup of a database that reads key one from the provider."""
    provider.publish(keys[0])
    daybook.cmd("key", "add", "--url", provider.url, *PARTIES)
    copy = daybook.folder / "copy.db"
    daybook.cmd("backup", copy)
    return copy


def restore(daybook, copy):
    done = daybook.cmd("restore", copy)
    assert daybook.cmd("verify").returncode == 0
    return done.stdout


def test_a_restore_does_not_bring_back_a_later_key_that_was_retired_nor_a_token_that_was_revoked(daybook, provider, keys, saved):
    one, two, three = keys
    provider.publish(*keys)
    fetch(daybook)
    token = three.token({**CLAIMS, **times(), "jti": "leaked"})
    daybook.cmd("token", "revoke", "--kid", "three", "leaked")
    daybook.cmd("key", "retire", "two")
    assert "1 tokens, 1 signing keys" in restore(daybook, saved)
    fetch(daybook)
    assert states(daybook, *keys) == [True, False, True]
    assert daybook.cgi("session", "GET", "/api/session", token=token).status == 401


def test_a_restore_does_not_bring_back_a_source_that_was_forgotten(daybook, provider, keys, saved):
    daybook.cmd("key", "forget", provider.url)
    restore(daybook, saved)
    assert fetch(daybook).stdout == "" and not accepts(daybook, keys[0])


def test_a_key_that_was_withdrawn_before_a_restore_comes_back_with_its_url(daybook, provider, keys, saved):
    provider.publish(keys[1])
    fetch(daybook)
    restore(daybook, saved)
    assert states(daybook, *keys) == [False, True, False]
    provider.publish(keys[0])
    fetch(daybook)
    assert states(daybook, *keys) == [True, False, False]


def test_a_restore_does_not_bring_back_bytes_that_were_replaced(daybook, provider, keys, saved, tmp_path):
    other = Key(tmp_path, "one")
    provider.publish(other)
    fetch(daybook)
    restore(daybook, saved)
    assert states(daybook, keys[0], other) == [False, True]


def test_a_restore_on_a_new_machine_brings_the_urls_back(daybook, provider, keys, saved):
    daybook.path = daybook.env["DAYBOOK_DB"] = str(daybook.folder / "new.db")
    daybook.cmd("init")
    restore(daybook, saved)
    assert f"{provider.url}: 0 added" in fetch(daybook).stdout and accepts(daybook, keys[0])


def test_a_restore_leaves_out_keys_of_an_organization_that_the_backup_does_not_have(daybook, provider, keys, saved):
    daybook.cmd("org", "add", "later", "--timezone", "UTC", "--daily-limit", "5")
    provider.publish(keys[1])
    daybook.cmd("key", "add", "--url", provider.url + "?later", *PARTIES, "--org", "later")
    restore(daybook, saved)
    listed = daybook.cmd("key", "list").stdout
    assert "two" not in listed and "?later" not in listed and provider.url in listed and accepts(daybook, keys[0])


# ---- Which URLs

@pytest.mark.parametrize("url", [
    "http://id.example.com/keys", "http://127.0.0.1.example.com/keys", "http://localhost.example.com/", "ftp://127.0.0.1/keys",
    "file:///etc/passwd", "https://", "https:///keys", "id.example.com/keys", "", "https://user@id.example.com/keys",
    "http://127.0.0.1@id.example.com/", "https://id.example.com/a b", "https://id.example.com/\n", "https://id.example.com/" + "k" * 500])
def test_only_https_or_this_machine(daybook, url):
    done = daybook.cmd("key", "add", "--url", url, *PARTIES, check=False)
    assert done.returncode == 1 and "url: " in done.stderr, done


def test_it_says_its_keys_names_and_algorithms(daybook, provider):
    for option in (("--kid", "k"), ("--alg", "RS256"), ("--file", "x")):
        assert daybook.cmd("key", "add", "--url", provider.url, *PARTIES, *option, check=False).returncode == 2
    assert provider.asked == 0


def test_keys_of_a_url_need_an_issuer_and_an_audience(daybook, provider, keys):
    provider.publish(keys[0])
    assert "iss is missing" in daybook.cmd("key", "add", "--url", provider.url, check=False).stderr
    assert daybook.sql("SELECT count(*) FROM signing_key") == [(1,)]


def test_https_with_a_certificate_that_the_machine_knows_and_with_no_other(daybook, keys, tmp_path):
    pem = tmp_path / "server.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "k.pem", "-out", tmp_path / "c.pem", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    pem.write_bytes((tmp_path / "k.pem").read_bytes() + (tmp_path / "c.pem").read_bytes())
    p = Provider(pem)
    try:
        p.publish(keys[0])
        done = daybook.cmd("key", "add", "--url", p.url, *PARTIES, check=False)
        assert done.returncode == 1 and "certificate" in done.stderr and p.asked == 0
        daybook.env["SSL_CERT_FILE"] = str(tmp_path / "c.pem")
        daybook.cmd("key", "add", "--url", p.url, *PARTIES)
        assert accepts(daybook, keys[0])
    finally:
        p.close()


# ---- The program itself

def helper(*args):
    return subprocess.run([HELPER, *map(str, args)], capture_output=True, text=True, timeout=60)


def test_a_server_that_says_nothing_is_left_in_time():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        done = helper(f"http://127.0.0.1:{silent.getsockname()[1]}/", 1000, 1)
    assert done.returncode == 1 and "imed out" in done.stdout


def test_what_is_not_encrypted_does_not_leave_the_machine():
    """Whatever a name resolves to, and whatever proxy the environment names."""
    done = subprocess.run([HELPER, "http://192.0.2.1/", "1000", "2"], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "http_proxy": "http://127.0.0.1:9"})
    assert done.returncode == 1 and "imed out" not in done.stdout, done


@pytest.mark.parametrize("size, code", [(1000, 0), (1001, 1)])
def test_it_takes_so_many_bytes_and_not_one_more(provider, size, code):
    provider.body = b"x" * size
    done = helper(provider.url, 1000, 5)
    assert done.returncode == code and (done.stdout == "x" * 1000 or "longer than 1000" in done.stdout)


def test_without_the_program_the_command_says_what_to_do(daybook, tmp_path):
    """As the zip for shared hosting is."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/daybook"
    command.write_bytes((BUILD / "bin/daybook").read_bytes())
    command.chmod(0o755)
    done = subprocess.run([command, "key", "add", "--url", "http://127.0.0.1:1/", *PARTIES], env=daybook.env, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 1 and "cannot read a URL" in done.stderr and "key add --file" in done.stderr


def test_nothing_that_answers_requests_is_linked_with_libcurl():
    for program in [BUILD / "bin/daybook", *(BUILD / "cgi-bin").glob("*.fcgi")]:
        assert b"libcurl" not in program.read_bytes(), program
    assert b"libcurl" in HELPER.read_bytes()
