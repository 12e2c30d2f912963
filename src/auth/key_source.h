/*
 * Key sources: URLs where identity providers publish their keys (JWKS).  They are rows of the setting key_sources.
 *
 * A source is read by commands only, through a program of its own (cli/fetch.c), and never during a request; its keys are rows of
 * signing_key like all others, so the last good set stays as long as no other one can be read.  A key that the provider withdraws
 * is retired; if it comes back it is in force again.  A key that the operator retired stays retired.
 */
#ifndef KEY_SOURCE_H
#define KEY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/jwk.h"
#include "auth/signing_key.h"
#include "db/db.h"

#define KEY_SOURCES_MAX 8
#define KEY_SOURCE_KIDS_MAX (2 * JWK_KEYS_MAX)	/* in force and withdrawn; the oldest withdrawn ones are forgotten */
#define KEY_SOURCE_URL_MAX 512
#define KEY_SOURCE_STALE_MS (2 * DAY_MS)	/* of a source that was not read for so long, the doctor warns */

struct key_source {
	const char *url;
	struct signing_key_input keys;	/* what each of its keys is added with; kid, alg and pem are not used */
	int64_t read_at;		/* when its keys were read last; 0 = never */
	int64_t tried_at;
	const char *error;		/* why the last try failed; "" = it did not */
	const char *kids[KEY_SOURCE_KIDS_MAX];
	bool is_withdrawn[KEY_SOURCE_KIDS_MAX];
	size_t count;
};

struct key_source_list {
	struct key_source sources[KEY_SOURCES_MAX];
	size_t count;
	struct key_source forgotten;	/* only its kids: retired keys that no source has any more, but may get back */
};

/* What reading a source has changed. */
struct key_source_result {
	int added, retired, skipped;
	int regranted;	/* keys that got other rights */
	bool is_gone;	/* it was forgotten while it was read, so nothing was taken over */
};

/* https, or http to this machine itself.  BAD_REQUEST and the reason if not. */
enum status	key_source_check_url(const char *url, struct error *err);

/* Inside a transaction.  INTERNAL and a reason if the setting is not what key_source_save wrote. */
enum status	key_source_load(struct db *db, struct arena *a, struct key_source_list *list, struct error *err);

/* The one with that URL; NULL if there is none. */
struct key_source	*key_source_find(struct key_source_list *list, const char *url);

/*
 * Takes over what a source says now, inside a write transaction: adds new keys, retires those that it withdrew, and records that
 * it was read.  Writes audit rows for keys.  A source that the list no longer has stays forgotten (is_gone).
 * A key of a source that was forgotten is the first one's that publishes it again, with the rights of that source.
 * CONFLICT if a kid belongs to a key that is not of this source, so that no provider can replace another one's key or ours;
 * BAD_REQUEST if no key of the set is usable.  Then nothing may be committed.
 */
enum status	key_source_apply(struct db *db, struct arena *a, struct key_source_list *list, const char *url,
		    const struct jwk_set *set, int64_t now, const struct actor *by, struct key_source_result *result,
		    struct error *err);

/*
 * The same for a source that an operator gives: adds it to the list if it is not there yet.  Otherwise source->keys replace what
 * it had, and the rights of its keys too, as a key that is added now would get them.
 */
enum status	key_source_add(struct db *db, struct arena *a, struct key_source_list *list, const struct key_source *source,
		    const struct jwk_set *set, int64_t now, const struct actor *by, struct key_source_result *result,
		    struct error *err);

/*
 * Retires a key on the operator's word, as signing_key_retire: also one that its source has withdrawn does not come back with it.
 */
enum status	key_source_retire(struct db *db, struct arena *a, const char *kid, int64_t now, const struct actor *by,
		    struct error *err);

/* Records that a source could not be read, inside a write transaction.  Its keys stay. */
enum status	key_source_note_failure(struct db *db, struct arena *a, const char *url, const char *why, int64_t now,
		    struct error *err);

/* Forgets a source and retires its keys, inside a write transaction.  NOT_FOUND. */
enum status	key_source_forget(struct db *db, struct arena *a, const char *url, int64_t now, const struct actor *by,
		    struct error *err);

/*
 * Puts the sources of a live database into an earlier one that takes its place, inside a write transaction; the keys that only
 * verify are there already.  What list has counts; sources that only the earlier one has stay unless they were forgotten since.
 * Changes list.
 */
enum status	key_source_carry(struct db *db, struct arena *a, struct key_source_list *list, struct error *err);

#endif
