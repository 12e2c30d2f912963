"""The reported months of the Usage page, and the filters of the audit log."""
import os

from support import event, post


def april(stack):
    post(stack.daybook, event("2026-04-10T15:00:00Z", id="a", messages=40, cost="0.5"), event("2026-04-11T15:00:00Z", id="b", channel="CALL", cost="0.25"))


def seen(page, name):
    """For whoever wants to look: DAYBOOK_PICTURES is a folder."""
    if os.environ.get("DAYBOOK_PICTURES"):
        page.driver.save_screenshot(f"{os.environ['DAYBOOK_PICTURES']}/{name}.png")


def test_a_month_is_kept_and_what_came_later_is_shown(page, stack):
    april(stack)
    page.sign_in("usage")
    page.says("No month was kept yet.")
    assert "April 2026" in page.field("Month").text and "May 2026" not in page.field("Month").text
    page.press("Keep this month")
    page.says("April 2026 is kept.")
    page.says("Apr 2026")
    page.says("41 $0.75 the same")
    assert "April 2026" not in page.field("Month").text
    page.press("What came later")
    page.says("Nothing came later: these are still the reported figures.")
    post(stack.daybook, {"id": "v", "voids": "b", "reason": "a <b>test</b>"}, event("2026-04-12T15:00:00Z", id="late <i>", messages=2, cost="0.1"))
    page.look_again()
    page.says("41 $0.75 changed")
    page.press("What came later")
    page.says("SMS 40 $0.50 42 $0.60 +2 +$0.10")
    page.says("Calls 1 $0.25 0 $0.00 -1 -$0.25")
    page.says("2 events and corrections came later.")
    page.says("void Calls -1 -$0.25 v")
    page.says("event SMS 2 $0.10 late <i>")
    assert page.serious() == []
    page.find("section[aria-label='Reported months']").location_once_scrolled_into_view
    seen(page, "statements")


def test_the_files_of_a_month_are_a_page_and_a_csv(page, stack):
    april(stack)
    stack.ask("POST", "/api/organizations/acme/statements", body={"month": "2026-04"}, token=stack.daybook.token())
    page.sign_in("usage")
    page.press("Figures as CSV")
    lines = page.downloaded("acme-2026-04.csv").splitlines()
    assert lines[0].startswith("\ufeffday,channel,") and lines[1].startswith("2026-04-10,SMS,40,40,0.5,USD,") and len(lines) == 3
    page.press("Page to print")
    html = page.downloaded("acme-2026-04.html")
    assert html.startswith("<!DOCTYPE html>") and "2026-04-11" in html and "Nothing: the figures" in html


def test_who_only_reads_is_offered_no_keeping(page, stack):
    stack.ask("POST", "/api/organizations/acme/statements", body={"month": "2026-04"}, token=stack.daybook.token())
    page.sign_in("usage", scope="usage:read")
    page.says("Apr 2026")
    assert "Keep this month" not in page.text()


def test_the_audit_log_is_filtered_by_what_and_by_whom(page, stack):
    ana, bob = (stack.daybook.cmd("token", "--org", "acme", "--scope", "org:admin", "--sub", name).stdout.strip() for name in ("ana", "bob"))
    for token, plan in ((ana, "one"), (bob, "two")):
        stack.ask("PUT", "/api/organizations/acme/plan", body={"plan": plan}, token=token)
    stack.ask("POST", "/api/organizations/acme/statements", body={"month": "2026-04"}, token=bob)
    page.sign_in("audit")
    page.says("Month kept Month: 2026-04")

    def rows():
        return [" ".join(row.text.split()) for row in page.finds("tbody tr")]

    def choose(label, value):
        page.driver.execute_script("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))", page.field(label), value)

    choose("Who", "bob")
    page.wait(lambda: len(rows()) == 2 and all("bob" in row for row in rows()), "bob's entries")
    choose("What", "org.set")
    page.wait(lambda: len(rows()) == 1 and "two" in rows()[0], "his change")
    page.press("CSV")
    assert len(page.downloaded("audit.csv").splitlines()) == 2
    choose("Who", "the command on the server")
    page.says("Nothing like that was found.")
    choose("What", "")
    page.wait(lambda: any("Organization added" in row for row in rows()), "what the command did")
    choose("Who", "")
    page.wait(lambda: len(rows()) > 3, "everything")
    assert page.serious() == []
    seen(page, "audit")
