"""`make screenshots`: pictures of the demo data in docs/screenshots/, the same on every machine but for its fonts.

SCREENSHOTS names another folder; then all states come, not only the two of the README.
"""
import os
import pathlib
import subprocess

import pytest

from page import ROOT, Page
from stack import Stack, e2e
from support import campaign, set_clock

FOLDER = pathlib.Path(os.environ.get("SCREENSHOTS", ROOT / "docs/screenshots"))
ALL = "SCREENSHOTS" in os.environ


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    d = e2e.Daybook(tmp_path_factory.mktemp("demo"))
    set_clock(d, "2026-11-18T15:40:00Z")
    d.cmd("demo")
    s = Stack(d)
    yield s
    s.stop()
    d.close()


@pytest.fixture
def view(browser, demo):
    browser.switch_to.new_window("tab")
    yield Page(browser, demo)
    browser.close()
    browser.switch_to.window(browser.window_handles[0])


def shoot(page, name, width=1280, height=860):
    page.size(width, height)
    page.settled()
    page.driver.execute_script("document.activeElement.blur()")
    FOLDER.mkdir(parents=True, exist_ok=True)
    picture = FOLDER / f"{name}.png"
    assert page.driver.save_screenshot(str(picture))
    subprocess.run(["pngquant", "--force", "--skip-if-larger", "--ext", ".png", "128", str(picture)], check=False)


def proposal(page):
    page.go("planner")
    page.propose("Spring sale", "1200", "2026-11-21")
    page.says("Reserve all", "form")


def test_the_pictures_of_the_readme(view):
    view.sign_in()
    view.day_says("2026-11-20", "free")
    shoot(view, "calendar")
    proposal(view)
    shoot(view, "planner", height=1000)


@pytest.mark.skipif(not ALL, reason="only the two of the README")
@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_every_page(view, look):
    view.media(look != "dark")
    width, height = (360, 740) if look == "phone" else (1440, 1000)
    view.size(width, height)
    view.sign_in()
    for where in ("calendar", "calendar/2026-11-19", "calendar/2026-11-01", "campaigns", "usage", "settings", "audit", "api"):
        view.go(where)
        shoot(view, f"{where.replace('/', '-')}-{look}", width, height)
    view.go("campaigns")
    view.find("tbody a").click()
    view.says("contacts ·")
    shoot(view, f"campaign-{look}", width, height)
    proposal(view)
    shoot(view, f"planner-{look}", width, height)


@pytest.mark.skipif(not ALL, reason="only the two of the README")
def test_every_state(view, demo):
    view.driver.get(demo.url)
    view.says("Sign in")
    view.driver.save_screenshot(str(FOLDER / "signin.png"))
    view.sign_in(org="globex")
    shoot(view, "unlimited", 1440, 1000)
    demo.daybook.cmd("org", "add", "empty", "--timezone", "Europe/Berlin", "--daily-limit", "500")
    view.driver.get("about:blank")
    view.sign_in(org="empty")
    shoot(view, "empty", 1440, 1000)
    demo.daybook.cmd("org", "add", "over", "--timezone", "America/Toronto", "--daily-limit", "50")
    campaign(demo.daybook, "o1", {"at": "2026-11-18T20:00:00Z", "contacts": 80}, {"at": "2026-11-19T20:00:00Z", "contacts": 45}, org="over",
             title="A name that is much longer than a day of the calendar is wide")
    campaign(demo.daybook, "o2", {"at": "2026-11-19T21:00:00Z", "contacts": 4}, org="over", title="<img src=x onerror=alert(1)>")
    view.driver.get("about:blank")
    view.sign_in(org="over")
    view.go("calendar/2026-11-18")
    shoot(view, "over", 1440, 1000)
    demo.away()
    view.press("Next ›")
    view.says("does not answer", "#away")
    shoot(view, "away", 1440, 1000)
    demo.back()
