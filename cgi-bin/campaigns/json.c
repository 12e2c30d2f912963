/* Campaigns as JSON and CSV, and reading the results that senders report (see body.h). */
#include <string.h>

#include "body.h"
#include "base/csv.h"
#include "quota/origin.h"
#include "time/instant.h"

/* What a segment holds of its day, in quota units. */
static int64_t
held_units(const struct organization *org, const struct campaign *c, const struct segment *s, struct day today)
{
	return quota_held(segment_held(s, today), 0, c->parts_per_contact, limit_rules_unit(&org->limits));
}

static void
put_segment(struct json *out, const struct organization *org, const struct campaign *c, const struct segment *s,
    struct day today)
{
	char day[DAY_TEXT_MAX];

	json_open_object(out, NULL);
	json_put_int(out, "segmentNumber", s->number);
	instant_put(out, "scheduledISO", s->scheduled_at);
	json_put_text(out, "date", day_format(s->day, day));
	json_put_int(out, "contactCount", s->contacts);
	json_put_text(out, "status", segment_state_name(segment_reads(s, today)));
	json_put_int(out, "sent", s->sent);
	json_put_int(out, "failed", s->failed);
	json_put_int(out, "reserved", held_units(org, c, s, today));
	json_put_int(out, "unfinished", segment_unfinished(s, today));
	json_close_object(out);
}

void
campaign_put(struct json *out, const char *name, const struct organization *org, const struct campaign *c, struct day today)
{
	int64_t contacts = 0;

	for (size_t i = 0; i < c->count; i++)
		contacts += c->segments[i].contacts;
	json_open_object(out, name);
	json_put_text(out, "campaignId", c->id);
	json_put_text(out, "name", c->name);
	json_put_text(out, "status", segment_state_name(c->state));
	json_put_int(out, "contactCount", contacts);
	json_put_int(out, "unfinished", campaign_unfinished(c, today));
	json_put_int(out, "partsPerContact", c->parts_per_contact);
	json_put_bool(out, "isSegmented", c->is_segmented);
	if (c->channel != SMS)
		json_put_text(out, "channel", channel_facts(c->channel)->name);
	origin_put(out, c->sender, NULL, c->tag);
	if (c->sending_window != NULL)
		json_put_raw(out, "sendingWindow", c->sending_window, strlen(c->sending_window));
	instant_put(out, "createdAt", c->created_at);
	instant_put(out, "updatedAt", c->updated_at);
	json_open_array(out, "segments");
	for (size_t i = 0; i < c->count; i++)
		put_segment(out, org, c, &c->segments[i], today);
	json_close_array(out);
	json_close_object(out);
}

/* A campaign as one line: sums over its segments, and their first and last day. */
static void
put_csv_line(struct csv *csv, const struct organization *org, const struct campaign *c, struct day today)
{
	int64_t contacts = 0, sent = 0, failed = 0, held = 0;
	struct day first = { INT32_MAX }, last = { INT32_MIN };
	char text[DAY_TEXT_MAX];

	for (const struct segment *s = c->segments; s < c->segments + c->count; s++) {
		contacts += s->contacts;
		sent += s->sent;
		failed += s->failed;
		held += held_units(org, c, s, today);
		first = s->day.n < first.n ? s->day : first;
		last = s->day.n > last.n ? s->day : last;
	}
	csv_put_text(csv, c->id);
	csv_put_text(csv, c->name);
	csv_put_text(csv, segment_state_name(c->state));
	csv_put_int(csv, contacts);
	csv_put_int(csv, c->parts_per_contact);
	csv_put_bool(csv, c->is_segmented);
	csv_put_int(csv, (int64_t)c->count);
	csv_put_text(csv, day_format(first, text));
	csv_put_text(csv, day_format(last, text));
	csv_put_int(csv, sent);
	csv_put_int(csv, failed);
	csv_put_int(csv, held);
	csv_put_int(csv, campaign_unfinished(c, today));
	instant_put_csv(csv, c->created_at);
	instant_put_csv(csv, c->updated_at);
	day_put_csv_local(csv, org->days, c->created_at);
	day_put_csv_local(csv, org->days, c->updated_at);
	csv_put_text(csv, channel_facts(c->channel)->name);
	csv_put_text(csv, c->sender != NULL ? c->sender : "");
	csv_put_text(csv, c->tag != NULL ? c->tag : "");
	csv_put_end(csv);
}

void
campaign_put_csv(struct buf *to, const struct organization *org, const struct campaign *campaigns, size_t count,
    struct day today)
{
	static const char *const names[] = { "campaignId", "name", "status", "contactCount", "partsPerContact", "isSegmented",
		"segments", "firstDate", "lastDate", "sent", "failed", "reserved", "unfinished", "createdAt", "updatedAt",
		"createdLocalTime", "updatedLocalTime", "channel", "from", "tag", NULL };
	struct csv csv = { .to = to };

	csv_put_names(&csv, names);
	for (size_t i = 0; i < count; i++)
		put_csv_line(&csv, org, &campaigns[i], today);
}

/* ---- Results */

