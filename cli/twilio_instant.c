/*
 * The times of Twilio's exports.  All of these are the same instant:
 *
 *	2021-03-01T12:00:00Z			2021-03-01 12:00:00 UTC
 *	Mon, 01 Mar 2021 12:00:00 +0000		12:00:00 UTC 2021-03-01
 *	2021-03-01 07:00:00 -0500		2021-03-01 12:00:00
 *	2021-03-01T12:00:00+0000		2021-03-01 17:30:00.123456+05:30
 *
 * The text is split into words, and the form of each tells whether it is a date, a time or an offset.  Without a zone it is
 * UTC, which is what Twilio stores.  Other letters for zones (EST, PST) have several meanings and are refused.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "import.h"
#include "time/instant.h"

enum { WORD_MAX = 32 };

struct parts {
	char date[WORD_MAX], time[WORD_MAX], offset[WORD_MAX];	/* as RFC 3339 writes them; "" = not seen */
	int dayofmonth, month, year;	/* of a date in words of their own; 0 = not seen */
};

/* Whether a word has a form, in which 0 stands for any digit. */
static bool
is_shape(const char *word, const char *shape)
{
	for (; *shape != '\0'; shape++, word++)
		if (*shape == '0' ? *word < '0' || *word > '9' : *word != *shape)
			return false;
	return *word == '\0';
}

/*
 * The position of a name in a list of names of three letters, from 1; 0 if it is not one.  Only the first three letters of a
 * longer word count.
 */
static int
name_of(const char *word, const char *names)
{
	size_t n = strlen(word);

	for (int i = 0; n >= 3 && names[3 * i] != '\0'; i++)
		if (strncasecmp(word, names + 3 * i, 3) == 0 && (n == 3 || word[n - 1] > '9'))
			return i + 1;
	return 0;
}

/* Sets a part; false if it was set before, because then the text is ambiguous. */
static bool
set(char *part, const char *text)
{
	if (part[0] != '\0')
		return false;
	snprintf(part, WORD_MAX, "%.31s", text);
	return true;
}

static bool
set_number(int *part, const char *word)
{
	if (*part != 0)
		return false;
	return sscanf(word, "%d", part) == 1;
}

/* Takes one word by its form; false if it is none that belongs to a time.  The weekday is accepted and ignored. */
static bool
take_word(struct parts *p, const char *word)
{
	char text[WORD_MAX + 4];

	if (is_shape(word, "0000-00-00"))
		return set(p->date, word);
	if (is_shape(word, "00:00:00") || (is_shape(word, "00:00:00.000") || is_shape(word, "00:00:00.000000")))
		return set(p->time, word);
	if (is_shape(word, "00:00")) {
		snprintf(text, sizeof(text), "%.5s:00", word);
		return set(p->time, text);
	}
	if (strcasecmp(word, "UTC") == 0 || strcasecmp(word, "GMT") == 0 || strcasecmp(word, "Z") == 0)
		return set(p->offset, "Z");
	if ((word[0] == '+' || word[0] == '-') && is_shape(word + 1, "00:00"))
		return set(p->offset, word);
	if ((word[0] == '+' || word[0] == '-') && is_shape(word + 1, "0000")) {
		snprintf(text, sizeof(text), "%.3s:%.2s", word, word + 3);
		return set(p->offset, text);
	}
	if (is_shape(word, "0000"))
		return set_number(&p->year, word);
	if (is_shape(word, "0") || is_shape(word, "00"))
		return set_number(&p->dayofmonth, word);
	if (p->month == 0 && (p->month = name_of(word, "janfebmaraprmayjunjulaugsepoctnovdec")) != 0)
		return true;
	return name_of(word, "monTueWedThuFriSatSun") != 0;
}

/* Sets date, time and offset apart: 2021-03-01T12:00:00+0000 becomes three words. */
static void
separate(char text[3 * WORD_MAX])
{
	size_t n = strlen(text), at;

	if (n < 16 || (text[10] != 'T' && text[10] != ' ') || text[4] != '-')
		return;
	text[10] = ' ';
	at = 11 + strcspn(text + 11, " +-Z");
	if (text[at] == '\0' || text[at] == ' ' || n + 1 == (size_t)3 * WORD_MAX)
		return;
	memmove(text + at + 1, text + at, n - at + 1);
	text[at] = ' ';
}

bool
twilio_instant(const char *text, int64_t *at)
{
	char copy[3 * WORD_MAX], whole[4 * WORD_MAX], *word, *rest = NULL;
	struct parts p = { .date = "" };

	if (instant_parse(text, at))
		return true;
	if (strlen(text) >= sizeof(copy))
		return false;
	snprintf(copy, sizeof(copy), "%s", text);
	separate(copy);
	for (word = strtok_r(copy, " ,", &rest); word != NULL; word = strtok_r(NULL, " ,", &rest))
		if (!take_word(&p, word))
			return false;
	/* Put the parts together as RFC 3339, and let its parser check the rest. */
	if (p.date[0] == '\0' && p.year > 0 && p.month > 0 && p.dayofmonth > 0)
		snprintf(p.date, sizeof(p.date), "%04u-%02u-%02u", (unsigned)p.year % 10000,
		    (unsigned)p.month % 100, (unsigned)p.dayofmonth % 100);
	snprintf(whole, sizeof(whole), "%sT%s%s", p.date, p.time, p.offset[0] != '\0' ? p.offset : "Z");
	return instant_parse(whole, at);
}
