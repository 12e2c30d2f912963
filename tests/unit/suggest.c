/* suggest.c: the word that is meant by a wrong one, and that a word which is only a little alike is not. */
#include <string.h>

#include "base/suggest.h"
#include "table.h"

static const char *const zones[] = { "Africa/Cairo", "America/Argentina/Buenos_Aires", "America/New_York", "America/Toronto",
	"Asia/Tokyo", "Australia/West", "Europe/Paris", "Pacific/Port_Moresby", "UTC", NULL };
static const char *const commands[] = { "init", "org", "limit", "price", "key", "token", "apikey", "setting", "usage", "verify", NULL };
static const char *const options[] = { "--org", "--daily-limit", "--messages-cap", "--sms-cap", "--timezone", NULL };
static const char *const fields[] = { "id", "source", "channel", "occurredAt", "campaignId", "segmentNumber", "to", NULL };

static const struct row {
	const char *name, *wrong;
	const char *const *words;
	const char *meant;	/* NULL = none */
} rows[] = {
	{ "a city is its zone", "Paris", zones, "Europe/Paris" },
	{ "a city in small letters is its zone", "paris", zones, "Europe/Paris" },
	{ "a zone in small letters is the zone", "europe/paris", zones, "Europe/Paris" },
	{ "a city with a blank is its zone", "New York", zones, "America/New_York" },
	{ "a city with a slip is its zone", "Torotno", zones, "America/Toronto" },
	{ "a city of another area is its zone", "America/Paris", zones, "Europe/Paris" },
	{ "the last of three parts is its zone", "buenos aires", zones, "America/Argentina/Buenos_Aires" },
	{ "a city that is in no list is none", "Gotham", zones, NULL },
	{ "an abbreviation is no short part with a slip", "CEST", zones, NULL },
	{ "an area alone is none", "Americ", zones, NULL },
	{ "a letter too many", "useage", commands, "usage" },
	{ "two slips in six letters are another word", "usuges", commands, NULL },
	{ "a letter is missing", "verfy", commands, "verify" },
	{ "two letters are swapped", "toekn", commands, "token" },
	{ "a letter is another", "prise", commands, "price" },
	{ "large letters", "USAGE", commands, "usage" },
	{ "the nearest one of several", "kei", commands, "key" },
	{ "the beginning of one word", "sett", commands, "setting" },
	{ "a word that is far from all", "frobnicate", commands, NULL },
	{ "a short word that shares a letter", "ls", commands, NULL },
	{ "nothing", "", commands, NULL },
	{ "the end of an option", "--limit", options, "--daily-limit" },
	{ "the end of two options", "--cap", options, NULL },
	{ "an option with another separator", "--daily_limit", options, "--daily-limit" },
	{ "an option with a slip", "--timzone", options, "--timezone" },
	{ "a field in another spelling", "occurred_at", fields, "occurredAt" },
	{ "a field of one letter more", "channels", fields, "channel" },
	{ "a short field is not meant by another short one", "at", fields, NULL },
};

static void
is_meant(void **state)
{
	const struct row *row = *state;
	const char *text = suggest_say(row->wrong, row->words);

	if (row->meant == NULL)
		assert_string_equal(text, "");
	else {
		assert_true(strncmp(text, "; did you mean ", 15) == 0);
		assert_int_equal(strlen(text), 15 + strlen(row->meant) + 1);
		assert_true(strncmp(text + 15, row->meant, strlen(row->meant)) == 0);
	}
}

static const struct distance_row {
	const char *name, *a, *b;
	int distance;
} distances[] = {
	{ "a word is itself", "usage", "usage", 0 },
	{ "case and separators do not count", "Daily Limit", "daily_limit", 0 },
	{ "a swap is one", "ab", "ba", 1 },
	{ "a letter less is one", "usage", "usag", 1 },
	{ "all letters are others", "abc", "xyz", 3 },
	{ "an empty word is far from all", "", "a", SUGGEST_FAR },
	{ "64 letters are compared", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 1 },
	{ "65 letters are not", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a", SUGGEST_FAR },
};

static void
is_so_far(void **state)
{
	const struct distance_row *row = *state;

	assert_int_equal(suggest_distance(row->a, row->b), row->distance);
	assert_int_equal(suggest_distance(row->b, row->a), row->distance);
}

int
main(void)
{
	TABLE(rows, is_meant);
	TABLE(distances, is_so_far);
	return TABLE_RUN("suggest");
}
