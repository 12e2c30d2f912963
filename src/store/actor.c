/*
 * Actors in the database (see actor.h).
 */
#include "store/actor.h"

enum status
actor_key(struct db *db, const struct actor *actor, int64_t *key)
{
	struct query *q = db_query(db, "SELECT key FROM actor WHERE credential = :credential AND name = :name");
	enum status st;
	bool is_there;

	query_bind_text(q, ":credential", actor->credential);
	query_bind_text(q, ":name", actor->name);
	if ((is_there = query_step(q)))
		*key = query_int(q, 0);
	if ((st = query_done(q)) != OK || is_there)
		return st;
	q = db_query(db, "INSERT INTO actor (credential, name) VALUES (:credential, :name) RETURNING key");
	query_bind_text(q, ":credential", actor->credential);
	query_bind_text(q, ":name", actor->name);
	if (query_step(q))
		*key = query_int(q, 0);
	query_step(q);	/* to its end: RETURNING yields one row */
	return query_done(q);
}
