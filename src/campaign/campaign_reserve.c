/*
 * Room for campaigns (see campaign.h and limit.h): what a campaign holds, and whether limits allow it to hold it.
 */
#include "campaign/campaign_rows.h"
#include "ledger/limit.h"

struct limit_load *
campaign_holds(const struct limit_book *b, struct arena *a, const struct campaign *c, struct day today, size_t *count)
{
	struct limit_load *loads = arena_alloc(a, (c->count + 1) * sizeof(*loads));
	struct limit_contact contact = { c->channel, c->sender, c->parts_per_contact };

	*count = 0;
	for (size_t i = 0; i < c->count; i++) {
		int64_t left = segment_held(&c->segments[i], today);

		if (left > 0)
			loads[(*count)++] = limit_book_hold(b, c->segments[i].scheduled_at, &contact, left);
	}
	return loads;
}

/*
 * Compares what the campaign will hold with what it holds now, before any row is written: the book has what the rows
 * say.
 */
enum status
campaign_reserve(struct db *db, struct arena *a, const struct organization *org, const struct campaign *was,
    const struct campaign *is, const struct campaign_change *change, struct campaign_refusal *refusal, struct error *err)
{
	struct limit_change loads = { .replaces_own = true };
	struct limit_book *book;
	enum status st;

	*refusal = (struct campaign_refusal) { 0 };
	if ((st = limit_book_new(db, a, org, NULL, LIMIT_FOLLOW_LIMITED, change->now, &book)) != OK)
		return st;
	loads.plus = campaign_holds(book, a, is, change->today, &loads.plus_count);
	if (was != NULL)
		loads.minus = campaign_holds(book, a, was, change->today, &loads.minus_count);
	if ((st = limit_check(book, &loads, &refusal->is_set, &refusal->limit)) != OK || !refusal->is_set)
		return st;
	return error_set(err, refusal->limit.is_long ? OVER_CAP : CONFLICT, "%s", limit_refusal_text(a, &refusal->limit));
}
