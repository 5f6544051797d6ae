"""Upright RGB from whatever a decoder gave, a few rows at a time.

40 megapixels take 160 MB in Pillow. Made whole, each step (colours, transparency, rotation) would
add as much again; so they share one target, of 3 bytes a pixel, which is filled strip by strip.
"""

from contextlib import suppress

import numpy as np
from PIL import ExifTags, Image

ROWS = 64  # of the source, worked on together


def upright_rgb(image: Image.Image, factor: int = 1) -> Image.Image:
    """Return a decoded image as upright RGB, 8 bits a colour, transparency on white.

    image: of any mode; it is closed as soon as its pixels have been read.
    factor: each square of so many pixels becomes their mean; what is clear is white before.
    """
    turn = orientation(image)
    if (image.mode, turn, factor) == ("RGB", 1, 1) and not image.has_transparency_data:
        return image
    width, height = (-(-side // factor) for side in image.size)
    upright = np.empty((width, height, 3) if turn > 4 else (height, width, 3), np.uint8)
    stored, rows = as_stored(upright, turn), max(1, ROWS // factor)
    for top in range(0, height, rows):
        bottom = min((top + rows) * factor, image.height)
        strip = on_white(image.crop((0, top * factor, image.width, bottom)))
        stored[top : top + rows] = np.asarray(strip.reduce(factor))
    image.close()
    return Image.fromarray(upright)


def orientation(image: Image.Image) -> int:
    """Return how a camera was held, 1 (upright) to 8; damaged EXIF data say 1.

    Source: CIPA DC-008 (Exif 3.0), tag 0x0112.
    """
    with suppress(Exception):  # such data make the reader raise nearly anything
        turn = image.getexif().get(ExifTags.Base.Orientation, 1)
        return turn if turn in range(1, 9) else 1
    return 1


def as_stored(upright: np.ndarray, turn: int) -> np.ndarray:
    """Return a view of upright pixels (height, width, 3) in which they lie as in the file."""
    if turn in (3, 4, 7, 8):
        upright = upright[::-1]
    if turn in (2, 3, 6, 7):
        upright = upright[:, ::-1]
    return upright.swapaxes(0, 1) if turn > 4 else upright


def on_white(image: Image.Image) -> Image.Image:
    """Bring every mode to RGB: 16 bits scaled to 8, transparency laid on white."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(clear, mask=clear)
    return white
