"""daybook verify finds each single damage of damages.py, and reports nothing about a sound database.

One small database with rows of every kind is made once, by commands and requests alone.  Each damage is done to a copy of it.
"""
import re
import shlex
import shutil
import sqlite3

import pytest

from conftest import Daybook
from damages import DAMAGES, NEEDS, NOW, REBUILD, WORDS, damage
from api import TODAY, TOMORROW, Api, at, failed
from support import NOON, event, ms, post, set_clock

# Damages that are known not to be found, each with its reason beside it; at most 5 % of the table.
KNOWN_MISSES = (
    "the timezone is another with the same offsets",	# the days are right
    "the request of results has another hash",	# nothing else knows what was asked; the retry is a conflict
)

FOUND_MIN = 0.95

SETUP = """
init
key add --kid main
key add --kid old
key retire old
org add acme --timezone America/Toronto --daily-limit 500 --plan growth --cost-cap 500 --sms-cap 5000
org add globex --timezone Europe/London --daily-limit 1000 --quota-unit part --call-cap 900 --week-start sunday
key add --kid theirs --org globex --max-scopes "usage:read usage:write"
key add --kid partner --alg ES256 --file partner.pem --max-scopes usage:read --iss https://id.example --aud daybook
apikey add --org acme --scope "usage:write usage:backfill" --name mailer
apikey add --org globex --scope "usage:read campaigns:write" --name board
apikey revoke 1 --org globex
setting set failure_retention_days 365
setting set cors_origins https://app.example.com
setting set metrics_addresses "127.0.0.1 ::1 10.0.0.7"
price set SMS 0.0079 --from 2012-01-01
price set CALL 0.013 --from 2012-01-01
price set EMAIL 0.001 --from 2026-05-01
price set EMAIL 0.002 --from 2026-05-01 --org globex
price set CALL 0.011 --from 2026-05-06 --org acme
"""

