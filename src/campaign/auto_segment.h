/*
 * Auto-segmentation: a client's request to the planner, and the plan for an organization.
 */
#ifndef AUTO_SEGMENT_H
#define AUTO_SEGMENT_H

#include "base/json.h"
#include "org/organization.h"
#include "quota/channel.h"
#include "quota/plan.h"

struct auto_request {
	int64_t contacts;
	int64_t parts_per_contact;
	enum channel channel;
	const char *sender;		/* NULL = not said */
	bool has_date;
	struct day date;		/* of the first segment, in the zone below */
	int64_t time_ms;		/* of every segment */
	const char *timezone;		/* NULL = the organization's */
	const char *sending_window;	/* of the campaign, as JSON; NULL = none of its own */
};

struct auto_plan {
	struct plan_segment *segments;
	size_t count;
	int64_t first_at;		/* the first candidate, whether or not it has room */
	int64_t left;			/* contacts without room within PLAN_DAYS_MAX days */
	const char *blocked_by;		/* if nothing was planned: the word of a limit whose amount is 0; else NULL */
	size_t passed_over;		/* dates, up to the last segment, on which sending windows allow nothing after that time */
	const char *limited_by;		/* the word of a limit beside the daily one that made the plan longer */
};

extern const char *const auto_request_fields[];

/* Reads {"totalContacts","firstSegmentDate"?,"firstSegmentTime"?,"timezone"?,"partsPerContact"?}; BAD_REQUEST. */
enum status	auto_request_read(struct json_object *o, struct auto_request *request, struct error *err);

/* How many dates of a plan's candidates, up to its last segment, have no instant that sending windows allow. */
size_t		campaign_passed_over(const struct plan_request *r, const struct plan_segment *segments, size_t count);

/*
 * Makes the plan from what the limits' windows hold now, in the arena; org has its limits loaded.  BAD_REQUEST if the
 * first segment's time is past, if sending windows allow no candidate, if the zone is unknown, or if contacts are left although
 * no limit is 0.  Inside a transaction.
 */
enum status	auto_plan_make(struct db *db, struct arena *a, const struct organization *org,
		    const struct auto_request *request, int64_t now, struct auto_plan *plan, struct error *err);

#endif
