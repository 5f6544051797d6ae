"""Diagrams of networks that the lessons build: an LSTM's step, a decoder word by word."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from helpers.plots.diagrams import Arrow, Box, draw_diagram
from helpers.plots.style import in_style

COLUMN = 1.25  # inches between the words of an unrolled decoder
LEVELS = {"words": 0.0, "embedding": 0.75, "lstm": 1.5, "add": 2.3}
LEVELS |= {"merge": 3.0, "logits": 3.75, "next": 4.5}


@in_style
def draw_lstm_step(numbers: int = 3, units: int = 4) -> Figure:
    """Draw what an LSTM does with one word: three gates, and the memory that passes by.

    numbers: of the word's embedding; units: of the LSTM. Taught in lesson 04.
    """
    gates = {
        "forget": Box("keep?\nσ", 2.2, 1.15),
        "new": Box("what is new\ntanh", 3.6, 1.15),
        "take": Box("take in?\nσ", 4.95, 1.15),
        "put": Box("put out?\nσ", 6.15, 1.15),
    }
    read = f"the word's embedding ({numbers})  and  the output before ({units}), side by side"
    boxes = {f"to {name}": Box("", box.x, 0.25, "plain", 0.01, 0.01) for name, box in gates.items()}
    boxes |= gates | {
        "read": Box(read, 4.2, 0.25, "data", 5.2),
        "before": Box(f"memory\nbefore ({units})", 0.6, 2.85, "memory"),
        "×": Box("×", 2.2, 2.85, "round"),
        "× new": Box("×", 3.6, 2.05, "round"),
        "+": Box("+", 3.6, 2.85, "round"),
        "after": Box(f"memory\nafter ({units})", 7.2, 2.85, "memory"),
        "tanh": Box("tanh", 7.2, 2.17, "plain", height=0.2),
        "× put": Box("×", 7.2, 1.6, "round"),
        "output": Box(f"output\n({units})", 8.2, 1.6, "answer"),
    }
    arrows = [(f"to {name}", name) for name in gates]
    arrows += [("before", "×"), ("×", "+"), ("+", "after"), ("forget", "×"), ("new", "× new")]
    arrows += [Arrow("take", "× new", way="upright"), ("× new", "+"), ("after", "tanh")]
    arrows += [("tanh", "× put"), Arrow("put", "× put", way="upright"), ("× put", "output")]
    return draw_diagram(boxes, arrows)


@in_style
def draw_merge_decoder(words: Sequence[str], sizes: Mapping[str, int]) -> Figure:
    """Draw a merge decoder unrolled over the words of a caption, with the shape at every level.

    Each layer has the name that the decoder's constructor gives it.

    Arguments:
        words: of the caption, `<start>` and `<end>` included; five columns fit well.
        sizes: of the decoder: feature_size, embedding_size, units, vocab_size.

    Taught in lesson 04.
    """
    columns = len(words) - 1
    boxes = {}
    for place in range(columns):
        x = COLUMN * (place + 1.5)
        boxes[f"words {place}"] = Box(words[place], x, LEVELS["words"], "data")
        boxes[f"embedding {place}"] = Box("embedding", x, LEVELS["embedding"])
        boxes[f"lstm {place}"] = Box("LSTM", x, LEVELS["lstm"], "memory")
        boxes[f"add {place}"] = Box("+", x, LEVELS["add"], "round")
        boxes[f"merge {place}"] = Box("merge dense", x, LEVELS["merge"])
        boxes[f"logits {place}"] = Box("word logits", x, LEVELS["logits"])
        boxes[f"next {place}"] = Box(words[place + 1], x, LEVELS["next"], "answer")
    levels = list(LEVELS)
    arrows = [
        (f"{low} {place}", f"{high} {place}")
        for low, high in zip(levels, levels[1:], strict=False)
        for place in range(columns)
    ]
    arrows += [(f"lstm {place}", f"lstm {place + 1}") for place in range(columns - 1)]
    return draw_diagram(boxes | _photo_side(columns, sizes), arrows + _photo_arrows(columns))


def _photo_side(columns: int, sizes: Mapping[str, int]) -> dict[str, Box]:
    """Return the boxes of the photo on the left, and the shapes on the right."""
    units, right = sizes["units"], COLUMN * (columns + 1) + 1.0
    band = COLUMN * columns
    shapes = {
        "words": "(captions, words)",
        "embedding": f"(captions, words, {sizes['embedding_size']})",
        "lstm": f"(captions, words, {units})",
        "add": f"(captions, words, {units})",
        "merge": f"(captions, words, {units})",
        "logits": f"(captions, words, {sizes['vocab_size']})",
        "next": "(captions, words)",
    }
    boxes = {
        f"shape {level}": Box(text, right, LEVELS[level], "plain", 2.0)
        for level, text in shapes.items()
    }
    boxes["band"] = Box("", COLUMN + band / 2, LEVELS["add"], "frame", band, 0.46)
    boxes["photo"] = Box(f"photo\n({sizes['feature_size']})", 0.2, 0.0, "data")
    boxes["standardise"] = Box("standardise", 0.2, 0.75)
    boxes["image"] = Box("image dense", 0.2, 1.5)
    boxes["vector"] = Box(f"({units})\nfor every word", 0.2, LEVELS["add"], "plain")
    return boxes


def _photo_arrows(columns: int) -> list[tuple[str, str]]:
    """Return the arrows of the photo's side."""
    route = ["photo", "standardise", "image", "vector", "band"]
    return list(zip(route, route[1:], strict=False))
