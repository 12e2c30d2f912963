/*
 * Where the database is: $DAYBOOK_DB, else the line DAYBOOK_DB=… of a `daybook.conf` in the
 * folder above the program's own (shared hosting cannot always set variables), else of
 * /etc/daybook/daybook.conf.
 */
#ifndef CONF_H
#define CONF_H

#include "base/error.h"

#define CONF_PATH_MAX 4096

/* Its path into out (CONF_PATH_MAX bytes); UNAVAILABLE and why where nothing names one. */
enum status	conf_database(char *out, struct error *err);

/*
 * The same of given places: named ($DAYBOOK_DB; NULL or "" = not set), then files (NULL-ended) one after the other.  A
 * file that is not there, or has no such line, is passed over; one that cannot be read ends the search.
 */
enum status	conf_search(const char *named, const char *const *files, char *out, struct error *err);

/* The folder above the program's own into out (CONF_PATH_MAX bytes); "" where the system does not say. */
void		conf_folder(char *out);

#endif
