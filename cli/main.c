/* daybook [-d FILE] COMMAND -- see daybook(1).  The table of subcommands, and what they share for errors and the database. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "admin/inspect.h"
#include "admin/served.h"
#include "time/instant.h"
#include "db/scratch.h"
#include "base/suggest.h"
#include "base/version.h"

const struct actor cli_actor = { "cli", "" };

/* In the order of the help text. */
static const struct command commands[] = {
	{ "init", cmd_init, "init", "create an empty database; never overwrites a file" },
	{ "org", cmd_org, "org add ID --timezone ZONE [--name TEXT] [--plan WORD] [--daily-limit N|unlimited]\n"
	    "        [--quota-unit message|part] [--cycle-day 1-31] [--week-start monday|…|sunday]\n"
	    "        [--messages-cap N|none] [--cost-cap AMOUNT|none] [--sms-cap N|none] [--call-cap N|none]\n"
	    "        [--allow-overage yes|no] [--currency USD|EUR|…]\n"
	    "org set ID [the same options] [--cycle-day 1-31 --from YYYY-MM-DD] [--recut-history]\n"
	    "org list\n"
	    "org show ID\n"
	    "org sending-window ID [--json]\n"
	    "org sending-window ID [--hours \"mon-fri 09:00-17:00, …\"|always] [--close DATE,… [--name TEXT]]\n"
	    "        [--open DATE,…] [--import FILE.ics|-]\n"
	    "org sending-window ID --remove", "add and change organizations" },
	{ "limit", cmd_limit, "limit add ORG NAME --channels SMS,CALL --window day|rolling|cycle|month|year --amount N|none\n"
	    "        [--unit message|part|cost] [--hours N] [--zone ZONE] [--from SENDER] [--network NAME]\n"
	    "        [--valid-from YYYY-MM-DD] [--action refuse|report] [--json]\n"
	    "limit add ORG NAME --preset NAME [the same options]\n"
	    "limit set ORG NAME [the same options]\n"
	    "limit remove ORG NAME\n"
	    "limit list [ORG | --org ORG] [--json]\n"
	    "limit presets", "set limits, and show what each allows, has used and has left" },
	{ "price", cmd_price, "price set CHANNEL AMOUNT [--org ID] [--from YYYY-MM-DD] [--currency CODE] [--reprice]\n"
	    "price remove CHANNEL --from YYYY-MM-DD [--org ID] [--currency CODE] [--reprice]\n"
	    "price list", "set the price of a message part, or remove one" },
	{ "key", cmd_key, "key add [--alg NAME] [--kid NAME] [--file PEM|JWK|JWKS] [--org ID]\n"
	    "        [--max-scopes LIST] [--iss TEXT] [--aud TEXT] [--any-audience] [--access-role] [--verify-only]\n"
	    "key add --url URL [the same options, without --alg, --kid and --file]\n"
	    "key set KID [--iss TEXT] [--aud TEXT] [--any-audience] [--max-scopes LIST] [--access-role yes|no]\n"
	    "key list\n"
	    "key retire KID\n"
	    "key fetch\n"
	    "key forget URL", "manage the keys that sign tokens" },
	{ "token", cmd_token, "token --org ID [--scope \"usage:read …\"] [--ttl 1h] [--sub NAME] [--kid NAME] [--force]\n"
	    "token --org ID --link [--url URL] [--ttl 10m] [the same options]\n"
	    "token revoke --kid NAME JTI", "print a signed token, or a link that signs in; revoke one" },
	{ "apikey", cmd_apikey, "apikey add --org ID --scope \"usage:write …\" [--name TEXT] [--expires 90d|YYYY-MM-DD]\n"
	    "apikey list\n"
	    "apikey revoke N [--org ID]", "manage API keys" },
	{ "setting", cmd_setting, "setting list\n"
	    "setting set NAME VALUE", "show and change settings of the installation" },
	{ "import", cmd_import, import_usage, "import events from a file" },
	{ "export", cmd_export, "export [--org ID] [--from YYYY-MM-DD] [--to YYYY-MM-DD] [--format ndjson|csv]\n"
	    "        [--report] [--adjustments]", "export events to standard output" },
	{ "campaign", cmd_campaign, "campaign list [--org ID] [--status STATE]\n"
	    "campaign show ID [--org ID]\n"
	    "campaign cancel ID [--org ID]", "list, show and cancel campaigns" },
	{ "usage", cmd_usage, "usage [--org ID] [--month YYYY-MM]\n"
	    "usage [--org ID] [--from YYYY-MM-DD] [--to YYYY-MM-DD]\n"
	    "usage [--org ID] --cycle previous|YYYY-MM-DD\n"
	    "usage --by WORD[,WORD] [--csv] [--org ID] [--month YYYY-MM] [--from YYYY-MM-DD] [--to YYYY-MM-DD]\n"
	    "    [--cycle previous|YYYY-MM-DD]",
	    "show the calendar in the terminal, or who used it" },
	{ "statement", cmd_statement, "statement keep YYYY-MM [--org ID]\n"
	    "statement list [--org ID]\n"
	    "statement show YYYY-MM [--org ID] [--csv]", "keep a month as it was reported, and show what came later" },
	{ "doctor", cmd_doctor, "doctor [--nagios]", "check the installation and say how to fix it; exit status 1 on an error" },
	{ "verify", cmd_verify, "verify\n"
	    "verify --list", "check every figure against the ledger; exit status 1 on a difference" },
	{ "rebuild", cmd_rebuild, "rebuild [--days]", "recompute the sums from the ledger, and the day boundaries if requested" },
	{ "maintenance", cmd_maintenance, "maintenance",
	    "finish open jobs, apply new rules of time zones, read keys of URLs, blank expired failed contacts, back up" },
	{ "erase", cmd_erase, "erase --phone NUMBER", "erase a phone number from all failed contacts" },
	{ "backup", cmd_backup, "backup FILE\n"
	    "backup --keep N FOLDER", "copy the database while programs use it" },
	{ "restore", cmd_restore, "restore FILE [--force]", "replace the database with a backup" },
	{ "upgrade", cmd_upgrade, "upgrade [--force]", "upgrade an older database to the schema of this version" },
	{ "demo", cmd_demo, "demo", "create a database with two organizations and a year of traffic" },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void
print_help(FILE *out)
{
	fprintf(out, "usage: daybook [-d FILE] COMMAND [ARGUMENTS]\n\n");
	for (int i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].what);
	fprintf(out, "\n  -d FILE         the database (default: $DAYBOOK_DB, else the one that daybook.conf names)\n"
	    "  --version       print the version\n"
	    "  COMMAND --help  print the arguments of a command\n");
}

