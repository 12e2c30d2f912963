/*
 * What Twilio says of messages and calls: the logs that its console exports as CSV,
 *
 *	From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price,PriceUnit
 *	Sid,DateCreated,From,To,Direction,Status,StartTime,EndTime,Duration,Price,PriceUnit (calls)
 *
 * similar tables that scripts make of its API, and the files of its bulk export, which have one JSON object on each line.  Fields
 * are found by the names in the table below.  A record becomes one event of one message:
 *
 *	Direction	inbound ones are skipped
 *	Status		failed: refused before the carrier, a failed event; delivered, undelivered, sent, completed …: sent;
 *			queued, busy, canceled and others that were never handed over or answered are skipped
 *	NumSegments	its parts; with 0 (which Twilio writes as long as it does not know) or blank it has one, until a later
 *			log says more
 *	Duration	of a call, in seconds: its parts are the minutes begun, at least one
 *	Price		its absolute value is the cost; blank, or not in the organization's currency (PriceUnit): by our own
 *			price list
 *	Sid		the id, of a call if it begins with CA; the source is `twilio` unless another one is given
 *	To, From	`whatsapp:…` is channel WHATSAPP; otherwise SMS (also for MMS and RCS)
 *	From		without such a prefix the sender; one that a spreadsheet has rounded is left out
 *	Network		or Carrier, which scripts add: the network
 *
 * The file is read as a statement: a Sid that is in the ledger is a duplicate, and what the line says of price, parts and
 * status settles its event.  A line that contradicts the ledger otherwise (a failed message that was sent there, another channel)
 * is reported as one that differs.  Phone numbers are kept of failed messages only; bodies are not read at all.
 */
#include <string.h>
#include <strings.h>

#include "import.h"
#include "time/instant.h"

enum field { SID, DIRECTION, STATUS, SENT_AT, CREATED_AT, TO, FROM, NETWORK, SEGMENTS, DURATION, PRICE, CURRENCY, ERROR_CODE,
	ERROR_MESSAGE, FIELDS };

/* The name that the console uses is shown; the names are those of the API, which its JSON has, and of scripts. */
static const struct report_field fields[FIELDS] = {
	[SID] = { "Sid", true, { "sid", "message_sid", "call_sid", "sms_sid", "sms_message_sid", "message_id" } },
	[DIRECTION] = { "Direction", true, { "direction" } },
	[STATUS] = { "Status", true, { "status", "message_status", "call_status", "sms_status" } },
	[SENT_AT] = { "SentDate", false, { "sent_date", "date_sent", "start_time", "sent_time", "time_sent", "sent_at" } },
	[CREATED_AT] = { "DateCreated", false, { "date_created", "created_date", "created_at", "date_updated" } },
	[TO] = { "To", true, { "to" } },
	[FROM] = { "From", false, { "from" } },
	[NETWORK] = { "Network", false, { "network", "carrier", "carrier_name", "to_carrier", "to_network" } },
	[SEGMENTS] = { "NumSegments", false, { "num_segments", "segments", "message_segments", "number_of_segments" } },
	[DURATION] = { "Duration", false, { "call_duration", "duration" } },
	[PRICE] = { "Price", false, { "price", "cost" } },
	[CURRENCY] = { "PriceUnit", false, { "price_unit", "currency" } },
	[ERROR_CODE] = { "ErrorCode", false, { "error_code" } },
	[ERROR_MESSAGE] = { "ErrorMessage", false, { "error_message" } },
};

static const char *const sent_words[] = { "sent", "delivered", "undelivered", "read", "partially_delivered", NULL };
static const char *const not_sent_words[] = { "queued", "accepted", "scheduled", "sending", "canceled", "cancelled",
	"receiving", "received", NULL };
static const char *const not_connected_words[] = { "queued", "initiated", "ringing", "in-progress", "busy", "no-answer",
	"canceled", "cancelled", NULL };

struct log {
	struct import *im;
	struct report *report;
	struct buf event;		/* as JSON */
	struct json json;		/* writes it */
	bool is_call;			/* the present record is one */
};

static const char *
cell(const struct log *l, enum field f)
{
	return report_cell(l->report, f);
}

static bool
read_header(struct log *l)
{
	if (!report_begin(l->report))
		return false;
	if (!report_has(l->report, SENT_AT))
		return import_stop(l->im, report_line(l->report), "header: the column SentDate is missing (of calls: StartTime); "
		    "export the log in Twilio's console");
	if (!report_has(l->report, SEGMENTS) && !report_has(l->report, DURATION))
		return import_stop(l->im, report_line(l->report), "header: the column NumSegments is missing (of calls: Duration); "
		    "export the log in Twilio's console");
	return true;
}

/* ---- One record */

static bool
begins(const char *text, const char *word)
{
	return strncasecmp(text, word, strlen(word)) == 0;
}

