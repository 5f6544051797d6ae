"""Find the photos that captions name: by their path, in any spelling of it, never by a guess."""

import html
import os
import posixpath
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from helpers.captions import plain_spelling
from helpers.datasets.namesakes import split_in

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".avif", ".tif")
IMAGE_ENDINGS += (".tiff", ".heic", ".heif", ".jfif")


class DatasetError(ValueError):
    """A data set cannot be opened; the message names the folder and the cure."""


def fold(path: str) -> str:
    """Return what all spellings of a path have in common: capitals, slashes, accents."""
    return plain_spelling(path).lower()


def place_in(folder: Path, path: Path) -> str:
    """Return a path as seen from a folder, with forward slashes; "../…" if it is not in it."""
    return Path(os.path.relpath(path, folder)).as_posix()


def start_of(inside: str) -> str:
    """Return the folder from which the names in a file lead on; "" for a file from elsewhere."""
    return "" if inside.startswith("../") else posixpath.dirname(inside)


def stem(path: str) -> str:
    """Return a path without the ending of an image; others stay as they are."""
    return posixpath.splitext(path)[0] if path.lower().endswith(IMAGE_ENDINGS) else path


class Photos:
    """The files of a data set's folder, known by their paths in it.

    Arguments:
        folder: the data set's folder.
        paths: of the files, relative to it, with forward slashes, as the disk spells them.
        later: tells of a path whether it is taken only if no other fits.
    """

    def __init__(
        self, folder: Path, paths: Iterable[str], later: Callable[[str], bool] = lambda path: False
    ):
        self.folder, self.paths, self.later = folder, list(paths), later
        self.named, self.own, self.bare = {}, {}, {}
        self.fits = cache(self.fits)  # captions and splits name the same photos
        for path in self.paths:
            folded = fold(path)
            self.named.setdefault(folded.rpartition("/")[2], []).append((folded, path))
            if (short := stem(folded)) != folded:
                self.bare.setdefault(short.rpartition("/")[2], []).append((short, path))

    def fits(self, name: str, start: str = "", split: str = "") -> list[str]:
        """Return the path of the photo that a file calls so; several where none is nearer.

        A name is looked up beside the file, then from the folder on; else it is the ending of
        a path. If nothing is called so, the name may lack the photo's ending, or be written as
        in an address. start, split: the folder of the file, and the split that its path names.
        """
        found = self.looked_up(self.named, name, start, split)
        if not found and stem(name) == name:
            found = self.looked_up(self.bare, name, start, split)
        if not found and re.search("[%?&]", name):
            plain = unquote(html.unescape(name).partition("?")[0])
            found = self.looked_up(self.named, plain, start, split)
        return found

    def looked_up(self, known: dict, name: str, start: str, split: str) -> list[str]:
        """Return what fits a name among known ones: last part -> (whole name, path of a photo)."""
        name = posixpath.normpath(name)
        folded = fold(name)
        alike = known.get(folded.rpartition("/")[2], [])
        for whole in (posixpath.normpath(posixpath.join(start, name)), name) if alike else ():
            if found := [path for own, path in alike if own == fold(whole)]:
                return best_spelled(found, whole)
        below, home = f"/{folded}", split_in(start)
        fitting = [path for own, path in alike if own.endswith(below)]
        if home:  # a name in test/ is none in train/
            fitting = [path for path in fitting if split_in(posixpath.dirname(path)) in ("", home)]
        if not fitting[1:]:
            return fitting
        fitting = nearest(best_spelled(fitting, name), start, split)
        fitting = [path for path in fitting if not self.later(path)] or fitting
        real = {}  # two links to one photo are no question
        for path in fitting:
            real.setdefault(os.path.realpath(self.folder / path), path)
        return list(real.values())

    def identity(self, name: str, path: str, start: str = "") -> str:
        """Return the name if it leads to this photo from the folder itself, else its path.

        path: "" for a photo that is missing. A photo that has an identity keeps it.
        """
        if path in self.own:
            return self.own[path]
        if stem(name) == name and stem(path) != path:
            name += posixpath.splitext(path)[1]
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
        inside, names, paths = place_in(self.folder, source), list(names), {}
        start, split = start_of(inside), split_in(inside)
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
