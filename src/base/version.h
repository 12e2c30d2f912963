/*
 * Which Daybook this is.  The Makefile generates version.c.
 */
#ifndef VERSION_H
#define VERSION_H

extern const char version[];		/* of the release */
extern const char version_build[];	/* of the sources: changes with any of them */

#endif
