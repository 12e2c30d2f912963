/*
 * Auto-segmentation (see auto_segment.h): reads a request, collects what the planner needs, and calls it.  plan.h has
 * the algorithm.
 */
#include <inttypes.h>
#include <string.h>

#include "campaign/auto_room.h"
#include "campaign/campaign.h"
#include "time/instant.h"
#include "org/sending_row.h"
#include "time/zone.h"

enum {
	MARGIN_DAYS = 3,		/* bounds the difference of an instant's dates in two zones */
};

static const int64_t default_time_ms = 10 * HOUR_MS;

const char *const auto_request_fields[] = { "totalContacts", "firstSegmentDate", "firstSegmentTime", "timezone",
	"partsPerContact", NULL };

/* Parses HH:MM or HH:MM:SS and nothing else. */
static bool
parse_time(const char *text, int64_t *ms)
{
	int64_t part[3] = { 0 };
	int parts = 0;

	/* Each round reads two digits and what follows them: a colon before the next part, or the end. */
	for (; parts < 3; text += 3) {
		if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
			return false;
		part[parts++] = (text[0] - '0') * 10 + text[1] - '0';
		if (text[2] == '\0')
			break;
		if (text[2] != ':' || parts == 3)
			return false;
	}
	*ms = part[0] * HOUR_MS + part[1] * MINUTE_MS + part[2] * SECOND_MS;
	return parts >= 2 && part[0] < 24 && part[1] < 60 && part[2] < 60;
}

enum status
auto_request_read(struct json_object *o, struct auto_request *request, struct error *err)
{
	const char *date, *time;
	enum status st;
	bool found;

	*request = (struct auto_request) { .parts_per_contact = 1, .time_ms = default_time_ms };
	if ((st = json_int(o, "totalContacts", 1, CAMPAIGN_CONTACTS_MAX, &found, &request->contacts, err)) != OK)
		return st;
	if (!found)
		return error_set(err, BAD_REQUEST, "totalContacts: required");
	if ((st = json_int(o, "partsPerContact", 1, PARTS_PER_CONTACT_MAX, &found, &request->parts_per_contact, err)) != OK ||
	    (st = json_string(o, "firstSegmentDate", 1, 32, &date, err)) != OK ||
	    (st = json_string(o, "firstSegmentTime", 1, 32, &time, err)) != OK ||
	    (st = json_string(o, "timezone", 1, ZONE_NAME_MAX - 1, &request->timezone, err)) != OK)
		return st;
	/* Convert the texts.  Whether the date and time are still to come depends on the zone, so first_date checks that. */
	if ((request->has_date = date != NULL) && !day_parse(date, &request->date))
		return error_set(err, BAD_REQUEST, "firstSegmentDate: not a date (YYYY-MM-DD)");
	if (time != NULL && !parse_time(time, &request->time_ms))
		return error_set(err, BAD_REQUEST, "firstSegmentTime: not a time (HH:MM)");
	return OK;
}

/*
 * Finds the spans by which the request's dates and times are to be read: the organization's own or, if the request
 * names a zone, that zone's.  They must reach past the last candidate, and start before today in any zone.
 */
static enum status
wall_spans(struct arena *a, const struct organization *org, const struct auto_request *request, int64_t now,
    struct spans *wall, struct error *err)
{
	int64_t until = now + (2 * PLAN_DAYS_MAX) * DAY_MS, date_until;
	const struct zone *z;
	struct span *spans;

	*wall = org->days;
	if (request->timezone == NULL)
		return OK;
	if ((z = zone_get(request->timezone, err)) == NULL)
		return BAD_REQUEST;
	/* A first date far ahead needs spans up to there.  If they are too many, the date is out of reach. */
	date_until = ((int64_t)request->date.n + 2 * PLAN_DAYS_MAX) * DAY_MS;
	if (request->has_date && date_until > until)
		until = date_until;
	spans = arena_alloc(a, SPANS_MAX * sizeof(*spans));
	wall->at = spans;
	wall->count = zone_spans(z, now - MARGIN_DAYS * DAY_MS, until, spans, SPANS_MAX);
	return wall->count <= SPANS_MAX ? OK :
	    error_set(err, BAD_REQUEST, "firstSegmentDate: too far in the future; choose an earlier one");
}

