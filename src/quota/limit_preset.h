/*
 * Presets: limits that carriers and providers are known to have, so that nobody needs to look up their units, windows and zones.
 * docs/operating.md says where each comes from.
 */
#ifndef LIMIT_PRESET_H
#define LIMIT_PRESET_H

#include "quota/limit_rule.h"

#define LIMIT_STEPS_MAX 3

struct limit_preset {
	const char *name, *what;	/* what: for people, without the amounts */
	unsigned channels;
	enum limit_unit unit;
	enum limit_period period;
	const char *network, *zone;	/* NULL = none */
	int32_t quarters;		/* of a rolling window */
	size_t step_count;		/* 0 = who uses it must give the amount, which is his alone */
	struct limit_step {
		int32_t after_days;	/* from the first day of the limit on */
		int64_t amount;
	} steps[LIMIT_STEPS_MAX];
};

/* The presets, in the order in which they are shown; NULL after the last one. */
const struct limit_preset	*limit_preset_at(size_t i);

/* BAD_REQUEST, with the name that may be meant, if there is none of that name. */
enum status	limit_preset_find(const char *name, const struct limit_preset **preset, struct error *err) MUST_CHECK;

#endif
