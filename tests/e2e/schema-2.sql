-- Daybook's data: one SQLite file holds everything.
--
-- This file is the reference manual of that file: what every table and every column means,
-- and in which unit.  `daybook init` runs it once; `daybook upgrade` brings an older file here.
--
-- Conventions
--   *_at        an instant: milliseconds of UTC since 1970-01-01T00:00:00Z
--   day         a civil date of the organisation: days since 1970-01-01
--   quarter     a quarter-hour of UTC: floor(instant / 900000)
--   *_micros    money: millionths of a US dollar
--   messages    one contact reached once
--   parts       what a carrier bills: SMS segments of 160/70 characters, started minutes of a call
--   credential  who did it: `jwt:KID`, `apikey:N` or `cli`
--
-- Nothing here is local time as text, and nothing is a floating-point number.

PRAGMA application_id = 1145203563;	-- 0x44426b6b, "DBkk"
PRAGMA user_version = 2;

-- An organisation: whose day book it is, how its days are cut, and what it may send.
CREATE TABLE organization (
	key INTEGER PRIMARY KEY,	-- the organisation inside this file; other tables say `org`
	id TEXT NOT NULL UNIQUE		-- its name in the API: [A-Za-z0-9._-], 1 to 64
		CHECK (length(id) BETWEEN 1 AND 64),
	name TEXT NOT NULL,		-- for people
	timezone TEXT NOT NULL,		-- IANA name of the zone that its coming days are cut by
	zone_revision INTEGER NOT NULL DEFAULT 1,	-- goes up when its zone_span rows change
	revision INTEGER NOT NULL DEFAULT 1,	-- goes up in every write transaction that touches it
	plan TEXT NOT NULL DEFAULT '',	-- an open word that the calendar shows
	daily_limit INTEGER		-- quota units a local day; NULL = unlimited
		CHECK (daily_limit BETWEEN 0 AND 1000000000000),
	quota_unit TEXT NOT NULL DEFAULT 'message'	-- what daily_limit counts
		CHECK (quota_unit IN ('message', 'part')),
	cycle_day INTEGER NOT NULL DEFAULT 1	-- the billing cycle starts on this day of the month
		CHECK (cycle_day BETWEEN 1 AND 31),
	cap_messages INTEGER CHECK (cap_messages >= 0),	-- cycle cap on messageUsage; NULL = none
	cap_cost_micros INTEGER CHECK (cap_cost_micros >= 0),	-- cycle cap on budgetUsage; NULL = none
	cap_sms INTEGER CHECK (cap_sms >= 0),	-- cycle cap on SMS messages; NULL = none
	cap_calls INTEGER CHECK (cap_calls >= 0),	-- cycle cap on CALL messages; NULL = none
	allow_overage INTEGER NOT NULL DEFAULT 0	-- 1: cycle caps are reported and never refuse
		CHECK (allow_overage IN (0, 1)),
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,	-- when one of the columns here last changed by somebody's wish
	week_start INTEGER NOT NULL DEFAULT 1	-- the first day of a week for people: 1 Monday … 7 Sunday
		CHECK (week_start BETWEEN 1 AND 7)
) STRICT;

-- The offsets by which an organisation's days are cut, 2012 to 2100.  A row holds from its instant
-- to that of the next row.  Every day of the organisation comes from here, never from a zone file.
-- Each quarter-hour of UTC lies in one day whole.
CREATE TABLE zone_span (
	org INTEGER NOT NULL REFERENCES organization,
	from_at INTEGER NOT NULL,	-- the first instant of the span
	utc_offset_s INTEGER NOT NULL	-- seconds east of UTC
		CHECK (utc_offset_s % 900 = 0),
	zone TEXT NOT NULL,		-- the zone that it was read from
	tzdata_version TEXT NOT NULL,	-- the release of the zone file, '' where the system does not say
	PRIMARY KEY (org, from_at)
) STRICT, WITHOUT ROWID;

