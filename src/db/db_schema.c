/*
 * Compares the schema of a database with schema.sql, token by token.  SQLite keeps the text of each
 * CREATE statement, so two hashes per object are enough; parsing SQL further would only repeat
 * SQLite's work.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "db/db_file.h"
#include "db/db_schema.h"
#include "base/row_hash.h"

enum { OBJECTS_MAX = 128, WORD_MAX = 64 };

/* A table, index, trigger or view. */
struct object {
	char type[WORD_MAX], name[WORD_MAX];
	int64_t hash;		/* of the tokens of its CREATE statement */
	bool is_found;
};

/* ---- Tokens of SQL */

struct token {
	const char *text;
	size_t n;
};

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The position after a quoted text or name that begins at p; a doubled quote does not end it. */
static const char *
skip_quoted(const char *p)
{
	char quote = *p++;

	while (*p != '\0' && (*p != quote || p[1] == quote))
		p += *p == quote ? 2 : 1;
	return *p != '\0' ? p + 1 : p;
}

/* Skips blanks and both kinds of comments: SQLite keeps those inside a CREATE statement. */
static const char *
skip_blank(const char *p)
{
	for (;;) {
		while (isspace((unsigned char)*p))
			p++;
		if (p[0] == '-' && p[1] == '-')
			p += strcspn(p, "\n");
		else if (p[0] == '/' && p[1] == '*')
			p = strstr(p, "*/") != NULL ? strstr(p, "*/") + 2 : p + strlen(p);
		else
			return p;
	}
}

/*
 * Reads the next token and returns the position after it; at the end the token has no length.  A
 * token is a quoted text, a word or a number, or one other character.
 */
static const char *
next_token(const char *p, struct token *t)
{
	const char *end;

	p = skip_blank(p);
	end = p;
	if (*p == '\'' || *p == '"' || *p == '`')
		end = skip_quoted(p);
	else if (is_word(*p))
		while (is_word(*end))
			end++;
	else if (*p != '\0')
		end++;
	*t = (struct token) { p, (size_t)(end - p) };
	return end;
}

static bool
is(const struct token *t, const char *word)
{
	return t->n == strlen(word) && strncmp(t->text, word, t->n) == 0;
}

