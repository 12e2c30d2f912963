/*
 * Prices (see price.h), and repricing: the ledger is append-only, so a new price for past days does not change rows but
 * adds the difference.
 */
#include <string.h>

#include "store/audit.h"
#include "ledger/event_row.h"
#include "time/instant.h"
#include "base/money.h"
#include "ledger/price.h"
#include "ledger/usage.h"
#include "store/channel_column.h"
#include "store/installation.h"

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

/* ---- Repricing */

/* The events of one quarter-hour with the same number of parts.  They cost the same, so one multiplication serves all. */
struct group {
	int64_t quarter, parts, events, cost_micros;
};

struct repricing {
	const struct organization *org;
	const struct price_list *list;
	enum channel channel;
	const struct event_options *options;
	bool dry_run;
	int64_t adjusted;		/* quarters whose cost is different now */
};

/* The settlements of the event that e is about, with a source without the prefix of statements. */
#define SETTLES_SAME "a.org = e.org AND a.source IN (" SOURCE ", '" EVENT_SETTLE_PREFIX "' || " SOURCE ") " \
	"AND a.settles_id = coalesce(e.voids_id, e.settles_id, e.id)"
#define SOURCE "CASE WHEN substr(e.source, 1, 15) = '" EVENT_SETTLE_PREFIX "' THEN substr(e.source, 16) ELSE e.source END"
/* The parts of an event after its settlements; rows of differences have none of their own, a void what it takes back. */
#define PRICED_PARTS "CASE e.status WHEN 'adjust' THEN 0 WHEN 'void' THEN e.parts ELSE " \
	"CASE e.status WHEN 'sent' THEN e.parts ELSE 0 END + CASE WHEN :has_settlements = 0 THEN 0 ELSE " \
	"coalesce((SELECT sum(a.parts) FROM event a WHERE " SETTLES_SAME "), 0) END END"

/* Whether the organization has any settlements; if not, there is no need to look for those of each event. */
static enum status
has_settlements(struct db *db, const struct organization *org, bool *has)
{
	struct query *q = db_query(db, "SELECT 1 FROM event WHERE org = :org AND settles_id IS NOT NULL LIMIT 1");

	query_bind_int(q, ":org", org->key);
	*has = query_step(q);
	return query_done(q);
}

/*
 * Reads what each quarter-hour from from_at on has cost so far.  Earlier reprice rows are among them, with no parts:
 * they add to the present cost and cost nothing themselves, so repricing again takes them back.  So are settlements of parts
 * alone.  Failed events have no parts and no cost, unless a settlement gave them some.
 * Leaves out given costs, and events to which a settlement gave one, with all their rows: a price no longer determines those.
 * Reads all groups before the first adjust row is added, so that the query does not meet its own result.
 */
static enum status
read_groups(struct db *db, struct arena *a, const struct repricing *r, int64_t from_at, struct group **groups,
    size_t *count)
{
	struct query *q;
	size_t max = 0;
	enum status st;
	bool has;

	if ((st = has_settlements(db, r->org, &has)) != OK)
		return st;
	q = db_query(db, "SELECT e.occurred_at / :quarter_ms AS quarter, " PRICED_PARTS " AS priced_parts, count(*), "
	    "sum(e.cost_micros) FROM event e WHERE e.org = :org AND e.occurred_at >= :from_at AND e.channel = :channel "
	    "AND (e.cost_given = 0 OR e.status = 'failed') AND (:has_settlements = 0 "
	    "OR NOT EXISTS (SELECT 1 FROM event a WHERE " SETTLES_SAME " AND a.cost_given = 1)) "
	    "GROUP BY quarter, priced_parts ORDER BY quarter");
	query_bind_int(q, ":has_settlements", has);
	*groups = NULL;
	*count = 0;
	query_bind_int(q, ":org", r->org->key);
	query_bind_int(q, ":from_at", from_at);
	query_bind_text(q, ":channel", channel_facts(r->channel)->name);
	query_bind_int(q, ":quarter_ms", QUARTER_MS);
	while (query_step(q)) {
		*groups = arena_grow(a, *groups, *count, &max, sizeof(**groups));
		(*groups)[(*count)++] = (struct group) { query_int(q, 0), query_int(q, 1), query_int(q, 2),
			query_int(q, 3) };
	}
	return query_done(q);
}

