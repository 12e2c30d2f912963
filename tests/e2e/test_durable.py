"""A file that was reported as made survives a power cut: its content and the folder that names it are on the disk."""
import subprocess

import pytest

RECORDER = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void record(const char *what, const char *name)
{
	char line[8300];
	int fd = open(getenv("RECORD"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), error = errno;
	int n = snprintf(line, sizeof(line), "%s %s\\n", what, name);
	if (write(fd, line, n) < 0)
		abort();
	close(fd);
	errno = error;
}
static void record_fd(const char *what, int fd)
{
	char link[64], path[4096];
	ssize_t n;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = 0;
	record(what, path);
}
#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))
int fsync(int fd)
{
	record_fd("sync", fd);
	return REAL("fsync", int (*)(int))(fd);
}
int fdatasync(int fd)
{
	record_fd("sync", fd);
	return REAL("fdatasync", int (*)(int))(fd);
}
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	record_fd("write", fd);
	return REAL("pwrite64", ssize_t (*)(int, const void *, size_t, off64_t))(fd, data, n, at);
}
int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	record("name", to);
	return REAL("renameat2", int (*)(int, const char *, int, const char *, unsigned))(from_fd, from, to_fd, to, flags);
}
"""


@pytest.fixture
def recorded(daybook):
    """Runs a command; returns what it did to files, in its order: (what, path)."""
    shim, record = daybook.folder / "recorder.so", daybook.folder / "record"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, "-xc", "-", "-ldl"], input=RECORDER, text=True, check=True)

    def run(*arguments, **env):
        record.write_text("")
        was = dict(daybook.env)
        daybook.env.update(LD_PRELOAD=str(shim), RECORD=str(record), ASAN_OPTIONS="verify_asan_link_order=0", **env)
        daybook.cmd(*arguments)
        daybook.env.clear()
        daybook.env.update(was)
        return [tuple(line.split(" ", 1)) for line in record.read_text().splitlines()]

    return run


def check(steps, made, folder):
    """The file got its name after its last write was synced, and the folder was synced after that."""
    named = max(i for i, step in enumerate(steps) if step == ("name", str(made)))
    before = [step for step in steps[:named] if step[1].startswith(str(folder) + "/") and "-gate" not in step[1]]
    written = {path for what, path in before if what == "write" and not path.endswith(("-wal", "-shm", "-journal"))}
    for path in written - {str(made)}:
        if path.endswith(("/daybook.db", "/backup.db")):
            continue    # the database that is read from
        last = max(i for i, step in enumerate(before) if step == ("write", path))
        assert ("sync", path) in before[last:], f"{path} was not synced after its last write"
    assert ("sync", str(folder)) in steps[named:], f"{folder} was not synced after {made} got its name"


def test_a_new_database(daybook, recorded):
    folder = daybook.folder / "new"
    folder.mkdir()
    check(recorded("init", DAYBOOK_DB=str(folder / "x.db")), folder / "x.db", folder)


def test_a_backup(daybook, recorded):
    check(recorded("backup", daybook.folder / "copy.db"), daybook.folder / "copy.db", daybook.folder)


def test_a_rotated_backup(daybook, recorded):
    folder = daybook.folder / "backups"
    folder.mkdir()
    steps = recorded("backup", "--keep", 3, folder)
    (made,) = folder.iterdir()
    check(steps, made, folder)


def test_what_a_restore_keeps(daybook, recorded):
    daybook.cmd("backup", daybook.folder / "backup.db")
    steps = recorded("restore", daybook.folder / "backup.db")
    (kept,) = [p for p in daybook.folder.iterdir() if "-before-restore-" in p.name and p.name[-1].isdigit()]
    check(steps, kept, daybook.folder)
