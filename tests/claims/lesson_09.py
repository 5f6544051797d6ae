"""What lesson 09 ranks, beside its outputs."""

from ranking import Claim, close, falling, flat

CLAIMS = [
    Claim(
        "since a sentence's own shrinks with every word (lesson 07).",
        r"^(0\.\d+) in all, (\d+)% a word",
        lambda rows: falling(rows[::2]) and close(0)([flat(rows[1::2])]),
        [0.028, 60, 0.216, 60],
    ),
    Claim(
        "No number of machines gets around manners, and none should.",
        r"machines +([\d.]+) hours, limited by manners",
        lambda rows: close(0)([flat(rows)]),
        [11.1, 2.2],
    ),
    Claim(
        "Only `robots.txt`, since the rules may have changed.",
        r"^(\d+) paths were visited, of them again: \['/robots\.txt'\]",
        lambda rows: flat(rows)[0] > 0,
        [0],
    ),
]

NO_CLAIM = {
    "advises": ["For a real site, use a better one", "it is worse than none", "worse than none."],
    "explains": ["A program asks faster than any person", "A kill at the worst moment"],
    "cites": ["**img2dataset** fetches faster"],
}
