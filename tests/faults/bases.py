"""The databases that scenarios start from, made by the command and the programs themselves under the fixed clock."""
import http.server
import json
import pathlib
import re
import shutil
import sqlite3
import sys
import threading
import typing

from program import CLOCK_MS, Cgi, Cmd, copy_tree

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from old_files import to_version  # noqa: E402

ALL = "usage:read usage:write campaigns:write org:admin"
KEY_SET = json.dumps({"keys": [  # of RFC 7517 and RFC 8037
    {"kty": "EC", "crv": "P-256", "kid": "first", "alg": "ES256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
     "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
    {"kty": "OKP", "crv": "Ed25519", "kid": "second", "alg": "EdDSA", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})
KEYS_URL = "https://id.example.com/keys"
SETUP_CODE = "kYb7-t2Qx-94fm-Lw0z"
SITE_DATABASE = "daybook-data/daybook.db"
BUILT_MS = CLOCK_MS - 30 * 60 * 1000


class Base(typing.NamedTuple):
    folder: pathlib.Path
    database: str = "daybook.db"
    is_site: bool = False  # as on shared hosting, with programs of its own
    programs: str = "public_html/daybook/cgi-bin"
    tokens: dict = {}


def at(day, hour=15):
    return f"2026-05-{day:02}T{hour:02}:00:00Z"


def fact(id, day, **fields):
    return {"id": id, "occurredAt": at(day), **fields}


FACTS = ([fact(f"e{i}", 1 + i % 19, channel=("SMS", "CALL", "EMAIL")[i % 3], parts=1 + i % 2) for i in range(30)]
         + [fact(f"f{i}", 3 + i, status="failed", to=f"+1416555010{i}", reason="opted out") for i in range(3)]
         + [{"id": "v1", "voids": "e4", "reason": "sent twice"}])
CAMPAIGNS = [
    {"id": "draft", "name": "Draft", "contactCount": 20, "scheduledISO": at(25), "status": "draft"},
    {"id": "hold", "name": "Hold", "contactCount": 30, "scheduledISO": at(24)},
    {"id": "spring", "name": "Spring", "segments": [{"contactCount": 40, "scheduledISO": at(20, 20)},
                                                    {"contactCount": 50, "scheduledISO": at(22)}]}]
OF_CAMPAIGN = [fact(f"s{i}", 20, campaignId="spring", segmentNumber=1) for i in range(4)]
ACME = ("--timezone", "America/Toronto", "--daily-limit", "500", "--plan", "growth", "--messages-cap", "60000",
        "--cost-cap", "150", "--sms-cap", "10000")


class Builder:
    """Runs what makes a base; each run has a seed of its own, so that no two random numbers are alike."""

    def __init__(self, place):
        self.place, self.tokens, self.seed = place, {}, 1000
        shutil.rmtree(place.data, ignore_errors=True)
        place.data.mkdir()

    def run(self, request):
        self.seed += 1
        outcome = self.place.run(request, Base(self.place.data, tokens=self.tokens), "wal", clock_ms=BUILT_MS, seed=self.seed)
        assert outcome.code in (0, 200, 201) and not outcome.died, (request, outcome)
        return outcome

    def cmd(self, *args):
        return self.run(Cmd(args)).out.decode().strip()

    def post(self, program, path, body):
        self.run(Cgi(program, "POST", path, body=body))

    def token(self, scope=ALL, org="acme"):
        self.tokens[scope] = self.cmd("token", *(("--org", org) if org else ()), "--scope", scope, "--ttl", "30d")

    def sql(self, statement):
        with sqlite3.connect(self.place.data / "daybook.db") as c:
            c.execute(statement)
        c.close()  # the last one moves the WAL into the file


def empty(b):
    b.cmd("init")
    b.cmd("key", "add", "--kid", "main")


def acme(b):
    empty(b)
    b.cmd("setting", "set", "failure_retention_days", "36500")
    b.cmd("setting", "set", "metrics_addresses", "127.0.0.1")
    b.cmd("org", "add", "acme", *ACME)
    b.token()
    b.token("admin", None)
    b.token(ALL + " usage:backfill")
    b.cmd("price", "set", "SMS", "0.0079", "--from", "2012-01-01")
    b.cmd("price", "set", "CALL", "0.013", "--from", "2012-01-01")
    b.tokens["API key"] = b.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read", "--name", "first")
    b.tokens["link"] = b.cmd("token", "--org", "acme", "--link", "--ttl", "1h").partition("#token=")[2]
    for body in CAMPAIGNS:
        b.post("campaigns", "/api/campaigns", body)
    b.post("campaigns", "/api/campaigns/hold/pause", None)
    b.post("events", "/api/events", FACTS)
    b.post("events", "/api/events", OF_CAMPAIGN)
    b.sql("PRAGMA user_version")
    b.cmd("org", "set", "acme", "--name", "Acme Messaging")  # stays in the WAL


def two(b):
    acme(b)
    b.cmd("org", "add", "globex", "--timezone", "Europe/Berlin")
    b.cmd("price", "set", "SMS", "0.01", "--org", "globex", "--from", "2026-01-01")


def due_blanking(b):
    acme(b)
    b.cmd("setting", "set", "failure_retention_days", "15")


def due_zones(b):
    """The zone's file has other rules than when the days were made of it."""
    acme(b)
    b.sql("DELETE FROM zone_span WHERE from_at > 4000000000000")
    b.sql("UPDATE zone_span SET tzdata_version = '2000a'")
    b.sql("DELETE FROM setting WHERE name = 'zones_compared'")


def due_backup(b):
    acme(b)
    b.cmd("setting", "set", "backup_keep", "2")


def mispriced(b):
    """Two prices that were entered by mistake: of SMS the one that holds anyway, and another one of calls."""
    acme(b)
    b.cmd("price", "set", "SMS", "0.0079", "--org", "acme", "--from", "2026-05-05")
    b.cmd("price", "set", "CALL", "0.5", "--org", "acme", "--from", "2026-05-05", "--reprice")


def restorable(b):
    acme(b)
    b.cmd("backup", "{data}/old.db")
    b.post("events", "/api/events", [fact("later", 19)])


def rotated(b):
    acme(b)
    (b.place.data / "backups").mkdir()
    b.cmd("backup", "--keep", "2", "{data}/backups")
    for day in (17, 18):
        made = next((b.place.data / "backups").glob("daybook-202605??-*.db"))
        shutil.copy(made, made.with_name(f"daybook-202605{day}-160000.db"))
    made.unlink()


def old(b):
    acme(b)
    to_version(b.place.data / "daybook.db", 1)


def files(b):
    acme(b)
    folder = b.place.data / "in"
    folder.mkdir()
    rows = [f'{{"id":"n{i}","occurredAt":"{at(2 + i)}","campaignId":"spring"}}\n' for i in range(8)]
    (folder / "facts.ndjson").write_text("".join(rows))
    (folder / "facts.csv").write_text("id,occurredAt,channel,messages\n" + "".join(f"c{i},{at(2 + i)},SMS,2\n" for i in range(8)))
    (folder / "log.csv").write_text(
        "From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price,PriceUnit\n" + "".join(
            f"+14165550199,+14165550101,hello,{state},{at(3)},2010-04-01,1,{code},AC1,SM{i},outbound-api,-0.00830,USD\n"
            for i, (state, code) in enumerate([("delivered", ""), ("failed", "30006"), ("delivered", "")])))


def keyset(b):
    acme(b)
    (b.place.data / "keys.json").write_text(KEY_SET)


class KeySetHandler(http.server.BaseHTTPRequestHandler):
    """All keys, but for /rotated, which has one of them the first time."""
    is_rotated = False

    def do_GET(self):  # pylint: disable=invalid-name
        keys = json.loads(KEY_SET)["keys"]
        if self.path == "/rotated" and not KeySetHandler.is_rotated:
            KeySetHandler.is_rotated = True
            keys = keys[:1]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"keys": keys}).encode())

    def log_message(self, *_):
        pass


