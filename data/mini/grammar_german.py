"""Five German captions for a scene: three genders, four cases, verbs in their places."""

import random
from dataclasses import dataclass

from grammar import finished
from scenes import Scene
from words_german import (
    ACTION_WORDS,
    COUNT_WORDS,
    FEELINGS,
    GENITIVES,
    GROUP,
    NOUNS,
    PARTS,
    PLACE_ADJECTIVES,
    PLACE_NOUNS,
    PLACE_PHRASES,
    SHADES,
    TIME_PHRASES,
    WEAK,
    WIDER,
)

ARTICLES = {  # case: by gender
    "nominative": {"m": "ein", "f": "eine", "n": "ein"},
    "accusative": {"m": "einen", "f": "eine", "n": "ein"},
    "dative": {"m": "einem", "f": "einer", "n": "einem"},
}
ENDINGS = {  # of an adjective after these articles
    "nominative": {"m": "er", "f": "e", "n": "es"},
    "accusative": {"m": "en", "f": "e", "n": "es"},
    "dative": {"m": "en", "f": "en", "n": "en"},
}
PLURAL_ENDINGS = {"nominative": "e", "accusative": "e", "dative": "en"}  # without an article
RELATIVES = {"m": "der", "f": "die", "n": "das"}
PRONOUNS = {"m": "er", "f": "sie", "n": "es"}


def german_captions_for(scene: Scene, rng: random.Random, amount: int = 5) -> list[str]:
    """Write different captions; at most one leaves out the object, its colour or the place."""
    patterns = rng.sample(PATTERNS, amount)
    omitted = [rng.choice(("object", "colour", "place", None)), *[None] * (amount - 1)]
    rng.shuffle(omitted)
    phrases = (Phrases(scene, rng, omit) for omit in omitted)
    return [finished(pattern(p), rng) for pattern, p in zip(patterns, phrases, strict=True)]


@dataclass(frozen=True)
class Figures:
    """The objects of a scene in one case, and what a verb has to know of them."""

    text: str
    single: bool
    relative: str


def inflected(noun: tuple, case: str, several: bool) -> str:
    """Return a noun in a case: a dative plural ends in -n, unless that is -s."""
    _, single, plural = noun
    if several:
        return plural + ("n" if case == "dative" and plural[-1] not in "ns" else "")
    return single if case == "nominative" else WEAK.get(single, single)


class Phrases:
    """The parts of a caption of one scene; every call chooses its words anew."""

    def __init__(self, scene: Scene, rng: random.Random, omit: str | None):
        self.scene, self.rng, self.omit = scene, rng, omit
        self.many = scene.count > 1

    def noun(self) -> tuple[str, str, str]:
        """Name the object, or its wider kind when the object is to be left out."""
        if self.omit == "object" and self.scene.object in WIDER:
            return WIDER[self.scene.object]
        return self.rng.choice(NOUNS[self.scene.object])

    def adjectives(self) -> list[str]:
        """Choose a mood now and then, and the colour unless a coat has it."""
        words = []
        if self.rng.random() < 0.3:
            words.append(self.rng.choice(FEELINGS[self.scene.object]))
        if self.scene.object != "girl" and self.omit != "colour":
            words.append(self.rng.choice(SHADES[self.scene.colour]))
        return words

    def figures(self, case: str = "nominative") -> Figures:
        """Name how many objects of which colour there are, in a case."""
        noun, adjectives = self.noun(), self.adjectives()
        amount = self.rng.choice(COUNT_WORDS[self.scene.count])
        if not self.many:
            ending, amount = ENDINGS[case][noun[0]], ARTICLES[case][noun[0]]
        elif amount == GROUP:
            amount, ending = f"{ARTICLES[case]['f']} {GROUP}", PLURAL_ENDINGS["dative"]
        else:
            ending = PLURAL_ENDINGS[case]
        in_group = GROUP in amount
        name = inflected(noun, "dative" if in_group else case, self.many)
        words = [amount, *(word + ending for word in adjectives), name, self.coat(case)]
        text = " ".join(filter(None, words))
        relative = "die" if self.many else RELATIVES[noun[0]]
        return Figures(text, in_group or not self.many, relative)

    def coat(self, case: str) -> str:
        """Say what coat a girl wears; after another "mit" no second one follows."""
        if self.scene.object != "girl" or self.omit == "colour":
            return ""
        shade = self.rng.choice(SHADES[self.scene.colour])
        if self.many:
            coats = [f"in {shade}en Mänteln", f"mit {shade}en Mänteln"]
        else:
            coats = [f"in einem {shade}en Mantel", f"im {shade}en Mantel", f"mit {shade}em Mantel"]
        return self.rng.choice(coats[:-1] if case == "dative" else coats)

    def action(self, single: bool) -> tuple[str, str, str]:
        """Return the verb, what stands at the end of the sentence, and the verb as a phrase."""
        forms = self.rng.choice(ACTION_WORDS[self.scene.action, self.scene.object])
        one, several, tail, phrase = forms.split("|")
        return (one if single else several), tail, phrase

    def place(self, moving: bool = True) -> str:
        """Say where, or nothing when the place is to be left out; `moving` allows "entlang"."""
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
    """Ein roter Hund läuft in der Nacht am Strand"""
    figures = p.figures()
    verb, tail, _ = p.action(figures.single)
    return f"{figures.text} {verb} {p.time()} {p.place()} {tail}"


