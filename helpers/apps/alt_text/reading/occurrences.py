"""From rows to addresses: the images in a row, and what their markup says about them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin

from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.reading.cells import address_of, images_of
from helpers.apps.alt_text.reading.context import in_links, seen_by
from helpers.apps.alt_text.reading.names import LINKS, MIME, plain, says_image
from helpers.apps.alt_text.reading.purpose import (
    NOTHING_KNOWN,
    UNSUPPORTED_MIME,
    NothingKnown,
    verdict,
)
from helpers.apps.alt_text.signs import IMAGE_LIKE


@dataclass(frozen=True)
class Columns:
    """Where to find things in a row; None for what a table lacks.

    kinds: columns that say of what kind a row is, and whether they know images among others.
    context: columns that tell of the page around an image: what they hold -> where.
    several: a cell of alt texts holds one for each image.
    """

    address: int
    page: int | None = None
    alt: int | None = None
    kinds: dict[int, bool] = field(default_factory=dict, compare=False)
    context: dict[str, int] = field(default_factory=dict, compare=False)
    several: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Occurrence:
    """An image in a row. With a status, nothing has to be fetched to know what becomes of it.

    Attributes:
        address: absolute, as far as the row tells; "" if there is none.
        status: "" if it needs a caption, else one of `statuses`, with a message.
        alt: the alt text that it has.
        shown: what people know it by, where that is not the address.
        suggestion: the text for it, where that is known without a look at it.
        page: on which it stands; "" if the row names none.
        context: what is known of the page around it, as `context` names it.
    """

    address: str
    status: str = ""
    message: str = ""
    alt: str = ""
    shown: str = ""
    suggestion: str = ""
    page: str = ""
    context: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Reading:
    """How to read the input; "" leaves it to be found.

    Attributes:
        base: what addresses are relative to where a row names no page.
        everything: caption also images that have an alt text.
        weak: caption also images whose alt text says little.
        read_pages: read the pages on which the images stand, too.
        read_text: read the text in images of text.
    """

    address_column: str = ""
    page_column: str = ""
    alt_column: str = ""
    encoding: str = ""
    delimiter: str = ""
    base: str = ""
    everything: bool = False
    weak: bool = False
    read_pages: bool = False
    read_text: bool = False


def occurrences_in(
    row: Sequence[str],
    columns: Columns,
    reading: Reading = Reading(),
    known: NothingKnown = NOTHING_KNOWN,
) -> list[Occurrence]:
    """Return the images of a row, at least one: an Occurrence also says that there is none.

    known: what is known beside the row.
    """
    cell = cell_of(row, columns.address)
    page = cell_of(row, columns.page)
    around = {name: cell_of(row, at) for name, at in columns.context.items()}
    around["kind"] = " ".join(cell_of(row, at) for at in columns.kinds)
    images = list(in_links(cell, images_of(cell), page or reading.base))
    alts = alts_for(cell_of(row, columns.alt), len(images), columns.several)
    found = [
        occurrence(image, page, around | {"row_alt": alt}, reading, known)
        for image, alt in zip(images, alts, strict=True)
    ]
    broken = "holds no <img> with an address" if "<" in cell else "is empty"
    return found or [Occurrence("", statuses.NO_ADDRESS, f"the cell {broken}")]


def alts_for(cell: str, images: int, several: bool) -> list[str]:
    """Return the alt text of each image of a row: all have the same, or each its own in a list."""
    own = re.split(r"[,|;\n]", cell) if several else []
    return [alt.strip() for alt in own] if len(own) == images else [cell] * images


def cell_of(row: Sequence[str], place: int | None) -> str:
    """Return a cell without the space around it; "" where a row is too short."""
    return row[place].strip() if place is not None and place < len(row) else ""


def is_no_image(row: Sequence[str], columns: Columns) -> bool:
    """True if a row says of itself that it is a link, a page or a script, and no image."""
    kinds = {at: cell_of(row, at) for at in columns.kinds}
    if any(plain(kind) in LINKS for kind in kinds.values()):
        return True
    said = {at: says_image(kind) for at, kind in kinds.items()}
    if not said or True in said.values():
        return False
    if any(MIME.match(kinds[at]) for at, says in said.items() if says is False):
        return True
    # Words that we don't know, beside “Image”; a shop's “Video” may still have a picture.
    strange = (columns.kinds[at] and kinds[at] and not MIME.match(kinds[at]) for at in kinds)
    other = False in said.values() or any(strange)
    return other and not IMAGE_LIKE.search(cell_of(row, columns.address))


def occurrence(
    image: dict[str, str],
    page: str,
    around: dict[str, str],
    reading: Reading,
    known: NothingKnown,
) -> Occurrence:
    """Judge an image by its address, its markup, and what is known of the page around it."""
    given = address_of(image)
    try:
        address = urldefrag(urljoin(page or reading.base, given)).url
    except ValueError:
        return Occurrence(given, statuses.BAD_ADDRESS, "is no valid address. Copy it once more")
    address = f"https:{address}" if address.startswith("//") else address
    image = seen_by(around, known.markup(page, address), image)
    alt = image.get("alt", "").strip() or image.get("aria-label", "").strip() or around["row_alt"]
    judged = "" if reading.everything else alt
    status, message, text = verdict(image, address, judged, reading.weak, known)
    if not status and not re.match(r"[a-z][a-z0-9+.-]*:", address, re.IGNORECASE):
        status = statuses.NO_ADDRESS
        message = "is relative, and its row names no page. Add --base https://…"
    if not status and UNSUPPORTED_MIME.search(around["kind"]):
        status, message = statuses.UNSUPPORTED, "a kind of file that isn't looked into; describe it"
    return Occurrence(address, status, message, alt, "", text, page, image)
