"""A file, row by row, as text: CSV, a plain list, or a sitemap of images; packed or not."""

import codecs
import csv
import gzip
import io
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

LONGEST_CELL = 20_000_000  # characters; more means a quote that is never closed
LONGEST_LINE = 20_000_000  # characters; a photo inside a line (data:…) takes 13 million at most
NAMED_SITEMAPS = 3  # how many of an index a message names
SITEMAP_COLUMNS = ["page", "image", "title", "caption"]

# A table may mix encodings: bytes that are no UTF-8 are read as Windows does in the West.
codecs.register_error(
    "western", lambda e: (e.object[e.start : e.end].decode("cp1252", "replace"), e.end)
)


class TableError(ValueError):
    """An input that cannot be read; the message says what was seen and how to help."""


def binary(path: Path) -> IO[bytes]:
    """Open a file, also one that gzip packed, as sitemaps often are."""
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else open(path, "rb")


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
