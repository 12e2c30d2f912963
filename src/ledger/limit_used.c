/*
 * Reading what windows of limits have used (see limit_internal.h): from the roll-ups by day, by quarter-hour and by limit, each
 * once for all limits.  An enforced event reads all of its windows, so rows that no limit counts do not leave the database.
 */
#include "ledger/limit_internal.h"
#include "ledger/usage.h"
#include "store/channel_column.h"
#include "time/instant.h"

enum {
	CHANNELS_FEW = 2,	/* of which quarter-hours are read one by one */
	KEPT = 64		/* organizations whose old sums a process keeps */
};

static bool
is_new(const struct limit_book *b, const struct window *w)
{
	return w->reading == b->reading;
}

/* What all followers with one source are reading now, and which channels they count. */
static struct stretch
new_from(const struct limit_book *b, enum limit_source source, unsigned *channels)
{
	struct stretch all = { 0 }, one;

	*channels = 0;
	for (size_t i = 0; i < b->count; i++)
		if (b->of[i].source == source) {
			one = limit_new_of(b, &b->of[i]);
			all = limit_join(all, one);
			*channels |= one.from < one.until ? b->of[i].rule->channels : 0;
		}
	return all;
}

/* ---- Days, and quarter-hours for days of other zones and rolling windows */

/* Adds a row of a roll-up (slot, channel, messages, parts, cost) to all followers with that source. */
static enum status
add_row(struct limit_book *b, struct query *q, int64_t quarter, enum limit_source source)
{
	struct limit_load l = { .quarter = quarter, .messages = query_int(q, 2), .parts = query_int(q, 3),
		.cost_micros = query_int(q, 4) };
	enum status st = channel_column(q, 1, &l.channel);

	for (size_t i = 0; st == OK && i < b->count; i++)
		if (b->of[i].source == source)
			limit_add_to(b, &b->of[i], &l, 1, LIMIT_ADD_NEW);
	return st;
}

static enum status
read_days(struct limit_book *b)
{
	unsigned channels;
	struct stretch s = new_from(b, LIMIT_FROM_DAYS, &channels);
	struct query *q;
	enum status st = OK, done;

	if (s.from == s.until)
		return OK;
	q = db_query(b->db, "SELECT day, channel, messages, parts, cost_micros FROM usage_day "
	    "WHERE org = :org AND day >= :from AND day < :until");
	query_bind_int(q, ":org", b->org->key);
	query_bind_int(q, ":from", day_at(b->org->days, s.from * QUARTER_MS).n);
	query_bind_int(q, ":until", day_at(b->org->days, (s.until - 1) * QUARTER_MS).n + 1);
	while (st == OK && query_step(q)) {
		struct day d = { (int32_t)query_int(q, 0) };

		st = add_row(b, q, day_start(b->org->days, d) / QUARTER_MS, LIMIT_FROM_DAYS);
	}
	done = query_done(q);
	return st != OK ? st : done;
}

/* Reads the rows of a query of quarter-hours. */
static enum status
read_rows(struct limit_book *b, struct query *q, struct stretch s)
{
	enum status st = OK, done;

	query_bind_int(q, ":org", b->org->key);
	query_bind_int(q, ":from", s.from);
	query_bind_int(q, ":until", s.until);
	while (st == OK && query_step(q))
		st = add_row(b, q, query_int(q, 0), LIMIT_FROM_QUARTERS);
	done = query_done(q);
	return st != OK ? st : done;
}

#define QUARTER_ROWS "SELECT quarter, channel, messages, parts, cost_micros FROM usage_quarter " \
	"WHERE org = :org AND quarter >= :from AND quarter < :until"

static enum status
read_quarters(struct limit_book *b)
{
	unsigned channels;
	struct stretch s = new_from(b, LIMIT_FROM_QUARTERS, &channels);
	enum status st = OK;

	if (s.from == s.until)
		return OK;
	if (__builtin_popcount(channels) > CHANNELS_FEW)
		return read_rows(b, db_query(b->db, QUARTER_ROWS " ORDER BY quarter"), s);
	for (enum channel c = 0; st == OK && c < CHANNEL_COUNT; c++)
		if ((channels >> c & 1U) != 0) {
			struct query *q = db_query(b->db, QUARTER_ROWS " AND channel = :channel ORDER BY quarter");

			query_bind_text(q, ":channel", channel_facts(c)->name);
			st = read_rows(b, q, s);
		}
	return st;
}

/* ---- Limits with a sender or a network */

static enum status
sum_window(struct limit_book *b, struct limit_follower *f, struct window *w)
{
	static const char *const sums[] = {
		[LIMIT_MESSAGES] = "SELECT sum(messages) FROM limit_usage WHERE rule = :rule AND quarter >= :from AND quarter < :until",
		[LIMIT_PARTS] = "SELECT sum(parts) FROM limit_usage WHERE rule = :rule AND quarter >= :from AND quarter < :until",
		[LIMIT_COST] = "SELECT sum(cost_micros) FROM limit_usage WHERE rule = :rule AND quarter >= :from AND quarter < :until" };
	struct query *q = db_query(b->db, sums[f->rule->unit]);

	query_bind_int(q, ":rule", f->rule->key);
	query_bind_int(q, ":from", w->from);
	query_bind_int(q, ":until", w->until);
	if (query_step(q))
		w->used = quota_sum(w->used, query_int(q, 0));
	return query_done(q);
}

