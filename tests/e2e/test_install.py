"""make install into a folder, and make uninstall out of it again."""
import filecmp
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from conftest import BUILD, ROOT
from support import program_sources

NOBODY = 65534
AS_NOBODY = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
PROGRAMS = list(program_sources())
UNITS = ["daybook.target", "daybook@.socket", "daybook@.service", "daybook-backup.service", "daybook-backup.timer",
         "daybook-keys.service", "daybook-keys.timer"]
CONF = {"httpd-conf/apache-proxy-fcgi.conf": "apache2/conf-available/daybook.conf",
        "httpd-conf/lighttpd-sockets.conf": "lighttpd/conf-available/50-daybook.conf",
        "httpd-conf/nginx.conf": "nginx/snippets/daybook.conf", "daybook.conf": "daybook/daybook.conf"}


def place(folder, *mode, prefix="/usr"):
    """system/install as the Makefile calls it; what it said."""
    env = {**os.environ, "DESTDIR": str(folder), "PREFIX": prefix, "SYSCONFDIR": "/etc",
           "UNITDIR": prefix + "/lib/systemd/system", "MANDIR": prefix + "/share/man", "WEB_GROUP": "www-data"}
    done = subprocess.run([ROOT / "system/install", *(mode or [BUILD])], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def refused(folder, **places):
    """What system/install says if it does not even begin, as a user who is not root."""
    env = {**os.environ, "DESTDIR": "", "PREFIX": f"{folder}/usr", "SYSCONFDIR": f"{folder}/etc", "WEB_GROUP": "www-data",
           "UNITDIR": f"{folder}/usr/lib/systemd/system", "MANDIR": f"{folder}/usr/share/man", **places}
    done = subprocess.run([ROOT / "system/install", BUILD], env=env, capture_output=True, text=True, **AS_NOBODY)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Nothing was installed:\n")
    assert not [path for path in folder.rglob("*") if path.is_file() and path.name != "there before"]
    return done.stderr


def files(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()}


def processes():
    """PROGRAM: PROCESSES of the table of routes, where it is more than one."""
    table = ROOT / "httpd-conf/routes"
    lines = re.findall(r"^([a-z-]+)\s+(\d+)\s", table.read_text(), re.M) if table.exists() else []
    return {name: int(n) for name, n in lines if int(n) > 1 and name in PROGRAMS}


def confs():
    """The server configurations that this build has."""
    return {source: to for source, to in CONF.items() if source == "daybook.conf" or (BUILD / source).exists()}


def expected(prefix):
    htdocs = BUILD / "htdocs" if (BUILD / "htdocs").exists() else ROOT / "htdocs"
    share = f"{prefix}/share/daybook"
    return {f"{prefix}/bin/daybook", f"{share}/openapi.yaml", f"{share}/daybook.conf",
            f"{prefix}/share/man/man1/daybook.1", f"{prefix}/share/man/man5/daybook.conf.5",
            f"{prefix}/share/bash-completion/completions/daybook",
            f"{prefix}/lib/daybook/daybook-fetch", f"{prefix}/lib/daybook/daybook-idle", *(f"{prefix}/lib/daybook/cgi-bin/{p}.fcgi" for p in PROGRAMS),
            *(f"{prefix}/lib/systemd/system/{u}" for u in UNITS),
            *(f"{prefix}/lib/systemd/system/daybook@{p}.service.d/processes.conf" for p in processes()),
            *(f"{share}/htdocs/{f}" for f in files(htdocs)),
            *(f"{share}/httpd-conf/{f.name}" for f in (BUILD / "httpd-conf").glob("*.conf")),
            *(f"etc/{to}" for to in confs().values())}


@pytest.mark.parametrize("prefix", ("/usr", "/usr/local", "/opt/daybook"))
def test_what_is_installed_is_the_list_and_uninstall_leaves_nothing(tmp_path, prefix):
    assert place(tmp_path, prefix=prefix) == ""
    assert files(tmp_path) == {path.lstrip("/") for path in expected(prefix.lstrip("/"))}
    assert place(tmp_path, "--remove", prefix=prefix) == ""
    assert list(tmp_path.iterdir()) == []


def test_installing_twice_is_installing_once(tmp_path):
    place(tmp_path)
    before = {f: (tmp_path / f).read_bytes() for f in files(tmp_path)}
    (tmp_path / "usr/lib/daybook/cgi-bin/gone.fcgi").write_text("a program of an older version")
    place(tmp_path)
    assert {f: (tmp_path / f).read_bytes() for f in files(tmp_path)} == before


def test_nothing_is_open_to_others_to_write_and_programs_are_run_by_all(tmp_path):
    place(tmp_path)
    for file in files(tmp_path):
        mode = (tmp_path / file).stat().st_mode & 0o777
        assert mode == (0o755 if file == "usr/bin/daybook" or file.endswith((".fcgi", "-fetch", "-idle")) else 0o644), file


@pytest.mark.parametrize("prefix", ("/usr", "/opt/daybook"))
def test_every_path_is_below_the_prefix(tmp_path, prefix):
    place(tmp_path, prefix=prefix)
    for file in files(tmp_path):
        if not file.endswith((".fcgi", "-fetch", "-idle", "bin/daybook")) and "/share/man/" not in file and "/htdocs/" not in file:
            text = (tmp_path / file).read_text()
            assert "@PREFIX@" not in text and "@SOCKETS@" not in text and "@WEB_GROUP@" not in text
            for found in re.findall(r"[\w/]*/(?:lib|share)/daybook\b|/[\w/]+/bin/daybook\b", text):
                assert found.startswith((prefix + "/lib", prefix + "/share", prefix + "/bin", "/var/lib/daybook")), (file, found)


def test_configuration_that_was_changed_stays(tmp_path):
    place(tmp_path)
    conf = tmp_path / "etc/daybook/daybook.conf"
    conf.write_text("DAYBOOK_DB=/srv/daybook.db\n")
    assert f"left, because you changed it: {conf}" in place(tmp_path)
    assert conf.read_text() == "DAYBOOK_DB=/srv/daybook.db\n"
    assert f"left, because you changed it: {conf}" in place(tmp_path, "--remove")
    assert files(tmp_path) == {"etc/daybook/daybook.conf"}


def test_configuration_that_was_not_changed_is_replaced_by_the_new_one(tmp_path):
    place(tmp_path)
    share, conf = tmp_path / "usr/share/daybook/daybook.conf", tmp_path / "etc/daybook/daybook.conf"
    for file in (share, conf):
        file.write_text("DAYBOOK_DB=/as/the/older/version/had/it\n")
    assert place(tmp_path) == ""
    assert conf.read_text() == (ROOT / "system/daybook.conf").read_text()
    assert filecmp.cmp(share, conf, shallow=False)


def test_data_is_left_and_named(tmp_path):
    place(tmp_path)
    data = tmp_path / "var/lib/daybook/daybook.db"
    data.parent.mkdir(parents=True)
    data.write_text("a database")
    assert f"left: {data.parent}" in place(tmp_path, "--remove")
    assert files(tmp_path) == {"var/lib/daybook/daybook.db"}


def test_the_target_wants_a_socket_for_each_program(tmp_path):
    place(tmp_path)
    wants = re.search(r"^Wants=(.*)$", (tmp_path / "usr/lib/systemd/system/daybook.target").read_text(), re.M)[1]
    assert sorted(wants.split()) == sorted(f"daybook@{p}.socket" for p in PROGRAMS)


def test_each_program_has_as_many_processes_as_the_table_of_routes_says(tmp_path):
    place(tmp_path)
    for program, n in processes().items():
        text = (tmp_path / f"usr/lib/systemd/system/daybook@{program}.service.d/processes.conf").read_text()
        assert text == f"[Service]\nEnvironment=PROCESSES={n}\n"


def test_what_is_left_to_root_is_in_the_guide():
    script = (ROOT / "system/install").read_text().replace("\\\n\t\t", "")
    guide = (ROOT / "docs/operating.md").read_text()
    left = re.findall(r"^\t(?:getent .* \|\| )?(useradd .*|install -d .* /var/lib/daybook)$|^\t  (systemctl enable .*)$", script, re.M)
    assert len(left) == 3
    for command in ("".join(found) for found in left):
        assert f"    {command}\n" in guide


@pytest.fixture
def machine(tmp_path):
    """The installed tree with what else the units name, as systemd-analyze wants it."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze")
    place(tmp_path)
    (tmp_path / "usr/bin/multiwatch").write_text("#!/bin/sh\n")
    (tmp_path / "usr/bin/multiwatch").chmod(0o755)
    for unit in ("sysinit", "basic", "sockets", "timers", "shutdown", "multi-user"):
        (tmp_path / f"usr/lib/systemd/system/{unit}.target").write_text("[Unit]\nDescription=x\n")
    (tmp_path / "usr/lib/systemd/system/-.slice").write_text("[Unit]\nDescription=x\n")
    return tmp_path


def analyze(machine, *args):
    return subprocess.run(["systemd-analyze", f"--root={machine}", *args], capture_output=True, text=True,
                          env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning", "SYSTEMD_COLORS": "0"})


def test_systemd_understands_every_unit(machine):
    done = analyze(machine, "verify", "--man=no", "--recursive-errors=no", "daybook.target", "daybook-backup.timer", "daybook-keys.timer",
                   "daybook-backup.service", *(f"daybook@{p}.{kind}" for p in PROGRAMS for kind in ("socket", "service")))
    ours = [line for line in done.stderr.splitlines() if "daybook" in line]
    assert ours == [] and done.returncode == 0, done.stderr


@pytest.mark.parametrize("unit", ("daybook@events.service", "daybook-backup.service"))
def test_systemd_finds_little_that_a_program_is_exposed_to(machine, unit):
    """`systemd-analyze security` gives 10.0 to a service without any of it."""
    done = analyze(machine, "security", "--offline=true", "--no-pager", unit)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert float(level[1]) <= 1.5, done.stdout


def test_the_packages_version_is_the_makefiles():
    version = re.search(r"^VERSION = (\S+)", (ROOT / "Makefile").read_text(), re.M)[1]
    assert (ROOT / "debian/changelog").read_text().startswith(f"daybook ({version}) ")


@pytest.mark.parametrize("folder,variable", (
    ("usr", "PREFIX"), ("usr/bin", "PREFIX"), ("usr/lib/daybook/cgi-bin", "PREFIX"), ("usr/share/daybook/htdocs/lib", "PREFIX"),
    ("usr/share/man/man5", "MANDIR"), ("usr/lib/systemd/system", "UNITDIR"), ("etc", "SYSCONFDIR"), ("etc/daybook", "SYSCONFDIR"),
    ("etc/nginx/snippets", "SYSCONFDIR")))
def test_nothing_is_installed_if_a_folder_cannot_be_written(folder, variable):
    with tempfile.TemporaryDirectory(dir="/tmp") as top:
        top = pathlib.Path(top)
        (top / folder).mkdir(parents=True)
        for path in (top, *top.rglob("*")):
            if AS_NOBODY:
                os.chown(path, NOBODY, NOBODY)
            path.chmod(0o755)
        (top / folder).chmod(0o555)
        said = refused(top)
        (top / folder).chmod(0o755)
    assert f"{top}/{folder} cannot be written ({variable}=)\n" in said
    assert "make install PREFIX=$HOME/.local SYSCONFDIR=$HOME/.local/etc" in said


def test_nothing_is_installed_if_a_file_is_in_the_place_of_a_folder():
    with tempfile.TemporaryDirectory(dir="/tmp") as top:
        top = pathlib.Path(top)
        top.chmod(0o777)
        (top / "there before").write_text("")
        assert f"{top}/there before is no folder (SYSCONFDIR=)" in refused(top, SYSCONFDIR=f"{top}/there before")
