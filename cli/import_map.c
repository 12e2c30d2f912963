/*
 * Any carrier's report, by a map of its columns: `--map NAME` for one of the ready maps below, or a map of one's own,
 *
 *	--map 'id=Message Id,occurredAt=Sent|Created,status=State,sent=delivered|sent,failed=rejected,cost=Price,currency=Cur'
 *
 * A map is a list of KEY=VALUE with commas; alternatives are separated by bars.  The first keys name columns (or members of JSON,
 * with a point between levels), the others words:
 *
 *	id, occurredAt	which are needed; times as twilio_instant reads them
 *	parts, seconds	whole numbers; of seconds the minutes begun are the parts, at least one
 *	cost, costPerPart, currency	prices; those in another currency than the organization's are left out (cell_price)
 *	to, reason	of a failed message
 *	campaignId, from, network, tag	as events have them
 *	status, direction	whose cells are the words that follow, in any case
 *	sent, failed, skipped	words of the status; any other one is a bad line.  Without a status all were sent
 *	inbound	words of the direction whose lines are skipped; those that begin with `in` if it is left out
 *	channel	of all messages; SMS if it is left out
 *
 * A report is a statement, as Twilio's log is (import_twilio.c).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/suggest.h"
#include "import.h"
#include "base/money.h"
#include "quota/channel.h"
#include "time/instant.h"

enum { ID, OCCURRED_AT, PARTS, SECONDS, COST, COST_PER_PART, CURRENCY, TO, REASON, CAMPAIGN, FROM, NETWORK, TAG, STATUS,
	DIRECTION, COLUMNS };
enum { SENT = COLUMNS, FAILED_WORDS, SKIPPED, INBOUND, CHANNEL, KEYS };
enum { WORDS_MAX = 24, COLUMN_NAMES_MAX = 8 };

static const char *const keys[KEYS] = { "id", "occurredAt", "parts", "seconds", "cost", "costPerPart", "currency", "to", "reason",
	"campaignId", "from", "network", "tag", "status", "direction", "sent", "failed", "skipped", "inbound", "channel" };
static const char key_names[] = "id, occurredAt, parts, seconds, cost, costPerPart, currency, to, reason, campaignId, from, "
	"network, tag, status, direction, sent, failed, skipped, inbound, channel";

/*
 * What a carrier bills was handed over, also if it was not delivered.  A long message has a row for each part in SNS's report,
 * each of which says the same of the whole one; Vonage's has an id for each part.
 */
static const struct {
	const char *name, *map;
	const char *currency;	/* of prices that say none: who bills everybody in one; NULL = the organization's */
} ready[] = {
	{ "plivo", "id=message_uuid,occurredAt=message_time,direction=message_direction,status=message_state,"
	    "sent=sent|delivered|undelivered|read,failed=failed|rejected,skipped=queued,parts=units,cost=total_amount,"
	    "to=to_number|to,reason=error_code,from=from_number", "USD" },
	{ "vonage", "id=message_id,occurredAt=date_received,direction=direction,status=status,"
	    "sent=delivered|expired|failed|rejected|unknown|accepted|buffered|submitted|undeliverable,cost=total_price,"
	    "currency=currency,from=from,network=network_name|network", NULL },
	{ "telnyx", "id=id|uuid,occurredAt=sent_at|created_at,direction=direction,status=delivery_status|status,"
	    "sent=sent|delivered|delivery_unconfirmed|delivery_failed|read|dlr_unconfirmed|dlr_timeout,"
	    "failed=sending_failed|expired|failed|gw_timeout|gw_reject,skipped=queued|sending|received,"
	    "parts=parts,cost=cost|cost.amount,currency=currency|cost.currency,to=cld,reason=errors|status,"
	    "from=cli|from.phone_number|from,network=carrier", NULL },
	{ "sns", "id=MessageId,occurredAt=PublishTimeUTC,status=DeliveryStatus,"
	    "sent=Message has been accepted by phone carrier|Message delivered|Phone carrier has blocked this message|"
	    "Phone carrier is currently unreachable/unavailable|Phone has blocked SMS|Phone is on a blocked list|"
	    "Phone is currently unreachable/unavailable|Blocked as spam by phone carrier|Unknown error attempting to reach phone,"
	    "failed=Destination is on a blocked list|Invalid phone number|Message body is invalid|Phone number is opted out|"
	    "This delivery would exceed max price,"
	    "parts=TotalParts,costPerPart=PriceInUSD,to=DestinationPhoneNumber,reason=DeliveryStatus", "USD" },
};

struct report_map {
	char *text;				/* the map, cut into its words */
	const char *source;			/* the name of a ready one; "" */
	const char *currency;			/* of prices that say none; "" = the organization's */
	struct report_field fields[COLUMNS];
	const char *words[INBOUND - SENT + 1][WORDS_MAX + 1];	/* each list ends with NULL */
	const char *channel;
};

