"""The runs of one scenario in one journal mode: without faults first, then each fault in its turn."""
import os
import subprocess
import typing
import zlib

import oracle
from program import CLOCK_MS, Cgi, Fault, copy_tree

# Which errors each operation is made to fail with.
ERRORS = {"open": ("EMFILE", "EACCES"), "read": ("EIO",), "write": ("ENOSPC", "EIO"), "sync": ("EIO",), "truncate": ("EIO",),
          "rename": ("EIO", "EINVAL"), "unlink": ("EIO",), "mkdir": ("ENOSPC",), "malloc": ("ENOMEM",), "crypto": ("ENOMEM",),
          "stdin": ("EIO",)}
OF_READS = ("open", "read", "malloc", "crypto")  # what a request that changes nothing is tried with
SPREAD = {"malloc": (150, 12), "crypto": (12, 1)}  # of these only so many: in the whole sweep, and in a sample
TRACE_FRAMES = 12
ANY = Cgi("organization-usage", "GET", "/organization/usage")  # a request whose maintenance goes on with what is left


class Run(typing.NamedTuple):
    scenario: str
    journal: str
    fault: Fault

    def words(self):
        return " ".join(map(str, (self.scenario, self.journal, *self.fault)))


class Result(typing.NamedTuple):
    run: Run
    fired: bool
    problems: list  # of (kind, text)
    path: str
    trace: list  # "function file:line", innermost first
    outcome: object
    state: str


class Sweep:
    def __init__(self, place, scenario, base, journal):
        self.place, self.scenario, self.base, self.journal = place, scenario, base, journal

    def perform(self, fault=None, clock_ms=CLOCK_MS):
        return self.place.run(self.scenario.request, self.base, self.journal, fault, clock_ms)

    def evidence(self):
        """What is in data/, read from a copy so that reading does not change it."""
        copy_tree(self.place.data, self.place.look)
        return oracle.look(self.place.look, self.base, self.scenario.random)

    def tables(self):
        """The tables in data/, which nobody needs any more."""
        return oracle.look(self.place.data, self.base, self.scenario.random).tables

    # ---- Without faults

    def prepare(self):
        """Runs the request without a fault, twice, to know what it does and that it does the same each time."""
        place, scenario = self.place, self.scenario
        place.base(self.base.folder)
        before = self.evidence()
        assert scenario.reads or not before.tables or before.tables["version"] == [(1,)] or \
            not oracle.verify(place, self.base)
        outcome = self.perform()
        assert (outcome.code, outcome.died) == (scenario.code, ""), (scenario.name, outcome)
        after = self.evidence()
        assert (before.tables == after.tables) == scenario.reads, (scenario.name, oracle.difference(after.tables, before.tables))
        assert scenario.reads or not oracle.verify(place, self.base), scenario.name
        self.reference = oracle.Reference(before, after, outcome, self.once_more(after.tables), self.later())
        place.base(self.base.folder)
        second = self.perform()
        assert oracle.same_words(scenario, second, outcome) and self.evidence() == after, "not the same twice"
        self.is_steady = second.counts == outcome.counts

    def once_more(self, after):
        if self.scenario.no_retry:
            return None
        outcome = self.perform()
        if oracle.is_success(self.scenario, outcome) and self.tables() == after:
            return outcome
        return None

    def later(self):
        if not self.scenario.retry_after_ms:
            return ()
        self.place.base(self.base.folder)
        outcome = self.perform(clock_ms=CLOCK_MS + self.scenario.retry_after_ms)
        return outcome, self.tables()

    # ---- With one

    def runs(self, sample, allocations=0):
        """Every sample-th of all runs; each scenario begins elsewhere, so that all of them together meet every n."""
        scenario, runs = self.scenario, []
        for operation, errors in ERRORS.items():
            calls = self.reference.outcome.counts[operation]
            if calls == 0 or (scenario.reads and operation not in OF_READS):
                continue
            phase = zlib.crc32(f"{scenario.name} {self.journal} {operation}".encode())
            if operation in SPREAD:
                most = allocations if allocations and operation == "malloc" else SPREAD[operation][sample > 1]
                runs += self.spread(operation, calls, most, phase)
                continue
            ways = [(when, error) for error in errors for when in ("once", "sticky")]
            runs += [Fault(operation, n, *way) for way in ways for n in range(1, calls + 1)][phase % sample::sample]
        if scenario.runs_max and len(runs) > scenario.runs_max:
            runs = runs[::len(runs) // scenario.runs_max + 1]
        return [Run(scenario.name, self.journal, fault) for fault in runs]

    def spread(self, operation, calls, most, phase):
        step = max(1, -(-calls // most))
        numbers = range(phase % step + 1, calls + 1, step)
        return [Fault(operation, n, ("once", "sticky")[(i + phase) % 2], ERRORS[operation][0]) for i, n in enumerate(numbers)]

    def run(self, run):
        scenario, place, reference = self.scenario, self.place, self.reference
        place.base(self.base.folder)
        outcome = self.perform(run.fault)
        state = self.evidence()
        problems, name = oracle.judge(scenario, run.fault, outcome, state, reference, lambda: oracle.verify(place, self.base))
        if scenario.kept_says and scenario.kept_says in outcome.err:
            problems += oracle.judge_kept(state, self.perform(), self.evidence(), reference)
        elif not scenario.reads and not scenario.no_retry and (name != "after" or reference.again is not None):
            clock_ms = CLOCK_MS + (scenario.retry_after_ms if name != "after" else 0)
            retried = self.perform(clock_ms=clock_ms)
            problems += oracle.judge_unfinished(scenario, retried, place.data)
            problems += oracle.judge_retry(scenario, retried, self.tables(), reference, name)
        elif name == "after" and state.tables != reference.after.tables:
            place.run(ANY, self.base, self.journal)
            problems += oracle.judge_noted(self.tables(), reference)
        trace = trace_of(outcome) if problems else []
        return Result(run, outcome.failed > 0, problems, outcome.path, trace, outcome, name)


def trace_of(outcome):
    """Who made the call that failed, of the product's own functions: innermost first."""
    size = os.path.getsize(outcome.program)
    addresses = [hex(a) for a in outcome.stack if 0 <= a < size]
    done = subprocess.run(["addr2line", "-f", "-s", "-i", "-e", outcome.program, *addresses], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    lines = done.stdout.split("\n")
    frames = [f"{name} {where.split(' ')[0]}" for name, where in zip(lines[::2], lines[1::2]) if not where.startswith("?")]
    return frames[:TRACE_FRAMES]
