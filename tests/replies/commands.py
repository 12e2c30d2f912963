"""Runs every command with good and bad arguments: on the demo, on a new database, and without a database."""
import json

from database import add_database
from setup_site import make_old
from world import SECRET, START, iso

NAMES = ("init", "org", "price", "limit", "key", "token", "apikey", "setting", "import", "export", "campaign", "usage", "statement", "doctor",
         "verify", "rebuild",
         "erase", "backup", "restore", "upgrade", "demo")


def run(world, *lines):
    """Runs each line as a command, split as a shell splits it, a second after the one before."""
    import shlex
    for line in lines:
        world.tick()
        world.cmd(*shlex.split(line))


def add_help(world):
    world.use("none.db")
    for args in ((), ("--help",), ("-h",), ("--version",), ("-V",), ("-x",), ("dance",), ("-d",), ("help",),
                 ("--", "org", "list")):
        world.cmd(*args, options=())
    for name in NAMES:
        for args in ((name, "--help"), (name, "-h"), (name, "add", "--help"), (name, "--colour"),
                     (name, "a", "b", "c", "d", "e"), (name,)):
            world.cmd(*args)
            if world.database.exists():
                world.database.unlink()
        world.cmd(name, "list", options=(), env={"DAYBOOK_DB": None})


def add_limits(world):
    """On a copy of the demo, whose limits all other commands meet as they are."""
    world.use("limits.db", copy_of="base.db")
    run(world, "limit presets", "limit add acme t-mobile --preset t-mobile-10dlc-2000", "limit add acme t-mobile --preset t-mobile-10dlc-2000",
        "limit add acme day --channels SMS,CALL --window rolling --hours 24 --unit part --amount 5 --json", "limit add acme Day --window day --amount 5",
        "limit add acme x --channels PIGEON --window day --amount 5", "limit add nobody x --channels SMS --window day --amount 5",
        "limit set acme day --amount none", "limit set acme day --amount 7 --valid-from 2026-01-01", "limit set acme nothing --amount 7",
        "limit set acme daily --action report", "limit list acme", "limit list --org acme --json", "limit list nobody", "limit remove acme day",
        "limit remove acme day", "limit remove acme daily", "limit list")


def add_reading(world):
    """Commands that change nothing, on the demo."""
    world.use("commands.db", copy_of="base.db")
    run(world, "org list", "org show acme", "org show globex", "org show small", "org show nobody", "org show", "org list x",
        "price list", "key list", "apikey list", "setting list", "setting list x", "doctor", "doctor x", "verify", "verify x")
    for org in ("acme", "globex", "small", "nothing", "nobody"):
        run(world, f"usage --org {org}", f"usage --org {org} --from 2026-03-01 --to 2026-03-31", f"campaign list --org {org}")
    run(world, "usage", "usage --org acme --from 2026-02-10", "usage --org=acme --to=2025-11-30",
        "usage --org acme --from 2026-03-02 --to 2026-03-01",
        "usage --org acme --from 2012-01-01 --to 2099-01-01", "usage --org acme --from x", "usage --org acme --org acme",
        "usage --org", "usage --from")
    run(world, "statement list --org acme", "statement keep 2026-01 --org acme", "statement keep 2026-01 --org acme",
        "statement keep 2026-03 --org acme", "statement keep 2026-1 --org acme", "statement show 2026-01 --org acme",
        "statement show 2026-01 --org acme --csv", "statement show 2025-12 --org acme", "statement list --org acme", "statement list --org nobody")
    for state in ("draft", "scheduled", "sending", "paused", "sent", "failed", "cancelled", "open"):
        run(world, f"campaign list --org acme --status {state}")
    run(world, "campaign show renewals --org acme", "campaign show winter-sale --org acme", "campaign show nobody --org acme",
        "campaign show --org acme",
        "campaign show renewals", "campaign list", "campaign dance renewals", "campaign")
    for form in ("ndjson", "csv", "xml"):
        run(world, f"export --org acme --from 2026-03-17 --to 2026-03-18 --format {form}",
            f"export --org acme --from 2026-03-17 --to 2026-03-18 --format {form} --adjustments")
    run(world, "export --org acme", "export --org globex --format csv", "export",
        "export --org acme --from 2026-03-18 --to 2026-03-17", "export --org acme --from x",
        "export --org small", "export --org nobody")
    run(world, "token --org acme", "token --org acme --kid replies",
        "token --org acme --kid replies --scope 'usage:read usage:write' --ttl 30d", "token --scope admin --kid replies",
        "token --org acme --kid replies --link", "token --org acme --kid replies --link --url https://example.org/daybook/",
        "token --org acme --url https://example.org/",
        "token", "token --org nobody --kid replies", "token --org acme --scope dance", "token --org acme --ttl soon",
        "token --org acme --ttl 11y", "token --org acme --ttl 100000d",
        "token --org acme --kid nobody", "token --org 'a b'", "token --org acme --ttl 90s --kid replies",
        "token --org acme --ttl 0s", "token --org acme --kid replies --sub ana", "token --org acme --kid replies --ttl 31d",
        "token --scope admin --kid replies --ttl 31d", "token --scope admin --kid replies --ttl 31d --force",
        "token --org acme --kid replies --link --ttl 61m", "token revoke", "token revoke x", "token revoke --kid replies x",
        "token revoke --kid replies x", "token revoke --kid nobody x", "token revoke --kid replies link:y")


