"""No campaign ever gets room that is not there, whatever runs at the same time.

HISTORY_OPS says how many operations the history has (default 50,000, a fifth of it under a sanitizer; `make soak`: a million).
"""
import collections
import concurrent.futures
import datetime
import itertools
import os
import random
import threading
import urllib.parse

import pytest

from conftest import BUILD, FastCgi, body_bytes, cgi_variables
from api import CAMPAIGNS, TODAY, Api, at
from model import IS_SANITIZED, Segment
from planted import compiled, program
from support import NOON

OPS = int(os.environ.get("HISTORY_OPS", "10000" if IS_SANITIZED else "50000"))
LIMIT, CLIENTS = 500, 4
CAP = 2600  # SMS of the billing cycle, which has all days of the history: less than their limits together
PACIFIC = 480  # SMS of a day in Los Angeles: every instant of the history lies on the same date there
NETWORK = 60  # SMS to one network in 24 hours: enforced events alone go there
LIMITS = "/api/organizations/acme/limits"
VERIFY_EVERY_S = 2  # while the history goes on
YESTERDAY, *DATES = [(datetime.date.fromisoformat(TODAY) + datetime.timedelta(days=i)).isoformat() for i in range(-1, 6)]
OVERDUE = 40  # campaigns of each client that were not through when the day ended


# ---- Twenty at once

def twenty(ask, date):
    """Twenty campaigns of 75 at once: how many replies there were of each status, and of what was still free."""
    start = threading.Barrier(20)

    def one(i):
        start.wait()
        return ask({"id": f"c{i}", "name": "n", "contactCount": 75, "scheduledISO": at(date)})

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(one, range(20)))
    return collections.Counter((reply.status, reply.json.get("available")) for reply in replies)


def next_week():
    return (datetime.date.today() + datetime.timedelta(days=7)).isoformat()


def test_of_20_concurrent_requests_of_75_on_a_limit_of_500_exactly_6_succeed_through_the_web_server(daybook, server):
    token, date = daybook.token(), next_week()
    assert twenty(lambda body: server.ask("POST", CAMPAIGNS, body=body, token=token), date) == {(201, None): 6, (409, 50): 14}
    assert daybook.sql("SELECT sum(contacts) FROM segment") == [(450,)]
    daybook.cmd("verify")


def test_and_the_same_with_20_plain_cgi_processes(daybook):
    token, date = daybook.token(), next_week()
    assert twenty(lambda body: daybook.cgi("campaigns", "POST", CAMPAIGNS, body=body, token=token), date) == {(201, None): 6, (409, 50): 14}
    assert daybook.sql("SELECT sum(contacts) FROM segment") == [(450,)]
    daybook.cmd("verify")


# ---- A history

