"""A full disk, an I/O error, damage and a busy database are told apart, by the command and over HTTP; each is a 503."""
import fcntl
import os
import subprocess

import pytest

NOW = "2026-05-20T15:00:00.000Z"
FAILING = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int is_database(int fd)
{
	char link[64], path[4096] = "";
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return readlink(link, path, sizeof(path) - 1) > 0 && strstr(path, "/daybook.db") != NULL && strstr(path, "-gate") == NULL;
}
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	if (getenv("WRITE_ERROR") != NULL && is_database(fd)) {
		errno = atoi(getenv("WRITE_ERROR"));
		return -1;
	}
	return ((ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64"))(fd, data, n, at);
}
ssize_t pread64(int fd, void *data, size_t n, off64_t at)
{
	if (getenv("READ_ERROR") != NULL && is_database(fd)) {
		errno = atoi(getenv("READ_ERROR"));
		return -1;
	}
	return ((ssize_t (*)(int, void *, size_t, off64_t))dlsym(RTLD_NEXT, "pread64"))(fd, data, n, at);
}
"""


@pytest.fixture
def failing(daybook):
    shim = daybook.folder / "failing.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, "-xc", "-", "-ldl"], input=FAILING, text=True, check=True)
    daybook.token_text = daybook.token("acme", "usage:read usage:write usage:backfill")

    def use(**env):
        daybook.env.update(LD_PRELOAD=str(shim), ASAN_OPTIONS=daybook.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
                           **{k: str(v) for k, v in env.items()})
        return daybook

    return use


def post(daybook):
    return daybook.cgi("events", "POST", "/api/events", body=[{"id": "a", "occurredAt": NOW}], token=daybook.token_text)


def says(daybook, words):
    done = daybook.cmd("org", "set", "acme", "--plan", "x", check=False)
    assert done.returncode == 1, done
    assert done.stderr.splitlines()[-1].startswith("daybook: ") and words in done.stderr.splitlines()[-1], done
    reply = post(daybook)
    assert reply.status == 503 and reply.headers["retry-after"] == "1", reply
    return reply.json["error"]


def test_a_full_disk(failing):
    daybook = failing(WRITE_ERROR=28)
    assert says(daybook, "the disk of the database is full") == "The disk of the database is full. Nothing was written."


def test_an_error_while_writing(failing):
    daybook = failing(WRITE_ERROR=5)
    assert says(daybook, "I/O error") == "The database cannot be read or written. Nothing was written."


def test_an_error_while_reading(failing):
    daybook = failing(READ_ERROR=5)
    says(daybook, "I/O error")


def test_damage(daybook):
    daybook.token_text = daybook.token("acme", "usage:read usage:write usage:backfill")
    post(daybook)
    daybook.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    root = daybook.sql("SELECT rootpage FROM sqlite_master WHERE name = 'organization'")[0][0]
    with open(daybook.path, "r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 64)
    assert says(daybook, "the database is damaged") == "The database is damaged. Nothing was written."


def test_a_busy_one(daybook):
    daybook.token_text = daybook.token("acme", "usage:read usage:write usage:backfill")
    gate = os.open(f"{daybook.path}-gate", os.O_RDWR)
    try:
        fcntl.lockf(gate, fcntl.LOCK_EX, 1, 1)
        assert says(daybook, "the database is busy") == "The database is busy. Try again shortly."
    finally:
        os.close(gate)
