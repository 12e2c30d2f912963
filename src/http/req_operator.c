/*
 * Who may see what concerns the whole installation, /metrics and the details of /health (see req.h).
 */
#include <string.h>

#include "auth/link.h"
#include "http/req.h"
#include "store/setting.h"

/* Whether somebody else's request was passed on, as far as a proxy says so. */
static bool
is_forwarded(const struct req *r)
{
	static const char *const names[] = { "HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_VIA", "HTTP_X_REAL_IP" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (req_env(r, names[i]) != NULL)
			return true;
	return false;
}

/*
 * Whether REMOTE_ADDR, which the web server sets, is in the list.  Behind a proxy it is the proxy's for everybody: so no
 * address is in the list unless the operator put it there, and a request that a proxy marks counts only if he allows that.
 */
static enum status
check_address(struct req *r)
{
	const char *address = req_env(r, "REMOTE_ADDR"), *allowed, *forwarded;
	enum status st;
	char *list, *one;

	if ((st = setting_get(r->db, r->arena, "metrics_addresses", &allowed)) != OK ||
	    (st = setting_get(r->db, r->arena, "metrics_forwarded", &forwarded)) != OK)
		return st;
	if (is_forwarded(r) && strcmp(forwarded, "1") != 0)
		return error_set(&r->err, FORBIDDEN, "address: this request was forwarded by a proxy, which the setting "
		    "metrics_forwarded does not allow; send a token with the scope metrics");
	list = arena_strdup(r->arena, allowed);
	while (address != NULL && (one = strsep(&list, " ,")) != NULL)
		if (strcmp(one, address) == 0)
			return OK;
	return error_set(&r->err, FORBIDDEN, "address: your address is not in the setting metrics_addresses; send a token with the "
	    "scope metrics");
}

/* The address first, because a scraper may send a credential that is not ours. */
enum status
req_check_operator(struct req *r)
{
	const char *authorization = req_env(r, "HTTP_AUTHORIZATION"), *api_key = req_env(r, "HTTP_X_API_KEY");
	enum status st = check_address(r);
	struct error err = { 0 };

	if (st != FORBIDDEN || (authorization == NULL && api_key == NULL))
		return st;
	if ((st = auth_check(r->db, r->arena, authorization, api_key, r->now, &r->caller, &err)) == UNAUTHENTICATED) {
		req_log_refused(r, err.text);
		return error_set(&r->err, st, "no valid credential");
	}
	if (st == OK)
		st = link_refuse(&r->caller, &r->err);
	if (st == OK && !(r->caller.scopes & SCOPE_METRICS))
		st = error_set(&r->err, FORBIDDEN, "the credential lacks the scope metrics");
	return st;
}
