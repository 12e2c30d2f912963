"""Planning: a proposal on the calendar, reserving it, what becomes of it; somebody who is faster."""
from selenium.webdriver.common.keys import Keys

from support import campaign, event


def propose(page, name="Spring sale", contacts="1200", date="2026-05-21", time="10:00"):
    page.sign_in("planner")
    page.propose(name, contacts, date, time)
    page.says("Reserve all", "form")


def post_events(stack, *events):
    reply = stack.ask("POST", "/api/events", body=list(events), token=stack.daybook.token())
    assert reply.status == 200 and reply.json["accepted"] == len(events), reply


def look_again(page):
    """What the page does every half minute."""
    page.driver.execute_script("document.dispatchEvent(new Event('visibilitychange'))")


def test_1200_contacts_are_planned_reserved_sent_seen_cancelled_and_downloaded(page, stack):
    propose(page)
    page.says("Nothing is reserved yet.", "form")
    page.says("Thu, May 21 10:00 AM 500 Fri, May 22 10:00 AM 500 Sat, May 23 10:00 AM 200", "form")
    page.day_says("2026-05-23", "40% full. 200 proposed, 300 free")
    assert abs(page.share("2026-05-23", "proposed") - 0.4) < 0.01 and page.share("2026-05-21", "proposed") == 1
    assert stack.ask("GET", "/api/campaigns", token=stack.daybook.token()).json["data"]["campaigns"] == []
    page.press("Reserve all 1,200 contacts")
    page.says('"Spring sale" is reserved: 1,200 contacts.')

    page.go("calendar")
    page.day_says("2026-05-22", "100% full. 500 reserved, 0 free, Spring sale (scheduled)")
    assert abs(page.share("2026-05-23", "reserved") - 0.4) < 0.01
    made = stack.ask("GET", "/api/campaigns", token=stack.daybook.token()).json["data"]["campaigns"][0]
    assert [s["contactCount"] for s in made["segments"]] == [500, 500, 200]
    assert [s["scheduledISO"] for s in made["segments"]][0] == "2026-05-21T14:00:00.000Z"

    post_events(stack, *[event("2026-05-20T19:59:00Z", channel="SMS", campaignId=made["campaignId"], segmentNumber=3)
                         for _ in range(50)])
    look_again(page)
    page.day_says("2026-05-20", "10% full. 50 sent, 450 free")
    page.day_says("2026-05-23", "30% full. 150 reserved, 350 free, Spring sale (sending)")
    assert abs(page.share("2026-05-20", "sent") - 0.1) < 0.01 and abs(page.share("2026-05-23", "reserved") - 0.3) < 0.01

    page.press("CSV")
    lines = page.downloaded("calendar-2026-05.csv").splitlines()
    assert len(lines) > 31 and any(line.startswith("2026-05-23,") and "150" in line for line in lines), lines

    page.go("campaigns")
    page.press("CSV")
    assert "Spring sale" in page.downloaded("campaigns.csv")
    page.go(f"campaign/{made['campaignId']}")
    page.press("Cancel campaign")
    page.says("This cannot be undone", "dialog")
    page.button("Cancel campaign", "dialog button").click()
    page.says("What was not used is free again.")
    page.go("calendar")
    page.day_says("2026-05-22", "Friday, May 22, 2026. 500 free")


def test_who_is_too_late_is_told_so_and_gets_a_new_proposal(page, stack):
    propose(page)
    stack.ask("POST", "/api/campaigns", body={"name": "Faster", "contactCount": 450, "scheduledISO": "2026-05-22T14:00:00Z"},
              token=stack.daybook.token())
    page.press("Reserve all 1,200 contacts")
    page.says("Somebody else was faster. The daily SMS limit has 50 left for Fri, May 22, and 500 are needed. The next day with room is "
              "Sun, May 24. Nothing was reserved.")
    page.says("Thu, May 21 10:00 AM 500 Fri, May 22 10:00 AM 50 Sat, May 23 10:00 AM 500 Sun, May 24 10:00 AM 150", "form")
    assert page.field("Name").get_attribute("value") == "Spring sale"
    page.press("Reserve all 1,200 contacts")
    page.says('"Spring sale" is reserved: 1,200 contacts.')


def test_what_is_planned_next_finds_the_date_the_time_and_the_parts_still_there(page):
    propose(page)
    page.press("Reserve all 1,200 contacts")
    page.says('"Spring sale" is reserved')
    values = {label: page.field(label).get_attribute("value") for label in ("Name", "Contacts", "First date", "Time", "Parts of each message")}
    assert values == {"Name": "", "Contacts": "", "First date": "2026-05-21", "Time": "10:00", "Parts of each message": "1"}


