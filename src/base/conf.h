/*
 * Where the database is: $DAYBOOK_DB; else the line DAYBOOK_DB=… of a `daybook.conf` in the folder
 * above the program's own (shared hosting cannot always set variables); else that line of
 * /etc/daybook/daybook.conf.  DAYBOOK_REPLY_MEMORY is looked for in the same places.
 */
#ifndef CONF_H
#define CONF_H

#include <stddef.h>

#include "base/error.h"

#define CONF_PATH_MAX 4096

/* Writes its path into out (CONF_PATH_MAX bytes).  UNAVAILABLE and a reason if nothing names a database. */
enum status	conf_database(char *out, struct error *err);

/*
 * The same with sources that the caller names: `named` ($DAYBOOK_DB; NULL or "" = not set), then
 * `files` (the list ends with NULL), one after the other.  Skips a file that does not exist or has
 * no such line; one that cannot be read ends the search.
 */
enum status	conf_search(const char *named, const char *const *files, char *out, struct error *err);

/*
 * How many bytes a program that stays may use for what it keeps from one request to the next (base/kept.h); 0 = it keeps nothing.
 * BAD_REQUEST, or UNAVAILABLE as above, and a reason; then *bytes is the default.
 */
enum status	conf_memory(size_t *bytes, struct error *err);
enum status	conf_search_memory(const char *named, const char *const *files, size_t *bytes, struct error *err);

/*
 * Writes the folder above the program's own into out (CONF_PATH_MAX bytes); "" if the system does
 * not tell it.
 */
void		conf_folder(char *out);

#endif
