/*
 * Internals of the book of limits.  For limit*.c only.
 *
 * Times are quarter-hours of UTC, ranges of them [from, until).
 */
#ifndef LIMIT_INTERNAL_H
#define LIMIT_INTERNAL_H

#include "ledger/limit.h"

/* A window of a limit whose windows follow one another. */
struct window {
	int64_t from, until;
	struct limit_window days;
	int64_t used, held;
	int64_t own;		/* what limit_book_set_aside took out of `held` */
	unsigned reading;	/* the number of the reading that made it */
	bool has_used;		/* of one longer than a day: `used` was read */
};

/*
 * What a limit with a rolling window has in one quarter-hour.  In the first `summed` of them are the sums of all quarter-hours
 * before it, which make the sum of a window a difference of two, and the load (used + held) of the window that ends with it.
 */
struct moment {
	int64_t quarter;
	int64_t used, held;
	int64_t used_before, held_before, load;
};

/* What was added to a quarter-hour since its moment was summed up. */
struct limit_edit {
	int64_t quarter;
	int64_t used, held;
};

struct stretch {
	int64_t from, until;
};

/* Where a limit reads what was used. */
enum limit_source { LIMIT_FROM_DAYS, LIMIT_FROM_SUMS, LIMIT_FROM_QUARTERS, LIMIT_FROM_ITS_OWN };

/* A rule with what was read of it: windows in the order of time or, of a rolling one, moments. */
struct limit_follower {
	const struct limit_rule *rule;
	enum limit_source source;
	bool is_wanted;			/* the present reading concerns it */
	struct window *windows;
	size_t count, max;
	struct arena *arena;
	struct moment *moments;		/* of a rolling limit, as all up to here */
	size_t moment_count, moment_max, summed;
	int64_t *blocks;		/* the greatest load in each block of moments */
	size_t block_max;
	struct limit_edit *edits;	/* that the moments lack */
	size_t edit_count, edit_max, vain;
	struct limit_edit *own;		/* what limit_book_set_aside took out */
	size_t own_count, own_max;
	struct stretch *known;		/* what was read, in the order of time, apart from one another */
	size_t known_count, known_max;
	struct stretch wanted;		/* what is being read: all of it but what is known is new */
};

/* What a change adds to and takes away of one place: a day of the limit, or a quarter-hour under a rolling window. */
struct limit_place {
	int64_t from, until;
	int64_t first;			/* the first quarter-hour in which it adds something */
	int64_t plus, minus;
	int64_t plus_before, minus_before, stays_before;	/* of all places before it */
};

struct limit_book {
	struct db *db;
	struct arena *arena;
	const struct organization *org;
	struct rollup *rollup;			/* flushed before a reading; NULL = nothing is written meanwhile */
	const struct price_list *prices;	/* the caller's, or own_prices */
	struct price_list own_prices;
	int64_t now;
	struct day today;
	int64_t today_from;			/* the first quarter-hour of today: what is held before it is over */
	unsigned reading;
	struct limit_follower *of;
	size_t count;
	struct limit_place *places;		/* of the change that is being judged, by one limit */
	size_t place_count, place_max;
};

/* ---- Time */

/* The days whose dates the rule's amounts have, the day of a quarter-hour among them, and the first quarter-hour of one. */
struct spans	limit_days(const struct limit_book *b, const struct limit_rule *rule);
struct day	limit_day_of(const struct limit_book *b, const struct limit_rule *rule, int64_t quarter);
int64_t		limit_day_from(const struct limit_book *b, const struct limit_rule *rule, struct day d);

/* What is still to come of an organization's day, or all of one that is over. */
struct stretch	limit_rest_of_day(const struct limit_book *b, struct day d);

/* Whether something can be scheduled on a day: the zone does not skip it, and it begins before INSTANT_MAX. */
bool		limit_day_exists(const struct limit_book *b, struct day d);

/* ---- The book */

/* Whether a rule counts a load, and how much of it. */
bool		limit_counts(const struct limit_book *b, const struct limit_rule *rule, const struct limit_load *l);
int64_t		limit_load_units(const struct limit_rule *rule, const struct limit_load *l);

