"""Sends a fixed series of writes to one copy of the database, with readings in between; then damages copies of it."""
import fcntl
import json

from database import add_database
from reading import EVENTS, figures
from series import DAY_S, ORG, Series, event
from world import SECRET
from writing_campaigns import add_campaign_changes, add_campaign_verbs, add_campaigns
from writing_events import add_cloudevents, add_enforced, add_event_forms, add_event_kinds
from writing_limits import add_limits, add_statements


def add_settings(s):
    for body in ({"dailyLimit": 100}, {"dailyLimit": None}, {"dailyLimit": 500, "quotaUnit": "part"},
                 {"quotaUnit": "message", "cycleDay": 31},
                 {"messagesCap": 1, "costCap": "12.345678", "smsCap": 2, "callCap": 3}, {"allowOverage": True},
                 {"costCap": 0.0000001}, {"costCap": -1},
                 {"messagesCap": None, "costCap": None, "smsCap": None, "callCap": None, "allowOverage": False, "cycleDay": 1},
                 {"cycleDay": 32}, {"cycleDay": 15, "cycleDayFrom": "2026-04-10"}, {"cycleDay": 15, "cycleDayFrom": "2026-01-01"},
                 {"cycleDayFrom": "2026-04-10"}, {"cycleDay": 2}, {"cycleDay": 1}, {}):
        s.set("limits", "/limits", body)
    for body in ({"name": "Acme & Söhne", "weekStart": 1}, {"weekStart": 8}, {"name": ""}, {"currency": "EUR"}, {"currency": "eur"}, {}):
        s.set("profile", "/profile", body)
    for body in ({"plan": "enterprise"}, {"plan": ""}, {"plan": "x" * 65}):
        s.set("plan", "/plan", body)
    for body in ({"timezone": "America/Vancouver"}, {"timezone": "America/Toronto"},
                 {"timezone": "Pacific/Kiritimati", "recutHistory": True},
                 {"timezone": "America/Toronto", "recutHistory": True}, {"timezone": "Mars/Olympus"},
                 {"timezone": "../etc/passwd"}, {"timezone": "posix/UTC"}):
        s.set("timezone", "/timezone", body)
    s.set("no zones", "/timezone", {"timezone": "Europe/Paris"}, TZDIR="/nonexistent")


