"""What lesson 11 ranks, beside its outputs."""

from ranking import Claim, between, close, falling, flat

CLAIMS = [
    Claim(
        "It holds 103 of VGG16's 138 million weights, the reason for a download of 528 MB.",
        r"^fc1 .* ([\d,]+) weights",
        between(102_500_000, 103_500_000),
        [16_781_312],
    ),
    Claim(
        "Nothing happened, and nothing complained.",
        r"^whole network: \(None, (\d+)\)|^\d+ layers, output \(None, (\d+)\)",
        lambda rows: close(0)([flat(rows)]),
        [1000, 4096],
    ),
    Claim(
        "Many zeros: `fc2` ends in a ReLU (lesson 04).",
        r"^zeros: (\d+)%",
        between(25, 99),
        [0],
    ),
    Claim(
        "The dev loss is lower side by side, which need not make better captions.",
        r"^(?:merge|concatenate)-xception-\d+: dev loss ([\d.]+)",
        lambda rows: min(flat(rows)[:2]) > max(flat(rows)[2:]),
        [2.068, 2.010, 2.066, 2.020],
    ),
    Claim(
        "A lock lets in one at a time, but then photos wait in line that could be captioned"
        " *together*.",
        r"^one by one ([\d.]+) s, together ([\d.]+) s",
        falling,
        [2.7, 2.8],
    ),
]


NO_CLAIM = {
    "says what a word, a number or a method is": [
        "put one behind the other",
        "A caption needs more than the name of one kind",
        "a longer one goes into a temporary file",
        "The busier the desk, the larger the batches",
    ],
    "claims nothing unless the output says so": [
        "it is hard to tell in advance what the second matrix gains",
        "because one proves little",
    ],
    "explains what the course does": ["So the course adds, with fewer weights"],
    "gives its number, known of the networks": [
        "Xception is younger, smaller and better at ImageNet",
        "nearly twice as many as in Xception",
    ],
}
