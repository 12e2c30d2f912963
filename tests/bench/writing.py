"""The writings of tests/bench/run: batches of events beside a bare loop and PHP, reservations beside PHP's two ways to lock."""
import pathlib
import resource
import statistics
import subprocess
import tempfile

import servers
import world
from report import Measured, median

BATCHES, PER_BATCH, POSTERS = 60, 1000, 4
CLIENTS, FEW_A_DAY, ONE_DAY = 16, 300, 1
WAIT_MAX_MS, FAIR_MIN = 100, 0.9
PEERS = {"PHP-FPM with PostgreSQL": "postgresql", "PHP-FPM with SQLite": "sqlite"}


class Peers:
    """PHP-FPM, PostgreSQL, and a file of SQLite, all new."""

    def __init__(self, book):
        self.folder = tempfile.TemporaryDirectory(prefix="dbk-")
        sqlite = pathlib.Path(self.folder.name) / "peer.db"
        servers.peer_sqlite(sqlite)
        self.postgresql = servers.PostgreSql()
        (secret,), = book.sql("SELECT hex(verify_key) FROM signing_key WHERE kid = 'main'")
        self.php = servers.PhpFpm(BENCH_SQLITE=sqlite, BENCH_SECRET=secret.lower(),
                                   BENCH_PG=f"pgsql:host={self.postgresql.folder};dbname=postgres;user=postgres")

    def close(self):
        self.php.close()
        self.postgresql.close()
        self.folder.cleanup()


def bare_loop(run, book, r):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    rate = float(subprocess.run([run.build / "tests/bench/inserts", book.path, str(BATCHES), str(PER_BATCH), str(r * BATCHES * PER_BATCH)],
                                check=True, capture_output=True, text=True).stdout)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(rate, worked / BATCHES / PER_BATCH * 1e6)


def batches(run, folder):
    """The same batches through lighttpd to each, and the inserts alone; each has the file of the rounds before."""
    print("--- batches of 1,000 events", flush=True)
    book, bare = run.book(folder / "batches"), run.book(folder / "bare")
    world.make_writers(book)
    world.make_writers(bare)
    peers = Peers(book)
    site = servers.Site(run.build, book, php_socket=peers.php.socket)
    token = book.token("acme", ttl="12h")
    rates = {name: [] for name in ("Daybook", "one", "bare", *PEERS)}
    roots = [site.process.pid, peers.php.process.pid, peers.postgresql.pid]  # at work in turn
    post = lambda path, clients: run.client(site, token, path, roots, clients, 600, "events", PER_BATCH, 0, BATCHES, each=PER_BATCH)  # noqa: E731
    try:
        for r in range(run.rounds):
            rates["Daybook"].append(post("/api/events", POSTERS))
            rates["one"].append(post("/api/events", 1))
            rates["bare"].append(bare_loop(run, bare, r))
            for name, db in PEERS.items():
                rates[name].append(post(f"/php/events.php?db={db}", POSTERS))
    finally:
        site.close()
        peers.close()
        for b in (book, bare):
            b.close()
    what = f"POST /api/events, {PER_BATCH:,} a request, {POSTERS} clients"
    run.report.ratio(what, "the bare loop", 0.7, rates["Daybook"], rates["bare"])
    run.report.ratio(f"POST /api/events, {PER_BATCH:,} a request, 1 client", "the bare loop", None, rates["one"], rates["bare"])
    run.report.ratio(what, f"PHP-FPM with PostgreSQL {peers.postgresql.version}", 2, rates["Daybook"], rates["PHP-FPM with PostgreSQL"])
    run.report.ratio(what, "PHP-FPM with SQLite", None, rates["Daybook"], rates["PHP-FPM with SQLite"])


def reservations(run, folder):
    """16 clients of one organization reserve one contact each time: few on each of 300 days, and all on one day."""
    for days, what in ((FEW_A_DAY, "reservations, few a day"), (ONE_DAY, "reservations, thousands on one day")):
        print(f"--- {what}", flush=True)
        book = run.book(folder / f"reservations-{days}")
        world.make_writers(book)
        peers = Peers(book)
        site = servers.Site(run.build, book, php_socket=peers.php.socket)
        token = book.token("acme", ttl="12h")
        paths = {"Daybook": "/api/campaigns", **{name: f"/php/campaigns.php?db={db}" for name, db in PEERS.items()}}
        roots = [site.process.pid, peers.php.process.pid, peers.postgresql.pid]  # at work in turn
        got = {name: [] for name in paths}
        try:
            for r in range(run.rounds + 1):
                for name, path in paths.items():
                    one = run.client(site, token, path, roots, CLIENTS, run.load.seconds, "campaigns", days)
                    if r > 0:  # the first fills what is empty
                        got[name].append(one)
        finally:
            site.close()
            peers.close()
            book.close()
        for name in PEERS:
            waits = f"; longest wait {longest(got['Daybook']):.0f} and {longest(got[name]):.0f} ms"
            run.report.ratio(what, name, 2, got["Daybook"], got[name], waits)
        run.report.at_most(f"{what}: the longest wait of all rounds", WAIT_MAX_MS, "ms", longest(got["Daybook"]),
                           f"; p99 {median('p99_ms', got['Daybook']):.1f} ms")
        fair = [m.fair for m in got["Daybook"]]
        run.report.add(f"{what}: slowest of fastest client", f"at least {FAIR_MIN}", f"{statistics.median(fair):.2f} [{min(fair):.2f}-{max(fair):.2f}]",
                       statistics.median(fair) >= FAIR_MIN)


def longest(rounds):
    return max(m.max_ms for m in rounds)
