/*
 * Rows of the ledger (see event_row.h): looked up, and added with their share of the day's digest.
 */
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/money.h"
#include "ledger/event_row.h"
#include "time/instant.h"
#include "base/row_hash.h"
#include "ledger/usage.h"
#include "store/channel_column.h"

static const char *
text_or_null(struct query *q, struct arena *a, int column)
{
	return query_is_null(q, column) ? NULL : arena_strdup(a, query_text(q, column));
}

enum status
event_row_read(struct query *q, struct arena *a, struct event_row *row)
{
	const void *detail;
	size_t n;

	*row = (struct event_row) { .source = arena_strdup(a, query_text(q, 0)), .id = arena_strdup(a, query_text(q, 1)),
		.occurred_at = query_int(q, 2), .messages = query_int(q, 4), .parts = query_int(q, 5),
		.cost_micros = query_int(q, 6), .cost_given = query_int(q, 7) != 0,
		.status = arena_strdup(a, query_text(q, 8)), .campaign = query_int(q, 9), .segment = query_int(q, 10),
		.campaign_given = text_or_null(q, a, 11), .segment_given = query_int(q, 12), .voids = text_or_null(q, a, 13),
		.settles = text_or_null(q, a, 15), .reason = text_or_null(q, a, 16), .sender = text_or_null(q, a, 17),
		.network = text_or_null(q, a, 18), .tag = text_or_null(q, a, 19), .org_revision = query_int(q, 20) };
	/* A detail of any other size is none: it was blanked, or the event had none. */
	detail = query_blob(q, 14, &n);
	if ((row->has_detail = n == sizeof(row->detail)))
		memcpy(row->detail, detail, n);
	return channel_column(q, 3, &row->channel);
}

enum status
event_find(struct db *db, struct arena *a, const struct organization *org, const char *source, const char *id,
    bool *found, struct event_row *row)
{
	struct query *q = db_query(db, "SELECT " EVENT_ROW_COLUMNS " FROM event e "
	    "WHERE e.org = :org AND e.source = :source AND e.id = :id");
	enum status st = OK, done;

	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":source", source);
	query_bind_text(q, ":id", id);
	if ((*found = query_step(q)))
		st = event_row_read(q, a, row);
	done = query_done(q);
	return st != OK ? st : done;
}

enum status
event_is_voided(struct db *db, const struct organization *org, const struct event_row *row, bool *voided)
{
	struct query *q = db_query(db, "SELECT 1 FROM event WHERE org = :org AND source = :source AND voids_id = :id");

	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":source", row->source);
	query_bind_text(q, ":id", row->id);
	*voided = query_step(q);
	return query_done(q);
}

/* Hashes an integer column in which 0 is stored as NULL. */
static void
hash_key(struct row_hash *h, int64_t key)
{
	if (key > 0)
		row_hash_int(h, key);
	else
		row_hash_null(h);
}

/*
 * Hashes all columns of the table in their order, without detail_sha256, which may be blanked later, and
 * with the actor's two texts in the place of its key (schema.sql, ledger_day).  `daybook verify` computes the same from the file.
 */
static int64_t
hash_row(const struct organization *org, const struct event_new_row *row, const struct event_options *options)
{
	struct row_hash h;

	row_hash_start(&h);
	row_hash_int(&h, org->key);
	row_hash_text(&h, row->source);
	row_hash_text(&h, row->id);
	row_hash_int(&h, row->occurred_at);
	row_hash_text(&h, channel_facts(row->channel)->name);
	row_hash_int(&h, row->messages);
	row_hash_int(&h, row->parts);
	row_hash_text(&h, row->status);
	row_hash_int(&h, row->cost_micros);
	row_hash_int(&h, row->cost_given);
	row_hash_text(&h, row->campaign_given);
	hash_key(&h, row->segment_given);
	hash_key(&h, row->ref.campaign);
	hash_key(&h, row->ref.segment);
	row_hash_text(&h, row->voids);
	row_hash_text(&h, row->settles);
	row_hash_text(&h, row->reason);
	row_hash_text(&h, row->sender);
	row_hash_text(&h, row->network);
	row_hash_text(&h, row->tag);
	row_hash_text(&h, options->by->credential);
	row_hash_text(&h, options->by->name);
	row_hash_int(&h, org->revision);
	row_hash_int(&h, options->now);
	return row_hash_end(&h);
}

#define INSERT_INTO "INSERT INTO event (org, source, id, occurred_at, channel, messages, parts, status, " \
	"cost_micros, cost_given, campaign_given, segment_given, campaign, segment, voids_id, settles_id, " \
	"reason, sender, network, tag, detail_sha256, actor, org_revision, received_at) "

