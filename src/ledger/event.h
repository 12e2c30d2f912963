/*
 * Events: the rows of the ledger, how they are read from JSON and how they are posted.
 */
#ifndef EVENT_H
#define EVENT_H

#include "quota/channel.h"
#include "org/organization.h"
#include "store/actor.h"
#include "time/instant.h"

#define EVENT_ID_MAX 200	/* bytes */
#define EVENT_SOURCE_MAX 128
#define EVENT_COUNT_MAX INT64_C(1000000000)	/* messages or parts of one event */
#define EVENT_WINDOW_MS (35 * DAY_MS)	/* older events need the scope usage:backfill */
#define EVENT_SETTLE_WINDOW_MS (100 * DAY_MS)	/* the same, of an event that is settled */
#define EVENT_AHEAD_MS (5 * MINUTE_MS)
#define EVENT_OWN_SOURCE "daybook:"	/* the prefix of our own rows; refused from clients */

/*
 * The unit separator, which joins two texts: in a cursor a source and an id, in the id of a statement's settlement the id of
 * its event and a number.  Neither may contain it, because ids and sources have no control characters.
 */
#define EVENT_SEPARATOR "\x1f"

enum event_kind { EVENT_SENT, EVENT_FAILED, EVENT_VOID, EVENT_SETTLEMENT };

struct event {
	const char *source, *id;
	enum event_kind kind;
	int64_t occurred_at;		/* voids and settlements have none */
	enum channel channel;
	int64_t messages, parts;
	bool parts_given, cost_given;
	int64_t cost_micros;		/* if cost_given */
	const char *campaign;		/* campaignId; NULL = none */
	int64_t segment;		/* segmentNumber; 0 = none */
	const char *sender, *network;	/* `from` and `network`: from whom, and to whose network; NULL = not said */
	const char *tag;		/* a cost centre; NULL = none */
	const char *to, *reason;	/* of a failed event; of a void, reason alone */
	const char *voids;		/* the id of the event that a void takes back */
	const char *settles;		/* the id of the event that a settlement settles; of it parts and cost only if given */
	bool settles_sent;		/* the settlement says that the event was sent after all */
};

/* Withheld: it would have been accepted, but another item was not, and the post is all or nothing. */
enum event_verdict { EVENT_PENDING, EVENT_ACCEPTED, EVENT_DUPLICATE, EVENT_CONFLICT, EVENT_REJECTED, EVENT_WITHHELD };

struct limit_refusal;	/* limit.h */

struct event_item {
	struct event event;
	enum event_verdict verdict;	/* EVENT_REJECTED before the post: skipped */
	const char *error;		/* of a rejected event: "field: what was wrong" */
	const char *warning;		/* of an accepted event; NULL = none */
	const struct limit_refusal *refusal;	/* of an event that found no room; NULL = none */
	bool is_repeated;		/* a duplicate of an item of the same post */
	bool is_voided;			/* a settlement of a voided event, which is rejected, or a statement's line of one */
	bool is_settled;		/* a statement's line that settled its event; its verdict is EVENT_DUPLICATE */
	const char *differs;		/* what of a statement's line contradicts the ledger and cannot be settled; NULL = nothing */
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
	bool may_backfill;	/* what is older than its window, from 2012 on */
	bool is_enforced;	/* record each only while its day and its cycle have room */
	bool is_statement;	/* a carrier's statement: an id that is taken is a duplicate whatever its other
				   fields are, and what differs settles the event */
};

/*
 * Posts the pending items in their order, inside a write transaction on org (organization_write), and sets
 * their verdicts.  A bad item never fails the others.  If the result is not OK, the transaction must be aborted.
 */
enum status	event_post(struct db *db, struct arena *a, const struct organization *org,
		    struct event_item *items, size_t count, const struct event_options *options);

/* The verdicts after a post that is rolled back because it is all or nothing: what it would have recorded is withheld. */
void		event_withhold(struct event_item *items, size_t count);

#endif
