"""Clients that generators make of docs/openapi.yaml: they compile under tsc --strict, and each operation works.

make fills build/clients with the generators that package-lock.json names.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
TOOLS = ROOT / "build/clients/node_modules/.bin"
NAMED_IN_FUNCTIONS = ["orval", "swagger_typescript_api"]
SETUP_STATUS = 404  # a Daybook that is set up has no such page any more

sys.path.insert(0, str(ROOT / "tests/e2e"))
from conftest import Reply, daybook, empty, made_daybook, made_empty, server  # noqa: E402, F401 (after its folder is known; fixtures)
from openapi_document import OPERATIONS, check_reply  # noqa: E402


def tool(name, *args, folder):
    done = subprocess.run([TOOLS / name, *args], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, f"{name}: {done.stdout[-5000:]}{done.stderr[-5000:]}"


def documented(method, path):
    """The path as the document has it; a client that knows it says it, of others the request is looked at."""
    names = sorted(name for of, name in OPERATIONS if of == method)  # one without a parameter sorts before one with
    return path if path in names else next(n for n in names if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", n), path))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The folder of the compiled clients."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "node_modules").symlink_to(TOOLS.parent)
    for source in FOLDER.iterdir():
        if source.suffix in (".ts", ".mjs", ".json"):
            shutil.copy(source, folder)
    document = str(ROOT / "docs/openapi.yaml")
    for name in NAMED_IN_FUNCTIONS:
        (folder / f"{name}.ts").write_text((FOLDER / "functions.ts").read_text().replace("client_NAME", "client_" + name))
    # Without the option a field with a default is one that must be sent.
    tool("openapi-typescript", document, "--default-non-nullable=false", "-o", "made/openapi.ts", folder=folder)
    tool("openapi-ts", "-f", "openapi-ts.config.mjs", "-i", document, folder=folder)
    tool("swagger-typescript-api", "-p", document, "-o", "made", "-n", "swagger-typescript-api.ts",
         "--union-enums", folder=folder)
    shutil.copy(document, folder)
    tool("orval", "--config", "./orval.config.ts", folder=folder)
    tool("tsc", "-p", "tsconfig.json", folder=folder)
    return folder


@pytest.mark.parametrize("client", ["openapi_fetch", "hey_api", *NAMED_IN_FUNCTIONS])
def test_a_generated_client_does_each_operation(compiled, client, daybook, server):  # noqa: F811
    daybook.cmd("setting", "set", "metrics_addresses", "127.0.0.1")
    env = {**os.environ, "DAYBOOK_URL": f"http://127.0.0.1:{server.port}", "DAYBOOK_TOKEN": daybook.token(),
           "DAYBOOK_LINK_TOKEN": daybook.cmd("token", "--org", "acme", "--link").stdout.strip().partition("#token=")[2]}
    done = subprocess.run(["node", f"js/{client}.js"], cwd=compiled, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stderr[-5000:]
    seen = set()
    for line in done.stdout.splitlines():
        said = json.loads(line)
        operation = said["method"], documented(said["method"], said["path"])
        reply = Reply(said["status"], said["headers"], said["body"].encode())
        check_reply(operation, reply)
        assert said["status"] == SETUP_STATUS if said["path"] == "/setup" else said["status"] < 300, said
        seen.add(operation)
    assert seen == set(OPERATIONS)
