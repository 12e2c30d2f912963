"""Every web server that Daybook ships a configuration for, started from the generated file on a free port of loopback.

A test changes in the shipped file what its head says one should change, and nothing else; around it is the least
that the server needs (modules, a port, folders of its own).  Started as root, everything runs as www-data.
"""
import glob
import http.client
import importlib.util
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
spec = importlib.util.spec_from_file_location("e2e", ROOT / "tests/e2e/conftest.py")
e2e = importlib.util.module_from_spec(spec)
spec.loader.exec_module(e2e)
from watching import until  # noqa: E402

BUILD, Reply, body_bytes = e2e.BUILD, e2e.Reply, e2e.body_bytes

IS_ROOT = os.geteuid() == 0
USER = "www-data"
PATH = os.environ["PATH"] + ":/usr/sbin:/usr/bin"
WAIT_S = 20	# for what must happen soon; nothing is measured by it

# What lies in a folder for the web after a while: copies by an editor, by a file manager, by Windows; and a database.
STRAY = ("folder/page.html", "page.html", "setup-code.txt", "setup-code.txt.txt", "setup-code.txt~", "setup-code.txt.bak",
         "setup-code.TXT", "setup-code.css.txt", "daybook.conf.bak", "daybook.conf~", "daybook.conf.js~", "data.sqlite", "data.sqlite-wal",
         "mydata.DB", "index.html.bak", "index.html~", "index.HTML", "app.js.map", "app.js.orig", "errors/404.json.bak", "errors/x.json",
         "lib/data.sqlite", "lib/chart.js~", "lib/LICENSE.txt.bak", "data.yaml", "export.csv", "daybook.zip", "error_log", "data.db",
         "lib/page.html", "INSTALL.txt", "VERSIONS.txt", "licenses/daybook.txt", "licenses/README.txt", "LICENSE", "README.md")
# And beside the programs.
STRAY_PROGRAMS = ("health.fcgi.bak", "health.fcgi~", "events.c", "daybook.conf.bak", "notes.txt", "old/page.html", "data.db")


def as_user():
    return {"user": USER, "group": USER, "extra_groups": []} if IS_ROOT else {}


def give_away(folder):
    """The folder and all in it belong to whom the servers run as."""
    if IS_ROOT:
        who = pwd.getpwnam(USER)
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, who.pw_uid, who.pw_gid, follow_symlinks=False)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def parent_and_program(pid):
    """The parent's pid and the path of the program, also while it sleeps as daybook-idle; None of a process that is gone."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        file = os.readlink(f"/proc/{pid}/exe")
        if file.endswith("/daybook-idle"):
            file = pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]
        return int(stat.rpartition(")")[2].split()[1]), file
    except OSError:
        return None


def is_dead(pid):
    """Whether a process has closed its files: a zombie, or gone. Its exe link goes earlier than its sockets."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def is_json_error(reply, *statuses):
    """Its message; the reply must be one of these and have the shape of the API's errors."""
    assert reply.status in statuses, reply
    assert reply.headers["content-type"].startswith("application/json"), (reply, reply.headers)
    body = json.loads(reply.body)
    assert set(body) == {"success", "message", "error"} and body["success"] is False, body
    return body["message"]


def below(*pids):
    """pid -> running file, of these processes and all that descend from them."""
    known = {int(p): found for p in os.listdir("/proc") if p.isdigit() and (found := parent_and_program(p))}
    out, new = {}, set(pids)
    while new:
        out.update({p: known[p][1] for p in new if p in known})
        new = {p for p, (parent, _) in known.items() if parent in new}
    return out


