"""List the files of a data set's folder: every folder in it, links as well, each once."""

import os
import posixpath
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from helpers.datasets.photos import IMAGE_ENDINGS, DatasetError, fold

# Subfolders, in small letters, in which a photo or captions are looked for before others.
SUBFOLDERS = {"flicker8k_dataset", "flickr8k_dataset", "flickr8k_text", "images", "annotations"}
SUBFOLDERS |= {"flickr30k_images", "flickr30k-images", "data"}
SUBFOLDERS |= {"train2014", "val2014", "train2017", "val2017"}
SUBFOLDERS |= {"train", "dev", "val", "valid", "validation", "test"}


def scan(folder: Path, skipped: dict[str, list[str]] | None = None) -> list[str]:
    """List the files of a folder and of all below it, as paths inside it.

    A link to a folder leads on unless that folder is listed anyway. Hidden files are not listed.
    skipped: gets what else is not listed: reason -> paths.
    """
    if not folder.is_dir():
        raise DatasetError(
            f"{folder} is neither 'mini', 'mini-de', 'flickr8k' nor a folder (there is no "
            f"{folder.absolute()}). Check the name, or DATA_DIR."
        )
    files, ahead, links, seen = [], [""], [], set()
    skipped = {} if skipped is None else skipped
    while ahead or links:
        inside = ahead.pop() if ahead else links.pop(0)
        real = os.path.realpath(folder / inside)
        if real not in seen:
            seen.add(real)
            for entry in entries(folder, inside, skipped):
                path = posixpath.join(inside, entry.name)
                kind = kind_of(entry)
                if kind in ("folder", "link to a folder"):
                    (ahead if kind == "folder" else links).append(path)
                elif kind == "file":
                    files.append(path)
                else:
                    skipped.setdefault(kind, []).append(path)
    return sorted(files, key=posixpath.split)


def entries(folder: Path, inside: str, skipped: dict[str, list[str]]) -> Iterable[os.DirEntry]:
    """Return what stands in a folder and is not hidden; note a folder that can't be read."""
    try:
        with os.scandir(folder / inside) as found:
            return [e for e in found if not e.name.startswith((".", "__MACOSX"))]
    except OSError as error:
        skipped.setdefault("folders that can't be read", []).append(f"{inside}: {error.strerror}")
        return []


def kind_of(entry: os.DirEntry) -> str:
    """Return what a path is: "file", "folder", "link to a folder", or why it can't serve."""
    with suppress(OSError):  # links that lead round in a circle
        if entry.is_dir():
            return "link to a folder" if entry.is_symlink() else "folder"
        if entry.is_file():
            return "file"
    return "links that lead nowhere" if entry.is_symlink() else "devices, pipes and sockets"


def is_usual(path: str) -> bool:
    """Tell whether a path leads through folders of usual names only."""
    return all(fold(part) in SUBFOLDERS for part in path.split("/")[:-1])


def outside(folder: Path, names: Iterable[tuple[str, str]]) -> list[str]:
    """List the images of folders elsewhere on this machine that names lead to.

    Only those with an image's ending: a name such as /etc/passwd may be a stranger's.
    names: (folder of the file that gives the name, as seen from the data set's; name).
    """
    places = {posixpath.normpath(posixpath.join(*pair, "..")) for pair in names}
    own, files = os.path.realpath(folder), []
    for place in sorted(place for place in places if place.startswith(("/", ".."))):
        real = os.path.realpath(folder / place)
        if not f"{real}/".startswith(f"{own}/"):
            with suppress(OSError), os.scandir(folder / place) as found:
                images = (e for e in found if e.name.lower().endswith(IMAGE_ENDINGS))
                files += [f"{place}/{e.name}" for e in images if kind_of(e) == "file"]
    return files
