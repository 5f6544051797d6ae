"""The girl, the vehicles and the balloon, about 100 units wide, standing on y = 0."""

import math

from brush import CREAM, INK, Pen, Tones, outline

SKIN, HAIR, BOOTS, CHEEK = (250, 208, 174), (104, 62, 44), (92, 66, 60), (243, 158, 142)
GLASS, TYRE, METAL, WOOD = (206, 230, 236), (58, 54, 62), (214, 214, 214), (176, 124, 78)
SMOKE, SAND = (238, 236, 232), (206, 170, 124)


def girl(pen: Pen, tones: Tones, action: str) -> None:
    """Draw a girl in a wide hooded coat who runs, jumps or waves."""
    for leg in GIRL_LEGS[action]:
        pen.limb(leg, 10, BOOTS)
        (x, y), side = leg[-1], 1 if leg[-1][0] > 0 or action == "run" else -1
        pen.oval(x + 3 * side, y - 1, 8, 5, BOOTS)
    far, near = GIRL_ARMS[action]
    _sleeve(pen, far, tones.dark)
    pen.blob(
        outline("-12,62 -22,46 -34,20 -20,15 0,13 20,15 34,20 22,46 12,62"),
        tones.base,
    )
    pen.blob(
        [(-34, 21), (-20, 15), (0, 13), (20, 15), (34, 21), (32, 26), (0, 19), (-32, 26)],
        tones.light,
    )
    for y in (30, 40, 50):
        pen.dot(2, y, 2.4, CREAM)
    _sleeve(pen, near, tones.base)
    _hood(pen, tones)


GIRL_LEGS = {
    "run": ([(-8, 18), (-20, 10), (-34, 15)], [(8, 18), (20, 12), (24, 3)]),
    "jump": ([(-10, 18), (-20, 12), (-24, 4)], [(10, 18), (20, 12), (24, 4)]),
    "wave": ([(-9, 18), (-9, 5)], [(9, 18), (9, 5)]),
}
GIRL_ARMS = {
    "run": ([(12, 56), (30, 44), (42, 54)], [(-12, 56), (-30, 44), (-42, 36)]),
    "jump": ([(14, 56), (34, 64), (44, 84)], [(-14, 56), (-34, 64), (-44, 84)]),
    "wave": ([(14, 56), (36, 64), (40, 90)], [(-14, 56), (-28, 42), (-30, 28)]),
}


def _sleeve(pen: Pen, joints: list, colour) -> None:
    """Draw an arm in its sleeve, with a hand at its end."""
    pen.dot(*joints[-1], 5, SKIN)
    (x, y), (a, b) = joints[-1], joints[-2]
    pen.limb([*joints[:-1], (x + (a - x) * 0.25, y + (b - y) * 0.25)], 13, colour, 11)


def _hood(pen: Pen, tones: Tones) -> None:
    """Draw the pointed hood and the face in it."""
    pen.blob(
        outline("-26,78 -20,98 -4,108 4,116 8,106 22,96 26,76 16,58 -16,58"),
        tones.base,
    )
    pen.oval(0, 78, 20, 19, tones.dark)
    pen.oval(0, 77, 18, 17, SKIN)
    pen.blob([(-17, 82), (-10, 94), (2, 95), (12, 93), (17, 82), (4, 88)], HAIR)
    for side in (-1, 1):
        pen.eye(7 * side, 78, 2.6)
        pen.oval(11 * side, 71, 3.6, 2.6, CHEEK)
    pen.smile(0, 72, 5)
    pen.limb([(-8, 58), (0, 55), (8, 58)], 4, CREAM)


def car(pen: Pen, tones: Tones, action: str) -> None:
    """Draw a small round car that drives along, or rests with nobody in it."""
    if action == "drive":
        for x, y, radius in ((-64, 12, 8), (-76, 20, 6), (-86, 30, 4)):
            pen.dot(x, y, radius, SMOKE)
    pen.blob([(-34, 36), (-28, 60), (-6, 70), (14, 66), (28, 52), (36, 36)], tones.base)
    pen.blob([(-26, 38), (-22, 56), (-6, 63), (-3, 60), (-3, 38)], GLASS)
    pen.blob([(3, 38), (3, 61), (12, 59), (22, 49), (26, 38)], GLASS)
    if action == "drive":
        pen.dot(11, 47, 7, HAIR)
        pen.dot(13, 46, 6, SKIN)
        pen.eye(15, 47, 1.5)
        pen.smile(15, 44, 2.4, width=1)
    pen.blob(
        outline("-54,20 -52,34 -40,42 -10,41 28,41 48,37 55,26 54,15 0,12 -52,13"),
        tones.base,
    )
    pen.polygon([(-53, 19), (55, 19), (54, 13), (-52, 13)], tones.dark)
    pen.limb([(-42, 34), (-6, 35), (36, 34)], 2.4, tones.light)
    pen.limb([(-1, 38), (-1, 20)], 1.4, tones.dark)
    pen.limb([(-12, 30), (-6, 30)], 2.4, CREAM)
    pen.oval(49, 29, 4.5, 5.5, (255, 240, 190))
    for x in (-30, 31):
        _wheel(pen, x, 13, tones)


