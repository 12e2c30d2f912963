/* Whatever the bytes are, ical_read returns, and what it returns lies in the range that was asked for. */
#include <assert.h>
#include <string.h>

#include "time/ical.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { FROM = 20000, UNTIL = 24000, MAX = 3000 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new();
	struct ical_days days;
	struct error err = { "", "" };
	enum status st = ical_read(a, "body", (const char *)data, n, (struct day) { FROM }, (struct day) { UNTIL }, MAX, &days, &err);

	assert(st == OK || (st == BAD_REQUEST && strncmp(err.text, "body: line ", 11) == 0));
	assert(days.count <= MAX);
	for (size_t i = 0; st == OK && i < days.count; i++)
		assert(days.days[i].day.n >= FROM && days.days[i].day.n < UNTIL && strlen(days.days[i].name) <= ICAL_NAME_MAX);
	arena_free(a);
	return 0;
}
