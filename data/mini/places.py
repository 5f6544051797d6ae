"""The six places of the picture book, drawn from the back to the front."""

from brush import SIZE, Page, mix, outline
from sky import band, hills, shimmer, sky

WHITE, GOLD = (255, 255, 255), (255, 218, 138)


def beach(page: Page) -> None:
    """Sea, surf and pale sand with shells, a starfish, a palm or a parasol."""
    sky(page, 165)
    band(page, 168, 70, (132, 190, 204), (176, 220, 220))
    shimmer(page, 160, 112, 26)
    _distant_sails(page)
    hills(page, 103, 4, (250, 250, 244), (250, 250, 244), 7)
    hills(page, 97, 5, (214, 196, 160), (226, 208, 172), 7)
    hills(page, 92, 5, (246, 228, 192), (228, 200, 156), 7)
    for _ in range(26):
        spot = (page.rng.uniform(0, SIZE), page.rng.uniform(4, 82))
        page.pen.dot(*spot, page.rng.uniform(0.7, 1.3), page.tint((206, 178, 136)))
    for _ in range(page.rng.randint(3, 5)):
        _shell(page, page.rng.uniform(10, 290), page.rng.uniform(6, 66))
    side = page.rng.choice((1, -1))
    _palm(page, 150 - 134 * side, side)
    _towel(page, 150 - page.rng.uniform(40, 90) * side, page.rng.uniform(10, 24))
    _parasol(page, 150 + page.rng.uniform(84, 108) * side, page.rng.uniform(0.9, 1.1))


def _towel(page: Page, x: float, y: float) -> None:
    """Spread a striped towel on the sand."""
    white, wide = page.tint((250, 244, 232)), 11
    for k in range(8):
        left = x - 44 + k * wide
        corners = [(left, y), (left + 12, y + 24), (left + wide + 12, y + 24), (left + wide, y)]
        page.pen.polygon(corners, white if k % 2 else page.accent.base)


def _parasol(page: Page, x: float, size: float) -> None:
    """Draw a striped parasol in the sand; lower down where boats need the view."""
    foot, size = (14, size * 0.75) if page.afloat else (72, size)
    top = foot + 118 * size
    page.glow(x, foot, 34 * size, 8 * size, (60, 50, 70), 0.35)
    page.pen.limb([(x, foot), (x, top)], 3.4, page.tint((170, 140, 110)))
    cream = page.tint(mix(WHITE, (232, 220, 200), 0.5))
    shape = outline("-46,-26 -33,-6 0,6 33,-6 46,-26 0,-28")
    for wide, colour in ((1, page.accent.base), (0.72, cream), (0.4, page.accent.base)):
        page.pen.blob([(x + a * size * wide, top + b * size) for a, b in shape], colour)


def _distant_sails(page: Page) -> None:
    """Put a far white sail on the horizon."""
    x = page.rng.uniform(60, 240)
    page.pen.polygon([(x, 170), (x, 186), (x + 9, 170)], page.tint(WHITE))
    page.pen.limb([(x - 4, 168), (x + 9, 168)], 2.4, page.tint((150, 130, 120)))


def _shell(page: Page, x: float, y: float) -> None:
    """Draw a scallop shell or a starfish."""
    pink = page.tint(page.rng.choice(((244, 214, 200), (250, 240, 226), (226, 190, 170))))
    if page.rng.random() < 0.35:
        for a, b in ((0, 6), (6, 2), (4, -5), (-4, -5), (-6, 2)):
            page.pen.limb([(x, y), (x + a, y + b)], 4, page.tint((222, 160, 124)), 1.6)
        return
    page.pen.blob(
        [(x - 6, y + 3), (x, y + 6), (x + 6, y + 3), (x + 2, y - 4), (x - 2, y - 4)], pink
    )
    for a in (-3, 0, 3):
        page.pen.limb([(x + a, y + 4), (x, y - 3)], 0.9, page.tint((196, 160, 140)))


def _palm(page: Page, x: float, side: int) -> None:
    """Draw a palm that leans in from the edge of the page."""
    lean, top = page.rng.uniform(8, 20) * side, page.rng.uniform(196, 226)
    trunk = [(x - 6 * side, 60), (x - 2 * side, 130), (x + lean, top)]
    page.pen.limb(trunk, 10, page.tint((168, 134, 100)), 6)
    for a, b in ((-44, 4), (-34, 24), (-4, 34), (30, 26), (44, 2), (34, -20), (-32, -20)):
        leaf = [
            (x + lean, top),
            (x + lean + a * 0.5, top + b * 0.6 + 10),
            (x + lean + a, top + b - 8),
        ]
        page.pen.limb(leaf, 8, page.tint((116, 158, 122)), 1.5)


