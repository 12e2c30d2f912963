"""The Usage page: this cycle against its caps, the months as a chart and a table, files for finance."""
from support import event, post


def year(stack):
    post(stack.daybook, *[event("2026-05-10T15:00:00Z", channel="SMS") for _ in range(40)],
         *[event("2026-04-10T15:00:00Z", channel="EMAIL", messages=3) for _ in range(10)])


def test_this_cycle_stands_against_its_caps_in_words_and_bars(page, stack):
    stack.ask("PUT", "/api/organizations/acme/limits", body={"smsCap": 30, "costCap": "10"}, token=stack.daybook.token())
    year(stack)
    page.sign_in("usage")
    page.says("This billing cycle, May 1, 2026 to May 31, 2026")
    page.says("Cost of SMS and calls $0.32 of $10.00 · all channels $0.32 3% SMS 40 of 30 10 over Calls 0 no cap Other messages 0 no cap")


def test_the_cycle_before_is_one_click_away(page, stack):
    stack.daybook.cmd("org", "set", "acme", "--cycle-day", "15", "--from", "2026-05-20")
    year(stack)
    page.sign_in("usage")
    page.says("This billing cycle, May 20, 2026 to Jun 14, 2026")
    page.says("Nothing was sent in this cycle.")
    page.press("Show the cycle before")
    page.says("The billing cycle before, May 1, 2026 to May 19, 2026")
    page.says("SMS 40 no cap")
    assert page.serious() == []
    page.press("Show this cycle")
    page.says("This billing cycle, May 20, 2026 to Jun 14, 2026")


def test_the_months_are_a_chart_and_a_table(page, stack):
    year(stack)
    page.sign_in("usage")
    page.says("May 2026 40 0 $0.32 $0.00 $0.00 $0.32 Apr 2026 0 30 $0.00 $0.00 $0.00 $0.00")
    assert len(page.finds("[aria-label=History] tbody tr")) == 24
    page.wait(lambda: page.driver.execute_script("""const c = document.querySelector('canvas');
        return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v !== 0)"""), "something is drawn")
    assert "The table below has the figures" in page.find("canvas").get_attribute("aria-label")


def test_each_channel_says_its_share_of_the_cycle(page, stack):
    year(stack)
    post(stack.daybook, event("2026-05-10T15:00:00Z", channel="EMAIL", messages=10))
    page.sign_in("usage")
    page.says("SMS 40 80% $0.32 E-mail 10 20% $0.00 All channels 50 $0.32", ".cycle table")


def test_the_chart_follows_light_and_dark(page, stack):
    def picture():
        return page.driver.execute_script("return document.querySelector('canvas').toDataURL()")

    year(stack)
    page.sign_in("usage")
    light = picture()
    page.media(light=False)
    page.wait(lambda: picture() != light, "another picture")


def test_what_is_wrong_with_a_file_is_said_where_it_was_asked_for(page):
    page.sign_in("usage")
    page.type("From", "2026-05-20")
    page.type("To", "2026-05-01")
    page.press("Download CSV")
    page.wait(lambda: page.finds("form .notice.bad"), "the refusal in the form")


def test_finance_takes_the_history_and_the_events_away_as_csv(page, stack):
    year(stack)
    page.sign_in("usage")
    page.press("CSV")
    lines = page.downloaded("usage-history.csv").splitlines()
    assert len(lines) == 25 and lines[-1].startswith("2026-05,"), lines
    page.type("From", "2026-05-01")
    page.type("To", "2026-05-20")
    page.press("Download CSV")
    events = page.downloaded("events-2026-05-01-2026-05-20.csv").splitlines()
    assert events[0].startswith("\ufeffid,source,")
    assert len(events) == 41 and "2026-05-10T15:00:00.000Z" in events[1], events[:3]


def test_a_file_of_many_pages_is_one_file_with_one_header(page, stack):
    post(stack.daybook, *[event("2026-05-19T15:00:00Z", channel="EMAIL") for _ in range(10_001)])
    page.sign_in("usage")
    page.type("From", "2026-05-19")
    page.press("Download CSV")
    events = page.downloaded("events-2026-05-19-2026-05-20.csv").splitlines()
    assert len(events) == 10_002 and len(set(events)) == 10_002 and "".join(events).count("\ufeff") == 1


def test_who_used_it_is_a_table_by_one_word_or_two_and_a_file(page, stack):
    post(stack.daybook, event("2026-05-19T15:00:00Z", tag="sales <b>", messages=3, **{"from": "+14165550199"}), event("2026-05-19T15:00:00Z", tag="ops"),
         event("2026-05-20T15:00:00Z", channel="EMAIL"))
    page.sign_in("usage")
    section = "[aria-label='Who used it']"
    page.button("Show", section + " button").click()
    page.says("Tag Messages Parts Cost ops 1 1 $0.01 sales <b> 3 3 $0.02 not said 1 1 $0.00 Total 5 5 $0.03", section + " table")
    page.find(section + " select").send_keys("Sender")
    page.finds(section + " select")[1].send_keys("Day")
    page.button("Show", section + " button").click()
    page.says("Sender Day Messages Parts Cost +14165550199 Tue, May 19 3 3 $0.02 not said Tue, May 19 1 1 $0.01", section + " table")
    page.press("Download the table")
    assert page.downloaded("usage-by-sender-day.csv").splitlines()[0] == "\ufeffsender,day,messages,parts,cost"
    page.type("First day", "2026-05-20")
    page.type("Last day", "2026-05-01")
    page.button("Show", section + " button").click()
    page.wait(lambda: page.finds(section + " .wrong, " + section + " .notice.bad"), "the refusal in the form")
