/*
 * The writers' lock: one writer at a time, in the order in which they came.
 *
 * Two record locks on one file.  A writer takes byte 0, then waits for byte 1 with byte 0 in its
 * hand, then lets byte 0 go: so the one who has just finished queues behind those who wait.
 * Record locks die with their process, and work on plain shared hosting.
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
 * Opens (and makes, with the rights and, if we may, the owner of the file `like`) the lock file.  False and errno if it
 * cannot be opened.
 */
bool		writer_lock_open(struct writer_lock *g, const char *path, const char *like);

/*
 * UNAVAILABLE if it is not to be had within wait_ms.  If somebody removed or replaced the lock file meanwhile, the one that
 * stands there now is locked: all that enter after that exclude one another again.
 */
enum status	writer_lock_acquire(struct writer_lock *g, int wait_ms) MUST_CHECK;
void		writer_lock_release(struct writer_lock *g);
void		writer_lock_close(struct writer_lock *g);

/* Whether the path still names the file that is locked. */
bool		writer_lock_is_in_place(const struct writer_lock *g);

/*
 * Whether locks on that file keep processes apart here: tried with a child process, on a byte that no writer uses.
 * UNAVAILABLE and why if they do not.  Not while this process holds the writers' lock.
 */
enum status	writer_lock_probe(const char *path, struct error *err) MUST_CHECK;

#endif
