/*
 * Checks of a database that comes from elsewhere, and what replaces a live one with it (see inspect.h).
 *
 * A restore and an upgrade follow the same steps: make a copy of this schema version beside the database, inspect it as a whole,
 * and only then touch the database.  Every failure before the last step leaves the database as it was.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/audit.h"
#include "admin/backup.h"
#include "db/db_schema.h"
#include "admin/inspect_parts.h"
#include "time/instant.h"
#include "db/scratch.h"

#define KEPT_KIND "before-restore"	/* FILE-before-restore-20261129-101500 */

/* ---- Inspecting */

/* The first difference that verify reports, for an error that has room for one. */
struct first {
	char organization[80], text[ERROR_TEXT_MAX];
};

static void
keep_first(void *arg, const char *organization, const char *text)
{
	struct first *f = arg;

	if (f->text[0] != '\0')
		return;
	snprintf(f->organization, sizeof(f->organization), "%s%s", organization, organization[0] != '\0' ? ": " : "");
	snprintf(f->text, sizeof(f->text), "%.300s", text);
}

/*
 * Runs verify, or a part of it from a cursor on.  A database with differences is a CONFLICT that quotes the first one and counts
 * those that were found.
 */
static enum status
run_verify(struct db *db, struct verify_cursor *c, int64_t until_ms, struct error *err)
{
	struct first first = { .text = "" };
	struct verify_report report = { .differs = keep_first, .arg = &first };
	struct arena *a = arena_new();
	enum status st = verify_some(db, a, &report, c, until_ms);

	arena_free(a);
	if (st != OK)
		return db_why(db, err);
	if (report.differences == 0)
		return OK;
	return error_set(err, CONFLICT, "%s%s (%" PRId64 " difference%s)", first.organization, first.text, report.differences,
	    report.differences == 1 ? "" : "s");
}

/* The checks that no --force overrides: a damaged file, or one with another schema. */
static enum status
check_shape(struct db *db, struct error *err)
{
	enum status st;

	if ((st = db_check(db, err)) != OK)
		return st;
	return db_schema_check(db, err);
}

enum status
inspect(struct db *db, struct error *err)
{
	struct verify_cursor c = { 0 };
	enum status st;

	if ((st = check_shape(db, err)) != OK)
		return st;
	return run_verify(db, &c, INT64_MAX, err);
}

/* Says in the error that the file was put there by hand, because the operator may not know that it was not restored. */
enum status
inspect_and_accept(struct db *db, struct error *err)
{
	struct error found = { 0 };
	enum status st = inspect(db, &found);

	if (st == OK)
		return db_accept(db) == OK ? OK : db_why(db, err);
	error_set(err, st, "%s: was put there by hand and fails its check: %.400s", db_path(db), found.text);
	error_hint(err, "See all differences with `daybook verify`; then restore a good backup, or run `daybook rebuild`.");
	return st;
}

/* ---- A staged copy */

enum status
inspect_verify_copy(struct db *db, struct verify_cursor *c, int64_t until_ms, struct error *err)
{
	enum status st = run_verify(db, c, until_ms, err);

	if (st != OK)
		error_hint(err, "See all differences with `daybook -d FILE verify`. To accept the file as it is, use --force.");
	return st;
}

/* Inspects the copy.  is_forced leaves verify out. */
static enum status
inspect_copy(struct db *db, bool is_forced, struct error *err)
{
	struct verify_cursor c = { 0 };
	enum status st = check_shape(db, err);

	return st == OK && !is_forced ? inspect_verify_copy(db, &c, INT64_MAX, err) : st;
}

enum status
inspect_rename_error(struct error *err, enum status st, const struct error *found, const char *copy, const char *name)
{
	if (strncmp(found->text, copy, strlen(copy)) == 0)
		error_set(err, st, "%s%s", name, found->text + strlen(copy));
	else if (strncmp(found->text, name, strlen(name)) == 0)
		error_set(err, st, "%s", found->text);
	else
		error_set(err, st, "%s: %s", name, found->text);
	error_hint(err, "%s", found->hint);
	return st;
}

/* Makes the staged copy ready to be used: of this schema version, and inspected as a whole. */
static enum status
prepare(const char *from, const char *staged, bool is_forced, struct error *err)
{
	struct error found = { 0 };
	enum status st;
	struct db *db;

	if ((st = db_stage(from, staged, is_forced, &found)) == OK) {
		if ((db = db_open(staged, &found)) == NULL)
			st = UNAVAILABLE;
		else
			st = inspect_copy(db, is_forced, &found);
		db_close(db);
	}
	return st == OK ? OK : inspect_rename_error(err, st, &found, staged, from);
}

/*
 * Makes an empty file for the copy beside the database, so that both are on one filesystem.  Its name is one that a later run
 * sweeps away if this process dies.
 */
static enum status
begin_staging(const char *path, const char *kind, char *staged, int *fd, struct error *err)
{
	scratch_sweep(path, kind);
	*fd = -1;
	if (!scratch_name(path, kind, staged) || (*fd = scratch_make(staged)) == -1)
		return error_set(err, UNAVAILABLE, "%s: %s", path, strerror(errno));
	return OK;
}

