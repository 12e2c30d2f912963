"""Runs the programs as plain CGI, and the command, under a fixed clock, and keeps their answers as entries.

An entry is a dict with a unique name and what was asked: `request` (with status, headers, body, log) or `command` (with exit,
stdout, stderr).  Two recordings of the same build have equal entries.
"""
import base64
import glob
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import time
import urllib.parse

from masks import Masks

START = 1773847800		# 2026-03-18T15:30:00Z: the daylight saving time of Toronto has begun, that of Berlin has not
LONG = 256 * 1024		# a longer text is kept as its ends and its SHA-256
SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef"	# of the key "replies", which signs the tokens here
EVERYTHING = "usage:read usage:write campaigns:write org:admin"

ROUTES = [(re.compile(r"(?:^|/)" + pattern + "$"), program) for pattern, program in (
    ("api/campaigns/usage-calendar", "usage-calendar"), ("api/campaigns/next-available-slot", "next-available-slot"),
    ("api/campaigns/validate-date", "validate-date"), ("api/campaigns/auto-segment", "auto-segment"),
    (r"api/campaigns(/[^/]*(/\w*)?)?", "campaigns"), ("api/events", "events"), ("api/usage", "usage"), ("api/session", "session"),
    (r"api/organizations/[^/]*/api-keys(/[^/]*)?", "api-keys"), (r"api/organizations/[^/]*/prices", "prices"),
    (r"api/organizations/[^/]*/jobs(/[^/]*)?", "jobs"), (r"api/organizations/[^/]*/sending-window", "sending-window"),
    (r"api/organizations/[^/]*/statements(/[^/]*)?", "statements"), (r"api/organizations/[^/]*/limits/[^/]*", "settings"),
    (r"api/organizations/[^/]*/audit", "audit"), (r"api/organizations/[^/]*(/\w*)?", "settings"),
    ("account/organization", "account"), ("organization/usage", "organization-usage"),
    ("organization/usage/history", "usage-history"), (r"organizations/[^/]*/usage", "organizations-usage"),
    ("health", "health"), ("metrics", "metrics"), ("setup", "setup"))]


def preload():
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not found:
        raise SystemExit("replies: libfaketime is missing; install the package faketime")
    return found[0]


def program_of(method, path):
    program = next(program for pattern, program in ROUTES if pattern.search(path))
    return "events-list" if program == "events" and method in ("GET", "HEAD") else program


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def kept(text):
    if len(text) <= LONG:
        return text
    return {"long": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest(), "start": text[:2000], "end": text[-2000:]}


