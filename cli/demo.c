/*
 * daybook demo
 *
 * Creates the database (it must not exist) with something to look at: a signing key, prices, two organizations, and a year of
 * their traffic up to now: all channels, hours, weekdays and growth, some failures and a few voids.  Everything is written by
 * the functions that clients' requests use, in the order of time, so that `verify` finds no difference; the ids are UUIDv7s.
 * The same moment makes the same database.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "demo.h"
#include "ledger/event.h"
#include "time/instant.h"
#include "ledger/price.h"
#include "auth/signing_key.h"

enum {
	YEAR_DAYS = 365,
	BATCH = 1000,			/* events of one write transaction */
	DAY_EVENTS_MAX = 1000,
	FAILED_PER_MILLE = 18,
	VOIDED_PER_MILLE = 1,
	GROWTH_PERCENT = 35,		/* over the year */
	CAMPAIGN_DAYS = 28,		/* a large campaign every so many days */
};

/* The traffic of one channel. */
struct flow {
	enum channel channel;
	int events;			/* on a working day, at the end of the year */
	int weekend_percent;
	int messages_max, parts_max;	/* messages of an event; parts of a message */
	const char *source;
};

struct company {
	struct organization org;
	struct limit_base base;
	const char *phone;		/* from a range that is reserved for fiction; two digits follow */
	const struct flow *flows;
	size_t flow_count;
};

static const struct flow acme_flows[] = {
	{ SMS, 105, 30, 4, 2, "crm" }, { CALL, 14, 15, 1, 9, "dialer" }, { EMAIL, 42, 60, 30, 1, "mailer" },
	{ INAPP_WEB, 16, 90, 12, 1, "app" }, { WEB_PUSH, 12, 80, 40, 1, "app" }, { PUSH, 9, 90, 40, 1, "app" },
	{ SLACK, 8, 5, 1, 1, "ops" }, { WHATSAPP, 10, 50, 2, 1, "crm" }, { SAGE, 12, 30, 1, 1, "assistant" },
};
static const struct flow globex_flows[] = {
	{ SMS, 52, 20, 3, 3, "erp" }, { CALL, 12, 5, 1, 14, "dialer" }, { EMAIL, 24, 25, 60, 1, "erp" },
	{ WHATSAPP, 20, 40, 3, 1, "erp" }, { INAPP_WEB, 6, 50, 5, 1, "portal" }, { SAGE, 5, 10, 1, 1, "assistant" },
};
static const struct {
	enum channel channel;
	int64_t nanos;
} prices[] = {
	{ SMS, 7900000 }, { CALL, 14000000 }, { WHATSAPP, 5000000 }, { EMAIL, 100000 }, { SAGE, 2000000 },
};

/* The weight of each hour in the traffic of a day. */
static const int hour_weights[24] = { 1, 0, 0, 0, 0, 1, 2, 5, 12, 20, 24, 22, 16, 18, 22, 21, 18, 14, 12, 10, 7, 4, 2, 1 };

/* The state of making the year of one organization. */
struct work {
	struct cli *cli;
	const struct company *company;
	struct organization org;
	uint64_t seed;
	struct event_item *items;
	size_t count;
	int64_t events, failed, voids;
	int64_t first_at;		/* of the year, for the progress bar */
};

/* A random number of [0, n), by the generator of Knuth's MMIX: the same everywhere, unlike rand(). */
static int64_t
random_below(struct work *w, int64_t n)
{
	w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int64_t)(w->seed >> 33) % n;
}

/* A UUIDv7 of an instant in the past, from the generator above: uuid7 would be random. */
static const char *
new_id(struct work *w, int64_t at)
{
	uint64_t a = (uint64_t)random_below(w, 0x1000), b = (uint64_t)random_below(w, 0x4000) | 0x8000;
	uint64_t c = (uint64_t)random_below(w, 0x1000000), d = (uint64_t)random_below(w, 0x1000000), ms = (uint64_t)at;

	return arena_printf(w->cli->arena, "%08" PRIx64 "-%04" PRIx64 "-7%03" PRIx64 "-%04" PRIx64 "-%06" PRIx64
	    "%06" PRIx64, ms >> 16, ms & 0xffff, a, b, c, d);
}

/* ---- Posting */

/* The moment after the last event of the batch, as of which it is posted, so that no event is too old. */
static int64_t
batch_now(const struct work *w)
{
	int64_t now = w->items[w->count - 1].event.occurred_at + SECOND_MS;

	return now < w->cli->now ? now : w->cli->now;
}

