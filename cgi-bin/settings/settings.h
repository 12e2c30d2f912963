/* The handlers of the program settings that are not in settings.c. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "http/req.h"
#include "org/organization.h"

enum status	settings_get_limits(struct req *r, struct buf *body);
enum status	settings_get_limit(struct req *r, struct buf *body);
enum status	settings_put_limit(struct req *r, struct buf *body);
enum status	settings_delete_limit(struct req *r, struct buf *body);

/* Writes cycleDay, that of today, and the coming cycleDayChanges if there are any, as members of an open object. */
void		settings_put_cycle_day(struct json *out, const struct cycle_rule *cycles, struct day today);

/* Applies cycleDay and cycleDayFrom, if the body has them. */
enum status	settings_read_cycle_day(struct req *r, struct json_object *o, struct organization *wanted);

#endif
