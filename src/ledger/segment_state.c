/*
 * The life of a segment (see segment_state.h): a table of states and a table of transitions.  No other code decides what
 * a state means or which one comes next.
 */
#include <string.h>

#include "ledger/segment_state.h"

static const struct {
	const char *name;
	bool is_open, is_final;
} states[SEGMENT_STATE_COUNT] = {
	[SEGMENT_DRAFT] = { "draft", false, false },
	[SEGMENT_SCHEDULED] = { "scheduled", true, false },
	[SEGMENT_SENDING] = { "sending", true, false },
	[SEGMENT_PAUSED] = { "paused", true, false },
	[SEGMENT_SENT] = { "sent", false, true },
	[SEGMENT_FAILED] = { "failed", false, true },
	[SEGMENT_CANCELLED] = { "cancelled", false, true },
};

/* Where an action leads; some of it depends on what was sent. */
enum outcome {
	STAYS,
	SCHEDULED,
	BEGUN,		/* sending if anything was spent, else scheduled */
	PROGRESS,	/* sending, or ended if all contacts are done */
	ENDED_IF_DONE,
	ENDED,		/* sent if anything was sent, else failed */
	PAUSED,		/* unless it is overdue */
	CANCELLED	/* or ended, if it is overdue and something was spent */
};

static const enum outcome transitions[SEGMENT_STATE_COUNT][SEGMENT_ACTION_COUNT] = {
	[SEGMENT_DRAFT] = { [SEGMENT_SCHEDULE] = SCHEDULED, [SEGMENT_CANCEL] = CANCELLED },
	[SEGMENT_SCHEDULED] = { [SEGMENT_SPEND] = PROGRESS, [SEGMENT_RESIZE] = ENDED_IF_DONE, [SEGMENT_FINISH] = ENDED,
		[SEGMENT_PAUSE] = PAUSED, [SEGMENT_CANCEL] = CANCELLED },
	[SEGMENT_SENDING] = { [SEGMENT_SPEND] = PROGRESS, [SEGMENT_RESIZE] = ENDED_IF_DONE, [SEGMENT_FINISH] = ENDED,
		[SEGMENT_PAUSE] = PAUSED, [SEGMENT_CANCEL] = CANCELLED },
	/* A paused segment counts what is still sent of it, and stays paused until somebody resumes or ends it. */
	[SEGMENT_PAUSED] = { [SEGMENT_FINISH] = ENDED, [SEGMENT_RESUME] = BEGUN, [SEGMENT_CANCEL] = CANCELLED },
	[SEGMENT_FAILED] = { [SEGMENT_SETTLE] = ENDED },
};

const char *
segment_state_name(enum segment_state s)
{
	return states[s].name;
}

bool
segment_state_parse(const char *name, enum segment_state *s)
{
	for (enum segment_state i = SEGMENT_DRAFT; i <= SEGMENT_CANCELLED; i++)
		if (name[0] == states[i].name[0] && strcmp(name, states[i].name) == 0) {
			*s = i;
			return true;
		}
	return false;
}

bool
segment_state_is_open(enum segment_state s)
{
	return states[s].is_open;
}

bool
segment_state_is_final(enum segment_state s)
{
	return states[s].is_final;
}

/* ---- What follows from the date */

bool
segment_is_overdue(const struct segment *s, struct day today)
{
	return states[s->state].is_open && s->day.n < today.n;
}

static enum segment_state
ended(const struct segment *s)
{
	return s->sent > 0 ? SEGMENT_SENT : SEGMENT_FAILED;
}

enum segment_state
segment_reads(const struct segment *s, struct day today)
{
	return segment_is_overdue(s, today) && s->state != SEGMENT_PAUSED ? ended(s) : s->state;
}

/* A segment that has spent more than it planned holds nothing; it must not give room back. */
int64_t
segment_left(const struct segment *s)
{
	return s->contacts > s->spent ? s->contacts - s->spent : 0;
}

int64_t
segment_hold(const struct segment *s)
{
	return states[s->state].is_open ? segment_left(s) : 0;
}

int64_t
segment_held(const struct segment *s, struct day today)
{
	return s->day.n >= today.n ? segment_hold(s) : 0;
}

int64_t
segment_unfinished(const struct segment *s, struct day today)
{
	return segment_is_overdue(s, today) ? segment_left(s) : 0;
}

/* ---- Transitions */

enum segment_state
segment_after(const struct segment *s, enum segment_action action, bool is_over)
{
	bool is_done = s->sent + s->failed >= s->contacts, is_overdue = is_over && states[s->state].is_open;

	switch (transitions[s->state][action]) {
	case STAYS:
		break;
	case SCHEDULED:
		return SEGMENT_SCHEDULED;
	case BEGUN:
		return s->spent > 0 ? SEGMENT_SENDING : SEGMENT_SCHEDULED;
	case PROGRESS:
		return is_done ? ended(s) : SEGMENT_SENDING;
	case ENDED_IF_DONE:
		return is_done ? ended(s) : s->state;
	case ENDED:
		return ended(s);
	case PAUSED:
		return is_overdue ? s->state : SEGMENT_PAUSED;
	case CANCELLED:
		return is_overdue && s->spent > 0 ? ended(s) : SEGMENT_CANCELLED;
	}
	return s->state;
}
