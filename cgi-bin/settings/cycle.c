/*
 * The cycle day among an organization's settings (settings.c describes them).
 */
#include "settings.h"

/* The cycle day of today, and its coming changes if there are any. */
void
settings_put_cycle_day(struct json *out, const struct cycle_rule *cycles, struct day today)
{
	bool is_open = false;
	char text[DAY_TEXT_MAX];

	json_put_int(out, "cycleDay", cycle_day_on(cycles, today));
	for (size_t i = 0; i < cycles->count; i++) {
		if (cycles->changes[i].from.n <= today.n)
			continue;
		if (!is_open)
			json_open_array(out, "cycleDayChanges");
		is_open = true;
		json_open_object(out, NULL);
		json_put_text(out, "from", day_format(cycles->changes[i].from, text));
		json_put_int(out, "cycleDay", cycles->changes[i].cycle_day);
		json_close_object(out);
	}
	if (is_open)
		json_close_array(out);
}

/*
 * The cycle day.  Without a day from which it applies, the present one again changes nothing: a client that sends back all that
 * it has read does not mean to give up the changes that were and are to come.
 */
enum status
settings_read_cycle_day(struct req *r, struct json_object *o, struct organization *wanted)
{
	struct day today = organization_today(wanted, r->now), from;
	int64_t cycle_day = 0;
	const char *text;
	enum status st;
	bool found;

	if ((st = json_int(o, "cycleDay", 1, 31, &found, &cycle_day, &r->err)) != OK ||
	    (st = json_string(o, "cycleDayFrom", 1, 32, &text, &r->err)) != OK)
		return st;
	if (text != NULL && !day_parse(text, &from))
		return error_set(&r->err, BAD_REQUEST, "cycleDayFrom: not a date (YYYY-MM-DD)");
	if (text != NULL && !found)
		return error_set(&r->err, BAD_REQUEST, "cycleDayFrom: is only for a cycleDay, which is missing");
	if (!found || (text == NULL && cycle_day == cycle_day_on(&wanted->cycles, today)))
		return OK;
	return organization_set_cycle(wanted, (int)cycle_day, text != NULL ? &from : NULL, "cycleDayFrom", today, &r->err);
}
