"""Drawing tools for the picture-book scenes: one pen, one page, soft light. Needs Pillow only."""

import math
import random
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIZE = 299  # pixels of a finished picture, the input size of Xception
SHARP = 3  # everything is drawn this much larger, then shrunk, for smooth edges
INK = (52, 40, 48)
CREAM = (255, 250, 238)
SLATE = (84, 92, 122)

Colour = tuple[int, int, int]
Points = list[tuple[float, float]]


class Tones(NamedTuple):
    """The three shades of one colour: for most of a body, its far side and its lit parts."""

    base: Colour
    dark: Colour
    light: Colour


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Blend two colours; `share` (0..1) is the part of the second."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


def outline(text: str) -> Points:
    """Read points written as "x,y x,y …"."""
    return [tuple(float(number) for number in pair.split(",")) for pair in text.split()]


def box(left: float, bottom: float, width: float, height: float) -> Points:
    """Return the corners of a rectangle."""
    right, top = left + width, bottom + height
    return [(left, bottom), (left, top), (right, top), (right, bottom)]


def smooth(points: Points, closed: bool = True, steps: int = 10) -> Points:
    """Run a Catmull-Rom curve through the points."""
    count = len(points)
    ends = count if closed else count - 1
    curve = []
    for i in range(ends):
        if closed:
            p = [points[(i + k) % count] for k in (-1, 0, 1, 2)]
        else:
            p = [points[min(max(i + k, 0), count - 1)] for k in (-1, 0, 1, 2)]
        curve += [_between(p, step / steps) for step in range(steps)]
    return curve if closed else [*curve, points[-1]]


def _between(p: Points, t: float) -> tuple[float, float]:
    """Return the Catmull-Rom point at `t` (0..1) between p[1] and p[2]."""
    weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
    x, y = (sum(w * q[axis] for w, q in zip(weights, p, strict=True)) / 2 for axis in (0, 1))
    return x, y


