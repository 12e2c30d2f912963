/*
 * How zone.c finds, lists, keeps and refuses files.  Each test has a folder of its own.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table.h"
#include "make_tzif.h"
#include "zones.h"

#include "time/zone.h"

static char folder[64];

static void
enter_folder(void)
{
	strcpy(folder, "/tmp/daybook-zone-XXXXXX");
	assert_non_null(mkdtemp(folder));
	setenv("TZDIR", folder, 1);
}

static void
leave_folder(void)
{
	char command[128];

	unsetenv("TZDIR");
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
}

static char *
path_of(const char *file, char *path)
{
	snprintf(path, 128, "%s/%s", folder, file);
	return path;
}

static void
put_file(const char *file, const void *bytes, size_t n)
{
	char path[128];
	FILE *f = fopen(path_of(file, path), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void
put_text(const char *file, const char *text)
{
	put_file(file, text, strlen(text));
}

static void
put_zone(const char *file, int32_t offset_s)
{
	uint8_t bytes[MADE_SIZE];

	put_file(file, bytes, make_fixed(bytes, offset_s, ""));
}

static void
without_a_list_every_sound_name_with_a_file_is_a_zone(void **state)
{
	char path[128];

	(void)state;
	enter_folder();
	put_zone("Home", 3600);
	assert_true(is_zone("Home"));
	assert_false(is_zone("Away"));
	assert_int_equal(mkdir(path_of("posix", path), 0700), 0);
	assert_int_equal(mkdir(path_of("right", path), 0700), 0);
	assert_int_equal(mkdir(path_of("north", path), 0700), 0);
	put_zone("north/Home", 3600);
	assert_true(is_zone("north/Home"));
	for (const char *const *name = (const char *const[]){ "Factory", "posixrules", "localtime", "posix/Home",
	    "right/Home", "Ho.me", "north/../Home", NULL }; *name != NULL; name++) {
		put_zone(*name, 3600);
		assert_false(is_zone(*name));
	}
	leave_folder();
}

static void
tzdata_zi_is_the_list(void **state)
{
	(void)state;
	enter_folder();
	put_text("tzdata.zi", "# version 2031c\nR d 1916 o - Jun 14 23s 1 S\nZ Home -0:16:8 - LMT\nZ Gone 0 - -00\n"
	    "0 - Rule\nL Home House\n");
	put_text("zone.tab", "AD\t+4230+00131\tTabbed\n");
	for (const char *const *name = (const char *const[]){ "Home", "House", "Tabbed", "Rule", "d", NULL };
	    *name != NULL; name++)
		put_zone(*name, 3600);
	assert_true(is_zone("Home"));
	assert_true(is_zone("House"));	/* a link */
	assert_false(is_zone("Gone"));	/* listed, without a file */
	assert_false(is_zone("Tabbed"));
	assert_false(is_zone("Rule"));
	assert_false(is_zone("d"));
	assert_string_equal(zone_tzdata_version(), "2031c");
	leave_folder();
}

static void
a_link_without_a_file_is_read_by_its_target(void **state)
{
	char path[128], states[2][ZONE_STATE_MAX];
	struct error err;

	(void)state;
	enter_folder();
	put_text("tzdata.zi", "# version 2031c\nZ Home 1 - -\nL Home House\nL House Hut\nL Ring Rung\nL Rung Ring\n"
	    "L ../Home Up\nL Nowhere Lost\nL Home Own\n");
	put_zone("Home", 3600);
	put_zone("Own", 7200);
	for (const char *const *name = (const char *const[]){ "House", "Hut", NULL }; *name != NULL; name++)
		assert_int_equal(zone_offset_at(zone_get(*name, &err), 0), 3600);
	assert_int_equal(zone_offset_at(zone_get("Own", &err), 0), 7200);	/* its own file goes first */
	assert_false(is_zone("Up"));	/* a target that is no name */
	assert_false(is_zone("Lost"));
	assert_false(is_zone("Rung"));	/* a circle */
	assert_false(is_zone("Elsewhere"));
	/* The target's file is replaced, then the name gets a file of its own: both are noticed. */
	zone_file_state("House", states[0]);
	put_zone("new", 10800);
	assert_int_equal(rename(path_of("new", states[1]), path_of("Home", path)), 0);
	zone_file_state("House", states[1]);
	assert_string_not_equal(states[0], states[1]);
	assert_int_equal(zone_offset_at(zone_get("House", &err), 0), 10800);
	put_zone("House", -3600);
	zone_file_state("House", states[0]);
	assert_string_not_equal(states[0], states[1]);
	assert_int_equal(zone_offset_at(zone_get("House", &err), 0), -3600);
	assert_int_equal(unlink(path_of("House", path)), 0);
	assert_int_equal(zone_offset_at(zone_get("House", &err), 0), 10800);
	assert_int_equal(unlink(path_of("Home", path)), 0);
	assert_false(is_zone("House"));
	leave_folder();
}

