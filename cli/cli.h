/*
 * The daybook command: what its subcommands share.
 *
 * A subcommand is a function of (struct cli *, argc, argv); argv[0] is its own name.  It returns the exit code: 0
 * done, 1 it did not hold, 2 usage.  Errors are one line on stderr that says what to do.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"
#include "org/organization.h"
#include "base/error.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

#define CLI_CREDENTIAL "cli"

struct cli {
	char path[4096];	/* of the database */
	struct db *db;		/* opened by cli_open */
	struct arena *arena;
	int64_t now;
	struct error err;
};

struct command {
	const char *name;
	int (*run)(struct cli *c, int argc, char **argv);
	const char *usage;	/* its arguments, one line for each form */
	const char *what;	/* one line */
};

/* ---- Errors */

/* Prints `daybook: WHAT` and the fix below it; returns FAILED. */
int	cli_fail(struct cli *c);
/* Prints `daybook COMMAND: …`, and where to look; returns USAGE. */
int	cli_usage(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- The database */

/* Finds its path; false, with the error printed. */
bool	cli_path(struct cli *c);
/*
 * Finds (-d, DAYBOOK_DB) and opens it; false, with the error printed, if that cannot be.  A file that was put there by hand
 * is checked as a whole first (inspect.h).
 */
bool	cli_open(struct cli *c);
/* The same in a read transaction. */
bool	cli_read(struct cli *c);
/* Opens whatever is there, for the commands that say what is wrong with it, or replace it. */
bool	cli_open_unchecked(struct cli *c);

/* ---- Options: `--name VALUE`, `--name=VALUE` or `--flag`, anywhere behind the subcommand. */

struct option_spec {
	const char *name;	/* with its dashes; NULL ends the list */
	const char **value;	/* set where given; NULL for a flag */
	bool *flag;
};

/*
 * Reads the options; what is no option goes to operands, at least min and at most max.  False, with the
 * error printed, where one is unknown, given twice, or lacks its value.
 */
bool	cli_options(const char *command, int argc, char **argv, const struct option_spec *specs,
	    const char **operands, int min, int max);

/* Typed values; false, with the error printed. */
bool	cli_day(const char *command, const char *option, const char *text, struct day *d);
bool	cli_int(const char *command, const char *option, const char *text, int64_t min, int64_t max, int64_t *value);

/* The organization named, or the only one where there is just one (id NULL).  Inside a transaction. */
enum status	cli_organization(struct cli *c, const char *id, struct organization *org);

/* ---- Output */

/* A text from elsewhere, in the arena, for one line of a terminal: control characters (U+0080 to U+009F too) become `?`. */
const char	*cli_shown(struct cli *c, const char *text);

/* ---- Progress: a bar on stderr where that is a terminal, nothing where not. */
void	progress(const char *what, int64_t done, int64_t total);	/* total 0 = unknown */
void	progress_end(void);

/* ---- The subcommands, one file per family */
int	cmd_init(struct cli *c, int argc, char **argv);		/* file.c */
int	cmd_backup(struct cli *c, int argc, char **argv);
int	cmd_restore(struct cli *c, int argc, char **argv);
int	cmd_upgrade(struct cli *c, int argc, char **argv);
int	cmd_org(struct cli *c, int argc, char **argv);		/* org.c */
int	cmd_price(struct cli *c, int argc, char **argv);	/* price.c */
int	cmd_key(struct cli *c, int argc, char **argv);		/* key.c */
int	cmd_token(struct cli *c, int argc, char **argv);
int	cmd_apikey(struct cli *c, int argc, char **argv);
int	cmd_setting(struct cli *c, int argc, char **argv);	/* setting.c */
int	cmd_import(struct cli *c, int argc, char **argv);	/* import.c */
int	cmd_export(struct cli *c, int argc, char **argv);	/* export.c */
int	cmd_usage(struct cli *c, int argc, char **argv);	/* usage.c */
int	cmd_campaign(struct cli *c, int argc, char **argv);	/* campaign.c */
int	cmd_erase(struct cli *c, int argc, char **argv);	/* erase.c */
int	cmd_doctor(struct cli *c, int argc, char **argv);	/* doctor.c */
int	cmd_verify(struct cli *c, int argc, char **argv);	/* verify.c */
int	cmd_rebuild(struct cli *c, int argc, char **argv);	/* rebuild.c */
int	cmd_demo(struct cli *c, int argc, char **argv);		/* demo.c */

#endif
