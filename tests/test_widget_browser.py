"""The widget in a real JupyterLab and a real Chromium, as a reader sees it.

python tests/test_widget_browser.py mini=work/mini/captioner   photographs it for lesson 07
"""

import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "notebooks" / "images" / "widget.png"
SCENE = ROOT / "data" / "mini" / "Flicker8k_Dataset" / "2629405599_60eb4c14e3.jpg"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
QUIET = "--disable-gpu --disable-quic --no-first-run --disable-background-networking".split()
QUIET += ["--disable-component-update", "--disable-sync"]
SECONDS = 60  # to wait for anything; a cold JupyterLab on a busy machine is slow
BUTTON = "Caption that image!"

CELL = """
import sys
import time
from functools import partial

sys.path.insert(0, {root!r})
from helpers.images import fetch_image, open_image
from helpers.apps.widget import caption_widget
from helpers.captioner import Candidate


class Fake:
    calls = 0

    def candidates(self, images, beam_size=None, search=None):
        self.calls += 1
        time.sleep(0.5)
        red, _, blue = open_image(images[0]).resize((1, 1)).getpixel((0, 0))
        colour = "red" if red > blue else "blue"
        caption = f"a photo of a {{colour}} <b>dog</b>, call {{self.calls}}"
        return [[Candidate(caption, 0.3), Candidate("a dog", 0.00002)][:beam_size]]


widget = caption_widget(Fake(), fetch=partial(fetch_image, local={local!r}))
widget
"""

pytestmark = in_chromium = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]


def photo(colour, size=(640, 400)):
    """Return the bytes of a PNG of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


class Website(BaseHTTPRequestHandler):
    """A few pages of the world outside."""

    pages = {
        "/red.png": ("image/png", photo("red")),
        "/blue.png": ("image/png", photo("blue")),
        "/scene.jpg": ("image/jpeg", SCENE.read_bytes()),
        "/page": ("text/html", b"<!doctype html><title>Dogs</title><img src=red.png>"),
    }

    def do_GET(self):
        kind, body = self.pages.get(self.path, ("text/plain", b"no such page"))
        self.send_response(200 if self.path in self.pages else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def website():
    """Yield the address, such as 127.0.0.1:8123, of a server of photos."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Website)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def large_uploads():
    """Return the option that `make lab` gives to JupyterLab."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert '@$(BIN)/jupyter lab "$(LARGE_UPLOADS)" ' in makefile
    return re.search(r"^LARGE_UPLOADS = (\S+)$", makefile, re.MULTILINE)[1]


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def jupyterlab(folder):
    """Yield the address of a JupyterLab that shows a folder, and knows nothing of its user."""
    port = free_port()
    own = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "IPYTHONDIR", "HOME")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token="]
    command += [
        large_uploads(),
        "--ServerApp.password=",
        "--ServerApp.port_retries=0",
        f"--notebook-dir={folder}",
    ]
    with (folder / "lab.log").open("w") as log:
        lab = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=os.environ | own)
    try:
        wait_for(f"http://127.0.0.1:{port}/api", lab)
        yield f"http://127.0.0.1:{port}"
    finally:
        lab.terminate()
        lab.wait(20)


def wait_for(address, process):
    """Return once a server answers."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return urlopen(address, timeout=5).close()
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError("JupyterLab does not start")


def run_first_cell(page):
    """Run the first cell, again if need be: a kernel that is still connecting forgets it."""
    prompt = page.locator(".jp-InputPrompt").first
    for _ in range(SECONDS):
        page.locator(".jp-Notebook .cm-content").first.click()  # the notebook has the focus
        page.keyboard.press("Shift+Enter")
        page.wait_for_timeout(1000)
        if re.search(r"[*\d]", prompt.inner_text()):
            return


@contextmanager
def notebook_page(folder, code, button=BUTTON, **options):
    """Yield a browser page in which a notebook with one cell has run, until a button is there."""
    from playwright.sync_api import sync_playwright

    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells, metadata = [nbformat.v4.new_code_cell(code)], {"kernelspec": kernel}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.write(notebook, folder / "demo.ipynb")
    with jupyterlab(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, chromium_sandbox=False, args=QUIET
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1100}, **options)
        page.set_default_timeout(SECONDS * 1000)
        page.goto(f"{address}/doc/tree/demo.ipynb?reset")
        page.add_style_tag(content=".Toastify { display: none }")  # news of Jupyter
        run_first_cell(page)
        page.get_by_role("button", name=button).wait_for()
        yield page
        browser.close()


@pytest.fixture(scope="module")
def site():
    with website() as address:
        yield address


@pytest.fixture(scope="module")
def page(site, tmp_path_factory):
    """The widget with a captioner that names colours, open in a browser."""
    code = CELL.format(root=str(ROOT), local=site)
    with notebook_page(tmp_path_factory.mktemp("lab"), code) as page:
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        yield page


def caption(page, says):
    """Wait for a caption, and return how many photos the captioner has seen by then."""
    shown = page.get_by_role("status").filter(has_text=re.compile(rf"^{says}, call \d+\.$"))
    shown.wait_for()
    return int(shown.inner_text().rstrip(".").rpartition(" ")[2])


def press(page, address):
    page.get_by_label("Address of an image").fill(address)
    page.get_by_role("button", name=BUTTON).click()


def upload(page, file):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a photo").click()
    chooser.value.set_files(file)


