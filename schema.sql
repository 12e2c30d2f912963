-- Daybook's data: one SQLite file holds everything.
--
-- This file is the reference manual of that file: what every table and every column means,
-- and in which unit.  `daybook init` runs it once; `daybook upgrade` brings an older file here.
--
-- Conventions
--   *_at        an instant: milliseconds of UTC since 1970-01-01T00:00:00Z
--   day         a local date of the organization: days since 1970-01-01
--   quarter     a quarter-hour of UTC: floor(instant / 900000)
--   *_micros    money: millionths of the organization's currency
--   messages    each is one contact reached once
--   parts       what a carrier bills: SMS segments of 160/70 characters, minutes of a call that have begun
--   credential  what it was done with: `jwt:KID`, `apikey:N` or `cli`
--
-- A column of words checks them with CASE, because IN with more than two makes SQLite build a table for every row.  Channels
-- are those of src/quota/channel.h, and windows of limits those of src/quota/limit_rule.c; the schema bounds only the length of
-- these words, so that a new one needs no new schema.
--
-- No local time is stored as text, and no number is floating-point.

PRAGMA application_id = 1145203563;	-- 0x44426b6b, "DBkk"
PRAGMA user_version = 7;

-- The installation as a whole: keys, settings and prices that belong to no organization.
CREATE TABLE installation (
	key INTEGER PRIMARY KEY CHECK (key = 1),
	revision INTEGER NOT NULL	-- incremented by every write transaction that changes one of them, an API key, a revoked
					-- token, which organizations there are or which jobs are open
) STRICT;
INSERT INTO installation (key, revision) VALUES (1, 1);

-- An organization: who sends, and where its days and its billing cycles begin.  What it may send is in limit_rule.
CREATE TABLE organization (
	key INTEGER PRIMARY KEY,	-- identifies it inside this file; other tables call it `org`
	id TEXT NOT NULL UNIQUE		-- its name in the API: [A-Za-z0-9._-], 1 to 64
		CHECK (length(id) BETWEEN 1 AND 64),
	name TEXT NOT NULL,		-- its name for people
	timezone TEXT NOT NULL,		-- IANA name of the time zone of its coming days
	zone_revision INTEGER NOT NULL DEFAULT 1,	-- incremented when its limits, its zone_span or limit_span rows change, or sums of old days
	revision INTEGER NOT NULL DEFAULT 1,	-- incremented by every write transaction that touches it
	plan TEXT NOT NULL DEFAULT '',	-- any text; the calendar shows it
	cycle_day INTEGER NOT NULL DEFAULT 1	-- the billing cycle starts on this day of the month; see cycle_change
		CHECK (cycle_day BETWEEN 1 AND 31),
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,	-- when somebody last changed one of these columns or its limits
	week_start INTEGER NOT NULL DEFAULT 1	-- how calendars are shown: 1 Monday … 7 Sunday
		CHECK (week_start BETWEEN 1 AND 7),
	currency TEXT NOT NULL DEFAULT 'USD'	-- ISO 4217: of its prices, costs, caps and statements
		CHECK (length(currency) = 3),
	sending_window TEXT		-- JSON: the weekdays and hours in which something may go out (src/quota/sending_window.h);
					-- NULL = always
		CHECK (length(sending_window) <= 4000)
) STRICT;

-- Billing cycles that start on another day of the month from a date on.  The cycle before ends there, and a short one lasts from
-- there to the first new start.  organization.cycle_day applies before the first row.
CREATE TABLE cycle_change (
	org INTEGER NOT NULL REFERENCES organization,
	valid_from INTEGER NOT NULL,	-- a day
	cycle_day INTEGER NOT NULL CHECK (cycle_day BETWEEN 1 AND 31),
	PRIMARY KEY (org, valid_from)
) STRICT, WITHOUT ROWID;

-- Days on which nothing may go out, such as holidays.
CREATE TABLE closed_day (
	org INTEGER NOT NULL REFERENCES organization,
	day INTEGER NOT NULL,		-- in the zone of whoever asks, as the hours of sending_window are
	name TEXT NOT NULL DEFAULT ''	-- for people
		CHECK (length(name) <= 200),
	PRIMARY KEY (org, day)
) STRICT, WITHOUT ROWID;

