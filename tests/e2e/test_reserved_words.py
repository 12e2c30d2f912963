"""Ids that are words of a path: which the build takes from httpd-conf/routes."""
import re

from conftest import ROOT

# Written here by hand, so that a change of the rule is noticed and not only one of a route.
WORDS = """usage-calendar next-available-slot validate-date auto-segment cancel pause resume results api-keys prices audit timezone plan
limits profile usage jobs sending-window statements""".split()


def refused(daybook, id):
    done = daybook.cmd("org", "add", id, "--timezone", "UTC", check=False)
    return done.returncode == 2 and f'"{id}" is a reserved word' in done.stderr


def test_a_word_that_follows_an_id_or_stands_where_one_may_be_is_no_id(daybook):
    for word in [*WORDS, ".", ".."]:
        assert refused(daybook, word), word


def test_a_word_of_a_path_without_ids_is_one(daybook):
    for word in ("health", "metrics", "setup", "events", "session", "campaigns", "organizations", "usages", "Usage", "api"):
        assert not refused(daybook, word), word


def test_every_last_word_beside_or_below_an_id_is_in_the_list():
    paths = [line.split()[2] for line in (ROOT / "httpd-conf/routes").read_text().splitlines() if line and line[0] != "#"]
    below = {word for path in paths if "[^/]+" in path for word in re.findall(r"[a-z][a-z-]+", path.split("[^/]+", 1)[1])}
    beside = {path.rsplit("/", 1)[1] for path in paths if re.fullmatch(r"/api/campaigns/[a-z-]+", path)}
    assert below | beside == set(WORDS)
