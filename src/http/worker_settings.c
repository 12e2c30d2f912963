/* What concerns every request of the installation: settings, and whether a job waits for a turn (see worker.h). */
#include <stdlib.h>
#include <string.h>

#include "http/worker.h"
#include "store/cors.h"
#include "store/setting.h"

static const char key[] = "settings";

/* As the rows say; the texts are in the arena of a request, or after it in what is remembered. */
struct known {
	int transfer_seconds;
	bool has_jobs;
	size_t epoch_n;		/* with the NUL; then come the epoch and the origins */
};

/* Without a default for the epoch and the origins: if they cannot be read the request fails, because neither has a safe one. */
static enum status
read_rows(struct req *r, struct known *k, const char **origins)
{
	struct query *q = db_query(r->db, "SELECT name, value FROM setting "
	    "WHERE name IN ('cors_origins', 'epoch', '" TRANSFER_SECONDS "') "
	    "UNION ALL SELECT 'job', org FROM job WHERE ended_at IS NULL");
	const char *name;

	while (query_step(q)) {
		name = query_text(q, 0);
		if (strcmp(name, "job") == 0)
			k->has_jobs = true;
		else if (strcmp(name, TRANSFER_SECONDS) == 0)
			k->transfer_seconds = atoi(query_text(q, 1));
		else
			*(strcmp(name, "epoch") == 0 ? &r->epoch : origins) = arena_strdup(r->arena, query_text(q, 1));
	}
	return query_done(q);
}

static void
remember(struct req *r, const struct known *k, const char *origins)
{
	size_t origins_n = strlen(origins) + 1;
	char *to = db_remember(r->db, db_installation_version(r->db), key, sizeof(key), sizeof(*k) + k->epoch_n + origins_n);

	if (to == NULL)
		return;
	memcpy(to, k, sizeof(*k));
	memcpy(to + sizeof(*k), r->epoch, k->epoch_n);
	memcpy(to + sizeof(*k) + k->epoch_n, origins, origins_n);
}

/* The epoch is copied: what is remembered stays where it is only until something else is. */
enum status
worker_settings(struct worker *w, struct req *r)
{
	const char *origins = "", *origin = req_env(r, "HTTP_ORIGIN"), *known;
	struct known k = { 0 };
	enum status st = OK;
	size_t n;

	if ((known = db_remembered(r->db, db_installation_version(r->db), key, sizeof(key), &n)) != NULL) {
		memcpy(&k, known, sizeof(k));
		r->epoch = arena_text(r->arena, known + sizeof(k), k.epoch_n - 1);
		origins = known + sizeof(k) + k.epoch_n;
	} else if ((st = read_rows(r, &k, &origins)) == OK) {
		k.epoch_n = strlen(r->epoch) + 1;
		remember(r, &k, origins);
	}
	r->has_jobs = k.has_jobs;
	r->has_origins = origins[0] != '\0';
	if (r->has_origins && origin != NULL && cors_lists(origins, origin))
		r->origin = origin;
	/* 0 is no row, or damage, and would refuse every body. */
	w->transfer_seconds = k.transfer_seconds > 0 ? k.transfer_seconds : atoi(setting_default(TRANSFER_SECONDS));
	return st;
}
