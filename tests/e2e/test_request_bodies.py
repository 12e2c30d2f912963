"""Bodies: their size, their length, their media type."""
import gzip
import json
import time

from conftest import cgi_variables
from endpoints import USAGE
from support import check_error, event, iso


def test_a_body_too_large_is_413_and_writes_nothing(daybook):
    token = daybook.token()
    events, settings = daybook.fastcgi("events"), daybook.fastcgi("settings")
    now = iso(int(time.time() * 1000))
    one = json.dumps(event(now)).encode()
    for body in (b"[" + one + b" " * (16 << 20) + b"]", b"[" + one + b" " * (40 << 20) + b"]",
                 b"\n".join(json.dumps(event(now)).encode() for _ in range(10_001))):
        kind = {"Content-Type": "application/x-ndjson"} if body[:1] == b"{" else None
        check_error(events.ask("POST", "/api/events", None, body, kind, token=token), 413, "tether")
        check_error(daybook.cgi("events", "POST", "/api/events", body=body, headers=kind, token=token), 413, "tether")
    assert daybook.sql("SELECT count(*) FROM event") == [(0,)]
    exact = one + b" " * ((16 << 20) - len(one))
    assert events.ask("POST", "/api/events", None, exact, token=token).json["accepted"] == 1
    check_error(settings.ask("PUT", "/api/organizations/acme/plan", None, b'{"plan":"x"}' + b" " * (256 << 10), token=token), 413, "tether")
    assert daybook.sql("SELECT plan FROM organization") == [("growth",)]
    fits = b'{"plan":"x"}' + b" " * ((256 << 10) - 12)
    assert settings.ask("PUT", "/api/organizations/acme/plan", None, fits, token=token).status == 200


def test_ten_thousand_events_in_one_request_are_taken(daybook):
    now = iso(int(time.time() * 1000))
    body = [event(now) for _ in range(10_000)]
    assert daybook.cgi("events", "POST", "/api/events", body=body, token=daybook.token()).json["accepted"] == 10_000


def test_another_media_type_is_415(daybook):
    token = daybook.token()
    events, settings = daybook.fastcgi("events"), daybook.fastcgi("settings")
    body = event(int(time.time() * 1000))
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "", "application/json-patch+json", "json", "application/jso",
                 ";", "multipart/form-data; boundary=x", "application/" + "j" * 3000):
        check_error(events.ask("POST", "/api/events", None, body, {"Content-Type": kind}, token=token), 415, "tether", "Content-Type")
        check_error(settings.ask("PUT", "/api/organizations/acme/plan", None, {"plan": "x"}, {"Content-Type": kind}, token=token), 415, "tether")
    for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "application/json ; x=y"):
        assert events.ask("POST", "/api/events", None, body, {"Content-Type": kind}, token=token).status == 200
    assert daybook.sql("SELECT count(*) FROM event") == [(1,)]


def test_a_body_that_is_compressed_is_415_and_says_so(daybook):
    token, body = daybook.token(), json.dumps(event(int(time.time() * 1000))).encode()
    events, settings = daybook.fastcgi("events"), daybook.fastcgi("settings")
    for encoding in ("gzip", "deflate", "br", "zstd", "x-gzip", "identity, gzip", "q" * 200):
        for reply in (events.ask("POST", "/api/events", None, gzip.compress(body), {"Content-Encoding": encoding}, token=token),
                      daybook.cgi("events", "POST", "/api/events", body=gzip.compress(body), headers={"Content-Encoding": encoding}, token=token),
                      settings.ask("PUT", "/api/organizations/acme/plan", None, b'{"plan":"x"}', {"Content-Encoding": encoding}, token=token)):
            assert encoding[:64] in check_error(reply, 415, "tether", "Content-Encoding")
            assert reply.headers["accept-encoding"] == "identity"
    assert daybook.sql("SELECT count(*) FROM event") == [(0,)]
    for encoding in ("identity", "Identity"):
        assert events.ask("POST", "/api/events", None, body, {"Content-Encoding": encoding}, token=token).status == 200


def test_a_byte_order_mark_in_front_of_a_body_is_passed_over(daybook):
    token, mark = daybook.token(), b"\xef\xbb\xbf"
    one = json.dumps(event(int(time.time() * 1000))).encode()
    events, settings = daybook.fastcgi("events"), daybook.fastcgi("settings")
    for kind in ("application/json", "application/x-ndjson"):
        reply = events.ask("POST", "/api/events", None, mark + one, {"Content-Type": kind}, token=token)
        assert reply.json["accepted"] + reply.json["duplicates"] == 1
    assert settings.ask("PUT", "/api/organizations/acme/plan", None, mark + b'{"plan":"x"}', token=token).status == 200
    for body in (mark, mark + mark + one, one + mark, mark[:2] + one):
        check_error(events.ask("POST", "/api/events", None, body, token=token), 400, "tether", "body")
    assert daybook.sql("SELECT count(*) FROM event") == [(1,)]


def test_a_body_shorter_than_its_content_length_writes_nothing(daybook):
    token = daybook.token()
    body = json.dumps(event(int(time.time() * 1000))).encode()
    process = daybook.fastcgi("events")
    for length, status in ((len(body) + 1, 400), (len(body) + 100_000, 400), (1 << 62, 413), (1 << 65, 413)):
        check_error(process.ask("POST", "/api/events", None, body, token=token, CONTENT_LENGTH=str(length)), status, "tether", "body")
        check_error(daybook.cgi("events", "POST", "/api/events", body=body, token=token, CONTENT_LENGTH=str(length)), status, "tether", "body")
    for length in ("-1", "x", "1x"):
        check_error(process.ask("POST", "/api/events", None, body, token=token, CONTENT_LENGTH=length), 400, "tether", "body")
    assert daybook.sql("SELECT count(*) FROM event") == [(0,)]
    assert process.ask("POST", "/api/events", None, body, token=token).json["accepted"] == 1


def test_a_body_without_a_content_length_is_read_to_its_end(daybook):
    body = json.dumps([event(int(time.time() * 1000)) for _ in range(3000)]).encode()
    given = cgi_variables("POST", "/api/events", None, body, {"Authorization": "Bearer " + daybook.token()})
    del given["CONTENT_LENGTH"]
    assert daybook.fastcgi("events").request(given, body).json["accepted"] == 3000


def test_a_get_with_a_body_is_answered(daybook):
    process = daybook.fastcgi("organization-usage")
    for body in (b"x", b"x" * 70_000):
        assert process.ask("GET", USAGE[1], None, body, token=daybook.token()).status == 200
