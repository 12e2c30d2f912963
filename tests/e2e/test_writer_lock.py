"""Writers side by side: nothing is lost, nobody starves, whatever is killed."""
import collections
import fcntl
import os
import random
import signal
import statistics
import struct
import threading
import time

import pytest

from support import check_error, event
from watching import has_waiting_writer, until

WAIT_S = 5		# DB_LOCK_WAIT_MS
STORM_S = 15


def now_ms():
    return int(time.time() * 1000)


def run(work, count):
    """work(0) … work(count - 1), each in a thread of its own; raises the first failure."""
    failures = []

    def guarded(i):
        try:
            work(i)
        except BaseException as e:		# pylint: disable=broad-except
            failures.append(e)
    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def check_whole(daybook, ids):
    """The ledger has exactly these ids, and the roll-ups what the ledger says."""
    ledger = [row[0] for row in daybook.sql("SELECT id FROM event")]
    assert len(ledger) == len(set(ledger))
    assert set(ledger) >= set(ids), len(set(ids) - set(ledger))
    messages, parts, cost = daybook.sql("SELECT sum(messages), sum(parts), sum(cost_micros) FROM event")[0]
    for table in ("usage_quarter", "usage_day"):
        assert daybook.sql(f"SELECT sum(messages), sum(parts), sum(cost_micros) FROM {table}") == [(messages, parts, cost)]
    by_quarter = daybook.sql("SELECT occurred_at / 900000, channel, sum(messages) FROM event GROUP BY 1, 2 ORDER BY 1, 2")
    assert daybook.sql("SELECT quarter, channel, messages FROM usage_quarter ORDER BY 1, 2") == by_quarter
    assert daybook.sql("PRAGMA integrity_check") == [("ok",)]
    done = daybook.cmd("verify", check=False)
    if done.returncode != 2:	# 2: this build has no such command yet
        assert done.returncode == 0, (done.stdout, done.stderr)
    return len(ledger)


def test_eight_writers_at_once_lose_nothing_and_repeat_nothing(daybook):
    token, shared = daybook.token(), [event(now_ms() - i, channel="PUSH") for i in range(200)]
    processes = [daybook.fastcgi("events") for _ in range(4)]
    counts, ids, lock = collections.Counter(), [], threading.Lock()

    def write(i):
        for n in range(12):
            mine = [event(now_ms() - k * 200_000, channel=("SMS", "EMAIL")[k % 2], messages=1 + k % 3) for k in range(20)]
            body = mine + shared[n * 10:n * 10 + 60]
            if i < 4:
                reply = processes[i].ask("POST", "/api/events", None, body, token=token)
            else:
                reply = daybook.cgi("events", "POST", "/api/events", body=body, token=token)
            assert reply.status == 200, reply
            told = reply.json
            assert (told["conflicts"], told["rejected"], told["accepted"] + told["duplicates"]) == (0, 0, len(body)), told
            with lock:
                counts.update({k: told[k] for k in ("accepted", "duplicates")})
                ids.extend(e["id"] for e in mine)
    run(write, 8)
    posted_of_shared = len({e["id"] for n in range(12) for e in shared[n * 10:n * 10 + 60]})
    assert len(ids) == 8 * 12 * 20
    assert check_whole(daybook, ids) == len(ids) + posted_of_shared == counts["accepted"]


def test_readers_are_answered_while_many_write(daybook):
    token, over, took = daybook.token(), threading.Event(), []
    reader = daybook.fastcgi("usage-calendar")
    writers = [daybook.fastcgi("events") for _ in range(6)]

    def work(i):
        if i == 6:
            while not over.is_set():
                began = time.monotonic()
                reply = reader.ask("GET", "/api/campaigns/usage-calendar", {"from": "2026-01-01", "to": "2026-12-31"}, token=token)
                took.append(time.monotonic() - began)
                assert reply.status == 200, reply
            return
        try:
            for _ in range(15):
                assert writers[i].ask("POST", "/api/events", None, [event(now_ms()) for _ in range(100)], token=token).status == 200
        finally:
            if i == 0:
                over.set()
    run(work, 7)
    assert took and statistics.median(took) < WAIT_S, "they wait for the lock"


@pytest.mark.parametrize("byte", [1, 0], ids=["room", "queue"])
def test_a_process_stuck_in_the_gate_makes_writers_answer_503_and_readers_go_on(daybook, byte):
    token = daybook.token()
    post = daybook.fastcgi("events")
    other = daybook.fastcgi("events")
    settings = daybook.fastcgi("settings")
    usage = daybook.fastcgi("organization-usage")
    assert post.ask("POST", "/api/events", None, event(now_ms(), channel="EMAIL"), token=token).status == 200
    before = daybook.sql("SELECT count(*) FROM event")
    taken = []
    gate = os.open(f"{daybook.path}-gate", os.O_RDWR)
    try:
        fcntl.lockf(gate, fcntl.LOCK_EX, 1, byte)	# once the work after the reply is done

        def work(i):
            began = time.monotonic()
            if i == 0:
                reply = post.ask("POST", "/api/events", None, event(now_ms()), token=token)
            elif i == 1:
                reply = other.ask("POST", "/api/events", None, event(now_ms()), token=token)
            elif i == 2:
                reply = settings.ask("PUT", "/api/organizations/acme/plan", None, {"plan": "x"}, token=token)
            elif i == 3:
                reply = daybook.cgi("events", "POST", "/api/events", body=event(now_ms()), token=token)
            else:
                done = daybook.cmd("org", "add", "late", "--timezone", "UTC", check=False)
                assert done.returncode == 1 and len(done.stderr.strip().splitlines()) >= 1, done
                return
            taken.append(time.monotonic() - began)
            check_error(reply, 503, "tether")
            assert int(reply.headers["retry-after"]) >= 1

        def read_meanwhile():
            read = []
            for _ in range(20):
                began = time.monotonic()
                assert usage.ask("GET", "/organization/usage", token=token).json["messageUsage"] == 1
                read.append(time.monotonic() - began)
                time.sleep(0.1)
            assert min(read) < WAIT_S - 1, "each of them waits for the lock"
        run(lambda i: read_meanwhile() if i == 5 else work(i), 6)
    finally:
        os.close(gate)
    assert len(taken) == 4
    assert all(WAIT_S - 1 < seconds for seconds in taken), taken
    assert daybook.sql("SELECT count(*) FROM event") == before
    for process in (post, other):
        assert process.ask("POST", "/api/events", None, event(now_ms()), token=token).status == 200
    assert settings.ask("PUT", "/api/organizations/acme/plan", None, {"plan": "x"}, token=token).status == 200


