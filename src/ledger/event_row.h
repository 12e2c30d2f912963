/*
 * Rows of the ledger, looked up and added.  No other code inserts into the table `event`.
 */
#ifndef EVENT_ROW_H
#define EVENT_ROW_H

#include "ledger/event.h"
#include "ledger/price.h"
#include "ledger/segment.h"

/* Sources of our own: the first concerns events of a quarter-hour together; the second stands before the event's source. */
#define EVENT_REPRICE_SOURCE EVENT_OWN_SOURCE "reprice"
#define EVENT_SETTLE_PREFIX EVENT_OWN_SOURCE "adjust:"

/* The settlements of the event (:org, :source, :id) in the table `event`: those of its own source, and those of a statement. */
#define EVENT_IS_SETTLEMENT "org = :org AND source IN (:source, '" EVENT_SETTLE_PREFIX "' || :source) AND settles_id = :id"

/* A row as it is in the table. */
struct event_row {
	const char *source, *id;
	int64_t occurred_at;
	enum channel channel;
	int64_t messages, parts, cost_micros;
	bool cost_given;
	const char *status;
	int64_t campaign, segment;	/* resolved; 0 = none */
	const char *campaign_given, *voids, *settles;	/* NULL = none */
	const char *reason, *sender, *network, *tag;
	int64_t segment_given;		/* 0 = none */
	int64_t org_revision;		/* of the transaction that wrote it */
	uint8_t detail[32];
	bool has_detail;
};

/* The columns of `event e` that event_row_read reads, in its order, and their number. */
#define EVENT_ROW_COLUMNS \
	"e.source, e.id, e.occurred_at, e.channel, e.messages, e.parts, e.cost_micros, e.cost_given, e.status, e.campaign, " \
	"e.segment, e.campaign_given, e.segment_given, e.voids_id, e.detail_sha256, " \
	"e.settles_id, e.reason, e.sender, e.network, e.tag, e.org_revision"
enum { EVENT_ROW_COLUMN_COUNT = 21 };

/* Reads a row whose first columns are EVENT_ROW_COLUMNS; its texts go into the arena.  INTERNAL for an unknown channel. */
enum status	event_row_read(struct query *q, struct arena *a, struct event_row *row) MUST_CHECK;

/* Finds the row of (source, id), in the arena; *found is false if there is none. */
enum status	event_find(struct db *db, struct arena *a, const struct organization *org, const char *source,
		    const char *id, bool *found, struct event_row *row);

/*
 * What stands of an event after its settlements and after repricing: what lists show, and what a void takes back.  A failed
 * event has no messages, parts and cost, unless a settlement said that it was sent.
 */
struct event_standing {
	bool is_failed;
	int64_t messages, parts, cost_micros;
	bool cost_given;	/* by the event or a settlement: prices do not change it */
	int64_t own_micros;	/* cost_micros without the event's share of its quarter's repricing */
	int64_t settlements;	/* their number */
};

enum status	event_standing(struct db *db, const struct organization *org, const struct price_list *prices,
		    const struct event_row *row, struct event_standing *standing);

/* Whether a void took the event back. */
enum status	event_is_voided(struct db *db, const struct organization *org, const struct event_row *row, bool *voided);

/* A row to insert. */
struct event_new_row {
	const char *source, *id, *status, *campaign_given, *voids, *settles;
	const char *reason, *sender, *network, *tag;	/* NULL = none */
	int64_t occurred_at, messages, parts, cost_micros, segment_given;
	enum channel channel;
	bool cost_given;
	struct segment_ref ref;
	const uint8_t *detail;	/* NULL = none */
};

/*
 * Inserts a row; *is_new is false, and nothing was written, if the id is taken.  The roll-up adds the row to the day's
 * digest.
 */
struct rollup;
enum status	event_insert(struct db *db, const struct organization *org, const struct event_new_row *row,
		    struct rollup *rollup, const struct event_options *options, bool *is_new) MUST_CHECK;

/*
 * The same for so many rows of sent events in one statement, which costs a third less.  No two of them have the same id,
 * nor has a row that this transaction wrote before.
 */
enum { EVENT_ROWS = 16 };
enum status	event_insert_rows(struct db *db, const struct organization *org,
		    const struct event_new_row *const rows[EVENT_ROWS], struct rollup *rollup,
		    const struct event_options *options, bool is_new[EVENT_ROWS]) MUST_CHECK;

/* What a new price makes of the events of one quarter-hour, channel, sender and network (NULL = those that did not say it). */
struct event_adjustment {
	int64_t quarter;
	enum channel channel;
	const char *sender, *network;
	int64_t cost_micros;	/* the difference */
	int64_t nanos_per_part;	/* the price, which everything older of the quarter-hour and channel costs now; or EVENT_NO_PRICE */
};
#define EVENT_NO_PRICE (-1)	/* the adjustment concerns one event alone */

/*
 * Writes an adjustment as an adjust row of money only, whose reason is the price, and adds it to the roll-up.  *numbered is how
 * many of them the quarter-hour and channel have: -1 if the caller has not been told yet.
 */
enum status	event_adjust(struct db *db, const struct organization *org, const struct event_adjustment *adjustment,
		    int64_t *numbered, struct rollup *rollup, const struct event_options *options) MUST_CHECK;

/*
 * The last new price that a quarter-hour and a channel got, fixed as it was, wherever the quarter-hour's day may be now: events
 * that are older than that revision cost it.  Rows that versions before 6 of the schema wrote do not say which price it was: then
 * revision is 0, and the price of the present day is taken.
 */
struct event_repricing {
	bool is_there;
	int64_t revision, nanos_per_part;
};

/* Reads the columns org_revision and reason of such a row; INTERNAL if the reason is no price. */
enum status	event_repricing_read(struct query *q, int revision, int reason, struct event_repricing *repricing) MUST_CHECK;

#endif
