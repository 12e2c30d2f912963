/*
 * Voids: rows that take an event back.  A void copies its event's instant, channel, segment and cost with the opposite
 * sign, so that sums over any stretch of the ledger are right without looking at pairs.
 */
#include <string.h>

#include "store/audit.h"
#include "base/crypto.h"
#include "ledger/event_post.h"
#include "ledger/failed_contact.h"

/*
 * Whether a void may take this row back; rejects the item if not.  Only events of clients can be voided, each once, and
 * only within the caller's window, like the event itself.
 */
static enum status
check_target(struct post *p, struct event_item *item, bool is_there, const struct event_row *target, bool *may)
{
	enum status st;
	bool is_voided;

	*may = false;
	if (!is_there) {
		event_reject(item, "voids: there is no such event of this source");
		return OK;
	}
	if (strcmp(target->status, "sent") != 0 && strcmp(target->status, "failed") != 0) {
		event_reject(item, "voids: that event is a void, which cannot be voided");
		return OK;
	}
	if ((st = event_is_voided(p->db, p->org, target, &is_voided)) != OK)
		return st;
	if (is_voided)
		event_reject(item, "voids: that event is already voided");
	else
		*may = event_check_window(p, item, "voids", target->occurred_at);
	return OK;
}

/* Writes the void and undoes what its event did to roll-ups, segment and failed contacts. */
static enum status
write_void(struct post *p, struct event_item *item, const struct event_row *target)
{
	const struct event *e = &item->event;
	bool is_failed = strcmp(target->status, "failed") == 0, is_new;
	struct segment_ref ref = { target->campaign, target->segment };
	uint8_t detail[SHA256_SIZE];
	int64_t cost, adjusts;
	enum status st;

	if ((st = event_effective_cost(p->db, p->org, &p->prices, target, &cost, &adjusts)) != OK)
		return st;
	event_detail_hash(e, detail);
	/*
	 * The cost is taken back as it is now, after adjustments and repricing.  A failed event had no amounts to take
	 * back.
	 */
	struct event_new_row row = { .source = e->source, .id = e->id, .status = "void", .occurred_at = target->occurred_at,
		.channel = target->channel, .messages = is_failed ? 0 : -target->messages,
		.parts = is_failed ? 0 : -target->parts, .cost_micros = -cost, .cost_given = target->cost_given,
		.ref = ref, .voids = e->voids, .reason = e->reason, .detail = detail };
	if ((st = event_insert(p->db, p->org, &row, p->rollup, p->options, &is_new)) != OK)
		return st;
	event_accept(p, item, target->occurred_at);
	if (is_failed) {	/* no failed contact after all: remove the number */
		if ((st = failed_contact_forget(p->db, p->org->key, target->source, target->id)) != OK)
			return st;
	} else
		rollup_add(p->rollup, row.occurred_at, row.channel, row.messages, row.parts, row.cost_micros);
	/* The segment's counters go down, but not `spent`: what was spent of a reservation is not reserved again. */
	if (ref.segment > 0 && (st = segment_correct(p->db, ref, is_failed ? 0 : -target->messages, is_failed ? -1 : 0)) != OK)
		return st;
	return audit(p->db, p->options->now, p->org->key, p->options->by, "event.void",
	    event_void_detail(p->arena, e));
}

/*
 * A void has an id of its own, so it may be a repetition too.  Looks for that before its target, which it would find
 * voided already.
 */
enum status
event_post_void(struct post *p, struct event_item *item)
{
	const struct event *e = &item->event;
	struct event_row row;
	enum status st;
	bool is_there, may;

	if ((st = event_find(p->db, p->arena, p->org, e->source, e->id, &is_there, &row)) != OK)
		return st;
	if (is_there)
		return event_match_existing(p, item, &row);
	if ((st = event_find(p->db, p->arena, p->org, e->source, e->voids, &is_there, &row)) != OK ||
	    (st = check_target(p, item, is_there, &row, &may)) != OK || !may)
		return st;
	return write_void(p, item, &row);
}