/* A line of `usage` that begins with a blank continues the one before. */
static void
print_usage(FILE *out, const struct command *command)
{
	fprintf(out, "%s\n\n", command->what);
	for (const char *line = command->usage; *line != '\0'; ) {
		size_t n = strcspn(line, "\n");

		fprintf(out, line[0] == ' ' ? "%.*s\n" : "daybook [-d FILE] %.*s\n", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

static bool
ends_with_question(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && text[n - 1] == '?';
}

int
cli_fail(struct cli *c)
{
	if (c->err.text[0] == '\0' && c->db != NULL)
		(void)db_why(c->db, &c->err);
	if (c->err.status == NOT_FOUND && c->err.hint[0] == '\0')
		cli_hint_names(c);
	fprintf(stderr, "daybook: %s%s%s\n", c->err.text, c->err.hint[0] == '\0' ? "" : ends_with_question(c->err.text) ? " " : ". ",
	    c->err.hint);
	return FAILED;
}

int
cli_usage(const char *command, const char *fmt, ...)
{
	char text[2 * ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "daybook %s: %s%s `daybook %s --help`\n", command, text, ends_with_question(text) ? " See" : "; see",
	    command);
	return USAGE;
}

bool
cli_path(struct cli *c)
{
	if (c->path[0] != '\0' || conf_database(c->path, &c->err) == OK)
		return true;
	error_hint(&c->err, "Name it with -d FILE or DAYBOOK_DB.");
	cli_fail(c);
	return false;
}

bool
cli_path_to_make(struct cli *c)
{
	char folder[PATH_MAX];

	if (!cli_path(c))
		return false;
	if (served_at(c->path, &(const struct served) { NULL, NULL }, folder) == SERVED_BY_NONE)
		return true;
	error_set(&c->err, CONFLICT, "%s: would be below %s, which the web server serves, so anybody could download it", c->path,
	    folder);
	error_hint(&c->err, "Name a folder outside of it with -d FILE, DAYBOOK_DB or in daybook.conf.");
	cli_fail(c);
	return false;
}

bool
cli_open_unchecked(struct cli *c)
{
	if (!cli_path(c))
		return false;
	if ((c->db = db_open(c->path, &c->err)) == NULL)
		cli_fail(c);
	return c->db != NULL;
}

bool
cli_open(struct cli *c)
{
	if (!cli_open_unchecked(c))
		return false;
	if (db_is_accepted(c->db) || inspect_and_accept(c->db, &c->err) == OK)
		return true;
	cli_fail(c);
	return false;
}

bool
cli_read(struct cli *c)
{
	if (!cli_open(c))
		return false;
	if (db_read_begin(c->db) == OK)
		return true;
	cli_fail(c);
	return false;
}

/* Called when memory runs out: reports it as the command reports errors.  Without stdio, which may allocate. */
static void
say_out_of_memory(void)
{
	static const char text[] = "daybook: there is not enough memory. Try again\n";

	scratch_abandon();
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(FAILED);
}

/* Finds the subcommand and runs it. --help works after any of its arguments, and never runs it. */
static int
run(struct cli *c, int argc, char **argv)
{
	struct suggestion s;

	for (int i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[0], commands[i].name) != 0)
			continue;
		for (int k = 1; k < argc; k++)
			if (strcmp(argv[k], "--help") == 0 || strcmp(argv[k], "-h") == 0) {
				print_usage(stdout, &commands[i]);
				return DONE;
			}
		return commands[i].run(c, argc, argv);
	}
	suggest_begin(&s, argv[0]);
	for (int i = 0; i < COMMANDS; i++)
		suggest_offer(&s, commands[i].name);
	fprintf(stderr, "daybook: unknown command \"%s\"%s `daybook --help`\n", argv[0],
	    suggest_best(&s) == NULL ? "; see" : arena_printf(c->arena, "%s See", suggest_text(&s)));
	return USAGE;
}

/* An option before the command that is none, or lacks its value; c is what getopt returned. */
static int
refuse_option(int c)
{
	if (c == ':')
		fprintf(stderr, "daybook: -d needs a file, as in `daybook -d my.db usage`\n");
	else if (c == '-')
		fprintf(stderr, "daybook: unknown option --%s; the options are -d FILE, --help and --version\n", optarg);
	else
		fprintf(stderr, "daybook: unknown option -%c; the options are -d FILE, --help and --version\n", optopt);
	return USAGE;
}

int
main(int argc, char **argv)
{
	struct cli c = { .now = instant_now() };
	int rc, opt;

	umask(077);
	out_of_memory_call(say_out_of_memory);
	/*
	 * The "+" stops at the subcommand, whose options are its own; the ":" leaves errors to us; "-:" makes a long option
	 * arrive as option "-" with its name as the value.
	 */
	while ((opt = getopt(argc, argv, "+:d:hV-:")) != -1)
		if (opt == 'd') {
			if (strlen(optarg) >= sizeof(c.path)) {
				fprintf(stderr, "daybook: -d: longer than %zu bytes: \"%.64s…\"\n", sizeof(c.path) - 1, optarg);
				return USAGE;
			}
			snprintf(c.path, sizeof(c.path), "%s", optarg);
		} else if (opt == 'h' || (opt == '-' && strcmp(optarg, "help") == 0)) {
			print_help(stdout);
			return DONE;
		} else if (opt == 'V' || (opt == '-' && strcmp(optarg, "version") == 0)) {
			printf("daybook %s (build %s, SQLite %s, OpenSSL %s, cJSON %s, tzdata %s)\n", version, version_build,
			    db_sqlite_version(), crypto_library(), json_library(), zone_tzdata_version());
			return DONE;
		} else
			return refuse_option(opt);
	if (optind == argc) {
		print_help(stderr);
		return USAGE;
	}
	c.arena = arena_new();
	rc = run(&c, argc - optind, argv + optind);
	db_close(c.db);
	arena_free(c.arena);
	/* Output that was cut off, as on a full disk, must not look like a success. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "daybook: standard output: write error\n");
		return FAILED;
	}
	return rc;
}
