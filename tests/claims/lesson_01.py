"""What lesson 01 ranks, beside its outputs."""

from ranking import Claim, ahead, between, flat


def fewer(rows):
    """In mini's and in Flickr8k's rows the second number is smaller than the first."""
    return len(rows) == 4 and ahead([rows[1], rows[0]]) and ahead([rows[3], rows[2]])


CLAIMS = [
    Claim(
        "Cleaning shrinks the vocabulary, since `A` and `a`, `Dog` and `dog` become one word.",
        r"^(?:mini|Flickr8k), (?:as written|cleaned) +([\d,]+) words",
        fewer,
        [384, 384, 9484, 8791],
    ),
    Claim(
        "The running words get fewer, too: as written, each full stop and comma counts as a"
        ' "word".',
        r"^(?:mini|Flickr8k), (?:as written|cleaned) .* ([\d,]+) running",
        fewer,
        [33_422, 30_219, 432_363, 472_077],
    ),
    Claim(
        "On Flickr8k, words that occur once make up two fifths of the vocabulary.",
        r"^Flickr8k, cleaned +([\d,]+) words .* ([\d,]+) occur once",
        lambda rows: 0.37 < flat(rows)[1] / flat(rows)[0] < 0.43,
        [8791, 1000],
    ),
    Claim(
        'The vocabulary stays nearly the same, since "a" is one word.',
        r"^(?:mini|Flickr8k), (?:ours|classic) +([\d,]+) words",
        lambda rows: all(0.95 < flat(rows)[i + 1] / flat(rows)[i] < 1 for i in (0, 2)),
        [346, 200, 8791, 8658],
    ),
    Claim(
        'on Flickr8k, every seventh word, for "a" is the most frequent of all.',
        r"^the classic cleaning loses [\d.]+% of the running words\n\nFlickr8k[^%]*loses ([\d.]+)%",
        between(100 / 7.5, 100 / 6.5),
        [8.8],
    ),
    Claim(
        'The classic cleaning hardly shrinks the vocabulary, but takes "a" and the numbers out of'
        " every sentence.",
        r"^words as written \d+, cleaned (\d+), classic (\d+)",
        lambda rows: 0.95 < flat(rows)[1] / flat(rows)[0] < 1,
        [346, 300],
    ),
    Claim(
        "The photos of dev are in train as well, each with other captions.",
        r"^([\d.]+)% of the photos in dev are in train",
        between(90, 100),
        [50],
    ),
]

NO_CLAIM = {
    "says what a word, a number or a method is": [
        "the first caption falls apart",
        "which knows many more formats",
        "There is more than one way to clean",
    ],
    "explains": ["Shorter captions take less time to train on", "Worse, it can mislead"],
}
