"""/setup: the code that proves who uploaded the files."""
import fcntl
import glob
import hashlib
import os
import pathlib
import subprocess
import tempfile

import pytest

from hosting_site import CODE, WISH, Site, site  # noqa: F401 (site is a fixture)


def test_without_the_code_file_the_page_says_what_to_upload(site):
    site.code_file.unlink()
    for reply in (site.ask(), site.post()):
        assert reply.status == 403 and reply.page.inputs == {}
        assert "setup-code.txt" in reply.page.text and "16 characters" in reply.page.text
    assert site.post(as_json=True).json["error"].startswith("setup-code.txt: not found; upload it first")
    assert not site.database.exists()


@pytest.mark.parametrize("content, wrong", [("", "0 characters"), ("short\n", "5 characters"), ("x" * 15, "15 characters"),
    ("x" * 201, "201 characters"), ("x" * 5000, "longer"), ("x" * 20 + "\n" + "y" * 20, "more than one line")])
def test_a_code_that_is_none_opens_nothing(site, content, wrong):
    site.code_file.write_text(content)
    reply = site.post(code=content)
    assert reply.status == 403 and wrong in reply.page.text, reply.page.text
    assert not site.database.exists()


@pytest.mark.parametrize("content", [CODE, CODE + "\n", CODE + "\r\n", "\ufeff" + CODE + "\r\n\r\n", "  " + CODE + " "])
def test_the_code_may_end_as_any_editor_ends_it(site, content):
    site.code_file.write_text(content, encoding="utf-8", newline="")
    assert site.post(code=f" {CODE} ").status == 201


@pytest.mark.parametrize("code", ["", CODE[:-1], CODE + "x", CODE.upper(), "another-code-of-16"])
def test_a_wrong_code_does_nothing_and_is_logged(site, code):
    reply = site.post(code=code, name="kept")
    assert reply.status == 403 and "differs from the one in setup-code.txt" in reply.page.error_of("code")
    assert reply.page.inputs["code"]["value"] == "" and reply.page.inputs["name"]["value"] == "kept"
    assert site.code_file.exists() and not site.database.exists()
    assert "event=setup_refused peer=127.0.0.1 reason=\"wrong code\"" in site.log.read_text() and CODE not in site.log.read_text()


# ---- Nobody waits, and yet only so many can be tried

def place_of(address):
    """The one of 256 that the attempts of an address are counted in."""
    return hashlib.sha256(f"{CODE} {address} ".encode()).digest()[0]


