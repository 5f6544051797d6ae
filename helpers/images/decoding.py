"""From the bytes of a file to upright RGB, or to the words that say why there is no image.

Hostile files make decoders run for minutes, or take all memory; `guarding` sees to that.
"""

import io
from typing import IO
from zlib import crc32

from PIL import Image, UnidentifiedImageError, features

from helpers.images.errors import ImageError
from helpers.images.limits import TOO_LARGE, check_bytes, check_pixels, check_time, draft
from helpers.images.upright import ROWS, upright_rgb

# Pillow knows about 70 extensions; several of its rarer readers had security holes.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP") + (("AVIF",) if features.check("avif") else ())
AGAIN = "Fetch or export it again"
A_HEIC = (
    "is a HEIC photo. Save it as JPEG: open it in Preview or Photos and export it; on an iPhone, "
    "Settings > Camera > Formats > Most Compatible makes it take JPEGs"
)

KINDS = dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), A_HEIC)
KINDS |= dict.fromkeys((b"avif", b"avis"), f"is a damaged AVIF. {AGAIN}")
if "AVIF" not in FORMATS:
    KINDS |= dict.fromkeys((b"avif", b"avis"), "is an AVIF, which needs a newer Pillow")

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


def decode(file: IO[bytes], size: int | None) -> Image.Image:
    """Return an image as `open_image` does; raises ImageError, whose message lacks the name.

    Raises MemoryError as well, where there is a limit.
    """
    try:
        return _decode(file, size)
    except (ImageError, MemoryError):
        raise
    except UnidentifiedImageError:
        problem = what_it_is(file)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(TOO_LARGE, "too_large") from None
    except Exception as error:  # hostile files make decoders raise nearly anything
        problem = f"is damaged or cut off ({error}). {AGAIN}"
    raise ImageError(problem)


def _decode(file: IO[bytes], size: int | None) -> Image.Image:
    """Decode in the one right order: what comes first protects what comes after."""
    check_bytes(file)
    with Image.open(file, formats=FORMATS) as image:
        check_pixels(image)
        check_time(image, file)
        draft(image, size)
        try:
            image.load()
        except OSError as error:
            if image.format not in ("JPEG", "MPO") or "truncated" not in str(error):
                raise
            image = without_end(image, file, size)
        return upright_rgb(image, max(1, min(image.size) // (2 * size)) if size else 1)


def without_end(cut: Image.Image, file: IO[bytes], size: int | None) -> Image.Image:
    """Return a JPEG that lacks its last mark only; raise OSError for one that lacks more.

    Whatever is put in place of the mark, the picture stays the same, if it is all there.
    """
    file.seek(0)
    data, seen = file.read().removesuffix(b"\xff"), set()
    cut.close()
    for bits in (b"\0", b"\xff\0"):  # all 0, all 1
        image = Image.open(io.BytesIO(data + bits * 64 + b"\xff\xd9"), formats=FORMATS)
        draft(image, size)
        image.load()
        seen.add(checksum(image))
    if len(seen) > 1:
        raise OSError("its end is missing")
    return image


def checksum(image: Image.Image) -> int:
    """Return a checksum of the pixels, a few rows at a time, as a copy of all takes much memory."""
    found = 0
    for top in range(0, image.height, ROWS):
        strip = image.crop((0, top, image.width, min(top + ROWS, image.height)))
        found = crc32(strip.tobytes(), found)
    return found


def what_it_is(file: IO[bytes]) -> str:
    """Say what the bytes are that no allowed reader knows, and what to do about it."""
    file.seek(0)
    data = file.read(1000)
    if not data:
        return f"is empty. {AGAIN}"
    if data[4:8] == b"ftyp":
        return KINDS.get(data[8:12], "is a film. Take a picture of one of its frames")
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next(answer for known, answer in STRANGERS.items() if start.startswith(known))
