"""How large an image may be, so that opening it takes 300 MB at most, and no minutes.

What a decoder needs beyond the file, measured with Pillow 13 in bytes a pixel: PNG, GIF, BMP and
JPEG in one pass 4 or less; JPEG in passes (progressive) 2 more for every sample; AVIF 9 to 12;
WebP 16 to 18, as libwebp decodes even a still picture on the two canvases of its animations.
"""

from typing import IO

from PIL import Image

from helpers.images.errors import ImageError

MAX_PIXELS = 40_000_000
HUNGRY = {"WEBP": ("WebP", 16_000_000), "AVIF": ("AVIF", 16_000_000)}
PASSES_OF_FOUR = ("a progressive JPEG of four colours", 30_000_000)
MEMORY = 280_000_000  # bytes; the rest of 300 MB is for the file and for what is made of it
TOO_LARGE = f"has more than {MAX_PIXELS // 1_000_000} megapixels. Scale it down"


def check_pixels(image: Image.Image) -> None:
    """Raise ImageError, status "too_large", for an image that is opened, but not yet decoded."""
    pixels, kind = image.width * image.height, HUNGRY.get(image.format)
    if pixels > MAX_PIXELS:
        raise ImageError(TOO_LARGE, "too_large")
    if samples_in_passes(image) > 3 * pixels:
        kind = PASSES_OF_FOUR
    if kind and pixels > kind[1]:
        most = f"has more than {kind[1] // 1_000_000} megapixels, the most for {kind[0]}"
        raise ImageError(f"{most}. Scale it down, or save it as an ordinary JPEG", "too_large")


def check_time(image: Image.Image, file: IO[bytes]) -> None:
    """Raise ValueError for a JPEG of very many passes and for a large run-length BMP."""
    pixels, passes = image.width * image.height, 1
    if samples_in_passes(image):
        file.seek(0)
        passes = file.read().count(b"\xff\xda")
    if passes > 100 or (image.info.get("compression") in (1, 2) and pixels > 2_000_000):
        raise ValueError("it would take minutes")


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
