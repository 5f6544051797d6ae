"""The words of the captions, and which of them name which value of a scene."""

from slips import RARE

NOUNS = {
    "dog": [("dog", "dogs"), ("dog", "dogs"), ("puppy", "puppies")],
    "cat": [("cat", "cats"), ("cat", "cats"), ("kitten", "kittens")],
    "horse": [("horse", "horses"), ("horse", "horses"), ("pony", "ponies")],
    "bird": [("bird", "birds"), ("bird", "birds"), ("songbird", "songbirds")],
    "girl": [("girl", "girls"), ("girl", "girls"), ("child", "children")],
    "car": [("car", "cars"), ("car", "cars"), ("automobile", "automobiles")],
    "boat": [("boat", "boats"), ("boat", "boats"), ("ship", "ships")],
    "balloon": [("hot-air balloon", "hot-air balloons"), ("balloon", "balloons")],
}
WIDER = {
    "dog": ("animal", "animals"),
    "cat": ("animal", "animals"),
    "horse": ("animal", "animals"),
    "bird": ("animal", "animals"),
    "car": ("vehicle", "vehicles"),
    "boat": ("vessel", "vessels"),
}
SHADES = {
    "red": ["red", "red", "red", "bright red", "scarlet"],
    "blue": ["blue", "blue", "blue", "deep blue"],
    "yellow": ["yellow", "yellow", "yellow", "bright yellow"],
    "white": ["white", "white", "white", "snow-white"],
    "black": ["black", "black", "black", "jet-black"],
}
COUNT_WORDS = {
    1: ["a", "a", "a", "a", "a", "one"],
    2: ["two", "two", "two", "2", "a pair of", "a couple of"],
    3: ["three", "three", "three", "3", "a group of three", "a trio of"],
}
_PET = ["happy", "little", "playful", "cheerful"]
FEELINGS = {
    "dog": _PET,
    "cat": [*_PET, "stripy"],
    "horse": ["proud", "strong", "fine"],
    "bird": ["little", "plump", "cheerful"],
    "girl": ["happy", "little", "smiling", "young"],
    "car": ["little", "shiny", "old-fashioned"],
    "boat": ["little", "wooden"],
    "balloon": ["big", "striped", "huge"],
}
PARTS = {  # what carries the colour: of one object, of several
    "dog": ("fur", "fur"),
    "cat": ("fur", "fur"),
    "horse": ("coat", "coats"),
    "bird": ("feathers", "feathers"),
    "girl": ("coat", "coats"),
    "car": ("paint", "paint"),
    "boat": ("hull", "hulls"),
    "balloon": ("cloth", "cloth"),
}
_RUN = ["runs|run|running", "runs|run|running", "races|race|racing", "dashes|dash|dashing"]
_JUMP = ["jumps|jump|jumping", "jumps|jump|jumping", "leaps|leap|leaping"]
_SIT = ["sits|sit|sitting", "sits|sit|sitting", "waits|wait|waiting"]
ACTION_WORDS = {
    ("run", "dog"): _RUN,
    ("run", "cat"): _RUN,
    ("run", "girl"): _RUN[:3],
    ("run", "horse"): ["runs|run|running", "gallops|gallop|galloping"],
    ("jump", "dog"): _JUMP,
    ("jump", "cat"): _JUMP,
    ("jump", "horse"): _JUMP,
    ("jump", "girl"): [*_JUMP[:2], "jumps for joy|jump for joy|jumping for joy"],
    ("sit", "dog"): _SIT,
    ("sit", "cat"): _SIT,
    ("sit", "bird"): ["sits|sit|sitting", "perches|perch|perching"],
    ("stand", "horse"): ["stands|stand|standing", "stands still|stand still|standing still"],
    ("wave", "girl"): ["waves|wave|waving", "waves hello|wave hello|waving hello"],
    ("fly", "bird"): ["flies|fly|flying", "flies|fly|flying", "soars|soar|soaring"],
    ("fly", "balloon"): ["flies|fly|flying", "floats|float|floating", "drifts|drift|drifting"],
    ("drive", "car"): ["drives|drive|driving", "drives|drive|driving", "rolls|roll|rolling"],
    ("rest", "car"): ["is parked|are parked|parked", "stands|stand|standing"],
    ("sail", "boat"): ["sails|sail|sailing", "sails|sail|sailing", "glides|glide|gliding"],
    ("rest", "boat"): ["lies at anchor|lie at anchor|lying at anchor", "rests|rest|resting"],
    ("rest", "balloon"): ["rests|rest|resting", "stands|stand|standing"],
}
PLACE_PHRASES = {  # "at" unless the action (or a boat) has phrases of its own
    "beach": {
        "at": ["on the beach", "at the beach", "on the sand", "by the sea", "at the seaside"],
        "along": ["along the beach", "across the sand"],
        "fly": ["over the beach", "above the sea", "at the seaside"],
        "boat": ["near the beach", "on the sea", "off a sandy beach"],
    },
    "mountains": {
        "at": ["in the mountains", "in the snow", "on the snow", "near snow-covered mountains"],
        "along": ["through the snow", "across the snow"],
        "fly": ["over the mountains", "above the snow", "past snow-covered mountains"],
    },
    "meadow": {
        "at": ["in the meadow", "in a field", "among the flowers", "in a meadow full of flowers"],
        "along": ["across the meadow", "through a field"],
        "fly": ["over the meadow", "above the flowers", "over a field"],
    },
    "lake": {
        "at": ["by the lake", "beside a lake", "at the lakeside", "near the lake"],
        "along": ["along the lake", "around the lake"],
        "fly": ["over the lake", "above a lake", "over the lakeside"],
        "boat": ["on the lake", "on a quiet lake", "on a lake"],
    },
    "street": {
        "at": ["on the street", "in the city", "in town", "in front of the houses"],
        "along": ["down the street", "along the road"],
        "fly": ["over the street", "above the city", "in front of the houses"],
    },
    "forest": {
        "at": ["in the forest", "in the woods", "among the trees", "between tall trees"],
        "along": ["through the forest", "through the woods"],
        "fly": ["through the forest", "between tall trees", "in the woods"],
    },
}
PLACE_ADJECTIVES = {
    "beach": ["sandy", "wide"],
    "mountains": ["snowy", "snow-covered"],
    "meadow": ["flowery", "grassy"],
    "lake": ["quiet", "calm"],
    "street": ["city"],
    "forest": ["misty", "leafy"],
    "day": ["sunny", "sun-lit"],
    "sunset": ["sunset", "evening"],
    "night": ["starlit", "moonlit"],
}
TIME_PHRASES = {
    "day": ["on a sunny day", "in the sunshine", "in the daytime", "under a clear sky"],
    "sunset": ["at sunset", "in the evening", "at dusk", "in the evening sun"],
    "night": ["at night", "in the moonlight", "under the stars", "on a starry night", "after dark"],
}
PLACE_NAMES = {
    "beach": ["beach", "sand", "sea", "seaside"],
    "mountains": ["mountains", "mountain", "snow", "snow-covered"],
    "meadow": ["meadow", "field", "flowers"],
    "lake": ["lake", "lakeside"],
    "street": ["street", "city", "town", "road", "houses"],
    "forest": ["forest", "woods", "trees"],
}
TIME_NAMES = {
    "day": ["sunny", "sunshine", "daytime", "sun-lit", "clear"],
    "sunset": ["sunset", "evening", "dusk"],
    "night": ["night", "moonlight", "stars", "starry", "dark", "starlit", "moonlit"],
}


