/*
 * Groups of usage (see usage_group.h): their names, and the table that adds them up.
 */
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "ledger/usage_group.h"
#include "time/instant.h"

enum { CHAINS = 1 << 14, NONE = UINT32_MAX };

static const char *const names[USAGE_DIMENSION_COUNT + 1] = { [USAGE_CHANNEL] = "channel", [USAGE_DAY] = "day",
	[USAGE_HOUR] = "hour", [USAGE_SOURCE] = "source", [USAGE_CAMPAIGN] = "campaign", [USAGE_SENDER] = "sender",
	[USAGE_NETWORK] = "network", [USAGE_TAG] = "tag" };

/*
 * The table: groups in the order of their arrival, found by chains of those with the same hash.  Rows come in the order of
 * time, so the texts of the last quarter-hour are kept.
 */
struct usage_groups {
	struct arena *a;
	const struct usage_question *question;
	struct usage_group *groups;
	size_t count, room;
	int64_t quarter;		/* of the two texts */
	char day[DAY_TEXT_MAX], hour[INSTANT_TEXT_MAX];
	uint32_t chains[CHAINS];
};

const char *
usage_dimension_name(enum usage_dimension d)
{
	return names[d];
}

/* ---- The dimensions */

static enum status
parse_one(const char *word, struct usage_by *by, struct error *err)
{
	enum usage_dimension d = 0;

	while (d < USAGE_DIMENSION_COUNT && strcmp(names[d], word) != 0)
		d++;
	if (d == USAGE_DIMENSION_COUNT)
		return error_set(err, BAD_REQUEST, "by: unknown \"%.64s\"; one of channel, day, hour, source, campaign, sender, network "
		    "and tag%s", word, suggest_say(word, names));
	if (by->count == USAGE_BY_MAX)
		return error_set(err, BAD_REQUEST, "by: more than %d words; name one or two", USAGE_BY_MAX);
	if (by->count > 0 && by->of[0] == d)
		return error_set(err, BAD_REQUEST, "by: \"%s\" is given twice", word);
	by->of[by->count++] = d;
	return OK;
}

enum status
usage_by_parse(const char *text, struct usage_by *by, struct error *err)
{
	char word[SUGGEST_MAX + 1];
	enum status st = OK;
	size_t n;

	*by = (struct usage_by) { .count = 0 };
	for (;; text += n + 1) {
		n = strcspn(text, ",");
		if (n >= sizeof(word))
			return error_set(err, BAD_REQUEST, "by: a word is longer than %d bytes", SUGGEST_MAX);
		memcpy(word, text, n);
		word[n] = '\0';
		if ((st = parse_one(word, by, err)) != OK || text[n] == '\0')
			return st;
	}
}

bool
usage_by_ledger(const struct usage_by *by)
{
	for (size_t i = 0; i < by->count; i++)
		if (by->of[i] != USAGE_CHANNEL && by->of[i] != USAGE_DAY && by->of[i] != USAGE_HOUR)
			return true;
	return false;
}

bool
usage_by_has(const struct usage_by *by, enum usage_dimension d)
{
	for (size_t i = 0; i < by->count; i++)
		if (by->of[i] == d)
			return true;
	return false;
}

/* ---- The table */

struct usage_groups *
usage_groups_new(struct arena *a, const struct usage_question *question)
{
	struct usage_groups *g = arena_alloc(a, sizeof(*g));

	g->a = a;
	g->question = question;
	g->quarter = INT64_MIN;
	for (size_t i = 0; i < CHAINS; i++)
		g->chains[i] = NONE;
	return g;
}

const struct usage_question *
usage_groups_question(const struct usage_groups *g)
{
	return g->question;
}

/* The instant at which a quarter-hour's hour of the wall clock begins, or the offset of that hour, if that changes within it. */
static int64_t
hour_start(struct spans days, int64_t at)
{
	int32_t offset = span_offset_at(days, at);
	int64_t start = floor_div(at + offset * SECOND_MS, HOUR_MS) * HOUR_MS - offset * SECOND_MS;

	while (start < at && span_offset_at(days, start) != offset)
		start += QUARTER_MS;
	return start;
}

/* The text that a row has in a dimension. */
static const char *
text_of(struct usage_groups *g, enum usage_dimension d, const struct usage_row *row)
{
	int64_t quarter = floor_div(row->at, QUARTER_MS);

	if (d != USAGE_DAY && d != USAGE_HOUR)
		return row->of[d];
	if (quarter != g->quarter) {
		g->quarter = quarter;
		day_format(day_at(g->question->org->days, row->at), g->day);
		instant_format(hour_start(g->question->org->days, quarter * QUARTER_MS), g->hour);
	}
	return d == USAGE_DAY ? g->day : g->hour;
}

/* FNV-1a, of which the table needs a few bits. */
static uint32_t
hash_text(uint32_t hash, const char *text)
{
	if (text == NULL)
		return hash * 16777619;
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619;
	return (hash ^ 0xff) * 16777619;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
usage_groups_add(struct usage_groups *g, const struct usage_row *row)
{
	const struct usage_by *by = &g->question->by;
	const char *key[USAGE_BY_MAX] = { NULL };
	uint32_t hash = 2166136261, *chain;
	struct usage_group *group;

	for (size_t i = 0; i < by->count; i++) {
		key[i] = text_of(g, by->of[i], row);
		hash = hash_text(hash, key[i]);
	}
	chain = &g->chains[hash % CHAINS];
	for (uint32_t at = *chain; at != NONE; at = g->groups[at].next)
		if (is_same(g->groups[at].key[0], key[0]) && is_same(g->groups[at].key[1], key[1])) {
			group = &g->groups[at];
			group->sum.messages += row->sum.messages;
			group->sum.parts += row->sum.parts;
			group->sum.cost_micros += row->sum.cost_micros;
			return true;
		}
	if (g->count == g->question->groups_max)
		return false;
	g->groups = arena_grow(g->a, g->groups, g->count, &g->room, sizeof(*g->groups));
	g->groups[g->count] = (struct usage_group) { .sum = row->sum, .next = *chain };
	for (size_t i = 0; i < by->count; i++)
		g->groups[g->count].key[i] = key[i] != NULL ? arena_strdup(g->a, key[i]) : NULL;
	*chain = (uint32_t)g->count++;
	return true;
}

static int
compare_texts(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL);
	return strcmp(a, b);
}

static int
compare(const void *a, const void *b)
{
	const struct usage_group *x = a, *y = b;
	int order = compare_texts(x->key[0], y->key[0]);

	return order != 0 ? order : compare_texts(x->key[1], y->key[1]);
}

const struct usage_group *
usage_groups_sorted(struct usage_groups *g, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < g->count; i++) {
		const struct usage_sum *s = &g->groups[i].sum;

		if (s->messages != 0 || s->parts != 0 || s->cost_micros != 0)
			g->groups[(*count)++] = g->groups[i];
	}
	g->count = 0;	/* nothing can be found any more */
	if (*count > 1)
		qsort(g->groups, *count, sizeof(*g->groups), compare);
	return g->groups;
}
