"""docs/openapi.yaml as tools of other people read it: YAML 1.2, and an OpenAPI 3.0 document by the published schema.

tests/clients has more of them: three validators and four generators of clients, which npm fetches for `make test-all`.
"""
import re

import jsonschema
import pytest
import yaml

from conftest import ROOT

TEXT = (ROOT / "docs/openapi.yaml").read_text()
PUBLISHED = yaml.safe_load(open("/usr/share/openapi-specification/schemas/v3.0/schema.yaml"))  # Debian 13 has it as YAML only

# Plain scalars that mean the same to a reader of YAML 1.1 and to one of YAML 1.2 (its core schema), by their tag.
SAME = {"null": r"null|~|", "bool": r"true|false", "int": r"0|-?[1-9][0-9]*", "float": r"-?(0|[1-9][0-9]*)\.[0-9]+"}


class Reader(yaml.SafeLoader):
    """Refuses what YAML 1.2 reads otherwise than YAML 1.1, and names that stand twice in a mapping."""

    def construct_mapping(self, node, deep=False):
        names = [key.value for key, _ in node.value]
        assert len(set(names)) == len(names), f"{node.start_mark}: a name twice: {names}"
        return super().construct_mapping(node, deep)

    def flatten_mapping(self, node):
        assert all(key.tag != "tag:yaml.org,2002:merge" for key, _ in node.value), f"{node.start_mark}: a merge key"

    def construct_object(self, node, deep=False):
        kind = node.tag.rsplit(":", 1)[-1]
        if isinstance(node, yaml.ScalarNode) and node.style is None and kind != "str":
            assert re.fullmatch(SAME.get(kind, "(?!)"), node.value), f"{node.start_mark}: quote {node.value!r}"
        return super().construct_object(node, deep)


def read(text):
    return yaml.load(text, Reader)


def complaints(document):
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
            for top in jsonschema.Draft4Validator(PUBLISHED).iter_errors(document) for e in top.context or [top]]


def nullable_without_a_type(node, where=""):
    """OpenAPI 3.0.3 gives `nullable` a meaning beside `type` only."""
    if isinstance(node, dict):
        if node.get("nullable") is True and "type" not in node:
            yield where
        for name, item in node.items():
            yield from nullable_without_a_type(item, f"{where}/{name}")
    elif isinstance(node, list):
        for i, item in enumerate(node):
            yield from nullable_without_a_type(item, f"{where}/{i}")


@pytest.fixture(scope="module")
def document():
    return read(TEXT)


def test_it_is_the_same_document_for_every_reader_of_yaml(document):
    assert document == yaml.safe_load(TEXT)


@pytest.mark.parametrize("text", [
    "a: &a {b: 1}\nc: {<<: *a, d: 2}", "a: 1\na: 2", "a: {b: 1, b: 1}", "a: yes", "a: off", "a: 010", "a: 0x1F", "a: 1_000",
    "a: 12:30", "a: 2026-05-20", "a: 2026-05-20T15:00:00Z", "a: Null", "a: .5", "a: 1.e+3", "on: 1"])
def test_the_reader_refuses_what_others_read_otherwise(text):
    with pytest.raises(AssertionError):
        read(text)


def test_it_fits_the_published_schema_of_openapi(document):
    assert complaints(document) == []
    assert list(nullable_without_a_type(document)) == []


SMALL = """
openapi: 3.0.3
info: {title: Small, version: '1'}
paths:
  /health:
    get:
      operationId: get_health
      parameters: [{name: X-Request-Id, in: header, schema: {type: string, description: 'A text, not empty'}}]
      responses: {'200': {description: Fine}}
"""


@pytest.mark.parametrize("good, bad", [
    ("'A text, not empty'", "A text, not empty"), ("operationId:", "operationID:"), ("title: Small, ", ""),
    ("in: header", "in: headers"), ("'200'", "'2000'")])
def test_the_published_schema_finds_a_mistake(good, bad):
    assert complaints(read(SMALL)) == []
    assert good in SMALL and complaints(read(SMALL.replace(good, bad)))


def test_a_nullable_without_a_type_is_found():
    assert list(nullable_without_a_type({"a": [{"nullable": True, "allOf": []}], "b": {"nullable": True, "type": "string"}})) == ["/a/0"]
