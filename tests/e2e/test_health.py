"""GET /health"""
import sqlite3

from support import NOON, check_error, is_int, set_clock


def ask(daybook, query=None, **more):
    return daybook.cgi("health", "GET", "/health", query, **more)


def details(daybook, **more):
    return ask(daybook, token=daybook.token(None, "metrics"), **more).json


def test_strangers_learn_that_it_answers_and_no_more(daybook):
    for address in ("203.0.113.9", "127.0.0.1", ""):
        assert ask(daybook, REMOTE_ADDR=address).json == {"status": "ok"}


def test_the_operator_learns_what_runs(daybook):
    body = details(daybook, REMOTE_ADDR="203.0.113.9")
    assert set(body) == {"status", "version", "schemaVersion", "sqliteVersion", "journalMode", "tzdataVersion", "organizations",
                         "warnings"}
    assert body["status"] == "ok" and body["journalMode"] == "wal"
    assert body["version"] == daybook.cmd("--version").stdout.split()[1]
    assert body["schemaVersion"] == daybook.sql("PRAGMA user_version")[0][0]
    assert is_int(body["schemaVersion"]) and is_int(body["organizations"]) and isinstance(body["warnings"], list)
    assert body["sqliteVersion"].split(".")[0] == sqlite3.sqlite_version.split(".")[0]


def test_who_the_operator_is(daybook):
    """A token with metrics or admin; an address of the setting; org:admin as long as there is one organization."""
    def sees(**more):
        return "version" in ask(daybook, **more).json
    key = daybook.cmd("apikey", "add", "--org", "acme", "--scope", "org:admin").stdout.split()[-1]
    assert sees(token=daybook.token(None, "admin")) and sees(token=daybook.token("acme", "org:admin")) and sees(headers={"X-API-Key": key})
    assert not sees(token=daybook.token("acme", "usage:read usage:write")) and not sees()
    daybook.cmd("org", "add", "beta", "--timezone", "UTC")
    assert sees(token=daybook.token(None, "admin")) and not sees(token=daybook.token("acme", "org:admin"))
    assert not sees(headers={"X-API-Key": key})
    daybook.cmd("setting", "set", "metrics_addresses", "192.0.2.7")
    assert sees(REMOTE_ADDR="192.0.2.7") and not sees(REMOTE_ADDR="192.0.2.8")
    assert not sees(REMOTE_ADDR="192.0.2.7", headers={"X-Forwarded-For": "192.0.2.7"})


def test_organizations_are_counted(empty):
    assert details(empty)["organizations"] == 0
    process = empty.fastcgi("health")
    empty.cmd("org", "add", "a", "--timezone", "UTC")
    empty.cmd("org", "add", "b", "--timezone", "UTC")
    assert process.ask("GET", "/health", token=empty.token(None, "metrics")).json["organizations"] == 2


def test_a_missing_and_an_old_backup_are_warned_of(daybook):
    def backup_warnings():
        return [w for w in details(daybook)["warnings"] if "backup" in w]
    set_clock(daybook, NOON)
    assert len(backup_warnings()) == 1 and "no backup" in backup_warnings()[0]
    daybook.cmd("backup", daybook.folder / "copy.db")
    assert backup_warnings() == []
    set_clock(daybook, "2026-05-27T16:00:00Z")	# 7 days
    assert backup_warnings() == []
    set_clock(daybook, "2026-05-27T16:00:01Z")
    assert len(backup_warnings()) == 1 and "7 days" in backup_warnings()[0]


def test_old_time_zones_are_warned_of(daybook):
    set_clock(daybook, "2040-01-01T00:00:00Z")
    assert any("tzdata" in w for w in details(daybook)["warnings"])


def test_credentials_do_not_matter(daybook):
    for headers in ({}, {"Authorization": "Bearer garbage"}, {"Authorization": "Basic eA=="}, {"X-API-Key": "dbk_x"}):
        reply = ask(daybook, headers=headers)
        assert (reply.status, reply.json) == (200, {"status": "ok"})


def test_unknown_parameters_are_ignored(daybook):
    """A monitor may add a cache-buster."""
    process = daybook.fastcgi("health")
    for query in ("_=1", "_=1&_=2", "verbose", "x=%zz", "%ff=1", "&"):
        assert process.ask("GET", "/health", query).status == 200


def test_without_a_database_it_is_503_and_with_one_again_200(daybook):
    away = daybook.folder / "away"
    daybook.path.rename(away)
    process = daybook.fastcgi("health")
    reply = process.ask("GET", "/health")
    check_error(reply, 503, "tether")
    assert int(reply.headers["retry-after"]) >= 1
    assert str(daybook.folder) not in reply.body.decode()
    away.rename(daybook.path)
    assert process.ask("GET", "/health").status == 200


def test_a_file_that_is_no_daybook_database_is_503(daybook):
    for content in (b"", b"not a database at all" * 300):
        other = daybook.folder / "other.db"
        other.write_bytes(content)
        check_error(ask(daybook, env={"DAYBOOK_DB": str(other)}), 503, "tether")
        assert other.read_bytes() == content
    sqlite3.connect(daybook.folder / "foreign.db").execute("CREATE TABLE t (a)")
    check_error(ask(daybook, env={"DAYBOOK_DB": str(daybook.folder / "foreign.db")}), 503, "tether")


def test_a_database_of_another_schema_is_503(daybook):
    version = daybook.sql("PRAGMA user_version")[0][0]
    daybook.sql("PRAGMA user_version = 99")
    check_error(ask(daybook), 503, "tether")
    daybook.sql(f"PRAGMA user_version = {version}")
    assert ask(daybook).status == 200


def test_head_has_the_length_and_no_body_and_post_is_refused(daybook):
    get, head = ask(daybook), daybook.cgi("health", "HEAD", "/health")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(get.body)))
    reply = daybook.cgi("health", "POST", "/health", body={})
    check_error(reply, 405, "tether")
    assert reply.headers["allow"] == "GET, HEAD, OPTIONS"