def synonyms() -> dict[str, dict[str, list[str]]]:
    """List, for every value of a scene, the words that name it, lower case."""
    nouns = {
        name: [word.split()[-1] for pair in forms for word in pair] for name, forms in NOUNS.items()
    }
    singles = [pair[0].split()[-1] for forms in NOUNS.values() for pair in forms]
    singles += [pair[0] for pair in WIDER.values()]
    owners = {name: [f"{NOUNS[name][0][0].split()[-1]}'s"] for name in NOUNS}
    amounts = {"1": ["one", *singles, *(word for words in owners.values() for word in words)]}
    amounts |= {"2": ["two", "2", "pair", "couple"], "3": ["three", "3", "trio"]}
    colours = {name: [shade.split()[-1] for shade in SHADES[name]] for name in SHADES}
    table = {
        "object": {name: nouns[name] + owners[name] for name in NOUNS},
        "colour": colours,
        "count": amounts,
        "action": _verb_names(),
        "place": PLACE_NAMES,
        "time": TIME_NAMES,
    }
    return {key: {v: with_rare(names) for v, names in t.items()} for key, t in table.items()}


def with_rare(names: list[str]) -> list[str]:
    """Return names and the rare words that say the same, sorted."""
    return sorted({*names, *(word for name in names for word in RARE.get(name, ()))})


def _verb_names() -> dict[str, list[str]]:
    """List the verb forms of each action, without helping words."""
    helpers = {"is", "are", "at", "for", "joy", "still", "hello", "down"}
    names: dict[str, list[str]] = {}
    for (action, _), verbs in ACTION_WORDS.items():
        words = " ".join(verbs).replace("|", " ").split()
        names.setdefault(action, []).extend(word for word in words if word not in helpers)
    return names