def test_an_address_becomes_a_caption(page, site):
    press(page, f"http://{site}/red.png")
    page.get_by_text("Looking at the image …").wait_for()
    assert page.get_by_role("button", name=BUTTON).is_disabled()
    caption(page, "A red <b>dog</b>")  # as text: it is escaped
    assert page.get_by_role("button", name=BUTTON).is_enabled()
    assert page.get_by_label("Alt text").input_value().startswith("A red <b>dog</b>, call")
    assert page.get_by_role("img", name="A red <b>dog</b>").is_visible()
    assert page.get_by_text(f"http://{site}/red.png, {len(photo('red')):,} bytes").is_visible()
    assert page.get_by_role("cell", name="1 in 50,000").is_visible()


def test_enter_in_the_box_captions(page, site):
    page.get_by_label("Address of an image").fill(f"http://{site}/blue.png")
    page.get_by_label("Address of an image").press("Enter")
    caption(page, "A blue <b>dog</b>")


def test_a_second_press_while_busy_is_ignored(page, site):
    press(page, f"http://{site}/red.png")
    before = caption(page, "A red <b>dog</b>")
    page.get_by_label("Address of an image").fill(f"http://{site}/blue.png")
    page.get_by_role("button", name=BUTTON).dblclick()
    assert caption(page, "A blue <b>dog</b>") == before + 1
    page.wait_for_timeout(1000)
    assert caption(page, "A blue <b>dog</b>") == before + 1


def test_a_file_can_be_uploaded_twice(page, tmp_path):
    (tmp_path / "beach.png").write_bytes(photo("red"))
    upload(page, tmp_path / "beach.png")
    page.get_by_text("beach.png, ").wait_for()
    before = caption(page, "A red <b>dog</b>")
    assert page.get_by_label("Address of an image").input_value() == ""
    upload(page, tmp_path / "beach.png")
    page.get_by_role("status").filter(has_text=f"call {before + 1}").wait_for()


def test_an_example_is_captioned(page):
    page.get_by_role("button", name="scene 2").click()
    page.get_by_text("scene 2, ").wait_for()
    caption(page, ".*dog</b>")


@pytest.mark.parametrize(
    "address, said",
    [
        ("http://{site}/page", "/page is a web page; right-click the image on it"),
        ("http://{site}/nothing.png", "answers 404"),
        ("http://127.0.0.2/", "has a private address"),
        ("dog.jpg", "Paste the address of an image"),
    ],
)
def test_errors_are_said_in_words(page, site, address, said):
    press(page, address.format(site=site))
    alert = page.get_by_role("alert").filter(has_text=said)
    alert.wait_for()
    assert page.get_by_role("button", name=BUTTON).is_enabled()
    assert not page.get_by_label("Alt text").is_visible()


def test_an_empty_file_is_not_lost(page, tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    upload(page, tmp_path / "empty.png")
    page.get_by_role("alert").filter(has_text="No file arrived").wait_for()


def test_a_large_file_arrives_and_is_told_from_none(page, tmp_path):
    (tmp_path / "large.png").write_bytes(photo("red") + bytes(30_000_000))
    upload(page, tmp_path / "large.png")
    page.get_by_role("alert").filter(has_text="large.png has 30.0 MB, and 10 MB is the").wait_for()


def test_nothing_broke_on_the_way(page):
    assert page.complaints == []
    assert page.get_by_text("Traceback").count() == 0


def test_make_lab_shows_the_whole_course(tmp_path):
    """Every lesson links to the README, one folder up."""
    port = free_port()
    settings = f"allow_root=True, open_browser=False, port={port}, port_retries=0"
    (tmp_path / "jupyter_server_config.py").write_text(
        f"c.ServerApp.update(dict({settings}))\nc.IdentityProvider.token = ''\n"
    )
    command = ["make", "-o", "setup", "lab", f"BIN={Path(sys.executable).parent}"]
    own = {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    with (tmp_path / "lab.log").open("w") as log:
        options = {"stdout": log, "stderr": log, "start_new_session": True}
        lab = subprocess.Popen(command, cwd=ROOT, env=os.environ | own, **options)
    try:
        wait_for(f"http://127.0.0.1:{port}/api", lab)
        for path in ("README.md", "notebooks/01_clean_captions.ipynb"):
            urlopen(f"http://127.0.0.1:{port}/api/contents/{path}?content=0", timeout=20).close()
        opened = "".join(path.read_text() for path in tmp_path.glob("jpserver-file*.html"))
        assert "/lab/tree/notebooks/01_clean_captions.ipynb" in opened
    finally:
        os.killpg(lab.pid, signal.SIGTERM)
        lab.wait(20)


def photograph(captioners, target):
    """Write a picture of the widget at work for lesson 07.

    captioners: label -> name or folder; the first one captions the photographer.
    """
    code = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
    code += f"from helpers.apps.widget import caption_widget\ncaption_widget({captioners!r})"
    with TemporaryDirectory() as folder, notebook_page(Path(folder), code) as page:
        page.get_by_role("button", name="photographer").click()
        page.locator("button.mod-primary:disabled").wait_for()
        page.locator("button.mod-primary:enabled").wait_for()
        page.mouse.click(1200, 1000)  # nothing has the focus
        page.wait_for_timeout(500)
        picture = page.locator(".widget-vbox").first.screenshot()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize().save(target, optimize=True)


if __name__ == "__main__":
    pairs = [text.rpartition("=") for text in sys.argv[1:]]
    photograph({label or name: name for label, _, name in pairs}, PICTURE)
