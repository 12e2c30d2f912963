/*
 * Who used it: sums of messages, parts and cost for each value of one or two dimensions, over a stretch of time.
 *
 * By channel, day and hour they are sums of the roll-ups.  The other dimensions are read from the ledger, as it stands after
 * settlements, voids and new prices, so that all groups together are what the roll-ups say.
 */
#ifndef USAGE_GROUP_H
#define USAGE_GROUP_H

#include "ledger/price.h"
#include "ledger/usage.h"

enum usage_dimension {
	USAGE_CHANNEL, USAGE_DAY, USAGE_HOUR, USAGE_SOURCE, USAGE_CAMPAIGN, USAGE_SENDER, USAGE_NETWORK, USAGE_TAG,
	USAGE_DIMENSION_COUNT
};

enum { USAGE_BY_MAX = 2 };

/* What to group by, each dimension once. */
struct usage_by {
	enum usage_dimension of[USAGE_BY_MAX];
	size_t count;
};

const char	*usage_dimension_name(enum usage_dimension d);

/* Reads one dimension or two with a comma, such as "tag,day"; BAD_REQUEST. */
enum status	usage_by_parse(const char *text, struct usage_by *by, struct error *err) MUST_CHECK;

/* Whether a dimension needs the rows of the ledger, and whether it is among those that are asked for. */
bool		usage_by_ledger(const struct usage_by *by);
bool		usage_by_has(const struct usage_by *by, enum usage_dimension d);

/*
 * A group.  Its key has a text for each dimension, NULL if its events have none: a day is YYYY-MM-DD; an hour is the instant at
 * which it begins, in UTC, where a change of clocks begins one too; a campaign is the id that the events named.
 */
struct usage_group {
	const char *key[USAGE_BY_MAX];
	struct usage_sum sum;
	uint32_t next;		/* of its chain in the table; for usage_group.c */
};

/* What is asked. */
struct usage_question {
	const struct organization *org;
	const struct price_list *prices;	/* if the ledger is read */
	struct usage_by by;
	int64_t from_at, until_at;	/* whole quarter-hours, [from_at, until_at) */
	int64_t rows_max;		/* rows of the ledger; 0 = any number */
	size_t groups_max;
};

/* Groups that are being added up, in an arena; none yet.  The question must remain valid. */
struct usage_groups;
struct usage_groups	*usage_groups_new(struct arena *a, const struct usage_question *question);

/*
 * Adds what was used in the stretch of the question.  BAD_REQUEST if it has more rows of the ledger than rows_max: the error says
 * about how many, and which stretch would do; or if there are more groups than groups_max.  Inside a read transaction.
 */
enum status	usage_groups_read(struct db *db, struct arena *a, struct usage_groups *g, struct error *err) MUST_CHECK;

/* The groups in the order of their keys, without those that add up to nothing; one without a value is the last. */
const struct usage_group	*usage_groups_sorted(struct usage_groups *g, size_t *count);

/* ---- For usage_group_read.c */

const struct usage_question	*usage_groups_question(const struct usage_groups *g);

/* A row that is read: its instant, what it has in each dimension, and its figures. */
struct usage_row {
	int64_t at;
	const char *of[USAGE_DIMENSION_COUNT];	/* of day and hour nothing: they follow from the instant */
	struct usage_sum sum;
};

/* False if there are too many groups. */
bool		usage_groups_add(struct usage_groups *g, const struct usage_row *row) MUST_CHECK;

#endif
