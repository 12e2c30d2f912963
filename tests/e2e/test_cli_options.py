"""Values of the command's options that are refused instead of being read as something else."""
import sqlite3

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


# Each with what its error says: of the option that is wrong, or of the one that is missing.
REFUSED = [
    ("org add x", "--timezone is required, as in --timezone America/Toronto"),
    ("org add x --timezone UTC --recut-history", "--recut-history is only for org set"),
    ("org add " + "x" * 65 + " --timezone UTC", 'ID: "' + "x" * 64 + '" is not 1 to 64 letters'),
    ("org add x --timezone UTC --plan " + "p" * 65, "--plan: longer than 64 bytes"),
    ("org add x --timezone UTC --week-start someday", '--week-start: "someday" is not a day such as monday or sunday'),
    ("org add x --timezone UTC --quota-unit parts", '--quota-unit: "parts" is not message or part'),
    ("org add x --timezone UTC --cost-cap $5", '--cost-cap: "$5" is not an amount such as 12.5'),
    ("org add x --timezone UTC --allow-overage maybe", "--allow-overage: must be yes or no"),
    ("org add x --timezone UTC --daily-limit many", '--daily-limit: "many" is not'),
    ("org set acme --week-start 1", '--week-start: "1" is not a day such as monday or sunday'),
    ("price set FAX 0.01", 'channel: unknown "FAX"; one of SMS, '),
    ("price set SMS cheap", '"cheap" is not an amount such as 0.0079, with at most nine decimals'),
    ("price set SMS 0.01 --from soon", '--from: "soon" is not'),
    ("key add --alg RS256", "RS256 needs --file with a public or private key in PEM"),
    ("key add --max-scopes usage:red", '--max-scopes: unknown scope "usage:red"; the scopes are usage:read '),
    ("token --org acme --ttl soon", '--ttl: "soon" is not a duration such as 90s, 15m, 1h or 30d'),
    ("token", "--org is required, except for the scopes admin and metrics"),
    ("token --org acme --scope everything", '--scope: unknown scope "everything"'),
    ("apikey add --org acme", '--scope is required, as in --scope "usage:write"'),
    ("apikey add --org acme --scope everything", '--scope: unknown scope "everything"'),
]


def dump(daybook):
    with sqlite3.connect(daybook.path) as db:
        return list(db.iterdump())


@pytest.mark.parametrize("words, says", REFUSED, ids=[words[:60] for words, _ in REFUSED])
def test_an_option_that_is_wrong_is_named_and_nothing_is_written(shared_daybook, words, says):
    before = dump(shared_daybook)
    done = shared_daybook.cmd(*words.split(), check=False)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert says in done.stderr
    assert dump(shared_daybook) == before


@pytest.mark.parametrize("content, says", [(None, "cannot be read"), ("k" * 70_000, "longer than ")])
def test_a_key_file_that_cannot_be_taken_is_named(shared_daybook, tmp_path, content, says):
    file, before = tmp_path / "key.pem", dump(shared_daybook)
    if content is not None:
        file.write_text(content)
    done = shared_daybook.cmd("key", "add", "--alg", "RS256", "--file", file, check=False)
    assert done.returncode == 1 and f"{file}: {says}" in done.stderr, done
    assert dump(shared_daybook) == before


def test_an_organization_that_is_there_is_not_added_again(shared_daybook):
    before = dump(shared_daybook)
    done = shared_daybook.cmd("org", "add", "acme", "--timezone", "Asia/Tokyo", check=False)
    assert done.returncode == 1 and 'there is already an organization "acme"; choose another id' in done.stderr, done
    assert dump(shared_daybook) == before
