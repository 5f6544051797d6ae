"""Open an image: whatever comes in (a photo of a phone, a transparent logo), RGB comes out."""

import io
from os import PathLike
from typing import IO

import numpy as np
from PIL import Image, UnidentifiedImageError, features

from helpers.images.errors import ImageError, name_of
from helpers.images.fetching import URL, fetch_image
from helpers.images.limits import MAX_BYTES, TOO_LARGE, check_bytes, check_pixels, check_time, draft
from helpers.images.upright import upright_rgb

# Pillow knows about 70 extensions; several of its rarer readers had security holes.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP") + (("AVIF",) if features.check("avif") else ())
AGAIN = "Fetch or export it again"
Source = str | PathLike | bytes | io.IOBase

# How files begin that no reader of ours knows: beginnings -> what it is, what to do.
STRANGERS = {
    (b"<svg",): "is an SVG drawing. Export it as PNG",
    (b"<?xml",): "is an XML file or an SVG drawing. Export the drawing as PNG",
    (b"<",): "is a web page; right-click the image on it and copy its address, or save the image",
    (b"%pdf",): "is a PDF. Export the page as PNG",
    (b"ii*\0", b"mm\0*"): "is a TIFF image. Save it as PNG",
    (b"\x1f\x8b",): "is packed with gzip. Unpack it",
    (b"\xff\xd8", b"\x89png", b"riff", b"gif8", b"bm"): f"is damaged or cut off. {AGAIN}",
    (b"",): f"is no image of a supported format. Save it as one of {', '.join(FORMATS)}",
}


def open_image(source: Source, size: int | None = None) -> Image.Image:
    """Open an image as upright RGB: first frame, transparency on white, 8 bits a colour.

    source: path, URL (http, https, data), bytes, or binary file (read from its start).
    size: hint in pixels; a large image then comes reduced, never below size x size. Without it
        only a progressive JPEG of more than 28 megapixels does, halved for the sake of memory.
    Raises ImageError for anything that is not a whole image of at most 40 megapixels (16 as WebP
    or AVIF, whose decoders keep several copies; 30 as progressive CMYK), and for a file of more
    than 250 MB (100 as JPEG, WebP or AVIF).
    """
    name = name_of(source)
    with _file_of(source) as file:
        try:
            return _decode(file, size)
        except ImageError as error:
            raise ImageError(f"{name} {error}.", error.status) from None
        except UnidentifiedImageError:
            problem = _what_it_is(file)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise ImageError(f"{name} {TOO_LARGE}.", "too_large") from None
        except Exception as error:  # hostile files make decoders raise nearly anything
            problem = f"is damaged or cut off ({error}). {AGAIN}"
    raise ImageError(f"{name} {problem}.")


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
    if hasattr(source, "seek") and source.seekable():
        source.seek(0)
    data = source.read(MAX_BYTES + 1)  # one more is refused later
    if not isinstance(data, bytes):
        raise ImageError(f'{name_of(source)} is open as text. Open it with open(path, "rb").')
    return io.BytesIO(data)


def _open_path(path: str | PathLike) -> IO[bytes]:
    try:
        return open(path, "rb")
    except IsADirectoryError:
        raise ImageError(f"{path} is a folder. Give the path of one image in it.") from None
    except FileNotFoundError:
        raise ImageError(f"{path}: there is no such file. Check its name and folder.") from None
    except (OSError, ValueError) as error:
        raise ImageError(f"{path} cannot be read ({error}). Check its name and rights.") from None


def _decode(file: IO[bytes], size: int | None) -> Image.Image:
    """Decode in the one right order: what comes first protects what comes after."""
    check_bytes(file)
    with Image.open(file, formats=FORMATS) as image:
        check_pixels(image)
        check_time(image, file)
        draft(image, size)
        image.load()
        return upright_rgb(image, max(1, min(image.size) // (2 * size)) if size else 1)


def _what_it_is(file: IO[bytes]) -> str:
    """Say what the bytes are that no allowed reader knows, and what to do about it."""
    file.seek(0)
    data = file.read(1000)
    if not data:
        return f"is empty. {AGAIN}"
    if data[4:8] == b"ftyp":
        return "is a HEIC photo or a film. Save the photo as JPEG"
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next(answer for known, answer in STRANGERS.items() if start.startswith(known))
