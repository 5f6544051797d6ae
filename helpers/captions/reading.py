"""Read captions: the format of a file is recognised by its content, never by its name."""

from pathlib import Path

from helpers.captions.caption_file import CaptionFile
from helpers.captions.columns import NONE_CHOSEN, Chosen
from helpers.captions.named import NAMED, TEXTCAPS
from helpers.captions.records import COCO, KARPATHY, RECORDS
from helpers.captions.source import Source
from helpers.captions.tables import BARS, TABLE, TOKENS

# The first that recognises a file reads it.
FORMATS = (TOKENS, COCO, KARPATHY, TEXTCAPS, RECORDS, NAMED, TABLE, BARS)
KNOWN_FORMATS = "Known formats:" + "".join(f"\n  {form.name:31} {form.looks}" for form in FORMATS)
OTHER_TITLES = "Of a table with other titles, --image-column and --caption-column name them."


def read_captions(path: str | Path) -> dict[str, list[str]]:
    """Read the raw captions of a file: image name -> captions, in the order of the file.

    The file is UTF-8, with or without BOM, in one of KNOWN_FORMATS.
    Raises CaptionFormatError when the format is unknown or a line of the file is damaged.
    """
    return read_caption_file(path).captions


def read_caption_file(path: str | Path, chosen: Chosen = NONE_CHOSEN) -> CaptionFile:
    """Read captions, splits and losses of a file; errors as in `read_captions`.

    chosen: the titles of the columns to read, where several would do or none is known.
    """
    source = Source(path, chosen)
    form = next((form for form in FORMATS if form.recognises(source)), None)
    if any(chosen) and form not in (TABLE, RECORDS):
        titles = " and ".join(repr(title) for title in chosen if title)
        found = f"it is {form.name}" if form else f"its first line is {source.first_line[:80]!r}"
        raise source.error(f"no columns {titles}: {found}.", holds_none=True)
    if form is None:
        problem = f"unknown format. Its first line is {source.first_line[:80]!r}."
        raise source.error(f"{problem}\n{KNOWN_FORMATS}\n{OTHER_TITLES}", holds_none=True)
    found = CaptionFile(form.name)
    try:
        found.assign_rows(form.read(found, source) or ())
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        problem = f"begins as {form.name}, but {error} is missing."
        raise source.error(f"{problem}\n{KNOWN_FORMATS}", holds_none=True) from None
    return found
