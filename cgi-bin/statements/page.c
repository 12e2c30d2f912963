/*
 * The page of a statement (see page.h).  Everything that a client, or an operator, has chosen is escaped: by the template, or by
 * html_text where this makes rows of a table.
 */
#include <inttypes.h>

#include "base/money.h"
#include "http/html.h"
#include "page.h"
#include "quota/quota.h"
#include "time/instant.h"

/* statement.html as text; the Makefile makes it. */
extern const char statement_html[];

static void
put_cell(struct buf *out, const char *text)
{
	buf_put_text(out, "<td>");
	html_text(out, text);
	buf_put_text(out, "</td>");
}

static void
put_sum(struct buf *out, const struct usage_sum *sum)
{
	char cost[MONEY_TEXT_MAX];

	buf_printf(out, "<td class=\"n\">%" PRId64 "</td><td class=\"n\">%" PRId64 "</td><td class=\"n\">%s</td></tr>\n",
	    sum->messages, sum->parts, money_format(sum->cost_micros, cost));
}

static bool
is_zero(const struct usage_sum *sum)
{
	return sum->messages == 0 && sum->parts == 0 && sum->cost_micros == 0;
}

/* Takes the text out of a buf, into the arena. */
static const char *
taken(struct arena *a, struct buf *from)
{
	const char *text = arena_strdup(a, buf_text(from));

	buf_free(from);
	return text;
}

static const char *
channel_rows(struct arena *a, const struct usage_sums *channels)
{
	struct buf out = { 0 };

	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		if (is_zero(&channels->of[c]))
			continue;
		buf_put_text(&out, "<tr>");
		put_cell(&out, channel_facts(c)->name);
		put_sum(&out, &channels->of[c]);
	}
	return taken(a, &out);
}

/* A row of sums below a table; `columns` are before the sums. */
static const char *
sum_row(struct arena *a, const char *title, int columns, const struct usage_sum *sum)
{
	struct buf out = { 0 };

	buf_printf(&out, "<tr><td colspan=\"%d\">%s</td>", columns, title);
	put_sum(&out, sum);
	return taken(a, &out);
}

static void
put_day_row(struct buf *out, const struct statement *s, int day, enum channel c, const struct usage_sum *sum)
{
	char text[DAY_TEXT_MAX];

	buf_put_text(out, "<tr>");
	put_cell(out, day_format(day_add(s->month, day), text));
	put_cell(out, channel_facts(c)->name);
	put_sum(out, sum);
}

static const char *
day_rows(struct arena *a, const struct statement *s)
{
	struct buf out = { 0 };

	for (int day = 0; day < s->days; day++)
		for (enum channel c = 0; c < CHANNEL_COUNT; c++)
			if (!is_zero(&s->figures->of[day][c]))
				put_day_row(&out, s, day, c, &s->figures->of[day][c]);
	return taken(a, &out);
}

static const char *
moved_rows(struct arena *a, const struct statement *s, const struct statement_later *later)
{
	struct buf out = { 0 };
	struct usage_sum sum;

	for (int day = 0; day < s->days; day++)
		for (enum channel c = 0; c < CHANNEL_COUNT; c++)
			if (statement_moved(s, later, day, c, &sum))
				put_day_row(&out, s, day, c, &sum);
	return taken(a, &out);
}

/* A row for each channel of which rows came later: "3 events, 1 void". */
static const char *
later_rows(struct arena *a, const struct statement_later *later)
{
	struct buf out = { 0 };

	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		const char *before = "";
		bool is_any = false;

		for (int k = 0; k < LATER_KINDS; k++)
			is_any = is_any || later->of[c].rows[k] > 0;
		if (!is_any)
			continue;
		buf_printf(&out, "<tr><td>%s</td><td>", channel_facts(c)->name);
		for (int k = 0; k < LATER_KINDS; k++) {
			int64_t n = later->of[c].rows[k];
			bool is_plural = n > 1 && k != LATER_FAILED;

			if (n > 0) {
				buf_printf(&out, "%s%" PRId64 " %s%s", before, n, statement_kind_name((enum statement_kind)k),
				    is_plural ? "s" : "");
				before = ", ";
			}
		}
		buf_put_text(&out, "</td>");
		put_sum(&out, &later->of[c].sum);
	}
	return taken(a, &out);
}