-- The UTC offsets that determine an organization's days, 2012 to 2100.  A row applies from its instant
-- to that of the next row.  Every day of the organization is computed from here, never from a zone file.
-- Each quarter-hour of UTC lies entirely in one day.
CREATE TABLE zone_span (
	org INTEGER NOT NULL REFERENCES organization,
	from_at INTEGER NOT NULL,	-- the first instant of the span
	utc_offset_s INTEGER NOT NULL	-- seconds east of UTC
		CHECK (utc_offset_s % 900 = 0),
	zone TEXT NOT NULL,		-- the time zone that it was read from
	tzdata_version TEXT NOT NULL,	-- the release of the zone file; '' if the system does not say
	PRIMARY KEY (org, from_at)
) STRICT, WITHOUT ROWID;

-- The zone files that spans were read from, since schema version 3: to tell whether a file is still the same one.
CREATE TABLE zone_file (
	zone TEXT NOT NULL,
	tzdata_version TEXT NOT NULL,
	sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
	PRIMARY KEY (zone, tzdata_version, sha256)
) STRICT, WITHOUT ROWID;

-- The limits of an organization: one row says what it counts, over which window, and what happens when it is reached.
-- Five stand in every organization and cannot be removed: daily, cycle-messages, cycle-cost, cycle-sms, cycle-calls.
CREATE TABLE limit_rule (
	key INTEGER PRIMARY KEY,
	org INTEGER NOT NULL REFERENCES organization,
	name TEXT NOT NULL		-- [a-z0-9-], 1 to 32, unique in its organization
		CHECK (length(name) BETWEEN 1 AND 32),
	channels TEXT NOT NULL		-- the channels that it counts, separated by blanks
		CHECK (length(channels) BETWEEN 1 AND 500),
	sender TEXT,			-- counts only what has this sender; NULL = any
	network TEXT,			-- counts only what went to this network; NULL = any
	unit TEXT NOT NULL		-- cost is in micros
		CHECK (CASE unit WHEN 'message' THEN 1 WHEN 'part' THEN 1 WHEN 'cost' THEN 1 ELSE 0 END),
	period TEXT NOT NULL		-- the window, a word of src/quota/limit_rule.c; cycle, month and year are the organization's
		CHECK (length(period) BETWEEN 1 AND 32),
	zone TEXT,			-- IANA name of the zone whose days count, if period is day; NULL = the organization's days
	quarters INTEGER		-- the length of a rolling window, in quarter-hours
		CHECK (quarters BETWEEN 1 AND 2976),
	action TEXT NOT NULL DEFAULT 'refuse'	-- report: it is shown and refuses nothing
		CHECK (action IN ('refuse', 'report')),
	is_building INTEGER NOT NULL DEFAULT 0	-- 1: its roll-up is not complete yet, so it refuses nothing
		CHECK (is_building IN (0, 1)),
	UNIQUE (org, name),
	CHECK ((period = 'rolling') = (quarters IS NOT NULL)),
	CHECK (zone IS NULL OR period = 'day'),
	CHECK ((sender IS NULL AND network IS NULL) OR period IN ('day', 'rolling'))
) STRICT;

-- What a limit allows, from a day on until the day of its next row.
CREATE TABLE limit_amount (
	rule INTEGER NOT NULL REFERENCES limit_rule ON DELETE CASCADE,
	valid_from INTEGER NOT NULL,	-- a day: of the limit's zone if it has one, else of the organization
	amount INTEGER			-- in the limit's unit; NULL = unlimited
		CHECK (amount BETWEEN 0 AND 1000000000000000),
	PRIMARY KEY (rule, valid_from)
) STRICT, WITHOUT ROWID;

-- The offsets that determine the days of a limit with a zone of its own, as zone_span does for an organization.
CREATE TABLE limit_span (
	rule INTEGER NOT NULL REFERENCES limit_rule ON DELETE CASCADE,
	from_at INTEGER NOT NULL,
	utc_offset_s INTEGER NOT NULL CHECK (utc_offset_s % 900 = 0),
	zone TEXT NOT NULL,
	tzdata_version TEXT NOT NULL,
	PRIMARY KEY (rule, from_at)
) STRICT, WITHOUT ROWID;

