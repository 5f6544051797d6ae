"""Five captions for a scene, in the manner of Flickr8k: short, varied and not quite uniform."""

import random

from scenes import Scene
from words import (
    ACTION_WORDS,
    COUNT_WORDS,
    FEELINGS,
    NOUNS,
    PARTS,
    PLACE_ADJECTIVES,
    PLACE_PHRASES,
    SHADES,
    TIME_PHRASES,
    WIDER,
)


def captions_for(scene: Scene, rng: random.Random, amount: int = 5) -> list[str]:
    """Write different captions; at most one leaves out the object, its colour or the place."""
    patterns = rng.sample(PATTERNS, amount)
    omitted = [rng.choice(("object", "colour", "place", None)), *[None] * (amount - 1)]
    rng.shuffle(omitted)
    captions = []
    for pattern, omit in zip(patterns, omitted, strict=True):
        caption = finished(pattern(Phrases(scene, rng, omit)), rng)
        captions.append(caption)
    return captions


def finished(sentence: str, rng: random.Random) -> str:
    """Add the capital and the stop, most of the time, as people do."""
    sentence = " ".join(sentence.split())
    if rng.random() < 0.92:
        sentence = sentence[0].upper() + sentence[1:]
    return sentence + (" ." if rng.random() < 0.86 else "")


def article(words: str) -> str:
    """Put "a" or "an" before words."""
    return ("an " if words[0] in "aeiou" else "a ") + words


class Phrases:
    """The parts of a caption of one scene; every call chooses its words anew."""

    def __init__(self, scene: Scene, rng: random.Random, omit: str | None):
        self.scene, self.rng, self.omit = scene, rng, omit
        self.many = scene.count > 1
        self.be = "are" if self.many else "is"

    def noun(self) -> str:
        """Name the object, or its wider kind when the object is to be left out."""
        wide = self.omit == "object" and self.scene.object in WIDER
        names = [WIDER[self.scene.object]] if wide else NOUNS[self.scene.object]
        single, several = self.rng.choice(names)
        return several if self.many else single

    def shade(self) -> str:
        """Name the colour, or nothing when it is to be left out."""
        return "" if self.omit == "colour" else self.rng.choice(SHADES[self.scene.colour])

    def figures(self, plain: bool = False) -> str:
        """Name how many objects of which colour there are; `plain` avoids "a pair of"."""
        feeling = self.rng.choice(FEELINGS[self.scene.object]) if self.rng.random() < 0.3 else ""
        if self.scene.object == "girl":
            core = f"{feeling} {self.noun()} {self.coat()}"
        else:
            core = f"{feeling} {self.shade()} {self.noun()}"
        core = " ".join(core.split())
        amounts = COUNT_WORDS[self.scene.count]
        amount = self.rng.choice(amounts[:-2] if plain else amounts)
        return article(core) if amount == "a" else f"{amount} {core}"

    def coat(self) -> str:
        """Say what coat a girl wears."""
        shade = self.shade()
        if not shade:
            return ""
        if self.many:
            return self.rng.choice((f"in {shade} coats", f"wearing {shade} coats"))
        coat = article(f"{shade} {self.rng.choice(('coat', 'coat', 'hooded coat'))}")
        return self.rng.choice((f"in {coat}", f"wearing {coat}"))

    def action(self) -> tuple[str, str]:
        """Return the verb as in "the dog runs" and as in "a dog running"."""
        forms = self.rng.choice(ACTION_WORDS[self.scene.action, self.scene.object])
        single, several, going = forms.split("|")
        return (several if self.many else single), going

    def place(self, moving: bool = True) -> str:
        """Say where, or nothing when the place is to be left out; `moving` allows "along"."""
        if self.omit == "place":
            return ""
        phrases = PLACE_PHRASES[self.scene.place]
        use = "boat" if self.scene.object == "boat" else self.scene.action
        choices = phrases.get(use) or phrases["at"]
        if moving and use in ("run", "drive"):
            choices = phrases["along"] + phrases["at"][:2]
        return self.rng.choice(choices)

    def time(self, chance: float = 0.5) -> str:
        """Say when, now and then."""
        return self.rng.choice(TIME_PHRASES[self.scene.time]) if self.rng.random() < chance else ""


def told(p: Phrases) -> str:
    """A red dog runs on the beach at night"""
    return f"{p.figures()} {p.action()[0]} {p.place()} {p.time()}"


def going_on(p: Phrases) -> str:
    """A red dog is running on the beach at night"""
    return f"{p.figures()} {p.be} {p.action()[1]} {p.place()} {p.time()}"


def titled(p: Phrases) -> str:
    """A red dog running on the beach at night"""
    return f"{p.figures()} {p.action()[1]} {p.place()} {p.time()}"


def found(p: Phrases) -> str:
    """There is a red dog running on the beach"""
    return f"there {p.be} {p.figures(plain=True)} {p.action()[1]} {p.place()} {p.time(0.25)}"


def placed_first(p: Phrases) -> str:
    """On the beach , a red dog runs at night"""
    place = p.place()
    return f"{place} , {p.figures()} {p.action()[0]} {p.time()}" if place else told(p)


def timed_first(p: Phrases) -> str:
    """At night , a red dog runs on the beach"""
    return f"{p.time(1)} , {p.figures()} {p.action()[0]} {p.place()}"


def still(p: Phrases) -> str:
    """A red dog on the beach at night"""
    return f"{p.figures()} {p.place(moving=False)} {p.time()}" if p.omit != "place" else titled(p)


def view(p: Phrases) -> str:
    """A sandy beach with a red dog running"""
    if p.omit == "place":
        return going_on(p)
    going = p.action()[1] if p.rng.random() < 0.5 else ""
    scenery = p.rng.choice(PLACE_ADJECTIVES[p.scene.place] + PLACE_ADJECTIVES[p.scene.time])
    name = {"mountains": "mountain scene"}.get(p.scene.place, p.scene.place)
    return f"{article(scenery)} {name} with {p.figures()} {going}"


def owned(p: Phrases) -> str:
    """The dog's fur is red as it runs on the beach"""
    if p.omit:
        return told(p)
    name = NOUNS[p.scene.object][0][p.many].split()[-1]
    owner = name + ("'" if p.many else "'s")
    part = PARTS[p.scene.object][p.many]
    verb = "are" if part.endswith("s") else "is"
    who = "they" if p.many else ("she" if p.scene.object == "girl" else "it")
    return f"the {owner} {part} {verb} {p.shade()} as {who} {p.action()[0]} {p.place()}"


def joined(p: Phrases) -> str:
    """A red dog , running on the beach"""
    return f"{p.figures()} , {p.action()[1]} {p.place()}" if p.omit != "place" else titled(p)


PATTERNS = [told, told, going_on, going_on, titled, titled, found, placed_first, timed_first]
PATTERNS += [still, view, owned, joined]
