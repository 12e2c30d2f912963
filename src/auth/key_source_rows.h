/* What key_source*.c share. */
#ifndef KEY_SOURCE_ROWS_H
#define KEY_SOURCE_ROWS_H

#include "auth/key_source.h"

#define SOURCE_TEXT_MAX 512	/* bytes of a reason, and of scopes */

/* Where a source has that kid among those it had; its count if it has not. */
size_t	key_source_rows_place(const struct key_source *s, const char *kid);

/* Adds a kid; there must be room for it. */
void	key_source_rows_append(struct key_source *s, const char *kid, bool is_withdrawn);

/* Writes the setting, inside a write transaction. */
enum status	key_source_rows_save(struct db *db, struct arena *a, const struct key_source_list *list, struct error *err);

#endif
