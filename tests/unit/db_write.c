/* db_write and organization_write: what is committed, what is rolled back, and when the work is not called at all. */
#include <signal.h>
#include <sys/wait.h>

#include "table.h"
#include "make_token.h"
#include "org/organization.h"

static int calls;

/* Writes a row, and returns what *arg says. */
static enum status
add_setting(void *arg)
{
	struct error err;

	calls++;
	assert_int_equal(setting_set(db, "iss", "written", &err), OK);
	return *(const enum status *)arg;
}

/* Whether the row of add_setting is in the database.  Removes it. */
static bool
is_written(void)
{
	struct query *q;
	bool is_there;

	assert_int_equal(db_write_begin(db), OK);
	q = db_query(db, "DELETE FROM setting WHERE name = 'iss' AND value = 'written'");
	assert_int_equal(query_run(q), OK);
	is_there = db_changes(db) > 0;
	assert_int_equal(db_write_commit(db), OK);
	return is_there;
}

/* ---- Outcomes */

static const struct outcome_row {
	const char *name;
	enum status status;
	bool is_written;
} outcomes[] = {
	{ "OK is committed", OK, true },
	{ "CREATED is committed", CREATED, true },
	{ "NO_CONTENT is committed", NO_CONTENT, true },
	{ "NOT_MODIFIED writes nothing", NOT_MODIFIED, false },
	{ "BAD_REQUEST writes nothing", BAD_REQUEST, false },
	{ "UNAUTHENTICATED writes nothing", UNAUTHENTICATED, false },
	{ "OVER_CAP writes nothing", OVER_CAP, false },
	{ "FORBIDDEN writes nothing", FORBIDDEN, false },
	{ "NOT_FOUND writes nothing", NOT_FOUND, false },
	{ "METHOD_NOT_ALLOWED writes nothing", METHOD_NOT_ALLOWED, false },
	{ "CONFLICT writes nothing", CONFLICT, false },
	{ "PRECONDITION_FAILED writes nothing", PRECONDITION_FAILED, false },
	{ "TOO_LARGE writes nothing", TOO_LARGE, false },
	{ "UNSUPPORTED_MEDIA writes nothing", UNSUPPORTED_MEDIA, false },
	{ "OVER_QUOTA writes nothing", OVER_QUOTA, false },
	{ "INTERNAL writes nothing", INTERNAL, false },
	{ "UNAVAILABLE writes nothing", UNAVAILABLE, false },
};

static void
outcome_decides(void **state)
{
	const struct outcome_row *row = *state;
	enum status st = row->status;

	calls = 0;
	assert_int_equal(status_is_success(st), row->is_written);
	assert_int_equal(db_write(db, add_setting, &st), row->status);
	assert_int_equal(is_written(), row->is_written);
	assert_int_equal(db_write_try(db, add_setting, &st), row->status);
	assert_int_equal(is_written(), row->is_written);
	assert_int_equal(calls, 2);
}

/* Writes a row, then ignores a query that fails. */
static enum status
ignore_a_failure(void *arg)
{
	enum status ignored = add_setting(arg);

	ignored = query_run(db_query(db, "INSERT INTO setting (name, value) VALUES ('aud', NULL)"));
	assert_int_not_equal(ignored, OK);
	return OK;
}

static void
a_failed_query_is_never_committed(void **state)
{
	enum status st = OK;

	(void)state;
	assert_int_equal(db_write(db, ignore_a_failure, &st), INTERNAL);
	assert_false(is_written());
}

/* ---- When the work is not called */

static int ready[2], done[2];

/* Tells the parent that the writers' lock is taken, and keeps it until the parent has tried. */
static enum status
keep_the_lock(void *arg)
{
	char byte = 0;

	(void)arg;
	assert(write(ready[1], &byte, 1) == 1);
	assert(read(done[0], &byte, 1) == 1);
	return OK;
}

