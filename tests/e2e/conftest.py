"""What the end-to-end tests share: a fresh database, the real command, the real programs.

DAYBOOK_BUILD names the build folder (default: build).  Programs are run three ways: `daybook.cgi` starts
one as plain CGI, `daybook.fastcgi` keeps one FastCGI process and sends it request after request, and the fixture
`server` starts lighttpd with the shipped configuration.
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import struct
import subprocess
import tempfile
import time
import urllib.parse

import pytest

pytest.register_assert_rewrite("api", "campaign_fields", "event_poster", "hosting_site", "model", "openapi_document", "openapi_world")

from api import Api  # noqa: E402 (after its asserts are registered)

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("DAYBOOK_BUILD", "build")).resolve()


class Reply:
    """Status, headers (lower-case names) and body of a reply; .json is the parsed body."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @classmethod
    def of_cgi(cls, wire):
        head, _, body = wire.partition(b"\r\n\r\n")
        headers = {}
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        return cls(int(headers.pop("status").split()[0]), headers, body)

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


def cgi_variables(method, path, query, body, headers, remote_addr="127.0.0.1"):
    """The CGI variables of a request; query is a text or a dict."""
    if isinstance(query, dict):
        query = urllib.parse.urlencode(query)
    variables = {"REQUEST_METHOD": method, "SCRIPT_NAME": path, "QUERY_STRING": query or "",
                 "REMOTE_ADDR": remote_addr, "SERVER_PROTOCOL": "HTTP/1.1", "GATEWAY_INTERFACE": "CGI/1.1"}
    if body is not None:
        variables["CONTENT_LENGTH"] = str(len(body))
        variables["CONTENT_TYPE"] = "application/json"
    for name, value in (headers or {}).items():
        name = name.upper().replace("-", "_")
        variables[name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + name] = value
    return {name: value for name, value in variables.items() if value is not None}


def body_bytes(body):
    if body is None or isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


class FastCgi:
    """One FastCGI process behind a Unix socket, spoken to as a web server would (FastCGI 1.0)."""

    def __init__(self, program, env, socket_path, log):
        self.path = str(socket_path)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self.path)
        listening.listen(16)
        self.process = subprocess.Popen([program], stdin=listening, stdout=subprocess.DEVNULL, stderr=log, env=env)
        listening.close()

    @staticmethod
    def _record(kind, content):
        return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content

    @staticmethod
    def _pairs(variables):
        out = b""
        for name, value in variables.items():
            for text in (name, value):
                raw = text.encode() if isinstance(text, str) else text
                out += struct.pack("!B", len(raw)) if len(raw) < 128 else struct.pack("!I", len(raw) | 0x80000000)
            out += name.encode() + (value.encode() if isinstance(value, str) else value)
        return out

    def open(self, variables, keep=False):
        """A connection with a request on it whose body is yet to come; keep asks for it to stay open (FCGI_KEEP_CONN)."""
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(30)
        s.connect(self.path)
        out = self._record(1, struct.pack("!HB5x", 1, int(keep)))
        pairs = self._pairs(variables)
        for i in range(0, len(pairs), 65000):
            out += self._record(4, pairs[i:i + 65000])
        s.sendall(out + self._record(4, b""))
        return s

    def send(self, s, body):
        for i in range(0, len(body), 65000):
            s.sendall(self._record(5, body[i:i + 65000]))

    def finish(self, s):
        """Ends the body and reads the reply."""
        s.sendall(self._record(5, b""))
        return self.reply(s)

    def reply(self, s):
        """Reads the reply, whatever was sent of the body."""
        stream, wire = s.makefile("rb"), b""
        while True:
            head = stream.read(8)
            if len(head) < 8:
                break
            _, kind, _, length, padding = struct.unpack("!BBHHBx", head)
            content = stream.read(length)
            stream.read(padding)
            if kind == 6:
                wire += content
            if kind == 3:
                break
        stream.close()
        s.close()
        return Reply.of_cgi(wire)

    def request(self, variables, body=b""):
        s = self.open(variables)
        self.send(s, body)
        return self.finish(s)

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=10)


