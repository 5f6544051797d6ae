"""What was read of one file of captions, and what a format of such files is."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from helpers.captions.columns import plain_title
from helpers.captions.source import Source
from helpers.captions.split_names import says_split, split_called, split_columns

HALVES = re.compile("[\ud800-\udfff]")  # of characters: JSON may hold them, UTF-8 may not
# (<PERSON> and the like are words; what stands within a word, such as <b>, leaves no space.)
TAG = re.compile(
    r"</?(?:(a|b|i|u|s|em|strong|span|small|mark|font|sub|sup)|p|br|hr|div|li|ul|ol|h[1-6]|img"
    r"|figure|figcaption)(?:\s[^<>]*)?/?>"
)
LANGUAGES = {"lang", "language", "locale", "language_code"}  # plain titles of columns
ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{2,31});")  # with its semicolon only


@dataclass
class CaptionFile:
    """Captions, splits and losses of one file.

    Attributes:
        format: what the file was taken for, such as "COCO JSON".
        captions: image name -> raw captions, in the order of the file.
        splits: {"train": [image names], "dev": …, "test": …}; {} if the file names none.
        dropped: reason -> what was left out or mended for it, one entry a case.
    """

    format: str
    captions: dict[str, list[str]] = field(default_factory=dict)
    splits: dict[str, list[str]] = field(default_factory=dict)
    dropped: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, caption: str) -> None:
        """Add one caption of an image; a web page's &amp; becomes &, and its tags go."""
        caption = ENTITY.sub(lambda entity: html.unescape(entity[0]), caption)
        if TAG.search(caption):
            self.drop("captions with HTML, whose tags are left out", f"{name}: {caption}")
            caption = " ".join(TAG.sub(lambda tag: " " * (tag[1] is None), caption).split())
        if name := plain_spelling(name.strip()):
            self.captions.setdefault(name, []).append(caption.strip())
        else:
            self.drop("captions without an image name", caption)

    def add_text(self, name: str, caption: object) -> None:
        """Add a caption unless it is null, a number, or half a character.

        Raises TypeError for an image whose name is no text.
        """
        if not isinstance(name, str):
            raise TypeError(f"an image's file name ({name!r} is none)")
        if isinstance(caption, str) and not HALVES.search(name + caption):
            self.add(name, caption)
        else:
            self.drop("captions that are no text", f"{name!a}: {caption!a}")

    def drop(self, reason: str, example: object) -> None:
        """Note what is left out or mended, for the report."""
        self.dropped.setdefault(reason, []).append(str(example)[:60])

    def note_unread(self, titles: list[str]) -> None:
        """Note columns that look like captions, too."""
        for title in titles:
            self.drop("columns that are not read (--caption-column takes one)", title)

    def assign_rows(self, rows: Iterable[tuple[str, Mapping[str, object]]]) -> None:
        """Take (image name, row of a table or record) pairs; one column of theirs names splits."""
        rows = list(rows)
        titles = split_columns(row for _, row in rows)
        self.assign((name, row.get(title)) for title in titles[:1] for name, row in rows)
        flags = [title for _, row in rows[:1] for title in row if says_split(title)]
        self.note_languages([row for _, row in rows])
        for title in dict.fromkeys([*titles, *flags]):
            if title not in titles[:1]:
                self.drop("columns of splits that are not read", title)

    def note_languages(self, rows: list[Mapping[str, object]]) -> None:
        """Note a column that tells of several languages: a captioner would mix them."""
        for title in rows[0] if rows else ():
            if plain_title(str(title)) in LANGUAGES:
                found = sorted({str(row.get(title)) for row in rows})
                if len(found) > 1:
                    self.drop(f"languages in column {title!r}, read together", ", ".join(found))

    def assign(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Take (image name, split) pairs; other splits than those of SPLIT_NAMES are noted.

        An image whose rows name two splits comes into both, so that the overlap is seen.
        """
        splits = {"train": {}, "dev": {}, "test": {}}
        for name, split in pairs:
            if not (isinstance(name, str) and name.strip()) or split is None:
                continue
            if known := split_called(str(split)):
                splits[known][plain_spelling(name.strip())] = None
            elif str(split).strip():
                self.drop("images of an unknown split", f"{name}: {split}")
        splits = {split: list(names) for split, names in splits.items()}
        self.splits = splits if any(splits.values()) else {}


@dataclass(frozen=True)
class CaptionFormat:
    """A way to write captions down; `reading.FORMATS` lists them all.

    Attributes:
        name: what reports call it.
        looks: how it looks, in a line or two.
        recognises: tells whether a file is written so.
        read: adds the captions of a file to a `CaptionFile`; returns (image name, row or record)
            pairs if one column or key may name splits. A KeyError, TypeError, AttributeError or
            IndexError of it makes a CaptionFormatError.
    """

    name: str
    looks: str
    recognises: Callable[[Source], bool]
    read: Callable[[CaptionFile, Source], Iterable[tuple[str, Mapping]] | None]


def plain_spelling(name: str) -> str:
    """Return a path with forward slashes and each accent in one with its letter (NFC)."""
    name = name.replace("\\", "/")
    return name if name.isascii() else unicodedata.normalize("NFC", name)
