"""`daybook doctor`, /health and the log of a program that starts: what is wrong, and what to do about it."""
import fcntl
import os
import pathlib
import pwd
import re
import shutil
import sqlite3
import subprocess
import tempfile

import pytest

from conftest import BUILD, Reply, Server, cgi_variables
from support import NOON, check_error, set_clock, zone_folder

CHECKS = ["database", "owner", "rights", "place", "filesystem", "locks", "sqlite", "space", "timezones", "days", "backup", "organizations",
          "credentials", "settings"]


class Report:
    """What `daybook doctor` printed: .level, .text and .fix by check."""

    def __init__(self, done):
        self.rc, self.level, self.text, self.fix = done.returncode, {}, {}, {}
        assert done.stderr == "", done
        for line in done.stdout.splitlines():
            level, check, text = re.match(r"(ok|warning|error| {5}) +([a-z-]+)? +(.*)", line).groups()
            if check:
                last = check
                self.level[check], self.text[check] = level, text
            else:
                assert last not in self.fix
                self.fix[last] = text

    def check(self, name, level, *words):
        """That level, those words in text or remedy, and a remedy where it is not fine."""
        assert self.level[name] == level, (self.level, self.text)
        for word in words:
            assert str(word) in self.text[name] + " " + self.fix.get(name, ""), (word, self.text[name], self.fix.get(name))
        assert (name in self.fix) == (level != "ok")
        assert self.rc == (1 if "error" in self.level.values() else 0)


def doctor(daybook, *options):
    return Report(daybook.cmd(*options, "doctor", check=False))


def watch(daybook):
    """Lets this machine see all of /health."""
    daybook.cmd("setting", "set", "metrics_addresses", "127.0.0.1 ::1")


def health(daybook, **variables):
    reply = daybook.cgi("health", "GET", "/health", **variables)
    assert reply.status == 200, reply
    return reply.json


@pytest.fixture
def sound(daybook):
    """Nothing is wrong with it."""
    watch(daybook)
    zone_folder(daybook, "America/Toronto", "UTC")
    daybook.cmd("backup", daybook.folder / "copy.db")
    return daybook


def test_of_a_sound_installation_every_check_is_ok(sound):
    report = doctor(sound)
    assert list(report.level) == CHECKS and set(report.level.values()) == {"ok"} and report.rc == 0 and report.fix == {}
    body = health(sound)
    assert (body["status"], body["warnings"]) == ("ok", [])


# ---- The database

def test_without_a_database_it_still_says_what_to_do(daybook):
    missing = daybook.folder / "missing.db"
    report = doctor(daybook, "-d", missing)
    report.check("database", "error", missing, "init")
    assert report.rc == 1 and "owner" not in report.level and "timezones" in report.level
    assert not missing.exists()


def test_with_nothing_that_names_a_database_it_says_so(daybook):
    del daybook.env["DAYBOOK_DB"]
    doctor(daybook).check("database", "error", "DAYBOOK_DB", "-d FILE")


def test_a_file_of_somebody_else_and_another_schema_are_errors(daybook):
    other = daybook.folder / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE t (a)")
    doctor(daybook, "-d", other).check("database", "error", other, "not a Daybook database")
    daybook.sql("PRAGMA user_version = 99")
    doctor(daybook).check("database", "error", "schema version 99", "newer Daybook")
    daybook.sql("PRAGMA user_version = 0")
    doctor(daybook).check("database", "error", "schema version 0", "upgrade")


def test_a_database_that_was_moved_here_alone_lacks_nothing(sound):
    """Its -gate was not moved; the next program makes another."""
    sound.path.with_name("daybook.db-gate").unlink()
    report = doctor(sound)
    report.check("locks", "ok")
    report.check("sqlite", "ok")


# ---- Its files

@pytest.mark.parametrize("file, folder, level, words", [
    (0o600, 0o700, "ok", ()), (0o660, 0o2770, "ok", ()), (0o640, 0o750, "ok", ()), (0o604, 0o700, "warning", ("read", "0600")),
    (0o644, 0o755, "error", ("read", "0600", "signing keys")), (0o606, 0o711, "error", ("write", "0600")),
    (0o600, 0o755, "warning", ("folder", "0700")), (0o600, 0o777, "error", ("folder", "0700")), (0o600, 0o1777, "warning", ("folder",))])