def _wheel(pen: Pen, x: float, radius: float, tones: Tones) -> None:
    """Draw a wheel that stands on the ground at x."""
    pen.dot(x, radius, radius + 3, tones.dark)
    pen.dot(x, radius, radius, TYRE)
    pen.dot(x, radius, radius * 0.55, METAL)
    pen.dot(x, radius, radius * 0.2, TYRE)


def boat(pen: Pen, tones: Tones, action: str) -> None:
    """Draw a boat that sails with full sails, or rests at anchor with a cabin and bunting."""
    if action == "sail":
        pen.limb([(0, 20), (0, 116)], 3.6, WOOD)
        pen.blob([(3, 112), (8, 84), (24, 52), (44, 35), (22, 32), (3, 34)], tones.light)
        pen.blob([(-4, 106), (-14, 76), (-40, 42), (-38, 36), (-20, 34), (-4, 35)], tones.base)
        pen.limb([(-8, 66), (-26, 57)], 2.6, CREAM)
        pen.polygon([(0, 116), (-20, 121), (0, 127)], tones.dark)
    else:
        _cabin(pen, tones)
    pen.blob(
        [(-54, 28), (-30, 25), (20, 25), (58, 32), (48, 12), (34, 0), (-36, 0), (-48, 10)],
        tones.base,
    )
    pen.polygon([(-47, 9), (45, 9), (34, 0), (-36, 0)], tones.dark)
    pen.limb([(-50, 22), (0, 20), (50, 24)], 3.4, CREAM)
    if action == "rest":
        pen.limb([(50, 22), (58, 8), (60, -6)], 2, CREAM)


def _cabin(pen: Pen, tones: Tones) -> None:
    """Draw the cabin, the bare mast and the bunting of a boat at anchor."""
    pen.polygon([(-34, 22), (-34, 56), (14, 56), (20, 22)], tones.light)
    pen.polygon([(-40, 54), (-38, 63), (18, 63), (20, 54)], tones.base)
    for x in (-22, -2):
        pen.dot(x, 42, 7, tones.dark)
        pen.dot(x, 42, 5, GLASS)
    pen.limb([(32, 24), (32, 100)], 3.4, WOOD)
    pen.limb([(32, 98), (-4, 78), (-46, 70)], 1.2, CREAM)
    for x, y in ((22, 91), (8, 83.5), (-8, 77), (-24, 73), (-38, 70.5)):
        pen.polygon([(x - 5, y), (x + 5, y + 2), (x, y - 9)], tones.base)


def balloon(pen: Pen, tones: Tones, action: str) -> None:
    """Draw a hot-air balloon that flies with two children, or rests with bags of sand."""
    if action == "rest":
        for side in (-1, 1):
            pen.limb([(10 * side, 15), (17 * side, 9)], 1.6, INK)
            pen.blob([(x * side, y) for x, y in ((17, 13), (12, 2), (17, 0), (24, 2))], SAND)
    for x in (-9, -3, 3, 9):
        pen.limb([(x, 14), (x * 1.8, 42)], 1.2, INK)
    _envelope(pen, tones)
    pen.polygon([(-11, 17), (11, 17), (9, 0), (-9, 0)], WOOD)
    pen.limb([(-11, 17), (11, 17)], 3.4, (140, 92, 58))
    for y in (5, 10):
        pen.limb([(-9, y), (9, y)], 1, (140, 92, 58))
    if action == "fly":
        for side in (-1, 1):
            x = 5.6 * side
            pen.dot(x, 26, 6.2, HAIR)
            pen.dot(x, 24, 5.4, SKIN)
            pen.smile(x, 23.4, 2.6, width=0.9)
            for shift in (-2, 2):
                pen.dot(x + shift, 25.4, 0.9, INK)
        pen.limb([(-11, 17), (11, 17)], 3.4, (140, 92, 58))


def _envelope(pen: Pen, tones: Tones) -> None:
    """Draw the striped balloon itself."""
    stripes = ((1, tones.base), (0.78, tones.dark), (0.5, tones.base), (0.2, tones.light))
    for width, colour in stripes:
        rim = [(math.sin(a), -math.cos(a)) for a in (k * math.pi / 12 for k in range(3, 22))]
        side = [(42 * width * x, 86 + 42 * y) for x, y in rim]
        pen.polygon([(12 * width, 38), *side, (-12 * width, 38)], colour)
    pen.limb([(-13, 39), (13, 39)], 5, tones.dark)
