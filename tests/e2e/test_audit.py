"""GET /api/organizations/{id}/audit"""
import csv
import io
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from conftest import signed
from support import check_error

PATH = "/api/organizations/{}/audit"


class Audit:
    def __init__(self, daybook):
        self.daybook, self.process, self.token = daybook, daybook.fastcgi("audit"), daybook.token("acme", "org:admin")

    def ask(self, query=None, org="acme", **options):
        options.setdefault("token", self.token)
        return self.process.ask("GET", PATH.format(org), query, **options)

    def get(self, **query):
        reply = self.ask(query)
        assert reply.status == 200, reply
        return reply.json["data"]


@pytest.fixture
def audit(daybook):
    return Audit(daybook)


def many(daybook, count, org="acme"):
    daybook.sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                "INSERT INTO audit (at, org, number, credential, action, detail) SELECT 1779249600000 + i, o.key, "
                "(SELECT max(number) FROM audit WHERE org = o.key) + i, 'cli', 'test', "
                "'{\"i\":' || i || '}' FROM n, organization o WHERE o.id = ? ORDER BY i", count, org)


def test_what_was_done_is_listed_newest_first_with_its_detail(audit):
    audit.daybook.cgi("settings", "PUT", "/api/organizations/acme/plan", body={"plan": "big"}, token=audit.token)
    audit.daybook.cmd("price", "set", "SMS", "0.5", "--org", "acme")
    data = audit.get()
    assert [(e["action"], e["credential"]) for e in data["entries"]] == [
        ("price.set", "cli"), ("org.set", "jwt:main"), ("org.add", "cli")] and data["next"] is None
    assert set(data["entries"][0]) == {"id", "at", "organizationId", "credential", "actor", "action", "detail"}
    assert data["entries"][1]["detail"]["plan"] == "big" and data["entries"][0]["detail"]["usdPerPart"] == 0.5
    stored = audit.daybook.sql("SELECT detail FROM audit WHERE org = 1 ORDER BY key DESC")
    assert [(e["id"], e["detail"]) for e in data["entries"]] == [(3 - i, json.loads(row[0])) for i, row in enumerate(stored)]


@pytest.mark.parametrize("limit", [1, 7, 50, 51, 1000])
def test_pages_join_without_gap_or_repetition_while_others_write(audit, limit):
    many(audit.daybook, 49)
    found, query = [], {"limit": limit}
    while True:
        data = audit.get(**query)
        found += [e["id"] for e in data["entries"]]
        assert len(data["entries"]) <= limit
        if data["next"] is None:
            break
        assert len(data["entries"]) == limit and data["next"] == found[-1]
        query["before"] = data["next"]
        if limit < 50:
            many(audit.daybook, 1)
    assert len(found) == 50 and found == sorted(set(found), reverse=True)


def test_a_hundred_are_given_where_nothing_is_said_and_a_thousand_at_most(audit):
    many(audit.daybook, 1100)
    assert len(audit.get()["entries"]) == 100
    data = audit.get(limit=1000)
    assert len(data["entries"]) == 1000 and len(audit.get(limit=1000, before=data["next"])["entries"]) == 101


def test_a_page_of_long_details_ends_early_and_goes_on(audit):
    audit.daybook.sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) "
                      "INSERT INTO audit (at, org, number, credential, action, detail) SELECT i, 1, 1000 + i, 'cli', 'test', "
                      "'{\"t\":\"' || hex(zeroblob(50000)) || '\"}' FROM n")
    first = audit.ask({"limit": 1000})
    assert first.status == 200 and len(first.body) < 5 << 20
    seen, data = [], first.json["data"]
    while True:
        seen += [e["id"] for e in data["entries"]]
        if data["next"] is None:
            break
        data = audit.get(limit=1000, before=data["next"])
    assert len(seen) == len(set(seen)) == 201