struct log {
	struct import *im;
	const struct report_map *map;
	struct report *report;
	struct buf event;
	struct json json;
};

/* ---- The map */

/* Whether a table has one of the columns that a ready map gives for a key. */
static bool
has_column_of(const struct table *t, const char *map, const char *key)
{
	const char *names = strstr(map, key);
	char name[SUGGEST_MAX + 1];
	size_t n;

	for (names += strlen(key); ; names += n + 1) {
		n = strcspn(names, "|,");
		snprintf(name, sizeof(name), "%.*s", (int)n, names);
		for (size_t i = 0; i < table_columns(t); i++)
			if (suggest_distance(table_name(t, i), name) == 0)
				return true;
		if (names[n] != '|')
			return false;
	}
}

const char *
report_map_for(const struct table *t)
{
	for (size_t i = 0; i < sizeof(ready) / sizeof(ready[0]); i++)
		if (has_column_of(t, ready[i].map, "id=") && has_column_of(t, ready[i].map, "occurredAt=") &&
		    has_column_of(t, ready[i].map, ",status="))
			return ready[i].name;
	return NULL;
}

static bool
refuse(const char *what, const char *name)
{
	cli_usage("import", "--map: %s \"%s\"", what, name);
	return false;
}

/* Cuts the alternatives of a value at its bars; false if one is empty, or they are too many. */
static bool
cut(char *value, const char **to, size_t max)
{
	size_t n = 0;
	char *bar;

	for (; n < max && value != NULL; value = bar != NULL ? bar + 1 : NULL) {
		if ((bar = strchr(value, '|')) != NULL)
			*bar = '\0';
		if (value[0] == '\0')
			return false;
		to[n++] = value;
	}
	return value == NULL;
}

/* Takes KEY=VALUE. */
static bool
take(struct report_map *map, char *item)
{
	char *value = strchr(item, '=');
	enum channel channel;
	size_t key = 0;

	if (value == NULL)
		return refuse("not the name of a ready map (plivo, vonage, telnyx, sns), and not KEY=COLUMN:", item);
	*value++ = '\0';
	while (key < KEYS && strcmp(keys[key], item) != 0)
		key++;
	if (key == KEYS) {
		cli_usage("import", "--map: \"%s\" is none of %s", item, key_names);
		return false;
	}
	if (key == CHANNEL) {
		map->channel = value;
		return cli_channel("import", "--map", value, &channel);
	}
	if ((key < COLUMNS ? map->fields[key].names[0] : map->words[key - SENT][0]) != NULL)
		return refuse("given twice:", item);
	if (key >= COLUMNS)
		return cut(value, map->words[key - SENT], WORDS_MAX) || refuse("empty or too many words:", item);
	if (!cut(value, map->fields[key].names, COLUMN_NAMES_MAX))
		return refuse("empty or too many columns:", item);
	map->fields[key].shown = map->fields[key].names[0];
	map->fields[key].is_needed = map->source[0] == '\0' || (key != TO && key != REASON && (key < FROM || key > TAG));
	return true;
}

struct report_map *
report_map_new(const char *text)
{
	struct report_map *map = xmalloc(sizeof(*map));
	char *item, *rest = NULL;
	bool is_fine = true;

	memset(map, 0, sizeof(*map));
	map->source = map->currency = "";
	map->channel = "SMS";
	for (size_t i = 0; i < sizeof(ready) / sizeof(ready[0]); i++)
		if (strcmp(text, ready[i].name) == 0) {
			map->source = ready[i].name;
			map->currency = ready[i].currency != NULL ? ready[i].currency : "";
			text = ready[i].map;
		}
	map->text = xmalloc(strlen(text) + 1);
	memcpy(map->text, text, strlen(text) + 1);
	for (item = strtok_r(map->text, ",", &rest); is_fine && item != NULL; item = strtok_r(NULL, ",", &rest))
		is_fine = take(map, item);
	if (is_fine && (map->fields[ID].names[0] == NULL || map->fields[OCCURRED_AT].names[0] == NULL))
		is_fine = refuse("needed:", map->fields[ID].names[0] == NULL ? "id" : "occurredAt");
	if (is_fine && (map->fields[STATUS].names[0] == NULL) != (map->words[0][0] == NULL))
		is_fine = refuse("a status needs the words that mean that it was sent, and they a status:", "sent");
	if (is_fine)
		return map;
	report_map_free(map);
	return NULL;
}

void
report_map_free(struct report_map *map)
{
	if (map == NULL)
		return;
	free(map->text);
	free(map);
}

const char *
report_map_source(const struct report_map *map)
{
	return map->source;
}

/* ---- One record */

static const char *
cell(const struct log *l, size_t f)
{
	return report_cell(l->report, f);
}

