"""The sending hours and closed dates of the Settings page."""
SECTION = "section[aria-label='Sending hours']"


def window(stack):
    return stack.ask("GET", "/api/organizations/acme/sending-window", token=stack.daybook.token()).json["data"]


def section_button(page, words):
    return page.button(words, SECTION + " button")


def test_hours_are_added_changed_and_removed(page, stack):
    page.sign_in("settings")
    page.says("Any time.", SECTION)
    section_button(page, "Add hours").click()
    page.type("Until", "00:00")
    section_button(page, "Save").click()
    page.says("Saved.", SECTION)
    assert window(stack)["hours"] == [{"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "until": "24:00"}]
    assert page.serious() == []
    page.go("calendar")
    page.go("settings")
    assert page.field("Until").get_attribute("value") == "00:00"
    page.type("Until", "09:00")
    section_button(page, "Save").click()
    page.says("Must differ from the beginning.", SECTION)
    section_button(page, "Remove these hours").click()
    page.says("Any time.", SECTION)
    section_button(page, "Save").click()
    page.says("Saved.", SECTION)
    assert window(stack)["hours"] == []
    page.go("audit")
    page.says("Sending hours changed")
    page.says("Hours: none → Mon Tue Wed Thu Fri 09:00 – 24:00")


def test_dates_are_closed_opened_and_imported(page, stack, tmp_path):
    stack.ask("POST", "/api/campaigns", body={"id": "c", "name": "C", "contactCount": 5, "scheduledISO": "2026-12-25T15:00:00Z"},
              token=stack.daybook.token())
    page.sign_in("settings")
    page.says("There are no days off.", SECTION)
    page.type("Date", "2026-12-25")
    page.driver.execute_script("""const input = document.querySelector(`${arguments[0]} input[maxlength]`);
        input.value = 'Christmas'""", SECTION)
    section_button(page, "Add a day off").click()
    page.says("Outside of the new hours: 1. c", SECTION)
    assert window(stack)["closed"] == [{"date": "2026-12-25", "name": "Christmas"}]
    holidays = tmp_path / "holidays.ics"
    holidays.write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260704\nSUMMARY:Independence Day\nEND:VEVENT\nEND:VCALENDAR\n")
    page.field("Import holidays (an .ics file)").send_keys(str(holidays))
    page.says("Days off added: 1. Events passed over: 0.", SECTION)
    page.says("Independence Day", SECTION)
    assert page.serious() == []
    page.find(SECTION + " button[aria-label*='Dec']").click()
    page.wait(lambda: "Christmas" not in page.text(SECTION), "it is no day off any more")
    assert [c["date"] for c in window(stack)["closed"]] == ["2026-07-04"]
    holidays.write_text("date,name\n")
    page.field("Import holidays (an .ics file)").send_keys(str(holidays))
    page.says("not iCalendar", SECTION)


def test_what_somebody_else_has_closed_meanwhile_stays_closed(page, stack):
    page.sign_in("settings")
    page.says("There are no days off.", SECTION)
    stack.ask("PUT", "/api/organizations/acme/sending-window", token=stack.daybook.token(), body={"closed": [{"date": "2026-12-24", "name": "Eve"}]})
    page.type("Date", "2026-12-25")
    section_button(page, "Add a day off").click()
    page.says("Somebody else has changed the hours or dates", SECTION)
    page.says("Eve", SECTION)
    assert [c["date"] for c in window(stack)["closed"]] == ["2026-12-24"]
    section_button(page, "Add a day off").click()
    page.says("Saved.", SECTION)
    assert [c["date"] for c in window(stack)["closed"]] == ["2026-12-24", "2026-12-25"]
    section_button(page, "Save").click()
    page.wait(lambda: len(window(stack)["closed"]) == 2, "hours take no date away")


def test_the_planner_says_when_a_time_is_not_allowed(page, stack):
    stack.ask("PUT", "/api/organizations/acme/sending-window", token=stack.daybook.token(),
              body={"hours": [{"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "until": "17:00"}]})
    page.sign_in("planner")
    page.propose("Late", "10", time="18:00")
    page.says("The sending window allows nothing from that time on")
