"""The requests of README.md: whoever types them at a new demo gets figures, in any year."""
import json
import os
import re
import subprocess

import pytest

from conftest import ROOT, Daybook, Server

README = (ROOT / "README.md").read_text()
CURLS = re.findall(r"^    (curl -H \"Authorization: Bearer \$TOKEN\"(?:.*\\\n)*(?:.*\$\(\n)?.*)$", README, re.M)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    daybook = Daybook(tmp_path_factory.mktemp("demo"))
    daybook.cmd("demo")
    server = Server(daybook)
    yield daybook, server
    server.stop()
    daybook.close()


def numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [n for item in value for n in numbers(item)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def test_every_request_is_found():
    assert len(CURLS) == README.count('curl -H "Authorization') == 7


@pytest.mark.parametrize("curl", CURLS, ids=lambda c: re.search(r":8080(/[^? '\"]+)", c)[1])
def test_a_request_answers_with_figures(demo, curl):
    assert not re.search(r"\b(20\d\d-|1[6-9]\d{11}\b)", curl), "a fixed date shows nothing some day"
    daybook, server = demo
    env = {**os.environ, "TOKEN": daybook.token(scope="usage:read usage:write campaigns:write")}
    done = subprocess.run(["sh", "-euc", curl.replace(":8080", f":{server.port}")], env=env, capture_output=True, text=True, timeout=60)
    reply = json.loads(done.stdout)
    assert reply.get("success", True) is True and sum(numbers(reply)) > 0, reply
    for item in reply.get("items", []):
        assert item["messageUsage"] > 0, reply
    if "dates" in reply.get("data", {}):
        assert sum(day["sent"] for day in reply["data"]["dates"].values()) > 0, reply
    if "usageSms" in reply.get("data", {}):
        assert reply["data"]["usageSms"] > 0, reply
