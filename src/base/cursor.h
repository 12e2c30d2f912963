/*
 * Cursors: a position between two rows, as a word that any URL can carry, whatever characters
 * senders use in the ids of their events.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include "base/arena.h"

/* The text in hex, and back, both in the arena; NULL if cursor_of did not write the word. */
const char	*cursor_of(struct arena *a, const char *text);
char		*cursor_text(struct arena *a, const char *cursor);

#endif
