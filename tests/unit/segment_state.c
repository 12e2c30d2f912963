/* segment_state.c: the states of a segment, every action in every state, and what a segment holds and reads by the date. */
#include <string.h>

#include "ledger/segment_state.h"
#include "table.h"

/* ---- States */

static const struct state_row {
	const char *name;
	enum segment_state state;
	const char *text;
	bool is_open, is_final;
} state_rows[] = {
	{ "a draft is neither open nor final", SEGMENT_DRAFT, "draft", false, false },
	{ "scheduled is open", SEGMENT_SCHEDULED, "scheduled", true, false },
	{ "sending is open", SEGMENT_SENDING, "sending", true, false },
	{ "paused is open", SEGMENT_PAUSED, "paused", true, false },
	{ "sent is final", SEGMENT_SENT, "sent", false, true },
	{ "failed is final", SEGMENT_FAILED, "failed", false, true },
	{ "cancelled is final", SEGMENT_CANCELLED, "cancelled", false, true },
};

static void
state_is(void **state)
{
	const struct state_row *row = *state;
	enum segment_state s = SEGMENT_STATE_COUNT;

	assert_string_equal(segment_state_name(row->state), row->text);
	assert_true(segment_state_parse(row->text, &s));
	assert_int_equal(s, row->state);
	assert_int_equal(segment_state_is_open(s), row->is_open);
	assert_int_equal(segment_state_is_final(s), row->is_final);
}

static const struct bad_row {
	const char *name, *text;
} bad_rows[] = {
	{ "an empty name is none", "" },
	{ "a capital is none", "Draft" },
	{ "a name and more is none", "sentx" },
	{ "the beginning of a name is none", "sen" },
};

static void
is_no_state(void **state)
{
	const struct bad_row *row = *state;
	enum segment_state s = SEGMENT_STATE_COUNT;

	assert_false(segment_state_parse(row->text, &s));
	assert_int_equal(s, SEGMENT_STATE_COUNT);
}

/* ---- Transitions */

/* The counters that can decide: of 10 contacts. */
enum progress { NOTHING, SOME, ALL, ALL_FAILED, TAKEN_BACK, PROGRESS_COUNT };

static const struct segment progress[PROGRESS_COUNT] = {
	[NOTHING] = { .contacts = 10 },
	[SOME] = { .contacts = 10, .sent = 3, .failed = 1, .spent = 4 },
	[ALL] = { .contacts = 10, .sent = 8, .failed = 2, .spent = 10 },
	[ALL_FAILED] = { .contacts = 10, .failed = 10, .spent = 10 },
	[TAKEN_BACK] = { .contacts = 10, .spent = 4 },	/* sent, and voided */
};

/*
 * What each action leads to in each state, one letter for each progress in the order above: d s(cheduled) > (sending)
 * p(aused) S(ent) F(ailed) c(ancelled).  `over` is the same on a day that is over, NULL if equal.
 */
