"""Signing in: by the link, by pasting; losing the credential; the server away."""
import pytest
from selenium.webdriver.common.keys import Keys

from support import set_clock


def link_of(stack, *options, org="acme"):
    return stack.daybook.cmd("token", "--org", org, "--link", "--url", stack.url, *options).stdout.strip()


def test_the_link_signs_in_and_its_token_is_nowhere_but_in_the_tab(page):
    token = page.sign_in()
    page.says("acme", "header")
    assert "token" not in page.driver.current_url
    assert page.driver.execute_script("return [...Object.values(sessionStorage)]") == [token]
    assert page.driver.execute_script("return [Object.entries(localStorage), document.cookie]") == [[["daybook.organization", "acme"]], ""]


def test_the_link_that_the_command_prints_opens_the_dashboard(page, stack):
    link = link_of(stack)
    page.driver.get(link)
    page.says("Daily limit 500")
    kept = page.driver.execute_script("return sessionStorage.getItem('daybook.credential')")
    assert kept.count(".") == 2 and kept not in link, "it was exchanged"
    page.driver.get("about:blank")
    page.driver.get(link)
    page.says("does not sign in any more", "dialog")
    page.press("Close")
    page.says("Daily limit 500")	# the session is the one that there was
    assert page.driver.execute_script("return sessionStorage.getItem('daybook.credential')") == kept
    refused = stack.daybook.cmd("token", "--org", "acme", "--url", stack.url, check=False)
    assert refused.returncode == 2 and "--link" in refused.stderr


def test_a_link_replaces_no_session_unasked(page, stack):
    stack.daybook.cmd("org", "add", "globex", "--timezone", "Europe/Berlin", "--name", "Globex <b>", "--daily-limit", "7")
    mine = page.sign_in()
    for start in ("about:blank", None):	# the page is loaded; then only its address changes
        if start:
            page.driver.get(start)
        page.driver.get(link_of(stack, "--sub", "eve@example.com", org="globex"))
        page.says("Sign in to Globex <b> as eve@example.com?", "dialog")
        assert page.serious() == []
        page.press("No, go back")
        page.says("Daily limit 500")
        assert page.driver.execute_script("return sessionStorage.getItem('daybook.credential')") == mine
        assert "token" not in page.driver.current_url
    page.driver.get(link_of(stack, "--sub", "eve@example.com", org="globex"))
    page.says("Sign in to", "dialog")
    page.press("Sign in")
    page.says("Globex <b>", "header")
    page.says("Daily limit 7")


def test_a_link_to_another_organization_than_the_last_one_asks_in_a_new_tab_too(page, stack):
    stack.daybook.cmd("org", "add", "globex", "--timezone", "Europe/Berlin", "--daily-limit", "7")
    page.sign_in()
    page.driver.execute_script("sessionStorage.clear()")	# what a new tab has not
    page.driver.get("about:blank")
    page.driver.get(link_of(stack, org="globex"))
    page.says("Sign in to globex as jwt:", "dialog")
    page.press("No, go back")
    page.says("Sign in to Daybook")
    page.driver.get("about:blank")
    page.driver.get(link_of(stack))
    page.says("Daily limit 500")	# the same organization as before, and nobody to replace


def test_an_api_key_that_is_pasted_signs_in_and_a_wrong_one_is_refused(page, stack):
    key = stack.daybook.cmd("apikey", "add", "--org", "acme", "--name", "front end", "--scope", "usage:read").stdout
    key = next(word for word in key.split() if word.startswith("dbk_"))
    page.driver.get(stack.url)
    page.type("Token or API key", "dbk_nonsense")
    page.press("Sign in")
    page.says("does not accept this credential")
    page.type("Token or API key", key)
    page.key(Keys.ENTER)
    page.says("Daily limit 500")
    assert page.finds("dialog") == []


WRAPPINGS = {
    "wrapped by a terminal": lambda t: "\r\n".join(t[i:i + 80] for i in range(0, len(t), 80)) + "\n",
    "indented in a mail": lambda t: "\n".join(f"    {t[i:i + 60]}" for i in range(0, len(t), 60)),
    "with its word": lambda t: f"Bearer {t}", "as a header": lambda t: f"Authorization: Bearer {t}",
    "quoted": lambda t: f'"{t}"', "in a typographer's quotes": lambda t: f"\u201c{t}\u201d", "with what is not seen": lambda t: f"\ufeff{t}\u200b",
    "as code": lambda t: f"`{t}` ",
}


