/* limit_preset.c: each preset is a limit that there can be, and no name is there twice. */
#include <string.h>

#include "quota/limit_preset.h"
#include "table.h"

static void
is_a_limit(void **state)
{
	const struct limit_preset *p = *state, *found;
	struct error err = { 0 };

	assert_true(strlen(p->name) < LIMIT_NAME_MAX && p->name[strspn(p->name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0');
	assert_int_equal(limit_preset_find(p->name, &found, &err), OK);
	assert_ptr_equal(found, p);
	assert_true(p->channels != 0 && p->channels < 1U << CHANNEL_COUNT);
	/* What the schema asks of a limit. */
	assert_int_equal(p->period == LIMIT_ROLLING, p->quarters != 0);
	assert_true(p->zone == NULL || p->period == LIMIT_DAY);
	assert_true(p->network == NULL || p->period == LIMIT_DAY || p->period == LIMIT_ROLLING);
	assert_true(p->step_count <= LIMIT_STEPS_MAX);
	for (size_t i = 0; i < p->step_count; i++) {
		assert_in_range(p->steps[i].amount, 1, LIMIT_MAX);
		assert_int_equal(p->steps[0].after_days, 0);
		assert_true(i == 0 || p->steps[i].after_days > p->steps[i - 1].after_days);
	}
}

static void
unknown(void **state)
{
	const struct limit_preset *p = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(limit_preset_find("gmail-50", &p, &err), BAD_REQUEST);
	assert_null(p);
	assert_string_equal(err.text, "preset: unknown \"gmail-50\"; did you mean gmail-500?");
	assert_int_equal(limit_preset_find("", &p, &err), BAD_REQUEST);
	assert_int_equal(limit_preset_find("GMAIL-500", &p, &err), BAD_REQUEST);
}

int
main(void)
{
	const struct limit_preset *p;

	CASE("an unknown name is refused, with the one that is near", unknown);
	for (size_t i = 0; (p = limit_preset_at(i)) != NULL; i++)
		table_add((const char *)p, 1, sizeof(*p), is_a_limit);	/* its name is the case's */
	return TABLE_RUN("limit_preset");
}
