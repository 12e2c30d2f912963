/*
 * The daybook command: what its subcommands share.
 *
 * A subcommand is a function of (struct cli *, argc, argv); argv[0] is its own name.  It returns the exit code: 0 done, 1 the
 * check or operation failed, 2 wrong usage.  An error is one line on stderr that says what to do.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"
#include "org/organization.h"
#include "quota/channel.h"
#include "base/error.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

extern const struct actor cli_actor;	/* who the command is, for the audit and the ledger */

struct cli {
	char path[4096];	/* of the database */
	struct db *db;		/* opened by cli_open */
	struct arena *arena;
	int64_t now;
	const char *org, *kid;	/* what arguments name, or NULL: if it does not exist, cli_fail says what there is */
	struct error err;
};

struct command {
	const char *name;
	int (*run)(struct cli *c, int argc, char **argv);
	const char *usage;	/* its arguments, one line for each form */
	const char *what;	/* one line */
};

/* ---- Errors */

/*
 * Prints `daybook: WHAT.  HINT` from c->err, or why the database failed if that is empty; returns FAILED.  Ends a read
 * transaction if the hint has to be read.
 */
int	cli_fail(struct cli *c);
/* Prints `daybook COMMAND: …` and how to get help; returns USAGE. */
int	cli_usage(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same if argv[1] and what follows are none of the command's forms; verbs, which end with NULL, are their first words. */
int	cli_no_form(const char *command, int argc, char **argv, const char *const *verbs);
/* The same if an organization must be named, with those that there are if the database can tell. */
int	cli_org_missing(struct cli *c, const char *command, const char *what);
/* Adds to c->err, which says that c->org or c->kid does not exist or none is named, what there is. */
void	cli_hint_names(struct cli *c);
/* Adds which command lists what there is, if c->err is that something does not exist, and no organization's name is wrong. */
void	cli_hint_list(struct cli *c, const char *command);

/* ---- The database */

/* Finds the path of the database (-d, DAYBOOK_DB, daybook.conf).  False, with the error printed, if nothing names one. */
bool	cli_path(struct cli *c);
/* The same for a database that is to be made; also false if a web server serves its folder. */
bool	cli_path_to_make(struct cli *c);
/*
 * Finds and opens the database; false, with the error printed, if that fails.  A file that was put there by hand is inspected
 * as a whole first (inspect.h).
 */
bool	cli_open(struct cli *c);
/* The same, and begins a read transaction. */
bool	cli_read(struct cli *c);
/* Opens the database without that inspection, for the commands that report what is wrong with it or replace it. */
bool	cli_open_unchecked(struct cli *c);

/* ---- Options: `--name VALUE`, `--name=VALUE` or `--flag`, anywhere after the subcommand. */

struct option_spec {
	const char *name;	/* with its dashes; NULL ends the list */
	const char **value;	/* set if the option is given; NULL for a flag */
	bool *flag;
};

/*
 * Reads the options.  Everything else goes to operands, at least min and at most max.  False, with the error printed, if an
 * option is unknown, given twice or lacks its value.
 */
bool	cli_options(const char *command, int argc, char **argv, const struct option_spec *specs,
	    const char **operands, int min, int max);

/* Typed values; false, with the error printed. */
bool	cli_day(const char *command, const char *option, const char *text, struct day *d);
bool	cli_int(const char *command, const char *option, const char *text, int64_t min, int64_t max, int64_t *value);
bool	cli_duration(const char *command, const char *option, const char *text, int64_t *ms);	/* such as 90s, 15m, 1h or 30d */
bool	cli_scopes(struct cli *c, const char *command, const char *option, const char *text, unsigned *scopes);
bool	cli_channel(const char *command, const char *option, const char *text, enum channel *channel);

/* The organization with that id or, if id is NULL, the only one that there is.  Inside a transaction. */
enum status	cli_organization(struct cli *c, const char *id, struct organization *org);

/* ---- Output */

/*
 * A text that came from a client, in the arena, safe for one line of a terminal: control characters (also U+0080 to U+009F)
 * become `?`.
 */
const char	*cli_shown(struct cli *c, const char *text);

/* Prints the title and `daybook -d FILE COMMAND`, for the reader to copy into a shell. */
void	cli_print_hint(struct cli *c, const char *title, const char *command);

/* ---- Progress: a bar on stderr if that is a terminal; otherwise nothing. */
void	progress(const char *what, int64_t done, int64_t total);	/* total 0 = unknown */

/* The same for lines of a file: how many, about how many in all, how many a second, and how long it will take. */
struct progress_lines {
	const char *what;
	int64_t count, done, size;	/* lines so far; bytes of the file so far and in all (0 = unknown) */
	int64_t started_ms;		/* instant_monotonic() */
};

void	progress_lines(const struct progress_lines *p);
void	progress_end(void);

/* ---- The subcommands, one file per family */
int	cmd_init(struct cli *c, int argc, char **argv);		/* file.c */
int	cmd_backup(struct cli *c, int argc, char **argv);
int	cmd_restore(struct cli *c, int argc, char **argv);
int	cmd_upgrade(struct cli *c, int argc, char **argv);
int	cmd_org(struct cli *c, int argc, char **argv);		/* org.c */
int	cmd_org_sending_window(struct cli *c, int argc, char **argv);	/* sending_window.c */
int	cmd_limit(struct cli *c, int argc, char **argv);	/* limit.c */
int	cmd_price(struct cli *c, int argc, char **argv);	/* price.c */
int	cmd_key(struct cli *c, int argc, char **argv);		/* key.c */
int	cmd_token(struct cli *c, int argc, char **argv);	/* token.c */
int	cmd_apikey(struct cli *c, int argc, char **argv);	/* apikey.c */
int	cmd_setting(struct cli *c, int argc, char **argv);	/* setting.c */
int	cmd_import(struct cli *c, int argc, char **argv);	/* import.c */
extern const char import_usage[];
int	cmd_export(struct cli *c, int argc, char **argv);	/* export.c */
int	cmd_usage(struct cli *c, int argc, char **argv);	/* usage.c */

/* What `usage --by` asks: the days that were given, and the words of --by. */
struct usage_by_options {
	const char *org, *by, *cycle;	/* cycle NULL = by the days */
	bool has_from, has_to, is_csv;
	struct day from, to;
};
int	cmd_usage_by(struct cli *c, const struct usage_by_options *o);	/* usage_by.c */
/* Fills in the days that are not given: the first or last day of the month of the other one, or of today's month. */
void	cmd_usage_month(struct day today, bool has_from, bool has_to, struct day *from, struct day *to);

int	cmd_campaign(struct cli *c, int argc, char **argv);	/* campaign.c */
int	cmd_statement(struct cli *c, int argc, char **argv);	/* statement.c */
int	cmd_erase(struct cli *c, int argc, char **argv);	/* erase.c */
int	cmd_doctor(struct cli *c, int argc, char **argv);	/* doctor.c */
int	cmd_verify(struct cli *c, int argc, char **argv);	/* verify.c */
int	cmd_rebuild(struct cli *c, int argc, char **argv);	/* rebuild.c */
int	cmd_maintenance(struct cli *c, int argc, char **argv);	/* maintenance.c */
int	cmd_demo(struct cli *c, int argc, char **argv);		/* demo.c */

#endif
