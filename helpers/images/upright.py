"""Upright RGB from whatever a decoder gave, a few rows at a time.

40 megapixels take 160 MB in Pillow. Made whole, each step (colours, transparency, rotation) would
add as much again; so they share one target, of 3 bytes a pixel, which is filled strip by strip.
"""

from contextlib import suppress

import numpy as np
from PIL import ExifTags, Image

ROWS = 64  # of the source, worked on together
WHITE, GREY = (255, 255, 255), (80, 80, 80)  # on this grey both white and black can be seen
FAINT = 60  # of 255: drawings that differ less from white are hard to see on it
SAMPLE = (256, 256)  # pixels that are looked at, to choose a ground
LUMA = (0.299, 0.587, 0.114)  # the brightness of red, green, blue; ITU-R BT.601


def upright_rgb(image: Image.Image, factor: int = 1) -> Image.Image:
    """Return a decoded image as upright RGB, 8 bits a colour, transparency on a ground.

    image: of any mode; it is closed as soon as its pixels have been read.
    factor: each square of so many pixels becomes their mean; what is clear has its ground before.
    """
    turn = orientation(image)
    if (image.mode, turn, factor) == ("RGB", 1, 1) and not image.has_transparency_data:
        return image
    width, height = (-(-side // factor) for side in image.size)
    upright = np.empty((width, height, 3) if turn > 4 else (height, width, 3), np.uint8)
    stored, rows = as_stored(upright, turn), max(1, ROWS // factor)
    how = ground_for(image), bits_of(image)
    for top in range(0, height, rows):
        bottom = min((top + rows) * factor, image.height)
        strip = on_ground(image.crop((0, top * factor, image.width, bottom)), *how)
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


def on_ground(image: Image.Image, ground: tuple[int, int, int], bits: int) -> Image.Image:
    """Bring every mode to RGB: more than 8 bits scaled to 8, transparency laid on a ground."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) >> (bits - 8)).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    laid = Image.new("RGB", image.size, ground)
    laid.paste(clear, mask=clear)
    return laid


def ground_for(image: Image.Image) -> tuple[int, int, int]:
    """Return what shows a transparent image: white, or grey for drawings that are light."""
    if not image.has_transparency_data:
        return WHITE
    seen = np.asarray(image.resize(SAMPLE, Image.Resampling.NEAREST).convert("RGBA"), float)
    alpha = seen[..., 3]
    if alpha.min() == 255 or not alpha.any():
        return WHITE
    contrast = 255 - seen[..., :3] @ LUMA
    return GREY if np.average(contrast, weights=alpha) < FAINT else WHITE


def bits_of(image: Image.Image) -> int:
    """Return how many bits an image of 16 really uses, as many cameras have 10, 12 or 14."""
    most = int(image.getextrema()[1]) if image.mode.startswith("I") else 0
    return next((bits for bits in (8, 10, 12, 14) if most < 1 << bits), 16)
