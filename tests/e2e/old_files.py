"""Files of older schema versions (schema-1.sql to schema-6.sql), made of a file of this version that was in use.

tests/faults and tests/replies make theirs with this too.
"""
import pathlib
import re
import sqlite3

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = int(re.search(r"user_version = (\d+)", (ROOT / "schema.sql").read_text())[1])
MASK = (1 << 62) - 1
WORD = (1 << 64) - 1

# What a column of an older table is made of, where this version has no column of the same name.
AMOUNT = ("(SELECT amount FROM new.limit_amount a JOIN new.limit_rule r ON r.key = a.rule WHERE r.org = t.key "
          "AND r.name = '%s' ORDER BY valid_from DESC LIMIT 1)")
FROM_NEW = {
    ("organization", "daily_limit"): AMOUNT % "daily",
    ("organization", "quota_unit"): "(SELECT unit FROM new.limit_rule r WHERE r.org = t.key AND r.name = 'daily')",
    ("organization", "cap_messages"): AMOUNT % "cycle-messages",
    ("organization", "cap_cost_micros"): AMOUNT % "cycle-cost",
    ("organization", "cap_sms"): AMOUNT % "cycle-sms",
    ("organization", "cap_calls"): AMOUNT % "cycle-calls",
    ("organization", "allow_overage"):
        "(SELECT action = 'report' FROM new.limit_rule r WHERE r.org = t.key AND r.name = 'cycle-messages')",
    ("event", "credential"): "(SELECT credential FROM new.actor WHERE key = t.actor)",
}


def row_hash(values):
    """src/base/row_hash.h."""
    state = 0x6a09e667f3bcc908

    def mix(chunk):
        nonlocal state
        state = ((state ^ chunk) * 0x9e3779b97f4a7c15) & WORD
        state ^= state >> 29

    for value in values:
        if value is None:
            mix(1)
        elif isinstance(value, int):
            mix(2)
            mix(value & WORD)
        else:
            raw = value.encode() if isinstance(value, str) else value
            mix(len(raw) << 3 | (3 if isinstance(value, str) else 4))
            for i in range(0, len(raw), 8):
                mix(int.from_bytes(raw[i:i + 8], "little"))
    mix(0)
    mix(0)
    return state & MASK


def write_digests(c):
    """ledger_day and campaign.digest of version 3."""
    days = {}
    for row in c.execute("SELECT org, source, id, occurred_at, channel, messages, parts, status, cost_micros, cost_given, "
                         "campaign_given, segment_given, campaign, segment, voids_id, credential, received_at FROM main.event"):
        count, digest = days.get((row[0], row[3] // 86_400_000), (0, 0))
        days[row[0], row[3] // 86_400_000] = count + 1, (digest + row_hash(row)) & MASK
    c.execute("DELETE FROM main.ledger_day")
    c.executemany("INSERT INTO main.ledger_day VALUES (?, ?, ?, ?)", [key + value for key, value in days.items()])
    plans = {}
    for key, *row in c.execute(
            "SELECT c.key, c.org, c.id, c.name, c.is_segmented, r.body_sha256, s.number, s.org, s.scheduled_at, s.contacts, "
            "s.parts_per_contact, CASE s.status WHEN 'draft' THEN 0 WHEN 'paused' THEN 1 WHEN 'cancelled' THEN 2 ELSE 3 END "
            "FROM main.campaign c LEFT JOIN main.segment s ON s.campaign = c.key LEFT JOIN main.request r ON r.org = c.org "
            "AND r.kind = 'campaign' AND r.id = c.id ORDER BY c.key, s.number"):
        plans.setdefault(key, []).extend(row)
    c.executemany("UPDATE main.campaign SET digest = ? WHERE key = ?", [(row_hash(v), key) for key, v in plans.items()])


def to_version(path, version):
    """The same data in a file of the old schema, in the place of this one."""
    old = path.with_suffix(".old")
    c = sqlite3.connect(old, isolation_level=None)
    c.executescript((ROOT / f"tests/e2e/schema-{version}.sql").read_text())
    c.execute("PRAGMA journal_mode = WAL")
    c.execute("PRAGMA foreign_keys = OFF")
    c.execute("ATTACH ? AS new", (str(path),))
    there = {row[0] for row in c.execute("SELECT name FROM new.sqlite_master WHERE type = 'table'")}
    for (table,) in c.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
        names = [r[1] for r in c.execute(f"PRAGMA main.table_info({table})")]
        if table in there:
            values = ", ".join(FROM_NEW.get((table, name), "t." + name) for name in names)
            c.execute(f"INSERT OR REPLACE INTO main.{table} ({', '.join(names)}) SELECT {values} FROM new.{table} t")
    if version < 4:  # only the audit had the reason of a void
        c.execute("DELETE FROM main.audit WHERE action = 'event.void'")
        c.execute("INSERT INTO main.audit (at, org, credential, action, detail) SELECT received_at, org, 'cli', 'event.void', "
                  "json_object('source', source, 'id', id, 'voids', voids_id, 'reason', coalesce(reason, '')) "
                  "FROM new.event WHERE status = 'void'")
    c.execute("DETACH new")
    if version == 3:
        write_digests(c)
    c.close()
    for suffix in ("-wal", "-shm", "-gate"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    old.rename(path)
    path.chmod(0o600)
