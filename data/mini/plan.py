"""Which scenes there are, and which of them a captioner may learn from."""

import random

from scenes import COLOURS, COUNTS, OBJECTS, PLACES, TIMES, Scene

SPLITS = {"train": 440, "dev": 60, "test": 100}
Triple = tuple[str, str, str]  # object, colour, place


def split_of(object_index: int, colour_index: int, place_index: int) -> str:
    """Give a triple to one split: every object-colour pair is tested in one place at most."""
    number = (object_index + 2 * colour_index + place_index) % 6
    if number == 0:
        return "test"
    return "dev" if number == 1 and (object_index + colour_index) % 5 > 1 else "train"


def triples_of(split: str) -> list[Triple]:
    """List the triples of a split; a boat, at home in few places, comes twice."""
    triples = []
    for i, (name, kind) in enumerate(OBJECTS.items()):
        for j, colour in enumerate(COLOURS):
            for k, place in enumerate(PLACES):
                if place in kind.places and split_of(i, j, k) == split:
                    triples += [(name, colour, place)] * (2 if name == "boat" else 1)
    return triples


class Deck:
    """Deals the cards of a shuffled pack; shuffles again only when all are dealt."""

    def __init__(self, cards, rng: random.Random):
        self.cards, self.rng, self.pack = list(cards), rng, []

    def deal(self):
        """Return the next card."""
        if not self.pack:
            self.pack = self.rng.sample(self.cards, len(self.cards))
        return self.pack.pop()


def plan_split(split: str, amount: int, rng: random.Random) -> list[Scene]:
    """Plan the scenes of one split with all values in balance."""
    triples = Deck(triples_of(split), rng)
    actions = {name: Deck(kind.actions, rng) for name, kind in OBJECTS.items()}
    settings = Deck([(count, time) for count in COUNTS for time in TIMES], rng)
    scenes = []
    for _ in range(amount):
        name, colour, place = triples.deal()
        count, time = settings.deal()
        scenes.append(Scene(name, colour, count, actions[name].deal(), place, time))
    return scenes


def file_names(amount: int, rng: random.Random) -> list[str]:
    """Invent names like Flickr's: a ten-digit number, a ten-digit hexadecimal one."""
    numbers = sorted(rng.sample(range(1_000_000_000, 3_700_000_000), amount))
    return [f"{number}_{rng.getrandbits(40):010x}.jpg" for number in numbers]


def plan_scenes(seed: int) -> tuple[dict[str, Scene], dict[str, list[str]]]:
    """Return the scene of every file name, in the order of names, and the names of every split."""
    rng = random.Random(seed)
    planned = [(split, scene) for split, n in SPLITS.items() for scene in plan_split(split, n, rng)]
    rng.shuffle(planned)
    scenes, splits = {}, {split: [] for split in SPLITS}
    for name, (split, scene) in zip(file_names(len(planned), rng), planned, strict=True):
        scenes[name] = scene
        splits[split].append(name)
    for names in splits.values():
        rng.shuffle(names)
    return scenes, splits
