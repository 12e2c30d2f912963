/* The format of a reply: JSON or, if the route has it and the client asks for it, CSV or a page of HTML. */
#ifndef NEGOTIATE_H
#define NEGOTIATE_H

#include "http/req.h"

/*
 * Sets r->is_csv and r->is_html by the parameter `format`, otherwise by the header Accept: CSV only if it names text/csv with a
 * higher q than it gives application/json, and HTML likewise.  BAD_REQUEST for another format.
 */
enum status	negotiate_format(struct req *r);

#endif
