"""The state of a job: one SQLite file, since its transactions are whole after any kill.

Beside it nothing is remembered: who opens the file again sees what is done and what is not.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from helpers.apps.alt_text.findings import Finding, Picture, expect, picture
from helpers.strangers import number_in, read_json

PAGE = 500  # addresses read at a time

SCHEMA = """
CREATE TABLE IF NOT EXISTS manifest (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS addresses (
    number INTEGER PRIMARY KEY, address TEXT UNIQUE, turn INTEGER,
    status TEXT, message TEXT, digest TEXT
);
CREATE TABLE IF NOT EXISTS pictures (
    digest TEXT PRIMARY KEY, candidates TEXT, thumbnail BLOB, sure INTEGER
);
CREATE INDEX IF NOT EXISTS waiting ON addresses (turn, number) WHERE status IS NULL;
"""
COUNTS = ("rows", "images", "width", "addresses", "servers")  # what a scan has counted
# What SQLite calls a problem -> what it is, what to do. Any other one is a damaged file.
PROBLEMS = {
    ("SQLITE_FULL",): "cannot be written: the disk is full. Make room, and give the command again",
    ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"): "is open in another program; wait for it",
    ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH", "SQLITE_CANTOPEN"): (
        "cannot be opened and written. Check its name and the rights in its folder"
    ),
    ("SQLITE_IOERR",): "cannot be read or written. Is the disk full, or is it damaged?",
}


class StoreError(ValueError):
    """A state file that is of no use; the message says what to do."""


@contextmanager
def in_words(path: str) -> Iterator[None]:
    """Raise StoreError for whatever is wrong with a state file while the block runs."""
    try:
        yield
    except sqlite3.ProgrammingError:  # a mistake of ours
        raise
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        known = (said for names, said in PROBLEMS.items() if name.startswith(names))
        raise StoreError(f"{path} {next(known, damaged(error))}") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{path} {damaged(error)}") from None


def damaged(error: Exception) -> str:
    """Return that a file is none that this command has written."""
    return f"is damaged, or no state file of this command ({error}); delete it or choose another -o"


class Store:
    """The addresses of a job, what became of them, and their pictures."""

    def __init__(self, path: str | Path):
        self.path = str(path)
        with in_words(self.path):
            self.database = sqlite3.connect(self.path, isolation_level=None)
        try:
            with in_words(self.path):
                # A kill costs nothing in this mode; a power cut costs the last batches at most.
                self.database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
                self.database.executescript(SCHEMA)
                expect(list, *self.ask("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        except StoreError:
            self.database.close()
            raise

    def ask(self, query: str, *given: object) -> list[tuple]:
        """Return the rows that answer a query."""
        with in_words(self.path):
            return self.database.execute(query, given).fetchall()

    @property
    def manifest(self) -> dict:
        """What this job is: the input's hash, the captioner's, the options that matter."""
        with in_words(self.path):
            known = {key: read_json(value) for key, value in self.ask("SELECT * FROM manifest")}
            expect(list, known.get("files", []))
            expect(str, *known, *known.get("files", []))
        return known

    def scanned(self) -> dict[str, int]:
        """Return what a scan has counted; nothing before it."""
        if (counts := self.manifest.get("scanned")) is None:
            return {}
        with in_words(self.path):
            expect(int, *(number_in(counts[name], 0, 1e15) for name in {*COUNTS, *counts}))
        return counts

    def note(self, **values: object) -> None:
        """Write into the manifest."""
        rows = [(key, json.dumps(value)) for key, value in values.items()]
        self.write(("INSERT OR REPLACE INTO manifest VALUES (?, ?)", rows))

    def write(self, *changes: tuple[str, Iterable[tuple]]) -> None:
        """Make changes, each a command with its rows: all of them become true at once, or none.

        Begins at once, so that a second run of the same job is noticed, not overwritten.
        """
        with in_words(self.path), self.database:
            self.database.execute("BEGIN IMMEDIATE")
            for command, rows in changes:
                self.database.executemany(command, rows)

    def start_anew(self) -> None:
        """Forget the addresses of which nothing is known yet."""
        self.ask("DELETE FROM addresses WHERE status IS NULL")

    def add(self, rows: Iterable[tuple[str, int]]) -> None:
        """Add (address, turn); an address that is known is left alone."""
        self.write(("INSERT OR IGNORE INTO addresses (address, turn) VALUES (?, ?)", rows))

    def knows(self, address: str) -> bool:
        """True if an address has been added."""
        return bool(self.ask("SELECT 1 FROM addresses WHERE address = ?", address))

    def waiting(self, limit: int | None = None, table: str = "addresses") -> Iterator[str]:
        """Yield addresses, or pages, of which nothing is known yet, the servers taking turns.

        Opens the file on its own, so another thread may ask, and a third one give it up.
        """
        last, left = (-1, -1), limit if limit is not None else float("inf")
        query = f"SELECT turn, number, address FROM {table} WHERE status IS NULL"
        query += " AND (turn, number) > (?, ?) ORDER BY turn, number LIMIT ?"
        with in_words(self.path):
            database = sqlite3.connect(self.path, check_same_thread=False)
        with closing(database):
            while rows := page(database, self.path, query, *last, min(PAGE, left)):
                left -= len(rows)
                last = rows[-1][:2]
                yield from (address for _, _, address in rows)

    def save(self, findings: Iterable[Finding], pictures: Iterable[Picture]) -> None:
        """Keep what became of some addresses, at once."""
        shown = [(p.digest, p.said(), p.thumbnail, p.sure) for p in pictures]
        rows = [(f.status, f.message, f.digest, f.address) for f in findings]
        became = "UPDATE addresses SET status = ?, message = ?, digest = ? WHERE address = ?"
        self.write(("INSERT OR IGNORE INTO pictures VALUES (?, ?, ?, ?)", shown), (became, rows))

    def has_picture(self, digest: str) -> bool:
        """True if a picture has been captioned."""
        return bool(self.ask("SELECT 1 FROM pictures WHERE digest = ?", digest))

    def find(self, address: str) -> tuple[Finding, Picture | None]:
        """Return what became of an address, with status "pending" if nothing yet."""
        rows = self.ask("SELECT status, message, digest FROM addresses WHERE address = ?", address)
        if not rows or rows[0][0] is None:
            return Finding(address, "pending", "not visited yet; run the command again"), None
        status, message, digest = rows[0]
        with in_words(self.path):
            expect(str, status, message, digest or "")
        return Finding(address, status, message, digest or ""), self.picture(digest or "")

    def picture(self, digest: str) -> Picture | None:
        """Return what is kept of a picture, None if nothing."""
        query = "SELECT thumbnail, candidates, sure FROM pictures WHERE digest = ?"
        rows = self.ask(query, digest) if digest else []
        with in_words(self.path):
            return picture(digest, *rows[0]) if rows else None

    def count(self) -> dict[str, int]:
        """Return how many addresses have which status."""
        query = "SELECT coalesce(status, 'pending'), count(*) FROM addresses GROUP BY 1 ORDER BY 1"
        return dict(self.ask(query))

    def forget_failures(self, lasting: Sequence[str], table: str = "addresses") -> int:
        """Let every address, or page, wait again whose status is none of the lasting ones."""
        marks = ",".join("?" * len(lasting))
        query = f"UPDATE {table} SET status = NULL WHERE status NOT IN ({marks})"
        with in_words(self.path):
            return self.database.execute(query, lasting).rowcount

    def close(self) -> None:
        """Close the file."""
        self.database.close()


def page(database: sqlite3.Connection, path: str, query: str, *given: float) -> list[tuple]:
    """Return the next rows (turn, number, address)."""
    with in_words(path):
        rows = database.execute(query, given).fetchall()
        expect(str, *(row[-1] for row in rows))
        return rows
