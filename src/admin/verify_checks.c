/* Invariants that need more than SQL: hashes, keys, and words that only the code knows. */
#include <string.h>

#include "db/db_schema.h"
#include "base/crypto.h"
#include "base/currency.h"
#include "auth/key_source.h"
#include "auth/pem.h"
#include "base/row_hash.h"
#include "auth/scopes.h"
#include "quota/limit_rule.h"
#include "store/setting.h"
#include "auth/signing_key.h"
#include "admin/verify_invariants.h"

/* ---- The file */

static void
schema_differs(void *arg, const char *what)
{
	verify_differs(arg, "schema: %s", what);
}

enum status
verify_schema(struct verify *v)
{
	return db_schema_compare(v->db, schema_differs, v);
}

/* Every setting must be one that Daybook could have written.  The epoch has no default: without it no ETag is safe. */
enum status
verify_settings(struct verify *v)
{
	struct query *q = db_query(v->db, "SELECT name, value FROM setting ORDER BY name");
	bool has_epoch = false;
	struct error err;

	while (query_step(q)) {
		has_epoch = has_epoch || strcmp(query_text(q, 0), "epoch") == 0;
		if (!setting_is_sound(query_text(q, 0), query_text(q, 1), &err))
			verify_differs(v, "setting %s", err.text);
	}
	if (!has_epoch)
		verify_differs(v, "setting epoch: missing");
	return query_done(q);
}

enum status
verify_currencies(struct verify *v)
{
	struct query *q = db_query(v->db, "SELECT 'organization ' || id, currency FROM organization UNION "
	    "SELECT 'price of ' || channel, currency FROM price ORDER BY 1, 2");
	struct error err;

	while (query_step(q))
		if (currency_check("currency", query_text(q, 1), &err) != OK)
			verify_differs(v, "%s: %s", query_text(q, 0), err.text);
	return query_done(q);
}

/*
 * What is wrong with a signing key; NULL if nothing.  A secret both signs and verifies, so sign_key, if there is one,
 * must equal verify_key; the other algorithms have keys in PEM, and the private one must be that of the public one.
 */
static const char *
key_fault(struct verify *v, const char *name, const void *verify_key, size_t verify_n, const void *sign_key, size_t sign_n)
{
	const char *text = arena_text(v->arena, verify_key != NULL ? verify_key : "", verify_n), *public_pem, *private_pem;
	const struct algorithm *alg = algorithm_find(name);
	bool is_pem = strstr(text, "-----BEGIN") != NULL;
	struct error err;

	if (alg == NULL)
		return "its algorithm is unknown";
	if (alg->kind == KEY_SECRET) {
		if (verify_n < (size_t)alg->hash_bits / 8 || verify_n > SECRET_MAX)
			return "its secret is too short or too long";
		/* Verifying with a public key in PEM would let everybody who knows that key sign tokens. */
		if (is_pem)
			return "its secret is a key in PEM";
		return sign_n == 0 || (sign_n == verify_n && memcmp(sign_key, verify_key, sign_n) == 0) ? NULL :
		    "its secrets for signing and verifying differ";
	}
	if (verify_n < SECRET_MIN || strlen(text) != verify_n || pem_read(v->arena, alg, text, &public_pem, &private_pem, &err) != OK)
		return "its public key does not fit its algorithm";
	if (sign_n == 0)
		return NULL;
	if (pem_read(v->arena, alg, arena_text(v->arena, sign_key, sign_n), &public_pem, &private_pem, &err) != OK ||
	    private_pem == NULL)
		return "its private key does not fit its algorithm";
	return strcmp(public_pem, text) == 0 ? NULL : "its private key does not belong to its public key";
}

/* Whether these scopes are all known. */
static bool
scopes_are_known(struct verify *v, const char *text)
{
	const char *unknown;
	unsigned scopes;

	return scopes_parse(v->arena, text, &scopes, &unknown);
}

/* The keys that a source is said to have are there, and none of them signs: it would be ours. */
static enum status
verify_kids(struct verify *v, const struct key_source *s)
{
	enum status st = OK;

	for (size_t k = 0; st == OK && k < s->count; k++) {
		struct query *q = db_query(v->db, "SELECT 1 FROM signing_key WHERE kid = :kid AND sign_key IS NULL");
		bool is_there;

		query_bind_text(q, ":kid", s->kids[k]);
		is_there = query_step(q);
		if ((st = query_done(q)) == OK && !is_there)
			verify_differs(v, "setting key_sources: there is no key \"%s\" that only verifies", s->kids[k]);
	}
	return st;
}

