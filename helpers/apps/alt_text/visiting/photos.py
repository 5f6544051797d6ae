"""From the bytes of an image to a photo for the captioner, or to why it needs no caption."""

import hashlib
import io
from dataclasses import dataclass
from threading import BoundedSemaphore

import numpy as np
from PIL import Image

from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.signs import by_size
from helpers.apps.alt_text.store import Finding, Picture
from helpers.apps.alt_text.visiting.lettering import READ, Lettering
from helpers.images import open_image

THUMBNAIL, QUALITY = 192, 60  # pixels; about 6 kB, so 2,000 fit into one page
DECODING = BoundedSemaphore(2)  # a photo of 40 megapixels takes up to 250 MB to open


@dataclass(frozen=True)
class Photo:
    """A photo at its address: pixels uint8 (size, size, 3), ready for the encoder."""

    address: str
    picture: Picture
    pixels: np.ndarray


Result = Photo | tuple[Finding, Picture | None]


def look(
    address: str, data: bytes, size: int, lettering: Lettering | None = None
) -> Photo | tuple[Finding, Picture]:
    """Open an image: a photo to caption, or one that says its text, or seems only to decorate."""
    image, digest = open_image(data, size), hashlib.sha256(data).hexdigest()
    picture = Picture(digest, thumbnail_of(image))
    if reason := by_size(image.width, image.height) or plain_colour(image):
        return Finding(address, statuses.LOOKS_DECORATIVE, reason, digest), picture
    if read := text_of(data, image, lettering):
        picture = Picture(digest, picture.thumbnail, [read])
        return Finding(address, statuses.TEXT, f"read in it, {read[1]:.0%} sure", digest), picture
    # As `image_pixels` does; small at once, so that memory doesn't grow with the photos.
    pixels = image.resize((size, size), Image.Resampling.BICUBIC)
    return Photo(address, picture, np.array(pixels))


def text_of(
    data: bytes, image: Image.Image, lettering: Lettering | None
) -> tuple[str, float] | None:
    """Return the text of an image of text and how sure it is; None for any other.

    Only where a small copy looks like one, the image is opened as large as is good for reading.
    """
    if lettering and lettering.likely(image):
        return lettering.read(open_image(data, READ))
    return None


def thumbnail_of(image: Image.Image) -> bytes:
    """Return a small JPEG of an image."""
    small, file = image.copy(), io.BytesIO()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    small.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def plain_colour(image: Image.Image) -> str:
    """Return that an image shows one colour only; "" if it shows more."""
    alike = all(low == high for low, high in image.getextrema())
    return "one plain colour: a spacer" if alike else ""
