"""The page to review: what it holds, and what it does in a real Chromium."""

import csv
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from alt_text_site import run, site
from helpers.apps.alt_text.store import Picture
from helpers.apps.alt_text.writing import report as module
from helpers.apps.alt_text.writing.outputs import Record
from test_widget_browser import CHROMIUM, QUIET, in_chromium

EVIL = '</script><script>window.evil = 1</script><img src=x onerror="window.evil=2">&"\''


def thumbnail(seed=0):
    """Return a JPEG about as large as that of a photo."""
    rough = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), "uint8")
    file = io.BytesIO()
    image = Image.fromarray(rough).resize((192, 144), Image.Resampling.BICUBIC)
    image.save(file, "JPEG", quality=60)
    return file.getvalue()


def record(number=0, row=("a", "b"), status="ok", text="A dog.", image=None, message=""):
    confidence = 0.5 / (number + 1) if status == "ok" else None
    candidates = [("a dog", 0.5 / (number + 1)), ("a photo of two cats", 0.01)]
    picture = Picture(str(number), thumbnail(number), candidates if status == "ok" else [])
    image = f"https://a.example/{number}.jpg" if image is None else image
    return Record(list(row), image, text, confidence, status, message, picture)


def write(path, records, columns=("Page", "Image"), delimiter=","):
    paths = []
    with module.report_pages(path, columns, delimiter, lambda p: paths.append(p) or p) as add:
        for one in records:
            add(one)
    return paths


