/* Reading the body of a PUT of a limit. */
#ifndef LIMIT_BODY_H
#define LIMIT_BODY_H

#include "ledger/limit_change.h"
#include "http/req.h"

/* The members that it may have. */
extern const char *const limit_body_members[];

/*
 * Reads the members into *in; was is the limit that there is, whose unit its amounts have if the body names none, or NULL.
 * BAD_REQUEST with the member's name.
 */
enum status	limit_body_read(struct req *r, struct json_object *o, const struct limit_rule *was, struct limit_input *in,
		    bool *is_preview);

#endif
