/*
 * Events: the rows of the ledger, how they are read from JSON and how they are posted.
 */
#ifndef EVENT_H
#define EVENT_H

#include "quota/channel.h"
#include "org/organization.h"
#include "store/actor.h"

#define EVENT_ID_MAX 200	/* bytes */
#define EVENT_SOURCE_MAX 128
#define EVENT_COUNT_MAX INT64_C(1000000000)	/* messages or parts of one event */
#define EVENT_WINDOW_MS (35 * DAY_MS)	/* older events need the scope usage:backfill */
#define EVENT_AHEAD_MS (5 * MINUTE_MS)
#define EVENT_OWN_SOURCE "daybook:"	/* the prefix of our own rows; refused from clients */

/*
 * The unit separator, which joins two texts: in a cursor a source and an id, in the id of an adjustment the id of its event and
 * a number.  Neither may contain it, because ids and sources have no control characters.
 */
#define EVENT_SEPARATOR "\x1f"

enum event_kind { EVENT_SENT, EVENT_FAILED, EVENT_VOID };

struct event {
	const char *source, *id;
	enum event_kind kind;
	int64_t occurred_at;		/* a void has none */
	enum channel channel;
	int64_t messages, parts;
	bool cost_given;
	int64_t cost_micros;		/* if cost_given */
	const char *campaign;		/* campaignId; NULL = none */
	int64_t segment;		/* segmentNumber; 0 = none */
	const char *to, *reason;	/* of a failed event; of a void, reason alone */
	const char *voids;		/* the id of the event that a void takes back */
};

enum event_verdict { EVENT_PENDING, EVENT_ACCEPTED, EVENT_DUPLICATE, EVENT_CONFLICT, EVENT_REJECTED };

struct limit_refusal;	/* limit.h */

struct event_item {
	struct event event;
	enum event_verdict verdict;	/* EVENT_REJECTED before the post: skipped */
	const char *error;		/* of a rejected event: "field: what was wrong" */
	const char *warning;		/* of an accepted event; NULL = none */
	const struct limit_refusal *refusal;	/* of an event that found no room; NULL = none */
};

/* ---- Reading */

enum event_form { EVENT_NATIVE, EVENT_CLOUDEVENT };

/*
 * Reads one event from checked JSON.  Texts are copied into the arena.  BAD_REQUEST with the field's name.  e->id is
 * set even for a bad event, if it could be read.
 */
enum status	event_read(struct arena *a, enum event_form form, const char *text, size_t n,
		    struct event *e, struct error *err);

/* A CloudEvent's attributes as its HTTP headers carry them, percent-encoded; NULL = absent. */
struct event_headers {
	const char *version, *id, *source, *time, *type;
};

/* The same for a CloudEvent in binary mode: attributes from headers, data as text. */
enum status	event_read_binary(struct arena *a, const struct event_headers *headers, const char *text, size_t n,
		    struct event *e, struct error *err);

/* ---- Posting */

struct event_options {
	int64_t now;
	const struct actor *by;
	bool may_backfill;	/* events and voids older than EVENT_WINDOW_MS, from 2012 on */
	bool is_enforced;	/* record each only while its day and its cycle have room */
	bool is_statement;	/* a carrier's statement: an id that is taken is a duplicate whatever its other
				   fields are, and a given cost that differs becomes an adjust row */
};

/*
 * Posts the pending items in their order, inside a write transaction on org (organization_write), and sets
 * their verdicts.  A bad item never fails the others.  If the result is not OK, the transaction must be aborted.
 */
enum status	event_post(struct db *db, struct arena *a, const struct organization *org,
		    struct event_item *items, size_t count, const struct event_options *options);

/* The audit's detail of a void: a JSON object in the arena. */
const char	*event_void_detail(struct arena *a, const struct event *e);

#endif