-- Who wrote a row of the ledger: each pair stands here once, and is never changed.
CREATE TABLE actor (
	key INTEGER PRIMARY KEY,
	credential TEXT NOT NULL,
	name TEXT NOT NULL,		-- the token's `sub`, else its `jti`; '' if it had neither
	UNIQUE (credential, name)
) STRICT;
CREATE TRIGGER actor_is_not_deleted BEFORE DELETE ON actor
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER actor_is_not_updated BEFORE UPDATE ON actor
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;

-- The ledger: one immutable row for each event.  Nothing in it is ever updated or deleted, except
-- detail_sha256, which is blanked with the failed contact.
CREATE TABLE event (
	org INTEGER NOT NULL REFERENCES organization,
	source TEXT NOT NULL		-- which sending program; '' by default; 'daybook:…' are our own
		CHECK (length(source) <= 160),
	id TEXT NOT NULL		-- the sender's id; unique permanently in its organization and source
		CHECK (length(id) BETWEEN 1 AND 255),
	occurred_at INTEGER NOT NULL	-- when it was handed to the carrier; determines its day
		CHECK (occurred_at >= 1325376000000),
	channel TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 32),
	messages INTEGER NOT NULL,	-- as sent; of a failed row they do not count
	parts INTEGER NOT NULL,
	status TEXT NOT NULL,		-- sent; failed: refused before hand-off; void: takes back voids_id; adjust: a difference
	cost_micros INTEGER NOT NULL,	-- fixed when the row was written
	cost_given INTEGER NOT NULL	-- 1: the sender gave the cost; 0: it was computed from `price`
		CHECK (cost_given IN (0, 1)),
	campaign_given TEXT,		-- campaignId and segmentNumber as the sender gave them
	segment_given INTEGER,
	campaign INTEGER,		-- the segment that they meant when the row was written; NULL = none
	segment INTEGER,
	voids_id TEXT,			-- the id, of the same source, that a void takes back
	settles_id TEXT,		-- the id that an adjust row settles: of the same source, or of SOURCE in 'daybook:adjust:SOURCE'
	reason TEXT,			-- why, of a void
	sender TEXT,			-- from whom: a phone number or an address; NULL = not said
	network TEXT,			-- to whose network
	tag TEXT,			-- a cost centre
	detail_sha256 BLOB		-- of `to` and `reason` of a failed row, to tell a retry from a conflict
		CHECK (length(detail_sha256) = 32),
	actor INTEGER NOT NULL REFERENCES actor,
	org_revision INTEGER NOT NULL,	-- the organization's revision in the transaction that wrote it; 0 = before schema version 4
	received_at INTEGER NOT NULL,
	rank INTEGER NOT NULL		-- of rows of one instant a settlement or another adjustment follows events, and a void both
		GENERATED ALWAYS AS (CASE status WHEN 'void' THEN 2 WHEN 'adjust' THEN 1 ELSE 0 END) VIRTUAL,
	PRIMARY KEY (org, source, id),
	FOREIGN KEY (campaign, segment) REFERENCES segment (campaign, number),
	CHECK (CASE status
		WHEN 'sent' THEN messages >= 0 AND parts >= 0 AND cost_micros >= 0 AND voids_id IS NULL AND settles_id IS NULL
		WHEN 'failed' THEN messages = 1 AND parts >= 0 AND cost_micros = 0 AND voids_id IS NULL AND settles_id IS NULL
		WHEN 'void' THEN messages <= 0 AND parts <= 0 AND cost_micros <= 0 AND voids_id IS NOT NULL AND settles_id IS NULL
		WHEN 'adjust' THEN voids_id IS NULL AND messages BETWEEN 0 AND 1 AND (settles_id IS NOT NULL OR messages = 0 AND parts = 0)
		ELSE 0 END)
) STRICT, WITHOUT ROWID;
-- The order of lists is (occurred_at, rank, source, id); SQLite appends what an index lacks of the key.  So a page of a list
-- begins where the last one ended, even if a million rows have one instant.
CREATE INDEX event_occurred ON event (org, occurred_at);
CREATE INDEX event_correction ON event (org, occurred_at, rank) WHERE rank > 0;
CREATE INDEX event_failed ON event (org, occurred_at, rank) WHERE status = 'failed';
-- The only events of a channel that usage_quarter has no row of.
CREATE INDEX event_failed_channel ON event (org, channel, occurred_at) WHERE status = 'failed';
-- Also for the segment's foreign key, which looks for its campaign.
CREATE INDEX event_campaign ON event (campaign, occurred_at, rank, source, id, segment) WHERE campaign IS NOT NULL;
-- The events whose campaign did not exist when they were written.
CREATE INDEX event_unresolved ON event (org, campaign_given, occurred_at, rank)
	WHERE campaign IS NULL AND campaign_given IS NOT NULL;
