"""docs/openapi.yaml and the replies against the vendors' own documents."""
import jsonschema
import pytest

from openapi_cases import ACCOUNT, CALENDAR, CASES, COUNTS, HISTORY, SLOT, USAGE, Case
from openapi_document import NEVER, OPERATIONS, component, converted, errors, resolve
from openapi_world import send, without_days, world  # noqa: F401 (world is a fixture)

# The vendor's campaigns, and what two of its examples leave out of them and of days: Daybook always sends it.
CAMPAIGN = {"campaignId": "665f1a0c0e0a4b001a2c9f10", "campaignName": "Q2 Lead Gen", "contactCount": 100,
            "status": "scheduled"}
OURS = {"isSegmented": False, "failedDetails": []}
OUR_DAY = {"bookable": 400, "campaignCount": 1}

VENDOR_EXAMPLES = [
    ("UsageCalendarCampaignEntry", {**CAMPAIGN, "isSegmented": True, "segmentNumber": 1, "failedDetails": []}),
    ("UsageCalendarDateEntry", {
        **OUR_DAY, "sent": 0, "reserved": 100, "total": 100, "availableQuota": 400, "campaigns": [
            {**OURS, **CAMPAIGN, "isSegmented": True, "segmentNumber": 1}]}),
    ("UsageCalendarResponse", {
        "success": True, "data": {
            "timezone": "America/Toronto", "dailyLimit": 500, "isUnlimited": False, "plan": "growth", "dates": {
                "2026-05-20": {**OUR_DAY, "sent": 0, "reserved": 100, "total": 100, "availableQuota": 400,
                               "campaigns": [{**OURS, **CAMPAIGN}]}}}}),
    ("NextAvailableSlotResponse", {
        "success": True, "isUnlimited": False, "timezone": "America/Toronto", "dailyLimit": 500, "todayDate": "2026-05-18",
        "todayUsage": 480, "todayAvailableQuota": 20, "nextAvailableDate": "2026-05-19", "availableQuota": 500,
        "daysUntilAvailable": 1, "message": "Next slot with full daily quota is tomorrow."}),
    ("ErrorResponse", {"success": False, "message": "Validation error", "error": "name is required"}),
    ("OrganizationsUsage", {"data": {"usageSms": 0, "usageWhatsapp": 0, "usageEmail": 0, "usageSage": 0}}),
    ("OrganizationsUsage", {"data": {"usageSms": 1, "usageWhatsapp": 1, "usageEmail": 1, "usageSage": 1}}),
    ("InfodeckUnauthenticated", {
        "error": "Unauthenticated", "message": "Authentication is required and has failed or has not yet been provided."}),
    ("InfodeckForbidden", {"error": "Forbidden", "message": "Access to the requested resource is forbidden."}),
    ("InfodeckNotFound", {"error": "ResourceNotFound", "message": "The requested resource could not be found."}),
    ("InfodeckInvalid", {"error": "ValidationError", "message": "Input data validation failed."}),
]


@pytest.mark.parametrize("name, example", VENDOR_EXAMPLES, ids=[name for name, _ in VENDOR_EXAMPLES])
def test_the_vendors_example_fits_our_schema(name, example):
    assert errors(component(name), example) == []


STRING, INTEGER, NUMBER, BOOLEAN = ({"type": t} for t in ("string", "integer", "number", "boolean"))
NULLABLE = {"type": ["integer", "null"]}
TETHER_ERROR = {"type": "object", "properties": {
    "success": {"type": "boolean", "enum": [False]}, "message": STRING, "error": STRING}}
PINGRAM_ERROR = {"type": "object", "required": ["trackingId", "error"], "properties": {
    "trackingId": STRING, "error": {"type": "object", "required": ["code", "message"], "properties": {
        "code": STRING, "message": STRING, "fix": STRING, "provider": STRING, "providerCode": STRING}}}}
PINGRAM_USAGE = {"messageUsage": NUMBER, "budgetUsage": NUMBER, "costSms": NUMBER, "costCall": NUMBER,
                 "channelUsages": {"type": "object", "additionalProperties": NUMBER}}
PINGRAM_CYCLE = {**PINGRAM_USAGE, "billingCycleStart": STRING, "billingCycleEnd": STRING}
PINGRAM_MONTH = {"yearMonth": STRING, **PINGRAM_USAGE}
INFODECK_DATA = {name: NUMBER for name in ("usageSms", "usageWhatsapp", "usageEmail", "usageSage")}
INFODECK_ERROR = {"type": "object", "required": ["error", "message"], "properties": {"error": STRING, "message": STRING}}
CALENDAR_DATE = {"sent": INTEGER, "reserved": INTEGER, "total": INTEGER, "availableQuota": INTEGER, "campaigns": {
    "type": "array", "items": {"type": "object", "properties": {
        "campaignId": STRING, "campaignName": STRING, "contactCount": INTEGER, "status": STRING, "isSegmented": BOOLEAN,
        "segmentNumber": INTEGER, "failedDetails": {"type": "array", "items": {"type": "object", "properties": {
            "phoneNumber": STRING, "reason": STRING}}}}}}}

