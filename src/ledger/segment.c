/*
 * Segments as events see them (see segment.h).  campaign/ changes their plan; here they are found, spent and listed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ledger/held.h"
#include "ledger/segment.h"
#include "ledger/usage.h"
#include "store/channel_column.h"

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
segment_state_column(struct query *q, int column, enum segment_state *s)
{
	char text[128];

	if (segment_state_parse(query_text(q, column), s))
		return OK;
	log_error("event=database error=\"unknown state of a segment\" state=%s",
	    log_value(query_text(q, column), text, sizeof(text)));
	return INTERNAL;
}

#define SEGMENT_COLUMNS "number, scheduled_at, day, contacts, sent, failed, spent, status, parts_per_contact, channel, sender"

/* Reads the row of SEGMENT_COLUMNS, if there is one, and ends the query; its sender only into an arena. */
static enum status
read_target(struct query *q, struct arena *a, struct segment_target *t)
{
	enum status st, done;

	if (!query_step(q))
		return query_done(q);
	t->segment = (struct segment) { .number = query_int(q, 0), .scheduled_at = query_int(q, 1),
		.day = { (int32_t)query_int(q, 2) }, .contacts = query_int(q, 3), .sent = query_int(q, 4),
		.failed = query_int(q, 5), .spent = query_int(q, 6) };
	if ((st = segment_state_column(q, 7, &t->segment.state)) == OK)
		st = channel_column(q, 9, &t->channel);
	if (a != NULL && !query_is_null(q, 10))
		t->sender = arena_strdup(a, query_text(q, 10));
	t->parts_per_contact = query_int(q, 8);
	t->ref.segment = t->segment.number;
	done = query_done(q);
	return st != OK ? st : done;
}

/* Reads the segment with that number; ref.segment is 0 if there is none. */
static enum status
find_segment(struct db *db, struct arena *a, struct segment_ref ref, struct segment_target *target)
{
	struct query *q = db_query(db, "SELECT " SEGMENT_COLUMNS " FROM segment WHERE campaign = :campaign AND number = :number");

	*target = (struct segment_target) { .ref = { .campaign = ref.campaign } };
	query_bind_int(q, ":campaign", ref.campaign);
	query_bind_int(q, ":number", ref.segment);
	return read_target(q, a, target);
}

/*
 * Chooses an open segment by its day: first the event's day, then earlier days, then later ones.  Within each class the
 * closest in time is first, hence the sign: the latest of the earlier days, the earliest of the others.
 */
static enum status
choose_segment(struct db *db, struct arena *a, struct day d, struct segment_target *target)
{
	struct query *q = db_query(db, "SELECT " SEGMENT_COLUMNS " FROM segment WHERE campaign = :campaign AND is_open = 1 "
	    "ORDER BY CASE WHEN day = :day THEN 0 WHEN day < :day THEN 1 ELSE 2 END, "
	    "CASE WHEN day < :day THEN -scheduled_at ELSE scheduled_at END, number LIMIT 1");

	query_bind_int(q, ":day", d.n);
	query_bind_int(q, ":campaign", target->ref.campaign);
	return read_target(q, a, target);
}

enum status
segment_resolve(struct db *db, struct arena *a, const struct organization *org, const char *campaign_id,
    int64_t segment_given, struct day d, struct segment_target *target)
{
	enum status st;

	*target = (struct segment_target) { 0 };
	if ((st = find_campaign(db, org, campaign_id, &target->ref.campaign)) != OK || target->ref.campaign == 0)
		return st;
	/* A sender that names a segment means that one, even if it is closed. */
	if (segment_given > 0)
		return find_segment(db, a, (struct segment_ref) { target->ref.campaign, segment_given }, target);
	return choose_segment(db, a, d, target);
}

/* ---- Writing.  The campaign's revision and digest are the caller's. */

int64_t
segment_spend(struct segment_target *target, int64_t sent, int64_t failed)
{
	struct segment *s = &target->segment;
	int64_t held = segment_hold(s);

	s->sent += sent;
	s->failed += failed;
	s->spent += sent + failed;
	s->state = segment_after(s, SEGMENT_SPEND, false);
	return segment_hold(s) - held;
}

