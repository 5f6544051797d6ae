"""ONE way to open an image, for training, for the widget, for bulk work and for the web page.

Whatever comes in (photo of a phone, transparent logo, 16-bit scan), upright RGB comes out.
"""

import io
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

# Pillow knows about 70 extensions; several of its rarer readers had security holes.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP") + (("AVIF",) if features.check("avif") else ())
MAX_PIXELS = 40_000_000

Source = str | PathLike | bytes | BinaryIO

# How files begin that are mistaken for images: beginning -> what it is, what to do.
STRANGERS = {
    b"<!doctype html": "is an HTML page, not an image. Open the page and save the image itself",
    b"<html": "is an HTML page, not an image. Open the page and save the image itself",
    b"<svg": "is an SVG drawing. Export it as PNG",
    b"<?xml": "is an XML file or an SVG drawing. Export the drawing as PNG",
    b"%pdf": "is a PDF. Export the page as PNG",
    b"ii*\x00": "is a TIFF image. Save it as PNG",
    b"mm\x00*": "is a TIFF image. Save it as PNG",
}
BEGINNINGS = (b"\xff\xd8", b"\x89PNG", b"RIFF", b"GIF8", b"BM")


class ImageError(ValueError):
    """An image cannot be opened; the message names the source and the cure."""


class _TooLarge(Exception):
    """The header announces more pixels than MAX_PIXELS."""


def open_image(source: Source, size: int | None = None) -> Image.Image:
    """Open an image as upright RGB: first frame, transparency on white, 8 bits a colour.

    source: path, bytes, or binary file (read from its start).
    size: hint in pixels; a large JPEG is then decoded reduced, never below size x size.
    Raises ImageError for anything that is not a whole image of at most MAX_PIXELS.
    """
    name, data = _name(source), _read(source)
    try:
        return _decode(data, size)
    except UnidentifiedImageError:
        problem = _what_it_is(data)
    except (_TooLarge, Image.DecompressionBombError, Image.DecompressionBombWarning):
        problem = f"has more than {MAX_PIXELS // 1_000_000} megapixels. Scale it down"
    except Exception as error:  # hostile files make decoders raise nearly anything
        problem = f"is damaged or cut off ({error}). Fetch or export it again"
    raise ImageError(f"{name} {problem}.")


def image_pixels(source: Source, size: int) -> np.ndarray:
    """Open an image and stretch it (bicubic) to a square of size x size pixels.

    Returns (size, size, 3) uint8. Raises ImageError as `open_image` does.
    Taught in lesson 02.
    """
    image = open_image(source, size)
    return np.array(image.resize((size, size), Image.Resampling.BICUBIC))


def _name(source: Source) -> str:
    """Name a source in a message."""
    if isinstance(source, str | PathLike):
        return str(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return f"The image of {len(source):,} bytes"
    return str(getattr(source, "name", None) or getattr(source, "filename", None) or "The image")


def _read(source: Source) -> bytes:
    """Read the bytes of a source: the one place that knows where images come from."""
    if isinstance(source, str | PathLike):
        return _read_path(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if not hasattr(source, "read"):
        raise ImageError(f"{source!r} is no image source. Give a path, bytes or a binary file.")
    if hasattr(source, "seek") and source.seekable():
        source.seek(0)
    data = source.read()
    if not isinstance(data, bytes):
        raise ImageError(f'{_name(source)} is open as text. Open it with open(path, "rb").')
    return data


def _read_path(path: str | PathLike) -> bytes:
    try:
        return Path(path).read_bytes()
    except IsADirectoryError:
        raise ImageError(f"{path} is a folder. Give the path of one image in it.") from None
    except FileNotFoundError:
        raise ImageError(f"{path}: there is no such file. Check its name and folder.") from None
    except (OSError, ValueError) as error:
        raise ImageError(f"{path} cannot be read ({error}). Check its name and rights.") from None


def _decode(data: bytes, size: int | None) -> Image.Image:
    """Decode in the one right order: what comes first protects what comes after."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise _TooLarge
        if size is not None:
            # Twice the size: nearly as fast, and four times closer to the full decoding.
            image.draft(image.mode, (2 * size, 2 * size))
        image.load()
        return _to_rgb(_upright(image))


def _what_it_is(data: bytes) -> str:
    """Say what the bytes are that no allowed reader knows, and what to do about it."""
    if not data:
        return "is empty. Fetch or export it again"
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for beginning, answer in STRANGERS.items():
        if start.startswith(beginning):
            return answer
    if data[4:8] == b"ftyp":
        return "is a HEIC photo or a film. Save the photo as JPEG"
    if data.startswith(BEGINNINGS):
        return "is damaged or cut off. Fetch or export it again"
    return f"is no image of a supported format. Save it as one of {', '.join(FORMATS)}"


def _upright(image: Image.Image) -> Image.Image:
    """Turn a photo as its EXIF data ask; damaged EXIF data do not cost us the photo."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # Pillow raises SyntaxError, struct.error and others on damaged EXIF data
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    """Bring every mode to RGB: 16 bits scaled to 8, transparency laid on white."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB")