def mountains(page: Page) -> None:
    """Snowy peaks, white slopes, frosted firs and a little hut."""
    sky(page, 130)
    for x, height, half in ((70, 236, 110), (230, 250, 120), (150, 208, 100)):
        _peak(page, x + page.rng.uniform(-22, 22), height + page.rng.uniform(-14, 14), half)
    hills(page, 138, 10, (222, 232, 242), (240, 246, 250), 5)
    _hut(page, page.rng.uniform(60, 240), 138)
    hills(page, 116, 8, (246, 250, 253), (226, 236, 246), 5)
    for x in (12, 34, 262, 288):
        _snowy_fir(
            page,
            x + page.rng.uniform(-8, 8),
            page.rng.uniform(88, 112),
            page.rng.uniform(0.8, 1.25),
        )
    hills(page, 80, 7, (255, 255, 255), (214, 226, 240), 4)
    for k in range(6):
        _flag(page, 28 + 48 * k + page.rng.uniform(-10, 10), page.rng.uniform(66, 86), 1.2)
    for x in (page.rng.uniform(12, 50), page.rng.uniform(240, 270)):
        _flag(page, x, page.rng.uniform(14, 34), 1.7)
    for _ in range(26):
        x, y = page.rng.uniform(0, SIZE), page.rng.uniform(0, SIZE)
        page.pen.dot(x, y, page.rng.uniform(0.8, 1.8), mix(page.tint(WHITE), WHITE, 0.5))


def _peak(page: Page, x: float, height: float, half: float) -> None:
    """Draw a mountain with a lit and a shaded side and a jagged cap of snow."""
    rock = page.rng.choice(((150, 164, 186), (162, 170, 188), (142, 160, 180)))
    page.gradient(
        [(x - half, 110), (x, height), (x + half, 110)], page.tint(rock), page.tint((206, 216, 228))
    )
    page.pen.polygon(
        [(x, height), (x + half, 110), (x + 12, 110)], page.tint(mix(rock, (92, 106, 140), 0.35))
    )
    slope, down = half / (height - 110), (height - 110) * 0.42
    cap = [
        (x, height),
        (x + slope * down, height - down),
        (x + slope * down * 0.5, height - down * 0.72),
    ]
    cap += [(x + 4, height - down * 1.1), (x - slope * down * 0.4, height - down * 0.7)]
    page.pen.polygon([*cap, (x - slope * down, height - down)], page.tint((250, 252, 255)))
    page.pen.polygon([cap[0], cap[1], cap[2], cap[3]], page.tint((222, 230, 242)))


def _hut(page: Page, x: float, y: float) -> None:
    """Draw a wooden hut with snow on its roof and one lit window."""
    page.pen.polygon(
        [(x - 15, y - 14), (x - 15, y + 10), (x, y + 22), (x + 15, y + 10), (x + 15, y - 14)],
        page.tint((160, 118, 90)),
    )
    page.pen.limb([(x - 19, y + 8), (x, y + 23), (x + 19, y + 8)], 5, page.tint(WHITE))
    window(page, x - 4, y - 2, 8, 8)


def _flag(page: Page, x: float, y: float, size: float) -> None:
    """Draw a slalom flag that is stuck in the snow."""
    page.pen.limb([(x, y), (x, y + 36 * size)], 2.4, page.tint((120, 110, 120)))
    cloth = [(x, y + 36 * size), (x + 26 * size, y + 31 * size), (x, y + 17 * size)]
    page.pen.polygon(cloth, page.accent.base)
    page.pen.polygon([cloth[1], cloth[2], (x, y + 23 * size)], page.accent.dark)


def window(page: Page, x: float, y: float, width: float, height: float, lit: bool = True) -> None:
    """Draw a window from its lower left corner; lit ones glow after dark."""
    shine = lit and page.time != "day"
    if shine:
        page.glow(x + width / 2, y + height / 2, width * 2, height * 2, GOLD, 0.5)
    glass = GOLD if shine else page.tint((190, 206, 214))
    page.pen.polygon([(x, y), (x, y + height), (x + width, y + height), (x + width, y)], glass)
    bar = page.tint((250, 244, 232))
    page.pen.limb([(x + width / 2, y), (x + width / 2, y + height)], 1.2, bar)
    page.pen.limb([(x, y + height / 2), (x + width, y + height / 2)], 1.2, bar)


