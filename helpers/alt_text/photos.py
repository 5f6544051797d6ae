"""From an address to a photo that a captioner can read, or to the reason why there is none."""

import hashlib
import io
import re
from dataclasses import dataclass
from threading import BoundedSemaphore

import numpy as np
from PIL import Image

from helpers.alt_text.occurrences import by_size
from helpers.alt_text.politeness import Hosts, opted_out
from helpers.alt_text.shards import SCHEME, read_shard
from helpers.alt_text.store import Finding, Picture
from helpers.images import ImageError, fetch_answer, open_image
from helpers.images.errors import name_of

THUMBNAIL, QUALITY = 192, 60  # pixels; about 6 kB, so 2,000 fit into one page
DECODING = BoundedSemaphore(2)  # a photo of 40 megapixels takes 120 MB while it is open
BY_HAND = re.compile(r"(?:; |,? or )(?:right-click.*|(?:save the image and )?upload it.*)(?=\.$)")


NAMELESS = re.compile(r"^The image of [\d,]+ bytes ")


@dataclass(frozen=True)
class Photo:
    """A photo at its address: pixels uint8 (size, size, 3), ready for the encoder."""

    address: str
    picture: Picture
    pixels: np.ndarray


def visit(address: str, hosts: Hosts, size: int) -> Photo | tuple[Finding, Picture] | ImageError:
    """Fetch an address and return its photo, or what is to be said about it.

    size: pixels along each side that the encoder reads.
    """
    try:
        data = fetch_politely(address, hosts)
        with DECODING:
            return look(address, data, size)
    except ImageError as error:
        return error
    except Exception as error:  # one strange image is not to end the work on all the others
        return ImageError(f"failed in an unforeseen way ({error!r})", "failed")


def fetch_politely(address: str, hosts: Hosts) -> bytes:
    """Fetch an address if its server wants that; raises ImageError."""
    if hosts.folder and address.startswith(SCHEME):
        return read_shard(address, hosts.folder)
    hosts.check(address)
    answer = fetch_answer(address, local=hosts.local, user_agent=hosts.user_agent)
    if opted_out(answer.headers):
        raise ImageError("its server answers “noai”: not for machines. Describe it.", "noai")
    return answer.data


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
    """Return a small JPEG of an image."""
    small, file = image.copy(), io.BytesIO()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    small.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def plain_colour(image: Image.Image) -> str:
    """Return that an image shows one colour only; "" if it shows more."""
    alike = all(low == high for low, high in image.getextrema())
    return "one plain colour: a spacer" if alike else ""


def failure(address: str, error: ImageError) -> Finding:
    """Return what an error means for a table, in which the address stands already."""
    words = str(error).removeprefix(name_of(address)).strip()
    words = BY_HAND.sub("", NAMELESS.sub("", words))
    if error.status == "blocked":
        words += " Is the server yours? Let it in with --local, and --retry-failed."
    return Finding(address, error.status, words)
