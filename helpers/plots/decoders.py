"""Diagrams of the decoders of lessons 08 and 11."""

from matplotlib.figure import Figure

from helpers.plots.diagrams import Arrow, Box, draw_diagram


def draw_top_down(units: int, attention_size: int) -> Figure:
    """Draw one word's work in the top-down model: two LSTMs with attention between them.

    units, attention_size: as `TopDownCell` takes them; shapes are drawn with them.
    """
    return draw_diagram(_top_down_boxes(units), _top_down_arrows(units, attention_size))


def _top_down_boxes(units: int) -> dict[str, Box]:
    """Return the parts of `draw_top_down`."""
    return {
        "word": Box("word before", 0.9, 0.0, "data", 1.4),
        "said before": Box(f"said before\n({units},)", 2.6, 0.0, "memory", 1.4),
        "mean": Box(f"mean of regions\n({units},)", 4.4, 0.0, "data", 1.6),
        "regions": Box(f"regions\n(100, {units})", 7.4, 0.0, "data", 1.5),
        "asks": Box("attention LSTM", 2.6, 1.0, "layer", 3.4),
        "query": Box("dense", 3.7, 1.85, "layer", 1.2),
        "keys": Box("dense", 7.4, 1.85, "layer", 1.2),
        "attention": Box("attention\nsoftmax(keys · query)", 5.2, 2.75, "round", 2.3, 0.7),
        "speaks": Box("language LSTM", 2.6, 3.7, "layer", 3.4),
        "plus": Box("+", 5.2, 3.7, "round"),
        "logits": Box("dense → next word", 7.4, 3.7, "answer", 1.7),
    }


def _top_down_arrows(units: int, attention_size: int) -> list[Arrow | tuple[str, ...]]:
    """Return what flows between the parts of `draw_top_down`."""
    return [
        ("word", "asks"),
        ("said before", "asks"),
        ("mean", "asks"),
        ("asks", "query"),
        Arrow("asks", "speaks", f"heard ({units},)"),
        Arrow("query", "attention", f"query ({attention_size},)", "upright", (-0.05, -0.1)),
        ("regions", "keys"),
        ("regions", "attention", "regions"),
        Arrow("keys", "attention", f"keys (100, {attention_size})", "upright", (0.1, 0.0)),
        ("attention", "speaks", "seen"),
        Arrow("attention", "plus", f"seen ({units},)"),
        ("speaks", "plus", "said"),
        ("plus", "logits"),
    ]


def draw_joints(units: int) -> Figure:
    """Draw, side by side, where image and words are added and where they are concatenated.

    units: of the vectors that meet.
    """
    return draw_diagram(
        {
            **_joint("added", 0.0, "+", units, units),
            **_joint("joined", 4.6, "side by side", units, 2 * units),
        },
        [*_flow("added"), *_flow("joined")],
    )


def _joint(name: str, x: float, sign: str, units: int, width: int) -> dict[str, Box]:
    """Return the boxes of one of the two, x inches from the left."""
    title = {"+": "add (lesson 04)", "side by side": "concatenate (this lesson)"}[sign]
    return {
        f"{name} title": Box(title, x + 2.0, 3.75, "plain"),
        f"{name} image": Box("features of the photo", x + 1.0, 0.0, "data"),
        f"{name} words": Box("words so far", x + 3.1, 0.0, "data"),
        f"{name} dense": Box("dense", x + 1.0, 0.75, "layer", 1.2),
        f"{name} lstm": Box("embedding, LSTM", x + 3.1, 0.75, "layer"),
        f"{name} sign": Box(sign, x + 2.0, 1.65, "round", 0.3 if sign == "+" else 1.1),
        f"{name} merge": Box(f"dense\nmatrix ({width}, {units})", x + 2.0, 2.5, "layer"),
        f"{name} logits": Box("dense → next word", x + 2.0, 3.3, "answer"),
    }


def _flow(name: str) -> list[Arrow]:
    """Return the arrows between the boxes of `_joint`."""
    steps = ["image dense", "words lstm", "dense sign", "lstm sign", "sign merge", "merge logits"]
    return [Arrow(*(f"{name} {end}" for end in step.split())) for step in steps]
