"""What lesson 05 ranks, beside its outputs."""

from ranking import Claim, between, close, falling, flat, rising

CLAIMS = [
    Claim(
        "A step for sixty photos costs far less than sixty steps for one.",
        r"^(?:state kept|all at once): ([\d.]+) ms per caption",
        lambda rows: flat(rows)[0] > 3 * flat(rows)[1],
        [25.6, 20.0],
    ),
    Claim(
        "On a CPU, expect all changes together to make captioning 200 to 4,000 times as fast.",
        r"ms, ([\d,]+) times as fast$",
        between(200, 4_000),
        [90],
    ),
    Claim(
        "The higher the temperature, the more captions go astray:",
        r"then \[\([\d.]+, \d+, ([\d.]+)\), \([\d.]+, \d+, ([\d.]+)\), \([\d.]+, \d+, ([\d.]+)\)\]",
        falling,
        [151.7, 155.9, 4.1],
    ),
    Claim(
        'The sentence "a dog" begins with the second-best word and yet reaches 0.45 × 0.95 × 1 ='
        " 0.43.",
        r"^(?:dogs|a dog) +(0\.\d+)$",
        rising,
        [0.22, 0.2],
    ),
    Claim(
        'After one word "dogs" leads. After two, "a dog" has overtaken "dogs `<end>`".',
        r"probability (0\.\d+)$",
        lambda rows: flat(rows)[0] > flat(rows)[1] and flat(rows)[2] > flat(rows)[3],
        [0.55, 0.45, 0.22, 0.43, 0.43],
    ),
    Claim(
        "The larger the beam, the higher the model's own score: likelier sentences, their length"
        " allowed for.",
        r"^beam of \d: mean score +(-[\d.]+)",
        rising,
        [-3.39, -3.33, -3.34],
    ),
    Claim(
        "CIDEr-D doesn't follow: on mini it falls, if not beyond luck.",
        r"^beam of [15]: .*CIDEr-D +([\d.]+)",
        falling,
        [159.0, 160.1],
    ),
    Claim(
        "Objects, places and colours hardly change; counts do, but not in step with CIDEr-D.",
        r"^(?:object|place|colour) +beam of 1: (\d+% beam of 3: \d+% beam of 5: \d+)%",
        lambda rows: close(4)([row[::2] for row in rows]),
        [[98, 3, 98, 5, 98], [100, 3, 90, 5, 90]],
    ),
    Claim(
        "The sum prefers the short caption, although the model is no surer of it.",
        r"words: sum +(-[\d.]+) +divided by words +(-[\d.]+)",
        lambda rows: falling(rows[::2]) and close(0)([flat(rows[1::2])]),
        [-1.1, -0.2, -1.1, -0.2],
    ),
    Claim(
        "The captions grow longer with the power.",
        r"^length_power [\d.]+: ([\d.]+) words",
        rising,
        [9.7, 10.0, 9.9],
    ),
    Claim(
        "None of the others beats the captioner's own by more than luck (a share below 2.5%); but"
        " where the share is below 97.5%, dev doesn't prove it better either.",
        r"^the captioner's [\d.]+ is better than [\d.]+ in ([\d.]+)% of draws",
        lambda rows: len(rows) >= 3 and min(flat(rows)) >= 2.5,
        [81.2, 1.9, 72.3],
    ),
    Claim(
        "The stutter is gone.",
        r"^(\d+) of \d+ captions[,;]",
        lambda rows: flat(rows)[0] > 0 == flat(rows)[1],
        [7, 1],
    ),
    Claim(
        "Most of that time is spent in Xception; the words cost little.",
        r"^state kept: ([\d.]+) ms per caption|^([\d.]+) s (?:for the whole|from the file)",
        lambda rows: flat(rows)[0] < 1000 * flat(rows)[1] / 2,
        [600, 1.0],
    ),
    Claim(
        "greedy is the limit of low temperatures, and scores best of all.",
        r"^greedy ([\d.]+), then \[\([\d.]+, \d+, ([\d.]+)\)",
        falling,
        [150.0, 151.7],
    ),
]

NO_CLAIM = {
    "says what a word, a number or a method is": [
        "so these three may not win",
        "faster ones will replace it",
        "so one photo goes ahead, untimed",
        "the same words*, only faster",
        "A word with -1e9 added can't win",
        "Below 1 the likely word becomes likelier",
        "shrink towards zero",
        "scores no better than the worst of them",
        "is the caption that wins",
        "above 97.5% it is hardly luck",
        "Their logits fall by 1e9",
    ],
    "can be seen in the code above": ["the loop becomes shorter than the classic one"],
    "sums up other claims": [
        "the better sentence has its own `<end>`",
        "Beam search finds likelier captions; dev must say",
    ],
    "gives its numbers, measured on Flickr8k": ["gains from its beam: section 7 has the numbers"],
}
