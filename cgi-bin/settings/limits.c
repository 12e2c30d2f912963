/*
 * GET /api/organizations/{organizationId}/limits: every limit with its state (settings.c describes the reply).
 */
#include "ledger/job.h"
#include "ledger/limit.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "time/instant.h"
#include "settings.h"

/* An amount in the rule's unit; null if there is none. */
static void
put_amount(struct json *out, const char *name, const struct limit_rule *rule, int64_t amount)
{
	if (amount == UNLIMITED || amount == INT64_MAX)
		json_put_null(out, name);
	else
		limit_put_amount(out, name, rule, amount);
}

static void
put_limit(struct json *out, const struct limit_book *book, const struct limit_rule *rule, int64_t now)
{
	struct limit_state s = limit_book_state(book, rule, now);
	char text[DAY_TEXT_MAX];

	json_open_object(out, NULL);
	json_put_text(out, "name", rule->name);
	json_put_text(out, "limit", rule->word);
	json_open_array(out, "channels");
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		if (limit_rule_counts(rule, c))
			json_put_text(out, NULL, channel_facts(c)->name);
	json_close_array(out);
	json_put_text(out, "unit", limit_unit_name(rule->unit));
	if (rule->unit == LIMIT_COST)
		currency_put(out, rule->currency);
	json_put_text(out, "window", limit_period_name(rule->period));
	json_put_text(out, "from", day_format(s.window.from, text));
	json_put_text(out, "until", day_format(day_add(s.window.until, -1), text));
	put_amount(out, "amount", rule, s.amount);
	put_amount(out, "used", rule, s.used);
	put_amount(out, "held", rule, s.held);
	put_amount(out, "available", rule, s.available);
	instant_put(out, "resetsAt", s.until_at);
	json_put_text(out, "action", rule->refuses ? "refuse" : "report");
	json_close_object(out);
}

enum status
settings_get_limits(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct organization org;
	struct limit_book *book;
	int64_t unchanged_until;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = limit_unchanged_until(r->db, r->arena, &org, r->now, &unchanged_until)) != OK)
		return st;
	if (reply_cached(r, body, org.revision, unchanged_until))
		return OK;
	if ((st = limit_book_today(r->db, r->arena, &org, r->now, &book)) != OK)
		return st;
	dialect_tether_open(out);
	json_open_array(out, "limits");
	for (size_t i = 0; i < org.limits.count; i++)
		put_limit(out, book, &org.limits.of[i], r->now);
	json_close_array(out);
	st = job_put_repricing(r->db, org.key, out);
	dialect_tether_close(out);
	return st;
}
