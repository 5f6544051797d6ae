"""Diagrams of a Transformer: one block, and the tokens that a decoder reads (lesson 13)."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from helpers.plots.diagrams import Arrow, Box, draw_diagram


def draw_block(width: int, heads: int) -> Figure:
    """Draw one block: attention, then two dense layers; what each finds is added to the tokens.

    Arguments:
        width: numbers of a token.
        heads: of the attention.
    """
    boxes = {
        "tokens": Box(f"tokens, {width} numbers each", 0, 0, "data"),
        "norm": Box("LayerNormalization", 0, 0.7),
        "query": Box("queries", -1.3, 1.4),
        "key": Box("keys", 0, 1.4),
        "value": Box("values", 1.3, 1.4),
        "kept": Box("keys and values of\nregions and words before", 3.3, 1.4, "memory"),
        "attention": Box(f"attention, {heads} heads", 0, 2.2, "layer", width=3.4),
        "mix": Box("Dense", 0, 2.9),
        "add": Box("+", 0, 3.5, "round"),
        "calm": Box("LayerNormalization", 0, 4.1),
        "wide": Box(f"Dense, {4 * width}, GELU", 0, 4.8),
        "narrow": Box(f"Dense, {width}", 0, 5.5),
        "sum": Box("+", 0, 6.1, "round"),
        "after": Box("tokens for the next block", 0, 6.8, "answer"),
        "first way": Box("as they are", -2.5, 1.8, "plain"),
        "second way": Box("as they are", 2.5, 4.8, "plain"),
    }
    return draw_diagram(boxes, _ways_through_a_block())


def _ways_through_a_block() -> list[Arrow]:
    """Return the arrows of `draw_block`."""
    route = ["tokens", "norm", "key", "attention", "mix", "add", "calm", "wide", "narrow", "sum"]
    arrows = [Arrow(*pair) for pair in zip(route, [*route[1:], "after"], strict=True)]
    arrows += [Arrow("norm", "query"), Arrow("norm", "value")]
    arrows += [Arrow("query", "attention"), Arrow("value", "attention")]
    arrows += [Arrow("kept", "attention", way="upright")]
    for start, way, end in (("tokens", "first way", "add"), ("add", "second way", "sum")):
        arrows += [Arrow(start, way, way="across"), Arrow(way, end, way="upright")]
    return arrows


def draw_prefix(words: Sequence[str], blocks: int) -> Figure:
    """Draw what a decoder reads: regions first, then words; above each word the one it asks for.

    Arguments:
        words: of a caption, at most five of them.
        blocks: how many blocks lie between.
    """
    read = ["<start>", *words]
    places = [2 + 1.25 * place for place in range(len(read))]
    middle, width = (places[-1] - 1) / 2, places[-1] + 2.2
    boxes = {
        "photo": Box("grid of the photo\n10 × 10 × 3,032", 0, 0, "data"),
        "dense": Box("Dense", 0, 0.8),
        "regions": Box("100 regions", 0, 1.5, "memory"),
        "blocks": Box(f"{blocks} blocks, the same for regions and words", middle, 2.4, width=width),
        "logits": Box("Dense: logits", (places[0] + places[-1]) / 2, 3.2, width=places[-1] - 1),
    }
    arrows = [("photo", "dense"), ("dense", "regions")]
    boxes["in"] = Box("", 0, 2.25, "plain", width=0.02, height=0.02)
    arrows.append(("regions", "in"))
    for place, before, after in zip(places, read, [*words, "<end>"], strict=True):
        boxes[f"read {place}"] = Box(before, place, 1.5, "data")
        boxes[f"asked {place}"] = Box(after, place, 4, "answer")
        boxes[f"in {place}"] = Box("", place, 2.25, "plain", width=0.02, height=0.02)
        for side, height in {"seen": 2.55, "said": 3.05, "out": 3.35}.items():
            boxes[f"{side} {place}"] = Box("", place, height, "plain", width=0.02, height=0.02)
        arrows += [(f"read {place}", f"in {place}"), (f"seen {place}", f"said {place}")]
        arrows.append((f"out {place}", f"asked {place}"))
    return draw_diagram(boxes, arrows)