# The vendors' schemas word for word: path, status, schema.  Pingram's 401 and 500 have no body in its document.
VENDOR_SCHEMAS = [
    (CALENDAR, 200, {"type": "object", "required": ["success", "data"], "properties": {"success": BOOLEAN, "data": {
        "type": "object", "required": ["timezone", "dailyLimit", "isUnlimited", "dates"], "properties": {
            "timezone": STRING, "dailyLimit": INTEGER, "isUnlimited": BOOLEAN, "plan": STRING, "dates": {
                "type": "object", "additionalProperties": {
                    "type": "object", "required": list(CALENDAR_DATE), "properties": CALENDAR_DATE}}}}}}),
    (CALENDAR, 400, TETHER_ERROR), (CALENDAR, 500, TETHER_ERROR),
    (SLOT, 200, {"type": "object", "properties": {
        "success": BOOLEAN, "isUnlimited": BOOLEAN, "timezone": STRING, "dailyLimit": NULLABLE, "todayDate": STRING,
        "todayUsage": INTEGER, "todayAvailableQuota": NULLABLE, "nextAvailableDate": STRING, "availableQuota": NULLABLE,
        "daysUntilAvailable": INTEGER, "message": STRING}}),
    (SLOT, 500, TETHER_ERROR),
    *((path, 200, {"type": "object", "required": list(PINGRAM_CYCLE), "properties": PINGRAM_CYCLE})
      for path in (USAGE, ACCOUNT)),
    (HISTORY, 200, {"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": {
        "type": "object", "required": list(PINGRAM_MONTH), "properties": PINGRAM_MONTH}}}}),
    *((path, status, schema) for path in (USAGE, ACCOUNT, HISTORY)
      for status, schema in ((400, PINGRAM_ERROR), (401, None), (402, PINGRAM_ERROR), (500, None), (502, None))),
    (COUNTS, 200, {"type": "object", "required": ["data"], "properties": {"data": {
        "type": "object", "required": list(INFODECK_DATA), "properties": INFODECK_DATA}}}),
    *((COUNTS, status, INFODECK_ERROR) for status in (401, 403, 404, 422)),
]


def looser(ours, theirs, where=""):
    """Where our schema lets something pass that the vendor's does not, or lacks a name of it."""
    if "type" in theirs:
        types = {ours.get("type")} if "anyOf" not in ours else {part.get("type") for part in ours["anyOf"]}
        wanted = set(theirs["type"]) if isinstance(theirs["type"], list) else {theirs["type"]}
        if "number" in wanted:
            wanted.add("integer")
        if not types <= wanted:
            yield f"{where}: {types}, not {wanted}"
    if "enum" in theirs and not set(map(repr, ours.get("enum", [object()]))) <= set(map(repr, theirs["enum"])):
        yield f"{where}: other values"
    for name in set(theirs.get("required", [])) - set(ours.get("required", [])):
        yield f"{where}/{name}: required by the vendor"
    for name, schema in theirs.get("properties", {}).items():
        if name in ours.get("properties", {}):
            yield from looser(ours["properties"][name], schema, f"{where}/{name}")
        elif name not in ("fix", "provider", "providerCode"):
            yield f"{where}/{name}: missing"
    if "items" in theirs:
        yield from looser(ours["items"], theirs["items"], where + "[]")
    if isinstance(theirs.get("additionalProperties"), dict):
        if isinstance(ours.get("additionalProperties"), dict):
            yield from looser(ours["additionalProperties"], theirs["additionalProperties"], where + "/*")
        for name, schema in ours.get("properties", {}).items():
            yield from looser(schema, theirs["additionalProperties"], f"{where}/{name}")


@pytest.mark.parametrize("path, status, theirs", VENDOR_SCHEMAS, ids=[f"{p} {s}" for p, s, _ in VENDOR_SCHEMAS])
def test_our_schema_is_no_looser_than_the_vendors(path, status, theirs):
    response = resolve(OPERATIONS["GET", path]["responses"][str(status)])
    if theirs is not None:
        ours = converted(response["content"]["application/json"]["schema"])
        assert list(looser(ours, theirs)) == []


@pytest.mark.parametrize("path, status, theirs", [v for v in VENDOR_SCHEMAS if v[2] and (v[0], str(v[1])) not in NEVER],
                         ids=lambda v: str(v) if isinstance(v, (str, int)) else "")
def test_a_reply_fits_the_vendors_own_schema(world, path, status, theirs):
    cases = [c for c in CASES if c.operation == ("GET", path) and c.status == str(status) and "CSV" not in c.name]
    assert cases
    for case in cases:
        if case.options.get("break_days"):
            reply = without_days(world, lambda: send(world, Case("", case.operation, 500, env={})))
        else:
            reply = send(world, case)
        assert reply.status == status
        jsonschema.Draft7Validator(theirs).validate(reply.json)


@pytest.mark.parametrize("path, names", [
    (CALENDAR, [("from", "string", True), ("to", "string", True)]), (SLOT, [("contactCount", "integer", False)]),
    (HISTORY, [("startDate", "string", True), ("endDate", "string", True)]), (USAGE, []), (ACCOUNT, []),
    (COUNTS, [("organizationId", "string", True), ("startDate", "number", True), ("endDate", "number", True)])])
def test_the_vendors_parameters_are_ours(path, names):
    parameters = {p["name"]: p for p in map(resolve, OPERATIONS["GET", path].get("parameters", []))}
    for name, kind, required in names:
        ours = resolve(parameters[name]["schema"])["type"]
        assert ours == kind or (ours, kind) == ("integer", "number")
        assert parameters[name]["required"] == required