def sourced(b):
    """Keys come from a URL, which is KEYS_URL afterwards."""
    acme(b)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), KeySetHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/keys"
        b.cmd("key", "add", "--url", url, "--iss", "https://id.example.com", "--aud", "daybook")
        server.shutdown()
    b.sql(f"UPDATE setting SET value = replace(value, '{url}', '{KEYS_URL}') WHERE name = 'key_sources'")


def rotating(b):
    """Keys come from a URL that has had another one since, and is there as long as this process."""
    acme(b)
    KeySetHandler.is_rotated = False
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), KeySetHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    b.cmd("key", "add", "--url", f"http://127.0.0.1:{server.server_port}/rotated", "--iss", "https://id.example.com", "--aud", "daybook")


def none(_):
    pass


def site(b):
    home = b.place.data / "public_html/daybook"
    (home / "cgi-bin").mkdir(parents=True)
    shutil.copy(b.place.build / "cgi-bin/setup.fcgi", home / "cgi-bin")
    (home / "daybook.conf").write_text(f"DAYBOOK_DB=../../{SITE_DATABASE}\n")
    data = (b.place.data / SITE_DATABASE).parent
    data.mkdir(mode=0o700, exist_ok=True)
    (data / "setup-code.txt").write_text(SETUP_CODE + "\n")


def old_site(b):
    old(b)
    names = [path for path in b.place.data.iterdir() if path.is_file()]
    (b.place.data / SITE_DATABASE).parent.mkdir()
    for path in names:
        path.rename((b.place.data / SITE_DATABASE).with_name(path.name))
    site(b)


BASES = {"none": none, "empty": empty, "acme": acme, "two": two, "blanking": due_blanking, "zones": due_zones, "backup": due_backup,
         "mispriced": mispriced,
         "restore": restorable, "rotate": rotated, "old": old, "files": files, "keyset": keyset, "sourced": sourced,
         "rotating": rotating, "site": site, "old-site": old_site}


def build(place, folder, names):
    """Makes the bases of these names once for each journal mode; {(name, journal): Base}."""
    made = {}
    for name in sorted(names):
        builder = Builder(place)
        BASES[name](builder)
        is_site = name.endswith("site")
        for journal in ("wal", "truncate"):
            database = SITE_DATABASE if is_site else "daybook.db"
            base = Base(folder / f"{name}-{journal}", database, is_site, tokens=builder.tokens)
            copy_tree(place.data, base.folder)
            if journal == "truncate" and (base.folder / database).exists():
                use_rollback_journal(base.folder / database)
            made[name, journal] = base
    return made


def use_rollback_journal(path):
    with sqlite3.connect(path) as c:
        assert c.execute("PRAGMA journal_mode = TRUNCATE").fetchone() == ("truncate",)
    c.close()
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def is_of_database(name):
    """Whether a file is one that SQLite and the writers' lock keep beside a database."""
    return re.search(r"daybook\.db-(wal|shm|journal|gate)$", name) is not None
