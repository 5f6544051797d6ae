"""The input, read row by row: a crawler's table, a sitemap of images, or a plain list."""

import codecs
import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import dropwhile, islice
from pathlib import Path

from helpers.apps.alt_text.reading.header import ABOVE, SEPARATOR, header_at, is_comment
from helpers.apps.alt_text.reading.names import is_known
from helpers.apps.alt_text.reading.occurrences import (
    Columns,
    Occurrence,
    Reading,
    is_no_image,
    occurrences_in,
)
from helpers.apps.alt_text.reading.purpose import NOTHING_KNOWN, NothingKnown
from helpers.apps.alt_text.reading.rows import TableError, binary, csv_rows, list_rows
from helpers.apps.alt_text.reading.sitemaps import COLUMNS, sitemap_rows

DELIMITERS = ",;\t|"
SAMPLE_BYTES, SAMPLE_ROWS = 1 << 16, 200
NO_TABLES = {  # how a text begins -> what it is, and what to do
    r'[\[{]\s*["\[{]': "JSON. Write it as CSV, with a column of addresses and one of alt texts",
    r"<!doctype html|<html\b": "a web page. Write the addresses of its images into a list, one a "
    "line, or take a crawler's table",
}
NO_TEXTS = (b"PK", b"%PDF", b"\xff\xd8", b"\x89PNG")
MOST_COLUMNS = 2000  # each row of the output has so many cells, also where the input's are short
LISTED = re.compile(r"(https?:)?//[^\s;|\"<>]+|data:image/\S+", re.IGNORECASE)


@dataclass
class Table:
    """An input, recognised.

    Attributes:
        kind: "table", "list" or "sitemap".
        columns: names; a file without a header has "column 1" and so on.
        header: whether a row holds the names.
        skip: how many rows stand above the first one of images: the header, and what is above it.
        above: what stands above the header.
        broken: files of a folder that can't be read; known once its rows are.
        mixed: bytes that are no UTF-8 are read as cp1252, since --encoding utf-8 was given.
        sample: the first rows.
        address, alt: names of columns that such an input always has, "" where they must be found.
        places, reading: where to find things in a row, and how to read it.
        folder: of images that are fetched already; "" without such.
        known: what is known beside the rows; a job fills it in.
    """

    path: Path
    kind: str
    encoding: str
    delimiter: str = ","
    columns: list[str] = field(default_factory=list)
    header: bool = False
    skip: int = 0
    above: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    mixed: bool = False
    sample: list[list[str]] = field(default_factory=list)
    address: str = ""
    alt: str = ""
    places: Columns = Columns(0)
    reading: Reading = Reading()
    folder: str = ""
    known: NothingKnown = NOTHING_KNOWN

    def rows(self) -> Iterator[list[str]]:
        """Yield the cells of each row; however large the file, one row is in memory."""
        if self.kind == "sitemap":
            return sitemap_rows(self.path)
        if self.kind == "list":
            return islice(list_rows(self.path, self.encoding, self.mixed), self.skip, None)
        rows = csv_rows(self.path, self.encoding, self.delimiter, self.mixed)
        return islice(rows, self.skip, None)

    def images(self, row: list[str]) -> list[Occurrence]:
        """Return the images of a row, at least one; none if its kind is another one."""
        if is_no_image(row, self.places):
            return []
        return occurrences_in(row, self.places, self.reading, self.known)

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
    with binary(path) as file:
        start = file.read(SAMPLE_BYTES)
    mixed = encoding.lower().replace("_", "-").startswith("utf-8")
    encoding = "utf-8-sig" if mixed else encoding or encoding_of(start)
    text = beginning(path, start, encoding)
    if re.match(r"\s*(<\?xml|<!--|<urlset|<sitemapindex)", text):
        table = Table(path, "sitemap", encoding, columns=COLUMNS, address="image")
    elif not delimiter and (name := list_name(text)) is not None:
        table = Table(path, "list", encoding, columns=[name or "image"], header=bool(name))
        table.address, table.skip = table.columns[0], int(table.header)
    else:
        table = Table(path, "table", encoding, delimiter or delimiter_of(text))
    table.mixed = mixed
    return with_sample(table)


