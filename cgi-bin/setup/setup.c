/*
 * Setting up without a shell: for anybody who knows the code in the file setup-code.txt in the folder of the database, and only
 * until it has been done.  Needs no database; it creates it.
 *
 * GET /setup -- a page with a form, or with what is still missing; or the next turn of an upgrade that was begun with the code.
 * POST /setup -- the form, or a JSON object with the same fields: code, organizationId, name (else the id), timezone,
 *	dailyLimit (none = unlimited), plan, currency (none = USD), priceSms, priceCall (of a part, as text).  Makes the
 *	database, the organization, its prices, a signing key and an API key (org:admin usage:read usage:write
 *	campaigns:write), all or nothing; then
 *	removes the code file.  If the database has an older schema: takes the code alone, and begins its upgrade.
 *
 * An upgrade is done in turns of some seconds, because a host ends requests that take long.  The page shows how far it is, and
 * makes the browser load it again, which does the next turn.  That needs no code: the code is neither in an address nor in a
 * page, nothing can be chosen about the upgrade any more, and only one request at a time works on it.
 *
 * The reply is a page; to a JSON request it is JSON:
 *
 *	200	the form; after an upgrade {"success":true,"data":{"copy","codeRemoved"}}
 *	201	{"success":true,"data":{"organizationId","apiKey","codeRemoved"}}
 *	400	a field is missing, unknown or wrong; the page has what was typed, with the error beside its field
 *	403	there is no code file yet, or the code is wrong
 *	404	the setup has been done
 *	409	daybook.conf is missing; the database is or would be in a folder that the web server serves (one with an older schema
 *		is refused below the document root only), or cannot be created or used; attempts cannot be recorded beside it
 *	429	a wrong code came from the same address less than a second ago; this one was not looked at
 *	503	other requests are trying codes; to JSON also: the upgrade needs another request
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "http/dialect.h"
#include "http/form.h"
#include "base/log.h"
#include "base/money.h"
#include "http/serve.h"
#include "page.h"

enum { TEXT_MAX = 1000, SETUP_BODY_MAX = 16 * 1024, LIMIT_DIGITS = 13, TURN_MS = 6000 };

/* Puts an error beside its field.  A JSON reply has room for the first one only. */
static void
wrong(struct req *r, struct setup_page *p, enum setup_field f, const char *what)
{
	p->errors[f] = what;
	if (r->err.text[0] == '\0')
		error_set(&r->err, BAD_REQUEST, "%s: %s", setup_fields[f], what);
}

/* The text of an error without the name of its field, which the page shows anyway. */
static const char *
without_name(struct req *r, enum setup_field f, const struct error *err)
{
	size_t n = strlen(setup_fields[f]);
	const char *text = err->text;

	return arena_strdup(r->arena, strncmp(text, setup_fields[f], n) == 0 && text[n] == ':' ? text + n + 2 : text);
}

/* Shows the form again, with what was typed and the errors.  JSON gets the error body of its dialect. */
static enum status
refuse(struct req *r, enum status st, const struct setup *s, struct setup_page *p, struct buf *body)
{
	if (!setup_page_is_json(r))
		setup_page_state(r, s, p, body);
	return st;
}

/* ---- The fields */

/* Reads the fields as the texts that a form would send, so that both are checked by the same code. */
static enum status
read_json(struct req *r, const char **values)
{
	struct json_object *o;
	enum status st;
	int64_t limit;
	bool found;

	if ((st = req_object(r, setup_fields, &o)) != OK)
		return st;
	for (int i = 0; i < SETUP_FIELDS && st == OK; i++)
		if (i != LIMIT && (st = json_string(o, setup_fields[i], 0, TEXT_MAX, &values[i], &r->err)) == OK && values[i] == NULL)
			values[i] = "";
	if (st == OK && (st = json_int(o, setup_fields[LIMIT], 0, LIMIT_MAX, &found, &limit, &r->err)) == OK)
		values[LIMIT] = found ? arena_printf(r->arena, "%lld", (long long)limit) : "";
	json_object_free(o);
	return st;
}

/* An absent limit is no limit.  What is no number becomes one above the maximum, and so is refused. */
static bool
read_limit(const char *text, int64_t *limit)
{
	size_t n = strlen(text);

	*limit = n == 0 ? UNLIMITED : n <= LIMIT_DIGITS && strspn(text, "0123456789") == n ? strtoll(text, NULL, 10) : LIMIT_MAX + 1;
	return *limit <= LIMIT_MAX;
}

static bool
read_price(const char *text, int64_t *nanos)
{
	*nanos = -1;
	return text[0] == '\0' || money_parse_nanos(text, nanos);
}

/*
 * Checks all fields and puts them into the organization.  Finds every error before it returns false, so that the operator can
 * correct them at once.
 */
