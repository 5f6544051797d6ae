"""From the bytes of an image to a photo for the captioner, or to why it needs no caption."""

import hashlib
import io
from dataclasses import dataclass
from threading import BoundedSemaphore

import numpy as np
from PIL import Image

from helpers.apps.alt_text.signs import by_size
from helpers.apps.alt_text.store import Finding, Picture
from helpers.images import open_image

THUMBNAIL, QUALITY = 384, 50  # pixels; about 9 kB, so 2,000 fit into one page
DECODING = BoundedSemaphore(2)  # a photo of 40 megapixels takes up to 250 MB to open


@dataclass(frozen=True)
class Photo:
    """A photo at its address: pixels uint8 (size, size, 3), ready for the encoder."""

    address: str
    picture: Picture
    pixels: np.ndarray


Result = Photo | tuple[Finding, Picture | None]


def look(address: str, data: bytes, size: int) -> Photo | tuple[Finding, Picture]:
    """Open an image: a photo to caption, or something that only decorates."""
    image, digest = open_image(data, size), hashlib.sha256(data).hexdigest()
    picture = Picture(digest, thumbnail_of(image))
    if reason := by_size(image.width, image.height) or plain_colour(image):
        return Finding(address, "decorative", reason, digest), picture
    # As `image_pixels` does; small at once, so that memory doesn't grow with the photos.
    pixels = image.resize((size, size), Image.Resampling.BICUBIC)
    return Photo(address, picture, np.array(pixels))


def thumbnail_of(image: Image.Image) -> bytes:
    """Return a small WebP of an image: half as large as a JPEG that looks like it."""
    small, file = image.copy(), io.BytesIO()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    small.save(file, "WEBP", quality=QUALITY, method=2)
    return file.getvalue()


def plain_colour(image: Image.Image) -> str:
    """Return that an image shows one colour only; "" if it shows more."""
    alike = all(low == high for low, high in image.getextrema())
    return "one plain colour: a spacer" if alike else ""
