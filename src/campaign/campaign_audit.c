/*
 * The audit of campaigns (see campaign_rows.h): which one, what it was, and what it is.
 */
#include "campaign/campaign_rows.h"
#include "store/audit.h"
#include "time/instant.h"

static bool
is_changed(const struct segment *was, const struct segment *is)
{
	return was->contacts != is->contacts || was->scheduled_at != is->scheduled_at || was->state != is->state;
}

static void
put_segment(struct json *j, const struct segment *was, const struct segment *is)
{
	char from[INSTANT_TEXT_MAX], to[INSTANT_TEXT_MAX];

	json_open_object(j, NULL);
	json_put_int(j, "segmentNumber", is->number);
	audit_put_int_change(j, "contactCount", was->contacts, is->contacts);
	audit_put_text_change(j, "scheduledISO", instant_format(was->scheduled_at, from), instant_format(is->scheduled_at, to));
	audit_put_text_change(j, "status", segment_state_name(was->state), segment_state_name(is->state));
	json_close_object(j);
}

/* The campaign's name is in the row too, because an id alone tells people nothing. */
static void
put_campaign(struct json *j, const struct campaign *c)
{
	json_put_text(j, "campaignId", c->id);
	json_put_text(j, "campaignName", c->name);
}

enum status
campaign_audit(struct db *db, const struct organization *org, const struct campaign *c, const struct campaign_change *change,
    const char *action)
{
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	enum status st;

	json_open_object(j, NULL);
	put_campaign(j, c);
	json_close_object(j);
	st = audit(db, change->now, org->key, change->by, action, buf_text(&detail));
	buf_free(&detail);
	return st;
}

/* Only the segments that changed, by their numbers: a change adds none and removes none. */
enum status
campaign_audit_change(struct db *db, const struct organization *org, const struct campaign *was, const struct campaign *is,
    const struct campaign_change *change)
{
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	enum status st;

	json_open_object(j, NULL);
	put_campaign(j, is);
	json_open_object(j, "changed");
	audit_put_text_change(j, "name", was->name, is->name);
	audit_put_int_change(j, "partsPerContact", was->parts_per_contact, is->parts_per_contact);
	audit_put_text_change(j, "channel", channel_facts(was->channel)->name, channel_facts(is->channel)->name);
	audit_put_text_change(j, "from", was->sender, is->sender);
	audit_put_text_change(j, "tag", was->tag, is->tag);
	audit_put_raw_change(j, "sendingWindow", was->sending_window != NULL ? was->sending_window : "null",
	    is->sending_window != NULL ? is->sending_window : "null");
	json_open_array(j, "segments");
	for (size_t i = 0; i < is->count; i++)
		if (is_changed(&was->segments[i], &is->segments[i]))
			put_segment(j, &was->segments[i], &is->segments[i]);
	json_close_array(j);
	json_close_object(j);
	json_close_object(j);
	st = audit(db, change->now, org->key, change->by, change->action != NULL ? change->action : "campaign.set",
	    buf_text(&detail));
	buf_free(&detail);
	return st;
}
