"""Pictures that are no photos of everyday scenes, of nine kinds: what a website is full of, too.

    python tests/benchmarks/no_photos.py FOLDER [--each 45]

draws them into FOLDER/KIND/NUMBER.png, the same ones each time: charts, diagrams, logos, banners,
textures, products on white, the scenes of `mini`, the figures of the lessons, and pages in a
browser. What a captioner says of them is wrong by its nature: its confidence is judged by refusing
them (see `confidence.py`).
"""

import argparse
import base64
import io
import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import matplotlib
import nbformat
import numpy as np
from matplotlib import pyplot as plt
from nbconvert import HTMLExporter
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
WORDS = "sale north river blue coffee design studio green market data cloud labs house".split()
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SIZES = [(640, 480), (800, 500), (480, 480), (500, 750), (900, 300)]


def colour(random: Random, low: int = 0, high: int = 255) -> tuple[int, int, int]:
    """Return a random colour."""
    return tuple(random.randint(low, high) for _ in range(3))


def font(size: int, random: Random) -> ImageFont.FreeTypeFont:
    """Return one of the fonts that Matplotlib brings."""
    names = ["DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono"]
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(str(folder / f"{random.choice(names)}.ttf"), size)


def drawn(figure: plt.Figure) -> Image.Image:
    """Return a Matplotlib figure as a picture, and close it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    plt.close(figure)
    return Image.open(buffer).convert("RGB")


def chart(random: Random) -> Image.Image:
    """Return bars, lines, points, a pie or a map of numbers, in one of Matplotlib's styles."""
    numbers = np.random.default_rng(random.randint(0, 10**9))
    with plt.style.context(random.choice(["default", "ggplot", "bmh", "dark_background"])):
        figure, axes = plt.subplots(figsize=random.choice([(6, 4), (5, 5), (8, 3)]))
        kind, count = random.choice(["bar", "line", "points", "pie", "map"]), random.randint(3, 9)
        if kind == "bar":
            axes.bar(random.sample(WORDS, count), numbers.random(count))
        elif kind == "line":
            axes.plot(numbers.normal(size=(60, random.randint(1, 5))).cumsum(0))
        elif kind == "points":
            axes.scatter(*numbers.normal(size=(2, 150)), c=numbers.random(150))
        elif kind == "pie":
            axes.pie(numbers.random(count) + 0.1, labels=random.sample(WORDS, count))
        else:
            axes.imshow(numbers.random((count, 2 * count)))
        axes.set_title(" ".join(random.sample(WORDS, 3)))
        return drawn(figure)


def diagram(random: Random) -> Image.Image:
    """Return boxes with words, and arrows between them."""
    figure, axes = plt.subplots(figsize=random.choice([(6, 4), (5, 5), (8, 3)]))
    axes.axis("off")
    places = [(random.uniform(0, 1), row / 6) for row in range(6)]
    for (x, y), word in zip(places, random.sample(WORDS, 6), strict=True):
        box = {"boxstyle": random.choice(["round", "square", "circle"]), "alpha": 0.8}
        axes.text(x, y, word, bbox=box | {"fc": np.array(colour(random, 130)) / 255})
    for start, end in zip(places, places[1:], strict=False):
        axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "lw": random.uniform(1, 3)})
    return drawn(figure)


