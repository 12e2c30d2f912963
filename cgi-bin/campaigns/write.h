/* Requests that write campaigns: each is one transaction and has one reply. */
#ifndef CAMPAIGNS_WRITE_H
#define CAMPAIGNS_WRITE_H

#include "body.h"

/* Sets the ETag of a campaign, which If-Match compares: it changes with the campaign, its counters, its days and today. */
void		campaign_tag(struct req *r, const struct organization *org, const struct campaign *c, struct day today);

/* Writes the reply that shows one campaign. */
void		campaign_reply(struct req *r, struct buf *body, const struct organization *org, const struct campaign *c,
		    struct day today);

enum status	campaign_create(struct req *r, struct campaign_input *input, struct buf *body);

/* Reads the results from the body after it has found the campaign. */
enum status	campaign_report(struct req *r, struct buf *body);

/* One write on the campaign that the path names; campaign_apply is what distinguishes them. */
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

enum status	campaign_write(struct req *r, struct buf *body, campaign_apply *apply, int verb);

#endif
