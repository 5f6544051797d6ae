"""Street, lake and forest, the other three of the six places."""

from brush import SIZE, Page, box, mix
from places import GOLD, WHITE, fireflies, window
from sky import band, hills, shimmer, sky

WALLS = (
    (238, 222, 204),
    (226, 206, 198),
    (214, 214, 216),
    (240, 228, 196),
    (222, 212, 224),
    (206, 218, 216),
)


def street(page: Page) -> None:
    """A row of town houses with lit windows, lamps, a pavement and a road."""
    sky(page, 110)
    x = -page.rng.uniform(0, 30)
    while x < SIZE:
        width = page.rng.uniform(50, 70)
        _house(page, x, width, page.rng.uniform(200, 250))
        x += width
    band(page, 110, 84, (214, 206, 200), (200, 192, 188))
    for joint in range(6, SIZE, 30):
        page.pen.limb([(joint, 109), (joint - 6, 85)], 1, page.tint((182, 172, 168)))
    band(page, 86, 79, (236, 230, 222), (172, 164, 164))
    band(page, 80, -2, (134, 132, 140), (116, 114, 124))
    for dash in range(-10, SIZE, 62):
        page.pen.polygon(
            [(dash, 22), (dash + 5, 29), (dash + 37, 29), (dash + 32, 22)],
            page.tint((232, 228, 218)),
        )
    for x in (page.rng.uniform(14, 50), page.rng.uniform(250, 286)):
        _lamp(page, x)


def _house(page: Page, x: float, width: float, top: float) -> None:
    """Draw one house, its gable, windows, door and chimney."""
    wall = page.rng.choice(WALLS)
    roof = page.rng.choice((page.accent.base, page.accent.dark))
    gable = [(x - 3, top), (x + width / 2, top + page.rng.uniform(18, 36)), (x + width + 3, top)]
    page.pen.polygon(box(x + width * 0.68, top, width * 0.12, 26), roof)
    page.pen.polygon(gable, roof)
    front = box(x, 108, width, top - 108)
    page.gradient(front, page.tint(wall), page.tint(mix(wall, (150, 130, 130), 0.16)))
    page.pen.limb([(x, top), (x + width, top)], 2.4, page.tint(WHITE))
    for y in range(int(top) - 26, 152, -32):
        for left in (0.16, 0.58):
            _shutters(page, x + width * left, y, width * 0.26, 17)
            window(page, x + width * left, y, width * 0.26, 17, page.rng.random() < 0.75)
    _awning(page, x + 3, width - 6)
    door = x + width * page.rng.choice((0.2, 0.55))
    page.pen.polygon(box(door, 108, 14, 26), page.accent.base)
    page.pen.dot(door + 11, 120, 1.2, page.tint(GOLD))


def _shutters(page: Page, x: float, y: float, width: float, height: float) -> None:
    """Draw open shutters on both sides of a window."""
    for left in (x - 5, x + width):
        page.pen.polygon(box(left, y - 1, 5, height + 2), page.accent.base)


def _awning(page: Page, x: float, width: float) -> None:
    """Draw a striped awning over the door and the shop window of a house."""
    stripes = 7
    step = width / stripes
    for k in range(stripes):
        colour = page.tint((250, 244, 232)) if k % 2 else page.accent.base
        left = x + k * step
        page.pen.polygon(box(left, 136, step, 12), colour)
        page.pen.oval(left + step / 2, 136, step / 2, 4, colour)


def _lamp(page: Page, x: float) -> None:
    """Draw a street lamp, which shines after dark."""
    iron = mix(page.tint((84, 84, 96)), (40, 42, 56), 0.3)
    page.pen.limb([(x, 88), (x, 186)], 3.6, iron, 2.6)
    page.pen.polygon(
        [(x - 5, 186), (x - 8, 204), (x + 8, 204), (x + 5, 186)],
        GOLD if page.time != "day" else page.tint(WHITE),
    )
    page.pen.polygon([(x - 10, 204), (x, 213), (x + 10, 204)], iron)
    if page.time != "day":
        page.glow(x, 196, 44, 44, GOLD, 0.6)


