/*
 * The gate: one writer at a time, in the order in which they came.
 *
 * Two record locks on one file.  A writer takes byte 0, then waits for byte 1 with byte 0 in its
 * hand, then lets byte 0 go: so the one who has just finished queues behind those who wait.
 * Record locks die with their process, and work on plain shared hosting.
 */
#ifndef GATE_H
#define GATE_H

#include <stdbool.h>

#include "status.h"

#define GATE_PATH_MAX 4104

struct gate {
	int fd;			/* -1 = not open */
	char path[GATE_PATH_MAX];
	char like[GATE_PATH_MAX];
};

/* Opens (and makes, with the rights and, if we may, the owner of the file `like`) the lock file.  False and errno if it cannot be opened. */
bool		gate_open(struct gate *g, const char *path, const char *like);

/*
 * UNAVAILABLE if it is not to be had within wait_ms.  If somebody removed or replaced the lock file meanwhile, the one that
 * stands there now is locked: all that enter after that exclude one another again.
 */
enum status	gate_enter(struct gate *g, int wait_ms) MUST_CHECK;
void		gate_leave(struct gate *g);
void		gate_close(struct gate *g);

/* Whether the path still names the file that is locked. */
bool		gate_is_in_place(const struct gate *g);

/*
 * Whether locks on that file keep processes apart here: tried with a child process, on a byte that no writer uses.
 * UNAVAILABLE and why if they do not.  Not while this process holds the gate.
 */
enum status	gate_probe(const char *path, struct why *why) MUST_CHECK;

#endif
