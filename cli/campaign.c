/*
 * Campaigns from the shell: campaign list, show, cancel.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "campaign/campaign.h"
#include "campaign/campaign_list.h"
#include "cli.h"
#include "time/instant.h"

enum { LISTED = 200 };

static void
print_segments(const struct campaign *c, struct day today)
{
	char at[INSTANT_TEXT_MAX], day[DAY_TEXT_MAX];

	printf("%4s  %-10s  %-24s  %10s %10s %10s  %s\n", "N", "DAY", "AT", "CONTACTS", "SENT", "FAILED", "STATUS");
	for (size_t i = 0; i < c->count; i++)
		printf("%4" PRId64 "  %-10s  %-24s  %10" PRId64 " %10" PRId64 " %10" PRId64 "  %s\n", c->segments[i].number,
		    day_format(c->segments[i].day, day), instant_format(c->segments[i].scheduled_at, at),
		    c->segments[i].contacts, c->segments[i].sent, c->segments[i].failed,
		    segment_state_name(segment_reads(&c->segments[i], today)));
}

/* A campaign as one line, with sums over its segments. */
static void
print_line(struct cli *cli, const struct campaign *c)
{
	int64_t contacts = 0, sent = 0;
	char day[DAY_TEXT_MAX];

	for (size_t i = 0; i < c->count; i++) {
		contacts += c->segments[i].contacts;
		sent += c->segments[i].sent;
	}
	printf("%-36s  %-10s  %3zu  %10" PRId64 " %10" PRId64 "  %-9s  %s\n", c->id,
	    c->count > 0 ? day_format(c->segments[0].day, day) : "", c->count, contacts, sent,
	    segment_state_name(c->state), cli_shown(cli, c->name));
}

/* Lists all campaigns, newest first, page by page. */
static enum status
list_all(struct cli *c, const struct organization *org, struct campaign_filter *filter)
{
	struct day today = organization_today(org, c->now);
	struct campaign_page page;
	enum status st;

	printf("%-36s  %-10s  %3s  %10s %10s  %-9s  %s\n", "ID", "FIRST DAY", "N", "CONTACTS", "SENT", "STATUS", "NAME");
	do {
		if ((st = campaign_list(c->db, c->arena, org, filter, today, &page, &c->err)) != OK)
			return st;
		for (size_t i = 0; i < page.count; i++)
			print_line(c, &page.campaigns[i]);
		filter->before = page.last_key;
	} while (page.has_more);
	return OK;
}

static int
list(struct cli *c, int argc, char **argv)
{
	struct campaign_filter filter = { .from = { INT32_MIN }, .to = { INT32_MAX }, .limit = LISTED };
	const char *org_id = NULL, *state = NULL;
	const struct option_spec specs[] = { { "--org", &org_id, NULL }, { "--status", &state, NULL }, { NULL, NULL, NULL } };
	struct organization org;

	if (!cli_options("campaign", argc, argv, specs, NULL, 0, 0))
		return USAGE;
	if (state != NULL && !(filter.has_state = segment_state_parse(state, &filter.state)))
		return cli_usage("campaign", "--status: unknown \"%s\"; one of draft, scheduled, sending, paused, "
		    "sent, failed, cancelled", state);
	if (!cli_read(c))
		return FAILED;
	if (cli_organization(c, org_id, &org) != OK || list_all(c, &org, &filter) != OK)
		return cli_fail(c);
	db_read_end(c->db);
	return DONE;
}

/* Fails about a campaign that an argument names. */
static int
fail(struct cli *c)
{
	cli_hint_list(c, "daybook campaign list");
	return cli_fail(c);
}

/* What a campaign has beside what every one has. */
static void
print_origin(struct cli *c, const struct campaign *campaign)
{
	if (campaign->channel != SMS)
		printf("channel %s\n", channel_facts(campaign->channel)->name);
	if (campaign->sender != NULL)
		printf("from    %s\n", cli_shown(c, campaign->sender));
	if (campaign->tag != NULL)
		printf("tag     %s\n", cli_shown(c, campaign->tag));
}

static int
show(struct cli *c, int argc, char **argv)
{
	const char *org_id = NULL, *id;
	const struct option_spec specs[] = { { "--org", &org_id, NULL }, { NULL, NULL, NULL } };
	struct organization org;
	struct campaign campaign;
	struct day today;

	if (!cli_options("campaign", argc, argv, specs, &id, 1, 1))
		return USAGE;
	if (!cli_read(c))
		return FAILED;
	if (cli_organization(c, org_id, &org) != OK)
		return cli_fail(c);
	today = organization_today(&org, c->now);
	if (campaign_load(c->db, c->arena, &org, id, today, &campaign, &c->err) != OK)
		return fail(c);
	printf("id      %s\nname    %s\nstatus  %s\nparts   %" PRId64 " a contact\n", campaign.id, cli_shown(c, campaign.name),
	    segment_state_name(campaign.state), campaign.parts_per_contact);
	print_origin(c, &campaign);
	printf("\n");
	print_segments(&campaign, today);
	db_read_end(c->db);
	return DONE;
}

struct cancellation {
	struct cli *cli;
	const char *id;
};

/* Inside the write transaction, so that the state that is checked is the state that is changed. */
static enum status
cancel_campaign(struct organization *org, void *arg)
{
	struct cancellation *k = arg;
	struct cli *c = k->cli;
	struct campaign_change change = { .now = c->now, .by = &cli_actor, .today = organization_today(org, c->now) };
	struct campaign_refusal refusal;
	struct campaign was, campaign;
	enum status st;

	if ((st = campaign_load(c->db, c->arena, org, k->id, change.today, &campaign, &c->err)) != OK)
		return st;
	was = campaign_copy(c->arena, &campaign);
	return campaign_transition(c->db, c->arena, org, &was, &campaign, SEGMENT_CANCEL, &change, &refusal, &c->err);
}

static int
cancel(struct cli *c, int argc, char **argv)
{
	struct cancellation cancellation = { .cli = c };
	const char *org_id = NULL;
	const struct option_spec specs[] = { { "--org", &org_id, NULL }, { NULL, NULL, NULL } };
	struct organization org;

	if (!cli_options("campaign", argc, argv, specs, &cancellation.id, 1, 1))
		return USAGE;
	if (!cli_read(c))
		return FAILED;
	if (cli_organization(c, org_id, &org) != OK)
		return cli_fail(c);
	db_read_end(c->db);
	if (organization_write(c->db, c->arena, org.id, c->now, cancel_campaign, &cancellation, &c->err) != OK)
		return fail(c);
	printf("cancelled %s: its unused quota is free again\n", cancellation.id);
	return DONE;
}

int
cmd_campaign(struct cli *c, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "list") == 0)
		return list(c, argc - 1, argv + 1);
	if (strcmp(verb, "show") == 0)
		return show(c, argc - 1, argv + 1);
	if (strcmp(verb, "cancel") == 0)
		return cancel(c, argc - 1, argv + 1);
	return cli_no_form("campaign", argc, argv, (const char *const[]) { "list", "show", "cancel", NULL });
}
