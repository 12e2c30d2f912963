"""docs/openapi.yaml as data: its operations, its schemas as JSON Schema, and whether a reply is one that it allows."""
import json

import jsonschema
import yaml

from conftest import ROOT

API = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
METHODS = ("get", "post", "put", "delete")
OPERATIONS = {(method.upper(), path): operation for path, item in API["paths"].items()
              for method, operation in item.items() if method in METHODS}

# Asked when there is no database yet: hosting_site.py checks their replies.
ELSEWHERE = {("GET", "/setup"), ("POST", "/setup")}
ASKED = [operation for operation in OPERATIONS if operation not in ELSEWHERE]

# The vendor has a second name for one path; the program's route is the tail of both.
ALIASES = {"/account/organization/usage": "/organization/usage"}

# Documented because the vendor documents them; no reading has them.
NEVER = {(path, status) for status in ("402", "502")
         for path in ("/organization/usage", "/account/organization/usage", "/organization/usage/history")}
# Tried all at once, because each takes a second: test_slow_clients.py.
NEVER |= {(path, "408") for method, path in ASKED if method != "GET"}

# What a reply may leave out.  Everything else in a reply is required, and this is checked.
OPTIONAL = {"repricing", "segmentNumber", "limitedBy", "nextAvailableDate", "daysUntilAvailable", "fix", "WHATSAPP", "SAGE",
            "totalCost", "channelCosts", "channel", "from", "network", "tag", "cycleDayChanges", "currency",
            # Of limits: what only some have.
            "sendingWindow", "presets", "sender", "zone", "hours", "state", "rule", "limit"}
OPTIONAL_IN_VALIDATE_DATE = {"message", "nextAllowedAt"}
OPTIONAL_IN_RESULTS = {"id", "error", "warning"}

# Null where there is none.
NULL_OR_TEXT = {"actor", "campaignId", "to", "reason", "voids"}


# ---- Its schemas as JSON Schema

def resolve(node):
    while "$ref" in node:
        target = API
        for name in node["$ref"][2:].split("/"):
            target = target[name]
        node = target
    return node


def converted(node):
    """A schema of OpenAPI 3.0 as one of JSON Schema: references are written out, nullable becomes a type."""
    if isinstance(node, list):
        return [converted(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = resolve(node)
    out = {name: {k: converted(v) for k, v in value.items()} if name == "properties" else converted(value)
           for name, value in node.items() if name not in ("nullable", "example", "description")}
    if node.get("nullable"):
        return {"anyOf": [{"type": "null"}, out]}
    return out


class Number(float):
    """A JSON number that remembers how it was written."""
    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number


def no_key_twice(pairs):
    assert len({key for key, _ in pairs}) == len(pairs), f"a key twice: {pairs}"
    return dict(pairs)


def is_integer(_, value):
    """5.0 is no integer in a reply, whatever JSON Schema says of it."""
    return isinstance(value, int) and not isinstance(value, bool)


Validator = jsonschema.validators.extend(
    jsonschema.Draft7Validator, type_checker=jsonschema.Draft7Validator.TYPE_CHECKER.redefine("integer", is_integer))


def errors(schema, value):
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
            for e in Validator(converted(schema), format_checker=jsonschema.FormatChecker()).iter_errors(value)]


def component(name):
    return {"$ref": "#/components/schemas/" + name}


# ---- Whether a reply is as documented

PRIVATE = {("GET", "/api/events"), ("GET", "/api/campaigns/{campaignId}"), ("GET", "/api/organizations/{organizationId}/audit"),
           ("GET", "/api/organizations/{organizationId}/api-keys"), ("POST", "/api/organizations/{organizationId}/api-keys"), ("POST", "/api/session")}


def caching(operation, reply):
    """The values of Cache-Control that a reply may have: what has phone numbers, keys or the audit is never stored."""
    is_page = operation[1] == "/setup" and reply.headers.get("content-type") == "text/html; charset=utf-8"
    if is_page or b'"apiKey":' in reply.body or b'"phoneNumber":' in reply.body or b'"secret":' in reply.body:
        return {"no-store"}
    if operation in PRIVATE:
        return {"no-store"} if reply.status < 400 else {"no-store", "private, no-cache"}
    return {"private, no-cache"}


def check_headers(operation, reply, response):
    documented = {name.lower(): resolve(header) for name, header in response.get("headers", {}).items()}
    for name, header in documented.items():
        assert name in reply.headers or not header["required"], f"{name} is missing"
        if name in reply.headers:
            assert errors(header["schema"], reply.headers[name]) == []
    for name in ("etag", "allow", "retry-after", "www-authenticate", "x-request-id", "location",
                 "idempotent-replayed", "vary", "x-next-cursor"):
        assert name not in reply.headers or name in documented, f"{name} is not documented"
    assert reply.headers["cache-control"] in caching(operation, reply)
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    policy = reply.headers["content-security-policy"]
    if reply.headers.get("content-type") != "text/html; charset=utf-8":
        assert policy == "default-src 'none'; frame-ancestors 'none'"


def check_reply(operation, reply):
    """The reply is one that the document allows; returns its body."""
    responses = OPERATIONS[operation]["responses"]
    assert str(reply.status) in responses, f"{reply.status} is not documented"
    response = resolve(responses[str(reply.status)])
    check_headers(operation, reply, response)
    if "content" not in response:
        assert reply.body == b"" and "content-type" not in reply.headers
        return None
    media = reply.headers["content-type"].split(";")[0]
    assert media in response["content"], f"{media} is not documented"
    assert int(reply.headers["content-length"]) == len(reply.body)
    schema = response["content"][media]["schema"]
    assert ("content-disposition" in reply.headers) == (media == "text/csv")
    if media == "application/json":
        assert reply.headers["content-type"] == "application/json; charset=utf-8"
        body = json.loads(reply.body, parse_float=Number, object_pairs_hook=no_key_twice)
    else:
        body = reply.body.decode()
        assert media != "text/csv" or reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert errors(schema, body) == [], reply
    if isinstance(body, dict) and "trackingId" in body:
        assert body["trackingId"] == reply.headers["x-request-id"]
    return body
