"""The limits of carriers and plans in the settings: added, changed and removed by a person."""
from support import campaign, event, post

CARD = "section[aria-label='Limits of carriers and plans']"


def rule(stack, name):
    reply = stack.ask("GET", f"/api/organizations/acme/limits/{name}", token=stack.daybook.token())
    return reply.json["data"]["rule"] if reply.status == 200 else None


def choose(page, label, value):
    page.driver.execute_script("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))", page.field(label), value)


def save(page):
    page.button("Save the limit", f"{CARD} button").click()


def test_a_known_limit_is_two_fields(page, stack):
    page.sign_in("settings")
    page.says("None yet.", CARD)
    page.type("Name of the limit", "t-mobile")
    choose(page, "Known limit", "t-mobile-10dlc-2000")
    page.says("SMS parts of a 10DLC brand to T-Mobile", CARD)
    save(page)
    page.says("Saved.", CARD)
    page.says("t-mobile SMS: parts, each day of America/Los_Angeles. To T-Mobile. 2,000", CARD)
    page.says('Limit "t-mobile" SMS: parts, each day of America/Los_Angeles. To T-Mobile. 2,000 0 0 2,000', ".limits")
    assert rule(stack, "t-mobile")["network"] == "T-Mobile"
    assert page.serious() == []


def test_a_limit_is_spelled_out_changed_and_removed_and_the_audit_log_says_so(page, stack):
    campaign(stack.daybook, "c", {"at": "2026-05-22T15:00:00Z", "contacts": 100})
    post(stack.daybook, event("2026-05-20T15:00:00Z", messages=7))
    page.sign_in("settings")
    page.type("Name of the limit", "mine")
    choose(page, "Over which time", "rolling")
    page.type("Hours", "48")
    page.type("Allowed amount", "50")
    save(page)
    page.says("days are over this limit. Save it?", "dialog")
    page.button("Save", "dialog button").click()
    page.says("over their limit", CARD)
    assert rule(stack, "mine") == {"channels": ["SMS"], "unit": "message", "window": "rolling", "hours": 48,
                                   "amounts": [{"validFrom": "2026-05-20", "amount": 50}], "action": "refuse"}
    page.button("Change", f"{CARD} button").click()
    page.type("Allowed amount", "500")
    page.type("From which day on", "2026-06-01")
    save(page)
    page.says("over this limit. Save it?", "dialog")		# until June it is as it was
    page.button("Save", "dialog button").click()
    page.says("500 from Mon, Jun 1", CARD)
    page.says("SMS: messages, in any 48 hours.", CARD)
    page.button("Remove", f"{CARD} button").click()
    page.button("Remove", "dialog button").click()
    page.says("The limit \"mine\" is removed.", CARD)
    page.says("None yet.", CARD)
    assert rule(stack, "mine") is None
    page.go("audit")
    page.says("Limit removed")
    page.says("mine: Allowed amount: 50 from 2026-05-20 → 50 from 2026-05-20, 500 from 2026-06-01")


def test_what_is_wrong_is_said_at_its_field(page, stack):
    page.sign_in("settings")
    page.type("Name of the limit", "Mine!")
    save(page)
    assert page.wrong_at("Name of the limit") == "Small letters, digits and hyphens."
    page.type("Name of the limit", "mine")
    page.type("Days of which time zone", "Mars/Base")
    page.type("Allowed amount", "5")
    save(page)
    assert page.wrong_at("Days of which time zone") == "There is no zone \"Mars/Base\"."
    page.type("Days of which time zone", "Asia/Tokyo")
    choose(page, "What it counts", "cost")
    page.type("Allowed amount", "12.5")
    save(page)
    page.says("mine SMS: US dollars, each day of Asia/Tokyo. $12.50", CARD)


def test_a_limit_of_that_name_or_one_that_was_changed_meanwhile_is_not_replaced(page, stack):
    def set_elsewhere(amount):
        reply = stack.ask("PUT", "/api/organizations/acme/limits/mine", body={"channels": ["SMS"], "window": "day", "amount": amount},
                          token=stack.daybook.token())
        assert reply.status == 200, reply

    set_elsewhere(100)
    page.sign_in("settings")
    page.type("Name of the limit", "mine")
    page.type("Allowed amount", "50")
    save(page)
    page.says("There is a limit of that name already.", CARD)
    page.button("Change", f"{CARD} button").click()
    page.wait(lambda: page.field("Allowed amount").get_attribute("value") == "100", "the limit in the form")
    set_elsewhere(200)
    page.type("Allowed amount", "60")
    save(page)
    page.says("The limit was changed meanwhile.", CARD)
    assert rule(stack, "mine")["amounts"][-1]["amount"] == 200
    page.button("Change", f"{CARD} button").click()
    page.wait(lambda: page.field("Allowed amount").get_attribute("value") == "200", "the limit in the form")
    for value in ("70", "80"):	# twice, without another look
        page.type("Allowed amount", value)
        save(page)
        page.says(f"{value} ", f"{CARD} .list")
    assert rule(stack, "mine")["amounts"][-1]["amount"] == 80
