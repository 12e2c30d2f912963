/*
 * limit*.c: the book of limits against brute force, in random worlds (make_limits.h).
 */
#include "make_limits.h"
#include "org/organization.h"

enum { WORLDS = 100, LOADS = 4 };

/* ---- Questions */

static struct limit_book *
new_book(void)
{
	struct limit_book *b;

	assert_int_equal(limit_book_new(db, arena, &w.org, NULL, LIMIT_FOLLOW_ALL, NOW, &b), OK);
	return b;
}

static void
check_state(struct limit_book *b)
{
	struct day d = some_day(PAST, FUTURE);
	int i = (int)below(RULES);
	struct limit_state s;

	assert_int_equal(limit_book_read(b, d, day_add(d, (int32_t)below(50))), OK);
	s = limit_book_state(b, &w.org.limits.of[i], d);
	assert_string_equal(w.org.limits.of[i].name, w.rules[i].name);
	assert_int_equal(s.window.from.n, window_of(i, d).n);
	assert_true(begins(i, s.window.until) && s.window.until.n > d.n);
	assert_int_equal(s.amount, amount_on(i, d));
	assert_int_equal(s.used, used_of(i, d));
	assert_int_equal(s.held, held_of(i, d));
	assert_int_equal(s.available, s.amount == UNLIMITED ? INT64_MAX : s.amount > s.used + s.held ? s.amount - s.used - s.held : 0);
}

/* The most contacts that fit by all rules. */
static int64_t
room_of(struct day d, int64_t parts)
{
	int64_t room = INT64_MAX;

	for (int i = 0; i < RULES; i++) {
		int64_t each = held_units(i, d, 1, parts), amount = amount_on(i, d), left;

		if (!w.rules[i].refuses || !counts(i, SMS) || amount == UNLIMITED || each == 0)
			continue;
		left = amount - used_of(i, d) - held_of(i, d);
		room = left < each ? 0 : left / each < room ? left / each : room;
	}
	return room;
}

static void
check_room(struct limit_book *b)
{
	struct day d = some_day(0, FUTURE), found;
	int64_t parts = 1 + below(4), room, wanted = 1 + below(150), answer;
	const struct limit_rule *by;
	bool is_found;

	assert_int_equal(limit_book_read(b, d, d), OK);
	room = room_of(d, parts);
	answer = limit_book_room(b, d, SMS, parts, &by);
	assert_int_equal(answer, room);
	assert_true((by == NULL) == (answer == INT64_MAX));
	if (below(8) != 0)
		return;
	assert_int_equal(limit_next_day(b, w.today, SMS, wanted, parts, &is_found, &found, &room), OK);
	for (d = w.today; d.n <= w.today.n + LIMIT_SEARCH_DAYS && room_of(d, parts) < wanted;)
		d = day_add(d, 1);
	assert_int_equal(is_found, d.n <= w.today.n + LIMIT_SEARCH_DAYS);
	if (is_found)
		assert_int_equal(found.n, d.n);
}

/* Whether a rule refuses a change, by the definition in limit.h. */
static bool
refuses(int rule, const struct limit_change *c)
{
	struct day first = { INT32_MIN }, last = { INT32_MAX };

	for (size_t i = 0; w.rules[rule].refuses && i < c->plus_count; i++) {
		struct day d = c->plus[i].day;
		int64_t amount = amount_on(rule, d), plus = load_in(rule, c->plus, c->plus_count, d, first, d),
		    minus = load_in(rule, c->minus, c->minus_count, d, first, last), stays = 0;

		/* What was held on a later day, and still will be, is there as ever. */
		if (c->minus_count > 0 && c->minus[0].day.n > d.n) {
			struct day later = c->minus[0].day;
			int64_t is = load_in(rule, c->plus, c->plus_count, d, later, later), was = load_in(rule, c->minus, 1, d, later, later);

			stays = is < was ? is : was;
		}

		if (counts(rule, c->plus[i].channel) && amount != UNLIMITED &&
		    load_in(rule, c->plus, c->plus_count, d, first, last) > minus &&
		    plus > load_in(rule, c->minus, c->minus_count, d, first, d) &&
		    load_in(rule, c->plus, c->plus_count, d, d, d) > load_in(rule, c->minus, c->minus_count, d, d, d) &&
		    used_of(rule, d) + held_of(rule, d) - minus + plus + stays > amount)
			return true;
	}
	return false;
}

/* The first day after the refused one, and not before today, on which the rule would have room for what was needed. */
static bool
frees_on(int rule, const struct limit_change *c, const struct limit_refusal *r, struct day *d)
{
	struct day end = day_add(r->state.window.until, 400), first = { INT32_MIN }, last = { INT32_MAX };

	if (r->state.window.until.n <= w.today.n)
		return false;
	for (*d = r->day.n < w.today.n ? w.today : day_add(r->day, 1); d->n <= end.n; *d = day_add(*d, 1)) {
		int64_t amount = amount_on(rule, *d), load = used_of(rule, *d) + held_of(rule, *d);

		if (c->replaces_own)
			load -= load_in(rule, c->minus, c->minus_count, *d, first, last);
		if (d->n >= r->state.window.until.n)
			load += load_in(rule, c->plus, c->plus_count, *d, first, last);
		if (amount == UNLIMITED || (amount > load && amount - load >= r->needed) || r->needed == 0)
			return true;
	}
	return false;
}

