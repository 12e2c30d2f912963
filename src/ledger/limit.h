/*
 * Limits: what their windows hold, what still fits, and which one refuses.  Everything that asks about a limit asks
 * here: events, campaigns, the calendar, slots, plans, settings and metrics.
 *
 * A book holds, for the days that somebody asked about, how much each limit has used and held in each of its windows:
 *	used	what the ledger says (usage_day)
 *	held	what open segments hold (held.h), from today on: each contact left counts as one message of parts_per_contact
 *		parts, at the rounded cost of one such event on the segment's day
 * A day's room by a limit is the amount in force on that day, less what the window that contains the day has used and
 * held.
 *
 * A limit refuses a change only if the change raises used + held of a window, and the sum is then over the amount.  So a
 * campaign can spend what it holds on a day that is over its limit, and shrink there.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include "ledger/limit_row.h"
#include "ledger/price.h"

#define LIMIT_SEARCH_DAYS 60	/* the next day with room is searched for today and this many days after it */

struct limit_book;

/* Which rules a book follows: those that have an amount on any day, or all, for who shows them. */
enum limit_follow { LIMIT_FOLLOW_LIMITED, LIMIT_FOLLOW_ALL };

/*
 * A book for one transaction, of an organization with its limits loaded.  It and the prices must outlive the book.
 * Without prices (NULL) the book reads them itself if it needs them.
 */
enum status	limit_book_new(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
		    enum limit_follow follow, int64_t now, struct limit_book **book) MUST_CHECK;

/* Names the rollup of the same transaction, if it has one: the book flushes it whenever it is about to read. */
struct rollup;
void		limit_book_flushes(struct limit_book *b, struct rollup *rollup);

/* Reads what is not read yet of the windows of the days from..to. */
enum status	limit_book_read(struct limit_book *b, struct day from, struct day to) MUST_CHECK;

/* Loads an organization's limits, and reads the windows of its today: of all limits, for those who show them. */
enum status	limit_book_today(struct db *db, struct arena *a, struct organization *org, int64_t now, struct limit_book **book)
		    MUST_CHECK;

/* Whether the windows of a day were read. */
bool		limit_book_has(const struct limit_book *b, struct day d);

/* Forgets everything that was read, after a change that was not applied. */
void		limit_book_reset(struct limit_book *b);

/* One amount on one day, which may be negative: what events add, or what a segment holds. */
struct limit_load {
	struct day day;
	enum channel channel;
	int64_t messages, parts, cost_micros;
	bool is_held;		/* counts only while its day is not over */
};

/* What contacts hold of a day. */
struct limit_load	limit_book_hold(const struct limit_book *b, struct day d, enum channel c, int64_t contacts,
			    int64_t parts_per_contact);

/* Adds a load to the windows that were read. */
void		limit_book_add(struct limit_book *b, const struct limit_load *load);
/* Takes it away. */
void		limit_book_subtract(struct limit_book *b, const struct limit_load *load);

/*
 * Takes away what a campaign holds, to see what it could hold instead: the room of a window is then at least what the
 * campaign holds of it already.
 */
void		limit_book_set_aside(struct limit_book *b, const struct limit_load *hold);

/*
 * How many contacts of so many parts a campaign could still reserve on a day that was read, by all limits that refuse:
 * INT64_MAX if none limits.  *by is the one with the least room; NULL = none.  Days that the zone skips, and those after
 * INSTANT_MAX, have no room (*by is NULL).
 */
int64_t		limit_book_room(const struct limit_book *b, struct day d, enum channel c, int64_t parts_per_contact,
		    const struct limit_rule **by);

/* The same room in quota units, and of the daily limit alone exactly: it need not be a multiple of parts_per_contact. */
int64_t		limit_book_room_units(const struct limit_book *b, struct day d, enum channel c, int64_t parts_per_contact,
		    const struct limit_rule **by);

/* What one limit has in the window of a day that was read. */
struct limit_state {
	struct limit_window window;
	int64_t amount, used, held, available;	/* UNLIMITED: available is INT64_MAX */
};
struct limit_state	limit_book_state(const struct limit_book *b, const struct limit_rule *rule, struct day d);

/* ---- Admission */

/* Why a change was refused. */
struct limit_refusal {
	const struct limit_rule *rule;
	struct limit_state state;	/* of the window, as the change found it */
	struct day day;			/* the first day of the change that is over the amount in force on it */
	int64_t needed;			/* in the rule's unit */
	bool is_long;			/* the window is longer than a day */
	bool frees;
	/*
	 * If frees: the first instant from now on at which another window, or an amount from a later day, has room for
	 * `needed`.  What is held counts as if it will be spent.  Nothing frees a window that is over.
	 */
	int64_t frees_at;
	bool has_next;
	struct day next;		/* the first day to which what was refused on `day` could go, by all limits */
};

/* What a change takes away and what it adds. */
struct limit_change {
	const struct limit_load *minus, *plus;
	size_t minus_count, plus_count;
	/*
	 * Of a campaign: the reported state leaves out what the campaign holds already, and `needed` is all that it will
	 * hold.  Otherwise the state is as it is, and `needed` is what the change adds to it.
	 */
	bool replaces_own;
};

/*
 * Decides whether a change fits; reads the windows that it needs.  *is_refused is false if it fits.  What it adds is judged
 * in the order of its days, as if it were added one day after the other, each by the amount of its own day; what was held on
 * a later day and still will be is there all the time.  A day on which it adds nothing is not judged.  If several limits
 * refuse, the one that answers is of those with a window longer than a day the one that frees last; if there is none,
 * of the others the one that frees last; and of several the first by name.
 * After a refusal the book is not to be used for anything else if the change has replaces_own.
 */
enum status	limit_check(struct limit_book *b, const struct limit_change *change, bool *is_refused,
		    struct limit_refusal *refusal) MUST_CHECK;

/*
 * Finds the first day from `from` on, and at most LIMIT_SEARCH_DAYS after it, with room for so many contacts by all
 * limits.  Reads those days.  *room is the room of that day (limit_book_room).
 */
enum status	limit_next_day(struct limit_book *b, struct day from, enum channel c, int64_t contacts, int64_t parts_per_contact,
		    bool *is_found, struct day *day, int64_t *room) MUST_CHECK;

/*
 * The sentence of a refusal, in the arena: "2026-05-20 has room for 3 of the daily limit of 10 messages, not for 4".
 */
const char	*limit_refusal_text(struct arena *a, const struct limit_refusal *r);

/* What has no room, to begin a sentence: "The day", "A cap of the billing cycle", "A limit of the month" … */
const char	*limit_refusal_subject(const struct limit_refusal *r);

/* Writes an amount in the rule's unit as a member; a cost in the currency's units. */
void		limit_put_amount(struct json *j, const char *name, const struct limit_rule *rule, int64_t amount);

/* Writes limit, unit, window, used, held, available, needed, freesAt and nextAvailableDate as members of an open object. */
void		limit_refusal_put(struct json *j, const struct limit_refusal *r);

#endif
