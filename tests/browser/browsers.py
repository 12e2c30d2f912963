"""The browsers of the tests: Selenium's own Chromium, and Firefox, which Selenium drives by Marionette.

Both are headless, live in Asia/Tokyo and have, beside Selenium's methods, those that no standard has: viewport, media,
problems, cut_off and restore.  `driver.downloads` is the folder of what was downloaded.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from marionette import Marionette

ZONE = "Asia/Tokyo"
CHROMIUM_FLAGS = ("--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
                  "--disable-component-update --disable-sync --hide-scrollbars --window-size=1440,1000 --lang=en-US")
FIREFOX_PREFERENCES = {
    "marionette.port": 0,  # a free one, which it writes into its profile
    "ui.prefersReducedMotion": 1,
    "browser.download.folderList": 2,
    "browser.download.always_ask_before_handling_new_types": False,
    "browser.download.alwaysOpenPanel": False,
    "intl.accept_languages": "en-US",
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
PATIENCE_S = 60
AWAY = ("/api/", "/health")  # what cut_off keeps from the server: what the pages ask, not the pages


def environment(folder):
    """Without a preloaded library, which a sanitizer or a clock may need and a browser does not survive."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LD_", "FAKETIME"))}
    return {**kept, "TZ": ZONE, "HOME": str(folder)}


class Chromium(webdriver.Chrome):
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dbk-chromium-"))
        self.downloads = self.folder / "downloads"
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in CHROMIUM_FLAGS.split():
            options.add_argument(flag)
        options.add_argument(f"--user-data-dir={self.folder}/profile")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        super().__init__(service=Service(shutil.which("chromedriver"), env=environment(self.folder)), options=options)
        self.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(self.downloads)})

    def quit(self):
        super().quit()
        shutil.rmtree(self.folder, ignore_errors=True)

    def viewport(self, width, height):
        self.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                             {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def media(self, light, paper=False, forced=False):
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print" if paper else "", "features": [
            {"name": "prefers-color-scheme", "value": "light" if light else "dark"},
            {"name": "prefers-reduced-motion", "value": "reduce"},
            {"name": "forced-colors", "value": "active" if forced else "none"}]})

    def problems(self):
        """What broke the Content-Security-Policy, or was thrown and not caught, since the last call."""
        return [entry["message"] for entry in self.get_log("browser")
                if "Content Security Policy" in entry["message"] or "Uncaught" in entry["message"]]

    def cut_off(self):
        self.execute_cdp_cmd("Network.enable", {})
        self.execute_cdp_cmd("Network.setBlockedURLs", {"urls": [f"*{part}*" for part in AWAY]})

    def restore(self):
        self.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})


class Firefox(webdriver.Remote):
    """An installed Firefox.  geckodriver only translates WebDriver into Marionette, and Debian has none."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dbk-firefox-"))
        self.downloads = self.folder / "downloads"
        profile = self.folder / "profile"
        profile.mkdir()
        preferences = {**FIREFOX_PREFERENCES, "browser.download.dir": str(self.downloads)}
        (profile / "user.js").write_text("".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
                                                 for name, value in preferences.items()))
        # The last flag lets the tests run scripts in the browser itself.
        command = [shutil.which("firefox-esr") or shutil.which("firefox"), "--headless", "--no-remote", "--profile", str(profile),
                   "--marionette", "--remote-allow-system-access"]
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(command, env=environment(self.folder), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        super().__init__(command_executor=Marionette(self._port(profile / "MarionetteActivePort")), options=webdriver.FirefoxOptions())
        self._is_remote = False  # or text that is the path of a file would be uploaded
        self.set_window_rect(0, 0, 1600, 1200)

    def _port(self, file):
        end = time.monotonic() + PATIENCE_S
        while not (file.exists() and file.read_text().strip()):
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"Firefox does not listen: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        return int(file.read_text())

    def quit(self):
        super().quit()
        self.process.wait(PATIENCE_S)
        shutil.rmtree(self.folder, ignore_errors=True)

    def in_browser(self, script, *args):
        """A script in the window of the browser itself, not in the page."""
        with self.command_executor.chrome():
            return self.execute_script(script, *args)

    def viewport(self, width, height):
        """The page alone, because a window of Firefox is never as narrow as a phone."""
        self.in_browser("""const style = gBrowser.selectedBrowser.style;
            style.setProperty('width', `${arguments[0]}px`);
            style.setProperty('height', `${arguments[1]}px`);""", width, height)
        end = time.monotonic() + PATIENCE_S
        while self.execute_script("return [innerWidth, innerHeight]") != [width, height]:
            assert time.monotonic() < end, f"the page is not {width} x {height}"
            time.sleep(0.02)

    def media(self, light, paper=False, forced=False):
        self.in_browser("""const context = gBrowser.selectedBrowser.browsingContext;
            context.prefersColorSchemeOverride = arguments[0];
            context.mediumOverride = arguments[1];
            Services.prefs.setIntPref('browser.display.document_color_use', arguments[2]);""",
                        "light" if light else "dark", "print" if paper else "", 2 if forced else 0)

    def problems(self):
        """What broke the Content-Security-Policy, or was thrown and not caught, in a page since the last call."""
        return self.in_browser("""const errors = Services.console.getMessageArray().filter(m => m instanceof Ci.nsIScriptError &&
                !(m.flags & Ci.nsIScriptError.warningFlag) && /^(content javascript|CSP_)/.test(m.category));
            Services.console.reset();
            return errors.map(m => `${m.category}: ${m.errorMessage} (${m.sourceName}:${m.lineNumber})`)""")

    def cut_off(self):
        self.in_browser("""const parts = arguments[0];
            window.cutOff = { observe(channel) {
                if (parts.some(part => channel.QueryInterface(Ci.nsIHttpChannel).URI.pathQueryRef.includes(part)))
                    channel.cancel(Cr.NS_ERROR_CONNECTION_REFUSED);
            } };
            Services.obs.addObserver(window.cutOff, 'http-on-modify-request');""", AWAY)

    def restore(self):
        self.in_browser("Services.obs.removeObserver(window.cutOff, 'http-on-modify-request')")


BROWSERS = {"chromium": Chromium, "firefox": Firefox}
