"""The page on which a person reviews every suggestion: one file that needs nothing else.

What strangers wrote stands in it as JSON alone; its script makes text of it, never markup, and the
page's own policy lets nothing run but that script.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from html import escape
from os import fsencode
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from helpers.apps.alt_text.findings import Picture
from helpers.apps.alt_text.statuses import NO_WORDS, PENDING, TEXT, UNSURE, status_named
from helpers.apps.alt_text.writing.outputs import Record, Write
from helpers.apps.alt_text.writing.reviews import FORMAT
from helpers.apps.wording import LONGEST, OPENING, RULES, per_word, short_alt_text

HERE, MARK = Path(__file__).parent, re.compile(r"\{\{(\w+)\}\}")
CARDS, PAGE_BYTES = 2000, 27_000_000  # what one page holds at most
LONGEST_CONTEXT = 300  # characters of each thing that is said around an image
POLICY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; {}"
SAYS_SO = (UNSURE, NO_WORDS, TEXT)  # what these mean is what their messages say


@dataclass(frozen=True)
class About:
    """What a page says of the job.

    Attributes:
        note: of the captioner, in a sentence: what it learnt from, what it can't see, its licence.
        names: of the captioner, and of the one beside it.
        rest: what the images that are left would take.
        sampled: leave out what was not visited; a sample is for a look at the captioner.
        language: of the texts.
    """

    note: str = ""
    names: tuple[str, str] = ("", "")
    rest: str = ""
    sampled: bool = False
    language: str = "en"


class Report:
    """Writes records into pages; one page is in memory.

    path: of the first page; the others get a number.
    place: gives the path to write to for the path of a page.
    """

    def __init__(self, path: Path, about: About, place: Callable[[Path], Path]):
        self.path, self.about, self.place, self.pages = path, about, place, 0
        self.job = path.name.removesuffix(".report.html")
        self.begin()

    def begin(self) -> None:
        """Begin an empty page."""
        self.numbers, self.cards, self.bytes = {}, [], 0

    def write(self, record: Record) -> None:
        """Add a row; rows that show the same share a card, those not visited yet have none."""
        left_out = record.status == PENDING or (self.about.sampled and not record.picture)
        if left_out:
            return
        shown = (record.key, record.status, record.alt_text, record.message)
        if shown in self.numbers:
            self.cards[self.numbers[shown]]["rows"] += 1
            return
        content = card(record)
        size = len(json.dumps(content))
        if self.cards and (len(self.cards) == CARDS or self.bytes + size > PAGE_BYTES):
            self.flush(more=True)
        self.numbers[shown] = len(self.cards)
        self.cards.append(content)
        self.bytes += size

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
        words = " · ".join([f"Page {number}, which saves its own images", *links])
        with self.place(path).open("w", encoding="utf-8", errors="replace") as file:
            file.writelines(self.page(path, f"<p>{words}</p>" if links else ""))
        self.begin()

    def page(self, path: Path, pages: str) -> Iterator[str]:
        """Yield the HTML of a page, piece by piece."""
        style, script = ((HERE / f"report.{kind}").read_text("utf-8") for kind in ("css", "js"))
        hashes = f"style-src '{hash_of(style)}'; script-src '{hash_of(script)}'"
        parts = {
            "policy": POLICY.format(hashes),
            "title": f"Alt text to review: {escape(self.job)}",
            "note": escape(self.about.note),
            "rest": f"<p>{escape(self.about.rest)}</p>" if self.about.rest else "",
            "pages": pages,
            "rules": "".join(f"<li>{rule}</li>" for rule in RULES),
            "data": self.data(path.name.removesuffix(".html").replace(".report", ".review")),
            "style": style,
            "script": script,
        }
        template = (HERE / "report.html").read_text("utf-8")
        for number, piece in enumerate(MARK.split(template)):  # text, name of a part, text, …
            part = parts[piece] if number % 2 else piece
            yield from [part] if isinstance(part, str) else part

    def data(self, name: str) -> Iterator[str]:
        """Yield what the script needs, as JSON that no HTML parser takes for a tag."""
        kinds = {card["status"]: asdict(status_named(card["status"])) for card in self.cards}
        content = {
            "file": f"{name}.json",
            "format": FORMAT,
            "names": self.about.names,
            "language": self.about.language,
            "opening": OPENING.pattern,
            "longest": LONGEST,
            "statuses": dict(sorted(kinds.items(), key=lambda kind: (kind[1]["order"], kind[0]))),
            "cards": self.cards,
        }
        for piece in json.JSONEncoder(ensure_ascii=False).iterencode(content):
            yield piece.replace("<", "\\u003c")


@contextmanager
def report_pages(path: Path, about: About, place: Callable[[Path], Path]) -> Iterator[Write]:
    """Give a function that writes a Record into a Report."""
    report = Report(path, about, place)
    yield report.write
    if report.cards or not report.pages:
        report.flush(more=False)


def hash_of(text: str) -> str:
    """Return the hash by which a policy knows a script or a style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def card(record: Record) -> dict:
    """Return what the page knows of an image."""
    address, review = record.image_address, record.review
    return {
        "key": record.key,
        "name": name_of(address),
        "image": record.image,
        "status": record.status,
        "message": "" if record.status in SAYS_SO else record.message,
        "text": record.alt_text,
        "confidence": record.confidence,
        "sureness": sureness(record),
        "guesses": guesses(record.picture),
        "beside": guesses(record.beside),
        "context": {label: text[:LONGEST_CONTEXT] for label, text in record.context.items()},
        "photo": photo(record.picture),
        "review": review and asdict(review),
        "rows": 1,
    }


def sureness(record: Record) -> float | None:
    """Return what sorts images of one status: the confidence, where there is one.

    Else the probability of a word, which says nothing by itself, but puts doubt first.
    """
    said = record.picture.candidates if record.picture else []
    if record.confidence is not None or not said or said[0].probability is None:
        return record.confidence
    return round(per_word(said[0].probability, said[0].caption), 3)


def guesses(picture: Picture | None) -> list[tuple[str, float | None]]:
    """Return the distinct texts that a captioner offers, with their confidence, if any."""
    found = {}
    for candidate in picture.candidates if picture else []:
        if text := short_alt_text(candidate.caption):
            found.setdefault(text, candidate.confidence)
    return list(found.items())


def photo(picture: Picture | None) -> str:
    """Return the address (data:…) of a thumbnail, "" if there is none."""
    if not picture or not picture.thumbnail:
        return ""
    return f"data:image/webp;base64,{base64.b64encode(picture.thumbnail).decode()}"


def name_of(address: str) -> str:
    """Return the file name in an address, for people."""
    if not address or address.startswith("data:"):
        return "an image inside the page" if address else "no image"
    try:
        parts = urlsplit(address)
    except ValueError:
        return address[:80]
    return unquote(parts.path.rstrip("/").rpartition("/")[2])[:80] or parts.netloc or address[:80]
