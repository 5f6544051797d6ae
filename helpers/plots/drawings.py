"""Drawings of batches, beams and captions."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, HPacker, TextArea

from helpers.plots.style import (
    BLUE,
    DARK,
    FULL_WIDTH,
    GREY,
    ORANGE,
    PALE,
    PALE_BLUE,
    PALE_ORANGE,
    ImageLike,
    in_style,
    place_photo,
)

LEGIBLE_LENGTH = 22
# Of a beam's branches: the colour of the line and of the word's box; pruned, kept, winner.
BRANCHES = [(PALE, "white"), (BLUE, PALE_BLUE), (ORANGE, PALE_ORANGE)]


@in_style
def draw_batch(ids: Sequence[Sequence[int]], words: Sequence[str], title: str = "") -> Figure:
    """Draw a batch of captions, ids (captions, words), as a grid of word cells.

    `words[id]` is the word of an id. Markers such as <start> stand out, padding is pale.
    Captions of more than LEGIBLE_LENGTH words are drawn as colours only. Without a title of
    your own, the shape is the title.
    """
    ids = np.asarray(ids)
    captions, length = ids.shape
    cell = FULL_WIDTH / length  # inches
    figure, axes = plt.subplots(figsize=(FULL_WIDTH, 0.45 + min(0.34, cell) * captions))
    for (row, column), number in np.ndenumerate(ids):
        face, ink = _cell_colours(words[number])
        axes.add_patch(plt.Rectangle((column + 0.03, row + 0.06), 0.94, 0.88, facecolor=face))
        size = min(10, cell * 72 / (0.8 * max(4, len(words[number]))))
        if length <= LEGIBLE_LENGTH:
            place = {"ha": "center", "va": "center", "fontsize": size}
            axes.text(column + 0.5, row + 0.5, words[number], color=ink, **place)
    axes.set(xlim=(0, length), ylim=(captions, 0))
    axes.axis("off")
    axes.set_title(title or f"({captions} captions, {length} words)")
    return figure


def _cell_colours(word: str) -> tuple[str, str]:
    """Return the colours of a word's cell and of its letters."""
    if word == "<pad>":
        return "#F4F4F4", "#B0B0B0"
    if word == "<unknown>":
        return ORANGE, DARK
    return (BLUE, "white") if word.startswith("<") else (PALE_BLUE, DARK)


@in_style
def draw_beam_tree(nodes: Sequence[Mapping]) -> Figure:
    """Draw a beam search from left to right: kept words strong, pruned pale, the winner orange.

    Each node is a dict with `id`, `parent` (an id, None for the root), `word`, `log_probability`
    (of the sentence so far), `kept` and `best` (true for the last word of the winner; the words
    before it are found through their parents).
    """
    nodes = {node["id"]: node for node in nodes}
    winners = _path_to_best(nodes)
    places = _tree_places(nodes)
    width = max(x for x, _ in places.values()) + 1
    height = 1 + 2 * max(abs(y) for _, y in places.values())
    figure, axes = plt.subplots(figsize=(FULL_WIDTH, 0.42 * height + 0.5))
    longest = 2 + max(len(node["word"]) for node in nodes.values())
    size = min(10, FULL_WIDTH / width / longest * 72 / 0.6)  # points
    letter = 0.6 * size / 72 * width / FULL_WIDTH  # width of a letter, in steps of the tree
    for key, node in nodes.items():
        rank = 2 if key in winners else 1 if node["kept"] else 0
        if node["parent"] is not None:
            before = nodes[node["parent"]]["word"]
            ends = (places[node["parent"]], before), (places[key], node["word"])
            _draw_branch(axes, *ends, letter, rank)
        _draw_tree_word(axes, places[key], node, rank, size)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height / 2 + 0.1, -height / 2 - 0.1))
    axes.axis("off")
    lines = [
        Line2D([], [], color=colour, linewidth=1 + i) for i, (colour, _) in enumerate(BRANCHES)
    ]
    figure.legend(lines, ["pruned", "kept", "the winner"], loc="outside upper left", ncols=3)
    return figure


def _path_to_best(nodes: dict) -> set:
    """Return the ids of the winner's words, from its last word back to the root."""
    path = {key for key, node in nodes.items() if node["best"]}
    for key in list(path):
        while key is not None:
            path.add(key)
            key = nodes[key]["parent"]
    return path