def freeze(site, at):
    """Stops the clock of the programs, so that no second passes between two requests."""
    if (site.home / "libexec").exists():
        pytest.skip("linked statically: nothing can be loaded before it")
    library = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    assert library, "the package faketime is missing"
    site.env.update({"LD_PRELOAD": library[0], "FAKETIME": f"2026-11-29 12:00:{at}", "NO_FAKE_STAT": "1",
                     "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})


def test_after_a_wrong_code_its_sender_waits_a_second_and_nobody_else(tmp_path):
    site = Site(tmp_path)
    theirs = "203.0.113.1"
    mine = next(f"192.0.2.{i}" for i in range(256) if place_of(f"192.0.2.{i}") != place_of(theirs))
    freeze(site, "01")
    wrong = {**WISH, "code": "x" * 16}
    assert [site.ask("POST", wrong, REMOTE_ADDR=theirs).status for _ in range(3)] == [403, 429, 429]
    early = site.ask("POST", WISH, True, REMOTE_ADDR=theirs)
    assert early.status == 429 and early.headers["retry-after"] == "1" and early.json["message"] == "Too many attempts"
    assert "wait a second" in site.ask("POST", WISH, REMOTE_ADDR=theirs).page.error_of("code")
    assert site.ask(REMOTE_ADDR=theirs).status == 200, "to look at the page costs no attempt"
    assert site.ask("POST", wrong, REMOTE_ADDR=mine).status == 403
    freeze(site, "02")
    assert site.ask("POST", wrong, REMOTE_ADDR=theirs).status == 403, "and again"
    assert site.ask("POST", WISH, REMOTE_ADDR=mine).status == 201
    assert not (site.data / "setup-attempts").exists()


def flood(site, address, forwarded):
    """What 400 wrong codes from one address got that claims to pass them on."""
    replies = []
    for i in range(400):
        variables, body = site.variables("POST", {"code": f"a wrong code no {i}"}, False,
                                         {"REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": forwarded(f"10.{i // 250}.{i % 250}.1")})
        replies.append(site.process.request(variables, body).status)
    return replies


@pytest.mark.parametrize("address, forwarded", [
    ("203.0.113.1", "{}"), ("203.0.113.1", "{}, 127.0.0.1"), ("2001:db8::7", "{}"), ("127.0.0.1", "{}, 203.0.113.1"),
    ("10.0.0.9", "{},203.0.113.1"), ("::1", "10.9.9.9, {}, 203.0.113.1")])
def test_a_forged_x_forwarded_for_is_no_other_sender(tmp_path, address, forwarded):
    """Only an own proxy tells who sent something, and only by what it added itself: the operator's turn is never used up."""
    site = Site(tmp_path)
    freeze(site, "01")
    site.start_fastcgi(pathlib.Path(tempfile.mkdtemp(prefix="dbk-")))
    try:
        assert flood(site, address, forwarded.format).count(403) == 1
        mine = [site.variables("POST", {"code": "x" * 16}, False, {"REMOTE_ADDR": f"192.0.2.{i}"}) for i in range(8)]
        assert [site.process.request(*one).status for one in mine].count(403) >= 7
    finally:
        site.stop()


def test_all_senders_together_try_so_many_codes_in_a_second_and_no_more(tmp_path):
    site = Site(tmp_path)
    freeze(site, "01")
    site.start_fastcgi(pathlib.Path(tempfile.mkdtemp(prefix="dbk-")))
    try:
        replies = []
        for i in range(1500):
            variables, body = site.variables("POST", {"code": f"a wrong code no {i}"}, False,
                                             {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": f"10.{i // 250}.{i % 250}.1"})
            replies.append(site.process.request(variables, body).status)
    finally:
        site.stop()
    assert set(replies) == {403, 429} and len({place_of(f"10.{i // 250}.{i % 250}.1") for i in range(1500)}) > 250
    assert replies.count(403) <= 256, replies.count(403)


def test_the_page_is_there_while_a_code_is_looked_at(tmp_path):
    site = Site(tmp_path)
    with open(site.data / "setup-attempts", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert site.ask().status == 200
        assert site.post().status == 503
    assert site.post().status == 201


def test_without_a_record_of_attempts_no_code_is_looked_at(site):
    (site.data / "setup-attempts").mkdir()	# nor where the folder is not theirs to write, which root cannot try
    for code in (CODE, "x" * 16):
        reply = site.post(code=code, as_json=True)
        assert reply.status == 409 and reply.json["error"].startswith("setup-attempts: the programs may not write"), reply
    assert not site.database.exists()


def test_a_code_in_the_folder_of_the_programs_is_none(site):
    """Where older versions had it: the web server may serve that folder."""
    site.code_file.rename(site.home / "setup-code.txt")
    for reply in (site.ask(), site.post()):
        assert reply.status == 403 and reply.page.inputs == {}
        assert "others may have read it" in reply.page.text and "Delete it there" in reply.page.text
    assert not site.database.exists()


# As NFS does it (flock(2)): no lock for writers on what is open for reading only.
NFS = """
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>
int
flock(int fd, int how)
{
	if ((how & LOCK_EX) && (IS_REFUSED)) {
		errno = EBADF;
		return -1;
	}
	return (int)syscall(SYS_flock, fd, how);
}
"""


@pytest.mark.parametrize("refused, status", [("(fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY", 201), ("1", 409)])
def test_on_nfs_attempts_are_locked_too_and_where_they_cannot_be_that_is_said(tmp_path, refused, status):
    site = Site(tmp_path)
    (site.data / "setup-attempts").touch()
    shim = tmp_path / "nfs.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, "-xc", "-"], input=NFS.replace("IS_REFUSED", refused), text=True, check=True)
    site.env.update(LD_PRELOAD=str(shim), ASAN_OPTIONS=site.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
    if (site.home / "libexec").exists():
        pytest.skip("linked statically: nothing can be loaded before it")
    reply = site.post(as_json=True)
    assert reply.status == status, reply
    assert status == 201 or "setup-attempts: cannot be locked" in reply.json["error"] and site.code_file.exists()
