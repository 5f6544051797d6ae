"""What was read of one file of captions, and what a format of such files is."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from helpers.captions.source import Source

SPLIT_NAMES = {"train": "train", "training": "train", "restval": "train"}
SPLIT_NAMES |= dict.fromkeys(("dev", "val", "valid", "validation"), "dev")
SPLIT_NAMES |= {"test": "test", "testing": "test"}

# Titles of columns and keys. Of several, the first in this order names the image.
IMAGE_TITLES = ["file_name", "filename", "image_file", "image_path", "image_name", "image"]
IMAGE_TITLES += ["img", "file", "path", "image_id"]
CAPTION_TITLE = re.compile(r"(captions?|comments?|descriptions?|sentences?|text|raw)[ _-]?(\d*)")


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
        """Add one caption of an image."""
        if name := plain_spelling(name.strip()):
            self.captions.setdefault(name, []).append(caption.strip())
        else:
            self.drop("captions without an image name", caption)

    def drop(self, reason: str, example: object) -> None:
        """Note what is left out or mended, for the report."""
        self.dropped.setdefault(reason, []).append(str(example)[:60])

    def assign(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Take (image name, split) pairs; other splits than those of SPLIT_NAMES are noted.

        An image whose rows name two splits comes into both, so that the overlap is seen.
        """
        splits = {"train": {}, "dev": {}, "test": {}}
        for name, split in pairs:
            if not (isinstance(name, str) and name.strip() and isinstance(split, str)):
                continue
            if known := SPLIT_NAMES.get(split.strip().lower()):
                splits[known][plain_spelling(name.strip())] = None
            elif split.strip():
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
        read: adds the captions of a file to a `CaptionFile`; returns (image name, split) pairs if
            the format has splits. A KeyError, TypeError, AttributeError or IndexError of it makes
            a CaptionFormatError.
    """

    name: str
    looks: str
    recognises: Callable[[Source], bool]
    read: Callable[[CaptionFile, Source], Iterable[tuple[str, object]] | None]


def plain_spelling(name: str) -> str:
    """Return a path with forward slashes and each accent in one with its letter (NFC)."""
    name = name.replace("\\", "/")
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def title_columns(titles: list[str]) -> tuple[int, list[int], int | None] | None:
    """Find the columns of the image name, the captions and the split among titles.

    "caption_0" to "caption_4" are columns of one kind, and all of them are taken. Returns None
    when a name or a caption has no column.
    """
    titles = [title.strip().lower() for title in titles]
    matches = [CAPTION_TITLE.fullmatch(title) for title in titles]
    kinds = [match and match.group(1) for match in matches]
    named = [titles.index(title) for title in IMAGE_TITLES if title in titles]
    first = next(filter(None, kinds), None)
    if first is None or not named:
        return None
    numbered = [at for at, match in enumerate(matches) if match and match.group(1) == first]
    captions = numbered if all(matches[at].group(2) for at in numbered) else numbered[:1]
    return named[0], captions, titles.index("split") if "split" in titles else None
