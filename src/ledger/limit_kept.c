/*
 * The limits of an organization as a process keeps them (see limit_kept.h): without pointers, and with no more than their rows
 * have, because a ring has room for hundreds of organizations then.
 */
#include <string.h>

#include "ledger/limit_kept.h"

/* The rules in their places follow it, then the amounts of all, then the texts of all. */
struct kept_rules {
	size_t count, amount_count;
};

struct kept_rule {
	int64_t key;
	uint32_t channels, amount_count;
	int32_t quarters;
	uint8_t unit, period;
	bool is_building, would_refuse, has_sender, has_network, has_zone;
};

static const char key_name[] = "limits";

static const char *
take_text(const char **at, bool is_there)
{
	const char *text = *at;

	if (!is_there)
		return NULL;
	*at += strlen(text) + 1;
	return text;
}

/* The currency is the organization's, not the limit's. */
bool
limit_kept_find(struct db *db, struct arena *a, struct organization *org)
{
	struct organization_kept_key key = organization_kept_key(db, org, key_name);
	size_t n, skipped;
	const struct kept_rules *kept = db_always_kept(db, &key, sizeof(key), &n);
	const char *currency, *texts;
	const struct kept_rule *k;
	struct limit_amount *amounts;

	if (kept == NULL)
		return false;
	/* Amounts and texts in one piece: the ring has room for others as soon as this returns. */
	k = (const struct kept_rule *)(kept + 1);
	skipped = sizeof(*kept) + kept->count * sizeof(*k);
	amounts = arena_alloc(a, n - skipped);
	memcpy(amounts, (const char *)kept + skipped, n - skipped);
	texts = (const char *)(amounts + kept->amount_count);
	currency = arena_strdup(a, org->currency);
	org->limits = (struct limit_rules) { arena_alloc(a, kept->count * sizeof(*org->limits.of)), kept->count };
	for (struct limit_rule *rule = org->limits.of; rule < org->limits.of + kept->count; rule++, k++) {
		enum limit_base_rule place = (enum limit_base_rule)(rule - org->limits.of);
		const char *name = take_text(&texts, true);

		*rule = (struct limit_rule) { .key = k->key, .name = name,
			.word = place < LIMIT_BASE_COUNT ? limit_base_facts(place).word : name, .channels = k->channels,
			.unit = k->unit, .currency = currency, .period = k->period, .sender = take_text(&texts, k->has_sender),
			.network = take_text(&texts, k->has_network), .zone = take_text(&texts, k->has_zone),
			.quarters = k->quarters, .is_building = k->is_building, .would_refuse = k->would_refuse,
			.refuses = k->would_refuse && !k->is_building, .amounts = amounts, .amount_count = k->amount_count };
		amounts += k->amount_count;
	}
	return true;
}

static size_t
text_size(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

static char *
put_text(char *to, const char *text)
{
	size_t n = text_size(text);

	if (n > 0)
		memcpy(to, text, n);
	return to + n;
}

void
limit_kept_put(struct db *db, const struct organization *org)
{
	const struct limit_rule *rules = org->limits.of, *end = rules + org->limits.count;
	struct organization_kept_key key = organization_kept_key(db, org, key_name);
	size_t n = sizeof(struct kept_rules), amount_count = 0;
	struct limit_amount *amounts;
	struct kept_rules *kept;
	struct kept_rule *k;
	char *texts;

	for (const struct limit_rule *r = rules; r < end; r++) {
		amount_count += r->amount_count;
		n += sizeof(*k) + r->amount_count * sizeof(*amounts) + text_size(r->name) + text_size(r->sender) +
		    text_size(r->network) + text_size(r->zone);
	}
	if ((kept = db_keep_always(db, &key, sizeof(key), n)) == NULL)
		return;
	*kept = (struct kept_rules) { org->limits.count, amount_count };
	k = (struct kept_rule *)(kept + 1);
	amounts = (struct limit_amount *)(k + kept->count);
	texts = (char *)(amounts + amount_count);
	for (const struct limit_rule *r = rules; r < end; r++) {
		*k++ = (struct kept_rule) { r->key, r->channels, (uint32_t)r->amount_count, r->quarters, (uint8_t)r->unit,
			(uint8_t)r->period, r->is_building, r->would_refuse, r->sender != NULL, r->network != NULL, r->zone != NULL };
		if (r->amount_count > 0)
			memcpy(amounts, r->amounts, r->amount_count * sizeof(*amounts));
		amounts += r->amount_count;
		texts = put_text(put_text(put_text(put_text(texts, r->name), r->sender), r->network), r->zone);
	}
}