class Site:
    """An installed Daybook in a folder of its own: programs, static files, a database with traffic."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dbk-"))
        self.folder.chmod(0o755)
        self.programs = self.folder / "lib/cgi-bin"
        self.programs.mkdir(parents=True)
        for program in (BUILD / "cgi-bin").glob("*.fcgi"):
            shutil.copy(program, self.programs)
        shutil.copy(BUILD / "daybook-idle", self.programs.parent)
        (self.programs / "old").mkdir()
        for name in STRAY_PROGRAMS:
            (self.programs / name).write_text("secret")
        self.htdocs = self.folder / "htdocs"
        built = BUILD / "htdocs" if (BUILD / "htdocs").is_dir() else ROOT / "htdocs"
        shutil.copytree(built, self.htdocs, symlinks=True)
        (self.htdocs / ".hidden").write_text("secret")
        (self.htdocs / "folder").mkdir()
        (self.htdocs / "licenses").mkdir()
        for name in STRAY:
            (self.htdocs / name).write_text("secret")
        (self.htdocs / "lib").mkdir(exist_ok=True)
        (self.htdocs / "lib/page.css").write_text("p { color: red }")
        (self.htdocs / "large.js").write_text("// a line of the script\n" * 500)
        state = self.folder / "var"
        state.mkdir(mode=0o700)
        self.daybook = e2e.Daybook(state)
        self.sockets = self.folder / "s"
        self.sockets.mkdir()
        self.multiwatches = []

    @property
    def database(self):
        return self.daybook.path

    def conf(self, name):
        return (BUILD / "httpd-conf" / name).read_text()

    def start_programs(self):
        """By the lines in the head of the shipped files, word for word but for folders and users."""
        lines = re.search(r"^#\tinstall -d .*?^#\tdone$", self.conf("nginx.conf"), re.M | re.S)[0]
        script = re.sub(r"^#\t", "", lines, flags=re.M).replace("/run/daybook", str(self.sockets)) \
            .replace("/usr/lib/daybook/cgi-bin", str(self.programs)) \
            .replace("/var/log/daybook", str(self.folder / "log"))
        assert "spawn-fcgi" in script and "multiwatch" in script
        if IS_ROOT:
            script = re.sub(r"-([uUgo]) daybook\b", rf"-\1 {USER}", script)
        else:
            script = re.sub(r"-([uUgGo]) \S+", "", script)
        with open(self.folder / "programs.log", "wb") as log:
            done = subprocess.run(["sh", "-eu", "-c", script], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  env={**os.environ, "PATH": PATH, "DAYBOOK_DB": str(self.database)})
        self.multiwatches = [int(f.read_text()) for f in self.sockets.glob("*.pid")]
        assert done.returncode == 0 and len(self.multiwatches) == len(list(self.programs.glob("*.fcgi"))), \
            (self.folder / "programs.log").read_text()

    def close(self):
        for pid in self.multiwatches:
            os.kill(pid, signal.SIGTERM)
        for pid in self.multiwatches:
            until(lambda: parent_and_program(pid) is None, "multiwatch does not end")
        self.daybook.close()
        shutil.rmtree(self.folder)


class Server:
    """One server with Daybook at a place: "" is the root, "/daybook" a sub-path."""

    def __init__(self, site, place):
        self.site, self.place, self.port = site, place, free_port()
        self.state = site.folder / f"{type(self).__name__}{place.replace('/', '-')}-{self.port}"
        self.state.mkdir(mode=0o755)
        command, env = self.prepare()
        give_away(self.state)
        self.log = self.state / "stderr"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, env={**os.environ, "PATH": PATH, **(env or {})}, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, **as_user())
        until(self.answers, f"{self!r} did not start")

    def __repr__(self):
        return f"{type(self).__name__}{self.place or '/'}"

    def logs(self):
        return "\n".join(f"{f.name}: {f.read_text(errors='replace')[-8000:]}" for f in self.state.glob("*")
                         if f.suffix == ".log" or f.name == "stderr")

    def answers(self):
        assert self.process.poll() is None, self.logs()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def ask(self, method, path, query="", body=None, headers=None, token=None, host=None):
        headers = {"X-Request-Id": "the-same", **(headers or {})}
        if token:
            headers["Authorization"] = "Bearer " + token
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, self.place + path + ("?" + query if query else ""), body_bytes(body), headers)
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def wire(self, *parts):
        """Sends raw bytes, part by part (a number is a pause in seconds), and reads to the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as s:
            for part in parts:
                if isinstance(part, bytes):
                    s.sendall(part)
                else:
                    time.sleep(part)
            received = b""
            while chunk := s.recv(65536):
                received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        return Reply(int(lines[0].split()[1]), headers, body)

    def head(self, method, path, *headers):
        return "\r\n".join([f"{method} {self.place}{path} HTTP/1.1", "Host: localhost", "Connection: close", *headers,
                            "", ""]).encode()

    def program_pids(self, program):
        """Of the running processes of one program: whatever runs them descends from us."""
        return [pid for pid, file in below(self.process.pid, *self.owners()).items()
                if file == str(self.site.programs / f"{program}.fcgi")]

    def owners(self):
        return []

    def reload(self):
        """Reads its configuration again, without losing a request."""
        self.process.send_signal(self.RELOAD)

    def generation(self):
        """Changes when a reload has happened."""
        return (self.state / "error.log").read_text().count(self.RELOADED)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=WAIT_S)


