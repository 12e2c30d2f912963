/*
 * The page of /setup (see page.h).  Everything on it that a user or the host supplied goes through the template's escaping,
 * but for the list of time zones.
 */
#include <stdlib.h>
#include <string.h>

#include "http/html.h"
#include "page.h"
#include "time/zone.h"

enum { VALUES_MAX = 40 };

const char *const setup_fields[] = { "code", "organizationId", "name", "timezone", "dailyLimit", "plan", "currency",
	"priceSms", "priceCall", NULL };

/* setup.html as text; the Makefile makes it. */
extern const char setup_html[];

/* The options of the time zone field.  A zone's name has no character that would need escaping. */
static const char *
zone_options(struct arena *a)
{
	struct buf options = { 0 };
	const char **names, *text;
	size_t count = zone_names(a, &names);

	for (size_t i = 0; i < count; i++)
		buf_printf(&options, "<option value=\"%s\"></option>\n", names[i]);
	text = arena_strdup(a, buf_text(&options));
	buf_free(&options);
	return text;
}

/* Whether a text has only characters of a host or a path, so that it may appear in an address. */
static bool
is_plain(const char *text)
{
	return text != NULL && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:[]_~/-") == strlen(text);
}

static bool
is_https(const struct req *r)
{
	const char *https = req_env(r, "HTTPS"), *scheme = req_env(r, "REQUEST_SCHEME");

	return (https != NULL && strcmp(https, "on") == 0) || (scheme != NULL && strcmp(scheme, "https") == 0);
}

/*
 * The address of Daybook, for the operator to copy.  Headers of the client are good enough for it, because only that client's
 * page shows it.  A general example if they are not plain, or do not end in /setup.
 */
static const char *
base_url(const struct req *r)
{
	const char *host = req_env(r, "HTTP_HOST"), *uri = req_env(r, "REQUEST_URI");
	size_t n = uri != NULL ? strcspn(uri, "?") : 0;

	if (!is_plain(host) || n < 6 || strncmp(uri + n - 6, "/setup", 6) != 0)
		return "https://your.host/daybook";
	uri = arena_text(r->arena, uri, n - 6);
	return arena_printf(r->arena, "%s://%s%s", is_https(r) ? "https" : "http", host, is_plain(uri) ? uri : "/daybook");
}

/*
 * Fills in the template: each section appears if its value is set.  The reply must not be stored, because it may show a code
 * or a key, and the policy lets the page load nothing but its own style sheet.
 */
enum status
setup_page_show(struct req *r, enum status st, const struct setup_page *p, struct buf *body)
{
	static const char policy[] = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
	    "frame-ancestors 'none'";
	bool is_form = p->form != NULL || p->upgrade != NULL;
	struct html_value values[VALUES_MAX] = { { "title", p->title }, { "problem", p->problem }, { "fix", p->fix },
		{ "warning", p->warning }, { "form", p->form }, { "upgrade", p->upgrade }, { "upload", p->upload },
		{ "done", p->done }, { "key", p->key }, { "upgrading", p->upgrading },
		{ "upgraded", p->upgraded }, { "code_stays", p->code_stays ? "yes" : NULL },
		{ "plain", is_form && !is_https(r) ? "yes" : NULL }, { "base", base_url(r) },
		{ "zones", p->form != NULL ? zone_options(r->arena) : NULL } };
	size_t n = 0;

	while (values[n].name != NULL)
		n++;
	for (int i = 0; i < SETUP_FIELDS; i++) {
		values[n++] = (struct html_value) { setup_fields[i], p->values[i] };
		values[n++] = (struct html_value) { arena_printf(r->arena, "%s_error", setup_fields[i]), p->errors[i] };
	}
	buf_reset(body);
	html_fill(body, setup_html, values);
	r->content_type = "text/html; charset=utf-8";
	r->keeps_body = true;
	r->is_secret = true;	/* it may show a code that was typed, or the key */
	req_add_header(r, "Content-Security-Policy", policy);
	req_add_header(r, "Referrer-Policy", "no-referrer");
	return st;
}

bool
setup_page_is_json(const struct req *r)
{
	return strcmp(r->media, "application/json") == 0;
}

enum status
setup_page_state(struct req *r, const struct setup *s, struct setup_page *p, struct buf *body)
{
	static const struct {
		enum status st;
		const char *title;
	} states[] = {
		[SETUP_READY] = { OK, "Set up Daybook" }, [SETUP_OLDER] = { OK, "Upgrade Daybook's database" },
		[SETUP_UPGRADING] = { OK, "The database is being upgraded" },
		[SETUP_NO_CODE] = { FORBIDDEN, "Set up Daybook" }, [SETUP_NO_CONF] = { CONFLICT, "Daybook cannot be set up yet" },
		[SETUP_EXPOSED] = { CONFLICT, "Daybook cannot be set up yet" },
		[SETUP_AWAY] = { UNAVAILABLE, "Daybook cannot be set up at the moment" },
		[SETUP_BROKEN] = { CONFLICT, "Daybook cannot be set up yet" },
		[SETUP_DONE] = { NOT_FOUND, "Setup is already done" },
	};

	p->title = s->state == SETUP_NO_CODE && s->is_upgrade ? states[SETUP_OLDER].title : states[s->state].title;
	if (s->state != SETUP_EXPOSED)
		p->warning = s->warning;
	if (s->err.text[0] != '\0') {
		p->problem = s->err.text;
		p->fix = s->err.hint;
	}
	if (s->state == SETUP_UPGRADING)
		p->upgrading = "The upgrade continues when this page is loaded again";
	else
		*(s->state == SETUP_READY ? &p->form : s->state == SETUP_OLDER ? &p->upgrade : s->state == SETUP_NO_CODE ? &p->upload :
		    s->state == SETUP_DONE ? &p->done : &p->problem) = s->err.text[0] != '\0' ? s->err.text : "yes";
	r->err = s->err;
	if (s->state == SETUP_DONE)
		error_set(&r->err, NOT_FOUND, "setup: already done");
	return setup_page_is_json(r) ? states[s->state].st : setup_page_show(r, states[s->state].st, p, body);
}