static bool
read_input(struct req *r, struct setup_page *p, struct setup_input *w)
{
	struct organization *org = &w->org;
	const char *const *v = p->values;
	struct error err;

	*w = (struct setup_input) { .org = organization_defaults, .base = limit_base_none };
	r->err.text[0] = '\0';
	if (!organization_id_ok(v[ID])) {
		id_refuse(setup_fields[ID], v[ID], &err);
		wrong(r, p, ID, without_name(r, ID, &err));
	}
	if (strlen(v[NAME]) >= sizeof(org->name))
		wrong(r, p, NAME, "longer than 200 bytes");
	if (v[ZONE][0] == '\0')
		wrong(r, p, ZONE, "required, such as America/Toronto");
	else if (zone_get(v[ZONE], &err) == NULL)
		wrong(r, p, ZONE, without_name(r, ZONE, &err));
	if (!read_limit(v[LIMIT], &w->base.amounts[LIMIT_BASE_DAILY]))
		wrong(r, p, LIMIT, "must be a whole number up to 1000000000000, or empty");
	if (strlen(v[PLAN]) >= sizeof(org->plan))
		wrong(r, p, PLAN, "longer than 64 bytes");
	if (v[CURRENCY][0] != '\0' && currency_check(setup_fields[CURRENCY], v[CURRENCY], &err) != OK)
		wrong(r, p, CURRENCY, without_name(r, CURRENCY, &err));
	if (!read_price(v[PRICE_SMS], &w->sms_nanos))
		wrong(r, p, PRICE_SMS, "must be an amount with at most nine decimals, such as 0.0079");
	if (!read_price(v[PRICE_CALL], &w->call_nanos))
		wrong(r, p, PRICE_CALL, "must be an amount with at most nine decimals, such as 0.013");
	if (r->err.text[0] != '\0')
		return false;
	snprintf(org->id, sizeof(org->id), "%s", v[ID]);
	snprintf(org->name, sizeof(org->name), "%s", v[NAME][0] != '\0' ? v[NAME] : v[ID]);
	snprintf(org->timezone, sizeof(org->timezone), "%s", v[ZONE]);
	snprintf(org->plan, sizeof(org->plan), "%s", v[PLAN]);
	snprintf(org->currency, sizeof(org->currency), "%s", v[CURRENCY][0] != '\0' ? v[CURRENCY] : CURRENCY_DEFAULT);
	return true;
}

/* ---- What the methods do */

static void
look(struct req *r, struct setup *s)
{
	setup_look(s, &(const struct served) { req_env(r, "DOCUMENT_ROOT"), req_env(r, "CONTEXT_DOCUMENT_ROOT") });
}

/*
 * Who tries a code, for the pause after a wrong one.  Behind a proxy of one's own everybody has its address, so the address
 * that it added counts too: the last one.  Those before it, and all from elsewhere, are whatever the sender wrote; they would
 * let one sender use up the attempts of all others.
 */
static const char *
source(struct req *r)
{
	const char *address = req_env(r, "REMOTE_ADDR"), *forwarded = req_env(r, "HTTP_X_FORWARDED_FOR"), *comma;

	if (address == NULL || address[0] == '\0')
		address = "::1";	/* a web server that takes requests by a local socket has no address to tell */
	if (forwarded == NULL || !address_is_near(address))
		forwarded = "";
	comma = strrchr(forwarded, ',');
	forwarded = comma != NULL ? comma + 1 : forwarded;
	return arena_printf(r->arena, "%s %s", address, forwarded + strspn(forwarded, " \t"));
}

/* The reply to a success.  Removes the code file first, so that the reply can say whether it is still there. */
static enum status
finish(struct req *r, const struct setup *s, struct setup_page *p, const char *name, const char *value, const char *name2,
    const char *value2, struct buf *body)
{
	struct json *out = json_on(body);

	p->code_stays = !setup_forget_code(s);
	r->is_secret = p->key != NULL;
	if (!setup_page_is_json(r))
		return setup_page_show(r, OK, p, body);
	dialect_tether_open(out);
	json_put_text(out, name, value);
	if (name2 != NULL)
		json_put_text(out, name2, value2);
	json_put_bool(out, "codeRemoved", !p->code_stays);
	dialect_tether_close(out);
	return OK;
}

/* The reply to a failure that belongs to no field: the page with what was typed, and the problem above. */
static enum status
give_up(struct req *r, enum status st, struct setup *s, struct setup_page *p, struct buf *body)
{
	if (setup_page_is_json(r))
		return st;
	s->err = r->err;
	if (s->err.text[0] == '\0')
		error_set(&s->err, st, "The database is unavailable or busy. Try again shortly");
	setup_page_state(r, s, p, body);
	return st;
}

