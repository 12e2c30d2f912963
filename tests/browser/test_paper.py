"""On paper, and with the high contrast of the system: the figures and the bars are there, and nothing to press."""
import base64
import re
import zlib

import pytest

from support import campaign, event, post

A4_PX = 703  # 210 mm less the margins of print.css, in CSS pixels
PAGES = ["calendar", "calendar/2026-05-20", "campaigns", "campaign/spring", "planner", "usage", "settings", "audit"]
BARS = "[...document.querySelectorAll('.bar')].filter(b => b.getClientRects().length)"


def fill(stack):
    campaign(stack.daybook, "spring", {"at": "2026-05-20T22:00:00Z", "contacts": 300}, {"at": "2026-05-21T22:00:00Z", "contacts": 500})
    for month in range(1, 6):
        post(stack.daybook, event(f"2026-{month:02}-10T15:00:00Z", channel="SMS", messages=90), event(f"2026-{month:02}-10T15:00:00Z", channel="EMAIL"),
             event(f"2026-{month:02}-10T15:00:00Z", channel="CALL"), event(f"2026-{month:02}-10T15:00:00Z", channel="PUSH"))
    stack.ask("PUT", "/api/organizations/acme/limits", body={"smsCap": 1000}, token=stack.daybook.token())


@pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
def test_on_paper_there_are_figures_and_bars_and_nothing_to_press(page, stack, light):
    fill(stack)
    page.sign_in()
    for where in PAGES:
        page.go(where)
        page.size(A4_PX, 1000)
        page.driver.execute_script("dispatchEvent(new Event('beforeprint'))")
        page.media(light, paper=True)
        page.says("acme · printed May 20, 2026", "#printed")
        seen = page.driver.execute_script("""const isSeen = n => n.checkVisibility() && n.getClientRects().length > 0;
            return [...document.querySelectorAll('nav, .top, a.button, button')].filter(n => isSeen(n) && !n.closest('.cell')).map(n => n.outerHTML)""")
        assert seen == [], where
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= A4_PX, where
        bars = page.driver.execute_script(f"return {BARS}.map(b => getComputedStyle(b).printColorAdjust)")
        assert set(bars) <= {"exact"} and (bars or where in ("campaigns", "campaign/spring", "planner", "settings", "audit")), where
        ink = page.driver.execute_script("return getComputedStyle(document.body).color.match(/\\d+/g).map(Number)")
        assert max(ink) < 100, "dark ink, whatever the screen has"
        page.media(light)
        page.driver.execute_script("dispatchEvent(new Event('afterprint'))")
        page.size(1440, 1000)


def test_the_chart_fits_the_paper(page, stack):
    fill(stack)
    page.sign_in("usage")
    page.size(A4_PX, 1000)
    page.media(paper=True)
    # As it is at the moment of printing: nothing after it comes in time for the paper.
    box, canvas, head = page.driver.execute_script("""dispatchEvent(new Event('beforeprint'));
        const of = css => document.querySelector(css).getBoundingClientRect().toJSON();
        return [of('.chart'), of('canvas'), of('[aria-label=History] thead')]""")
    assert canvas["width"] <= box["width"] and canvas["bottom"] <= box["bottom"] <= head["top"]
    assert canvas["height"] == 300


def sheets(pdf):
    """The pages of a PDF, whose objects Firefox compresses."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.S)
    inflated = [zlib.decompressobj().decompress(s) for s in streams if s[:1] == b"x"]
    return sum(len(re.findall(rb"/Type\s*/Page\b", text)) for text in [re.sub(rb"stream\r?\n.*?endstream", b"", pdf, flags=re.S), *inflated])


def test_usage_is_two_sheets_of_a4_and_repeats_the_head_of_its_table(page, stack):
    fill(stack)
    page.sign_in("usage")
    assert 1 <= sheets(base64.b64decode(page.driver.print_page())) <= 2
    page.media(paper=True)
    assert page.driver.execute_script("return getComputedStyle(document.querySelector('thead')).display") == "table-header-group"


def test_with_forced_colours_bars_and_today_are_still_there(page, stack):
    fill(stack)
    page.sign_in()
    page.media(forced=True)
    colours = page.driver.execute_script("""const of = css => document.querySelector(css), style = n => getComputedStyle(n);
        const bar = of(`[data-date='2026-05-21'] .bar`), sent = of('.banner .bar-reserved');
        return { adjust: style(bar).forcedColorAdjust, border: style(bar).borderTopWidth, reserved: style(sent).backgroundImage,
            today: style(of('.today .cell-date')).outlineStyle }""")
    page.media()
    assert colours["adjust"] == "none" and colours["border"] == "1px" and "gradient" in colours["reserved"] and colours["today"] == "solid", colours


def test_the_sign_in_is_printed_without_an_error(page, stack):
    page.driver.get(stack.url)
    page.says("Sign in to Daybook")
    page.driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert page.problems() == []
