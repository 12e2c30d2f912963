/*
 * Requests that write campaigns (see write.h).
 */
#include "write.h"
#include "base/crypto.h"
#include "http/reply.h"
#include "store/idempotency.h"

/*
 * Everything that the reply shows and that can change: the campaign's own revision, its counters, which events change without
 * it, today, by which open segments end, and the organization's unit and time zone.
 */
void
campaign_tag(struct req *r, const struct organization *org, const struct campaign *c, struct day today)
{
	int64_t version[] = { c->key, c->created_at, c->revision, today.n, 0, 0, 0, limit_rules_unit(&org->limits),
		org->zone_revision };

	for (size_t i = 0; i < c->count; i++) {
		version[4] += c->segments[i].sent;
		version[5] += c->segments[i].failed;
		version[6] += c->segments[i].spent;
	}
	reply_tag(r, "campaign", version, sizeof(version) / sizeof(version[0]));
}

/* ---- Replies */

void
campaign_reply(struct req *r, struct buf *body, const struct organization *org, const struct campaign *c, struct day today,
    const char *warning)
{
	struct json *out = json_on(body);

	campaign_tag(r, org, c, today);
	json_open_object(out, NULL);
	json_put_bool(out, "success", true);
	campaign_put(out, "data", org, c, today);
	if (warning != NULL) {
		json_open_array(out, "warnings");
		json_put_text(out, NULL, warning);
		json_close_array(out);
	}
	json_close_object(out);
}

/* ---- POST /api/campaigns */

/* Makes the segments that the planner proposes, inside this transaction: nobody can take the room before it is reserved. */
static enum status
plan_segments(struct req *r, const struct organization *org, struct campaign_input *input)
{
	struct auto_plan plan;
	enum status st;

	if ((st = auto_plan_make(r->db, r->arena, org, &input->automatic, r->now, &plan, &r->err)) != OK)
		return st;
	if (plan.left > 0 && input->state == SEGMENT_DRAFT)
		return error_set(&r->err, CONFLICT, "autoSegment: %s is 0, so no day has room",
		    strcmp(plan.blocked_by, "dailyLimit") == 0 ? "the daily limit" : plan.blocked_by);
	/* If no day has room, ask for all of it where it would begin: the limit that answers refuses that. */
	if (plan.left > 0)
		plan.segments[plan.count++] = (struct plan_segment) { .scheduled_at = plan.first_at, .contacts = plan.left };
	input->campaign.count = plan.count;
	input->campaign.segments = arena_alloc(r->arena, plan.count * sizeof(*input->campaign.segments));
	for (size_t i = 0; i < plan.count; i++) {
		input->campaign.segments[i].scheduled_at = plan.segments[i].scheduled_at;
		input->campaign.segments[i].contacts = plan.segments[i].contacts;
	}
	return OK;
}

/* Whether the client's id was used before: by this very request (*is_retry), or by another one or without one (CONFLICT). */
static enum status
check_retry(struct req *r, const struct organization *org, const struct campaign_input *input, struct day today, bool *is_retry)
{
	enum idempotency_seen seen;
	struct campaign taken;
	struct error err;
	enum status st;

	*is_retry = false;
	if (input->campaign.id == NULL)
		return OK;
	if ((st = idempotency_check(r->db, org->key, "campaign", input->campaign.id, input->sha256, &seen)) != OK)
		return st;
	if (seen == IDEMPOTENCY_NEW &&
	    (st = campaign_load(r->db, r->arena, org, input->campaign.id, today, &taken, &err)) == NOT_FOUND)
		return OK;
	if (st == OK && seen != IDEMPOTENCY_SAME)
		return error_set(&r->err, CONFLICT, "id: already used by another campaign; choose another id");
	*is_retry = seen == IDEMPOTENCY_SAME;
	return st;
}

/* A POST of a campaign. */
struct campaign_post {
	struct req *r;
	struct campaign_input input;
	struct campaign_refusal refusal;
	struct buf *body;
};

/* Adds the campaign of a request that is not a retry. */
static enum status
add_campaign(struct campaign_post *post, const struct organization *org, const struct campaign_change *change)
{
	struct campaign_input *input = &post->input;
	struct campaign *c = &input->campaign;
	struct req *r = post->r;
	enum status st;
	char id[40];

	if (c->id == NULL)
		c->id = arena_strdup(r->arena, uuid7(r->now, id));
	if (input->has_auto && (st = plan_segments(r, org, input)) != OK)
		return st;
	if (input->is_now)
		c->segments[0].scheduled_at = r->now;
	for (size_t i = 0; i < c->count; i++)
		c->segments[i].state = input->state;
	/* campaign_add makes the digest of the campaign, which covers the request: so that comes first. */
	if ((st = idempotency_remember(r->db, org->key, "campaign", c->id, input->sha256, r->now)) != OK)
		return st;
	return campaign_add(r->db, r->arena, org, c, change, &post->refusal, &r->err);
}

