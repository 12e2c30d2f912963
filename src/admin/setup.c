/*
 * Setting up by the web: what state the installation is in, and the one transaction that sets it up (see setup.h).
 *
 * What a visitor reads here names no folder of the host; the log has the details.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/api_key.h"
#include "base/crypto.h"
#include "time/instant.h"
#include "base/log.h"
#include "ledger/price.h"
#include "store/setting.h"
#include "admin/inspect.h"
#include "admin/setup.h"
#include "auth/signing_key.h"

static const struct actor setup_actor = { "setup", "" };
#define MOVE_IT "Move it into a folder outside of it, as ../../daybook-data, together with the files beside it whose names end " \
	"in -wal, -journal and -gate, and name it there in the line DAYBOOK_DB= of daybook.conf."
#define BACKUPS_KEPT "7"	/* a host without a shell has no cron either: the programs make backups themselves */

/* ---- The present state */

/* Cuts the last name off a path; false if there is none to cut, or only the root would be left. */
static bool
cut_name(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return false;
	*slash = '\0';
	return true;
}

/*
 * The real path of the folder that the database will be in.  If that folder is still to be made, the one above it, which must
 * exist, is used instead: whatever is made in there is in the same place.
 */
static bool
real_folder(const char *database, char *real)
{
	char folder[CONF_PATH_MAX];

	snprintf(folder, sizeof(folder), "%s", database);
	return cut_name(folder) && (realpath(folder, real) != NULL ||
	    (errno == ENOENT && cut_name(folder) && realpath(folder, real) != NULL));
}

/* The error that the page shows for a state: what is wrong, and how to correct it. */
static enum setup_state
found(struct setup *s, enum setup_state state, const char *text, const char *fix)
{
	error_set(&s->err, CONFLICT, "%s", text);
	error_hint(&s->err, "%s", fix);
	return state;
}

/*
 * Refuses a folder that the web server serves before anything is made in it.  A database that is there already must not be
 * left behind for an empty one elsewhere: below the document root, where no program uses it, it has to be moved; in a folder
 * that older versions did not know of the programs use it (worker_database.c), so it can be upgraded there.
 */
static enum setup_state
check_served(struct setup *s, const struct served *known)
{
	char folder[PATH_MAX];
	enum served_by by = served_at(s->database, known, folder);
	bool is_there = by != SERVED_BY_NONE && access(s->database, F_OK) == 0;

	s->warning = NULL;
	if (by == SERVED_BY_NONE)
		return SETUP_READY;
	if (!is_there)
		return found(s, SETUP_EXPOSED, "DAYBOOK_DB: the database would be in the folder that the web server serves",
		    "In daybook.conf name a folder outside of it, as in DAYBOOK_DB=../../daybook-data/daybook.db.");
	if (by == SERVED_BY_ROOT)
		return found(s, SETUP_EXPOSED, "DAYBOOK_DB: the database is in the folder that the web server serves", MOVE_IT);
	s->warning = "DAYBOOK_DB: the database is in a folder that the web server may serve, so anybody may download it";
	return SETUP_READY;
}

/* Whether configuration names a place that can hold the database; SETUP_READY if so. */
static enum setup_state
check_location(struct setup *s, const struct served *known)
{
	char folder[PATH_MAX];
	struct error err;

	if (conf_database(s->database, &err) != OK)
		return found(s, SETUP_NO_CONF, "daybook.conf: missing, or has no line DAYBOOK_DB=",
		    "Rename daybook.conf.example to daybook.conf, and check that its line DAYBOOK_DB= is right for this host.");
	if (s->database[0] != '/' || !real_folder(s->database, folder))
		return found(s, SETUP_BROKEN, "DAYBOOK_DB: neither the folder of the database nor the folder above it exists",
		    "Correct the line DAYBOOK_DB= in daybook.conf.");
	return check_served(s, known);
}

/* The one number of a SELECT; -1 if it could not be read. */
static int64_t
count(struct db *db, const char *sql)
{
	struct query *q = db_query(db, sql);
	int64_t n = query_step(q) ? query_int(q, 0) : -1;

	return query_done(q) == OK ? n : -1;
}

static int64_t
organizations(struct db *db)
{
	return count(db, "SELECT count(*) FROM organization");
}

