/*
 * CSV (RFC 4180), appended to a buf.  The writer adds the commas, quotes and line ends.
 *
 * For a spreadsheet, a text that would be read as a formula gets a ' in front (if it starts with
 * one of =+-@, a tab or a line end), and lines end in CRLF.  For `import`, every text is written
 * unchanged, and lines end in LF.  Numbers are written as numbers in both, negative ones too.
 */
#ifndef CSV_H
#define CSV_H

#include <stdbool.h>

#include "base/buf.h"

struct csv {
	struct buf *to;
	bool is_for_import;
	bool needs_comma;
};

void	csv_put_text(struct csv *c, const char *text);

/*
 * The same of a text that import reads without the ' in front of it.  One that has such a ' itself gets another, so that both are
 * what they were.
 */
void	csv_put_unquotable(struct csv *c, const char *text);

/* Such a cell without that '. */
const char	*csv_unquoted(const char *cell);
void	csv_put_int(struct csv *c, int64_t value);
void	csv_put_bool(struct csv *c, bool value);	/* "true" or "false" */
void	csv_put_money(struct csv *c, int64_t micros);	/* dollars */
void	csv_put_none(struct csv *c);			/* an empty cell */
void	csv_put_names(struct csv *c, const char *const *names);	/* a whole line; the list ends with NULL */
void	csv_put_end(struct csv *c);

#endif
