/*
 * Reading the body that creates a campaign, and what it shares with those that change one (see body.h).
 */
#include <string.h>

#include "body.h"
#include "quota/origin.h"
#include "time/instant.h"

enum status
campaign_read_instant(struct json_object *o, const char *label, const char *name, bool *found, int64_t *at, struct error *err)
{
	const char *text;
	enum status st;

	if ((st = json_string(o, name, 1, 64, &text, err)) != OK)
		return st;
	*found = text != NULL;
	if (text != NULL && !instant_parse(text, at))
		return error_set(err, BAD_REQUEST, "%s%s%s: not an RFC 3339 instant such as 2026-05-20T15:00:00.000Z", label,
		    label[0] != '\0' ? "." : "", name);
	return OK;
}

enum status
campaign_read_origin(struct json_object *o, bool is_change, struct campaign *c, struct error *err)
{
	const char *tag;
	enum status st;

	if ((st = origin_read_planned(o, &c->channel, &c->sender, err)) != OK || (st = origin_read_tag(o, &tag, err)) != OK)
		return st;
	if (is_change && json_is_null(o, "from"))
		c->sender = NULL;
	if (tag != NULL || (is_change && json_is_null(o, "tag")))
		c->tag = tag;
	return OK;
}

static enum status
read_segment(struct arena *a, const char *label, const char *text, size_t n, const char *const *known, struct sent_segment *s,
    struct error *err)
{
	struct json_object *o;
	enum status st;

	*s = (struct sent_segment) { 0 };
	if ((st = json_parse(a, label, text, n, &o, err)) != OK)
		return st;
	if ((st = json_known(o, known, err)) == OK &&
	    (st = campaign_read_instant(o, label, "scheduledISO", &s->has_time, &s->scheduled_at, err)) == OK &&
	    (st = json_int(o, "contactCount", 1, CAMPAIGN_CONTACTS_MAX, &s->has_contacts, &s->contacts, err)) == OK)
		st = json_int(o, "segmentNumber", 1, CAMPAIGN_SEGMENTS_MAX, &s->has_number, &s->number, err);
	json_object_free(o);
	return st;
}

enum status
campaign_read_segments(struct req *r, const char *const *known, struct sent_segment **segments, size_t *n)
{
	const char *array, *item;
	size_t array_n, item_n, pos = 0;
	enum status st = OK;

	*n = 0;
	if (!json_find(r->body, r->body_n, "segments", &array, &array_n) || json_kind(array, array_n) == 'n')
		return OK;
	if (json_kind(array, array_n) != '[')
		return error_set(&r->err, BAD_REQUEST, "segments: not an array");
	*segments = arena_alloc(r->arena, CAMPAIGN_SEGMENTS_MAX * sizeof(**segments));
	while (st == OK && json_next_item(array, array_n, &pos, &item, &item_n)) {
		if (*n == CAMPAIGN_SEGMENTS_MAX)
			return error_set(&r->err, BAD_REQUEST, "segments: more than %d", CAMPAIGN_SEGMENTS_MAX);
		st = read_segment(r->arena, arena_printf(r->arena, "segments[%zu]", *n), item, item_n, known,
		    &(*segments)[*n], &r->err);
		(*n)++;
	}
	if (st == OK && *n == 0)
		st = error_set(&r->err, BAD_REQUEST, "segments: empty");
	return st;
}

/* ---- POST: three shapes of one campaign */

/* The simple shape: contactCount and scheduledISO make one segment.  Without an instant it is to be sent now. */
static enum status
read_single(struct req *r, struct json_object *o, struct campaign_input *input)
{
	struct campaign *c = &input->campaign;
	bool has_contacts, has_time;
	enum status st;

	c->segments = arena_alloc(r->arena, sizeof(*c->segments));
	c->count = 1;
	if ((st = json_int(o, "contactCount", 1, CAMPAIGN_CONTACTS_MAX, &has_contacts, &c->segments->contacts, &r->err)) != OK ||
	    (st = campaign_read_instant(o, "", "scheduledISO", &has_time, &c->segments->scheduled_at, &r->err)) != OK)
		return st;
	if (!has_contacts)
		return error_set(&r->err, BAD_REQUEST, "contactCount: required, unless segments or autoSegment is given");
	if (!has_time && input->state == SEGMENT_DRAFT)
		return error_set(&r->err, BAD_REQUEST, "scheduledISO: required in a draft");
	input->is_now = !has_time;
	return OK;
}

