/*
 * The CSV of messages that Twilio's console exports, and similar files that scripts make:
 *
 *	From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price,PriceUnit
 *
 * Columns are found by their names in the first line, in any case, with or without blanks and underscores, under the names in
 * the table below.  A line becomes one event of one message:
 *
 *	Direction	inbound lines are skipped
 *	Status		failed: refused before the carrier, a failed event; delivered, undelivered, sent …: sent;
 *			queued, canceled and others that were never handed over are skipped
 *	NumSegments	its parts; with 0 (which Twilio writes as long as it does not know) or blank it has one, until a later
 *			log says more
 *	Price		its absolute value is the cost; blank, or not in US dollars (PriceUnit): by our own price list
 *	Sid		the id; the source is `twilio` unless another one is given
 *	To, From	`whatsapp:…` is channel WHATSAPP; otherwise SMS (also for MMS)
 *
 * The file is read as a statement: a Sid that is in the ledger is a duplicate, and what the line says of price, parts and
 * status settles its event.  A line that contradicts the ledger otherwise (a failed message that was sent there, another channel)
 * is reported as one that differs.  Phone numbers are kept of failed messages only; bodies are not read at all.
 */
#include <string.h>
#include <strings.h>

#include "import.h"
#include "time/instant.h"

enum field { SID, DIRECTION, STATUS, SENT_AT, CREATED_AT, TO, FROM, SEGMENTS, PRICE, CURRENCY, ERROR_CODE,
	ERROR_MESSAGE, FIELDS };

/* Names of the columns without blanks and in lower case; the name that the console uses comes first. */
static const struct {
	const char *shown;
	bool is_needed;
	const char *names[6];
} fields[FIELDS] = {
	[SID] = { "Sid", true, { "sid", "messagesid", "smssid", "smsmessagesid", "messageid" } },
	[DIRECTION] = { "Direction", true, { "direction" } },
	[STATUS] = { "Status", true, { "status", "messagestatus", "smsstatus" } },
	[SENT_AT] = { "SentDate", true, { "sentdate", "datesent", "senttime", "timesent", "sentat" } },
	[CREATED_AT] = { "DateCreated", false, { "datecreated", "createddate", "createdat", "dateupdated" } },
	[TO] = { "To", true, { "to" } },
	[FROM] = { "From", false, { "from" } },
	[SEGMENTS] = { "NumSegments", true, { "numsegments", "segments", "messagesegments", "numberofsegments" } },
	[PRICE] = { "Price", false, { "price", "cost" } },
	[CURRENCY] = { "PriceUnit", false, { "priceunit", "currency" } },
	[ERROR_CODE] = { "ErrorCode", false, { "errorcode" } },
	[ERROR_MESSAGE] = { "ErrorMessage", false, { "errormessage" } },
};

static const char *const sent_words[] = { "sent", "delivered", "undelivered", "read", "partially_delivered", NULL };
static const char *const not_sent_words[] = { "queued", "accepted", "scheduled", "sending", "canceled", "cancelled",
	"receiving", "received", NULL };

struct log {
	struct import *im;
	struct table *table;
	struct buf event;		/* as JSON */
	struct json json;		/* writes it */
	size_t at[FIELDS];		/* which column; their number if there is none */
};

static const char *
cell(const struct log *l, enum field f)
{
	return l->at[f] < table_columns(l->table) ? table_cell(l->table, l->at[f]) : "";
}

/* Whether a header cell is that name.  Case, blanks, `_`, `-` and `.` do not matter. */
static bool
is_name(const char *header, const char *name)
{
	for (; *header != '\0'; header++) {
		if (strchr(" _-.", *header) != NULL)
			continue;
		if ((*header | 0x20) != *name)
			return false;
		name++;
	}
	return *name == '\0';
}

/* Finds the cell of a field.  Names are tried in the order of the table, so that the preferred column wins if a file has two. */
static void
find_column(struct log *l, enum field f)
{
	l->at[f] = table_columns(l->table);
	for (size_t n = 0; fields[f].names[n] != NULL; n++)
		for (size_t i = 0; i < table_columns(l->table); i++)
			if (is_name(table_name(l->table, i), fields[f].names[n])) {
				l->at[f] = i;
				table_use(l->table, i);
				return;
			}
}

static bool
read_header(struct log *l)
{
	if (!table_begin(l->table))
		return false;
	for (enum field f = 0; f < FIELDS; f++) {
		find_column(l, f);
		if (fields[f].is_needed && l->at[f] == table_columns(l->table))
			return import_stop(l->im, table_line(l->table), arena_printf(l->im->cli->arena,
			    "header: the column %s is missing; export the message log in Twilio's console",
			    fields[f].shown));
	}
	return true;
}

/* ---- One record */