def test_a_link_to_the_database_leads_to_the_same_gate(daybook):
    """Whoever names it otherwise waits in the same line."""
    link, token = daybook.folder / "link.db", daybook.token()
    link.symlink_to(daybook.path)
    gate = os.open(f"{daybook.path}-gate", os.O_RDWR)
    try:
        fcntl.lockf(gate, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 1)
        reply = daybook.cgi("events", "POST", "/api/events", body=event(now_ms()), token=token, env={"DAYBOOK_DB": str(link)})
        check_error(reply, 503, "tether")
    finally:
        os.close(gate)
    assert not (daybook.folder / "link.db-gate").exists()


def test_a_writer_that_waits_gets_in_when_the_gate_opens(daybook):
    token, process = daybook.token(), daybook.fastcgi("events")
    assert process.ask("POST", "/api/events", None, event(now_ms()), token=token).status == 200
    gate = os.open(f"{daybook.path}-gate", os.O_RDWR)
    fcntl.lockf(gate, fcntl.LOCK_EX, 1, 1)	# once the work after the reply is done
    has_opened = threading.Event()

    def open_gate():
        until(lambda: has_waiting_writer(gate), "it does not wait")
        has_opened.set()
        os.close(gate)
    opener = threading.Thread(target=open_gate)
    opener.start()
    assert process.ask("POST", "/api/events", None, event(now_ms()), token=token).status == 200
    assert has_opened.is_set()
    opener.join()


def test_a_writer_killed_in_the_gate_leaves_it_open(daybook):
    token = daybook.token()
    process, other = daybook.fastcgi("events"), daybook.fastcgi("events")
    gate = os.open(f"{daybook.path}-gate", os.O_RDWR)
    fcntl.lockf(gate, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 1)

    def post():
        with pytest.raises((OSError, KeyError)):
            process.ask("POST", "/api/events", None, event(now_ms()), token=token)
    thread = threading.Thread(target=post)
    thread.start()
    until(lambda: has_waiting_writer(gate), "it does not wait")
    process.process.send_signal(signal.SIGKILL)
    process.process.wait()
    thread.join()
    os.close(gate)
    assert other.ask("POST", "/api/events", None, event(now_ms()), token=token).json["accepted"] == 1
    assert daybook.sql("SELECT count(*) FROM event") == [(1,)]


def test_every_acknowledged_event_survives_a_storm_of_kills(daybook):
    dice, lock, over = random.Random(3), threading.Lock(), threading.Event()
    token, alive, acknowledged, tried = daybook.token(ttl="1h"), {}, set(), set()
    kills, repeats = [0], [0]

    def start(i):
        with lock:
            alive[i] = daybook.fastcgi("events")
            return alive[i]

    def write(i):
        process, body = start(i), None
        while not over.is_set():
            if body is None:
                body = [event(now_ms() - k * 60_000, channel=("SMS", "EMAIL", "CALL")[k % 3], source=f"writer-{i}") for k in range(1 + len(acknowledged) % 40)]
                tried.update(e["id"] for e in body)
            try:
                reply = process.ask("POST", "/api/events", None, body, token=token)
            except (OSError, KeyError, ValueError, struct.error):
                process.process.wait()		# killed: the same body goes to the next process
                process = start(i)
                repeats[0] += 1
                continue
            assert reply.status == 200, reply
            told = reply.json
            assert told["accepted"] + told["duplicates"] == len(body), told
            assert told["accepted"] == 0 or told["duplicates"] == 0, "a batch is whole or not there"
            acknowledged.update(e["id"] for e in body)
            body = None

    def is_enough():
        return kills[0] > 50 and repeats[0] > 20 and len(acknowledged) > 500

    def kill(_):
        ends, gives_up = time.monotonic() + STORM_S, time.monotonic() + 10 * STORM_S
        while time.monotonic() < (ends if is_enough() else gives_up):
            time.sleep(dice.uniform(0.01, 0.12))
            with lock:
                victim = dice.choice(list(alive.values())) if alive else None
                if victim is not None and victim.process.poll() is None:
                    victim.process.send_signal(signal.SIGKILL)
                    kills[0] += 1
        over.set()

    def guarded(i):
        try:
            (kill if i == 6 else write)(i)
        finally:
            over.set()
    run(guarded, 7)
    assert is_enough(), (kills, repeats, len(acknowledged))
    ledger = {row[0] for row in daybook.sql("SELECT id FROM event")}
    assert acknowledged <= ledger <= tried
    check_whole(daybook, acknowledged)
    assert daybook.cgi("events", "POST", "/api/events", body=event(now_ms()), token=token).status == 200
