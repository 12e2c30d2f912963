/*
 * GET /health -- open to anybody: whether the database answers, and what the operator should look at.
 *
 *	200	{"status":"ok","version","schemaVersion","sqliteVersion","journalMode","tzdataVersion",
 *		"organizations":n,"warnings":["…"]}
 *	503	the database does not answer
 */
#include <stdlib.h>

#include "instant.h"
#include "reply.h"
#include "serve.h"
#include "setting.h"
#include "version.h"
#include "zone.h"

enum { BACKUP_DAYS_MAX = 7, TZDATA_YEARS_MAX = 1 };

static void
put_warnings(struct req *r, struct json *out)
{
	int64_t backup_at = strtoll(setting_get(r->db, r->arena, "backup_at"), NULL, 10);
	const char *tzdata = zone_tzdata_version();
	int year, month, dayofmonth;

	day_civil((struct day) { (int32_t)floor_div(r->now, DAY_MS) }, &year, &month, &dayofmonth);
	json_open_array(out, "warnings");
	if (backup_at == 0)
		json_put_text(out, NULL, "no backup yet: run `daybook backup`");
	else if (r->now - backup_at > BACKUP_DAYS_MAX * DAY_MS)
		json_put_text(out, NULL, "the last backup is more than 7 days old: run `daybook backup`");
	if (tzdata[0] == '\0')
		json_put_text(out, NULL, "the system's tzdata does not say its release");
	else if (atoi(tzdata) < year - TZDATA_YEARS_MAX)
		json_put_text(out, NULL, "the system's tzdata is more than a year old: upgrade the package tzdata");
	json_close_array(out);
}

static enum status
health(struct req *r, struct json *out)
{
	struct query *q = db_query(r->db, "SELECT count(*) FROM organization");
	int64_t organizations = query_step(q) ? query_int(q, 0) : 0;
	enum status st;

	if ((st = query_done(q)) != OK)
		return st;
	json_open_object(out, NULL);
	json_put_text(out, "status", "ok");
	json_put_text(out, "version", version);
	json_put_int(out, "schemaVersion", DB_SCHEMA_VERSION);
	json_put_text(out, "sqliteVersion", db_sqlite_version());
	json_put_text(out, "journalMode", db_journal_mode(r->db));
	json_put_text(out, "tzdataVersion", zone_tzdata_version());
	json_put_int(out, "organizations", organizations);
	put_warnings(r, out);
	json_close_object(out);
	return OK;
}

int
main(void)
{
	static const struct route routes[] = { { GET, "/health", 0, health }, { 0 } };

	return serve(&(const struct endpoint) { .name = "health", .dialect = TETHER, .routes = routes });
}
