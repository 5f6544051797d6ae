"""Files that are whole or not there, and a lock for what one program may change at a time."""

import errno
import glob
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from socket import gethostname
from tempfile import TemporaryFile
from uuid import uuid4

from filelock import FileLock, Timeout

DAY = 24 * 60 * 60  # seconds; nobody writes one file for longer
SPARE = 40  # letters that the names of files beside one have more: .out.state.holder and others


class LockedError(ValueError):
    """Another program holds what this one wants to change; the message says which."""


class LongNameError(OSError):
    """A name that is too long for its disk; the message says which."""


def refuse_long_name(path: str | Path, spare: int = SPARE) -> None:
    """Raise LongNameError for a path that its disk can't hold, before anything is made for it.

    spare: letters that the names of files beside it have more.
    """
    folder, names = Path(os.path.abspath(path)), []
    while not names or not os.path.lexists(folder):
        names.append(folder.name)
        folder = folder.parent
    tried = [(name, folder / f"{name}{'x' * spare}") for name in names]
    for name, place in [*tried, (str(path), os.path.abspath(path))]:
        try:
            os.lstat(place)  # the disk is asked, since each has its own limit
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                short = name if len(name) <= 60 else f"{name[:60]}…"
                problem = f"{short} ({len(name):,} letters) is too long for this disk"
                also = ", as files beside it have longer names" * bool(spare)
                raise LongNameError(f"{problem}{also}. Choose a shorter name") from None


def check_target(path: str | Path, folder: bool = False) -> None:
    """Raise OSError, with the cure, for a path that can't be written to, before any work is done.

    folder: a folder is to be made there, or is there, not a file.
    """
    refuse_long_name(path)
    place = Path(os.path.abspath(path))
    if folder and place.exists() and not place.is_dir():
        raise OSError(f"{path} is a file, and a folder is due. Choose another name")
    if not folder and place.is_dir():
        raise OSError(f"{path} is a folder, and a file is due. Choose another name")
    parents = (place, *place.parents) if folder else place.parents
    there = next(parent for parent in parents if os.path.lexists(parent))
    try:
        with TemporaryFile(dir=there):
            pass
    except OSError as error:
        problem = f"{path}: no file can be made in {there} ({error.strerror})"
        raise OSError(f"{problem}. Choose another place, or mend this one") from error


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a path to write to; it takes the place of `path` when the block ends without an error.

    Until then `path` is as it was, after an error, Ctrl-C or a kill too. The unfinished file has a
    name of its own in the same folder, so that several programs may write at once (the last one
    wins), and is removed after an error. The folder is made if it is not there.
    Raises OSError, which names `path`, where it can't be written or the disk is full, and
    LongNameError for a name that no file can have.
    """
    refuse_long_name(path, spare=0)
    place = Path(os.path.realpath(path))  # a link stays a link
    place.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(place)
    unfinished = place.with_name(f".{uuid4().hex[:8]}-{place.name[-60:]}")
    try:
        yield unfinished
        put(unfinished, place)
    except OSError as error:
        if error.errno and error.filename in (None, str(unfinished), unfinished):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        with suppress(OSError):
            unfinished.unlink()


def remove_leftovers(place: Path) -> None:
    """Remove what a kill left of earlier tries to write a file, more than a day ago."""
    for old in place.parent.glob(f".????????-{glob.escape(place.name[-60:])}"):
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > DAY:
                old.unlink()


def put(unfinished: Path, place: Path) -> None:
    """Let a file that is written to its end, in the same folder, take its place."""
    with open(unfinished, "rb+") as file:
        os.fsync(file.fileno())
    if place.exists():
        os.chmod(unfinished, place.stat().st_mode & 0o777)
    os.replace(unfinished, place)


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 file, whole or not at all; line ends stay as they are."""
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="")


@contextmanager
def locked(path: str | Path, seconds: float = 0, problem: str = "") -> Iterator[None]:
    """Hold a lock while the block runs; a kill opens it, too.

    Arguments:
        path: what is locked: a file or a folder, which need not exist. The lock is a file beside
            it, `.<name>.lock`.
        seconds: how long to wait for another program that holds it; -1 for ever.
        problem: what to say if it is held all that time.

    Raises LockedError if another program, or another thread of this one, holds it; who it is stands
    in a note beside the lock, `.<name>.holder`. Raises LongNameError for a name too long for that.
    """
    refuse_long_name(path)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    note = path.with_name(f".{path.name}.holder")
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=seconds, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        if not os.path.lexists(lock.lock_file):  # such as in /proc, where nothing can be made
            check_target(lock.lock_file)
        with suppress(OSError):
            problem = problem or f"{note.read_text('utf-8')} is at work on {path}; wait for it"
        raise LockedError(problem or f"another program is at work on {path}; wait for it") from None
    try:  # a note that a kill left is taken away
        now = datetime.now().isoformat(" ", "minutes")
        note.unlink(missing_ok=True)
        with open(note, "x", encoding="utf-8") as file:  # a link there leads nowhere
            file.write(f"process {os.getpid()} on {gethostname()}, since {now},")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()
