"""Images of text: read, not described; photos and unsure readings left to others."""

import csv
import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from alt_text_site import Colours, photo, run, site
from helpers.apps.alt_text.visiting import lettering as letters
from helpers.apps.alt_text.visiting.lettering import (
    Line,
    covered,
    in_order,
    says_something,
    with_stops,
    without_icons,
)
from helpers.apps.alt_text.visiting.photos import Photo, look
from hostile_server import answer
from lettered import FACES, Lettered, drawn, greek, lettered, logo, screenshot, turned, wrong

MINI = Path(__file__).parents[1] / "data" / "mini" / "Flicker8k_Dataset"


@pytest.fixture(scope="module")
def reader():
    pytest.importorskip("rapidocr")
    return letters.Lettering()


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def read(image: Image.Image, reader) -> str:
    """Return what is suggested for an image, "" if it isn't taken for an image of text."""
    seen = look("a", png(image), Colours(size=299), reader)
    said = [] if isinstance(seen, Photo) else seen[1].candidates
    return said[0].caption if said else ""


def few():
    sign = drawn(logo, "Bakery Miller", FACES[0], ("#0b3d91", "white"))
    yield sign
    yield turned(sign, 8)
    yield drawn(screenshot, "Über uns", FACES[1], ("white", "black"))


@pytest.mark.slow
@pytest.mark.parametrize("made", list(few()), ids=lambda made: made.kind)
def test_an_image_of_text_gives_its_text(made: Lettered, reader):
    assert read(made.image, reader) == made.text


@pytest.mark.slow
@pytest.mark.long(5, 1)
def test_at_most_one_in_twenty_characters_is_wrong(reader, length):
    """Of all images, or of every fifth."""
    made = list(lettered())[::length]
    errors = sum(wrong(read(each.image, reader), each.text) for each in made)
    assert len(made) * length >= 60 and errors <= 0.05 * sum(len(each.text) for each in made)


@pytest.mark.slow
def test_scripts_that_the_model_cannot_read_are_not_suggested(reader):
    assert [read(each.image, reader) for each in greek()] == ["", "", ""]


