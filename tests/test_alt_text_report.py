"""The page to review: what it holds, and what it does in a real Chromium.

python tests/test_alt_text_report.py work/mini/alt_text/out.report.html   photographs lesson 09's
"""

import io
import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alt_text_site import run, site
from conftest import few_quick
from helpers.apps.alt_text.findings import Picture
from helpers.apps.alt_text.writing import report as module
from helpers.apps.alt_text.writing.outputs import Record
from helpers.apps.alt_text.writing.report import About
from helpers.apps.alt_text.writing.reviews import Decision, key_of, read_review
from helpers.captioner import Candidate
from test_widget_browser import CHROMIUM, QUIET, ROOT, in_chromium

PICTURE = ROOT / "notebooks" / "images" / "09_review_page.png"

EVIL = '</script><script>window.evil = 1</script><img src=x onerror="window.evil=2">&"\''
INJECTIONS = [
    EVIL,
    "<script>window.evil = 1</script>",
    "</textarea><script>window.evil = 1</script>",
    "<img src=x onerror=window.evil=1>",
    "<svg onload=window.evil=1>",
    "<svg><script>window.evil=1</script></svg>",
    "<iframe srcdoc='<script>parent.evil=1</script>'></iframe>",
    "<!--<script>",
    "--><script>window.evil=1</script>",
    "]]><script>window.evil=1</script>",
    "</title><script>window.evil=1</script>",
    "</style><script>window.evil=1</script>",
    '" onmouseover="window.evil=1" x="',
    "' autofocus onfocus='window.evil=1",
    "javascript:window.evil=1",
    "data:text/html,<script>window.evil=1</script>",
    "{{script}}",
    "{{data}}",
    "{0}{card}",
    "\\u003cscript>",
    "\\",
    '\\"}];window.evil=1;//',
    "\u2028window.evil=1\u2029",
    "\x00<b>",
    "\ud800<b>",
    "&lt;script&gt;window.evil=1&lt;/script&gt;",
    "<base href=//evil.example><meta http-equiv=refresh content=0>",
]
FIELDS = ("address", "text", "message", "status", "guess", "beside", "context", "review", "note")


def thumbnail(seed=0):
    """Return a WebP about as large as that of a photo."""
    rough = np.random.default_rng(seed).integers(0, 256, (21, 28, 3), "uint8")
    file = io.BytesIO()
    image = Image.fromarray(rough).resize((384, 288), Image.Resampling.BICUBIC)
    image.save(file, "WEBP", quality=40, method=2)
    return file.getvalue()


def record(number=0, row=("a", "b"), status="ok", text="A dog.", image=None, message=""):
    confidence = 0.5 / (number + 1) if status == "ok" else None
    candidates = [
        Candidate("a dog", 0.25, confidence=0.5 / (number + 1)),
        Candidate("a photo of two cats", 0.01, confidence=0.01),
    ]
    said = candidates if status in ("ok", "unsure") else []
    picture = Picture(str(number), thumbnail(number), said)
    image = f"https://a.example/{number}.jpg" if image is None else image
    key = key_of(image or "\t".join(row))
    return Record(list(row), image, text, confidence, status, message, picture, key)


def write(path, records, about=None):
    paths = []
    with module.report_pages(path, about or About(), lambda p: paths.append(p) or p) as add:
        for one in records:
            add(one)
    return paths


