"""Single damages of the good database that test_damage.py makes: what a bug, a disk or a person with sqlite3 may do to it.

Each is (name, statements, kind).  A statement is SQL, or REBUILD, which runs `daybook rebuild`, so that the roll-ups agree
with the damaged ledger.
"""
import sqlite3

from damages_of_administrators import OF_ADMINISTRATORS

REBUILD = "rebuild"
NOW = 1779292800000  # the good database's last moment: 2026-05-20T16:00:00Z

# By kind: a difference that `verify` prints must contain one of these words.
WORDS = {
    "limits": r"limit", "cycles": r"cycle_change", "currencies": r"currency|price|cost", "jobs": r"job|cost",
    "roll-ups": r"usage_day|usage_quarter", "counters": r"segment",
    "reservations": r"segment|campaign|reserv|held", "what is held": r": held ", "days": r"zone|offset|span|usage_day|segment|price",
    "money": r"cost|price|usage_|ledger|event|void", "settlements": r"settle|event|ledger|segment|usage_|cost", "ledger": r"ledger|event|void|usage_|segment|foreign_key",
    "idempotency": r"request|campaign|results", "failures": r"failure|failed|foreign_key",
    "guards": r"trigger|index|table|view|column|schema|constraint|Daybook database",
    "settings": r"setting|epoch|backup|cors|webhook|retention", "keys": r"key|scope", "windows": r"sending_window|closed_day|campaign", "audit": r"audit", "statements": r"statement", "digests": r"ledger_day|digest",
}


# ---- Rows by name

def campaign(id):
    return f"(SELECT key FROM campaign WHERE id = '{id}')"


def segment(id, number):
    return f"campaign = {campaign(id)} AND number = {number}"


def change_event(id, change):
    return f"UPDATE event SET {change} WHERE id = '{id}'"


def copy_event(id, change, new_id="copy"):
    """Inserts a copy of that event with another id and other values in some columns."""
    columns = ("org, source, id, occurred_at, channel, messages, parts, status, cost_micros, cost_given, campaign_given, "
               "segment_given, campaign, segment, voids_id, settles_id, reason, sender, network, tag, detail_sha256, actor, "
               "org_revision, received_at").split(", ")
    values = dict({name: name for name in columns}, id=f"'{new_id}'", **change)
    return f"INSERT INTO event ({', '.join(columns)}) SELECT {', '.join(values[c] for c in columns)} FROM event WHERE id = '{id}'"


def insert_limit(change):
    """Inserts a limit with an amount, and changes it."""
    return ("INSERT INTO limit_rule (key, org, name, channels, unit, period) VALUES (900, 1, 'n', 'SMS', 'message', 'day')",
            "INSERT INTO limit_amount VALUES (900, 20000, 5)", f"UPDATE limit_rule SET {change} WHERE key = 900")


def insert_segment(id, number, contacts):
    return ("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, parts_per_contact, status) "
            f"SELECT campaign, {number}, org, scheduled_at, day, {contacts}, parts_per_contact, status FROM segment WHERE {segment(id, 1)}")


def span(nth, past=False, org=1):
    """The nth span of the organization after NOW, or the nth back from it; 1 in the past is the current one."""
    order = f"from_at <= {NOW} ORDER BY from_at DESC" if past else f"from_at > {NOW} ORDER BY from_at"
    return f"org = {org} AND from_at = (SELECT from_at FROM zone_span WHERE org = {org} AND {order} LIMIT 1 OFFSET {nth - 1})"


def change_span(where, change):
    return f"UPDATE zone_span SET {change} WHERE {where}"


def insert_failure(id):
    """Inserts a failure of that event, with the number and the reason of another one."""
    return ("INSERT INTO failure (org, source, id, campaign, segment, failed_at, phone, reason) SELECT e.org, e.source, e.id, "
            f"e.campaign, e.segment, e.occurred_at, f.phone, f.reason FROM event e, failure f WHERE e.id = '{id}' LIMIT 1")


def insert_request(kind, id):
    return ("INSERT INTO request (org, kind, id, body_sha256, received_at) "
            f"SELECT org, '{kind}', '{id}', randomblob(32), received_at FROM request WHERE kind = 'campaign' LIMIT 1")


def insert_job(kind, channel, next="first_quarter"):
    """An open job over all quarter-hours of acme."""
    return ("INSERT INTO job (org, number, kind, channel, first_quarter, next_quarter, end_quarter, actor, is_remote, started_at, updated_at) "
            f"SELECT 1, 99, {kind}, {channel}, first_quarter, {next}, end_quarter, 1, 0, 1, 1 FROM (SELECT min(quarter) AS first_quarter, "
            "max(quarter) + 1 AS end_quarter FROM usage_quarter WHERE org = 1)")


