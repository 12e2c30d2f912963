"""
What tests/bench/run starts: the shipped lighttpd with Daybook's programs, beside it the constant program and PHP-FPM behind the same
lighttpd; Node on a port of its own; PostgreSQL.  Each lives in a folder of the run and ends with it.
"""
import contextlib
import glob
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "tests/bench/peers"
PHP_WORKERS = 4

CONSTANT = """  "/constant/{name}/" => (( "bin-path" => "{build}/tests/bench/constant", "socket" => "{state}/constant-{name}.sock",
    "bin-environment" => ( "CONSTANT_BODY" => "{state}/{name}.body" ), "check-local" => "disable", "max-procs" => {processes} )),
"""
MORE = """
$HTTP["url"] =~ "^/constant/" {{ fastcgi.server = (
{constants} ) }}
$HTTP["url"] =~ "^/php/" {{ fastcgi.server = ( "/php/" => (( "socket" => "{state}/php.sock", "docroot" => "{peers}",
  "check-local" => "disable" )) ) }}
"""
FPM = """[global]
error_log = {state}/php.log
[peer]
{user}
listen = {state}/php.sock
listen.mode = 0666
pm = static
pm.max_children = {workers}
{env}
php_admin_value[opcache.enable] = 1
php_admin_value[opcache.validate_timestamps] = 0
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, process, log):
    for _ in range(200):
        with contextlib.suppress(OSError):
            what()
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit(f"a server did not start; the end of {log}:\n" + "\n".join(pathlib.Path(log).read_text().splitlines()[-20:]))


def connects(family, address):
    def ask():
        with socket.socket(family) as s:
            s.connect(address)
    return ask


def end(process):
    if process.poll() is None:
        process.terminate()
    process.wait(timeout=60)


def cpu_seconds(*roots):
    """User and system, of these processes and all that they started and still have."""
    ticks, children = {}, {}
    for stat in glob.glob("/proc/[0-9]*/stat"):
        with contextlib.suppress(OSError):
            pid, rest = pathlib.Path(stat).read_text().split(" ", 1)
            fields = rest.rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(pid))
            ticks[int(pid)] = int(fields[11]) + int(fields[12])
    todo, sum_ = list(roots), 0
    while todo:
        pid = todo.pop()
        sum_ += ticks.get(pid, 0)
        todo += children.get(pid, [])
    return sum_ / os.sysconf("SC_CLK_TCK")


class Site:
    """
    The shipped lighttpd.conf; `processes` of each program, None = as shipped.  Its log goes to a file, as it does for users.
    `constants` are bodies by name, answered at /constant/NAME/.
    """

    def __init__(self, build, book, processes=None, constants=None, php_socket=None):
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="dbk-"))  # a socket's path has 107 bytes at most
        self.port = free_port()
        conf = (build / "httpd-conf/lighttpd.conf").read_text()
        if processes:
            conf = re.sub(r'("max-procs"\s*=>\s*)\d+', rf"\g<1>{processes}", conf)
        for name, body in (constants or {}).items():
            (self.state / f"{name}.body").write_bytes(body)
        blocks = "".join(CONSTANT.format(name=name, build=build, state=self.state, processes=processes or 1) for name in constants or {})
        if php_socket:
            (self.state / "php.sock").symlink_to(php_socket)
        (self.state / "lighttpd.conf").write_text(conf + MORE.format(constants=blocks, state=self.state, peers=PEERS))
        env = {**book.env, "DAYBOOK_PROGRAMS": str(build / "cgi-bin"), "DAYBOOK_STATE": str(self.state), "DAYBOOK_PORT": str(self.port),
               "DAYBOOK_PREFIX": "", "DAYBOOK_HTDOCS": str(build / "htdocs"), "PATH": os.environ["PATH"] + ":/usr/sbin"}
        with open(self.state / "start.log", "wb") as log:
            self.process = subprocess.Popen(["lighttpd", "-D", "-f", self.state / "lighttpd.conf"], env=env, stderr=log)
        wait_for(connects(socket.AF_INET, ("127.0.0.1", self.port)), self.process, self.state / "start.log")

    def close(self):
        end(self.process)
        shutil.rmtree(self.state)


class PhpFpm:
    """Debian's, with a static pool; opcache on, files not looked at again."""

    def __init__(self, **env):
        found = sorted(glob.glob("/usr/sbin/php-fpm*"))
        if not found:
            raise SystemExit("php-fpm is missing: make deps-bench")
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="dbk-"))
        self.socket = self.state / "php.sock"
        user = "user = root\ngroup = root" if os.getuid() == 0 else ""
        (self.state / "fpm.conf").write_text(FPM.format(state=self.state, user=user, workers=PHP_WORKERS,
                                                        env="\n".join(f'env[{name}] = "{value}"' for name, value in env.items())))
        with open(self.state / "start.log", "wb") as log:
            self.process = subprocess.Popen([found[-1], "-F", "-y", self.state / "fpm.conf"] + (["-R"] if os.getuid() == 0 else []),
                                            stdout=log, stderr=log)
        wait_for(connects(socket.AF_UNIX, str(self.socket)), self.process, self.state / "start.log")

    def close(self):
        end(self.process)
        shutil.rmtree(self.state)


class Node:
    """None is there if better-sqlite3 could not be built."""

    MODULES = ROOT / "build/bench/node"

    @classmethod
    def is_there(cls):
        return (cls.MODULES / ".made").exists()

    def __init__(self, db):
        self.port, self.log = free_port(), tempfile.NamedTemporaryFile(prefix="dbk-")
        self.process = subprocess.Popen(["node", PEERS / "node/server.mjs", str(self.port)], stdout=self.log, stderr=self.log,
                                        env={**os.environ, "BENCH_DB": str(db), "BENCH_MODULES": str(self.MODULES)})
        wait_for(connects(socket.AF_INET, ("127.0.0.1", self.port)), self.process, self.log.name)

    def close(self):
        end(self.process)


class PostgreSql:
    """A cluster of its own with the peers' tables: durable, on a Unix socket."""

    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        if not found:
            raise SystemExit("PostgreSQL is missing: make deps-bench")
        self.bin, self.folder = pathlib.Path(found[-1]).parent, pathlib.Path(tempfile.mkdtemp(prefix="dbk-"))
        self.version = self.bin.parent.name
        if os.getuid() == 0:  # it does not run as root
            shutil.chown(self.folder, "postgres")
        self.run("initdb", "-A", "trust", "-U", "postgres", "-D", self.folder / "data", "-N")
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "start", "-o",
                 f"-k {self.folder} -h '' -c fsync=on -c synchronous_commit=on -c shared_buffers=256MB")
        self.pid = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        self.run("psql", "-q", "-h", self.folder, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-c", (PEERS / "schema.sql").read_text())

    def run(self, program, *args):
        user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        done = subprocess.run([*user, self.bin / program, *args], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{program}: {done.stderr}")

    def close(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "fast", "-w", "stop")
        shutil.rmtree(self.folder)


def peer_sqlite(path):
    """The peers' tables in a file of SQLite, as a careful writer would set it up: WAL, and durable."""
    sql = re.sub(r"BIGSERIAL PRIMARY KEY", "INTEGER PRIMARY KEY", (PEERS / "schema.sql").read_text())
    sql = "\n".join(line for line in sql.splitlines() if not line.startswith("--"))
    subprocess.run(["sqlite3", path], input="PRAGMA journal_mode = WAL;\n" + sql, text=True, check=True, stdout=subprocess.DEVNULL)