def test_only_the_organizations_rows_are_given_and_the_installations_to_admin_alone(audit):
    daybook = audit.daybook
    daybook.cmd("org", "add", "other", "--timezone", "UTC", "--name", "Secret Ltd")
    daybook.cmd("key", "add", "--kid", "second")
    assert [e["action"] for e in audit.get()["entries"]] == ["org.add"] and "Secret" not in audit.ask().body.decode()
    admin = daybook.token(None, "admin")
    everything = audit.ask(token=admin).json["data"]["entries"]
    assert [(e["action"], e["id"], e["organizationId"]) for e in everything] == [
        ("key.add", 4, None), ("price.set", 3, None), ("price.set", 2, None), ("org.add", 1, "acme"), ("key.add", 1, None)]
    for limit in (1, 2, 3, 4):
        pages, query = [], {"limit": limit}
        while True:
            data = audit.ask(query, token=admin).json["data"]
            pages += data["entries"]
            if data["next"] is None:
                break
            query["before"] = data["next"]
        assert pages == everything, "the two kinds of rows have numbers of their own"
    reply = audit.ask(org="other")
    check_error(reply, 403, "tether")
    assert "Secret" not in reply.body.decode()
    theirs = audit.ask(org="other", token=daybook.token("other", "org:admin")).json["data"]["entries"]
    assert [e["detail"]["name"] for e in theirs] == ["Secret Ltd"]
    check_error(audit.ask(org="ghost", token=admin), 404, "tether")


@pytest.mark.parametrize("scope", ["usage:read", "usage:write", "usage:backfill", "campaigns:write", ""])
def test_another_scope_will_not_do(audit, scope):
    check_error(audit.ask(token=audit.daybook.token("acme", scope)), 403, "tether", "org:admin")
    check_error(audit.ask(token="x"), 401, "tether")


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=", "before=0", "before=-1", "before=x", "before=99999999999999999", "before=1.1", "before=1.", "before=.1",
                                   "after=1", "format=xml"])
def test_a_bad_parameter_is_a_400_that_names_it(audit, query):
    check_error(audit.ask(query), 400, "tether", query.split("=")[0])


def local(at):
    """An instant in acme's zone, as Python's own reader of zones has it."""
    return datetime.fromisoformat(at.replace("Z", "+00:00")).astimezone(ZoneInfo("America/Toronto")).strftime("%Y-%m-%d %H:%M:%S")


def test_as_csv_it_is_a_line_each_with_the_detail_as_json(audit):
    many(audit.daybook, 3)
    first = audit.ask({"limit": 3}, headers={"Accept": "text/csv"})
    assert first.headers["content-type"] == "text/csv; charset=utf-8"
    assert first.headers["content-disposition"] == 'attachment; filename="audit-acme.csv"'
    rows = list(csv.DictReader(io.StringIO(first.body.decode(), newline=""), strict=True))
    entries = audit.get(limit=3)["entries"]
    assert rows[0]["localTime"] == local(rows[0]["at"]) and list(rows[0])[-1] == "localTime"
    rows = [{k: v for k, v in r.items() if k != "localTime"} for r in rows]
    assert [{**r, "id": int(r["id"]), "actor": r["actor"] or None, "detail": json.loads(r["detail"])} for r in rows] == entries
    assert {r["organizationId"] for r in rows} == {"acme"}
    assert int(first.headers["x-next-cursor"]) == entries[-1]["id"]
    last = audit.ask({"limit": 3, "before": entries[-1]["id"], "format": "csv"})
    assert last.status == 200 and "x-next-cursor" not in last.headers


def test_a_detail_that_is_no_json_leaves_the_reply_whole(audit):
    for detail in ("{", "7", '{"a":1,"a":2}', ""):
        audit.daybook.sql("INSERT INTO audit (at, org, number, credential, action, detail) "
                          "VALUES (1, 1, (SELECT max(number) + 1 FROM audit WHERE org = 1), 'cli', 'test', ?)", detail)
    assert [e["detail"] for e in audit.get()["entries"]][:4] == [{}] * 4


# ---- Who, and what changed

