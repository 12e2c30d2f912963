/*
 * GET /api/organizations/{organizationId}/jobs -- the organization's latest jobs, newest first: work on its ledger that goes on
 *	after the reply that started it, such as repricing (prices.c).
 * GET /api/organizations/{organizationId}/jobs/{job} -- one of them.
 *
 *	200	{"success":true,"data":{"job":n,"kind":"reprice"|"rebuild","channel":C|null,"state":"running"|"done",
 *		"quartersDone","quartersTotal","changed","startedAt","updatedAt","endedAt":T|null,"credential","actor":A|null}};
 *		of the list {"success":true,"data":{"jobs":[…]}}, at most JOBS_MAX
 *		Quarters are quarter-hours of the ledger.  changed counts those, and segments, that were different.
 *	401 403	no valid credential; the scope org:admin is missing, or it is another organization's
 *	404	no such job, or no such organization (to the scope admin)
 *
 * A job goes on by turns after replies of any program, these included.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/job.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "http/serve.h"

enum { JOBS_MAX = 100, NUMBER_DIGITS_MAX = 15 };

static enum status
jobs_list(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct organization org;
	struct job *jobs;
	enum status st;
	size_t count;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = job_list(r->db, r->arena, org.key, JOBS_MAX, &jobs, &count)) != OK)
		return st;
	dialect_tether_open(out);
	json_open_array(out, "jobs");
	for (size_t i = 0; i < count; i++)
		job_put(out, NULL, &jobs[i]);
	json_close_array(out);
	dialect_tether_close(out);
	return OK;
}

/* The number of a job in the path; 0 if it is none. */
static int64_t
job_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits <= NUMBER_DIGITS_MAX && text[digits] == '\0' && text[0] != '0' ? strtoll(text, NULL, 10) : 0;
}

static enum status
jobs_get(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	const char *text = req_path(r, "job");
	struct organization org;
	struct job job;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK)
		return st;
	if (job_number(text) == 0)
		return error_set(&r->err, NOT_FOUND, "job: there is no job \"%.32s\"", text);
	if ((st = job_load(r->db, r->arena, org.key, job_number(text), &job, &r->err)) != OK)
		return st;
	json_open_object(out, NULL);
	json_put_bool(out, "success", true);
	job_put(out, "data", &job);
	json_close_object(out);
	return OK;
}

int
main(void)
{
	static const struct route routes[] = {
		{ GET, "/api/organizations/{organizationId}/jobs", SCOPE_ORG_ADMIN, jobs_list },
		{ GET, "/api/organizations/{organizationId}/jobs/{job}", SCOPE_ORG_ADMIN, jobs_get },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "jobs", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
