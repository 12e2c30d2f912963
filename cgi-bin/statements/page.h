/*
 * A statement as a page to print.
 */
#ifndef STATEMENTS_PAGE_H
#define STATEMENTS_PAGE_H

#include "http/req.h"
#include "ledger/statement.h"

/* Appends the page.  next: the `after` of the page that follows; NULL = this is the last. */
void	statements_page(struct req *r, const struct organization *org, const struct statement *s,
	    const struct statement_later *later, const char *next, struct buf *body);

#endif
