"""The settings, the prices, the keys and the audit log, for whom may."""
import pytest
from selenium.webdriver.common.keys import Keys

from support import campaign, event, post


def test_a_limit_and_the_week_are_changed_and_the_audit_log_says_so(page, stack):
    page.sign_in("settings")
    page.type("Daily SMS limit", "700")
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
    page.says("Daily SMS limit: 500 → 700")
    page.says("First day of the week: Monday → Sunday")
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
    assert page.wrong_at("Time zone").startswith("There is no zone \"Mars/Olympus\"")
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
    page.says("Programs that use it are refused from now on.", "dialog")
    assert page.driver.switch_to.active_element.text == "No, leave it"
    page.key(Keys.ENTER)
    page.wait(lambda: not page.finds("dialog"), "no question")
    assert stack.ask("GET", "/organization/usage", token=key).status == 200
    page.press("Revoke")
    page.button("Revoke", "dialog button").click()
    page.says("CRM is revoked.")
    assert stack.ask("GET", "/organization/usage", token=key).status == 401


def test_a_price_is_set_from_a_day_on(page):
    page.sign_in("settings")
    page.says("SMS $0.0079 Sun, Jan 1, 2012 all organizations")
    page.type("US dollars per part", "0.0123")
    page.press("Set the price")
    page.says("SMS $0.0123 Wed, May 20 this organization")


def test_the_zones_to_choose_from_are_those_of_the_server(page, stack):
    """The browser's own list has Asia/Calcutta and not Asia/Kolkata, which a server may lack."""
    page.sign_in("settings")
    offered = page.driver.execute_script("return [...document.querySelectorAll('#zones option')].map(o => o.value)")
    listed = stack.ask("GET", "/api/organizations/acme/timezone", token=stack.daybook.token()).json["data"]["timezones"]
    assert offered == listed and {"Asia/Kolkata", "US/Eastern", "UTC"} <= set(offered)


# ---- Limits: what a lower one does is said before it is saved

LIMITS = "form:has(input[max='31'])"


def daily(stack):
    return stack.ask("GET", "/api/organizations/acme", token=stack.daybook.token()).json["data"]["dailyLimit"]


def test_a_lower_limit_asks_first_and_names_the_days_that_would_be_over(page, stack):
    campaign(stack.daybook, "c", *({"at": f"2026-05-{day}T15:00:00Z", "contacts": 200} for day in (21, 22, 23, 25)))
    page.sign_in("settings")
    page.type("Daily SMS limit", "100")
    page.button("Save", f"{LIMITS} button").click()
    page.says("With 100 SMS a day, 4 days are over their limit. Save it?", "dialog")
    page.says("Thu, May 21 – Sat, May 23 · Mon, May 25", "dialog")
    assert page.driver.switch_to.active_element.text == "Leave it as it was" and page.serious() == []
    page.key(Keys.ENTER)
    page.settled()
    assert daily(stack) == 500 and "Saved." not in page.text("main")
    page.button("Save", f"{LIMITS} button").click()
    page.button("Save", "dialog button").click()
    page.says("Saved. 4 days are over their limit and have no room: Thu, May 21 – Sat, May 23 · Mon, May 25", f"{LIMITS} .notice.warn")
    assert daily(stack) == 100 and page.serious() == []
    page.find(LIMITS).find_element("link text", "Mon, May 25").click()
    page.says("Monday, May 25, 2026", "aside")


def test_a_limit_that_leaves_no_day_over_it_is_saved_at_once(page, stack):
    campaign(stack.daybook, "c", {"at": "2026-05-21T15:00:00Z", "contacts": 200})
    page.sign_in("settings")
    for value in ("200", "900", ""):
        page.type("Daily SMS limit", value)
        page.button("Save", f"{LIMITS} button").click()
        page.says("Saved.", f"{LIMITS} .notice.good")
    assert daily(stack) is None


def test_a_cap_that_is_reached_already_asks_first(page, stack):
    post(stack.daybook, event("2026-05-10T15:00:00Z", channel="SMS", messages=1000))
    page.sign_in("settings")
    page.type("Cost cap, US dollars", "5")
    page.button("Save", f"{LIMITS} button").click()
    page.says("Cost cap of the billing cycle reached: $7.90 of $5.00. Nothing can be reserved before Mon, Jun 1.", "dialog")
    page.press("Leave it as it was")
    page.settled()
    assert stack.ask("GET", "/api/organizations/acme", token=stack.daybook.token()).json["data"]["costCap"] is None


@pytest.mark.parametrize("typed, cap", [("12,5", 12.5), ("12.5", 12.5), (" 1250 ", 1250), ("0,125", 0.125), ("1,2345", 1.2345)])
def test_a_comma_is_a_decimal_point(page, stack, typed, cap):
    page.sign_in("settings")
    page.type("Cost cap, US dollars", typed)
    page.button("Save", f"{LIMITS} button").click()
    page.says("Saved.", LIMITS)
    assert stack.ask("GET", "/api/organizations/acme", token=stack.daybook.token()).json["data"]["costCap"] == cap