/* Posts the batch, inside the write transaction.  An event that is not accepted is a mistake of the demo. */
static enum status
post_batch(struct organization *org, void *arg)
{
	struct work *w = arg;
	struct cli *c = w->cli;
	struct event_options options = { .now = batch_now(w), .by = &cli_actor };
	enum status st;

	w->org = *org;
	if ((st = event_post(c->db, c->arena, org, w->items, w->count, &options)) != OK)
		return st;
	for (size_t i = 0; i < w->count; i++)
		if (w->items[i].verdict != EVENT_ACCEPTED)
			return error_set(&c->err, INTERNAL, "demo: %s", w->items[i].error != NULL ? w->items[i].error : "id");
	progress("creating a year of traffic", options.now - w->first_at, c->now - w->first_at);
	return OK;
}

/* Posts the batch in one transaction, and begins another. */
static enum status
flush(struct work *w)
{
	struct cli *c = w->cli;
	enum status st;

	if (w->count == 0)
		return OK;
	st = organization_write(c->db, c->arena, w->company->org.id, batch_now(w), post_batch, w, &c->err);
	w->count = 0;
	arena_reset(c->arena);
	return st;
}

static struct event *
add(struct work *w)
{
	struct event_item *item = &w->items[w->count++];

	*item = (struct event_item) { .verdict = EVENT_PENDING };
	w->events++;
	return &item->event;
}

/* ---- Making up traffic */

/* Adds one event, sometimes a failed one, sometimes followed by its void. */
static void
invent(struct work *w, const struct flow *f, int64_t at)
{
	static const char *const reasons[] = { "invalid number", "opted out", "landline", "blocked by carrier" };
	struct event *e = add(w), *sent;

	*e = (struct event) { .source = f->source, .id = new_id(w, at), .kind = EVENT_SENT, .occurred_at = at,
		.channel = f->channel, .messages = 1 + random_below(w, f->messages_max) };
	e->parts = e->messages * (1 + random_below(w, f->parts_max));
	if (f->channel == SMS && random_below(w, 1000) < FAILED_PER_MILLE) {
		e->kind = EVENT_FAILED;
		e->messages = e->parts = 1;
		e->to = arena_printf(w->cli->arena, "%s%02d", w->company->phone, (int)random_below(w, 100));
		e->reason = reasons[random_below(w, 4)];
		w->failed++;
	} else if (w->count < BATCH && random_below(w, 1000) < VOIDED_PER_MILLE) {
		sent = e;
		e = add(w);	/* event_post ignores occurred_at of a void, but flush looks at it */
		*e = (struct event) { .source = f->source, .id = new_id(w, at), .kind = EVENT_VOID, .occurred_at = at,
			.voids = sent->id, .reason = "sent by mistake" };
		w->voids++;
	}
}

struct draft {
	int64_t at;
	const struct flow *flow;
};