static enum status
read_moments(struct limit_book *b, struct limit_follower *f)
{
	struct query *q = db_query(b->db, "SELECT quarter, messages, parts, cost_micros FROM limit_usage "
	    "WHERE rule = :rule AND quarter >= :from AND quarter < :until ORDER BY quarter");

	query_bind_int(q, ":rule", f->rule->key);
	query_bind_int(q, ":from", f->wanted.from);
	query_bind_int(q, ":until", f->wanted.until);
	while (query_step(q))
		limit_add_units(b, f, query_int(q, 0), false,
		    limit_rule_units(f->rule, query_int(q, 1), query_int(q, 2), query_int(q, 3)), LIMIT_ADD_NEW);
	return query_done(q);
}

static enum status
read_its_own(struct limit_book *b, struct limit_follower *f)
{
	enum status st = OK;

	if (f->rule->period == LIMIT_ROLLING)
		return f->wanted.from < f->wanted.until ? read_moments(b, f) : OK;
	for (size_t k = 0; st == OK && k < f->count; k++)
		if (is_new(b, &f->windows[k]))
			st = sum_window(b, f, &f->windows[k]);
	return st;
}

/* ---- Cycles, months and years */

/* Whether a follower is reading this very window, and does not have its sum yet. */
static struct window *
same_window(const struct limit_book *b, struct limit_follower *f, const struct window *read)
{
	struct window *w = f->source == LIMIT_FROM_SUMS ? limit_window_find(f, read->from) : NULL;

	return w != NULL && is_new(b, w) && !w->has_used && w->from == read->from && w->until == read->until ? w : NULL;
}

/* Adds the rows of the days [from, until) by channel. */
static enum status
add_days(struct limit_book *b, struct day from, struct day until, struct usage_sums *sums)
{
	struct query *q = db_query(b->db, "SELECT channel, messages, parts, cost_micros FROM usage_day "
	    "WHERE org = :org AND day >= :from AND day < :until");
	enum status st = OK, done;
	enum channel c;

	query_bind_int(q, ":org", b->org->key);
	query_bind_int(q, ":from", from.n);
	query_bind_int(q, ":until", until.n);
	while (st == OK && query_step(q))
		if ((st = channel_column(q, 0, &c)) == OK) {
			sums->of[c].messages = quota_sum(sums->of[c].messages, query_int(q, 1));
			sums->of[c].parts = quota_sum(sums->of[c].parts, query_int(q, 2));
			sums->of[c].cost_micros = quota_sum(sums->of[c].cost_micros, query_int(q, 3));
		}
	done = query_done(q);
	return st != OK ? st : done;
}

/* Sums of old days that this process keeps: most of a year, which an enforced event would otherwise read each time. */
static struct kept {
	int64_t db, org, zone_revision, now;
	struct day from, until;
	struct usage_sums sums;
} kept[KEPT];

/* Adds the days [from, until), which are old. */
static enum status
add_old_days(struct limit_book *b, struct day from, struct day until, struct usage_sums *sums)
{
	struct kept *k = &kept[b->org->key % KEPT];
	enum status st;

	if (!db_may_cache(b->db))
		return add_days(b, from, until, sums);
	if (k->db != db_number(b->db) || k->org != b->org->key || k->zone_revision != b->org->zone_revision || k->now > b->now ||
	    k->from.n != from.n || k->until.n != until.n) {
		*k = (struct kept) { .now = b->now, .from = from, .until = until };
		if ((st = add_days(b, from, until, &k->sums)) != OK)
			return st;
		k->db = db_number(b->db);
		k->org = b->org->key;
		k->zone_revision = b->org->zone_revision;
	}
	*sums = k->sums;
	return OK;
}

/* Adds up what was used in a window by channel.  A day of margin, because another process may have another time. */
static enum status
read_sums(struct limit_book *b, const struct window *w, struct usage_sums *sums)
{
	struct day from = w->days.from, old = day_add(b->today, -(USAGE_OLD_DAYS + 2));
	enum status st;

	*sums = (struct usage_sums) { 0 };
	if (old.n > w->days.until.n)
		old = w->days.until;
	if (old.n > from.n) {
		if ((st = add_old_days(b, from, old, sums)) != OK)
			return st;
		from = old;
	}
	return add_days(b, from, w->days.until, sums);
}

static void
add_sums(const struct limit_rule *rule, struct window *w, const struct usage_sums *sums)
{
	w->has_used = true;
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		if (limit_rule_counts(rule, c))
			w->used = quota_sum(w->used,
			    limit_rule_units(rule, sums->of[c].messages, sums->of[c].parts, sums->of[c].cost_micros));
}

/* Reads what was used in a window, for all followers that have it: the caps share that of the cycle. */
static enum status
read_long(struct limit_book *b, const struct window *read)
{
	struct window one = *read, *w;
	struct usage_sums sums;
	enum status st;

	if ((st = read_sums(b, &one, &sums)) != OK)
		return st;
	for (size_t i = 0; i < b->count; i++)
		if ((w = same_window(b, &b->of[i], &one)) != NULL)
			add_sums(b->of[i].rule, w, &sums);
	return OK;
}

enum status
limit_read_used(struct limit_book *b)
{
	enum status st;

	if ((st = read_days(b)) != OK || (st = read_quarters(b)) != OK)
		return st;
	for (size_t i = 0; st == OK && i < b->count; i++) {
		struct limit_follower *f = &b->of[i];

		if (f->source == LIMIT_FROM_ITS_OWN)
			st = read_its_own(b, f);
		for (size_t k = 0; st == OK && f->source == LIMIT_FROM_SUMS && k < f->count; k++)
			if (is_new(b, &f->windows[k]) && !f->windows[k].has_used)
				st = read_long(b, &f->windows[k]);
	}
	return st;
}
