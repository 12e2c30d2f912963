"""/setup: the code that proves who uploaded the files."""
import concurrent.futures
import fcntl
import subprocess

import pytest

from hosting_site import CODE, Site, site  # noqa: F401 (site is a fixture)


def test_without_the_code_file_the_page_says_what_to_upload(site):
    site.code_file.unlink()
    for reply in (site.ask(), site.post()):
        assert reply.status == 403 and reply.page.inputs == {}
        assert "setup-code.txt" in reply.page.text and "16 characters" in reply.page.text
    assert site.post(as_json=True).json["error"].startswith("setup-code.txt: not found; upload it first")
    assert not site.data.exists()


@pytest.mark.parametrize("content, wrong", [("", "0 characters"), ("short\n", "5 characters"), ("x" * 15, "15 characters"),
    ("x" * 201, "201 characters"), ("x" * 5000, "longer"), ("x" * 20 + "\n" + "y" * 20, "more than one line")])
def test_a_code_that_is_none_opens_nothing(site, content, wrong):
    site.code_file.write_text(content)
    reply = site.post(code=content)
    assert reply.status == 403 and wrong in reply.page.text, reply.page.text
    assert not site.data.exists()


@pytest.mark.parametrize("content", [CODE, CODE + "\n", CODE + "\r\n", "\ufeff" + CODE + "\r\n\r\n", "  " + CODE + " "])
def test_the_code_may_end_as_any_editor_ends_it(site, content):
    site.code_file.write_text(content, encoding="utf-8", newline="")
    assert site.post(code=f" {CODE} ").status == 201


@pytest.mark.parametrize("code", ["", CODE[:-1], CODE + "x", CODE.upper(), "another-code-of-16"])
def test_a_wrong_code_does_nothing_and_is_logged(site, code):
    reply = site.post(code=code, name="kept")
    assert reply.status == 403 and "differs from the one in setup-code.txt" in reply.page.error_of("code")
    assert reply.page.inputs["code"]["value"] == "" and reply.page.inputs["name"]["value"] == "kept"
    assert site.code_file.exists() and not site.data.exists()
    assert "event=setup_refused" in site.log.read_text() and CODE not in site.log.read_text()


def test_wrong_codes_wait_for_one_another(tmp_path):
    site = Site(tmp_path)
    with open(site.code_file) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(site.post)
            with pytest.raises(concurrent.futures.TimeoutError):
                waiting.result(timeout=1)
            fcntl.flock(held, fcntl.LOCK_UN)
            assert waiting.result().status == 201


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
def test_on_nfs_the_code_file_is_locked_too_and_where_it_cannot_be_that_is_said(tmp_path, refused, status):
    site = Site(tmp_path)
    shim = tmp_path / "nfs.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, "-xc", "-"], input=NFS.replace("IS_REFUSED", refused), text=True, check=True)
    site.env.update(LD_PRELOAD=str(shim), ASAN_OPTIONS=site.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
    if (site.home / "libexec").exists():
        pytest.skip("linked statically: nothing can be loaded before it")
    reply = site.post(as_json=True)
    assert reply.status == status, reply
    assert status == 201 or "setup-code.txt: cannot be locked" in reply.json["error"] and site.code_file.exists()
