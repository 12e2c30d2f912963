"""The endpoints that only read, short ways to ask them, and credentials that nobody may get in with."""
import base64
import json
import re

import pytest

CALENDAR = ("usage-calendar", "/api/campaigns/usage-calendar", "from=2026-05-01&to=2026-05-31", "tether")
SLOT = ("next-available-slot", "/api/campaigns/next-available-slot", "contactCount=5", "tether")
SETTINGS = ("settings", "/api/organizations/acme", "", "tether")
USAGE = ("organization-usage", "/organization/usage", "", "pingram")
HISTORY = ("usage-history", "/organization/usage/history", "startDate=2026-01-01&endDate=2026-05-31", "pingram")
ORGANIZATIONS = ("organizations-usage", "/organizations/acme/usage", "startDate=0&endDate=4102444800000", "infodeck")
READERS = (CALENDAR, SLOT, SETTINGS, USAGE, HISTORY, ORGANIZATIONS)
HEALTH = ("health", "/health", "", "tether")
METRICS = ("metrics", "/metrics", "", "tether")

readers = pytest.mark.parametrize("endpoint", READERS, ids=lambda e: e[0])
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def get(daybook, endpoint, method="GET", **more):
    return daybook.cgi(endpoint[0], method, endpoint[1], endpoint[2], **more)


def ask(process, endpoint, method="GET", **more):
    return process.ask(method, endpoint[1], endpoint[2], **more)


def broken_tokens(daybook):
    token = daybook.token()
    header, payload, signature = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT","kid":"main"}').rstrip(b"=").decode()
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["organizationId"] = "other"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    daybook.cmd("key", "add", "--kid", "old")
    retired = daybook.token(kid="old")
    daybook.cmd("key", "retire", "old")
    return {"empty": "", "blank": " ", "Basic": "Basic YTpi", "Digest": "Digest x", "no scheme": token, "scheme alone": "Bearer",
            "scheme and blank": "Bearer ", "two joined": f"Bearer {token}, Bearer {token}", "two in one": f"Bearer {token} {token}",
            "comma": f"Bearer {token},", "garbage": "Bearer garbage", "dots": "Bearer ..", "two parts": f"Bearer {header}.{payload}",
            "four parts": f"Bearer {token}.{signature}", "unsigned": f"Bearer {header}.{payload}.", "alg none": f"Bearer {none}.{payload}.",
            "forged": f"Bearer {header}.{forged}.{signature}", "swapped": f"Bearer {payload}.{header}.{signature}",
            "padded": f"Bearer {token}=", "retired key": "Bearer " + retired, "cut": "Bearer " + token[:-3], "long": "Bearer " + "a" * 60000,
            "not ASCII": "Bearer é☎", "quotes": 'Bearer "\'; --', "API key of nobody": "Bearer dbk_" + "A" * 43, "short API key": "Bearer dbk_x"}
