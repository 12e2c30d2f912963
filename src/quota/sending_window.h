/*
 * Sending windows: the weekdays and hours in which something may go out, and the dates on which nothing may.
 *
 * A window is about the wall clock: an instant is allowed if the clock of a zone shows an allowed date and time then.  So hours
 * that the clock skips do not occur, and hours that it repeats are allowed twice.  An entry of hours allows [from, until) of
 * each of its weekdays; if `until` is not after `from`, it lasts until then on the next day.  A closed date is closed from its
 * midnight to the next one, also to hours that began on the date before.  No hours: all are allowed.
 *
 * As JSON:
 *	{"hours":[{"weekdays":[1,2,3,4,5],"from":"09:00","until":"17:00"}],"closed":[{"date":"2026-12-25","name":"Christmas"}]}
 * weekdays are 1 Monday to 7 Sunday, until may be 24:00, and name may be left out.
 */
#ifndef SENDING_WINDOW_H
#define SENDING_WINDOW_H

#include "base/json.h"
#include "time/day.h"

#define SENDING_HOURS_MAX 28		/* entries of hours */
#define SENDING_CLOSED_MAX 1000		/* closed dates of an organization */
#define SENDING_NAME_MAX 200		/* bytes of a closed date's name */
#define SENDING_TEXT_MAX 4000		/* bytes of a campaign's window as JSON, closed dates included */
#define SENDING_SEARCH_DAYS 1100	/* for the next allowed instant */

struct sending_hours {
	unsigned weekdays;		/* bit 1 Monday … bit 7 Sunday */
	int from, until;		/* minutes since midnight: 0-1439, 0-1440 */
};

struct closed_day {
	struct day day;
	const char *name;		/* "" = none */
};

struct sending_window {
	struct sending_hours hours[SENDING_HOURS_MAX];
	size_t hours_count;
	struct closed_day *closed;	/* each date once, ascending */
	size_t closed_count, closed_room;
};

enum { SENDING_WINDOWS_MAX = 2 };	/* of an organization, and of a campaign */

/* The windows that must all allow an instant, and the clock that they are about. */
struct sending {
	const struct sending_window *windows[SENDING_WINDOWS_MAX];
	size_t count;			/* 0: every instant is allowed */
	struct spans wall;
};

/* Adds a window, unless it allows everything. */
void		sending_add(struct sending *s, const struct sending_window *w);

bool		sending_allows(const struct sending *s, int64_t at);

/*
 * The first allowed instant from `at` on and before `until`; false if there is none.  Nothing is allowed from INSTANT_MAX on.
 * sending_next searches SENDING_SEARCH_DAYS.
 */
bool		sending_next_before(const struct sending *s, int64_t at, int64_t until, int64_t *next);
bool		sending_next(const struct sending *s, int64_t at, int64_t *next);

/* The same within the date that the clock shows at `at`: false if nothing more is allowed on it. */
bool		sending_next_of_date(const struct sending *s, int64_t at, int64_t *next);

/* ---- As JSON and as text */

/*
 * Reads a checked JSON object, in the arena.  BAD_REQUEST with the name of the member, after `label` ("" for a body itself).
 * closed_max: how many dates it may close.
 */
enum status	sending_window_read(struct arena *a, const char *label, const char *text, size_t n, size_t closed_max,
		    struct sending_window *w, struct error *err);

/* Writes `hours`, or `closed`, as a member of an open object. */
void		sending_window_put_hours(struct json *j, const struct sending_window *w);
void		sending_window_put_closed(struct json *j, const struct sending_window *w);

/* Closes a date; one that is closed already gets the name.  False if there are closed_max others. */
bool		sending_window_close(struct arena *a, struct sending_window *w, struct closed_day day, size_t closed_max);
/* Opens it again; false if it was not closed. */
bool		sending_window_open(struct sending_window *w, struct day day);

/* Exactly HH:MM, in minutes since midnight; 24:00 only as an end. */
bool		sending_time_parse(const char *text, bool is_end, int *minutes);
char		*sending_time_format(int minutes, char out[8]);	/* returns out */

/*
 * Reads hours as people write them: "mon-fri 09:00-17:00, sat+sun 10:00-14:00", "daily 08:00-21:00" or "always".  BAD_REQUEST
 * with the part that was wrong, after `label`.
 */
enum status	sending_hours_parse(const char *label, const char *text, struct sending_window *w, struct error *err);

/* Appends the hours in that form. */
void		sending_hours_format(struct buf *to, const struct sending_window *w);

#endif
