"""What lesson 08 ranks, beside its outputs."""

from ranking import Claim, between, falling, flat, rising

CLAIMS = [
    Claim(
        "All pairs are equally far apart, so distance doesn't explain the difference.",
        r"mean cosine +(-?[\d.]+) of [\d,]+ pairs",
        falling,
        [-0.17, 0.1],
    ),
    Claim(
        "Every region counts, some more than others.",
        r"^(?:dog|tree|meadow|sky) +score +-?[\d.]+ +weight ([\d.]+)",
        lambda rows: falling(rows) and min(flat(rows)) > 0,
        [0.94, 0.03, 0.03, 0],
    ),
    Claim(
        "Do once per photo what needs no words.",
        r"^look once a (?:photo|caption): ([\d.]+) s",
        rising,
        [1.3, 0.9],
    ),
    Claim(
        "expect a dev loss of 1.9-2.2 at the end.",
        r"min; dev loss ([\d.]+)$",
        between(1.9, 2.2),
        [2.4],
    ),
    Claim(
        "The twin's attention is nearly even.",
        r"^untrained +largest weight ([\d.]+); even attention would be ([\d.]+)",
        lambda rows: flat(rows)[0] <= 1.5 * flat(rows)[1],
        [0.04, 0.01],
    ),
    Claim(
        "Where to look is learnt, like everything else.",
        r"^(?:un)?trained +largest weight ([\d.]+);",
        lambda rows: rising(rows) and flat(rows)[1] > 5 * flat(rows)[0],
        [0.011, 0.02],
    ),
    Claim(
        "(As a test, even weights must give the boxes' share of the area.)",
        r"^left half, even weights: ([\d.]+)",
        between(0.5, 0.5),
        [0.45],
    ),
    Claim(
        "The more looked at, the more three regions are worth: the weights say something about "
        "what the model needs.",
        r"^(?:most looked at|at random|least looked at) +CIDEr-D +([\d.]+)",
        falling,
        [105, 19, 58],
    ),
    Claim(
        "In counting, lesson 06's question, attention did worse.",
        r"^(?:merge|attention) +dev BLEU-4.*  count (\d+)%",
        falling,
        [70, 90],
    ),
    Claim(
        "On real photos every run of the attention model is ahead of every run of the merge model.",
        r"^(?:merge-xception|attention-xception-grid) +CIDEr-D +(.*)",
        lambda rows: max(rows[0]) < min(rows[1]),
        [[54.3, 58.2], [58.1, 58.5]],
    ),
]

NO_CLAIM = {
    "says what a word, a number or a method is": [
        "where a photo has fewer regions than another",
        "A photo with fewer captions than others",
        "Colour begins where a region has more than",
        "show the dev photo with the worst score",
        "Fewer than ten wrong words are too few for an interval",
        "Real photos are the better judge",
    ],
    "cites": ["works about as well and is many times faster", "such a grid did worse there"],
}
