"""/setup: a host with files and a browser only becomes a Daybook; once, and never half."""
import concurrent.futures
import subprocess
import time

from conftest import BUILD
from hosting_site import CODE, Site, site  # noqa: F401 (site is a fixture)


# ---- The whole way

def test_from_uploaded_files_to_a_calendar(site):
    form = site.ask()
    assert form.status == 200 and not site.database.exists()
    done = site.post(name="Acme & Sons", dailyLimit="500", plan="growth", priceSms="0.0079", priceCall="0.013")
    assert done.status == 201 and "key" not in done.page.inputs
    key = done.body.decode().split('<code class="key">')[1].split("<")[0]
    assert not site.code_file.exists()
    assert oct(site.data.stat().st_mode & 0o777) == "0o700" and oct(site.database.stat().st_mode & 0o777) == "0o600"
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sent = site.call("events", "POST", "/api/events", key, body={"id": "SM1", "channel": "SMS", "occurredAt": now, "parts": 2})
    assert (sent.status, sent.json["accepted"]) == (200, 1), sent
    settings = site.call("settings", "GET", "/api/organizations/acme", key).json["data"]
    assert {n: settings[n] for n in ("name", "timezone", "dailyLimit", "plan")} == {
        "name": "Acme & Sons", "timezone": "America/Toronto", "dailyLimit": 500, "plan": "growth"}
    today = settings["today"]
    calendar = site.call("usage-calendar", "GET", "/api/campaigns/usage-calendar", key, f"from={today}&to={today}")
    assert calendar.json["data"]["dates"][today]["sent"] == 1
    assert site.sql("SELECT sum(cost_micros) FROM event") == [(15800,)]
    assert site.sql("SELECT count(*) FROM signing_key WHERE alg = 'HS256' AND sign_key IS NOT NULL") == [(1,)]
    assert site.sql("SELECT value FROM setting WHERE name = 'backup_keep'") == [("7",)], "there is no cron"
    assert {a for a, in site.sql("SELECT action FROM audit WHERE credential = 'setup'")} >= {
        "org.add", "key.add", "apikey.add"}


def test_json_does_the_same(site):
    done = site.post(as_json=True, dailyLimit=500)
    assert done.status == 201 and done.json["data"]["organizationId"] == "acme" and done.json["data"]["codeRemoved"] is True
    assert site.call("settings", "GET", "/api/organizations/acme", done.json["data"]["apiKey"]).json["data"]["dailyLimit"] == 500


def test_prices_are_in_the_currency_that_was_chosen(site):
    assert site.post(currency="EUR", priceSms="0.07").status == 201
    assert site.sql("SELECT o.currency, p.currency, p.nanos_per_part FROM organization o JOIN price p ON p.org = o.key") == [
        ("EUR", "EUR", 70_000_000)]


def test_the_key_may_do_what_an_administrator_of_the_organization_may_and_no_more(site):
    site.post()
    assert site.sql("SELECT scopes FROM api_key") == [("usage:read usage:write campaigns:write org:admin",)]


def test_what_is_left_empty_is_unlimited_unnamed_and_free(site):
    assert site.post(name="", dailyLimit="", plan="", priceSms="", priceCall="").status == 201
    assert site.sql("SELECT o.name, amount, plan FROM organization o JOIN limit_rule r ON r.org = o.key "
                    "JOIN limit_amount ON rule = r.key WHERE r.name = 'daily'") == [("acme", None, "")]
    assert site.sql("SELECT count(*) FROM price") == [(0,)]


# ---- Only once

def test_once_done_it_is_gone_whatever_the_code(site):
    assert site.post().status == 201
    before = site.sql("SELECT count(*) FROM audit")
    for again in range(2):
        for reply in (site.ask(), site.post(), site.post(code="another-code-of-16"), site.post(as_json=True)):
            assert reply.status == 404, reply
        page = site.ask().page
        assert "Setup is already done" in page.text and page.inputs == {} and "./" in page.links
        site.code_file.write_text(CODE)
    assert site.sql("SELECT count(*) FROM audit") == before


def test_two_at_once_make_one_organization(tmp_path):
    site = Site(tmp_path)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda i: site.post(as_json=True, organizationId=f"org{i}"), range(6)))
    assert sorted(r.status for r in replies) == [201, 404, 404, 404, 404, 404], replies
    won = next(r for r in replies if r.status == 201)
    assert site.sql("SELECT id FROM organization") == [(won.json["data"]["organizationId"],)]
    assert site.sql("SELECT count(*) FROM api_key") == site.sql("SELECT count(*) FROM signing_key") == [(1,)]
    assert sorted(p.name for p in site.data.iterdir() if "new" in p.name) == []


def test_a_database_without_an_organization_is_used_as_it_is(site):
    for command in (["init"], ["key", "add", "--kid", "mine"]):
        subprocess.run([BUILD / "bin/daybook", "-d", site.database, *command], check=True, capture_output=True)
    assert site.post().status == 201
    assert site.sql("SELECT kid FROM signing_key") == [("mine",)]


def test_it_can_be_repeated_after_any_step_that_was_cut_short(site):
    for leftover in ("daybook.db-new-17", "daybook.db-new-17-wal"):
        (site.data / leftover).write_bytes(b"half")
    assert site.post(timezone="Mars/Olympus").status == 400
    assert site.post().status == 201


def test_files_of_an_earlier_database_are_named_and_not_played_over_the_new_one(site):
    subprocess.run([BUILD / "bin/daybook", "-d", site.database, "init"], check=True, capture_output=True)
    subprocess.run([BUILD / "bin/daybook", "-d", site.database, "key", "add"], check=True, capture_output=True)
    site.database.unlink()
    left = site.database.with_name(site.database.name + "-wal")
    was = left.read_bytes()
    assert was
    reply = site.post(as_json=True)
    assert reply.status == 409 and "-wal" in reply.json["error"], reply
    assert not site.database.exists() and left.read_bytes() == was and site.code_file.exists()
    left.unlink()
    assert site.post().status == 201
    assert site.sql("PRAGMA integrity_check") == [("ok",)]


def test_where_something_fails_in_the_transaction_nothing_is_there(site):
    subprocess.run([BUILD / "bin/daybook", "-d", site.database, "init"], check=True, capture_output=True)
    site.sql("CREATE TRIGGER broken BEFORE INSERT ON api_key BEGIN SELECT raise(ABORT, 'no'); END")
    assert site.post().status >= 400
    for table in ("organization", "signing_key", "price", "audit"):
        assert site.sql(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert site.code_file.exists()
    site.sql("DROP TRIGGER broken")
    assert site.post().status == 201
