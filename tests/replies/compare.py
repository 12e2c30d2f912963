"""Compares two recordings entry by entry and gives each difference a kind.

The kind `text` is a difference in sentences for people alone; it fails nothing.
"""
import csv
import io
import json
import re
import sys
from collections import defaultdict

import pages
from sentences import LOG_FIELDS, MEMBERS, is_reworded, is_same_output

SHOWN = 160		# characters of each side
LISTED = 300		# differences; all of them with --texts


class Difference:
    def __init__(self, kind, where, old, new):
        self.kind, self.where, self.old, self.new = kind, where, old, new

    @property
    def key(self):
        return self.kind, self.where, str(self.old), str(self.new)


def kind_of(old, new, otherwise, is_code_possible=True):
    return "text" if is_reworded(str(old), str(new), is_code_possible) else otherwise


# ---- JSON

class Number(str):
    """A number as it is spelled: 5.0 is not 5."""


def parsed(text):
    pairs = lambda items: {name: value for name,
                           value in items} if len(dict(items)) == len(items) else {"": [list(i) for i in items]}
    return json.loads(text, parse_float=Number, parse_int=Number, object_pairs_hook=pairs)


def compare_json(old, new, where="", is_human=False):
    if type(old) is not type(new):
        yield Difference("shape", where, old, new)
    elif isinstance(old, dict):
        if list(old) != list(new):
            yield Difference("shape", where + " keys", ", ".join(old), ", ".join(new))
        for name in old:
            if name in new:
                yield from compare_json(old[name], new[name], f"{where}.{name}", name in MEMBERS)
    elif isinstance(old, list):
        if len(old) != len(new):
            yield Difference("shape", where + " length", len(old), len(new))
        for i, (a, b) in enumerate(zip(old, new)):
            yield from compare_json(a, b, f"{where}[{i}]", is_human)
    elif old != new:
        yield Difference(kind_of(old, new, "shape") if is_human and type(old) is str else "shape", where, old, new)


def compare_as_json(old, new):
    """The differences of two JSON texts; None if one of them is not JSON."""
    try:
        a, b = parsed(old), parsed(new)
    except ValueError:
        return None
    found = list(compare_json(a, b))
    return found or [Difference("shape", "spelling", old, new)]


# ---- Other bodies and output

def compare_csv(old, new):
    a, b = (list(csv.reader(io.StringIO(text))) for text in (old, new))
    if len(a) != len(b):
        yield Difference("shape", "lines", len(a), len(b))
    differing = [(n, x, y) for n, (x, y) in enumerate(zip(a, b)) if x != y]
    yield from (Difference("shape", f"line {n + 1}", x, y) for n, x, y in differing[:3])
    if a == b:
        yield Difference("shape", "spelling", old, new)


def compare_metrics(old, new):
    """Prometheus text: the words after `# HELP name` are for people, all else is for programs."""
    a, b = old.splitlines(), new.splitlines()
    if len(a) != len(b):
        yield Difference("shape", "lines", len(a), len(b))
    for x, y in zip(a, b):
        if x != y:
            is_help = x.startswith("# HELP ") and x.split()[:3] == y.split()[:3]
            yield Difference(kind_of(x, y, "shape") if is_help else "shape", "metrics", x, y)


def compare_output(old, new, where):
    """stdout: words may differ, numbers and the cells of tables may not.  stderr: a message may also gain numbers."""
    if found := compare_lines_of_json(old, new):
        yield from found
    elif where == "stdout":
        yield Difference("text" if is_same_output(old, new) and not is_data(old) else "shape", where, old, new)
    else:
        yield Difference(kind_of(old, new, "shape", False), where, old, new)


def is_data(text):
    """Whether programs read this output: the table of `export`, a token, an API key."""
    return text.startswith(("id,source,channel,", "<token", "<API key"))


def compare_lines_of_json(old, new):
    a, b = old.splitlines(), new.splitlines()
    if not (a and b and a[0].startswith("{") and b[0].startswith("{")):
        return None
    if len(a) != len(b):
        return [Difference("shape", "lines", len(a), len(b))]
    return next((compare_as_json(x, y) for x, y in zip(a, b) if x != y), [Difference("shape", "spelling", old, new)])


def compare_body(old, new, content_type):
    if isinstance(old, dict) or isinstance(new, dict):
        yield Difference("shape", "long body", old, new)
    elif content_type.startswith("text/csv"):
        yield from compare_csv(old, new)
    elif content_type.startswith("text/html"):
        yield from (Difference(*d) for d in pages.compare(old, new))
    elif content_type.startswith("text/plain"):
        yield from compare_metrics(old, new)
    else:
        found = compare_as_json(old, new)
        yield from found if found is not None else [Difference("shape", "body", old, new)]


FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')


def compare_log(old, new):
    if len(old) != len(new):
        yield Difference("log", "lines", old, new)
    for a, b in zip(old, new):
        if a == b:
            continue
        fields = FIELD.findall(a), FIELD.findall(b)
        if [name for name, _ in fields[0]] != [name for name, _ in fields[1]]:
            yield Difference("log", "fields", a, b)
            continue
        found = [Difference(kind_of(x, y, "log", False) if name in LOG_FIELDS else "log", "log " + name, x, y)
                 for (name, x), (_, y) in zip(*fields) if x != y]
        yield from found or [Difference("log", "spelling", a, b)]