def add_prices_and_keys(s):
    for body in ({"channel": "SMS", "usd": 0.01}, {"channel": "SMS", "usd": 0.01, "validFrom": "2026-04-01"},
                 {"channel": "SMS", "usd": 1, "validFrom": "2026-03-10"},
                 {"channel": "SMS", "usd": "0.009", "validFrom": "2026-03-10", "reprice": True},
                 {"channel": "PUSH", "usd": 0.000000001, "validFrom": "2026-03-19"},
                 {"channel": "PUSH", "usd": "0.0000000001"}, {"channel": "PIGEON", "usd": 1}, {"channel": "SAGE"}, {"usd": 1}):
        s.say("a price", "POST", ORG + "/prices", body)
    s.say("the prices", "GET", ORG + "/prices")
    for query in ("channel=PUSH&validFrom=2026-03-19", "channel=PUSH&validFrom=2026-03-19", "channel=SMS&validFrom=2026-03-10",
                  "channel=SMS&validFrom=2026-03-10&reprice=true"):
        s.say("a price removed", "DELETE", ORG + "/prices", query=query)
    for body in ({"hours": [{"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "until": "17:00"}], "closed": [{"date": "2026-12-25"}]},
                 {"closed": [{"date": "2026-12-25", "name": "Christmas"}]}, {}, {"hours": [{"weekdays": [0]}]}):
        s.say("a sending window", "PUT", ORG + "/sending-window", body)
    s.say("the sending window", "GET", ORG + "/sending-window")
    s.say("no sending window", "DELETE", ORG + "/sending-window")
    _, made = s.say("a key", "POST", ORG + "/api-keys", {"name": "sender", "scopes": ["usage:write", "usage:read"]})
    for body in ({"scopes": ["usage:read"]}, {"scopes": ["admin"]}, {"scopes": ["usage:backfill"]}, {"scopes": []},
                 {"scopes": ["dance"]}, {"scopes": ["usage:read usage:write"]},
                 {"scopes": ["usage:read", "usage:read"]}, {"scopes": [7]}, {"name": "x" * 201, "scopes": ["usage:read"]},
                 {"name": "x"}, {"scopes": ["usage:read"], "expiresAt": "2026-03-01T00:00:00Z"},
                 {"scopes": ["usage:read"], "expiresAt": "2036-12-31T00:00:00Z"}, {"scopes": ["usage:read"], "expiresAt": "soon"}):
        s.say("a key", "POST", ORG + "/api-keys", body)
    s.world.tokens["made"] = json.loads(made)["data"]["secret"]
    s.say("by the key", "GET", "/api/session", token="made")
    for key in ("4", "4", "99999", "x", "-1", "1" * 19, "5"):
        s.say("revoked", "DELETE", f"{ORG}/api-keys/{key}")
    s.say("by the key that is revoked", "GET", "/api/session", token="made")
    s.say("the keys", "GET", ORG + "/api-keys")
    s.world.tokens["link"] = s.world.cmd(
        "token", "--org", "acme", "--kid", "replies", "--sub", "ana", "--link")[1].partition("#token=")[2].strip()
    for times in ("once", "twice"):
        s.say(f"a session, {times}", "POST", "/api/session", token="link")


# ---- The installation

def add_installation(s):
    world = s.world
    for name, value in (("cors_origins", "https://app.example http://localhost:3000"), ("iss", "https://id.example"),
                        ("aud", "daybook"),
                        ("metrics_addresses", "192.0.2.1"), ("backup_keep", "2")):
        world.cmd("setting", "set", name, value)
    world.token("issued", iss="https://id.example", aud=["x", "daybook"])
    world.token("issued elsewhere", iss="https://evil.example", aud="daybook")
    world.token("for somebody else", iss="https://id.example", aud="x")
    for token in ("acme", "issued", "issued elsewhere", "for somebody else"):
        s.say(f"with an issuer, {token}", "GET", "/api/session", token=token)
    for origin in ("https://app.example", "http://localhost:3000", "https://evil.example", "null", ""):
        for path, method in (("/organization/usage", "GET"), (EVENTS, "POST"), ("/health", "GET"), (ORG + "/limits", "PUT")):
            headers = {"Origin": origin}
            s.say(f"from {origin}", method, path, {} if method != "GET" else None, token="issued", headers=headers)
            s.say(f"before {method} from {origin}", "OPTIONS", path, token=None, headers={
                **headers, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization"})
        s.say(f"refused, from {origin}", "GET", "/organization/usage", token=None, headers=headers)
    for address in ("127.0.0.1", "192.0.2.1"):	# the second is in the setting
        s.say(f"from {address}", "GET", "/metrics", token=None, REMOTE_ADDR=address)
    for name in ("iss", "aud"):
        world.cmd("setting", "set", name, "")
    s.say("health with backups on", "GET", "/health", token=None)
    for days in (2, 1, 1):	# maintenance after a reply: backups, blanking
        world.tick(days * DAY_S)
        s.say("after days", "GET", "/api/session")
        world.files("the files after a day", world.folder)
    s.say("health later", "GET", "/health", token=None)
    s.events("later", event("later", ago_s=0))


# ---- Damage

def add_damage(s):
    world = s.world
    asked = (("GET", "/organization/usage", None), ("GET", "/organizations/acme/usage", None), ("GET", "/api/session", None),
             ("GET", ORG, None),
             ("GET", ORG + "/api-keys", None), ("GET", "/health", None), ("GET", "/metrics", None),
             ("POST", EVENTS, event("damage")), ("GET", "/setup", None))

    def ask(name, **more):
        for method, path, body in asked:
            s.say(name, method, path, body, **more)
        world.cmd("org", "list", name=name)
        world.cmd("doctor", name=name)

    for name, statements in (("the days are lost", ["DELETE FROM zone_span"]),
                             ("the keys are lost", ["ALTER TABLE api_key RENAME TO away"]),
                             ("an older schema", ["PRAGMA user_version = 1"]), ("a newer schema", ["PRAGMA user_version = 99"]),
                             ("another file of SQLite", ["PRAGMA application_id = 7"]),
                             ("no organization", ["DROP TABLE organization"])):
        world.use("damaged.db", copy_of="written.db")
        for statement in statements:
            world.sql(statement)
        ask(name)
    world.database.write_bytes(b"something else" * 1000)
    ask("no database at all")
    world.use("missing.db")
    ask("a missing file")
    world.use("written.db")
    ask("below the document root", DOCUMENT_ROOT=str(world.folder))
    ask("another document root", DOCUMENT_ROOT="/usr/share")
    with open(str(world.database) + "-gate", "r+b") as gate:
        fcntl.lockf(gate, fcntl.LOCK_EX, 2)
        s.events("busy", event("busy"))
        s.say("busy", "GET", "/organization/usage")


def add_writings(world):
    secrets = {SECRET.encode()}
    s = Series(world)
    world.use("months.db", copy_of="base.db")
    add_statements(s)
    world.use("written.db", copy_of="base.db")
    for part in (add_event_forms, add_cloudevents, add_event_kinds, add_enforced, add_campaigns, add_campaign_changes,
                 add_campaign_verbs,
                 add_settings, add_prices_and_keys, add_limits):
        part(s)
        figures(world, f"after {part.__name__.removeprefix('add_')}", ("acme", "globex", "parts"))
    for path in (EVENTS + "?from=2026-03-18&to=2026-03-18&limit=2000", ORG + "/audit?limit=1000"):
        s.say("all of it", "GET", path.split("?")[0], query=path.split("?")[1])
        s.say("all of it, as CSV", "GET", path.split("?")[0], query=path.split("?")[1] + "&format=csv")
    add_installation(s)
    figures(world, "at last", ("acme", "globex", "parts", "small", "capped"))
    world.cmd("verify")
    add_database(world, "what was written", secrets)
    add_damage(s)
