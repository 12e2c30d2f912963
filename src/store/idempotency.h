/*
 * Idempotency of writes that are not events: one row for each, for as long as the ledger lives.
 */
#ifndef IDEMPOTENCY_H
#define IDEMPOTENCY_H

#include "base/crypto.h"
#include "db/db.h"

enum idempotency_seen { IDEMPOTENCY_NEW, IDEMPOTENCY_SAME, IDEMPOTENCY_OTHER };

/* Whether this id was seen, with this body or with another. */
enum status	idempotency_check(struct db *db, int64_t org_key, const char *kind, const char *id,
		    const uint8_t sha256[SHA256_SIZE], enum idempotency_seen *seen) MUST_CHECK;

/* Inside the transaction that does what is asked. */
enum status	idempotency_remember(struct db *db, int64_t org_key, const char *kind, const char *id,
		    const uint8_t sha256[SHA256_SIZE], int64_t now) MUST_CHECK;

/* A campaign that is gone: its id, and those of its results, are free again. */
enum status	idempotency_forget(struct db *db, int64_t org_key, const char *campaign) MUST_CHECK;

#endif
