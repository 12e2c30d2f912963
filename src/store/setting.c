/*
 * Settings are rows of text, checked when they are written.  The table below is the only list of
 * them: the command, `verify` and the defaults come from it.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/suggest.h"
#include "store/audit.h"
#include "store/cors.h"
#include "store/installation.h"
#include "store/setting.h"

/* Checks of the values that only Daybook writes; for `verify`, which reads files from elsewhere. */
static enum status
check_epoch(const char *value, struct error *err)
{
	if (strlen(value) == 32 && strspn(value, "0123456789abcdef") == 32)
		return OK;
	return error_set(err, BAD_REQUEST, "epoch: must be 32 hexadecimal digits");
}

static enum status
check_instant(const char *value, struct error *err)
{
	if (strlen(value) <= 16 && strspn(value, "0123456789") == strlen(value))
		return OK;
	return error_set(err, BAD_REQUEST, "backup_at: must be an instant in milliseconds");
}

/* Sixteen hexadecimal digits, a count and, unless it ended, the last organization of an unfinished comparison. */
static enum status
check_zones(const char *value, struct error *err)
{
	size_t hex = strspn(value, "0123456789abcdef"), digits = hex == 16 && value[hex] == ' ' ?
	    strspn(value + 17, "0123456789") : 0;
	const char *rest = value + 17 + digits;

	if (value[0] == '\0' || (digits > 0 && digits < 10 && (rest[0] == '\0' || (rest[0] == ' ' && id_ok(rest + 1)))))
		return OK;
	return error_set(err, BAD_REQUEST, "zones_compared: must be what maintenance wrote, or empty");
}

