/*
 * The table of channels.  Its columns are what the dialects make of a channel.
 */
#include <assert.h>
#include <string.h>

#include "base/suggest.h"
#include "quota/channel.h"

static const struct channel_facts channels[CHANNEL_COUNT] = {
	[SMS] = { "SMS", .infodeck = "usageSms", .in_budget_usage = true, .always_shown = true },
	[CALL] = { "CALL", .in_budget_usage = true, .always_shown = true },
	[EMAIL] = { "EMAIL", .infodeck = "usageEmail", .in_message_usage = true, .always_shown = true },
	[INAPP_WEB] = { "INAPP_WEB", .in_message_usage = true, .always_shown = true },
	[WEB_PUSH] = { "WEB_PUSH", .in_message_usage = true, .always_shown = true },
	[PUSH] = { "PUSH", .in_message_usage = true, .always_shown = true },
	[SLACK] = { "SLACK", .in_message_usage = true, .always_shown = true },
	[WHATSAPP] = { "WHATSAPP", .infodeck = "usageWhatsapp" },
	[SAGE] = { "SAGE", .infodeck = "usageSage" },
};

const struct channel_facts *
channel_facts(enum channel c)
{
	assert(c < CHANNEL_COUNT);
	return &channels[c];
}

/* Exact, upper case included: a guess at another spelling could count a message on the wrong channel. */
bool
channel_parse(const char *name, enum channel *c)
{
	for (enum channel i = 0; i < CHANNEL_COUNT; i++)
		if (strcmp(name, channels[i].name) == 0) {
			*c = i;
			return true;
		}
	return false;
}

enum status
channel_read(const char *name, enum channel *c, struct error *err)
{
	struct suggestion s;

	if (channel_parse(name, c))
		return OK;
	suggest_begin(&s, name);
	for (enum channel i = 0; i < CHANNEL_COUNT; i++)
		suggest_offer(&s, channels[i].name);
	return error_set(err, BAD_REQUEST, "channel: unknown \"%.64s\"; one of %s%s", name, channel_names(), suggest_text(&s));
}

const char *
channel_names(void)
{
	enum { LIST_SIZE = CHANNEL_COUNT * 16 };
	static char list[LIST_SIZE];	/* always the same text; the first call writes it */
	size_t used = 0;

	/* The list follows from the table, so it cannot lack a new channel. */
	if (list[0] != '\0')
		return list;
	for (enum channel i = 0; i < CHANNEL_COUNT; i++) {
		const char *comma = i > 0 ? ", " : "";

		assert(used + strlen(comma) + strlen(channels[i].name) < sizeof(list));
		used += (size_t)(stpcpy(stpcpy(list + used, comma), channels[i].name) - (list + used));
	}
	return list;
}
