/*
 * limit*.c: the book of limits against brute force, in random worlds (make_limits.h): around changes of clocks, with the days of
 * two zones.  LIMIT_WORLDS=zones takes every zone, around one change of its clocks; LIMIT_WORLDS=all around each of those from
 * 2024 to 2027, twenty times.
 */
#include <stdlib.h>

#include "make_limits.h"
#include "org/organization.h"

enum { WORLDS = 150, QUESTIONS = 15, LOADS = 4, MANY = 150, CHANGES_MAX = 64, CHANGES = 8, EACH = 20 };

/* ---- Questions */

/* A quarter-hour, often one at which now, or what lies in another one, enters or leaves a rolling window. */
static int64_t
some_end(int from, int until)
{
	int64_t q = some_quarter(from, until), near;
	int i = LIMIT_BASE_COUNT, k = (int)below(SENT + SEGMENTS);

	for (int tries = 0; tries < 4 && w.rules[i].period != LIMIT_ROLLING; tries++)
		i = LIMIT_BASE_COUNT + (int)below(RULES - LIMIT_BASE_COUNT);
	if (w.rules[i].period != LIMIT_ROLLING || below(2) == 0)
		return q;
	near = below(3) == 0 ? floor_div(w.now, QUARTER_MS) : k < SENT ? w.sent[k].load.quarter : w.held[k - SENT].load.quarter;
	near += (w.rules[i].quarters + below(3) - 1) * (below(2) == 0 ? 1 : -1);
	return near / DAY_QUARTERS < w.today.n + from || near / DAY_QUARTERS >= w.today.n + until ? q : near;
}

static struct limit_book *
new_book(void)
{
	struct limit_book *b;

	assert_int_equal(limit_book_new(db, arena, &w.org, NULL, LIMIT_FOLLOW_ALL, w.now, &b), OK);
	return b;
}

static void
check_state(struct limit_book *b)
{
	int64_t q = some_end(-100, 100), used = 0, held = 0;
	int i = (int)below(RULES);
	struct model_window x, fullest = { 0, 0 };
	struct limit_state s;

	if (below(2) == 0)
		assert_int_equal(limit_book_read_at(b, q * QUARTER_MS + below(QUARTER_MS)), OK);
	else
		assert_int_equal(limit_book_read(b, day_at(w.org.days, q * QUARTER_MS),
		    day_add(day_at(w.org.days, q * QUARTER_MS), (int32_t)below(50))), OK);
	s = limit_book_state(b, &w.org.limits.of[i], q * QUARTER_MS);
	assert_string_equal(w.org.limits.of[i].name, w.rules[i].name);
	q -= w.first;
	for (int64_t n = 0; window_of(i, q, n, &x); n++)
		if (n == 0 || used_in(i, x) + held_in(i, x) > used + held) {
			used = used_in(i, x);
			held = held_in(i, x);
			fullest = x;
		}
	assert_int_equal(s.from_at, (fullest.from + w.first) * QUARTER_MS);
	assert_int_equal(s.until_at, (fullest.until + w.first) * QUARTER_MS);
	assert_int_equal(s.window.from.n, w.day[i][fullest.from]);
	assert_int_equal(s.window.until.n, w.day[i][fullest.until - 1] + 1);
	assert_int_equal(s.amount, amount_on(i, w.day[i][q]));
	assert_int_equal(s.used, used);
	assert_int_equal(s.held, held);
	assert_int_equal(s.available, s.amount == UNLIMITED ? INT64_MAX : s.amount > used + held ? s.amount - used - held : 0);
}

/* The most contacts that fit by all rules in quarter-hours of one day, but for what is put aside. */
static int64_t
contacts_in(struct model_window where, const char *sender, int64_t parts, const struct aside *a)
{
	struct limit_load one = hold(where.from + w.first, sender, 1, parts);
	int64_t room = INT64_MAX;

	for (int i = 0; i < RULES; i++) {
		int64_t each = units(i, &one), left;

		if (!w.rules[i].refuses || !counts(i, &one) || each == 0)
			continue;
		left = room_in(i, where.from, where.until, a);
		if (left != INT64_MAX && left / each < room)
			room = left / each;
	}
	return room;
}