/* Inserts a row, or does nothing if the id is taken: the primary key decides, so that no earlier look-up is needed. */
enum status
event_insert(struct db *db, const struct organization *org, const struct event_new_row *row, struct rollup *rollup,
    const struct event_options *options, bool *is_new)
{
	struct query *q = db_query(db, INSERT_INTO
	    "VALUES (:org, :source, :id, :occurred_at, :channel, :messages, :parts, :status, "
	    ":cost_micros, :cost_given, :campaign_given, :segment_given, :campaign, :segment, :voids_id, :settles_id, "
	    ":reason, :sender, :network, :tag, :detail, :actor, :org_revision, :received_at) "
	    "ON CONFLICT (org, source, id) DO NOTHING");
	enum status st;
	int64_t actor;

	if ((st = rollup_actor(rollup, db, options->by, &actor)) != OK)
		return st;
	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":source", row->source);
	query_bind_text(q, ":id", row->id);
	query_bind_int(q, ":occurred_at", row->occurred_at);
	query_bind_text(q, ":channel", channel_facts(row->channel)->name);
	query_bind_int(q, ":messages", row->messages);
	query_bind_int(q, ":parts", row->parts);
	query_bind_text(q, ":status", row->status);
	query_bind_int(q, ":cost_micros", row->cost_micros);
	query_bind_int(q, ":cost_given", row->cost_given);
	query_bind_text(q, ":campaign_given", row->campaign_given);
	if (row->segment_given > 0)
		query_bind_int(q, ":segment_given", row->segment_given);
	if (row->ref.campaign > 0)
		query_bind_int(q, ":campaign", row->ref.campaign);
	if (row->ref.segment > 0)
		query_bind_int(q, ":segment", row->ref.segment);
	query_bind_text(q, ":voids_id", row->voids);
	query_bind_text(q, ":settles_id", row->settles);
	query_bind_text(q, ":reason", row->reason);
	query_bind_text(q, ":sender", row->sender);
	query_bind_text(q, ":network", row->network);
	query_bind_text(q, ":tag", row->tag);
	if (row->detail != NULL)
		query_bind_blob(q, ":detail", row->detail, SHA256_SIZE);
	query_bind_int(q, ":actor", actor);
	query_bind_int(q, ":org_revision", org->revision);
	query_bind_int(q, ":received_at", options->now);
	st = query_run(q);
	/* A new row enters the digest of its day; a duplicate has entered already. */
	*is_new = st == OK && db_changes(db) > 0;
	if (*is_new)
		rollup_note(rollup, row->occurred_at, hash_row(org, row, options));
	return st;
}

/* The values of the nth of several rows, and the names of those that differ from row to row. */
#define VALUES(n) "(:org, :source" n ", :id" n ", :occurred_at" n ", :channel" n ", :messages" n ", :parts" n ", 'sent', " \
	":cost_micros" n ", :cost_given" n ", :campaign_given" n ", :segment_given" n ", :campaign" n ", :segment" n ", " \
	"NULL, NULL, NULL, :sender" n ", :network" n ", :tag" n ", NULL, :actor, :org_revision, :received_at)"
#define NAMES(n) { ":source" n, ":id" n, ":occurred_at" n, ":channel" n, ":messages" n, ":parts" n, ":cost_micros" n, \
	":cost_given" n, ":campaign_given" n, ":segment_given" n, ":campaign" n, ":segment" n, ":sender" n, ":network" n, ":tag" n }
#define FOUR(what, a, b, c, d) what(a), what(b), what(c), what(d)
#define FOUR_VALUES(a, b, c, d) VALUES(a) ", " VALUES(b) ", " VALUES(c) ", " VALUES(d)

static const struct row_names {
	const char *source, *id, *occurred_at, *channel, *messages, *parts, *cost_micros, *cost_given, *campaign_given,
	    *segment_given, *campaign, *segment, *sender, *network, *tag;
} row_names[EVENT_ROWS] = { FOUR(NAMES, "0", "1", "2", "3"), FOUR(NAMES, "4", "5", "6", "7"), FOUR(NAMES, "8", "9", "10", "11"),
	FOUR(NAMES, "12", "13", "14", "15") };

static void
bind_row(struct query *q, const struct row_names *of, const struct event_new_row *row)
{
	query_bind_text(q, of->source, row->source);
	query_bind_text(q, of->id, row->id);
	query_bind_int(q, of->occurred_at, row->occurred_at);
	query_bind_text(q, of->channel, channel_facts(row->channel)->name);
	query_bind_int(q, of->messages, row->messages);
	query_bind_int(q, of->parts, row->parts);
	query_bind_int(q, of->cost_micros, row->cost_micros);
	query_bind_int(q, of->cost_given, row->cost_given);
	query_bind_text(q, of->campaign_given, row->campaign_given);
	if (row->segment_given > 0)
		query_bind_int(q, of->segment_given, row->segment_given);
	if (row->ref.campaign > 0)
		query_bind_int(q, of->campaign, row->ref.campaign);
	if (row->ref.segment > 0)
		query_bind_int(q, of->segment, row->ref.segment);
	query_bind_text(q, of->sender, row->sender);
	query_bind_text(q, of->network, row->network);
	query_bind_text(q, of->tag, row->tag);
}