CREATE UNIQUE INDEX event_voids ON event (org, source, voids_id) WHERE voids_id IS NOT NULL;
-- With all that is summed of settlements: SQLite would otherwise read the whole source by its key.
CREATE INDEX event_settles ON event (org, source, settles_id, messages, parts, cost_micros, cost_given)
	WHERE settles_id IS NOT NULL;

CREATE TRIGGER event_is_not_deleted BEFORE DELETE ON event
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER event_is_not_updated BEFORE UPDATE OF org, source, id, occurred_at, channel, messages,
	parts, status, cost_micros, cost_given, campaign_given, segment_given, campaign, segment, voids_id,
	settles_id, reason, sender, network, tag, actor, org_revision, received_at ON event
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;

-- Roll-up of the ledger by quarter-hour of UTC.  Since 2012 every offset of every time zone is a whole
-- number of quarter-hours, so the days of any zone are sums of these rows.
CREATE TABLE usage_quarter (
	org INTEGER NOT NULL REFERENCES organization,
	quarter INTEGER NOT NULL,
	channel TEXT NOT NULL,
	messages INTEGER NOT NULL,
	parts INTEGER NOT NULL,
	cost_micros INTEGER NOT NULL,
	PRIMARY KEY (org, quarter, channel)
) STRICT, WITHOUT ROWID;

-- Roll-up of the ledger by the organization's local day.
CREATE TABLE usage_day (
	org INTEGER NOT NULL REFERENCES organization,
	day INTEGER NOT NULL,
	channel TEXT NOT NULL,
	messages INTEGER NOT NULL,
	parts INTEGER NOT NULL,
	cost_micros INTEGER NOT NULL,
	PRIMARY KEY (org, day, channel)
) STRICT, WITHOUT ROWID;

-- Roll-up of the ledger by quarter-hour of UTC of what one limit with a sender or a network counts.  So a limit of one network
-- costs the same to ask, however many senders write to it.  The unit of the limit may change; its channels, sender and network
-- may not without filling its rows again (limit_rule.is_building).
CREATE TABLE limit_usage (
	rule INTEGER NOT NULL REFERENCES limit_rule ON DELETE CASCADE,
	quarter INTEGER NOT NULL,
	messages INTEGER NOT NULL,
	parts INTEGER NOT NULL,
	cost_micros INTEGER NOT NULL,
	PRIMARY KEY (rule, quarter)
) STRICT, WITHOUT ROWID;

-- Shows whether a row of the ledger was changed or removed: for each day of UTC the number of rows and the sum, modulo 2^62,
-- of a hash of each (src/base/row_hash.h) over all its columns but detail_sha256 and rank, in their order, with the credential and the
-- name of its actor in the place of the actor's key.  Written with the rows; `daybook verify` compares it with them, and `daybook rebuild`
-- leaves it alone.
CREATE TABLE ledger_day (
	org INTEGER NOT NULL REFERENCES organization,
	day INTEGER NOT NULL,		-- of UTC: floor(occurred_at / 86400000)
	events INTEGER NOT NULL CHECK (events >= 1),
	digest INTEGER NOT NULL CHECK (digest BETWEEN 0 AND 4611686018427387903),
	PRIMARY KEY (org, day)
) STRICT, WITHOUT ROWID;

