"""The page on which a person reviews every suggestion: one file that needs nothing else.

What strangers wrote is escaped, and the page's own policy lets nothing run but its own script.
"""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from html import escape
from os import fsencode
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from helpers.apps.alt_text.writing.outputs import (
    FORMULA,
    INNER,
    SEPARATORS,
    Record,
    Write,
    added_names,
    confidence_of,
    safe,
)
from helpers.apps.wording import LONGEST, OPENING, RULES, short_alt_text

HERE, MARK = Path(__file__).parent, re.compile(r"\{\{(\w+)\}\}")
CARDS, ROWS, PAGE_BYTES = 2000, 20_000, 23_000_000  # what one page holds at most
POLICY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; {}"
LEAD = """{} to review, each suggestion made by a program that looked at the picture and knows
nothing of the page around it. Correct the texts, tick what you have read, and save the table."""
CARD = """<li class="card" data-status="{status}" data-confidence="{confidence}">
<div class="look">{look}</div>
<div>
<h2 id="name{number}">{name}</h2>
<p class="about">{about}</p>
<label for="text{number}" id="label{number}">Alt text</label>
<textarea id="text{number}" rows="2" aria-labelledby="label{number} name{number}"
 aria-describedby="hint{number}">{text}</textarea>
<p class="hint" id="hint{number}">{hint}</p>
{others}
<label class="check"><input type="checkbox" class="reviewed" aria-describedby="name{number}">
 Reviewed</label>
</div>
</li>"""


class Report:
    """Writes records into pages; one page is in memory.

    path: of the first page; the others get a number.
    place: gives the path to write to for the path of a page.
    """

    def __init__(
        self, path: Path, columns: Sequence[str], delimiter: str, place: Callable[[Path], Path]
    ):
        self.path, self.delimiter, self.place, self.pages = path, delimiter, place, 0
        self.safe = partial(safe, delimiter=delimiter)
        self.columns = [self.safe(name) for name in [*columns, *added_names(columns), "reviewed"]]
        self.begin()

    def begin(self) -> None:
        """Begin an empty page."""
        self.numbers, self.records, self.rows = {}, [], []
        self.bytes = 0

    def write(self, record: Record) -> None:
        """Add a row; rows that show the same share a card."""
        key = (record.image_address, record.status, record.alt_text, record.message)
        number = self.numbers.get(key) if record.image_address else None
        if number is None:
            if len(self.records) == CARDS or len(self.rows) >= ROWS or self.bytes > PAGE_BYTES:
                self.flush(more=True)
            number = self.numbers[key] = len(self.records)
            self.records.append(record)
            self.bytes += 1500 + len(record.picture.thumbnail if record.picture else "") * 4 // 3
        self.rows.append([number, *map(self.safe, record.row)])
        self.bytes += sum(map(len, record.row)) + 20

    def numbered(self, number: int) -> Path:
        """Return the path of a page: out.report.html, out.report-2.html."""
        return self.path if number == 1 else self.path.with_stem(f"{self.path.stem}-{number}")

    def flush(self, more: bool) -> None:
        """Write the page and begin the next one."""
        self.pages = number = self.pages + 1
        path = self.numbered(number)
        near = {"previous page": number - 1, "next page": number + 1 if more else 0}
        links = [
            f'<a href="{quote(fsencode(self.numbered(n).name))}">{w}</a>'
            for w, n in near.items()
            if n
        ]
        links = links and [f"Page {number}, which saves its own rows", *links]
        name = f"{path.name.removesuffix('.html').replace('.report', '.reviewed')}.csv"
        links = f"<nav><p>{' · '.join(links)}</p></nav>" if links else ""
        with self.place(path).open("w", encoding="utf-8") as file:
            file.writelines(self.page(name, links))
        self.begin()

    def page(self, name: str, pages: str) -> Iterator[str]:
        """Yield the HTML of a page, piece by piece; `name` is that of the file to save."""
        style, script = ((HERE / f"report.{kind}").read_text("utf-8") for kind in ("css", "js"))
        hashes = f"style-src '{hash_of(style)}'; script-src '{hash_of(script)}'"
        count = len(self.records)
        parts = {
            "policy": POLICY.format(hashes),
            "title": f"Alt text to review: {escape(self.path.name.removesuffix('.report.html'))}",
            "lead": LEAD.format(f"{count:,} image{'s' * (count != 1)}"),
            "pages": pages,
            "rules": "".join(f"<li>{rule}</li>" for rule in RULES),
            "filters": filters(Counter(record.status for record in self.records)),
            "data": self.data(name),
            "style": style,
            "script": script,
            "cards": (card(n, record) + "\n" for n, record in enumerate(self.records)),
        }
        template = (HERE / "report.html").read_text("utf-8")
        for number, piece in enumerate(MARK.split(template)):  # text, name of a part, text, …
            part = parts[piece] if number % 2 else piece
            yield from [part] if isinstance(part, str) else part

    def data(self, name: str) -> Iterator[str]:
        """Yield what the script needs, as JSON that no HTML parser takes for a tag."""
        cards = [
            map(self.safe, [a, c, s, m]) for a, _, c, s, m in (r.added() for r in self.records)
        ]
        content = {
            "file": name,
            "delimiter": self.delimiter,
            "columns": self.columns,
            "formula": FORMULA.pattern,
            "inner": INNER.pattern,
            "separators": [mark for mark in SEPARATORS if mark != self.delimiter],
            "opening": OPENING.pattern,
            "longest": LONGEST,
            "cards": list(map(list, cards)),
            "rows": self.rows,
        }
        for piece in json.JSONEncoder(ensure_ascii=False).iterencode(content):
            yield piece.replace("<", "\\u003c")


