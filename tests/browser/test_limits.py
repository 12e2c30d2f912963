"""Limits as a person sees them: what is left of each, which one a day or a refusal is about, and when there is room again."""
from support import campaign, event, post

FIELDS = ("dailyLimit", "smsCap", "costCap", "callCap", "messagesCap", "availableQuota", "limitedBy")


def limits(stack, **body):
    reply = stack.ask("PUT", "/api/organizations/acme/limits", body=body, token=stack.daybook.token())
    assert reply.status == 200, reply


def reserve(stack, contacts, at):
    reply = stack.ask("POST", "/api/campaigns", body={"name": "Other", "contactCount": contacts, "scheduledISO": at},
                      token=stack.daybook.token())
    assert reply.status == 201, reply


def shows_no_field_names(page):
    assert not [name for name in FIELDS if name in page.text()]


def test_usage_shows_what_each_limit_has_used_held_and_left_and_when_it_begins_again(page, stack):
    limits(stack, smsCap=700, costCap="9.5")
    post(stack.daybook, *[event("2026-05-20T15:00:00Z", channel="SMS") for _ in range(40)])
    campaign(stack.daybook, "c", {"at": "2026-05-20T22:00:00Z", "contacts": 60}, {"at": "2026-05-22T15:00:00Z", "contacts": 100})
    page.sign_in("usage")
    page.says("Limit Left Used Reserved Allowed Begins again", ".limits")
    page.says("Daily SMS limit SMS: messages, each day. 400 40 60 500 May 21, 2026, 12:00 AM", ".limits")
    page.says("SMS cap of the billing cycle SMS: messages, each billing cycle. 500 40 160 700 Jun 1, 2026, 12:00 AM", ".limits")
    page.says("Cost cap of the billing cycle SMS, Calls: US dollars, each billing cycle. $7.92 $0.316 $1.264 $9.50", ".limits")
    shows_no_field_names(page)


def test_without_any_limit_usage_says_so(page, stack):
    limits(stack, dailyLimit=None)
    page.sign_in("usage")
    page.says("No limits are set.", ".limits")


def test_settings_show_what_a_changed_limit_has_left(page, stack):
    reserve(stack, 30, "2026-05-20T22:00:00Z")
    page.sign_in("settings")
    page.says("Daily SMS limit SMS: messages, each day. 470 0 30 500", ".limits")
    page.type("SMS cap", "100")
    page.button("Save", "form:has(input[max='31']) button").click()
    page.says("SMS cap of the billing cycle SMS: messages, each billing cycle. 70 0 30 100", ".limits")
    page.driver.find_element("css selector", "form:has(input[max='31']) input[type=checkbox]").click()
    page.button("Save", "form:has(input[max='31']) button").click()
    page.says("each billing cycle. Only reported; nothing is refused.", ".limits")


def test_settings_open_for_who_may_not_read_usage(page):
    page.sign_in("settings", scope="org:admin")
    page.says("Limits and caps")
    assert page.finds(".limits") == []


def test_a_day_and_the_banner_say_which_other_limit_leaves_less(page, stack):
    limits(stack, smsCap=200)
    reserve(stack, 160, "2026-05-22T15:00:00Z")
    page.sign_in("calendar/2026-05-21")
    page.says("Limited by the SMS cap of the billing cycle: 40 left.", ".day")
    page.says("Limited by the SMS cap of the billing cycle: 40 left.", ".banner")
    limits(stack, smsCap=None)
    page.go("calendar/2026-05-23")
    page.says("500", ".day")
    page.wait(lambda: "Limited" not in page.text(".day"), "no other limit")
    shows_no_field_names(page)


def propose(page, name, contacts):
    page.sign_in("planner")
    page.propose(name, str(contacts), "2026-05-21")


def test_a_plan_says_that_a_cap_makes_it_longer(page, stack):
    limits(stack, smsCap=600)
    propose(page, "Long", 800)
    page.says("The SMS cap of the billing cycle leaves less room than the days do", "form")
    page.says("Mon, Jun 1 10:00 AM 200", "form")
    shows_no_field_names(page)


def test_a_plan_whose_room_in_the_cycle_somebody_took_names_the_cap(page, stack):
    limits(stack, smsCap=400)
    propose(page, "Late", 300)
    page.says("Reserve all", "form")
    reserve(stack, 390, "2026-05-25T15:00:00Z")
    page.press("Reserve all 300 contacts")
    page.says("Somebody else was faster. The SMS cap of the billing cycle has 10 left for Thu, May 21, and 300 are needed. "
              "The next day with room is Mon, Jun 1. Nothing was reserved.")
    page.says("Mon, Jun 1 10:00 AM 290", "form")
    shows_no_field_names(page)


def test_a_campaign_that_is_moved_where_there_is_no_room_says_which_limit_and_where_there_is(page, stack):
    reserve(stack, 490, "2026-06-02T15:00:00Z")
    stack.ask("POST", "/api/campaigns", body={"id": "c", "name": "Spring", "contactCount": 100, "scheduledISO": "2026-05-22T14:00:00Z"},
              token=stack.daybook.token())
    page.sign_in("campaign/c")
    page.press("Reschedule")
    page.driver.execute_script("arguments[0].value = '2026-06-02'", page.find("input[type=date]"))
    page.press("Move")
    page.says("The daily SMS limit has 10 left for Tue, Jun 2, and 100 are needed. The next day with room is Wed, Jun 3.")
    shows_no_field_names(page)
