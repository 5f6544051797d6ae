"""Diagrams: boxes and arrows, for what a model is made of and what flows through it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch, Patch

from helpers.plots.style import (
    BLUE,
    DARK,
    FULL_WIDTH,
    GREY,
    PALE_BLUE,
    PALE_ORANGE,
    in_style,
)

# What fills a box, its edge and its letters.
LOOKS = {
    "data": ("white", GREY, DARK),  # what goes in, or comes out
    "layer": (PALE_BLUE, PALE_BLUE, DARK),  # has weights
    "memory": (PALE_ORANGE, PALE_ORANGE, DARK),  # is kept from word to word
    "answer": (BLUE, BLUE, "white"),
    "frame": ("none", GREY, GREY),  # around others; its text is at the top
    "plain": ("none", "none", GREY),  # text alone
    "round": ("white", DARK, DARK),  # an operation without weights, such as +
}
# How an arrow gets from one box to another that is neither beside nor above it.
WAYS = {
    "straight": "arc3,rad=0",
    "across": "angle,angleA=0,angleB=90,rad=4",  # first sideways, then up or down
    "upright": "angle,angleA=90,angleB=0,rad=4",  # first up or down, then sideways
    "bend": "arc3,rad=0.3",
}
MARGIN = 0.08  # inches


@dataclass(frozen=True)
class Box:
    """A box of a diagram.

    Attributes:
        text: what it says; may have several lines.
        x, y: its middle in inches, y upwards.
        look: one of LOOKS.
        width, height: in inches; None fits them to the text.
    """

    text: str
    x: float
    y: float
    look: str = "layer"
    width: float | None = None
    height: float | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Return width and height in inches."""
        lines = self.text.splitlines() or [""]
        if self.look == "round":
            return self.width or 0.3, self.height or 0.3
        width = 0.2 + 0.078 * max(map(len, lines))
        return self.width or max(0.5, width), self.height or 0.2 + 0.16 * len(lines)


@dataclass(frozen=True)
class Arrow:
    """An arrow from one box to another, by their names.

    Attributes:
        start, end: names of boxes.
        text: what is written beside the middle of it, such as the shape of what flows there.
        way: one of WAYS.
        shift: where its text goes, in inches from the middle.
    """

    start: str
    end: str
    text: str = ""
    way: str = "straight"
    shift: tuple[float, float] = (0.0, 0.0)


@in_style
def draw_diagram(boxes: Mapping[str, Box], arrows: Sequence[Arrow | tuple[str, ...]]) -> Figure:
    """Draw boxes and the arrows between them; wider than a notebook, it shrinks to fit.

    Arguments:
        boxes: name -> Box; the first ones lie at the bottom.
        arrows: Arrows, or tuples of what makes one: ("photo", "dense", "(captions, 192)").

    Raises ValueError for an arrow to a box that is not there.
    """
    left, right, low, high = _extent(list(boxes.values()))
    scale = min(1.0, FULL_WIDTH / (right - left))
    size = scale * (right - left), scale * (high - low)
    figure, axes = plt.subplots(figsize=size, layout="none")
    axes.set_position((0, 0, 1, 1))
    axes.set(xlim=(left, right), ylim=(low, high))
    axes.axis("off")
    patches = {name: _draw_box(axes, box, scale) for name, box in boxes.items()}
    for arrow in arrows:
        arrow = arrow if isinstance(arrow, Arrow) else Arrow(*arrow)
        _draw_arrow(axes, arrow, boxes, patches, scale)
    return figure


def _extent(boxes: Sequence[Box]) -> tuple[float, float, float, float]:
    """Return where the diagram begins and ends: left, right, low, high."""
    sizes = [box.size for box in boxes]
    left = min(box.x - width / 2 for box, (width, _) in zip(boxes, sizes, strict=True))
    right = max(box.x + width / 2 for box, (width, _) in zip(boxes, sizes, strict=True))
    low = min(box.y - height / 2 for box, (_, height) in zip(boxes, sizes, strict=True))
    high = max(box.y + height / 2 for box, (_, height) in zip(boxes, sizes, strict=True))
    return left - MARGIN, right + MARGIN, low - MARGIN, high + MARGIN


def _draw_box(axes: Axes, box: Box, scale: float) -> Patch:
    """Draw one box and its text; return its outline, at which arrows end."""
    (width, height), (face, edge, ink) = box.size, LOOKS[box.look]
    look = {"facecolor": face, "edgecolor": edge, "zorder": 0 if box.look == "frame" else 2}
    if box.look == "round":
        patch = Ellipse((box.x, box.y), width, height, **look)
    else:
        corner = (box.x - width / 2, box.y - height / 2)
        round_corners = "round,pad=0,rounding_size=0.06"
        patch = FancyBboxPatch(corner, width, height, round_corners, **look)
    axes.add_patch(patch)
    framed = box.look == "frame"
    top = box.y + height / 2 - 0.05 if framed else box.y
    place = {"ha": "center", "va": "top" if framed else "center_baseline", "zorder": 4}
    axes.text(box.x, top, box.text, color=ink, fontsize=9 * scale, linespacing=1.15, **place)
    return patch


def _draw_arrow(axes: Axes, arrow: Arrow, boxes: Mapping, patches: Mapping, scale: float) -> None:
    """Draw an arrow from outline to outline, and its text beside its middle."""
    if missing := {arrow.start, arrow.end} - boxes.keys():
        raise ValueError(f"an arrow goes to {missing.pop()!r}; boxes are {', '.join(boxes)}")
    start, end = boxes[arrow.start], boxes[arrow.end]
    ends = [(box.x, box.y) for box in (start, end)]
    clip = {"patchA": patches[arrow.start], "patchB": patches[arrow.end], "shrinkA": 0}
    look = {"arrowstyle": "-|>", "mutation_scale": 9 * scale, "color": GREY, "zorder": 1}
    way = {"connectionstyle": WAYS[arrow.way], "shrinkB": 1}
    axes.add_patch(FancyArrowPatch(*ends, **clip, **look, **way, linewidth=1.1 * scale))
    x, y = _middle(arrow.way, start, end)
    box = {"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"}
    place = {"ha": "center", "va": "center", "zorder": 3, "bbox": box if arrow.text else None}
    x, y = x + arrow.shift[0], y + arrow.shift[1]
    axes.text(x, y, arrow.text, color=GREY, fontsize=8 * scale, **place)


def _middle(way: str, start: Box, end: Box) -> tuple[float, float]:
    """Return where the text of an arrow goes: on the middle of its first stretch in sight."""
    (width, height), (end_width, end_height) = start.size, end.size
    right, up = (1 if end.x > start.x else -1), (1 if end.y > start.y else -1)
    side, top = start.x + right * width / 2, start.y + up * height / 2
    if way == "across":
        return (side + end.x) / 2, start.y
    if way == "upright":
        return start.x, (top + end.y) / 2
    if abs(end.x - start.x) > abs(end.y - start.y):
        return (side + end.x - right * end_width / 2) / 2, (start.y + end.y) / 2
    return (start.x + end.x) / 2, (top + end.y - up * end_height / 2) / 2
