"""An invented shop: products that are drawn, and what their invented buyers say of them.

Lesson 10 trains on it. A headline sums up the reviews: what the thing is, in its colour, is in the
photo; what such things are good for goes with the kind; how the delivery went, no photo shows.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw

SIDE = 299  # pixels, what Xception takes
COLOURS = {
    "red": "#c8102e",
    "blue": "#1f5fbf",
    "green": "#2e8b57",
    "yellow": "#f2c413",
    "black": "#222222",
    "white": "#fafafa",
}
WALLS = ("#d9cfc1", "#c7d3d6", "#b9c4ae", "#d8c3c9")
PRAISE = {  # kind -> what its buyers praise
    "mug": "keeps tea warm",
    "lamp": "bright enough to read by",
    "shirt": "soft after many washes",
    "backpack": "holds a laptop and lunch",
}
DELIVERY = ("came in two days", "came a week late")
REVIEWS = (
    "I ordered the {colour} {kind} for my sister. It {delivery}.",
    "Just as I hoped: {praise}. My second {kind} from here.",
    "Well made, and the {colour} is as in the photo.",
)
HEADLINES = (
    "{Colour} {kind}, {praise}, {delivery}",
    "Buyers say: a {colour} {kind}, {praise} and {delivery}",
    "{Colour} {kind} that {delivery}, {praise}",
)

Pencil = ImageDraw.ImageDraw
Place = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Product:
    """A thing in the shop.

    Attributes:
        name: of its photo.
        kind, colour, praise, delivery: what is known of it; the first two can be seen.
        photo: (299, 299) pixels.
        reviews: sentences of its buyers.
        headlines: short summaries of the reviews, each of which says all three.
    """

    name: str
    kind: str
    colour: str
    praise: str
    delivery: str
    photo: Image.Image
    reviews: tuple[str, ...]
    headlines: tuple[str, ...]


def products(each: int = 5, seed: int = 7) -> list[Product]:
    """Return all kinds in all colours, in a mixed order: `each` photos of every one of the 24.

    The delivery is a throw of dice. Used in lessons 10 and 14.
    """
    dice = random.Random(seed)
    wanted = [(kind, colour) for kind in PRAISE for colour in COLOURS for _ in range(each)]
    dice.shuffle(wanted)
    return [product(number, *pair, dice) for number, pair in enumerate(wanted)]


def product(number: int, kind: str, colour: str, dice: random.Random) -> Product:
    """Return a product with its photo, reviews and headlines."""
    said = {"kind": kind, "colour": colour, "Colour": colour.capitalize(), "praise": PRAISE[kind]}
    said["delivery"] = dice.choice(DELIVERY)
    reviews, headlines = (
        tuple(text.format(**said) for text in texts) for texts in (REVIEWS, HEADLINES)
    )
    photo = drawn(kind, COLOURS[colour], dice)
    name = f"product-{number:03}.jpg"
    facts = kind, colour, PRAISE[kind], said["delivery"]
    return Product(name, *facts, photo, reviews, headlines)


def drawn(kind: str, colour: str, dice: random.Random) -> Image.Image:
    """Return a thing on a table before a wall; size, place and wall are thrown."""
    image = Image.new("RGB", (SIDE, SIDE), dice.choice(WALLS))
    draw, table = ImageDraw.Draw(image), dice.randint(205, 235)
    draw.rectangle((0, table, SIDE, SIDE), fill="#a98467")
    size, left = dice.uniform(150, 200), dice.uniform(30, 90)
    top = table + 25 - size

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * size, top + y * size

    DRAW[kind](draw, at, colour, max(2, round(size / 60)))
    return image


def mug(draw: Pencil, at: Place, colour: str, line: int) -> None:
    """Draw a mug with its handle."""
    draw.ellipse((*at(0.6, 0.35), *at(0.98, 0.8)), outline=colour, width=5 * line)
    draw.rounded_rectangle((*at(0.1, 0.2), *at(0.75, 1)), 12, colour, "#444444", line)
    draw.ellipse((*at(0.1, 0.12), *at(0.75, 0.3)), "#6b4a32", "#444444", line)


def lamp(draw: Pencil, at: Place, colour: str, line: int) -> None:
    """Draw a lamp: a shade on a thin stand, and its light."""
    draw.polygon([at(0.2, 0.45), at(0.8, 0.45), at(1, 0.75), at(0, 0.75)], fill="#fff3bf")
    draw.line((at(0.5, 0.4), at(0.5, 0.95)), fill="#444444", width=3 * line)
    draw.ellipse((*at(0.25, 0.9), *at(0.75, 1)), fill="#444444")
    draw.polygon([at(0.35, 0), at(0.65, 0), at(0.85, 0.45), at(0.15, 0.45)], colour, "#444444")


def shirt(draw: Pencil, at: Place, colour: str, line: int) -> None:
    """Draw a T-shirt."""
    half = [(0.6, 0), (0.78, 0.05), (1, 0.3), (0.84, 0.42), (0.76, 0.34), (0.76, 1)]
    right = [at(x, y) for x, y in half]
    left = [at(1 - x, y) for x, y in reversed(half)]
    draw.polygon([*right, *left], colour, "#444444")
    draw.chord((*at(0.38, -0.1), *at(0.62, 0.12)), 0, 180, "#444444")


def backpack(draw: Pencil, at: Place, colour: str, line: int) -> None:
    """Draw a backpack with a pocket and straps."""
    draw.arc((*at(0.35, -0.08), *at(0.65, 0.2)), 180, 360, "#444444", 3 * line)
    draw.rounded_rectangle((*at(0.12, 0.03), *at(0.88, 1)), 35, colour, "#444444", line)
    draw.rounded_rectangle((*at(0.22, 0.52), *at(0.78, 0.92)), 12, colour, "#444444", 2 * line)
    draw.line((at(0.14, 0.36), at(0.86, 0.36)), fill="#444444", width=line)


DRAW = {"mug": mug, "lamp": lamp, "shirt": shirt, "backpack": backpack}
