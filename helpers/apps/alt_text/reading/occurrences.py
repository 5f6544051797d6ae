"""From rows to addresses: the images in a cell, and what their markup says about them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

from helpers.apps.alt_text.signs import IMAGE_ENDING, SPACERS, decorative

# (A run is looked at from its first character only: else a long one takes for ever.)
SPLIT = re.compile(r"(?<![\s|;,])[\s|;,]+(?=(?:https?:)?//|data:image/)", re.IGNORECASE)
SEVERAL = re.compile(r"[\r\n|]|[,;]\s+")  # a comma alone may be part of an address
NAMED_IMAGE = re.compile(rf"[^?#]*{IMAGE_ENDING}([?#]\S*)?", re.IGNORECASE)
PLACEHOLDER = re.compile(r"data:|about:|#|$", re.IGNORECASE)
LATE = ("data-src", "data-lazy-src", "data-original")  # where pages keep what they load late
SETS = ("srcset", "data-srcset", "data-lazy-srcset", "picture")
# The white space or the end behind an address decides what of its commas belong to it.
CANDIDATE = re.compile(r"([^\s,](?:\S*[^\s,])?)([^,]*)")
DESCRIPTOR = re.compile(r"\s(\d+(?:\.\d+)?)[wx](?!\S)")


@dataclass(frozen=True)
class Columns:
    """Where to find things in a row; None for what a table lacks."""

    address: int
    page: int | None = None
    alt: int | None = None


@dataclass(frozen=True)
class Occurrence:
    """An image in a row. With a status, nothing has to be fetched to know what becomes of it.

    Attributes:
        address: absolute, as far as the row tells; "" if there is none.
        status: "" if it needs a caption, else "exists", "decorative", "no_address" or
            "bad_address", with a message.
        alt: the alt text that it has.
        shown: what people know it by, where that is not the address.
    """

    address: str
    status: str = ""
    message: str = ""
    alt: str = ""
    shown: str = ""


class _Images(HTMLParser):
    """Collects the attributes of every <img>. Taught in lesson 09."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        if tag in ("img", "amp-img"):
            self.found.append({name: value or "" for name, value in attributes})


class _Pictures(_Images):
    """Also notes, of an <img> in a <picture>, what the <source> tags beside it name."""

    def __init__(self):
        super().__init__()
        self.sources = []

    def handle_starttag(self, tag, attributes):
        super().handle_starttag(tag, attributes)
        if tag == "picture":
            self.sources = []
        elif tag == "source":
            self.sources += [value for name, value in attributes if name in SETS and value]
        elif tag == "img" and self.sources:
            self.found[-1]["picture"] = ", ".join(self.sources)

    def handle_endtag(self, tag):
        if tag == "picture":
            self.sources = []


def occurrences_in(
    row: Sequence[str], columns: Columns, base: str = "", everything: bool = False
) -> list[Occurrence]:
    """Return the images of a row, at least one: an Occurrence also says that there is none.

    base: what addresses are relative to if the row names no page.
    everything: caption also images that have an alt text.
    """
    cell = cell_of(row, columns.address)
    page = cell_of(row, columns.page) or base
    alt = cell_of(row, columns.alt)
    texts = ((image, image.get("alt", "").strip() or alt) for image in images_of(cell))
    found = [occurrence(image, page, "" if everything else text) for image, text in texts]
    broken = "holds no <img> with an address" if "<" in cell else "is empty"
    return found or [Occurrence("", "no_address", f"the cell {broken}")]


def cell_of(row: Sequence[str], place: int | None) -> str:
    """Return a cell without the space around it; "" where a row is too short."""
    return row[place].strip() if place is not None and place < len(row) else ""


def images_of(cell: str) -> Iterator[dict[str, str]]:
    """Yield the attributes of every image in a cell; of a bare address only `src`."""
    if "<" not in cell:
        yield from ({"src": address.strip(" ,;|")} for address in addresses_in(cell) if address)
        return
    found = parse(cell) or parse(cell + '">') or parse(cell + "'>")  # cut off inside the tag
    yield from (image for image in found if address_of(image))


def addresses_in(cell: str) -> list[str]:
    """Return the addresses in a cell without tags; relative ones if all look like images."""
    parts = [part.strip() for part in SEVERAL.split(cell) if part.strip()]
    parts = parts if all(map(NAMED_IMAGE.fullmatch, parts)) else [cell]
    return [address for part in parts for address in SPLIT.split(part)]


def parse(html: str) -> list[dict[str, str]]:
    """Return the attributes of the images in HTML, however broken."""
    parser = _Pictures()
    try:
        parser.feed(html)
        parser.close()
    except (AssertionError, ValueError):  # of the kind <![dog[
        pass
    return parser.found


def address_of(image: dict[str, str]) -> str:
    """Return where an image is; pages that load late keep it beside a placeholder in `src`."""
    given = [image.get(name, "").strip() for name in ("src", *LATE)]
    given += [largest(image[name]) for name in SETS if name in image]
    return next((a for a in given if not placeholder(a)), next(filter(None, given), ""))


def placeholder(address: str) -> bool:
    """True if an address stands for an image that comes later, or is that of a spacer."""
    return bool(PLACEHOLDER.match(address) or SPACERS.search(f"/{address.partition('?')[0]}"))


def largest(candidates: str) -> str:
    """Return the largest image of a `srcset`, "" if there is none but placeholders.

    candidates: such as "a.jpg 640w, b.jpg 1280w" or "a.jpg, b.jpg 2x".
    Source: https://html.spec.whatwg.org/multipage/images.html#srcset-attributes.
    """
    found = [match.groups() for match in CANDIDATE.finditer(candidates)]
    sizes = {a: DESCRIPTOR.search(words) for a, words in found if not placeholder(a)}
    return max(sizes, key=lambda a: float(sizes[a][1]) if sizes[a] else 1, default="")


def occurrence(image: dict[str, str], page: str, alt: str) -> Occurrence:
    """Judge an image by its address and markup."""
    given = address_of(image)
    try:
        address = urldefrag(urljoin(page, given)).url
    except ValueError:
        return Occurrence(given, "bad_address", "is no valid address. Copy it once more")
    address = f"https:{address}" if address.startswith("//") else address
    if alt:
        return Occurrence(address, "exists", "has an alt text already", alt)
    if reason := decorative(image, address):
        return Occurrence(address, "decorative", reason)
    if not re.match(r"[a-z][a-z0-9+.-]*:", address, re.IGNORECASE):
        problem = "is relative, and its row names no page. Add --base https://…"
        return Occurrence(address, "no_address", problem)
    return Occurrence(address)
