"""What happens to a server while it serves: clients that stall, programs that are killed, a reload under load."""
import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import threading

import pytest

from servers import ApacheCgi, ApacheOldCgi, ApacheProxyFcgi, LighttpdCgi, LighttpdSockets, Nginx, is_dead
from watching import has_waiting_writer, until

CLIENTS, RELOADS = 3, 2
PLAN = {"totalContacts": 20, "firstSegmentDate": "2027-01-01"}


# ---- Clients that stall

@contextlib.contextmanager
def stalled(server, site, count):
    """Clients that have sent half of a body, and send no more."""
    clients = []
    try:
        for _ in range(count):
            s = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            clients.append(s)
            s.sendall(server.head("POST", "/api/campaigns/auto-segment", f"Authorization: Bearer {site.token}",
                                  "Content-Type: application/json", "Content-Length: 1000") + b'{"totalContacts"')
        yield clients
    finally:
        for s in clients:
            s.close()


def test_clients_that_stall_stop_nobody_else(server, site, reference):
    """More of them than there are processes of the program, where the server waits for the body or starts one for each."""
    wanted = reference.ask("POST", "/api/campaigns/auto-segment", body=PLAN, token=site.token)
    assert wanted.status == 200, wanted
    streams = isinstance(server, ApacheProxyFcgi)	# each takes one of the four processes
    with stalled(server, site, 3 if streams else 6):
        for _ in range(4):
            reply = server.ask("POST", "/api/campaigns/auto-segment", body=PLAN, token=site.token)
            assert (reply.status, reply.body) == (200, wanted.body)


# ---- Programs that are killed

# Each server kills another program: those on sockets share the processes.
VICTIMS = {"Lighttpd": ("organization-usage", "/organization/usage"), "ApacheFcgid": ("organization-usage", "/organization/usage"),
           "HtaccessFcgid": ("organization-usage", "/organization/usage"),
           "LighttpdSockets": ("account", "/account/organization"), "ApacheProxyFcgi": ("settings", "/api/organizations/acme"),
           "Nginx": ("campaigns", "/api/campaigns")}


def works(server, site, path):
    reply = server.ask("GET", path, token=site.token)
    assert reply.status == 200, (reply, server.logs())
    return reply


def test_a_killed_program_is_replaced_and_the_next_requests_are_answered(server, site):
    if not server.keeps_programs:
        pytest.skip("a process for each request")
    program, path = VICTIMS[type(server).__name__]
    wanted = works(server, site, path).body
    before = server.program_pids(program)
    assert before
    os.kill(before[0], signal.SIGKILL)
    until(lambda: is_dead(before[0]), "it does not die")
    for _ in range(12):
        assert works(server, site, path).body == wanted
    until(lambda: (now := server.program_pids(program)) and before[0] not in now, "no new process")
    if "Fcgid" not in type(server).__name__:	# mod_fcgid starts one when it needs one
        until(lambda: len(server.program_pids(program)) == len(before), "fewer processes than before")


def test_after_all_processes_of_a_program_were_killed_it_answers_again(server, site):
    if not server.keeps_programs:
        pytest.skip("a process for each request")
    program, path = VICTIMS[type(server).__name__]
    wanted = works(server, site, path).body
    for pid in server.program_pids(program):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def answers():
        reply = server.ask("GET", path, token=site.token)
        assert reply.status in (200, 500, 503), reply
        if reply.status != 200:	# the server has not noticed yet: it says so in JSON
            assert json.loads(reply.body)["success"] is False
        return reply.status == 200 and reply.body == wanted
    until(answers, "it does not come back")


