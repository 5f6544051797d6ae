"""A siege of the upload page: what holds places and never ends, and what takes the most memory."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from helpers.apps.web import MAX_BYTES
from web_load import CLIENTS
from web_parts import BORDER, ROOT

FORM = f"Content-Type: multipart/form-data; boundary={BORDER}\r\n"
POST = f"POST /caption HTTP/1.1\r\nHost: localhost\r\n{FORM}"
LONG_BODY = (POST + "Content-Length: 9000000\r\n\r\n").encode()
CHUNKED = (POST + "Transfer-Encoding: chunked\r\n\r\n").encode()
BEGINNINGS = {  # what a connection says first, and what it says ever after, bit by bit
    "idle": (b"", b""),
    "header": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"x"),
    "body": (LONG_BODY, b"x"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
    "nearly": (LONG_BODY + bytes(8_900_000), b"x"),
    "reader": (b"GET /static/page.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200, b""),
}


class Siege:
    """Connections of several kinds, each of which drips a little every second.

    Attributes:
        cut: how many the server has cut, by kind.
    """

    def __init__(self, address: str, numbers: dict[str, int]):
        self.place, self.cut, self.over = address.rpartition("/")[2], Counter(), False
        self.lines = [self.open(kind) for kind, number in numbers.items() for _ in range(number)]
        self.thread = threading.Thread(target=self.drip, daemon=True)
        self.thread.start()

    def open(self, kind: str) -> tuple[str, socket.socket]:
        """Open a connection and say what it says first, as far as the server takes it."""
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(2)
        line.connect((self.place.split(":")[0], int(self.place.split(":")[1])))
        try:
            line.sendall(BEGINNINGS[kind][0])
        except OSError:
            pass  # a refused upload; the line stays open as long as it is let
        line.setblocking(False)
        return kind, line

    def drip(self) -> None:
        """Say a little on each line, every second; note which are cut."""
        while not self.over:
            self.lines = [pair for pair in self.lines if not self.is_cut(*pair)]
            time.sleep(1)

    def is_cut(self, kind: str, line: socket.socket) -> bool:
        """Say a little; return whether the server has cut this line."""
        try:
            line.send(BEGINNINGS[kind][1])
            if kind != "reader" and not line.recv(1):
                raise ConnectionError
        except BlockingIOError:
            return False
        except OSError:
            self.cut[kind] += 1
            line.close()
            return True
        return False

    def end(self) -> None:
        """Let go of all lines."""
        self.over = True
        self.thread.join()
        for _, line in self.lines:
            line.close()


@contextmanager
def page(*options: str):
    """Yield the process of the command with a real captioner, and its address."""
    command = [sys.executable, "-m", "helpers.apps.web", "--port", "0", *options]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    process = subprocess.Popen(command, cwd=ROOT, **output)
    try:
        said = next(line for line in process.stdout if line.startswith("The page is at"))
        yield process, said.split()[4]
    finally:
        process.kill()
        process.wait()


def family(pid: int) -> list[int]:
    """Return a process and those that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def megabytes(pid: int) -> float:
    """Return what a process and those that it has started hold in memory."""
    statuses = [Path(f"/proc/{each}/status").read_text() for each in family(pid)]
    return sum(int(text.partition("VmRSS:")[2].split()[0]) for text in statuses) / 1024


def largest_photos(folder: Path, **how: object) -> list[Path]:
    """Write a photo of nearly 40 megapixels and nearly as many bytes as the page takes."""
    noise = [Image.effect_noise((900, 675), 90) for _ in range(3)]
    photo = Image.merge("RGB", noise).resize((7290, 5467))
    path = folder / "largest.jpg"
    photo.save(path, quality=60, **how)
    assert path.stat().st_size < MAX_BYTES
    with path.open("ab") as file:
        file.write(bytes(MAX_BYTES - path.stat().st_size))
    return [path]


def clients(address: str, seconds: float, number: int, photos: list[Path]) -> subprocess.Popen:
    """Start ordinary clients who send photos, and send them again when they are told to."""
    place = address.rpartition("/")[2]
    arguments = [sys.executable, "-c", CLIENTS, place, str(seconds), str(number)]
    return subprocess.Popen(
        [*arguments, *map(str, photos)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def watched(process: subprocess.Popen, crowd: subprocess.Popen) -> tuple[dict, float]:
    """Wait for ordinary clients; return their report and the most memory of the page meanwhile."""
    most = 0.0
    while crowd.poll() is None:
        most = max(most, megabytes(process.pid))
        time.sleep(0.1)
    return json.loads(crowd.stdout.read()), most


def seconds_to_stop(process: subprocess.Popen) -> float:
    """End the page politely and return how long it took."""
    start = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    process.wait(60)
    return time.monotonic() - start
