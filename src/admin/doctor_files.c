/* Checks of the database as files: who owns them, who may read them, where they are, and what their filesystem can do. */
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/conf.h"
#include "admin/doctor_checks.h"
#include "db/writer_lock.h"
#include "admin/setup.h"

#define MB INT64_C(1000000)
#define SPACE_MIN (100 * MB)	/* bytes that must be free, or twice the database if that is more */

enum { NAME_MAX_BYTES = 64 };

static const char *const companions[] = { "-wal", "-shm", "-gate" };
enum { COMPANIONS = sizeof(companions) / sizeof(companions[0]) };

/* The path of a companion.  It lies beside the real file, even if p->path is a symbolic link to it. */
static const char *
companion(const struct doctor_context *p, const char *suffix)
{
	char real[PATH_MAX];

	return arena_printf(p->arena, "%s%s", realpath(p->path, real) != NULL ? real : p->path, suffix);
}

/* The folder of the real file, after links are resolved; "." if they cannot be. */
static const char *
folder_of(const struct doctor_context *p)
{
	char real[PATH_MAX], *slash;

	if (realpath(p->path, real) == NULL)
		return ".";
	slash = strrchr(real, '/');
	slash[slash == real] = '\0';	/* the folder / keeps its slash */
	return arena_strdup(p->arena, real);
}

/* A user's name; just the number in a quick examination, because looking up a name may ask a directory server. */
static const char *
user_name(const struct doctor_context *p, uid_t uid)
{
	struct passwd *user = p->is_thorough ? getpwuid(uid) : NULL;

	return user != NULL ? arena_printf(p->arena, "%.*s", NAME_MAX_BYTES, user->pw_name) :
	    arena_printf(p->arena, "%lu", (unsigned long)uid);
}

/* ---- Owner */

/*
 * The first file (or the folder) that whoever runs this cannot read and write; NULL if there is none.  Root can write
 * everything, so for root the question is whether the owner of the database can, as the owner of the file or by its group.
 */
static const char *
shut_out(const struct doctor_context *p, const struct stat *database)
{
	const char *names[COMPANIONS + 2] = { p->path, folder_of(p) };
	struct stat st;

	for (size_t i = 0; i < COMPANIONS; i++)
		names[i + 2] = companion(p, companions[i]);
	for (size_t i = 0; i < COMPANIONS + 2; i++) {
		if (stat(names[i], &st) == -1)
			continue;
		if (geteuid() != 0 ? access(names[i], R_OK | W_OK) == -1 :
		    st.st_uid != database->st_uid && (st.st_mode & S_IWGRP) == 0)
			return names[i];
	}
	return NULL;
}

void
doctor_owner(const struct doctor_context *p, struct check_result *f)
{
	const char *file;
	struct stat st, theirs;

	if (stat(p->path, &st) == -1)
		return;
	if ((file = shut_out(p, &st)) == NULL) {
		doctor_fine(f, "the files belong to %s", user_name(p, st.st_uid));
		return;
	}
	/* The file may have gone since, as -wal and -shm do: then nothing is wrong. */
	if (stat(file, &theirs) == -1)
		return;
	doctor_found(f, DOCTOR_ERROR, "a file of the database belongs to the wrong user",
	    geteuid() != 0 ? "%s: belongs to %s; this program runs as %s, which may not read and write it" :
	    "%s: belongs to %s; the database belongs to %s, which may not write it", file, user_name(p, theirs.st_uid),
	    user_name(p, geteuid() != 0 ? geteuid() : st.st_uid));
	doctor_fix(f, "Make the user that the programs run as the owner of the database, of its -wal, -shm and -gate, and of "
	    "their folder: `chown USER %s` and so on.", file);
}

/* ---- Permissions */

/*
 * Whether others have access, the worst case first: they may replace the database in its folder (unless the folder is
 * sticky), they may read or write a file of it, they may list or enter the folder.
 */
void
doctor_rights(const struct doctor_context *p, struct check_result *f)
{
	const char *folder = folder_of(p), *open_text = "other users of the machine have access to the database", *file = p->path;
	struct stat in, st;
	mode_t open_to_all = 0;

	if (stat(folder, &in) == -1)
		return;
	for (size_t i = 0; i <= COMPANIONS && open_to_all == 0; i++) {
		const char *name = i == 0 ? p->path : companion(p, companions[i - 1]);

		if (stat(name, &st) == 0 && (open_to_all = st.st_mode & 0006) != 0)
			file = name;
	}
	if ((in.st_mode & S_IWOTH) != 0 && (in.st_mode & S_ISVTX) == 0) {
		doctor_found(f, DOCTOR_ERROR, open_text, "%s: every user of this machine may write in this folder and replace the "
		    "database", folder);
		doctor_fix(f, "Run `chmod 0700 %s` (or 2770 if a group shares it).", folder);
	} else if (open_to_all != 0) {
		/* If others cannot enter the folder, an open file in it is only a warning. */
		doctor_found(f, (in.st_mode & S_IXOTH) != 0 ? DOCTOR_ERROR : DOCTOR_WARNING, open_text,
		    "%s: every user of this machine may %s it (mode %04o); it contains the signing keys", file,
		    (open_to_all & S_IWOTH) != 0 ? "write" : "read", st.st_mode & 07777);
		doctor_fix(f, "Run `chmod 0600 %s` (or 0660 if a group shares it).", file);
	} else if ((in.st_mode & 0007) != 0) {
		doctor_found(f, DOCTOR_WARNING, open_text, "%s: other users of this machine may enter or list the database's folder "
		    "(mode %04o)", folder, in.st_mode & 07777);
		doctor_fix(f, "Run `chmod 0700 %s` (or 2770 if a group shares it).", folder);
	} else
		doctor_fine(f, "no other user may read the database or its folder");
}