def test_who_may_read_and_write_the_file_and_its_folder(sound, file, folder, level, words):
    sound.path.chmod(file)
    sound.folder.chmod(folder)
    doctor(sound).check("rights", level, *words)
    body = health(sound)
    assert body["status"] == ("degraded" if level == "error" else "ok")
    assert any("access to the database" in w for w in body["warnings"]) == (level != "ok")


def test_a_companion_that_others_may_read_is_named(sound):
    gate = pathlib.Path(f"{sound.path}-gate")
    gate.chmod(0o644)
    doctor(sound).check("rights", "warning", gate)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_of_different_owners_are_an_error(sound):
    nobody = pwd.getpwnam("nobody")
    os.chown(f"{sound.path}-gate", nobody.pw_uid, nobody.pw_gid)
    doctor(sound).check("owner", "error", f"{sound.path}-gate", "nobody", "root", "chown")
    body = health(sound)
    assert body["status"] == "degraded" and any("wrong user" in w for w in body["warnings"])
    assert "nobody" not in str(body) and str(sound.folder) not in str(body)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_database_of_somebody_else_is_an_error_for_who_runs_it(sound):
    site = pathlib.Path(tempfile.mkdtemp(prefix="dbk-"))	# where nobody else gets to, too
    try:
        site.chmod(0o755)
        shutil.copy(BUILD / "bin/daybook", site)
        shutil.copy(sound.path, site / "daybook.db")
        (site / "daybook.db").chmod(0o644)
        done = subprocess.run([site / "daybook", "-d", site / "daybook.db", "doctor"], user="nobody", env={**sound.env, "ASAN_OPTIONS": "detect_leaks=0"},
                              cwd="/", capture_output=True, text=True)
        Report(done).check("owner", "error", site / "daybook.db", "root", "nobody")
    finally:
        shutil.rmtree(site)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_beside_the_database_belongs_to_its_owner(sound):
    nobody, gate = pwd.getpwnam("nobody"), pathlib.Path(f"{sound.path}-gate")
    os.chown(sound.path, nobody.pw_uid, nobody.pw_gid)
    for companion in sound.folder.glob("daybook.db-*"):
        companion.unlink()
    sound.cmd("org", "list")
    assert (gate.stat().st_uid, gate.stat().st_mode & 0o777) == (nobody.pw_uid, 0o600)
    assert all(f.stat().st_uid == nobody.pw_uid for f in sound.folder.glob("daybook.db-*"))


@pytest.mark.parametrize("name", ["public_html", "htdocs", "httpdocs", "www", "web"])
def test_a_folder_that_web_servers_hand_out_is_warned_of(sound, name):
    folder = sound.folder / name / "data"
    folder.mkdir(parents=True, mode=0o700)
    shutil.copy(sound.path, folder / "daybook.db")
    (folder / "daybook.db").chmod(0o600)
    doctor(sound, "-d", folder / "daybook.db").check("place", "warning", folder, name)


def test_a_link_does_not_hide_where_a_database_lies(sound):
    folder = sound.folder / "htdocs"
    folder.mkdir()
    sound.path.rename(folder / "daybook.db")
    sound.path.symlink_to(folder / "daybook.db")
    doctor(sound).check("place", "warning", folder / "daybook.db")


def test_a_disk_that_is_nearly_full_is_warned_of(sound):
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    small = sound.folder / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m,mode=0700", "tmpfs", small], capture_output=True).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        sound.cmd("-d", small / "x.db", "init")
        doctor(sound, "-d", small / "x.db").check("space", "warning", small, "MB", "Remove")
    finally:
        subprocess.run(["umount", small], check=True)


def test_locks_are_tried_and_the_trial_disturbs_no_writer(sound):
    with open(f"{sound.path}-gate", "r+") as gate:
        fcntl.lockf(gate, fcntl.LOCK_EX | fcntl.LOCK_NB, 2, 0)	# as a writer has it
        doctor(sound).check("locks", "ok")
    pathlib.Path(f"{sound.path}-gate").unlink()
    doctor(sound).check("locks", "ok")


LOCKLESS = """#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>
/* A filesystem that grants every lock to everybody. */
static int any(int fd, int cmd, long arg) { return cmd == F_SETLK ? 0 : (int)syscall(SYS_fcntl, fd, cmd, arg); }
int fcntl(int fd, int cmd, ...) { va_list ap; va_start(ap, cmd); long arg = va_arg(ap, long); va_end(ap); return any(fd, cmd, arg); }
int fcntl64(int fd, int cmd, ...) { va_list ap; va_start(ap, cmd); long arg = va_arg(ap, long); va_end(ap); return any(fd, cmd, arg); }
"""


