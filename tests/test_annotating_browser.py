"""The annotation form in JupyterLab and Chromium: typed with the keyboard, saved, taken up again.

python tests/test_annotating_browser.py PICTURE.png   photographs it
"""

import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers.captions import read_captions
from test_widget_browser import ROOT, SCENE, SECONDS, in_chromium, notebook_page

CODE = """
import sys
sys.path.insert(0, {root!r})
from helpers.apps.annotating import annotation_widget
annotation_widget({photos!r}, {file!r}, amount=2)
"""
FORWARD = "next →"

pytestmark = in_chromium


def code_for(folder: Path) -> str:
    """Return a cell that shows the form for two photos in a folder."""
    photos = folder / "photos"
    photos.mkdir()
    for name in ("first.jpg", "second.jpg"):
        shutil.copy(SCENE, photos / name)
    return CODE.format(root=str(ROOT), photos=str(photos), file=str(folder / "captions.json"))


def wait_until_written(file: Path, captions: dict) -> None:
    """Return once a file holds these captions and no others."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if file.exists() and read_captions(file) == captions:
            return
        time.sleep(0.1)
    raise AssertionError(f"{read_captions(file) if file.exists() else 'no file'}")


def test_captions_typed_with_the_keyboard_are_saved(tmp_path):
    file, code = tmp_path / "captions.json", code_for(tmp_path)
    with notebook_page(tmp_path, code, FORWARD) as page:
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.get_by_label("Caption 1").fill("A cat , they say .")
        page.get_by_label("Caption 1").press("Tab")
        wait_until_written(file, {"first.jpg": ["A cat , they say ."]})
        assert page.get_by_label("Caption 2").evaluate("box => box === document.activeElement")
        page.keyboard.type("Something that sits")
        page.keyboard.press("Enter")
        page.get_by_text("second.jpg").wait_for()
        first = {"first.jpg": ["A cat , they say .", "Something that sits"]}
        wait_until_written(file, first)
        page.get_by_label("Caption 1").fill("The second photo")
        page.get_by_role("button", name="← previous").click()
        page.get_by_text("first.jpg").wait_for()
        wait_until_written(file, first | {"second.jpg": ["The second photo"]})
        assert page.get_by_label("Caption 1").input_value() == "A cat , they say ."
        page.get_by_role("button", name="next without captions").click()
        page.get_by_role("status").filter(has_text="1 of 2 captions here").wait_for()
        assert page.get_by_label("Caption 1").input_value() == "The second photo"
        assert complaints == [] and page.get_by_text("Traceback").count() == 0


def photograph(target: str) -> None:
    """Write a picture of the form."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with notebook_page(folder, code_for(folder), FORWARD) as page:
            page.get_by_label("Caption 1").fill("A drawing in many colours .")
            page.get_by_label("Caption 1").press("Tab")
            page.get_by_role("status").filter(has_text="Saved").wait_for()
            page.wait_for_timeout(500)
            page.locator(".widget-vbox").first.screenshot(path=target)


if __name__ == "__main__":
    photograph(sys.argv[1])
