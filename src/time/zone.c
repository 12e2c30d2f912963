/*
 * A cache of zones over tzif.c and tzdir.c.  A long-running program must notice when the package
 * tzdata is upgraded, so each zone_get compares the file with the one that was read.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "base/suggest.h"
#include "time/instant.h"
#include "time/tzdir.h"
#include "time/tzif.h"
#include "time/zone.h"

enum {
	FILE_SIZE_MAX = 64 * 1024,	/* of a TZif file; the largest has about 4 KiB */
	LINKS_MAX = 4,			/* from a name to its file; the tz database has at most two */
};

struct zone {
	struct zone *next;
	char name[ZONE_NAME_MAX];
	char target[ZONE_NAME_MAX];		/* the zone whose file it is: its own name, unless that is a link */
	char path[TZDIR_PATH_MAX];		/* the file that it was read from, and what stat(2) said of that: */
	struct stat file;
	uint8_t sha256[SHA256_SIZE];
	struct tzif tzif;	/* the last member, cut off after its last transition */
};

static struct {
	struct zone *zones;
} cache;

/* ---- Names */

/*
 * Whether a name can be one of the tz database's: only these characters, no empty component (so no
 * absolute path either), and none of the copies and stand-ins in the folder.  As no dot is allowed,
 * a name cannot contain `..`, and a list such as zone.tab cannot be taken for a zone.
 */
static bool
name_is_sound(const char *name)
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-";
	size_t length = strlen(name);

	return length > 0 && length < ZONE_NAME_MAX && strspn(name, allowed) == length &&
	    name[0] != '/' && name[length - 1] != '/' && strstr(name, "//") == NULL &&
	    strncmp(name, "posix/", 6) != 0 && strncmp(name, "right/", 6) != 0 &&
	    strcmp(name, "posixrules") != 0 && strcmp(name, "localtime") != 0 &&
	    strcmp(name, "Factory") != 0;
}

/* Whether it is a name to choose: not one without an area, but UTC, nor one of Etc, whose signs mislead. */
static bool
is_offered(const char *name)
{
	return name_is_sound(name) && strncmp(name, "Etc/", 4) != 0 && (strchr(name, '/') != NULL || strcmp(name, "UTC") == 0);
}

/* ---- Files */

/* The position of a name in the list: the pointer to its zone, or the last one, which is NULL. */
static struct zone **
cache_place(const char *name)
{
	struct zone **place = &cache.zones;

	while (*place != NULL && strcmp((*place)->name, name) != 0)
		place = &(*place)->next;
	return place;
}

/* Whether a path still names the file that was read, unchanged: a package manager replaces the inode. */
static bool
file_is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Writes the path of a zone's file, and what stat(2) says of it; returns 0 or errno.  A sound name is never too long. */
static int
look_at(const char *name, char *path, struct stat *file)
{
	if (!tzdir_path(name, path))
		return ENAMETOOLONG;
	return stat(path, file) == 0 ? 0 : errno;
}

/* Where a zone's file is. */
struct place {
	char target[ZONE_NAME_MAX], path[TZDIR_PATH_MAX];
	struct stat file;
	int error;		/* of stat(2); 0 = none */
};

/*
 * Finds the file of a name, or of the zone that the name is a link to.  `kept`, the cached zone or
 * NULL, saves reading the list once more: while the name has no file, its link is taken to be as
 * it was.
 */
static void
find_file(const char *name, const struct zone *kept, struct place *p)
{
	char target[TZDIR_NAME_MAX];

	snprintf(p->target, sizeof(p->target), "%s", name);
	p->error = look_at(name, p->path, &p->file);
	if (p->error == ENOENT && kept != NULL && strcmp(kept->target, name) != 0) {
		snprintf(p->target, sizeof(p->target), "%s", kept->target);
		p->error = look_at(p->target, p->path, &p->file);
	}
	/* The target becomes a part of a path too. */
	for (int i = 0; i < LINKS_MAX && p->error == ENOENT && tzdir_target(p->target, target) && name_is_sound(target); i++) {
		snprintf(p->target, sizeof(p->target), "%s", target);
		p->error = look_at(p->target, p->path, &p->file);
	}
}

void
zone_file_state(const char *name, char *text)
{
	struct place p = { .error = EINVAL };

	if (name_is_sound(name))
		find_file(name, *cache_place(name), &p);
	if (p.error != 0)
		snprintf(text, ZONE_STATE_MAX, "%s: %d", name, p.error);
	else	/* the time of the inode's change too: it tells of a file that has become readable */
		snprintf(text, ZONE_STATE_MAX, "%s: %s %llu %lld %lld.%09ld %lld.%09ld", name, p.path,
		    (unsigned long long)p.file.st_ino, (long long)p.file.st_size,
		    (long long)p.file.st_mtim.tv_sec, p.file.st_mtim.tv_nsec,
		    (long long)p.file.st_ctim.tv_sec, p.file.st_ctim.tv_nsec);
}

static const char unreadable[] = "cannot be read";

/*
 * Reads z's file, with one byte more than is allowed, so that a longer one is noticed.  Returns
 * NULL, or what is wrong with it; `unreadable` itself if the machine failed and not the file.
 */