/* Inside the write transaction: adds the campaign, or, for a retry, only loads it; the reply is the same. */
static enum status
create(struct organization *org, void *arg)
{
	struct campaign_post *post = arg;
	struct req *r = post->r;
	struct campaign_change change = { .now = r->now, .by = &r->by,
		.today = organization_today(org, r->now), .is_exact = post->input.campaign.is_segmented,
		.timezone = post->input.timezone };
	struct campaign *c = &post->input.campaign;
	bool is_retry;
	enum status st;

	if ((st = check_retry(r, org, &post->input, change.today, &is_retry)) != OK)
		return st;
	if (is_retry)
		req_add_header(r, "Idempotent-Replayed", "true");
	else if ((st = add_campaign(post, org, &change)) != OK)
		return st;
	if ((st = campaign_load(r->db, r->arena, org, c->id, change.today, c, &r->err)) != OK)
		return st;
	campaign_reply(r, post->body, org, c, change.today, is_retry && c->state == SEGMENT_CANCELLED ?
	    "id: this campaign was cancelled and holds nothing; choose another id to plan it again" : NULL);
	return is_retry ? OK : CREATED;
}

enum status
campaigns_post(struct req *r, struct buf *body)
{
	struct campaign_post post = { .r = r, .body = body };
	enum status st;

	if ((st = campaign_input_read(r, &post.input)) != OK)
		return st;
	st = organization_write(r->db, r->arena, r->org, r->now, create, &post, &r->err);
	return campaign_put_refusal(r, body, st, &post.refusal);
}

/* ---- Writes on one campaign */

/* One write on the campaign that the path names; `apply` is what distinguishes them. */
struct campaign_write {
	struct req *r;
	enum status (*apply)(struct campaign_write *w);
	const struct organization *org;
	struct campaign campaign;	/* as it is, then as it is afterwards */
	struct campaign_change change;
	struct campaign_refusal refusal;
	struct buf *body;
};

/* Applies the body of a PUT: campaign_update compares the campaign before and after. */
static enum status
apply_body(struct campaign_write *w)
{
	struct campaign was = campaign_copy(w->r->arena, &w->campaign);
	enum status st;

	if ((st = campaign_change_read(w->r, &w->campaign, &w->change)) != OK)
		return st;
	return campaign_update(w->r->db, w->r->arena, w->org, &was, &w->campaign, &w->change, &w->refusal, &w->r->err);
}

/* Cancel, pause and DELETE have no body, or an empty object. */
static enum status
check_no_body(struct req *r)
{
	static const char *const nothing[] = { NULL };
	struct json_object *o;
	enum status st;

	if (r->body_n == 0)
		return OK;
	if ((st = req_object(r, nothing, &o)) == OK)
		json_object_free(o);
	return st;
}

static enum status
apply_transition(struct campaign_write *w, enum segment_action action)
{
	struct campaign was = campaign_copy(w->r->arena, &w->campaign);
	enum status st;

	st = action == SEGMENT_RESUME ? campaign_resume_read(w->r, &w->campaign, &w->change) : check_no_body(w->r);
	if (st != OK)
		return st;
	return campaign_transition(w->r->db, w->r->arena, w->org, &was, &w->campaign, action, &w->change, &w->refusal, &w->r->err);
}

static enum status
apply_cancel(struct campaign_write *w)
{
	return apply_transition(w, SEGMENT_CANCEL);
}

static enum status
apply_pause(struct campaign_write *w)
{
	return apply_transition(w, SEGMENT_PAUSE);
}

static enum status
apply_resume(struct campaign_write *w)
{
	return apply_transition(w, SEGMENT_RESUME);
}

/* The only one after which there is no campaign to reply with. */
static enum status
apply_delete(struct campaign_write *w)
{
	enum status st;

	if ((st = check_no_body(w->r)) != OK ||
	    (st = campaign_delete(w->r->db, w->org, &w->campaign, &w->change, &w->r->err)) != OK)
		return st;
	return NO_CONTENT;
}

/*
 * Inside the write transaction: loads the campaign, checks If-Match and applies the change, so that no other change comes
 * between check and write.  The reply is the campaign as it is after that.
 */
static enum status
write_campaign(struct organization *org, void *arg)
{
	struct campaign_write *w = arg;
	struct campaign *c = &w->campaign;
	struct req *r = w->r;
	struct day today = organization_today(org, r->now);
	enum status st;

	w->org = org;
	w->change = (struct campaign_change) { .now = r->now, .by = &r->by, .today = today };
	if ((st = campaign_load(r->db, r->arena, org, req_path(r, "campaignId"), today, c, &r->err)) != OK)
		return st;
	campaign_tag(r, org, c, today);
	if (!reply_if_match(r))
		return error_set(&r->err, PRECONDITION_FAILED, "If-Match: the campaign was changed after you read it; read it again");
	if ((st = w->apply(w)) != OK || (st = campaign_load(r->db, r->arena, org, c->id, today, c, &r->err)) != OK)
		return st;
	campaign_reply(r, w->body, org, c, today, NULL);
	return OK;
}

static enum status
write_one(struct req *r, struct buf *body, enum status (*apply)(struct campaign_write *w))
{
	struct campaign_write w = { .r = r, .apply = apply, .body = body };
	enum status st = organization_write(r->db, r->arena, r->org, r->now, write_campaign, &w, &r->err);

	return campaign_put_refusal(r, body, st, &w.refusal);
}

enum status
campaigns_put(struct req *r, struct buf *body)
{
	return write_one(r, body, apply_body);
}

enum status
campaigns_delete(struct req *r, struct buf *body)
{
	return write_one(r, body, apply_delete);
}

enum status
campaigns_cancel(struct req *r, struct buf *body)
{
	return write_one(r, body, apply_cancel);
}

enum status
campaigns_pause(struct req *r, struct buf *body)
{
	return write_one(r, body, apply_pause);
}

enum status
campaigns_resume(struct req *r, struct buf *body)
{
	return write_one(r, body, apply_resume);
}
