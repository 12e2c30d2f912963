/*
 * Campaigns and sending windows (see campaign.h): no segment is scheduled at an instant that the window of the organization, or
 * that of the campaign, does not allow.  A window that is changed later moves nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "campaign/auto_segment.h"
#include "campaign/campaign_rows.h"
#include "org/sending_row.h"
#include "time/instant.h"

enum status
campaign_read_window(struct arena *a, const char *body, size_t n, bool *is_there, const char **window, struct error *err)
{
	struct buf canonical = { 0 };
	struct json *j = json_on(&canonical);
	struct sending_window w;
	const char *text;
	size_t text_n;
	enum status st;

	*is_there = json_find(body, n, "sendingWindow", &text, &text_n);
	if (!*is_there)
		return OK;
	*window = NULL;
	if (json_kind(text, text_n) == 'n')
		return OK;
	if (json_kind(text, text_n) != '{')
		return error_set(err, BAD_REQUEST, "sendingWindow: not an object");
	if ((st = sending_window_read(a, "sendingWindow", text, text_n, SENDING_CLOSED_MAX, &w, err)) != OK)
		return st;
	if (w.hours_count == 0 && w.closed_count == 0)
		return OK;
	json_open_object(j, NULL);
	sending_window_put_hours(j, &w);
	sending_window_put_closed(j, &w);
	json_close_object(j);
	if (canonical.size > SENDING_TEXT_MAX)
		st = error_set(err, BAD_REQUEST, "sendingWindow: longer than %d bytes; close dates of all campaigns in the window of the "
		    "organization", SENDING_TEXT_MAX);
	else
		*window = arena_strdup(a, buf_text(&canonical));
	buf_free(&canonical);
	return st;
}

/* How a segment takes part in a change. */
enum part {
	PART_NONE,	/* it stays where it is */
	PART_OWN,	/* it does, but the campaign has another window than before */
	PART_BOTH,	/* it is given an instant, or is to go out again */
};

static enum part
part_of(const struct campaign *was, const struct campaign *c, size_t i, const struct campaign_change *change)
{
	const struct segment *s = &c->segments[i], *old = was != NULL ? &was->segments[i] : NULL;
	bool goes_out = s->state == SEGMENT_SCHEDULED || s->state == SEGMENT_SENDING;

	if (old == NULL || old->scheduled_at != s->scheduled_at)
		return PART_BOTH;
	if (goes_out && (old->state == SEGMENT_DRAFT || old->state == SEGMENT_PAUSED) && !segment_is_overdue(s, change->today))
		return PART_BOTH;
	if (segment_state_is_final(s->state) || s->scheduled_at < change->now || c->sending_window == NULL)
		return PART_NONE;
	return was->sending_window == NULL || strcmp(was->sending_window, c->sending_window) != 0 ? PART_OWN : PART_NONE;
}

static enum status
refuse(const struct campaign *c, const struct segment *s, int64_t at, enum part part, const struct sending *both,
    struct campaign_refusal *refusal, struct error *err)
{
	char text[INSTANT_TEXT_MAX], next[INSTANT_TEXT_MAX], segment[32] = "";

	refusal->is_outside = true;
	if (!sending_next(both, at, &refusal->next_allowed_at))
		refusal->next_allowed_at = 0;
	if (c->is_segmented)
		snprintf(segment, sizeof(segment), "segment %" PRId64 ": ", s->number);
	return error_set(err, BAD_REQUEST, "%s: %s%s is outside the sending window; %s%s",
	    part == PART_OWN ? "sendingWindow" : "scheduledISO", segment, instant_format(at, text),
	    refusal->next_allowed_at != 0 ? "the next allowed instant is " : "nothing is allowed in the three years after it",
	    refusal->next_allowed_at != 0 ? instant_format(refusal->next_allowed_at, next) : "");
}

enum status
campaign_check_window(struct db *db, struct arena *a, const struct organization *org, const struct campaign *was,
    const struct campaign *c, const struct campaign_change *change, struct campaign_refusal *refusal, struct error *err)
{
	struct sending both, own;
	struct spans wall;
	bool is_loaded = false;
	enum status st;

	/* A wrong time zone is refused even if nothing is moved. */
	if ((st = sending_row_wall(a, org, change->timezone, &wall, err)) != OK)
		return st;
	for (size_t i = 0; i < c->count; i++) {
		const struct segment *s = &c->segments[i];
		enum part part = part_of(was, c, i, change);
		int64_t at = s->scheduled_at;

		if (part == PART_NONE)
			continue;
		if (!is_loaded && (st = sending_row_all(db, a, org, c->sending_window, wall, &both)) != OK)
			return st;
		is_loaded = true;
		own = both;
		if (part == PART_OWN)
			own = (struct sending) { .windows = { both.windows[both.count - 1] }, .count = 1, .wall = wall };
		/* What was paused while it was being sent goes on now. */
		if (at < change->now && segment_state_is_open(s->state))
			at = change->now;
		if (!sending_allows(&own, at))
			return refuse(c, s, at, part, &both, refusal, err);
	}
	return OK;
}

size_t
campaign_passed_over(const struct plan_request *r, const struct plan_segment *segments, size_t count)
{
	size_t passed = 0;
	int64_t at;

	for (int32_t i = 0; i < PLAN_DAYS_MAX; i++) {
		at = day_wall(r->wall, day_add(r->first, i), r->time_ms);
		if (count > 0 && at > segments[count - 1].scheduled_at)
			break;
		passed += !sending_next_of_date(r->sending, at, &at);
	}
	return passed;
}
