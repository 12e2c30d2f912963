/*
 * The table of the doctor's checks, and how a check reports its result (see doctor.h).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/db_schema.h"
#include "admin/doctor_checks.h"
#include "base/log.h"

static void say(char *out, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static void
say(char *out, const char *fmt, va_list ap)
{
	vsnprintf(out, DOCTOR_TEXT_MAX, fmt, ap);
}

void
doctor_fine(struct check_result *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(f->text, fmt, ap);
	va_end(ap);
}

void
doctor_found(struct check_result *f, enum doctor_level level, const char *open_text, const char *fmt, ...)
{
	va_list ap;

	f->level = level;
	f->open_text = open_text;
	va_start(ap, fmt);
	say(f->text, fmt, ap);
	va_end(ap);
}

void
doctor_fix(struct check_result *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(f->fix, fmt, ap);
	va_end(ap);
}

/* Checks the whole file: damage, and a schema that is not ours.  Reads every page, so it is left to a thorough examination. */
static void
check_whole(const struct doctor_context *p, struct check_result *f)
{
	static const char open_text[] = "the database is damaged, or was put there by hand and is not checked yet";
	struct error err = { 0 };

	if (db_check_quickly(p->db, &err) != OK || db_schema_check(p->db, &err) != OK) {
		doctor_found(f, DOCTOR_ERROR, open_text, "%s: %s", p->path, err.text);
		doctor_fix(f, "See all damage with `daybook -d %s verify`; then restore the newest backup that passes it.", p->path);
	} else if (!db_is_accepted(p->db)) {
		doctor_found(f, DOCTOR_WARNING, open_text, "%s: put there by hand and not checked yet", p->path);
		doctor_fix(f, "Run `daybook -d %s org list`: like most commands, it checks the whole file first.", p->path);
	} else
		doctor_fine(f, "%s: schema version %d; quick_check finds no damage", p->path, DB_SCHEMA_VERSION);
}

/*
 * Whether the database can be opened.  If not, the hint that came with the error is the best fix; a file that was never found
 * has none and gets a general one.
 */
static void
check_database(const struct doctor_context *p, struct check_result *f)
{
	if (p->db != NULL && p->is_thorough)
		check_whole(p, f);
	else if (p->db != NULL)
		doctor_fine(f, "%s: schema version %d", p->path, DB_SCHEMA_VERSION);
	else {
		doctor_found(f, DOCTOR_ERROR, "the database cannot be opened", "%s", p->err->text);
		doctor_fix(f, "%s", p->err->hint[0] != '\0' ? p->err->hint :
		    "Name it with -d FILE or DAYBOOK_DB, or restore a backup: `daybook -d FILE restore BACKUP`.");
	}
}

enum { OF_FILE = 1, OF_DATABASE = 2, THOROUGH = 4 };	/* what must be there, or wanted, for a check */

/* In the order in which results are reported: the file before what is in it. */
static const struct check {
	const char *name;
	unsigned needs;
	void (*look)(const struct doctor_context *p, struct check_result *f);
} checks[] = {
	{ "database", 0, check_database },
	{ "owner", OF_FILE, doctor_owner },
	{ "rights", OF_FILE, doctor_rights },
	{ "place", OF_FILE, doctor_location },
	{ "filesystem", OF_FILE, doctor_filesystem },
	{ "locks", OF_FILE | THOROUGH, doctor_locks },
	{ "sqlite", OF_FILE, doctor_sqlite },
	{ "space", OF_FILE, doctor_space },
	{ "timezones", 0, doctor_timezones },
	{ "days", OF_DATABASE, doctor_days },
	{ "backup", OF_DATABASE, doctor_backup },
	{ "organizations", OF_DATABASE, doctor_organizations },
	{ "credentials", OF_DATABASE, doctor_credentials },
	{ "key-sources", OF_DATABASE, doctor_key_sources },
	{ "settings", OF_DATABASE, doctor_settings },
	{ "setup-code", OF_DATABASE, doctor_setup_code },
};

enum { CHECKS = sizeof(checks) / sizeof(checks[0]) };
_Static_assert(CHECKS <= DOCTOR_CHECKS_MAX, "more checks than a caller has room for");

/* Makes the checks that can be made here and now. */
size_t
doctor_examine(const struct doctor_context *p, struct check_result *out)
{
	unsigned can = (p->path[0] != '\0' && access(p->path, F_OK) == 0 ? OF_FILE : 0) | (p->db != NULL ? OF_DATABASE : 0) |
	    (p->is_thorough ? THOROUGH : 0);
	size_t n = 0;

	/* Leaves out a check whose needs are not met, and one that wrote no text because it could not find out. */
	for (const struct check *c = checks; c < checks + CHECKS; c++)
		if ((c->needs & ~can) == 0) {
			memset(&out[n], 0, sizeof(out[n]));
			out[n].check = c->name;
			c->look(p, &out[n]);
			n += out[n].text[0] != '\0';
		}
	return n;
}

const char *
doctor_word(enum doctor_level level)
{
	return level == DOCTOR_FINE ? "ok" : level == DOCTOR_WARNING ? "warning" : "error";
}

/* A warning is logged as information: it is for the operator to look at, not for an alarm. */
void
doctor_log(const struct doctor_context *p)
{
	char text[DOCTOR_TEXT_MAX], fix[DOCTOR_TEXT_MAX];
	struct check_result found[DOCTOR_CHECKS_MAX];
	size_t n = doctor_examine(p, found);

	for (size_t i = 0; i < n; i++) {
		if (found[i].level == DOCTOR_FINE)
			continue;
		log_value(found[i].text, text, sizeof(text));
		log_value(found[i].fix, fix, sizeof(fix));
		(found[i].level == DOCTOR_ERROR ? log_error : log_info)("event=doctor check=%s found=%s text=%s fix=%s",
		    found[i].check, doctor_word(found[i].level), text, fix);
	}
}
