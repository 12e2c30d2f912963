/*
 * The list of events (see list.h): a page of the ledger's rows.
 */
#include <string.h>

#include "list.h"
#include "ledger/ledger.h"
#include "org/organization.h"
#include "http/dialect.h"
#include "http/reply.h"

enum {
	LISTED_DAYS_MAX = 400,
	LISTED_DEFAULT = 1000,
	LISTED_MAX = 10000,
	PAGE_ROWS = 1000,		/* rows that are read at once */
	EVENTS_REPLY_MAX = 6 << 20,	/* bytes; a page ends after the row that exceeds it */
	EVENTS_LOOKED_AT_MAX = 20000,	/* rows; a page ends after so many, whatever the filter wants of them */
};

const char *const events_list_query[] = { "from", "to", "limit", "after", "channel", "status", "campaignId", "format", NULL };

/* A list as it was asked for: the organization, what to show, and where to begin. */
struct list {
	struct organization org;
	struct ledger_filter filter;
	struct ledger_position place;
	int64_t limit;
};

/* Turns the days into instants: the list goes from before all rows of the first day to the start of the day after the last. */
static enum status
read_days(struct req *r, struct list *l)
{
	struct day_range range;
	enum status st = req_day_range(r, "from", "to", false, LISTED_DAYS_MAX, &range);

	if (st != OK)
		return st;
	l->place = (struct ledger_position) { .at = day_start(l->org.days, range.from), .rank = -1, .source = "", .id = "" };
	l->filter.until_at = day_start(l->org.days, day_add(range.to, 1));
	return OK;
}

/* A cursor of other days is refused, because it would silently skip or repeat rows. */
static enum status
read_list(struct req *r, struct list *l)
{
	const char *after = req_query(r, "after"), *status = req_query(r, "status"), *channel = req_query(r, "channel");
	int64_t from_at;
	enum channel c;
	enum status st;

	if ((st = read_days(r, l)) != OK || (st = req_int(r, "limit", 1, LISTED_MAX, LISTED_DEFAULT, &l->limit)) != OK)
		return st;
	from_at = l->place.at;
	if (after != NULL && (!ledger_cursor_parse(r->arena, after, &l->place) || l->place.at < from_at))
		return error_set(&r->err, BAD_REQUEST, "after: invalid; use the cursor of the previous page, with the same days");
	if (channel != NULL && (st = channel_read(channel, &c, &r->err)) != OK)
		return st;
	if (status != NULL && strcmp(status, "sent") != 0 && strcmp(status, "failed") != 0 && strcmp(status, "void") != 0)
		return error_set(&r->err, BAD_REQUEST, "status: must be sent, failed or void");
	l->filter.channel = channel;
	l->filter.status = status;
	l->filter.campaign = req_query(r, "campaignId");
	return OK;
}

/* Writes one row; its figures are what stands after its settlements. */
static enum status
put_row(struct req *r, const struct list *l, const struct price_list *prices, struct ledger_line *line, struct json *out,
    struct csv *csv)
{
	enum status st = ledger_stand(r->db, r->arena, &l->org, prices, line);

	if (st != OK)
		return st;
	if (r->is_csv)
		ledger_put_csv(csv, &l->org, line);
	else
		ledger_put(out, line);
	return OK;
}

/*
 * Writes rows until the limit or EVENTS_REPLY_MAX is reached, or EVENTS_LOOKED_AT_MAX rows were looked at; *next is the cursor to
 * continue with, NULL at the end of the list.  Reads them in portions, so that a long list does not have to be in memory as rows.
 */
static enum status
put_rows(struct req *r, struct list *l, struct json *out, struct csv *csv, const char **next)
{
	struct ledger_page page;
	struct price_list prices;
	struct ledger_position last;
	int64_t left = l->limit;
	size_t wanted, look_left = EVENTS_LOOKED_AT_MAX;
	enum status st;

	*next = NULL;
	if ((st = price_load(r->db, r->arena, &l->org, &prices)) != OK)
		return st;
	do {
		wanted = left < PAGE_ROWS ? (size_t)left + 1 : PAGE_ROWS;	/* one more tells whether there are more */
		if ((st = ledger_page(r->db, r->arena, &l->org, &l->filter, wanted, look_left, &l->place, &page)) != OK)
			return st;
		for (size_t i = 0; i < page.count; i++, left--) {
			if (left == 0 || out->to->size > EVENTS_REPLY_MAX) {
				*next = ledger_cursor(r->arena, &last);
				return OK;
			}
			if ((st = put_row(r, l, &prices, &page.lines[i], out, csv)) != OK)
				return st;
			last = ledger_position_of(&page.lines[i]);
		}
		look_left -= page.looked_at;
	} while (!page.is_last && look_left > 0);
	if (!page.is_last)
		*next = ledger_cursor(r->arena, &l->place);
	return OK;
}

enum status
events_list(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct csv csv = { .to = body };
	struct list l = { 0 };
	const char *next;
	enum status st;

	if ((st = organization_load(r->db, r->org, &l.org, &r->err)) != OK || (st = read_list(r, &l)) != OK)
		return st;
	if (reply_cached(r, body, l.org.revision, organization_unchanged_until(&l.org, r->now)))
		return OK;
	if (r->is_csv) {
		ledger_put_csv_names(&csv, &l.org);
		if ((st = put_rows(r, &l, out, &csv, &next)) == OK)
			reply_cursor(r, next);
		return st;
	}
	dialect_tether_open(out);
	json_open_array(out, "events");
	if ((st = put_rows(r, &l, out, &csv, &next)) != OK)
		return st;
	json_close_array(out);
	json_put_text_or_null(out, "next", next);
	currency_put(out, l.org.currency);
	dialect_tether_close(out);
	return OK;
}
