/* Requests that write campaigns: each is one transaction and has one reply. */
#ifndef CAMPAIGNS_WRITE_H
#define CAMPAIGNS_WRITE_H

#include "body.h"

/* Sets the ETag of a campaign, which If-Match compares: it changes with the campaign, its counters, its days and today. */
void		campaign_tag(struct req *r, const struct organization *org, const struct campaign *c, struct day today);

/* Writes the reply that shows one campaign; warning: what the client should read besides, or NULL. */
void		campaign_reply(struct req *r, struct buf *body, const struct organization *org, const struct campaign *c,
		    struct day today, const char *warning);

/*
 * Writes the reply to a campaign that found no room, or that a sending window does not allow.  Other failures keep the usual
 * error body.  Returns st.
 */
enum status	campaign_put_refusal(struct req *r, struct buf *body, enum status st, const struct campaign_refusal *refusal);

/* The handlers that write. */
enum status	campaigns_post(struct req *r, struct buf *body);
enum status	campaigns_put(struct req *r, struct buf *body);
enum status	campaigns_delete(struct req *r, struct buf *body);
enum status	campaigns_cancel(struct req *r, struct buf *body);
enum status	campaigns_pause(struct req *r, struct buf *body);
enum status	campaigns_resume(struct req *r, struct buf *body);
enum status	campaigns_results(struct req *r, struct buf *body);	/* results.c */

#endif