def who(p: Phrases) -> str:
    """Ein roter Hund , der in der Nacht am Strand läuft"""
    figures = p.figures()
    verb, tail, _ = p.action(figures.single)
    place = p.place()
    if place.endswith(("entlang", "hindurch")):  # these join a verb that follows: entlangläuft
        place, verb = place.rpartition(" ")[0], place.rpartition(" ")[2] + verb
    return f"{figures.text} , {figures.relative} {p.time()} {place} {tail} {verb}"


def busy(p: Phrases) -> str:
    """Ein roter Hund beim Laufen am Strand"""
    figures = p.figures()
    phrase = p.action(figures.single)[2]
    return f"{figures.text} {phrase} {p.place(moving=False)} {p.time()}" if phrase else who(p)


def found(p: Phrases) -> str:
    """Hier läuft ein roter Hund am Strand"""
    figures = p.figures()
    verb, tail, _ = p.action(figures.single)
    return f"{p.rng.choice(('hier', 'da'))} {verb} {figures.text} {p.place()} {tail}"


def seen(p: Phrases) -> str:
    """Man sieht einen roten Hund am Strand bei Nacht"""
    begin = p.rng.choice(("man sieht", "das Bild zeigt"))
    return f"{begin} {p.figures('accusative').text} {p.place(moving=False)} {p.time()}"


def placed_first(p: Phrases) -> str:
    """Am Strand läuft ein roter Hund bei Nacht"""
    place, figures = p.place(), p.figures()
    verb, tail, _ = p.action(figures.single)
    return f"{place} {verb} {figures.text} {p.time()} {tail}" if place else told(p)


def timed_first(p: Phrases) -> str:
    """In der Nacht läuft ein roter Hund am Strand"""
    figures = p.figures()
    verb, tail, _ = p.action(figures.single)
    return f"{p.time(1)} {verb} {figures.text} {p.place()} {tail}"


def still(p: Phrases) -> str:
    """Ein roter Hund am Strand bei Nacht"""
    if p.omit == "place":
        return who(p)
    return f"{p.figures().text} {p.place(moving=False)} {p.time()}"


def view(p: Phrases) -> str:
    """Ein sandiger Strand mit einem roten Hund"""
    if p.omit == "place":
        return told(p)
    gender, name = PLACE_NOUNS[p.scene.place]
    scenery = p.rng.choice(PLACE_ADJECTIVES[p.scene.place] + PLACE_ADJECTIVES[p.scene.time])
    scenery += ENDINGS["nominative"][gender]
    figures = p.figures("dative")
    verb, tail, _ = p.action(figures.single)
    going = f", {figures.relative} {tail} {verb}" if p.rng.random() < 0.5 else ""
    article = ARTICLES["nominative"][gender]
    return f"{article} {scenery} {name} mit {figures.text} {going}"


def owned(p: Phrases) -> str:
    """Das Fell des Hundes ist rot , und er läuft am Strand"""
    if p.omit:
        return told(p)
    gender, _, plural = NOUNS[p.scene.object][0]
    owner = f"der {plural}" if p.many else GENITIVES[p.scene.object]
    part = PARTS[p.scene.object][p.many]
    be = "sind" if p.many and part.startswith("die ") else "ist"
    who_else = "sie" if p.many else PRONOUNS[gender]
    verb, tail, _ = p.action(not p.many)
    shade = p.rng.choice(SHADES[p.scene.colour])
    return f"{part} {owner} {be} {shade} , und {who_else} {verb} {p.place()} {tail}"


PATTERNS = [told, told, told, who, who, busy, busy, found, seen, placed_first, timed_first]
PATTERNS += [placed_first, still, view, owned]
