/* The bodies of requests on campaigns, and campaigns as JSON and CSV. */
#ifndef CAMPAIGNS_BODY_H
#define CAMPAIGNS_BODY_H

#include "campaign/auto_segment.h"
#include "campaign/campaign.h"
#include "base/crypto.h"
#include "http/req.h"

/* A new campaign as the client asks for it. */
struct campaign_input {
	struct campaign campaign;	/* id NULL = ours to choose; has segments unless has_auto */
	bool has_auto;
	struct auto_request automatic;
	enum campaign_state state;	/* CAMPAIGN_DRAFT or CAMPAIGN_SCHEDULED */
	uint8_t sha256[SHA256_SIZE];	/* of the request in one spelling, without the id */
};

/* Reads the body of POST /api/campaigns; BAD_REQUEST and an error that names the field. */
enum status	campaign_input_read(struct req *r, struct campaign_input *input);

/* Reads the body of PUT /api/campaigns/{id} onto a copy of the campaign.  BAD_REQUEST; CONFLICT for a segment that has ended. */
enum status	campaign_change_read(struct req *r, struct campaign *c);

/* The body of POST …/results. */
struct campaign_results {
	const char *id;
	int64_t segment;		/* 0 = not given */
	bool has_time;
	int64_t occurred_at;
	int64_t sent, parts;		/* parts = sent if it is not given */
	struct result_failure {
		const char *phone, *reason;
	} *failures;
	size_t failure_count;
	bool done;
	uint8_t sha256[SHA256_SIZE];	/* without occurredAt and phone numbers, but with the number of failures */
};

#define RESULTS_BODY_MAX (2 * 1024 * 1024)
#define RESULTS_FAILURES_MAX 10000

enum status	campaign_results_read(struct req *r, struct campaign_results *results);

/* Writes a campaign as one object. */
void		campaign_put(struct json *out, const char *name, const struct organization *org, const struct campaign *c,
		    struct day today);

/* Writes a line of names and a line for each campaign; "segments" is the number of its segments. */
void		campaign_put_csv(struct buf *to, const struct organization *org, const struct campaign *campaigns,
		    size_t count, struct day today);

#endif
