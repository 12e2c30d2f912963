/*
 * GET /api/organizations/{organizationId}/prices -- what a part costs: the organization's own prices, and those that apply to
 *	all organizations.
 * POST /api/organizations/{organizationId}/prices {"channel","usd","validFrom"?,"reprice"?,"currency"?} -- sets a price of
 *	its own.
 *	usd is a number or a text: dollars for a part, with at most nine decimals, or whatever the currency of the
 *	organization is.  currency may say that, and no other.  validFrom is a day, by default the
 *	organization's today.  A second price for the same channel and day replaces the first.  The organization's own price
 *	wins over one for all, whatever their days.
 *
 * DELETE /api/organizations/{organizationId}/prices?channel=&validFrom=[&reprice=true] -- removes a price of its own, for example
 *	one that was entered by mistake.  From then on the price applies that would have without it.
 *
 *	200	{"success":true,"data":{"prices":[{"channel","usd","validFrom","of":"organization"|"all"},…]}}, by channel, own
 *		ones first, the latest first, with "currency" if it is not USD; to POST and DELETE
 *		{"success":true,"data":{the price, and "job":null}}
 *	202	with reprice: the price is set or removed, and a job reprices the events: "job" is its number, and the header Location
 *		is where to look at it (jobs.c)
 *	400	a field is missing, unknown or wrong
 *	401 403	no valid credential; the scope org:admin is missing, or it is another organization's
 *	404	no such organization (to the scope admin); no such price to DELETE
 *	409	that would change the cost of events, and reprice is not true; or a job of the organization has not ended
 *	429	reprice was asked for REPRICES_A_DAY times within a day; Retry-After
 */
#include <inttypes.h>
#include <string.h>

#include "base/money.h"
#include "ledger/job.h"
#include "ledger/price.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "http/serve.h"
#include "time/instant.h"

enum { REPRICES_A_DAY = 6 };	/* each may add a row to the ledger for every quarter-hour */

/* The members of a price, in an open object. usd is a JSON number, written as text so that no decimal is lost. */
static void
put_members(struct json *out, const struct price *p)
{
	char usd[MONEY_TEXT_MAX], day[DAY_TEXT_MAX];

	money_format_nanos(p->nanos_per_part, usd);
	json_put_text(out, "channel", channel_facts(p->channel)->name);
	json_put_raw(out, "usd", usd, strlen(usd));
	json_put_text(out, "validFrom", day_format(p->valid_from, day));
	json_put_text(out, "of", p->org != NULL ? "organization" : "all");
	currency_put(out, p->currency);
}

static enum status
prices_list(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct organization org;
	struct price_list prices;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK)
		return st;
	if (reply_cached(r, body, org.revision, organization_unchanged_until(&org, r->now)))
		return OK;
	if ((st = price_load(r->db, r->arena, &org, &prices)) != OK)
		return st;
	dialect_tether_open(out);
	json_open_array(out, "prices");
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		for (size_t i = 0; i < prices.count; i++) {
			if (prices.prices[i].channel != c)
				continue;
			json_open_object(out, NULL);
			put_members(out, &prices.prices[i]);
			json_close_object(out);
		}
	json_close_array(out);
	dialect_tether_close(out);
	return OK;
}

/* The reply to POST and DELETE. */
static void
put_price(struct json *out, const struct price *price, int64_t job)
{
	dialect_tether_open(out);
	put_members(out, price);
	json_put_int_or_null(out, "job", job, 0);
	dialect_tether_close(out);
}

/* A price as the client sets it. */
struct price_input {
	struct price price;
	bool has_day, reprice;
};

static enum status
read_fields(struct req *r, struct json_object *o, struct price_input *input)
{
	const char *channel, *day;
	enum status st;
	bool found;

	if ((st = json_string(o, "channel", 1, 32, &channel, &r->err)) != OK)
		return st;
	if (channel == NULL)
		return error_set(&r->err, BAD_REQUEST, "channel: required");
	if ((st = channel_read(channel, &input->price.channel, &r->err)) != OK ||
	    (st = json_price(o, "usd", &found, &input->price.nanos_per_part, &r->err)) != OK)
		return st;
	if (!found)
		return error_set(&r->err, BAD_REQUEST, "usd: required");
	if ((st = json_string(o, "validFrom", 1, 32, &day, &r->err)) != OK ||
	    (st = json_bool(o, "reprice", &found, &input->reprice, &r->err)) != OK)
		return st;
	if ((st = json_string(o, "currency", 1, 32, &input->price.currency, &r->err)) != OK)
		return st;
	if ((input->has_day = day != NULL) && !day_parse(day, &input->price.valid_from))
		return error_set(&r->err, BAD_REQUEST, "validFrom: not a date (YYYY-MM-DD)");
	return OK;
}