static void
check_room(struct limit_book *b)
{
	int64_t q = some_end(0, FUTURE), wanted = 1 + below(150), room, now = floor_div(w.now, QUARTER_MS);
	struct limit_contact c = { SMS, senders[below(ORIGINS)], 1 + below(4) };
	struct model_window where = { q - w.first, q - w.first + 1 };
	struct day d = day_at(w.org.days, q * QUARTER_MS), found;
	const struct limit_rule *by;
	bool is_found;

	if (q < now)
		return;
	assert_int_equal(limit_book_read_at(b, q * QUARTER_MS), OK);
	room = limit_book_room_at(b, q * QUARTER_MS, &c, &by);
	assert_int_equal(room, contacts_in(where, c.sender, c.parts, NULL));
	assert_true((by == NULL) == (room == INT64_MAX));
	assert_int_equal(limit_book_read(b, d, d), OK);
	assert_int_equal(limit_book_room(b, d, &c, &by), contacts_in(rest_of_day(d), c.sender, c.parts, NULL));
	if (below(8) != 0)
		return;
	assert_int_equal(limit_next_day(b, w.today, &c, wanted, &is_found, &found, &room), OK);
	for (d = w.today; d.n <= w.today.n + LIMIT_SEARCH_DAYS && contacts_in(rest_of_day(d), c.sender, c.parts, NULL) < wanted;)
		d = day_add(d, 1);
	assert_int_equal(is_found, d.n <= w.today.n + LIMIT_SEARCH_DAYS);
	if (is_found)
		assert_int_equal(found.n, d.n);
}

/* What a campaign could hold instead of what it holds: in each window at least what it has there. */
static void
check_own(void)
{
	struct limit_book *b = new_book();
	int64_t q = some_quarter(0, 40), room = INT64_MAX;
	int i = (int)below(SEGMENTS);
	struct limit_load own = w.held[i].load, one;
	struct limit_contact c = { SMS, own.sender, w.held[i].parts_each };
	const struct limit_rule *by;
	struct model_window x;

	if (q < floor_div(w.now, QUARTER_MS) || w.contacts[i] == 0 || w.org_day[own.quarter - w.first] < w.today.n)
		return;
	if (below(2) == 0)
		q = own.quarter;
	one = hold(q, c.sender, 1, c.parts);
	assert_int_equal(limit_book_read_at(b, q * QUARTER_MS), OK);
	limit_book_set_aside(b, &own);
	for (int k = 0; k < RULES; k++) {
		int64_t each = units(k, &one), amount = amount_on(k, w.day[k][q - w.first]), left = INT64_MAX;

		if (!w.rules[k].refuses || !counts(k, &one) || each == 0 || amount == UNLIMITED)
			continue;
		for (int64_t n = 0; window_of(k, q - w.first, n, &x); n++) {
			int64_t had = load_in(k, &own, 1, x.from, x.until), free = amount - used_in(k, x) - held_in(k, x) + had;

			free = free < had ? had : free < 0 ? 0 : free;
			left = free < left ? free : left;
		}
		room = left / each < room ? left / each : room;
	}
	assert_int_equal(limit_book_room_at(b, q * QUARTER_MS, &c, &by), room);
}

/* ---- Admission */

static void
check_refusal(const struct limit_change *c, const struct limit_refusal *r, bool is_long)
{
	int rule = (int)(r->rule - w.org.limits.of);
	struct refused expected;
	struct day d;
	int64_t free;

	assert_true(refuses(rule, c, &expected));
	assert_int_equal(r->is_long, is_long);
	assert_int_equal(r->place_from, expected.place.from + w.first);
	assert_int_equal(r->state.from_at, (expected.window.from + w.first) * QUARTER_MS);
	assert_int_equal(r->state.until_at, (expected.window.until + w.first) * QUARTER_MS);
	assert_int_equal(r->state.used, expected.used);
	assert_int_equal(r->state.amount, amount_on(rule, w.day[rule][expected.place.from]));
	assert_int_equal(r->state.held, expected.held);
	assert_int_equal(r->needed, expected.needed);
	assert_int_equal(r->limit_day.n, w.day[rule][expected.place.from]);
	assert_int_equal(r->frees, frees_at(rule, c, &expected, &free));
	if (r->frees)
		assert_int_equal(r->frees_at, (free + w.first) * QUARTER_MS < w.now ? w.now : (free + w.first) * QUARTER_MS);
	assert_int_equal(r->has_next, next_date(c, r, &d));
	if (r->has_next)
		assert_int_equal(r->next.n, d.n);
}

