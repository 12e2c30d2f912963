/*
 * What caches of a process may keep of a transaction, and what proves that it is still so (see db.h).
 */
#include <stdalign.h>
#include <stddef.h>

#include "base/kept.h"
#include "db/db.h"
#include "db/db_file.h"

void
db_changes_cached(struct db *db)
{
	db->changes_cached = true;
}

/* What a reading transaction sees is on the disk, and so is what a write finds before it changes anything of it. */
bool
db_may_cache(const struct db *db)
{
	return !db->in_write || !db->changes_cached;
}

/*
 * SQLite counts up its data version when it finds that another connection has committed, and with each commit of its own.  It
 * looks when a snapshot is taken, which BEGIN puts off until the first reading: so a statement comes first, which reads no row.
 */
int64_t
db_version(struct db *db)
{
	unsigned data_version;

	if (db->in_read && db->version == 0 && query_run(db_query(db, "SELECT 1 FROM setting LIMIT 0")) == OK &&
	    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_DATA_VERSION, &data_version) == SQLITE_OK)
		db->version = db->number << 32 | data_version;
	return db->in_read ? db->version : 0;
}

/* ---- A memory of one state: each value has the version that it was kept in before it */

struct of_version {
	alignas(max_align_t) int64_t version;
};

void
db_set_memory(struct db *db, struct kept *memory)
{
	db->memory = memory;
}

const void *
db_remembered(struct db *db, const void *key, size_t key_n, size_t *n)
{
	const struct of_version *v;

	if (db->memory == NULL || db_version(db) == 0 || (v = kept_find(db->memory, key, key_n, n)) == NULL ||
	    v->version != db_version(db))
		return NULL;
	*n -= sizeof(*v);
	return v + 1;
}

void *
db_remember(struct db *db, const void *key, size_t key_n, size_t n)
{
	struct of_version *v;

	if (db->memory == NULL || db_version(db) == 0 || (v = kept_put(db->memory, key, key_n, sizeof(*v) + n)) == NULL)
		return NULL;
	v->version = db_version(db);
	return v + 1;
}

/* ---- The same memory, of what does not depend on the state */

const void *
db_always_kept(struct db *db, const void *key, size_t key_n)
{
	size_t n;

	return db->memory == NULL || !db_may_cache(db) ? NULL : kept_find(db->memory, key, key_n, &n);
}

void *
db_keep_always(struct db *db, const void *key, size_t key_n, size_t n)
{
	return db->memory == NULL || !db_may_cache(db) ? NULL : kept_put(db->memory, key, key_n, n);
}