static const struct step_row {
	const char *name;
	enum segment_action action;
	enum segment_state from;
	const char *to, *over;
} step_rows[] = {
	{ "a draft is scheduled", SEGMENT_SCHEDULE, SEGMENT_DRAFT, "sssss", NULL },
	{ "scheduled is scheduled already", SEGMENT_SCHEDULE, SEGMENT_SCHEDULED, "sssss", NULL },
	{ "sending is not scheduled again", SEGMENT_SCHEDULE, SEGMENT_SENDING, ">>>>>", NULL },
	{ "paused is not scheduled but resumed", SEGMENT_SCHEDULE, SEGMENT_PAUSED, "ppppp", NULL },
	{ "sent is not scheduled again", SEGMENT_SCHEDULE, SEGMENT_SENT, "SSSSS", NULL },
	{ "failed is not scheduled again", SEGMENT_SCHEDULE, SEGMENT_FAILED, "FFFFF", NULL },
	{ "cancelled is not scheduled again", SEGMENT_SCHEDULE, SEGMENT_CANCELLED, "ccccc", NULL },

	{ "an event leaves a draft", SEGMENT_SPEND, SEGMENT_DRAFT, "ddddd", NULL },
	{ "an event makes scheduled sending, and the last one ends it", SEGMENT_SPEND, SEGMENT_SCHEDULED, ">>SF>", NULL },
	{ "the last event ends what is sending", SEGMENT_SPEND, SEGMENT_SENDING, ">>SF>", NULL },
	{ "an event leaves what is paused", SEGMENT_SPEND, SEGMENT_PAUSED, "ppppp", NULL },
	{ "an event leaves what is sent", SEGMENT_SPEND, SEGMENT_SENT, "SSSSS", NULL },
	{ "an event leaves what has failed", SEGMENT_SPEND, SEGMENT_FAILED, "FFFFF", NULL },
	{ "an event leaves what is cancelled", SEGMENT_SPEND, SEGMENT_CANCELLED, "ccccc", NULL },

	{ "a draft has any size", SEGMENT_RESIZE, SEGMENT_DRAFT, "ddddd", NULL },
	{ "scheduled ends when no more contacts are to come", SEGMENT_RESIZE, SEGMENT_SCHEDULED, "ssSFs", NULL },
	{ "sending ends when no more contacts are to come", SEGMENT_RESIZE, SEGMENT_SENDING, ">>SF>", NULL },
	{ "paused stays paused with any size", SEGMENT_RESIZE, SEGMENT_PAUSED, "ppppp", NULL },
	{ "the size of what is sent changes nothing", SEGMENT_RESIZE, SEGMENT_SENT, "SSSSS", NULL },
	{ "the size of what has failed changes nothing", SEGMENT_RESIZE, SEGMENT_FAILED, "FFFFF", NULL },
	{ "the size of what is cancelled changes nothing", SEGMENT_RESIZE, SEGMENT_CANCELLED, "ccccc", NULL },

	{ "a draft is not done", SEGMENT_FINISH, SEGMENT_DRAFT, "ddddd", NULL },
	{ "scheduled ends when it is done", SEGMENT_FINISH, SEGMENT_SCHEDULED, "FSSFF", NULL },
	{ "sending ends when it is done", SEGMENT_FINISH, SEGMENT_SENDING, "FSSFF", NULL },
	{ "paused ends when it is done", SEGMENT_FINISH, SEGMENT_PAUSED, "FSSFF", NULL },
	{ "sent is done already", SEGMENT_FINISH, SEGMENT_SENT, "SSSSS", NULL },
	{ "failed is done already", SEGMENT_FINISH, SEGMENT_FAILED, "FFFFF", NULL },
	{ "cancelled is done already", SEGMENT_FINISH, SEGMENT_CANCELLED, "ccccc", NULL },
	{ "a settlement leaves a draft", SEGMENT_SETTLE, SEGMENT_DRAFT, "ddddd", NULL },
	{ "a settlement leaves what is scheduled", SEGMENT_SETTLE, SEGMENT_SCHEDULED, "sssss", NULL },
	{ "a settlement leaves what is sending", SEGMENT_SETTLE, SEGMENT_SENDING, ">>>>>", NULL },
	{ "a settlement leaves what is paused", SEGMENT_SETTLE, SEGMENT_PAUSED, "ppppp", NULL },
	{ "a settlement leaves what is sent", SEGMENT_SETTLE, SEGMENT_SENT, "SSSSS", NULL },
	{ "a settlement makes sent what has failed, if something was sent", SEGMENT_SETTLE, SEGMENT_FAILED, "FSSFF", NULL },
	{ "a settlement leaves what is cancelled", SEGMENT_SETTLE, SEGMENT_CANCELLED, "ccccc", NULL },

	{ "a draft is not paused", SEGMENT_PAUSE, SEGMENT_DRAFT, "ddddd", NULL },
	{ "scheduled is paused until its day is over", SEGMENT_PAUSE, SEGMENT_SCHEDULED, "ppppp", "sssss" },
	{ "sending is paused until its day is over", SEGMENT_PAUSE, SEGMENT_SENDING, "ppppp", ">>>>>" },
	{ "paused is paused already", SEGMENT_PAUSE, SEGMENT_PAUSED, "ppppp", NULL },
	{ "sent is not paused", SEGMENT_PAUSE, SEGMENT_SENT, "SSSSS", NULL },
	{ "failed is not paused", SEGMENT_PAUSE, SEGMENT_FAILED, "FFFFF", NULL },
	{ "cancelled is not paused", SEGMENT_PAUSE, SEGMENT_CANCELLED, "ccccc", NULL },

	{ "a draft is not resumed", SEGMENT_RESUME, SEGMENT_DRAFT, "ddddd", NULL },
	{ "scheduled is not resumed", SEGMENT_RESUME, SEGMENT_SCHEDULED, "sssss", NULL },
	{ "sending is not resumed", SEGMENT_RESUME, SEGMENT_SENDING, ">>>>>", NULL },
	{ "paused goes back to sending if anything was spent, else to scheduled", SEGMENT_RESUME, SEGMENT_PAUSED, "s>>>>", NULL },
	{ "sent is not resumed", SEGMENT_RESUME, SEGMENT_SENT, "SSSSS", NULL },
	{ "failed is not resumed", SEGMENT_RESUME, SEGMENT_FAILED, "FFFFF", NULL },
	{ "cancelled is not resumed", SEGMENT_RESUME, SEGMENT_CANCELLED, "ccccc", NULL },

	{ "a draft is cancelled, whatever its day", SEGMENT_CANCEL, SEGMENT_DRAFT, "ccccc", NULL },
	{ "scheduled is cancelled; a past day keeps what was spent", SEGMENT_CANCEL, SEGMENT_SCHEDULED, "ccccc", "cSSFF" },
	{ "sending is cancelled; a past day keeps what was spent", SEGMENT_CANCEL, SEGMENT_SENDING, "ccccc", "cSSFF" },
	{ "paused is cancelled; a past day keeps what was spent", SEGMENT_CANCEL, SEGMENT_PAUSED, "ccccc", "cSSFF" },
	{ "sent is not cancelled", SEGMENT_CANCEL, SEGMENT_SENT, "SSSSS", NULL },
	{ "failed is not cancelled", SEGMENT_CANCEL, SEGMENT_FAILED, "FFFFF", NULL },
	{ "cancelled is cancelled already", SEGMENT_CANCEL, SEGMENT_CANCELLED, "ccccc", NULL },
};

