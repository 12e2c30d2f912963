/*
 * Limits: what their windows hold, what still fits, and which one refuses.  Everything that asks about a limit asks
 * here: events, campaigns, the calendar, slots, plans, settings and metrics.
 *
 * A book holds, for the instants that somebody asked about, how much each limit has used and held in each of its windows:
 *	used	what the ledger says (usage_day; usage_quarter for days of another zone and for rolling windows; limit_usage for
 *		limits with a sender or a network)
 *	held	what open segments hold (held.h), from today on: each contact left counts as one message of parts_per_contact
 *		parts, at the rounded cost of one such event on the segment's day; never of a limit with a network
 * Everything counts by its quarter-hour of UTC.  The windows of most limits follow one another: a day (of the organization or
 * of the limit's zone), a cycle, a month, a year.  A rolling one of N quarter-hours is asked wherever it may end: what is in the
 * quarter-hour q is in every window [e - N, e] with e from q to q + N.
 *
 * The room at an instant by a limit is the amount in force on that day (of the limit's zone, else of the organization), less
 * what the fullest window that contains the instant has used and held.  The room of a day is that of its worst instant that is
 * still to come.
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

/* Which rules a book follows: those that can refuse something, or all, for who shows them. */
enum limit_follow { LIMIT_FOLLOW_LIMITED, LIMIT_FOLLOW_ALL };

/*
 * A book for one transaction, of an organization with its limits loaded.  It and the prices must outlive the book.
 * Without prices (NULL) the book reads them itself if it needs them.
 */
enum status	limit_book_new(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
		    enum limit_follow follow, int64_t now, struct limit_book **book) MUST_CHECK;

/*
 * Names the rollup of the same transaction, if it has one: the book flushes it whenever it is about to read, and adds to the
 * windows that were read what is added to it later.  What is held the book is told (limit_book_add, limit_book_subtract).
 */
struct rollup;
void		limit_book_follow(struct limit_book *b, struct rollup *rollup);

/* Reads what is not read yet of the windows of the days from..to; of those that contain an instant. */
enum status	limit_book_read(struct limit_book *b, struct day from, struct day to) MUST_CHECK;
enum status	limit_book_read_at(struct limit_book *b, int64_t at) MUST_CHECK;

/* Loads an organization's limits, and reads the windows of the present: of all limits, for those who show them. */
enum status	limit_book_today(struct db *db, struct arena *a, struct organization *org, int64_t now, struct limit_book **book)
		    MUST_CHECK;

/* Forgets everything that was read, after a change that was not applied. */
void		limit_book_reset(struct limit_book *b);

/*
 * Until when what is said of limits stays true if nothing is written: the next midnight of the organization or of a limit's
 * zone, or, under a rolling window, the next quarter-hour.  Loads the limits into org unless this process knows the answer.
 */
enum status	limit_unchanged_until(struct db *db, struct arena *a, struct organization *org, int64_t now, int64_t *until)
		    MUST_CHECK;

/* One amount in one quarter-hour, which may be negative: what events add, or what a segment holds. */
struct limit_load {
	int64_t quarter;
	enum channel channel;
	const char *sender, *network;	/* NULL = not said */
	int64_t messages, parts, cost_micros;
	bool is_held;		/* counts only while its day is not over; it has no network */
};

/* One contact of a campaign. */
struct limit_contact {
	enum channel channel;
	const char *sender;	/* NULL = not said */
	int64_t parts;
};

/*
 * What a day that was read has used and held of the daily limit, which is what usage_days reads of a day that is not over.  False
 * if the book does not follow that limit.
 */
bool		limit_book_daily(const struct limit_book *b, struct day d, struct day_usage *usage);

