"""What listens: waitress, with uploads kept in memory and a stop that loses none of them."""

import socket
from contextlib import suppress
from time import monotonic

from flask import Flask
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import RequestEntityTooLarge

from helpers.apps.web.desk import PLACES

THREADS = PLACES + 8  # a thread per waiting photo, and some to say that there is no place left
CONNECTIONS = 160
DRAINED = 100_000_000  # bytes of a refused upload that are read, so that its sender gets an answer
GRACE = 30  # seconds to finish in after `stop`


class ServerError(ValueError):
    """The server can't listen where it should; the message says what to do."""


class UploadParser(HTTPRequestParser):
    """Reads a request; of one that is too large it keeps no body, and the page says so in words.

    Who sends reads no answer before the end. So up to DRAINED bytes are read and thrown away; the
    connection of who announces more, or announces nothing and doesn't end, is cut.
    """

    left = 0  # bytes to throw away

    def received(self, data: bytes) -> int:
        """Take a piece of a request and return how many bytes of it are used."""
        if self.left:
            used = min(self.left, len(data))
            self.left -= used
            self.completed = not self.left
            return used
        used = super().received(data)
        if isinstance(self.error, RequestEntityTooLarge):
            self.refuse()
        return used

    def refuse(self) -> None:
        """Hand the request on without its body; its length then tells Flask what is wrong."""
        announced = self.content_length
        length = max(announced, self.body_bytes_received)
        self.headers |= {"CONTENT_LENGTH": str(length), "CONNECTION": "close"}
        asked_first, self.expect_continue = self.expect_continue, False
        self.error = self.body_rcv = None
        self.left = announced if announced <= DRAINED and not asked_first else 0
        self.completed = not self.left


class UploadChannel(HTTPChannel):
    """A connection whose requests an UploadParser reads."""

    parser_class = UploadParser

    @property
    def idle(self) -> bool:
        """Whether nothing is being received, answered or sent."""
        return not (self.requests or self.request or self.total_outbufs_len)


class PageServer:
    """Serves an app until `stop`.

    Arguments:
        app: a PhotoPage, or any Flask app with a MAX_CONTENT_LENGTH.
        host: "127.0.0.1" lets in this computer alone, "0.0.0.0" everybody who can reach it.
        port: 0 takes a free one.

    Attributes:
        address: where the page is.

    Raises ServerError where it can't listen. Taught in lesson 11.
    """

    def __init__(self, app: Flask, host: str = "127.0.0.1", port: int = 8000):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, port), family=family)
        except (OSError, OverflowError) as error:
            problem = f"can't listen on {host}, port {port} ({error}); choose another --port"
            raise ServerError(problem) from None
        limit = app.config["MAX_CONTENT_LENGTH"] + 1
        self.server = create_server(
            app,
            sockets=[listener],
            threads=THREADS,
            connection_limit=CONNECTIONS,
            max_request_body_size=limit,
            inbuf_overflow=2 * limit,  # else waitress writes longer uploads to temporary files
            outbuf_overflow=2 * limit,
            channel_timeout=60,
            ident=None,
        )
        self.server.channel_class = UploadChannel
        name = f"[{host}]" if ":" in host else host
        self.address = f"http://{name}:{listener.getsockname()[1]}"
        self.stopping = False

    def run(self) -> None:
        """Serve until `stop`; then finish what has begun, for GRACE seconds at most."""
        while not self.stopping:
            self.turn()
        wasyncore.dispatcher.close(self.server)  # nobody new comes in
        deadline = monotonic() + GRACE
        while self.busy() and monotonic() < deadline:
            self.turn()
        self.server.task_dispatcher.shutdown()
        wasyncore.close_all(self.server._map)

    def turn(self) -> None:
        """Wait a moment for news on any connection and see to it."""
        wasyncore.loop(timeout=0.5, map=self.server._map, count=1)

    def busy(self) -> bool:
        """Hang up where nothing is going on; return whether something is going on elsewhere."""
        channels = list(self.server.active_channels.values())
        for channel in channels:
            channel.will_close |= channel.idle
        return any(not channel.idle for channel in channels)

    def stop(self, *_: object) -> None:
        """Let `run` end; may be called by another thread, or be a signal's handler."""
        self.stopping = True
        with suppress(OSError):  # `run` may have ended at that very moment
            self.server.pull_trigger()