/* The same for what the programs may not do with the database or in its folder. */
static enum setup_state
found_rights(struct setup *s, const char *text)
{
	error_set(&s->err, CONFLICT, "%s", text);
	setup_hint_rights(s->database, &s->err);
	return SETUP_BROKEN;
}

/*
 * The state by what is in the file: none yet, a foreign or newer one, an older schema, or ours, with or without an
 * organization.  An organization in it means that the setup is done.
 */
static enum setup_state
look_into(struct setup *s)
{
	char folder[CONF_PATH_MAX];
	struct error err;
	struct db *db;
	int64_t n = -1;

	snprintf(folder, sizeof(folder), "%s", s->database);
	if (cut_name(folder) && access(folder, X_OK) == -1 && errno == EACCES)
		return found_rights(s, "DAYBOOK_DB: the programs may not enter the folder of the database");
	switch (db_version_of(s->database, &s->schema_version, &err)) {
	case NOT_FOUND:
		return SETUP_READY;
	case OK:
		break;
	default:
		return found(s, SETUP_BROKEN, "DAYBOOK_DB: the file is not a Daybook database, or cannot be read",
		    "Check the file and its permissions, or name another file in daybook.conf.");
	}
	if (s->schema_version > DB_SCHEMA_VERSION)
		return found(s, SETUP_BROKEN, "The database was made by a newer Daybook than these programs",
		    "Upload the programs of the newer version.");
	if (s->schema_version < DB_SCHEMA_VERSION)
		return db_upgrade_is_begun(s->database) ? SETUP_UPGRADING : SETUP_OLDER;
	if ((db = db_open(s->database, &err)) != NULL)
		n = organizations(db);
	db_close(db);
	if (n < 0)
		return found_rights(s, "The database cannot be opened for writing");
	return n > 0 ? SETUP_DONE : SETUP_READY;
}

/*
 * If all is ready but for the code, says what is wrong with the code file, so that the operator learns it before filling in
 * the form.  Once the code was checked, does not look at the file again.
 */
void
setup_look(struct setup *s, const struct served *known)
{
	s->err.text[0] = s->err.hint[0] = '\0';
	if ((s->state = check_location(s, known)) == SETUP_READY)
		s->state = look_into(s);
	if (s->state == SETUP_READY && s->warning != NULL)
		s->state = found(s, SETUP_EXPOSED, s->warning, MOVE_IT);
	if (s->is_code_right || (s->state != SETUP_READY && s->state != SETUP_OLDER))
		return;
	s->is_upgrade = s->state == SETUP_OLDER;
	switch (setup_code_look(s, &s->err)) {
	case OK:
		break;
	case UNAVAILABLE:
		s->state = SETUP_AWAY;
		break;
	default:
		s->state = SETUP_NO_CODE;
	}
}

/* ---- Setting up */

/*
 * Makes an empty database, in the folder where the code is.  It may exist already: an earlier attempt may have failed after
 * this step, and another request may have been faster.
 */
static enum status
make_database(struct setup *s, struct error *err)
{
	char text[ERROR_TEXT_MAX * 2];
	struct error detail;

	if (access(s->database, F_OK) == 0)
		return OK;
	switch (db_create(s->database, &detail)) {
	case OK:
	case CONFLICT:	/* another request made it */
		return OK;
	default:
		log_error("event=setup error=%s", log_value(detail.text, text, sizeof(text)));
		if (db_has_left_over(s->database))
			return error_set(err, CONFLICT, "The database cannot be created: files of an earlier database are in its folder. "
			    "Remove those whose names end in -wal, -shm and -journal");
		error_set(err, CONFLICT, "The database cannot be created: the programs may not write into its folder, or the disk "
		    "is full");
		setup_hint_rights(s->database, err);
		return CONFLICT;
	}
}

/* What the one write transaction of a setup needs. */
struct setup_write {
	struct db *db;
	struct arena *arena;
	struct setup_input *input;
	int64_t now;
	const char **secret;
	struct error *err;
};

/* Sets a price from the first day that there is, so that events imported later for days in the past have a price too. */
static enum status
set_price(struct setup_write *w, enum channel channel, int64_t nanos)
{
	const struct price price = { channel, w->input->org.id, { (int32_t)(INSTANT_MIN / DAY_MS) }, nanos, NULL };
	const struct price_options options = { .now = w->now, .by = &setup_actor };
	struct price_outcome outcome;

	return nanos < 0 ? OK : price_set(w->db, w->arena, &price, &options, &outcome, w->err);
}

