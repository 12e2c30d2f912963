"""GET and PUT /api/organizations/{id}…: an organization's settings, and what else a change of them does."""
import pytest

from model import DAY, Days, audit, campaign, check_ledger, date, instant, iso, now, set_clock

NOON = "2026-05-20T16:00:00Z"  # 12:00 in Toronto


class Settings:
    def __init__(self, daybook, org="acme", **options):
        self.daybook, self.org, self.process = daybook, org, daybook.fastcgi("settings")
        self.token = daybook.token(org, **options)

    def ask(self, method, verb="", body=None, org=None, **options):
        path = f"/api/organizations/{org or self.org}" + ("/" + verb if verb else "")
        options.setdefault("token", self.token)
        return self.process.ask(method, path, body=body, **options)

    def get(self):
        reply = self.ask("GET")
        assert reply.status == 200, reply
        return reply.json["data"]

    def put(self, verb, body, status=200):
        reply = self.ask("PUT", verb, body)
        assert reply.status == status, reply
        return reply.json["data"] if status == 200 else reply.json["error"]


@pytest.fixture
def settings(daybook):
    return Settings(daybook)


@pytest.fixture(scope="module")
def shared(shared_daybook):
    return Settings(shared_daybook)


# ---- Reading

def test_an_organization_was_made_when_it_was_added(empty):
    empty.cmd("org", "add", "acme", "--timezone", "America/Toronto")
    data = Settings(empty).get()
    assert abs(instant(data["createdAt"]) - now()) < 60000 and data["createdAt"] == data["updatedAt"]


def test_the_settings_say_what_the_command_set(daybook, settings):
    data = settings.get()
    assert {k: v for k, v in data.items() if not k.endswith("At")} == {
        "organizationId": "acme", "name": "acme", "timezone": "America/Toronto", "today": date(Days(daybook).today()),
        "plan": "growth", "dailyLimit": 500, "quotaUnit": "message", "cycleDay": 1, "weekStart": 1, "messagesCap": None, "costCap": None,
        "smsCap": None, "callCap": None, "allowOverage": False}
    assert data["createdAt"] == data["updatedAt"]
    daybook.cmd("org", "set", "acme", "--name", "Acme Ltd \u00e9", "--daily-limit", "unlimited", "--quota-unit", "part",
                "--cycle-day", "31", "--messages-cap", "7", "--cost-cap", "12.5", "--sms-cap", "8", "--call-cap", "0",
                "--allow-overage", "yes", "--plan", "")
    data = settings.get()
    assert [data[k] for k in ("name", "plan", "dailyLimit", "quotaUnit", "cycleDay", "messagesCap", "costCap", "smsCap",
                              "callCap", "allowOverage")] == ["Acme Ltd \u00e9", "", None, "part", 31, 7, 12.5, 8, 0, True]


def test_head_works_where_get_does(settings):
    reply = settings.ask("HEAD")
    assert (reply.status, reply.body) == (200, b"") and int(reply.headers["content-length"]) > 100


# ---- Who may

def test_another_organizations_token_is_403_for_every_verb_and_ones_own_is_not(daybook, settings):
    daybook.cmd("org", "add", "globex", "--timezone", "Asia/Tokyo")
    stranger = daybook.token("globex")
    for method, verb, body in (("GET", "", None), ("PUT", "plan", {"plan": "x"}), ("PUT", "limits", {"dailyLimit": 1}),
                               ("PUT", "timezone", {"timezone": "Europe/Berlin"}), ("PUT", "plan", {"bad": 1}),
                               ("PUT", "plan", "{")):
        for org in ("acme", "nobody"):  # and he cannot tell which of them there is
            reply = settings.ask(method, verb, body, org=org, token=stranger)
            assert reply.status == 403 and reply.json["success"] is False, (method, verb, org)
    assert settings.get()["plan"] == "growth" and settings.get()["dailyLimit"] == 500
    assert settings.ask("GET", org="globex", token=stranger).status == 200


def test_the_scope_org_admin_is_needed(daybook, settings):
    weak = daybook.token(scope="usage:read usage:write usage:backfill campaigns:write")
    for method, verb, body in (("GET", "", None), ("PUT", "plan", {"plan": "x"})):
        assert settings.ask(method, verb, body, token=weak).status == 403
        assert settings.ask(method, verb, body, token=None).status == 401
        assert settings.ask(method, verb, body, token=daybook.token(scope="org:admin")).status == 200


