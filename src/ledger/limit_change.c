/*
 * Changing limits (see limit_change.h).  limit_input.c checks what may be set, limit_amounts.c writes the amounts, limit_over.c
 * looks for the days that are over.
 */
#include <string.h>

#include "base/json.h"
#include "ledger/limit_amounts.h"
#include "ledger/limit_fill.h"
#include "ledger/limit_parts.h"
#include "ledger/limit_text.h"
#include "ledger/limit_zone.h"
#include "store/audit.h"

/* ---- Writing the rule */

static void
bind_definition(struct query *q, const struct limit_definition *d, bool is_building, char channels[LIMIT_CHANNELS_MAX])
{
	query_bind_text(q, ":channels", limit_channels_format(d->channels, channels));
	if (d->sender != NULL)
		query_bind_text(q, ":sender", d->sender);
	if (d->network != NULL)
		query_bind_text(q, ":network", d->network);
	query_bind_text(q, ":unit", limit_unit_name(d->unit));
	query_bind_text(q, ":period", limit_period_name(d->period));
	if (d->zone != NULL)
		query_bind_text(q, ":zone", d->zone);
	if (d->quarters != 0)
		query_bind_int(q, ":quarters", d->quarters);
	query_bind_int(q, ":is_building", is_building);
}

static enum status
insert_rule(struct limit_write *c, bool refuses, bool is_building)
{
	struct query *q = db_query(c->db, "INSERT INTO limit_rule (org, name, channels, sender, network, unit, period, zone, "
	    "quarters, action, is_building) VALUES (:org, :name, :channels, :sender, :network, :unit, :period, :zone, :quarters, "
	    ":action, :is_building) RETURNING key");
	char channels[LIMIT_CHANNELS_MAX];

	query_bind_int(q, ":org", c->org->key);
	query_bind_text(q, ":name", c->name);
	query_bind_text(q, ":action", refuses ? "refuse" : "report");
	bind_definition(q, &c->definition, is_building, channels);
	if (query_step(q))
		c->key = query_int(q, 0);
	query_step(q);	/* to its end: RETURNING yields one row */
	return query_done(q);
}

static enum status
update_rule(struct limit_write *c, bool is_building)
{
	struct query *q = db_query(c->db, "UPDATE limit_rule SET channels = :channels, sender = :sender, network = :network, "
	    "unit = :unit, period = :period, zone = :zone, quarters = :quarters, is_building = :is_building WHERE key = :key");
	char channels[LIMIT_CHANNELS_MAX];

	query_bind_int(q, ":key", c->key);
	bind_definition(q, &c->definition, is_building, channels);
	return query_run(q);
}

/* The four caps share their action, as allowOverage sets it. */
static enum status
set_action(struct limit_write *c, bool refuses)
{
	struct query *q = db_query(c->db, "UPDATE limit_rule SET action = :action WHERE key = :key OR (:is_cap = 1 AND org = :org "
	    "AND CASE name WHEN 'cycle-messages' THEN 1 WHEN 'cycle-cost' THEN 1 WHEN 'cycle-sms' THEN 1 WHEN 'cycle-calls' THEN 1 "
	    "ELSE 0 END = 1)");
	enum limit_base_rule base;

	query_bind_int(q, ":key", c->key);
	query_bind_int(q, ":org", c->org->key);
	query_bind_int(q, ":is_cap", limit_is_base(c->name, &base) && base != LIMIT_BASE_DAILY);
	query_bind_text(q, ":action", refuses ? "refuse" : "report");
	return query_run(q);
}

/* ---- The roll-up */

static bool
has_usage(const struct limit_definition *d)
{
	return d->sender != NULL || d->network != NULL;
}

static bool
differs(const char *x, const char *y)
{
	return x == NULL || y == NULL ? x != y : strcmp(x, y) != 0;
}

/* Whether a definition counts other events than the limit did, so that its roll-up must be filled again. */
static bool
counts_others(const struct limit_definition *d, const struct limit_rule *was)
{
	return was == NULL || d->channels != was->channels || differs(d->sender, was->sender) || differs(d->network, was->network);
}

