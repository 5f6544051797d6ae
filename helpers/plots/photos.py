"""Photos beside words, and where a model looked: heat maps over a photo."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from PIL import Image

from helpers.plots.style import (
    BLUE,
    FULL_WIDTH,
    GREEN,
    GREY,
    PALE,
    RED,
    ImageLike,
    in_style,
    photo_grid,
    place_photo,
    wrap,
)

# What is looked at is coloured; the photo below is grey and bright, so that both can be seen.
GLOW = LinearSegmentedColormap.from_list(
    "glow", [(0, (0.9, 0.62, 0, 0)), (0.5, (0.9, 0.5, 0, 0.6)), (1, (0.83, 0.2, 0, 0.85))]
)
PALEST, DARKEST = 1.0, 0.35  # of the grey photo, 1 being white
OUTLINE = [withStroke(linewidth=3, foreground="white")]


@in_style
def show_images(images: Sequence, titles: Sequence[str] | None = None, columns: int = 4) -> Figure:
    """Show images in rows, each under its title; long titles are wrapped."""
    columns = max(1, min(columns, len(images)))
    inches = min(2.2, FULL_WIDTH / columns) - 0.1
    wrapped = [wrap(title, inches, 9) for title in titles or [""] * len(images)]
    lines = max((title.count("\n") + 1 for title in wrapped if title), default=0)
    shape = max((np.shape(image)[0] / np.shape(image)[1] for image in images), default=1)
    figure, grid = photo_grid(max(1, -(-len(images) // columns)), columns, lines, shape)
    for axes, image, title in zip(grid.flat, images, wrapped, strict=False):
        place_photo(axes, image, title)
    return figure


@in_style
def show_captioned(image: ImageLike, lines: Sequence[str]) -> Figure:
    """Show one photo with lines of text beside it, such as its five captions."""
    wrapped = [wrap(line, FULL_WIDTH - 3.2, 11) for line in lines]
    rows = sum(line.count("\n") + 1.8 for line in wrapped)
    size = (FULL_WIDTH, max(2.6, 0.18 * rows))
    figure, (photo, text) = plt.subplots(1, 2, figsize=size, width_ratios=[2.6, FULL_WIDTH - 2.6])
    place_photo(photo, image)
    text.axis("off")
    text.text(0.02, 0.5, "\n\n".join(wrapped), va="center", fontsize=11, linespacing=1.1)
    return figure


@in_style
def show_framed(image: ImageLike, label: str) -> Figure:
    """Show a screenshot as a print on grey with a label, so that nobody presses its buttons."""
    shape, inner = np.shape(image)[0] / np.shape(image)[1], FULL_WIDTH - 1.2
    tall = inner * shape + 1.2  # inches
    figure, axes = plt.subplots(figsize=(FULL_WIDTH, tall), layout="none")
    figure.set_facecolor(PALE)
    axes.set_position([0.6 / FULL_WIDTH, 0.8 / tall, inner / FULL_WIDTH, inner * shape / tall])
    place_photo(axes, image)
    for rim, colour in ((0.045, GREY), (0.035, "white")):  # a shadow, then the paper
        box = plt.Rectangle((-rim, -rim / shape), 1 + 2 * rim, 1 + 2 * rim / shape)
        box.set(transform=axes.transAxes, clip_on=False, zorder=-1, facecolor=colour)
        axes.add_patch(box)
    figure.text(0.5, 0.22 / tall, label, ha="center", va="center", style="italic", fontsize=12)
    return figure


@in_style
def show_neighbours(
    query_images: Sequence, neighbour_images: Sequence[Sequence], similarities: Sequence
) -> Figure:
    """Show each photo in a row with its nearest neighbours and their similarity (1 = alike)."""
    columns = 1 + max(map(len, neighbour_images))
    figure, grid = photo_grid(len(query_images), columns, 1)
    rows = zip(grid, query_images, neighbour_images, similarities, strict=True)
    for row, query, neighbours, numbers in rows:
        place_photo(row[0], query, "this photo", BLUE)
        frame = plt.Rectangle((0, 0), 1, 1, transform=row[0].transAxes, clip_on=False)
        row[0].add_patch(frame).set(fill=False, edgecolor=BLUE, linewidth=3)
        for axes, image, number in zip(row[1:], neighbours, numbers, strict=False):
            place_photo(axes, image, f"{number:.2f}")
    return figure


@in_style
def show_epoch_captions(
    images: Sequence, captions_per_epoch: Sequence[Sequence[str]], first: int = 1, most: int = 8
) -> Figure:
    """Show what a model says of the same images after every epoch.

    `captions_per_epoch[e][i]` is the caption of image i; `first` numbers the first epoch
    (0 for the untrained model). Of more epochs than `most`, evenly chosen ones are shown.
    """
    epochs = len(captions_per_epoch)
    shown = np.unique(np.linspace(0, epochs - 1, min(most, epochs)).round().astype(int))
    size = (FULL_WIDTH, max(1.7, 0.22 * len(shown) + 0.1) * len(images))
    figure, grid = plt.subplots(
        len(images), 2, figsize=size, width_ratios=[1.8, FULL_WIDTH - 1.8], squeeze=False
    )
    for number, (photo, text) in enumerate(grid):
        place_photo(photo, images[number])
        text.axis("off")
        for line, epoch in enumerate(shown):
            caption = captions_per_epoch[epoch][number] or "(no words)"
            caption = textwrap.shorten(caption, 80, placeholder=" …")
            y = 1 - (line + 0.5) / len(shown)
            weight = "bold" if line == len(shown) - 1 else "normal"
            label = f"epoch {first + epoch}" if first + epoch else "untrained"
            text.text(0.0, y, label, color=GREY, va="center")
            text.text(0.13, y, caption, va="center", weight=weight)
    return figure


@in_style
def show_gallery(
    images: Sequence,
    captions: Sequence[str],
    scores: Sequence[float],
    references: Sequence[Sequence[str]] | None = None,
    each: int = 4,
) -> Figure:
    """Show the `each` images with the best scores over the `each` with the worst.

    Over a photo is its score, under it the caption and, in grey, its first reference.
    """
    order = np.argsort(scores)[::-1]
    each = max(1, min(each, len(order) // 2))
    rows = {"best": order[:each], "worst": order[-each:]}
    wrapped = {i: wrap(captions[i], 2.0, 9) for row in rows.values() for i in row}
    people = {i: wrap(references[i][0], 2.0, 8) if references else "" for i in wrapped}
    lines = max(2.9 + wrapped[i].count("\n") + people[i].count("\n") for i in wrapped)
    figure, grid = photo_grid(2, each, lines + 0.9 * bool(references))
    for axes_row, (name, row), colour in zip(grid, rows.items(), (GREEN, RED), strict=True):
        for axes, i in zip(axes_row, row, strict=False):
            place_photo(axes, images[i], f"{name}: {scores[i]:.0f}", colour)
            place = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "top"}
            axes.annotate(wrapped[i], (0, 0), (0, -4), **place, fontsize=9)
            drop = -7 - 12.5 * (wrapped[i].count("\n") + 1)
            axes.annotate(people[i], (0, 0), (0, drop), **place, fontsize=8, color=GREY)
    return figure


@in_style
def show_attention(
    image: ImageLike, words: Sequence[str], maps: np.ndarray, columns: int = 5
) -> Figure:
    """Show a photo once for every word of its caption, coloured where the model looked.

    Colour begins at the mean weight and is full at the largest, or at four times the mean if no
    weight is as large; the line goes round all that is above the middle between the two.

    Arguments:
        image: the photo.
        words: the caption.
        maps: float (words, rows, columns), one weight per region of a grid over the photo.
    """
    height, width = np.shape(image)[:2]
    count = len(words) + 1
    columns = min(columns, count)
    figure, grid = photo_grid(-(-count // columns), columns, 1.2, height / width)
    place_photo(grid.flat[0], image, "the photo")
    for axes, word, weights in zip(grid.flat[1:], words, maps, strict=False):
        _place_look(axes, bright_grey(image), np.asarray(weights, float))
        axes.set_title(word, fontsize=11, weight="bold")
    return figure


def bright_grey(image: ImageLike) -> np.ndarray:
    """Return a photo as float (height, width, 3) of light greys, however dark it is."""
    pixels = image if hasattr(image, "convert") else Image.fromarray(np.asarray(image))
    grey = np.asarray(pixels.convert("L"), float)
    low, high = np.percentile(grey, [1, 99])
    grey = np.clip((grey - low) / max(high - low, 1), 0, 1)
    return np.repeat((DARKEST + (PALEST - DARKEST) * grey)[..., None], 3, axis=-1)


def _place_look(axes: Axes, photo: np.ndarray, weights: np.ndarray) -> None:
    """Show a photo and over it the weights (rows, columns) of its regions."""
    height, width = photo.shape[:2]
    place_photo(axes, photo)
    extent, low = (-0.5, width - 0.5, height - 0.5, -0.5), weights.mean()
    high = max(weights.max(), 4 * low, low + 1e-9)
    axes.imshow(weights, GLOW, extent=extent, interpolation="bicubic", vmin=low, vmax=high)
    fine = Image.fromarray(weights.astype("float32")).resize((80, 80), Image.Resampling.BICUBIC)
    if np.max(fine) > (low + high) / 2:
        look = {"levels": [(low + high) / 2], "colors": [RED], "linewidths": 1.3}
        axes.contour(np.asarray(fine), extent=extent, origin="upper", **look).set(
            path_effects=OUTLINE
        )
