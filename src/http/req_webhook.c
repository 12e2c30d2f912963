/*
 * The handshake of the specification "HTTP 1.1 Web Hooks for Event Delivery" of CloudEvents, section 4 (see req.h).  A delivery
 * needs a credential all the same: this only tells a sender such as Azure Event Grid that nobody misuses it against this host.
 */
#include "http/req.h"
#include "store/cors.h"
#include "store/setting.h"

enum status
req_allow_webhook(struct req *r)
{
	const char *origin = req_env(r, "HTTP_WEBHOOK_REQUEST_ORIGIN"), *allowed;
	enum status st;

	if (origin == NULL)
		return NO_CONTENT;
	if ((st = setting_get(r->db, r->arena, "webhook_origins", &allowed)) != OK)
		return st;
	if (cors_lists(allowed, origin)) {
		req_add_header(r, "WebHook-Allowed-Origin", origin);
		req_add_header(r, "WebHook-Allowed-Rate", "*");
	}
	return NO_CONTENT;
}
