/* log.c: values as logfmt, lines as one write. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "table.h"

#define TEN "0123456789"

static const struct value_row {
	const char *name, *text;
	size_t size;
	const char *value;
} values[] = {
	{ "a plain word is left as it is", "usage-calendar", 64, "usage-calendar" },
	{ "a path is left as it is", "/api/campaigns", 64, "/api/campaigns" },
	{ "UTF-8 is left as it is", "caf\xc3\xa9", 64, "caf\xc3\xa9" },
	{ "an empty text is quoted", "", 64, "\"\"" },
	{ "a blank is quoted", "a b", 64, "\"a b\"" },
	{ "an equals sign is quoted", "a=b", 64, "\"a=b\"" },
	{ "a quote is escaped", "a\"b", 64, "\"a\\\"b\"" },
	{ "a backslash is escaped", "a\\b", 64, "\"a\\\\b\"" },
	{ "a line end cannot begin a line", "a\nlevel=info", 64, "\"a\\x0alevel=info\"" },
	{ "a carriage return is escaped", "a\rb", 64, "\"a\\x0db\"" },
	{ "a terminal's escape is escaped", "\x1b[2J", 64, "\"\\x1b[2J\"" },
	{ "DEL is escaped", "\x7f", 64, "\"\\x7f\"" },
	{ "a long plain text is cut", TEN TEN TEN, 16, "01234567" },
	{ "a long quoted text is cut and still closed", "a " TEN TEN, 16, "\"a 01234\"" },
	{ "escapes are not cut in two", "\n\n\n\n\n\n\n\n", 16, "\"\\x0a\\x0a\"" },
	{ "escaped quotes are not cut in two", "\"\"\"\"\"\"\"\"\"\"", 16, "\"\\\"\\\"\\\"\\\"\"" },
};

static void
value_is(void **state)
{
	const struct value_row *row = *state;
	char *out = malloc(row->size);	/* so that the sanitiser sees a write past the end */

	assert_ptr_equal(log_value(row->text, out, row->size), out);
	assert_string_equal(out, row->value);
	free(out);
}

/* What went to stderr since it was caught: one read, since each line is one write. */
struct caught {
	int pipe[2], stderr_fd;
	char text[8192];
};

static void
catch_begin(struct caught *c)
{
	assert_int_equal(pipe(c->pipe), 0);
	c->stderr_fd = dup(STDERR_FILENO);
	dup2(c->pipe[1], STDERR_FILENO);
}

static void
catch_end(struct caught *c)
{
	ssize_t n;

	dup2(c->stderr_fd, STDERR_FILENO);
	close(c->stderr_fd);
	close(c->pipe[1]);
	n = read(c->pipe[0], c->text, sizeof(c->text) - 1);
	close(c->pipe[0]);
	assert_true(n >= 0);
	c->text[n] = '\0';
}

static void
lines_carry_the_request(void **state)
{
	struct caught c;

	(void)state;
	catch_begin(&c);
	log_info("event=%s", "start");
	log_request("r-1");
	log_info("event=%s", "reply");
	log_error("event=%s", "busy");
	log_request("");
	log_error("event=%s", "stop");
	catch_end(&c);
	assert_string_equal(c.text, "level=info event=start\nlevel=info request_id=r-1 event=reply\n"
	    "level=error request_id=r-1 event=busy\nlevel=error event=stop\n");
}

static void
long_lines_are_cut(void **state)
{
	static char text[10000];
	struct caught c;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	catch_begin(&c);
	log_info("text=%s", text);
	catch_end(&c);
	assert_in_range(strlen(c.text), 4000, 4096);	/* what a pipe takes whole */
	assert_int_equal(c.text[strlen(c.text) - 1], '\n');
}

int
main(void)
{
	TABLE(values, value_is);
	CASE("lines carry the request's id while there is one", lines_carry_the_request);
	CASE("a long line is cut, and ends as a line", long_lines_are_cut);
	return TABLE_RUN("log");
}
