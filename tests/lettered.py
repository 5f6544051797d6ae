"""Images of text, drawn: logos, banners, buttons and screenshots in several fonts and scripts."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import matplotlib
from PIL import Image, ImageDraw, ImageFont

FACES = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "DejaVuSans-BoldOblique", "STIXGeneral")
FACES += ("cmss10",)  # Computer Modern; ASCII only
LATIN = [
    "Summer sale",
    "Open daily 9 to 17",
    "Bakery Miller",
    "Free shipping over 50",
    "Contact us",
]
LATIN += ["Sign up now", "Über uns", "Prix réduits", "Read our report 2024", "Mañana en casa"]
CHINESE = ["夏季特卖", "联系我们", "新鲜面包每天供应"]
JAPANESE = ["本日のおすすめ", "やきたてパン", "カフェメニュー"]
GREEK = ["ΝΕΑ ΣΥΛΛΟΓΗ", "ΠΡΟΣΦΟΡΕΣ", "ΚΑΛΗ ΟΡΕΞΗ"]  # which the model can't tell from Latin
EASTERN = Path(__file__).parent / "fixtures" / "fonts" / "NotoSansCJK-few-letters.otf"  # theirs
BODY = ["Your order was sent today.", "It will arrive on Monday", "between 9 and 12 o'clock."]
COLOURS = [("white", "black"), ("#0b3d91", "white"), ("#fff3c4", "#7a1f00"), ("#222222", "#8ef5b5")]


class Lettered(NamedTuple):
    """A drawn image and the text in it."""

    kind: str
    image: Image.Image
    text: str


def font(face: str, size: int) -> ImageFont.FreeTypeFont:
    """Return one of Matplotlib's fonts, or one at a path."""
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{face}.ttf")
    return ImageFont.truetype(face if Path(face).is_absolute() else str(path), size)


def beside(face: str) -> str:
    """Return the font of the Latin words beside a text."""
    return FACES[0] if face == str(EASTERN) else face


def on_canvas(words, colours, size, pad, gap=1.3, mode="RGB"):
    """Return an image of lines of (text, font), one below the other."""
    widest = max(face.getlength(text) for text, face in words)
    high = sum(face.size * gap for _, face in words)
    width, height = max(size[0], int(widest + 2 * pad)), max(size[1], int(high + 2 * pad))
    image = Image.new(mode, (width, height), colours[0])
    draw, y = ImageDraw.Draw(image), (height - high) / 2
    for text, face in words:
        draw.text((pad, y), text, font=face, fill=colours[1])
        y += face.size * gap
    return image


def logo(text, face, colours):
    """A name, large, with a disc beside it."""
    image = on_canvas([(text, font(face, 56))], colours, (0, 0), 70)
    ImageDraw.Draw(image).ellipse(
        (12, image.height // 2 - 20, 52, image.height // 2 + 20), "orange"
    )
    return image


def banner(text, face, colours):
    """A headline and a line below it on two halves of colour."""
    return on_canvas([(text, font(face, 72)), ("Only this week", font(beside(face), 36))],
                     colours, (900, 300), 60)  # fmt: skip


def button(text, face, colours):
    """A word or two on a rounded shape."""
    image = on_canvas([(text, font(face, 22))], colours, (120, 40), 14)
    shape = Image.new("L", image.size, 0)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, image.width - 1, image.height - 1), 12, 255)
    return Image.composite(image, Image.new("RGB", image.size, "white"), shape)


def screenshot(text, face, colours):
    """A window with a bar above some lines of small text."""
    words = [(text, font(face, 28)), *((line, font(beside(face), 20)) for line in BODY)]
    image = on_canvas(words, colours, (480, 240), 24)
    window = Image.new("RGB", (image.width, image.height + 24), "#999999")
    window.paste(image, (0, 24))
    return window


EXTRA = {logo: "", banner: "Only this week.", button: "", screenshot: " ".join(BODY)}


def turned(drawn: Lettered, degrees: float) -> Lettered:
    """Return an image that is turned."""
    corner = drawn.image.getpixel((0, 0))
    image = drawn.image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=corner)
    return Lettered(f"{drawn.kind}, turned", image, drawn.text)


def drawn(kind, text, face, colours) -> Lettered:
    """Return an image and its text, with a stop after each line of Latin words."""
    stop = "" if face == str(EASTERN) else "."
    whole = f"{text}{stop} {EXTRA[kind]}".strip()
    return Lettered(kind.__name__, kind(text, face, colours), whole)


def lettered() -> Iterator[Lettered]:
    """Yield more than 60 images, always the same ones."""
    dice = random.Random(7)
    for number, face in enumerate(FACES * 2):
        texts = [text for text in LATIN if text.isascii()] if face == "cmss10" else LATIN
        for at, kind in enumerate(EXTRA):
            made = drawn(kind, texts[(number + 3 * at) % len(texts)], face, dice.choice(COLOURS))
            yield turned(made, dice.uniform(-10, 10)) if (number + at) % 4 == 1 else made
    for at, text in enumerate(LATIN[:5]):  # white on nothing
        clear = on_canvas([(text, font(FACES[at], 48))], ((0, 0, 0, 0), "white"), (0, 0), 40,
                          mode="RGBA")  # fmt: skip
        yield Lettered("white on transparent", clear, f"{text}.")
    for at, kind in enumerate([*EXTRA] * 4):
        text = [*CHINESE, *JAPANESE][at % 6]
        made = drawn(kind, text, str(EASTERN), COLOURS[at % 4])
        yield turned(made, 5) if at % 5 == 4 else made


def greek() -> Iterator[Lettered]:
    """Yield images whose text the model gets wrong."""
    for at, text in enumerate(GREEK):
        yield drawn(logo, text, FACES[at], COLOURS[at])


def wrong(read: str, text: str) -> int:
    """Return how many characters have to be changed (Levenshtein), runs of spaces as one."""
    read, text = " ".join(read.split()), " ".join(text.split())
    row = list(range(len(text) + 1))
    for i, letter in enumerate(read, 1):
        before, row = row, [i]
        for j, other in enumerate(text, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other)))
    return row[-1]
