/*
 * Currencies (see currency.h).
 *
 * The codes are those of ISO 4217, List One, as of 2026-01-01 (the year in which the euro replaced BGN): what is legal tender
 * somewhere.  Codes of funds, metals, baskets and tests are left out, because nobody is billed in them.  A code that is withdrawn
 * later stays here, because there are amounts in it.
 */
#include <string.h>

#include "base/currency.h"

/* In the order of the alphabet, each with a blank between. */
static const char codes[] =
	"AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY "
	"COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR "
	"ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK "
	"MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF "
	"SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU "
	"UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

bool
currency_is_default(const char *code)
{
	return code == NULL || strcmp(code, CURRENCY_DEFAULT) == 0;
}

/* A code is three letters at a multiple of four; what is longer or in between is none. */
enum status
currency_check(const char *field, const char *code, struct error *err)
{
	char shown[ERROR_SHOWN_MAX];

	if (strlen(code) == CURRENCY_MAX - 1)
		for (const char *known = codes; *known != '\0'; known += known[3] == '\0' ? 3 : 4)
			if (strncmp(known, code, CURRENCY_MAX - 1) == 0)
				return OK;
	return error_set(err, BAD_REQUEST, "%s: unknown \"%s\"; must be a code of ISO 4217 in capitals, such as USD or EUR", field,
	    error_shown(code, shown));
}

void
currency_put(struct json *j, const char *code)
{
	if (!currency_is_default(code))
		json_put_text(j, "currency", code);
}

const char *
currency_units(const char *code)
{
	return currency_is_default(code) ? "dollars" : code;
}
