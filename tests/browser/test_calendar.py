"""The banner and the calendar: whose today it is, what a day says, how the keys move."""
import sqlite3

from selenium.webdriver.common.keys import Keys

from support import campaign, event, hold_again, post, set_clock

MARKUP = "<img src=x onerror=window.hurt=1>"


def settings(stack, what, **body):
    reply = stack.ask("PUT", f"/api/organizations/acme/{what}", body=body, token=stack.daybook.token())
    assert reply.status == 200, reply


def test_the_banner_says_what_today_has(page, stack):
    post(stack.daybook, *[event("2026-05-20T15:00:00Z", channel="SMS") for _ in range(120)])
    campaign(stack.daybook, "c", {"at": "2026-05-20T22:00:00Z", "contacts": 80})
    page.sign_in()
    page.says("SMS today Wednesday, May 20, 2026")
    page.says("Sent 120 Reserved 80 Free 300 Daily limit 500 plan growth 40%")
    page.says("04:00", ".banner .clock")
    page.says("America/New York (EDT)", ".banner .clock")


def test_the_banner_finds_the_next_date_with_room_for_so_many(page, stack):
    campaign(stack.daybook, "c", {"at": "2026-05-20T22:00:00Z", "contacts": 400}, {"at": "2026-05-21T15:00:00Z", "contacts": 500})
    page.sign_in()
    page.says("Wed, May 20 100 free", "output")
    page.type("Next date with room for", "101")
    page.says("Fri, May 22 500 free", "output")
    page.type("Next date with room for", "501")
    page.says("use auto-segment", "output")


def test_today_is_the_organizations_and_not_the_browsers(page):
    page.sign_in()
    zone, date = page.driver.execute_script("return [Intl.DateTimeFormat().resolvedOptions().timeZone, new Date().getTimezoneOffset()]")
    assert (zone, date) == ("Asia/Tokyo", -540)
    assert [d.get_attribute("data-date") for d in page.finds("[aria-current=date], .today")
            if d.get_attribute("data-date")] == ["2026-05-20"]
    assert page.text("h1") == "May 2026"
    page.day_says("2026-05-20", "Wednesday, May 20, 2026. Today")


def test_an_address_that_is_none_shows_this_month(page):
    page.sign_in()
    for where in ("%", "toString", "calendar/2026-13", "calendar/2026-02-30", "nothing/at/all",
                  "calendar/9999-12", "calendar/1066-10-14"):
        page.go(where)
        page.says("May 2026", "h1")


def test_the_week_begins_where_the_organizations_does(page, stack):
    page.sign_in()
    stack.daybook.sql("UPDATE organization SET week_start = 6, revision = revision + 1")
    page.driver.refresh()
    page.settled()
    assert page.text(".week").split() == ["Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"]
    assert page.finds("[data-date]")[0].get_attribute("data-date") == "2026-04-25"


