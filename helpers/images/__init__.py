"""ONE way to open an image, for training, for the widget, for bulk work and for the web page.

* `opening`: path, bytes, file or URL in, upright RGB out;
* `limits`: how large it may be, and what is decoded reduced;
* `upright`: rotation, colours and transparency, a few rows at a time;
* `fetching`: the bytes at a URL, safely;
* `errors`: `ImageError`, whose message names the image and the cure.
"""

from helpers.images.errors import ImageError
from helpers.images.fetching import URL, USER_AGENT, Answer, fetch_answer, fetch_image
from helpers.images.opening import Source, image_pixels, open_image

__all__ = [
    "URL",
    "USER_AGENT",
    "Answer",
    "ImageError",
    "Source",
    "fetch_answer",
    "fetch_image",
    "image_pixels",
    "open_image",
]
