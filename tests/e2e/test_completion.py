"""completions/daybook: what bash offers for a line of the command."""
import re
import shutil
import subprocess

import pytest

from conftest import BUILD
from support import ROOT

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is missing")

SCRIPT = """
source "$1"
shift
COMP_WORDS=(daybook "$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_daybook
[ "${#COMPREPLY[@]}" = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(daybook, *words, cwd=None):
    """What is offered for the last word of the line."""
    env = {**daybook.env, "PATH": f"{BUILD / 'bin'}:{daybook.env['PATH']}"}
    done = subprocess.run(["bash", "-c", SCRIPT, "bash", ROOT / "completions/daybook", *words], env=env, capture_output=True, text=True,
                          cwd=cwd or daybook.folder)
    assert done.returncode == 0 and "command not found" not in done.stderr and "syntax" not in done.stderr, done
    return done.stdout.splitlines()


def help_of(daybook, *command):
    return subprocess.run([BUILD / "bin/daybook", *command, "--help"], env=daybook.env, capture_output=True, text=True, check=True).stdout


def test_every_command_and_every_verb_is_offered(daybook):
    commands = re.findall(r"^  ([a-z]+) ", help_of(daybook), re.M)
    assert [w for w in offered(daybook, "") if not w.startswith("-")] == commands and len(commands) > 20
    for command in commands:
        verbs = re.findall(rf"^daybook \[-d FILE\] {command} ([a-z][a-z-]*)(?![^\s])", help_of(daybook, command), re.M)
        if verbs:
            assert offered(daybook, command, "") == sorted(set(verbs)), command
    assert offered(daybook, "stat") == ["statement"] and offered(daybook, "statement", "k") == ["keep"]


def test_every_option_is_offered_with_its_command(daybook):
    for command in re.findall(r"^  ([a-z]+) ", help_of(daybook), re.M):
        for form in re.findall(rf"^daybook \[-d FILE\] ({command}.*(?:\n .*)*)", help_of(daybook, command), re.M):
            words = form.split()
            verb = words[1:2] if len(words) > 1 and re.fullmatch("[a-z][a-z-]*", words[1]) else []
            found = offered(daybook, command, *verb, "--")
            assert set(re.findall(r"--[a-z-]+[a-z]", form)) <= set(found), form
    assert "--timezone" in offered(daybook, "org", "set", "acme", "--"), "of [the same options]"
    assert "--timezone" not in offered(daybook, "org", "set", "acme", "--timezone", "UTC", "--"), "it is there already"
    assert not {"--hours", "--close", "--import", "--remove", "--json"} & set(offered(daybook, "org", "set", "acme", "--")), "of another form"


@pytest.mark.parametrize("line, words", [
    (["org", "set", ""], ["acme", "globex"]), (["org", "show", "g"], ["globex"]), (["usage", "--org", ""], ["acme", "globex"]),
    (["statement", "keep", "2026-04", "--org", "ac"], ["acme"]), (["usage", "--org", "=", "gl"], ["globex"]),
    (["org", "set", "acme", "--quota-unit", ""], ["message", "part"]), (["export", "--format", "="], ["ndjson", "csv"]),
    (["key", "retire", ""], ["main"]), (["setting", "set", "backup_k"], ["backup_keep"]), (["setting", "set", "iss", ""], []),
    (["org", "add", "x", "--timezone", "America/Toro"], ["America/Toronto"]), (["price", "set", "WH"], ["WHATSAPP"]),
    (["price", "set", "SMS", ""], []), (["nonsense", ""], []), (["restore", "back"], ["backup.db"]), (["backup", "--keep", "3", "back"], ["backup.db"]),
    (["org", "set", "acme", "--daily-limit", ""], ["unlimited"]), (["org", "list", ""], []),
    (["usage", "--by", "s"], ["source", "sender"]), (["org", "sending-window", ""], ["acme", "globex"])])
def test_values_are_those_that_fit(daybook, line, words):
    daybook.cmd("org", "add", "globex", "--timezone", "UTC")
    daybook.cmd("backup", daybook.folder / "backup.db")
    assert offered(daybook, *line) == words


def test_the_database_that_the_line_names_is_asked(daybook, tmp_path):
    other = tmp_path / "an other.db"
    for command in (["init"], ["org", "add", "elsewhere", "--timezone", "UTC"]):
        subprocess.run([BUILD / "bin/daybook", "-d", other, *command], env=daybook.env, check=True, capture_output=True)
    assert offered(daybook, "-d", str(other), "org", "show", "") == ["elsewhere"]
    assert offered(daybook, "-d", "/nowhere", "org", "show", "") == []
    assert "an other.db" in offered(daybook, "-d", "an", cwd=tmp_path)


def test_channels_are_those_of_the_product(daybook):
    names = re.search(r"enum channel \{([^}]*)CHANNEL_COUNT", (ROOT / "src/quota/channel.h").read_text())[1]
    assert offered(daybook, "price", "set", "") == re.findall(r"\w+", names)


def test_nothing_that_a_database_contains_is_run(daybook):
    evil = "x$(touch${IFS}ran)`touch${IFS}ran`"
    daybook.sql("UPDATE organization SET id = ? WHERE id = 'acme'", evil)
    found = offered(daybook, "org", "show", "x")
    assert len(found) == 1 and found[0] != evil and not (daybook.folder / "ran").exists()
    plain = subprocess.run(["bash", "-c", f"printf %s {found[0]}"], capture_output=True, text=True, cwd=daybook.folder)
    assert plain.stdout == evil and not (daybook.folder / "ran").exists(), "it is quoted, so that the line may be run"
