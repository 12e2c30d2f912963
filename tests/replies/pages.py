"""Compares two HTML pages: their elements and attributes apart from their words."""
import html.parser

from sentences import ATTRIBUTES, is_reworded

# Elements of running text; a rewritten text may have others.
PROSE = {"p", "br", "em", "strong", "b", "i", "ul", "ol", "li", "small", "span", "code"}
EMPTY = {"meta", "link", "input", "br"}


class Page(html.parser.HTMLParser):
    """.shape has the elements with their attributes, .words the texts and attributes that people read."""

    def __init__(self, text):
        super().__init__()
        self.shape, self.words = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.words += [value or "" for name, value in attrs if name in ATTRIBUTES]
        attrs = sorted((name, value or "") for name, value in attrs if name not in ATTRIBUTES)
        if tag not in PROSE or attrs:
            self.shape.append(f"<{tag}" + "".join(f' {name}="{value}"' for name, value in attrs) + ">")

    def handle_endtag(self, tag):
        if tag not in PROSE and tag not in EMPTY:
            self.shape.append(f"</{tag}>")

    def handle_data(self, data):
        if data.strip():
            self.words.append(" ".join(data.split()))


def compare(old, new):
    """Yields (kind, location, old, new) of each difference."""
    a, b = Page(old), Page(new)
    found = False
    if a.shape != b.shape:
        found = True
        at = next((i for i, (x, y) in enumerate(zip(a.shape, b.shape)) if x != y), min(len(a.shape), len(b.shape)))
        yield "shape", "page", " ".join(a.shape[at:at + 3]), " ".join(b.shape[at:at + 3])
    if a.words != b.words:
        found = True
        x, y = " ".join(a.words), " ".join(b.words)
        yield "text" if is_reworded(x, y, False) else "shape", "words of the page", x, y
    if not found:
        yield "text", "blanks of the page", old, new