def test_the_scope_admin_sees_every_organization_and_hears_404_of_one_that_is_not(daybook, settings):
    admin = daybook.token(None, scope="admin")
    assert settings.ask("GET", token=admin).json["data"]["organizationId"] == "acme"
    assert settings.ask("PUT", "plan", {"plan": "x"}, token=admin).status == 200
    assert settings.ask("GET", org="nobody", token=admin).status == 404
    assert settings.ask("PUT", "plan", {"plan": "x"}, org="nobody", token=admin).status == 404


def test_other_methods_and_paths_are_refused(settings):
    for method, verb, allowed in (("POST", "", "GET"), ("PUT", "", "GET"), ("GET", "plan", "PUT"), ("DELETE", "limits", "PUT")):
        reply = settings.ask(method, verb, {})
        assert reply.status == 405 and allowed in reply.headers["allow"].split(", ")
    assert settings.ask("PUT", "colour", {}).status == 404
    assert settings.process.ask("GET", "/api/organizations/acme", {"verbose": "1"}, token=settings.token).status == 400


# ---- Good and bad fields

GOOD = [
    ("plan", "plan", ["growth", "", "x" * 64, "Größe"]),
    ("timezone", "timezone", ["Europe/Berlin", "Asia/Kathmandu", "Etc/GMT+12", "UTC", "Asia/Calcutta", "America/Toronto"]),
    ("limits", "dailyLimit", [0, 1, 10**12, None, 500.0, 500]),
    ("limits", "quotaUnit", ["part", "message"]),
    ("limits", "cycleDay", [31, 15, 1]),
    ("limits", "messagesCap", [0, 10**12, None]),
    ("limits", "smsCap", [0, 10**12, None]),
    ("limits", "callCap", [0, 10**12, None]),
    ("limits", "costCap", [0, 0.000001, "12.5", 1000000, "1000000", None]),
    ("limits", "allowOverage", [True, False]),
]


@pytest.mark.parametrize("verb, field, values", GOOD, ids=[g[1] for g in GOOD])
def test_a_good_value_is_kept_and_shown_and_changes_nothing_else(shared, verb, field, values):
    for value in values:
        before = shared.get()
        shown = float(value) if field == "costCap" and value is not None else value
        assert shared.put(verb, {field: value})[field] == shown
        after = shared.get()
        assert after[field] == shown
        changed = {k for k in after if after[k] != before[k]} - {field, "updatedAt", "today"}
        assert not changed, changed


BAD = [
    ("plan", "plan", [None, 5, True, [], "x" * 65, "ü" * 33]),
    ("timezone", "timezone", [None, "", 5, [], "Mars/Olympus", "america/toronto", "EST5EDT4", "UTC+5", "../UTC", "/etc/passwd",
                              "posix/UTC", "right/UTC", "localtime", "Factory", "zone.tab", "x" * 64, "Europe/", "Europe"]),
    ("timezone", "recutHistory", [1, "true", []]),
    ("profile", "name", ["", 7, [], True, "n" * 201, "\u00e9" * 101]),
    ("profile", "weekStart", [0, 8, -1, 1.5, "1", True, [], 10**12]),
    ("limits", "dailyLimit", [-1, 1.5, "500", True, [], 10**12 + 1, 2**53 - 1]),
    ("limits", "quotaUnit", ["", "messages", "PART", 5]),
    ("limits", "cycleDay", [0, 32, -1, 1.5, "1", True]),
    ("limits", "messagesCap", [-1, 1.5, "5", True, 10**12 + 1]),
    ("limits", "smsCap", [-1, 1.5, "5", True, 10**12 + 1]),
    ("limits", "callCap", [-1, 1.5, "5", True, 10**12 + 1]),
    ("limits", "costCap", [-1, "-1", "", "x", True, [], 1000000.01, "1e3"]),
    ("limits", "allowOverage", [0, "yes", []]),
]
BAD_ROWS = [(verb, field, value) for verb, field, values in BAD for value in values]


@pytest.mark.parametrize("verb, field, value", BAD_ROWS, ids=[f"{f} {v!r}"[:60].encode("ascii", "replace").decode()
                                                             for _, f, v in BAD_ROWS])
def test_a_bad_value_is_a_400_that_names_it_and_changes_nothing(shared, verb, field, value):
    before, revision = shared.get(), shared.daybook.sql("SELECT revision FROM organization")
    audits = shared.daybook.sql("SELECT count(*) FROM audit")
    body = {"timezone": "Europe/Paris", field: value} if verb == "timezone" else {field: value}
    assert shared.put(verb, body, 400).startswith(field + ":")
    if verb == "limits" and field != "dailyLimit":
        assert shared.put(verb, {"dailyLimit": 7, field: value}, 400).startswith(field + ":")
    assert shared.get() == before
    assert shared.daybook.sql("SELECT revision FROM organization") == revision
    assert shared.daybook.sql("SELECT count(*) FROM audit") == audits


