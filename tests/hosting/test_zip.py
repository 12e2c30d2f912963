"""The zip for shared hosting, as `make dist-hosting` made it: what is in it, that its programs need nothing of the host, and the
whole way from the upload to the calendar, in an empty root and under Apache."""
import html.parser
import http.client
import json
import os
import pathlib
import re
import shlex
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from conftest import Reply, cgi_variables  # noqa: E402
from support import OWN_MOUNTS, program_sources  # noqa: E402

NORMAL = ROOT / "build/cgi-bin"
ZIPS = sorted(ROOT.glob("build/daybook-hosting-*.zip"), key=os.path.getmtime)
CODE = "kYb7-t2Qx-94fm-Lw0z"
FORM = {"code": CODE, "organizationId": "acme", "timezone": "Asia/Kathmandu", "dailyLimit": "500", "priceSms": "0.0079"}
PROGRAMS = list(program_sources())


@pytest.fixture(scope="module")
def archive():
    assert ZIPS, "make dist-hosting makes it"
    with zipfile.ZipFile(ZIPS[-1]) as z:
        assert z.testzip() is None
        yield z


def unpack(archive, folder):
    """As a host's file manager does: with the rights that the zip says."""
    for info in archive.infolist():
        path = pathlib.Path(archive.extract(info, folder))
        path.chmod(info.external_attr >> 16 & 0o777)
    return folder / "daybook"


# ---- What is in it

def test_it_has_every_program_and_what_belongs_to_them(archive):
    names = set(archive.namelist())
    for program in PROGRAMS:
        assert f"daybook/cgi-bin/{program}.fcgi" in names
    for name in (".htaccess", "bin/daybook", "libexec/daybook", "bin/.htaccess", "libexec/.htaccess", "index.html", "setup.css",
                 "app.js", "lib/chart.js", "lib/swagger-ui.js", "openapi.yaml",
                 "daybook.conf.example", "INSTALL.txt", "VERSIONS.txt", "zoneinfo/tzdata.zi", "zoneinfo/Europe/Berlin", "errors/404.json",
                 *(f"licenses/{of}.txt" for of in ("daybook", "glibc", "sqlite", "openssl", "libjwt", "jansson", "cjson",
                                                    "fcgi", "csv", "musl", "tzdata"))):
        assert "daybook/" + name in names, name
    assert "daybook/daybook.conf" not in names, "an update must not write over it"
    assert all(n.startswith("daybook/") and ".." not in n for n in names)


def test_it_says_which_versions_of_which_libraries_are_in_it(archive):
    lines = archive.read("daybook/VERSIONS.txt").decode().splitlines()
    assert re.fullmatch(r"daybook [0-9.]+ \(build \w+, SQLite 3[0-9.]+, OpenSSL [0-9.]+, cJSON [0-9.]+, tzdata 20\w+\)", lines[0]), lines
    told = {line.split()[0]: line.split()[1] for line in lines[1:]}
    assert set(told) == {"glibc", "libgcc", "musl", "fcgi", "sqlite", "openssl", "csv", "zlib", "tzdata", "cjson", "jansson", "libjwt"}
    assert all(re.match(r"[0-9]+[.0-9a-z:+~-]*$", version) for version in told.values()), told


def test_nobody_but_the_owner_may_write_and_only_programs_may_be_run(archive):
    for info in archive.infolist():
        mode = info.external_attr >> 16
        is_program = info.filename.startswith("daybook/cgi-bin/") or info.filename in ("daybook/bin/daybook", "daybook/libexec/daybook")
        assert stat.S_ISDIR(mode) or stat.S_ISREG(mode), "a link does not survive FTP"
        assert mode & 0o777 == (0o755 if is_program or info.is_dir() else 0o644), (info.filename, oct(mode))


def test_the_programs_need_no_library_of_the_host(archive):
    for info in archive.infolist():
        data = archive.read(info)
        if data[:4] != b"\x7fELF":
            continue
        table, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
        kinds = {struct.unpack_from("<I", data, table + i * size)[0] for i in range(count)}
        assert 3 not in kinds, f"{info.filename} asks for a loader"


def test_its_zones_are_those_of_the_list_and_no_others(archive):
    lines = archive.read("daybook/zoneinfo/tzdata.zi").decode().splitlines()
    assert lines[0].startswith("# version ")
    listed = {line.split()[1 if line[0] == "Z" else 2] for line in lines if line[:2] in ("Z ", "L ")}
    there = {n.removeprefix("daybook/zoneinfo/") for n in archive.namelist()
             if n.startswith("daybook/zoneinfo/") and not n.endswith("/")}
    assert there - {"tzdata.zi"} == listed
    assert all(archive.read("daybook/zoneinfo/" + n)[:4] == b"TZif" for n in sorted(listed))


def test_the_example_of_the_settings_leads_out_of_the_documents(archive, tmp_path):
    line = [x for x in archive.read("daybook/daybook.conf.example").decode().splitlines() if x.startswith("DAYBOOK_DB=")]
    assert len(line) == 1
    place = tmp_path / "home/public_html/daybook" / line[0].removeprefix("DAYBOOK_DB=")
    assert pathlib.Path(os.path.normpath(place)) == tmp_path / "home/daybook-data/daybook.db"