/* Adds one adjust row for each quarter-hour whose events cost something else by the new price. */
static enum status
reprice_organization(struct db *db, struct arena *a, struct repricing *r, struct day from, struct error *err)
{
	struct rollup *rollup = rollup_new(r->org);
	struct group *groups;
	int64_t each;
	size_t count, i = 0;
	enum status st;

	st = read_groups(db, a, r, day_start(r->org->days, from), &groups, &count);
	while (st == OK && i < count) {
		int64_t quarter = groups[i].quarter, is = 0, should = 0;
		int64_t nanos = price_nanos(r->list, r->channel, day_at(r->org->days, quarter * QUARTER_MS));

		/*
		 * A quarter-hour lies in one day, so one price applies to all its groups.  `is` is their cost so far,
		 * `should` by the price; rounded per event, as when they were posted.
		 */
		for (; st == OK && i < count && groups[i].quarter == quarter; i++) {
			if ((each = money_cost(groups[i].parts, nanos)) > MONEY_MICROS_MAX)
				st = error_set(err, BAD_REQUEST, "price: an event of %lld parts would cost more than a "
				    "million dollars", (long long)groups[i].parts);
			else
				should += groups[i].events * each;
			is += groups[i].cost_micros;
		}
		if (st != OK || is == should)
			continue;
		/* A dry run only counts. */
		r->adjusted++;
		if (!r->dry_run)
			st = event_adjust_quarter(db, r->org, quarter, r->channel, should - is, rollup, r->options);
	}
	if (st == OK)
		st = rollup_flush(rollup, db);
	rollup_free(rollup);
	return st;
}

/*
 * Reprices every organization that the new price concerns: the one named, or all.  A dry run finds out whether any
 * event would cost something else, and fails at the first organization that has one.
 */
static enum status
reprice(struct db *db, struct arena *a, const char *only, enum channel c, struct day from, bool dry_run,
    const struct event_options *options, int64_t *adjusted, struct error *err)
{
	const char **ids;
	size_t count;
	enum status st = organization_ids(db, a, &ids, &count);

	*adjusted = 0;
	for (size_t i = 0; st == OK && i < count; i++) {
		struct organization org;
		struct price_list list;
		struct repricing r = { .org = &org, .list = &list, .channel = c, .options = options,
			.dry_run = dry_run };

		if (only != NULL && strcmp(ids[i], only) != 0)
			continue;
		/*
		 * Every organization's replies contain the common price, so each revision goes up even if nothing is
		 * adjusted.
		 */
		if ((st = organization_load_for_write(db, a, ids[i], options->now, &org, err)) != OK ||
		    (st = price_load(db, a, &org, &list)) != OK ||
		    (st = reprice_organization(db, a, &r, from, err)) != OK)
			break;
		*adjusted += r.adjusted;
		if (dry_run && r.adjusted > 0) {
			st = error_set(err, CONFLICT, "from: there are events on or after %s that this price would change", ids[i]);
			error_hint(err, "Use --reprice to reprice them, or choose a later day with --from.");
		}
	}
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
write_audit(struct db *db, int64_t org_key, enum channel c, struct day from, const char *old_usd, int64_t nanos_per_part,
    int64_t adjusted, int64_t now, const struct actor *by)
{
	char day[DAY_TEXT_MAX], usd[MONEY_TEXT_MAX];
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	enum status st;

	money_format_nanos(nanos_per_part, usd);
	json_open_object(j, NULL);
	json_put_text(j, "channel", channel_facts(c)->name);
	json_put_text(j, "from", day_format(from, day));
	json_put_raw(j, "usdPerPart", usd, strlen(usd));
	json_put_int(j, "quartersAdjusted", adjusted);
	json_open_object(j, "changed");
	audit_put_raw_change(j, "usdPerPart", old_usd, usd);
	json_close_object(j);
	json_close_object(j);
	st = audit(db, now, org_key, by, "price.set", buf_text(&detail));
	buf_free(&detail);
	return st;
}

/*
 * Writes the price first and then compares the events with it.  If the caller did not ask to reprice, that is a dry
 * run, and its CONFLICT aborts the transaction with the price.
 */
enum status
price_set(struct db *db, struct arena *a, const char *org_id, enum channel c, struct day from, int64_t nanos_per_part,
    bool reprice_events, int64_t now, const struct actor *by, int64_t *adjusted, struct error *err)
{
	struct event_options options = { .now = now, .by = by };
	struct organization org = { 0 };
	const char *old_usd;
	struct query *q;
	enum status st;

	if (org_id != NULL && (st = organization_load(db, org_id, &org, err)) != OK)
		return st;
	if ((st = read_old(db, a, org.key, c, from, &old_usd)) != OK)
		return st;
	q = db_query(db, "INSERT INTO price (org, channel, valid_from, nanos_per_part) "
	    "VALUES (:org, :channel, :valid_from, :nanos) "
	    "ON CONFLICT (coalesce(org, 0), channel, valid_from) DO UPDATE SET nanos_per_part = excluded.nanos_per_part");
	if (org_id != NULL)
		query_bind_int(q, ":org", org.key);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	query_bind_int(q, ":valid_from", from.n);
	query_bind_int(q, ":nanos", nanos_per_part);
	if ((st = query_run(q)) != OK || (org_id == NULL && (st = installation_touch(db)) != OK) ||
	    (st = reprice(db, a, org_id, c, from, !reprice_events, &options, adjusted, err)) != OK)
		return st;
	return write_audit(db, org.key, c, from, old_usd, nanos_per_part, *adjusted, now, by);
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
