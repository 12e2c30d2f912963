/*
 * Campaigns as JSON: what clients send, and what they get.
 */
#ifndef CAMPAIGNS_BODY_H
#define CAMPAIGNS_BODY_H

#include "campaign/auto_segment.h"
#include "campaign/campaign.h"
#include "base/crypto.h"
#include "http/req.h"

/* A new campaign as its client wishes it. */
struct campaign_input {
	struct campaign campaign;	/* id "" = ours to choose; segments unless has_auto */
	bool has_auto;
	struct auto_request automatic;
	enum campaign_state state;	/* CAMPAIGN_DRAFT or CAMPAIGN_SCHEDULED */
	uint8_t sha256[SHA256_SIZE];	/* of the wish in one spelling, without the id */
};

/* The body of POST /api/campaigns; BAD_REQUEST and the field's name. */
enum status	campaign_input_read(struct req *r, struct campaign_input *input);

/* The body of PUT /api/campaigns/{id}, onto a copy of the campaign.  BAD_REQUEST; CONFLICT for what has ended. */
enum status	campaign_change_read(struct req *r, struct campaign *c);

/* The body of POST …/results. */
struct campaign_results {
	const char *id;
	int64_t segment;		/* 0 = not given */
	bool has_time;
	int64_t occurred_at;
	int64_t sent, parts;		/* parts = sent where not given */
	struct result_failure {
		const char *phone, *reason;
	} *failures;
	size_t failure_count;
	bool done;
	uint8_t sha256[SHA256_SIZE];	/* without occurredAt, and of the failures their number alone */
};

#define RESULTS_BODY_MAX (2 * 1024 * 1024)
#define RESULTS_FAILURES_MAX 10000

enum status	campaign_results_read(struct req *r, struct campaign_results *results);

/* The members of a campaign, as one object. */
void		campaign_put(struct json *out, const char *name, const struct organization *org, const struct campaign *c,
		    struct day today);

/* A line of names, and one for each campaign; "segments" says how many it has. */
void		campaign_put_csv(struct json *out, const struct organization *org, const struct campaign *campaigns,
		    size_t count, struct day today);

#endif
