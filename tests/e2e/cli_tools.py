"""The command under test: the real binary over a database of its own."""
import os
import pathlib
import sqlite3
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = (ROOT / os.environ.get("DAYBOOK_BUILD", "build") / "bin" / "daybook").resolve()


class Cli:
    """`daybook` over one database file.  cli("org", "list") runs it; .out, .err and .rc are of the last run."""

    def __init__(self, folder, name="test.db"):
        self.folder, self.path = folder, folder / name
        self.out = self.err = ""
        self.rc = None

    def env(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("DAYBOOK_")}
        return dict(env, DAYBOOK_DB=str(self.path), LC_ALL="C.UTF-8")

    def __call__(self, *args, rc=0, stdin=None):
        done = subprocess.run([str(COMMAND), *map(str, args)], env=self.env(), cwd=self.folder, timeout=300,
                              input=stdin.encode() if isinstance(stdin, str) else stdin, capture_output=True)
        self.out, self.err, self.rc = done.stdout.decode(), done.stderr.decode(), done.returncode
        assert rc is None or self.rc == rc, (args, self.rc, self.out, self.err)
        return self.out

    def file(self, name, text):
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return name

    def sql(self, sql, *values):
        db = sqlite3.connect(self.path)
        try:
            with db:
                return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def damage(self, *statements):
        """What no program of ours does: the ledger's guards and the constraints are put aside meanwhile."""
        db = sqlite3.connect(self.path)
        try:
            with db:
                guards = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
                for name, _ in guards:
                    db.execute(f"DROP TRIGGER {name}")
                for statement in statements:
                    assert db.execute(statement).rowcount > 0, statement
                for _, text in guards:
                    db.execute(text)
        finally:
            db.close()


def new_cli(folder, name="test.db", **organizations):
    """A fresh database with organizations: id=zone.  Failures are kept, so that tests may name dates of their own."""
    cli = Cli(folder, name)
    cli("init")
    cli("setting", "set", "failure_retention_days", "36500")
    for org, zone in organizations.items():
        cli("org", "add", org, "--timezone", zone)
    return cli


@pytest.fixture
def cli(tmp_path):
    return new_cli(tmp_path, acme="America/Toronto")


def summary(text):
    """The counts of the import's summary line."""
    words = text.splitlines()[0].replace(",", "").split()
    return {words[i]: int(words[i + 1]) for i in range(0, len(words), 2)}
