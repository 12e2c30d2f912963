"""What the browser tests share: the real stack, and a headless browser in another time zone than everybody.

DAYBOOK_BROWSER is chromium, which it is without one, or firefox.  A test sets the clock of the programs with libfaketime.
"""
import os

import pytest

from browsers import BROWSERS
from stack import Stack, e2e
from page import Page
from support import set_clock

SCRIPT_MAX_S = 240  # axe takes a second; a busy machine takes its time


@pytest.fixture(scope="session")
def browser():
    driver = BROWSERS[os.environ.get("DAYBOOK_BROWSER", "chromium")]()
    driver.set_script_timeout(SCRIPT_MAX_S)
    yield driver
    driver.quit()


@pytest.fixture
def stock(tmp_path):
    """acme in America/New_York, 500 a day, SMS 0.0079 USD; it is the 20th of May, 16:00 there and the 21st in Tokyo."""
    d = e2e.Daybook(tmp_path)
    set_clock(d, "2026-05-20T20:00:00Z")
    d.cmd("init")
    d.cmd("key", "add", "--kid", "main")
    d.cmd("org", "add", "acme", "--timezone", "America/New_York", "--daily-limit", "500", "--plan", "growth")
    d.cmd("price", "set", "SMS", "0.0079", "--from", "2012-01-01")
    yield d
    d.close()


@pytest.fixture
def stack(stock):
    s = Stack(stock)
    yield s
    s.stop()


@pytest.fixture
def page(browser, stack):
    """The dashboard in a fresh tab.  Whatever a test did, the page broke no policy and threw nothing."""
    browser.switch_to.new_window("tab")
    p = Page(browser, stack)
    yield p
    problems = p.problems()
    others = p.other_origins()
    browser.close()
    browser.switch_to.window(browser.window_handles[0])
    assert problems == []
    assert others == []
