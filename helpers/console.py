"""What every command needs: its name, streams that are there, and texts for any console."""

import codecs
import os
import re
import sys
from contextlib import suppress
from errno import ENAMETOOLONG, ENOSPC
from functools import cache

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # ends a line, or steers a terminal

MARKS = {  # how a text begins, and what it is written in; UTF-32 first, since its mark has UTF-16's
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


CURES = {  # number of an error of the system -> what ends a command, and what to do
    ENOSPC: "the disk is full. Make room, and give the command again. ",
    ENAMETOOLONG: "no file here can have so long a name. Check what you gave. ",
}


class StreamError(ValueError):
    """A standard stream that is closed or can't be read; the message says what to do."""


def hold_streams() -> None:
    """Put something in the place of standard streams that are closed, for a whole command.

    Else the next file that is opened gets that place, and with it what any library prints.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # a file takes the lowest free place, which is this one's
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))


def is_closed(stream: object) -> bool:
    """Tell whether a standard stream was closed by whoever started this command."""
    return stream is None or getattr(stream, "name", "") == os.devnull


def require_stdout(what: str) -> None:
    """Raise StreamError, before any work is done, if what is made has nowhere to go."""
    if is_closed(sys.stdout):
        raise StreamError(f"standard output is closed, and {what} go there; send it to a file")


def input_lines() -> list[str]:
    """Return the lines of standard input that hold something, whatever program wrote them.

    Raises StreamError if it is closed or can't be read.
    """
    if is_closed(sys.stdin):
        raise StreamError("standard input is closed; send it a list: … - < list.txt")
    try:
        data = sys.stdin.buffer.read()
    except (OSError, ValueError) as error:
        problem = f"standard input can't be read ({error})"
        raise StreamError(f"{problem}; send it a list: … - < list.txt") from error
    lines = decoded(data, sys.stdin.encoding).replace("\0", "\n").split("\n")
    return [line.removeprefix("\ufeff").removesuffix("\r") for line in lines if line.strip()]


def decoded(data: bytes, encoding: str) -> str:
    """Return the text of a list of names: as its mark says, or in UTF-8 if it can be that.

    UTF-16 without a mark is known by its zeros, which all lie in even places or all in odd ones,
    and by letters alone between them; other zeros stand between names, as `find -print0` puts them.
    encoding: the console's, for what is none of these; bytes that it lacks come through.
    """
    for mark, name in MARKS.items():
        if data.startswith(mark):
            errors = "surrogateescape" if name == "utf-8" else "replace"
            return data.removeprefix(mark).decode(name, errors)
    even, odd = data[::2].count(0), data[1::2].count(0)
    narrow = any(len(piece) < 2 for piece in data.removesuffix(b"\0").split(b"\0"))
    if narrow and not (even and odd) and 8 * (even + odd) > len(data):
        return data.decode("utf-16-be" if even else "utf-16-le", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(encoding, "surrogateescape")


def silence_stdout() -> None:
    """Throw away what standard output still holds: its reader is gone, or the disk is full."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(error: BaseException) -> int:
    """Say on stderr what ends a command; return its exit status, 1."""
    number = getattr(error, "errno", None)
    cure = CURES.get(number, "")
    if number == ENOSPC or isinstance(error, BrokenPipeError):
        silence_stdout()
    with suppress(OSError):  # its own disk may be the full one
        print(f"{cure}{one_line(error, keep=chr(10))}", file=sys.stderr)
    return 1


@cache
def tell_once(message: str) -> None:
    """Say something on stderr, the first time only."""
    print(message, file=sys.stderr)


def one_line(text: object, keep: str = "") -> str:
    """Return a text with backslashes for control characters, such as a new line in a path.

    keep: those that stay as they are.
    """
    return CONTROL.sub(lambda c: c[0] if c[0] in keep else ascii(c[0])[1:-1], str(text))


def printable(text: str, errors: str = "strict") -> str:
    """Return a text as it is, or with backslashes where standard output lacks a character.

    errors: how standard output treats half characters, such as "surrogateescape".
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding, errors)
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    return text


def print_anything() -> None:
    """Let standard output write backslashes for what its encoding lacks, from now on."""
    with suppress(AttributeError):  # a notebook's stdout has an encoding of its own, and takes all
        sys.stdout.reconfigure(errors="backslashreplace")


def program() -> str | None:
    """Return how a command was started, for argparse's `prog`: "python -m helpers.captioner".

    None, for a command that pip has installed: argparse then takes its name, such as "caption".
    """
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return f"python -m {spec.parent}" if spec and spec.parent else None
