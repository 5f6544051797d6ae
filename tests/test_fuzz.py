"""Images, cells, sitemaps and tables of any kind: each is read, or refused in words."""

import io
import warnings
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, features

from helpers.apps.alt_text.reading import open_input
from helpers.apps.alt_text.reading.occurrences import Columns, Reading, occurrences_in
from helpers.apps.alt_text.reading.rows import TableError
from helpers.apps.alt_text.reading.sitemaps import sitemap_rows
from helpers.images import ImageError, image_pixels

KINDS = ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"] + ["AVIF"] * features.check("avif")
TAGS = ["<urlset>", "</urlset>", "<url>", "</url>", "<loc>", "</loc>", "<image>", "</image>"]
TAGS += ["<title>", "</title>", "<sitemapindex>", "<sitemap>", "&amp;", "&x;", "<!--", "-->", "<?"]
TAGS += ["<![CDATA[", "]]>", "https://a.example/1.jpg", "<!DOCTYPE a [", "<!ENTITY x 'y'>", "\0"]
HTML = ["<img ", "<img src='a.jpg'>", "<picture>", "</picture>", "<source srcset=", "<script>", ">"]
HTML += [
    "<!--",
    "-->",
    "&lt;img ",
    "&#99999999999;",
    "![a](",
    ")",
    "url(",
    "'",
    '"',
    "//",
    "https:",
]
HTML += [" 2x,", " 640w", "data:image/png;base64,", "src=", "alt=", "=", "\n", "|", ";", ",", "\\/"]
CELLS = [
    '"',
    '""',
    ",",
    ";",
    "\t",
    "\n",
    "\r",
    "|",
    "Image,Alt\n",
    "https://a.example/1.jpg",
    "\ufeff",
]
CELLS += ["sep=;", "#", "=", "\0", "é", "<img src=a.jpg>", "Page", "image/png", " "]


def texts(words):
    pieces = st.sampled_from(words) | st.text(max_size=4)
    return st.lists(pieces, max_size=30).map("".join)


@cache
def small(kind: str, mode: str) -> bytes:
    noise = np.random.default_rng(4).integers(0, 256, (24, 20, 3), "uint8")
    file = io.BytesIO()
    image = Image.fromarray(noise).convert(mode)
    image.save(file, kind, **({"progressive": True} if (kind, mode) == ("JPEG", "L") else {}))
    return file.getvalue()


@st.composite
def damaged(draw):
    """A small image with some bytes changed, most of them in its header, or a piece moved."""
    data = bytearray(small(draw(st.sampled_from(KINDS)), draw(st.sampled_from(["RGB", "L"]))))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, min(150, len(data) - 1)) | st.integers(0, len(data) - 1))
        change = draw(st.sampled_from(["set", "cut", "copy", "fill"]))
        if change == "set":
            data[place] = draw(st.integers(0, 255))
        elif change == "fill":
            data[place : place + 4] = draw(
                st.sampled_from([b"\xff" * 4, bytes(4), b"\0\0\xff\xff"])
            )
        elif change == "cut":
            del data[place : place + draw(st.integers(1, 40))]
        else:
            data[place:place] = data[place : place + draw(st.integers(1, 40))]
        data = data or bytearray(1)
    return bytes(data)


def fuzzed(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, database=None, derandomize=True,
                    suppress_health_check=list(HealthCheck))  # fmt: skip


@pytest.mark.slow
@pytest.mark.long(200, 20_000)
def test_any_image_is_opened_or_refused(length):
    @fuzzed(length)
    @given(damaged())
    def opened(data):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                assert image_pixels(data, 8).shape == (8, 8, 3)
            except ImageError as error:
                assert error.status in ("not_an_image", "too_large") and len(str(error)) < 1000

    opened()


@pytest.mark.slow
@pytest.mark.long(300, 20_000)
def test_any_cell_gives_its_images(length):
    @fuzzed(length)
    @given(texts(HTML))
    def read(cell):
        assert occurrences_in([cell], Columns(0), Reading(base="https://a.example/p"))

    read()


@pytest.mark.slow
@pytest.mark.long(200, 20_000)
@pytest.mark.parametrize("kind", ["sitemap", "table"])
def test_any_sitemap_or_table_is_read_or_refused(kind, length, tmp_path):
    path = tmp_path / "t.csv"

    @fuzzed(length)
    @given(texts(TAGS if kind == "sitemap" else CELLS))
    def read(text):
        path.write_bytes(text.encode("utf-8", "replace"))
        try:
            if kind == "sitemap":
                assert all(len(row) == 4 for row in sitemap_rows(path))
            else:
                list(open_input(path, Reading(base="https://a.example/")).occurrences())
        except TableError as error:
            assert str(error)

    read()