def _snowy_fir(page: Page, x: float, y: float, size: float) -> None:
    """Draw a fir whose branches carry snow."""
    page.pen.limb([(x, y - 6), (x, y + 8)], 5 * size, page.tint((120, 96, 84)))
    for up, half in ((4, 22), (22, 18), (39, 13)):
        for shift, colour in ((0, (112, 142, 140)), (7, (242, 247, 250))):
            base, wide = y + (up + shift) * size, half * (1 - shift / 22) * size
            tip = y + (up + 28) * size
            page.pen.polygon([(x - wide, base), (x, tip), (x + wide, base)], page.tint(colour))


def meadow(page: Page) -> None:
    """Rolling pale hills with round trees, a fence and many flowers."""
    sky(page, 130)
    hills(page, 156, 14, (190, 208, 186), (206, 220, 186))
    hills(page, 136, 12, (204, 220, 170), (216, 226, 176))
    for x in (page.rng.uniform(6, 70), page.rng.uniform(230, 294), page.rng.uniform(100, 200)):
        _round_tree(page, x, page.rng.uniform(112, 132), page.rng.uniform(0.7, 1.1))
    _fence(page, 112)
    hills(page, 104, 6, (216, 228, 166), (186, 208, 140), 5)
    for _ in range(16):
        _grass(page, page.rng.uniform(0, SIZE), page.rng.uniform(2, 92))
    for k in range(40):
        y = 92 - k * 2.2
        _flower(page, page.rng.uniform(4, 295), y, 0.6 + (92 - y) / 110)
    if page.time == "night":
        fireflies(page, 9)


def fireflies(page: Page, count: int) -> None:
    """Let fireflies glow in the dark."""
    for _ in range(count):
        x, y = page.rng.uniform(0, SIZE), page.rng.uniform(50, 220)
        page.glow(x, y, 7, 7, (255, 246, 170), 0.9)


def _round_tree(page: Page, x: float, y: float, size: float) -> None:
    """Draw an apple tree with a round crown in light and shade."""
    page.pen.limb([(x, y - 6), (x, y + 34 * size)], 8 * size, page.tint((150, 118, 94)), 5 * size)
    for a, b, r, colour in (
        (0, 52, 28, (146, 178, 130)),
        (-6, 57, 20, (166, 194, 144)),
        (-9, 61, 11, (184, 208, 158)),
    ):
        page.pen.oval(x + a * size, y + b * size, r * size, r * size * 0.94, page.tint(colour))
    for a, b in ((-14, 48), (2, 60), (12, 46), (-4, 72), (14, 64), (-1, 40)):
        page.pen.dot(x + a * size, y + b * size, 4.2 * size, page.accent.base)


def _fence(page: Page, y: float) -> None:
    """Draw a low white fence across the page."""
    white = page.tint((246, 240, 228))
    for rail in (y, y + 9):
        page.pen.limb([(-4, rail), (SIZE + 4, rail)], 2.6, white)
    for x in range(4, SIZE, 24):
        page.pen.limb([(x, y - 8), (x, y + 15)], 4, white)


def _grass(page: Page, x: float, y: float) -> None:
    """Draw a tuft of grass."""
    for lean in (-4, 0, 4):
        page.pen.limb([(x, y), (x + lean, y + 9)], 1.8, page.tint((160, 188, 120)), 0.8)


def _flower(page: Page, x: float, y: float, size: float) -> None:
    """Draw a daisy, or a flower in the colour of the picture."""
    petal = page.tint((255, 253, 246))
    if page.rng.random() < 0.75:
        petal = page.rng.choice((page.accent.base, page.accent.base, page.accent.light))
        size *= 1.25
    page.pen.limb([(x, y - 7 * size), (x, y)], 1.2, page.tint((150, 180, 116)))
    for a, b in ((0, 3), (2.9, 0.9), (1.8, -2.4), (-1.8, -2.4), (-2.9, 0.9)):
        page.pen.dot(x + a * size, y + b * size, 2 * size, petal)
    page.pen.dot(x, y, 1.6 * size, page.tint((240, 214, 160)))
