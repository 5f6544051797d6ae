"""Twenty images as they are found on a website: free ones of other packages, and drawn ones."""

import io
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from helpers.apps.samples import free_photos

NOT_PHOTOS = {  # of packages: label -> picture without a known restriction
    "skimage": {
        "coins": "data/coins.png",
        "brick wall": "data/brick.png",
        "gravel": "data/gravel.png",
        "blurred clock": "data/clock_motion.png",
        "galaxies": "data/hubble_deep_field.jpg",
        "moon": "data/moon.png",
        "silhouette": "data/horse.png",
        "scanned page": "data/page.png",
        "handwriting": "data/text.png",
        "logo": "data/logo.png",
    },
    "matplotlib": {"product": "mpl-data/sample_data/Minduka_Present_Blue_Pack.png"},
}
PAPER, INK, BLUE, GREY = "white", "#222222", "#2a5db0", "#dddddd"
SIZE = (400, 300)  # pixels, of what is drawn


def site_images() -> dict[str, Path | bytes]:
    """Return twenty images of a website, label -> path or PNG; without scikit-image five.

    Shown in lesson 14.
    """
    images = free_photos()
    for package, found in NOT_PHOTOS.items():
        if place := find_spec(package):
            folder = Path(place.origin).parent
            images |= {label: folder / name for label, name in found.items()}
    images = {label: path for label, path in images.items() if path.exists()}
    drawn = {"chart": chart(), "screenshot": screenshot(), "button": button()}
    return images | {label: as_png(picture) for label, picture in drawn.items()}


def as_png(picture: Image.Image) -> bytes:
    """Return a picture as the bytes of a file."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def blank(size: tuple[int, int] = SIZE) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Return an empty sheet, and what draws on it."""
    sheet = Image.new("RGB", size, PAPER)
    return sheet, ImageDraw.Draw(sheet)


def letters(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Return Pillow's own font."""
    return ImageFont.load_default(size)


def chart() -> Image.Image:
    """Return a bar chart of a shop's visitors."""
    sheet, draw = blank()
    draw.text((90, 14), "Visitors a month", INK, letters(24))
    for number, height in enumerate((60, 90, 75, 140, 180)):
        left = 60 + 62 * number
        draw.rectangle((left, 260 - height, left + 40, 260), BLUE)
        draw.text((left + 6, 266), "JFMAM"[number], INK, letters(20))
    draw.line((40, 50, 40, 260, 370, 260), INK, 3)
    return sheet


def screenshot() -> Image.Image:
    """Return a window with a form, as a manual shows it."""
    sheet, draw = blank()
    draw.rectangle((0, 0, 399, 34), GREY)
    draw.text((12, 6), "Settings", INK, letters(20))
    for row, name in enumerate(("Name", "E-mail", "Password")):
        top = 60 + 62 * row
        draw.text((24, top + 6), name, INK, letters(20))
        draw.rectangle((150, top, 370, top + 36), outline=INK, width=2)
    draw.rounded_rectangle((270, 250, 370, 286), 6, BLUE)
    draw.text((296, 256), "Save", PAPER, letters(20))
    return sheet


def button() -> Image.Image:
    """Return a button with words on it."""
    sheet, draw = blank((320, 120))
    draw.rounded_rectangle((20, 20, 300, 100), 18, "#c62828")
    draw.text((70, 40), "Add to basket", PAPER, letters(28))
    return sheet
