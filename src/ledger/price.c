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

/* Adds the prices of one key, an organization's or 0 for the common ones, as price_from has them: later before earlier. */
static enum status
load_of(struct db *db, struct arena *a, const struct organization *org, int64_t key, struct price_list *list, size_t *max)
{
	struct query *q = db_query(db, "SELECT channel, valid_from, nanos_per_part FROM price "
	    "WHERE coalesce(org, 0) = :org AND (:org > 0 OR currency = :currency) ORDER BY channel DESC, valid_from DESC");
	enum status st = OK, done;

	query_bind_int(q, ":org", key);
	query_bind_text(q, ":currency", org->currency);
	while (st == OK && query_step(q)) {
		struct price p = { .org = key == 0 ? NULL : org->id, .valid_from = { (int32_t)query_int(q, 1) },
			.nanos_per_part = query_int(q, 2), .currency = org->currency };

		if ((st = channel_column(q, 0, &p.channel)) != OK)
			break;
		list->prices = arena_grow(a, list->prices, list->count, max, sizeof(*list->prices));
		list->prices[list->count++] = p;
	}
	done = query_done(q);
	return st != OK ? st : done;
}

/*
 * Loads the prices that may apply to an organization, in such an order that the first match is the right one: its own
 * before the common ones, later before earlier.  Those of others are not looked at, however many there are.
 */
enum status
price_load(struct db *db, struct arena *a, const struct organization *org, struct price_list *list)
{
	enum status st;
	size_t max = 0;

	*list = (struct price_list) { 0 };
	if ((st = load_of(db, a, org, org->key, list, &max)) != OK)
		return st;
	return load_of(db, a, org, 0, list, &max);
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

bool
price_first_day(const struct price_list *list, enum channel c, struct day *first)
{
	bool has = false;

	for (size_t i = 0; i < list->count; i++)
		if (list->prices[i].channel == c && (!has || list->prices[i].valid_from.n < first->n)) {
			*first = list->prices[i].valid_from;
			has = true;
		}
	return has;
}

/* ---- Setting */

/* A price that is being set or removed. */
struct setting {
	struct db *db;
	struct arena *arena;
	struct price *price;
	const struct price_options *options;
	struct price_outcome *outcome;
	bool is_removal;
	int64_t org_key;	/* 0 = for all */
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
	error_set(s->err, CONFLICT, is_needed ? "from: %s has events since then whose cost this would change" :
	    "from: %s has too many events since then to see at once whether this would change the cost of one", org->id);
	error_hint(s->err, s->is_removal ? "Use --reprice to reprice them." :
	    "Use --reprice to reprice them, or choose a later day with --from.");
	return CONFLICT;
}

/* The highest price that an event of the channel can get now. */
static int64_t
highest(const struct price_list *list, enum channel c)
{
	int64_t nanos = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->prices[i].channel == c && list->prices[i].nanos_per_part > nanos)
			nanos = list->prices[i].nanos_per_part;
	return nanos;
}

/* Starts the job that reprices the organization, if it has events that the price concerns. */
static enum status
start_job(struct setting *s, const struct organization *org, const struct price_list *list)
{
	int64_t nanos = s->is_removal ? highest(list, s->price->channel) : s->price->nanos_per_part;
	struct job_order o = { .kind = JOB_REPRICE, .channel = s->price->channel, .is_remote = s->options->is_remote };
	enum status st = reprice_range(s->db, org, o.channel, s->price->valid_from, &o.first, &o.end);

	if (st != OK || o.first == o.end ||
	    (st = reprice_check_amounts(s->db, org, o.channel, o.first, o.end, nanos, LOOKED_AT_MAX, s->err)) != OK)
		return st;
	s->outcome->jobs++;
	return job_start(s->db, org, &o, s->options->now, s->options->by, &s->outcome->job, s->err);
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
	    (st = job_check_none(s->db, &org, s->err)) != OK || (st = price_load(s->db, s->arena, &org, &list)) != OK)
		return st;
	return s->options->reprice ? start_job(s, &org, &list) : check_unchanged(s, &org, &list);
}

/* The organization named, or all of that currency. */
static enum status
apply_all(struct setting *s)
{
	struct organization org;
	const char **ids;
	size_t count;
	enum status st;

	if (s->price->org != NULL)
		return apply(s, s->price->org);
	st = organization_ids(s->db, s->arena, &ids, &count);
	for (size_t i = 0; st == OK && i < count; i++)
		if ((st = organization_load(s->db, ids[i], &org, s->err)) == OK && strcmp(org.currency, s->price->currency) == 0)
			st = apply(s, ids[i]);
	return st;
}

/* The organization, channel, day and currency of the price. */
static void
bind_key(struct query *q, const struct setting *s)
{
	if (s->org_key != 0)
		query_bind_int(q, ":org", s->org_key);
	query_bind_text(q, ":channel", channel_facts(s->price->channel)->name);
	query_bind_int(q, ":day", s->price->valid_from.n);
	query_bind_text(q, ":currency", s->price->currency);
}

/* What a part costs on that day, as text in the arena: by the prices of org, or the common ones; NULL = no price. */
static enum status
read_usd(struct setting *s, const char **usd)
{
	struct query *q = db_query(s->db, "SELECT nanos_per_part FROM price WHERE (org IS NULL OR org = :org) AND channel = :channel "
	    "AND currency = :currency AND valid_from <= :day ORDER BY org IS NULL, valid_from DESC LIMIT 1");
	char amount[MONEY_TEXT_MAX];

	bind_key(q, s);
	*usd = query_step(q) ? arena_strdup(s->arena, money_format_nanos(query_int(q, 0), amount)) : NULL;
	return query_done(q);
}

