/*
 * Zone files from anywhere: what tzif_parse takes must have offsets within a day and turns that go forward.
 */
#include <stdint.h>
#include <stdlib.h>

#include "time/tzif.h"

enum { TURNS = 300 };

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tzif t;
	int64_t at_s = -3000000000, next_s;

	if (tzif_parse(data, size, &t) != NULL)
		return 0;
	for (int i = 0; i < TURNS && tzif_next(&t, at_s, &next_s); i++, at_s = next_s)
		if (next_s <= at_s || abs(tzif_offset_at(&t, next_s)) >= 86400)
			abort();
	return 0;
}