/* A state that stays is not written, because that would move the segment in an index. */
enum status
segment_write(struct db *db, const struct segment_target *is, enum segment_state was)
{
	struct query *q;

	if (is->segment.state == was)
		q = db_query(db, "UPDATE segment SET sent = :sent, failed = :failed, spent = :spent "
		    "WHERE campaign = :campaign AND number = :number");
	else {
		q = db_query(db, "UPDATE segment SET sent = :sent, failed = :failed, spent = :spent, status = :status "
		    "WHERE campaign = :campaign AND number = :number");
		query_bind_text(q, ":status", segment_state_name(is->segment.state));
	}
	query_bind_int(q, ":sent", is->segment.sent);
	query_bind_int(q, ":failed", is->segment.failed);
	query_bind_int(q, ":spent", is->segment.spent);
	query_bind_int(q, ":campaign", is->ref.campaign);
	query_bind_int(q, ":number", is->ref.segment);
	return query_run(q);
}

enum status
segment_correct(struct db *db, struct segment_ref ref, int64_t sent, int64_t failed)
{
	struct query *q = db_query(db, "UPDATE segment SET sent = sent + :sent, failed = failed + :failed "
	    "WHERE campaign = :campaign AND number = :number");

	query_bind_int(q, ":sent", sent);
	query_bind_int(q, ":failed", failed);
	query_bind_int(q, ":campaign", ref.campaign);
	query_bind_int(q, ":number", ref.segment);
	return query_run(q);
}

/* Finds the segment, and writes it with so many messages more that were sent instead of failed. */
static enum status
settle_or_finish(struct db *db, struct segment_ref ref, int64_t messages, enum segment_action action)
{
	struct segment_target target;
	struct segment was;
	enum status st;

	if ((st = find_segment(db, NULL, ref, &target)) != OK || target.ref.segment == 0)
		return st;
	was = target.segment;
	target.segment.sent += messages;
	target.segment.failed -= messages;
	target.segment.state = segment_after(&target.segment, action, false);
	if ((st = segment_write(db, &target, was.state)) != OK)
		return st;
	return held_add(db, ref.campaign, ref.segment, segment_hold(&target.segment) - segment_hold(&was));
}

enum status
segment_settle(struct db *db, struct segment_ref ref)
{
	return settle_or_finish(db, ref, 1, SEGMENT_SETTLE);
}

enum status
segment_finish(struct db *db, struct segment_ref ref)
{
	return settle_or_finish(db, ref, 0, SEGMENT_FINISH);
}

/* ---- Lists */

/* The calendar is of SMS, without drafts and what was cancelled.  Where rows are read anyway, SQLite need not compare texts. */
#define OF_DAYS "s.org = :org AND s.day BETWEEN :from AND :to AND s.channel = 'SMS' "
#define IS_LISTED "AND s.status <> 'draft' AND s.status <> 'cancelled' "
#define LISTED "SELECT s.day, s.scheduled_at, s.number, s.status, s.contacts, s.sent, s.failed, c.id, c.name, c.is_segmented " \
	"FROM segment s JOIN campaign c ON c.key = s.campaign WHERE " OF_DAYS
#define IN_ORDER "ORDER BY s.day, s.scheduled_at"

/* What is being listed, and how many a day has. */
struct listing {
	struct arena *arena;
	struct day from, today;
	struct segment_entry *of;
	size_t count, room;
	int64_t *counts;
};

/* Each is shown as it reads today: nothing is written when a day ends. */
static void
add_entry(struct listing *l, struct query *q, struct day d, enum segment_state state)
{
	struct segment s = { .day = d, .state = state };
	struct segment_entry *e;

	if (d.n < l->today.n)
		s.sent = query_int(q, 5);
	l->of = arena_grow(l->arena, l->of, l->count, &l->room, sizeof(*l->of));
	e = &l->of[l->count++];
	e->campaign = arena_strdup(l->arena, query_text(q, 7));
	e->name = arena_strdup(l->arena, query_text(q, 8));
	e->number = query_int(q, 2);
	e->contacts = query_int(q, 4);
	e->is_segmented = query_int(q, 9) != 0;
	e->has_failures = query_int(q, 6) > 0;
	e->reads = segment_reads(&s, l->today);
}