@pytest.mark.parametrize("verb, body, error", [
    ("plan", {}, "plan:"), ("timezone", {}, "timezone:"), ("timezone", {"recutHistory": True}, "timezone:"),
    ("plan", {"plan": "x", "colour": 1}, "colour:"), ("timezone", {"timezone": "UTC", "zone": "x"}, "zone:"),
    ("limits", {"dailylimit": 1}, "dailylimit:"), ("limits", {"plan": "x"}, "plan:"),
    ("plan", b"", "body:"), ("plan", b"[]", "body:"), ("plan", b'{"plan":"x"', "body:"), ("plan", b'{"plan":"x"}}', "body:"),
    ("plan", b'{"plan":"x","plan":"y"}', "body:"), ("plan", b'{"plan":"\\u0000"}', "body:"), ("plan", b'{"plan":"\xff"}', "body:"),
    ("limits", b"null", "body:")], ids=str)
def test_a_missing_unknown_or_broken_body_is_a_400_that_says_so(shared, verb, body, error):
    before = shared.get()
    assert shared.put(verb, body, 400).startswith(error)
    assert shared.get() == before


def test_no_field_at_all_changes_no_limit(shared):
    before = shared.get()
    after = shared.put("limits", {})
    assert {k: after[k] for k in before if k != "updatedAt"} == {k: v for k, v in before.items() if k != "updatedAt"}


def test_the_profile_is_a_name_and_a_day_and_each_may_be_left_out(daybook, settings):
    assert (settings.put("profile", {"name": "Acme \u00e9", "weekStart": 7})["name"], settings.get()["weekStart"]) == ("Acme \u00e9", 7)
    assert settings.put("profile", {"weekStart": 6})["name"] == "Acme \u00e9"
    assert settings.put("profile", {"name": "n" * 200})["weekStart"] == 6
    assert settings.put("profile", {})["weekStart"] == 6
    assert [(r["name"][0], r["weekStart"]) for r in audit(daybook, "org.set")] == [("A", 7), ("A", 6), ("n", 6), ("n", 6)]
    assert "week start     saturday\n" in daybook.cmd("org", "show", "acme").stdout
    assert settings.get()["dailyLimit"] == 500


@pytest.mark.parametrize("number, name", enumerate(
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], 1))
def test_the_command_names_the_day_with_which_a_week_begins(daybook, number, name):
    daybook.cmd("org", "add", "other", "--timezone", "UTC", "--week-start", name)
    daybook.cmd("org", "set", "acme", "--week-start", name)
    assert daybook.sql("SELECT week_start FROM organization") == [(number,)] * 2
    assert f"week start     {name}\n" in daybook.cmd("org", "show", "other").stdout
    for bad in ("Monday", "1", "mon", ""):
        assert daybook.cmd("org", "set", "acme", f"--week-start={bad}", check=False).returncode == 2
    assert daybook.sql("SELECT week_start FROM organization") == [(number,)] * 2


def test_null_takes_limits_and_caps_away_and_an_absent_field_leaves_them(settings):
    settings.put("limits", {"dailyLimit": 10, "messagesCap": 20, "smsCap": 30, "callCap": 40, "costCap": 50})
    data = settings.put("limits", {"dailyLimit": None, "costCap": None})
    assert [data[k] for k in ("dailyLimit", "messagesCap", "smsCap", "callCap", "costCap")] == [None, 20, 30, 40, None]
    data = settings.put("limits", {"messagesCap": None, "smsCap": None, "callCap": None})
    assert [data[k] for k in ("messagesCap", "smsCap", "callCap")] == [None, None, None]


# ---- Revision, ETag, audit

def test_each_change_counts_the_revision_up_once_and_makes_another_etag(daybook, settings):
    etags = set()
    for verb, body in (("plan", {"plan": "a"}), ("limits", {"dailyLimit": 9}), ("timezone", {"timezone": "UTC"}), ("plan", {"plan": "a"})):
        revision = daybook.sql("SELECT revision FROM organization")[0][0]
        etag = settings.ask("GET").headers["etag"]
        assert settings.ask("GET", headers={"If-None-Match": etag}).status == 304
        settings.put(verb, body)
        assert daybook.sql("SELECT revision FROM organization")[0][0] == revision + 1
        assert settings.ask("GET", headers={"If-None-Match": etag}).status == 200
        etags.add(etag)
    assert len(etags) == 4
    daybook.cmd("org", "set", "acme", "--plan", "b")
    assert settings.get()["plan"] == "b"