-- A campaign.  Its state follows from its segments.
CREATE TABLE campaign (
	key INTEGER PRIMARY KEY,
	org INTEGER NOT NULL REFERENCES organization,
	id TEXT NOT NULL		-- its name in the API, unique in its organization
		CHECK (length(id) BETWEEN 1 AND 64),
	name TEXT NOT NULL,
	is_segmented INTEGER NOT NULL	-- 1: it was created with dated segments
		CHECK (is_segmented IN (0, 1)),
	revision INTEGER NOT NULL DEFAULT 1,	-- incremented by every change; If-Match compares it
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	tag TEXT,			-- a cost centre; NULL = none
	digest INTEGER			-- a hash of its plan (its segments, without what is spent) and of the request that
					-- made it, to show changes made outside of Daybook; NULL = not known
		CHECK (digest BETWEEN 0 AND 4611686018427387903),
	sending_window TEXT		-- as organization.sending_window, with closed days of its own; both must allow an instant
		CHECK (length(sending_window) <= 4000),
	UNIQUE (org, id)
) STRICT;
CREATE INDEX campaign_newest ON campaign (org);	-- with the key, which SQLite appends

-- A dated part of a campaign.  While it is open and its day is not over, it reserves max(0, contacts - spent) contacts of
-- its day, each of parts_per_contact parts, of every limit that counts its channel.
CREATE TABLE segment (
	campaign INTEGER NOT NULL REFERENCES campaign ON DELETE CASCADE,
	number INTEGER NOT NULL CHECK (number >= 1),
	org INTEGER NOT NULL REFERENCES organization,
	channel TEXT NOT NULL DEFAULT 'SMS' CHECK (length(channel) BETWEEN 1 AND 32),
	sender TEXT,			-- from whom it will be sent; NULL = not said
	scheduled_at INTEGER NOT NULL,
	day INTEGER NOT NULL,		-- the organization's day of scheduled_at
	contacts INTEGER NOT NULL CHECK (contacts >= 0),
	parts_per_contact INTEGER NOT NULL DEFAULT 1 CHECK (parts_per_contact >= 1),
	sent INTEGER NOT NULL DEFAULT 0,	-- messages sent for it, less voids
	failed INTEGER NOT NULL DEFAULT 0,	-- messages refused before hand-off, less voids
	spent INTEGER NOT NULL DEFAULT 0,	-- all messages ever sent or failed for it; never goes down
	status TEXT NOT NULL CHECK (CASE status WHEN 'draft' THEN 1 WHEN 'scheduled' THEN 1 WHEN 'sending' THEN 1
		WHEN 'paused' THEN 1 WHEN 'sent' THEN 1 WHEN 'failed' THEN 1 WHEN 'cancelled' THEN 1 ELSE 0 END),
	is_open INTEGER NOT NULL	-- 1: it holds what is left of it, while its day is not over
		GENERATED ALWAYS AS (CASE status WHEN 'scheduled' THEN 1 WHEN 'sending' THEN 1 WHEN 'paused' THEN 1 ELSE 0 END) STORED,
	PRIMARY KEY (campaign, number),
	CHECK (spent >= sent + failed AND sent >= 0 AND failed >= 0)
) STRICT, WITHOUT ROWID;
-- The segments of days in the order of their times, with all that the calendar shows of them: it reads no row of the table.
CREATE INDEX segment_day ON segment (org, day, scheduled_at, campaign, number, status, channel, contacts, sent, failed);
-- For lists of campaigns in a state that few have.
CREATE INDEX segment_draft ON segment (org, campaign) WHERE status = 'draft';
CREATE INDEX segment_paused ON segment (org, campaign) WHERE status = 'paused';
CREATE INDEX segment_cancelled ON segment (org, campaign) WHERE status = 'cancelled';

-- What open segments hold, whether their day is over or not: the sum of max(0, contacts - spent), by the quarter-hour of UTC
-- that they are scheduled at.  Written with the segments; a sum of 0 has no row.
CREATE TABLE held (
	org INTEGER NOT NULL REFERENCES organization,
	quarter INTEGER NOT NULL,
	channel TEXT NOT NULL,
	parts_per_contact INTEGER NOT NULL,
	sender TEXT NOT NULL,		-- '' = not said
	contacts INTEGER NOT NULL CHECK (contacts >= 1),
	PRIMARY KEY (org, quarter, channel, parts_per_contact, sender)
) STRICT, WITHOUT ROWID;

-- Contacts that could not be reached, and why.  Blanked after `failure_retention_days`, or by `daybook erase`.
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
CREATE INDEX failure_campaign ON failure (campaign, failed_at, source, id) WHERE campaign IS NOT NULL;
CREATE INDEX failure_phone ON failure (phone) WHERE phone <> '';
CREATE INDEX failure_kept ON failure (failed_at) WHERE phone <> '';	-- finds what to blank next