static void
check_change(void)
{
	struct limit_load plus[LOADS], minus[1];
	struct limit_change c = { .plus = plus, .minus = minus, .replaces_own = below(2) == 0 };
	struct limit_book *b = new_book();
	struct limit_refusal r;
	bool is_refused, expected = false, is_long = false;
	struct day d;
	int rule;

	/* A campaign changes its holds of days to come; an event adds to a day of the past, and takes of a hold. */
	c.plus_count = c.replaces_own ? (size_t)(1 + below(LOADS)) : 1;
	for (size_t i = 0; i < c.plus_count; i++)
		plus[i] = c.replaces_own ? limit_book_hold(b, some_day(0, 70), SMS, 1 + below(150), 1 + below(3)) :
		    (struct limit_load) { .day = some_day(-30, 1), .channel = below(2) == 0 ? SMS : (enum channel)below(CHANNEL_COUNT),
		    .messages = 1 + below(100), .parts = 1 + below(200), .cost_micros = below(100000) };
	for (int i = 0; i < SEGMENTS && c.minus_count == 0; i++)
		if (below(3) == 0 && w.segments[i].is_open && w.segments[i].contacts > w.segments[i].spent) {
			minus[c.minus_count++] = limit_book_hold(b, w.segments[i].day, SMS, w.segments[i].contacts - w.segments[i].spent,
			    w.segments[i].parts);
			if (below(2) == 0 && c.replaces_own)	/* moves or stays, and changes a little */
				plus[0] = limit_book_hold(b, w.segments[i].day.n < w.today.n ? w.today : w.segments[i].day, SMS,
				    w.segments[i].contacts - w.segments[i].spent + below(3), w.segments[i].parts);
		}
	assert_int_equal(limit_check(b, &c, &is_refused, &r), OK);
	for (int i = 0; i < RULES; i++)
		if (refuses(i, &c)) {
			expected = true;
			is_long |= w.rules[i].period != LIMIT_DAY;
		}
	assert_int_equal(is_refused, expected);
	if (!is_refused)
		return;
	rule = (int)(r.rule - w.org.limits.of);
	assert_true(refuses(rule, &c));
	assert_int_equal(r.is_long, is_long);
	assert_int_equal(w.rules[rule].period != LIMIT_DAY, is_long);
	assert_int_equal(r.frees, frees_on(rule, &c, &r, &d));
	if (r.frees)
		assert_int_equal(r.frees_at, d.n == w.today.n ? NOW : day_start(w.org.days, d));
	assert_true(r.state.available < r.needed);
}

/* ---- Worlds */

static enum status
try_world(void *arg)
{
	struct limit_book *b;

	(void)arg;
	make_world();
	b = new_book();
	for (int i = 0; i < 40; i++) {
		check_state(b);
		check_room(b);
		check_change();
	}
	return CONFLICT;	/* nothing of it stays */
}

static enum status
add_hooli(void *arg)
{
	struct error err;

	(void)arg;
	w.org = organization_defaults;
	snprintf(w.org.id, sizeof(w.org.id), "hooli");
	snprintf(w.org.timezone, sizeof(w.org.timezone), "UTC");
	return organization_add(db, arena, &w.org, &limit_base_none, NOW, &test_actor, &err);
}

static void
the_book_is_what_the_rows_say(void **state)
{
	(void)state;
	for (int i = 0; i < WORLDS; i++) {
		random_state = (uint64_t)i + 1;
		for (int k = 0; k < 20; k++)	/* the first numbers of near seeds are near */
			below(2);
		assert_int_equal(db_write(db, try_world, NULL), CONFLICT);
	}
}

/* ---- Rows that this program does not know */

static enum status
read_a_fax(void *arg)
{
	const char *table = arg;
	struct query *q = strcmp(table, "usage_day") == 0 ?
	    db_query(db, "INSERT INTO usage_day (org, day, channel, messages, parts, cost_micros) VALUES (:org, :day, 'FAX', 1, 1, 1)") :
	    db_query(db, "INSERT INTO held (org, quarter, channel, parts_per_contact, sender, contacts) "
	    "VALUES (:org, :day * 96 + 48, 'FAX', 1, '', 5)");
	struct limit_book *b;

	make_world();
	query_bind_int(q, ":org", w.org.key);
	query_bind_int(q, ":day", w.today.n);
	run(q);
	b = new_book();
	assert_int_equal(limit_book_read(b, w.today, w.today), INTERNAL);
	assert_false(limit_book_has(b, w.today));
	return CONFLICT;
}

static void
an_unknown_channel_is_an_error_and_not_sms(void **state)
{
	(void)state;
	assert_int_equal(db_write(db, read_a_fax, (void *)(uintptr_t)"usage_day"), CONFLICT);
	assert_int_equal(db_write(db, read_a_fax, (void *)(uintptr_t)"held"), CONFLICT);
}

int
main(void)
{
	int failed;

	world_open();
	assert(db_write(db, add_hooli, NULL) == OK);
	CASE("the book, the room and admission are what the rows say, in random worlds", the_book_is_what_the_rows_say);
	CASE("an unknown channel in a row is an error, and not SMS", an_unknown_channel_is_an_error_and_not_sms);
	failed = TABLE_RUN("limit");
	world_close();
	return failed;
}
