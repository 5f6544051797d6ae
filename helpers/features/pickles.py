"""Pickles of plain things, read so that nothing in them can run, hang or fill the memory.

A pickle is a program of small steps, and a list of functions that it may call is no protection:
with NumPy's alone, a file can read and write memory. So it may call none. Its steps are looked
through before one is taken: only those that build texts, whole numbers, bytes, lists and a dict
are admitted, and what they make must fit into a memory that the file's size allows.
"""

import math
import os
import pickle
import pickletools
import stat
import sys
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np

DTYPE = "<f2"  # NumPy's name for float16 with the lower byte first
PLAIN = set(
    "PROTO FRAME MARK STOP EMPTY_DICT SETITEMS EMPTY_LIST APPEND APPENDS MEMOIZE BINGET "
    "LONG_BINGET SHORT_BINUNICODE BINUNICODE BININT BININT1 BININT2 SHORT_BINBYTES BINBYTES "
    "BINBYTES8".split()
)
STEP = 16  # bytes that a step takes beside what it makes: its places on the stack and in the memo
TIMES, SPARE = 3, 8 * 2**20  # memory that a file may take: so many times its size, and 8 MiB
STEPS, STEP_BYTES = 2**19, 512  # how many there may be: so many, and one more for so many bytes
LARGEST = 4 * 2**30  # bytes of a file: 700,000 photos of 3,032 numbers
LONGEST = 2**16  # bytes of a text
CONTAINERS, DEPTH = 16, 2  # lists and dicts in all, and how many may be open at a time
AXES = 8  # of the array at most
OLD = "numpy."  # how what a features file of before 2026-12 asks for begins


class OldPickleError(pickle.UnpicklingError):
    """A features file of before 2026-12, whose array calls functions of NumPy."""


class PlainUnpickler(pickle.Unpickler):
    """Finds nothing, whatever a pickle asks for: the second lock, behind `check_steps`.

    Taught in lesson 02.
    """

    def find_class(self, module: str, name: str):
        """Refuse before anything is imported."""
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not plain")


def load_plain(path: str | Path) -> object:
    """Return what a pickle of plain things holds.

    Raises UnpicklingError, ValueError or OSError for anything else; a damaged pickle can raise any
    Exception. Taught in lesson 02.
    """
    if (size := size_of(path)) > LARGEST:
        raise ValueError(f"it has {size / 2**30:.1f} GiB, more than {LARGEST // 2**30}")
    with open(path, "rb") as file:
        with mmap(file.fileno(), 0, access=ACCESS_READ) as data:  # it stays on the disk
            check_steps(data)
        return PlainUnpickler(file).load()


def as_array(content: dict) -> np.ndarray:
    """Turn the bytes of a pickle into the array that they are; it can't be written to.

    Raises ValueError for another dtype, or a shape that needs more bytes or fewer.
    Taught in lesson 02.
    """
    match content:
        case {"dtype": "<f2", "shape": [*shape], "vectors": bytes(data)}:
            fits = len(shape) <= AXES and all(isinstance(n, int) and n >= 0 for n in shape)
            if fits and math.prod(shape) * 2 == len(data):
                return np.frombuffer(data, DTYPE).reshape(shape)
    raise ValueError("its bytes are not the float16 array of a shape that it names")


def size_of(path: str | Path) -> int:
    """Return the size of an ordinary file; a pipe would keep us waiting, a device has no end."""
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no ordinary file")
    return status.st_size


class Skimmer:
    """Gives `pickletools` the steps of a pickle; for long bytes, a range of as many places."""

    def __init__(self, data: bytes | mmap):
        self.data, self.place = data, 0

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self.place

    def read(self, size: int) -> bytes | range:
        """Return so many bytes, or fewer at the end."""
        start, self.place = self.place, min(self.place + size, len(self.data))
        places = range(start, self.place)
        return places if size > LONGEST else self.data[start : self.place]


