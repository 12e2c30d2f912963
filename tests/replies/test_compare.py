"""The comparison of two recordings: which kind each difference has."""
import copy
import json

import pytest

from compare import compare_entry
from masks import Masks

BODY = {"success": False, "message": "Validation error", "error": "limit: must be from 1 to 200",
        "data": {"n": 5, "at": "2026-03-18", "is": True}}
PAGE = "<html><body><h1>Set up</h1><form><label for=\"a\">The code</label><input id=\"a\" name=\"code\"></form><p>Upload it.</p></body></html>"
REPLY = {"name": "a reply", "program": "events", "request": {"method": "GET"}, "status": "400 Bad Request",
         "headers": [["Content-Type", "application/json"], ["ETag", "<tag 1 of a reply>"]], "body": json.dumps(BODY),
         "log": ["level=info event=request status=400 error=\"not within 1 to 200\""]}
COMMAND = {"name": "a command", "command": ["org", "list"], "exit": 0, "stdout": "ID   STATUS     SENT\nacme  scheduled  12\n",
           "stderr": "daybook: no day\n"}
ROWS = {"name": "rows", "table": "price", "columns": ["key", "nanos"], "count": 2, "rows": [[1, 7900000], [2, 14000000]]}
LARGE = {"name": "rows", "table": "event", "columns": ["key"], "count": 9, "sums": {"key": 45},
         "blocks": [[[1], "aa"], [[5], "bb"]]}
SCHEMA = {"name": "schema", "schema": {"table price": "CREATE TABLE price (key INTEGER)", "columns of price": [[0, "key"]]}}


def body(**change):
    return {**REPLY, "body": json.dumps({**BODY, **change})}


def reply(**change):
    return {**REPLY, **change}


def page(text):
    return reply(headers=[["Content-Type", "text/html; charset=utf-8"]], body=text)


def command(**change):
    return {**COMMAND, **change}