static enum status
verify_key_sources(struct verify *v)
{
	struct key_source_list *list = arena_alloc(v->arena, sizeof(*list));
	struct error err = { 0 };
	enum status st = key_source_load(v->db, v->arena, list, &err);

	if (st != OK && err.text[0] != '\0') {
		verify_differs(v, "setting key_sources: %s", err.text);
		return OK;
	}
	for (size_t i = 0; st == OK && i < list->count; i++)
		st = verify_kids(v, &list->sources[i]);
	return st == OK ? verify_kids(v, &list->forgotten) : st;
}

enum status
verify_signing_keys(struct verify *v)
{
	struct query *q = db_query(v->db, "SELECT kid, alg, max_scopes, verify_key, sign_key, coalesce(iss = '', 0) "
	    "OR coalesce(aud = '', 0) OR (aud IS NOT NULL AND is_any_audience = 1) FROM signing_key ORDER BY kid");
	const void *verify_key, *sign_key;
	size_t verify_n, sign_n;
	const char *fault;
	enum status st;

	while (query_step(q)) {
		verify_key = query_blob(q, 3, &verify_n);
		sign_key = query_blob(q, 4, &sign_n);
		if (!scopes_are_known(v, query_text(q, 2)))
			verify_differs(v, "signing key %s: unknown scopes \"%s\"", query_text(q, 0), query_text(q, 2));
		if ((fault = key_fault(v, query_text(q, 1), verify_key, verify_n, sign_key, sign_n)) != NULL)
			verify_differs(v, "signing key %s: %s", query_text(q, 0), fault);
		if (query_int(q, 5) != 0)
			verify_differs(v, "signing key %s: its iss or aud is empty, or it has an aud and accepts any", query_text(q, 0));
	}
	st = query_done(q);
	return st == OK ? verify_key_sources(v) : st;
}

/* An API key never has the scope admin, its hash is a SHA-256, and the time of its last use is the start of a day. */
enum status
verify_api_keys(struct verify *v)
{
	struct query *q = db_query(v->db, "SELECT key, scopes, length(sha256), number < 1 OR coalesce(expires_at <= created_at, 0) "
	    "OR coalesce(used_at % 86400000 <> 0, 0) FROM api_key ORDER BY key");

	while (query_step(q)) {
		if (!scopes_are_known(v, query_text(q, 1)) || (scopes_known(query_text(q, 1)) & SCOPE_INSTALLATION))
			verify_differs(v, "API key %lld: has the scopes \"%s\", which an API key cannot have",
			    (long long)query_int(q, 0), query_text(q, 1));
		if (query_int(q, 2) != SHA256_SIZE)
			verify_differs(v, "API key %lld: its hash has %lld bytes instead of 32", (long long)query_int(q, 0),
			    (long long)query_int(q, 2));
		if (query_int(q, 3) != 0)
			verify_differs(v, "API key %lld: its number, its end or its last use is none that Daybook writes",
			    (long long)query_int(q, 0));
	}
	return query_done(q);
}

/* [a-z0-9-]{1,32} */
static bool
is_limit_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n < LIMIT_NAME_MAX && name[n] == '\0';
}

/* What a limit counts, and over which window, must be words that the programs know. */
enum status
verify_limits(struct verify *v)
{
	struct query *q = db_query(v->db, "SELECT name, channels, period FROM limit_rule WHERE org = :org ORDER BY name");
	enum limit_period period;
	unsigned channels;

	query_bind_int(q, ":org", v->org);
	while (query_step(q)) {
		if (!is_limit_name(query_text(q, 0)))
			verify_differs(v, "limit \"%s\": a name that no limit can have", query_text(q, 0));
		if (!limit_channels_parse(query_text(q, 1), &channels))
			verify_differs(v, "limit \"%s\": unknown channels \"%s\"", query_text(q, 0), query_text(q, 1));
		if (!limit_period_parse(query_text(q, 2), &period))
			verify_differs(v, "limit \"%s\": unknown window \"%s\"", query_text(q, 0), query_text(q, 2));
	}
	return query_done(q);
}

/* ---- Campaigns */

/*
 * Ends a campaign whose rows have all been hashed: compares the result with its digest. id is NULL before the first campaign.
 */
