/*
 * Channels in rows (see channel_column.h).
 */
#include "base/log.h"
#include "store/channel_column.h"

enum status
channel_column(struct query *q, int column, enum channel *c)
{
	char text[128];

	if (channel_parse(query_text(q, column), c))
		return OK;
	log_error("event=database error=\"unknown channel\" channel=%s",
	    log_value(query_text(q, column), text, sizeof(text)));
	return INTERNAL;
}
