"""What lesson 03 ranks, beside its outputs."""

from ranking import Claim, between, falling, flat, rising


def share(rows):
    """What the last row's first number is of the first row's."""
    return flat(rows)[-2] / flat(rows)[0]


CLAIMS = [
    Claim(
        "The course takes 32 for every data set, and cuts hardly any caption of Flickr8k.",
        r"^Flickr8k +max_length 32: +([\d.]+)% kept whole",
        between(99.5, 100),
        [96],
    ),
    Claim(
        "A small `max_length` cuts sentences; a large one fills the array with padding.",
        r"^mini +max_length (?:12|24|40): +([\d.]+)% kept whole, +(\d+)% padding",
        lambda rows: rising(rows[1::2]) and flat(rows)[0] < 90 <= flat(rows)[-2],
        [55, 8, 60, 50, 80, 70],
    ),
    Claim(
        "on Flickr8k, going from 1 to 5 shrinks the vocabulary to a third, while the unknown share"
        " rises from 1.34% to 3.38%.",
        r"^Flickr8k +min_count +[15]: +([\d,]+) ids, ([\d.]+)% unknown",
        lambda rows: 0.3 < share(rows) < 0.36 and flat(rows)[1::2] == [1.34, 3.38],
        [7692, 1.34, 5000, 3.38],
    ),
    Claim(
        "On mini, going from 1 to 2 throws out a fifth of the ids, and the unknown share stays"
        " below half a per cent.",
        r"^mini +min_count +[12]: +([\d,]+) ids, ([\d.]+)% unknown",
        lambda rows: 0.75 < share(rows) < 0.85 and max(flat(rows)[1::2]) < 0.5,
        [334, 0.2, 271, 0.6],
    ),
    Claim(
        "But see how many steps it took: eleven, where four would do.",
        r"^\('a dog runs', (\d+)\)",
        between(11, 11),
        [4],
    ),
    Claim(
        "Even with `min_count` 1, dev brings words that train doesn't have.",
        r"^(?:mini|Flickr8k) +min_count +1: .* ([\d.]+)% unknown",
        lambda rows: min(flat(rows)) > 0,
        [0, 1.3],
    ),
    Claim(
        "numbers them from the most frequent down.",
        r"^(?:mini|Flickr8k) +min_count +\d+: +([\d,]+) ids",
        lambda rows: falling(rows[:5]) and falling(rows[5:]),
        [334, 271, 300, 248, 215, 7, 6, 5, 4, 3],
    ),
    Claim(
        "On mini, splitting off 's saves some ids, and the captions stay nearly as short.",
        r"^(?:before|'s apart) +(\d+) ids, ([\d.]+) tokens a caption",
        lambda rows: flat(rows)[2] < flat(rows)[0] and flat(rows)[3] < 1.01 * flat(rows)[1],
        [271, 10.12, 264, 10.56],
    ),
    Claim(
        "Hyphens cost half a token a caption and save nothing:",
        r"^(?:'s apart|hyphens, too) +(\d+) ids, ([\d.]+) tokens a caption",
        lambda rows: flat(rows)[2] >= flat(rows)[0] and 0.4 < flat(rows)[3] - flat(rows)[1] < 0.6,
        [264, 10.14, 260, 10.56],
    ),
]

NO_CLAIM = {
    "says what a word, a number or a method is": [
        "This toy tokenizer is nearly finished",
        "A shorter caption gets zeros",
        "the columns no longer match",
    ],
    "explains": ["can hardly be learnt from one or two examples", "longer than it should"],
}