def test_the_grid_is_one_to_those_who_listen(page):
    page.sign_in()
    assert [d.get_attribute("aria-label") for d in page.finds("[role=grid][aria-label='May 2026'] [role=columnheader]")] == [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    weeks = page.driver.execute_script("""return [...document.querySelectorAll('[role=grid] > [role=row]')].map(row =>
        [...row.querySelectorAll(':scope > [role=gridcell]')].map(cell => cell.dataset.date))""")
    assert [(len(week), *week[:1]) for week in weeks] == [(0,)] + [(7, f"2026-{day}") for day in
                                                                  ("04-27", "05-04", "05-11", "05-18", "05-25")]
    assert [d.get_attribute("data-date") for d in page.finds(".beside")] == ["2026-04-27", "2026-04-28", "2026-04-29", "2026-04-30"]
    page.wait(lambda: len(page.finds("[role=gridcell] button[tabindex='0']")) == 1, "one day that Tab reaches")


def test_the_first_and_the_last_month_that_there_are(page, stack):
    stack.daybook.sql("UPDATE organization SET week_start = 3, revision = revision + 1")
    page.sign_in("calendar/1990-01")
    page.day_says("1989-12-27", "Wednesday, December 27, 1989. 0 free")
    page.press("Previous")
    page.says("January 1990", "h1")
    page.go("calendar/2199-12")
    page.day_says("2199-12-31", "500 free")
    page.press("Next")
    page.says("December 2199", "h1")


def test_days_of_23_and_25_hours_say_so(page):
    page.sign_in("calendar/2026-03")
    page.day_says("2026-03-08", "23 h")
    assert " h" not in page.day("2026-03-09")
    page.go("calendar/2026-11-01")
    page.day_says("2026-11-01", "25 h")
    page.says("this day has 25 hours", "aside")


def test_a_day_of_25_hours_may_be_today(page, stack):
    set_clock(stack.daybook, "2026-11-02T04:59:00Z")	# 23:59 of its 25 hours
    page.sign_in()
    page.day_says("2026-11-01", "Today. 25 h")
    page.says("11:59", ".banner .clock")


def test_the_keys_move_by_day_week_and_month_and_open_a_day(page):
    page.sign_in()
    page.driver.execute_script("document.querySelector('[data-date=\"2026-05-20\"] button').focus()")
    for key, date in [(Keys.ARROW_RIGHT, "2026-05-21"), (Keys.ARROW_DOWN, "2026-05-28"), (Keys.ARROW_LEFT, "2026-05-27"),
                      (Keys.ARROW_UP, "2026-05-20"), (Keys.HOME, "2026-05-18"), (Keys.END, "2026-05-24"),
                      (Keys.ARROW_DOWN, "2026-05-31"), (Keys.ARROW_RIGHT, "2026-06-01"), (Keys.ARROW_LEFT, "2026-05-31"),
                      (Keys.PAGE_DOWN, "2026-06-30"), (Keys.PAGE_UP, "2026-05-30"), (Keys.PAGE_UP, "2026-04-30")]:
        page.key(key)
        page.wait(lambda: page.focused_date() == date, f"{date} has the focus, not {page.focused_date()}")
    assert page.text("h1") == "April 2026"
    page.key(Keys.ENTER)
    page.says("Thursday, April 30, 2026", "aside")
    page.key(Keys.ESCAPE)
    page.wait(lambda: not page.finds("aside") and page.focused_date() == "2026-04-30", "the day is closed and has the focus")


def test_a_click_opens_the_day_with_its_campaigns_segments_and_failures(page, stack):
    campaign(stack.daybook, "spring", {"at": "2026-05-20T22:00:00Z", "contacts": 80}, {"at": "2026-05-21T22:00:00Z", "contacts": 70},
             title="Spring sale")
    post(stack.daybook, event("2026-05-20T19:00:00Z", channel="SMS", status="failed", campaignId="spring", to="+14165550100",
                              reason="opted out"), event("2026-05-20T19:01:00Z", channel="SMS", campaignId="spring", segmentNumber=1))
    page.sign_in()
    page.find("[data-date='2026-05-20'] button").click()
    page.says("Spring sale sending 1 of 2 06:00 PM 80 1 1 78", "aside")
    page.find("aside summary").click()
    page.says("+14165550100 opted out", "aside")
    assert page.hash() == "#calendar/2026-05-20"


def test_a_day_that_is_closed_before_it_came_stays_closed(page):
    page.sign_in("calendar/2026-05-12")
    page.hold("usage-calendar")
    page.find("[data-date='2026-05-20'] button").click()
    page.held()
    page.press("Close")
    page.wait(lambda: not page.finds("aside"), "no day is open")
    page.let_go()
    page.day_says("2026-05-20", "500 free")
    assert page.finds("aside") == [] and page.finds(".notice.bad") == []
    assert page.focused_date() == "2026-05-20"


def test_the_day_that_is_open_is_marked_however_it_was_opened(page):
    def marked():
        return [d.get_attribute("data-date") for d in page.finds("[aria-selected=true]")]

    page.sign_in("calendar/2026-05-12")
    assert marked() == ["2026-05-12"]
    page.find("[data-date='2026-05-20'] button").click()
    page.says("Wednesday, May 20, 2026", "aside")
    assert marked() == ["2026-05-20"]
    page.driver.back()
    page.says("Tuesday, May 12, 2026", "aside")
    assert marked() == ["2026-05-12"]
    page.press("Close")
    page.wait(lambda: marked() == [], "no day is marked")


def test_a_day_that_was_read_stays_while_the_server_is_away(page):
    page.sign_in("calendar/2026-05-20")
    page.says("No campaigns on this day.", "aside")
    page.driver.execute_script("window.fetch = () => Promise.reject(new TypeError('no')); "
                               "document.dispatchEvent(new Event('visibilitychange'))")
    page.says("does not answer", "#away")
    page.says("does not answer", "section[aria-label=Calendar]")
    page.says("No campaigns on this day.", "aside")


def test_what_has_not_changed_is_not_said_again_and_keeps_the_focus(page, stack):
    campaign(stack.daybook, "c", {"at": "2026-05-20T22:00:00Z", "contacts": 80})
    for where, link in (("calendar", "output a"), ("calendar/2026-05-20", "aside a"), ("campaigns", "tbody a")):
        page.go(where) if page.finds("nav") else page.sign_in(where)
        page.driver.execute_script("arguments[0].focus()", page.find(link))
        page.look_again()
        assert page.driver.execute_script("return document.activeElement === document.querySelector(arguments[0])", link), where


def test_a_limit_of_parts_says_parts(page, stack):
    settings(stack, "limits", quotaUnit="part")
    page.sign_in()
    page.says("Daily limit 500 parts · plan growth")
    page.says("Next date with room for parts")


def test_a_day_with_one_left_is_not_full(page, stack):
    settings(stack, "limits", dailyLimit=300)
    post(stack.daybook, *[event("2026-05-20T15:00:00Z", channel="SMS") for _ in range(299)])
    page.sign_in()
    page.day_says("2026-05-20", "99% full. 299 sent, 1 free")


def test_a_day_with_one_too_many_is_more_than_full(page, stack):
    settings(stack, "limits", dailyLimit=300)
    post(stack.daybook, *[event("2026-05-20T15:00:00Z", channel="SMS") for _ in range(301)])
    page.sign_in()
    page.day_says("2026-05-20", "101% full. 301 sent, 1 over")


def test_a_campaign_of_another_year_says_its_year(page, stack):
    campaign(stack.daybook, "c", {"at": "2026-12-31T22:00:00Z", "contacts": 80}, {"at": "2027-01-01T22:00:00Z", "contacts": 80})
    page.sign_in("campaigns")
    page.says("Thu, Dec 31 – Fri, Jan 1, 2027")


def test_all_columns_of_a_day_are_in_sight(page, stack):
    campaign(stack.daybook, "c", {"at": "2026-05-20T22:00:00Z", "contacts": 80}, title="Reminders of the spring sale, the second half")
    page.size(1280, 900)
    page.sign_in("calendar/2026-05-20")
    page.says("Reminders", "aside table")
    assert page.driver.execute_script("const t = document.querySelector('aside .table'); return t.scrollWidth <= t.clientWidth")


def test_a_day_of_another_month_opens_with_its_month(page):
    page.sign_in()
    page.find("[data-date='2026-04-27'] button").click()
    page.says("Monday, April 27, 2026", "aside")
    page.says("April 2026", "h1")


def test_a_name_of_markup_is_only_text(page, stack):
    campaign(stack.daybook, "c", {"at": "2026-05-20T22:00:00Z", "contacts": 80}, title=MARKUP)
    post(stack.daybook, event("2026-05-20T19:00:00Z", channel="SMS", status="failed", campaignId="c", to="+14165550100", reason=MARKUP))
    page.sign_in("calendar/2026-05-20")
    page.day_says("2026-05-20", MARKUP)
    page.says(MARKUP, "aside")
    for where in ("campaigns", "campaign/c"):
        page.go(where)
        page.says(MARKUP, "main")
    assert page.driver.execute_script("return [window.hurt, document.querySelectorAll('img').length]") == [None, 0]


def test_an_unlimited_plan_has_no_free_and_no_shares(page, stack):
    settings(stack, "limits", dailyLimit=None)
    post(stack.daybook, *[event("2026-05-20T15:00:00Z", channel="SMS") for _ in range(20)])
    page.sign_in()
    page.says("Sent 20 Reserved 0 Daily limit unlimited")
    page.day_says("2026-05-20", "20 sent")
    assert "free" not in page.text(".wide") and "%" not in page.text(".wide")


def test_a_day_over_the_limit_says_by_how_much(page, stack):
    settings(stack, "limits", dailyLimit=10)
    post(stack.daybook, *[event("2026-05-20T15:00:00Z", channel="SMS") for _ in range(14)])
    page.sign_in()
    page.says("Sent 14 Reserved 0 Over the limit 4 Daily limit 10 plan growth 140%")
    page.day_says("2026-05-20", "140% full. 14 sent, 4 over")


def test_an_empty_organization_says_what_to_do_first(page):
    page.sign_in()
    page.says("Nothing is sent or planned in these weeks. Plan a campaign · Post what you send")
    page.go("campaigns")
    page.says("No campaigns. Plan a campaign")
    page.go("usage")
    page.says("Nothing was sent in this cycle.")


def test_what_others_do_is_seen_without_a_reload(page, stack):
    page.sign_in()
    page.day_says("2026-05-20", "500 free")
    page.driver.execute_script("document.querySelector('[data-date=\"2026-05-12\"] button').focus()")
    post(stack.daybook, *[event("2026-05-20T15:00:00Z", channel="SMS") for _ in range(100)])
    page.driver.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    page.day_says("2026-05-20", "100 sent, 400 free")
    page.says("Sent 100")
    assert page.focused_date() == "2026-05-12"


def test_at_the_organizations_midnight_today_is_another_day(page, stack):
    set_clock(stack.daybook, "2026-05-21T03:59:59Z")
    page.sign_in()
    set_clock(stack.daybook, "2026-05-21T04:00:01Z")
    page.day_says("2026-05-21", "Today")
    page.says("SMS today Thursday, May 21, 2026")
    assert [d.get_attribute("data-date") for d in page.finds("[aria-current=date]")] == ["2026-05-21"]


def test_a_page_of_campaigns_that_is_empty_is_not_the_last(page, stack):
    """The server looks at 20,000 in one request; the one that is asked for comes after them."""
    campaign(stack.daybook, "old", {"at": "2026-05-22T22:00:00Z", "contacts": 80}, title="The oldest")
    keys = range(100, 20_101)
    with sqlite3.connect(stack.daybook.path) as db:
        db.executemany("INSERT INTO campaign (key, org, id, name, is_segmented, created_at, updated_at) VALUES (?, 1, ?, 'x', 0, 0, 0)",
                       ((key, f"c{key}") for key in keys))
        db.executemany("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, status) VALUES (?, 1, 1, "
                       "1780000000000, 20601, 0, 'draft')", ((key,) for key in keys))
        db.execute("UPDATE organization SET revision = revision + 1")
    page.sign_in("calendar/2026-05-22")
    page.says("The oldest", "aside table")
    page.go("campaigns")
    page.find("main select option[value=scheduled]").click()
    page.says("The oldest", "main table")
    assert len(page.finds("main tbody tr")) == 1


def insert(stack, rows):
    """Campaigns (id, name, day) of one segment each."""
    with sqlite3.connect(stack.daybook.path) as db:
        for key, (name, title, day) in enumerate(rows, 1):
            db.execute("INSERT INTO campaign (key, org, id, name, is_segmented, created_at, updated_at) VALUES (?, 1, ?, ?, 0, 0, 0)",
                       (key, name, title))
            db.execute("INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, status) VALUES (?, 1, 1, ?, ?, 5, "
                       "'scheduled')", (key, day * 86_400_000 + 54_000_000, day))
        hold_again(db.execute)
        db.execute("UPDATE organization SET revision = revision + 1")


def test_a_day_with_more_campaigns_than_are_listed_says_how_many_more(page, stack):
    insert(stack, [(f"c{i}", f"Campaign {i}", 20_594) for i in range(1_010)])
    page.sign_in("calendar/2026-05")
    page.day_says("2026-05-21", "+1,007 more")
    page.find("[data-date='2026-05-21'] button").click()
    page.says("and 10 more", "aside")
    assert len(page.finds("aside tbody tr")) == 1000


def test_a_month_of_500_campaigns_is_usable(page, stack):
    insert(stack, [(f"c{i}", f"Campaign {i}", 20_594 + i % 25) for i in range(500)])	# from the 21st of May on
    page.sign_in("calendar/2026-06")
    page.day_says("2026-06-03", "100 reserved, 400 free")
    page.day_says("2026-06-03", "+17 more")
    assert page.driver.execute_script("return document.querySelectorAll('.month *').length") < 2000
    page.find("[data-date='2026-06-03'] button").click()
    page.wait(lambda: len(page.finds("aside tbody tr")) == 20, "the day's 20 campaigns")
    page.key(Keys.ESCAPE)
    page.wait(lambda: page.focused_date() == "2026-06-03", "the day has the focus")
    page.key(Keys.PAGE_DOWN)
    page.says("July 2026", "h1")