def add_organizations(world):
    run(world, "init", "init", "org list", "usage", "export", "verify", "doctor", "rebuild",
        "org add a --timezone America/Toronto", "org add a --timezone America/Toronto",
        "org add b --timezone Europe/Berlin --name 'B & Söhne' --plan pro --daily-limit 100 "
        "--quota-unit part --cycle-day 31 --week-start sunday --messages-cap 1 --cost-cap 1.5 --sms-cap 2 --call-cap 3 --allow-overage yes",
        "org add c", "org add c --timezone Mars/Olympus", "org add 'c d' --timezone UTC",
        "org add c --timezone UTC --recut-history", f"org add {'c' * 65} --timezone UTC",
        "org add c --timezone UTC --daily-limit -1", "org add c --timezone UTC --daily-limit many",
        "org add c --timezone UTC --quota-unit letter", "org add c --timezone UTC --cycle-day 32",
        "org add c --timezone UTC --week-start someday", "org add c --timezone UTC --cost-cap dear",
        "org add c --timezone UTC --allow-overage perhaps", f"org add c --timezone UTC --name {'n' * 201}",
        f"org add c --timezone UTC --plan {'p' * 65}", "org add c --timezone UTC --sms-cap -5", "org add events --timezone UTC",
        "org add -- -c --timezone", "org add api-keys --timezone UTC",
        "org set a --name A", "org set a --daily-limit 10 --cost-cap none", "org set a --timezone America/Vancouver",
        "org set a --timezone Asia/Kathmandu --recut-history", "org set a",
        "org set nobody --name x", "org set a --daily-limit unlimited --messages-cap none --sms-cap none --call-cap none",
        "org show a", "org show b", "org list")


