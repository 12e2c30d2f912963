/*
 * Idempotency of writes other than events: one row for each write, kept as long as the ledger.
 */
#ifndef IDEMPOTENCY_H
#define IDEMPOTENCY_H

#include "base/crypto.h"
#include "db/db.h"

enum idempotency_seen { IDEMPOTENCY_NEW, IDEMPOTENCY_SAME, IDEMPOTENCY_OTHER };

/* Whether this id was used before, with this body or with another one. */
enum status	idempotency_check(struct db *db, int64_t org_key, const char *kind, const char *id,
		    const uint8_t sha256[SHA256_SIZE], enum idempotency_seen *seen) MUST_CHECK;

/* Records the id; inside the transaction of the write itself. */
enum status	idempotency_remember(struct db *db, int64_t org_key, const char *kind, const char *id,
		    const uint8_t sha256[SHA256_SIZE], int64_t now) MUST_CHECK;

/* After a campaign was deleted: frees its id, and those of its results. */
enum status	idempotency_forget(struct db *db, int64_t org_key, const char *campaign) MUST_CHECK;

#endif
