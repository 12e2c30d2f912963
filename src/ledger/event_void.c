/*
 * Voids: rows that take an event back.  A void copies its event's instant, channel and segment, and what stands of its figures
 * with the opposite sign, so that sums over any stretch of the ledger are right without looking at pairs.
 */
#include <string.h>

#include "store/audit.h"
#include "base/crypto.h"
#include "base/json.h"
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
		event_reject(item, strcmp(target->status, "void") == 0 ? "voids: that event is a void, which cannot be voided" :
		    "voids: that event is a settlement, which cannot be voided");
		return OK;
	}
	if ((st = event_is_voided(p->db, p->org, target, &is_voided)) != OK)
		return st;
	if (is_voided)
		event_reject(item, "voids: that event is already voided");
	else
		*may = event_check_window(p, item, "voids", target->occurred_at, EVENT_WINDOW_MS);
	return OK;
}

/* The detail of the audit row: a JSON object in the arena. */
static const char *
audit_detail(struct arena *a, const struct event *e)
{
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	const char *text;

	json_open_object(j, NULL);
	json_put_text(j, "source", e->source);
	json_put_text(j, "id", e->id);
	json_put_text(j, "voids", e->voids);
	json_put_text(j, "reason", e->reason);
	json_close_object(j);
	text = arena_strdup(a, buf_text(&detail));
	buf_free(&detail);
	return text;
}

/* Writes the void and undoes what its event did to roll-ups, segment and failed contacts. */
static enum status
write_void(struct post *p, struct event_item *item, const struct event_row *target)
{
	const struct event *e = &item->event;
	struct segment_ref ref = { target->campaign, target->segment };
	uint8_t detail[SHA256_SIZE];
	struct event_standing stands;
	enum status st;
	bool is_new;

	if ((st = event_standing_for_write(p, target, &stands)) != OK)
		return st;
	event_detail_hash(e, detail);
	/* What stands now is taken back, after settlements and repricing.  A failed event has no amounts. */
	struct event_new_row row = { .source = e->source, .id = e->id, .status = "void", .occurred_at = target->occurred_at,
		.channel = target->channel, .messages = -stands.messages, .parts = -stands.parts,
		.cost_micros = -stands.cost_micros, .cost_given = stands.cost_given, .ref = ref, .voids = e->voids,
		.reason = e->reason, .sender = target->sender, .network = target->network, .tag = target->tag, .detail = detail };
	if ((st = event_insert(p->db, p->org, &row, p->rollup, p->options, &is_new)) != OK)
		return st;
	event_accept(p, item, target->occurred_at, EVENT_WINDOW_MS);
	if (stands.is_failed) {	/* no failed contact after all: remove the number */
		if ((st = failed_contact_forget(p->db, p->org->key, target->source, target->id)) != OK)
			return st;
	} else
		rollup_add(p->rollup, &(const struct rollup_entry) { row.occurred_at, row.channel, row.sender, row.network,
		    { row.messages, row.parts, row.cost_micros } });
	/* The segment's counters go down, but not `spent`: what was spent of a reservation is not reserved again. */
	if (ref.segment > 0 && (st = segment_correct(p->db, ref, -stands.messages, stands.is_failed ? -1 : 0)) != OK)
		return st;
	return audit(p->db, p->options->now, p->org->key, p->options->by, "event.void",
	    audit_detail(p->arena, e));
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
