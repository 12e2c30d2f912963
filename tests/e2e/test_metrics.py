"""GET /metrics"""
import re
import shutil
import subprocess
from decimal import Decimal

import pytest

from support import NOON, campaign, check_error, event, ms, post, set_clock

LINE = re.compile(r'([a-z_][a-z0-9_]*)(?:\{((?:[a-z]+="[^"\\\n]*",?)*)\})? (-?[0-9]+(?:\.[0-9]+)?)')


@pytest.fixture
def acme(daybook):
    set_clock(daybook, NOON)
    daybook.cmd("setting", "set", "metrics_addresses", "127.0.0.1 ::1")
    return daybook


def ask(daybook, **more):
    return daybook.cgi("metrics", "GET", "/metrics", **more)


def values(daybook):
    """{(name, labels as a sorted tuple): value}, each line checked against the text format."""
    reply = ask(daybook)
    assert reply.status == 200 and reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = reply.body.decode()
    assert text.endswith("\n")
    found, kinds, current = {}, {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split()[2]
            assert current not in kinds, "a family is listed once"
        elif line.startswith("# TYPE "):
            assert line.split()[2] == current
            kinds[current] = line.split()[3]
        else:
            match = LINE.fullmatch(line)
            assert match and match[1] == current, line
            key = (match[1], tuple(sorted(re.findall(r'([a-z]+)="([^"]*)"', match[2] or ""))))
            assert key not in found, line
            found[key] = Decimal(match[3])
    assert set(kinds.values()) == {"gauge"}, "voids take from the sums"
    return found


def of(found, name, **labels):
    return found.get((name, tuple(sorted(labels.items()))))


def test_the_sums_are_what_was_sent(acme):
    acme.cmd("org", "add", "beta", "--timezone", "Asia/Tokyo")
    sms, mail = post(acme, event("2026-05-20T15:00:00Z", messages=2, parts=5), event("2026-01-20T15:00:00Z", channel="EMAIL", messages=7))
    post(acme, event("2026-05-20T15:00:00Z", channel="CALL", parts=3), org="beta")
    found = values(acme)
    assert of(found, "daybook_messages", organization="acme", channel="SMS") == 2
    assert of(found, "daybook_parts", organization="acme", channel="SMS") == 5
    assert of(found, "daybook_cost_usd", organization="acme", channel="SMS") == Decimal("0.0395")
    assert of(found, "daybook_messages", organization="acme", channel="EMAIL") == 7
    assert of(found, "daybook_cost_usd", organization="beta", channel="CALL") == Decimal("0.039")
    assert of(found, "daybook_messages", organization="beta", channel="SMS") is None
    post(acme, {"id": "v", "voids": sms["id"], "reason": "r"})
    assert of(values(acme), "daybook_messages", organization="acme", channel="SMS") == 0


def test_sums_do_not_fall_back_at_midnight_and_the_figures_of_the_day_do(acme):
    post(acme, event("2026-05-20T15:00:00Z", messages=2))
    campaign(acme, "c", {"at": "2026-05-20T19:00:00Z", "contacts": 30}, {"at": "2026-05-21T19:00:00Z", "contacts": 4})
    found = values(acme)
    assert of(found, "daybook_today_sent", organization="acme") == 2
    assert of(found, "daybook_today_reserved", organization="acme") == 30
    assert of(found, "daybook_daily_limit", organization="acme") == 500
    set_clock(acme, "2026-05-21T04:00:00Z")
    found = values(acme)
    assert of(found, "daybook_today_sent", organization="acme") == 0
    assert of(found, "daybook_today_reserved", organization="acme") == 4
    assert of(found, "daybook_messages", organization="acme", channel="SMS") == 2


def test_each_limit_says_what_it_allows_has_used_and_holds_in_its_present_window(acme):
    acme.cmd("org", "set", "acme", "--sms-cap", "900", "--cost-cap", "12.5")
    acme.cmd("org", "add", "beta", "--timezone", "Asia/Tokyo", "--daily-limit", "7")
    post(acme, event("2026-05-20T15:00:00Z", messages=2), event("2026-05-02T15:00:00Z", messages=3),
         event("2026-04-30T15:00:00Z", messages=50))
    campaign(acme, "c", {"at": "2026-05-20T19:00:00Z", "contacts": 30}, {"at": "2026-05-21T19:00:00Z", "contacts": 4})
    found = values(acme)
    figures = {limit: tuple(of(found, f"daybook_limit_{what}", organization="acme", limit=limit) for what in ("amount", "used", "held"))
               for limit in ("daily", "cycle-sms", "cycle-cost", "cycle-calls")}
    assert figures == {"daily": (500, 2, 30), "cycle-sms": (900, 5, 34), "cycle-cost": (Decimal("12.5"), Decimal("0.0395"), Decimal("0.2686")),
                       "cycle-calls": (-1, 0, 0)}
    assert of(found, "daybook_limit_amount", organization="beta", limit="daily") == 7
    set_clock(acme, "2026-06-01T04:00:00Z")
    found = values(acme)
    assert of(found, "daybook_limit_used", organization="acme", limit="cycle-sms") == 0
    assert of(found, "daybook_limit_held", organization="acme", limit="cycle-sms") == 0


def test_a_cost_cap_that_is_unlimited_is_minus_one_as_well(acme):
    assert of(values(acme), "daybook_limit_amount", organization="acme", limit="cycle-cost") == -1


def test_names_have_base_units(acme):
    """As Prometheus wants it: seconds, bytes, dollars; no thousandths of them, and no abbreviations."""
    names = {name for name, _ in values(acme)}
    assert not [n for n in names if re.search(r"_(ms|us|ns|kb|mb|s|h|min|milli\w*|micro\w*)(_|$)", n)]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is of the package prometheus, which make test-all installs")
def test_promtool_finds_nothing_wrong(acme):
    post(acme, event("2026-05-20T15:00:00Z"))
    acme.cmd("org", "set", "acme", "--cost-cap", "12.5")
    done = subprocess.run(["promtool", "check", "metrics"], input=ask(acme).body.decode(), capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_unlimited_is_minus_one(acme):
    acme.cmd("org", "set", "acme", "--daily-limit", "unlimited")
    assert of(values(acme), "daybook_daily_limit", organization="acme") == -1


def test_the_files_and_the_last_backup_are_there(acme):
    found = values(acme)
    assert of(found, "daybook_database_bytes") == acme.path.stat().st_size
    assert of(found, "daybook_wal_bytes") is not None
    assert of(found, "daybook_backup_timestamp_seconds") == 0
    acme.cmd("backup", acme.folder / "copy.db")
    assert of(values(acme), "daybook_backup_timestamp_seconds") == ms(NOON) // 1000
    info = [labels for name, labels in found if name == "daybook_build_info"]
    assert len(info) == 1 and dict(info[0])["version"] == acme.cmd("--version").stdout.split()[1]


def test_without_organizations_it_answers_too(empty):
    empty.cmd("setting", "set", "metrics_addresses", "127.0.0.1 ::1")
    assert of(values(empty), "daybook_database_bytes") > 0


def test_without_a_setting_nobody_reads_it_without_a_credential(daybook):
    """A proxy on the same machine is 127.0.0.1 for everybody."""
    for address in ("127.0.0.1", "::1", "203.0.113.9", ""):
        assert "metrics_addresses" in check_error(ask(daybook, REMOTE_ADDR=address), 403, "tether")


def test_a_token_with_the_scope_reads_it_from_anywhere_and_no_other_credential_does(daybook):
    for org, scope in ((None, "metrics"), ("acme", "metrics"), (None, "admin")):
        token = daybook.token(org, scope)
        for more in ({}, {"headers": {"X-Forwarded-For": "203.0.113.9", "Via": "1.1 proxy"}}):
            assert ask(daybook, REMOTE_ADDR="203.0.113.9", token=token, **more).status == 200, scope
    for scope in ("usage:read", "usage:read usage:write usage:backfill campaigns:write org:admin"):
        assert "scope metrics" in check_error(ask(daybook, token=daybook.token("acme", scope)), 403, "tether")
    key = daybook.cmd("apikey", "add", "--org", "acme", "--scope", "org:admin").stdout.split()[-1]
    check_error(ask(daybook, headers={"X-API-Key": key}), 403, "tether")
    for bad in ("garbage", daybook.token(None, "metrics")[:-3] + "AAA"):
        reply = ask(daybook, token=bad, REMOTE_ADDR="203.0.113.9")
        check_error(reply, 401, "tether")
        assert reply.headers["www-authenticate"].startswith("Bearer ")


def test_the_scope_is_for_nothing_else_and_for_no_api_key(daybook):
    token = daybook.token(None, "metrics")
    assert daybook.cgi("session", "GET", "/api/session", token=token).json["data"]["scopes"] == ["metrics"]
    for program, path in (("organization-usage", "/organization/usage"), ("settings", "/api/organizations/acme")):
        assert daybook.cgi(program, "GET", path, token=token).status == 403
    assert daybook.cgi("organization-usage", "GET", "/organization/usage", token=daybook.token("acme", "metrics")).status == 403
    assert daybook.cmd("apikey", "add", "--org", "acme", "--scope", "metrics", check=False).returncode != 0
    reply = daybook.cgi("api-keys", "POST", "/api/organizations/acme/api-keys", body={"name": "x", "scopes": ["metrics"]},
                        token=daybook.token("acme", "admin"))
    assert "cannot have admin or metrics" in check_error(reply, 400, "tether")
    daybook.cmd("key", "add", "--kid", "theirs", "--org", "acme", check=False)
    done = daybook.cmd("token", "--org", "acme", "--kid", "theirs", "--scope", "metrics", check=False)
    assert done.returncode != 0, "a key of one organization grants nothing over all"


def test_only_the_configured_addresses_may_read_without_a_credential(acme):
    for address in ("127.0.0.1", "::1"):
        assert ask(acme, REMOTE_ADDR=address).status == 200
    for address in ("203.0.113.9", "127.0.0.10", "127.0.0", "", "1", "::"):
        check_error(ask(acme, REMOTE_ADDR=address), 403, "tether")
    acme.cmd("setting", "set", "metrics_addresses", "203.0.113.9, 203.0.113.10")
    for address, status in (("203.0.113.9", 200), ("203.0.113.10", 200), ("127.0.0.1", 403), ("203.0.113.1", 403)):
        assert ask(acme, REMOTE_ADDR=address).status == status


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_what_a_proxy_passes_on_needs_the_operators_word(acme, name):
    for value in ("127.0.0.1", "for=203.0.113.9", "1.1 proxy"):
        assert "metrics_forwarded" in check_error(ask(acme, headers={name: value}), 403, "tether")
    acme.cmd("setting", "set", "metrics_forwarded", "1")
    assert ask(acme, headers={name: "203.0.113.9"}).status == 200
    # What a client says of itself never counts.
    check_error(ask(acme, headers={name: "127.0.0.1"}, REMOTE_ADDR="203.0.113.9"), 403, "tether")


def test_head_and_post(acme):
    head = acme.cgi("metrics", "HEAD", "/metrics")
    assert (head.status, head.body) == (200, b"") and int(head.headers["content-length"]) > 100
    reply = acme.cgi("metrics", "POST", "/metrics", body={})
    check_error(reply, 405, "tether")


def test_unknown_parameters_are_ignored(acme):
    assert ask(acme, query="format=json&x=%zz").status == 200


def test_a_process_that_stays_says_what_a_new_one_says(acme, tmp_path):
    """It keeps the sums of days that are over for long: whatever changes one of those is seen, and also a restore."""
    process, token = acme.fastcgi("metrics"), acme.token(scope="usage:write usage:backfill", ttl="8760h")

    def write(**fields):
        reply = acme.cgi("events", "POST", "/api/events", body=fields, token=token)
        assert reply.status == 200 and reply.json["accepted"] == 1, reply

    def check():
        def sums(reply):
            assert reply.status == 200, reply
            return [line for line in reply.body.decode().splitlines() if line.startswith(("daybook_messages", "daybook_parts", "daybook_cost"))]
        kept = [sums(process.ask("GET", "/metrics")) for _ in range(2)]
        assert kept == [sums(ask(acme))] * 2
        return kept[0]

    seen = [check()]

    def changes(is_other=True):
        seen.append(check())
        assert (seen[-1] != seen[-2]) == is_other, seen[-2:]
    write(id="a", occurredAt="2025-11-03T12:00:00.000Z")
    changes()
    write(id="b", occurredAt="2025-11-03T12:00:00.000Z", channel="CALL")
    changes()
    acme.cmd("backup", tmp_path / "backup.db")
    write(id="c", occurredAt="2026-02-03T12:00:00.000Z", parts=3)
    changes()
    write(id="v", voids="a", reason="twice")
    changes()
    write(id="now", occurredAt="2026-05-20T12:00:00.000Z")
    changes()
    acme.cmd("price", "set", "SMS", "0.5", "--from", "2026-02-01", "--reprice")
    changes()
    for now, is_other in (("2026-09-01T16:00:00Z", False), (NOON, False), ("2027-03-01T16:00:00Z", False)):
        set_clock(acme, now)
        changes(is_other)
    write(id="old", occurredAt="2026-05-20T13:00:00.000Z")
    changes()
    acme.cmd("org", "set", "acme", "--timezone", "Asia/Tokyo")
    changes(False)
    acme.cmd("org", "add", "other", "--timezone", "Asia/Tokyo")
    changes(False)
    for _ in range(2):
        acme.cmd("restore", tmp_path / "backup.db")
        changes()
        write(id="d", occurredAt="2025-12-03T12:00:00.000Z", parts=7)
        changes()
