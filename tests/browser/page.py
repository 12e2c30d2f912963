"""The dashboard as a person finds it: by its words.  Everything waits for its condition."""
import pathlib
import re
import shutil

from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.support.ui import WebDriverWait

ROOT = pathlib.Path(__file__).resolve().parents[2]
AXE = ROOT / "build/node/node_modules/axe-core/axe.min.js"
ALL_SCOPES = "usage:read usage:write campaigns:write org:admin"
PATIENCE_S = 20
UNFINISHED = {".part", ".crdownload"}  # a download that goes on


class Page:
    def __init__(self, driver, stack):
        self.driver, self.stack = driver, stack
        self.media(light=True)
        self.size(1440, 1000)
        driver.problems()
        shutil.rmtree(driver.downloads, ignore_errors=True)
        driver.downloads.mkdir()

    # ---- How it is looked at
    def size(self, width, height):
        self.driver.viewport(width, height)

    def media(self, light=True, paper=False, forced=False):
        self.driver.media(light, paper, forced)

    # ---- Going somewhere
    def sign_in(self, where="", scope=ALL_SCOPES, org="acme", token=None, **options):
        """By the link with the token; then to a page of the dashboard."""
        token = token or self.stack.daybook.token(org, scope, **options)
        if self.driver.current_url.startswith(self.stack.url):	# as a browser that nobody has used: it asks nothing
            self.driver.execute_script("sessionStorage.clear(); localStorage.clear()")
        self.driver.get("about:blank")
        self.driver.get(f"{self.stack.url}#token={token}")
        self.wait(lambda: self.finds("nav a"), "signed in")
        if where:
            self.go(where)
        self.settled()
        return token

    def go(self, where):
        """Not before the page has heard of it: until then the page before is settled too."""
        self.driver.execute_async_script("""const [where, done] = arguments, before = location.hash;
            addEventListener('hashchange', () => done(), { once: true });
            location.hash = where;
            if (location.hash === before)
                done();""", where)
        self.settled()

    def settled(self):
        self.wait(lambda: self.finds(".page") and not self.finds("[aria-busy]") and not self.finds(".loading"), "a page")

    def hash(self):
        return self.driver.execute_script("return location.hash")

    # ---- Looking
    def wait(self, condition, what):
        def holds(_):
            try:
                return condition()
            except StaleElementReferenceException:
                return False
        try:
            return WebDriverWait(self.driver, PATIENCE_S, 0.05).until(holds)
        except TimeoutException:
            raise AssertionError(f"waited for {what}; the page says: {self.text()[:3000]}") from None

    def finds(self, css):
        return self.driver.find_elements("css selector", css)

    def find(self, css):
        return self.wait(lambda: self.finds(css), css)[0]

    def text(self, css="body"):
        """Firefox answers nothing while a page is being loaded again."""
        return " ".join((self.driver.execute_script("return document.querySelector(arguments[0])?.innerText", css) or "").split())

    def says(self, words, css="body"):
        self.wait(lambda: words in self.text(css), repr(words))

    def day(self, date):
        """All that a day of the calendar says, also to those who listen."""
        return " ".join(self.driver.execute_script(
            "return document.querySelector(`[data-date='${arguments[0]}'] button`)?.textContent || ''", date).split())

    def day_says(self, date, words):
        self.wait(lambda: words in self.day(date), f"{date}: {words!r}, not {self.day(date)!r}")

    def share(self, date, part):
        """How much of the day's bar is sent, reserved or proposed: 0 to 1."""
        return self.driver.execute_script("""const bar = document.querySelector(`[data-date='${arguments[0]}'] .bar`);
            const part = bar && bar.querySelector('.bar-' + arguments[1]);
            return part ? part.getBoundingClientRect().width / bar.getBoundingClientRect().width : 0""", date, part)

    # ---- Doing
    def button(self, words, css="button, a.button"):
        return self.wait(lambda: [b for b in self.finds(css) if words in b.text and b.is_displayed()], f"the button {words!r}")[0]

    def press(self, words):
        self.button(words).click()

    def field(self, label):
        def labelled():
            return [self.driver.find_element("id", e.get_attribute("for")) for e in self.finds("label[for]") if e.text == label]
        return self.wait(labelled, f"the field {label!r}")[0]

    def wrong_at(self, label):
        """What is said of the field, as somebody who listens to it hears it too."""
        control = self.field(label)
        self.wait(lambda: control.get_attribute("aria-invalid") == "true", f"{label} is called wrong")
        ids = control.get_attribute("aria-describedby").split()
        return " ".join(self.text(f"#{i}") for i in ids if i.endswith("-wrong"))

    def type(self, label, text):
        """Dates and times go in by their value: what keys they take depends on the browser's language."""
        control = self.field(label)
        if control.get_attribute("type") in ("date", "time"):
            self.driver.execute_script("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', "
                                       "{bubbles: true}))", control, text)
        else:
            control.clear()
            control.send_keys(text)

    def propose(self, name, contacts, date=None, time=None):
        """Asks the planner for days; a date or time of None stays as the page gives it."""
        for label, text in (("Name", name), ("Contacts", contacts), ("First date", date), ("Time", time)):
            if text is not None:
                self.type(label, text)
        self.press("Propose days")

    def key(self, *keys):
        self.driver.switch_to.active_element.send_keys(*keys)

    def focused_date(self):
        return self.driver.execute_script("return document.activeElement.closest('[data-date]')?.dataset.date")

    def downloaded(self, name):
        """The text of a file once it is all there."""
        file = self.driver.downloads / name
        self.wait(lambda: file.exists() and [f.name for f in self.driver.downloads.iterdir() if f.suffix in UNFINISHED] == [],
                  f"the file {name}")
        return file.read_text()

    # ---- Slow servers
    def hold(self, part):
        """What the page asks whose path has this part waits; let_go() lets it go."""
        self.driver.execute_script("""const real = window.fetch, part = arguments[0];
            window.waiting = [];
            window.asked = [];
            window.fetch = async (path, options) => {
                window.asked.push(path);
                if (path.includes(part))
                    await new Promise(go => window.waiting.push(go));
                const reply = await real(path, options);
                if (path.includes(part))
                    setTimeout(() => { window.answered = true; });
                return reply;
            };
            window.letGo = () => { window.fetch = real; window.waiting.forEach(go => go()); };""", part)

    def held(self, n=1):
        self.wait(lambda: self.driver.execute_script("return window.waiting.length") >= n, f"{n} requests that wait")

    def let_go(self):
        """Also waits until the page has the first answer."""
        self.driver.execute_script("window.letGo()")
        self.wait(lambda: self.driver.execute_script("return window.answered"), "an answer")

    def still(self):
        """From now on the page looks for nothing by itself, so that only what the test does meets the server."""
        self.driver.execute_script("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")

    def look_again(self):
        """What the page does every half a minute, to its end: some time after the last of its requests."""
        before = self.driver.execute_script("""if (!window.requests) {
                const real = window.fetch, r = window.requests = { began: 0, ended: 0 };
                window.fetch = (...all) => { r.began++; return real(...all).finally(() => setTimeout(() => r.ended++, 100)); };
            }
            return window.requests.began""")
        # A round that is under way takes no other in: it is asked for until one begins.
        self.wait(lambda: self.driver.execute_script("""const r = window.requests;
            if (r.began === arguments[0])
                document.dispatchEvent(new Event('visibilitychange'));
            return r.began > arguments[0] && r.ended === r.began""", before), "the round")

    # ---- What must never be
    def problems(self):
        return self.driver.problems()

    def other_origins(self):
        names = self.driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
        return [name for name in names if not name.startswith((f"http://127.0.0.1:{self.stack.port}/", "blob:", "data:"))]

    def wrong(self):
        """What axe finds against any of its rules, those of good practice too, as texts."""
        self.driver.execute_script(AXE.read_text())
        found = self.driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")["violations"]
        return [f"{v['id']} ({v['impact']}): {node['html'][:200]} {node['failureSummary'][:300]}" for v in found for node in v["nodes"]]

    def serious(self):
        """The serious and critical ones of them."""
        return [text for text in self.wrong() if re.match(r"\S+ \((serious|critical)\)", text)]
