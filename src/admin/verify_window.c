/* Sending windows (quota/sending_window.h): whether Daybook could have written them. */
#include <string.h>

#include "admin/verify_invariants.h"
#include "base/name.h"
#include "quota/sending_window.h"

/*
 * What is wrong with the JSON of a window; NULL if nothing.  Daybook writes a window in one way only: what it would write of the
 * one that it reads must be the same text.  A campaign's has closed dates of its own.
 */
static const char *
window_fault(struct verify *v, const char *text, bool is_campaign)
{
	size_t n = strlen(text), max = is_campaign ? SENDING_CLOSED_MAX : 0;
	struct buf again = { 0 };
	struct json *j = json_on(&again);
	struct sending_window w;
	struct error err;
	bool is_same;

	if (json_check("it", text, n, &err) != OK || sending_window_read(v->arena, "", text, n, max, &w, &err) != OK)
		return arena_strdup(v->arena, err.text);
	json_open_object(j, NULL);
	sending_window_put_hours(j, &w);
	if (is_campaign)
		sending_window_put_closed(j, &w);
	json_close_object(j);
	is_same = strcmp(buf_text(&again), text) == 0;
	buf_free(&again);
	if (!is_same)
		return "it is not written as Daybook writes it";
	return w.hours_count > 0 || w.closed_count > 0 ? NULL : "it allows everything";
}

static enum status
verify_closed_days(struct verify *v)
{
	struct query *q = db_query(v->db, "SELECT day, name FROM closed_day WHERE org = :org ORDER BY day");
	char text[DAY_TEXT_MAX];
	struct day first, last;
	int64_t count = 0;
	struct error err;

	(void)day_parse("1970-01-01", &first);
	(void)day_parse("9999-12-31", &last);
	query_bind_int(q, ":org", v->org);
	for (; query_step(q); count++) {
		int64_t day = query_int(q, 0);

		if (day < first.n || day > last.n)
			verify_differs(v, "closed_day: the day %lld is no date", (long long)day);
		else if (strlen(query_text(q, 1)) > SENDING_NAME_MAX || name_check("name", query_text(q, 1), &err) != OK)
			verify_differs(v, "closed_day %s: its name is too long, or has a character that no name may have",
			    day_format((struct day) { (int32_t)day }, text));
	}
	if (count > SENDING_CLOSED_MAX)
		verify_differs(v, "closed_day: %lld days are closed, more than %d", (long long)count, SENDING_CLOSED_MAX);
	return query_done(q);
}

enum status
verify_windows(struct verify *v)
{
	struct query *q = db_query(v->db, "SELECT '', sending_window FROM organization "
	    "WHERE key = :org AND sending_window IS NOT NULL "
	    "UNION ALL SELECT id, sending_window FROM campaign WHERE org = :org AND sending_window IS NOT NULL");
	const char *fault, *id;
	enum status st;

	query_bind_int(q, ":org", v->org);
	while (query_step(q)) {
		id = query_text(q, 0);
		if ((fault = window_fault(v, query_text(q, 1), id[0] != '\0')) != NULL)
			verify_differs(v, "sending_window of %s%s: %s", id[0] != '\0' ? "campaign " : "the organization", id, fault);
	}
	st = query_done(q);
	return st != OK ? st : verify_closed_days(v);
}
