/*
 * Lines of the ledger as text (see ledger.h), for two purposes: an export that POST /api/events and `import` accept
 * again, and complete lines for readers.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/cursor.h"
#include "ledger/ledger.h"
#include "time/instant.h"

static bool
is_status(const struct ledger_line *l, const char *status)
{
	return strcmp(l->row.status, status) == 0;
}

/* Replaces an absent or blanked text. */
static const char *
text_or(const char *text, const char *other)
{
	return text != NULL && text[0] != '\0' ? text : other;
}

/*
 * The phone number of a failed event; NULL for other lines.  A blanked one reads `erased`, so that an export can be
 * imported: a failed event requires one.
 */
static const char *
line_to(const struct ledger_line *l)
{
	return is_status(l, "failed") ? text_or(l->to, "erased") : NULL;
}

/* The reason of a failed event or a void, which both require, also if it was blanked or is unknown. */
static const char *
line_reason(const struct ledger_line *l)
{
	return is_status(l, "failed") ? text_or(l->reason, "erased") : is_status(l, "void") ? text_or(l->reason, "exported") : NULL;
}

/* ---- What a line costs */

/*
 * The cost of a sent event after adjustments, or of a void of one: the same amount, negative.  Readers see no adjust
 * rows unless they ask for them, so the lines must include them.
 */
enum status
ledger_cost(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
    const struct ledger_line *l, int64_t *cost)
{
	struct event_row voided;
	int64_t adjusts;
	enum status st;
	bool found;

	*cost = l->row.cost_micros;
	if (is_status(l, "sent"))
		return event_effective_cost(db, org, prices, &l->row, cost, &adjusts);
	if (l->row.voids == NULL)
		return OK;
	if ((st = event_find(db, a, org, l->row.source, l->row.voids, &found, &voided)) != OK || !found ||
	    strcmp(voided.status, "sent") != 0)
		return st;
	if ((st = event_effective_cost(db, org, prices, &voided, cost, &adjusts)) == OK)
		*cost = -*cost;
	return st;
}

/* ---- JSON */

void
ledger_put(struct json *j, const struct ledger_line *l, int64_t cost)
{
	json_open_object(j, NULL);
	json_put_text(j, "id", l->row.id);
	json_put_text(j, "source", l->row.source);
	json_put_text(j, "channel", channel_facts(l->row.channel)->name);
	instant_put(j, "occurredAt", l->row.occurred_at);
	json_put_int(j, "messages", l->row.messages);
	json_put_int(j, "parts", l->row.parts);
	json_put_text(j, "status", l->row.status);
	json_put_money(j, "cost", cost);
	json_put_text_or_null(j, "campaignId", l->row.campaign_given);
	json_put_int_or_null(j, "segmentNumber", l->row.segment_given, 0);
	json_put_text_or_null(j, "to", line_to(l));
	json_put_text_or_null(j, "reason", line_reason(l));
	json_put_text_or_null(j, "voids", l->row.voids);
	json_close_object(j);
}

/* Omits what an event of its kind must not have, which would be refused. */
void
ledger_put_event(struct json *j, const struct ledger_line *l, int64_t cost)
{
	json_open_object(j, NULL);
	json_put_text(j, "id", l->row.id);
	if (l->row.source[0] != '\0')
		json_put_text(j, "source", l->row.source);
	if (is_status(l, "void")) {
		json_put_text(j, "voids", l->row.voids);
		json_put_text(j, "reason", line_reason(l));
	} else {
		json_put_text(j, "channel", channel_facts(l->row.channel)->name);
		instant_put(j, "occurredAt", l->row.occurred_at);
		json_put_int(j, "messages", l->row.messages);
		json_put_int(j, "parts", l->row.parts);
		json_put_text(j, "status", l->row.status);
		if (is_status(l, "failed")) {
			json_put_text(j, "to", line_to(l));
			json_put_text(j, "reason", line_reason(l));
		} else
			json_put_money(j, "cost", cost);
		if (l->row.campaign_given != NULL)
			json_put_text(j, "campaignId", l->row.campaign_given);
		if (l->row.segment_given > 0)
			json_put_int(j, "segmentNumber", l->row.segment_given);
	}
	json_close_object(j);
}

/* ---- CSV */

const char *const ledger_csv_names[] = { "id", "source", "channel", "occurredAt", "messages", "parts", "status", "cost",
	"campaignId", "segmentNumber", "to", "reason", "voids", NULL };

/* Writes the cells from the channel to the segment, which a void for import must leave empty. */
static void
put_figures(struct csv *csv, const struct ledger_line *l, int64_t cost)
{
	csv_put_text(csv, channel_facts(l->row.channel)->name);
	instant_put_csv(csv, l->row.occurred_at);
	csv_put_int(csv, l->row.messages);
	csv_put_int(csv, l->row.parts);
	csv_put_text(csv, l->row.status);
	if (csv->is_for_import && is_status(l, "failed"))
		csv_put_none(csv);
	else
		csv_put_money(csv, cost);
	csv_put_text(csv, text_or(l->row.campaign_given, ""));
	if (l->row.segment_given > 0)
		csv_put_int(csv, l->row.segment_given);
	else
		csv_put_none(csv);
}

void
ledger_put_csv(struct csv *csv, const struct ledger_line *l, int64_t cost)
{
	csv_put_text(csv, l->row.id);
	csv_put_text(csv, l->row.source);
	if (csv->is_for_import && is_status(l, "void"))
		for (int i = 0; i < 8; i++)	/* the cells of put_figures */
			csv_put_none(csv);
	else
		put_figures(csv, l, cost);
	csv_put_text(csv, text_or(line_to(l), ""));
	csv_put_text(csv, text_or(line_reason(l), ""));
	csv_put_text(csv, text_or(l->row.voids, ""));
	csv_put_end(csv);
}

/* ---- Cursors: time ~ 0 or 1 (a void) ~ source, EVENT_SEPARATOR, id */

struct ledger_position
ledger_position_of(const struct ledger_line *l)
{
	return (struct ledger_position) { .at = l->row.occurred_at, .is_void = l->row.voids != NULL, .source = l->row.source,
		.id = l->row.id };
}

const char *
ledger_cursor(struct arena *a, const struct ledger_position *place)
{
	return cursor_of(a, arena_printf(a, "%" PRId64 "~%d~%s" EVENT_SEPARATOR "%s", place->at, place->is_void, place->source,
	    place->id));
}

/* Splits the text in place.  The source may contain `~`, so only the first two separate. */
bool
ledger_cursor_parse(struct arena *a, const char *cursor, struct ledger_position *place)
{
	char *text = cursor_text(a, cursor), *is_void, *id;

	if (text == NULL)
		return false;
	place->at = strtoll(text, &is_void, 10);
	if (is_void == text || is_void[0] != '~' || (is_void[1] != '0' && is_void[1] != '1') || is_void[2] != '~' ||
	    (id = strchr(is_void + 3, EVENT_SEPARATOR[0])) == NULL || id[1] == '\0')
		return false;
	*id = '\0';
	place->is_void = is_void[1] - '0';
	place->source = is_void + 3;
	place->id = id + 1;
	return true;
}