@pytest.mark.parametrize("wrapped", WRAPPINGS.values(), ids=WRAPPINGS)
def test_a_token_signs_in_with_what_was_copied_around_it(page, stack, wrapped):
    token = stack.daybook.token()
    page.driver.get(stack.url)
    page.driver.execute_script("arguments[0].value = arguments[1]", page.field("Token or API key"), wrapped(token))
    page.press("Sign in")
    page.says("Daily limit 500")
    assert page.driver.execute_script("return sessionStorage.getItem('daybook.credential')") == token


def test_what_is_no_token_is_called_none(page, stack):
    page.driver.get(stack.url)
    for text in ("caf\u00e9", "a/b", "{\"token\":1}", "<b>"):
        page.driver.execute_script("arguments[0].value = arguments[1]", page.field("Token or API key"), text)
        page.press("Sign in")
        page.says("This is not a token: it has characters that a token never has.", "dialog")
        page.driver.execute_script("document.querySelector('dialog .notice').remove()")
    assert "does not answer" not in page.text()


# ---- The tabs of one browser

class Tabs:
    def __init__(self, page):
        self.page, self.driver, self.first = page, page.driver, page.driver.current_window_handle
        self.opened = []

    def open(self, where=""):
        self.driver.switch_to.new_window("tab")
        self.opened.append(self.driver.current_window_handle)
        self.driver.get(self.page.stack.url + where)
        return self.opened[-1]

    def to(self, handle):
        self.driver.switch_to.window(handle)


@pytest.fixture
def tabs(page):
    tabs = Tabs(page)
    yield tabs
    for handle in tabs.opened:
        tabs.to(handle)
        tabs.driver.close()
    tabs.to(tabs.first)


def test_a_second_tab_is_signed_in_and_nothing_of_it_is_stored(page, tabs):
    token = page.sign_in()
    tabs.open("#campaigns")
    page.says("No campaigns.")
    assert page.finds("dialog") == [] and page.text("nav a[aria-current=page]") == "Campaigns"
    assert page.driver.execute_script("return Object.values(sessionStorage)") == [token]
    assert page.driver.execute_script("return [Object.entries(localStorage), document.cookie]") == [[["daybook.organization", "acme"]], ""]
    page.driver.refresh()
    page.says("No campaigns.")


def test_a_sign_out_reaches_every_tab(page, tabs):
    page.sign_in()
    second = tabs.open()
    page.says("Daily limit 500")
    page.press("Sign out")
    page.says("Sign in to Daybook")
    tabs.to(tabs.first)
    page.says("Sign in to Daybook")
    assert page.driver.execute_script("return sessionStorage.length") == 0
    tabs.to(second)
    assert page.driver.execute_script("return sessionStorage.length") == 0


def signed_out(page):
    page.says("Sign in to Daybook")
    return page.driver.execute_script("return sessionStorage.length") == 0


def test_a_sign_out_reaches_a_tab_that_was_on_another_page(page, tabs):
    page.sign_in()
    second = tabs.open()
    page.says("Daily limit 500")
    tabs.to(tabs.first)
    page.driver.get("about:blank")
    tabs.to(second)
    page.press("Sign out")
    assert signed_out(page)
    tabs.to(tabs.first)
    page.driver.back()
    assert signed_out(page)
    tabs.to(second)
    page.driver.refresh()
    assert signed_out(page)


def test_a_credential_from_before_a_sign_out_is_taken_from_no_tab(page, tabs):
    token = page.sign_in()
    page.press("Sign out")
    assert signed_out(page)
    page.driver.execute_script("""const channel = new BroadcastChannel('daybook /'), credential = arguments[0];
        channel.onmessage = ({ data }) => {
            if (data.asks) {
                window.answered = true;
                channel.postMessage({ answers: data.asks, credential, signOut: '', usedAt: Date.now() });
            }
        };""", token)
    second = tabs.open()
    assert signed_out(page)
    tabs.to(tabs.first)
    page.wait(lambda: page.driver.execute_script("return window.answered"), "the answer")
    tabs.to(second)
    assert signed_out(page)


def test_a_page_that_the_browser_had_put_aside_is_not_shown_after_a_sign_out(page):
    page.sign_in()
    page.driver.execute_script("""localStorage.setItem('daybook.signOut /', '1');
        dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));""")
    assert signed_out(page)
    assert page.finds("nav") == []


