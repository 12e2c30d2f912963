"""Histories of many clients under limits of every kind, over changes of clocks: no refusing limit is ever oversold (limit_history.py).

HISTORY_SEEDS says how many histories there are of each place.
"""
import os

import pytest

from limit_history import History

OPS = 2000
SEEDS = range(1, 1 + int(os.environ.get("HISTORY_SEEDS", "1")))
PLACES = {
    "clocks back": ("America/New_York", ["America/Los_Angeles", "Europe/Berlin", "Asia/Kathmandu"], "2026-10-31T20:10:00Z"),
    "clocks forward": ("Australia/Lord_Howe", ["America/Los_Angeles", "America/Havana", "Pacific/Chatham"], "2027-10-02T08:20:00Z"),
}
HOURS = [7, 3.25, 9, 19]  # the clock moves on between the parts of a history


def history(daybook, place, ops, seed=1, programs=None, rounds=1):
    """In parts, between which the clock moves on."""
    h = History(daybook, seed, *PLACES[place], programs)
    for hours in HOURS * rounds:
        h.run(ops // (len(HOURS) * rounds))
        if h.problems:
            break
        h.wait(hours)
    h.end()
    return h


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("place", PLACES)
def test_every_reply_is_right_in_one_order_of_all_that_happened(daybook, place, seed):
    h = history(daybook, place, OPS, seed)
    assert h.problems == []
    assert all(h.done[what] > OPS / 100 for what in ("events", "plain", "void", "reserved", "refused", "cancel", "limit", "read")), h.done
    assert all(h.done["refused by " + what] > 0 for what in (
        "day", "rolling", "cycle", "month", "year", "zone", "from", "network")), h.done
    daybook.cmd("verify")
