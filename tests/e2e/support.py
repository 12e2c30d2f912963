"""What the tests compute by themselves, with zoneinfo and Decimal, and short ways to put things into a database."""
import datetime
import decimal
import glob
import itertools
import json
import os
import pathlib
import shutil
import zoneinfo

DAY_MS = 86_400_000
QUARTER_MS = 900_000
OWN_MOUNTS = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]	# a view of the files
NOON = "2026-05-20T16:00:00Z"	# noon in Toronto, of a Wednesday

ROOT = pathlib.Path(__file__).resolve().parents[2]

_numbers = itertools.count(1)


def program_sources():
    """program -> the file with its route table: cgi-bin/NAME.c, or cgi-bin/NAME/NAME.c of one that has a folder."""
    folder = ROOT / "cgi-bin"
    found = [*folder.glob("*.c"), *(d / f"{d.name}.c" for d in folder.iterdir() if d.is_dir())]
    return {source.stem: source for source in sorted(found, key=lambda p: p.stem)}


# ---- Time

def ms(text):
    """2026-05-20T15:00:00.123Z, or with an offset, as epoch milliseconds."""
    at = datetime.datetime.fromisoformat(text)
    assert at.tzinfo is not None, text
    return round((at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) / datetime.timedelta(milliseconds=1))


def iso(at):
    """Epoch milliseconds as 2026-05-20T15:00:00.123Z."""
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=at)
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03}Z"


def date(text):
    return datetime.date.fromisoformat(text)


def dates(first, last):
    """All dates from first to last, both texts, both inclusive."""
    first, last = date(first), date(last)
    return [(first + datetime.timedelta(days=i)).isoformat() for i in range((last - first).days + 1)]


def local_day(zone, at):
    """The date that a clock in the zone shows at an instant."""
    when = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(milliseconds=at)
    return when.astimezone(zoneinfo.ZoneInfo(zone)).date()


def day_start(zone, day):
    """The first instant whose local date is that day or a later one: looked for quarter by quarter."""
    if isinstance(day, str):
        day = date(day)
    at = ms(day.isoformat() + "T00:00:00Z") - 30 * 3600 * 1000
    while local_day(zone, at) < day:
        at += QUARTER_MS
    return at


