/*
 * GET /metrics -- Prometheus text, for a token with the scope metrics, or for the addresses in the setting
 * metrics_addresses.  Sums are over all days and do not restart at midnight; voids lower them, so they are gauges.
 * daybook_limit_* have a sample for each limit of an organization, by its name: what its present window (today, this
 * billing cycle …) allows, has used and holds for campaigns, in its unit: messages, parts or money; of another
 * currency than US dollars with the label currency.
 *
 *	200	text/plain; version=0.0.4
 *	401	there is a credential, and it is not valid
 *	403	no credential and another address; a credential without the scope
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "org/organization.h"
#include "http/reply.h"
#include "http/serve.h"
#include "store/setting.h"
#include "ledger/limit.h"
#include "ledger/usage.h"
#include "base/money.h"
#include "base/version.h"
#include "time/instant.h"

/* One sample; labels are "" or in braces. */
static void
line(struct buf *out, const char *name, const char *labels, int64_t value)
{
	buf_printf(out, "%s%s %" PRId64 "\n", name, labels, value);
}

/* One sample of money, not in millionths: names of metrics are in base units. */
static void
line_money(struct buf *out, const char *name, const char *labels, int64_t micros)
{
	char text[MONEY_TEXT_MAX];

	buf_printf(out, "%s%s %s\n", name, labels, money_format(micros, text));
}

/* The two lines that introduce the samples of one name. */
static void
family(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* An organization, what it has sent, and its limits. */
struct today {
	struct organization org;
	struct day day;
	struct day_usage usage;
	struct usage_total total;	/* of all days */
	struct limit_state *limits;	/* of each of the organization's, in their order */
};

static int64_t
messages(const struct usage_sum *sum)
{
	return sum->messages;
}

static int64_t
parts(const struct usage_sum *sum)
{
	return sum->parts;
}

static int64_t
cost(const struct usage_sum *sum)
{
	return sum->cost_micros;
}

/* A family of sums by organization and channel. */
struct sums {
	const char *name, *help;
	int64_t (*value)(const struct usage_sum *sum);
	bool is_usd, is_money;	/* only of organizations with this currency; in each organization's own */
};

/* One sample.  Ids and channel names need no escaping. */
static void
put_total(struct req *r, struct buf *out, const struct sums *s, const struct organization *org, enum channel c,
    const struct usage_sum *sum)
{
	const char *channel = channel_facts(c)->name;
	const char *labels = s->is_money ? arena_printf(r->arena, "{organization=\"%s\",channel=\"%s\",currency=\"%s\"}", org->id,
	    channel, org->currency) : arena_printf(r->arena, "{organization=\"%s\",channel=\"%s\"}", org->id, channel);

	(s->is_usd || s->is_money ? line_money : line)(out, s->name, labels, s->value(sum));
}

/* The cost is there twice: amounts of different currencies must not be added up, so each has a label, or the name says it. */
static void
put_sums(struct req *r, struct buf *out, const struct today *todays, size_t count)
{
	static const struct sums families[] = {
		{ "daybook_messages", "Messages sent, voids subtracted.", messages, false, false },
		{ "daybook_parts", "Parts sent, voids subtracted.", parts, false, false },
		{ "daybook_cost_usd", "Cost in US dollars, voids subtracted.", cost, true, false },
		{ "daybook_cost", "Cost in the currency of the organization, voids subtracted.", cost, false, true } };

	for (size_t k = 0; k < sizeof(families) / sizeof(families[0]); k++) {
		family(out, families[k].name, "gauge", families[k].help);
		for (const struct today *t = todays; t < todays + count; t++)
			for (enum channel c = 0; c < CHANNEL_COUNT; c++)
				if ((t->total.channels >> c & 1U) != 0 && !(families[k].is_usd && !currency_is_default(t->org.currency)))
					put_total(r, out, &families[k], &t->org, c, &t->total.sums.of[c]);
	}
}

/* The state of each limit: read at once, because the boundaries of days are gone when the next organization is loaded. */
static enum status
load_limits(struct req *r, struct today *t)
{
	struct limit_book *book;
	enum status st;

	if ((st = limit_book_today(r->db, r->arena, &t->org, r->now, &book)) != OK)
		return st;
	t->limits = arena_alloc(r->arena, t->org.limits.count * sizeof(*t->limits));
	for (size_t i = 0; i < t->org.limits.count; i++)
		t->limits[i] = limit_book_state(book, &t->org.limits.of[i], r->now);
	return OK;
}

/* What each organization has sent and holds on its own today. */
static enum status
load_todays(struct req *r, struct today **todays, size_t *count)
{
	const char **ids;
	enum status st = organization_ids(r->db, r->arena, &ids, count);

	if (st != OK)
		return st;
	*todays = arena_alloc(r->arena, (*count + 1) * sizeof(**todays));
	for (size_t i = 0; st == OK && i < *count; i++) {
		struct today *t = &(*todays)[i];

		if ((st = organization_load(r->db, ids[i], &t->org, &r->err)) == OK &&
		    (st = load_limits(r, t)) == OK) {
			t->day = organization_today(&t->org, r->now);
			if ((st = usage_days(r->db, &t->org, t->day, t->day, t->day, &t->usage)) == OK)
				st = usage_total(r->db, &t->org, r->now, &t->total);
		}
	}
	return st;
}

static int64_t
sent(const struct today *t)
{
	return t->usage.sent;
}

static int64_t
reserved(const struct today *t)
{
	return t->usage.reserved;
}

static int64_t
limit(const struct today *t)
{
	return limit_rules_daily(&t->org.limits, t->day);
}

static void
put_gauge(struct req *r, struct buf *out, const char *name, const char *help, const struct today *todays, size_t count,
    int64_t (*value)(const struct today *))
{
	family(out, name, "gauge", help);
	for (size_t i = 0; i < count; i++)
		line(out, name, arena_printf(r->arena, "{organization=\"%s\"}", todays[i].org.id), value(&todays[i]));
}

static int64_t
limit_amount(const struct limit_state *s)
{
	return s->amount;
}

static int64_t
limit_used(const struct limit_state *s)
{
	return s->used;
}

static int64_t
limit_held(const struct limit_state *s)
{
	return s->held;
}

/* The label of an amount that is not in US dollars, after others; else "". */
static const char *
currency_label(struct req *r, const struct limit_rule *rule)
{
	return rule->unit != LIMIT_COST || currency_is_default(rule->currency) ? "" :
	    arena_printf(r->arena, ",currency=\"%s\"", rule->currency);
}

/* One figure of every limit.  Names of limits need no escaping. */
static void
put_limits(struct req *r, struct buf *out, const char *name, const char *help, const struct today *todays, size_t count,
    int64_t (*value)(const struct limit_state *))
{
	family(out, name, "gauge", help);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < todays[i].org.limits.count; k++) {
			const struct limit_rule *rule = &todays[i].org.limits.of[k];
			int64_t figure = value(&todays[i].limits[k]);

			(rule->unit == LIMIT_COST && figure != UNLIMITED ? line_money : line)(out, name, arena_printf(r->arena,
			    "{organization=\"%s\",limit=\"%s\"%s}", todays[i].org.id, rule->name, currency_label(r, rule)), figure);
		}
}

