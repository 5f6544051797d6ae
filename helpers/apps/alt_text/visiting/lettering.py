"""Images of text: the text itself is what they say, so it is read and not described.

A look at a small copy of every picture (0.07 s on two busy cores) tells whether it may be an image
of text; only then is it read (0.3 to 0.7 s). The thresholds were chosen on 500 photos of Flickr8k's
development split, of which 3 pass for images of text: two banners and a screen, photographed. Of
500 others 3 do (`tests/benchmarks/lettering.py`): a shop's sign, an airfield's, a banner.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import atan2, cos, hypot, sin
from statistics import median
from threading import Lock

import numpy as np
from PIL import Image

GLANCE, READ = 320, 960  # pixels of the longer side: to look for text, and to read it
COVERS_AT_A_GLANCE, COVERS, SURE = 0.05, 0.08, 0.9  # shares of the picture, and of certainty
LONGEST = 300  # characters; more is none for an alt text
# Two signs of Chinese, Japanese or Korean are a word; of letters it takes three.
EASTERN = r"[\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
WORD = re.compile(rf"{EASTERN}{{2}}|[^\W_]{{3}}")
# Icons and bullets beside Latin words are read as one such sign that stands alone.
LONE, PAIR = re.compile(rf"(?<!\S){EASTERN}(?!\S) ?"), re.compile(EASTERN * 2)
# The model takes Greek and Cyrillic letters for Latin ones that look alike, and then it is wrong.
MIXED = re.compile(r"[a-zA-Z][\u0370-\u052f]|[\u0370-\u052f][a-zA-Z]")
# Stars, medals and patterns are read as signs such as these; words come with few of them.
ODD, MOST_ODD = re.compile(r"[^\w\s.,;:!?%&$€£¥§'’\"“”„()/+#@·–—-]"), 0.1
# No stop goes behind these, nor into Chinese, Japanese or Korean, whose lines break anywhere.
NO_STOP = re.compile(rf"([.,;:!?…&/+–—-]|{EASTERN})$")
QUOTES = "\"'“”„‘«("  # before the first letter of a sentence
SHEARED = 0.5  # of a line's height: what stands closer is on the same line
MISSING = (
    "reading images of text needs rapidocr: pip install rapidocr onnxruntime (our extra “text”), "
    "or give --no-read-text"
)


@dataclass(frozen=True)
class Line:
    """A piece of text where it stands: the middle, the direction and the sides of its box."""

    text: str
    score: float
    x: float
    y: float
    angle: float
    width: float
    height: float


class Lettering:
    """Finds and reads the text in pictures; one at a time, on all cores.

    Raises ImportError, in words, where rapidocr is missing. Its models are in its wheel.
    """

    def __init__(self):
        require_rapidocr()
        from rapidocr import RapidOCR

        self.lock, quiet = Lock(), {"Global.log_level": "error", "Global.use_cls": False}
        limits = {"Det.limit_type": "max", "Det.limit_side_len": READ}
        self.engine = RapidOCR(params=quiet | limits)

    def likely(self, image: Image.Image) -> bool:
        """Tell at a glance whether a picture may be an image of text."""
        small = fitted(image, GLANCE)
        with self.lock:
            boxes = self.engine(pixels_of(small), use_rec=False).boxes
        boxes = [] if boxes is None else boxes
        return covered(map(box_line, boxes), small) >= COVERS_AT_A_GLANCE

    def read(self, image: Image.Image) -> tuple[str, float] | None:
        """Return the text of an image of text and how sure it is (0 to 1); None for any other."""
        image = fitted(image, READ)
        with self.lock:
            found = self.engine(pixels_of(image), use_rec=True)  # it keeps what was said last
        if found.boxes is None or not found.txts:
            return None
        lines = list(map(box_line, found.boxes, found.txts, found.scores))
        letters = sum(len(line.text) for line in lines)
        score = sum(line.score * len(line.text) for line in lines) / max(1, letters)
        text = without_icons(in_order(lines))
        fits = score >= SURE and says_something(text) and covered(lines, image) >= COVERS
        return (with_stops(text), round(score, 3)) if fits else None


def says_something(text: str) -> bool:
    """Tell whether what was read is words, of a length for an alt text, and not a pattern."""
    plain = len(ODD.findall(text)) <= MOST_ODD * len(text)
    return plain and len(text) <= LONGEST and bool(WORD.search(text)) and not MIXED.search(text)


def with_stops(text: str) -> str:
    """Return lines of text as sentences in one line: a screen reader pauses at a stop only.

    A line that begins with a small letter goes on with the one before. One word alone is a name,
    such as that on a logo, and gets no stop.
    """
    said, *others = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    for line in others:
        begins = line.lstrip(QUOTES)[:1]
        said += f"{stop(said) if begins.isupper() or begins.isdigit() else ''} {line}"
    return said + stop(said) if " " in said else said


def stop(text: str) -> str:
    """Return the full stop that a text lacks, "" if it needs none."""
    return "" if NO_STOP.search(text) else "."


def without_icons(text: str) -> str:
    """Return what was read, without icons that were taken for signs of Chinese or Japanese."""
    return text if PAIR.search(text) else LONE.sub("", text).strip()


def has_rapidocr() -> bool:
    """Tell whether images of text can be read."""
    return all(map(find_spec, ("rapidocr", "onnxruntime")))


def require_rapidocr() -> None:
    """Raise ImportError, in words, where images of text can't be read."""
    if not has_rapidocr():
        raise ImportError(MISSING)


