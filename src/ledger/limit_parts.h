/* Internals of changing limits.  For limit_change.c and limit_input.c only. */
#ifndef LIMIT_PARTS_H
#define LIMIT_PARTS_H

#include "ledger/limit_change.h"

/* A change of one limit, inside the write transaction. */
struct limit_write {
	struct db *db;
	struct arena *arena;
	struct organization *org;
	const char *name;
	const struct limit_rule *was;	/* NULL = it is new */
	struct limit_definition definition;	/* as it is to be */
	int64_t key;
	struct day was_today;		/* by the days that it had; of a new one not set */
	const struct limit_change_options *options;
	struct error *err;
};

/* Whether it is one of the five, and which. */
bool		limit_is_base(const char *name, enum limit_base_rule *base);

/* Whether the input makes a limit that there can be. */
enum status	limit_check_input(const struct limit_write *w, const struct limit_input *in) MUST_CHECK;

#endif
