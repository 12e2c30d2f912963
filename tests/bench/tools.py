"""The tools of tests/bench that have tables of their own: what they print goes on, and their figures go into the report."""
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
# The arguments of a tool after the build, and whether there is a bound; growth with ids in no order of time is only reported.
RUNS = {"limits": [([], True)], "growth": [([], True), (["--random", "--campaigns", ""], False)], "bulk": [([], True)],
        "footprint": [([], True)]}
GROWTH_MAX = 1.2


def run_tool(run, tool):
    for arguments, counts in RUNS[tool]:
        print(f"--- tests/bench/{tool} {' '.join(arguments)}".rstrip(), flush=True)
        if not (HERE / tool).exists():
            run.report.missing(f"tests/bench/{tool}", "", "there is no such tool")
            continue
        lines = []
        with subprocess.Popen([HERE / tool, run.build, *arguments], stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                print(line, end="", flush=True)
                lines.append(line.rstrip())
        rows = figures(lines)
        for row in rows:
            run.report.add(*row[:3], row[3] if counts else None)
        if counts and (not rows or (process.returncode != 0) != any(not row[3] for row in rows)):  # no row says it
            run.report.add(f"tests/bench/{tool}", "its own", "; ".join(lines[-2:]) + f" (ended with {process.returncode})", process.returncode == 0)


def figures(lines):
    """Lines that end with "met", and of the growth of many requests the worst: what, bound, figure, whether it is met."""
    rows, growth, title = [], {}, ""
    for line in lines:
        if said := re.match(r"(\S.*?)\s{2,}(.*?)\s+(met|NOT MET)$", line):
            rows.append((said[1], "", " ".join(said[2].split()), said[3] == "met"))
        elif grown := re.match(r"(\S.{0,41}?)\s{2,}[\d,]+\s+[\d,]+\s+([\d.]+)\s{2,}", line):
            growth.setdefault(title, []).append((float(grown[2]), grown[1]))
        elif head := re.match(r"(\S.{0,41}?)\s{2,}([\d,]+)\s+([\d,]+)\s+ratio", line):
            title = f"{head[3]} beside {head[2]} {head[1]}"
    for of, requests in growth.items():
        bound = [(ratio, name) for ratio, name in requests if not name.startswith("(")]
        above = [f"{name} {ratio:.2f}" for ratio, name in sorted(bound, reverse=True) if ratio > GROWTH_MAX]
        ratio, name = max(bound)
        rows.append((f"growth of {len(bound)} requests: {of}", f"at most {GROWTH_MAX} x", f"{ratio:.2f} x ({name})" +
                     (f"; above: {', '.join(above)}" if above else ""), not above))
    return rows
