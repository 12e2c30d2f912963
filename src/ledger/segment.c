/*
 * Segments as events see them (see segment.h).  campaign/ changes their plan; here they are found, spent and listed.
 */
#include "ledger/segment.h"

/* Resolves a campaign's id to its key; 0 if there is none. */
static enum status
find_campaign(struct db *db, const struct organization *org, const char *id, int64_t *key)
{
	struct query *q = db_query(db, "SELECT key FROM campaign WHERE org = :org AND id = :id");

	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":id", id);
	*key = query_step(q) ? query_int(q, 0) : 0;
	return query_done(q);
}

enum status
segment_resolve(struct db *db, const struct organization *org, const char *campaign_id, int64_t segment_given,
    struct day d, struct segment_ref *ref)
{
	struct query *q;
	enum status st;

	ref->segment = 0;
	if ((st = find_campaign(db, org, campaign_id, &ref->campaign)) != OK || ref->campaign == 0)
		return st;
	/* A sender that names a segment means that one, even if it is closed. */
	if (segment_given > 0) {
		q = db_query(db, "SELECT number FROM segment WHERE campaign = :campaign AND number = :number");
		query_bind_int(q, ":number", segment_given);
	} else {
		/*
		 * Otherwise choose an open segment by its day: first the event's day, then earlier days, then later
		 * ones.  Within each class the closest in time is first, hence the sign: the latest of the earlier
		 * days, the earliest of the others.
		 */
		q = db_query(db, "SELECT number FROM segment WHERE campaign = :campaign "
		    "AND is_open = 1 "
		    "ORDER BY CASE WHEN day = :day THEN 0 WHEN day < :day THEN 1 ELSE 2 END, "
		    "CASE WHEN day < :day THEN -scheduled_at ELSE scheduled_at END, number LIMIT 1");
		query_bind_int(q, ":day", d.n);
	}
	query_bind_int(q, ":campaign", ref->campaign);
	if (query_step(q))
		ref->segment = query_int(q, 0);
	return query_done(q);
}

/*
 * Counts messages and moves the status in one statement.  In an UPDATE, names on the right are the old values.
 * The status changes only for an event, not for a void (a sum of 0 or less), and only if it is scheduled or sending, so
 * a paused segment remains paused.  Until all contacts are done it is `sending`; then `sent`, or `failed` if not one
 * was sent.
 */
enum status
segment_spend(struct db *db, struct segment_ref ref, int64_t sent, int64_t failed)
{
	struct query *q = db_query(db, "UPDATE segment SET sent = sent + :sent, failed = failed + :failed, "
	    "spent = spent + CASE WHEN :sent + :failed > 0 THEN :sent + :failed ELSE 0 END, "
	    "status = CASE WHEN :sent + :failed <= 0 OR status NOT IN ('scheduled', 'sending') THEN status "
	    "WHEN sent + :sent + failed + :failed < contacts THEN 'sending' "
	    "WHEN sent + :sent = 0 THEN 'failed' ELSE 'sent' END "
	    "WHERE campaign = :campaign AND number = :number");

	query_bind_int(q, ":sent", sent);
	query_bind_int(q, ":failed", failed);
	query_bind_int(q, ":campaign", ref.campaign);
	query_bind_int(q, ":number", ref.segment);
	return query_run(q);
}

/* A segment that has ended as failed, with nothing sent, has ended as sent now. */
enum status
segment_settle(struct db *db, struct segment_ref ref)
{
	struct query *q = db_query(db, "UPDATE segment SET sent = sent + 1, failed = failed - 1, "
	    "status = CASE WHEN status = 'failed' THEN 'sent' ELSE status END WHERE campaign = :campaign AND number = :number");

	query_bind_int(q, ":campaign", ref.campaign);
	query_bind_int(q, ":number", ref.segment);
	return query_run(q);
}

