/*
 * Senders, networks and tags (see origin.h).
 */
#include <string.h>

#include "base/name.h"
#include "base/utf8.h"
#include "quota/origin.h"

/* The characters of well-formed text. */
static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += !utf8_continues(*text);
	return n;
}

enum status
origin_read_sender(struct json_object *o, const char **text, struct error *err)
{
	enum status st = json_string(o, "from", 1, ORIGIN_SENDER_MAX, text, err);

	return st != OK || *text == NULL ? st : name_check("from", *text, err);
}

enum status
origin_check_sender(const char *text, struct error *err)
{
	if (strlen(text) > ORIGIN_SENDER_MAX)
		return error_set(err, BAD_REQUEST, "from: longer than %d bytes", ORIGIN_SENDER_MAX);
	return name_check("from", text, err);
}

/* Counts characters and not bytes, because a cost centre may be written in any script. */
static enum status
check_word(const char *name, size_t max, const char *text, struct error *err)
{
	if (characters(text) > max)
		return error_set(err, BAD_REQUEST, "%s: longer than %zu characters", name, max);
	return name_check(name, text, err);
}

enum status
origin_check_network(const char *text, struct error *err)
{
	return check_word("network", ORIGIN_NETWORK_MAX, text, err);
}

static enum status
read_word(struct json_object *o, const char *name, size_t max, const char **text, struct error *err)
{
	enum status st = json_string(o, name, 1, SIZE_MAX, text, err);

	return st != OK || *text == NULL ? st : check_word(name, max, *text, err);
}

enum status
origin_read_network(struct json_object *o, const char **text, struct error *err)
{
	return read_word(o, "network", ORIGIN_NETWORK_MAX, text, err);
}

enum status
origin_read_tag(struct json_object *o, const char **text, struct error *err)
{
	return read_word(o, "tag", ORIGIN_TAG_MAX, text, err);
}

enum status
origin_read_planned(struct json_object *o, enum channel *c, const char **sender, struct error *err)
{
	const char *channel, *from;
	enum status st;

	if ((st = json_string(o, "channel", 1, 64, &channel, err)) != OK ||
	    (channel != NULL && (st = channel_read(channel, c, err)) != OK) || (st = origin_read_sender(o, &from, err)) != OK)
		return st;
	if (from != NULL)
		*sender = from;
	return OK;
}

void
origin_put(struct json *j, const char *sender, const char *network, const char *tag)
{
	if (sender != NULL)
		json_put_text(j, "from", sender);
	if (network != NULL)
		json_put_text(j, "network", network);
	if (tag != NULL)
		json_put_text(j, "tag", tag);
}
