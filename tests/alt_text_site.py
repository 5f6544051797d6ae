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
from typing import NamedTuple

from PIL import Image

from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.writing import report
from hostile_server import BEHAVIOURS, HostileServer, answer


class Candidate(NamedTuple):
    """Stands in for the captioner's."""

    caption: str
    probability: float


class Colours:
    """Stands in for encoder and captioner: says the mean colour of a photo."""

    image_size = 16

    def __init__(self, seconds=0.0):
        self.encoder, self.seconds, self.photos = self, seconds, 0

    def encode(self, pixels):
        time.sleep(self.seconds * len(pixels))
        self.photos += len(pixels)
        return pixels.mean(axis=(1, 2))

    def feature_candidates(self, features, beam_size=None, search=None):
        for red, green, blue in features.round().astype(int):
            text = f"a photo of a {red} {green} {blue} dog"
            yield [Candidate(text, 0.25), Candidate("a <b>cat</b>", 0.001)][:beam_size]


def load(name):
    """Return a captioner; its name is how many seconds it takes for a photo."""
    return Colours(float(name))


def fingerprint(name):
    """Stand in for the hash of a captioner; a test may give a machine other files."""
    if (files := os.environ.get("COLOURS", "")) == "none":
        raise ValueError(f"there is no captioner {name!r}")
    return f"colours {name} {files}"


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
    load_it = (lambda name: captioner) if captioner else load
    return main(arguments(source, target, running, *more), load_it, fingerprint)


if __name__ == "__main__":
    report.CARDS = int(os.environ.get("CARDS", report.CARDS))
    sys.exit(main(None, load, fingerprint))