def embedded(path):
    """Return the data that the page holds for its script."""
    text = path.read_text("utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def injected(field, evil):
    """Return a record that holds words of a stranger, and what the page says of its job."""
    one, about = record(), About(names=("ours", "theirs"))
    if field == "note":
        return one, About(note=evil, names=(evil, evil), rest=evil, language=evil)
    seen = {
        "address": {"image_address": evil},
        "text": {"alt_text": evil},
        "message": {"message": evil},
        "status": {"status": evil},
        "guess": {
            "picture": Picture(
                "1", thumbnail(), [Candidate(evil, 0.5), Candidate(evil + " 2", 0.1)]
            )
        },
        "beside": {"beside": Picture("2", b"", [Candidate(evil, 0.5)])},
        "context": {"context": {evil: evil, "Page": evil}},
        "review": {"review": Decision("edited", evil, evil, evil, evil), "key": evil},
    }
    return replace(one, **seen[field]), about


class Tags(HTMLParser):
    """Lists the tags of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, sorted(name for name, _ in attributes)))


def test_doubt_comes_first_by_confidence_or_else_by_the_words(tmp_path):
    said = [Candidate("a dog", 0.5**3)]
    plain = replace(record(1), confidence=None, picture=Picture("1", b"", said))
    silent = replace(record(2), confidence=None, picture=Picture("2", b"", [Candidate("a cat")]))
    (path,) = write(tmp_path / "o.report.html", [record(3), plain, silent])
    cards = embedded(path)["cards"]
    assert [card["confidence"] for card in cards] == [0.125, None, None]
    assert [card["sureness"] for card in cards] == [0.125, 0.5, None]


def test_rows_that_show_the_same_share_a_card(tmp_path):
    (path,) = write(tmp_path / "o.report.html", [record(1), record(1, row="cd"), record(2)])
    cards = embedded(path)["cards"]
    assert [card["rows"] for card in cards] == [2, 1]
    assert path.read_text("utf-8").count("data:image/webp") == 2


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("evil", few_quick(INJECTIONS, 2), ids=range(len(INJECTIONS)))
def test_words_of_strangers_add_no_markup(tmp_path, evil, field):
    (plain,) = write(tmp_path / "p.report.html", [record()], About(rest="x"))
    one, about = injected(field, evil)
    (path,) = write(tmp_path / "o.report.html", [one], replace(about, rest=about.rest or "x"))
    assert Tags(path.read_text("utf-8")).tags == Tags(plain.read_text("utf-8")).tags
    assert len(embedded(path)["cards"]) == 1


def test_what_waits_has_no_card_and_a_sample_shows_what_was_visited(tmp_path):
    rows = [record(1), record(2, status="pending")]
    rows.append(replace(record(3, status="exists"), picture=None))
    (path,) = write(tmp_path / "o.report.html", rows)
    assert [card["status"] for card in embedded(path)["cards"]] == ["ok", "exists"]
    (path,) = write(tmp_path / "o.report.html", rows, About(sampled=True))
    assert [card["status"] for card in embedded(path)["cards"]] == ["ok"]


def test_a_large_job_gets_several_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CARDS", 3)
    paths = write(tmp_path / "o.report.html", [record(n) for n in range(7)])
    assert [path.name for path in paths] == [
        "o.report.html", "o.report-2.html", "o.report-3.html"
    ]  # fmt: skip
    assert [len(embedded(path)["cards"]) for path in paths] == [3, 3, 1]
    assert 'href="o.report-3.html"' in paths[1].read_text("utf-8")
    assert [embedded(path)["file"] for path in paths[:2]] == ["o.review.json", "o.review-2.json"]


def test_a_job_without_images_has_a_page(tmp_path):
    (path,) = write(tmp_path / "o.report.html", [])
    assert embedded(path)["cards"] == []


def test_the_first_line_says_what_the_captioner_is(tmp_path):
    (path,) = write(tmp_path / "o.report.html", [record()], About(note="Knows <dogs> only."))
    body = path.read_text("utf-8").partition("<header>")[2]
    assert body.startswith('\n<p class="note">Knows &lt;dogs&gt; only.</p>')


@pytest.mark.slow
def test_two_thousand_images_with_context_and_two_captioners_are_small(tmp_path):
    context = {"Title": "t" * 60, "Heading": "h" * 80, "Caption": "c" * 120, "Link": "l" * 80}
    second = Picture("x", b"", [Candidate("a dog in the grass beside another dog", 0.1)] * 3)
    one = replace(record(), context=context, beside=second)
    images = (replace(one, key=str(n), image_address=f"https://a.example/{n}") for n in range(2000))
    (path,) = write(tmp_path / "o.report.html", images, About(names=("one", "two")))
    assert len(one.picture.thumbnail) > 7500 and path.stat().st_size <= 30e6
    assert len(embedded(path)["cards"]) == 2000


# In the browser


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, chromium_sandbox=False, args=QUIET
        )
        yield browser
        browser.close()


@pytest.fixture
def opened(browser):
    """Open a report; at the end nothing may have complained."""
    complaints, pages = [], []
    context = browser.new_context(viewport={"width": 1280, "height": 900})

    def opened(path):
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        pages.append(page)
        asked = []
        page.goto(path.as_uri())
        page.asked = asked
        return page

    yield opened
    for page in pages:
        assert [url for url in page.asked if not url.startswith(("file:", "data:", "blob:"))] == []
    context.close()
    assert complaints == []


def keys(page, words):
    for key in words.split():
        page.keyboard.press(key)


def counts(page):
    return page.locator("#counts").inner_text()


def name(page):
    return page.locator("#name").inner_text()


def box(page):
    return page.get_by_label("Alt text").input_value()


def said(page):
    return page.get_by_role("status").inner_text()


class TestBrowser:
    pytestmark = in_chromium

    def saved(self, page, tmp_path, file="out.review.json"):
        with page.expect_download() as download:
            page.keyboard.press("s")
        download.value.save_as(tmp_path / file)
        assert download.value.suggested_filename == file
        return read_review(tmp_path / file)

    def test_a_job_is_reviewed_by_keyboard_from_first_to_last(self, opened, tmp_path):
        records = [record(n) for n in range(4)]
        records += [record(8, status="unsure", text=""), record(9, status="http_404", text="")]
        (path,) = write(tmp_path / "out.report.html", records)
        page = opened(path)
        assert name(page) == "8.jpg" and box(page) == ""  # doubt first
        keys(page, "a")
        assert "Nothing to accept: 1 takes the guess" in said(page)
        keys(page, "2 a")
        assert said(page) == "Accepted. Next: 3.jpg" and box(page) == "A dog."
        keys(page, "a e Control+a")
        page.keyboard.type("Ada’s d")
        keys(page, "Enter")
        assert said(page) == "Edited. Next: 1.jpg"
        keys(page, "r u d")
        assert name(page) == "0.jpg" and "5 of 6" not in counts(page)
        keys(page, "a r")
        assert said(page) == "Rejected. All of these are reviewed: S saves the review."
        assert counts(page) == "6 of 6 reviewed: 3 accepted, 1 edited, 1 rejected, 1 decorative"
        found = self.saved(page, tmp_path)
        said_of = {one.image[-5:]: (one.kind, one.text) for one in found.values()}
        assert said_of == {
            "8.jpg": ("accepted", "Two cats."), "3.jpg": ("accepted", "A dog."),
            "2.jpg": ("edited", "Ada’s d"), "1.jpg": ("decorative", ""),
            "0.jpg": ("accepted", "A dog."), "9.jpg": ("rejected", ""),
        }  # fmt: skip
        assert set(found) == {one.key for one in records}

    def test_what_was_decided_is_there_again(self, opened, tmp_path):
        (path,) = write(tmp_path / "out.report.html", [record(n) for n in range(3)])
        page = opened(path)
        keys(page, "r a")
        page.close()
        known = replace(record(2), review=Decision("edited", "Later.", at="9999-01-01T00:00:00Z"))
        old = replace(record(1), review=Decision("edited", "Older.", at="2001-01-01T00:00:00Z"))
        (path,) = write(tmp_path / "out.report.html", [known, old, record(0, text="Anew.")])
        page = opened(path)
        assert counts(page) == "2 of 3 reviewed: 1 accepted, 1 edited, 0 rejected, 0 decorative"
        assert name(page) == "0.jpg"
        keys(page, "ArrowLeft")
        assert (name(page), box(page)) == ("1.jpg", "A dog.")
        keys(page, "k")
        assert (name(page), box(page)) == ("2.jpg", "Later.")
        keys(page, "k")
        assert said(page) == "This is the first one."
        keys(page, "u")
        assert counts(page).startswith("1 of 3") and box(page) == "A dog."

    def test_a_reviewed_page_with_nothing_kept_by_the_browser_goes_on(self, opened, tmp_path):
        (path,) = write(tmp_path / "out.report.html", [record(n) for n in range(2)])
        page = opened(path)
        page.evaluate("localStorage.setItem('alt-text-review ' + location.pathname + ' x', '{')")
        page.evaluate(
            "k => localStorage.setItem('alt-text-review ' + location.pathname + ' ' + k, '{')",
            record(0).key,
        )
        page.reload()
        assert counts(page).startswith("0 of 2")

    def test_two_captioners_stand_side_by_side(self, opened, tmp_path):
        second = Picture("x", b"", [Candidate("a cat")])  # some captioners give no numbers
        rows = [replace(record(n), beside=second) for n in range(2)]
        about = About(names=("attention", "merge"))
        page = opened(write(tmp_path / "out.report.html", rows, about)[0])
        sides = page.locator("#offers section")
        assert [text.split("\n")[0] for text in sides.all_inner_texts()] == ["attention", "merge"]
        assert ["%" in sides.nth(n).inner_text() for n in (0, 1)] == [True, False]
        one, other = (sides.nth(n).bounding_box() for n in (0, 1))
        assert one["x"] + one["width"] <= other["x"] and one["y"] == other["y"]
        keys(page, "2 a a")
        assert "2 accepted (1 by attention, 1 by merge)" in counts(page)
        found = self.saved(page, tmp_path).values()
        assert {(one.by, one.text) for one in found} == {
            ("attention", "A dog."),
            ("merge", "A cat."),
        }

    def test_an_empty_text_is_accepted_where_one_is_suggested(self, opened, tmp_path):
        rows = [record(0, status="looks_decorative", text="")]
        page = opened(write(tmp_path / "out.report.html", rows)[0])
        keys(page, "a")
        assert "1 decorative" in counts(page)

    def test_context_stands_beside_the_photo_and_only_the_web_is_linked(self, opened, tmp_path):
        context = {"Page": "https://a.example/p", "Link": "javascript:alert(1)", "Title": "<b>T"}
        rows = [replace(record(0), context=context), replace(record(0), context=context)]
        page = opened(write(tmp_path / "out.report.html", rows)[0])
        assert page.locator("#context dd").all_inner_texts() == [
            *context.values(), "2 rows of the table show it"
        ]  # fmt: skip
        links = page.locator("#desk a").evaluate_all("all => all.map(a => a.href)")
        assert links == ["https://a.example/0.jpg", "https://a.example/p"]

    def test_words_of_strangers_stay_words(self, opened, tmp_path):
        rows = [injected(field, evil)[0] for evil in INJECTIONS for field in FIELDS[:-1]]
        rows = [replace(one, key=f"{one.key}{n}") for n, one in enumerate(rows)]
        about = injected("note", EVIL)[1]
        page = opened(write(tmp_path / "out.report.html", rows, about)[0])
        page.get_by_label("Show").select_option("all")
        for _ in rows:
            keys(page, "1 ArrowRight")
        keys(page, "g")
        assert page.locator("#grid li").count() == len(rows)
        assert page.evaluate("window.evil") is None
        assert page.locator("script, iframe, svg, base, textarea").count() == 3

    def test_status_and_what_is_left_can_be_chosen(self, opened, tmp_path):
        records = [record(n) for n in range(3)] + [record(9, status="http_404", text="")]
        records.append(record(5, status="exists", text="IMG"))
        page = opened(write(tmp_path / "out.report.html", records)[0])
        choices = page.get_by_label("Show").locator("option").all_inner_texts()
        assert choices == [
            "to review (4)", "not reviewed yet (4)", "everything (5)",
            "ok (3)", "http 404 (1)", "exists (1)",
        ]  # fmt: skip
        page.get_by_label("Show").select_option("=exists")
        assert (name(page), box(page)) == ("5.jpg", "IMG")
        page.get_by_label("Show").select_option("open")
        page.locator("#work").focus()
        keys(page, "g")
        assert page.locator("#grid li").count() == 4
        keys(page, "Tab Enter")
        assert name(page) == "1.jpg"

    def test_letters_can_be_letters_again(self, opened, tmp_path):
        page = opened(write(tmp_path / "out.report.html", [record(0), record(1)])[0])
        page.get_by_text("Keys", exact=True).click()
        page.get_by_label("letters and digits are keys").uncheck()
        page.locator("#work").focus()
        keys(page, "a r d 1")
        assert counts(page).startswith("0 of 2")
        page.get_by_role("button", name="Accept").click()
        assert counts(page).startswith("1 of 2")

    def test_rules_are_told_while_a_text_is_written(self, opened, tmp_path):
        page = opened(write(tmp_path / "out.report.html", [record(0)])[0])
        for text, told in [
            ("a dog.", "capital"), ("A dog", "full stop"), ("A photo of a dog.", "by itself"),
            ("A" * 126, "too long by 1"), ("", "Empty"), ("A dog.", "6 of 125 characters"),
        ]:  # fmt: skip
            page.get_by_label("Alt text").fill(text)
            assert told in page.locator("#hint").inner_text()

    def test_a_text_that_is_being_written_is_not_lost_by_moving(self, opened, tmp_path):
        page = opened(write(tmp_path / "out.report.html", [record(0), record(1)])[0])
        page.get_by_label("Alt text").fill("Half a")
        keys(page, "Escape ArrowRight ArrowLeft")
        assert box(page) == "Half a" and counts(page).startswith("0 of 2")

    def test_all_controls_have_names(self, opened, tmp_path):
        page = opened(write(tmp_path / "out.report.html", [record(n) for n in range(3)])[0])
        tree = page.locator("body").aria_snapshot()
        assert not re.search(r"- (button|textbox|checkbox|radio|combobox|link)\s*$", tree, re.M)
        assert page.locator("h1").count() == 1 and page.locator("main").count() == 1
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the image"

    @pytest.mark.parametrize("width", [1280, 390])
    def test_nothing_is_wider_than_the_window(self, opened, tmp_path, width):
        long = replace(
            record(0, text="x" * 300), context={"Page": "https://a.example/" + "x" * 400}
        )
        page = opened(write(tmp_path / "out.report.html", [long])[0])
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    def test_two_thousand_images_open(self, opened, tmp_path):
        page = opened(write(tmp_path / "out.report.html", (record(n) for n in range(2000)))[0])
        assert counts(page).startswith("0 of 2000 reviewed")
        keys(page, "a g")
        assert page.locator("#grid li").count() == 2000

    def test_the_whole_way_from_a_table_and_back(self, opened, tmp_path):
        table = tmp_path / "crawl.csv"
        with site() as running:
            rows = "".join(f"{running.url}/{n % 5}.png\n" for n in range(7))
            table.write_text(f"Image\n{rows}", "utf-8")
            assert run(table, tmp_path / "out.csv", running) == 0
            page = opened(tmp_path / "out.report.html")
            keys(page, "e Control+a")
            page.keyboard.type('=cmd; "quoted"')
            keys(page, "Enter r")
            self.saved(page, tmp_path)
            words = ["--review", str(tmp_path / "out.review.json")]
            assert run(table, tmp_path / "out.csv", running, *words) == 0
        text = (tmp_path / "out.csv").read_text("utf-8-sig")
        assert text.count("edited") == 2 and text.count("rejected") == 2
        assert '\'=cmd; ""quoted""' in text


def photograph(report, target):
    """Write a picture of a review at its first suggested description, for lesson 09."""
    from playwright.sync_api import sync_playwright

    options = {"executable_path": CHROMIUM, "chromium_sandbox": False, "args": QUIET}
    with sync_playwright() as playwright, playwright.chromium.launch(**options) as browser:
        page = browser.new_page(viewport={"width": 1100, "height": 740})
        page.set_default_timeout(200_000)
        page.goto(Path(report).resolve().as_uri())
        page.locator("#filter").select_option("=ok")
        picture = page.screenshot()
    shown = Image.open(io.BytesIO(picture)).convert("RGB").resize((880, 592))
    shown.quantize().save(target, optimize=True)


if __name__ == "__main__":
    photograph(sys.argv[1], PICTURE)