-- What a part costs, from a local day on.  An organization's own price wins over the common one.
CREATE TABLE price (
	key INTEGER PRIMARY KEY,
	org INTEGER REFERENCES organization,	-- NULL = every organization without a price of its own
	channel TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 32),
	valid_from INTEGER NOT NULL,	-- a day
	nanos_per_part INTEGER NOT NULL	-- billionths of the currency
		CHECK (nanos_per_part BETWEEN 0 AND 1000000000000),
	currency TEXT NOT NULL DEFAULT 'USD'	-- a common price is for the organizations of its currency
		CHECK (length(currency) = 3)
) STRICT;
CREATE UNIQUE INDEX price_from ON price (coalesce(org, 0), channel, valid_from, currency);

-- What was reported of a month that is over, as it stood in the transaction that kept it.
CREATE TABLE statement (
	org INTEGER NOT NULL REFERENCES organization,
	month INTEGER NOT NULL,		-- its first day
	from_at INTEGER NOT NULL,	-- the instants [from_at, until_at)
	until_at INTEGER NOT NULL CHECK (until_at > from_at),
	timezone TEXT NOT NULL,		-- whose days they were
	currency TEXT NOT NULL CHECK (length(currency) = 3),
	org_revision INTEGER NOT NULL,	-- rows of the ledger with a greater one came later
	actor INTEGER NOT NULL REFERENCES actor,
	created_at INTEGER NOT NULL,
	digest INTEGER NOT NULL		-- a hash of this row, its lines and its days, to show changes made outside of Daybook
		CHECK (digest BETWEEN 0 AND 4611686018427387903),
	PRIMARY KEY (org, month)
) STRICT, WITHOUT ROWID;

-- The figures of a statement: usage_day of its days.
CREATE TABLE statement_line (
	org INTEGER NOT NULL,
	month INTEGER NOT NULL,
	day INTEGER NOT NULL,
	channel TEXT NOT NULL,
	messages INTEGER NOT NULL,
	parts INTEGER NOT NULL,
	cost_micros INTEGER NOT NULL,
	PRIMARY KEY (org, month, day, channel),
	FOREIGN KEY (org, month) REFERENCES statement
) STRICT, WITHOUT ROWID;

-- ledger_day of the days of UTC that a statement touches, as it was.
CREATE TABLE statement_day (
	org INTEGER NOT NULL,
	month INTEGER NOT NULL,
	day INTEGER NOT NULL,		-- of UTC
	events INTEGER NOT NULL,
	digest INTEGER NOT NULL,
	PRIMARY KEY (org, month, day),
	FOREIGN KEY (org, month) REFERENCES statement
) STRICT, WITHOUT ROWID;

-- Every idempotent write that is not an event, so that a retry gets its reply without a second write.
CREATE TABLE request (
	org INTEGER NOT NULL REFERENCES organization,
	kind TEXT NOT NULL,		-- what was written: 'campaign', 'results' …
	id TEXT NOT NULL,		-- the client's id
	body_sha256 BLOB NOT NULL CHECK (length(body_sha256) = 32),	-- of the canonical request
	received_at INTEGER NOT NULL,
	PRIMARY KEY (org, kind, id)
) STRICT, WITHOUT ROWID;

-- Keys that sign tokens (JWT).  Several may be in force at once; the token's `kid` selects one.
CREATE TABLE signing_key (
	kid TEXT PRIMARY KEY NOT NULL CHECK (length(kid) BETWEEN 1 AND 64),
	alg TEXT NOT NULL		-- as in the header of a JWT; src/auth/signing_key.c lists them
		CHECK (length(alg) BETWEEN 1 AND 16),
	verify_key BLOB NOT NULL,	-- HS256: the secret; otherwise the public key in PEM
	sign_key BLOB,			-- what `daybook token` signs with; NULL if only the issuer has it
	org INTEGER REFERENCES organization,	-- the organization that its tokens are limited to; NULL = all
	max_scopes TEXT NOT NULL,	-- the scopes that its tokens may have at most, separated by blanks
	created_at INTEGER NOT NULL,
	retired_at INTEGER,		-- not NULL: its tokens are refused
	iss TEXT,			-- the `iss` that its tokens must have; NULL = what the setting says
	aud TEXT,			-- the `aud` that its tokens must be meant for; NULL = what the setting says
	is_any_audience INTEGER NOT NULL DEFAULT 0	-- 1: tokens for anybody are accepted, on the operator's word
		CHECK (is_any_audience IN (0, 1)),
	may_access_role INTEGER NOT NULL DEFAULT 1	-- 1: the claim accessRole of its tokens stands for scopes
		CHECK (may_access_role IN (0, 1))
) STRICT;

