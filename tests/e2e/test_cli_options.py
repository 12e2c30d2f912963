"""Values of the command's options that are refused instead of being read as something else."""
import pytest


@pytest.mark.parametrize("day", ["1", "31", "007"])
def test_a_whole_number_is_read(empty, day):
    empty.cmd("org", "add", "acme", "--timezone", "UTC", "--cycle-day", day)
    assert empty.sql("SELECT cycle_day FROM organization") == [(int(day),)]


@pytest.mark.parametrize("day", ["", "0", "32", "-1", "+1", " 1", "1 ", "1x", "1.0", "0x1", "one", "9" * 30, "-" + "9" * 30])
def test_what_is_no_whole_number_in_the_range_is_refused(empty, day):
    done = empty.cmd("org", "add", "acme", "--timezone", "UTC", f"--cycle-day={day}", check=False)
    assert done.returncode == 2
    assert f'--cycle-day: "{day}" is not a whole number from 1 to 31' in done.stderr
    assert empty.sql("SELECT 1 FROM organization") == []


def test_a_number_that_no_integer_holds_is_not_the_largest_one(empty):
    done = empty.cmd("apikey", "revoke", "9" * 20, check=False)
    assert done.returncode == 2 and "is not a whole number" in done.stderr
    assert empty.cmd("apikey", "revoke", str(2**63 - 1), check=False).returncode == 1  # there is none


def test_a_path_that_is_too_long_is_refused_and_not_cut(empty):
    longest = "/" + "a/" * 2045 + "a.db"
    assert len(longest) == 4095
    assert "longer than" not in empty.cmd("-d", longest, "doctor", check=False).stderr
    done = empty.cmd("-d", longest + "x", "init", check=False)
    assert done.returncode == 2
    assert "-d: longer than 4095 bytes" in done.stderr and "/a/a/" in done.stderr
