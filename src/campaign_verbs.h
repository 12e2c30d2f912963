/*
 * Requests that write campaigns: each is one transaction, and one reply.
 */
#ifndef CAMPAIGN_VERBS_H
#define CAMPAIGN_VERBS_H

#include "campaign_body.h"

/* The ETag of a campaign, which If-Match compares: it changes with the campaign, its counters and the day. */
void		campaign_tag(struct req *r, const struct campaign *c, struct day today);

enum status	campaign_create(struct req *r, struct campaign_wish *wish, struct json *out);
enum status	campaign_report(struct req *r, struct campaign_results *results, struct json *out);

/* One write on the campaign that the path names, and what each makes of it. */
struct campaign_writing {
	struct req *r;
	const struct organization *org;
	struct campaign *c;
	const struct campaign_change *change;
	struct campaign_refusal *refusal;
	int verb;
};
typedef enum status campaign_apply(struct campaign_writing *w);

campaign_apply	campaign_apply_body, campaign_apply_verb, campaign_apply_delete;

enum status	campaign_write(struct req *r, struct json *out, campaign_apply *apply, int verb);

#endif
