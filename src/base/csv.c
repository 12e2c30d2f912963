#include <string.h>

#include "base/csv.h"
#include "base/money.h"

/* Separates cells: a comma before every cell of a line except the first. */
static void
put_comma(struct csv *c)
{
	if (c->needs_comma)
		buf_put_byte(c->to, ',');
	c->needs_comma = true;
}

/*
 * Whether a text needs quotes.  RFC 4180 asks for them if there are commas, quotes or line ends;
 * blanks at the ends get them too, because many readers trim a bare cell.
 */
static bool
needs_quotes(const char *text, size_t n)
{
	return strpbrk(text, ",\"\r\n") != NULL ||
	    (n > 0 && (text[0] == ' ' || text[0] == '\t' || text[n - 1] == ' ' || text[n - 1] == '\t'));
}

void
csv_put_text(struct csv *c, const char *text)
{
	/* A spreadsheet would run the formula that a sender has put into a name.  A ' makes it a text. */
	bool is_formula = !c->is_for_import && text[0] != '\0' && strchr("=+-@\t\r\n", text[0]) != NULL;
	size_t n = strlen(text);

	put_comma(c);
	if (!needs_quotes(text, n)) {
		buf_put(c->to, "'", is_formula ? 1 : 0);
		buf_put(c->to, text, n);
		return;
	}
	buf_put(c->to, "\"'", is_formula ? 2 : 1);
	/* Doubles each quote inside; the rest is copied in runs. */
	while (*text != '\0') {
		n = strcspn(text, "\"");
		buf_put(c->to, text, n);
		text += n;
		if (*text == '"') {
			buf_put(c->to, "\"\"", 2);
			text++;
		}
	}
	buf_put_byte(c->to, '"');
}

/* Whether a text begins with ', perhaps several, and then a sign of a formula. */
static bool
is_quoted(const char *text)
{
	size_t n = strspn(text, "'");

	return n > 0 && text[n] != '\0' && strchr("=+-@", text[n]) != NULL;
}

void
csv_put_unquotable(struct csv *c, const char *text)
{
	struct buf quoted = { 0 };

	if (!is_quoted(text)) {
		csv_put_text(c, text);
		return;
	}
	buf_put_byte(&quoted, '\'');
	buf_put_text(&quoted, text);
	csv_put_text(c, buf_text(&quoted));
	buf_free(&quoted);
}

const char *
csv_unquoted(const char *cell)
{
	return is_quoted(cell) ? cell + 1 : cell;
}

/* A cell that can need neither quotes nor a ' in front: an amount, a word of ours. */
static void
put_plain(struct csv *c, const char *text)
{
	put_comma(c);
	buf_put_text(c->to, text);
}

void
csv_put_int(struct csv *c, int64_t value)
{
	put_comma(c);
	buf_put_int(c->to, value);
}

void
csv_put_bool(struct csv *c, bool value)
{
	put_plain(c, value ? "true" : "false");
}

void
csv_put_money(struct csv *c, int64_t micros)
{
	char text[MONEY_TEXT_MAX];

	put_plain(c, money_format(micros, text));
}

void
csv_put_none(struct csv *c)
{
	put_comma(c);
}

void
csv_put_names(struct csv *c, const char *const *names)
{
	for (; *names != NULL; names++)
		put_plain(c, *names);
	csv_put_end(c);
}

/* Ends a line; the next cell begins a new one. */
void
csv_put_end(struct csv *c)
{
	buf_put_text(c->to, c->is_for_import ? "\n" : "\r\n");
	c->needs_comma = false;
}
