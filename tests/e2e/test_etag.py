"""ETag and If-None-Match: a tag changes with its reply, also with a restore."""
import re
import time

from endpoints import CALENDAR, HISTORY, ORGANIZATIONS, READERS, SETTINGS, SLOT, USAGE, UUID7, ask, get, readers
from support import NOON, check_error, event, post, set_clock


@readers
def test_if_none_match_is_304_with_the_tag_and_no_body(daybook, endpoint):
    token = daybook.token()
    process = daybook.fastcgi(endpoint[0])
    first = ask(process, endpoint, token=token)
    tag = first.headers["etag"]
    assert re.fullmatch(r'"[A-Za-z0-9_-]{16,}"', tag)
    bare = tag.strip('"')
    for have in (tag, f'"{bare}-gzip"', f'"x", {tag}', f'"x",{tag},"y"', "*", f"W/{tag}", f'W/"{bare}-br"'):
        for method in ("GET", "HEAD"):
            reply = ask(process, endpoint, method, token=token, headers={"If-None-Match": have})
            assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", tag), have
            assert reply.headers["cache-control"] == "private, no-cache" and UUID7.fullmatch(reply.headers["x-request-id"])
        assert get(daybook, endpoint, token=token, headers={"If-None-Match": have}).status == 304
    for have in ('"x"', bare, f'"{bare}x"', f'"x{bare}"', f'"{bare}', f'"{bare}+br"', '""', '"', f'"{bare[:-1]}"', ","):
        reply = ask(process, endpoint, token=token, headers={"If-None-Match": have})
        assert (reply.status, reply.body, reply.headers["etag"]) == (200, first.body, tag), have


@readers
def test_the_tag_lets_nobody_past_the_gates(daybook, endpoint):
    tag = get(daybook, endpoint, token=daybook.token()).headers["etag"]
    for have in (tag, "*"):
        check_error(get(daybook, endpoint, headers={"If-None-Match": have}), 401, endpoint[3])
        check_error(get(daybook, endpoint, headers={"If-None-Match": have}, token=daybook.token("acme", "usage:backfill")), 403, endpoint[3])
    if endpoint in (CALENDAR, HISTORY, ORGANIZATIONS):
        reply = daybook.cgi(endpoint[0], "GET", endpoint[1], "x=1", headers={"If-None-Match": "*"}, token=daybook.token())
        check_error(reply, 422 if endpoint is ORGANIZATIONS else 400, endpoint[3])


@readers
def test_the_tag_changes_with_an_event_and_not_without(daybook, endpoint):
    daybook.cmd("org", "add", "other", "--timezone", "UTC")
    token, process = daybook.token(), daybook.fastcgi(endpoint[0])
    now = int(time.time() * 1000)

    def tag():
        replies = [ask(process, endpoint, token=token), ask(process, endpoint, token=daybook.token("acme", "admin")), get(daybook, endpoint, token=token)]
        assert len({(r.headers["etag"], r.body) for r in replies}) == 1
        return replies[0].headers["etag"]
    first = tag()
    assert tag() == first
    post(daybook, event(now), org="other")
    assert tag() == first
    refused = daybook.cgi("events", "POST", "/api/events", body=b"{", token=token)
    assert refused.status == 400 and tag() == first
    post(daybook, event(now))
    second = tag()
    assert second != first
    daybook.cmd("org", "set", "acme", "--plan", "other")
    assert tag() not in (first, second)


def test_tags_of_different_questions_differ(daybook):
    daybook.cmd("org", "add", "other", "--timezone", "America/Toronto")
    daybook.sql("UPDATE organization SET revision = 10")
    token = daybook.token()
    tags = [get(daybook, e, token=token).headers["etag"] for e in READERS]
    tags += [get(daybook, e, token=daybook.token("other")).headers["etag"] for e in (CALENDAR, SLOT, USAGE, HISTORY)]
    tags += [daybook.cgi("usage-calendar", "GET", CALENDAR[1], q, token=token).headers["etag"]
             for q in ("from=2026-05-01&to=2026-05-30", "from=2026-05-02&to=2026-05-31")]
    tags += [daybook.cgi("next-available-slot", "GET", SLOT[1], q, token=token).headers["etag"] for q in ("contactCount=6", "", "partsPerContact=5")]
    tags.append(daybook.cgi("organizations-usage", "GET", "/organizations/other/usage", ORGANIZATIONS[2], token=daybook.token(None, "admin")).headers["etag"])
    assert len(set(tags)) == len(tags)


def test_a_cached_reply_is_not_another_organizations(daybook):
    daybook.cmd("org", "add", "other", "--timezone", "America/Toronto", "--plan", "growth", "--daily-limit", "500")
    post(daybook, event(int(time.time() * 1000), messages=3), org="acme")
    post(daybook, event(int(time.time() * 1000), messages=4), org="other")
    daybook.sql("UPDATE organization SET revision = 10")
    process = daybook.fastcgi("organization-usage")
    for _ in range(3):
        for org, sms in (("acme", 3), ("other", 4)):
            assert ask(process, USAGE, token=daybook.token(org)).json["channelUsages"]["SMS"] == sms


@readers
def test_the_tag_changes_with_a_restore(daybook, endpoint):
    set_clock(daybook, NOON)
    copy = daybook.folder / "copy.db"
    token, process, now = daybook.token(), daybook.fastcgi(endpoint[0]), NOON
    before = ask(process, endpoint, token=token)
    daybook.cmd("backup", copy)
    assert ask(process, endpoint, token=token).headers["etag"] == before.headers["etag"]
    post(daybook, event(now, messages=3))
    between = ask(process, endpoint, token=token)
    daybook.cmd("restore", copy)
    after = ask(process, endpoint, token=token)
    assert after.status == 200 and after.body == before.body
    assert len({r.headers["etag"] for r in (before, between, after)}) == 3
    # The revision is the same as it was with the other event, and the reply is not.
    post(daybook, event(now, messages=400))
    last = ask(process, endpoint, token=token)
    assert last.headers["etag"] not in {r.headers["etag"] for r in (before, between, after)}
    assert get(daybook, endpoint, token=token).body == last.body
    assert endpoint is SETTINGS or last.body != between.body


def test_days_are_cut_as_the_restored_file_says(daybook):
    set_clock(daybook, NOON)
    copy = daybook.folder / "copy.db"
    token, process = daybook.token(), daybook.fastcgi("next-available-slot")

    def today():
        body = ask(process, SLOT, token=token).json
        return body["timezone"], body["todayDate"]
    assert today() == ("America/Toronto", "2026-05-20")
    daybook.cmd("backup", copy)
    daybook.cmd("org", "set", "acme", "--timezone", "Pacific/Kiritimati")
    assert today() == ("Pacific/Kiritimati", "2026-05-21")
    daybook.cmd("restore", copy)
    daybook.cmd("org", "set", "acme", "--timezone", "America/Vancouver")
    assert today() == ("America/Vancouver", "2026-05-20")
