"""Sends writes one after the other, each a second later than the one before."""
from reading import CAMPAIGNS, EVENTS
from world import START, iso

ORG = "/api/organizations/acme"
HOUR_S, DAY_S = 3600, 86400


class Series:
    def __init__(self, world):
        self.world = world

    def say(self, name, method, path, body=None, token="acme", query="", **more):
        self.world.tick()
        return self.world.ask(name, method, path, query, body, token=token, **more)

    def events(self, name, body, **more):
        return self.say(name, "POST", EVENTS, body, **more)

    def campaign(self, name, tail="", body=None, method="POST", **more):
        return self.say(name, method, CAMPAIGNS + tail, body, **more)

    def set(self, name, tail, body, **more):
        return self.say(name, "PUT", ORG + tail, body, **more)


def event(name, ago_s=HOUR_S, **fields):
    return {"id": name, "occurredAt": iso(START - ago_s), **fields}
