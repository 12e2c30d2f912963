/* What key_source*.c share. */
#ifndef KEY_SOURCE_ROWS_H
#define KEY_SOURCE_ROWS_H

#include "auth/key_source.h"

#define SOURCE_TEXT_MAX 512	/* bytes of a reason, and of scopes */

/* Writes the setting, inside a write transaction. */
enum status	key_source_rows_save(struct db *db, struct arena *a, const struct key_source_list *list, struct error *err);

#endif
