/*
 * New rules of time zones.  A write brings the coming days of its organization, and of the organization's limits with a zone of
 * their own, up to date with the zone files; this does so for the organizations that nobody writes to, and tells which differ.
 *
 * To compare all organizations takes a moment, so it is done only when one of their zone files has been replaced: the setting
 * zones_compared holds a digest of what stat(2) says of those files, how many organizations were found to differ and could
 * not be brought up to date, and, while a comparison is unfinished, the last organization that it compared.
 */
#ifndef ZONE_RULES_H
#define ZONE_RULES_H

#include "org/day_spans.h"

/* Told of an organization whose coming days are not those of its zone file; err has the reason if no days can be made of it. */
typedef void zone_rules_found(const struct organization *org, enum day_spans_state state, const struct error *err, void *arg);

/* Whether a zone file has changed since all organizations were compared.  Not inside a transaction. */
bool		zone_rules_are_due(struct db *db, struct arena *a);

/*
 * Brings the coming days of organizations up to date with their zone files, one short transaction each, for about a second; a
 * later call goes on from there: *has_more.  Calls found for each organization that differed, after it was brought up to date.
 * waits: for the writers' lock as long as any write.  UNAVAILABLE if that is busy, or the database cannot be written: then a
 * later call goes on too.  Not inside a transaction.
 */
enum status	zone_rules_apply(struct db *db, struct arena *a, int64_t now, bool waits, zone_rules_found *found, void *arg,
		    bool *has_more) MUST_CHECK;

/* Compares every organization now, and calls found for each that differs.  Inside a transaction. */
enum status	zone_rules_compare(struct db *db, struct arena *a, int64_t now, zone_rules_found *found, void *arg) MUST_CHECK;

/*
 * How many organizations differ, from zones_compared.  If that is of other zone files, or unfinished, compares organizations
 * for at most ms; *is_whole tells whether the count is of all.  Inside a transaction.
 */
enum status	zone_rules_count(struct db *db, struct arena *a, int64_t now, int64_t ms, int64_t *count, bool *is_whole)
		    MUST_CHECK;

#endif