class History:
    """Clients over one database.  Each owns its campaigns and so knows what each of its requests must do, but for the room."""

    def __init__(self, api, programs, seed, left):
        self.api, self.programs, self.seed, self.left = api, programs, seed, left
        self.sent_yesterday = sum(s.sent for mine in left for segments in mine.values() for s in segments)
        self.campaigns, self.problems, self.done = {}, [], collections.Counter()
        self.plain_sent, self.to_network = collections.Counter(), 0
        self.count = itertools.count(1)
        self.lock = threading.Lock()

    def run(self, ops):
        """Until so many operations are done or one of the rules is broken; `verify` checks the file meanwhile."""
        over = threading.Event()
        auditor = threading.Thread(target=self.audit, args=(over,))
        auditor.start()
        try:
            with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
                for client in [pool.submit(Client(self, i).run, ops) for i in range(CLIENTS)]:
                    client.result()
        finally:
            over.set()
            auditor.join()

    def audit(self, over):
        """No state that the product comes to by itself is a difference, whatever is being written."""
        while not over.wait(VERIFY_EVERY_S):
            done = self.api.daybook.cmd("verify", check=False)
            self.done["verified"] += 1
            if done.returncode != 0:
                self.problem("verify", done.stdout, done.stderr)

    def problem(self, *what):
        with self.lock:
            self.problems.append(what)

    def check_calendar(self, dates):
        """What every reader at any time must see.  Nothing in the history may lift a day over its limit."""
        for date, day in dates.items():
            if day["total"] != day["sent"] + day["reserved"] or day["availableQuota"] != max(0, LIMIT - day["total"]):
                self.problem("figures", date, day)
            if day["total"] > PACIFIC:
                self.problem("oversold", date, {k: v for k, v in day.items() if k != "campaigns"})

    def check_limits(self, limits):
        """No window of any limit ever holds more than its amount."""
        for limit in limits:
            if limit["amount"] is None:
                continue
            load = limit["used"] + limit["held"]
            if load > limit["amount"]:
                self.problem("oversold", limit)
            if limit["available"] != max(0, limit["amount"] - load):
                self.problem("figures", limit)

    def check_end(self):
        """The final state is the model's."""
        days = {date: [self.plain_sent[date], 0] for date in DATES}
        days[TODAY][0] -= self.sent_yesterday
        for id, segments in self.campaigns.items():
            data = self.api.get(id)
            seen = [{k: s[k] for k in Segment.seen(segments[0])} for s in data["segments"]]
            if seen != [s.seen() for s in segments]:
                self.problem("campaign", id, seen, [s.seen() for s in segments])
            for s in segments:
                days[TODAY][0] += s.sent
                if s.held > 0:
                    days[s.date][1] += s.held
        calendar = self.api.calendar(DATES[0], DATES[-1])
        for date, day in calendar.items():
            if [day["sent"], day["reserved"]] != days[date]:
                self.problem("day", date, day["sent"], day["reserved"], days[date])
        self.check_calendar(calendar)
        limits = self.api.ask("settings", "GET", LIMITS).json["data"]["limits"]
        self.check_limits(limits)
        cap, = (limit for limit in limits if limit["limit"] == "smsCap")
        sent, held = sum(day[0] for day in days.values()) + self.sent_yesterday, sum(day[1] for day in days.values())
        if [cap["used"], cap["held"]] != [sent, held]:
            self.problem("cycle", cap, sent, held)
        pacific, network = (next(limit for limit in limits if limit["limit"] == name) for name in ("pacific", "to-network"))
        if [pacific["used"], pacific["held"]] != days[TODAY]:
            self.problem("pacific", pacific, days[TODAY])
        if [network["used"], network["held"]] != [self.to_network, 0] or network["used"] == 0:
            self.problem("network", network, self.to_network)
        self.api.verify()