def lake(page: Page) -> None:
    """Still water between far hills and a near bank with reeds and lilies."""
    sky(page, 170)
    hills(page, 206, 22, (170, 188, 200), (190, 204, 210), 5)
    hills(page, 184, 12, (150, 176, 168), (168, 190, 176), 6)
    for x in range(-4, SIZE, 13):
        _far_fir(page, x + page.rng.uniform(-4, 4), 168, page.rng.uniform(0.5, 0.95))
    band(page, 170, -2, (156, 192, 204), (126, 168, 188))
    _reflections(page)
    for x in (page.rng.uniform(30, 90), page.rng.uniform(120, 180), page.rng.uniform(210, 270)):
        _tent(page, x)
    shimmer(page, 160, 70, 34)
    for _ in range(page.rng.randint(6, 9)):
        _lily(page, page.rng.uniform(10, 290), page.rng.uniform(84, 130))
    hills(page, 62, 5, (196, 200, 152), (160, 170, 120), 5)
    for x in (page.rng.uniform(4, 34), page.rng.uniform(262, 294)):
        _reeds(page, x)


def _tent(page: Page, x: float) -> None:
    """Draw a tent on the far shore."""
    page.pen.polygon([(x - 22, 168), (x, 198), (x + 22, 168)], page.accent.base)
    page.pen.polygon([(x, 198), (x + 22, 168), (x + 30, 172)], page.accent.dark)
    page.pen.polygon([(x - 6, 168), (x, 188), (x + 6, 168)], page.tint((90, 80, 84)))


def _far_fir(page: Page, x: float, y: float, size: float) -> None:
    """Draw a fir on the far shore."""
    dark = page.tint(page.rng.choice(((104, 136, 126), (118, 148, 136))))
    for up, half in ((0, 10), (11, 8), (22, 5)):
        page.pen.polygon(
            [
                (x - half * size, y + up * size),
                (x, y + (up + 20) * size),
                (x + half * size, y + up * size),
            ],
            dark,
        )


def _reflections(page: Page) -> None:
    """Let the firs of the far shore show in the water."""
    for x in range(-4, SIZE, 9):
        drop = page.rng.uniform(8, 26)
        page.pen.limb([(x, 170), (x, 170 - drop)], 8, page.tint((138, 172, 176)), 2)


def _lily(page: Page, x: float, y: float) -> None:
    """Draw a lily pad, some with a flower."""
    page.pen.oval(x, y, 13, 4, page.tint((132, 164, 136)))
    if page.rng.random() < 0.85:
        for a in (-4, 4, 0):
            page.pen.oval(x + a * 1.3, y + 4.5, 3.2, 6, page.accent.base, -a * 6)


def _reeds(page: Page, x: float) -> None:
    """Draw reeds with brown heads at the edge of the page."""
    for _ in range(7):
        foot, height = x + page.rng.uniform(-16, 16), page.rng.uniform(50, 105)
        tip = (foot + page.rng.uniform(-10, 10), 50 + height)
        page.pen.limb([(foot, 48), tip], 2.6, page.tint((140, 160, 104)), 1.2)
        page.pen.limb([tip, (tip[0], tip[1] + 12)], 5, page.tint((140, 100, 74)))


