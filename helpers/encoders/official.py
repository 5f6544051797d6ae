"""The official weights of the networks, in Keras' own cache."""

import os
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.request import Request, urlopen

from helpers.downloads import download
from helpers.encoders.table import Weights

SERVER = "https://storage.googleapis.com"
PATIENCE, RETRY = 4, 600  # seconds for that server to answer; until it is asked again if not


def official_weights(weights: Weights) -> Path:
    """Return the path of Keras' own file, in Keras' own cache; download it if it is not there.

    Keras would do so only after building the network, which without a download is then built twice,
    and would wait long for a server that a firewall keeps from answering.
    Raises OSError for a server that doesn't answer, DownloadError for what it answers.
    """
    address, name = f"{SERVER}/{weights.file}", Path(weights.file).name
    cache = Path(os.path.expanduser(os.environ.get("KERAS_HOME", "~/.keras")))
    if not os.access(cache, os.W_OK):
        cache = Path("/tmp", ".keras")  # as Keras does
    if not (cache / "models" / name).exists():
        check_reachable(address, cache / "models" / f"{name}.no-answer")
    return download(address, f"md5:{weights.digest}", cache / "models")


def check_reachable(address: str, note: Path) -> None:
    """Raise OSError unless a server answers in time; a failure is noted and believed a while."""
    if note.exists() and abs(time.time() - note.stat().st_mtime) < RETRY:
        raise TimeoutError(f"no answer a few minutes ago; to ask again at once, delete {note}")
    answers = SimpleQueue()
    Thread(target=_ask, args=(address, answers), daemon=True).start()  # a look-up has no time limit
    try:
        problem = answers.get(timeout=PATIENCE)
    except Empty:
        problem = TimeoutError(f"no answer from {address} within {PATIENCE} seconds")
    if problem:
        with suppress(OSError):
            note.parent.mkdir(parents=True, exist_ok=True)
            note.touch()
        raise problem


def _ask(address: str, answers: SimpleQueue) -> None:
    """Put None where a server answers, else what went wrong; by way of a proxy if there is one."""
    try:
        urlopen(Request(address, method="HEAD"), timeout=PATIENCE - 1).close()
        answers.put(None)
    except Exception as error:
        answers.put(error)
