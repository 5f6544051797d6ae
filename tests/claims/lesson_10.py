"""What lesson 10 ranks, beside its outputs."""

from ranking import Claim, ahead, between, close, flat, rising

RIGHT = r"^{} +(\d+)% right, the commonest answer (\d+)%"

CLAIMS = [
    Claim(
        "Splitting at the first comma only doesn't help either:",
        r"^(?:split|partition)\(','\): +(\d+) of",
        lambda rows: close(0)([flat(rows)]),
        [2349, 2500],
    ),
    Claim(
        "Kind and colour can be *seen*,",
        RIGHT.format("(?:kind|colour)"),
        lambda rows: all(
            right > 2 * common
            for right, common in zip(flat(rows)[::2], flat(rows)[1::2], strict=True)
        ),
        [100, 29, 30, 17],
    ),
    Claim(
        "The praise can't, but it *goes with the kind*:",
        r"^(?:kind|praise) +(\d+)% right",
        lambda rows: close(10)([flat(rows)]),
        [100, 50],
    ),
    Claim(
        "And the delivery is *in no photo*.",
        r"^(?:colour|praise|delivery) +(\d+)% right",
        lambda rows: flat(rows)[-1] < min(flat(rows)[:-1]) and flat(rows)[-1] < 75,
        [79, 100, 90],
    ),
    Claim(
        "compare the words that come five times or more: German has more for the same scenes.",
        r"^(?:first|second) +\d+ words, (\d+) of them five times or more",
        rising,
        [305, 250],
    ),
    Claim(
        "On mini-de expect a BLEU-4 of 30-40 and a CIDEr-D of 100-135 for the captioner;",
        r"^captioner +BLEU-1 +[\d.]+ +BLEU-4 +([\d.]+) +CIDEr-D +([\d.]+)",
        lambda rows: between(30, 40)(rows[:1]) and between(100, 135)(rows[1:]),
        [45, 120],
    ),
    Claim(
        "The English scores of lesson 06 are higher.",
        r"^captioner +BLEU-1 +([\d.]+) .*CIDEr-D +([\d.]+)"
        r"|^beam 3 +([\d.]+) .* ([\d.]+) +[\d.]+ +[\d.]+ +[\d.]+$",
        lambda rows: ahead([flat(rows)[:2], flat(rows)[2:]]),
        [75, 127, 85, 100],
        others=("06",),
    ),
    Claim(
        "Two captions with most of their characters in common count as entirely different:",
        r"^BLEU-1 of two captions of one photo: ([\d.]+)|BLEU-1: ([\d.]+)$",
        lambda rows: flat(rows)[0] == 0 and flat(rows)[1] > 50,
        [30, 88],
    ),
]

NO_CLAIM = {
    "says what a word, a number or a method is": [
        "its larger sister of 31,783 photos",
        "falls apart into “wei” and “es”",
    ],
    "explains": ["from fewer examples of each", "five captions cover fewer of them"],
    "is shown by lesson 01": ["nearly every photo of dev is in train"],
}
