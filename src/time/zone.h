/*
 * IANA time zones, read from the system's compiled zone files (TZif, RFC 9636: the data block of
 * version 2 or later and the POSIX footer), or from those that came with Daybook (tzdir.h says
 * which).
 *
 * It does not use the process's TZ, and its only global is a cache of zones by name.  A file that
 * changed (inode, size or modification time) is read again by the next zone_get.
 *
 * A name whose file is missing, but that tzdata.zi lists as a link, is read from the file of the
 * link's target: Debian 13 has the files of old names, such as US/Eastern, in a package of their own
 * (tzdata-legacy), and still lists them.
 *
 * Refuses as unknown: names that are not in the tz database's own list (tzdata.zi; else zone.tab
 * and zone1970.tab, and UTC and Etc/…, which are in neither); `posixrules`, `localtime`, `Factory`,
 * `posix/…`, `right/…`, anything with `..` or a leading `/`, and POSIX strings such as `UTC+5`.  If
 * the folder has no list at all, every other name that has a file is a zone.  Refuses as unusable:
 * files that tzif.h refuses, for example those with leap seconds.
 */
#ifndef ZONE_H
#define ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define ZONE_NAME_MAX 64	/* bytes of a zone's name, including its NUL */
#define ZONE_STATE_MAX 1280	/* bytes of zone_file_state's text, including its NUL */

struct zone;

/* From from_at (an instant) on, local time is UTC + utc_offset_s, until the next span. */
struct span {
	int64_t from_at;
	int32_t utc_offset_s;
};

/*
 * The zone of that name, or NULL and err: err->status is UNAVAILABLE if the machine could not read
 * its files now.  The zone belongs to the cache and remains valid until the next zone_get of the
 * same name.
 */
const struct zone	*zone_get(const char *name, struct error *err);

/* The SHA-256 of its file, 32 bytes: tells whether two releases of the tz database agree on the zone. */
const uint8_t		*zone_sha256(const struct zone *z);

/*
 * Writes a text (ZONE_STATE_MAX bytes) that differs when the zone's file has been replaced, changed,
 * removed or added.  Reads no zone file.
 */
void			 zone_file_state(const char *name, char *text);

/* Seconds east of UTC at an instant, 1970 to 2100 and beyond. */
int32_t			 zone_offset_at(const struct zone *z, int64_t at);

/*
 * The spans of [from_at, to_at): the first one starts at from_at itself, each later one at a change
 * of the offset.  Writes at most max; returns how many there are.
 */
size_t			 zone_spans(const struct zone *z, int64_t from_at, int64_t to_at,
			    struct span *out, size_t max);

/*
 * The zones to offer to people, those of places and UTC, sorted, each once, in the arena; returns how many there are.  Their
 * names have only letters, digits and /_+-.
 */
size_t			 zone_names(struct arena *a, const char ***names);

/*
 * The release of the tz database, such as "2026f"; "" if the system does not tell it.  Opens a
 * file; the text is valid until the next call.
 */
const char		*zone_tzdata_version(void);

/* When the list of the tz database's zones was modified, an instant: the release is not younger.  0 if not known. */
int64_t			 zone_tzdata_modified_at(void);

#endif
