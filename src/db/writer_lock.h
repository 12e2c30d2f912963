/*
 * The writers' lock: one writer at a time, in the order in which they came.
 *
 * It consists of two record locks on one file.  A writer takes byte 0, waits for byte 1 while it
 * holds byte 0, and then releases byte 0.  So a writer that has just finished comes after those who
 * wait already.  Record locks end with their process, and work on plain shared hosting.
 */
#ifndef WRITER_LOCK_H
#define WRITER_LOCK_H

#include <stdbool.h>

#include "base/error.h"

#define WRITER_LOCK_PATH_MAX 4104

struct writer_lock {
	int fd;			/* -1 = not open */
	char path[WRITER_LOCK_PATH_MAX];
	char like[WRITER_LOCK_PATH_MAX];
};

/*
 * Opens the lock file; makes it with the rights and, if possible, the owner of the file `like`.
 * False and errno if it cannot be opened.
 */
bool		writer_lock_open(struct writer_lock *g, const char *path, const char *like);

/*
 * Takes the lock.  UNAVAILABLE if that does not succeed within wait_ms.  If somebody removed or
 * replaced the lock file meanwhile, locks the one that is there now: everybody who comes later uses
 * that one too.
 */
enum status	writer_lock_acquire(struct writer_lock *g, int wait_ms) MUST_CHECK;
/* Takes the lock if that needs no wait, and the file is in place. */
bool		writer_lock_try(struct writer_lock *g);
void		writer_lock_release(struct writer_lock *g);
void		writer_lock_close(struct writer_lock *g);

/* Whether another process waits for the lock; for the one that holds it. */
bool		 writer_lock_is_awaited(const struct writer_lock *g);

/* Whether the path still names the file that is locked. */
bool		writer_lock_is_in_place(const struct writer_lock *g);

/*
 * Whether this process is the one of all that have the file open to report on the installation: the first to ask, as long as it
 * keeps the file open.
 */
bool		writer_lock_claim_report(struct writer_lock *g);

/*
 * Whether locks on that file keep processes apart, tested with a child process on a byte that no
 * writer uses.  UNAVAILABLE and a reason if they do not.  Not while this process holds the writers'
 * lock.
 */
enum status	writer_lock_probe(const char *path, struct error *err) MUST_CHECK;

#endif
