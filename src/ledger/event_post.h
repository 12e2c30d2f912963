/*
 * Internals of posting: the state of one post, and the checks on its items.  For event*.c only.
 */
#ifndef EVENT_POST_H
#define EVENT_POST_H

#include "ledger/event_row.h"
#include "ledger/job.h"
#include "ledger/usage.h"

/* Segments that events of a post have spent, or looked for.  Written when the post is over, or one of them is no longer open. */
enum { POST_TARGETS_MAX = 32 };
struct post_target {
	struct segment_target is;	/* with what this post has spent */
	enum segment_state was;		/* in the row */
	bool is_changed;
	int64_t queued;			/* messages of queued events: not spent yet */
};
struct post_targets {
	struct post_target of[POST_TARGETS_MAX];
	size_t count;
	struct post_choice {	/* what an event names, and what it was found to mean */
		const char *campaign;
		int64_t segment;
		struct day day;
		struct post_target *target;
	} choices[POST_TARGETS_MAX];
	size_t choice_count;
};

/* An event that waits until there are enough to insert together. */
struct post_queued {
	struct event_item *item;
	struct event_new_row row;
	struct post_target *target;
};

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
	struct post_targets targets;
	struct post_queued queue[EVENT_ROWS];
	size_t queued;
	struct event_item **ids;	/* the items by a hash of their ids; NULL = nothing is queued */
	size_t ids_mask;
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
 * Finds the campaign and the segment that an event names.  *target is the segment that it spends, or NULL.  It is valid until
 * another event's is found, or one is spent.
 */
enum status	event_target_find(struct post *p, struct event_item *item, struct segment_ref *ref, struct post_target **target)
		    MUST_CHECK;
/* Spends what an event says that was sent or failed. */
enum status	event_target_spend(struct post *p, struct post_target *target, const struct event *e) MUST_CHECK;
/* Writes what was spent; afterwards the rows may be changed. */
enum status	event_target_write(struct post *p) MUST_CHECK;

/* Inserts the queued events. */
enum status	event_queue_flush(struct post *p) MUST_CHECK;

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