def jwt(claims, head=None, secret=SECRET):
    """Signs a token; its claims may be some that `daybook token` would refuse."""
    def part(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=")

    head = {"alg": "HS256", "typ": "JWT", "kid": "replies"} if head is None else head
    text = b".".join(part(x if isinstance(x, bytes) else json.dumps(x).encode()) for x in (head, claims))
    return (text + b"." + part(hmac.new(secret.encode(), text, hashlib.sha256).digest())).decode()


class World:
    def __init__(self, build, folder):
        self.build, self.folder = pathlib.Path(build).resolve(), pathlib.Path(folder)
        self.now, self.database, self.entries, self.names, self.part = START, None, [], {}, "ground"
        self.masks = Masks()
        self.masks.literal(str(self.build), "<build>")
        self.masks.literal(str(self.folder), "<folder>")
        self.library = preload()
        self.tokens = {None: None}

    # ---- Database and clock

    def begin(self, part):
        """Begins a part of the recording, with its own folder, clock and names, and a copy of the base."""
        base, self.folder = self.folder, self.folder / part.replace(" ", "-")
        self.folder.mkdir(mode=0o700)
        shutil.copy(base / "base.db", self.folder)
        self.masks.literal(str(self.folder), "<folder>")
        self.part, self.now, self.entries, self.names = part, START, [], {}
        self.use("base.db")

    def tick(self, seconds=1):
        self.now += seconds

    def use(self, name, copy_of=None):
        """Uses this database from now on; it may be a new copy of another one."""
        if copy_of is not None:
            for suffix in ("-wal", "-shm", "-gate"):	# of the previous copy
                (self.folder / (name + suffix)).unlink(missing_ok=True)
            for suffix in ("", "-wal"):
                source = self.folder / (copy_of + suffix)
                if source.exists():
                    shutil.copy(source, self.folder / (name + suffix))
        self.database = self.folder / name

    def token(self, name, org="acme", scope=EVERYTHING, **claims):
        claims = {"exp": START + 9 * 366 * 86400, "organizationId": org, "scope": scope, **claims}
        self.tokens[name] = jwt({k: v for k, v in claims.items() if v is not None})

    def sql(self, statement, *values, database=None):
        connection = sqlite3.connect(database or self.database)
        try:
            with connection:
                return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def environment(self, more):
        clock = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.now))
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C.UTF-8", "LD_PRELOAD": self.library,
               "FAKETIME": clock, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
               "DAYBOOK_DB": str(self.database), **more}
        return {name: value for name, value in env.items() if value is not None}

    def execute(self, command, env, stdin):
        """Runs a command and waits for its end and for that of its background work.  Returns exit, stdout, stderr."""
        ended, held = os.pipe()
        log = self.folder / ".stderr"
        with open(log, "wb") as stderr, open(ended, "rb") as waiting:
            try:
                done = subprocess.run(command, input=stdin, env=self.environment(env), stdout=subprocess.PIPE, stderr=stderr,
                                      pass_fds=[held], cwd=self.folder, timeout=120)
            finally:
                os.close(held)
            waiting.read()
        return done.returncode, done.stdout, log.read_bytes()

    # ---- Entries

    def add(self, name, entry):
        self.entries.append({"name": self.name_of(name), **entry})
        self.names[name] = self.names.get(name, 0) + 1

    def name_of(self, name):
        """The unique name that `add` will give to the entry."""
        n = self.names.get(name, 0) + 1
        return f"{self.part}: {name}" + (f" ({n})" if n > 1 else "")

    def text(self, raw, name):
        return kept(self.masks(raw.decode("utf-8", "backslashreplace"), name))

    def variables(self, method, path, query, body, headers, token):
        query = urllib.parse.urlencode(query) if isinstance(query, dict) else query
        given = {"REQUEST_METHOD": method, "SCRIPT_NAME": path, "QUERY_STRING": query, "REMOTE_ADDR": "127.0.0.1",
                 "SERVER_PROTOCOL": "HTTP/1.1", "GATEWAY_INTERFACE": "CGI/1.1"}
        if body is not None:
            given.update(CONTENT_LENGTH=str(len(body)), CONTENT_TYPE="application/json")
        if token is not None:
            given["HTTP_AUTHORIZATION"] = "Bearer " + token
        for header, value in headers.items():
            header = header.upper().replace("-", "_")
            given[header if header in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + header] = value
        return given

    def wire(self, program, given, body):
        code, out, log = self.execute([str(self.build / f"cgi-bin/{program}.fcgi")], given, body or b"")
        head, _, content = out.partition(b"\r\n\r\n")
        headers = [line.partition(": ")[::2] for line in head.decode("latin-1").split("\r\n")]
        return code, dict(headers).get("Status", "none"), [h for h in headers if h[0] != "Status"], content, log, len(out)

    def ask(self, name, method, path, query="", body=None, headers=None, token="acme", program=None, **variables):
        """Sends one request to a new process.  Returns the reply's headers and body, not masked."""
        base = f"{method} {path} {name}".strip()
        name = self.name_of(base)
        raw = body if body is None or isinstance(body, bytes) else body.encode() if isinstance(body,
            str) else json.dumps(body).encode()
        program = program or program_of(method, path)
        given = {**self.variables(method, path, query, raw, headers or {}, self.tokens.get(token, token)), **variables}
        code, status, fields, content, log, size = self.wire(program, given, raw)
        length = len(content)
        if method == "HEAD":	# its Content-Length is that of GET
            length = len(self.wire(program, {**given, "REQUEST_METHOD": "GET"}, raw)[3])
        shown = {"method": method, "path": path, "at": iso(self.now), "query": query, "token": token, **variables,
                 "headers": {k: self.tags(v) for k, v in (headers or {}).items()}}
        shown = {k: v for k, v in shown.items() if v not in ("", None, {})}
        if raw is not None:
            shown["body"] = kept(raw.decode("utf-8", "backslashreplace"))
        entry = {"program": program, "request": self.masks.within(shown, name),
                 "status": status, "headers": [[n, self.header(n, v, length, name)] for n, v in fields],
                 "body": self.text(content, name), "log": self.log(log, size, name)}
        if code != 0:
            entry["exit"] = code
        self.add(base, entry)
        return dict(fields), content

    def header(self, header, value, length, name):
        if header == "Content-Length" and value == str(length):
            return "<the body's>"
        if header == "ETag":
            return self.masks.named("tag", value, name)
        return self.masks(value, name)

    def tags(self, text):
        """Replaces the tags in a request's header with their placeholders."""
        return re.sub(r'"([A-Za-z0-9_-]{24})', lambda m: self.masks.names.get(f'"{m[1]}"', m[0]), text)

    def log(self, log, size, name):
        lines = self.masks(log.decode("utf-8", "backslashreplace"), name).splitlines()
        return [line.replace(f" bytes={size} ", " bytes=<the reply's> ") for line in lines]

    def cmd(self, *args, stdin=None, name="", env=None, options=("-d",)):
        """Runs one command.  Returns its exit status and output, not masked."""
        command = [*(("-d", self.database.name) if options else ()), *map(str, args)]
        shown = "daybook " + " ".join(arg if arg and " " not in arg else repr(arg) for arg in command)
        base = f"{shown} {name}".strip()
        name = self.name_of(base)
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        code, out, err = self.execute([str(self.build / "bin/daybook"), *command], env or {}, raw or b"")
        if "key" in args or "setup" in args:
            self.learn_keys()
        entry = {"command": [self.masks(arg, name) for arg in command], "at": iso(self.now), "exit": code,
                 "stdout": self.text(out, name), "stderr": self.text(err, name)}
        if raw is not None:
            entry["stdin"] = self.text(raw, name)
        self.add(base, entry)
        return code, out.decode("utf-8", "replace")

    def learn_keys(self):
        """Masks the random names of signing keys that were added without a name."""
        for kid, in self.sql("SELECT kid FROM signing_key") if self.database.exists() else ():
            if re.fullmatch(r"[0-9a-f]{12}", kid):
                self.masks.literal(kid, "<random kid>")

    def files(self, name, folder):
        """Records the files below a folder, with their modes."""
        found = sorted(p for p in folder.rglob("*") if p.name != ".stderr")
        self.add(name, {"files": [f"{self.masks(str(p.relative_to(folder)), name)} {p.lstat().st_mode:o}" for p in found]})
