#include "audit.h"

void
audit(struct db *db, int64_t now, int64_t org_key, const char *credential, const char *action, const char *detail)
{
	struct query *q = db_query(db, "INSERT INTO audit (at, org, credential, action, detail) "
	    "VALUES (:at, :org, :credential, :action, :detail)");

	query_bind_int(q, ":at", now);
	if (org_key != 0)
		query_bind_int(q, ":org", org_key);
	query_bind_text(q, ":credential", credential);
	query_bind_text(q, ":action", action);
	query_bind_text(q, ":detail", detail);
	query_run(q);
}
