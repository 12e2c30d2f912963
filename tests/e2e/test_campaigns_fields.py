"""POST /api/campaigns: bad fields and bodies, the most that is taken, and who may."""
import pytest

from api import CAMPAIGNS, TODAY, TOMORROW, at
from campaign_fields import ABSENT, BAD_POSTS, INSTANTS, LATE, NUMBERS, SINGLE, refused, shared, show  # noqa: F401 (shared is a fixture)


@pytest.mark.parametrize("field, value", BAD_POSTS, ids=[f"{f} {show(v)}" for f, v in BAD_POSTS])
def test_a_bad_field_of_a_post_is_named_and_nothing_is_written(shared, field, value):
    before = shared.rows()
    body = {k: v for k, v in {**SINGLE, field: value}.items() if v is not ABSENT}
    refused(shared.post(body), 400, field if field != "autoSegment" or value != {"totalContacts": 1} else "segments")
    assert shared.rows() == before


BAD_SEGMENTS = [(name, v) for name, values in (("contactCount", [ABSENT, None] + NUMBERS), ("scheduledISO", [ABSENT, None] + INSTANTS),
                                               ("segmentNumber", [1]), ("name", ["x"])) for v in values]


@pytest.mark.parametrize("field, value", BAD_SEGMENTS, ids=[f"{f} {show(v)}" for f, v in BAD_SEGMENTS])
def test_a_bad_field_of_a_segment_is_named_and_nothing_is_written(shared, field, value):
    before = shared.rows()
    bad = {k: v for k, v in {"scheduledISO": LATE, "contactCount": 1, field: value}.items() if v is not ABSENT}
    reply = shared.post({"name": "n", "segments": [{"scheduledISO": LATE, "contactCount": 1}, bad]})
    assert refused(reply, 400).startswith("segments") and field in reply.json["error"], reply
    assert shared.rows() == before


@pytest.mark.parametrize("body", [
    '{"name":"n","contactCount":1,"contactCount":1,"scheduledISO":"%s"}' % LATE,
    '{"name":"n","segments":[{"contactCount":1,"contactCount":2,"scheduledISO":"%s"}]}' % LATE,
    '{"name":"n","contactCount":1,"scheduledISO":"%s"' % LATE, "[]", "5", "null", '"x"', "", "{}", "[{}]",
    '{"name":"n","segments":null}', '{"name":"n","autoSegment":null}', '{"name":"n","segments":[null]}', '{"name":"n","segments":[[]]}',
    '{"name":"n","segments":[5]}', '{"name":"n","autoSegment":{}}', '{"name":"n","autoSegment":{"totalContacts":1,"x":1}}',
    '{"name":"n","autoSegment":{"totalContacts":1,"totalContacts":1}}', '{"name":"n","contactCount":1e99,"scheduledISO":"%s"}' % LATE,
    '{"name":"n","contactCount":NaN,"scheduledISO":"%s"}' % LATE, '{"name":"n\\u0000","contactCount":1,"scheduledISO":"%s"}' % LATE,
    '{"name":"n","partsPerContact":2,"autoSegment":{"totalContacts":1,"partsPerContact":2}}'])
def test_a_body_of_another_shape_is_refused_and_the_program_goes_on(shared, body):
    before = shared.rows()
    refused(shared.post(body), 400)
    assert shared.rows() == before
    assert shared.on("one", "GET").status == 200


def test_366_segments_are_taken_and_one_more_is_not(api):
    segments = [{"scheduledISO": at(TODAY, "20:00"), "contactCount": 1} for _ in range(367)]
    refused(api.post({"name": "n", "segments": segments}), 400, "segments")
    assert len(api.created({"name": "n", "segments": segments[:366]})["segments"]) == 366
    assert api.held() == 366


def test_the_most_that_a_field_may_be_is_taken(api):
    api.daybook.cmd("org", "set", "acme", "--daily-limit", "unlimited", "--quota-unit", "part")
    data = api.created({"name": "é" * 100, "contactCount": 10**9, "scheduledISO": "2099-12-31T23:00:00Z", "partsPerContact": 1000})
    assert data["segments"][0]["reserved"] == 10**12 and data["name"] == "é" * 100
    assert api.held("2099-12-31") == 10**12
    api.verify()


def test_null_is_as_good_as_absent(api):
    api.created({"id": None, "name": "n", "contactCount": 1, "scheduledISO": LATE, "partsPerContact": None, "status": None,
                 "segments": None, "autoSegment": None})
    api.created({"name": "n", "contactCount": None, "scheduledISO": None, "segments": [{"scheduledISO": LATE, "contactCount": 1}]})
    api.created({"name": "n", "contactCount": None, "segments": None, "autoSegment": {"totalContacts": 1, "firstSegmentDate": None}})
    assert api.put("x", {"name": None}).status == 404
    assert api.held() + api.held(TOMORROW) == 3


def test_a_caller_without_the_scope_is_refused_and_one_with_it_is_not(api):
    read, write = api.daybook.token(scope="usage:read"), api.daybook.token(scope="campaigns:write")
    api.create("c", 1)
    for method, tail, body in (("PUT", "", {"name": "x"}), ("POST", "/cancel", None), ("POST", "/pause", None),
                               ("POST", "/resume", None), ("POST", "/results", {"id": "r", "sent": 1}), ("DELETE", "", None)):
        assert api.on("c", method, tail, body, token=read).status == 403, (method, tail)
        assert api.on("c", method, tail, body, token="nonsense").status == 401, (method, tail)
    assert api.post(SINGLE, token=read).status == 403
    assert api.on("c", "GET", token=write).status == 403 and api.on("c", "GET", token=read).status == 200
    assert api.put("c", {"name": "x"}, token=write).status == 200


def test_an_unknown_parameter_another_method_and_another_media_type_are_refused(api):
    api.create("c", 1)
    for reply, field in ((api.on("c", "GET", query="x=1"), "x"), (api.ask("campaigns", "GET", CAMPAIGNS, "_=1"), "_"),
                         (api.on("c", "PUT", query="limit=1", body={"name": "x"}), "limit"),
                         (api.on("c", "POST", "/cancel", query="force=true"), "force")):
        assert refused(reply, 400).startswith(field + ":")
    assert set(api.on("c", "PATCH").headers["allow"].split(", ")) == {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}
    assert api.on("c", "GET", "/cancel").status == 405
    assert api.post(SINGLE, headers={"Content-Type": "text/plain"}).status == 415
    assert api.post(SINGLE, headers={"Content-Type": "application/json; charset=utf-8"}).status == 201