def test_each_change_is_one_audit_row_that_says_what_holds_now(daybook, settings):
    settings.put("plan", {"plan": "big"})
    settings.put("limits", {"dailyLimit": None, "smsCap": 5, "costCap": "0.5", "allowOverage": True})
    settings.put("timezone", {"timezone": "Asia/Tokyo"})
    settings.put("timezone", {"timezone": "Asia/Tokyo", "recutHistory": True})
    rows = daybook.sql("SELECT action, credential, org, at FROM audit WHERE action LIKE 'org.%' ORDER BY key")
    assert [r[:3] for r in rows] == [("org.add", "cli", 1)] + [("org.set", "jwt:main", 1)] * 3 + [("org.recut", "jwt:main", 1)]
    assert all(abs(r[3] - now()) < 60000 for r in rows[1:])  # the organization itself is older
    plan, limits, zone = audit(daybook, "org.set")
    assert (plan["plan"], plan["dailyLimit"], plan["timezone"]) == ("big", 500, "America/Toronto")
    assert (limits["smsCap"], limits["costCapMicros"], limits["callCap"], limits["allowOverage"]) == (5, 500000, -1, True)
    assert zone["timezone"] == "Asia/Tokyo" and zone["segmentsMoved"] == [] and zone["daysOverLimit"] == []


def test_updated_at_goes_up_and_created_at_stays(daybook):
    set_clock(daybook, NOON)
    settings = Settings(daybook)
    created = settings.get()["createdAt"]
    set_clock(daybook, instant(NOON) + 600000)
    settings = Settings(daybook)
    after = settings.put("plan", {"plan": "later"})
    assert after["createdAt"] == created and instant(after["updatedAt"]) >= instant(NOON) + 600000


# ---- Effects

def test_a_lower_limit_names_the_days_that_are_over_it(daybook, settings):
    days = Days(daybook)
    today = days.today()
    campaign(daybook, "c", *({"at": days.wall(today + d, 12), "contacts": n} for d, n in ((1, 100), (2, 300), (3, 200), (5, 400))))
    campaign(daybook, "more", {"at": days.wall(today + 3, 9), "contacts": 150}, {"at": days.wall(today + 4, 9), "contacts": 999,
                               "status": "cancelled"}, {"at": days.wall(today + 6, 9), "contacts": 999, "status": "draft"},
             {"at": days.wall(today - 1, 9), "contacts": 999})
    assert settings.put("limits", {"dailyLimit": 400})["daysOverLimit"] == []
    data = settings.put("limits", {"dailyLimit": 300})
    assert data["daysOverLimit"] == [date(today + 3), date(today + 5)] and data["segmentsMoved"] == []
    assert audit(daybook, "org.set")[-1]["daysOverLimit"] == data["daysOverLimit"]
    reply = daybook.cgi("usage-calendar", "GET", "/api/campaigns/usage-calendar",
                        {"from": date(today), "to": date(today + 5)}, token=settings.token)
    rooms = [d["availableQuota"] for d in reply.json["data"]["dates"].values()]
    assert rooms == [300, 200, 0, 0, 300, 0]
    assert settings.put("limits", {"dailyLimit": None})["daysOverLimit"] == []
    done = daybook.cmd("org", "set", "acme", "--daily-limit", "399")
    assert done.stdout.splitlines()[:-1] == [f"over the daily limit: {date(today + 5)}"]


def test_another_unit_may_leave_a_day_over_its_limit(daybook, settings):
    days = Days(daybook)
    tomorrow = days.today() + 1
    campaign(daybook, "c", {"at": days.wall(tomorrow, 12), "contacts": 300, "parts": 2})
    assert settings.put("limits", {"dailyLimit": 300})["daysOverLimit"] == []
    assert settings.put("limits", {"quotaUnit": "part"})["daysOverLimit"] == [date(tomorrow)]
    assert settings.put("limits", {"quotaUnit": "message"})["daysOverLimit"] == []


