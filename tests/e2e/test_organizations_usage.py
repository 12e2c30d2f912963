"""GET /organizations/{organizationId}/usage"""
import random

import pytest

from support import NOON, QUARTER_MS, bad_queries, check_error, event, is_int, ms, post, set_clock

PATH = "/organizations/acme/usage"
FIELDS = {"SMS": "usageSms", "WHATSAPP": "usageWhatsapp", "EMAIL": "usageEmail", "SAGE": "usageSage"}
AT = ms("2026-05-20T15:00:00Z")


@pytest.fixture
def acme(daybook):
    set_clock(daybook, NOON)
    return daybook


def ask(daybook, first, last, org="acme", token=None):
    return daybook.cgi("organizations-usage", "GET", f"/organizations/{org}/usage", {"startDate": first, "endDate": last},
                       token=token or daybook.token("acme", "usage:read"))


def usage(daybook, first, last):
    reply = ask(daybook, first, last)
    assert reply.status == 200, reply
    assert set(reply.json) == {"data"}
    return reply.json["data"]


def test_nothing_sent_is_four_zeros(acme):
    assert usage(acme, 0, AT) == {"usageSms": 0, "usageWhatsapp": 0, "usageEmail": 0, "usageSage": 0}


def test_the_four_channels_are_counted_in_messages(acme):
    post(acme, event(AT, messages=2, parts=8), event(AT, channel="WHATSAPP", messages=3), event(AT, channel="EMAIL", messages=5),
         event(AT, channel="SAGE", messages=7), event(AT, channel="CALL", messages=11), event(AT, channel="PUSH", messages=13),
         event(AT, status="failed", to="1", reason="r"))
    data = usage(acme, AT - 1, AT + 1)
    assert data == {"usageSms": 2, "usageWhatsapp": 3, "usageEmail": 5, "usageSage": 7}
    assert all(is_int(n) for n in data.values())


@pytest.mark.parametrize("bound", [AT, AT + 1, AT - 1, AT + 450_123, AT - AT % QUARTER_MS + QUARTER_MS, ms("2026-05-20T04:00:00Z")])
def test_the_start_belongs_to_the_range_and_the_end_does_not(acme, bound):
    if bound > ms(NOON):
        pytest.fail("the bound must be in the past")
    post(acme, *(event(bound + i, messages=n) for i, n in ((-1, 1), (0, 2), (1, 4))))
    assert usage(acme, bound, bound + QUARTER_MS * 9)["usageSms"] == 6
    assert usage(acme, bound - QUARTER_MS * 9, bound)["usageSms"] == 1
    assert usage(acme, bound, bound + 1)["usageSms"] == 2
    assert usage(acme, bound - 1, bound + 1)["usageSms"] == 3
    assert usage(acme, bound, bound)["usageSms"] == 0
    assert usage(acme, bound - 1, bound + 2)["usageSms"] == 7


