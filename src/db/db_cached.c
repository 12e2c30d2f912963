/*
 * What caches of a process may keep of a transaction, and what proves that it is still so (see db.h).
 */
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/kept.h"
#include "db/db.h"
#include "db/db_file.h"

enum { UNKNOWN = -1 };	/* the version of a transaction that cannot read */

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

	if (!db->in_read)
		return 0;
	if (db->version == 0) {
		db->version = UNKNOWN;	/* unless all goes well; who asks once more need not wait for a lock once more */
		if (query_run(db_query(db, "SELECT 1 FROM setting LIMIT 0")) == OK &&
		    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_DATA_VERSION, &data_version) == SQLITE_OK)
			db->version = db->number << 32 | data_version;
	}
	return db->version != UNKNOWN ? db->version : 0;
}

/*
 * Reads the number that whoever changes something of the installation counts up, and the epoch, because a restored file has
 * any number.  Each pair that differs from the one before is given a number that was never given in this process.
 */
static void
read_installation(struct db *db)
{
	struct query *q = db_query(db, "SELECT i.revision, s.value FROM installation i JOIN setting s ON s.name = 'epoch'");
	static int64_t last;
	int64_t revision = 0;
	char epoch[EPOCH_TEXT_MAX] = "";

	if (query_step(q)) {
		revision = query_int(q, 0);
		snprintf(epoch, sizeof(epoch), "%s", query_text(q, 1));
	}
	if (query_done(q) != OK || epoch[0] == '\0') {
		db->installation = 0;
		return;
	}
	if (db->installation == 0 || db->revision != revision || strcmp(db->epoch, epoch) != 0)
		db->installation = ++last;
	db->revision = revision;
	memcpy(db->epoch, epoch, sizeof(db->epoch));
}

int64_t
db_installation_version(struct db *db)
{
	int64_t version = db_version(db);

	if (version != 0 && db->installation_read != version) {
		read_installation(db);
		db->installation_read = version;
	}
	return version != 0 ? db->installation : 0;
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
db_remembered(struct db *db, int64_t version, const void *key, size_t key_n, size_t *n)
{
	const struct of_version *v;

	if (db->memory == NULL || version == 0 || (v = kept_find(db->memory, key, key_n, n)) == NULL || v->version != version)
		return NULL;
	*n -= sizeof(*v);
	return v + 1;
}

void *
db_remember(struct db *db, int64_t version, const void *key, size_t key_n, size_t n)
{
	struct of_version *v;

	if (db->memory == NULL || version == 0 || (v = kept_put(db->memory, key, key_n, sizeof(*v) + n)) == NULL)
		return NULL;
	v->version = version;
	return v + 1;
}

/* ---- The same memory, of what does not depend on the state */

const void *
db_always_kept(struct db *db, const void *key, size_t key_n, size_t *n)
{
	return db->memory == NULL || !db_may_cache(db) ? NULL : kept_find(db->memory, key, key_n, n);
}

void *
db_keep_always(struct db *db, const void *key, size_t key_n, size_t n)
{
	return db->memory == NULL || !db_may_cache(db) ? NULL : kept_put(db->memory, key, key_n, n);
}
