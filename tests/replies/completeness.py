"""Checks that a recording asked each program, each documented operation and each command."""
import re
from collections import Counter


def counts(entries):
    kinds = Counter("requests" if "request" in e else "commands" if "command" in e else "schemas and tables" for e in entries)
    return ", ".join(f"{n} {kind}" for kind, n in kinds.items())


def documented(root):
    """(METHOD, path) of docs/openapi.yaml."""
    path = None
    for line in next(root.glob("docs/**/openapi.yaml")).read_text().splitlines():
        if match := re.fullmatch(r"  (/\S*):", line):
            path = match[1]
        elif match := re.fullmatch(r"    (get|post|put|delete):", line):
            yield match[1].upper(), path


def missing(entries, build, root):
    asked = [e for e in entries if "request" in e]
    for program in sorted(p.stem for p in (build / "cgi-bin").glob("*.fcgi")):
        if not any(e["program"] == program for e in asked):
            yield f"the program {program}"
    for method, path in documented(root):
        shape = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
        seen = {e["status"][0] for e in asked if e["request"].get("method") == method and shape.fullmatch(e["request"].get("path", ""))}
        for first in sorted({"2", "4"} - seen):
            yield f"{method} {path}: no status {first}xx"
    ran = [e for e in entries if "command" in e]
    listed = next((e["stdout"] for e in ran if e["command"] == ["--help"]), "")
    for command in re.findall(r"^  (\w+)  ", listed, re.M):
        for what, wanted in (("--help", lambda e: "--help" in e["command"]),
                             ("exit 0", lambda e: e["exit"] == 0 and "--help" not in e["command"]),
                             ("a refusal", lambda e: e["exit"] > 0)):
            if not any(command in e["command"] and wanted(e) for e in ran):
                yield f"daybook {command}: {what}"
