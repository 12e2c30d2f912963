/*
 * The audit: who changed what, when, with which credential.  The function that changes something writes the row, so that
 * no handler and no command can forget it.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"
#include "db/db.h"
#include "store/actor.h"

/* Writes a row; inside a write transaction.  org_key 0 = the installation.  detail is a JSON object. */
enum status	audit(struct db *db, int64_t now, int64_t org_key, const struct actor *by, const char *action,
		    const char *detail) MUST_CHECK;

/* The same with a detail of one member, {"NAME":"TEXT"}. */
enum status	audit_pair(struct db *db, int64_t now, int64_t org_key, const struct actor *by, const char *action,
		    const char *name, const char *text) MUST_CHECK;

/*
 * Members of an object of changes, `"changed":{…}` in a detail: "NAME":{"from":…,"to":…} if the two values differ,
 * otherwise nothing.  A NULL text is null; those of the last function are JSON already.  Never a secret.
 */
void		audit_put_text_change(struct json *j, const char *name, const char *from, const char *to);
void		audit_put_int_change(struct json *j, const char *name, int64_t from, int64_t to);
void		audit_put_raw_change(struct json *j, const char *name, const char *from, const char *to);

struct audit_row {
	int64_t number, at;		/* number: in its organization, or in the installation */
	bool is_installation;
	const char *credential, *actor, *action, *detail;
};

/* A position in the audit: what follows has smaller numbers than these. */
struct audit_cursor {
	int64_t org, installation;	/* AUDIT_NEWEST = from the newest row; AUDIT_END = after the oldest */
};

#define AUDIT_NEWEST INT64_MAX
#define AUDIT_END 1	/* numbers begin with it */

struct audit_page {
	struct audit_row *rows;		/* newest first, in the arena */
	size_t count;
	bool has_more;
	struct audit_cursor next;	/* where the next page goes on */
};

#define AUDIT_PAGE_BYTES_MAX (4 << 20)	/* of details; a page ends with the row that exceeds it */

#define AUDIT_LOOKED_AT_MAX 20000	/* rows; a page ends after so many, whatever the filter wants of them */

/* What to list; NULL = any. */
struct audit_filter {
	const char *action, *credential, *actor;
};

/*
 * At most max rows of an organization, and of the installation too if with_installation.  A page may have fewer rows than max, or
 * none, without being the last.  Inside a transaction.
 */
enum status	audit_list(struct db *db, struct arena *a, int64_t org_key, bool with_installation, const struct audit_filter *f,
		    struct audit_cursor before, size_t max, struct audit_page *page) MUST_CHECK;

#endif