/* A POST or DELETE of a price. */
struct price_write {
	struct req *r;
	bool is_removal;
	struct price_input input;
	struct buf *body;
};

/* Refuses a reprice if there were enough of them in the last 24 hours. */
static enum status
check_rate(struct req *r, int64_t org_key)
{
	int64_t count, first_at;
	enum status st = job_count_remote(r->db, org_key, JOB_REPRICE, r->now - DAY_MS, &count, &first_at);

	if (st != OK || count < REPRICES_A_DAY)
		return st;
	req_add_header(r, "Retry-After", arena_printf(r->arena, "%" PRId64,
	    (first_at + DAY_MS - r->now + SECOND_MS - 1) / SECOND_MS));
	return error_set(&r->err, TOO_OFTEN, "reprice: %d times within a day are enough; set the price from a later day, or wait",
	    REPRICES_A_DAY);
}

/* Sets or removes the price, inside a write transaction.  The sentences of price.h on a conflict name options of the command. */
static enum status
write_price(void *arg)
{
	struct price_write *w = arg;
	struct price *price = &w->input.price;
	struct req *r = w->r;
	const struct price_options options = { w->input.reprice, true, r->now, &r->by };
	struct price_outcome outcome;
	struct organization org;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (options.reprice && (st = check_rate(r, org.key)) != OK) || (st = job_check_none(r->db, &org, &r->err)) != OK)
		return st;
	if (price->currency == NULL)
		price->currency = arena_strdup(r->arena, org.currency);
	if (!w->input.has_day)
		price->valid_from = organization_today(&org, r->now);
	st = w->is_removal ? price_remove(r->db, r->arena, price, &options, &outcome, &r->err) :
	    price_set(r->db, r->arena, price, &options, &outcome, &r->err);
	if (st == CONFLICT)
		error_set(&r->err, st, w->is_removal ? "validFrom: there are events of that day or later whose cost this would change, "
		    "or too many to tell; add reprice=true to reprice them" : "validFrom: there are events of that day or later that "
		    "this price would change, or too many to tell; give \"reprice\":true to reprice them, or choose a later day");
	if (st != OK)
		return st;
	put_price(json_on(w->body), price, outcome.job);
	if (outcome.job == 0)
		return OK;
	req_add_header(r, "Location", arena_printf(r->arena, "jobs/%" PRId64, outcome.job));
	return ACCEPTED;
}

static enum status
prices_post(struct req *r, struct buf *body)
{
	static const char *const known[] = { "channel", "usd", "validFrom", "reprice", "currency", NULL };
	struct price_write write = { .r = r, .input = { .price = { .org = r->org } }, .body = body };
	struct json_object *o;
	enum status st;

	if ((st = req_object(r, known, &o)) != OK)
		return st;
	st = read_fields(r, o, &write.input);
	json_object_free(o);
	return st == OK ? db_write(r->db, write_price, &write) : st;
}

static enum status
prices_delete(struct req *r, struct buf *body)
{
	struct price_write write = { .r = r, .is_removal = true, .body = body,
		.input = { .price = { .org = r->org }, .has_day = true } };
	const char *channel = req_query(r, "channel"), *reprice = req_query(r, "reprice");
	enum status st;

	if (channel == NULL)
		return error_set(&r->err, BAD_REQUEST, "channel: required");
	if ((st = channel_read(channel, &write.input.price.channel, &r->err)) != OK ||
	    (st = req_day(r, "validFrom", &write.input.price.valid_from)) != OK)
		return st;
	write.input.reprice = reprice != NULL && strcmp(reprice, "true") == 0;
	if (reprice != NULL && !write.input.reprice && strcmp(reprice, "false") != 0)
		return error_set(&r->err, BAD_REQUEST, "reprice: must be true or false");
	return db_write(r->db, write_price, &write);
}

int
main(void)
{
	static const char *const deleted[] = { "channel", "validFrom", "reprice", NULL };
	static const struct route routes[] = {
		{ GET, "/api/organizations/{organizationId}/prices", SCOPE_ORG_ADMIN, prices_list },
		{ POST, "/api/organizations/{organizationId}/prices", SCOPE_ORG_ADMIN, prices_post },
		{ DELETE, "/api/organizations/{organizationId}/prices", SCOPE_ORG_ADMIN, prices_delete, .query = deleted },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "prices", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
