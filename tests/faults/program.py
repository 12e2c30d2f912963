"""Runs one program or one command under the preloaded library, in a folder of its own."""
import errno
import json
import mmap
import os
import pathlib
import select
import shutil
import signal
import struct
import subprocess
import typing
import urllib.parse

OPERATIONS = ("open", "read", "write", "sync", "truncate", "rename", "unlink", "mkdir", "malloc", "crypto", "stdin")  # as in shim.c
RECORD = struct.Struct("=11I2IxxxxQ48Q256s")  # struct record of shim.c
CLOCK_MS = 1779292800000  # 2026-05-20T16:00:00Z: noon in Toronto, of a Wednesday
TIMEOUT_S = 60


class Fault(typing.NamedTuple):
    operation: str
    n: int
    when: str  # once or sticky
    error: str  # a name of errno

    def variable(self):
        return f"{OPERATIONS.index(self.operation)} {self.n} {self.when} {getattr(errno, self.error)}"


class Cgi(typing.NamedTuple):
    """A request to a program."""
    program: str
    method: str
    path: str
    query: dict = {}
    body: object = None  # bytes, a text, or what becomes JSON
    type: str = "application/json"
    scope: str = "usage:read usage:write campaigns:write org:admin"  # of the token; "" for none

    def raw(self):
        if self.body is None or isinstance(self.body, bytes):
            return self.body or b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


class Cmd(typing.NamedTuple):
    """The command; {data} in an argument is the folder of the database."""
    args: tuple


class Outcome(typing.NamedTuple):
    code: int  # HTTP status, 0 for no whole reply; exit code of a command
    died: str  # of which signal, or "of time"; "" otherwise
    headers: dict
    out: bytes  # the body, or standard output
    err: str
    counts: dict  # calls by operation
    failed: int  # calls that were made to fail
    program: str  # path of the executable
    path: str  # what the first failed call was about
    stack: list  # addresses in the executable, innermost first


def copy_tree(source, target):
    """A copy in the place of what is there."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, copy_function=shutil.copy)


class Place:
    """A folder to work in: data/ has the database and is what faults are about, look/ a copy to look into."""

    def __init__(self, root, build):
        self.root, self.build = pathlib.Path(root), pathlib.Path(build)
        self.data, self.look = self.root / "data", self.root / "look"
        self.root.mkdir(parents=True, exist_ok=True)
        with open(self.root / "record", "wb") as f:
            f.truncate(RECORD.size)
        with open(self.root / "record", "r+b") as f:
            self.record = mmap.mmap(f.fileno(), RECORD.size)

    def base(self, folder):
        copy_tree(folder, self.data)

    def run(self, request, base, journal, fault=None, clock_ms=CLOCK_MS, seed=1):
        """Runs a request of either kind on what is in data/; base says where in it the database is and which tokens there are."""
        self.record[:] = bytes(RECORD.size)
        env = {"LD_PRELOAD": str(self.build / "tests/faults/shim.so"), "FAULTS_RECORD": str(self.root / "record"),
               "FAULTS_FOLDER": str(self.data), "FAULTS_CLOCK": str(clock_ms), "FAULTS_SEED": str(seed),
               "LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ["PATH"]}
        if journal == "truncate":
            env["FAULTS_NETWORK"] = "1"
        if fault is not None:
            env["FAULTS"] = fault.variable()
        if not base.is_site:
            env["DAYBOOK_DB"] = str(self.data / base.database)
        if isinstance(request, Cgi):
            program = self.data / base.programs if base.is_site else self.build / "cgi-bin"
            return self.cgi(request, program / f"{request.program}.fcgi", base, env)
        args = [str(self.build / "bin/daybook"), *(arg.replace("{data}", str(self.data)) for arg in request.args)]
        done, died, out, err = self.process(args, env, b"")
        return self.outcome(done, died, {}, out.replace(bytes(self.data), b"DATA"), err, args[0])

    def cgi(self, request, program, base, env):
        body = request.raw()
        env.update({"REQUEST_METHOD": request.method, "SCRIPT_NAME": request.path, "REMOTE_ADDR": "127.0.0.1",
                    "QUERY_STRING": urllib.parse.urlencode(request.query), "SERVER_PROTOCOL": "HTTP/1.1",
                    "GATEWAY_INTERFACE": "CGI/1.1"})
        if base.is_site:
            env["DOCUMENT_ROOT"] = str(self.data / "public_html")
        if request.scope:
            env["HTTP_AUTHORIZATION"] = "Bearer " + base.tokens[request.scope]
        if request.body is not None:
            env.update({"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": request.type})
        done, died, out, err = self.process([str(program)], env, body)
        head, end, reply = out.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode(errors="replace").lower().split("\r\n") if ": " in line)
        code = int(headers.get("status", "0").split()[0])
        if not died and done != 0:
            died = f"with exit code {done}"
        if not end or headers.get("content-length", "0") != str(len(reply)):
            code = 0
        return self.outcome(code, died, headers, reply, err, str(program))

    def process(self, args, env, body):
        """Returns when everything that it started has ended, too."""
        (self.root / "in").write_bytes(body)
        ended, held = os.pipe()
        died = ""
        with open(self.root / "in", "rb") as stdin, open(self.root / "out", "wb") as out, open(self.root / "err", "wb") as err, \
                open(ended, "rb") as ended:
            process = subprocess.Popen(args, env=env, cwd=self.root, stdin=stdin, stdout=out, stderr=err, pass_fds=[held])
            os.close(held)
            if not select.select([ended], [], [], TIMEOUT_S)[0]:  # nobody holds the other end any more
                process.kill()
                died = "of time"
            code = process.wait()
        if code < 0 and not died:
            died = "of " + signal.Signals(-code).name
        err = (self.root / "err").read_text(errors="replace").replace(str(self.data), "DATA")
        return code, died, (self.root / "out").read_bytes(), err

    def outcome(self, code, died, headers, out, err, program):
        values = RECORD.unpack(self.record[:])
        failed, size, base = values[11:14]
        return Outcome(code, died, headers, out, err, dict(zip(OPERATIONS, values)), failed, program,
                       values[-1].rstrip(b"\0").decode(errors="replace").replace(str(self.data), "DATA"),
                       [address - base - 1 for address in values[14:14 + size]])
