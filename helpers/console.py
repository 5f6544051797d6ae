"""What a command prints: texts of any script, on a console of any encoding."""

import sys


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
