/*
 * The installation's row (see installation.h).
 */
#include "store/installation.h"

enum status
installation_touch(struct db *db)
{
	return query_run(db_query(db, "UPDATE installation SET revision = revision + 1"));
}
