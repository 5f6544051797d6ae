"""The animals of the picture book, about 100 units wide, feet at y = 0, looking right."""

from brush import CREAM, INK, Pen, Tones, outline

TONGUE, CHEEK, BEAK = (240, 120, 130), (247, 170, 160), (247, 150, 50)


def dog(pen: Pen, tones: Tones, action: str) -> None:
    """Draw a floppy-eared dog that runs, jumps or sits."""
    if action == "sit":
        _sitting_dog(pen, tones)
        _dog_head(pen, tones, 12, 72)
        return
    reach = 8 if action == "jump" else 0
    pen.limb([(-34, 48), (-48, 60), (-46, 76)], 10, tones.base, 6)
    pen.limb([(14, 36), (32, 24 + reach), (46, 16 + 2 * reach)], 12, tones.dark, 9)
    pen.limb([(-26, 36), (-36, 20), (-30, 6)], 14, tones.dark, 9)
    pen.blob(
        [(-39, 44), (-30, 59), (0, 56), (22, 68), (35, 50), (22, 27), (-4, 31), (-30, 30)],
        tones.base,
    )
    pen.blob([(18, 30), (30, 42), (27, 52), (14, 44), (0, 32)], tones.light)
    pen.limb([(14, 36), (26, 18 + reach), (40, 4 + 2 * reach)], 13, tones.base, 10)
    pen.limb([(-26, 43), (-42, 22), (-54, 8)], 24, tones.base, 10)
    _dog_head(pen, tones, 32, 74)


def _sitting_dog(pen: Pen, tones: Tones) -> None:
    """Draw the body of a dog that sits."""
    pen.limb([(-22, 8), (-40, 10), (-46, 26)], 10, tones.base, 6)
    pen.limb([(22, 40), (26, 20), (26, 5)], 12, tones.dark, 10)
    pen.blob([(-28, 3), (-30, 24), (-16, 50), (4, 66), (24, 56), (24, 26), (18, 3)], tones.base)
    pen.blob([(12, 26), (25, 36), (22, 54), (10, 46)], tones.light)
    pen.oval(-12, 17, 20, 16, tones.base)
    pen.limb([(-24, 26), (-12, 33), (4, 24)], 1.8, tones.dark)
    pen.limb([(12, 40), (15, 20), (16, 6)], 13, tones.base, 11)
    pen.oval(4, 5, 11, 5, tones.light)
    pen.oval(19, 5, 8, 5, tones.light)


def _dog_head(pen: Pen, tones: Tones, x: float, y: float) -> None:
    """Draw the head of a dog around (x, y)."""
    pen.limb([(x - 14, y - 16), (x, y - 21), (x + 12, y - 17)], 5, CREAM)
    pen.oval(x, y, 20, 19, tones.base)
    pen.oval(x + 5, y - 15, 4, 6, TONGUE, 12)
    pen.oval(x + 15, y - 6, 14, 10, tones.light)
    pen.limb([(x + 6, y - 11), (x + 14, y - 13), (x + 22, y - 10)], 1.8, INK)
    pen.oval(x + 26, y - 2, 5, 4, INK)
    pen.eye(x + 8, y + 6, 3.4)
    pen.blob(
        [
            (x - 8, y + 18),
            (x - 20, y + 8),
            (x - 24, y - 14),
            (x - 14, y - 18),
            (x - 3, y - 2),
            (x, y + 14),
        ],
        tones.dark,
    )