static enum status
read_failure(struct req *r, size_t i, const char *text, size_t n, struct result_failure *f)
{
	static const char *const known[] = { "phoneNumber", "reason", NULL };
	struct json_object *o;
	enum status st;

	if ((st = json_parse(r->arena, arena_printf(r->arena, "failed[%zu]", i), text, n, &o, &r->err)) != OK)
		return st;
	if ((st = json_known(o, known, &r->err)) == OK &&
	    (st = json_string(o, "phoneNumber", 1, 64, &f->phone, &r->err)) == OK)
		st = json_string(o, "reason", 1, 500, &f->reason, &r->err);
	json_object_free(o);
	if (st == OK && (f->phone == NULL || f->reason == NULL))
		return error_set(&r->err, BAD_REQUEST, "failed[%zu].%s: required", i, f->phone == NULL ? "phoneNumber" : "reason");
	return st;
}

/* Reads the member `failed`, absent or null for none. */
static enum status
read_failures(struct req *r, struct campaign_results *results)
{
	const char *array, *item;
	size_t array_n, item_n, pos = 0, max = 0;
	enum status st = OK;

	if (!json_find(r->body, r->body_n, "failed", &array, &array_n) || json_kind(array, array_n) == 'n')
		return OK;
	if (json_kind(array, array_n) != '[')
		return error_set(&r->err, BAD_REQUEST, "failed: must be an array of {\"phoneNumber\",\"reason\"}");
	while (st == OK && json_next_item(array, array_n, &pos, &item, &item_n)) {
		if (results->failure_count == RESULTS_FAILURES_MAX)
			return error_set(&r->err, TOO_LARGE, "failed: more than %d", RESULTS_FAILURES_MAX);
		results->failures = arena_grow(r->arena, results->failures, results->failure_count, &max,
		    sizeof(*results->failures));
		st = read_failure(r, results->failure_count, item, item_n, &results->failures[results->failure_count]);
		results->failure_count++;
	}
	return st;
}

/*
 * Hashes the report in one spelling, so that a retry is recognized.  The failed contacts count by their number alone: a hash
 * over phone numbers could not be blanked with them.
 */
static void
hash_results(struct campaign_results *results)
{
	struct buf spelling = { 0 };
	struct json *j = json_on(&spelling);

	json_open_array(j, NULL);
	json_put_int(j, NULL, results->segment);
	json_put_int(j, NULL, results->sent);
	json_put_int(j, NULL, results->parts);
	json_put_bool(j, NULL, results->done);
	json_put_int(j, NULL, (int64_t)results->failure_count);
	if (results->sender != NULL || results->network != NULL || results->tag != NULL) {
		json_open_object(j, NULL);
		origin_put(j, results->sender, results->network, results->tag);
		json_close_object(j);
	}
	json_close_array(j);
	sha256(spelling.text, spelling.size, results->sha256);
	buf_free(&spelling);
}

static enum status
read_results(struct req *r, struct json_object *o, struct campaign_results *results)
{
	const char *at;
	enum status st;
	bool found;

	if ((st = json_string(o, "id", 1, 100, &results->id, &r->err)) != OK ||
	    (st = json_int(o, "segmentNumber", 1, CAMPAIGN_SEGMENTS_MAX, &found, &results->segment, &r->err)) != OK ||
	    (st = json_string(o, "occurredAt", 1, 64, &at, &r->err)) != OK ||
	    (st = json_int(o, "sent", 0, CAMPAIGN_CONTACTS_MAX, &found, &results->sent, &r->err)) != OK)
		return st;
	if (results->id == NULL)
		return error_set(&r->err, BAD_REQUEST, "id: required");
	for (const char *c = results->id; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return error_set(&r->err, BAD_REQUEST, "id: contains control characters");
	if ((results->has_time = at != NULL) && !instant_parse(at, &results->occurred_at))
		return error_set(&r->err, BAD_REQUEST, "occurredAt: not an RFC 3339 instant such as 2026-05-20T15:00:00.000Z");
	/* Without `parts`, each message has one. */
	results->parts = results->sent;
	if ((st = json_int(o, "parts", 0, CAMPAIGN_CONTACTS_MAX, &found, &results->parts, &r->err)) != OK ||
	    (st = origin_read_sender(o, &results->sender, &r->err)) != OK ||
	    (st = origin_read_network(o, &results->network, &r->err)) != OK ||
	    (st = origin_read_tag(o, &results->tag, &r->err)) != OK ||
	    (st = json_bool(o, "done", &found, &results->done, &r->err)) != OK)
		return st;
	if (results->parts < results->sent || (results->sent == 0 && results->parts > 0))
		return error_set(&r->err, BAD_REQUEST, "parts: must be at least sent, and 0 if sent is 0");
	return OK;
}

enum status
campaign_results_read(struct req *r, struct campaign_results *results)
{
	static const char *const known[] = { "id", "segmentNumber", "occurredAt", "sent", "parts", "failed", "done", "from",
		"network", "tag", NULL };
	struct json_object *o;
	enum status st;

	memset(results, 0, sizeof(*results));
	if ((st = req_object(r, known, &o)) != OK)
		return st;
	st = read_results(r, o, results);
	json_object_free(o);
	if (st == OK && (st = read_failures(r, results)) == OK) {
		/* A report that changes nothing is a mistake. */
		if (results->sent == 0 && results->failure_count == 0 && !results->done)
			return error_set(&r->err, BAD_REQUEST, "sent: the report is empty; give sent, failed or done");
		hash_results(results);
	}
	return st;
}
