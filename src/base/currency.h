/*
 * Currencies.  An organization has one, for its prices, costs, caps and statements; amounts are never converted.  Members of
 * replies that say an amount keep their names, and `currency` is beside them unless it is the default.
 */
#ifndef CURRENCY_H
#define CURRENCY_H

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"

#define CURRENCY_MAX 4			/* bytes of a code, with the NUL */
#define CURRENCY_DEFAULT "USD"

/* Whether it is the default one; NULL, which is not said, is. */
bool		currency_is_default(const char *code);

/* BAD_REQUEST, which names the field, unless it is an active code of ISO 4217, in capitals. */
enum status	currency_check(const char *field, const char *code, struct error *err) MUST_CHECK;

/* Adds the member `currency` to the open object, unless it is the default. */
void		currency_put(struct json *j, const char *code);

/* What one counts, for a sentence: "dollars", "EUR". */
const char	*currency_units(const char *code);

#endif