def test_the_actor_is_the_tokens_sub_else_its_jti_and_none_without_a_token(audit):
    daybook = audit.daybook
    who = {"sub": {"sub": "ana@example.com", "jti": "t-1"}, "jti": {"jti": "t-2"}, "none": {"jti": None}}
    for name, claims in who.items():
        daybook.cgi("settings", "PUT", "/api/organizations/acme/plan", body={"plan": name}, token=signed(daybook, **claims))
    daybook.cmd("org", "set", "acme", "--plan", "cli")
    entries = {e["detail"]["plan"]: (e["credential"], e["actor"]) for e in audit.get()["entries"] if e["action"] == "org.set"}
    assert entries == {"sub": ("jwt:main", "ana@example.com"), "jti": ("jwt:main", "t-2"), "none": ("jwt:main", None), "cli": ("cli", None)}


def changed(daybook, action):
    return json.loads(daybook.sql("SELECT detail FROM audit WHERE action = ? ORDER BY key DESC LIMIT 1", action)[0][0])["changed"]


def test_a_setting_has_its_old_and_its_new_value(daybook):
    for value, change in (("https://a", {"from": "", "to": "https://a"}), ("https://b", {"from": "https://a", "to": "https://b"})):
        daybook.cmd("setting", "set", "iss", value)
        assert changed(daybook, "setting.set") == {"iss": change}
    daybook.cmd("setting", "set", "iss", "https://b")
    assert changed(daybook, "setting.set") == {}
    daybook.cmd("setting", "set", "failure_retention_days", "30")
    assert changed(daybook, "setting.set") == {"failure_retention_days": {"from": "90", "to": "30"}}


def test_a_price_has_what_a_part_cost_on_that_day_so_far(daybook):
    for arguments, change in ((("SMS", "0.01", "--from", "2026-01-01"), {"from": 0.0079, "to": 0.01}),
                              (("SMS", "0.02", "--from", "2026-01-01"), {"from": 0.01, "to": 0.02}),
                              (("SMS", "0.03", "--from", "2026-02-01", "--org", "acme"), {"from": 0.02, "to": 0.03}),
                              (("SMS", "0.04", "--from", "2026-03-01"), {"from": 0.02, "to": 0.04}),
                              (("EMAIL", "0.001", "--from", "2026-01-01"), {"from": None, "to": 0.001})):
        daybook.cmd("price", "set", *arguments)
        assert changed(daybook, "price.set") == {"usdPerPart": change}
    daybook.cmd("price", "set", "EMAIL", "0.001", "--from", "2026-01-01")
    assert changed(daybook, "price.set") == {}


def test_a_campaign_has_what_changed_of_it_and_of_each_segment(api):
    api.slices("c", ("2026-05-25T14:00:00Z", 10), ("2026-05-26T14:00:00Z", 20))
    api.put("c", {"name": "New", "segments": [{"segmentNumber": 2, "contactCount": 25, "scheduledISO": "2026-05-27T14:00:00Z"}]})
    change = changed(api.daybook, "campaign.set")
    assert change.pop("name")["to"] == "New"
    assert change == {"segments": [{"segmentNumber": 2, "contactCount": {"from": 20, "to": 25},
                                    "scheduledISO": {"from": "2026-05-26T14:00:00.000Z", "to": "2026-05-27T14:00:00.000Z"}}]}
    assert api.did("c", "pause") == "paused"
    status = {"from": "scheduled", "to": "paused"}
    assert changed(api.daybook, "campaign.pause") == {"segments": [{"segmentNumber": 1, "status": status}, {"segmentNumber": 2, "status": status}]}


