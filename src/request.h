/*
 * Idempotency of writes that are not events: one row for each, for as long as the ledger lives.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "digest.h"
#include "organization.h"

enum request_seen { REQUEST_NEW, REQUEST_SAME, REQUEST_OTHER };

/* Whether this id was seen, with this body or with another. */
enum status	request_check(struct db *db, const struct organization *org, const char *kind, const char *id,
		    const uint8_t sha256[SHA256_SIZE], enum request_seen *seen);

/* Inside the transaction that does what is asked. */
enum status	request_remember(struct db *db, const struct organization *org, const char *kind, const char *id,
		    const uint8_t sha256[SHA256_SIZE], int64_t now);

/* A campaign that is gone: its id, and those of its results, are free again. */
enum status	request_forget(struct db *db, const struct organization *org, const char *campaign);

#endif
