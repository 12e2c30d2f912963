/* The handlers of the program settings that are not in settings.c. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "http/req.h"

enum status	settings_get_limits(struct req *r, struct buf *body);
enum status	settings_get_limit(struct req *r, struct buf *body);
enum status	settings_put_limit(struct req *r, struct buf *body);
enum status	settings_delete_limit(struct req *r, struct buf *body);

#endif
