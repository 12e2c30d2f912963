/* The options of limit add and limit set. */
#ifndef CLI_LIMIT_H
#define CLI_LIMIT_H

#include "cli.h"
#include "ledger/limit_change.h"

/* As they were given; NULL = not given. */
struct limit_options {
	const char *channels, *sender, *network, *unit, *window, *zone, *hours, *amount, *valid_from, *action, *preset;
};

/*
 * Reads them; was is the limit that there is, or NULL.  Of one that there is, what is not given stays as it is.  False, with the
 * error printed, if one is wrong.
 */
bool	limit_options_read(struct cli *c, const struct limit_options *o, const struct limit_rule *was, struct limit_input *in);

#endif