/* Whether the row of an id was written by this transaction. */
static enum status
is_ours(struct db *db, const struct organization *org, const struct event_new_row *row, bool *is)
{
	struct query *q = db_query(db, "SELECT org_revision FROM event WHERE org = :org AND source = :source AND id = :id");

	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":source", row->source);
	query_bind_text(q, ":id", row->id);
	*is = query_step(q) && query_int(q, 0) == org->revision;
	return query_done(q);
}

/*
 * What a statement costs besides its rows, opening a cursor for each index above all, is paid once.  The number of changes says
 * whether all are new, as is usual; otherwise each row's revision tells who wrote it.
 */
enum status
event_insert_rows(struct db *db, const struct organization *org, const struct event_new_row *const rows[EVENT_ROWS],
    struct rollup *rollup, const struct event_options *options, bool is_new[EVENT_ROWS])
{
	struct query *q = db_query(db, INSERT_INTO "VALUES " FOUR_VALUES("0", "1", "2", "3") ", "
	    FOUR_VALUES("4", "5", "6", "7") ", " FOUR_VALUES("8", "9", "10", "11") ", " FOUR_VALUES("12", "13", "14", "15")
	    " ON CONFLICT (org, source, id) DO NOTHING");
	enum status st;
	int64_t actor;
	bool all_new;

	if ((st = rollup_actor(rollup, db, options->by, &actor)) != OK)
		return st;
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":actor", actor);
	query_bind_int(q, ":org_revision", org->revision);
	query_bind_int(q, ":received_at", options->now);
	for (size_t i = 0; i < EVENT_ROWS; i++)
		bind_row(q, &row_names[i], rows[i]);
	st = query_run(q);
	all_new = db_changes(db) == EVENT_ROWS;
	for (size_t i = 0; st == OK && i < EVENT_ROWS; i++) {
		is_new[i] = all_new;
		if (!all_new)
			st = is_ours(db, org, rows[i], &is_new[i]);
		if (st == OK && is_new[i])
			rollup_note(rollup, rows[i]->occurred_at, hash_row(org, rows[i], options));
	}
	return st;
}

/* How many adjustments a quarter-hour and a channel have. */
static enum status
count_adjustments(struct db *db, const struct organization *org, int64_t at, enum channel channel, int64_t *count)
{
	struct query *q = db_query(db, "SELECT count(*) FROM event WHERE org = :org AND source = :source "
	    "AND occurred_at = :at AND channel = :channel");

	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":source", EVENT_REPRICE_SOURCE);
	query_bind_int(q, ":at", at);
	query_bind_text(q, ":channel", channel_facts(channel)->name);
	*count = query_step(q) ? query_int(q, 0) : 0;
	return query_done(q);
}

/* Numbers the adjustments of a quarter-hour and channel, so that each has its own id. */
enum status
event_adjust(struct db *db, const struct organization *org, const struct event_adjustment *adjustment, int64_t *numbered,
    struct rollup *rollup, const struct event_options *options)
{
	int64_t at = adjustment->quarter * QUARTER_MS;
	char id[64], price[MONEY_TEXT_MAX];
	struct event_new_row row = { .source = EVENT_REPRICE_SOURCE, .id = id, .status = "adjust", .occurred_at = at,
		.channel = adjustment->channel, .cost_micros = adjustment->cost_micros, .sender = adjustment->sender,
		.network = adjustment->network, .reason = adjustment->nanos_per_part != EVENT_NO_PRICE ?
		money_format_nanos(adjustment->nanos_per_part, price) : NULL };
	enum status st;
	bool is_new;

	if (*numbered < 0 && (st = count_adjustments(db, org, at, row.channel, numbered)) != OK)
		return st;
	snprintf(id, sizeof(id), "%s/%lld/%lld", channel_facts(row.channel)->name, (long long)adjustment->quarter,
	    (long long)++*numbered);
	if ((st = event_insert(db, org, &row, rollup, options, &is_new)) != OK)
		return st;
	if (!is_new)
		return INTERNAL;	/* we choose the id, so it cannot be taken */
	rollup_add(rollup, &(const struct rollup_entry) { at, row.channel, row.sender, row.network,
	    { .cost_micros = row.cost_micros } });
	return OK;
}

enum status
event_repricing_read(struct query *q, int revision, int reason, struct event_repricing *repricing)
{
	*repricing = (struct event_repricing) { .is_there = true };
	if (query_is_null(q, reason))
		return OK;
	repricing->revision = query_int(q, revision);
	return money_parse_nanos(query_text(q, reason), &repricing->nanos_per_part) ? OK : INTERNAL;
}
