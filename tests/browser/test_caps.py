"""Caps that are reached, and what things cost: the page, its files and the command add up to the same."""
import csv
import io

from support import event, post


def limits(stack, **body):
    reply = stack.ask("PUT", "/api/organizations/acme/limits", body=body, token=stack.daybook.token())
    assert reply.status == 200, reply


def used_up(stack, **body):
    """$7.90 of $5.00, of which the cap counts all."""
    post(stack.daybook, event("2026-05-10T15:00:00Z", channel="SMS", messages=1000))
    limits(stack, costCap="5", **body)


def test_a_reached_cap_is_said_before_anybody_plans(page, stack):
    used_up(stack)
    page.sign_in()
    words = "Cost cap of the billing cycle reached: $7.90 of $5.00. Nothing can be reserved before Mon, Jun 1."
    page.says(words, ".banner .notice.warn")
    page.says("Mon, Jun 1 500 free", "output")
    assert page.serious() == []
    page.go("planner")
    page.says(words, ".banner .notice.warn")
    page.propose("Spring", "100", "2026-05-22")
    page.says("There is no room from Fri, May 22 on; Mon, Jun 1 is the first day with some.", "form")
    page.says("Mon, Jun 1 10:00 AM 100", "form")
    page.press("Reserve all 100 contacts")
    page.says("is reserved: 100 contacts.")


def test_what_is_reserved_of_a_reached_cap_is_named_apart(page, stack):
    limits(stack, smsCap=80)
    post(stack.daybook, event("2026-05-10T15:00:00Z", channel="SMS", messages=50))
    reply = stack.ask("POST", "/api/campaigns", body={"name": "C", "contactCount": 30, "scheduledISO": "2026-05-25T15:00:00Z"}, token=stack.daybook.token())
    assert reply.status == 201
    page.sign_in()
    page.says("SMS cap of the billing cycle reached: 50 and 30 reserved of 80. Nothing can be reserved before Mon, Jun 1.", ".banner .notice.warn")


def test_a_cap_of_0_of_other_channels_is_meant_until_it_is_broken(page, stack):
    limits(stack, callCap=0)
    page.sign_in()
    page.says("Sent 0")
    page.look_again()
    assert page.finds(".banner .notice") == []
    post(stack.daybook, event("2026-05-10T15:00:00Z", channel="CALL"))
    page.look_again()
    page.says("Call cap of the billing cycle reached: 1 of 0.", ".banner .notice.warn")


def test_a_cap_of_nothing_offers_nothing_to_reserve(page, stack):
    limits(stack, smsCap=0)
    page.sign_in("planner")
    page.says("SMS cap of the billing cycle reached: 0 of 0.", ".banner .notice.warn")
    page.propose("Spring", "100")
    page.says("nothing can be planned", "form")
    assert "Reserve" not in page.text("form")


def test_a_cap_that_is_only_reported_says_that_nothing_is_refused(page, stack):
    used_up(stack, allowOverage=True)
    page.sign_in()
    page.says("$7.90 of $5.00. It is only reported; nothing is refused.", ".banner .notice.warn")


def test_a_cap_of_other_channels_says_nothing_of_reserving(page, stack):
    post(stack.daybook, event("2026-05-10T15:00:00Z", channel="EMAIL", messages=10))
    limits(stack, messagesCap=10)
    page.sign_in()
    page.says("Other-messages cap of the billing cycle reached: 10 of 10. It begins again on Mon, Jun 1.", ".banner .notice.warn")


def test_a_limit_of_the_last_hours_says_no_date(page, stack):
    """Its window moves on with the clock."""
    post(stack.daybook, event("2026-05-20T15:00:00Z", channel="EMAIL", messages=10))
    stack.ask("PUT", "/api/organizations/acme/limits/mailbox", token=stack.daybook.token(),
              body={"channels": ["EMAIL"], "window": "rolling", "hours": 24, "amount": 10})
    page.sign_in()
    page.says('Limit "mailbox" reached: 10 of 10. Room comes back as what was sent gets older.', ".banner .notice.warn")


def test_with_room_left_nothing_is_said(page, stack):
    limits(stack, costCap="5", smsCap=1)
    page.sign_in()
    page.says("Sent 0")
    page.look_again()
    assert page.finds(".banner .notice") == []


# ---- Over a cap, by how much

def test_over_a_cap_the_page_says_by_how_much_behind_a_mark(page, stack):
    used_up(stack)
    page.sign_in("usage")
    page.says("Cost of SMS and calls $7.90 of $5.00 · all channels $7.90 $2.90 over", ".cards")
    assert "%" not in page.text(".card.over")
    shares = page.driver.execute_script("""const whole = document.querySelector('.card.over .bar').getBoundingClientRect().width;
        return ['sent', 'over'].map(name => document.querySelector(`.card.over .bar-${name}`).getBoundingClientRect().width / whole)""")
    assert abs(shares[0] - 5 / 7.9) < 0.02 and abs(shares[1] - 2.9 / 7.9) < 0.02


def test_a_cap_of_0_says_none_allowed(page, stack):
    limits(stack, callCap=0, smsCap=0)
    post(stack.daybook, event("2026-05-10T15:00:00Z", channel="SMS", messages=3))
    page.sign_in("usage")
    page.says("SMS 3 none allowed 3 over Calls 0 none allowed", ".cards")


# ---- The same costs everywhere

def test_page_and_files_have_the_same_cost_and_say_what_the_cap_leaves_out(page, stack):
    for channel, usd in (("EMAIL", "0.001"), ("WHATSAPP", "0.02"), ("SAGE", "0.26"), ("CALL", "0.013")):
        stack.daybook.cmd("price", "set", channel, usd, "--from", "2012-01-01")
    gone = event("2026-05-10T15:00:00Z", channel="SMS", messages=7)
    post(stack.daybook, event("2026-05-10T15:00:00Z", channel="SMS", messages=100), event("2026-05-10T15:00:00Z", channel="EMAIL", messages=1630),
         event("2026-05-11T15:00:00Z", channel="SAGE", messages=2), event("2026-05-11T15:00:00Z", channel="WHATSAPP", messages=3), gone,
         {"id": "v", "voids": gone["id"], "reason": "twice"})
    page.sign_in("usage")
    page.says("$0.79 no cap · all channels $3.00", ".cards")
    page.says("SMS 100 5.8% $0.79", ".cycle table")
    page.says("E-mail 1,630 93.9% $1.63 WhatsApp 3 0.2% $0.06 Sage 2 0.1% $0.52 All channels 1,735 $3.00", ".cycle table")
    page.says("The cost cap counts SMS and calls.", "main")
    page.says("May 2026 100 1,630 3 2 $0.79 $0.00 $2.21 $3.00", "[aria-label=History]")

    def total(text, column="cost"):
        return round(sum(float(row[column] or 0) for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""))), 6)

    page.press("CSV")
    assert total(page.downloaded("usage-history.csv"), "totalCost") == 3.0
    page.type("From", "2026-05-01")
    page.press("Download CSV")
    assert total(page.downloaded("events-2026-05-01-2026-05-20.csv")) == 3.0
    assert total(stack.daybook.cmd("export", "--from", "2026-05-01", "--to", "2026-05-31", "--report").stdout) == 3.0