@contextmanager
def report_pages(
    path: Path, columns: Sequence[str], delimiter: str, place: Callable[[Path], Path]
) -> Iterator[Write]:
    """Give a function that writes a Record into a Report."""
    report = Report(path, columns, delimiter, place)
    yield report.write
    if report.records or not report.pages:
        report.flush(more=False)


def hash_of(text: str) -> str:
    """Return the hash by which a policy knows a script or a style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def filters(counts: Counter) -> str:
    """Return HTML: a choice per status."""
    choices = {"": "all", **{s: s.replace("_", " ") for s, _ in counts.most_common()}}
    return "".join(
        f'<label><input type="radio" name="status" value="{escape(status)}"'
        f"{' checked' * (not status)}> {escape(words)} "
        f"({counts[status] if status else counts.total():,})</label>"
        for status, words in choices.items()
    )


def card(number: int, record: Record) -> str:
    """Return the HTML of one image."""
    length = f"{len(record.alt_text)} of {LONGEST} characters"
    return CARD.format(
        number=number,
        status=escape(record.status),
        confidence="" if record.confidence is None else record.confidence,
        look=look(record),
        name=escape(name_of(record.image_address)),
        about=about(record),
        text=escape(record.alt_text),
        hint=length if record.alt_text else "Empty: screen readers skip it",
        others=others(record),
    )


def look(record: Record) -> str:
    """Return the HTML of a thumbnail; its words stand beside it, so it has no alt text itself."""
    if not record.picture or not record.picture.thumbnail:
        return '<div class="none">no picture</div>'
    code = base64.b64encode(record.picture.thumbnail).decode()
    return f'<img src="data:image/jpeg;base64,{code}" alt="" loading="lazy" decoding="async">'


def name_of(address: str) -> str:
    """Return the file name in an address, for people."""
    if not address or address.startswith("data:"):
        return "an image inside the page" if address else "no image"
    try:
        parts = urlsplit(address)
    except ValueError:
        return address[:80]
    return unquote(parts.path.rstrip("/").rpartition("/")[2])[:80] or parts.netloc or address[:80]


def about(record: Record) -> str:
    """Return HTML: status, confidence, message and a link to the image itself."""
    kind = {"ok": "ok", "exists": "plain", "decorative": "plain", "pending": "plain"}
    words = escape(record.status.replace("_", " "))
    parts = [f'<span class="badge {kind.get(record.status, "bad")}">{words}</span>']
    if record.confidence is not None:
        parts.append(f"confidence {record.confidence:.0%} a word")
    if record.message:
        parts.append(escape(record.message))
    if record.image_address.startswith(("http://", "https://")):
        target = escape(record.image_address)
        parts.append(f'<a href="{target}" target="_blank" rel="noopener noreferrer">full size</a>')
    return " · ".join(parts)


def others(record: Record) -> str:
    """Return HTML: the other candidates, each a button that takes it over."""
    candidates = record.picture.candidates if record.picture else []
    sure = [(caption, confidence_of(caption, probability)) for caption, probability in candidates]
    lines = [
        f'<li><button type="button">{escape(short_alt_text(caption))}</button>'
        f"{meter(confidence)}</li>"
        for caption, confidence in sure[1:]
        if short_alt_text(caption) not in ("", record.alt_text)
    ]
    return (
        f'<ul class="others" aria-label="Other candidates">{"".join(lines)}</ul>' if lines else ""
    )


def meter(confidence: float | None) -> str:
    """Return the HTML of a candidate's confidence; nothing, if its captioner doesn't tell."""
    if confidence is None:
        return ""
    bar = f'<meter value="{confidence:.3f}" aria-hidden="true"></meter>'
    return f"{bar}<span>{confidence:.0%} a word</span>"