# ---- lighttpd

class Lighttpd(Server):
    NAME, RELOAD, RELOADED = "lighttpd.conf", signal.SIGUSR1, "server started"
    keeps_programs = True

    def conf(self):
        return self.site.conf(self.NAME)

    def prepare(self):
        (self.state / "daybook.conf").write_text(self.conf())
        own = self.state / "own.conf"
        own.write_text('include "daybook.conf"\n' + "".join(
            f'server.modules += ( "mod_deflate" )\ndeflate.allowed-encodings = ( "gzip" )\ndeflate.mimetypes = ( "application/json" )\n'
            for _ in glob.glob("/usr/lib/lighttpd/mod_deflate.so")))
        site = self.site
        return ["lighttpd", "-D", "-f", str(own)], {
            "DAYBOOK_DB": str(site.database), "DAYBOOK_PROGRAMS": str(site.programs), "DAYBOOK_STATE": str(self.state),
            "DAYBOOK_PORT": str(self.port), "DAYBOOK_PREFIX": self.place, "DAYBOOK_HTDOCS": str(site.htdocs)}


    def reload(self):
        """lighttpd loses the TERM to a child that it has forked and that is not yet the program, and waits for it without end."""
        until(lambda: all(not file.endswith("/lighttpd") for pid, file in below(self.process.pid).items()
                          if pid != self.process.pid), "a program does not start")
        super().reload()


class LighttpdCgi(Lighttpd):
    NAME = "lighttpd-cgi.conf"
    keeps_programs = False


class LighttpdSockets(Lighttpd):
    NAME = "lighttpd-sockets.conf"

    def owners(self):
        return self.site.multiwatches

    def conf(self):
        text = self.site.conf(self.NAME)
        for name, value in (("prefix", self.place), ("sockets", self.site.sockets), ("htdocs", self.site.htdocs)):
            text, n = re.subn(rf'^(var\.daybook_{name}\s*=) "[^"]*"', rf'\1 "{value}"', text, flags=re.M)
            assert n == 1, name
        # As Debian's own configuration starts.
        return (f'server.port = {self.port}\nserver.bind = "127.0.0.1"\nserver.document-root = "{self.state}"\n'
                f'server.modules = ( "mod_indexfile", "mod_access", "mod_alias", "mod_redirect" )\n'
                f'server.errorlog = "{self.state}/error.log"\nindex-file.names = ( "index.php", "index.html" )\n'
                f'url.access-deny = ( "~", ".inc" )\nserver.http-parseopts = ( "url-path-2f-decode" => "enable" )\n' + text)


# ---- Apache

class Apache(Server):
    RELOAD, RELOADED = signal.SIGUSR1, "resuming normal operations"
    MODULES = ["mpm_event", "authz_core", "alias", "headers", "mime", "dir", "env", "setenvif", "filter", "deflate",
               "reqtimeout"]

    def prepare(self):
        site, state = self.site, self.state
        (state / "tmp").mkdir()
        modules = self.MODULES + self.MORE
        lines = [f"ServerRoot {state}", "ServerName localhost", f"Listen 127.0.0.1:{self.port}", f"PidFile {state}/pid",
                 f"DefaultRuntimeDir {state}/tmp", f"ErrorLog {state}/error.log", "StartServers 1", "ServerLimit 2",
                 "ThreadsPerChild 25", "MaxRequestWorkers 50", "MinSpareThreads 5", "MaxSpareThreads 50",
                 *(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in modules),
                 "TypesConfig /dev/null", "AddOutputFilterByType DEFLATE application/json",
                 "<Directory />", "AllowOverride None", "Require all denied", "</Directory>"]
        if "cgid" in modules:
            lines.append(f"ScriptSock {state}/cgid.sock")
        if "fcgid" in modules:
            lines += [f"FcgidIPCDir {state}/tmp", f"FcgidProcessTableFile {state}/tmp/table"]
        (state / "apache.conf").write_text("\n".join(lines + self.rest()) + "\n")
        return ["apache2", "-D", "FOREGROUND", "-f", str(state / "apache.conf")], {}

    def rest(self):
        site, shipped = self.site, self.state / "daybook.conf"
        shipped.write_text(site.conf(self.NAME))
        return [f"Define DAYBOOK_URL {self.place}/", f"Define DAYBOOK_PROGRAMS {site.programs}",
                f"Define DAYBOOK_HTDOCS {site.htdocs}", f"Define DAYBOOK_DB {site.database}",
                f"Define DAYBOOK_SOCKETS {site.sockets}", f"<VirtualHost 127.0.0.1:{self.port}>",
                f"DocumentRoot {self.state}/tmp", f"Include {shipped}", "</VirtualHost>"]


