"""What holds for every page: weight, policy, accessibility, phones, sub-paths; and the API page."""
import pathlib
import re
import subprocess

import pytest

from page import Page
from stack import Stack
from support import campaign, event, post

ROOT = pathlib.Path(__file__).resolve().parents[2]
HTDOCS = ROOT / "htdocs"
PAGES = ["calendar", "calendar/2026-05-20", "campaigns", "campaign/spring", "planner", "usage", "settings", "audit"]
FIRST_PAGE_MAX = 100_000


def fill(stack):
    campaign(stack.daybook, "spring", {"at": "2026-05-20T22:00:00Z", "contacts": 300}, {"at": "2026-05-21T22:00:00Z", "contacts": 500})
    post(stack.daybook, event("2026-05-20T19:00:00Z", channel="SMS", status="failed", campaignId="spring", to="+14165550100",
                              reason="opted out"), *[event("2026-05-20T15:00:00Z", channel="SMS") for _ in range(90)])


def test_what_a_page_breaks_or_throws_is_seen_by_these_tests(page):
    page.sign_in()
    page.driver.execute_script("""const script = document.createElement('script');
        script.textContent = 'window.hurt = 1';
        document.body.append(script);
        setTimeout(() => { throw new Error('thrown'); });
        Promise.reject(new Error('rejected'));""")
    seen = []
    words = {"Policy", "thrown", "rejected"}
    page.wait(lambda: seen.extend(page.problems()) or words == {w for w in words for text in seen if w in text}, "all three")
    assert page.driver.execute_script("return window.hurt") is None


def test_the_first_page_of_a_busy_month_is_light_and_asks_nobody_else(page, stack):
    fill(stack)
    post(stack.daybook, *[event(f"2026-05-{day:02}T12:{n:02}:00Z", channel="SMS") for day in range(1, 21) for n in range(12)])
    for n in range(10):
        campaign(stack.daybook, f"campaign-number-{n}", {"at": f"2026-05-{n + 22}T22:00:00Z", "contacts": 150},
                 title=f"Reminders of the week, number {n}")
    page.sign_in()
    page.day_says("2026-05-21", "500 reserved")
    sizes = dict(page.driver.execute_script("""return [...performance.getEntriesByType('navigation'),
        ...performance.getEntriesByType('resource')].map(e => [e.name, e.decodedBodySize])"""))
    assert sum(sizes.values()) < FIRST_PAGE_MAX, sizes
    assert all(name.startswith(stack.url) for name in sizes), sizes
    assert len(sizes) > 15


@pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
def test_axe_finds_nothing_at_all_on_any_page(page, stack, light):
    fill(stack)
    page.media(light)
    page.sign_in()
    for where in PAGES:
        page.go(where)
        assert page.wrong() == [], where


def test_at_360_pixels_nothing_is_wider_than_the_screen(page, stack):
    fill(stack)
    page.size(360, 740)
    page.sign_in()
    for where in PAGES:
        page.go(where)
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= 360, where
    page.go("calendar/2026-05")
    page.find("[data-date='2026-05-20'] button").click()
    page.says("Wednesday, May 20, 2026", "aside")
    assert page.serious() == []


def test_the_keyboard_alone_reaches_the_calendar_and_the_menu(page):
    from selenium.webdriver.common.keys import Keys
    page.sign_in()
    page.driver.execute_script("document.activeElement.blur()")
    seen = []
    for _ in range(20):
        page.key(Keys.TAB)
        seen.append(page.driver.execute_script("return document.activeElement.closest('[data-date]')?.dataset.date || "
                                               "document.activeElement.textContent"))
    assert seen[:3] == ["Skip to the page", "Calendar", "Campaigns"]
    assert [s for s in seen if s.startswith("2026-")] == ["2026-05-20"]	# one stop of Tab; the arrows do the rest


def test_a_link_leads_to_the_head_of_its_page(page, stack):
    fill(stack)
    page.sign_in("campaigns")
    page.find("tbody a").click()
    page.says("spring", "h1")
    page.wait(lambda: page.driver.switch_to.active_element.tag_name == "h1", "the head has the focus")


