"""From an address to a photo that a captioner can read, or to the reason why there is none."""

import hashlib
import io
import re
from dataclasses import dataclass, replace
from threading import BoundedSemaphore

import numpy as np
from PIL import Image
from urllib3.util import Retry

from helpers.apps.alt_text.occurrences import by_size
from helpers.apps.alt_text.politeness import RETRIES, Hosts, opted_out
from helpers.apps.alt_text.shards import SCHEME, read_shard
from helpers.apps.alt_text.store import Finding, Picture
from helpers.images import Answer, ImageError, fetch_answer, open_image
from helpers.images.errors import name_of
from helpers.images.fetching import MAX_REDIRECTS

THUMBNAIL, QUALITY = 192, 60  # pixels; about 6 kB, so 2,000 fit into one page
DECODING = BoundedSemaphore(2)  # a photo of 40 megapixels takes up to 250 MB to open
BY_HAND = re.compile(r"(?:; |,? or )(?:right-click.*|(?:save the image and )?upload it.*)(?=\.$)")
NAMELESS = re.compile(r"^The image of [\d,]+ bytes ")


@dataclass(frozen=True)
class Errand:
    """An address to visit.

    Attributes:
        address: as it stands in the table.
        retry: how often a busy server may still be asked.
        moved: where its server has led; "" if it has not. It is visited like any address: in its
            turn, and if its own server's robots.txt allows.
        redirects: how often it has been led on.
    """

    address: str
    retry: Retry = RETRIES
    moved: str = ""
    redirects: int = 0

    @property
    def place(self) -> str:
        """The address to ask."""
        return self.moved or self.address

    def led_to(self, target: str) -> "Errand":
        """Return the errand that goes on elsewhere; raises ImageError if it has gone far enough."""
        if self.redirects == MAX_REDIRECTS:
            raise ImageError("leads from one address to the next.", "unreachable")
        return replace(self, moved=target, redirects=self.redirects + 1)


@dataclass(frozen=True)
class Photo:
    """A photo at its address: pixels uint8 (size, size, 3), ready for the encoder."""

    address: str
    picture: Picture
    pixels: np.ndarray


Result = Photo | tuple[Finding, Picture | None]


def visit(errand: Errand, hosts: Hosts, size: int) -> Result | Errand | ImageError:
    """Fetch an address and return its photo, or what is to be said about it, or where it leads.

    size: pixels along each side that the encoder reads.
    """
    try:
        answer = fetch_politely(errand.place, hosts)
        if answer.target:
            return errand.led_to(answer.target)
        with DECODING:
            return look(errand.address, answer.data, size)
    except ImageError as error:
        return error
    except Exception as error:  # one strange image is not to end the work on all the others
        return ImageError(f"failed in an unforeseen way ({error!r})", "failed")


def fetch_politely(address: str, hosts: Hosts) -> Answer:
    """Fetch an address if its server wants that; raises ImageError."""
    if hosts.folder and address.startswith(SCHEME):
        return Answer(read_shard(address, hosts.folder), {})
    hosts.check(address)
    answer = fetch_answer(address, local=hosts.local, user_agent=hosts.user_agent, follow=False)
    if opted_out(answer.headers):
        raise ImageError("its server answers “noai”: not for machines. Describe it.", "noai")
    return answer


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


def failure(errand: Errand, error: ImageError) -> Finding:
    """Return what an error means for a table, in which the address stands already."""
    place, said = name_of(errand.place), NAMELESS.sub("", str(error))
    words = BY_HAND.sub("", said.removeprefix(place).strip())
    if errand.moved:
        joint = ": " if words.startswith(("its ", "http")) else ", which "
        words = f"leads to {place}{joint}{words}"
    if error.status == "blocked":
        words += " Is the server yours? Let it in with --local, and --retry-failed."
    return Finding(errand.address, error.status, words)
