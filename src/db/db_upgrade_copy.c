/*
 * Copies the rows of an older file into a new one, table by table, each in the order of its key.
 *
 * 1. The last key that is in the new table says where to continue, so an interrupted copy needs no other record than which table
 *    is next.
 * 2. A transaction takes BATCH_MS, whatever the machine: few commits, and little to lose if the process ends.  Each commit is on
 *    the disk, so a power cut costs no more than a kill.
 * 3. The new file has a rollback journal while it is filled: pages at its end, which are most of them, are then written once, and
 *    not twice as with a WAL.
 * 4. The indexes of the events are made after the rows.  Events come in the order of their sources and ids, so an index by time
 *    that were filled meanwhile would be read and written once for each source.
 */
#include <stdio.h>

#include "db/db_upgrade_parts.h"
#include "time/instant.h"

enum { BATCH_MS = 1000, ROWS_PER_LOOK = 256, INDEX_SQL_MAX = 512 };

static bool
has(int version, const struct db_copy_table *t)
{
	return version >= t->since && version <= t->until;
}

enum status
db_upgrade_count(struct db *old, int version, int64_t *rows, struct error *err)
{
	*rows = 0;
	for (const struct db_copy_table *t = db_upgrade_tables; t < db_upgrade_tables + db_upgrade_table_count; t++) {
		struct query *q;

		if (!has(version, t))
			continue;
		q = db_query(old, t->count);
		*rows += query_step(q) ? query_int(q, 0) : 0;
		if (query_done(q) != OK)
			return db_why(old, err);
	}
	return OK;
}

/* ---- The new file */

/* What the copy keeps in the new file until it is complete: reasons of voids, digests of the old rows, indexes to make. */
static const char helpers_sql[] =
    "CREATE TABLE upgrade_index (name TEXT PRIMARY KEY, sql TEXT) WITHOUT ROWID;"
    "INSERT INTO upgrade_index SELECT name, sql FROM sqlite_schema "
    "WHERE type = 'index' AND tbl_name = 'event' AND sql IS NOT NULL;"
    "DROP INDEX event_occurred; DROP INDEX event_failed; DROP INDEX event_campaign; DROP INDEX event_voids; "
    "DROP INDEX event_settles;"
    "CREATE TABLE upgrade_reason (org INTEGER, source TEXT, id TEXT, voids TEXT, at INTEGER, reason TEXT, "
    "PRIMARY KEY (org, source, id)) WITHOUT ROWID;"
    "CREATE TABLE upgrade_day (org INTEGER, day INTEGER, events INTEGER, digest INTEGER, PRIMARY KEY (org, day)) WITHOUT ROWID;";

int
db_upgrade_make(const char *path, const char *state_sql)
{
	const char *const all[] = { "PRAGMA journal_mode = TRUNCATE", "BEGIN", schema_sql, helpers_sql, state_sql, "COMMIT" };
	sqlite3 *handle = NULL;
	int rc = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK)
		rc = db_file_configure(handle);
	for (size_t i = 0; rc == SQLITE_OK && i < sizeof(all) / sizeof(all[0]); i++)
		rc = sqlite3_exec(handle, all[i], NULL, NULL, NULL);
	sqlite3_close(handle);
	return rc;
}

