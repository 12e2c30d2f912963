"""What the browser tests share: the real stack, and a headless Chromium in another time zone than everybody.

The browser's zone is Asia/Tokyo.  A test sets the clock of the programs with libfaketime.
"""
import os
import pathlib
import shutil
import tempfile

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from stack import Stack, e2e
from page import Page
from support import set_clock

ZONE = "Asia/Tokyo"
FLAGS = ("--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --hide-scrollbars --window-size=1440,1000 --lang=en-US")


@pytest.fixture(scope="session")
def chromium():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="dbk-chromium-"))
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={folder}/profile")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LD_", "FAKETIME"))}
    driver = webdriver.Chrome(service=Service(shutil.which("chromedriver"), env={**environment, "TZ": ZONE}), options=options)
    driver.downloads = folder / "downloads"
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(driver.downloads)})
    yield driver
    driver.quit()
    shutil.rmtree(folder, ignore_errors=True)


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
def page(chromium, stack):
    """The dashboard in a fresh tab.  Whatever a test did, the page broke no policy and threw nothing."""
    chromium.switch_to.new_window("tab")
    p = Page(chromium, stack)
    yield p
    problems = p.problems()
    others = p.other_origins()
    chromium.close()
    chromium.switch_to.window(chromium.window_handles[0])
    assert problems == []
    assert others == []
