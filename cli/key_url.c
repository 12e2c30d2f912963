/*
 * Keys that a URL publishes (JWKS): key add --url, fetch, forget.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "key.h"
#include "auth/key_source.h"
#include "base/conf.h"
#include "time/instant.h"

extern char **environ;

enum { FETCH_SECONDS = 10 };

/* ---- The program that reads a URL */

/* Starts it; its output is to be read from *from.  False, with the reason in c->err, if that fails. */
static bool
start(struct cli *c, const char *program, const char *url, pid_t *pid, int *from)
{
	const char *bytes = arena_printf(c->arena, "%d", JWK_TEXT_MAX), *seconds = arena_printf(c->arena, "%d", FETCH_SECONDS);
	char *const argv[] = { arena_strdup(c->arena, program), arena_strdup(c->arena, url), arena_strdup(c->arena, bytes),
		arena_strdup(c->arena, seconds), NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], failed;

	if (access(program, X_OK) != 0) {
		error_set(&c->err, UNAVAILABLE, "%s: %s; without that program Daybook cannot read a URL", program, strerror(errno));
		error_hint(&c->err, "Save what the URL shows as a file, and add that: `daybook key add --file FILE`.");
		return false;
	}
	if (pipe(ends) != 0)
		return error_set(&c->err, UNAVAILABLE, "no pipe: %s", strerror(errno)), false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	posix_spawn_file_actions_addclose(&actions, ends[1]);
	failed = posix_spawn(pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	*from = ends[0];
	if (failed == 0)
		return true;
	close(ends[0]);
	return error_set(&c->err, UNAVAILABLE, "%s: %s", program, strerror(failed)), false;
}

/* Reads to the end, at most max bytes. */
static size_t
read_all(int from, char *text, size_t max)
{
	size_t size = 0;
	ssize_t n;

	while (size < max && ((n = read(from, text + size, max - size)) > 0 || (n == -1 && errno == EINTR)))
		size += n > 0 ? (size_t)n : 0;
	return size;
}

/* What the URL says, in the arena; NULL, with the reason in c->err, if it cannot be read.  The program itself bounds both. */
static const char *
fetch(struct cli *c, const char *url, size_t *n)
{
	char folder[CONF_PATH_MAX], *text;
	int from, status = 0;
	pid_t pid;

	conf_folder(folder);
	if (!start(c, arena_printf(c->arena, "%s/lib/daybook/daybook-fetch", folder), url, &pid, &from))
		return NULL;
	text = arena_alloc(c->arena, JWK_TEXT_MAX + 1);
	*n = read_all(from, text, JWK_TEXT_MAX);
	close(from);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return text;
	error_set(&c->err, UNAVAILABLE, "%.300s", *n > 0 ? text : "daybook-fetch ended without a reason");
	return NULL;
}

/* ---- Taking the keys over */

struct reading {
	struct cli *cli;
	struct key_source source;
	bool is_given;		/* by the operator now; else it is one that is read again */
	const struct jwk_set *set;
	struct key_source_result result;
	const char *why;	/* of a failure that is to be recorded */
};

static enum status
apply(void *arg)
{
	struct reading *r = arg;
	struct cli *c = r->cli;
	struct key_source_list *list = arena_alloc(c->arena, sizeof(*list));
	enum status st;

	if ((st = key_source_load(c->db, c->arena, list, &c->err)) != OK)
		return st;
	if (r->is_given)
		return key_source_add(c->db, c->arena, list, &r->source, r->set, c->now, &cli_actor, &r->result, &c->err);
	return key_source_apply(c->db, c->arena, list, r->source.url, r->set, c->now, &cli_actor, &r->result, &c->err);
}

static enum status
note_failure(void *arg)
{
	struct reading *r = arg;
	struct error err = { 0 };

	return key_source_note_failure(r->cli->db, r->cli->arena, r->source.url, r->why, r->cli->now, &err);
}

/*
 * Reads the URL and takes its keys over; the transaction begins when all is read.  False, with the reason in r->why, and with the
 * URL before it in c->err.
 */
static bool
read_source(struct cli *c, struct reading *r)
{
	struct jwk_set *set = arena_alloc(c->arena, sizeof(*set));
	const char *text;
	size_t n;

	c->err = (struct error) { 0 };
	r->set = set;
	if ((text = fetch(c, r->source.url, &n)) != NULL && jwk_read(c->arena, text, n, NULL, set, &c->err) == OK &&
	    db_write(c->db, apply, r) == OK)
		return true;
	if (c->err.text[0] == '\0')
		(void)db_why(c->db, &c->err);
	r->why = arena_strdup(c->arena, c->err.text);
	snprintf(c->err.text, sizeof(c->err.text), "%.200s: %.300s", r->source.url, r->why);
	return false;
}

static void
print_result(const struct reading *r)
{
	if (r->result.is_gone) {
		printf("%s: was forgotten meanwhile\n", r->source.url);
		return;
	}
	printf("%s: %d added, %d retired", r->source.url, r->result.added, r->result.retired);
	if (r->result.regranted > 0)
		printf(", %d with other rights", r->result.regranted);
	if (r->result.skipped > 0)
		printf(", %d that cannot be used", r->result.skipped);
	putchar('\n');
}

int
key_url_add(struct cli *c, const char *url, const struct signing_key_input *input)
{
	struct reading r = { .cli = c, .source = { .url = url, .keys = *input, .error = "" }, .is_given = true };

	if (key_source_check_url(url, &c->err) != OK)
		return cli_fail(c);
	if (!cli_open(c))
		return FAILED;
	if (!read_source(c, &r))
		return cli_fail(c);
	print_result(&r);
	return DONE;
}

/* Every URL, even if one fails; what failed is recorded, so that the doctor can tell. */
int
key_url_fetch(struct cli *c)
{
	struct key_source_list *list = arena_alloc(c->arena, sizeof(*list));
	enum status st;
	int code = DONE;

	if ((st = db_read_begin(c->db)) == OK) {
		st = key_source_load(c->db, c->arena, list, &c->err);
		db_read_end(c->db);
	}
	if (st != OK)
		return cli_fail(c);
	for (size_t i = 0; i < list->count; i++) {
		struct reading r = { .cli = c, .source = list->sources[i] };

		if (read_source(c, &r)) {
			print_result(&r);
			continue;
		}
		code = cli_fail(c);
		if (db_write(c->db, note_failure, &r) != OK)
			fprintf(stderr, "daybook: %s: that it failed could not be recorded\n", r.source.url);
	}
	return code;
}

/* ---- key forget, key list */

struct forgetting {
	struct cli *cli;
	const char *url;
};

static enum status
forget(void *arg)
{
	struct forgetting *f = arg;

	return key_source_forget(f->cli->db, f->cli->arena, f->url, f->cli->now, &cli_actor, &f->cli->err);
}

int
key_url_forget(struct cli *c, const char *url)
{
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, forget, &(struct forgetting) { c, url }) != OK)
		return cli_fail(c);
	printf("forgot %s: its keys are retired\n", url);
	return DONE;
}

int
key_url_list(struct cli *c)
{
	struct key_source_list *list = arena_alloc(c->arena, sizeof(*list));
	char at[INSTANT_TEXT_MAX];

	if (key_source_load(c->db, c->arena, list, &c->err) != OK)
		return cli_fail(c);
	for (size_t i = 0; i < list->count; i++) {
		const struct key_source *s = &list->sources[i];

		printf("%s  read %s%s%s  keys:", s->url, instant_format(s->read_at, at), s->error[0] != '\0' ? "  FAILED SINCE: " : "",
		    s->error);
		for (size_t k = 0; k < s->count; k++)
			printf("%s%s", s->is_withdrawn[k] ? "" : " ", s->is_withdrawn[k] ? "" : s->kids[k]);
		putchar('\n');
	}
	return DONE;
}