def cat(pen: Pen, tones: Tones, action: str) -> None:
    """Draw a striped cat that runs, jumps or sits."""
    if action == "sit":
        _sitting_cat(pen, tones)
        _cat_head(pen, tones, 4, 66)
        return
    reach = 9 if action == "jump" else 0
    pen.limb([(-34, 46), (-52, 54), (-50, 74), (-62, 82)], 8, tones.base, 6)
    pen.limb([(16, 34), (34, 22 + reach), (48, 18 + 2 * reach)], 9, tones.dark, 7)
    pen.limb([(-26, 34), (-34, 18), (-28, 4)], 11, tones.dark, 7)
    pen.blob(
        [(-38, 42), (-26, 56), (0, 52), (24, 56), (32, 44), (20, 28), (-4, 30), (-30, 28)],
        tones.base,
    )
    for x in (-22, -10, 2):
        pen.limb([(x, 54), (x + 3, 46), (x, 40)], 3.6, tones.dark, 1)
    pen.limb([(16, 34), (28, 16 + reach), (42, 5 + 2 * reach)], 10, tones.base, 8)
    pen.limb([(-26, 40), (-42, 20), (-54, 7)], 20, tones.base, 8)
    _cat_head(pen, tones, 30, 64)


def _sitting_cat(pen: Pen, tones: Tones) -> None:
    """Draw the body of a cat that sits with its tail around it."""
    pen.limb([(-16, 6), (-40, 6), (-46, 24), (-34, 38), (-40, 50)], 9, tones.base, 6)
    pen.blob([(-26, 3), (-30, 20), (-20, 46), (2, 58), (24, 46), (30, 20), (26, 3)], tones.base)
    pen.blob([(-7, 18), (4, 50), (15, 18), (4, 8)], tones.light)
    for y in (22, 32, 42):
        pen.limb([(-31 + y / 4, y), (-20, y - 1), (-15, y - 4)], 3.4, tones.dark, 1)
    for x in (-6, 14):
        pen.limb([(x, 30), (x, 5)], 12, tones.base, 10)
        pen.oval(x, 4, 8, 5, tones.light)


def _cat_head(pen: Pen, tones: Tones, x: float, y: float) -> None:
    """Draw the face of a cat around (x, y)."""
    for side in (-1, 1):
        ear = [(x + 23 * side, y + 4), (x + 22 * side, y + 34), (x + 3 * side, y + 17)]
        pen.polygon(ear, tones.base)
        pen.polygon(
            [(x + 19 * side, y + 10), (x + 19 * side, y + 26), (x + 8 * side, y + 17)], CHEEK
        )
    pen.oval(x, y, 26, 21, tones.base)
    for shift in (-7, 0, 7):
        pen.limb([(x + shift, y + 20), (x + shift * 0.8, y + 11)], 3.4, tones.dark, 1.2)
    pen.oval(x, y - 9, 13, 9, tones.light)
    for side in (-1, 1):
        pen.oval(x + 11 * side, y + 2, 4.6, 5.6, CREAM)
        pen.oval(x + 11 * side, y + 2, 2.4, 5, INK)
        pen.smile(x + 3.6 * side, y - 8, 4)
        for slope in (-3, 2):
            pen.limb(
                [(x + 14 * side, y - 7 + slope / 2), (x + 32 * side, y - 6 + slope * 2)], 1.2, INK
            )
    pen.polygon([(x - 4, y - 4), (x + 4, y - 4), (x, y - 8)], TONGUE)


def horse(pen: Pen, tones: Tones, action: str) -> None:
    """Draw a horse that runs, jumps or stands."""
    near, far = HORSE_LEGS[action]
    pen.limb([(-38, 60), (-54, 56), (-58, 34), (-66, 24)], 10, tones.dark, 4)
    for leg in far:
        _horse_leg(pen, leg, tones.dark)
    pen.blob(
        [(-40, 56), (-35, 71), (-8, 66), (18, 70), (32, 58), (24, 40), (-6, 38), (-35, 41)],
        tones.base,
    )
    pen.blob([(2, 62), (18, 88), (30, 108), (48, 100), (43, 80), (34, 52), (14, 44)], tones.base)
    pen.blob([(-20, 68), (-2, 68), (1, 47), (-10, 44), (-22, 47)], tones.light)
    pen.limb([(1, 48), (-10, 45), (-22, 48)], 2.4, CREAM)
    for leg in near:
        _horse_leg(pen, leg, tones.base)
    _horse_head(pen, tones)


