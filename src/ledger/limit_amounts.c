/*
 * The amounts of a limit by date (see limit_amounts.h).  Processes keep them (limit_kept.h), so whoever writes has called
 * organization_forget_kept.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "ledger/limit_amounts.h"
#include "time/instant.h"

static enum status
put(struct db *db, const struct limit_rule *rule, struct day from, int64_t amount)
{
	struct query *q = db_query(db, "INSERT INTO limit_amount (rule, valid_from, amount) VALUES (:rule, :from, :amount) "
	    "ON CONFLICT (rule, valid_from) DO UPDATE SET amount = excluded.amount");

	assert(!db_may_cache(db));
	query_bind_int(q, ":rule", rule->key);
	query_bind_int(q, ":from", from.n);
	if (amount != UNLIMITED)
		query_bind_int(q, ":amount", amount);
	return query_run(q);
}

static enum status
delete_from(struct db *db, const struct limit_rule *rule, struct day from)
{
	struct query *q = db_query(db, "DELETE FROM limit_amount WHERE rule = :rule AND valid_from >= :from");

	assert(!db_may_cache(db));
	query_bind_int(q, ":rule", rule->key);
	query_bind_int(q, ":from", from.n);
	return query_run(q);
}

enum status
limit_amounts_move(struct db *db, int64_t rule, struct day was, struct day is)
{
	struct query *q;
	enum status st;

	if (is.n >= was.n)
		return OK;
	assert(!db_may_cache(db));
	q = db_query(db, "INSERT INTO limit_amount (rule, valid_from, amount) SELECT rule, :is, amount FROM limit_amount "
	    "WHERE rule = :rule AND valid_from > :is AND valid_from <= :was ORDER BY valid_from DESC LIMIT 1 "
	    "ON CONFLICT (rule, valid_from) DO UPDATE SET amount = excluded.amount");
	query_bind_int(q, ":rule", rule);
	query_bind_int(q, ":was", was.n);
	query_bind_int(q, ":is", is.n);
	if ((st = query_run(q)) != OK)
		return st;
	q = db_query(db, "DELETE FROM limit_amount WHERE rule = :rule AND valid_from > :is AND valid_from <= :was");
	query_bind_int(q, ":rule", rule);
	query_bind_int(q, ":was", was.n);
	query_bind_int(q, ":is", is.n);
	return query_run(q);
}

enum status
limit_amounts_move_all(struct db *db, const struct organization *org, struct day was, struct day is)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < org->limits.count; i++)
		if (org->limits.of[i].zone == NULL)
			st = limit_amounts_move(db, org->limits.of[i].key, was, is);
	return st;
}

enum status
limit_amounts_end(struct db *db, const struct limit_rule *rule, struct day from)
{
	enum status st = delete_from(db, rule, from);

	return st == OK ? put(db, rule, from, UNLIMITED) : st;
}

/* ---- Checks */

static enum status
check_amount(const char *label, int64_t amount, struct error *err)
{
	if (amount != UNLIMITED && (amount < 0 || amount > LIMIT_MAX))
		return error_set(err, BAD_REQUEST, "%samount: must be from 0 to %" PRId64, label, LIMIT_MAX);
	return OK;
}

/* Days of limits lie where there are events: from 2012 to 2099. */
static enum status
check_day(const char *label, struct day d, struct error *err)
{
	char text[DAY_TEXT_MAX];

	if (d.n < INSTANT_MIN / DAY_MS || d.n >= INSTANT_MAX / DAY_MS)
		return error_set(err, BAD_REQUEST, "%svalidFrom: %s is not from 2012-01-01 to 2099-12-31", label, day_format(d, text));
	return OK;
}

static enum status
is_past(const char *label, struct day d, struct error *err)
{
	char text[DAY_TEXT_MAX];

	return error_set(err, BAD_REQUEST, "%s: %s is past, and keeps the amount that it had; choose today or a later day",
	    label, day_format(d, text));
}

static int
by_day(const void *a, const void *b)
{
	const struct limit_amount *x = a, *y = b;

	return x->from.n < y->from.n ? -1 : x->from.n > y->from.n;
}

/* Sorts them by their days; a day may occur once. */
static enum status
sort(struct arena *a, struct limit_amount *amounts, size_t count, struct error *err)
{
	char text[DAY_TEXT_MAX];
	enum status st;

	for (size_t i = 0; i < count; i++) {
		const char *label = arena_printf(a, "amounts[%zu].", i);

		if ((st = check_amount(label, amounts[i].amount, err)) != OK || (st = check_day(label, amounts[i].from, err)) != OK)
			return st;
	}
	qsort(amounts, count, sizeof(*amounts), by_day);
	for (size_t i = 1; i < count; i++)
		if (amounts[i - 1].from.n == amounts[i].from.n)
			return error_set(err, BAD_REQUEST, "amounts: %s is there twice", day_format(amounts[i].from, text));
	return OK;
}

