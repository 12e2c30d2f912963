/*
 * Prices (see price.h).
 */
#include <string.h>

#include "store/audit.h"
#include "base/money.h"
#include "ledger/job.h"
#include "ledger/price.h"
#include "ledger/reprice.h"
#include "store/channel_column.h"
#include "store/installation.h"

/* What a price may look at while the writers wait, to see whether it would change events: about 100 ms. */
enum { LOOKED_AT_MAX = 100000 };

/*
 * Loads the prices that may apply to an organization, in such an order that the first match is the right one: its own
 * before the common ones, later before earlier.
 */
enum status
price_load(struct db *db, struct arena *a, const struct organization *org, struct price_list *list)
{
	struct query *q = db_query(db, "SELECT channel, org, valid_from, nanos_per_part FROM price "
	    "WHERE org IS NULL OR org = :org ORDER BY org IS NULL, valid_from DESC");
	enum status st = OK, done;
	size_t max = 0;

	*list = (struct price_list) { 0 };
	query_bind_int(q, ":org", org->key);
	while (st == OK && query_step(q)) {
		struct price p = { .org = query_is_null(q, 1) ? NULL : org->id, .valid_from = { (int32_t)query_int(q, 2) },
			.nanos_per_part = query_int(q, 3) };

		if ((st = channel_column(q, 0, &p.channel)) != OK)
			break;
		list->prices = arena_grow(a, list->prices, list->count, &max, sizeof(*list->prices));
		list->prices[list->count++] = p;
	}
	done = query_done(q);
	return st != OK ? st : done;
}

/* Relies on the order of the list.  Without any price a part costs nothing. */
int64_t
price_nanos(const struct price_list *list, enum channel c, struct day d)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->prices[i].channel == c && list->prices[i].valid_from.n <= d.n)
			return list->prices[i].nanos_per_part;
	return 0;
}

/* ---- Setting */

/* A price that is being set. */
struct setting {
	struct db *db;
	struct arena *arena;
	const struct price *price;
	const struct price_options *options;
	struct price_outcome *outcome;
	int64_t budget;		/* rows that may still be looked at */
	struct error *err;
};

/* CONFLICT if events of the organization would cost something else, or if there are too many to say so at once. */
static enum status
check_unchanged(struct setting *s, const struct organization *org, const struct price_list *prices)
{
	enum status st;
	bool is_needed, is_unknown;

	if ((st = reprice_is_needed(s->db, s->arena, org, prices, s->price->channel, s->price->valid_from, &s->budget, &is_needed,
	    &is_unknown)) != OK || !(is_needed || is_unknown))
		return st;
	error_set(s->err, CONFLICT, is_needed ? "from: there are events on or after %s that this price would change" :
	    "from: %s has too many events since then to see at once whether this price would change one", org->id);
	error_hint(s->err, "Use --reprice to reprice them, or choose a later day with --from.");
	return CONFLICT;
}

/* Starts the job that reprices the organization, if it has events that the price concerns. */
static enum status
start_job(struct setting *s, const struct organization *org)
{
	int64_t first, end;
	enum status st = reprice_range(s->db, org, s->price->channel, s->price->valid_from, &first, &end);

	if (st != OK || first == end || (st = reprice_check_amounts(s->db, org, s->price->channel, first, end,
	    s->price->nanos_per_part, LOOKED_AT_MAX, s->err)) != OK)
		return st;
	s->outcome->jobs++;
	return job_start(s->db, org, JOB_REPRICE, s->price->channel, first, end, s->options->is_remote, s->options->now,
	    s->options->by, &s->outcome->job, s->err);
}

/*
 * Does what the new price means for one organization.  Every organization's replies contain the common price, so each revision
 * goes up even if no event costs something else.
 */
static enum status
apply(struct setting *s, const char *id)
{
	struct organization org;
	struct price_list list;
	enum status st;

	if ((st = organization_load_for_write(s->db, s->arena, id, s->options->now, &org, s->err)) != OK ||
	    (st = job_check_none(s->db, &org, s->err)) != OK)
		return st;
	if (s->options->reprice)
		return start_job(s, &org);
	return (st = price_load(s->db, s->arena, &org, &list)) == OK ? check_unchanged(s, &org, &list) : st;
}