/* Removes the copy before releasing it, as long as its name cannot belong to anybody else. */
static void
end_staging(const char *staged, int fd)
{
	scratch_remove(staged);
	scratch_release(fd);
}

/* ---- Restoring */

/*
 * Removes the databases that earlier restores kept: the one of this restore is enough.  Only names of digits and "-" after the
 * prefix count, so that nothing else is removed.
 */
static void
remove_earlier(const char *path, const char *kept, struct arena *a)
{
	const char *slash = strrchr(path, '/'), *stem = slash != NULL ? slash + 1 : path;
	const char *folder = slash != NULL ? arena_text(a, path, (size_t)(slash - path) + 1) : "./";
	const char *prefix = arena_printf(a, "%s-" KEPT_KIND "-", stem), *name;
	struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		name = entry->d_name + strlen(prefix);
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && strspn(name, "0123456789-") == strlen(name) &&
		    strcmp(entry->d_name, strrchr(kept, '/') != NULL ? strrchr(kept, '/') + 1 : kept) != 0)
			scratch_remove(arena_printf(a, "%s%s", slash != NULL ? folder : "", entry->d_name));
	}
	if (dir != NULL)
		closedir(dir);
}

/*
 * Keeps the database as it is now under FILE-before-restore-TIME, even a damaged one, so that a restore can be undone.  Tries
 * the next seconds if the name is taken.
 */
static enum status
keep(struct db *db, struct arena *a, int64_t now, const char **kept, struct error *err)
{
	char at[INSTANT_TEXT_MAX];
	enum status st = CONFLICT;

	for (int i = 0; st == CONFLICT && i < 60; i++) {	/* two restores in one second keep two files */
		instant_format(now + i * SECOND_MS, at);	/* 2026-11-21T14:43:20.123Z */
		*kept = arena_printf(a, "%s-" KEPT_KIND "-%.4s%.2s%.2s-%.2s%.2s%.2s", db_path(db), at, at + 5, at + 8, at + 11, at + 14,
		    at + 17);
		st = db_keep(db, *kept, err);
	}
	return st;
}

struct restore_note {
	struct db *live, *db;
	const char *staged;
	struct inspect_revoked *revoked;
	struct arena *arena;
	int64_t now;
	const struct actor *by;
	struct error *err;
};

static enum status
write_restore_note(void *arg)
{
	struct restore_note *n = arg;
	enum status st = backup_note(n->db, n->arena, n->now, n->err);

	if (st == OK)
		st = inspect_revoked_carry(n->live, n->db, n->arena, n->now, n->revoked);
	return st == OK ? audit(n->db, n->now, 0, n->by, "file.restore", arena_printf(n->arena,
	    "{\"stillRevoked\":{\"tokens\":%d,\"signingKeys\":%d,\"apiKeys\":%d}}", n->revoked->tokens, n->revoked->signing_keys,
	    n->revoked->api_keys)) : st;
}

/*
 * Writes the audit row, the time of the last backup and what was revoked since into the copy, so that one replacement puts all of
 * it into force.  The live database is locked, so nothing is revoked between this and the replacement.
 */
static enum status
note_restore(void *arg)
{
	struct restore_note *n = arg;
	enum status st;

	if ((n->db = db_open(n->staged, n->err)) == NULL)
		return UNAVAILABLE;
	if ((st = db_write(n->db, write_restore_note, n)) != OK)
		(void)db_why(db_trouble(n->db) == DB_NO_TROUBLE ? n->live : n->db, n->err);
	db_close(n->db);
	return st;
}

enum status
inspect_restore(struct db *db, struct arena *a, const char *from, bool is_forced, int64_t now, const struct actor *by,
    const char **kept, struct inspect_revoked *revoked, struct error *err)
{
	char staged[SCRATCH_PATH_MAX];
	struct restore_note note = { .live = db, .staged = staged, .revoked = revoked, .arena = a, .now = now, .by = by, .err = err };
	bool is_replaced;
	enum status st;
	int fd;

	/* The given file may be another name of the database. */
	if (db_is_same_file(db, from))
		return error_set(err, CONFLICT, "%s: is the database itself; name a backup", from);
	if ((st = begin_staging(db_path(db), "restore", staged, &fd, err)) != OK)
		return st;
	if ((st = prepare(from, staged, is_forced, err)) == OK && (st = keep(db, a, now, kept, err)) == OK) {
		/* The kept file is of use only if something was, or may have been, replaced. */
		if ((st = db_replace(db, staged, note_restore, &note, &is_replaced, err)) == OK)
			remove_earlier(db_path(db), *kept, a);
		else if (!is_replaced)
			scratch_remove(*kept);
		else
			error_hint(err, "The database may already hold the restored data. The previous database is kept as %s. Restore again "
			    "when the disk works.", *kept);
	}
	end_staging(staged, fd);
	return st;
}
