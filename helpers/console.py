"""What every command needs: its name, streams that are there, and texts for any console."""

import os
import re
import sys
from contextlib import suppress
from errno import ENOSPC
from functools import cache

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # ends a line, or steers a terminal


def hold_streams() -> None:
    """Put something in the place of standard streams that are closed, for a whole command.

    Else the next file that is opened gets that place, and with it what any library prints.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        with suppress(OSError):
            os.fstat(number)
            continue
        os.open(os.devnull, os.O_RDWR)  # takes the lowest free place, which is this one
        mode = "r" if name == "stdin" else "w"
        setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))


def is_closed(stream: object) -> bool:
    """Tell whether a standard stream was closed by whoever started this command."""
    return stream is None or getattr(stream, "name", "") == os.devnull


def silence_stdout() -> None:
    """Throw away what standard output still holds: its reader is gone, or the disk is full."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(error: BaseException) -> int:
    """Say on stderr what ends a command; return its exit status, 1."""
    full = getattr(error, "errno", None) == ENOSPC
    cure = "the disk is full. Make room, and give the command again. " * full
    if full or isinstance(error, BrokenPipeError):
        silence_stdout()
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
