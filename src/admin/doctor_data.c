/* Checks of what is in the database, and of what it depends on: SQLite, backups, credentials, settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/key_source.h"
#include "admin/doctor_checks.h"
#include "time/instant.h"
#include "store/setting.h"

enum { BACKUP_DAYS_MAX = 7 };

/*
 * The WAL-reset fault is in 3.7.0 and later, and fixed in 3.51.3 and, on their branches, in 3.50.7 and 3.44.6.  A version that
 * cannot be parsed counts as faulty.
 */
bool
doctor_has_wal_fault(const char *sqlite_version)
{
	int major = 0, minor = 0, patch = 0;

	if (sscanf(sqlite_version, "%d.%d.%d", &major, &minor, &patch) != 3)
		return true;
	if (major != 3 || minor < 7 || minor > 51)
		return false;
	return !((minor == 51 && patch >= 3) || (minor == 50 && patch >= 7) || (minor == 44 && patch >= 6));
}

/*
 * A faulty SQLite harms only if two processes write at once.  The writers' lock prevents that, so the fault is an error only
 * if the lock file cannot be opened.
 */
void
doctor_sqlite(const struct doctor_context *p, struct check_result *f)
{
	const char *version = db_sqlite_version();
	char lock[DB_LOCK_PATH_MAX];

	db_lock_path(p->path, lock);
	if (!doctor_has_wal_fault(version))
		doctor_fine(f, "SQLite %s", version);
	else if (access(lock, R_OK | W_OK) == 0)
		doctor_fine(f, "SQLite %s; it has the WAL-reset bug, from which the lock file protects the database", version);
	else {
		doctor_found(f, DOCTOR_ERROR, "the lock file cannot be opened",
		    "%s: cannot be opened; without it SQLite %s may lose commits", lock, version);
		doctor_fix(f, "Make the user that the programs run as the owner of %s.", lock);
	}
}

/* backup_at reads as 0 until the first backup, whether a command or maintenance makes it. */
void
doctor_backup(const struct doctor_context *p, struct check_result *f)
{
	char text[INSTANT_TEXT_MAX];
	const char *setting;
	int64_t backup_at;

	if (setting_get(p->db, p->arena, "backup_at", &setting) != OK)
		return;
	if ((backup_at = strtoll(setting, NULL, 10)) == 0)
		doctor_found(f, DOCTOR_WARNING, "no backup yet", "no backup yet");
	else if (p->now - backup_at > BACKUP_DAYS_MAX * DAY_MS)
		doctor_found(f, DOCTOR_WARNING, "the last backup is more than 7 days old",
		    "the last backup was made at %s, more than 7 days ago", instant_format(backup_at, text));
	else {
		doctor_fine(f, "the last backup was made at %s", instant_format(backup_at, text));
		return;
	}
	doctor_fix(f, "Run `daybook backup --keep 14 FOLDER` each night, or let the programs make a backup each day: "
	    "`daybook setting set backup_keep 14`. Also keep copies on another machine.");
}

void
doctor_organizations(const struct doctor_context *p, struct check_result *f)
{
	struct query *q = db_query(p->db, "SELECT count(*) FROM organization");
	int64_t n = query_step(q) ? query_int(q, 0) : 0;

	if (query_done(q) != OK)
		return;
	if (n > 0) {
		doctor_fine(f, "%lld", (long long)n);
		return;
	}
	doctor_found(f, DOCTOR_WARNING, "there is no organization yet", "there is no organization yet");
	doctor_fix(f, "Add one: `daybook org add ID --timezone ZONE`.");
}

void
doctor_credentials(const struct doctor_context *p, struct check_result *f)
{
	struct query *q = db_query(p->db, "SELECT (SELECT count(*) FROM signing_key WHERE retired_at IS NULL), "
	    "(SELECT count(*) FROM api_key WHERE revoked_at IS NULL)");
	int64_t signing_keys = 0, api_keys = 0;

	if (query_step(q)) {
		signing_keys = query_int(q, 0);
		api_keys = query_int(q, 1);
	}
	if (query_done(q) != OK)
		return;
	if (signing_keys + api_keys > 0) {
		doctor_fine(f, "signing keys: %lld, API keys: %lld", (long long)signing_keys, (long long)api_keys);
		return;
	}
	doctor_found(f, DOCTOR_WARNING, "no signing key or API key is in force; every request is refused",
	    "no signing key or API key is in force; every request is refused");
	doctor_fix(f, "Add one: `daybook key add`, or `daybook apikey add --org ID --scope usage:read`.");
}

