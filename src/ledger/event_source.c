/*
 * Sources (see event_source.h).  The key of the ledger is organization, source and id, and an organization has few sources: so
 * each is found by one search in the key, and so is an id under each.
 */
#include "ledger/event.h"
#include "ledger/event_source.h"

enum status
event_source_list(struct db *db, struct arena *a, const struct organization *org, const char *except, const char ***sources,
    size_t *count)
{
	/* From each source to the next one, so that the events of a source are not read. */
	struct query *q = db_query(db, "WITH RECURSIVE s (source) AS (SELECT min(source) FROM event WHERE org = :org UNION ALL "
	    "SELECT (SELECT min(e.source) FROM event e WHERE e.org = :org AND e.source > s.source) FROM s "
	    "WHERE s.source IS NOT NULL) "
	    "SELECT source FROM s WHERE source <> :except AND substr(source, 1, 8) <> '" EVENT_OWN_SOURCE "'");
	size_t max = 0;

	*sources = NULL;
	*count = 0;
	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":except", except);
	while (query_step(q)) {
		*sources = arena_grow(a, *sources, *count, &max, sizeof(**sources));
		(*sources)[(*count)++] = arena_strdup(a, query_text(q, 0));
	}
	return query_done(q);
}

static enum status
has_id(struct db *db, const struct organization *org, const char *source, const char *id, bool *has)
{
	struct query *q = db_query(db, "SELECT 1 FROM event WHERE org = :org AND source = :source AND id = :id");

	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":source", source);
	query_bind_text(q, ":id", id);
	*has = query_step(q);
	return query_done(q);
}

enum status
event_source_of(struct db *db, const struct organization *org, const char *own, const char *id, const char *const *sources,
    size_t count, size_t *which)
{
	enum status st;
	bool has;

	*which = count;
	if ((st = has_id(db, org, own, id, &has)) != OK || has)
		return st;
	for (size_t i = 0; i < count; i++) {
		if ((st = has_id(db, org, sources[i], id, &has)) != OK)
			return st;
		if (has) {
			*which = i;
			return OK;
		}
	}
	return OK;
}