def _horse_head(pen: Pen, tones: Tones) -> None:
    """Draw the head and the mane of a horse."""
    pen.polygon([(40, 106), (46, 123), (50, 103)], tones.dark)
    mane = outline("-2,66 -2,78 6,84 6,95 15,100 18,111 30,116 38,112 30,98")
    pen.blob([*mane, (22, 80), (12, 66)], tones.dark)
    pen.blob(
        [(28, 106), (38, 113), (52, 105), (71, 89), (70, 76), (58, 73), (42, 86), (30, 92)],
        tones.base,
    )
    pen.polygon([(30, 106), (35, 124), (43, 109)], tones.base)
    pen.blob([(62, 94), (72, 87), (70, 75), (59, 73), (55, 84)], tones.light)
    pen.dot(66, 85, 1.8, INK)
    pen.smile(63, 81, 5)
    pen.eye(48, 99, 3.6)
    pen.limb([(36, 114), (45, 109), (46, 103)], 6, tones.dark, 2)


HORSE_LEGS = {
    "run": (
        [[(18, 50), (38, 36), (34, 18)], [(-30, 52), (-42, 30), (-60, 22)]],
        [[(12, 50), (34, 42), (50, 26)], [(-24, 50), (-26, 26), (-44, 8)]],
    ),
    "jump": (
        [[(18, 50), (40, 48), (38, 30)], [(-30, 52), (-46, 34), (-66, 22)]],
        [[(16, 52), (42, 56), (48, 40)], [(-26, 50), (-38, 28), (-58, 14)]],
    ),
    "stand": (
        [[(19, 50), (21, 26), (19, 3)], [(-29, 52), (-33, 28), (-30, 3)]],
        [[(10, 50), (9, 26), (8, 6)], [(-20, 50), (-19, 28), (-20, 6)]],
    ),
}


def _horse_leg(pen: Pen, joints: list, colour) -> None:
    """Draw a leg and its hoof through the three joints."""
    pen.limb(joints, 14, colour, 7)
    x, y = joints[-1]
    pen.oval(x, y, 5, 4.5, INK)


def bird(pen: Pen, tones: Tones, action: str) -> None:
    """Draw a plump bird that flies or sits."""
    if action == "fly":
        pen.blob([(2, 50), (-6, 84), (-30, 104), (-36, 90), (-34, 64), (-18, 46)], tones.dark)
    else:
        for x in (-2, 10):
            pen.limb([(x, 18), (x, 3), (x + 7, 2)], 3.4, BEAK)
    pen.blob([(-28, 40), (-60, 48), (-64, 36), (-58, 26), (-26, 26)], tones.dark)
    pen.blob(
        outline("-38,34 -22,50 4,60 20,72 38,70 44,54 38,32 20,16 -8,14 -28,22"),
        tones.base,
    )
    pen.blob([(40, 50), (36, 32), (20, 18), (2, 17), (10, 34), (26, 46)], tones.light)
    pen.polygon([(41, 60), (60, 52), (40, 47)], BEAK)
    pen.polygon([(41, 53), (53, 48), (40, 46)], (214, 110, 40))
    pen.eye(31, 60, 4)
    pen.oval(30, 50, 4.5, 3, CHEEK)
    _bird_wing(pen, tones, action)


def _bird_wing(pen: Pen, tones: Tones, action: str) -> None:
    """Draw the near wing of a bird, lifted or folded."""
    if action == "fly":
        wing = outline("14,40 8,76 -10,108 -22,100 -30,84 -28,60 -16,38 0,30")
        feathers = [[(-14, 98), (-8, 72)], [(-22, 84), (-14, 62)], [(-22, 64), (-12, 52)]]
    else:
        wing = outline("12,44 -2,50 -24,42 -46,32 -28,22 -4,22 10,30")
        feathers = [[(-34, 30), (-10, 32)], [(-26, 37), (-6, 40)]]
    pen.blob(wing, tones.dark)
    for feather in feathers:
        pen.limb(feather, 2.4, tones.light)
