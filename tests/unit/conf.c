/* conf.c: where the database is, and how much may be kept, by the places that may say so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "table.h"

static char folder[] = "/tmp/daybook-conf-XXXXXX";

/* %s in what is wanted stands for the folder of the test; own and system are NULL if there is no such file. */
static const struct place_row {
	const char *name, *named, *own, *system;
	enum status status;
	const char *wanted;	/* the path, or a word of the error */
} places[] = {
	{ "the environment goes first", "/a.db", "DAYBOOK_DB=/b.db\n", "DAYBOOK_DB=/c.db\n", OK, "/a.db" },
	{ "a relative path of the environment is taken as it is", "a.db", NULL, NULL, OK, "a.db" },
	{ "an empty variable is none", "", "DAYBOOK_DB=/b.db\n", NULL, OK, "/b.db" },
	{ "the program's own file goes before the system's", NULL, "DAYBOOK_DB=/b.db\n", "DAYBOOK_DB=/c.db\n", OK, "/b.db" },
	{ "the system's file is the last place", NULL, NULL, "DAYBOOK_DB=/c.db\n", OK, "/c.db" },
	{ "a file without the line is passed over", NULL, "# nothing\nDAYBOOK_DB=\n", "DAYBOOK_DB=/c.db\n", OK, "/c.db" },
	{ "a relative path begins at the folder of its file", NULL, "DAYBOOK_DB=data/b.db\n", NULL, OK, "%s/own/data/b.db" },
	{ "of the system's file too", NULL, NULL, "DAYBOOK_DB=../c.db\n", OK, "%s/system/../c.db" },
	{ "blanks belong to the path, a carriage return does not", NULL, "DAYBOOK_DB=/a b .db \r\n", NULL, OK, "/a b .db " },
	{ "the last line needs no end", NULL, "DAYBOOK_DB=/b.db", NULL, OK, "/b.db" },
	{ "the first line that begins so counts", NULL, " DAYBOOK_DB=/a.db\nDAYBOOK_DB=/b.db\nDAYBOOK_DB=/c.db\n", NULL, OK,
	    "/b.db" },
	{ "if nothing names one, the error names the first place", NULL, NULL, NULL, UNAVAILABLE, "%s/own/daybook.conf" },
	{ "if nothing names one, the error names the last place", NULL, "", NULL, UNAVAILABLE, "%s/system/daybook.conf" },
};

static void
put(const char *file, const char *text)
{
	FILE *f;

	unlink(file);
	if (text == NULL)
		return;
	assert_non_null(f = fopen(file, "w"));
	fputs(text, f);
	fclose(f);
}

static void
files_of(char own[256], char system_wide[256])
{
	snprintf(own, 256, "%s/own/daybook.conf", folder);
	snprintf(system_wide, 256, "%s/system/daybook.conf", folder);
}

static void
path_is(void **state)
{
	const struct place_row *row = *state;
	char own[256], system_wide[256], wanted[512], out[CONF_PATH_MAX] = "";
	const char *const files[] = { own, system_wide, NULL };
	struct error err = { 0 };

	files_of(own, system_wide);
	put(own, row->own);
	put(system_wide, row->system);
	assert_int_equal(conf_search(row->named, files, out, &err), row->status);
	if (strncmp(row->wanted, "%s", 2) == 0)
		snprintf(wanted, sizeof(wanted), "%s%s", folder, row->wanted + 2);
	else
		snprintf(wanted, sizeof(wanted), "%s", row->wanted);
	if (row->status == OK)
		assert_string_equal(out, wanted);
	else
		assert_non_null(strstr(err.text, wanted));
	put(own, NULL);
	put(system_wide, NULL);
}

static void
long_paths_are_refused(void **state)
{
	static char line[CONF_PATH_MAX + 64];
	char own[256], system_wide[256], out[CONF_PATH_MAX] = "";
	const char *const files[] = { own, system_wide, NULL };
	struct error err = { 0 };

	(void)state;
	files_of(own, system_wide);
	memset(line, 'a', sizeof(line) - 1);
	memcpy(line, "DAYBOOK_DB=/", 12);
	put(own, line);
	put(system_wide, "DAYBOOK_DB=/c.db\n");
	assert_int_equal(conf_search(NULL, files, out, &err), UNAVAILABLE);
	assert_non_null(strstr(err.text, "too long"));
	assert_int_equal(conf_search(line, files, out, &err), UNAVAILABLE);
	assert_non_null(strstr(err.text, "too long"));
	put(own, NULL);
	put(system_wide, NULL);
}

