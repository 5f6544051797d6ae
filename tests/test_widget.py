"""The widget without a browser: its words and HTML, its requests, its two ways of upload."""

import base64
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import ipywidgets
import pytest
from PIL import Image

from helpers.apps import samples
from helpers.apps import widget as module
from helpers.apps.samples import sample_photos
from helpers.apps.widget import (
    candidates_table,
    caption_widget,
    image_html,
    uploaded_files,
)
from helpers.apps.wording import alt_text, in_words
from helpers.captioner import Candidate
from helpers.images import ImageError

ROOT = Path(__file__).parents[1]
OLDER = ["ipywidgets==7.7.1", "ipython_genutils"]  # Colab's
ADDRESS = "https://photos.example/dog.jpg"


class FakeCaptioner:
    """Says the colour of an image, and keeps what it was asked."""

    def __init__(self, caption="a photo of a {} dog"):
        self.caption, self.asked = caption, []

    def candidates(self, images, beam_size=None, search=None):
        self.asked.append((len(images), beam_size, search))
        red, _, blue = Image.open(images[0]).convert("RGB").getpixel((0, 0))
        caption = self.caption.format("red" if red > blue else "blue")
        return [[Candidate(caption, 0.3), Candidate("a <cat>", 0.1)]]


def photo(colour="red", size=(60, 40), kind="PNG"):
    """Return the bytes of an image of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


@pytest.fixture
def waiting(monkeypatch):
    """Requests that have begun; call one to serve it."""
    requests = []

    def thread(target, args, daemon):
        assert daemon  # else a notebook could not be closed
        return SimpleNamespace(start=lambda: requests.append(lambda: target(*args)))

    monkeypatch.setattr(module, "Thread", thread)
    return requests


@pytest.fixture
def at_once(monkeypatch):
    """Nothing waits: requests are served as they begin."""

    def thread(target, args, daemon):
        return SimpleNamespace(start=lambda: target(*args))

    monkeypatch.setattr(module, "Thread", thread)
    monkeypatch.setattr(module, "Timer", lambda _, work: SimpleNamespace(start=work))


@pytest.fixture
def captioner():
    return FakeCaptioner()


@pytest.fixture
def widget(captioner):
    """The widget; all addresses lead to a red photo."""
    return caption_widget(captioner, photos={}, fetch=lambda url: photo())


def press(widget, address):
    widget.box.value = address
    widget.button.click()


def upload(widget, name, content):
    """Do what a browser does after a file was chosen."""
    size = {"name": name, "type": "image/png", "size": len(content)}
    if ipywidgets.__version__.startswith("7."):
        counter = widget.upload._counter + 1
        file = {"metadata": [size], "data": [memoryview(content)], "_counter": counter}
        return widget.upload.set_state(file)
    file = size | {"last_modified": 1_700_000_000_000, "content": memoryview(content)}
    return widget.upload.set_state({"value": [file]})


def words(html):
    """The text of HTML."""
    return re.sub(r"<[^>]+>", "", html).strip()


# Words and HTML


@pytest.mark.parametrize(
    "caption, text",
    [
        ("a dog runs", "A dog runs."),
        (" a dog runs . ", "A dog runs."),
        ("a photo of a dog", "A dog."),
        ("An image showing two dogs", "Two dogs."),
        ("a picture of the photo of a dog", "The photo of a dog."),
        ("a photo album", "A photo album."),
        ("ÉTÉ", "ÉTÉ."),
        ("été", "Été."),
        ("", ""),
        (" . ", ""),
    ],
)
def test_alt_text_is_a_sentence(caption, text):
    assert alt_text(caption) == text


@pytest.mark.parametrize(
    "probability, text",
    [(1, "100%"), (0.254, "25%"), (0.01, "1%"), (0.004, "1 in 250"), (5.5e-7, "1 in 1,800,000")]
    + [(1e-13, "1 in 10,000,000,000,000"), (0.0, "0%")],
)
def test_probabilities_can_be_read(probability, text):
    assert in_words(probability) == text


def test_the_table_is_escaped_and_has_bars_in_proportion():
    table = candidates_table([Candidate("a <b>dog</b>", 0.2), Candidate("", 0.1)])
    assert "a &lt;b&gt;dog&lt;/b&gt;" in table and "<b>" not in table and "(no words)" in table
    assert re.findall(r"width:(\d+)px", table) == ["80", "40"]
    assert table.count("<tr>") == 3 and table.count('scope="col"') == 2


def test_the_table_bears_probabilities_of_nothing():
    assert "0%" in candidates_table([Candidate("a dog", 0.0)])


def test_the_preview_is_small_and_escaped():
    html = image_html(Image.new("RGB", (4000, 3000)), 400, 'a "dog"', "<name>")
    assert 'alt="a &quot;dog&quot;"' in html and "&lt;name&gt;" in html
    data = re.search(r"data:image/jpeg;base64,([^\"]+)", html).group(1)
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (400, 300)


@pytest.mark.parametrize(
    "value",
    [
        {"a.png": {"metadata": {}, "content": b"abc"}},
        ({"name": "a.png", "content": memoryview(b"abc")},),
    ],
    ids=["ipywidgets 7", "ipywidgets 8"],
)
def test_files_of_both_versions(value):
    assert uploaded_files(value) == [("a.png", b"abc")]
    assert uploaded_files(type(value)()) == []


def test_the_ready_examples_are_scenes_that_no_training_saw(monkeypatch, tmp_path):
    monkeypatch.setattr(samples, "find_spec", lambda name: None)
    test_split = (ROOT / "data/mini/Flickr_8k.testImages.txt").read_text().split()
    assert [path.name in test_split for path in sample_photos().values()] == [True] * 2


def test_free_photos_are_offered_where_their_packages_stand(monkeypatch, tmp_path):
    for name in ("data/chelsea.png", "mpl-data/sample_data/grace_hopper.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(photo())
    package = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(samples, "find_spec", lambda name: package)
    assert list(sample_photos()) == ["portrait", "cat", "scene 1", "scene 2"]


@pytest.mark.slow
def test_the_module_brings_no_tensorflow():
    code = "import sys, helpers.apps.widget; print({'tensorflow', 'keras'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, cwd=ROOT, text=True) == "set()\n"


# Requests


def test_an_address_becomes_a_caption(widget, captioner, at_once):
    widget.search.value = (3, "beam")
    press(widget, f" {ADDRESS} ")
    assert words(widget.caption.value) == "A red dog."
    assert widget.alt.value == "A red dog."
    assert 'alt="A red dog."' in widget.preview.value
    assert f"{ADDRESS}, {len(photo()):,} bytes" in widget.preview.value
    assert "a photo of a red dog" in widget.table.value and "a &lt;cat&gt;" in widget.table.value
    assert captioner.asked == [(1, 3, "beam")]
    assert widget.message.value.count("Looking") == 0 and not widget.button.disabled
    assert widget.answers.layout.display is None


def test_the_button_is_called_so(widget):
    assert widget.button.description == "Caption that image!"


def test_enter_in_the_box_is_a_press(widget, captioner, at_once):
    widget.box.value = ADDRESS
    widget.box._handle_custom_msg({"event": "submit"}, [])
    assert len(captioner.asked) == 1
    widget.box._handle_custom_msg({"event": "focus"}, [])
    assert len(captioner.asked) == 1


def test_an_empty_box_takes_the_last_image_again(widget, captioner, at_once):
    press(widget, ADDRESS)
    widget.search.value = (None, "greedy")
    press(widget, "")
    assert captioner.asked == [(1, None, None), (1, None, "greedy")]


def test_the_button_is_disabled_while_busy_and_further_presses_do_nothing(widget, waiting):
    press(widget, ADDRESS)
    assert widget.button.disabled and "Looking at the image" in widget.message.value
    press(widget, "https://photos.example/other.jpg")
    press(widget, "nonsense")
    assert len(waiting) == 1 and "Looking at the image" in widget.message.value
    waiting.pop()()
    assert words(widget.caption.value) == "A red dog." and not widget.button.disabled
    press(widget, ADDRESS)
    assert len(waiting) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_old_answer_never_replaces_a_newer_one(widget, waiting, order):
    press(widget, ADDRESS)
    upload(widget, "blue.png", photo("blue"))
    assert len(waiting) == 2
    for number in order:
        waiting[number]()
    assert words(widget.caption.value) == "A blue dog."
    assert "blue.png" in widget.preview.value and not widget.button.disabled


def test_an_old_failure_does_not_disturb_a_newer_request(captioner, waiting):
    def fetch(url):
        raise ImageError("gone")

    widget = caption_widget(captioner, photos={}, fetch=fetch)
    press(widget, ADDRESS)
    upload(widget, "blue.png", photo("blue"))
    waiting[0]()
    assert widget.button.disabled and "Looking" in widget.message.value
    waiting[1]()
    assert words(widget.caption.value) == "A blue dog."


def test_real_threads_serve_requests(widget):
    press(widget, ADDRESS)
    for _ in range(500):
        if not widget.busy:
            break
        module.Timer(0.01, int).run()
    assert words(widget.caption.value) == "A red dog."


def test_no_words_are_said_to_be_none(at_once):
    widget = caption_widget(FakeCaptioner(""), photos={}, fetch=lambda url: photo())
    press(widget, ADDRESS)
    assert "found no words" in widget.message.value and widget.alt.value == ""


# Errors


@pytest.mark.parametrize("address", ["", "dog.jpg", "www.example.org/dog.jpg", "C:\\dog.jpg"])
def test_what_is_no_address_is_explained(widget, captioner, waiting, address):
    press(widget, address)
    assert (
        "it begins with https://" in widget.message.value and 'role="alert"' in widget.message.value
    )
    assert waiting == [] and not widget.button.disabled


@pytest.mark.parametrize(
    "address, said",
    [
        ("http://127.0.0.1/<b>.png", "127.0.0.1/&lt;b&gt;.png has a private address"),
        ("http://[::1]/", "has a private address"),
        ("http://169.254.169.254/latest", "has a private address"),
        ("file:///etc/passwd", "http:// or https://"),
        ("data:text/html,<html>", "is a web page"),
    ],
)
def test_refusals_are_shown_in_words_and_escaped(captioner, at_once, address, said):
    widget = caption_widget(captioner, photos={})
    press(widget, address)
    assert said in widget.message.value and "<b>" not in widget.message.value
    assert not widget.button.disabled and captioner.asked == []


def test_an_error_hides_the_answer_before(widget, at_once):
    press(widget, ADDRESS)
    widget.fetch = lambda url: b"GIF8 broken"
    press(widget, ADDRESS)
    assert f"{ADDRESS} is damaged" in widget.message.value
    assert widget.answers.layout.display == "none"


def test_what_nobody_foresaw_is_said_in_words(widget, captioner, at_once):
    captioner.candidates = lambda images, beam_size, search: 1 / 0
    press(widget, ADDRESS)
    assert "Something broke (ZeroDivisionError" in words(widget.message.value)
    assert not widget.button.disabled


# Files


def test_a_file_is_captioned_at_once_and_can_come_again(widget, captioner, at_once):
    widget.box.value = ADDRESS
    for _ in range(2):
        upload(widget, "<blue>.png", photo("blue"))
    assert len(captioner.asked) == 2
    assert words(widget.caption.value) == "A blue dog." and widget.box.value == ""
    assert f"&lt;blue&gt;.png, {len(photo('blue')):,} bytes" in widget.preview.value


def test_an_empty_file_is_not_lost_silently(widget, waiting):
    upload(widget, "big.jpg", b"")
    assert "No file arrived" in widget.message.value and "10 MB" in widget.message.value
    assert waiting == []


def test_a_file_over_the_limit_is_told_from_one_that_was_lost(widget, waiting):
    upload(widget, "big.jpg", bytes(15_000_000))
    assert "big.jpg has 15.0 MB, and 10 MB is the most" in widget.message.value
    assert waiting == []
    upload(widget, "big.jpg", bytes(10_000_000))
    assert len(waiting) == 1


def test_a_file_that_the_browser_cannot_read_is_not_lost_silently(widget):
    widget.upload.set_state({"error": "NotReadableError"})
    assert "No file arrived" in widget.message.value


def test_the_limit_stands_beside_the_upload_button(widget):
    texts = [part.value for part in all_parts(widget) if isinstance(part, ipywidgets.HTML)]
    assert any("at most 10 MB" in text for text in texts)


def all_parts(part):
    yield part
    for child in getattr(part, "children", ()):
        yield from all_parts(child)


def test_an_example_is_captioned_when_its_button_is_pressed(captioner, at_once, tmp_path):
    (tmp_path / "a.png").write_bytes(photo("blue"))
    widget = caption_widget(captioner, photos={"my <photo>": tmp_path / "a.png"})
    buttons = [part for part in all_parts(widget) if isinstance(part, ipywidgets.Button)]
    next(button for button in buttons if button.description == "my <photo>").click()
    assert words(widget.caption.value) == "A blue dog."
    assert "my &lt;photo&gt;, " in widget.preview.value


def in_colab(monkeypatch, files):
    """Pretend to be in Colab, whose upload gives these files."""
    colab = ModuleType("google.colab")
    colab.files = SimpleNamespace(upload=lambda: files)
    monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", colab)


@pytest.mark.parametrize("files, shown", [({"a.png": photo("blue")}, True), ({}, False)])
def test_in_colab_its_own_upload_is_used(captioner, monkeypatch, at_once, files, shown):
    in_colab(monkeypatch, files)
    widget = caption_widget(captioner, photos={})
    assert isinstance(widget.upload, ipywidgets.Button)
    widget.upload.click()
    assert (words(widget.caption.value) == "A blue dog.") == shown
    assert ("No file arrived" in widget.message.value) != shown


# Captioners


def fake_captioners(monkeypatch, names):
    """Let captioners be loaded that say their name; return the list of those that are."""
    loaded = []

    def load(name):
        loaded.append(name)
        return FakeCaptioner(f"{name} here")

    monkeypatch.setattr(module, "captioner_names", lambda: names)
    monkeypatch.setattr(module, "DEFAULT", "merge-xception")
    monkeypatch.setattr(module, "open_warm", load)
    return loaded


def test_the_captioner_can_be_chosen_and_is_loaded_once(monkeypatch, at_once):
    loaded = fake_captioners(monkeypatch, ["attention", "merge-xception"])
    widget = caption_widget(photos={}, fetch=lambda url: photo())
    assert list(widget.choice.options) == ["merge-xception", "attention"]
    assert loaded == ["merge-xception"]
    for choice in ("attention", "merge-xception", "attention"):
        widget.choice.value = choice
        press(widget, ADDRESS)
        assert words(widget.caption.value).lower() == f"{choice} here."
    assert loaded == ["merge-xception", "attention"]


def test_a_folder_comes_before_a_captioner_of_its_name(monkeypatch):
    loaded = fake_captioners(monkeypatch, ["attention", "merge"])
    widget = caption_widget(Path("mine") / "merge", photos={})
    assert list(widget.choice.options) == ["merge", "attention"]
    assert loaded == [Path("mine") / "merge"]


def test_several_captioners_can_be_given(captioner, at_once):
    other = FakeCaptioner("the other")
    given = {"mine": captioner, "other": other}
    widget = caption_widget(given, photos={}, fetch=lambda url: photo())
    assert list(widget.choice.options) == ["mine", "other"]
    widget.choice.value = "other"
    press(widget, ADDRESS)
    assert words(widget.caption.value) == "The other."


class Whole:
    """Stands in for a pretrained captioner: sees whole images, tells no probability."""

    name, host = "whole", ""

    def __init__(self, found):
        self.found = found

    def caption_each(self, images, contexts=None):
        assert len(images) == 1
        yield self.found


@pytest.mark.parametrize(
    "found, said, text",
    [
        ([Candidate("a dog", None)], "", "A dog."),
        ([], "sure what this image shows", ""),
        ([Candidate("a dog", None, sure=False)], "sure what this image shows", ""),
        ([Candidate("", None)], "no words", ""),
        (ImageError("The server is busy."), "The server is busy.", ""),
    ],
)
def test_other_captioners_are_used_through_the_common_interface(at_once, found, said, text):
    widget = caption_widget(Whole(found), photos={}, fetch=lambda url: photo())
    press(widget, ADDRESS)
    assert said in words(widget.message.value) and widget.alt.value == text
    assert widget.table.value == "" and not widget.button.disabled
    widget.search.value = (3, "beam")
    press(widget, ADDRESS)
    assert "whole searches in one way" in words(widget.message.value)


# The older ipywidgets, which Colab has


@pytest.mark.long
def test_this_and_the_annotation_form_hold_with_the_ipywidgets_of_colab(tmp_path):
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", tmp_path]
    if subprocess.run([*command, *OLDER], capture_output=True).returncode:
        pytest.skip(f"pip reaches no index to install {OLDER[0]} from")
    own = os.environ | {"PYTHONPATH": str(tmp_path)}
    version = [sys.executable, "-c", "import ipywidgets; print(ipywidgets.__version__)"]
    assert subprocess.check_output(version, env=own, text=True) == "7.7.1\n"
    files = [__file__, str(ROOT / "tests" / "test_annotating.py")]
    tests = [sys.executable, "-m", "pytest", "-q", "-m", "not slow and not long", *files]
    run = subprocess.run([*tests, "-p", "no:cacheprovider"], cwd=ROOT, env=own, capture_output=True)
    assert run.returncode == 0, run.stdout.decode()[-3000:]
