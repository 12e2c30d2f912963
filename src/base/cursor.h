/*
 * Cursors: a place between two rows as a word that any URL can carry, whatever senders call their events.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include "base/arena.h"

/* The text in hex, and back; NULL where the word is nothing that cursor_of wrote.  In the arena. */
const char	*cursor_of(struct arena *a, const char *text);
char		*cursor_text(struct arena *a, const char *cursor);

#endif