/* An installation that reads no keys from a URL has no result. */
void
doctor_key_sources(const struct doctor_context *p, struct check_result *f)
{
	static const char open_text[] = "the keys of an identity provider could not be read; those that were read last are in force";
	struct key_source_list *list = arena_alloc(p->arena, sizeof(*list));
	char at[INSTANT_TEXT_MAX];
	struct error err = { 0 };

	if (key_source_load(p->db, p->arena, list, &err) != OK || list->count == 0)
		return;
	for (size_t i = 0; i < list->count; i++) {
		const struct key_source *s = &list->sources[i];

		if (s->error[0] == '\0' && p->now - s->read_at <= KEY_SOURCE_STALE_MS)
			continue;
		doctor_found(f, DOCTOR_WARNING, open_text, "%s was last read at %s%s%.300s", s->url, instant_format(s->read_at, at),
		    s->error[0] != '\0' ? "; since then: " : "", s->error);
		doctor_fix(f, "Run `daybook key fetch` each hour, as daybook-keys.timer does; it says what is wrong.");
		return;
	}
	doctor_fine(f, "keys are read from %zu URLs", list->count);
}

/* The first of cors_origins that is served over plain HTTP, except from this machine itself; NULL if there is none. */
static const char *
plain_origin(const struct doctor_context *p)
{
	static const char *const own[] = { "http://localhost", "http://127.0.0.1", "http://[::1]" };
	const char *origins;
	char *list, *one;
	bool is_own;

	if (setting_get(p->db, p->arena, "cors_origins", &origins) != OK)
		return NULL;
	list = arena_strdup(p->arena, origins);

	while ((one = strsep(&list, " ")) != NULL) {
		is_own = strncmp(one, "http://", 7) != 0;
		for (size_t i = 0; !is_own && i < sizeof(own) / sizeof(own[0]); i++)
			/* The host must end here, or a port must follow: http://localhost.example.com is another machine. */
			is_own = strncmp(one, own[i], strlen(own[i])) == 0 && strchr(":", one[strlen(own[i])]) != NULL;
		if (!is_own)
			return one;
	}
	return NULL;
}

struct open_keys {
	struct arena *arena;
	const char *kids;	/* "" = none */
};

/* Collects a key of another issuer that names no iss or no aud, and so could not be added today. */
static void
find_open_key(const struct signing_key *k, void *arg)
{
	struct open_keys *found = arg;

	if (k->retired_at == 0 && signing_key_is_open(k))
		found->kids = arena_printf(found->arena, "%s%s%s", found->kids, found->kids[0] != '\0' ? ", " : "", k->kid);
}

/*
 * Looks for what lets too much in: a key of another issuer (we do not have its private half) without an issuer and audience to
 * tell its tokens for Daybook from others, and pages that call the API over plain HTTP.
 */
void
doctor_settings(const struct doctor_context *p, struct check_result *f)
{
	struct open_keys found = { p->arena, "" };
	const char *origin;

	if (signing_key_each(p->db, p->arena, find_open_key, &found) != OK)
		return;
	if (found.kids[0] != '\0') {
		doctor_found(f, DOCTOR_WARNING, "a key of another issuer has no issuer and audience of its own",
		    "keys of other issuers without an iss and aud of their own, which could not be added today: %.400s; tokens that "
		    "their issuers sign for other services may be accepted too", found.kids);
		doctor_fix(f, "Say what the issuer writes into tokens for Daybook: `daybook key set KID --iss ISSUER --aud AUDIENCE`.");
	} else if ((origin = plain_origin(p)) != NULL) {
		doctor_found(f, DOCTOR_WARNING, "web pages that are served over plain HTTP may call the API",
		    "cors_origins contains %s: a page that is served over plain HTTP can be changed in transit", origin);
		doctor_fix(f, "Serve that page over HTTPS and set its https:// origin: `daybook setting set cors_origins …`.");
	} else
		doctor_fine(f, "no overly permissive settings");
}
