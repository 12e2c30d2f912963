/*
 * The installation as a whole: what belongs to no organization (keys, settings, common prices).
 */
#ifndef INSTALLATION_H
#define INSTALLATION_H

#include "db/db.h"

/* Counts its revision up.  Every write transaction that changes something of the installation calls it. */
enum status	installation_touch(struct db *db) MUST_CHECK;

#endif