/* ---- Location */

/* The well-known folder of web servers that a path lies in; NULL if none.  A guess by name, so it is only a warning. */
static const char *
usual_root(const char *real)
{
	static const char *const folders[] = { "/var/www/", "/srv/www/", "/srv/http/" };
	static const char *const names[] = { "/public_html/", "/htdocs/", "/httpdocs/", "/www/", "/web/" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (strncmp(real, folders[i], strlen(folders[i])) == 0)
			return folders[i];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strstr(real, names[i]) != NULL)
			return names[i];
	return NULL;
}

/*
 * A folder that is known to be served is certain to expose the file; one that only looks like one of a web server may be
 * harmless.
 */
void
doctor_location(const struct doctor_context *p, struct check_result *f)
{
	static const char open_text[] = "a web server may serve the folder of the database";
	char real[PATH_MAX], folder[PATH_MAX];
	const char *usual;

	if (realpath(p->path, real) == NULL)
		return;
	if (served_at(p->path, &p->served, folder) != SERVED_BY_NONE)
		doctor_found(f, DOCTOR_ERROR, open_text, "%s: is below %s, which the web server serves, so anybody may download it",
		    real, folder);
	else if ((usual = usual_root(real)) != NULL)
		doctor_found(f, DOCTOR_WARNING, open_text, "%s: is below \"%s\", a folder that web servers usually serve", real,
		    usual);
	else {
		doctor_fine(f, "not in a folder that web servers usually serve");
		return;
	}
	doctor_fix(f, "Stop the programs, move the database with its -wal and -gate into a folder that no web server serves, and "
	    "name the new path with DAYBOOK_DB or in daybook.conf.");
}

/* ---- Filesystem */

/* A WAL needs locks and shared memory, which network filesystems do not provide reliably; a rollback journal works there. */
void
doctor_filesystem(const struct doctor_context *p, struct check_result *f)
{
	const char *mode = p->db != NULL ? db_journal_mode(p->db) : "";

	if (!db_on_network(p->path))
		doctor_fine(f, "a local filesystem%s%s", mode[0] != '\0' ? "; journal mode " : "", mode);
	else if (strcmp(mode, "wal") != 0)
		doctor_fine(f, "a network filesystem%s%s", mode[0] != '\0' ? "; journal mode " : "", mode);
	else {
		doctor_found(f, DOCTOR_ERROR, "the database is on a network filesystem with journal mode wal",
		    "%s: is on a network filesystem, which does not support journal mode wal", p->path);
		doctor_fix(f, "Stop the programs and run `daybook -d %s backup COPY`, then `daybook -d NEW init` on a local disk (or "
		    "here: a new database gets the right journal mode), then `daybook -d NEW restore COPY`.", p->path);
	}
}

/* Tests whether locks exclude another process: on some filesystems they succeed without any effect. */
void
doctor_locks(const struct doctor_context *p, struct check_result *f)
{
	const char *lock = companion(p, "-gate");
	struct error err = { 0 };
	struct writer_lock made;

	if (writer_lock_open(&made, lock, p->path))	/* makes the file if it is missing: a copied database has none */
		writer_lock_close(&made);
	if (writer_lock_probe(lock, &err) == OK) {
		doctor_fine(f, "file locks work");
		return;
	}
	doctor_found(f, DOCTOR_ERROR, "file locks do not work here; concurrent writers can corrupt the database",
	    "%s: file locks do not work here; concurrent writers can corrupt the database", err.text);
	doctor_fix(f, "Move the database to a filesystem with locks, such as a local disk, or ask the host to enable locks.");
}

/* A full disk stops every write, so this warns before the database and one backup of it would fill the disk. */
void
doctor_space(const struct doctor_context *p, struct check_result *f)
{
	struct statvfs fs;
	struct stat st;
	int64_t free_bytes, wanted;

	if (statvfs(p->path, &fs) == -1 || stat(p->path, &st) == -1)
		return;
	free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	wanted = 2 * (int64_t)st.st_size > SPACE_MIN ? 2 * (int64_t)st.st_size : SPACE_MIN;
	if (free_bytes >= wanted) {
		doctor_fine(f, "%lld MB free", (long long)(free_bytes / MB));
		return;
	}
	doctor_found(f, DOCTOR_WARNING, "the disk of the database is nearly full",
	    "%s: %lld MB are free on its disk; the database and one backup of it need %lld MB", p->path,
	    (long long)(free_bytes / MB), (long long)(wanted / MB));
	doctor_fix(f, "Remove old backups or logs, or use a larger disk.");
}

/* ---- Left over from the setup */

/*
 * A code file that is still there after the setup: it has served its purpose, and whoever knows the code could start the next
 * upgrade.  Older versions had it in the folder above the programs, which the web server serves.
 */
void
doctor_setup_code(const struct doctor_context *p, struct check_result *f)
{
	struct query *q = db_query(p->db, "SELECT EXISTS (SELECT 1 FROM organization)");
	bool is_set_up = query_step(q) && query_int(q, 0) != 0;
	char above[CONF_PATH_MAX], path[SETUP_PATH_MAX];
	const char *file = path;

	if (query_done(q) != OK || !is_set_up)
		return;
	conf_folder(above);
	setup_code_path(p->path, path);
	if (access(file, F_OK) == -1)
		file = arena_printf(p->arena, "%s/" SETUP_CODE_FILE, above);
	if (access(file, F_OK) == -1)
		return;
	doctor_found(f, DOCTOR_WARNING, "the file with the setup code is still there",
	    "%s: still there, although the setup is done", file);
	doctor_fix(f, "Run `rm %s`.", file);
}
