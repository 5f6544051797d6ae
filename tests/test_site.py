"""The course as pages: `make site` builds it, every link leads somewhere, everybody can read it."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from test_widget_browser import CHROMIUM, QUIET, in_chromium

ROOT = Path(__file__).parents[1]
PAGES = ("README", "notebooks/01_clean_captions", "GLOSSARY")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("myst_nb")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    command += ["-c", "notebooks/site", "-d", str(folder / "trees"), ".", str(folder / "html")]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr[-2000:]
    return folder / "html"


def test_every_lesson_is_a_page(site):
    lessons = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {path.stem for path in (site / "notebooks").glob("*.html")} == lessons


def links(page):
    """Return where a page's tags lead; code that shows tags has none."""
    found, parser = [], HTMLParser()
    parser.handle_starttag = lambda _, values: found.extend(
        value for name, value in values if name in ("href", "src") and value
    )
    parser.feed(page.read_text("utf-8"))
    return found


def test_every_link_within_the_site_leads_somewhere(site):
    broken = []
    for page in site.rglob("*.html"):
        for link in links(page):
            target, _, anchor = unquote(link).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            found = page if not target else page.parent / target.partition("?")[0]
            names = found.exists() and (not anchor or f'id="{anchor}"' in found.read_text("utf-8"))
            broken += [] if names else [f"{page.relative_to(site)}: {link}"]
    assert broken == []


class TestInChromium:
    pytestmark = in_chromium

    @pytest.fixture(scope="class")
    def browser(self):
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            options = {"executable_path": CHROMIUM, "chromium_sandbox": False, "args": QUIET}
            browser = playwright.chromium.launch(**options)
            yield browser
            browser.close()

    @pytest.mark.parametrize("width", [390, 1280])
    def test_everybody_can_read_it(self, site, browser, width):
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        page = browser.new_page(viewport={"width": width, "height": 900})
        for name in PAGES:
            page.goto(f"file://{site}/{name}.html")
            found = axe.run(page).response["violations"]
            assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(wide) == 0
