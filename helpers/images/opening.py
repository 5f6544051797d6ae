"""Open an image: whatever comes in (a photo of a phone, a transparent logo), RGB comes out."""

import io
import os
import stat
from os import PathLike
from typing import IO

import numpy as np
from PIL import Image

from helpers.images.cheap import is_cheap
from helpers.images.decoding import decode
from helpers.images.errors import ImageError, name_of
from helpers.images.fetching import URL, fetch_image
from helpers.images.guarding import CHILDREN, TOO_DEAR
from helpers.images.limits import MAX_BYTES

Source = str | PathLike | bytes | io.IOBase


def open_image(source: Source, size: int | None = None) -> Image.Image:
    """Open an image as upright RGB: first frame, transparency on a ground, 8 bits a colour.

    The ground is white, or grey for a drawing that is too light to be seen on white.
    A file that might take minutes or all memory is decoded in a process of its own, which is
    ended after some seconds; such an image is refused.

    source: path, URL (http, https, data), bytes, or binary file (read from its start).
    size: hint in pixels; a large image then comes reduced, never below size x size. Without it
        only a progressive JPEG of more than 28 megapixels does, halved for the sake of memory.
    Raises ImageError for anything that is not a whole image of at most 40 megapixels (16 as WebP
    or AVIF, whose decoders keep several copies; 30 as progressive CMYK), and for a file of more
    than 250 MB (100 as JPEG, WebP or AVIF).
    """
    with _file_of(source) as file:
        try:
            return decode(file, size) if is_cheap(file) else CHILDREN.decode(file, size)
        except (ImageError, MemoryError) as error:
            problem = str(error) if isinstance(error, ImageError) else TOO_DEAR
            status = getattr(error, "status", "too_large")
            raise ImageError(f"{name_of(source)} {problem}.", status) from None
        except OSError as error:  # of the disk, while the header was looked at
            raise _unreadable(source, error) from None


def image_pixels(source: Source, size: int) -> np.ndarray:
    """Open an image and stretch it (bicubic) to a square of size x size pixels.

    Returns (size, size, 3) uint8. Raises ImageError as `open_image` does.
    Taught in lesson 02.
    """
    image = open_image(source, size)
    return np.array(image.resize((size, size), Image.Resampling.BICUBIC))


def _file_of(source: Source) -> IO[bytes]:
    """Return a source as a binary file: the one place that knows where images come from."""
    if isinstance(source, str) and URL.match(source):
        return io.BytesIO(fetch_image(source))
    if isinstance(source, str | PathLike):
        return _open_path(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    if not hasattr(source, "read"):
        raise ImageError(f"{source!r} is no image. Give a path, a URL, bytes or a binary file.")
    try:
        if hasattr(source, "seek") and source.seekable():
            source.seek(0)
        data = source.read(MAX_BYTES + 1)  # one more is refused later
    except (OSError, ValueError) as error:  # a closed one, too
        raise _unreadable(source, error) from None
    if not isinstance(data, bytes):
        raise ImageError(f'{name_of(source)} is open as text. Open it with open(path, "rb").')
    return io.BytesIO(data)


def _open_path(path: str | PathLike) -> IO[bytes]:
    try:
        kind = os.stat(path).st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):  # to open a pipe is to wait for ever
            problem = "is a pipe, a socket or a device, not a file. Save the image as a file"
            raise ImageError(f"{path} {problem}.")
        return open(path, "rb")
    except ImageError:
        raise
    except IsADirectoryError:
        raise ImageError(f"{path} is a folder. Give the path of one image in it.") from None
    except FileNotFoundError:
        raise ImageError(f"{path}: there is no such file. Check its name and folder.") from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def _unreadable(source: Source, error: Exception) -> ImageError:
    return ImageError(f"{name_of(source)} cannot be read ({error}). Check its name and rights.")


def encoded(image: Image.Image, kind: str, side: int | None = None, **options: object) -> bytes:
    """Return an image as a file of a kind, such as "JPEG"; at most `side` pixels wide and high.

    options: of Pillow's `save`, such as a quality.
    """
    small, file = image.copy(), io.BytesIO()
    if side:
        small.thumbnail((side, side))
    small.save(file, kind, **options)
    return file.getvalue()