struct db *
db_upgrade_open_new(const char *path, struct error *err)
{
	struct db *db = db_open(path, err);
	int rc;

	if (db == NULL)
		return NULL;
	db->is_unfinished = true;
	/* Rows come before those that they refer to; the inspection compares them all.  The cache is for sorting, too. */
	rc = sqlite3_exec(db->handle, "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -32000;", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return db;
	db_file_why(path, rc, db->handle, err);
	db_close(db);
	return NULL;
}

/* ---- Copying */

/* Does not copy a text or a blob, because there are many.  query_done has made each parameter NULL. */
static int
bind_column(sqlite3_stmt *to, sqlite3_stmt *from, int i)
{
	const void *value;

	switch (sqlite3_column_type(from, i)) {
	case SQLITE_NULL:
		return SQLITE_OK;
	case SQLITE_INTEGER:
		return sqlite3_bind_int64(to, i + 1, sqlite3_column_int64(from, i));
	case SQLITE_TEXT:
		value = sqlite3_column_text(from, i);
		return value == NULL ? SQLITE_NOMEM : sqlite3_bind_text(to, i + 1, value, sqlite3_column_bytes(from, i), SQLITE_STATIC);
	default:	/* an empty blob has no address, either */
		return sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
	}
}

void
db_upgrade_bind(struct query *to, struct query *from, int n)
{
	for (int i = 0; i < n && to->rc == SQLITE_OK; i++)
		to->rc = bind_column(to->stmt, from->stmt, i);
	if (to->rc != SQLITE_OK)
		to->db->trouble = db_trouble_of(to->rc, to->db->handle);
}

/* Selects the rows of the old table that are not in the new one yet.  NULL on a failure. */
static struct query *
select_rest(struct db_copy *c, const struct db_copy_table *t)
{
	struct query *last = db_query(c->new, t->last), *q;

	if (query_step(last)) {
		q = db_query(c->old, t->next);
		for (int i = 0; q->rc == SQLITE_OK && i < sqlite3_column_count(last->stmt); i++)	/* as copies, which stay */
			q->rc = sqlite3_bind_value(q->stmt, i + 1, sqlite3_column_value(last->stmt, i));
	} else
		q = db_query(c->old, t->first);
	return query_done(last) == OK ? q : NULL;
}

static enum status
copy_row(struct db_copy *c, const struct db_copy_table *t, struct query *q, struct error *err)
{
	struct query *insert;
	enum status st;

	if (t->add != NULL)
		return t->add(c, q, err);
	insert = db_query(c->new, t->insert);
	db_upgrade_bind(insert, q, sqlite3_bind_parameter_count(insert->stmt));
	if ((st = query_run(insert)) != OK)
		return st == UNAVAILABLE ? db_why(c->new, err) :
		    error_set(err, CONFLICT, "a row cannot be copied: %s", sqlite3_errmsg(c->new->handle));
	return t->after != NULL ? t->after(c, q, err) : OK;
}

/* Copies rows of a table until BATCH_MS have passed; goes on to the next table if these were the last. */
static enum status
copy_batch(struct db_copy *c, const struct db_copy_table *t, struct error *err)
{
	int64_t until_ms = instant_monotonic() + BATCH_MS;
	struct query *q = select_rest(c, t);
	enum status st = OK;
	int rows = 0;

	if (q == NULL)
		return db_why(c->new, err);
	for (query_step(q); st == OK && q->rc == SQLITE_ROW; rows++) {
		if (rows % ROWS_PER_LOOK == ROWS_PER_LOOK - 1 && instant_monotonic() >= until_ms)
			break;
		if ((st = copy_row(c, t, q, err)) == OK)
			query_step(q);
	}
	c->done += rows;
	if (q->rc != SQLITE_ROW)
		c->step++;
	if (query_done(q) != OK)
		return db_why(c->old, err);
	return st == OK && db_upgrade_write_days(c) != OK ? db_why(c->new, err) : st;
}

/* Makes the next index of the events; *is_last if all are made already. */
static enum status
make_index(struct db_copy *c, bool *is_last, struct error *err)
{
	struct query *q = db_query(c->new, "SELECT sql FROM upgrade_index ORDER BY name");
	char sql[INDEX_SQL_MAX];
	int rc;

	*is_last = !query_step(q);
	snprintf(sql, sizeof(sql), "%s", *is_last ? "" : query_text(q, 0));
	if (query_done(q) != OK || (!*is_last &&
	    query_run(db_query(c->new, "DELETE FROM upgrade_index WHERE name = (SELECT min(name) FROM upgrade_index)")) != OK))
		return db_why(c->new, err);
	if ((rc = sqlite3_exec(c->new->handle, sql, NULL, NULL, NULL)) == SQLITE_OK)
		return OK;
	if ((rc & 0xff) == SQLITE_CONSTRAINT)
		return error_set(err, CONFLICT, "the events cannot be copied: %s", sqlite3_errmsg(c->new->handle));
	return db_file_why(c->new->path, rc, c->new->handle, err);
}

/* What open segments hold, and the end of the helpers. */
static const char complete_sql[] =
    "INSERT INTO held (org, quarter, channel, parts_per_contact, sender, contacts) "
    "SELECT org, scheduled_at / 900000, channel, parts_per_contact, coalesce(sender, ''), sum(contacts - spent) FROM segment "
    "WHERE is_open = 1 AND contacts > spent GROUP BY 1, 2, 3, 4, 5;"
    "DROP TABLE upgrade_index; DROP TABLE upgrade_reason; DROP TABLE upgrade_day;";

/* After the last table and index: compares the digests, and gives the copy an epoch of its own. */
static enum status
complete(struct db_copy *c, struct error *err)
{
	char epoch[EPOCH_TEXT_MAX];
	enum status st;
	int rc;

	if (!c->is_forced && (st = db_upgrade_compare_days(c, err)) != OK)
		return st;
	rc = sqlite3_exec(c->new->handle, complete_sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = db_file_new_epoch(c->new->handle, epoch);
	c->step++;
	return rc == SQLITE_OK ? OK : db_file_why(c->new->path, rc, c->new->handle, err);
}

/* The work of one transaction. */
struct batch {
	struct db_copy *copy;
	enum status (*note)(struct db_copy *c);
	struct error *err;
};

static enum status
copy_next(void *arg)
{
	struct batch *b = arg;
	struct db_copy *c = b->copy;
	bool is_last;
	enum status st;

	while (c->step < db_upgrade_table_count && !has(c->version, &db_upgrade_tables[c->step]))
		c->step++;
	if (c->step < db_upgrade_table_count)
		st = copy_batch(c, &db_upgrade_tables[c->step], b->err);
	else if ((st = make_index(c, &is_last, b->err)) == OK && is_last)
		st = complete(c, b->err);
	return st == OK ? b->note(c) : st;
}

enum status
db_upgrade_copy_some(struct db_copy *c, enum status (*note)(struct db_copy *c), struct error *err)
{
	struct batch b = { c, note, err };
	enum status st;

	err->text[0] = '\0';
	/* An index of millions of rows is sorted in a file, and not in memory; this cannot be changed inside a transaction. */
	sqlite3_exec(c->new->handle, "PRAGMA temp_store = FILE", NULL, NULL, NULL);
	st = db_write(c->new, copy_next, &b);
	sqlite3_exec(c->new->handle, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
	return st == OK || err->text[0] != '\0' ? st : db_why(c->new, err);	/* nobody has said why yet */
}

bool
db_upgrade_is_copied(const struct db_copy *c)
{
	return c->step > db_upgrade_table_count;
}