# ---- Entries

def compare_reply(old, new):
    if old["status"] != new["status"]:
        yield Difference("status", "status", old["status"], new["status"])
    if old.get("exit", 0) != new.get("exit", 0):
        yield Difference("exit", "exit", old.get("exit", 0), new.get("exit", 0))
    a, b = old["headers"], new["headers"]
    if [name for name, _ in a] != [name for name, _ in b]:
        yield Difference("headers", "names", [name for name, _ in a], [name for name, _ in b])
    for name, value in a:
        others = [v for n, v in b if n == name]
        if others and value not in others:
            yield Difference("headers", name, value, others[0])
    if old["body"] != new["body"]:
        yield from compare_body(old["body"], new["body"], dict(a).get("Content-Type", ""))
    yield from compare_log(old["log"], new["log"])


def compare_command(old, new):
    if old["exit"] != new["exit"]:
        yield Difference("exit", "exit", old["exit"], new["exit"])
    for where in ("stdout", "stderr"):
        a, b = old[where], new[where]
        if isinstance(a, dict) or isinstance(b, dict):
            if a != b:
                yield Difference("shape", f"long {where}", a, b)
        elif a != b:
            yield from compare_output(a, b, where)


def compare_schema(old, new):
    for name in [*old, *(n for n in new if n not in old)]:
        a, b = old.get(name, "not there"), new.get(name, "not there")
        if a != b:
            yield Difference("schema", name, a, b)


def compare_rows(old, new):
    if old["columns"] != new["columns"]:
        yield Difference("schema", "columns", old["columns"], new["columns"])
    for name in old.get("sums", {}):
        if old["sums"][name] != new.get("sums", {}).get(name):
            yield Difference("rows", f"sum of {name}", old["sums"][name], new.get("sums", {}).get(name))
    if old["count"] != new["count"]:
        yield Difference("rows", "count", old["count"], new["count"])
    for part in ("rows", "blocks"):
        differing = [(a, b) for a, b in zip(old.get(part, []), new.get(part, [])) if a != b]
        yield from (Difference("rows", f"{part} of {old['table']}", a, b) for a, b in differing[:3])


def compare_entry(old, new):
    if old == new:
        return
    for kind, compare in (("request", compare_reply), ("command", compare_command)):
        if kind in old:
            if old[kind] != new.get(kind):
                yield Difference("missing", "another " + kind, old[kind], new.get(kind))
            else:
                yield from compare(old, new)
            return
    if "schema" in old:
        yield from compare_schema(old["schema"], new["schema"])
    elif "table" in old:
        yield from compare_rows(old, new)
    else:
        yield Difference("rows", "files", old.get("files"), new.get("files"))


def around(old, new):
    """Both sides as one line each, from a little before their first difference."""
    texts = [side if isinstance(side, str) else json.dumps(side, ensure_ascii=False) for side in (old, new)]
    start = next((i for i, (x, y) in enumerate(zip(*texts)) if x != y), min(map(len, texts)))
    cut = max(0, start - SHOWN // 3)
    for text in texts:
        part = text[cut:cut + SHOWN].replace("\n", "⏎")
        yield ("…" if cut else "") + part + ("…" if len(text) > cut + SHOWN else "")


def report(groups, kinds, lines_max):
    """Prints each distinct difference once, with the number of entries that have it."""
    lines = 0
    for (kind, where, _, _), (difference, names) in groups.items():
        if kind not in kinds:
            continue
        lines += 1
        if lines > lines_max:
            continue
        old, new = around(difference.old, difference.new)
        more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
        print(f"{kind:8} {names[0]}{more}\n         {where}\n         - {old}\n         + {new}")
    if lines > lines_max:
        print(f"… and {lines - lines_max} more")


def compare_entries(old, new, with_texts=False):
    olds, news = ({e["name"]: e for e in entries} for entries in (old, new))
    groups, failed, texts, counts = {}, 0, 0, defaultdict(int)
    for name in [*olds, *(n for n in news if n not in olds)]:
        if name in olds and name in news:
            found = list(compare_entry(olds[name], news[name]))
        else:
            found = [Difference("missing", "in one recording only", "there" if name in olds else "not there",
                                "there" if name in news else "not there")]
        if not found and olds[name] != news[name]:
            found = [Difference("missing", "a difference without a kind", olds[name], news[name])]
        for difference in found:
            groups.setdefault(difference.key, (difference, []))[1].append(name)
            counts[difference.kind] += 1
        failed += any(d.kind != "text" for d in found)
        texts += any(d.kind == "text" for d in found)
    report(groups, {kind for kind in counts if with_texts or kind != "text"}, sys.maxsize if with_texts else LISTED)
    print("differences: " + (", ".join(f"{n} {kind}" for kind,
                                       n in sorted(counts.items())) or "none") + f"; texts differ in {texts} entries")
    print(f"{len(set(olds) | set(news)) - failed} passed, {failed} failed")
    return 1 if failed else 0
