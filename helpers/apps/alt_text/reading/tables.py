"""The input, read row by row: a crawler's table, a sitemap of images, or a plain list."""

import codecs
import csv
import hashlib
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from helpers.apps.alt_text.reading.occurrences import Columns, Occurrence, occurrences_in
from helpers.apps.alt_text.reading.rows import (
    SITEMAP_COLUMNS,
    TableError,
    binary,
    csv_rows,
    list_rows,
    sitemap_rows,
    without_images,
)
from helpers.apps.alt_text.signs import ADDRESS_LIKE, IMAGE_LIKE

DELIMITERS = ",;\t|"
SAMPLE_BYTES, SAMPLE_ROWS = 1 << 16, 200
LISTED = re.compile(r"(https?:)?//[^\s;|\"<>]+|data:image/\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """How to read the input; "" leaves it to be found.

    Attributes:
        base: what addresses are relative to where a row names no page.
        everything: caption also images that have an alt text.
    """

    address_column: str = ""
    page_column: str = ""
    alt_column: str = ""
    encoding: str = ""
    delimiter: str = ""
    base: str = ""
    everything: bool = False


@dataclass
class Table:
    """An input, recognised.

    Attributes:
        kind: "table", "list" or "sitemap".
        columns: names; a file without a header has "column 1" and so on.
        header: whether the first row holds the names.
        sample: the first rows.
        address, alt: names of columns that such an input always has, "" where they must be found.
        places, reading: where to find things in a row, and how to read it.
        folder: of images that are fetched already; "" without such.
    """

    path: Path
    kind: str
    encoding: str
    delimiter: str = ","
    columns: list[str] = field(default_factory=list)
    header: bool = False
    sample: list[list[str]] = field(default_factory=list)
    address: str = ""
    alt: str = ""
    places: Columns = Columns(0)
    reading: Reading = Reading()
    folder: str = ""

    def rows(self) -> Iterator[list[str]]:
        """Yield the cells of each row; however large the file, one row is in memory."""
        if self.kind == "sitemap":
            return sitemap_rows(self.path)
        if self.kind == "list":
            return islice(list_rows(self.path, self.encoding), int(self.header), None)
        return islice(csv_rows(self.path, self.encoding, self.delimiter), int(self.header), None)

    def images(self, row: list[str]) -> list[Occurrence]:
        """Return the images of a row, at least one."""
        return occurrences_in(row, self.places, self.reading.base, self.reading.everything)

    def occurrences(self) -> Iterator[tuple[list[str], list[Occurrence]]]:
        """Yield each row with its images."""
        return ((row, self.images(row)) for row in self.rows())

    def digest(self) -> str:
        """Return the SHA-256 of the input, read piece by piece."""
        with open(self.path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def open_table(path: str | Path, encoding: str = "", delimiter: str = "") -> Table:
    """Recognise an input by its content; `encoding` and `delimiter` are found unless named.

    Raises TableError for a file that is missing, empty, or no text.
    """
    path = Path(path)
    start = first_bytes(path)
    encoding = encoding or encoding_of(start)
    try:
        text = start.decode(encoding, "western" if encoding.startswith("utf-8") else "replace")
    except LookupError:
        raise TableError(f"there is no encoding {encoding!r}; try utf-8, cp1252, utf-16") from None
    if not text.strip():
        raise TableError(f"{path} is empty. Export it again")
    if text.count("\0") or start.startswith((b"PK", b"%PDF", b"\xff\xd8", b"\x89PNG")):
        raise TableError(f"{path} is no text. Export it as CSV; a spreadsheet can")
    if re.match(r"\s*(<\?xml|<!--|<urlset|<sitemapindex)", text):
        table = Table(path, "sitemap", encoding, columns=SITEMAP_COLUMNS, address="image")
    elif not delimiter and (name := list_name(text)) is not None:
        table = Table(path, "list", encoding, columns=[name or "image"], header=bool(name))
        table.address = table.columns[0]
    else:
        table = Table(path, "table", encoding, delimiter or delimiter_of(text))
    return with_sample(table)


def first_bytes(path: Path) -> bytes:
    """Return how a file begins, unpacked."""
    try:
        with binary(path) as file:
            return file.read(SAMPLE_BYTES)
    except FileNotFoundError:
        raise TableError(f"{path}: there is no such file. Check its name and folder") from None
    except IsADirectoryError:
        raise TableError(f"{path} is a folder. Give the path of one file in it") from None
    except (OSError, EOFError) as error:
        raise TableError(f"{path} cannot be read ({error})") from None


def encoding_of(start: bytes) -> str:
    """Tell an encoding from the first bytes: by its mark, or UTF-16 by its zeros."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    if start[::2].count(0) > len(start) // 4:
        return "utf-16-be"
    return "utf-8-sig"


def list_name(text: str) -> str | None:
    """Return the name above a list of addresses, "" for one without a name, None for a table.

    It is a list if every line is one address and no comma cuts all lines alike.
    """
    lines = [line.strip() for line in text.splitlines()[:SAMPLE_ROWS] if line.strip()]
    named = not LISTED.fullmatch(lines[0]) and not {*lines[0]} & {*DELIMITERS}
    body = lines[named:]
    body = body[:-1] if len(body) > 2 else body  # the sample may cut the last one
    commas = {line.count(",") for line in body if not line.lower().startswith("data:")}
    alike = not named and len(commas) == 1 and commas != {0} and len(body) > 1
    fits = bool(body) and not alike and all(LISTED.fullmatch(line) for line in body)
    return lines[0] * named if fits else None


def delimiter_of(text: str) -> str:
    """Return the delimiter that cuts most rows into as many cells as the first row."""
    lines = text.splitlines(keepends=True)[: SAMPLE_ROWS + 1]

    def fits(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        alike = statistics.fmean(width == widths[0] for width in widths)
        return (alike, widths[0]) if widths[0] > 1 else (0, 0)

    return max(DELIMITERS, key=fits)


def with_sample(table: Table) -> Table:
    """Return a table with its first rows read and its columns named."""
    rows = list(islice(table.rows(), SAMPLE_ROWS))
    if table.kind == "table" and rows:
        first = rows[0]
        table.header = not any(ADDRESS_LIKE.match(c) or IMAGE_LIKE.search(c) for c in first)
        numbers = range(1, len(first) + 1)
        table.columns = first if table.header else [f"column {number}" for number in numbers]
        rows = rows[table.header :]
    table.sample = rows
    if table.kind == "sitemap" and not rows:
        raise TableError(without_images(table.path))
    return table
