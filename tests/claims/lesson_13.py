"""What lesson 13 ranks, beside its outputs."""

from ranking import Claim, flat

TIMES = r"^ +\d+ +(\d+) ms +(\d+) ms$"


def scores(rows, place):
    """The LSTMs' and the Transformer's number, row by row of the recorded table."""
    return [(one[place], other[place]) for one, other in zip(rows[::2], rows[1::2], strict=True)]


CLAIMS = [
    Claim(
        'Read the last row: "dog" gives most of its weight to "brown".',
        r"^dog +([\d.]+ +[\d.]+ +[\d.]+)$",
        lambda rows: all(row[1] > 0.5 for row in rows),
        [[0.3, 0.4, 0.3]],
    ),
    Claim(
        'Its new vector, the weighted mean, says "colour" more than "thing".',
        r"^dog before \[0\. 0\. 1\.\] after \[(.*)\]",
        lambda rows: rows[0][1] > rows[0][2],
        [[0.1, 0.2, 0.7]],
    ),
    Claim(
        "The **causal mask** sets the scores of all later words to a very large negative number"
        " before softmax, so that their weights are 0.",
        r"^(?:all words|causal) +first two words change by ([\d.]+)",
        lambda rows: flat(rows)[0] > 0.1 and flat(rows)[1] == 0,
        [1.18, 0.2],
    ),
    Claim(
        "With the cache, a late word costs little more than an early one",
        TIMES,
        lambda rows: flat(rows[::2])[-1] <= 2 * flat(rows[::2])[0],
        [11, 10, 30, 97],
    ),
    Claim(
        "Without it a late word costs many times as much as the first.",
        TIMES,
        lambda rows: flat(rows)[-1] > 3 * flat(rows)[1],
        [11, 10, 12, 12],
    ),
    Claim(
        "On 6,000 photos our Transformer is behind the LSTMs; on COCO's 113,000, Transformers were"
        " ahead.",
        r"^(?:LSTMs|Transformer)\S* +beam \d +(.*)$",
        lambda rows: (
            len(rows) == 6
            and all(ours < lstms for place in (0, 2) for lstms, ours in scores(rows, place))
        ),
        [[19.6, 0.3, 54.5, 0.7], [19.4, 0.6, 55.2, 1.2]] * 3,
    ),
]

NO_CLAIM = {
    "explains": ["These maps say less than those of lesson 08"],
    "cites": [
        "with bigger parts",
        "The mask is nearly PaliGemma's",
        "What makes these models better is",
    ],
}
