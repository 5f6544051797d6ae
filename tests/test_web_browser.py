"""The web page in a real Chromium: chosen and dropped photos, keys, errors, no JavaScript."""

import base64
import re

import pytest

from test_widget_browser import CHROMIUM, QUIET, in_chromium
from web_parts import ColourCaptioner, photo, serving

RED, BLUE = "A red <b>dog</b>.", "A blue <b>dog</b>."
DROP = """([files, target]) => {
  const data = new DataTransfer();
  for (const [name, text] of files) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    data.items.add(new File([bytes], name, { type: "image/png" }));
  }
  for (const kind of ["dragover", "drop"])
    document.querySelector(target).dispatchEvent(
      new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""

pytestmark = in_chromium


@pytest.fixture(scope="module")
def captioner():
    return ColourCaptioner()


@pytest.fixture(scope="module")
def server(captioner):
    with serving(captioner, places=2) as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        options = {"executable_path": CHROMIUM, "chromium_sandbox": False, "args": QUIET}
        with playwright.chromium.launch(**options) as browser:
            yield browser


@pytest.fixture
def page(browser, server, captioner):
    """The page, opened anew; nothing may break or be blocked while it is used."""
    captioner.go.set()
    page, complaints = browser.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if "Policy" in m.text else None)
    page.goto(server.address)
    yield page
    page.close()
    assert complaints == []


def choose(page, *files):
    """Choose files, (name, content) each, as a person does who clicks the field."""
    with page.expect_file_chooser() as chooser:
        page.get_by_label("Choose photos").click()
    chooser.value.set_files(
        [{"name": name, "mimeType": "image/png", "buffer": content} for name, content in files]
    )


def cards(page):
    return page.get_by_role("list", name="Your photos").get_by_role("listitem")


def test_the_photo_is_shown_at_once_and_its_caption_without_a_new_page(page, captioner):
    page.evaluate("window.marked = true")
    captioner.go.clear()
    choose(page, ("dog.png", photo("red")))
    page.get_by_role("img", name="Your photo dog.png, not captioned yet").wait_for()
    page.get_by_text("Looking at the photo …").wait_for()
    page.get_by_role("status").filter(has_text="Captioning: 1 to go …").wait_for()
    captioner.go.set()
    page.get_by_role("status").filter(has_text="1 of 1 captioned.").wait_for()
    assert page.get_by_label("Alt text of dog.png").input_value() == RED
    assert page.get_by_role("img", name=RED).is_visible()
    page.get_by_text("All candidates").click()
    assert page.get_by_role("cell", name="1 in 50,000").is_visible()
    assert page.evaluate("window.marked")


def test_several_photos_can_be_dropped(page):
    files = [("1.png", photo("red")), ("2.png", photo("blue")), ("3.txt", b"no image")]
    coded = [[name, base64.b64encode(content).decode()] for name, content in files]
    page.evaluate(DROP, [coded, "#drop"])
    page.get_by_role("status").filter(has_text="2 of 3 captioned, 1 without a caption.").wait_for()
    assert [text.split("\n")[0] for text in cards(page).all_inner_texts()] == [
        "1.png", "2.png", "3.txt",
    ]  # fmt: skip
    assert page.get_by_label("Alt text of 2.png").input_value() == BLUE
    page.get_by_role("alert").filter(has_text="3.txt is no image of a supported").wait_for()
    page.evaluate(DROP, [coded[:1], "body"])  # beside the form
    page.get_by_role("status").filter(has_text="3 of 4 captioned, 1 without a caption.").wait_for()


def test_everything_can_be_done_with_keys(page):
    page.bring_to_front()
    with page.expect_file_chooser() as chooser:  # asked for early: the browser hears of it late
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "photos"
        page.keyboard.press("Space")
    chooser.value.set_files([{"name": "a.png", "mimeType": "image/png", "buffer": photo()}])
    page.get_by_role("status").filter(has_text="1 of 1").wait_for()
    assert page.evaluate("document.activeElement.id") == "photos"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == RED
    page.keyboard.press("End")
    page.keyboard.type(" Mine.")
    assert page.get_by_label("Alt text of a.png").input_value() == RED + " Mine."
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == RED + " Mine."


def test_a_large_photo_is_refused_before_it_is_sent(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    choose(page, ("big.png", bytes(10_000_001)))
    page.get_by_role("alert").filter(has_text="big.png has more than 10 MB. Scale").wait_for()
    assert [url for url in asked if url.endswith("/caption")] == []


def test_when_all_places_are_taken_the_page_comes_again(page, server, captioner):
    with server.desk.seats(2):
        choose(page, ("a.png", photo()))
        page.get_by_text(re.compile(r"Trying again in 1 s")).wait_for()
    page.get_by_role("status").filter(has_text="1 of 1 captioned.").wait_for()


def test_a_server_that_is_gone_is_said_in_words(page):
    page.route("**/caption", lambda route: route.abort())
    choose(page, ("a.png", photo()))
    page.get_by_role("alert").filter(has_text="The server gives no answer.").wait_for()


@pytest.mark.parametrize("size, said", [(100, "1 of 2 captioned."), (12_000_000, "too much")])
def test_it_works_without_javascript(browser, server, size, said):
    page = browser.new_page(java_script_enabled=False)
    page.goto(server.address)
    files = [("a.png", photo()), ("b.txt", bytes(size))]
    page.get_by_label("Choose photos").set_input_files(
        [{"name": n, "mimeType": "image/png", "buffer": c} for n, c in files]
    )
    page.get_by_role("button", name="Write captions").click()
    page.get_by_text(said).wait_for()
    if size == 100:
        assert page.get_by_role("img", name=RED).is_visible()
        assert page.get_by_label("Alt text, yours to change").first.input_value() == RED
        assert page.get_by_text("b.txt is no image").is_visible()
    page.close()
