"""The line to a server of captions: one request, counted as it is answered, that can be cut."""

from contextlib import suppress
from dataclasses import dataclass, field
from socket import SHUT_RDWR, socket
from threading import Event, Timer
from time import monotonic

import requests
from requests.adapters import HTTPAdapter

from helpers.strangers import counted_lines

GRACE = 5  # seconds for what is under way when the work is stopped
LONGEST_ANSWER = 2_000_000  # bytes
SMALL_TALK = 1_000_000  # bytes beside it: headers, chunks


class NoAnswer(Exception):
    """The line broke: no answer, or none that is whole."""


@dataclass
class Lines:
    """What is under way to a server, so that all of it can be stopped.

    fatal: why nothing more is sent, if that is an error.
    """

    over: Event = field(default_factory=Event)
    fatal: Exception | None = None
    sockets: set[socket] = field(default_factory=set)
    severed: bool = False
    ending: Timer | None = None

    def give_up(self, error: Exception) -> None:
        """Send nothing more, because of an error; the first one is the reason of the others."""
        self.fatal = self.fatal or error
        self.over.set()

    def stop(self) -> None:
        """Send nothing more; what was sent has a few seconds left for its answer."""
        self.over.set()
        if not self.ending:
            self.ending = Timer(GRACE, self.cut)
            self.ending.daemon = True
            self.ending.start()

    def cut(self) -> None:
        """Cut all lines; whoever reads from one gets an error."""
        self.severed = True
        for line in list(self.sockets):
            cut(line)


def cut(line: socket) -> None:
    """Cut a line under whoever reads from it."""
    with suppress(OSError):
        socket.shutdown(line, SHUT_RDWR)


class Way(HTTPAdapter):
    """The way of one request, whose socket is cut when its time is over.

    Used as a context: it notes its socket among the lines, and takes it out again.
    """

    def __init__(self, lines: Lines, deadline: float):
        super().__init__()
        self.lines, self.socket = lines, None
        self.timer = Timer(max(0.0, deadline - monotonic()), self.end)
        self.timer.daemon, self.ended = True, False

    def __enter__(self) -> "Way":
        self.timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
        self.lines.sockets.discard(self.socket)

    def end(self) -> None:
        """End the request, also one that is about to begin."""
        self.ended = True
        if self.socket:
            cut(self.socket)

    def opened(self, line: socket) -> None:
        """Note the socket of the request."""
        self.socket = line
        self.lines.sockets.add(line)
        self.check()

    def check(self) -> None:
        """Raise TimeoutError if the line was cut: what came until then looks like an end."""
        if self.ended or self.lines.severed:
            raise TimeoutError

    def get_connection_with_tls_context(self, *arguments: object, **options: object) -> object:
        """Return connections that tell of their sockets and count what they read."""
        pool = super().get_connection_with_tls_context(*arguments, **options)
        return counted_lines(pool, LONGEST_ANSWER + SMALL_TALK, endless, self.opened)


def body_of(response: requests.Response) -> bytes:
    """Read an answer as it was sent; raise NoAnswer for one that is too long or cut off."""
    data = bytearray()
    while chunk := response.raw.read(1 << 16, decode_content=False):
        data += chunk
        if len(data) > LONGEST_ANSWER:
            raise NoAnswer("answers without an end")
    return bytes(data)


def endless() -> NoAnswer:
    """Return the error for an answer that goes on and on."""
    return NoAnswer("answers without an end")
