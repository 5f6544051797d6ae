"""Read captions: the format of a file is recognised by its content, never by its name."""

import re
from pathlib import Path

from helpers.captions.caption_file import KNOWN_FORMATS, CaptionFile, CaptionFormatError
from helpers.captions.records import read_json
from helpers.captions.tables import (
    BAR_HEADER,
    BAR_ROW,
    TOKEN_ROW,
    read_bars,
    read_table,
    read_tokens,
    table_columns,
)

JSON_BEGINS = re.compile(r"\{|\[\s*\{")
LONGEST_HEADER = 10_000  # characters; a JSON file may be a single line of a hundred million


def read_captions(path: str | Path) -> dict[str, list[str]]:
    """Read the raw captions of a file: image file name -> captions, in the order of the file.

    The file is UTF-8, with or without BOM, in one of KNOWN_FORMATS.
    Raises CaptionFormatError when the format is unknown or a line of the file is damaged.
    """
    return read_caption_file(path).captions


def read_splits(path: str | Path) -> dict[str, list[str]]:
    """Read the splits that a file of captions names: {"train": [image names], "dev": …, "test": …}.

    "val" becomes "dev", Karpathy's "restval" belongs to "train". A file without splits gives {}.
    """
    return read_caption_file(path).splits


def read_caption_file(path: str | Path) -> CaptionFile:
    """Read captions, splits and losses of a file; errors as in `read_captions`."""
    text = read_text(path)
    start = text.lstrip()
    first_line = start[:LONGEST_HEADER].split("\n")[0]
    if TOKEN_ROW.match(first_line):
        return read_tokens(text, path)
    if JSON_BEGINS.match(start):
        return read_json(text, path)
    for delimiter in ",;\t":
        if columns := table_columns(first_line.rstrip(), delimiter):
            return read_table(text, delimiter, columns, path)
    if BAR_HEADER.fullmatch(first_line) or BAR_ROW.fullmatch(first_line):
        return read_bars(text, path)
    problem = f"unknown format. Its first line is {first_line.rstrip()[:80]!r}."
    raise CaptionFormatError(f"{path}: {problem}\n{KNOWN_FORMATS}")


def read_text(path: str | Path) -> str:
    """Read UTF-8 with or without BOM; line ends become \\n."""
    data = Path(path).read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        cure = "Open the file in an editor and save it as UTF-8."
        raise CaptionFormatError(f"{path}, line {line}: not UTF-8. {cure}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
