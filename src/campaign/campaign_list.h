/*
 * Pages of campaigns, and of a campaign's failed contacts.
 */
#ifndef CAMPAIGN_LIST_H
#define CAMPAIGN_LIST_H

#include "campaign/campaign.h"

struct campaign_filter {
	bool has_state;
	enum segment_state state;	/* derived, as it reads today */
	struct day from, to;		/* a segment lies on one of these days */
	int64_t before;			/* from the cursor; 0 = from the newest */
	int64_t limit;
};

struct campaign_page {
	struct campaign *campaigns;	/* newest first */
	size_t count;
	bool has_more;
	const char *last;		/* the next page continues after this campaign, made at last_at */
	int64_t last_at, last_key;
};

/* What ends a page, whatever the filter wants of it: campaigns looked at, and segments of those on the days of the filter. */
enum { CAMPAIGNS_LOOKED_AT_MAX = 20000, CAMPAIGN_SEGMENTS_LOADED_MAX = 5000 };

/*
 * Lists campaigns; a page may be short, even empty, with more to follow.  Stable while campaigns are added: the next page
 * continues after the last campaign that was looked at.
 */
enum status	campaign_list(struct db *db, struct arena *a, const struct organization *org,
		    const struct campaign_filter *filter, struct day today, struct campaign_page *page, struct error *err);

const char	*campaign_cursor(struct arena *a, const struct campaign_page *page);
/* What a cursor says for campaign_filter.before; BAD_REQUEST for one that we did not issue to this organization. */
enum status	 campaign_cursor_read(struct db *db, struct arena *a, const struct organization *org, const char *text,
		    int64_t *before, struct error *err);

struct failure_row {
	const char *phone, *reason;
	int64_t segment, failed_at;
};

struct failure_page {
	struct failure_row *failures;	/* by time */
	size_t count;
	const char *cursor;		/* of the next page; NULL = this is the last */
};

/* Lists failed contacts.  cursor NULL = from the first.  BAD_REQUEST for a cursor that we did not issue. */
enum status	campaign_failures(struct db *db, struct arena *a, const struct campaign *c, const char *cursor,
		    size_t limit, struct failure_page *page, struct error *err);

#endif
