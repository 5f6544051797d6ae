"""The look of every figure of the lessons: colours, style, and text that fits its place."""

import functools
import textwrap
from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

ImageLike = np.ndarray | Image.Image  # (height, width, 3), (height, width), or Pillow's

# Okabe and Ito 2008: colours that colour-blind readers can tell apart.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, DARK, GREY, PALE = "#56B4E9", "#CC79A7", "#222222", "#767676", "#D9D9D9"
PALE_BLUE, PALE_ORANGE = "#CFE3F1", "#FBE3B5"
COLOURS = [BLUE, ORANGE, GREEN, PURPLE, SKY, RED, GREY, DARK]

# Matplotlib brings Latin, Greek, Cyrillic and Arabic letters; for other scripts it takes the
# first of these fonts that holds them. Without one it draws boxes and warns of missing glyphs.
OTHER_SCRIPTS = ["Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Noto Sans JP"]
OTHER_SCRIPTS += ["WenQuanYi Zen Hei", "PingFang SC", "Hiragino Sans", "Microsoft YaHei", "SimHei"]
OTHER_SCRIPTS += ["Noto Sans Devanagari", "Noto Sans Thai", "Nirmala UI", "Leelawadee UI"]
OTHER_SCRIPTS += ["Kohinoor Devanagari", "Thonburi", "Arial Unicode MS", "FreeSans", "Unifont"]

FULL_WIDTH = 8.7  # inches; notebooks add a rim of 0.1 on each side, so 890 pixels
STYLE = {
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.size": 10,
    "text.color": DARK,
    "text.parse_math": False,  # a caption may hold a dollar sign
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.edgecolor": GREY,
    "axes.labelcolor": DARK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": DARK,
    "ytick.labelcolor": DARK,
    "legend.frameon": False,
}


def in_style(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Make a drawing function use the style of the lessons and close its figure.

    A closed figure is shown once by a notebook, as the value of its cell, and not a second
    time as a figure left open.
    """

    @functools.wraps(draw)
    def draw_in_style(*args, **options) -> Figure:
        with plt.rc_context({**STYLE, "font.family": font_families()}):
            figure = draw(*args, **options)
        plt.close(figure)
        return figure

    return draw_in_style


def font_families() -> list[str]:
    """Return the usual font, and those of OTHER_SCRIPTS that this machine has."""
    installed = set(font_manager.get_font_names())
    return ["sans-serif", *(name for name in OTHER_SCRIPTS if name in installed)]


def wrap(text: str, inches: float, size: float = 10) -> str:
    """Break a text into lines that fit a width in inches at a font size in points."""
    letters = inches * 72 / (0.58 * size)
    return textwrap.fill(text, max(8, int(letters)))


def place_photo(axes: Axes, image: ImageLike, title: str = "", colour: str = DARK) -> None:
    """Show one image, an array or a PIL image, without ticks and with a title above it."""
    pixels = image.convert("RGB") if hasattr(image, "convert") else image
    axes.imshow(np.asarray(pixels), cmap="gray")
    axes.axis("off")
    axes.set_anchor("NW")  # where its title begins, so that titles keep apart
    axes.set_title(title, fontsize=9, color=colour)


def photo_grid(
    rows: int, columns: int, lines: float = 0, shape: float = 1
) -> tuple[Figure, np.ndarray]:
    """Return a figure for rows of photos, and its axes (rows, columns).

    `lines` is the number of lines of text over and under each photo that need room, `shape`
    the height of the tallest photo over its width.
    """
    width = min(2.2, FULL_WIDTH / columns)
    size = (columns * width, rows * (width * shape + 0.16 * lines + 0.04))
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="compressed")
    for axes in grid.flat:
        axes.axis("off")
    return figure, grid
