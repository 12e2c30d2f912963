/*
 * The spans of an organization and of its limits against the zone files that they were read from.
 *
 * Rows are compared with a file only if it is the very one they came from (same release and SHA-256, which zone_file
 * records): a file with other rules is no fault, those take effect at the next write or maintenance.  A run is a sequence
 * of rows of one file.  It is not known where a run ends if the next zone began with the same offset, because that has no
 * row of its own.  So each row of an earlier run must be a change of its zone, but only the last run, if it is of the
 * organization's own zone, must be complete.
 */
#include <inttypes.h>
#include <string.h>

#include "time/day.h"
#include "base/crypto.h"
#include "time/instant.h"
#include "admin/verify_invariants.h"

struct zone_row {
	struct span span;
	const char *zone;
	uint8_t sha256[SHA256_SIZE];
	bool has_sha256;
};

struct rows {
	const char *what;	/* whose they are, to begin a sentence: "zone_span", "limit_span of t-mobile" */
	struct zone_row *at;
	size_t count;
};

#define SELECT "SELECT from_at, utc_offset_s, zone, " \
	"(SELECT max(sha256) FROM zone_file f WHERE f.zone = s.zone AND f.tzdata_version = s.tzdata_version " \
	"HAVING count(*) = 1) FROM "
#define ORDER " = :owner ORDER BY from_at"

/*
 * Reads the spans in order.  A SHA-256 is taken only if the zone and release have exactly one recorded file: with two, nobody
 * knows which one a row came from.
 */
static enum status
read_rows(struct verify *v, struct query *q, int64_t owner, const char *what, struct rows *rows)
{
	const void *sha256;
	size_t n;

	*rows = (struct rows) { .what = what, .at = arena_alloc(v->arena, SPANS_MAX * sizeof(*rows->at)) };
	query_bind_int(q, ":owner", owner);
	while (rows->count < SPANS_MAX && query_step(q)) {
		struct zone_row *r = &rows->at[rows->count++];

		r->span = (struct span) { query_int(q, 0), (int32_t)query_int(q, 1) };
		r->zone = arena_strdup(v->arena, query_text(q, 2));
		sha256 = query_blob(q, 3, &n);
		if ((r->has_sha256 = n == sizeof(r->sha256)))
			memcpy(r->sha256, sha256, n);
	}
	return query_done(q);
}

static enum status
read_timezone(struct verify *v, const char **timezone)
{
	struct query *q = db_query(v->db, "SELECT timezone FROM organization WHERE key = :org");

	query_bind_int(q, ":org", v->org);
	*timezone = query_step(q) ? arena_strdup(v->arena, query_text(q, 0)) : "";
	return query_done(q);
}

/* Whether a row was read from the very file that the zone was loaded from now. */
static bool
is_of_file(const struct zone_row *r, const struct zone *z)
{
	return z != NULL && r->has_sha256 && memcmp(r->sha256, zone_sha256(z), sizeof(r->sha256)) == 0;
}

static void
differs_at(struct verify *v, const struct rows *rows, const struct zone_row *r, const char *what)
{
	char text[INSTANT_TEXT_MAX];

	verify_differs(v, "%s %s: %s (compared with the file of %s)", rows->what, instant_format(r->span.from_at, text), what,
	    r->zone);
}

/*
 * Whether a row begins at a local midnight.  If a new zone sets the date back by more than a day, its last day begins a second
 * time: a row that no zone file has.
 */
static bool
is_bridge(const struct zone_row *r)
{
	return (r->span.from_at + r->span.utc_offset_s * SECOND_MS) % DAY_MS == 0;
}

/*
 * Compares the rows first[0, count) of a run with what the file says from their first instant on.  If is_complete, the file
 * may not have changes that the rows lack; otherwise such changes are skipped.  Reports the first difference only: the others
 * would follow from it.
 */
static void
check_run(struct verify *v, const struct rows *rows, const struct zone *z, const struct zone_row *first, size_t count,
    bool is_complete)
{
	bool is_after_another = first > rows->at;
	struct span *expected = arena_alloc(v->arena, SPANS_MAX * sizeof(*expected));
	size_t n, k = 0, i = 0;

	/* A bridge between two zones is not in the file: compare from the row after it. */
	if (is_after_another && count > 1 && first[0].span.utc_offset_s != zone_offset_at(z, first[0].span.from_at) &&
	    is_bridge(&first[0]))
		i = 1;
	n = zone_spans(z, first[i].span.from_at, INSTANT_MAX, expected, SPANS_MAX);
	for (; i < count; i++, k++) {
		while (!is_complete && k < n && expected[k].from_at < first[i].span.from_at)
			k++;
		if (k >= n || expected[k].from_at != first[i].span.from_at) {
			differs_at(v, rows, &first[i], "the zone has no change of the offset here, or an earlier change is missing");
			return;
		}
		if (expected[k].utc_offset_s != first[i].span.utc_offset_s) {
			differs_at(v, rows, &first[i], "the zone has another offset here");
			return;
		}
	}
	if (is_complete && k < n && n <= SPANS_MAX)
		differs_at(v, rows, &first[count - 1], "a later change of the offset is missing");
}

/*
 * The zone of this run has another file now, so the rows cannot be compared.  But if they were read from the file of the
 * organization's present zone, they name the wrong zone.
 */
