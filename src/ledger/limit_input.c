/*
 * What may be set of a limit (see limit_change.h and limit_parts.h).
 */
#include <string.h>

#include "ledger/limit_parts.h"

void
limit_input_preset(struct limit_input *in, const struct limit_preset *p)
{
	in->has_definition = true;
	in->definition = (struct limit_definition) { .channels = p->channels, .unit = p->unit, .period = p->period,
		.network = p->network, .zone = p->zone, .quarters = p->quarters };
	in->steps = p->steps;
	in->step_count = p->step_count;
}

struct limit_definition
limit_definition_of(const struct limit_rule *r)
{
	return (struct limit_definition) { .channels = r->channels, .unit = r->unit, .period = r->period, .sender = r->sender,
		.network = r->network, .zone = r->zone, .quarters = r->quarters };
}

const struct limit_rule *
limit_find(const struct organization *org, const char *name)
{
	for (size_t i = 0; i < org->limits.count; i++)
		if (strcmp(org->limits.of[i].name, name) == 0)
			return &org->limits.of[i];
	return NULL;
}

/* ---- What may be set */

bool
limit_is_base(const char *name, enum limit_base_rule *base)
{
	for (*base = 0; *base < LIMIT_BASE_COUNT; ++*base)
		if (strcmp(limit_base_facts(*base).name, name) == 0)
			return true;
	return false;
}

static enum status
check_name(const char *name, struct error *err)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
	char shown[ERROR_SHOWN_MAX];

	if (n == 0 || n >= LIMIT_NAME_MAX || name[n] != '\0')
		return error_set(err, BAD_REQUEST, "name: \"%s\" is not 1 to %d of the letters a to z, digits and hyphens",
		    error_shown(name, shown), LIMIT_NAME_MAX - 1);
	return OK;
}

/* Of the five only amounts and, of the caps, the action can be changed; the name of a member that says otherwise, else NULL. */
static const char *
fixed_member(const struct limit_definition *is, const struct limit_definition *was)
{
	return is->channels != was->channels ? "channels" : is->unit != was->unit ? "unit" : is->period != was->period ? "window" :
	    is->sender != NULL ? "from" : is->network != NULL ? "network" : is->zone != NULL ? "zone" :
	    is->quarters != 0 ? "hours" : NULL;
}

static enum status
check_base(const struct limit_write *c, const struct limit_input *in)
{
	const struct limit_definition was = limit_definition_of(c->was);
	const char *member = in->has_definition ? fixed_member(&in->definition, &was) : NULL;
	enum limit_base_rule base;

	if (member != NULL)
		return error_set(c->err, BAD_REQUEST, "%s: that of the limit %s cannot be changed; add a limit of another name", member,
		    c->name);
	if (limit_is_base(c->name, &base) && base == LIMIT_BASE_DAILY && in->has_action && !in->refuses)
		return error_set(c->err, BAD_REQUEST, "action: the daily limit refuses; add a limit of another name that only reports");
	return OK;
}

/* What windows may have: a zone of their own, a length, a sender and a network. */
static enum status
check_definition(const struct limit_definition *d, const struct limit_rule *was, struct error *err)
{
	bool is_rolling = d->period == LIMIT_ROLLING;

	if (d->channels == 0)
		return error_set(err, BAD_REQUEST, "channels: empty; a limit counts at least one");
	if (d->zone != NULL && d->period != LIMIT_DAY)
		return error_set(err, BAD_REQUEST, "zone: only with the window day; %s windows are the organization's",
		    limit_period_name(d->period));
	if (is_rolling != (d->quarters != 0))
		return error_set(err, BAD_REQUEST, is_rolling ? "hours: required with the window rolling" :
		    "hours: only with the window rolling");
	if ((d->sender != NULL || d->network != NULL) && !is_rolling && d->period != LIMIT_DAY)
		return error_set(err, BAD_REQUEST, "%s: only with the window day or rolling", d->sender != NULL ? "from" : "network");
	if (was != NULL && (was->unit == LIMIT_COST) != (d->unit == LIMIT_COST))
		return error_set(err, BAD_REQUEST, "unit: its amounts are %s; remove the limit and add another one",
		    was->unit == LIMIT_COST ? "money" : "counts");
	return OK;
}

enum status
limit_check_input(const struct limit_write *c, const struct limit_input *in)
{
	char shown[ERROR_SHOWN_MAX];
	enum limit_base_rule base;
	enum status st;

	if (c->was == NULL && c->options->must_exist)
		return error_set(c->err, NOT_FOUND, "limit: there is no limit \"%s\"", error_shown(c->name, shown));
	if (c->was != NULL && c->options->must_be_new)
		return error_set(c->err, CONFLICT, "name: there is already a limit \"%s\"", c->name);
	if (limit_is_base(c->name, &base))
		return check_base(c, in);
	if (c->was == NULL) {
		if ((st = check_name(c->name, c->err)) != OK)
			return st;
		if (!in->has_definition)
			return error_set(c->err, BAD_REQUEST, "channels: required, because there is no limit \"%s\" yet", c->name);
		if (c->org->limits.count >= LIMITS_MAX)
			return error_set(c->err, CONFLICT, "limits: there are %d already, which is the most; remove one", LIMITS_MAX);
	}
	return check_definition(&c->definition, c->was, c->err);
}
