/*
 * Setting Daybook up, and bringing its database to a newer schema, by the web: for an operator without a shell.
 *
 * What proves the operator is a code that only somebody who may put files onto the host can know: the file
 * SETUP_CODE_FILE in the folder above the programs.  It is removed when it has served.
 *
 * 1. Once the database has an organisation, nothing here changes it any more but an upgrade.
 * 2. Codes are compared one request after the other, and after a wrong one comes a pause.
 * 3. Setting up is one transaction; what may come before it (the folder, an empty database) may be there already.
 */
#ifndef SETUP_H
#define SETUP_H

#include "base/arena.h"
#include "base/conf.h"
#include "org/organization.h"

#define SETUP_CODE_FILE "setup-code.txt"
#define SETUP_CODE_MIN 16	/* characters */
#define SETUP_CODE_MAX 200
#define SETUP_WAIT_MS 10000	/* for others who try a code */
#define SETUP_PAUSE_MS 1000	/* after a wrong one */

enum setup_state {
	SETUP_READY,		/* to be set up, with the code */
	SETUP_OLDER,		/* the schema is an older one: to be upgraded, with the code */
	SETUP_NO_CODE,		/* one of these two, but there is no code file yet, or a bad one */
	SETUP_NO_CONF,		/* nothing names a database */
	SETUP_EXPOSED,		/* the database would lie among what the web server gives out */
	SETUP_AWAY,		/* the machine could not read a file just now */
	SETUP_BROKEN,		/* what lies there cannot be used, or can't be made there */
	SETUP_DONE,
};

struct setup {
	enum setup_state state;
	struct error err;			/* of all but READY, OLDER and DONE; names no folder of the host */
	char database[CONF_PATH_MAX];
	int schema_version;		/* of OLDER */
	bool is_upgrade;		/* NO_CODE: what the code is for */
	int code_file;			/* open and locked from setup_enter to setup_leave; else -1 */
};

/* What is there.  document_root may be NULL. */
void		setup_look(struct setup *s, const char *document_root);

/*
 * Checks the code, and keeps others out until setup_leave; then looks again, as another may have been faster.
 * FORBIDDEN if it is wrong (after the pause); UNAVAILABLE if others try for too long; CONFLICT if the file cannot be locked.
 */
enum status	setup_enter(struct setup *s, const char *code, const char *document_root, struct error *err);
void		setup_leave(struct setup *s);

/* What the first organisation is to be. */
struct setup_input {
	struct organization org;	/* what a person chooses of it */
	int64_t sms_nanos, call_nanos;	/* prices of a part; -1 = none */
};

/*
 * In state READY: the folder and the database where they are missing, the organisation, its prices, a signing key where
 * there is none, and an API key of its administrator: *secret, in the arena, seen only here.  CONFLICT where another was faster.
 */
enum status	setup_perform(struct setup *s, struct arena *a, struct setup_input *input, int64_t now, const char **secret,
		    struct error *err);

/* In state OLDER: copies the database beside itself, then upgrades it.  *copy, in the arena, is the copy's name. */
enum status	setup_upgrade(struct setup *s, struct arena *a, int64_t now, const char **copy, struct error *err);

/* Whether there is a code file with a code in it: OK, or FORBIDDEN and why. */
enum status	setup_code_look(struct error *err);

/* Removes the code file; false where that cannot be. */
bool		setup_forget_code(void);

#endif