static void
without_the_lock_nothing_is_called(void **state)
{
	enum status st = OK;
	struct error err;
	pid_t child;
	char byte;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(done), 0);
	if ((child = fork()) == 0) {
		struct db *mine = db_open(db_path(db), &err);

		_exit(mine != NULL && db_write(mine, keep_the_lock, NULL) == OK ? 0 : 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	calls = 0;
	assert_int_equal(db_write_try(db, add_setting, &st), UNAVAILABLE);
	assert_int_equal(db_trouble(db), DB_BUSY);
	assert_int_equal(calls, 0);
	assert_int_equal(write(done[1], &byte, 1), 1);
	assert_true(waitpid(child, NULL, 0) == child);
	assert_int_equal(db_write(db, add_setting, &st), OK);
	assert_true(is_written());
}

static enum status
write_again(void *arg)
{
	return db_write(db, add_setting, arg);
}

/* A child that makes the mistake must end by SIGABRT, which cmocka would otherwise catch. */
static void
aborts(enum status (*mistake)(void *arg), bool is_reading)
{
	enum status st = OK;
	pid_t child;
	int result;

	if ((child = fork()) == 0) {
		signal(SIGABRT, SIG_DFL);
		close(STDERR_FILENO);	/* assert's message */
		if (is_reading && db_read_begin(db) != OK)
			_exit(1);
		_exit(db_write(db, mistake, &st) == OK ? 2 : 3);
	}
	assert_true(waitpid(child, &result, 0) == child);
	assert_true(WIFSIGNALED(result) && WTERMSIG(result) == SIGABRT);
}

static void
a_write_in_a_write_is_a_mistake_of_ours(void **state)
{
	(void)state;
	aborts(write_again, false);
	assert_false(is_written());
}

static void
a_write_in_a_read_is_a_mistake_of_ours(void **state)
{
	(void)state;
	aborts(add_setting, true);
	assert_false(is_written());
}

/* ---- Of an organization */

static enum status
rename_organization(struct organization *org, void *arg)
{
	struct query *q = db_query(db, "UPDATE organization SET name = 'renamed' WHERE key = :key");

	calls++;
	assert_string_equal(org->id, "initech");
	query_bind_int(q, ":key", org->key);
	assert_int_equal(query_run(q), OK);
	return *(const enum status *)arg;
}

/* Unlike those of world_open it has days, so that it can be loaded. */
static enum status
add_initech(void *arg)
{
	struct organization org = organization_defaults;
	struct error err;

	(void)arg;
	snprintf(org.id, sizeof(org.id), "initech");
	snprintf(org.timezone, sizeof(org.timezone), "UTC");
	return organization_add(db, arena, &org, &limit_base_none, NOW, &test_actor, &err);
}

static void
load(struct organization *org)
{
	struct error err;

	assert_int_equal(db_read_begin(db), OK);
	assert_int_equal(organization_load(db, "initech", org, &err), OK);
	db_read_end(db);
}

static void
a_write_counts_the_revision_up(void **state)
{
	struct organization before, after;
	enum status st = CREATED;
	struct error err;

	(void)state;
	load(&before);
	assert_string_not_equal(before.name, "renamed");
	assert_int_equal(organization_write(db, arena, "initech", NOW, rename_organization, &st, &err), CREATED);
	load(&after);
	assert_int_equal(after.revision, before.revision + 1);
	assert_string_equal(after.name, "renamed");
}

static void
a_refusal_leaves_the_revision(void **state)
{
	struct organization before, after;
	enum status st = OVER_QUOTA;
	struct error err;

	(void)state;
	load(&before);
	assert_int_equal(organization_write(db, arena, "initech", NOW, rename_organization, &st, &err), OVER_QUOTA);
	load(&after);
	assert_int_equal(after.revision, before.revision);
}

static void
of_nobody_nothing_is_called(void **state)
{
	enum status st = OK;
	struct error err;

	(void)state;
	calls = 0;
	assert_int_equal(organization_write(db, arena, "nobody", NOW, rename_organization, &st, &err), NOT_FOUND);
	assert_int_equal(calls, 0);
}

int
main(void)
{
	int failed;

	world_open();
	assert(db_write(db, add_initech, NULL) == OK);
	TABLE(outcomes, outcome_decides);
	CASE("a query that failed is never committed, even if nobody looked", a_failed_query_is_never_committed);
	CASE("without the writers' lock the work is not called", without_the_lock_nothing_is_called);
	CASE("a write inside a write is a programmer's mistake", a_write_in_a_write_is_a_mistake_of_ours);
	CASE("a write inside a read is a programmer's mistake", a_write_in_a_read_is_a_mistake_of_ours);
	CASE("a refused write leaves the organization's revision", a_refusal_leaves_the_revision);
	CASE("a write counts the organization's revision up once", a_write_counts_the_revision_up);
	CASE("of an organization that does not exist nothing is written", of_nobody_nothing_is_called);
	failed = TABLE_RUN("db_write");
	world_close();
	return failed;
}
