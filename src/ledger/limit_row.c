/*
 * The rows of an organization's limits (see limit_row.h).
 */
#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "ledger/limit_kept.h"
#include "ledger/limit_row.h"
#include "ledger/limit_span.h"
#include "time/instant.h"

/* The amounts of a new organization hold from the first day that there is. */
static const struct day first_day = { (int32_t)(INSTANT_MIN / DAY_MS) };

/* ---- Reading */

/* The place of a rule among the organization's: the five first, then the others. */
static const char *
word_of(const char *name, size_t *place)
{
	for (enum limit_base_rule r = 0; r < LIMIT_BASE_COUNT; r++)
		if (strcmp(limit_base_facts(r).name, name) == 0) {
			*place = r;
			return limit_base_facts(r).word;
		}
	return NULL;
}

static const char *
text_or_null(struct query *q, struct arena *a, int column)
{
	return query_is_null(q, column) ? NULL : arena_strdup(a, query_text(q, column));
}

/* Reads the columns of one rule.  A word that this program does not know comes from a newer one. */
static enum status
read_rule(struct query *q, struct arena *a, struct limit_rule *rule)
{
	*rule = (struct limit_rule) { .key = query_int(q, 0), .name = arena_strdup(a, query_text(q, 1)),
		.would_refuse = query_int(q, 5) != 0, .sender = text_or_null(q, a, 8), .network = text_or_null(q, a, 9),
		.zone = text_or_null(q, a, 10), .quarters = (int32_t)query_int(q, 11), .is_building = query_int(q, 12) != 0 };
	rule->refuses = rule->would_refuse && !rule->is_building;
	if (limit_channels_parse(query_text(q, 2), &rule->channels) && limit_unit_parse(query_text(q, 3), &rule->unit) &&
	    limit_period_parse(query_text(q, 4), &rule->period))
		return OK;
	log_error("event=database error=\"limit %s: this program does not know its channels, unit or period\"", rule->name);
	return INTERNAL;
}

/* Puts the rules in their places: the five first, then the others by name.  An empty place has no name. */
static void
place_rules(struct limit_rules *rules, const struct limit_rule *found, size_t count)
{
	size_t place, others = LIMIT_BASE_COUNT;

	for (size_t i = 0; i < count; i++) {
		const char *word = word_of(found[i].name, &place);

		if (word == NULL)
			place = others++;
		rules->of[place] = found[i];
		rules->of[place].word = word != NULL ? word : found[i].name;
	}
	rules->count = others;
}

/* Adds the amount of the row to its rule.  A rule without amounts has one row, in which the day is NULL. */
static void
add_amount(struct query *q, struct arena *a, struct limit_rule *rule, size_t *max)
{
	struct limit_amount *amounts;

	if (query_is_null(q, 6))
		return;
	amounts = arena_grow(a, (struct limit_amount *)rule->amounts, rule->amount_count, max, sizeof(*amounts));
	amounts[rule->amount_count++] = (struct limit_amount) { { (int32_t)query_int(q, 6) },
		query_is_null(q, 7) ? UNLIMITED : query_int(q, 7) };
	rule->amounts = amounts;
}

/* Reads the rules by name, with their amounts. */
static enum status
read_rules(struct db *db, struct arena *a, const struct organization *org, struct limit_rule **rules, size_t *count)
{
	struct query *q = db_query(db, "SELECT r.key, r.name, r.channels, r.unit, r.period, "
	    "CASE WHEN r.action = 'refuse' THEN 1 ELSE 0 END, a.valid_from, a.amount, "
	    "r.sender, r.network, r.zone, r.quarters, r.is_building "
	    "FROM limit_rule r LEFT JOIN limit_amount a ON a.rule = r.key WHERE r.org = :org ORDER BY r.name, a.valid_from");
	size_t max = 0, amounts_max = 0;
	enum status st = OK, done;

	const char *currency = arena_strdup(a, org->currency);

	*rules = NULL;
	*count = 0;
	query_bind_int(q, ":org", org->key);
	while (st == OK && query_step(q)) {
		if (*count == 0 || (*rules)[*count - 1].key != query_int(q, 0)) {
			*rules = arena_grow(a, *rules, *count, &max, sizeof(**rules));
			if ((st = read_rule(q, a, &(*rules)[(*count)++])) != OK)
				break;
			(*rules)[*count - 1].currency = currency;
			amounts_max = 0;
		}
		add_amount(q, a, &(*rules)[*count - 1], &amounts_max);
	}
	done = query_done(q);
	return st != OK ? st : done;
}

/* Reads the rules from their rows, and puts them in their places. */
static enum status
read_placed(struct db *db, struct arena *a, struct organization *org)
{
	struct limit_rules *rules = &org->limits;
	struct limit_rule *found;
	enum status st;
	size_t count;

	if ((st = read_rules(db, a, org, &found, &count)) != OK)
		return st;
	rules->of = arena_alloc(a, (count + LIMIT_BASE_COUNT) * sizeof(*rules->of));
	for (enum limit_base_rule r = 0; r < LIMIT_BASE_COUNT; r++)
		rules->of[r].name = NULL;
	place_rules(rules, found, count);
	for (enum limit_base_rule r = 0; r < LIMIT_BASE_COUNT; r++)
		if (rules->of[r].name == NULL) {
			log_error("event=database error=\"limit %s of organization %s is missing\"", limit_base_facts(r).name, org->id);
			return INTERNAL;
		}
	return OK;
}