class Daybook:
    """A database of its own in a folder of its own, and everything that works on it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "daybook.db"
        self.log_path = self.folder / "log"
        self.env = {**os.environ, "DAYBOOK_DB": str(self.path)}
        self.processes = []
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="dbk-"))  # a socket's path has 107 bytes at most

    def cmd(self, *args, check=True, input=None):
        """Runs the command; with check, it must end with 0."""
        done = subprocess.run([str(BUILD / "bin/daybook"), *map(str, args)], env=self.env, input=input,
                              capture_output=True, text=True, timeout=300)
        if check:
            assert done.returncode == 0, (args, done.stdout, done.stderr)
        return done

    def token(self, org="acme", scope="usage:read usage:write campaigns:write org:admin", **options):
        args = ["token", "--scope", scope]
        if org:
            args += ["--org", org]
        for name, value in options.items():
            args += ["--" + name, value]
        return self.cmd(*args).stdout.strip()

    def sql(self, statement, *values):
        """Looks into the file, or damages it on purpose."""
        with sqlite3.connect(self.path) as connection:
            rows = connection.execute(statement, values).fetchall()
        connection.close()
        return rows

    def _headers(self, headers, token):
        headers = dict(headers or {})
        if token:
            headers.setdefault("Authorization", "Bearer " + token)
        return headers

    def cgi(self, program, method, path, query=None, body=None, headers=None, token=None, env=None, **variables):
        """One request to one new plain-CGI process.  Returns when the work after its reply is done, too."""
        body = body_bytes(body)
        given = cgi_variables(method, path, query, body, self._headers(headers, token))
        given.update(variables)
        ended, held = os.pipe()
        with open(self.log_path, "ab") as log, open(ended, "rb") as ended:
            try:
                done = subprocess.run([str(BUILD / f"cgi-bin/{program}.fcgi")], input=body or b"",
                                      env={**self.env, **(env or {}), **given}, stdout=subprocess.PIPE, stderr=log,
                                      pass_fds=[held], timeout=60)
            finally:
                os.close(held)
            ended.read()
        assert done.returncode == 0, done
        return Reply.of_cgi(done.stdout)

    def fastcgi(self, program, env=None):
        """A FastCGI process; call it as .ask(method, path, …)."""
        with open(self.log_path, "ab") as log:
            process = FastCgi(str(BUILD / f"cgi-bin/{program}.fcgi"), {**self.env, **(env or {})},
                              self.sockets / f"{program}-{len(self.processes)}.sock", log)

        def ask(method, path, query=None, body=None, headers=None, token=None, **variables):
            raw = body_bytes(body)
            given = cgi_variables(method, path, query, raw, self._headers(headers, token))
            given.update(variables)
            return process.request(given, raw or b"")

        process.ask = ask
        self.processes.append(process)
        return process

    def close(self):
        for process in self.processes:
            if process.process.poll() is None:
                process.stop()
        shutil.rmtree(self.sockets)


def copied(made, folder):
    """What was made once, in a folder of its own: to make it takes longer than most tests."""
    shutil.copytree(made, folder, dirs_exist_ok=True)
    return Daybook(folder)


@pytest.fixture(scope="session")
def made_empty(tmp_path_factory):
    d = Daybook(tmp_path_factory.mktemp("empty"))
    d.cmd("init")
    d.cmd("key", "add", "--kid", "main")
    d.close()
    return d.folder


@pytest.fixture(scope="session")
def made_daybook(made_empty, tmp_path_factory):
    d = copied(made_empty, tmp_path_factory.mktemp("daybook"))
    d.cmd("org", "add", "acme", "--timezone", "America/Toronto", "--daily-limit", "500", "--plan", "growth")
    d.cmd("price", "set", "SMS", "0.0079", "--from", "2012-01-01")
    d.cmd("price", "set", "CALL", "0.013", "--from", "2012-01-01")
    d.close()
    return d.folder


@pytest.fixture
def empty(made_empty, tmp_path):
    """A database with nothing in it but a signing key."""
    d = copied(made_empty, tmp_path)
    yield d
    d.close()


@pytest.fixture
def daybook(made_daybook, tmp_path):
    """One organization, acme: America/Toronto, 500 a day, plan growth; SMS 0.0079 and CALL 0.013 USD."""
    d = copied(made_daybook, tmp_path)
    yield d
    d.close()


@pytest.fixture(scope="module")
def shared_daybook(tmp_path_factory):
    """One database for the tables of bad requests of a file: every row must leave it as it was.  acme has 500 a day."""
    d = Daybook(tmp_path_factory.mktemp("shared"))
    d.cmd("init")
    d.cmd("key", "add", "--kid", "main")
    d.cmd("org", "add", "acme", "--timezone", "America/Toronto", "--daily-limit", "500")
    yield d
    d.close()


@pytest.fixture(scope="module")
def shared(shared_daybook):
    """Its API, with the clock at NOON."""
    return Api(shared_daybook)


@pytest.fixture
def api(daybook):
    """The API of acme, with the clock at NOON."""
    return Api(daybook)


class Server:
    """lighttpd with the shipped configuration, on a free port of loopback."""

    def __init__(self, daybook, prefix=""):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        state = pathlib.Path(tempfile.mkdtemp(prefix="dbk-"))  # a socket's path has 107 bytes at most
        env = {**daybook.env, "DAYBOOK_PROGRAMS": str(BUILD / "cgi-bin"), "DAYBOOK_STATE": str(state),
               "DAYBOOK_PORT": str(self.port), "DAYBOOK_PREFIX": prefix, "DAYBOOK_HTDOCS": str(BUILD / "htdocs"),
               "PATH": os.environ["PATH"] + ":/usr/sbin"}
        self.state = state
        self.process = subprocess.Popen(["lighttpd", "-D", "-f", str(BUILD / "httpd-conf/lighttpd.conf")], env=env)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("lighttpd did not start")

    def ask(self, method, path, query=None, body=None, headers=None, token=None):
        if isinstance(query, dict):
            query = urllib.parse.urlencode(query)
        headers = dict(headers or {})
        if token:
            headers.setdefault("Authorization", "Bearer " + token)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path + ("?" + query if query else ""), body_bytes(body), headers)
        response = connection.getresponse()
        reply = Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return reply

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        shutil.rmtree(self.state)


@pytest.fixture
def server(daybook):
    s = Server(daybook)
    yield s
    s.stop()


def unsigned(token):
    """The parts of a token, decoded, for tests that look into it."""
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def signed(daybook, **claims):
    """A token of `main` with other claims than `daybook token` writes."""
    head, body = unsigned(daybook.token(scope="org:admin"))
    body = {name: value for name, value in {**body, **claims}.items() if value is not None}
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, body))
    secret = daybook.sql("SELECT sign_key FROM signing_key WHERE kid = 'main'")[0][0]
    mac = hmac.new(secret, head + b"." + body, hashlib.sha256).digest()
    return b".".join((head, body, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()