/* The channel by the prefix of the numbers; NULL if it is none of ours. */
static const char *
channel_name(const struct log *l)
{
	static const char whatsapp[] = "whatsapp:";
	const char *to = cell(l, TO), *from = cell(l, FROM);

	if (strncasecmp(to, whatsapp, strlen(whatsapp)) == 0 || strncasecmp(from, whatsapp, strlen(whatsapp)) == 0)
		return "WHATSAPP";
	return strchr(to, ':') == NULL && strchr(from, ':') == NULL ? "SMS" : NULL;
}

/* The time of sending or, if Twilio does not have it, of creation. */
static const char *
put_time(struct log *l)
{
	const char *text = cell(l, SENT_AT)[0] != '\0' ? cell(l, SENT_AT) : cell(l, CREATED_AT);
	int64_t at;

	if (text[0] == '\0')
		return "SentDate: required";
	if (!twilio_instant(text, &at))
		return "SentDate: not a time such as 2021-03-01T12:00:00Z; "
		    "if a spreadsheet has rewritten it, export the log again, and do not save it there";
	instant_put(&l->json, "occurredAt", at);
	return NULL;
}

static const char *
put_parts(struct log *l)
{
	const char *text = cell(l, SEGMENTS);
	int64_t parts = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || parts > EVENT_COUNT_MAX)
			return "NumSegments: not a whole number";
		parts = parts * 10 + (*p - '0');
	}
	if (parts > 0)
		json_put_int(&l->json, "parts", parts);
	return NULL;
}

/* A failed event.  The price is ignored: a failed event counts and costs nothing here. */
static void
put_failure(struct log *l)
{
	const char *to = cell(l, TO), *colon = strchr(to, ':');
	const char *code = cell(l, ERROR_CODE), *message = cell(l, ERROR_MESSAGE);
	struct arena *a = l->im->cli->arena;

	json_put_text(&l->json, "status", "failed");
	if (to[0] != '\0')
		json_put_text(&l->json, "to", colon != NULL ? colon + 1 : to);
	if (code[0] == '\0' || strcmp(code, "0") == 0)
		json_put_text(&l->json, "reason", message[0] != '\0' ? arena_printf(a, "%.400s", message) : "failed");
	else
		json_put_text(&l->json, "reason", arena_printf(a, message[0] != '\0' ? "%.20s %.400s" : "error %.20s%s",
		    code, message));
}

/* Writes the event's JSON; returns what is wrong with the record, or NULL. */
static const char *
put_event(struct log *l, bool is_failed)
{
	const char *error, *channel = channel_name(l);

	if (cell(l, SID)[0] == '\0')
		return "Sid: required";
	if (channel == NULL)
		return "To: unknown channel; must be a plain number or begin with whatsapp:";
	buf_reset(&l->event);
	l->json = *json_on(&l->event);
	json_open_object(&l->json, NULL);
	json_put_text(&l->json, "id", cell(l, SID));
	json_put_text(&l->json, "channel", channel);
	json_put_int(&l->json, "messages", 1);
	if ((error = put_time(l)) != NULL || (error = put_parts(l)) != NULL)
		return error;
	if (is_failed)
		put_failure(l);
	else if ((error = cell_price(l->im, &l->json, cell(l, PRICE), cell(l, CURRENCY), "Price", "PriceUnit")) != NULL)
		return error;
	json_close_object(&l->json);
	return NULL;
}

/*
 * Decides what a record is: bad, skipped (inbound, or never handed over), or an event.  An unknown status is an error, because
 * guessing would count it wrongly.
 */
static bool
read_record(struct log *l)
{
	const char *direction = cell(l, DIRECTION), *status = cell(l, STATUS), *error = table_error(l->table);
	int64_t line = table_line(l->table);
	bool is_failed;

	if (error != NULL)
		return import_bad(l->im, line, error);
	if ((error = cell_id_error(cell(l, SID))) != NULL)
		return import_bad(l->im, line, error);
	if (strncasecmp(direction, "in", 2) == 0) {
		l->im->inbound++;
		return true;
	}
	if (strncasecmp(direction, "out", 3) != 0)
		return import_bad(l->im, line, "Direction: must begin with outbound or inbound");
	if (cell_is_word(status, not_sent_words)) {
		l->im->not_sent++;
		return true;
	}
	is_failed = strcasecmp(status, "failed") == 0;
	if (!is_failed && !cell_is_word(status, sent_words))
		return import_bad(l->im, line, "Status: unknown; Twilio does not document it");
	if ((error = put_event(l, is_failed)) != NULL)
		return import_bad(l->im, line, error);
	return import_event(l->im, line, l->event.text, l->event.size);
}

/* Adds the records after the header as events. */
static void
run(struct import *im)
{
	struct log l = { .im = im, .table = table_new(im) };
	bool goes_on;

	goes_on = read_header(&l);
	while (goes_on && table_next(l.table))
		goes_on = read_record(&l);
	buf_free(&l.event);
	table_free(l.table);
}

const struct import_format import_twilio = { .name = "twilio", .source = "twilio", .is_statement = true, .run = run };