def test_any_range_is_what_the_events_say_and_adjoining_ones_add_up(acme):
    dice = random.Random(11)
    start, span = ms("2026-05-18T00:00:00Z"), 60 * 3_600_000
    posted = [event(start + (dice.randrange(span) if i % 3 else dice.randrange(span // QUARTER_MS) * QUARTER_MS + dice.choice((-1, 0, 1))),
                    messages=dice.randrange(1, 9), channel=dice.choice(list(FIELDS))) for i in range(1500)]
    voided = posted[::10]
    post(acme, *posted)
    post(acme, *({"id": "v" + e["id"], "voids": e["id"], "reason": "r"} for e in voided))
    kept = [e for i, e in enumerate(posted) if i % 10]
    token, process = acme.token(), acme.fastcgi("organizations-usage")

    def counted(first, last):
        reply = process.ask("GET", PATH, {"startDate": first, "endDate": last}, token=token)
        assert reply.status == 200, reply
        data = reply.json["data"]
        assert data == {field: sum(e["messages"] for e in kept if e["channel"] == channel and first <= ms(e["occurredAt"]) < last)
                        for channel, field in FIELDS.items()}, (first, last)
        return data
    for _ in range(60):
        first, middle, last = sorted(start + dice.choice((dice.randrange(span), dice.randrange(span // QUARTER_MS) * QUARTER_MS))
                                     for _ in range(3))
        whole, left, right = counted(first, last), counted(first, middle), counted(middle, last)
        assert all(whole[f] == left[f] + right[f] for f in whole)
    instants = sorted(ms(e["occurredAt"]) for e in posted)
    for at in instants[:40]:
        counted(at, at + 1), counted(at - 1, at), counted(at, instants[-1] + 1)
    assert counted(0, 9007199254740991) == counted(instants[0], instants[-1] + 1)


def test_an_end_in_seconds_is_noticed(acme):
    reply = ask(acme, 0, 1779292800)
    check_error(reply, 422, "infodeck", "endDate: looks like seconds; milliseconds are meant")
    check_error(ask(acme, 0, 1), 422, "infodeck", "seconds")
    check_error(ask(acme, 0, 10**11 - 1), 422, "infodeck", "seconds")
    assert ask(acme, 0, 10**11).status == 200
    assert ask(acme, 0, 0).status == 200


def test_a_start_after_the_end_is_refused(acme):
    check_error(ask(acme, AT + 1, AT), 422, "infodeck", "endDate:")
    assert ask(acme, AT, AT).status == 200


def test_each_bad_parameter_is_named_and_the_process_goes_on(acme):
    process = acme.fastcgi("organizations-usage")
    token = acme.token()
    values = [str(AT), "-1", "1.5", f"{AT}.0", "1e12", "0x1", "2026-05-20", "NaN", "9007199254740992", "99999999999999999999", "true"]
    for name, other in (("startDate", f"endDate={AT}"), ("endDate", "startDate=0")):
        for what, query in bad_queries(name, values) + [("missing", "")]:
            check_error(process.ask("GET", PATH, other + "&" + query, token=token), 422, "infodeck", name + ":")
    reply = process.ask("GET", PATH, f"_=%zz&endDate={AT}&_=1&startDate=0&_=2", token=token)
    assert reply.status == 200 and reply.json["data"]["usageSms"] == 0


def test_another_organizations_usage_is_refused_whether_it_exists_or_not(acme):
    acme.cmd("org", "add", "other", "--timezone", "UTC")
    for scope in ("usage:read", "usage:read usage:write campaigns:write org:admin usage:backfill"):
        token = acme.token("acme", scope)
        replies = [ask(acme, 0, AT, org, token) for org in ("other", "nobody", "ACME", "acme.", "..", "acme%00", "acm")]
        for reply in replies:
            check_error(reply, 403, "infodeck")
        assert len({reply.body for reply in replies}) == 1
        assert ask(acme, 0, AT, "acme", token).status == 200


def test_the_scope_admin_reads_every_organization_and_hears_of_unknown_ones(acme):
    acme.cmd("org", "add", "other", "--timezone", "UTC")
    post(acme, event(AT, messages=4), org="other")
    for org in ("acme", None):
        token = acme.token(org, "admin")
        assert ask(acme, 0, AT + 1, "other", token).json["data"]["usageSms"] == 4
        check_error(ask(acme, 0, AT, "nobody", token), 404, "infodeck")


def test_a_token_of_an_organization_that_is_not_there_is_refused(acme):
    acme.cmd("org", "add", "gone", "--timezone", "UTC")
    token = acme.token("gone", "usage:read")
    assert ask(acme, 0, AT, "gone", token).status == 200
    for table, column in (("zone_span", "org"), ("audit", "org"), ("organization", "key")):
        acme.sql(f"DELETE FROM {table} WHERE {column} = (SELECT key FROM organization WHERE id = 'gone')")
    check_error(ask(acme, 0, AT, "gone", token), 403, "infodeck")


def test_reading_takes_the_scope_to_read(acme):
    check_error(ask(acme, 0, AT, token=acme.token("acme", "usage:write")), 403, "infodeck")
    reply = acme.cgi("organizations-usage", "GET", PATH, {"startDate": 0, "endDate": AT})
    check_error(reply, 401, "infodeck")


def test_many_events_of_one_quarter_hour_are_counted_from_its_other_side_or_refused(acme):
    """At most 100,000 of the ledger are counted one by one."""
    start = AT - AT % QUARTER_MS
    post(acme, event(start + 300_000, id="one"), event(start + 600_000, id="two"))
    for name in ("one", "two"):
        acme.sql("INSERT INTO event (org, source, id, occurred_at, channel, messages, parts, status, cost_micros, cost_given, actor, "
                 "org_revision, received_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
                 "SELECT org, ?, i, occurred_at, channel, 1, 1, 'sent', 0, 0, actor, 1, received_at FROM n, event WHERE org = 1 AND source = '' AND id = ?", name, name)
    for table in ("usage_quarter", "usage_day"):
        acme.sql(f"UPDATE {table} SET messages = 200002, parts = 200002")
    end = start + QUARTER_MS
    assert usage(acme, 0, start + 1000)["usageSms"] == 0
    assert usage(acme, 0, end)["usageSms"] == usage(acme, start, end + 1)["usageSms"] == 200_002
    assert usage(acme, 0, end - 1)["usageSms"] == usage(acme, start + 1, end)["usageSms"] == 200_002
    for first, last in ((0, start + 450_000), (start + 450_000, end)):
        reply = ask(acme, first, last)
        assert reply.status == 422 and "100000 events" in reply.body.decode() and "900000" in reply.body.decode(), reply
