/*
 * The installation as a whole: what belongs to no organization (keys, settings, common prices), and who may do what.
 */
#ifndef INSTALLATION_H
#define INSTALLATION_H

#include "db/db.h"

/*
 * Counts its revision up.  Every write calls it that changes a common price, or what requests read before their handlers do:
 * settings, signing keys, API keys (but not the day of their last use), revoked tokens, which organizations there are, and which
 * jobs are open.  What a process keeps of these holds as long as this number (db_installation_version); tests/lint knows the
 * tables, and tests/e2e/test_kept.py compares them with it.
 */
enum status	installation_touch(struct db *db) MUST_CHECK;

#endif