def test_what_was_done_to_a_campaign_has_a_word_of_its_own_and_its_name(api):
    api.slices("c", ("2026-05-25T14:00:00Z", 10))
    for verb in ("pause", "resume", "cancel"):
        api.did("c", verb)
    api.create("d", 5, status="draft")
    assert api.on("d", "DELETE").status == 204
    api.create("e", 5)
    api.daybook.cmd("campaign", "cancel", "e")
    rows = [(action, json.loads(detail)) for action, detail in api.daybook.sql(
        "SELECT action, detail FROM audit WHERE action LIKE 'campaign.%' ORDER BY key")]
    assert [(action, d["campaignId"], d["campaignName"]) for action, d in rows] == [
        ("campaign.add", "c", "C"), ("campaign.pause", "c", "C"), ("campaign.resume", "c", "C"), ("campaign.cancel", "c", "C"),
        ("campaign.add", "d", "D"), ("campaign.delete", "d", "D"), ("campaign.add", "e", "E"), ("campaign.cancel", "e", "E")]
    assert rows[3][1]["changed"] == {"segments": [{"segmentNumber": 1, "status": {"from": "scheduled", "to": "cancelled"}}]}


def test_numbers_count_the_rows_of_one_organization(audit):
    daybook = audit.daybook
    daybook.cmd("org", "add", "other", "--timezone", "UTC")
    theirs = daybook.token("other", "org:admin")
    for plan in "abc":
        daybook.cmd("org", "set", "acme", "--plan", plan)
        daybook.cmd("org", "set", "other", "--plan", plan)
        daybook.cmd("setting", "set", "failure_retention_days", str(ord(plan)))
    assert [e["id"] for e in audit.get()["entries"]] == [4, 3, 2, 1]
    assert [e["id"] for e in audit.ask(org="other", token=theirs).json["data"]["entries"]] == [4, 3, 2, 1]


def test_rows_that_were_numbered_across_organizations_keep_their_numbers_and_cursors(audit):
    """As an upgraded file has them."""
    daybook = audit.daybook
    daybook.sql("UPDATE audit SET number = key * 10")
    old = {(e["organizationId"], e["id"]): e for e in audit.ask(token=daybook.token(None, "admin")).json["data"]["entries"]}
    daybook.cmd("org", "set", "acme", "--plan", "x")
    daybook.cmd("setting", "set", "failure_retention_days", "30")
    assert [e["id"] for e in audit.get()["entries"]] == [21, 20]
    reply = audit.ask({"before": 31}, token=daybook.token(None, "admin")).json["data"]["entries"]
    assert [(e["organizationId"], e["id"]) for e in reply] == [("acme", 21), (None, 30), ("acme", 20), (None, 10)]
    assert all(e == old.get((e["organizationId"], e["id"]), e) for e in reply)


def test_the_list_is_read_from_its_index(audit):
    for org in ("= 1", "IS NULL"):
        plan = audit.daybook.sql(f"EXPLAIN QUERY PLAN SELECT key, detail FROM audit WHERE org {org} AND number < 5 ORDER BY number DESC LIMIT 3")
        assert "audit_number (org=? AND number<?)" in plan[0][3] and len(plan) == 1
    plan = audit.daybook.sql("EXPLAIN QUERY PLAN SELECT max(number) FROM audit WHERE org IS ?", 1)
    assert "audit_number (org=?)" in plan[0][3] and len(plan) == 1, "the next number is found without counting"


# ---- Filters

def actions(data):
    return [(e["id"], e["action"], e["credential"]) for e in data["entries"]]


def test_entries_of_an_action_or_of_somebody_are_listed_alone(audit):
    ana, bob = (audit.daybook.token("acme", "org:admin", sub=name) for name in ("ana", "bob"))
    for token in (ana, bob, ana):
        reply = audit.daybook.cgi("settings", "PUT", "/api/organizations/acme/plan", body={"plan": f"p{token[-5:]}"}, token=token)
        assert reply.status == 200
    audit.daybook.cmd("price", "set", "SMS", "0.5", "--org", "acme")
    every = actions(audit.get())
    assert actions(audit.get(action="org.set")) == [e for e in every if e[1] == "org.set"] and len(every) == 5
    assert actions(audit.get(credential="cli")) == [e for e in every if e[2] == "cli"]
    assert [e["actor"] for e in audit.get(actor="ana")["entries"]] == ["ana", "ana"]
    assert [e["id"] for e in audit.get(action="org.set", credential="jwt:main", actor="bob")["entries"]] == [3]
    for query in ({"action": "org"}, {"action": "ORG.SET"}, {"credential": "cl"}, {"actor": "Ana"}, {"action": "%"}, {"action": "org.set", "actor": "x"},
                  {"actor": "' OR 1=1 --"}):
        assert audit.get(**query) == {"entries": [], "next": None}, query
    table = audit.ask({"action": "price.set", "format": "csv"}).body.decode().splitlines()
    assert len(table) == 2 and ",price.set," in table[1]


