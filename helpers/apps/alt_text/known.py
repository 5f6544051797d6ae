"""What a job knows beside its rows: pages that were read, alt texts that many images share.

It stands in the job's state file, so it survives what that one survives.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Protocol

from helpers.apps.alt_text.findings import Finding, expect
from helpers.apps.alt_text.store import Store, in_words
from helpers.strangers import read_json

SCHEMA = """
CREATE TABLE IF NOT EXISTS pages (
    number INTEGER PRIMARY KEY, address TEXT UNIQUE, turn INTEGER,
    status TEXT, message TEXT, title TEXT, h1 TEXT
);
CREATE TABLE IF NOT EXISTS markup (
    page TEXT, address TEXT, seen TEXT, PRIMARY KEY (page, address)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alts (text INTEGER, image INTEGER, PRIMARY KEY (text, image))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contexts (address TEXT PRIMARY KEY, context TEXT) WITHOUT ROWID;
"""


class PageRead(Protocol):
    """What was read of a page, as `reading.markup.Page` has it."""

    title: str
    h1: str
    images: dict[str, dict[str, str]]


class Known:
    """The pages, contexts and repeated alt texts of a job."""

    def __init__(self, store: Store, repeated: int):
        self.store, self.least = store, repeated
        with in_words(store.path):
            store.database.executescript(SCHEMA)
        self.shared: set[int] = set()
        self.find_repeated()
        self.some_read = self.count_pages()[2] > 0

    def markup(self, page: str, address: str) -> dict[str, str]:
        """Return how an image stands on a page that was read, and what that page is."""
        query = "SELECT title, h1, seen FROM pages LEFT JOIN markup"
        query += " ON markup.page = pages.address AND markup.address = ? WHERE pages.address = ?"
        rows = self.store.ask(query, address, page) if page and self.some_read else []
        if not rows:
            return {}
        title, h1, seen = rows[0]
        with in_words(self.store.path):
            image = read_json(seen or "{}")
            expect(dict, image)
            expect(str, *image, *image.values())
        return image | {name: text for name, text in (("title", title), ("h1", h1)) if text}

    def title(self, address: str) -> str:
        """Return the H1, else the title, of a page that was read; "" for any other."""
        query = "SELECT h1, title FROM pages WHERE address = ?"
        rows = self.store.ask(query, address) if self.some_read else []
        return next((text for row in rows for text in row if text), "")

    def repeated(self, alt: str) -> bool:
        """True for an alt text that many different images share."""
        return bool(self.shared) and number_of(alt) in self.shared

    def note_alts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Note which alt text which address has."""
        rows = [(number_of(alt), number_of(address)) for alt, address in pairs]
        self.store.write(("INSERT OR IGNORE INTO alts VALUES (?, ?)", rows))

    def find_repeated(self) -> bool:
        """Look for alt texts that many images share; return whether there are more than before."""
        query = "SELECT text FROM alts GROUP BY text HAVING count(*) >= ?"
        before, self.shared = self.shared, {text for (text,) in self.store.ask(query, self.least)}
        return self.shared != before

    def note_contexts(self, contexts: Mapping[str, str]) -> None:
        """Note a short text about the page around each address, unless it has one."""
        self.store.write(("INSERT OR IGNORE INTO contexts VALUES (?, ?)", contexts.items()))

    def forget_contexts(self) -> None:
        """Forget what is known of the pages around images: they are noted anew."""
        self.store.ask("DELETE FROM contexts")

    def context(self, address: str) -> str:
        """Return what is known of the page around an image; "" for nothing."""
        rows = self.store.ask("SELECT context FROM contexts WHERE address = ?", address)
        return rows[0][0] if rows else ""

    def add_pages(self, pages: Mapping[str, int]) -> None:
        """Add pages to read, each with its turn; one that is known is left alone."""
        added = "INSERT OR IGNORE INTO pages (address, turn) VALUES (?, ?)"
        self.store.write((added, pages.items()))

    def unread_among(self, pages: Iterable[str]) -> list[str]:
        """Return those of some pages that were not visited yet."""
        query = "SELECT 1 FROM pages WHERE status IS NULL AND address = ?"
        return [page for page in pages if self.store.ask(query, page)]

    def count_pages(self) -> tuple[int, int, int]:
        """Return how many pages there are, how many were visited, and how many were read."""
        return self.store.ask("SELECT count(*), count(status), total(status = 'ok') FROM pages")[0]

    def save_page(self, finding: Finding, page: PageRead | None) -> None:
        """Keep what was read of a page, at once; page: None if it could not be read."""
        images = page.images if page else {}
        rows = [(finding.address, image, json.dumps(seen)) for image, seen in images.items()]
        texts = (page.title, page.h1) if page else ("", "")
        query = "UPDATE pages SET status = ?, message = ?, title = ?, h1 = ? WHERE address = ?"
        given = finding.status, finding.message, *texts, finding.address
        self.store.write((query, [given]), ("INSERT OR REPLACE INTO markup VALUES (?, ?, ?)", rows))
        self.some_read = True


def number_of(text: str) -> int:
    """Return a number of 56 bits that stands for a text, whatever its white space and case."""
    plain = " ".join(text.lower().split())
    return int.from_bytes(hashlib.sha256(plain.encode("utf-8", "replace")).digest()[:7])