def add_credentials(world):
    rsa, ec = (world.folder / name for name in ("rsa.pem", "ec.pem"))
    rsa.write_text("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n")
    ec.write_text(EC_PUBLIC)
    run(world, "key list", "key add --kid main", "key add --kid main", "key add", "key add --alg ES256", "key add --alg HS1",
        "key add --alg ES256 --kid ec --file ec.pem --org a --max-scopes usage:read",
        "key add --alg ES256 --kid ec --file ec.pem --iss i", "key add --alg ES256 --kid ec --file ec.pem --aud a --any-audience",
        "key add --alg ES256 --kid ec --file ec.pem --iss i --aud a --access-role", "key list", "key set ec --max-scopes usage:read",
        "key set ec --any-audience --access-role no", "key set ec --access-role maybe", "key set ec", "key set nobody --iss i",
        "key add --alg RS256 --kid rsa --file rsa.pem", "key add --alg RS256 --kid rsa --file ec.pem",
        "key add --kid f --file nothing.pem", "key add --kid 'a b'", "key add --kid o --org nobody",
        "key add --kid m --max-scopes dance", "key add --kid m --max-scopes 'usage:read usage:write' --org b", "key list",
        "token --org a --kid ec", "token --org b --kid m --scope usage:write",
        "token --org b --kid m --scope org:admin", "token --org a --kid m", "key retire m", "key retire m", "key retire nobody",
        "key retire", "token --org b --kid m", "key list", "doctor")
    world.cmd("key", "add", "--kid", "short", "--file", "-", stdin="short\n")
    world.cmd("key", "add", "--kid", "secret", "--file", "-", stdin=SECRET + "\n")
    world.cmd("key", "add", "--kid", "long", "--file", "-", stdin="x" * 100000)
    run(world, "apikey list", "apikey add --org a --scope usage:write",
        "apikey add --org a --scope 'usage:read usage:write' --name sender", "apikey add --org nobody --scope usage:read",
        "apikey add --org a", "apikey add --org a --scope admin", "apikey add --org a --scope dance",
        f"apikey add --org a --scope usage:read --name {'n' * 201}", "apikey list",
        "apikey add --org a --scope usage:read --expires 90d", "apikey add --org a --scope usage:read --expires 2020-01-01",
        "apikey add --org a --scope usage:read --expires soon", "apikey revoke 1 --org b", "apikey revoke 1 --org a",
        "apikey revoke 1", "apikey revoke 1", "apikey revoke 9", "apikey revoke x", "apikey revoke", "apikey list")
    run(world, "price list", "price set SMS 0.0079 --from 2026-01-01", "price set CALL 0.013",
        "price set SMS 0.01 --org b --from 2026-02-01", "price set SMS dear", "price set PIGEON 1", "price set SMS",
        "price set SMS 0.00000000001", "price set SMS 1 --from x", "price set SMS 1 --org nobody", "price set SMS -1",
        "price set SMS 1001", "price list x", "price list", "price remove SMS", "price remove SMS --from x",
        "price remove SMS --from 2026-02-01 --org b", "price remove SMS --from 2026-02-01 --org b", "price list")
    for name, values in {"iss": ("x", ""), "aud": ("y", ""), "metrics_addresses": ("192.0.2.1 ::1",),
                         "failure_retention_days": ("30", "0", "x", "36500", "36501"), "backup_keep": ("3", "1001", "-1", "0"),
                         "cors_origins": ("https://a.example", "http://a.example:8080 https://b.example", "*", "null",
                                          "https://a.example/", "https://A.example", "https://a.example:443", "a.example",
                                          "https://a:0", ""),
                         "epoch": ("x",), "backup_at": ("0",), "zones_compared": ("x",), "colour": ("blue",)}.items():
        for value in values:
            world.tick()
            world.cmd("setting", "set", name, value)
        run(world, f"setting set {name}")
    run(world, "setting list", "setting")