def test_locks_that_keep_nobody_out_are_an_error(sound):
    shim = sound.folder / "lockless.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, "-xc", "-"], input=LOCKLESS, text=True, check=True)
    sound.env.update(LD_PRELOAD=str(shim), ASAN_OPTIONS=sound.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
    doctor(sound).check("locks", "error", f"{sound.path}-gate", "same lock", "local disk")


def test_a_gate_that_is_no_file_is_an_error(sound):
    gate = pathlib.Path(f"{sound.path}-gate")
    gate.unlink()
    gate.mkdir()
    report = doctor(sound)
    report.check("database", "error", gate)
    report.check("locks", "error", gate)


# ---- What is in it

def test_an_empty_database_lacks_organizations_credentials_and_a_backup(empty):
    zone_folder(empty, "America/Toronto", "UTC")
    empty.cmd("key", "retire", "main")
    watch(empty)
    report = doctor(empty)
    report.check("organizations", "warning", "org add")
    report.check("credentials", "warning", "key add", "apikey add")
    report.check("backup", "warning", "backup --keep", "backup_keep")
    body = health(empty)
    assert body["status"] == "ok" and len(body["warnings"]) == 3
    empty.cmd("org", "add", "acme", "--timezone", "UTC")
    empty.cmd("apikey", "add", "--org", "acme", "--scope", "usage:read")
    report = doctor(empty)
    assert report.level["organizations"] == report.level["credentials"] == "ok"
    empty.cmd("apikey", "revoke", "1")
    doctor(empty).check("credentials", "warning")


def test_a_backup_of_last_week_is_too_old(sound):
    set_clock(sound, NOON)
    sound.cmd("backup", sound.folder / "noon.db")
    set_clock(sound, "2026-05-27T16:00:00Z")
    doctor(sound).check("backup", "ok", "2026-05-20T16:00:00")
    set_clock(sound, "2026-05-27T16:00:01Z")
    doctor(sound).check("backup", "warning", "7 days")


def test_time_zones_that_are_old_missing_or_lack_one(sound):
    set_clock(sound, "2040-01-01T00:00:00Z")
    doctor(sound).check("timezones", "warning", "more than a year old", "tzdata")
    set_clock(sound, NOON)
    zones = sound.folder / "empty"
    zones.mkdir()
    sound.env["TZDIR"] = str(zones)
    doctor(sound).check("timezones", "error", "tzdata")
    assert health(sound)["status"] == "degraded"
    shutil.copy("/usr/share/zoneinfo/UTC", zones / "UTC")
    doctor(sound).check("timezones", "error", "America/Toronto", "acme")
    sound.sql("UPDATE organization SET timezone = 'UTC'")
    doctor(sound).check("timezones", "warning", "release", "unknown")


def test_settings_that_let_too_much_in_are_warned_of(sound):
    for origins in ("https://a.example http://localhost:3000 http://127.0.0.1", "http://[::1]:5173"):
        sound.cmd("setting", "set", "cors_origins", origins)
        doctor(sound).check("settings", "ok")
    for origins in ("http://a.example", "https://a.example http://localhost.evil.example"):
        sound.cmd("setting", "set", "cors_origins", origins)
        doctor(sound).check("settings", "warning", origins.split()[-1], "HTTPS")
    sound.cmd("setting", "set", "cors_origins", "")
    key = sound.folder / "idp.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", key.with_suffix(".pub")], check=True, capture_output=True)
    for kid in ("idp", "idp-2"):
        sound.cmd("key", "add", "--alg", "ES256", "--kid", kid, "--file", key.with_suffix(".pub"), "--any-audience")
    doctor(sound).check("settings", "ok")
    sound.sql("UPDATE signing_key SET is_any_audience = 0")	# as an older version would have added them
    doctor(sound).check("settings", "warning", "idp, idp-2", "daybook key set KID --iss")
    sound.cmd("key", "set", "idp", "--iss", "https://id.example.com", "--aud", "daybook")
    doctor(sound).check("settings", "warning", ": idp-2;")
    sound.cmd("key", "retire", "idp-2")
    doctor(sound).check("settings", "ok")