class Client:
    VERBS = (("create", 22), ("now", 3), ("change", 22), ("revive", 3), ("cancel", 12), ("pause", 5), ("resume", 5), ("spend", 12),
             ("fail", 4), ("void", 5), ("settle", 4), ("enforce", 2), ("retry", 2), ("schedule", 2), ("read", 7), ("limits", 3))

    def __init__(self, history, number):
        self.h, self.number, self.mine, self.voidable, self.last = history, number, {}, [], None
        for id, segments in history.left[number].items():
            self.own(id, segments)
        self.random = random.Random(f"{history.seed}-{number}")
        self.serial = itertools.count(1)

    def ask(self, program, method, path, query=None, body=None):
        processes = self.h.programs[program]
        raw = body_bytes(body)
        headers = {"Authorization": "Bearer " + self.h.api.token}
        return processes[self.number % len(processes)].request(cgi_variables(method, path, query, raw, headers), raw or b"")

    def run(self, ops):
        verbs, weights = zip(*self.VERBS)
        while next(self.h.count) <= ops and not self.h.problems:
            verb = self.random.choices(verbs, weights)[0]
            getattr(self, verb)()
            self.h.done[verb] += 1

    def expect(self, reply, *statuses):
        if reply.status not in statuses:
            self.h.problem("status", self.number, reply, statuses)
        return reply.status == statuses[0]

    def room(self, reply, success):
        """Whether it was taken; if not, the refusal must say that there was less room than asked for."""
        if not self.expect(reply, success, 409, 402):
            self.h.done["capped"] += reply.status == 402
            if reply.status in (402, 409) and not reply.json.get("available", LIMIT) < reply.json.get("needed", 0):
                self.h.problem("refused for nothing", reply)
            return False
        return True

    def pick(self, wanted):
        """(id, segments, index) of a campaign of this client with a segment that is wanted."""
        ids = [id for id, segments in self.mine.items() if any(map(wanted, segments))]
        if not ids:
            return None
        id = self.random.choice(ids)
        return id, self.mine[id], self.random.choice([i for i, s in enumerate(self.mine[id]) if wanted(s)])

    def some(self):
        return self.random.choice(DATES), self.random.randint(1, 120)

    # ---- Campaigns

    def create(self):
        id, draft = f"{self.number}-{next(self.serial)}", self.random.random() < 0.1
        slices = [self.some() for _ in range(self.random.choice((1, 1, 2, 3)))]
        body = {"id": id, "name": id, "status": "draft" if draft else "scheduled"}
        if len(slices) == 1:
            body.update(scheduledISO=at(slices[0][0], "20:00"), contactCount=slices[0][1])
        else:
            body["segments"] = [{"scheduledISO": at(date, "20:00"), "contactCount": n} for date, n in slices]
        if self.room(self.ask("campaigns", "POST", CAMPAIGNS, body=body), 201):
            self.own(id, [Segment(date, n, body["status"], TODAY) for date, n in slices])
            self.last = body

    def own(self, id, segments):
        self.mine[id] = self.h.campaigns[id] = segments

    def now(self):
        """An instant that is left out, or only just past, is the present one."""
        id, (_, contacts) = f"{self.number}-{next(self.serial)}", self.some()
        body = {"id": id, "name": id, "contactCount": contacts,
                **self.random.choice(({}, {"scheduledISO": at(TODAY, "15:58")}))}
        if self.room(self.ask("campaigns", "POST", CAMPAIGNS, body=body), 201):
            self.own(id, [Segment(TODAY, contacts, "scheduled", TODAY)])
            self.last = body

    def retry(self):
        if self.last is not None:
            reply = self.ask("campaigns", "POST", CAMPAIGNS, body=self.last)
            if self.expect(reply, 200) and "idempotent-replayed" not in reply.headers:
                self.h.problem("taken twice", reply)

    def change(self):
        found = self.pick(lambda s: s.is_open or s.status == "draft")
        if found is None:
            return
        id, segments, i = found
        date, contacts = self.some()
        s, change = segments[i], {"segmentNumber": i + 1}
        if self.random.random() < 0.7:
            change["scheduledISO"] = at(date, "20:00")
        if len(change) == 1 or self.random.random() < 0.6:
            change["contactCount"] = contacts
        new_contacts = change.get("contactCount", s.contacts)
        reply = self.ask("campaigns", "PUT", f"{CAMPAIGNS}/{id}", body={"segments": [change]})
        if new_contacts < s.spent and new_contacts < s.contacts:
            self.expect(reply, 409)
        elif s.is_overdue and "scheduledISO" not in change:
            self.expect(reply, 200 if new_contacts == s.contacts else 400)
        elif s.is_overdue and new_contacts <= s.spent:
            self.expect(reply, 409)
        elif self.room(reply, 200):
            self.h.done["moved from yesterday"] += s.is_overdue
            s.contacts = new_contacts
            s.date = date if "scheduledISO" in change else s.date
            for each in segments:
                each.close_if_done()

    def schedule(self):
        found = self.pick(lambda s: s.status == "draft")
        if found and self.room(self.ask("campaigns", "PUT", f"{CAMPAIGNS}/{found[0]}", body={"status": "scheduled"}), 200):
            for s in found[1]:
                s.status = "scheduled"

    def revive(self):
        """Resumes a campaign with a new instant for each segment that is overdue."""
        found = self.pick(lambda s: s.unfinished > 0)
        if found is None:
            return
        id, segments, _ = found
        moved = {i: self.random.choice(DATES) for i, s in enumerate(segments) if s.unfinished > 0}
        body = {"segments": [{"segmentNumber": i + 1, "scheduledISO": at(date, "20:00")} for i, date in moved.items()]}
        if self.room(self.ask("campaigns", "POST", f"{CAMPAIGNS}/{id}/resume", body=body), 200):
            self.h.done["revived"] += 1
            for i, date in moved.items():
                segments[i].date = date
            for s in segments:
                s.resume()
                s.close_if_done()

    def verb(self, verb, changes, to, refusal=lambda segments: None):
        """A verb on one of its campaigns: done to each segment that it changes, or refused."""
        if not self.mine:
            return
        id = self.random.choice(list(self.mine))
        segments = self.mine[id]
        reply = self.ask("campaigns", "POST", f"{CAMPAIGNS}/{id}/{verb}")
        refused = refusal(segments)
        if refused or not any(map(changes, segments)):
            self.expect(reply, refused or 409)
        elif self.expect(reply, 200):
            for s in filter(changes, segments):
                to(s)
            for s in segments:
                s.close_if_done()
        if not any(s.is_open or s.status == "draft" for s in segments):
            del self.mine[id]

    def cancel(self):
        self.verb("cancel", lambda s: s.is_open or s.status == "draft", Segment.cancel)

    def pause(self):
        def pause(s):
            s.status = "paused"
        self.verb("pause", lambda s: s.status in ("scheduled", "sending") and not s.is_overdue, pause)

    def resume(self):
        def needs_instant(segments):
            paused = [s for s in segments if s.status == "paused"]
            return 400 if any(s.unfinished > 0 for s in (paused or segments)) else None
        self.verb("resume", lambda s: s.status == "paused", Segment.resume, needs_instant)

    # ---- Events

    def event(self, query=None, **fields):
        body = {"id": f"{self.number}-{next(self.serial)}", **fields}
        reply = self.ask("events", "POST", "/api/events", query, body)
        if self.random.random() < 0.2 and reply.status == 200:
            again = self.ask("events", "POST", "/api/events", query, body)
            if not self.expect(again, 200) or again.json["duplicates"] != 1:
                self.h.problem("counted twice", again)
        return body["id"], reply

    def spend(self):
        """Of today's reservations alone, and not more than they hold: so the day's total stays what it is."""
        found = self.pick(lambda s: s.held > 0 and s.date == TODAY)
        if found is None:
            return
        id, segments, i = found
        n = self.random.randint(1, min(5, segments[i].held))
        event, reply = self.event(occurredAt=at(TODAY), messages=n, campaignId=id, segmentNumber=i + 1)
        if self.expect(reply, 200):
            segments[i].spend(n, 0)
            self.voidable.append((event, n, segments[i]))

    def fail(self):
        found = self.pick(lambda s: s.held > 0)
        if found is None:
            return
        id, segments, i = found
        _, reply = self.event(occurredAt=at(TODAY), status="failed", to="+15550100", reason="r", campaignId=id, segmentNumber=i + 1)
        if self.expect(reply, 200):
            segments[i].spend(0, 1)

    def void(self):
        if self.voidable:
            event, n, segment = self.voidable.pop(self.random.randrange(len(self.voidable)))
            if self.expect(self.event(voids=event, reason="r")[1], 200):
                segment.sent -= n

    def settle(self):
        """Says later what an event cost: the messages stay, so no day and no cycle holds more."""
        if self.voidable:
            event, n, _ = self.random.choice(self.voidable)
            body = {"settles": event, **self.random.choice(({"cost": "0.01"}, {"parts": 2 * n}, {"parts": n, "cost": "0.02"}))}
            self.expect(self.event(**body)[1], 200)

    def enforce(self):
        n = self.random.randint(1, 3)
        network = {"network": "T-Mobile"} if self.random.random() < 0.5 else {}
        _, reply = self.event("enforce=true", occurredAt=at(TODAY), messages=n, **network)
        if self.expect(reply, 200, 429, 402):
            with self.h.lock:
                self.h.plain_sent[TODAY] += n
                self.h.to_network += n if network else 0

    def read(self):
        query = urllib.parse.urlencode({"from": DATES[0], "to": DATES[-1]})
        reply = self.ask("usage-calendar", "GET", CAMPAIGNS + "/usage-calendar", query)
        if self.expect(reply, 200):
            self.h.check_calendar(reply.json["data"]["dates"])

    def limits(self):
        reply = self.ask("settings", "GET", LIMITS)
        if self.expect(reply, 200):
            self.h.check_limits(reply.json["data"]["limits"])


