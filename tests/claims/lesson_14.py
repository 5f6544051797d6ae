"""What lesson 14 ranks, beside its outputs."""

from ranking import Claim, between, falling, flat

CLAIMS = [
    Claim(
        "the diagonal should win in every row, and here it wins in one only.",
        r"^\[\[([\d. ]+)\]\n \[([\d. ]+)\]\n \[([\d. ]+)\]\]$",
        lambda rows: sum(row.index(max(row)) == n for n, row in enumerate(rows)) == 1,
        [[1.0, 0, 0.8], [0.6, 1, 0], [0.5, 0.8, 0.9]],
    ),
    Claim(
        "Twenty images are few: enough to drop a tool, not to choose between two good ones.",
        r"^(?:5|50|500) of \d+: (\d+)% to (\d+)%",
        lambda rows: falling([[high - low for low, high in zip(*halves(rows), strict=True)]]),
        [11, 47, 10, 60, 23, 27],
    ),
    Claim(
        "It has learnt its few photos by heart, which shows that the adapters work, and no more.",
        r"^\(tiny, with LoRA\) loss ([\d.]+) at first, ([\d.]+) at the end",
        lambda rows: flat(rows)[1] < flat(rows)[0] / 2,
        [5.1, 4.9],
    ),
    Claim(
        "Fluent, and of another world.",
        r"^(\d+) of \d+ get a suggestion",
        between(0, 10),
        [18],
    ),
]


def halves(rows):
    """The numbers at even and at odd places."""
    return flat(rows)[::2], flat(rows)[1::2]


NO_CLAIM = {
    "says what a word, a number or a method is": [
        "each text has to beat 32,767 others",
        "writing anew is faster",
    ],
    "is arithmetic": ["The larger the matrix, the smaller that share"],
    "explains": [
        "a wrong one hurts",
        "hardly notices a wrong count",
        "tends to prefer long answers",
    ],
}
