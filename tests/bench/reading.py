"""The readings of tests/bench/run: beside a constant program, beside PHP-FPM and Node, and while events are ingested."""
import contextlib
import http.client
import json
import pathlib
import re
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.parse

import servers
import world
from report import Measured, both

WRITES_PER_S = 20
RANGES, RANGE_DAYS = 300, 31
PACE_MIN = 19_000  # events/s; with fewer, how long a reading waits says nothing
LUA = """local requests, n = {}, 0
function init(args)
  for line in io.lines("FILE") do
    local path, token = line:match("(%S+) (%S+)")
    requests[#requests + 1] = wrk.format("GET", path, { Authorization = "Bearer " .. token })
  end
end
function request()
  n = n % #requests + 1
  return requests[n]
end
"""


def calendar(from_day, days=RANGE_DAYS):
    return "/api/campaigns/usage-calendar?" + urllib.parse.urlencode({"from": world.date(from_day), "to": world.date(from_day + days - 1)})


def history(from_day, days=RANGE_DAYS):
    return "/organization/usage/history?" + urllib.parse.urlencode({"startDate": world.date(from_day), "endDate": world.date(from_day + days - 1)})


def infodeck(from_day, days=30):
    now = world.now_ms()
    return f"/organizations/acme/usage?startDate={now + from_day * world.DAY_MS}&endDate={now + (from_day + days) * world.DAY_MS}"


def fetch(port, path, token):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    c.request("GET", path, headers={"Authorization": "Bearer " + token})
    r = c.getresponse()
    body = r.read()
    c.close()
    if r.status != 200:
        raise SystemExit(f"{path}: {r.status} {body[:500]!r}")
    return body