/* What contacts hold at an instant. */
struct limit_load	limit_book_hold(const struct limit_book *b, int64_t at, const struct limit_contact *contact,
			    int64_t contacts);

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
 * How many such contacts a campaign could still reserve on a day that was read, or at an instant, by all limits that refuse:
 * INT64_MAX if none limits.  *by is the one with the least room; NULL = none.  Days that the zone skips, and those after
 * INSTANT_MAX, have no room (*by is NULL).
 */
int64_t		limit_book_room(const struct limit_book *b, struct day d, const struct limit_contact *contact,
		    const struct limit_rule **by);
int64_t		limit_book_room_at(const struct limit_book *b, int64_t at, const struct limit_contact *contact,
		    const struct limit_rule **by);

/* The same room in quota units, and of the daily limit alone exactly: it need not be a multiple of a contact's parts. */
int64_t		limit_book_room_units(const struct limit_book *b, struct day d, const struct limit_contact *contact,
		    const struct limit_rule **by);
int64_t		limit_book_room_units_at(const struct limit_book *b, int64_t at, const struct limit_contact *contact,
		    const struct limit_rule **by);

/* What one limit has in a window that was read: in the fullest that contains an instant. */
struct limit_state {
	struct limit_window window;	/* its days: of the limit's zone, else of the organization */
	int64_t from_at, until_at;	/* its instants [from_at, until_at) */
	int64_t amount, used, held, available;	/* UNLIMITED: available is INT64_MAX */
};
struct limit_state	limit_book_state(const struct limit_book *b, const struct limit_rule *rule, int64_t at);

/* ---- Admission */

/* Why a change was refused. */
struct limit_refusal {
	const struct limit_rule *rule;
	struct limit_state state;	/* of the window, as the change found it */
	struct day day;			/* the first day of the change, of the organization, that is over the amount in force */
	struct day limit_day;		/* the same of the limit's zone */
	int64_t place_from, place_until;	/* quarter-hours: what the change adds in these was refused */
	int64_t needed;			/* in the rule's unit */
	bool is_long;			/* the window is longer than a day */
	bool frees;
	/*
	 * If frees: the first instant from now on at which other windows, or an amount from a later day, have room for
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
 * in the order of the limit's days (of a rolling window, of its quarter-hours), as if it were added one after the other, each
 * by the amount of its own day; what was held later and still will be is there all the time.  A day on which it adds nothing is
 * not judged.  If several limits refuse, the one that answers is of those with a window longer than a day the one that frees
 * last; if there is none, of the others the one that frees last; and of several the first by name.
 * After a refusal the book is not to be used for anything else if the change has replaces_own.
 */
enum status	limit_check(struct limit_book *b, const struct limit_change *change, bool *is_refused,
		    struct limit_refusal *refusal) MUST_CHECK;

/*
 * Finds the first day from `from` on, and at most LIMIT_SEARCH_DAYS after it, with room for so many contacts by all
 * limits.  Reads those days.  *room is the room of that day (limit_book_room).
 */
enum status	limit_next_day(struct limit_book *b, struct day from, const struct limit_contact *contact, int64_t contacts,
		    bool *is_found, struct day *day, int64_t *room) MUST_CHECK;

/*
 * The sentence of a refusal, in the arena: "2026-05-20 has room for 3 of the daily limit of 10 messages, not for 4".
 */
const char	*limit_refusal_text(struct arena *a, const struct limit_refusal *r);

/* What has no room, to begin a sentence: "The day", "A cap of the billing cycle", "A limit of 24 hours" … */
const char	*limit_refusal_subject(struct arena *a, const struct limit_refusal *r);

/* Writes an amount in the rule's unit as a member; a cost in the currency's units. */
void		limit_put_amount(struct json *j, const char *name, const struct limit_rule *rule, int64_t amount);

/*
 * Writes limit, unit, window (and zone, hours, from, network, of a limit that has them), used, held, available, needed, freesAt
 * and nextAvailableDate as members of an open object.
 */
void		limit_refusal_put(struct json *j, const struct limit_refusal *r);

#endif
