/*
 * Cells as spreadsheets and carriers write them: numbers with a decimal comma, ids that were rounded, prices with a sign or in
 * another currency.  What could be read in two ways is refused.
 */
#include <string.h>
#include <strings.h>

#include "import.h"
#include "base/json.h"
#include "base/money.h"
#include "quota/origin.h"

/* An id such as 1.23457E+17: a spreadsheet took it for a number, and most of its digits are lost. */
static bool
is_rounded(const char *id)
{
	size_t digits = strlen(id) > 2 ? strspn(id + 2, "0123456789") : 0;

	return id[0] >= '1' && id[0] <= '9' && (id[1] == '.' || id[1] == ',') && digits > 0 &&
	    strncmp(id + 2 + digits, "E+", 2) == 0;
}

const char *
cell_id_error(const char *id)
{
	return is_rounded(id) ? "id: rounded by a spreadsheet; export the report again, and do not save it there" : NULL;
}

void
cell_put_origin(struct json *j, const char *sender, const char *network)
{
	struct error none;

	if (sender[0] != '\0' && cell_id_error(sender) == NULL && origin_check_sender(sender, &none) == OK)
		json_put_text(j, "from", sender);
	if (network[0] != '\0' && origin_check_network(network, &none) == OK)
		json_put_text(j, "network", network);
}

/* 1,234 may be more than a thousand, but 0,234 and 1,23 are less than two. */
const char *
cell_number(struct arena *a, const char *text)
{
	const char *comma = strchr(text, ','), *digits = text + (text[0] == '-');
	char *number;

	if (comma == NULL || strchr(comma + 1, ',') != NULL || strchr(text, '.') != NULL ||
	    (strspn(comma + 1, "0123456789") == 3 && comma[4] == '\0' && digits[0] != '0'))
		return text;
	number = arena_strdup(a, text);
	number[comma - text] = '.';
	return number;
}

static const char *
skip_digits(const char *p)
{
	while (*p >= '0' && *p <= '9')
		p++;
	return p;
}

bool
cell_is_number(const char *text)
{
	const char *p = text + (text[0] == '-'), *digits = p;

	p = skip_digits(p);
	if (p == digits || (digits[0] == '0' && p > digits + 1))
		return false;
	if (*p == '.') {
		digits = ++p;
		if ((p = skip_digits(p)) == digits)
			return false;
	}
	if (*p == 'e' || *p == 'E') {
		p += p[1] == '+' || p[1] == '-' ? 2 : 1;
		digits = p;
		if ((p = skip_digits(p)) == digits)
			return false;
	}
	return *p == '\0';
}

bool
cell_is_word(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(text, *words) == 0)
			return true;
	return false;
}

/* ---- Prices */

/* Counts a price that is left out. */
static void
leave_out(struct import *im, const char *currency)
{
	size_t i = 0;

	while (i < CURRENCIES_MAX - 1 && im->left_out[i].count > 0 && strcasecmp(im->left_out[i].code, currency) != 0)
		i++;
	if (im->left_out[i].count++ == 0)
		for (size_t k = 0; k < 3; k++)
			im->left_out[i].code[k] = (char)(currency[k] & ~0x20);
	else if (strcasecmp(im->left_out[i].code, currency) != 0)
		snprintf(im->left_out[i].code, sizeof(im->left_out[i].code), "others");
}

/* Whether it is a code of ISO 4217, by its form. */
static bool
is_currency(const char *text)
{
	size_t n = 0;

	while ((text[n] | 0x20) >= 'a' && (text[n] | 0x20) <= 'z')
		n++;
	return n == 3 && text[n] == '\0';
}

const char *
cell_price(struct import *im, struct json *event, const char *price, const char *currency, const char *price_column,
    const char *currency_column)
{
	static const char *const none[] = { "", "none", "null", "n/a", "-", NULL };
	struct arena *a = im->cli->arena;
	int64_t micros;
	bool is_negative;

	if (im->ignores_prices)
		return NULL;
	/* A report that does not say its currency is of an account that is billed as the organization is. */
	if (cell_is_word(currency, none))
		currency = im->currency;
	if (!is_currency(currency))
		return arena_printf(a, "%s: not a currency such as USD", currency_column);
	if (cell_is_word(price, none))
		return NULL;
	is_negative = price[0] == '-';
	price += is_negative;
	price += price[0] == '$';
	price += price[0] == '-' && !is_negative;
	price = cell_number(a, price);
	if (price[0] == '-' || (!cell_is_number(price) && !money_parse(price, &micros)))
		return arena_printf(a, "%s: not a decimal such as -0.0079", price_column);
	if (strcasecmp(currency, im->currency) != 0)
		leave_out(im, currency);
	else if (cell_is_number(price))
		json_put_raw(event, "cost", price, strlen(price));
	else
		json_put_money(event, "cost", micros);
	return NULL;
}
