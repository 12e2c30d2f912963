"""The database that tests/bench/run reads from, filled by SQL: what is measured needs rows, not digests."""
import datetime
import sqlite3
import time

DAY_MS, QUARTER_MS = 86_400_000, 900_000
EVENTS, EVENT_DAYS, CAMPAIGN_DAYS, A_DAY = 100_000, 300, 366, 5
FULL_DAYS = 10  # from today on these have less room than the searches for a free day ask for
OTHERS, OTHER_DAYS = 200, 32  # organizations that are asked about in turn


def now_ms():
    return int(time.time()) * 1000


def date(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y-%m-%d")


def make(book):
    """acme, and one beside it that others write to."""
    book.cmd("init")
    book.cmd("key", "add", "--kid", "main")
    for org in ("acme", "beside"):
        book.cmd("org", "add", org, "--timezone", "America/Toronto", "--daily-limit", 500, "--plan", "growth")
    book.cmd("price", "set", "SMS", "0.0079")


def make_writers(book):
    """A database for those who write as much as they can."""
    book.cmd("init")
    book.cmd("key", "add", "--kid", "main")
    book.cmd("org", "add", "acme", "--timezone", "America/Toronto", "--daily-limit", 10**9, "--plan", "growth")


def fill(book):
    """Events of 300 days and campaigns of the coming 366 for acme; campaigns of a month for 200 more organizations."""
    make(book)
    for n in range(OTHERS):
        book.cmd("org", "add", f"other{n}", "--timezone", "America/Toronto", "--daily-limit", 500, "--plan", "growth")
    now = now_ms()
    with sqlite3.connect(book.path) as db:
        db.execute("INSERT INTO actor (credential, name) VALUES ('cli', '')")
        db.execute("""WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
            INSERT INTO event (org, source, id, occurred_at, channel, messages, parts, status, cost_micros, cost_given,
            actor, org_revision, received_at) SELECT 1, 's', printf('%08d', i), ? + i * ?, CASE i % 10 WHEN 0 THEN 'CALL' WHEN 1 THEN 'EMAIL'
            ELSE 'SMS' END, 1, 1, 'sent', 7900, 0, 1, 1, 0 FROM n""", (EVENTS, now - EVENT_DAYS * DAY_MS, EVENT_DAYS * DAY_MS // EVENTS))
        db.execute("""INSERT INTO usage_quarter SELECT org, occurred_at / 900000, channel, sum(messages), sum(parts), sum(cost_micros)
            FROM event GROUP BY 1, 2, 3""")
        campaigns(db, 1, 0, now // DAY_MS, CAMPAIGN_DAYS)
        others = [key for key, in db.execute("SELECT key FROM organization WHERE id LIKE 'other%'")]
        for n, org in enumerate(others):
            campaigns(db, org, CAMPAIGN_DAYS * A_DAY + n * OTHER_DAYS * A_DAY, now // DAY_MS, OTHER_DAYS)
        db.commit()
    book.cmd("rebuild", "--days")
    book.cmd("maintenance")  # a process would make the daily backup first


def campaigns(db, org, key, first, days):
    for day in range(first, first + days):
        at, contacts = day * DAY_MS + 18 * 3600_000, 80 if day < first + FULL_DAYS else 40
        for k in range(A_DAY):
            key += 1
            db.execute("INSERT INTO campaign (key, org, id, name, is_segmented, revision, created_at, updated_at) "
                       "VALUES (?, ?, ?, ?, 1, 1, 0, 0)", (key, org, f"665f1a0c0e0a4b{key:010d}", f"Q2 Lead Gen {key}"))
            db.execute("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, status) "
                       "VALUES (?, 1, ?, ?, ?, ?, 'scheduled')", (key, org, at + k, day, contacts))
        db.execute("INSERT INTO held VALUES (?, ?, 'SMS', 1, '', ?)", (org, at // QUARTER_MS, A_DAY * contacts))