/* Another database than the one that somebody named must not be taken instead. */
static void
unreadable_files_end_the_search(void **state)
{
	char own[256], system_wide[256], out[CONF_PATH_MAX] = "";
	const char *const files[] = { own, system_wide, NULL };
	struct error err = { 0 };

	(void)state;
	files_of(own, system_wide);
	assert_int_equal(mkdir(own, 0700), 0);	/* what cannot be read by anybody, root neither */
	put(system_wide, "DAYBOOK_DB=/c.db\n");
	assert_int_equal(conf_search(NULL, files, out, &err), UNAVAILABLE);
	assert_non_null(strstr(err.text, own));
	rmdir(own);
	put(system_wide, NULL);
}

/* What a process may keep: KiB in the file, bytes in the program. */
static const struct memory_row {
	const char *name, *named, *own, *system;
	enum status status;
	size_t bytes;
} memories[] = {
	{ "without a line it is 256 KiB", NULL, "DAYBOOK_DB=/b.db\n", NULL, OK, 256 * 1024 },
	{ "the variable goes before the file", "64", "DAYBOOK_REPLY_MEMORY=32\n", NULL, OK, 64 * 1024 },
	{ "the own file goes before the system's", NULL, "DAYBOOK_DB=/b.db\nDAYBOOK_REPLY_MEMORY=32\n", "DAYBOOK_REPLY_MEMORY=16\n", OK,
	    32 * 1024 },
	{ "a file without the line is passed over for the memory too", "", "DAYBOOK_DB=/b.db\n", "DAYBOOK_REPLY_MEMORY=16\n", OK, 16 * 1024 },
	{ "0 keeps nothing", "0", NULL, NULL, OK, 0 },
	{ "the longest is 1 GiB", "1048576", NULL, NULL, OK, (size_t)1024 * 1024 * 1024 },
	{ "more is refused, and the default used", "1048577", NULL, NULL, BAD_REQUEST, 256 * 1024 },
	{ "a unit is refused", NULL, "DAYBOOK_REPLY_MEMORY=64K\n", NULL, BAD_REQUEST, 256 * 1024 },
	{ "a sign is refused", "-1", NULL, NULL, BAD_REQUEST, 256 * 1024 },
	{ "a number that no integer holds is refused", "99999999999999999999", NULL, NULL, BAD_REQUEST, 256 * 1024 },
};

static void
memory_is(void **state)
{
	const struct memory_row *row = *state;
	char own[256], system_wide[256];
	const char *const files[] = { own, system_wide, NULL };
	struct error err = { 0 };
	size_t bytes = 1;

	files_of(own, system_wide);
	put(own, row->own);
	put(system_wide, row->system);
	assert_int_equal(conf_search_memory(row->named, files, &bytes, &err), row->status);
	assert_int_equal(bytes, row->bytes);
	if (row->status != OK)
		assert_non_null(strstr(err.text, "DAYBOOK_REPLY_MEMORY"));
	put(own, NULL);
	put(system_wide, NULL);
}

static void
in_folder(const char *name, int (*act)(const char *path))
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(act(path), 0);
}

static int
make_folder(const char *path)
{
	return mkdir(path, 0700);
}

int
main(void)
{
	int failed;

	assert_non_null(mkdtemp(folder));
	in_folder("own", make_folder);
	in_folder("system", make_folder);
	TABLE(places, path_is);
	TABLE(memories, memory_is);
	CASE("a path that is too long is refused, and not cut", long_paths_are_refused);
	CASE("a file that cannot be read ends the search", unreadable_files_end_the_search);
	failed = TABLE_RUN("conf");
	in_folder("own", rmdir);
	in_folder("system", rmdir);
	rmdir(folder);
	return failed;
}
