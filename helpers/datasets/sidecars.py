"""Captions that stand in a text beside each photo: dog.jpg, dog.txt."""

import posixpath
from collections.abc import Iterable
from pathlib import Path

from helpers.captions import WORD, CaptionFile, Source, text_of, texts_of
from helpers.datasets.photos import IMAGE_ENDINGS, fold, stem

ENDINGS = (".txt", ".caption", ".json")  # of several beside a photo, the first serves
FEWEST = 2  # a single text may be the captions of all


def find_sidecars(files: Iterable[str]) -> dict[str, str]:
    """Return text -> photo, for texts that are called as photos are.

    dog.txt belongs to dog.jpg, and so does dog.jpg.txt; images/dog.jpg may have captions/dog.txt.
    """
    files, known, found = list(files), {}, {}
    texts = {path: posixpath.splitext(path) for path in files}
    texts = {path: fold(name) for path, (name, end) in texts.items() if end.lower() in ENDINGS}
    wanted = {posixpath.basename(name) for name in texts.values()}
    for path in (path for path in files if wanted and path.lower().endswith(IMAGE_ENDINGS)):
        for name in {fold(path), fold(stem(path))}:
            for key in endings_of(name) if posixpath.basename(name) in wanted else ():
                known.setdefault(key, set()).add(path)
    for path, name in texts.items():
        photos = (known.get(key, ()) for key in endings_of(name))
        if alone := next((photo for photo in photos if len(photo) == 1), None):
            found[path] = next(iter(alone))
    return found if len(found) >= FEWEST else {}


def endings_of(path: str) -> list[tuple[int, str]]:
    """Return what a path is known by: the whole of it, without its first folder, its last part."""
    whole, rest = path.split("/"), path.partition("/")[2]
    return [(0, path), (1, rest or path), (2, whole[-1])]


def read_sidecars(folder: Path, sidecars: dict[str, str]) -> CaptionFile:
    """Read the texts beside photos, a caption a line; CaptionFormatError names one in no UTF-8."""
    found = CaptionFile("a text beside each photo")
    ending = min(map(rank, sidecars))
    for path, photo in sidecars.items():
        if rank(path) == ending:
            source = Source(folder / path)
            lines = source.text.split("\n") if source.json is None else []
            for text in lines or texts_of(text_of(source.json)):
                if not isinstance(text, str) or any(map(str.isalpha, text)):
                    found.add_text(photo, text)
                elif WORD.search(text):
                    found.drop("lines beside photos without a letter", f"{path}: {text}")
    return found


def unread_beside(files: Iterable[str], sidecars: dict[str, str]) -> dict[str, list[str]]:
    """Return reason -> texts that lie among those beside photos, and are not read."""
    places, ending = {posixpath.dirname(path) for path in sidecars}, min(map(rank, sidecars))
    others = [path for path in sidecars if rank(path) != ending]
    strays = [
        path
        for path in files
        if path not in sidecars
        and posixpath.dirname(path) in places
        and path.lower().endswith(ENDINGS)
    ]
    found = {"texts of another ending beside photos, not read": others}
    found["texts called as no photo is, not read"] = strays
    return {reason: paths for reason, paths in found.items() if paths}


def rank(path: str) -> int:
    """Return the place of a text's ending among ENDINGS."""
    return ENDINGS.index(posixpath.splitext(path)[1].lower())