# A public key on P-256; nobody has its private key.
EC_PUBLIC = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
"""


def lines(*events):
    return "".join(json.dumps(e) + "\n" for e in events)


def add_imports(world):
    at = iso(START - 7200)
    sent = [{"id": f"i{n}", "occurredAt": at, "parts": n + 1} for n in range(3)]
    failed = {"id": "f1", "occurredAt": at, "status": "failed", "to": "+14165550100", "reason": "landline"}
    ndjson = lines(*sent, failed, {"id": "v1", "voids": "i0", "reason": "twice"})
    table = f"id,channel,occurredAt,messages,cost\nt1,EMAIL,{at},5,\nt2,SMS,{at},1,0.02\nt3,PIGEON,{at},1,\nt4,SMS,x,1\n\"t5\",SMS,{at},\"1\",\n"
    twilio = ("From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price,PriceUnit\n"
              "+1,+14165550101,x,delivered,2026-03-17T12:00:00Z,1,2,0,AC,SM1,outbound-api,-0.0158,USD\n"
              "+1,+14165550102,x,failed,2026-03-17 12:00:00 UTC,1,1,30006,AC,SM2,outbound-api,,USD\n"
              "+1,+14165550103,x,received,2026-03-17T12:00:00Z,1,1,0,AC,SM3,inbound,-0.0075,USD\n"
              "+1,+14165550104,x,queued,2026-03-17T12:00:00Z,1,1,0,AC,SM4,outbound-api,,USD\n"
              "whatsapp:+1,whatsapp:+14165550105,x,read,2026-03-17T12:00:00Z,1,1,0,AC,SM5,outbound-reply,-0.005,USD\n"
              "+1,+1,x,dancing,2026-03-17T12:00:00Z,1,1,0,AC,SM6,outbound-api,-1,USD\n+1,+1,x,sent,x,1,1,0,AC,SM7,outbound-api,-1,EUR\n")
    for name, text in (("events.ndjson", ndjson), ("table.csv", table), ("twilio.csv", twilio),
                       ("priced.csv", twilio.replace("-0.0158", "-0.02")), ("empty.csv", ""), ("headless.csv", "a,b\n1,2\n"),
                       ("bad.ndjson", lines(sent[0]) + "{\n7\n" + lines({**sent[0], "parts": 9}, {"id": "x"}) + "\n"),
                       ("blanks.ndjson", "\n\n")):
        (world.folder / name).write_text(text)
        for form in ([], ["--format", "ndjson"], ["--format", "csv"], ["--format", "twilio"], ["--strict"]):
            if name.endswith("csv") or form in ([], ["--strict"]):
                world.tick()
                world.cmd("import", name, "--org", "a", *form)
    run(world, "import nothing.ndjson --org a", "import events.ndjson", "import events.ndjson --org nobody",
        "import events.ndjson --org a --format xml", "import events.ndjson --org b --source crm",
        "import events.ndjson --org a --source daybook:x", "import", "price set SMS 0.02 --from 2026-03-01",
        "price set SMS 0.02 --from 2026-03-01 --reprice", "price set SMS 0.03 --org b --from 2026-03-01 --reprice")
    world.cmd("import", "-", "--org", "b", stdin=lines({"id": "stdin", "occurredAt": at}))
    world.cmd("import", "-", "--org", "b", "--format", "csv", stdin=table)
    for form in ("ndjson", "csv"):
        run(world, f"export --org a --format {form}", f"export --org a --format {form} --adjustments",
            f"export --org b --format {form} --from 2026-03-18")
    run(world, "usage --org a", "usage --org b --from 2026-03-17 --to 2026-03-18", "verify")


def add_care(world):
    """Erases, rebuilds, repairs, backs up and restores the demo."""
    world.use("commands.db")
    phone = world.sql("SELECT phone FROM failure WHERE phone <> '' ORDER BY org, source, id LIMIT 1")[0][0]
    run(world, f"erase --phone {phone}", f"erase --phone {phone}", "erase --phone ''", "campaign cancel renewals --org acme",
        "campaign cancel renewals --org acme", "campaign cancel nobody --org acme",
        "campaign cancel", "campaign show renewals --org acme", "org set acme --timezone America/Vancouver",
        "org set acme --daily-limit 100", "rebuild", "rebuild --days", "rebuild --hours", "verify",
        "price set SMS 0.009 --from 2026-03-10", "price set SMS 0.009 --from 2026-03-10 --reprice", "usage --org acme",
        "verify")
    world.sql("UPDATE usage_day SET messages = messages + 1 WHERE (org, day) IN (SELECT org, max(day) FROM usage_day GROUP BY org)")
    world.sql("UPDATE segment SET sent = sent + 1, spent = spent + 1")
    run(world, "verify", "verify --list", "rebuild", "verify", "backup copy.db", "backup copy.db", "backup no/such/folder/copy.db",
        "backup --keep 2 no-such-folder", "backup --keep 0 backups", "backup --keep x backups", "backup")
    (world.folder / "backups").mkdir()
    for _ in range(3):
        run(world, "backup --keep 2 backups")
    world.files("the files after backups", world.folder / "backups")
    run(world, "doctor", "org set acme --name Changed", "restore copy.db", "org show acme", "restore nothing.db",
        "restore commands.db", "restore table.csv", "restore", "upgrade", "upgrade x", "verify")
    for org in ("acme", "globex"):
        world.ask("after the commands", "GET", f"/api/organizations/{org}/audit", token=org)


def add_broken(world):
    """Databases that are older, newer, no database at all, or readable by everybody."""
    world.use("older.db")
    make_old(world)
    run(world, "org list", "doctor", "verify", "upgrade", "upgrade", "org list", "verify", "rebuild --days")
    add_database(world, "a database upgraded by the command")
    world.use("damaged.db", copy_of="older.db")
    world.sql("DELETE FROM zone_span")
    run(world, "verify", "verify --list", "org list", "usage")
    world.use("older.db")
    run(world, "restore damaged.db", "restore damaged.db --force", "upgrade --force", "verify")
    for name, statement in (("newer.db", "PRAGMA user_version = 99"), ("other.db", "PRAGMA application_id = 7")):
        world.use(name, copy_of="older.db")
        world.sql(statement)
        run(world, "org list", "upgrade", "doctor")
    world.use("text.db")
    world.database.write_text("something else\n" * 1000)
    run(world, "org list", "upgrade", "doctor", "init", "demo", "backup x.db", "restore copy.db")
    world.use("open.db", copy_of="older.db")
    world.database.chmod(0o666)
    run(world, "doctor", "org list")
    world.cmd("doctor", env={"TZDIR": "/nonexistent"})
    world.cmd("org", "add", "z", "--timezone", "Europe/Paris", env={"TZDIR": "/nonexistent"})


def add_commands(world):
    add_help(world)
    add_reading(world)
    add_limits(world)
    world.use("new.db")
    add_organizations(world)
    add_credentials(world)
    add_imports(world)
    add_database(world, "the commands", {SECRET.encode()})
    add_care(world)
    add_broken(world)
