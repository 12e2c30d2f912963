"""Who gets in and who does not, in which order that is checked, and that no secret gets out."""
import re

from conftest import BUILD
from endpoints import CALENDAR, HISTORY, ORGANIZATIONS, READERS, SETTINGS, SLOT, USAGE, ask, broken_tokens, get, readers
from support import NOON, check_error, event, set_clock


# ---- Credentials

@readers
def test_every_kind_of_bad_authorization_is_401(daybook, endpoint):
    process = daybook.fastcgi(endpoint[0])
    for what, value in {"none": None, **broken_tokens(daybook)}.items():
        reply = ask(process, endpoint, headers={"Authorization": value} if value is not None else None)
        check_error(reply, 401, endpoint[3])
        assert reply.headers["www-authenticate"].startswith("Bearer"), what
        assert "etag" not in reply.headers
    for value in ("", "garbage", "dbk_", "dbk_x", "dbk_" + "A" * 43, "dbk_" + "A" * 9000, "é"):
        check_error(ask(process, endpoint, headers={"X-API-Key": value}), 401, endpoint[3])
    assert ask(process, endpoint, token=daybook.token()).status == 200


def test_a_token_ends_at_its_time(daybook):
    set_clock(daybook, NOON)
    token = daybook.token(ttl="1h")
    process = daybook.fastcgi("organization-usage")
    assert ask(process, USAGE, token=token).status == 200
    set_clock(daybook, "2026-05-20T16:59:00Z")
    assert ask(process, USAGE, token=token).status == 200
    set_clock(daybook, "2026-05-20T17:02:00Z")
    reply = ask(process, USAGE, token=token)
    check_error(reply, 401, "pingram")
    assert "WWW-Authenticate".lower() in reply.headers
    assert ask(process, USAGE, token=daybook.token()).status == 200


def test_the_scheme_is_read_in_any_case(daybook):
    token = daybook.token()
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert get(daybook, USAGE, headers={"Authorization": f"{scheme} {token}"}).status == 200


