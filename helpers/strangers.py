"""What strangers write, read within bounds: numbers with a range, JSON and answers with an end."""

import io
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse
from pathlib import Path
from socket import socket
from time import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from urllib3 import HTTPConnectionPool
    from urllib3.util import Retry

LEAST_WAIT = 1.0  # seconds, also for a busy server that asks for less
LONGEST_ASKED = 366 * 24 * 3600  # seconds; who asks for more has asked for nothing
NUMBER = re.compile(r"\s*[+-]?[0-9]{1,18}(\.[0-9]{0,18})?\s*")  # ASCII digits alone


def number_in(given: object, least: float, most: float) -> float | None:
    """Return a number that lies within a range; None for any other, and for what is none.

    given: as a stranger wrote it: a text, or a value out of JSON.
    """
    if isinstance(given, str):
        match = NUMBER.fullmatch(given)
        given = (float(given) if match[1] else int(given)) if match else None
    if isinstance(given, int | float) and not isinstance(given, bool) and least <= given <= most:
        return given
    return None


def patience(retry: "Retry", headers: Mapping[str, str]) -> float:
    """Return for how many seconds to leave a busy server alone: as it asks, or as `retry` has it.

    headers: of its answer, their names in any case; "Retry-After" counts in seconds or is a date.
    """
    known = {name.lower(): value for name, value in headers.items()}
    given = known.get("retry-after", "")
    asked = number_in(given, 0, LONGEST_ASKED)
    if asked is None and (then := moment(given)):  # counted on the server's clock, not on ours
        asked = number_in(then - (moment(known.get("date", "")) or time()), 0, LONGEST_ASKED)
    return max(LEAST_WAIT, retry.get_backoff_time() if asked is None else asked)


def moment(text: str) -> float | None:
    """Return the seconds since 1970 of a date in a header; None for what is no date."""
    with suppress(ValueError, TypeError, OverflowError, IndexError, OSError):
        return parsedate_to_datetime(text[:100]).timestamp()
    return None


def read_json(text: str | bytes) -> object:
    """Return what JSON says; a whole number of more than 18 digits counts as absent (None).

    Raises ValueError for what is no JSON, and for what is nested too deep to be read.
    """
    try:
        return json.loads(text, parse_int=lambda digits: number_in(digits, -1e18, 1e18))
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def small_text(path: str | Path, most: int) -> str:
    """Return a UTF-8 file, with or without a byte-order mark.

    Raises ValueError for one of more than so many bytes, or in another encoding.
    """
    with open(path, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{Path(path).name} has more than {most:,} bytes")
    return data.decode("utf-8-sig")


class Counted(io.RawIOBase):
    """What comes from a server, counted as it comes: whatever it says of its length is no matter.

    (A chunk of size -1 makes the standard library read without end.)

    Arguments:
        left: bytes that may come.
        error: makes what is raised after more.
    """

    def __init__(self, raw: io.RawIOBase, left: int, error: Callable[[], Exception]):
        self.raw, self.left, self.error = raw, left, error

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: bytearray) -> int | None:
        """Read into a buffer; raise the error after too much."""
        count = self.raw.readinto(buffer)
        self.left -= count or 0
        if self.left < 0:
            raise self.error()
        return count

    def close(self) -> None:
        """Close what is below."""
        self.raw.close()
        super().close()


def counted_lines(
    pool: "HTTPConnectionPool",
    most: int,
    error: Callable[[], Exception],
    opened: Callable[[socket], object],
) -> "HTTPConnectionPool":
    """Return connections that tell `opened` of their sockets, and count what they read.

    pool: of an adapter's `get_connection_with_tls_context`, which requests calls since 2.32.2.
    most: bytes that may come, headers among them; after more, `error` makes what is raised.
    """

    class Response(HTTPResponse):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.fp = io.BufferedReader(Counted(self.fp.detach(), most, error))

    class Connection(pool.ConnectionCls):
        response_class = Response

        def connect(self):
            super().connect()
            opened(self.sock)

    pool.ConnectionCls = Connection
    return pool