/* Makes a load as much as one limit just has room for, or one more: at its own instant, or at a later one to which it could go. */
static void
fit_exactly(struct limit_load *l)
{
	int i = below(3) == 0 ? (int)below(RULES) : LIMIT_BASE_COUNT + (int)below(RULES - LIMIT_BASE_COUNT);
	int64_t q = l->quarter - w.first + (below(2) == 0 ? 0 : below(2 * DAY_QUARTERS)), room = room_in(i, q, q + 1, NULL), more = below(2);

	if (!counts(i, l) || room == INT64_MAX || room == 0)
		return;
	if (l->is_held)
		*l = hold(l->quarter, l->sender, w.rules[i].unit == LIMIT_COST ? l->messages : room + more, 1);
	else if (w.rules[i].unit == LIMIT_MESSAGES)
		l->messages = room + more;
	else if (w.rules[i].unit == LIMIT_PARTS)
		l->parts = room + more;
	else
		l->cost_micros = room + more;
}

/* A campaign changes its holds of days to come; an event adds to a day of the past, and takes of a hold. */
static void
make_change(struct limit_change *c, struct limit_load *plus, struct limit_load *minus)
{
	const char *sender = senders[below(ORIGINS)];
	int64_t now = floor_div(w.now, QUARTER_MS);
	int i = (int)below(SEGMENTS);

	c->plus_count = c->replaces_own ? (size_t)(1 + below(LOADS)) : 1;
	for (size_t k = 0; k < c->plus_count; k++) {
		int64_t q = below(2) == 0 ? some_end(0, 3) : some_end(0, 70);

		plus[k] = hold(q < now ? now : q, sender, 1 + below(150), 1 + below(3));
		if (!c->replaces_own)
			plus[k] = (struct limit_load) { .quarter = some_end(below(2) == 0 ? -2 : -30, 1), .sender = sender,
				.network = networks[below(ORIGINS)], .channel = below(2) == 0 ? SMS : (enum channel)below(CHANNEL_COUNT),
				.messages = 1 + below(100), .parts = 1 + below(200), .cost_micros = below(100000) };
	}
	if (below(2) == 0)
		fit_exactly(&plus[below((int64_t)c->plus_count)]);
	if (below(2) == 0 || w.contacts[i] == 0)
		return;
	minus[c->minus_count++] = w.held[i].load;
	if (below(2) == 0 && c->replaces_own)	/* moves or stays, and changes a little */
		plus[0] = hold(w.held[i].load.quarter < now ? now : w.held[i].load.quarter + (below(2) == 0 ? 0 : below(200)), sender,
		    w.contacts[i] + below(3), w.held[i].parts_each);
}

static void
check_change(void)
{
	struct limit_load plus[LOADS], minus[1];
	struct limit_change c = { .plus = plus, .minus = minus, .replaces_own = below(2) == 0 };
	struct limit_book *b = new_book();
	struct limit_refusal r;
	struct refused one;
	bool is_refused, expected = false, is_long = false;

	make_change(&c, plus, minus);
	assert_int_equal(limit_check(b, &c, &is_refused, &r), OK);
	for (int i = 0; i < RULES; i++)
		if (refuses(i, &c, &one)) {
			expected = true;
			is_long |= w.rules[i].period == LIMIT_ROLLING ? w.rules[i].quarters > DAY_QUARTERS : w.rules[i].period != LIMIT_DAY;
		}
	assert_int_equal(is_refused, expected);
	if (is_refused)
		check_refusal(&c, &r, is_long);
}

