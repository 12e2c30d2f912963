"""One installed Daybook and, as they are asked for, one server of each kind at each place; all of them stand to the end."""
import pytest

from servers import PLACES, SERVERS, Lighttpd, Site, e2e, give_away
from support import event, post


@pytest.fixture(scope="session")
def site():
    s = Site()
    try:
        fill(s)
        give_away(s.folder)
        s.start_programs()
        yield s
    finally:
        s.close()


def fill(site):
    d = site.daybook
    d.cmd("init")
    d.cmd("key", "add", "--kid", "main")
    d.cmd("setting", "set", "metrics_addresses", "127.0.0.1 ::1")
    d.cmd("org", "add", "acme", "--timezone", "America/Toronto", "--daily-limit", "500", "--plan", "growth")
    d.cmd("price", "set", "SMS", "0.0079", "--from", "2012-01-01")
    channels = ("SMS", "CALL", "EMAIL", "WHATSAPP", "SAGE", "SLACK")
    now = site.now = e2e.time.time_ns() // 1_000_000
    post(d, *(event(now - i * 3_600_000, channel=channels[i % 6], messages=i % 7 + 1, parts=i % 7 + 2) for i in range(400)))
    site.token = d.token()
    site.reader = d.token(scope="usage:read")
    site.admin = d.token(None, "admin")


class Servers(dict):
    def __init__(self, site):
        self.site = site

    def __missing__(self, key):
        kind, place = key
        self[key] = kind(self.site, place)
        return self[key]


@pytest.fixture(scope="session")
def servers(site):
    all_of_them = Servers(site)
    yield all_of_them
    for server in all_of_them.values():
        server.stop()


@pytest.fixture(scope="session")
def reference(servers):
    """What every other one is compared with."""
    return servers[Lighttpd, ""]


EVERY = [(kind, place) for kind in SERVERS for place in PLACES]


@pytest.fixture(scope="session", params=EVERY, ids=[f"{k.__name__}{p or '/'}" for k, p in EVERY])
def server(request, servers):
    return servers[request.param]