static enum status
delete_usage(struct db *db, int64_t rule)
{
	struct query *q = db_query(db, "DELETE FROM limit_usage WHERE rule = :rule");

	query_bind_int(q, ":rule", rule);
	return query_run(q);
}

/* Ends the job that fills the limit; another limit that waits is then filled, or this one again if it is still being built. */
static enum status
end_fill(struct limit_write *c, int64_t rule)
{
	struct job job;
	enum status st;
	bool found;

	if ((st = job_find_open(c->db, c->arena, c->org->key, &found, &job)) != OK || !found || job.kind != JOB_FILL_LIMIT ||
	    job.rule != rule)
		return st;
	return job_end(c->db, &job, job.changed, c->options->now);
}

/* *number is that of the open job if it fills this limit, else 0. */
static enum status
find_fill(struct limit_write *c, int64_t *number)
{
	struct job job;
	enum status st;
	bool found;

	*number = 0;
	if ((st = job_find_open(c->db, c->arena, c->org->key, &found, &job)) == OK && found && job.kind == JOB_FILL_LIMIT &&
	    job.rule == c->key)
		*number = job.number;
	return st;
}

/* ---- The whole */

/* Writes rule, action, days and the roll-up's state. */
static enum status
write_rule(struct limit_write *c, const struct limit_input *in)
{
	const struct limit_definition *d = &c->definition;
	bool is_refilled = counts_others(d, c->was), is_building = has_usage(d) && (is_refilled || c->was->is_building);
	bool refuses = in->has_action ? in->refuses : c->was != NULL ? c->was->would_refuse : true;
	enum limit_base_rule base;
	enum status st;

	if (c->was == NULL)
		st = insert_rule(c, refuses, is_building);
	else if ((st = update_rule(c, is_building)) == OK && (in->has_action || !limit_is_base(c->name, &base)))
		st = set_action(c, refuses);
	if (st == OK && differs(d->zone, c->was != NULL ? c->was->zone : NULL))
		st = limit_zone_write(c->db, c->org, c->key, d->zone, c->err);
	if (st == OK && c->was != NULL && is_refilled && (st = delete_usage(c->db, c->key)) == OK)
		st = end_fill(c, c->key);
	return st;
}

/* What can be set of a limit, in the arena, with its amounts from today on. */
static const char *
rule_text(const struct limit_write *c, const struct limit_rule *rule)
{
	struct buf text = { 0 };
	const char *copy;

	limit_put_rule(json_on(&text), NULL, rule, day_at(limit_rule_days(rule, c->org->days), c->options->now));
	copy = arena_text(c->arena, text.text, text.size);
	buf_free(&text);
	return copy;
}

/* An audit row with the limit as it is and as it was, either of which may be NULL.  None if nothing has changed. */
static enum status
write_audit(struct limit_write *c, const char *action, const char *was, const char *is)
{
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	enum status st;

	if (was != NULL && is != NULL && strcmp(was, is) == 0)
		return OK;
	json_open_object(j, NULL);
	json_put_text(j, "name", c->name);
	if (is != NULL)
		json_put_raw(j, "rule", is, strlen(is));
	if (was != NULL)
		json_put_raw(j, "was", was, strlen(was));
	json_close_object(j);
	st = audit(c->db, c->options->now, c->org->key, c->options->by, action, buf_text(&detail));
	buf_free(&detail);
	return st;
}

/* What processes keep of the organization's limits, and of their days, is no longer so. */
static enum status
forget(struct limit_write *c)
{
	c->org->zone_revision++;
	return organization_forget_kept(c->db, c->org->key);
}

/* Limits are among what organization.updated_at is about. */
static enum status
touch(struct limit_write *c)
{
	struct query *q = db_query(c->db, "UPDATE organization SET updated_at = :now WHERE key = :key");

	query_bind_int(q, ":now", c->options->now);
	query_bind_int(q, ":key", c->org->key);
	c->org->updated_at = c->options->now;
	return query_run(q);
}

