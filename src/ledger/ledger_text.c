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
#include "quota/origin.h"
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

/* A settlement in the form that can be imported; with its differences it is an adjustment like others. */
static bool
is_settlement(const struct ledger_line *l)
{
	return l->has_standing && is_status(l, "adjust");
}

/* ---- What stands */

/* Finds the event that a correction is about.  A correction without one is damaged, and stays as it is. */
static enum status
find_target(struct db *db, struct arena *a, const struct organization *org, const struct ledger_line *l, bool *found,
    struct event_row *target)
{
	const char *id = l->row.voids != NULL ? l->row.voids : l->row.settles;

	return event_find(db, a, org, l->row.source, id, found, target);
}

enum status
ledger_stand(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
    struct ledger_line *l)
{
	bool is_event = is_status(l, "sent") || is_status(l, "failed"), found = true;
	struct event_row target = l->row;
	struct event_standing s;
	enum status st;

	l->has_standing = true;
	if (!is_event && (st = find_target(db, a, org, l, &found, &target)) != OK)
		return st;
	if (!found)
		return OK;
	if ((st = event_standing(db, org, prices, &target, &s)) != OK || (is_event && s.is_failed))
		return st;
	/* The row of a void has the messages and parts that it takes back, but repricing concerns its cost too. */
	if (is_status(l, "void")) {
		l->row.cost_micros = -s.cost_micros;
		return OK;
	}
	l->row.messages = s.messages;
	l->row.parts = s.parts;
	l->row.cost_micros = s.cost_micros;
	if (is_event)
		l->row.status = "sent";
	return OK;
}

/* ---- JSON */

void
ledger_put(struct json *j, const struct ledger_line *l)
{
	json_open_object(j, NULL);
	json_put_text(j, "id", l->row.id);
	json_put_text(j, "source", l->row.source);
	json_put_text(j, "channel", channel_facts(l->row.channel)->name);
	instant_put(j, "occurredAt", l->row.occurred_at);
	json_put_int(j, "messages", l->row.messages);
	json_put_int(j, "parts", l->row.parts);
	json_put_text(j, "status", l->row.status);
	json_put_money(j, "cost", l->row.cost_micros);
	json_put_text_or_null(j, "campaignId", l->row.campaign_given);
	json_put_int_or_null(j, "segmentNumber", l->row.segment_given, 0);
	json_put_text_or_null(j, "to", line_to(l));
	json_put_text_or_null(j, "reason", line_reason(l));
	json_put_text_or_null(j, "voids", l->row.voids);
	origin_put(j, l->row.sender, l->row.network, l->row.tag);
	json_close_object(j);
}

/* Omits what an event of its kind must not have, which would be refused. */
void
ledger_put_event(struct json *j, const struct ledger_line *l)
{
	json_open_object(j, NULL);
	json_put_text(j, "id", l->row.id);
	if (l->row.source[0] != '\0')
		json_put_text(j, "source", l->row.source);
	if (is_status(l, "void")) {
		json_put_text(j, "voids", l->row.voids);
		json_put_text(j, "reason", line_reason(l));
	} else if (is_settlement(l)) {
		json_put_text(j, "settles", l->row.settles);
		json_put_int(j, "parts", l->row.parts);
		json_put_money(j, "cost", l->row.cost_micros);
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
			json_put_money(j, "cost", l->row.cost_micros);
		if (l->row.campaign_given != NULL)
			json_put_text(j, "campaignId", l->row.campaign_given);
		if (l->row.segment_given > 0)
			json_put_int(j, "segmentNumber", l->row.segment_given);
		origin_put(j, l->row.sender, l->row.network, l->row.tag);
		if (l->row.settles != NULL)
			json_put_text(j, "settles", l->row.settles);
	}
	json_close_object(j);
}

/* ---- CSV */

/* An import compares it, because it takes costs as those of the organization that it imports into. */
static bool
has_currency(const struct organization *org)
{
	return !currency_is_default(org->currency);
}

