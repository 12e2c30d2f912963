/*
 * Key sources: their keys become those of the database (see key_source.h).
 */
#include <stdio.h>
#include <string.h>

#include "auth/key_source_rows.h"
#include "base/utf8.h"

/* The key of that name in a set; NULL if there is none that can be used. */
static const struct jwk *
find_usable(const struct jwk_set *set, const char *kid)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->keys[i].pem != NULL && set->keys[i].kid != NULL && strcmp(set->keys[i].kid, kid) == 0)
			return &set->keys[i];
	return NULL;
}

/* Takes a key out of those that a source had. */
static void
remove_kid(struct key_source *s, size_t i)
{
	s->count--;
	memmove(&s->kids[i], &s->kids[i + 1], (s->count - i) * sizeof(s->kids[0]));
	memmove(&s->is_withdrawn[i], &s->is_withdrawn[i + 1], (s->count - i) * sizeof(s->is_withdrawn[0]));
}

/* Remembers a key of no source, in place of the oldest one if there is no room. */
static void
remember(struct key_source_list *list, const char *kid, bool is_withdrawn)
{
	if (list->forgotten.count == KEY_SOURCE_KIDS_MAX)
		remove_kid(&list->forgotten, 0);
	key_source_rows_append(&list->forgotten, kid, is_withdrawn);
}

/*
 * Forgets the oldest key that is no longer in the set, if there is no room for another one; its row stays retired.  A set has at
 * most JWK_KEYS_MAX keys, so of the full places half are others.
 */
static void
make_room(struct key_source_list *list, struct key_source *s, const struct jwk_set *set)
{
	size_t i = 0;

	if (s->count < KEY_SOURCE_KIDS_MAX)
		return;
	while (find_usable(set, s->kids[i]) != NULL)
		i++;
	remember(list, s->kids[i], s->is_withdrawn[i]);
	remove_kid(s, i);
}

/* Gives a key that no source has any more to this one, with its rights. */
static enum status
adopt(struct db *db, struct arena *a, struct key_source_list *list, struct key_source *s, const struct jwk_set *set, size_t from,
    int64_t now, const struct actor *by, struct error *err)
{
	const char *kid = list->forgotten.kids[from];
	bool is_withdrawn = list->forgotten.is_withdrawn[from], has_changed;

	remove_kid(&list->forgotten, from);
	make_room(list, s, set);
	key_source_rows_append(s, kid, is_withdrawn);
	return signing_key_regrant(db, a, kid, &s->keys, now, by, &has_changed, err);
}

/* A key that no source has had. */
static enum status
add_key(struct db *db, struct arena *a, struct key_source_list *list, struct key_source *s, const struct jwk_set *set,
    const struct jwk *jwk, int64_t now, const struct actor *by, struct error *err)
{
	struct signing_key_input input = s->keys;
	enum status st;

	input.kid = jwk->kid;
	input.alg = jwk->alg;
	input.pem = jwk->pem;
	if ((st = signing_key_add(db, a, &input, now, by, err)) == CONFLICT)
		error_set(err, CONFLICT, "its key \"%s\" has the name of a key that is not from there", jwk->kid);
	if (st != OK)
		return st;
	make_room(list, s, set);
	key_source_rows_append(s, jwk->kid, false);
	return OK;
}

/* One key of the set: new, back again, changed, or as it was. */
static enum status
take_key(struct db *db, struct arena *a, struct key_source_list *list, struct key_source *s, const struct jwk_set *set,
    const struct jwk *jwk, int64_t now, const struct actor *by, struct key_source_result *result, struct error *err)
{
	size_t i = key_source_rows_place(s, jwk->kid), from = key_source_rows_place(&list->forgotten, jwk->kid);
	bool has_changed = true;
	enum status st;

	if (i == s->count && from == list->forgotten.count)
		st = add_key(db, a, list, s, set, jwk, now, by, err);
	else {
		if (i == s->count && (st = adopt(db, a, list, s, set, from, now, by, err)) != OK)
			return st;
		i = key_source_rows_place(s, jwk->kid);
		st = signing_key_renew(db, a, jwk->kid, jwk->alg, jwk->pem, s->is_withdrawn[i], now, by, &has_changed, err);
		s->is_withdrawn[i] = false;
	}
	result->added += has_changed;
	return st;
}

/*
 * Retires the keys that the set no longer has.  One that the operator retired is not counted as withdrawn: it must not come back
 * with the set.
 */
static enum status
retire_missing(struct db *db, struct arena *a, struct key_source *s, const struct jwk_set *set, int64_t now,
    const struct actor *by, struct key_source_result *result, struct error *err)
{
	struct signing_key k;
	enum status st;

	for (size_t i = 0; i < s->count; i++) {
		if (s->is_withdrawn[i] || find_usable(set, s->kids[i]) != NULL)
			continue;
		if ((st = signing_key_load(db, a, s->kids[i], &k, err)) != OK)
			return st;
		if (k.retired_at != 0)
			continue;
		if ((st = signing_key_retire(db, s->kids[i], now, by, err)) != OK)
			return st;
		s->is_withdrawn[i] = true;
		result->retired++;
	}
	return OK;
}