class ApacheFcgid(Apache):
    NAME, MORE = "apache-fcgid.conf", ["fcgid"]
    keeps_programs = True


class ApacheProxyFcgi(Apache):
    NAME, MORE = "apache-proxy-fcgi.conf", ["proxy", "proxy_fcgi", "buffer"]
    keeps_programs = True

    def owners(self):
        return self.site.multiwatches


class ApacheCgi(Apache):
    NAME, MORE = "apache-cgi.conf", ["cgid"]
    keeps_programs = False


class ApacheOldCgi(ApacheCgi):
    """With mod_cgi, which has no daemon."""
    MORE = ["cgi"]


class Htaccess(Apache):
    """Shared hosting: everything in one folder below the document root."""

    @property
    def folder(self):
        return pathlib.Path(f"{self.state}/www{self.place}")

    def rest(self):
        site, www, folder = self.site, self.state / "www", self.folder
        shutil.copytree(site.htdocs, folder)
        (folder / ".htaccess").write_text(site.conf("htaccess"))
        shutil.copytree(site.programs, folder / "cgi-bin")
        (folder / "daybook.conf").write_text(f"DAYBOOK_DB={site.database}\n")
        for name in ("daybook.db", "daybook.db-wal", "cgi-bin/.htpasswd"):
            (folder / name).write_text("secret")
        (folder / "daybook.db-backups").mkdir()
        (folder / "daybook.db-backups/daybook-20261121-120000.db").write_text("secret")
        allowed = re.search(r"AllowOverride (.*)", site.conf("htaccess"))[1]
        return [f"DocumentRoot {www}", f"<Directory {www}>", "Require all granted", "Options Indexes FollowSymLinks",
                f"AllowOverride {allowed}", "</Directory>", '<Files ".ht*">', "Require all denied", "</Files>"]

    def program_pids(self, program):
        return [pid for pid, file in below(self.process.pid).items() if file.endswith(f"/cgi-bin/{program}.fcgi")]


class HtaccessCgi(Htaccess):
    MORE = ["rewrite", "cgid"]
    keeps_programs = False


class HtaccessFcgid(Htaccess):
    MORE = ["rewrite", "fcgid"]
    keeps_programs = True


# ---- nginx

class Nginx(Server):
    RELOAD, RELOADED = signal.SIGHUP, "reconfiguring"
    keeps_programs = True

    def owners(self):
        return self.site.multiwatches

    def prepare(self):
        site, state = self.site, self.state
        text = site.conf("nginx.conf")
        for name, value in (("sockets", site.sockets), ("htdocs", site.htdocs)):
            text, n = re.subn(rf"^(set \$daybook_{name}\s+)\S+;", rf"\g<1>{value};", text, flags=re.M)
            assert n == 1, name
        if self.place == "":
            text, n = re.subn(r"^location = /daybook .*\n", "", text, flags=re.M)
            marked = [line for line in text.splitlines() if line.endswith("# marked")]
            assert (n, len(marked)) == (1, 2)
            for line in marked:
                text = text.replace(line, line.replace("/daybook/", "/").replace("^/daybook(", "^("))
            lines = re.findall(r"^#\t(error_page .*)", text, re.M)
            assert len(lines) == 2
            text = "\n".join(lines) + "\n" + text
        (state / "daybook.conf").write_text(text)
        temporary = "".join(f"{kind}_temp_path {state}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (state / "nginx.conf").write_text(
            f"daemon off; pid {state}/pid; error_log {state}/error.log notice; worker_processes 2; events {{ worker_connections 256; }}\n"
            f"http {{ access_log off; {temporary} gzip on; gzip_types application/json; gzip_min_length 20;\n"
            f"server {{ listen 127.0.0.1:{self.port}; root {state}/none; include daybook.conf; }}\n{self.more()} }}\n")
        return ["nginx", "-e", str(state / "error.log"), "-c", str(state / "nginx.conf")], {}

    def more(self):
        return ""


SERVERS = (Lighttpd, LighttpdCgi, LighttpdSockets, ApacheFcgid, ApacheProxyFcgi, ApacheCgi, HtaccessCgi, HtaccessFcgid, Nginx)
PLACES = ("", "/daybook")
