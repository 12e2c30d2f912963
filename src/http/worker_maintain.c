/* What follows a reply: maintenance, and a turn of a job (see worker.h). */
#include "http/worker.h"
#include "admin/maintenance.h"

/* Closes the database if there is work, because the child process that does it must open its own. */
bool
worker_leaves_work(struct worker *w)
{
	bool yes = w->is_maintenance_due && w->db != NULL && maintenance_is_due(w->db, w->arena, w->now);

	arena_reset(w->arena);
	w->is_maintenance_due = yes;
	if (!yes && !w->has_jobs)
		return false;
	db_close(w->db);
	w->db = NULL;
	return true;
}

/*
 * Runs maintenance if it is due, and a turn of a job.  The next run is due after an hour, or after the next request if this one
 * left something undone.
 */
void
worker_maintain(struct worker *w)
{
	struct error err = { 0 };

	if (!(w->is_maintenance_due || w->has_jobs) || worker_database(w, NULL, &err) != OK)
		return;
	if (w->is_maintenance_due)
		w->maintenance_at = maintenance(w->db, w->arena, w->now) ? w->now : w->now + MAINTENANCE_EVERY_MS;
	if (w->has_jobs)
		maintenance_turn(w->db, w->arena);
	w->is_maintenance_due = w->has_jobs = false;
	arena_reset(w->arena);
}
