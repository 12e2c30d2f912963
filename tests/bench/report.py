"""The table that tests/bench/run ends with: a row for each figure that there is a bound for, and a few without one."""
import statistics
import typing


class Measured(typing.NamedTuple):
    """One round: done in a second; CPU of the servers, web server and database included, for each; waits."""
    rate: float
    cpu_us: float
    p99_ms: float = 0
    max_ms: float = 0
    fair: float = 0  # slowest of fastest client


def median(name, rounds):
    return statistics.median(getattr(r, name) for r in rounds)


def both(name, measured, base):
    values = [median(name, rounds) for rounds in (measured, base)]
    return " and ".join(f"{v:,.0f}" if v >= 20 else f"{v:.1f}" for v in values)


class Report:
    def __init__(self):
        self.rows = []

    def add(self, what, bound, figure, is_met=None):
        """is_met None: there is no bound."""
        self.rows.append((what, bound, figure, {None: "", True: "met", False: "NOT MET"}[is_met]))
        print(f"  {what}: {figure}" + (f" ({bound}: {self.rows[-1][3]})" if bound else ""), flush=True)

    def ratio(self, what, of, bound, measured, base, more=""):
        """The median of the rounds' ratios of two lists of Measured; with a bound, at least that."""
        ratios = [m.rate / b.rate for m, b in zip(measured, base)]
        ratio = statistics.median(ratios)
        figure = f"{ratio:.2f} [{min(ratios):.2f}-{max(ratios):.2f}]; {both('rate', measured, base)} a second; CPU {both('cpu_us', measured, base)} us"
        self.add(what, f"at least {bound} of {of}" if bound else f"of {of}", figure + more, None if bound is None else ratio >= bound)

    def at_most(self, what, bound, unit, figure, more="", is_valid=True):
        self.add(what, f"at most {bound} {unit}", f"{figure:.2f} {unit}{more}", is_valid and figure <= bound)

    def missing(self, what, bound, why):
        self.add(what, bound, why, False)

    def table(self):
        bound = [row for row in self.rows if row[3]]
        lines = ["| " + " | ".join(row) + " |" for row in [("what", "bound", "measured", ""), *self.rows]]
        return "\n".join([lines[0], "|---|---|---|---|", *lines[1:], "", f"{sum(row[3] == 'met' for row in bound)} of {len(bound)} figures are met."])

    def is_met(self):
        return all(row[3] != "NOT MET" for row in self.rows)
