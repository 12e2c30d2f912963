/* The database of a program that stays: opened when it is needed, checked, and opened again when another file is there. */
#include <limits.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "http/worker.h"
#include "base/conf.h"
#include "db/db_schema.h"
#include "admin/doctor.h"
#include "admin/served.h"
#include "time/instant.h"
#include "base/log.h"

enum { STACK_FREED = 256 * 1024 };	/* bytes */

/*
 * Logs what `daybook doctor` would report, once in the life of a process, and not if another process that still runs has done
 * so: dozens start together.  err is why the database could not be opened, if it could not; each process says that for itself.
 */
static void
log_installation(struct worker *w, const char *path, const struct error *err)
{
	struct doctor_context p = { .path = path, .err = err, .arena = w->arena, .now = instant_now() };

	if (w->is_installation_logged)
		return;
	w->is_installation_logged = true;
	if (w->db != NULL && !db_claim_report(w->db))
		return;
	if (w->db != NULL && db_read_begin(w->db) == OK)
		p.db = w->db;
	if (w->db == NULL || p.db != NULL)
		doctor_log(&p);
	if (p.db != NULL)
		db_read_end(w->db);
}

/*
 * Refuses a database below the document root, where the web server would serve it to everybody.  One that lies in another
 * folder that is known to be served is in use all the same, because older versions did not know that, but each opening is
 * logged.  Checked once after each opening, and only in a request, because only a request tells these folders;
 * again when one tells more.
 */
static enum status
check_location(struct worker *w, const struct req *r, struct error *err)
{
	char folder[PATH_MAX], text[ERROR_TEXT_MAX * 2];
	struct served known;
	enum served_by by;

	if (w->is_location_checked || r == NULL)
		return OK;
	known = (struct served) { req_env(r, "DOCUMENT_ROOT"), req_env(r, "CONTEXT_DOCUMENT_ROOT") };
	if (w->is_location_guessed && known.document_root == NULL && known.context_root == NULL)
		return OK;
	w->is_location_checked = known.document_root != NULL;
	w->is_location_guessed = true;
	if ((by = served_at(db_path(w->db), &known, folder)) == SERVED_BY_NONE)
		return OK;
	error_set(err, UNAVAILABLE, "%s: is below %s, which the web server serves, so anybody may download it", db_path(w->db),
	    folder);
	error_hint(err, "Move it into a folder that no web server serves.");
	if (by == SERVED_BY_ROOT) {
		db_close(w->db);
		w->db = NULL;
		return UNAVAILABLE;
	}
	log_error("event=database error=%s fix=\"Move it into a folder that no web server serves.\"",
	    log_value(err->text, text, sizeof(text)));
	*err = (struct error) { 0 };
	return OK;
}

/*
 * Whether the schema of a file that was put there by hand is ours: a foreign trigger would run with every write.  The next
 * command or maintenance inspects the whole file; that would take too long here.
 */
static enum status
check_schema(struct worker *w, struct error *err)
{
	struct error found = { 0 };
	enum status st = db_is_accepted(w->db) ? OK : db_schema_check(w->db, &found);

	if (st == OK)
		return OK;
	error_set(err, UNAVAILABLE, "%s: was put there by hand and fails its check: %.400s", db_path(w->db), found.text);
	error_hint(err, "%s", found.hint);
	db_close(w->db);
	w->db = NULL;
	return UNAVAILABLE;
}

enum status
worker_database(struct worker *w, const struct req *r, struct error *err)
{
	char path[CONF_PATH_MAX] = "", text[ERROR_TEXT_MAX * 2], fix[ERROR_TEXT_MAX * 2];
	enum status st = OK;

	if (w->db != NULL && !db_is_in_place(w->db)) {
		db_close(w->db);
		w->db = NULL;
	}
	if (w->db == NULL) {
		w->is_location_checked = w->is_location_guessed = false;
		if ((st = conf_database(path, err)) == OK && (w->db = db_open(path, err)) == NULL)
			st = UNAVAILABLE;
		if (st == OK)
			db_set_memory(w->db, w->kept);
		if (st == OK)
			st = check_schema(w, err);
		if (st != OK)
			log_installation(w, path, err);
	}
	if (st == OK)
		st = check_location(w, r, err);
	if (st != OK)
		log_error("event=database error=%s fix=%s", log_value(err->text, text, sizeof(text)),
		    log_value(err->hint, fix, sizeof(fix)));
	return st;
}

/* A value that makes no sense is logged, and the default is used: it concerns no reply. */
void
worker_keep(struct worker *w)
{
	char text[ERROR_TEXT_MAX * 2];
	struct error err = { 0 };
	size_t bytes;

	if (conf_memory(&bytes, &err) != OK)
		log_error("event=configuration error=%s", log_value(err.text, text, sizeof(text)));
	kept_free(w->kept);
	w->kept = kept_new(bytes);
}

void
worker_start(struct worker *w)
{
	struct error err = { 0 };

	if (!w->endpoint->needs_no_database && worker_database(w, NULL, &err) == OK)
		log_installation(w, db_path(w->db), &err);
	arena_reset(w->arena);
}

/*
 * Gives back the stack below this call, except for a page that calls may use: opening a database takes some 40 KiB of it once.
 * The kernel keeps at least a megabyte below the stack free of anything else, so nothing but the stack is in this range.
 */
static void
free_stack(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0), page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t end = here / page * page - page;

	(void)madvise((void *)(end - STACK_FREED), STACK_FREED, MADV_DONTNEED);
}

void
worker_rest(struct worker *w)
{
	if (w->db != NULL)
		db_free_memory(w->db);
	arena_release(w->arena);
	buf_free(&w->body);
	buf_free(&w->key);
#ifdef M_MMAP_THRESHOLD
	malloc_trim(0);
#endif
	free_stack();
}
