/* The table of invariants (see verify.h).  A new one needs a row here, and a damage in tests/e2e/damages.py that it finds. */
#include "admin/verify_invariants.h"

/*
 * Compares a roll-up with the ledger: adds the rows of both by slot and channel, and leaves those whose sums differ or that
 * are negative.  A row that only one side has differs from 0.  Columns: slot, channel, then messages, parts and cost of the
 * roll-up and of the ledger.
 */
#define COMPARE(rows, ledger) \
	"SELECT slot, channel, sum(messages), sum(parts), sum(cost), sum(l_messages), sum(l_parts), sum(l_cost) FROM (" \
	rows " UNION ALL " ledger ") AS both_of_them GROUP BY slot, channel " \
	"HAVING sum(messages) <> sum(l_messages) OR sum(parts) <> sum(l_parts) OR sum(cost) <> sum(l_cost) " \
	"OR min(messages) < 0 OR min(parts) < 0 ORDER BY slot, channel"

/* Milliseconds, as DAY_MS and QUARTER_MS are. */
#define DAY "86400000"
#define QUARTER "900000"

/* The local day of an instant: in the span of the organization that it lies in. */
#define DAY_OF(at) "(" at " + 1000 * (SELECT z.utc_offset_s FROM zone_span z WHERE z.org = :org AND z.from_at <= " at \
	" ORDER BY z.from_at DESC LIMIT 1)) / " DAY

/* The settlements among the rows; what their CHECK and their rank imply is for the index of corrections. */
#define SETTLEMENTS(e) e ".settles_id IS NOT NULL AND " e ".rank > 0 AND " e ".occurred_at > 0"

