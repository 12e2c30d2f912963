/*
 * The channels, and what each dialect makes of them.  A new channel is a value here and a row of the table in channel.c;
 * docs/openapi.yaml lists it.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum channel {
	SMS, CALL, EMAIL, INAPP_WEB, WEB_PUSH, PUSH, SLACK, WHATSAPP, SAGE,
	CHANNEL_COUNT
};

struct channel_facts {
	const char *name;		/* in our API, the schema and pingram's channelUsages */
	const char *infodeck;		/* infodeck's counter; NULL = not counted there */
	bool in_message_usage;		/* part of pingram's messageUsage */
	bool in_budget_usage;		/* its cost is part of pingram's budgetUsage */
	bool always_shown;		/* in channelUsages even if zero */
};

const struct channel_facts	*channel_facts(enum channel c);

/* Finds a channel by its exact name.  False if there is none. */
bool	channel_parse(const char *name, enum channel *c);

/* The same, with BAD_REQUEST and an error that says which channels there are. */
enum status	channel_read(const char *name, enum channel *c, struct error *err) MUST_CHECK;

/* "SMS, CALL, EMAIL, …" for error messages. */
const char	*channel_names(void);

#endif
