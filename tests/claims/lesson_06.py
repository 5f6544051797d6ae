"""What lesson 06 ranks, beside its outputs."""

from ranking import Claim, ahead, between, falling, flat, rising

FIVE = r"((?:[\d.]+ +){4}[\d.]+)"  # BLEU-1 to BLEU-4 and CIDEr-D
FOUR = r"((?:[\d.]+ +){3}[\d.]+)"  # BLEU-1 to BLEU-4
CONSTANT_AND_REFERENCES = rf"^(?:constant|references) +{FIVE}"


def shares(rows):
    """What the first row has of the second, place by place."""
    return [one / other for one, other in zip(*rows, strict=True)]


CLAIMS = [
    Claim(
        "By the score on the left, a sentence that ignores the photo gets more than half of what"
        " the references get.",
        CONSTANT_AND_REFERENCES,
        lambda rows: shares(rows)[0] > 0.5,
        [[33, 30, 20, 10, 18], [71, 53, 40, 28, 107]],
    ),
    Claim(
        "In BLEU-1 the first bar is more than half as high as the others, in CIDEr-D it is a stump",
        rf"^(?:constant|model, beam \d|references) +{FIVE}",
        lambda rows: all(
            shares([rows[0], other])[0] > 0.5 and shares([rows[0], other])[4] < 0.25
            for other in rows[1:]
        ),
        [[45, 28, 17, 11, 60], [85, 72, 60, 46, 164], [71, 53, 40, 28, 107]],
    ),
    Claim(
        "The longer the n-gram, the harder it is to match.",
        r"^\d: \d of \d = ([\d.]+)",
        lambda rows: flat(rows) == sorted(flat(rows), reverse=True) and falling(rows[1:]),
        [1, 1, 0.3, 0.5],
    ),
    Claim(
        '"a boat" is worth more than "a dog on the beach", which shares three cheap words with the'
        " target.",
        r"^a (?:boat|dog on the beach) +([\d.]+)$",
        falling,
        [0.16, 0.66],
    ),
    Claim(
        'Saying "boat" three times is worse than once.',
        r"^(?:a boat|boat boat boat) +([\d.]+)$",
        falling,
        [0.66, 0.7],
    ),
    Claim(
        "The longer the n-grams, the smaller the share that the constant gets.",
        CONSTANT_AND_REFERENCES,
        lambda rows: falling([shares(rows)[:4]]),
        [[45, 28, 22, 11, 18], [71, 53, 40, 28, 107]],
    ),
    Claim(
        "On mini the captioner beats the references:",
        rf"^(?:model, beam \d|references) +{FIVE}",
        lambda rows: ahead(rows[::-1]),
        [[85, 72, 60, 46, 99], [71, 53, 40, 28, 107]],
    ),
    Claim(
        "The markers are two words that are always right, a full stop is one: BLEU goes up.",
        rf"^(?:this course|markers kept on both sides|full stops kept on both sides) +{FOUR}",
        lambda rows: ahead(rows[:2]) and ahead(rows[::2]) and ahead([rows[2], rows[1]]),
        [[85, 72, 60, 46], [88, 75, 62, 51], [84, 73, 60, 48]],
    ),
    Claim(
        "Nearly half of the references mention the time of day; the model hardly ever does.",
        r"^time +model +(\d+)% +first reference +(\d+)%",
        lambda rows: flat(rows)[0] <= 5 and between(35, 50)(rows[1:]),
        [12, 45],
    ),
    Claim(
        "And some counts are wrong.",
        r"^count +model +(\d+)%",
        between(1, 99),
        [100],
    ),
    Claim(
        "but a sentence without it is likelier, and a search for the likeliest sentence nearly"
        " always leaves it out.",
        r"^ +time +says +(\d+), right +(\d+)",
        lambda rows: flat(rows)[0] <= 5 < flat(rows)[2] and flat(rows)[3] >= 0.9 * flat(rows)[2],
        [0, 0, 36, 20],
    ),
    Claim(
        "Counts *it can't see* well: it mixes up two and three, in long captions too.",
        r"^ +count +says +(\d+), right +(\d+)  (?:2 → 3|3 → 2)",
        lambda rows: len(rows) == 4 and falling(rows[:2]) and falling(rows[2:]),
        [98, 86, 87, 87],
    ),
    Claim(
        "That range is a **confidence interval**, and on mini it is wide.",
        r"^CIDEr-D +([\d.]+) +95 of 100 drawn sets: ([\d.]+) to ([\d.]+)",
        lambda rows: flat(rows)[2] - flat(rows)[1] > flat(rows)[0] / 10,
        [164, 160, 168],
    ),
    Claim(
        "A larger beam finds likelier sentences.",
        r"^(?:greedy|beam \d): sum of logarithms (-[\d.]+)",
        rising,
        [-8.7, -8.8, -8.2],
    ),
    Claim(
        "They need not be better.",
        r"^(?:greedy|beam 5): sum of logarithms .*CIDEr-D ([\d.]+)",
        falling,
        [155.6, 162.1],
    ),
    Claim(
        "Longer n-grams make BLEU no wiser about single captions; weighing words by their rarity"
        " does.",
        r"^\| (\d+\.\d \| \d+\.\d \| \d+\.\d \| \d+\.\d) \| \d+\.\d \| (\d+\.\d) \|$",
        lambda rows: falling(rows[:1]) and max(rows[0]) < rows[1][0],
        [[32, 31, 30, 29.6], [31]],
        table=True,
    ),
]

NO_CLAIM = {
    "says what a word, a number or a method is": [
        "an n-gram counts no more often than",
        "`|` keeps the larger counts",
        "`min` takes no more of an n-gram",
        "with a `length_power` of 1 a beam search prefers long captions",
        "count in how many the first one wins",
        "above 97.5% luck hardly explains the gap",
        "agree on the better one",
    ],
    "is arithmetic": ["match a little less than five"],
    "cites": ["found nearly the same"],
}
