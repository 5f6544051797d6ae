"""Captions line by line: token files, tables, and Flickr30k's bars."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

from helpers.captions.caption_file import CaptionFile, CaptionFormatError, title_columns

TOKEN_ROW = re.compile(r"([^\t\n]+)#\d+\t(.*)")
BAR_HEADER = re.compile(r"\A\s*\w*name\s*\|[^|\n]*\|[^|\n]*")
BAR_ROW = re.compile(r"(.+?)\|\s*\d+\s*(\|?)\s*(.*)")  # one row lacks its second bar
IMAGE_NAME = re.compile(r".+\.(jpe?g|png|webp|gif|bmp|avif)", re.IGNORECASE)
SWALLOWED_ROW = re.compile(rf"\n{IMAGE_NAME.pattern}\s*[,;\t]", re.IGNORECASE)
MENDED = "rows whose second bar is missing, read all the same"


def read_tokens(text: str, path: str | Path) -> CaptionFile:
    """Read Flickr8k's and Flickr30k's lines `dog.jpg#0<TAB>A dog runs .`."""
    found = CaptionFile("Flickr8k/30k token file")
    for _, (name, caption) in match_lines(text, TOKEN_ROW, path):
        found.add(name, caption)
    return found


def read_bars(text: str, path: str | Path) -> CaptionFile:
    """Read the rows of Kaggle's Flickr30k `dog.jpg| 0| A dog runs .`, the broken one as well."""
    found = CaptionFile("Flickr30k results.csv")
    text = BAR_HEADER.sub("", text, count=1)
    for number, (name, bar, caption) in match_lines(text, BAR_ROW, path):
        found.add(name, caption)
        if not bar:
            found.drop(MENDED, f"line {number}, {name}")
    return found


def match_lines(text: str, row: re.Pattern, path: str | Path) -> Iterator[tuple[int, tuple]]:
    """Yield (number of the line, groups) of every line that is not blank.

    Raises CaptionFormatError for a line that does not match.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if match := row.fullmatch(line):
            yield number, match.groups()
        elif line.strip():
            problem = f"no image name and caption in {line[:80]!r}. Mend the line."
            raise CaptionFormatError(f"{path}, line {number}: {problem}")


def table_columns(first_line: str, delimiter: str) -> tuple | None:
    """Find the columns of a header, or of a first row; the last of the four says which it is.

    Returns (column of the name, columns of captions, column of the split, is a header) or None.
    """
    try:
        cells = next(csv.reader([first_line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:  # a cell of more than 128 KB is no title
        return None
    if columns := title_columns(cells):
        return (*columns, True)
    is_row = len(cells) >= 2 and IMAGE_NAME.fullmatch(cells[0]) and not IMAGE_NAME.match(cells[1])
    return (0, [1], None, False) if is_row else None


def read_table(text: str, delimiter: str, columns: tuple, path: str | Path) -> CaptionFile:
    """Read a table; the columns are what `table_columns` found.

    Raises CaptionFormatError for a row that is too short or swallows the next one.
    """
    found, pairs = CaptionFile("table (CSV, TSV)"), []
    name_at, caption_at, split_at, has_header = columns
    width = max(name_at, *caption_at, split_at or 0) + 1
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    try:
        rows_with_content = filter(any, rows)
        header = next(rows_with_content) if has_header else []
        joins = caption_at[0] == (len(header) or 2) - 1  # an unquoted comma stays in the caption
        for row in rows_with_content:
            if len(row) < width:
                raise csv.Error(f"{str(row)[:80]} is not one row")
            texts = [f"{delimiter} ".join(row[caption_at[0] :])] if joins else []
            add_cells(found, row[name_at], texts or [row[at] for at in caption_at])
            if split_at is not None:
                pairs.append((row[name_at], row[split_at]))
    except csv.Error as error:
        cure = "Mend the line or close its quotation mark."
        raise CaptionFormatError(f"{path}, line {rows.line_num}: {error}. {cure}") from None
    found.assign(pairs)
    return found


def add_cells(found: CaptionFile, name: str, cells: list[str]) -> None:
    """Add the captions of one row: one cell, one of several, or a list in JSON's brackets."""
    for cell in cells:
        if "\n" in cell and SWALLOWED_ROW.search(cell):
            raise csv.Error(f"{str([name, cell])[:80]} is not one row")
        for caption in listed(cell) if cell.startswith('["') else [cell]:
            if caption.strip() or len(cells) == 1:
                found.add(name, caption)


def listed(cell: str) -> list[str]:
    """Return the texts of a cell such as `["A dog .", "A wet dog ."]`, or the cell as it is."""
    try:
        texts = json.loads(cell)
    except (ValueError, RecursionError):
        return [cell]
    return texts if all(isinstance(text, str) for text in texts) else [cell]