/* The channel, of a message by the prefix of the numbers; NULL if it is none of ours. */
static const char *
channel_name(const struct log *l)
{
	const char *to = cell(l, TO), *from = cell(l, FROM);

	if (l->is_call)
		return "CALL";
	if (begins(to, "whatsapp:") || begins(from, "whatsapp:"))
		return "WHATSAPP";
	if (begins(to, "rcs:") || begins(from, "rcs:") || begins(to, "sms:") || begins(from, "sms:"))
		return "SMS";
	return strchr(to, ':') == NULL && strchr(from, ':') == NULL ? "SMS" : NULL;
}

/* The time of sending or, if Twilio does not have it, of creation. */
static const char *
put_time(struct log *l)
{
	const char *text = cell(l, SENT_AT)[0] != '\0' ? cell(l, SENT_AT) : cell(l, CREATED_AT);
	int64_t at;

	if (text[0] == '\0')
		return "SentDate: empty, and there is no DateCreated: without a time the message belongs to no day; "
		    "export the log with its dates of creation";
	if (!twilio_instant(text, &at))
		return "SentDate: not a time such as 2021-03-01T12:00:00Z; "
		    "if a spreadsheet has rewritten it, export the log again, and do not save it there";
	instant_put(&l->json, "occurredAt", at);
	return NULL;
}

static const char *
put_parts(struct log *l)
{
	enum field f = l->is_call ? DURATION : SEGMENTS;
	int64_t parts = 0;

	for (const char *p = cell(l, f); *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || parts > EVENT_COUNT_MAX)
			return l->is_call ? "Duration: not a whole number of seconds" : "NumSegments: not a whole number";
		parts = parts * 10 + (*p - '0');
	}
	if (l->is_call)
		parts = parts > 0 ? (parts + 59) / 60 : 1;
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

/* The sender without the prefix that says the channel, and the network if the table has a column of it. */
static void
put_origin(struct log *l)
{
	static const char *const prefixes[] = { "whatsapp:", "rcs:", "sms:" };
	const char *from = cell(l, FROM);

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (begins(from, prefixes[i])) {
			from += strlen(prefixes[i]);
			break;
		}
	cell_put_origin(&l->json, from, cell(l, NETWORK));
}

/* Writes the event's JSON; returns what is wrong with the record, or NULL. */
static const char *
put_event(struct log *l, bool is_failed)
{
	const char *error, *channel = channel_name(l);

	if (cell(l, SID)[0] == '\0')
		return "Sid: required";
	if (channel == NULL)
		return "To: unknown channel; must be a plain number or begin with whatsapp:, rcs: or sms:";
	buf_reset(&l->event);
	l->json = *json_on(&l->event);
	json_open_object(&l->json, NULL);
	json_put_text(&l->json, "id", cell(l, SID));
	json_put_text(&l->json, "channel", channel);
	json_put_int(&l->json, "messages", 1);
	put_origin(l);
	if ((error = put_time(l)) != NULL || (error = put_parts(l)) != NULL)
		return error;
	if (is_failed)
		put_failure(l);
	else if ((error = cell_price(l->im, &l->json, cell(l, PRICE), cell(l, CURRENCY), "Price", "PriceUnit")) != NULL)
		return error;
	json_close_object(&l->json);
	return NULL;
}

/* Trunks of Twilio have directions of their own; a call that terminates in the telephone network is ours. */
static bool
is_inbound(const char *direction)
{
	return begins(direction, "in") || strcasecmp(direction, "trunking-originating") == 0;
}

static bool
is_outbound(const char *direction)
{
	return begins(direction, "out") || strcasecmp(direction, "trunking-terminating") == 0;
}

/*
 * Decides what a record is: bad, skipped (inbound, or never handed over), or an event.  An unknown status is an error, because
 * guessing would count it wrongly.
 */
static bool
read_record(struct log *l)
{
	const char *direction = cell(l, DIRECTION), *status = cell(l, STATUS), *error = report_error(l->report);
	int64_t line = report_line(l->report);
	bool is_failed = strcasecmp(status, "failed") == 0;

	l->is_call = begins(cell(l, SID), "CA");
	if (error != NULL || (error = cell_id_error(cell(l, SID))) != NULL)
		return import_bad(l->im, line, error);
	if (is_inbound(direction)) {
		l->im->inbound++;
		return true;
	}
	if (!is_outbound(direction))
		return import_bad(l->im, line, "Direction: must begin with outbound or inbound");
	if (cell_is_word(status, l->is_call ? not_connected_words : not_sent_words)) {
		l->im->not_sent++;
		return true;
	}
	if (!is_failed && !(l->is_call ? strcasecmp(status, "completed") == 0 : cell_is_word(status, sent_words)))
		return import_bad(l->im, line, "Status: unknown; Twilio does not document it");
	if ((error = put_event(l, is_failed)) != NULL)
		return import_bad(l->im, line, error);
	return import_event(l->im, line, l->event.text, l->event.size);
}

/* Adds the records as events. */
static void
run(struct import *im)
{
	struct log l = { .im = im, .report = report_new(im, fields, FIELDS) };
	bool goes_on;

	goes_on = read_header(&l);
	while (goes_on && report_next(l.report))
		goes_on = read_record(&l);
	buf_free(&l.event);
	report_free(l.report);
}

const struct import_format import_twilio = { .name = "twilio", .source = "twilio", .is_statement = true, .run = run };
