"""Tells sentences for people from data, and a rewording from another number."""
import re

NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
# JSON members, fields of the log and attributes of a page that contain sentences.
MEMBERS = {"message", "error", "fix", "warning", "warnings", "reason"}
LOG_FIELDS = {"error", "fix", "text", "reason", "sql"}
ATTRIBUTES = {"placeholder", "title", "aria-label", "alt"}


# Cells of a table that are data: states, names of columns, algorithms, zones, scopes.
CELL = re.compile(r"draft|scheduled|sending|paused|sent|failed|cancelled|ok|warning|error|in force|revoked|retired|signs|verifies|unlimited|none"
                  r"|[A-Z]+(?:_[A-Z]+)*|HS256|RS256|ES256|\w+/[\w/-]+|(?:\w+:\w+ ?)+")


def numbers(text):
    return NUMBER.findall(text)


def cells(text):
    """The cells of tables that are data, in their order."""
    return [cell for line in text.splitlines() for cell in re.split(r"\s{2,}", line.strip()) if CELL.fullmatch(cell)]


def options(text):
    return re.findall(r"--[a-z-]+", text)


def is_same_output(old, new):
    """Whether two outputs differ in words alone."""
    return bool(old and new) and all(found(old) == found(new) for found in (numbers, cells, options))


def is_same_without_numbers(a, b):
    return NUMBER.sub("#", a) == NUMBER.sub("#", b)


def keeps_numbers(old, new):
    """Whether the new text has each number of the old one; it may have more."""
    rest = numbers(new)
    for number in numbers(old):
        if number not in rest:
            return False
        rest.remove(number)
    return True


def is_reworded(old, new, is_code_possible=True):
    """Whether only the wording differs.  A single word may be a code that programs read, so it is not a sentence."""
    if not old.strip() or not new.strip() or is_code_possible and not (" " in old.strip() and " " in new.strip()):
        return False
    return not is_same_without_numbers(old, new) and keeps_numbers(old, new)
