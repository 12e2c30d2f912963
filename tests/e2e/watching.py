"""Watching processes from outside, so that a test waits for what must happen instead of for some time."""
import fcntl
import os
import struct
import termios
import time

HANGS_S = 60	# nothing is measured by it: whoever takes that long will never end


def until(condition, what, limit_s=HANGS_S):
    """Waits for a condition that must come true; returns its value."""
    deadline = time.monotonic() + limit_s
    while not (value := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
    return value


def stat_of(pid):
    """The fields of /proc/PID/stat from the state on."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(") ")[2].split()


def is_asleep(pid):
    """Whether it waits for something; Z is one that has ended."""
    return stat_of(pid)[0] in "SZ"


def cpu_seconds(pid):
    """The processor time that it has used; other processes on the machine add nothing to it."""
    user, system = stat_of(pid)[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def has_been_read(connection):
    """Whether the process at the other end of a Unix socket has read all that was sent."""
    unread = fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4))
    return struct.unpack("i", unread)[0] == 0


def has_waiting_writer(gate):
    """Whether a writer waits for the writers' lock: it holds byte 0 of the lock file while it waits for byte 1."""
    lock = fcntl.fcntl(gate, fcntl.F_GETLK, struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0))
    return struct.unpack("hhqqi", lock)[0] != fcntl.F_UNLCK
