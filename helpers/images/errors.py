"""What can go wrong with an image, in words."""

import re
from collections.abc import Mapping
from os import PathLike

from helpers.console import one_line


class ImageError(ValueError):
    """An image cannot be opened; the message names the source and the cure.

    Attributes:
        status: the reason in a word, for tables: "not_an_image", "too_large", "timeout",
            "blocked" (an address that must not be visited), "bad_address", "unreachable", or
            "http_404" and the like.
        headers: what a server sent along with its refusal.
    """

    def __init__(self, message: str = "", status: str = "not_an_image", headers: Mapping = {}):
        super().__init__(message)
        self.status, self.headers = status, headers


def name_of(source: object) -> str:
    """Name a source in a message; a URL without its password, and not all of a long one."""
    if isinstance(source, str | PathLike):
        text = re.sub("//[^/]*@", "//…@", str(source).strip())
        return one_line(text[:200]) + "…" * (len(text) > 200)
    if isinstance(source, bytes | bytearray | memoryview):
        return f"The image of {len(source):,} bytes"
    return str(getattr(source, "name", None) or getattr(source, "filename", None) or "The image")