void
ledger_put_csv_names(struct csv *csv, const struct organization *org)
{
	static const char *const listed[] = { "id", "source", "channel", "occurredAt", "messages", "parts", "status", "cost",
		"campaignId", "segmentNumber", "to", "reason", "voids", "localTime", "from", "network", "tag", NULL };
	static const char *const exported[] = { "id", "source", "channel", "occurredAt", "messages", "parts", "status", "cost",
		"campaignId", "segmentNumber", "to", "reason", "voids", "settles", "localTime", "from", "network", "tag", NULL };

	for (const char *const *name = csv->is_for_import ? exported : listed; *name != NULL; name++)
		csv_put_text(csv, *name);
	if (has_currency(org))
		csv_put_text(csv, "currency");
	csv_put_end(csv);
}

/* Writes the cells from the channel to the segment, which a void for import must leave empty. */
static void
put_figures(struct csv *csv, const struct ledger_line *l)
{
	csv_put_text(csv, channel_facts(l->row.channel)->name);
	instant_put_csv(csv, l->row.occurred_at);
	csv_put_int(csv, l->row.messages);
	csv_put_int(csv, l->row.parts);
	csv_put_text(csv, l->row.status);
	if (csv->is_for_import && is_status(l, "failed"))
		csv_put_none(csv);
	else
		csv_put_money(csv, l->row.cost_micros);
	csv_put_text(csv, text_or(l->row.campaign_given, ""));
	if (l->row.segment_given > 0)
		csv_put_int(csv, l->row.segment_given);
	else
		csv_put_none(csv);
}

static void
put_none(struct csv *csv, int cells)
{
	for (int i = 0; i < cells; i++)
		csv_put_none(csv);
}

/* The cells of put_figures for import: a void has none of them, a settlement its parts and its cost. */
static void
put_correction(struct csv *csv, const struct ledger_line *l)
{
	if (!is_settlement(l)) {
		put_none(csv, 8);
		return;
	}
	put_none(csv, 3);
	csv_put_int(csv, l->row.parts);
	put_none(csv, 1);
	csv_put_money(csv, l->row.cost_micros);
	put_none(csv, 2);
}

void
ledger_put_csv(struct csv *csv, const struct organization *org, const struct ledger_line *l)
{
	bool is_correction = csv->is_for_import && (is_status(l, "void") || is_settlement(l));

	csv_put_text(csv, l->row.id);
	csv_put_text(csv, l->row.source);
	if (is_correction)
		put_correction(csv, l);
	else
		put_figures(csv, l);
	csv_put_text(csv, text_or(line_to(l), ""));
	csv_put_text(csv, text_or(line_reason(l), ""));
	csv_put_text(csv, text_or(l->row.voids, ""));
	if (csv->is_for_import)
		csv_put_text(csv, text_or(l->row.settles, ""));
	day_put_csv_local(csv, org->days, l->row.occurred_at);
	csv_put_unquotable(csv, is_correction ? "" : text_or(l->row.sender, ""));
	csv_put_unquotable(csv, is_correction ? "" : text_or(l->row.network, ""));
	csv_put_unquotable(csv, is_correction ? "" : text_or(l->row.tag, ""));
	if (has_currency(org))
		csv_put_text(csv, org->currency);
	csv_put_end(csv);
}

/* ---- Cursors: time ~ rank ~ source, EVENT_SEPARATOR, id */

struct ledger_position
ledger_position_of(const struct ledger_line *l)
{
	return (struct ledger_position) { .at = l->row.occurred_at, .rank = is_status(l, "void") ? 2 : is_status(l, "adjust"),
		.source = l->row.source, .id = l->row.id };
}

const char *
ledger_cursor(struct arena *a, const struct ledger_position *place)
{
	return cursor_of(a, arena_printf(a, "%" PRId64 "~%d~%s" EVENT_SEPARATOR "%s", place->at, place->rank, place->source,
	    place->id));
}

/* Splits the text in place.  The source may contain `~`, so only the first two separate. */
bool
ledger_cursor_parse(struct arena *a, const char *cursor, struct ledger_position *place)
{
	char *text = cursor_text(a, cursor), *rank, *id;

	if (text == NULL)
		return false;
	place->at = strtoll(text, &rank, 10);
	if (rank == text || rank[0] != '~' || rank[1] < '0' || rank[1] > '2' || rank[2] != '~' ||
	    (id = strchr(rank + 3, EVENT_SEPARATOR[0])) == NULL || id[1] == '\0')
		return false;
	*id = '\0';
	place->rank = rank[1] - '0';
	place->source = rank + 3;
	place->id = id + 1;
	return true;
}
