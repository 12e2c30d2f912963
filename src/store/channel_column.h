/*
 * Reads a channel from a column of a row.
 */
#ifndef CHANNEL_COLUMN_H
#define CHANNEL_COLUMN_H

#include "db/db.h"
#include "quota/channel.h"

/* INTERNAL, with a log line, if this program does not know the channel: a newer one has written it. */
enum status	channel_column(struct query *q, int column, enum channel *c) MUST_CHECK;

#endif