const struct invariant verify_invariants[] = {
	/* ---- The file */
	{ "schema", "tables, columns, checks, keys, indexes, triggers and views are those of schema.sql", OF_FILE,
	    .check = verify_schema },
	{ "setting", "each setting is known and has a valid value; the file has an epoch", OF_FILE,
	    .check = verify_settings },
	{ "signing_key", "each signing key is one that could have been added: algorithm, key, scopes, issuer and "
	    "audience", OF_FILE,
	    .check = verify_signing_keys },
	{ "api_key", "each API key has known scopes, without admin, and a number, an end and a last use that it can have", OF_FILE,
	    .check = verify_api_keys },
	{ "price.once", "a channel has at most one price for each organization (or for all in a currency) and first day", OF_FILE,
	    "price: %i prices for %s from %d on",
	    "SELECT count(*), channel, valid_from FROM price GROUP BY coalesce(org, 0), channel, valid_from, "
	    "CASE WHEN org IS NULL THEN currency ELSE '' END HAVING count(*) > 1" },
	{ "price.currency", "a price of an organization is in its currency", OF_FILE,
	    "price of %s from %d for %s: is in %s, and not in %s",
	    "SELECT p.channel, p.valid_from, o.id, p.currency, o.currency FROM price p JOIN organization o ON o.key = p.org "
	    "WHERE p.currency <> o.currency" },
	{ "currency", "each currency is a code of ISO 4217", OF_FILE, .check = verify_currencies },
	{ "audit.number", "the rows of the audit are numbered upwards, in each organization and in the installation", OF_FILE,
	    "audit: row %i has the number %i, and an earlier one %i",
	    "SELECT key, number, before FROM (SELECT key, number, lag(number, 1, 0) OVER (PARTITION BY org ORDER BY key) AS before "
	    "FROM audit) AS numbered WHERE number <= before" },
	{ "request.kind", "each remembered request is of a known kind", OF_FILE, "request \"%s\": unknown kind \"%s\"",
	    "SELECT id, kind FROM request WHERE CASE kind WHEN 'campaign' THEN 0 WHEN 'results' THEN 0 ELSE 1 END = 1" },

	/* ---- An organization and the boundaries of its days */
	{ "organization.audit", "the audit log says who added the organization", OF_ORGANIZATION,
	    "audit: has no entry for the addition of the organization %s",
	    "SELECT id FROM organization WHERE key = :org "
	    "AND NOT EXISTS (SELECT 1 FROM audit WHERE org = :org AND action = 'org.add')" },
	{ "zone_span.quarter", "each offset is a whole number of quarter-hours, from -12 to +14 hours", OF_ORGANIZATION,
	    "zone_span: the offset of %i seconds is out of range or not a whole number of quarter-hours",
	    "SELECT utc_offset_s FROM zone_span WHERE org = :org "
	    "AND (utc_offset_s % 900 <> 0 OR utc_offset_s NOT BETWEEN -43200 AND 50400)" },
	{ "zone_span", "day boundaries from 2012 on are those of the recorded zone file", OF_ORGANIZATION,
	    .check = verify_zone },

	{ "sending_window", "the sending windows of the organization and its campaigns are ones that Daybook could have written",
	    OF_ORGANIZATION, .check = verify_windows },
	{ "cycle_change", "each change of the cycle day is to another day than before it, and they are not too many", OF_ORGANIZATION,
	    "cycle_change %d: changes the cycle day to %i, which it is already, or is one of too many",
	    "SELECT valid_from, cycle_day FROM (SELECT c.valid_from, c.cycle_day, lag(c.cycle_day, 1, o.cycle_day) "
	    "OVER (ORDER BY c.valid_from) AS before, row_number() OVER (ORDER BY c.valid_from) AS place FROM cycle_change c "
	    "JOIN organization o ON o.key = c.org WHERE c.org = :org) AS listed WHERE cycle_day = before OR place > 60" },

	/* ---- Limits */
	{ "limit.base", "each organization has the daily limit and the four caps", OF_ORGANIZATION,
	    "limits: %i of the five are there",
	    "SELECT n FROM (SELECT count(*) AS n FROM limit_rule WHERE org = :org AND CASE name WHEN 'daily' THEN 1 "
	    "WHEN 'cycle-messages' THEN 1 WHEN 'cycle-cost' THEN 1 WHEN 'cycle-sms' THEN 1 WHEN 'cycle-calls' THEN 1 "
	    "ELSE 0 END = 1) AS counted WHERE n <> 5" },
	{ "limit.amount", "each limit has an amount from some day on", OF_ORGANIZATION, "limit \"%s\": has no amount",
	    "SELECT name FROM limit_rule r WHERE org = :org "
	    "AND NOT EXISTS (SELECT 1 FROM limit_amount a WHERE a.rule = r.key)" },
	{ "limit.words", "each limit has a name that it can have, and counts known channels over a known window", OF_ORGANIZATION,
	    .check = verify_limits },
	{ "limit_span", "the days of a limit with a zone, from 2012 on, are those of the recorded zone file", OF_ORGANIZATION,
	    .check = verify_limit_zones },
	{ "limit_span.zone", "only a limit with a zone has days of its own", OF_ORGANIZATION,
	    "limit_span: the limit \"%s\" has no zone",
	    "SELECT name FROM limit_rule r WHERE org = :org AND zone IS NULL "
	    "AND EXISTS (SELECT 1 FROM limit_span s WHERE s.rule = r.key)" },
	{ "limit.building", "a limit that is being filled has an open job, or waits for one, and has a sender or a network",
	    OF_ORGANIZATION, "limit \"%s\": is being filled, but nothing fills it",
	    "SELECT name FROM limit_rule r WHERE org = :org AND is_building = 1 AND ((sender IS NULL AND network IS NULL) "
	    "OR NOT EXISTS (SELECT 1 FROM job j WHERE j.org = r.org AND j.ended_at IS NULL))" },

	/* ---- The ledger and its sums */
	{ "ledger_day", "no row of the ledger was changed, added or removed after it was written", OF_STRETCH,
	    "ledger_day %d: has %i rows with the digest %i; the ledger has %i with %i",
	    "SELECT day, sum(events), sum(digest), sum(l_events), sum(l_digest) FROM ("
	    "SELECT day, events, digest, 0 AS l_events, 0 AS l_digest FROM ledger_day WHERE org = :org "
	    "AND day >= :from_at / " DAY " AND day < :until_at / " DAY " UNION ALL "
	    "SELECT day, 0, 0, events, digest FROM temp.ledger_sum_day) AS both_of_them GROUP BY day "
	    "HAVING sum(events) <> sum(l_events) OR sum(digest) <> sum(l_digest) ORDER BY day" },
	/* Rows that came later have a greater revision: the others are those that a statement reported. */
	{ "statement.day", "the ledger still has the rows that a statement reported, unchanged", OF_STRETCH,
	    "statement %d: kept %i rows with the digest %i of the day %d; the ledger has %i with %i",
	    "SELECT month, sum(events), sum(digest), day, sum(l_events), sum(l_digest) FROM ("
	    "SELECT month, day, events, digest, 0 AS l_events, 0 AS l_digest FROM statement_day WHERE org = :org "
	    "AND day >= :from_at / " DAY " AND day < :until_at / " DAY " AND month IN (SELECT month FROM temp.statement_read) "
	    "UNION ALL SELECT month, day, 0, 0, events, digest FROM temp.ledger_reported) AS both_of_them GROUP BY month, day "
	    "HAVING sum(events) <> sum(l_events) OR sum(digest) <> sum(l_digest) ORDER BY month, day" },
	{ "statement.figures", "a statement's figures are the sums of the rows that there were when it was kept", OF_STRETCH },
	{ "statement", "a statement, its figures and its days are those that were kept", OF_ORGANIZATION,
	    .check = verify_statements },
	{ "statement.time", "a statement was kept after its month, by a revision that there was, and has figures of its days alone",
	    OF_ORGANIZATION, "statement %d: was kept before its end, or has a figure of another month",
	    "SELECT month FROM statement s WHERE org = :org AND (created_at < until_at "
	    "OR org_revision > (SELECT revision FROM organization WHERE key = s.org) "
	    "OR EXISTS (SELECT 1 FROM statement_line l WHERE l.org = s.org AND l.month = s.month "
	    "AND (l.day < s.month OR l.day > s.month + 30)))" },
	{ "statement.audit", "the number of statements is what the audit log says was kept", OF_ORGANIZATION,
	    "statements: %i are there; the audit log has %i",
	    "SELECT there, kept FROM (SELECT (SELECT count(*) FROM statement WHERE org = :org) AS there, "
	    "(SELECT count(*) FROM audit WHERE org = :org AND action = 'statement.keep') AS kept) AS counted WHERE there <> kept" },
	/* Compared in verify_quarter.c, as event.price is. */
	{ "usage_quarter", "each quarter-hour's roll-up is the sum of its events", OF_STRETCH },
	/*
	 * Quarter-hours never straddle a local midnight, so a day is a sum of them; and usage_quarter compares each with the ledger.
	 * Those of 14 hours before the stretch and 12 after it may be of its local days.
	 */
	{ "usage_day", "each local day's roll-up is the sum of its quarter-hours", OF_STRETCH,
	    "usage_day %d %s: has %i messages, %i parts, %m; its quarter-hours say %i messages, %i parts, %m",
	    COMPARE("SELECT day AS slot, channel, messages, parts, cost_micros AS cost, 0 AS l_messages, 0 AS l_parts, "
	    "0 AS l_cost FROM usage_day WHERE org = :org AND day >= :from_at / " DAY " AND day < :until_at / " DAY,
	    "SELECT day, channel, 0, 0, 0, messages, parts, cost_micros FROM (SELECT " DAY_OF("quarter * " QUARTER) " AS day, "
	    "channel, messages, parts, cost_micros FROM usage_quarter WHERE org = :org AND quarter >= :from_at / " QUARTER " - 56 "
	    "AND quarter < :until_at / " QUARTER " + 48) AS cut WHERE day >= :from_at / " DAY " AND day < :until_at / " DAY) },
	{ "event.price", "priced events cost what the price list says, with the adjustments for later prices", OF_STRETCH },
	{ "job", "each job is of a known kind; a reprice is of a channel, and one that fills a limit is of a limit", OF_ORGANIZATION,
	    "job %i: is a \"%s\" of the channel \"%s\"",
	    "SELECT number, kind, coalesce(channel, '') FROM job WHERE org = :org "
	    "AND NOT CASE kind WHEN 'reprice' THEN channel IS NOT NULL AND rule IS NULL "
	    "WHEN 'rebuild' THEN channel IS NULL AND rule IS NULL WHEN 'fill-limit' THEN channel IS NULL AND rule IS NOT NULL "
	    "ELSE 0 END" },
	{ "limit_usage", "the roll-up of a limit with a sender or a network is the sum of its events", OF_STRETCH,
	    "limit_usage %q of the limit %s: differs from the ledger",
	    "SELECT quarter, r.name FROM (SELECT u.rule, u.quarter, u.messages, u.parts, u.cost_micros AS cost "
	    "FROM limit_usage u JOIN limit_rule r ON r.key = u.rule WHERE r.org = :org "
	    "AND u.quarter >= :from_at / " QUARTER " AND u.quarter < :until_at / " QUARTER
	    " UNION ALL SELECT r.key, l.quarter, -l.messages, -l.parts, -l.cost FROM temp.ledger_origin l JOIN limit_rule r "
	    "ON r.org = :org AND (r.sender IS NOT NULL OR r.network IS NOT NULL) AND (r.sender IS NULL OR r.sender = l.sender) "
	    "AND (r.network IS NULL OR r.network = l.network) "
	    "AND instr(' ' || r.channels || ' ', ' ' || l.channel || ' ') > 0 "
	    "WHERE l.quarter >= :from_at / " QUARTER " AND l.quarter < :until_at / " QUARTER
	    ") AS both_of_them JOIN limit_rule r ON r.key = rule WHERE r.is_building = 0 GROUP BY quarter, r.name "
	    "HAVING sum(messages) <> 0 OR sum(parts) <> 0 OR sum(cost) <> 0 ORDER BY quarter, r.name" },
	{ "event.settles", "each settlement names an event of its source, at that event's instant and of its segment",
	    OF_ORGANIZATION,
	    "settlement \"%s\" of source \"%s\": names no event that can be settled",
	    "SELECT e.id, e.source FROM event e LEFT JOIN event t ON t.org = e.org AND t.id = e.settles_id "
	    "AND t.source = CASE WHEN substr(e.source, 1, 15) = 'daybook:adjust:' THEN substr(e.source, 16) ELSE e.source END "
	    "WHERE e.org = :org AND " SETTLEMENTS("e") " "
	    "AND (t.id IS NULL OR t.occurred_at <> e.occurred_at "
	    "OR t.channel <> e.channel OR CASE t.status WHEN 'sent' THEN 0 WHEN 'failed' THEN 0 ELSE 1 END = 1 "
	    /* Before schema version 4 statements settled costs alone, and their rows named no segment. */
	    "OR (e.org_revision > 0 AND (e.campaign IS DISTINCT FROM t.campaign OR e.segment IS DISTINCT FROM t.segment)) "
	    "OR e.sender IS DISTINCT FROM t.sender OR e.network IS DISTINCT FROM t.network OR e.tag IS DISTINCT FROM t.tag)" },
	{ "event.settled", "settlements leave an event with its messages, a part for each at least, and no given cost below zero; "
	    "they make a failed event one message; each that a client posted has the hash of its body", OF_ORGANIZATION,
	    "event \"%s\" of source \"%s\": its settlements cannot be what was posted",
	    "SELECT id, source FROM (SELECT t.id, t.source, t.status, t.messages, t.parts, t.cost_micros, sum(a.messages) AS more, "
	    "sum(a.parts) AS more_parts, sum(a.cost_micros) AS more_cost, max(a.cost_given) AS is_given, "
	    "sum(CASE WHEN substr(a.source, 1, 8) <> 'daybook:' AND a.detail_sha256 IS NULL THEN 1 ELSE 0 END) AS bare FROM event a "
	    "JOIN event t ON t.org = a.org AND t.id = a.settles_id "
	    "AND t.source = CASE WHEN substr(a.source, 1, 15) = 'daybook:adjust:' "
	    "THEN substr(a.source, 16) ELSE a.source END WHERE a.org = :org AND " SETTLEMENTS("a") " "
	    "GROUP BY t.source, t.id, t.status, t.messages, t.parts, t.cost_micros) AS settled WHERE bare > 0 "
	    "OR (is_given = 1 AND cost_micros + more_cost < 0) "
	    "OR CASE status WHEN 'sent' THEN more <> 0 OR parts + more_parts < messages ELSE more <> 1 OR more_parts < 1 END" },
	/* The next three are checked row by row in verify_ledger.c, so they have no SQL. */
	{ "event.void", "each void names an event that can be voided, and subtracts exactly that event", OF_STRETCH },
	{ "event.failed", "each failed event that is not voided has its failed contact", OF_STRETCH },
	{ "event.results", "each event of reported results has the request that reported it", OF_STRETCH },

	/* ---- Campaigns and segments */
	/*
	 * A void carries the negative of what it takes back, so the sums need no special case; only a voided failed event,
	 * which counts in l_failed alone, is recognized by its target.
	 */
	{ "segment.counters", "a segment's sent, failed and spent are the sums of its events", OF_STRETCH,
	    "segment %s/%i: has %i sent, %i failed, %i spent; the ledger says %i, %i, %i",
	    "SELECT id, number, sent, failed, spent, l_sent, l_failed, l_spent FROM ("
	    "SELECT c.id, s.number, s.sent, s.failed, s.spent, "
	    "coalesce(sum(CASE e.status WHEN 'failed' THEN 0 ELSE e.messages END), 0) AS l_sent, "
	    /* A settlement that turned a failed event into a sent one moved it from one sum to the other, also for its void. */
	    "coalesce(sum(CASE WHEN e.status = 'failed' THEN 1 WHEN e.status = 'adjust' THEN -e.messages "
	    "WHEN t.status = 'failed' AND e.messages = 0 THEN -1 ELSE 0 END), 0) AS l_failed, "
	    "coalesce(sum(CASE e.status WHEN 'sent' THEN e.messages WHEN 'failed' THEN e.messages ELSE 0 END), 0) AS l_spent "
	    "FROM segment s LEFT JOIN campaign c ON c.key = s.campaign "
	    /* The index of campaigns has all that x needs, so that only the rows of the segment itself are read. */
	    "LEFT JOIN event x ON x.campaign = s.campaign AND x.segment = s.number AND x.org = s.org "
	    "LEFT JOIN event e ON e.org = x.org AND e.source = x.source AND e.id = x.id "
	    "LEFT JOIN event t ON t.org = e.org AND t.source = e.source AND t.id = e.voids_id "
	    "WHERE s.org = :org AND s.day >= :from_at / " DAY " AND s.day < :until_at / " DAY " "
	    "GROUP BY s.campaign, s.number) AS counted "
	    "WHERE sent <> l_sent OR failed <> l_failed OR spent <> l_spent" },
	{ "segment.day", "the day of an open segment is the local day of its instant", OF_ORGANIZATION,
	    "segment %s/%i: its day is %d, but its instant is on %d",
	    "SELECT id, number, day, should FROM (SELECT c.id, s.number, s.day, " DAY_OF("s.scheduled_at") " AS should "
	    "FROM segment s LEFT JOIN campaign c ON c.key = s.campaign WHERE s.org = :org "
	    "AND (s.status = 'draft' OR s.is_open = 1)) AS open_ones "
	    "WHERE day IS DISTINCT FROM should ORDER BY id, number" },
	{ "held", "what is held of a quarter-hour is what its open segments have left", OF_ORGANIZATION,
	    "held %q %s, %i parts each, from \"%s\": has %i contacts; the segments have %i left",
	    "SELECT quarter, channel, parts_per_contact, sender, sum(contacts), sum(remains) FROM ("
	    "SELECT quarter, channel, parts_per_contact, sender, contacts, 0 AS remains FROM held WHERE org = :org UNION ALL "
	    "SELECT scheduled_at / " QUARTER ", channel, parts_per_contact, coalesce(sender, ''), 0, contacts - spent FROM segment "
	    "WHERE org = :org AND spent < contacts "
	    "AND CASE status WHEN 'scheduled' THEN 1 WHEN 'sending' THEN 1 WHEN 'paused' THEN 1 ELSE 0 END = 1) AS both_of_them "
	    "GROUP BY quarter, channel, parts_per_contact, sender HAVING sum(contacts) <> sum(remains) ORDER BY quarter" },
	{ "segment.organization", "a segment belongs to the organization of its campaign", OF_ORGANIZATION,
	    "segment %s/%i: belongs to another organization than its campaign",
	    "SELECT c.id, s.number FROM campaign c JOIN segment s ON s.campaign = c.key WHERE c.org = :org AND s.org <> :org" },
	{ "segment.number", "the segments of a campaign are numbered from 1 without a gap", OF_ORGANIZATION,
	    "campaign %s: %i segments, numbered up to %i",
	    "SELECT c.id, count(*), max(s.number) FROM campaign c JOIN segment s ON s.campaign = c.key WHERE c.org = :org "
	    "GROUP BY c.key, c.id HAVING count(*) <> max(s.number)" },
	{ "segment.status", "a segment that is sending or sent has spent something, one that is sending has contacts left, and "
	    "one that failed has failed contacts or was reported as done", OF_ORGANIZATION,
	    "segment %s/%i: is %s with %i of %i contacts spent",
	    "SELECT c.id, s.number, s.status, s.spent, s.contacts FROM segment s JOIN campaign c ON c.key = s.campaign "
	    "WHERE s.org = :org AND c.digest IS NOT NULL AND CASE s.status WHEN 'sent' THEN s.spent = 0 "
	    "WHEN 'sending' THEN s.spent = 0 OR s.sent + s.failed >= s.contacts "
	    "WHEN 'failed' THEN s.spent = 0 AND NOT EXISTS (SELECT 1 FROM request r WHERE r.org = :org AND r.kind = 'results' "
	    "AND substr(r.id, 1, length(c.id) + 1) = c.id || '/') ELSE 0 END" },
	{ "campaign.plan", "a campaign's segments, contacts, instants and states match its digest", OF_ORGANIZATION,
	    .check = verify_plans },
	{ "campaign.audit", "the number of campaigns is what the audit log says was added and not deleted", OF_ORGANIZATION,
	    "campaign: there are %i; by the audit log it should be %i",
	    "SELECT there, added - deleted FROM (SELECT "
	    "(SELECT count(*) FROM campaign WHERE org = :org AND digest IS NOT NULL) AS there, "
	    "(SELECT count(*) FROM audit WHERE org = :org AND action = 'campaign.add') AS added, "
	    "(SELECT count(*) FROM audit WHERE org = :org AND action = 'campaign.delete') AS deleted) AS counted "
	    "WHERE there <> added - deleted" },
	{ "request.campaign", "each remembered request to create a campaign has its campaign", OF_ORGANIZATION,
	    "request \"%s\": there is no such campaign",
	    "SELECT r.id FROM request r WHERE r.org = :org AND r.kind = 'campaign' "
	    "AND NOT EXISTS (SELECT 1 FROM campaign c WHERE c.org = :org AND c.id = r.id)" },
	{ "request.results", "each remembered report of results has its campaign", OF_ORGANIZATION,
	    "request \"%s\": there is no campaign for these results",
	    "SELECT r.id FROM request r WHERE r.org = :org AND r.kind = 'results' AND NOT EXISTS (SELECT 1 FROM campaign c "
	    "WHERE c.org = :org AND c.id || '/' = substr(r.id, 1, length(c.id) + 1))" },
	{ "failure", "each failed contact belongs to a failed event that is neither voided nor settled as sent, and matches what was "
	    "posted", OF_ORGANIZATION,
	    .check = verify_failures },
	{ .name = NULL },
};