def embedded(path):
    """Return the data that the page holds for its script."""
    text = path.read_text("utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def test_rows_that_show_the_same_share_a_card(tmp_path):
    (path,) = write(tmp_path / "o.report.html", [record(1), record(1, row="cd"), record(2)])
    text = path.read_text("utf-8")
    assert text.count('<li class="card"') == 2 and text.count("data:image/jpeg") == 2
    assert embedded(path)["rows"] == [[0, "a", "b"], [0, "c", "d"], [1, "a", "b"]]
    assert "2 images to review" in text and "ok (2)" in text


def test_words_of_strangers_stay_words(tmp_path):
    strange = record(0, (EVIL, "=1+1"), text=EVIL, image=f"https://a.example/{EVIL}", message=EVIL)
    (path,) = write(tmp_path / "o.report.html", [strange], columns=(EVIL, "@x"))
    text = path.read_text("utf-8")
    assert "<script>window" not in text and "<img src=x" not in text and 'onerror="' not in text
    assert embedded(path)["rows"] == [[0, EVIL, "'=1+1"]]
    assert embedded(path)["columns"][:2] == [EVIL, "'@x"]


@pytest.mark.parametrize("image", ["javascript:alert(1)", "data:image/png;base64,xx", "file:///a"])
def test_only_the_web_is_linked(tmp_path, image):
    (path,) = write(tmp_path / "o.report.html", [record(image=image)])
    assert "<a href" not in path.read_text("utf-8")


def test_a_large_job_gets_several_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CARDS", 3)
    paths = write(tmp_path / "o.report.html", [record(n) for n in range(7)])
    assert [path.name for path in paths] == [
        "o.report.html", "o.report-2.html", "o.report-3.html"
    ]  # fmt: skip
    assert [path.read_text("utf-8").count('<li class="card"') for path in paths] == [3, 3, 1]
    assert 'href="o.report-3.html"' in paths[1].read_text("utf-8")
    assert [embedded(path)["file"] for path in paths[:2]] == ["o.reviewed.csv", "o.reviewed-2.csv"]


def test_a_job_without_images_has_a_page(tmp_path):
    (path,) = write(tmp_path / "o.report.html", [])
    assert "0 images to review" in path.read_text("utf-8")


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

    def opened(path):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
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
        page.close()
    assert complaints == []


class TestBrowser:
    pytestmark = in_chromium

    def saved(self, page, tmp_path):
        with page.expect_download() as download:
            page.get_by_role("button", name="Save reviewed CSV").click()
        download.value.save_as(tmp_path / "saved.csv")
        assert download.value.suggested_filename == "out.reviewed.csv"
        return (tmp_path / "saved.csv").read_bytes().decode("utf-8")

    def test_a_job_is_reviewed_and_saved(self, opened, tmp_path):
        with site() as running:
            rows = [["Page", "Bild; groß", "=x"]]
            rows += [[running.url, f"/{n % 5}.png", f'"{n}";\n+1'] for n in range(7)]
            rows += [[running.url, "/404", ""], [running.url, EVIL, ""]]
            with (tmp_path / "crawl.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, delimiter=";").writerows(rows)
            assert run(tmp_path / "crawl.csv", tmp_path / "out.csv", running) == 0
        page = opened(tmp_path / "out.report.html")
        assert page.evaluate("window.evil") is None
        written = (tmp_path / "out.csv").read_bytes().decode("utf-8").splitlines(keepends=True)
        as_written = self.saved(page, tmp_path)
        plain = re.sub(r";(no|reviewed)\r\n", "\r\n", as_written)
        assert plain == "".join(written)
        page.get_by_label("Alt text").first.fill('=cmd; "quoted"')
        page.get_by_label("Reviewed").first.check()
        text = self.saved(page, tmp_path).removeprefix("\ufeff")
        found = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
        assert found[0]["alt_text"] == found[5]["alt_text"] == '\'=cmd; "quoted"'
        assert [row["reviewed"] for row in found] == ["yes", *["no"] * 4, "yes", *["no"] * 3]

    def test_status_order_and_what_is_left_can_be_chosen(self, opened, tmp_path):
        records = [record(n) for n in range(4)] + [record(9, status="http_404", text="")]
        (path,) = write(tmp_path / "out.report.html", records)
        page = opened(path)
        status = page.get_by_role("status")
        page.get_by_label("http 404 (1)").check()
        assert status.inner_text() == "1 shown, 0 of 5 reviewed"
        page.get_by_label("ok (4)").check()
        page.get_by_label("Order").select_option("least sure first")
        names = page.get_by_role("heading", level=2)
        assert names.all_inner_texts() == ["3.jpg", "2.jpg", "1.jpg", "0.jpg"]
        page.get_by_label("only those to review").check()
        page.get_by_label("Alt text").first.press("Control+Enter")
        assert status.inner_text() == "3 shown, 1 of 5 reviewed"
        assert page.evaluate("document.activeElement.id") == "text2"

    def test_a_candidate_is_taken_over_by_keyboard_and_rules_are_told(self, opened, tmp_path):
        (path,) = write(tmp_path / "out.report.html", [record(0)])
        page = opened(path)
        page.get_by_role("button", name="Two cats.").press("Enter")
        box = page.get_by_label("Alt text")
        assert box.input_value() == "Two cats." and box.evaluate(
            "e => e === document.activeElement"
        )
        for text, said in [
            ("a dog.", "capital"), ("A dog", "full stop"), ("A photo of a dog.", "by itself"),
            ("A" * 126, "too long by 1"), ("", "skip it"), ("A dog.", "6 of 125 characters"),
        ]:  # fmt: skip
            box.fill(text)
            described = page.locator(f"#{box.get_attribute('aria-describedby')}")
            assert said in described.inner_text()

    def test_all_controls_have_names(self, opened, tmp_path):
        (path,) = write(tmp_path / "out.report.html", [record(n) for n in range(3)])
        page = opened(path)
        tree = page.locator("body").aria_snapshot()
        assert not re.search(r"- (button|textbox|checkbox|radio|combobox|link)\s*$", tree, re.M)
        assert page.locator("h1").count() == 1 and page.locator("main").count() == 1
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the images"

    def test_two_thousand_images_fit_into_a_page(self, opened, tmp_path):
        (path,) = write(tmp_path / "out.report.html", (record(n) for n in range(2000)))
        page = opened(path)
        assert page.get_by_role("status").inner_text() == "2000 shown, 0 of 2000 reviewed"
        assert path.stat().st_size <= 25e6
