/*
 * Limits as JSON, the same in replies, in the command's output and in the audit.
 */
#ifndef LIMIT_TEXT_H
#define LIMIT_TEXT_H

#include "ledger/limit_change.h"

/*
 * Writes an object with what can be set of a limit, as PUT takes it: channels, from, network, unit, window, zone, hours, amounts
 * from `from` on and action.
 */
void		limit_put_rule(struct json *j, const char *name, const struct limit_rule *rule, struct day from);

/*
 * Writes the members of a limit into an open object: what it is, and what its present window has used and holds.  `rule` too, if
 * has_rule.  The book is limit_book_today's.
 */
void		limit_put(struct json *j, const struct organization *org, const struct limit_book *book,
		    const struct limit_rule *rule, bool has_rule, int64_t now);

/* Writes `daysOverLimit`, the coming days that are over a limit, as a member of an open object; null = not known. */
void		limit_put_over(struct json *j, const struct limit_rule *rule, const struct limit_over *over, size_t count);

#endif
