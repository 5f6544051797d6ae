"""How well images of text are told from photos, and read: what no threshold was chosen on.

    python tests/benchmarks/lettering.py --data-dir data/flickr8k

Photos are of Flickr8k's training split; the thresholds in `visiting/lettering.py` were chosen on
its development split. The images of text have other words, faces, colours and layouts than those
of `tests/test_alt_text_lettering.py`. `--keep FOLDER` keeps those that were taken or read wrongly.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from helpers.apps.alt_text.visiting.lettering import Lettering  # noqa: E402
from helpers.datasets import open_dataset  # noqa: E402
from lettered import Lettered, font, on_canvas, turned, wrong  # noqa: E402

FACES = ("DejaVuSans-Bold", "DejaVuSansMono-Oblique", "DejaVuSerif-BoldItalic", "DejaVuSerif-Bold")
FACES += ("STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmb10", "cmti10", "cmtt10")
WORDS = ["Opening hours", "Winter jackets half price", "Book a table", "Harbour Hotel", "Log in"]
WORDS += ["Download the brochure", "Annual meeting 12 March", "Fresh fish every Friday"]
WORDS += ["Out of stock", "Terms and conditions", "Join our newsletter", "Road closed ahead"]
COLOURS = [("#f4f4f4", "#202020"), ("#14532d", "#fefce8"), ("#fde68a", "#1e3a8a")]
COLOURS += [("#000000", "#ffd400"), ("#e11d48", "white"), ("#dbeafe", "#1f2937")]
LINES = [
    "Rooms from 79 a night",
    "Breakfast is included",
    "No charge for children",
    "Call 555 0142",
]


def poster(dice, text, face, colours):
    """A headline over a picture of shapes, a line below."""
    line = dice.choice(LINES)
    image = on_canvas([(text, font(face, 64)), (line, font(face, 30))], colours, (700, 420), 50)
    draw = ImageDraw.Draw(image)
    for _ in range(3):
        x = dice.randrange(image.width - 80)
        draw.ellipse((x, image.height - 90, x + 70, image.height - 20), outline=colours[1], width=3)
    return image, f"{text}. {line}."


def form(dice, text, face, colours):
    """A title and two lines in boxes, as on a page with fields to fill in."""
    first, second = dice.sample(LINES, 2)
    words = [(text, font(face, 30)), (first, font(face, 18)), (second, font(face, 18))]
    image = on_canvas(words, colours, (420, 220), 30)
    ImageDraw.Draw(image).rectangle((8, 8, image.width - 9, image.height - 9), outline=colours[1])
    return image, f"{text}. {first}. {second}."


def label(dice, text, face, colours):
    """Some words on a stripe, on a ground of another colour."""
    image = on_canvas([(text, font(face, 34))], colours, (0, 0), 24)
    ground = Image.new("RGB", (image.width + 60, image.height + 60), "#8a9a5b")
    ground.paste(image, (30, 30))
    return ground, f"{text}."


def icon_and_words(dice, text, face, colours):
    """A square with a cross, then words: a link with its icon."""
    image = on_canvas([(text, font(face, 26))], colours, (0, 0), 60)
    y = image.height // 2
    draw = ImageDraw.Draw(image)
    draw.rectangle((14, y - 16, 46, y + 16), fill=colours[1])
    draw.line((20, y, 40, y), fill=colours[0], width=4)
    return image, f"{text}."


def images_of_text() -> Iterator[Lettered]:
    """Yield 80 images, always the same ones; each fourth is turned by at most 10 degrees."""
    dice = random.Random(11)
    for face in FACES * 2:
        for kind in (poster, form, label, icon_and_words):
            image, text = kind(dice, dice.choice(WORDS), face, dice.choice(COLOURS))
            made = Lettered(kind.__name__, image, text)
            yield turned(made, dice.uniform(-10, 10)) if dice.random() < 0.25 else made


def taken(reader: Lettering, image: Image.Image) -> str:
    """Return what is read in an image that is taken for one of text; "" for any other."""
    found = reader.read(image) if reader.likely(image) else None
    return found[0] if found else ""


def keep(folder: Path | None, name: str, image: Image.Image) -> None:
    """Write an image into a folder, if there is one."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        image.save(folder / f"{name}.png")


def look_at_photos(reader: Lettering, options: argparse.Namespace) -> None:
    """Print how many photos are taken for images of text."""
    dataset = open_dataset("flickr8k", options.data_dir)
    paths = random.Random(11).sample(sorted(dataset.paths("train")), options.photos)
    begin, found = time.monotonic(), {}
    for path in paths:
        image = Image.open(path).convert("RGB")
        if text := taken(reader, image):
            found[path.name] = text
            keep(options.keep, path.stem, image)
    seconds = (time.monotonic() - begin) / len(paths)
    print(f"{len(found)} of {len(paths)} photos ({len(found) / len(paths):.1%}) are taken", end=" ")
    print(f"for images of text; {seconds:.2f} s each")
    print(*(f"  {name}: {text}" for name, text in found.items()), sep="\n")


def read_images(reader: Lettering, folder: Path | None) -> None:
    """Print how many characters are read wrongly; one that isn't read counts whole."""
    made, errors = list(images_of_text()), 0
    for number, each in enumerate(made):
        read = taken(reader, each.image)
        if amiss := wrong(read, each.text):
            errors += amiss
            print(f"  {each.kind} {number}: {each.text!r} is read as {read!r}")
            keep(folder, f"{each.kind}-{number}", each.image)
    total = sum(len(each.text) for each in made)
    print(f"{errors} of {total:,} characters wrong ({errors / total:.1%}) in {len(made)} images")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    lettering = Lettering()
    read_images(lettering, options.keep)
    look_at_photos(lettering, options)