/* The candidate of a date: its first instant from that time on that sending windows allow; if there is none, that time. */
static int64_t
candidate(const struct sending *sending, struct day d, int64_t time_ms)
{
	int64_t at = day_wall(sending->wall, d, time_ms), moved;

	return sending_next_of_date(sending, at, &moved) ? moved : at;
}

/*
 * Finds the date of the first candidate.  A date that was requested is used or refused.  Otherwise it is today or, if
 * the time of day is over, tomorrow.
 */
static enum status
first_date(const struct auto_request *request, const struct sending *sending, int64_t now, struct day *first, struct error *err)
{
	if (request->has_date) {
		*first = request->date;
		if (candidate(sending, *first, request->time_ms) < now)
			return error_set(err, BAD_REQUEST, "firstSegmentDate: that date and time are in the past; choose a later one");
		if (first->n > INSTANT_MAX / DAY_MS - 2 * PLAN_DAYS_MAX)
			return error_set(err, BAD_REQUEST, "firstSegmentDate: too far in the future; choose an earlier one");
		return OK;
	}
	*first = day_at(sending->wall, now);
	if (candidate(sending, *first, request->time_ms) < now)
		*first = day_add(*first, 1);
	return OK;
}

/* ---- The plan */

/* Makes the plan from what the windows of all days on which a candidate may fall hold at present. */
enum status
auto_plan_make(struct db *db, struct arena *a, const struct organization *org, const struct auto_request *request,
    int64_t now, struct auto_plan *plan, struct error *err)
{
	struct auto_room room = { .org = org, .contact = { request->channel, request->sender, request->parts_per_contact },
		.plan = plan };
	struct plan_request r = { .time_ms = request->time_ms, .contacts = request->contacts, .days = org->days };
	struct sending sending;
	enum status st;

	*plan = (struct auto_plan) { .segments = arena_alloc(a, PLAN_DAYS_MAX * sizeof(*plan->segments)) };
	if ((st = wall_spans(a, org, request, now, &r.wall, err)) != OK ||
	    (st = sending_row_all(db, a, org, request->sending_window, r.wall, &sending)) != OK ||
	    (st = first_date(request, &sending, now, &r.first, err)) != OK)
		return st;
	r.sending = sending.count > 0 ? &sending : NULL;
	if (!sending_next(&sending, day_wall(r.wall, r.first, r.time_ms), &plan->first_at))
		plan->first_at = day_wall(r.wall, r.first, r.time_ms);
	/* MARGIN_DAYS more at either end, because a candidate may fall on another date of the organization. */
	if ((st = limit_book_new(db, a, org, NULL, LIMIT_FOLLOW_LIMITED, now, &room.book)) != OK ||
	    (st = limit_book_read(room.book, day_add(r.first, -MARGIN_DAYS), day_add(r.first, PLAN_DAYS_MAX + MARGIN_DAYS))) != OK)
		return st;
	auto_room_plan(&room, a, &r);
	if (r.sending != NULL)
		plan->passed_over = campaign_passed_over(&r, plan->segments, plan->count);
	if (plan->count == 0 && plan->passed_over == PLAN_DAYS_MAX)
		return error_set(err, BAD_REQUEST, "firstSegmentTime: the sending window allows nothing from that time on, on any of %d "
		    "days; choose an earlier time", PLAN_DAYS_MAX);
	if (plan->count > 0 || plan->left == 0)
		plan->blocked_by = NULL;
	/* A limit of 0 yields an empty plan and no error: no number of contacts would fit. */
	if (plan->left > 0 && plan->blocked_by == NULL)
		return error_set(err, BAD_REQUEST, "totalContacts: %" PRId64 " need more than %d days; raise the limit, or plan "
		    "fewer", request->contacts, PLAN_DAYS_MAX);
	return OK;
}
