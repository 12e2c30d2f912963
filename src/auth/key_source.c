/*
 * Key sources: what is recorded of them (see key_source.h).  The setting is JSON, {"sources": […], "forgotten": {…}}.
 */
#include <string.h>
#include <strings.h>

#include "auth/key_source.h"
#include "auth/key_source_rows.h"
#include "base/id.h"
#include "base/json.h"
#include "store/setting.h"

/* ---- URLs */

/* Whether the URL begins so, and its host ends there. */
static bool
has_host(const char *url, const char *start)
{
	size_t n = strlen(start);

	return strncasecmp(url, start, n) == 0 && (url[n] == '\0' || strchr(":/?", url[n]) != NULL);
}

enum status
key_source_check_url(const char *url, struct error *err)
{
	size_t n = strlen(url);

	if (n >= KEY_SOURCE_URL_MAX)
		return error_set(err, BAD_REQUEST, "url: longer than %d bytes", KEY_SOURCE_URL_MAX - 1);
	for (size_t i = 0; i < n; i++)
		if (url[i] <= ' ' || url[i] > '~')
			return error_set(err, BAD_REQUEST, "url: has a blank, or a character that is not ASCII");
	/* user@host looks like another host than it is. */
	if (strchr(url, '@') != NULL)
		return error_set(err, BAD_REQUEST, "url: must not contain @");
	if ((strncasecmp(url, "https://", 8) == 0 && url[8] != '\0' && url[8] != '/') || has_host(url, "http://127.0.0.1") ||
	    has_host(url, "http://localhost") || has_host(url, "http://[::1]"))
		return OK;
	return error_set(err, BAD_REQUEST, "url: \"%.200s\" must begin with https://; http:// is for this machine itself only, as "
	    "anybody between could put keys of his own there", url);
}

/* ---- The keys of a source */

size_t
key_source_rows_place(const struct key_source *s, const char *kid)
{
	size_t i = 0;

	while (i < s->count && strcmp(s->kids[i], kid) != 0)
		i++;
	return i;
}

void
key_source_rows_append(struct key_source *s, const char *kid, bool is_withdrawn)
{
	s->kids[s->count] = kid;
	s->is_withdrawn[s->count++] = is_withdrawn;
}

/* ---- Reading */

/* The texts of a list; more than fit are left out. */
static enum status
read_kids(struct arena *a, const char *text, size_t n, const char *name, bool is_withdrawn, struct key_source *s,
    struct error *err)
{
	const char *list, *item, *kid;
	size_t list_n, item_n, pos = 0;
	struct json_object *o;
	enum status st;

	if (!json_find(text, n, name, &list, &list_n))
		return OK;
	while (json_next_item(list, list_n, &pos, &item, &item_n) && s->count < KEY_SOURCE_KIDS_MAX) {
		const char *wrapped = arena_printf(a, "{\"kid\":%.*s}", (int)item_n, item);

		if ((st = json_parse(a, "key_sources", wrapped, strlen(wrapped), &o, err)) != OK)
			return st;
		st = json_string(o, "kid", 1, KID_MAX - 1, &kid, err);
		json_object_free(o);
		if (st != OK)
			return st;
		key_source_rows_append(s, kid != NULL ? kid : "", is_withdrawn);
	}
	return OK;
}

static enum status
read_all_kids(struct arena *a, const char *text, size_t n, struct key_source *s, struct error *err)
{
	enum status st = read_kids(a, text, n, "kids", false, s, err);

	return st == OK ? read_kids(a, text, n, "withdrawn", true, s, err) : st;
}

static enum status
read_fields(struct json_object *o, struct key_source *s, struct error *err)
{
	const char *scopes;
	enum status st;
	bool found;

	if ((st = json_string(o, "url", 1, KEY_SOURCE_URL_MAX - 1, &s->url, err)) != OK ||
	    (st = json_string(o, "iss", 1, PARTY_MAX - 1, &s->keys.iss, err)) != OK ||
	    (st = json_string(o, "aud", 1, PARTY_MAX - 1, &s->keys.aud, err)) != OK ||
	    (st = json_string(o, "organization", 1, ID_MAX - 1, &s->keys.org, err)) != OK ||
	    (st = json_string(o, "maxScopes", 0, SOURCE_TEXT_MAX, &scopes, err)) != OK ||
	    (st = json_string(o, "error", 0, SOURCE_TEXT_MAX, &s->error, err)) != OK ||
	    (st = json_bool(o, "anyAudience", &found, &s->keys.is_any_audience, err)) != OK ||
	    (st = json_bool(o, "accessRole", &found, &s->keys.may_access_role, err)) != OK ||
	    (st = json_int(o, "readAt", 0, JSON_INT_MAX, &found, &s->read_at, err)) != OK ||
	    (st = json_int(o, "triedAt", 0, JSON_INT_MAX, &found, &s->tried_at, err)) != OK)
		return st;
	s->keys.has_max_scopes = scopes != NULL;
	s->keys.max_scopes = scopes != NULL ? scopes_known(scopes) : 0;
	if (s->error == NULL)
		s->error = "";
	return s->url != NULL ? OK : error_set(err, BAD_REQUEST, "key_sources: one has no url");
}

