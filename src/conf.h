/*
 * Where the database is: $DAYBOOK_DB, else the line DAYBOOK_DB=… of a `daybook.conf` in the
 * folder above the program's own (shared hosting cannot always set variables).
 */
#ifndef CONF_H
#define CONF_H

#include "status.h"

#define CONF_PATH_MAX 4096

/* Its path into out (CONF_PATH_MAX bytes); UNAVAILABLE and why where nothing names one. */
enum status	conf_database(char *out, struct why *why);

#endif
