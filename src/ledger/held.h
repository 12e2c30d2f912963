/*
 * What open segments hold: the table `held`, which has the sum of the contacts left of them for each quarter-hour, channel,
 * parts_per_contact and sender.  So a day costs the same to read with one campaign on it as with thousands.
 *
 * Whoever writes a segment's row calls held_add in the same transaction, with what that changes.  The sums are by the
 * quarter-hour of UTC, whether a day is over or not: they stay as they are if days get other boundaries.
 */
#ifndef HELD_H
#define HELD_H

#include "org/organization.h"
#include "quota/channel.h"

/*
 * Adds contacts to what the place of a segment holds, or takes them away if the number is negative.  The place is what the
 * segment's row says now: one that moves is taken away before its row changes, and added after.
 */
enum status	held_add(struct db *db, int64_t campaign, int64_t number, int64_t contacts) MUST_CHECK;

/* Contacts that are held in a quarter-hour. */
struct hold {
	int64_t quarter;
	struct day day;
	enum channel channel;
	const char *sender;	/* valid during the call; NULL = not said */
	int64_t contacts, parts_per_contact;
};

/* Calls each with what is held on the days [from, until), in the order of their quarter-hours; a day has several. */
enum status	held_each(struct db *db, const struct organization *org, struct day from, struct day until,
		    void (*each)(const struct hold *hold, void *arg), void *arg) MUST_CHECK;

/* The same in the quarter-hours [from, until). */
enum status	held_each_quarter(struct db *db, const struct organization *org, int64_t from, int64_t until,
		    void (*each)(const struct hold *hold, void *arg), void *arg) MUST_CHECK;

/* The last day on which something is held; *day is left alone if nothing is. */
enum status	held_last(struct db *db, const struct organization *org, struct day *day) MUST_CHECK;

/* Computes the sums again from the segments. */
enum status	held_rebuild(struct db *db, const struct organization *org) MUST_CHECK;

#endif
