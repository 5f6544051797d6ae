"""What people's captions have and a grammar's lack: rare words, slips of the pen, no words.

The captions of `grammar.py` are changed here one by one, by a dice of their own, so that the
others stay as they are.
"""

import random
from collections.abc import Callable

RARE = {  # word -> rarer words that say the same, the commonest first
    "dog": ["hound", "pooch", "mutt"],
    "dogs": ["hounds", "pooches", "mutts"],
    "cat": ["kitty", "tomcat", "mouser"],
    "cats": ["kitties", "tomcats", "mousers"],
    "horse": ["mare", "stallion", "steed"],
    "horses": ["mares", "stallions", "steeds"],
    "bird": ["fledgling", "warbler"],
    "birds": ["fledglings", "warblers"],
    "girl": ["kid", "schoolgirl", "lass"],
    "girls": ["kids", "schoolgirls", "lasses"],
    "car": ["motorcar", "hatchback"],
    "cars": ["motorcars", "hatchbacks"],
    "boat": ["sailboat", "sloop"],
    "boats": ["sailboats", "sloops"],
    "red": ["crimson", "ruby"],
    "blue": ["navy", "cobalt"],
    "yellow": ["golden", "lemon-yellow"],
    "white": ["milk-white", "chalky"],
    "black": ["coal-black", "raven-black"],
    "beach": ["shore", "coast"],
    "meadow": ["pasture", "grassland"],
    "lake": ["pond", "tarn"],
    "street": ["lane", "boulevard"],
    "forest": ["woodland", "grove"],
    "dusk": ["nightfall", "twilight"],
    "running": ["scampering", "sprinting", "bolting"],
    "runs": ["scampers", "sprints", "bolts"],
    "jumping": ["hopping", "springing", "bouncing"],
    "sitting": ["crouching", "lounging"],
    "flying": ["hovering", "fluttering"],
    "driving": ["cruising", "speeding"],
    "happy": ["merry", "joyful"],
    "little": ["tiny", "dainty", "wee"],
    "shiny": ["gleaming", "polished"],
    "big": ["giant", "towering"],
}
RARELY, MISTYPED = 0.05, 0.02  # of the captions
WORDLESS = {1: "...", 3: "3 !"}  # by how many things a picture shows; "..." cleans to nothing


def slipped(captions: list[str], rng: random.Random) -> list[str]:
    """Return captions in which here and there a word is rare, or misspelt."""
    known = {word for caption in captions for word in caption.lower().split()}
    return [with_slip(caption, known, rng) for caption in captions]


def with_slip(caption: str, known: set[str], rng: random.Random) -> str:
    """Return a caption, now and then with a rare word or a misspelt one."""
    words = caption.split()
    if rng.random() < RARELY:
        replace_one(words, RARE.__contains__, lambda word: rare(word, rng), rng)
    if rng.random() < MISTYPED:
        replace_one(words, can_slip, lambda word: misspelt(word, known, rng), rng)
    return " ".join(words)


def replace_one(
    words: list[str],
    fits: Callable[[str], bool],
    change: Callable[[str], str],
    rng: random.Random,
) -> None:
    """Change one of the words that fit, if there is any."""
    if places := [place for place, word in enumerate(words) if fits(word)]:
        place = rng.choice(places)
        words[place] = change(words[place])


def rare(word: str, rng: random.Random) -> str:
    """Choose a rarer word; the second is half as likely as the first, the third a third."""
    choices = RARE[word]
    return rng.choices(choices, [1 / rank for rank in range(1, len(choices) + 1)])[0]


def can_slip(word: str) -> bool:
    """Tell whether a word is of small letters, and long enough to be misspelt."""
    return word.isalpha() and word.islower() and len(word) >= 5


def misspelt(word: str, known: set[str], rng: random.Random) -> str:
    """Exchange two letters inside a word, leave one out, or type one twice."""
    while True:
        at = rng.randrange(1, len(word) - 1)
        exchanged = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        without, twice = word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]
        slip = rng.choice((exchanged, without, twice))
        if slip != word and slip not in known:
            return slip


def drop_words(captions: dict[str, list[str]], counts: dict[str, int], rng: random.Random) -> None:
    """Give one caption of a picture of each count in WORDLESS no word at all.

    Arguments:
        captions: of the training pictures, by name.
        counts: how many things each picture shows.
        rng: chooses the pictures.
    """
    for count, wordless in WORDLESS.items():
        name = rng.choice([name for name in sorted(captions) if counts[name] == count])
        captions[name][-1] = wordless
