"""Skies and far hills, which all places share."""

from brush import SIZE, Page, mix, smooth

SKIES = {
    "day": ((150, 200, 232), (232, 242, 240)),
    "sunset": ((178, 148, 186), (255, 206, 152)),
    "night": ((22, 28, 62), (78, 92, 138)),
}


def sky(page: Page, horizon: float) -> None:
    """Paint the sky down to the horizon, with what shines and drifts in it."""
    top, bottom = SKIES[page.time]
    edges = [(0, SIZE), (SIZE, SIZE), (SIZE, horizon), (0, horizon)]
    page.gradient(edges, top, bottom)
    if page.time == "night":
        stars(page, horizon)
        moon(page)
    else:
        sun(page, horizon)
        for _ in range(page.rng.randint(2, 4)):
            cloud(page, page.rng.uniform(0, SIZE), page.rng.uniform(215, 285))


def sun(page: Page, horizon: float) -> None:
    """Paint a high pale sun by day, or a large low one at sunset."""
    x = page.rng.choice((page.rng.uniform(25, 80), page.rng.uniform(220, 275)))
    low = page.time == "sunset"
    y, radius = (
        (horizon + page.rng.uniform(18, 50), 26) if low else (page.rng.uniform(245, 272), 17)
    )
    page.light_x = x
    colour = (255, 226, 168) if low else (255, 247, 214)
    page.glow(x, y, radius * 4.5, radius * 4.5, colour, 0.8)
    page.pen.dot(x, y, radius, mix(colour, (255, 255, 255), 0.3))


def moon(page: Page) -> None:
    """Paint a full moon or a crescent, with its halo."""
    x = page.rng.choice((page.rng.uniform(28, 80), page.rng.uniform(220, 270)))
    y = page.rng.uniform(240, 270)
    page.light_x = x
    page.glow(x, y, 70, 70, (170, 184, 220), 0.55)
    if page.rng.random() < 0.5:
        page.pen.dot(x, y, 18, (250, 244, 220))
        for across, up, radius in ((-5, 4, 4), (6, -3, 3), (-2, -8, 2.4)):
            page.pen.dot(x + across, y + up, radius, (232, 224, 198))
    else:
        outer = [(0, 20), (-16, 12), (-20, -2), (-12, -16), (4, -19), (14, -12)]
        inner = [(4, -11), (-5, -6), (-9, 2), (-7, 12)]
        page.pen.blob([(x + a, y + b) for a, b in outer + inner], (250, 244, 220))


def stars(page: Page, horizon: float) -> None:
    """Scatter stars, a few of them larger."""
    for _ in range(46):
        x, y = page.rng.uniform(0, SIZE), page.rng.uniform(horizon + 10, SIZE)
        page.pen.dot(x, y, page.rng.choice((0.6, 0.6, 0.9, 1.4)), (244, 240, 220))


def cloud(page: Page, x: float, y: float) -> None:
    """Paint a cloud of round puffs on a flat base."""
    size = page.rng.uniform(0.6, 1.15)
    white = mix(page.tint((255, 255, 255)), (255, 236, 226), 0.4 if page.time == "sunset" else 0)
    puffs = [(-26, 3, 12), (-10, 10, 17), (10, 8, 15), (26, 2, 10)]
    for shift, colour in ((-3, mix(white, (150, 160, 190), 0.22)), (0, white)):
        for across, up, radius in puffs:
            flat = page.rng.uniform(0.9, 1.1) * radius * size
            page.pen.oval(x + across * size, y + (up + shift) * size, flat, flat * 0.8, colour)
        page.pen.oval(x, y + (shift - 2) * size, 38 * size, 7 * size, colour)


def ridge(page: Page, height: float, swing: float, knots: int = 6) -> list:
    """Return a rolling line across the page, `height` ± `swing`."""
    step = (SIZE + 80) / (knots - 1)
    points = [(-40 + k * step, height + page.rng.uniform(-swing, swing)) for k in range(knots)]
    return smooth(points, closed=False)


def hills(page: Page, height: float, swing: float, top, bottom, knots: int = 6) -> None:
    """Paint rolling land from a ridge down to the edge of the page."""
    line = ridge(page, height, swing, knots)
    corners = [(SIZE + 40, -5), (-40, -5)]
    page.gradient(line + corners, page.tint(top), page.tint(bottom))


def band(page: Page, upper: float, lower: float, top, bottom) -> None:
    """Paint a flat strip of land or water across the page."""
    edges = [(-2, upper), (SIZE + 2, upper), (SIZE + 2, lower), (-2, lower)]
    page.gradient(edges, page.tint(top), page.tint(bottom))


def shimmer(page: Page, upper: float, lower: float, count: int) -> None:
    """Paint short streaks of light on water."""
    light = mix(page.tint((255, 255, 255)), (255, 240, 214), 0.25)
    for _ in range(count):
        x, y = page.rng.uniform(0, SIZE), page.rng.uniform(lower, upper)
        half = page.rng.uniform(4, 13)
        page.pen.limb([(x - half, y), (x, y + 0.8), (x + half, y)], 1.3, light)
    if page.time != "day":
        glitter(page, upper, lower)


def glitter(page: Page, upper: float, lower: float) -> None:
    """Paint the path of light that a low sun or the moon lays on water."""
    light = mix(page.tint((190, 214, 222)), (255, 236, 190), 0.55)
    y = upper
    while y > lower:
        half = page.rng.uniform(2, 10) + (upper - y) * page.rng.uniform(0, 0.2)
        x = page.light_x + page.rng.uniform(-8, 8)
        page.pen.limb([(x - half, y), (x + half, y)], 1.5, light)
        y -= page.rng.uniform(4, 8)
