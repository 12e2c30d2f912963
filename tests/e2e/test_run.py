"""make run: it starts in any folder, says how to use it when it answers, and says why it does not start."""
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.request

import pytest

from conftest import BUILD, ROOT

ODD = "it's a \"folder\" $HOME"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def build(tmp_path):
    """The build in a folder whose name a shell and lighttpd find hard."""
    folder = tmp_path / ODD / "build"
    folder.mkdir(parents=True)
    for name in ("bin", "cgi-bin", "htdocs"):
        (folder / name).symlink_to(BUILD / name)
    shutil.copytree(BUILD / "httpd-conf", folder / "httpd-conf")
    return folder


def start(build, port, database):
    return subprocess.Popen([ROOT / "httpd-conf/run", build, str(port), str(database)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0)


def target_of(link):
    """Of a link that another run may have removed by now."""
    try:
        return os.readlink(link)
    except OSError:
        return None


def end(run, by=signal.SIGTERM):
    if run.poll() is None:
        os.killpg(run.pid, by)
    return run.communicate(timeout=60)


def refused(build, port, database):
    run = start(build, port, database)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 1 and "Daybook:" not in out, out
    return err


def until(run, line):
    read = []
    for text in run.stdout:
        read.append(text)
        if text.startswith(line):
            return "".join(read)
    raise AssertionError("".join(read) + run.stderr.read())


@pytest.mark.parametrize("by", (signal.SIGINT, signal.SIGTERM))
def test_it_runs_in_any_folder_and_its_hints_can_be_copied(build, by):
    port, database, hints = free_port(), build.parent / "my data.db", 0
    run = start(build, port, database)
    try:
        said = until(run, "Ctrl-C")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as reply:
            assert reply.status == 200
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/").read().startswith(b"<!doctype html>")
        for hint in re.findall(r"(?:another link|a token|the calendar): +(.*?)\)?$", said, re.M):
            copied = subprocess.run(["sh", "-c", hint], capture_output=True, text=True)
            assert (copied.returncode, copied.stderr) == (0, ""), (hint, copied)
            hints += 1
        linked = [link for link in glob.glob("/tmp/daybook-*/programs") if target_of(link) == str(build / "cgi-bin")]
    finally:
        end(run, by)
    assert hints == 3
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert len(linked) == 1 and not os.path.lexists(os.path.dirname(linked[0]))


def test_a_port_that_is_taken_is_named_with_a_way_out(build):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert refused(build, port, build / "x.db") == f"port {port} is taken; choose another one: make run PORT={port + 1}\n"


@pytest.mark.parametrize("port", ("", "x", "8080x", "-1", "0", "08080", "65536", "1000000"))
def test_a_port_that_is_none_is_named(build, port):
    assert refused(build, port, build / "x.db") == f"PORT={port} is no number of a port: 1 to 65535\n"


def test_the_reason_of_a_server_that_does_not_start_is_shown(build):
    conf = build / "httpd-conf/lighttpd.conf"
    conf.write_text(conf.read_text() + 'server.modules += ( "mod_of_nobody" )\n')
    said = refused(build, free_port(), build / "x.db")
    assert said.startswith("lighttpd does not start:\n") and "mod_of_nobody" in said


def test_programs_that_do_not_work_are_named_with_their_log(build):
    (build / "x.db").write_text("no database at all, and longer than the header of one" * 40)
    said = refused(build, free_port(), build / "x.db")
    assert said.startswith("The server answers, but the programs do not work (HTTP/1.0 503") and "x.db" in said


def test_a_server_that_ends_by_itself_is_reported(build):
    run = start(build, free_port(), build / "x.db")
    try:
        until(run, "Ctrl-C")
        children = subprocess.run(["pgrep", "-P", str(run.pid), "-x", "lighttpd"], capture_output=True, text=True)
        os.kill(int(children.stdout), signal.SIGKILL)
        said = run.communicate(timeout=60)[1]
    finally:
        end(run)
    assert "lighttpd ended with exit code 137" in said and run.returncode == 1


def test_a_folder_that_cannot_be_written_is_named(build):
    (build / "run").write_text("a file where the folder should be")
    assert refused(build, free_port(), build / "x.db").startswith(f"The folder {build}/run/")