def check_steps(data: bytes | mmap) -> None:
    """Look through the steps of a pickle without taking one.

    Raises UnpicklingError for a step that plain things don't need, or too many; ValueError if a
    step is cut off. Taught in lesson 02.
    """
    file, limits = Skimmer(data), Limits(data)
    limits.admit(0)
    for opcode, argument, _ in pickletools.genops(file):
        limits.count(opcode.name, argument, file.tell())


class Limits:
    """What the steps of a pickle may be, and what they may cost.

    Attributes:
        place: of the step in hand.
        memory: bytes that are taken once this step is, the pickle's own included.
        frame_end: up to where the pickle is read in one go; a step across it would be read as
            another one than `pickletools` sees.
        texts: the first and the last two, for the message.
    """

    def __init__(self, data: bytes | mmap):
        self.data, self.texts, self.place, self.frame_end = data, [], 0, 0
        self.steps, self.memory, self.containers, self.depth = 0, len(data), 0, 0
        self.most_steps = STEPS + len(data) // STEP_BYTES
        self.most_memory = SPARE + len(data) * TIMES

    def admit(self, place: int) -> None:
        """Refuse the step at a place before its argument is read."""
        self.place, head = place, self.data[place : place + 5]
        opcode = pickletools.code2op.get(chr(head[0])) if head else None
        if opcode is None:
            raise pickle.UnpicklingError(f"byte {place} is no step of a pickle")
        if opcode.name not in PLAIN:
            raise self.refusal(opcode.name)
        long = opcode.name == "BINUNICODE" and int.from_bytes(head[1:], "little") > LONGEST
        if long or (opcode.name == "FRAME" and place < self.frame_end):
            raise pickle.UnpicklingError(f"the {opcode.name} at byte {place} is too large")

    def refusal(self, name: str) -> pickle.UnpicklingError:
        """Return the error for a step that plain things don't need."""
        asked = ".".join(self.texts[-2:]) if name == "STACK_GLOBAL" else ""
        if name in ("GLOBAL", "INST"):  # the names stand behind it, in a line each
            lines = self.data[self.place + 1 : self.place + 200].split(b"\n")
            asked = b".".join(lines[:2]).decode("utf-8", "replace")
        if self.texts[:1] == ["encoder"] and asked.startswith(OLD):
            return OldPickleError("it was written before 2026-12 and calls functions of NumPy")
        asked = f"it asks for {ascii(asked[:80])[1:-1]}" if asked else f"it has a step {name}"
        return pickle.UnpicklingError(f"{asked}, which is not plain")

    def count(self, name: str, argument: object, end: int) -> None:
        """Add up the step in hand, which ends at a place, and admit the next one."""
        if isinstance(argument, str):
            self.texts = [*self.texts[:1], *self.texts[1:][-1:], argument]
        if self.place < self.frame_end < end:
            raise pickle.UnpicklingError(f"a frame ends within the step at byte {self.place}")
        if name == "FRAME":
            self.frame_end = end + argument
        long = isinstance(argument, range)
        self.add(
            name,
            len(argument) if long else argument if name == "FRAME" else sys.getsizeof(argument),
        )
        if name != "STOP":
            self.admit(end)
        elif end < len(self.data):
            raise pickle.UnpicklingError(f"something follows its end at byte {end}")

    def add(self, name: str, size: int) -> None:
        """Add up a step that makes something of a size in bytes; refuse what is too much."""
        self.steps += 1
        self.memory += STEP + size
        self.containers += name in ("EMPTY_LIST", "EMPTY_DICT")
        self.depth += {"MARK": 1, "APPENDS": -1, "SETITEMS": -1}.get(name, 0)
        if self.steps > self.most_steps or self.memory > self.most_memory:
            raise pickle.UnpicklingError("it would make more than a file of its size may")
        if self.containers > CONTAINERS or self.depth > DEPTH:
            raise pickle.UnpicklingError("it has more lists than features need, or deeper ones")