static void
leads_to(void **state)
{
	const struct step_row *row = *state;
	char to[PROGRESS_COUNT + 1] = "", over[PROGRESS_COUNT + 1] = "";

	for (size_t i = 0; i < PROGRESS_COUNT; i++) {
		struct segment s = progress[i];

		s.state = row->from;
		to[i] = "ds>pSFc"[segment_after(&s, row->action, false)];
		over[i] = "ds>pSFc"[segment_after(&s, row->action, true)];
	}
	assert_string_equal(to, row->to);
	assert_string_equal(over, row->over != NULL ? row->over : row->to);
}

static void
every_action_is_tried_in_every_state(void **state)
{
	size_t i = 0;

	(void)state;
	assert_int_equal(sizeof(step_rows) / sizeof(step_rows[0]), SEGMENT_STATE_COUNT * SEGMENT_ACTION_COUNT);
	for (enum segment_action a = SEGMENT_SCHEDULE; a <= SEGMENT_CANCEL; a++)
		for (enum segment_state s = SEGMENT_DRAFT; s <= SEGMENT_CANCELLED; s++, i++) {
			assert_int_equal(step_rows[i].action, a);
			assert_int_equal(step_rows[i].from, s);
		}
}

/* ---- The date */

/* Of a segment of 10 contacts on day 100: what it reads, holds and leaves unfinished on that day and on the next. */
static const struct date_row {
	const char *name;
	enum segment_state state;
	enum progress progress;
	enum segment_state reads_over;
	int64_t held, unfinished_over;
} date_rows[] = {
	{ "a draft holds nothing and is never overdue", SEGMENT_DRAFT, NOTHING, SEGMENT_DRAFT, 0, 0 },
	{ "scheduled reads failed when its day is over", SEGMENT_SCHEDULED, NOTHING, SEGMENT_FAILED, 10, 10 },
	{ "sending reads sent when its day is over", SEGMENT_SENDING, SOME, SEGMENT_SENT, 6, 6 },
	{ "sending of which all was taken back reads failed", SEGMENT_SENDING, TAKEN_BACK, SEGMENT_FAILED, 6, 6 },
	{ "paused reads paused when its day is over", SEGMENT_PAUSED, NOTHING, SEGMENT_PAUSED, 10, 10 },
	{ "paused reads paused though something was sent", SEGMENT_PAUSED, SOME, SEGMENT_PAUSED, 6, 6 },
	{ "paused with nothing left holds nothing", SEGMENT_PAUSED, ALL, SEGMENT_PAUSED, 0, 0 },
	{ "sent holds nothing, though contacts are left", SEGMENT_SENT, SOME, SEGMENT_SENT, 0, 0 },
	{ "failed holds nothing", SEGMENT_FAILED, NOTHING, SEGMENT_FAILED, 0, 0 },
	{ "cancelled holds nothing", SEGMENT_CANCELLED, SOME, SEGMENT_CANCELLED, 0, 0 },
};

static void
follows_from_the_date(void **state)
{
	const struct date_row *row = *state;
	struct day before = { 99 }, on = { 100 }, after = { 101 };
	struct segment s = progress[row->progress];

	s.day = on;
	s.state = row->state;
	for (struct day d = before; d.n <= on.n; d.n++) {
		assert_false(segment_is_overdue(&s, d));
		assert_int_equal(segment_reads(&s, d), row->state);
		assert_int_equal(segment_held(&s, d), row->held);
		assert_int_equal(segment_unfinished(&s, d), 0);
	}
	assert_int_equal(segment_is_overdue(&s, after), segment_state_is_open(row->state));
	assert_int_equal(segment_reads(&s, after), row->reads_over);
	assert_int_equal(segment_held(&s, after), 0);
	assert_int_equal(segment_unfinished(&s, after), row->unfinished_over);
}

static void
more_than_planned_leaves_nothing(void **state)
{
	struct segment s = { .contacts = 10, .sent = 12, .spent = 12, .state = SEGMENT_PAUSED };

	(void)state;
	assert_int_equal(segment_left(&s), 0);
	assert_int_equal(segment_held(&s, (struct day) { 0 }), 0);
}

int
main(void)
{
	TABLE(state_rows, state_is);
	TABLE(bad_rows, is_no_state);
	TABLE(step_rows, leads_to);
	CASE("every action is tried in every state", every_action_is_tried_in_every_state);
	TABLE(date_rows, follows_from_the_date);
	CASE("more sent than planned leaves nothing", more_than_planned_leaves_nothing);
	return TABLE_RUN("segment_state");
}
