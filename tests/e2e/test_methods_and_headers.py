"""What holds for every program: HEAD, OPTIONS, 405, the headers of each reply and its line in the log."""
import time

import pytest

from endpoints import HEALTH, HISTORY, METRICS, READERS, SETTINGS, USAGE, UUID7, ask, get, readers
from support import check_error


# ---- Methods

@pytest.mark.parametrize("endpoint", READERS + (HEALTH,), ids=lambda e: e[0])
def test_head_is_get_without_its_body(daybook, endpoint):
    token = daybook.token()
    process = daybook.fastcgi(endpoint[0])
    for send in (lambda m: get(daybook, endpoint, m, token=token), lambda m: ask(process, endpoint, m, token=token)):
        whole, head = send("GET"), send("HEAD")
        assert (whole.status, head.status, head.body) == (200, 200, b"")
        assert len(whole.body) == int(whole.headers["content-length"]) == int(head.headers["content-length"])
        for name in ("content-type", "cache-control", "etag"):
            assert whole.headers.get(name) == head.headers.get(name)


@readers
def test_head_of_an_error_has_its_length_and_no_body(daybook, endpoint):
    whole, head = get(daybook, endpoint), get(daybook, endpoint, "HEAD")
    assert (head.status, head.body) == (401, b"")
    assert head.headers["content-length"] == whole.headers["content-length"] == str(len(whole.body))


ALLOWED = [(e, "GET, HEAD, OPTIONS") for e in READERS + (HEALTH, METRICS)] + [
    (("events", "/api/events", "", "tether"), "GET, HEAD, POST, OPTIONS"),
    (("validate-date", "/api/campaigns/validate-date", "", "tether"), "POST, OPTIONS"),
    (("session", "/api/session", "", "tether"), "GET, HEAD, POST, OPTIONS"),
    (("api-keys", "/api/organizations/acme/api-keys", "", "tether"), "GET, HEAD, POST, OPTIONS"),
    (("api-keys", "/api/organizations/acme/api-keys/1", "", "tether"), "DELETE, OPTIONS"),
    (("prices", "/api/organizations/acme/prices", "", "tether"), "GET, HEAD, POST, DELETE, OPTIONS"),
    (("audit", "/api/organizations/acme/audit", "", "tether"), "GET, HEAD, OPTIONS"),
    (("settings", "/api/organizations/acme/limits", "", "tether"), "GET, HEAD, PUT, OPTIONS")]
with_allowed = pytest.mark.parametrize("endpoint, allowed", ALLOWED, ids=[e[1] for e, _ in ALLOWED])


@with_allowed
def test_options_is_204_with_allow_and_needs_no_credential(daybook, endpoint, allowed):
    reply = get(daybook, endpoint, "OPTIONS")
    assert (reply.status, reply.body, reply.headers["allow"]) == (204, b"", allowed)
    assert "content-length" not in reply.headers


@with_allowed
def test_other_methods_are_405_with_allow_before_anything_else(daybook, endpoint, allowed):
    process = daybook.fastcgi(endpoint[0])
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "get", "BREW", "X" * 500, ""):
        if method in allowed.split(", "):
            continue
        for token in (None, "garbage", daybook.token()):
            reply = process.ask(method, endpoint[1], "from=x&from=y", token=token, body=b"{" if method == "POST" else None)
            if method == "HEAD":
                assert (reply.status, reply.body) == (405, b"")
            else:
                check_error(reply, 405, endpoint[3])
            assert reply.headers["allow"] == allowed


# ---- What every reply has

@pytest.mark.parametrize("endpoint", READERS + (HEALTH, METRICS), ids=lambda e: e[0])
def test_every_reply_has_its_headers(daybook, endpoint):
    token = daybook.token(scope="metrics") if endpoint is METRICS else daybook.token()
    process = daybook.fastcgi(endpoint[0])
    ids = []
    for reply in (ask(process, endpoint, token=token), ask(process, endpoint), ask(process, endpoint, "POST", token=token),
                  process.ask("GET", "/nowhere", token=token)):
        assert len(reply.body) == int(reply.headers["content-length"])
        assert reply.headers["cache-control"] == "private, no-cache"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert reply.headers["referrer-policy"] == "no-referrer"
        if endpoint is not METRICS or reply.status != 200:
            assert reply.headers["content-type"] == "application/json; charset=utf-8"
        ids.append(reply.headers["x-request-id"])
        assert UUID7.fullmatch(ids[-1])
        assert abs(int(ids[-1].replace("-", "")[:12], 16) - time.time() * 1000) < 60_000
    assert len(set(ids)) == 4


def test_pingrams_tracking_id_is_the_request_id_and_stands_in_the_log(daybook):
    for endpoint in (USAGE, HISTORY):
        reply = get(daybook, endpoint)
        assert reply.json["trackingId"] == reply.headers["x-request-id"]
        assert "request_id=" + reply.json["trackingId"] in daybook.log_path.read_text()


def test_a_request_is_one_line_in_the_log(daybook):
    process = daybook.fastcgi("settings")
    ask(process, SETTINGS, token=daybook.token())
    process.ask("GET", "/api/organizations/a\nlevel=error \"x", token=daybook.token())
    lines = daybook.log_path.read_text().splitlines()
    assert len([line for line in lines if "event=request" in line]) == 2
    assert all(line.startswith("level=") for line in lines) and not any(line.startswith("level=error") for line in lines)
