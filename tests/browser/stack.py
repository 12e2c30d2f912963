"""The real stack for a browser: lighttpd with the shipped configuration, as tests/e2e starts it, whose programs see a test's clock."""
import importlib.util
import os
import pathlib
import subprocess
import sys

E2E = pathlib.Path(__file__).resolve().parents[1] / "e2e"
sys.path.insert(0, str(E2E))
# The conftest.py there, under a name of its own.
_spec = importlib.util.spec_from_file_location("e2e", E2E / "conftest.py")
e2e = sys.modules["e2e"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(e2e)


class Stack(e2e.Server):
    """lighttpd with the shipped configuration; can be away for a while.  What it starts sees the clock of the database."""

    def __init__(self, daybook, prefix=""):
        self.daybook = daybook
        programs, e2e.BUILD = e2e.BUILD, self._wrapped(daybook, e2e.BUILD)
        try:
            super().__init__(daybook, prefix)
        finally:
            e2e.BUILD = programs
        self.url = f"http://127.0.0.1:{self.port}{prefix}/"
        self.environment = dict(entry.split("=", 1) for entry in
                                pathlib.Path(f"/proc/{self.process.pid}/environ").read_text().split("\0") if entry)

    @staticmethod
    def _wrapped(daybook, build):
        """The server hands on few variables; each program is started by a line of sh that puts the clock's back."""
        folder = daybook.folder / "programs"
        (folder / "cgi-bin").mkdir(parents=True)
        for other in build.iterdir():
            if other.name != "cgi-bin":
                (folder / other.name).symlink_to(other)
        clock = {name: value for name, value in daybook.env.items() if os.environ.get(name) != value and name != "DAYBOOK_DB"}
        for program in (build / "cgi-bin").glob("*.fcgi"):
            script = folder / "cgi-bin" / program.name
            exports = "".join(f"export {name}='{value}'\n" for name, value in clock.items())
            script.write_text(f"#!/bin/sh\n{exports}exec {program}\n")
            script.chmod(0o755)
        return folder

    def away(self):
        self.process.terminate()
        self.process.wait(timeout=20)

    def back(self):
        self.process = subprocess.Popen(self.process.args, env=self.environment)
