/*
 * The life of a segment: its states, what leads from one to the next, and what it holds.  Values in, values out.
 *
 *	draft -> scheduled -> sending -> sent | failed
 *	scheduled, sending <-> paused
 *	draft, scheduled, sending, paused -> cancelled
 *	failed -> sent, if a settlement says that something was sent
 *
 * The stored state changes only when somebody writes.  One thing follows from the date alone: an open segment whose day
 * is over is *overdue*.  It holds nothing, and it reads as it ended.  That is a reading and not an end: the contacts
 * that are left may be moved to another day, resumed there, or cancelled.  Only what was reported as ended is final.
 */
#ifndef SEGMENT_STATE_H
#define SEGMENT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "time/day.h"

enum segment_state {
	SEGMENT_DRAFT, SEGMENT_SCHEDULED, SEGMENT_SENDING, SEGMENT_PAUSED, SEGMENT_SENT, SEGMENT_FAILED, SEGMENT_CANCELLED
};
#define SEGMENT_STATE_COUNT (SEGMENT_CANCELLED + 1)

const char	*segment_state_name(enum segment_state s);
bool		 segment_state_parse(const char *name, enum segment_state *s);
bool		 segment_state_is_open(enum segment_state s);	/* scheduled, sending, paused; the column is_open says the same */
bool		 segment_state_is_final(enum segment_state s);	/* sent, failed, cancelled: nobody can change it any more */

/* A dated part of a campaign.  spent >= sent + failed, because a void takes those back but not what was spent. */
struct segment {
	int64_t number, scheduled_at;
	struct day day;			/* the organization's day of scheduled_at */
	int64_t contacts, sent, failed, spent;
	enum segment_state state;	/* as stored */
};

/* Open, and its day is over. */
bool		 segment_is_overdue(const struct segment *s, struct day today);

/* The state that is shown today: of an overdue segment paused, sent (if anything was sent) or failed. */
enum segment_state	 segment_reads(const struct segment *s, struct day today);

int64_t		 segment_left(const struct segment *s);				/* contacts: max(0, contacts - spent) */
int64_t		 segment_hold(const struct segment *s);				/* those that it holds, as long as its day is not over */
int64_t		 segment_held(const struct segment *s, struct day today);	/* those that it holds of its day today */
int64_t		 segment_unfinished(const struct segment *s, struct day today);	/* those left of an overdue one */

enum segment_action {
	SEGMENT_SCHEDULE,	/* the draft is to be sent */
	SEGMENT_SPEND,		/* an event counted; its counters are the new ones */
	SEGMENT_RESIZE,		/* its contacts changed, perhaps to no more than were sent and failed */
	SEGMENT_FINISH,		/* its sender reports that it is done, whatever is left */
	SEGMENT_SETTLE,		/* an event that had failed was sent after all; its counters are the new ones */
	SEGMENT_PAUSE, SEGMENT_RESUME, SEGMENT_CANCEL
};
#define SEGMENT_ACTION_COUNT (SEGMENT_CANCEL + 1)

/*
 * The state after an action: the present one if the action does not concern the segment.  Whether its day is over
 * matters only to pausing, which would be too late, and to cancelling: an overdue segment of which something was spent
 * ends as sent or failed, so that the past day keeps it.
 */
enum segment_state	 segment_after(const struct segment *s, enum segment_action action, bool is_over);

#endif
