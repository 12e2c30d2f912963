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
	bool is_now;			/* no instant was given: its segment is to be sent when the request arrives */
	const char *timezone;		/* whose clock sending windows are about; NULL = the organization's */
	enum segment_state state;	/* SEGMENT_DRAFT or SEGMENT_SCHEDULED */
	uint8_t sha256[SHA256_SIZE];	/* of the request in one spelling, without the id */
};

/* Reads the body of POST /api/campaigns; BAD_REQUEST and an error that names the field. */
enum status	campaign_input_read(struct req *r, struct campaign_input *input);

/*
 * Reads the body of PUT /api/campaigns/{id}, or of …/resume, onto a copy of the campaign, and sets change->is_exact.
 * BAD_REQUEST; CONFLICT for a segment that was reported as ended.
 */
enum status	campaign_change_read(struct req *r, struct campaign *c, struct campaign_change *change);
enum status	campaign_resume_read(struct req *r, struct campaign *c, struct campaign_change *change);

/*
 * Reads `channel`, `from` and `tag` onto a campaign: one that is absent stays.  In a change null takes the sender and the tag
 * away; elsewhere it is the same as absent.
 */
enum status	campaign_read_origin(struct json_object *o, bool is_change, struct campaign *c, struct error *err);

/* A segment as a client sends it. */
struct sent_segment {
	bool has_number, has_time, has_contacts;
	int64_t number, scheduled_at, contacts;
};

/*
 * Reads the elements of the member `segments` with the `known` members; *n is 0 if it is absent.  An empty array is an
 * error, because it would be a campaign that holds nothing, or a change that changes nothing.
 */
enum status	campaign_read_segments(struct req *r, const char *const *known, struct sent_segment **segments, size_t *n);

/* Reads an RFC 3339 instant.  label precedes the name in errors, as in json_parse; "" for the body itself. */
enum status	campaign_read_instant(struct json_object *o, const char *label, const char *name, bool *found, int64_t *at,
		    struct error *err);

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
	const char *sender, *network, *tag;	/* NULL = the campaign's, or none */
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
