/*
 * GET /health -- open to everybody: whether the database can be read.  The operator also learns what runs, and what to look at:
 * a token with the scope metrics, an address in metrics_addresses, or org:admin in an installation of one organization, whose
 * operator may have no other way to see it.
 *
 *	200	{"status":"ok"}, and for the operator also "version","schemaVersion","sqliteVersion","journalMode",
 *		"tzdataVersion","organizations":n,"warnings":["…"]
 *		status is "degraded" if one of the warnings is an error; `daybook doctor` names the files.
 *	503	the database cannot be read
 */
#include "admin/doctor.h"
#include "auth/link.h"
#include "http/reply.h"
#include "http/serve.h"
#include "org/organization.h"
#include "base/version.h"
#include "time/zone.h"

/*
 * Makes the doctor's quick checks, and returns whether one of them found an error.  Only their open_text may go into the
 * reply, which names no file and no user.
 */
static bool
examine(struct req *r, struct check_result *found, size_t *n)
{
	struct doctor_context p = { .path = db_path(r->db), .db = r->db, .arena = r->arena, .now = r->now,
		.served = { req_env(r, "DOCUMENT_ROOT"), req_env(r, "CONTEXT_DOCUMENT_ROOT") } };
	bool has_error = false;

	*n = doctor_examine(&p, found);
	for (size_t i = 0; i < *n; i++)
		has_error = has_error || found[i].level == DOCTOR_ERROR;
	return has_error;
}

/* An invalid credential is no error here: the caller is a stranger, and learns what strangers learn. */
static enum status
check_operator(struct req *r, int64_t organizations, bool *is_operator)
{
	struct error ignored;
	enum status st = req_check_operator(r);

	*is_operator = st == OK || (st == FORBIDDEN && organizations == 1 && (r->caller.scopes & SCOPE_ORG_ADMIN) != 0 &&
	    link_refuse(&r->caller, &ignored) == OK && auth_organization(r->db, &r->caller, r->caller.org, &ignored) == OK);
	return st == UNAUTHENTICATED || st == FORBIDDEN ? OK : st;
}

static void
put_details(struct req *r, struct json *out, int64_t organizations, const struct check_result *found, size_t n)
{
	json_put_text(out, "version", version);
	json_put_int(out, "schemaVersion", DB_SCHEMA_VERSION);
	json_put_text(out, "sqliteVersion", db_sqlite_version());
	json_put_text(out, "journalMode", db_journal_mode(r->db));
	json_put_text(out, "tzdataVersion", zone_tzdata_version());
	json_put_int(out, "organizations", organizations);
	json_open_array(out, "warnings");
	for (size_t i = 0; i < n; i++)
		if (found[i].open_text != NULL)
			json_put_text(out, NULL, found[i].open_text);
	json_close_array(out);
}

static enum status
health(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct check_result found[DOCTOR_CHECKS_MAX];
	int64_t organizations;
	bool is_operator;
	enum status st;
	size_t n;

	if ((st = organization_count(r->db, &organizations)) != OK ||
	    (st = check_operator(r, organizations, &is_operator)) != OK)
		return st;
	json_open_object(out, NULL);
	json_put_text(out, "status", examine(r, found, &n) ? "degraded" : "ok");
	if (is_operator)
		put_details(r, out, organizations, found, n);
	json_close_object(out);
	return OK;
}

int
main(void)
{
	static const struct route routes[] = { { GET, "/health", 0, health }, { 0 } };

	return serve(&(const struct endpoint) { .name = "health", .dialect = TETHER, .routes = routes });
}
