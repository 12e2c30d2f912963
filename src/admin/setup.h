/*
 * Setting Daybook up, and upgrading its database, by the web: for an operator without a shell.
 *
 * The operator is known by a code that only somebody who may put files onto the host can have written: the file
 * SETUP_CODE_FILE in the folder of the database, which no web server serves.  It is removed after it has been used.
 *
 * 1.  Once the database has an organization, nothing here changes it except an upgrade. 2.  Nothing here waits: after a wrong
 * code the same source is refused for SETUP_PAUSE_MS, and all sources together have SETUP_SOURCES wrong codes in that time.
 * 3.  Setting up is one transaction; what must precede it (the folder, an empty database) may exist already.
 */
#ifndef SETUP_H
#define SETUP_H

#include "admin/inspect.h"
#include "admin/served.h"
#include "base/arena.h"
#include "base/conf.h"
#include "org/organization.h"

#define SETUP_CODE_FILE "setup-code.txt"
#define SETUP_PATH_MAX (CONF_PATH_MAX + 32)
#define SETUP_CODE_MIN 16	/* characters */
#define SETUP_CODE_MAX 200
#define SETUP_ATTEMPTS_FILE "setup-attempts"	/* beside the code: when each source tried a wrong one */
#define SETUP_SOURCES 256	/* that are told apart, by a hash of the client's address */
#define SETUP_PAUSE_MS 1000	/* after a wrong code */

enum setup_state {
	SETUP_READY,		/* can be set up, with the code */
	SETUP_OLDER,		/* an older schema: can be upgraded, with the code */
	SETUP_UPGRADING,	/* the same, and the upgrade was begun with the code: goes on without it */
	SETUP_NO_CODE,		/* would be READY or OLDER, but the code file is missing or unusable */
	SETUP_NO_CONF,		/* no configuration names a database */
	SETUP_EXPOSED,		/* the database is or would be in a folder that the web server serves */
	SETUP_AWAY,		/* a file could not be read for a reason that may pass */
	SETUP_BROKEN,		/* the file there cannot be used, or none can be made there */
	SETUP_DONE,
};

struct setup {
	enum setup_state state;
	struct error err;	/* why, in all states but READY, OLDER, UPGRADING and DONE; names no folder of the host */
	char database[CONF_PATH_MAX];
	const char *warning;		/* it is in a folder that a web server may serve, and used there all the same; NULL = no */
	int schema_version;		/* in states OLDER and UPGRADING */
	bool is_upgrade;		/* in state NO_CODE: the code is for an upgrade */
	bool is_code_right;		/* setup_try_code found it so */
};

/* Finds out the state. */
void		setup_look(struct setup *s, const struct served *known);

/*
 * Compares a code with that of the file.  FORBIDDEN if it is another; OVER_QUOTA, without a look at it, if the same source
 * (the client's address) was wrong a moment ago; CONFLICT or UNAVAILABLE if that cannot be recorded.  Several requests may
 * have the right code at once; the database lets one of them do something.
 */
enum status	setup_try_code(struct setup *s, const char *code, const char *source, int64_t now, struct error *err);

/* What the operator gives: the first organization and its prices. */
struct setup_input {
	struct organization org;	/* only the fields that a person chooses */
	struct limit_base base;
	int64_t sms_nanos, call_nanos;	/* price of a part, in billionths of its currency; -1 = none */
};

/*
 * In state READY: makes the folder and the database if they are missing, then the organization, its prices, a signing key if
 * there is none, and an API key for its administrator: *secret, in the arena, which is shown only this once.  CONFLICT if
 * another request was faster.
 */
enum status	setup_perform(struct setup *s, struct arena *a, struct setup_input *input, int64_t now, const char **secret,
		    struct error *err);

/*
 * In state OLDER or UPGRADING: does a turn of the upgrade, of at most turn_ms but for its check; turn says how far it is.  An
 * upgrade that was begun needs no code to go on: a caller can choose nothing about it, and two of them do no more than one.
 */
enum status	setup_upgrade(struct setup *s, struct arena *a, int64_t now, int turn_ms, struct upgrade_turn *turn,
		    struct error *err);

/* The path of the code file of a database. */
void		setup_code_path(const char *database, char path[SETUP_PATH_MAX]);

/*
 * Whether there is a code file with a usable code in it: OK, or FORBIDDEN and why not, or UNAVAILABLE if it could not be read
 * just now.
 */
enum status	setup_code_look(const struct setup *s, struct error *err);

/* Adds to an error what rights the folder of the database needs, by whose it is. */
void		setup_hint_rights(const char *database, struct error *err);

/* Removes the code file and what was recorded of attempts; false if the code is still there. */
bool		setup_forget_code(const struct setup *s);

#endif
