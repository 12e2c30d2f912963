"""Clients that are slow on purpose: they send a body, or read a reply, a few bytes at a time."""
import contextlib
import socket
import threading
import time

from watching import until

EVERY_S = 0.2	# between the bytes of one client
# Of a slow reader: what its system takes in before it reads, and the length of its packets.  The packets of loopback are so long
# that the server's system would keep megabytes for them.
WINDOW, PACKET = 4096, 536


class Slow:
    """Slow clients of one server, as long as the block lasts; each comes back when the server has ended its connection."""

    def __init__(self, server, count, request, piece):
        self.server, self.request, self.piece = server, request, piece
        self.is_over, self.received, self.opened = False, [b""] * count, 0
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(count)]

    def connect(self):
        s = socket.socket()
        if not self.piece:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, PACKET)
        s.settimeout(60)
        s.connect(("127.0.0.1", self.server.port))
        s.sendall(self.request)
        self.opened += 1
        return s

    def run(self, i):
        while not self.is_over:
            with contextlib.suppress(OSError), self.connect() as s:
                while not self.is_over and self.go_on(s, i):
                    time.sleep(EVERY_S)

    def go_on(self, s, i):
        """Sends or reads a little; false when the server has ended the connection."""
        if self.piece:
            s.sendall(self.piece)
            s.setblocking(False)
            try:
                chunk = s.recv(65536)
            except BlockingIOError:
                return True
            finally:
                s.settimeout(60)
        else:
            chunk = s.recv(1)
        self.received[i] += chunk
        return chunk != b""

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        # Of readers the first byte, too: to make so many long replies takes its time.
        until(lambda: self.opened >= len(self.threads) and (self.piece or all(self.received)), "they are not answered")
        return self

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()


def senders(server, count, token=None):
    """They say that a million bytes follow, and send 10 bytes at a time."""
    who = [f"Authorization: Bearer {token}"] if token else []
    return Slow(server, count, server.head("POST", "/api/events", "Content-Type: application/json", "Content-Length: 1000000",
                                           *who), b" " * 10)


def readers(server, count, token, query):
    """They ask for a long page of events, and read a byte at a time."""
    return Slow(server, count, server.head("GET", f"/api/events?{query}", f"Authorization: Bearer {token}"), b"")
