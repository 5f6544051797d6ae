"""Captions line by line: token files, tables, and Flickr30k's bars."""

import csv
import io
import re
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice

from helpers.captions.caption_file import CaptionFile, CaptionFormat
from helpers.captions.cells import drop_nothing, listed
from helpers.captions.columns import title_columns, unread_columns
from helpers.captions.source import Source
from helpers.captions.split_names import split_columns

# dog.jpg#0<TAB>text; with a kind of caption between, and with a blank: dog.jpg#zhc#0 text
TOKEN_ROW = re.compile(r"([^\t\n]+?)(?:#[a-zA-Z]\w*)?#\d+\t(.*)")
BLANK_ROW = re.compile(r"([^\s#]+)(?:#[a-zA-Z]\w*)?#\d+\s+(.*)")
BAR_HEADER = re.compile(r"\A\s*\w*name\s*\|[^|\n]*\|[^|\n]*")
BAR_ROW = re.compile(r"(.+?)\|\s*\d+\s*(\|?)\s*(.*)")  # one row lacks its second bar
IMAGE_NAME = re.compile(r".+\.(jpe?g|png|webp|gif|bmp|avif)", re.IGNORECASE)


def read_tokens(found: CaptionFile, source: Source) -> None:
    """Read Flickr8k's lines `dog.jpg#0<TAB>A dog runs .`, Flickr8k-CN's with a blank as well."""
    row = TOKEN_ROW if TOKEN_ROW.match(source.first_line) else BLANK_ROW
    for _, (name, caption) in source.rows(row):
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

    Returns (delimiter, column of the name, columns of captions, titles, has a header), or None
    for a file that is no table.
    """
    for delimiter in ",;\t" if is_bars(source) else ",;\t|":
        line = csv.reader([source.first_line], delimiter=delimiter, skipinitialspace=True)
        try:
            cells = next(line, [])
        except csv.Error:  # a cell of more than 128 KB is no title
            continue
        if columns := title_columns(cells, source.chosen):
            return (delimiter, *columns, cells, True)
        if any(source.chosen):
            continue
        if is_row(cells, delimiter):
            titles = likely_titles(source, delimiter)
            return delimiter, 0, [titles.index("caption")], titles, False
    return None


def likely_titles(source: Source, delimiter: str) -> list[str]:
    """Return titles for a table that has none: image and caption, and a split if one is there."""
    rows = csv.reader(io.StringIO(source.text), delimiter=delimiter, skipinitialspace=True)
    orders = {"second": ["image", "split", "caption"], "last": ["image", "caption", "split"]}
    with suppress(csv.Error):  # who reads the captions tells of it
        for place in split_columns(
            {"second": row[1], "last": row[-1]} for row in rows if len(row) > 2
        ):
            return orders[place]
    return ["image", "caption"]


def is_row(cells: list[str], delimiter: str) -> bool:
    """Tell whether cells are an image name and a text, not a class or another image.

    Between tabs, the name may lack its ending.
    """
    if len(cells) < 2 or IMAGE_NAME.match(cells[1]) or not any(map(str.isalpha, cells[1])):
        return False
    short = delimiter == "\t" and len(cells) == 2 and re.fullmatch(r"[^\s#]+", cells[0])
    return bool(short or IMAGE_NAME.fullmatch(cells[0]))


def read_table(found: CaptionFile, source: Source) -> Iterable[tuple[str, dict]]:
    """Read a table, with or without a header; return (image name, row by titles).

    Raises CaptionFormatError for a row that is too short or swallows the next one.
    """
    delimiter, name_at, caption_at, header, has_header = table_columns(source)
    width, pairs, empty = max(name_at, *caption_at) + 1, [], False
    rows = csv.reader(io.StringIO(source.text), delimiter=delimiter, skipinitialspace=True)
    try:
        rows_with_content = filter(any, rows)
        joins = caption_at[0] == len(header) - 1  # an unquoted comma stays in the caption
        for row in islice(rows_with_content, has_header, None):
            if len(row) < width:
                raise csv.Error(f"{str(row)[:80]} is not one row")
            if swallows(row, delimiter, name_at):
                raise csv.Error(f"{str(row)[:80]} is not one row")
            if not joins and any(row[len(header) :]):
                raise csv.Error(f"{str(row)[:80]} has more cells than there are titles")
            texts = [f"{delimiter} ".join(row[caption_at[0] :])] if joins else []
            empty |= add_cells(found, row[name_at], texts or [row[at] for at in caption_at])
            pairs.append((row[name_at], dict(zip(header, row, strict=False))))
    except (csv.Error, ValueError) as error:
        cure = "Mend the line or close its quotation mark."
        raise source.error(f"{error}. {cure}", rows.line_num) from None
    found.note_unread(unread_columns(header, caption_at))
    if not empty:
        drop_nothing(found)
    return pairs


def swallows(row: list[str], delimiter: str, name_at: int) -> bool:
    """Tell whether a cell holds whole rows: its quotation mark is never closed, or by theirs."""
    lines = (line for cell in row if "\n" in cell for line in cell.splitlines()[1:])
    rows = ([*map(str.strip, line.split(delimiter))] for line in lines)
    names = ("".join(cells[name_at : name_at + 1]) for cells in rows if len(cells) > 1)
    return any(map(IMAGE_NAME.fullmatch, names))


def is_bars(source: Source) -> bool:
    """Tell whether a file has Flickr30k's three columns between bars."""
    row = rf"{BAR_HEADER.pattern}|{BAR_ROW.pattern}"
    return bool(re.fullmatch(row, source.first_line))


def add_cells(found: CaptionFile, name: str, cells: list[str]) -> bool:
    """Add the captions of one row: one cell, one of several, or lists; tell if a cell is empty."""
    for cell in cells:
        for caption in listed(cell.strip()):
            if caption != "" or len(cells) == 1:
                found.add_text(name, caption)
    return not all(map(str.strip, cells))


TOKENS = CaptionFormat(
    name="Flickr8k/30k token file",
    looks="dog.jpg#0<TAB>A dog runs .",
    recognises=lambda source: bool(
        TOKEN_ROW.match(source.first_line) or BLANK_ROW.fullmatch(source.first_line)
    ),
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
    recognises=is_bars,
    read=read_bars,
)
