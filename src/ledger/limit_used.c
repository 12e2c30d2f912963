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

/* ---- Quarter-hours, for days of other zones and rolling windows */

/* The followers with one of the sources from first to last that are reading something. */
struct readers {
	struct limit_follower **of;
	size_t count;
};

static struct readers
readers_from(struct limit_book *b, enum limit_source first, enum limit_source last)
{
	struct readers r = { arena_alloc(b->arena, b->count * sizeof(struct limit_follower *)), 0 };

	for (struct limit_follower *f = b->of; f < b->of + b->count; f++) {
		struct stretch new = limit_new_of(b, f);

		if (first <= f->source && f->source <= last && new.from < new.until)
			r.of[r.count++] = f;
	}
	return r;
}

/* Adds three columns of a row, messages, parts and cost, to those readers that count the channel: they ask for nothing else. */
static void
add_row(struct limit_book *b, const struct readers *r, struct query *q, int column, enum channel c, int64_t quarter, bool is_old)
{
	int64_t messages = query_int(q, column), parts = query_int(q, column + 1), cost_micros = query_int(q, column + 2);

	for (size_t i = 0; i < r->count; i++) {
		struct limit_follower *f = r->of[i];

		if ((f->rule->channels >> c & 1U) != 0 && !(is_old && f->source == LIMIT_FROM_SUMS))
			limit_add_units(b, f, quarter, false, limit_rule_units(f->rule, messages, parts, cost_micros), LIMIT_ADD_NEW);
	}
}

/* Reads quarter-hours of one channel or (CHANNEL_COUNT) of all. */
static enum status
read_channel(struct limit_book *b, const struct readers *r, struct stretch s, enum channel one)
{
	struct query *q = db_query(b->db, one == CHANNEL_COUNT ?
	    "SELECT quarter, messages, parts, cost_micros, channel FROM usage_quarter "
	    "WHERE org = :org AND quarter >= :from AND quarter < :until ORDER BY quarter" :
	    "SELECT quarter, messages, parts, cost_micros FROM usage_quarter "
	    "WHERE org = :org AND quarter >= :from AND quarter < :until AND channel = :channel ORDER BY quarter");
	enum status st = OK, done;
	enum channel c = one;

	query_bind_int(q, ":org", b->org->key);
	query_bind_int(q, ":from", s.from);
	query_bind_int(q, ":until", s.until);
	if (one != CHANNEL_COUNT)
		query_bind_text(q, ":channel", channel_facts(one)->name);
	while (st == OK && query_step(q))
		if (one != CHANNEL_COUNT || (st = channel_column(q, 4, &c)) == OK)
			add_row(b, r, q, 1, c, query_int(q, 0), false);
	done = query_done(q);
	return st != OK ? st : done;
}

static enum status
read_quarters(struct limit_book *b)
{
	unsigned channels;
	struct stretch s = new_from(b, LIMIT_FROM_QUARTERS, &channels);
	struct readers r;
	enum status st = OK;

	if (s.from == s.until)
		return OK;
	r = readers_from(b, LIMIT_FROM_QUARTERS, LIMIT_FROM_QUARTERS);
	if (__builtin_popcount(channels) > CHANNELS_FEW)
		return read_channel(b, &r, s, CHANNEL_COUNT);
	for (enum channel c = 0; st == OK && c < CHANNEL_COUNT; c++)
		if ((channels >> c & 1U) != 0)
			st = read_channel(b, &r, s, c);
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

static void
add_sums(const struct limit_rule *rule, struct window *w, const struct usage_sums *sums)
{
	w->has_used = true;
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		if (limit_rule_counts(rule, c))
			w->used = quota_sum(w->used,
			    limit_rule_units(rule, sums->of[c].messages, sums->of[c].parts, sums->of[c].cost_micros));
}

/* The first day that is not old.  A day of margin, because another process may have another time. */
static struct day
old_until(const struct limit_book *b)
{
	return day_add(b->today, -(USAGE_OLD_DAYS + 2));
}

/* Reads what was used on old days of a window, for all followers that have it: the caps share that of the cycle. */
static enum status
read_old(struct limit_book *b, const struct window *read)
{
	struct window one = *read, *w;
	struct usage_sums sums = { 0 };
	struct day until = old_until(b).n < one.days.until.n ? old_until(b) : one.days.until;
	enum status st;

	if (one.days.from.n >= until.n)
		return OK;
	if ((st = add_old_days(b, one.days.from, until, &sums)) != OK)
		return st;
	for (size_t i = 0; i < b->count; i++)
		if ((w = same_window(b, &b->of[i], &one)) != NULL)
			add_sums(b->of[i].rule, w, &sums);
	return OK;
}

/* ---- Days */

/*
 * Reads the old days of windows of several days, each window for itself, and then all other days at once: a cycle, a month and a
 * year have the last ones in common.
 */
static enum status
read_days(struct limit_book *b)
{
	unsigned channels, more;
	struct stretch one = new_from(b, LIMIT_FROM_DAYS, &channels), many = new_from(b, LIMIT_FROM_SUMS, &more);
	int64_t old = day_start(b->org->days, old_until(b)) / QUARTER_MS, from = 0;
	struct day d = { INT32_MIN };
	struct readers r;
	int32_t day;
	enum channel c;
	struct query *q;
	enum status st = OK, done;

	for (size_t i = 0; st == OK && i < b->count; i++)
		for (size_t k = 0; st == OK && b->of[i].source == LIMIT_FROM_SUMS && k < b->of[i].count; k++)
			if (is_new(b, &b->of[i].windows[k]) && !b->of[i].windows[k].has_used)
				st = read_old(b, &b->of[i].windows[k]);
	many = (struct stretch) { many.from < old ? old : many.from, many.until < old ? old : many.until };
	one = limit_join(one, many);
	channels |= more;
	r = readers_from(b, LIMIT_FROM_DAYS, LIMIT_FROM_SUMS);
	if (st != OK || one.from >= one.until)
		return st;
	q = db_query(b->db, "SELECT day, channel, messages, parts, cost_micros FROM usage_day "
	    "WHERE org = :org AND day >= :from AND day < :until");
	query_bind_int(q, ":org", b->org->key);
	query_bind_int(q, ":from", day_at(b->org->days, one.from * QUARTER_MS).n);
	query_bind_int(q, ":until", day_at(b->org->days, (one.until - 1) * QUARTER_MS).n + 1);
	while (st == OK && query_step(q)) {
		if ((st = channel_column(q, 1, &c)) != OK || (channels >> c & 1U) == 0)
			continue;
		if (d.n != (day = (int32_t)query_int(q, 0))) {
			d.n = day;
			from = day_start(b->org->days, d) / QUARTER_MS;
		}
		add_row(b, &r, q, 2, c, from, from < old);
	}
	done = query_done(q);
	return st != OK ? st : done;
}

enum status
limit_read_used(struct limit_book *b)
{
	enum status st;

	if ((st = read_days(b)) != OK || (st = read_quarters(b)) != OK)
		return st;
	for (size_t i = 0; st == OK && i < b->count; i++)
		if (b->of[i].source == LIMIT_FROM_ITS_OWN)
			st = read_its_own(b, &b->of[i]);
	return st;
}
