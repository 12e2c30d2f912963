"""GET /api/organizations/{id}/audit"""
import csv
import io
import json

import pytest

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
                "INSERT INTO audit (at, org, credential, action, detail) SELECT 1779249600000 + i, o.key, 'cli', 'test', "
                "'{\"i\":' || i || '}' FROM n, organization o WHERE o.id = ? ORDER BY i", count, org)


def test_what_was_done_is_listed_newest_first_with_its_detail(audit):
    audit.daybook.cgi("settings", "PUT", "/api/organizations/acme/plan", body={"plan": "big"}, token=audit.token)
    audit.daybook.cmd("price", "set", "SMS", "0.5", "--org", "acme")
    data = audit.get()
    assert [(e["action"], e["credential"]) for e in data["entries"]] == [
        ("price.set", "cli"), ("org.set", "jwt:main"), ("org.add", "cli")] and data["next"] is None
    assert set(data["entries"][0]) == {"id", "at", "credential", "action", "detail"}
    assert data["entries"][1]["detail"]["plan"] == "big" and data["entries"][0]["detail"]["usdPerPart"] == 0.5
    stored = audit.daybook.sql("SELECT key, detail FROM audit WHERE org = 1 ORDER BY key DESC")
    assert [(e["id"], e["detail"]) for e in data["entries"]] == [(key, json.loads(detail)) for key, detail in stored]


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
                      "INSERT INTO audit (at, org, credential, action, detail) SELECT i, 1, 'cli', 'test', "
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
    assert [e["action"] for e in everything] == ["key.add", "price.set", "price.set", "org.add", "key.add"]
    assert audit.ask({"limit": 2, "before": everything[1]["id"]}, token=admin).json["data"]["entries"] == everything[2:4]
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


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=", "before=0", "before=-1", "before=x", "before=99999999999999999",
                                   "after=1", "format=xml"])
def test_a_bad_parameter_is_a_400_that_names_it(audit, query):
    check_error(audit.ask(query), 400, "tether", query.split("=")[0])


def test_as_csv_it_is_a_line_each_with_the_detail_as_json(audit):
    many(audit.daybook, 3)
    first = audit.ask({"limit": 3}, headers={"Accept": "text/csv"})
    assert first.headers["content-type"] == "text/csv; charset=utf-8"
    assert first.headers["content-disposition"] == 'attachment; filename="audit-acme.csv"'
    rows = list(csv.DictReader(io.StringIO(first.body.decode(), newline=""), strict=True))
    entries = audit.get(limit=3)["entries"]
    assert [{**r, "id": int(r["id"]), "detail": json.loads(r["detail"])} for r in rows] == entries
    assert int(first.headers["x-next-cursor"]) == entries[-1]["id"]
    last = audit.ask({"limit": 3, "before": entries[-1]["id"], "format": "csv"})
    assert last.status == 200 and "x-next-cursor" not in last.headers


def test_a_detail_that_is_no_json_leaves_the_reply_whole(audit):
    for detail in ("{", "7", '{"a":1,"a":2}', ""):
        audit.daybook.sql("INSERT INTO audit (at, org, credential, action, detail) VALUES (1, 1, 'cli', 'test', ?)", detail)
    assert [e["detail"] for e in audit.get()["entries"]][:4] == [{}] * 4


def test_the_list_is_read_from_its_index(audit):
    plan = audit.daybook.sql("EXPLAIN QUERY PLAN SELECT key FROM audit WHERE org = 1 AND key < 5 ORDER BY key DESC LIMIT 3")
    assert "audit_newest (org=? AND rowid<?)" in plan[0][3] and len(plan) == 1
