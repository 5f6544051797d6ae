"""From the bytes of an image to a photo for the captioner, or to why it needs no caption."""

import hashlib
from dataclasses import dataclass
from threading import BoundedSemaphore

from PIL import Image

from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.findings import Finding, Picture
from helpers.apps.alt_text.signs import ICON, by_size
from helpers.apps.alt_text.visiting.lettering import READ, Lettering
from helpers.captioner import AnyCaptioner, Candidate
from helpers.images import encoded, open_image

# Pixels; about 9 kB, so 2,000 fit into one page: half as large as a JPEG that looks like it.
THUMBNAIL, QUALITY = 384, 50
DECODING = BoundedSemaphore(2)  # a photo of 40 megapixels takes up to 250 MB to open


@dataclass(frozen=True)
class Photo:
    """A photo at its address, with all that the captioner needs of it."""

    address: str
    picture: Picture
    prepared: object


Result = Photo | tuple[Finding, Picture | None]


def look(
    address: str, data: bytes, captioner: AnyCaptioner, lettering: Lettering | None = None
) -> Photo | tuple[Finding, Picture]:
    """Open an image: a photo to caption, or one that says its text, or seems only to decorate."""
    size = max(captioner.image_size, ICON)  # smaller ones would all look like icons
    image, digest = open_image(data, size), hashlib.sha256(data).hexdigest()
    picture = Picture(digest, encoded(image, "WEBP", THUMBNAIL, quality=QUALITY, method=2))
    if reason := by_size(image.width, image.height) or plain_colour(image):
        return Finding(address, statuses.LOOKS_DECORATIVE, reason, digest), picture
    # Only where a small copy looks like text, the image is opened as large as is good for reading.
    likely = lettering and lettering.likely(image)
    if read := lettering.read(open_image(data, READ)) if likely else None:
        picture = Picture(digest, picture.thumbnail, [Candidate(read[0], confidence=read[1])])
        return Finding(address, statuses.TEXT, "read in it", digest), picture
    # Small at once, so that memory doesn't grow with the photos.
    return Photo(address, picture, captioner.prepare(image))


def plain_colour(image: Image.Image) -> str:
    """Return that an image shows one colour only; "" if it shows more."""
    alike = all(low == high for low, high in image.getextrema())
    return "one plain colour: a spacer" if alike else ""
