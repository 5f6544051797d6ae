"""What the tests of the web page share: a captioner that names colours, and servers that use it."""

import io
import json
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from helpers.apps.web import CaptionDesk, PageServer, PhotoPage
from helpers.captioner import Candidate
from helpers.captioner.streaming import batches
from helpers.stream import in_flight

ROOT = Path(__file__).parents[1]
BORDER = "photo-border"
POISON = (1, 2, 3)  # a colour that breaks the captioner
SERVE = """
import sys
sys.path[:0] = ["tests"]
from web_parts import ColourCaptioner
from helpers.apps.web import CaptionDesk, __main__ as command

command.open_desk = lambda name, **options: CaptionDesk(ColourCaptioner(float(sys.argv[1])))
sys.exit(command.main(["--port", "0"]))
"""


class ColourCaptioner:
    """Stands in for a captioner: it names the colour of a photo, after some seconds."""

    image_size = 8

    def __init__(self, seconds: float = 0.0):
        self.seconds, self.batches, self.go = seconds, [], threading.Event()
        self.go.set()

    def prepare(self, image):
        return np.array(image.resize((8, 8), Image.Resampling.BICUBIC))

    def caption_each(self, images, contexts=None):
        features = (batch and self.encode(np.stack(batch)) for batch in batches(images, 32))
        for found in in_flight(lambda found: self.feature_candidates(found), features):
            yield from [None] if found is None else found

    def encode(self, pixels):
        self.batches.append(len(pixels))
        self.go.wait(30)
        time.sleep(self.seconds)
        return pixels.mean(axis=(1, 2)) / 255

    def feature_candidates(self, features):
        if np.isclose(features * 255, POISON).all(axis=1).any():
            raise RuntimeError("poison")
        names = [["red", "green", "blue"][int(row.argmax())] for row in features]
        return [
            [Candidate(f"a photo of a {n} <b>dog</b>", 0.3), Candidate("a dog", 2e-5)]
            for n in names
        ]


def photo(colour="red", size=(64, 40), kind="PNG"):
    """Return the bytes of a photo of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def form_of(files, border=BORDER):
    """Return the body of a form with these (name, content), as a browser sends it."""
    parts = [
        f'--{border}\r\nContent-Disposition: form-data; name="photos"; filename="{name}"\r\n'
        "Content-Type: image/png\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, content in files
    ]
    return b"".join(parts) + f"--{border}--\r\n".encode()


def post(address, files, path="/caption", body=None, **headers):
    """Send a form and return (status, headers, text)."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
    kind = f"multipart/form-data; boundary={BORDER}"
    connection.request(
        "POST", path, form_of(files) if body is None else body, {"Content-Type": kind} | headers
    )
    response = connection.getresponse()
    answer = response.status, response.headers, response.read().decode()
    connection.close()
    return answer


def captions(answer):
    """Return the alt texts of a JSON answer."""
    return [image.get("alt_text", image.get("error")) for image in json.loads(answer)["images"]]


@contextmanager
def serving(captioner, **options):
    """Yield a server of the page that listens on a free port."""
    desk = CaptionDesk(captioner, **options)
    server = PageServer(PhotoPage(desk, "colours"), port=0)
    server.desk = desk
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(20)
        desk.close()
    assert not thread.is_alive()


@contextmanager
def command(seconds):
    """Yield the process of the command, which takes so long for a batch, and its address."""
    arguments = [sys.executable, "-c", SERVE, str(seconds)]
    process = subprocess.Popen(
        arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said = next(line for line in process.stdout if line.startswith("The page is at"))
        yield process, said.split()[4]
    finally:
        process.kill()
        process.wait()
