"""What an operator's tools are told: the plugin of Nagios and Icinga, who was refused and from where, a filter of fail2ban."""
import os
import re
import shutil
import subprocess
import tempfile

import pytest

from conftest import BUILD, ROOT
from support import zone_folder

GUIDE = (ROOT / "docs/operating.md").read_text()
UNKNOWN_KEY = "dbk_" + "A" * 43
NOBODY = 65534


# ---- daybook doctor --nagios

@pytest.fixture
def sound(daybook):
    zone_folder(daybook, "America/Toronto", "UTC")
    daybook.cmd("backup", daybook.folder / "copy.db")
    return daybook


def plugin(daybook, *options, **more):
    done = daybook.cmd(*options, "doctor", "--nagios", check=False, **more)
    assert done.stderr == "" and done.stdout.count("\n") == 1 and done.stdout.count("|") <= 1, done
    return done.returncode, done.stdout


def test_a_sound_installation_is_ok_and_has_figures(sound):
    rc, line = plugin(sound)
    assert rc == 0 and re.fullmatch(r"DAYBOOK OK - nothing is wrong \| errors=0;;0 warnings=0;0 database=[1-9]\d*B\n", line), line


def test_a_warning_is_1_and_an_error_is_2_and_comes_first(sound):
    sound.sql("DELETE FROM setting WHERE name = 'backup_at'")
    rc, line = plugin(sound)
    assert rc == 1 and line.startswith("DAYBOOK WARNING - backup: ") and "| errors=0;;0 warnings=1;0 " in line
    sound.path.chmod(0o644)
    sound.folder.chmod(0o755)
    rc, line = plugin(sound)
    assert rc == 2 and re.match(r"DAYBOOK CRITICAL - rights: .*; backup: .* \| errors=1;;0 warnings=1;0 ", line), line


def test_a_database_that_is_not_there_or_no_database_is_critical(sound):
    rc, line = plugin(sound, "-d", sound.folder / "missing.db")
    assert rc == 2 and line.startswith("DAYBOOK CRITICAL - database: ") and "missing.db" in line
    (sound.folder / "a|b.db").write_text("no database")
    rc, line = plugin(sound, "-d", sound.folder / "a|b.db")
    assert rc == 2 and "a b.db" in line


def test_what_cannot_be_found_out_is_unknown(sound, tmp_path):
    command = tmp_path / "daybook"  # whose folder has no daybook.conf
    shutil.copy(BUILD / "bin/daybook", command)
    env = {k: v for k, v in sound.env.items() if k != "DAYBOOK_DB"}
    done = subprocess.run([command, "doctor", "--nagios"], env=env, capture_output=True, text=True)
    assert done.returncode == 3 and done.stdout.startswith("DAYBOOK UNKNOWN - nothing names the database"), done


@pytest.mark.skipif(os.geteuid() != 0, reason="takes another user's place")
def test_a_user_who_may_not_read_the_database_knows_nothing(sound):
    with tempfile.TemporaryDirectory() as folder:  # unlike tmp_path one that the other user can be let into
        os.chmod(folder, 0o755)
        command = shutil.copy(BUILD / "bin/daybook", folder)
        done = subprocess.run([command, "-d", sound.path, "doctor", "--nagios"], env=sound.env, capture_output=True, text=True,
                              user=NOBODY, group=NOBODY, extra_groups=[])
    assert done.returncode == 3 and done.stdout.startswith("DAYBOOK UNKNOWN - this user may not read the database"), done


# ---- One report of many programs

def test_one_of_the_programs_that_run_reports_on_the_installation(daybook):
    zone_folder(daybook, "America/Toronto", "UTC")
    reports = lambda: daybook.log_path.read_text().count("event=doctor check=backup")  # noqa: E731
    first = daybook.fastcgi("events")
    first.ask("GET", "/api/events")
    for program in ("events", "session", "usage-calendar"):
        daybook.fastcgi(program).ask("GET", "/nothing")
    assert reports() == 1
    first.stop()
    daybook.fastcgi("session").ask("GET", "/api/session")
    assert reports() == 2, "the next one after it has ended"


# ---- Who was refused

def refuse(daybook, address, **more):
    assert daybook.cgi("session", "GET", "/api/session", REMOTE_ADDR=address, **more).status == 401


def test_the_line_of_a_refusal_has_the_address_that_the_web_server_names(daybook):
    for address in ("203.0.113.9", "2001:db8::7"):
        refuse(daybook, address, headers={"X-API-Key": UNKNOWN_KEY, "X-Forwarded-For": "198.51.100.1"})
        assert f"event=refused peer={address} reason=\"API key: unknown" in daybook.log_path.read_text()
    assert "198.51.100.1" not in daybook.log_path.read_text()
    refuse(daybook, "203.0.113.9 reason=x\nlevel=error")
    assert 'peer="203.0.113.9 reason=x\\x0alevel=error" reason="no credential"' in daybook.log_path.read_text()
    daybook.cgi("metrics", "GET", "/metrics", REMOTE_ADDR="203.0.113.10", headers={"X-API-Key": UNKNOWN_KEY})
    assert "peer=203.0.113.10" in daybook.log_path.read_text()


