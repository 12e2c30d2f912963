"""docs/openapi.yaml itself: its paths are the programs' routes, it is whole, its objects are closed, its examples fit."""
import re

import pytest

from conftest import ROOT
from openapi_cases import VALIDATE
from openapi_document import ALIASES, API, OPERATIONS, OPTIONAL, OPTIONAL_IN_RESULTS, OPTIONAL_IN_VALIDATE_DATE, \
    Validator, converted, errors, resolve
from openapi_world import ROUTES
from support import program_sources


# ---- Its paths

def test_every_route_of_the_programs_is_documented_and_nothing_else():
    documented = {(method, ALIASES.get(path, path)) for method, path in OPERATIONS}
    assert len(ROUTES) >= 20, "the route tables could not be read"
    assert documented == set(ROUTES)
    assert {r["program"] for r in ROUTES.values()} == set(program_sources())


@pytest.mark.parametrize("method, path", OPERATIONS)
def test_parameters_and_scope_are_those_of_the_route(method, path):
    operation, route = OPERATIONS[method, path], ROUTES[method, ALIASES.get(path, path)]
    parameters = [resolve(p) for p in operation.get("parameters", [])]
    assert [p["name"] for p in parameters if p["in"] == "query"] == route["query"]
    assert {p["name"] for p in parameters if p["in"] == "path"} == set(re.findall(r"\{(\w+)\}", path))
    if route["scope"] == "0":
        assert operation["security"] == []
    elif route["scope"] == "SCOPE_ANY":
        assert "Needs a valid credential, whatever its scopes." in operation["description"] and "security" not in operation
    else:
        scope = route["scope"].removeprefix("SCOPE_").lower().replace("_", ":")
        assert f"Needs the scope `{scope}`." in operation["description"] and "security" not in operation
    has_if_none_match = any(p["name"] == "If-None-Match" for p in parameters)
    assert has_if_none_match == ("304" in operation["responses"])


def test_the_document_is_whole():
    text = (ROOT / "docs/openapi.yaml").read_text()
    assert API["openapi"] == "3.0.3"
    assert API["info"]["version"] == re.search(r"^VERSION = (\S+)", (ROOT / "Makefile").read_text(), re.M)[1]
    for ref in re.findall(r"\$ref: '(#/[^']+)'", text):
        assert resolve({"$ref": ref})
    for kind, members in API["components"].items():
        for name in members:
            assert kind == "securitySchemes" or f"'#/components/{kind}/{name}'" in text, f"{name} is used nowhere"
    ids = [o["operationId"] for o in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)
    tags = {t["name"] for t in API["tags"]}
    for operation in OPERATIONS.values():
        assert operation["summary"] and operation["description"] and set(operation["tags"]) <= tags
    for name, schema in API["components"]["schemas"].items():
        Validator.check_schema(converted(schema))


# ---- Its schemas

def test_every_object_of_a_reply_is_closed_and_its_names_required():
    def walk(node, where):
        node = resolve(node)
        for kind in ("oneOf", "anyOf", "allOf"):
            for i, item in enumerate(node.get(kind, [])):
                walk(item, where + [kind + str(i)])
        if node.get("type") == "array":
            walk(node["items"], where + ["[]"])
        if node.get("type") != "object":
            return
        assert "additionalProperties" in node, f"{where} is open"
        if isinstance(node["additionalProperties"], dict):
            walk(node["additionalProperties"], where + ["*"])
        left_out = set(node.get("properties", {})) - set(node.get("required", []))
        allowed = OPTIONAL | OPTIONAL_IN_RESULTS if "results" in where else OPTIONAL
        if where[1] == VALIDATE:
            allowed = OPTIONAL_IN_VALIDATE_DATE
        if where[1] == "/api/usage" and "groups" in where:
            allowed = {"channel", "day", "hour", "source", "campaign", "sender", "network", "tag"}
        if where == ["POST", "/api/campaigns", "200"]:
            allowed = {"warnings"}
        if where[-2:] == ["closed", "[]"]:
            allowed = {"name"}
        assert left_out <= allowed, f"{where}: {left_out}"
        for name, item in node.get("properties", {}).items():
            walk(item, where + [name])

    for (method, path), operation in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for media in resolve(response).get("content", {}).values():
                walk(media["schema"], [method, path, status])


# ---- Its examples

def examples():
    """(where, schema, example) of every example in the document."""
    for name, schema in API["components"]["schemas"].items():
        if "example" in schema:
            yield name, schema, schema["example"]
    holders = [(f"{o[0]} {o[1]} {status}", content) for o, operation in OPERATIONS.items()
               for status, response in operation["responses"].items()
               for content in resolve(response).get("content", {}).values()]
    holders += [(f"{o[0]} {o[1]} {media}", content) for o, operation in OPERATIONS.items()
                for media, content in operation.get("requestBody", {}).get("content", {}).items()]
    for where, content in holders:
        if "example" in content:
            yield where, content["schema"], content["example"]
        for name, example in content.get("examples", {}).items():
            yield f"{where} {name}", content["schema"], example["value"]
    for o, operation in OPERATIONS.items():
        for parameter in map(resolve, operation.get("parameters", [])):
            if "example" in parameter:
                yield f"{o[0]} {o[1]} {parameter['name']}", parameter["schema"], parameter["example"]


EXAMPLES = list(examples())


@pytest.mark.parametrize("where, schema, example", EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_an_example_fits_its_schema(where, schema, example):
    assert errors(schema, example) == []


def test_every_reply_with_a_body_has_an_example():
    for (method, path), operation in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for content in resolve(response).get("content", {}).values():
                schema = content["schema"]
                assert "example" in content or "examples" in content or "example" in resolve(schema), (path, status)