static void
check_name(struct verify *v, const struct rows *rows, const struct zone_row *r, const struct zone *own,
    const struct zone *of_organization)
{
	if (own != NULL && !is_of_file(r, own) && is_of_file(r, of_organization))
		differs_at(v, rows, r, "was read from the file of another zone");
}

/*
 * Splits the rows into runs of one zone and one file, and checks each: against the file if that is at hand, otherwise only
 * its name.
 */
static void
check_runs(struct verify *v, const struct rows *rows, const char *timezone)
{
	size_t from, until;
	struct error err;

	for (from = 0; from < rows->count; from = until) {
		const struct zone_row *first = &rows->at[from];
		const struct zone *z = zone_get(first->zone, &err);

		for (until = from + 1; until < rows->count && strcmp(rows->at[until].zone, first->zone) == 0 &&
		    rows->at[until].has_sha256 == first->has_sha256 &&
		    memcmp(rows->at[until].sha256, first->sha256, sizeof(first->sha256)) == 0; until++)
			;
		/* Once one row has a file, all later ones must have one. */
		if (from > 0 && !first->has_sha256 && rows->at[from - 1].has_sha256)
			differs_at(v, rows, first, "the file that it was read from is not recorded");
		else if (is_of_file(first, z))
			check_run(v, rows, z, first, until - from, until == rows->count && strcmp(first->zone, timezone) == 0);
		else
			check_name(v, rows, first, z, zone_get(timezone, &err));
	}
}

/*
 * The zone of the last row must be the organization's.  There is one exception: a zone that began with the same offset and
 * never changes after that has no row; then its offset to the end is that of the last row.
 */
static void
check_timezone(struct verify *v, const struct rows *rows, const char *timezone)
{
	const struct zone_row *last = &rows->at[rows->count - 1];
	const struct zone *z;
	struct error err;

	if (strcmp(last->zone, timezone) == 0)
		return;
	if ((z = zone_get(timezone, &err)) == NULL)
		verify_differs(v, "timezone: this system has no zone %s, and the days are those of %s", timezone, last->zone);
	else if (is_of_file(last, zone_get(last->zone, &err)) &&
	    zone_offset_at(z, INSTANT_MAX - 1) != last->span.utc_offset_s)
		verify_differs(v, "timezone: %s, but the coming days are those of %s", timezone, last->zone);
}

static void
check_rows(struct verify *v, const struct rows *rows, const char *timezone)
{
	if (rows->count == 0) {
		verify_differs(v, "%s: no rows; set the zone again", rows->what);
		return;
	}
	if (rows->at[0].span.from_at > INSTANT_MIN)
		verify_differs(v, "%s: begins after 2012-01-01", rows->what);
	check_runs(v, rows, timezone);
	check_timezone(v, rows, timezone);
}

static enum status
check_spans(struct verify *v)
{
	const char *timezone;
	struct rows rows;
	enum status st;

	if ((st = read_rows(v, db_query(v->db, SELECT "zone_span s WHERE org" ORDER), v->org, "zone_span", &rows)) != OK ||
	    (st = read_timezone(v, &timezone)) != OK)
		return st;
	check_rows(v, &rows, timezone);
	return OK;
}

/* A limit with a zone; 0 ends the list. */
struct zoned {
	int64_t rule;
	const char *name, *zone;
};

static enum status
read_zoned(struct verify *v, struct zoned **zoned)
{
	struct query *q = db_query(v->db, "SELECT key, name, zone FROM limit_rule WHERE org = :org AND zone IS NOT NULL "
	    "ORDER BY name");
	size_t count = 0, max = 0;

	*zoned = NULL;
	query_bind_int(q, ":org", v->org);
	while (query_step(q)) {
		*zoned = arena_grow(v->arena, *zoned, count, &max, sizeof(**zoned));
		(*zoned)[count++] = (struct zoned) { query_int(q, 0), arena_strdup(v->arena, query_text(q, 1)),
			arena_strdup(v->arena, query_text(q, 2)) };
	}
	*zoned = arena_grow(v->arena, *zoned, count, &max, sizeof(**zoned));
	(*zoned)[count].rule = 0;
	return query_done(q);
}

static enum status
check_limits(struct verify *v)
{
	struct zoned *zoned;
	struct rows rows;
	enum status st = read_zoned(v, &zoned);

	for (; st == OK && zoned->rule != 0; zoned++)
		if ((st = read_rows(v, db_query(v->db, SELECT "limit_span s WHERE rule" ORDER), zoned->rule,
		    arena_printf(v->arena, "limit_span of %s", zoned->name), &rows)) == OK)
			check_rows(v, &rows, zoned->zone);
	return st;
}

/* With memory of its own for each organization: there may be thousands, and the spans of each take some 200 KB. */
static enum status
check_apart(struct verify *v, enum status (*check)(struct verify *v))
{
	struct arena *kept = v->arena;
	enum status st;

	v->arena = arena_new();
	st = check(v);
	arena_free(v->arena);
	v->arena = kept;
	return st;
}

enum status
verify_zone(struct verify *v)
{
	return check_apart(v, check_spans);
}

enum status
verify_limit_zones(struct verify *v)
{
	return check_apart(v, check_limits);
}