# ---- The whole way

class Key(html.parser.HTMLParser):
    value = None

    def handle_starttag(self, tag, attrs):
        self.is_key = dict(attrs).get("class") == "key"

    def handle_data(self, data):
        if getattr(self, "is_key", False) and data.startswith("dbk_"):
            self.value = data


def key_of(page):
    parser = Key()
    parser.feed(page.decode())
    return parser.value


def install(archive, folder):
    """Steps 1 to 4 of INSTALL.txt."""
    home = unpack(archive, folder)
    (home / "daybook.conf").write_text((home / "daybook.conf.example").read_text())
    data = folder.parent / "daybook-data"
    data.mkdir(mode=0o700)
    (data / "setup-code.txt").write_text(CODE + "\r\n")
    return home


class EmptyRoot:
    """A root with nothing in it but /proc, /dev/urandom and the unpacked zip."""

    def __init__(self, archive, folder):
        self.root = folder
        self.documents = folder / "home/public_html"
        self.documents.mkdir(parents=True)
        self.home = install(archive, self.documents)
        for name in ("proc", "dev"):
            (folder / name).mkdir()
        (folder / "dev/urandom").touch()

    def run(self, program, variables, body=b""):
        root = shlex.quote(str(self.root))
        script = (f"mount --rbind /proc {root}/proc && mount --bind /dev/urandom {root}/dev/urandom && exec env -i "
                  f"{shlex.join(f'{k}={v}' for k, v in variables.items())} {shutil.which('chroot', path='/usr/sbin')} {root} {program}")
        done = subprocess.run([*OWN_MOUNTS, "sh", "-c", script], input=body, capture_output=True,
                              timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, program, method, path, query="", body=None, key=None, **more):
        variables = {"DOCUMENT_ROOT": "/home/public_html",
                     **cgi_variables(method, "/daybook" + path, query, body, {"X-API-Key": key} if key else {}), **more}
        return Reply.of_cgi(self.run(f"/home/public_html/daybook/cgi-bin/{program}.fcgi", variables, body or b""))


def normal(database, program, method, path, query="", key=None):
    """The same request to the program of the normal build."""
    variables = cgi_variables(method, "/daybook" + path, query, None, {"X-API-Key": key} if key else {})
    done = subprocess.run([NORMAL / f"{program}.fcgi"], env={"DAYBOOK_DB": str(database), **variables}, capture_output=True,
                          timeout=60)
    return Reply.of_cgi(done.stdout)


