/*
 * New rules of time zones, for every organization and limit (see zone_rules.h).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/zone_rules.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "ledger/limit_zone.h"
#include "store/setting.h"
#include "time/instant.h"

enum { TURN_MS = 1000, DIGEST_BYTES = 8 };

/* The setting zones_compared: "DIGEST LEFT" if the comparison has ended, else "DIGEST LEFT ORGANIZATION". */
struct compared {
	char digest[2 * DIGEST_BYTES + 1];
	int64_t left;		/* organizations that differ still */
	char after[ID_MAX];	/* the last one that was compared; "" = none, or all */
	bool is_whole;		/* all were */
};

/* Digests what stat(2) says of the zone files of every organization and limit. */
static enum status
digest_files(struct db *db, char digest[2 * DIGEST_BYTES + 1])
{
	struct query *q = db_query(db, "SELECT timezone FROM organization UNION "
	    "SELECT zone FROM limit_rule WHERE zone IS NOT NULL ORDER BY 1");
	char state[ZONE_STATE_MAX];
	uint8_t sha[SHA256_SIZE];
	struct buf all = { 0 };

	while (query_step(q)) {
		zone_file_state(query_text(q, 0), state);
		buf_printf(&all, "%s\n", state);
	}
	sha256(buf_text(&all), all.size, sha);
	buf_free(&all);
	for (int i = 0; i < DIGEST_BYTES; i++)
		snprintf(digest + 2 * i, 3, "%02x", sha[i]);
	return query_done(q);
}

/* Reads how far the comparison with the zone files of now is: at its beginning if the setting is of others. */
static enum status
read_compared(struct db *db, struct arena *a, struct compared *c)
{
	const char *text, *after;
	enum status st;

	*c = (struct compared) { 0 };
	if ((st = digest_files(db, c->digest)) != OK || (st = setting_get(db, a, "zones_compared", &text)) != OK)
		return st;
	if (strncmp(text, c->digest, strlen(c->digest)) != 0)
		return OK;
	c->left = strtoll(text + strlen(c->digest), NULL, 10);
	if ((after = strchr(text + strlen(c->digest) + 1, ' ')) != NULL)
		snprintf(c->after, sizeof(c->after), "%s", after + 1);
	c->is_whole = after == NULL;
	return OK;
}

bool
zone_rules_are_due(struct db *db, struct arena *a)
{
	struct compared c;
	enum status st;

	if (db_read_begin(db) != OK)
		return false;
	st = read_compared(db, a, &c);
	db_read_end(db);
	return st == OK && !c.is_whole;
}

/*
 * Compares one organization and its limits, inside a transaction.  One that is gone by now has no days that could
 * differ.
 */
static enum status
compare_one(struct db *db, struct arena *a, const char *id, int64_t now, struct organization *org, enum day_spans_state *state,
    struct error *err)
{
	struct error of_limits = { 0 };
	enum day_spans_state own;
	enum status st = organization_load(db, id, org, err);

	*state = DAY_SPANS_SAME;
	if (st != OK)
		return st == NOT_FOUND ? OK : st;
	own = *state = day_spans_compare(org, organization_next_day_start(org, now), err);
	if ((st = limit_row_load(db, a, org)) == OK)
		*state = day_spans_worse(own, limit_zone_compare(org, now, &of_limits));
	if (*state != own)
		*err = of_limits;
	return st;
}

enum status
zone_rules_compare(struct db *db, struct arena *a, int64_t now, zone_rules_found *found, void *arg)
{
	struct organization org;
	enum day_spans_state state;
	const char **ids;
	size_t count;
	enum status st = organization_ids(db, a, &ids, &count);

	for (size_t i = 0; st == OK && i < count; i++) {
		struct error err = { 0 };

		if ((st = compare_one(db, a, ids[i], now, &org, &state, &err)) == OK && state != DAY_SPANS_SAME)
			found(&org, state, &err, arg);
	}
	return st;
}

