"""Twice as many slow clients as there are processes, on every server at once: the others are served as if nobody was there."""
import concurrent.futures
import contextlib
import pathlib
import statistics
import threading
import time

import pytest

import slow
from servers import SERVERS, ApacheCgi, ApacheFcgid, ApacheProxyFcgi, HtaccessCgi, HtaccessFcgid, LighttpdCgi
from support import event, iso, post
from watching import until

MEDIAN_S = 0.1	# of the others, whatever slow clients do
PATIENCE_S = 2	# transfer_seconds here
PROCESSES = {ApacheFcgid: 8, HtaccessFcgid: 8}	# of the program `events`, if not 4
ASKED = 7	# requests for a median
LONG_PAGE, PAGE_BYTES = 1500, 600_000	# events; more than the systems and servers between program and client keep
RATE = 100_000	# bytes that lengthen a deadline by a second


class ProxyAlone(ApacheProxyFcgi):
    """Without mod_buffer the programs alone must hold."""
    MORE = ["proxy", "proxy_fcgi"]


# Those whose programs meet the slow clients themselves: mod_buffer and others keep them away.
STREAM_BODIES = (ApacheCgi, HtaccessCgi, ProxyAlone)
STREAM_REPLIES = (*STREAM_BODIES, HtaccessFcgid)


def post_one(server, site):
    """How long another client waits for its event to be taken."""
    began = time.monotonic()
    reply = server.ask("POST", "/api/events", body=event(site.now, channel="PUSH"), token=site.token)
    assert reply.status == 200, (server, reply)
    return time.monotonic() - began


def median(server, site):
    """Of clients that come shortly after each other: if all processes are held, more than half of them wait."""
    with concurrent.futures.ThreadPoolExecutor(ASKED) as pool:
        waits = []
        for _ in range(ASKED):
            waits.append(pool.submit(post_one, server, site))
            time.sleep(0.05)
        return statistics.median(wait.result() for wait in waits)


def longest_wait(server, site, is_over):
    """Of clients that come one after the other, until it is over."""
    longest = post_one(server, site)
    while not is_over.wait(0.1):
        longest = max(longest, post_one(server, site))
    return longest


def longest_waits(servers, site, condition=lambda: True):
    """Of all servers at once, until the deadline has passed and the condition is true."""
    is_over = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(len(servers)) as pool:
        waits = [pool.submit(longest_wait, server, site, is_over) for server in servers]
        try:
            time.sleep(PATIENCE_S + 0.5)
            until(condition, "nothing in the log")
        finally:
            is_over.set()
        return {server: wait.result() for server, wait in zip(servers, waits)}


@pytest.fixture(scope="module")
def every(servers, site):
    """One server of each kind."""
    post(site.daybook, *(event(site.now - i, id=f"{i}-" + "x" * 180) for i in range(LONG_PAGE)))
    alone = ProxyAlone(site, "")
    yield [*(servers[kind, ""] for kind in SERVERS), alone]
    alone.stop()


@pytest.fixture(scope="module")
def idle(every, site):
    """What a request takes when nobody is slow: the median, and the longest while all servers are asked at once."""
    longest = longest_waits(every, site)
    return {server: (median(server, site), longest[server]) for server in every}


def attack(servers, make, factor=2):
    """Slow clients on each server, so many for each process."""
    stack = contextlib.ExitStack()
    for clients in [make(server, factor * PROCESSES.get(type(server), 4)) for server in servers]:
        stack.enter_context(clients)
    return stack


def check_median(server, site, idle_s):
    """A busy machine is known by what a request took before; one bad moment is repeated."""
    bound = max(MEDIAN_S, 3 * idle_s)
    medians = []
    while len(medians) < 3:
        medians.append(median(server, site))
        if medians[-1] < bound:
            return
    pytest.fail(f"{server}: {medians} s, without slow clients {idle_s} s")


def test_strangers_that_send_slowly_delay_nobody(every, idle, site):
    with attack(every, slow.senders):
        for server in every:
            check_median(server, site, idle[server][0])


def test_a_refused_body_is_answered_as_a_whole_however_long_it_is(every, site):
    """The program does not read it to its end, and the server must not take that for a failure."""
    for server in every:
        for size in (100_000, 300_000, 2_900_000) * 2:
            if type(server) is HtaccessFcgid and size > 128 << 10:
                continue	# mod_fcgid's own limit
            reply = server.ask("POST", "/api/events", body=b"[" + b" " * size)
            assert (reply.status, reply.json["success"]) == (401, False), (server, size, reply)


# ---- With a valid credential

@pytest.fixture
def patience(site):
    site.daybook.cmd("setting", "set", "transfer_seconds", PATIENCE_S)
    yield
    site.daybook.cmd("setting", "set", "transfer_seconds", 10)


def has_logged(server, site, what):
    logs = [*pathlib.Path(server.state).glob("*.log"), server.log, *([site.folder / "log/programs.log"] if server.owners() else [])]
    return any("event=slow what=" + what in line and "org=acme credential=jwt:main" in line
               for log in logs for line in log.read_text(errors="replace").splitlines())


def check_waits(servers, idle, site, what, kinds):
    """Nobody waits longer than the deadline, and the log names whom the programs have met."""
    waits = longest_waits(servers, site, lambda: all(has_logged(server, site, what) for server in servers if type(server) in kinds))
    for server, longest in waits.items():
        deadline_s = PATIENCE_S + (PAGE_BYTES / RATE if what == "reply" and type(server) in kinds else 0)
        assert longest < deadline_s + max(MEDIAN_S, 3 * idle[server][1]), (server, waits, idle)


def senders(site):
    return lambda server, n: slow.senders(server, n, site.token)


def readers(site):
    query = f"from={iso(site.now - 86_400_000)[:10]}&to={iso(site.now)[:10]}&limit={LONG_PAGE}"
    return lambda server, n: slow.readers(server, n, site.token, query)


@pytest.mark.parametrize("make, what, kinds", [(senders, "body", STREAM_BODIES), (readers, "reply", STREAM_REPLIES)],
                         ids=["senders", "readers"])
def test_slow_clients_with_a_credential_hold_nobody_beyond_the_deadline(every, idle, site, patience, make, what, kinds):
    shipped = every[:-1]
    with attack(shipped, make(site)):
        check_waits(shipped, idle, site, what, kinds)
    # Without mod_buffer each holds a process of the other servers too, and those who wait in line would wait twice.
    with attack(every[-1:], make(site), factor=1):
        check_waits(every[-1:], idle, site, what, kinds)
