/*
 * Reading the body of a PUT of a limit (see limit_body.h).
 *
 * channels, from, network, unit, window, zone and hours make the definition: a body that has one of them has all of it, and what
 * is absent then is none (or message, for the unit).  A preset is a definition whose members the others replace.
 */
#include <string.h>

#include "limit_body.h"
#include "quota/origin.h"
#include "time/zone.h"

static const char *const definition_members[] = { "channels", "from", "network", "unit", "window", "zone", "hours", NULL };
const char *const limit_body_members[] = { "channels", "from", "network", "unit", "window", "zone", "hours", "amount", "amounts",
	"validFrom", "action", "preset", "preview", NULL };

/* ---- The definition */

/* To decode its escapes, an element is put into an object, because the JSON parser takes only objects. */
static enum status
read_channel(struct req *r, size_t i, const char *item, size_t n, unsigned *channels)
{
	const char *label = arena_printf(r->arena, "channels[%zu]", i), *name;
	struct json_object *o;
	struct error err;
	enum channel c;
	enum status st;

	if (json_kind(item, n) != '"')
		return error_set(&r->err, BAD_REQUEST, "%s: not a string", label);
	name = arena_printf(r->arena, "{\"%s\":%.*s}", label, (int)n, item);
	if ((st = json_parse(r->arena, "", name, strlen(name), &o, &r->err)) != OK)
		return st;
	st = json_string(o, label, 1, 32, &name, &r->err);
	json_object_free(o);
	if (st == OK && (st = channel_read(name, &c, &err)) != OK)
		return error_set(&r->err, st, "channels[%zu]%s", i, strchr(err.text, ':') != NULL ? strchr(err.text, ':') : "");
	if (st == OK)
		*channels |= 1U << c;
	return st;
}

static enum status
read_channels(struct req *r, unsigned *channels)
{
	const char *array, *item;
	size_t array_n, item_n, pos = 0, i = 0;
	enum status st = OK;

	if (!json_find(r->body, r->body_n, "channels", &array, &array_n) || json_kind(array, array_n) == 'n')
		return OK;
	if (json_kind(array, array_n) != '[')
		return error_set(&r->err, BAD_REQUEST, "channels: not an array of channels");
	*channels = 0;
	while (st == OK && json_next_item(array, array_n, &pos, &item, &item_n)) {
		if (i == CHANNEL_COUNT)
			return error_set(&r->err, BAD_REQUEST, "channels: more than there are; each need be there once");
		st = read_channel(r, i++, item, item_n, channels);
	}
	return st == OK && i == 0 ? error_set(&r->err, BAD_REQUEST, "channels: empty; a limit counts at least one") : st;
}

/* From whom, to whose network, and whose days; absent, each stays as the preset has it. */
static enum status
read_whose(struct req *r, struct json_object *o, struct limit_definition *d)
{
	const char *sender, *network, *zone;
	enum status st;

	if ((st = origin_read_sender(o, &sender, &r->err)) != OK || (st = origin_read_network(o, &network, &r->err)) != OK ||
	    (st = json_string(o, "zone", 1, ZONE_NAME_MAX - 1, &zone, &r->err)) != OK)
		return st;
	d->sender = json_has(o, "from") ? sender : d->sender;
	d->network = json_has(o, "network") ? network : d->network;
	d->zone = json_has(o, "zone") ? zone : d->zone;
	return OK;
}

static enum status
read_window(struct req *r, struct json_object *o, struct limit_definition *d)
{
	const char *unit, *window;
	int64_t hours = 0;
	bool found;
	enum status st;

	if ((st = json_string(o, "unit", 1, 32, &unit, &r->err)) != OK ||
	    (st = json_string(o, "window", 1, 32, &window, &r->err)) != OK ||
	    (st = json_int(o, "hours", 1, LIMIT_HOURS_MAX, &found, &hours, &r->err)) != OK)
		return st;
	if (unit != NULL && !limit_unit_parse(unit, &d->unit))
		return error_set(&r->err, BAD_REQUEST, "unit: unknown \"%s\"; message, part or cost", unit);
	if (window != NULL && !limit_period_parse(window, &d->period))
		return error_set(&r->err, BAD_REQUEST, "window: unknown \"%s\"; day, rolling, cycle, month or year", window);
	if (found || (window != NULL && d->period != LIMIT_ROLLING))
		d->quarters = (int32_t)hours * 4;
	return OK;
}

static enum status
read_definition(struct req *r, struct json_object *o, bool has_preset, struct limit_input *in)
{
	struct limit_definition *d = &in->definition;
	enum status st;

	for (const char *const *m = definition_members; *m != NULL; m++)
		in->has_definition |= json_has(o, *m) && !json_is_null(o, *m);
	if (!in->has_definition)
		return OK;
	if (!has_preset && (!json_has(o, "channels") || json_is_null(o, "channels")))
		return error_set(&r->err, BAD_REQUEST, "channels: required with the other members that say what is counted");
	if (!has_preset && (!json_has(o, "window") || json_is_null(o, "window")))
		return error_set(&r->err, BAD_REQUEST, "window: required with the other members that say what is counted");
	if ((st = read_channels(r, &d->channels)) != OK || (st = read_whose(r, o, d)) != OK)
		return st;
	return read_window(r, o, d);
}

/* ---- Amounts */

