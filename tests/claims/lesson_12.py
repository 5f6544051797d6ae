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
        "On mini, the first is wrong in colour and grammar and scores higher than the true one:",
        r"^ +([\d.]+)  (?:there are two yellow bird|two cheerful blue .* starry night)",
        falling,
        [164.6, 210.7],
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
        "If the interval contains 0, no gain can be seen: an ensemble lives on differences.",
        r"^seed \d: +CIDEr-D ([\d.]+)$|^together: CIDEr-D ([\d.]+)$",
        lambda rows: len(rows) > 2 and max(flat(rows)[:-1]) < flat(rows)[-1],
        [61.0, 61.1, 61.0],
    ),
    Claim(
        "On mini the likeliest says blue, and the vote sets it right.",
        r"^ +([\d.]+)  a quiet lake with .* (?:blue|yellow) boats",
        lambda rows: len(rows) == 5 and flat(rows)[0] < min(flat(rows)[1:]),
        [[676.8], [559.1], [641.3], [644.1], [622.1]],
    ),
    Claim(
        "where likelier is not better (lesson 05), more beams hurt.",
        r"^beam of +\d+: BLEU-4 [\d.]+, CIDEr-D ([\d.]+)",
        falling,
        [133.4, 160.6],
    ),
    Claim(
        "On dev the vote wins, on test a beam of 3: what is chosen on dev flatters dev.",
        r"^(?:dev |test) CIDEr-D +(.*)$",
        lambda rows: [row.index(max(row)) for row in rows] == [2, 0],
        [[63.1, 63.1, 65.1], [67.2, 66.3, 67.9]],
    ),
    Claim(
        "In BLEU-4 people are behind:",
        r"^\| (?:two such|people)[^|]*\| ([\d.]+) \|",
        falling,
        [21.3, 24.3],
        table=True,
    ),
    Claim(
        "On Flickr8k, open eyes gain one to two and a half points",
        r"^\| (?:two students|the same two)[^|]*\| ([\d.]+ and [\d.]+) \|",
        lambda rows: all(0.5 < after - before < 2.6 for before, after in zip(*rows, strict=True)),
        [[60.3, 61.2], [62.8, 61.2]],
        table=True,
    ),
    Claim(
        "on COCO one student lost 2.4, the other gained 5.4.",
        r"^\| (?:two students|the same two)[^|]*\|[^|]*\| ([\d.]+ and [\d.]+) \|",
        lambda rows: [round(b - a, 1) for a, b in zip(*rows, strict=True)] == [-2.4, 5.4],
        [[73.2, 69.9], [75.3, 70.8]],
        table=True,
    ),
    Claim(
        "The large step is to the right: two thousand photos of *other things*",
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
        "in smaller steps (**fine-tuning**)",
        "with three seeds (one on larger data",
        "for better and for worse",
        "likelier candidates count for more",
    ],
    "explains; its examples are in the output": [
        "can cost more than it earns",
        "not always for the better",
    ],
    "advises": ["if they fall, details are being lost"],
}
