"""What every command needs: its name, and texts that any console can print."""

import sys
from contextlib import suppress


def printable(text: str, errors: str = "strict") -> str:
    """Return a text as it is, or with backslashes where standard output lacks a character.

    errors: how standard output treats half characters, such as "surrogateescape".
    """
    encoding = sys.stdout.encoding
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
