/*
 * POST /api/campaigns/validate-date {"scheduledISO":"…Z","contactCount":n,"excludeCampaignId"?:"…","channel"?,"from"?,
 *	"partsPerContact"?:n} -- whether a campaign could reserve the contacts at that instant.
 *
 *	200	{"success":true,"available":bool,"remaining":n,"limit":n} and, if it is not available, "message".
 *		remaining is the room by all limits before contactCount is subtracted; excludeCampaignId leaves the
 *		reservation of that campaign out, and remaining is then at least what it holds already, even if the day
 *		is over its limit.  limit is the daily limit of that day.  Unlimited: both are null.
 *		An instant that is past is not available, unless it means now (campaign_means_now) or is one of the
 *		excluded campaign's own; one after 2099 is not either.
 *		An instant outside of the sending windows is not available, and "nextAllowedAt" is the next one that is (null: none
 *		for three years).  Those are the organization's, and "sendingWindow"? or that of the excluded campaign; "timezone"?
 *		is whose clock they are about.
 *	400	a field is missing, unknown or wrong
 *	401 403	no valid credential; the scope usage:read is missing
 */
#include <inttypes.h>
#include <string.h>

#include "campaign/campaign.h"
#include "time/instant.h"
#include "http/serve.h"
#include "ledger/limit.h"
#include "quota/origin.h"
#include "org/sending_row.h"

struct wanted {
	int64_t scheduled_at, contacts, parts_per_contact;
	const char *exclude, *timezone;
	bool has_channel;
	enum channel channel;
	const char *sender;	/* NULL = not said */
	bool has_window;
	const char *window;	/* of the campaign, as JSON; NULL = that of the excluded one, if it has one */
};

static enum status
read_wanted(struct req *r, struct json_object *o, struct wanted *w)
{
	const char *at;
	enum status st;
	bool found;

	*w = (struct wanted) { .parts_per_contact = 1, .channel = SMS };
	if ((st = json_string(o, "scheduledISO", 1, 64, &at, &r->err)) != OK)
		return st;
	if (at == NULL)
		return error_set(&r->err, BAD_REQUEST, "scheduledISO: required");
	if (!instant_parse(at, &w->scheduled_at))
		return error_set(&r->err, BAD_REQUEST, "scheduledISO: not an RFC 3339 instant such as 2026-05-20T15:00:00.000Z");
	if ((st = json_int(o, "contactCount", 0, CAMPAIGN_CONTACTS_MAX, &found, &w->contacts, &r->err)) != OK)
		return st;
	if (!found)
		return error_set(&r->err, BAD_REQUEST, "contactCount: required");
	if ((st = json_int(o, "partsPerContact", 1, PARTS_PER_CONTACT_MAX, &found, &w->parts_per_contact, &r->err)) != OK)
		return st;
	if ((st = json_string(o, "excludeCampaignId", 1, 64, &w->exclude, &r->err)) != OK ||
	    (st = json_string(o, "timezone", 1, ZONE_NAME_MAX - 1, &w->timezone, &r->err)) != OK)
		return st;
	w->has_channel = json_has(o, "channel") && !json_is_null(o, "channel");
	if ((st = origin_read_planned(o, &w->channel, &w->sender, &r->err)) != OK)
		return st;
	return campaign_read_window(r->arena, r->body, r->body_n, &w->has_window, &w->window, &r->err);
}

/* What the reply says. */
struct room {
	struct day day;
	int64_t at;		/* the instant that is asked: what means now is now */
	struct limit_contact contact;	/* as asked, else of the excluded campaign, else an SMS */
	bool is_past;		/* no campaign can be scheduled at that instant */
	bool is_own;		/* a segment of the excluded campaign is there already */
	bool is_outside;	/* sending windows do not allow it, but */
	int64_t next_allowed_at;	/* this one; 0 = none */
	const char *own_window;	/* of the excluded campaign */
	int64_t limit;		/* of the day; UNLIMITED */
	int64_t remaining;	/* in quota units, by all limits */
	const struct limit_rule *by;	/* the limit with the least room; NULL = none */
};

/*
 * Leaves out what the excluded campaign holds; one that does not exist holds nothing.  An instant of its own may be past:
 * a change that does not move a segment leaves it there.
 */
static enum status
exclude(struct req *r, const struct organization *org, const struct wanted *w, struct limit_book *book, struct day today,
    struct room *room)
{
	struct limit_load *holds;
	struct campaign c;
	enum status st;
	size_t count;

	if (w->exclude == NULL)
		return OK;
	st = campaign_load(r->db, r->arena, org, w->exclude, today, &c, &r->err);
	if (st == NOT_FOUND)
		return OK;
	if (st != OK)
		return st;
	room->own_window = c.sending_window;
	holds = campaign_holds(book, r->arena, &c, today, &count);
	for (size_t i = 0; i < count; i++)
		limit_book_set_aside(book, &holds[i]);
	if (!w->has_channel)
		room->contact.channel = c.channel;
	if (w->sender == NULL)
		room->contact.sender = c.sender;
	for (size_t i = 0; i < c.count; i++)
		if (segment_held(&c.segments[i], today) > 0 && c.segments[i].scheduled_at == w->scheduled_at) {
			room->is_own = true;
			room->is_past = false;
			room->at = w->scheduled_at;
		}
	return OK;
}