def test_a_setup_code_that_is_left_behind_is_warned_of(sound, tmp_path):
    """Beside the database, or beside the programs, where older versions had it."""
    site = tmp_path / "site"
    for program in ("bin/daybook", "cgi-bin/health.fcgi"):
        (site / program).parent.mkdir(parents=True)
        shutil.copy(BUILD / program, site / program)
    run = lambda: Report(subprocess.run([site / "bin/daybook", "doctor"], env=sound.env, capture_output=True, text=True))  # noqa: E731
    assert "setup-code" not in run().level
    for folder in (site, sound.path.parent):
        (folder / "setup-code.txt").write_text("123456\n")
        run().check("setup-code", "warning", folder / "setup-code.txt", "rm ")


# ---- The programs

def findings(daybook):
    return re.findall(r"event=doctor check=(\S+) found=(\S+) ", daybook.log_path.read_text())


def test_a_program_that_stays_logs_once_what_is_wrong_with_the_remedy(daybook):
    zone_folder(daybook, "America/Toronto", "UTC")
    daybook.folder.chmod(0o755)
    daybook.path.chmod(0o644)
    process = daybook.fastcgi("organization-usage")
    token = daybook.token()
    for _ in range(3):	# and works on
        assert process.ask("GET", "/organization/usage", token=token).status == 200
    assert findings(daybook) == [("rights", "error"), ("backup", "warning")]
    lines = [line for line in daybook.log_path.read_text().splitlines() if "event=doctor" in line]
    assert "chmod 0600" in lines[0] and lines[0].startswith("level=error") and "backup --keep" in lines[1]


def test_a_program_without_a_database_logs_the_remedy_and_answers_503(daybook):
    zone_folder(daybook, "America/Toronto", "UTC")
    missing = {"DAYBOOK_DB": str(daybook.folder / "missing.db")}
    check_error(daybook.cgi("health", "GET", "/health", env=missing), 503, "tether")
    assert findings(daybook) == [("database", "error")]
    assert "missing.db" in daybook.log_path.read_text() and "init" in daybook.log_path.read_text()
    daybook.log_path.unlink()
    process = daybook.fastcgi("health", env=missing)
    for _ in range(3):
        check_error(process.ask("GET", "/health"), 503, "tether")
    assert findings(daybook) == [("database", "error")]


def test_one_request_as_plain_cgi_logs_nothing_of_the_installation_while_it_works(daybook):
    watch(daybook)
    assert health(daybook)["warnings"]
    assert findings(daybook) == []


@pytest.mark.parametrize("way", ["cgi", "fastcgi"])
def test_a_database_below_the_document_root_is_refused(daybook, way):
    root = daybook.folder / "site"
    root.mkdir()
    linked = daybook.folder / "linked"
    linked.symlink_to(root)
    ask = daybook.fastcgi("health").ask if way == "fastcgi" else lambda *a, **v: daybook.cgi("health", *a, **v)
    for safe in (None, "", "/", str(root), str(daybook.folder / "nowhere"), str(daybook.path) + "x", str(daybook.folder)[:-1]):
        variables = {} if safe is None else {"DOCUMENT_ROOT": safe}
        if way == "cgi" or safe is None:
            assert ask("GET", "/health", **variables).status == 200, safe
    (root / "data").mkdir()
    daybook.cmd("-d", root / "data/inside.db", "init")
    for i, document_root in enumerate((str(root), str(root) + "/", str(linked), str(daybook.folder))):
        env = {"DAYBOOK_DB": str(root / "data/inside.db" if i % 2 == 0 else linked / "data/inside.db")}
        if way == "cgi":
            reply = daybook.cgi("health", "GET", "/health", env=env, DOCUMENT_ROOT=document_root)
        else:
            reply = daybook.fastcgi("health", env=env).ask("GET", "/health", DOCUMENT_ROOT=document_root)
        check_error(reply, 503, "tether")
        assert str(daybook.folder) not in reply.body.decode()
    text = daybook.log_path.read_text()
    assert text.count(", which the web server serves, so anybody may download it") == 4 and "Move it" in text