/* The follower of a rule; NULL if the book does not follow it. */
struct limit_follower	*limit_follower_of(const struct limit_book *b, const struct limit_rule *rule);

/* The window that contains a quarter-hour, if it was read; else NULL. */
struct window	*limit_window_find(const struct limit_follower *f, int64_t quarter);

/* The window that contains a quarter-hour, read or not, empty. */
struct window	limit_window_of(const struct limit_book *b, const struct limit_rule *rule, int64_t quarter);

/* Which windows a load is added to: all, or those that are being read now. */
enum limit_adding { LIMIT_ADD_ALL, LIMIT_ADD_NEW };
void		limit_add_to(struct limit_book *b, struct limit_follower *f, const struct limit_load *l, int sign,
		    enum limit_adding which);
void		limit_add_units(struct limit_book *b, struct limit_follower *f, int64_t quarter, bool is_held, int64_t units,
		    enum limit_adding which);

/* Reads what is missing of the windows that contain these quarter-hours, of the followers that are wanted. */
enum status	limit_read(struct limit_book *b, int64_t from, int64_t until) MUST_CHECK;
void		limit_want_all(struct limit_book *b);
void		limit_want_one(struct limit_book *b, const struct limit_follower *wanted);
void		limit_want_counting(struct limit_book *b, const struct limit_change *c);

/* The quarter-hours of what one follower is reading now, empty if it reads nothing; the smallest range with two. */
struct stretch	limit_new_of(const struct limit_book *b, const struct limit_follower *f);
struct stretch	limit_join(struct stretch x, struct stretch y);

/* Reads what was used in all that is being read now. */
enum status	limit_read_used(struct limit_book *b) MUST_CHECK;

/* ---- Rolling windows */

/* Forgets what was read. */
void		limit_rolling_reset(struct limit_follower *f);

/* Whether a quarter-hour was read.  Adds to one; remembers what a campaign held in one. */
bool		limit_rolling_knows(const struct limit_follower *f, int64_t quarter);
void		limit_rolling_add(struct limit_follower *f, int64_t quarter, int64_t used, int64_t held);
void		limit_rolling_set_aside(struct limit_follower *f, int64_t quarter, int64_t units);

/* The first quarter-hour from one on that has something; INT64_MAX = none. */
int64_t		limit_rolling_first(const struct limit_follower *f, int64_t quarter);

/* Sums of the window that ends with a quarter-hour; of the fullest, and of several the earliest, that ends in [from, until). */
struct limit_sums {
	int64_t used, held;
};
struct limit_sums	limit_rolling_sums(const struct limit_follower *f, int64_t last);
struct limit_sums	limit_rolling_fullest(const struct limit_follower *f, int64_t from, int64_t until, int64_t *last);

/*
 * The next quarter-hour in (after, until], or the previous one in [from, before), that has something and ends a window that may
 * have used and held more than `load` (limit_rolling_sums says whether it does); false if there is none.  All that are not named
 * have at most as much.
 */
bool		limit_rolling_next(const struct limit_follower *f, int64_t after, int64_t until, int64_t load, int64_t *last);
bool		limit_rolling_previous(const struct limit_follower *f, int64_t before, int64_t from, int64_t load, int64_t *last);

/* The least room by an amount of all windows that contain one of these quarter-hours. */
int64_t		limit_rolling_room(const struct limit_follower *f, struct stretch where, int64_t amount);

/* ---- Room and admission */

/* What a rule leaves in these quarter-hours of one of the organization's days: at the worst of them.  INT64_MAX = any amount. */
int64_t		limit_room_in(const struct limit_book *b, const struct limit_follower *f, struct stretch where);

/* Sets frees and frees_at of a refusal by one rule; has_next and next of the one that answers. */
enum status	limit_find_frees(struct limit_book *b, struct limit_follower *f, const struct limit_change *c,
		    struct limit_refusal *r) MUST_CHECK;
enum status	limit_find_next(struct limit_book *b, const struct limit_change *c, struct limit_refusal *r) MUST_CHECK;

#endif