/* A count or, of a limit of cost, money; null = none. */
static enum status
read_amount(struct req *r, struct json_object *o, enum limit_unit unit, bool *found, int64_t *amount)
{
	if (json_is_null(o, "amount")) {
		*amount = UNLIMITED;
		*found = true;
		return OK;
	}
	return unit == LIMIT_COST ? json_money_exact(o, "amount", found, amount, &r->err) :
	    json_int(o, "amount", 0, LIMIT_MAX, found, amount, &r->err);
}

static enum status
read_day(struct req *r, struct json_object *o, const char *label, bool *found, struct day *d)
{
	const char *text;
	enum status st = json_string(o, "validFrom", 1, 32, &text, &r->err);

	*found = text != NULL;
	if (st == OK && text != NULL && !day_parse(text, d))
		return error_set(&r->err, BAD_REQUEST, "%s%svalidFrom: not a date (YYYY-MM-DD)", label, label[0] != '\0' ? "." : "");
	return st;
}

static enum status
read_dated(struct req *r, const char *label, const char *item, size_t n, enum limit_unit unit, struct limit_amount *amount)
{
	static const char *const known[] = { "validFrom", "amount", NULL };
	bool has_day = false, has_amount = false;
	struct json_object *o;
	enum status st;

	if ((st = json_parse(r->arena, label, item, n, &o, &r->err)) != OK)
		return st;
	if ((st = json_known(o, known, &r->err)) == OK && (st = read_day(r, o, label, &has_day, &amount->from)) == OK)
		st = read_amount(r, o, unit, &has_amount, &amount->amount);
	json_object_free(o);
	if (st == OK && !(has_day && has_amount))
		return error_set(&r->err, BAD_REQUEST, "%s.%s: required", label, has_day ? "amount" : "validFrom");
	return st;
}

static enum status
read_list(struct req *r, enum limit_unit unit, struct limit_input *in)
{
	const char *array, *item;
	size_t array_n, item_n, pos = 0;
	enum status st = OK;

	if (!json_find(r->body, r->body_n, "amounts", &array, &array_n) || json_kind(array, array_n) == 'n')
		return OK;
	if (json_kind(array, array_n) != '[')
		return error_set(&r->err, BAD_REQUEST, "amounts: not an array");
	in->has_amounts = true;
	in->amounts = arena_alloc(r->arena, LIMIT_AMOUNTS_MAX * sizeof(*in->amounts));
	while (st == OK && json_next_item(array, array_n, &pos, &item, &item_n)) {
		if (in->amount_count == LIMIT_AMOUNTS_MAX)
			return error_set(&r->err, BAD_REQUEST, "amounts: more than %d", LIMIT_AMOUNTS_MAX);
		st = read_dated(r, arena_printf(r->arena, "amounts[%zu]", in->amount_count), item, item_n, unit,
		    &in->amounts[in->amount_count]);
		in->amount_count++;
	}
	return st;
}

static enum status
read_amounts(struct req *r, struct json_object *o, enum limit_unit unit, struct limit_input *in)
{
	enum status st;

	if ((st = read_list(r, unit, in)) != OK || (st = read_amount(r, o, unit, &in->has_amount, &in->amount)) != OK ||
	    (st = read_day(r, o, "", &in->has_from, &in->from)) != OK)
		return st;
	if (in->has_amounts && (in->has_amount || in->has_from))
		return error_set(&r->err, BAD_REQUEST, "amounts: already says it; leave out %s", in->has_amount ? "amount" : "validFrom");
	return OK;
}

/* ---- The whole */

static enum status
read_action(struct req *r, struct json_object *o, struct limit_input *in)
{
	const char *action;
	enum status st = json_string(o, "action", 1, 32, &action, &r->err);

	if (st != OK || action == NULL)
		return st;
	in->has_action = true;
	in->refuses = strcmp(action, "refuse") == 0;
	if (!in->refuses && strcmp(action, "report") != 0)
		return error_set(&r->err, BAD_REQUEST, "action: unknown \"%s\"; refuse or report", action);
	return OK;
}

/* Without the other members of the definition, null would be ignored silently where the limit has such a member. */
static enum status
refuse_lone_null(struct req *r, struct json_object *o, const struct limit_rule *was)
{
	const struct {
		const char *name;
		bool is_there;
	} members[] = { { "from", was->sender != NULL }, { "network", was->network != NULL }, { "zone", was->zone != NULL } };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (members[i].is_there && json_is_null(o, members[i].name))
			return error_set(&r->err, BAD_REQUEST, "%s: to take it away, give channels and window with it", members[i].name);
	return OK;
}

enum status
limit_body_read(struct req *r, struct json_object *o, const struct limit_rule *was, struct limit_input *in, bool *is_preview)
{
	const struct limit_preset *preset;
	const char *name;
	enum status st;
	bool found;

	*in = (struct limit_input) { 0 };
	*is_preview = false;
	if ((st = json_string(o, "preset", 1, 64, &name, &r->err)) != OK ||
	    (name != NULL && (st = limit_preset_find(name, &preset, &r->err)) != OK))
		return st;
	if (name != NULL)
		limit_input_preset(in, preset);
	if ((st = read_definition(r, o, name != NULL, in)) != OK ||
	    (!in->has_definition && was != NULL && (st = refuse_lone_null(r, o, was)) != OK) ||
	    (st = read_amounts(r, o, in->has_definition || was == NULL ? in->definition.unit : was->unit, in)) != OK ||
	    (st = read_action(r, o, in)) != OK)
		return st;
	return json_bool(o, "preview", &found, is_preview, &r->err);
}