/* In lower case, as sqlite_schema writes types. */
static void
copy_word(char out[WORD_MAX], const struct token *t)
{
	snprintf(out, WORD_MAX, "%.*s", (int)t->n, t->text);
	for (char *c = out; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
}

static void
hash_token(struct row_hash *h, const struct token *t)
{
	row_hash_blob(h, t->text, t->n);
}

/*
 * Reads one statement up to its semicolon into *o.  Semicolons between BEGIN and END of a trigger
 * belong to the statement.  So an expression CASE … END may not occur in a trigger of schema.sql.
 * False if the statement creates nothing.
 */
static bool
read_statement(const char **p, struct object *o)
{
	bool is_create, is_trigger = false, is_in_body = false, has_type = false, has_name = false;
	struct row_hash h;
	struct token t;

	*o = (struct object) { .is_found = false };
	row_hash_start(&h);
	*p = next_token(*p, &t);
	is_create = is(&t, "CREATE");
	for (; t.n > 0; *p = next_token(*p, &t)) {
		if (is(&t, ";") && !is_in_body)
			break;
		hash_token(&h, &t);
		if (!has_type && (is(&t, "TABLE") || is(&t, "INDEX") || is(&t, "TRIGGER") || is(&t, "VIEW"))) {
			copy_word(o->type, &t);
			is_trigger = is(&t, "TRIGGER");
			has_type = true;
		} else if (has_type && !has_name) {
			snprintf(o->name, sizeof(o->name), "%.*s", (int)t.n, t.text);
			has_name = true;
		} else if (is_trigger && is(&t, "BEGIN"))
			is_in_body = true;
		else if (is_in_body && is(&t, "END"))
			is_in_body = false;
	}
	o->hash = row_hash_end(&h);
	return is_create && has_name;
}

/* ---- The objects of schema.sql */

/* The objects of schema.sql, read once per process. */
static const struct object *
wanted_objects(size_t *count)
{
	static struct object objects[OBJECTS_MAX];
	static size_t n;
	const char *p = schema_sql;

	if (n == 0)
		while (n < OBJECTS_MAX && *skip_blank(p) != '\0')
			if (read_statement(&p, &objects[n]))
				n++;
	*count = n;
	return objects;
}

/* ---- The objects of the database */

/*
 * Whether an object that schema.sql does not have is allowed all the same: statistics that ANALYZE writes, the tables of
 * Litestream, and those of an upgrade in its unfinished file.  A trigger or view is code, and never allowed.
 */
static bool
is_nobodys(const struct db *db, const char *type, const char *name)
{
	if (strcmp(type, "table") != 0 && strcmp(type, "index") != 0)
		return false;
	return strncmp(name, "sqlite_stat", 11) == 0 || strncmp(name, "_litestream_", 12) == 0 ||
	    (db->is_unfinished && strncmp(name, "upgrade_", 8) == 0);
}

/* Whether it is an index that an older version had. */
static bool
is_former(const char *type, const char *name)
{
	/* Versions 4 and 5 had the table, and nothing wrote to it. */
	if (strcmp(type, "table") == 0)
		return strcmp(name, "usage_origin") == 0;
	return strcmp(type, "index") == 0 && (strcmp(name, "event_segment") == 0 || strcmp(name, "audit_newest") == 0 ||
	    strcmp(name, "segment_open") == 0);
}

/* Reports a difference in a sentence. */
static void
say(void (*differs)(void *arg, const char *what), void *arg, const char *type, const char *name, const char *what)
{
	char text[DB_SCHEMA_TEXT_MAX];

	snprintf(text, sizeof(text), "the %.16s %.100s %s", type, name, what);
	for (char *c = text; *c != '\0'; c++)	/* the name comes from the file, and may contain anything */
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	differs(arg, text);
}

/* Compares all; or, for a file of an older version, reports only what schema.sql does not have. */
static enum status
compare(struct db *db, bool is_older, void (*differs)(void *arg, const char *what), void *arg)
{
	struct query *q = db_query(db, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name");
	struct object wanted[OBJECTS_MAX], is;
	const char *type, *name, *sql;
	size_t count, i;
	enum status st;

	/* A copy, because is_found is set in it. */
	memcpy(wanted, wanted_objects(&count), sizeof(wanted));
	while (query_step(q)) {
		type = query_text(q, 0);
		name = query_text(q, 1);
		sql = query_text(q, 2);
		for (i = 0; i < count && (strcmp(wanted[i].type, type) != 0 || strcmp(wanted[i].name, name) != 0); i++)
			;
		if (i < count) {
			wanted[i].is_found = true;
			if (!is_older && (!read_statement(&sql, &is) || is.hash != wanted[i].hash))
				say(differs, arg, type, name, "differs from schema.sql");
		} else if (!is_nobodys(db, type, name) && !(is_older && is_former(type, name)))
			say(differs, arg, type, name, "is not in schema.sql");
	}
	st = query_done(q);
	/* What remains of the list is not in the database. */
	for (i = 0; st == OK && !is_older && i < count; i++)
		if (!wanted[i].is_found)
			say(differs, arg, wanted[i].type, wanted[i].name, "is missing");
	return st;
}

enum status
db_schema_compare(struct db *db, void (*differs)(void *arg, const char *what), void *arg)
{
	return compare(db, false, differs, arg);
}

/* One difference is enough to refuse a file. */
static void
keep_first(void *arg, const char *what)
{
	struct error *err = arg;

	if (err->text[0] == '\0')
		error_set(err, CONFLICT, "schema: %s", what);
}

static enum status
check(struct db *db, bool is_older, struct error *err)
{
	enum status st;

	err->text[0] = err->hint[0] = '\0';
	if ((st = compare(db, is_older, keep_first, err)) != OK)
		return db_why(db, err);
	if (err->text[0] == '\0')
		return OK;
	error_hint(err, "Something other than Daybook changed the schema. Restore a backup, or undo the change.");
	return CONFLICT;
}

enum status
db_schema_check(struct db *db, struct error *err)
{
	return check(db, false, err);
}

enum status
db_schema_check_foreign(struct db *db, struct error *err)
{
	return check(db, true, err);
}
