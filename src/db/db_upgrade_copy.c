/*
 * Copies the rows of an older file into a new one, table by table, each in the order of its key.
 *
 * 1. The last key that is in the new table says where to continue, so an interrupted copy needs no other record than which table
 *    is next.
 * 2. A transaction takes BATCH_MS, whatever the machine: few commits, and little to lose if the process ends.  Each commit is on
 *    the disk, so a power cut costs no more than a kill.
 * 3. The new file has a rollback journal while it is filled: pages at its end, which are most of them, are then written once, and
 *    not twice as with a WAL.
 * 4. The index of the events by time is filled after them, in its own order, which the old file's index gives.  Events come in
 *    the order of their sources and ids, so an index by time that were filled meanwhile would be read and written again and
 *    again; and CREATE INDEX could not be interrupted.  See name_index.
 * 5. Foreign keys are enforced, so every reference is checked when its row is copied.
 */
#include <stdio.h>

#include "db/db_upgrade_parts.h"
#include "time/instant.h"

enum { BATCH_MS = 1000, ROWS_PER_LOOK = 256 };

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

/* What the copy keeps in the new file until it is complete: the index by time, reasons of voids, digests of the old rows. */
static const char helpers_sql[] =
    "CREATE TABLE upgrade_index AS SELECT sql FROM sqlite_schema WHERE name = 'event_occurred'; DROP INDEX event_occurred;"
    "CREATE TABLE upgrade_by_time (org INTEGER NOT NULL, occurred_at INTEGER NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, "
    "PRIMARY KEY (org, occurred_at, source, id)) STRICT, WITHOUT ROWID;"
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
	rc = sqlite3_exec(db->handle, "PRAGMA cache_size = -32000", NULL, NULL, NULL);
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

/*
 * Makes the table upgrade_by_time the index event_occurred.  SQLite stores a table WITHOUT ROWID whose columns are all in its key
 * as it stores an index of a table: a tree of keys, and those of this index are its columns, then the rest of the table's key
 * (https://www.sqlite.org/fileformat2.html, 2.4 and 2.5).  So only the entry in sqlite_schema has to change.  verify proves the
 * result: it reads the ledger by this index, and compares it with the digests of what was copied.
 */
static int
name_index(sqlite3 *handle)
{
	int rc;

	sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	rc = sqlite3_exec(handle, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET type = 'index', name = 'event_occurred', "
	    "tbl_name = 'event', sql = (SELECT sql FROM upgrade_index) WHERE name = 'upgrade_by_time'; "
	    "PRAGMA writable_schema = RESET; DROP TABLE upgrade_index;", NULL, NULL, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return rc;
}

/* Compares the references of the tables that were copied before what they refer to. */
static enum status
check_parents(struct db_copy *c, struct error *err)
{
	struct query *q = db_query(c->new, "SELECT \"table\", parent FROM pragma_foreign_key_check('segment') LIMIT 1");
	bool is_missing = query_step(q);

	if (is_missing)
		error_set(err, CONFLICT, "a row of %s refers to a missing row of %s", query_text(q, 0), query_text(q, 1));
	return query_done(q) != OK ? db_why(c->new, err) : is_missing ? CONFLICT : OK;
}

/* What open segments hold, and the end of the helpers. */
static const char complete_sql[] =
    "INSERT INTO held (org, quarter, channel, parts_per_contact, sender, contacts) "
    "SELECT org, scheduled_at / 900000, channel, parts_per_contact, coalesce(sender, ''), sum(contacts - spent) FROM segment "
    "WHERE is_open = 1 AND contacts > spent GROUP BY 1, 2, 3, 4, 5;"
    "DROP TABLE upgrade_reason; DROP TABLE upgrade_day;";

/* After the last table: compares the digests, removes the helpers, and gives the copy an epoch of its own. */
static enum status
complete(struct db_copy *c, struct error *err)
{
	char epoch[EPOCH_TEXT_MAX];
	enum status st;
	int rc;

	if ((st = check_parents(c, err)) != OK || (!c->is_forced && (st = db_upgrade_compare_days(c, err)) != OK))
		return st;
	if ((rc = name_index(c->new->handle)) == SQLITE_OK)
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
	enum status st;

	st = c->step < db_upgrade_table_count ? copy_batch(c, &db_upgrade_tables[c->step], b->err) : complete(c, b->err);
	return st == OK ? b->note(c) : st;
}

enum status
db_upgrade_copy_some(struct db_copy *c, enum status (*note)(struct db_copy *c), struct error *err)
{
	struct batch b = { c, note, err };
	enum status st;
	bool is_early;

	err->text[0] = '\0';
	while (c->step < db_upgrade_table_count && !has(c->version, &db_upgrade_tables[c->step]))
		c->step++;
	/* This cannot be changed inside a transaction. */
	is_early = c->step < db_upgrade_table_count && db_upgrade_tables[c->step].precedes_its_parent;
	sqlite3_exec(c->new->handle, is_early ? "PRAGMA foreign_keys = OFF" : "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
	st = db_write(c->new, copy_next, &b);
	return st == OK || err->text[0] != '\0' ? st : db_why(c->new, err);	/* nobody has said why yet */
}

bool
db_upgrade_is_copied(const struct db_copy *c)
{
	return c->step > db_upgrade_table_count;
}
