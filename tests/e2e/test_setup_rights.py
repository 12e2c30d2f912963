"""/setup on a host without suexec: its programs are strangers to the folder that the customer made by FTP."""
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import time

import pytest

from conftest import BUILD, ROOT
from hosting_site import Site
from watching import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="takes another user's place")
WEB_SERVER = 65534
INSTALL = (ROOT / "hosting/INSTALL.txt").read_text()


@pytest.fixture
def host():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="dbk-"))
    folder.chmod(0o711)
    site = Site(folder)
    site.user = {"user": WEB_SERVER, "group": WEB_SERVER, "extra_groups": []}
    site.code_file.chmod(0o600)
    yield site
    shutil.rmtree(folder)


def check_advice(reply, status):
    assert reply.status == status
    assert "another user" in reply.page.text and "1777" in reply.page.text and "Hosts without suexec" in reply.page.text
    assert "Hosts without suexec\n" in INSTALL


def test_the_page_says_what_to_do_at_each_step_until_it_is_done(host):
    check_advice(host.ask(), 409)
    host.data.chmod(0o755)
    check_advice(host.ask(), 403)  # the code
    host.code_file.chmod(0o644)
    assert host.ask().status == 200
    check_advice(host.post(code="another-code-of-16"), 409)
    check_advice(host.post(), 409)
    assert not host.database.exists()
    host.data.chmod(0o1777)
    done = host.post()
    assert done.status == 201 and "Delete it by FTP" in done.page.text
    assert host.database.stat().st_uid == WEB_SERVER and stat.S_IMODE(host.database.stat().st_mode) == 0o600
    host.code_file.unlink()
    assert host.ask().status == 404


def back_up(host):
    """What the first request of a day leaves in the folder of the backups."""
    host.data.chmod(0o1777)
    host.code_file.chmod(0o644)
    key = host.post().body.decode().split('<code class="key">')[1].split("<")[0]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    assert host.call("events", "POST", "/api/events", key, body={"id": "SM1", "occurredAt": now}).json["accepted"] == 1
    backups = host.data / "daybook.db-backups"
    until(lambda: host.sql("SELECT 1 FROM setting WHERE name = 'backup_at'"), "the daily backup")
    return next(backups.glob("*.db"))


def test_a_backup_can_be_downloaded_from_a_folder_that_the_customer_opened(host):
    folder = host.data / "daybook.db-backups"
    folder.mkdir()
    folder.chmod(0o777)
    assert stat.S_IMODE(back_up(host).stat().st_mode) == 0o644


def test_a_backup_is_for_the_programs_alone_in_every_other_folder(host):
    backup = back_up(host)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600 and stat.S_IMODE(backup.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("rights", [0o777, 0o1777], ids=oct)
def test_a_backup_by_hand_is_for_its_maker_alone_wherever_it_is(host, rights):
    back_up(host)
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        folder = pathlib.Path(root) / "all"
        folder.mkdir()
        folder.chmod(rights)
        command = shutil.copy(BUILD / "bin/daybook", root)
        done = subprocess.run([command, "-d", host.database, "backup", "--keep", "2", folder], capture_output=True, text=True,
                              user=WEB_SERVER, group=WEB_SERVER, extra_groups=[], cwd=root)
        assert done.returncode == 0, done
        assert [stat.S_IMODE(f.stat().st_mode) for f in folder.glob("*.db")] == [0o600]


def test_the_owner_of_the_folder_is_told_of_his_rights(host):
    os.chown(host.data, WEB_SERVER, WEB_SERVER)
    os.chown(host.code_file, WEB_SERVER, WEB_SERVER)
    host.data.chmod(0o500)
    reply = host.post()
    assert reply.status == 409 and "has the rights 700" in reply.page.text and "1777" not in reply.page.text
