"""The handshake of a CloudEvents webhook: a sender asks by OPTIONS whether it may deliver to /api/events."""
import pytest

from conftest import Server
from support import event

SENDER, OTHER = "eventgrid.azure.net", "events.example.com"
EVENTS = ("events", "OPTIONS", "/api/events")


@pytest.fixture
def listed(daybook):
    daybook.cmd("setting", "set", "webhook_origins", f"{SENDER} {OTHER}")
    return daybook


def handshake(daybook, origin, operation=EVENTS, **headers):
    return daybook.cgi(*operation, headers={"WebHook-Request-Origin": origin, **headers})


def check_closed(reply):
    assert (reply.status, reply.body) == (204, b"") and reply.headers["allow"]
    assert not [name for name in reply.headers if name.startswith("webhook-")]


@pytest.mark.parametrize("origin", [SENDER, OTHER])
def test_a_listed_sender_may_deliver_at_any_rate(listed, origin):
    reply = handshake(listed, origin, **{"WebHook-Request-Rate": "120"})
    assert (reply.status, reply.body) == (204, b"") and "POST" in reply.headers["allow"]
    assert (reply.headers["webhook-allowed-origin"], reply.headers["webhook-allowed-rate"]) == (origin, "*")


@pytest.mark.parametrize("origin", ["azure.net", "EVENTGRID.azure.net", SENDER + ".evil.example", f"{SENDER} {OTHER}", "*", "x" * 5000])
def test_another_sender_is_not_answered(listed, origin):
    check_closed(handshake(listed, origin))


def test_by_default_nobody_is_answered(daybook):
    check_closed(handshake(daybook, SENDER))


def test_only_the_path_that_takes_events_answers(listed):
    check_closed(handshake(listed, SENDER, ("organization-usage", "OPTIONS", "/organization/usage")))
    check_closed(listed.cgi(*EVENTS))


def test_a_delivery_needs_a_credential_all_the_same(listed):
    assert listed.cgi("events", "POST", "/api/events", body=event("2026-05-20T15:00:00Z"), headers={"WebHook-Request-Origin": SENDER}).status == 401


def test_the_web_server_passes_the_handshake(listed):
    server = Server(listed)
    try:
        assert server.ask("OPTIONS", "/api/events", headers={"WebHook-Request-Origin": SENDER}).headers["webhook-allowed-origin"] == SENDER
    finally:
        server.stop()


@pytest.mark.parametrize("value", ["https://eventgrid.azure.net", "*", "Eventgrid.azure.net", "a.example/x", "a.example,b.example"])
def test_what_is_no_name_of_a_host_is_refused(listed, value):
    done = listed.cmd("setting", "set", "webhook_origins", value, check=False)
    assert done.returncode == 1 and "webhook_origins" in done.stderr
    assert f"{SENDER} {OTHER}" in listed.cmd("setting", "list").stdout
