"""What lesson 10 ranks, beside its outputs."""

from ranking import Claim, ahead, between, close, falling, flat, rising

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
        "So compare the words that come five times or more: of these German has more.",
        r"^mini\S* +\d+ words, (\d+) of them five times or more",
        rising,
        [305, 250],
    ),
    Claim(
        "On mini-de expect a BLEU-4 of 35-45 and a CIDEr-D of 100-135 for the captioner;",
        r"^captioner +BLEU-1 +[\d.]+ +BLEU-4 +([\d.]+) +CIDEr-D +([\d.]+)",
        lambda rows: between(35, 45)(rows[:1]) and between(100, 135)(rows[1:]),
        [30, 120],
    ),
    Claim(
        "English does better: 164 to 107 in lesson 06, German 124 to 110 (both captioners on"
        " five).",
        r"^(?:captioner|references) +BLEU-1 .*CIDEr-D +([\d.]+)"
        r"|^(?:model, beam 3|references)(?: +[\d.]+){4} +([\d.]+) ",
        lambda rows: [round(each) for each in flat(rows)] == [124, 110, 164, 107],
        [124, 110, 120, 107],
        others=("06",),
    ),
    Claim(
        "On four it still scores above the references: it says what most people say.",
        r"^(?:on four|references) +BLEU-1 +([\d.]+) +BLEU-4 +([\d.]+) +CIDEr-D +([\d.]+)",
        lambda rows: ahead([flat(rows)[3:], flat(rows)[:3]]),
        [68, 36, 122, 69, 25, 110],
    ),
    Claim(
        "Score the captioner on four as well, since five match more words.",
        r"^(?:captioner|on four) +BLEU-1 +([\d.]+)",
        falling,
        [70, 75],
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
        "Polish and Vietnamese fall apart in the same way",
    ],
    "explains": ["from fewer examples of each", "That makes it no better"],
    "is shown by lesson 01": ["nearly every photo of dev is in train"],
}