static enum status
write_audit(struct setting *s, const char *old_usd, const char *new_usd)
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
	currency_put(j, s->price->currency);
	json_put_int(j, "jobs", s->outcome->jobs);
	json_open_object(j, "changed");
	audit_put_raw_change(j, "usdPerPart", old_usd, new_usd);
	json_close_object(j);
	json_close_object(j);
	st = audit(s->db, s->options->now, s->org_key, s->options->by, s->is_removal ? "price.remove" : "price.set",
	    buf_text(&detail));
	buf_free(&detail);
	return st;
}

static enum status
put_row(struct setting *s)
{
	struct query *q = db_query(s->db, "INSERT INTO price (org, channel, valid_from, nanos_per_part, currency) "
	    "VALUES (:org, :channel, :day, :nanos, :currency) "
	    "ON CONFLICT (coalesce(org, 0), channel, valid_from, currency) DO UPDATE SET nanos_per_part = excluded.nanos_per_part");

	bind_key(q, s);
	query_bind_int(q, ":nanos", s->price->nanos_per_part);
	return query_run(q);
}

static enum status
delete_row(struct setting *s)
{
	struct query *q = db_query(s->db, "DELETE FROM price WHERE coalesce(org, 0) = coalesce(:org, 0) AND channel = :channel "
	    "AND valid_from = :day AND currency = :currency RETURNING nanos_per_part");
	char day[DAY_TEXT_MAX];
	bool found = false;
	enum status st;

	bind_key(q, s);
	for (; query_step(q); found = true)
		s->price->nanos_per_part = query_int(q, 0);
	if ((st = query_done(q)) != OK || found)
		return st;
	return error_set(s->err, NOT_FOUND, "price: there is no price of %s from %s that is %s%s%s",
	    channel_facts(s->price->channel)->name, day_format(s->price->valid_from, day),
	    s->price->org != NULL ? "the organization's own" : "for all", currency_is_default(s->price->currency) ? "" : " in ",
	    currency_is_default(s->price->currency) ? "" : s->price->currency);
}

/* Fills in the currency, and checks one that was given. */
static enum status
check_currency(struct setting *s, const struct organization *org)
{
	const char *own = s->price->org != NULL ? arena_strdup(s->arena, org->currency) : NULL;

	if (s->price->currency == NULL)
		s->price->currency = own != NULL ? own : CURRENCY_DEFAULT;
	if (own != NULL && strcmp(s->price->currency, own) != 0)
		return error_set(s->err, BAD_REQUEST, "currency: must be %s, the currency of %s", own, org->id);
	return currency_check("currency", s->price->currency, s->err);
}

/* Writes the price first, and then compares the events with it: a CONFLICT aborts the transaction with the price. */
static enum status
change(struct setting *s)
{
	struct organization org = { 0 };
	const char *old_usd, *new_usd;
	enum status st;

	*s->outcome = (struct price_outcome) { 0 };
	s->budget = LOOKED_AT_MAX;
	if (s->price->org != NULL && (st = organization_load(s->db, s->price->org, &org, s->err)) != OK)
		return st;
	s->org_key = org.key;
	if ((st = check_currency(s, &org)) != OK || (st = read_usd(s, &old_usd)) != OK ||
	    (st = s->is_removal ? delete_row(s) : put_row(s)) != OK ||
	    (s->price->org == NULL && (st = installation_touch(s->db)) != OK) || (st = apply_all(s)) != OK ||
	    (st = read_usd(s, &new_usd)) != OK)
		return st;
	return write_audit(s, old_usd, new_usd);
}

enum status
price_set(struct db *db, struct arena *a, const struct price *price, const struct price_options *options,
    struct price_outcome *outcome, struct error *err)
{
	struct price copy = *price;

	return change(&(struct setting) { .db = db, .arena = a, .price = &copy, .options = options, .outcome = outcome, .err = err });
}

enum status
price_remove(struct db *db, struct arena *a, struct price *price, const struct price_options *options,
    struct price_outcome *outcome, struct error *err)
{
	return change(&(struct setting) { .db = db, .arena = a, .price = price, .options = options, .outcome = outcome,
		.is_removal = true, .err = err });
}

enum status
price_each(struct db *db, struct arena *a, void (*each)(const struct price *p, void *arg), void *arg)
{
	struct query *q = db_query(db, "SELECT p.channel, o.id, p.valid_from, p.nanos_per_part, p.currency FROM price p "
	    "LEFT JOIN organization o ON o.key = p.org ORDER BY p.channel, o.id, p.valid_from, p.currency");
	enum status st = OK, done;
	struct price p;

	while (st == OK && query_step(q)) {
		if ((st = channel_column(q, 0, &p.channel)) != OK)
			break;
		p.org = query_is_null(q, 1) ? NULL : arena_strdup(a, query_text(q, 1));
		p.valid_from.n = (int32_t)query_int(q, 2);
		p.nanos_per_part = query_int(q, 3);
		p.currency = arena_strdup(a, query_text(q, 4));
		each(&p, arg);
	}
	done = query_done(q);
	return st != OK ? st : done;
}