static const char *
zone_read(struct zone *z)
{
	uint8_t *bytes;
	const char *wrong = NULL;
	size_t n = 0;
	FILE *f;

	if ((f = fopen(z->path, "re")) == NULL)
		return unreadable;
	bytes = xmalloc(FILE_SIZE_MAX + 1);
	/* Of the open file, not of the path: the path may name another one by now. */
	if (fstat(fileno(f), &z->file) != 0)
		wrong = unreadable;
	else {
		n = fread(bytes, 1, FILE_SIZE_MAX + 1, f);
		if (ferror(f))
			wrong = unreadable;
		else if (n > FILE_SIZE_MAX)
			wrong = "too long";
		else
			wrong = tzif_parse(bytes, n, &z->tzif);
		sha256(bytes, n, z->sha256);
	}
	free(bytes);
	fclose(f);
	return wrong;
}

/* ---- The cache */

static void
offer_name(const char *name, void *s)
{
	if (is_offered(name))
		suggest_offer(s, name);
}

/* Says that there is no such zone, and which one may be meant: Europe/Paris by Paris or europe/paris. */
static void
error_none(const char *name, struct error *err)
{
	char shown[ERROR_SHOWN_MAX];
	struct suggestion s;
	const char *text;

	suggest_begin(&s, name);
	tzdir_each(offer_name, &s);
	text = suggest_text(&s);
	error_set(err, BAD_REQUEST, "timezone: there is no zone \"%s\"%s", error_shown(name, shown), text);
	if (text[0] == '\0')
		error_hint(err, "Use a name of the IANA list, such as Europe/Berlin.");
}

const struct zone *
zone_get(const char *name, struct error *err)
{
	struct zone **place, *z;
	struct place now;
	bool is_file, is_listed;
	const char *wrong;

	/* Before anything else: the name becomes a part of a path. */
	if (!name_is_sound(name)) {
		error_none(name, err);
		return NULL;
	}
	place = cache_place(name);
	z = *place;
	find_file(name, z, &now);
	is_file = now.error == 0 && S_ISREG(now.file.st_mode);
	/* The usual case reads no file.  The folder in use may have changed too, so the path is compared. */
	if (is_file && z != NULL && strcmp(z->path, now.path) == 0 && file_is_same(&z->file, &now.file))
		return z;
	/* The file has changed or is gone, so the cached zone no longer holds. */
	if (z != NULL) {
		*place = z->next;
		free(z);
	}
	/*
	 * Too many open files, or a failing disk: that says nothing about the name, so it is not
	 * the client's mistake.
	 */
	if ((now.error != 0 && now.error != ENOENT && now.error != ENOTDIR) || !tzdir_lists(name, &is_listed)) {
		error_set(err, UNAVAILABLE, "timezone: the zone files cannot be read at the moment");
		return NULL;
	}
	if (!is_file || !is_listed) {
		error_none(name, err);
		return NULL;
	}
	z = xmalloc(sizeof(*z));
	snprintf(z->name, sizeof(z->name), "%s", name);
	snprintf(z->target, sizeof(z->target), "%s", now.target);
	snprintf(z->path, sizeof(z->path), "%s", now.path);
	if ((wrong = zone_read(z)) != NULL) {
		error_set(err, wrong == unreadable ? UNAVAILABLE : INTERNAL, "timezone: the zone file of \"%s\" is not usable: %s",
		    name, wrong);
		error_hint(err, "Install the package tzdata again.");
		free(z);
		return NULL;
	}
	/* Most zones have a fifth of the transitions that are allowed. */
	z = xrealloc(z, offsetof(struct zone, tzif.steps) + z->tzif.count * sizeof(z->tzif.steps[0]));
	z->next = cache.zones;
	cache.zones = z;
	return z;
}

const uint8_t *
zone_sha256(const struct zone *z)
{
	return z->sha256;
}

int32_t
zone_offset_at(const struct zone *z, int64_t at)
{
	return tzif_offset_at(&z->tzif, floor_div(at, SECOND_MS));
}

size_t
zone_spans(const struct zone *z, int64_t from_at, int64_t to_at, struct span *out, size_t max)
{
	struct span span = { from_at, zone_offset_at(z, from_at) };
	int64_t at_s = floor_div(from_at, SECOND_MS), last_s;
	int32_t offset_s;
	size_t n = 0;

	if (from_at >= to_at)
		return 0;
	if (n < max)
		out[n] = span;
	n++;
	/* In seconds, because a transition may be farther away than milliseconds reach. */
	last_s = floor_div(to_at - 1, SECOND_MS);
	while (tzif_next(&z->tzif, at_s, &at_s) && at_s <= last_s) {
		offset_s = tzif_offset_at(&z->tzif, at_s);
		/* A transition that changes only the name or the kind of time. */
		if (offset_s == span.utc_offset_s)
			continue;
		span = (struct span){ at_s * SECOND_MS, offset_s };
		if (n < max)
			out[n] = span;
		n++;
	}
	return n;
}

struct names {
	struct arena *arena;
	const char **of;
	size_t count, max;
};

static void
add_name(const char *name, void *arg)
{
	struct names *n = arg;

	if (!is_offered(name))
		return;
	n->of = arena_grow(n->arena, n->of, n->count, &n->max, sizeof(*n->of));
	n->of[n->count++] = arena_strdup(n->arena, name);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t
zone_names(struct arena *a, const char ***names)
{
	struct names n = { .arena = a };
	size_t kept = 0;

	tzdir_each(add_name, &n);
	if (n.count > 0)
		qsort(n.of, n.count, sizeof(*n.of), by_name);
	for (size_t i = 0; i < n.count; i++)
		if (kept == 0 || strcmp(n.of[i], n.of[kept - 1]) != 0)
			n.of[kept++] = n.of[i];
	*names = n.of;
	return kept;
}

const char *
zone_tzdata_version(void)
{
	return tzdir_version();
}

int64_t
zone_tzdata_modified_at(void)
{
	return tzdir_modified_at();
}