def fitted(image: Image.Image, side: int) -> Image.Image:
    """Return an image whose longer side is at most so many pixels."""
    small = image.copy()
    small.thumbnail((side, side))
    return small


def pixels_of(image: Image.Image) -> np.ndarray:
    """Return an image as OpenCV has it: uint8 (height, width, 3), blue first."""
    return np.array(image)[:, :, ::-1]


def box_line(box: Sequence[Sequence[float]], text: str = "", score: float = 0) -> Line:
    """Return a line of text whose box has these corners, clockwise from the upper left."""
    (x0, y0), (x1, y1), _, (x3, y3) = [[float(side) for side in corner] for corner in box]
    x, y = (float(sum(corner[at] for corner in box)) / 4 for at in (0, 1))
    width, height = hypot(x1 - x0, y1 - y0), hypot(x3 - x0, y3 - y0)
    return Line(text, float(score), x, y, atan2(y1 - y0, x1 - x0), width, height)


def covered(lines: Iterable[Line], image: Image.Image) -> float:
    """Return the share of a picture that text covers.

    A box that is most of the picture, and no wider than a word, is a mistake: a face, a dog.
    """
    area = image.width * image.height
    shares = [(line.width * line.height / area, line.width / max(1, line.height)) for line in lines]
    return sum(share for share, shape in shares if share < 0.4 or shape > 1.5)


def in_order(lines: Sequence[Line]) -> str:
    """Return the lines of a text as people read them: from the top, each from the left.

    Turned text is set upright first, so that words of one line are again at one height.
    """
    angle = median(line.angle for line in lines)
    upright = [
        (line.y * cos(angle) - line.x * sin(angle), line.x * cos(angle) + line.y * sin(angle), line)
        for line in lines
    ]
    rows: list[list[tuple[float, float, Line]]] = []
    for piece in sorted(upright, key=lambda piece: piece[0]):
        near = rows and piece[0] - rows[-1][0][0] < SHEARED * min(
            piece[2].height, rows[-1][0][2].height
        )
        rows = [*rows[:-1], [*rows[-1], piece]] if near else [*rows, [piece]]
    words = (sorted(row, key=lambda piece: piece[1]) for row in rows)
    return "\n".join(" ".join(piece[2].text.strip() for piece in row) for row in words)
