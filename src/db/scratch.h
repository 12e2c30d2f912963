/*
 * Files that are being made: under a temporary name beside their final path, and renamed when they
 * are complete and on the disk.
 *
 * The maker holds a lock (flock) on the file until it is done.  The lock ends with the process, so
 * a file that can be locked belongs to a maker that crashed, and the next one removes it.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdbool.h>

#include "base/error.h"

#define SCRATCH_PATH_MAX 4096

/*
 * Makes an empty file that nobody else can read, and holds it.  Returns a descriptor, or -1 and errno (EEXIST; EAGAIN if
 * sweeps removed it again and again).
 */
int	scratch_make(const char *path);

/*
 * The same for a file that somebody may continue with: takes the one that is there if nobody holds it, or makes it.  -1 and
 * EWOULDBLOCK if somebody does; EEXIST if the file is no database.
 */
int	scratch_hold(const char *path, bool *is_new);

/*
 * Stops holding it.  Only after SQLite has closed the file: closing any descriptor of a file
 * releases SQLite's locks on it.
 */
void	scratch_release(int fd);

/* Writes BASE-KIND-PID into path (SCRATCH_PATH_MAX bytes); false and errno if that is too long. */
bool	scratch_name(const char *base, const char *kind, char *path);

/* Says by errno why a file could not be made or opened at the path, or that its folder does not exist; UNAVAILABLE. */
enum status	scratch_why(const char *path, struct error *err);

/* Gives a file its name; -1 and errno (EEXIST) if another file has it. */
int	scratch_give_name(const char *made, const char *path);

/* Writes a file, or the folder that contains a path, to the disk.  False and errno on failure. */
bool	scratch_sync(const char *path);
bool	scratch_sync_folder(const char *path);

/* Removes a database's file, and what SQLite and Daybook put beside it. */
void	scratch_remove(const char *path);
void	scratch_remove_companions(const char *path);

/* Removes a file whose maker crashed (empty or a database, and nobody holds it) and its companions; false if it is not one. */
bool	scratch_remove_left(const char *path);

/* Removes the files that this process holds, if the process must end at once. */
void	scratch_abandon(void);

/* Removes all BASE-KIND-PID of makers that crashed. */
void	scratch_sweep(const char *base, const char *kind);

#endif
