/*
 * Sending windows as JSON (see sending_window.h).
 */
#include "base/name.h"
#include "quota/sending_window.h"

static const char *
label_of(struct arena *a, const char *label, const char *name, size_t i)
{
	return arena_printf(a, "%s%s%s[%zu]", label, label[0] != '\0' ? "." : "", name, i);
}

static enum status
read_time(struct json_object *o, const char *label, const char *name, int *minutes, struct error *err)
{
	bool is_end = strcmp(name, "until") == 0;
	const char *text;
	enum status st;

	if ((st = json_string(o, name, 1, 32, &text, err)) != OK)
		return st;
	if (text == NULL)
		return error_set(err, BAD_REQUEST, "%s.%s: required", label, name);
	if (!sending_time_parse(text, is_end, minutes))
		return error_set(err, BAD_REQUEST, "%s.%s: not a time (HH:MM, from 00:00 to %s)", label, name,
		    is_end ? "24:00" : "23:59");
	return OK;
}

/* Numbers of one digit: JSON writes the integers 1 to 7 in no other way but as 1.0 and the like, which nobody does. */
static enum status
read_weekdays(const char *label, const char *text, size_t n, unsigned *weekdays, struct error *err)
{
	const char *array, *item;
	size_t array_n, item_n, pos = 0;

	if (!json_find(text, n, "weekdays", &array, &array_n) || json_kind(array, array_n) == 'n')
		return error_set(err, BAD_REQUEST, "%s.weekdays: required", label);
	if (json_kind(array, array_n) != '[')
		return error_set(err, BAD_REQUEST, "%s.weekdays: not an array", label);
	while (json_next_item(array, array_n, &pos, &item, &item_n)) {
		unsigned bit;

		if (item_n != 1 || item[0] < '1' || item[0] > '7')
			return error_set(err, BAD_REQUEST, "%s.weekdays: must be integers from 1 (Monday) to 7 (Sunday)", label);
		bit = 1u << (item[0] - '0');
		if (*weekdays & bit)
			return error_set(err, BAD_REQUEST, "%s.weekdays: %c is given twice", label, item[0]);
		*weekdays |= bit;
	}
	return *weekdays != 0 ? OK : error_set(err, BAD_REQUEST, "%s.weekdays: empty", label);
}

static enum status
read_hours(struct arena *a, const char *label, const char *text, size_t n, struct sending_hours *h, struct error *err)
{
	static const char *const known[] = { "weekdays", "from", "until", NULL };
	struct json_object *o;
	enum status st;

	*h = (struct sending_hours) { 0 };
	if ((st = json_parse(a, label, text, n, &o, err)) != OK)
		return st;
	if ((st = json_known(o, known, err)) == OK && (st = read_weekdays(label, text, n, &h->weekdays, err)) == OK &&
	    (st = read_time(o, label, "from", &h->from, err)) == OK)
		st = read_time(o, label, "until", &h->until, err);
	json_object_free(o);
	if (st == OK && h->from == h->until)
		return error_set(err, BAD_REQUEST, "%s.until: the same as from; a whole day is from 00:00 until 24:00", label);
	return st;
}

static enum status
read_closed(struct arena *a, const char *label, const char *text, size_t n, struct closed_day *closed, struct error *err)
{
	static const char *const known[] = { "date", "name", NULL };
	struct json_object *o;
	const char *date;
	enum status st;

	if ((st = json_parse(a, label, text, n, &o, err)) != OK)
		return st;
	if ((st = json_known(o, known, err)) == OK && (st = json_string(o, "date", 1, 32, &date, err)) == OK)
		st = json_string(o, "name", 0, (size_t)SENDING_NAME_MAX, &closed->name, err);
	json_object_free(o);
	if (st != OK)
		return st;
	if (date == NULL)
		return error_set(err, BAD_REQUEST, "%s.date: required", label);
	if (!day_parse(date, &closed->day))
		return error_set(err, BAD_REQUEST, "%s.date: not a date (YYYY-MM-DD)", label);
	if (closed->name == NULL)
		closed->name = "";
	return closed->name[0] == '\0' ? OK : name_check(arena_printf(a, "%s.name", label), closed->name, err);
}

