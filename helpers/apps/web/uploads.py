"""How waitress reads uploads here: counted before they are read, refused in words, in memory."""

from collections.abc import Callable
from time import monotonic
from typing import Protocol

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import WSGITask
from waitress.utilities import BadRequest, RequestEntityTooLarge

DRAINED = 100_000_000  # bytes of a refused upload that are read, so that its sender gets an answer
LINES = 2_000  # bytes of lines between the pieces of a chunked upload, and one more for eight in
# the pieces: waitress puts no limit to a line, and takes 10 microseconds for each piece
NO_ROOM = "upload.no_room"  # in the environment of a request whose body was not kept


class Doorkeeper(Protocol):
    """What a connection asks before it takes anything."""

    def make_way(self) -> None:
        """Find a place for a new connection."""

    def has_room(self, size: int) -> bool:
        """Return whether an upload of so many bytes may come in."""


class UploadParser(HTTPRequestParser):
    """Reads a request. Of one that is too large, or for which there is no room, it keeps no body,
    and the page says so in words.

    Who sends reads no answer before the end. So up to DRAINED bytes are read and thrown away; the
    connection of who announces more, or announces nothing and doesn't end, is cut.
    """

    left = 0  # bytes to throw away
    held = 0  # bytes that its body takes at most
    no_room = False

    def __init__(self, adj: object, has_room: Callable[[int], bool] = lambda size: True):
        super().__init__(adj)
        self.has_room = has_room

    def received(self, data: bytes) -> int:
        """Take a piece of a request and return how many bytes of it are used."""
        if self.left:
            used = min(self.left, len(data))
            self.left -= used
            self.completed = not self.left
            return used
        known = self.headers_finished
        used = self.received_safely(data)
        if isinstance(self.error, RequestEntityTooLarge):
            self.refuse()
        elif self.body_rcv is not None and not self.error:
            self.check_lines() if known else self.check_length()
        return used

    def received_safely(self, data: bytes) -> int:
        """Take a piece; numbers of 5,000 digits and half addresses are errors of who sends them."""
        try:
            return super().received(data)
        except ValueError:
            self.fail("The request can't be read")
            return len(data)

    def fail(self, problem: str) -> None:
        """Answer the request with an error."""
        self.error, self.completed, self.expect_continue = BadRequest(problem), True, False

    def check_length(self) -> None:
        """Refuse a body before it is read if there is no room, or if it has two lengths."""
        if not self.chunked:
            self.admit(self.content_length)
        elif "CONTENT_LENGTH" in self.headers:
            self.fail("A body in pieces has no Content-Length")  # a proxy may go by the other one
        else:
            self.admit(self.adj.max_request_body_size)

    def check_lines(self) -> None:
        """Refuse a body in pieces that is mostly lines between them."""
        size = len(self.body_rcv)
        if self.chunked and self.body_bytes_received - size > LINES + size // 8:
            self.fail("The pieces of the body are too small")

    def admit(self, size: int) -> None:
        """Take places for so many bytes, or refuse the request."""
        if self.has_room(size):
            self.held = size
        else:
            self.no_room = True
            self.refuse()

    def refuse(self) -> None:
        """Hand the request on without its body; its length then tells Flask what is wrong."""
        announced = self.content_length
        length = max(announced, self.body_bytes_received)
        self.headers |= {"CONTENT_LENGTH": str(length), "CONNECTION": "close"}
        asked_first, self.expect_continue = self.expect_continue, False
        self.error = self.body_rcv = None
        self.held = 0
        self.left = announced if announced <= DRAINED and not asked_first else 0
        self.completed = not self.left


class UploadTask(WSGITask):
    """A request on its way to Flask."""

    def get_environment(self) -> dict:
        """Return the WSGI environment, with NO_ROOM in it where there was none."""
        return super().get_environment() | ({NO_ROOM: True} if self.request.no_room else {})


class UploadChannel(HTTPChannel):
    """A connection whose requests an UploadParser reads, and which knows how fast it is.

    Attributes:
        client: the address at its other end.
        began: when its request began to arrive, or its answer to leave.
        progress: when it was last fast enough.
    """

    task_class = UploadTask
    moved = noted = 0  # bytes, both ways: until now, and until the last look

    def __init__(self, guard: Doorkeeper, *arguments: object, **names: object):
        self.guard, self.parser_class = guard, self.new_request
        self.began = self.progress = monotonic()
        super().__init__(*arguments, **names)
        self.client = self.addr[0]
        guard.make_way()

    def new_request(self, adj: object) -> UploadParser:
        """Return what reads the next request."""
        self.began = monotonic()
        return UploadParser(adj, self.guard.has_room)

    def recv(self, size: int) -> bytes:
        """Receive, and count."""
        data = super().recv(size)
        self.moved += len(data)
        return data

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send, and count."""
        sent = super().send(data, do_close)
        self.moved += sent
        return sent

    def note_progress(self, now: float, enough: int) -> None:
        """Note whether it was fast enough since the last look; time at the desk doesn't count."""
        if self.requests:
            self.began = self.progress = now
        elif self.moved >= self.noted + enough:
            self.progress = now
        if not (self.request or self.total_outbufs_len):
            self.began = now
        self.noted = self.moved

    @property
    def held(self) -> int:
        """The bytes that its uploads and its unread answers take."""
        requests = [*self.requests, *([self.request] if self.request else [])]
        return sum(request.held for request in requests) + self.total_outbufs_len

    @property
    def idle(self) -> bool:
        """Whether nothing is being received, answered or sent."""
        return not (self.requests or self.request or self.total_outbufs_len)