static int
by_campaign(const void *a, const void *b)
{
	const struct segment_entry *x = a, *y = b;
	int order = strcmp(x->campaign, y->campaign);

	return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

/* Puts the entries of one instant, those from the first-th on, in the order of their campaigns. */
static void
sort_last(struct listing *l, size_t first)
{
	if (l->count > first + 1)
		qsort(l->of + first, l->count - first, sizeof(*l->of), by_campaign);
}

static void
bind_days(struct query *q, const struct organization *org, struct day from, struct day to)
{
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", from.n);
	query_bind_int(q, ":to", to.n);
}

/* Counts a day that has more than are listed, and reads the first of them.  The index segment_day alone answers the count. */
static enum status
list_full_day(struct listing *l, struct db *db, const struct organization *org, struct day d, size_t max)
{
	struct query *q = db_query(db, "SELECT count(*) FROM segment s WHERE " OF_DAYS IS_LISTED);
	enum segment_state state;
	enum status st, done;

	bind_days(q, org, d, d);
	if (query_step(q))
		l->counts[d.n - l->from.n] = query_int(q, 0);
	if ((st = query_done(q)) != OK)
		return st;
	/* Those after the last one that is listed are not read unless they have its instant. */
	q = db_query(db, LISTED IS_LISTED IN_ORDER ", c.id, s.number LIMIT :max");
	bind_days(q, org, d, d);
	query_bind_int(q, ":max", (int64_t)max);
	while (st == OK && query_step(q))
		if ((st = segment_state_column(q, 3, &state)) == OK)
			add_entry(l, q, d, state);
	done = query_done(q);
	return st != OK ? st : done;
}

/*
 * Lists the days from *d on in the order of the index segment_day, without a sorter, and moves *d to the first day that has more
 * than max, of which nothing is listed, or to the day after the last one.
 */
static enum status
list_days(struct listing *l, struct db *db, const struct organization *org, struct day *d, struct day to, size_t max)
{
	struct query *q = db_query(db, LISTED IN_ORDER);
	size_t of_day = l->count, of_instant = l->count;	/* where their entries begin */
	enum status st = OK, done;
	int64_t at = INT64_MIN;
	bool is_full = false;

	bind_days(q, org, *d, to);
	while (st == OK && !is_full && query_step(q)) {
		struct day of = { (int32_t)query_int(q, 0) };
		int64_t of_row = query_int(q, 1);
		enum segment_state state;

		if ((st = segment_state_column(q, 3, &state)) != OK || state == SEGMENT_DRAFT || state == SEGMENT_CANCELLED)
			continue;
		if (of_row != at || of.n != d->n) {
			sort_last(l, of_instant);
			of_instant = l->count;
			at = of_row;
		}
		if (of.n != d->n) {
			of_day = l->count;
			*d = of;
		}
		if (!(is_full = l->count - of_day == max)) {
			add_entry(l, q, of, state);
			l->counts[of.n - l->from.n]++;
		}
	}
	if (is_full)
		l->count = of_day;
	else {
		sort_last(l, of_instant);
		*d = day_add(to, 1);
	}
	done = query_done(q);
	return st != OK ? st : done;
}

enum status
segment_list(struct db *db, struct arena *a, const struct organization *org, struct day from, struct day to, struct day today,
    size_t max, struct segment_entry **entries, int64_t *counts)
{
	struct listing l = { .arena = a, .from = from, .today = today, .counts = counts };
	enum status st = OK;

	memset(counts, 0, (size_t)(to.n - from.n + 1) * sizeof(*counts));
	for (struct day d = from; st == OK && d.n <= to.n; d = day_add(d, 1))
		if ((st = list_days(&l, db, org, &d, to, max)) == OK && d.n <= to.n)
			st = list_full_day(&l, db, org, d, max);
	*entries = l.of;
	return st;
}

/* Reads the first max failed contacts of a segment, oldest first. */
enum status
segment_failures(struct db *db, struct arena *a, const struct organization *org, const char *campaign, int64_t number,
    size_t max, struct failed_contact **failures, size_t *count)
{
	struct query *q = db_query(db, "SELECT phone, reason FROM failure "
	    "WHERE campaign = (SELECT key FROM campaign WHERE org = :org AND id = :campaign) AND segment = :segment "
	    "ORDER BY failed_at, source, id LIMIT :max");

	*count = 0;
	*failures = arena_alloc(a, max * sizeof(**failures));
	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":campaign", campaign);
	query_bind_int(q, ":segment", number);
	query_bind_int(q, ":max", (int64_t)max);
	while (*count < max && query_step(q))
		(*failures)[(*count)++] = (struct failed_contact) { arena_strdup(a, query_text(q, 0)),
			arena_strdup(a, query_text(q, 1)) };
	return query_done(q);
}