static int
by_time(const void *a, const void *b)
{
	const struct draft *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* A random time of day, distributed as hour_weights says. */
static int64_t
time_of_day(struct work *w)
{
	int64_t total = 0, pick;
	int hour = 0;

	for (int i = 0; i < 24; i++)
		total += hour_weights[i];
	for (pick = random_below(w, total); pick >= hour_weights[hour]; hour++)
		pick -= hour_weights[hour];
	return hour * HOUR_MS + random_below(w, HOUR_MS);
}

/* How many events a flow has on a day that is `age` days ago. */
static int64_t
how_many(struct work *w, const struct flow *f, struct day d, int age)
{
	int weekday = ((d.n % 7) + 7) % 7;	/* 1970-01-01 was a Thursday: 2 is Saturday, 3 Sunday */
	int64_t n = f->events * (85 + random_below(w, 31));

	if (weekday == 2 || weekday == 3)
		n = n * f->weekend_percent / 100;
	else if (d.n % CAMPAIGN_DAYS == 5)
		n = n * 3 / 2;
	return n * (100 - (int64_t)GROWTH_PERCENT * age / YEAR_DAYS) / 10000;
}

/* Makes the events of all flows for one day, then posts them in the order of time, up to now. */
static enum status
make_day(struct work *w, struct day d, int age)
{
	static struct draft drafts[DAY_EVENTS_MAX];
	size_t count = 0;
	enum status st;

	for (size_t f = 0; f < w->company->flow_count; f++)
		for (int64_t n = how_many(w, &w->company->flows[f], d, age); n > 0 && count < DAY_EVENTS_MAX; n--)
			drafts[count++] = (struct draft) { day_wall(w->org.days, d, time_of_day(w)),
				&w->company->flows[f] };
	qsort(drafts, count, sizeof(*drafts), by_time);
	for (size_t i = 0; i < count && drafts[i].at <= w->cli->now; i++) {
		invent(w, drafts[i].flow, drafts[i].at);
		if (w->count == BATCH && (st = flush(w)) != OK)
			return st;
	}
	return OK;
}

static enum status
make_year(struct cli *c, const struct company *company, struct work *w)
{
	enum status st = OK;
	struct day today;

	*w = (struct work) { .cli = c, .company = company, .org = company->org, .seed = 20120101,
		.items = xmalloc(BATCH * sizeof(*w->items)) };
	today = organization_today(&w->org, c->now);
	w->first_at = day_start(w->org.days, day_add(today, -YEAR_DAYS));
	for (int age = YEAR_DAYS; st == OK && age >= 0; age--)
		st = make_day(w, day_add(today, -age), age);
	if (st == OK)
		st = flush(w);
	free(w->items);
	return st;
}

/* ---- The command */

struct ground {
	struct cli *cli;
	struct company *companies;
	size_t count;
};

/* Writes the organizations, the prices and a key, as of a year ago, inside a write transaction. */
static enum status
make_ground(void *arg)
{
	struct ground *g = arg;
	struct cli *c = g->cli;
	int64_t began_at = c->now - (YEAR_DAYS + 2) * DAY_MS;
	const struct price_options options = { .now = began_at, .by = &cli_actor };
	struct price_outcome outcome;
	struct day from = { (int32_t)(began_at / DAY_MS) };
	enum status st = OK;

	for (size_t i = 0; st == OK && i < g->count; i++)
		st = organization_add(c->db, c->arena, &g->companies[i].org, &g->companies[i].base, began_at, &cli_actor, &c->err);
	for (size_t i = 0; st == OK && i < sizeof(prices) / sizeof(prices[0]); i++)
		st = price_set(c->db, c->arena, &(const struct price) { prices[i].channel, NULL, from, prices[i].nanos }, &options,
		    &outcome, &c->err);
	if (st != OK)
		return st;
	return signing_key_add(c->db, c->arena, &(const struct signing_key_input) { .kid = "demo", .alg = "HS256" }, c->now, NULL,
	    &c->err);
}

int
cmd_demo(struct cli *c, int argc, char **argv)
{
	struct company companies[] = {
		{ { .id = "acme", .name = "Acme Messaging", .timezone = "America/Toronto", .plan = "growth",
		    .cycles = { .first_day = 1 }, .currency = CURRENCY_DEFAULT, .week_start = 7 },
		    { .amounts = { 500, 60000, 150000000, 10000, UNLIMITED } },
		    "+141655501", acme_flows, sizeof(acme_flows) / sizeof(acme_flows[0]) },
		{ { .id = "globex", .name = "Globex Logistik", .timezone = "Europe/Berlin", .plan = "enterprise",
		    .cycles = { .first_day = 15 }, .currency = CURRENCY_DEFAULT, .week_start = 1 }, limit_base_none,
		    "+4930231250", globex_flows, sizeof(globex_flows) / sizeof(globex_flows[0]) },
	};
	enum { COMPANIES = sizeof(companies) / sizeof(companies[0]) };
	struct work work[COMPANIES];
	enum status st;

	if (!cli_options("demo", argc, argv, (const struct option_spec[]) { { 0 } }, NULL, 0, 0))
		return USAGE;
	if (!cli_path_to_make(c))
		return FAILED;
	if (db_create(c->path, &c->err) != OK || (c->db = db_open(c->path, &c->err)) == NULL)
		return cli_fail(c);
	st = db_write(c->db, make_ground, &(struct ground) { c, companies, COMPANIES });
	for (size_t i = 0; st == OK && i < COMPANIES; i++)
		st = make_year(c, &companies[i], &work[i]);
	if (st == OK)
		st = demo_campaigns(c, "acme");
	progress_end();
	if (st != OK)
		return cli_fail(c);
	printf("created %s\n\n", c->path);
	for (size_t i = 0; i < COMPANIES; i++)
		printf("  %-8s %-16s %7" PRId64 " events, %" PRId64 " of them failed, %" PRId64 " voids\n", companies[i].org.id,
		    companies[i].org.timezone, work[i].events, work[i].failed, work[i].voids);
	cli_print_hint(c, "\na token:       ", "token --org acme");
	cli_print_hint(c, "the calendar:  ", "usage --org acme");
	return DONE;
}