def set_clock(daybook, text):
    """From now on everything that works on this database sees that instant as the time (libfaketime)."""
    library = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    assert library, "the package faketime is missing"
    clock = daybook.folder / "clock"
    new = daybook.folder / "clock.new"
    new.write_text(datetime.datetime.fromisoformat(text).astimezone(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S"))
    new.rename(clock)
    daybook.env.update({"LD_PRELOAD": library[0], "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
                        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", "TZ": "UTC"})
    options = daybook.env.get("ASAN_OPTIONS", "")
    if "verify_asan_link_order" not in options:
        daybook.env["ASAN_OPTIONS"] = (options + ":" if options else "") + "verify_asan_link_order=0"


# ---- Putting things there

def event(at, **fields):
    """One event with an id of its own; at is a text or milliseconds."""
    return {"id": f"e{next(_numbers)}", "occurredAt": at if isinstance(at, str) else iso(at), **fields}


def post(daybook, *events, org="acme"):
    """Posts events, which must all be accepted."""
    token = daybook.token(org, "usage:write usage:backfill")
    for i in range(0, len(events), 5000):
        some = list(events[i:i + 5000])
        reply = daybook.cgi("events", "POST", "/api/events", body=some, token=token)
        assert reply.status == 200 and reply.json["accepted"] == len(some), reply
    return events


def hold_again(sql):
    """Makes `held` agree with segments that a test wrote itself; sql runs a statement."""
    sql("DELETE FROM held")
    sql("INSERT INTO held (org, quarter, channel, parts_per_contact, sender, contacts) SELECT org, scheduled_at / 900000, channel, "
        "parts_per_contact, coalesce(sender, ''), sum(contacts - spent) FROM segment WHERE is_open = 1 AND contacts > spent "
        "GROUP BY 1, 2, 3, 4, 5")


def campaign(daybook, name, *segments, org="acme", is_segmented=None, title=None):
    """A campaign straight into the tables.  A segment: at, contacts, and what else its row has."""
    key, zone = daybook.sql("SELECT key, timezone FROM organization WHERE id = ?", org)[0]
    if is_segmented is None:
        is_segmented = len(segments) > 1
    daybook.sql("INSERT INTO campaign (org, id, name, is_segmented, created_at, updated_at) VALUES (?, ?, ?, ?, 0, 0)",
                key, name, title or name, int(is_segmented))
    campaign_key = daybook.sql("SELECT key FROM campaign WHERE org = ? AND id = ?", key, name)[0][0]
    for number, s in enumerate(segments, 1):
        at = ms(s["at"]) if isinstance(s["at"], str) else s["at"]
        sent, failed = s.get("sent", 0), s.get("failed", 0)
        daybook.sql("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, parts_per_contact, sent, "
                    "failed, spent, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", campaign_key, number, key, at,
                    (local_day(zone, at) - datetime.date(1970, 1, 1)).days, s["contacts"],
                    s.get("parts_per_contact", 1), sent, failed, s.get("spent", sent + failed),
                    s.get("status", "scheduled"))
    hold_again(daybook.sql)
    daybook.sql("UPDATE organization SET revision = revision + 1 WHERE key = ?", key)


# ---- Asking

def pairs_in_order(text):
    """JSON with every object as a list of pairs, so that order and repetition show."""
    return json.loads(text, object_pairs_hook=list)


def exact(text):
    """JSON with decimals kept as they are written."""
    return json.loads(text, parse_float=decimal.Decimal)


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def check_error(reply, status, dialect, *words):
    """The dialect's error body, no more and no less, with the words in it.  Returns the text for people."""
    assert reply.status == status, reply
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert int(reply.headers["content-length"]) == len(reply.body)
    body = json.loads(reply.body.decode("utf-8"))
    if dialect == "tether":
        assert set(body) == {"success", "message", "error"} and body["success"] is False, body
        assert body["message"] and body["error"], body
        text = body["message"] + " " + body["error"]
    elif dialect == "pingram":
        assert set(body) == {"trackingId", "error"}, body
        assert body["trackingId"] == reply.headers["x-request-id"]
        assert {"code", "message"} <= set(body["error"]) <= {"code", "message", "fix"}, body
        assert body["error"]["code"] == body["error"]["code"].upper().replace(" ", "_")
        text = body["error"]["message"]
    else:
        assert set(body) == {"error", "message"}, body
        text = body["message"]
        words_of = {401: ("Unauthenticated", "Authentication is required and has failed or has not yet been provided."),
                    403: ("Forbidden", "Access to the requested resource is forbidden."),
                    404: ("ResourceNotFound", "The requested resource could not be found.")}
        if status in words_of:
            assert (body["error"], body["message"]) == words_of[status]
        if status == 422:
            assert body["error"] == "ValidationError" and text.startswith("Input data validation failed.")
    for word in words:
        assert word in text, (word, body)
    return text


# ---- Bad values, by name; each is a query as it is on the wire, {} being the parameter's name.

def bad_queries(name, values):
    """For one parameter: (what is wrong, its part of the query).  None: the parameter is missing."""
    table = [("empty", f"{name}="), ("without =", name), ("twice", f"{name}=1&{name}=1"),
             ("twice, once escaped", f"{name}=1&%{ord(name[0]):02x}{name[1:]}=1"), ("not UTF-8", f"{name}=%ff%fe"),
             ("overlong UTF-8", f"{name}=%c0%80"), ("a surrogate", f"{name}=%ed%a0%80"), ("with a NUL", f"{name}=1%00"),
             ("a broken escape", f"{name}=1%4"), ("a broken escape at the end", f"{name}=1%"),
             ("a bad escape", f"{name}=%zz"), ("too long", f"{name}={'1' * 4000}"),
             ("a bracket", f"{name}=[]"), ("quotes", f"{name}=%27%22%3b--"), ("a minus alone", f"{name}=-"),
             ("blank in front", f"{name}=%20{values[0]}"), ("newline after it", f"{name}={values[0]}%0a"),
             ("tab", f"{name}=%09")]
    return table + [(f"{value!r}", f"{name}={value}") for value in values[1:]]


ZONEINFO = pathlib.Path("/usr/share/zoneinfo")


def zone_folder(daybook, *zones, release=None):
    """A folder of the database's own with these zones, and the whole list; by default it is a release of this year."""
    folder = daybook.folder / "zones"
    folder.mkdir()
    text = (ZONEINFO / "tzdata.zi").read_text()
    (folder / "tzdata.zi").write_text(f"# version {release or f'{datetime.date.today().year}a'}\n" + text.split("\n", 1)[1])
    for zone in zones:
        (folder / zone).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ZONEINFO / zone, folder / zone)
    daybook.env["TZDIR"] = str(folder)
    return folder
