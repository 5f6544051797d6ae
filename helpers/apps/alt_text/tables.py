"""The input, read row by row: a crawler's table, a sitemap of images, or a plain list."""

import codecs
import csv
import gzip
import io
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

DELIMITERS = ",;\t|"
SAMPLE_BYTES, SAMPLE_ROWS = 1 << 16, 200
LONGEST_CELL = 20_000_000  # characters; more means a quote that is never closed
LONGEST_LINE = 20_000_000  # characters; a photo inside a line (data:…) takes 13 million at most
NAMED_SITEMAPS = 3  # how many of an index a message names
SITEMAP_COLUMNS = ["page", "image", "title", "caption"]
LISTED = re.compile(r"(https?:)?//[^\s;|\"<>]+|data:image/\S+", re.IGNORECASE)
IMAGE_ENDING = r"\.(jpe?g|png|webp|gif|bmp|avif|svg|tiff?|heic)"
IMAGE_LIKE = re.compile(rf"<img\b|^data:image/|{IMAGE_ENDING}([?#\s,;|]|$)", re.IGNORECASE)
ADDRESS_LIKE = re.compile(r"\s*(https?:)?//\S", re.IGNORECASE)

# A table may mix encodings: bytes that are no UTF-8 are read as Windows does in the West.
codecs.register_error(
    "western", lambda e: (e.object[e.start : e.end].decode("cp1252", "replace"), e.end)
)


class TableError(ValueError):
    """An input that cannot be read; the message says what was seen and how to help."""


@dataclass
class Table:
    """An input, recognised.

    Attributes:
        kind: "table", "list" or "sitemap".
        columns: names; a file without a header has "column 1" and so on.
        header: whether the first row holds the names.
        sample: the first rows.
    """

    path: Path
    kind: str
    encoding: str
    delimiter: str = ","
    columns: list[str] = field(default_factory=list)
    header: bool = False
    sample: list[list[str]] = field(default_factory=list)

    def rows(self) -> Iterator[list[str]]:
        """Yield the cells of each row; however large the file, one row is in memory."""
        if self.kind == "sitemap":
            return sitemap_rows(self.path)
        if self.kind == "list":
            return islice(list_rows(self.path, self.encoding), int(self.header), None)
        return islice(csv_rows(self.path, self.encoding, self.delimiter), int(self.header), None)


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
        table = Table(path, "sitemap", encoding, columns=SITEMAP_COLUMNS)
    elif not delimiter and (name := list_name(text)) is not None:
        table = Table(path, "list", encoding, columns=[name or "image"], header=bool(name))
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


def binary(path: Path) -> IO[bytes]:
    """Open a file, also one that gzip packed, as sitemaps often are."""
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else open(path, "rb")


def encoding_of(start: bytes) -> str:
    """Tell an encoding from the first bytes: by its mark, or UTF-16 by its zeros."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    if start[::2].count(0) > len(start) // 4:
        return "utf-16-be"
    return "utf-8-sig"


def lines_of(path: Path, encoding: str) -> Iterator[str]:
    """Yield the lines of a file as text, their ends kept.

    Raises TableError for a line that is too long to be one.
    """
    errors = "western" if encoding.startswith("utf-8") else "replace"
    with binary(path) as file, io.TextIOWrapper(file, encoding, errors, newline="") as text:
        for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE + 1), ""), 1):
            if len(line) > LONGEST_LINE:
                problem = f"{path}, line {number:,} has more than {LONGEST_LINE:,} characters"
                raise TableError(f"{problem}. Export a table with a line for each row")
            yield line


def list_rows(path: Path, encoding: str) -> Iterator[list[str]]:
    """Yield the lines of a plain list, empty ones left out."""
    return ([line.strip()] for line in lines_of(path, encoding) if line.strip())


def csv_rows(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows of a table, empty lines left out.

    Raises TableError, with the line, for a cell that never ends.
    """
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(lines_of(path, encoding), delimiter=delimiter)
    try:
        yield from filter(None, reader)
    except csv.Error as error:
        problem = f"{path}, line {reader.line_num:,}: {error}. Is a quote never closed above it?"
        raise TableError(problem) from None


def sitemap_rows(path: Path) -> Iterator[list[str]]:
    """Yield page, image, title and caption of each image of a sitemap.

    Source: Google's image extension of sitemaps.org, https://www.google.com/schemas/sitemap-image.
    """
    try:
        with binary(path) as file:
            for _, element in ElementTree.iterparse(file):
                if local_name(element) == "url":
                    texts = [(local_name(e), (e.text or "").strip(), e) for e in element]
                    page = next((text for name, text, _ in texts if name == "loc"), "")
                    for image in (e for name, _, e in texts if name == "image"):
                        known = {local_name(e): (e.text or "").strip() for e in image}
                        yield [page, *(known.get(n, "") for n in ("loc", "title", "caption"))]
                    element.clear()
    except ElementTree.ParseError as error:
        raise TableError(f"{path} is no well-formed sitemap ({error}). Fetch it again") from None


def local_name(element: ElementTree.Element) -> str:
    """Return the name of an XML element without its namespace."""
    return element.tag.rpartition("}")[2]


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


def without_images(path: Path) -> str:
    """Return what to do with a sitemap that holds no images, or is an index of others."""
    with binary(path) as file:
        elements = (e for _, e in ElementTree.iterparse(file) if local_name(e) == "sitemap")
        texts = ((e.text or "").strip() for s in elements for e in s if local_name(e) == "loc")
        named = list(islice(texts, NAMED_SITEMAPS + 1))
    if not named:
        return f"{path} names pages but no images. Try a crawler's table instead"
    more = ", …" if len(named) > NAMED_SITEMAPS else ""
    listed = ", ".join(named[:NAMED_SITEMAPS]) + more
    return f"{path} is an index of sitemaps: {listed}. Download them and give each by itself"
