/*
 * What a reply is made as: JSON, or where a route has it and it is asked for, CSV.
 */
#ifndef NEGOTIATE_H
#define NEGOTIATE_H

#include "http/req.h"

/*
 * Sets r->is_csv by the parameter `format`, else by the header Accept: CSV only where it names text/csv, with a higher q than
 * application/json has there.  BAD_REQUEST for another format.
 */
enum status	negotiate_format(struct req *r);

#endif