def beginning(path: Path, start: bytes, encoding: str) -> str:
    """Return the first bytes of a file as text; raises TableError if they are none."""
    try:
        "".encode(encoding)  # some that decode are no encodings of texts
        text = codecs.getincrementaldecoder(encoding)("replace").decode(start)
    except (LookupError, ValueError, TypeError, AttributeError):
        raise TableError(f"there is no encoding {encoding!r}; try utf-8, cp1252, utf-16") from None
    if not str(text).strip("\ufeff \t\r\n\f\v\x1c\x1d\x1e\x85\u2028\u2029"):
        raise TableError(f"{path} is empty. Export it again")
    if not isinstance(text, str) or "\0" in text or start.startswith(NO_TEXTS):
        raise TableError(f"{path} is no text. Export it as CSV; a spreadsheet can")
    text = text.lstrip("\ufeff\r\n")
    for looks, what in NO_TABLES.items():
        if re.match(looks, text.lstrip(), re.IGNORECASE):
            raise TableError(f"{path} is {what}")
    return text


def encoding_of(start: bytes) -> str:
    """Tell an encoding from the first bytes: by its mark, or UTF-16 by its zeros."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
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
    if not lines:
        return None
    named = not LISTED.fullmatch(lines[0]) and not {*lines[0]} & {*DELIMITERS}
    body = lines[named:]
    body = body[:-1] if len(body) > 2 else body  # the sample may cut the last one
    commas = {line.count(",") for line in body if not line.lower().startswith("data:")}
    alike = not named and len(commas) == 1 and commas != {0} and len(body) > 1
    fits = bool(body) and not alike and all(LISTED.fullmatch(line) for line in body)
    return lines[0] * named if fits else None


def delimiter_of(text: str) -> str:
    """Return the delimiter that finds the names of a header, or cuts most rows alike.

    A first line such as “sep=;” names it.
    """
    if given := SEPARATOR.match(text):
        return given[1]
    lines = text.splitlines(keepends=True)[: SAMPLE_ROWS + 1]
    lines = [line for line in lines if line.strip() and not is_comment([line])] or lines

    def fits(delimiter: str) -> tuple[int, float, int]:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        below = [*dropwhile(lambda row: len(row) == 1, rows)]  # below titles
        if not below:
            return 0, 0, 0
        names = max(sum(map(is_known, row)) for row in below[:ABOVE])
        certain = names if names > 1 or len(lines) == 1 else 0  # however many “;” styles bring
        alike = sum(len(row) == len(below[0]) for row in below) / len(rows)
        return certain, alike, len(below[0])

    return max(DELIMITERS, key=fits)


def with_sample(table: Table) -> Table:
    """Return a table with its first rows read and its columns named."""
    rows = list(islice(table.rows(), SAMPLE_ROWS))
    if table.kind == "table" and rows:
        above, table.header = header_at(rows)
        table.above = [table.delimiter.join(filter(None, row)) for row in rows[:above]]
        table.above = [line for line in table.above if not line.lower().startswith("sep=")]
        numbers = range(1, len(rows[above]) + 1)
        named = rows[above] if table.header else [f"column {number}" for number in numbers]
        table.columns, table.skip = named, above + table.header
        rows = rows[table.skip :]
    if table.header and len(table.columns) == 1 and table.kind == "table":
        refuse_one_cell(table.path, table.columns[0])
    if len(table.columns) > MOST_COLUMNS:
        problem = (
            f"{table.path} has {len(table.columns):,} columns, and {MOST_COLUMNS:,} is the most"
        )
        raise TableError(f"{problem}. Is {table.delimiter!r} its --delimiter?")
    table.sample = rows
    return table


def refuse_one_cell(path: Path, header: str) -> None:
    """Raise TableError for a header that is one cell, and would be several."""
    header = header.replace("\r", " ").replace("\n", " ")  # quoted, a cell may have many lines
    for delimiter in DELIMITERS:
        if sum(map(is_known, next(csv.reader([header], delimiter=delimiter), []))) > 1:
            problem = f"the names of the columns are one cell, {header[:60]!r}"
            cure = f"Take away quotes around whole lines; else {delimiter!r} is the --delimiter"
            raise TableError(f"{path}: {problem}. {cure}")