def test_a_form_that_is_edited_while_the_server_thinks_gets_no_old_proposal(page):
    page.sign_in("planner")
    page.type("Name", "Spring sale")
    page.type("Contacts", "1200")
    page.hold("auto-segment")
    page.press("Propose days")
    page.held()
    page.type("Contacts", "30")
    page.let_go()
    page.day_says("2026-05-21", "500 free")
    assert "Reserve" not in page.text("form")
    page.press("Propose days")
    page.says("Reserve all 30 contacts", "form")


def test_a_proposal_is_dropped_with_what_it_was_made_from(page):
    propose(page)
    page.type("Contacts", "30")
    page.wait(lambda: "Reserve all" not in page.text("form"), "the proposal is gone")
    page.day_says("2026-05-21", "Thursday, May 21, 2026. 500 free")


def test_a_day_of_the_calendar_is_where_a_plan_begins(page):
    page.sign_in("calendar/2026-06-03")
    page.find("aside").find_element("link text", "Plan a campaign from this day on").click()
    page.settled()
    assert page.field("First date").get_attribute("value") == "2026-06-03"
    page.propose("Summer", "10")
    page.says("Wed, Jun 3 10:00 AM 10", "form")
    page.find("[data-date='2026-06-05'] button").click()
    assert page.field("First date").get_attribute("value") == "2026-06-05"
    page.wait(lambda: "Reserve" not in page.text("form"), "the proposal is gone")


def test_only_a_date_that_was_asked_for_is_said_to_have_no_room(page, stack):
    """Today has room, but 10:00 is over."""
    page.sign_in("planner")
    page.propose("Spring", "10", "")
    page.says("Thu, May 21 10:00 AM 10", "form")
    assert "There is no room" not in page.text("form")
    stack.ask("POST", "/api/campaigns", body={"name": "Full", "contactCount": 500, "scheduledISO": "2026-05-22T14:00:00Z"},
              token=stack.daybook.token())
    page.type("First date", "2026-05-22")
    page.press("Propose days")
    page.says("There is no room from Fri, May 22 on; Sat, May 23 is the first day with some.", "form")


def test_what_cannot_be_planned_says_why(page):
    page.sign_in("planner")
    page.propose("Too late", "10", "2026-05-20", "09:00")
    assert page.wrong_at("First date") == "That date and time are in the past; choose a later one."


def test_a_number_that_cannot_be_read_is_not_called_missing(page):
    page.sign_in("planner")
    page.propose("Spring", "1e")
    assert page.wrong_at("Contacts") == "A whole number."
    page.field("Contacts").clear()
    page.press("Propose days")
    page.wait(lambda: page.wrong_at("Contacts") == "Fill this in.", "an empty field")


def test_a_campaign_is_paused_resumed_and_moved(page, stack):
    stack.ask("POST", "/api/campaigns", body={"id": "c", "name": "Spring", "contactCount": 100, "scheduledISO": "2026-05-22T14:00:00Z"},
              token=stack.daybook.token())
    page.sign_in("campaign/c")
    page.press("Pause")
    page.says("Paused. Its quota stays reserved.")
    page.says("Spring paused", "h1")
    page.press("Resume")
    page.says("Spring scheduled", "h1")
    page.press("Reschedule")
    assert page.find("input[type=date]").get_attribute("value") == "2026-05-22"
    assert page.find("input[type=time]").get_attribute("value") == "10:00"
    page.driver.execute_script("arguments[0].value = '2026-11-01'", page.find("input[type=date]"))
    page.driver.execute_script("arguments[0].value = '01:30'", page.find("input[type=time]"))
    page.press("Move")
    page.says("Moved.")
    page.says("Sun, Nov 1 01:30 AM 100", ".table")
    segment = stack.ask("GET", "/api/campaigns/c", token=stack.daybook.token()).json["data"]["segments"][0]
    assert segment["scheduledISO"] == "2026-11-01T05:30:00.000Z"	# the first of the two


def one_left_over(stack, status):
    """A campaign of the day before, of which 60 of 100 were sent."""
    campaign(stack.daybook, "c", {"at": "2026-05-19T20:00:00Z", "contacts": 100, "sent": 60, "status": status}, title="Spring")


