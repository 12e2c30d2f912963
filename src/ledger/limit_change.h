/*
 * Changing limits: setting and removing one, with what follows from it: the days of its zone, its roll-up, and an audit row.
 *
 * Nothing is taken back: what was sent or is reserved stays, and limit_over_list says which coming days are over the limit.
 * A past day keeps the amount that it had.
 */
#ifndef LIMIT_CHANGE_H
#define LIMIT_CHANGE_H

#include "ledger/limit.h"
#include "quota/limit_preset.h"

#define LIMITS_MAX 50			/* of one organization, the five included */
#define LIMIT_AMOUNTS_MAX 100		/* of one limit, after today, and in one list */
#define LIMIT_HOURS_MAX 744		/* of a rolling window: 31 days */

/* What a limit counts, and over which window. */
struct limit_definition {
	unsigned channels;
	enum limit_unit unit;
	enum limit_period period;
	const char *sender, *network, *zone;	/* NULL = any; the organization's days */
	int32_t quarters;			/* of a rolling window; else 0 */
};

/* A limit as somebody wants it.  What is not given stays as it is, but a definition is replaced as a whole. */
struct limit_input {
	bool has_definition;		/* a new limit must have one */
	struct limit_definition definition;
	bool has_action, refuses;
	bool has_amount;		/* from `from` on, until the next amount, which stays */
	int64_t amount;
	bool has_from;			/* else from today on */
	struct day from;
	bool has_amounts;		/* in place of all amounts from the first of these on */
	struct limit_amount *amounts;
	size_t amount_count;
	const struct limit_step *steps;	/* amounts by days after `from`, of a preset; if the two others are absent */
	size_t step_count;
};

/* Reads a preset into an input: definition and steps. */
void		limit_input_preset(struct limit_input *in, const struct limit_preset *preset);

struct limit_change_options {
	int64_t now;
	const struct actor *by;
	bool is_remote;			/* asked for by a request */
	bool must_exist, must_be_new;	/* NOT_FOUND, CONFLICT otherwise */
};

/* The definition of a limit that there is. */
struct limit_definition	limit_definition_of(const struct limit_rule *rule);

/* The organization's limit of that name; NULL = none. */
const struct limit_rule	*limit_find(const struct organization *org, const char *name);

/*
 * Adds or changes the limit of that name, in a write transaction on org (organization_write), and loads org's limits again.
 * If its roll-up must be filled, a job does that (limit_fill.h), and it refuses nothing until then: *job is the number of that
 * job, 0 if there is none, or if it has to wait for another job to end.
 */
enum status	limit_set(struct db *db, struct arena *a, struct organization *org, const char *name, const struct limit_input *in,
		    const struct limit_change_options *options, int64_t *job, struct error *err) MUST_CHECK;

/* Removes it; of the five only its amounts from today on.  NOT_FOUND. */
enum status	limit_remove(struct db *db, struct arena *a, struct organization *org, const char *name,
		    const struct limit_change_options *options, struct error *err) MUST_CHECK;

/* A coming day that is over a limit. */
struct limit_over {
	struct day day;			/* of a longer window: its first one from today on */
	struct limit_state state;
};

#define LIMIT_OVER_MAX 366

/*
 * The coming days that are over a limit, at most LIMIT_OVER_MAX, in the arena: from today to the last day whose windows can
 * have anything.  A window of several days is named once; of rolling ones, each day on which one that is over ends.
 * *over is NULL if nothing is known, because the limit is not filled yet, unless is_filled says that its present windows are.
 * org's limits are loaded.
 */
enum status	limit_over_list(struct db *db, struct arena *a, const struct organization *org, const struct limit_rule *rule,
		    bool is_filled, int64_t now, struct limit_over **over, size_t *count) MUST_CHECK;

/*
 * Fills the present and coming windows of a limit that is being built, so that limit_over_list knows them: for a preview, in a
 * write transaction that will be undone.  *is_filled is false if there are too many events.
 */
enum status	limit_over_fill(struct db *db, struct arena *a, const struct organization *org, const struct limit_rule *rule,
		    int64_t now, bool *is_filled) MUST_CHECK;

#endif