def test_in_an_empty_root_it_goes_from_the_upload_to_the_calendar_as_the_normal_build_does(archive, tmp_path):
    host = EmptyRoot(archive, tmp_path)
    database = host.root / "home/daybook-data/daybook.db"
    assert host.ask("health", "GET", "/health").status == 503
    form = host.ask("setup", "GET", "/setup")
    assert form.status == 200 and b'<option value="Asia/Kathmandu">' in form.body
    done = host.ask("setup", "POST", "/setup", body=urllib.parse.urlencode(FORM).encode(),
                    CONTENT_TYPE="application/x-www-form-urlencoded")
    key = key_of(done.body)
    assert done.status == 201 and key and database.exists() and not database.with_name("setup-code.txt").exists()
    sent = json.dumps([{"id": f"SM{i}", "channel": "SMS", "parts": i, "occurredAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
                       for i in range(1, 5)]).encode()
    assert host.ask("events", "POST", "/api/events", body=sent, key=key).json["accepted"] == 4
    today = host.ask("settings", "GET", "/api/organizations/acme", key=key).json["data"]["today"]
    requests = [("health", "/health", "", None), ("usage-calendar", "/api/campaigns/usage-calendar", f"from={today}&to={today}", key),
                ("next-available-slot", "/api/campaigns/next-available-slot", "contactCount=498", key),
                ("organization-usage", "/organization/usage", "", key), ("settings", "/api/organizations/acme", "", key),
                ("usage-calendar", "/api/campaigns/usage-calendar", "from=x", key), ("settings", "/api/organizations/acme", "", None)]
    for program, path, query, credential in requests:
        here = host.ask(program, "GET", path, query, key=credential)
        there = normal(database, program, "GET", path, query, credential)
        assert (here.status, here.body, here.headers.get("etag")) == (there.status, there.body, there.headers.get("etag"))
    calendar = host.ask("usage-calendar", "GET", "/api/campaigns/usage-calendar", f"from={today}&to={today}", key=key)
    assert calendar.json["data"]["dates"][today]["sent"] == 4


@pytest.mark.parametrize("arguments, status", [(["--version"], 0), (["nonsense"], 2)])
def test_the_command_runs_in_an_empty_root_too(archive, tmp_path, arguments, status):
    host = EmptyRoot(archive, tmp_path)
    command = shlex.join(["/home/public_html/daybook/bin/daybook", *arguments])
    if status:
        with pytest.raises(AssertionError):
            host.run(command, {})
    else:
        release = (host.home / "zoneinfo/tzdata.zi").read_text().split()[2]
        assert f"tzdata {release})" in host.run(command, {}).decode()


def test_a_program_without_the_file_that_all_are_in_says_so(archive, tmp_path):
    home = unpack(archive, tmp_path)
    (home / "libexec/daybook").unlink()
    done = subprocess.run([home / "cgi-bin/health.fcgi"], capture_output=True, timeout=60)
    assert done.returncode == 126 and b"libexec/daybook: cannot be started: No such file" in done.stderr


# ---- Under Apache, with the .htaccess of the zip

MODULES = ["mpm_event", "authn_core", "authz_core", "authz_host", "alias", "headers", "mime", "dir", "env", "setenvif", "rewrite", "cgid"]


@pytest.fixture(scope="module")
def apache(archive):
    """Apache as a host runs it, with mod_cgid; the zip lies in public_html."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="dbk-"))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    (folder / "public_html").mkdir()
    home = install(archive, folder / "public_html")
    lines = [f"ServerRoot {folder}", "ServerName localhost", f"Listen 127.0.0.1:{port}", f"PidFile {folder}/pid",
             f"DefaultRuntimeDir {folder}", f"ErrorLog {folder}/error.log", f"ScriptSock {folder}/cgid.sock", "TypesConfig /dev/null",
             *(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in MODULES),
             f"DocumentRoot {folder}/public_html", "<Directory />", "AllowOverride None", "Require all denied", "</Directory>",
             f"<Directory {folder}/public_html>", "Require all granted", "Options Indexes FollowSymLinks",
             "AllowOverride All", "</Directory>"]
    if os.getuid() == 0:
        lines += ["User www-data", "Group www-data"]
        subprocess.run(["chown", "-R", "www-data:www-data", folder], check=True)
    (folder / "apache.conf").write_text("\n".join(lines) + "\n")
    folder.chmod(0o755)
    process = subprocess.Popen(["apache2", "-D", "FOREGROUND", "-f", folder / "apache.conf"],
                               env={"PATH": os.environ["PATH"] + ":/usr/sbin"})
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert process.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.05)

    def ask(method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(method, "/daybook" + path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        response = connection.getresponse()
        reply = Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return reply

    ask.home, ask.folder = home, folder
    yield ask
    process.terminate()
    process.wait(timeout=20)
    shutil.rmtree(folder)


def test_under_apache_it_goes_from_the_upload_to_the_calendar(apache):
    form = apache("GET", "/setup")
    assert form.status == 200 and form.headers["content-type"] == "text/html; charset=utf-8", form
    assert "style-src 'self'" in form.headers["content-security-policy"] and "script" not in form.headers["content-security-policy"]
    assert apache("GET", "/setup.css").headers["content-type"].startswith("text/css")
    wrong = apache("POST", "/setup", urllib.parse.urlencode({**FORM, "code": "x" * 16}),
                   Content_Type="application/x-www-form-urlencoded")
    (apache.folder / "daybook-data/setup-attempts").unlink()	# as if a second had passed
    assert wrong.status == 403 and b"differs from the one in setup-code.txt" in wrong.body, "the page of Daybook, not the server's"
    done = apache("POST", "/setup", urllib.parse.urlencode(FORM), Content_Type="application/x-www-form-urlencoded")
    key = key_of(done.body)
    assert done.status == 201 and key and b"/daybook/api/campaigns/next-available-slot" in done.body
    assert oct((apache.folder / "daybook-data").stat().st_mode & 0o777) == "0o700"
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sent = apache("POST", "/api/events", json.dumps({"id": "SM1", "channel": "SMS", "occurredAt": now}), X_API_Key=key,
                  Content_Type="application/json")
    assert sent.json["accepted"] == 1
    today = apache("GET", "/api/organizations/acme", Authorization="Bearer " + key).json["data"]["today"]
    calendar = apache("GET", f"/api/campaigns/usage-calendar?from={today}&to={today}", X_API_Key=key)
    assert calendar.json["data"]["dates"][today]["sent"] == 1
    assert apache("GET", "/").headers["content-type"].startswith("text/html")
    assert apache("GET", "/month.js").headers["content-type"].startswith("text/javascript")
    again = apache("GET", "/setup")
    assert again.status == 404 and b"Setup is already done" in again.body


@pytest.mark.parametrize("path", ["/daybook.conf", "/setup-code.txt", "/.htaccess", "/bin/daybook", "/libexec/daybook", "/bin/", "/libexec/",
                                  "/cgi-bin/health.fcgi", "/cgi-bin/",
                                  "/daybook.conf.example", "/INSTALL.txt", "/licenses/openssl.txt", "/zoneinfo/tzdata.zi"])
def test_what_is_not_for_the_web_is_not_given_out(apache, path):
    (apache.home / "setup-code.txt").write_text(CODE)
    assert apache("GET", path).status == (403 if path.startswith(("/bin/", "/libexec/")) else 404)