static const char *
listed_rows(struct arena *a, const struct statement_later *later)
{
	struct buf out = { 0 };
	char at[INSTANT_TEXT_MAX];

	for (const struct statement_row *l = later->listed; l < later->listed + later->listed_count; l++) {
		buf_put_text(&out, "<tr>");
		put_cell(&out, instant_format(l->row.occurred_at, at));
		put_cell(&out, instant_format(l->received_at, at));
		put_cell(&out, statement_kind_name(l->kind));
		put_cell(&out, channel_facts(l->row.channel)->name);
		put_cell(&out, l->row.id);
		put_sum(&out, &(struct usage_sum) { l->row.messages, l->row.parts, l->row.cost_micros });
	}
	return taken(a, &out);
}

/* What makes the figures now, as far as this page can say. */
static const char *
explanation(const struct statement_later *later, bool is_moved)
{
	if (later->is_part)
		return "These are the ones of this page. The figures now contain those of all pages.";
	return is_moved ? "With what was reported and the differences below they make the figures now." :
	    "With what was reported they make the figures now.";
}

/* Later rows that are not among these; NULL if there are none. */
static const char *
outside(struct arena *a, const struct statement_later *later)
{
	return later->outside == 0 ? NULL : arena_printf(a, "%" PRId64 " more would have been in this month as it was reported. Day "
	    "boundaries were recomputed, and now they are in another month.", later->outside);
}

void
statements_page(struct req *r, const struct organization *org, const struct statement *s, const struct statement_later *later,
    const char *next, struct buf *body)
{
	char month[MONTH_TEXT_MAX], from[INSTANT_TEXT_MAX], until[INSTANT_TEXT_MAX], kept[INSTANT_TEXT_MAX];
	struct usage_sums channels, unused;
	struct usage_sum all, now;
	const char *moved = moved_rows(r->arena, s, later);
	bool is_changed = later->rows > 0 || moved[0] != '\0' || later->is_part;

	statement_totals(s->figures, &channels, &all);
	statement_totals(later->now, &unused, &now);
	html_fill(body, statement_html, (const struct html_value[]) {
	    { "name", org->name }, { "organization", org->id }, { "month", statement_month_format(s->month, month) },
	    { "timezone", s->timezone }, { "currency", s->currency }, { "kept", instant_format(s->created_at, kept) },
	    { "from", instant_format(s->from_at, from) }, { "until", instant_format(s->until_at, until) },
	    { "by", s->actor[0] != '\0' ? arena_printf(r->arena, "%s (%s)", s->actor, s->credential) : s->credential },
	    { "digest", arena_printf(r->arena, "%" PRId64, s->digest) },
	    { "channels", channel_rows(r->arena, &channels) }, { "total", sum_row(r->arena, "Total", 1, &all) },
	    { "days", day_rows(r->arena, s) }, { "unchanged", is_changed ? NULL : "yes" },
	    { "rows", arena_printf(r->arena, "%" PRId64, later->rows) },
	    { "changed", is_changed ? "yes" : NULL }, { "explanation", explanation(later, moved[0] != '\0') },
	    { "later", later_rows(r->arena, later) }, { "now", sum_row(r->arena, "Figures now", 2, &now) },
	    { "outside", outside(r->arena, later) }, { "moved", moved }, { "listed", listed_rows(r->arena, later) },
	    { "first", (size_t)later->rows > later->listed_count ? arena_printf(r->arena, "%zu", later->listed_count) : NULL },
	    { "next", next }, { 0 } });
}
