/*
 * channel.c: the table of channels, and that schema.sql has the same names.  Where that file is, says
 * the variable SCHEMA_SQL; otherwise it is in the working folder.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quota/channel.h"
#include "table.h"

enum { SCHEMA_MAX = 1 << 20, IN_MESSAGES = 1, IN_BUDGET = 2, ALWAYS = 4 };

static const struct facts_row {
	const char *name;
	enum channel channel;
	const char *text, *infodeck;
	int flags;
} facts[] = {
	{ "SMS costs money, is always shown and is usageSms", SMS, "SMS", "usageSms", IN_BUDGET | ALWAYS },
	{ "CALL costs money and is always shown", CALL, "CALL", NULL, IN_BUDGET | ALWAYS },
	{ "EMAIL is a message, always shown, and is usageEmail", EMAIL, "EMAIL", "usageEmail", IN_MESSAGES | ALWAYS },
	{ "INAPP_WEB is a message, always shown", INAPP_WEB, "INAPP_WEB", NULL, IN_MESSAGES | ALWAYS },
	{ "WEB_PUSH is a message, always shown", WEB_PUSH, "WEB_PUSH", NULL, IN_MESSAGES | ALWAYS },
	{ "PUSH is a message, always shown", PUSH, "PUSH", NULL, IN_MESSAGES | ALWAYS },
	{ "SLACK is a message, always shown", SLACK, "SLACK", NULL, IN_MESSAGES | ALWAYS },
	{ "WHATSAPP is usageWhatsapp, and in no sum", WHATSAPP, "WHATSAPP", "usageWhatsapp", 0 },
	{ "SAGE is usageSage, and in no sum", SAGE, "SAGE", "usageSage", 0 },
};

static void
facts_are(void **state)
{
	const struct facts_row *row = *state;
	const struct channel_facts *f = channel_facts(row->channel);
	enum channel c = CHANNEL_COUNT;

	assert_string_equal(f->name, row->text);
	if (row->infodeck != NULL)
		assert_string_equal(f->infodeck, row->infodeck);
	else
		assert_null(f->infodeck);
	assert_int_equal(f->in_message_usage, (row->flags & IN_MESSAGES) != 0);
	assert_int_equal(f->in_budget_usage, (row->flags & IN_BUDGET) != 0);
	assert_int_equal(f->always_shown, (row->flags & ALWAYS) != 0);
	assert_true(channel_parse(row->text, &c));
	assert_int_equal(c, row->channel);
}

static const struct bad_row {
	const char *name, *text;
} bad[] = {
	{ "an unknown channel is none", "FAX" },
	{ "an empty name is none", "" },
	{ "a name in lower case is none", "sms" },
	{ "the beginning of a name is none", "WEB" },
	{ "a name and more is none", "SMSX" },
	{ "a name and a blank is none", "SMS " },
	{ "the list of names is none", "SMS, CALL" },
};

static void
is_no_channel(void **state)
{
	const struct bad_row *row = *state;
	enum channel c = CHANNEL_COUNT;

	assert_false(channel_parse(row->text, &c));
	assert_int_equal(c, CHANNEL_COUNT);
}

static void
every_channel_has_a_row(void **state)
{
	(void)state;
	assert_int_equal(sizeof(facts) / sizeof(facts[0]), CHANNEL_COUNT);
	for (size_t i = 0; i < CHANNEL_COUNT; i++)
		assert_int_equal(facts[i].channel, i);
}

static void
names_are_listed(void **state)
{
	const char *all = "SMS, CALL, EMAIL, INAPP_WEB, WEB_PUSH, PUSH, SLACK, WHATSAPP, SAGE";

	(void)state;
	assert_string_equal(channel_names(), all);
	assert_string_equal(channel_names(), all);
}

/* schema.sql checks only the length of a channel, so that a new one needs no new schema. */
static void
names_fit_the_schema(void **state)
{
	(void)state;
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		assert_in_range(strlen(channel_facts(c)->name), 1, 32);
}

int
main(void)
{
	TABLE(facts, facts_are);
	TABLE(bad, is_no_channel);
	CASE("every channel has a row above, in order", every_channel_has_a_row);
	CASE("all names are listed for messages", names_are_listed);
	CASE("every name fits the schema", names_fit_the_schema);
	return TABLE_RUN("channel");
}
