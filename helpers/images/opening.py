"""Open an image: whatever comes in (a photo of a phone, a transparent logo), RGB comes out."""

import io
from contextlib import suppress
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

from helpers.images.errors import ImageError, name_of
from helpers.images.fetching import URL, fetch_image

# Pillow knows about 70 extensions; several of its rarer readers had security holes.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP") + (("AVIF",) if features.check("avif") else ())
MAX_PIXELS = 40_000_000
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
    size: hint in pixels; a large JPEG is then decoded reduced, never below size x size.
    Raises ImageError for anything that is not a whole image of at most MAX_PIXELS.
    """
    name, data = name_of(source), _read(source)
    try:
        return _decode(data, size)
    except UnidentifiedImageError:
        problem = _what_it_is(data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        problem = f"has more than {MAX_PIXELS // 1_000_000} megapixels. Scale it down"
        raise ImageError(f"{name} {problem}.", "too_large") from None
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


def _read(source: Source) -> bytes:
    """Read the bytes of a source: the one place that knows where images come from."""
    if isinstance(source, str) and URL.match(source):
        return fetch_image(source)
    if isinstance(source, str | PathLike):
        return _read_path(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if not hasattr(source, "read"):
        raise ImageError(f"{source!r} is no image. Give a path, a URL, bytes or a binary file.")
    if hasattr(source, "seek") and source.seekable():
        source.seek(0)
    data = source.read()
    if not isinstance(data, bytes):
        raise ImageError(f'{name_of(source)} is open as text. Open it with open(path, "rb").')
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
        pixels = image.width * image.height
        if pixels > MAX_PIXELS:
            raise Image.DecompressionBombError
        passes = data.count(b"\xff\xda") if "progressive" in image.info else 1
        if passes > 100 or (image.info.get("compression") in (1, 2) and pixels > 2_000_000):
            raise ValueError("it would take minutes")  # a JPEG of many passes, a run-length BMP
        if size is not None:
            # Twice the size: nearly as fast, and four times closer to the full decoding.
            image.draft(image.mode, (2 * size, 2 * size))
        image.load()
        with suppress(Exception):  # damaged EXIF data do not cost us the photo
            ImageOps.exif_transpose(image, in_place=True)
        return _to_rgb(image)


def _to_rgb(image: Image.Image) -> Image.Image:
    """Bring every mode to RGB: 16 bits scaled to 8, transparency laid on white."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    white = Image.new("RGB", image.size, "white")
    for top in range(0, image.height, 64):  # a strip at a time: a whole copy takes 160 MB
        strip = image.crop((0, top, image.width, min(top + 64, image.height))).convert("RGBA")
        white.paste(strip, (0, top), strip)
    return white


def _what_it_is(data: bytes) -> str:
    """Say what the bytes are that no allowed reader knows, and what to do about it."""
    if not data:
        return f"is empty. {AGAIN}"
    if data[4:8] == b"ftyp":
        return "is a HEIC photo or a film. Save the photo as JPEG"
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next(answer for known, answer in STRANGERS.items() if start.startswith(known))
