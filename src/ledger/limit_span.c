/*
 * The days of limits with a zone of their own (see limit_span.h), as org/day_spans.c has those of organizations.
 */
#include <stdlib.h>

#include "base/log.h"
#include "ledger/limit_span.h"

enum { KEPT = 64 };	/* organizations whose rows a process caches, as day_spans.c does */

/* The rows of one rule within those of its organization. */
struct part {
	int64_t rule;
	size_t first, count;
};

static struct kept {
	int64_t db, org, zone_revision;
	struct span *spans;
	struct part *parts;
	size_t count, max, parts_count, parts_max;
} kept[KEPT];

/* Adds a row, and begins another part with the first one of a rule. */
static void
add_row(struct kept *k, int64_t rule, struct span span)
{
	if (k->count == k->max) {
		k->max = k->max > 0 ? 2 * k->max : 256;
		k->spans = xrealloc(k->spans, k->max * sizeof(*k->spans));
	}
	if (k->parts_count == 0 || k->parts[k->parts_count - 1].rule != rule) {
		if (k->parts_count == k->parts_max) {
			k->parts_max = k->parts_max > 0 ? 2 * k->parts_max : 4;
			k->parts = xrealloc(k->parts, k->parts_max * sizeof(*k->parts));
		}
		k->parts[k->parts_count++] = (struct part) { .rule = rule, .first = k->count };
	}
	k->spans[k->count++] = span;
	k->parts[k->parts_count - 1].count++;
}

static enum status
read_rows(struct db *db, const struct organization *org, struct kept *k)
{
	struct query *q = db_query(db, "SELECT s.rule, s.from_at, s.utc_offset_s FROM limit_rule r "
	    "JOIN limit_span s ON s.rule = r.key WHERE r.org = :org ORDER BY s.rule, s.from_at");
	enum status st;

	k->db = db_number(db);
	k->org = org->key;
	k->zone_revision = org->zone_revision;
	k->count = k->parts_count = 0;
	query_bind_int(q, ":org", org->key);
	while (query_step(q))
		add_row(k, query_int(q, 0), (struct span) { .from_at = query_int(q, 1), .utc_offset_s = (int32_t)query_int(q, 2) });
	if ((st = query_done(q)) != OK)
		k->org = 0;	/* a partial list is never used; keys start at 1 */
	return st;
}

/* Copies what was read past the cache into the arena, and frees it. */
static void
move_to_arena(struct arena *a, struct kept *k)
{
	struct span *spans = arena_alloc(a, (k->count + 1) * sizeof(*spans));
	struct part *parts = arena_alloc(a, (k->parts_count + 1) * sizeof(*parts));

	for (size_t i = 0; i < k->count; i++)
		spans[i] = k->spans[i];
	for (size_t i = 0; i < k->parts_count; i++)
		parts[i] = k->parts[i];
	free(k->spans);
	free(k->parts);
	k->spans = spans;
	k->parts = parts;
}

static enum status
set_days(const struct organization *org, const struct kept *k, struct limit_rule *rule)
{
	for (const struct part *p = k->parts; p < k->parts + k->parts_count; p++)
		if (p->rule == rule->key) {
			rule->days = (struct spans) { .at = k->spans + p->first, .count = p->count };
			return OK;
		}
	log_error("event=database error=\"limit %s of organization %s has no limit_span rows\"", rule->name, org->id);
	return INTERNAL;
}

enum status
limit_span_load(struct db *db, struct arena *a, const struct organization *org, struct limit_rule *rules, size_t count)
{
	bool is_cached = db_may_cache(db);
	struct kept past_cache = { 0 }, *k = is_cached ? &kept[org->key % KEPT] : &past_cache;
	enum status st = OK;
	size_t first = 0;

	/* Most organizations have no such limit. */
	while (first < count && rules[first].zone == NULL)
		first++;
	if (first == count)
		return OK;
	if (k->db != db_number(db) || k->org != org->key || k->zone_revision != org->zone_revision)
		st = read_rows(db, org, k);
	if (!is_cached)
		move_to_arena(a, k);
	for (size_t i = first; st == OK && i < count; i++)
		if (rules[i].zone != NULL)
			st = set_days(org, k, &rules[i]);
	return st;
}