static void
the_zones_to_offer_are_those_of_places_and_utc(void **state)
{
	struct arena *a = arena_new();
	const char **names;

	(void)state;
	enter_folder();
	assert_int_equal(zone_names(a, &names), 1);	/* without a list: UTC */
	put_text("tzdata.zi", "# version 2031c\nZ Europe/B 1 - -\nZ Asia/C 1 - -\nL Asia/C Asia/A\nZ Etc/GMT+1 1 - -\nZ UTC 0 - -\n"
	    "Z GB 0 - -\nZ Asia/C 1 - -\nZ Asia/<b> 1 - -\n");
	assert_int_equal(zone_names(a, &names), 4);
	for (int i = 0; i < 4; i++)
		assert_string_equal(names[i], ((const char *const[]){ "Asia/A", "Asia/C", "Europe/B", "UTC" })[i]);
	arena_free(a);
	leave_folder();
}

static void
the_tables_are_the_list_where_there_is_no_tzdata_zi(void **state)
{
	(void)state;
	enter_folder();
	put_text("zone.tab", "# comment comment Comment\nAD\t+4230+00131\tOld\tmainly Andorra\n");
	put_text("zone1970.tab", "AD,FR\t+4230+00131\tNew\n");
	for (const char *const *name = (const char *const[]){ "Old", "New", "UTC", "Comment", "Other", NULL };
	    *name != NULL; name++)
		put_zone(*name, 3600);
	assert_true(is_zone("Old"));
	assert_true(is_zone("New"));
	assert_true(is_zone("UTC"));	/* in no country's table */
	assert_false(is_zone("Comment"));
	assert_false(is_zone("Other"));
	assert_string_equal(zone_tzdata_version(), "");
	leave_folder();
}

/* A list that is there and cannot be read does not let every name in. */
static void
a_list_that_cannot_be_read_lists_nothing(void **state)
{
	char path[128];

	(void)state;
	enter_folder();
	put_zone("Home", 3600);
	assert_int_equal(symlink("tzdata.zi", path_of("tzdata.zi", path)), 0);	/* a loop */
	assert_false(is_zone("Home"));
	assert_int_equal(unlink(path), 0);
	assert_true(is_zone("Home"));
	leave_folder();
}

static void
another_folder_is_another_database(void **state)
{
	char first[sizeof(folder)];

	(void)state;
	enter_folder();
	strcpy(first, folder);
	put_zone("Home", 3600);
	assert_int_equal(zone_offset_at(zone("Home"), 0), 3600);
	enter_folder();
	put_zone("Home", 7200);
	assert_int_equal(zone_offset_at(zone("Home"), 0), 7200);
	leave_folder();
	strcpy(folder, first);
	setenv("TZDIR", folder, 1);
	assert_int_equal(zone_offset_at(zone("Home"), 0), 3600);
	leave_folder();
	assert_false(is_zone("Home"));
	assert_string_not_equal(zone_tzdata_version(), "");
}

/* The same file in another folder is judged by that folder's list. */
static void
another_folder_has_another_list(void **state)
{
	char first[sizeof(folder)], from[128], to[128];

	(void)state;
	enter_folder();
	strcpy(first, folder);
	put_zone("Home", 3600);
	path_of("Home", from);
	assert_true(is_zone("Home"));
	enter_folder();
	put_text("tzdata.zi", "Z Other 0 - -00\n");
	assert_int_equal(symlink(from, path_of("Home", to)), 0);
	assert_false(is_zone("Home"));
	leave_folder();
	strcpy(folder, first);
	leave_folder();
}

static void
a_replaced_file_is_read_again(void **state)
{
	char from[128], to[128];

	(void)state;
	enter_folder();
	put_zone("Home", 3600);
	assert_int_equal(zone_offset_at(zone("Home"), 0), 3600);
	put_zone("Home.new", 7200);
	assert_int_equal(rename(path_of("Home.new", from), path_of("Home", to)), 0);
	assert_int_equal(zone_offset_at(zone("Home"), 0), 7200);
	leave_folder();
}

/* Of the same size and time: only the inode tells. */
static void
a_replaced_file_is_read_again_though_it_looks_alike(void **state)
{
	static const struct timespec then[2] = { { 1000, 1 }, { 1000, 1 } };
	char from[128], to[128];

	(void)state;
	enter_folder();
	put_zone("Home", 3600);
	put_zone("Home.new", 7200);
	assert_int_equal(utimensat(AT_FDCWD, path_of("Home", to), then, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, path_of("Home.new", from), then, 0), 0);
	assert_int_equal(zone_offset_at(zone("Home"), 0), 3600);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(zone_offset_at(zone("Home"), 0), 7200);
	leave_folder();
}

