"""The words people read: SMS where SMS is counted, their own names in any direction, and no word of the server's."""
import pathlib
import re

import pytest

from support import campaign, event, post

HTDOCS = pathlib.Path(__file__).resolve().parents[2] / "htdocs"
ARABIC = "\u062d\u0645\u0644\u0629 \u0646\u0647\u0627\u064a\u0629 \u0627\u0644\u0639\u0627\u0645 \u0644\u0644\u0639\u0645\u0644\u0627\u0621 \u0627\u0644\u0645\u0645\u064a\u0632\u064a\u0646"


@pytest.mark.parametrize("where", ["calendar", "calendar/2026-05-20", "planner", "campaigns", "campaign/c", "usage", "settings"])
def test_each_page_that_counts_sms_says_so(page, stack, where):
    campaign(stack.daybook, "c", {"at": "2026-05-20T22:00:00Z", "contacts": 80})
    page.sign_in(where)
    page.says("SMS", "aside" if "/2026" in where else "main")
    page.wait(lambda: "SMS" in page.driver.execute_script("const copy = document.querySelector('main').cloneNode(true);"
              "copy.querySelector('.banner')?.remove(); return copy.textContent"), "SMS beside the banner too")


def test_what_is_no_sms_is_named_and_moves_no_figure_of_sms(page, stack):
    post(stack.daybook, event("2026-05-20T15:00:00Z", channel="SMS", messages=76))
    page.sign_in("calendar/2026-05-20")
    page.says("SMS today", ".banner h2")
    page.says("Sent 76", ".banner")
    assert "Also" not in page.text("main")
    post(stack.daybook, event("2026-05-20T15:00:00Z", channel="EMAIL", messages=594), event("2026-05-20T15:00:00Z", channel="CALL", messages=9))
    page.look_again()
    for place in (".banner", "aside"):
        page.says("Also sent, which no daily limit counts: Calls 9, E-mail 594.", place)
    page.says("Sent 76", ".banner")


def test_one_thing_has_one_word():
    """The words that once stood beside others for the same thing."""
    words = (HTDOCS / "strings.js").read_text() + (HTDOCS / "page_strings.js").read_text()
    texts = " ".join(text for pair in re.findall(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", words) for text in pair if " " in text)
    for other in ("rganisation", " closed", "anew", "speaks for", "Whose", "common price", "Message cap", "message cap"):
        assert other not in texts, other


# ---- What the server says

@pytest.mark.parametrize("label, value, words, form", [
    ("Time zone", "Mars/Olympus", "There is no zone \"Mars/Olympus\"", "form:has(#zones)"),
    ("Name", "a\u202eb", "Contains U+202E, which changes the direction of text; leave it out.", "form:first-child"),
    ("Plan", "a\u0001b", "Contains U+0001, a control character; leave it out.", "form:nth-child(2)")])
def test_what_the_server_refuses_is_said_at_its_field(page, label, value, words, form):
    page.sign_in("settings")
    page.driver.execute_script("arguments[0].value = arguments[1]", page.field(label), value)
    page.button("Save", f"{form} button").click()
    assert page.wrong_at(label).startswith(words)
    assert page.driver.switch_to.active_element == page.field(label)
    assert page.serious() == [] and "alidation" not in page.text("main") and page.finds("main .notice.bad") == []
    page.field(label).send_keys("x")
    page.wait(lambda: not page.finds(".wrong") and not page.field(label).get_attribute("aria-invalid"), "nothing is wrong any more")


def test_a_plan_that_is_too_long_says_so_at_the_contacts(page):
    page.sign_in("planner")
    page.propose("Everybody", "999999")
    assert page.wrong_at("Contacts") == "999999 need more than 366 days; raise the limit, or plan fewer."


def test_what_is_left_out_is_said_in_our_words(page):
    page.sign_in("planner")
    page.press("Propose days")
    assert page.wrong_at("Name") == page.wrong_at("Contacts") == "Fill this in."
    assert page.driver.switch_to.active_element == page.field("Name")


def test_a_campaign_that_is_not_there_leads_back_to_those_that_are(page):
    page.sign_in("campaign/nothing")
    page.says("Campaign: there is no", "main .notice")
    assert "resource" not in page.text("main") and "Try again" not in page.text("main")
    page.find("main").find_element("partial link text", "Campaigns").click()
    page.says("No campaigns.")


# ---- Names from right to left

def test_a_name_from_right_to_left_keeps_its_beginning_wherever_it_stands(page, stack):
    stack.ask("PUT", "/api/organizations/acme/profile", body={"name": ARABIC}, token=stack.daybook.token())
    campaign(stack.daybook, "c", {"at": "2026-05-20T22:00:00Z", "contacts": 80}, title=ARABIC)
    for where, css in (("calendar", "#who"), ("calendar/2026-05-20", ".cell .chip"), ("calendar/2026-05-20", "aside tbody a"),
                       ("campaigns", "tbody a"), ("campaign/c", "h1 bdi"), ("settings", "form:first-child input")):
        page.go(where) if page.finds("nav") else page.sign_in(where)
        node = page.find(css)
        assert ARABIC in (node.text or node.get_attribute("value")), where
        assert page.driver.execute_script("return getComputedStyle(arguments[0]).direction", node) == "rtl", (where, css)
    page.go("campaign/c")
    page.press("Cancel campaign")
    assert page.find("dialog bdi").text == ARABIC


# ---- Long ones

def test_dates_stay_in_one_line_beside_long_names(page, stack):
    campaign(stack.daybook, "c", {"at": "2026-12-30T22:00:00Z", "contacts": 80}, {"at": "2027-01-01T22:00:00Z", "contacts": 80}, title="Long name " * 19)
    stack.ask("POST", "/api/organizations/acme/api-keys", body={"name": "Long name " * 9, "scopes": ["usage:read", "usage:write", "org:admin"]},
              token=stack.daybook.token())
    for where in ("campaigns", "settings"):
        page.go(where) if page.finds("nav") else page.sign_in(where)
        lines = page.driver.execute_script("return [...document.querySelectorAll('main .together')].map(n => n.getClientRects().length)")
        assert lines and set(lines) == {1}, where