enum status
segment_read_hold(struct db *db, struct segment_ref ref, struct segment_hold *hold)
{
	struct query *q = db_query(db, "SELECT day, parts_per_contact, contacts, spent, is_open FROM segment "
	    "WHERE campaign = :campaign AND number = :number");

	/* A closed segment holds nothing, whatever it has left. */
	*hold = (struct segment_hold) { .parts_per_contact = 1 };
	query_bind_int(q, ":campaign", ref.campaign);
	query_bind_int(q, ":number", ref.segment);
	if (query_step(q)) {
		hold->day.n = (int32_t)query_int(q, 0);
		hold->parts_per_contact = query_int(q, 1);
		if (query_int(q, 4) != 0)
			hold->left = quota_held(query_int(q, 2), query_int(q, 3), 1, UNIT_MESSAGE);
	}
	return query_done(q);
}

/* The index segment_open alone answers this. */
enum status
segment_each_open(struct db *db, const struct organization *org, enum channel c, struct day from, struct day to,
    void (*each)(const struct segment_hold *hold, void *arg), void *arg)
{
	struct query *q = db_query(db, "SELECT day, parts_per_contact, "
	    "sum(CASE WHEN contacts > spent THEN contacts - spent ELSE 0 END) FROM segment "
	    "WHERE org = :org AND day BETWEEN :from AND :to AND is_open = 1 AND channel = :channel "
	    "GROUP BY day, channel, parts_per_contact");

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", from.n);
	query_bind_int(q, ":to", to.n);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	while (query_step(q))
		each(&(const struct segment_hold) { .day = { (int32_t)query_int(q, 0) }, .parts_per_contact = query_int(q, 1),
		    .left = query_int(q, 2) }, arg);
	return query_done(q);
}

/*
 * Reads the segments for the calendar.  The status is the one that applies today: an open segment whose day is over has
 * ended, as sent if anything was sent.  Nothing writes that down when the day ends, so each reader computes it.
 */
enum status
segment_list(struct db *db, struct arena *a, const struct organization *org, struct day from, struct day to,
    struct day today, struct segment_entry **entries, size_t *count)
{
	struct query *q = db_query(db, "SELECT c.id, c.name, c.key, s.number, s.contacts, c.is_segmented, "
	    "CASE WHEN s.day >= :today OR s.status IN ('sent', 'failed') THEN s.status "
	    "WHEN s.sent > 0 THEN 'sent' ELSE 'failed' END, s.day, s.failed > 0 "
	    "FROM segment s JOIN campaign c ON c.key = s.campaign "
	    "WHERE s.org = :org AND s.day BETWEEN :from AND :to AND s.status NOT IN ('draft', 'cancelled') "
	    "ORDER BY s.day, s.scheduled_at, c.id, s.number");
	size_t max = 0;

	*entries = NULL;
	*count = 0;
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", from.n);
	query_bind_int(q, ":to", to.n);
	query_bind_int(q, ":today", today.n);
	while (query_step(q)) {
		*entries = arena_grow(a, *entries, *count, &max, sizeof(**entries));
		(*entries)[(*count)++] = (struct segment_entry) {
			.campaign = arena_strdup(a, query_text(q, 0)), .name = arena_strdup(a, query_text(q, 1)),
			.campaign_key = query_int(q, 2), .number = query_int(q, 3), .contacts = query_int(q, 4),
			.is_segmented = query_int(q, 5) != 0, .status = arena_strdup(a, query_text(q, 6)),
			.day = { (int32_t)query_int(q, 7) }, .has_failures = query_int(q, 8) != 0 };
	}
	return query_done(q);
}

/* Reads the first max failed contacts of a segment, oldest first. */
enum status
segment_failures(struct db *db, struct arena *a, int64_t campaign_key, int64_t number, size_t max,
    struct failed_contact **failures, size_t *count)
{
	struct query *q = db_query(db, "SELECT phone, reason FROM failure WHERE campaign = :campaign AND segment = :segment "
	    "ORDER BY failed_at, source, id LIMIT :max");

	*count = 0;
	*failures = arena_alloc(a, max * sizeof(**failures));
	query_bind_int(q, ":campaign", campaign_key);
	query_bind_int(q, ":segment", number);
	query_bind_int(q, ":max", (int64_t)max);
	while (*count < max && query_step(q))
		(*failures)[(*count)++] = (struct failed_contact) { arena_strdup(a, query_text(q, 0)),
			arena_strdup(a, query_text(q, 1)) };
	return query_done(q);
}
