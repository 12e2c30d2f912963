"""Which folder of zone files is used: the system's, or the one that came with Daybook, and never both."""
import pathlib
import shlex
import shutil
import subprocess

import pytest

from conftest import BUILD
from support import OWN_MOUNTS

SYSTEM = "/usr/share/zoneinfo"


class Host:
    """A copy of the command with a `zoneinfo` beside bin/, on a host whose own zone files are what the test lays there."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "bin").mkdir()
        shutil.copy(BUILD / "bin/daybook", self.folder / "bin/daybook")
        if (BUILD / "libexec/daybook").exists():  # what it starts where it is linked statically
            (self.folder / "libexec").mkdir()
            shutil.copy(BUILD / "libexec/daybook", self.folder / "libexec")
        self.system, self.own = self.folder / "system", self.folder / "zoneinfo"
        self.system.mkdir()
        self.database = self.folder / "d.db"

    def put(self, folder, release, **zones):
        """Zone files by other names: _ in a name stands for /.  release None: without a list."""
        for name, original in zones.items():
            path = folder / name.replace("_", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(f"{SYSTEM}/{original}", path)
        if release:
            (folder / "tzdata.zi").write_text(f"# version {release}\n" +
                                              "".join(f"Z {name.replace('_', '/')} 0 - -00\n" for name in zones))

    def run(self, *arguments, tzdir=None):
        """The command, with `system` in the place of the host's zone files."""
        command = [str(self.folder / "bin/daybook"), "-d", str(self.database), *arguments]
        script = f"mount --bind {shlex.quote(str(self.system))} {SYSTEM} && exec {shlex.join(command)}"
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **({"TZDIR": str(tzdir)} if tzdir else {})}
        return subprocess.run([*OWN_MOUNTS, "sh", "-c", script], env=env, capture_output=True,
                              text=True, timeout=60)

    def release(self, **options):
        done = self.run("--version", **options)
        assert done.returncode == 0, done.stderr
        return done.stdout.rsplit("tzdata ", 1)[1].rstrip(")\n")

    def knows(self, zone, **options):
        if not self.database.exists():
            assert self.run("init").returncode == 0
        self.count = getattr(self, "count", 0) + 1
        done = self.run("org", "add", f"o{self.count}", "--timezone", zone, **options)
        assert done.returncode == 0 or "timezone: there is no zone" in done.stderr, done.stderr
        return done.returncode == 0


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_where_the_system_has_none_ours_are_used(host):
    host.put(host.own, "2031a", Home="Europe/Berlin", Our_Own="Asia/Tokyo")
    assert host.release() == "2031a"
    assert host.knows("Home") and host.knows("Our/Own") and not host.knows("Europe/Berlin")


def test_where_the_system_has_some_ours_are_never_mixed_in(host):
    host.put(host.system, "2030b", Theirs="Europe/Berlin")
    host.put(host.own, "2031a", Home="Europe/Berlin")
    assert host.release() == "2030b"
    assert host.knows("Theirs") and not host.knows("Home")
    (host.system / "Theirs").unlink()
    (host.own / "Theirs").write_bytes((host.own / "Home").read_bytes())
    assert not host.knows("Theirs")


@pytest.mark.parametrize("table", ["zone.tab", "zone1970.tab"])
def test_a_table_is_as_good_as_the_list(host, table):
    host.put(host.system, None, Theirs="Europe/Berlin")
    (host.system / table).write_text("DE\t+5230+01322\tTheirs\n")
    host.put(host.own, "2031a", Home="Europe/Berlin")
    assert host.release() == ""
    assert host.knows("Theirs") and not host.knows("Home")


def test_a_file_or_two_without_a_list_are_not_a_database_of_zones(host):
    host.put(host.system, None, UTC="Etc/UTC")
    host.put(host.own, "2031a", Home="Europe/Berlin")
    assert host.release() == "2031a"
    assert host.knows("Home") and not host.knows("UTC")


def test_without_ours_the_system_is_asked_all_the_same(host):
    host.put(host.system, None, Theirs="Europe/Berlin")
    assert host.release() == ""
    assert host.knows("Theirs") and not host.knows("Home")
    host.put(host.own, None, Home="Europe/Berlin")
    assert host.knows("Theirs") and not host.knows("Home")


def test_tzdir_goes_before_everything(host, tmp_path):
    host.put(tmp_path / "named", "2032c", Named="Asia/Tokyo")
    host.put(host.own, "2031a", Home="Europe/Berlin")
    for _ in range(2):
        assert host.release(tzdir=tmp_path / "named") == "2032c"
        assert host.knows("Named", tzdir=tmp_path / "named") and not host.knows("Home", tzdir=tmp_path / "named")
        host.put(host.system, "2030b", Theirs="Europe/Berlin")