CASES = [
    ("nothing", REPLY, REPLY, []),
    ("another sentence", REPLY, body(error="limit: give a number from 1 to 200"), ["text"]),
    ("a sentence that says more", REPLY, body(error="limit: 500 is not within 1 to 200"), ["text"]),
    ("a sentence that says less", REPLY, body(error="limit: too large"), ["shape"]),
    ("another number in the same words", REPLY, body(error="limit: must be from 1 to 201"), ["shape"]),
    ("a code for a sentence", REPLY, body(error="OutOfRange"), ["shape"]),
    ("a number", REPLY, body(data={**BODY["data"], "n": 6}), ["shape"]),
    ("a number written in another way", REPLY, reply(body=REPLY["body"].replace("5,", "5.0,")), ["shape"]),
    ("a number as text", REPLY, body(data={**BODY["data"], "n": "5"}), ["shape"]),
    ("a date", REPLY, body(data={**BODY["data"], "at": "2026-03-19"}), ["shape"]),
    ("a truth", REPLY, body(data={**BODY["data"], "is": False}), ["shape"]),
    ("a member more", REPLY, body(more=1), ["shape"]),
    ("another order of members", REPLY, reply(body=json.dumps(dict(reversed(BODY.items())))), ["shape"]),
    ("blanks in the JSON", REPLY, reply(body=json.dumps(BODY, indent=1)), ["shape"]),
    ("no JSON", REPLY, reply(body="x"), ["shape"]),
    ("a status", REPLY, reply(status="404 Not Found"), ["status"]),
    ("an exit of the program", REPLY, reply(exit=1), ["exit"]),
    ("a header's value", REPLY, reply(headers=[["Content-Type", "text/html"], REPLY["headers"][1]]), ["headers"]),
    ("a header less", REPLY, reply(headers=REPLY["headers"][:1]), ["headers"]),
    ("a line of the log", REPLY, reply(log=[]), ["log"]),
    ("a value in the log", REPLY, reply(log=[REPLY["log"][0].replace("400", "404")]), ["log"]),
    ("a sentence in the log", REPLY, reply(log=[REPLY["log"][0].replace("not within", "give one from")]), ["text"]),
    ("another request", REPLY, reply(request={"method": "PUT"}), ["missing"]),
    ("a page's words", page(PAGE), page(PAGE.replace("Upload it.", "Please <em>upload</em> the file.")), ["text"]),
    ("a page's field", page(PAGE), page(PAGE.replace('name="code"', 'name="key"')), ["shape"]),
    ("a column of CSV", reply(headers=[["Content-Type", "text/csv"]], body="a,b\r\n1,2\r\n"),
     reply(headers=[["Content-Type", "text/csv"]], body="a,c\r\n1,2\r\n"), ["shape"]),
    ("help of a metric", reply(headers=[["Content-Type", "text/plain"]], body="# HELP x It is.\nx 1\n"),
     reply(headers=[["Content-Type", "text/plain"]], body="# HELP x It was.\nx 1\n"), ["text"]),
    ("a metric", reply(headers=[["Content-Type", "text/plain"]], body="x 1\n"),
     reply(headers=[["Content-Type", "text/plain"]], body="x 2\n"), ["shape"]),
    ("exit", COMMAND, command(exit=1), ["exit"]),
    ("a number in the output", COMMAND, command(stdout=COMMAND["stdout"].replace("12", "13")), ["shape"]),
    ("a state in the output", COMMAND, command(stdout=COMMAND["stdout"].replace("scheduled", "sending")), ["shape"]),
    ("a word in the output", command(stdout="set acme\n"), command(stdout="acme is set\n"), ["text"]),
    ("a message", COMMAND, command(stderr="daybook: x: not a date\n"), ["text"]),
    ("a message more", command(stderr=""), COMMAND, ["shape"]),
    ("an option in the help", command(stdout="daybook verify\n"), command(stdout="daybook verify [--list]\n"), ["shape"]),
    ("an exported line", command(stdout='{"id":"a","parts":1}\n'), command(stdout='{"id":"a","parts":2}\n'), ["shape"]),
    ("a row", ROWS, {**ROWS, "rows": [[1, 7900001], [2, 14000000]]}, ["rows"]),
    ("a row more", ROWS, {**ROWS, "count": 3, "rows": ROWS["rows"] + [[3, 0]]}, ["rows"]),
    ("a column", ROWS, {**ROWS, "columns": ["key", "micros"]}, ["schema"]),
    ("a block of rows", LARGE, {**LARGE, "blocks": [[[1], "aa"], [[5], "cc"]]}, ["rows"]),
    ("a sum", LARGE, {**LARGE, "sums": {"key": 46}}, ["rows"]),
    ("a schema", SCHEMA, {"name": "schema", "schema": {**SCHEMA["schema"], "columns of price": [[0, "id"]]}}, ["schema"]),
    ("a table less", SCHEMA, {"name": "schema", "schema": {}}, ["schema", "schema"]),
    ("a file's mode", {"name": "files", "files": ["a 100600"]}, {"name": "files", "files": ["a 100644"]}, ["rows"]),
]


@pytest.mark.parametrize("name, old, new, kinds", CASES, ids=[case[0] for case in CASES])
def test_a_difference_has_its_kind(name, old, new, kinds):
    before = copy.deepcopy((old, new))
    assert [d.kind for d in compare_entry(old, new)] == kinds
    assert (old, new) == before


def test_equal_values_stay_equal_and_others_do_not():
    masks = Masks()
    one, other = "019cff3f-8220-72ab-b425-055e9e441af3", "019cff3f-8220-72ab-b425-055e9e441af4"
    assert masks(f"{one} {other} {one}", "a") == "<id 1 of a> <id 2 of a> <id 1 of a>"
    assert masks(f"{other}", "b") == "<id 2 of a>"
    masks.keep([one])
    assert masks(one, "c") == one


def test_a_key_and_its_hint_belong_together():
    masks = Masks()
    key = "dbk_" + "A1b2" * 10 + "xyz"
    assert masks(key, "a") == "<API key 1 of a>"
    assert masks(key[:8], "b") == "<hint of API key 1 of a>"