def logo(random: Random) -> Image.Image:
    """Return a few plain shapes and a word."""
    width, height = random.choice(SIZES)
    image = Image.new("RGB", (width, height), random.choice([(255, 255, 255), colour(random)]))
    pen, side = ImageDraw.Draw(image), min(width, height)
    for _ in range(random.randint(1, 4)):
        x, y = random.uniform(0, 0.6) * width, random.uniform(0, 0.5) * height
        box = [x, y, x + random.uniform(0.1, 0.5) * side, y + random.uniform(0.1, 0.5) * side]
        shape = random.choice([pen.ellipse, pen.rectangle, pen.rounded_rectangle])
        shape(box, fill=colour(random))
    word = random.choice(WORDS).upper() if random.random() < 0.7 else random.choice(WORDS)[0]
    pen.text((width * 0.1, height * 0.62), word, colour(random), font(side // 5, random))
    return image


def banner(random: Random) -> Image.Image:
    """Return words on a ground of two colours: a button, a headline, an advertisement."""
    width, height = random.choice(SIZES)
    blend = np.linspace(0, 1, width)[None, :, None]
    ground = (1 - blend) * np.array(colour(random)) + blend * np.array(colour(random))
    image = Image.fromarray(np.repeat(ground, height, 0).astype("uint8"))
    pen, size = ImageDraw.Draw(image), random.randint(24, 64)
    for row in range(random.randint(1, 5)):
        text = " ".join(random.sample(WORDS, random.randint(1, 4))).capitalize()
        pen.text((30, 30 + row * size * 1.4), text, colour(random), font(size, random))
    return image


def texture(random: Random) -> Image.Image:
    """Return stripes, squares, clouds of noise, or waves."""
    side = 480
    numbers = np.random.default_rng(random.randint(0, 10**9))
    y, x = np.mgrid[:side, :side] / side
    turn, waves = random.uniform(0, math.pi), random.randint(4, 40)
    line = np.sin(2 * math.pi * waves * (x * math.cos(turn) + y * math.sin(turn)))
    cross = np.sin(2 * math.pi * waves * (y * math.cos(turn) - x * math.sin(turn)))
    noise = Image.fromarray((numbers.random((side, side)) * 255).astype("uint8"))
    soft = np.asarray(noise.filter(ImageFilter.GaussianBlur(random.choice([0.5, 3, 12])))) / 255
    soft = (soft - soft.min()) / (soft.max() - soft.min())
    pattern = [line, np.sign(line) * np.sign(cross), 2 * soft - 1, np.hypot(line, cross) - 1]
    share = (random.choice(pattern)[..., None] + 1) / 2
    mixed = share * np.array(colour(random)) + (1 - share) * np.array(colour(random))
    return Image.fromarray(mixed.clip(0, 255).astype("uint8"))


def product(random: Random) -> Image.Image:
    """Return a shaded thing that stands on white, with a shadow: ball, bottle, box, cup or vase."""
    side = 480
    y, x = np.mgrid[:side, :side] / side * 2 - 1
    outlines = [
        np.sqrt(np.clip(0.36 - y**2, 0, None)),
        np.where(y < -0.1, 0.12, 0.3) * (abs(y) < 0.7),
        0.45 * (abs(y) < 0.5),
        (0.36 - 0.1 * y) * (abs(y) < 0.35),
        (0.3 + 0.15 * np.sin(3 * y + random.uniform(0, 3))) * (abs(y) < 0.6),
    ]
    width = random.choice(outlines) * random.uniform(0.6, 1.3)
    inside = abs(x) < width
    round_ = np.sqrt(np.clip(1 - (x / np.maximum(width, 1e-6) - 0.3) ** 2 / 1.7, 0, 1))
    shade = (0.35 + 0.65 * round_)[..., None] * np.array(colour(random, 60))
    if random.random() < 0.6:  # a label
        label = inside & (abs(y - 0.15) < 0.13)
        shade[label] = 0.8 * 255 * round_[label][:, None]
    shadow = 60 * np.exp(-(((x - 0.1) / 0.5) ** 2) - ((y - 0.72) / 0.06) ** 2)
    ground = np.repeat(255 - shadow[..., None], 3, 2)
    picture = np.where(inside[..., None], shade, ground).clip(0, 255).astype("uint8")
    return Image.fromarray(picture).filter(ImageFilter.GaussianBlur(1))


def scenes(count: int) -> Iterator[Image.Image]:
    """Yield drawn scenes of the embedded data set."""
    files = sorted((ROOT / "data" / "mini" / "Flicker8k_Dataset").glob("*.jpg"))
    yield from (Image.open(path).convert("RGB") for path in files[:: len(files) // count][:count])


def figures(count: int) -> Iterator[Image.Image]:
    """Yield figures that stand in the lessons."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                if picture := output.get("data", {}).get("image/png"):
                    found.append(base64.b64decode("".join(picture)))
    for content in found[:: max(1, len(found) // count)][:count]:
        yield Image.open(io.BytesIO(content)).convert("RGB")


def pages(count: int) -> Iterator[Image.Image]:
    """Yield what a browser shows of the lessons, at three widths and many places."""
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)  # else Playwright's own
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=False)
        for number in range(count):
            lesson, width = lessons[number % len(lessons)], (390, 900, 1280)[number % 3]
            page = browser.new_page(viewport={"width": width, "height": 720})
            html, _ = HTMLExporter().from_notebook_node(nbformat.read(lesson, 4))
            page.set_content(html)
            page.evaluate("part => scrollTo(0, part * document.body.scrollHeight)", number / count)
            yield Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            page.close()
        browser.close()


DRAWN = {each.__name__: each for each in (chart, diagram, logo, banner, texture, product)}
FOUND = {"scene": scenes, "figure": figures, "page": pages}


def draw_all(folder: Path, each: int) -> None:
    """Draw `each` pictures of every kind into FOLDER/KIND."""
    for kind in (*DRAWN, *FOUND):
        random = Random(kind)
        many = FOUND[kind](each) if kind in FOUND else (DRAWN[kind](random) for _ in range(each))
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(many):
            image.save(folder / kind / f"{number:03}.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=45)
    options = parser.parse_args()
    draw_all(options.folder, options.each)
