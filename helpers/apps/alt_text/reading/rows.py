"""A file, row by row, as text: CSV or a plain list; packed or not. Nothing in it is guessed."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from helpers.apps.alt_text.signs import ADDRESS_LIKE, IMAGE_LIKE

LONGEST_CELL = 20_000_000  # characters; more means a quote that is never closed
LONGEST_LINE = 20_000_000  # characters; a photo inside a line (data:…) takes 13 million at most
LIKELY = ("cp1252", "cp1251", "shift_jis", "gb18030", "big5", "euc_kr")
UNREADABLE = re.compile("[\udc00-\udcff]")
SHOWN = 12  # characters before and after one that can't be read

# Where a table is said to mix encodings: bytes that are no UTF-8 are read as in western Windows.
codecs.register_error(
    "western", lambda e: (e.object[e.start : e.end].decode("cp1252", "replace"), e.end)
)
# Else a byte that can't be read is kept as half a character, until its line is known.
codecs.register_error(
    "kept", lambda e: ("".join(chr(0xDC00 + b) for b in e.object[e.start : e.end]), e.end)
)


class TableError(ValueError):
    """An input that cannot be read; the message says what was seen and how to help."""


@contextmanager
def binary(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, also one that gzip packed, as sitemaps often are.

    Raises TableError for a file that can't be opened, or is packed and damaged.
    """
    try:
        if not path.is_file() and path.exists():
            problem = "is a folder" if path.is_dir() else "is no ordinary file"
            raise TableError(f"{path} {problem}. Give the path of one file")
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with gzip.open(file) if packed else file as unpacked:
                yield unpacked
    except FileNotFoundError:
        raise TableError(f"{path}: there is no such file. Check its name and folder") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        problem = f"{path} is packed, and cut off or damaged ({error})"
        raise TableError(f"{problem}. Fetch it again") from None
    except OSError as error:
        raise TableError(f"{path} cannot be read ({error}). Check its name and rights") from None


def lines_of(path: Path, encoding: str, mixed: bool = False) -> Iterator[str]:
    """Yield the lines of a file as text, their ends kept.

    mixed: bytes that are no UTF-8 are read as cp1252.
    Raises TableError for a line that is too long to be one, or is not in this encoding.
    """
    errors = "western" if mixed else "kept"
    with binary(path) as file, io.TextIOWrapper(file, encoding, errors, newline="") as text:
        for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE + 1), ""), 1):
            if len(line) > LONGEST_LINE:
                problem = f"{path}, line {number:,} has more than {LONGEST_LINE:,} characters"
                raise TableError(f"{problem}. Export a table with a line for each row")
            if not line.isascii() and (bad := UNREADABLE.search(line)):
                where = f"{path}, line {number:,}"
                raise TableError(f"{where} {not_in(encoding, line, bad.start())}")
            yield line.lstrip("\ufeff") if number == 1 else line


def not_in(encoding: str, line: str, place: int) -> str:
    """Return that a character is not in an encoding, and how it reads in others."""
    piece, encoding = (
        line[max(0, place - SHOWN) : place + SHOWN].strip(),
        encoding.removesuffix("-sig"),
    )
    pieces = (
        bytes([ord(c) - 0xDC00]) if UNREADABLE.match(c) else c.encode(encoding) for c in piece
    )
    data, reads = b"".join(pieces), {}
    for name in LIKELY:
        text = data.decode(name, "replace")
        if "\ufffd" not in text and text.isprintable():
            reads.setdefault(text, name)
    shown = " or ".join(f"“{text}” in {name}" for text, name in reads.items())
    shown = f" (it would read {shown})" if shown and "utf-16" not in encoding else ""
    problem = f"is not in {encoding}{shown}"
    mixed = "; --encoding utf-8 takes such bytes for cp1252" if encoding == "utf-8" else ""
    return f"{problem}. Name the encoding with --encoding, or export as UTF-8{mixed}"


def list_rows(path: Path, encoding: str, mixed: bool = False) -> Iterator[list[str]]:
    """Yield the lines of a plain list, empty ones left out."""
    return ([line.strip()] for line in lines_of(path, encoding, mixed) if line.strip())


def csv_rows(path: Path, encoding: str, delimiter: str, mixed: bool = False) -> Iterator[list[str]]:
    """Yield the rows of a table, empty lines left out.

    Raises TableError, with the line, for a quote that is never closed: it would swallow rows.
    """
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(lines_of(path, encoding, mixed), delimiter=delimiter, strict=True)
    first, before = 1, []
    try:
        for row in reader:
            refuse_swallowed(row, before, delimiter)
            first, before = reader.line_num + 1, row or before
            if row:
                yield row
    except csv.Error as error:
        cure = "Is a quote never closed there? A quote inside a cell has to be doubled"
        raise TableError(
            f"{path}, line {first:,}: {said(error, first, reader.line_num)}. {cure}"
        ) from None


def refuse_swallowed(row: list[str], before: list[str], delimiter: str) -> None:
    """Raise csv.Error for a row with a cell that holds whole rows.

    The quote of such a cell was never closed, and one of a later row closes it.
    before: the row before. A line of a cell is a row if it has addresses where these two have.
    """
    lines = [line for cell in row if "\n" in cell for line in cell.splitlines()[1:]]
    found = {addresses_in(line.split(delimiter)) for line in lines}
    found = {places for places in found if sum(places) > 1 or (any(places) and len(places) > 2)}
    for like in map(addresses_in, (row, before)) if found else ():
        if any(map(partial(agree, like), found)):
            raise csv.Error("the quote that opens there swallows rows")


def addresses_in(row: list[str]) -> tuple[bool | None, ...]:
    """Tell of each cell whether it is an address alone; None for one of several lines."""
    return tuple(None if "\n" in cell else is_address(cell.strip()) for cell in row)


def is_address(text: str) -> bool:
    """True for an address without anything beside it."""
    likely = ADDRESS_LIKE.match(text) or IMAGE_LIKE.search(text)
    return bool(likely) and len(text.split()) == 1


def agree(places: tuple[bool | None, ...], others: tuple[bool | None, ...]) -> bool:
    """True for rows of one width with addresses in the same places, as far as is known."""
    pairs = [*zip(places, others, strict=False)]
    alike = len(places) == len(others) and all(a is None or a == b for a, b in pairs)
    return alike and (True, True) in pairs


def said(error: csv.Error, first: int, last: int) -> str:
    """Return what is wrong with a row that stands in these lines."""
    if "unexpected end" in str(error):
        return "the quote that opens there reaches to the end of the file"
    where = f" in line {last:,}" if last > first else ""
    if "expected after" in str(error):
        return f"a quote closes{where} in the midst of a cell"
    return f"{error}{where}"