/* The segmented shape: each element makes a segment. */
static enum status
read_slices(struct req *r, struct campaign *c)
{
	static const char *const known[] = { "scheduledISO", "contactCount", NULL };
	struct sent_segment *sent = NULL;
	enum status st;

	if ((st = campaign_read_segments(r, known, &sent, &c->count)) != OK)
		return st;
	c->segments = arena_alloc(r->arena, c->count * sizeof(*c->segments));
	for (size_t i = 0; i < c->count; i++) {
		if (!sent[i].has_time || !sent[i].has_contacts)
			return error_set(&r->err, BAD_REQUEST, "segments[%zu].%s: required", i,
			    sent[i].has_time ? "contactCount" : "scheduledISO");
		c->segments[i].scheduled_at = sent[i].scheduled_at;
		c->segments[i].contacts = sent[i].contacts;
	}
	return OK;
}

/* Whether a member has a value; null counts as absent, because clients send it for a field that was left empty. */
static bool
is_given(struct json_object *o, const char *name)
{
	return json_has(o, name) && !json_is_null(o, name);
}

/*
 * Reads whichever of the three shapes the body has; two at once are an error, because they contradict each other. autoSegment
 * has its segments made later, inside the transaction that reserves them.
 */
static enum status
read_shape(struct req *r, struct json_object *o, struct campaign_input *input)
{
	struct json_object *automatic;
	enum status st;

	if (is_given(o, "segments") + is_given(o, "autoSegment") +
	    (is_given(o, "contactCount") || is_given(o, "scheduledISO")) > 1)
		return error_set(&r->err, BAD_REQUEST, "segments: give contactCount and scheduledISO, or segments, or autoSegment, "
		    "but only one of the three");
	input->campaign.is_segmented = is_given(o, "segments") || is_given(o, "autoSegment");
	if (is_given(o, "segments"))
		return read_slices(r, &input->campaign);
	if (!is_given(o, "autoSegment"))
		return read_single(r, o, input);
	input->has_auto = true;
	if ((st = json_member(o, "autoSegment", '{', &automatic, &r->err)) != OK ||
	    (st = json_known(automatic, auto_request_fields, &r->err)) != OK ||
	    (st = auto_request_read(automatic, &input->automatic, &r->err)) != OK)
		return st;
	/* partsPerContact may be inside or outside of autoSegment: campaign and plan must have the same. */
	if (is_given(automatic, "partsPerContact") && is_given(o, "partsPerContact"))
		return error_set(&r->err, BAD_REQUEST, "partsPerContact: given twice");
	if (is_given(automatic, "partsPerContact"))
		input->campaign.parts_per_contact = input->automatic.parts_per_contact;
	input->automatic.parts_per_contact = input->campaign.parts_per_contact;
	input->automatic.channel = input->campaign.channel;
	input->automatic.sender = input->campaign.sender;
	return OK;
}

/*
 * Hashes what the client asks for in one spelling, independent of the order and the blanks of the body, so that a retry is
 * recognized.  Without the id, by which the retry is found.  An instant counts as it was given, whatever it means when it
 * arrives: a retry has the same one, or again none.  What later versions added is spelled only if it is there, so that requests
 * of earlier ones keep their hash.
 */