static enum status
may_read(struct req *r)
{
	enum status st = req_check_operator(r);

	if (st == UNAUTHENTICATED)
		req_add_header(r, "WWW-Authenticate", "Bearer realm=\"daybook\", error=\"invalid_token\"");
	return st;
}

static enum status
metrics(struct req *r, struct buf *body)
{
	struct today *todays;
	const char *backup_at;
	enum status st;
	size_t count;

	if ((st = may_read(r)) != OK || (st = load_todays(r, &todays, &count)) != OK ||
	    (st = setting_get(r->db, r->arena, "backup_at", &backup_at)) != OK)
		return st;
	r->content_type = "text/plain; version=0.0.4; charset=utf-8";
	family(body, "daybook_build_info", "gauge", "Versions of the running Daybook.");
	line(body, "daybook_build_info", arena_printf(r->arena, "{version=\"%s\",build=\"%s\",sqlite=\"%s\"}", version,
	    version_build, db_sqlite_version()), 1);
	put_sums(r, body, todays, count);
	put_gauge(r, body, "daybook_today_sent", "SMS sent today, in quota units.", todays, count, sent);
	put_gauge(r, body, "daybook_today_reserved", "SMS held by open segments today, in quota units.", todays, count, reserved);
	put_gauge(r, body, "daybook_daily_limit", "The daily limit in quota units; -1 = unlimited.", todays, count, limit);
	put_limits(r, body, "daybook_limit_amount", "What a limit allows in its present window; -1 = unlimited.", todays, count,
	    limit_amount);
	put_limits(r, body, "daybook_limit_used", "What was sent or spent of a limit in its present window.", todays, count,
	    limit_used);
	put_limits(r, body, "daybook_limit_held", "What open segments hold of a limit in its present window.", todays, count,
	    limit_held);
	family(body, "daybook_database_bytes", "gauge", "Size of the database file.");
	line(body, "daybook_database_bytes", "", db_file_bytes(r->db));
	family(body, "daybook_wal_bytes", "gauge", "Size of its write-ahead log.");
	line(body, "daybook_wal_bytes", "", db_wal_bytes(r->db));
	family(body, "daybook_backup_timestamp_seconds", "gauge", "When the last backup ended, 0 = never.");
	line(body, "daybook_backup_timestamp_seconds", "", strtoll(backup_at, NULL, 10) / SECOND_MS);
	return OK;
}

int
main(void)
{
	static const struct route routes[] = { { GET, "/metrics", 0, metrics }, { 0 } };

	return serve(&(const struct endpoint) { .name = "metrics", .dialect = TETHER, .routes = routes });
}