@pytest.mark.parametrize("kind", (LighttpdSockets, ApacheProxyFcgi, Nginx), ids=lambda k: k.__name__)
def test_without_its_programs_a_server_says_so_in_json_and_finds_them_when_they_come(kind, site):
    sockets = site.sockets
    site.sockets = site.folder / f"nowhere-{kind.__name__}"
    try:
        server = kind(site, "")
        try:
            for _ in range(3):
                reply = server.ask("GET", "/organization/usage", token=site.token)
                assert reply.status in (500, 502, 503), reply
                assert reply.headers["content-type"].startswith("application/json") and json.loads(reply.body)["success"] is False
            site.sockets.symlink_to(sockets)
            def is_back():
                return server.ask("GET", "/organization/usage", token=site.token).status == 200
            if kind is LighttpdSockets:	# it looks again after a second
                until(is_back, "the programs are not found")
            else:
                assert is_back()
        finally:
            server.stop()
    finally:
        site.sockets = sockets


# ---- A reload under load

class Load:
    """Clients that ask all the time, each on a new connection; what went wrong is kept."""

    def __init__(self, server, site, clients):
        self.server, self.site, self.count, self.failed = server, site, 0, []
        self.is_over = False
        self.threads = [threading.Thread(target=self.run) for _ in range(clients)]

    def run(self):
        while not self.is_over:
            try:
                reply = self.server.ask("GET", "/organization/usage", token=self.site.token)
                if reply.status != 200:
                    self.failed.append(reply)
            except OSError as error:
                self.failed.append(error)
            self.count += 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.more(10)
        return self

    def more(self, n):
        """Waits until so many more were asked."""
        wanted = self.count + n
        until(lambda: self.count >= wanted, "the load has stopped")

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()


def reload_under_load(server, site):
    with Load(server, site, CLIENTS) as load:
        for _ in range(RELOADS):
            load.more(40)
            before = server.generation()
            server.reload()
            until(lambda: server.generation() != before, "it did not reload")
        load.more(40)
    assert server.process.poll() is None
    return load


def test_a_reload_under_load_fails_no_request(server, site):
    load, modules = reload_under_load(server, site), getattr(server, "MORE", [])
    if "fcgid" in modules:
        # mod_fcgid ends its programs while workers of before still come to them: on a busy machine a request that waits in
        # that moment is refused, one of each client at most.
        assert all(json.loads(r.body)["success"] is False and r.status in (500, 503) for r in load.failed), load.failed
        assert len(load.failed) <= RELOADS * CLIENTS, load.failed
    elif "cgid" in modules:
        # Apache stops mod_cgid's daemon with the requests that it has just been given: it says 503, and has run nothing.
        assert all(json.loads(r.body)["success"] is False and r.status == 503 for r in load.failed), load.failed
    else:
        assert load.failed == [], (len(load.failed), load.count, load.failed[:3], server.logs())


def test_under_mod_cgi_a_reload_fails_no_request(servers, site):
    assert reload_under_load(servers[ApacheOldCgi, ""], site).failed == []


# ---- What a program does after its reply

@pytest.mark.parametrize("kind", [LighttpdCgi, ApacheCgi, ApacheOldCgi])
def test_of_plain_cgi_nobody_waits_for_a_backup_and_it_is_made(servers, site, kind):
    """As long as the lock is held it cannot be noted; some 5 s long the program tries."""
    d, server = site.daybook, servers[kind, ""]
    d.cmd("setting", "set", "backup_keep", 1)
    gate = os.open(f"{d.path}-gate", os.O_RDWR)
    try:
        fcntl.lockf(gate, fcntl.LOCK_EX, 1, 1)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for _ in range(2):	# of one connection: the next request does not wait either
            connection.request("GET", "/organization/usage", headers={"Authorization": "Bearer " + site.token})
            reply = connection.getresponse()
            assert reply.status == 200 and reply.read()
        connection.close()
        until(lambda: has_waiting_writer(gate), "the reply came only after the program had given up the backup")
        assert d.sql("SELECT value FROM setting WHERE name = 'backup_at'") == []
        fcntl.lockf(gate, fcntl.LOCK_UN, 1, 1)
        until(lambda: d.sql("SELECT value FROM setting WHERE name = 'backup_at'"), "no backup is noted")
    finally:
        os.close(gate)
        d.cmd("setting", "set", "backup_keep", 0)
        d.sql("DELETE FROM setting WHERE name = 'backup_at'")
        shutil.rmtree(f"{d.path}-backups", ignore_errors=True)