def start(daybook, program, number, path=None):
    with open(daybook.log_path, "ab") as log:
        process = FastCgi(str(path or BUILD / f"cgi-bin/{program}.fcgi"), daybook.env, daybook.folder / f"h-{program}-{number}.sock", log)
    daybook.processes.append(process)
    return process


def yesterday(daybook, seed):
    """What each client is left with from the day before: campaigns that are not through, half of them paused or begun."""
    api, dice, left = Api(daybook, clock=at(YESTERDAY)), random.Random(f"{seed}-yesterday"), []
    for client in range(CLIENTS):
        left.append({})
        for i in range(OVERDUE):
            id, slices = f"{client}-y{i}", [(YESTERDAY, dice.randint(2, 3))] + [(TODAY, 1)] * dice.randint(0, 1)
            api.slices(id, *[(at(date, "20:00"), n) for date, n in slices])
            segments = left[client][id] = [Segment(date, n, "scheduled", TODAY) for date, n in slices]
            if dice.random() < 0.5:
                api.spend({"id": f"{id}-spent", "occurredAt": at(YESTERDAY), "campaignId": id, "segmentNumber": 1})
                segments[0].spend(1, 0)
            if dice.random() < 0.5:
                api.did(id, "pause")
                for s in segments:
                    s.status = "paused"
    return left


