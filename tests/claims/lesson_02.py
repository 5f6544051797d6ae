"""What lesson 02 ranks, beside its outputs."""

from ranking import Claim, between, falling, flat

NEIGHBOURS = r"^(?:block \d+|chance) +same object +(\d+)% +same colour +(\d+)% +same place +(\d+)%"


def column(rows, place):
    """Block 14, block 12, block 3 and chance: how often object (0), colour or place is the same."""
    return flat(rows)[place::3]


CLAIMS = [
    Claim(
        "Block 14 is best at objects, block 3 at colours; for objects, block 3 is no better than"
        " chance.",
        NEIGHBOURS,
        lambda rows: (
            max(column(rows, 0)) == column(rows, 0)[0]
            and max(column(rows, 1)) == column(rows, 1)[2]
            and column(rows, 0)[2] <= column(rows, 0)[3] + 3
        ),
        [64, 36, 88, 52, 43, 100, 30, 90, 98, 8, 14, 13],
    ),
    Claim(
        "All three know the place.",
        NEIGHBOURS,
        lambda rows: min(column(rows, 2)[:3]) > 4 * column(rows, 2)[3],
        [64, 36, 88, 52, 43, 100, 5, 90, 20, 8, 14, 13],
    ),
    Claim(
        "Features carry what captions mention; average colour carries less of it.",
        r"^neighbour by (?:block 14|colour|chance) +shares (\d+)% of the words",
        falling,
        [35, 36, 15],
    ),
    Claim(
        "On mini, no real photo comes as near to a training photo as even the loneliest test scene"
        " does.",
        r"\(median\), ([\d.]+) \(lowest\)|^\w+ +training photo ([\d.]+) +real photo",
        lambda rows: len(rows) > 1 and max(flat(rows)[1:]) < flat(rows)[0],
        [0.42, 0.3, 0.5],
    ),
    Claim(
        "Real photos are nearer to each other than to any drawing.",
        r"^\w+ +training photo ([\d.]+) +real photo ([\d.]+)",
        lambda rows: all(
            one < other for one, other in zip(flat(rows)[::2], flat(rows)[1::2], strict=True)
        ),
        [0.27, 0.36, 0.4, 0.3],
    ),
    Claim(
        "Some weights are rounded up, others down, so the errors mostly cancel.",
        r"^cosine similarity of the outputs: ([\d.]+)",
        between(0.999, 1),
        [0.9],
    ),
]

NO_CLAIM = {
    "says what a word, a number or a method is": [
        "which know better what things look like",
        "the course's own smaller copy",
        "behind a second lock",
        "**Reading ahead.",
        "more memory than three times the file",
    ],
    "tells what the picture beside it shows": [
        "the beach at night weighs more",
        "Now all places are right",
    ],
    "is arithmetic": ["No weight is off by more than half a step"],
}
