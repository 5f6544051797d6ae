"""Pictures found on any website that are no photos: logo, chart, screenshot, banner, button."""

from PIL import Image, ImageDraw, ImageFont

from helpers.images import encoded

INK, PAPER, SEA, SAND = "#24323d", "#ffffff", "#1f6f8b", "#f3d9a4"
CUPS = {"Mon": 62, "Tue": 71, "Wed": 94, "Thu": 83, "Fri": 120, "Sat": 148}  # sold a day
PAGE = (
    "Opening hours",
    "Monday to Friday: 8 am to 6 pm",
    "Saturday: 9 am to 8 pm",
    "Sunday: closed",
    "Book a table by phone or at the bar",
)


def drawn_pictures() -> dict[str, bytes]:
    """Return pictures of an invented café's website that are no photos: label -> bytes of a PNG.

    Shown in lesson 09; lesson 14 takes them, too.
    """
    drawn = {"logo": logo(), "chart": chart(), "screenshot": screenshot(), "banner": banner()}
    return {label: encoded(image, "PNG") for label, image in drawn.items()}


def canvas(width: int, height: int, colour: str = PAPER) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Return an empty picture and the pencil for it."""
    image = Image.new("RGB", (width, height), colour)
    return image, ImageDraw.Draw(image)


def write(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, ink: str = INK
) -> None:
    """Write a line of text, its left end and middle at a place."""
    draw.text(at, text, fill=ink, font=ImageFont.load_default(size), anchor="lm")


def logo() -> Image.Image:
    """Return a sail over a wave, without a word."""
    image, draw = canvas(320, 320)
    draw.ellipse((20, 20, 300, 300), fill=SEA)
    draw.polygon([(165, 60), (165, 205), (80, 205)], fill=PAPER)
    draw.polygon([(178, 90), (178, 205), (240, 205)], fill=SAND)
    draw.chord((85, 170, 235, 260), 0, 180, fill=PAPER)
    return image


def chart() -> Image.Image:
    """Return bars, one a day."""
    image, draw = canvas(480, 320)
    for place, (day, cups) in enumerate(CUPS.items()):
        left = 40 + 70 * place
        draw.rectangle((left, 280 - 1.6 * cups, left + 46, 280), fill=SEA if day != "Sat" else SAND)
        write(draw, (left + 8, 297), day, 15)
    draw.line((30, 280, 460, 280), fill=INK, width=2)
    return image


def screenshot() -> Image.Image:
    """Return a web page in its window."""
    image, draw = canvas(640, 400)
    draw.rectangle((0, 0, 640, 40), fill="#d8dee3")
    draw.rounded_rectangle((14, 8, 500, 32), 12, fill=PAPER)
    for line, text in enumerate(PAGE):
        write(draw, (40, 100 + 62 * line), text, 38 if line == 0 else 27)
    return image


def banner() -> Image.Image:
    """Return an advertisement, which is all words."""
    image, draw = canvas(640, 200, SEA)
    write(draw, (40, 75), "Summer sale: 20% off", 52, PAPER)
    write(draw, (40, 145), "All beans, until 31 August", 34, SAND)
    return image


def button() -> Image.Image:
    """Return a button with words on it."""
    image, draw = canvas(320, 120)
    draw.rounded_rectangle((20, 20, 300, 100), 18, fill="#c62828")
    write(draw, (62, 60), "Add to basket", 28, PAPER)
    return image
