/*
 * dump -- what the library says about zones, for comparison with another implementation.
 *
 * Reads names of zones from stdin, one a line, and prints of each:
 *
 *	zone NAME
 *	days DAY AT COUNT	COUNT days from DAY (since 1970-01-01) on, each a whole day after
 *				the one before, the first starting at AT (ms); until 2100-01-01
 *	step AT O O O O O	a change of the offset at AT, and the offsets (s) at AT - 2000,
 *				AT - 1, AT, AT + 1 and AT + 2000 ms; AT is of 1970 to 2100
 *	join COUNT		of how many spans an organization's days consist; 0 = refused
 *	fail WHY		instead of all that
 */
#include <stdio.h>
#include <string.h>

#include "time/day.h"
#include "time/instant.h"

enum { SPANS = 4096 };

/* Longer than any offset, so that the first and the last day start inside the spans. */
#define MARGIN_MS (2 * DAY_MS)

static void
print_days(struct spans s)
{
	struct day last = day_of(2100, 1, 1), from = day_of(1970, 1, 1), d;
	int64_t from_at = day_start(s, from), at;

	for (d = from; d.n <= last.n; d = day_add(d, 1)) {
		at = day_start(s, d);
		if (at != from_at + (d.n - from.n) * DAY_MS) {
			printf("days %d %lld %d\n", from.n, (long long)from_at, d.n - from.n);
			from = d;
			from_at = at;
		}
	}
	printf("days %d %lld %d\n", from.n, (long long)from_at, d.n - from.n);
}

static void
print_steps(const struct zone *z, struct spans s)
{
	static const int64_t around_ms[] = { -2000, -1, 0, 1, 2000 };

	for (size_t i = 1; i < s.count; i++) {
		if (s.at[i].from_at < 0 || s.at[i].from_at >= INSTANT_MAX)
			continue;
		printf("step %lld", (long long)s.at[i].from_at);
		for (size_t k = 0; k < sizeof(around_ms) / sizeof(around_ms[0]); k++)
			printf(" %d", zone_offset_at(z, s.at[i].from_at + around_ms[k]));
		printf("\n");
	}
}

static void
print_zone(const char *name)
{
	static struct span spans[SPANS];
	struct spans s = { spans, 0 };
	const struct zone *z;
	struct error err;

	printf("zone %s\n", name);
	if ((z = zone_get(name, &err)) == NULL) {
		printf("fail %s\n", err.text);
		return;
	}
	s.count = zone_spans(z, -MARGIN_MS, INSTANT_MAX + MARGIN_MS, spans, SPANS);
	if (s.count > SPANS) {
		printf("fail %zu spans\n", s.count);
		return;
	}
	print_days(s);
	print_steps(z, s);
	printf("join %zu\n", spans_join((struct spans){ NULL, 0 }, z, 0, spans, SPANS_MAX));
}

int
main(void)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		print_zone(line);
	}
	return 0;
}