/* One book follows a transaction: what it adds and takes away is as if it had been read. */
static void
check_following(void)
{
	struct limit_book *b = new_book();
	struct limit_load added = { .quarter = below(2) == 0 ? some_quarter(-2, 2) : w.sent[1 + 2 * below(SENT / 2)].load.quarter, .channel = SMS, .sender = senders[1], .network = networks[1],
		.messages = 1 + below(50), .parts = 1 + below(50), .cost_micros = below(50000) };
	int64_t q = added.quarter + below(200) - 100;
	struct aside a = { &added, NULL, 1, 0, 0, 0 };
	struct model_window where = { q - w.first, q - w.first + 1 };
	struct limit_contact c = { SMS, senders[1], 1 };
	const struct limit_rule *by;

	if (q * QUARTER_MS < w.now)
		return;
	/* It is read in parts: around it before, and elsewhere after.  Sums that were asked for before are made again. */
	assert_int_equal(limit_book_read_at(b, added.quarter * QUARTER_MS), OK);
	assert_int_equal(limit_book_read_at(b, q * QUARTER_MS), OK);
	assert_int_equal(limit_book_room_at(b, q * QUARTER_MS, &c, &by), contacts_in(where, c.sender, c.parts, NULL));
	limit_book_add(b, &added);
	write_sent(&added);
	assert_int_equal(limit_book_read_at(b, some_quarter(-40, 60) * QUARTER_MS), OK);
	assert_int_equal(limit_book_read_at(b, q * QUARTER_MS), OK);
	assert_int_equal(limit_book_room_at(b, q * QUARTER_MS, &c, &by), contacts_in(where, c.sender, c.parts, &a));
	model_add(&added);
}

/* Of each rolling limit the fullest window that contains a quarter-hour, with what was added. */
static void
check_fullest(const struct limit_book *b, int64_t q, const struct aside *a)
{
	for (int i = LIMIT_BASE_COUNT; i < RULES; i++) {
		struct model_window x, fullest = { 0, 0 };
		struct limit_state s;
		int64_t most = 0, load;

		if (w.rules[i].period != LIMIT_ROLLING)
			continue;
		for (int64_t n = 0; window_of(i, q - w.first, n, &x); n++)
			if ((load = used_in(i, x) + held_in(i, x) + aside_in(i, a, x)) > most || n == 0) {
				most = load;
				fullest = x;
			}
		s = limit_book_state(b, &w.org.limits.of[i], q * QUARTER_MS);
		assert_int_equal(s.used + s.held, most);
		assert_int_equal(s.from_at, (fullest.from + w.first) * QUARTER_MS);
	}
}

/* The same of many additions all over the windows: more than a book keeps beside its sums. */
static void
check_many(void)
{
	static struct limit_load added[MANY];
	struct limit_book *b = new_book();
	int64_t now = floor_div(w.now, QUARTER_MS), q = now + below(2 * DAY_QUARTERS);
	struct aside a = { added, NULL, 0, 0, 0, 0 };
	struct model_window where = { q - w.first, q - w.first + 1 };
	struct limit_contact c = { SMS, senders[1], 1 };
	const struct limit_rule *by;

	assert_int_equal(limit_book_read(b, day_add(w.today, -5), day_add(w.today, 5)), OK);
	for (a.plus_count = 0; a.plus_count < MANY;) {
		struct limit_load *l = &added[a.plus_count++];

		*l = (struct limit_load) { .quarter = now + below(4 * DAY_QUARTERS) - DAY_QUARTERS, .channel = SMS, .sender = senders[1],
			.is_held = below(2) == 0, .messages = below(3), .parts = below(3), .cost_micros = below(1000) };
		limit_book_add(b, l);
		if (below(16) != 0)
			continue;
		assert_int_equal(limit_book_room_at(b, q * QUARTER_MS, &c, &by), contacts_in(where, c.sender, c.parts, &a));
		check_fullest(b, q, &a);
	}
	while (a.plus_count > 0)
		limit_book_subtract(b, &added[--a.plus_count]);
	assert_int_equal(limit_book_room_at(b, q * QUARTER_MS, &c, &by), contacts_in(where, c.sender, c.parts, NULL));
}

/* ---- Worlds */

static struct {
	const char *zone, *other;
	int64_t now;
} chosen;

static enum status
try_world(void *arg)
{
	struct limit_book *b;

	(void)arg;
	make_world(chosen.zone, chosen.other, chosen.now);
	b = new_book();
	for (int i = 0; i < QUESTIONS; i++) {
		check_state(b);
		check_room(b);
		check_own();
		check_change();
	}
	for (int i = 0; i < QUESTIONS / 3; i++)
		check_following();
	check_many();
	return CONFLICT;	/* nothing of it stays */
}