/* Finds a member that is an array; *n is 0 if it is absent or null. */
static enum status
find_array(const char *label, const char *name, const char *text, size_t n, const char **array, size_t *array_n,
    struct error *err)
{
	if (!json_find(text, n, name, array, array_n) || json_kind(*array, *array_n) == 'n') {
		*array = "";
		*array_n = 0;
		return OK;
	}
	return json_kind(*array, *array_n) == '[' ? OK :
	    error_set(err, BAD_REQUEST, "%s%s%s: not an array", label, label[0] != '\0' ? "." : "", name);
}

static enum status
read_all_closed(struct arena *a, const char *label, const char *array, size_t array_n, size_t closed_max,
    struct sending_window *w, struct error *err)
{
	size_t item_n, pos = 0;
	const char *item;
	enum status st;

	for (size_t i = 0; json_next_item(array, array_n, &pos, &item, &item_n); i++) {
		const char *at = label_of(a, label, "closed", i);
		struct closed_day closed;
		size_t before = w->closed_count;

		if ((st = read_closed(a, at, item, item_n, &closed, err)) != OK)
			return st;
		if (!sending_window_close(a, w, closed, closed_max))
			return error_set(err, BAD_REQUEST, "%s: more than %zu closed dates", at, closed_max);
		if (w->closed_count == before)
			return error_set(err, BAD_REQUEST, "%s.date: given twice", at);
	}
	return OK;
}

enum status
sending_window_read(struct arena *a, const char *label, const char *text, size_t n, size_t closed_max,
    struct sending_window *w, struct error *err)
{
	static const char *const known[] = { "hours", "closed", NULL };
	size_t array_n, item_n, pos = 0;
	const char *array, *item;
	struct json_object *o;
	enum status st;

	*w = (struct sending_window) { 0 };
	if ((st = json_parse(a, label, text, n, &o, err)) != OK)
		return st;
	st = json_known(o, known, err);
	/* A null says nothing, as everywhere; so one alone must not take everything away. */
	if (st == OK && (!json_has(o, "hours") || json_is_null(o, "hours")) && (!json_has(o, "closed") || json_is_null(o, "closed")))
		st = error_set(err, BAD_REQUEST, "%s%shours: required, unless closed is given; [] allows all hours", label,
		    label[0] != '\0' ? "." : "");
	json_object_free(o);
	if (st != OK || (st = find_array(label, "hours", text, n, &array, &array_n, err)) != OK)
		return st;
	while (json_next_item(array, array_n, &pos, &item, &item_n)) {
		if (w->hours_count == SENDING_HOURS_MAX)
			return error_set(err, BAD_REQUEST, "%s%shours: more than %d", label, label[0] != '\0' ? "." : "", SENDING_HOURS_MAX);
		if ((st = read_hours(a, label_of(a, label, "hours", w->hours_count), item, item_n, &w->hours[w->hours_count],
		    err)) != OK)
			return st;
		w->hours_count++;
	}
	if ((st = find_array(label, "closed", text, n, &array, &array_n, err)) != OK)
		return st;
	return read_all_closed(a, label, array, array_n, closed_max, w, err);
}

/* ---- Writing */

void
sending_window_put_hours(struct json *j, const struct sending_window *w)
{
	char text[8];

	json_open_array(j, "hours");
	for (const struct sending_hours *h = w->hours; h < w->hours + w->hours_count; h++) {
		json_open_object(j, NULL);
		json_open_array(j, "weekdays");
		for (int day = 1; day <= 7; day++)
			if (h->weekdays & 1u << day)
				json_put_int(j, NULL, day);
		json_close_array(j);
		json_put_text(j, "from", sending_time_format(h->from, text));
		json_put_text(j, "until", sending_time_format(h->until, text));
		json_close_object(j);
	}
	json_close_array(j);
}

void
sending_window_put_closed(struct json *j, const struct sending_window *w)
{
	char text[DAY_TEXT_MAX];

	json_open_array(j, "closed");
	for (size_t i = 0; i < w->closed_count; i++) {
		json_open_object(j, NULL);
		json_put_text(j, "date", day_format(w->closed[i].day, text));
		if (w->closed[i].name[0] != '\0')
			json_put_text(j, "name", w->closed[i].name);
		json_close_object(j);
	}
	json_close_array(j);
}