def test_what_was_sent_today_counts_against_a_new_limit(daybook, settings):
    at = Days(daybook).start(Days(daybook).today())
    daybook.cgi("events", "POST", "/api/events", body={"id": "a", "occurredAt": iso(at), "messages": 60}, token=daybook.token())
    assert settings.put("limits", {"dailyLimit": 60})["daysOverLimit"] == []
    assert settings.put("limits", {"dailyLimit": 59})["daysOverLimit"] == [date(Days(daybook).today())]


def test_a_new_zone_moves_open_segments_from_their_instants_and_names_them(daybook):
    now_at = set_clock(daybook, NOON)
    settings = Settings(daybook)
    daybook.cgi("events", "POST", "/api/events", body={"id": "a", "occurredAt": iso(now_at)}, token=settings.daybook.token())
    evening = [instant(f"2026-05-{d}T02:00:00Z") for d in range(21, 26)]  # 22:00 of the day before in Toronto
    campaign(daybook, "spring", *({"at": at, "contacts": 300, "status": s} for at, s in zip(
        evening, ("scheduled", "sending", "paused", "cancelled", "sent"))))
    campaign(daybook, "draft", {"at": evening[2], "contacts": 300, "status": "draft"})
    campaign(daybook, "noon", {"at": instant("2026-05-22T16:00:00Z"), "contacts": 300})
    # From the next day start, 2026-05-21T04:00Z, on: the first segment lies before it and stays.
    data = settings.put("timezone", {"timezone": "UTC"})
    assert data["timezone"] == "UTC" and data["today"] == "2026-05-20"
    assert data["segmentsMoved"] == [
        {"campaignId": "spring", "segmentNumber": 2, "from": "2026-05-21", "to": "2026-05-22"},
        {"campaignId": "draft", "segmentNumber": 1, "from": "2026-05-22", "to": "2026-05-23"},
        {"campaignId": "spring", "segmentNumber": 3, "from": "2026-05-22", "to": "2026-05-23"}]
    assert data["daysOverLimit"] == ["2026-05-22"]  # noon's 300 and the moved 300
    row = audit(daybook, "org.set")[-1]
    assert (row["segmentsMoved"], row["daysOverLimit"]) == (data["segmentsMoved"], data["daysOverLimit"])
    assert [date(r[0]) for r in daybook.sql("SELECT day FROM segment WHERE campaign = 1 ORDER BY number")] == \
        ["2026-05-20", "2026-05-22", "2026-05-23", "2026-05-23", "2026-05-24"]
    check_ledger(daybook)


def test_the_same_zone_again_moves_nothing(daybook, settings):
    spans = daybook.sql("SELECT * FROM zone_span")
    data = settings.put("timezone", {"timezone": "America/Toronto"})
    assert data["segmentsMoved"] == [] and daybook.sql("SELECT * FROM zone_span") == spans


def test_days_move_with_the_zone_for_readers_in_other_processes(daybook, settings):
    calendar = daybook.fastcgi("usage-calendar")
    ask = lambda: calendar.ask("GET", "/api/campaigns/usage-calendar", {"from": "2026-01-01", "to": "2026-01-01"},
                               token=settings.token).json["data"]
    assert ask()["timezone"] == "America/Toronto"
    settings.put("timezone", {"timezone": "Asia/Tokyo"})
    assert ask()["timezone"] == "Asia/Tokyo"
    settings.put("plan", {"plan": "new"})
    assert ask()["plan"] == "new"


def test_a_preview_of_limits_says_what_would_happen_and_does_nothing(daybook):
    set_clock(daybook, NOON)
    settings = Settings(daybook)
    campaign(daybook, "c", {"at": instant("2026-05-22T15:00:00Z"), "contacts": 60}, {"at": instant("2026-05-23T15:00:00Z"), "contacts": 80})

    def state():
        return settings.get(), daybook.sql("SELECT revision FROM organization"), daybook.sql("SELECT count(*) FROM audit")

    before = state()
    change = {"dailyLimit": 70, "smsCap": 5}
    seen = settings.put("limits", {**change, "preview": True})
    assert (seen["dailyLimit"], seen["smsCap"], seen["daysOverLimit"]) == (70, 5, ["2026-05-23"])
    assert state() == before
    assert settings.put("limits", {**change, "preview": False})["daysOverLimit"] == seen["daysOverLimit"]
    assert settings.get()["dailyLimit"] == 70
    assert settings.put("limits", {"dailyLimit": -1, "preview": True}, 400).startswith("dailyLimit")
    assert settings.put("limits", {"preview": 1}, 400).startswith("preview")
    assert settings.put("plan", {"plan": "x", "preview": True}, 400).startswith("preview")
    check_ledger(daybook)
