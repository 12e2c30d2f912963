/*
 * What the parts of the calendar share: a day as it was read, and how it is written.
 */
#ifndef CALENDAR_H
#define CALENDAR_H

#include "http/serve.h"
#include "ledger/limit.h"
#include "ledger/segment.h"
#include "org/organization.h"

/* A day as it was read.  `campaigns` is how many there are; of those the first are listed. */
struct calendar_day {
	struct day day;
	struct day_usage usage;
	int64_t campaigns;
	const struct segment_entry *entries;
	size_t count;
};

/* What days are written from. */
struct calendar {
	struct req *r;
	struct buf *body;
	struct json json;		/* on the body */
	struct organization org;
	struct day today;
	struct limit_book *book;	/* NULL as long as no day had to be read */
};

/* Writes a member of an open object.  Sets *is_secret if it has phone numbers, and leaves it alone otherwise. */
enum status	day_put_json(struct calendar *c, const struct calendar_day *day, bool *is_secret) MUST_CHECK;

/* Writes a line. */
void		day_put_csv(struct calendar *c, const struct calendar_day *day);

#endif
