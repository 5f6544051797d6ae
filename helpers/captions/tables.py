"""Captions line by line: token files, tables, and Flickr30k's bars."""

import csv
import io
import json
import re
from collections.abc import Iterable

from helpers.captions.caption_file import CaptionFile, CaptionFormat, title_columns
from helpers.captions.source import Source

TOKEN_ROW = re.compile(r"([^\t\n]+)#\d+\t(.*)")
BAR_HEADER = re.compile(r"\A\s*\w*name\s*\|[^|\n]*\|[^|\n]*")
BAR_ROW = re.compile(r"(.+?)\|\s*\d+\s*(\|?)\s*(.*)")  # one row lacks its second bar
IMAGE_NAME = re.compile(r".+\.(jpe?g|png|webp|gif|bmp|avif)", re.IGNORECASE)
SWALLOWED_ROW = re.compile(rf"\n{IMAGE_NAME.pattern}\s*[,;\t]", re.IGNORECASE)


def read_tokens(found: CaptionFile, source: Source) -> None:
    """Read Flickr8k's and Flickr30k's lines `dog.jpg#0<TAB>A dog runs .`."""
    for _, (name, caption) in source.rows(TOKEN_ROW):
        found.add(name, caption)


def read_bars(found: CaptionFile, source: Source) -> None:
    """Read the rows of Kaggle's Flickr30k `dog.jpg| 0| A dog runs .`, the broken one as well."""
    source.text = BAR_HEADER.sub("", source.text, count=1)
    for number, (name, bar, caption) in source.rows(BAR_ROW):
        found.add(name, caption)
        if not bar:
            reason = "rows whose second bar is missing, read all the same"
            found.drop(reason, f"line {number}, {name}")


def table_columns(source: Source) -> tuple | None:
    """Find the columns of a table by its header, or by its first row.

    Returns (delimiter, column of the name, columns of captions, column of the split, has a
    header), or None for a file that is no table.
    """
    for delimiter in ",;\t":
        line = csv.reader([source.first_line], delimiter=delimiter, skipinitialspace=True)
        try:
            cells = next(line, [])
        except csv.Error:  # a cell of more than 128 KB is no title
            continue
        if columns := title_columns(cells):
            return (delimiter, *columns, True)
        if len(cells) > 1 and IMAGE_NAME.fullmatch(cells[0]) and not IMAGE_NAME.match(cells[1]):
            return delimiter, 0, [1], None, False
    return None


def read_table(found: CaptionFile, source: Source) -> Iterable[tuple[str, object]]:
    """Read a table, with or without a header; return (image name, split).

    Raises CaptionFormatError for a row that is too short or swallows the next one.
    """
    delimiter, name_at, caption_at, split_at, has_header = table_columns(source)
    width, pairs = max(name_at, *caption_at, split_at or 0) + 1, []
    rows = csv.reader(io.StringIO(source.text), delimiter=delimiter, skipinitialspace=True)
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
        raise source.error(f"{error}. {cure}", rows.line_num) from None
    return pairs


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


TOKENS = CaptionFormat(
    name="Flickr8k/30k token file",
    looks="dog.jpg#0<TAB>A dog runs .",
    recognises=lambda source: bool(TOKEN_ROW.match(source.first_line)),
    read=read_tokens,
)
TABLE = CaptionFormat(
    name="table (CSV, TSV)",
    looks="image,caption or file_name,caption_0,caption_1,…,split; a header is optional",
    recognises=lambda source: source.json is None and bool(table_columns(source)),
    read=read_table,
)
BARS = CaptionFormat(
    name="Flickr30k results.csv",
    looks="dog.jpg| 0| A dog runs .",
    recognises=lambda source: bool(
        re.fullmatch(rf"{BAR_HEADER.pattern}|{BAR_ROW.pattern}", source.first_line)
    ),
    read=read_bars,
)
