"""Files and folders that are called alike but for a split: captions_train2017, captions_val2017."""

import re
from collections.abc import Iterable

from helpers.captions import SPLIT_NAMES

# A split in the name of a file or its folder: captions_val2017.json, train/…, trainImages.txt.
SPLIT_WORD = re.compile(
    rf"(?<![a-z])(train[_+-]val|{'|'.join(SPLIT_NAMES)})(?=images?(?![a-z])|[^a-z]|$)"
)
YEAR = re.compile(r"…[ _-]?\d{4}(?!\d)")


def split_word(path: str) -> str:
    """Return the last name of a split in a path, or ""."""
    return re.sub("[_+-]", "", (SPLIT_WORD.findall(path.lower()) or [""])[-1])


def split_in(path: str) -> str:
    """Return the split that the last such word in a path stands for, or ""."""
    return SPLIT_NAMES.get(split_word(path), "")


def without_split(path: str) -> str:
    """Return a path with a gap where it names a split, or "" where it names none."""
    found = list(SPLIT_WORD.finditer(path.lower()))
    return f"{path[: found[-1].start()]}…{path[found[-1].end() :]}" if found else ""


def called_alike(first: str, paths: Iterable[str]) -> list[str]:
    """Return the paths that are like the first one but for a split, and itself.

    Those of another year come in for splits that have no file of the same year.
    """
    paths, place = list(paths), without_split(first)
    if not place:
        return [first]
    alike = {first, *(path for path in paths if without_split(path) == place)}
    known, place = {*map(split_in, alike)}, YEAR.sub("…", place)
    later = {path for path in paths if YEAR.sub("…", without_split(path)) == place}
    return sorted(alike | {path for path in later if split_in(path) not in known})
