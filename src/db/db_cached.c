/*
 * What caches of a process may keep of a transaction (see db.h).
 */
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