PARTNER = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4RJ2VWa6/9Ul8eZapzGfnyGlJZ2s
r2qihGGkrNVMIQOOTfSH/RR+ubuwnKNRnzrD0DSLRrpqEtmGSA+FFf7E4g==
-----END PUBLIC KEY-----
"""

STATEMENT = """From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price,PriceUnit
+14165550199,+14165550101,hello,delivered,2026-05-07T12:00:00Z,2010-04-01,1,,AC1,SM1,outbound-api,-0.00830,USD
+14165550199,+14165550101,hello,delivered,2026-05-07T12:00:00Z,2010-04-01,2,,AC1,SM2,outbound-api,-0.01580,USD
+14165550199,+14165550101,hello,failed,2026-05-07T12:05:00Z,2010-04-01,1,30006,AC1,SM3,outbound-api,,
"""


# ---- The good database

def early_events():
    """The events of eleven days, of acme and of globex: some of every kind, and those that the damages name."""
    channels = ("SMS", "CALL", "EMAIL", "WHATSAPP", "SMS")
    acme = [event(f"2026-05-{1 + i % 11:02}T{8 + i % 10:02}:{7 * i % 60:02}:00Z", id=f"e{i:02}", channel=channels[i % 5],
                  messages=1 + i % 3, parts=(1 + i % 3) * (1 + i % 2), **({"cost": "0.0123"} if i % 4 == 0 else {})) for i in range(40)]
    globex = [event(f"2026-05-{1 + i % 10:02}T{6 + i % 15:02}:30:00Z", id=f"g{i:02}", source="crm", channel=channels[i % 3], parts=1 + i % 2)
              for i in range(20)]
    acme += [event("2026-05-03T13:05:00Z", id="priced", parts=2), event("2026-05-03T14:05:00Z", id="given", cost="0.02"),
             event("2026-05-03T15:05:00Z", id="free", channel="WHATSAPP"), event("2026-05-09T13:05:00Z", id="repriced", parts=3),
             event("2026-05-08T03:30:00Z", id="evening"), event("2026-05-06T04:30:00Z", id="night"),  # half an hour off midnight in Toronto
             event("2026-05-04T13:05:00Z", id="voided", messages=2, parts=4), event("2026-05-04T13:05:00Z", id="not-voided"),
             event("2026-05-04T15:05:00Z", id="given-voided", cost="0.03"),
             event("2026-05-07T12:00:03Z", id="SM1", source="twilio", cost="0.0079"),
             event("2026-05-07T12:00:03Z", id="SM2", source="twilio", parts=2),
             failed("unreached", "2026-05-05T13:05:00Z", "+14165550100"), failed("voided-failure", "2026-05-05T14:05:00Z", "+14165550107"),
             {"id": "v-voided", "voids": "voided", "reason": "sent twice"}, {"id": "v-given-voided", "voids": "given-voided", "reason": "a test"},
             {"id": "v-failure", "voids": "voided-failure", "reason": "was reached"}]
    return acme, globex


def make_campaigns(api):
    """A campaign of each kind and in each state.  Today is 20 May."""
    api.create("single", 50, at("2026-05-22"))
    api.slices("summer", (at("2026-05-25"), 50), (at("2026-05-26"), 50), (at("2026-05-27"), 50), partsPerContact=2)
    api.created({"id": "auto", "name": "Auto",
                 "autoSegment": {"totalContacts": 700, "firstSegmentDate": "2026-06-01", "firstSegmentTime": "10:00"}})
    api.create("idea", 30, at("2026-05-23"), status="draft")
    api.create("later", 40, at("2026-05-24"))
    assert api.did("later", "pause") == "paused"
    api.create("off", 20, at(TOMORROW))
    assert api.did("off", "cancel") == "cancelled"
    api.create("winter", 10, "2026-12-11T04:30:00Z")  # 23:30 in Toronto, once the clocks are back
    api.create("report", 25, at(TODAY, "20:00"))
    for body in ({"id": "first", "sent": 12, "failed": [{"phoneNumber": "+14165550111", "reason": "no such number"}]},
                 {"id": "second", "sent": 5, "parts": 10, "done": True}):
        reply = api.report("report", body)
        assert reply.status == 200, reply
    api.put("summer", {"name": "Summer sale"})
    assert api.put("winter", {"sendingWindow": {"closed": [{"date": "2026-12-24"}]}}).status == 200
    api.daybook.cmd("org", "sending-window", "acme", "--hours", "daily 06:00-23:00", "--close", "2026-12-25", "--name", "Christmas")


def keep_april(api):
    """A statement, and an event that came after it."""
    april = [event("2026-04-20T13:05:00Z", id="april", parts=2), event("2026-04-21T03:59:00Z", id="april-call", channel="CALL"),
             event("2026-05-01T03:59:00Z", id="april-last")]
    api.spend(*april)
    reply = api.ask("statements", "POST", "/api/organizations/acme/statements", body={"month": "2026-04"})
    assert reply.status == 201, reply
    api.spend(event("2026-04-20T13:06:00Z", id="april-late"))


def make(daybook):
    set_clock(daybook, "2026-05-11T20:00:00Z")
    (daybook.folder / "partner.pem").write_text(PARTNER)
    for command in SETUP.strip().splitlines():
        daybook.cmd(*(str(daybook.folder / word) if word == "partner.pem" else word for word in shlex.split(command)))
    acme, globex = early_events()
    post(daybook, *acme)
    post(daybook, *globex, org="globex")
    set_clock(daybook, "2026-05-14T09:00:00Z")
    daybook.cmd("org", "set", "globex", "--timezone", "Europe/Berlin", "--cycle-day", "15")
    daybook.cmd("price", "set", "SMS", "0.0085", "--org", "acme", "--from", "2026-05-08", "--reprice")
    (daybook.folder / "statement.csv").write_text(STATEMENT)
    out = daybook.cmd("import", daybook.folder / "statement.csv", "--org", "acme", "--format", "twilio").stdout
    assert "duplicates 2" in out and "adjusted 1" in out, out

    api = Api(daybook, clock="2026-05-18T12:00:00Z")
    api.slices("spring", (at("2026-05-18"), 50), (at("2026-05-19"), 50), (at(TODAY), 50))
    set_clock(daybook, NOON)
    spring = [event(at(f"2026-05-{17 + n}", f"15:{i:02}"), id=f"s{n}-{i}", campaignId="spring", segmentNumber=n)
              for n in (1, 2, 3) for i in range(5)]
    spring += [failed(f"s{n}-{name}", at("2026-05-19", "15:30"), f"+1416555012{n}", "spring", segmentNumber=n)
               for n, name in ((2, "failed"), (2, "wrong"), (3, "failed"))]
    spring += [event(at("2026-05-19", "16:00"), id="by-day", campaignId="spring"),
               event(at("2026-05-19", "16:00"), id="mail", channel="EMAIL", campaignId="spring"),
               {"id": "v-s1-0", "voids": "s1-0", "reason": "sent twice"}, {"id": "v-s2-wrong", "voids": "s2-wrong", "reason": "was reached"}]
    post(daybook, *spring)
    post(daybook, failed("s3-late", at(TODAY, "15:45"), "+14165550129", "spring", segmentNumber=3),
         {"id": "t-parts", "settles": "by-day", "parts": 3}, {"id": "t-cost", "settles": "s1-1", "cost": "0.5"},
         {"id": "t-sent", "settles": "s3-late", "status": "sent"})
    make_campaigns(api)
    berlin = Api(daybook, "globex", clock=None)
    berlin.slices("berlin", (at(TODAY, "18:00"), 30), (at("2026-05-29"), 30))
    post(daybook, event(at(TODAY), id="b1", campaignId="berlin", segmentNumber=1),
         event(at(TODAY, "15:50"), id="b2", channel="EMAIL"), org="globex")
    api.spend(event(at(TODAY, "15:59"), id="newest"))
    daybook.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read", "--name", "wall")
    keep_april(api)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    daybook = Daybook(tmp_path_factory.mktemp("good"))
    try:
        make(daybook)
    finally:
        daybook.close()
    return daybook


@pytest.fixture
def copy(good, tmp_path):
    return copy_of(good, tmp_path)


def copy_of(good, folder):
    for ending in ("", "-wal", "-shm", "-gate"):
        if (source := good.path.with_name(good.path.name + ending)).exists():
            shutil.copy(source, folder)
    return folder / good.path.name


def verify(good, path):
    """(exit code, differences and errors without the file's name, summary or '')"""
    done = good.cmd("-d", path, "verify", check=False)
    lines = (done.stdout + done.stderr).replace(str(path), "FILE").splitlines()
    summary = [line for line in lines if line.startswith("verified: ")]
    return done.returncode, [line for line in lines if line not in summary], "".join(summary)


def assert_good(good, path):
    code, lines, summary = verify(good, path)
    assert (code, lines) == (0, []) and summary.endswith(" 0 differences"), (code, lines, summary)


# ---- What verify must not report

def test_the_good_database_has_everything_and_no_difference(good, copy):
    assert_good(good, copy)
    count = lambda sql: good.sql(f"SELECT count(*) FROM {sql}")[0][0]
    assert 90 <= count("event") <= 130 and count("organization") == 2 and ms(NOON) == NOW
    values = lambda sql: " ".join(sorted({row[0] for row in good.sql(f"SELECT {sql}")}))
    assert values("status FROM segment") == "cancelled draft paused scheduled sending sent"
    assert values("status FROM event") == "adjust failed sent void"
    assert values("source FROM event") == " crm daybook:adjust:twilio daybook:reprice daybook:results twilio"
    assert values("zone FROM zone_span WHERE org = 2") == "Europe/Berlin Europe/London"
    assert count("request WHERE kind = 'results'") == 2 and count("failure") == 5 and count("event WHERE status = 'void'") == 5


# Commands, or a tuple of SQL.
HARMLESS = {
    "rebuild": ["rebuild"],
    "all days recomputed": ["rebuild --days"],
    "another timezone": ["org set acme --timezone Europe/Berlin"],
    "another timezone from the start": ["org set acme --timezone Europe/Berlin --recut-history"],
    "a limit below what is held": ["org set acme --daily-limit 10"],
    "another unit": ["org set acme --quota-unit part"],
    "a future price": ["price set SMS 0.5 --org acme --from 2026-06-01"],
    "a price of past days": ["price set SMS 0.5 --org acme --from 2026-05-02 --reprice",
                             "price set CALL 0.1 --from 2026-05-02 --reprice"],
    "a cancelled campaign": ["campaign cancel summer --org acme", "campaign cancel spring --org acme"],
    "an erased number": ["erase --phone +14165550100"],
    "keys that are retired and revoked": ["key retire main", "apikey revoke 1 --org acme"],
    "a statement again": ["import STATEMENT --org acme --format twilio"],
    "a backup": ["backup BACKUP", "restore BACKUP"],
    "statistics": ("ANALYZE",),
    "a vacuum": ("VACUUM",),
    "rebuilt indexes": ("REINDEX",),
    "rows set to what they are": ("UPDATE event SET messages = messages", "UPDATE segment SET contacts = contacts"),
    "rows of zeros": ("INSERT INTO usage_day VALUES (1, 20000, 'SMS', 0, 0, 0)",
                      "INSERT INTO usage_quarter VALUES (1, 1900000, 'SMS', 0, 0, 0)"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_not_damage_is_no_difference(good, copy, name):
    files = {"STATEMENT": good.folder / "statement.csv", "BACKUP": copy.with_name("backup.db")}
    for step in HARMLESS[name]:
        if isinstance(HARMLESS[name], tuple):
            damage(copy, step)
        else:
            good.cmd("-d", copy, *(str(files.get(word, word)) for word in step.split()))
    assert_good(good, copy)


def test_time_that_passes_is_no_difference(good, tmp_path):
    later = Daybook(tmp_path)
    try:
        copy_of(good, tmp_path)
        for clock in ("2026-05-21T03:59:59Z", "2026-06-15T12:00:00Z", "2028-02-29T12:00:00Z"):
            set_clock(later, clock)
            assert_good(later, later.path)
    finally:
        later.close()


# ---- What verify must find

TABLE = {name: (statements, kind) for name, statements, kind in DAMAGES}
_outcomes = {}


def has(path, table, column):
    with sqlite3.connect(path) as db:
        found = db.execute("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (table, column)).fetchone()
    db.close()
    return found is not None


def outcome(good, folder, name):
    """Whether the damage was found, and what verify printed; None if this schema has nothing to damage."""
    if name not in _outcomes:
        statements, kind = TABLE[name]
        path = copy_of(good, folder)
        if name in NEEDS and not has(path, *NEEDS[name]):
            _outcomes[name] = None
            return None
        for statement in statements:
            if statement == REBUILD:
                good.cmd("-d", path, "rebuild", check=False)  # it may also refuse
            else:
                damage(path, statement)
        code, lines, summary = verify(good, path)
        is_named = any(re.search(WORDS[kind], line, re.IGNORECASE) for line in lines)
        _outcomes[name] = code == 1 and is_named, f"exit {code}: {lines[:5]} {summary}"
    return _outcomes[name]


def test_the_table_is_large_and_has_no_name_twice():
    assert len(TABLE) == len(DAMAGES) >= 80
    assert set(KNOWN_MISSES) <= set(TABLE) and len(KNOWN_MISSES) <= (1 - FOUND_MIN) * len(TABLE)
    assert {kind for _, _, kind in DAMAGES} == set(WORDS)


@pytest.mark.parametrize("name", [name for name in TABLE if name not in KNOWN_MISSES])
def test_verify_finds(good, tmp_path, name):
    result = outcome(good, tmp_path, name)
    if result is None:
        pytest.skip("the schema has no " + ".".join(NEEDS[name]))
    assert result[0], result[1]


def test_verify_finds_nearly_all(good, tmp_path_factory):
    results = {name: outcome(good, tmp_path_factory.mktemp("damaged"), name) for name in TABLE}
    results = {name: result for name, result in results.items() if result is not None}
    missed = [f"{TABLE[name][1]}: {name}" for name, (found, _) in results.items() if not found]
    print(f"\nfound {len(results) - len(missed)} of {len(results)} damages", *(f"  missed  {line}" for line in missed), sep="\n")
    assert 1 - len(missed) / len(results) >= FOUND_MIN, missed
    found_now = [name for name in KNOWN_MISSES if name in results and results[name][0]]
    assert found_now == [], "verify finds these: remove them from KNOWN_MISSES"


# ---- The list of what is verified

def test_verify_lists_its_invariants(good, copy):
    lines = good.cmd("-d", copy, "verify", "--list").stdout.splitlines()
    named = [re.fullmatch(r"(\S+)\s+(\S.*)", line) for line in lines]
    assert len(lines) >= 10 and all(named), lines
    assert len({match[1] for match in named}) == len(lines) and all(" " in match[2] for match in named)