/* Adds a random signing key, unless the database has one that can sign. */
static enum status
add_signing_key(struct setup_write *w)
{
	uint8_t random[6];
	char kid[2 * sizeof(random) + 1];

	if (count(w->db, "SELECT count(*) FROM signing_key WHERE retired_at IS NULL AND sign_key IS NOT NULL") > 0)
		return OK;
	random_bytes(random, sizeof(random));
	return signing_key_add(w->db, w->arena, &(const struct signing_key_input) { .kid = hex(random, sizeof(random), kid),
	    .alg = "HS256" }, w->now, &setup_actor, w->err);
}

/* Writes everything, inside a write transaction.  Looks again for an organization, because only now nobody else can add one. */
static enum status
write_all(void *arg)
{
	const unsigned scopes = SCOPE_ORG_ADMIN | SCOPE_USAGE_READ | SCOPE_USAGE_WRITE | SCOPE_CAMPAIGNS_WRITE;
	struct setup_write *w = arg;
	struct setup_input *input = w->input;
	enum status st;
	int64_t number;

	if (organizations(w->db) != 0)
		return error_set(w->err, CONFLICT, "setup: already done");
	if ((st = organization_add(w->db, w->arena, &input->org, &input->base, w->now, &setup_actor, w->err)) != OK ||
	    (st = set_price(w, SMS, input->sms_nanos)) != OK || (st = set_price(w, CALL, input->call_nanos)) != OK ||
	    (st = add_signing_key(w)) != OK ||
	    (st = setting_set(w->db, "backup_keep", BACKUPS_KEPT, w->err)) != OK)
		return st;
	return api_key_add(w->db, w->arena, &(const struct api_key_input) { input->org.id, "made by setup", scopes, 0 }, w->now,
	    &setup_actor, w->secret, &number, w->err);
}

enum status
setup_perform(struct setup *s, struct arena *a, struct setup_input *input, int64_t now, const char **secret, struct error *err)
{
	char text[ERROR_TEXT_MAX * 2];
	enum status st;
	struct db *db;

	/* Outside of the transaction, and harmless to repeat: the folder and an empty database. */
	if ((st = make_database(s, err)) != OK)
		return st;
	if ((db = db_open(s->database, err)) == NULL) {
		log_error("event=setup error=%s", log_value(err->text, text, sizeof(text)));
		return error_set(err, UNAVAILABLE, "The database cannot be opened");
	}
	st = db_write(db, write_all, &(struct setup_write) { db, a, input, now, secret, err });
	db_close(db);
	return st;
}

/* The name for the old file.  It is used only if this request begins the upgrade. */
static const char *
name_to_keep(const struct setup *s, struct arena *a, int64_t now)
{
	char at[INSTANT_TEXT_MAX];

	instant_format(now, at);	/* 2026-11-21T14:43:20.123Z */
	return arena_printf(a, "%s-before-upgrade-%.4s%.2s%.2s-%.2s%.2s%.2s", s->database, at, at + 5, at + 8, at + 11, at + 14,
	    at + 17);
}

/*
 * Without a shell, the operator has nothing but the old file to go back to, so it is kept.  Programs of the older version may
 * have it open, because nobody there can end them.
 */
enum status
setup_upgrade(struct setup *s, struct arena *a, int64_t now, int turn_ms, struct upgrade_turn *turn, struct error *err)
{
	char text[ERROR_TEXT_MAX * 2];
	struct error detail = { 0 };
	const char *name = strrchr(s->database, '/') + 1;

	*turn = (struct upgrade_turn) { .until_ms = instant_monotonic() + turn_ms, .may_be_open = true,
		.kept = name_to_keep(s, a, now) };
	if (inspect_upgrade(s->database, turn, &detail) == OK)
		return OK;
	log_error("event=upgrade error=%s", log_value(detail.text, text, sizeof(text)));
	if (detail.status == UNAVAILABLE && strncmp(detail.text, s->database, strlen(s->database)) == 0 &&
	    strstr(detail.text, ": the disk has no room") != NULL)
		return error_set(err, CONFLICT, "%s%s", name, detail.text + strlen(s->database));
	return error_set(err, CONFLICT, "The database could not be upgraded and is unchanged");
}
