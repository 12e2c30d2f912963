/*
 * The distance is that of optimal string alignment: the least number of letters to insert, remove, replace or swap with their
 * neighbor, so that the words become the same.  Words are first made plain: small letters, one sign for all that separate.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/suggest.h"

enum {
	PART_ALONE = 1,		/* added to the distance if only parts after a / were compared */
	IS_PIECE = 50,		/* the rank of a word that begins or ends with the wrong one */
	PIECE_MIN = 3,		/* letters of such a piece */
	LETTERS_PER_SLIP = 4, SLIPS_MAX = 3,
	PART_MIN = 5		/* letters of a part that may have a slip: there are many short ones */
};

/* Writes the plain form; returns its length, 0 if the word is too long to compare. */
static int
plain(const char *word, char out[SUGGEST_MAX + 1])
{
	size_t n = strlen(word);

	if (n > SUGGEST_MAX)
		return 0;
	for (size_t i = 0; i <= n; i++) {
		char c = word[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c != '\0' && strchr(" _-.", c) != NULL ? '-' : c;
	}
	return (int)n;
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}

/* Three rows of the table of distances between the beginnings of both are enough: the present one and the two above. */
static int
distance(const char *a, int a_length, const char *b, int b_length)
{
	int rows[3][SUGGEST_MAX + 1], *above2 = rows[0], *above = rows[1], *row = rows[2], *free_row;

	for (int k = 0; k <= b_length; k++)
		above[k] = k;
	for (int i = 1; i <= a_length; i++) {
		row[0] = i;
		for (int k = 1; k <= b_length; k++) {
			row[k] = least(least(above[k], row[k - 1]) + 1, above[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = least(row[k], above2[k - 2] + 1);
		}
		free_row = above2;
		above2 = above;
		above = row;
		row = free_row;
	}
	return above[b_length];
}

int
suggest_distance(const char *a, const char *b)
{
	char plain_a[SUGGEST_MAX + 1], plain_b[SUGGEST_MAX + 1];
	int a_length = plain(a, plain_a), b_length = plain(b, plain_b);

	return a_length == 0 || b_length == 0 ? SUGGEST_FAR : distance(plain_a, a_length, plain_b, b_length);
}

/* How many slips a word of that length may have and still mean the other. */
static int
slips(size_t letters)
{
	int n = (int)letters / LETTERS_PER_SLIP;

	return least(n > 0 ? n : letters >= PIECE_MIN, SLIPS_MAX);
}

static const char *
part(const char *word)
{
	const char *slash = strrchr(word, '/');

	return slash != NULL ? slash + 1 : word;
}

/* Whether the word, which is longer, begins or ends with the wrong one.  The dashes of an option are no part of either. */
static bool
is_piece(const char *wrong, const char *word)
{
	size_t n, all;

	wrong += strspn(wrong, "-");
	word += strspn(word, "-");
	n = strlen(wrong);
	all = strlen(word);
	return n >= PIECE_MIN && all > n && (strncasecmp(word, wrong, n) == 0 || strcasecmp(word + all - n, wrong) == 0);
}

/* How far the word is from the wrong one; SUGGEST_FAR if it is not meant. */
static int
rank(const char *wrong, const char *word)
{
	int d = suggest_distance(wrong, word), of_part;
	size_t letters = strlen(part(wrong));

	if (d == SUGGEST_FAR)
		return d;	/* one of them is empty or too long */
	if (d <= slips(strlen(wrong)))
		return d;
	of_part = strchr(word, '/') != NULL ? suggest_distance(part(wrong), part(word)) : SUGGEST_FAR;
	if (of_part <= (letters >= PART_MIN ? slips(letters) : 0))
		return of_part + PART_ALONE;
	return is_piece(wrong, word) ? IS_PIECE : SUGGEST_FAR;
}

void
suggest_begin(struct suggestion *s, const char *wrong)
{
	*s = (struct suggestion) { .wrong = wrong, .rank = SUGGEST_FAR };
}

void
suggest_offer(struct suggestion *s, const char *word)
{
	int r = rank(s->wrong, word);

	if (r == s->rank && strcmp(word, s->best) != 0)
		s->is_shared = true;
	if (r >= s->rank)
		return;
	s->rank = r;
	s->is_shared = false;
	memcpy(s->best, word, strlen(word) + 1);
}

const char *
suggest_best(const struct suggestion *s)
{
	return s->best[0] == '\0' || (s->rank == IS_PIECE && s->is_shared) ? NULL : s->best;
}

const char *
suggest_text(struct suggestion *s)
{
	const char *best = suggest_best(s);

	if (best == NULL)
		return "";
	snprintf(s->text, sizeof(s->text), "; did you mean %s?", best);
	return s->text;
}

const char *
suggest_say(const char *wrong, const char *const *words)
{
	static struct suggestion s;

	suggest_begin(&s, wrong);
	for (const char *const *word = words; *word != NULL; word++)
		suggest_offer(&s, *word);
	return suggest_text(&s);
}