class Pen:
    """Draws in its own units: x to the right, y up, from an origin given in picture pixels."""

    def __init__(self, image: Image.Image, origin=(0.0, 0.0), scale=1.0, flip=False, angle=0.0):
        self.draw = ImageDraw.Draw(image)
        self.origin, self.scale = origin, scale
        self.side = -1 if flip else 1
        self.cos, self.sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))

    def place(self, points: Points) -> Points:
        """Turn points of the pen's units into positions on the large canvas."""
        placed = []
        for x, y in points:
            across = self.side * (x * self.cos - y * self.sin) * self.scale
            up = (x * self.sin + y * self.cos) * self.scale
            left, bottom = self.origin[0] + across, self.origin[1] + up
            placed.append((left * SHARP, (SIZE - bottom) * SHARP))
        return placed

    def polygon(self, points: Points, colour: Colour) -> None:
        """Fill a shape with straight sides."""
        self.draw.polygon(self.place(points), fill=colour)

    def blob(self, points: Points, colour: Colour) -> None:
        """Fill a shape with soft sides that run through the points."""
        self.polygon(smooth(points), colour)

    def oval(self, x, y, across, up, colour: Colour, turn: float = 0.0) -> None:
        """Fill an ellipse with the half-axes `across` and `up`, turned by `turn` degrees."""
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        ring = [(math.cos(k * math.pi / 24), math.sin(k * math.pi / 24)) for k in range(48)]
        corners = [(a * across, b * up) for a, b in ring]
        self.polygon([(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in corners], colour)

    def dot(self, x, y, radius, colour: Colour) -> None:
        """Fill a circle."""
        self.oval(x, y, radius, radius, colour)

    def limb(self, points: Points, width: float, colour: Colour, tip: float | None = None) -> None:
        """Draw a round-ended stroke that goes from `width` to `tip` (default: the same)."""
        path = smooth(points, closed=False)
        tip = width if tip is None else tip
        last = len(path) - 1
        for k in range(last):
            radius = (width + (tip - width) * k / last) * self.scale * SHARP / 2
            ends = self.place(path[k : k + 2])
            self.draw.line(ends, fill=colour, width=max(1, round(2 * radius)))
            for x, y in ends:
                self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def smile(self, x, y, radius, colour: Colour = INK, width: float = 1.6) -> None:
        """Draw the lower arc of a circle."""
        arc = [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in (3.6, 4.2, 5.2, 5.8)]
        self.limb(arc, width, colour)

    def eye(self, x, y, radius) -> None:
        """Draw a round eye that catches the light."""
        self.dot(x, y, radius * 1.25, CREAM)
        self.dot(x, y, radius, INK)
        self.dot(x + radius * 0.3, y + radius * 0.35, radius * 0.4, CREAM)


class Page:
    """The large canvas of one scene, with its time of day and its random numbers."""

    def __init__(self, time: str, rng: random.Random, accent: Tones):
        self.image = Image.new("RGB", (SIZE * SHARP, SIZE * SHARP))
        self.pen = Pen(self.image)
        self.time, self.rng = time, rng
        self.accent = accent  # the one strong colour of the picture
        self.afloat = False  # boats will be drawn: keep the view of the water clear
        self.light_x = SIZE / 2  # below the sun or moon, where water glitters

    def tint(self, colour: Colour) -> Colour:
        """Show a daylight colour as it looks at the page's time of day."""
        if self.time == "night":
            return tuple(round(c * k) for c, k in zip(colour, (0.42, 0.49, 0.70), strict=True))
        return mix(colour, (246, 150, 110), 0.24) if self.time == "sunset" else colour

    def gradient(self, points: Points, top: Colour, bottom: Colour) -> None:
        """Fill a shape with a vertical gradient; y of its points may leave the page."""
        corners = self.pen.place(points)
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        left, upper = math.floor(min(xs)), math.floor(min(ys))
        size = (math.ceil(max(xs)) - left, math.ceil(max(ys)) - upper)
        ramp = Image.linear_gradient("L").resize(size)
        fill = Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), ramp)
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon([(x - left, y - upper) for x, y in corners], fill=255)
        self.image.paste(fill, (left, upper), mask)

    def glow(self, x, y, across, up, colour: Colour, strength: float) -> None:
        """Lay a soft-edged ellipse of light (or, in a dark colour, shadow) on the page."""
        size = (round(2 * across * SHARP), round(2 * up * SHARP))
        fade = Image.radial_gradient("L").point(lambda v: round(max(0, 255 - v * 1.42) * strength))
        corner = (round((x - across) * SHARP), round((SIZE - y - up) * SHARP))
        self.image.paste(Image.new("RGB", size, colour), corner, fade.resize(size))

    def wash(self) -> None:
        """Give the page the faint unevenness of water-colour."""
        spots = Image.frombytes("L", (12, 12), self.rng.randbytes(144))
        spots = spots.resize(self.image.size, Image.Resampling.BICUBIC).point(
            lambda v: 246 + v // 28
        )
        self.image.paste(ImageChops.multiply(self.image, Image.merge("RGB", [spots] * 3)))

    def stick(self, layer: Image.Image) -> None:
        """Paste a figure like a paper cut-out, with an edge and a soft cast shadow."""
        box = layer.getbbox()
        if box is None:
            return
        box = (box[0] - 30, box[1] - 30, box[2] + 30, box[3] + 30)
        figure = layer.crop(box)
        alpha = figure.getchannel("A")
        edge = alpha.filter(ImageFilter.GaussianBlur(4)).point(lambda v: 255 if v > 24 else 0)
        cast = ImageChops.offset(edge, 6, 8).filter(ImageFilter.GaussianBlur(7))
        self.image.paste((40, 34, 60), box[:2], cast.point(lambda v: v * 3 // 10))
        rim = SLATE if min(self.accent.base) > 200 else mix(CREAM, self.tint(CREAM), 0.35)
        self.image.paste(rim, box[:2], edge)
        self.image.paste(figure.convert("RGB"), box[:2], alpha)

    def finished(self) -> Image.Image:
        """Return the picture at its final size."""
        return self.image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