static enum status
read_source(struct arena *a, const char *text, size_t n, struct key_source *s, struct error *err)
{
	struct json_object *o;
	enum status st;

	*s = (struct key_source) { .error = "" };
	if ((st = json_parse(a, "key_sources", text, n, &o, err)) != OK)
		return st;
	st = read_fields(o, s, err);
	json_object_free(o);
	if (st != OK || (st = key_source_check_url(s->url, err)) != OK)
		return st;
	return read_all_kids(a, text, n, s, err);
}

static enum status
read_all(struct arena *a, const char *text, struct key_source_list *list, struct error *err)
{
	const char *sources, *forgotten, *item;
	size_t n = strlen(text), sources_n, forgotten_n, item_n, pos = 0;
	enum status st;

	if ((st = json_check("key_sources", text, n, err)) != OK)
		return st;
	if (!json_find(text, n, "sources", &sources, &sources_n))
		return error_set(err, BAD_REQUEST, "key_sources: has no sources");
	while (json_next_item(sources, sources_n, &pos, &item, &item_n)) {
		if (list->count == KEY_SOURCES_MAX)
			return error_set(err, BAD_REQUEST, "key_sources: more than %d", KEY_SOURCES_MAX);
		if ((st = read_source(a, item, item_n, &list->sources[list->count++], err)) != OK)
			return st;
	}
	if (!json_find(text, n, "forgotten", &forgotten, &forgotten_n))
		return OK;
	return read_all_kids(a, forgotten, forgotten_n, &list->forgotten, err);
}

enum status
key_source_load(struct db *db, struct arena *a, struct key_source_list *list, struct error *err)
{
	const char *text;
	enum status st;

	memset(list, 0, sizeof(*list));
	if ((st = setting_get(db, a, KEY_SOURCES, &text)) != OK || text[0] == '\0')
		return st;
	return read_all(a, text, list, err) == OK ? OK : INTERNAL;
}

struct key_source *
key_source_find(struct key_source_list *list, const char *url)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->sources[i].url, url) == 0)
			return &list->sources[i];
	return NULL;
}

/* ---- Writing */

static void
put_kids(struct json *j, const char *name, const struct key_source *s, bool is_withdrawn)
{
	json_open_array(j, name);
	for (size_t i = 0; i < s->count; i++)
		if (s->is_withdrawn[i] == is_withdrawn)
			json_put_text(j, NULL, s->kids[i]);
	json_close_array(j);
}

static void
put_source(struct arena *a, struct json *j, const struct key_source *s)
{
	json_open_object(j, NULL);
	json_put_text(j, "url", s->url);
	json_put_text_or_null(j, "iss", s->keys.iss);
	json_put_text_or_null(j, "aud", s->keys.aud);
	json_put_text_or_null(j, "organization", s->keys.org);
	json_put_text_or_null(j, "maxScopes", s->keys.has_max_scopes ? scopes_format(a, s->keys.max_scopes) : NULL);
	json_put_bool(j, "anyAudience", s->keys.is_any_audience);
	json_put_bool(j, "accessRole", s->keys.may_access_role);
	json_put_int(j, "readAt", s->read_at);
	json_put_int(j, "triedAt", s->tried_at);
	json_put_text(j, "error", s->error);
	put_kids(j, "kids", s, false);
	put_kids(j, "withdrawn", s, true);
	json_close_object(j);
}

enum status
key_source_rows_save(struct db *db, struct arena *a, const struct key_source_list *list, struct error *err)
{
	struct buf text = { 0 };
	struct json *j = json_on(&text);
	enum status st;

	json_open_object(j, NULL);
	json_open_array(j, "sources");
	for (size_t i = 0; i < list->count; i++)
		put_source(a, j, &list->sources[i]);
	json_close_array(j);
	json_open_object(j, "forgotten");
	put_kids(j, "kids", &list->forgotten, false);
	put_kids(j, "withdrawn", &list->forgotten, true);
	json_close_object(j);
	json_close_object(j);
	st = setting_set(db, KEY_SOURCES, list->count + list->forgotten.count > 0 ? buf_text(&text) : "", err);
	buf_free(&text);
	return st;
}
