/*
 * Who sends, to whose network, and for which cost centre: `from`, `network` and `tag` of events and campaigns.  A limit or a
 * sum of one of them compares bytes: "T-Mobile" and "t-mobile" are two networks.
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include "base/json.h"
#include "quota/channel.h"

#define ORIGIN_SENDER_MAX 255	/* bytes: an address of e-mail has up to 254 */
#define ORIGIN_NETWORK_MAX 64	/* characters */
#define ORIGIN_TAG_MAX 64

/*
 * Read the member `from`, `network` or `tag`; *text is NULL if it is absent or null.  BAD_REQUEST for a text that is empty, too
 * long, or that no name may be (base/name.h).
 */
enum status	origin_read_sender(struct json_object *o, const char **text, struct error *err) MUST_CHECK;
enum status	origin_read_network(struct json_object *o, const char **text, struct error *err) MUST_CHECK;
enum status	origin_read_tag(struct json_object *o, const char **text, struct error *err) MUST_CHECK;

/* BAD_REQUEST if such a text from elsewhere, `from` of a query or a cell of a carrier's report, is no sender, or no network. */
enum status	origin_check_sender(const char *text, struct error *err) MUST_CHECK;
enum status	origin_check_network(const char *text, struct error *err) MUST_CHECK;

/* Reads `channel` and `from` of what is planned; one that is absent stays as it is. */
enum status	origin_read_planned(struct json_object *o, enum channel *c, const char **sender, struct error *err) MUST_CHECK;

/* Writes those that are set; a network is no part of a campaign, so it may be NULL. */
void		origin_put(struct json *j, const char *sender, const char *network, const char *tag);


#endif