def test_what_was_left_when_its_day_ended_is_moved_or_sent_now(page, stack):
    one_left_over(stack, "sending")
    page.sign_in("campaign/c")
    page.says("Spring sent", "h1")
    page.says("40 contacts were left when their day ended. They hold no quota: move them to another day, or cancel.")
    page.press("Reschedule")
    assert page.find("input[type=date]").get_attribute("value") == "2026-05-21"
    page.press("Move")
    page.says("Moved.")
    page.says("Spring sending", "h1")
    page.press("Pause")
    page.press("Send now")
    page.says("It is to be sent now; its quota of today is reserved.")
    page.says("Spring sending", "h1")


def test_what_was_paused_over_midnight_is_resumed_on_another_day_or_cancelled(page, stack):
    one_left_over(stack, "paused")
    page.sign_in("campaign/c")
    page.says("Spring paused", "h1")
    page.press("Resume")
    page.says("Resume on another day")
    page.driver.execute_script("arguments[0].value = '2026-05-22'", page.find("input[type=date]"))
    page.driver.find_element("css selector", "form.card button.primary").click()
    page.says("Resumed.")
    page.says("Fri, May 22", ".table")
    segment = stack.ask("GET", "/api/campaigns/c", token=stack.daybook.token()).json["data"]["segments"][0]
    assert (segment["date"], segment["status"], segment["reserved"]) == ("2026-05-22", "sending", 40)


def test_a_hasty_enter_cancels_nothing_and_the_question_says_what_becomes_free(page, stack):
    campaign(stack.daybook, "c", {"at": "2026-05-21T22:00:00Z", "contacts": 500}, {"at": "2026-05-22T22:00:00Z", "contacts": 500},
             {"at": "2026-05-24T22:00:00Z", "contacts": 200}, title="Spring")
    page.sign_in("campaign/c")
    page.driver.execute_script("arguments[0].focus()", page.button("Cancel campaign"))
    page.key(Keys.ENTER)
    page.says('Cancel "Spring"?', "dialog")
    page.says("Frees 1,200 contacts: Thu, May 21 – Fri, May 22; Sun, May 24. This cannot be undone.", "dialog")
    assert page.find("dialog").get_attribute("role") == "alertdialog" and page.serious() == []
    assert page.driver.switch_to.active_element.text == "No, leave it"
    page.key(Keys.ENTER)
    page.wait(lambda: not page.finds("dialog"), "no question")
    page.says("Spring scheduled", "h1")
    page.press("Cancel campaign")
    page.key(Keys.ESCAPE)
    page.wait(lambda: not page.finds("dialog"), "no question")
    assert stack.ask("GET", "/api/campaigns/c", token=stack.daybook.token()).json["data"]["status"] == "scheduled"


def test_where_parts_are_counted_a_cancellation_frees_parts(page, stack):
    stack.ask("PUT", "/api/organizations/acme/limits", body={"quotaUnit": "part"}, token=stack.daybook.token())
    stack.ask("POST", "/api/campaigns", body={"id": "c", "name": "Spring", "contactCount": 100, "partsPerContact": 3,
                                              "scheduledISO": "2026-05-22T14:00:00Z"}, token=stack.daybook.token())
    page.sign_in("campaign/c")
    page.press("Cancel campaign")
    page.says("Frees 300 parts: Fri, May 22. This cannot be undone.", "dialog")


def test_a_button_that_is_pressed_twice_does_it_once(page, stack):
    stack.ask("POST", "/api/campaigns", body={"id": "c", "name": "Spring", "contactCount": 100, "scheduledISO": "2026-05-22T14:00:00Z"},
              token=stack.daybook.token())
    page.sign_in("campaign/c")
    page.driver.execute_script("arguments[0].click(); arguments[0].click()", page.button("Pause"))
    page.says("Spring paused", "h1")
    page.says("Paused. Its quota stays reserved.")
    assert "Somebody else" not in page.text("main")
    assert page.driver.execute_script("return document.activeElement.tagName") == "H1"


def test_a_campaign_that_somebody_changed_meanwhile_is_shown_as_it_is_now(page, stack):
    stack.ask("POST", "/api/campaigns", body={"id": "c", "name": "Spring", "contactCount": 100, "scheduledISO": "2026-05-22T14:00:00Z"},
              token=stack.daybook.token())
    page.sign_in("campaign/c")
    stack.ask("POST", "/api/campaigns/c/pause", token=stack.daybook.token())
    page.press("Pause")
    page.says("Somebody else has changed the campaign in the meantime; your change was not made.")
    page.says("Spring paused", "h1")
