/*
 * IANA time zones, read from the system's compiled zone files (TZif, RFC 9636: the version 2+
 * data block and the POSIX footer), or from those that came with Daybook (tzdir.h says which).
 *
 * No process TZ, no globals but a cache of zones by name.  A file that changed (inode, size or
 * modification time) is read again by the next zone_get.
 *
 * Refused as unknown: names that are not in the tz database's own list (tzdata.zi; else zone.tab
 * and zone1970.tab, and UTC and Etc/…, which are in neither); `posixrules`, `localtime`, `Factory`,
 * `posix/…`, `right/…`, anything with `..` or a leading `/`, POSIX strings such as `UTC+5`.  Where
 * the folder has no list at all, every other name that has a file is a zone.  Refused as unusable:
 * files that tzif.h refuses, those with leap seconds among them.
 */
#ifndef ZONE_H
#define ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define ZONE_NAME_MAX 64	/* bytes of a zone's name, its NUL with it */

struct zone;

/* From from_at (an instant) on, local time is UTC + utc_offset_s, until the next span. */
struct span {
	int64_t from_at;
	int32_t utc_offset_s;
};

/*
 * The zone of that name, or NULL and err: err->status is UNAVAILABLE if the machine could not read its files just now.  It
 * belongs to the cache and remains valid until the next zone_get of the same name.
 */
const struct zone	*zone_get(const char *name, struct error *err);

/* The SHA-256 of its file, 32 bytes: whether two releases of the tz database say the same of it. */
const uint8_t		*zone_sha256(const struct zone *z);

/* Seconds east of UTC at an instant, 1970 to 2100 and beyond. */
int32_t			 zone_offset_at(const struct zone *z, int64_t at);

/*
 * The spans of [from_at, to_at): the first starts at from_at itself, each later one at a change of
 * the offset.  Writes at most max; returns how many there are.
 */
size_t			 zone_spans(const struct zone *z, int64_t from_at, int64_t to_at,
			    struct span *out, size_t max);

/*
 * The release of the tz database, as "2026f"; "" where the system does not say.  It opens a file;
 * the text stands until the next call.
 */
const char		*zone_tzdata_version(void);

#endif
