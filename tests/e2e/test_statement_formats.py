"""Reported months as a list, as CSV and as a page to print."""
import re

from support import check_error, event, post
from test_statements import APRIL, PATH, SCOPE, api, sums  # noqa: F401 (a fixture)


def test_the_list_has_the_newest_month_first_and_says_which_have_changed(api):
    api.spend(*APRIL)
    for month in ("2026-02", "2026-04", "2025-12"):
        api.keep(month)
    listed = api.listed()
    assert [(s["month"], s["isChanged"], *sums(s)) for s in listed["statements"]] == [
        ("2026-04", False, 5, 6, 0.75), ("2026-02", False, 0, 0, 0), ("2025-12", False, 0, 0, 0)] and listed["next"] is None
    post(api.daybook, event("2026-02-11T12:00:00Z", id="feb"))
    api.spend({"id": "v", "voids": "mail", "reason": "test"})
    assert [s["isChanged"] for s in api.listed()["statements"]] == [True, True, False]
    found, query = [], {"limit": 1}
    while True:
        page = api.listed(query)
        found += [s["month"] for s in page["statements"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert found == ["2026-04", "2026-02", "2025-12"]
    for query, words in (({"before": "2026"}, "before"), ({"limit": "0"}, "limit"), ({"limit": "121"}, "limit"), ({"x": "1"}, "x"),
                         ({"format": "html"}, "format: must be json or csv")):
        check_error(api.ask("statements", "GET", PATH, query), 400, "tether", words)


def test_csv_has_a_line_for_each_day_and_channel(api):
    api.spend(*APRIL)
    api.keep()
    api.spend({"id": "v", "voids": "sms", "reason": "test"}, event("2026-04-20T12:00:00Z", id="late", channel="CALL", cost="0.1"))
    for query, headers in (({"format": "csv"}, None), (None, {"Accept": "text/csv"})):
        reply = api.ask("statements", "GET", PATH + "/2026-04", query, headers=headers)
        assert reply.headers["content-type"] == "text/csv; charset=utf-8" and "x-next-cursor" not in reply.headers
        assert reply.body.decode().split("\r\n") == [
            "day,channel,messages,parts,cost,currency,messagesNow,partsNow,costNow,messagesLater,partsLater,costLater",
            "2026-04-01,SMS,2,3,0.5,USD,2,3,0.5,0,0,0", "2026-04-10,SMS,1,1,0,USD,0,0,0,-1,-1,0",
            "2026-04-10,EMAIL,1,1,0,USD,1,1,0,0,0,0", "2026-04-20,CALL,0,0,0,USD,1,1,0.1,1,1,0.1",
            "2026-04-30,CALL,1,1,0.25,USD,1,1,0.25,0,0,0", ""]
    table = api.ask("statements", "GET", PATH, {"format": "csv"}).body.decode().split("\r\n")
    assert table[0] == "month,timezone,currency,keptAt,messages,parts,cost,isChanged,localTime"
    assert re.fullmatch(r"2026-04,America/Toronto,USD,2026-05-20T16:00:\S+Z,5,6,0.75,true,2026-05-20 12:00:\d\d", table[1])


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_the_page_is_html_without_scripts_and_escapes_what_others_wrote(api):
    evil = "</td><script>alert(1)</script>&\"'"
    api.daybook.cmd("org", "set", "acme", "--name", "A & <b>")
    api.spend(*APRIL)
    api.keep(token=api.daybook.token("acme", SCOPE, sub="me <i>"))
    api.spend(event("2026-04-20T12:00:00Z", id=evil), {"id": "v", "voids": "sms", "reason": evil})
    for query, headers in (({"format": "html"}, None), (None, {"Accept": BROWSER})):
        reply = api.ask("statements", "GET", PATH + "/2026-04", query, headers=headers)
        assert reply.status == 200 and reply.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in reply.headers["content-security-policy"] and "script" not in reply.headers["content-security-policy"]
        page = reply.body.decode()
        assert page.startswith("<!DOCTYPE html>") and "{{" not in page and "<script" not in page and "<b>" not in page
        assert "A &amp; &lt;b&gt;: 2026-04" in page and "me &lt;i&gt; (jwt:main)" in page and "&lt;/td&gt;&lt;script&gt;" in page and "@media print" in page
        assert "1 event, 1 void" in page and "<td>2026-04-30</td><td>CALL</td>" in page
    assert "Nothing: the figures" not in page
    api.keep("2026-03")
    assert "Nothing: the figures" in api.ask("statements", "GET", PATH + "/2026-03", {"format": "html"}).body.decode()
    check_error(api.ask("statements", "GET", PATH + "/2026-01", {"format": "html"}), 404, "tether")
    check_error(api.ask("statements", "GET", PATH + "/2026-04", {"format": "pdf"}), 400, "tether", "format: must be json, csv or html")


def test_each_format_has_an_etag_of_its_own_that_a_write_changes(api):
    api.spend(*APRIL)
    api.keep()
    tags = {}
    for name in ("json", "csv", "html"):
        reply = api.ask("statements", "GET", PATH + "/2026-04", {"format": name})
        tags[name] = reply.headers["etag"]
        again = api.ask("statements", "GET", PATH + "/2026-04", {"format": name}, headers={"If-None-Match": tags[name]})
        assert again.status == 304 and not again.body
        cached = api.ask("statements", "GET", PATH + "/2026-04", {"format": name})
        assert (cached.body, cached.headers["content-type"], cached.headers["content-security-policy"]) == (
            reply.body, reply.headers["content-type"], reply.headers["content-security-policy"])
    assert len(set(tags.values())) == 3
    api.spend(event("2026-04-20T12:00:00Z", id="late"))
    assert api.ask("statements", "GET", PATH + "/2026-04", {"format": "html"}, headers={"If-None-Match": tags["html"]}).status == 200