def test_a_sign_out_needs_no_room_for_its_mark(page, tabs):
    page.sign_in()
    tabs.open()
    page.says("Daily limit 500")
    page.driver.execute_script("""const real = Storage.prototype.setItem;
        Storage.prototype.setItem = function (...given) {
            if (this === localStorage)
                throw new DOMException('full', 'QuotaExceededError');
            real.apply(this, given);
        };""")
    page.press("Sign out")
    assert signed_out(page)
    tabs.to(tabs.first)
    assert signed_out(page)


def test_tabs_that_wait_for_a_sign_in_follow_the_one_that_has_it(page, stack, tabs):
    page.driver.get(stack.url)
    page.says("Sign in to Daybook")
    tabs.open()
    page.type("Token or API key", stack.daybook.token())
    page.press("Sign in")
    page.says("Daily limit 500")
    tabs.to(tabs.first)
    page.says("Daily limit 500")


def test_a_tab_that_waits_for_a_sign_in_follows_a_link_in_another(page, stack, tabs):
    page.driver.get(stack.url)
    page.says("Sign in to Daybook")
    tabs.open(link_of(stack).partition(stack.url)[2])
    page.says("Daily limit 500")
    tabs.to(tabs.first)
    page.says("Daily limit 500")


def test_a_tab_that_waits_is_not_given_another_organizations_session(page, stack, tabs):
    stack.daybook.cmd("org", "add", "globex", "--timezone", "Europe/Berlin", "--daily-limit", "7")
    page.sign_in("planner", ttl="1h")
    page.type("Name", "Of acme")
    set_clock(stack.daybook, "2026-05-20T22:30:00Z")
    page.driver.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    page.says("has expired", "dialog")
    tabs.open()
    page.says("has expired", "dialog")	# it was given what the first tab had
    page.type("Token or API key", stack.daybook.token("globex"))
    page.press("Sign in")
    page.says("globex", "header")
    tabs.to(tabs.first)
    page.says("has expired", "dialog")
    page.says("acme", "header")
    assert page.field("Name").get_attribute("value") == "Of acme"


def test_a_tab_of_all_organizations_that_waits_is_not_given_one_organizations_session(page, stack, tabs):
    page.sign_in(org=None, scope="admin", ttl="1h")
    set_clock(stack.daybook, "2026-05-20T22:30:00Z")
    page.driver.execute_script("""window.sawSignIn = 0;
        new BroadcastChannel('daybook /').onmessage = ({ data }) => { window.sawSignIn += data.signedIn ? 1 : 0; };""")
    # Without an organization the page asks only who it is, and only when the server was away: a link that meets no server says so.
    page.driver.cut_off()
    page.driver.execute_script("location.hash = 'token=none'")
    page.says("does not answer", "#away")
    page.driver.restore()
    page.says("has expired", "dialog")
    tabs.open()
    page.says("has expired", "dialog")
    page.type("Token or API key", stack.daybook.token())
    page.press("Sign in")
    page.says("Daily limit 500")
    tabs.to(tabs.first)
    page.wait(lambda: page.driver.execute_script("return window.sawSignIn"), "it was told")
    page.type("Token or API key", stack.daybook.token(None, "admin"))
    page.press("Sign in")
    page.wait(lambda: not page.finds("dialog"), "signed in")
    page.says("All organizations", "header")


def test_a_new_tab_is_given_the_session_of_the_tab_that_was_used_last(page, stack, tabs):
    stack.daybook.cmd("org", "add", "globex", "--timezone", "Europe/Berlin", "--daily-limit", "7")
    page.sign_in()
    link = link_of(stack, org="globex")
    tabs.open(link.partition(stack.url)[2])
    page.says("Sign in to", "dialog")
    page.button("Sign in", "dialog button").click()
    page.says("globex", "header")
    tabs.open()
    page.says("globex", "header")


def test_the_token_of_a_link_that_is_pasted_is_exchanged(page, stack):
    token = link_of(stack).partition("#token=")[2]
    page.driver.get(stack.url)
    page.type("Token or API key", token)
    page.press("Sign in")
    page.says("Daily limit 500")
    kept = page.driver.execute_script("return sessionStorage.getItem('daybook.credential')")
    assert kept.count(".") == 2 and kept != token
    page.driver.execute_script("sessionStorage.clear()")
    page.driver.refresh()
    page.type("Token or API key", token)
    page.press("Sign in")
    page.says("does not accept this credential")