enum status
zone_rules_count(struct db *db, struct arena *a, int64_t now, int64_t ms, int64_t *count, bool *is_whole)
{
	int64_t until = instant_monotonic() + ms;
	struct organization org;
	enum day_spans_state state;
	struct compared c;
	const char **ids;
	size_t n, i = 0;
	enum status st;

	if ((st = read_compared(db, a, &c)) != OK || c.is_whole) {
		*count = c.left;
		*is_whole = true;
		return st;
	}
	*count = 0;
	st = organization_ids(db, a, &ids, &n);
	for (; st == OK && i < n && (i == 0 || instant_monotonic() < until); i++) {
		struct error err = { 0 };

		/* A zone that the machine lacks is another finding. */
		if ((st = compare_one(db, a, ids[i], now, &org, &state, &err)) == OK)
			*count += state == DAY_SPANS_DIFFER || state == DAY_SPANS_UNUSABLE;
	}
	*is_whole = i == n;
	return st;
}

/* ---- Bringing them up to date */

struct turn {
	struct db *db;
	int64_t now;
	bool waits;
	zone_rules_found *found;
	void *arg;
	struct compared compared;
};

/*
 * Compares an organization and, if its days differ, brings them up to date.  UNAVAILABLE if the database cannot be written at the
 * moment, so that a later run tries again.  One that fails otherwise is counted and left, so that it does not keep the new
 * rules from the others.
 */
static enum status
update(struct turn *t, struct arena *a, const char *id)
{
	char text[2 * ERROR_TEXT_MAX];
	struct organization org;
	enum day_spans_state state;
	struct error err = { 0 };
	enum status st;

	if ((st = db_read_begin(t->db)) != OK)
		return st;
	st = compare_one(t->db, a, id, t->now, &org, &state, &err);
	db_read_end(t->db);
	if (st == OK && state == DAY_SPANS_DIFFER)
		st = organization_follow_zone(t->db, a, id, t->now, t->waits, &err);
	if (st == UNAVAILABLE)
		return st;
	if (st != OK)
		log_error("event=zone org=%s error=%s", id, log_value(err.text, text, sizeof(text)));
	else if (state != DAY_SPANS_SAME)
		t->found(&org, state, &err, t->arg);
	t->compared.left += st != OK || state == DAY_SPANS_UNUSABLE;
	return OK;
}

/* Writes zones_compared, for db_write. */
static enum status
write_compared(void *arg)
{
	const struct turn *t = arg;
	const struct compared *c = &t->compared;
	char text[sizeof(*c) + 32];
	struct error err;

	snprintf(text, sizeof(text), "%s %" PRId64 "%s%s", c->digest, c->left, c->is_whole ? "" : " ", c->is_whole ? "" : c->after);
	return setting_set(t->db, "zones_compared", text, &err);
}

/* Reads how far the comparison is, and the ids of all organizations. */
static enum status
begin(struct turn *t, struct arena *a, const char ***ids, size_t *count)
{
	enum status st;

	if ((st = db_read_begin(t->db)) != OK)
		return st;
	if ((st = read_compared(t->db, a, &t->compared)) == OK)
		st = organization_ids(t->db, a, ids, count);
	db_read_end(t->db);
	return st;
}

/*
 * If zones_compared cannot be written, or the turn ends before it compared any, a later turn compares the same organizations
 * again.
 */
enum status
zone_rules_apply(struct db *db, struct arena *a, int64_t now, bool waits, zone_rules_found *found, void *arg, bool *has_more)
{
	struct turn t = { .db = db, .now = now, .waits = waits, .found = found, .arg = arg };
	int64_t until = instant_monotonic() + TURN_MS;
	const char **ids, *last = NULL;
	enum status st, written;
	size_t count, i = 0;

	*has_more = false;
	if ((st = begin(&t, a, &ids, &count)) != OK || t.compared.is_whole)
		return st;
	while (i < count && strcmp(ids[i], t.compared.after) <= 0)
		i++;
	while (st == OK && i < count && (last == NULL || instant_monotonic() < until)) {
		struct arena *own = arena_new();	/* there may be thousands, and each change has effects */

		if ((st = update(&t, own, ids[i])) == OK)
			last = ids[i++];
		arena_free(own);
	}
	if (st != OK && last == NULL)
		return st;
	t.compared.is_whole = i == count;
	if (last != NULL)
		snprintf(t.compared.after, sizeof(t.compared.after), "%s", last);
	written = waits ? db_write(db, write_compared, &t) : db_write_try(db, write_compared, &t);
	*has_more = st == OK && written == OK && !t.compared.is_whole;
	return st != OK ? st : written;
}