static struct day
today_of(const struct limit_write *c, const struct limit_rule *rule)
{
	return day_at(limit_rule_days(rule, c->org->days), c->options->now);
}

/* The amounts, by the days that the limit has now.  What is in force stays so if today has become an earlier date. */
static enum status
write_amounts(struct limit_write *c, const struct limit_input *in)
{
	const struct limit_rule *rule;
	struct day today;
	enum status st = limit_row_load(c->db, c->arena, c->org);

	if (st != OK)
		return st;
	rule = limit_find(c->org, c->name);
	today = today_of(c, rule);
	if (c->was != NULL && today.n < c->was_today.n) {
		if ((st = limit_amounts_move(c->db, c->key, c->was_today, today)) != OK ||
		    (st = limit_row_load(c->db, c->arena, c->org)) != OK)
			return st;
		rule = limit_find(c->org, c->name);
	}
	st = limit_amounts_write(c->db, c->arena, rule, c->was == NULL, today, in, c->err);
	return st == OK ? limit_row_load(c->db, c->arena, c->org) : st;
}

/* Begins the job that fills the limit, unless another job is open, and finds its number. */
static enum status
start_fill(struct limit_write *c, int64_t *job)
{
	enum status st = limit_fill_start(c->db, c->org->key, c->options->is_remote, c->options->now, c->options->by, job);

	return st == OK && (st = find_fill(c, job)) == OK ? limit_row_load(c->db, c->arena, c->org) : st;
}

enum status
limit_set(struct db *db, struct arena *a, struct organization *org, const char *name, const struct limit_input *in,
    const struct limit_change_options *options, int64_t *job, struct error *err)
{
	const struct limit_rule *was = limit_find(org, name);
	struct limit_write c = { .db = db, .arena = a, .org = org, .name = name, .was = was, .options = options, .err = err };
	const char *text = was != NULL ? rule_text(&c, was) : NULL;
	enum status st;

	*job = 0;
	if (was != NULL) {
		c.key = was->key;
		c.was_today = today_of(&c, was);
	}
	c.definition = in->has_definition || was == NULL ? in->definition : limit_definition_of(was);
	if ((st = limit_check_input(&c, in)) != OK || (st = forget(&c)) != OK || (st = write_rule(&c, in)) != OK ||
	    (st = write_amounts(&c, in)) != OK || (st = start_fill(&c, job)) != OK || (st = touch(&c)) != OK)
		return st;
	return write_audit(&c, "limit.set", text, rule_text(&c, limit_find(org, name)));
}

/* ---- Removing */

static enum status
delete_rule(struct limit_write *c)
{
	struct query *q = db_query(c->db, "DELETE FROM limit_rule WHERE key = :key");

	/* Its rows in other tables go with it. */
	query_bind_int(q, ":key", c->key);
	return query_run(q);
}

enum status
limit_remove(struct db *db, struct arena *a, struct organization *org, const char *name,
    const struct limit_change_options *options, struct error *err)
{
	const struct limit_rule *was = limit_find(org, name);
	struct limit_write c = { .db = db, .arena = a, .org = org, .name = name, .was = was, .options = options, .err = err };
	char shown[ERROR_SHOWN_MAX];
	enum limit_base_rule base;
	const char *text;
	enum status st;

	if (was == NULL)
		return error_set(err, NOT_FOUND, "limit: there is no limit \"%s\"", error_shown(name, shown));
	c.key = was->key;
	text = rule_text(&c, was);
	if ((st = forget(&c)) != OK)
		return st;
	if (limit_is_base(name, &base))
		st = limit_amounts_end(db, was, organization_today(org, options->now));
	else if ((st = delete_rule(&c)) == OK)
		st = end_fill(&c, was->key);
	if (st != OK || (st = limit_row_load(db, a, org)) != OK || (st = touch(&c)) != OK)
		return st;
	return write_audit(&c, "limit.remove", text, NULL);
}