def test_an_expired_token_brings_the_sign_in_back_and_the_form_stays(page, stack):
    page.sign_in("planner", ttl="1h")
    page.type("Name", "Spring sale")
    page.type("Contacts", "1200")
    page.still()
    set_clock(stack.daybook, "2026-05-20T22:30:00Z")
    page.press("Propose days")
    page.says("has expired", "dialog")
    assert page.serious() == []
    page.type("Token or API key", stack.daybook.token())
    page.press("Sign in")
    page.says("Reserve all 1,200 contacts")
    assert page.field("Name").get_attribute("value") == "Spring sale"


def test_a_tab_that_was_left_open_asks_once_and_waits(page, stack):
    page.sign_in(ttl="1h")
    set_clock(stack.daybook, "2026-05-20T22:30:00Z")
    page.hold("nothing")
    page.driver.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    page.says("has expired", "dialog")
    asked = page.driver.execute_script("return window.asked.length")
    page.driver.execute_script("for (let i = 0; i < 20; i++) document.dispatchEvent(new Event('visibilitychange'))")
    assert page.driver.execute_script("return window.asked.length") == asked
    page.type("Token or API key", stack.daybook.token())
    page.press("Sign in")
    page.wait(lambda: not page.finds("dialog"), "signed in")


def test_what_waited_for_the_sign_in_is_never_done_for_another_organization(page, stack):
    stack.daybook.cmd("org", "add", "globex", "--timezone", "Europe/Berlin", "--daily-limit", "500")
    page.sign_in("planner", ttl="1h")
    page.propose("Of acme", "10")
    page.says("Reserve all", "form")
    page.still()
    set_clock(stack.daybook, "2026-05-20T22:30:00Z")
    page.press("Reserve all 10 contacts")
    page.type("Token or API key", stack.daybook.token("globex"))
    page.press("Sign in")
    page.says("globex", "header")
    page.settled()
    for org in ("acme", "globex"):
        reply = stack.ask("GET", "/api/campaigns", token=stack.daybook.token(org))
        assert reply.json["data"]["campaigns"] == [], org


def test_a_credential_with_other_scopes_changes_the_menu_and_not_the_form(page, stack):
    page.sign_in("planner", scope="usage:read campaigns:write", ttl="1h")
    page.type("Name", "Spring sale")
    page.type("Contacts", "10")
    page.still()
    set_clock(stack.daybook, "2026-05-20T22:30:00Z")
    page.press("Propose days")
    page.type("Token or API key", stack.daybook.token())
    page.press("Sign in")
    page.says("Reserve all 10 contacts")
    page.says("Settings", "nav")
    assert page.text("nav a[aria-current=page]") == "Planner"


def test_signing_out_forgets_the_credential(page):
    page.sign_in()
    page.press("Sign out")
    page.says("Sign in to Daybook")
    assert page.driver.execute_script("return sessionStorage.length") == 0


def test_who_may_only_read_sees_no_way_to_change_anything(page, stack):
    page.sign_in(scope="usage:read")
    assert page.text("nav") == "Calendar Campaigns Usage API"
    page.go("planner")
    page.says("Sign in with one that may")
    token = stack.daybook.token("acme", "campaigns:write")
    stack.ask("POST", "/api/campaigns", body={"id": "c", "name": "C", "autoSegment": {"totalContacts": 5}}, token=token)
    page.go("campaign/c")
    page.says("scheduled")
    assert [b.text for b in page.finds("main button")] == []


def test_a_token_of_no_organization_says_so(page, stack):
    page.sign_in(org=None, scope="admin")
    page.says("Sign in with a link, a token or a key of one organization.")


def test_while_the_server_is_away_the_page_says_so_and_recovers_by_itself(page, stack):
    page.sign_in()
    page.says("Daily limit 500")
    stack.away()
    page.press("Next ›")
    page.says("does not answer", "#away")
    stack.back()
    page.wait(lambda: page.text("#away") == "", "the server is back")
    page.day_says("2026-06-03", "500 free")


def test_a_page_whose_code_could_not_be_fetched_comes_when_the_server_is_back(page, stack):
    page.sign_in()
    stack.away()
    page.driver.execute_script("location.hash = 'usage'")
    page.says("Try again", "main")
    stack.back()
    page.says("This billing cycle")


def test_a_page_that_was_opened_while_the_server_was_away_comes_by_itself(page, stack):
    page.sign_in()
    page.driver.cut_off()
    page.driver.refresh()
    page.says("does not answer")
    page.driver.restore()
    page.says("Daily limit 500")
