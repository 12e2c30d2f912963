"""Bugs of limits, planted in copies of the sources: the brute force of tests/unit/limit.c finds each, and so does the judge of histories."""
import subprocess

import pytest

from planted import compiled, linked, program
from test_limit_histories import history

PLANTED = {
    "a rolling window is one quarter-hour short": {"src/ledger/limit_rolling.c": [
        ("int64_t from = last - f->rule->quarters;", "int64_t from = last - f->rule->quarters + 1;")]},
    "a rolling window that ends later is not asked": {"src/ledger/limit_check.c": [
        ("while (limit_rolling_next(f, last, end,", "while (limit_rolling_next(f, last, first,")]},
    "the day of a zone is cut by the organization's zone": {"src/ledger/limit.c": [
        ("return limit_rule_days(rule, b->org->days);", "(void)rule;\n\treturn b->org->days;")]},
    "the amount is that of today": {"src/ledger/limit_check.c": [
        ("limit_rule_amount(f->rule, limit_day_of(b, f->rule, on->from))", "limit_rule_amount(f->rule, b->today)")]},
    "the amount is that of the organization's day": {"src/ledger/limit_check.c": [
        ("limit_rule_amount(f->rule, limit_day_of(b, f->rule, on->from))", "limit_rule_amount(f->rule, day_at(b->org->days, on->first * QUARTER_MS))")]},
    "a hold counts for a limit of a network": {"src/ledger/limit.c": [
        ("return limit_rule_counts_event(rule, l->channel, l->sender, l->network);",
         "return limit_rule_counts_event(rule, l->channel, l->sender, l->is_held ? rule->network : l->network);")]},
    "the sender is ignored": {"src/quota/limit_rule.c": [
        ("(rule->sender == NULL || (sender != NULL && strcmp(rule->sender, sender) == 0)) &&", "((void)sender, true) &&")]},
    "what an event frees of a hold counts for every window": {"src/ledger/limit_check.c": [
        ("int64_t plus = end->plus_before - first->plus_before, minus = end->minus_before - first->minus_before;",
         "int64_t plus = end->plus_before - first->plus_before, minus = p[b->place_count].minus_before;")]},
}
# What no roll-up says while it is being filled is no matter of the brute force.
PLANTED_BUILDING = {
    "src/ledger/limit_row.c": [("rule->would_refuse && !rule->is_building;", "rule->would_refuse;")],
    "src/ledger/limit.c": [("(!rule->refuses || rule->is_building || !has_amount(rule))", "(!rule->refuses || !has_amount(rule))")]}


def judged(daybook, folder, objects):
    """A history of programs with these objects."""
    programs = {name: program(folder, name, objects) for name in ("events", "campaigns", "settings")}
    return history(daybook, "clocks back", 10000, 1, programs, rounds=6)


@pytest.fixture(scope="module")
def brute_force(tmp_path_factory):
    """The object of the unit table."""
    return compiled(tmp_path_factory.mktemp("unit"), {"tests/unit/limit.c": []})


@pytest.mark.parametrize("bug", PLANTED)
def test_the_brute_force_and_the_judge_find(daybook, tmp_path, brute_force, bug):
    objects = compiled(tmp_path, PLANTED[bug])
    table = linked(tmp_path / "limit", [*brute_force.values(), *objects.values()], "-lcmocka")
    done = subprocess.run([str(table)], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode != 0 and "limit.c" in done.stderr and "error: Failure!" in done.stderr, done
    h = judged(daybook, tmp_path, objects)
    assert {what[0] for what in h.problems if isinstance(what[0], str)} == set() and h.problems != []


def test_the_judge_finds_that_a_limit_refuses_while_it_is_being_filled(daybook, tmp_path):
    h = judged(daybook, tmp_path, compiled(tmp_path, PLANTED_BUILDING))
    assert h.problems != []
