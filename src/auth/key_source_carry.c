/*
 * Key sources: those of a database go into an earlier one that takes its place (see key_source.h).
 */
#include "auth/key_source_rows.h"

/* ---- Lists */

static bool
has_kid(const struct key_source *s, const char *kid)
{
	return key_source_rows_place(s, kid) < s->count;
}

/* Whether a key belongs to a source of the list, or to one that was forgotten. */
static bool
is_listed(const struct key_source_list *list, const char *kid)
{
	for (size_t i = 0; i < list->count; i++)
		if (has_kid(&list->sources[i], kid))
			return true;
	return has_kid(&list->forgotten, kid);
}

/*
 * Adds what only the earlier database has.  A source of it that is not listed was forgotten since if its keys are known; if they
 * are not, this database is another one, such as the empty one of a new machine, and has never had it.
 */
static void
add_earlier(struct key_source_list *list, const struct key_source_list *earlier)
{
	for (size_t i = 0; i < earlier->count; i++) {
		const struct key_source *s = &earlier->sources[i];
		bool is_known = key_source_find(list, s->url) != NULL;

		for (size_t k = 0; k < s->count; k++)
			is_known = is_known || is_listed(list, s->kids[k]);
		if (!is_known && list->count < KEY_SOURCES_MAX)
			list->sources[list->count++] = *s;
	}
	for (size_t k = 0; k < earlier->forgotten.count && list->forgotten.count < KEY_SOURCE_KIDS_MAX; k++)
		if (!is_listed(list, earlier->forgotten.kids[k]))
			key_source_rows_append(&list->forgotten, earlier->forgotten.kids[k], earlier->forgotten.is_withdrawn[k]);
}

/* ---- What the earlier database can have */

static enum status
has_organization(struct db *db, const char *id, bool *has)
{
	struct query *q = db_query(db, "SELECT 1 FROM organization WHERE id = :id");

	query_bind_text(q, ":id", id);
	*has = query_step(q);
	return query_done(q);
}

/* Leaves out sources whose organization is not there. */
static enum status
keep_possible(struct db *db, struct key_source_list *list)
{
	size_t kept = 0;
	enum status st = OK;
	bool has = true;

	for (size_t i = 0; st == OK && i < list->count; i++) {
		has = true;
		if (list->sources[i].keys.org != NULL)
			st = has_organization(db, list->sources[i].keys.org, &has);
		if (has)
			list->sources[kept++] = list->sources[i];
	}
	list->count = kept;
	return st;
}

/* Leaves out keys that are not there, or are ours. */
static enum status
keep_verifying(struct db *db, struct key_source *s)
{
	size_t kept = 0;
	enum status st = OK;

	for (size_t i = 0; st == OK && i < s->count; i++) {
		struct query *q = db_query(db, "SELECT 1 FROM signing_key WHERE kid = :kid AND sign_key IS NULL");

		query_bind_text(q, ":kid", s->kids[i]);
		if (query_step(q)) {
			s->kids[kept] = s->kids[i];
			s->is_withdrawn[kept++] = s->is_withdrawn[i];
		}
		st = query_done(q);
	}
	s->count = kept;
	return st;
}

enum status
key_source_carry(struct db *db, struct arena *a, struct key_source_list *list, struct error *err)
{
	struct key_source_list *earlier = arena_alloc(a, sizeof(*earlier));
	struct error unread = { 0 };
	enum status st;

	if (list->count + list->forgotten.count == 0)
		return OK;
	if ((st = key_source_load(db, a, earlier, &unread)) != OK) {
		if (unread.text[0] == '\0')
			return st;
		*earlier = (struct key_source_list) { .count = 0 };	/* --force accepts a setting that cannot be read */
	}
	if ((st = keep_possible(db, list)) != OK)
		return st;
	add_earlier(list, earlier);
	for (size_t i = 0; i <= list->count; i++)
		if ((st = keep_verifying(db, i < list->count ? &list->sources[i] : &list->forgotten)) != OK)
			return st;
	return key_source_rows_save(db, a, list, err);
}
