/* The table of presets (see limit_preset.h). */
#include <string.h>

#include "base/suggest.h"
#include "quota/limit_preset.h"

#define PACIFIC "America/Los_Angeles"
#define A_DAY (24 * 4)		/* quarter-hours */
#define A_WEEK 7		/* days */

#define T_MOBILE(n) { "t-mobile-10dlc-" #n, "SMS parts of a 10DLC brand to T-Mobile, from midnight Pacific", 1U << SMS, \
	LIMIT_PARTS, LIMIT_DAY, "T-Mobile", PACIFIC, 0, 1, { { 0, n } } }
#define MAILBOX(name, what, n) { name, what, 1U << EMAIL, LIMIT_MESSAGES, LIMIT_ROLLING, NULL, NULL, A_DAY, 1, { { 0, n } } }

static const struct limit_preset presets[] = {
	T_MOBILE(1000), T_MOBILE(2000), T_MOBILE(10000), T_MOBILE(40000), T_MOBILE(200000),
	MAILBOX("gmail-500", "e-mails of a Gmail account, or of a Workspace trial, in 24 hours", 500),
	MAILBOX("gmail-2000", "e-mails of a Google Workspace user, in 24 hours", 2000),
	MAILBOX("exchange-10000", "recipients of an Exchange Online mailbox, in 24 hours", 10000),
	MAILBOX("ses-sandbox-200", "recipients of Amazon SES in the sandbox, in 24 hours", 200),
	{ "ses", "recipients of Amazon SES in production, in 24 hours", 1U << EMAIL, LIMIT_MESSAGES, LIMIT_ROLLING, NULL, NULL, A_DAY,
	    0, { { 0 } } },
	{ "sns-sms", "what Amazon SNS may spend on SMS in a month", 1U << SMS, LIMIT_COST, LIMIT_MONTH, NULL, NULL, 0,
	    0, { { 0 } } },
	{ "telnyx-profile", "what a Telnyx messaging profile may spend on a day of UTC", 1U << SMS, LIMIT_COST, LIMIT_DAY, NULL,
	    "UTC", 0, 0, { { 0 } } },
	{ "twilio-account", "messages of a new Twilio account, in 24 hours", 1U << SMS, LIMIT_MESSAGES, LIMIT_ROLLING, NULL, NULL,
	    A_DAY, 0, { { 0 } } },
	{ "warm-up-1000-4000-8000", "e-mails a day of a new sender: a week of each amount, and the last one from then on",
	    1U << EMAIL, LIMIT_MESSAGES, LIMIT_DAY, NULL, NULL, 0, 3, { { 0, 1000 }, { A_WEEK, 4000 }, { 2 * A_WEEK, 8000 } } },
};

enum { PRESETS = sizeof(presets) / sizeof(presets[0]) };

const struct limit_preset *
limit_preset_at(size_t i)
{
	return i < PRESETS ? &presets[i] : NULL;
}

enum status
limit_preset_find(const char *name, const struct limit_preset **preset, struct error *err)
{
	char shown[ERROR_SHOWN_MAX];
	struct suggestion s;

	suggest_begin(&s, name);
	for (size_t i = 0; i < PRESETS; i++) {
		if (strcmp(presets[i].name, name) == 0) {
			*preset = &presets[i];
			return OK;
		}
		suggest_offer(&s, presets[i].name);
	}
	return error_set(err, BAD_REQUEST, "preset: unknown \"%s\"%s", error_shown(name, shown), suggest_text(&s));
}
