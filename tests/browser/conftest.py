"""What the browser tests share: the real stack of tests/e2e, and a headless Chromium in another time zone than everybody.

The browser's zone is Asia/Tokyo.  The clock of the programs stands where a test puts it, by libfaketime.
"""
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

E2E = pathlib.Path(__file__).resolve().parents[1] / "e2e"
sys.path.insert(0, str(E2E))
_spec = importlib.util.spec_from_file_location("e2e", E2E / "conftest.py")
e2e = sys.modules["e2e"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(e2e)

from page import Page  # noqa: E402  (needs the paths above)

ZONE = "Asia/Tokyo"
FLAGS = ("--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --hide-scrollbars --window-size=1440,1000 --lang=en-US")


class Stack(e2e.Server):
    """lighttpd with the shipped configuration; can be away for a while.  What it starts sees the clock of the database."""

    def __init__(self, daybook, prefix=""):
        self.daybook = daybook
        programs, e2e.BUILD = e2e.BUILD, self._wrapped(daybook, e2e.BUILD)
        try:
            super().__init__(daybook, prefix)
        finally:
            e2e.BUILD = programs
        self.url = f"http://127.0.0.1:{self.port}{prefix}/"
        self.environment = dict(entry.split("=", 1) for entry in
                                pathlib.Path(f"/proc/{self.process.pid}/environ").read_text().split("\0") if entry)

    @staticmethod
    def _wrapped(daybook, build):
        """The server hands on few variables; each program is started by a line of sh that puts the clock's back."""
        folder = daybook.folder / "programs"
        (folder / "cgi-bin").mkdir(parents=True)
        for other in build.iterdir():
            if other.name != "cgi-bin":
                (folder / other.name).symlink_to(other)
        clock = {name: value for name, value in daybook.env.items() if os.environ.get(name) != value and name != "DAYBOOK_DB"}
        for program in (build / "cgi-bin").glob("*.fcgi"):
            script = folder / "cgi-bin" / program.name
            exports = "".join(f"export {name}='{value}'\n" for name, value in clock.items())
            script.write_text(f"#!/bin/sh\n{exports}exec {program}\n")
            script.chmod(0o755)
        return folder

    def away(self):
        self.process.terminate()
        self.process.wait(timeout=20)

    def back(self):
        self.process = subprocess.Popen(self.process.args, env=self.environment)


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
    from support import set_clock
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