/* The organization named, or all. */
static enum status
apply_all(struct setting *s)
{
	const char **ids;
	size_t count;
	enum status st;

	if (s->price->org != NULL)
		return apply(s, s->price->org);
	st = organization_ids(s->db, s->arena, &ids, &count);
	for (size_t i = 0; st == OK && i < count; i++)
		st = apply(s, ids[i]);
	return st;
}

/* What a part has cost so far on that day, as text in the arena: by the prices of org, or the common ones; NULL = no price. */
static enum status
read_old(struct db *db, struct arena *a, int64_t org_key, enum channel c, struct day from, const char **usd)
{
	struct query *q = db_query(db, "SELECT nanos_per_part FROM price WHERE (org IS NULL OR org = :org) AND channel = :channel "
	    "AND valid_from <= :day ORDER BY org IS NULL, valid_from DESC LIMIT 1");
	char amount[MONEY_TEXT_MAX];

	if (org_key != 0)
		query_bind_int(q, ":org", org_key);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	query_bind_int(q, ":day", from.n);
	*usd = query_step(q) ? arena_strdup(a, money_format_nanos(query_int(q, 0), amount)) : NULL;
	return query_done(q);
}

static enum status
write_audit(struct setting *s, int64_t org_key, const char *old_usd)
{
	char day[DAY_TEXT_MAX], usd[MONEY_TEXT_MAX];
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	enum status st;

	money_format_nanos(s->price->nanos_per_part, usd);
	json_open_object(j, NULL);
	json_put_text(j, "channel", channel_facts(s->price->channel)->name);
	json_put_text(j, "from", day_format(s->price->valid_from, day));
	json_put_raw(j, "usdPerPart", usd, strlen(usd));
	json_put_int(j, "jobs", s->outcome->jobs);
	json_open_object(j, "changed");
	audit_put_raw_change(j, "usdPerPart", old_usd, usd);
	json_close_object(j);
	json_close_object(j);
	st = audit(s->db, s->options->now, org_key, s->options->by, "price.set", buf_text(&detail));
	buf_free(&detail);
	return st;
}

/* Writes the price first, and then compares the events with it: a CONFLICT aborts the transaction with the price. */
enum status
price_set(struct db *db, struct arena *a, const struct price *price, const struct price_options *options,
    struct price_outcome *outcome, struct error *err)
{
	struct setting s = { db, a, price, options, outcome, LOOKED_AT_MAX, err };
	struct organization org = { 0 };
	const char *old_usd;
	struct query *q;
	enum status st;

	*outcome = (struct price_outcome) { 0 };
	if (price->org != NULL && (st = organization_load(db, price->org, &org, err)) != OK)
		return st;
	if ((st = read_old(db, a, org.key, price->channel, price->valid_from, &old_usd)) != OK)
		return st;
	q = db_query(db, "INSERT INTO price (org, channel, valid_from, nanos_per_part) "
	    "VALUES (:org, :channel, :valid_from, :nanos) "
	    "ON CONFLICT (coalesce(org, 0), channel, valid_from) DO UPDATE SET nanos_per_part = excluded.nanos_per_part");
	if (price->org != NULL)
		query_bind_int(q, ":org", org.key);
	query_bind_text(q, ":channel", channel_facts(price->channel)->name);
	query_bind_int(q, ":valid_from", price->valid_from.n);
	query_bind_int(q, ":nanos", price->nanos_per_part);
	if ((st = query_run(q)) != OK || (price->org == NULL && (st = installation_touch(db)) != OK) || (st = apply_all(&s)) != OK)
		return st;
	return write_audit(&s, org.key, old_usd);
}

enum status
price_each(struct db *db, struct arena *a, void (*each)(const struct price *p, void *arg), void *arg)
{
	struct query *q = db_query(db, "SELECT p.channel, o.id, p.valid_from, p.nanos_per_part FROM price p "
	    "LEFT JOIN organization o ON o.key = p.org ORDER BY p.channel, o.id, p.valid_from");
	enum status st = OK, done;
	struct price p;

	while (st == OK && query_step(q)) {
		if ((st = channel_column(q, 0, &p.channel)) != OK)
			break;
		p.org = query_is_null(q, 1) ? NULL : arena_strdup(a, query_text(q, 1));
		p.valid_from.n = (int32_t)query_int(q, 2);
		p.nanos_per_part = query_int(q, 3);
		each(&p, arg);
	}
	done = query_done(q);
	return st != OK ? st : done;
}