def test_api_keys_work_in_both_headers_until_they_are_revoked(daybook):
    secret = re.search(r"dbk_[A-Za-z0-9_-]{43}", daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read").stdout)[0]
    number = daybook.sql("SELECT key FROM api_key")[0][0]
    process = daybook.fastcgi("organization-usage")
    ways = ({"X-API-Key": secret}, {"Authorization": "Bearer " + secret}, {"Authorization": "", "X-API-Key": secret})
    for headers in ways:
        assert ask(process, USAGE, headers=headers).status == 200
    check_error(daybook.cgi("events", "POST", "/api/events", body=event("2026-05-20T15:00:00Z"), headers=ways[0]), 403, "tether", "usage:write")
    check_error(daybook.cgi("organizations-usage", "GET", "/organizations/other/usage", headers=ways[0]), 403, "infodeck")
    assert get(daybook, ORGANIZATIONS, headers=ways[1]).status == 200
    daybook.cmd("apikey", "revoke", str(number))
    for headers in ways:
        reply = ask(process, USAGE, headers=headers)
        check_error(reply, 401, "pingram")
        assert "www-authenticate" in reply.headers
    assert secret not in daybook.log_path.read_text()


def test_another_organizations_token_is_403_wherever_the_path_names_one(daybook):
    daybook.cmd("org", "add", "other", "--timezone", "UTC")
    token = daybook.token("other")
    check_error(get(daybook, ORGANIZATIONS, token=token), 403, "infodeck")
    check_error(get(daybook, SETTINGS, token=token), 403, "tether")
    for part, body in (("limits", {"dailyLimit": 1}), ("plan", {"plan": "x"}), ("timezone", {"timezone": "UTC"})):
        check_error(daybook.cgi("settings", "PUT", "/api/organizations/acme/" + part, body=body, token=token), 403, "tether")
    assert daybook.sql("SELECT plan, timezone FROM organization WHERE id = 'acme'") == [("growth", "America/Toronto")]
    assert daybook.sql("SELECT DISTINCT a.amount FROM limit_amount a JOIN limit_rule r ON r.key = a.rule WHERE r.name = 'daily' AND r.org = 1") == [(500,)]
    assert daybook.cgi("settings", "GET", "/api/organizations/other", token=token).status == 200


def test_an_unknown_organization_is_403_for_most_and_404_for_the_admin(daybook):
    for program, path, query, dialect in (("organizations-usage", "/organizations/nobody/usage", ORGANIZATIONS[2], "infodeck"),
                                          ("settings", "/api/organizations/nobody", "", "tether")):
        check_error(daybook.cgi(program, "GET", path, query, token=daybook.token()), 403, dialect)
        check_error(daybook.cgi(program, "GET", path, query, token=daybook.token(None, "admin")), 404, dialect)
    check_error(daybook.cgi("settings", "PUT", "/api/organizations/nobody/plan", body={"plan": "x"}, token=daybook.token(None, "admin")), 404, "tether")


def test_a_credential_without_an_organization_cannot_ask_for_its_own(daybook):
    admin = daybook.token(None, "admin")
    for endpoint in (CALENDAR, SLOT, USAGE, HISTORY):
        check_error(get(daybook, endpoint, token=admin), 403, endpoint[3])
    assert get(daybook, ORGANIZATIONS, token=admin).status == 200
    assert get(daybook, USAGE, token=daybook.token("acme", "admin")).status == 200


# ---- The order of the checks: 405, 401, 403 or 404, 400

def test_checks_run_in_their_order(daybook):
    token, admin = daybook.token(), daybook.token(None, "admin")
    poor = daybook.token("acme", "usage:backfill")
    daybook.cmd("org", "add", "other", "--timezone", "UTC")
    usage = daybook.fastcgi("organizations-usage")
    for query in ("", "startDate=x&endDate=y", "startDate=1&startDate=2", "startDate=%zz", "startDate=&endDate=1", "startDate=" + "1" * 9000):
        for path in ("/organizations/acme/usage", "/organizations/other/usage", "/organizations/nobody/usage"):
            check_error(usage.ask("POST", path, query, token=None, body=b"{"), 405, "infodeck")
            check_error(usage.ask("GET", path, query, token="x"), 401, "infodeck")
            check_error(usage.ask("GET", path, query, token=poor), 403, "infodeck")
        check_error(usage.ask("GET", "/organizations/other/usage", query, token=token), 403, "infodeck")
        check_error(usage.ask("GET", "/organizations/nobody/usage", query, token=token), 403, "infodeck")
        check_error(usage.ask("GET", "/organizations/nobody/usage", query, token=admin), 404, "infodeck")
        check_error(usage.ask("GET", "/organizations/acme/usage", query, token=token), 422, "infodeck")
    settings = daybook.fastcgi("settings")
    for body, kind, status in ((b"{", None, 400), (b"", None, 400), (b"{}", "text/plain", 415), (b" " * 300_000, None, 413)):
        headers = {"Content-Type": kind} if kind else None
        for path, credential, expected in (("acme", "x", 401), ("other", token, 403), ("nobody", token, 403), ("nobody", admin, 404),
                                           ("acme", poor, 403), ("acme", token, status)):
            reply = settings.ask("PUT", f"/api/organizations/{path}/plan", None, body, headers, token=credential)
            check_error(reply, expected, "tether")
        check_error(settings.ask("PUT", "/api/organizations/nobody/plan", "x=1", b"{}", token=admin), 404, "tether")
    events = daybook.fastcgi("events")
    for body, kind, status in ((b"{", None, 400), (b"[]", None, 400), (b"{}", "text/plain", 415), (b"", None, 400)):
        headers = {"Content-Type": kind} if kind else None
        for credential, expected in ((None, 401), (poor, 403), (admin, 403), (token, status)):
            check_error(events.ask("POST", "/api/events", None, body, headers, token=credential), expected, "tether")
    check_error(events.ask("POST", "/api/events", "x=1", b"{}", token=admin), 403, "tether")
    check_error(events.ask("POST", "/api/events", "x=1", b"{}", token=token), 400, "tether", "x: unknown parameter")


# ---- What gets out

def test_no_token_no_sql_and_no_path_gets_out(daybook):
    secret = re.search(r"dbk_[A-Za-z0-9_-]{43}", daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read").stdout)[0]
    token, replies = daybook.token(), []
    credentials = [{"Authorization": v} for v in broken_tokens(daybook).values()] + [{"X-API-Key": secret}, {"X-API-Key": secret[:-1] + "!"},
                                                                                    {"Authorization": "Bearer " + token}]
    for endpoint in READERS:
        process = daybook.fastcgi(endpoint[0])
        for headers in credentials:
            replies.append(ask(process, endpoint, headers=headers))
            replies.append(process.ask("GET", endpoint[1], "from='&to=\"&contactCount=';--&startDate=%27&endDate=x", headers=headers))
    events = daybook.fastcgi("events")
    for body in (b"", b"{", b"[{}]", b'{"id":"\'; DROP TABLE event; --","occurredAt":"x"}', b'"x"', b"[" * 5000):
        replies.append(events.ask("POST", "/api/events", None, body, token=token))
    text = daybook.log_path.read_text() + "".join(r.body.decode() + repr(r.headers) for r in replies)
    assert all(part not in text for part in token.split(".")[1:])
    assert secret not in text and secret[:-1] not in text and "YTpi" not in text
    for word in ("SELECT", "INSERT", "UPDATE ", "sqlite", str(daybook.folder), str(BUILD), "/src/", "event=sql"):
        assert word not in text, word
    assert not any(r.status >= 500 for r in replies)
