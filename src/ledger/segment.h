/*
 * Segments: the dated slices of campaigns, what is spent of them, and how the calendar lists them.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "ledger/segment_state.h"
#include "org/organization.h"
#include "quota/channel.h"

/* What an event's campaignId and segmentNumber resolve to. */
struct segment_ref {
	int64_t campaign;	/* 0 = unknown */
	int64_t segment;	/* 0 = none */
};

/* Reads a column with the name of a state.  INTERNAL for an unknown one, which comes from a newer program. */
enum status	segment_state_column(struct query *q, int column, enum segment_state *s) MUST_CHECK;

/* The segment of an event as it is now; only the ref has a meaning if there is none. */
struct segment_target {
	struct segment_ref ref;
	struct segment segment;
	int64_t parts_per_contact;
	enum channel channel;
	const char *sender;	/* from whom it will be sent, in the arena; NULL = not said */
};

/*
 * Finds the segment of an event.  With a number (segment_given > 0): that segment.  Without one: the open segment of
 * the event's day, else the latest open one before it, else the next one, else none.
 */
enum status	segment_resolve(struct db *db, struct arena *a, const struct organization *org, const char *campaign_id,
		    int64_t segment_given, struct day d, struct segment_target *target) MUST_CHECK;

/*
 * Counts messages of an event that were sent or failed: they are spent, and may begin or end the segment.  Changes only the
 * target; returns what the segment then holds more, which is for the rollup.
 */
int64_t		 segment_spend(struct segment_target *target, int64_t sent, int64_t failed);
/* Writes the counters of a target, and its state if that is not what it was. */
enum status	 segment_write(struct db *db, const struct segment_target *is, enum segment_state was) MUST_CHECK;
/* Adds amounts, perhaps negative ones, for a correction of an event: that changes neither `spent` nor the status. */
enum status	segment_correct(struct db *db, struct segment_ref ref, int64_t sent, int64_t failed) MUST_CHECK;

/* Ends an open segment, whatever is left of it. */
enum status	segment_finish(struct db *db, struct segment_ref ref) MUST_CHECK;

/* Moves one message from failed to sent, of an event that a settlement says was sent.  `spent` stays as it is. */
enum status	segment_settle(struct db *db, struct segment_ref ref) MUST_CHECK;

/* A segment as the calendar lists it: of SMS; no drafts, no cancelled ones. */
struct segment_entry {
	const char *campaign, *name;
	int64_t number, contacts;
	bool is_segmented, has_failures;
	enum segment_state reads;	/* today */
};

/*
 * Counts those of each of the days from..to, into counts[0 .. to - from], and reads the first of them, at most max of each day:
 * one day after the other, by time and campaign, in the arena.
 */
enum status	segment_list(struct db *db, struct arena *a, const struct organization *org, struct day from, struct day to,
		    struct day today, size_t max, struct segment_entry **entries, int64_t *counts) MUST_CHECK;

/* The failed contacts of a segment, at most max, in the order of their times. */
struct failed_contact {
	const char *phone, *reason;	/* phone "" = blanked */
};
enum status	segment_failures(struct db *db, struct arena *a, const struct organization *org, const char *campaign,
		    int64_t number, size_t max, struct failed_contact **failures, size_t *count) MUST_CHECK;

#endif
