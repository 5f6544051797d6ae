"""From rows to addresses: the images in a row, and what their markup says about them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin

from helpers.apps.alt_text.reading.cells import address_of, images_of
from helpers.apps.alt_text.reading.names import LINKS, MIME, plain, says_image
from helpers.apps.alt_text.signs import IMAGE_LIKE, decorative


@dataclass(frozen=True)
class Columns:
    """Where to find things in a row; None for what a table lacks.

    kinds: columns that say of what kind a row is, and whether they know images among others.
    """

    address: int
    page: int | None = None
    alt: int | None = None
    kinds: dict[int, bool] = field(default_factory=dict, compare=False)


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
