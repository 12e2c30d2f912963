"""Names that people enter: what no name may contain, wherever one is entered."""
import json

import pytest

from api import Api
from support import check_error

# A control character, an escape of a terminal, a line separator; then those that turn or embed the text around them.
REFUSED = ["\u0001", "\t", "\n", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029",
           "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"]
TAKEN = ["\u062d\u0645\u0644\u0629 \u0646\u0647\u0627\u064a\u0629 \u0627\u0644\u0639\u0627\u0645", "\u05e9\u05dc\u05d5\u05dd\u200f 2", "\u200eLatin", "na\u00efve", "\U0001f469\u200d\U0001f4bb",
         "\u65e5\u672c\u8a9e", "<b>"]


@pytest.fixture(scope="module")
def api(shared_daybook):
    api = Api(shared_daybook)
    api.slices("there", ("2026-05-25T14:00:00Z", 10))
    return api


def entries(api, name):
    """Each way to enter a name over the API, with the member that it is in."""
    org = "/api/organizations/acme"
    return {
        "campaign": (api.post({"name": name, "contactCount": 1, "scheduledISO": "2026-05-25T14:00:00Z"}), "name"),
        "campaign, changed": (api.put("there", {"name": name}), "name"),
        "organization": (api.ask("settings", "PUT", org + "/profile", body={"name": name}), "name"),
        "plan": (api.ask("settings", "PUT", org + "/plan", body={"plan": name}), "plan"),
        "key": (api.ask("api-keys", "POST", org + "/api-keys", body={"name": name, "scopes": ["usage:read"]}), "name"),
    }


@pytest.mark.parametrize("part", REFUSED, ids=lambda part: "-".join(f"{ord(c):04X}" for c in part[:1]))
def test_characters_that_steer_a_page_or_a_terminal_are_in_no_name(api, part):
    for what, (reply, member) in entries(api, f"good {part}bad").items():
        assert reply.status == 400, (what, reply)
        check_error(reply, 400, "tether", f"{member}: contains U+{ord(part[0]):04X}")


@pytest.mark.parametrize("name", TAKEN, ids=range(len(TAKEN)))
def test_other_names_of_any_script_are_taken_as_they_are(api, name):
    for what, (reply, _) in entries(api, name).items():
        assert reply.status in (200, 201), (what, reply)
    assert api.get("there")["name"] == name


def test_the_command_refuses_them_too(daybook):
    for arguments in (("org", "add", "new", "--timezone", "UTC", "--name", "a\u202eb"), ("org", "set", "acme", "--plan", "a\x1bb"),
                      ("apikey", "add", "--org", "acme", "--scope", "usage:read", "--name", "a\u2067b"),
                      ("token", "--org", "acme", "--sub", "a\x85b")):
        done = daybook.cmd(*arguments, check=False)
        assert done.returncode != 0 and "contains U+" in done.stderr, arguments


def test_a_name_that_an_older_version_took_keeps_nothing_else_from_changing(api, daybook):
    api = Api(daybook)
    api.slices("old", ("2026-05-25T14:00:00Z", 10))
    daybook.sql("UPDATE organization SET name = 'a\u202eb', revision = revision + 1")
    daybook.sql("UPDATE campaign SET name = 'a\u202eb'")
    reply = api.ask("settings", "PUT", "/api/organizations/acme/limits", body={"dailyLimit": 7})
    assert reply.status == 200 and json.loads(reply.body)["data"]["name"] == "a\u202eb"
    assert api.did("old", "cancel") == "cancelled"
