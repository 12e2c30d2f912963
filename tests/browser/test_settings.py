"""The settings, the prices, the keys and the audit log, for whom may."""
from selenium.webdriver.common.keys import Keys


def test_a_limit_and_the_week_are_changed_and_the_audit_log_says_so(page, stack):
    page.sign_in("settings")
    page.type("Daily limit", "700")
    page.button("Save", "form:has(input[max='31']) button").click()
    page.says("Saved.")
    page.driver.execute_script("""const select = [...document.querySelectorAll('label')].find(l => l.textContent ===
        'First day of the week').nextSibling; select.value = '7'""")
    page.button("Save", "form:first-child button").click()
    page.wait(lambda: page.text("main").count("Saved.") == 2, "both are saved")
    page.go("calendar")
    page.day_says("2026-05-22", "700 free")
    assert page.text(".week").split()[0] == "Sun"
    page.go("audit")
    page.says("Organization changed")
    page.says("Daily limit: 500 → 700")
    page.says("First day of the week: 1 → 7")
    page.says("a token of the key main")
    page.press("CSV")
    assert "dailyLimit" in page.downloaded("audit.csv")


def test_another_zone_names_the_segments_that_it_moves(page, stack):
    stack.ask("POST", "/api/campaigns", body={"id": "c", "name": "C", "contactCount": 5, "scheduledISO": "2026-05-23T02:00:00Z"},
              token=stack.daybook.token())
    page.sign_in("settings")
    page.type("Time zone", "Asia/Tokyo")
    page.button("Save", "form:has(#zones) button").click()
    page.says("Segments on another day now: c 1: Fri, May 22 → Sat, May 23")
    page.says("Asia/Tokyo", ".top .clock")


def test_a_setting_that_is_wrong_is_refused_in_words_and_stays_in_the_form(page):
    page.sign_in("settings")
    page.type("Time zone", "Mars/Olympus")
    page.button("Save", "form:has(#zones) button").click()
    page.says("Time zone: there is no zone \"Mars/Olympus\"", "form:has(#zones) .notice")
    assert page.field("Time zone").get_attribute("value") == "Mars/Olympus"


def test_all_days_are_cut_anew_only_by_who_says_so_twice(page, stack):
    def zone():
        return stack.ask("GET", "/api/organizations/acme", token=stack.daybook.token()).json["data"]["timezone"]

    page.sign_in("settings")
    page.type("Time zone", "Asia/Tokyo")
    page.find("form:has(#zones) input[type=checkbox]").click()
    page.button("Save", "form:has(#zones) button").click()
    page.says("Recompute all days in Asia/Tokyo?", "dialog")
    page.press("No, go back")
    page.settled()
    assert zone() == "America/New_York" and "Saved." not in page.text("main")
    page.button("Save", "form:has(#zones) button").click()
    page.button("Recompute all days", "dialog button").click()
    page.says("Saved.", "form:has(#zones)")
    assert zone() == "Asia/Tokyo"
    assert not page.find("form:has(#zones) input[type=checkbox]").is_selected()


def test_who_saves_by_the_keyboard_stays_on_the_button(page):
    page.sign_in("settings")
    save = page.button("Save", "form:first-child button")
    page.driver.execute_script("arguments[0].focus()", save)
    page.key(Keys.ENTER)
    page.says("Saved.")
    assert page.driver.switch_to.active_element == save


def test_a_key_that_is_made_by_two_clicks_is_one(page, stack):
    page.sign_in("settings")
    page.type("Name of the key", "CRM")
    page.driver.execute_script("arguments[0].click(); arguments[0].click()", page.button("Create a key"))
    page.says("shown only once")
    page.settled()
    reply = stack.ask("GET", "/api/organizations/acme/api-keys", token=stack.daybook.token())
    assert len(reply.json["data"]["apiKeys"]) == 1


def test_an_api_key_is_shown_once_works_and_is_revoked(page, stack):
    page.sign_in("settings")
    page.type("Name of the key", "CRM")
    page.press("Create a key")
    page.says("shown only once")
    key = page.field("The key").get_attribute("value")
    assert key.startswith("dbk_")
    assert stack.ask("GET", "/organization/usage", token=key).status == 200
    page.go("calendar")
    page.go("settings")
    assert key not in page.driver.execute_script("return document.documentElement.outerHTML")
    page.press("Revoke")
    page.button("Revoke", "dialog button").click()
    page.says("CRM is revoked.")
    assert stack.ask("GET", "/organization/usage", token=key).status == 401


def test_a_price_is_set_from_a_day_on(page):
    page.sign_in("settings")
    page.says("SMS $0.0079 Sun, Jan 1, 2012 common")
    page.type("US dollars per part", "0.0123")
    page.press("Set the price")
    page.says("SMS $0.0123 Wed, May 20 your own")


def test_the_zones_to_choose_from_are_those_of_the_server(page, stack):
    """The browser's own list has Asia/Calcutta and not Asia/Kolkata, which a server may lack."""
    page.sign_in("settings")
    offered = page.driver.execute_script("return [...document.querySelectorAll('#zones option')].map(o => o.value)")
    listed = stack.ask("GET", "/api/organizations/acme/timezone", token=stack.daybook.token()).json["data"]["timezones"]
    assert offered == listed and {"Asia/Kolkata", "US/Eastern", "UTC"} <= set(offered)