def change_schema(name, old, new):
    """Changes the text of a table or an index in the schema alone: its rows stay as they are."""
    return f"UPDATE sqlite_master SET sql = replace(sql, '{old}', '{new}') WHERE name = '{name}' AND instr(sql, '{old}') > 0"


DAY = "org = 1 AND day = 20576"  # of acme: 2026-05-03
HELD = f"org = 1 AND quarter = (SELECT scheduled_at / 900000 FROM segment WHERE {segment('summer', 1)})"
NEWEST_QUARTER = "org = 2 AND quarter = (SELECT max(quarter) FROM usage_quarter WHERE org = 2)"
REPORTED = "kind = 'results' AND id LIKE 'report/%'"
REQUESTED = "kind = 'campaign' AND id = 'summer'"
DOUBLE_PRICE = ("INSERT INTO price (org, channel, valid_from, nanos_per_part) "
                "SELECT org, channel, valid_from, 1 FROM price WHERE channel = 'SMS' AND org = 1 LIMIT 1")

INDEXES = "event_voids price_from event_occurred segment_day failure_kept audit_org audit_number".split()

# ---- The table

KINDS = {
    "roll-ups": {
        "a day counts a message too many": f"UPDATE usage_day SET messages = messages + 1 WHERE {DAY} AND channel = 'SMS'",
        "a day counts a part too few": f"UPDATE usage_day SET parts = parts - 1 WHERE {DAY} AND channel = 'SMS'",
        "a day costs nothing": f"UPDATE usage_day SET cost_micros = 0 WHERE {DAY} AND channel = 'SMS'",
        "a day is deleted": f"DELETE FROM usage_day WHERE {DAY} AND channel = 'SMS'",
        "a day is inserted": "INSERT INTO usage_day VALUES (1, 20600, 'SMS', 5, 5, 0)",
        "a quarter is changed": f"UPDATE usage_quarter SET messages = 99 WHERE {NEWEST_QUARTER}",
        "a quarter is deleted": f"DELETE FROM usage_quarter WHERE {NEWEST_QUARTER}",
        "a quarter is inserted": "INSERT INTO usage_quarter VALUES (2, 1976900, 'SMS', 5, 5, 0)",
    },
    "counters": {
        "a segment has sent more": f"UPDATE segment SET sent = sent + 1, spent = spent + 1 WHERE {segment('spring', 3)}",
        "a segment has failed less": f"UPDATE segment SET failed = failed - 1 WHERE {segment('spring', 2)}",
        "a segment has spent more": f"UPDATE segment SET spent = spent + 7 WHERE {segment('spring', 2)}",
        "a segment lies on the next day": f"UPDATE segment SET day = day + 1 WHERE {segment('summer', 2)}",
    },
    "reservations": {
        "the first segment is deleted": f"DELETE FROM segment WHERE {segment('summer', 1)}",
        "a middle segment is deleted": f"DELETE FROM segment WHERE {segment('summer', 2)}",
        "the last segment is deleted": f"DELETE FROM segment WHERE {segment('summer', 3)}",
        "the only segment is deleted": f"DELETE FROM segment WHERE {segment('single', 1)}",
        "all segments are deleted": f"DELETE FROM segment WHERE campaign = {campaign('summer')}",
        "contacts 50 become 5000": f"UPDATE segment SET contacts = 5000 WHERE {segment('single', 1)}",
        "contacts 50 become 0": f"UPDATE segment SET contacts = 0 WHERE {segment('single', 1)}",
        "contacts 50 become 51": f"UPDATE segment SET contacts = 51 WHERE {segment('summer', 3)}",
        "scheduled becomes cancelled": f"UPDATE segment SET status = 'cancelled' WHERE {segment('single', 1)}",
        "scheduled becomes draft": f"UPDATE segment SET status = 'draft' WHERE {segment('single', 1)}",
        "scheduled becomes paused": f"UPDATE segment SET status = 'paused' WHERE {segment('summer', 2)}",
        "scheduled becomes sent, with nothing sent": f"UPDATE segment SET status = 'sent' WHERE {segment('summer', 2)}",
        "scheduled becomes sending, with nothing sent": f"UPDATE segment SET status = 'sending' WHERE {segment('summer', 2)}",
        "scheduled becomes failed, with nothing failed": f"UPDATE segment SET status = 'failed' WHERE {segment('summer', 2)}",
        "cancelled becomes scheduled": f"UPDATE segment SET status = 'scheduled' WHERE {segment('off', 1)}",
        "paused becomes scheduled": f"UPDATE segment SET status = 'scheduled' WHERE {segment('later', 1)}",
        "draft becomes scheduled": f"UPDATE segment SET status = 'scheduled' WHERE {segment('idea', 1)}",
        "sent becomes sending": f"UPDATE segment SET status = 'sending' WHERE {segment('report', 1)}",
        "parts per contact 2 become 20": f"UPDATE segment SET parts_per_contact = 20 WHERE {segment('summer', 1)}",
        "a segment is an hour later": f"UPDATE segment SET scheduled_at = scheduled_at + 3600000 WHERE {segment('summer', 1)}",
        "a segment is a day later": f"UPDATE segment SET scheduled_at = scheduled_at + 86400000, day = day + 1 WHERE {segment('summer', 3)}",
        "a gap in the numbers, at the end": f"UPDATE segment SET number = 4 WHERE {segment('summer', 3)}",
        "a gap in the numbers, at the start": f"UPDATE segment SET number = 9 WHERE {segment('summer', 1)}",
        "two segments change places": (f"UPDATE segment SET number = 99 WHERE {segment('summer', 1)}",
                                       f"UPDATE segment SET number = 1 WHERE {segment('summer', 2)}",
                                       f"UPDATE segment SET number = 2 WHERE {segment('summer', 99)}"),
        "a segment of another organization than its campaign": f"UPDATE segment SET org = 2 WHERE {segment('summer', 2)}",
        "a campaign is another organization's": "UPDATE campaign SET org = 2 WHERE id = 'summer'",
        "a campaign and its segments are another organization's": ("UPDATE campaign SET org = 2 WHERE id = 'summer'",
                                                                   f"UPDATE segment SET org = 2 WHERE campaign = {campaign('summer')}"),
        "an inserted segment puts its day over the limit": insert_segment("summer", 4, 5000),
        "an inserted segment has room on its day": insert_segment("summer", 4, 1),
        "a campaign is inserted": (
            "INSERT INTO campaign (org, id, name, is_segmented, created_at, updated_at) VALUES (1, 'ghost', 'Ghost', 0, 0, 0)",
            insert_segment("summer", 9, 5), f"UPDATE segment SET campaign = {campaign('ghost')}, number = 1 WHERE number = 9"),
        "a campaign has another id": "UPDATE campaign SET id = 'autumn' WHERE id = 'summer'",
        "a campaign has another name": "UPDATE campaign SET name = 'Autumn' WHERE id = 'summer'",
        "a campaign is no longer segmented": "UPDATE campaign SET is_segmented = 0 WHERE id = 'summer'",
        "a campaign is deleted": "DELETE FROM campaign WHERE id = 'summer'",
        "a campaign is deleted with all its rows": ("DELETE FROM request WHERE id = 'summer'",
                                                    f"DELETE FROM segment WHERE campaign = {campaign('summer')}",
                                                    "DELETE FROM campaign WHERE id = 'summer'"),
    },
    "what is held": {
        "a sum is one more": f"UPDATE held SET contacts = contacts + 1 WHERE {HELD}",
        "a sum is deleted": f"DELETE FROM held WHERE {HELD}",
        "a sum is of another quarter-hour": f"UPDATE held SET quarter = quarter + 1 WHERE {HELD}",
        "a sum is of other parts": f"UPDATE held SET parts_per_contact = 3 WHERE {HELD}",
        "a sum is of another channel": f"UPDATE held SET channel = 'CALL' WHERE {HELD}",
        "a sum is of a sender": f"UPDATE held SET sender = '+14165550199' WHERE {HELD}",
        "a sum is another organization's": f"UPDATE held SET org = 2 WHERE {HELD}",
        "a sum of nobody is inserted": "INSERT INTO held VALUES (2, 1990000, 'SMS', 1, '', 5)",
        "a negative sum is inserted": "INSERT INTO held VALUES (1, 1990000, 'SMS', 1, '', -5)",
    },
    "days": {
        "all spans are deleted": "DELETE FROM zone_span WHERE org = 1",
        "the first span is deleted": "DELETE FROM zone_span WHERE org = 1 AND from_at = (SELECT min(from_at) FROM zone_span)",
        "a past span is deleted": f"DELETE FROM zone_span WHERE {span(9, past=True)}",
        "the current span is deleted": f"DELETE FROM zone_span WHERE {span(1, past=True)}",
        "the next span is deleted": f"DELETE FROM zone_span WHERE {span(1)}",
        "a future span is deleted": f"DELETE FROM zone_span WHERE {span(4)}",
        "two future spans in a row are deleted": (f"DELETE FROM zone_span WHERE {span(4)}", f"DELETE FROM zone_span WHERE {span(4)}"),
        "the last span is deleted": "DELETE FROM zone_span WHERE org = 1 AND from_at = (SELECT max(from_at) FROM zone_span WHERE org = 1)",
        "all future spans are deleted": f"DELETE FROM zone_span WHERE org = 1 AND from_at > {NOW}",
        "all future spans of an organization without coming segments are deleted": f"DELETE FROM zone_span WHERE org = 2 AND from_at > {NOW}",
        "a past offset is an hour more": change_span(span(9, past=True), "utc_offset_s = utc_offset_s + 3600"),
        "the current offset is an hour more": change_span(span(1, past=True), "utc_offset_s = utc_offset_s + 3600"),
        "a future offset is an hour more": change_span(span(3), "utc_offset_s = utc_offset_s + 3600"),
        "a future offset is 20 hours more": change_span(span(3), "utc_offset_s = utc_offset_s + 72000"),
        "a future offset is off the quarter-hour": change_span(span(3), "utc_offset_s = utc_offset_s + 60"),
        "a future span begins an hour later": change_span(span(3), "from_at = from_at + 3600000"),
        "a future span is inserted": "INSERT INTO zone_span (org, from_at, utc_offset_s, zone, tzdata_version) "
                                     f"SELECT org, from_at + 864000000, utc_offset_s + 3600, zone, tzdata_version FROM zone_span WHERE {span(3)}",
        "a future span names another zone": change_span(span(3), "zone = 'Asia/Tokyo'"),
        "the timezone does not exist": "UPDATE organization SET timezone = 'Mars/Olympus' WHERE key = 1",
        "the timezone is another": "UPDATE organization SET timezone = 'Europe/Berlin' WHERE key = 1",
        "the timezone is another with the same offsets": "UPDATE organization SET timezone = 'America/New_York' WHERE key = 1",
        "the spans of two organizations are swapped": ("UPDATE zone_span SET org = -1 WHERE org = 1", "UPDATE zone_span SET org = 1 WHERE org = 2",
                                                       "UPDATE zone_span SET org = 2 WHERE org = -1"),
    },
    "money": {
        "a cost is changed": change_event("priced", "cost_micros = cost_micros + 1"),
        "a priced cost is changed and rebuilt": (change_event("priced", "cost_micros = cost_micros + 1"), REBUILD),
        "a repriced cost is changed and rebuilt": (change_event("repriced", "cost_micros = 0"), REBUILD),
        "a given cost is changed and rebuilt": (change_event("given", "cost_micros = 10 * cost_micros"), REBUILD),
        "the cost of a void is changed": change_event("v-voided", "cost_micros = 2 * cost_micros"),
        "the cost of a void is changed and rebuilt": (change_event("v-voided", "cost_micros = 2 * cost_micros"), REBUILD),
        "the cost of a void of a given cost is changed and rebuilt": (change_event("v-given-voided", "cost_micros = 0"), REBUILD),
        "the adjustment of a statement is changed and rebuilt": (
            "UPDATE event SET cost_micros = -cost_micros WHERE source = 'daybook:adjust:twilio'", REBUILD),
        "the adjustment of a statement is deleted and rebuilt": ("DELETE FROM event WHERE source = 'daybook:adjust:twilio'", REBUILD),
        "an adjustment of a price is deleted and rebuilt": ("DELETE FROM event WHERE source = 'daybook:reprice' AND occurred_at = "
                                                            "(SELECT max(occurred_at) FROM event WHERE source = 'daybook:reprice')", REBUILD),
        "a priced cost claims to be given": change_event("priced", "cost_given = 1"),
        "a given cost claims to be priced": change_event("given", "cost_given = 0"),
        "a common price is changed": "UPDATE price SET nanos_per_part = nanos_per_part + 1000 WHERE org IS NULL AND channel = 'CALL'",
        "an own price is changed": "UPDATE price SET nanos_per_part = nanos_per_part * 2 WHERE org = 1 AND channel = 'SMS'",
        "a common price is deleted": "DELETE FROM price WHERE org IS NULL AND channel = 'CALL'",
        "an own price is deleted": "DELETE FROM price WHERE org = 1 AND channel = 'SMS'",
        "an own price becomes the common one": "UPDATE price SET org = NULL WHERE org = 1 AND channel = 'SMS'",
        "an own price is another organization's": "UPDATE price SET org = 2 WHERE org = 1 AND channel = 'SMS'",
        "a price is valid from an earlier day": "UPDATE price SET valid_from = valid_from - 5 WHERE org = 1 AND channel = 'SMS'",
        "a price is valid from a later day": "UPDATE price SET valid_from = valid_from + 5 WHERE org = 1 AND channel = 'SMS'",
        "a price is of another channel": "UPDATE price SET channel = 'SLACK' WHERE org IS NULL AND channel = 'EMAIL'",
        "a price is inserted": "INSERT INTO price (org, channel, valid_from, nanos_per_part) VALUES (1, 'EMAIL', 20000, 5000000)",
        "a price is doubled and its index dropped": ("DROP INDEX price_from", DOUBLE_PRICE),
        "a price is doubled and its index says unique": (
            "DROP INDEX price_from", DOUBLE_PRICE, "CREATE INDEX price_from ON price (coalesce(org, 0), channel, valid_from)",
            change_schema("price_from", "CREATE INDEX", "CREATE UNIQUE INDEX")),
    },
    "ledger": {
        "an event is deleted": "DELETE FROM event WHERE id = 'given'",
        "an event is deleted and rebuilt": ("DELETE FROM event WHERE id = 'given'", REBUILD),
        "the newest event is deleted and rebuilt": ("DELETE FROM event WHERE id = 'newest'", REBUILD),
        "an event without a cost is deleted and rebuilt": ("DELETE FROM event WHERE id = 'free'", REBUILD),
        "an event of a campaign is deleted and rebuilt": ("DELETE FROM event WHERE id = 's1-1'", REBUILD),
        "a failed event and its failure are deleted and rebuilt": (
            "DELETE FROM failure WHERE id = 'unreached'", "DELETE FROM event WHERE id = 'unreached'", REBUILD),
        "all events of a day are deleted and rebuilt": ("DELETE FROM event WHERE org = 2 AND occurred_at / 86400000 = 20576", REBUILD),
        "an event is doubled": copy_event("given", {}),
        "an event is doubled and rebuilt": (copy_event("given", {}), REBUILD),
        "an event is inserted and rebuilt": (copy_event("given", {"occurred_at": "occurred_at + 864000000"}), REBUILD),
        "another id": change_event("given", "id = 'taken'"),
        "another actor": ("INSERT INTO actor (credential, name) VALUES ('jwt:mallory', '')",
                          change_event("given", "actor = (SELECT key FROM actor WHERE credential = 'jwt:mallory')")),
        "another name of an actor": ("DROP TRIGGER actor_is_not_updated", "UPDATE actor SET name = 'mallory' WHERE key = (SELECT min(key) FROM actor)"),
        "another reason": change_event("v-voided", "reason = 'none'"),
        "another organization's revision": change_event("given", "org_revision = org_revision + 1"),
        "a tag": change_event("given", "tag = 'x'"),
        "a sender": change_event("given", "sender = '+1'"),
        "a network": change_event("given", "network = 'x'"),
        "a settlement of nothing": change_event("given", "settles_id = 'x'"),
        "usage of a limit of a network that nobody sent to": (
            "INSERT INTO limit_rule (key, org, name, channels, network, unit, period) "
            "VALUES (900, 1, 'n', 'SMS', 'x', 'message', 'day')",
            "INSERT INTO limit_usage VALUES (900, 1977000, 1, 1, 0)"),
        "another received_at": change_event("given", "received_at = received_at - 86400000"),
        "another detail_sha256": change_event("unreached", "detail_sha256 = randomblob(32)"),
        "a blank detail_sha256, and the number stays": change_event("unreached", "detail_sha256 = NULL"),
        "another source": change_event("given", "source = 'crm'"),
        "a source of our own": change_event("given", "source = 'daybook:x'"),
        "a second later, in the same quarter": change_event("given", "occurred_at = occurred_at + 1000"),
        "a day later": change_event("given", "occurred_at = occurred_at + 86400000"),
        "a day later, and rebuilt": (change_event("given", "occurred_at = occurred_at + 86400000"), REBUILD),
        "another channel": change_event("given", "channel = 'EMAIL'"),
        "another channel, and rebuilt": (change_event("given", "channel = 'EMAIL'"), REBUILD),
        "more messages": change_event("given", "messages = 50"),
        "more messages, and rebuilt": (change_event("given", "messages = 50"), REBUILD),
        "more parts": change_event("given", "parts = parts + 1"),
        "more parts, and rebuilt": (change_event("given", "parts = parts + 1"), REBUILD),
        "another campaign given": change_event("s1-1", "campaign_given = 'summer'"),
        "another segment given": change_event("s1-1", "segment_given = 2"),
        "another segment": change_event("s1-1", "segment = 2"),
        "another segment, and rebuilt": (change_event("s1-1", "segment = 2"), REBUILD),
        "no segment, and rebuilt": (change_event("s1-1", "campaign = NULL, segment = NULL"), REBUILD),
        "a segment that does not exist": change_event("s1-1", "segment = 7"),
        "another organization": change_event("given", "org = 2"),
        "another organization, and rebuilt": (change_event("given", "org = 2"), REBUILD),
        "an organization that does not exist": change_event("given", "org = 77"),
        "a failed event was sent": change_event("unreached", "status = 'sent'"),
        "a failed event was sent, and rebuilt": (change_event("unreached", "status = 'sent'"), REBUILD),
        "a void takes back more": change_event("v-voided", "messages = messages - 1"),
        "a void takes back another event": change_event("v-voided", "voids_id = 'priced'"),
        "a void is of another sender": change_event("v-voided", "sender = '+1'"),
        "a void is of another cost centre": change_event("v-voided", "tag = 'sales'"),
        "a void takes back a void": change_event("v-voided", "voids_id = 'v-given-voided'"),
        "a void is deleted": "DELETE FROM event WHERE id = 'v-voided'",
        "a void is deleted and rebuilt": ("DELETE FROM event WHERE id = 'v-voided'", REBUILD),
        "a voided event is deleted": "DELETE FROM event WHERE id = 'voided'",
        "an event is voided twice": ("DROP INDEX event_voids", copy_event("v-voided", {}), REBUILD),
        "a void is inserted and rebuilt": (
            copy_event("v-voided", {"voids_id": "'not-voided'", "messages": "-1", "parts": "-1", "cost_micros": "-7900"}), REBUILD),
    },
    "currencies": {
        "an organization with an unknown currency": "UPDATE organization SET currency = 'XYZ' WHERE key = 2",
        "a price for all in an unknown currency": "INSERT INTO price (org, channel, valid_from, nanos_per_part, currency) VALUES (NULL, 'SMS', 20700, 1, 'eur')",
        "a price of its own in another currency": "INSERT INTO price (org, channel, valid_from, nanos_per_part, currency) VALUES (1, 'PUSH', 20700, 1, 'EUR')",
        "another currency although events have costs": "UPDATE organization SET currency = 'EUR' WHERE key = 1",
    },
    "cycles": {
        "a change of the cycle day to the present one": "INSERT INTO cycle_change (org, valid_from, cycle_day) SELECT key, 20700, cycle_day FROM organization WHERE key = 1",
        "two changes to one day": "INSERT INTO cycle_change (org, valid_from, cycle_day) VALUES (2, 20700, 7), (2, 20800, 7)",
    },
    "limits": {
        "a limit is missing": "DELETE FROM limit_rule WHERE name = 'cycle-sms' AND org = 1",
        "a limit without an amount": "DELETE FROM limit_amount WHERE rule = (SELECT key FROM limit_rule WHERE name = 'daily' AND org = 1)",
        "a limit over an unknown window": "UPDATE limit_rule SET period = 'moon' WHERE name = 'cycle-sms' AND org = 1",
        "a limit of an unknown channel": "UPDATE limit_rule SET channels = 'SMS FAX' WHERE name = 'cycle-sms' AND org = 1",
        "a limit of a name that none can have": insert_limit("name = 'A b'"),
        "a limit with a zone has no days": insert_limit("zone = 'UTC'"),
        "a limit with a zone has other days": (*insert_limit("zone = (SELECT timezone FROM organization WHERE key = 1)"),
            "INSERT INTO limit_span SELECT 900, from_at, utc_offset_s + 900, zone, tzdata_version FROM zone_span WHERE org = 1"),
        "a limit with a zone lacks its days until 2020": (*insert_limit("zone = (SELECT timezone FROM organization WHERE key = 1)"),
            "INSERT INTO limit_span SELECT 900, from_at, utc_offset_s, zone, tzdata_version FROM zone_span WHERE org = 1 "
            "AND from_at > 1577836800000"),
        "a limit without a zone has days": "INSERT INTO limit_span SELECT r.key, from_at, utc_offset_s, z.zone, tzdata_version FROM zone_span z "
                                           "JOIN limit_rule r ON r.org = z.org WHERE z.org = 1 AND r.name = 'daily'",
        "a limit that nothing fills": insert_limit("network = 'x', is_building = 1"),
        "a limit that is filled without a sender or a network": (*insert_limit("is_building = 1"),
            "INSERT INTO job (org, number, kind, rule, first_quarter, next_quarter, end_quarter, actor, is_remote, started_at, updated_at) "
            "VALUES (1, 99, 'fill-limit', 900, 1, 1, 2, 1, 0, 1, 1)"),
    },
    "idempotency": {
        "the request of a campaign is deleted": f"DELETE FROM request WHERE {REQUESTED}",
        "the request of a campaign has another hash": f"UPDATE request SET body_sha256 = randomblob(32) WHERE {REQUESTED}",
        "the request of a campaign that is not there": insert_request("campaign", "n"),
        "the request of a campaign is another organization's": f"UPDATE request SET org = 2 WHERE {REQUESTED}",
        "the request of a campaign is of another kind": f"UPDATE request SET kind = 'results' WHERE {REQUESTED}",
        "the request of results is deleted": f"DELETE FROM request WHERE {REPORTED}",
        "the request of results has another hash": f"UPDATE request SET body_sha256 = randomblob(32) WHERE {REPORTED}",
        "the request of results of no campaign": insert_request("results", "nobody/r"),
        "a request of an unknown kind": insert_request("orders", "summer"),
        "all requests are deleted": "DELETE FROM request",
    },
    "failures": {
        "a failure is deleted": "DELETE FROM failure WHERE id = 'unreached'",
        "a failure of a campaign is deleted": "DELETE FROM failure WHERE id = 's2-failed'",
        "a failure of an event that was sent": insert_failure("given"),
        "a failure of an event that was voided": insert_failure("voided-failure"),
        "a failure of an event that is not there": "UPDATE failure SET id = 'nobody' WHERE id = 'unreached'",
        "a failure of another segment": "UPDATE failure SET segment = 1 WHERE id = 's2-failed'",
        "a failure of no campaign": "UPDATE failure SET campaign = NULL, segment = NULL WHERE id = 's2-failed'",
        "a failure of another number": "UPDATE failure SET phone = '+14165550199' WHERE id = 'unreached'",
        "a failure of another reason": "UPDATE failure SET reason = 'asked not to' WHERE id = 'unreached'",
        "a failure of another time": "UPDATE failure SET failed_at = failed_at + 86400000 WHERE id = 'unreached'",
    },
    "guards": {
        "the trigger against deletion is dropped": "DROP TRIGGER event_is_not_deleted",
        "the trigger against changes is dropped": "DROP TRIGGER event_is_not_updated",
        "the trigger against deletion does nothing": (
            "DROP TRIGGER event_is_not_deleted", "CREATE TRIGGER event_is_not_deleted BEFORE DELETE ON event BEGIN SELECT 1; END"),
        **{f"the index {name} is dropped": f"DROP INDEX {name}" for name in INDEXES},
        "the index event_voids is not unique": (
            "DROP INDEX event_voids", "CREATE INDEX event_voids ON event (org, source, voids_id) WHERE voids_id IS NOT NULL"),
        "a trigger too many": "CREATE TRIGGER extra AFTER INSERT ON event BEGIN DELETE FROM failure; END",
        "a view too many": "CREATE VIEW extra AS SELECT * FROM event",
        "a table too many": "CREATE TABLE extra (n INTEGER)",
        "an index too many": "CREATE INDEX extra ON segment (contacts)",
        "a column too many": "ALTER TABLE organization ADD COLUMN extra TEXT",
        "a column too few": "ALTER TABLE organization DROP COLUMN plan",
        "a table without a CHECK": change_schema("limit_amount", "CHECK (amount BETWEEN 0 AND 1000000000000000)", ""),
        "a table without a foreign key": change_schema(
            "failure", "FOREIGN KEY (org, source, id) REFERENCES event (org, source, id)", "CHECK (1)"),
        "a value that a CHECK forbids": "UPDATE organization SET cycle_day = 40 WHERE key = 1",
        "a newer schema version": "PRAGMA user_version = 99",
        "another application's file": "PRAGMA application_id = 1",
    },
    "jobs": {
        "a job of an unknown kind": insert_job("'shred'", "NULL"),
        "a reprice of no channel": insert_job("'reprice'", "NULL"),
        "a job that fills no limit": insert_job("'fill-limit'", "NULL"),
        "a job that says it is done": [
            "UPDATE price SET nanos_per_part = 3 * nanos_per_part + 1 WHERE channel = 'SMS'",
            insert_job("'reprice'", "'SMS'", next="end_quarter")],
    },
    **OF_ADMINISTRATORS,
    "settlements": {
        "a settlement names another event": change_event("t-cost", "settles_id = 's1-2'"),
        "a settlement names no event": change_event("t-cost", "settles_id = 'nothing'"),
        "a settlement names a void": change_event("t-cost", "settles_id = 'v-s1-0'"),
        "a settlement is of another segment": (change_event("t-parts", "segment = 1"), REBUILD),
        "a settlement is of another instant": (change_event("t-parts", "occurred_at = occurred_at + 1"), REBUILD),
        "a settlement adds a message to a sent event": (change_event("t-cost", "messages = 1"), REBUILD),
        "a settlement leaves fewer parts than messages": (change_event("t-parts", "parts = -1"), REBUILD),
        "a settlement claims that nobody gave the cost": change_event("t-cost", "cost_given = 0"),
        "a settlement is deleted and rebuilt": ("DELETE FROM event WHERE id = 't-parts'", REBUILD),
        "a settlement has lost the hash of its body": change_event("t-parts", "detail_sha256 = NULL"),
        "an event that was sent after all has its failed contact again": insert_failure("s3-late"),
        "an event that was sent after all counts as failed": f"UPDATE segment SET sent = sent - 1, failed = failed + 1 WHERE {segment('spring', 3)}",
    },
    "statements": {
        "a statement reports a message more": "UPDATE statement_line SET messages = messages + 1 WHERE channel = 'SMS'",
        "a line of a statement is deleted": "DELETE FROM statement_line WHERE channel = 'CALL'",
        "a statement has a line of another day": "INSERT INTO statement_line VALUES (1, 20544, 20580, 'SMS', 1, 1, 0)",
        "a statement has a line of another channel": "UPDATE statement_line SET channel = 'FAX' WHERE channel = 'CALL'",
        "a statement is in another currency": "UPDATE statement SET currency = 'EUR'",
        "a statement ends earlier": "UPDATE statement SET until_at = until_at - 3600000",
        "a statement was kept by somebody else": "UPDATE statement SET actor = (SELECT max(key) FROM actor WHERE key <> statement.actor)",
        "a statement knows rows that came later": "UPDATE statement SET org_revision = org_revision + 1000",
        "a statement's day has another digest": "UPDATE statement_day SET digest = digest + 1 WHERE day = 20563",
        "a statement's day is deleted": "DELETE FROM statement_day WHERE day = 20563",
        "a statement is deleted": ("DELETE FROM statement_line", "DELETE FROM statement_day", "DELETE FROM statement"),
        "an event that was reported is deleted and rebuilt": ("DELETE FROM event WHERE id = 'april'", REBUILD),
        "an event that was reported says that it came later": change_event("april", "org_revision = 100000"),
        "an event that came later says that it was reported": change_event("april-late", "org_revision = 1"),
    },
    # Tables and columns of schema version 3: see NEEDS.
    "digests": {
        "a day of the ledger has one event more": f"UPDATE ledger_day SET events = events + 1 WHERE {DAY}",
        "a day of the ledger has the digest of another":
            f"UPDATE ledger_day SET digest = (SELECT digest FROM ledger_day WHERE org = 2 AND day = 20576) WHERE {DAY}",
        "a day of the ledger is deleted": f"DELETE FROM ledger_day WHERE {DAY}",
        "a day of the ledger is inserted":
            f"INSERT INTO ledger_day (org, day, events, digest) SELECT org, day + 400, events, digest FROM ledger_day WHERE {DAY}",
        "a campaign has the digest of another": "UPDATE campaign SET digest = (SELECT digest FROM campaign WHERE id = 'single') WHERE id = 'summer'",
    },
}
NEEDS = {**{name: ("campaign", "digest") if "campaign" in name else ("ledger_day", "digest") for name in KINDS["digests"]},
         **{name: ("held", "contacts") for name in KINDS["what is held"]},
         **{name: ("campaign", "sending_window") for name in KINDS["windows"]},
         **{name: ("statement", "digest") for name in KINDS["statements"]},
         "usage of a limit of a network that nobody sent to": ("limit_usage", "rule"),
         **{name: ("limit_span", "rule") for name in KINDS["limits"] if "zone" in name or "fill" in name},
         "a job that fills no limit": ("job", "rule")}

DAMAGES = [(name, (statements,) if isinstance(statements, str) else statements, kind)
           for kind, table in KINDS.items() for name, statements in table.items()]


def damage(path, *statements):
    """Executes SQL without foreign keys, constraints and triggers.

    Creates the triggers again with exactly their text, so that verify does not report them instead of the damage.
    """
    db = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON"):
            db.execute(f"PRAGMA {pragma}")
        for statement in statements:
            is_of_rows = statement.split()[0] in ("INSERT", "UPDATE", "DELETE")
            triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall() if is_of_rows else []
            for name, _ in triggers:
                db.execute(f"DROP TRIGGER {name}")
            db.execute(f"PRAGMA writable_schema = {int('sqlite_master SET' in statement)}")
            changed = db.execute(statement).rowcount
            assert changed > 0 or not is_of_rows, f"no such row: {statement}"
            db.execute("PRAGMA writable_schema = 0")
            for _, sql in triggers:
                db.execute(sql)
    finally:
        db.close()
