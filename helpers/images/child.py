"""The process in which `guarding` decodes: it has a limit on its memory, and may be killed.

On its standard input it is asked, a line of JSON {"path" or "bytes", "size"} and that many bytes;
on its standard output it answers, a line of JSON and the pixels, or what is wrong. Nothing that it
sends is ever run or unpickled.
"""

import io
import json
import signal
import sys
from contextlib import suppress
from pathlib import Path
from time import process_time
from typing import IO

from PIL import AvifImagePlugin, Image

from helpers.images.decoding import decode
from helpers.images.errors import ImageError

try:
    import resource
except ImportError:  # Windows: there the time alone is limited, by `guarding`
    resource = None

MEMORY = 320_000_000  # bytes beyond what it has at its start
CPU_SECONDS = 6
STRIP = 1 << 20  # bytes of pixels that are sent at once, about


def serve() -> None:
    """Decode what is asked for, one image after the other, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for those who ask
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread would take memory of its own
    limit_memory()
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while line := asked.readline():
        limit_time()
        send(answers, answer_to(json.loads(line), asked))


def limit_memory() -> None:
    """Take MEMORY at most, beyond what is taken; on Linux only, where such a limit is kept."""
    pages = Path("/proc/self/statm")
    if resource and pages.exists():
        taken = int(pages.read_text().split()[5]) * resource.getpagesize()
        set_limit(resource.RLIMIT_DATA, taken + MEMORY)
        set_limit(resource.RLIMIT_CORE, 0)


def limit_time() -> None:
    """End this process after CPU_SECONDS from now, should nobody be left to kill it."""
    if resource:
        set_limit(resource.RLIMIT_CPU, int(process_time()) + 1 + CPU_SECONDS)


def set_limit(kind: int, most: int) -> None:
    """Lower one of this process's limits (`resource.RLIMIT_…`)."""
    with suppress(ValueError, OSError):  # a lower one is set already
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def answer_to(question: dict, asked: IO[bytes]) -> Image.Image | ImageError:
    """Return the image that is asked for, or why there is none. Raises MemoryError."""
    path, length = question.get("path"), question.get("bytes", 0)
    data = asked.read(length)
    try:
        with open(path, "rb") if path else io.BytesIO(data) as file:
            return decode(file, question["size"])
    except ImageError as error:
        return error
    except OSError as error:
        return ImageError(f"cannot be read ({error}). Check its name and rights")


def send(answers: IO[bytes], answer: Image.Image | ImageError) -> None:
    """Send an image, a few rows at a time, or what is wrong."""
    if isinstance(answer, ImageError):
        answers.write(
            json.dumps({"problem": str(answer), "status": answer.status}).encode() + b"\n"
        )
    else:
        width, height = answer.size
        answers.write(json.dumps({"width": width, "height": height}).encode() + b"\n")
        rows = rows_at_once(width)
        for top in range(0, height, rows):
            strip = answer.crop((0, top, width, min(top + rows, height)))
            answers.write(strip.tobytes())
    answers.flush()


def rows_at_once(width: int) -> int:
    """Return how many rows make a strip."""
    return max(1, STRIP // (3 * width))