/* An instant at which a campaign lies already stays allowed: only what is moved must be in the sending windows. */
static enum status
load_window(struct req *r, const struct organization *org, const struct wanted *w, struct room *room)
{
	int64_t at = w->scheduled_at < r->now ? r->now : w->scheduled_at;	/* what is past means now, or nothing */
	struct sending sending;
	struct spans wall;
	enum status st;

	if ((st = sending_row_wall(r->arena, org, w->timezone, &wall, &r->err)) != OK ||
	    (st = sending_row_all(r->db, r->arena, org, w->has_window ? w->window : room->own_window, wall, &sending)) != OK)
		return st;
	room->is_outside = !room->is_own && !sending_allows(&sending, at);
	if (room->is_outside && !sending_next(&sending, at, &room->next_allowed_at))
		room->next_allowed_at = 0;
	return OK;
}

static enum status
load_room(struct req *r, const struct organization *org, const struct wanted *w, struct room *room)
{
	struct day today = organization_today(org, r->now);
	struct limit_book *book;
	enum status st;

	*room = (struct room) { .day = day_at(org->days, w->scheduled_at), .at = w->scheduled_at,
		.contact = { .channel = w->channel, .sender = w->sender, .parts = w->parts_per_contact } };
	room->is_past = w->scheduled_at < r->now && !campaign_means_now(org, w->scheduled_at, r->now);
	if (w->scheduled_at < r->now && !room->is_past)
		room->at = r->now;
	room->limit = limit_rules_daily(&org->limits, room->day);
	if ((st = limit_book_new(r->db, r->arena, org, NULL, LIMIT_FOLLOW_LIMITED, r->now, &book)) != OK ||
	    (st = limit_book_read_at(book, w->scheduled_at)) != OK || (st = limit_book_read_at(book, room->at)) != OK ||
	    (st = exclude(r, org, w, book, today, room)) != OK)
		return st;
	if ((st = load_window(r, org, w, room)) != OK)
		return st;
	room->remaining = limit_book_room_units_at(book, room->at, &room->contact, &room->by);
	return OK;
}

static void
put_outside(struct req *r, struct json *out, const struct wanted *w, const struct room *room)
{
	char at[INSTANT_TEXT_MAX], next[INSTANT_TEXT_MAX];

	json_put_text(out, "message", arena_printf(r->arena, "%s is outside the sending window; %s%s.",
	    instant_format(w->scheduled_at, at), room->next_allowed_at != 0 ? "the next allowed instant is " :
	    "nothing is allowed in the three years after it",
	    room->next_allowed_at != 0 ? instant_format(room->next_allowed_at, next) : ""));
	instant_put_or_null(out, "nextAllowedAt", room->next_allowed_at);
}

static void
put_reply(struct req *r, struct json *out, const struct organization *org, const struct wanted *w, const struct room *room)
{
	int64_t units = quota_held(w->contacts, 0, w->parts_per_contact, limit_rules_unit(&org->limits));
	bool is_too_late = w->scheduled_at >= INSTANT_MAX, is_over = room->day.n < organization_today(org, r->now).n;
	bool available = !room->is_past && !is_too_late && !room->is_outside && (room->by == NULL || room->remaining >= units);
	char text[DAY_TEXT_MAX], at[INSTANT_TEXT_MAX];

	json_open_object(out, NULL);
	json_put_bool(out, "success", true);
	json_put_bool(out, "available", available);
	json_put_int_or_null(out, "remaining", room->by != NULL ? room->remaining : UNLIMITED, UNLIMITED);
	json_put_int_or_null(out, "limit", room->limit, UNLIMITED);
	if (is_over)
		json_put_text(out, "message", arena_printf(r->arena, "%s is over.", day_format(room->day, text)));
	else if (room->is_past)
		json_put_text(out, "message", arena_printf(r->arena, "%s is in the past.", instant_format(w->scheduled_at, at)));
	else if (is_too_late)
		json_put_text(out, "message", "Nothing can be scheduled after 2099.");
	else if (room->is_outside)
		put_outside(r, out, w, room);
	else if (!available)
		json_put_text(out, "message", arena_printf(r->arena, "%s has room for %" PRId64 ", not for %" PRId64 "%s%s.",
		    day_format(room->day, text), room->remaining, units, strcmp(room->by->word, "dailyLimit") != 0 ? ": " : "",
		    strcmp(room->by->word, "dailyLimit") != 0 ? room->by->word : ""));
	json_close_object(out);
}

/* A POST that only reads, so it opens the read transaction itself. */
static enum status
validate_date(struct req *r, struct buf *body)
{
	static const char *const fields[] = { "scheduledISO", "contactCount", "excludeCampaignId", "partsPerContact",
		"sendingWindow", "timezone", "channel", "from", NULL };
	struct organization org;
	struct json_object *o;
	struct wanted wanted;
	struct json *out = json_on(body);
	struct room room;
	enum status st;

	if ((st = db_read_begin(r->db)) != OK ||
	    (st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = limit_row_load(r->db, r->arena, &org)) != OK ||
	    (st = req_object(r, fields, &o)) != OK)
		return st;
	st = read_wanted(r, o, &wanted);
	json_object_free(o);
	if (st != OK)
		return st;
	if ((st = load_room(r, &org, &wanted, &room)) == OK)
		put_reply(r, out, &org, &wanted, &room);
	return st;
}

int
main(void)
{
	static const struct route routes[] = {
		{ POST, "/api/campaigns/validate-date", SCOPE_USAGE_READ, validate_date }, { 0 } };

	return serve(&(const struct endpoint) {
		.name = "validate-date", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
