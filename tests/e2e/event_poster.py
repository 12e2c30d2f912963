"""Posting events: an event and its forms, a process to post them to, and short ways to look at what it made of them."""
import json

import pytest

from model import HOUR, QUARTER, Days, date, iso, now

ABSENT = object()
AN_HOUR_AGO = (now() - HOUR) // QUARTER * QUARTER  # the same for a whole run: retries must be able to repeat it
NDJSON, CLOUDEVENT, CLOUDEVENTS = ({"Content-Type": "application/" + kind} for kind in (
    "x-ndjson", "cloudevents+json; charset=utf-8", "cloudevents-batch+json"))
BACKFILL = "usage:write usage:backfill usage:read org:admin campaigns:write"


def event(name, **fields):
    """An SMS of an hour ago, its quarter-hour's start, unless fields say otherwise."""
    whole = {"id": name, "occurredAt": iso(AN_HOUR_AGO), **fields}
    return {name: value for name, value in whole.items() if value is not ABSENT}


class Poster:
    """One FastCGI process of the program, and a token for it."""

    def __init__(self, daybook, scope=BACKFILL):
        self.daybook, self.process, self.scope = daybook, daybook.fastcgi("events"), scope
        self.token = daybook.token(scope=scope)

    def __call__(self, body, headers=None, token=None, **variables):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        return self.process.ask("POST", "/api/events", body=body, headers=headers, token=token or self.token, **variables)

    def counts(self, body, *expected, **options):
        """Posts; accepted, duplicates, conflicts and rejected must be these.  Returns the results."""
        reply = self(body, **options).json
        counted = tuple(reply[name] for name in ("accepted", "duplicates", "conflicts", "rejected"))
        assert counted == expected + (0,) * (4 - len(expected)), reply
        return reply["results"]

    def refused(self, body, error, **options):
        """Posts one event, which must be rejected with that field's name."""
        results = self.counts([body], 0, 0, 0, 1, **options)
        assert results[0]["status"] == "rejected" and results[0]["error"].startswith(error), results
        return results[0]


@pytest.fixture
def post(daybook):
    return Poster(daybook)


@pytest.fixture(scope="module")
def shared(shared_daybook):
    """One process and one database for the tables of bad fields: every row must leave it as it was."""
    return Poster(shared_daybook)


def ids(daybook):
    return {row[0] for row in daybook.sql("SELECT id FROM event WHERE source NOT LIKE 'daybook:%'")}


def row(daybook, id, columns):
    return daybook.sql(f"SELECT {columns} FROM event WHERE id = ?", id)[0]


FAILED = {"source": "s", "status": "failed", "to": "+15550100", "reason": "bad number"}


def void(id, voids, **fields):
    return {"id": id, "voids": voids, "reason": "sent in error", **fields}


@pytest.fixture
def days(daybook):
    return Days(daybook)


def calendar(daybook, day):
    reply = daybook.cgi("usage-calendar", "GET", "/api/campaigns/usage-calendar", {"from": date(day), "to": date(day)},
                        token=daybook.token())
    return reply.json["data"]["dates"][date(day)]


def show(value):
    text = "absent" if value is ABSENT else repr(value).encode("ascii", "backslashreplace").decode()
    return text if len(text) <= 40 else f"{text[:20]} of {len(text)}"