/* Names of hosts, as WebHook-Request-Origin has them: they are compared byte by byte, so one that never matches is refused. */
static enum status
check_senders(const char *value, struct error *err)
{
	if (value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789.- ")] == '\0')
		return OK;
	return error_set(err, BAD_REQUEST, "webhook_origins: must be names of hosts in lower case, separated by blanks");
}

/* A name, or a URL that makes it unique; the key of a JSON object, as json_check bounds it. */
static enum status
check_claim(const char *value, struct error *err)
{
	size_t n = strlen(value);

	for (size_t i = 0; i < n; i++)
		if (value[i] <= ' ' || value[i] > '~')
			return error_set(err, BAD_REQUEST, "claim: \"%s\" is no name of a claim: a blank, or no ASCII", value);
	if (n > CLAIM_NAME_MAX)
		return error_set(err, BAD_REQUEST, "claim: its name must be at most %d bytes", CLAIM_NAME_MAX);
	return OK;
}

/* Only the form; key_source_load reads it. */
static enum status
check_sources(const char *value, struct error *err)
{
	return value[0] == '\0' ? OK : json_check(KEY_SOURCES, value, strlen(value), err);
}

const struct setting_facts settings[] = {
	{ "epoch", "", "changes when the file is restored; part of every ETag", .check = check_epoch, .is_record = true },
	{ "iss", "", "the only issuer (iss) that tokens may have; empty: any" },
	{ "aud", "", "the audience (aud) that tokens must name; empty: any" },
	{ ORGANIZATION_CLAIM, "", "the claim that names the organization in tokens of another issuer; empty: organizationId",
	    .check = check_claim },
	{ SCOPE_CLAIM, "", "the claim that has the scopes in tokens of another issuer; empty: scope, else scp",
	    .check = check_claim },
	{ "metrics_addresses", "", "addresses that may read /metrics and all of /health without a credential; empty: none" },
	{ "metrics_forwarded", "0", "1: these addresses may pass on requests of others, as a proxy does", 0, 1 },
	{ "failure_retention_days", "90", "days after which the phone numbers and reasons of failed contacts are blanked",
	    1, 36500 },
	{ "cors_origins", "", "web origins, such as https://app.example.com, whose pages may read replies; empty: none",
	    .check = cors_check },
	{ "webhook_origins", "", "senders, such as eventgrid.azure.net, that may deliver CloudEvents to /api/events; empty: none",
	    .check = check_senders },
	{ "backup_keep", "0", "number of daily backups that the programs keep in DATABASE-backups/; 0: none",
	    0, BACKUP_KEEP_MAX },
	{ "backup_at", "", "when the last backup ended, an instant in milliseconds", .check = check_instant, .is_record = true },
	{ TRANSFER_SECONDS, "10", "seconds that a body or a reply may take on its way, and one more for each 100 kB", 1, 3600 },
	{ "zones_compared", "", "the zone files that the days of all organizations were compared with last",
	    .check = check_zones, .is_record = true },
	{ KEY_SOURCES, "", "the URLs that keys are read from, and what they said last; `daybook key` maintains it",
	    .check = check_sources, .is_record = true },
	{ .name = NULL },
};

static const struct setting_facts *
facts(const char *name)
{
	for (const struct setting_facts *f = settings; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

bool
setting_is_record(const char *name)
{
	const struct setting_facts *f = facts(name);

	return f != NULL && f->is_record;
}

/* Says which one may be meant, and which there are to set. */
static enum status
unknown(const char *name, struct error *err)
{
	char all[ERROR_TEXT_MAX] = "";
	struct suggestion s;

	suggest_begin(&s, name);
	for (const struct setting_facts *f = settings; f->name != NULL; f++) {
		if (f->is_record)
			continue;
		suggest_offer(&s, f->name);
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", all[0] == '\0' ? "" : ", ", f->name);
	}
	error_set(err, BAD_REQUEST, "%.64s: unknown setting%s", name, suggest_text(&s));
	error_hint(err, "The settings are %s", all);
	return BAD_REQUEST;
}

/* A row that is absent means the default, so a new setting needs no change of older databases. */
enum status
setting_get(struct db *db, struct arena *a, const char *name, const char **value)
{
	struct query *q = db_query(db, "SELECT value FROM setting WHERE name = :name");
	const struct setting_facts *f = facts(name);

	assert(f != NULL);
	query_bind_text(q, ":name", name);
	*value = query_step(q) ? arena_strdup(a, query_text(q, 0)) : f->value;
	return query_done(q);
}

const char *
setting_default(const char *name)
{
	const struct setting_facts *f = facts(name);

	assert(f != NULL);
	return f->value;
}

/* At most nine digits, so that strtoll cannot overflow; no sign, no blanks. */
static bool
is_in_range(const struct setting_facts *f, const char *value)
{
	size_t digits = strspn(value, "0123456789");
	int64_t n;

	if (f->max == 0)
		return true;
	if (digits == 0 || digits > 9 || value[digits] != '\0')
		return false;
	n = strtoll(value, NULL, 10);
	return n >= f->min && n <= f->max;
}

/* Checks a value: its range if it is a number, then its own function. */
static enum status
check(const struct setting_facts *f, const char *value, struct error *err)
{
	if (!is_in_range(f, value))
		return error_set(err, BAD_REQUEST, "%s: must be a whole number from %lld to %lld", f->name, (long long)f->min,
		    (long long)f->max);
	return f->check != NULL ? f->check(value, err) : OK;
}

bool
setting_is_sound(const char *name, const char *value, struct error *err)
{
	const struct setting_facts *f = facts(name);

	if (f == NULL)
		return unknown(name, err), false;
	return check(f, value, err) == OK;
}

enum status
setting_set(struct db *db, const char *name, const char *value, struct error *err)
{
	const struct setting_facts *f = facts(name);
	struct query *q;
	enum status st;

	if (f == NULL)
		return unknown(name, err);
	if ((st = check(f, value, err)) != OK)
		return st;
	q = db_query(db, "INSERT INTO setting (name, value) VALUES (:name, :value) "
	    "ON CONFLICT (name) DO UPDATE SET value = excluded.value");
	query_bind_text(q, ":name", name);
	query_bind_text(q, ":value", value);
	st = query_run(q);
	return st == OK ? installation_touch(db) : st;
}

/* Writes the detail before the change, as long as the old value can be read. */
static enum status
put_detail(struct db *db, const struct setting_facts *f, const char *value, struct json *j)
{
	struct query *q = db_query(db, "SELECT value FROM setting WHERE name = :name");

	query_bind_text(q, ":name", f->name);
	json_open_object(j, NULL);
	json_put_text(j, f->name, value);
	json_open_object(j, "changed");
	audit_put_text_change(j, f->name, query_step(q) ? query_text(q, 0) : f->value, value);
	json_close_object(j);
	json_close_object(j);
	return query_done(q);
}

enum status
setting_change(struct db *db, const char *name, const char *value, int64_t now, const struct actor *by, struct error *err)
{
	const struct setting_facts *f = facts(name);
	struct buf detail = { 0 };
	enum status st = OK;

	if (f != NULL)
		st = put_detail(db, f, value, json_on(&detail));
	if (st == OK && (st = setting_set(db, name, value, err)) == OK)
		st = audit(db, now, 0, by, "setting.set", buf_text(&detail));
	buf_free(&detail);
	return st;
}