def history(daybook, ops, campaigns=None, seed=1):
    left = yesterday(daybook, seed)
    api = Api(daybook, clock=NOON)
    assert api.ask("settings", "PUT", LIMITS, body={"smsCap": CAP}).status == 200
    for name, fields in (("pacific", {"window": "day", "zone": "America/Los_Angeles", "amount": PACIFIC}),
                         ("to-network", {"window": "rolling", "hours": 24, "network": "T-Mobile", "amount": NETWORK})):
        reply = api.ask("settings", "PUT", f"{LIMITS}/{name}", body={"channels": ["SMS"], "unit": "message", **fields})
        assert reply.status in (200, 201), reply
    programs = {"campaigns": [start(daybook, "campaigns", i, campaigns) for i in range(CLIENTS)],
                "events": [start(daybook, "events", i) for i in range(2)],
                "settings": [start(daybook, "settings", 0)],
                "usage-calendar": [start(daybook, "usage-calendar", i) for i in range(2)]}
    h = History(api, programs, seed, left)
    h.run(ops)
    return h


def test_a_history_of_many_clients_never_oversells_and_ends_as_the_model_says(daybook):
    h = history(daybook, OPS)
    h.check_end()
    assert h.problems == []
    assert h.done["verified"] > 0 and h.done["revived"] > 0 and h.done["moved from yesterday"] > 0 and h.done["capped"] > 0
    assert all(h.done[verb] > OPS / 500 for verb, _ in Client.VERBS), h.done


# ---- A planted bug: this is how the two tests above would look if room were asked before the write, and not in it

PLANTED = {
    "src/campaign/campaign_change.c": [
        ('#include "campaign/campaign_rows.h"\n', '#include "campaign/campaign_rows.h"\nextern bool room_was_asked;\n'),
        ('(st = campaign_reserve(db, a, org, NULL, c, change, refusal, err)) != OK)',
         '(!room_was_asked && (st = campaign_reserve(db, a, org, NULL, c, change, refusal, err)) != OK))')],
    "cgi-bin/campaigns/write.c": [
        ('#include "write.h"\n', '#include <unistd.h>\n#include "write.h"\nextern bool room_was_asked;\n'
                                          'bool room_was_asked;\n'),
        ('enum status\ncampaigns_post(struct req *r, ',
         'static bool has_room;\n\nstatic enum status\nask_for_room(struct organization *org, void *arg)\n{\n'
         '\tenum status st = create(org, arg);\n\n\thas_room = st == CREATED;\n\treturn has_room ? CONFLICT : st;\n}\n\n'
         'enum status\ncampaigns_post(struct req *r, '),
        ('\tst = organization_write(r->db, r->arena, r->org, r->now, create, &post, &r->err);\n',
         '\tst = organization_write(r->db, r->arena, r->org, r->now, ask_for_room, &post, &r->err);\n'
         '\tif (has_room) {\n\t\tusleep(5000);\n\t\tbuf_reset(body);\n\t\troom_was_asked = true;\n'
         '\t\tst = organization_write(r->db, r->arena, r->org, r->now, create, &post, &r->err);\n'
         '\t\troom_was_asked = false;\n\t}\n\thas_room = false;\n')],
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The campaigns program with room asked in a transaction of its own, before the one that writes."""
    folder = tmp_path_factory.mktemp("planted")
    return program(folder, "campaigns", compiled(folder, PLANTED))


def test_with_the_planted_bug_the_history_shows_that_a_day_was_oversold(daybook, planted):
    h = history(daybook, 20000, planted)
    assert {p[0] for p in h.problems} == {"oversold"}, h.problems


def test_with_the_planted_bug_more_than_6_of_the_20_succeed(daybook, planted):
    token, date = daybook.token(), next_week()
    processes = [start(daybook, "campaigns", i, planted) for i in range(20)]
    free = list(processes)

    def ask(body):
        raw = body_bytes(body)
        return free.pop().request(cgi_variables("POST", CAMPAIGNS, None, raw, {"Authorization": "Bearer " + token}), raw)

    assert twenty(ask, date)[201, None] > 6