def _tree_places(nodes: dict) -> dict:
    """Return (x, y) of every node: x is its depth, y keeps children in the order of parents."""
    level, depth, places = [key for key, node in nodes.items() if node["parent"] is None], 0, {}
    while level:
        middle = (len(level) - 1) / 2
        places |= {key: (depth, row - middle) for row, key in enumerate(level)}
        likeliest = sorted(nodes, key=lambda key: -nodes[key]["log_probability"])
        level = [key for parent in level for key in likeliest if nodes[key]["parent"] == parent]
        depth += 1
    return places


def _draw_branch(axes: Axes, start: tuple, end: tuple, letter: float, rank: int) -> None:
    """Draw a line between two (place, word), from the end of one to the beginning of the other."""
    ((x0, y0), before), ((x1, y1), word) = start, end
    xs = x0 + letter * (len(before) / 2 + 0.7), x1 - letter * (len(word) / 2 + 0.7)
    axes.plot(xs, [y0, y1], color=BRANCHES[rank][0], linewidth=1 + rank, zorder=rank)


def _draw_tree_word(axes: Axes, place: tuple, node: dict, rank: int, size: float) -> None:
    x, y = place
    box = {"boxstyle": "round,pad=0.25", "facecolor": BRANCHES[rank][1], "edgecolor": "none"}
    look = {"color": DARK if rank else GREY, "weight": "bold" if rank == 2 else "normal"}
    axes.text(x, y, node["word"], ha="center", va="center", fontsize=size, bbox=box, **look)
    number = f"{node['log_probability']:.1f}"
    axes.text(x, y + 0.28, number, ha="center", va="top", fontsize=0.75 * size, color=GREY)


@in_style
def draw_route(
    image: ImageLike, features: Sequence[float], steps: Sequence[tuple[str, float]]
) -> Figure:
    """Draw the route from a photo through its features to the sentence, built word by word.

    `features` is the vector of the photo, of any length; `steps` holds every word of the
    sentence with its probability (0 to 1).
    """
    size = (FULL_WIDTH, max(2.9, 0.26 * len(steps) + 0.7))
    figure, grid = plt.subplots(1, 5, figsize=size, width_ratios=[2.5, 0.25, 1.0, 0.25, 4.8])
    photo, *arrows, text = grid[[0, 1, 3, 4]]
    place_photo(photo, image, "photo")
    _draw_features(grid[2], np.asarray(features, float).ravel())
    for axes in arrows:
        axes.axis("off")
        axes.text(0.5, 0.5, "→", ha="center", va="center", fontsize=20, color=GREY)
    _draw_sentence(text, steps)
    sentence = " ".join(word for word, _ in steps)
    figure.suptitle(sentence, x=0.01, ha="left", fontsize=14, weight="bold")
    return figure


def _draw_features(axes: Axes, features: np.ndarray, most: int = 40) -> None:
    """Draw a vector as a column of bars; of a long one, every so many-th number."""
    shown = features[:: -(-len(features) // most)]
    axes.barh(range(len(shown)), shown, color=BLUE)
    axes.set_title(f"{len(features):,} features", fontsize=9)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.axis("off")


def _draw_sentence(axes: Axes, steps: Sequence[tuple[str, float]]) -> None:
    """Draw the sentence after each step, its new word in bold, and the word's probability."""
    words = [word for word, _ in steps]
    size = min(10, 3.7 * 72 / (0.54 * len(" ".join(words))))
    for row, (word, probability) in enumerate(steps):
        old = TextArea(" ".join(words[:row]), textprops={"color": GREY, "size": size})
        new = TextArea(word, textprops={"color": DARK, "size": size, "weight": "bold"})
        line = HPacker(children=[old, new][row == 0 :], pad=0, sep=0.35 * size)
        place = {"box_alignment": (0, 0.5), "frameon": False, "pad": 0}
        axes.add_artist(AnnotationBbox(line, (0, row + 0.5), **place))
        axes.barh(row + 0.5, 0.1 * probability, 0.55, left=0.83, color=ORANGE)
        label = f" {probability:.0%}"
        axes.text(0.83 + 0.1 * probability, row + 0.5, label, va="center", fontsize=8, color=GREY)
    axes.set(xlim=(0, 1), ylim=(len(steps), 0))
    axes.set_title("the sentence, word by word", fontsize=9)
    axes.set_title("probability", fontsize=9, loc="right")
    axes.axis("off")