@pytest.mark.slow
@pytest.mark.long(12, 50)
def test_pictures_are_not_taken_for_images_of_text(reader, length):
    paths = sorted(MINI.glob("*.jpg"))[: 600 : 600 // length]
    pictures = [Image.open(path).convert("RGB") for path in paths]
    assert len(pictures) == length and sum(bool(read(image, reader)) for image in pictures) <= 1


@pytest.mark.slow
def test_the_command_reads_images_of_text_unless_told_not_to(tmp_path, reader, monkeypatch):
    monkeypatch.setattr("helpers.apps.alt_text.captioning.work.Lettering", lambda: reader)
    sign = answer(png(drawn(logo, "Open daily", FACES[0], ("white", "black")).image))
    (tmp_path / "crawl.csv").write_text("Image\n")
    with site(sign=sign) as running:
        (tmp_path / "crawl.csv").write_text(f"Image\n{running.url}/sign\n{running.url}/1.png\n")
        for name, words in (("a", ["--read-text"]), ("b", [])):
            assert run(tmp_path / "crawl.csv", tmp_path / f"{name}.csv", running, *words) == 0
    first, second = ([*csv.DictReader(open(tmp_path / f"{n}.csv", encoding="utf-8-sig"))]
                     for n in "ab")  # fmt: skip
    assert [row["status"] for row in first] == ["text", "ok"]
    assert first[0]["alt_text"] == "Open daily." and float(first[0]["confidence"]) > 0.9
    assert [row["status"] for row in second] == ["ok", "ok"]


@pytest.mark.parametrize("word, told", [("--no-read-text", 1), ("--read-text", 0)])
def test_a_dry_run_says_if_text_is_not_read(tmp_path, capsys, word, told, monkeypatch):
    monkeypatch.setattr(letters, "has_rapidocr", lambda: True)
    (tmp_path / "crawl.csv").write_text("Image\nhttps://10.0.0.1/a.jpg\n")
    assert run(tmp_path / "crawl.csv", tmp_path / "out.csv", None, "--dry-run", word) == 0
    assert capsys.readouterr().out.count("--read-text reads them") == told


def test_without_the_extra_the_command_names_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(letters, "has_rapidocr", lambda: False)
    (tmp_path / "crawl.csv").write_text("Image\nhttps://10.0.0.1/a.jpg\n")
    assert run(tmp_path / "crawl.csv", tmp_path / "out.csv", None, "--read-text") == 1
    assert "pip install rapidocr onnxruntime" in capsys.readouterr().err


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA"])
def test_white_on_nothing_is_seen(mode):
    image = Image.new("RGBA", (200, 80), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((20, 20, 180, 60), "white")
    seen = look("a", png(image.convert(mode)), Colours())
    assert isinstance(seen, Photo)
    assert seen.prepared[0, 0].max() < 100 and seen.prepared[8, 8].min() > 200


def test_dark_on_nothing_and_light_photos_stay_on_white():
    image = Image.new("RGBA", (200, 80), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((20, 20, 180, 60), "black")
    assert look("a", png(image), Colours()).prepared[0, 0].min() == 255
    light = Image.new("RGB", (200, 80), "white")
    light.putpixel((5, 5), (200, 200, 200))
    assert look("a", png(light), Colours()).prepared[0, 0].min() > 200


def line(text, x, y, angle=0.0, width=60.0, height=20.0):
    return Line(text, 1, x, y, angle, width, height)


def test_text_is_read_line_by_line_from_the_left():
    lines = [line("world", 200, 14), line("there", 50, 60), line("Hello", 50, 10)]
    assert in_order(lines) == "Hello world\nthere"
    sloped = [
        line("up", 300, 50, -0.17),
        line("Going", 50, 93, -0.17),
        line("fast", 60, 140, -0.17),
    ]
    assert in_order(sloped) == "Going up\nfast"


def test_a_box_that_is_the_picture_is_no_text():
    image = Image.new("RGB", (100, 100))
    assert covered([line("A", 50, 50, width=90, height=95)], image) == 0
    assert covered([line("Word", 50, 50, width=90, height=40)], image) == pytest.approx(0.36)


def test_what_a_small_captioner_sees_is_no_icon():
    assert isinstance(look("a", photo(7, (480, 400)), Colours(size=8)), Photo)


def test_a_photo_needs_no_reader():
    assert isinstance(look("a", photo(7, (500, 300)), Colours()), Photo)


@pytest.mark.parametrize(
    "read, text",
    [
        ("日 Out of stock", "Out of stock"),
        ("Menu 一", "Menu"),
        ("一 Terms 〇 and conditions", "Terms and conditions"),
        ("京 新しい", "京 新しい"),
        ("Tokyo 東京 駅", "Tokyo 東京 駅"),
        ("3日 open", "3日 open"),
    ],
)
def test_a_lone_sign_beside_latin_words_is_an_icon(read, text):
    assert without_icons(read) == text


@pytest.mark.parametrize(
    "lines, text",
    [
        ("Summer sale: 20% off\nAll beans", "Summer sale: 20% off. All beans."),
        ("Sunday:\nclosed\n10 to 12!", "Sunday: closed. 10 to 12!"),
        ("Book by phone\nor at the bar", "Book by phone or at the bar."),
        (
            "Fresh,\n Hot\n\n“Best in town”\n(Since 1990)",
            "Fresh, Hot. “Best in town”. (Since 1990).",
        ),
        ("Fish\n& Chips", "Fish & Chips."),
        ("Miller", "Miller"),
        ("新鲜面包\n每天供应", "新鲜面包 每天供应"),
        ("夏季特卖\nOnly this week", "夏季特卖 Only this week."),
    ],
)
def test_lines_become_sentences_that_a_screen_reader_pauses_at(lines, text):
    assert with_stops(lines) == text


@pytest.mark.parametrize(
    "text, words",
    [
        ("Open daily, 9-17!", True),
        ("50 % off: “Café & Crème” (new)", True),
        ("新しい", True),
        ("*** *★ X1 COMO HOPPER", False),
        ("★★★★☆ good", False),
        ("|||= |||", False),
        ("ab", False),
        ("a" * 301, False),
    ],
)
def test_patterns_that_are_read_as_signs_are_no_text(text, words):
    assert says_something(text) is words
