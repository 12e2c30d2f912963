/* Options, typed values and output (see cli.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/scopes.h"
#include "base/suggest.h"
#include "cli.h"
#include "time/instant.h"

/* Says that there is no such option, and which one may be meant; returns false. */
static bool
unknown_option(const char *command, const struct option_spec *specs, const char *arg, size_t n)
{
	char name[SUGGEST_MAX + 1];
	struct suggestion s;

	if (n == 2 && arg[1] == 'd')
		return cli_usage(command, "-d FILE stands before the command: daybook -d FILE %s", command), false;
	snprintf(name, sizeof(name), "%.*s", (int)n, arg);
	suggest_begin(&s, name);
	for (; specs->name != NULL; specs++)
		suggest_offer(&s, specs->name);
	cli_usage(command, "unknown option %.*s%s", (int)n, arg, suggest_text(&s));
	return false;
}

/* Reads the option at argv[*i], and moves *i to its value if that is a word of its own. */
static bool
read_option(const char *command, const struct option_spec *specs, int argc, char **argv, int *i)
{
	const char *arg = argv[*i], *equals = strchr(arg, '=');
	size_t n = equals != NULL ? (size_t)(equals - arg) : strlen(arg);

	for (const struct option_spec *s = specs; s->name != NULL; s++) {
		if (strlen(s->name) != n || strncmp(s->name, arg, n) != 0)
			continue;
		if (s->value == NULL) {
			if (equals != NULL)
				return cli_usage(command, "%s takes no value", s->name), false;
			*s->flag = true;
			return true;
		}
		if (*s->value != NULL)
			return cli_usage(command, "%s is given twice", s->name), false;
		if (equals == NULL && *i + 1 >= argc)
			return cli_usage(command, "%s needs a value", s->name), false;
		*s->value = equals != NULL ? equals + 1 : argv[++*i];
		return true;
	}
	return unknown_option(command, specs, arg, n);
}

bool
cli_options(const char *command, int argc, char **argv, const struct option_spec *specs, const char **operands,
    int min, int max)
{
	bool is_operand = false;
	int count = 0;

	for (int i = 1; i < argc; i++) {
		/* After "--" nothing is an option; "-" alone, standard input, never is. */
		if (!is_operand && strcmp(argv[i], "--") == 0) {
			is_operand = true;
			continue;
		}
		if (!is_operand && argv[i][0] == '-' && argv[i][1] != '\0') {
			if (!read_option(command, specs, argc, argv, &i))
				return false;
			continue;
		}
		if (count == max)
			return cli_usage(command, "unexpected argument \"%s\"", argv[i]), false;
		operands[count++] = argv[i];
	}
	if (count < min)
		return cli_usage(command, "an argument is missing"), false;
	return true;
}

bool
cli_day(const char *command, const char *option, const char *text, struct day *d)
{
	if (day_parse(text, d))
		return true;
	cli_usage(command, "%s: \"%s\" is not a date (YYYY-MM-DD)", option, text);
	return false;
}

bool
cli_int(const char *command, const char *option, const char *text, int64_t min, int64_t max, int64_t *value)
{
	const char *digits = text + (text[0] == '-');
	char *end;

	/* By itself strtoll accepts blanks and a plus before the digits, and turns what is too large into the largest number. */
	errno = 0;
	*value = strtoll(text, &end, 10);
	if (digits[0] >= '0' && digits[0] <= '9' && *end == '\0' && errno == 0 && *value >= min && *value <= max)
		return true;
	cli_usage(command, "%s: \"%s\" is not a whole number from %" PRId64 " to %" PRId64, option, text, min, max);
	return false;
}

bool
cli_duration(const char *command, const char *option, const char *text, int64_t *ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 's', SECOND_MS }, { 'm', MINUTE_MS }, { 'h', HOUR_MS }, { 'd', DAY_MS } };
	char *end;
	long n = strtol(text, &end, 10);

	if (n >= 1 && n <= 1000000 && end != text && text[0] != ' ' && *end != '\0' && end[1] == '\0')
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (*end == units[i].unit) {
				*ms = n * units[i].ms;
				return true;
			}
	cli_usage(command, "%s: \"%s\" is not a duration such as 90s, 15m, 1h or 30d", option, text);
	return false;
}

bool
cli_scopes(struct cli *c, const char *command, const char *option, const char *text, unsigned *scopes)
{
	const char *unknown;

	if (scopes_parse(c->arena, text, scopes, &unknown))
		return true;
	cli_usage(command, "%s: unknown scope \"%s\"; the scopes are %s, metrics and admin", option, unknown,
	    scopes_format(c->arena, SCOPE_ALL & ~(unsigned)SCOPE_INSTALLATION));
	return false;
}

/* Says that there is no organization yet, or that one of several must be named. */
static enum status
several(struct cli *c, size_t n)
{
	if (n == 0)
		error_set(&c->err, BAD_REQUEST, "there is no organization yet");
	else
		error_set(&c->err, BAD_REQUEST, "there are %zu organizations: name one with --org", n);
	cli_hint_names(c);
	return BAD_REQUEST;
}

bool
cli_channel(const char *command, const char *option, const char *text, enum channel *channel)
{
	struct error err;

	if (channel_read(text, channel, &err) == OK)
		return true;
	cli_usage(command, "%s%s%s", option, option[0] != '\0' ? ": " : "", err.text);
	return false;
}

enum status
cli_organization(struct cli *c, const char *id, struct organization *org)
{
	const char **ids;
	enum status st;
	size_t n;

	if (id == NULL) {
		if ((st = organization_ids(c->db, c->arena, &ids, &n)) != OK)
			return st;
		if (n != 1)
			return several(c, n);
		id = ids[0];
	}
	c->org = id;
	return organization_load(c->db, id, org, &c->err);
}

const char *
cli_shown(struct cli *c, const char *text)
{
	char *copy = arena_strdup(c->arena, text);

	for (unsigned char *p = (unsigned char *)copy; *p != '\0'; p++)
		/* 0xc2 begins the two bytes of U+0080 to U+00BF in UTF-8; the first half are control characters. */
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
		else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			*p = p[1] = '?';
	return copy;
}

/* Prints a word as a shell takes it: in apostrophes, if a character could mean something else there. */
static void
print_word(const char *text)
{
	bool is_plain = text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+=-")] == '\0';

	if (!is_plain)
		putchar('\'');
	for (; *text != '\0'; text++)
		printf(*text == '\'' ? "'\\''" : "%c", *text);
	if (!is_plain)
		putchar('\'');
}

/* Prints a command that the reader can copy. */
void
cli_print_hint(struct cli *c, const char *title, const char *command)
{
	printf("%s", title);
	print_word(program_invocation_name);
	printf(" -d ");
	print_word(c->path);
	printf(" %s\n", command);
}
