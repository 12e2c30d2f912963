"""The operating guide: its commands, one after the other, in a folder of their own."""
import datetime
import os
import re
import subprocess

from conftest import BUILD, ROOT

GUIDE = (ROOT / "docs/operating.md").read_text()
FAILED = '{"id":"forgotten","occurredAt":"%s","status":"failed","to":"+14165550100","reason":"opted out"}\n'


def blocks(kind):
    """The text between ```sh (or ```sh root) and ```."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE, re.M | re.S)


def test_the_commands_for_daybook_work_one_after_the_other(tmp_path):
    """All of them, restore and rebuild too; those for root are run by tests/deb/run."""
    state = tmp_path / "state"
    (state / "backups").mkdir(parents=True)
    state.chmod(0o700)
    env = {**os.environ, "PATH": f"{BUILD / 'bin'}:{os.environ['PATH']}", "DAYBOOK_DB": str(state / "daybook.db")}
    subprocess.run(["daybook", "init"], env=env, check=True, capture_output=True)
    scripts = blocks("sh")
    assert len(scripts) > 10
    for script in scripts:
        here = script.replace("/var/lib/daybook", str(state))
        if "daybook erase" in script:  # which fails if nobody has the number
            subprocess.run(["daybook", "import", "-"], env=env, check=True, capture_output=True,
                           input=FAILED % datetime.datetime.now(datetime.timezone.utc).isoformat(), text=True)
        done = subprocess.run(["sh", "-euc", here], cwd=state, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, (script, done.stdout, done.stderr)
    text = subprocess.run(["daybook", "key", "list"], env=env, capture_output=True, text=True).stdout
    assert "2026-b" in text
    assert (state / "move.db").stat().st_mode & 0o777 == 0o600


def test_a_restore_brings_back_what_was_there(daybook, tmp_path):
    """As the guide does it: what came after the backup is gone, what was before is there."""
    backup = tmp_path / "b.db"
    daybook.cmd("import", "-", input='{"id":"before","occurredAt":"2024-05-20T15:00:00Z"}\n')
    daybook.cmd("backup", backup)
    daybook.cmd("import", "-", input='{"id":"after","occurredAt":"2024-05-20T15:00:00Z"}\n')
    assert '"after"' in daybook.cmd("export").stdout
    daybook.cmd("restore", backup)
    exported = daybook.cmd("export").stdout
    assert '"before"' in exported and '"after"' not in exported
    daybook.cmd("verify")


def test_the_blocks_for_root_are_shell():
    for script in blocks("sh root"):
        done = subprocess.run(["sh", "-n", "-c", script], capture_output=True, text=True)
        assert done.returncode == 0, (script, done.stderr)


def test_the_metrics_that_the_guide_names_are_there():
    source = (ROOT / "cgi-bin/metrics.c").read_text()
    for name in set(re.findall(r"`(daybook_[a-z_]+)`", GUIDE)):
        assert f'"{name}"' in source, name
