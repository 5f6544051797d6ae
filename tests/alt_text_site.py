"""A website to caption and a captioner that names colours, for the tests of helpers.apps.alt_text.

python tests/alt_text_site.py crawl.csv -o out.csv …   is the command with that captioner
"""

import csv
import io
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
from PIL import Image

from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.writing import report
from helpers.captioner import Candidate
from helpers.captioner.streaming import batches, with_contexts
from helpers.stream import in_flight
from hostile_server import BEHAVIOURS, HostileServer, answer


class Colours:
    """Stands in for a captioner: says the mean colour of a photo."""

    name, host, note, languages = "colours", "", "It knows colours.", ("en",)

    def __init__(self, seconds=0.0, identity="colours 0 ", size=16):
        self.seconds, self.identity, self.image_size, self.photos = seconds, identity, size, 0

    def prepare(self, image):
        return np.array(image.resize((16, 16), Image.Resampling.BICUBIC))

    def caption_each(self, images, contexts=None):
        photos = (pair and pair[0] for pair in with_contexts(images, contexts))
        for found in in_flight(self.say, batches(photos, 32)):
            yield from [None] if found is None else found

    def say(self, batch):
        time.sleep(self.seconds * len(batch))
        self.photos += len(batch)
        return [self.candidates(pixels) for pixels in batch]

    def candidates(self, pixels):
        red, green, blue = pixels.mean(axis=(0, 1)).round().astype(int)
        text = f"a photo of a {red} {green} {blue} dog"
        return [Candidate(text, 0.25, confidence=0.8571), Candidate("a <b>cat</b>", 0.001)]


def open_it(name, **options):
    """Return a captioner; its name is how many seconds it takes for a photo.

    A test may give a machine other files of it.
    """
    if (files := os.environ.get("COLOURS", "")) == "none":
        raise ValueError(f"there is no captioner {name!r}")
    return Colours(float(name), f"colours {name} {files}")


@lru_cache(3000)
def photo(number, size=(48, 40)):
    """Return the bytes of a PNG whose colour tells its number, with a white corner."""
    image = Image.new("RGB", size, (number % 256, number // 256 % 256, 128))
    image.putpixel((0, 0), (255, 255, 255))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


class Site(HostileServer):
    """Serves `/123.png`, and else what the test gave in `pages`, else what is hostile.

    visits: path -> how often it was asked for.
    """

    request_queue_size = 200

    def __init__(self, pages: dict[str, Callable] | None = None):
        super().__init__()
        self.pages, self.visits = pages or {}, Counter()
        self.noting = threading.Lock()

    def behaviour(self, path):
        with self.noting:
            self.visits[path] += 1
        if path in self.pages:
            page = self.pages[path]
            return [page() if callable(page) else page]
        if path.endswith(".png") and path[1:-4].isdecimal():
            return [answer(photo(int(path[1:-4])), Content_Type="image/png")]
        return BEHAVIOURS.get(path, BEHAVIOURS["/404"])()

    def images(self):
        """How often each path but robots.txt was asked for."""
        return {path: n for path, n in self.visits.items() if path != "/robots.txt"}


@contextmanager
def site(**pages):
    """Run a Site; `site(robots_txt=answer(…))` gives it a robots.txt."""
    with Site({f"/{name.replace('_', '.')}": page for name, page in pages.items()}) as running:
        yield running


def write_table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("Page", "Image"), *rows])
    return path


def arguments(source, target, running=None, *more):
    """The command line for a test: no waiting between visits."""
    words = [str(source), "-o", str(target), "--captioner", "0", "--rate", "100000"]
    words += ["--no-read-text", *more]
    return [*words, "--local", running.address] if running else words


def run(source, target, running=None, *more, captioner=None):
    """Run the command in this process; returns its exit code."""
    opened = (lambda name, **options: captioner) if captioner else open_it
    return main(arguments(source, target, running, *more), opened)


if __name__ == "__main__":
    report.CARDS = int(os.environ.get("CARDS", report.CARDS))
    sys.exit(main(None, open_it))


def table_of(path, rows, header=None):
    """Write a crawler's table, by default of pages, images and alt texts, and return its path."""
    header = header or ("Page", "Image", "Alt")[: len(rows[0])]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def rows_of(path):
    """Return the rows of a table that the program has written."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
