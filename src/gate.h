/*
 * The gate: one writer at a time, in the order in which they came.
 *
 * Two record locks on one file.  A writer takes byte 0, then waits for byte 1 with byte 0 in its
 * hand, then lets byte 0 go: so the one who has just finished queues behind those who wait.
 * Record locks die with their process, and work on plain shared hosting.
 */
#ifndef GATE_H
#define GATE_H

#include "status.h"

/* Opens (and makes, with the rights and, where we may, the owner of the file `like`) the lock file.  -1 where that cannot be. */
int		gate_open(const char *path, const char *like);

/* UNAVAILABLE where it is not to be had within wait_ms. */
enum status	gate_enter(int fd, int wait_ms);
void		gate_leave(int fd);
void		gate_close(int fd);	/* -1 is nothing */

/*
 * Whether locks on that file keep processes apart here: tried with a child process, on a byte that no writer uses.
 * UNAVAILABLE and why where they do not.  Not while this process holds the gate.
 */
enum status	gate_probe(const char *path, struct why *why);

#endif