static void
end_plan(struct verify *v, const char *id, int64_t digest, const struct row_hash *h)
{
	if (id != NULL && digest != row_hash_end(h))
		verify_differs(v, "campaign %s: its segments, or the request that made it, do not match its digest", id);
}

enum status
verify_plans(struct verify *v)
{
	/*
	 * First the columns that campaign_seal hashes, in the same order, then those that say whose they are.  A campaign
	 * whose digest is NULL has nothing to compare with.
	 */
	struct query *q = db_query(v->db, "SELECT c.org, c.id, c.name, c.is_segmented, c.tag, r.body_sha256, s.number, s.org, "
	    "s.channel, s.sender, s.scheduled_at, s.contacts, s.parts_per_contact, "
	    "CASE s.status WHEN 'draft' THEN 0 WHEN 'paused' THEN 1 "
	    "WHEN 'cancelled' THEN 2 ELSE 3 END, c.sending_window, c.key, c.digest "
	    "FROM campaign c LEFT JOIN segment s ON s.campaign = c.key "
	    "LEFT JOIN request r ON r.org = c.org AND r.kind = 'campaign' AND r.id = c.id "
	    "WHERE c.org = :org AND c.digest IS NOT NULL ORDER BY c.key, s.number");
	const char *id = NULL;
	int64_t key = 0, digest = 0;
	struct row_hash h;

	row_hash_start(&h);
	query_bind_int(q, ":org", v->org);
	while (query_step(q)) {
		/* The rows come campaign by campaign: another key ends the one before. */
		if (id == NULL || query_int(q, 15) != key) {
			end_plan(v, id, digest, &h);
			row_hash_start(&h);
			id = arena_strdup(v->arena, query_text(q, 1));
			key = query_int(q, 15);
			digest = query_int(q, 16);
		}
		query_hash(q, 0, query_is_null(q, 14) ? 14 : 15, &h);
	}
	end_plan(v, id, digest, &h);
	return query_done(q);
}

/* ---- Failed contacts */

/*
 * What is wrong with a failed contact; NULL if nothing.  Once the phone number is blanked, the hash that could confirm a guess
 * must be gone too.
 */
static const char *
contact_fault(struct query *q)
{
	uint8_t detail[SHA256_SIZE];
	const void *stored;
	size_t n;

	if (query_int(q, 4) != 0)
		return "it has a failed contact, but there is no such failed event";
	if (query_int(q, 5) != 0)
		return "it is voided or settled as sent, but still has a failed contact";
	if (query_int(q, 6) != 0)
		return "its failed contact has another instant or segment";
	stored = query_blob(q, 7, &n);
	if (query_text(q, 2)[0] == '\0')
		return n == 0 ? NULL : "its failed contact is blanked, but its hash is still there";
	sha256_texts(detail, query_text(q, 0), query_text(q, 1), query_text(q, 2), query_text(q, 3), NULL);
	return n == sizeof(detail) && memcmp(stored, detail, n) == 0 ? NULL :
	    "its phone number or reason differs from what was posted";
}

/*
 * Each failed contact against its event: columns 4 to 6 say whether it belongs to none, to one that was voided or sent after
 * all, or to another instant or segment; column 7 is the hash of what was posted.
 */
enum status
verify_failures(struct verify *v)
{
	struct query *q = db_query(v->db, "SELECT f.source, f.id, f.phone, f.reason, e.id IS NULL OR e.status <> 'failed', "
	    "EXISTS (SELECT 1 FROM event w WHERE w.org = f.org AND w.source = f.source AND w.voids_id = f.id) "
	    "OR EXISTS (SELECT 1 FROM event w WHERE w.org = f.org AND w.source IN (f.source, 'daybook:adjust:' || f.source) "
	    "AND w.settles_id = f.id AND w.messages = 1), "
	    "f.failed_at <> e.occurred_at OR f.segment IS DISTINCT FROM e.segment "
	    "OR (f.segment IS NOT NULL AND f.campaign IS DISTINCT FROM e.campaign), e.detail_sha256 "
	    "FROM failure f LEFT JOIN event e ON e.org = f.org AND e.source = f.source AND e.id = f.id WHERE f.org = :org");
	const char *fault;

	query_bind_int(q, ":org", v->org);
	while (query_step(q))
		if ((fault = contact_fault(q)) != NULL)
			verify_differs(v, "failed event \"%s\" of source \"%s\": %s", query_text(q, 1), query_text(q, 0), fault);
	return query_done(q);
}
