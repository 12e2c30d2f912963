"""Replaces values that differ from run to run with stable placeholders: request ids, keys, tags, paths, durations.

A placeholder contains the name of the entry in which its value first appears.  So equal values stay equal, and an additional
value in one recording does not rename the others.
"""
import base64
import json
import re

UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b")
JWT = re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
API_KEY = re.compile(r"\bdbk_[A-Za-z0-9_-]{2,43}")

# Values that depend on the build and the machine, and their placeholders.
PLAIN = [
    (re.compile(r'(\bbuild(?:=\\?"| ))[0-9a-f]{16}\b'), r"\1<build id>"),
    (re.compile(r"\b(epoch\s+)[0-9a-f]{32}\b"), r"\1<epoch>"),
    (re.compile(r"\bus=\d+"), "us=<us>"),
    (re.compile(r"\b\d+ (MB (?:are )?free)"), r"<n> \1"),
    (re.compile(r"^(daybook_(?:database|wal)_bytes) \d+$", re.M), r"\1 <n>"),
    (re.compile(r"(\.db-new-)\d+\b"), r"\1<pid>"),
]


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class Masks:
    def __init__(self):
        self.names = {}		# value -> its placeholder
        self.counts = {}	# (kind, entry) -> how many placeholders have this name
        self.texts = []		# literal values to replace, the longest first: paths, random key names
        self.kept = set()	# UUIDs that the demo makes in the same way each time

    def keep(self, ids):
        self.kept.update(ids)

    def literal(self, value, placeholder):
        """Replaces this text, a path or a random name, everywhere."""
        if value not in dict(self.texts):
            self.texts = sorted(self.texts + [(value, placeholder)], key=lambda pair: -len(pair[0]))

    def named(self, kind, value, entry):
        if value not in self.names:
            n = self.counts[kind, entry] = self.counts.get((kind, entry), 0) + 1
            self.names[value] = f"<{kind} {n} of {entry}>"
        return self.names[value]

    def token(self, text, entry):
        """Shows a token of `daybook token` as its claims.  The tokens made here have no jti and are the same each time."""
        try:
            head, claims = (json.loads(decoded(part)) for part in text.split(".")[:2])
        except ValueError:
            return text
        if not isinstance(claims, dict) or claims.pop("jti", None) is None:
            return text
        return f"<token {json.dumps(head)} {json.dumps(claims)}>"

    def key(self, text, entry):
        """Names an API key; its first characters, the hint, get a name that refers to it."""
        for value, name in self.names.items():
            if value.startswith(text) and name.startswith("<API key"):
                return name if value == text else name.replace("<API key", "<hint of API key")
        return self.named("API key", text, entry)

    def __call__(self, text, entry):
        for value, placeholder in self.texts:
            text = text.replace(value, placeholder)
        if "eyJ" in text:
            text = JWT.sub(lambda m: self.token(m[0], entry), text)
        if "dbk_" in text:
            text = API_KEY.sub(lambda m: self.key(m[0], entry), text)
        text = UUID.sub(lambda m: m[0] if m[0] in self.kept else self.named("id", m[0], entry), text)
        for pattern, replacement in PLAIN:
            text = pattern.sub(replacement, text)
        return text

    def within(self, value, entry):
        """Masks every text inside lists and objects."""
        if isinstance(value, str):
            return self(value, entry)
        if isinstance(value, list):
            return [self.within(item, entry) for item in value]
        if isinstance(value, dict):
            return {name: self.within(item, entry) for name, item in value.items()}
        return value
