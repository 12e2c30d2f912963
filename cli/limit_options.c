/* The options of limit add and limit set (see limit.h). */
#include <string.h>

#include "base/money.h"
#include "base/json.h"
#include "limit.h"
#include "quota/origin.h"

static bool
is_none(const char *text)
{
	return strcmp(text, "none") == 0;
}

/*
 * From whom, to whose network: read as the API reads them, so that a limit has nothing that no event can have.  The word none
 * takes away what there was.
 */
static bool
origin_options(struct cli *c, const struct limit_options *o, struct limit_definition *d)
{
	const char *sender = NULL, *network = NULL;
	struct json_object *members = NULL;
	struct buf text = { 0 };
	struct json *j = json_on(&text);
	struct error err = { 0 };
	enum status st;

	json_open_object(j, NULL);
	if (o->sender != NULL && !is_none(o->sender))
		json_put_text(j, "from", o->sender);
	if (o->network != NULL && !is_none(o->network))
		json_put_text(j, "network", o->network);
	json_close_object(j);
	if ((st = json_check("options", buf_text(&text), text.size, &err)) == OK &&
	    (st = json_parse(c->arena, "", text.text, text.size, &members, &err)) == OK &&
	    (st = origin_read_sender(members, &sender, &err)) == OK)
		st = origin_read_network(members, &network, &err);
	json_object_free(members);
	buf_free(&text);
	if (st != OK)
		return cli_usage("limit", "--%s", err.text), false;
	/* What is not UTF-8 was replaced when it was written as JSON. */
	if ((sender != NULL && strcmp(sender, o->sender) != 0) || (network != NULL && strcmp(network, o->network) != 0))
		return cli_usage("limit", "--from, --network: not UTF-8"), false;
	d->sender = o->sender != NULL ? sender : d->sender;
	d->network = o->network != NULL ? network : d->network;
	return true;
}

static bool
zone_option(const char *text, struct limit_definition *d)
{
	if (text != NULL && (text[0] == '\0' || strlen(text) >= ZONE_NAME_MAX))
		return cli_usage("limit", "--zone: must be from 1 to %d bytes long", ZONE_NAME_MAX - 1), false;
	if (text != NULL)
		d->zone = is_none(text) ? NULL : text;
	return true;
}

/* Channels with commas between them. */
static bool
channels_option(struct cli *c, const char *text, unsigned *channels)
{
	char *rest = arena_strdup(c->arena, text), *word;
	enum channel channel;

	*channels = 0;
	while ((word = strsep(&rest, ",")) != NULL) {
		if (!cli_channel("limit", "--channels", word, &channel))
			return false;
		*channels |= 1U << channel;
	}
	return true;
}

static bool
window_options(const struct limit_options *o, struct limit_definition *d)
{
	int64_t hours = d->quarters / 4;

	if (o->unit != NULL && !limit_unit_parse(o->unit, &d->unit))
		return cli_usage("limit", "--unit: \"%s\" is not message, part or cost", o->unit), false;
	if (o->window != NULL && !limit_period_parse(o->window, &d->period))
		return cli_usage("limit", "--window: \"%s\" is not day, rolling, cycle, month or year", o->window), false;
	if (o->window != NULL && d->period != LIMIT_ROLLING)
		hours = 0;
	if (o->hours != NULL && !cli_int("limit", "--hours", o->hours, 1, LIMIT_HOURS_MAX, &hours))
		return false;
	d->quarters = (int32_t)hours * 4;
	return true;
}

/* What the limit counts: what there is, or a preset, with the options in the place of its members. */
static bool
definition_options(struct cli *c, const struct limit_options *o, const struct limit_rule *was, struct limit_input *in)
{
	struct limit_definition *d = &in->definition;

	if (o->channels == NULL && o->sender == NULL && o->network == NULL && o->unit == NULL && o->window == NULL &&
	    o->zone == NULL && o->hours == NULL)
		return true;
	if (!in->has_definition && was != NULL)
		*d = limit_definition_of(was);
	if (!in->has_definition && was == NULL && (o->channels == NULL || o->window == NULL))
		return cli_usage("limit", "%s is required, or --preset", o->channels == NULL ? "--channels" : "--window"), false;
	in->has_definition = true;
	return (o->channels == NULL || channels_option(c, o->channels, &d->channels)) &&
	    origin_options(c, o, d) && zone_option(o->zone, d) && window_options(o, d);
}

static bool
amount_options(const struct limit_options *o, enum limit_unit unit, struct limit_input *in)
{
	in->has_from = o->valid_from != NULL;
	if (in->has_from && !cli_day("limit", "--valid-from", o->valid_from, &in->from))
		return false;
	if (o->amount == NULL)
		return true;
	in->has_amount = true;
	in->amount = UNLIMITED;
	if (strcmp(o->amount, "none") == 0)
		return true;
	if (unit != LIMIT_COST)
		return cli_int("limit", "--amount", o->amount, 0, LIMIT_MAX, &in->amount);
	if (!money_parse_exact(o->amount, &in->amount))
		return cli_usage("limit", "--amount: \"%s\" is not an amount with at most six decimals, such as 12.5, up to 1000000",
		    o->amount), false;
	return true;
}

bool
limit_options_read(struct cli *c, const struct limit_options *o, const struct limit_rule *was, struct limit_input *in)
{
	const struct limit_preset *preset;
	struct error err;

	*in = (struct limit_input) { 0 };
	if (o->preset != NULL) {
		if (limit_preset_find(o->preset, &preset, &err) != OK)
			return cli_usage("limit", "%s", err.text), false;
		limit_input_preset(in, preset);
	}
	if (!definition_options(c, o, was, in) ||
	    !amount_options(o, in->has_definition || was == NULL ? in->definition.unit : was->unit, in))
		return false;
	if (o->action != NULL) {
		in->has_action = true;
		in->refuses = strcmp(o->action, "refuse") == 0;
		if (!in->refuses && strcmp(o->action, "report") != 0)
			return cli_usage("limit", "--action: must be refuse or report"), false;
	}
	return true;
}