@pytest.fixture
def banned(tmp_path):
    """A function that says which addresses the filter of the guide finds in a log."""
    filters = re.findall(r"^    (\[Definition\]\n(?:    .*\n)+)", GUIDE, re.M)
    assert len(filters) == 1
    (tmp_path / "daybook.conf").write_text(re.sub(r"^    ", "", filters[0], flags=re.M))

    def find(text):
        (tmp_path / "log").write_text(text)
        done = subprocess.run(["fail2ban-regex", "--out", "ip", tmp_path / "log", tmp_path / "daybook.conf"], capture_output=True, text=True)
        assert "ERROR" not in done.stderr, done.stderr
        return done.stdout.split()

    return find


@pytest.mark.skipif(shutil.which("fail2ban-regex") is None, reason="fail2ban-regex is of the package fail2ban, which make test-all installs")
def test_the_filter_of_the_guide_finds_who_guesses_in_each_log(daybook, banned):
    refuse(daybook, "203.0.113.9", headers={"X-API-Key": UNKNOWN_KEY})
    refuse(daybook, "2001:db8::7", headers={"Authorization": "Bearer " + daybook.token()[:-2] + "AA"})
    lines = daybook.log_path.read_text().splitlines()
    assert banned("\n".join(lines)) == ["203.0.113.9", "2001:db8::7"]
    assert banned("".join(f"Nov 29 13:00:00 host daybook-session[123]: {line}\n" for line in lines)) == ["203.0.113.9", "2001:db8::7"]
    apache = "[Sun Nov 29 13:00:00.123456 2026] [fcgid:warn] [pid 12:tid 13] [client 198.51.100.1:1234] mod_fcgid: stderr: "
    assert banned("".join(apache + line + "\n" for line in lines)) == ["203.0.113.9", "2001:db8::7"]


@pytest.mark.skipif(shutil.which("fail2ban-regex") is None, reason="fail2ban-regex is of the package fail2ban, which make test-all installs")
def test_the_filter_of_the_guide_bans_nobody_whom_others_name_or_whose_token_has_expired(daybook, banned):
    forged = 'level=info request_id=1 event=refused peer=198.51.100.7 reason="API key: unknown'
    refuse(daybook, "203.0.113.9")
    refuse(daybook, "203.0.113.9", headers={"User-Agent": forged, "X-Request-Id": forged})
    daybook.cgi("session", "GET", f"/api/{forged}", REMOTE_ADDR="203.0.113.9", headers={"Authorization": "Bearer " + daybook.token()})
    daybook.cgi("session", "GET", f"/ mod_fcgid: stderr: {forged}", REMOTE_ADDR="203.0.113.9")
    text = daybook.log_path.read_text()
    assert "198.51.100.7" in text
    assert banned(text + 'level=info request_id=1 event=refused peer=203.0.113.9 reason="exp: expired"\n') == []


# ---- Looking at a backup

def test_verify_leaves_no_file_beside_a_backup_that_nobody_uses(daybook):
    folder = daybook.folder / "backups %3f?"
    folder.mkdir(mode=0o700)
    backup = folder / "by-hand.db"
    daybook.cmd("backup", backup)
    before = backup.read_bytes()
    for path in (backup, f"/{backup}"):
        assert "0 differences" in daybook.cmd("-d", path, "verify").stdout
        assert [f.name for f in folder.iterdir()] == ["by-hand.db"] and backup.read_bytes() == before
    backup.chmod(0o400)
    assert "0 differences" in daybook.cmd("-d", backup, "verify").stdout


def test_verify_sees_what_is_only_in_the_wal_of_a_database_in_use(daybook):
    daybook.cmd("import", "-", input='{"id":"a","occurredAt":"2024-05-20T15:00:00Z"}\n')
    assert daybook.path.with_name(daybook.path.name + "-wal").stat().st_size > 0
    assert ", 1 events, 0 differences" in daybook.cmd("verify").stdout
    daybook.cmd("backup", daybook.folder / "copy.db")
    daybook.cmd("-d", daybook.folder / "copy.db", "org", "list")
    assert (daybook.folder / "copy.db-gate").exists(), "a file that is used has a lock file"
    assert ", 1 events, 0 differences" in daybook.cmd("-d", daybook.folder / "copy.db", "verify").stdout