def test_a_page_that_does_not_come_is_named_to_those_who_listen(page):
    page.sign_in("usage")
    page.driver.cut_off()
    page.driver.execute_script("location.hash = 'campaigns'")
    page.says("Try again", "main")
    page.wait(lambda: page.text("#announcer").startswith("Campaigns"), "the page that did not come")
    page.driver.restore()


@pytest.mark.parametrize("width", [768, 1280])
def test_a_long_name_leaves_the_frame_in_order(page, stack, width):
    stack.ask("PUT", "/api/organizations/acme/profile", body={"name": "The Extraordinarily Long-Named Association of Senders " * 2},
              token=stack.daybook.token())
    page.size(width, 900)
    page.sign_in()
    brand, out = page.find(".brand").rect, page.button("Sign out").rect
    assert abs(brand["y"] + brand["height"] / 2 - out["y"] - out["height"] / 2) < 3 and out["height"] < 45
    assert page.driver.execute_script("return document.documentElement.scrollWidth") <= width


def test_a_word_that_is_too_long_leaves_room_for_the_figures(page, stack):
    campaign(stack.daybook, "c", {"at": "2026-05-20T22:00:00Z", "contacts": 80}, title="Donaudampfschifffahrtsgesellschaft" * 4)
    page.size(768, 900)
    page.sign_in("campaigns")
    assert page.driver.execute_script("const t = document.querySelector('.table'); return t.scrollWidth <= t.clientWidth")


def test_below_a_sub_path_everything_is_found(browser, stock):
    stack = Stack(stock, prefix="/tools/daybook")
    browser.switch_to.new_window("tab")
    page = Page(browser, stack)
    try:
        page.sign_in()
        page.day_says("2026-05-20", "500 free")
        page.go("usage")
        assert page.problems() == []
    finally:
        browser.close()
        browser.switch_to.window(browser.window_handles[0])
        stack.stop()


@pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
def test_the_api_page_tries_an_endpoint_with_the_credential_of_the_tab(page, light):
    page.media(light)
    page.sign_in("api")
    page.find("#operations-Account-get_organization_usage button").click()
    page.find(".execute").click()
    page.says("billingCycleStart", ".live-responses-table")
    page.says("200", ".live-responses-table tbody .response-col_status")
    # Swagger UI's <main> inside ours is made a group, which is better than two of them, although HTML wants none of it.
    assert [text for text in page.wrong() if not re.match(r"aria-allowed-role .*<main id=\"operations\"", text)] == []


def test_a_dashboard_that_was_built_without_npm_says_how_to_get_the_viewer(page, stack, tmp_path):
    served = stack.daybook.folder / "programs/htdocs"
    made = subprocess.run(["make", "-s", f"B={tmp_path}/b", "FETCHED=", "NODE=none", f"{tmp_path}/b/htdocs/index.html"], cwd=ROOT,
                          capture_output=True, text=True)
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")
    served.unlink()
    served.symlink_to(tmp_path / "b/htdocs")
    page.sign_in("api")
    page.says("built without the viewer", ".notice")
    page.says("installing npm", ".notice")
    assert page.find("main a[download]").get_attribute("href") == stack.url + "openapi.yaml"
    assert page.serious() == []
    page.go("usage")
    page.says("Usage", "h1")
    assert page.finds("canvas")
    page.go("calendar")
    page.day_says("2026-05-20", "500 free")


def test_every_string_is_there_and_none_is_for_nobody():
    files = [HTDOCS / "strings.js", HTDOCS / "page_strings.js"]
    strings = "".join(f.read_text() for f in files)
    have = set(re.findall(r"(?m)(?:^\t|, |^)'?([A-Za-z][\w.]*)'?: [{']", strings)) - {"one", "other"}
    code = "".join(f.read_text() for f in HTDOCS.glob("*.js") if f not in files)
    used = set(re.findall(r"\b(?:t|sentence)\('([\w.]+)'", code))
    families = tuple(re.findall(r"\b(?:t|known)\(`([\w.]+)\$\{", code))
    assert families and used - have == set()
    assert {s for s in have - used if not s.startswith(families)} == set()


def test_only_one_file_makes_elements_and_none_takes_markup():
    for file in HTDOCS.glob("*.js"):
        text = file.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), file.name
        assert file.name == "dom.js" or "createElement" not in text, file.name
