/* db_version and what is remembered by it: it changes with every commit, of whichever connection, and with nothing else. */
#include <string.h>

#include "base/kept.h"
#include "table.h"
#include "make_token.h"

static struct db *beside;	/* another connection to the same file, as another process has it */
static struct kept *memory;

static int64_t
version(struct db *of)
{
	int64_t v;

	assert_int_equal(db_read_begin(of), OK);
	v = db_version(of);
	assert_int_equal(db_version(of), v);
	db_read_end(of);
	assert_true(v > 0);
	return v;
}

struct change {
	struct db *by;
	enum status outcome;
};

static enum status
set_iss(void *arg)
{
	const struct change *c = arg;
	struct error err;

	assert_int_equal(db_version(c->by), 0);
	assert_int_equal(setting_set(c->by, "iss", "changed", &err), OK);
	return c->outcome;
}

static void
write_by(struct db *by, enum status outcome)
{
	struct change c = { by, outcome };

	assert_int_equal(db_write(by, set_iss, &c), outcome);
}

static void
each_commit_changes_it(void **state)
{
	int64_t first = version(db), second, third;

	(void)state;
	assert_int_equal(version(db), first);
	write_by(db, OK);
	second = version(db);
	assert_int_not_equal(second, first);
	write_by(beside, OK);
	third = version(db);
	assert_int_not_equal(third, second);
	assert_int_equal(version(db), third);
}

static void
what_is_not_committed_does_not(void **state)
{
	int64_t first = version(db);

	(void)state;
	write_by(beside, CONFLICT);
	assert_int_equal(version(db), first);
	version(beside);
	assert_int_equal(version(db), first);
	assert_int_equal(db_version(db), 0);	/* no transaction is open */
}

/* The version is that of the snapshot: what is committed after it began does not show, in the version as in the rows. */
static void
a_snapshot_has_one(void **state)
{
	int64_t v;

	(void)state;
	assert_int_equal(db_read_begin(db), OK);
	v = db_version(db);
	write_by(beside, OK);
	assert_int_equal(query_run(db_query(db, "SELECT count(*) FROM setting")), OK);
	assert_int_equal(db_version(db), v);
	db_read_end(db);
	assert_int_not_equal(version(db), v);
}

static void
another_opening_has_another(void **state)
{
	struct error err;
	struct db *other = db_open(db_path(db), &err);

	(void)state;
	assert_non_null(other);
	assert_int_not_equal(version(other), version(db));
	assert_int_not_equal(version(other), version(beside));
	db_close(other);
}

/* The version of what belongs to the installation, in a transaction of its own. */
static int64_t
installation(struct db *of)
{
	int64_t v;

	assert_int_equal(db_read_begin(of), OK);
	v = db_installation_version(of);
	assert_int_equal(db_installation_version(of), v);
	db_read_end(of);
	assert_true(v > 0);
	return v;
}

struct statement {
	struct db *by;
	const char *sql;
};

static enum status
execute(void *arg)
{
	const struct statement *s = arg;

	return query_run(db_query(s->by, s->sql));
}

static void
only_what_touches_the_installation_changes_its_version(void **state)
{
	static const char renamed[] = "UPDATE organization SET name = 'renamed'",
	    turned[] = "UPDATE setting SET value = substr(value, 2) || substr(value, 1, 1) WHERE name = 'epoch'",
	    turned_back[] = "UPDATE setting SET value = substr(value, -1) || substr(value, 1, 31) WHERE name = 'epoch'";
	int64_t first = installation(db), all = version(db), second;

	(void)state;
	assert_int_equal(db_write(beside, execute, &(struct statement) { beside, renamed }), OK);
	assert_int_not_equal(version(db), all);
	assert_int_equal(installation(db), first);
	write_by(beside, CONFLICT);
	assert_int_equal(installation(db), first);
	write_by(beside, OK);
	second = installation(db);
	assert_int_not_equal(second, first);
	write_by(db, OK);
	first = installation(db);
	assert_int_not_equal(first, second);
	/* A restored file has an epoch of its own, and may come to any revision. */
	assert_int_equal(db_write(beside, execute, &(struct statement) { beside, turned }), OK);
	assert_int_not_equal(installation(db), first);
	assert_int_not_equal(installation(db), installation(beside));
	assert_int_equal(db_write(beside, execute, &(struct statement) { beside, turned_back }), OK);
	assert_int_equal(db_installation_version(db), 0);	/* no transaction is open */
}

static const char *
remembered(void)
{
	size_t n;
	const char *text;

	assert_int_equal(db_read_begin(db), OK);
	text = db_remembered(db, db_version(db), "test", 4, &n);
	assert_true(text == NULL || n == 6);
	db_read_end(db);
	return text;
}

static void
remember(void)
{
	assert_int_equal(db_read_begin(db), OK);
	memcpy(db_remember(db, db_version(db), "test", 4, 6), "value", 6);
	db_read_end(db);
}

static void
only_the_same_state_is_remembered(void **state)
{
	(void)state;
	assert_null(remembered());
	remember();
	assert_string_equal(remembered(), "value");
	write_by(beside, CONFLICT);
	assert_string_equal(remembered(), "value");
	write_by(beside, OK);
	assert_null(remembered());
	remember();
	write_by(db, OK);
	assert_null(remembered());
	remember();
	assert_null(db_remembered(db, db_version(db), "test", 4, &(size_t) { 0 }));	/* outside of a transaction nobody knows */
	assert_null(db_remember(db, db_version(db), "test", 4, 6));
	db_set_memory(db, NULL);
	assert_null(remembered());
	db_set_memory(db, memory);
	assert_string_equal(remembered(), "value");
}

/* A database on a network filesystem has a rollback journal; then nobody writes while somebody reads. */
static void
use_a_journal(void **state)
{
	struct query *q = db_query(db, "PRAGMA journal_mode = TRUNCATE");
	struct error err;

	(void)state;
	db_close(beside);
	while (query_step(q))
		;
	assert_int_equal(query_done(q), OK);
	assert_string_equal(db_journal_mode(db), "truncate");
	assert_non_null(beside = db_open(db_path(db), &err));
}

int
main(void)
{
	struct error err;
	int failed;

	world_open();
	assert((beside = db_open(db_path(db), &err)) != NULL);
	memory = kept_new(64 * 1024);
	db_set_memory(db, memory);
	CASE("each commit changes it, of this connection and of another", each_commit_changes_it);
	CASE("what is not committed does not change it", what_is_not_committed_does_not);
	CASE("a snapshot has one, whatever is committed beside it", a_snapshot_has_one);
	CASE("another opening has another", another_opening_has_another);
	CASE("only what touches the installation changes the version of that", only_what_touches_the_installation_changes_its_version);
	CASE("only what was kept of the same state is remembered", only_the_same_state_is_remembered);
	CASE("the database gets a rollback journal", use_a_journal);
	CASE("with a journal each commit changes it too", each_commit_changes_it);
	CASE("with a journal what is not committed does not change it", what_is_not_committed_does_not);
	CASE("with a journal only what was kept of the same state is remembered", only_the_same_state_is_remembered);
	failed = TABLE_RUN("db_version");
	db_close(beside);
	world_close();
	kept_free(memory);
	return failed;
}
