"""Looks at what a run left and says what is wrong with it; the same rules for every scenario."""
import collections
import os
import pathlib
import re
import sqlite3
import subprocess
import typing

from bases import is_of_database
from program import Cgi, copy_tree

HALF, WRONG, STRAY, RETRY = "half state", "wrong answer", "stray file", "retry"
MAGIC = b"SQLite format 3\0"


class State(typing.NamedTuple):
    """What is in a folder: every table of the database, the other databases, and the names of all files."""
    tables: dict  # name: sorted rows; {} without a database
    copies: dict  # path: tables
    files: frozenset


def columns_of(connection, table, random):
    if not random:
        return "*"
    return ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] not in random)


def tables_of(path, random=()):
    """Every table of a database, all columns but random ones, in the order of the rows' keys; or why it cannot be read."""
    if not path.exists():
        return {}
    c = sqlite3.connect(path, isolation_level=None)
    try:
        tables = {"schema": c.execute("SELECT type, name, sql FROM sqlite_master").fetchall(),
                  "version": c.execute("PRAGMA user_version").fetchall()}
        for (name,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            tables[name] = c.execute(f"SELECT {columns_of(c, name, random)} FROM {name}").fetchall()
        sound = c.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if sound != "ok":
            tables["integrity_check"] = [sound]
        return tables
    except sqlite3.DatabaseError as e:
        return {"unreadable": [str(e)]}
    finally:
        c.close()


def look(folder, base, random=()):
    """The state of a folder, which is opened and so changed: a copy, or one that nobody needs any more."""
    files = frozenset(str(p.relative_to(folder)) for p in folder.rglob("*"))
    copies = {f: tables_of(folder / f) for f in files if f != base.database and is_copy(folder / f)}
    return State(tables_of(folder / base.database, random), copies, files)


def is_copy(path):
    """Whether it is a database by its name or by what is in it."""
    if path.name.endswith(".db") or "-before-upgrade-" in path.name and not path.name.endswith(("-journal", "-wal", "-shm")):
        return True
    if not path.is_file():
        return False
    with open(path, "rb") as f:
        return f.read(len(MAGIC)) == MAGIC


def rows(tables, other):
    """Each row that only one of them has, with its table and + or -."""
    found = []
    for name in sorted(set(tables) | set(other)):
        mine, theirs = set(map(repr, tables.get(name, []))), set(map(repr, other.get(name, [])))
        found += [f"{name} + {row}" for row in sorted(mine - theirs)] + [f"{name} - {row}" for row in sorted(theirs - mine)]
    return found


def difference(tables, other):
    """How many rows only one of them has, in words."""
    counts = collections.Counter(tuple(line.split(" ", 2)[:2]) for line in rows(tables, other))
    return ", ".join(f"{name} {sign}{n}" for (name, sign), n in counts.items()) or "nothing"


def verify(place, base):
    """What `daybook verify` says of the database in look/; "" if nothing."""
    done = subprocess.run([str(place.build / "bin/daybook"), "-d", str(place.look / base.database), "verify"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return "" if done.returncode == 0 else "; ".join((done.stdout + done.stderr).strip().splitlines()[:2])


# ---- Replies

def is_success(scenario, outcome):
    return not outcome.died and (200 <= outcome.code < 300 if isinstance(scenario.request, Cgi) else outcome.code == 0)


def is_refusal(scenario, outcome):
    if outcome.died:
        return False
    if not isinstance(scenario.request, Cgi):
        said = outcome.err + (outcome.out.decode(errors="replace") if scenario.says_what_is_wrong else "")
        for_people = [line for line in said.splitlines() if line and not line.startswith("level=")]  # of the log
        return outcome.code == 1 and for_people != []
    if outcome.code == 403 and scenario.operators_file and outcome.path.endswith("/" + scenario.operators_file):
        return b"Permission denied" in outcome.out
    return outcome.code in scenario.refusals and (outcome.code != 503 or "retry-after" in outcome.headers)


def shown(outcome):
    """A reply in a few words, without figures that differ from run to run."""
    if outcome.died:
        return " ".join(["died", outcome.died, *re.findall(r"\S+: \w+: Assertion .*|event=sql error=.no parameter .*", outcome.err)])
    text = outcome.out.decode(errors="replace").strip() if outcome.headers else outcome.err.strip()
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID", text)
    return f"{outcome.code} {text[:200]!r}" if text else f"{outcome.code} and not a word"


def same_words(scenario, outcome, expected):
    blank = re.compile(scenario.blank.encode() or b"$.", re.S)  # the latter is nowhere
    return outcome.code == expected.code and blank.sub(b"", outcome.out) == blank.sub(b"", expected.out)


def other_words(outcome, expected):
    """Where a reply leaves what was expected."""
    if outcome.code != expected.code:
        return f"{outcome.code}, not {expected.code}"
    is_text, should_be = outcome.out.decode(errors="replace"), expected.out.decode(errors="replace")
    begin = len(os.path.commonprefix([is_text, should_be]))
    begin = max(0, begin - 20)
    return f"{is_text[begin:begin + 80]!r}, not {should_be[begin:begin + 80]!r}"


def judge_reply(scenario, outcome, expected):
    if is_success(scenario, outcome):
        if same_words(scenario, outcome, expected):
            return []
        return [(WRONG, f"a success with other words: {other_words(outcome, expected)}")]
    if is_refusal(scenario, outcome):
        return []
    return [(WRONG, shown(outcome))]


# ---- Everything

class Reference(typing.NamedTuple):
    """What a scenario does without a fault."""
    before: State
    after: State
    outcome: object  # of the request
    again: object  # of the same request made again; None if it would change the tables again, or cannot be made
    late: tuple = ()  # (outcome, tables) of the request at the time of a retry, if that is later


def is_noted_later(scenario, tables, reference):
    """
    Whether all is as after, but for one setting and the revision of the installation, which counts its changes: both as before,
    because the maintenance after the reply did not get to write them.
    """
    if not scenario.noted_later or not tables:
        return False
    before, after = reference.before.tables, reference.after.tables
    was = [row for row in before["setting"] if row[0] == scenario.noted_later]
    rest = [row for row in after["setting"] if row[0] != scenario.noted_later]
    return tables == {**after, "setting": sorted(rest + was), "installation": before["installation"]}


def state_name(scenario, tables, reference):
    if tables == reference.after.tables or is_noted_later(scenario, tables, reference):
        return "after"
    if tables == reference.before.tables:
        return "before"
    if scenario.between is not None and tables and scenario.between(tables):
        return "between"
    return "half"


def judge(scenario, fault, outcome, state, reference, say_verify):
    """All that is wrong after a run with a fault: (kind, text); and the name of the state."""
    name = state_name(scenario, state.tables, reference)
    problems = judge_reply(scenario, outcome, reference.outcome)
    if name == "half":
        said = say_verify()
        problems.append((HALF, difference(state.tables, reference.before.tables) + (f"; verify: {said}" if said else "")))
    elif name == "between" and scenario.verifies_between and (said := say_verify()):
        problems.append((HALF, f"between, but verify: {said}"))
    elif name != "after" and is_success(scenario, outcome) and not scenario.effect_is_optional:
        problems.append((WRONG, f"a success, and the tables are as {name}: {shown(outcome)}"))
    problems += judge_files(scenario, fault, outcome, state, reference, name)
    return problems, name


def judge_files(scenario, fault, outcome, state, reference, name):
    known = {**reference.before.copies, **reference.after.copies}
    stray = sorted(f for f in state.files - reference.before.files - reference.after.files if not is_of_database(f))
    if scenario.unfinished and name == "before":
        stray = [f for f in stray if not re.search(scenario.unfinished, f)]
    damaged = sorted(f for f, tables in state.copies.items() if f in known and tables not in (
        reference.before.copies.get(f), reference.after.copies.get(f)))
    problems = [(STRAY, f"{f}: not a whole copy") for f in damaged]
    if fault.operation != "unlink":  # a file that cannot be removed stays
        problems += [(STRAY, pathlib.PurePath(f).name) for f in stray]
    missing = reference.after.copies.keys() - state.copies.keys()
    if (is_success(scenario, outcome) or name == "after") and not scenario.effect_is_optional and missing:
        problems.append((WRONG, "the effect without its file"))
    return problems


def judge_kept(state, retried, state_then, reference):
    """A file that was made although the command failed: it is whole, and a retry refuses to replace it and changes nothing."""
    problems = [] if state.copies == reference.after.copies else [(WRONG, "says that the copy is good, and it is not")]
    if retried.code != 1 or "already exists" not in retried.err:
        problems.append((RETRY, shown(retried)))
    if (state_then.tables, state_then.copies) != (state.tables, state.copies):
        problems.append((RETRY, "a refusal that changed something"))
    return problems


def judge_unfinished(scenario, outcome, folder):
    """What a refusal left for the next attempt is gone after it."""
    left = [p.name for p in folder.rglob("*") if scenario.unfinished and re.search(scenario.unfinished, p.name)]
    return [(STRAY, f"{name} after a success") for name in left] if is_success(scenario, outcome) else []


def judge_noted(tables, reference):
    """The maintenance after any later reply has noted what it did not get to, and changed nothing else."""
    rest = difference(tables, reference.after.tables)
    return [] if tables == reference.after.tables else [(RETRY, f"maintenance did not end in after: {rest}")]


def judge_retry(scenario, outcome, tables, reference, name):
    """The same request again without a fault must have its whole effect."""
    if name == "after":
        expected, after = reference.again, reference.after.tables
    elif reference.late:
        expected, after = reference.late
    else:
        expected, after = reference.outcome, reference.after.tables
    if not is_success(scenario, outcome):
        return [(RETRY, shown(outcome))]
    if name == "between":  # what is random in it cannot be foreseen
        tables, after = ({table: len(rows) for table, rows in t.items()} for t in (tables, after))
        return [] if tables == after else [(RETRY, "a success, and the tables have other numbers of rows")]
    if tables != after:
        return [(RETRY, f"a success, and the tables differ: {difference(tables, after)}")]
    if not same_words(scenario, outcome, expected):
        return [(RETRY, f"other words: {other_words(outcome, expected)}")]
    return []
