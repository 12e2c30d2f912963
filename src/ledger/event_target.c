/*
 * The segments that the events of a post spend (see event_post.h).  Each is read once and written once, not for every event: a
 * thousand events of a campaign would otherwise write its row a thousand times.
 *
 * What an event names is looked for in the rows, where only the states matter.  So a segment that is no longer open is written at
 * once, and what was found is forgotten; until then the same name means the same segment.
 */
#include <string.h>

#include "ledger/event_post.h"

/* The segment that was found for the same name before; the latest one is the likeliest. */
static struct post_target *
known_choice(const struct post_targets *t, const struct event *e, struct day d)
{
	for (size_t i = t->choice_count; i > 0; i--) {
		const struct post_choice *c = &t->choices[i - 1];

		if (c->day.n == d.n && c->segment == e->segment && strcmp(c->campaign, e->campaign) == 0)
			return c->target;
	}
	return NULL;
}

/* Two names may mean one segment, which must be counted in one place. */
static struct post_target *
add_target(struct post_targets *t, const struct segment_target *found)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->of[i].is.ref.campaign == found->ref.campaign && t->of[i].is.ref.segment == found->ref.segment)
			return &t->of[i];
	t->of[t->count] = (struct post_target) { .is = *found, .was = found->segment.state };
	return &t->of[t->count++];
}

/* An unknown campaign or segment is a warning only: the message was sent, so the event is recorded all the same. */
enum status
event_target_find(struct post *p, struct event_item *item, struct segment_ref *ref, struct post_target **target)
{
	const struct event *e = &item->event;
	struct post_targets *t = &p->targets;
	struct day d = day_at(p->org->days, e->occurred_at);
	struct segment_target found;
	struct post_target *to;
	enum status st;

	*ref = (struct segment_ref) { 0 };
	*target = NULL;
	if (e->campaign == NULL)
		return OK;
	if ((to = known_choice(t, e, d)) == NULL) {
		if (t->choice_count == POST_TARGETS_MAX &&
		    ((st = event_queue_flush(p)) != OK || (st = event_target_write(p)) != OK))
			return st;
		if ((st = segment_resolve(p->db, p->arena, p->org, e->campaign, e->segment, d, &found)) != OK)
			return st;
		to = add_target(t, &found);
		t->choices[t->choice_count++] = (struct post_choice) { e->campaign, e->segment, d, to };
	}
	*ref = to->is.ref;
	if (ref->campaign == 0)
		item->warning = "campaignId: unknown";
	else if (e->segment > 0 && ref->segment == 0)
		item->warning = "segmentNumber: unknown";
	if (e->channel != to->is.channel)
		ref->segment = 0;	/* what a segment holds is of its own channel */
	*target = ref->segment > 0 ? to : NULL;
	return OK;
}

enum status
event_target_spend(struct post *p, struct post_target *target, const struct event *e)
{
	bool was_open = segment_state_is_open(target->is.segment.state), is_sent = e->kind == EVENT_SENT;

	rollup_hold(p->rollup, target->is.ref.campaign, target->is.ref.segment,
	    segment_spend(&target->is, is_sent ? e->messages : 0, is_sent ? 0 : 1));
	target->is_changed = true;
	return was_open && !segment_state_is_open(target->is.segment.state) ? event_target_write(p) : OK;
}

enum status
event_target_write(struct post *p)
{
	struct post_targets *t = &p->targets;
	enum status st = OK;

	for (size_t i = 0; st == OK && i < t->count; i++)
		if (t->of[i].is_changed)
			st = segment_write(p->db, &t->of[i].is, t->of[i].was);
	t->count = t->choice_count = 0;
	return st;
}
