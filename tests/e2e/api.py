"""The API of one database: its programs, kept running, and short ways to ask them, mostly about campaigns."""
import json

from support import NOON, event, set_clock

CAMPAIGNS = "/api/campaigns"
TODAY, TOMORROW = "2026-05-20", "2026-05-21"
SCOPE = "usage:read usage:write campaigns:write org:admin"


def at(date, time="15:00"):
    """An instant on that date, in UTC; in Toronto it is 11:00 of the same day."""
    return f"{date}T{time}:00.000Z"


class Api:
    """FastCGI processes of one database under a clock that the test sets, and a token that outlives its moves."""

    def __init__(self, daybook, org="acme", clock=NOON, scope=SCOPE):
        self.daybook, self.org, self.programs = daybook, org, {}
        if clock:
            set_clock(daybook, clock)
        self.token = daybook.token(org, scope, ttl="720h")

    def clock(self, text):
        set_clock(self.daybook, text)

    def ask(self, program, method, path, query=None, body=None, headers=None, token=None):
        if program not in self.programs:
            self.programs[program] = self.daybook.fastcgi(program)
        return self.programs[program].ask(method, path, query, body, headers, token or self.token)

    # ---- Campaigns

    def post(self, body, **options):
        return self.ask("campaigns", "POST", CAMPAIGNS, body=body, **options)

    def create(self, id, contacts, when=at(TODAY, "20:00"), **fields):
        """A campaign of one date, which must be taken; returns its data."""
        return self.created({"id": id, "name": id.title(), "contactCount": contacts, "scheduledISO": when, **fields})

    def slices(self, id, *segments, **fields):
        """A campaign of dated slices (when, contacts), which must be taken; returns its data."""
        return self.created({"id": id, "name": id.title(), **fields,
                             "segments": [{"scheduledISO": when, "contactCount": n} for when, n in segments]})

    def created(self, body):
        reply = self.post(body)
        assert reply.status == 201, reply
        return reply.json["data"]

    def on(self, id, method, tail="", body=None, query=None, **options):
        return self.ask("campaigns", method, f"{CAMPAIGNS}/{id}{tail}", query, body, **options)

    def get(self, id, query=None):
        reply = self.on(id, "GET", query=query)
        assert reply.status == 200, reply
        return reply.json["data"]

    def put(self, id, body, **options):
        return self.on(id, "PUT", body=body, **options)

    def verb(self, id, verb, **options):
        return self.on(id, "POST", "/" + verb, **options)

    def did(self, id, verb):
        """A verb that must be done; returns the state that it led to."""
        reply = self.verb(id, verb)
        assert reply.status == 200, reply
        return reply.json["data"]["status"]

    def report(self, id, body, **options):
        return self.on(id, "POST", "/results", body=body, **options)

    # ---- What others see

    def calendar(self, first=TODAY, last=None):
        reply = self.ask("usage-calendar", "GET", CAMPAIGNS + "/usage-calendar", {"from": first, "to": last or first})
        assert reply.status == 200, reply
        return reply.json["data"]["dates"]

    def day(self, date=TODAY):
        return self.calendar(date)[date]

    def held(self, date=TODAY):
        return self.day(date)["reserved"]

    def events(self, *events, enforce=None, status=200):
        reply = self.ask("events", "POST", "/api/events", {"enforce": enforce} if enforce else None, list(events))
        assert reply.status == status, reply
        return reply.json

    def spend(self, *events):
        """Plain events, which must all be accepted."""
        assert self.events(*events)["accepted"] == len(events)

    def fill(self, date, units):
        """So many units of a day to come are held by a campaign of nobody's interest."""
        return self.create(f"fill-{date}-{units}", units, at(date, "23:00"))

    def verify(self):
        self.daybook.cmd("verify")

    def rows(self):
        """Everything that a refused request must leave as it was."""
        return {table: self.daybook.sql(f"SELECT * FROM {table}") for table in (
            "campaign", "segment", "event", "failure", "request", "audit", "usage_day", "usage_quarter", "organization")}


def failed(name, when, to, campaign=None, **fields):
    whole = event(when, id=name, status="failed", to=to, reason="bad number", **fields)
    return {**whole, "campaignId": campaign} if campaign else whole


def figures(day):
    return day["sent"], day["reserved"], day["total"], day["availableQuota"]


def numbers(data):
    """(number, scheduledISO, contacts, status, reserved) of each segment."""
    return [(s["segmentNumber"], s["scheduledISO"], s["contactCount"], s["status"], s["reserved"]) for s in data["segments"]]


def raw(body):
    """JSON with members in the opposite order and blanks wherever they may stand."""
    if isinstance(body, dict):
        return "{ " + " ,\n\t".join(f"{json.dumps(k)} : {raw(body[k])}" for k in reversed(list(body))) + " }"
    if isinstance(body, list):
        return "[ " + " , ".join(map(raw, body)) + " ]"
    return json.dumps(body)