def served_site(daybook, folder):
    """The .htaccess layout: programs and static files in one folder; a database in it, as older versions allowed."""
    for program in ("bin/daybook", "cgi-bin/health.fcgi"):
        (folder / program).parent.mkdir(parents=True)
        shutil.copy(BUILD / program, folder / program)
    if (BUILD / "libexec/daybook").exists():
        (folder / "libexec").mkdir()
        shutil.copy(BUILD / "libexec/daybook", folder / "libexec")
    (folder / ".htaccess").touch()
    daybook.cmd("backup", folder / "data.sqlite")
    return {"DAYBOOK_DB": str(folder / "data.sqlite")}


def test_a_database_in_the_folder_of_the_programs_is_used_and_loudly_warned_of(daybook, tmp_path):
    env = served_site(daybook, tmp_path / "site")
    variables = cgi_variables("GET", "/health", "", None, {"Authorization": "Bearer " + daybook.token(None, "admin")})
    done = subprocess.run([tmp_path / "site/cgi-bin/health.fcgi"], env={**daybook.env, **env, **variables}, capture_output=True)
    reply = Reply.of_cgi(done.stdout)
    assert reply.status == 200 and reply.json["status"] == "degraded"
    assert "a web server may serve the folder of the database" in reply.json["warnings"]
    assert b"level=error" in done.stderr and b"event=database" in done.stderr and b"data.sqlite: is below " in done.stderr
    report = Report(subprocess.run([tmp_path / "site/bin/daybook", "doctor"], env={**daybook.env, **env}, capture_output=True, text=True))
    report.check("place", "error", tmp_path / "site", "move the database")


def test_an_alias_to_the_folder_of_the_database_is_warned_of_and_no_more(daybook):
    for root, status in ((daybook.folder, "degraded"), (daybook.folder / "other", "ok"), ("/", "ok"), ("", "ok")):
        reply = daybook.cgi("health", "GET", "/health", token=daybook.token(None, "admin"), CONTEXT_DOCUMENT_ROOT=str(root))
        assert (reply.status, reply.json["status"]) == (200, status), root
    assert daybook.log_path.read_text().count("event=database") == 1


@pytest.mark.parametrize("command", ["init", "demo"])
def test_no_database_is_made_in_a_folder_that_is_served(daybook, tmp_path, command):
    served_site(daybook, tmp_path / "site")
    for place in ("new.db", "sub/new.db", "cgi-bin/new.db"):
        (tmp_path / "site" / place).parent.mkdir(exist_ok=True)
        done = subprocess.run([tmp_path / "site/bin/daybook", "-d", tmp_path / "site" / place, command], capture_output=True, text=True)
        assert done.returncode == 1 and "which the web server serves" in done.stderr and "Name a folder outside" in done.stderr
        assert not (tmp_path / "site" / place).exists()
    done = subprocess.run([tmp_path / "site/bin/daybook", "-d", tmp_path / "beside.db", "init"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_running_program_takes_the_database_when_it_was_moved_out(daybook):
    root = daybook.folder / "site"
    root.mkdir()
    inside = root / "daybook.db"
    daybook.cmd("-d", inside, "init")
    daybook.path.unlink()
    daybook.path.symlink_to(inside)
    process = daybook.fastcgi("health")
    assert process.ask("GET", "/health", DOCUMENT_ROOT=str(root)).status == 503
    assert process.ask("GET", "/health", DOCUMENT_ROOT=str(root)).status == 503
    daybook.path.unlink()
    for ending in ("-wal", "-shm"):
        daybook.path.with_name(daybook.path.name + ending).unlink(missing_ok=True)
    inside.rename(daybook.path)
    assert process.ask("GET", "/health", DOCUMENT_ROOT=str(root)).status == 200


def test_a_link_below_the_document_root_to_a_database_outside_is_refused(daybook):
    """A server that follows links serves the file by that name, wherever it is."""
    root = daybook.folder / "site"
    root.mkdir()
    (root / "link.db").symlink_to(daybook.path)
    linked = {"DAYBOOK_DB": str(root / "link.db")}
    check_error(daybook.cgi("health", "GET", "/health", env=linked, DOCUMENT_ROOT=str(root)), 503, "tether")
    assert daybook.cgi("health", "GET", "/health", env=linked, DOCUMENT_ROOT=str(root / "other")).status == 200
    assert daybook.cgi("health", "GET", "/health", DOCUMENT_ROOT=str(root)).status == 200


def test_under_the_shipped_server_the_document_root_is_no_hindrance(daybook):
    server = Server(daybook)
    try:
        assert server.ask("GET", "/health").json["status"] == "ok"
    finally:
        server.stop()
