/* The coming days that are over a limit (see limit_change.h). */
#include "ledger/held.h"
#include "ledger/limit_change.h"

/* The last day that is looked at: on later ones nothing is held, or they are too many. */
static enum status
last_day(struct db *db, const struct organization *org, struct day today, struct day *last)
{
	enum status st;

	*last = today;
	if ((st = held_last(db, org, last)) != OK)
		return st;
	/* A limit's day of another zone may begin a day later than the organization's. */
	*last = day_add(*last, 1);
	if (last->n < today.n)
		*last = today;
	if (last->n > today.n + LIMIT_OVER_MAX)
		*last = day_add(today, LIMIT_OVER_MAX);
	return OK;
}

static bool
is_over(const struct limit_state *s)
{
	return s->amount != UNLIMITED && quota_sum(s->used, s->held) > s->amount;
}

enum status
limit_over_list(struct db *db, struct arena *a, const struct organization *org, const struct limit_rule *rule, int64_t now,
    struct limit_over **over, size_t *count)
{
	struct day today = day_at(limit_rule_days(rule, org->days), now), last, d;
	struct limit_book *book;
	enum status st;

	*over = arena_alloc(a, LIMIT_OVER_MAX * sizeof(**over));
	*count = 0;
	if (rule->is_building)
		return OK;
	if ((st = last_day(db, org, today, &last)) != OK ||
	    (st = limit_book_new(db, a, org, NULL, LIMIT_FOLLOW_ALL, now, &book)) != OK ||
	    (st = limit_book_read(book, today, last)) != OK)
		return st;
	for (d = today; d.n <= last.n && *count < LIMIT_OVER_MAX;) {
		struct limit_state s = limit_book_state(book, rule, d);

		if (is_over(&s))
			(*over)[(*count)++] = (struct limit_over) { d, s };
		/* A calendar window of several days is named once; a rolling one has figures of its own on each day. */
		d = rule->period != LIMIT_ROLLING && s.window.until.n > d.n ? s.window.until : day_add(d, 1);
	}
	return OK;
}
