"""make: it says what is missing before it compiles anything."""
import os
import subprocess

import pytest

from conftest import ROOT

HEADERS = ("cjson/cJSON.h", "csv.h", "curl/curl.h", "fcgiapp.h", "jwt.h", "sqlite3.h", "zlib.h")


def make(*args):
    """make outside of the make that may run the tests."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *args], cwd=ROOT, env=env, capture_output=True, text=True)


@pytest.mark.parametrize("header", HEADERS)
def test_a_library_that_is_missing_is_named_with_a_way_out(tmp_path, header):
    broken = tmp_path / "include" / header
    broken.parent.mkdir(parents=True)
    broken.write_text(f"#error {header} is broken\n")
    done = make(f"B={tmp_path}", f"CFLAGS=-I{tmp_path}/include", f"{tmp_path}/lib/daybook/daybook-fetch")
    assert done.returncode == 2
    assert f"#error {header} is broken" in done.stderr
    assert "The compiler or a library is missing, as above. To install what the build needs: make deps\n" in done.stderr


def test_a_build_of_which_nothing_is_missing_is_made(tmp_path):
    done = make(f"B={tmp_path}", f"{tmp_path}/lib/daybook/daybook-fetch")
    assert (done.returncode, done.stderr) == (0, "")
    assert os.access(tmp_path / "lib/daybook/daybook-fetch", os.X_OK)


@pytest.mark.parametrize("packages", ("deps-test", "deps-test-all"))
def test_the_tests_have_what_npm_fetches_for_them_in_an_archive_of_a_release_too(packages):
    assert "make --no-print-directory build/node/.made\n" in make("-n", packages).stdout
