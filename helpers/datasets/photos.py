"""Find the photos that captions name: by their path, in any spelling of it, never by a guess."""

import os
import posixpath
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from helpers.captions import SPLIT_NAMES, plain_spelling

# A split in the name of a file or its folder: captions_val2017.json, train/metadata.csv.
SPLIT_WORD = re.compile(r"(?<![a-z])(train|val|valid|validation|dev|test|restval)(?![a-z])")


class DatasetError(ValueError):
    """A data set cannot be opened; the message names the folder and the cure."""


def split_in(path: str) -> str:
    """Return the split that the last such word in a path stands for, or ""."""
    words = SPLIT_WORD.findall(path.lower())
    return SPLIT_NAMES[words[-1]] if words else ""


def fold(path: str) -> str:
    """Return what all spellings of a path have in common: capitals, slashes, accents."""
    return plain_spelling(path).lower()


class Photos:
    """The files of a data set's folder, known by their paths in it.

    Arguments:
        folder: the data set's folder.
        paths: of the files, relative to it, with forward slashes, as the disk spells them.
    """

    def __init__(self, folder: Path, paths: Iterable[str]):
        self.folder, self.paths = folder, list(paths)
        self.named, self.own = {}, {}
        self.fits = cache(self.fits)  # captions and splits name the same photos
        for path in self.paths:
            folded = fold(path)
            self.named.setdefault(folded.rpartition("/")[2], []).append((folded, path))

    def fits(self, name: str, start: str = "", split: str = "") -> list[str]:
        """Return the path of the photo that a file calls so; several where none is nearer.

        A name is looked up beside the file, then from the folder on; else it is the ending of
        a path. start, split: the folder of the file, and the split that its path names.
        """
        name = posixpath.normpath(name)
        folded = fold(name)
        alike = self.named.get(folded.rpartition("/")[2], [])
        for whole in (posixpath.normpath(posixpath.join(start, name)), name) if alike else ():
            if found := [path for own, path in alike if own == fold(whole)]:
                return best_spelled(found, whole)
        below, home = f"/{folded}", split_in(start)
        fitting = [path for own, path in alike if own.endswith(below)]
        if home:  # a name in test/ is none in train/
            fitting = [path for path in fitting if split_in(posixpath.dirname(path)) in ("", home)]
        return nearest(best_spelled(fitting, name), start, split) if fitting[1:] else fitting

    def identity(self, name: str, path: str, start: str = "") -> str:
        """Return the name if it leads to this photo from the folder itself, else its path.

        path: "" for a photo that is missing. A photo that has an identity keeps it.
        """
        if path in self.own:
            return self.own[path]
        whole, goal = path or posixpath.join(start, name), [path] if path else []
        ways = (posixpath.normpath(name), plain_spelling(whole), whole)
        identity = next((way for way in ways if self.fits(way) == goal), whole)
        self.own |= {path: identity} if path else {}
        return identity

    def identities(self, names: Iterable[str], source: Path) -> dict[str, tuple[str, str]]:
        """Return name -> (identity, path or "") of all the names in a file.

        If no name leads anywhere, a folder of another machine stands before them, and goes.
        Raises DatasetError for a name that fits several photos.
        """
        inside, names, paths = source.relative_to(self.folder).as_posix(), list(names), {}
        start, split = posixpath.dirname(inside), split_in(inside)
        for short in shortened(names):
            for name in names:
                fitting = self.fits(short.get(name, name), start, split)
                if len(fitting) > 1:
                    raise DatasetError(
                        f"{self.folder}: {name!r} in {inside} may be {' or '.join(fitting[:2])}. "
                        f"Write there which, with its folder, or take one of the two away."
                    )
                dropped = split_in(name.removesuffix(short[name])) if short and fitting else ""
                path = fitting[0] if fitting else ""
                is_other = dropped and split_in(posixpath.dirname(path)) not in ("", dropped)
                paths[name] = "" if is_other else path
            if any(paths.values()):
                break
        return {name: (self.identity(name, path, start), path) for name, path in paths.items()}


def shortened(names: list[str]) -> Iterable[dict[str, str]]:
    """Yield the names as they are, then without one shared folder after the other.

    At last come names without any folder, unless two of them are alike.
    """
    yield {}
    shared = os.path.commonprefix([posixpath.dirname(name) + "/" for name in names])
    for slash in re.finditer("/", shared):
        if slash.end() > 1 or names[0].startswith("/"):
            yield {name: name[slash.end() :] for name in names}
    bare = {name: posixpath.basename(name) for name in names}
    if len({fold(name) for name in bare.values()}) == len(names):
        yield bare


def best_spelled(paths: list[str], name: str) -> list[str]:
    """Keep the paths that spell a name as it is written, if there are any."""
    return (
        [path for path in paths if path.endswith(name)]
        or [path for path in paths if plain_spelling(path).endswith(plain_spelling(name))]
        or paths
    )


def nearest(paths: list[str], start: str, split: str) -> list[str]:
    """Keep the paths below the file that names them, or of its split, or above their copies."""
    if start:
        paths = [path for path in paths if path.startswith(f"{start}/")] or paths
    if split:
        paths = [path for path in paths if split_in(posixpath.dirname(path)) == split] or paths
    above = posixpath.commonpath(paths)
    return [path for path in paths if posixpath.dirname(path) == above] or paths
