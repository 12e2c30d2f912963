/*
 * Internals of posting: the state of one post, and the checks on its items.  For event*.c only.
 */
#ifndef EVENT_POST_H
#define EVENT_POST_H

#include "ledger/event_row.h"
#include "ledger/job.h"
#include "ledger/usage.h"

/* One post, from its first item to its last. */
struct post {
	struct db *db;
	struct arena *arena;
	const struct organization *org;
	const struct event_options *options;
	struct price_list prices;
	struct rollup *rollup;
	struct limit_book *book;	/* NULL = events are facts */
	int64_t backfilled;	/* events older than the window */
	bool has_looked_for_job, has_job;
	struct post_quarter {
		enum channel channel;
		int64_t quarter;
	} *repriced;		/* what was repriced before a correction: later rows of the post have the new price already */
	size_t repriced_count, repriced_max;
	struct job job;		/* the organization's open one, if it has one; read for the first correction */
};

/* The status that a row has, by the kind of its event. */
extern const char *const event_kind_status[];

void		event_reject(struct event_item *item, const char *error);
/* Accepts an item of that instant.  What is older than the window counts as backfilled. */
void		event_accept(struct post *p, struct event_item *item, int64_t at, int64_t window_ms);

/* The hash of the phone number and the reason, or of what a settlement says; false if a sent event has neither. */
bool		event_detail_hash(const struct event *e, uint8_t detail[32]);

/*
 * False, with the item rejected, if the instant is outside the caller's window (window_ms back, unless he may backfill), or if
 * the cost is more than an amount may be.
 */
bool		event_check_window(struct post *p, struct event_item *item, const char *field, int64_t at, int64_t window_ms);
bool		event_cost(struct post *p, struct event_item *item, int64_t *micros);

/*
 * What stands of the event that a row to be written corrects.  If a job is about to reprice its quarter-hour, that is done
 * first, so that the correction takes the price that counts from now on.
 */
enum status	event_standing_for_write(struct post *p, const struct event_row *row, struct event_standing *s) MUST_CHECK;

/* Sets the item's verdict if its id is taken, by the row that has it. */
enum status	event_match_existing(struct post *p, struct event_item *item, const struct event_row *row);

enum status	event_post_void(struct post *p, struct event_item *item);
enum status	event_post_settlement(struct post *p, struct event_item *item);

/* Settles a row by the line of a statement that has its id: sets is_settled, is_voided or differs of the item, a duplicate. */
enum status	event_settle_statement(struct post *p, struct event_item *item, const struct event_row *row);

#endif
