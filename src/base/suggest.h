/*
 * "Did you mean X?": the word of a list that a person probably meant by one that is not in it.
 *
 * Case and the signs blank _ - . do not matter.  A word is near if few letters are wrong, missing, too many or swapped: one for
 * every four, at most three.  Of a word with a / the part after it may be meant alone, as Paris for Europe/Paris.  Without a near
 * word, the only one that begins or ends with the wrong one is meant, as --daily-limit by --limit.
 */
#ifndef SUGGEST_H
#define SUGGEST_H

#include <stdbool.h>

#define SUGGEST_MAX 64	/* bytes of a word that is compared, without its NUL; there is nothing to suggest for a longer one */

struct suggestion {
	const char *wrong;
	char best[SUGGEST_MAX + 1];	/* "" = none */
	int rank;			/* of the best; a lower one is better */
	char text[SUGGEST_MAX + 24];	/* of suggest_text */
	bool is_shared;			/* by two words, so that a mere beginning or end says nothing */
};

void		 suggest_begin(struct suggestion *s, const char *wrong);
void		 suggest_offer(struct suggestion *s, const char *word);

/* The word; NULL if none of those offered is near.  Valid as long as *s. */
const char	*suggest_best(const struct suggestion *s);

/* `; did you mean X?` for the end of an error's sentence, or "".  Valid as long as *s. */
const char	*suggest_text(struct suggestion *s);

/* The same for one word and a list that ends with NULL.  Valid until the next call. */
const char	*suggest_say(const char *wrong, const char *const *words);

/* How many letters two words differ by, at most SUGGEST_FAR. */
int		 suggest_distance(const char *a, const char *b);

#define SUGGEST_FAR 99

#endif