class Load:
    """wrk with one thread and 16 connections, and requests that are made before it starts: the client costs the same for all."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.folder = tempfile.TemporaryDirectory(prefix="dbk-")

    def run(self, port, requests, roots, connections=16):
        """requests: (path, token), in turn; roots: the processes whose CPU is counted, with what they started."""
        lines, script = pathlib.Path(self.folder.name) / "requests", pathlib.Path(self.folder.name) / "wrk.lua"
        lines.write_text("".join(f"{path} {token}\n" for path, token in requests))
        script.write_text(LUA.replace("FILE", str(lines)))
        before = servers.cpu_seconds(*roots)
        done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{self.seconds}s", "--latency", "-s", script, f"http://127.0.0.1:{port}"],
                              check=True, capture_output=True, text=True)
        worked = servers.cpu_seconds(*roots) - before
        if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
            raise SystemExit(f"{requests[0][0]}: {done.stdout}")
        value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", done.stdout).groups()
        number = int(re.search(r"(\d+) requests in", done.stdout)[1])
        return Measured(float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1]), worked / number * 1e6,
                        float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit])


@contextlib.contextmanager
def writes_beside(site, token, number=[0]):
    """20 events a second, each a request and a transaction, until it ends."""
    stop = threading.Event()

    def write():
        c = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
        due = time.monotonic()
        while not stop.is_set():
            number[0] += 1
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
            c.request("POST", "/api/events", json.dumps({"id": f"beside-{time.time_ns()}-{number[0]}", "occurredAt": at}),
                      {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
            r = c.getresponse()
            body = r.read()
            if r.status not in (200, 201):
                print("the writer beside:", r.status, body, flush=True)
            due += 1 / WRITES_PER_S
            stop.wait(max(0, due - time.monotonic()))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def beside_constant(run, book):
    """Each reading in turn with a program that answers the same bytes and does nothing else; one process of each."""
    acme, beside = book.token("acme", ttl="12h"), book.token("beside", ttl="12h")
    is_tuned = "libsqlite3" not in subprocess.run(["ldd", run.build / "cgi-bin/usage-calendar.fcgi"], capture_output=True, text=True).stdout
    others = [(calendar(1), book.token(f"other{n}", ttl="12h")) for n in range(world.OTHERS)]
    one = lambda path: [(path, acme)]  # noqa: E731
    each = lambda make, n: [(make(i), acme) for i in range(n)]  # noqa: E731
    slots = "/api/campaigns/next-available-slot?contactCount="
    # (what, at least, the requests, whether it is this organization that is written to)
    readings = [
        ("usage-calendar, the same request again", 0.90, one(calendar(1)), False),
        ("usage-calendar, another range each time", 0.80 if is_tuned else 0.70, each(lambda i: calendar(1 + i), RANGES), False),
        ("usage-calendar, another range each time, 20 writes/s of its organization", 0.65, each(lambda i: calendar(1 + i), RANGES), True),
        (f"usage-calendar, {world.OTHERS} organizations in turn", 0.25, others, False),
        ("organization/usage", 0.85, one("/organization/usage"), False),
        ("organization/usage/history", 0.85, one(history(-200)), False),
        ("organizations/ID/usage", 0.85, one(infodeck(-200)), False),
        ("next-available-slot", 0.85, one(slots + "250"), False),
        ("organization/usage, another cycle each time", 0.50,
         each(lambda i: f"/organization/usage?cycle={world.date(-1 - i)}", RANGES), False),
        ("organization/usage/history, another range each time", 0.50, each(lambda i: history(-world.EVENT_DAYS + i % 260), 260), False),
        ("organizations/ID/usage, another range each time", 0.50, each(lambda i: infodeck(-world.EVENT_DAYS + i % 260), 260), False),
        ("next-available-slot, other contacts each time", 0.50, each(lambda i: f"{slots}{101 + i % 200}", 200), False),
        ("dashboard: session", 0.85, one("/api/session"), False),
        ("dashboard: today", 0.85, one(calendar(0, 1)), False),
        ("dashboard: what else was sent today", 0.85, one(history(0, 1)), False),
        ("dashboard: the month", 0.85, one(calendar(-6, 42)), False),
        ("dashboard: next day", 0.85, one(slots + "0"), False),
    ]
    site = servers.Site(run.build, book, processes=1)
    try:
        bodies = {f"c{n}": fetch(site.port, *requests[0]) for n, (_, _, requests, _) in enumerate(readings)}
    finally:
        site.close()
    print(f"--- readings beside a constant program; the calendar has {len(bodies['c0']):,} bytes", flush=True)
    site = servers.Site(run.build, book, processes=1, constants=bodies)
    rates, floors = {n: [] for n in range(len(readings))}, {n: [] for n in range(len(readings))}
    try:
        for _ in range(run.rounds):
            for n, (_, _, requests, is_own) in enumerate(readings):
                with writes_beside(site, acme if is_own else beside):
                    floors[n].append(run.load.run(site.port, [(f"/constant/c{n}/", acme)], [site.process.pid]))
                    rates[n].append(run.load.run(site.port, requests, [site.process.pid]))
    finally:
        site.close()
    for n, (what, bound, _, _) in enumerate(readings):
        run.report.ratio(what, "the constant program", bound, rates[n], floors[n])


def beside_peers(run, book):
    """The same replies, byte for byte, from the same file: two processes of each of Daybook's programs and of Node, four of PHP."""
    acme, beside = book.token("acme", ttl="12h"), book.token("beside", ttl="12h")
    slots = "/api/campaigns/next-available-slot?contactCount="
    cases = [("usage-calendar, the same request again", [calendar(1)], "calendar"),
             ("usage-calendar, another range each time", [calendar(1 + i) for i in range(RANGES)], "calendar"),
             ("organization/usage", ["/organization/usage"], "organization-usage"),
             ("next-available-slot", [f"{slots}{101 + i % 200}" for i in range(200)], "next-available-slot")]
    php = servers.PhpFpm(BENCH_DB=book.path)
    site = servers.Site(run.build, book, processes=2, php_socket=php.socket)
    node = servers.Node(book.path) if servers.Node.is_there() else None
    makers = {"Daybook": (site.port, [site.process.pid], lambda path, page: path),
              "PHP-FPM": (site.port, [site.process.pid, php.process.pid], lambda path, page: tail(f"/php/{page}.php", path))}
    if node:
        makers["Node"] = node.port, [node.process.pid], lambda path, page: tail(f"/{page}", path)
    print("--- readings beside PHP-FPM and Node", flush=True)
    rates = {(name, case): [] for name in makers for case, _, _ in cases}
    try:
        for _, paths, page in cases:
            for path in (paths[0], paths[len(paths) // 2], paths[-1]):
                check_same({name: fetch(port, make(path, page), acme) for name, (port, _, make) in makers.items()}, path)
        for _ in range(run.rounds):
            for case, paths, page in cases:
                for name, (port, roots, make) in makers.items():
                    with writes_beside(site, beside):
                        rates[name, case].append(run.load.run(port, [(make(path, page), acme) for path in paths], roots))
    finally:
        for server in (node, site, php):
            if server:
                server.close()
    for case, _, _ in cases:
        for name in ("PHP-FPM", "Node"):
            if name in makers:
                waits = f"; p99 {both('p99_ms', rates['Daybook', case], rates[name, case])} ms"
                run.report.ratio(case, name, 4, rates["Daybook", case], rates[name, case], waits)
            else:
                run.report.missing(case, f"at least 4 of {name}", "better-sqlite3 could not be built: see build/bench/node/npm.log")


def tail(page, path):
    query = urllib.parse.urlsplit(path).query
    return page + ("?" + query if query else "")


def check_same(bodies, path):
    for name, body in bodies.items():
        if body != bodies["Daybook"]:
            raise SystemExit(f"{path}: {name} answers\n{body[:3000].decode()}\nand Daybook\n{bodies['Daybook'][:3000].decode()}")


def while_ingesting(run, book):
    """Four connections that read; two that post 20 batches of 1,000 events a second, or nothing."""
    print("--- readings while 20,000 events/s are ingested", flush=True)
    acme = book.token("acme", ttl="12h")
    requests = [(calendar(1 + i), acme) for i in range(RANGES)]
    site = servers.Site(run.build, book)
    waits = {"idle": [], "beside": [], "acme": []}
    paces = []
    try:
        for _ in range(run.rounds):
            for of, token in (("idle", None), ("beside", book.token("beside", ttl="12h")), ("acme", acme)):
                poster = token and run.start_client(site, token, "/api/events", 2, run.load.seconds + 1, "events", 1000, 20)
                time.sleep(0.5)
                waits[of].append(run.load.run(site.port, requests, [site.process.pid], connections=4).p99_ms)
                if poster:
                    got = run.client_result(poster)
                    paces.append(got["requests"] * 1000 / got["seconds"])
    finally:
        site.close()
    for of, name in (("beside", "another organization"), ("acme", "its own organization")):
        ratio = statistics.median(w / idle for w, idle in zip(waits[of], waits["idle"]))
        run.report.at_most(f"p99 of the calendar, another range each time, while 20,000 events/s of {name} are ingested", 3, "of idle", ratio,
                           f"; {statistics.median(waits[of]):.2f} and {statistics.median(waits['idle']):.2f} ms; {min(paces):,.0f} events/s at least",
                           min(paces) >= PACE_MIN)
