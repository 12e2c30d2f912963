/*
 * The demo's campaigns: one planned over the coming days, one on a single day, one draft.
 */
#include "campaign/auto_segment.h"
#include "campaign/campaign.h"
#include "cli.h"
#include "demo.h"
#include "time/instant.h"

static enum status
add(struct cli *c, const struct organization *org, struct campaign *campaign, enum segment_state state)
{
	struct campaign_change change = { .now = c->now, .by = &cli_actor,
		.today = organization_today(org, c->now) };
	struct campaign_refusal refusal;

	campaign->parts_per_contact = 1;
	for (size_t i = 0; i < campaign->count; i++)
		campaign->segments[i].state = state;
	return campaign_add(c->db, c->arena, org, campaign, &change, &refusal, &c->err);
}

/* Adds a campaign that the planner spreads over the coming days with room, from tomorrow on. */
static enum status
add_planned(struct cli *c, const struct organization *org)
{
	struct campaign campaign = { .id = "winter-sale", .name = "Winter sale", .is_segmented = true };
	struct auto_request request = { .contacts = 1200, .parts_per_contact = 1, .has_date = true,
		.date = day_add(organization_today(org, c->now), 1), .time_ms = 10 * HOUR_MS };
	struct auto_plan plan;
	enum status st;

	if ((st = auto_plan_make(c->db, c->arena, org, &request, c->now, &plan, &c->err)) != OK)
		return st;
	campaign.count = plan.count;
	campaign.segments = arena_alloc(c->arena, (plan.count + 1) * sizeof(*campaign.segments));
	for (size_t i = 0; i < plan.count; i++)
		campaign.segments[i] = (struct segment) { .scheduled_at = plan.segments[i].scheduled_at,
			.contacts = plan.segments[i].contacts };
	return add(c, org, &campaign, SEGMENT_SCHEDULED);
}

static enum status
add_single(struct cli *c, const struct organization *org, const char *id, const char *name, int32_t in_days,
    int64_t contacts, enum segment_state state)
{
	struct segment segment = { .contacts = contacts,
		.scheduled_at = day_wall(org->days, day_add(organization_today(org, c->now), in_days), 14 * HOUR_MS) };
	struct campaign campaign = { .id = id, .name = name, .segments = &segment, .count = 1 };

	return add(c, org, &campaign, state);
}

static enum status
add_all(struct organization *org, void *arg)
{
	struct cli *c = arg;
	enum status st;

	if ((st = add_single(c, org, "renewals", "Renewal reminders", 5, 150, SEGMENT_SCHEDULED)) != OK ||
	    (st = add_planned(c, org)) != OK)
		return st;
	return add_single(c, org, "spring-preview", "Spring preview", 40, 400, SEGMENT_DRAFT);
}

enum status
demo_campaigns(struct cli *c, const char *org_id)
{
	return organization_write(c->db, c->arena, org_id, c->now, add_all, c, &c->err);
}
