/*
 * What the files of `daybook verify` share.
 */
#ifndef VERIFY_H
#define VERIFY_H

#include <stdio.h>

#include "cli.h"

#define DIFFERENCES_SHOWN 20

struct verify {
	struct cli *cli;
	int64_t org;			/* the one under the glass */
	const char *id;			/* its name; "" = the file as a whole */
	int64_t offset_min, offset_max;	/* of its spans, in seconds */
	int64_t events, total;		/* seen, and in the file when the work began */
	int64_t differences;
};

/* Counts a difference; prints it where it is one of the first DIFFERENCES_SHOWN. */
void		verify_differs(struct verify *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Inside a read transaction. */
enum status	verify_voids(struct verify *v);
enum status	verify_segments(struct verify *v);

#endif