-- The ledger: one immutable row for each event.  Nothing here is ever updated or deleted, but for
-- detail_sha256, which `erase` blanks.
CREATE TABLE event (
	org INTEGER NOT NULL REFERENCES organization,
	source TEXT NOT NULL		-- which sending program; '' by default; 'daybook:…' are our own
		CHECK (length(source) <= 160),
	id TEXT NOT NULL		-- the sender's id; taken for ever, per organisation and source
		CHECK (length(id) BETWEEN 1 AND 255),
	occurred_at INTEGER NOT NULL	-- when it was handed to the carrier; its day is this instant's
		CHECK (occurred_at >= 1325376000000),
	channel TEXT NOT NULL CHECK (channel IN ('SMS', 'CALL', 'EMAIL', 'INAPP_WEB', 'WEB_PUSH',
		'PUSH', 'SLACK', 'WHATSAPP', 'SAGE')),
	messages INTEGER NOT NULL,	-- as sent; a failed row counts nothing all the same
	parts INTEGER NOT NULL,
	status TEXT NOT NULL		-- failed: refused before hand-off; void: takes back voids_id; adjust: money only
		CHECK (status IN ('sent', 'failed', 'void', 'adjust')),
	cost_micros INTEGER NOT NULL,	-- pinned when the row was written
	cost_given INTEGER NOT NULL	-- 1: the sender said the cost; 0: it was priced by `price`
		CHECK (cost_given IN (0, 1)),
	campaign_given TEXT,		-- campaignId and segmentNumber as the sender gave them
	segment_given INTEGER,
	campaign INTEGER,		-- what they were resolved to when the row was written; NULL = none
	segment INTEGER,
	voids_id TEXT,			-- the id, of the same source, that a void takes back
	detail_sha256 BLOB		-- of `to` and `reason`, so that a retry can be told from a conflict
		CHECK (length(detail_sha256) = 32),
	credential TEXT NOT NULL,
	received_at INTEGER NOT NULL,
	PRIMARY KEY (org, source, id),
	FOREIGN KEY (campaign, segment) REFERENCES segment (campaign, number),
	CHECK (CASE status
		WHEN 'void' THEN messages <= 0 AND parts <= 0 AND cost_micros <= 0 AND voids_id IS NOT NULL
		WHEN 'adjust' THEN messages = 0 AND parts = 0 AND voids_id IS NULL
		WHEN 'failed' THEN messages = 1 AND parts >= 0 AND cost_micros = 0 AND voids_id IS NULL
		ELSE messages >= 0 AND parts >= 0 AND cost_micros >= 0 AND voids_id IS NULL END)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_occurred ON event (org, occurred_at);
CREATE INDEX event_segment ON event (campaign, segment) WHERE campaign IS NOT NULL;
CREATE UNIQUE INDEX event_voids ON event (org, source, voids_id) WHERE voids_id IS NOT NULL;

CREATE TRIGGER event_is_not_deleted BEFORE DELETE ON event
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER event_is_not_updated BEFORE UPDATE OF org, source, id, occurred_at, channel, messages,
	parts, status, cost_micros, cost_given, campaign_given, segment_given, campaign, segment, voids_id,
	credential, received_at ON event
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;

-- Roll-up of the ledger by quarter-hour of UTC.  Since 2012 every offset of every zone is a whole
-- number of quarters, so that the days of any zone can be cut from here.
CREATE TABLE usage_quarter (
	org INTEGER NOT NULL REFERENCES organization,
	quarter INTEGER NOT NULL,
	channel TEXT NOT NULL,
	messages INTEGER NOT NULL,
	parts INTEGER NOT NULL,
	cost_micros INTEGER NOT NULL,
	PRIMARY KEY (org, quarter, channel)
) STRICT, WITHOUT ROWID;

-- Roll-up of the ledger by the organisation's local day.
CREATE TABLE usage_day (
	org INTEGER NOT NULL REFERENCES organization,
	day INTEGER NOT NULL,
	channel TEXT NOT NULL,
	messages INTEGER NOT NULL,
	parts INTEGER NOT NULL,
	cost_micros INTEGER NOT NULL,
	PRIMARY KEY (org, day, channel)
) STRICT, WITHOUT ROWID;

-- A campaign.  Its state is that of its segments.
CREATE TABLE campaign (
	key INTEGER PRIMARY KEY,
	org INTEGER NOT NULL REFERENCES organization,
	id TEXT NOT NULL		-- its name in the API, unique in its organisation
		CHECK (length(id) BETWEEN 1 AND 64),
	name TEXT NOT NULL,
	is_segmented INTEGER NOT NULL	-- 1: it was given as dated slices
		CHECK (is_segmented IN (0, 1)),
	revision INTEGER NOT NULL DEFAULT 1,	-- goes up with every change; If-Match compares it
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	UNIQUE (org, id)
) STRICT;

-- A dated slice of a campaign.  While open (scheduled, sending, paused) and its day is not over it
-- holds max(0, contacts - spent) x parts_per_contact quota units of its day (x 1 where the
-- organisation's quota unit is the message).
CREATE TABLE segment (
	campaign INTEGER NOT NULL REFERENCES campaign ON DELETE CASCADE,
	number INTEGER NOT NULL CHECK (number >= 1),
	org INTEGER NOT NULL REFERENCES organization,
	scheduled_at INTEGER NOT NULL,
	day INTEGER NOT NULL,		-- the organisation's day of scheduled_at
	contacts INTEGER NOT NULL CHECK (contacts >= 0),
	parts_per_contact INTEGER NOT NULL DEFAULT 1 CHECK (parts_per_contact >= 1),
	sent INTEGER NOT NULL DEFAULT 0,	-- messages sent for it, voids taken off
	failed INTEGER NOT NULL DEFAULT 0,	-- messages refused before hand-off, voids taken off
	spent INTEGER NOT NULL DEFAULT 0,	-- all messages ever sent or failed for it; never goes down
	status TEXT NOT NULL CHECK (status IN ('draft', 'scheduled', 'sending', 'paused', 'sent',
		'failed', 'cancelled')),
	PRIMARY KEY (campaign, number),
	CHECK (spent >= sent + failed AND sent >= 0 AND failed >= 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_day ON segment (org, day);
-- What is held of a day, without looking at the segments that have ended.
CREATE INDEX segment_open ON segment (org, day, status, contacts, spent, parts_per_contact)
	WHERE status IN ('scheduled', 'sending', 'paused');

-- Who could not be reached, and why.  Blanked after `failure_retention_days`, or by `daybook erase`.
CREATE TABLE failure (
	org INTEGER NOT NULL,
	source TEXT NOT NULL,
	id TEXT NOT NULL,		-- (org, source, id): the failed event
	campaign INTEGER,		-- its segment, if any
	segment INTEGER,
	failed_at INTEGER NOT NULL,
	phone TEXT NOT NULL,		-- '' once blanked
	reason TEXT NOT NULL,
	PRIMARY KEY (org, source, id),
	FOREIGN KEY (org, source, id) REFERENCES event (org, source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX failure_segment ON failure (campaign, segment, failed_at) WHERE campaign IS NOT NULL;
CREATE INDEX failure_phone ON failure (phone) WHERE phone <> '';
CREATE INDEX failure_kept ON failure (failed_at) WHERE phone <> '';	-- what is to be blanked next

-- What a part costs, from a local day on.  An organisation's own price wins over the common one.
CREATE TABLE price (
	key INTEGER PRIMARY KEY,
	org INTEGER REFERENCES organization,	-- NULL = every organisation without one of its own
	channel TEXT NOT NULL CHECK (channel IN ('SMS', 'CALL', 'EMAIL', 'INAPP_WEB', 'WEB_PUSH',
		'PUSH', 'SLACK', 'WHATSAPP', 'SAGE')),
	valid_from INTEGER NOT NULL,	-- a day
	nanos_per_part INTEGER NOT NULL	-- billionths of a US dollar
		CHECK (nanos_per_part BETWEEN 0 AND 1000000000000)
) STRICT;
CREATE UNIQUE INDEX price_from ON price (coalesce(org, 0), channel, valid_from);

-- Every idempotent write that is not an event, so that a retry is answered and not repeated.
CREATE TABLE request (
	org INTEGER NOT NULL REFERENCES organization,
	kind TEXT NOT NULL,		-- which verb: 'campaign', 'results' …
	id TEXT NOT NULL,		-- the client's id
	body_sha256 BLOB NOT NULL CHECK (length(body_sha256) = 32),	-- of the canonical request
	received_at INTEGER NOT NULL,
	PRIMARY KEY (org, kind, id)
) STRICT, WITHOUT ROWID;

-- Keys that sign tokens (JWT).  Several may be in force at once; the token's `kid` chooses.
CREATE TABLE signing_key (
	kid TEXT PRIMARY KEY NOT NULL CHECK (length(kid) BETWEEN 1 AND 64),
	alg TEXT NOT NULL CHECK (alg IN ('HS256', 'RS256', 'ES256')),
	verify_key BLOB NOT NULL,	-- HS256: the secret; else the public key in PEM
	sign_key BLOB,			-- what `daybook token` signs with; NULL where only the issuer has it
	org INTEGER REFERENCES organization,	-- whom its tokens may speak for; NULL = all
	max_scopes TEXT NOT NULL,	-- the most that its tokens may claim, separated by blanks
	created_at INTEGER NOT NULL,
	retired_at INTEGER		-- not NULL: its tokens are refused
) STRICT;

-- API keys.  The key itself is shown once and never kept.
CREATE TABLE api_key (
	key INTEGER PRIMARY KEY,
	sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),	-- of the whole key
	hint TEXT NOT NULL,		-- its first characters, to tell keys apart
	name TEXT NOT NULL,
	org INTEGER NOT NULL REFERENCES organization,
	scopes TEXT NOT NULL,		-- separated by blanks
	created_at INTEGER NOT NULL,
	revoked_at INTEGER
) STRICT;

-- Settings of the installation; src/setting.c lists them.
CREATE TABLE setting (
	name TEXT PRIMARY KEY NOT NULL,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who changed what, and when.
CREATE TABLE audit (
	key INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	org INTEGER REFERENCES organization,	-- NULL = the installation
	credential TEXT NOT NULL,
	action TEXT NOT NULL,		-- 'org.set', 'key.retire', 'event.void' …
	detail TEXT NOT NULL		-- JSON
) STRICT;
CREATE INDEX audit_org ON audit (org, at);
CREATE INDEX audit_newest ON audit (org);	-- an organisation's, by key
