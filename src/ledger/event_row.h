/*
 * Rows of the ledger: found, and added.  Nothing else ever writes the table `event`.
 */
#ifndef EVENT_ROW_H
#define EVENT_ROW_H

#include "ledger/event.h"
#include "ledger/price.h"
#include "ledger/segment.h"

/* A row as it stands. */
struct event_row {
	const char *source, *id;
	int64_t occurred_at;
	enum channel channel;
	int64_t messages, parts, cost_micros;
	bool cost_given;
	const char *status;
	int64_t campaign, segment;	/* resolved; 0 = none */
	const char *campaign_given, *voids;	/* NULL = none */
	int64_t segment_given;		/* 0 = none */
	uint8_t detail[32];
	bool has_detail;
};

/* The row of (source, id) in the arena; *found false where there is none. */
enum status	event_find(struct db *db, struct arena *a, const struct organization *org, const char *source,
		    const char *id, bool *found, struct event_row *row);

/*
 * What an event costs after later adjustments of it, in micros: what a void has to take back.
 * *adjusts counts the adjustments of this event alone: with the first its cost is a carrier's, and no price changes
 * it any more.
 */
enum status	event_effective_cost(struct db *db, const struct organization *org, const struct price_list *prices,
		    const struct event_row *row, int64_t *micros, int64_t *adjusts);

/* Whether a void took it back. */
enum status	event_is_voided(struct db *db, const struct organization *org, const struct event_row *row, bool *voided);

/* A row to be. */
struct event_new_row {
	const char *source, *id, *status, *campaign_given, *voids;
	int64_t occurred_at, messages, parts, cost_micros, segment_given;
	enum channel channel;
	bool cost_given;
	struct segment_ref ref;
	const uint8_t *detail;	/* NULL = none */
};

/* *is_new is false where the id is taken; then nothing was written.  The row goes into the day's digest by the roll-up. */
struct rollup;
enum status	event_insert(struct db *db, const struct organization *org, const struct event_new_row *row,
		    struct rollup *rollup, const struct event_options *options, bool *is_new) MUST_CHECK;

/* The difference that a new price makes to one quarter and channel, as an adjust row; counted in the roll-up too. */
enum status	event_adjust_quarter(struct db *db, const struct organization *org, int64_t quarter,
		    enum channel channel, int64_t cost_micros, struct rollup *rollup,
		    const struct event_options *options);

/* Writes an adjust row: money only; counted in the roll-up too. */
enum status	event_adjust(struct db *db, const struct organization *org, const char *source, const char *id,
		    int64_t occurred_at, enum channel channel, int64_t cost_micros, bool cost_given, struct rollup *rollup,
		    const struct event_options *options) MUST_CHECK;

#endif
