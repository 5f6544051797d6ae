"""The state of a job: one SQLite file, since its transactions are whole after any kill.

Beside it nothing is remembered: who opens the file again sees what is done and what is not.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

PAGE = 500  # addresses read at a time

SCHEMA = """
CREATE TABLE IF NOT EXISTS manifest (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS addresses (
    number INTEGER PRIMARY KEY, address TEXT UNIQUE, turn INTEGER,
    status TEXT, message TEXT, digest TEXT
);
CREATE TABLE IF NOT EXISTS pictures (digest TEXT PRIMARY KEY, candidates TEXT, thumbnail BLOB);
CREATE INDEX IF NOT EXISTS waiting ON addresses (turn, number) WHERE status IS NULL;
"""


class StoreError(ValueError):
    """A state file that is of no use; the message says what to do."""


class Finding(NamedTuple):
    """What became of an address; `digest` names the picture it led to."""

    address: str
    status: str
    message: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture, however many addresses lead to it.

    Attributes:
        digest: the hash of its bytes.
        thumbnail: a small JPEG.
        candidates: (caption, probability), best first; none for one that only decorates.
    """

    digest: str
    thumbnail: bytes = b""
    candidates: list[tuple[str, float]] = field(default_factory=list)


class Store:
    """The addresses of a job, what became of them, and their pictures."""

    def __init__(self, path: str | Path):
        self.path = str(path)
        self.database = sqlite3.connect(self.path, isolation_level=None)
        try:
            # A kill costs nothing in this mode; a power cut costs the last batches at most.
            self.database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
            self.database.executescript(SCHEMA)
        except sqlite3.DatabaseError as error:
            self.database.close()
            problem = f"{path} is no state file of this command ({error})"
            raise StoreError(f"{problem}; delete it or choose another -o") from None

    @property
    def manifest(self) -> dict:
        """What this job is: the input's hash, the captioner's, the options that matter."""
        rows = self.database.execute("SELECT key, value FROM manifest")
        return {key: json.loads(value) for key, value in rows}

    def note(self, **values: object) -> None:
        """Write into the manifest."""
        rows = [(key, json.dumps(value)) for key, value in values.items()]
        with self.transaction():
            self.database.executemany("INSERT OR REPLACE INTO manifest VALUES (?, ?)", rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside becomes true at once, or none of it.

        Begins at once, so that a second run of the same job is noticed, not overwritten.
        """
        with self.database:
            self.database.execute("BEGIN IMMEDIATE")
            yield

    def start_anew(self) -> None:
        """Forget the addresses."""
        self.database.execute("DELETE FROM addresses")

    def add(self, rows: Iterable[tuple[str, int]]) -> None:
        """Add (address, turn); an address that is known is left alone."""
        with self.transaction():
            self.database.executemany(
                "INSERT OR IGNORE INTO addresses (address, turn) VALUES (?, ?)", rows
            )

    def knows(self, address: str) -> bool:
        """True if an address has been added."""
        query = "SELECT 1 FROM addresses WHERE address = ?"
        return self.database.execute(query, (address,)).fetchone() is not None

    def waiting(self, limit: int | None = None) -> Iterator[str]:
        """Yield addresses of which nothing is known yet, the servers taking turns.

        Opens the file on its own, so another thread may ask, and a third one give it up.
        """
        last, left = (-1, -1), limit if limit is not None else float("inf")
        query = "SELECT turn, number, address FROM addresses WHERE status IS NULL"
        query += " AND (turn, number) > (?, ?) ORDER BY turn, number LIMIT ?"
        with closing(sqlite3.connect(self.path, check_same_thread=False)) as database:
            while rows := database.execute(query, (*last, min(PAGE, left))).fetchall():
                left -= len(rows)
                last = rows[-1][:2]
                yield from (address for _, _, address in rows)

    def save(self, findings: Iterable[Finding], pictures: Iterable[Picture]) -> None:
        """Keep what became of some addresses, at once."""
        shown = [(p.digest, json.dumps(p.candidates), p.thumbnail) for p in pictures]
        rows = [(f.status, f.message, f.digest, f.address) for f in findings]
        with self.transaction():
            self.database.executemany("INSERT OR IGNORE INTO pictures VALUES (?, ?, ?)", shown)
            self.database.executemany(
                "UPDATE addresses SET status = ?, message = ?, digest = ? WHERE address = ?", rows
            )

    def has_picture(self, digest: str) -> bool:
        """True if a picture has been captioned."""
        query = "SELECT 1 FROM pictures WHERE digest = ?"
        return self.database.execute(query, (digest,)).fetchone() is not None

    def find(self, address: str) -> tuple[Finding, Picture | None]:
        """Return what became of an address, with status "pending" if nothing yet."""
        query = "SELECT status, message, digest, candidates, thumbnail FROM addresses"
        query += " LEFT JOIN pictures USING (digest) WHERE address = ?"
        row = self.database.execute(query, (address,)).fetchone()
        if row is None or row[0] is None:
            return Finding(address, "pending", "not visited yet; run the command again"), None
        status, message, digest, candidates, thumbnail = row
        picture = Picture(digest, thumbnail, json.loads(candidates)) if candidates else None
        return Finding(address, status, message, digest), picture

    def count(self) -> dict[str, int]:
        """Return how many addresses have which status."""
        query = "SELECT coalesce(status, 'pending'), count(*) FROM addresses GROUP BY 1 ORDER BY 1"
        return dict(self.database.execute(query).fetchall())

    def forget_failures(self, lasting: Iterable[str]) -> int:
        """Let every address wait again whose status is none of the lasting ones."""
        marks = list(lasting)
        query = "UPDATE addresses SET status = NULL, digest = NULL WHERE status NOT IN "
        return self.database.execute(query + f"({','.join('?' * len(marks))})", marks).rowcount

    def close(self) -> None:
        """Close the file."""
        self.database.close()
