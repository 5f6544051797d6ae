"""A sitemap of images, row by row; of the XML no tree is built, so nothing in it can grow large."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from time import monotonic
from typing import IO
from xml.etree.ElementTree import ParseError, XMLParser

from helpers.apps.alt_text.reading.rows import TableError, binary

COLUMNS = ["page", "image", "title", "caption"]
FIELDS = [["loc"], ["title"], ["caption"]]  # of an image
MOST_BYTES = 100_000_000  # unpacked; sitemaps.org allows half of it
LONGEST_TEXT = 20_000  # characters
LONGEST_TAG = 1_000_000  # bytes; until it ends, expat reads it again and again
MOST_SECONDS = 30  # 100 MB of an ordinary one take less than 10
MOST_NAMES, DEEPEST, MOST_IMAGES = 1_000, 100, 10_000  # Google allows 1,000 images a page
NAMED = 3  # how many sitemaps of an index a message names


class _Urls:
    """Takes what a parser finds: the images of each <url>, and what a <sitemapindex> names.

    open: the names of the elements around, from the <url> or <sitemap> on.
    names: of all elements and attributes so far; the parser keeps them as well.
    seen: how much the parser has found.
    """

    def __init__(self):
        self.open, self.text, self.rows, self.maps = [], "", [], []
        self.names, self.seen, self.images = set(), 0, []

    def start(self, tag: str, attributes: dict) -> None:
        self.seen += 1
        self.names.update((tag, *attributes))
        if max(len(self.names) - MOST_NAMES, len(self.open) - DEEPEST) > 0:
            raise ValueError("it is nested too deep, or of too many kinds of elements")
        name = tag.rpartition("}")[2]
        if self.open or name in ("url", "sitemap"):
            self.open.append(name)
        if self.open == ["url"]:
            self.page, self.images = "", []
        elif self.open == ["url", "image"]:
            self.images.append({})
            if len(self.images) > MOST_IMAGES:
                raise ValueError(f"a page has more than {MOST_IMAGES:,} images")
        self.text = ""

    def data(self, text: str) -> None:
        self.seen += 1
        if self.open and len(self.text) < LONGEST_TEXT:
            self.text += text[:LONGEST_TEXT]

    def end(self, _: str) -> None:
        self.seen += 1
        text, self.text = self.text.strip(), ""
        if self.open == ["url", "loc"]:
            self.page = self.page or text
        elif self.open[:2] == ["url", "image"] and self.open[2:] in FIELDS:
            self.images[-1][self.open[2]] = text
        elif self.open == ["url"]:
            images = (
                (image.get(name, "") for name in ("loc", *COLUMNS[2:])) for image in self.images
            )
            self.rows += [[self.page, *image] for image in images]
        elif self.open == ["sitemap", "loc"] and len(self.maps) <= NAMED:
            self.maps.append(text)
        del self.open[-1:]

    def taken(self) -> list[list[str]]:
        """Return the rows found since it was asked last."""
        rows, self.rows = self.rows, []
        return rows


def sitemap_rows(path: Path) -> Iterator[list[str]]:
    """Yield page, image, title and caption of each image of a sitemap.

    Raises TableError for one that is broken, far too large, or holds no images at all.
    Source: Google's image extension of sitemaps.org, https://www.google.com/schemas/sitemap-image.
    """
    found, some = _Urls(), False
    with binary(path) as file:
        try:
            for _ in parsed(file, found):
                some = some or bool(found.rows)
                yield from found.taken()
        except ParseError as error:
            problem = f"{path} is no well-formed sitemap ({error}). Fetch it again"
            raise TableError(problem) from None
        except LookupError as error:
            raise TableError(f"{path} cannot be read ({error}). Save it as UTF-8") from None
        except ValueError as error:
            if "encoding" in str(error):
                raise TableError(f"{path} cannot be read ({error}). Save it as UTF-8") from None
            raise TableError(f"{path} is no ordinary sitemap: {error}. Split it") from None
    if not some:
        raise TableError(without_images(path, found.maps))


def parsed(file: IO[bytes], found: _Urls) -> Iterator[None]:
    """Parse a file piece by piece; raise ValueError for what costs more than a sitemap may.

    (The time is that of this parser, not of those who take the rows.)
    """
    parser, size, quiet, seconds = XMLParser(target=found), 0, 0, 0.0
    for piece in iter(partial(file.read, 1 << 16), b""):
        before, start = found.seen, monotonic()
        parser.feed(piece)
        size, seconds = size + len(piece), seconds + monotonic() - start
        quiet = 0 if found.seen > before else quiet + len(piece)
        yield
        if size > MOST_BYTES:
            problem = f"it has more than {MOST_BYTES // 1_000_000} MB, twice what is allowed"
            raise ValueError(problem)
        if quiet > LONGEST_TAG or seconds > MOST_SECONDS:
            raise ValueError("it takes too long to read")
    parser.close()


def without_images(path: Path, maps: list[str]) -> str:
    """Return what to do with a sitemap that holds no images, or is an index of others."""
    if not maps:
        return f"{path} names pages but no images. Try a crawler's table instead"
    listed = ", ".join(maps[:NAMED]) + ", …" * (len(maps) > NAMED)
    return f"{path} is an index of sitemaps: {listed}. Download them and give each by itself"
