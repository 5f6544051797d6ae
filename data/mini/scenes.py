"""What a scene is, which scenes there are, and how one is put together from place and figures."""

import math
import random
from dataclasses import asdict, dataclass

import animals
import places
import places_near
import things
from brush import SHARP, SIZE, Page, Pen, Tones, mix
from PIL import Image

COLOURS = {
    "red": Tones((212, 22, 40), (152, 14, 38), (236, 84, 84)),
    "blue": Tones((36, 104, 228), (22, 66, 168), (110, 166, 248)),
    "yellow": Tones((255, 220, 36), (232, 190, 24), (255, 241, 150)),
    "white": Tones((248, 248, 251), (190, 199, 222), (224, 229, 241)),
    "black": Tones((48, 48, 56), (22, 22, 28), (106, 108, 120)),
}
PLACES = {
    "beach": places.beach,
    "mountains": places.mountains,
    "meadow": places.meadow,
    "lake": places_near.lake,
    "street": places_near.street,
    "forest": places_near.forest,
}
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the finished picture
TIMES = ("day", "sunset", "night")
COUNTS = (1, 2, 3)


@dataclass(frozen=True)
class Kind:
    """How an object is drawn: its function, its size in units and what it can do."""

    draw: object
    actions: tuple[str, ...]
    scale: float  # picture pixels per unit when it stands alone
    places: tuple[str, ...] = tuple(PLACES)


OBJECTS = {
    "dog": Kind(animals.dog, ("run", "jump", "sit"), 1.75),
    "cat": Kind(animals.cat, ("run", "jump", "sit"), 1.8),
    "horse": Kind(animals.horse, ("run", "jump", "stand"), 1.42),
    "bird": Kind(animals.bird, ("fly", "sit"), 1.65),
    "girl": Kind(things.girl, ("run", "jump", "wave"), 1.8),
    "car": Kind(things.car, ("drive", "rest"), 1.6),
    "boat": Kind(things.boat, ("sail", "rest"), 1.38, ("beach", "lake")),
    "balloon": Kind(things.balloon, ("fly", "rest"), 1.7),
}
CROWD = {1: 1.0, 2: 0.67, 3: 0.56}  # how much smaller the figures are when there are several
WATER = {"beach": 128, "lake": 88}  # where boats float, in pixels above the lower edge


@dataclass(frozen=True)
class Scene:
    """One picture in words."""

    object: str
    colour: str
    count: int
    action: str
    place: str
    time: str

    def record(self) -> dict:
        """Return the scene as plain data for scenes.json."""
        return asdict(self)


def draw_scene(scene: Scene, rng: random.Random) -> tuple[Image.Image, list[Box]]:
    """Paint the place, then every figure from the back to the front; return their boxes too."""
    tones = jittered(COLOURS[scene.colour], rng)
    page = Page(scene.time, rng, tones)
    if scene.time != "day":
        tones = page.accent = Tones(*(mix(tone, page.tint(tone), 0.08) for tone in tones))
    page.afloat = scene.object == "boat"
    PLACES[scene.place](page)
    page.wash()
    kind = OBJECTS[scene.object]
    flip = rng.random() < 0.5
    boxes = [
        _put_figure(page, scene, kind, tones, (x, y, size, flip))
        for x, y, size in _spots(scene, rng)
    ]
    return page.finished(), boxes


def jittered(tones: Tones, rng: random.Random, most: int = 7) -> Tones:
    """Shift the three tones of a colour together by a few steps of 255."""
    shift = [rng.randint(-most, most) for _ in range(3)]
    if max(tones.base) - min(tones.base) < 20:  # black and white stay free of any hue
        shift = [shift[0]] * 3
    return Tones(
        *(tuple(min(255, max(0, c + s)) for c, s in zip(t, shift, strict=True)) for t in tones)
    )


def _spots(scene: Scene, rng: random.Random) -> list[tuple[float, float, float]]:
    """Choose x, y of the feet and the size of each figure, farthest first."""
    scale = OBJECTS[scene.object].scale * CROWD[scene.count] * rng.uniform(0.96, 1.05)
    across = {1: [0.5], 2: [0.255, 0.745], 3: [0.2, 0.8, 0.5]}[scene.count]
    depth = {1: [0], 2: [14, 0], 3: [30, 26, 0]}[scene.count]
    if rng.random() < 0.5:
        across = [1 - share for share in across]
    spots = []
    for share, back in zip(across, depth, strict=True):
        x = share * SIZE + rng.uniform(-9, 9) / scene.count
        y = _feet(scene, rng) + back * (2.2 if _in_the_air(scene) else 1)
        spots.append((x, y, scale * (1 - back / 300)))
    return spots


def _in_the_air(scene: Scene) -> bool:
    """Tell whether the figures fly."""
    return scene.action == "fly"


def _feet(scene: Scene, rng: random.Random) -> float:
    """Choose how far above the lower edge a front figure stands, floats or flies."""
    if scene.object == "boat":
        return WATER[scene.place] - 14 + rng.uniform(-4, 4)
    if _in_the_air(scene):
        low = 28 if scene.object == "balloon" else 0
        return {1: 72 - low, 2: 92 - low, 3: 82 - low}[scene.count] + rng.uniform(-6, 10)
    return {1: 40, 2: 42, 3: 26}[scene.count] + rng.uniform(-6, 6)


def _put_figure(page: Page, scene: Scene, kind: Kind, tones: Tones, spot: tuple) -> Box:
    """Draw one figure on its own layer, its shadow on the page, and stick it on."""
    x, y, size, flip = spot
    lift, angle = POSES.get(scene.action, (0, 0))
    if scene.object == "boat":
        _wake(page, x, y, size)
    elif not _in_the_air(scene):
        narrow = 0.75 if scene.action == "jump" else 1
        page.glow(x, y + 2, 50 * size * narrow, 11 * size, (30, 26, 50), 0.5)
    layer = Image.new("RGBA", (SIZE * SHARP, SIZE * SHARP))
    turn = (angle + page.rng.uniform(-2.5, 2.5)) / (3 if scene.object == "girl" else 1)
    x += math.sin(math.radians(turn)) * 50 * size * (-1 if flip else 1)  # turn about the middle
    pen = Pen(layer, (x, y + lift * size), size, flip, turn)
    kind.draw(pen, tones, scene.action)
    page.stick(layer)
    if scene.object == "boat":
        _foam(page, x, y, size)
    return tuple(round(edge / SHARP) for edge in layer.getbbox())


POSES = {"jump": (30, 14), "sail": (0, 5), "run": (-1, 0)}  # units above the ground, degrees


def _wake(page: Page, x: float, y: float, size: float) -> None:
    """Draw the mirrored darkness of a hull on the water."""
    page.glow(x, y - 2, 66 * size, 12 * size, page.tint((70, 110, 130)), 0.6)


def _foam(page: Page, x: float, y: float, size: float) -> None:
    """Draw waves that lap around the foot of a hull."""
    foam = mix(page.tint((240, 248, 248)), (255, 255, 255), 0.25)
    water = page.tint((158, 204, 214))
    shape = [(-18, -3), (-9, 5), (0, 8), (6, 4), (14, 1), (20, -3), (0, -6)]
    for shift, lower in ((-48, 1), (44, 1), (-24, -1), (20, -1), (-2, -3)):
        for colour, drop in ((foam, 0), (water, -2.2)):
            wave = [(x + (shift + a) * size, y + (lower + b + drop) * size) for a, b in shape]
            page.pen.blob(wave, colour)