def forest(page: Page) -> None:
    """Tall trunks in misty rows, ferns, toadstools and shafts of light."""
    sky(page, 100)
    mist = (196, 212, 206)
    for depth, colour in enumerate(((182, 200, 196), (156, 180, 174), (124, 150, 142))):
        _canopy(page, 262 - depth * 4, mix(colour, mist, 0.1))
        for x in range(-10 + depth * 9, SIZE, 44 - depth * 4):
            _trunk(page, x + page.rng.uniform(-9, 9), 5 + depth * 4, colour)
        hills(page, 124 - depth * 12, 5, mix(colour, mist, 0.45), mix(colour, mist, 0.3))
    hills(page, 92, 6, (178, 178, 146), (146, 146, 116), 5)
    for x in (page.rng.uniform(-6, 14), page.rng.uniform(284, 304)):
        _trunk(page, x, 34, (116, 98, 88))
    for _ in range(12):
        _fern(page, page.rng.uniform(0, SIZE), page.rng.uniform(4, 90))
    for _ in range(page.rng.randint(4, 6)):
        _toadstool(page, page.rng.uniform(8, 290), page.rng.uniform(6, 80))
    _lanterns(page)
    if page.time == "night":
        fireflies(page, 16)
    else:
        for x in (70, 150, 230):
            page.glow(x + page.rng.uniform(-30, 30), 180, 26, 130, (255, 248, 214), 0.4)


def _lanterns(page: Page) -> None:
    """Hang a string of paper lanterns between the trees."""
    low = page.rng.uniform(206, 222)
    rope = [(x, low + 34 * ((x - 150) / 150) ** 2) for x in range(0, 301, 30)]
    page.pen.limb(rope, 1.6, page.tint((96, 86, 84)))
    for x, y in rope[1:-1]:
        if page.time != "day":
            page.glow(x, y - 12, 30, 30, page.accent.light, 0.5)
        page.pen.oval(x, y - 12, 10, 12, page.accent.base)
        page.pen.oval(x, y - 12, 4, 12, page.accent.light)
        page.pen.limb([(x - 4, y - 1), (x + 4, y - 1)], 2.4, page.tint((96, 86, 84)))


def _trunk(page: Page, x: float, width: float, colour) -> None:
    """Draw a tree trunk that leaves the page at its top."""
    page.pen.polygon(
        [
            (x - width * 0.85, 78),
            (x - width * 0.45, 110),
            (x - width * 0.4, 305),
            (x + width * 0.4, 305),
            (x + width * 0.45, 110),
            (x + width * 0.85, 78),
        ],
        page.tint(colour),
    )
    page.pen.polygon(
        [
            (x + width * 0.1, 84),
            (x + width * 0.12, 305),
            (x + width * 0.4, 305),
            (x + width * 0.45, 110),
            (x + width * 0.8, 78),
        ],
        page.tint(mix(colour, (60, 60, 76), 0.2)),
    )


def _canopy(page: Page, y: float, colour) -> None:
    """Draw leaves along the top of the page."""
    for x in range(-10, SIZE + 20, 26):
        page.pen.oval(
            x + page.rng.uniform(-8, 8),
            y + page.rng.uniform(0, 34),
            26,
            page.rng.uniform(18, 30),
            page.tint(colour),
        )
    page.pen.polygon([(-5, 305), (-5, y + 16), (305, y + 16), (305, 305)], page.tint(colour))


def _fern(page: Page, x: float, y: float) -> None:
    """Draw a fern with drooping fronds."""
    for lean in (-13, -6, 6, 13):
        frond = [(x, y), (x + lean * 0.6, y + 12), (x + lean, y + 9)]
        page.pen.limb(frond, 3, page.tint((132, 158, 122)), 1)


def _toadstool(page: Page, x: float, y: float) -> None:
    """Draw a brown toadstool with pale spots."""
    page.pen.limb([(x, y), (x, y + 8)], 4, page.tint((246, 238, 222)))
    page.pen.blob(
        [(x - 8, y + 7), (x - 5, y + 13), (x, y + 15), (x + 5, y + 13), (x + 8, y + 7)],
        page.accent.base,
    )
    for a, b in ((-3, 10), (2, 12), (4, 9)):
        page.pen.dot(x + a, y + b, 1.2, page.tint((250, 242, 228)))
