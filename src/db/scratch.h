/*
 * Files in the making: made under a name of their own beside the place where they are wanted, and given their name when they
 * are whole and on the disk.
 *
 * The maker holds a lock (flock) on the file until it is done.  The lock ends with the process, so a file that can be locked
 * is of a maker that died, and whoever comes next removes it.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdbool.h>

#define SCRATCH_PATH_MAX 4096

/* Makes an empty file that nobody else can read, and holds it.  A descriptor, or -1 and errno (EEXIST, and
 * EAGAIN if others removed it again and again). */
int	scratch_make(const char *path);

/* Lets it go.  Not before SQLite has closed the file: closing any descriptor of a file ends SQLite's locks on it. */
void	scratch_release(int fd);

/* BASE-KIND-PID into path, of SCRATCH_PATH_MAX bytes; false and errno if that is too long. */
bool	scratch_name(const char *base, const char *kind, char *path);

/* Gives a file its name, never in place of another: -1 and errno (EEXIST). */
int	scratch_give_name(const char *made, const char *path);

/* Writes a file, or the folder that a path lies in, to the disk.  False and errno. */
bool	scratch_sync(const char *path);
bool	scratch_sync_folder(const char *path);

/* Removes a database's file, and what SQLite and we put beside it. */
void	scratch_remove(const char *path);
void	scratch_remove_companions(const char *path);

/* Removes a file whose maker is gone (an empty one or a database that nobody holds) and what is beside it; false if it is not. */
bool	scratch_remove_left(const char *path);

/* Removes what this process holds, when it must end at once. */
void	scratch_abandon(void);

/* Removes all BASE-KIND-PID of makers that are gone. */
void	scratch_sweep(const char *base, const char *kind);

#endif
