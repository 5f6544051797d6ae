"""Signs by which an image is known before anyone looks at it: its address, markup and size."""

import re
from contextlib import suppress
from urllib.parse import urlsplit

from helpers.strangers import number_in

IMAGE_ENDING = r"\.(jpe?g|png|webp|gif|bmp|avif|svg|tiff?|heic)"
IMAGE_LIKE = re.compile(rf"<img\b|^data:image/|{IMAGE_ENDING}([?#\s,;|]|$)", re.IGNORECASE)
ADDRESS_LIKE = re.compile(r"\s*(https?:)?//\S", re.IGNORECASE)
PORTS = {"http": "80", "https": "443"}  # need not be written
ICON = 32  # pixels: smaller images are icons
SPACER = 3  # pixels: thinner images are tracking pixels, spacers and lines
MOST_PIXELS = 1_000_000  # a side; no image is larger
SPACERS = re.compile(r"/(spacer|pixel|blank|clear|transparent|shim|1x1)[\d_.-]*\.(gif|png)$", re.I)
TRACKERS = re.compile(
    r"//([\w-]+\.)*(doubleclick\.net|google-analytics\.com|facebook\.com/tr|bat\.bing\.com)\b", re.I
)


def origin(address: str) -> str:
    """Return scheme and server of an address, spelt in one way; "" if no server is asked for it."""
    with suppress(ValueError):
        parts = urlsplit(address.strip())
        if parts.scheme in PORTS and parts.netloc:
            name = re.sub(f":({PORTS[parts.scheme]})?$", "", parts.netloc.lower())
            return f"{parts.scheme}://{name}"
    return ""


def hidden(image: dict[str, str]) -> str:
    """Return why markup says of an image that it only decorates; "" if it doesn't."""
    if image.get("role", "").lower() in ("presentation", "none"):
        return f'its role is "{image["role"].lower()}"'
    if image.get("aria-hidden", "").lower() == "true":
        return "it is hidden from screen readers (aria-hidden)"
    if "alt" in image and not image["alt"].strip():
        return 'its alt text is empty (alt=""): screen readers skip it'
    return ""


def decorative(image: dict[str, str], address: str) -> str:
    """Return why an image seems only to decorate, by its size or address; "" if it may say much."""
    if SPACERS.search(address.partition("?")[0]):
        return "its name is that of a spacer or tracking pixel"
    if TRACKERS.search(address):
        return "its address is that of a tracking pixel"
    given = (image.get(side, "").removesuffix("px") for side in ("width", "height"))
    return by_size(*map(pixels, given))


def pixels(text: str) -> int | None:
    """Return a width or height as a whole number, None for one that is unknown or senseless."""
    number = number_in(text, 0, MOST_PIXELS)
    return None if number is None else int(number)


def by_size(width: int | None, height: int | None) -> str:
    """Return why an image of this size only decorates; "" if it may say something.

    width, height: in pixels, None where unknown. Taught in lesson 09.
    """
    known = [side for side in (width, height) if side is not None]
    size = f"{'?' if width is None else width} x {'?' if height is None else height} pixels"
    if known and min(known) <= SPACER:
        return f"{size}: a tracking pixel or spacer"
    if known and max(known) < ICON:
        return f"{size}: an icon"
    return ""
