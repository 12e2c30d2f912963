"""Without a WAL (network filesystems): a rollback journal, and everything else as ever."""
import sqlite3
import threading

import pytest

from model import now
from support import event


@pytest.fixture
def truncate(daybook):
    """The database as `init` leaves it where a WAL cannot be."""
    connection = sqlite3.connect(daybook.path)
    assert connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone() == ("truncate",)
    connection.close()
    daybook.cmd("setting", "set", "metrics_addresses", "127.0.0.1 ::1")
    return daybook


def sent(daybook, token):
    return daybook.cgi("organization-usage", "GET", "/organization/usage", token=token).json["channelUsages"]["SMS"]


def test_health_says_which_journal_it_is(daybook, truncate):
    assert truncate.cgi("health", "GET", "/health").json["journalMode"] == "truncate"


def test_writers_and_readers_at_once_lose_nothing(truncate):
    token = truncate.token()
    writers = [truncate.fastcgi("events") for _ in range(3)]
    reader, wrong, at = truncate.fastcgi("organization-usage"), [], now()

    def write(i):
        for n in range(25):
            reply = writers[i].ask("POST", "/api/events", None, [event(at, id=f"{i}-{n}-{k}") for k in range(4)], token=token)
            if reply.status != 200 or reply.json["accepted"] != 4:
                wrong.append(reply)
    threads = [threading.Thread(target=write, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        reply = reader.ask("GET", "/organization/usage", None, token=token)
        if reply.status != 200 or reply.json["channelUsages"]["SMS"] % 4 != 0:
            wrong.append(reply)
    for thread in threads:
        thread.join()
    assert wrong == [] and sent(truncate, token) == 300
    assert "0 differences" in truncate.cmd("verify").stdout


def test_a_backup_of_either_journal_goes_back_into_either(truncate):
    token, at = truncate.token(), now()
    post = lambda name: truncate.cgi("events", "POST", "/api/events", None, [event(at, id=name)], token=token)  # noqa: E731
    assert post("a").json["accepted"] == 1
    truncate.cmd("backup", truncate.folder / "b.db")
    assert post("b").json["accepted"] == 1 and sent(truncate, token) == 2
    truncate.cmd("restore", truncate.folder / "b.db")
    assert sent(truncate, token) == 1 and post("b").json["accepted"] == 1
    connection = sqlite3.connect(truncate.path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    truncate.cmd("restore", truncate.folder / "b.db")
    assert sent(truncate, token) == 1 and post("c").json["accepted"] == 1
    assert truncate.cgi("health", "GET", "/health").json["journalMode"] in ("wal", "truncate")
    assert "0 differences" in truncate.cmd("verify").stdout


def test_a_reading_that_cannot_begin_waits_for_the_lock_once(truncate):
    token, reader = truncate.token(), truncate.fastcgi("organization-usage")
    assert reader.ask("GET", "/organization/usage", None, token=token).status == 200
    connection = sqlite3.connect(truncate.path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    reply = reader.ask("GET", "/organization/usage", None, token=token)
    connection.close()
    assert reply.status == 503 and "retry-after" in reply.headers
    assert truncate.log_path.read_text().count("database is locked") == 1
    assert reader.ask("GET", "/organization/usage", None, token=token).status == 200