enum status
limit_row_load(struct db *db, struct arena *a, struct organization *org)
{
	enum status st;

	org->limits = (struct limit_rules) { 0 };
	if (!limit_kept_find(db, a, org)) {
		if ((st = read_placed(db, a, org)) != OK)
			return st;
		limit_kept_put(db, org);
	}
	return limit_span_load(db, a, org, org->limits.of, org->limits.count);
}

void
limit_row_put_caps(struct json *j, const struct limit_base *base)
{
	json_put_int_or_null(j, "messagesCap", base->amounts[LIMIT_BASE_MESSAGES], UNLIMITED);
	if (base->amounts[LIMIT_BASE_COST] == UNLIMITED)
		json_put_null(j, "costCap");
	else
		json_put_money(j, "costCap", base->amounts[LIMIT_BASE_COST]);
	json_put_int_or_null(j, "smsCap", base->amounts[LIMIT_BASE_SMS], UNLIMITED);
	json_put_int_or_null(j, "callCap", base->amounts[LIMIT_BASE_CALLS], UNLIMITED);
}

/* ---- Writing the five */

enum status
limit_row_check_base(const struct limit_base *base, struct error *err)
{
	for (enum limit_base_rule r = 0; r < LIMIT_BASE_COUNT; r++)
		if (base->amounts[r] != UNLIMITED && (base->amounts[r] < 0 || base->amounts[r] > LIMIT_MAX))
			return error_set(err, BAD_REQUEST, "%s: must be from 0 to %lld", limit_base_facts(r).word,
			    (long long)LIMIT_MAX);
	return OK;
}

static const char *
unit_of(enum limit_base_rule r, const struct limit_base *base)
{
	if (r == LIMIT_BASE_DAILY && base->unit == UNIT_PART)
		return limit_unit_name(LIMIT_PARTS);
	return limit_unit_name(limit_base_facts(r).unit);
}

static const char *
action_of(enum limit_base_rule r, const struct limit_base *base)
{
	return r != LIMIT_BASE_DAILY && base->allow_overage ? "report" : "refuse";
}

/* Sets what a rule allows from a day on. */
static enum status
set_amount(struct db *db, const struct organization *org, enum limit_base_rule r, struct day from, int64_t amount)
{
	struct query *q = db_query(db, "INSERT INTO limit_amount (rule, valid_from, amount) "
	    "SELECT key, :from, :amount FROM limit_rule WHERE org = :org AND name = :name "
	    "ON CONFLICT (rule, valid_from) DO UPDATE SET amount = excluded.amount");

	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":name", limit_base_facts(r).name);
	query_bind_int(q, ":from", from.n);
	if (amount != UNLIMITED)
		query_bind_int(q, ":amount", amount);
	return query_run(q);
}

enum status
limit_row_add_base(struct db *db, const struct organization *org, const struct limit_base *base)
{
	char channels[LIMIT_CHANNELS_MAX];
	enum status st = OK;

	assert(!db_may_cache(db));
	for (enum limit_base_rule r = 0; st == OK && r < LIMIT_BASE_COUNT; r++) {
		struct limit_base_facts f = limit_base_facts(r);
		struct query *q = db_query(db, "INSERT INTO limit_rule (org, name, channels, unit, period, action) "
		    "VALUES (:org, :name, :channels, :unit, :period, :action)");

		query_bind_int(q, ":org", org->key);
		query_bind_text(q, ":name", f.name);
		query_bind_text(q, ":channels", limit_channels_format(f.channels, channels));
		query_bind_text(q, ":unit", unit_of(r, base));
		query_bind_text(q, ":period", limit_period_name(f.period));
		query_bind_text(q, ":action", action_of(r, base));
		if ((st = query_run(q)) == OK)
			st = set_amount(db, org, r, first_day, base->amounts[r]);
	}
	return st;
}

enum status
limit_row_set_base(struct db *db, const struct organization *org, const struct limit_base *was,
    const struct limit_base *is, struct day from)
{
	enum status st = OK;

	assert(!db_may_cache(db));
	for (enum limit_base_rule r = 0; st == OK && r < LIMIT_BASE_COUNT; r++) {
		struct query *q;

		if (was->unit != is->unit || was->allow_overage != is->allow_overage) {
			q = db_query(db, "UPDATE limit_rule SET unit = :unit, action = :action WHERE org = :org AND name = :name");
			query_bind_int(q, ":org", org->key);
			query_bind_text(q, ":name", limit_base_facts(r).name);
			query_bind_text(q, ":unit", unit_of(r, is));
			query_bind_text(q, ":action", action_of(r, is));
			st = query_run(q);
		}
		if (st == OK && was->amounts[r] != is->amounts[r])
			st = set_amount(db, org, r, from, is->amounts[r]);
	}
	return st;
}
