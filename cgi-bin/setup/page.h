/*
 * The page of /setup, from its template cgi-bin/setup/setup.html.
 */
#ifndef SETUP_PAGE_H
#define SETUP_PAGE_H

#include "http/req.h"
#include "admin/setup.h"

/* The fields of the form, and their names (NULL-ended). */
enum setup_field { CODE, ID, NAME, ZONE, LIMIT, PLAN, CURRENCY, PRICE_SMS, PRICE_CALL, SETUP_FIELDS };
extern const char *const setup_fields[];

/* What a page shows; NULL = nothing.  A flag is set by any text. */
struct setup_page {
	const char *title, *problem, *fix, *warning;
	const char *form, *upgrade, *upload, *done;		/* flags */
	const char *key, *upgrading, *upgraded;			/* the API key; how far it is; the name of the old file */
	const char *values[SETUP_FIELDS], *errors[SETUP_FIELDS];	/* what was typed, and the error beside it */
	bool code_stays;
};

/* Whether the request is JSON; then the reply is too. */
bool		setup_page_is_json(const struct req *r);

/* Writes the page, with its headers; returns st. */
enum status	setup_page_show(struct req *r, enum status st, const struct setup_page *p, struct buf *body);

/* The page of a state: what to do, or why nothing can be done.  For JSON only the status, with the error in r->err. */
enum status	setup_page_state(struct req *r, const struct setup *s, struct setup_page *p, struct buf *body);

#endif