@pytest.mark.parametrize("typed", ["1,250", "1.250,00", "x", "-1", "1e3"])
def test_an_amount_that_could_be_two_is_asked_about_at_its_field_and_saved_is_gone(page, stack, typed):
    page.sign_in("settings")
    page.button("Save", f"{LIMITS} button").click()
    page.says("Saved.", LIMITS)
    page.type("Cost cap, US dollars", typed)
    page.wait(lambda: "Saved." not in page.text(LIMITS), "what was saved is not said of the new value")
    page.button("Save", f"{LIMITS} button").click()
    assert page.wrong_at("Cost cap, US dollars").startswith("A number such as 12.5.")
    assert page.serious() == [] and "Saved." not in page.text(LIMITS)
    page.type("Cost cap, US dollars", "7")
    page.wait(lambda: not page.finds(".wrong"), "nothing is wrong")


# ---- Cycles and the currency

def test_a_cycle_day_from_a_date_on_is_said_and_other_savings_leave_it_alone(page, stack):
    def changes():
        return stack.ask("GET", "/api/organizations/acme", token=stack.daybook.token()).json["data"].get("cycleDayChanges")

    page.sign_in("settings")
    page.type("Billing cycle starts on day", "15")
    page.driver.execute_script("arguments[0].value = '2026-06-10'", page.field("New cycle day from"))
    page.button("Save", f"{LIMITS} button").click()
    page.says("The billing cycle will start on day 15 from Wed, Jun 10 on.", LIMITS)
    assert changes() == [{"from": "2026-06-10", "cycleDay": 15}]
    assert page.field("Billing cycle starts on day").get_attribute("value") == "1"
    page.type("SMS cap", "900")
    page.button("Save", f"{LIMITS} button").click()
    page.says("Saved.", LIMITS)
    assert changes() == [{"from": "2026-06-10", "cycleDay": 15}]
    page.driver.execute_script("arguments[0].removeAttribute('min'); arguments[0].value = '2026-05-01'", page.field("New cycle day from"))
    page.button("Save", f"{LIMITS} button").click()
    page.says("2026-05-01 is past.", LIMITS)
    assert page.wrong_at("New cycle day from") == "2026-05-01 is past."
    page.go("audit")
    page.says("Later start of the billing cycle: (empty) → 15 from 2026-06-10")


def test_another_currency_is_that_of_every_amount_and_stays_once_there_are_costs(page, stack):
    stack.daybook.cmd("price", "set", "SMS", "0.07", "--currency", "EUR", "--from", "2012-01-01")
    page.sign_in("settings")
    page.type("Currency", "eur")
    page.button("Save", "form:first-child button").click()
    page.says("Saved.", "form:first-child")
    page.says("SMS €0.07 Sun, Jan 1, 2012 all organizations")
    page.says("EUR per part")
    page.type("Cost cap, EUR", "5")
    page.button("Save", f"{LIMITS} button").click()
    page.says("Cost cap of the billing cycle SMS, Calls: EUR, each billing cycle. €5.00 €0.00 €0.00 €5.00", ".limits")
    post(stack.daybook, event("2026-05-10T15:00:00Z", messages=10))
    page.go("usage")
    page.says("€0.70")
    page.go("settings")
    page.type("Currency", "USD")
    page.button("Save", "form:first-child button").click()
    page.says("is an amount of money", "form:first-child")
    assert stack.ask("GET", "/api/organizations/acme", token=stack.daybook.token()).json["data"]["currency"] == "EUR"
    assert page.serious() == []
    page.go("audit")
    page.says("Currency: USD → EUR")


# ---- The audit log

def test_the_audit_log_says_who_did_what_to_which_campaign(page, stack):
    token = stack.daybook.cmd("token", "--org", "acme", "--scope", "usage:read campaigns:write", "--sub", "ana@example.com").stdout.strip()
    stack.ask("POST", "/api/campaigns", body={"id": "c", "name": "Black Friday recall", "contactCount": 100, "scheduledISO": "2026-05-22T14:00:00Z"},
              token=token)
    for verb in ("pause", "resume", "cancel"):
        stack.ask("POST", f"/api/campaigns/c/{verb}", token=token)
    stack.ask("PUT", "/api/organizations/acme/limits", body={"costCap": "150", "quotaUnit": "part"}, token=stack.daybook.token())
    page.sign_in("audit")
    who = "ana@example.com a token of the key main"
    page.says(f"{who} Campaign cancelled Black Friday recall: Segment 1: Status: scheduled → cancelled")
    page.says(f"{who} Campaign resumed Black Friday recall: Segment 1: Status: paused → scheduled")
    page.says(f"{who} Campaign paused Black Friday recall: Segment 1: Status: scheduled → paused")
    page.says("Organization changed Daily SMS limit counts: messages → parts, Cost cap: no cap → $150.00")
    page.find("tbody").find_element("link text", "Black Friday recall").click()
    page.says("Black Friday recall cancelled", "h1")