static void
try_one(uint64_t seed, const char *zone, const char *other, int64_t now)
{
	struct arena *outer = arena;

	arena = arena_new();
	random_state = seed;
	for (int k = 0; k < 20; k++)	/* the first numbers of near seeds are near */
		below(2);
	chosen.zone = zone;
	chosen.other = other;
	chosen.now = now;
	assert_int_equal(db_write(db, try_world, NULL), CONFLICT);
	arena_free(arena);
	arena = outer;
}

static const char *const zones[] = { "America/New_York", "America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo",
	"America/Havana", "Asia/Kathmandu", "Pacific/Chatham", "America/Santiago", "Asia/Beirut", "Pacific/Kiritimati", "Etc/UTC" };
enum { ZONES = sizeof(zones) / sizeof(zones[0]) };

/* An instant from 2024 to 2027, near a change of the clocks of a zone if it has one. */
static int64_t
near_change(const char *zone, int64_t number, bool *is_there)
{
	struct span spans[CHANGES_MAX];
	struct error err;
	size_t count = zone_spans(zone_get(zone, &err), at("2024-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"), spans, CHANGES_MAX);
	int64_t change = count > 1 ? spans[1 + number % (int64_t)(count - 1)].from_at : at("2026-05-31T00:00:00Z");

	*is_there = count > 1 && number < (int64_t)count - 1;
	return change + (below(5 * DAY_QUARTERS) - 3 * DAY_QUARTERS) * QUARTER_MS + below(QUARTER_MS);
}

static void
try_zone(const char *const *names, size_t i, int64_t change, int k)
{
	uint64_t seed = (uint64_t)i * 100003 + (uint64_t)change * 101 + (uint64_t)k + 1;
	bool is_other = k % 2 == 0, is_there;
	int64_t now;

	random_state = seed;
	now = near_change(names[i], change, &is_there);
	try_one(seed, is_other ? zones[below(ZONES)] : names[i], is_other ? names[i] : zones[below(ZONES)], now);
}

/* Every zone: twenty worlds around each change of its clocks or, of a sample, one around one of them. */
static void
every_zone(bool is_sample)
{
	const char **names;
	size_t count = zone_names(arena, &names);
	bool is_there;

	assert_true(count > 500);
	for (size_t i = 0; i < count; i++) {
		if (is_sample) {
			try_zone(names, i, (int64_t)i % CHANGES, (int)(i / CHANGES) % EACH);
			continue;
		}
		near_change(names[i], 0, &is_there);
		for (int64_t change = 0; change == 0 || is_there; near_change(names[i], ++change, &is_there))
			for (int k = 0; k < EACH; k++)
				try_zone(names, i, change, k);
	}
}

static void
the_book_is_what_the_rows_say(void **state)
{
	const char *worlds = getenv("LIMIT_WORLDS");
	bool is_there;

	(void)state;
	if (worlds != NULL) {
		assert_true(strcmp(worlds, "all") == 0 || strcmp(worlds, "zones") == 0);
		every_zone(strcmp(worlds, "zones") == 0);
		return;
	}
	for (int i = 0; i < WORLDS; i++) {
		uint64_t seed = (uint64_t)i + 1;

		random_state = seed * 7919;
		try_one(seed, zones[i % ZONES], zones[below(ZONES)], near_change(zones[below(2) == 0 ? i % ZONES : below(ZONES)], below(8), &is_there));
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

	make_world("Etc/UTC", "Etc/UTC", NOW);
	query_bind_int(q, ":org", w.org.key);
	query_bind_int(q, ":day", w.today.n);
	run(q);
	b = new_book();
	assert_int_equal(limit_book_read(b, w.today, w.today), INTERNAL);
	assert_int_equal(limit_book_state(b, &w.org.limits.of[0], NOW).used, 0);
	return CONFLICT;
}

static void
an_unknown_channel_is_an_error_and_not_sms(void **state)
{
	(void)state;
	random_state = 1;
	assert_int_equal(db_write(db, read_a_fax, (void *)(uintptr_t)"usage_day"), CONFLICT);
	assert_int_equal(db_write(db, read_a_fax, (void *)(uintptr_t)"held"), CONFLICT);
}

int
main(void)
{
	int failed;

	world_open();
	CASE("the book, the room and admission are what the rows say, in random worlds", the_book_is_what_the_rows_say);
	CASE("an unknown channel in a row is an error, and not SMS", an_unknown_channel_is_an_error_and_not_sms);
	failed = TABLE_RUN("limit");
	world_close();
	return failed;
}
