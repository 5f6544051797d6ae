"""Decoding in a process that can be killed, for files that might take minutes or all memory.

A decoder's call can't be broken off in a thread of ours. So a small process, which loads Pillow and
no TensorFlow, decodes one such file after the other; one that takes too long, or too much memory,
costs that process, and the next file gets a new one. (multiprocessing, and what is built on it,
would load the caller's main module there, and Keras with it.)
"""

import json
import os
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import LifoQueue
from threading import Timer
from typing import IO

from PIL import Image

from helpers.images.child import CPU_SECONDS, rows_at_once
from helpers.images.errors import ImageError
from helpers.images.limits import MAX_PIXELS

LONGEST_LINE = 10_000
AT_ONCE = 2  # processes; each takes up to 400 MB
SECONDS = CPU_SECONDS + 3  # by the clock; the machine may have more to do
ROOT = Path(__file__).parents[2]
CODE = "import sys; sys.path[:] = sys.argv[1:]; from helpers.images.child import serve; serve()"
TOO_DEAR = (
    "would take too long or too much memory to open. If it is a real photo, open it in an image "
    "editor and save it as an ordinary JPEG"
)


class Child:
    """A process that decodes images, one at a time."""

    def __init__(self):
        command = [sys.executable, "-S", "-c", CODE, str(ROOT), *sys.path]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        weakref.finalize(self, end, self.process)

    def decode(self, file: IO[bytes], size: int | None) -> Image.Image | ImageError:
        """Return an image as `decoding.decode` does, or why there is none.

        Raises EOFError or OSError when the process ended, or was killed, before it had answered.
        """
        timer = Timer(SECONDS, self.process.kill)
        timer.daemon = True
        timer.start()
        try:
            self.ask(file, size)
            return self.answer()
        finally:
            timer.cancel()

    def ask(self, file: IO[bytes], size: int | None) -> None:
        """Send a question: a path where there is one, else the bytes."""
        path, file_bytes = getattr(file, "name", None), b""
        if path is None:
            file.seek(0)
            file_bytes = file.read()
        question = {"size": size, "bytes": len(file_bytes)}
        question |= {"path": os.path.abspath(path)} if path else {}
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.write(file_bytes)
        self.process.stdin.flush()

    def answer(self) -> Image.Image | ImageError:
        """Receive an answer, held to what an image may be."""
        said = json.loads(self.process.stdout.readline(LONGEST_LINE) or "{}")
        if "problem" in said:
            return ImageError(said["problem"], said["status"])
        width, height = said.get("width", 0), said.get("height", 0)
        if not 0 < width * height <= MAX_PIXELS:
            raise EOFError
        image, rows = Image.new("RGB", (width, height)), rows_at_once(width)
        for top in range(0, height, rows):
            size = width, min(rows, height - top)
            strip = self.process.stdout.read(3 * size[0] * size[1])
            if len(strip) < 3 * size[0] * size[1]:
                raise EOFError
            image.paste(Image.frombytes("RGB", size, strip), (0, top))
        return image


class Children:
    """The processes of a program: started when needed, used again and again.

    Arguments:
        most: how many there are at most; who comes while all are at work waits.
    """

    def __init__(self, most: int = AT_ONCE):
        self.idle: LifoQueue[Child | None] = LifoQueue()
        for _ in range(most):
            self.idle.put(None)

    def decode(self, file: IO[bytes], size: int | None) -> Image.Image:
        """Return an image as `decoding.decode` does; raises ImageError."""
        try:
            with self.lent() as child:
                answer = child.decode(file, size)
        except (OSError, EOFError):
            raise ImageError(TOO_DEAR, "too_large") from None
        if isinstance(answer, ImageError):
            raise answer
        return answer

    @contextmanager
    def lent(self) -> Iterator[Child]:
        """Lend a process; it is ended if anything goes wrong, as nobody knows where it stands."""
        child = self.idle.get()
        try:
            if child is None or child.process.poll() is not None:
                child = Child()
            yield child
        except BaseException:  # Ctrl-C as well
            if child:
                end(child.process)
            child = None
            raise
        finally:
            self.idle.put(child)


def end(process: subprocess.Popen) -> None:
    """End a process, and wait until it is gone."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):  # what was still to be sent
            pipe.close()


CHILDREN = Children()
if hasattr(os, "register_at_fork"):  # a fork must not talk over its parent's lines
    os.register_at_fork(after_in_child=CHILDREN.__init__)
