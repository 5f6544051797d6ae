"""What two builds of a lesson differ in, beside what was measured: times, speeds, memory."""

import base64
import io
import re
from itertools import zip_longest

import numpy as np
from nbformat import NotebookNode
from PIL import Image

from lessons import output_text

UNITS = r"(?:s|ms|µs|min|h|MB|MiB|GB|seconds?|minutes?|times|a second|photos/s|images/s|/s)"
MEASURED = re.compile(rf"\d[\d,.]*(?=\s?{UNITS}(?![\w-]))")
FIGURE_NOISE = 0.05  # mean difference of pixels, 0 to 1, up to which two figures are alike


def differences(old: NotebookNode, new: NotebookNode) -> list[str]:
    """Return one line for every output of `new` that is not as in `old`.

    Both are built from the same source. Numbers in front of a unit of time, speed or memory may
    differ; figures may differ a little.
    """
    pairs = enumerate(zip(old.cells, new.cells, strict=True), start=1)
    return [
        f"cell {number}: {problem}"
        for number, (before, after) in pairs
        for problem in text_differences(before, after) + figure_differences(before, after)
    ]


def text_differences(before: NotebookNode, after: NotebookNode) -> list[str]:
    """Return which lines of a cell's text became others."""
    texts = [MEASURED.sub("#", output_text(cell)).splitlines() for cell in (before, after)]
    return [f"{a!r} became {b!r}" for a, b in zip_longest(*texts, fillvalue="") if a != b]


def figure_differences(before: NotebookNode, after: NotebookNode) -> list[str]:
    """Return which figures of a cell became others."""
    pairs = zip_longest(figures(before), figures(after))
    return ["another figure" for a, b in pairs if unlike(a, b)]


def figures(cell: NotebookNode) -> list[np.ndarray]:
    """Return the figures among a cell's outputs, as float (height, width, 3) from 0 to 1."""
    data = [output.get("data", {}).get("image/png") for output in cell.get("outputs", [])]
    images = [Image.open(io.BytesIO(base64.b64decode(png))) for png in data if png]
    return [np.asarray(image.convert("RGB")) / 255 for image in images]


def unlike(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    """True if two figures differ in size or in much of what they show, or one is missing."""
    if a is None or b is None or a.shape != b.shape:
        return True
    return float(np.abs(a - b).mean()) > FIGURE_NOISE