/* Takes over a set, retiring before adding, and records that the source was read. */
static enum status
take_set(struct db *db, struct arena *a, struct key_source_list *list, struct key_source *s, const struct jwk_set *set,
    int64_t now, const struct actor *by, struct key_source_result *result, struct error *err)
{
	size_t taken = 0;
	enum status st;

	if ((st = retire_missing(db, a, s, set, now, by, result, err)) != OK)
		return st;
	for (size_t i = 0; i < set->count; i++) {
		const struct jwk *jwk = &set->keys[i];

		/* A token has to name its key, so one without a name can verify nothing. */
		if (jwk->pem == NULL || jwk->kid == NULL) {
			result->skipped++;
			continue;
		}
		if ((st = take_key(db, a, list, s, set, jwk, now, by, result, err)) != OK)
			return st;
		taken++;
	}
	if (taken == 0)
		return error_set(err, BAD_REQUEST, "none of its %zu keys can be used: %s", set->count,
		    set->count == 0 ? "the list is empty" : set->keys[0].skipped != NULL ? set->keys[0].skipped : "it has no kid");
	s->read_at = s->tried_at = now;
	s->error = "";
	return key_source_rows_save(db, a, list, err);
}

/* Gives a source other rights, and its keys with it. */
static enum status
regrant(struct db *db, struct arena *a, struct key_source *s, const struct signing_key_input *keys, int64_t now,
    const struct actor *by, struct key_source_result *result, struct error *err)
{
	enum status st = OK;
	bool has_changed;

	s->keys = *keys;
	for (size_t i = 0; st == OK && i < s->count; i++)
		if ((st = signing_key_regrant(db, a, s->kids[i], keys, now, by, &has_changed, err)) == OK)
			result->regranted += has_changed;
	return st;
}

enum status
key_source_add(struct db *db, struct arena *a, struct key_source_list *list, const struct key_source *source,
    const struct jwk_set *set, int64_t now, const struct actor *by, struct key_source_result *result, struct error *err)
{
	struct key_source *s = key_source_find(list, source->url);
	enum status st;

	*result = (struct key_source_result) { 0 };
	if (s != NULL) {
		if ((st = regrant(db, a, s, &source->keys, now, by, result, err)) != OK)
			return st;
	} else {
		if (list->count == KEY_SOURCES_MAX)
			return error_set(err, CONFLICT, "url: there are %d already, which is the most", KEY_SOURCES_MAX);
		s = &list->sources[list->count++];
		*s = *source;
	}
	return take_set(db, a, list, s, set, now, by, result, err);
}

enum status
key_source_apply(struct db *db, struct arena *a, struct key_source_list *list, const char *url, const struct jwk_set *set,
    int64_t now, const struct actor *by, struct key_source_result *result, struct error *err)
{
	struct key_source *s = key_source_find(list, url);

	*result = (struct key_source_result) { .is_gone = s == NULL };
	return s != NULL ? take_set(db, a, list, s, set, now, by, result, err) : OK;
}

/* A setting that cannot be read has no mark that could count, and must not keep a key in force. */
enum status
key_source_retire(struct db *db, struct arena *a, const char *kid, int64_t now, const struct actor *by, struct error *err)
{
	struct key_source_list *list = arena_alloc(a, sizeof(*list));
	struct error unread = { 0 };
	bool was_marked = false;
	enum status st;

	if ((st = signing_key_retire(db, kid, now, by, err)) != OK || key_source_load(db, a, list, &unread) != OK)
		return st;
	for (size_t i = 0; i <= list->count; i++) {
		struct key_source *s = i < list->count ? &list->sources[i] : &list->forgotten;
		size_t at = key_source_rows_place(s, kid);

		if (at == s->count || !s->is_withdrawn[at])
			continue;
		s->is_withdrawn[at] = false;
		was_marked = true;
	}
	return was_marked ? key_source_rows_save(db, a, list, err) : OK;
}

enum status
key_source_note_failure(struct db *db, struct arena *a, const char *url, const char *why, int64_t now, struct error *err)
{
	struct key_source_list list;
	struct key_source *s;
	size_t n = strlen(why);
	enum status st;

	if ((st = key_source_load(db, a, &list, err)) != OK || (s = key_source_find(&list, url)) == NULL)
		return st;
	if (n > SOURCE_TEXT_MAX)
		n = SOURCE_TEXT_MAX;
	s->error = utf8_is_valid(why, n) ? arena_text(a, why, n) : "the reply was not understood";
	s->tried_at = now;
	return key_source_rows_save(db, a, &list, err);
}

enum status
key_source_forget(struct db *db, struct arena *a, const char *url, int64_t now, const struct actor *by, struct error *err)
{
	struct key_source_result result = { 0 };
	struct key_source_list list;
	struct key_source *s;
	enum status st;

	if ((st = key_source_load(db, a, &list, err)) != OK)
		return st;
	if ((s = key_source_find(&list, url)) == NULL)
		return error_set(err, NOT_FOUND, "url: no keys are read from \"%.200s\"", url);
	if ((st = retire_missing(db, a, s, &(const struct jwk_set) { .count = 0 }, now, by, &result, err)) != OK)
		return st;
	for (size_t i = 0; i < s->count; i++)
		remember(&list, s->kids[i], s->is_withdrawn[i]);
	*s = list.sources[--list.count];
	return key_source_rows_save(db, a, &list, err);
}