-- Tokens that are refused before they expire, by the `jti` of one key's tokens; among them each sign-in link that was used.
CREATE TABLE revoked_token (
	kid TEXT NOT NULL REFERENCES signing_key,
	jti TEXT NOT NULL CHECK (length(jti) BETWEEN 1 AND 255),
	revoked_at INTEGER NOT NULL,
	expires_at INTEGER,		-- of the token itself: afterwards the row is removed; NULL = not known
	PRIMARY KEY (kid, jti)
) STRICT, WITHOUT ROWID;

-- API keys.  The key itself is shown once and never stored.
CREATE TABLE api_key (
	key INTEGER PRIMARY KEY,
	sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),	-- of the whole key
	hint TEXT NOT NULL,		-- its first characters, to tell keys apart
	name TEXT NOT NULL,
	org INTEGER NOT NULL REFERENCES organization,
	number INTEGER NOT NULL,	-- identifies it in its organization; `apikey:N` has it
	scopes TEXT NOT NULL,		-- separated by blanks
	created_at INTEGER NOT NULL,
	revoked_at INTEGER,
	expires_at INTEGER,		-- NULL = never
	used_at INTEGER,		-- when it was last used, to the day; NULL = never, or before schema version 5
	UNIQUE (org, number)
) STRICT;

-- Settings of the installation; src/store/setting.c lists them.
CREATE TABLE setting (
	name TEXT PRIMARY KEY NOT NULL,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who changed what, and when.
CREATE TABLE audit (
	key INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	org INTEGER REFERENCES organization,	-- NULL = the installation
	number INTEGER NOT NULL,	-- counts the rows of its organization, or of the installation
	credential TEXT NOT NULL,
	actor TEXT NOT NULL DEFAULT '',	-- the token's `sub`, else its `jti`; '' if it had neither
	action TEXT NOT NULL,		-- 'org.set', 'key.retire', 'event.void' …
	detail TEXT NOT NULL		-- JSON
) STRICT;
CREATE INDEX audit_org ON audit (org, at);
CREATE UNIQUE INDEX audit_number ON audit (org, number);
CREATE INDEX audit_action ON audit (org, action, number);
CREATE INDEX audit_credential ON audit (org, credential, number);

-- Work on the ledger of an organization that takes longer than other writers should wait, and is done in short turns
-- (src/ledger/job.h): one at a time in each organization.
CREATE TABLE job (
	org INTEGER NOT NULL REFERENCES organization,
	number INTEGER NOT NULL,	-- 1, 2 … in its organization
	kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 32),	-- 'reprice', 'rebuild' …; src/ledger/job.c
	channel TEXT CHECK (length(channel) BETWEEN 1 AND 32),	-- of a price; NULL = it concerns all
	first_quarter INTEGER NOT NULL,	-- it goes over these quarter-hours of UTC, in their order
	next_quarter INTEGER NOT NULL,	-- what is before it is done
	end_quarter INTEGER NOT NULL,	-- the first one that it does not go over
	next_campaign INTEGER,		-- of a rebuild: campaigns before this key are done; NULL = the quarters are not yet
	changed INTEGER NOT NULL DEFAULT 0,	-- quarter-hours, and segments, that were different
	rule INTEGER,			-- the key of the limit whose limit_usage it fills; NULL = it concerns none
	actor INTEGER NOT NULL REFERENCES actor,
	is_remote INTEGER NOT NULL	-- 1: asked for by a request, and not by the command
		CHECK (is_remote IN (0, 1)),
	started_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	ended_at INTEGER,		-- NULL = open
	PRIMARY KEY (org, number),
	CHECK (next_quarter BETWEEN first_quarter AND end_quarter)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX job_open ON job (org) WHERE ended_at IS NULL;