/*
 * Amounts of days that are past may be repeated, as a client does that sends back what it has read; but they must be what was in
 * force then and, for the last of them, until today.
 */
static enum status
check_past(const struct limit_rule *rule, const struct limit_amount *amounts, size_t count, struct day today, struct error *err)
{
	for (size_t i = 0; i < count && amounts[i].from.n < today.n; i++) {
		bool is_last = i + 1 == count || amounts[i + 1].from.n >= today.n;

		if (limit_rule_amount(rule, amounts[i].from) != amounts[i].amount ||
		    (is_last && limit_rule_amount(rule, day_add(today, -1)) != amounts[i].amount))
			return is_past("amounts", amounts[i].from, err);
	}
	return OK;
}

/* The bound is on what is to come: each day that is over, and today, may have left one amount. */
static enum status
check_count(struct db *db, const struct limit_rule *rule, struct day today, struct error *err)
{
	struct query *q = db_query(db, "SELECT count(*) FROM limit_amount WHERE rule = :rule AND valid_from > :today");
	enum status st;
	int64_t n;

	query_bind_int(q, ":rule", rule->key);
	query_bind_int(q, ":today", today.n);
	n = query_step(q) ? query_int(q, 0) : 0;
	if ((st = query_done(q)) == OK && n > LIMIT_AMOUNTS_MAX)
		return error_set(err, CONFLICT, "amounts: more than %d after today; give them as one list, with fewer days",
		    LIMIT_AMOUNTS_MAX);
	return st;
}

/* ---- The three ways to give amounts */

/* Replaces what is from the first of them on, but nothing of the past. */
static enum status
write_list(struct db *db, struct arena *a, const struct limit_rule *rule, bool is_new, struct day today,
    struct limit_amount *amounts, size_t count, struct error *err)
{
	enum status st;

	if (count == 0)
		return error_set(err, BAD_REQUEST, "amounts: empty; give at least one, with \"amount\":null for no limit");
	if (count > LIMIT_AMOUNTS_MAX)
		return error_set(err, BAD_REQUEST, "amounts: more than %d", LIMIT_AMOUNTS_MAX);
	if ((st = sort(a, amounts, count, err)) != OK || (!is_new && (st = check_past(rule, amounts, count, today, err)) != OK) ||
	    (st = delete_from(db, rule, is_new || amounts[0].from.n >= today.n ? amounts[0].from : today)) != OK)
		return st;
	for (size_t i = 0; st == OK && i < count; i++)
		if (is_new || amounts[i].from.n >= today.n)
			st = put(db, rule, amounts[i].from, amounts[i].amount);
	return st;
}

/* One amount from a day on, until that of the next one.  What is in force already needs no row: repeating it adds none. */
static enum status
write_one(struct db *db, const struct limit_rule *rule, bool is_new, struct day today, const struct limit_input *in,
    struct error *err)
{
	struct day from = in->has_from ? in->from : today;
	enum status st;

	if ((st = check_amount("", in->amount, err)) != OK || (st = check_day("", from, err)) != OK)
		return st;
	if (!is_new && from.n < today.n)
		return limit_rule_amount(rule, from) == in->amount && limit_rule_amount(rule, today) == in->amount ? OK :
		    is_past("validFrom", from, err);
	if (!is_new && rule->amount_count > 0 && rule->amounts[0].from.n <= from.n && limit_rule_amount(rule, from) == in->amount)
		return OK;
	return put(db, rule, from, in->amount);
}

/* The steps of a preset from a day on. */
static enum status
write_steps(struct db *db, struct arena *a, const struct limit_rule *rule, bool is_new, struct day today,
    const struct limit_input *in, struct error *err)
{
	struct limit_amount *amounts = arena_alloc(a, in->step_count * sizeof(*amounts));

	for (size_t i = 0; i < in->step_count; i++)
		amounts[i] = (struct limit_amount) { day_add(in->has_from ? in->from : today, in->steps[i].after_days),
			in->steps[i].amount };
	return write_list(db, a, rule, is_new, today, amounts, in->step_count, err);
}

enum status
limit_amounts_write(struct db *db, struct arena *a, const struct limit_rule *rule, bool is_new, struct day today,
    const struct limit_input *in, struct error *err)
{
	enum status st = OK;

	if (in->has_amounts)
		st = write_list(db, a, rule, is_new, today, in->amounts, in->amount_count, err);
	else if (in->has_amount)
		st = write_one(db, rule, is_new, today, in, err);
	else if (in->step_count > 0)
		st = write_steps(db, a, rule, is_new, today, in, err);
	else if (is_new)
		st = error_set(err, BAD_REQUEST, "amount: required; null for none");
	else if (in->has_from)
		st = error_set(err, BAD_REQUEST, "validFrom: without an amount");
	return st == OK ? check_count(db, rule, today, err) : st;
}