/* Only the modification time tells, to the nanosecond; and where not even that changes, nothing is read. */
static void
a_file_changed_in_place_is_read_again(void **state)
{
	static const struct timespec first[2] = { { 1000, 1 }, { 1000, 1 } }, later[2] = { { 1000, 2 }, { 1000, 2 } };
	char path[128];

	(void)state;
	enter_folder();
	path_of("Home", path);
	put_zone("Home", 3600);
	assert_int_equal(utimensat(AT_FDCWD, path, first, 0), 0);
	assert_int_equal(zone_offset_at(zone("Home"), 0), 3600);
	put_zone("Home", 7200);
	assert_int_equal(utimensat(AT_FDCWD, path, first, 0), 0);
	assert_int_equal(zone_offset_at(zone("Home"), 0), 3600);
	assert_int_equal(utimensat(AT_FDCWD, path, later, 0), 0);
	assert_int_equal(zone_offset_at(zone("Home"), 0), 7200);
	leave_folder();
}

static void
a_file_that_went_away_is_no_zone_until_it_is_back(void **state)
{
	char path[128];

	(void)state;
	enter_folder();
	put_zone("Home", 3600);
	assert_true(is_zone("Home"));
	assert_int_equal(unlink(path_of("Home", path)), 0);
	assert_false(is_zone("Home"));
	put_zone("Home", 7200);
	assert_int_equal(zone_offset_at(zone("Home"), 0), 7200);
	leave_folder();
}

/* What the bytes of a file say is wrong with it, by zone_get. */
static void
assert_unusable(const void *bytes, size_t n, const char *wrong)
{
	struct error err = { "", "" };

	put_file("Home", bytes, n);
	assert_null(zone_get("Home", &err));
	assert_non_null(strstr(err.text, wrong));
}

static void
a_file_that_is_no_zone_is_refused(void **state)
{
	static uint8_t bytes[65 * 1024];
	size_t n = make_fixed(bytes, 3600, "");
	char path[128];

	(void)state;
	enter_folder();
	put_file("Home", bytes, n);
	assert_true(is_zone("Home"));
	put_file("Home", bytes, 64 * 1024);	/* what follows the footer is ignored */
	assert_true(is_zone("Home"));
	assert_unusable(bytes, 64 * 1024 + 1, "too long");
	assert_unusable(bytes, n - 1, "no footer");
	assert_unusable(bytes, 0, "not a TZif file");
	put_number(bytes, AT_LEAPS, 1, 4);
	assert_unusable(bytes, n, "leap seconds");
	put_number(bytes, AT_LEAPS, 0, 4);
	put_file("Home", bytes, n);
	assert_true(is_zone("Home"));
	unlink(path_of("Home", path));
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(is_zone("Home"));
	leave_folder();
}

/* A pipe in the place of a zone is not waited for; waiting would end this program. */
static void
a_pipe_is_refused(void **state)
{
	char path[128];

	(void)state;
	enter_folder();
	assert_int_equal(mkfifo(path_of("Home", path), 0600), 0);
	alarm(10);
	assert_false(is_zone("Home"));
	alarm(0);
	leave_folder();
}

static void
equal_neighbours_are_one_span(void **state)
{
	static const int32_t offsets[] = { 3600, 3600, 7200 };
	static const struct made_step steps[] = { { 1000, 1 }, { 2000, 2 }, { 3000, 2 }, { 4000, 0 } };
	uint8_t bytes[MADE_SIZE];
	struct span spans[8];

	(void)state;
	enter_folder();
	put_file("Home", bytes, make_tzif(bytes, offsets, 3, steps, 4, ""));
	assert_int_equal(zone_spans(zone("Home"), 0, 5000000, spans, 8), 3);
	assert_int_equal(spans[0].from_at, 0);
	assert_int_equal(spans[1].from_at, 2000000);
	assert_int_equal(spans[1].utc_offset_s, 7200);
	assert_int_equal(spans[2].from_at, 4000000);
	leave_folder();
}

int
main(void)
{
	unsetenv("TZDIR");
	CASE("equal neighbours are one span", equal_neighbours_are_one_span);
	CASE("without a list every sound name with a file is a zone",
	    without_a_list_every_sound_name_with_a_file_is_a_zone);
	CASE("tzdata.zi is the list", tzdata_zi_is_the_list);
	CASE("a link without a file is read by its target", a_link_without_a_file_is_read_by_its_target);
	CASE("the zones to offer are those of places, and UTC", the_zones_to_offer_are_those_of_places_and_utc);
	CASE("the tables are the list where there is no tzdata.zi",
	    the_tables_are_the_list_where_there_is_no_tzdata_zi);
	CASE("a list that cannot be read lists nothing", a_list_that_cannot_be_read_lists_nothing);
	CASE("another folder is another database", another_folder_is_another_database);
	CASE("another folder has another list", another_folder_has_another_list);
	CASE("a replaced file is read again", a_replaced_file_is_read_again);
	CASE("a replaced file is read again though it looks alike", a_replaced_file_is_read_again_though_it_looks_alike);
	CASE("a file changed in place is read again", a_file_changed_in_place_is_read_again);
	CASE("a file that went away is no zone until it is back", a_file_that_went_away_is_no_zone_until_it_is_back);
	CASE("a file that is no zone is refused", a_file_that_is_no_zone_is_refused);
	CASE("a pipe is refused", a_pipe_is_refused);
	return TABLE_RUN("zone_files");
}