static void
hash_wish(struct campaign_input *input)
{
	const struct auto_request *automatic = &input->automatic;
	const struct campaign *c = &input->campaign;
	struct buf spelling = { 0 };
	struct json *j = json_on(&spelling);

	json_open_array(j, NULL);
	json_put_text(j, NULL, input->campaign.name);
	json_put_text(j, NULL, segment_state_name(input->state));
	json_put_int(j, NULL, input->campaign.parts_per_contact);
	json_put_bool(j, NULL, input->campaign.is_segmented);
	for (size_t i = 0; i < input->campaign.count; i++) {
		if (input->is_now)
			json_put_text(j, NULL, "now");
		else
			json_put_int(j, NULL, input->campaign.segments[i].scheduled_at);
		json_put_int(j, NULL, input->campaign.segments[i].contacts);
	}
	if (input->has_auto) {
		json_put_int(j, NULL, automatic->contacts);
		json_put_int(j, NULL, automatic->has_date ? automatic->date.n : -1);
		json_put_int(j, NULL, automatic->time_ms);
		json_put_text(j, NULL, automatic->timezone != NULL ? automatic->timezone : "");
	}
	if (c->channel != SMS || c->sender != NULL || c->tag != NULL) {
		json_open_object(j, NULL);
		json_put_text(j, "channel", channel_facts(c->channel)->name);
		origin_put(j, c->sender, NULL, c->tag);
		json_close_object(j);
	}
	/* Only if they are given, so that a request without them has the hash that it always had. */
	if (input->campaign.sending_window != NULL)
		json_put_raw(j, NULL, input->campaign.sending_window, strlen(input->campaign.sending_window));
	if (input->timezone != NULL && (!input->has_auto || input->timezone != automatic->timezone)) {
		json_open_object(j, NULL);
		json_put_text(j, "timezone", input->timezone);
		json_close_object(j);
	}
	json_close_array(j);
	sha256(spelling.text, spelling.size, input->sha256);
	buf_free(&spelling);
}

/* Reads the campaign's sending window, and whose clock the windows are about: of a plan, that by which it was made. */
static enum status
read_window(struct req *r, struct json_object *o, struct campaign_input *input)
{
	enum status st;
	bool found;

	if ((st = json_string(o, "timezone", 1, ZONE_NAME_MAX - 1, &input->timezone, &r->err)) != OK ||
	    (st = campaign_read_window(r->arena, r->body, r->body_n, &found, &input->campaign.sending_window, &r->err)) != OK)
		return st;
	input->automatic.sending_window = input->campaign.sending_window;
	if (input->automatic.timezone == NULL)
		input->automatic.timezone = input->timezone;
	else if (input->timezone != NULL)
		return error_set(&r->err, BAD_REQUEST, "timezone: given twice");
	else
		input->timezone = input->automatic.timezone;
	return OK;
}

static enum status
read_input(struct req *r, struct json_object *o, struct campaign_input *input)
{
	struct campaign *c = &input->campaign;
	const char *state;
	enum status st;
	bool found;

	c->parts_per_contact = 1;
	input->state = SEGMENT_SCHEDULED;
	if ((st = json_string(o, "id", 1, 64, &c->id, &r->err)) != OK ||
	    (st = json_string(o, "name", 1, CAMPAIGN_NAME_MAX, &c->name, &r->err)) != OK ||
	    (st = json_int(o, "partsPerContact", 1, PARTS_PER_CONTACT_MAX, &found, &c->parts_per_contact, &r->err)) != OK ||
	    (st = campaign_read_origin(o, false, c, &r->err)) != OK ||
	    (st = json_string(o, "status", 1, 16, &state, &r->err)) != OK)
		return st;
	if (c->id != NULL && !campaign_id_ok(c->id))
		return id_refuse("id", c->id, &r->err);
	if (c->name == NULL)
		return error_set(&r->err, BAD_REQUEST, "name: required");
	if (state != NULL && (!segment_state_parse(state, &input->state) || input->state > SEGMENT_SCHEDULED))
		return error_set(&r->err, BAD_REQUEST, "status: must be draft or scheduled");
	if ((st = read_shape(r, o, input)) == OK && (st = read_window(r, o, input)) == OK)
		hash_wish(input);
	return st;
}

enum status
campaign_input_read(struct req *r, struct campaign_input *input)
{
	static const char *const known[] = { "id", "name", "contactCount", "partsPerContact", "scheduledISO", "status",
		"segments", "autoSegment", "channel", "from", "tag", "sendingWindow", "timezone", NULL };
	struct json_object *o;
	enum status st;

	memset(input, 0, sizeof(*input));
	if ((st = req_object(r, known, &o)) != OK)
		return st;
	st = read_input(r, o, input);
	json_object_free(o);
	return st;
}
