"""The German words of the captions, with their genders and forms."""

NOUNS = {  # gender, singular, plural
    "dog": [("m", "Hund", "Hunde"), ("m", "Hund", "Hunde"), ("m", "Welpe", "Welpen")],
    "cat": [("f", "Katze", "Katzen"), ("f", "Katze", "Katzen"), ("n", "Kätzchen", "Kätzchen")],
    "horse": [("n", "Pferd", "Pferde"), ("n", "Pferd", "Pferde"), ("n", "Pony", "Ponys")],
    "bird": [("m", "Vogel", "Vögel"), ("m", "Vogel", "Vögel"), ("m", "Singvogel", "Singvögel")],
    "girl": [("n", "Mädchen", "Mädchen"), ("n", "Mädchen", "Mädchen"), ("n", "Kind", "Kinder")],
    "car": [("n", "Auto", "Autos"), ("n", "Auto", "Autos"), ("m", "Wagen", "Wagen")],
    "boat": [("n", "Boot", "Boote"), ("n", "Boot", "Boote"), ("n", "Schiff", "Schiffe")],
    "balloon": [
        ("m", "Heißluftballon", "Heißluftballons"),
        ("m", "Ballon", "Ballons"),
    ],
}
WIDER = {
    "dog": ("n", "Tier", "Tiere"),
    "cat": ("n", "Tier", "Tiere"),
    "horse": ("n", "Tier", "Tiere"),
    "bird": ("n", "Tier", "Tiere"),
    "car": ("n", "Fahrzeug", "Fahrzeuge"),
    "boat": ("n", "Wasserfahrzeug", "Wasserfahrzeuge"),
}
WEAK = {"Welpe": "Welpen"}  # nouns that change in the accusative and the dative as well
GENITIVES = {  # as in "das Fell des Hundes"
    "dog": "des Hundes",
    "cat": "der Katze",
    "horse": "des Pferdes",
    "bird": "des Vogels",
    "girl": "des Mädchens",
    "car": "des Autos",
    "boat": "des Bootes",
    "balloon": "des Ballons",
}
SHADES = {
    "red": ["rot", "rot", "rot", "knallrot", "scharlachrot"],
    "blue": ["blau", "blau", "blau", "tiefblau"],
    "yellow": ["gelb", "gelb", "gelb", "leuchtend gelb"],
    "white": ["weiß", "weiß", "weiß", "schneeweiß"],
    "black": ["schwarz", "schwarz", "schwarz", "pechschwarz"],
}
GROUP = "Gruppe von drei"
COUNT_WORDS = {
    1: ["ein"],
    2: ["zwei", "zwei", "zwei", "2"],
    3: ["drei", "drei", "drei", "3", GROUP, GROUP],
}
_PET = ["fröhlich", "klein", "verspielt", "munter"]
FEELINGS = {
    "dog": _PET,
    "cat": [*_PET, "getigert"],
    "horse": ["stolz", "kräftig", "schön"],
    "bird": ["klein", "rundlich", "munter"],
    "girl": ["fröhlich", "klein", "lächelnd", "jung"],
    "car": ["klein", "glänzend", "altmodisch"],
    "boat": ["klein", "hölzern"],
    "balloon": ["groß", "gestreift", "riesig"],
}
PARTS = {  # what carries the colour: of one object, of several
    "dog": ("das Fell", "das Fell"),
    "cat": ("das Fell", "das Fell"),
    "horse": ("das Fell", "das Fell"),
    "bird": ("das Gefieder", "das Gefieder"),
    "girl": ("der Mantel", "die Mäntel"),
    "car": ("der Lack", "der Lack"),
    "boat": ("der Rumpf", "die Rümpfe"),
    "balloon": ("die Hülle", "die Hüllen"),
}
# Of one | of several | what stands at the end of the sentence | as a phrase, if there is one.
_RUN = ["läuft|laufen||beim Laufen", "läuft|laufen||beim Laufen", "rennt|rennen||beim Rennen"]
_JUMP = ["springt|springen||beim Springen"] * 2 + ["hüpft|hüpfen||beim Hüpfen"]
_SIT = ["sitzt|sitzen||", "sitzt|sitzen||", "wartet|warten||beim Warten"]
ACTION_WORDS = {
    ("run", "dog"): [*_RUN, "flitzt|flitzen||"],
    ("run", "cat"): [*_RUN, "flitzt|flitzen||"],
    ("run", "girl"): _RUN,
    ("run", "horse"): ["läuft|laufen||beim Laufen", "galoppiert|galoppieren||im Galopp"],
    ("jump", "dog"): _JUMP,
    ("jump", "cat"): _JUMP,
    ("jump", "horse"): _JUMP,
    ("jump", "girl"): [*_JUMP, "springt|springen|vor Freude|beim Springen"],
    ("sit", "dog"): _SIT,
    ("sit", "cat"): _SIT,
    ("sit", "bird"): ["sitzt|sitzen||", "hockt|hocken||"],
    ("stand", "horse"): ["steht|stehen||", "steht|stehen|ganz ruhig|"],
    ("wave", "girl"): ["winkt|winken||beim Winken", "winkt|winken|zur Begrüßung|beim Winken"],
    ("fly", "bird"): ["fliegt|fliegen||im Flug", "fliegt|fliegen||im Flug", "gleitet|gleiten||"],
    ("fly", "balloon"): ["fliegt|fliegen||", "schwebt|schweben||", "schwebt|schweben||"],
    ("drive", "car"): ["fährt|fahren||", "fährt|fahren||", "rollt|rollen||"],
    ("rest", "car"): ["parkt|parken||", "steht|stehen||"],
    ("sail", "boat"): ["segelt|segeln||beim Segeln", "gleitet|gleiten||"],
    ("rest", "boat"): ["liegt|liegen|vor Anker|", "ruht|ruhen||"],
    ("rest", "balloon"): ["steht|stehen||", "wartet|warten|auf den Start|"],
}
PLACE_PHRASES = {  # "at" unless the action (or a boat) has phrases of its own
    "beach": {
        "at": ["am Strand", "am Meer", "im Sand", "an der Küste"],
        "along": ["am Strand entlang", "über den Sand"],
        "fly": ["über dem Strand", "über dem Meer", "an der Küste"],
        "boat": ["vor dem Strand", "auf dem Meer", "vor der Küste"],
    },
    "mountains": {
        "at": ["in den Bergen", "im Schnee", "vor verschneiten Bergen"],
        "along": ["durch den Schnee", "über den Schnee"],
        "fly": ["über den Bergen", "über dem Schnee", "vor verschneiten Bergen"],
    },
    "meadow": {
        "at": ["auf der Wiese", "auf einem Feld", "zwischen den Blumen", "auf einer Blumenwiese"],
        "along": ["über die Wiese", "über ein Feld", "durch die Blumen"],
        "fly": ["über der Wiese", "über den Blumen", "über einem Feld"],
    },
    "lake": {
        "at": ["am See", "an einem See", "am Ufer", "am Seeufer"],
        "along": ["am See entlang", "um den See"],
        "fly": ["über dem See", "über einem See", "am Seeufer"],
        "boat": ["auf dem See", "auf einem stillen See", "auf einem See"],
    },
    "street": {
        "at": ["auf der Straße", "in der Stadt", "vor den Häusern"],
        "along": ["die Straße entlang", "durch die Stadt"],
        "fly": ["über der Straße", "über der Stadt", "vor den Häusern"],
    },
    "forest": {
        "at": ["im Wald", "zwischen den Bäumen", "zwischen hohen Bäumen"],
        "along": ["durch den Wald", "zwischen den Bäumen hindurch"],
        "fly": ["im Wald", "zwischen den Bäumen", "zwischen hohen Bäumen"],
    },
}
PLACE_NOUNS = {  # gender and name
    "beach": ("m", "Strand"),
    "mountains": ("f", "Berglandschaft"),
    "meadow": ("f", "Wiese"),
    "lake": ("m", "See"),
    "street": ("f", "Straße"),
    "forest": ("m", "Wald"),
}
PLACE_ADJECTIVES = {
    "beach": ["sandig", "breit"],
    "mountains": ["verschneit", "weiß"],
    "meadow": ["blühend", "grün"],
    "lake": ["still", "ruhig"],
    "street": ["ruhig"],
    "forest": ["neblig", "dicht"],
    "day": ["sonnig"],
    "sunset": ["abendlich"],
    "night": ["nächtlich", "mondhell"],
}
TIME_PHRASES = {
    "day": ["an einem sonnigen Tag", "bei Sonnenschein", "am helllichten Tag", "bei Tag"],
    "sunset": ["bei Sonnenuntergang", "am Abend", "in der Dämmerung", "in der Abendsonne"],
    "night": ["in der Nacht", "bei Nacht", "im Mondschein", "unter den Sternen"],
}
TIME_PHRASES["night"].append("in einer sternenklaren Nacht")
