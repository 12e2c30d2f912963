/* The replies to campaigns that were refused (see write.h). */
#include "write.h"
#include "time/instant.h"

/* No room: which limit and day, and where there is room. */
static void
put_limit(struct req *r, struct json *out, const struct campaign_refusal *refusal)
{
	char text[DAY_TEXT_MAX];

	json_put_text(out, "message", arena_printf(r->arena, "%s has no room.", limit_refusal_subject(r->arena, &refusal->limit)));
	json_put_text(out, "error", r->err.text);
	json_put_text(out, "date", day_format(refusal->limit.day, text));
	limit_refusal_put(out, &refusal->limit);
}

/* Outside of a sending window, which must not look like no room. */
static void
put_window(struct req *r, struct json *out, const struct campaign_refusal *refusal)
{
	json_put_text(out, "message", "The sending window does not allow that time.");
	json_put_text(out, "error", r->err.text);
	instant_put_or_null(out, "nextAllowedAt", refusal->next_allowed_at);
}

enum status
campaign_put_refusal(struct req *r, struct buf *body, enum status st, const struct campaign_refusal *refusal)
{
	bool is_full = (st == CONFLICT || st == OVER_CAP) && refusal->is_set, is_outside = st == BAD_REQUEST && refusal->is_outside;
	struct json *out = json_on(body);

	if (!is_full && !is_outside)
		return st;
	r->keeps_body = true;
	buf_reset(body);
	json_open_object(out, NULL);
	json_put_bool(out, "success", false);
	if (is_full)
		put_limit(r, out, refusal);
	else
		put_window(r, out, refusal);
	json_close_object(out);
	return st;
}
