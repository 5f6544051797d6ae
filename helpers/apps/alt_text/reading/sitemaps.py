"""A sitemap of images, row by row; of the XML no tree is built, so nothing in it can grow large."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import ParseError, XMLParser

from helpers.apps.alt_text.reading.rows import TableError, binary

COLUMNS = ["page", "image", "title", "caption"]
MOST_BYTES = 100_000_000  # unpacked; sitemaps.org allows half of it
LONGEST_TEXT = 20_000  # characters
NAMED = 3  # how many sitemaps of an index a message names


class _Urls:
    """Takes what a parser finds: the images of each <url>, and what a <sitemapindex> names.

    open: the names of the elements around, from the <url> or <sitemap> on.
    """

    def __init__(self):
        self.open, self.text, self.rows, self.maps = [], "", [], []

    def start(self, tag: str, _: dict) -> None:
        name = tag.rpartition("}")[2]
        if self.open or name in ("url", "sitemap"):
            self.open.append(name)
        if self.open == ["url"]:
            self.page, self.images = "", []
        elif self.open == ["url", "image"]:
            self.images.append({})
        self.text = ""

    def data(self, text: str) -> None:
        if self.open and len(self.text) < LONGEST_TEXT:
            self.text += text[:LONGEST_TEXT]

    def end(self, _: str) -> None:
        text, self.text = self.text.strip(), ""
        if self.open == ["url", "loc"]:
            self.page = self.page or text
        elif self.open[:2] == ["url", "image"] and len(self.open) == 3:
            self.images[-1][self.open[2]] = text
        elif self.open == ["url"]:
            images = (
                (image.get(name, "") for name in ("loc", *COLUMNS[2:])) for image in self.images
            )
            self.rows += [[self.page, *image] for image in images]
        elif self.open == ["sitemap", "loc"] and len(self.maps) <= NAMED:
            self.maps.append(text)
        self.open = self.open[:-1]

    def taken(self) -> list[list[str]]:
        """Return the rows found since it was asked last."""
        rows, self.rows = self.rows, []
        return rows


def sitemap_rows(path: Path) -> Iterator[list[str]]:
    """Yield page, image, title and caption of each image of a sitemap.

    Raises TableError for one that is broken, far too large, or holds no images at all.
    Source: Google's image extension of sitemaps.org, https://www.google.com/schemas/sitemap-image.
    """
    found, size, some = _Urls(), 0, False
    parser = XMLParser(target=found)
    with binary(path) as file:
        try:
            for piece in iter(partial(file.read, 1 << 16), b""):
                size += len(piece)
                parser.feed(piece)
                some = some or bool(found.rows)
                yield from found.taken()
                if size > MOST_BYTES:
                    problem = f"has more than {MOST_BYTES // 1_000_000} MB, twice what is allowed"
                    raise TableError(f"{path} {problem} to a sitemap. Split it")
            parser.close()
        except ParseError as error:
            problem = f"{path} is no well-formed sitemap ({error}). Fetch it again"
            raise TableError(problem) from None
        except TableError:
            raise
        except (LookupError, ValueError) as error:  # of encodings
            raise TableError(f"{path} cannot be read ({error}). Save it as UTF-8") from None
    if not some:
        raise TableError(without_images(path, found.maps))


def without_images(path: Path, maps: list[str]) -> str:
    """Return what to do with a sitemap that holds no images, or is an index of others."""
    if not maps:
        return f"{path} names pages but no images. Try a crawler's table instead"
    listed = ", ".join(maps[:NAMED]) + ", …" * (len(maps) > NAMED)
    return f"{path} is an index of sitemaps: {listed}. Download them and give each by itself"
