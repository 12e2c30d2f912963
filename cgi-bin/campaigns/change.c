/*
 * Reading the bodies that change a campaign: of PUT and of …/resume (see body.h).
 */
#include "body.h"

/* Applies one element to the segment that it names.  One that was reported as ended keeps its place in the past. */
static enum status
change_segment(struct req *r, struct campaign *c, const struct sent_segment *s)
{
	struct segment *segment = NULL;

	for (size_t i = 0; i < c->count; i++)
		if (c->segments[i].number == s->number)
			segment = &c->segments[i];
	if (segment == NULL)
		return error_set(&r->err, BAD_REQUEST, "segmentNumber: there is no segment %lld", (long long)s->number);
	if (segment_state_is_final(segment->state))
		return error_set(&r->err, CONFLICT, "segment %lld is %s and cannot be changed to scheduled", (long long)s->number,
		    segment_state_name(segment->state));
	if (s->has_time)
		segment->scheduled_at = s->scheduled_at;
	if (s->has_contacts)
		segment->contacts = s->contacts;
	return OK;
}

/*
 * Applies `status`: a draft may become scheduled.  The state that a campaign has already is no change; later states are
 * reached by other requests.
 */
static enum status
change_state(struct req *r, struct json_object *o, struct campaign *c)
{
	enum segment_state to;
	const char *state;
	enum status st;

	if ((st = json_string(o, "status", 1, 16, &state, &r->err)) != OK || state == NULL)
		return st;
	if (!segment_state_parse(state, &to) || to > SEGMENT_SCHEDULED)
		return error_set(&r->err, BAD_REQUEST, "status: must be draft or scheduled");
	if (to == c->state)
		return OK;
	if (c->state != SEGMENT_DRAFT)
		return error_set(&r->err, CONFLICT, "a campaign that is %s cannot become %s", segment_state_name(c->state),
		    segment_state_name(to));
	for (size_t i = 0; i < c->count; i++)
		c->segments[i].state = segment_after(&c->segments[i], SEGMENT_SCHEDULE, false);
	return OK;
}

/*
 * Applies scheduledISO and contactCount, which change the only segment of a campaign of one date, or the elements of
 * `segments`, each with the `known` members; what is absent changes nothing.
 */
static enum status
change_segments(struct req *r, struct json_object *o, const char *const *known, struct campaign *c,
    struct campaign_change *change)
{
	struct sent_segment single = { .number = 1 }, *sent = &single;
	size_t n = 0;
	enum status st;

	if ((st = json_int(o, "contactCount", 1, CAMPAIGN_CONTACTS_MAX, &single.has_contacts, &single.contacts, &r->err)) != OK ||
	    (st = campaign_read_instant(o, "", "scheduledISO", &single.has_time, &single.scheduled_at, &r->err)) != OK ||
	    (st = campaign_read_segments(r, known, &sent, &n)) != OK)
		return st;
	if ((single.has_contacts || single.has_time) && (c->is_segmented || n > 0))
		return error_set(&r->err, BAD_REQUEST, "%s: this campaign is segmented; change its segments in segments",
		    single.has_contacts ? "contactCount" : "scheduledISO");
	change->is_exact = c->is_segmented || n > 0;
	if (single.has_contacts || single.has_time)
		n = 1;
	for (size_t i = 0; st == OK && i < n; i++) {
		if (sent != &single && !sent[i].has_number)
			return error_set(&r->err, BAD_REQUEST, "segments[%zu].segmentNumber: required", i);
		/* A number that comes twice would make the result depend on the order. */
		for (size_t k = 0; k < i; k++)
			if (sent[k].number == sent[i].number)
				return error_set(&r->err, BAD_REQUEST, "segments[%zu].segmentNumber: %lld is given twice", i,
				    (long long)sent[i].number);
		st = change_segment(r, c, &sent[i]);
	}
	return st;
}

static enum status
read_change(struct req *r, struct json_object *o, struct campaign *c, struct campaign_change *change)
{
	static const char *const known[] = { "scheduledISO", "contactCount", "segmentNumber", NULL };
	const char *name;
	enum status st;
	bool found;

	if ((st = json_string(o, "name", 1, CAMPAIGN_NAME_MAX, &name, &r->err)) != OK ||
	    (st = json_string(o, "timezone", 1, ZONE_NAME_MAX - 1, &change->timezone, &r->err)) != OK ||
	    (st = campaign_read_window(r->arena, r->body, r->body_n, &found, &c->sending_window, &r->err)) != OK ||
	    (st = json_int(o, "partsPerContact", 1, PARTS_PER_CONTACT_MAX, &found, &c->parts_per_contact, &r->err)) != OK ||
	    (st = campaign_read_origin(o, true, c, &r->err)) != OK ||
	    (st = change_segments(r, o, known, c, change)) != OK)
		return st;
	if (name != NULL)
		c->name = name;
	return change_state(r, o, c);
}

enum status
campaign_change_read(struct req *r, struct campaign *c, struct campaign_change *change)
{
	static const char *const known[] = { "name", "contactCount", "partsPerContact", "scheduledISO", "segments", "status",
		"channel", "from", "tag", "sendingWindow", "timezone", NULL };
	struct json_object *o;
	enum status st;

	if ((st = req_object(r, known, &o)) != OK)
		return st;
	st = read_change(r, o, c, change);
	json_object_free(o);
	return st;
}

enum status
campaign_resume_read(struct req *r, struct campaign *c, struct campaign_change *change)
{
	static const char *const known[] = { "scheduledISO", "segments", "timezone", NULL };
	static const char *const known_segment[] = { "scheduledISO", "segmentNumber", NULL };
	struct json_object *o;
	enum status st;

	change->is_exact = c->is_segmented;
	if (r->body_n == 0)
		return OK;
	if ((st = req_object(r, known, &o)) != OK)
		return st;
	if ((st = json_string(o, "timezone", 1, ZONE_NAME_MAX - 1, &change->timezone, &r->err)) == OK)
		st = change_segments(r, o, known_segment, c, change);
	json_object_free(o);
	return st;
}
