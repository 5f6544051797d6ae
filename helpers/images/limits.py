"""How large an image may be, so that opening it takes 300 MB at most, and no minutes.

What a decoder needs beyond the file, measured with Pillow 13 in bytes a pixel: PNG, GIF, BMP and
JPEG in one pass 4 or less; JPEG in passes (progressive) 2 more for every sample; AVIF 9 to 12;
WebP 16 to 18, as libwebp decodes even a still picture on the two canvases of its animations.
"""

import os
from typing import IO

from PIL import Image

from helpers.images.errors import ImageError

MAX_PIXELS = 40_000_000
MAX_SIDE = 65_535  # pixels, as in a JPEG; what resizing needs grows with one side alone
HUNGRY = {"WEBP": ("WebP", 16_000_000), "AVIF": ("AVIF", 16_000_000)}
PASSES_OF_FOUR = ("a progressive JPEG of four colours", 30_000_000)
MEMORY = 280_000_000  # bytes; the rest of 300 MB is for the file and for what is made of it
MAX_BYTES = 250_000_000  # of a file: 40 megapixels in three colours of 16 bits, not packed
MAX_BYTES_WHOLE = 100_000_000  # of one that Pillow reads whole, or, of a JPEG, all its headers
MAX_PASSES = 100
TOO_LARGE = f"has more than {MAX_PIXELS // 1_000_000} megapixels. Scale it down"


def check_bytes(file: IO[bytes]) -> None:
    """Raise ImageError, status "too_large", for a file that is larger than any photo."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    whole = start.startswith((b"\xff\xd8", b"RIFF")) or start[4:] == b"ftyp"
    limit = MAX_BYTES_WHOLE if whole else MAX_BYTES
    if size > limit:
        problem = f"has more than {limit // 1_000_000} MB, which is more than a photo needs"
        raise ImageError(f"{problem}. Scale it down", "too_large")


def check_pixels(image: Image.Image) -> None:
    """Raise ImageError, status "too_large", for an image that is opened, but not yet decoded."""
    pixels, kind = image.width * image.height, HUNGRY.get(image.format)
    if pixels > MAX_PIXELS:
        raise ImageError(TOO_LARGE, "too_large")
    if max(image.size) > MAX_SIDE:
        problem = f"has a side of more than {MAX_SIDE:,} pixels. Cut it into pieces"
        raise ImageError(problem, "too_large")
    if samples_in_passes(image) > 3 * pixels:
        kind = PASSES_OF_FOUR
    if kind and pixels > kind[1]:
        most = f"has more than {kind[1] // 1_000_000} megapixels, the most for {kind[0]}"
        raise ImageError(f"{most}. Scale it down, or save it as an ordinary JPEG", "too_large")


def check_time(image: Image.Image, file: IO[bytes]) -> None:
    """Raise ValueError for a JPEG of very many passes and for a large run-length BMP."""
    pixels = image.width * image.height
    passes = count_passes(file) if samples_in_passes(image) else 1
    if passes > MAX_PASSES or (image.info.get("compression") in (1, 2) and pixels > 2_000_000):
        raise ValueError("it would take minutes")


def count_passes(file: IO[bytes]) -> int:
    """Return how often a JPEG begins a pass, read piece by piece; past the limit it stops."""
    file.seek(0)
    passes, last = 0, b""
    while passes <= MAX_PASSES and (piece := file.read(1 << 20)):
        passes += (last + piece).count(b"\xff\xda")
        last = piece[-1:]  # a mark of two bytes may lie across two pieces
    return passes


def samples_in_passes(image: Image.Image) -> float:
    """Return how many samples a progressive JPEG keeps until its last pass; 0 for others."""
    if image.format not in ("JPEG", "MPO") or "progressive" not in image.info:
        return 0
    sizes = [across * down for _, across, down, _ in image.layer]
    return image.width * image.height * sum(sizes) / max(sizes)


def draft(image: Image.Image, size: int | None) -> None:
    """Let a JPEG be decoded reduced: to twice `size` or more, or where it would take too much.

    Twice the size is nearly as fast as the size, and four times closer to the full decoding.
    """
    wanted = image.size if size is None else (2 * size, 2 * size)
    if 2 * samples_in_passes(image) + 4 * image.width * image.height > MEMORY:
        wanted = tuple(min(pair) for pair in zip(wanted, (s // 2 for s in image.size), strict=True))
    if wanted != image.size:
        image.draft(image.mode, wanted)