/* After a failure: another request with the code may have been faster; or an upgrade has to begin again, with the code. */
static enum status
look_again(struct req *r, enum status st, struct setup *s, struct setup_page *p, struct buf *body)
{
	look(r, s);
	return s->state == SETUP_DONE ? setup_page_state(r, s, p, body) : give_up(r, st, s, p, body);
}

/* Says how far the upgrade is.  The browser loads the page again by its header, also without scripts. */
static enum status
go_on(struct req *r, const struct upgrade_turn *t, struct setup_page *p, struct buf *body)
{
	const struct db_upgrade_state *u = &t->state;

	if (setup_page_is_json(r))
		return UNAVAILABLE;
	p->title = "The database is being upgraded";
	p->upgrading = u->is_copied ? "All rows are copied; the new file is being checked" :
	    u->total == 0 ? "Another request is working on it" :
	    arena_printf(r->arena, "%lld of %lld rows are copied", (long long)u->done, (long long)u->total);
	req_add_header(r, "Refresh", "1");
	return setup_page_show(r, OK, p, body);
}

static enum status
upgrade(struct req *r, struct setup *s, struct setup_page *p, struct buf *body)
{
	struct upgrade_turn turn;
	enum status st;

	p->warning = s->warning;
	if ((st = setup_upgrade(s, r->arena, r->now, TURN_MS, &turn, &r->err)) != OK)
		return look_again(r, st, s, p, body);
	if (!turn.is_done)
		return go_on(r, &turn, p, body);
	log_info("event=upgrade from=%d", s->schema_version);
	if (s->warning != NULL)
		log_error("event=database error=\"%s\" fix=\"Move it into a folder that no web server serves.\"", s->warning);
	p->title = "The database is upgraded";
	p->upgraded = arena_strdup(r->arena, strrchr(turn.kept_as, '/') != NULL ? strrchr(turn.kept_as, '/') + 1 : "");
	return finish(r, s, p, "copy", p->upgraded, NULL, NULL, body);
}

/* Does the setup with the fields of a request whose code was right. */
static enum status
set_up(struct req *r, struct setup *s, struct setup_page *p, struct buf *body)
{
	struct setup_input input;
	enum status st;

	if (!read_input(r, p, &input))
		return refuse(r, BAD_REQUEST, s, p, body);
	if ((st = setup_perform(s, r->arena, &input, r->now, &p->key, &r->err)) != OK) {
		p->key = NULL;
		return look_again(r, st, s, p, body);
	}
	log_info("event=setup org=%s", input.org.id);
	p->title = "Daybook is set up";
	st = finish(r, s, p, "organizationId", input.org.id, "apiKey", p->key, body);
	return st == OK ? CREATED : st;
}

static enum status
setup_get(struct req *r, struct buf *body)
{
	struct setup s = { 0 };
	struct setup_page p = { 0 };

	look(r, &s);
	return s.state == SETUP_UPGRADING && !r->is_head ? upgrade(r, &s, &p, body) : setup_page_state(r, &s, &p, body);
}

/*
 * Checks the code before any other field, so that only the operator learns what is wrong with them; the state is looked at
 * again after that, because another request may have been faster.
 */
static enum status
setup_post(struct req *r, struct buf *body)
{
	struct setup s = { 0 };
	struct setup_page p = { 0 };
	enum status st;

	look(r, &s);
	if (s.state == SETUP_UPGRADING)
		return upgrade(r, &s, &p, body);
	if (s.state != SETUP_READY && s.state != SETUP_OLDER)
		return setup_page_state(r, &s, &p, body);
	st = setup_page_is_json(r) ? read_json(r, p.values) :
	    form_read(r->arena, r->body, r->body_n, setup_fields, p.values, &r->err);
	if (st != OK)
		return give_up(r, st, &s, &p, body);
	if ((st = setup_try_code(&s, p.values[CODE], source(r), r->now, &r->err)) != OK) {
		p.values[CODE] = NULL;
		r->message = st == OVER_QUOTA ? "Too many attempts" : NULL;
		if (st == OVER_QUOTA)
			req_add_header(r, "Retry-After", "1");
		if (st != FORBIDDEN && st != OVER_QUOTA)
			return give_up(r, st, &s, &p, body);
		p.errors[CODE] = without_name(r, CODE, &r->err);
		return refuse(r, st, &s, &p, body);
	}
	look(r, &s);
	return s.state == SETUP_READY ? set_up(r, &s, &p, body) : s.state == SETUP_OLDER || s.state == SETUP_UPGRADING ?
	    upgrade(r, &s, &p, body) : setup_page_state(r, &s, &p, body);
}

int
main(void)
{
	static const char *const media[] = { "application/x-www-form-urlencoded", "application/json", NULL };
	static const struct route routes[] = {
		{ GET, "/setup", 0, setup_get },
		{ POST, "/setup", 0, setup_post, .media = media, .body_max = SETUP_BODY_MAX },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "setup", .dialect = TETHER, .needs_no_database = true, .routes = routes });
}
