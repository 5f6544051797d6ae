"""What lesson 12 ranks, beside its outputs."""

from ranking import Claim, between, close, falling, flat, rising


def alike(rows):
    """Rows of three numbers agree, place by place."""
    return len(rows) > 1 and close(0.05)([list(place) for place in zip(*rows, strict=True)])


CLAIMS = [
    Claim(
        "The mean is right, but single draws differ widely.",
        r"^by (?:trying|drawing) \[(.*)\]",
        alike,
        [[1.16, -0.91, -0.24], [1.3, -0.9, -0.2]],
    ),
    Claim(
        "The mean of the gradient stays, its noise shrinks:",
        r"^baseline [\d.]+: mean \[(.*)\], spread ([\d.]+)",
        lambda rows: alike(rows[::2]) and falling(rows[1::2]),
        [[1.1, -0.9, -0.2], [2.0], [1.1, -0.9, -0.2], [2.1]],
    ),
    Claim(
        "With its sign reversed, because `fit` goes downhill, it must be the one found by trying.",
        r"^by (?:trying|the loss) \[(.*)\]",
        alike,
        [[1.16, -0.91, -0.24], [-1.16, 0.91, 0.24]],
    ),
    Claim(
        "There every seed of both models gains.",
        r" seed \d: [\d.]+ → [\d.]+, ([-+][\d.]+)$",
        lambda rows: len(rows) > 2 and min(flat(rows)) > 0,
        [5.5, 6.1, -0.1],
    ),
    Claim(
        "Without the end, breaking off pays better than an honest guess, and training would find"
        " that out.",
        r"^without <end>: +([\d.]+)",
        falling,
        [285.2, 306.2],
    ),
    Claim(
        "With `<end>` as a word, a caption that breaks off also loses the n-grams that end in it,"
        " and the whole sentence wins.",
        r"^with <end>: +([\d.]+)",
        rising,
        [269.6, 253.0],
    ),
    Claim(
        "So the ideal gap between the right word's logit and the others is finite.",
        r"^smoothing 0\.1: target .*, ideal gap of logits ([\d.]+)$",
        between(0, 100),
        [999],
    ),
    Claim(
        "An ensemble lives on differences.",
        r"^seed \d: +CIDEr-D ([\d.]+)$|^together: CIDEr-D ([\d.]+)$",
        lambda rows: len(rows) > 2 and max(flat(rows)[:-1]) < flat(rows)[-1],
        [61.0, 61.1, 61.0],
    ),
    Claim(
        "where likelier is not better (lesson 05), more beams hurt, and a vote repairs a part of"
        " it.",
        r"^(?:beam|vote) of +\d+: BLEU-4 [\d.]+, CIDEr-D ([\d.]+)",
        lambda rows: flat(rows)[1] < flat(rows)[2] < flat(rows)[0],
        [160.6, 133.4, 130.0],
    ),
    Claim(
        "On Flickr8k, open eyes gain one to two and a half points.",
        r"^\| (?:two students|the same two)[^|]*\| ([\d.]+ and [\d.]+) \|",
        lambda rows: all(0.5 < after - before < 2.6 for before, after in zip(*rows, strict=True)),
        [[60.3, 61.2], [62.8, 61.2]],
        table=True,
    ),
    Claim(
        "It beats both on Flickr8k",
        r"^\| (?:two others|the mean of these two)[^|]*\| ([\d.]+)(?: and ([\d.]+))? \|",
        lambda rows: max(flat(rows)[:-1]) < flat(rows)[-1],
        [[64.1, 65.0], [64.9]],
        table=True,
    ),
    Claim(
        "The large step is to the right: two thousand photos of *other things*.",
        r"^\| (?:Flickr8k alone|two students)[^|]*\|[^|]*\| ([\d.]+)",
        rising,
        [70.2, 69.9],
        table=True,
    ),
]

NO_CLAIM = {
    "says what a word, a number or a method is": [
        "so whatever is drawn becomes likelier",
        "What is better than usual becomes likelier",
        "smaller batches and larger steps",
        "in smaller steps (**fine-tuning**)",
        "with three seeds (one on larger data",
        "for better and for worse",
        "likelier candidates count for more",
    ],
    "explains; its examples are in the output": ["costs more than it earns"],
    "advises": ["if they fall, details are being lost"],
}