@pytest.mark.parametrize("name", ["action", "credential", "actor"])
def test_a_filter_that_is_empty_twice_or_too_long_is_refused(audit, name):
    for query in (f"{name}=", f"{name}=a&{name}=b", f"{name}=%ff", f"{name}={'x' * 256}"):
        check_error(audit.ask(query), 400, "tether", name)
    assert audit.ask({name: "x" * 255}).status == 200


def test_pages_of_a_filter_that_wants_little_end_and_go_on(audit):
    """A page looks at 20,000 entries; without an index for what is wanted it may have none, and others follow."""
    audit.daybook.sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) "
                      "INSERT INTO audit (at, org, number, credential, actor, action, detail) SELECT i, 1, 1000 + i, 'cli', "
                      "CASE i % 20000 WHEN 0 THEN 'rare' ELSE 'me' END, CASE i WHEN 7 THEN 'odd' ELSE 'test' END, '{}' FROM n")
    found, pages, query = [], 0, {"actor": "rare"}
    while True:
        data = audit.get(**query)
        found += [e["id"] for e in data["entries"]]
        pages += 1
        if data["next"] is None:
            break
        query["before"] = data["next"]
    assert found == [41000, 21000] and pages == 3
    assert [e["id"] for e in audit.get(action="odd")["entries"]] == [1007], "an index has it"
    assert audit.get(action="odd")["next"] is None


@pytest.mark.parametrize("few, many", [(1, "NULL"), ("NULL", 1)], ids=["organization", "installation"])
@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("query", [{"actor": "rare"}, {"credential": "cli", "actor": "rare"}, {"action": "test", "actor": "rare"}])
def test_pages_of_two_halves_list_each_entry_once_when_one_ends_first(audit, few, many, limit, query):
    """The scope admin: one half has entries beyond the 20,000 that a page looks at, the other has only some."""
    add = ("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) INSERT INTO audit (at, org, number, "
           "credential, actor, action, detail) SELECT i, {}, 1000 + i, 'cli', CASE WHEN i IN (7, 30000, 41000) THEN 'rare' ELSE 'me' "
           "END, 'test', '{{}}' FROM n")
    audit.daybook.sql(add.format(41500, many))
    audit.daybook.sql(add.format(20, few))
    root, found, before = audit.daybook.token("acme", "admin"), [], None
    for _ in range(12):
        data = audit.ask({**query, "limit": limit, **({"before": before} if before else {})}, token=root).json["data"]
        found += [("NULL" if e["organizationId"] is None else 1, e["id"]) for e in data["entries"]]
        before = data["next"]
        if before is None:
            break
    assert before is None and sorted(found, key=str) == sorted([(few, 1007), (many, 1007), (many, 31000), (many, 42000)], key=str)


def test_the_scope_admin_filters_the_installation_too(audit):
    audit.daybook.cmd("setting", "set", "iss", "https://id.example")
    audit.daybook.cmd("price", "set", "SMS", "0.25")
    audit.daybook.cmd("price", "set", "SMS", "0.5", "--org", "acme")
    root = audit.daybook.token("acme", "admin")
    data = audit.ask({"action": "price.set", "limit": 1}, token=root).json["data"]
    assert [e["organizationId"] for e in data["entries"]] == ["acme"] and "." in data["next"]
    more = audit.ask({"action": "price.set", "before": data["next"]}, token=root).json["data"]
    assert [e["organizationId"] for e in more["entries"]][:1] == [None] and more["next"] is None
    assert all(e["action"] == "price.set" for e in more["entries"])