/* Reads a whole number; blank is 0. */
static bool
read_count(const char *text, int64_t *count)
{
	for (*count = 0; *text >= '0' && *text <= '9' && *count <= EVENT_COUNT_MAX; text++)
		*count = *count * 10 + (*text - '0');
	return *text == '\0';
}

static const char *
put_cost(struct log *l, int64_t parts)
{
	const char *price = cell(l, COST), *unit = cell(l, COST_PER_PART), *currency = cell(l, CURRENCY);
	char text[MONEY_TEXT_MAX];
	int64_t nanos;

	if (currency[0] == '\0')
		currency = l->im->map->currency;
	if (price[0] != '\0' || unit[0] == '\0')
		return cell_price(l->im, &l->json, price, currency, "cost", "currency");
	if (!money_parse_nanos(unit, &nanos))
		return "costPerPart: not a decimal such as 0.0079";
	money_format(money_cost(parts > 0 ? parts : 1, nanos), text);
	return cell_price(l->im, &l->json, text, currency, "costPerPart", "currency");
}

/* Writes the event's JSON; returns what is wrong with the record, or NULL. */
static const char *
put_event(struct log *l, bool is_failed)
{
	int64_t at, parts, seconds;

	if (cell(l, ID)[0] == '\0')
		return "id: required";
	if (!twilio_instant(cell(l, OCCURRED_AT), &at))
		return "occurredAt: not a time such as 2021-03-01T12:00:00Z; "
		    "if a spreadsheet has rewritten it, get the report again, and do not save it there";
	if (!read_count(cell(l, PARTS), &parts))
		return "parts: not a whole number";
	if (!read_count(cell(l, SECONDS), &seconds))
		return "seconds: not a whole number";
	if (l->map->fields[SECONDS].names[0] != NULL)
		parts = seconds > 0 ? (seconds + 59) / 60 : 1;
	buf_reset(&l->event);
	l->json = *json_on(&l->event);
	json_open_object(&l->json, NULL);
	json_put_text(&l->json, "id", cell(l, ID));
	json_put_text(&l->json, "channel", l->map->channel);
	instant_put(&l->json, "occurredAt", at);
	if (parts > 0)
		json_put_int(&l->json, "parts", parts);
	if (cell(l, CAMPAIGN)[0] != '\0')
		json_put_text(&l->json, "campaignId", cell(l, CAMPAIGN));
	cell_put_origin(&l->json, cell(l, FROM), cell(l, NETWORK));
	if (cell(l, TAG)[0] != '\0')
		json_put_text(&l->json, keys[TAG], cell(l, TAG));
	if (is_failed) {
		json_put_text(&l->json, "status", "failed");
		json_put_text(&l->json, "to", cell(l, TO)[0] != '\0' ? cell(l, TO) : "unknown");
		json_put_text(&l->json, "reason", cell(l, REASON)[0] != '\0' ? cell(l, REASON) : cell(l, STATUS));
	}
	return is_failed ? NULL : put_cost(l, parts);
}

static bool
is_inbound(const struct log *l)
{
	const char *const *words = l->map->words[INBOUND - SENT];

	return words[0] != NULL ? cell_is_word(cell(l, DIRECTION), words) : strncasecmp(cell(l, DIRECTION), "in", 2) == 0;
}

/* Decides what a record is: bad, skipped, or an event.  An unknown status is an error: guessing would count it wrongly. */
static bool
read_record(struct log *l)
{
	const char *status = cell(l, STATUS), *error = report_error(l->report);
	const struct report_map *map = l->map;
	int64_t line = report_line(l->report);
	bool is_failed = cell_is_word(status, map->words[FAILED_WORDS - SENT]);

	if (error != NULL || (error = cell_id_error(cell(l, ID))) != NULL)
		return import_bad(l->im, line, error);
	if (is_inbound(l)) {
		l->im->inbound++;
		return true;
	}
	if (cell_is_word(status, map->words[SKIPPED - SENT])) {
		l->im->not_sent++;
		return true;
	}
	if (map->words[0][0] != NULL && !is_failed && !cell_is_word(status, map->words[0]))
		return import_bad(l->im, line, "status: none of the words of the map");
	if ((error = put_event(l, is_failed)) != NULL)
		return import_bad(l->im, line, error);
	json_close_object(&l->json);
	return import_event(l->im, line, l->event.text, l->event.size);
}

/* Adds the records as events. */
static void
run(struct import *im)
{
	struct log l = { .im = im, .map = im->map, .report = report_new(im, im->map->fields, COLUMNS) };
	bool goes_on;

	goes_on = report_begin(l.report);
	while (goes_on && report_next(l.report))
		goes_on = read_record(&l);
	buf_free(&l.event);
	report_free(l.report);
}

const struct import_format import_map = { .name = "map", .source = "", .is_statement = true, .run = run };
